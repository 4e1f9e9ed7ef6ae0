"""What frameworks have in common: routers mounted in routers, prefixes that add up, paths with placeholders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from api_lint.census import heads, last
from api_lint.facts import (
    UNKNOWN,
    Assign,
    Attr,
    Call,
    CallSite,
    Choice,
    ClassRef,
    Const,
    Dependency,
    Expr,
    Function,
    FunctionRef,
    Lambda,
    Map,
    Seq,
    Span,
    Text,
    Unpack,
    Value,
)
from api_lint.infer import Scope, Types, instance
from api_lint.link import Module

# Where a class of Flask's or Flask-RESTful's lists what decorates its methods.
# https://flask.palletsprojects.com/en/stable/api/#flask.views.View.decorators
# https://flask-restful.readthedocs.io/en/latest/extending.html#resource-method-decorators
_LISTS = ("decorators", "method_decorators")

_MAX_MOUNTS = 12
# A router that is mounted twice in one that is mounted twice, and so on, is mounted everywhere.
_MOST_WAYS = 64


class Mount(NamedTuple):
    """`child` is mounted in `parent` below `prefix`; `replaces` the child's own prefix (Flask's `url_prefix=`)."""

    parent: str
    child: str
    prefix: str
    replaces: bool
    dependencies: tuple[Dependency, ...]
    tags: tuple[str, ...]


class Router(NamedTuple):
    """What a router's construction says, for every route in it."""

    prefix: str
    dependencies: tuple[Dependency, ...]
    tags: tuple[str, ...]


class Mounted(NamedTuple):
    """One way by which a router is reached from an app: the whole prefix, and all dependencies and tags on it."""

    prefix: str
    dependencies: tuple[Dependency, ...]
    tags: tuple[str, ...]


class Declared(NamedTuple):
    """How a route is declared: for which methods (none: the handler's name tells) and path, where, in which router."""

    framework: str
    methods: tuple[str, ...]
    path: str
    span: Span
    source: str
    router: str


class Mounts:
    """Which router is mounted where, over the whole project. Routers are named by where they are defined."""

    def __init__(self, mounts: Iterator[Mount], routers: dict[str, Router]) -> None:
        self._routers = routers
        self._by_child: dict[str, list[Mount]] = {}
        for mount in mounts:
            if not mount.child:
                continue  # what is mounted there is out of sight
            self._by_child.setdefault(mount.child, []).append(mount)

    def ways(self, key: str) -> tuple[Mounted, ...]:
        """Every way to the router `key`, up to a sane number; one with its own prefix alone if it is mounted nowhere that is known."""
        own = self._routers.get(key, Router("", (), ()))
        found = self._ways(key, own.prefix, own.dependencies, own.tags, 0)
        return tuple(islice(found, _MOST_WAYS))

    def _ways(
        self,
        key: str,
        prefix: str,
        dependencies: tuple[Dependency, ...],
        tags: tuple[str, ...],
        depth: int,
    ) -> Iterator[Mounted]:
        mounts = self._by_child.get(key, []) if depth < _MAX_MOUNTS else []
        if not mounts:
            yield Mounted(prefix, dependencies, tags)
        own = self._routers.get(key, Router("", (), ()))
        for mount in mounts:
            parent = self._routers.get(mount.parent, Router("", (), ()))
            inner = prefix[len(own.prefix) :] if mount.replaces else prefix
            yield from self._ways(
                mount.parent,
                parent.prefix + mount.prefix + inner,
                (*parent.dependencies, *mount.dependencies, *dependencies),
                (*parent.tags, *mount.tags, *tags),
                depth + 1,
            )


