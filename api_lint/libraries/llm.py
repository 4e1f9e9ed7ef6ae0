"""LLM providers' own SDKs, litellm, and the hosts that raw HTTP calls to a provider go to.

https://github.com/openai/openai-python; https://github.com/anthropics/anthropic-sdk-python;
https://github.com/groq/groq-python; https://googleapis.github.io/python-genai/;
https://github.com/google-gemini/deprecated-generative-ai-python; https://github.com/mistralai/client-python;
https://github.com/cohere-ai/cohere-python; https://github.com/togethercomputer/together-python;
https://github.com/AI21Labs/ai21-python; https://github.com/xai-org/xai-sdk-python;
https://docs.voyageai.com/docs/embeddings; https://learn.microsoft.com/python/api/overview/azure/ai-inference-readme;
https://huggingface.co/docs/huggingface_hub/package_reference/inference_client; https://docs.litellm.ai/

`llm` is the name of the SDK's distribution. Exceptions and types of these packages have no entry, so no effect. Wrappers
(langchain, instructor) and self-hosted models (ollama) are no direct calls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


# Host of an API address → provider, spelled as litellm's model prefix.
LLM_HOSTS: Mapping[str, str] = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.groq.com": "groq",
    "generativelanguage.googleapis.com": "gemini",
    "api.mistral.ai": "mistral",
    "codestral.mistral.ai": "codestral",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "api.together.xyz": "together_ai",
    "api.together.ai": "together_ai",
    "api.perplexity.ai": "perplexity",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
    "api.ai21.com": "ai21",
    "api.fireworks.ai": "fireworks_ai",
    "api.cerebras.ai": "cerebras",
    "api.sambanova.ai": "sambanova",
    "api.moonshot.cn": "moonshot",
    "api.moonshot.ai": "moonshot",
    "dashscope.aliyuncs.com": "dashscope",
    "api.voyageai.com": "voyage",
}

_HOST_IN = re.compile("|".join(re.escape(host) for host in LLM_HOSTS))


def is_llm_address(text: str) -> bool:
    """Whether a text holds the address of a provider's API."""
    return "://" in text and _HOST_IN.search(text) is not None


_NOTHING = Known()
_SELF = Known("$self")
_CLIENT = Known(blocks="client")


def _sync(sdk: str) -> Known:
    return Known(blocks="client", llm=sdk)


def _sdk(
    package: str, sdk: str, sync: str, async_: str, more: tuple[str, ...], namespaces: tuple[str, ...]
) -> dict[str, KnownClass]:
    """The classes of an SDK whose clients consist of namespaces: `client.chat.completions.create()`.

    Every call below a namespace is a request; the client's own methods only configure it. The namespaces have one class
    (none of the library's), named after the client so that messages name it. `more` are clients that can stand in for
    `sync`; with `Async` before them, for `async_`.
    """
    classes: dict[str, KnownClass] = {}
    for names, call in (
        ((sync, *more), Known(blocks="client", llm=sdk)),
        ((async_, *(f"Async{name}" for name in more)), Known(llm=sdk)),
    ):
        resource = f"{package}.resources.{names[0]}"
        classes[resource] = KnownClass(
            methods=_each(_REQUESTS, call),
            attributes={"*": resource},
        )
        client = KnownClass(
            role="client",
            methods={"with_options": _SELF, "copy": _SELF, "close": _NOTHING},
            attributes=dict.fromkeys(namespaces, resource),
            makes=Known(llm=sdk),
        )
        first, *others = (f"{package}.{name}" for name in names)
        classes[first] = client
        classes.update(dict.fromkeys(others, replace(client, bases=(first,))))
    return classes


# What a namespace's methods are called. `__call__` is any other: an unknown attribute is taken for a namespace.
_REQUESTS = (
    "__call__ cancel content count_tokens create create_and_poll create_and_run create_variation delete "
    "edit generate list parse poll retrieve search stream submit_tool_outputs update upload upload_and_poll validate"
)

_OPENAI_NAMESPACES = (
    "audio",
    "batches",
    "beta",
    "chat",
    "completions",
    "containers",
    "conversations",
    "embeddings",
    "evals",
    "files",
    "fine_tuning",
    "images",
    "models",
    "moderations",
    "responses",
    "uploads",
    "vector_stores",
    "videos",
    "with_raw_response",
    "with_streaming_response",
)
_CHAT_NAMESPACES = (
    "audio",
    "batches",
    "chat",
    "completions",
    "embeddings",
    "files",
    "fine_tuning",
    "images",
    "models",
    "rerank",
    "with_raw_response",
    "with_streaming_response",
)
_ANTHROPIC_NAMESPACES = (
    "beta",
    "completions",
    "files",
    "messages",
    "models",
    "with_raw_response",
    "with_streaming_response",
)
_ANTHROPIC = (
    "AnthropicAWS",
    "AnthropicBedrock",
    "AnthropicBedrockMantle",
    "AnthropicFoundry",
    "AnthropicVertex",
)

