"""FastAPI and Starlette: decorated functions, `add_api_route`, `Route(...)`, routers included in routers.

Facts from https://fastapi.tiangolo.com/reference/apirouter/ and https://www.starlette.io/routing/.
"""

from __future__ import annotations

from collections.abc import Iterator

from api_lint.census import Census
from api_lint.facts import (
    NO_VALUE,
    UNKNOWN,
    Call,
    Const,
    Dependency,
    Expr,
    Function,
    FunctionRef,
    Route,
    Seq,
    Span,
    Value,
)
from api_lint.frameworks.routing import (
    Callers,
    Mount,
    Mounts,
    Router,
    calls_named,
    calls_of,
    definition_scope,
    each,
    handler_of,
    join,
    origin,
    receiver,
    shown_text,
    snippet_framework,
    texts,
    verbs,
)
from api_lint.infer import Scope, Types
from api_lint.link import Module

_METHODS = frozenset("get post put patch delete head options trace".split())
_DECORATORS = _METHODS | {"api_route", "websocket", "websocket_route", "route"}
_FASTAPI = frozenset({"fastapi.FastAPI", "fastapi.APIRouter"})
_STARLETTE = frozenset({"starlette.applications.Starlette", "starlette.routing.Router"})
_ROUTES = {
    "starlette.routing.Route": "GET",
    "starlette.routing.WebSocketRoute": "WEBSOCKET",
    "fastapi.routing.APIRoute": "GET",
}
_REGISTRATIONS = frozenset(
    {"add_api_route", "add_api_websocket_route", "add_route", "add_websocket_route"}
)
_CONSTRUCTED = frozenset({"Route", "WebSocketRoute", "APIRoute"})
_REGISTERING = _REGISTRATIONS | _CONSTRUCTED
_MOUNTING = frozenset({"include_router", "mount"})
# What a router's construction says for the routes in it.
_FOR_ROUTES = frozenset({"prefix", "dependencies", "tags"})
# Starlette numbers its own constants so: `status.HTTP_204_NO_CONTENT`.
_STATUS_PREFIX = "HTTP_"


