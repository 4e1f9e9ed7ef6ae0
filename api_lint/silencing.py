"""Write the comments that silence findings.

A comment goes to the row that a reader would look at first, the finding's own; where none can stand, in a string of
several rows or before a backslash, to the row on which that ends. What stands on the row stays: codes join a suppression
that has the same reason, and any other comment is left where it is, in front.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from api_lint import fixes, noqa
from api_lint.config import ProblemError
from api_lint.index import Unreadable, parse
from api_lint.noqa import Suppression, Suppressions
from api_lint.rule import Diagnostic
from api_lint.text import visible

_ROW = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


class ReasonError(ProblemError):
    """A reason that cannot stand in a comment."""


class Silenced(NamedTuple):
    """A file's new content, the findings that are silent in it, and those for which no comment can stand anywhere."""

    content: bytes
    silenced: tuple[Diagnostic, ...]
    refused: tuple[Diagnostic, ...]


def check(reason: str) -> str:
    """The reason, ready to stand in a comment.

    Raises: ReasonError for none at all, one of several rows or with characters that hide, and one that reads as another
    comment.
    """
    text = reason.strip()
    if not text:
        raise ReasonError("a suppression needs a reason")
    if visible(text) != text:
        raise ReasonError("the reason must be one row of visible text")
    if noqa.holds_comment(text):
        raise ReasonError("the reason reads as another comment")
    return text


def add(content: bytes, path: str, diagnostics: Sequence[Diagnostic], reason: str) -> Silenced:
    """Silence findings of a file.

    Parameters: `content` of the file at `path`; `diagnostics` of it; `reason`, checked.
    Returns: the file with a suppression at each finding.
    Raises: Refused where the encoding lacks characters of the reason, or the result would be other code.
    """
    source = fixes.read(content)
    comments = noqa.read(content)
    codes: dict[int, set[str]] = {}
    refused = []
    for diagnostic in diagnostics:
        row = next((row for row in comments.rows(diagnostic) if row in comments.open_rows), None)
        if row is None:
            refused.append(diagnostic)
        else:
            codes.setdefault(row, set()).add(diagnostic.code)
    pieces = []
    for number, match in enumerate(_ROW.finditer(source.text), 1):
        text = _row(match[1], number, codes, comments, reason) if number in codes else match[1]
        pieces.append(text + match[2])
    after = source.encode("".join(pieces))
    if not _is_same_code(content, after, path):
        raise fixes.Refused("the comments would change the code")
    return Silenced(after, tuple(d for d in diagnostics if d not in refused), tuple(refused))


def _row(
    row: str, number: int, codes: Mapping[int, set[str]], comments: Suppressions, reason: str
) -> str:
    """A row with the suppression of some codes."""
    for part in comments.parts:
        if part.span.line == number and _takes(part, reason):
            assert part.names is not None
            names = part.names
            merged = dict.fromkeys([*part.selectors, *sorted(codes[number])])
            return row[: names.col] + ", ".join(merged) + row[names.end_col :]
    return f"{row.rstrip()}  # api-lint: ignore[{', '.join(sorted(codes[number]))}] {reason}"


def _takes(part: Suppression, reason: str) -> bool:
    is_ours = part.kind == "ignore" and not part.for_file and part.names is not None
    return is_ours and part.reason == reason


def _is_same_code(before: bytes, after: bytes, path: str) -> bool:
    try:
        return ast.dump(parse(before, path)) == ast.dump(parse(after, path))
    except (Unreadable, RecursionError):
        return False
