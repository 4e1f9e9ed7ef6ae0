"""What an expression is: `Expr` in a scope → `Value`, across files and through libraries' tables.

Annotations win over guesses, a project function without annotation is what its body returns, and what neither tells is
the unknown value. Every question is answered once; a question inside its own answer is unknown.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from api_lint import libraries, usage
from api_lint.facts import (
    NO_VALUE,
    UNKNOWN,
    Assign,
    Attr,
    Await,
    Call,
    Choice,
    Class,
    ClassRef,
    Comp,
    Const,
    Expr,
    Format,
    Function,
    FunctionRef,
    Import,
    Item,
    Lambda,
    Map,
    Narrowing,
    Of,
    Param,
    Seq,
    Star,
    Text,
    Unpack,
    Value,
)
from api_lint.libraries import Known, KnownClass
from api_lint.link import BODY, Module, Project, Symbol, known_packages
from api_lint.relations import (
    MANAGER,
    MODEL,
    Relation,
    is_to_one,
    mapping,
    models,
    relation,
    reverse,
)
from api_lint.relations import named as named_models

_MAX_DEPTH = 60
# How many expressions one question may lead to, and of how many parts an answer may consist: each name of a chain that
# names the one before it twice doubles both.
_MOST_STEPS = 100_000
_MOST_PARTS = 400
# More of them say nothing new about what a container holds.
_MOST_PUTS = 8
# Of names that stand for annotations, one for another.
_MOST_ALIASES = 8
# Through how many names and functions without annotation an `Any` is followed.
_MOST_ANY = 5
_END = 1 << 30

NONE = Value("none")

# The kinds of values of which `isinstance` may tell more.
_NARROWED = frozenset({"dict", "instance", "list", "none", "tuple", "typevar", "unknown"})

_LISTS = frozenset(
    "list List Sequence Iterable Set FrozenSet set frozenset Collection Iterator Generator AsyncGenerator AsyncIterator "
    "AsyncIterable MutableSequence deque Deque".split()
)
_DICTS = frozenset("dict Dict Mapping MutableMapping defaultdict DefaultDict OrderedDict".split())
_WRAPPERS = frozenset(
    "Optional ClassVar Final Required NotRequired Mapped InstrumentedAttribute WriteOnlyMapped".split()
)
_CALLABLE = "collections.abc.Callable"
_COROUTINES = frozenset({"Awaitable", "Coroutine"})

# Roles of classes of which one blocks and another of the same interface does not.
_DECISIVE = frozenset({"session", "async-session", "client"})
_MODELS = frozenset({"model", "document"})
_PROPERTIES = frozenset(
    {
        "property",
        "functools.cached_property",
        "cached_property",
        "django.utils.functional.cached_property",
    }
)
_APPS = ("fastapi.FastAPI", "starlette.applications.Starlette", "flask.Flask", "quart.Quart")
# What an unannotated parameter of such a name holds attributes for.
_CUSTOMARY_HOLDERS = {
    "app": _APPS,
    "application": _APPS,
    "app.state": ("starlette.datastructures.State",),
    "request.state": ("fastapi.Request.State",),
    "request": ("django.http.HttpRequest", "rest_framework.request.Request"),
}
_CONTAINERS = ("list", "set", "dict")
_OVER_ITERABLES = frozenset("list set tuple sorted reversed iter next anext zip enumerate".split())
# Decorators that make a class an ORM model.
_MAPPERS = frozenset(
    f"sqlalchemy.orm.{name}"
    for name in (
        "as_declarative",
        "registry.mapped",
        "registry.mapped_as_dataclass",
        "registry.as_declarative_base",
    )
)
_DEPENDS = frozenset(
    {"fastapi.Depends", "fastapi.Security", "fastapi.params.Depends", "fastapi.params.Security"}
)

# The package of models whose class is out of sight.
_MAPPED = "sqlalchemy.orm.mapped."
# What a class out of sight keeps its rows in.
_ROWS = {
    "objects": "django.db.models.Manager",
    "_default_manager": "django.db.models.Manager",
    "query": "flask_sqlalchemy.query.Query",
}
# What `db` is in a snippet that binds it nowhere: that says something of `db.session` and `db.Model` alone.
_UNBOUND_DB = "flask_sqlalchemy.SQLAlchemy"
# What a session does with instances of models alone.
_TAKES_MODEL = frozenset({"add", "refresh"})

# Names that documentation snippets use without importing them. Bound nowhere, they would not run, so they can only
# mean the thing everybody means by them.
_CUSTOMARY = {
    "Session": "sqlalchemy.orm.Session", "AsyncSession": "sqlalchemy.ext.asyncio.AsyncSession",
    "select": "sqlalchemy.select", "Depends": "fastapi.Depends", "FastAPI": "fastapi.FastAPI",
    "APIRouter": "fastapi.APIRouter", "HTTPException": "fastapi.HTTPException", "BaseModel": "pydantic.BaseModel",
    "Annotated": "typing.Annotated", "Optional": "typing.Optional", "List": "typing.List", "Dict": "typing.Dict",
    "Any": "typing.Any", "Union": "typing.Union", "requests": "requests", "httpx": "httpx", "time": "time",
    "asyncio": "asyncio", "os": "os", "jsonify": "flask.jsonify", "Flask": "flask.Flask",
    "Blueprint": "flask.Blueprint", "OpenAI": "openai.OpenAI", "sessionmaker": "sqlalchemy.orm.sessionmaker",
    "AsyncOpenAI": "openai.AsyncOpenAI", "Anthropic": "anthropic.Anthropic", "SQLModel": "sqlmodel.SQLModel",
    "Security": "fastapi.Security", "create_engine": "sqlalchemy.create_engine", "DeclarativeBase": "sqlalchemy.orm.DeclarativeBase",
    "declarative_base": "sqlalchemy.orm.declarative_base", "create_async_engine": "sqlalchemy.ext.asyncio.create_async_engine",
    "async_sessionmaker": "sqlalchemy.ext.asyncio.async_sessionmaker", "SQLAlchemy": "flask_sqlalchemy.SQLAlchemy",
    "render_template": "flask.render_template", "urlopen": "urllib.request.urlopen", "Path": "pathlib.Path",
    "AsyncAnthropic": "anthropic.AsyncAnthropic", "AsyncAzureOpenAI": "openai.AsyncAzureOpenAI",
    "AsyncGroq": "groq.AsyncGroq", "AzureOpenAI": "openai.AzureOpenAI", "Groq": "groq.Groq", "Mistral": "mistralai.Mistral",
    "genai": "google.generativeai", "AsyncIOMotorClient": "motor.motor_asyncio.AsyncIOMotorClient",
    "MongoClient": "pymongo.MongoClient", "Resource": "flask_restful.Resource", "MethodView": "flask.views.MethodView",
    "models": "django.db.models", "get_object_or_404": "django.shortcuts.get_object_or_404",
    "APIView": "rest_framework.views.APIView", "action": "rest_framework.decorators.action",
    "api_view": "rest_framework.decorators.api_view", "ModelSerializer": "rest_framework.serializers.ModelSerializer",
    **{name: f"sqlalchemy.{name}" for name in ("delete", "func", "insert", "text", "update")},
    **{name: f"rest_framework.{name}" for name in ("generics", "mixins", "serializers", "viewsets")},
    **{name: f"rest_framework.viewsets.{name}" for name in (
        "GenericViewSet", "ModelViewSet", "ReadOnlyModelViewSet", "ViewSet",
    )},
    **{name: f"rest_framework.generics.{name}" for name in (
        "CreateAPIView", "DestroyAPIView", "GenericAPIView", "ListAPIView", "ListCreateAPIView", "RetrieveAPIView",
        "RetrieveDestroyAPIView", "RetrieveUpdateAPIView", "RetrieveUpdateDestroyAPIView", "UpdateAPIView",
    )},
    **{name: f"fastapi.responses.{name}" for name in (
        "FileResponse", "HTMLResponse", "JSONResponse", "ORJSONResponse", "PlainTextResponse", "RedirectResponse",
        "StreamingResponse",
    )},
    **{name: name for name in (
        "aiofiles", "aiohttp", "anthropic", "asyncpg", "boto3", "cohere", "groq", "httpx2", "jwt", "litellm", "logging",
        "openai", "pathlib", "psycopg2", "pymongo", "redis", "shutil", "smtplib", "socket", "sqlite3", "stripe", "subprocess", "trio", "urllib",
        "urllib3",
    )},
}  # fmt: skip


# What is known of a function's parameters at one call.
Given = tuple[tuple[str, Value], ...]


class Scope(NamedTuple):
    """Where a name is looked up: a module, the function in it (or `None`), the row up to which assignments count, and
    what is known of the function's parameters (`given`)."""

    module: Module
    function: Function | None = None
    line: int = _END
    given: Given = ()

    def at(self, line: int) -> Scope:
        return Scope(self.module, self.function, line, self.given)


class Ancestor(NamedTuple):
    """One class in a method resolution order: the project's (`ref`) or an external one (`name`), and what the type
    variables of it stand for."""

    name: str
    ref: ClassRef | None
    typevars: tuple[tuple[str, Value], ...] = ()


def instance(name: str, *items: Value) -> Value:
    """The value that is an instance of the class `name`, with its type arguments."""
    return Value("instance", name, items)


def listing(item: Value) -> Value:
    """The value that holds many of `item`."""
    return Value("list", "", (item,))


def _rows(model: str, many: bool) -> Value:
    """A row of a model, or the manager of those that belong to a row."""
    return instance(MANAGER, instance(model)) if many else instance(model)


def _of_bounded_size(value: Value) -> Value:
    """The value, without its parts if there are too many of them."""
    if not value.items:
        return value
    waiting, count = [value], 0
    while waiting and count < _MOST_PARTS:
        parts = waiting.pop().items
        count += len(parts)
        waiting += parts
    return value._replace(items=()) if waiting else value


