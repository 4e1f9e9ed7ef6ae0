"""FastAPI's and Starlette's routes, over projects of several files."""

from __future__ import annotations

import pytest

from api_lint import Const, Seq
from project import api, routes, table

APP = "from fastapi import APIRouter, FastAPI\napp = FastAPI()\nrouter = APIRouter()\n"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options", "trace"])
@pytest.mark.parametrize("owner", ["app", "router"])
def test_decorators(method: str, owner: str) -> None:
    assert table({"main.py": f"{APP}@{owner}.{method}('/x/{{id}}')\ndef f(id): ...\n"}) == [
        f"{method.upper()} /x/{{id}} f"
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@app.api_route('/x')\ndef f(): ...", "GET /x f"),
        ("@app.api_route('/x', methods=['POST', 'GET'])\nasync def f(): ...", "GET,POST /x f"),
        ("@app.api_route('/x', methods=METHODS)\ndef f(): ...", "DELETE,PUT /x f"),
        ("@app.api_route(path='/x', methods={'post'})\ndef f(): ...", "POST /x f"),
        ("@app.websocket('/ws')\nasync def f(ws): ...", "WEBSOCKET /ws f"),
        ("@app.websocket_route('/ws')\nasync def f(ws): ...", "WEBSOCKET /ws f"),
        ("@app.route('/x', methods=['GET', 'POST'])\ndef f(request): ...", "GET,POST /x f"),
        ("@app.get(path='/x')\ndef f(): ...", "GET /x f"),
        ("@app.get(PATH)\ndef f(): ...", "GET /constant f"),
        ("@app.get('')\ndef f(): ...", "GET / f"),
        ("@app.get(make_path())\ndef f(): ...", "GET {…} f"),
        ("@app.get(f'/x/{y}')\ndef f(): ...", "GET {…} f"),
        ("def f(): ...\napp.add_api_route('/x', f)", "GET /x f"),
        ("def f(): ...\napp.add_api_route('/x', endpoint=f, methods=['POST'])", "POST /x f"),
        ("def f(): ...\napp.add_api_route(path='/x', endpoint=f)", "GET /x f"),
        ("async def f(ws): ...\napp.add_api_websocket_route('/x', f)", "WEBSOCKET /x f"),
        ("def f(request): ...\napp.add_route('/x', f, methods=['PUT'])", "PUT /x f"),
        ("async def f(ws): ...\napp.add_websocket_route('/x', f)", "WEBSOCKET /x f"),
        ("def f(): ...\nrouter.add_api_route('/x', f)", "GET /x f"),
        ("def f(): ...\nregister = app.get('/x')(f)", "GET /x f"),
        ("app.router.add_api_route('/x', f)\ndef f(): ...", "GET /x f"),
        ("@app.get('/x')\n@login\n@other(1)\nasync def f(): ...", "GET /x f"),
        ("@login\n@app.get('/x')\ndef f(): ...", "GET /x f"),
        ("if debug:\n    @app.get('/x')\n    def f(): ...", "GET /x f"),
        ("alias = app\n@alias.get('/x')\ndef f(): ...", "GET /x f"),
        ("typed: FastAPI = load()\n@typed.get('/x')\ndef f(): ...", "GET /x f"),
        ("@app.router.get('/x')\ndef f(): ...", "GET /x f"),
    ],
)
def test_all_forms(source: str, expected: str) -> None:
    head = f"{APP}METHODS = ['PUT', 'DELETE']\nPATH = '/constant'\ndebug = 1\ndef login(f): return f\n"
    assert table({"main.py": head + source + "\n"}) == [expected]


def test_several_decorators_on_one_handler() -> None:
    found = table(
        {"main.py": f"{APP}@app.get('/a')\n@app.post('/a')\n@router.get('/b')\ndef f(): ...\n"}
    )
    assert sorted(found) == ["GET /a f", "GET /b f", "POST /a f"]


