from __future__ import annotations

from collections.abc import Iterator

from api_lint import CallSite, Effect, Finding, Module, Place, Related, Rule


class DirectLlmCall(Rule):
    """Code calls a model provider's own SDK instead of litellm.

    A provider that is called directly cannot be swapped, routed, budgeted or traced in one place. What counts is where
    a name was imported from, not what it is called: types, exceptions and a module of one's own named `openai` are no
    calls. One finding a client, with its calls; in a file that is handed its client, the first call.

    Bad::

        from openai import OpenAI

        client = OpenAI()

        def answer(question: str) -> str:
            messages = [{"role": "user", "content": question}]
            return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content

    Good::

        from litellm import completion

        def answer(question: str) -> str:
            messages = [{"role": "user", "content": question}]
            return completion(model="gpt-4o", messages=messages).choices[0].message.content
    """

    code = "API501"
    message = "{what} calls {sdk} directly instead of through litellm"
    words = (
        "openai", "anthropic", "groq", "genai", "generativeai", "mistralai", "cohere", "together", "ai21", "xai_sdk",
        "InferenceClient", "LLM", "llm", "client",
    )  # fmt: skip
    quiet_in = frozenset({"tests", "migrations"})

    def visit_module(self, module: Module, at: Place) -> Iterator[Finding]:
        made: list[tuple[CallSite, Effect]] = []
        called: list[tuple[CallSite, Effect]] = []
        for function in (module.facts.body, *module.facts.functions):
            inside = function if function.name != "<module>" else None
            for site in function.calls:
                scope = at.api.scope(at.path, inside, site.span.line)
                effect = at.api.effect(site, scope)
                if effect.llm:
                    is_client = at.api.value(site.call.func, scope).kind == "class"
                    (made if is_client else called).append((site, effect))
        related = [Related(at.path, site.span, f"{effect.label} is called here") for site, effect in called]
        for site, effect in made or called[:1]:
            others = [r for r in related if r.span != site.span]
            yield self.found(site.span, related=others, what=effect.label, sdk=effect.llm)
