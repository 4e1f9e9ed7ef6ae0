from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from api_lint import (
    UNSAFE,
    Api,
    Call,
    Const,
    Expr,
    Finding,
    Function,
    Handler,
    Module,
    Place,
    Rule,
    Seq,
    narrowed,
)

_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})
# Calls that record the traceback, by the last part of their name: the receivers are often wrapped or unknown.
_RECORDS = frozenset(
    {
        "exception", "aexception", "print_exc", "format_exc", "print_exception", "format_exception", "capture_exception",
        "record_exception", "report_exc_info", "notice_error", "log_exception", "set_exception", "exc_info",
        "print_tb", "format_tb",
    }
)  # fmt: skip
# The last is Logfire's: https://logfire.pydantic.dev/docs/reference/api/logfire/#logfire.Logfire.error
_TRACEBACK_KEYWORDS = ("exc_info", "exception", "_exc_info")
_HELPER_DEPTH = 2
# Exceptions of these say no more than the broad `except` did, or are an answer to a client.
_FOREIGN = (
    "builtins.",
    "fastapi.",
    "starlette.",
    "flask.",
    "quart.",
    "werkzeug.",
    "rest_framework.",
    "django.",
    "aiohttp.",
)


@dataclass(frozen=True)
class Options:
    """`strict`: report a broad `except` that logs the traceback as well."""

    strict: bool = False


class GenericExcept(Rule):
    """A broad `except` swallows every error, or turns all of them into one answer.

    A misspelt name and a lost connection then look alike, and nobody learns of either. Catch what the body can raise,
    and let the framework answer the rest with a 500. Not reported: what re-raises in the end (itself, in a helper of the
    project, or on a loop's last attempt), what logs the traceback (unless `strict`), optional imports (and a package's
    version by them), what hands the error on (`queue.put(error)`, `return error`), `__del__`, and, outside routes, raising
    the project's own error from the caught one.

    Evidence: What is caught is resolved, through aliases and tuples too. That a call records the traceback is told
    by its last name (`exception`, `print_exc`, `capture_exception`) or by `exc_info`, also up to two calls away in
    the project's own helpers: weaker evidence, which only ever silences the rule. `strict` leaves it aside.

    Bad::

        import json

        def read(text: str) -> dict:
            try:
                return json.loads(text)
            except Exception:
                return {}

    Good::

        import json

        def read(text: str) -> dict:
            try:
                return json.loads(text)
            except json.JSONDecodeError:
                return {}
    """

    code = "API301"
    message = "{caught} {does} in {function}"
    words = ("except",)
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations"})
    twins = frozenset(
        {
            "BLE001", "E722", "B001", "S110", "S112", "W0702", "W0703", "W0718", "bare-except", "broad-except",
            "broad-exception-caught",
        }
    )  # fmt: skip
    Options = Options

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        # Only a fix needs the syntax tree.
        handlers = self._reported(module, api) if api.wants_fixes else ()
        return [handler.span.line for handler, _ in handlers]

    def visit_module(self, module: Module, at: Place) -> Iterator[Finding]:
        for handler, function in () if at.wants_fixes else self._reported(module, at.api):
            yield self._finding(handler, function)

    def visit_ExceptHandler(self, node: cst.ExceptHandler, at: Place) -> Iterator[Finding]:
        return self._judge(node, at)

    def visit_ExceptStarHandler(self, node: cst.ExceptStarHandler, at: Place) -> Iterator[Finding]:
        return self._judge(node, at)

    def _judge(self, node: cst.ExceptHandler | cst.ExceptStarHandler, at: Place) -> Iterator[Finding]:
        handler = at.handler(node)
        function = at.function or at.module.facts.body
        if handler is None or not self._is_reported(handler, function, at.module, at.api):
            return
        yield narrowed(self._finding(handler, function), node, handler, at)

    def _finding(self, handler: Handler, function: Function) -> Finding:
        return self.found(
            handler.span,
            caught=_caught(handler),
            does=_does(handler),
            function=function.qualname,
        )

    def _reported(self, module: Module, api: Api) -> Iterator[tuple[Handler, Function]]:
        for function in (module.facts.body, *module.facts.functions):
            for handler in function.handlers:
                if self._is_reported(handler, function, module, api):
                    yield handler, function

    def _is_reported(self, handler: Handler, function: Function, module: Module, api: Api) -> bool:
        # Nobody can catch what `__del__` raises.
        if handler.reraises or handler.guards_import or function.name == "__del__":
            return False
        if not _is_broad(handler, function, module, api):
            return False
        if _is_raised_by_a_helper(handler, function, module, api):
            return False
        if _is_kept(handler, function, module) and not _is_answer(handler, function, module, api):
            return False
        if not self.options.strict and _records(handler.calls, function, module, api, _HELPER_DEPTH):
            return False
        return not _translates(handler, function, module, api)


def _is_broad(handler: Handler, function: Function, module: Module, api: Api) -> bool:
    scope = api.scope(module.path, function if function.name != "<module>" else None, handler.span.line)
    params = _parameters_around(function, module)
    values = [api.value(each, scope) for each in handler.types if each not in params]
    # Of what is no tuple in the code only an annotation tells, and that only what the types derive from.
    caught = (v for value in values for v in (value, *(value.items if value.kind == "tuple" else ())))
    names = {v.name for v in caught if v.kind in ("class", "external")}
    return not handler.types or bool(names & _BROAD)


def _parameters_around(function: Function, module: Module) -> set[str]:
    """The parameters in sight: one that holds exception types narrows them as its caller likes."""
    names: set[str] = set()
    current: Function | None = function
    while current is not None:
        names |= {param.name for param in current.params}
        current = module.enclosing(current)
    return names