@pytest.mark.parametrize(
    "imports",
    [
        "from fastapi import FastAPI\napp = FastAPI()",
        "import fastapi\napp = fastapi.FastAPI(title='x')",
        "import fastapi as fa\napp = fa.FastAPI()",
        "from fastapi import FastAPI as F\napp = F()",
        "from fastapi.applications import FastAPI\napp = FastAPI()",
        "from fastapi.routing import APIRouter\napp = APIRouter()",
        "from fastapi import FastAPI\nclass Own(FastAPI): ...\napp = Own()",
        "from base import Own\napp = Own()",
        "from base import make\napp = make()",
        "from base import ready as app",
        "import base\napp = base.ready",
        "from base import *\napp = ready",
        "try:\n    from fastapi import FastAPI\nexcept ImportError:\n    raise\napp = FastAPI()",
        "from fastapi import FastAPI\napp: FastAPI = FastAPI()",
        "from fastapi import FastAPI\napp = None\napp = FastAPI()",
    ],
)
def test_every_way_to_an_app(imports: str) -> None:
    files = {
        "main.py": f"{imports}\n@app.get('/x')\ndef f(): ...\n",
        "base.py": "from fastapi import FastAPI\nclass Base(FastAPI): ...\nclass Own(Base): ...\n"
        "def make(debug=False):\n    app = Own()\n    return app\nready = make()\n",
    }
    assert table(files) == ["GET /x f"]


def test_factories() -> None:
    files = {
        "app/main.py": """
            from fastapi import FastAPI
            from app.api import api_router, make_router
            def create_app() -> FastAPI:
                app = FastAPI()
                app.include_router(api_router, prefix="/api")
                app.include_router(make_router(), prefix="/made")
                register(app)
                @app.get("/health")
                async def health():
                    return {}
                return app
            def register(app: FastAPI):
                app.add_api_route("/late", late)
            def late(): ...
            app = create_app()
            @app.get("/root")
            def root(): ...
            """,
        "app/__init__.py": "",
        "app/api.py": """
            from fastapi import APIRouter
            api_router = APIRouter()
            @api_router.get("/users")
            def users(): ...
            def make_router():
                router = APIRouter(prefix="/inner")
                @router.get("/things")
                def things(): ...
                return router
            """,
    }
    assert sorted(table(files)) == [
        "GET /api/users users",
        "GET /health create_app.health",
        "GET /late late",
        "GET /made/inner/things make_router.things",
        "GET /root root",
    ]


def test_prefixes_tags_and_dependencies_over_several_levels() -> None:
    files = {
        "app/main.py": """
            from fastapi import Depends, FastAPI
            from app.api import api_router
            from app.config import settings
            from app.deps import outer
            app = FastAPI(dependencies=[Depends(outer)])
            app.include_router(api_router, prefix=settings.API, tags=["api"])
            """,
        "app/__init__.py": "",
        "app/config.py": "class Settings:\n    API: str = '/api/v1'\nsettings = Settings()\n",
        "app/deps.py": "def outer(): ...\ndef middle(): ...\ndef inner(): ...\ndef own(): ...\n",
        "app/api/__init__.py": """
            from fastapi import APIRouter, Depends
            from app.deps import middle
            from . import items
            from .users import router as users_router
            api_router = APIRouter()
            api_router.include_router(users_router, prefix="/users", tags=["users"], dependencies=[Depends(middle)])
            api_router.include_router(items.router)
            """,
        "app/api/users.py": """
            from fastapi import APIRouter, Depends
            from app.deps import inner, own
            router = APIRouter(prefix="/all", tags=["inner"], dependencies=[Depends(inner)])
            @router.get("/{id}", tags=["own"], dependencies=[Depends(own)])
            def read(id: int): ...
            @router.get("")
            def listed(): ...
            @router.post("/")
            def create(): ...
            """,
        "app/api/items.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/items')\n"
        "@router.get('/')\ndef items(): ...\n",
    }
    assert sorted(table(files)) == [
        "GET /api/v1/items/ items",
        "GET /api/v1/users/all listed",
        "GET /api/v1/users/all/{id} read",
        "POST /api/v1/users/all/ create",
    ]
    read = next(r for r in routes(files) if r.handler.function.name == "read")
    assert read.tags == ("api", "users", "inner", "own")
    assert [(d.scope, d.provider.name.rpartition("::")[2]) for d in read.dependencies] == [
        ("app", "outer"), ("router", "middle"), ("router", "inner"), ("route", "own"),
    ]  # fmt: skip


def test_a_router_mounted_twice_has_two_paths() -> None:
    files = {
        "main.py": "from fastapi import FastAPI\nfrom users import router\napp = FastAPI()\n"
        "app.include_router(router, prefix='/v1')\napp.include_router(router, prefix='/v2')\n",
        "users.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/users')\ndef users(): ...\n",
    }
    assert table(files) == ["GET /v1/users /v2/users users"]


