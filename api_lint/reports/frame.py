"""Code frames: the rows around a finding, fit for a terminal, with what is secret in them masked.

Masking does not wait for a rule to report a secret: the rule may be off, and the frame of another finding may show the
same row. So whatever looks like a secret in a shown row is masked, and whatever is known to be one.
"""

from __future__ import annotations

import difflib
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from api_lint import fixes, literals
from api_lint.facts import Span
from api_lint.reports import View
from api_lint.rule import TextFix
from api_lint.text import inert, visible

CONTEXT = 2
WIDEST = 160
MASK = "•••"

_MOST_ROWS = 6
_MOST_CHANGES = 14
_LONGEST_ROW = 20_000
_ROW_END = re.compile(r"\r\n|\r|\n")
_STRING = re.compile(
    r'"""(.*?)(?:"""|$)|' r"'''(.*?)(?:'''|$)|" r'"((?:\\.|[^"\\])*)|' r"'((?:\\.|[^'\\])*)"
)
_OPENING = re.compile(r"[A-Za-z]{0,2}(?:\"\"\"|'''|\"|')")
_CLOSING = re.compile(r"(?:\"\"\"|'''|\"|')\s*$")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w-]*")
_WORDS_ONLY = re.compile(r"[A-Za-z_. -]*$|[\W_]*$")
_BASE64_ROW = re.compile(r"[\s\"']*([A-Za-z0-9+/=]{40,})[\s\"'\\n)]*$")
_SECRET_TRAITS = frozenset(("secret", "provider-key", "dsn-password", "jwt-key"))
_ROLES = ("assign", "keyword", "getenv")

_Range = tuple[int, int]


