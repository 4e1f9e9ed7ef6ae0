"""Names across files: which file a dotted module name means, and what a name in a module refers to.

A module's name is not a property of its file alone: it depends on where Python was started. So an import is resolved
from the importing file outwards: each folder above it (and a `src` beside) may be the root, nearest first, after the
configured source roots; then the same folders though they are packages; at last any other root of the repository, if just
one of them has such a module, which for a name without a dot must be a package.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections import defaultdict
from collections.abc import (
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from api_lint import libraries
from api_lint.census import Census, take
from api_lint.facts import Assign, Call, CallSite, Class, Function, Import, ModuleFacts, Narrowing
from api_lint.parcels import InParcel

_STDLIB = sys.stdlib_module_names
# Those that have modules below them: of `code` there is no `code.database` but the project's.
_STDLIB_PACKAGES = frozenset(
    {
        "asyncio", "collections", "compression", "concurrent", "ctypes", "curses", "dbm", "distutils", "email", "encodings",
        "ensurepip", "html", "http", "idlelib", "importlib", "json", "lib2to3", "logging", "multiprocessing", "os", "pathlib",
        "pydoc_data", "pyexpat", "re", "sqlite3", "string", "sysconfig", "test", "tkinter", "tomllib", "turtledemo",
        "unittest", "urllib", "venv", "wsgiref", "xml", "xmlrpc", "zipfile", "zoneinfo",
    }
)  # fmt: skip

_Found = TypeVar("_Found")

_TESTS = re.compile(
    r"(^|/)(tests?|testing|conftest\.py$|test_[^/]*\.py$|[^/]*_tests?\.py$|tests?\.py$)(/|$)"
)
_MIGRATIONS = re.compile(r"(^|/)(migrations|alembic)/")
_EXAMPLES = re.compile(
    r"(^|/)(examples?(?:[-_][\w-]+)?|docs?|docs_src|samples?|demos?|tutorials?|cookbook)/"
)

_PUTS = frozenset({"append", "add", "extend", "insert"})

_TEST_PACKAGES = frozenset({"pytest", "unittest"})
_FIXTURES = frozenset({"pytest.fixture", "pytest_asyncio.fixture"})


def kind(path: str) -> str:
    """What sort of file it is, by its path: `tests`, `migrations`, `examples`, or "" for the product's own code."""
    if _TESTS.search(path):
        return "tests"
    if _MIGRATIONS.search(path):
        return "migrations"
    return "examples" if _EXAMPLES.search(path) else ""


# What is looked at of a module besides names: that it is there, all its facts, its top level, its text, its star imports,
# what a star gives of it, whether it can declare routes.
PRESENCE, WHOLE, BODY, SOURCE = "", "*", "*body", "*source"
STARS, LISTED, DECLARES = "*stars", "*listed", "*declares"
# … and its calls, its assignments to attributes, its methods and its classes with bases of a name, which follows, and the
# coroutines in a function of a name.
CALLS, ATTRIBUTE, METHOD, CLASSES = "*calls ", "*attribute ", "*method ", "*classes "
INSIDE = "*inside "


# What is looked at: `(path, name)` of what a file defines or lacks, and `("", question)` of what only all files together
# answer.
Item = tuple[str, str]


class Looked:
    """What is looked at while files are worked on. Nothing is noted while `items` is `None`; `routing` is where it is noted
    while the project's routes are put together, `None` for nowhere; `own` is the file that is worked on, whose facts as a
    whole rules look at for it alone (what answers that serve other files hang on is noted by name)."""

    __slots__ = ("items", "own", "routing")

    def __init__(self) -> None:
        self.items: set[Item] | None = None
        self.routing: set[Item] | None = None
        self.own = ""

    def note(self, path: str, name: str) -> None:
        """Something of a file was looked at."""
        if self.items is not None:
            self.items.add((path, name))

    def note_whole(self, path: str) -> None:
        """All facts of a file were looked at."""
        if path != self.own:
            self.note(path, WHOLE)

    @contextmanager
    def apart(self, items: set[Item] | None = None) -> Iterator[None]:
        """While something is gathered from all files that will answer many questions, each of them noted by itself.

        Parameters: `items`, where it is noted what is looked at for that, `None` for nowhere.
        """
        before = self.items, self.own
        self.items, self.own = items, ""
        try:
            yield
        finally:
            self.items, self.own = before


