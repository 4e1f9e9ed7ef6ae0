"""Facts as JSON and back, so that they can be kept between runs.

They come in two parts, as `packed` has them: what a file defines, and what is in its functions.
An expression that is a dotted name stays a string, the unknown one is `0`, and any other is a list that begins with its
kind's number; of everything else the fields stand in their order. What a reader makes of broken data is an error and
nothing else: no text becomes code.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from api_lint.facts import (
    UNKNOWN,
    Assign,
    Attr,
    Await,
    Body,
    Call,
    CallSite,
    Choice,
    Class,
    Comp,
    Const,
    Decorator,
    Expr,
    Field,
    Format,
    Function,
    Handler,
    Import,
    Item,
    Lambda,
    Layout,
    Literal,
    Map,
    ModuleFacts,
    Narrowing,
    Of,
    Param,
    Raise,
    Return,
    Seq,
    Span,
    Star,
    Text,
    Unpack,
)
from api_lint.parcels import InParcel, Store, parcelled, places

# The numbers of the kinds of expressions. They stand in what is kept: a change of them needs another version there.
_TEXT, _CONST, _OF, _ATTR, _CALL, _FORMAT, _STAR, _AWAIT, _ITEM, _SEQ, _MAP, _CHOICE, _COMP, _LAMBDA, _UNPACK = range(15)  # fmt: skip

_WRITERS: dict[type, Callable[[Any], list[Any]]] = {
    Text: lambda e: [_TEXT, e.value],
    Const: lambda e: [_CONST, e.value],
    Of: lambda e: [_OF, e.type],
    Attr: lambda e: [_ATTR, _expr(e.base), e.name],
    Call: lambda e: [_CALL, *_call(e)],
    Format: lambda e: [_FORMAT, *map(_expr, e.parts)],
    Star: lambda e: [_STAR, _expr(e.value)],
    Await: lambda e: [_AWAIT, _expr(e.value)],
    Item: lambda e: [_ITEM, _expr(e.base), _expr(e.key)],
    Seq: lambda e: [_SEQ, e.kind, *map(_expr, e.items)],
    Map: lambda e: [_MAP, *(_expr(part) for item in e.items for part in item)],
    Choice: lambda e: [_CHOICE, *map(_expr, e.options)],
    Comp: lambda e: [
        _COMP,
        e.kind,
        _expr(e.element),
        [(target, _expr(over), is_async) for target, over, is_async in e.loops],
    ],
    Lambda: lambda e: [_LAMBDA, e.params, _expr(e.body)],
    Unpack: lambda e: [_UNPACK, _expr(e.value), e.position],
}


def write(facts: ModuleFacts) -> tuple[bytes, bytes]:
    """A file's facts as JSON: what it defines, and a line for its layout and for each parcel of bodies.

    Raises: ValueError, RecursionError for what JSON cannot hold.
    """
    layout = facts.layout
    parcels = parcelled(facts.functions)
    outer = (
        facts.path, facts.is_package, _function(facts.body), _body(facts.body.body), [*map(_function, facts.functions)],
        [*map(_class, facts.classes)], facts.all_names, facts.is_generated,
        [*map(len, parcels)],
    )  # fmt: skip
    own = (
        [(*x[:3], sorted(x.traits)) for x in layout.literals],
        layout.lines.tolist(),
        layout.ends.tolist(),
    )
    parts = (_json(own), *(_json([*map(_body, bodies)]) for bodies in parcels))
    return _json(outer), b"\n".join(parts)


def _json(table: object) -> bytes:
    return json.dumps(table, separators=(",", ":")).encode("ascii")


def _expr(expr: Expr) -> Any:
    if type(expr) is str:
        return expr
    if expr is UNKNOWN:
        return 0
    return _WRITERS[type(expr)](expr)


def _call(call: Call) -> tuple[Any, ...]:
    return _expr(call.func), [*map(_expr, call.args)], _pairs(call.keywords)


def _pairs(pairs: Iterable[tuple[str, Expr]]) -> list[Any]:
    return [(name, _expr(value)) for name, value in pairs]


def _raise(each: Raise) -> tuple[Any, ...]:
    return _expr(each.value), *each[1:]


def _handler(each: Handler) -> tuple[Any, ...]:
    return (
        [*map(_expr, each.types)], *each[1:5], [*map(_raise, each.raises)], [*map(_call, each.calls)],
        each.guards_import, [*map(_expr, each.earlier)], *each[9:],
    )  # fmt: skip


def _param(each: Param) -> tuple[Any, ...]:
    return (
        each.name, _expr(each.annotation), _expr(each.default), each.has_default, each.kind, each.line,
    )  # fmt: skip


def _values(found: Iterable[Return | Decorator]) -> list[Any]:
    return [(_expr(each.value), each.span) for each in found]


def _function(f: Function) -> tuple[Any, ...]:
    return (
        f.name, f.qualname, f.span, f.start, f.end, f.body_start, f.owner, f.parent, f.is_async, f.is_generator,
        f.has_docstring, _values(f.decorators), [*map(_param, f.params)], _expr(f.returns), f.branches, f.loops, f.awaits,
        f.guards,
    )  # fmt: skip


def _body(body: Body) -> tuple[Any, ...]:
    return (
        body.imports,
        [(a.target, _expr(a.value), _expr(a.annotation), *a[3:]) for a in body.assigns],
        [(_call(c.call), *c[1:]) for c in body.calls],
        _values(body.returned), _values(body.yielded), [*map(_raise, body.raises)], [*map(_handler, body.handlers)],
        body.narrowings, sorted(body.bound), body.raises_again,
    )  # fmt: skip


def _class(c: Class) -> tuple[Any, ...]:
    return (
        c.name, c.qualname, c.span, c.start, c.end, c.scope, [*map(_expr, c.bases)], _pairs(c.keywords),
        _values(c.decorators), [(f.name, _expr(f.annotation), _expr(f.value), f.line) for f in c.fields],
        c.methods, c.type_params,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ and back


def read(outer: bytes, store: Store) -> ModuleFacts:
    """The facts that `write` made JSON of.

    Parameters: `outer`, what the file defines; `store`, of the lines: the layout is number 0.
    Raises: ValueError, LookupError, TypeError for anything else.
    """
    path, is_package, own, body, functions, classes, names, is_generated, sizes = json.loads(outer)
    layout, *bodies = places(store, (1, *sizes))
    return ModuleFacts(
        path, is_package, _a_function(own, _a_body(body)),
        tuple([_a_function(data, inner) for data, inner in zip(functions, bodies, strict=True)]),
        tuple(map(_a_class, classes)), None if names is None else tuple(names), is_generated, layout,
    )  # fmt: skip


def parcel(line: bytes, number: int) -> Sequence[Body | Layout]:
    """The layout (number 0) or the bodies that `write` made a line of.

    Raises: ValueError, LookupError, TypeError for anything else.
    """
    data = json.loads(line)
    if number:
        return [*map(_a_body, data)]
    literals, lines, ends = data
    found = [Literal(name, role, Span(*at), frozenset(traits)) for name, role, at, traits in literals]
    return [Layout(tuple(found), array("i", lines), array("i", ends))]


def _exprs(data: Iterable[Any]) -> tuple[Expr, ...]:
    return tuple([_an_expr(each) for each in data])


def _a_call(data: Any) -> Call:
    func, args, keywords = data
    return Call(_an_expr(func), _exprs(args), _some_pairs(keywords))


def _some_pairs(data: Iterable[Any]) -> tuple[tuple[str, Expr], ...]:
    return tuple([(name, _an_expr(value)) for name, value in data])


def _a_map(data: list[Any]) -> Map:
    parts = _exprs(data[1:])
    return Map(tuple(zip(parts[::2], parts[1::2])))


def _a_comp(data: list[Any]) -> Comp:
    _, kind, element, loops = data
    made = tuple([(target, _an_expr(over), is_async) for target, over, is_async in loops])
    return Comp(kind, _an_expr(element), made)


# By the kinds' numbers.
_READERS: tuple[Callable[[list[Any]], Expr], ...] = (
    lambda d: Text(d[1]),
    lambda d: Const(d[1]),
    lambda d: Of(d[1]),
    lambda d: Attr(_an_expr(d[1]), d[2]),
    lambda d: _a_call(d[1:]),
    lambda d: Format(_exprs(d[1:])),
    lambda d: Star(_an_expr(d[1])),
    lambda d: Await(_an_expr(d[1])),
    lambda d: Item(_an_expr(d[1]), _an_expr(d[2])),
    lambda d: Seq(d[1], _exprs(d[2:])),
    _a_map,
    lambda d: Choice(_exprs(d[1:])),
    _a_comp,
    lambda d: Lambda(tuple(d[1]), _an_expr(d[2])),
    lambda d: Unpack(_an_expr(d[1]), d[2]),
)


def _an_expr(data: Any) -> Expr:
    if isinstance(data, str):
        return data
    if data == 0:
        return UNKNOWN
    made: Expr = _READERS[data[0]](data)
    return made


def _a_raise(data: Any) -> Raise:
    value, *rest = data
    return Raise(_an_expr(value), *rest)


def _a_handler(data: Any) -> Handler:
    (
        types,
        name,
        at,
        reraises,
        always,
        raises,
        calls,
        guards,
        earlier,
        try_line,
        end_line,
        kept,
        handed,
    ) = data
    return Handler(
        _exprs(types), name, Span(*at), reraises, always, tuple(map(_a_raise, raises)), tuple(map(_a_call, calls)),
        guards, _exprs(earlier), try_line, end_line, tuple(kept), tuple(handed),
    )  # fmt: skip


def _a_param(data: Any) -> Param:
    name, annotation, default, has_default, kind, line = data
    return Param(name, _an_expr(annotation), _an_expr(default), has_default, kind, line)


def _an_assign(data: Any) -> Assign:
    target, value, annotation, *rest = data
    return Assign(target, _an_expr(value), _an_expr(annotation), *rest)


def _a_narrowing(data: Any) -> Narrowing:
    name, how, classes, line, end = data
    return Narrowing(name, how, tuple(classes), line, end)


def _a_function(data: Any, inner: Body | InParcel) -> Function:
    (
        name, qualname, at, start, end, body_start, owner, parent, is_async, is_generator, has_docstring, decorators, params,
        returns, branches, loops, awaits, guards,
    ) = data  # fmt: skip
    return Function(
        name, qualname, Span(*at), start, end, body_start, owner, parent, is_async, is_generator, has_docstring,
        tuple([Decorator(_an_expr(value), Span(*there)) for value, there in decorators]),
        tuple(map(_a_param, params)), _an_expr(returns), branches, loops, awaits, guards, inner,
    )  # fmt: skip


def _a_body(data: Any) -> Body:
    imports, assigns, calls, returned, yielded, raises, handlers, narrowings, bound, again = data
    return Body(
        tuple([Import(*each) for each in imports]), tuple(map(_an_assign, assigns)),
        tuple([CallSite(_a_call(call), Span(*there), *rest) for call, there, *rest in calls]),
        tuple([Return(_an_expr(value), Span(*there)) for value, there in returned]),
        tuple([Return(_an_expr(value), Span(*there)) for value, there in yielded]),
        tuple(map(_a_raise, raises)), tuple(map(_a_handler, handlers)), tuple(map(_a_narrowing, narrowings)),
        frozenset(bound), tuple(again),
    )  # fmt: skip


def _a_class(data: Any) -> Class:
    name, qualname, at, start, end, scope, bases, keywords, decorators, found, methods, params = data
    return Class(
        name, qualname, Span(*at), start, end, scope, _exprs(bases), _some_pairs(keywords),
        tuple([Decorator(_an_expr(value), Span(*there)) for value, there in decorators]),
        tuple([Field(name, _an_expr(annotation), _an_expr(value), line) for name, annotation, value, line in found]),
        tuple(methods), tuple(params),
    )  # fmt: skip
