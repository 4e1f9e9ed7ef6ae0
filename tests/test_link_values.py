"""What expressions are: instances, lists of them, sessions and clients, told by annotations, calls and bodies."""

from __future__ import annotations

import textwrap

import pytest

from project import revealed

SESSION = "sqlalchemy.orm.Session"
ASYNC = "sqlalchemy.ext.asyncio.AsyncSession"
USER = "models.py::User"
CLIENT = "openai.OpenAI"

MODELS = """
    from sqlalchemy.orm import DeclarativeBase
    class Base(DeclarativeBase): ...
    class User(Base):
        __tablename__ = "users"
    class Item(Base):
        __tablename__ = "items"
    """
DB = """
    from contextlib import asynccontextmanager, contextmanager
    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
    from sqlalchemy.orm import Session, scoped_session, sessionmaker
    engine = create_engine("")
    SessionLocal = sessionmaker(bind=engine)
    AsyncLocal = async_sessionmaker(create_async_engine(""))
    OldAsyncLocal = sessionmaker(create_async_engine(""), class_=AsyncSession, expire_on_commit=False)
    Scoped = scoped_session(SessionLocal)
    def get_db():
        db = SessionLocal()
        try:
            yield db
        finally:
            db.close()
    async def get_async_db():
        async with AsyncLocal() as session:
            yield session
    @contextmanager
    def session_scope():
        session = SessionLocal()
        try:
            yield session
            session.commit()
        finally:
            session.close()
    @asynccontextmanager
    async def async_scope():
        async with AsyncLocal() as session:
            yield session
    """
CLIENTS = """
    import openai
    from openai import OpenAI
    client = OpenAI()
    lazy = None
    def start():
        global lazy
        lazy = openai.OpenAI()
    def get_client():
        return client
    async def get_client_later():
        return OpenAI()
    """
HEAD = """
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from functools import lru_cache, partial
    from typing import Annotated, Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union
    from sqlalchemy import select
    from sqlalchemy.orm import Session
    from sqlalchemy.ext.asyncio import AsyncSession
    from openai import OpenAI
    import openai
    import clients
    import db as database
    from clients import client, get_client, get_client_later
    from db import (
        AsyncLocal, OldAsyncLocal, Scoped, SessionLocal, async_scope, engine, get_async_db, get_db, session_scope,
    )
    from models import Item, User
    from unknown import mystery
    """


def values(body: str) -> list[str]:
    main = textwrap.dedent(HEAD) + textwrap.dedent(body)
    return revealed({"main.py": main, "models.py": MODELS, "db.py": DB, "clients.py": CLIENTS})


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("Session", SESSION),
        ("'Session'", SESSION),
        ("AsyncSession", ASYNC),
        ("Optional[Session]", SESSION),
        ("Session | None", SESSION),
        ("None | Session", SESSION),
        ("'Session | None'", SESSION),
        ("Optional['User']", USER),
        ("Union[User, None]", USER),
        ("List[User]", f"list[{USER}]"),
        ("list[User]", f"list[{USER}]"),
        ("'list[User]'", f"list[{USER}]"),
        ("list['User']", f"list[{USER}]"),
        ("Sequence[User]", f"list[{USER}]"),
        ("Iterable[User]", f"list[{USER}]"),
        ("set[User]", f"list[{USER}]"),
        ("tuple[User, ...]", f"list[{USER}]"),
        ("tuple[User, int]", f"tuple[{USER}, builtins.int]"),
        ("Tuple[User, Item]", f"tuple[{USER}, models.py::Item]"),
        ("dict[str, User]", f"dict[{USER}]"),
        ("Dict[str, List[User]]", f"dict[list[{USER}]]"),
        ("Optional[List[User]]", f"list[{USER}]"),
        ("type[User]", f"type[{USER}]"),
        ("Annotated[User, 'meta']", USER),
        ("Annotated[list[User], 1, 2]", f"list[{USER}]"),
        ("OpenAI", CLIENT),
        ("openai.OpenAI", CLIENT),
        ("database.Session", SESSION),
        ("Callable[[], Session]", f"collections.abc.Callable[{SESSION}]"),
        ("Callable[..., 'User']", f"collections.abc.Callable[{USER}]"),
    ],
)
def test_annotations(annotation: str, expected: str) -> None:
    assert (
        values(
            f"def f(x: {annotation}): reveal(x)\n"
            f"def g():\n    y: {annotation} = load()\n    reveal(y)\n"
            f"z: {annotation}\nreveal(z)\n"
            f"def h() -> {annotation}: ...\ndef i(): reveal(h())\n"
            f"async def j() -> {annotation}: ...\nasync def k(): reveal(await j())\n"
        )
        == [expected] * 5
    )


@pytest.mark.parametrize(
    "annotation", ["Any", "object", "mystery.Thing()", "nowhere", "'not a (type'", "Any | None"]
)
def test_annotations_that_say_nothing(annotation: str) -> None:
    (found,) = values(f"def f(x: {annotation}): reveal(x.load(User))\n")
    assert found == "?"