class Frames:
    """The frames of one report; each file is read once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._rows: dict[str, Sequence[str]] = {}
        self._known: dict[str, frozenset[str]] = {}

    def of(self, path: str, span: Span) -> Iterator[str]:
        """The rows around a span.

        Parameters: `path` relative to the root; `span`, whose first row is underlined.
        Returns: the frame's lines, none where the file cannot be read or has no such row.
        """
        rows = self._read(path)
        if not 1 <= span.line <= len(rows):
            return
        first, last = self._bounds(rows, span)
        gutter = max(3, len(str(last)))
        bar = self._view.paint("1;34", " " * gutter + " |")
        start = max(0, span.col - WIDEST // 2) if len(rows[span.line - 1]) > WIDEST else 0
        yield bar
        for number in range(first, last + 1):
            cells = self._cells(path, number, rows[number - 1])
            shown = inert("".join(cells[start : start + WIDEST])).rstrip()
            yield f"{self._view.paint('1;34', f'{number:>{gutter}} |')} {shown}".rstrip()
            if number == span.line:
                yield f"{bar} {self._view.paint('1;31', _carets(cells, span, start))}"
        yield bar

    def changed(self, path: str, fix: TextFix) -> Iterator[str]:
        """What a fix does to the rows it touches, as a small diff.

        Parameters: `path` relative to the root; `fix`.
        Returns: the removed and the added rows, each marked; none where the file cannot be read.
        """
        rows = self._read(path)
        if not fix.edits or max(edit.span.end_line for edit in fix.edits) > len(rows):
            return
        before, after = fixes.preview(rows, fix)
        first = min(edit.span.line for edit in fix.edits)
        secrets = self._view.secrets.get(path, ())
        known = self._texts(path)
        added = [
            f"from {module} import {name}" if name else f"import {module}"
            for module, name in fix.imports
        ]
        old = [masked(row, first + i, secrets, known) for i, row in enumerate(before)]
        new = [masked(row, 0, (), known) for row in [*added, *after]]
        lines = [row for row in difflib.ndiff(old, new) if row[:1] != "?"]
        for line in lines[:_MOST_CHANGES]:
            sign, row = line[0], line[2:]
            cells = ("    " if char == "\t" else visible(char) for char in row)
            shown = inert("".join(cells)[:WIDEST]).rstrip()
            style = {"-": "31", "+": "32"}.get(sign, "0")
            yield f"{self._view.paint(style, f'      {sign} {shown}')}".rstrip()
        if len(lines) > _MOST_CHANGES:
            yield f"        … {len(lines) - _MOST_CHANGES} more rows"

    def _bounds(self, rows: Sequence[str], span: Span) -> tuple[int, int]:
        """The first and the last row to show; blank ones at the edges are left out."""
        end = min(max(span.end_line, span.line), span.line + _MOST_ROWS)
        first, last = max(1, span.line - CONTEXT), min(len(rows), end + CONTEXT)
        while first < span.line and not rows[first - 1].strip():
            first += 1
        while last > span.line and not rows[last - 1].strip():
            last -= 1
        return first, last

    def _cells(self, path: str, number: int, row: str) -> list[str]:
        """A row, character by character as it is to be shown."""
        row = row[:_LONGEST_ROW]
        cells = ["    " if char == "\t" else visible(char) for char in row]
        known = (_part(span, number, row) for span in self._view.secrets.get(path, ()))
        texts = _occurrences(row, self._texts(path))
        _hide(cells, (*(found for found in known if found), *_suspicious(row), *texts))
        return cells

    def _texts(self, path: str) -> frozenset[str]:
        if path not in self._known:
            self._known[path] = literal_texts(self._read(path), self._view.secrets.get(path, ()))
        return self._known[path]

    def _read(self, path: str) -> Sequence[str]:
        if path not in self._rows:
            source = self._view.read(path)
            self._rows[path] = _ROW_END.split(_decoded(source)) if source else ()
        return self._rows[path]


def literal_texts(rows: Sequence[str], spans: Iterable[Span]) -> frozenset[str]:
    """What the string literals at some spans hold, row by row: texts that are to be masked wherever they stand."""
    found: set[str] = set()
    for span in spans:
        for number in range(span.line, min(span.end_line, len(rows)) + 1):
            part = _part(span, number, rows[number - 1])
            text = rows[number - 1][slice(*part)] if part else ""
            found.update({text, text.strip(" \"'")} if text.strip(" \"'()") else ())
    return frozenset(found)


def masked(row: str, number: int, spans: Iterable[Span], known: Iterable[str] = ()) -> str:
    """A row with what is secret in it masked.

    Parameters: `number` of the row, 0 for one that stands in no file yet; `spans`, of literals that are secret; `known`,
    texts that are.
    Returns: the row; what is not masked stays as it is.
    """
    cells = list(row)
    parts = [part for span in spans if (part := _part(span, number, row))]
    _hide(cells, (*parts, *_suspicious(row[:_LONGEST_ROW]), *_occurrences(row, known)))
    return "".join(cells)


def _hide(cells: list[str], ranges: Iterable[_Range]) -> None:
    """Put a mask over each range of cells; over those that overlap, one."""
    hidden = 0
    for start, end in sorted(ranges):
        if start < end:
            first = start >= hidden
            start, end = max(start, hidden), max(end, hidden)
            cells[start:end] = [MASK if first else "", *[""] * (end - start - 1)][: end - start]
            hidden = end


def _occurrences(row: str, known: Iterable[str]) -> Iterator[_Range]:
    """Where secret texts stand in a row: as a whole literal or, if no word could be mistaken for it, anywhere."""
    for text in known:
        start = row.find(text)
        while start >= 0:
            end = start + len(text)
            is_quoted = row[start - 1 : start] in ("'", '"') and row[end : end + 1] in ("'", '"')
            if is_quoted and row[: start - 1].endswith(("environ[", "getenv(", "environ.get(")):
                is_quoted = False  # a variable's name
            if is_quoted or (len(text) > 5 and not _WORDS_ONLY.match(text)):
                yield start, end
            start = row.find(text, end)


def _carets(cells: list[str], span: Span, start: int) -> str:
    end = span.end_col if span.end_line == span.line else len(cells)
    end = min(max(end, span.col + 1), start + WIDEST)
    before = _width("".join(cells[start : span.col]))
    return " " * before + "^" * max(1, _width("".join(cells[span.col : end]).rstrip()))


def _width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def _part(span: Span, number: int, row: str) -> _Range | None:
    """What of a row is the content of the string literal at a span."""
    if not span.line <= number <= span.end_line:
        return None
    start = span.col if number == span.line else len(row) - len(row.lstrip())
    end = span.end_col if number == span.end_line else len(row)
    if number == span.line and (opening := _OPENING.match(row, start, end)):
        start = opening.end()
    if number == span.end_line and (closing := _CLOSING.search(row, start, end)):
        end = closing.start()
    return start, end


def _suspicious(row: str) -> Iterable[_Range]:
    """The contents of string literals in a row that look like secrets, by the same eyes that the rules look with."""
    if bare := _BASE64_ROW.match(row):
        yield bare.span(1)
    for match in _STRING.finditer(row):
        group = match.lastindex or 1
        value = match[group]
        if value and _is_secret(row[max(0, match.start() - 120) : match.start()], value):
            yield match.span(group)


def _is_secret(before: str, value: str) -> bool:
    names = _IDENTIFIER.findall(before)[-4:] or [""]
    return any(
        literals.candidate(name, value) and literals.traits(name, value, role) & _SECRET_TRAITS
        for name in names
        for role in _ROLES
    )


def _decoded(source: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError:
        encoding = "utf-8-sig"
    try:
        return source.decode(encoding, "replace")
    except (LookupError, ValueError):
        return source.decode("latin-1")
