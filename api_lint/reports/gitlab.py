"""Findings for GitLab's Code Quality (docs.gitlab.com/ci/testing/code_quality)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api_lint.fingerprint import Fingerprint, fingerprints
from api_lint.reports import View
from api_lint.reports.json import array
from api_lint.rule import Diagnostic
from api_lint.text import visible

_SEVERITIES = {"error": "major", "warning": "minor"}


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view`.
    Returns: one JSON array, in ASCII. GitLab compares the fingerprints of two revisions and shows what is new.
    """
    keys = fingerprints(diagnostics, view.read, view.secrets)
    yield from array(_issue(diagnostic, key, view) for diagnostic, key in zip(diagnostics, keys))


def _issue(diagnostic: Diagnostic, key: Fingerprint, view: View) -> dict[str, object]:
    span = diagnostic.span
    return {
        "description": f"{visible(diagnostic.code)}: {visible(diagnostic.message)}",
        "check_name": visible(diagnostic.name),
        "fingerprint": key.digest,
        "severity": _SEVERITIES.get(diagnostic.severity, "info"),
        "location": {
            "path": view.repository_path(diagnostic.path),
            "lines": {"begin": span.line, "end": span.end_line},
        },
    }