# ------------------------------------------------------------- SDKs that mix `f` and `f_async` in one client

_MISTRAL_CALLS = (
    "classify",
    "classify_chat",
    "complete",
    "create",
    "delete",
    "download",
    "get",
    "get_signed_url",
    "list",
    "moderate",
    "moderate_chat",
    "parse",
    "parse_stream",
    "process",
    "retrieve",
    "start",
    "stream",
    "update",
    "upload",
)
_MISTRAL = "mistralai.basesdk.BaseSDK"

_COHERE_CALLS = (
    "chat",
    "chat_stream",
    "classify",
    "detokenize",
    "embed",
    "embed_stream",
    "generate",
    "generate_stream",
    "rerank",
    "summarize",
    "tokenize",
)
_COHERE = (
    "Client",
    "ClientV2",
    "BedrockClient",
    "BedrockClientV2",
    "SagemakerClient",
    "SagemakerClientV2",
)


def _cohere(kind: str, call: Known) -> KnownClass:
    return KnownClass(
        role="client",
        methods=dict.fromkeys(_COHERE_CALLS, call),
        attributes={"v2": f"cohere.{kind}V2"},
        makes=Known(llm="cohere"),
    )


def _voyage(call: Known) -> KnownClass:
    return KnownClass(
        role="client",
        methods=_each("contextualized_embed embed multimodal_embed rerank", call),
        makes=Known(llm="voyageai"),
    )


def _azure(package: str, call: Known) -> dict[str, KnownClass]:
    """The clients for models that Azure hosts, each with one call."""
    calls = {
        "ChatCompletionsClient": "complete",
        "EmbeddingsClient": "embed",
        "ImageEmbeddingsClient": "embed",
    }
    return {
        f"{package}.{name}": KnownClass(
            role="client",
            methods={**_each(f"{method} get_model_info", call), "close": _NOTHING},
            makes=Known(llm="azure-ai-inference"),
        )
        for name, method in calls.items()
    }


_GENAI = _sync("google-genai")
_AGENAI = Known(llm="google-genai")
_GENAI_NAMESPACES = ("batches", "caches", "files", "models", "operations", "tunings")
_GENAI_MODELS = "google.genai.models.Models"
_AGENAI_MODELS = "google.genai.models.AsyncModels"


def _gemini(package: str, sdk: str) -> dict[str, KnownClass]:
    """`google.generativeai` and `vertexai.generative_models` share their shape."""
    sync, async_ = _sync(sdk), Known(llm=sdk)
    return {
        f"{package}.GenerativeModel": KnownClass(
            role="client",
            methods={
                **dict.fromkeys(("generate_content", "count_tokens"), sync),
                **dict.fromkeys(("generate_content_async", "count_tokens_async"), async_),
                "start_chat": Known(f"{package}.ChatSession"),
            },
            makes=Known(llm=sdk),
        ),
        f"{package}.ChatSession": KnownClass(
            methods={"send_message": sync, "send_message_async": async_},
        ),
    }


# ------------------------------------------------------------------------------ openai before version 1

_OPENAI = _sync("openai")
_AOPENAI = Known(llm="openai")
_LEGACY = KnownClass(
    statics={
        **_each(
            "create create_edit create_variation delete list retrieve transcribe translate",
            _OPENAI,
        ),
        **_each(
            "acreate acreate_edit acreate_variation adelete alist aretrieve atranscribe atranslate",
            _AOPENAI,
        ),
    },
)
_LEGACY_NAMES = (
    "Audio",
    "ChatCompletion",
    "Completion",
    "Edit",
    "Embedding",
    "Engine",
    "File",
    "FineTune",
    "FineTuningJob",
    "Image",
    "Model",
    "Moderation",
)

# ------------------------------------------------------------------------------------------------- litellm

_LITELLM = (
    "completion",
    "embedding",
    "image_edit",
    "image_generation",
    "image_variation",
    "moderation",
    "ocr",
    "rerank",
    "responses",
    "speech",
    "text_completion",
    "transcription",
)

_HF_CALLS = (
    "audio_classification",
    "automatic_speech_recognition",
    "chat_completion",
    "feature_extraction",
    "fill_mask",
    "image_classification",
    "image_to_image",
    "image_to_text",
    "question_answering",
    "sentence_similarity",
    "summarization",
    "text_classification",
    "text_generation",
    "text_to_image",
    "text_to_speech",
    "token_classification",
    "translation",
    "zero_shot_classification",
)

