"""Flask and what is built on it: decorated functions, `add_url_rule`, view classes, blueprints in blueprints.

Facts from https://flask.palletsprojects.com/en/stable/api/ (url_prefix of `register_blueprint` replaces the
blueprint's own), https://flask-restful.readthedocs.io, https://flask-restx.readthedocs.io,
https://flask-smorest.readthedocs.io, https://apiflask.com and https://quart.palletsprojects.com.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from api_lint.census import Census
from api_lint.facts import (
    NO_VALUE,
    UNKNOWN,
    Call,
    Class,
    ClassRef,
    Const,
    Decorator,
    Expr,
    Function,
    FunctionRef,
    Route,
    Seq,
    Span,
    Star,
    Value,
)
from api_lint.frameworks.routing import (
    Callers,
    Declared,
    Mount,
    Mounts,
    Router,
    assigned_calls,
    calls_named,
    class_handlers,
    decorators_around,
    definition_scope,
    each,
    is_shown,
    join,
    origin,
    receiver,
    resolved,
    shown_text,
    snippet_framework,
    texts,
    verbs,
)
from api_lint.infer import Scope, Types, listing
from api_lint.link import Module

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_DECORATORS = frozenset({"route", "get", "post", "put", "patch", "delete", "websocket"})
_PACKAGES = ("flask", "quart", "apiflask")
# By the package that a class comes from; what else begins with "flask" is Flask itself.
_FRAMEWORKS = {
    "quart": "quart",
    "apiflask": "apiflask",
    "flask_restful": "flask-restful",
    "flask_restful_swagger_2": "flask-restful",
    "flask_restful_swagger_3": "flask-restful",
    "flask_restx": "flask-restx",
    "flask_restplus": "flask-restx",
    "flask_smorest": "flask-smorest",
    "flask_rest_api": "flask-smorest",
}
_ROUTERS = frozenset(
    {"Flask", "Blueprint", "Quart", "APIFlask", "APIBlueprint", "Api", "Namespace", "OpenAPI", "APIView"}
)
_VIEWS = frozenset({"MethodView", "View", "Resource", "MethodResource"})
_APIS = frozenset({"flask-restful", "flask-restx"})
_CUSTOMARY = ("app", "bp")
_CUSTOMARY_VIEWS = frozenset({"MethodView", "Resource"})
_CONSTRUCTORS = frozenset({"Blueprint", "APIBlueprint", "Api", "Namespace", "namespace", "APIView"})
_MOUNTING = frozenset(
    {"register_blueprint", "register_api", "register_api_view", "add_namespace", "init_app"}
)
_REGISTERING = frozenset({"add_resource", "add_url_rule"})
_CLASS_DECORATORS = frozenset({"route", "resource"})
# What a file that registers something calls.
_TELLING = _CONSTRUCTORS | _MOUNTING | _REGISTERING | _CLASS_DECORATORS
_SCHEMAS = frozenset(
    {"response", "output", "marshal_with", "marshal_list_with", "marshal_with_field", "validate"}
)


class _Tables(NamedTuple):
    """What the whole project registers: classes by `origin`, functions by the file that registers them."""

    mounts: Mounts
    classes: dict[str, list[Declared]]
    functions: dict[str, list[tuple[Declared, FunctionRef]]]
    inherited: frozenset[str]


class _Schema(NamedTuple):
    """What a handler declares to answer with."""

    expr: Expr
    value: Value
    declared: bool
    status: int


_NOTHING = _Schema(UNKNOWN, NO_VALUE, False, 0)


class FlaskAdapter:
    """The routes of Flask, Quart, Flask-RESTful, Flask-RESTX, flask-smorest and APIFlask."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.callers = Callers(types)
        self._tables: _Tables | None = None

    def may_declare(self, census: Census) -> bool:
        """Whether a file with these names can hold the handler or the registration of a route."""
        if census.holds("decorators", _DECORATORS):
            return True
        registers = census.holds("calls", _REGISTERING)
        if not self._is_used:
            may_be_shown = census.holds("heads", _CUSTOMARY_VIEWS)
            return may_be_shown or (registers and census.has("decorators"))
        return registers or census.has("classes") or census.holds("decorators", ("expose",))

    @property
    def _is_used(self) -> bool:
        return self.types.project.uses(*_PACKAGES)

    def routes(self, module: Module) -> Iterator[Route]:
        """The routes whose handler or registration stands in `module`."""
        if not self._is_used and not self._is_snippet(module):
            return
        for function in module.facts.functions:
            for decorator in function.decorators:
                if isinstance(decorator.value, Call):
                    yield from self._decorated(module, function, decorator.value, decorator.span)
        for declared, handler in self.tables().functions.get(module.path, ()):
            yield self._route(declared, handler, None)
        for cls in module.facts.classes:
            if cls.bases:
                yield from self._view(module, cls)

    def _is_snippet(self, module: Module) -> bool:
        if is_shown(module, _CUSTOMARY_VIEWS):
            return True
        calls = (
            d.value for f in module.facts.functions for d in f.decorators if isinstance(d.value, Call)
        )
        owners = {receiver(call)[0] for call in calls}
        return any(
            name in owners and snippet_framework(module, name, _CUSTOMARY) == "flask"
            for name in _CUSTOMARY
        )

    # ---------------------------------------------------------------------------------------------- receivers

    def _framework(self, expr: Expr, scope: Scope) -> str:
        """The framework of the app, blueprint or API that an expression is; "" for anything else."""
        value = self.types.of(expr, scope)
        if value.kind == "instance":
            return self._of_class(value, _ROUTERS)
        if value:
            return ""
        if self._is_customary(expr, scope):
            return "flask"
        made, where = resolved(self.types, expr, scope)
        if isinstance(made, Call) and receiver(made)[1] == "namespace":
            return self._framework(receiver(made)[0], where)
        return ""

    def _of_class(self, value: Value, names: frozenset[str]) -> str:
        for ancestor in self.types.mro(value):
            package, _, rest = ancestor.name.partition(".")
            if ancestor.ref is None and rest.rpartition(".")[2] in names:
                if package in _FRAMEWORKS:
                    return _FRAMEWORKS[package]
                if package.startswith("flask"):
                    return "flask"
        return ""

    def _is_customary(self, expr: Expr, scope: Scope) -> bool:
        """`app` and `bp` in a documentation snippet that binds neither."""
        return scope.function is None and snippet_framework(scope.module, expr, _CUSTOMARY) == "flask"

    # --------------------------------------------------------------------------------------- decorated functions

    def _decorated(self, module: Module, function: Function, call: Call, span: Span) -> Iterator[Route]:
        owner, verb = receiver(call)
        scope = definition_scope(module, function)
        if verb == "expose" and function.owner:
            yield from self._exposed(module, function, call, span)
        if verb not in _DECORATORS or not owner or function.owner:
            return
        owner, where = self.callers.argument(owner, scope)
        framework = self._framework(owner, where)
        if framework:
            path = shown_text(self.types, call.argument(0, "rule"), scope)
            router = origin(self.types, owner, where)
            declared = Declared(
                framework, self._methods(verb, call, scope), path, span, module.path, router
            )
            yield self._route(declared, FunctionRef(module.path, function), None)

    def _exposed(self, module: Module, function: Function, call: Call, span: Span) -> Iterator[Route]:
        """Flask-AppBuilder's and Flask-Admin's `@expose("/path")` on methods of their view classes."""
        scope = definition_scope(module, function)
        name = self.types.of(call.func, scope).name
        if name.startswith("flask"):
            path = shown_text(self.types, call.argument(0, "url"), scope)
            methods = self._methods("route", call, scope)
            cls = self.types.class_ref(f"{module.path}::{function.owner}")
            yield self._route(
                Declared("flask", methods, path, span, module.path, ""),
                FunctionRef(module.path, function),
                cls,
            )

    def _methods(self, verb: str, call: Call, scope: Scope) -> tuple[str, ...]:
        if verb == "websocket":
            return ("WEBSOCKET",)
        if verb in _VERBS:
            return (verb.upper(),)
        return verbs(self.types, call.keyword("methods"), scope)

    # -------------------------------------------------------------------------------------------------- classes

    def _view(self, module: Module, cls: Class) -> Iterator[Route]:
        key = f"{module.path}::{cls.qualname}"
        framework = self._of_class(Value("instance", key), _VIEWS)
        if not framework:
            return
        found = self._handlers(key)
        registered = self.tables().classes.get(key, [])
        for declared in registered:
            if declared.source != module.path or not self._is_decorator(cls, declared.span):
                declared = declared._replace(source=module.path, span=cls.span)
            yield from self._class_routes(declared, found, ClassRef(module.path, cls))
        if not registered:
            # Registered by code that cannot be followed, or a base: its own methods still answer requests.
            own = {
                name: handler
                for name, handler in found.items()
                if handler.key == f"{key}.{name}" and handler.key not in self.tables().inherited
            }
            declared = Declared(framework, (), "", cls.span, module.path, "")
            yield from self._class_routes(declared, own, ClassRef(module.path, cls))

    def _handlers(self, key: str) -> dict[str, FunctionRef]:
        # Other view classes dispatch by verb; one that overrides `dispatch_request` wraps its handlers in it.
        plain = not self._of_class(Value("instance", key), _VIEWS - {"View"})
        return class_handlers(self.types, key, ("dispatch_request",) if plain else _VERBS)

    def _is_decorator(self, cls: Class, span: Span) -> bool:
        return any(d.span == span for d in cls.decorators)

    def _class_routes(
        self, declared: Declared, found: dict[str, FunctionRef], cls: ClassRef
    ) -> Iterator[Route]:
        for name, handler in found.items():
            if name == "dispatch_request":
                methods = declared.methods or self._class_methods(cls)
            elif declared.methods and name.upper() not in declared.methods:
                continue
            else:
                methods = (name.upper(),)
            yield self._route(declared._replace(methods=methods), handler, cls)

    def _class_methods(self, cls: ClassRef) -> tuple[str, ...]:
        """A `View`'s `methods = [...]`."""
        for field in cls.cls.fields:
            module = self.types.project.module(cls.path)
            if field.name == "methods" and module is not None:
                return verbs(self.types, field.value, self.types.class_scope(cls.cls, module))
        return ("GET",)

    # --------------------------------------------------------------------------------------------------- tables

    def tables(self) -> _Tables:
        """What the whole project registers."""
        if self._tables is None:
            routers: dict[str, Router] = {}
            mounts: list[Mount] = []
            classes: dict[str, list[Declared]] = {}
            functions: dict[str, list[tuple[Declared, FunctionRef]]] = {}
            # Asked for again while it is being made: nothing is known yet.
            self._tables = _Tables(Mounts(iter(()), {}), {}, {}, frozenset())
            for module in self.types.project.modules_with("calls", *sorted(_TELLING)):
                routers.update(self._routers(module))
                mounts += self._mounts(module)
                self._register(module, classes, functions)
            inherited = frozenset(
                handler.key for key in classes for handler in self._handlers(key).values()
            )
            self._tables = _Tables(Mounts(iter(mounts), routers), classes, functions, inherited)
        return self._tables

    def _routers(self, module: Module) -> Iterator[tuple[str, Router]]:
        for key, call, scope in assigned_calls(module, _CONSTRUCTORS):
            name = receiver(call)[1]
            if name in ("Namespace", "namespace"):
                own = self._given_text(call.keyword("path"), scope)
                prefix = (
                    "/" + shown_text(self.types, call.argument(0, "name"), scope) if own is None else own
                )
            else:
                prefix = (
                    self._given_text(call.keyword("prefix" if name == "Api" else "url_prefix"), scope)
                    or ""
                )
            if prefix.rstrip("/"):
                yield key, Router(prefix.rstrip("/"), (), ())

    def _given_text(self, expr: Expr | None, scope: Scope) -> str | None:
        return None if expr is None or expr == Const(None) else shown_text(self.types, expr, scope)

    def _mounts(self, module: Module) -> Iterator[Mount]:
        for key, call, scope in assigned_calls(module, frozenset({"Api", "namespace"})):
            owner, name = receiver(call)
            parent = owner if name == "namespace" else call.argument(0, "app")
            if parent is not None and (name == "namespace" or parent != Const(None)):
                yield Mount(self._key(parent, scope), key, "", False, (), ())
        for site, scope, name in calls_named(module, _MOUNTING):
            owner, _ = receiver(site.call)
            child = site.call.argument(
                0, {"init_app": "app", "add_namespace": "ns"}.get(name, "blueprint")
            )
            if child is None or not owner:
                continue
            if name == "init_app":
                if self._framework(owner, scope) in _APIS:
                    yield Mount(self._key(child, scope), self._key(owner, scope), "", False, (), ())
                continue
            given = (
                site.call.argument(1, "path")
                if name == "add_namespace"
                else site.call.keyword("url_prefix")
            )
            prefix = self._given_text(given, scope)
            parent_key = self._key(owner, scope)
            for item, where in each(self.types, child, scope):
                key = self._key(item, where)
                yield Mount(parent_key, key, (prefix or "").rstrip("/"), prefix is not None, (), ())

    def _key(self, expr: Expr, scope: Scope) -> str:
        return origin(self.types, *self.callers.argument(expr, scope))

    def _register(
        self,
        module: Module,
        classes: dict[str, list[Declared]],
        functions: dict[str, list[tuple[Declared, FunctionRef]]],
    ) -> None:
        for cls in module.facts.classes:
            for decorator in cls.decorators:
                for declared in self._class_decorator(module, cls, decorator):
                    classes.setdefault(f"{module.path}::{cls.qualname}", []).append(declared)
        for site, scope, name in calls_named(module, _REGISTERING):
            call, (owner, _) = site.call, receiver(site.call)
            owner, where = self.callers.argument(owner, scope)
            framework = self._framework(owner, where) if owner else ""
            if not framework:
                continue
            view = (
                call.argument(0, "resource") if name == "add_resource" else call.argument(2, "view_func")
            )
            paths = self._paths(call.args[1:] if name == "add_resource" else call.args[:1], call, scope)
            key, handler = self._viewed(view, scope)
            for path in paths:
                methods = self._given_methods(call, scope)
                declared = Declared(
                    framework, methods, path, site.span, module.path, origin(self.types, owner, where)
                )
                if key:
                    classes.setdefault(key, []).append(declared)
                elif handler is not None:
                    answered = declared._replace(
                        methods=verbs(self.types, call.keyword("methods"), scope)
                    )
                    functions.setdefault(module.path, []).append((answered, handler))

    def _given_methods(self, call: Call, scope: Scope) -> tuple[str, ...]:
        return tuple(sorted(m.upper() for m in texts(self.types, call.keyword("methods"), scope)))

    def _class_decorator(self, module: Module, cls: Class, decorator: Decorator) -> Iterator[Declared]:
        call = decorator.value
        owner, verb = receiver(call) if isinstance(call, Call) else ("", "")
        if not isinstance(call, Call) or verb not in _CLASS_DECORATORS or not owner:
            return
        scope = self.types.class_scope(cls, module)
        owner, where = self.callers.argument(owner, scope)
        framework = self._framework(owner, where)
        if framework:
            router = origin(self.types, owner, where)
            for path in self._paths(call.args, call, scope):
                yield Declared(
                    framework,
                    self._given_methods(call, scope),
                    path,
                    decorator.span,
                    module.path,
                    router,
                )

    def _paths(self, args: tuple[Expr, ...], call: Call, scope: Scope) -> tuple[str, ...]:
        """The paths among a registration's arguments, a list of them taken apart."""
        found: list[str] = []
        for arg in args:
            many = arg.value if isinstance(arg, Star) else arg
            if isinstance(arg, Star) or isinstance(many, Seq):
                found += texts(self.types, many, scope)
            else:
                found.append(shown_text(self.types, many, scope))
        rule = call.keyword("rule")
        if rule is not None:
            found.append(shown_text(self.types, rule, scope))
        return tuple(found) or ("",)

    def _viewed(self, expr: Expr | None, scope: Scope) -> tuple[str, FunctionRef | None]:
        """The view class (by its `origin`) or the function that a registration names, wrapped or not."""
        if expr is None:
            return "", None
        expr, scope = resolved(self.types, expr, scope)
        if isinstance(expr, Call):
            owner, name = receiver(expr)
            if name == "as_view":
                return self._class_key(owner, scope), None
            for arg in expr.args:
                found = self._viewed(arg, scope)
                if found != ("", None):
                    return found
            return "", None
        value = self.types.of(expr, scope)
        if value.kind == "class":
            return self._class_key(expr, scope), None
        return "", self.types.function_ref(value.name) if value.kind in ("function", "method") else None

    def _class_key(self, expr: Expr, scope: Scope) -> str:
        value = self.types.of(expr, scope)
        return value.name if value.kind == "class" and "::" in value.name else ""

    # --------------------------------------------------------------------------------------------------- routes

    def _route(self, declared: Declared, handler: FunctionRef, cls: ClassRef | None) -> Route:
        function = handler.function
        schema = self._schema(handler, cls)
        ways = self.tables().mounts.ways(declared.router)
        prefixed = (
            join(way.prefix, declared.path) if declared.router or declared.path else "" for way in ways
        )
        return Route(
            framework=declared.framework,
            methods=declared.methods,
            path=declared.path,
            paths=tuple(dict.fromkeys(prefixed)),
            span=declared.span,
            source=declared.source,
            handler=handler,
            cls=cls,
            is_async=function.is_async,
            response=schema.value,
            response_model=schema.expr,
            declares_response=schema.declared,
            status=schema.status,
            dependencies=(),
            tags=(),
        )

    def _schema(self, handler: FunctionRef, cls: ClassRef | None) -> _Schema:
        for decorator, scope in decorators_around(handler, cls, self.types):
            schema = self._declared_schema(decorator, scope)
            if schema.declared:
                return schema
        return _NOTHING

    def _declared_schema(self, call: Expr, scope: Scope) -> _Schema:
        """What `@blp.response(200, Schema)`, `@app.output(Schema)`, `@response(schema)`, `@marshal_with(…)` say."""
        owner, name = receiver(call) if isinstance(call, Call) else ("", "")
        if not isinstance(call, Call) or name not in _SCHEMAS:
            return _NOTHING
        framework = self._framework(owner, scope) if owner else ""
        module = "" if framework else self.types.of(call.func, scope).name.partition(".")[0]
        if not (framework or module.startswith(("flask", "apifairy", "apiflask", "spectree", "quart"))):
            return _NOTHING
        expr, status = self._answered(call, name, framework or module)
        if (name == "validate" and expr is None) or (name == "response" and framework == "flask-restx"):
            return _NOTHING  # documentation only
        value = self._schema_value(expr, scope) if expr is not None else NO_VALUE
        if name == "marshal_list_with" or call.keyword("as_list") == Const(True):
            value = listing(value)
        return _Schema(expr if expr is not None else UNKNOWN, value, True, status)

    def _answered(self, call: Call, name: str, owner: str) -> tuple[Expr | None, int]:
        """The schema and the status that a response decorator is given."""
        if name == "validate":
            return call.keyword("resp") or call.keyword("response_model"), 0
        code = call.keyword("status_code") or call.keyword("code")
        first = call.argument(0, "schema")
        if name == "response" and owner in ("flask-smorest", "flask_smorest"):
            code, first = call.argument(0, "status_code"), call.argument(1, "schema")
        elif name == "output" and code is None:
            code = call.argument(1, "status_code")
        elif first is None:
            first = call.keyword("fields")
        status = code.value if isinstance(code, Const) and isinstance(code.value, int) else 0
        return first, status

    def _schema_value(self, expr: Expr, scope: Scope) -> Value:
        value = self.types.of(expr, scope)
        made, _ = resolved(self.types, expr, scope)
        if value.kind == "class":
            value = Value("instance", value.name, value.items)
        if isinstance(made, Call) and made.keyword("many") == Const(True):
            return listing(value)
        return value if value.kind in ("instance", "list") else NO_VALUE
