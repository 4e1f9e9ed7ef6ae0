"""Findings for programs, in the JSON that ruff writes, with `name`, `severity`, `related` and `refused` (why there is no
fix) beside its fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from api_lint.facts import Span
from api_lint.reports import View
from api_lint.reports.edits import shows_secret
from api_lint.rule import AddCode, Diagnostic


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view` for the absolute paths.
    Returns: one JSON array, in ASCII.
    """
    yield from array(finding(diagnostic, view) for diagnostic in diagnostics)


def array(items: Iterable[object]) -> Iterator[str]:
    """A JSON array, piece by piece, as `json.dumps(…, indent=2)` would write it.

    Parameters: `items`. Returns: its text with a line end.
    """
    before = "["
    for item in items:
        text = json.dumps(item, indent=2).replace("\n", "\n  ")
        yield f"{before}\n  {text}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def document(content: Mapping[str, object], key: str, items: Iterable[object]) -> Iterator[str]:
    """A JSON object, piece by piece, of which one member is a long array.

    Parameters: `content`, with an empty list at `key`, on whatever level; `items` of that list.
    Returns: its text, a row for each item, with a line end.
    """
    # A quote within a string is escaped, so this stands in no string.
    head, _, tail = json.dumps(content).partition(f'"{key}": []')
    yield f'{head}"{key}": ['
    before = "\n"
    for item in items:
        yield before + json.dumps(item)
        before = ",\n"
    yield f"\n]{tail}\n"


def finding(diagnostic: Diagnostic, view: View) -> dict[str, object]:
    """A finding in ruff's fields and ours.

    Parameters: `diagnostic`; `view` for the absolute paths and for what is secret.
    """
    return {
        "cell": None,
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "filename": view.full_path(diagnostic.path),
        **_place(diagnostic.span),
        "message": diagnostic.message,
        "fix": _fix(diagnostic, view),
        "noqa_row": diagnostic.noqa_line,
        "url": None,
        "related": [
            {"filename": view.full_path(path), **_place(span), "message": message}
            for path, span, message in diagnostic.related
        ],
        "refused": diagnostic.refused or None,
    }


def _fix(diagnostic: Diagnostic, view: View) -> dict[str, object] | None:
    """ruff's form of a fix: its title, how far it can be trusted, the text edits with the imports they need, and what it
    adds to other files."""
    fix = diagnostic.fix
    if fix is None or shows_secret(diagnostic, view):
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
