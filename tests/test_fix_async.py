"""Fixes of what blocks in coroutines: awaited twins, threads, plain handlers, and the reasons where there is none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from api_lint import config, discover, engine, registry, testing

DB = """
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker
SessionLocal = sessionmaker(create_engine("sqlite://"))
def get_db():
    with SessionLocal() as db:
        yield db
app = FastAPI()
"""

OPTIONS = ("API601", "API602", "API603", "API604", "API605", "API606")


def outcome(root: Path, files: dict[str, str], unsafe: bool = True) -> tuple[dict[str, str], list[str]]:
    """The files after fixing, and the reasons of what is left; a second run must change nothing."""
    (root / "api-lint.toml").touch()
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    settings = config.load(root).chosen(OPTIONS, (), ())
    rules = registry.choose(registry.load(), settings).rules

    def run() -> engine.Fixed:
        project = discover.find([str(root)], settings)
        return engine.fix(project, rules, settings, unsafe=unsafe, jobs=1)

    done = run()
    assert not done.result.errors
    for path, (_, after) in done.changes.items():
        (root / path).write_bytes(after)
        ast.parse(after)
    assert not run().changes
    texts = {name: (root / name).read_text() for name in files}
    return texts, [d.refused for d in done.result.diagnostics]


def one(root: Path, source: str, unsafe: bool = True) -> tuple[str, list[str]]:
    texts, reasons = outcome(root, {"app.py": source}, unsafe)
    return texts["app.py"], reasons


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import time\nasync def f():\n    return [time.sleep(1) for _ in 'ab']\n", "import asyncio\nasync def f():\n    return [await asyncio.sleep(1) for _ in 'ab']\n"),
        ("import time\nasync def f():\n    if (x := time.sleep(1)): print(x)\n", "import asyncio\nasync def f():\n    if (x := await asyncio.sleep(1)): print(x)\n"),
        ("import time\nasync def f():\n    x = (time.sleep(1))\n", "import asyncio\nasync def f():\n    x = (await asyncio.sleep(1))\n"),
        ("import time as t, asyncio as aio\nasync def f():\n    t.sleep(  # why\n        1)\n", "import asyncio as aio\nasync def f():\n    await aio.sleep(  # why\n        1)\n"),
        ("import trio\nfrom time import sleep\nasync def f():\n    sleep(1)\n    trio\n", "import trio\nasync def f():\n    await trio.sleep(1)\n    trio\n"),
        ("import time\nclass A:\n    @staticmethod\n    async def f():\n        time.sleep(1)\n", "import asyncio\nclass A:\n    @staticmethod\n    async def f():\n        await asyncio.sleep(1)\n"),
    ],
)  # fmt: skip
def test_sleeps_are_awaited(tmp_path: Path, before: str, after: str) -> None:
    assert one(tmp_path, before, unsafe=False) == (after, [])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return (time.sleep(1) for _ in 'ab')", "asynchronous generator"),
        ("return f'{time.sleep(1)}'", "an f-string"),
        ("def g(x=time.sleep(1)): pass", "a default or an annotation"),
        ("class A:\n        x = time.sleep(1)", "a class body"),
        ("return [[time.sleep(1) for _ in 'a'] for _ in 'b']", "Python 3.10"),
        ("with threading.Lock():\n        time.sleep(1)", "is held here"),
        ("with self_lock:\n        time.sleep(1)", "self_lock is held here"),
        ("asyncio = 1; time.sleep(asyncio)", "means something else"),
    ],
)
def test_no_await_where_none_can_stand(tmp_path: Path, body: str, reason: str) -> None:
    source = f"import time\nimport threading\n\nasync def f(self_lock):\n    {body}\n"
    after, reasons = one(tmp_path, source)
    assert after == source
    assert len(reasons) == 1
    assert reason in reasons[0]


@pytest.mark.parametrize(
    ("imports", "before", "after"),
    [
        ("import requests", "return requests.get(u, timeout=1).json()", "return (await asyncio.to_thread(requests.get, u, timeout=1)).json()"),
        ("import requests", "requests.post(\n        u,  # where\n        json={},\n    )", "await asyncio.to_thread(\n        requests.post,\n        u,  # where\n        json={},\n    )"),
        ("import requests", "requests.post(  # why\n        u)", "await asyncio.to_thread(  # why\n        requests.post,\n        u)"),
        ("import subprocess", "subprocess.run(['ls'], check=True)", "await asyncio.to_thread(subprocess.run, ['ls'], check=True)"),
        ("import litellm", "return litellm.completion(model='m', messages=[])", "return await litellm.acompletion(model='m', messages=[])"),
        ("import boto3", "boto3.client('s3').put_object(Key='k')", "await asyncio.to_thread(boto3.client('s3').put_object, Key='k')"),
        ("from pathlib import Path", "return Path(u).read_text()", "return await asyncio.to_thread(Path(u).read_text)"),
        ("from pathlib import Path", "return open(u, 'rb').read()", "return await asyncio.to_thread(Path(u).read_bytes)"),
        ("from pathlib import Path", "with open(u, encoding='utf-8') as f:\n        # all\n        x = f.read().split()\n    return x", "# all\n    x = (await asyncio.to_thread(Path(u).read_text, encoding='utf-8')).split()\n    return x"),
    ],
)  # fmt: skip
def test_calls_go_to_twins_and_threads(tmp_path: Path, imports: str, before: str, after: str) -> None:
    source = f"import asyncio\n{imports}\n\nasync def f(u):\n    {before}\n    await asyncio.sleep(1)\n"
    assert one(tmp_path, source) == (source.replace(before, after), [])


def test_a_twin_is_imported_as_the_call_was(tmp_path: Path) -> None:
    before = "from litellm import completion\n\nasync def f():\n    return completion(model='m', messages=[])\n"
    assert one(tmp_path, before)[0] == (
        "from litellm import acompletion\n\nasync def f():\n    return await acompletion(model='m', messages=[])\n"
    )


@pytest.mark.parametrize(
    ("imports", "body", "reason"),
    [
        ("import os", "with open(u) as f:\n        for row in f: print(row)", "context manager"),
        ("import os", "with open(u, 'a') as f:\n        f.write('x')", "context manager"),
        ("import os", "with open(u) as f:  # why\n        x = f.read()", "context manager"),
        ("import os", "f = open(u)\n    return f", "the file is used afterwards"),
        ("import requests", "return requests.get(u, stream=True)", "streams"),
        ("import litellm", "return litellm.completion(model='m', messages=[], stream=u)", "streams"),
        ("from urllib.request import urlopen", "return urlopen(u).read()", "the response is used"),
    ],
)
def test_what_is_used_afterwards_stays(tmp_path: Path, imports: str, body: str, reason: str) -> None:
    source = f"{imports}\n\nasync def f(u):\n    {body}\n"
    after, reasons = one(tmp_path, source)
    assert after == source
    assert reasons
    assert reason in reasons[0]


HANDLER = '@app.get("/")\nasync def read(db: Session = Depends(get_db)):\n    {}\n'


def test_a_handler_becomes_plain_with_all_that_blocks_in_it(tmp_path: Path) -> None:
    body = "requests.get('u')\n    time.sleep(1)\n    return db.execute('x')"
    source = "import time\nimport requests" + DB + HANDLER.format(body)
    assert one(tmp_path, source) == (source.replace("async def", "def"), [])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (HANDLER.format("await other()\n    return db.execute('x')"), "awaits other"),
        (HANDLER.format("yield db.execute('x')"), "generator"),
        (HANDLER.format("asyncio.create_task(db.execute('x'))"), "needs the event loop for asyncio.create_task"),
        (HANDLER.format("return db.execute('x')").replace("async", "@cached\nasync"), "the decorator cached"),
        (HANDLER.format("return db.execute('x')") + "async def g():\n    await read()\n", "g calls read"),
        ("async def read(db: Session):\n    return db.execute('x')\n", "no route handler"),
        ("@app.websocket('/')\nasync def read(db: Session = Depends(get_db)):\n    db.execute('x')\n", "plain requests"),
    ],
)  # fmt: skip
def test_a_handler_stays_a_coroutine(tmp_path: Path, source: str, reason: str) -> None:
    source = "import asyncio" + DB + "from x import cached, other\n" + source
    after, reasons = one(tmp_path, source)
    assert after == source
    assert reason in reasons[0]


USER = """
class User(BaseModel):
    id: int
