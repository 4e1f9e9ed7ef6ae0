"""Flask's routes and those of what is built on it, over projects of several files."""

from __future__ import annotations

import pytest

from api_lint.facts import Route
from api_lint.frameworks.flask import FlaskAdapter
from project import routes_of, shown_routes


def routes(files: dict[str, str]) -> list[Route]:
    return routes_of(FlaskAdapter, files)


def table(files: dict[str, str]) -> list[str]:
    return shown_routes(routes(files))


APP = "from flask import Flask, Blueprint\napp = Flask(__name__)\n"


def test_decorated_functions() -> None:
    source = APP + (
        "@app.route('/')\ndef home(): ...\n"
        "@app.route('/users', methods=['POST', 'GET'])\ndef users(): ...\n"
        "@app.get('/a')\ndef a(): ...\n"
        "@app.post('/a')\nasync def b(): ...\n"
        "@app.put('/a')\ndef c(): ...\n"
        "@app.patch('/a')\ndef d(): ...\n"
        "@app.delete('/a')\ndef e(): ...\n"
        "@app.route('/one')\n@app.route('/two')\ndef twice(): ...\n"
    )
    found = routes({"app.py": source})
    assert [(r.methods, r.paths, r.handler.function.name) for r in found] == [
        (("GET",), ("/",), "home"),
        (("GET", "POST"), ("/users",), "users"),
        (("GET",), ("/a",), "a"),
        (("POST",), ("/a",), "b"),
        (("PUT",), ("/a",), "c"),
        (("PATCH",), ("/a",), "d"),
        (("DELETE",), ("/a",), "e"),
        (("GET",), ("/one",), "twice"),
        (("GET",), ("/two",), "twice"),
    ]
    assert {r.framework for r in found} == {"flask"}
    assert [r.is_async for r in found[2:4]] == [False, True]
    assert (found[0].source, found[0].span.line, found[0].span.col) == ("app.py", 3, 1)
    assert not found[0].declares_response


def test_methods_by_constants() -> None:
    files = {
        "app.py": (
            "import elsewhere\nfrom flask import Flask\nfrom const import READS, WRITE\napp = Flask(__name__)\n"
            "@app.route('/a', methods=[WRITE])\ndef a(): ...\n"
            "@app.route('/b', methods=READS)\ndef b(): ...\n"
            "@app.route('/c', methods=elsewhere.SOME)\ndef c(): ...\n"
        ),
        "const.py": "WRITE = 'POST'\nREADS = ('GET', 'HEAD')\n",
    }
    assert table(files) == ["POST /a a", "GET,HEAD /b b", "ANY /c c"]


def test_nothing_else_is_a_route() -> None:
    source = (
        "import requests, flask\nfrom unittest import mock\nfrom flask_caching import Cache\n"
        "from app import cache, client\n"
        "@mock.patch('/x')\ndef a(): ...\n"
        "@cache.get('/x')\ndef b(): ...\n"
        "@requests.get('/x')\ndef c(): ...\n"
        "@Cache().route('/x')\ndef d(): ...\n"
        "class Plain:\n    def get(self): ...\n"
        "class Store(dict):\n    def get(self, key): ...\n"
        "def test_it(client):\n    client.get('/x')\n"
        "registry = {}\n@registry.get('/x')\ndef e(): ...\n"
        "def make(app, route):\n    @route.get('/x')\n    def inner(): ...\n"
    )
    assert table({"a.py": source}) == []


def test_a_project_without_flask_has_none() -> None:
    assert table({"a.py": "from b import app\n@app.route('/')\ndef home(): ...\n"}) == []
    assert table({"a.py": "@api.route('/')\ndef home(): ...\n"}) == []
    assert table({"a.py": "import bottle\n@app.route('/')\ndef home(): ...\n"}) == []


