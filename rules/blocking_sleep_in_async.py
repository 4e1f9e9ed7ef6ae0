from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import (
    SAFE,
    Api,
    Finding,
    Module,
    Place,
    Rule,
    answered_by_def,
    await_instead,
    without_async,
)


class BlockingSleepInAsync(Rule):
    """A coroutine sleeps with `time.sleep`, and the whole event loop sleeps with it.

    Every other request that the process serves waits as long. `asyncio.sleep` (or the one of anyio or trio) gives the
    loop back for the time.

    Evidence: `time.sleep` is resolved through any alias; a `sleep` from elsewhere, or one handed to a thread, is
    not reported.

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
    fix = SAFE
    quiet_in = frozenset({"tests", "migrations", "generated"})
    twins = frozenset({"ASYNC251", "ASYNC101"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return api.blocking_rows(module.path, "sleep")

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        effect = at.effect(call)
        if at.is_async and not at.is_awaited and effect.blocks == "sleep" and at.function is not None:
            yield _fixed(self.found(call, call=effect.label, function=at.function.name), call, at)


def _fixed(finding: Finding, call: cst.Call, at: Place) -> Finding:
    if answered_by_def(at):
        return without_async(finding, at)
    library = _library(at)
    reference = at.reference(library, "sleep")
    if reference is None:
        return finding.unfixable(f"the name {library} means something else here")
    function, edits = reference
    new = call.with_changes(func=function)
    return await_instead(finding, call, new, at, f"Await {library}.sleep", edits, SAFE)


def _library(at: Place) -> str:
    """The file's own: anyio or trio where it imports one of them and not asyncio."""
    imported = {
        entry.module.partition(".")[0]
        for entry in at.module.facts.body.imports
        if not entry.type_checking and not entry.level
    }
    others = [name for name in ("anyio", "trio") if name in imported]
    return others[0] if others and "asyncio" not in imported else "asyncio"