@pytest.mark.parametrize(
    "annotation",
    ["Session | AsyncSession", "Union[AsyncSession, Session, None]", "OpenAI | openai.AsyncOpenAI"],
)
def test_what_may_be_synchronous_and_may_be_asynchronous_is_neither(annotation: str) -> None:
    assert values(f"def f(x: {annotation}): reveal(x)\n") == ["?"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Session(engine)", SESSION),
        ("SessionLocal()", SESSION),
        ("database.SessionLocal()", SESSION),
        ("AsyncLocal()", ASYNC),
        ("OldAsyncLocal()", ASYNC),
        ("Scoped()", SESSION),
        ("Scoped.query(User).all()", f"list[{USER}]"),
        ("User()", USER),
        ("OpenAI(api_key=x)", CLIENT),
        ("openai.OpenAI()", CLIENT),
        ("client", CLIENT),
        ("clients.client", CLIENT),
        ("get_client()", CLIENT),
        ("clients.get_client()", CLIENT),
        ("clients.lazy", CLIENT),
        ("Session(engine).query(User).filter(x).order_by(y).first()", USER),
        ("Session(engine).query(User).all()", f"list[{USER}]"),
        ("Session(engine).get(User, 1)", USER),
        ("Session(engine).scalars(select(User).where(x)).all()", f"list[{USER}]"),
        ("Session(engine).execute(select(User)).scalars().first()", USER),
        ("Session(engine).query(User).all()[0]", USER),
        ("[User(), User()]", f"list[{USER}]"),
        ("(User(), Item())", f"tuple[{USER}, models.py::Item]"),
        ("(User(), Item())[1]", "models.py::Item"),
        ("{'a': User()}", f"dict[{USER}]"),
        ("{'a': User()}['a']", USER),
        ("[u for u in Session(engine).query(User)]", f"list[{USER}]"),
        ("[u for u in Session(engine).query(User).all() if u]", f"list[{USER}]"),
        ("list(Session(engine).query(User))", f"list[{USER}]"),
        ("sorted(Session(engine).query(User).all(), key=k)", f"list[{USER}]"),
        ("next(iter(Session(engine).query(User).all()))", USER),
        ("{u.id: u for u in Session(engine).query(User)}", f"dict[{USER}]"),
        ("User() if x else None", USER),
        ("None if x else User()", USER),
        ("x or User()", USER),
        ("User() or None", USER),
        ("x and User()", USER),
        ("partial(SessionLocal, autoflush=False)()", SESSION),
        ("partial(get_client)()", CLIENT),
        ("(yield_ := User())", USER),
        ("f'{x}'", "builtins.str"),
        ("'a' + b", "builtins.str"),
        ("not x", "builtins.bool"),
        ("x == y", "builtins.bool"),
        ("1", "builtins.int"),
        ("None", "None"),
        ("mystery", "external unknown.mystery"),
        ("mystery.anything()", "?"),
        ("mystery()[0].x", "?"),
        ("x", "?"),
        ("User.missing()", "?"),
        ("client.chat.nothing()", "?"),
        ("Session(engine) if x else AsyncLocal()", "?"),
    ],
)
def test_expressions(expression: str, expected: str) -> None:
    assert (
        values(f"def f(x, y, k, b):\n    reveal({expression})\n    v = {expression}\n    reveal(v)\n")
        == [expected] * 2
    )


def test_generators_of_instances() -> None:
    assert values("def f(s: Session):\n    reveal((u for u in s.query(User)))\n") == [f"list[{USER}]"]


def test_different_elements_are_not_the_first() -> None:
    found = values(
        "def f(i):\n    reveal({'a': User(), 'b': Item()}[i])\n    reveal((User(), Item())[i])\n"
    )
    assert found == ["?", "?"]


WITH = """
    def f():
        with SessionLocal() as db:
            reveal(db)
        with Session(engine) as a, Session(engine) as b:
            reveal(b)
        with SessionLocal.begin() as db:
            reveal(db)
        with session_scope() as db:
            reveal(db)
        with database.session_scope() as db:
            reveal(db)
        with OpenAI() as c:
            reveal(c)
        with mystery() as m:
            reveal(m)
    async def g():
        async with AsyncLocal() as db:
            reveal(db)
        async with async_scope() as db:
            reveal(db)
        async with OldAsyncLocal() as db, mystery() as m:
            reveal(db)
            reveal(m)
    """


def test_with_as() -> None:
    assert values(WITH) == [
        SESSION,
        SESSION,
        SESSION,
        SESSION,
        SESSION,
        CLIENT,
        "?",
        ASYNC,
        ASYNC,
        ASYNC,
        "?",
    ]


def test_own_context_managers() -> None:
    assert values(
        """
        class Unit:
            def __init__(self):
                self.session = SessionLocal()
            def __enter__(self):
                return self
            def __exit__(self, *a): ...
        class Opened:
            def __enter__(self) -> Session: ...
        class Later:
            async def __aenter__(self):
                self.db = AsyncLocal()
                return self.db
        async def f():
            with Unit() as unit:
                reveal(unit.session)
            with Opened() as db:
                reveal(db)
            async with Later() as db:
                reveal(db)
        """
    ) == [SESSION, SESSION, ASYNC]


def test_properties_by_whatever_name() -> None:
    files = {
        "a.py": """
            from functools import cached_property as kept
            from db import SessionLocal
            from names import lazyproperty, loud
            class Shop:
                @lazyproperty
                def lazy(self):
                    return SessionLocal()
                @kept
                def aliased(self):
                    return SessionLocal()
                @loud
                def method(self):
                    return SessionLocal()
            def f(shop: Shop):
                reveal(shop.lazy)
                reveal(shop.aliased)
                reveal(shop.method)
        """,
        "db.py": DB,
        "names.py": """
            from functools import cached_property
            lazyproperty = cached_property
            def loud(f):
                return f
        """,
    }
    assert revealed(files) == [SESSION, SESSION, "def a.py::Shop.method"]


SELF = """
    class Repository:
        factory = SessionLocal
        model = User
        timeout: int = 3
        client: OpenAI
        def __init__(self, db: Session, other, fallback=None, *, late: "Optional[AsyncSession]" = None):
            self.db = db
            self._late = late
            self.other = other
            self.made = self.factory()
            self.openai = OpenAI()
            self.maybe = None
            self.typed: Session = fallback
        def open(self):
            self.maybe = SessionLocal()
        @property
        def query(self):
            return self.db.query(User)
        @property
        def typed_client(self) -> OpenAI: ...
        @staticmethod
        def make():
            return User()
        @classmethod
        def build(cls):
            return cls(SessionLocal(), None)
        def use(self):
            reveal(self.db)
            reveal(self._late)
            reveal(self.other)
            reveal(self.made)
            reveal(self.openai)
            reveal(self.maybe)
            reveal(self.typed)
            reveal(self.client)
            reveal(self.query.first())
            reveal(self.typed_client)
            reveal(self.model())
            reveal(self.make())
            reveal(self.build().db)
            reveal(self.missing)
    class Special(Repository):
        def more(self):
            reveal(self.db)
            reveal(self.query.all())
    def outside(r: Repository, s: Special):
        reveal(r.db)
        reveal(s.db)
        reveal(Repository.build().db)
        reveal(Repository.make())
        reveal(Special(None, None).maybe)
        reveal(s.factory())
    """


