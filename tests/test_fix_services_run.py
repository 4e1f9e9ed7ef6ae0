"""Applications whose data access has moved, run by the real frameworks over SQLite: they answer as before."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from api_lint import discover, engine, registry
from api_lint.config import Settings

RULES = tuple(r() for r in registry.load().rules if r.code == "API101")

DB = """
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from app.models import Base

engine = create_engine("sqlite:///data.db")
async_engine = create_async_engine("sqlite+aiosqlite:///data.db")
Base.metadata.drop_all(engine)
Base.metadata.create_all(engine)


def get_db():
    with Session(engine, expire_on_commit=False) as session:
        yield session


async def get_async_db():
    async with AsyncSession(async_engine, expire_on_commit=False) as session:
        yield session
"""
MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    logins: Mapped[int] = mapped_column(default=0)


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
"""
ROUTES = """
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from app.db import get_async_db, get_db
from app.models import Post, User

router = APIRouter()
MOST = 2
Db = Annotated[Session, Depends(get_db)]
AsyncDb = Annotated[AsyncSession, Depends(get_async_db)]


class UserIn(BaseModel):
    name: str


class UserOut(BaseModel):
    model_config = {"from_attributes": True}
    id: int
    name: str
    logins: int


def cleaned(name: str) -> str:
    return name.strip()


@router.post("/users", status_code=201)
def create_user(data: UserIn, db: Db) -> UserOut:
    user = User(name=cleaned(data.name))
    db.add(user)
    try:
        db.commit()
    except IntegrityError:
        db.rollback()
        raise HTTPException(409, "taken") from None
    db.refresh(user)
    return user


@router.get("/users")
def list_users(db: Db, name: str | None = None, skip: int = 0) -> list[UserOut]:
    query = db.query(User)
    if name:
        query = query.filter(User.name == name)
    return query.order_by(User.id).offset(skip).limit(MOST).all()


@router.get("/users/{key}")
async def read_user(key: int, request: Request, db: AsyncDb) -> UserOut:
    result = await db.execute(select(User).where(User.id == key))
    user = result.scalar_one_or_none()
    if user is None:
        raise HTTPException(404, str(request.url.path))
    user.logins += 1
    await db.commit()
    return user


@router.put("/users/{key}")
async def rename(key: int, data: UserIn, db: Db) -> UserOut:
    if db.query(User).filter(User.name == data.name).count() > 0:
        raise HTTPException(409, "taken")
    user = db.get(User, key)
    if not user:
        raise HTTPException(404)
    user.name = data.name
    db.commit()
    db.refresh(user)
    return user


@router.post("/users/{key}/posts")
async def create_posts(key: int, titles: list[str], db: AsyncDb):
    made = []
    for title in titles:
        if not title:
            continue
        post = Post(title=title, user_id=key)
        db.add(post)
        await db.flush()
        made.append(post.id)
    await db.commit()
    total = await db.scalar(select(func.count()).select_from(Post))
    return {"made": made, "total": total}


@router.get("/users/{key}/posts")
def list_posts(key: int, request: Request, db: Db):
    limit = int(request.query_params.get("limit", "10"))
    return {
        "titles": [p.title for p in db.query(Post).filter(Post.user_id == key).limit(limit).all()],
        "first": db.query(Post).filter(Post.title == request.headers.get("x-title")).count(),
    }


@router.delete("/users/{key}", status_code=204)
async def delete_user(key: int, db: Db):
    user = db.get(User, key)
    if user is None:
        raise HTTPException(404)
    for post in db.query(Post).filter(Post.user_id == key).all():
        db.delete(post)
    db.delete(user)
    db.commit()
"""
FASTAPI = {
    "app/__init__.py": "",
    "app/routers/__init__.py": "",
    "app/models.py": MODELS,
    "app/db.py": DB,
    "app/routers/users.py": ROUTES,
    "main.py": "from fastapi import FastAPI\n\nfrom app.routers.users import router\n\napp = FastAPI()\napp.include_router(router)\n",
}
ASK_FASTAPI = """
import json
from fastapi.testclient import TestClient
from main import app

said = [app.openapi()]
with TestClient(app) as client:
    for method, path, body in STEPS:
        got = client.request(method, path, json=body, headers={"x-title": "b"})
        said.append([got.status_code, got.text])
print(json.dumps(said))
"""
STEPS: list[tuple[str, str, object]] = [
    ("POST", "/users", {"name": " ann "}), ("POST", "/users", {"name": "bob"}), ("POST", "/users", {"name": "bob"}),
    ("POST", "/users", {"name": "cid"}), ("GET", "/users", None), ("GET", "/users?name=bob", None),
    ("GET", "/users?skip=2", None), ("GET", "/users/1", None), ("GET", "/users/1", None), ("GET", "/users/9", None),
    ("PUT", "/users/1", {"name": "dan"}), ("PUT", "/users/1", {"name": "bob"}), ("PUT", "/users/9", {"name": "x"}),
    ("POST", "/users/1/posts", ["a", "", "b"]), ("GET", "/users/1/posts", None), ("GET", "/users/1/posts?limit=1", None),
    ("DELETE", "/users/1", None), ("DELETE", "/users/1", None), ("GET", "/users/1/posts", None),
]  # fmt: skip

