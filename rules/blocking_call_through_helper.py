from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import Api, Finding, Module, Place, Related, Rule, Step


class BlockingCallThroughHelper(Rule):
    """A coroutine calls a synchronous function of the project that blocks, perhaps many calls further down.

    Nothing on the line shows it: the sleep, the query or the request stands in a helper, a service or a repository, in
    another file as a rule. The chain of calls is listed with the finding. A function handed to a thread, an executor or
    a task queue does not block.

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
    quiet_in = frozenset({"tests", "migrations"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        for site, effect in api.on_loop(module.path):
            function = api.function_at(module.path, site.span.line)
            if not effect and api.chain(site, api.scope(module.path, function, site.span.line)):
                yield site.span.line

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        if not at.is_async or at.is_awaited or at.function is None or at.effect(call):
            return
        steps = at.chain(call)
        if steps:
            last = steps[-1]
            yield self.found(
                call,
                related=[Related(step.path, step.span, _told(step)) for step in steps],
                helper=cst.Module([]).code_for_node(call.func),
                call=last.label,
                place=f"{last.path}:{last.span.line}",
                function=at.function.name,
            )


def _told(step: Step) -> str:
    return f"{step.function} calls {step.label}"