async def get_user(request: Request) -> {}:
    return await decoded(request)
"""


@pytest.mark.parametrize(
    "gives", ["dict", "dict[str, int]", "str", "list[str]", "uuid.UUID", "User", "User | None"]
)
def test_a_coroutine_may_give_what_belongs_to_no_thread(tmp_path: Path, gives: str) -> None:
    handler = HANDLER.format("return db.execute('x')").replace("db:", "user=Depends(get_user), db:")
    source = (
        "import uuid\nfrom fastapi import Request\nfrom pydantic import BaseModel\nfrom x import decoded"
    )
    source += DB + USER.format(gives) + handler
    after = source.replace("async def read", "def read")
    assert one(tmp_path, source) == (after, [])


@pytest.mark.parametrize("gives", ["Session", "list[Session]", "Client", "Any"])
def test_a_coroutine_may_not_give_what_could(tmp_path: Path, gives: str) -> None:
    handler = HANDLER.format("return db.execute('x')").replace("db:", "user=Depends(get_user), db:")
    source = "from typing import Any\nfrom fastapi import Request\nfrom pydantic import BaseModel\n"
    source += "from x import Client, decoded" + DB + USER.format(gives) + handler
    after, reasons = one(tmp_path, source)
    assert after == source
    assert "get_user gives user" in reasons[0]


def test_a_call_from_another_file_keeps_the_coroutine(tmp_path: Path) -> None:
    files = {
        "app.py": DB + HANDLER.format("return db.execute('x')"),
        "other.py": "from app import read\nasync def g(db):\n    return await read(db)\n",
    }
    texts, reasons = outcome(tmp_path, files)
    assert texts == files
    assert "g calls read" in reasons[0]


REPOSITORY = """
class Repository:
    def __init__(self, session: Session):
        self.session = session
    def all(self):
        return self.session.execute("x").all()
