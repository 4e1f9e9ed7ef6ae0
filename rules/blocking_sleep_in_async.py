from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import Api, Finding, Module, Place, Rule


class BlockingSleepInAsync(Rule):
    """A coroutine sleeps with `time.sleep`, and the whole event loop sleeps with it.

    Every other request that the process serves waits as long. `asyncio.sleep` (or the one of anyio or trio) gives the
    loop back for the time.

    Bad::

        import time

        async def poll():
            time.sleep(1)

    Good::

        import asyncio

        async def poll():
            await asyncio.sleep(1)
    """

    code = "API601"
    message = "{call} blocks the event loop in async def {function}"
    words = ("sleep",)
    quiet_in = frozenset({"tests", "migrations"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return api.blocking_rows(module.path, "sleep")

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        effect = at.effect(call)
        if at.is_async and not at.is_awaited and effect.blocks == "sleep" and at.function is not None:
            yield self.found(call, call=effect.label, function=at.function.name)
