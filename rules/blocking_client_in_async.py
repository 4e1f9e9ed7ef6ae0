from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import (
    UNSAFE,
    Api,
    Finding,
    Module,
    NeedImport,
    Place,
    Rule,
    answered_by_def,
    await_instead,
    run_in_thread,
    without_async,
)

# What has a coroutine of the same arguments and result beside it.
_TWINS = {
    **{
        f"litellm.{name}": f"a{name}"
        for name in (
            "completion",
            "embedding",
            "image_generation",
            "moderation",
            "rerank",
            "responses",
            "speech",
            "text_completion",
            "transcription",
        )
    },
    **{
        f"{owner}.{name}": f"{name}_async"
        for owner in (
            "google.generativeai.GenerativeModel",
            "vertexai.generative_models.GenerativeModel",
        )
        for name in ("generate_content", "count_tokens")
    },
    **{f"openai.{name}.create": "acreate" for name in ("ChatCompletion", "Completion", "Embedding")},
}


class BlockingClientInAsync(Rule):
    """A coroutine calls a service through a synchronous SDK.

    Model providers, clouds, payment and mail services answer in tenths of seconds at best, and the event loop waits
    for them. Use the SDK's asynchronous twin where it has one, a thread where it has none.

    Evidence: The client's class is known by its constructor, an annotation, a dependency or the module it was
    imported from. A client of an unknown type is not reported, whatever its methods are called.

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
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations", "generated"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return api.blocking_rows(module.path, "client")

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        effect = at.effect(call)
        if at.is_async and not at.is_awaited and effect.blocks == "client" and at.function is not None:
            found = self.found(call, call=effect.label, function=at.function.name)
            yield without_async(found, at) if answered_by_def(at) else _fixed(found, call, at)


def _fixed(finding: Finding, call: cst.Call, at: Place) -> Finding:
    """Awaited as its asynchronous twin where it has one, else in a thread."""
    name = at.resolve(call.func)
    twin = _TWINS.get(name)
    if twin is None or any(arg.star == "**" or _streams(arg) for arg in call.args):
        return run_in_thread(finding, call, at)
    title = f"Await {twin}"
    if isinstance(call.func, cst.Attribute):
        new = call.with_changes(func=call.func.with_changes(attr=cst.Name(twin)))
        return await_instead(finding, call, new, at, title, (), UNSAFE)
    module = name.rpartition(".")[0]
    reference = at.reference(module, twin)
    if reference is not None and not reference[1]:
        function, edits = reference
    elif at.is_free(twin):
        function, edits = cst.Name(twin), (NeedImport(module, twin),)
    else:
        return finding.unfixable(f"the name {twin} means something else here")
    return await_instead(finding, call, call.with_changes(func=function), at, title, edits, UNSAFE)


def _streams(arg: cst.Arg) -> bool:
    return arg.keyword is not None and arg.keyword.value == "stream"
