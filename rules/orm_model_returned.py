from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import (
    UNSAFE,
    Api,
    Attr,
    Await,
    Call,
    Choice,
    Comp,
    Const,
    Expr,
    Finding,
    Map,
    Module,
    Place,
    Related,
    Return,
    Route,
    Rule,
    Scope,
    Seq,
    Span,
    Star,
    Value,
    declare_response,
    dump_with_schema,
    handler_at,
)

# What serialises its argument as it is. `jsonable_encoder` and schemas stand between on purpose.
_SERIALIZERS = frozenset(
    {
        "flask.jsonify", "flask.json.jsonify", "quart.jsonify", "flask.make_response", "flask.json.dumps",
        "django.http.JsonResponse", "rest_framework.response.Response", "django.forms.models.model_to_dict",
        "django.forms.model_to_dict", "builtins.vars", "playhouse.shortcuts.model_to_dict",
        "fastapi.responses.JSONResponse", "fastapi.responses.ORJSONResponse", "starlette.responses.JSONResponse",
    }
)  # fmt: skip
_BODY_KEYWORDS = ("data", "content", "")
_ANYTHING = frozenset({"builtins.object", "typing.Any", "typing_extensions.Any"})
_DECLARATIVE = "sqlalchemy.orm.DeclarativeBase"
# Makes a dataclass of a model, and pydantic a schema of that.
_DATACLASS = "sqlalchemy.orm.MappedAsDataclass"
# Frameworks whose handlers' plain return values are serialised.
_PLAIN = ("fastapi", "flask-restful", "flask-restx")


class OrmModelReturned(Rule):
    """A route hands an ORM object to the client, with no schema between.

    The client then sees every column, the next migration changes the contract, and a password hash leaves with the
    rest. The object is recognised wherever it comes from: a query in the handler, a service or repository in another
    file (by its annotation, or by what its body returns), inside a dict or list, or through `jsonify` and `__dict__`.

    Evidence: The object's class is resolved to an ORM model. A function of the project is taken at its annotation,
    else at what its body returns; a generic repository gives what its type argument says. A value of unknown type
    is not reported, nor what went through a call that is not known, be it in the wrapper of a decorator. A class
    that the project does not hold counts as a model if a session is asked for it. A declared response is a schema
    unless it lets anything through, as `dict`, `Any` and `dict[str, Any]` do.

    Bad::

        from fastapi import Depends, FastAPI
        from pydantic import BaseModel, ConfigDict
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
        from app.db import get_db

        app = FastAPI()

        class Base(DeclarativeBase): ...

        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            password_hash: Mapped[str]

        class UserRead(BaseModel):
            model_config = ConfigDict(from_attributes=True)
            id: int

        @app.get("/users")
        def list_users(db: Session = Depends(get_db)):
            return db.query(User).all()

    Good::

        from fastapi import Depends, FastAPI
        from pydantic import BaseModel, ConfigDict
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
        from app.db import get_db

        app = FastAPI()

        class Base(DeclarativeBase): ...

        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            password_hash: Mapped[str]

        class UserRead(BaseModel):
            model_config = ConfigDict(from_attributes=True)
            id: int

        @app.get("/users", response_model=list[UserRead])
        def list_users(db: Session = Depends(get_db)):
            return db.query(User).all()
    """

    code = "API202"
    message = "{route} returns {model}{place} without a schema"
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        for route in api.handled_in(module.path):
            if _exposing(route, api):
                yield route.handler.function.start

    def visit_FunctionDef(self, node: cst.FunctionDef, at: Place) -> Iterator[Finding]:
        route = handler_at(node, at)
        exposing = _exposing(route, at.api) if route is not None else []
        if route is None or not exposing:
            return
        nodes = _returns(node)
        for position, returned, model in exposing:
            finding = self._found(returned.span, route, model, at)
            value = nodes[position].value
            if route.framework == "fastapi" and not _is_serialised(returned, route, at.api):
                yield declare_response(finding, node, route, at)
            elif value is not None:
                yield dump_with_schema(finding, value, route, at, returned.span.line)

    def _found(self, span: Span, route: Route, model: Value, at: Place) -> Finding:
        ref = at.api.class_ref(model)
        related = (
            [Related(ref.path, ref.cls.span, f"{ref.cls.name} is declared here")]
            if ref is not None
            else []
        )
        place = f" ({ref.path}:{ref.cls.span.line})" if ref is not None else ""
        return self.found(
            span,
            related=related,
            route=" ".join(
                filter(None, ["/".join(route.methods), route.paths[0] if route.paths else ""])
            ),
            model=model.label,
            place=place,
        )