def test_attributes_of_instances() -> None:
    """One that is only set if the caller passes it (`_late`) is `None` most of the time, so unknown."""
    assert values(SELF) == [
        SESSION, "?", "?", SESSION, CLIENT, SESSION, SESSION, CLIENT, USER, CLIENT, USER, USER, SESSION, "?",
        SESSION, f"list[{USER}]",
        SESSION, SESSION, SESSION, USER, SESSION, SESSION,
    ]  # fmt: skip


def test_attributes_inherited_across_files() -> None:
    files = {
        "main.py": """
            from services import Special
            service = Special(None)
            reveal(service.db)
            reveal(service.repo.client)
            class Own(Special):
                def use(self):
                    reveal(self.repo.client)
                    reveal(super().load())
                    reveal(super().db)
            """,
        "services.py": """
            from base import Base
            class Special(Base): ...
            """,
        "base.py": """
            from sqlalchemy.orm import Session
            from repo import Repo
            class Root:
                def __init__(self, db: Session):
                    self.db = db
            class Base(Root):
                repo = Repo()
                def load(self):
                    return self.repo
            """,
        "repo.py": "from openai import OpenAI\nclass Repo:\n    client = OpenAI()\n",
    }
    assert revealed(files) == [SESSION, CLIENT, CLIENT, "repo.py::Repo", SESSION]


def test_return_values_through_bodies() -> None:
    assert values(
        """
        def one(db: Session, id):
            user = db.query(User).get(id)
            if not user:
                return None
            return user
        def two(id):
            with SessionLocal() as db:
                return one(db, id)
        def many(db: Session):
            users = db.query(User)
            users = users.filter(User.name == "x")
            return users.all()
        async def later(db: AsyncSession):
            result = await db.execute(select(User))
            return result.scalars().all()
        def decided(x):
            if x:
                return load(x)
            else:
                return User()
        def nothing():
            pass
        def generator(db: Session):
            for user in db.query(User):
                yield user
        def nested():
            def inner():
                return User()
            return inner()
        @lru_cache
        def cached():
            return SessionLocal()
        @lru_cache(maxsize=1)
        def cached_too():
            return OpenAI()
        def f():
            reveal(one(x, 1))
            reveal(two(1))
            reveal(many(x))
            reveal(later(x))
            reveal(nothing())
            reveal(nested())
            reveal(cached())
            reveal(cached_too())
            for u in generator(x):
                reveal(u)
        async def g():
            reveal(await later(x))
            reveal((await later(x))[0])
            reveal(await get_client_later())
            x = await later(x)
            for u in x:
                reveal(u)
            reveal(await one(x, 1))
        """
    ) == [
        USER, USER, f"list[{USER}]", f"await list[{USER}]", "?", USER, SESSION, CLIENT, USER,
        f"list[{USER}]", USER, CLIENT, USER, "?",
    ]  # fmt: skip


def test_a_decorator_of_the_project_may_change_what_is_returned() -> None:
    """What an unknown decorator makes of a function is unknown; a well behaved one (`functools.wraps`) keeps it."""
    assert values(
        """
        from functools import wraps
        def kept(f):
            @wraps(f)
            def inner(*a, **k):
                return f(*a, **k)
            return inner
        @kept
        def one():
            return User()
        def f():
            reveal(one())
        """
    ) == [USER]


def test_parameters_bound_at_call_sites() -> None:
    assert values(
        """
        def first(db):
            return db.query(User).first()
        def get(db, model):
            return db.get(model, 1)
        def keep(x):
            return x
        def typed(db: Any):
            return db.query(User).first()
        def f(db: Session, a: AsyncSession, unknown):
            reveal(first(db))
            reveal(first(unknown))
            reveal(get(db, User))
            reveal(get(db, model=Item))
            reveal(get(model=User, db=db))
            reveal(keep(db))
            reveal(keep(unknown))
            reveal(keep(*unknown))
            reveal(typed(db))
        """
    ) == [USER, USER, USER, "models.py::Item", USER, SESSION, "?", "?", USER]


GENERIC_OLD = """
    from typing import Generic, List, Optional, Type, TypeVar
    from pydantic import BaseModel
    ModelType = TypeVar("ModelType", bound="Base")
    CreateType = TypeVar("CreateType", bound=BaseModel)
    UpdateType = TypeVar("UpdateType", bound=BaseModel)
    class CRUDBase(Generic[ModelType, CreateType, UpdateType]):
        def __init__(self, model: Type[ModelType]):
            self.model = model
        def get(self, db: Session, id) -> Optional[ModelType]:
            return db.query(self.model).filter(self.model.id == id).first()
        def get_multi(self, db: Session) -> List[ModelType]:
            return db.query(self.model).all()
        def bare(self, db: Session, id):
            return db.query(self.model).get(id)
        async def later(self, db) -> ModelType | None: ...
        def create(self, db: Session, obj_in: CreateType) -> ModelType:
            db_obj = self.model(**obj_in)
            return db_obj
    class UserCreate(BaseModel): ...
    class CRUDUser(CRUDBase[User, UserCreate, UserCreate]):
        def by_email(self, db: Session):
            reveal(self.model)
            return self.get(db, 1)
    class CRUDAdmin(CRUDUser): ...
    class Half(CRUDBase[ModelType, UserCreate, UserCreate]): ...
    class CRUDItem(Half[Item]): ...
    user = CRUDUser(User)
    item = CRUDBase[Item, UserCreate, UserCreate](Item)
    def f(db: Session):
        reveal(user.get(db, 1))
        reveal(user.get_multi(db))
        reveal(user.bare(db, 1))
        reveal(user.create(db, x))
        reveal(user.by_email(db))
        reveal(item.get(db, 1))
        reveal(CRUDAdmin(User).get_multi(db))
        reveal(CRUDItem(Item).get(db, 1))
    async def g(db):
        reveal(await user.later(db))
    """