class Types:
    """Answers what expressions are. One for a run; holds every answer it gave."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.known = libraries.load()
        self._depth = self._steps = 0
        self._running: set[object] = set()
        self._returns: dict[object, Value] = {}
        self._provides: dict[object, Value] = {}
        self._mro: dict[Value, tuple[Ancestor, ...]] = {}
        self._roles: dict[str, str] = {}
        self._canonical: dict[str, str] = {}
        # By file, and with the assignment: another one must not be taken for one that is gone and had its identity.
        self._assigned: dict[str, dict[object, tuple[Assign, Value]]] = {}
        self._names: dict[object, Value] = {}
        self._implementations: dict[Value, tuple[Value, ...]] = {}
        self._sessions: dict[object, Value] = {}
        self._open: dict[object, bool] = {}
        self._exported: dict[tuple[str, str], Value] = {}
        self._attributes: dict[tuple[Value, str], Value] = {}
        self._reverse: dict[str, list[Relation]] | None = None
        self._own_user: str | None = None

    def forget(self) -> None:
        """Forget every answer, so that what is looked at for the next one is looked at again. What was gathered from the
        facts of all files stays: of each question about it is noted that it was asked."""
        gathered = self._reverse, self._own_user
        self.project.forget()
        self.__init__(self.project)  # type: ignore[misc] # whatever else comes to be remembered is forgotten as well
        self._reverse, self._own_user = gathered

    def release(self, path: str = "") -> None:
        """Forget what holds on to what is in functions, those of one file or all; and what names are in single rows: seldom
        does anybody but the rules that look at their file ask for it."""
        if path:
            self._assigned.pop(path, None)
        else:
            self._assigned.clear()
        self._names.clear()

    @property
    def is_settled(self) -> bool:
        """Whether no question is being answered, so that an answer does not hang on where it was asked."""
        return not self._running

    # --------------------------------------------------------------------------------------------- expressions

    def of(self, expr: Expr, scope: Scope) -> Value:
        """What `expr` is in `scope`."""
        if not self._goes_on():
            return NO_VALUE
        self._depth += 1
        try:
            return _of_bounded_size(self._of(expr, scope))
        finally:
            self._depth -= 1

    def _goes_on(self) -> bool:
        """Whether one more expression may be looked at for the same question."""
        self._steps = self._steps + 1 if self._depth else 0
        return self._depth <= _MAX_DEPTH and self._steps < _MOST_STEPS

    def _of(self, expr: Expr, scope: Scope) -> Value:
        if isinstance(expr, str):
            return self._dotted(expr, scope)
        match expr:
            case Call():
                return self.call(expr, scope)
            case Attr(base, name):
                found = self.attribute(self.of(base, scope), name)
                is_collection = not found and usage.is_collection(name, base)
                return self.attribute(instance("unseen.Collection"), name) if is_collection else found
            case Await(value):
                return self.awaited(self.of(value, scope))
            case Item(base, index):
                return self._item(self.of(base, scope), index, scope)
            case Choice(options):
                return self._one_of([self.of(option, scope) for option in options])
            case Seq("tuple", items):
                return Value("tuple", "", tuple(self.of(item, scope) for item in items))
            case Seq(_, items):
                return listing(self._first_known(self._element(item, scope) for item in items))
            case Map(items):
                return Value("dict", "", self._entries(items, scope))
            case Comp():
                return self._comprehension(expr, scope)
            case Unpack(value, position):
                return self.unpacked(self.of(value, scope), position)
            case Of(name):
                return instance(f"builtins.{name}")
            case Text() | Format():
                return instance("builtins.str")
            case Const(None):
                return NONE
            case Const(value):
                return instance(f"builtins.{type(value).__name__}")
        return NO_VALUE

    def _first_known(self, values: Iterator[Value]) -> Value:
        """The first value that says something; `None` only if nothing else does."""
        fallback = NO_VALUE
        for value in values:
            if value.kind == "none" or value.name == "builtins.bool":
                fallback = fallback or value
            elif value:
                return value
        return fallback

    def _one_of(self, values: list[Value]) -> Value:
        """The first value that says something; of several sessions or clients the one that all others are."""
        names = {v.name for v in values if v.kind == "instance"}
        if any(self.role(n) in _DECISIVE for n in names):
            return next((v for v in values if all(v.name in self._ancestry(n) for n in names)), NO_VALUE)
        return self._first_known(iter(values))

    def _ancestry(self, name: str) -> frozenset[str]:
        return frozenset(ancestor.name for ancestor in self.mro(instance(name)))

    def _element(self, expr: Expr, scope: Scope) -> Value:
        return (
            self.iterated(self.of(expr.value, scope)) if isinstance(expr, Star) else self.of(expr, scope)
        )

    def _comprehension(self, comp: Comp, scope: Scope) -> Value:
        given = scope.given
        for target, iterable, _ in comp.loops:
            if target:
                element = self.iterated(self.of(iterable, scope._replace(given=given)))
                given = (*given, (target, element))
        element = self.of(comp.element, scope._replace(given=given))
        return Value("dict", "", (element,)) if comp.kind == "dict" else listing(element)

    def unpacked(self, value: Value, position: int) -> Value:
        """The `position`-th element of a value taken apart."""
        if value.kind == "tuple":
            return value.items[position] if position < len(value.items) else NO_VALUE
        return self.iterated(value)

    def iterated(self, value: Value) -> Value:
        """An element of an iterable."""
        if value.kind == "list":
            return value.item
        if value.kind == "tuple":
            return self._first_known(iter(value.items))
        if value.kind == "instance":
            for ancestor in self.mro(value):
                known = self.known.classes.get(ancestor.name)
                if known is not None and known.iterates:
                    return self._spec(known.iterates, value, None, None)
        return NO_VALUE

    def awaited(self, value: Value) -> Value:
        """What `await value` gives."""
        if value.kind == "instance":
            method = self.method(value, "__await__")
            return self.called(method, None, None) if method is not None else NO_VALUE
        return value.item if value.kind == "coroutine" else NO_VALUE

    def _item(self, base: Value, index: Expr, scope: Scope) -> Value:
        if base.kind == "list":
            return base.item
        if base.kind == "dict":
            return base.item if len(set(base.items)) == 1 else NO_VALUE
        if base.kind == "tuple":
            if (
                isinstance(index, Const)
                and isinstance(index.value, int)
                and abs(index.value) < len(base.items)
            ):
                return base.items[index.value]
            return NO_VALUE
        if base.kind == "class":
            arguments = index.items if isinstance(index, Seq) else (index,)
            return Value("class", base.name, tuple(self.annotated(a, scope) for a in arguments))
        if base.kind == "instance":
            return self.method_result(base, "__getitem__", None, scope)
        return NO_VALUE

    # --------------------------------------------------------------------------------------------------- names

    def _dotted(self, dotted: str, scope: Scope) -> Value:
        first, _, rest = dotted.partition(".")
        if rest:
            attribute = self._assigned_attribute(dotted, scope)
            if attribute is not None:
                return self._narrowed(dotted, attribute, scope)
        value, owner = self.name(first, scope), first
        if not rest:
            return value
        is_told = scope.function is not None and bool(scope.function.narrowings)
        for part in rest.split("."):
            value = self.attribute(value, part) or self._by_use(owner, value, part, scope)
            owner = f"{owner}.{part}"
            if is_told:
                value = self._narrowed(owner, value, scope)
        return value

    def _by_use(self, owner: str, value: Value, name: str, scope: Scope) -> Value:
        """The attribute `name` of an object of which nothing is known but what is done with it."""
        found = self._session(owner, value, scope) if name in usage.ASKED_FOR else NO_VALUE
        if not found and not value:
            found = self._unseen(owner, name, scope)
        return self.attribute(found, name) if found else NO_VALUE

    def _unseen(self, owner: str, name: str, scope: Scope) -> Value:
        """What an unknown object is for being asked for `name`."""
        if usage.is_collection(name, owner):
            return instance("unseen.Collection")
        if (
            name in _ROWS
            and usage.names_class(owner)
            and self._is_unbound(owner.partition(".")[0], scope)
        ):
            return Value("external", owner)
        client = usage.supabase_by_use(owner, name, scope.function or scope.module.body)
        return instance(client) if client else NO_VALUE

    def _session(self, owner: str, value: Value, scope: Scope) -> Value:
        """The session or connection that an object out of sight must be for what the function does with it."""
        is_vague = (
            value.kind == "instance" and "::" not in value.name and value.name not in self.known.classes
        )
        if value and value.name != _UNBOUND_DB and not (is_vague and usage.names_session(value.name)):
            return NO_VALUE
        body = scope.function or scope.module.body
        key = (owner, scope.module.path, id(body))
        if key not in self._sessions:
            self._sessions[key] = NO_VALUE
            found = usage.class_by_use(
                owner, body, lambda expr: self._is_statement(expr, scope.at(_END))
            )
            self._sessions[key] = instance(found) if found else NO_VALUE
        return self._sessions[key]

    def _is_statement(self, expr: Expr, scope: Scope) -> bool:
        name = self.of(expr, scope).name
        return name.startswith("sqlalchemy.") and (
            name.endswith(".TextClause") or self.role(name) == "query"
        )

    def _rows_of(self, cls: str, name: str) -> Value:
        """What `objects` or `query` is of a class out of sight."""
        return instance(
            _ROWS[name], instance(f"{_MAPPED}{cls.rpartition('.')[2]}" if name == "query" else cls)
        )

    def _assigned_attribute(self, dotted: str, scope: Scope) -> Value | None:
        """What the same function assigned to `request.db`, if anything."""
        if scope.function is None or dotted.startswith("self."):
            return None
        assigns = scope.module.locals(scope.function).get(dotted)
        return self._latest(assigns, scope, scope.function) if assigns else None

    def name(self, name: str, scope: Scope) -> Value:
        """What a bare name is in a scope."""
        for parameter, value in reversed(scope.given):
            if parameter == name:
                return self._narrowed(name, value, scope)
        key = (name, scope.module.path, id(scope.function), scope.line, scope.given)
        found = self._names.get(key)
        if found is None:
            found = self._narrowed(name, self._name(name, scope), scope)
            if not self._running:
                self._names[key] = found
        return found

    def _name(self, name: str, scope: Scope) -> Value:
        function, line = scope.function, scope.line
        while function is not None:
            if name in function.bound or name in scope.module.locals(function):
                found = self._local(name, Scope(scope.module, function, line, scope.given))
                if found is not None:
                    return found
            for parameter, value in self._around(function, scope.module).given:
                if parameter == name:
                    return value
            function, line = self._enclosing(function, scope.module), _END
        return self.module_name(name, scope.module, scope.line if scope.function is None else _END)

    def _narrowed(self, name: str, value: Value, scope: Scope) -> Value:
        """What a name is in a row where a condition tells more of it than its value does."""
        function = scope.function
        if function is None or not function.narrowings:
            return value
        for told in scope.module.narrowings(function).get(name, ()):
            if told.line <= scope.line <= told.end and not _is_rebound(told, scope, function):
                value = self._as_told(told, value, scope)
        return value

    def _as_told(self, told: Narrowing, value: Value, scope: Scope) -> Value:
        if told.how == "empty" or value.kind not in _NARROWED:
            return NO_VALUE if told.how == "empty" else value
        # Below every condition a name is what it is everywhere: a class is not asked what it is an instance of.
        classes = [self.annotated(name, scope.at(_END)) for name in told.classes]
        is_one = any(self._is_a(value, cls) for cls in classes)
        if told.how == "not":
            return self._other_members(told.name, classes, scope) if is_one or not value else value
        if is_one:
            return value
        return classes[0] if len(classes) == 1 else NO_VALUE

    def _other_members(self, name: str, classes: list[Value], scope: Scope) -> Value:
        """What a parameter annotated with a union is if it is an instance of none of the classes."""
        function, module = scope.function, scope.module
        params = function.params if function is not None and name not in module.locals(function) else ()
        for param in params:
            if function is not None and param.name == name and param.annotation is not UNKNOWN:
                members = self.members(param.annotation, self._around(function, module))
                others = [m for m in members if not any(self._is_a(m, cls) for cls in classes)]
                return self._one_of(others) if all(others) and len(others) < len(members) else NO_VALUE
        return NO_VALUE

    def _is_a(self, value: Value, cls: Value) -> bool:
        """Whether `isinstance` of a class holds for a value, as far as is known; of a protocol it may for any."""
        if cls.kind != "instance":
            return value.kind == cls.kind
        if value.kind == "instance":
            return cls.name in self._ancestry(value.name) or self._is_protocol(cls.name)
        return value.kind == "tuple" and cls.name == "builtins.tuple"

    def _enclosing(self, function: Function, module: Module) -> Function | None:
        return module.enclosing(function)

    def _around(self, function: Function, module: Module) -> Scope:
        """Where a function's annotations are read."""
        owner = module.classes.get(function.owner) if function.owner else None
        typevars = _type_params(owner, module) if owner is not None else ()
        return Scope(module, self._enclosing(function, module), _END, typevars)

    def _local(self, name: str, scope: Scope) -> Value | None:
        function, module = scope.function, scope.module
        assert function is not None
        nested = f"{function.qualname}.{name}"
        inner = module.functions.get(nested)
        if inner is not None:
            seen = ((n, v) for n, v in scope.given if n not in inner.bound)
            return _closure(f"{module.path}::{nested}", seen)
        if nested in module.classes:
            return Value("class", f"{module.path}::{nested}")
        for entry in function.imports:
            if entry.local == name:
                return self.imported(entry, module)
        assigns = module.locals(function).get(name)
        if assigns:
            value = self._latest(assigns, scope, function)
            if value is not None:
                return value
        for position, param in enumerate(function.params):
            if param.name == name:
                return self._param(param, position, scope)
        return NO_VALUE if name in function.bound else None

    def _latest(self, assigns: list[Assign], scope: Scope, function: Function | None) -> Value | None:
        """What a name was last given above the row; a placeholder `None` gives way to what came before or after."""
        inner = [a for a in assigns if a.how == "comp" and a.line <= scope.line <= a.end]
        for assign in reversed(inner):
            if self._assign_key(assign, scope) not in self._running:
                return self._value_of(assign, scope)
        plain = [a for a in assigns if a.how != "comp"]
        above = [a for a in plain if a.line < scope.line]
        if not above:
            is_param = function is not None and any(p.name == assigns[0].target for p in function.params)
            if is_param or not plain:
                return None
            above = plain[:1]
        for assign in reversed(above):
            if assign.how == "del":
                continue
            value = self._value_of(assign, scope)
            if value.kind in ("list", "dict") and function is not None:
                value = self._filled(value, assign, scope, function)
            if value.kind != "none":
                others = (a for a in above if a.fork == assign.fork and a is not assign)
                is_open = 0 < assign.fork < scope.line
                return NO_VALUE if is_open and self._differs(value, others, scope) else value
        return NONE

    def _filled(self, value: Value, assign: Assign, scope: Scope, function: Function) -> Value:
        """A dict, or a list that was made empty, with what the rows down to the scope's put into it."""
        if value.kind == "dict":
            return self._filled_dict(value, assign, scope, function)
        if value.item or not _is_made_empty(assign.value):
            return value
        sites = scope.module.puts(function).get(assign.target, ())
        return listing(
            self._first_known(
                self._put(site.call, scope.at(site.span.line))
                for site in sites[:_MOST_PUTS]
                if assign.line < site.span.line < scope.line
            )
        )

    def _filled_dict(self, value: Value, assign: Assign, scope: Scope, function: Function) -> Value:
        stored = scope.module.locals(function).get(f"{assign.target}[]", ())
        put = {
            key if key is not UNKNOWN else row.line: (held, row.line)
            for row in stored[:_MOST_PUTS]
            if assign.line < row.line < scope.line and isinstance(row.value, Seq)
            for key, held in (row.value.items,)
        }
        if not put:
            return value
        kept = value.items
        if isinstance(assign.value, Map):
            items = (item for item in assign.value.items if item[0] not in put)
            kept = self._entries(items, scope.at(assign.line))
        return Value(
            "dict", "", (*kept, *(self.of(held, scope.at(line)) for held, line in put.values()))
        )

    def _put(self, call: Call, scope: Scope) -> Value:
        """What `append`, `add`, `insert` or `extend` puts into its container."""
        found = self.of(call.args[-1], scope)
        return self.iterated(found) if str(call.func).endswith(".extend") else found

    def _entries(self, items: Iterable[tuple[Expr, Expr]], scope: Scope) -> tuple[Value, ...]:
        """What a dict display holds, as far as it is known."""
        found: list[Value] = []
        for key, held in items:
            value = self.of(key.value if isinstance(key, Star) else held, scope)
            if isinstance(key, Star):
                found += value.items if value.kind == "dict" else ()
            elif value:
                found.append(value)
        return tuple(found)

    def _differs(self, value: Value, others: Iterable[Assign], scope: Scope) -> bool:
        """Whether the other arms of the same `if` give something that is used for something else."""
        if value.kind != "instance":
            return False
        found = (self._value_of(other, scope) for other in others)
        names = {each.name for each in found if each.kind == "instance"} - {value.name}
        role = self.role(value.name)
        return bool(names) and (not role or any(self.role(name) != role for name in names))

    def _assign_key(self, assign: Assign, scope: Scope) -> object:
        return scope.module.path, id(assign), scope.given

    def _value_of(self, assign: Assign, scope: Scope) -> Value:
        """What one assignment gives its target."""
        key = self._assign_key(assign, scope)
        known = self._assigned.setdefault(scope.module.path, {})
        if key in known:
            return known[key][1]
        if key in self._running:
            return NO_VALUE
        self._running.add(key)
        try:
            value = self._evaluate(assign, scope)
        finally:
            self._running.discard(key)
        if not self._running:
            known[key] = assign, value
        return value

    def _evaluate(self, assign: Assign, scope: Scope) -> Value:
        where = scope.at(assign.line)
        if assign.annotation is not UNKNOWN:
            declared = self.annotated(assign.annotation, where)
            if declared and not _is_vague(declared):
                made = self._made_class(assign, declared, where)
                return made or self._within(declared, assign.value, where)
        value = self._taken(assign.value, assign.how, where)
        if isinstance(assign.value, Call) and self._is_vaguely_made(value):
            return self._stored(assign, assign.value, where) or value
        return value

    def _within(self, declared: Value, expr: Expr, scope: Scope) -> Value:
        """What an annotated name is: of classes the annotation only tells what they derive from."""
        held = declared.item if declared.kind in ("list", "tuple") else declared
        if held.kind != "class":
            return declared
        value = self.of(expr, scope)
        if declared is not held:
            return value if value.kind == "tuple" else declared
        is_told = value.kind == "class" or (value.kind == "external" and not self.role(held.name))
        return value if is_told else declared

    def _made_class(self, assign: Assign, declared: Value, scope: Scope) -> Value:
        """The class that a name takes whose annotation tells no more than its metaclass: `Base: DeclarativeMeta = …`."""
        if declared.kind != "instance" or "builtins.type" not in self._ancestry(declared.name):
            return NO_VALUE
        value = self._taken(assign.value, assign.how, scope)
        return value if value.kind in ("class", "external") else NO_VALUE

    def _is_vaguely_made(self, value: Value) -> bool:
        return not value or (
            value.kind == "instance" and "::" not in value.name and value.name not in self.known.classes
        )

    def _stored(self, assign: Assign, made: Call, scope: Scope) -> Value:
        """The model that `user = User(…)` is an instance of if a session then stores `user`, wherever `User` is."""
        for site in scope.function.calls if scope.function is not None else ():
            func, args = site.call.func, site.call.args
            if not isinstance(func, str) or args[:1] != (assign.target,) or site.span.line < assign.line:
                continue
            owner, _, name = func.rpartition(".")
            if name in _TAKES_MODEL and self.role(self.of(owner, scope).name) in (
                "session",
                "async-session",
            ):
                return self._out_of_sight(made.func, scope)
        return NO_VALUE

    def _taken(self, expr: Expr, how: str, scope: Scope) -> Value:
        """What a statement gives the target that it takes from `expr`; parts of a target get parts of it."""
        if isinstance(expr, Unpack):
            return self.unpacked(self._taken(expr.value, how, scope), expr.position)
        value = self.of(expr, scope)
        match how:
            case "for" | "comp" | "async for":
                return self.iterated(value)
            case "with" | "async with":
                return self.entered(value)
            case "except":
                return instance(value.name) if value.kind in ("class", "external") else NO_VALUE
        return value

    def entered(self, value: Value) -> Value:
        """What `with value as x` binds."""
        if value.kind == "coroutine":
            value = value.item
        if value.kind == "list":  # a generator function wrapped as a context manager
            return value.item
        if value.kind != "instance":
            return NO_VALUE
        for name in ("__enter__", "__aenter__"):
            method = self.method(value, name)
            if method is not None and method.kind == "method" and "::" in method.name:
                entered = self.called(method, None, None)
                return entered.item if entered.kind == "coroutine" else entered
        for ancestor in self.mro(value):
            known = self.known.classes.get(ancestor.name)
            if known is not None:
                return self._spec(known.enters, value, None, None)
        return NO_VALUE

    def _param(self, param: Param, position: int, scope: Scope) -> Value:
        function, module = scope.function, scope.module
        assert function is not None
        where = self._around(function, module)
        if function.owner and position == 0 and not is_static(function):
            kind = "class" if _is_classmethod(function) else "instance"
            return Value(kind, f"{module.path}::{function.owner}")
        value = self.parameter(param, where)
        if param.kind == "vararg":
            return listing(value)
        if not value and function.name == "__init__" and function.owner and param.annotation is UNKNOWN:
            value = self._handed_over(function, module, param, position - 1)
        if param.name == "request" and position == 1 and function.owner and not value:
            # Django's views keep the request that their methods are handed.
            return self._instance_attribute(instance(f"{module.path}::{function.owner}"), "request")
        return NO_VALUE if param.kind == "kwarg" else value

    def _handed_over(self, function: Function, module: Module, param: Param, position: int) -> Value:
        """What a constructor that says nothing of a parameter is handed, if it is the same wherever the class is made."""
        key = ("made", id(function), param.name)
        if key in self._running:
            return NO_VALUE
        self._running.add(key)
        try:
            found = NO_VALUE
            for scope, call in self._constructions(f"{module.path}::{function.owner}"):
                expr = call.argument(position, param.name)
                value = self.of(expr, scope) if expr is not None else NO_VALUE
                if value.kind != "instance" or (found and value.name != found.name):
                    return NO_VALUE
                found = value
            return found
        finally:
            self._running.discard(key)

    def _constructions(self, key: str) -> Iterator[tuple[Scope, Call]]:
        """Where the project makes instances of a class, other than in the class itself and in tests."""
        path, _, owner = key.partition("::")
        for scope, call in self._calls_of_class(owner.rpartition(".")[2]):
            inside = scope.function is not None and scope.function.owner == owner
            if not (inside and scope.module.path == path) and self.of(call.func, scope).name == key:
                yield scope, call

    def _calls_of_class(self, name: str) -> list[tuple[Scope, Call]]:
        """The calls of what has the name of a class, anywhere but in tests."""
        found: list[tuple[Scope, Call]] = []
        for module in self.project.modules_with("calls", name):
            calls = module.calls_of(name) if module.kind != "tests" else ()
            for function, site in calls:
                self.project.looked.note(module.path, BODY if function is None else function.qualname)
                found.append((Scope(module, function, site.span.line), site.call))
        return found

    def parameter(self, param: Param, scope: Scope) -> Value:
        """What a parameter is by its annotation, its dependency or its default."""
        if param.annotation is not UNKNOWN:
            value = self.annotated(param.annotation, scope)
            if value and not _is_vague(value):
                return self._provided_model(param, scope) or value
        provider = self.provider(param, scope)
        if provider:
            return self.provided(provider)
        if param.has_default and not isinstance(param.default, (Const, Of)):
            value = self.of(param.default, scope)
            return (
                value if value.kind == "instance" and not value.name.startswith("fastapi.") else NO_VALUE
            )
        return NO_VALUE

    def _provided_model(self, param: Param, scope: Scope) -> Value:
        """The ORM instance that a parameter's provider hands over although a schema is announced, which FastAPI never
        looks at: `user: schemas.User = Depends(current_user)`."""
        declared = self.annotated(param.annotation, scope)
        if declared.kind != "instance" or self.role(declared.name) != "schema":
            return NO_VALUE
        provider = self.provider(param, scope)
        found = self.provided(provider) if provider.kind == "function" else NO_VALUE
        return found if found.kind == "instance" and self.role(found.name) in _MODELS else NO_VALUE

    def module_name(self, name: str, module: Module, line: int = _END) -> Value:
        """What a name at a module's top level is."""
        if line != _END:
            return self._module_name(name, module, line)
        key = (module.path, name)
        found = self._exported.get(key)
        if found is None:
            found = self._module_name(name, module, line)
            if not self._running:
                self._exported[key] = found
        return found

    def _module_name(self, name: str, module: Module, line: int) -> Value:
        if line != _END:
            inner = module.bound_inside(name)
            found = self._latest(inner, Scope(module, None, line), None) if inner else None
            if found is not None:
                return found
        symbol = self.project.symbol(module.path, name)
        if (
            symbol.path == module.path
            and name in module.imports
            and self._starts_at(symbol, module) >= line
        ):
            return self.imported(module.imports[name], module)  # `class BaseModel(BaseModel)`
        if symbol.sort == "assign" and symbol.path == module.path:
            value = self._latest(module.assigns[name], Scope(module, None, line), None)
            return value or NO_VALUE
        value = self.symbol_value(symbol)
        if value or symbol.sort != "unknown" or module.binds(name):
            return value
        return self._unbound(name, module)

    def _starts_at(self, symbol: Symbol, module: Module) -> int:
        """The row at which a class or function of a module begins, 0 for anything else."""
        definition = module.classes.get(symbol.name) or module.functions.get(symbol.name)
        return definition.start if definition is not None else 0

    def _unbound(self, name: str, module: Module) -> Value:
        if hasattr(builtins, name):
            return self.external(f"builtins.{name}")
        for star in module.stars:
            source = self.project.import_target(star, module.path)
            if source.sort == "external" and self._is_listed(f"{source.name}.{name}"):
                return self.external(f"{source.name}.{name}")
        if name in _CUSTOMARY and not module.stars:
            return self.external(_CUSTOMARY[name])
        if name == "db" and not module.stars:
            return instance(_UNBOUND_DB)
        return NO_VALUE

    def _is_listed(self, dotted: str) -> bool:
        name = self.canonical(dotted)
        return name in self.known.classes or name in self.known.functions or name in self.known.objects

    def imported(self, entry: Import, module: Module) -> Value:
        """What an import inside a function binds."""
        return self.symbol_value(self.project.import_target(entry, module.path))

    def symbol_value(self, symbol: Symbol) -> Value:
        """What a resolved module-level name is."""
        match symbol.sort:
            case "function":
                return Value("function", f"{symbol.path}::{symbol.name}")
            case "class":
                return Value("class", f"{symbol.path}::{symbol.name}")
            case "module" | "package":
                return Value("module", f"{symbol.path}::")
            case "external":
                return self.external(symbol.name)
            case "assign":
                module = self.project.module(symbol.path)
                if module is not None and symbol.name in module.assigns:
                    return self._latest(module.assigns[symbol.name], Scope(module), None) or NO_VALUE
        return NO_VALUE

    # ----------------------------------------------------------------------------------------------- libraries

    def canonical(self, dotted: str) -> str:
        """The name by which the tables know an external name."""
        found = self._canonical.get(dotted)
        if found is None:
            found = self._canonical[dotted] = self._canonicalise(dotted)
        return found

    def _canonicalise(self, dotted: str) -> str:
        aliases = self.known.aliases
        for _ in range(5):
            if dotted in aliases:
                dotted = aliases[dotted]
                continue
            package, _, rest = dotted.rpartition(".")
            tail = rest
            while package and f"{package}.*" not in aliases:
                package, _, part = package.rpartition(".")
                tail = f"{part}.{tail}"
            if not package:
                return dotted
            dotted = f"{aliases[f'{package}.*']}.{tail}"
        return dotted

    def external(self, dotted: str) -> Value:
        """What a dotted name outside the project is, as far as the tables tell."""
        name = self.canonical(dotted)
        if name in self.known.objects:
            return self._spec(self.known.objects[name], NO_VALUE, None, None)
        if name in self.known.classes:
            return Value("class", name)
        if name in self.known.functions:
            return Value("function", name)
        return Value("external", name)

    def _spec(self, spec: str, receiver: Value, call: Call | None, scope: Scope | None) -> Value:
        """A type of the tables' language, made concrete."""
        return self._build(parse_spec(spec), receiver, call, scope) if spec else NO_VALUE

    def _build(self, spec: Spec, receiver: Value, call: Call | None, scope: Scope | None) -> Value:
        arguments = tuple(self._build(a, receiver, call, scope) for a in spec.arguments)
        match spec.name:
            case "":
                return NO_VALUE
            case "none" | "None":
                return NONE
            case "await":
                return Value("coroutine", "", arguments)
            case "type":
                made = arguments[0]
                return Value("class", made.name, made.items) if made.name else NO_VALUE
            case "$self":
                return receiver
            case "$item":
                return receiver.item
            case "$class":
                return instance(receiver.name, *receiver.items)
            case "$model":
                return self._argument(None, "model", call, scope)
            case "$entity":
                return self._entity(call, scope)
            case "$call":
                return self._handed_on(call, scope)
            case "$row":
                return self._row(receiver, scope)
            case "list" | "set":
                return listing(arguments[0] if arguments else NO_VALUE)
            case "dict" | "tuple":
                return Value(spec.name, "", arguments)
        if spec.name.startswith("$"):
            position = spec.name[1:]
            return self._argument(int(position), "", call, scope) if position.isdigit() else NO_VALUE
        if spec.name in ("str", "int", "bool", "bytes", "float"):
            return instance(f"builtins.{spec.name}")
        return instance(self.canonical(spec.name), *(a for a in arguments if a))

    def _argument(
        self, position: int | None, keyword: str, call: Call | None, scope: Scope | None
    ) -> Value:
        """An argument as the type it names: a class gives its instance, a query or `select` its row."""
        if call is None or scope is None:
            return NO_VALUE
        expr = call.keyword(keyword) if position is None else None
        if position is not None and position < len(call.args):
            expr = call.args[position]
        if expr is None:
            return NO_VALUE
        value = self.of(expr, scope)
        if value.kind == "class":
            return instance(value.name, *value.items)
        if value.kind == "typevar":
            return value
        if value.kind == "instance" and value.items and self.role(value.name) not in _MODELS:
            return value.item
        if value.kind == "instance" and self.role(value.name) in _MODELS:
            return value
        return NO_VALUE

    def _handed_on(self, call: Call | None, scope: Scope | None) -> Value:
        """What a function gives that another is handed with its arguments, as `to_thread(f, x)` gives what `f(x)` does."""
        if call is None or scope is None or not call.args:
            return NO_VALUE
        function = call.args[0]
        if isinstance(function, Lambda):
            return self.of(function.body, scope)
        return self.of(call._replace(func=function, args=call.args[1:]), scope)

    def _row(self, view: Value, scope: Scope | None) -> Value:
        """A row of what a view shows: of its `queryset`, else of what its `get_queryset` gives."""
        rows = self._instance_attribute(view, "queryset")
        if not rows and scope is not None:
            rows = self.method_result(view, "get_queryset", None, scope)
        return rows.item if self.role(rows.name) == "query" else NO_VALUE

    def _entity(self, call: Call | None, scope: Scope | None) -> Value:
        """What a session is asked for, by the first argument."""
        found = self._argument(0, "", call, scope)
        if found or call is None or scope is None or not call.args:
            return found
        return self._out_of_sight(call.args[0], scope)

    def _out_of_sight(self, cls: Expr, scope: Scope) -> Value:
        """An instance of a class that only a session tells of: imported from elsewhere, or bound nowhere in a snippet."""
        if not isinstance(cls, str):
            return NO_VALUE
        name = cls.rpartition(".")[2]
        if not name[:1].isupper() or name.isupper():
            return NO_VALUE
        value = self.of(cls, scope)
        is_unbound = not value and self._is_unbound(cls.partition(".")[0], scope)
        return instance(f"{_MAPPED}{name}") if value.kind == "external" or is_unbound else NO_VALUE

    def _is_unbound(self, name: str, scope: Scope) -> bool:
        """Whether nothing in sight binds a name."""
        function = scope.function
        while function is not None:
            if name in function.bound:
                return False
            function = self._enclosing(function, scope.module)
        return not scope.module.binds(name) and not scope.module.stars

    # ------------------------------------------------------------------------------------------------- classes

    def class_ref(self, name: str) -> ClassRef | None:
        """The project's class behind a value's name."""
        path, separator, qualname = name.partition("::")
        module = self.project.module(path) if separator else None
        cls = module.classes.get(qualname) if module is not None else None
        return ClassRef(path, cls) if cls is not None else None

    def function_ref(self, name: str) -> FunctionRef | None:
        """The project's function behind a value's name."""
        path, separator, qualname = name.partition("::")
        module = self.project.module(path) if separator else None
        function = module.functions.get(qualname) if module is not None else None
        return FunctionRef(path, function) if function is not None else None

    def mro(self, value: Value) -> tuple[Ancestor, ...]:
        """A class (or an instance's) with all its bases, nearest first, the project's and external ones."""
        key = value._replace(kind="instance")
        found = self._mro.get(key)
        if found is None:
            self._mro[key] = ()
            found = self._mro[key] = tuple(self._ancestors(value.name, value.items, set()))
        return found

    def _ancestors(self, name: str, arguments: tuple[Value, ...], seen: set[str]) -> Iterator[Ancestor]:
        if name in seen:
            return
        seen.add(name)
        ref = self.class_ref(name)
        if ref is None:
            yield Ancestor(name, None)
            if name.startswith(_MAPPED):
                yield from self._ancestors("sqlalchemy.orm.DeclarativeBase", arguments, seen)
            for known in self.known.classes.get(name, KnownClass()).bases:
                yield from self._ancestors(self.canonical(known), arguments, seen)
            return
        module = self.project.module(ref.path)
        assert module is not None
        scope = self.class_scope(ref.cls, module)
        typevars = tuple(zip(self._parameters_of(ref.cls, scope), arguments))
        yield Ancestor(name, ref, typevars)
        for expr in ref.cls.bases:
            base = self.of(expr, scope)
            if base.kind in ("class", "external") and base.name not in (
                "typing.Generic",
                "builtins.object",
            ):
                items = tuple(substitute(item, typevars) for item in base.items)
                yield from self._ancestors(base.name, items, seen)
        for decorator in ref.cls.decorators:
            target = decorator.value.func if isinstance(decorator.value, Call) else decorator.value
            if self.of(target, scope).name in _MAPPERS:
                yield from self._ancestors("sqlalchemy.orm.DeclarativeBase", (), seen)

    def class_scope(self, cls: Class, module: Module) -> Scope:
        """Where a class statement's own expressions are evaluated."""
        return Scope(
            module,
            module.functions.get(cls.scope) if cls.scope else None,
            cls.start if not cls.scope else _END,
            _type_params(cls, module),
        )

    def _parameters_of(self, cls: Class, scope: Scope) -> list[str]:
        """The type variables of a generic class, in order: from `Generic[...]`, else from its bases' arguments."""
        names = [value.name for _, value in _type_params(cls, scope.module)]
        for base in cls.bases:
            if isinstance(base, Item):
                arguments = base.key.items if isinstance(base.key, Seq) else (base.key,)
                found = [v.name for v in (self.of(a, scope) for a in arguments) if v.kind == "typevar"]
                head = base.base if isinstance(base.base, str) else ""
                if head.rpartition(".")[2] in ("Generic", "Protocol"):
                    return found
                names += [n for n in found if n not in names]
        return names

    def role(self, name: str) -> str:
        """What a class is for (`KnownClass.role`), from its nearest base that says so; "" if none does."""
        found = self._roles.get(name)
        if found is None:
            self._roles[name] = ""
            found = self._roles[name] = self._role(name)
        return found

    def _role(self, name: str) -> str:
        ancestors = self.mro(instance(name))
        if any(self.is_table(a.ref) for a in ancestors[:1]):
            return "model"
        for ancestor in ancestors:
            known = self.known.classes.get(ancestor.name)
            if known is not None and known.role:
                return known.role
        return (
            "schema" if any(a.ref is not None and self._is_dataclass(a.ref) for a in ancestors) else ""
        )

    def is_table(self, ref: ClassRef | None) -> bool:
        """Whether a class declares itself a table: SQLModel's `table=True`, or a `__tablename__` of its own."""
        if ref is None:
            return False
        if ("table", Const(True)) in ref.cls.keywords:
            return True
        return any(f.name == "__tablename__" for f in ref.cls.fields) and bool(ref.cls.bases)

    def _is_dataclass(self, ref: ClassRef) -> bool:
        module = self.project.module(ref.path)
        if module is None:
            return False
        for decorator in ref.cls.decorators:
            target = decorator.value.func if isinstance(decorator.value, Call) else decorator.value
            if self.of(target, self.class_scope(ref.cls, module)).name in (
                "dataclasses.dataclass",
                "pydantic.dataclasses.dataclass",
                "attr.s",
                "attrs.define",
                "attr.define",
            ):
                return True
        return False

    # ---------------------------------------------------------------------------------------------- attributes

    def attribute(self, value: Value, name: str) -> Value:
        """What `value.name` is."""
        key = (value, name)
        found = self._attributes.get(key)
        if found is None:
            found = self._attribute(value, name)
            if not self._running:
                self._attributes[key] = found
        return found

    def _attribute(self, value: Value, name: str) -> Value:
        match value.kind:
            case "module":
                return self._module_member(value, name)
            case "external":
                return self._external_member(value, name)
            case "class":
                return self._class_attribute(value, name)
            case "instance":
                return self._instance_attribute(value, name)
            case "function":
                return self._function_attribute(value, name)
            case "dict" | "list" | "tuple" if name in ("values", "items", "copy", "get", "pop"):
                return Value("method", f"builtins.{value.kind}.{name}", (value,))
        return NO_VALUE

    def _module_member(self, value: Value, name: str) -> Value:
        path = value.name.removesuffix("::")
        if path.endswith(".py"):
            return self.symbol_value(self.project.member(Symbol("module", "", path), name))
        return self.symbol_value(self.project.member(Symbol("package", "", path), name))

    def _external_member(self, value: Value, name: str) -> Value:
        if (
            name in _ROWS
            and usage.names_class(value.name)
            and (name != "query" or _may_be_own(value.name))
        ):
            return self._rows_of(value.name, name)
        return self.external(f"{value.name}.{name}")

    def _class_attribute(self, value: Value, name: str) -> Value:
        for ancestor in self.mro(value):
            if ancestor.ref is None:
                found = self._external_class_attribute(ancestor.name, value, name)
            else:
                found = self._own_class_attribute(ancestor, value, name)
            if found is not None:
                return self._owned(found, value)
        return self.external(f"{value.name}.{name}") if "::" not in value.name else NO_VALUE

    def _owned(self, found: Value, cls: Value) -> Value:
        """A custom manager or query class found on a model is one of that model."""
        if found.kind == "instance" and not found.items and self.role(found.name) == "query":
            return found._replace(items=(instance(cls.name),))
        return found

    def _external_class_attribute(self, ancestor: str, value: Value, name: str) -> Value | None:
        known = self.known.classes.get(ancestor)
        if known is None:
            return None
        if name in known.class_attributes:
            return self._spec(known.class_attributes[name], value, None, None)
        if name in known.statics or name in known.methods or "*" in known.statics:
            return Value("method", f"{ancestor}.{name}", (value,))
        return None

    def _own_class_attribute(self, ancestor: Ancestor, value: Value, name: str) -> Value | None:
        assert ancestor.ref is not None
        path, cls = ancestor.ref
        if name in cls.methods:
            return Value("method", f"{path}::{cls.qualname}.{name}", (value,))
        module = self.project.module(path)
        assert module is not None
        nested = f"{cls.qualname}.{name}"
        if nested in module.classes:
            return Value("class", f"{path}::{nested}")
        for field in reversed(cls.fields):
            if field.name == name:
                if field.value is not UNKNOWN:
                    scope = self.class_scope(cls, module).at(_END)
                    return self.of(field.value, scope)
                return NO_VALUE
        return None

    def _instance_attribute(self, value: Value, name: str) -> Value:
        for ancestor in self.mro(value):
            if ancestor.ref is None:
                found = self._external_attribute(ancestor.name, value, name)
            else:
                found = self._own_attribute(ancestor, value, name)
            if found is not None:
                return self._owned(substitute(found, ancestor.typevars), value)
        role = self.role(value.name)
        if role == "holder":
            return self._held(value, name)
        return self._other_end(value, name) if role == "model" else NO_VALUE

    def _held(self, holder: Value, name: str) -> Value:
        """What the project gives an object that holds whatever it is given: `g.db = …`, `app.state.pool = …`."""
        found = []
        for module, function, assign in self._attribute_assigns(name):
            where = Scope(module, function, assign.line)
            target = assign.target.rpartition(".")[0]
            given = self.of(target, where)
            is_app = not given and target in _CUSTOMARY_HOLDERS  # `def lifespan(app):`
            if given.name == holder.name or (is_app and holder.name in _CUSTOMARY_HOLDERS[target]):
                value = self._value_of(assign, where)
                found += [value] if value and value.kind != "none" else []
        return self._one_of(found)

    def _attribute_assigns(self, name: str) -> list[tuple[Module, Function | None, Assign]]:
        """Where the project assigns to an attribute of this name, other than of `self`."""
        found: list[tuple[Module, Function | None, Assign]] = []
        for module in self.project.modules_with("attributes", name):
            for function, assign in module.assigns_to(name) if module.kind != "tests" else ():
                self.project.looked.note(module.path, BODY if function is None else function.qualname)
                found.append((module, function, assign))
        return found

    def _external_attribute(self, ancestor: str, value: Value, name: str) -> Value | None:
        known = self.known.classes.get(ancestor)
        if known is None:
            return None
        if name in known.attributes:
            return self._spec(known.attributes[name], value, None, None)
        if name in known.methods:
            return Value("method", f"{ancestor}.{name}", (value,))
        if "*" in known.attributes:
            return self._spec(known.attributes["*"], value, None, None)
        if "*" in known.methods and not name.startswith("_"):
            return Value("method", f"{ancestor}.{name}", (value,))
        if name in known.statics:
            return Value("method", f"{ancestor}.{name}", (value,))
        return None

    def _own_attribute(self, ancestor: Ancestor, value: Value, name: str) -> Value | None:
        assert ancestor.ref is not None
        path, cls = ancestor.ref
        module = self.project.module(path)
        assert module is not None
        if name in cls.methods:
            function = module.functions.get(f"{cls.qualname}.{name}")
            if function is not None and self._is_property(function, module):
                return self.returns(FunctionRef(path, function), self._self(function, value))
            return Value("method", f"{path}::{cls.qualname}.{name}", (value,))
        return self._field(cls, module, name) or self._assigned_in_methods(cls, module, name, value)

    def _field(self, cls: Class, module: Module, name: str) -> Value | None:
        for field in reversed(cls.fields):
            if field.name == name:
                scope = self.class_scope(cls, module).at(_END)
                if field.annotation is not UNKNOWN:
                    declared = self.annotated(field.annotation, scope)
                    return self._within(declared, field.value, scope) or None
                found = relation(field.value, ClassRef(module.path, cls))
                if found is not None and self._is_django(found.owner.key):
                    target = self._target(found)
                    return _rows(target, found.to_many) if target else None
                mapped = mapping(field.value)
                if mapped is not None and self.role(f"{module.path}::{cls.qualname}") == "model":
                    return self._mapped(mapped, ClassRef(module.path, cls), scope) or None
                return self.of(field.value, scope) or None
        return None

    def _mapped(self, call: Call, owner: ClassRef, scope: Scope) -> Value:
        """What SQLAlchemy's `relationship()` gives: a row of the other class, its rows, or a query for them."""
        target = call.argument(0, "argument") or UNKNOWN
        if isinstance(target, Lambda):
            target = target.body
        if isinstance(target, Text):
            named = [ref.key for ref in named_models(self.project, target.value, owner)]
        else:
            value = self.of(target, scope)
            named = [value.name] if value.kind == "class" else []
        other = self.class_ref(named[0]) if len(named) == 1 else None
        if other is None or self.role(other.key) != "model" or call.keyword("collection_class"):
            return NO_VALUE
        row = instance(other.key)
        if call.keyword("lazy") == Text("dynamic"):
            return instance("sqlalchemy.orm.Query", row)
        return row if is_to_one(call, owner.cls, other.cls) else listing(row)

    def reverse_relations(self) -> dict[str, list[Relation]]:
        """The relations between Django's models, by what the other end is called."""
        self.project.looked.note("", "relations")
        if self._reverse is None:
            with self.project.looked.apart():
                self._reverse = reverse(self.project)
        return self._reverse

    def _is_django(self, name: str) -> bool:
        return any(ancestor.name == MODEL for ancestor in self.mro(instance(name)))

    def _target(self, found: Relation) -> str:
        """The model that a field refers to, "" if that cannot be told."""
        module = self.project.module(found.owner.path)
        assert module is not None
        if isinstance(found.target, Text):
            refs = named_models(self.project, found.target.value, found.owner)
            keys = [ref.key for ref in refs if self._is_django(ref.key)]
            return keys[0] if len(keys) == 1 else ""
        if isinstance(found.target, str) and found.target.endswith("AUTH_USER_MODEL"):
            return self._user("django.contrib.auth.models.User")
        value = self.of(found.target, self.class_scope(found.owner.cls, module).at(_END))
        return self._user(value.name) if value.kind == "class" else ""

    def _user(self, name: str) -> str:
        """The project's own class for Django's user where there is just one, else the same name."""
        if not name.startswith("django.contrib.auth.models."):
            return name
        return self.own_user() or name

    def own_user(self) -> str:
        """The project's only class for Django's user, "" where there is none or more than one."""
        self.project.looked.note("", "user")
        if self._own_user is None:
            own = [ref.key for ref in models(self.project) if self._is_user(ref.key)]
            self._own_user = own[0] if len(own) == 1 else ""
        return self._own_user

    def _is_user(self, name: str) -> bool:
        return any(
            ancestor.name == "django.contrib.auth.models.AbstractBaseUser"
            for ancestor in self.mro(instance(name))
        )

    def _other_end(self, value: Value, name: str) -> Value:
        """What the rows of a model call those that refer to them: `user.order_set`, `space.members`."""
        found = self.reverse_relations().get(name)
        if not found or not self._is_django(value.name):
            return NO_VALUE
        names = {ancestor.name for ancestor in self.mro(instance(self._user(value.name)))}
        ends = {
            _rows(each.owner.key, each.from_many)
            for each in found
            if self._is_django(each.owner.key) and self._target(each) in names
        }
        return ends.pop() if len(ends) == 1 else NO_VALUE

    def _assigned_in_methods(self, cls: Class, module: Module, name: str, value: Value) -> Value | None:
        """What methods assign to `self.name`, `__init__` first."""
        methods = sorted(cls.methods, key=lambda m: m not in ("__init__", "__post_init__", "setup"))
        seen = False
        for method in methods:
            function = module.functions.get(f"{cls.qualname}.{method}")
            assigns = module.locals(function).get(f"self.{name}") if function is not None else None
            if not assigns:
                continue
            seen = True
            if function is None:
                continue
            given = self._handed_up(FunctionRef(module.path, function), value)
            told = dict(given)
            if all(a.value not in told and _is_optional_argument(a, function) for a in assigns):
                continue
            found = self._latest(assigns, Scope(module, function, _END, given), None)
            if found and found.kind != "none":
                return found
        return NO_VALUE if seen else None

    def _handed_up(self, base: FunctionRef, value: Value) -> Given:
        """What is known of the parameters of a base's constructor from `super().__init__(db)` below it."""
        if base.function.name != "__init__" or value.name == f"{base.path}::{base.function.owner}":
            return ()
        key = ("handed up", id(base.function), value)
        if key in self._running:
            return ()
        self._running.add(key)
        try:
            handed: dict[str, Given] = {}
            for below in self._constructors(value):
                if below.key == base.key:
                    break
                for above, given in self._calls_up(below, handed.get(below.key, ())):
                    handed[above.key] = () if above.key in handed else given
            return handed.get(base.key, ())
        finally:
            self._running.discard(key)

    def _constructors(self, value: Value) -> Iterator[FunctionRef]:
        """The project's `__init__`s for an instance, nearest first."""
        for ancestor in self.mro(value):
            ref = self.function_ref(f"{ancestor.name}.__init__")
            if ref is not None:
                yield ref

    def _calls_up(self, below: FunctionRef, given: Given) -> Iterator[tuple[FunctionRef, Given]]:
        """The constructors that another calls, each with what it is handed."""
        module = self.project.module(below.path)
        assert module is not None
        for site in below.function.calls:
            func = site.call.func
            name = func.name if isinstance(func, Attr) else func
            if not isinstance(name, str) or name.rpartition(".")[2] != "__init__":
                continue
            scope = Scope(module, below.function, site.span.line, given)
            method = self.of(func, scope)
            above = self.function_ref(method.name)
            if above is not None:
                is_unbound = method.item.kind == "class"
                call = site.call._replace(args=site.call.args[1:]) if is_unbound else site.call
                yield above, self.bindings(above, call, scope)

    def _function_attribute(self, value: Value, name: str) -> Value:
        if name in ("delay", "apply_async", "send", "kiq", "enqueue", "s", "si", "defer"):
            return Value("method", f"celery.Task.{name}", (value,))
        if name == "__wrapped__":
            return value
        return NO_VALUE

    def method(self, value: Value, name: str) -> Value | None:
        """The method of an instance, or `None` where it has none of that name."""
        found = self._instance_attribute(value, name)
        return found if found.kind == "method" else None

    def method_result(self, value: Value, name: str, call: Call | None, scope: Scope) -> Value:
        method = self.method(value, name)
        return self.called(method, call, scope) if method is not None else NO_VALUE

    # --------------------------------------------------------------------------------------------------- calls

    def call(self, call: Call, scope: Scope) -> Value:
        """What a call gives."""
        special = self._special(call, scope)
        if special is not None:
            return special
        return self.called(self.of(call.func, scope), call, scope)

    def _special(self, call: Call, scope: Scope) -> Value | None:
        """Calls whose result depends on more than the callee's name."""
        if not isinstance(call.func, str):
            return None
        last = call.func.rpartition(".")[2]
        if last == "super" and scope.function is not None and scope.function.owner:
            return self._super(scope)
        if last == "TypeVar" and self.name(call.func.partition(".")[0], scope):
            return Value("typevar", f"{scope.module.path}::{_text(call.args)}")
        if (
            call.func in _OVER_ITERABLES
            and call.args
            and self.name(last, scope).name == f"builtins.{last}"
        ):
            return self._over_iterables(last, [self.iterated(self.of(a, scope)) for a in call.args])
        is_made = call.func in _CONTAINERS and not call.args
        if is_made and self.name(call.func, scope).name == f"builtins.{call.func}":
            items = self._entries(((UNKNOWN, value) for _, value in call.keywords), scope)
            return Value("dict", "", items) if call.func == "dict" else listing(NO_VALUE)
        if last == "NewType" and len(call.args) == 2:
            return self.of(call.args[1], scope)
        if last == "cast" and len(call.args) == 2:
            return self.annotated(call.args[0], scope)
        if last in ("sessionmaker", "scoped_session") and "class_" in dict(call.keywords):
            made = self.of(call.keyword("class_") or UNKNOWN, scope)
            if made.kind == "class" and self.role(made.name) == "async-session":
                return instance("sqlalchemy.ext.asyncio.async_sessionmaker")
        if last == "partial" and call.args:
            return self._partial(call, scope)
        return None

    def _partial(self, call: Call, scope: Scope) -> Value:
        """The function that another one becomes with some of its arguments."""
        function = self.of(call.args[0], scope)
        if function.kind != "function" or not call.keywords:
            return function
        return _closure(function.name, ((n, self.of(e, scope)) for n, e in call.keywords if n))

    def _over_iterables(self, name: str, elements: list[Value]) -> Value:
        """What a built-in function makes of iterables, told their elements."""
        if name == "next":
            return elements[0]
        if name == "anext":
            return Value("coroutine", "", (elements[0],))
        if name == "zip":
            return listing(Value("tuple", "", tuple(elements)))
        if name == "enumerate":
            return listing(Value("tuple", "", (instance("builtins.int"), elements[0])))
        return listing(elements[0])

    def _super(self, scope: Scope) -> Value | None:
        function, module = scope.function, scope.module
        assert function is not None
        for ancestor in self.mro(instance(f"{module.path}::{function.owner}"))[1:]:
            return instance(ancestor.name, *(v for _, v in ancestor.typevars))
        return NO_VALUE

    def called(self, func: Value, call: Call | None, scope: Scope | None) -> Value:
        """What calling `func` gives."""
        match func.kind:
            case "class":
                return self._constructed(func, call, scope)
            case "external":
                last = func.name.rpartition(".")[2]
                return instance(func.name) if last[:1].isupper() and not last.isupper() else NO_VALUE
            case "function":
                ref = self.function_ref(func.name)
                if ref is not None:
                    return self.returns(ref, (*self.bindings(ref, call, scope), *closed(func)))
                known = self.known.functions.get(func.name)
                return self._spec(known.gives, NO_VALUE, call, scope) if known is not None else NO_VALUE
            case "method":
                return self._method_called(func, call, scope)
            case "instance":
                method = self.method(func, "__call__")
                return self.called(method, call, scope) if method is not None else NO_VALUE
        return NO_VALUE

    def _constructed(self, cls: Value, call: Call | None, scope: Scope | None) -> Value:
        known = self.known.classes.get(cls.name)
        if known is not None and known.makes.gives:
            return self._spec(known.makes.gives, instance(cls.name, *cls.items), call, scope)
        return instance(cls.name, *cls.items)

    def _method_called(self, method: Value, call: Call | None, scope: Scope | None) -> Value:
        receiver = method.item
        ref = self.function_ref(method.name)
        if ref is not None:
            given = self.bindings(ref, call, scope)
            if not is_static(ref.function) and ref.function.params:
                given = (*self._self(ref.function, receiver), *given)
            result = self.returns(ref, given)
            for ancestor in self.mro(receiver):
                if ancestor.ref is not None and f"{ancestor.ref.key}.{ref.function.name}" == ref.key:
                    return substitute(result, ancestor.typevars)
            return result
        if receiver.kind in ("dict", "list", "tuple"):
            return _of_container(receiver, method.name.rpartition(".")[2])
        if method.name.endswith(".__call__") and receiver.items:
            return (
                receiver.item
            )  # a factory's type argument is what it makes: `sessionmaker[AsyncSession]`
        known = self.known_method(method)
        return self._spec(known.gives, receiver, call, scope) if known is not None else NO_VALUE

    def known_method(self, method: Value) -> Known | None:
        """The table's entry for a library method."""
        owner, _, name = method.name.rpartition(".")
        known = self.known.classes.get(owner)
        if known is None:
            return None
        if method.item.kind == "class":
            found = known.statics.get(name) or known.methods.get(name) or known.statics.get("*")
        else:
            found = known.methods.get(name) or known.statics.get(name) or known.methods.get("*")
        return found

    def _self(self, function: Function, receiver: Value) -> Given:
        if not function.params or is_static(function):
            return ()
        if _is_classmethod(function):
            receiver = Value("class", receiver.name, receiver.items)
        return ((function.params[0].name, receiver),)

    def bindings(self, ref: FunctionRef, call: Call | None, scope: Scope | None) -> Given:
        """What a call tells of a function's parameters that say nothing themselves."""
        if call is None or scope is None:
            return ()
        given = []
        for param, expr in handed_over(ref.function, call):
            if not self._is_open(param, ref):
                continue
            value = self.of(expr, scope) if expr is not None else self._by_default(param, ref, call)
            is_told = value.kind in ("instance", "class", "method", "function")
            is_absent = expr is None and value.kind == "none"
            if is_absent or (is_told and not value.name.startswith("builtins.")):
                given.append((param.name, value))
        return tuple(given)

    def _is_open(self, param: Param, ref: FunctionRef) -> bool:
        """Whether a parameter's annotation leaves it to the caller what it is, or which function."""
        annotation = param.annotation
        if annotation is UNKNOWN or _is_type_parameter(annotation):
            return True
        if _head(annotation) not in ("Callable", "Optional", "Union"):
            return False
        key = (ref.path, id(ref.function), param.name)
        found = self._open.get(key)
        if found is None:
            declared = self._declared(param, ref)
            found = not declared or declared.name == _CALLABLE
            if not self._running:
                self._open[key] = found
        return found

    def _declared(self, param: Param, ref: FunctionRef) -> Value:
        module = self.project.module(ref.path)
        assert module is not None
        return self.annotated(param.annotation, self._around(ref.function, module))

    def _by_default(self, param: Param, ref: FunctionRef, call: Call) -> Value:
        """The function that a parameter is where the call passes none; `None` where it stands for no function."""
        module = self.project.module(ref.path)
        is_unseen = any(isinstance(arg, Star) for arg in call.args) or call.keyword("") is not None
        if (
            is_unseen
            or not param.has_default
            or module is None
            or param.name in module.locals(ref.function)
        ):
            return NO_VALUE
        if param.default == Const(None):
            return NONE if self._declared(param, ref).name == _CALLABLE else NO_VALUE
        value = self.of(param.default, self._around(ref.function, module))
        return value if value.kind in ("function", "method") else NO_VALUE

    def returns(self, ref: FunctionRef, given: Given = ()) -> Value:
        """What calling a project function gives: a coroutine for `async def`, many for a generator."""
        key = (ref.path, id(ref.function), given)
        if key in self._returns:
            return self._returns[key]
        if key in self._running or len(self._running) > _MAX_DEPTH:
            return NO_VALUE
        self._running.add(key)
        try:
            value = self._returned(ref, given)
        finally:
            self._running.discard(key)
        if not self._running:
            self._returns[key] = value
        return value

    def _returned(self, ref: FunctionRef, given: Given) -> Value:
        module = self.project.module(ref.path)
        assert module is not None
        function = ref.function
        value = self._declared_return(function, module, given)
        if not value:
            value = self._body_return(function, module, given)
        if function.is_async and not function.is_generator:
            return Value("coroutine", "", (value,))
        return value

    def _declared_return(self, function: Function, module: Module, given: Given) -> Value:
        if function.returns is UNKNOWN:
            return NO_VALUE
        value = self.annotated(function.returns, self._around(function, module))
        if value.kind == "instance" and value.name.endswith((".Self", ".Self]")) and given:
            return given[0][1]
        return NO_VALUE if _is_vague(value) or (value.kind == "none" and function.returned) else value

    def _body_return(self, function: Function, module: Module, given: Given) -> Value:
        scope = Scope(module, function, _END, given)
        if function.is_generator:
            return listing(
                self._first_known(
                    self._element(y.value, scope.at(y.span.line)) for y in function.yielded
                )
            )
        return self._first_known(self.of(r.value, scope.at(r.span.line)) for r in function.returned)

    def is_any(self, expr: Expr, scope: Scope, depth: int = 0) -> bool:
        """Whether an expression is what a function of the project gives that announces no more than `Any`: what its body
        tells is then good for following calls, not for being told or declared."""
        if isinstance(expr, str) and scope.function is not None:
            given = [a for a in scope.module.locals(scope.function).get(expr, ()) if a.line < scope.line]
            return bool(given) and given[-1].how == "=" and self._is_any(given[-1], scope, depth)
        call = expr.value if isinstance(expr, Await) else expr
        ref = self.function_ref(self.of(call.func, scope).name) if isinstance(call, Call) else None
        module = self.project.module(ref.path) if ref is not None else None
        if ref is None or module is None or depth > _MOST_ANY:
            return False
        if ref.function.returns is not UNKNOWN:
            return _says_any(ref.function.returns)
        inside = Scope(module, ref.function)
        return any(
            self.is_any(r.value, inside.at(r.span.line), depth + 1) for r in ref.function.returned
        )

    def _is_any(self, given: Assign, scope: Scope, depth: int) -> bool:
        is_declared = given.annotation is not UNKNOWN
        return not is_declared and self.is_any(given.value, scope.at(given.line), depth + 1)

    # --------------------------------------------------------------------------------------------- annotations

    def annotated(self, annotation: Expr, scope: Scope) -> Value:
        """What a variable of this annotation is."""
        if not self._goes_on():
            return NO_VALUE
        self._depth += 1
        try:
            return _of_bounded_size(self._annotated(annotation, scope))
        finally:
            self._depth -= 1

    def _annotated(self, annotation: Expr, scope: Scope) -> Value:
        match annotation:
            case Const(None):
                return NONE
            case Choice(options):
                return self._one_of([self.annotated(o, scope) for o in options])
            case Item(base, index):
                return self._generic(base, index, scope)
            case str() | Attr() | Call():
                return self._instance_of(annotation, scope)
        return NO_VALUE

    def _instance_of(self, annotation: Expr, scope: Scope) -> Value:
        alias = self.alias(annotation, scope)
        if alias is not None:
            return self.annotated(*alias)
        value = self.of(annotation, scope)
        if value.kind in ("class", "external"):
            last = value.name.rpartition(".")[2]
            if last in _LISTS and "::" not in value.name:
                return Value("list")
            if last in _DICTS and "::" not in value.name:
                return Value("dict")
            if last in ("Any", "object", "Union") and "::" not in value.name:
                return Value("instance", value.name)
            return instance(value.name, *value.items)
        return value if value.kind in ("typevar", "none") else NO_VALUE

    def members(self, annotation: Expr, scope: Scope) -> list[Value]:
        """What each type of a union means; what the only one does if it is none."""
        for _ in range(_MOST_ALIASES):
            alias = self.alias(annotation, scope)
            if alias is None:
                break
            annotation, scope = alias
        parts: tuple[Expr, ...] = ()
        if isinstance(annotation, Choice):
            parts = annotation.options
        elif isinstance(annotation, Item):
            last = self.of(annotation.base, scope).name.rpartition(".")[2]
            inner = annotation.key.items if isinstance(annotation.key, Seq) else (annotation.key,)
            parts = inner if last == "Union" else inner[:1] if last in ("Optional", "Annotated") else ()
        if not parts:
            return [self.annotated(annotation, scope)]
        return [member for part in parts for member in self.members(part, scope)]

    def alias(self, annotation: Expr, scope: Scope) -> tuple[Expr, Scope] | None:
        """The annotation that a name stands for (`SessionDep = Annotated[...]`), with the scope it is read in."""
        if not isinstance(annotation, str):
            return None
        symbol = self.origin(annotation, scope)
        if symbol is None or symbol.sort != "assign":
            return None
        module = self.project.module(symbol.path)
        if module is None:
            return None
        value = module.assigns[symbol.name][-1].value
        if isinstance(value, (Item, Choice)) or (
            isinstance(value, str) and value.partition(".")[0] != annotation
        ):
            return value, Scope(module)
        return None

    def origin(self, dotted: str, scope: Scope) -> Symbol | None:
        """Where the module-level thing that a dotted name means is defined, or `None` for local names and values."""
        first, _, rest = dotted.partition(".")
        function = scope.function
        while function is not None:
            if first in function.bound:
                for entry in function.imports:
                    if entry.local == first:
                        return self._follow(self.project.import_target(entry, scope.module.path), rest)
                return None
            function = self._enclosing(function, scope.module)
        return self._follow(self.project.symbol(scope.module.path, first), rest)

    def _follow(self, symbol: Symbol, rest: str) -> Symbol | None:
        for part in rest.split(".") if rest else ():
            if symbol.sort not in ("module", "package", "external"):
                return None
            symbol = self.project.member(symbol, part)
        return symbol

    def _generic(self, base: Expr, index: Expr, scope: Scope) -> Value:
        head = self.of(base, scope)
        last = head.name.rpartition(".")[2]
        arguments = index.items if isinstance(index, Seq) else (index,)
        if (head.kind == "class" and "::" in head.name) or not arguments:
            return instance(head.name, *(self.annotated(a, scope) for a in arguments))
        if last == "Annotated":
            return self._annotated_metadata(arguments, scope)
        if last == "Union":
            return self._one_of([self.annotated(a, scope) for a in arguments])
        if last in _WRAPPERS:
            return self.annotated(arguments[0], scope)
        if last in ("Type", "type"):
            made = self.annotated(arguments[0], scope)
            return (
                Value("class", made.name, made.items)
                if made.kind in ("instance", "typevar")
                else NO_VALUE
            )
        if last in _LISTS or (
            last in ("tuple", "Tuple") and len(arguments) == 2 and arguments[1] == Of("ellipsis")
        ):
            return listing(self.annotated(arguments[0], scope))
        if last in ("tuple", "Tuple"):
            return Value("tuple", "", tuple(self.annotated(a, scope) for a in arguments))
        if last in _DICTS:
            return Value("dict", "", tuple(self.annotated(a, scope) for a in arguments[1:2]))
        if last == "Callable":
            return instance(_CALLABLE, self.annotated(arguments[-1], scope))
        if last in _COROUTINES:
            return Value("coroutine", "", (self.annotated(arguments[-1], scope),))
        if last == "Literal":
            return instance("builtins.str")
        if head.kind in ("class", "external"):
            return instance(head.name, *(self.annotated(a, scope) for a in arguments))
        return NO_VALUE

    def _annotated_metadata(self, arguments: tuple[Expr, ...], scope: Scope) -> Value:
        value = self.annotated(arguments[0], scope)
        if value and not _is_vague(value):
            return value
        for extra in arguments[1:]:
            provider = self.depends(extra, scope)
            if provider and provider.name != "fastapi.Depends":
                return self.provided(provider)
        return NO_VALUE

    # -------------------------------------------------------------------------------------------- dependencies

    def depends(self, expr: Expr, scope: Scope) -> Value:
        """The provider in `Depends(provider)`, or the unknown value if `expr` is no dependency."""
        if isinstance(expr, Call) and self.of(expr.func, scope).name in _DEPENDS:
            provider = expr.argument(0, "dependency")
            return (
                self.of(provider, scope) if provider is not None else Value("class", "fastapi.Depends")
            )
        return NO_VALUE

    def provider(self, param: Param, scope: Scope) -> Value:
        """What provides a parameter: `Depends` as its default or in its (aliased) `Annotated`; else unknown."""
        if param.has_default:
            found = self.depends(param.default, scope)
            if found:
                return self._own_provider(found, param, scope)
        annotation, where = param.annotation, scope
        for _ in range(_MOST_ALIASES):
            alias = self.alias(annotation, where)
            if alias is None:
                break
            annotation, where = alias
        if isinstance(annotation, Item) and isinstance(annotation.key, Seq):
            for extra in annotation.key.items[1:]:
                found = self.depends(extra, where)
                if found:
                    return self._own_provider(found, param, scope)
        return NO_VALUE

    def _own_provider(self, found: Value, param: Param, scope: Scope) -> Value:
        """`Depends()` without argument takes the annotation's class."""
        if found.name != "fastapi.Depends":
            return found
        declared = self.annotated(param.annotation, scope)
        return Value("class", declared.name, declared.items) if declared.kind == "instance" else NO_VALUE

    def provided(self, provider: Value) -> Value:
        """What a dependency's provider hands to the handler."""
        if provider.kind == "class":
            return instance(provider.name, *provider.items)
        found = self.called(provider, None, None)
        if found.kind == "coroutine":
            found = found.item
        ref = self.function_ref(provider.name)
        if ref is not None and ref.function.is_generator:
            return found.item if found.kind == "list" else found
        return found

    # ----------------------------------------------------------------------------------------- implementations

    def implementations(self, method: Value) -> tuple[Value, ...]:
        """The project's implementations of an abstract method; empty if the method has a body of its own."""
        found = self._implementations.get(method)
        if found is None:
            self._implementations[method] = ()
            found = self._implementations[method] = tuple(self._find_implementations(method))
        return found

    def _find_implementations(self, method: Value) -> Iterator[Value]:
        ref = self.function_ref(method.name)
        if ref is None or not self.only_declares(ref):
            return
        abstract = f"{ref.path}::{ref.function.owner}"
        protocol = self._is_protocol(abstract)
        base = self.class_ref(abstract)
        assert base is not None
        public = {m for m in base.cls.methods if not m.startswith("_")}
        for candidate in self._classes_with(ref.function.name):
            if candidate.key == abstract or self._is_protocol(candidate.key):
                continue
            inherits = any(a.name == abstract for a in self.mro(instance(candidate.key)))
            if inherits or (protocol and public <= set(candidate.cls.methods)):
                yield Value("method", f"{candidate.key}.{ref.function.name}", (instance(candidate.key),))

    def only_declares(self, ref: FunctionRef) -> bool:
        """Whether a function is a method whose body stands in other classes: of a protocol, or an abstract one."""
        owner = ref.function.owner
        return bool(owner) and (self._is_protocol(f"{ref.path}::{owner}") or is_abstract(ref.function))

    def _is_protocol(self, name: str) -> bool:
        ref = self.class_ref(name)
        module = self.project.module(ref.path) if ref is not None else None
        if ref is None or module is None:
            return False
        scope = self.class_scope(ref.cls, module)
        return any(
            self.of(base, scope).name in ("typing.Protocol", "typing_extensions.Protocol")
            for base in ref.cls.bases
        )

    def _classes_with(self, method: str) -> list[ClassRef]:
        """The project's classes that define a method of this name."""
        found: list[ClassRef] = []
        for module in self.project.modules_with("methods", method):
            for cls in module.classes_with(method) if module.kind != "tests" else ():
                self.project.looked.note(module.path, cls.qualname)
                found.append(ClassRef(module.path, cls))
        return found

    # --------------------------------------------------------------------------------------------------- texts

    def text(self, expr: Expr | None, scope: Scope) -> str | None:
        """The string that an expression is, where it is a literal or names a constant; else `None`."""
        if isinstance(expr, Text):
            return expr.value
        if not isinstance(expr, str):
            return None
        symbol = self.origin(expr, scope)
        if symbol is not None and symbol.sort == "assign":
            module = self.project.module(symbol.path)
            value = module.assigns[symbol.name][-1].value if module is not None else UNKNOWN
            return value.value if isinstance(value, Text) else None
        owner, _, name = expr.rpartition(".")
        return self._field_text(self.of(owner, scope), name) if owner else None

    def _field_text(self, owner: Value, name: str) -> str | None:
        for ancestor in self.mro(owner) if owner.kind in ("instance", "class") else ():
            for field in ancestor.ref.cls.fields if ancestor.ref is not None else ():
                if field.name == name:
                    return field.value.value if isinstance(field.value, Text) else None
        return None

    # ---------------------------------------------------------------------------------------------- decorators

    def _is_property(self, function: Function, module: Module) -> bool:
        """Whether reading the attribute calls the function, by whatever names its decorators go."""
        return is_property(function) or any(
            name in _PROPERTIES for name in self.decorator_names(function, module)
        )

    def decorator_names(self, function: Function, module: Module) -> Iterator[str]:
        """The dotted names of a function's decorators (of the callee where one is a call)."""
        scope = Scope(module, self._enclosing(function, module), _END)
        for decorator in function.decorators:
            target = decorator.value.func if isinstance(decorator.value, Call) else decorator.value
            yield self.of(target, scope).name or (target if isinstance(target, str) else "")