def test_a_router_mounted_nowhere_keeps_its_own_prefix() -> None:
    files = {
        "users.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/users')\n"
        "@router.get('/all')\ndef users(): ...\n"
    }
    assert table(files) == ["GET /users/all users"]


def test_routers_that_include_each_other_end() -> None:
    files = {
        "a.py": "from fastapi import APIRouter\nfrom b import b\na = APIRouter(prefix='/a')\na.include_router(b)\n"
        "a.include_router(a)\n@a.get('/x')\ndef x(): ...\n",
        "b.py": "from fastapi import APIRouter\nfrom a import a\nb = APIRouter(prefix='/b')\nb.include_router(a)\n",
    }
    assert len(routes(files)) == 1


def test_many_routers_mounted_in_a_loop() -> None:
    files = {
        "main.py": """
            from fastapi import FastAPI
            from api import items, users
            app = FastAPI()
            for router in (users.router, items.router):
                app.include_router(router, prefix="/api")
            for module in [users, items]:
                app.include_router(module.extra, prefix="/extra")
            """,
        "api/__init__.py": "",
        "api/users.py": "from fastapi import APIRouter\nrouter = APIRouter()\nextra = APIRouter()\n"
        "@router.get('/users')\ndef users(): ...\n",
        "api/items.py": "from fastapi import APIRouter\nrouter = APIRouter()\nextra = APIRouter()\n"
        "@router.get('/items')\ndef items(): ...\n",
    }
    assert table(files) == ["GET /api/items items", "GET /api/users users"]


def test_mounted_applications() -> None:
    files = {
        "main.py": """
            from fastapi import FastAPI
            from sub import sub
            app = FastAPI()
            app.mount("/sub", sub)
            app.mount("/static", object())
            """,
        "sub.py": "from fastapi import FastAPI\nsub = FastAPI()\n@sub.get('/x')\ndef x(): ...\n",
    }
    assert table(files) == ["GET /sub/x x"]


def test_routers_as_parameters_and_attributes() -> None:
    files = {
        "main.py": """
            from __future__ import annotations
            from typing import TYPE_CHECKING, Optional
            import fastapi
            from fastapi import FastAPI
            from api import Api, untyped
            if TYPE_CHECKING:
                from fastapi import APIRouter
            def one(router: APIRouter):
                @router.get("/1")
                def first(): ...
            def two(app: "fastapi.FastAPI", x: Optional[APIRouter] = None):
                @app.post("/2")
                def second(): ...
                @x.put("/3")
                def third(): ...
            def four(router: APIRouter):
                router.add_api_route("/4", fourth)
            def fourth(): ...
            app = FastAPI()
            Api(app)
            untyped(app)
            """,
        "api.py": """
            from fastapi import APIRouter, FastAPI
            class Api:
                shared = APIRouter(prefix="/shared")
                def __init__(self, app: FastAPI):
                    self.app = app
                    self.router = APIRouter(prefix="/own")
                    self.router.add_api_route("/6", self.sixth, methods=["GET"])
                    self.app.include_router(self.router, prefix="/api")
                    @self.app.get("/5")
                    def fifth(): ...
                def sixth(self): ...
                @shared.get("/7")
                def seventh(self): ...
            def untyped(app):
                @app.get("/8")
                def eighth(): ...
            """,
    }
    found = {r.handler.function.name: (r.methods, r.paths) for r in routes(files)}
    assert found == {
        "first": (("GET",), ("/1",)),
        "second": (("POST",), ("/2",)),
        "third": (("PUT",), ("/3",)),
        "fourth": (("GET",), ("/4",)),
        "fifth": (("GET",), ("/5",)),
        "sixth": (("GET",), ("/api/own/6",)),
        "seventh": (("GET",), ("/shared/7",)),
        "eighth": (("GET",), ("/8",)),
    }


