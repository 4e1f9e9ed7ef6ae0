"""The fixed applications, imported by the real FastAPI, document what the fixes promise and nothing else."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api_lint import Rule, discover, engine, registry, testing
from api_lint.config import Settings

CHECKOUT = Path(__file__).parent.parent
FIXTURES = CHECKOUT / "fixtures"
RULES = registry.load().rules
OF_RESPONSES = ("API201", "API202")

# Cases that cannot be imported as they stand, with the reason.
NOT_IMPORTABLE: dict[str, str] = {}

Case = tuple[Path, tuple[type[Rule], ...]]


def fastapi_cases() -> dict[str, Case]:
    """The cases that the real FastAPI can be asked about, with the rules whose fixes are applied to them."""
    found: dict[str, Case] = {
        f"{rule.name()}/{case.name}": (case, (rule,))
        for rule in RULES
        if rule.fix
        for case in testing.cases(FIXTURES / rule.name())
    }
    for name in ("shop", *NOT_IMPORTABLE):
        found.pop(name, None)
    found["shop"] = (FIXTURES / "shop", tuple(rule for rule in RULES if rule.fix))
    return {name: case for name, case in found.items() if is_fastapi(case[0])}


def is_fastapi(case: Path) -> bool:
    files = case.rglob("*.py") if case.is_dir() else [case]
    return any(b"fastapi" in path.read_bytes() for path in files)


CASES = fastapi_cases()


def documented(folders: list[Path]) -> list[dict[str, Any]]:
    """What the applications in each folder document."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "fastapi_apps.py")],
        input=json.dumps([str(folder) for folder in folders]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return list(json.loads(done.stdout))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """(case, `before`, `safe` or `unsafe`) → what is documented there, and which fixes were applied."""
    root = tmp_path_factory.mktemp("fastapi")
    asked: dict[tuple[str, str], testing.Fixing] = {}
    for name, (case, rules) in CASES.items():
        for kind in ("safe", "unsafe"):
            asked[name, kind] = testing.fix(case, *rules, unsafe=kind == "unsafe")
        asked[name, "before"] = asked[name, "safe"]
    folders = []
    for number, ((_, kind), fixing) in enumerate(asked.items()):
        folder = root / str(number)
        for path, content in (fixing.before if kind == "before" else fixing.after).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        folders.append(folder)
    answers = documented(folders)
    return {key: {**answer, "fixing": fixing} for (key, fixing), answer in zip(asked.items(), answers)}


@pytest.mark.xdist_group("fastapi")
@pytest.mark.parametrize("name", CASES)
def test_safe_fixes_change_nothing_that_is_documented(
    name: str, everything: dict[tuple[str, str], dict[str, Any]]
) -> None:
    before, after = everything[name, "before"], everything[name, "safe"]
    assert not before["errors"]
    assert not after["errors"]
    assert any(app["paths"] for app in before["apps"].values())
    assert after["apps"] == before["apps"]


@pytest.mark.xdist_group("fastapi")
@pytest.mark.parametrize("name", CASES)
def test_unsafe_fixes_change_the_responses_they_declare_and_nothing_else(
    name: str, everything: dict[tuple[str, str], dict[str, Any]]
) -> None:
    before, after = everything[name, "before"], everything[name, "unsafe"]
    assert not after["errors"]
    handlers = set(promised(after["fixing"]))
    assert after["apps"].keys() == before["apps"].keys()
    for label, app in after["apps"].items():
        old = before["apps"][label]
        assert stripped(app, handlers) == stripped(old, handlers)
        known = old.get("components", {}).get("schemas", {})
        schemas = app.get("components", {}).get("schemas", {})
        assert {key: schemas.get(key) for key in known} == known
        if handlers == set():
            assert app == old


def promised(fixing: testing.Fixing) -> Iterator[str]:
    """The handlers whose response a fix declares, as `file::name`."""
    for found in (d for d in fixing.done.applied if d.code in OF_RESPONSES):
        for node in ast.walk(ast.parse(fixing.before[found.path])):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                if first <= found.span.line <= (node.end_lineno or first):
                    yield f"{found.path}::{node.name}"


def stripped(app: dict[str, Any], handlers: set[str]) -> dict[str, Any]:
    """What is documented, without the response schemas of some handlers and without the list of schemas."""
    app = copy.deepcopy(app)
    app.pop("components", None)
    for operation in (each for path in app["paths"].values() for each in path.values()):
        if operation["x-handler"] in handlers:
            for status, response in operation["responses"].items():
                if status.startswith("2"):
                    response.get("content", {}).get("application/json", {}).pop("schema", None)
    return app


SHOW = "import json, app; print(json.dumps(app.app.openapi()))"
SOURCE = """
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    password: Mapped[str]


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


def get_db(): ...


@app.get("/users")
def users(db: Session = Depends(get_db)):
    return db.query(User).all()


@app.get("/first")
def first(db: Session = Depends(get_db)):
    return db.query(User).first()


@app.get("/health", tags=["health"])
async def health():
    return {"status": "ok", "users": 1}


@app.delete("/nothing")
def nothing(key: int):
    print(key)
"""


def openapi(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=folder, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return dict(json.loads(done.stdout))


def test_only_the_response_schemas_of_the_fixed_routes_differ(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(SOURCE, encoding="utf-8")
    before = openapi(tmp_path)
    settings = Settings(timeout=0)
    rules = tuple(rule() for rule in RULES if rule.code in OF_RESPONSES)
    done = engine.fix(discover.find([str(tmp_path)], settings), rules, settings, unsafe=True, jobs=1)
    assert not done.result.diagnostics
    file.write_bytes(next(iter(done.changes.values()))[1])
    after = openapi(tmp_path)
    shown = {
        path: next(iter(item.values()))["responses"]["200"]["content"]["application/json"].pop("schema")
        for path, item in after["paths"].items()
    }
    for item in before["paths"].values():
        next(iter(item.values()))["responses"]["200"]["content"]["application/json"].pop("schema")
    assert after["paths"] == before["paths"]
    assert shown["/users"]["items"] == {"$ref": "#/components/schemas/UserRead"}
    assert {"type": "null"} in shown["/first"]["anyOf"]
    assert shown["/health"]["additionalProperties"]["anyOf"] == [{"type": "string"}, {"type": "integer"}]
    assert shown["/nothing"] == {}
