"""What changed since a revision, and which findings that concerns.

The old contents come out of git as they are stored; the comparison is made here. So the working tree is read as it
stands, with what is not committed, not staged or not even known to git, and no filter or diff program is asked.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from api_lint.facts import Span
from api_lint.git import GitError, Repository
from api_lint.index import Unreadable, parse
from api_lint.rule import UNREADABLE, Diagnostic

Read = Callable[[str], bytes]

_ROW_END = re.compile(rb"\r\n|\r|\n")

# Rows of a changed region beyond which its exact alignment takes longer than anybody waits.
_MOST_ROWS = 20_000
# A new file is an old one that was moved if they have so much in common; git has the same figure.
_SAME = 0.5
_MOST_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class _Changes:
    """A file's changes: the rows that are new, and the rows behind which old ones were taken out."""

    rows: frozenset[int]
    gaps: frozenset[int]

    def meet(self, first: int, last: int) -> bool:
        inside = range(first, last + 1)
        return any(row in self.rows for row in inside) or any(row in self.gaps for row in inside[:-1])


class Since:
    """The difference between the working tree and the commit at which the branch left a revision.

    Parameters: `revision`, anything that names a commit; `root`, the project's folder, absolute; `read` gives a file's
    bytes by its path relative to the root.
    Raises: GitError where the project is in no git checkout, or git cannot tell.
    """

    def __init__(self, revision: str, root: Path, read: Read) -> None:
        top = next((f for f in (root, *root.parents) if os.path.lexists(f / ".git")), None)
        if top is None:
            raise GitError(f"{root} is in no git repository")
        self._read = read
        self._repository = Repository(top)
        inner = root.relative_to(top).as_posix()
        prefix = "" if inner == "." else f"{inner}/"
        tree = self._repository.files(self._repository.base(revision))
        self._old = {p.removeprefix(prefix): blob for p, blob in tree.items() if p.startswith(prefix)}
        self._gone = [p for p in self._old if p.endswith(".py") and not os.path.lexists(root / p)]
        self._blobs: dict[str, bytes] = {}
        self._sources: dict[str, Sequence[bytes] | None] = {}

    def changed(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The paths, relative to the root, whose contents are not the old ones."""
        return tuple(path for path in paths if not self._is_same(path))

    def concerned(self, diagnostics: Sequence[Diagnostic], read: Read | None = None) -> list[bool]:
        """Tell which findings the changes concern.

        Parameters: `diagnostics`; `read`, if the contents are not those on disk.
        Returns: for each, whether a changed row is within its span, the header of its statement or definition, or a
        place of the same file that it refers to. What makes a file unreadable concerns all of it.
        """
        read = read or self._read
        self._fetch({d.path for d in diagnostics})
        files: dict[str, _File] = {}
        flags = []
        for diagnostic in diagnostics:
            path = diagnostic.path
            if path not in files:
                files[path] = _File(self._old_rows(path), read(path), path)
            flags.append(files[path].concerns(diagnostic))
        return flags

    def _is_same(self, path: str) -> bool:
        old = self._old.get(path)
        if old is None:
            return False
        content = self._read(path)
        named = b"blob %d\0%b" % (len(content), content)
        digest = hashlib.sha1 if len(old) == 40 else hashlib.sha256
        return digest(named, usedforsecurity=False).hexdigest() == old

    def _fetch(self, paths: Collection[str]) -> None:
        """Have the old contents of files at hand, and of those that they may have been moved from."""
        new = [path for path in paths if path not in self._sources]
        wanted = {self._old[path] for path in new if path in self._old}
        if any(path not in self._old for path in new):
            wanted.update(self._old[path] for path in self._gone[:_MOST_CANDIDATES])
        self._blobs.update(self._repository.blobs(wanted - self._blobs.keys()))
        for path in new:
            self._sources[path] = self._found(path)

    def _found(self, path: str) -> Sequence[bytes] | None:
        if path in self._old:
            return _ROW_END.split(self._blobs[self._old[path]])
        now = Counter(_ROW_END.split(self._read(path)))
        best, likeness = None, _SAME
        for gone in self._gone[:_MOST_CANDIDATES]:
            rows = _ROW_END.split(self._blobs[self._old[gone]])
            common = (now & Counter(rows)).total()
            if 2 * common > likeness * (now.total() + len(rows)):
                best, likeness = rows, 2 * common / (now.total() + len(rows))
        return best

    def _old_rows(self, path: str) -> Sequence[bytes] | None:
        return self._sources[path]


class _File:
    """A file's changes and definitions."""

    def __init__(self, old: Sequence[bytes] | None, content: bytes, path: str) -> None:
        self._changes = None if old is None else changes(old, _ROW_END.split(content))
        try:
            self._headers = list(_headers(parse(content, path)))
        except Unreadable:
            self._headers = []

    def concerns(self, diagnostic: Diagnostic) -> bool:
        if self._changes is None or diagnostic.code == UNREADABLE[0]:
            return True
        related = [place.span for place in diagnostic.related if place.path == diagnostic.path]
        return any(self._changes.meet(*rows) for rows in self._rows(diagnostic, related))

    def _rows(self, diagnostic: Diagnostic, related: Iterable[Span]) -> Iterator[tuple[int, int]]:
        span = diagnostic.span
        yield span.line, max(span.end_line, diagnostic.noqa_line)
        yield from ((place.line, place.end_line) for place in related)
        yield from (header for header in self._headers if header[0] <= span.line <= header[1])


def changes(old: Sequence[bytes], new: Sequence[bytes]) -> _Changes:
    """What is different between two versions of a file.

    Parameters: `old` and `new`, their rows without line ends.
    Returns: the changes. Those of a region too large to be aligned are the rows that the old one does not have.
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    rows: set[int] = set()
    gaps: set[int] = set()
    if len(before) + len(after) > _MOST_ROWS:
        known = set(before)
        rows.update(start + 1 + i for i, row in enumerate(after) if row not in known)
        return _Changes(frozenset(rows), frozenset())
    for tag, _, _, first, last in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "delete":
            gaps.add(start + first)
        elif tag != "equal":
            rows.update(range(start + first + 1, start + last + 1))
    return _Changes(frozenset(rows), frozenset(gaps))


def _headers(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """First row (of the decorators) and last row before the body of every function and class."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield first, max(node.lineno, node.body[0].lineno - 1)