def test_handlers_from_other_files() -> None:
    files = {
        "main.py": "from fastapi import APIRouter\nimport handlers\nfrom handlers import two as t, Views\n"
        "router = APIRouter()\nrouter.add_api_route('/1', handlers.one)\nrouter.add_api_route('/2', t)\n"
        "views = Views()\nrouter.add_api_route('/3', views.three)\nrouter.add_api_route('/4', handlers.missing)\n"
        "router.add_api_route('/5', lambda: 1)\n",
        "handlers.py": "async def one(): ...\ndef two(): ...\nclass Views:\n    def three(self): ...\n",
    }
    found = api(files)
    assert [r.handler.key for r in found.routes("main.py")] == [
        "handlers.py::one", "handlers.py::two", "handlers.py::Views.three",
    ]  # fmt: skip
    assert [r.handler.function.name for r in found.handled_in("handlers.py")] == ["one", "two", "three"]
    assert found.routes("main.py")[0].span.line == 5
    module = found.module("handlers.py")
    assert module is not None
    route = found.route_of("handlers.py", module.functions["two"])
    assert route is not None and route.path == "/2"


def test_class_based_views() -> None:
    files = {
        "main.py": """
            from fastapi import APIRouter
            from fastapi_utils.cbv import cbv
            router = APIRouter()
            @cbv(router)
            class Users:
                @router.get("/users")
                def users(self): ...
            """
    }
    (route,) = routes(files)
    assert route.cls is not None and route.cls.cls.name == "Users"


def test_starlette() -> None:
    files = {
        "main.py": """
            from starlette.applications import Starlette
            from starlette.routing import Mount, Route, Router, WebSocketRoute
            from views import home, Socket, users
            routes = [
                Route("/", home),
                Route("/users", endpoint=users, methods=["POST"]),
                WebSocketRoute("/ws", home),
            ]
            app = Starlette(routes=routes)
            @app.route("/old")
            def old(request): ...
            app.add_route("/added", users)
            """,
        "views.py": "async def home(request): ...\ndef users(request): ...\nclass Socket: ...\n",
    }
    assert table(files) == [
        "GET / home", "POST /users users", "WEBSOCKET /ws home", "GET /old old", "GET /added users",
    ]  # fmt: skip
    assert {r.framework for r in routes(files)} == {"starlette"}


def test_starlette_mounts() -> None:
    files = {
        "main.py": """
            from starlette.applications import Starlette
            from starlette.routing import Mount, Route
            def home(request): ...
            app = Starlette(routes=[Mount("/sub", routes=[Route("/home", home)])])
            """
    }
    (route,) = routes(files)
    assert route.paths in (("/home",), ("/sub/home",))


NOT_ROUTES = {
    "mock.patch": "from unittest import mock\n@mock.patch('/a')\ndef f(): ...",
    "mock.patch by name": "from unittest.mock import patch\n@patch('/a')\ndef f(): ...\n@patch.object(f, 'x')\ndef g(): ...",
    "cache.get": "cache = Cache()\n@cache.get('/a')\ndef f(): ...",
    "requests.get": "import requests\n@requests.get('/a')\ndef f(): ...",
    "a class's own get": "class Registry:\n    def get(self, name):\n        return lambda f: f\nregistry = Registry()\n"
    "@registry.get('/a')\ndef f(): ...",
    "a class that calls itself FastAPI": "class FastAPI:\n    def get(self, p): ...\napp = FastAPI()\n@app.get('/a')\ndef f(): ...",
    "an unknown app": "from somewhere import app\n@app.get('/a')\ndef f(): ...",
    "an unknown parameter": "def register(app):\n    @app.get('/a')\n    def f(): ...",
    "a test client": "from fastapi.testclient import TestClient\nfrom main import app\nclient = TestClient(app)\n"
    "def f():\n    client.get('/a')\n    client.post('/b')",
    "a shadowed app": "from main import app\ndef f(app):\n    @app.get('/a')\n    def g(): ...",
    "a local module": "from .fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef f(): ...",
    "a dict": "d = {}\n@d.get('/a')\ndef f(): ...",
    "no call": "from main import app\n@app.get\ndef f(): ...",
    "an event": "from main import app\n@app.on_event('startup')\ndef f(): ...\n@app.middleware('http')\ndef g(): ...\n"
    "@app.exception_handler(404)\ndef h(): ...",
    "a client": "import httpx\nclient = httpx.Client()\n@client.get('/a')\ndef f(): ...",
    "typer": "import typer\napp = typer.Typer()\n@app.command('get')\ndef f(): ...",
    "somebody's Route": "class Route:\n    def __init__(self, p, f): ...\ndef f(): ...\nRoute('/a', f)",
    "a lambda for a handler": "from main import app\napp.add_api_route('/a', lambda: 1)",
    "an unknown handler": "from main import app\nfrom other import f\napp.add_api_route('/a', f)",
    "a property of an unknown": "from main import app\n@app.state.thing.get('/a')\ndef f(): ...",
}