class Spec(NamedTuple):
    """A parsed type of the tables' language."""

    name: str
    arguments: tuple[Spec, ...] = ()


@cache
def parse_spec(text: str) -> Spec:
    """Read a type of the tables' language (see `libraries`)."""
    text = text.strip()
    if text.startswith("await "):
        return Spec("await", (parse_spec(text[6:]),))
    head, bracket, rest = text.partition("[")
    if not bracket:
        return Spec(head)
    return Spec(head.strip(), tuple(parse_spec(part) for part in _split(rest[:-1])))


def _split(text: str) -> Iterator[str]:
    depth = start = 0
    for position, character in enumerate(text):
        if character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif character == "," and depth == 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]


def _closure(name: str, seen: Iterable[tuple[str, Value]]) -> Value:
    """A function that sees these values of names outside of it, without what functions among them see in turn."""
    values = ((n, Value("function", v.name) if v.kind == "function" else v) for n, v in seen)
    return Value("function", name, tuple(Value("given", n, (v,)) for n, v in values))


def closed(function: Value) -> Given:
    """What a function knows of names outside of it, besides what calls tell."""
    return tuple((seen.name, seen.item) for seen in function.items if seen.kind == "given")


def substitute(value: Value, typevars: tuple[tuple[str, Value], ...] | Mapping[str, Value]) -> Value:
    """`value` with its type variables replaced by what they stand for."""
    if not typevars:
        return value
    known = dict(typevars)
    return _substitute(value, known)


