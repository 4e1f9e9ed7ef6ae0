"""The whole code base as rules see it: its modules, functions, models, schemas and routes, linked.

Everything is answered lazily and once; what nobody asks is not computed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from api_lint.census import Census
from api_lint.effects import Effects
from api_lint.facts import (
    CallSite,
    ClassRef,
    Effect,
    Expr,
    Function,
    FunctionRef,
    ModuleFacts,
    Route,
    Step,
    Value,
)
from api_lint.frameworks import adapters, wrappers
from api_lint.infer import Scope, Types
from api_lint.link import DECLARES, SOURCE, Module, Project
from api_lint.parcels import Room

if TYPE_CHECKING:
    from api_lint.raising import Raising

__all__ = ["Api", "Module"]

Found = TypeVar("Found")


class Api:
    """What all files together tell.

    Parameters: `paths`, every Python file of the project relative to its root; `load`, a file's facts (or `None`);
    `roots`, configured source roots; `scanned`, the files that passed the gate, over which reverse look-ups go;
    `source`, a file's text (`None` for one that cannot be read), for fixes that depend on another file;
    `census`, the names in a file's facts where they are known without these; `room`, for what is in functions.
    """

    def __init__(
        self,
        paths: Iterable[str],
        load: Callable[[str], ModuleFacts | None],
        roots: Sequence[str] = (),
        scanned: Sequence[str] = (),
        source: Callable[[str], str | None] | None = None,
        census: Callable[[str], Census | None] | None = None,
        room: Room | None = None,
    ) -> None:
        # Whether anybody will look at fixes: to make them costs as much as to find what is wrong.
        self.wants_fixes = True
        self._room = room or Room(sys.maxsize)
        self._source = source or (lambda _: None)
        self.project = Project(paths, load, roots, scanned, census)
        self.types = Types(self.project)
        self.effects = Effects(self.types)
        self._adapters = adapters(self.types)
        self._routes: dict[str, tuple[Route, ...]] = {}
        # By file, where the routes that it handles are declared, if that is known without putting all of them together.
        self.declaring: Mapping[str, Sequence[str]] | None = None
        self._by_handler: dict[str, list[Route]] | None = None
        self._handled: dict[str, tuple[Route, ...]] = {}
        self._classes: dict[tuple[str, ...], tuple[ClassRef, ...]] = {}
        self._once: dict[tuple[object, ...], Any] = {}
        self._on_loop: dict[str, tuple[tuple[CallSite, Effect], ...]] = {}

    @cached_property
    def raising(self) -> Raising:
        """What calls raise. Only fixes ask for it, so it is not imported before."""
        from api_lint.raising import Raising

        return Raising(self.types)

    def source(self, path: str) -> str | None:
        """A file's text, `None` for one that cannot be read."""
        self.project.looked.note(path, SOURCE)
        return self._source(path)

    def forget(self) -> None:
        """Forget every answer but what was gathered from all files, so that what is looked at for the next one is looked
        at again."""
        self._forget_answers()
        self.__dict__.pop("raising", None)
        self._on_loop.clear()
        self._once.clear()

    def _forget_answers(self) -> None:
        self.types.forget()
        self.effects.forget()

    def leave(self, path: str) -> None:
        """Let go of what is in the functions of one file, since whoever asks for that most is done with it."""
        self._on_loop.pop(path, None)
        self.types.release(path)
        self.effects.forget_calls()
        self.project.close(path)

    def make_room(self) -> None:
        """Let go of what is in functions, and of all that holds on to it, where that has become too much."""
        if self._room.is_full and self.types.is_settled:
            self._on_loop.clear()
            self.types.release()
            self.effects.forget_calls()
            self.project.release()
            self._room.clear()

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """While something is worked out once for all files: what it looks at is not what one of them looks at."""
        with self.project.looked.apart():
            yield
        if self.project.looked.items is not None:
            self._forget_answers()

    @contextmanager
    def _routing(self) -> Iterator[None]:
        """While routes are put together: the same, and what is looked at for them is noted by itself."""
        looked = self.project.looked
        is_noted = looked.items is not None or looked.routing is not None
        is_inside = looked.routing is not None and looked.items is looked.routing
        if is_noted and not is_inside:
            self._forget_answers()
        with looked.apart(looked.routing):
            yield
        if is_noted and not is_inside:
            self._forget_answers()

    def module(self, path: str) -> Module | None:
        """The module in a file, or `None` where it cannot be read."""
        return self.project.module(path)

    def once(self, key: tuple[object, ...], make: Callable[[], Found]) -> Found:
        """What `make` gives, made once in a run: what the fixes of one file have to agree on."""
        if key not in self._once:
            with self.project.looked.apart(self.project.looked.items):
                self._once[key] = make()
        found: Found = self._once[key]
        return found

    # -------------------------------------------------------------------------------------------------- routes

    def routes(self, path: str | None = None) -> tuple[Route, ...]:
        """The routes declared in one file, or in all of them, in source order."""
        self.project.looked.note("", "routes" if path is None else f"routes {path}")
        return self._all_declared() if path is None else self._declared(path)

    def _all_declared(self) -> tuple[Route, ...]:
        with self._routing():
            return tuple(route for each in self.project.scanned for route in self._declared(each))

    def _declared(self, path: str) -> tuple[Route, ...]:
        if path not in self._routes:
            with self._routing():
                self.project.looked.note(path, DECLARES)
                census = self.project.census(path)
                fit = [a for a in self._adapters if census is not None and a.may_declare(census)]
                module = self.module(path) if fit else None
                found = [r for a in fit for r in a.routes(module)] if module is not None else []
                self._routes[path] = tuple(sorted(found, key=lambda r: r.span))
        return self._routes[path]

    def may_declare(self, census: Census) -> tuple[bool, ...]:
        """Whether a file with these names can hold routes, by framework."""
        return tuple(adapter.may_declare(census) for adapter in self._adapters)

    def handled_in(self, path: str) -> tuple[Route, ...]:
        """The routes whose handler stands in a file, one for each handler, wherever they are declared."""
        self.project.looked.note("", f"handled {path}")
        if path not in self._handled:
            routes: dict[int, Route] = {}
            for route in self._declared_for(path):
                routes.setdefault(id(route.handler.function), route)
            self._handled[path] = tuple(sorted(routes.values(), key=lambda r: r.handler.function.start))
        return self._handled[path]

    def _declared_for(self, path: str) -> Iterable[Route]:
        """The routes whose handler stands in a file, in the order in which they are declared."""
        if self.declaring is not None:
            found = [route for each in self.declaring.get(path, ()) for route in self._declared(each)]
            return [route for route in found if route.handler.path == path]
        if self._by_handler is None:
            self._by_handler = {}
            for route in self._all_declared():
                self._by_handler.setdefault(route.handler.path, []).append(route)
        return self._by_handler.get(path, ())

    def declaring_files(self) -> Mapping[str, Sequence[str]]:
        """By file, the files in which the routes that it handles are declared."""
        if self.declaring is not None:
            return self.declaring
        found: dict[str, dict[str, None]] = {}
        for each in self.project.scanned:
            for route in self._declared(each):
                found.setdefault(route.handler.path, {})[each] = None
        return {path: list(files) for path, files in found.items()}

    def is_wrapped(self, route: Route) -> bool:
        """Whether a decorator of the project answers with something that it has made of what the route's handler gives."""
        return wrappers.gives_something_else(route, self.types)

    def route_of(self, path: str, function: Function) -> Route | None:
        """The route that a function handles (or one that encloses it handles), or `None`."""
        module = self.module(path)
        by_function = {id(r.handler.function): r for r in self.handled_in(path)}
        current: Function | None = function
        while current is not None and module is not None:
            if id(current) in by_function:
                return by_function[id(current)]
            current = module.enclosing(current)
        return None

    # ----------------------------------------------------------------------------------------- questions about code

    def scope(self, path: str, function: Function | None, line: int) -> Scope:
        """Where a name is looked up: in a file, in one of its functions (`None` at the top level), at a row."""
        module = self.module(path)
        if module is None:
            raise KeyError(path)
        return Scope(module, function, line)

    def value(self, expr: Expr, scope: Scope) -> Value:
        """What an expression is."""
        return self.types.of(expr, scope)

    def is_any(self, expr: Expr, scope: Scope) -> bool:
        """Whether an expression is what a function of the project gives that announces no more than `Any`."""
        return self.types.is_any(expr, scope)

    def effect(self, site: CallSite, scope: Scope) -> Effect:
        """What a call does by itself."""
        return self.effects.of(site.call, scope)

    def chain(self, site: CallSite, scope: Scope) -> tuple[Step, ...]:
        """How a call of a synchronous function of the project comes to block, step by step; empty if it does not."""
        self.make_room()
        return self.effects.chain(site.call, scope)

    def sites(self, path: str, function: Function) -> Iterator[tuple[CallSite, Scope, Effect]]:
        """Every call in a function's body, with what it does."""
        module = self.module(path)
        if module is None:
            return
        for site in function.calls:
            scope = Scope(module, function, site.span.line)
            yield site, scope, self.effects.of(site.call, scope)

    def on_loop(self, path: str) -> tuple[tuple[CallSite, Effect], ...]:
        """The calls of a file that run on the event loop, with what they do: those in an `async def` that are neither
        awaited nor in a lambda."""
        if path not in self._on_loop:
            module = self.module(path)
            functions = module.facts.functions if module is not None else ()
            self._on_loop[path] = tuple(
                (site, effect)
                for function in functions
                if function.is_async
                for site, _, effect in self.sites(path, function)
                if not site.awaited and not site.deferred
            )
        return self._on_loop[path]

    def blocking_rows(self, path: str, *categories: str) -> Iterator[int]:
        """The rows of a file on which a call of these categories (`Effect.blocks`) stops the event loop, and those of the
        functions around: only their whole tells whether an `await` can stand there."""
        for site, effect in self.on_loop(path):
            if effect.blocks in categories:
                yield from self.rows_around(path, site)

    def rows_around(self, path: str, site: CallSite) -> Iterator[int]:
        """The row of a call, and that of the function's name in which it stands."""
        yield site.span.line
        function = self.function_at(path, site.span.line)
        if function is not None:
            yield function.span.line

    def role(self, value: Value) -> str:
        """What the class of an instance is for: `model`, `schema`, `session`, `response` … (see `libraries`)."""
        return self.types.role(value.name) if value.kind in ("instance", "class") else ""

    def model_in(self, value: Value) -> Value | None:
        """The ORM instance that a value is, or holds as list, tuple or dict; `None` if it holds none."""
        if value.kind == "instance":
            return value if self.role(value) in ("model", "document") else None
        if value.kind in ("list", "tuple", "dict"):
            return next((m for m in map(self.model_in, value.items) if m is not None), None)
        return None

    def classes(self, *roles: str) -> tuple[ClassRef, ...]:
        """The project's classes of these roles, in the order of files and rows."""
        self.project.looked.note("", "classes " + " ".join(roles))
        if roles not in self._classes:
            with self._apart():
                modules = self.project.modules_having("classes")
                refs = (ClassRef(m.path, cls) for m in modules for cls in m.facts.classes if cls.bases)
                self._classes[roles] = tuple(r for r in refs if self.types.role(r.key) in roles)
        return self._classes[roles]

    def class_ref(self, value: Value) -> ClassRef | None:
        """Where the project declares the class of an instance, or `None` for one that is not the project's."""
        return self.types.class_ref(value.name)

    def function_ref(self, value: Value) -> FunctionRef | None:
        """The project's function that a value is, or `None`."""
        return self.types.function_ref(value.name)

    def function_at(self, path: str, line: int) -> Function | None:
        """The innermost function of a file that holds a row."""
        module = self.module(path)
        return module.function_at(line) if module is not None else None

    def bases(self, path: str, qualname: str) -> frozenset[str]:
        """The dotted names of all classes that a class of the project derives from."""
        return frozenset(a.name for a in self.types.mro(Value("instance", f"{path}::{qualname}"))[1:])