def test_generic_repositories() -> None:
    item = "models.py::Item"
    assert values(GENERIC_OLD) == [
        f"type[{USER}]", USER, f"list[{USER}]", USER, USER, USER, item, f"list[{USER}]", item, USER,
    ]  # fmt: skip


def test_generic_repositories_over_files() -> None:
    files = {
        "app/main.py": """
            from app import crud
            from app.db import get
            def f(db):
                reveal(crud.user.get(db, 1))
                reveal(crud.user.get_multi(db))
            """,
        "app/__init__.py": "",
        "app/db.py": "get = None\n",
        "app/crud/__init__.py": "from .crud_user import user\n",
        "app/crud/base.py": """
            from typing import Generic, TypeVar
            from sqlalchemy.orm import Session
            T = TypeVar("T")
            class CRUDBase(Generic[T]):
                def __init__(self, model: type[T]):
                    self.model = model
                def get(self, db: Session, id) -> T | None:
                    return db.get(self.model, id)
                def get_multi(self, db: Session):
                    return db.query(self.model).all()
            """,
        "app/crud/crud_user.py": """
            from app.crud.base import CRUDBase
            from app.models import User
            class CRUDUser(CRUDBase[User]): ...
            user = CRUDUser(User)
            """,
        "app/models.py": MODELS,
    }
    assert revealed(files) == ["app/models.py::User", "list[app/models.py::User]"]


def test_a_repository_told_its_model_without_a_type_argument() -> None:
    assert values(
        """
        class Base:
            model = None
            def get(self, db: Session):
                return db.query(self.model).first()
        class Users(Base):
            model = User
        class Held:
            def __init__(self, model):
                self.model = model
            def get(self, db: Session):
                return db.query(self.model).first()
        held = Held(User)
        def f(db):
            reveal(Users().get(db))
            reveal(Base().get(db))
            reveal(held.get(db))
        """
    )[:2] == [USER, "?"]


def test_generic_repositories_in_the_new_syntax() -> None:
    assert values(
        """
        class Repository[T]:
            def __init__(self, db: Session, model: type[T]):
                self.db = db
                self.model = model
            def get(self, id) -> T | None:
                return self.db.get(self.model, id)
            def all(self):
                return self.db.query(self.model).all()
        class Users(Repository[User]): ...
        def f(db, r: Repository[Item]):
            reveal(Users(db, User).get(1))
            reveal(Users(db, User).all())
            reveal(r.get(1))
        type Alias = list[User]
        def g(x: Alias):
            reveal(x)
        """
    ) == [USER, f"list[{USER}]", "models.py::Item", f"list[{USER}]"]


def test_targets_taken_apart() -> None:
    assert values(
        """
        def pair():
            return User(), Item()
        def f(db: Session):
            a, b = User(), Item()
            reveal(a)
            reveal(b)
            c, d = pair()
            reveal(d)
            (e, (g, h)) = User(), (Item(), OpenAI())
            reveal(h)
            i, *rest = pair()
            reveal(i)
            reveal(rest)
            j = k = User()
            reveal(j)
            reveal(k)
            x, y = mystery()
            reveal(y)
            for n, m in [(User(), Item())]:
                reveal(n)
                reveal(m)
            for n, (o, p) in enumerate(mystery()):
                reveal(p)
            z = [q for p, q in [(User(), Item())]]
            reveal(z)
            for n, u in enumerate(db.query(User)):
                reveal(u)
            for u, v in zip(db.query(User), db.query(Item)):
                reveal(v)
        """
    ) == [
        USER, "models.py::Item", "models.py::Item", CLIENT, USER, "?", USER, USER, "?", USER, "models.py::Item", "?",
        "list[models.py::Item]", USER, "models.py::Item",
    ]  # fmt: skip


def test_loops() -> None:
    assert values(
        """
        async def f(db: Session):
            for u in db.query(User):
                reveal(u)
            for u in db.query(User).all():
                reveal(u)
            for u in [User()]:
                reveal(u)
            for k, u in {"a": User()}.items():
                reveal(u)
            for u in {"a": User()}.values():
                reveal(u)
            async for s in get_async_db():
                reveal(s)
            for s in get_db():
                reveal(s)
            s = next(get_db())
            reveal(s)
            s = await anext(get_async_db())
            reveal(s)
            for m in mystery():
                reveal(m)
        """
    ) == [USER, USER, USER, USER, USER, ASYNC, SESSION, SESSION, ASYNC, "?"]


def test_walrus() -> None:
    assert values(
        """
        def f(db: Session):
            if (u := db.get(User, 1)) is None:
                return
            reveal(u)
            while user := db.query(User).first():
                reveal(user)
            if (
                True
                and (late := db.get(Item, 1))
            ):
                reveal(late)
        """
    ) == [USER, USER, "models.py::Item"]


def test_conditional_assignment() -> None:
    assert values(
        """
        def f(flag, db: Session = None):
            client = None
            if flag:
                client = OpenAI()
            reveal(client)
            if flag:
                user = db.get(User, 1)
            else:
                user = None
            reveal(user)
            own = db or SessionLocal()
            reveal(own)
            db = db or mystery()
            reveal(db)
        def g(db: Session = None):
            if db is None:
                db = SessionLocal()
            reveal(db)
        def h(db=None):
            if db is None:
                db = SessionLocal()
            reveal(db)
        """
    ) == [CLIENT, USER, SESSION, SESSION, SESSION, SESSION]


