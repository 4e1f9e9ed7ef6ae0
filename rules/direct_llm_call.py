from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from api_lint import (
    UNSAFE,
    CallSite,
    Expr,
    Finding,
    Format,
    Function,
    Literal,
    Module,
    Place,
    Related,
    Rule,
    SdkUse,
    Span,
    to_litellm,
)

_NO_REQUEST = (".URL", ".urlparse", ".urljoin", ".parse_url")
# Requests until somebody sends them.
_UNSENT = ("httpx.Request", "requests.Request")
_HTTP = ("requests.", "httpx.", "aiohttp.", "urllib.request.", "urllib3.")


class DirectLlmCall(Rule):
    """Code calls a model provider's own SDK instead of litellm.

    A provider that is called directly cannot be swapped, routed, budgeted or traced in one place. What counts is where
    a name was imported from, not what it is called: types, exceptions and a module of one's own named `openai` are no
    calls. One finding a client, with its calls; in a file that makes no client of a provider, its first call.

    After the fix litellm asks the provider: keys come from the environment variables that litellm reads, and where the
    SDKs of OpenAI, Anthropic and Groq try a failed request two more times, litellm does so only where it is told to
    (`num_retries`).

    Evidence: A name has to come from an SDK by its import, through whatever aliases, re-exports and annotations. A
    raw request counts if its literal address is a provider's; an address that is put together at run time is not
    known.

    Bad::

        from openai import OpenAI

        client = OpenAI()

        def answer(question: str) -> str:
            messages = [{"role": "user", "content": question}]
            return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content

    Good::

        import litellm

        def answer(question: str) -> str:
            messages = [{"role": "user", "content": question}]
            return litellm.completion(model="gpt-4o", messages=messages).choices[0].message.content
    """

    code = "API501"
    message = "{what} calls {sdk} directly instead of through litellm"
    words = (
        "openai", "OpenAI", "anthropic", "Anthropic", "groq", "Groq", "genai", "generativeai", "generativelanguage",
        "mistral", "Mistral", "cohere", "together", "ai21", "xai_sdk", "InferenceClient", "api.x.ai", "perplexity",
        "deepseek", "fireworks", "cerebras", "sambanova", "moonshot", "dashscope", "completions", "embeddings",
        "messages.create", "generate_content", "voyageai", "azure.ai",
    )  # fmt: skip
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations", "generated"})

    def visit_module(self, module: Module, at: Place) -> Iterator[Finding]:
        if _is_litellm(at):
            return
        uses = list(_uses(module, at))
        made = [use for use in uses if use.makes_client]
        called = [use for use in uses if not use.makes_client and not use.address]
        sdks = {use.sdk for use in made}
        first = {use.sdk: use for use in reversed(called) if use.sdk not in sdks}
        subjects = sorted([*made, *first.values()])
        is_wanted = subjects and at.wants_fixes
        plans = to_litellm([use.of_sdk for use in subjects], at) if is_wanted else [""] * len(subjects)
        for use, plan in zip(subjects, plans):
            found = self._found(use, called, at)
            if isinstance(plan, str):
                yield found.unfixable(plan)
            else:
                yield found.fixed_by(_title(use, at), *plan)
        requests = [use for use in uses if use.address]
        for address in dict.fromkeys(use.address for use in requests):
            same = [use for use in requests if use.address == address]
            yield self._found(same[0], same, at).unfixable("what a raw request sends is not known")

    def _found(self, use: _Use, calls: list[_Use], at: Place) -> Finding:
        related = [
            Related(at.path, c.span, f"{c.label} is called here")
            for c in calls
            if c.span != use.span and c.sdk == use.sdk
        ]
        return self.found(use.span, related, what=use.label, sdk=use.sdk)


class _Use(NamedTuple):
    """A construction or a call of `callee`. `address` is where the literal stands that a raw request goes to, else `None`."""

    span: Span
    label: str
    sdk: str
    makes_client: bool
    callee: str
    address: Span | None = None

    @property
    def of_sdk(self) -> SdkUse:
        return SdkUse(self.span, self.label, self.sdk, self.makes_client, self.callee)