class _Names(dict[str, _Found]):
    """A module's look-up by name that notes what is looked up."""

    __slots__ = ("looked", "path")

    def __init__(self, found: Mapping[str, _Found], path: str, looked: Looked) -> None:
        super().__init__(found)
        self.path = path
        self.looked = looked

    def __getitem__(self, name: str) -> _Found:
        self.looked.note(self.path, name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.looked.note(self.path, str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.looked.note(self.path, name)
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        self.looked.note_whole(self.path)
        return super().__iter__()

    def keys(self) -> Any:
        self.looked.note_whole(self.path)
        return super().keys()

    def values(self) -> Any:
        self.looked.note_whole(self.path)
        return super().values()

    def items(self) -> Any:
        self.looked.note_whole(self.path)
        return super().items()


class Module:
    """A file's facts with look-ups by name. A name bound twice means what it was bound to last.

    Parameters: `facts`; `looked`, which notes what is looked at.
    """

    def __init__(self, facts: ModuleFacts, looked: Looked | None = None) -> None:
        self._facts = facts
        self._looked = looked = looked or Looked()
        self.path = path = facts.path
        self.kind = kind(path)
        imports: dict[str, Import] = {}
        submodules: dict[str, list[str]] = {}
        self._stars: list[Import] = []
        for entry in facts.body.imports:
            if entry.local == "*":
                self._stars.append(entry)
            elif entry.local:
                imports[entry.local] = entry
            else:
                submodules.setdefault(entry.module.partition(".")[0], []).append(entry.module)
        assigns = assigns_by_name(a for a in facts.body.assigns if a.how != "comp")
        self.functions: dict[str, Function] = _Names(
            {f.qualname: f for f in facts.functions}, path, looked
        )
        self.classes: dict[str, Class] = _Names({c.qualname: c for c in facts.classes}, path, looked)
        self.imports: dict[str, Import] = _Names(imports, path, looked)
        self.submodules: dict[str, list[str]] = _Names(submodules, path, looked)
        self.assigns: dict[str, list[Assign]] = _Names(assigns, path, looked)
        self._locals: dict[int, dict[str, list[Assign]]] = {}
        self._puts: dict[int, dict[str, list[CallSite]]] = {}
        self._narrowings: dict[int, dict[str, list[Narrowing]]] = {}
        # By name, the functions' numbers (0 for the top level) and the calls' in them.
        self._calls: dict[str, list[tuple[int, int]]] = {}

    @property
    def facts(self) -> ModuleFacts:
        """All that the file tells."""
        self._looked.note_whole(self.path)
        return self._facts

    @property
    def kinds(self) -> frozenset[str]:
        """What sorts of file it is: its `kind`, and `generated` where it says so itself."""
        return frozenset({self.kind, "generated"} if self.facts.is_generated else {self.kind})

    @property
    def body(self) -> Function:
        """Its top level."""
        self._looked.note(self.path, BODY)
        return self._facts.body

    @property
    def stars(self) -> list[Import]:
        """Its star imports."""
        self._looked.note(self.path, STARS)
        return self._stars

    @property
    def all_names(self) -> tuple[str, ...] | None:
        """What its `__all__` lists, `None` where there is none or it is computed."""
        self._looked.note(self.path, LISTED)
        return self._facts.all_names

    def binds(self, name: str) -> bool:
        """Whether its top level binds a name."""
        self._looked.note(self.path, name)
        return name in self._facts.body.bound

    def bound_inside(self, name: str) -> list[Assign]:
        """What comprehensions at its top level bind to a name."""
        self._looked.note(self.path, name)
        return [a for a in self.locals(self._facts.body).get(name, ()) if a.how == "comp"]

    def calls_of(self, name: str) -> list[tuple[Function | None, CallSite]]:
        """The calls of what has a name, by itself or behind a dot, each with the function it stands in."""
        self._looked.note(self.path, f"{CALLS}{name}")
        bodies = (self._facts.body, *self._facts.functions)
        if name not in self._calls:
            behind = f".{name}"
            self._calls[name] = [
                (number, position)
                for number, body in enumerate(bodies)
                if body.may_hold(name)
                for position, site in enumerate(body.calls)
                if isinstance(func := site.call.func, str) and (func == name or func.endswith(behind))
            ]
        found = self._calls[name]
        return [(bodies[n] if n else None, bodies[n].calls[position]) for n, position in found]

    def assigns_to(self, name: str) -> list[tuple[Function | None, Assign]]:
        """The assignments to attributes of a name, other than of `self`, each with the function it stands in."""
        self._looked.note(self.path, f"{ATTRIBUTE}{name}")
        bodies = ((None, self._facts.body), *((f, f) for f in self._facts.functions))
        return [
            (function, assign)
            for function, body in bodies
            for assign in body.assigns
            if assign.target.endswith(f".{name}")
            and assign.target[: -len(name) - 1] not in ("self", "cls")
        ]

    def coroutines_in(self, qualname: str) -> list[Function]:
        """The coroutines that are defined in a function."""
        self._looked.note(self.path, f"{INSIDE}{qualname}")
        inside = f"{qualname}."
        return [f for f in self._facts.functions if f.is_async and f.qualname.startswith(inside)]

    def classes_named(self, name: str) -> list[Class]:
        """The classes of a name that have bases."""
        self._looked.note(self.path, f"{CLASSES}{name}")
        return [cls for cls in self._facts.classes if cls.name == name and cls.bases]

    def classes_with(self, method: str) -> list[Class]:
        """The classes that define a method."""
        self._looked.note(self.path, f"{METHOD}{method}")
        return [cls for cls in dict.values(self.classes) if method in cls.methods]

    def locals(self, function: Function) -> dict[str, list[Assign]]:
        """A function's own assignments by target, in source order."""
        found = self._locals.get(id(function))
        if found is None:
            found = self._locals[id(function)] = assigns_by_name(function.assigns)
        return found

    def puts(self, function: Function) -> dict[str, list[CallSite]]:
        """A function's calls that put something into a list or a set, by the container's name, in source order."""
        found = self._puts.get(id(function))
        if found is None:
            found = self._puts[id(function)] = {}
            for site in function.calls:
                name, _, method = (
                    site.call.func.rpartition(".") if isinstance(site.call.func, str) else ("",) * 3
                )
                if method in _PUTS and site.call.args:
                    found.setdefault(name, []).append(site)
        return found

    def narrowings(self, function: Function) -> dict[str, list[Narrowing]]:
        """What a function's conditions tell of names, by name, in source order."""
        found = self._narrowings.get(id(function))
        if found is None:
            found = self._narrowings[id(function)] = {}
            for each in function.narrowings:
                found.setdefault(each.name, []).append(each)
        return found

    def release(self) -> None:
        """Let go of what is in functions."""
        self._locals.clear()
        self._puts.clear()
        self._narrowings.clear()

    def close(self) -> None:
        """Let go of what is in its functions and of where its statements stand; packed it stays at hand."""
        self.release()
        for inner in (self._facts.rows, *(function.inner for function in self._facts.functions)):
            if isinstance(inner, InParcel):
                inner.parcel.close()

    def function_at(self, line: int) -> Function | None:
        """The innermost function that holds the row."""
        best = None
        for function in self._facts.functions:
            if function.start <= line <= function.end and (best is None or function.start >= best.start):
                best = function
        self._looked.note(self.path, best.qualname if best is not None else BODY)
        return best

    def enclosing(self, function: Function) -> Function | None:
        """The function around one; of several of that name the one that holds it."""
        found = self.functions.get(function.parent) if function.parent else None
        if found is None or found.start <= function.start <= found.end:
            return found
        named = (f for f in self._facts.functions if f.qualname == function.parent)
        return next((f for f in named if f.start <= function.start <= f.end), found)

    def is_test(self, line: int) -> bool:
        """Whether a row belongs to a test or a fixture, in whatever file: documents and small tools hold both."""
        if _TEST_PACKAGES.isdisjoint(self.imports):
            return False
        function = self.function_at(line)
        while function is not None:
            fixtures = (
                d.value.func if isinstance(d.value, Call) else d.value for d in function.decorators
            )
            if function.name.startswith("test_") or any(f in _FIXTURES for f in fixtures):
                return True
            function = self.enclosing(function)
        return False


def assigns_by_name(assigns: Iterable[Assign]) -> dict[str, list[Assign]]:
    """Assignments by target."""
    found: dict[str, list[Assign]] = {}
    for assign in assigns:
        found.setdefault(assign.target, []).append(assign)
    return found


class Symbol(NamedTuple):
    """What a module-level name refers to, after following imports.

    `sort`: `function`, `class`, `assign` (defined in `module` under `name`), `module` (the project's file `path`),
    `package` (a folder without `__init__.py`, `path`), `external` (the dotted `name`), or `unknown`.
    """

    sort: str
    name: str = ""
    path: str = ""


NO_SYMBOL = Symbol("unknown")


class Project:
    """All files of a run, read as modules when somebody asks.

    Parameters: `paths`, every Python file relative to the root; `load` gives a file's facts or `None` if it has none;
    `roots`, configured source roots relative to the root; `scanned`, the files that reverse look-ups go over; `census`,
    what is known of a file's names without its facts, `None` for nothing.
    """

    def __init__(
        self,
        paths: Iterable[str],
        load: Callable[[str], ModuleFacts | None],
        roots: Sequence[str] = (),
        scanned: Sequence[str] = (),
        census: Callable[[str], Census | None] | None = None,
    ) -> None:
        self._census = census
        self._censuses: dict[str, Census | None] = {}
        # By the sort of names, the scanned files' numbers by name.
        self._holders: dict[str, dict[str, list[int]]] = {}
        self._paths = frozenset(paths)
        self.looked = Looked()
        self._scanned = tuple(scanned)
        self._folders = _folders(self._paths)
        self._load = load
        self._roots = tuple(r.strip("/") for r in roots)
        self._modules: dict[str, Module | None] = {}
        self._found: dict[tuple[str, str], Symbol] = {}
        self._symbols: dict[tuple[str, str], Symbol] = {}
        self._by_tail: dict[str, list[str]] | None = None
        self._by_folder: dict[str, list[str]] | None = None
        self._used: dict[tuple[str, ...], bool] = {}

    @property
    def layout(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """All that decides which file a module's name means: the paths, sorted, and the source roots."""
        return tuple(sorted(self._paths)), self._roots

    @property
    def paths(self) -> frozenset[str]:
        """Every Python file of the project."""
        self.looked.note("", "paths")
        return self._paths

    @property
    def folders(self) -> frozenset[str]:
        """Every folder that one of them is in."""
        self.looked.note("", "paths")
        return self._folders

    def module(self, path: str) -> Module | None:
        """The module in a file, or `None` where the file cannot be read."""
        self.looked.note(path, PRESENCE)
        if path not in self._modules:
            facts = self._load(path) if path in self._paths else None
            self._modules[path] = Module(facts, self.looked) if facts is not None else None
        return self._modules[path]

    @property
    def scanned(self) -> tuple[str, ...]:
        """The files that reverse look-ups go over."""
        self.looked.note("", "scanned")
        return self._scanned

    def census(self, path: str) -> Census | None:
        """The names in a file's facts, `None` where it has none."""
        if path not in self._censuses:
            found = self._census(path) if self._census is not None else None
            facts = self._load(path) if found is None else None
            self._censuses[path] = found if facts is None else take(facts)
        return self._censuses[path]

    def paths_with(self, sort: str, *names: str) -> list[str]:
        """The scanned files whose facts hold any of the names.

        Parameters: `sort` of the names, a field of `Census`.
        """
        self.looked.note("", f"with {sort} {' '.join(names)}")
        if sort not in self._holders:
            holders: dict[str, list[int]] = defaultdict(list)
            self._holders[sort] = holders
            for number, path in enumerate(self._scanned):
                census = self.census(path)
                for name in census.names(sort) if census is not None else ():
                    holders[name].append(number)
        found = self._holders[sort]
        numbers = {number for name in names for number in found.get(name, ())}
        return [self._scanned[number] for number in sorted(numbers)]

    def uses(self, *packages: str) -> bool:
        """Whether any of the scanned files imports one of these packages (by the beginning of its name)."""
        self.looked.note("", f"uses {' '.join(packages)}")
        if packages not in self._used:
            censuses = map(self.census, self._scanned)
            self._used[packages] = any(c is not None and c.imports_from(packages) for c in censuses)
        return self._used[packages]

    def modules_having(self, sort: str) -> Iterator[Module]:
        """The modules of the scanned files whose facts hold any name of a sort."""
        censuses = ((path, self.census(path)) for path in self.scanned)
        return filter(
            None, (self.module(p) for p, each in censuses if each is not None and each.has(sort))
        )

    def modules_with(self, sort: str, *names: str) -> Iterator[Module]:
        """The same files' modules."""
        return filter(None, map(self.module, self.paths_with(sort, *names)))

    def forget(self) -> None:
        """Forget every answer, so that what is looked at for the next one is looked at again."""
        self._symbols.clear()

    def close(self, path: str) -> None:
        """Let go of what is in the functions of one module."""
        module = self._modules.get(path)
        if module is not None:
            module.close()

    def release(self) -> None:
        """Let go of what is in the functions of all modules."""
        for module in filter(None, self._modules.values()):
            module.release()

    def find(self, dotted: str, importer: str) -> Symbol:
        """What the absolute module name `dotted` means to the file `importer`."""
        base = _module_base(importer)
        # A file never means itself, so one of that name gets an answer of its own.
        is_own = dotted.rpartition(".")[2] == posixpath.basename(base)
        key = (dotted, importer if is_own else posixpath.join(posixpath.dirname(importer), "."))
        self.looked.note("", f"find {key[0]} {key[1]}")
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._find(dotted, importer)
        return found

    def _find(self, dotted: str, importer: str) -> Symbol:
        tail = dotted.replace(".", "/")
        top = dotted.partition(".")[0]
        if top in _STDLIB and (top == dotted or top in _STDLIB_PACKAGES):
            return Symbol("external", dotted)
        for root in self._import_roots(importer):
            symbol = self._at(posixpath.join(root, tail), importer)
            if symbol is not None:
                return symbol
        if top not in known_packages():
            for root in _folders_above(importer):
                symbol = self._at(posixpath.join(root, tail), importer)
                if symbol is not None:
                    return symbol
        return self._elsewhere(tail, importer) or Symbol("external", dotted)

    def at(self, base: str) -> Symbol | None:
        """The module or package in a place (`app/models`), `None` where there is none."""
        self.looked.note("", f"at {base}")
        return self._at(base, "")

    def _at(self, base: str, importer: str) -> Symbol | None:
        for path in (f"{base}.py", f"{base}/__init__.py"):
            if path in self._paths and path != importer:
                return Symbol("module", base, path)
        return Symbol("package", base, base) if base in self._folders else None

    def _import_roots(self, importer: str) -> Iterable[str]:
        """Folders that may be on `sys.path` for a file, nearest first. A package's own folder should not be."""
        yield from self._roots
        folder = posixpath.dirname(importer)
        while True:
            if posixpath.join(folder, "__init__.py") not in self._paths:
                yield folder
                source = posixpath.join(folder, "src")
                if source in self._folders:
                    yield source
            if not folder:
                return
            folder = posixpath.dirname(folder)

    def _elsewhere(self, tail: str, importer: str) -> Symbol | None:
        """A module of a package in another root of the repository, if there is just one such place."""
        if self._by_tail is None:
            self._by_tail = defaultdict(list)
            for path in self._paths:
                self._by_tail[_tail(path)].append(path)
        name = tail.rpartition("/")[2]
        named = self._by_tail.get(name, [])
        # A name of one part says little: `models` is another module in each root, and most names are a library's.
        if name == tail and (len(named) > 1 or name in known_packages()):
            return None
        matches = [
            path
            for path in named
            if _module_base(path).endswith("/" + tail)
            and self._is_root(_module_base(path)[: -len(tail) - 1])
            and (name != tail or path.endswith("/__init__.py"))
        ]
        return Symbol("module", _module_base(matches[0]), matches[0]) if len(matches) == 1 else None

    def _is_root(self, folder: str) -> bool:
        return f"{folder}/__init__.py" not in self._paths

    def relative(self, entry: Import, importer: str) -> str | None:
        """The folder-like base (`app/models`) that a relative import's module part means; `None` above the root."""
        base = posixpath.dirname(importer)
        for _ in range(entry.level - 1):
            if not base:
                return None
            base = posixpath.dirname(base)
        return posixpath.join(base, entry.module.replace(".", "/")) if entry.module else base

    def import_target(self, entry: Import, importer: str) -> Symbol:
        """What one import statement binds its local name to."""
        if entry.level:
            base = self.relative(entry, importer)
            module = (self.at(base) if base is not None else None) or _missing(entry)
        else:
            module = self.find(entry.module, importer)
        return self.member(module, entry.name) if entry.name and entry.name != "*" else module

    def member(self, module: Symbol, name: str) -> Symbol:
        """What `name` is in a module, a package folder or an external package."""
        if module.sort == "external":
            return Symbol("external", f"{module.name}.{name}")
        if module.sort == "package":
            return self.at(posixpath.join(module.path, name)) or NO_SYMBOL
        if module.sort != "module":
            return NO_SYMBOL
        found = self.symbol(module.path, name)
        if found.sort == "unknown" and module.path.endswith("__init__.py"):
            folder = posixpath.dirname(module.path)
            return self.at(posixpath.join(folder, name)) or self._gathered(folder, name)
        return found

    def _gathered(self, folder: str, name: str) -> Symbol:
        """What a package binds at run time (`globals()[name] = …`): the class of that name in just one of its modules."""
        found = {
            path
            for path in self.in_folder(folder)
            if (module := self.module(path)) is not None and name in module.classes
        }
        return Symbol("class", name, found.pop()) if len(found) == 1 else NO_SYMBOL

    def in_folder(self, folder: str) -> list[str]:
        """The files of one folder."""
        self.looked.note("", f"folder {folder}")
        if self._by_folder is None:
            self._by_folder = defaultdict(list)
            for path in self._paths:
                self._by_folder[posixpath.dirname(path)].append(path)
        return self._by_folder.get(folder, [])

    def symbol(self, path: str, name: str) -> Symbol:
        """What a module-level name of a file refers to, through re-exports and star imports."""
        key = (path, name)
        found = self._symbols.get(key)
        if found is None:
            self._symbols[key] = NO_SYMBOL
            found = self._symbols[key] = self._symbol(path, name)
        return found

    def _symbol(self, path: str, name: str) -> Symbol:
        module = self.module(path)
        if module is None:
            return NO_SYMBOL
        if name in module.classes:
            return Symbol("class", name, path)
        if name in module.functions:
            return Symbol("function", name, path)
        if name in module.imports:
            found = self.import_target(module.imports[name], path)
            if found.sort != "unknown" or name not in module.assigns:
                return found
        if name in module.assigns:
            return Symbol("assign", name, path)
        for star in reversed(module.stars):
            found = self._through_star(star, path, name)
            if found.sort != "unknown":
                return found
        return NO_SYMBOL

    def _through_star(self, star: Import, importer: str, name: str) -> Symbol:
        source = self.import_target(star, importer)
        if source.sort != "module" or name.startswith("_"):
            return NO_SYMBOL
        target = self.module(source.path)
        if target is None or (target.all_names is not None and name not in target.all_names):
            return NO_SYMBOL
        return self.symbol(source.path, name)


def _missing(entry: Import) -> Symbol:
    """A module beside a file that is linted without it is as far out of sight as one that is not installed."""
    return Symbol("external", f"{'.' * entry.level}{entry.module}") if entry.module else NO_SYMBOL


@lru_cache(maxsize=1)
def known_packages() -> frozenset[str]:
    """The top-level packages of the known libraries: a package's file of such a name does not stand in for them."""
    known = libraries.load()
    tables = (known.functions, known.classes, known.objects, known.aliases)
    return frozenset(name.partition(".")[0] for table in tables for name in table)


def _folders_above(importer: str) -> Iterable[str]:
    """Every folder above a file, packages too: an application is started from inside of one often enough."""
    folder = posixpath.dirname(importer)
    yield folder
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


def _folders(paths: Iterable[str]) -> frozenset[str]:
    folders: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in folders:
            folders.add(folder)
            folder = posixpath.dirname(folder)
    return frozenset(folders)


def _module_base(path: str) -> str:
    return path.removesuffix("/__init__.py").removesuffix(".py")


def _tail(path: str) -> str:
    return _module_base(path).rpartition("/")[2]