def test_a_name_that_changes_its_meaning() -> None:
    assert values(
        """
        def f(user_id, user):
            reveal(user)
            user = User()
            reveal(user)
            user = Item()
            reveal(user)
            user = mystery(user)
            reveal(user)
        """
    ) == ["?", USER, "models.py::Item", "?"]


def test_clients_set_in_startup_functions() -> None:
    files = {
        "main.py": """
            import state
            from state import client, get
            from fastapi import FastAPI, Request
            app = FastAPI()
            @app.on_event("startup")
            async def startup():
                app.state.db = state.SessionLocal()
            def f():
                reveal(state.client)
                reveal(client)
                reveal(get())
            """,
        "state.py": """
            from typing import Optional
            import redis
            from sqlalchemy.orm import sessionmaker
            SessionLocal = sessionmaker()
            client: Optional[redis.Redis] = None
            def init():
                global client
                client = redis.Redis()
            def get():
                if client is None:
                    init()
                return client
            """,
    }
    assert revealed(files) == ["redis.Redis"] * 3


def test_module_level_instances_imported_elsewhere() -> None:
    files = {
        "app/main.py": """
            from app.services import user_service
            from app import services
            import app.services as s
            reveal(user_service)
            reveal(services.user_service.repo)
            reveal(s.user_service.find(1))
            """,
        "app/__init__.py": "",
        "app/services/__init__.py": "from .user import user_service\n",
        "app/services/user.py": """
            from app.repos import UserRepo
            class UserService:
                def __init__(self, repo=None):
                    self.repo = repo or UserRepo()
                def find(self, id):
                    return self.repo.find(id)
            user_service = UserService()
            """,
        "app/repos.py": """
            from app.models import User
            class UserRepo:
                def find(self, id) -> User: ...
            """,
        "app/models.py": MODELS,
    }
    found = revealed(files)
    assert found == [
        "app/services/user.py::UserService",
        "app/repos.py::UserRepo",
        "app/models.py::User",
    ]


def test_providers() -> None:
    assert values(
        """
        from fastapi import Depends
        SessionDep = Annotated[Session, Depends(get_db)]
        Bare = Annotated[Any, Depends(get_async_db)]
        def f(db=Depends(get_db), a: Bare = None, c: SessionDep = None, d: Any = Depends(get_client)):
            reveal(db)
            reveal(a)
            reveal(c)
            reveal(d)
        """
    ) == [SESSION, ASYNC, SESSION, CLIENT]


def test_methods_that_return_self() -> None:
    assert values(
        """
        from typing import Self
        class Builder:
            user = User()
            def one(self):
                return self
            def two(self) -> "Builder": ...
            def three(self) -> Self: ...
        class More(Builder):
            item = Item()
        def f():
            reveal(More().one().item)
            reveal(More().two().user)
            reveal(More().three().item)
        """
    ) == ["models.py::Item", USER, "models.py::Item"]


def test_dataclass_and_named_tuple_fields() -> None:
    assert values(
        """
        from dataclasses import dataclass, field
        from typing import NamedTuple
        @dataclass
        class Deps:
            db: Session
            users: list[User] = field(default_factory=list)
        class Pair(NamedTuple):
            user: User
        def f(deps: Deps, pair: Pair):
            reveal(deps.db)
            reveal(deps.users[0])
            reveal(pair.user)
        """
    ) == [SESSION, USER, USER]


def test_models_out_of_sight() -> None:
    """A session takes and gives nothing but models, wherever their classes are."""
    mapped = "sqlalchemy.orm.mapped"
    assert values(
        """
        from elsewhere import Order, orders, ORDERS
        def f(db: Session, local):
            reveal(db.query(Order).all())
            reveal(db.get(Order, 1))
            reveal(db.query(Missing).first())
            reveal(db.query(orders).all())
            reveal(db.query(ORDERS).all())
            reveal(db.query(Order.id).all())
            reveal(db.query(local).first())
        async def g(db: AsyncSession):
            result = await db.execute(select(Order).where(Order.id == 1))
            reveal(result.scalar_one_or_none())
        """
    ) == [
        f"list[{mapped}.Order]",
        f"{mapped}.Order",
        f"{mapped}.Missing",
        *["list[?]"] * 3,
        "?",
        f"{mapped}.Order",
    ]


