"""The fix of a broad `except`: the exceptions that the `try` body can raise in its place, or no `try` at all."""

from __future__ import annotations

import builtins
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from api_lint.facts import Call, Handler, Item, Value
from api_lint.infer import Scope
from api_lint.raising import NOTHING, Raised, Unsure, raised
from api_lint.rule import UNSAFE, Finding, NeedImport, Replace, Rewrite

if TYPE_CHECKING:
    from api_lint.visit import Place

__all__ = ["narrowed"]

_COMPOUND = (
    cst.FunctionDef,
    cst.ClassDef,
    cst.If,
    cst.For,
    cst.While,
    cst.With,
    cst.Try,
    cst.TryStar,
    cst.Match,
)
_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})
# More exceptions than that say no more than the broad one does.
_MOST = 5
_LOGS = frozenset("debug info warning warn error critical exception log print".split())
_SHOWS = frozenset("str repr type format len".split())
_SERVER_ERROR = frozenset({"500", "HTTP_500_INTERNAL_SERVER_ERROR", "INTERNAL_SERVER_ERROR"})
_ANSWERS = frozenset(
    "HTTPException JSONResponse Response ORJSONResponse PlainTextResponse JsonResponse abort APIException".split()
)
_MODULE = cst.Module([])


def narrowed(
    finding: Finding, node: cst.ExceptHandler | cst.ExceptStarHandler, handler: Handler, at: Place
) -> Finding:
    """The finding with the fix that catches only what the `try` body can raise.

    Where a route only turns every error into a 500, the `try` is removed: the framework does the same.

    Parameters: `node`, the broad clause; `handler`, its facts; `at`, the place of its hook.
    Returns: the finding; with the reason instead where not all is known that the body can raise.
    """
    if not at.wants_fixes:
        return finding
    statement = at.parents[-1]
    if not isinstance(statement, cst.Try) or not isinstance(node, cst.ExceptHandler):
        return finding.unfixable("an except* clause answers groups of exceptions")
    if _is_needless(statement, at):
        return _without_try(finding, statement)
    try:
        found = _Body(at).of_try(statement)
        return _with_types(finding, node, handler, at, found)
    except Unsure as reason:
        return finding.unfixable(str(reason))


# ------------------------------------------------------------------------------------------------------ the new types


def _tries(node: cst.CSTNode) -> bool:
    """Whether a `try` stands in some code."""
    return isinstance(node, cst.Try) or any(map(_tries, node.children))


def _with_types(
    finding: Finding, node: cst.ExceptHandler, handler: Handler, at: Place, found: Raised
) -> Finding:
    if node.type is not None and "#" in _code(node.type):
        raise Unsure("a comment stands between the exceptions")
    raising = at.api.raising
    tried = at.parents[-1]
    assert isinstance(tried, cst.Try)
    clauses = [
        h for h in (at.function or at.module.facts.body).handlers if h.try_line == handler.try_line
    ]
    scope = at.scope
    earlier = [n for h in clauses[: clauses.index(handler)] for n in raising.clause(h, scope)]
    kept = _kept(node, at)
    broad = raising.clause(handler, scope)
    names = {n for n in found.names if any(b in _BROAD and raising.catches(b, n) for b in broad)}
    names = {n for n in names if not any(raising.catches(e, n) for e in earlier)}
    if not names:
        rest = (
            "what is left the web framework answers"
            if found.answered
            else "nothing is known that the body raises"
        )
        raise Unsure("the clauses above catch all that the body raises" if found.names else rest)
    if names == {"builtins.ZeroDivisionError"} and _tries(tried.body):
        raise Unsure("all but a division by zero is answered within")
    names |= kept.keys()
    wanted = [n for n in sorted(names) if not any(o != n and raising.catches(o, n) for o in names)]
    if len(wanted) > _MOST:
        raise Unsure(f"the body can raise {len(wanted)} kinds of exceptions")
    edits: list[NeedImport] = []
    texts: list[str] = []
    for name in wanted:
        text, imports = (kept[name], ()) if name in kept else _reference(name, at)
        texts.append(text)
        edits += imports
    texts = sorted(dict.fromkeys(texts), key=lambda t: (t.rpartition(".")[2], t))
    shown = texts[0] if len(texts) == 1 else f"({', '.join(texts)})"
    title = f"Catch {', '.join(texts)} only" + ("; HTTP errors pass through" if found.answered else "")
    if node.type is None:
        return finding.fixed_by(title, Rewrite(handler.span, f"except {shown}"), *edits, safety=UNSAFE)
    return finding.fixed_by(
        title, Replace(node.type, cst.parse_expression(shown)), *edits, safety=UNSAFE
    )