class Callers:
    """What is handed to parameters that say nothing themselves: `def register(app): @app.route(…)`."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._sites: dict[str, list[tuple[Call, Scope]]] = {}

    def argument(self, expr: Expr, scope: Scope) -> tuple[Expr, Scope]:
        """The argument behind a parameter and where it is passed; `expr` itself for anything else."""
        for _ in range(_MAX_MOUNTS):
            found = self._passed(expr, scope) if isinstance(expr, str) else None
            if found is None:
                break
            expr, scope = found
        return expr, scope

    def _passed(self, name: str, scope: Scope) -> tuple[Expr, Scope] | None:
        function = scope.function
        while function is not None and name not in function.bound:
            function = scope.module.enclosing(function)
        params = (
            [p for p in function.params if p.kind in ("positional", "keyword")]
            if function is not None
            else []
        )
        if function is None or scope.module.locals(function).get(name):
            return None
        if function.owner and not any(d.value == "staticmethod" for d in function.decorators):
            params = params[1:]
        for position, param in enumerate(params):
            if param.name == name and param.annotation is UNKNOWN and not param.has_default:
                return self._first(FunctionRef(scope.module.path, function), position, name)
        return None

    def _first(self, ref: FunctionRef, position: int, name: str) -> tuple[Expr, Scope] | None:
        for call, scope in self._calls(ref.function.name):
            argument = call.argument(position, name)
            if argument is not None and self._types.of(call.func, scope).name == ref.key:
                return argument, scope
        return None

    def _calls(self, name: str) -> list[tuple[Call, Scope]]:
        """The calls with arguments of what has a name, other than in tests."""
        if name not in self._sites:
            modules = (m for m in self._types.project.modules_with("calls", name) if m.kind != "tests")
            self._sites[name] = [
                (site.call, scope)
                for module in modules
                for site, scope, _ in calls_named(module, frozenset({name}))
                if site.call.args or site.call.keywords
            ]
        return self._sites[name]


def calls_of(module: Module) -> Iterator[tuple[CallSite, Scope]]:
    """Every call of a module with the scope it stands in."""
    for function in (None, *module.facts.functions):
        for site in (function or module.facts.body).calls:
            yield site, Scope(module, function, site.span.line)


def calls_named(module: Module, names: frozenset[str]) -> Iterator[tuple[CallSite, Scope, str]]:
    """The calls of a module whose callee's last name is one of `names`, with their scope and that name."""
    functions = (f for f in module.facts.functions if f.may_hold(*names))
    for function in (None, *functions):
        for site in (function or module.facts.body).calls:
            name = last(site.call.func)
            if name in names:
                yield site, Scope(module, function, site.span.line), name


def receiver(call: Call) -> tuple[Expr, str]:
    """A call's receiver and method name: `app.get(…)` gives (`app`, `get`); a plain call gives (`""`, its name)."""
    if isinstance(call.func, str):
        owner, _, name = call.func.rpartition(".")
        return owner, name
    if isinstance(call.func, Attr):
        return call.func.base, call.func.name
    return "", ""


def origin(types: Types, expr: Expr, scope: Scope) -> str:
    """A name for the thing that `expr` means, the same wherever it is imported to; "" where it has none."""
    if isinstance(expr, Call):
        made = _made_by_factory(types, expr, scope)
        if made is not None:
            return origin(types, *made)
        return f"{scope.module.path}::{expr.func}()@{scope.line}" if isinstance(expr.func, str) else ""
    if not isinstance(expr, str) or not expr:
        return ""
    symbol = types.origin(expr, scope)
    if symbol is not None:
        if symbol.sort == "assign":
            return _through_alias(types, symbol.path, symbol.name)
        return f"{symbol.path}::{symbol.name}" if symbol.sort in ("class", "function") else ""
    owner, _, name = expr.rpartition(".")
    if owner:
        attribute = _attribute_origin(types, types.of(owner, scope), name)
        if attribute:
            return attribute
    function = scope.function
    while function is not None:
        if expr.partition(".")[0] in function.bound:
            owner = function.owner if expr.startswith("self.") else function.qualname
            return f"{scope.module.path}::{owner}.{expr}"
        function = scope.module.enclosing(function)
    return ""


def _attribute_origin(types: Types, value: Value, name: str) -> str:
    """The `origin` of an attribute that a class of the project has, or that its methods give their instances."""
    for ancestor in types.mro(value) if value.kind in ("class", "instance") else ():
        module = types.project.module(ancestor.ref.path) if ancestor.ref is not None else None
        if ancestor.ref is None or module is None:
            continue
        cls = ancestor.ref.cls
        if any(field.name == name for field in cls.fields):
            return f"{ancestor.ref.key}.{name}"
        methods = (module.functions.get(f"{cls.qualname}.{method}") for method in cls.methods)
        if any(f is not None and module.locals(f).get(f"self.{name}") for f in methods):
            return f"{ancestor.ref.key}.self.{name}"
    return ""


def _made_by_factory(types: Types, call: Call, scope: Scope) -> tuple[str, Scope] | None:
    """The variable that a project function returns (`def make_router(): router = …; return router`)."""
    value = types.of(call.func, scope)
    ref = types.function_ref(value.name) if value.kind == "function" else None
    module = types.project.module(ref.path) if ref is not None else None
    if ref is None or module is None or ref.function is scope.function:
        return None
    names = [
        r.value
        for r in ref.function.returned
        if isinstance(r.value, str) and r.value in ref.function.bound
    ]
    return (names[-1], Scope(module, ref.function)) if names else None