def test_what_a_session_stores_is_a_model() -> None:
    mapped = "sqlalchemy.orm.mapped"
    assert values(
        """
        from elsewhere import Order, Basket, make
        def f(db: Session, basket: set):
            order = Order(id=1)
            db.add(order)
            reveal(order)
            missing = Missing()
            db.refresh(missing)
            reveal(missing)
            other = Basket()
            basket.add(other)
            reveal(other)
            made = make()
            db.add(made)
            reveal(made)
            user = User()
            db.add(user)
            reveal(user)
        """
    ) == [f"{mapped}.Order", f"{mapped}.Missing", "elsewhere.Basket", "?", USER]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("def f(db):\n    reveal(db.query(User).first())\n", USER),
        ("def f(anything: Any):\n    reveal(anything.query(User.id).all())\n", "list[?]"),
        ("def f(db=Depends(get_db)):\n    reveal(db.query(User))\n", f"sqlalchemy.orm.Query[{USER}]"),
        ("def f(x):\n    reveal(x.execute(select(User)).scalars().all())\n", f"list[{USER}]"),
        ("def f(x):\n    query = select(User)\n    reveal(x.scalars(query).first())\n", USER),
        ("async def f(x):\n    reveal((await x.execute(select(User))).scalar_one())\n", USER),
        ("async def f(x):\n    await gather(x.scalar(select(User)))\n    reveal(x.scalar)\n", f"def {ASYNC}.scalar"),
        ("def f(db):\n    db.add(1)\n    db.commit()\n    reveal(db.commit)\n", f"def {SESSION}.commit"),
        ("async def f(db):\n    db.add(1)\n    await db.commit()\n    reveal(db.commit)\n", f"def {ASYNC}.commit"),
        ("class C:\n    def f(self):\n        reveal(self.db.query(User).first())\n", USER),
        ("def f(session: SessionDep):\n    reveal(session.exec(select(User)).all())\n", f"list[{USER}]"),
        ("def f():\n    db = SessionMaker()\n    reveal(db.query(User).first())\n", USER),
        ("def f(db):\n    db.commit()\n    reveal(db.commit)\n", "def unseen.Session.commit"),
        ("def f(cursor):\n    cursor.execute('x')\n    reveal(cursor.execute)\n", "def unseen.Connection.execute"),
        ("async def f(pool):\n    reveal(await pool.fetchrow('x'))\n", "asyncpg.Record"),
        ("async def f(db):\n    reveal(db.users.find_one)\n", "def unseen.Collection.find_one"),
        ("async def f(db):\n    reveal(db['users'].insert_one)\n", "def unseen.Collection.insert_one"),
        ("async def f(x):\n    reveal(x.find({}).to_list)\n", "def unseen.Collection.to_list"),
        ("async def f():\n    reveal(Missing.find_one)\n", "def unseen.Collection.find_one"),
        ("def f(supabase):\n    reveal(supabase.table)\n", "def supabase.Client.table"),
        ("async def f(supabase):\n    await supabase.table('x').execute()\n    reveal(supabase.table)\n",
         "def supabase.AsyncClient.table"),
    ],
)  # fmt: skip
def test_told_by_use(body: str, expected: str) -> None:
    """What a function does with an object of which nothing else is known."""
    assert values(body) == [expected]


@pytest.mark.parametrize(
    "body",
    [
        "def f(x):\n    reveal(x.query('SELECT 1'))\n",
        "def f(x):\n    reveal(x.query(TABLE))\n",
        "def f(x):\n    reveal(x.execute('x'))\n",
        "def f(x):\n    reveal(x.commit)\n",
        "def f(repo):\n    reveal(repo.find_one)\n",
        "def f(repo):\n    repo.add(1)\n    repo.commit()\n    reveal(repo.commit)\n",
        "def f(db):\n    reveal(db.get('key', 1))\n",
        "def f(db):\n    reveal(db.get_user(1))\n",
        "async def f(db):\n    reveal(await db.query(User))\n",
        "class Store:\n    def other(self): ...\ndef f(db: Store):\n    reveal(db.commit)\n",
        "from requests import Session as S\ndef f(session: S):\n    reveal(session.commit)\n",
    ],
)
def test_not_told_by_use(body: str) -> None:
    assert values(body) == ["?"]


def test_rows_of_classes_out_of_sight() -> None:
    mapped = "sqlalchemy.orm.mapped"
    assert values(
        """
        from elsewhere import Order
        from .gone import Basket
        from requests import Response
        def f(order):
            reveal(Order.query.filter_by(id=1).first())
            reveal(Basket.query.get(1))
            reveal(Missing.query.all())
            reveal(Missing.objects.filter(id=1).first())
            reveal(Basket.objects.get(id=1))
            reveal(Response.query.get(1))
            reveal(order.query.get(1))
        """
    ) == [
        f"{mapped}.Order",
        f"{mapped}.Basket",
        f"list[{mapped}.Missing]",
        "Missing",
        ".gone.Basket",
        "?",
        "?",
    ]


UNKNOWN = {
    "an unknown function": "def f():\n    reveal(load().query(User).all())\n",
    "a parameter nobody passes": "def f(db):\n    reveal(db.find(User).all())\n",
    "a keyword dict": "def f(**db):\n    reveal(db)\n",
    "an unknown module": "import elsewhere\ndef f():\n    reveal(elsewhere.session.query(User))\n",
    "getattr": "def f(x: User):\n    reveal(getattr(x, 'db'))\n",
    "a setattr": "class C: ...\ndef f(c: C):\n    setattr(c, 'db', Session())\n    reveal(c.db)\n",
    "an unawaited coroutine's value": "async def get():\n    return User()\nasync def f():\n    reveal(get().id)\n",
    "an attribute of None": "def f():\n    x = None\n    reveal(x.db)\n",
    "an overwritten name": "def f(x):\n    db = Session()\n    db = x\n    reveal(db)\n",
    "a deleted name's attribute": "def f(x):\n    reveal(x.y.z)\n",
    "eval": "def f():\n    reveal(eval('Session()'))\n",
}


@pytest.mark.parametrize("body", UNKNOWN.values(), ids=UNKNOWN)
def test_what_cannot_be_known(body: str) -> None:
    assert values(body) == ["?"]


@pytest.mark.parametrize(
    "body",
    [
        "def f(x):\n    reveal(f(x))\n    return f(x)\n",
        "def a(x):\n    return b(x)\ndef b(x):\n    return a(x)\ndef f():\n    reveal(a(1))\n",
        "class C:\n    def one(self):\n        return self.two()\n    def two(self):\n        return self.one()\n"
        "def f():\n    reveal(C().one())\n",
        "x = y\ny = x\nreveal(x)\n",
        "class C:\n    def __init__(self):\n        self.a = self.b\n        self.b = self.a\n"
        "def f(c: C):\n    reveal(c.a)\n",
        "def f(g):\n    return f(f)\nreveal(f(f))\n",
        "def f(x=None):\n    x = x.y\n    x = x.z\n    reveal(x)\n",
        "def f(x):\n    for x in x:\n        reveal(x)\n",
    ],
)
def test_recursion_ends_in_the_unknown(body: str) -> None:
    assert values(body) == ["?"]


def test_recursion_with_a_way_out() -> None:
    assert values(
        """
        def walk(n):
            if n:
                return walk(n - 1)
            return User()
        def f():
            reveal(walk(3))
        """
    ) == [USER]


