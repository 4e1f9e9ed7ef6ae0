"""SDK calls made litellm's: the fixed code sends the same to the provider and reads the same from the answer."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import textwrap
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from api_lint import config, discover, engine, registry

RULE = next(rule for rule in registry.load().rules if rule.name() == "direct-llm-call")


def run(root: Path, sources: dict[str, str]) -> engine.Fixed:
    for name, source in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.encode())
    (root / "api-lint.toml").touch()
    settings = config.load(root)
    return engine.fix(discover.find([str(root)], settings), [RULE()], settings, unsafe=True, jobs=1)


def fixed(root: Path, source: str, **others: str) -> str:
    done = run(root, {"app.py": source, **{f"{name}.py": text for name, text in others.items()}})
    assert not done.refused
    assert "app.py" in done.changes, [d.refused for d in done.result.diagnostics]
    text = done.changes["app.py"][1].decode()
    assert not run(root, {"app.py": text}).changes, "a second run changes something"
    return text


def refused(root: Path, sources: dict[str, str]) -> list[str]:
    done = run(root, sources)
    assert not done.changes
    return [d.refused for d in done.result.diagnostics]


# ---------------------------------------------------------------------------------------------------------- stubs


class Anything(SimpleNamespace):
    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)


def chat(text: str, parsed: Any = None) -> Anything:
    usage = Anything(prompt_tokens=3, completion_tokens=4, total_tokens=7)
    choice = Anything(message=Anything(content=text, parsed=parsed), finish_reason="length")
    return Anything(choices=[choice], usage=usage, model="m")


def claude(text: str) -> Anything:
    usage = Anything(input_tokens=3, output_tokens=4)
    blocks = [Anything(type="text", text=text[:2]), Anything(type="text", text=text[2:])]
    blocks = blocks if text.startswith("blocks") else [Anything(type="text", text=text)]
    return Anything(content=blocks, usage=usage, model="m", stop_reason="max_tokens")


def chunks(text: str) -> list[Anything]:
    return [Anything(choices=[Anything(delta=Anything(content=c))]) for c in [*text, None]]


async def streamed(parts: list[Any]) -> Any:
    for part in parts:
        yield part


class Entered:
    """A stream of Anthropic's SDK."""

    def __init__(self, texts: str, is_async: bool) -> None:
        self.text_stream = streamed(list(texts)) if is_async else iter(texts)

    def __enter__(self) -> Entered:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    async def __aenter__(self) -> Entered:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