_CLASSES = {
    **_sdk("openai", "openai", "OpenAI", "AsyncOpenAI", ("AzureOpenAI",), _OPENAI_NAMESPACES),
    **{f"openai.{name}": _LEGACY for name in _LEGACY_NAMES},
    **_sdk("anthropic", "anthropic", "Anthropic", "AsyncAnthropic", _ANTHROPIC, _ANTHROPIC_NAMESPACES),
    **_sdk("groq", "groq", "Groq", "AsyncGroq", (), _CHAT_NAMESPACES),
    **_sdk("together", "together", "Together", "AsyncTogether", (), _CHAT_NAMESPACES),
    **_sdk(
        "cerebras.cloud.sdk", "cerebras-cloud-sdk", "Cerebras", "AsyncCerebras", (), _CHAT_NAMESPACES
    ),
    # google-genai
    "google.genai.Client": KnownClass(
        role="client",
        methods={"close": _NOTHING},
        attributes={
            **dict.fromkeys(_GENAI_NAMESPACES, _GENAI_MODELS),
            "chats": "google.genai.chats.Chats",
            "aio": "google.genai.client.AsyncClient",
        },
        makes=_AGENAI,
    ),
    "google.genai.client.AsyncClient": KnownClass(
        role="client",
        attributes={
            **dict.fromkeys((*_GENAI_NAMESPACES, "live"), _AGENAI_MODELS),
            "chats": "google.genai.chats.AsyncChats",
        },
    ),
    _GENAI_MODELS: KnownClass(methods={"*": _GENAI}),
    _AGENAI_MODELS: KnownClass(methods={"*": _AGENAI}),
    "google.genai.chats.Chats": KnownClass(methods={"create": Known("google.genai.chats.Chat")}),
    "google.genai.chats.AsyncChats": KnownClass(
        methods={"create": Known("google.genai.chats.AsyncChat")}
    ),
    "google.genai.chats.Chat": KnownClass(
        methods=dict.fromkeys(("send_message", "send_message_stream"), _GENAI),
    ),
    "google.genai.chats.AsyncChat": KnownClass(
        methods=dict.fromkeys(("send_message", "send_message_stream"), _AGENAI),
    ),
    **_gemini("google.generativeai", "google-generativeai"),
    **_gemini("vertexai.generative_models", "vertexai"),
    # mistralai
    "mistralai.Mistral": KnownClass(
        role="client",
        attributes=dict.fromkeys(
            (
                "agents",
                "audio",
                "batch",
                "beta",
                "chat",
                "classifiers",
                "embeddings",
                "files",
                "fim",
                "models",
                "ocr",
            ),
            _MISTRAL,
        ),
        makes=Known(llm="mistralai"),
    ),
    _MISTRAL: KnownClass(
        methods={
            **dict.fromkeys(_MISTRAL_CALLS, _sync("mistralai")),
            **dict.fromkeys((f"{name}_async" for name in _MISTRAL_CALLS), Known(llm="mistralai")),
        },
        attributes={"*": _MISTRAL},
    ),
    "mistralai.client.MistralClient": KnownClass(
        role="client",
        methods=dict.fromkeys(
            ("chat", "chat_stream", "completion", "embeddings", "list_models"), _sync("mistralai")
        ),
        makes=Known(llm="mistralai"),
    ),
    "mistralai.async_client.MistralAsyncClient": KnownClass(
        role="client",
        methods=dict.fromkeys(
            ("chat", "chat_stream", "completion", "embeddings", "list_models"), Known(llm="mistralai")
        ),
        makes=Known(llm="mistralai"),
    ),
    # cohere
    **dict.fromkeys((f"cohere.{name}" for name in _COHERE), _cohere("Client", _sync("cohere"))),
    **dict.fromkeys(
        ("cohere.AsyncClient", "cohere.AsyncClientV2"), _cohere("AsyncClient", Known(llm="cohere"))
    ),
    # voyageai, azure-ai-inference
    "voyageai.Client": _voyage(_sync("voyageai")),
    "voyageai.AsyncClient": _voyage(Known(llm="voyageai")),
    **_azure("azure.ai.inference", _sync("azure-ai-inference")),
    **_azure("azure.ai.inference.aio", Known(llm="azure-ai-inference")),
    # others
    "ai21.AI21Client": KnownClass(
        role="client",
        attributes={"chat": "ai21.clients.studio.resources.studio_resource.StudioResource"},
        makes=Known(llm="ai21"),
    ),
    "ai21.AsyncAI21Client": KnownClass(
        role="client",
        attributes={"chat": "ai21.clients.studio.resources.studio_resource.AsyncStudioResource"},
        makes=Known(llm="ai21"),
    ),
    "ai21.clients.studio.resources.studio_resource.StudioResource": KnownClass(
        methods={"create": _sync("ai21")},
        attributes={"completions": "ai21.clients.studio.resources.studio_resource.StudioResource"},
    ),
    "ai21.clients.studio.resources.studio_resource.AsyncStudioResource": KnownClass(
        methods={"create": Known(llm="ai21")},
        attributes={"completions": "ai21.clients.studio.resources.studio_resource.AsyncStudioResource"},
    ),
    "xai_sdk.Client": KnownClass(
        role="client",
        attributes={"chat": "xai_sdk.sync.chat.Client"},
        makes=Known(llm="xai-sdk"),
    ),
    "xai_sdk.AsyncClient": KnownClass(
        role="client",
        attributes={"chat": "xai_sdk.aio.chat.Client"},
        makes=Known(llm="xai-sdk"),
    ),
    "xai_sdk.sync.chat.Client": KnownClass(methods={"create": Known("xai_sdk.sync.chat.Chat")}),
    "xai_sdk.aio.chat.Client": KnownClass(methods={"create": Known("xai_sdk.aio.chat.Chat")}),
    "xai_sdk.sync.chat.Chat": KnownClass(
        methods={
            **dict.fromkeys(("sample", "sample_batch", "parse", "stream"), _sync("xai-sdk")),
            "append": _SELF,
        },
    ),
    "xai_sdk.aio.chat.Chat": KnownClass(
        methods={
            **dict.fromkeys(("sample", "sample_batch", "parse", "stream"), Known(llm="xai-sdk")),
            "append": _SELF,
        },
    ),
    # blocking, but an LLM provider's SDK only in part: no `llm`
    "huggingface_hub.InferenceClient": KnownClass(
        role="client",
        methods=dict.fromkeys(_HF_CALLS, _CLIENT),
    ),
    "huggingface_hub.AsyncInferenceClient": KnownClass(
        role="client", methods=dict.fromkeys(_HF_CALLS, _NOTHING)
    ),
    "litellm.Router": KnownClass(
        role="client",
        methods={
            **dict.fromkeys(("completion", "embedding", "image_generation", "text_completion"), _CLIENT),
            **dict.fromkeys(
                ("acompletion", "aembedding", "aimage_generation", "atext_completion"), _NOTHING
            ),
        },
    ),
}