def _through_alias(types: Types, path: str, name: str) -> str:
    """`api = router` names the same router."""
    module = types.project.module(path)
    if module is not None and name in module.assigns:
        value = module.assigns[name][-1].value
        if isinstance(value, str) and value.partition(".")[0] != name:
            return origin(types, value, Scope(module)) or f"{path}::{name}"
    return f"{path}::{name}"


def resolved(types: Types, expr: Expr, scope: Scope) -> tuple[Expr, Scope]:
    """The expression that a name was given, through imports and aliases, and where it stands."""
    for _ in range(_MAX_MOUNTS):
        found = _assigned(types, expr, scope) if isinstance(expr, str) else None
        if found is None or found[0].how != "=":
            break
        expr, scope = found[0].value, found[1]
    return expr, scope


def _assigned(types: Types, name: str, scope: Scope) -> tuple[Assign, Scope] | None:
    function = scope.function
    while function is not None:
        assigns = scope.module.locals(function).get(name)
        if assigns:
            above = [a for a in assigns if a.line < scope.line] or assigns
            return above[-1], Scope(scope.module, function, above[-1].line)
        function = scope.module.enclosing(function)
    symbol = types.origin(name, scope)
    module = (
        types.project.module(symbol.path) if symbol is not None and symbol.sort == "assign" else None
    )
    if symbol is None or module is None:
        return None
    assign = module.assigns[symbol.name][-1]
    return assign, Scope(module, None, assign.line)


def each(types: Types, expr: Expr, scope: Scope) -> tuple[tuple[Expr, Scope], ...]:
    """What a loop's variable stands for (`for bp in (a, b):`), one by one; else `expr` alone."""
    if not isinstance(expr, str):
        return ((expr, scope),)
    found, rest = _assigned(types, expr, scope), ""
    if (
        found is None and "." in expr
    ):  # `for module in (users, items): app.include_router(module.router)`
        first, _, rest = expr.partition(".")
        found = _assigned(types, first, scope)
    if found is None or found[0].how != "for":
        return ((expr, scope),)
    source, at = found[0].value, -1
    match source:
        case Unpack(inner, position):
            source, at = inner, position
    listed, where = resolved(types, source, found[1])
    items = listed.items if isinstance(listed, Seq) else ()
    if at >= 0:
        items = tuple(i.items[at] for i in items if isinstance(i, Seq) and at < len(i.items))
    if rest:
        items = tuple(f"{item}.{rest}" for item in items if isinstance(item, str))
    return tuple((item, where) for item in items) or ((expr, scope),)


def target_key(module: Module, function: Function | None, target: str) -> str:
    """The `origin` of the variable or attribute that an assignment gives its value."""
    if function is None:
        return f"{module.path}::{target}"
    owner = function.owner if target.startswith("self.") else function.qualname
    return f"{module.path}::{owner}.{target}"


def assigned_calls(module: Module, names: frozenset[str]) -> Iterator[tuple[str, Call, Scope]]:
    """The calls of something named so whose result a variable keeps: its `origin`, the call, the scope."""
    for function in (None, *module.facts.functions):
        for assign in (function or module.facts.body).assigns:
            if (
                assign.how == "="
                and isinstance(assign.value, Call)
                and receiver(assign.value)[1] in names
            ):
                yield (
                    target_key(module, function, assign.target),
                    assign.value,
                    Scope(module, function, assign.line),
                )


def class_handlers(types: Types, cls: str, names: Iterable[str]) -> dict[str, FunctionRef]:
    """The project's methods of these names that a class has, its own and inherited ones."""
    names = list(names)
    found: dict[str, FunctionRef] = {}
    for ancestor in types.mro(Value("instance", cls)):
        if ancestor.ref is None:
            continue
        path, facts = ancestor.ref
        module = types.project.module(path)
        for name in names if module is not None else ():
            if name not in found and name in facts.methods:
                function = (
                    module.functions.get(f"{facts.qualname}.{name}") if module is not None else None
                )
                if function is not None:
                    found[name] = FunctionRef(path, function)
    return {name: found[name] for name in names if name in found}


def is_shown(module: Module, names: frozenset[str]) -> bool:
    """Whether a documentation snippet has a class or a decorator of a framework by a customary name that it binds nowhere."""
    body = module.facts.body
    return any(
        head in names and head not in body.bound and not module.stars for head in heads(module.facts)
    )


