"""How calls of providers' SDKs are written as calls of litellm, which answers in the shape of OpenAI's chat completions.

https://docs.litellm.ai/docs/completion/input; https://docs.litellm.ai/docs/providers;
https://docs.litellm.ai/docs/exception_mapping; https://platform.openai.com/docs/api-reference;
https://docs.anthropic.com/en/api/messages; https://console.groq.com/docs/api-reference
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api_lint.libraries import Library


@dataclass(frozen=True, slots=True)
class Request:
    """What an SDK's request is in litellm.

    `function` is litellm's synchronous one (the asynchronous has an `a` before it); `parameters` map the request's own
    to litellm's, all others have no counterpart; `shape` is what the SDK answers: `chat`, `message`, `embeddings`.
    """

    function: str
    parameters: Mapping[str, str]
    shape: str


@dataclass(frozen=True, slots=True)
class Sdk:
    """What an SDK is in litellm.

    `prefix` stands before the models' names, except before those in `models`, which litellm knows without it as long as
    the address is the provider's own. `key` is the environment variable that the SDK and litellm both read. `clients`
    tell of a client's class whether it is asynchronous; `options` map their arguments to those of litellm's calls.
    `requests` are a client's methods; `functions` those of the module itself, with whether they are asynchronous.
    `bases` are exceptions that those of litellm derive from.
    """

    prefix: str
    key: str
    clients: Mapping[str, bool]
    options: Mapping[str, str]
    requests: Mapping[str, Request]
    functions: Mapping[str, tuple[Request, bool]] = field(default_factory=dict)
    models: frozenset[str] = frozenset()
    bases: frozenset[str] = frozenset()


def _same(names: str, **renamed: str) -> dict[str, str]:
    return {**{name: name for name in names.split()}, **renamed}


# litellm keeps `metadata` for itself, and `extra_query` is lost.
_CHAT = Request(
    "completion",
    _same(
        "model messages temperature top_p n stream stream_options stop max_tokens max_completion_tokens presence_penalty "
        "frequency_penalty logit_bias user response_format seed tools tool_choice logprobs top_logprobs "
        "parallel_tool_calls reasoning_effort functions function_call extra_headers timeout"
    ),
    "chat",
)
_EMBEDDINGS = Request(
    "embedding", _same("model input dimensions encoding_format user timeout"), "embeddings"
)
_MESSAGES = Request(
    "completion",
    _same(
        "model messages system max_tokens temperature top_p top_k extra_headers timeout",
        stop_sequences="stop",
    ),
    "message",
)
_LEGACY_CHAT = Request(
    "completion",
    _same(
        "model messages temperature top_p n stream stop max_tokens presence_penalty frequency_penalty logit_bias user "
        "functions function_call",
        request_timeout="timeout",
    ),
    "chat",
)
_LEGACY_EMBEDDINGS = Request("embedding", _same("model input user"), "legacy embeddings")

_OPTIONS = _same("api_key timeout", base_url="api_base", max_retries="num_retries")
_OPENAI_REQUESTS = {"chat.completions.create": _CHAT, "embeddings.create": _EMBEDDINGS}

SDKS: Mapping[str, Sdk] = {
    "openai": Sdk(
        "openai/",
        "OPENAI_API_KEY",
        {"openai.OpenAI": False, "openai.AsyncOpenAI": True},
        {**_OPTIONS, "organization": "organization"},
        _OPENAI_REQUESTS,
        {
            **{f"openai.{name}": (call, False) for name, call in _OPENAI_REQUESTS.items()},
            "openai.ChatCompletion.create": (_LEGACY_CHAT, False),
            "openai.ChatCompletion.acreate": (_LEGACY_CHAT, True),
            "openai.Embedding.create": (_LEGACY_EMBEDDINGS, False),
            "openai.Embedding.acreate": (_LEGACY_EMBEDDINGS, True),
        },
        frozenset(
            "gpt-3.5-turbo gpt-4 gpt-4-turbo gpt-4o gpt-4o-mini gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-5 gpt-5-mini "
            "gpt-5-nano o1 o3 o3-mini o4-mini text-embedding-ada-002 text-embedding-3-small "
            "text-embedding-3-large".split()
        ),
        frozenset(
            {
                "openai.OpenAIError",
                "openai.APIError",
                "openai.APIStatusError",
                "openai.APIConnectionError",
            }
        ),
    ),
    "anthropic": Sdk(
        "anthropic/",
        "ANTHROPIC_API_KEY",
        {"anthropic.Anthropic": False, "anthropic.AsyncAnthropic": True},
        _OPTIONS,
        {"messages.create": _MESSAGES},
    ),
    "groq": Sdk(
        "groq/",
        "GROQ_API_KEY",
        {"groq.Groq": False, "groq.AsyncGroq": True},
        _OPTIONS,
        {"chat.completions.create": _CHAT},
    ),
}

# An SDK's exception, by its name, in litellm. Those that others derive from are not here: litellm's own of the same name
# (`litellm.APIError`) is a sibling of `litellm.RateLimitError`, so that catching it would catch less.
EXCEPTIONS: Mapping[str, str] = _same(
    "RateLimitError AuthenticationError BadRequestError NotFoundError PermissionDeniedError UnprocessableEntityError",
    APITimeoutError="Timeout",
)

LIBRARY = Library()