def _exposing(route: Route, api: Api) -> list[tuple[int, Return, Value]]:
    """The returns of a handler that expose an ORM object, each with its position among all."""
    path, function = route.handler.path, route.handler.function
    if route.status == 204 or "WEBSOCKET" in route.methods or _is_declared(route, api):
        return []
    found = []
    for position, returned in enumerate(function.returned):
        scope = api.scope(path, function, returned.span.line)
        model = _exposed(returned.value, api, scope, route.framework in _PLAIN)
        if model is not None:
            found.append((position, returned, model))
    return found if found and not api.is_wrapped(route) else []


def _is_serialised(returned: Return, route: Route, api: Api) -> bool:
    """Whether a ready response holds the object: what the route declares does not reach into one."""
    scope = api.scope(route.handler.path, route.handler.function, returned.span.line)
    return api.role(api.value(returned.value, scope)) == "response"


def _returns(node: cst.CSTNode) -> list[cst.Return]:
    """The `return` statements of a function, without those of functions in it."""
    found: list[cst.Return] = []
    for child in node.children:
        if isinstance(child, cst.Return):
            found.append(child)
        elif not isinstance(child, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            found += _returns(child)
    return found


def _is_declared(route: Route, api: Api) -> bool:
    """Whether a schema stands between. `dict`, `list[Any]` and `None` let anything through; an ORM's class is none."""
    if not route.declares_response:
        return False
    if route.framework != "fastapi":
        return True
    if route.response_model == Const(None) or _is_open(route.response):
        return False
    model = api.model_in(route.response)
    ref = api.class_ref(model) if model is not None else None
    bases = api.bases(ref.path, ref.cls.qualname) if ref is not None else frozenset()
    return _DECLARATIVE not in bases or _DATACLASS in bases


def _is_open(declared: Value) -> bool:
    """Whether a type lets anything through: `Any`, `object`, and what holds any of these or says not what it holds."""
    if declared.kind in ("dict", "list", "tuple"):
        return all(map(_is_open, declared.items))
    return declared.name in _ANYTHING


def _exposed(expr: Expr, api: Api, scope: Scope, plain: bool) -> Value | None:
    """The ORM object that serialising `expr` exposes, or `None`."""
    match expr:
        case Map(items):
            values = [key.value if isinstance(key, Star) else value for key, value in items]
            return _first(values, api, scope, True)
        case Seq("tuple", items) if items and not plain:
            return _exposed(items[0], api, scope, plain)
        case Seq(_, items):
            return _first(list(items), api, scope, True)
        case Choice(options):
            return _first(list(options), api, scope, plain)
        case Comp(_, element, _):
            return _exposed(element, api, scope, True)
        case Star(value) | Await(Map() as value):
            return _exposed(value, api, scope, plain)
        case Call(func, args, keywords) if api.value(func, scope).name in _SERIALIZERS:
            bodies = [
                *args[:1],
                *(value for key, value in keywords if key in _BODY_KEYWORDS or _is_jsonify(func)),
            ]
            return _first(bodies, api, scope, True)
    if isinstance(expr, str) and expr.endswith(".__dict__"):
        return api.model_in(api.value(expr.removesuffix(".__dict__"), scope))
    if isinstance(expr, Attr) and expr.name == "__dict__":
        return api.model_in(api.value(expr.base, scope))
    return api.model_in(api.value(expr, scope)) if plain else None


def _first(exprs: list[Expr], api: Api, scope: Scope, plain: bool) -> Value | None:
    return next((m for m in (_exposed(e, api, scope, plain) for e in exprs) if m is not None), None)


def _is_jsonify(func: Expr) -> bool:
    return isinstance(func, str) and func.rpartition(".")[2] == "jsonify"
