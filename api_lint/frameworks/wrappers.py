"""What a project's own decorators do with what the decorated function gives: hand it on, or something made of it."""

from __future__ import annotations

from collections.abc import Iterator

from api_lint.facts import (
    Attr,
    Await,
    Call,
    Choice,
    Comp,
    Expr,
    Format,
    Function,
    Item,
    Map,
    Route,
    Seq,
    Star,
    Unpack,
)
from api_lint.frameworks.routing import decorators_around
from api_lint.infer import Scope, Types
from api_lint.link import Module

# What becomes of a decorated function's result: it is handed on, or something else is, made of it.
_SAME, _MADE = "same", "made"


def gives_something_else(route: Route, types: Types) -> bool:
    """Whether a decorator of the project around a route's handler answers with what a call has made of the handler's
    result, as in `return schema.dump(f(*args, **kwargs))`."""
    around = decorators_around(route.handler, route.cls, types)
    return any(_makes(decorator, scope, types) for decorator, scope in around)


def _makes(decorator: Expr, scope: Scope, types: Types) -> bool:
    target = decorator.func if isinstance(decorator, Call) else decorator
    ref = types.function_ref(types.of(target, scope).name)
    module = types.project.module(ref.path) if ref is not None else None
    if ref is None or module is None:
        return False
    found = _wrapper(ref.function, module, frozenset())
    return found is not None and _Results(*found).are_made


def _wrapper(
    function: Function, module: Module, outer: frozenset[str]
) -> tuple[Function, frozenset[str]] | None:
    """The function that a decorator puts in the place of what it decorates, and what that may be called in it."""
    params = outer | {param.name for param in function.params}
    for name in (name for returned in function.returned for name in _names(returned.value)):
        inner = module.functions.get(f"{function.qualname}.{name}")
        if inner is None:
            continue
        decorated = params - {param.name for param in inner.params}
        if any(_calls(site.call, decorated) for site in inner.calls):
            return inner, decorated
        found = _wrapper(inner, module, params)
        if found is not None:
            return found
    return None


def _names(expr: Expr) -> Iterator[str]:
    """The names that an expression may stand for: `wrapper`, `cast(F, wrapper)`, `wrap if f is None else wrap(f)`."""
    match expr:
        case str():
            yield expr
        case Choice(options):
            for option in options:
                yield from _names(option)
        case Call(func, args):
            yield from _names(func)
            for arg in args:
                yield from _names(arg)


def _calls(call: Call, decorated: frozenset[str]) -> bool:
    """Whether a call is one of the decorated function, be it through `ensure_sync(f)(…)`."""
    func = call.func
    return (
        func in decorated
        if isinstance(func, str)
        else isinstance(func, Call)
        and not (decorated.isdisjoint(arg for arg in func.args if isinstance(arg, str)))
    )


class _Results:
    """What a wrapper returns, told by the names that it binds to the decorated function's result."""

    def __init__(self, wrapper: Function, decorated: frozenset[str]) -> None:
        self._decorated = decorated
        self._bound: dict[str, str] = {}
        for assign in wrapper.assigns:
            kind = self._kind(assign.value)
            if kind:
                self._bind(assign.target, kind)
        self.are_made = any(self._kind(returned.value) == _MADE for returned in wrapper.returned)

    def _bind(self, name: str, kind: str) -> None:
        """A name that once holds what was made counts as that from then on: nobody knows which way was taken."""
        self._bound[name] = _MADE if _MADE in (kind, self._bound.get(name)) else kind

    def _kind(self, expr: Expr) -> str:
        """What an expression is: the result, something made of it, or "" for what has nothing to do with it."""
        match expr:
            case str():
                name, _, attribute = expr.partition(".")
                found = self._bound.get(name, "")
                return _MADE if found and attribute else found
            case Call():
                return self._called(expr)
            case Attr(base, _):
                return _MADE if self._kind(base) else ""
            case Await(value) | Star(value) | Item(value, _) | Unpack(value, _):
                return self._kind(value)
            case Choice(parts) | Seq(_, parts) | Format(parts):
                return self._of_any(parts)
            case Map(items):
                return self._of_any(tuple(part for item in items for part in item))
            case Comp(_, element, loops):
                for target, iterable, _ in loops:
                    kind = self._kind(iterable)
                    if target and kind:
                        self._bind(target, kind)
                return self._kind(element)
        return ""

    def _called(self, call: Call) -> str:
        if _calls(call, self._decorated):
            return _SAME
        given = self._of_any((call.func, *call.given))
        return _MADE if given else ""

    def _of_any(self, parts: tuple[Expr, ...]) -> str:
        kinds = {self._kind(part) for part in parts}
        return _MADE if _MADE in kinds else _SAME if _SAME in kinds else ""