@pytest.mark.parametrize(
    "source",
    [
        "@app.route('/x')\ndef x(): return jsonify([])\n",
        "@app.get('/x')\ndef x(): return jsonify([])\n",
        "from flask_login import login_required\n@bp.get('/x')\ndef x(): ...\n",
    ],
)
def test_snippets_that_do_not_import_flask(source: str) -> None:
    (route,) = routes({"a.py": source})
    assert (route.framework, route.methods, route.paths) == ("flask", ("GET",), ("/x",))


@pytest.mark.parametrize("name", ["app", "bp"])
def test_documentation_snippets(name: str) -> None:
    source = f"from flask import jsonify\n@{name}.route('/x')\ndef x(): return jsonify([])\n"
    assert table({"a.py": source}) == ["GET /x x"]


def test_factories_and_parameters() -> None:
    files = {
        "factory.py": (
            "from flask import Flask\nfrom views import register\n"
            "def create_app():\n"
            "    app = Flask(__name__)\n"
            "    @app.route('/health')\n    def health(): ...\n"
            "    register(app)\n"
            "    return app\n"
        ),
        "typed.py": "from flask import Flask\ndef setup(app: Flask):\n    @app.get('/typed')\n    def typed(): ...\n",
        "views.py": "def register(app):\n    @app.route('/untyped')\n    def untyped(): ...\n",
    }
    assert table(files) == [
        "GET /health create_app.health",
        "GET /typed setup.typed",
        "GET /untyped register.untyped",
    ]


def test_attributes_and_subclasses() -> None:
    source = (
        "from flask import Flask\n"
        "class Site(Flask): ...\n"
        "class Server:\n"
        "    def __init__(self):\n"
        "        self.app = Site(__name__)\n"
        "        @self.app.route('/x')\n"
        "        def x(): ...\n"
    )
    assert table({"a.py": source}) == ["GET /x Server.__init__.x"]


def test_blueprints_across_files() -> None:
    files = {
        "shop/__init__.py": (
            "from flask import Flask\n"
            "def create_app():\n"
            "    app = Flask(__name__)\n"
            "    from . import users\n"
            "    from .orders import bp as orders_bp\n"
            "    app.register_blueprint(users.bp, url_prefix='/people')\n"
            "    app.register_blueprint(orders_bp)\n"
            "    return app\n"
        ),
        "shop/users.py": "from flask import Blueprint\nbp = Blueprint('u', __name__, url_prefix='/users')\n"
        "@bp.route('/<int:id>')\ndef one(id): ...\n@bp.route('/')\ndef many(): ...\n",
        "shop/orders.py": "from flask import Blueprint\nbp = Blueprint('o', __name__, url_prefix='/orders')\n"
        "@bp.get('/all')\ndef orders(): ...\n",
        "shop/lost.py": "from flask import Blueprint\nbp = Blueprint('l', __name__, url_prefix='/lost')\n"
        "@bp.get('/x')\ndef lost(): ...\n",
    }
    assert table(files) == [
        "GET /lost/x lost",
        "GET /orders/all orders",
        "GET /people/<int:id> one",
        "GET /people/ many",
    ]


def test_nested_blueprints_and_two_places() -> None:
    source = APP + (
        "api = Blueprint('api', __name__, url_prefix='/api')\n"
        "v1 = Blueprint('v1', __name__, url_prefix='/v1')\n"
        "@v1.get('/x')\ndef x(): ...\n"
        "api.register_blueprint(v1)\n"
        "app.register_blueprint(api)\n"
        "app.register_blueprint(v1, url_prefix='/old', name='old')\n"
    )
    assert table({"a.py": source}) == ["GET /api/v1/x /old/x x"]