def _substitute(value: Value, known: dict[str, Value]) -> Value:
    if value.kind == "typevar":
        return known.get(value.name, value)
    if value.kind == "class" and value.name in known:
        return value._replace(name=known[value.name].name)
    if value.items:
        return value._replace(items=tuple(_substitute(item, known) for item in value.items))
    return value


def _may_be_own(name: str) -> bool:
    """Whether a name out of sight may be the project's: it is of no package that is known to be another's."""
    top = name.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in known_packages()


def _is_made_empty(expr: Expr) -> bool:
    """Whether a list or a set is made without anything in it."""
    if isinstance(expr, Call):
        return expr.func in ("list", "set") and not expr.args
    return isinstance(expr, Seq) and not expr.items


def _is_rebound(told: Narrowing, scope: Scope, function: Function) -> bool:
    """Whether a name has taken another value, or more has been put into it, since a condition told what it is."""
    assigns = scope.module.locals(function)
    root = told.name.partition(".")[0]
    for each in (a for name in {told.name, root, f"{told.name}[]"} for a in assigns.get(name, ())):
        is_above = each.line <= scope.line <= each.end if each.how == "comp" else each.line < scope.line
        if is_above and each.line >= told.line:
            return True
    puts = scope.module.puts(function).get(told.name, ()) if told.how == "empty" else ()
    return any(told.line <= site.span.line < scope.line for site in puts)


