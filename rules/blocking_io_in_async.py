from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import UNSAFE, Api, Finding, Module, Place, Rule, run_in_thread

_CATEGORIES = ("file", "io")


class BlockingIoInAsync(Rule):
    """A coroutine reads or writes files, or waits for another program, synchronously.

    Disks and programs take their time, and the event loop waits with them. Run such work in a thread, or as an
    asynchronous subprocess. What is done with a file after its `open` was reported is not reported again.

    Bad::

        async def store(path: str, data: bytes) -> None:
            with open(path, "wb") as file:
                file.write(data)

    Good::

        import asyncio
        from pathlib import Path

        async def store(path: str, data: bytes) -> None:
            await asyncio.to_thread(Path(path).write_bytes, data)
    """

    code = "API603"
    message = "{call} blocks the event loop in async def {function}"
    words = ("async def",)
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations"})
    twins = frozenset({"ASYNC220", "ASYNC221", "ASYNC222", "ASYNC230", "ASYNC240", "ASYNC101"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return api.blocking_rows(module.path, *_CATEGORIES)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        effect = at.effect(call)
        if (
            at.is_async
            and not at.is_awaited
            and effect.blocks in _CATEGORIES
            and at.function is not None
        ):
            found = self.found(call, call=effect.label, function=at.function.name)
            yield run_in_thread(found, call, at, UNSAFE)