def test_blueprints_in_loops_and_from_functions() -> None:
    files = {
        "a.py": "from flask import Blueprint\na = Blueprint('a', __name__, url_prefix='/a')\n"
        "@a.get('/x')\ndef xa(): ...\n",
        "b.py": "from flask import Blueprint\nb = Blueprint('b', __name__)\n@b.get('/x')\ndef xb(): ...\n",
        "c.py": (
            "from flask import Blueprint\ndef make():\n    c = Blueprint('c', __name__)\n"
            "    @c.get('/x')\n    def xc(): ...\n    return c\n"
        ),
        "main.py": (
            "from flask import Flask\nfrom a import a\nfrom b import b\nfrom c import make\n"
            "api = __import__('flask').Blueprint('api', __name__)\n"
            "BLUEPRINTS = [a, b]\n"
            "def register(app):\n"
            "    for blueprint in BLUEPRINTS:\n"
            "        app.register_blueprint(blueprint, url_prefix='/loop')\n"
            "app = Flask(__name__)\nregister(app)\n"
            "app.register_blueprint(make(), url_prefix='/made')\n"
        ),
    }
    assert table(files) == ["GET /loop/x xa", "GET /loop/x xb", "GET /made/x make.xc"]


def test_add_url_rule() -> None:
    files = {
        "handlers.py": "def ping(): ...\ndef pong(): ...\n",
        "main.py": APP
        + "import handlers\nfrom handlers import pong\n"
        + "app.add_url_rule('/ping', 'ping', handlers.ping)\n"
        + "app.add_url_rule('/pong', view_func=pong, methods=['POST'])\n",
    }
    found = routes(files)
    assert [(r.methods, r.path, r.handler.key, r.source, r.span.line) for r in found] == [
        (("GET",), "/ping", "handlers.py::ping", "main.py", 5),
        (("POST",), "/pong", "handlers.py::pong", "main.py", 6),
    ]


def test_method_views() -> None:
    files = {
        "base.py": "from flask.views import MethodView\nclass Base(MethodView):\n    def delete(self): ...\n",
        "main.py": APP
        + "from views import ItemView, Page\n"
        + "view = ItemView.as_view('item')\n"
        + "app.add_url_rule('/items/<int:id>', view_func=login_required(view), methods=['GET', 'DELETE'])\n"
        + "app.add_url_rule('/items', view_func=ItemView.as_view('items'), methods=['POST'])\n"
        + "app.add_url_rule('/page', view_func=Page.as_view('page'))\n",
        "views.py": "from flask.views import View\nfrom base import Base\n"
        "class ItemView(Base):\n    def get(self, id): ...\n    def post(self): ...\n    def helper(self): ...\n"
        "class Page(View):\n    methods = ['GET', 'POST']\n    def dispatch_request(self): ...\n",
    }
    found = routes(files)
    assert [(r.methods, r.paths, r.handler.key, r.source, r.span.line) for r in found] == [
        (("GET",), ("/items/<int:id>",), "views.py::ItemView.get", "views.py", 3),
        (("DELETE",), ("/items/<int:id>",), "base.py::Base.delete", "views.py", 3),
        (("POST",), ("/items",), "views.py::ItemView.post", "views.py", 3),
        (("GET", "POST"), ("/page",), "views.py::Page.dispatch_request", "views.py", 7),
    ]
    assert found[0].cls is not None
    assert found[0].cls.key == "views.py::ItemView"


def test_unregistered_view_classes_are_handlers() -> None:
    source = "from flask.views import MethodView\nclass A(MethodView):\n    def get(self): ...\n    def other(self): ...\n"
    found = routes({"a.py": source})
    assert [(r.methods, r.path, r.paths, r.span.line) for r in found] == [(("GET",), "", ("",), 2)]


