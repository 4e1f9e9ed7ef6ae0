"""How often each rule found something, the most frequent first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from api_lint.reports import View, closing
from api_lint.rule import Diagnostic
from api_lint.text import visible


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the counts for people.

    Parameters: `diagnostics`; `view`.
    Returns: a line a rule, and a closing one.
    """
    counts = _counts(diagnostics)
    width = max((len(str(count)) for _, _, count in counts), default=1)
    for code, name, count in counts:
        yield f"{count:>{width}}  {view.paint('1;31', visible(code))}  {visible(name)}\n"
    yield closing(diagnostics, view)


def render_json(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """Write the counts for programs.

    Parameters: `diagnostics`.
    Returns: one JSON array with ruff's fields.
    """
    rows = [
        {"code": code, "name": name, "count": count, "fixable": False}
        for code, name, count in _counts(diagnostics)
    ]
    yield json.dumps(rows, indent=2) + "\n"


def _counts(diagnostics: Sequence[Diagnostic]) -> list[tuple[str, str, int]]:
    counts = Counter((diagnostic.code, diagnostic.name) for diagnostic in diagnostics)
    return sorted(((*rule, count) for rule, count in counts.items()), key=lambda row: (-row[2], row[0]))
