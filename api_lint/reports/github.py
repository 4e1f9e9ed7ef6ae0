"""Findings as annotations on GitHub: workflow commands, and a summary of the job.

GitHub shows 10 errors and 10 warnings of a step and drops the rest without a word
(docs.github.com/actions, "Workflow commands"). So these are spent on errors first, what is left stands in the log as
plain rows, and the last row tells how many those are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from api_lint.reports import View, closing
from api_lint.rule import Diagnostic
from api_lint.text import visible

_MOST = 10
_KINDS = {"error": "error", "warning": "warning"}

# A step may write 1 MiB of summary; a larger one is dropped as a whole.
_SUMMARY = 1024 * 1024
_PLAIN = re.compile(r"[\w./:-]+\Z")


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics`; `view`.
    Returns: the commands, errors before warnings, then the findings that GitHub would not show, and a closing row.
    """
    annotated: dict[str, list[Diagnostic]] = {"error": [], "warning": [], "notice": []}
    rest: list[Diagnostic] = []
    for diagnostic in diagnostics:
        found = annotated[_KINDS.get(diagnostic.severity, "notice")]
        (found if len(found) < _MOST else rest).append(diagnostic)
    for kind, found in annotated.items():
        yield from (_command(kind, diagnostic, view) for diagnostic in found)
    for diagnostic in sorted(rest, key=lambda d: d.severity != "error"):
        yield f"{_place(diagnostic, view)}: {_text(diagnostic)}\n"
    if rest:
        yield f"GitHub shows {_MOST} errors and {_MOST} warnings of a step: {len(rest)} more stand above without annotation.\n"
    yield closing(diagnostics, view)


def summary(
    diagnostics: Sequence[Diagnostic], view: View, written: int, environ: Mapping[str, str]
) -> Iterator[str]:
    """The summary of the job, in Markdown.

    Parameters: `diagnostics`; `view`; `written`, how many bytes the step's summary already has; `environ`, with GitHub's
    variables.
    Returns: the text, which keeps the whole within the limit.
    """
    from api_lint.reports import markdown

    before = "\n" if written else ""
    for row in markdown.render(diagnostics, view, _SUMMARY - written - 1, _link(environ)):
        yield before + row
        before = ""


def _link(environ: Mapping[str, str]) -> str:
    """The address of the repository's files at the commit of the run, "" where GitHub does not tell."""
    server, name, commit = (
        environ.get(f"GITHUB_{key}", "") for key in ("SERVER_URL", "REPOSITORY", "SHA")
    )
    is_told = server.startswith("https://") and all(map(_PLAIN.match, (server, name, commit)))
    return f"{server}/{name}/blob/{commit}" if is_told else ""


def _command(kind: str, diagnostic: Diagnostic, view: View) -> str:
    span = diagnostic.span
    properties = {
        "title": f"api-lint {diagnostic.code} {diagnostic.name}",
        "file": view.repository_path(diagnostic.path),
        "line": span.line,
        "endLine": span.end_line,
    }
    if span.line == span.end_line:  # columns of several rows make GitHub drop the annotation
        properties |= {"col": span.col + 1, "endColumn": max(span.end_col, span.col) + 1}
    shown = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{kind} {shown}::{_data(f'{_place(diagnostic, view)}: {_text(diagnostic)}')}\n"


def _place(diagnostic: Diagnostic, view: View) -> str:
    span = diagnostic.span
    return f"{visible(view.repository_path(diagnostic.path))}:{span.line}:{span.col + 1}"


def _text(diagnostic: Diagnostic) -> str:
    return f"{visible(diagnostic.code)} {visible(diagnostic.message)}"


def _data(text: str) -> str:
    """Text behind a command, as the runner unescapes it (actions/runner, ActionCommand)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The value of a command's property. What the runner itself gives back raw may hold what a terminal obeys."""
    return _data(_printable(text)).replace(":", "%3A").replace(",", "%2C")


def _printable(text: str) -> str:
    return "".join(char if char in "\r\n" else visible(char) for char in text)