def _kept(node: cst.ExceptHandler, at: Place) -> dict[str, str]:
    """The exceptions that stand beside the broad one, with how they are written."""
    if node.type is None:
        return {}
    each = [e.value for e in node.type.elements] if isinstance(node.type, cst.Tuple) else [node.type]
    kept = {}
    for expression in each:
        value = at.value(expression)
        name = at.api.raising.exception(value)
        if not name or value.kind in ("instance", "function"):
            raise Unsure(f"{_code(expression)} is declared elsewhere")
        if name not in _BROAD:
            kept[name] = _code(expression)
    return kept


def _reference(name: str, at: Place) -> tuple[str, tuple[NeedImport, ...]]:
    """How to write an exception here, and the import it needs.

    Raises: Unsure where it cannot be named.
    """
    if name.startswith("builtins."):
        short = name.removeprefix("builtins.")
        if not hasattr(builtins, short) or _is_bound(short, at):
            raise Unsure(f"the name {short} means something else here")
        return short, ()
    if "::" in name:
        return _own_reference(name, at)
    module, _, last = name.rpartition(".")
    return _imported(module, last, at) or _to_import(module, last, at)


def _imported(module: str, last: str, at: Place) -> tuple[str, tuple[NeedImport, ...]] | None:
    """How an exception is written by the imports that the file has."""
    same = at.api.raising.exception
    for entry in at.module.facts.body.imports:
        if entry.type_checking or entry.level or not entry.local:
            continue
        found = at.api.value(entry.local, at.scope)
        if same(found) == f"{module}.{last}" and found.kind != "instance":
            return entry.local, ()
        if found.kind in ("external", "module") and found.name == module:
            return f"{entry.local}.{last}", ()
    return None


def _to_import(module: str, last: str, at: Place) -> tuple[str, tuple[NeedImport, ...]]:
    imports = at.module.facts.body.imports
    root = module.partition(".")[0]
    siblings = [i for i in imports if i.module.partition(".")[0] == root and not i.level]
    if any(i.type_checking and (i.module, i.name) == (module, last) for i in siblings):
        raise Unsure(f"{last} is imported for the type checker only")
    prefers_names = "." in module or (
        any(i.name for i in siblings) and not any(not i.name for i in siblings)
    )
    if prefers_names:
        if _is_bound(last, at):
            raise Unsure(f"the name {last} means something else here")
        return last, (NeedImport(module, last),)
    if _is_bound(module, at):
        raise Unsure(f"the name {module} means something else here")
    return f"{module}.{last}", (NeedImport(module),)


def _own_reference(name: str, at: Place) -> tuple[str, tuple[NeedImport, ...]]:
    """How one of the project's exceptions is written here."""
    path, _, qualname = name.partition("::")
    owner, _, last = qualname.rpartition(".")
    nested = f".{last}" if owner else ""
    wanted = Value("class", f"{path}::{owner}" if owner else name)
    first = owner or last
    functions = at._functions()
    imports = [*(i for f in functions for i in f.imports), *at.module.facts.body.imports]
    locals_ = [i.local for i in imports if i.local and not i.type_checking]
    for local in (*(first for _ in range(path == at.path)), *locals_):
        value = at.api.value(local, at.scope)
        if (value.kind, value.name) == wanted[:2]:
            return local + nested, ()
        if value.kind == "module" and at.api.value(f"{local}.{first}", at.scope)[:2] == wanted[:2]:
            return f"{local}.{first}{nested}", ()
    for entry in imports:
        is_there = not entry.level and entry.name and not entry.type_checking
        if (
            is_there
            and at.api.project.find(entry.module, at.path).path == path
            and not _is_bound(first, at)
        ):
            return first + nested, (NeedImport(entry.module, first),)
    raise Unsure(f"{first}{nested} is declared in {path}, which is not imported here")


def _is_bound(name: str, at: Place) -> bool:
    return name in at.module.facts.body.bound or any(name in f.bound for f in at._functions())


# ------------------------------------------------------------------------------------------------- what a body raises


