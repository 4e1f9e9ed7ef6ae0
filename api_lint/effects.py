"""What a call does: `Call` in a scope → `Effect`, and what reaches a blocking call through the project's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from api_lint.facts import (
    NO_EFFECT,
    Attr,
    Call,
    CallSite,
    Const,
    Effect,
    Expr,
    Function,
    FunctionRef,
    Lambda,
    Star,
    Step,
    Text,
    Value,
)
from api_lint.infer import Given, Scope, Types, closed, handed_over
from api_lint.libraries import Known

NOTHING = Known()

# How far a chain of calls is followed; see `Effects.reaches`.
_PATIENCE = 6


class Handed(NamedTuple):
    """What is known of a function's parameters at one call: what they are, and what cannot hold of them there (see
    `CallSite.needs`)."""

    values: Given = ()
    excluded: frozenset[str] = frozenset()

    def runs(self, site: CallSite) -> bool:
        """Whether a call in the function can be run."""
        return not site.needs or self.excluded.isdisjoint(site.needs.split())


_NOTHING_HANDED = Handed()

# Decorators that make a synchronous function run elsewhere when it is called.
_RUNS_ELSEWHERE = frozenset(
    {
        "asgiref.sync.sync_to_async", "channels.db.database_sync_to_async", "anyio.from_thread.run",
        "asyncer.asyncify", "fastapi.concurrency.run_in_threadpool", "starlette.concurrency.run_in_threadpool",
    }
)  # fmt: skip

# Decorators that keep what a function gives: one without parameters runs once in a process, as FastAPI's documentation
# has it for settings that are read from a file (https://fastapi.tiangolo.com/advanced/settings/#lru-cache-technical-details).
_KEEPS_RESULT = frozenset({"functools.cache", "functools.lru_cache"})


class Effects:
    """Answers what calls do. One for a run."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._chains: dict[object, tuple[Step, ...]] = {}
        # By function and what is known of its parameters, the most patience with which nothing was reached.
        self._patience_in_vain: dict[object, int] = {}
        # With the function itself, for the same reason as below.
        self._conditional: dict[int, tuple[Function, frozenset[str]]] = {}
        # With each effect the call itself, so that none of its kind comes to stand in its place.
        self._of: dict[object, tuple[Call, Effect]] = {}

    def forget(self) -> None:
        """Forget every answer, so that what is looked at for the next one is looked at again."""
        self.__init__(self.types)  # type: ignore[misc] # whatever comes to be remembered is forgotten

    def forget_calls(self) -> None:
        """Forget what single calls do: rules ask for the same ones as long as they look at one file."""
        self._of.clear()

    def of(self, call: Call, scope: Scope) -> Effect:
        """What `call` does by itself (not through the project's own functions)."""
        key = (id(call), scope.line, id(scope.function), scope.module.path, scope.given)
        known = self._of.get(key)
        if known is not None:
            return known[1]
        effect = self._by_itself(call, scope)
        if self.types.is_settled:
            self._of[key] = call, effect
        return effect

    def _by_itself(self, call: Call, scope: Scope) -> Effect:
        func = self.types.of(call.func, scope)
        if "os.WNOHANG" in call.args:
            return NO_EFFECT
        effect = self.of_value(func)
        if func.kind == "class" and not effect and (call.args or call.keywords):
            effect = self._constructing(func, with_arguments=True)
        if not effect:
            inner = self._handed(func, call)
            return self.of(inner, scope)._replace(blocks="") if inner is not None else NO_EFFECT
        if effect and func.kind == "method" and (effect.llm or not self._is_listed(func)):
            return effect._replace(
                label=spelled(call.func)
            )  # `client.chat.completions.create` says more than its class
        return effect

    def handed(self, call: Call, scope: Scope) -> Call | None:
        """The call that another one makes elsewhere: `db.execute(x)` for `to_thread(db.execute, x)`; else `None`."""
        return self._handed(self.types.of(call.func, scope), call)

    def _handed(self, func: Value, call: Call) -> Call | None:
        known = None
        if func.kind == "function":
            known = self.types.known.functions.get(func.name)
        elif func.kind == "method" and "::" not in func.name:
            known = self.types.known_method(func)
        for place in known.runs if known is not None else ():
            position = int(place) if place.isdigit() else len(call.args)
            function = call.argument(position, place)
            if isinstance(function, (str, Attr)):
                return Call(function, call.args[position + 1 :], call.keywords)
        return None

    def of_value(self, func: Value) -> Effect:
        """What calling `func` does."""
        match func.kind:
            case "function" if "::" not in func.name:
                known = self.types.known.functions.get(func.name)
                return _effect(known, func.name.removeprefix("builtins."))
            case "class":
                return self._constructing(func)
            case "method" if "::" not in func.name:
                return _effect(self.types.known_method(func), self._method_label(func))
            case "method" if self.types.role(func.item.name) == "query":
                return Effect(self._method_label(func), data="query")  # a custom manager's own query
            case "instance":
                method = self.types.method(func, "__call__")
                return (
                    self.of_value(method)
                    if method is not None and "::" not in method.name
                    else NO_EFFECT
                )
        return NO_EFFECT

    def _is_listed(self, method: Value) -> bool:
        """Whether the tables list a method by its name, so that its class's name says something."""
        owner, _, name = method.name.rpartition(".")
        known = self.types.known.classes.get(owner)
        return "::" in method.name or (
            known is not None and (name in known.methods or name in known.statics)
        )

    def _constructing(self, cls: Value, with_arguments: bool = False) -> Effect:
        for ancestor in self.types.mro(cls):
            known = self.types.known.classes.get(ancestor.name)
            makes = (
                NOTHING
                if known is None
                else known.makes_with_arguments
                if with_arguments
                else known.makes
            )
            if makes != NOTHING:
                return _effect(makes, ancestor.name.rpartition(".")[2])
        return NO_EFFECT

    def _method_label(self, method: Value) -> str:
        name = method.name.rpartition(".")[2]
        receiver = method.item
        owner = receiver.name.rpartition("::")[2].rpartition(".")[2]
        if (
            receiver.kind == "instance"
            and receiver.item.name
            and owner in ("Query", "QuerySet", "Manager")
        ):
            return f"{owner}[{receiver.item.label}].{name}"
        return f"{owner}.{name}"

    def target(self, call: Call, scope: Scope) -> FunctionRef | None:
        """The project's function that a call runs (a class's `__init__`, an instance's `__call__`), if it is known."""
        return self.target_of(self.types.of(call.func, scope))

    def target_of(self, func: Value) -> FunctionRef | None:
        """The project's function that calling `func` runs."""
        if func.kind == "class":
            method = self.types.method(Value("instance", func.name, func.items), "__init__")
            return self.types.function_ref(method.name) if method is not None else None
        if func.kind == "instance":
            method = self.types.method(func, "__call__")
            return self.types.function_ref(method.name) if method is not None else None
        return self.types.function_ref(func.name) if func.kind in ("function", "method") else None

    def raises_again(self, call: Call, name: str, scope: Scope) -> bool:
        """Whether a call hands what `name` stands for to a function of the project that raises it, whatever it is but
        for narrower types."""
        ref = self.target(call, scope)
        if ref is None or ref.function.is_generator:
            return False
        handed = handed_over(ref.function, call)
        return any(expr == name and param.name in ref.function.raises_again for param, expr in handed)

    # -------------------------------------------------------------------------------------------------- chains

    def chain(self, call: Call, scope: Scope) -> tuple[Step, ...]:
        """How a call of a synchronous project function reaches a blocking call: every step below the call itself.

        Returns: the steps, outermost first, the last one the blocking call; empty if it reaches none. What is reached
        only through many conditions is left out, for it is reached seldom; so is a file that is opened further down
        than in the called function itself: what small files cost is then seldom worth a thread.
        """
        reach = partial(self.reaches, patience=_PATIENCE)
        return self._through(
            call, scope, lambda ref, given: reach(ref, given) or self._opens_file(ref, given)
        )

    def _through(
        self,
        call: Call,
        scope: Scope,
        reach: Callable[[FunctionRef, Handed], tuple[Step, ...]],
        excluded: frozenset[str] = frozenset(),
    ) -> tuple[Step, ...]:
        """The steps below a call; where it may run one of several implementations, only if all of them block.

        Parameters: `excluded`, what cannot hold of the parameters of the function in which the call stands.
        """
        first: tuple[Step, ...] = ()
        for candidate in self._candidates(self.types.of(call.func, scope)):
            ref = self.target_of(candidate)
            if ref is None or not self._runs_here(ref):
                return ()
            given = self._given(ref, candidate, call, scope, excluded)
            steps = reach(ref, given) or self._through_lambda(ref, call, scope, reach)
            if not steps:
                return ()
            first = first or steps
        return first

    def _through_lambda(
        self,
        ref: FunctionRef,
        call: Call,
        scope: Scope,
        reach: Callable[[FunctionRef, Handed], tuple[Step, ...]],
    ) -> tuple[Step, ...]:
        """The steps below a function that itself calls the lambda it is handed: `guarded(lambda: load(db))`."""
        for name, body in _lambdas(ref, call):
            sites = (s for s in ref.function.calls if s.call.func == name)
            site = next((s for s in sites if not s.deferred and not s.awaited), None)
            effect = self.of(body, scope) if site is not None else NO_EFFECT
            below = self._through(body, scope, reach) if site is not None and not effect else ()
            if site is not None and (effect.blocks or below):
                label = effect.label or spelled(body.func)
                return (Step(ref.path, site.span, ref.function.qualname, label), *below)
        return ()

    def _opens_file(self, ref: FunctionRef, given: Handed) -> tuple[Step, ...]:
        for site, _, effect in self._executed(ref, given):
            if effect.blocks == "file" and site.conditions < 2:
                return (Step(ref.path, site.span, ref.function.qualname, effect.label),)
        return ()

    def _candidates(self, func: Value) -> tuple[Value, ...]:
        """The callable itself, or for an abstract method every implementation that the project has."""
        if func.kind == "method" and "::" in func.name:
            return self.types.implementations(func) or (func,)
        return (func,)

    def _given(
        self, ref: FunctionRef, func: Value, call: Call, scope: Scope, outside: frozenset[str]
    ) -> Handed:
        values = self.types.bindings(ref, call, scope)
        if func.kind == "method" and ref.function.params and func.items:
            values = ((ref.function.params[0].name, func.item), *values)
        values = values if func.kind == "method" else (*values, *closed(func))
        return Handed(values, self._excluded(ref.function, call, outside))

    def _excluded(self, function: Function, call: Call, outside: frozenset[str]) -> frozenset[str]:
        """What cannot hold of a function's parameters at a call: they are given a constant, left at one, or handed on."""
        asked = self._asked(function)
        if not asked or any(isinstance(arg, Star) for arg in call.args) or call.keyword("") is not None:
            return frozenset()
        found: set[str] = set()
        for param, expr in handed_over(function, call):
            if param.name in asked:
                value = param.default if expr is None and param.has_default else expr
                found.update(need.format(param.name) for need in _ruled_out(value, outside))
        return frozenset(found)

    def _asked(self, function: Function) -> frozenset[str]:
        """The parameters on which it may hang whether calls are run, in a function or where it hands them on."""
        known = self._conditional.get(id(function))
        if known is None:
            known = self._conditional[id(function)] = function, frozenset(_asked(function))
        return known[1]

    def _runs_here(self, ref: FunctionRef) -> bool:
        """Whether each call of the function runs its body at once, in the caller's thread."""
        if ref.function.is_async or ref.function.is_generator:
            return False
        module = self.types.project.module(ref.path)
        if module is None or not ref.function.decorators:
            return module is not None
        names = [*self.types.decorator_names(ref.function, module)]
        if not ref.function.params and not _KEEPS_RESULT.isdisjoint(names):
            return False
        return not any(name in _RUNS_ELSEWHERE or self._makes_coroutine(name) for name in names)

    def _makes_coroutine(self, decorator: str) -> bool:
        """Whether a decorator of the project wraps what it decorates in an `async def`."""
        ref = self.types.function_ref(decorator)
        module = self.types.project.module(ref.path) if ref is not None else None
        if ref is None or module is None:
            return False
        return bool(module.coroutines_in(ref.function.qualname))

    def reaches(
        self, ref: FunctionRef, given: Handed = _NOTHING_HANDED, patience: int = _PATIENCE
    ) -> tuple[Step, ...]:
        """The first way in which a synchronous function's body reaches a blocking call, empty if none is known.

        Parameters: `given`, what is known of its parameters; `patience`, how far to follow calls: each step costs one,
        and one more for each condition that it stands under.
        """
        who = (ref.path, id(ref.function), given)
        # What cannot be reached cannot be reached with less patience either.
        if patience <= self._patience_in_vain.get(who, 0):
            return ()
        key = (*who, patience)
        if key not in self._chains:
            found = self._chains[key] = self._first_blocking(ref, given, patience)
            if not found:
                self._patience_in_vain[who] = patience
        return self._chains[key]

    def _first_blocking(self, ref: FunctionRef, given: Handed, patience: int) -> tuple[Step, ...]:
        calls = sorted(self._executed(ref, given), key=lambda call: call[0].conditions)
        for site, _, effect in calls:
            if effect.blocks and effect.blocks != "file" and _cost(site) <= patience:
                return (Step(ref.path, site.span, ref.function.qualname, effect.label),)
        for site, scope, effect in calls:
            left = patience - _cost(site)
            if not effect and left > 0:
                reach = partial(self.reaches, patience=left)
                below = self._through(site.call, scope, reach, given.excluded)
                if below:
                    return (
                        Step(ref.path, site.span, ref.function.qualname, spelled(site.call.func)),
                        *below,
                    )
        return ()

    def _executed(self, ref: FunctionRef, given: Handed) -> Iterator[tuple[CallSite, Scope, Effect]]:
        """The calls that running a function's body makes at once, with what they do."""
        module = self.types.project.module(ref.path)
        assert module is not None
        for site in ref.function.calls:
            if not site.deferred and not site.awaited and given.runs(site):
                scope = Scope(module, ref.function, site.span.line, given.values)
                yield site, scope, self.of(site.call, scope)


