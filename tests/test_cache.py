"""What was found in a file is found without a look at it, as long as it and what it looked at are what they were."""

from __future__ import annotations

import json
import random
import re
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api_lint import cache, encoded, engine, packed, replay, shelf
from api_lint.facts import ModuleFacts
from api_lint.index import Unreadable, index
from api_lint.parcels import Room, Store
from command import Lint, write

FILES = {
    "pyproject.toml": "[tool.api-lint]\ntimeout = 0\n",  # without a deadline, all happens in this process
    "app/__init__.py": "",
    "app/models.py": (
        "from sqlalchemy.orm import DeclarativeBase, Mapped\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\n"
        "class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int]\n"
    ),
    "app/helpers.py": (
        "import time\n\nimport requests\n\n\ndef slow():\n    time.sleep(1)\n\n\ndef fetch(url):\n    return requests.get(url)\n\n\n"
        "def both(url):\n    slow()\n    return fetch(url)\n\n\ndef quick():\n    return 1\n"
    ),
    "app/again.py": "from app.helpers import both, quick as fast\n",
    "app/db.py": (
        "from sqlalchemy.orm import Session, sessionmaker\n\nmake = sessionmaker()\n\n\ndef get_db():\n    yield make()\n"
    ),
    "app/users.py": (
        "from fastapi import APIRouter, Depends\nfrom sqlalchemy.orm import Session\n\nfrom app.again import both, fast\nfrom app.db import get_db\n"
        "from app.models import User\n\nrouter = APIRouter()\n\n\n@router.get('/users')\nasync def users(db: Session = Depends(get_db)):\n"
        "    both('x')\n    fast()\n    return db.query(User).all()\n"
    ),
    "app/other.py": "import time\n\n\nasync def wait():\n    try:\n        time.sleep(2)\n    except Exception:\n        pass\n",
    "app/main.py": "from fastapi import FastAPI\n\nfrom app import users\n\napp = FastAPI()\napp.include_router(users.router, prefix='/api')\n",
    "app/handlers.py": "import time\n\n\nasync def late():\n    time.sleep(3)\n    return {'a': 1}\n",
    "app/table.py": "from fastapi import APIRouter\n\nfrom app.handlers import late\n\nrouter = APIRouter()\nrouter.add_api_route('/late', late)\n",
}  # fmt: skip

# What edits do to a file: a pattern, and what it becomes.
EDITS = [
    (r"time\.sleep\((\d)\)", r"time.sleep(\g<1>1)"), (r"    time\.sleep\(\d+\)\n", "    pass\n"), (r"    pass\n", "    time.sleep(1)\n"),
    (r"\A", "# a row more\n"), (r"\A# a row more\n", ""), (r"\Z", "\n\ndef added():\n    return 1\n"), (r"\Z", "\n\ndef slow():\n    pass\n"),
    (r"both, quick as fast", "quick as both, quick as fast"), (r"quick as both, quick as fast", "both, quick as fast"),
    (r"async def", "def"), (r"\ndef ", "\nasync def "), (r"\(Base\)", "(object)"), (r"\(object\)", "(Base)"), (r"Session = Depends", "int = Depends"),
    (r"int = Depends", "Session = Depends"), (r"yield make\(\)", "return make()"), (r"return make\(\)", "yield make()"), (r"requests\.get", "print"),
    (r"print\(", "requests.get("), (r"prefix='/api'", "prefix='/v2'"), (r"return 1", "return 2  # noqa"), (r"\Z", "from app.helpers import *\n"),
    (r"from app\.helpers import \*\n", ""), (r"except Exception:\n        pass", "except Exception:\n        raise"), (r"\Z", "x = = 1\n"), (r"x = = 1\n", ""),
    (r"add_api_route\('/late', late\)", "add_api_route('/late', print)"), (r"add_api_route\('/late', print\)", "add_api_route('/late', late)"),
]  # fmt: skip


