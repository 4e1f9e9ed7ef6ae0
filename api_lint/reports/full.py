"""Findings for people: the message, the place, the code around it, and the places that explain it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api_lint.reports import View, closing
from api_lint.reports.frame import Frames
from api_lint.rule import SAFE, Diagnostic
from api_lint.text import visible

_STYLES = {"error": "1;31", "warning": "1;33"}


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view`.
    Returns: the text, finding by finding, and a closing line.
    """
    frames = Frames(view)
    for diagnostic in diagnostics:
        yield "\n".join(_lines(diagnostic, frames, view)) + "\n\n"
    yield closing(diagnostics, view)


def _lines(diagnostic: Diagnostic, frames: Frames, view: View) -> Iterator[str]:
    span = diagnostic.span
    code = view.paint(_STYLES.get(diagnostic.severity, "1;33"), visible(diagnostic.code))
    yield f"{code} {view.paint('1', visible(diagnostic.message))}"
    place = f"{view.path(diagnostic.path)}:{span.line}:{span.col + 1}"
    yield f"{view.paint('1;34', '   -->')} {place}"
    yield from frames.of(diagnostic.path, span)
    for related in diagnostic.related:
        where = f"{view.path(related.path)}:{related.span.line}:{related.span.col + 1}"
        yield f"{view.paint('1;34', '    =')} {where}: {visible(related.message)}"
    if diagnostic.fix is not None:
        option = "--fix" if diagnostic.fix.safety == SAFE else "--unsafe-fixes"
        yield f"{view.paint('1;34', '    =')} {view.paint('1;32', 'fix')} ({option}): {visible(diagnostic.fix.title)}"
        yield from frames.changed(diagnostic.path, diagnostic.fix)
    elif diagnostic.refused:
        yield f"{view.paint('1;34', '    =')} no fix here: {visible(diagnostic.refused)}"
