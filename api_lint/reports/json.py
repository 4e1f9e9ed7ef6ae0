"""Findings for programs, in the JSON that ruff writes, with `name`, `severity`, `related` and `refused` (why there is no
fix) beside its fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from api_lint.facts import Span
from api_lint.reports import View
from api_lint.rule import AddCode, Diagnostic


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view` for the absolute paths.
    Returns: one JSON array, in ASCII.
    """
    yield json.dumps([_finding(diagnostic, view) for diagnostic in diagnostics], indent=2) + "\n"


def _finding(diagnostic: Diagnostic, view: View) -> dict[str, object]:
    return {
        "cell": None,
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "filename": view.full_path(diagnostic.path),
        **_place(diagnostic.span),
        "message": diagnostic.message,
        "fix": None if _shows_secret(diagnostic, view) else _fix(diagnostic, view),
        "noqa_row": diagnostic.noqa_line,
        "url": None,
        "related": [
            {"filename": view.full_path(path), **_place(span), "message": message}
            for path, span, message in diagnostic.related
        ],
        "refused": diagnostic.refused or None,
    }


def _shows_secret(diagnostic: Diagnostic, view: View) -> bool:
    """Whether the new text of a fix holds a secret, as where a call moves that a password is passed to."""
    from api_lint.reports.frame import masked

    if diagnostic.fix is None:
        return False
    secrets = view.secrets.get(diagnostic.path, ())
    for span, content in diagnostic.fix.edits:
        inside = (s for s in secrets if span[:2] <= s[:2] and s[2:] <= span[2:])
        if any(s != diagnostic.span for s in inside):
            return True
        if any(masked(row, 0, ()) != row for row in content.splitlines()):
            return True
    added = [row for other in diagnostic.fix.others for row in other.added.splitlines()]
    return any(masked(row, 0, ()) != row for row in added)


def _fix(diagnostic: Diagnostic, view: View) -> dict[str, object] | None:
    """ruff's form of a fix: its title, how far it can be trusted, the text edits with the imports they need, and what it
    adds to other files."""
    fix = diagnostic.fix
    if fix is None:
        return None
    return {
        "applicability": fix.safety,
        "message": fix.title,
        "edits": [{"content": edit.content, **_place(edit.span)} for edit in fix.edits],
        "imports": _imports(fix.imports),
        "others": [
            {
                "filename": view.full_path(other.path),
                "content": other.added,
                "imports": _imports(other.imports) if isinstance(other, AddCode) else [],
            }
            for other in fix.others
        ],
    }


def _imports(needs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"from {module} import {name}" if name else f"import {module}" for module, name in needs]


def _place(span: Span) -> dict[str, dict[str, int]]:
    return {
        "location": {"row": span.line, "column": span.col + 1},
        "end_location": {"row": span.end_line, "column": span.end_col + 1},
    }
