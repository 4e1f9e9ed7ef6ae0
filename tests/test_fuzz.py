"""Programs that nobody wrote, linted and fixed: 300 in every run of the tests, more by `scripts/fuzz.py`, and what it found."""

from __future__ import annotations

import pytest

import fuzz

# Programs that once went wrong, minimised, by what was wrong with them.
FOUND: dict[str, fuzz.Programs] = {
    "newer syntax in the class that a fix changes": {
        "m.py": b'class Settings(BaseSettings):\n    type X = int\n    webhook_secret: str = "whs_4Zx8Lm2Qv7Rt9Wp3Ns6Yc1Kd5Hg0Jf"\n'
    },
    "a file with a name that no import has": {
        "shop/core/engine.py": b"def get_session():\n        yield session\nasync def open_async_session() -> AsyncSession:\n    return AsyncMaker()\n",
        "shop/items.v2.py": b'from shop.core.engine import get_async_session, open_async_session\nasync def same_name(session: asynchronous.SessionDep):\n    return rows.all()\n@router.get("/coroutine")\nasync def coroutine(session=Depends(open_async_session)):\n    session.commit()\n',
    },
    "a fix that another makes possible": {
        "app/llm.py": b"from litellm import acompletion, completion\nfrom openai import AsyncOpenAI, OpenAI\nasync_client = AsyncOpenAI()\n",
        "app/routes.py": b"from app.llm import acompletion, async_client, completion\nasync def a(text: str) -> str:\n    await async_client.responses.create(model='gpt-4o', input=text)\nasync def c(text: str) -> str:\n    return completion(model='gpt-4o', messages=[{'content': text}]).id\n",
    },
    "a relative import at the root": {
        "m20.py": b'from . import deps\n@router.get("/5")\nasync def five(db: deps.SessionDep, twin: deps.AsyncSessionDep) -> int:\n    db.commit()\n',
    },
    "a fix of two places that another makes possible": {
        "app/llm.py": b"from openai import AsyncOpenAI, completion\nasync_client = AsyncOpenAI()\ndef get_async_client():\n    return AsyncOpenAI()\n",
        "app/routes.py": b"from app.llm import async_client, get_async_client, get_s3\nAsyncClient = Annotated[AsyncOpenAI, Depends(get_async_client)]\nasync def a(input: str) -> str:\n    await async_client.responses.create(model='gpt-4o', input=input)\nasync def b(input: str, sync: Client, twin: AsyncClient) -> str:\n    await twin.responses.create(model='gpt-4o', input=input)\n",
    },
}  # fmt: skip


def test_programs_that_nobody_wrote() -> None:
    seen = fuzz.run(fuzz.projects(300, 1))
    assert seen.failures == []
    assert seen.programs >= 300
    # Or else little was looked at.
    assert seen.compiling > 150
    assert seen.fixed > 30


@pytest.mark.parametrize("programs", FOUND.values(), ids=FOUND.keys())
def test_what_was_found(programs: fuzz.Programs) -> None:
    assert fuzz.faults(programs) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b"x = 1\ny = 2\n", b"x = 1\n", "changed, and no fix is there"),
        (b"x = 1  # why\n", b"x = 1\n", "lost: # why"),
        (b"x = 1\n", b"x = (\n", "does not parse"),
        (b"def f():\n    return 1\n", b"return 1\n", "does not compile any more"),
    ],
)
def test_the_checks_see_what_they_are_there_for(
    monkeypatch: pytest.MonkeyPatch, before: bytes, after: bytes, fault: str
) -> None:
    from dataclasses import replace

    fixed = fuzz._fixed

    def broken(root: object, programs: fuzz.Programs) -> object:
        done = fixed(root, programs)  # type: ignore[arg-type]
        changes = {"m.py": (before, after)} if programs["m.py"] == before else {}
        return replace(done, changes=changes)

    monkeypatch.setattr(fuzz, "_fixed", broken)
    assert any(fault in told for told in fuzz.faults({"m.py": before}))


def test_a_failure_is_minimised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "faults", lambda project: [p for p, s in project.items() if b"bad" in s])
    project = {"a.py": b"x = 1\n" * 50, "b.py": b"y = 2\n" * 50 + b"bad\n" + b"z = 3\n" * 50}
    assert fuzz.minimised(project, []) == (["b.py"], {"b.py": b"bad\n"})
