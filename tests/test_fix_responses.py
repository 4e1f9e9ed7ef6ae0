"""Responses declared and schemas applied: what is inferred, how it is written, and where it is refused."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from api_lint import discover, engine, registry
from api_lint.config import Settings
from api_lint.engine import Fixed

RULES = tuple(r() for r in registry.load().rules if r.code in ("API201", "API202"))
HEAD = "from datetime import datetime\nfrom uuid import uuid4\n\nfrom fastapi import FastAPI, Response\nfrom pydantic import BaseModel\n\napp = FastAPI()\n\n\n"
MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase): ...
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    hashed_password: Mapped[str]
"""
SCHEMA = """
from pydantic import BaseModel, ConfigDict
class {name}(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    {field}: str
"""
ROUTES = """
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from app.models import User
router = APIRouter()
@router.get("/users")  # kept
def users(db: Session = Depends(object)):
    return db.query(User).all()
"""
OTHER = "from app.schemas import UserRead\n"


def fixed(root: Path, files: dict[str, str]) -> Fixed:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(textwrap.dedent(text).encode())
    settings = Settings(timeout=0)
    return engine.fix(discover.find([str(root)], settings), RULES, settings, unsafe=True, jobs=1)


def after(done: Fixed, name: str) -> str:
    found = [new for path, (_, new) in done.changes.items() if path.endswith(name)]
    return found[0].decode() if found else ""


def reasons(done: Fixed) -> str:
    return "\n".join(d.refused for d in done.result.diagnostics)


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        ('return {"a": "b"}', "def f() -> dict[str, str]:"),
        ('return {"a": "b", "n": 1}', "def f() -> dict[str, str | int]:"),
        ('return [{"a": f"{1}"}]', "def f() -> list[dict[str, str]]:"),
        ('return {"at": datetime.utcnow().isoformat()}', "def f() -> dict[str, str]:"),
        ('return {"id": uuid4().hex, "n": len("a")}', "def f() -> dict[str, str | int]:"),
        ('return {"at": datetime.now().strftime("%Y").upper()}', "def f() -> dict[str, str]:"),
        ("print(1)", "def f() -> None:"),
        ("return Item(id=1)", "def f() -> Item:"),
        ("return [Item(id=n) for n in range(3)]", "def f() -> list[Item]:"),
        ("return Item.model_validate({})", "def f() -> Item:"),
        ("if app:\n        return Item(id=1)", "def f() -> Item | None:"),
        ("if app:\n        return Response()\n    return Item(id=1)", '"/x", response_model=Item)'),
    ],
)
def test_declared(tmp_path: Path, body: str, declared: str) -> None:
    source = (
        f'{HEAD}class Item(BaseModel):\n    id: int\n\n\n@app.get("/x")  # why\ndef f():\n    {body}\n'
    )
    done = fixed(tmp_path, {"app.py": source})
    assert declared in after(done, "app.py")
    assert "# why" in after(done, "app.py")
    assert not done.result.diagnostics


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return unknown()", "the type of unknown(…) is not known"),
        ("return []", "without an element tells no type"),
        ('return {**{}, "a": 1}', "keys of the dict"),
        ("return Item(id=1, password='x')", "has the field password"),
        ("if app:\n        return 'a'\n    return 1", "different types"),
    ],
)
def test_refused(tmp_path: Path, body: str, reason: str) -> None:
    source = f'{HEAD}class Item(BaseModel):\n    id: int\n    password: str\n\n\n@app.get("/x")\ndef f():\n    {body}\n'
    done = fixed(tmp_path, {"app.py": source})
    assert not done.changes
    assert reason in reasons(done)


@pytest.mark.parametrize(
    ("declared", "is_told"),
    [("Any", False), ("Union[Any, str]", False), ("Optional[Any]", False), ("", True)],
)
def test_any_is_neither_told_nor_declared(tmp_path: Path, declared: str, is_told: bool) -> None:
    arrow = f" -> {declared}" if declared else ""
    source = (
        f"from typing import Any, Optional, Union\n{HEAD}def count(text){arrow}:\n    return len(text)\n\n\n"
        'def through(text):\n    found = count(text)\n    return found\n\n\n@app.get("/x")\ndef f():\n    return through("a")\n'
    )
    done = fixed(tmp_path, {"app.py": source})
    assert bool(done.changes) is is_told
    if not is_told:
        assert "is declared as Any" in reasons(done)
        assert "returns" not in done.result.diagnostics[0].message


