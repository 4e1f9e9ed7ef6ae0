"""Findings as a Markdown table, for comments on pull requests and job summaries (GitHub Flavored Markdown)."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from api_lint.reports import View
from api_lint.rule import Diagnostic
from api_lint.text import visible

# GitHub takes 65,536 characters for a comment; what a bot writes around the table needs some.
_COMMENT = 60_000
_CLOSING_ROOM = 100
_TABLE = "\n| | rule | place | message |\n|---|---|---|---|\n"

# Written as entities, so that no text becomes markup, a mention, a reference to an issue, an address to click on, or
# the end of a cell. An entity is the same in every dialect, a backslash is not.
_MARKUP = re.compile(r"[&<>\"'|\\`*_~\[\]@#$!]|:(?=//)|(?<=www)\.")


def render(
    diagnostics: Sequence[Diagnostic], view: View, limit: int = _COMMENT, link: str = ""
) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view`; `limit`, how many bytes it may take, beyond which the
    remaining findings are only counted, errors being the last to go; `link`, the address of the repository's files at
    the revision in question, to which places are then linked.
    Returns: the text, row by row; none at all where not even the heading fits.
    """
    head = _heading(diagnostics, view) + (_TABLE if diagnostics else "")
    room = limit - len(head.encode()) - _CLOSING_ROOM
    if room < 0:
        return
    yield head
    ranked = sorted(diagnostics, key=lambda d: d.severity != "error")
    for number, diagnostic in enumerate(ranked):
        row = _row(diagnostic, view, link)
        room -= len(row.encode())
        if room < 0:
            yield f"\n… and {len(ranked) - number} more.\n"
            return
        yield row


def _heading(diagnostics: Sequence[Diagnostic], view: View) -> str:
    errors = (f"\nThe run is not complete: {escaped(error)}\n" for error in view.errors[:10])
    return f"**api-lint: {_counted(diagnostics)}**\n{''.join(errors)}"


def _counted(diagnostics: Sequence[Diagnostic]) -> str:
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    kinds = sorted(counts, key=lambda kind: kind != "error")
    parts = [f"{counts[kind]} {visible(kind)}{'s' if counts[kind] > 1 else ''}" for kind in kinds]
    return ", ".join(parts) if parts else "nothing found"


def _row(diagnostic: Diagnostic, view: View, link: str) -> str:
    path, line = view.repository_path(diagnostic.path), diagnostic.span.line
    place = escaped(f"{path}:{line}")
    if link:
        place = f"[{place}]({link}/{quote(os.fsencode(path))}#L{line})"
    rule = f"{escaped(diagnostic.code)} {escaped(diagnostic.name)}"
    sign = "❌" if diagnostic.severity == "error" else "⚠️"
    return f"| {sign} | {rule} | {place} | {escaped(diagnostic.message)} |\n"


def escaped(text: str) -> str:
    """Text of strangers that stays text in Markdown.

    Parameters: `text`. Returns: it on one row, with all that could be markup as entities.
    """
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", visible(text))