# A report without fixes: what a fix writes can hang on the whole project.
ROWS = ("--output-format", "concise")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("API_LINT_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    for name, text in FILES.items():
        write(folder, name, text)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Lint:
    return Lint(capsys)


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that rules look at, as they do."""
    paths: list[str] = []
    inner = engine._Session._visited

    def visit(self: engine._Session, look: engine._Look) -> object:
        paths.append(look.path)
        return inner(self, look)

    monkeypatch.setattr(engine._Session, "_visited", visit)
    return paths


def edit(path: Path, pattern: str, replacement: str) -> None:
    text = path.read_text()
    changed = re.sub(pattern, replacement, text, count=1)
    assert changed != text
    path.write_text(changed)


def test_what_has_not_changed_is_not_looked_at(project: Path, lint: Lint, visited: list[str]) -> None:
    first = lint()
    assert len(visited) > 5
    visited.clear()
    assert lint() == first
    assert visited == []


CASES: dict[str, tuple[str, str, str, set[str]]] = {
    "a body that changes no fact": ("db", r"make\(\)\n\Z", "make()  # one\n", {"db"}),
    "a function that nobody knows": ("helpers", r"\Z", "\n\ndef added():\n    return 1\n", {"helpers"}),
    "a row more above": ("db", r"\A", "# more\n", {"db"}),
    "a row more above a function that a finding names": ("helpers", r"\A", "# more\n", {"helpers", "users"}),
    "a row more above a place that a finding names": ("models", r"\A", "# more\n", {"models", "users"}),
    "a function two modules away": ("helpers", r"time\.sleep\(1\)", "pass", {"helpers", "users"}),
    "what stands between": ("again", "quick as fast", "slow as fast", {"users"}),
    "a class's base": ("models", r"\(DeclarativeBase\)", "", {"models", "users"}),
    "where a router is mounted": ("main", "/api", "/v2", {"main", "users"}),
    "a route declared elsewhere": ("table", "add_api_route", "print", {"table", "handlers"}),
    "what nobody looks at": ("other", r"sleep\(2\)", "sleep(4)", {"other"}),
}  # fmt: skip


@pytest.mark.parametrize(("name", "pattern", "replacement", "again"), CASES.values(), ids=CASES)
def test_what_looked_at_a_change_is_looked_at_again(
    project: Path, lint: Lint, visited: list[str], name: str, pattern: str, replacement: str, again: set[str]
) -> None:  # fmt: skip
    lint(*ROWS)
    edit(project / "app" / f"{name}.py", pattern, replacement)
    visited.clear()
    found = lint(*ROWS)
    seen = {Path(path).stem for path in visited}
    assert found == lint("--no-cache", *ROWS)
    assert seen == again


def test_a_module_that_stands_in_the_way(project: Path, lint: Lint, visited: list[str]) -> None:
    """A file more can change what a name means: `import requests` is the project's own now."""
    lint(*ROWS)
    write(project, "requests.py", "def get(url):\n    return 1\n")
    visited.clear()
    found = lint(*ROWS)
    assert {"app/helpers.py", "app/users.py"} <= set(visited)
    assert "app/other.py" not in visited
    assert found == lint("--no-cache", *ROWS)


def test_files_that_share_answers(
    project: Path, lint: Lint, visited: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one of them has looked at in itself alone is nothing to the others."""
    monkeypatch.setattr(engine, "_PARTS", 1)
    lint(*ROWS)
    edit(project / "app/other.py", r"\A", "def added():\n    return 1\n\n\n")
    visited.clear()
    found = lint(*ROWS)
    assert visited == ["app/other.py"]
    assert found == lint("--no-cache", *ROWS)
    edit(project / "app/helpers.py", r"time\.sleep\(1\)", "pass")
    visited.clear()
    found = lint(*ROWS)
    assert {"app/helpers.py", "app/users.py"} <= {*visited}
    assert found == lint("--no-cache", *ROWS)


def test_a_file_in_the_state_of_then_is_not_read(
    project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint(*ROWS)
    time.sleep(0.05)  # what has changed in the tick of a clock before a run is read again by the next
    edit(project / "app/db.py", r"\Z", "# one\n")
    lint(*ROWS)
    read: list[str] = []
    inner = engine._Session.read

    def note(self: engine._Session, path: str) -> bytes:
        read.append(path)
        return inner(self, path)

    monkeypatch.setattr(engine._Session, "read", note)
    edit(project / "app/db.py", r"# one", "# two")
    found = lint(*ROWS)
    assert {*read} == {"app/db.py"}
    assert found == lint("--no-cache", *ROWS)


@pytest.mark.parametrize("arguments", [(), ("--output-format", "concise", "--select", "ALL")])
@pytest.mark.parametrize(("seed", "parts"), [(1, 32), (2, 32), (3, 32), (4, 1), (5, 2)])
def test_random_edits(
    project: Path, lint: Lint, visited: list[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...],
    seed: int, parts: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(engine, "_PARTS", parts)
    chance = random.Random(seed)
    spared = total = 0
    for _ in range(12):
        for _ in range(chance.randrange(1, 3)):
            path = project / chance.choice([name for name in FILES if name.startswith("app/")])
            pattern, replacement = chance.choice(EDITS)
            if chance.random() < 0.1 and path.exists():
                path.unlink()
            elif path.exists():
                path.write_text(re.sub(pattern, replacement, path.read_text(), count=1))
            else:
                write(project, path.relative_to(project).as_posix(), FILES[f"app/{path.name}"])
        visited.clear()
        found = lint(*arguments)
        spared -= len(visited)
        assert found == lint("--no-cache", *arguments)
        spared += (len(visited) + len(set(visited))) // 2
        total += len(set(visited))
    assert spared < total
    assert spared > 0 or parts < 32


def _flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("harm", [lambda d: d[:0], lambda d: d[: len(d) // 2], lambda d: d[:20], _flip, lambda d: b"\x80\x04." + d])  # fmt: skip
def test_what_is_not_whole_is_as_if_it_were_not_there(
    project: Path, lint: Lint, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    first = lint()
    (path,) = (tmp_path / "cache" / "found").iterdir()
    whole = path.read_bytes()
    path.write_bytes(harm(whole))
    assert lint() == first
    assert path.read_bytes() == whole


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose facts are made, as they are."""
    paths: list[str] = []

    def make(source: bytes, path: str) -> ModuleFacts:
        paths.append(path)
        return index(source, path)

    monkeypatch.setattr(engine, "index", make)
    return paths


# What the gate keeps out has facts only where another file's names lead into it.
OUTSIDE = {"app/__init__.py", "app/again.py"}


def test_facts_are_made_once(project: Path, lint: Lint, indexed: list[str]) -> None:
    lint()
    assert len(indexed) > 5
    edit(project / "app/db.py", r"\Z", "\n\ndef more():\n    pass\n")
    indexed.clear()
    found = lint()
    assert set(indexed) - OUTSIDE == {"app/db.py"}
    assert found == lint("--no-cache")


def test_facts_serve_other_settings(project: Path, lint: Lint, indexed: list[str]) -> None:
    lint()
    indexed.clear()
    found = lint("--ignore-noqa", *ROWS)
    assert set(indexed) <= OUTSIDE
    assert found == lint("--no-cache", "--ignore-noqa", *ROWS)


def _with_other_facts(data: bytes) -> bytes:
    """The same table of contents, and behind it facts that are none."""
    start = len(b"api-lint facts 4\n") + 16
    table = json.loads(data[start : data.index(b"\n", start)])
    packed = zlib.compress(b"[1, 2, {}]")
    for path, (content, state, first, _, last, *names) in table.items():
        table[path] = [
            content,
            state,
            *((0, len(packed), len(packed)) if last > first else (0, 0, 0)),
            *names,
        ]
    head = json.dumps(table, separators=(",", ":")).encode("ascii")
    return b"api-lint facts 4\n" + replay.digest(head) + head + b"\n" + packed


def _with_other_bodies(data: bytes) -> bytes:
    """The same facts, but what is in functions is none."""
    start = len(b"api-lint facts 4\n") + 16
    table = json.loads(data[start : data.index(b"\n", start)])
    body = bytearray(data[data.index(b"\n", start) + 1 :])
    for _, _, _, middle, last, *_ in table.values():
        body[middle:last] = zlib.compress(b"[]\n{}")[: last - middle].ljust(last - middle, b" ")
    return data[: data.index(b"\n", start) + 1] + bytes(body)


@pytest.mark.parametrize("harm", [lambda d: d[:0], lambda d: d[:40], lambda d: d[:-40], _flip, lambda d: b"\x80\x04." + d, _with_other_facts, _with_other_bodies])  # fmt: skip
def test_facts_that_are_not_whole_are_made_again(
    project: Path, lint: Lint, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    lint(*ROWS)
    (path,) = (tmp_path / "cache" / "facts").iterdir()
    path.write_bytes(harm(path.read_bytes()))
    edit(project / "app/helpers.py", r"time\.sleep\(1\)", "pass")
    found = lint(*ROWS)
    assert found == lint("--no-cache", *ROWS)


def _with_numbers_for_names(data: bytes) -> bytes:
    """The same facts, but functions are called 7."""
    start = len(b"api-lint facts 4\n") + 16
    end = data.index(b"\n", start)
    parts, at = [], 0
    table = json.loads(data[start:end])
    for path, (content, state, first, middle, last, *names) in table.items():
        outer, inner = data[end + 1 + first : end + 1 + middle], data[end + 1 + middle : end + 1 + last]
        if outer:
            facts = json.loads(zlib.decompress(outer))
            facts[4] = [[7, 7, *function[2:]] for function in facts[4]]
            outer = zlib.compress(json.dumps(facts).encode())
        table[path] = [content, state, at, at + len(outer), at + len(outer) + len(inner), *names]
        parts += [outer, inner]
        at += len(outer) + len(inner)
    head = json.dumps(table).encode("ascii")
    return b"".join((b"api-lint facts 4\n", replay.digest(head), head, b"\n", *parts))


def test_facts_that_are_whole_and_wrong(project: Path, lint: Lint, tmp_path: Path) -> None:
    """Nobody but the user can write there; but whatever it is, it ends no run, and the next one does without it."""
    lint(*ROWS)
    (path,) = (tmp_path / "cache" / "facts").iterdir()
    path.write_bytes(_with_numbers_for_names(path.read_bytes()))
    edit(project / "app/helpers.py", r"time\.sleep\(1\)", "pass")
    assert lint(*ROWS) == lint("--no-cache", *ROWS)
    assert lint(*ROWS) == lint("--no-cache", *ROWS)


WRONG = [
    (b'"API601"', b"601"), (b'"warning"', b"[]"), (b'"found":{', b'"found":[{'), (b'"routing":', b'"routing":1'),
    (b'"shared":[', b'"shared":[-1,1,'), (b'"declaring":{', b'"declaring":{"app/users.py":["../outside.py"],"":[],'),
    (b'"names":{', b'"names":{"app/users.py":0,'), (b'"answers":{', b'"answers":{"paths":7,'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), WRONG)
def test_findings_that_are_whole_and_wrong(
    project: Path, lint: Lint, tmp_path: Path, old: bytes, new: bytes
) -> None:
    first = lint(*ROWS)
    (path,) = (tmp_path / "cache" / "found").iterdir()
    data = path.read_bytes()[len(b"api-lint found 3\n") + 16 :]
    assert old in data
    data = data.replace(old, new)
    path.write_bytes(b"api-lint found 3\n" + replay.digest(data) + data)
    assert lint(*ROWS) == first
    edit(project / "app/db.py", r"\A", "# more\n")
    path.write_bytes(b"api-lint found 3\n" + replay.digest(data) + data)
    assert lint(*ROWS) == lint("--no-cache", *ROWS)


FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").rglob("*.py"))


def fixture_facts() -> Iterator[ModuleFacts]:
    made = 0
    for path in FIXTURES:
        try:
            yield index(path.read_bytes(), path.name)
        except Unreadable:
            continue
        made += 1
    assert made > 100


def test_facts_come_back_as_they_were() -> None:
    for facts in fixture_facts():
        outer, inner = encoded.write(facts)
        lines = inner.split(b"\n")
        store = Store()
        store.load = lambda number, lines=lines: (encoded.parcel(lines[number], number), 1)  # type: ignore[misc]
        store.room = Room(10)
        assert cache._shape(encoded.read(outer, store)) == cache._shape(facts)


def test_facts_come_back_from_a_worker() -> None:
    room = Room(0)
    for facts in fixture_facts():
        back = packed.unpack(packed.pack(facts), room)
        assert not room.is_full
        assert cache._shape(back) == cache._shape(facts)
        assert room.is_full
        function = next(iter(back.functions), None)
        before = function.body if function is not None else None
        room.clear()
        assert not room.is_full
        assert function is None or (function.body is not before and function.body == before)
        room.clear()


def test_little_room_changes_nothing(
    lint: Lint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is in functions is let go of after each file, and workers are new after every few: it is all found again."""
    monkeypatch.setenv("API_LINT_CACHE_DIR", str(tmp_path / "cache"))
    folder = Path(__file__).parent.parent / "fixtures" / "blocking-call-through-helper"
    options = (str(folder), "--isolated", "--jobs", "2", "--output-format", "concise")
    options += ("--config", "include-tests=true")
    first = lint(*options, "--no-cache")
    assert len(first[1].splitlines()) > 50
    monkeypatch.setattr(engine, "_OPEN_AT_ONCE", 1000)
    monkeypatch.setattr(engine, "_VISITS", 5)
    assert lint(*options, "--no-cache") == first
    assert lint(*options) == first


def test_other_settings_are_another_matter(project: Path, lint: Lint, visited: list[str]) -> None:
    lint()
    write(project, "pyproject.toml", "[tool.api-lint]\ntimeout = 0\nignore = ['API601']\n")
    assert lint() == lint("--no-cache")
    visited.clear()
    lint("--ignore-noqa")
    assert visited


def test_a_secret_is_not_kept(project: Path, lint: Lint, tmp_path: Path) -> None:
    secret = "sk-proj-Zx9Kq2mV7bN4tR8wL1cY6dH3fJ5gP0sA"
    write(project, "app/keys.py", f"import openai\n\nclient = openai.OpenAI(api_key='{secret}')\n")
    _, out, _ = lint()
    assert "app/keys.py" in out
    kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    assert not any(secret.encode() in each for each in kept)
    (path,) = (tmp_path / "cache" / "facts").iterdir()
    found = [each for each in shelf._read(str(path)).values() if each.outer]
    packed = [zlib.decompress(part) for each in found for part in (each.outer, each.inner)]
    assert len(packed) > 5
    assert not any(secret.encode() in each for each in packed)


def test_all_fixtures_with_and_without_fixes_and_cache(
    lint: Lint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What speeds a run up changes nothing of what it finds: no tree where no fix is wanted, facts from the run before."""
    monkeypatch.setenv("API_LINT_CACHE_DIR", str(tmp_path / "cache"))
    folder = Path(__file__).parent.parent / "fixtures"
    options = (str(folder), "--isolated", "--config", "include-tests=true", "--config", "timeout=0")
    first = lint(*options, "--output-format", "concise")
    assert first == lint(*options, "--no-cache", "--output-format", "concise")
    _, out, _ = lint(*options, "--output-format", "json")
    told = [
        f"{d['filename']}:{d['location']['row']}:{d['location']['column']}: {d['code']} {d['message']}"
        for d in json.loads(out)
    ]
    rows = first[1].splitlines()
    assert len(told) > 1500
    assert [row.removeprefix(f"{folder}/") for row in told] == [
        row.partition("fixtures/")[2] for row in rows[: len(told)]
    ]
