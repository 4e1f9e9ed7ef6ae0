"""A file that calls providers' SDKs, and one client in it: what the edits that put litellm in its place need to know."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from api_lint.facts import Span, Value
from api_lint.fixers.tree import Syntax
from api_lint.libraries.litellm import PACKAGES, Request, Sdk
from api_lint.rule import Edit, NeedImport, Rewrite

if TYPE_CHECKING:
    from api_lint.fixers.llm_handed import Source
    from api_lint.visit import Place


class SdkUse(NamedTuple):
    """A construction or a call of an SDK: where it stands, how messages name it, the SDK's distribution, whether it makes
    a client, and the full name of what is called."""

    span: Span
    label: str
    sdk: str
    makes_client: bool
    callee: str


class Unmapped(Exception):
    """Why a client's calls cannot be made litellm's."""


@dataclass
class Job:
    """A client that gives way to litellm.

    `made` is the call that makes it (or the first call of a module that is one), `options` what it is made with,
    `holders` are the expressions that are the client, `answers` its requests. `edits` are what is done; `gone` are the
    statements that are taken out, with what comes in their place, and what messages call them; `stores` are names that
    hold options from then on. `source` is where it is made, if that is another file;
    `params` are parameters that are taken out.
    """

    file: File
    use: SdkUse
    sdk: Sdk
    made: ast.Call
    options: list[tuple[str, ast.expr]] = field(default_factory=list)
    holders: list[ast.expr] = field(default_factory=list)
    answers: list[tuple[ast.Call, Request]] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    gone: dict[ast.stmt, str] = field(default_factory=dict)
    stores: dict[str, str] = field(default_factory=dict)
    source: Source | None = None
    params: list[ast.arg] = field(default_factory=list)

    @property
    def syntax(self) -> Syntax:
        """The syntax of the client's file."""
        return self.file.syntax

    def insert(self, where: tuple[int, ...], content: str) -> None:
        """Put a text at a place (row and column)."""
        if content:
            self.edits.append(Rewrite(Span(where[0], where[1], where[0], where[1]), content))

    def removals(self) -> Iterator[Rewrite]:
        """The edits that take statements out."""
        for statement, what in self.gone.items():
            if any(above in self.gone for above in self.syntax.above(statement)):
                continue
            is_making = self.made in ast.walk(statement)
            stores = [f"{name} = {value}" for name, value in self.stores.items()] if is_making else []
            removal = self.syntax.removal(statement, stores, self.gone)
            if removal is None:
                raise Unmapped(f"{what} on a row with something else, or with a comment for a tool")
            yield removal


class File:
    """A file that calls SDKs: its syntax, what its names mean of them, and names that hold options from then on."""

    def __init__(self, at: Place) -> None:
        self.at = at
        self.syntax = Syntax("".join(at.rows))
        self.names: dict[str, str] = {}
        self.stored: set[str] = set()
        for node in self.syntax.nodes:
            if isinstance(node, ast.ImportFrom) and not node.level:
                self._name({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
            elif isinstance(node, ast.Import):
                self._name({a.asname or a.name.partition(".")[0]: a.name for a in node.names})

    def _name(self, imported: dict[str, str]) -> None:
        for local, dotted in imported.items():
            root = dotted.partition(".")[0]
            if root in PACKAGES:
                self.names[local] = root if local == root else dotted

    def dotted(self, node: ast.AST) -> str:
        """The full name of what an expression takes from an SDK, "" for any other."""
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        if not isinstance(node, ast.Name) or node.id not in self.names:
            return ""
        scope = self.syntax.binder(node.id, node)
        if scope is None or self.syntax.bindings(node.id, scope) != 1:
            raise Unmapped(f"{node.id} may be something else than the import")
        is_import = any(
            isinstance(n, ast.alias)
            and (n.asname or n.name.partition(".")[0]) == node.id
            and self.syntax.binder(node.id, n) is scope
            for n in self.syntax.nodes
        )
        return self.names[node.id] if is_import else ""

    def reference(self, module: str, name: str, node: ast.expr) -> tuple[str, tuple[NeedImport, ...]]:
        """How `module.name` is written where a node stands, and the import that takes."""
        import libcst as cst

        function = self.at.module.function_at(node.lineno)
        found = replace(self.at, function=function).reference(module, name)
        if found is None:
            raise Unmapped(f"the name {module} means something else here")
        return cst.Module([]).code_for_node(found[0]), found[1]

    def rewrite(self, node: ast.expr, content: str) -> Rewrite:
        """The edit of a node."""
        return self._rewrite(self.syntax.span(node), node, content)

    def rewrite_tail(self, base: ast.expr, node: ast.expr, content: str) -> Rewrite:
        """The edit of what is read of `base`, up to the end of `node`."""
        span = Span(*self.syntax.span(base)[2:], *self.syntax.span(node)[2:])
        return self._rewrite(span, node, content)

    def _rewrite(self, span: Span, node: ast.expr, content: str) -> Rewrite:
        self.placed(node)
        is_quoted = any(isinstance(n, ast.JoinedStr) for n in self.syntax.above(node))
        if is_quoted and ('"' in content or "'" in content):
            raise Unmapped(f"what is to change stands in an f-string (row {node.lineno})")
        if self.syntax.comments_in(span):
            raise Unmapped(f"a comment stands within the expression in row {span.line}")
        if ")" in self.syntax.source(span) and content.startswith((".", "[")):
            raise Unmapped(f"parentheses stand within the expression in row {span.line}")
        return Rewrite(span, content)

    def placed(self, node: ast.expr) -> None:
        """Make sure that a node's place is known: up to Python 3.11 those within an f-string may be wrong."""
        if any(isinstance(n, ast.JoinedStr) for n in self.syntax.above(node)):
            span = self.syntax.span(node)
            if span.line != span.end_line or self.syntax.source(span) != ast.unparse(node):
                raise Unmapped(f"what is to change stands in an f-string (row {node.lineno})")

    def value(self, text: str, row: int) -> Value:
        """What is known of a dotted name in a row."""
        return self.at.api.value(
            text, self.at.api.scope(self.at.path, self.at.module.function_at(row), row)
        )

    def importers(self) -> Iterator[tuple[str, str]]:
        """The facts of each other module as text, with each name by which it imports from this one, or this one itself.

        Those that the gate kept out are among them: they may do no more than import.
        """
        project = self.at.api.project
        for path in sorted(project.paths):
            module = self.at.api.module(path)
            if module is None or path == self.at.path:
                continue
            for entry in (e for f in (module.facts.body, *module.facts.functions) for e in f.imports):
                whole = project.import_target(entry, path)
                if whole.sort == "module" and whole.path == self.at.path:
                    yield repr(module.facts), entry.local or entry.module
                elif entry.name:
                    symbol = project.import_target(entry._replace(name="", local=""), path)
                    if symbol.sort == "module" and symbol.path == self.at.path:
                        yield repr(module.facts), entry.name

    def only_here(self, name: str) -> None:
        """Make sure that no other file uses this file's `name`."""
        if name in (self.at.module.facts.all_names or ()):
            raise Unmapped(f"{name} is exported by __all__")
        for other, entry in self.importers():
            if entry in (name, "*") or re.search(rf"\b{re.escape(entry)}\.{name}\b", other):
                raise Unmapped(f"{name} is used by other files")


def targets(statement: ast.AST) -> list[str]:
    """What a statement assigns to."""
    if isinstance(statement, ast.Assign):
        return [ast.unparse(target) for target in statement.targets]
    return [ast.unparse(statement.target)] if isinstance(statement, ast.AnnAssign) else [""]
