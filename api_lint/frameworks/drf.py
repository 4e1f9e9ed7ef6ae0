"""Django REST framework and Django: views and viewsets, `urlpatterns` across files, routers, django-ninja.

Facts from https://www.django-rest-framework.org/api-guide/routers/,
https://docs.djangoproject.com/en/stable/topics/http/urls/ and https://django-ninja.dev/guides/routers/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from api_lint.census import Census
from api_lint.facts import (
    NO_VALUE,
    UNKNOWN,
    Attr,
    Call,
    CallSite,
    Class,
    ClassRef,
    Const,
    Decorator,
    Expr,
    Function,
    FunctionRef,
    Map,
    Route,
    Seq,
    Span,
    Star,
    Text,
    Value,
)
from api_lint.frameworks.routing import (
    Declared,
    Mount,
    Mounts,
    assigned_calls,
    calls_named,
    class_handlers,
    definition_scope,
    is_shown,
    origin,
    receiver,
    resolved,
    shown_text,
    texts,
    verbs,
)
from api_lint.infer import Scope, Types, listing
from api_lint.link import Module

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
# What a viewset's method answers to, and whether below the prefix itself or below one object of it.
_ACTIONS = {
    "list": ("GET", False),
    "create": ("POST", False),
    "retrieve": ("GET", True),
    "update": ("PUT", True),
    "partial_update": ("PATCH", True),
    "destroy": ("DELETE", True),
}
_PACKAGES = ("django", "rest_framework", "ninja")
_CUSTOMARY = frozenset(
    "APIView api_view generics viewsets GenericAPIView GenericViewSet ModelViewSet ReadOnlyModelViewSet ViewSet "
    "CreateAPIView DestroyAPIView ListAPIView ListCreateAPIView RetrieveAPIView RetrieveDestroyAPIView "
    "RetrieveUpdateAPIView RetrieveUpdateDestroyAPIView UpdateAPIView".split()
)
_PATTERNS = frozenset({"path", "re_path", "url"})
_ROUTER_CALLS = frozenset({"register", "extend", "add_router"})
_NINJA = frozenset(
    {"ninja.NinjaAPI", "ninja.Router", "ninja_extra.NinjaExtraAPI", "ninja.main.NinjaAPI"}
)
_NINJA_DECORATORS = frozenset({"get", "post", "put", "patch", "delete", "api_operation"})
_SCHEMA_DECORATORS = frozenset({"extend_schema", "swagger_auto_schema"})
_REQUIRED = {
    "require_GET": ("GET",),
    "require_POST": ("POST",),
    "require_safe": ("GET", "HEAD"),
}
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
_MAX_WRAPPERS = 4


class _View(NamedTuple):
    """What a URL pattern leads to: a class (by its `origin`) with the methods for its verbs, or a function."""

    cls: str
    actions: tuple[tuple[str, str], ...]
    function: FunctionRef | None


class _Registered(NamedTuple):
    """One registration of a view class. `by_router`: as a viewset, so that its methods' names make the paths."""

    declared: Declared
    actions: tuple[tuple[str, str], ...]
    by_router: bool
    slash: str


class _Tables(NamedTuple):
    """What the whole project's URL configuration says."""

    mounts: Mounts
    classes: dict[str, list[_Registered]]
    functions: dict[str, list[tuple[Declared, FunctionRef]]]
    sources: dict[str, list[tuple[Declared, FunctionRef]]]
    inherited: frozenset[str]


class _Gathered:
    """The tables while they are being made."""

    def __init__(self) -> None:
        self.mounts: list[Mount] = []
        self.routers: dict[str, str] = {}
        self.classes: dict[str, list[_Registered]] = {}
        self.functions: dict[str, list[tuple[Declared, FunctionRef]]] = {}