_FUNCTIONS = {
    **{f"litellm.{name}": _CLIENT for name in _LITELLM},
    **{f"litellm.a{name}": _NOTHING for name in _LITELLM},
    "google.generativeai.configure": Known(llm="google-generativeai"),
    **{
        f"google.generativeai.{name}": _sync("google-generativeai")
        for name in ("delete_file", "embed_content", "get_file", "list_models", "upload_file")
    },
    **_each("voyageai.get_embedding voyageai.get_embeddings", _sync("voyageai")),
    **_each("voyageai.aget_embedding voyageai.aget_embeddings", Known(llm="voyageai")),
    "google.generativeai.embed_content_async": Known(llm="google-generativeai"),
}

# `openai.chat.completions.create()`: the module itself is a client
_OBJECTS = {
    f"openai.{name}": "openai.resources.OpenAI"
    for name in _OPENAI_NAMESPACES
    if not name.startswith("with_")
}

_ALIASES = {
    "openai.Client": "openai.OpenAI",
    "openai.AsyncClient": "openai.AsyncOpenAI",
    "openai.lib.azure.AzureOpenAI": "openai.AzureOpenAI",
    "openai.lib.azure.AsyncAzureOpenAI": "openai.AsyncAzureOpenAI",
    "openai._client.OpenAI": "openai.OpenAI",
    "openai._client.AsyncOpenAI": "openai.AsyncOpenAI",
    # a drop-in client
    "langfuse.openai.*": "openai",
    "anthropic.Client": "anthropic.Anthropic",
    "anthropic.AsyncClient": "anthropic.AsyncAnthropic",
    "groq.Client": "groq.Groq",
    "groq.AsyncClient": "groq.AsyncGroq",
    "together.Client": "together.Together",
    "together.AsyncClient": "together.AsyncTogether",
    "google.genai.client.Client": "google.genai.Client",
    "google.generativeai.generative_models.GenerativeModel": "google.generativeai.GenerativeModel",
    "vertexai.preview.generative_models.*": "vertexai.generative_models",
    "mistralai.client.Mistral": "mistralai.Mistral",
    "mistralai.sdk.Mistral": "mistralai.Mistral",
    "cohere.client.Client": "cohere.Client",
    "cohere.client.AsyncClient": "cohere.AsyncClient",
    "voyageai.client.Client": "voyageai.Client",
    "voyageai.client_async.AsyncClient": "voyageai.AsyncClient",
    "litellm.main.*": "litellm",
    "litellm.router.Router": "litellm.Router",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, objects=_OBJECTS, aliases=_ALIASES)