def _lambdas(ref: FunctionRef, call: Call) -> Iterator[tuple[str, Call]]:
    """The lambdas without parameters that a call hands over and that make a call: by which parameter, and the call."""
    for param, given in handed_over(ref.function, call):
        if isinstance(given, Lambda) and not given.params and isinstance(given.body, Call):
            yield param.name, given.body


def _asked(function: Function) -> Iterator[str]:
    params = {param.name for param in function.params}
    for site in function.calls:
        yield from (need.strip("!?") for need in site.needs.split())
        yield from (each for each in site.call.given if isinstance(each, str) and each in params)


def _ruled_out(expr: Expr | None, outside: frozenset[str]) -> Iterator[str]:
    """What cannot hold of something with this value, with `{}` for its name.

    Parameters: `outside`, what cannot hold of the names that the value may be written with.
    """
    match expr:
        case Const(None):
            yield from ("{}", "{}?")
        case Const(value) | Text(value):
            yield from ("{}" if not value else "!{}", "!{}?")
        case str():
            yield from (need.replace(expr, "{}") for need in outside if need.strip("!?") == expr)


def _cost(site: CallSite) -> int:
    return 1 + site.conditions


def _effect(known: Known | None, label: str) -> Effect:
    if known is None or not (known.blocks or known.data or known.llm):
        return NO_EFFECT
    return Effect(label, known.blocks, known.data, known.llm)


def spelled(expr: Expr) -> str:
    """A callee as a message names it: `self.repo.get`, `Service().run`."""
    match expr:
        case str():
            return expr
        case Attr(base, name):
            return f"{spelled(base)}.{name}"
        case Call(func):
            return f"{spelled(func)}()"
    return "…"