@pytest.mark.parametrize("source", NOT_ROUTES.values(), ids=NOT_ROUTES)
def test_what_is_no_route(source: str) -> None:
    files = {
        "pkg/other.py": source + "\n",
        "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
        "pkg/fastapi.py": "class FastAPI:\n    def get(self, p): ...\n",
    }
    assert table(files) == []


RESPONSE = """
    from http import HTTPStatus
    from fastapi import FastAPI, status
    from fastapi.responses import JSONResponse
    from schemas import User as UserRead
    import schemas
    app = FastAPI()
    """


@pytest.mark.parametrize(
    ("arguments", "returns", "expected"),
    [
        ("", "", (False, "", 0)),
        (", response_model=UserRead", "", (True, "User", 0)),
        (", response_model=list[UserRead]", "", (True, "list[User]", 0)),
        (", response_model=schemas.Many", "", (True, "list[User]", 0)),
        (", response_model=None", "", (True, "unknown", 0)),
        ("", " -> UserRead", (True, "User", 0)),
        ("", " -> 'list[schemas.User]'", (True, "list[User]", 0)),
        ("", " -> None", (True, "none", 0)),
        (", response_class=JSONResponse", "", (True, "unknown", 0)),
        (", status_code=204", "", (True, "unknown", 204)),
        (", status_code=status.HTTP_204_NO_CONTENT", "", (True, "unknown", 204)),
        (", status_code=HTTPStatus.NO_CONTENT", "", (True, "unknown", 204)),
        (", status_code=201", "", (False, "unknown", 201)),
        (", status_code=status.HTTP_201_CREATED, response_model=UserRead", "", (True, "User", 201)),
    ],
)
def test_responses(arguments: str, returns: str, expected: tuple[bool, str, int]) -> None:
    import textwrap

    files = {
        "main.py": f"{textwrap.dedent(RESPONSE)}@app.get('/x'{arguments})\ndef f(){returns}: ...\n",
        "schemas.py": "from pydantic import BaseModel\nclass User(BaseModel): ...\nMany = list[User]\n",
    }
    (route,) = routes(files)
    declared, label, status = expected
    assert (route.declares_response, route.status) == (declared, status)
    if label:
        assert route.response.label == label


def test_facts_of_a_route() -> None:
    files = {
        "main.py": "from fastapi import FastAPI\napp = FastAPI()\n\n\n@app.get(\n    '/x',\n    response_model=None,\n)\n"
        "async def é():\n    ...\n"
    }
    (route,) = routes(files)
    assert (route.framework, route.source, route.is_async, route.cls) == (
        "fastapi",
        "main.py",
        True,
        None,
    )
    assert route.span == (5, 1, 8, 1)
    assert route.handler.function.span == (9, 10, 9, 11)
    assert route.response_model == Const(None)
    assert not isinstance(route.response_model, Seq)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from fastapi import Depends\n@app.get('/x')\ndef f(): ...\n", ["GET /x f"]),
        ("@app.get('/x')\ndef f(): ...\n", ["GET /x f"]),
        ("from pydantic import BaseModel\n@router.post('/x')\ndef f(): ...\n", ["POST /x f"]),
        ("from fastapi import Depends\nfrom b import *\n@app.get('/x')\ndef f(): ...\n", []),
        ("from b import app\n@app.get('/x')\ndef f(): ...\n", []),
        ("app = make()\n@app.get('/x')\ndef f(): ...\n", []),
        ("import sanic\n@app.get('/x')\ndef f(): ...\n", []),
        ("def install(app):\n    @app.get('/x')\n    def f(): ...\n", []),
        ("@server.get('/x')\ndef f(): ...\n", []),
    ],
)
def test_customary_names_in_snippets(source: str, expected: list[str]) -> None:
    """Documentation that shows a route without its app still shows a route."""
    assert table({"a.py": source}) == expected


def test_a_router_out_of_sight_has_no_mounts() -> None:
    files = {
        "a.py": "from fastapi import FastAPI\nfrom gone import api\napp = FastAPI()\napp.include_router(api, prefix='/api')\n",
        "b.py": "@app.get('/x')\ndef f(): ...\n",
    }
    assert table(files) == ["GET /x f"]
