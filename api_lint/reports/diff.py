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
        before, after = _shown(old or b"", was, known), _shown(new, now, known)
        name = view.path(path)
        origin = name if old is not None else "/dev/null"
        for line in difflib.unified_diff(before, after, origin, name):
            style = {"-": "31", "+": "32", "@": "36"}.get(line[:1], "0")
            yield view.paint(style, visible(line.removesuffix("\n"))) + "\n"
            if not line.endswith("\n"):
                yield "\\ No newline at end of file\n"


def _shown(source: bytes, secrets: Sequence[Span], known: set[str]) -> list[str]:
    """A file's rows, the secret parts masked; the last one ends in a newline only if it does in the file."""
    *rows, last = (masked(row, i, secrets, known) for i, row in enumerate(_rows(source), 1))
    return [*(f"{row}\n" for row in rows), *([last] if last else [])]


def _rows(source: bytes) -> list[str]:
    return source.decode("utf-8", "backslashreplace").split("\n")
