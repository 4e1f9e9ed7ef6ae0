"""A whole file's syntax for fixes that change several of its statements at once.

A hook for a node sees one slice. What a fix has to change may stand all over the file: where an object is made, where it
is used, where the results are read. `Syntax` parses the text with the standard library's `ast` (only where there is
something to fix), knows which scope a name belongs to, and gives the spans that a `Rewrite` wants.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Container, Iterator, Sequence

from api_lint import syntax
from api_lint.facts import Span
from api_lint.rule import Rewrite

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Comments that speak of the code on their row and mean something else, or nothing, elsewhere.
_FOR_TOOLS = ("type:", "noqa", "pragma", "pylint:", "mypy:", "ruff:", "pyright:", "fmt:", "isort:")


class Syntax:
    """The syntax of one file.

    Parameters: `text`, which Python can parse, be it a newer one.
    """

    def __init__(self, text: str) -> None:
        self.tree = syntax.parse(text)
        self.rows = io.StringIO(text, newline=None).read().split("\n")
        self.parents: dict[ast.AST, ast.AST] = {}
        self.nodes: list[ast.AST] = []
        self._bound: dict[ast.AST, dict[str, int]] = {self.tree: {}}
        self._scopes: dict[ast.AST, ast.AST] = {self.tree: self.tree}
        self._global: dict[ast.AST, set[str]] = {}
        self._shared: set[str] = set()
        self._enter(self.tree, self.tree)
        for scope, names in self._global.items():
            for name in names & self._bound[scope].keys():
                count = self._bound[scope].pop(name)
                self._bound[self.tree][name] = self._bound[self.tree].get(name, 0) + count
        self.comments = list(_comments(text))

    # -------------------------------------------------------------------------------------------------- text

    def span(self, node: ast.AST) -> Span:
        """Where a node stands, columns in characters."""
        line, end = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        start_col, end_col = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
        return Span(line, self._column(line, start_col), end, self._column(end, end_col))

    def _column(self, line: int, offset: int) -> int:
        row = self.rows[line - 1]
        return offset if row.isascii() else len(row.encode()[:offset].decode())

    def source(self, span: Span) -> str:
        """The text at a span, rows ended by LF."""
        rows = self.rows[span.line - 1 : span.end_line]
        rows[-1] = rows[-1][: span.end_col]
        rows[0] = rows[0][span.col :]
        return "\n".join(rows)

    def code(self, node: ast.AST) -> str:
        """A node's text."""
        return self.source(self.span(node))

    def comments_in(self, span: Span) -> list[str]:
        """The comments that stand within a span."""
        return [
            text for (row, col), text in self.comments if span[:2] <= (row, col) < (span[2], span[3])
        ]

    def indent(self, line: int) -> str:
        """The blank space that a row begins with."""
        row = self.rows[line - 1]
        return row[: len(row) - len(row.lstrip())]

    # -------------------------------------------------------------------------------------------------- nodes

    def call_at(self, span: Span) -> ast.Call | None:
        """The call at a span."""
        for node in self.nodes:
            if isinstance(node, ast.Call) and node.lineno == span.line and self.span(node) == span:
                return node
        return None

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node is part of."""
        return next(n for n in (node, *self.above(node)) if isinstance(n, ast.stmt))

    def function(self, node: ast.AST) -> ast.AST | None:
        """The function or lambda around a node."""
        return next((n for n in self.above(node) if isinstance(n, _FUNCTIONS)), None)

    def owner(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class around a node."""
        return next((n for n in self.above(node) if isinstance(n, ast.ClassDef)), None)

    # -------------------------------------------------------------------------------------------------- names

    def binder(self, name: str, at: ast.AST) -> ast.AST | None:
        """The scope (function, lambda, comprehension, class or module) whose name it is, read at a node; `None` for a
        built-in or unknown one."""
        scope: ast.AST | None = self._scopes[at]
        is_own = True
        while scope is not None:
            hidden = isinstance(scope, ast.ClassDef) and not is_own
            if not hidden and name in self._bound[scope]:
                return scope
            is_own = False
            scope = self._scopes[scope] if scope is not self.tree else None
        return None

    def bindings(self, name: str, scope: ast.AST) -> int:
        """How many times a scope binds a name; one that a function within may bind as well, more than once."""
        return self._bound[scope].get(name, 0) + 2 * (name in self._shared)

    def reads(self, name: str, scope: ast.AST) -> list[ast.Name]:
        """Every place where a scope's name is read, in functions within as well."""
        return [
            n
            for n in self.nodes
            if isinstance(n, ast.Name)
            and n.id == name
            and isinstance(n.ctx, ast.Load)
            and self.binder(name, n) is scope
        ]

    def _enter(self, node: ast.AST, scope: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.parents[child] = node
            self.nodes.append(child)
            inner = scope if self._is_inside(child, node) else self._scopes[scope]
            self._scopes[child] = inner
            self._bind(child, inner)
            if isinstance(child, (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
                self._bound[child] = {}
                self._enter(child, child)
            else:
                self._enter(child, inner)

    def _is_inside(self, child: ast.AST, node: ast.AST) -> bool:
        """Whether a child belongs to the scope that the node opens, unlike decorators, defaults, bases and what the
        outermost loop of a comprehension goes over."""
        match node:
            case ast.ClassDef(body=body):
                return child in body
            case ast.FunctionDef(body=body, args=args) | ast.AsyncFunctionDef(body=body, args=args):
                return child in body or child is args
            case ast.arguments():
                return isinstance(child, ast.arg)
            case ast.comprehension(iter=iterated):
                above = self.parents[node]
                is_first = isinstance(above, _COMPREHENSIONS) and above.generators[0] is node
                return not (is_first and child is iterated)
        return True

    def _bind(self, node: ast.AST, scope: ast.AST) -> None:
        match node:
            case ast.Global(names=names):
                self._global.setdefault(scope, set()).update(names)
            case ast.Nonlocal(names=names):
                self._shared.update(names)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                target = scope
                if isinstance(self.parents[node], ast.NamedExpr):
                    while isinstance(target, _COMPREHENSIONS):
                        target = self._scopes[target]
                self._count(name, target)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._count(node.name, scope)
            case ast.arg(arg=name):
                self._count(name, scope)
            case ast.alias(name=name, asname=local):
                self._count(local or name.partition(".")[0], scope)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                self._count(name, scope)
            case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                self._count(name, scope)

    def _count(self, name: str, scope: ast.AST) -> None:
        self._bound[scope][name] = self._bound[scope].get(name, 0) + 1

    # -------------------------------------------------------------------------------------------------- edits

    def removal(
        self, statement: ast.stmt, instead: Sequence[str] = (), others: Container[ast.AST] = ()
    ) -> Rewrite | None:
        """The edit that takes a statement out with its rows, and keeps the comments in them.

        Parameters: `instead`, statements that come in its place; `others` that are taken out as well.
        Returns: `None` where it shares a row, or has a comment that only makes sense beside it.
        """
        decorators = getattr(statement, "decorator_list", ())
        first = min(statement.lineno, *(d.lineno for d in decorators), statement.lineno)
        last = statement.end_lineno or statement.lineno
        span, margin = self.span(statement), self.indent(first)
        tail = self.rows[last - 1][span.end_col :].strip()
        if self.rows[statement.lineno - 1][: span.col].strip() or (tail and not tail.startswith("#")):
            return None
        notes = self.comments_in(Span(first, 0, last + 1, 0))
        if any(note.lstrip("# ").lower().startswith(_FOR_TOOLS) for note in notes):
            return None
        rows = [*notes, *instead]
        if not instead and self._is_last_one(statement, others):
            rows.append("pass")
        start, end = first, last + 1
        if not rows:
            start, end = self._with_blank_rows(start, end, self._is_first(statement))
        return Rewrite(Span(start, 0, end, 0), "".join(f"{margin}{row}\n" for row in rows))

    def _is_first(self, statement: ast.stmt) -> bool:
        above = self.parents[statement]
        return not isinstance(above, ast.Module) and getattr(above, "body", [None])[0] is statement

    def _is_last_one(self, statement: ast.stmt, others: Container[ast.AST]) -> bool:
        """Whether a block would be empty without a statement, the last of those that are taken out."""
        above = self.parents[statement]
        if isinstance(above, ast.Module):
            return False
        for name in ("body", "orelse", "finalbody"):
            block = getattr(above, name, [])
            if statement in block:
                return statement is block[-1] and all(n is statement or n in others for n in block)
        return False

    def is_text_on_rows(self, first: int, last: int) -> bool:
        """Whether a string goes over several rows, some of these."""
        return any(
            isinstance(n, ast.Constant | ast.JoinedStr)
            and n.lineno < (n.end_lineno or n.lineno)
            and first <= (n.end_lineno or n.lineno)
            and n.lineno <= last
            for n in self.nodes
        )

    def _with_blank_rows(self, start: int, end: int, is_first: bool) -> tuple[int, int]:
        """Rows that are taken out, with the smaller one of the gaps above and below them."""
        above, below = start, end
        while above > 1 and not self.rows[above - 2].strip():
            above -= 1
        while below <= len(self.rows) and not self.rows[below - 1].strip():
            below += 1
        if below > len(self.rows):
            return above, end
        if is_first:
            return start, below
        return (above, end) if start - above <= below - end else (start, below)


def _comments(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
            if token.type == tokenize.COMMENT:
                yield token.start, token.string
    except (tokenize.TokenError, SyntaxError):
        return
