"""LangChain and LangGraph: chat models, chains, agents, retrievers and vector stores.

https://reference.langchain.com/python/langchain_core/runnables/; https://docs.langchain.com/oss/python/integrations/chat;
https://docs.langchain.com/oss/python/integrations/vectorstores; https://reference.langchain.com/python/langgraph/graphs/

All of it is a `Runnable`, and `prompt | model | parser` is one too. A model's goes over the network; a prompt's and a parser's
does not. They are wrappers: no direct call of a provider.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_RUNNABLE = "langchain_core.runnables.Runnable"
_CHAIN = Known(_RUNNABLE)
_STORE = "langchain_core.vectorstores.VectorStore"
_NOTHING = Known()
_CALL = Known(blocks="client")

_RUNS = "__call__ apply batch call generate generate_prompt get_relevant_documents invoke predict predict_messages run stream"

_PROVIDERS = {
    "langchain_anthropic": "Anthropic AnthropicLLM ChatAnthropic",
    "langchain_aws": "BedrockLLM ChatBedrock ChatBedrockConverse",
    "langchain_cohere": "ChatCohere Cohere",
    "langchain_deepseek": "ChatDeepSeek",
    "langchain_fireworks": "ChatFireworks Fireworks",
    "langchain_google_genai": "ChatGoogleGenerativeAI GoogleGenerativeAI",
    "langchain_google_vertexai": "ChatVertexAI VertexAI",
    "langchain_groq": "ChatGroq",
    "langchain_huggingface": "ChatHuggingFace HuggingFaceEndpoint",
    "langchain_mistralai": "ChatMistralAI",
    "langchain_ollama": "ChatOllama OllamaLLM",
    "langchain_openai": "AzureChatOpenAI AzureOpenAI ChatOpenAI OpenAI",
    "langchain_together": "ChatTogether Together",
    "langchain_xai": "ChatXAI",
}
_MODELS = {f"{package}.{name}" for package, names in _PROVIDERS.items() for name in names.split()}
# Where they were before they had packages of their own.
_FORMER = {
    f"{package}.{kind}.{name}"
    for package in ("langchain", "langchain_community")
    for kind in ("chat_models", "llms")
    for name in (
        "AzureChatOpenAI", "AzureOpenAI", "ChatAnthropic", "ChatGooglePalm", "ChatOllama", "ChatOpenAI", "ChatVertexAI", "Cohere",
        "HuggingFaceEndpoint", "HuggingFaceHub", "Ollama", "OpenAI", "Replicate", "VertexAI",
    )
}  # fmt: skip
_CHAINS = {
    f"{package}.{name}"
    for package in ("langchain.chains", "langchain_classic.chains", "langchain.agents", "langchain_classic.agents")
    for name in (
        "AgentExecutor", "ConversationChain", "ConversationalRetrievalChain", "LLMChain", "RetrievalQA",
        "RetrievalQAWithSourcesChain", "SequentialChain", "SimpleSequentialChain",
    )
}  # fmt: skip

_PROMPT = KnownClass(
    bases=(_RUNNABLE,),
    methods=_each(f"{_RUNS} format format_messages format_prompt parse", _NOTHING),
    statics=_each("from_file from_messages from_template", Known("$class")),
)
_INERT = {
    "langchain_core.prompts": "ChatPromptTemplate FewShotPromptTemplate PromptTemplate",
    "langchain_core.output_parsers": "CommaSeparatedListOutputParser JsonOutputParser PydanticOutputParser StrOutputParser",
    "langchain_core.runnables": "RunnableLambda RunnableParallel RunnablePassthrough",
}

_STORES = {
    f"{package}.{name}"
    for package, names in {
        "langchain.vectorstores": "Chroma FAISS PGVector Pinecone Qdrant Weaviate",
        "langchain_astradb": "AstraDBVectorStore",
        "langchain_chroma": "Chroma",
        "langchain_community.vectorstores": "Chroma FAISS PGVector Pinecone Qdrant SupabaseVectorStore Weaviate",
        "langchain_milvus": "Milvus",
        "langchain_pinecone": "PineconeVectorStore",
        "langchain_postgres": "PGVector",
        "langchain_qdrant": "Qdrant QdrantVectorStore",
        "langchain_weaviate": "WeaviateVectorStore",
        "langchain_weaviate.vectorstores": "WeaviateVectorStore",
    }.items()
    for name in names.split()
}

_CLASSES = {
    _RUNNABLE: KnownClass(
        role="client",
        methods={
            **_each(_RUNS, _CALL),
            **_each(
                "assign bind bind_tools pick pipe with_config with_fallbacks with_listeners with_retry "
                "with_structured_output with_types",
                Known("$self"),
            ),
        },
        statics=_each("from_chain_type from_llm from_agent_and_tools", Known("$class")),
    ),
    **{f"{package}.{name}": _PROMPT for package, names in _INERT.items() for name in names.split()},
    _STORE: KnownClass(
        role="client",
        methods={
            **_each(
                "add_documents add_texts delete max_marginal_relevance_search similarity_search "
                "similarity_search_by_vector similarity_search_with_relevance_scores similarity_search_with_score",
                _CALL,
            ),
            "as_retriever": _CHAIN,
        },
        statics=_each("from_documents from_texts", Known("$class", blocks="client"))
        | _each("from_existing_collection from_existing_index load_local", Known("$class")),
    ),
    "langgraph.graph.StateGraph": KnownClass(methods={"compile": _CHAIN}),
    "langchain_core.embeddings.Embeddings": KnownClass(
        role="client", methods=_each("embed_documents embed_query", _CALL)
    ),
}

_FUNCTIONS = {
    **{
        f"{package}.agents.{name}": _CHAIN
        for package in ("langchain", "langchain_classic")
        for name in ("create_agent", "initialize_agent")
    },
    **{
        f"langchain.chains.{name}": _CHAIN
        for name in (
            "combine_documents.create_stuff_documents_chain",
            "create_history_aware_retriever",
            "create_retrieval_chain",
            "question_answering.load_qa_chain",
        )
    },
    "langchain.chat_models.init_chat_model": _CHAIN,
    "langgraph.prebuilt.create_react_agent": _CHAIN,
}

_ALIASES = {
    **dict.fromkeys(_MODELS | _FORMER | _CHAINS, _RUNNABLE),
    "langchain_core.runnables.history.RunnableWithMessageHistory": _RUNNABLE,
    **dict.fromkeys(_STORES, _STORE),
    **{
        f"langchain.{module}.{name}": f"{package}.{name}"
        for package, modules in {
            "langchain_core.prompts": ("prompts", "prompts.chat"),
            "langchain_core.output_parsers": ("output_parsers", "schema.output_parser"),
            "langchain_core.runnables": ("schema.runnable",),
        }.items()
        for module in modules
        for name in _INERT[package].split()
    },
    **{
        f"{name}Embeddings": "langchain_core.embeddings.Embeddings"
        for name in (
            "langchain.embeddings.OpenAI",
            "langchain_cohere.Cohere",
            "langchain_community.embeddings.HuggingFaceInferenceAPI",
            "langchain_community.embeddings.OpenAI",
            "langchain_google_genai.GoogleGenerativeAI",
            "langchain_mistralai.MistralAI",
            "langchain_openai.AzureOpenAI",
            "langchain_openai.OpenAI",
        )
    },
    "langgraph.graph.state.StateGraph": "langgraph.graph.StateGraph",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
