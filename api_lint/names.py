"""The names of a file: which of its imports nothing in the file reads, and what it imports from others."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

# Calls whose string arguments name types.
_NAMES_TYPES = frozenset({"cast", "TypeVar", "ForwardRef", "NewType"})

_FROM = re.compile(
    r"^[^\S\n]*from\s+(\.*[\w.]*)\s*\bimport\b\s*(\([^)]*\)|(?:\\\r?\n|[^\n#])*)", re.MULTILINE
)
_NAME = re.compile(r"(?:^|[,(])\s*(?:#[^\n]*\s+)*(\w+|\*)")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Imported(NamedTuple):
    """A name that an import binds: in which scope (its qualname, "" for the file's own), and which name."""

    scope: str
    name: str


@dataclass(slots=True)
class _Scope:
    qualname: str
    parent: _Scope | None
    is_class: bool = False
    imported: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)


def unused(tree: ast.Module) -> tuple[set[Imported], dict[int, str]]:
    """The imported names of a file that nothing in it reads.

    Returns: them, and for the row of each import statement the qualname of the scope around.
    """
    reader = _Reader()
    reader.block(tree.body, reader.scopes[0])
    used: set[Imported] = set()
    for scope in reader.scopes:
        for name in scope.read:
            used.add(Imported(_home(name, scope).qualname, name))
    found = {Imported(s.qualname, name) for s in reader.scopes for name in s.imported}
    return found - used, reader.rows


def dotted(path: str) -> str | None:
    """The name that an import statement has for a module, `None` where it can have none: files are called `my-app.py`,
    `2.py` and `users.v2.py`, too.

    Parameters: `path`, without its ending, from the folder on that the name starts at.
    """
    parts = path.split("/")
    can_be_named = all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)
    return ".".join(parts) if can_be_named else None


def from_imports(text: str) -> Iterator[tuple[str, str]]:
    """What a text's `from x import y` name, told without parsing it: the module with its dots, and each name."""
    for module, imported in _FROM.findall(text):
        for name in _NAME.findall(imported.replace("\\", " ")):
            yield module, name


def _home(name: str, scope: _Scope) -> _Scope:
    """The scope that a name is looked up in."""
    current = scope
    while current.parent is not None:
        is_seen = current is scope or not current.is_class
        if is_seen and name in current.bound and name not in current.foreign:
            return current
        current = current.parent
    return current


class _Reader:
    """Reads a tree's names, scope by scope; what a comprehension or a lambda binds is taken for read."""

    def __init__(self) -> None:
        self.scopes = [_Scope("", None)]
        self.rows: dict[int, str] = {}

    def block(self, nodes: list[ast.stmt], scope: _Scope) -> None:
        for node in nodes:
            self.node(node, scope)

    def node(self, node: ast.AST, scope: _Scope) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._function(node, scope)
        elif isinstance(node, ast.ClassDef):
            scope.bound.add(node.name)
            for each in (*node.decorator_list, *node.bases, *node.keywords):
                self.node(each, scope)
            self.block(node.body, self._scope(node, scope))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.rows[node.lineno] = scope.qualname
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                scope.imported.add(name)
                scope.bound.add(name)
        else:
            self._other(node, scope)

    def _other(self, node: ast.AST, scope: _Scope) -> None:
        if isinstance(node, ast.Name):
            (scope.read if isinstance(node.ctx, ast.Load) else scope.bound).add(node.id)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            scope.foreign.update(node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            scope.bound.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            self._quoted(node.annotation, scope)
        elif isinstance(node, ast.Subscript):
            self._quoted(node.slice, scope)
        elif isinstance(node, ast.Call) and _last(node.func) in _NAMES_TYPES:
            for each in (*node.args, *(k.value for k in node.keywords)):
                self._quoted(each, scope)
        elif isinstance(node, (ast.Assign, ast.AugAssign)) and _is_all(node):
            self._quoted(node.value, scope)
        for child in ast.iter_child_nodes(node):
            self.node(child, scope)

    def _function(self, node: _Function, scope: _Scope) -> None:
        scope.bound.add(node.name)
        inner = self._scope(node, scope)
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        inner.bound.update(each.arg for each in every)
        annotations = [each.annotation for each in every] + [node.returns]
        for annotation in (each for each in annotations if each is not None):
            self._quoted(annotation, scope)
            self.node(annotation, scope)
        defaults = [each for each in arguments.kw_defaults if each is not None]
        for outer in (*node.decorator_list, *arguments.defaults, *defaults):
            self.node(outer, scope)
        self.block(node.body, inner)

    def _scope(self, node: _Function | ast.ClassDef, parent: _Scope) -> _Scope:
        qualname = f"{parent.qualname}.{node.name}".lstrip(".")
        made = _Scope(qualname, parent, isinstance(node, ast.ClassDef))
        self.scopes.append(made)
        return made

    def _quoted(self, node: ast.AST, scope: _Scope) -> None:
        """The names in the strings of an annotation."""
        for text in _strings(node):
            try:
                parsed = ast.parse(text.strip(), mode="eval")
            except (SyntaxError, ValueError):
                continue
            scope.read.update(each.id for each in ast.walk(parsed) if isinstance(each, ast.Name))


def _strings(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and len(each.value) < 500:
            yield each.value


def _last(func: ast.expr) -> str:
    return (
        func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    )


def _is_all(node: ast.Assign | ast.AugAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Name) and each.id == "__all__" for each in targets)