class Schema:
    """A model of pydantic's."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def model_validate_json(cls, text: str) -> Schema:
        return cls(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and other.text == self.text


CLIENTS = {"openai": "OpenAI", "anthropic": "Anthropic", "groq": "Groq"}
# A method of the SDKs, and litellm's function.
KINDS = {
    "chat.completions.create": "completion",
    "chat.completions.parse": "completion",
    "beta.chat.completions.parse": "completion",
    "messages.create": "completion",
    "messages.stream": "completion",
    "embeddings.create": "embedding",
    "responses.create": "responses",
    "audio.speech.create": "speech",
    "audio.transcriptions.create": "transcription",
    "images.generate": "image_generation",
}


class Provider:
    """What reaches the providers, and stub modules through which it does."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.error = ""
        bases = ("APIError", "APIConnectionError", "RateLimitError", "BadRequestError")
        self.errors: dict[str, dict[str, type[Exception]]] = {sdk: {} for sdk in CLIENTS}
        for errors in self.errors.values():
            for name in (*bases, "APITimeoutError"):
                base = {"APIError": Exception, "APITimeoutError": errors.get("APIConnectionError")}
                errors[name] = type(name, (base.get(name, errors.get("APIError")) or Exception,), {})
        self.modules = {sdk: self.sdk(sdk) for sdk in self.errors} | {"litellm": self.litellm()}

    def answer(self, sdk: str, kind: str, sent: dict[str, Any]) -> Any:
        self.sent.append({"sdk": sdk, "kind": kind, **sent})
        if kind == "embedding":
            return [0.5, len(sent["input"])]
        return f"{sent['model']} says"

    def plain(self, kind: str, answer: Any) -> Any:
        """The answers that are the same in litellm."""
        match kind:
            case "responses":
                return Anything(output_text=answer)
            case "speech":
                return Anything(read=lambda: answer, content=answer)
            case "image_generation":
                return Anything(data=[Anything(url=answer, b64_json=answer)])
        return Anything(text=answer)

    def sdk(self, sdk: str) -> ModuleType:
        module = ModuleType(sdk)
        for name, error in self.errors[sdk].items():
            setattr(module, name, error)
        name = CLIENTS[sdk]
        setattr(module, name, lambda **options: self.client(sdk, options, False))
        setattr(module, f"Async{name}", lambda **options: self.client(sdk, options, True))
        if sdk == "openai":
            module.AzureOpenAI = lambda **options: self.client("azure", options, False)  # type: ignore[attr-defined]
        for name, value in vars(self.client(sdk, {}, False)).items():
            setattr(module, name, value)
        return module

    def client(self, sdk: str, options: dict[str, Any], is_async: bool) -> Any:
        client = Anything()
        for path, kind in KINDS.items():
            *names, last = path.split(".")
            holder = client
            for name in names:
                holder.__dict__.setdefault(name, Anything())
                holder = getattr(holder, name)
            setattr(holder, last, self.method(sdk, options, is_async, last, kind))
        return client

    def method(self, sdk: str, options: dict[str, Any], is_async: bool, name: str, kind: str) -> Any:
        def send(**sent: Any) -> Any:
            if self.error:
                raise self.errors[sdk][self.error]
            return self.shaped(sdk, name, kind, {**options, **sent}, is_async)

        async def asend(**sent: Any) -> Any:
            return send(**sent)

        return asend if is_async and name != "stream" else send

    def shaped(self, sdk: str, name: str, kind: str, sent: dict[str, Any], is_async: bool) -> Any:
        stream = sent.pop("stream", False)
        if sdk == "anthropic":
            system = sent.pop("system", None)
            first = [{"role": "system", "content": system}] if system else []
            sent["messages"] = [*first, *sent["messages"]]
            if "stop_sequences" in sent:
                sent["stop"] = sent.pop("stop_sequences")
        if "azure_endpoint" in sent:
            sent["base_url"] = sent.pop("azure_endpoint")
        answer = self.answer(sdk, kind, sent)
        if kind == "embedding":
            return Anything(data=[Anything(embedding=answer, index=0)])
        if kind != "completion":
            return self.plain(kind, answer)
        if sdk == "anthropic":
            return Entered(answer, is_async) if name == "stream" else claude(answer)
        if stream:
            return streamed(chunks(answer)) if is_async else iter(chunks(answer))
        return chat(answer, sent["response_format"](answer) if name == "parse" else None)

    def litellm(self) -> ModuleType:
        module = ModuleType("litellm")
        names = {"APITimeoutError": "Timeout"}
        for name, error in self.errors["openai"].items():
            setattr(module, names.get(name, name), type(name, (error,), {}))

        def call(kind: str, is_async: bool) -> Any:
            def send(**sent: Any) -> Any:
                if self.error:
                    raise getattr(module, names.get(self.error, self.error))
                prefix, _, model = sent["model"].partition("/")
                known = prefix in (*CLIENTS, "azure") and model
                sdk = prefix if known else "openai"
                sent["model"] = model if known else sent["model"]
                for new, old in (("api_base", "base_url"), ("num_retries", "max_retries")):
                    if new in sent:
                        sent[old] = sent.pop(new)
                stream = sent.pop("stream", False)
                answer = self.answer(sdk, kind, sent)
                if kind == "embedding":
                    return Anything(data=[{"embedding": answer, "index": 0}])
                if kind != "completion":
                    return self.plain(kind, answer)
                if stream:
                    return streamed(chunks(answer)) if is_async else iter(chunks(answer))
                return chat(answer)

            async def asend(**sent: Any) -> Any:
                return send(**sent)

            return asend if is_async else send

        for kind in KINDS.values():
            setattr(module, kind, call(kind, False))
            setattr(module, f"a{kind}", call(kind, True))
        return module


def outcome(source: str, monkeypatch: pytest.MonkeyPatch, error: str = "") -> tuple[Any, list[Any]]:
    """What `main("hi")` of a source gives, and what it sent to the providers."""
    provider = Provider()
    for name, module in provider.modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    space: dict[str, Any] = {"__name__": "app", "Schema": Schema}
    exec(compile(source, "app.py", "exec"), space)
    provider.error = error
    result = space["main"]("hi")
    if asyncio.iscoroutine(result):
        result = asyncio.run(result)
    sent = [
        {k: v for k, v in s.items() if not (k == "api_key" and v == "from-env")} for s in provider.sent
    ]
    return result, sent


