"""What FastAPI's dependencies provide, and which ones a route has."""

from __future__ import annotations

import textwrap

import pytest

from api_lint import Dependency, Route
from project import revealed, routes

SESSION = "sqlalchemy.orm.Session"
ASYNC = "sqlalchemy.ext.asyncio.AsyncSession"

FILES = {
    "app/__init__.py": "",
    "app/models.py": """
        from sqlalchemy.orm import DeclarativeBase
        class Base(DeclarativeBase): ...
        class User(Base): ...
        """,
    "app/db.py": """
        from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
        from typing import Annotated
        from fastapi import Depends
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
        from sqlalchemy.orm import Session, sessionmaker
        SessionLocal = sessionmaker()
        AsyncLocal = async_sessionmaker()
        def returned():
            return SessionLocal()
        def yielded():
            db = SessionLocal()
            try:
                yield db
            finally:
                db.close()
        def with_yielded():
            with SessionLocal() as db:
                yield db
        async def async_yielded():
            async with AsyncLocal() as session:
                yield session
        async def async_returned():
            return AsyncLocal()
        def annotated() -> Generator[Session, None, None]:
            yield make()
        def iterated() -> Iterator[Session]:
            yield make()
        async def async_annotated() -> AsyncGenerator[AsyncSession, None]:
            yield make()
        async def async_iterated() -> AsyncIterator[AsyncSession]:
            yield make()
        def wrongly() -> Session:
            yield make()
        async def sync_in_async():
            with SessionLocal() as db:
                yield db
        def from_other(db: Session = Depends(yielded)):
            return db
        def from_bare(db=Depends(yielded)):
            return db
        async def awaited():
            return await async_returned()
        def through_generator():
            yield from yielded()
        class Database:
            def __init__(self, url):
                self.factory = SessionLocal
            def session(self):
                return self.factory()
            async def later(self):
                yield AsyncLocal()
            def __call__(self):
                return self.factory()
        database = Database("")
        SessionDep = Annotated[Session, Depends(yielded)]
        AsyncDep = Annotated[AsyncSession, Depends(async_yielded)]
        Bare = Annotated["Session", Depends(yielded)]
        Again = SessionDep
        """,
    "app/alias.py": "from app.db import AsyncDep, SessionDep as Db, Again as Once\nTwice = Once\n",
}


def provided(parameter: str, head: str = "") -> str:
    main = (
        "from typing import Annotated, Any\nimport fastapi\nimport fastapi as fa\nfrom fastapi import Depends, Security\n"
        "from fastapi import Depends as D\nfrom app import alias, db\nfrom app.alias import Db, Twice\n"
        "from app.db import *\n" + head
    )
    (found,) = revealed(
        {"app/main.py": f"{main}\ndef handler(*, {parameter}):\n    reveal(x)\n", **FILES}
    )
    return found


@pytest.mark.parametrize(
    "name",
    [
        "returned",
        "yielded",
        "with_yielded",
        "annotated",
        "iterated",
        "wrongly",
        "from_other",
        "from_bare",
        "sync_in_async",
        "through_generator",
    ],
)
def test_synchronous_providers(name: str) -> None:
    assert provided(f"x=Depends({name})") == SESSION
    assert provided(f"x: Any = Depends(db.{name})") == SESSION
    assert provided(f"x: Annotated[Any, Depends({name})]") == SESSION


@pytest.mark.parametrize(
    "name",
    [
        "async_yielded",
        "async_returned",
        "async_annotated",
        "async_iterated",
        "awaited",
        "database.later",
    ],
)
def test_asynchronous_providers(name: str) -> None:
    assert provided(f"x=Depends({name})") == ASYNC
    assert provided(f"x: Annotated[object, Depends(db.{name})]") == ASYNC


