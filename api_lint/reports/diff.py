"""The changes that fixes would make, as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from api_lint.facts import Span
from api_lint.reports import View
from api_lint.reports.frame import literal_texts, masked
from api_lint.text import visible


def render(
    changes: Mapping[str, tuple[bytes | None, bytes]],
    view: View,
    removed: Mapping[str, Sequence[Span]] | None = None,
) -> Iterator[str]:
    """Write the report.

    Parameters: `changes`, by path, a file's bytes before (`None` for a new one) and after; `view`, with the
    secrets that are in the changed files; `removed`, those that were in the old ones.
    Returns: the diff, file by file in the order of their paths.
    """
    known: set[str] = set()
    for path, spans in (removed or {}).items():
        if path in changes:
            known |= literal_texts(_rows(changes[path][0] or b""), spans)
    for path, spans in view.secrets.items():
        if path in changes:
            known |= literal_texts(_rows(changes[path][1]), spans)
    for path in sorted(changes):
        old, new = changes[path]
        was, now = (removed or {}).get(path, ()), view.secrets.get(path, ())
        before = [masked(row, i, was, known) for i, row in enumerate(_rows(old), 1)] if old else []
        after = [masked(row, i, now, known) for i, row in enumerate(_rows(new), 1)]
        name = view.path(path)
        origin = name if old is not None else "/dev/null"
        for line in difflib.unified_diff(before, after, origin, name, lineterm=""):
            style = {"-": "31", "+": "32", "@": "36"}.get(line[:1], "0")
            yield view.paint(style, visible(line)) + "\n"


def _rows(source: bytes) -> list[str]:
    return source.decode("utf-8", "backslashreplace").split("\n")