def test_flask_restful() -> None:
    files = {
        "api.py": (
            "from flask import Flask, Blueprint\nfrom flask_restful import Api\nfrom res import User, Users, Loose\n"
            "bp = Blueprint('api', __name__, url_prefix='/v1')\n"
            "api = Api(bp, prefix='/rest')\n"
            "api.add_resource(User, '/users/<id>', '/people/<id>')\n"
            "late = Api()\nlate.add_resource(Users, '/users')\n"
            "app = Flask(__name__)\nlate.init_app(app)\napp.register_blueprint(bp)\n"
        ),
        "res.py": (
            "from flask_restful import Resource, marshal_with, fields, Api\n"
            "user_fields = {'name': fields.String}\nother = Api()\n"
            "class Guarded(Resource):\n    def dispatch_request(self, *a): ...\n"
            "class User(Guarded):\n"
            "    @marshal_with(user_fields)\n    def get(self, id): ...\n"
            "    def delete(self, id): ...\n"
            "class Users(Resource):\n    def get(self): ...\n"
            "class Loose(Resource):\n    def post(self): ...\n"
            "@other.resource('/decorated')\nclass Decorated(Resource):\n    def get(self): ...\n"
        ),
    }
    found = routes(files)
    assert [
        (r.methods[0], r.paths, r.handler.function.qualname, r.declares_response, r.span.line)
        for r in found
    ] == [
        ("GET", ("/v1/rest/users/<id>",), "User.get", True, 6),
        ("DELETE", ("/v1/rest/users/<id>",), "User.delete", False, 6),
        ("GET", ("/v1/rest/people/<id>",), "User.get", True, 6),
        ("DELETE", ("/v1/rest/people/<id>",), "User.delete", False, 6),
        ("GET", ("/users",), "Users.get", False, 10),
        ("POST", ("",), "Loose.post", False, 12),
        ("GET", ("/decorated",), "Decorated.get", False, 14),
    ]
    assert {r.framework for r in found} == {"flask-restful"}


def test_flask_restx() -> None:
    files = {
        "cats.py": (
            "from flask_restx import Namespace, Resource\nns = Namespace('cats')\nmodel = ns.model('Cat', {})\n"
            "@ns.route('/', '/all')\nclass Cats(Resource):\n"
            "    @ns.doc('x')\n    @ns.marshal_list_with(model)\n    def get(self): ...\n"
            "    @ns.response(201, 'made')\n    def post(self): ...\n"
        ),
        "dogs.py": (
            "from flask_restx import Namespace, Resource\nns = Namespace('dogs', path='/own')\n"
            "@ns.route('/<id>')\nclass Dog(Resource):\n    def get(self, id): ...\n"
        ),
        "main.py": (
            "from flask import Flask\nfrom flask_restx import Api, Resource\n"
            "from cats import ns as cats\nfrom dogs import ns as dogs\n"
            "app = Flask(__name__)\napi = Api(app, prefix='/api')\n"
            "api.add_namespace(cats)\napi.add_namespace(dogs, path='/hounds')\n"
            "birds = api.namespace('birds', description='Birds')\n"
            "@birds.route('/x')\nclass Bird(Resource):\n    def get(self): ...\n"
            "@api.route('/root')\nclass Root(Resource):\n    def get(self): ...\n"
        ),
    }
    found = routes(files)
    assert [
        (r.methods[0], r.paths[0], r.handler.function.qualname, r.declares_response) for r in found
    ] == [
        ("GET", "/api/cats/", "Cats.get", True),
        ("POST", "/api/cats/", "Cats.post", False),
        ("GET", "/api/cats/all", "Cats.get", True),
        ("POST", "/api/cats/all", "Cats.post", False),
        ("GET", "/api/hounds/<id>", "Dog.get", False),
        ("GET", "/api/birds/x", "Bird.get", False),
        ("GET", "/api/root", "Root.get", False),
    ]
    assert {r.framework for r in found} == {"flask-restx"}
    assert found[0].span.line == 4