class _Body:
    """What the statements of a `try` body raise, by the rows on which the facts know them to stand."""

    def __init__(self, at: Place) -> None:
        self.at = at
        self.raising = at.api.raising
        starts = [abs(line) for line in at.module.facts.lines]
        self.lines = starts
        self.statement = bisect_left(starts, at.line)
        self.loops = any(isinstance(p, (cst.For, cst.While)) for p in at.parents)

    @property
    def scope(self) -> Scope:
        line = self.lines[self.statement] if self.statement < len(self.lines) else self.at.line
        return self.at.scope.at(line)

    def of_try(self, statement: cst.Try) -> Raised:
        """What the body of a `try` raises; the statement itself is the one counted last.

        Raises: Unsure where something is not known.
        """
        return self._of(statement.body)

    def _of(self, node: cst.CSTNode) -> Raised:
        if isinstance(node, (*_COMPOUND, cst.BaseSmallStatement)):
            self.statement += 1
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self.statement += sum(1 for _ in _statements(node)) - 1
            return NOTHING
        if isinstance(node, cst.Try):
            return self._nested(node)
        if isinstance(node, cst.TryStar):
            raise Unsure("except* stands in the body")
        around = self.at
        if isinstance(node, cst.Lambda):
            self.at = replace(around, parents=(*around.parents, node))
        found = self._own(node)
        for child in _code_children(node):
            found |= self._of(child)
        self.at = around
        return found

    def _nested(self, node: cst.Try) -> Raised:
        """A `try` within the body: what its clauses catch stays inside, unless one raises again."""
        line = self.lines[self.statement]
        body = self.at.function or self.at.module.facts.body
        clauses = [h for h in body.handlers if h.try_line == line]
        swallows = any(set(self.raising.clause(h, self.scope)) & _BROAD for h in clauses)
        passes = any(r.bare or r.value == h.name for h in clauses for r in h.raises)
        found = self._swallowed(node.body) if swallows and not passes else self._of(node.body)
        if not passes:
            caught = [name for h in clauses for name in self.raising.clause(h, self.scope)]
            names = (n for n in found.names if not any(self.raising.catches(c, n) for c in caught))
            found = Raised(frozenset(names), found.answered and not swallows)
        for rest in (*node.handlers, node.orelse, node.finalbody):
            if rest is not None:
                found |= self._of(rest.body)
        return found

    def _swallowed(self, node: cst.CSTNode) -> Raised:
        self.statement += sum(1 for _ in _statements(node))
        return NOTHING

    def _own(self, node: cst.CSTNode) -> Raised:
        """What a node raises by itself."""
        match node:
            case cst.Call():
                return self._call(node)
            case cst.Raise(None):
                return NOTHING
            case cst.Raise(exc) if exc is not None:
                return self.raising.raising(self.at.expression(exc), self.scope)
            case cst.Assert():
                return raised("AssertionError")
            case cst.Import() | cst.ImportFrom():
                return raised("ImportError")
            case cst.Subscript():
                return self._subscript(node)
            case cst.Assign():
                return self._unpacking(node)
            case cst.BinaryOperation(left, cst.Divide() | cst.FloorDivide() | cst.Modulo(), right):
                return self._division(left, right, isinstance(node.operator, cst.Modulo))
            case cst.Await(inner) | cst.WithItem(inner) if not isinstance(inner, (cst.Call, cst.Await)):
                return self._by_package(inner, "await")
            case cst.For(asynchronous=cst.Asynchronous(), iter=inner) if not isinstance(inner, cst.Call):
                return self._by_package(inner, "async for")
            case cst.For(iter=inner) | cst.CompFor(iter=inner) if not isinstance(inner, cst.Call):
                value = self.at.api.value(self.at.expression(inner), self.scope)
                return self.raising.package(value) or NOTHING if _is_library(value) else NOTHING
            case cst.Yield() if not self.loops:
                raise Unsure("whoever resumes the generator can throw anything in at the yield")
            case cst.While():
                self.loops = True
        return NOTHING

    def _call(self, node: cst.Call) -> Raised:
        call = self.at.expression(node)
        if not isinstance(call, Call):
            raise Unsure(f"unknown what {_code(node.func)} raises")
        return self.raising.of(call, self.scope)

    def _subscript(self, node: cst.Subscript) -> Raised:
        if all(isinstance(e.slice, cst.Slice) for e in node.slice):
            return NOTHING
        expression = self.at.expression(node)
        if not isinstance(expression, Item):
            raise Unsure(f"unknown what {_code(node)} raises")
        return self.raising.subscript(expression, self.scope)

    def _unpacking(self, node: cst.Assign) -> Raised:
        """Taking text or a list apart into a number of names."""
        if not any(isinstance(t.target, (cst.Tuple, cst.List)) for t in node.targets):
            return NOTHING
        if isinstance(node.value, (cst.Tuple, cst.List)):
            return NOTHING
        value = self.at.api.value(self.at.expression(node.value), self.scope)
        is_split = isinstance(node.value, cst.Call) and _last(node.value.func) in (
            "split",
            "rsplit",
            "groups",
        )
        return raised("ValueError") if is_split or value.kind == "list" else NOTHING

    def _division(self, left: cst.BaseExpression, right: cst.BaseExpression, is_modulo: bool) -> Raised:
        if isinstance(right, (cst.Integer, cst.Float, cst.SimpleString, cst.FormattedString)):
            return NOTHING
        if is_modulo and isinstance(left, (cst.SimpleString, cst.ConcatenatedString)):
            return NOTHING
        value = self.at.api.value(self.at.expression(left), self.scope)
        return NOTHING if value.name in ("pathlib.Path", "builtins.str") else raised("ZeroDivisionError")

    def _by_package(self, node: cst.BaseExpression, what: str) -> Raised:
        value = self.at.api.value(self.at.expression(node), self.scope)
        found = self.raising.package(value) if _is_library(value) else None
        if found is None and self.raising.listed(f"{value.name}.acquire") != ():
            raise Unsure(f"unknown what {_code(node)} raises")
        return found or NOTHING