class DrfAdapter:
    """The routes of Django REST framework, Django and django-ninja."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._tables: _Tables | None = None

    def may_declare(self, census: Census) -> bool:
        """Whether a file with these names can hold the handler or the registration of a route."""
        if not self._is_used:
            return census.holds("heads", _CUSTOMARY)
        return (
            census.has("classes")
            or census.holds("decorators", ("api_view", *_NINJA_DECORATORS))
            or census.holds("calls", _PATTERNS)
        )

    @property
    def _is_used(self) -> bool:
        return self.types.project.uses(*_PACKAGES)

    def routes(self, module: Module) -> Iterator[Route]:
        """The routes whose handler or registration stands in `module`."""
        if not self._is_used and not is_shown(module, _CUSTOMARY):
            return
        for function in module.facts.functions:
            for decorator in function.decorators:
                if isinstance(decorator.value, Call):
                    yield from self._decorated(module, function, decorator.value, decorator.span)
        for declared, handler in self.tables().sources.get(module.path, ()):
            if self._api_view(handler) is None:
                yield self._route(declared, handler, None)
        for cls in module.facts.classes:
            if cls.bases:
                yield from self._view_class(module, cls)

    # ------------------------------------------------------------------------------------------------ functions

    def _decorated(self, module: Module, function: Function, call: Call, span: Span) -> Iterator[Route]:
        handler = FunctionRef(module.path, function)
        owner, name = receiver(call)
        if name == "api_view" and self._api_view(handler) is call:
            scope = definition_scope(module, function)
            methods = verbs(self.types, call.argument(0, "http_method_names"), scope)
            known = self.tables().functions.get(handler.key, [])
            for declared in [d for d, _ in known] or [Declared("drf", (), "", span, "", "")]:
                declared = declared._replace(
                    framework="drf", methods=methods, span=span, source=module.path
                )
                yield self._route(declared, handler, None)
        elif name in _NINJA_DECORATORS and owner:
            yield from self._ninja(module, handler, call, span)

    def _api_view(self, handler: FunctionRef) -> Call | None:
        """A function's `@api_view([...])`."""
        for decorator in handler.function.decorators:
            call = decorator.value
            if isinstance(call, Call) and receiver(call)[1] == "api_view":
                module = self.types.project.module(handler.path)
                if module is not None and self._is_drf_name(
                    call.func, definition_scope(module, handler.function)
                ):
                    return call
        return None

    def _is_drf_name(self, expr: Expr, scope: Scope) -> bool:
        return self.types.of(expr, scope).name.startswith(("rest_framework", "drf"))

    def _upper(self, expr: Expr | None, scope: Scope) -> tuple[str, ...]:
        return tuple(sorted(m.upper() for m in texts(self.types, expr, scope)))

    def _ninja(self, module: Module, handler: FunctionRef, call: Call, span: Span) -> Iterator[Route]:
        owner, verb = receiver(call)
        scope = definition_scope(module, handler.function)
        value = self.types.of(owner, scope)
        if value.kind != "instance" or not {a.name for a in self.types.mro(value)} & _NINJA:
            return
        generic = verb == "api_operation"
        methods = self._upper(call.argument(0, "methods"), scope) if generic else (verb.upper(),)
        path = shown_text(self.types, call.argument(1 if generic else 0, "path"), scope)
        declared = Declared("django", methods, path, span, module.path, origin(self.types, owner, scope))
        route = self._route(declared, handler, None)
        model = call.keyword("response") or handler.function.returns
        response = self._schema_value(model, scope)
        yield _with_response(route, response, model, model is not UNKNOWN)

    def _function_methods(self, handler: FunctionRef) -> tuple[str, ...]:
        """What `@require_http_methods` and its like let through; a plain Django view answers any method."""
        module = self.types.project.module(handler.path)
        for decorator in handler.function.decorators if module is not None else ():
            value = decorator.value
            name = value.rpartition(".")[2] if isinstance(value, str) else ""
            if name in _REQUIRED:
                return _REQUIRED[name]
            if (
                isinstance(value, Call)
                and receiver(value)[1] == "require_http_methods"
                and module is not None
            ):
                return self._upper(
                    value.argument(0, ""), definition_scope(module, handler.function)
                ) or ("ANY",)
        return ("ANY",)

    # -------------------------------------------------------------------------------------------------- classes

    def _kind(self, key: str) -> str:
        """What a class is: `viewset`, `generic`, `api`, `django`, or "" for no view."""
        kinds = {_kind_of(a.name) for a in self.types.mro(Value("instance", key)) if a.ref is None}
        return next((kind for kind in ("viewset", "generic", "api", "django") if kind in kinds), "")

    def _view_class(self, module: Module, cls: Class) -> Iterator[Route]:
        key = f"{module.path}::{cls.qualname}"
        kind = self._kind(key)
        if not kind:
            return
        ref = ClassRef(module.path, cls)
        framework = "django" if kind == "django" else "drf"
        found = self._handlers(key, kind)
        seen: set[str] = set()
        for registered in self.tables().classes.get(key, []):
            for name, declared in self._answers(registered, found, ref, kind):
                seen.add(name)
                yield self._class_route(
                    declared._replace(framework=framework, source=module.path), found[name], ref
                )
        for name, handler in found.items():
            # Reached by code that cannot be followed, or a base: its own methods still answer requests.
            if (
                name not in seen
                and handler.key == f"{key}.{name}"
                and handler.key not in self.tables().inherited
                and not (kind == "viewset" and _is_plain_verb(name, handler))
            ):
                methods = self._verbs(name, handler)
                declared = Declared(framework, methods, "", cls.span, module.path, "")
                yield self._class_route(declared, handler, ref)

    def _handlers(self, key: str, kind: str) -> dict[str, FunctionRef]:
        """The methods of a view class that answer requests, by name."""
        if kind in ("api", "django"):
            return class_handlers(self.types, key, _VERBS)
        named = {name for r in self.tables().classes.get(key, []) for _, name in r.actions}
        names = [*_VERBS, *_ACTIONS]
        for ancestor in self.types.mro(Value("instance", key)):
            if ancestor.ref is not None:
                names += self._marked(ancestor.ref, named)
        found = class_handlers(self.types, key, dict.fromkeys(names))
        if kind == "generic":
            answered = {name for name in found if name in _VERBS}
            return {
                n: h
                for n, h in found.items()
                if n not in _ACTIONS or _ACTIONS[n][0].lower() not in answered
            }
        return found

    def _marked(self, cls: ClassRef, named: set[str]) -> Iterator[str]:
        """The methods of a class that a registration names or an `@action` marks."""
        module = self.types.project.module(cls.path)
        for method in cls.cls.methods if module is not None else ():
            function = (
                module.functions.get(f"{cls.cls.qualname}.{method}") if module is not None else None
            )
            if method in named or (function is not None and _action(function) is not None):
                yield method

    def _verbs(self, name: str, handler: FunctionRef) -> tuple[str, ...]:
        action = _action(handler.function)
        if isinstance(action, Decorator) and isinstance(action.value, Call):
            module = self.types.project.module(handler.path)
            given = action.value.argument(0, "methods")
            scope = definition_scope(module, handler.function) if module is not None else None
            return verbs(self.types, given, scope) if scope is not None else ("ANY",)
        if isinstance(action, Decorator) and isinstance(action.value, str):
            return (action.value.rpartition(".")[2].upper(),)
        return (_ACTIONS[name][0] if name in _ACTIONS else name.upper() if name in _VERBS else "ANY",)

    def _answers(
        self, registered: _Registered, found: dict[str, FunctionRef], cls: ClassRef, kind: str
    ) -> Iterator[tuple[str, Declared]]:
        """Which methods answer for one registration, and as what."""
        declared = registered.declared
        if registered.by_router:
            for name, handler in found.items():
                for below in self._below(name, handler, cls):
                    path = declared.path + below + registered.slash
                    yield name, declared._replace(path=path, methods=self._verbs(name, handler))
        elif kind == "viewset":
            taken = {verb.lower() for verb, _ in registered.actions}
            for verb, name in registered.actions:
                if name in found:
                    yield name, declared._replace(methods=(verb.upper(),))
            for name, handler in found.items():
                if taken and name not in taken and _is_plain_verb(name, handler):
                    yield name, declared._replace(methods=(name.upper(),))
        else:
            for name, handler in found.items():
                yield name, declared._replace(methods=self._verbs(name, handler))

    def _left(self, verb: str, cls: ClassRef) -> Iterator[str]:
        """What comes below a router's prefix where a viewset's own method for a verb answers: where actions have a URL
        and none of them takes this verb over."""
        view = Value("instance", cls.key)
        actions = [action for name, action in _ACTIONS.items() if self.types.method(view, name)]
        for is_one, below in ((False, ""), (True, f"/<{self._lookup(cls)}>")):
            taken = {method for method, of_one in actions if of_one is is_one}
            if taken and ("GET" if verb == "head" else verb.upper()) not in taken:
                yield below

    def _below(self, name: str, handler: FunctionRef, cls: ClassRef) -> Iterator[str]:
        """What a router adds to a viewset's prefix for one of its methods."""
        action = _action(handler.function)
        if _is_plain_verb(name, handler):
            yield from self._left(name, cls)
            return
        if action is None:
            detail, tail = name in _ACTIONS and _ACTIONS[name][1], ""
        else:
            call = action.value if isinstance(action.value, Call) else self._mapped(action, handler)
            decorator = receiver(call)[1] if call is not None else ""
            detail = call is not None and (
                call.keyword("detail") == Const(True) or decorator == "detail_route"
            )
            given = call.keyword("url_path") if call is not None else None
            shown = name if isinstance(action.value, Call) else str(action.value).split(".")[0]
            tail = "/" + (given.value if isinstance(given, Text) else shown)
        yield (f"/<{self._lookup(cls)}>" if detail else "") + _readable(tail)

    def _mapped(self, decorator: Decorator, handler: FunctionRef) -> Call | None:
        """The `@action` of the method that `@method.mapping.delete` adds a verb to."""
        module = self.types.project.module(handler.path)
        first = str(decorator.value).split(".")[0]
        function = (
            module.functions.get(f"{handler.function.owner}.{first}") if module is not None else None
        )
        action = _action(function) if function is not None else None
        return action.value if action is not None and isinstance(action.value, Call) else None

    def _lookup(self, cls: ClassRef) -> str:
        for name in ("lookup_url_kwarg", "lookup_field"):
            for ancestor in self.types.mro(Value("instance", cls.key)):
                for field in ancestor.ref.cls.fields if ancestor.ref is not None else ():
                    if field.name == name and isinstance(field.value, Text):
                        return field.value.value
        return "pk"

    # --------------------------------------------------------------------------------------------------- tables

    def tables(self) -> _Tables:
        """What the whole project's URL configuration says."""
        if self._tables is None:
            # Asked for again while it is being made: nothing is known yet.
            self._tables = _Tables(Mounts(iter(()), {}), {}, {}, {}, frozenset())
            gathered = _Gathered()
            for path in self.types.project.scanned:
                module = self.types.project.module(path)
                if module is not None and module.kind != "migrations":
                    self._gather(module, gathered)
            self._tables = self._linked(gathered)
        return self._tables

    def _linked(self, gathered: _Gathered) -> _Tables:
        mounted = {mount.child for mount in gathered.mounts}
        for router, path in gathered.routers.items():
            # `urlpatterns += router.urls` names no place: a router mounted nowhere is in its own file's patterns.
            module = self.types.project.module(path)
            if router not in mounted and module is not None and "urlpatterns" in module.facts.body.bound:
                gathered.mounts.append(Mount(f"{path}::urlpatterns", router, "", False, (), ()))
        sources: dict[str, list[tuple[Declared, FunctionRef]]] = {}
        for found in gathered.functions.values():
            for declared, handler in found:
                sources.setdefault(declared.source, []).append((declared, handler))
        self._tables = _Tables(
            Mounts(iter(gathered.mounts), {}), gathered.classes, gathered.functions, sources, frozenset()
        )
        answering = frozenset(handler for key in gathered.classes for handler in self._answering(key))
        return self._tables._replace(inherited=answering)

    def _answering(self, key: str) -> Iterator[str]:
        """The inherited methods that answer for a registered class."""
        kind, ref = self._kind(key), self.types.class_ref(key)
        if ref is None:
            return
        found = self._handlers(key, kind)
        for registered in self.tables().classes[key]:
            for name, _ in self._answers(registered, found, ref, kind):
                if not found[name].key.startswith(f"{key}."):
                    yield found[name].key

    def _gather(self, module: Module, gathered: _Gathered) -> None:
        sites = [s for s, scope, _ in calls_named(module, _PATTERNS) if scope.function is None]
        sites = [s for s in sites if self._is_pattern(s.call, Scope(module, None, s.span.line))]
        if sites:
            containers = _containers(module, sites)
            for site in sites:
                self._pattern(module, site, f"{module.path}::{containers[site.span]}", gathered)
        if "urlpatterns" in module.assigns:
            gathered.mounts += self._listed(module)
        for key, call, scope in assigned_calls(module, frozenset(_router_names(module))):
            if (
                call.args and isinstance(call.args[0], str) and len(call.args) > 1
            ):  # a nested router: parent, prefix
                parent = origin(self.types, call.args[0], scope)
                lookup = shown_text(self.types, call.keyword("lookup"), scope).strip("{}…")
                prefix = shown_text(self.types, call.args[1], scope)
                gathered.mounts.append(
                    Mount(parent, key, f"{prefix}/<{lookup or 'parent'}_pk>/", False, (), ())
                )
            gathered.routers[key] = module.path
        for site, scope, name in calls_named(module, _ROUTER_CALLS):
            self._router_call(module, site, scope, name, gathered)

    def _is_pattern(self, call: Call, scope: Scope) -> bool:
        return len(call.args) + len(call.keywords) >= 2 and self.types.of(
            call.func, scope
        ).name.startswith(("django.", "rest_framework.urls."))

    def _pattern(self, module: Module, site: CallSite, container: str, gathered: _Gathered) -> None:
        call, scope = site.call, Scope(module, None, site.span.line)
        path = shown_text(
            self.types, call.argument(0, "route" if call.keyword("route") else "regex"), scope
        )
        if receiver(call)[1] != "path":
            path = _readable(path)
        view = call.argument(1, "view")
        if view is None:
            return
        target, where = resolved(self.types, view, scope)
        child = self._included(target, where, _place(site.span))
        if child:
            gathered.mounts.append(Mount(container, child, path, False, (), ()))
            inline = target.argument(0, "arg") if isinstance(target, Call) else None
            gathered.mounts += self._taken_over(inline or UNKNOWN, where, child)
            return
        found = self._view(target, where, 0)
        declared = Declared("django", (), path, site.span, module.path, container)
        if found is not None and found.function is not None:
            declared = declared._replace(methods=self._function_methods(found.function))
            gathered.functions.setdefault(found.function.key, []).append((declared, found.function))
        elif found is not None:
            ref = self.types.class_ref(found.cls)
            span = ref.cls.span if ref is not None else site.span
            registered = _Registered(declared._replace(span=span), found.actions, False, "")
            gathered.classes.setdefault(found.cls, []).append(registered)

    def _included(self, expr: Expr, scope: Scope, place: str) -> str:
        """The `origin` of the patterns that `include(…)` or `router.urls` stands for, "" for anything else."""
        if isinstance(expr, str) and expr.endswith(".urls"):
            return self._of_router(expr, scope)
        if not isinstance(expr, Call) or receiver(expr)[1] != "include":
            return ""
        return self._patterns(expr.argument(0, "arg") or UNKNOWN, scope, place)

    def _of_router(self, expr: str, scope: Scope) -> str:
        if self.types.of(expr, scope).kind == "module":
            return ""
        return origin(self.types, expr.removesuffix(".urls"), scope)

    def _patterns(self, expr: Expr, scope: Scope, place: str) -> str:
        if isinstance(expr, Text):
            symbol = self.types.project.find(expr.value, scope.module.path)
            return f"{symbol.path}::urlpatterns" if symbol.sort == "module" else ""
        if isinstance(expr, Seq):
            if expr.kind == "tuple" and expr.items and not isinstance(expr.items[0], Call):
                return self._patterns(expr.items[0], scope, place)  # (patterns, "app_name")
            return f"{scope.module.path}::{place}"
        if isinstance(expr, str):
            value = self.types.of(expr, scope)
            if value.kind == "module":
                return f"{value.name.removesuffix('::')}::urlpatterns"
            return (
                self._of_router(expr, scope)
                if expr.endswith(".urls")
                else origin(self.types, expr, scope)
            )
        return ""

    def _view(self, expr: Expr, scope: Scope, depth: int) -> _View | None:
        """What a pattern's view is, through `csrf_exempt(…)` and its like."""
        expr, scope = resolved(self.types, expr, scope)
        if isinstance(expr, Call):
            owner, name = receiver(expr)
            if name == "as_view":
                value = self.types.of(owner, scope)
                # A class method: an instance serves as well.
                if value.kind not in ("class", "instance") or "::" not in value.name:
                    return None
                return _View(value.name, _actions_in(expr.args[0] if expr.args else UNKNOWN), None)
            inner = (self._view(a, scope, depth + 1) for a in expr.args if depth < _MAX_WRAPPERS)
            return next((view for view in inner if view is not None), None)
        if not isinstance(expr, (str, Attr)):
            return None
        value = self.types.of(expr, scope)
        ref = self.types.function_ref(value.name) if value.kind == "function" else None
        return _View("", (), ref) if ref is not None else None

    def _listed(self, module: Module) -> Iterator[Mount]:
        for assign in module.assigns["urlpatterns"]:
            scope = Scope(module, None, assign.line)
            yield from self._taken_over(assign.value, scope, f"{module.path}::urlpatterns")

    def _taken_over(self, value: Expr, scope: Scope, parent: str) -> Iterator[Mount]:
        """Patterns taken over whole: `urlpatterns = router.urls`, `[*users.urlpatterns, *router.urls]`."""
        items = (
            [i.value for i in value.items if isinstance(i, Star)] if isinstance(value, Seq) else [value]
        )
        for item in items:
            if isinstance(item, str):
                child = (
                    self._of_router(item, scope)
                    if item.endswith(".urls")
                    else origin(self.types, item, scope)
                )
                if child and child != parent and item != "urlpatterns":
                    yield Mount(parent, child, "", False, (), ())

    def _router_call(
        self, module: Module, site: CallSite, scope: Scope, name: str, gathered: _Gathered
    ) -> None:
        owner, _ = receiver(site.call)
        if not owner or not site.call.args:
            return
        if name == "extend":  # router.registry.extend(other.registry)
            other = site.call.args[0]
            if isinstance(owner, str) and isinstance(other, str) and owner.endswith(".registry"):
                parent = origin(self.types, owner.removesuffix(".registry"), scope)
                child = origin(self.types, other.removesuffix(".registry"), scope)
                gathered.mounts.append(Mount(parent, child, "", False, (), ()))
        elif name == "add_router":
            self._ninja_mount(site.call, owner, scope, gathered)
        else:
            self._viewset(module, site, scope, gathered)

    def _ninja_mount(self, call: Call, owner: Expr, scope: Scope, gathered: _Gathered) -> None:
        router = call.argument(1, "router")
        child = origin(self.types, router, scope) if isinstance(router, str) else ""
        if isinstance(router, Text):  # "events.api.router"
            path, _, variable = router.value.rpartition(".")
            symbol = self.types.project.find(path, scope.module.path) if path else None
            child = (
                f"{symbol.path}::{variable}" if symbol is not None and symbol.sort == "module" else ""
            )
        if child:
            prefix = shown_text(self.types, call.argument(0, "prefix"), scope)
            gathered.mounts.append(
                Mount(origin(self.types, owner, scope), child, prefix.rstrip("/"), False, (), ())
            )

    def _viewset(self, module: Module, site: CallSite, scope: Scope, gathered: _Gathered) -> None:
        """`router.register("users", UserViewSet)`: nothing else registers viewsets, so any receiver will do."""
        owner, _ = receiver(site.call)
        view = site.call.argument(1, "viewset")
        value = self.types.of(view, scope) if view is not None else NO_VALUE
        ref = self.types.class_ref(value.name)
        if value.kind != "class" or ref is None or self._kind(value.name) != "viewset":
            return
        prefix = _readable(shown_text(self.types, site.call.argument(0, "prefix"), scope)).strip("/")
        made, _ = resolved(self.types, owner, scope)
        no_slash = isinstance(made, Call) and made.keyword("trailing_slash") == Const(False)
        declared = Declared(
            "drf", (), prefix, ref.cls.span, module.path, origin(self.types, owner, scope)
        )
        registered = _Registered(declared, (), True, "" if no_slash else "/")
        gathered.classes.setdefault(value.name, []).append(registered)

    # --------------------------------------------------------------------------------------------------- routes

    def _class_route(self, declared: Declared, handler: FunctionRef, cls: ClassRef) -> Route:
        action = _action(handler.function)
        if action is not None and handler.path == declared.source:
            declared = declared._replace(span=action.span)
        route = self._route(declared, handler, cls)
        if route.declares_response:
            return route
        serializer, expr = self._serializer(handler, cls, action)
        if expr is None:
            return route
        return _with_response(
            route, listing(serializer) if handler.function.name == "list" else serializer, expr, True
        )

    def _serializer(
        self, handler: FunctionRef, cls: ClassRef, action: Decorator | None
    ) -> tuple[Value, Expr | None]:
        """The serializer that a view class or an `@action` names; `None` where it names none."""
        module = self.types.project.module(handler.path)
        given = (
            action.value.keyword("serializer_class")
            if action and isinstance(action.value, Call)
            else None
        )
        if given is not None and module is not None:
            return self._schema_value(given, definition_scope(module, handler.function)), given
        view = Value("class", cls.key)
        method = self.types.method(Value("instance", cls.key), "get_serializer_class")
        chosen = method is not None and "::" in method.name
        if method is not None and chosen:
            made = self.types.called(method, None, None)
            return (Value("instance", made.name) if made.kind == "class" else NO_VALUE), UNKNOWN
        if any(
            field.name == "serializer_class"
            for ancestor in self.types.mro(view)
            if ancestor.ref is not None
            for field in ancestor.ref.cls.fields
        ):
            made = self.types.attribute(view, "serializer_class")
            return (
                Value("instance", made.name) if made.kind == "class" else NO_VALUE
            ), "serializer_class"
        return NO_VALUE, None

    def _route(self, declared: Declared, handler: FunctionRef, cls: ClassRef | None) -> Route:
        function = handler.function
        ways = self.tables().mounts.ways(declared.router)
        found = tuple(
            dict.fromkeys(("/" + way.prefix + declared.path).replace("//", "/") for way in ways)
        )
        model, scope = self._documented(handler)
        return Route(
            framework=declared.framework,
            methods=declared.methods,
            path=declared.path,
            paths=found if declared.router else (declared.path,),
            span=declared.span,
            source=declared.source,
            handler=handler,
            cls=cls,
            is_async=function.is_async,
            response=self._schema_value(model, scope)
            if model is not None and scope is not None
            else NO_VALUE,
            response_model=model if model is not None else UNKNOWN,
            declares_response=model is not None,
            status=0,
            dependencies=(),
            tags=(),
        )

    def _documented(self, handler: FunctionRef) -> tuple[Expr | None, Scope | None]:
        """What `@extend_schema(responses=…)` or `@swagger_auto_schema(responses=…)` says is answered."""
        module = self.types.project.module(handler.path)
        for decorator in handler.function.decorators if module is not None else ():
            call = decorator.value
            if isinstance(call, Call) and receiver(call)[1] in _SCHEMA_DECORATORS and module is not None:
                model: Expr = call.keyword("responses") or UNKNOWN
                if isinstance(model, Map):
                    model = next(
                        (v for k, v in model.items if k in (Const(200), Const(201), Text("200"))),
                        UNKNOWN,
                    )
                return model, definition_scope(module, handler.function)
        return None, None

    def _schema_value(self, expr: Expr, scope: Scope) -> Value:
        if expr is UNKNOWN:
            return NO_VALUE
        if isinstance(expr, Call) and expr.keyword("many") == Const(True):
            return listing(self.types.of(expr, scope))
        value = self.types.of(expr, scope)
        if value.kind == "class":
            return Value("instance", value.name, value.items)
        return value if value.kind in ("instance", "list") else self.types.annotated(expr, scope)


