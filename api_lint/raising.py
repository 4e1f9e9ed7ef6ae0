"""What a call raises: by the tables of `libraries.raises`, and through the project's own functions.

An exception is named by its dotted name; `Unsure` tells of the first call of which nothing is known.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from api_lint.effects import Effects, spelled
from api_lint.facts import (
    Attr,
    Await,
    Call,
    Expr,
    Format,
    Function,
    FunctionRef,
    Handler,
    Item,
    Lambda,
    Map,
    Of,
    Raise,
    Seq,
    Text,
    Value,
)
from api_lint.infer import Scope, Types
from api_lint.libraries import raises as tables

# Steps through the project's functions.
_PATIENCE = 4
_EVERYTHING = frozenset({"builtins.Exception", "builtins.BaseException"})
_TRANSPARENT = frozenset(
    "staticmethod classmethod property abstractmethod override cached_property lru_cache cache wraps contextmanager "
    "asynccontextmanager field_validator model_validator computed_field get post put patch delete route atomic "
    "validates hybrid_property typing.override overload".split()
)


class Unsure(Exception):
    """Nothing is known of what a call raises; the text says of which."""


class Raised(NamedTuple):
    """What can be raised: `names` of exceptions, and whether some besides are answered by the web framework itself."""

    names: frozenset[str] = frozenset()
    answered: bool = False

    def __or__(self, other: Raised) -> Raised:
        return Raised(self.names | other.names, self.answered or other.answered)


NOTHING = Raised()


def raised(*names: str) -> Raised:
    """The built-in exceptions of these names."""
    return Raised(frozenset(f"builtins.{name}" for name in names))


class Raising:
    """Answers what calls raise. One for a run."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.effects = Effects(types)
        self._known: dict[tuple[str, int, int], Raised | str] = {}
        self._running: list[tuple[str, int]] = []

    # ----------------------------------------------------------------------------------------------- exceptions

    def exception(self, value: Value) -> str:
        """The name of an exception, from the value of its class or an instance of it; "" where that is unknown."""
        if value.kind not in ("class", "instance", "external", "function") or not value.name:
            return ""
        return tables.same().get(value.name, value.name)

    def ancestors(self, name: str) -> frozenset[str]:
        """An exception and all that it derives from."""
        last = name.rpartition(".")[2]
        if last in ("DoesNotExist", "MultipleObjectsReturned"):
            short = "ObjectDoesNotExist" if last == "DoesNotExist" else last
            return frozenset({name, f"django.core.exceptions.{short}", *_EVERYTHING})
        own = {a.name for a in self.types.mro(Value("instance", name))} if "::" in name else {name}
        found: set[str] = set()
        waiting = [tables.same().get(each, each) for each in own]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += _bases(each)
        return frozenset(found)

    def catches(self, caught: str, name: str) -> bool:
        """Whether `except caught` catches an exception."""
        return caught in self.ancestors(name)

    def _one(self, name: str) -> Raised:
        """The exception `name`, put where it belongs."""
        if name in _EVERYTHING:
            raise Unsure(f"{name.removeprefix('builtins.')} itself is raised")
        if any(tables.is_answered(each) for each in self.ancestors(name)):
            return Raised(answered=True)
        return Raised(frozenset({name}))

    def raising(self, value: Expr, scope: Scope) -> Raised:
        """What `raise value` raises.

        Raises: Unsure where that is not known.
        """
        found = self.exception(self.types.of(value, scope))
        if not found:
            what = value.func if isinstance(value, Call) else value
            raise Unsure(f"unknown what raise {spelled(what)} raises")
        return self._one(found)

    # ---------------------------------------------------------------------------------------------------- calls

    def of(self, call: Call, scope: Scope, patience: int = _PATIENCE) -> Raised:
        """What a call raises by itself; its arguments are other expressions.

        Raises: Unsure where that is not known.
        """
        func = self.types.of(call.func, scope)
        found = self._by_table(func, call, scope)
        if found is None:
            found = self._of_project(func, call, patience)
        if found is None:
            found = self._by_receiver(call, scope)
        if found is None:
            raise Unsure(f"unknown what {spelled(call.func)} raises")
        for name in self._functions_passed(func):
            argument = call.keyword(name) or (
                call.args[int(name)] if name.isdigit() and int(name) < len(call.args) else None
            )
            if argument is not None and not isinstance(argument, (Call, Lambda)):
                found |= self.of(Call(argument), scope, patience)
        return found

    def _functions_passed(self, func: Value) -> tuple[str, ...]:
        """The arguments of a call that are functions which it runs."""
        if func.name in ("builtins.map", "builtins.filter"):
            return ("0",)
        if func.name in ("asyncio.create_task", "asyncio.ensure_future", "asyncio.gather"):
            return ()
        known = self.types.known.functions.get(func.name)
        return known.runs if known is not None and func.kind == "function" else ()

    def _by_table(self, func: Value, call: Call, scope: Scope) -> Raised | None:
        """What the tables say of a library's function, method or class."""
        if func.kind not in ("function", "method", "class", "external") or "::" in func.name:
            return None
        if func.kind in ("class", "external") and _is_exception(func.name):
            return NOTHING
        names = self.listed(func.name)
        return None if names is None else self._filled(names, func, call, scope)

    def listed(self, name: str) -> tuple[str, ...] | None:
        """The row of the tables for a dotted name, or for what it is in; `None` where there is none."""
        rows = tables.calls()
        if name in rows:
            return rows[name]
        owner = name.rpartition(".")[0]
        while owner:
            if f"{owner}.*" in rows:
                return rows[f"{owner}.*"]
            owner = owner.rpartition(".")[0]
        return None

    def _filled(self, names: tuple[str, ...], func: Value, call: Call, scope: Scope) -> Raised:
        """A row of the tables for one call: with its marks put into effect."""
        first = call.args[0] if call.args else None
        last = func.name.rpartition(".")[2]
        if tables.UNLESS_LITERAL in names and isinstance(first, (Of, Text)):
            return NOTHING
        if last in ("getattr", "next", "pop") and len(call.args) > (2 if last == "getattr" else 1):
            return NOTHING
        if func.name in ("builtins.int", "builtins.float") and self._is_number(first, scope):
            return NOTHING
        found = Raised(answered=tables.HTTP in names)
        for name in names:
            if name == tables.UNLESS_TEXT:
                found |= NOTHING if self._is_text(first, scope) else raised("TypeError")
            elif name in (tables.MISSING, tables.SEVERAL):
                found |= self._of_model(name, func, call)
            elif name not in (tables.HTTP, tables.UNLESS_LITERAL):
                found |= self._one(name)
        return found

    def _of_model(self, mark: str, func: Value, call: Call) -> Raised:
        if mark == tables.SEVERAL and {key for key, _ in call.keywords} & {"pk", "id"}:
            return NOTHING
        model = func.item.item.name
        last = "DoesNotExist" if mark == tables.MISSING else "MultipleObjectsReturned"
        short = "ObjectDoesNotExist" if mark == tables.MISSING else last
        name = f"{model}.{last}" if "::" in model else f"django.core.exceptions.{short}"
        return Raised(frozenset({name}))

    def _is_text(self, expr: Expr | None, scope: Scope) -> bool:
        """Whether an expression is known to be there; not `None`."""
        if expr is None or isinstance(expr, (Of, Text, Format)):
            return True
        value = self.types.of(expr, scope)
        return value.kind == "instance" and not self._is_optional(expr, scope)

    def _is_optional(self, expr: Expr, scope: Scope) -> bool:
        """Whether a parameter may be `None`."""
        params = scope.function.params if scope.function is not None else ()
        param = next((p for p in params if p.name == expr), None)
        if param is None:
            return False
        return "None" in repr(param.annotation) or "Optional" in repr(param.annotation)

    def _is_number(self, expr: Expr | None, scope: Scope) -> bool:
        if expr is None:
            return True
        value = self.types.of(expr, scope)
        return value.name in ("builtins.int", "builtins.float", "builtins.bool", "time.time")

    def _by_receiver(self, call: Call, scope: Scope) -> Raised | None:
        """What is known of any method of the receiver: its library's, or a built-in type's."""
        base, name = _split(call.func)
        if base is None:
            return None
        value = self.types.of(base, scope)
        if self._is_super(base):
            return None
        if value.kind in ("list", "dict", "tuple"):
            return self._filled(self.listed(f"builtins.{value.kind}.{name}") or (), value, call, scope)
        if value.name.startswith("builtins."):
            row = self.listed(f"{value.name}.{name}") or ()
            return self._filled(row, Value("method", f"{value.name}.{name}", (value,)), call, scope)
        if value.kind not in ("unknown", "none") and value.name and "::" not in value.name:
            return self._by_table(Value("method", f"{value.name}.{name}", (value,)), call, scope)
        if not value and (name in tables.BUILT_IN_METHODS or _logs(base, name)):
            return NOTHING
        if not value and name in ("get", "keys", "values") and self._is_decoded(base, scope):
            return raised("AttributeError")
        if not value:
            return self._by_chain(base, scope)
        return None

    def _is_super(self, base: Expr) -> bool:
        return isinstance(base, Call) and base.func == "super"

    def _by_chain(self, base: Expr | None, scope: Scope) -> Raised | None:
        """The same for what was got from a library's object by ways that the tables do not know."""
        while base is not None:
            if isinstance(base, (Call, Await, Item)):
                base = (
                    base.func
                    if isinstance(base, Call)
                    else base.value
                    if isinstance(base, Await)
                    else base.base
                )
                continue
            base, _ = _split(base)
            value = self.types.of(base, scope) if base is not None else Value("unknown")
            if value:
                is_library = value.name and "::" not in value.name and value.kind not in ("list", "dict")
                return (
                    self.package(value)
                    if is_library and not value.name.startswith("builtins.")
                    else None
                )
        return None

    def package(self, value: Value) -> Raised | None:
        """What anything raises that is done with an object of a library, `None` where that is not known."""
        names = tables.calls().get(f"{value.name.partition('.')[0]}.*")
        if not names or set(names) & {tables.HTTP}:
            return None
        return Raised(frozenset(names))

    # -------------------------------------------------------------------------------------- the project's functions

    def _of_project(self, func: Value, call: Call, patience: int) -> Raised | None:
        """What a function, a method or a class of the project raises."""
        if func.kind == "class" and "::" in func.name:
            return self._constructing(func, patience)
        if func.kind == "method" and "::" in func.name:
            implementations = self.types.implementations(func)
            found = NOTHING
            for each in implementations or (func,):
                ref = self.effects.target_of(each)
                if ref is None:
                    return None
                if self.types.only_declares(ref):
                    raise Unsure(f"unknown what the implementations of {ref.function.name} raise")
                found |= self.function(ref, patience)
            return found
        ref = self.effects.target_of(func)
        return self.function(ref, patience) if ref is not None else None

    def _constructing(self, cls: Value, patience: int) -> Raised | None:
        ref = self.effects.target_of(cls)
        if ref is not None:
            return self.function(ref, patience)
        known = [a for a in self.types.mro(cls) if a.ref is None]
        if any(_is_exception(a.name) for a in known):
            return NOTHING
        if self.types.role(cls.name) == "model":
            return NOTHING
        rows = [
            self.listed(a.name)
            for a in known
            if a.name not in ("builtins.object", "typing.Generic", "abc.ABC")
        ]
        found = NOTHING
        for row in rows:
            if row is None:
                return None
            found |= Raised(frozenset(row) - {tables.HTTP}, tables.HTTP in row)
        return found

    def function(self, ref: FunctionRef, patience: int = _PATIENCE) -> Raised:
        """What running a function of the project raises.

        Raises: Unsure where that is not known.
        """
        key = (ref.path, id(ref.function), patience)
        if key not in self._known:
            if key[:2] in self._running[-1:]:
                return NOTHING
            if key[:2] in self._running:
                raise Unsure(
                    f"unknown what {ref.function.name} raises, which calls itself through others"
                )
            self._running.append(key[:2])
            try:
                self._known[key] = self._of_body(ref, patience)
            except Unsure as reason:
                self._known[key] = str(reason)
            finally:
                self._running.pop()
        found = self._known[key]
        if isinstance(found, str):
            is_told = f" {ref.function.name}" in found or " in " in found
            raise Unsure(found if is_told else f"{found} in {ref.function.name}")
        return found

    def _of_body(self, ref: FunctionRef, patience: int) -> Raised:
        module = self.types.project.module(ref.path)
        function = ref.function
        if module is None or patience == 0:
            raise Unsure(f"unknown what {function.name} raises, too many calls away")
        for name in self.types.decorator_names(function, module):
            if name.rpartition("::")[2].rpartition(".")[2] not in _TRANSPARENT:
                raise Unsure(
                    f"unknown what the decorator {name.rpartition('::')[2]} of {function.name} raises"
                )
        found = NOTHING
        for site in function.calls:
            scope = Scope(module, function, site.span.line)
            if not self._all_caught(function, site.span.line, scope):
                found |= self._let_through(
                    self.of(site.call, scope, patience - 1), function, site.span.line, scope
                )
        for each in function.raises:
            found |= self._raised_in(each, function, Scope(module, function, each.line))
        for line, expr in _expressions(function):
            scope = Scope(module, function, line)
            for item in _items(expr):
                if not self._all_caught(function, line, scope):
                    found |= self._let_through(self.subscript(item, scope), function, line, scope)
        return found

    def _raised_in(self, each: Raise, function: Function, scope: Scope) -> Raised:
        if each.bare or self._all_caught(function, each.line, scope):
            return NOTHING
        if each.value in {h.name for h in function.handlers if h.name}:
            return NOTHING  # what its handler lets through
        return self._let_through(self.raising(each.value, scope), function, each.line, scope)

    def subscript(self, item: Item, scope: Scope) -> Raised:
        """What reading or deleting `base[key]` raises.

        Raises: Unsure where it is not known what `base` is.
        """
        base = self.types.of(item.base, scope)
        if base.kind == "dict" or base.name in ("os.environ", "builtins.dict"):
            return raised("KeyError")
        if base.kind in ("list", "tuple") or base.name in (
            "builtins.list",
            "builtins.str",
            "builtins.bytes",
        ):
            return raised("IndexError")
        if base.kind == "class":
            return NOTHING if "enum" not in self.types.role(base.name) else raised("KeyError")
        if self._is_decoded(item.base, scope):
            return raised("IndexError", "KeyError", "TypeError")
        raise Unsure(f"unknown what {spelled(item.base)}[…] raises")

    def _is_decoded(self, expr: Expr, scope: Scope) -> bool:
        """Whether a value was decoded from JSON or the like, so that it can be anything."""
        for _ in range(8):
            match expr:
                case Item(base, _):
                    expr = base
                case Await(value):
                    expr = value
                case Call(Attr(_, "json")):
                    return True
                case Call(str() as name) if name.endswith(".json") or self._decodes(name, scope):
                    return True
                case Call(Attr(base, "get"), _, _):
                    expr = base
                case str() if "." not in expr and scope.function is not None:
                    assigns = [
                        a for a in scope.module.locals(scope.function).get(expr, ()) if a.how == "="
                    ]
                    if len(assigns) != 1 or assigns[0].value == expr:
                        return False
                    expr = assigns[0].value
                case _:
                    return False
        return False

    def _decodes(self, name: str, scope: Scope) -> bool:
        return self.types.of(name, scope).name in ("json.loads", "json.load", "yaml.safe_load")

    # ---------------------------------------------------------------------------------------------------- clauses

    def _around(self, function: Function, line: int) -> Iterator[list[Handler]]:
        """The clauses of each `try` of a function whose body holds a row, innermost first."""
        by_try: dict[int, list[Handler]] = {}
        for handler in function.handlers:
            by_try.setdefault(handler.try_line, []).append(handler)
        for start in sorted(by_try, reverse=True):
            if start <= line < min(h.span.line for h in by_try[start]):
                yield by_try[start]

    def _all_caught(self, function: Function, line: int, scope: Scope) -> bool:
        """Whether nothing that is raised on a row leaves the function."""
        return any(
            self._is_broad(handler, scope) and not _passes_on(handler)
            for clauses in self._around(function, line)
            for handler in clauses[-1:]
            if not any(_passes_on(each) for each in clauses)
        )

    def _is_broad(self, handler: Handler, scope: Scope) -> bool:
        return not handler.types or bool(set(self.clause(handler, scope)) & _EVERYTHING)

    def clause(self, handler: Handler, scope: Scope) -> tuple[str, ...]:
        """The names of what a clause catches, as far as they are known; everything for a bare one."""
        if not handler.types:
            return ("builtins.BaseException",)
        return tuple(filter(None, (self.exception(self.types.of(t, scope)) for t in handler.types)))

    def _let_through(self, found: Raised, function: Function, line: int, scope: Scope) -> Raised:
        """What of the exceptions raised on a row leaves the function."""
        names = set(found.names)
        for clauses in self._around(function, line):
            for name in tuple(names):
                by = next((h for h in clauses if self._is_caught(name, h, scope)), None)
                if by is not None and not _passes_on(by):
                    names.discard(name)
        return Raised(frozenset(names), found.answered)

    def _is_caught(self, name: str, handler: Handler, scope: Scope) -> bool:
        return any(self.catches(caught, name) for caught in self.clause(handler, scope))