def _is_vague(value: Value) -> bool:
    """Whether an annotation says nothing: `Any`, `object`, a bare `Final`, a special form without arguments."""
    if value.name == _CALLABLE:
        return not value.item or _is_vague(value.item)
    return value.name == "builtins.object" or value.name.startswith(("typing.", "typing_extensions."))


def _of_container(receiver: Value, method: str) -> Value:
    """What a method of a built-in dict or list gives."""
    if method == "copy":
        return receiver
    item = receiver.item if len(set(receiver.items)) == 1 else NO_VALUE
    if method == "values":
        return listing(item)
    return listing(Value("tuple", "", (NO_VALUE, item))) if method == "items" else item


def _type_params(cls: Class, module: Module) -> tuple[tuple[str, Value], ...]:
    """The type variables that `class Page[T]` binds (PEP 695)."""
    return tuple((p, Value("typevar", f"{module.path}::{cls.qualname}.{p}")) for p in cls.type_params)


def is_property(function: Function) -> bool:
    """Whether reading the attribute calls the function."""
    return any(
        d.value in _PROPERTIES or (isinstance(d.value, str) and d.value.endswith("_property"))
        for d in function.decorators
    )


def is_abstract(function: Function) -> bool:
    """Whether a method only declares: `@abstractmethod`, or nothing in its body but `NotImplementedError`."""
    if any(
        isinstance(d.value, str) and d.value.rpartition(".")[2] == "abstractmethod"
        for d in function.decorators
    ):
        return True
    raises = [r.value.func if isinstance(r.value, Call) else r.value for r in function.raises]
    return "NotImplementedError" in raises and not function.returned


