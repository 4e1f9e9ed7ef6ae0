from __future__ import annotations

from collections.abc import Iterator

from api_lint import (
    Attr,
    Await,
    Call,
    Choice,
    Comp,
    Expr,
    Finding,
    Map,
    Place,
    Related,
    Route,
    Rule,
    Seq,
    Star,
    Value,
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
# Frameworks whose handlers' plain return values are serialised.
_PLAIN = ("fastapi", "flask-restful", "flask-restx")


class OrmModelReturned(Rule):
    """A route hands an ORM object to the client, with no schema between.

    The client then sees every column, the next migration changes the contract, and a password hash leaves with the
    rest. The object is recognised wherever it comes from: a query in the handler, a service or repository in another
    file (by its annotation, or by what its body returns), inside a dict or list, or through `jsonify` and `__dict__`.

    Bad::

        from fastapi import Depends, FastAPI
        from sqlalchemy.orm import DeclarativeBase, Session
        from app.db import get_db

        app = FastAPI()

        class Base(DeclarativeBase): ...

        class User(Base):
            __tablename__ = "users"

        @app.get("/users")
        def list_users(db: Session = Depends(get_db)):
            return db.query(User).all()

    Good::

        from fastapi import Depends, FastAPI
        from sqlalchemy.orm import DeclarativeBase, Session
        from app.db import get_db
        from app.schemas import UserRead

        app = FastAPI()

        class Base(DeclarativeBase): ...

        class User(Base):
            __tablename__ = "users"

        @app.get("/users", response_model=list[UserRead])
        def list_users(db: Session = Depends(get_db)):
            return db.query(User).all()
    """

    code = "API202"
    message = "{route} returns {model}{place} without a schema"
    quiet_in = frozenset({"tests", "migrations"})

    def visit_route(self, route: Route, at: Place) -> Iterator[Finding]:
        if route.status == 204 or "WEBSOCKET" in route.methods or _is_declared(route):
            return
        function = route.handler.function
        for returned in function.returned:
            model = _exposed(returned.value, at, returned.span.line, route.framework in _PLAIN)
            if model is not None:
                yield self._found(returned.span, route, model, at)

    def _found(self, span: Place | object, route: Route, model: Value, at: Place) -> Finding:
        ref = at.api.class_ref(model)
        related = (
            [Related(ref.path, ref.cls.span, f"{ref.cls.name} is declared here")]
            if ref is not None
            else []
        )
        place = f" ({ref.path}:{ref.cls.span.line})" if ref is not None else ""
        return self.found(
            span,  # type: ignore[arg-type]
            related=related,
            route=" ".join(
                filter(None, ["/".join(route.methods), route.paths[0] if route.paths else ""])
            ),
            model=model.label,
            place=place,
        )


def _is_declared(route: Route) -> bool:
    """Whether a schema stands between. `dict` and `Any` declare a type, but let anything through."""
    if not route.declares_response:
        return False
    return not (
        route.framework == "fastapi" and (route.response.kind == "dict" and not route.response.items)
    )


def _exposed(expr: Expr, at: Place, line: int, plain: bool) -> Value | None:
    """The ORM object that serialising `expr` exposes, or `None`."""
    match expr:
        case Map(items):
            values = [value for _, value in items]
            return _first(values, at, line, True)
        case Seq("tuple", items) if items and not plain:
            return _exposed(items[0], at, line, plain)
        case Seq(_, items):
            return _first(list(items), at, line, True)
        case Choice(options):
            return _first(list(options), at, line, plain)
        case Comp(_, element, _):
            return _exposed(element, at, line, True)
        case Star(value) | Await(Map() as value):
            return _exposed(value, at, line, plain)
        case Call(func, args, keywords) if at.api.value(func, _scope(at, line)).name in _SERIALIZERS:
            bodies = [
                *args[:1],
                *(value for key, value in keywords if key in _BODY_KEYWORDS or _is_jsonify(func)),
            ]
            return _first(bodies, at, line, True)
    if isinstance(expr, str) and expr.endswith(".__dict__"):
        return at.api.model_in(at.api.value(expr.removesuffix(".__dict__"), _scope(at, line)))
    if isinstance(expr, Attr) and expr.name == "__dict__":
        return at.api.model_in(at.api.value(expr.base, _scope(at, line)))
    return at.api.model_in(at.api.value(expr, _scope(at, line))) if plain else None


def _first(exprs: list[Expr], at: Place, line: int, plain: bool) -> Value | None:
    return next((m for m in (_exposed(e, at, line, plain) for e in exprs) if m is not None), None)


def _is_jsonify(func: Expr) -> bool:
    return isinstance(func, str) and func.rpartition(".")[2] == "jsonify"


def _scope(at: Place, line: int):  # type: ignore[no-untyped-def]
    return at.api.scope(at.path, at.function, line)