def test_long_chains_of_helpers_end() -> None:
    body = "def f0():\n    return User()\n" + "".join(
        f"def f{i}():\n    return f{i - 1}()\n" for i in range(1, 300)
    )
    assert values(body + "def g():\n    reveal(f5())\n    reveal(f299())\n")[0] == USER


def test_new_types_are_what_they_are_made_of() -> None:
    assert values(
        """
        from typing import NewType
        ReadSession = NewType("ReadSession", AsyncSession)
        WriteSession = NewType("WriteSession", ReadSession)
        def f(r: ReadSession, w: WriteSession):
            reveal(r)
            reveal(w)
        """
    ) == [ASYNC, ASYNC]


def held(framework: str, setting: str, reading: str) -> list[str]:
    """What `reading` is in one file after `setting` in another."""
    return revealed(
        {
            "main.py": f"import sqlite3, asyncpg, sqlalchemy.orm\n{framework}\n{textwrap.dedent(setting)}",
            "views.py": f"{framework}\ndef view(request: Request = None):\n    reveal({reading})\n",
        }
    )


FASTAPI = "from fastapi import FastAPI, Request\n"
FLASK = "from flask import Flask, Request, current_app, g\n"


@pytest.mark.parametrize(
    ("framework", "setting", "reading"),
    [
        (FASTAPI, "app = FastAPI()\napp.state.db = sqlite3.connect('x')", "request.app.state.db"),
        (FASTAPI, "app = FastAPI()\napp.db = sqlite3.connect('x')", "request.app.db"),
        (FASTAPI, "def lifespan(app):\n    app.state.db = sqlite3.connect('x')", "request.app.state.db"),
        (FASTAPI, "def middleware(request: Request):\n    request.state.db = sqlite3.connect('x')", "request.state.db"),
        (FLASK, "def before():\n    g.db = sqlite3.connect('x')", "g.db"),
        (FLASK, "def create():\n    app = Flask('x')\n    app.db = sqlite3.connect('x')", "current_app.db"),
    ],
)  # fmt: skip
def test_what_an_application_holds(framework: str, setting: str, reading: str) -> None:
    assert held(framework, setting, reading) == ["sqlite3.Connection"]


@pytest.mark.parametrize(
    ("setting", "reading"),
    [
        ("def before():\n    g.other = sqlite3.connect('x')", "g.db"),
        ("def before(g):\n    g.db = sqlite3.connect('x')", "g.db"),
        (
            "def a(s: sqlalchemy.orm.Session):\n    g.db = s\ndef b():\n    g.db = sqlite3.connect('x')",
            "g.db",
        ),
        ("def before():\n    g.db = g.db", "g.db"),
    ],
)
def test_what_nobody_can_tell_an_application_holds(setting: str, reading: str) -> None:
    assert held(FLASK, setting, reading) == ["?"]


def test_an_application_s_state_is_not_a_request_s() -> None:
    setting = """
        app = FastAPI()
        app.state.db = sqlite3.connect("x")
        def middleware(request: Request, s: sqlalchemy.orm.Session):
            request.state.db = s
        """
    assert held(FASTAPI, setting, "request.state.db") == [SESSION]
    assert held(FASTAPI, setting, "request.app.state.db") == ["sqlite3.Connection"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("await asyncio.to_thread(load, 1)", f"list[{USER}]"),
        ("await asyncio.to_thread(lambda: load(1))", f"list[{USER}]"),
        ("await run_in_threadpool(db.get, User, 1)", USER),
        ("await asyncio.to_thread(unknown)", "?"),
        ("await asyncio.to_thread()", "?"),
        ("asyncio.to_thread(load, 1)", f"await list[{USER}]"),
    ],
)
def test_a_thread_gives_what_the_function_gives(expression: str, expected: str) -> None:
    source = (
        "import asyncio\nfrom fastapi.concurrency import run_in_threadpool\n"
        f"def load(x) -> list[User]: ...\nasync def f(db: Session): reveal({expression})\n"
    )
    assert values(source) == [expected]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("datetime.now()", "datetime.datetime"),
        ("datetime.now().date().isoformat()", "builtins.str"),
        ("uuid.uuid4().hex", "builtins.str"),
        ("(datetime.now() - datetime.now()).days", "?"),
    ],
)
def test_plain_values_of_the_standard_library(expression: str, expected: str) -> None:
    assert values(f"import uuid\nfrom datetime import datetime\nreveal({expression})\n") == [expected]


def test_what_a_callable_gives() -> None:
    body = """
        def f(make: Callable[[], Session], scope: Callable[..., AbstractContextManager[Session]], any: Callable):
            reveal(make())
            with scope() as session:
                reveal(session)
            reveal(any())
        def g(handed: Callable = SessionLocal):
            reveal(handed())
        """
    assert values(body) == [SESSION, SESSION, "?", SESSION]


def test_what_is_put_into_containers() -> None:
    body = """
        def f(users: list[User], key: str):
            rows = []
            reveal(rows)
            for user in users:
                rows.append(user)
            reveal(rows)
            rows = []
            rows.append(1)
            reveal(rows)
            by_key = {"first": users[0], "count": 1}
            by_key["first"] = 3
            reveal(by_key)
            by_key[key] = users[0]
            reveal(by_key)
            reveal({**by_key})
            reveal(dict(user=users[0]))
        """
    number = "builtins.int"
    assert values(body) == [
        "list[?]",
        f"list[{USER}]",
        f"list[{number}]",
        f"dict[{number}, {number}]",
        f"dict[{number}, {number}, {USER}]",
        f"dict[{number}, {number}, {USER}]",
        f"dict[{USER}]",
    ]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("Shelf(SessionLocal())", SESSION),
        ("Shelf(db=SessionLocal())", SESSION),
        ("[Shelf(SessionLocal()), Shelf(SessionLocal())]", SESSION),
        ("[Shelf(SessionLocal()), Shelf(AsyncLocal())]", "?"),
        ("[Shelf(SessionLocal()), Shelf(mystery)]", "?"),
        ("[Shelf(SessionLocal()), Shelf()]", "?"),
        ("Other(SessionLocal())", "?"),
    ],
)
def test_a_constructor_without_annotations_is_known_by_what_it_is_handed(
    made: str, expected: str
) -> None:
    body = f"""
        class Shelf:
            def __init__(self, db):
                self.db = db
            def copy(self):
                return Shelf(self.db)
            def rows(self):
                reveal(self.db)
        def make():
            return {made}
        """
    assert values(body) == [expected]


