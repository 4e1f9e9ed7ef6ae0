from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import (
    UNSAFE,
    Api,
    Finding,
    Module,
    Place,
    Rule,
    answered_by_def,
    run_in_thread,
    without_async,
)


class BlockingHttpInAsync(Rule):
    """A coroutine calls another service with a synchronous HTTP client.

    The event loop stands still until the other side has answered, so one slow peer stops every request. Use
    `httpx.AsyncClient` or aiohttp, or move the call to a thread.

    Evidence: The function or client is resolved by its import, constructor, annotation or dependency; one of
    unknown type is not reported. A call in a lambda, or in a function handed to a thread, is somebody else's.

    Bad::

        import requests

        async def rates(base_url: str) -> dict:
            return requests.get(base_url + "/rates", timeout=5).json()

    Good::

        import asyncio

        import requests

        async def rates(base_url: str) -> dict:
            return (await asyncio.to_thread(requests.get, base_url + "/rates", timeout=5)).json()
    """

    code = "API602"
    message = "{call} is synchronous HTTP and blocks the event loop in async def {function}"
    words = ("requests", "urllib", "urlopen", "httpx", "HTTPConnection", "HTTPSConnection", "async def")
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations", "generated"})
    twins = frozenset({"ASYNC210", "ASYNC212", "ASYNC100"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return api.blocking_rows(module.path, "http")

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        effect = at.effect(call)
        if at.is_async and not at.is_awaited and effect.blocks == "http" and at.function is not None:
            found = self.found(call, call=effect.label, function=at.function.name)
            yield without_async(found, at) if answered_by_def(at) else run_in_thread(found, call, at)