"""


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def h(db: Session): db.execute('x')\nasync def f(db: Session):\n    h(db)\n", "the session db is passed"),
        (REPOSITORY + "async def f(r: Repository):\n    return r.all()\n", "r holds the session session"),
        ("db = SessionLocal()\ndef h(): db.execute('x')\nasync def f():\n    h()\n", "belongs to the thread"),
    ],
)  # fmt: skip
def test_what_belongs_to_a_thread_is_not_moved_to_another(
    tmp_path: Path, source: str, reason: str
) -> None:
    source = DB + source
    after, reasons = one(tmp_path, source)
    assert after == source
    assert reason in reasons[0]


def test_helpers_run_in_threads(tmp_path: Path) -> None:
    files = {
        "a.py": "from b import load\nasync def f(x):\n    for y in load(x): print(y)\n",
        "b.py": "import time\ndef load(x):\n    time.sleep(1)\n    return x\n",
    }
    texts, reasons = outcome(tmp_path, files)
    assert reasons == []
    assert texts["b.py"] == files["b.py"]
    assert texts["a.py"] == (
        "import asyncio\n\nfrom b import load\nasync def f(x):\n"
        "    for y in await asyncio.to_thread(load, x): print(y)\n"
    )


def test_a_session_passed_to_a_helper_makes_the_handler_plain(tmp_path: Path) -> None:
    source = DB + "def h(db: Session):\n    return db.execute('x')\n\n" + HANDLER.format("return h(db)")
    assert one(tmp_path, source) == (source.replace("async def", "def"), [])


@pytest.mark.parametrize(
    "rule", [r for r in registry.load().rules if r.code in OPTIONS], ids=lambda rule: rule.name()
)
def test_good_is_what_the_fix_makes_of_bad(rule: type, tmp_path: Path) -> None:
    doc = rule.doc()  # type: ignore[attr-defined]
    after, reasons = one(tmp_path, doc.bad)
    assert reasons == []
    assert "".join(after.split()) == "".join(doc.good.split())


@pytest.mark.parametrize("code", OPTIONS)
def test_fixtures_settle(code: str, tmp_path: Path) -> None:
    rule = next(r for r in registry.load().rules if r.code == code)
    folder = Path(__file__).parent.parent / "fixtures" / rule.name()
    for number, case in enumerate(testing.cases(folder)):
        sources = [case] if case.is_file() else sorted(case.rglob("*.py"))
        base = case.parent if case.is_file() else case
        root = tmp_path / str(number)
        root.mkdir()
        files = {path.relative_to(base).as_posix(): path.read_text() for path in sources}
        _, reasons = outcome(root, files)
        assert all(reasons), f"{case.name}: a finding that is left tells no reason"