@pytest.mark.parametrize(
    "depends", ["Depends", "Security", "D", "fastapi.Depends", "fa.Security", "fastapi.params.Depends"]
)
def test_every_spelling_of_depends(depends: str) -> None:
    assert provided(f"x={depends}(yielded)") == SESSION
    assert provided(f"x: Annotated[Any, {depends}(yielded)]") == SESSION
    assert provided(f"x={depends}(dependency=yielded, use_cache=False)") == SESSION


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("SessionDep", SESSION), ("Bare", SESSION), ("Again", SESSION), ("Db", SESSION), ("Twice", SESSION),
        ("db.SessionDep", SESSION), ("alias.Db", SESSION), ("alias.Twice", SESSION), ("'Db'", SESSION),
        ("AsyncDep", ASYNC), ("alias.AsyncDep", ASYNC), ("db.AsyncDep", ASYNC),
    ],
)  # fmt: skip
def test_aliases_of_annotated(annotation: str, expected: str) -> None:
    assert provided(f"x: {annotation}") == expected


def test_the_annotation_wins_over_what_the_provider_makes() -> None:
    assert provided("x: db.AsyncSession = Depends(yielded)") == ASYNC


def test_classes_as_dependencies() -> None:
    head = "class Service:\n    def __init__(self, db: SessionDep):\n        self.db = db\n"
    assert provided("x: Service = Depends()", head) == "app/main.py::Service"
    assert provided("x: Annotated[Service, Depends()]", head) == "app/main.py::Service"
    assert provided("x=Depends(Service)", head) == "app/main.py::Service"
    assert provided("x: Annotated[Any, Depends(Service)]", head) == "app/main.py::Service"


def test_instances_as_dependencies() -> None:
    assert provided("x=Depends(database)") == SESSION
    assert provided("x=Depends(database.session)") == SESSION
    assert provided("x=Depends(db.database.session)") == SESSION
    assert provided("x=Depends(Database(''))") == SESSION


def test_providers_made_by_calls() -> None:
    head = (
        "def provider(flag):\n    def inner():\n        return SessionLocal()\n    return inner\n"
        "import functools\nmade = functools.partial(returned)\n"
    )
    assert provided("x=Depends(provider(True))", head) == SESSION
    assert provided("x=Depends(made)", head) == SESSION
    assert provided("x=Depends(lambda: SessionLocal())") == "?"


@pytest.mark.parametrize(
    "parameter",
    [
        "x=Depends(nowhere)", "x=Depends(db.missing)", "x=Depends()", "x: Annotated[Any, Depends()]", "x=Depends(yielded())",
        "x=Query()", "x: Annotated[Any, 'text']", "x=depends(yielded)",
    ],
)  # fmt: skip
def test_what_provides_nothing_known(parameter: str) -> None:
    assert provided(parameter, "def depends(f): ...\n") == "?"


def test_somebody_else_s_depends_is_none() -> None:
    assert provided("x=Depends(yielded)", "def Depends(f): ...\n") == "?"


@pytest.mark.parametrize("order", ["", "reversed"])
def test_services_that_are_injected(order: str) -> None:
    """The session reaches a service's method through the service's own dependencies."""
    files = {
        "app/main.py": """
            from fastapi import Depends
            from app.services import Service, get_service
            async def one(service: Service = Depends()):
                reveal(service.db)
                reveal(service.repo.db)
            async def two(service=Depends(get_service)):
                reveal(service.db)
                reveal(service.repo.first())
            """,
        "app/services.py": """
            from fastapi import Depends
            from app.alias import Db
            from app.repos import Repo
            class Service:
                def __init__(self, db: Db, repo: Repo = Depends()):
                    self.db = db
                    self.repo = repo
            def get_service(db: Db):
                return Service(db, Repo(db))
            """,
        "app/repos.py": """
            from app.alias import Db
            from app.models import User
            class Repo:
                def __init__(self, db: Db) -> None:
                    self.db = db
                def first(self):
                    return self.db.query(User).first()
            """,
        **FILES,
    }
    if order:
        files = {"app/main.py": files.pop("app/main.py"), **dict(reversed(files.items()))}
    assert revealed(files) == [SESSION, SESSION, SESSION, "app/models.py::User"]