def test_flask_smorest() -> None:
    source = (
        "from flask import Flask\nfrom flask.views import MethodView\n"
        "from flask_smorest import Api, Blueprint\nimport marshmallow as ma\n"
        "class PetSchema(ma.Schema): ...\n"
        "blp = Blueprint('pets', 'pets', url_prefix='/pets')\n"
        "@blp.route('/')\nclass Pets(MethodView):\n"
        "    @blp.response(200, PetSchema(many=True))\n    def get(self): ...\n"
        "    @blp.arguments(PetSchema)\n    @blp.response(201, PetSchema)\n    def post(self, data): ...\n"
        "@blp.route('/<id>', methods=['DELETE'])\n@blp.response(204)\ndef remove(id): ...\n"
        "@blp.route('/bare')\ndef bare(): ...\n"
        "api = Api(Flask(__name__))\napi.register_blueprint(blp)\n"
    )
    found = routes({"a.py": source})
    assert [
        (r.methods[0], r.paths[0], r.response.label, r.declares_response, r.status) for r in found
    ] == [
        ("GET", "/pets/", "list[PetSchema]", True, 200),
        ("POST", "/pets/", "PetSchema", True, 201),
        ("DELETE", "/pets/<id>", "unknown", True, 204),
        ("GET", "/pets/bare", "unknown", False, 0),
    ]
    assert {r.framework for r in found} == {"flask-smorest"}


def test_apiflask() -> None:
    source = (
        "from apiflask import APIFlask, APIBlueprint, Schema\nfrom apiflask.views import MethodView\n"
        "app = APIFlask(__name__)\nbp = APIBlueprint('b', __name__, url_prefix='/b')\n"
        "class Out(Schema): ...\n"
        "@app.get('/a')\n@app.output(Out)\ndef a(): ...\n"
        "@bp.post('/c')\n@bp.input(Out)\n@bp.output(Out, status_code=201)\ndef c(data): ...\n"
        "@app.get('/d')\ndef d(): ...\n"
        "@bp.route('/v')\nclass V(MethodView):\n    @bp.output(Out)\n    def get(self): ...\n"
        "app.register_blueprint(bp)\n"
    )
    found = routes({"a.py": source})
    assert [(r.paths[0], r.response.label, r.declares_response, r.status) for r in found] == [
        ("/a", "Out", True, 0),
        ("/b/c", "Out", True, 201),
        ("/d", "unknown", False, 0),
        ("/b/v", "Out", True, 0),
    ]
    assert {r.framework for r in found} == {"apiflask"}


def test_apifairy_and_apispec() -> None:
    source = APP + (
        "from apifairy import response, body\nfrom flask_apispec import marshal_with\nfrom schemas import UserSchema\n"
        "user_schema = UserSchema()\nusers_schema = UserSchema(many=True)\n"
        "@app.get('/one')\n@response(user_schema)\ndef one(): ...\n"
        "@app.get('/many')\n@response(users_schema, 202)\ndef many(): ...\n"
        "@app.get('/spec')\n@marshal_with(UserSchema)\ndef spec(): ...\n"
        "def response_maker(f): return f\n"
        "@app.get('/own')\n@response_maker\ndef own(): ...\n"
    )
    schemas = "import marshmallow\nclass UserSchema(marshmallow.Schema): ...\n"
    found = routes({"a.py": source, "schemas.py": schemas})
    assert [(r.path, r.response.label, r.declares_response) for r in found] == [
        ("/one", "UserSchema", True),
        ("/many", "list[UserSchema]", True),
        ("/spec", "UserSchema", True),
        ("/own", "unknown", False),
    ]


def test_quart() -> None:
    source = (
        "from quart import Quart\napp = Quart(__name__)\n"
        "@app.route('/x')\nasync def x(): ...\n@app.websocket('/ws')\nasync def ws(): ...\n"
    )
    found = routes({"a.py": source})
    assert [(r.framework, r.methods, r.is_async) for r in found] == [
        ("quart", ("GET",), True),
        ("quart", ("WEBSOCKET",), True),
    ]


def test_flask_openapi3_and_appbuilder() -> None:
    source = (
        "from flask_openapi3 import OpenAPI, APIBlueprint\nfrom flask_appbuilder import BaseView, expose\n"
        "app = OpenAPI(__name__)\napi = APIBlueprint('a', __name__, url_prefix='/a')\n"
        "@api.get('/x')\ndef x(): ...\napp.register_api(api)\n"
        "class Page(BaseView):\n    @expose('/show', methods=['GET'])\n    def show(self): ...\n"
    )
    assert table({"a.py": source}) == ["GET /a/x x", "GET /show Page.show"]
