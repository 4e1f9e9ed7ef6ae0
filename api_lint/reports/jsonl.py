"""Findings for programs that read row by row: each row is one of the objects of the JSON format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from api_lint.reports import View
from api_lint.reports.json import finding
from api_lint.rule import Diagnostic


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view` for the absolute paths.
    Returns: a JSON object a row, in ASCII; nothing at all where nothing was found.
    """
    for diagnostic in diagnostics:
        yield json.dumps(finding(diagnostic, view)) + "\n"
