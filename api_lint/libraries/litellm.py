"""How calls of providers' SDKs are written as calls of litellm, which answers in the shape of OpenAI's.

What is here was compared by what arrives at a server: the SDK's request and litellm's.
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
    to litellm's, all others have no counterpart; `shape` is what the SDK answers: `chat` and `same` are as in litellm,
    `message`, `parsed`, `embeddings` and `text` (of which only that can be read) are not. What a client was made with
    and `lacks` names is lost. `is_open` requests take what is passed with `**` by the same names.
    """

    function: str
    parameters: Mapping[str, str]
    shape: str
    lacks: frozenset[str] = frozenset()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Sdk:
    """What an SDK is in litellm.

    `prefix` stands before the models' names, except before those in `models`, which litellm knows without it as long as
    the address is the provider's own. `key` is the environment variable that the SDK and litellm both read. `clients`
    tell of a client's class whether it is asynchronous; `options` map their arguments to those of litellm's calls, and
    `needs` are those that must be given. `requests` are a client's methods; `functions` those of the module itself, with
    whether they are asynchronous. `caught` are the SDK's exceptions as litellm raises them, by full names.
    """

    prefix: str
    key: str
    clients: Mapping[str, bool]
    options: Mapping[str, str]
    requests: Mapping[str, Request]
    caught: Mapping[str, str]
    functions: Mapping[str, tuple[Request, bool]] = field(default_factory=dict)
    models: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


def _same(names: str, **renamed: str) -> dict[str, str]:
    return {**{name: name for name in names.split()}, **renamed}


# litellm keeps `metadata` for itself, and `extra_query` is lost.
_CHAT_PARAMETERS = _same(
    "model messages temperature top_p n stream stream_options stop max_tokens max_completion_tokens presence_penalty "
    "frequency_penalty logit_bias user response_format seed tools tool_choice logprobs top_logprobs store verbosity "
    "parallel_tool_calls reasoning_effort functions function_call service_tier extra_headers extra_body timeout"
)
_CHAT = Request("completion", _CHAT_PARAMETERS, "chat", is_open=True)
_PARSE = Request("completion", _CHAT_PARAMETERS, "parsed")
# Groq's `user` does not arrive.
_GROQ_CHAT = Request(
    "completion", {k: v for k, v in _CHAT_PARAMETERS.items() if k not in ("user", "store")}, "chat", is_open=True
)  # fmt: skip
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
_TEXTS = Request("completion", _MESSAGES.parameters, "texts")
_RESPONSES = Request(
    "responses",
    _same(
        "model input instructions temperature top_p max_output_tokens previous_response_id reasoning store text "
        "tool_choice tools truncation user stream include parallel_tool_calls extra_headers timeout"
    ),
    "same",
    frozenset({"organization", "max_retries"}),
)
_SPEECH = Request(
    "speech",
    _same("model input voice response_format speed instructions timeout"),
    "same",
    frozenset({"organization"}),
)
_TRANSCRIPTION = Request(
    "transcription",
    _same("model file language prompt temperature timeout"),
    "text",
    frozenset({"organization"}),
    is_open=True,
)
_IMAGES = Request(
    "image_generation",
    _same("model prompt n quality response_format size style user background timeout"),
    "same",
)
_LEGACY_CHAT = Request(
    "completion",
    _same(
        "model messages temperature top_p n stream stop max_tokens presence_penalty frequency_penalty logit_bias user "
        "functions function_call",
        request_timeout="timeout",
    ),
    "chat",
    is_open=True,
)
_LEGACY_EMBEDDINGS = Request("embedding", _same("model input user"), "legacy embeddings")

_ANSWERED = "RateLimitError AuthenticationError BadRequestError NotFoundError"


def _caught(sdk: str, base: str, **others: str) -> dict[str, str]:
    """All that litellm raises derives from OpenAI's exceptions, so these catch what the SDK's own bases caught.

    `litellm.APIError` is no base of the others. OpenAI's 403, 422 and 5xx come as one or another.
    """
    return {
        **{f"{sdk}.{name}": f"litellm.{name}" for name in _ANSWERED.split()},
        **{f"{sdk}.{name}": f"openai.{name}" for name in ("APIError", "APIStatusError", "APIConnectionError")},
        f"{sdk}.APITimeoutError": "litellm.Timeout",
        f"{sdk}.{base}": "openai.OpenAIError",
        **others,
    }  # fmt: skip


_OPTIONS = _same("api_key timeout max_retries", base_url="api_base")
_OPENAI_REQUESTS = {
    "chat.completions.create": _CHAT,
    "chat.completions.parse": _PARSE,
    "beta.chat.completions.parse": _PARSE,
    "embeddings.create": _EMBEDDINGS,
    "responses.create": _RESPONSES,
    "audio.speech.create": _SPEECH,
    "audio.transcriptions.create": _TRANSCRIPTION,
    "images.generate": _IMAGES,
}
_AZURE_REQUESTS = {
    name: _OPENAI_REQUESTS[name] for name in ("chat.completions.create", "embeddings.create")
}

_OPENAI = Sdk(
    "openai/",
    "OPENAI_API_KEY",
    {"openai.OpenAI": False, "openai.AsyncOpenAI": True},
    {**_OPTIONS, "organization": "organization"},
    _OPENAI_REQUESTS,
    _caught("openai", "OpenAIError"),
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
)
_AZURE = Sdk(
    "azure/",
    "",
    {"openai.AzureOpenAI": False, "openai.AsyncAzureOpenAI": True},
    _same("api_key api_version timeout max_retries", azure_endpoint="api_base"),
    _AZURE_REQUESTS,
    _OPENAI.caught,
    needs=frozenset({"api_key", "api_version", "azure_endpoint"}),
)
# By default Anthropic's and Groq's SDKs retry twice, and litellm does not.
_ANTHROPIC = Sdk(
    "anthropic/",
    "ANTHROPIC_API_KEY",
    {"anthropic.Anthropic": False, "anthropic.AsyncAnthropic": True},
    {**_OPTIONS, "max_retries": "num_retries"},
    {"messages.create": _MESSAGES, "messages.stream": _TEXTS},
    _caught(
        "anthropic",
        "AnthropicError",
        **{"anthropic.PermissionDeniedError": "litellm.PermissionDeniedError"},
    ),
)
# The address of Groq's SDK lacks what litellm's has at its end.
_GROQ = Sdk(
    "groq/",
    "GROQ_API_KEY",
    {"groq.Groq": False, "groq.AsyncGroq": True},
    {"api_key": "api_key", "timeout": "timeout", "max_retries": "num_retries"},
    {"chat.completions.create": _GROQ_CHAT},
    _caught("groq", "GroqError"),
)

_SDKS = {"openai": _OPENAI, "anthropic": _ANTHROPIC, "groq": _GROQ}


def sdk_of(name: str, callee: str, makes_client: bool) -> Sdk | None:
    """What an SDK is in litellm, by its distribution and what is called of it; `None` where that is not known."""
    if makes_client and callee in _AZURE.clients:
        return _AZURE
    sdk = _SDKS.get(name)
    return None if sdk is None or (makes_client and callee not in sdk.clients) else sdk


PACKAGES = frozenset(_SDKS)

LIBRARY = Library()
