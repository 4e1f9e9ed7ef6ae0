"""Findings for reviewdog: its diagnostic format as one JSON document (github.com/reviewdog/reviewdog, proto/rdf)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from api_lint.facts import Span
from api_lint.fixes import Refused, read
from api_lint.reports import View
from api_lint.reports.edits import Edits
from api_lint.reports.json import document
from api_lint.rule import Diagnostic, TextEdit
from api_lint.text import visible

_SEVERITIES = {"error": "ERROR", "warning": "WARNING"}
_ROW_END = re.compile(r"\r\n|\r|\n")


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view`.
    Returns: one JSON object, in ASCII. A fix is a suggestion if it changes one place: reviewdog offers the suggestions
    of a finding one by one, and a part of a fix alone would do harm.
    """
    edits, columns = Edits(view), _Columns(view)
    found = (_diagnostic(diagnostic, edits, columns, view) for diagnostic in diagnostics)
    yield from document({"source": {"name": "api-lint"}, "diagnostics": []}, "diagnostics", found)


def _diagnostic(
    diagnostic: Diagnostic, edits: Edits, columns: _Columns, view: View
) -> dict[str, object]:
    path = diagnostic.path
    result: dict[str, object] = {
        "message": visible(diagnostic.message),
        "location": {
            "path": view.near_path(path),
            "range": columns.range(path, diagnostic.span),
        },
        "severity": _SEVERITIES.get(diagnostic.severity, "INFO"),
        "code": {"value": diagnostic.code},
    }
    made: Sequence[TextEdit] = edits.of(diagnostic)
    if len(made) == 1:
        span, content = made[0]
        result["suggestions"] = [{"range": columns.range(path, span), "text": content}]
    return result


class _Columns:
    """Columns as reviewdog counts them: in bytes of UTF-8, from 1. Each file is read once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._rows: dict[str, Sequence[str]] = {}

    def range(self, path: str, span: Span) -> dict[str, object]:
        return {
            "start": {"line": span.line, "column": self._column(path, span.line, span.col)},
            "end": {"line": span.end_line, "column": self._column(path, span.end_line, span.end_col)},
        }

    def _column(self, path: str, line: int, col: int) -> int:
        if path not in self._rows:
            try:
                self._rows[path] = _ROW_END.split(read(self._view.read(path)).text)
            except Refused:
                self._rows[path] = ()
        rows = self._rows[path]
        row = rows[line - 1] if line <= len(rows) else ""
        return len(row[:col].encode("utf-8", "surrogatepass")) + max(0, col - len(row)) + 1
