"""Names across files: which file a dotted module name means, and what a name in a module refers to.

A module's name is not a property of its file alone: it depends on where Python was started. So an import is resolved
from the importing file outwards: each folder above it (and a `src` beside) may be the root, nearest first, after the
configured source roots; then the same folders though they are packages; at last any other root of the repository, if just
one of them has such a module.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from api_lint import libraries
from api_lint.facts import Assign, Call, CallSite, Class, Function, Import, ModuleFacts

_STDLIB = sys.stdlib_module_names

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


class Module:
    """A file's facts with look-ups by name. A name bound twice means what it was bound to last."""

    def __init__(self, facts: ModuleFacts) -> None:
        self.facts = facts
        self.path = facts.path
        self.kind = kind(facts.path)
        self.functions: dict[str, Function] = {f.qualname: f for f in facts.functions}
        self.classes: dict[str, Class] = {c.qualname: c for c in facts.classes}
        self.imports: dict[str, Import] = {}
        self.stars: list[Import] = []
        self.submodules: dict[str, list[str]] = defaultdict(list)
        self.assigns: dict[str, list[Assign]] = assigns_by_name(
            a for a in facts.body.assigns if a.how != "comp"
        )
        self._locals: dict[int, dict[str, list[Assign]]] = {}
        self._puts: dict[int, dict[str, list[CallSite]]] = {}
        for entry in facts.body.imports:
            if entry.local == "*":
                self.stars.append(entry)
            elif entry.local:
                self.imports[entry.local] = entry
            else:
                self.submodules[entry.module.partition(".")[0]].append(entry.module)

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

    def function_at(self, line: int) -> Function | None:
        """The innermost function that holds the row."""
        best = None
        for function in self.facts.functions:
            if function.start <= line <= function.end and (best is None or function.start >= best.start):
                best = function
        return best

    def enclosing(self, function: Function) -> Function | None:
        """The function around one; of several of that name the one that holds it."""
        found = self.functions.get(function.parent) if function.parent else None
        if found is None or found.start <= function.start <= found.end:
            return found
        named = (f for f in self.facts.functions if f.qualname == function.parent)
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
    `roots`, configured source roots relative to the root; `scanned`, the files that reverse look-ups go over.
    """

    def __init__(
        self,
        paths: Iterable[str],
        load: Callable[[str], ModuleFacts | None],
        roots: Sequence[str] = (),
        scanned: Sequence[str] = (),
    ) -> None:
        self.paths = frozenset(paths)
        self.scanned = tuple(scanned)
        self.folders = _folders(self.paths)
        self._load = load
        self._roots = tuple(r.strip("/") for r in roots)
        self._modules: dict[str, Module | None] = {}
        self._found: dict[tuple[str, str], Symbol] = {}
        self._symbols: dict[tuple[str, str], Symbol] = {}
        self._by_tail: dict[str, list[str]] | None = None
        self._by_folder: dict[str, list[str]] | None = None

    def module(self, path: str) -> Module | None:
        """The module in a file, or `None` where the file cannot be read."""
        if path not in self._modules:
            facts = self._load(path) if path in self.paths else None
            self._modules[path] = Module(facts) if facts is not None else None
        return self._modules[path]

    def find(self, dotted: str, importer: str) -> Symbol:
        """What the absolute module name `dotted` means to the file `importer`."""
        folder = posixpath.dirname(importer)
        key = (dotted, folder)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._find(dotted, importer)
        return found

    def _find(self, dotted: str, importer: str) -> Symbol:
        tail = dotted.replace(".", "/")
        top = dotted.partition(".")[0]
        if top in _STDLIB:
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

    def _at(self, base: str, importer: str) -> Symbol | None:
        for path in (f"{base}.py", f"{base}/__init__.py"):
            if path in self.paths and path != importer:
                return Symbol("module", base, path)
        return Symbol("package", base, base) if base in self.folders else None

    def _import_roots(self, importer: str) -> Iterable[str]:
        """Folders that may be on `sys.path` for a file, nearest first. A package's own folder should not be."""
        yield from self._roots
        folder = posixpath.dirname(importer)
        while True:
            if posixpath.join(folder, "__init__.py") not in self.paths:
                yield folder
                source = posixpath.join(folder, "src")
                if source in self.folders:
                    yield source
            if not folder:
                return
            folder = posixpath.dirname(folder)

    def _elsewhere(self, tail: str, importer: str) -> Symbol | None:
        """A package with several parts in another root of the repository, if there is just one such place."""
        if "/" not in tail:
            return None
        if self._by_tail is None:
            self._by_tail = defaultdict(list)
            for path in self.paths:
                self._by_tail[_tail(path)].append(path)
        name = tail.rpartition("/")[2]
        matches = [
            path
            for path in self._by_tail.get(name, ())
            if _module_base(path).endswith("/" + tail)
            and self._is_root(_module_base(path)[: -len(tail) - 1])
        ]
        return Symbol("module", _module_base(matches[0]), matches[0]) if len(matches) == 1 else None

    def _is_root(self, folder: str) -> bool:
        return f"{folder}/__init__.py" not in self.paths

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
            module = (self._at(base, "") if base is not None else None) or _missing(entry)
        else:
            module = self.find(entry.module, importer)
        return self.member(module, entry.name) if entry.name and entry.name != "*" else module

    def member(self, module: Symbol, name: str) -> Symbol:
        """What `name` is in a module, a package folder or an external package."""
        if module.sort == "external":
            return Symbol("external", f"{module.name}.{name}")
        if module.sort == "package":
            return self._at(posixpath.join(module.path, name), "") or NO_SYMBOL
        if module.sort != "module":
            return NO_SYMBOL
        found = self.symbol(module.path, name)
        if found.sort == "unknown" and module.path.endswith("__init__.py"):
            folder = posixpath.dirname(module.path)
            return self._at(posixpath.join(folder, name), "") or self._gathered(folder, name)
        return found

    def _gathered(self, folder: str, name: str) -> Symbol:
        """What a package binds at run time (`globals()[name] = …`): the class of that name in just one of its modules."""
        found = {
            path
            for path in self._in_folder(folder)
            if (module := self.module(path)) is not None and name in module.classes
        }
        return Symbol("class", name, found.pop()) if len(found) == 1 else NO_SYMBOL

    def _in_folder(self, folder: str) -> list[str]:
        if self._by_folder is None:
            self._by_folder = defaultdict(list)
            for path in self.paths:
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
        if target is None or (target.facts.all_names is not None and name not in target.facts.all_names):
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