class FastApiAdapter:
    """FastAPI's and Starlette's routes."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._callers = Callers(types)
        self._mounts: Mounts | None = None

    def may_declare(self, census: Census) -> bool:
        """Whether a file with these names can hold the handler or the registration of a route."""
        return census.holds("decorators", _DECORATORS) or census.holds("calls", _REGISTERING)

    def routes(self, module: Module) -> Iterator[Route]:
        """The routes whose handler or registration stands in `module`."""
        for function in module.facts.functions:
            for decorator in function.decorators:
                if isinstance(decorator.value, Call):
                    yield from self._decorated(module, function, decorator.value, decorator.span)
        for site, scope in calls_of(module):
            yield from self._registered(module, site.call, site.span, scope)

    def _framework(self, expr: Expr, scope: Scope) -> str:
        value = self.types.of(expr, scope)
        names = {a.name for a in self.types.mro(value)} if value.kind == "instance" else set()
        if names & _FASTAPI or (not value and self._is_customary(expr, scope)):
            return "fastapi"
        return "starlette" if names & _STARLETTE else ""

    def _is_customary(self, expr: Expr, scope: Scope) -> bool:
        """`app` and `router` in a documentation snippet that binds neither."""
        return (
            scope.function is None
            and snippet_framework(scope.module, expr, ("app", "router")) == "fastapi"
        )

    # ------------------------------------------------------------------------------------------------- routes

    def _decorated(self, module: Module, function: Function, call: Call, span: Span) -> Iterator[Route]:
        owner, verb = receiver(call)
        if verb not in _DECORATORS or not owner:
            return
        scope = definition_scope(module, function)
        cls = module.classes.get(function.owner)
        if cls is not None and any(field.name == owner for field in cls.fields):
            owner = f"{cls.qualname}.{owner}"  # `@router.get` within the class that has the router
        owner, scope = self._callers.argument(owner, scope)
        framework = self._framework(owner, scope)
        if not framework:
            return
        if verb in ("route", "websocket_route"):
            framework = "starlette"
        methods = self._methods(verb, call, scope)
        handler = FunctionRef(module.path, function)
        yield self._route(
            framework,
            methods,
            call,
            span,
            module.path,
            handler,
            owner,
            definition_scope(module, function),
            scope,
        )

    def _registered(self, module: Module, call: Call, span: Span, scope: Scope) -> Iterator[Route]:
        owner, name = receiver(call)
        if isinstance(call.func, Call):
            yield from self._applied(module, call.func, call, span, scope)
        elif name in _REGISTRATIONS and owner:
            owner, where = self._callers.argument(owner, scope)
            framework = self._framework(owner, where)
            handler = handler_of(
                self.types, call.argument(1, "endpoint") or call.keyword("route"), scope
            )
            if framework and handler is not None:
                framework = "starlette" if name in ("add_route", "add_websocket_route") else framework
                methods = self._methods("websocket" if "websocket" in name else "api_route", call, scope)
                yield self._route(
                    framework, methods, call, span, module.path, handler, owner, scope, where
                )
        elif name in _CONSTRUCTED:
            yield from self._constructed(module, call, span, scope)

    def _applied(
        self, module: Module, made: Call, call: Call, span: Span, scope: Scope
    ) -> Iterator[Route]:
        """`app.get("/x")(handler)`."""
        owner, verb = receiver(made)
        framework = self._framework(owner, scope) if owner and verb in _DECORATORS else ""
        handler = handler_of(self.types, call.argument(0, "func"), scope) if framework else None
        if handler is not None:
            methods = self._methods(verb, made, scope)
            yield self._route(framework, methods, made, span, module.path, handler, owner, scope, scope)

    def _constructed(self, module: Module, call: Call, span: Span, scope: Scope) -> Iterator[Route]:
        cls = self.types.canonical(self.types.of(call.func, scope).name)
        handler = handler_of(self.types, call.argument(1, "endpoint"), scope)
        if cls in _ROUTES and handler is not None:
            verb = "websocket" if _ROUTES[cls] == "WEBSOCKET" else "api_route"
            framework = "fastapi" if cls.startswith("fastapi") else "starlette"
            yield self._route(
                framework,
                self._methods(verb, call, scope),
                call,
                span,
                module.path,
                handler,
                "",
                scope,
                scope,
            )

    def _methods(self, verb: str, call: Call, scope: Scope) -> tuple[str, ...]:
        if verb in _METHODS:
            return (verb.upper(),)
        if verb.startswith("websocket"):
            return ("WEBSOCKET",)
        return verbs(self.types, call.keyword("methods"), scope)

    def _route(
        self,
        framework: str,
        methods: tuple[str, ...],
        call: Call,
        span: Span,
        source: str,
        handler: FunctionRef,
        owner: Expr,
        scope: Scope,
        where: Scope,
    ) -> Route:
        """One route; `owner` is its router, as it is called in `where`."""
        function = handler.function
        module = self.types.project.module(handler.path)
        assert module is not None
        inside = definition_scope(module, function)
        path = shown_text(self.types, call.argument(0, "path"), scope)
        ways = (
            self.mounts().ways(origin(self.types, owner, where))
            if owner
            else Mounts(iter(()), {}).ways("")
        )
        own = (
            *self.parameter_dependencies(function, inside),
            *self._listed(call.keyword("dependencies"), scope, "route"),
        )
        model = call.keyword("response_model")
        status = self._status(call.keyword("status_code"))
        return Route(
            framework=framework,
            methods=methods,
            path=path,
            paths=tuple(dict.fromkeys(join(way.prefix, path) for way in ways)),
            span=span,
            source=source,
            handler=handler,
            cls=self.types.class_ref(f"{handler.path}::{function.owner}") if function.owner else None,
            is_async=function.is_async,
            response=self._response(model, function, scope, inside),
            response_model=model if model is not None else function.returns,
            declares_response=framework == "starlette"
            or "WEBSOCKET" in methods
            or model is not None
            or function.returns is not UNKNOWN
            or call.keyword("response_class") is not None
            or any(name == "" for name, _ in call.keywords)
            or status in (204, 304),
            status=status,
            dependencies=(*ways[0].dependencies, *own),
            tags=(*ways[0].tags, *texts(self.types, call.keyword("tags"), scope)),
        )

    def _response(self, model: Expr | None, function: Function, scope: Scope, inside: Scope) -> Value:
        if model is not None:
            return NO_VALUE if model == Const(None) else self._declared(model, scope)
        return self._declared(function.returns, inside) if function.returns is not UNKNOWN else NO_VALUE

    def _declared(self, annotation: Expr, scope: Scope) -> Value:
        """What a type declares; of a union's members the one that names a class, be it out of sight."""
        members = self.types.members(annotation, scope)
        named = (member for member in members if not _is_built_in(member))
        return next(named, self.types.annotated(annotation, scope))

    def _status(self, expr: Expr | None) -> int:
        if isinstance(expr, Const) and isinstance(expr.value, int):
            return expr.value
        if isinstance(expr, str):
            name = expr.rpartition(".")[2]
            code = name.removeprefix(_STATUS_PREFIX).partition("_")[0]
            if code.isdigit():
                return int(code)
            return {"CREATED": 201, "NO_CONTENT": 204, "ACCEPTED": 202, "OK": 200}.get(name, 0)
        return 0

    # ------------------------------------------------------------------------------------------- dependencies

    def parameter_dependencies(self, function: Function, scope: Scope) -> Iterator[Dependency]:
        """The dependencies a function's parameters ask for, their own ones after them."""
        yield from self._nested(function, scope, set())

    def _nested(self, function: Function, scope: Scope, seen: set[str]) -> Iterator[Dependency]:
        for param in function.params:
            provider = self.types.provider(param, scope)
            if not provider or provider.name in seen:
                continue
            seen.add(provider.name)
            yield Dependency(param.name, provider, self.types.parameter(param, scope), "parameter")
            yield from self._below(provider, seen)

    def _below(self, provider: Value, seen: set[str]) -> Iterator[Dependency]:
        target = provider
        if provider.kind == "class":
            target = (
                self.types.method(Value("instance", provider.name, provider.items), "__init__")
                or NO_VALUE
            )
        elif provider.kind == "instance":
            target = self.types.method(provider, "__call__") or NO_VALUE
        ref = self.types.function_ref(target.name)
        module = self.types.project.module(ref.path) if ref is not None else None
        if ref is not None and module is not None:
            yield from self._nested(ref.function, definition_scope(module, ref.function), seen)

    def _listed(self, expr: Expr | None, scope: Scope, where: str) -> Iterator[Dependency]:
        for item in expr.items if isinstance(expr, Seq) else ():
            provider = self.types.depends(item, scope)
            if provider:
                yield Dependency("", provider, self.types.provided(provider), where)
                yield from self._below(provider, {provider.name})

    # -------------------------------------------------------------------------------------------------- mounts

    def mounts(self) -> Mounts:
        """Where every router of the project is included."""
        if self._mounts is None:
            routers: dict[str, Router] = {}
            mounts: list[Mount] = []
            self._mounts = Mounts(
                iter(()), {}
            )  # asked for again while it is being made: no prefix is known yet
            for module in self.types.project.modules_with("calls", *sorted(_MOUNTING)):
                mounts += self._mounts_of(module)
            for module in self.types.project.modules_with("keywords", *sorted(_FOR_ROUTES)):
                routers.update(self._routers_of(module))
            self._mounts = Mounts(iter(mounts), routers)
        return self._mounts

    def _mounts_of(self, module: Module) -> Iterator[Mount]:
        for site, scope, name in calls_named(module, _MOUNTING):
            owner, _ = receiver(site.call)
            if not owner:
                continue
            child = site.call.argument(
                0 if name == "include_router" else 1, "router" if name == "include_router" else "app"
            )
            owner, where = self._callers.argument(owner, scope)
            if child is None or not self._framework(owner, where):
                continue
            prefix = (
                site.call.keyword("prefix")
                if name == "include_router"
                else site.call.argument(0, "path")
            )
            for each_child, there in each(self.types, child, scope):
                yield Mount(
                    origin(self.types, owner, where),
                    origin(self.types, each_child, there),
                    shown_text(self.types, prefix, scope),
                    False,
                    tuple(self._listed(site.call.keyword("dependencies"), scope, "router")),
                    texts(self.types, site.call.keyword("tags"), scope),
                )

    def _routers_of(self, module: Module) -> Iterator[tuple[str, Router]]:
        for function in (None, *module.facts.functions):
            for assign in (function or module.facts.body).assigns:
                router = self._router(assign.value, Scope(module, function, assign.line))
                if router is not None:
                    yield self._key(module, function, assign.target), router
        for cls in module.facts.classes:
            for field in cls.fields:
                router = self._router(field.value, self.types.class_scope(cls, module))
                if router is not None:
                    yield f"{module.path}::{cls.qualname}.{field.name}", router

    def _key(self, module: Module, function: Function | None, target: str) -> str:
        if function is None:
            return f"{module.path}::{target}"
        owner = function.owner if target.startswith("self.") else function.qualname
        return f"{module.path}::{owner}.{target}"

    def _router(self, call: Expr, scope: Scope) -> Router | None:
        if not isinstance(call, Call) or _FOR_ROUTES.isdisjoint(name for name, _ in call.keywords):
            return None
        value = self.types.of(call, scope)
        names = {a.name for a in self.types.mro(value)} if value.kind == "instance" else set()
        if not names & _FASTAPI:
            return None
        where = "app" if "fastapi.FastAPI" in names else "router"
        return Router(
            shown_text(self.types, call.keyword("prefix"), scope),
            tuple(self._listed(call.keyword("dependencies"), scope, where)),
            texts(self.types, call.keyword("tags"), scope),
        )


def _is_built_in(value: Value) -> bool:
    """Whether a type is made of built-in ones and `Any` alone."""
    if value.kind in ("dict", "list", "tuple"):
        return all(map(_is_built_in, value.items))
    return value.kind == "none" or value.name.startswith(("builtins.", "typing.", "typing_extensions."))
