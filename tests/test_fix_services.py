"""Data access that moves out of handlers: what moves, what it is called, and where it is refused."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from api_lint import discover, engine, registry
from api_lint.config import Settings
from api_lint.engine import Fixed

RULES = tuple(r() for r in registry.load().rules if r.code == "API101")
MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def hashed(text): ...
"""
HEAD = """
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from app.db import get_async_db, get_db
from app.models import User, hashed

router = APIRouter()
LIMIT = 10


def shorten(text):
    return text[:5]


"""


def fixed(root: Path, files: dict[str, str]) -> Fixed:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(textwrap.dedent(text).lstrip("\n").encode())
    settings = Settings(timeout=0)
    return engine.fix(discover.find([str(root)], settings), RULES, settings, unsafe=True, jobs=1)


def project(handler: str) -> dict[str, str]:
    return {
        "app/__init__.py": "",
        "app/routers/__init__.py": "",
        "app/models.py": MODELS,
        "app/db.py": "def get_db(): ...\ndef get_async_db(): ...\n",
        "app/routers/users.py": HEAD.lstrip("\n") + textwrap.dedent(handler).lstrip("\n"),
    }


def after(done: Fixed, name: str) -> str:
    found = [new for path, (_, new) in done.changes.items() if path.endswith(name)]
    return found[0].decode() if found else ""


def reasons(done: Fixed) -> str:
    return "\n".join([*(d.refused for d in done.result.diagnostics), *done.refused.values()])


def check(tmp_path: Path, handler: str, calls: str, functions: str) -> None:
    """The handler's body becomes `calls`, and the service module holds `functions`."""
    done = fixed(tmp_path, project(handler))
    body = after(done, "app/routers/users.py").partition("@router")[2].partition(":\n")[2]
    service = after(done, "app/services/users.py")
    assert textwrap.dedent(body).strip() == textwrap.dedent(calls).strip(), reasons(done)
    assert textwrap.dedent(functions).strip() in service
    assert "/__init__.py" in "".join(done.changes)
    assert not done.result.diagnostics


