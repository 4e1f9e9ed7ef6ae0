from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import libcst as cst

from api_lint import (
    UNSAFE,
    Api,
    Attr,
    Call,
    Expr,
    Finding,
    Function,
    Module,
    Place,
    Related,
    Rule,
    Step,
    answered_by_def,
    held,
    run_in_thread,
    without_async,
)

# What cannot be called in a thread without an event loop of its own.
_LOOP_CALLS = ("create_task", "ensure_future", "get_event_loop", "get_running_loop", "current_task")
_STEPS = 4
_LOCAL_TO_THREADS = ("session", "query", "model")


class BlockingCallThroughHelper(Rule):
    """A coroutine calls a synchronous function of the project that blocks, perhaps many calls further down.

    Nothing on the line shows it: the sleep, the query or the request stands in a helper, a service or a repository, in
    another file as a rule. The chain of calls is listed with the finding. A function handed to a thread, an executor or
    a task queue does not block.

    Evidence: Every step of the chain is resolved to a function of the project, and its last call is one that API601
    to API605 know to block. Of an abstract method all implementations have to block. What stands under many
    conditions on the way is reached seldom and left out, and so are small files opened further down than in the
    called function itself. A function without parameters whose result is kept (`functools.cache`) runs once in a process.

    Bad::

        import time

        def backoff(attempt: int) -> None:
            time.sleep(2 ** attempt)

        async def fetch() -> None:
            backoff(1)

    Good::

        import asyncio
        import time

        def backoff(attempt: int) -> None:
            time.sleep(2 ** attempt)

        async def fetch() -> None:
            await asyncio.to_thread(backoff, 1)
    """

    code = "API606"
    message = "{helper} reaches {call} ({place}) and blocks the event loop in async def {function}"
    words = ("async def",)
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations", "generated"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        for site, effect in api.on_loop(module.path):
            function = api.function_at(module.path, site.span.line)
            if not effect and api.chain(site, api.scope(module.path, function, site.span.line)):
                yield from api.rows_around(module.path, site)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        if not at.is_async or at.is_awaited or at.function is None or at.effect(call):
            return
        steps = () if _blocks_anyway(call, at) else at.chain(call)
        if steps:
            last = steps[-1]
            found = self.found(
                call,
                related=[Related(step.path, step.span, _told(step)) for step in steps],
                helper=cst.Module([]).code_for_node(call.func),
                call=last.label,
                place=f"{last.path}:{last.span.line}",
                function=at.function.name,
            )
            yield _fixed(found, call, steps, at)


def _blocks_anyway(call: cst.Call, at: Place) -> bool:
    """Whether a method of what the call gives is called at once and blocks by itself, which another rule reports:
    `collection().insert_one(…)`."""
    node: cst.CSTNode = call
    for parent in reversed(at.parents):
        if isinstance(parent, cst.Call) and parent.func is node:
            if at.effect(parent).blocks:
                return True
        elif not (isinstance(parent, (cst.Attribute, cst.Subscript)) and parent.value is node):
            return False
        node = parent
    return False


def _fixed(finding: Finding, call: cst.Call, steps: Sequence[Step], at: Place) -> Finding:
    if answered_by_def(at):
        return without_async(finding, at)
    reason = held(call, at) or _shared(steps[-1], at) or _needs_loop(steps, at)
    if reason:
        return finding.unfixable(f"a thread must not run it: {reason}")
    return run_in_thread(finding, call, at)


def _needs_loop(steps: Sequence[Step], at: Place) -> str:
    for step in steps:
        function = at.api.function_at(step.path, step.span.line)
        for site in function.calls if function is not None else ():
            if isinstance(site.call.func, str) and site.call.func.endswith(_LOOP_CALLS):
                return f"{step.function} needs the event loop for {site.call.func}"
    return ""


def _shared(last: Step, at: Place) -> str:
    """The session or connection that the blocking call goes through and that the function it stands in did not make or
    get as an argument: one of the whole program, or of the object; "" if there is none."""
    function = at.api.function_at(last.path, last.span.line)
    site = next((s for s in function.calls if s.span == last.span), None) if function else None
    if function is None or site is None:
        return ""
    parts = _origin(site.call.func, function).split(".")
    receiver = function.params[0].name if function.owner and function.params else ""
    is_own = parts[0] in function.bound or any(p.name == parts[0] for p in function.params)
    if is_own and parts[0] != receiver:
        return ""
    scope = at.api.scope(last.path, function, last.span.line)
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        value = at.api.value(name, scope)
        is_bound = value.kind in ("instance", "class") and at.api.role(value) in _LOCAL_TO_THREADS
        if name != receiver and (is_bound or value.name.endswith(("Connection", "Cursor"))):
            return f"{name} in {last.path} belongs to the thread that uses it"
    if last.label.startswith(("Session.", "scoped_session.", "Query.", "Query[")):
        return f"{parts[0]} in {last.path} keeps its session"
    return ""


def _origin(func: Expr, function: Function) -> str:
    """The same of what a local name was made from: `query = self.session.query(…)`, so that `query` comes from
    `self.session.query`."""
    dotted = _dotted(func)
    for _ in range(_STEPS):
        root = dotted.partition(".")[0]
        made = [a.value for a in function.assigns if a.target == root and a.how == "="]
        if not made or not _dotted(made[0]) or _dotted(made[0]).partition(".")[0] == root:
            break
        dotted = _dotted(made[0])
    return dotted


def _dotted(func: Expr) -> str:
    """The dotted name that a callee begins with, through calls on the way."""
    while not isinstance(func, str):
        if isinstance(func, Attr):
            func = func.base
        elif isinstance(func, Call):
            func = func.func
        else:
            return ""
    return func


def _told(step: Step) -> str:
    return f"{step.function} calls {step.label}"