ROUTE_FILES = {
    "main.py": """
        from fastapi import APIRouter, Depends, FastAPI, Security
        from deps import User, audit, check, get_db, Db, limit, Paging, token, verify
        from users import router
        app = FastAPI(dependencies=[Depends(audit)])
        api = APIRouter(dependencies=[Depends(limit)])
        api.include_router(router, dependencies=[Depends(check)])
        app.include_router(api, prefix="/v1")
        @app.get("/own", dependencies=[Security(verify, scopes=["a"])])
        def own(paging: Paging = Depends(), user: User = Depends(token)): ...
        """,
    "users.py": """
        from typing import Annotated
        import fastapi
        from deps import Db, limit, token, verify
        router = fastapi.APIRouter(dependencies=[fastapi.Depends(verify)])
        @router.get("/users", dependencies=[fastapi.Depends(limit)])
        def users(db: Db, user: Annotated[object, fastapi.Depends(token)]): ...
        @router.post("/users")
        def create(name: str): ...
        """,
    "deps.py": """
        from typing import Annotated
        from fastapi import Depends
        from sqlalchemy.orm import Session
        class User: ...
        class Paging:
            def __init__(self, limit: int = Depends(lambda: 3), who=Depends(User)): ...
        def audit(): ...
        def limit(): ...
        def check(): ...
        def verify(): ...
        def get_db() -> Session: ...
        Db = Annotated[Session, Depends(get_db)]
        def token(db: Db): ...
        """,
}


def told(dependencies: tuple[Dependency, ...]) -> list[str]:
    return [f"{d.scope} {d.name} {d.provider.name.rpartition('::')[2]}" for d in dependencies]


def by_handler(files: dict[str, str]) -> dict[str, Route]:
    return {r.handler.function.name: r for r in routes(files)}


def test_dependencies_of_every_level() -> None:
    found = by_handler(ROUTE_FILES)
    outer = ["app  audit", "router  limit", "router  check", "router  verify"]
    assert told(found["users"].dependencies) == [
        *outer,
        "parameter db get_db",
        "parameter user token",
        "route  limit",
    ]
    assert told(found["create"].dependencies) == outer
    own = told(found["own"].dependencies)
    assert own[0] == "app  audit" and own[-1] == "route  verify"
    assert {
        "parameter paging Paging",
        "parameter who User",
        "parameter user token",
        "parameter db get_db",
    } <= set(own)


def test_what_dependencies_give() -> None:
    found = by_handler(ROUTE_FILES)
    gives = {d.name: d.gives.name for d in found["users"].dependencies}
    assert gives["db"] == SESSION


def test_dependencies_that_depend_on_each_other_end() -> None:
    files = {
        "main.py": """
            from fastapi import Depends, FastAPI
            from other import two
            app = FastAPI()
            def one(x=Depends(two)): ...
            @app.get("/")
            def root(x=Depends(one)): ...
            """,
        "other.py": "from fastapi import Depends\nfrom main import one\ndef two(x=Depends(one)): ...\n",
    }
    (route,) = routes(files)
    assert told(route.dependencies) == ["parameter x one", "parameter x two"]


def test_local_dependencies_inside_a_factory() -> None:
    files = {
        "main.py": textwrap.dedent(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy.orm import Session
            def create_app(engine):
                app = FastAPI()
                def get_db():
                    with Session(engine) as db:
                        yield db
                @app.get("/")
                async def root(db=Depends(get_db)):
                    reveal(db)
                return app
            """
        )
    }
    assert revealed(files) == [SESSION]
    (route,) = routes(files)
    assert told(route.dependencies) == ["parameter db create_app.get_db"]