DB = "db: Session = Depends(get_db)"
CASES = {
    "a query, and the 404 stays": (
        f"""
        @router.get("/{{key}}")
        def read_user(key: int, {DB}):
            user = db.get(User, key)
            if user is None:
                raise HTTPException(404)
            return user
        """,
        """
        user = users_service.get_user(db, key)
        if user is None:
            raise HTTPException(404)
        return user
        """,
        """
        def get_user(db: Session, key: int) -> User | None:
            return db.get(User, key)
        """,
    ),
    "a returned query": (
        f"""
        @router.get("/")
        def users(name: str | None, {DB}):
            return db.query(User).filter(User.name == name).all()
        """,
        "return users_service.list_users_by_name(db, name)",
        """
        def list_users_by_name(db: Session, name: str | None) -> list[User]:
            return db.query(User).filter(User.name == name).all()
        """,
    ),
    "several outputs": (
        f"""
        @router.get("/")
        def users({DB}):
            query = db.query(User)
            total = query.count()
            rows = query.limit(LIMIT).all()
            return {{"total": total, "rows": rows}}
        """,
        """
        total, rows = users_service.get_total_and_rows(db, LIMIT)
        return {"total": total, "rows": rows}
        """,
        """
        def get_total_and_rows(db: Session, limit)-> tuple[int, list[User]]:
        """.replace(")->", ") ->"),
    ),
    "a whole unit of work, with its comments": (
        f"""
        @router.post("/")
        def add_user(name: str, {DB}):
            # made here
            user = User(name=hashed(name))
            # and kept
            db.add(user)
            db.commit()  # at once
            return user
        """,
        """
        # made here
        user = users_service.add_user(db, name)
        return user
        """,
        """
        def add_user(db: Session, name: str) -> User:
            user = User(name=hashed(name))
            # and kept
            db.add(user)
            db.commit()  # at once
            return user
        """,
    ),
    "an update behind a 404": (
        f"""
        @router.put("/{{key}}")
        def rename(key: int, name: str, {DB}):
            user = db.get(User, key)
            if not user:
                raise HTTPException(404)
            user.name = name
            db.commit()
            return {{"name": user.name}}
        """,
        """
        user = users_service.get_user(db, key)
        if not user:
            raise HTTPException(404)
        users_service.update_user(db, name, user)
        return {"name": user.name}
        """,
        """
        def update_user(db: Session, name: str, user: User) -> None:
            user.name = name
            db.commit()
        """,
    ),
    "async stays async": (
        """
        @router.get("/{key}")
        async def read(key: int, db: Annotated[AsyncSession, Depends(get_async_db)]):
            found = await db.scalars(select(User).where(User.id == key))
            user = found.first()
            if user is None:
                raise HTTPException(404)
            return user
        """,
        """
        user = await users_service.get_user(db, key)
        if user is None:
            raise HTTPException(404)
        return user
        """,
        "async def get_user(db: AsyncSession, key: int)",
    ),
    "a session that blocks goes to a thread": (
        f"""
        @router.get("/{{key}}")
        async def read(key: int, request: Request, {DB}):
            await request.body()
            return {{"name": db.get(User, key).name}}
        """,
        """
        await request.body()
        return {"name": (await run_in_threadpool(users_service.get_user, db, key)).name}
        """,
        "def get_user(db: Session, key: int) -> User | None:",
    ),
    "what the request holds is handed over": (
        f"""
        @router.get("/")
        def read(request: Request, {DB}):
            user = db.query(User).filter(User.id == request.state.user.id).first()
            return user
        """,
        """
        user = users_service.get_user(db, request.state.user.id)
        return user
        """,
        "def get_user(db: Session, user_id) -> User | None:",
    ),
    "an expression inside others": (
        f"""
        @router.get("/")
        def read(name: str, {DB}):
            if db.query(User).filter(User.name == name).count() > 3:
                raise HTTPException(409)
            return [row.name for row in db.query(User).all()]
        """,
        """
        if users_service.count_users_by_name(db, name) > 3:
            raise HTTPException(409)
        return users_service.list_users(db)
        """,
        """
        def list_users(db: Session):
            return [row.name for row in db.query(User).all()]
        """,
    ),
    "data access in a loop with a way out": (
        f"""
        @router.post("/")
        def read(names: list[str], {DB}):
            for name in names:
                user = db.query(User).filter(User.name == name).first()
                if user is None:
                    raise HTTPException(404)
                db.delete(user)
            db.commit()
        """,
        """
        for name in names:
            user = users_service.get_user_by_name(db, name)
            if user is None:
                raise HTTPException(404)
            users_service.delete_user(db, user)
        users_service.save_changes(db)
        """,
        "def get_user_by_name(db: Session, name",
    ),
    "own functions stay and their result is handed over": (
        f"""
        @router.get("/")
        def read(name: str, {DB}):
            return db.query(User).filter(User.name == shorten(name)).first()
        """,
        "return users_service.get_user_by_name(db, shorten(name))",
        "return db.query(User).filter(User.name == name).first()",
    ),
    "a text of several rows": (
        f"""
        @router.get("/")
        def read({DB}):
            rows = db.execute('''
              select 1
            ''')
            return list(rows)
        """,
        "rows = users_service.read(db)\nreturn list(rows)",
        "def read(db: Session):\n    return db.execute('''\n      select 1\n    ''')",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_moved(tmp_path: Path, case: str) -> None:
    check(tmp_path, *CASES[case])


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (f"def read({DB}):\n    def inner():\n        return db.get(User, 1)\n    return inner()", "nested function"),
        ("async def read():\n    db = Session()\n    return db.get(User, 1)", "API604 comes first"),
        (f"def read(request: Request, {DB}):\n    return db.get(User, key(request))", "where key comes from"),
        (f"def read(a: int, {DB}):\n    if a:\n        b = 1\n    return db.get(User, b)", "b is not bound on every path"),
        (f"def read({DB}):\n    from app import other\n    return db.get(other.Row, 1)", "imported in the handler"),
        (f"def read({DB}):\n    global LIMIT\n    LIMIT = 1\n    return db.get(User, 1)", "another scope"),
        (f"def read({DB}):\n    return db.get(Row, 1)\n\n\nclass Row(User):\n    pass", "the routes' own file"),
        (f"def read({DB}):\n    if x := db.get(User, (y := 1)):\n        raise HTTPException(404)\n    return x", "binds a name"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, handler: str, reason: str) -> None:
    done = fixed(tmp_path, project(f'@router.get("/")\n{handler}\n'))
    assert not done.changes
    assert reason in reasons(done)


def test_logic_without_data_says_so(tmp_path: Path) -> None:
    rows = "\n".join(f"    if n > {i}:\n        n += 1\n    print(n)" for i in range(20))
    done = fixed(tmp_path, project(f'@router.get("/")\ndef read(n: int):\n{rows}\n    return n\n'))
    assert "divided by hand" in reasons(done)


def test_handlers_share_what_does_the_same(tmp_path: Path) -> None:
    handler = '@router.get("/{n}")\ndef h{n}(key: int, db: Session = Depends(get_db)):\n    row = db.get(User, key)\n    return {"n": row}\n\n\n'
    source = "".join(handler.replace("{n}", str(n)) for n in range(14))
    done = fixed(tmp_path, project(source))
    assert after(done, "services/users.py").count("def ") == 1
    assert after(done, "routers/users.py").count("users_service.get_user(db, key)") == 14
    assert not done.result.diagnostics


def test_different_queries_have_different_names(tmp_path: Path) -> None:
    one = '@router.get("/{n}")\ndef h{n}(db: Session = Depends(get_db)):\n    rows = db.query(User).limit({n}).all()\n    return {"n": rows}\n\n\n'
    done = fixed(tmp_path, project("".join(one.replace("{n}", str(n)) for n in range(1, 14))))
    service = after(done, "services/users.py")
    names = [row.split("(")[0] for row in service.splitlines() if row.startswith("def ")]
    assert len(names) == len(set(names)) == 13
    assert not done.result.diagnostics


def test_a_service_that_the_project_has_is_called(tmp_path: Path) -> None:
    files = project(
        '@router.get("/")\ndef read(key: int, db: Session = Depends(get_db)):\n    row = db.get(User, key)\n    return [row]\n'
    )
    files["app/services/__init__.py"] = ""
    files["app/services/user_service.py"] = (
        "from app.models import User\n\n\ndef one(db, key):\n    return db.get(User, key)\n"
    )
    done = fixed(tmp_path, files)
    assert list(done.changes) == ["app/routers/users.py"] or len(done.changes) == 1
    assert "row = user_service.one(db, key)" in after(done, "routers/users.py")


def test_a_name_that_means_something_else_there(tmp_path: Path) -> None:
    files = project(
        '@router.get("/")\ndef read(key: int, db: Session = Depends(get_db)):\n    return db.get(User, key)\n'
    )
    files["app/services/__init__.py"] = ""
    files["app/services/users.py"] = "class User: ...\n"
    done = fixed(tmp_path, files)
    assert "the name User means something else" in reasons(done)


def test_crlf_and_tabs(tmp_path: Path) -> None:
    files = project('@router.get("/")\ndef read(key: int, db: Session = Depends(get_db)):\n\trow = db.get(User, key)\n\treturn [row]\n')  # fmt: skip
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.lstrip("\n").replace("\n", "\r\n").encode())
    settings = Settings(timeout=0)
    done = engine.fix(discover.find([str(tmp_path)], settings), RULES, settings, unsafe=True, jobs=1)
    assert "\trow = users_service.get_user(db, key)\r\n" in after(done, "routers/users.py")


VIEW = """
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.models import Item


class ItemView(APIView):
    def get(self, request, key):
        item = Item.objects.filter(owner=request.user, pk=self.kwargs["pk"]).first()
        if item is None:
            return Response(status=404)
        return Response({"name": item.name})

    def delete(self, request, key):
        Item.objects.get(pk=key).delete()
        return Response(status=204)

    def post(self, request):
        names = [f"{request.data['x']} {row.name}" for row in Item.objects.all()]
        return Response(names)
"""


def test_a_view_of_django_hands_over_what_it_holds(tmp_path: Path) -> None:
    models = (
        "from django.db import models\n\n\nclass Item(models.Model):\n    name = models.CharField()\n"
    )
    urls = "from django.urls import path\nfrom shop.views import ItemView\nurlpatterns = [path('', ItemView.as_view())]\n"
    files = {
        "shop/__init__.py": "",
        "shop/models.py": models,
        "shop/urls.py": urls,
        "shop/views.py": VIEW,
    }
    done = fixed(tmp_path, files)
    views = after(done, "shop/views.py")
    assert 'item = services.get_item_by_owner_and_id(request.user, self.kwargs["pk"])' in views
    assert "services.delete_item(key)" in views
    assert "f\"{request.data['x']} {row.name}\" for row in services.list_items()" in views
    assert "def get_item_by_owner_and_id(user, own_pk)" in after(done, "shop/services.py")
    assert not done.result.diagnostics


def test_what_goes_to_a_thread_awaits_nothing(tmp_path: Path) -> None:
    handler = f"""
        @router.put("/{{key}}")
        async def read(key: int, request: Request, {DB}):
            user = db.get(User, key)
            user.name = await shorten(key)
            db.commit()
            return {{"name": user.name}}
        """
    done = fixed(tmp_path, project(handler))
    routes = after(done, "routers/users.py")
    assert "    user.name = await shorten(key)\n" in routes
    assert "await run_in_threadpool(users_service.save_changes, db)" in routes
    assert "await" not in after(done, "services/users.py")


def test_a_piece_that_only_stores_is_not_named_after_one_handler(tmp_path: Path) -> None:
    handler = f'@router.post("/")\ndef create_user(key: int, {DB}):\n    user = other(key, db)\n    db.commit()\n    return user\n'
    files = project(handler)
    routes = files["app/routers/users.py"]
    files["app/routers/users.py"] = routes.replace(
        "from app.db", "from app.other import other\nfrom app.db"
    )
    done = fixed(tmp_path, files)
    wanted = "def save_changes(db: Session) -> None:\n    db.commit()\n"
    assert wanted in after(done, "app/services/users.py")


def test_a_conversation_over_a_websocket_is_not_cut(tmp_path: Path) -> None:
    handler = f'@router.websocket("/")\nasync def read(key: int, socket: WebSocket, {DB}):\n    await socket.send_text(db.get(User, key).name)\n'
    assert not fixed(tmp_path, project(handler)).changes


@pytest.mark.parametrize(
    ("query", "returns"),
    [
        ("db.query(User).all()", "list[User]"),
        ("list(db.scalars(select(User)))", "list[User]"),
        # Whatever iterates is no list.
        ("db.scalars(select(User)).all()", "Sequence[User]"),
        ("db.execute(select(User)).scalars().all()", "Sequence[User]"),
        ("db.scalars(select(User))", ""),
    ],
)
def test_only_a_list_is_annotated_as_one(tmp_path: Path, query: str, returns: str) -> None:
    handler = f'@router.get("/")\ndef read({DB}):\n    return {query}\n'
    done = fixed(tmp_path, project(handler))
    service = after(done, "services/users.py")
    assert (f"(db: Session) -> {returns}:" if returns else "(db: Session):") in service
    assert ("from collections.abc import Sequence\n" in service) is returns.startswith("Sequence")


@pytest.mark.parametrize(
    ("made", "typed"),
    [
        ("{name for name in names}", "wanted"),
        ("names or ()", "wanted"),
        ("[name for name in names]", "wanted: list[str]"),
    ],
)
def test_only_a_list_is_taken_as_one(tmp_path: Path, made: str, typed: str) -> None:
    handler = f"""
        @router.get("/")
        def read(names: list[str], {DB}):
            wanted = {made}
            if not wanted:
                raise HTTPException(422)
            return db.query(User).filter(User.name.in_(wanted)).first()
        """
    done = fixed(tmp_path, project(handler))
    assert f"(db: Session, {typed}) ->" in after(done, "services/users.py")


def test_an_answer_is_filled_in_by_the_handler(tmp_path: Path) -> None:
    """A service that writes into its caller's dict is none."""
    handler = f"""
        @router.get("/")
        def read(key: int, request: Request, {DB}):
            found = {{"path": request.url.path}}
            found["names"] = [user.name for user in db.query(User).filter(User.id > key)]
            found["count"] = db.query(User).count()
            return found
        """
    done = fixed(tmp_path, project(handler))
    routes, service = after(done, "routers/users.py"), after(done, "services/users.py")
    assert '    found["names"] = users_service.' in routes
    assert '    found["count"] = users_service.' in routes
    assert "found" not in service


def test_a_dict_that_is_stored_is_filled_in_by_the_service(tmp_path: Path) -> None:
    handler = f"""
        @router.post("/")
        def add({DB}):
            values = {{}}
            values["name"] = db.query(User).first().name
            user = User(**values)
            db.add(user)
            db.commit()
            return {{"name": user.name}}
        """
    done = fixed(tmp_path, project(handler))
    assert 'values["name"]' in after(done, "services/users.py")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("db.query(User).filter(User.name == key).first()", "get_user_by_name"),
        (
            "db.query(User).filter(User.preferred_language_of_the_name == key).first()",
            "get_user_by_preferred_language_of_the_name",
        ),
        (
            "db.query(User).filter(User.preferred_language_of_name == key, User.other_name == key).first()",
            "get_user",
        ),
    ],
)
def test_a_name_tells_by_what_a_row_is_found_where_that_is_short(
    tmp_path: Path, query: str, name: str
) -> None:
    handler = f"""
        @router.get("/")
        def read(key: str, {DB}):
            found = {query}
            if not found:
                raise HTTPException(404)
            return {{"name": found.name}}
        """
    done = fixed(tmp_path, project(handler))
    assert f"users_service.{name}(db, key)" in after(done, "routers/users.py")


