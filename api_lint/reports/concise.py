"""One line a finding: `path:row:column: code message`, as editors and grep read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api_lint.reports import View, closing
from api_lint.rule import Diagnostic
from api_lint.text import visible


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view`.
    Returns: the lines, and a closing one.
    """
    for diagnostic in diagnostics:
        span = diagnostic.span
        place = f"{view.paint('1', view.path(diagnostic.path))}:{span.line}:{span.col + 1}:"
        code = view.paint("1;31", visible(diagnostic.code))
        yield f"{place} {code} {visible(diagnostic.message)}\n"
    yield closing(diagnostics, view)