def is_static(function: Function) -> bool:
    """Whether a method is a `staticmethod`."""
    return any(d.value == "staticmethod" for d in function.decorators)


def handed_over(function: Function, call: Call) -> Iterator[tuple[Param, Expr | None]]:
    """What a call gives each of a function's parameters, `None` for those it leaves out; a method's own object and what
    takes up the rest (`*args`, `**kwargs`) aside."""
    params = [p for p in function.params if p.kind in ("positional", "keyword")]
    is_bound = bool(function.owner) and not is_static(function)
    for position, param in enumerate(params[1 if is_bound else 0 :]):
        is_positional = param.kind == "positional"
        yield param, call.argument(position, param.name) if is_positional else call.keyword(param.name)


def _is_classmethod(function: Function) -> bool:
    return any(d.value == "classmethod" for d in function.decorators)


def _is_optional_argument(assign: Assign, function: Function) -> bool:
    """Whether an attribute is only set if the caller passes it: most of the time such a one is `None`."""
    if assign.annotation is not UNKNOWN:
        return False
    return any(
        p.name == assign.value and p.has_default and p.default == Const(None) for p in function.params
    )


def _is_type_parameter(annotation: Expr) -> bool:
    """Whether an annotation may name a type variable or says nothing (`Any`, `type[T]`)."""
    if isinstance(annotation, Item):
        head = annotation.base
        return isinstance(head, str) and head.rpartition(".")[2] in ("Type", "type")
    return isinstance(annotation, str) and (
        len(annotation) == 1 or annotation.rpartition(".")[2] == "Any"
    )


def _says_any(annotation: Expr) -> bool:
    """Whether an annotation is `Any`, or a union with it."""
    if isinstance(annotation, Choice):
        return any(map(_says_any, annotation.options))
    if isinstance(annotation, Item):
        inner = annotation.key.items if isinstance(annotation.key, Seq) else (annotation.key,)
        return _head(annotation) in ("Optional", "Union") and any(map(_says_any, inner))
    return _head(annotation) in ("Any", "object")


def _head(annotation: Expr) -> str:
    """The last part of the name that an annotation starts with; `A | B` starts with that of `Union`."""
    head = annotation.base if isinstance(annotation, Item) else annotation
    if isinstance(head, Choice):
        return "Union"
    return head.rpartition(".")[2] if isinstance(head, str) else ""


def _text(args: tuple[Expr, ...]) -> str:
    return args[0].value if args and isinstance(args[0], Text) else ""
