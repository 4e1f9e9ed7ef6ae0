from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import Api, Finding, Module, Place, Rule


class BlockingClientInAsync(Rule):
    """A coroutine calls a service through a synchronous SDK.

    Model providers, clouds, payment and mail services answer in tenths of seconds at best, and the event loop waits
    for them. Use the SDK's asynchronous twin where it has one, a thread where it has none.

    Bad::

        import litellm

        async def answer(question: str):
            return litellm.completion(model="gpt-4o", messages=[{"role": "user", "content": question}])

    Good::

        import litellm

        async def answer(question: str):
            return await litellm.acompletion(model="gpt-4o", messages=[{"role": "user", "content": question}])
    """

    code = "API605"
    message = "{call} waits for a remote service and blocks the event loop in async def {function}"
    words = ("async def",)
    quiet_in = frozenset({"tests", "migrations"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return api.blocking_rows(module.path, "client")

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        effect = at.effect(call)
        if at.is_async and not at.is_awaited and effect.blocks == "client" and at.function is not None:
            yield self.found(call, call=effect.label, function=at.function.name)