def _records(calls: Iterable[Call], function: Function, module: Module, api: Api, depth: int) -> bool:
    """Whether any of the calls keeps the traceback, itself or in a helper of the project."""
    for call in calls:
        name = call.func if isinstance(call.func, str) else getattr(call.func, "name", "")
        if name.rpartition(".")[2] in _RECORDS or any(_keeps_traceback(k, v) for k, v in call.keywords):
            return True
        if depth:
            scope = api.scope(
                module.path, function if function.name != "<module>" else None, function.end + 1
            )
            ref = api.effects.target(call, scope)
            inner = api.module(ref.path) if ref is not None else None
            if ref is None or inner is None:
                continue
            if _records(_outside_handlers(ref.function), ref.function, inner, api, depth - 1):
                return True
    return False


def _outside_handlers(function: Function) -> Iterator[Call]:
    """The calls of a helper but those in its own `except` clauses, which tell of other errors."""
    for site in function.calls:
        if not any(h.span.line <= site.span.line <= h.end_line for h in function.handlers):
            yield site.call


def _keeps_traceback(keyword: str, value: Expr) -> bool:
    return keyword in _TRACEBACK_KEYWORDS and not (isinstance(value, Const) and not value.value)


def _is_kept(handler: Handler, function: Function, module: Module) -> bool:
    """Whether the caught exception is handed on, or kept and raised or returned later."""
    if "" in handler.kept_as:
        return True
    return any(_is_used_later(name, handler, function, module) for name in handler.kept_as)


def _is_used_later(name: str, handler: Handler, function: Function, module: Module) -> bool:
    """Whether the function whose name it is raises or returns what is kept so, behind the handler."""
    owner, end = function, handler.end_line
    while name not in owner.bound and (outer := module.enclosing(owner)) is not None:
        owner, end = outer, owner.end
    later = [raised for raised in owner.raises if raised.line > end]
    used = {raised.value for raised in later} | {returned.value for returned in owner.returned}
    return name in used or any(raised.has_cause for raised in later)


def _is_raised_by_a_helper(handler: Handler, function: Function, module: Module, api: Api) -> bool:
    """Whether a function of the project raises again what the handler hands it in any case."""
    within = function if function.name != "<module>" else None
    scope = api.scope(module.path, within, handler.end_line + 1)
    calls = (handler.calls[position] for position in handler.handed)
    return any(api.effects.raises_again(call, handler.name, scope) for call in calls)


def _is_answer(handler: Handler, function: Function, module: Module, api: Api) -> bool:
    """Whether a route returns the caught exception: the client gets it, and nobody else."""
    returned = (
        each.value.items if isinstance(each.value, Seq) else (each.value,)
        for each in function.returned
        if handler.span.line <= each.span.line <= handler.end_line
    )
    is_returned = any(handler.name in values for values in returned)
    return is_returned and api.route_of(module.path, function) is not None


def _does(handler: Handler) -> str:
    if not handler.raises:
        return "swallows every error"
    if not handler.always_raises:
        return "swallows some errors and raises for others"
    raised = next(
        (each.value for each in handler.raises if not each.bare and each.value != handler.name),
        handler.name,
    )
    target = raised.func if isinstance(raised, Call) else raised
    name = target.rpartition(".")[2] if isinstance(target, str) else ""
    return f"turns every error into {name}" if name[:1].isupper() else "turns every error into another"


def _translates(handler: Handler, function: Function, module: Module, api: Api) -> bool:
    """Whether the handler only raises the project's own exception from the caught one, outside routes."""
    if api.route_of(module.path, function) is not None:
        return False
    if handler.name and any(_raises_it(call, handler, function, module, api) for call in handler.calls):
        return True
    if not handler.always_raises:
        return False
    scope = api.scope(
        module.path, function if function.name != "<module>" else None, handler.end_line + 1
    )
    for raised in handler.raises:
        target = raised.value.func if isinstance(raised.value, Call) else raised.value
        value = api.value(target, scope)
        is_mapped = _passes(raised.value, handler.name)
        is_unseen = not value and not _is_function(target)
        is_own = is_unseen or _is_of_domain(value.name) or (is_mapped and _is_function(target))
        if not raised.bare and not (is_own and (raised.has_cause or is_mapped)):
            return False
    return True


def _raises_it(call: Call, handler: Handler, function: Function, module: Module, api: Api) -> bool:
    """Whether a function of the project that never returns takes the caught exception."""
    if not _passes(call, handler.name):
        return False
    within = function if function.name != "<module>" else None
    ref = api.effects.target(call, api.scope(module.path, within, handler.end_line + 1))
    returns = ref.function.returns if ref is not None else None
    return isinstance(returns, str) and returns.rpartition(".")[2] in ("NoReturn", "Never")


def _is_of_domain(name: str) -> bool:
    """Whether an exception is the project's own or its library's, and neither a built-in one nor an answer over HTTP."""
    return "::" in name or ("." in name and not name.startswith(_FOREIGN))


def _is_function(target: Expr) -> bool:
    """Whether what makes the exception is a function by its name, which then decides on the type."""
    name = target if isinstance(target, str) else getattr(target, "name", "")
    return name.rpartition(".")[2].lstrip("_")[:1].islower()


def _passes(raised: Expr, name: str) -> bool:
    """Whether what is raised is made from the caught exception itself: `raise mapped(error)`."""
    if not name or not isinstance(raised, Call):
        return False
    return name in raised.args or any(value == name for _, value in raised.keywords)


def _caught(handler: Handler) -> str:
    if not handler.types:
        return "bare except"
    shown = [t if isinstance(t, str) else "…" for t in handler.types]
    return f"except {shown[0]}" if len(shown) == 1 else f"except ({', '.join(shown)})"