def _is_litellm(at: Place) -> bool:
    """Whether a file is litellm's own: the package that calls the providers for all others."""
    above, found, _ = f"/{at.path}".rpartition("/litellm/")
    if not found:
        return False
    paths = at.api.project.paths
    is_package = f"{above}/litellm/__init__.py".lstrip("/") in paths
    return is_package and f"{above}/__init__.py".lstrip("/") not in paths


def _title(use: _Use, at: Place) -> str:
    modules = (at.api.module(path) for path in at.api.project.scanned)
    imports = (entry for m in modules if m is not None for entry in m.facts.body.imports)
    is_known = any(entry.module.partition(".")[0] == "litellm" and not entry.level for entry in imports)
    return f"Call litellm instead of {use.sdk}" + ("" if is_known else " (litellm must be installed)")


def _uses(module: Module, at: Place) -> Iterator[_Use]:
    """Every construction of a client and every call of a provider, in source order of their functions."""
    addresses = [literal for literal in module.facts.literals if "llm" in literal.traits]
    for function in (module.facts.body, *module.facts.functions):
        inside = function if function.name != "<module>" else None
        for site in function.calls:
            scope = at.api.scope(at.path, inside, site.span.line)
            effect = at.api.effect(site, scope)
            if not effect.llm and not addresses:
                continue
            callee = at.api.value(site.call.func, scope)
            if effect.llm:
                yield _Use(site.span, effect.label, effect.llm, callee.kind == "class", callee.name)
            elif _is_request(callee.name, function):
                address = _address(site, addresses, module, inside)
                if address is not None:
                    yield _Use(
                        site.span,
                        effect.label or _short(callee.name),
                        "a provider's API",
                        False,
                        callee.name,
                        address,
                    )


def _is_request(callee: str, function: Function) -> bool:
    if callee in _UNSENT:
        return any(
            isinstance(c.call.func, str) and c.call.func.endswith(".send") for c in function.calls
        )
    return callee.startswith(_HTTP) and not callee.endswith(_NO_REQUEST)


def _address(
    site: CallSite, addresses: list[Literal], module: Module, inside: Function | None
) -> Span | None:
    """The literal that a request's address is, or is made of by its name."""
    arguments = [
        *site.call.args[:2],
        *(value for key, value in site.call.keywords if key in ("url", "base_url")),
    ]
    names = [name for argument in arguments for name in _names(argument)]
    if inside is not None:
        # `url = f"{BASE}/chat/completions"` in the lines above
        made = [a.value for a in inside.assigns if a.target in names and a.how == "="]
        names += [name for value in made if isinstance(value, Format) for name in _names(value)]
    for literal in addresses:
        is_argument = literal.role in ("argument", "keyword") and site.span.encloses(literal.span)
        if is_argument or any(_means(name, literal, module, inside) for name in names):
            return literal.span
    return None


def _means(name: str, literal: Literal, module: Module, inside: Function | None) -> bool:
    """Whether a name in a function (`None`: at the top level) can be what a literal is bound to."""
    owner, _, last = name.rpartition(".")
    holder = module.function_at(literal.span.line)
    assigns = (holder or module.facts.body).assigns if literal.role == "getenv" else ()
    # A fallback is called as the variable of the environment is, but bound to another name.
    bound = [a.target for a in assigns if a.line == literal.span.line]
    if last != literal.name and last not in bound:
        return False
    while inside is not None and not owner and holder is not inside and last not in inside.bound:
        inside = module.enclosing(inside)
    return bool(owner) or holder is inside


def _names(expr: Expr) -> Iterator[str]:
    if isinstance(expr, str):
        yield expr
    elif isinstance(expr, Format):
        for part in expr.parts:
            yield from _names(part)


def _short(name: str) -> str:
    return ".".join(name.rsplit(".", 2)[-2:])