def test_classes_are_those_assigned_and_not_the_bound_that_is_annotated() -> None:
    body = """
        kept: type[Base] = User
        several: tuple[type[Base], ...] = (User, Item)
        final: Final[tuple[type[Base], ...]] = (User,)
        unknown: type[Base] = mystery()
        class Views:
            model: type[Base] = User
            other: type[Base]
            def rows(self):
                reveal(kept)
                reveal(several)
                reveal(final)
                reveal(unknown)
                reveal(self.model)
                reveal(self.other)
        """
    user, item, base = f"type[{USER}]", "type[models.py::Item]", "type[models.py::Base]"
    head = "from typing import Final\nfrom models import Base, Item, User\n"
    assert revealed({"app.py": head + textwrap.dedent(body), "models.py": textwrap.dedent(MODELS)}) == [
        user,
        f"tuple[{user}, {item}]",
        f"tuple[{user}]",
        base,
        user,
        base,
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("isinstance(x, Item)", ["models.py::Item", USER]),
        ("isinstance(x, User)", [USER, "?"]),
        ("isinstance(x, (Item, str))", ["?", USER]),
        ("isinstance(x, (User, Item))", [USER, "?"]),
        ("isinstance(x, nowhere.Bound)", ["?", USER]),
        ("not isinstance(x, User)", ["?", USER]),
        ("isinstance(x, dict)", ["dict[]", USER]),
        ("isinstance(x, x.__class__)", ["?", USER]),
        ("isinstance(x, User) and isinstance(x, Item)", ["models.py::Item", USER]),
    ],
)
def test_what_a_condition_tells(condition: str, expected: list[str]) -> None:
    body = f"""
        def f(x: User):
            if {condition}:
                reveal(x)
            else:
                reveal(x)
        """
    assert values(body) == expected


def test_what_a_condition_tells_until_it_does_not() -> None:
    body = """
        class Box:
            held: User
            def f(self, x, rows: list[User], made: list[User] | User):
                if isinstance(x, User):
                    reveal(x)
                    x = Item()
                    reveal(x)
                if not isinstance(self.held, Item):
                    return
                reveal(self.held)
                reveal(self.held.id)
                self.held = User()
                reveal(self.held)
                if isinstance(rows, list):
                    reveal(rows)
                if isinstance(made, User):
                    reveal([made for made in rows])
                    reveal(made)
                def inner():
                    reveal(x)
        """
    item = "models.py::Item"
    assert values(body) == [USER, item, item, "?", USER, f"list[{USER}]", f"list[{USER}]", USER, item]


def test_a_condition_leaves_the_other_members_of_a_union() -> None:
    body = """
        def f(db: Session | AsyncSession, x: User | Item | None, y: User | mystery, z: User | Item):
            reveal(db)
            if isinstance(db, AsyncSession):
                reveal(db)
            else:
                reveal(db)
            if not isinstance(x, User):
                reveal(x)
            if not isinstance(x, (User, Item)):
                reveal(x)
            if not isinstance(y, User):
                reveal(y)
            z = z or User()
            if not isinstance(z, User):
                reveal(z)
        """
    item = "models.py::Item"
    assert values(body) == ["?", ASYNC, SESSION, item, "None", "unknown.mystery", "?"]


@pytest.mark.parametrize(
    ("declared", "below", "expected"),
    [
        ("db", "super().__init__(db, 1)", SESSION),
        ("db: Union[Session, AsyncSession]", "super().__init__(db, 1)", SESSION),
        ("db: Session | AsyncSession", "super().__init__(model=1, db=db)", SESSION),
        ("db: Any", "super(Sync, self).__init__(db, 1)", SESSION),
        ("db=None", "super().__init__(db, 1)", SESSION),
        ("db", "Base.__init__(self, db, 1)", SESSION),
        ("db: AsyncSession", "super().__init__(db, 1)", ASYNC),
        ("db", "pass", "?"),
        ("db", "super().__init__(mystery, 1)", "?"),
        ("db", "super().__init__(*db)", "?"),
        ("db", "self.db.__init__(db)", "?"),
        ("db", "(super().__init__(db, 1), super().__init__(mystery, 1))", "?"),
        ("db", "super().__init__(self.db, 1)", "?"),
    ],
)
def test_what_a_constructor_hands_to_the_one_above(declared: str, below: str, expected: str) -> None:
    body = f"""
        class Base:
            def __init__(self, {declared}, model=None):
                self.db = db
        class Middle(Base):
            pass
        class Sync(Middle):
            def __init__(self, db: Session):
                {below}
            def rows(self):
                reveal(self.db)
        """
    assert values(body) == [expected]


def test_what_is_handed_up_through_several_constructors() -> None:
    body = """
        class Base:
            def __init__(self, db):
                self.db = db
            def rows(self):
                reveal(self.db)
        class Middle(Base):
            def __init__(self, session, model):
                super().__init__(session)
                self.model = model
        class Sync(Middle):
            def __init__(self):
                super().__init__(SessionLocal(), User)
        class Async(Middle):
            def __init__(self):
                super().__init__(AsyncLocal(), User)
        reveal(Sync().db)
        reveal(Sync().model)
        reveal(Async().db)
        reveal(Middle(mystery, User).db)
        """
    assert values(body) == ["?", SESSION, f"type[{USER}]", ASYNC, "?"]