def _passes_on(handler: Handler) -> bool:
    """Whether a clause may raise again what it caught."""
    return handler.reraises or any(r.bare or r.value == handler.name for r in handler.raises)


def _is_built_in_exception(name: str) -> bool:
    package, _, last = name.rpartition(".")
    found = getattr(builtins, last, None) if package == "builtins" else None
    return isinstance(found, type) and issubclass(found, BaseException)


def _logs(base: Expr, name: str) -> bool:
    receiver = spelled(base).rpartition(".")[2].lower().strip("_")
    return receiver in ("log", "logger") and name in tables.LOG_METHODS


def _is_exception(name: str) -> bool:
    return (
        _is_built_in_exception(name) or name in tables.bases() or name.endswith(("Error", "Exception"))
    )


def _bases(name: str) -> Iterable[str]:
    package, _, last = name.rpartition(".")
    if package == "builtins":
        found = getattr(builtins, last, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return [f"builtins.{each.__name__}" for each in found.__mro__[1:] if each is not object]
        return []
    if "::" in name:
        return []
    above = tables.bases().get(name, ())
    return above or ([] if name in _EVERYTHING else ["builtins.Exception"])


def _split(func: Expr) -> tuple[Expr | None, str]:
    """The receiver of a method and the method's name; no receiver for a plain name."""
    if isinstance(func, str):
        base, _, name = func.rpartition(".")
        return base or None, name
    return (func.base, func.name) if isinstance(func, Attr) else (None, "")


def _expressions(function: Function) -> Iterator[tuple[int, Expr]]:
    """The expressions of a body that the facts keep, with their rows."""
    for returned in (*function.returned, *function.yielded):
        yield returned.span.line, returned.value
    for assign in function.assigns:
        yield assign.line, assign.value
    for site in function.calls:
        yield site.span.line, site.call


def _items(expr: Expr) -> Iterator[Item]:
    """The subscripts in an expression."""
    match expr:
        case Item(base, key):
            yield expr
            yield from _items(base)
            yield from _items(key)
        case Call(func, args, keywords):
            for each in (func, *args, *(value for _, value in keywords)):
                yield from _items(each)
        case Attr(base, _) | Await(base):
            yield from _items(base)
        case Seq(_, items) | Format(items):
            for each in items:
                yield from _items(each)
        case Map(pairs):
            for _, value in pairs:
                yield from _items(value)