GIVERS = """
class Item(BaseModel):
    id: int


async def given() -> Item | None: ...


def told(flag):
    data = {"a": 1}
    try:
        data = unknown()
    except ValueError:
        data = "none"
    return data


def sure(flag):
    if flag:
        return Item(id=1)
    return None


def open_end(flag):
    if flag:
        return "a"


"""


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        # Several statements give the name, and each of them may be the one.
        (
            """
            try:
                data = unknown()
            except ValueError:
                data = "none"
            return data
            """,
            "",
        ),
        (
            """
            data = "a"
            for each in unknown():
                data = each
            return data
            """,
            "",
        ),
        (
            """
            total = 0
            for each in unknown():
                total += each.price
            return {"total": total}
            """,
            "",
        ),
        (
            """
            name = None
            if unknown():
                name = "a"
            return {"name": name}
            """,
            "dict[str, str | None]",
        ),
        (
            """
            name = None
            with unknown() as found:
                name = "a"
            return name
            """,
            "str",
        ),
        (
            """
            name = None
            while unknown():
                name = "a"
                break
            if name is None:
                raise ValueError
            return {"name": name}
            """,
            "dict[str, str]",
        ),
        # What was checked, and what was not.
        (
            """
            item = await given()
            if not item:
                raise ValueError
            return item
            """,
            "Item",
        ),
        (
            """
            item = await given()
            if item is None or unknown():
                raise ValueError
            return item
            """,
            "Item",
        ),
        (
            """
            item = await given()
            if unknown():
                raise ValueError
            return item
            """,
            "Item | None",
        ),
        (
            """
            item = await given()
            if item:
                return item
            raise ValueError
            """,
            "Item",
        ),
        # What a function without annotation gives is what every one of its returns gives.
        ("return told(1)", ""),
        ("return sure(1)", "Item | None"),
        ("return open_end(1)", "str | None"),
    ],
)
def test_every_way_to_the_answer_counts(tmp_path: Path, body: str, declared: str) -> None:
    """A declared type that is only mostly right answers 500 where it is not."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    source = f'{HEAD}{GIVERS}@app.get("/x")\nasync def f():\n{lines}\n'
    done = fixed(tmp_path, {"app.py": source})
    if declared:
        assert f"async def f() -> {declared}:" in after(done, "app.py")
    else:
        assert not done.changes
        assert "is not known" in reasons(done)


@pytest.mark.parametrize("name", ["list", "dict"])
@pytest.mark.parametrize(
    "source",
    [
        "def {n}(x): ...\n\n\n@app.get('/x')\ndef f():\n    return [{{'a': 1}}]\n",
        "class V:\n    def {n}(self): ...\n\n    @app.get('/x')\n    def f(self):\n        return [{{'a': 1}}]\n",
        "class V:\n    {n}: int = 3\n\n    @app.get('/x')\n    def f(self):\n        return [{{'a': 1}}]\n",
        "def make({n}):\n    @app.get('/x')\n    def f():\n        return [{{'a': 1}}]\n",
    ],
)
def test_a_name_that_means_something_else_there(tmp_path: Path, name: str, source: str) -> None:
    """A class with a method `list` would not even be imported with `list[…]` in it."""
    done = fixed(tmp_path, {"main.py": HEAD + source.format(n=name)})
    assert reasons(done) == f"the name {name} means something else here"


def project(schema: str, other: str = OTHER) -> dict[str, str]:
    return {
        "app/__init__.py": "",
        "app/models.py": MODELS,
        "app/schemas.py": schema,
        "app/routes.py": ROUTES,
        "app/other.py": other,
    }


def test_the_schema_of_a_model_answers_both_findings(tmp_path: Path) -> None:
    done = fixed(tmp_path, project(SCHEMA.format(name="UserRead", field="email")))
    assert '@router.get("/users", response_model=list[UserRead])  # kept' in after(done, "routes.py")
    assert "from app.schemas import UserRead" in after(done, "routes.py")
    assert not done.result.diagnostics


@pytest.mark.parametrize(
    ("schema", "other", "reason"),
    [
        (SCHEMA.format(name="UserRead", field="hashed_password"), OTHER, "has the field hashed_password"),
        (SCHEMA.format(name="UserRead", field="phone"), OTHER, "has phone, which User has not"),
        (SCHEMA.format(name="UserCreate", field="email"), OTHER, "for something else by its name"),
        (SCHEMA.format(name="UserRead", field="email").replace("from_attributes=True", ""), OTHER, "does not read"),
        (
            SCHEMA.format(name="UserRead", field="email") + SCHEMA.format(name="UserOut", field="email"),
            OTHER,
            "several schemas show User: UserOut",
        ),
        ("import app.routes\n" + SCHEMA.format(name="UserRead", field="email"), OTHER, "its module imports this one"),
    ],
)  # fmt: skip
def test_no_schema(tmp_path: Path, schema: str, other: str, reason: str) -> None:
    done = fixed(tmp_path, project(schema, other))
    assert not done.changes
    assert reason in reasons(done)


@pytest.mark.parametrize(
    ("imported", "is_known"), [("starlette.authentication", True), ("app.auth", False)]
)
def test_a_decorator_may_change_the_answer(tmp_path: Path, imported: str, is_known: bool) -> None:
    source = f'from {imported} import requires\n{HEAD}@app.get("/x")\n@requires("a")\ndef f():\n    return "a"\n'
    done = fixed(tmp_path, {"main.py": source, "app/auth.py": "def requires(scope): ...\n"})
    assert ('@app.get("/x", response_model=str)' in after(done, "main.py")) is is_known
    assert ("the decorator requires may change" in reasons(done)) is not is_known


def test_flask_answers_with_the_marshmallow_schema(tmp_path: Path) -> None:
    files = {
        "app.py": """
            from flask import Flask, jsonify
            from flask_sqlalchemy import SQLAlchemy
            from marshmallow import Schema, fields
            app = Flask(__name__)
            db = SQLAlchemy(app)
            class User(db.Model):
                id = db.Column(db.Integer, primary_key=True)
            class UserSchema(Schema):
                id = fields.Integer()
            @app.get("/users")
            def users():
                return jsonify(users=User.query.all()), 200  # kept
            @app.get("/first")
            def first():
                return jsonify(User.query.first())
        """
    }
    done = fixed(tmp_path, files)
    assert "return jsonify(users=UserSchema(many=True).dump(User.query.all())), 200  # kept" in after(
        done, "app.py"
    )
    assert "may be None" in reasons(done)