CASES = {
    "module client": """
        import os

        from openai import OpenAI

        client = OpenAI(api_key=os.environ["OPENAI_API_KEY"])  # by the environment


        def main(text):
            answer = client.chat.completions.create(
                model="gpt-4o",
                messages=[{"role": "user", "content": text}],  # what is asked
                temperature=0,  # always the same
            )
            return answer.choices[0].message.content, answer.usage.total_tokens
        """,
    "options, unknown model": """
        from openai import OpenAI


        def main(text):
            client = OpenAI(base_url="http://llm:8000/v1", api_key="k", timeout=3, max_retries=2)
            messages = [{"role": "user", "content": text}]
            return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content
        """,
    "attribute with parameters": """
        import openai


        class Service:
            def __init__(self, api_key: str, model: str, timeout):
                self.timeout = timeout
                self.llm = openai.OpenAI(api_key=api_key, timeout=timeout)
                self.model = model

            def ask(self, text):
                return self.llm.chat.completions.create(model=self.model, messages=[text]).choices[0]

            def embed(self, text):
                found = self.llm.embeddings.create(model=self.model or "x", input=[text])
                return [each.embedding for each in found.data], len(found.data)


        def main(text):
            service = Service("k", "gpt-x", 3)
            return service.ask(text).message.content, service.embed(text)
        """,
    "chained": """
        from openai import OpenAI


        def main(text):
            return OpenAI().embeddings.create(model="text-embedding-3-small", input=text).data[0].embedding
        """,
    "async stream of groq": """
        from groq import AsyncGroq

        MODEL = "llama-3.3-70b-versatile"
        groq = AsyncGroq()


        async def main(text):
            stream = await groq.chat.completions.create(model=MODEL, messages=[text], stream=True)
            return "".join([chunk.choices[0].delta.content or '' async for chunk in stream])
        """,
    "several at once": """
        import asyncio

        from openai import AsyncOpenAI as Client

        client = Client()


        async def main(text):
            calls = [client.chat.completions.create(model="gpt-4o", messages=[t]) for t in text]
            return [each.choices[0].message.content for each in await asyncio.gather(*calls)]
        """,
    "anthropic": """
        import anthropic

        claude = anthropic.Anthropic(api_key="k")


        def main(text):
            try:
                message = claude.messages.create(
                    model="claude-3-5-haiku-latest",
                    system="Be terse.",
                    messages=[{"role": "user", "content": text}],
                    max_tokens=9,
                    stop_sequences=["."],
                )
            except anthropic.RateLimitError:
                return "later"
            print(f"{message.usage.input_tokens} tokens")
            return message.content[0].text, message.usage.output_tokens
        """,
    "anthropic with given messages, system last": """
        from anthropic import AsyncAnthropic


        class Bot:
            def __init__(self):
                self._client = AsyncAnthropic()

            async def ask(self, history: list, system: str):
                answer = await self._client.messages.create(
                    model=f"claude-{3}", max_tokens=9, messages=history + [{}], system=system
                )
                return answer.content[0].text


        async def main(text):
            return await Bot().ask([text], "Be nice.")
        """,
    "the module is the client": """
        import os

        import openai

        openai.api_key = os.getenv("OPENAI_API_KEY")


        def main(text):
            try:
                found = openai.embeddings.create(model="text-embedding-3-large", input=[text])
                for each in found.data:
                    print(each.index)
                return openai.chat.completions.create(model="gpt-4o", messages=[text]).choices[0].message.content
            except (openai.RateLimitError, openai.APIError):
                return "later"
        """,
    "options that are computed": """
        from openai import OpenAI


        def key():
            return "k"


        client = OpenAI(api_key=key(), base_url="http://llm/v1")


        def main(text):
            one = client.chat.completions.create(model="a", messages=[text])
            two = client.chat.completions.create(messages=[text], model="b")
            return one.choices[0].message.content + two.choices[0].message.content
        """,
    "a parsed answer": """
        from openai import OpenAI

        client = OpenAI()


        def ask(schema, text):
            found = client.chat.completions.parse(model="gpt-4o", messages=[text], response_format=schema)
            return found.choices[0].message.parsed


        async def main(text):
            return ask(Schema, text)
        """,
    "a parsed answer, awaited at once": """
        from openai import AsyncOpenAI

        client = AsyncOpenAI()


        async def main(text, schema=Schema):
            return (
                await client.beta.chat.completions.parse(model="gpt-4o", messages=[text], response_format=schema)
            ).choices[0].message.parsed
        """,
    "other requests of OpenAI": """
        from openai import OpenAI

        client = OpenAI(api_key="k", timeout=3)


        def main(text):
            said = client.responses.create(model="gpt-4o", input=text, instructions="Be terse.").output_text
            audio = client.audio.speech.create(model="tts-1", voice="marin", input=said)
            heard = client.audio.transcriptions.create(model="whisper-1", file=audio.read())
            image = client.images.generate(model="dall-e-3", prompt=heard.text, n=1)
            return said, heard.text, [each.url for each in image.data]
        """,
    "Azure": """
        import os

        from openai import AzureOpenAI

        client = AzureOpenAI(api_key="k", azure_endpoint="https://a.openai.azure.com", api_version="2024-10-21")


        def main(text):
            return client.chat.completions.create(model="mine", messages=[text]).choices[0].message.content
        """,
    "what is passed with **": """
        import openai

        client = openai.AsyncOpenAI(api_key="k")


        async def ask(text, **more):
            return await client.chat.completions.create(
                model="gpt-4o",
                messages=[text],
                **more,
            )


        async def main(text):
            return (await ask(text, temperature=0.5)).choices[0].message.content
        """,
    "a function that returns the client": """
        from functools import lru_cache

        from openai import OpenAI


        def settings():
            return "k"


        @lru_cache
        def get_client() -> OpenAI:
            return OpenAI(api_key="k", max_retries=1)


        def main(text):
            client = get_client()
            found = get_client().embeddings.create(model="e", input=text).data[0].embedding
            return client.chat.completions.create(model="gpt-4o", messages=[text]).choices[0].message.content, found
        """,
    "a client that is made when it is first used": """
        from typing import Optional

        from openai import AsyncOpenAI

        _client: Optional[AsyncOpenAI] = None


        def get_client() -> AsyncOpenAI:
            \"\"\"The one client.\"\"\"
            global _client
            if _client is None:
                _client = AsyncOpenAI(api_key="k")
            return _client


        async def main(text):
            client = get_client()
            answer = await client.chat.completions.create(model="gpt-4o", messages=[text])
            return answer.choices[0].message.content
        """,
    "a method that returns the client, a property": """
        from functools import cached_property

        from openai import OpenAI


        class Service:
            def __init__(self, key):
                self.key = key

            def _llm(self):
                return OpenAI(api_key=self.key)

            def ask(self, text):
                return self._llm().chat.completions.create(model="gpt-4o", messages=[text])


        class Other:
            key = "o"

            @cached_property
            def llm(self):
                return OpenAI(api_key=self.key)

            def ask(self, text):
                return self.llm.chat.completions.create(model="gpt-4o", messages=[text])


        def main(text):
            return [each.ask(text).choices[0].message.content for each in (Service("k"), Other())]
        """,
    "a client that may be missing": """
        from openai import AsyncOpenAI


        class Service:
            def __init__(self, key):
                self.key = key
                self.client = AsyncOpenAI(api_key=self.key) if self.key else None

            async def ask(self, text):
                if not self.client:
                    return "no key"
                if self.client is None:
                    return "never"
                return (await self.client.chat.completions.create(model="m", messages=[text])).choices[0].message


        async def main(text):
            return await Service("").ask(text), (await Service("k").ask(text)).content
        """,
    "why Claude stops, and its blocks": """
        import anthropic

        client = anthropic.Anthropic()


        def main(text):
            message = client.messages.create(model="blocks", max_tokens=9, messages=[text])
            said = "".join(block.text for block in message.content if block.type == "text")
            return said.strip(), message.stop_reason == "max_tokens", message.stop_reason != "tool_use"
        """,
    "Claude's texts as they come": """
        import anthropic

        client = anthropic.Anthropic(max_retries=1)


        def main(text):
            said = []
            with client.messages.stream(
                model="claude-3-5-haiku-latest",
                max_tokens=9,  # few
                messages=[{"role": "user", "content": text}],
            ) as stream:
                # one by one
                for part in stream.text_stream:
                    said.append(part)

                said.append("over")
            return said
        """,
    "Claude's texts as they come, asynchronously": """
        from anthropic import AsyncAnthropic

        client = AsyncAnthropic()


        async def parts(text):
            async with client.messages.stream(model="c", max_tokens=9, system="S", messages=[text]) as stream:
                async for part in stream.text_stream:
                    yield part


        async def main(text):
            return [part async for part in parts(text)]
        """,
    "exceptions of others": """
        import anthropic
        from anthropic import APIError
        from groq import APITimeoutError, Groq

        client, retried = anthropic.Anthropic(), (anthropic.RateLimitError, anthropic.APIConnectionError)
        """.replace(
        "client, retried = anthropic.Anthropic(), (",
        "client = anthropic.Anthropic()\n        retried = (",
    )
    + """
        groq = Groq()


        def main(text):
            try:
                return client.messages.create(model="c", max_tokens=9, messages=[text]).content[0].text
            except retried:
                try:
                    return groq.chat.completions.create(model="l", messages=[text]).choices[0].message.content
                except APITimeoutError:
                    return "late"
                except Exception as error:
                    return type(error).__name__
            except APIError:
                return "other"
        """,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("error", ["", "RateLimitError"])
def test_the_same_is_sent_and_read(
    name: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-env")
    before = textwrap.dedent(CASES[name]).lstrip()
    after = fixed(tmp_path, before)
    assert "litellm" in after
    for comment in (line.partition("#")[2] for line in before.splitlines()):
        assert comment in after
    if not error or "except" in before:
        assert outcome(before, monkeypatch, error) == outcome(after, monkeypatch, error)
    for sdk in ("openai", "anthropic", "groq"):
        is_used = f" {sdk}." in after or f"({sdk}." in after
        assert (f"import {sdk}" in after or f"from {sdk}" in after) == is_used


def test_the_good_example_is_the_bad_one_fixed(tmp_path: Path) -> None:
    doc = RULE.doc()
    assert fixed(tmp_path, doc.bad) == doc.good


def test_rows_end_as_they_did(tmp_path: Path) -> None:
    source = textwrap.dedent(CASES["anthropic"]).lstrip().replace("\n", "\r\n")
    text = fixed(tmp_path, source)
    assert text.count("\n") == text.count("\r\n")


CHAT = 'client.chat.completions.create(model="gpt-4o", messages=[])'
MESSAGE = 'client.messages.create(model="claude", max_tokens=9, messages=[])'
OPENAI = "from openai import OpenAI\n\nclient = OpenAI()\n"
CLAUDE = "import anthropic\n\nclient = anthropic.Anthropic()\n"

REFUSED = {
    "OpenAI.beta.assistants.create": OPENAI + "x = client.beta.assistants.create(model='gpt-4o')\n",
    "OpenAI.models.list": OPENAI + f"x = {CHAT}\ny = client.models.list()\n",
    "images.generate is called without model=": OPENAI + "y = client.images.generate(prompt='')\n",
    "metadata= of client": OPENAI + CHAT.replace("[]", "[], metadata={}") + "\n",
    "passed with ** of": CLAUDE + f"def f(**more):\n    return {MESSAGE.replace('[]', '[], **more')}\n",
    "may hold timeout=": OPENAI.replace("()", "(timeout=3)")
    + f"def f(**more):\n    return {CHAT.replace('[]', '[], **more')}\n",
    "http_client=": OPENAI.replace("()", "(http_client=None)") + CHAT + "\n",
    "no counterpart": OPENAI.replace("()", "(**{})") + CHAT + "\n",
    "AzureOpenAI is made without": OPENAI.replace("OpenAI", "AzureOpenAI") + CHAT + "\n",
    "the client is passed on": OPENAI + f"print(client)\n{CHAT}\n",
    "otherwise than by calls": OPENAI + f"client.chat\nx = client or 1\n{CHAT}\n",
    "not always the client": OPENAI + f"if {CHAT}:\n    client = None\n",
    "bound more than once": OPENAI + f"if {CHAT}:\n    client = OpenAI()\n",
    "it is asked whether there is a client": OPENAI + f"if client:\n    {CHAT}\n",
    "f, which returns the client, has parameters": "from openai import OpenAI\n\ndef f(key):\n    return OpenAI(api_key=key)\n\n"
    + CHAT.replace("client", "f('k')")
    + "\n",
    "f, which returns the client, does more": "from openai import OpenAI\n\ndef f():\n    print()\n    return OpenAI()\n\n"
    + CHAT.replace("client", "f()")
    + "\n",
    "f, which returns the client, is decorated": "from openai import OpenAI\n\n@inject\ndef f():\n    return OpenAI()\n\n"
    + CHAT.replace("client", "f()")
    + "\n",
    "f, which returns the client, is used otherwise": "from openai import OpenAI\n\ndef f():\n    return OpenAI()\n\nprint(f)\n"
    + CHAT.replace("client", "f()")
    + "\n",
    "the stream is not entered": CLAUDE + f"x = {MESSAGE.replace('create', 'stream')}\n",
    "of the stream more is read": CLAUDE
    + f"with {MESSAGE.replace('create', 'stream')} as s:\n    print(s.get_final_message())\n",
    "asked whether the answer is parsed": OPENAI
    + f"class M: ...\n\nx = {CHAT.replace('create', 'parse').replace('[]', '[], response_format=M')}\n"
    + "if x.choices[0].message.parsed is None:\n    pass\n",
    "another shape in litellm": OPENAI
    + "x = client.audio.transcriptions.create(model='m', file=f)\nprint(x.segments)\n",
    "organization= of the client is lost": OPENAI.replace("()", "(organization='o')")
    + "client.responses.create(model='m', input='')\n",
    "for text-embedding-3 models only": OPENAI
    + "client.embeddings.create(model='m', input='', dimensions=3)\n",
    "base_url= of Groq": "from groq import Groq\n\nclient = Groq(base_url='u')\n" + CHAT + "\n",
    "openai.PermissionDeniedError": OPENAI.replace("import ", "import PermissionDeniedError, ")
    + f"try:\n    {CHAT}\nexcept PermissionDeniedError:\n    pass\n",
    "context manager": f"from openai import OpenAI\n\nwith OpenAI() as client:\n    {CHAT}\n",
    "is exported": OPENAI + f"__all__ = ['client']\n{CHAT}\n",
    "is not known where it is used": OPENAI.replace("OpenAI()", "OpenAI() if key() else None")
    + f"if client:\n    {CHAT}\n",
    "has no to_dict": OPENAI + f"x = {CHAT}.to_dict()\n",
    "something of openai": OPENAI.replace("import ", "import NOT_GIVEN, ")
    + CHAT.replace("[]", "[], stop=NOT_GIVEN"),
    "stop_reason of it is read": CLAUDE + f"x = {MESSAGE}\nprint(x.content[0].text, x.stop_reason)\n",
    "it is passed on": CLAUDE + f"def f():\n    return {MESSAGE}\n",
    "content of it is read": CLAUDE + f"x = {MESSAGE}\nprint([b.text for b in x.content])\n",
    "tools= of": CLAUDE + MESSAGE.replace("[]", "[], tools=[]") + "\n",
    "messages.stream": CLAUDE + "client.messages.stream()\n",
    "content blocks": CLAUDE + f"block = {{'type': 'image'}}\nprint({MESSAGE}.content[0].text)\n",
    "not always a text": CLAUDE
    + "def f(system=None):\n    return "
    + MESSAGE.replace("[]", "[], system=system")
    + ".content[0].text\n",
    "anthropic.OverloadedError": CLAUDE
    + f"try:\n    {MESSAGE}\nexcept anthropic.OverloadedError:\n    pass\n",
    "passed on (row 4)": OPENAI + "x = client.embeddings.create(model='m', input='').data[0]\n",
    "litellm means": OPENAI + f"litellm = None\n{CHAT}\n",
    "is set for all calls": "import openai\n\nopenai.api_key = 'k'\nopenai.chat.completions.create(model='m', messages=[])\n",
    "handed in": "from openai import OpenAI\n\ndef f(client: OpenAI):\n    return " + CHAT + "\n",
    "raw request": "import requests\n\nrequests.post('https://api.openai.com/v1/chat/completions', json={})\n",
    "comment for a tool": OPENAI.replace("()\n", "()  # type: ignore\n") + CHAT + "\n",
    "out of reach": "from openai import OpenAI\n\nclass A:\n    _api_key = _client_api_key = ''\n\n    def __init__(self, key):\n"
    + f"        self.client = OpenAI(api_key=key)\n\n    def f(self):\n        return self._api_key, self.{CHAT}\n",
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_not_known_to_be_the_same_is_refused(reason: str, tmp_path: Path) -> None:
    reasons = refused(tmp_path, {"app.py": REFUSED[reason]})
    assert any(reason in each for each in reasons), reasons


def test_a_client_that_other_files_use_stays(tmp_path: Path) -> None:
    source = OPENAI + f"\n\ndef ask():\n    return {CHAT}\n"
    for number, other in enumerate(
        (
            "from app import client\n\nprint(client)\n",
            "from app import *\n",
            "import app\n\napp.client.close()\n",
        )
    ):
        root = tmp_path / str(number)
        assert "client is used by other files" in refused(root, {"app.py": source, "other.py": other})
    assert "litellm" in fixed(tmp_path / "free", source, other="from app import ask\n\nask()\n")


def test_an_attribute_that_other_files_use_stays(tmp_path: Path) -> None:
    source = (
        "from openai import OpenAI\n\n\nclass Service:\n    def __init__(self):\n        self.llm = OpenAI()\n\n"
        f"    def ask(self):\n        return self.{CHAT.replace('client', 'llm')}\n"
    )
    other = "from app import Service\n\nprint(Service().llm.models)\n"
    assert "a file that imports this one reads .llm" in refused(
        tmp_path, {"app.py": source, "other.py": other}
    )
    below = "\n\nclass Child(Service):\n    def more(self):\n        return self.llm\n"
    assert "a derived class may use self.llm" in refused(tmp_path / "1", {"app.py": source + below})
    assert "pass" in fixed(tmp_path / "2", source)


def test_the_title_says_that_litellm_must_be_installed(tmp_path: Path) -> None:
    source = OPENAI + CHAT + "\n"
    titles = [d.fix.title for d in run(tmp_path, {"app.py": source}).applied if d.fix is not None]
    assert titles == ["Call litellm instead of openai (litellm must be installed)"]
    others = {"app.py": source, "other.py": "import litellm\nimport openai\n\nlitellm.completion()\n"}
    titles = [d.fix.title for d in run(tmp_path / "1", others).applied if d.fix is not None]
    assert titles == ["Call litellm instead of openai"]


def test_a_client_that_stays_keeps_its_exceptions(tmp_path: Path) -> None:
    source = textwrap.dedent("""\
        import openai

        one = openai.OpenAI()
        two = openai.OpenAI()


        def ask():
            try:
                two.moderations.create(input="")
                return one.chat.completions.create(model="gpt-4o", messages=[])
            except openai.RateLimitError:
                return None
        """)
    text = fixed(tmp_path, source)
    assert "except openai.RateLimitError" in text
    assert "litellm.completion" in text


# -------------------------------------------------------------------------------------------------- several files

CONFIG = """
class Settings:
    key = "k"
    model = "gpt-x"


settings = Settings()
"""
LLM = """
import os
from functools import lru_cache

from openai import AsyncOpenAI, OpenAI

from .config import settings

URL = "http://llm/v1"
client = OpenAI(api_key=settings.key, base_url=URL, timeout=30)


@lru_cache(maxsize=1)
def get_client() -> AsyncOpenAI:
    return AsyncOpenAI(api_key=os.environ["LLM_KEY"])
"""
ROUTES = """
from typing import Annotated

from fastapi import APIRouter, Depends
from openai import AsyncOpenAI

from .config import settings
from .llm import client, get_client

router = APIRouter()
Injected = Annotated[AsyncOpenAI, Depends(get_client)]


@router.post("/default")
async def by_default(text: str, llm: AsyncOpenAI = Depends(get_client)):
    answer = await llm.chat.completions.create(model=settings.model, messages=[text])
    return answer.choices[0].message.content


@router.post("/annotated")
async def annotated(
    llm: Injected,
    text: str,
    other: Annotated[AsyncOpenAI, Depends(get_client)],  # the same
):
    one = await llm.embeddings.create(model="e", input=[text])
    return one.data[0].embedding, (await other.chat.completions.create(model="m", messages=[text])).usage


@router.post("/imported")
def imported(text: str):
    return client.chat.completions.create(model="m", messages=[text]).choices[0].message.content


@router.post("/called")
async def called(text: str):
    llm = get_client()
    return (await llm.chat.completions.create(model="m", messages=[text])).choices[0].message.content
"""


def project(others: dict[str, str], routes: str = ROUTES) -> dict[str, str]:
    files = {"config": CONFIG, "llm": LLM, "routes": routes, "__init__": "", **others}
    return {f"shop/{name}.py": text.lstrip("\n") for name, text in files.items()}


def injected(function: Any) -> dict[str, Any]:
    """What FastAPI would inject."""
    found = {}
    for name, param in inspect.signature(function).parameters.items():
        metadata = getattr(param.annotation, "__metadata__", (param.default,))
        found.update((name, d.dependency()) for d in metadata if hasattr(d, "dependency"))
    return found


def answers(root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], list[Any]]:
    """What the handlers of a project give, and what they sent to the providers."""
    provider = Provider()
    with monkeypatch.context() as patch:
        for name, module in provider.modules.items():
            patch.setitem(sys.modules, name, module)
        patch.syspath_prepend(str(root))
        patch.setenv("LLM_KEY", "from-env")
        try:
            routes = importlib.import_module("shop.routes")
            found = []
            for route in routes.router.routes:
                result = route.endpoint(text="hi", **injected(route.endpoint))
                found.append(asyncio.run(result) if asyncio.iscoroutine(result) else result)
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
                del sys.modules[name]
    return found, provider.sent


def test_a_client_of_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = project({})
    old, new = tmp_path / "old", tmp_path / "new"
    done = run(new, sources)
    run(old, sources)
    for path, (_, text) in done.changes.items():
        (new / path).write_bytes(text)
    assert not done.result.diagnostics
    assert answers(old, monkeypatch) == answers(new, monkeypatch)
    routes, llm = (done.changes[f"shop/{name}.py"][1].decode() for name in ("routes", "llm"))
    assert "openai import" not in routes + llm
    assert "Depends" not in routes
    assert 'api_key=os.environ["LLM_KEY"]' in routes
    assert "api_base=URL, timeout=30" in routes
    assert "from .llm import URL" in routes
    assert "# the same" in routes
    assert llm == 'URL = "http://llm/v1"\n'


@pytest.mark.parametrize(
    ("reason", "old", "new"),
    [
        (
            "base_url= is written out where the client is made",
            "base_url=URL",
            'base_url="http://llm/v1"',
        ),
        ("default_headers= of", "timeout=30", "default_headers={}"),
        ("client is not always the client", "timeout=30)", "timeout=30) if URL else None"),
        ("get_client, which returns the client, has parameters", "get_client()", "get_client(key=None)"),
        ("get_client, which returns the client, does more", "    return A", "    print()\n    return A"),
        ("how litellm does what openai.Async", "return AsyncOpenAI", "return AsyncClient"),
    ],
)
def test_a_client_of_another_file_stays(reason: str, old: str, new: str, tmp_path: Path) -> None:
    text = LLM.replace(old, new).replace("OpenAI, OpenAI", "OpenAI, OpenAI, AsyncClient")
    name = "get_client()" if "return" in old or "get_client" in old else "client"
    call = CHAT.replace("client", name)
    used = f"from .llm import client, get_client\n\n\ndef ask():\n    return {call}\n"
    done = run(tmp_path, project({"llm": text}, used))
    assert "shop/routes.py" not in done.changes
    assert any(reason in d.refused for d in done.result.diagnostics), done.result.diagnostics


@pytest.mark.parametrize(
    ("reason", "old", "new"),
    [
        (
            "by_default, which is handed the client, may be called",
            "router = ",
            "print(lambda: by_default)\nrouter = ",
        ),
        ("used otherwise than by calls", "router = ", "print(get_client)\nrouter = "),
        ("a comment stands beside the client", "    llm: Injected,", "    llm: Injected,  # this"),
        ("llm is bound more than once", "    one = await llm", "    llm = 1\n    one = await llm"),
        (
            "settings means something else",
            "def imported(text: str",
            "def imported(text: str, settings: int = 0",
        ),
        ("made elsewhere or handed in", "= Depends(get_client)", "= None"),
    ],
)
def test_what_is_done_with_a_client_of_another_file(
    reason: str, old: str, new: str, tmp_path: Path
) -> None:
    done = run(tmp_path, project({}, ROUTES.replace(old, new)))
    assert any(reason in d.refused for d in done.result.diagnostics), done.result.diagnostics
    for _, text in done.changes.values():
        compile(text, "a", "exec")