def test_what_deletes_is_named_after_the_row_and_not_after_what_goes_with_it(tmp_path: Path) -> None:
    handler = f"""
        @router.delete("/")
        def remove(key: int, {DB}):
            user = db.get(User, key)
            if not user:
                raise HTTPException(404)
            db.execute(delete(Post).where(Post.user_id == key))
            db.delete(user)
            db.commit()
        """
    files = project(handler)
    files["app/models.py"] += (
        "\n\nclass Post(Base):\n    __tablename__ = 'posts'\n"
        "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    user_id: Mapped[int] = mapped_column(ForeignKey('users.id'))\n"
    )
    routes = files["app/routers/users.py"]
    files["app/routers/users.py"] = routes.replace("import User,", "import Post, User,").replace(
        "import select", "import delete, select"
    )
    done = fixed(tmp_path, files)
    assert "users_service.delete_user(db, key, user)" in after(done, "routers/users.py")


def test_the_imports_of_a_new_module_stand_in_groups(tmp_path: Path) -> None:
    handler = f"""
        @router.get("/")
        def read({DB}):
            return [user.name for user in db.scalars(select(User)).all()]
        """
    done = fixed(tmp_path, project(handler))
    assert after(done, "services/users.py").startswith(
        "from sqlalchemy import select\nfrom sqlalchemy.orm import Session\n\nfrom app.models import User\n\n\ndef "
    )


@pytest.mark.parametrize("name", ["users.v2.py", "user-items.py", "2fa.py", "class.py"])
def test_a_file_whose_name_is_no_name_has_no_module_beside_it(tmp_path: Path, name: str) -> None:
    """There are scripts that no import statement can name, and their services could not be named after them."""
    handler = (
        "@router.get('/')\ndef users(db: Session = Depends(get_db)):\n    return db.query(User).all()\n"
    )
    files = project(handler)
    files[f"app/routers/{name}"] = files.pop("app/routers/users.py")
    done = fixed(tmp_path, files)
    assert not done.changes
    assert "how this file would import a service module cannot be told" in reasons(done)