def _with_response(route: Route, response: Value, model: Expr, declares: bool) -> Route:
    return replace(route, response=response, response_model=model, declares_response=declares)


def _kind_of(name: str) -> str:
    """What a class outside the project makes of its subclasses, by its dotted name."""
    package, _, _ = name.partition(".")
    last = name.rpartition(".")[2]
    if package.startswith("flask"):  # flask_openapi3 has an APIView too
        return ""
    if last.endswith(("ViewSet", "ViewSetMixin")):
        return "viewset"
    if name.startswith("rest_framework.generics."):
        return "generic"
    if last.endswith("APIView"):
        return "api"
    if "rest_framework" in package or package in ("dj_rest_auth", "knox", "drf_spectacular"):
        return "api" if last.endswith("View") or last == "ObtainAuthToken" else ""
    return "django" if last.endswith("View") and name.startswith("django.") else ""


def _action(function: Function) -> Decorator | None:
    """A viewset method's `@action(…)`, `@detail_route(…)`, `@list_route(…)` or `@other.mapping.delete`."""
    for decorator in function.decorators:
        value = decorator.value
        if isinstance(value, Call) and receiver(value)[1] in ("action", "detail_route", "list_route"):
            return decorator
        if isinstance(value, str) and value.count(".") == 2 and value.split(".")[1] == "mapping":
            return decorator
    return None


