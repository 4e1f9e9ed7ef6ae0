"""Edits that several rules make: a call awaited, a call moved to a thread, a coroutine made a function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from api_lint.effects import spelled
from api_lint.facts import (
    Call,
    CallSite,
    Effect,
    Expr,
    Function,
    FunctionRef,
    ModuleFacts,
    Route,
    Span,
    Star,
    Step,
    Value,
)
from api_lint.rule import UNSAFE, Edit, Finding, Replace, Rewrite

if TYPE_CHECKING:
    from api_lint.visit import Place

__all__ = [
    "answered_by_def",
    "await_instead",
    "definition",
    "held",
    "no_await",
    "run_in_thread",
    "without_async",
]

# Where `await` binds less tightly than what stands around it.
_TIGHTER = (cst.Attribute, cst.Call, cst.Subscript, cst.Await)

_COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp)
_LOCK = re.compile(r"(?:^|_)(?:r?lock|mutex)(?:$|_)|lock$", re.IGNORECASE)

# What a call gives that is read later, where the event loop waits for it again.
_READ_LATER = {
    "io.IOBase": "the file",
    "io.TextIOWrapper": "the file",
    "http.client.HTTPResponse": "the response",
    "paramiko.SFTPClient": "the connection",
}

_SESSION_NAME = re.compile(r"(?:^|_)(?:db|session|conn|connection|cursor|cur|transaction|tx|uow)$")
_CONNECTION = re.compile(r"(?:^|\.)(?:\w*Connection|\w*Cursor)$")
_BOUND_ROLES = {"session": "the session", "query": "the query", "model": "the ORM object"}
_DEPTH = 3

# Frameworks that run a plain function as handler in a thread, or never had an event loop to block.
_RUNS_PLAIN = frozenset({"fastapi", "starlette", "flask"})
_HARMLESS_DECORATORS = frozenset({"flask_login.login_required", "staticmethod"})
# What these dependencies give is the same in any thread.
_FREE_ROLES = frozenset({"model", "document", "schema", "settings"})
_FREE_TYPES = frozenset(
    {"bool", "bytes", "bytearray", "dict", "float", "frozenset", "int", "list", "set", "str"}
)
_FREE_MODULES = ("datetime.", "decimal.", "uuid.", "ipaddress.")
_HOLDERS = frozenset({"dict", "list", "set", "tuple"})


# -------------------------------------------------------------------------------------------------------- await


def await_instead(
    finding: Finding,
    call: cst.Call,
    new: cst.Call,
    at: Place,
    title: str,
    edits: Sequence[Edit],
    safety: str,
) -> Finding:
    """The finding with the fix that awaits `new` where `call` stood.

    Parameters: `edits`, what is needed besides; `title` and `safety` of the fix.
    Returns: the finding; with the reason instead where `await` cannot stand there.
    """
    reason = no_await(at)
    if reason:
        return finding.unfixable(reason)
    if _comments(call) != _comments(new):
        return finding.unfixable("a comment within the callee would be lost")
    awaited = cst.Await(new.with_changes(lpar=(), rpar=()), lpar=call.lpar, rpar=call.rpar)
    parent = at.parents[-1] if at.parents else None
    is_operand = isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Power)
    if not call.lpar and (is_operand or isinstance(parent, _TIGHTER)):
        awaited = awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return finding.fixed_by(title, Replace(call, awaited), *edits, safety=safety)


def _comments(node: cst.CSTNode) -> int:
    below = sum(_comments(child) for child in node.children)
    return below + isinstance(node, cst.Comment)


def no_await(at: Place) -> str:
    """Why `await` cannot stand at a place, "" where it can."""
    if at.function is not None and at.cls.startswith(f"{at.function.qualname}."):
        return "a class body is no place for await"
    comprehensions = 0
    for parent in at.parents:
        if isinstance(parent, cst.GeneratorExp):
            return "an await would make an asynchronous generator of the expression around"
        if isinstance(parent, cst.Decorator):
            return "a decorator is no place for await"
        if isinstance(parent, (cst.Param, cst.Annotation)):
            return "a default or an annotation is no place for await"
        if isinstance(parent, cst.FormattedString):
            return "an f-string is no place for await"
        if isinstance(parent, cst.With) and (lock := _lock(parent, at)):
            return (
                f"{lock} is held here, and a coroutine that waits for it would never let this one go on"
            )
        comprehensions += isinstance(parent, _COMPREHENSIONS)
    return "Python 3.10 takes no await in a comprehension within another" if comprehensions > 1 else ""


def _lock(block: cst.With, at: Place) -> str:
    """How a lock of threads that a `with` holds is written, "" if it holds none."""
    if block.asynchronous is not None:
        return ""
    for each in block.items:
        code = cst.Module([]).code_for_node(each.item)
        if at.value(each.item).name.startswith(("threading.", "multiprocessing.")) or _LOCK.search(
            code.rstrip("()")
        ):
            return code
    return ""


# ------------------------------------------------------------------------------------------------------- threads


def run_in_thread(finding: Finding, call: cst.Call, at: Place, safety: str = UNSAFE) -> Finding:
    """The finding with the fix that runs the call in a thread: `await asyncio.to_thread(function, …)`.

    Returns: the finding; with the reason instead where that would not do the same.
    """
    reason = _no_thread(call, at)
    if reason:
        return finding.unfixable(reason)
    reference = at.reference("asyncio", "to_thread")
    if reference is None:
        return finding.unfixable("the name asyncio means something else here")
    function, edits = reference
    name = cst.Module([]).code_for_node(call.func)
    title = f"Run {name} in a thread" if len(name) < 60 and "\n" not in name else "Run it in a thread"
    return await_instead(finding, call, _handed_over(call, function), at, title, edits, safety)


def _no_thread(call: cst.Call, at: Place) -> str:
    """Why a call cannot be moved to a thread, "" where it can."""
    above = [*reversed(at.parents[-2:]), None, None]
    if isinstance(above[0], cst.WithItem) or (
        isinstance(above[0], cst.Attribute) and isinstance(above[1], cst.WithItem)
    ):
        return "it is entered as a context manager, and what is done in the block would still block"
    if isinstance(call.whitespace_after_func, cst.ParenthesizedWhitespace):
        return "a row ends between the function and its arguments"
    for arg in call.args:
        is_plain = isinstance(arg.value, cst.Name) and arg.value.value in ("False", "None")
        if arg.keyword is not None and arg.keyword.value == "stream" and not is_plain:
            return "what it streams is read afterwards, and that would still block"
    what = _READ_LATER.get(at.value(call).name)
    return f"{what} is used afterwards, and that would still block" if what else ""


def _handed_over(call: cst.Call, function: cst.BaseExpression) -> cst.Call:
    """`function(callee, …)` in the place of `callee(…)`, row by row as it was."""
    space: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace(" ")
    before = call.whitespace_before_args
    if not call.args:
        return cst.Call(function, [cst.Arg(call.func)], whitespace_before_args=before)
    if isinstance(before, cst.ParenthesizedWhitespace):
        # The first argument stood on a row of its own; the function takes the row, the argument the next one.
        space = before.with_changes(
            first_line=before.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace("")),
            empty_lines=(),
        )
    first = cst.Arg(call.func, comma=cst.Comma(cst.SimpleWhitespace(""), space))
    return cst.Call(function, (first, *call.args), whitespace_before_args=before)


# -------------------------------------------------------------------------------------------- what threads share


def held(call: cst.Call, at: Place) -> str:
    """What a call passes or its receiver holds that belongs to the thread which made it, "" if nothing is known to.

    Sessions, connections and cursors, and the objects that live in them.
    """
    site = at.expression(call)
    return _held(site, at) if isinstance(site, Call) else ""


def _held(call: Call, at: Place) -> str:
    for expr in call.given:
        inner = expr.value if isinstance(expr, Star) else expr
        what = _thread_bound(inner, at.api.value(inner, at.scope), at)
        if what:
            return f"{what} {spelled(inner)}".rstrip("… ") + " is passed to it"
    func = at.api.value(call.func, at.scope)
    if func.kind == "method" and func.items:
        for each in (func, *at.api.types.implementations(func)):
            what = _inside(each.item, at, _DEPTH)
            if what:
                return f"{spelled(call.func).rpartition('.')[0]} holds {what}"
    return ""


def _thread_bound(expr: Expr, value: Value, at: Place) -> str:
    role = _BOUND_ROLES.get(at.api.role(value)) if value.kind == "instance" else None
    if role:
        return role
    if value.kind == "list" and at.api.model_in(value) is not None:
        return "the ORM objects"
    if _CONNECTION.search(value.name):
        return "the connection"
    if not value and isinstance(expr, str) and _SESSION_NAME.search(expr):
        return "the session or connection"
    return _inside(value, at, _DEPTH - 1)


def _inside(value: Value, at: Place, depth: int) -> str:
    """The session or connection that an object of the project keeps in an attribute."""
    ref = at.api.class_ref(value) if value.kind == "instance" else None
    module = at.api.module(ref.path) if ref is not None else None
    if ref is None or module is None or not depth:
        return ""
    names = {field.name for field in ref.cls.fields}
    methods = (module.functions.get(f"{ref.cls.qualname}.{name}") for name in ref.cls.methods)
    for function in methods:
        if function is not None and function.params:
            prefix = f"{function.params[0].name}."
            names |= {a.target[len(prefix) :] for a in function.assigns if a.target.startswith(prefix)}
    for name in sorted(names):
        found = at.api.types.attribute(value, name)
        what = _BOUND_ROLES.get(at.api.role(found)) if found.kind == "instance" else None
        if what or _CONNECTION.search(found.name) or (not found and _SESSION_NAME.search(name)):
            return f"{what or 'the connection'} {name}"
        below = _inside(found, at, depth - 1)
        if below:
            return below
    return ""


# ------------------------------------------------------------------------------------------------------- handlers


def definition(at: Place) -> cst.FunctionDef | None:
    """The node of the function around, where the slice holds it."""
    for parent in reversed(at.parents):
        if isinstance(parent, cst.FunctionDef) and at.function is not None:
            return parent if parent.name.value == at.function.name else None
    return None


def without_async(finding: Finding, at: Place) -> Finding:
    """The finding with the fix that makes a plain `def` of the route handler around, or with why there is none.

    The frameworks run a plain handler in a thread, so everything in it may block.
    """
    if not at.wants_fixes:
        return finding
    reason = _stays_async(at)
    node = definition(at)
    if reason or node is None or at.function is None or node.asynchronous is None:
        return finding.unfixable(reason or "its definition is out of sight")
    after, gap = node.asynchronous.whitespace_after, node.whitespace_after_def
    if not isinstance(after, cst.SimpleWhitespace) or "\n" in after.value + gap.value:
        return finding.unfixable("its `async def` stands on two rows")
    span = at.function.span
    start = span.col - len(gap.value) - len("def") - len(after.value) - len("async")
    edit = Rewrite(Span(span.line, start, span.line, start + len("async" + after.value)), "")
    return finding.fixed_by(f"Make {at.function.name} a plain def, which runs in a thread", edit)


def answered_by_def(at: Place) -> bool:
    """Whether the function around should become a plain `def`: it can, and something in it cannot go to a thread alone."""
    function = at.function
    if not at.wants_fixes or function is None or _stays_async(at):
        return False
    return any(
        effect.blocks == "db" or (not effect and _held(site.call, at) and _chain(site, at))
        for site, effect in _on_loop(at, function)
    )


def _chain(site: CallSite, at: Place) -> tuple[Step, ...]:
    return at.api.chain(site, at.api.scope(at.path, at.function, site.span.line))


def _on_loop(at: Place, function: Function) -> Iterator[tuple[CallSite, Effect]]:
    for site, _, effect in at.api.sites(at.path, function):
        if not site.awaited and not site.deferred:
            yield site, effect


def _stays_async(at: Place) -> str:
    """Why the function around has to stay a coroutine, "" if it need not."""
    function = at.function
    if function is None:
        return "it is no handler"
    routes = [r for r in at.api.handled_in(at.path) if r.handler.function is function]
    if not routes:
        return f"{function.name} is no route handler, so only its callers can run it in a thread"
    route = routes[0]
    if route.framework not in _RUNS_PLAIN or "WEBSOCKET" in route.methods:
        return f"{function.name} is no FastAPI or Flask handler of plain requests"
    return (
        _own_reason(function)
        or _loop_reason(function, at)
        or _decorator_reason(function, at)
        or _dependency_reason(route, at)
        or _caller_reason(function, at)
    )


def _own_reason(function: Function) -> str:
    if function.is_generator:
        return f"{function.name} is a generator"
    if function.awaits:
        awaited = next((spelled(s.call.func) for s in function.calls if s.awaited), "")
        return f"{function.name} awaits {awaited or 'something'}, so it has to stay a coroutine"
    return ""


def _loop_reason(function: Function, at: Place) -> str:
    for site, scope, _ in at.api.sites(at.path, function):
        func = at.api.value(site.call.func, scope)
        given = at.api.value(site.call, scope)
        if func.name.startswith(("asyncio.", "anyio.", "trio.")) or given.kind == "coroutine":
            return f"{function.name} needs the event loop for {spelled(site.call.func)}"
        if spelled(site.call.func).endswith((".run_in_executor", ".create_task")):
            return f"{function.name} needs the event loop for {spelled(site.call.func)}"
    return ""


def _decorator_reason(function: Function, at: Place) -> str:
    declared = {r.span.line for r in at.api.routes() if r.handler.function is function}
    for decorator in function.decorators:
        value = decorator.value.func if isinstance(decorator.value, Call) else decorator.value
        found = at.api.value(value, at.api.scope(at.path, None, decorator.span.line))
        if decorator.span.line not in declared and found.name not in _HARMLESS_DECORATORS:
            return f"the decorator {spelled(value)} may await {function.name}"
    return ""


def _dependency_reason(route: Route, at: Place) -> str:
    for dependency in route.dependencies:
        ref = at.api.function_ref(dependency.provider)
        if ref is None or not ref.function.is_async or not dependency.name:
            continue
        if not _is_free(dependency.gives, at):
            return f"the coroutine {ref.function.name} gives {dependency.name} on the event loop"
    return ""


def _is_free(value: Value, at: Place) -> bool:
    """Whether a value is known to belong to no thread."""
    if value.kind in _HOLDERS:
        return all(_is_free(item, at) for item in value.items)
    if value.kind != "instance":
        return value.kind == "none"
    if at.api.role(value) in _FREE_ROLES or value.name.startswith(_FREE_MODULES):
        return True
    return value.name.removeprefix("builtins.") in _FREE_TYPES


def _caller_reason(function: Function, at: Place) -> str:
    """Who calls the function and would have awaited it."""
    own = FunctionRef(at.path, function).key
    for module in at.api.project.modules_with("calls", function.name):
        for caller, site in _calls_of(function.name, module.facts):
            scope = at.api.scope(module.path, caller, site.span.line)
            target = at.api.effects.target(site.call, scope)
            unknown = target is None and site.awaited and _may_be(site.call.func, function)
            if unknown or (target is not None and target.key == own):
                return f"{caller.qualname if caller else module.path} calls {function.name}"
    return ""


def _calls_of(name: str, facts: ModuleFacts) -> Iterator[tuple[Function | None, CallSite]]:
    for caller in (None, *facts.functions):
        for site in (caller or facts.body).calls:
            if spelled(site.call.func).rpartition(".")[2] == name:
                yield caller, site


def _may_be(func: Expr, function: Function) -> bool:
    return func == function.name or bool(function.owner)
