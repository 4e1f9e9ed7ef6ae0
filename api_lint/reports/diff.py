"""The changes that fixes would make, as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from api_lint.reports import View
from api_lint.text import visible


def render(changes: Mapping[str, tuple[bytes | None, bytes]], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `changes`, by path, a file's bytes before (`None` for a new one) and after; `view`.
    Returns: the diff, file by file in the order of their paths.
    """
    for path in sorted(changes):
        old, new = changes[path]
        before = old.decode("utf-8", "backslashreplace").split("\n") if old is not None else []
        after = new.decode("utf-8", "backslashreplace").split("\n")
        name = view.path(path)
        origin = name if old is not None else "/dev/null"
        for line in difflib.unified_diff(before, after, origin, name, lineterm=""):
            style = {"-": "31", "+": "32", "@": "36"}.get(line[:1], "0")
            yield view.paint(style, visible(line)) + "\n"