def snippet_framework(module: Module, name: Expr, customary: tuple[str, ...]) -> str:
    """The web framework of a documentation snippet that uses its app or router by a customary name and binds it nowhere
    (such code does not run by itself): by its first import of one, else by how it is written; "" for anything else."""
    body = module.facts.body
    if name not in customary or name in body.bound or module.stars:
        return ""
    for entry in body.imports:
        package = entry.module.partition(".")[0] if not entry.level else ""
        if package in _OTHER_FRAMEWORKS:
            return package
        if package.startswith(("fastapi", "flask")):
            return "fastapi" if package.startswith("fastapi") else "flask"
    return "flask" if _is_written_for_flask(module, name) else "fastapi"


# Their apps have routes of the same looks.
_OTHER_FRAMEWORKS = frozenset(
    "aiohttp blacksheep bottle connexion cherrypy django falcon litestar ninja quart responder rest_framework robyn sanic "
    "tornado typer".split()
)
_FLASK_CALLS = frozenset({"jsonify", "render_template", "url_for", "redirect"})


def _is_written_for_flask(module: Module, name: Expr) -> bool:
    for function in module.facts.functions:
        if any(
            isinstance(d.value, Call) and d.value.func == f"{name}.route" for d in function.decorators
        ):
            return True
        if any(site.call.func in _FLASK_CALLS for site in function.calls):
            return True
    return False


def shown_text(types: Types, expr: Expr | None, scope: Scope) -> str:
    """A path or prefix: the text where it is known, else the expression in braces; "" for no expression."""
    if expr is None:
        return ""
    if isinstance(expr, Choice):
        expr = expr.options[0]
    text = types.text(expr, scope)
    if text is not None:
        return text
    return f"{{{expr}}}" if isinstance(expr, str) else "{…}"


def texts(types: Types, expr: Expr | None, scope: Scope) -> tuple[str, ...]:
    """The strings of a list of them (`methods=["GET"]`, `tags=[…]`), constants by their names too."""
    if expr is None:
        return ()
    expr, scope = resolved(types, expr, scope)
    items = expr.items if isinstance(expr, Seq) else (expr,)
    return tuple(text for text in (types.text(item, scope) for item in items) if text is not None)


def verbs(types: Types, expr: Expr | None, scope: Scope) -> tuple[str, ...]:
    """The verbs that a route's `methods=` names: `GET` without it, `ANY` where they cannot be told."""
    if expr is None or expr == Const(None):
        return ("GET",)
    return tuple(sorted(text.upper() for text in texts(types, expr, scope))) or ("ANY",)


def handler_of(types: Types, expr: Expr | None, scope: Scope) -> FunctionRef | None:
    """The project's function that an expression names as a handler."""
    if expr is None or isinstance(expr, Lambda):
        return None
    value: Value = types.of(expr, scope)
    return types.function_ref(value.name) if value.kind in ("function", "method") else None


def definition_scope(module: Module, function: Function) -> Scope:
    """Where a function's decorators, defaults and annotations are evaluated."""
    enclosing = module.enclosing(function)
    return Scope(module, enclosing, function.start)


def join(prefix: str, path: str) -> str:
    """A prefix and a path as one, with exactly one slash between them."""
    if not prefix:
        return path or "/"
    if not path or (path == "/" and not prefix.endswith("/")):
        return prefix + path
    if path.startswith("/") or prefix.endswith("/"):
        return prefix.rstrip("/") + "/" + path.lstrip("/")
    return prefix + path


def decorators_around(
    handler: FunctionRef, cls: ClassRef | None, types: Types
) -> Iterator[tuple[Expr, Scope]]:
    """The decorators of a handler, those of its class, and those that this class has listed for all of its methods,
    each with where it is evaluated."""
    module = types.project.module(handler.path)
    if module is not None:
        scope = definition_scope(module, handler.function)
        yield from ((decorator.value, scope) for decorator in handler.function.decorators)
    for ancestor in types.mro(instance(cls.key)) if cls is not None else ():
        outer = types.project.module(ancestor.ref.path) if ancestor.ref is not None else None
        if ancestor.ref is None or outer is None:
            continue
        scope = types.class_scope(ancestor.ref.cls, outer)
        if cls is not None and ancestor.ref.key == cls.key:
            yield from ((decorator.value, scope) for decorator in cls.cls.decorators)
        for field in ancestor.ref.cls.fields:
            if field.name in _LISTS:
                yield from ((each, scope) for each in _listed(field.value, handler.function.name))


def _listed(value: Expr, method: str) -> Iterator[Expr]:
    """The decorators in a class's list, or in its dict of lists by method."""
    if isinstance(value, Seq):
        yield from value.items
    elif isinstance(value, Map):
        for key, listed in value.items:
            if isinstance(key, Text) and key.value == method:
                yield from _listed(listed, method)
