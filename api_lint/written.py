"""Rows of text, and a LibCST tree as text: where each of its nodes stands in it.

LibCST's own `PositionProvider` walks a tree twice and counts rows and columns at each token; here a node's place is that of
its tokens, and rows are counted for those nodes alone that somebody asks for. Where a node begins and ends is LibCST's
to say (`_codegen_impl`, `record_syntactic_position`), as it is there.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import accumulate
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

_ROWS = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def rows_of(text: str) -> list[str]:
    """A text's rows with their line ends, as Python counts them: LF, CRLF and lone CR end a row, nothing else does."""
    return _ROWS.findall(text)


class Written:
    """A tree as text.

    Parameters: `tree`, which is written out once.
    """

    def __init__(self, tree: cst.Module) -> None:
        writer = _Writer(tree)
        tree._codegen(writer)
        self._tokens = writer.tokens
        self._places = writer.places
        self.code = "".join(self._tokens)

    def place(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node begins and ends in the text, without the whitespace and the parentheses around it.

        Raises: KeyError for a node of another tree.
        """
        start, end = self._places[node]
        return self._ends[start], self._ends[min(end, len(self._tokens))]

    @cached_property
    def _ends(self) -> list[int]:
        return [*accumulate(map(len, self._tokens), initial=0)]

    @cached_property
    def starts(self) -> list[int]:
        """Where the rows of the text begin, and where the last one ends."""
        return [*accumulate(map(len, rows_of(self.code)), initial=0)]


class _Writer(CodegenState):
    """Collects a tree's tokens, and how many there are before and after each node."""

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(tree.default_indent, tree.default_newline)
        self.places: dict[cst.CSTNode, tuple[int, int]] = {}
        self._begun: list[int] = []

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._begun.append(len(self.tokens))

    def after_codegen(self, node: cst.CSTNode) -> None:
        self.places.setdefault(node, (self._begun.pop(), len(self.tokens)))

    def record_syntactic_position(
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> Any:
        return _Syntactic(self, node, start_node, end_node)


class _Syntactic:
    """What of a node's tokens is its own: those that are written while this is entered, or from one child to another."""

    __slots__ = ("end_node", "node", "start", "start_node", "writer")

    def __init__(
        self,
        writer: _Writer,
        node: cst.CSTNode,
        start_node: cst.CSTNode | None,
        end_node: cst.CSTNode | None,
    ) -> None:
        self.writer = writer
        self.node = node
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        self.start = len(self.writer.tokens)

    def __exit__(self, *_: object) -> None:
        places = self.writer.places
        start = self.start if self.start_node is None else places[self.start_node][0]
        end = len(self.writer.tokens) if self.end_node is None else places[self.end_node][1]
        places[self.node] = start, end