FLASK = {
    "shop/__init__.py": """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///:memory:"
    app.config["PAGE"] = 2
    db.init_app(app)
    from .items.views import bp

    app.register_blueprint(bp)
    with app.app_context():
        db.create_all()
    return app
""",
    "shop/items/__init__.py": "",
    "shop/items/models.py": """
from shop import db


class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String, nullable=False)
    price = db.Column(db.Integer, default=0)

    def to_dict(self):
        return {"id": self.id, "name": self.name, "price": self.price}
""",
    "shop/items/views.py": """
from flask import Blueprint, abort, current_app, jsonify, request

from shop import db
from .models import Item

bp = Blueprint("items", __name__)


@bp.route("/items", methods=["POST"])
def add_item():
    data = request.get_json()
    # one of a kind
    if Item.query.filter_by(name=data["name"]).first():
        return jsonify(error="taken"), 409
    item = Item(name=data["name"], price=data.get("price", 1))
    db.session.add(item)
    db.session.commit()
    return jsonify(item.to_dict()), 201


@bp.route("/items")
def list_items():
    page = request.args.get("page", 1, type=int)
    found = Item.query.order_by(Item.id).paginate(page=page, per_page=current_app.config["PAGE"], error_out=False)
    return jsonify(items=[i.to_dict() for i in found.items], total=found.total)


@bp.route("/items/<int:key>")
def show_item(key):
    return jsonify(Item.query.get_or_404(key).to_dict())


@bp.route("/items/<int:key>", methods=["PATCH", "DELETE"])
def change_item(key):
    item = db.session.get(Item, key)
    if item is None:
        abort(404)
    if request.method == "DELETE":
        db.session.delete(item)
        db.session.commit()
        return "", 204
    item.price = request.json["price"]
    db.session.commit()
    dear = [i.name for i in Item.query.filter(Item.price > request.json["price"]).all()]
    return jsonify(item=item.to_dict(), dear=dear)
""",
}
ASK_FLASK = """
import json
from shop import create_app

said = []
client = create_app().test_client()
for method, path, body in STEPS:
    got = client.open(path, method=method, json=body)
    said.append([got.status_code, got.text])
print(json.dumps(said))
"""
FLASK_STEPS: list[tuple[str, str, object]] = [
    ("POST", "/items", {"name": "a"}), ("POST", "/items", {"name": "b", "price": 9}), ("POST", "/items", {"name": "b"}),
    ("POST", "/items", {"name": "c"}), ("GET", "/items", None), ("GET", "/items?page=2", None), ("GET", "/items/2", None),
    ("GET", "/items/7", None), ("PATCH", "/items/1", {"price": 3}), ("PATCH", "/items/1", {}), ("PATCH", "/items/7", {}),
    ("DELETE", "/items/1", None), ("DELETE", "/items/1", None), ("GET", "/items", None),
]  # fmt: skip


def answers(folder: Path, ask: str, steps: list[tuple[str, str, object]]) -> Any:
    code = f"import sys\nsys.path.insert(0, '.')\nSTEPS = {steps!r}\n{ask}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("files", "ask", "steps", "statuses"),
    [
        (FASTAPI, ASK_FASTAPI, STEPS, {201, 200, 404, 409, 204}),
        (FLASK, ASK_FLASK, FLASK_STEPS, {201, 200, 404, 409, 204, 500}),
    ],
    ids=["fastapi", "flask"],
)
def test_answers_are_the_same(
    tmp_path: Path,
    files: dict[str, str],
    ask: str,
    steps: list[tuple[str, str, object]],
    statuses: set[int],
) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    before = answers(tmp_path, ask, steps)
    assert {step[0] for step in before if isinstance(step, list)} == statuses
    settings = Settings(timeout=0)
    done = engine.fix(discover.find([str(tmp_path)], settings), RULES, settings, unsafe=True, jobs=1)
    assert not done.result.diagnostics
    assert len(done.applied) >= 4
    for name, (_, content) in done.changes.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert answers(tmp_path, ask, steps) == before