def _is_plain_verb(name: str, handler: FunctionRef) -> bool:
    """Whether a method is one for a verb, which a viewset's `dispatch` calls if no action takes the verb over."""
    return name in _VERBS and _action(handler.function) is None


def _actions_in(expr: Expr) -> tuple[tuple[str, str], ...]:
    """The method for each verb in `as_view({"get": "list"})`."""
    if not isinstance(expr, Map):
        return ()
    return tuple(
        (k.value, v.value) for k, v in expr.items if isinstance(k, Text) and isinstance(v, Text)
    )


def _router_names(module: Module) -> Iterator[str]:
    """The names in a file that may be router classes, for they end so."""
    for assign in (
        a for function in (module.facts.body, *module.facts.functions) for a in function.assigns
    ):
        if isinstance(assign.value, Call):
            name = receiver(assign.value)[1]
            if name.endswith("Router") and name not in ("APIRouter", "Router"):
                yield name


def _containers(module: Module, sites: list[CallSite]) -> dict[Span, str]:
    """The list that each pattern stands in: an inline `include([…])`'s, a variable's, else `urlpatterns`."""
    variables: dict[Expr, str] = {}
    for name, assigns in module.assigns.items():
        for assign in assigns:
            for item in assign.value.items if isinstance(assign.value, Seq) else ():
                if isinstance(item, Call):
                    variables.setdefault(item, name)
    found = {}
    for site in sites:
        outer = [o.span for o in sites if o.span != site.span and o.span.encloses(site.span)]
        inner = max(outer, default=None, key=lambda span: (span.line, span.col))
        found[site.span] = (
            _place(inner) if inner is not None else variables.get(site.call, "urlpatterns")
        )
    return found


def _place(span: Span) -> str:
    return f"@{span.line}:{span.col}"


def _readable(pattern: str) -> str:
    r"""A regular expression as a path: `^users/(?P<pk>\d+)/$` is shown as `users/<pk>/`."""
    return _GROUP.sub(r"<\1>", pattern.removeprefix("^").removesuffix("$"))