def _is_library(value: Value) -> bool:
    return value.kind in ("instance", "external") and "::" not in value.name and bool(value.name)


def _statements(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The statements in a node, itself included, as the engine counts them."""
    if isinstance(node, (*_COMPOUND, cst.BaseSmallStatement)):
        yield node
    for child in node.children:
        yield from _statements(child)


def _code_children(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """The children that hold code which is run: no annotations, no targets that are written."""
    match node:
        case cst.AnnAssign():
            return (node.value,) if node.value is not None else ()
        case cst.AssignTarget(target) if isinstance(target, cst.Subscript):
            return (target.value, *target.slice)
        case cst.Param() | cst.Annotation():
            return ()
    return node.children


# ------------------------------------------------------------------------------------------------- without the `try`


def _is_needless(node: cst.Try, at: Place) -> bool:
    """Whether a route's `try` only turns every error into a 500 (clauses that raise again what they catch aside)."""
    route = at.api.route_of(at.path, at.function) if at.function is not None else None
    if route is None or route.handler.function is not at.function or "WEBSOCKET" in route.methods:
        return False
    if any(
        isinstance(p, (cst.Try, cst.TryStar, cst.FunctionDef))
        for p in at.parents[:-1]
        if not _is_handler(p, at)
    ):
        return False
    return all(_is_passing(h) or _answers_500(h) for h in node.handlers)


def _is_handler(node: cst.CSTNode, at: Place) -> bool:
    return (
        isinstance(node, cst.FunctionDef)
        and at.function is not None
        and node.name.value == at.function.name
    )


def _is_passing(node: cst.ExceptHandler) -> bool:
    """`except HTTPException: raise`."""
    statements = _small(node.body)
    return statements is not None and len(statements) == 1 and _code(statements[0]) == "raise"


def _answers_500(node: cst.ExceptHandler) -> bool:
    statements = _small(node.body)
    if not statements or (
        node.type is not None and _last(node.type) not in ("Exception", "BaseException")
    ):
        return False
    return all(_is_plain(s) for s in statements[:-1]) and _is_500(statements[-1])


def _small(body: cst.BaseSuite) -> list[cst.BaseSmallStatement] | None:
    """The simple statements of a block, `None` if it holds others."""
    lines = body.body
    if isinstance(body, cst.SimpleStatementSuite):
        return [s for s in lines if isinstance(s, cst.BaseSmallStatement)]
    if not all(isinstance(line, cst.SimpleStatementLine) for line in lines):
        return None
    return [s for line in lines if isinstance(line, cst.SimpleStatementLine) for s in line.body]


def _is_plain(node: cst.BaseSmallStatement) -> bool:
    """A log call, or a text put together for one."""
    match node:
        case cst.Expr(cst.Call(func, args)):
            return _last(func) in _LOGS and all(_only_shows(arg.value) for arg in args)
        case cst.Assign([cst.AssignTarget(cst.Name())], value):
            return _only_shows(value)
    return False


def _only_shows(node: cst.CSTNode) -> bool:
    calls = isinstance(node, cst.Call) and _last(node.func) not in (*_SHOWS, "format_exc", "getLogger")
    unfit = isinstance(node, (cst.Await, cst.Yield, cst.NamedExpr))
    return not calls and not unfit and all(_only_shows(child) for child in node.children)


def _is_500(node: cst.BaseSmallStatement) -> bool:
    """`raise HTTPException(500)`, `return jsonify(…), 500`, `abort(500)`."""
    match node:
        case cst.Raise(cst.Call(func)):
            return _last(func) == "InternalServerError" or _has_500(node.exc)
        case cst.Return(cst.Tuple([cst.Element(answer), cst.Element(status)])):
            return _last(status) in _SERVER_ERROR and _only_answers(answer)
        case cst.Return(cst.Call() as call):
            made = call.args[0].value if call.args else None
            if _last(call.func) == "make_response" and len(call.args) == 2 and made is not None:
                return _last(call.args[1].value) in _SERVER_ERROR and _only_answers(made)
            return _has_500(call)
        case cst.Expr(cst.Call(func)) if _last(func) == "abort":
            return _has_500(node.value)
    return False


def _has_500(node: cst.BaseExpression | None) -> bool:
    if not isinstance(node, cst.Call) or _last(node.func) not in _ANSWERS:
        return False
    named = [
        a.value
        for a in node.args
        if a.keyword is not None and a.keyword.value in ("status_code", "status")
    ]
    first = [
        a.value
        for a in node.args[:1]
        if a.keyword is None and _last(node.func) in ("HTTPException", "abort")
    ]
    others = [a.value for a in node.args if a.value not in named and a.value not in first]
    return any(_last(s) in _SERVER_ERROR for s in (named or first)) and all(
        _only_answers(o) for o in others
    )


def _only_answers(node: cst.CSTNode) -> bool:
    """Whether an answer is only put together from text: nothing is called but what shows or wraps it."""
    if isinstance(node, cst.Call) and _last(node.func) not in (*_SHOWS, "jsonify", "dict", "format_exc"):
        return False
    return not isinstance(node, (cst.Await, cst.Yield, cst.NamedExpr)) and all(
        _only_answers(child) for child in node.children
    )


def _without_try(finding: Finding, node: cst.Try) -> Finding:
    title = "Remove the try: the framework answers what nobody expected with a 500"
    body = node.body
    dropped: Sequence[cst.CSTNode] = (*node.handlers, node.whitespace_before_colon)
    if not isinstance(body, cst.IndentedBlock) or (
        node.orelse is not None and not isinstance(node.orelse.body, cst.IndentedBlock)
    ):
        return finding.unfixable("the try stands on one line")
    if any("#" in _code(h) for h in dropped):
        return finding.unfixable("a comment in the handler would be lost")
    if node.finalbody is not None:
        if node.orelse is not None:
            return finding.unfixable("the try has an else and a finally clause")
        return finding.fixed_by(title, Replace(node, node.with_changes(handlers=())), safety=UNSAFE)
    blocks = [body] + ([node.orelse.body] if node.orelse is not None else [])
    if node.orelse is not None and node.orelse.leading_lines:
        return finding.unfixable("a comment above the else clause would be lost")
    if any(
        b.header.comment or any(line.comment for line in b.footer)
        for b in blocks
        if isinstance(b, cst.IndentedBlock)
    ):
        return finding.unfixable("a comment beside or below the body would be lost")
    statements = [s for block in blocks for s in block.body]
    first = statements[0]
    above = [line for line in getattr(first, "leading_lines", ()) if line.comment]
    if any(not line.indent for line in above):
        return finding.unfixable("a comment in the body stands at the row's start")
    statements[0] = first.with_changes(leading_lines=[*node.leading_lines, *above])
    return finding.fixed_by(title, Replace(node, cst.FlattenSentinel(statements)), safety=UNSAFE)


def _last(node: cst.CSTNode) -> str:
    """The last part of a dotted name, the text of a number."""
    match node:
        case cst.Name(value) | cst.Integer(value):
            return value
        case cst.Attribute(_, cst.Name(name)):
            return name
    return ""


def _code(node: cst.CSTNode) -> str:
    return _MODULE.code_for_node(node)
