"""Findings as issues of an Azure Pipelines run: logging commands (learn.microsoft.com, "Logging commands")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api_lint.reports import View, closing
from api_lint.rule import Diagnostic
from api_lint.text import visible


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view`.
    Returns: a command a finding, and a closing row.
    """
    yield from (_command(diagnostic, view) for diagnostic in diagnostics)
    yield closing(diagnostics, view)


def _command(diagnostic: Diagnostic, view: View) -> str:
    properties = {
        "type": "error" if diagnostic.severity == "error" else "warning",  # there is no third
        "sourcepath": view.repository_path(diagnostic.path),
        "linenumber": diagnostic.span.line,
        "columnnumber": diagnostic.span.col + 1,
        "code": diagnostic.code,
    }
    shown = "".join(f"{name}={_property(str(value))};" for name, value in properties.items())
    return f"##vso[task.logissue {shown}]{_data(visible(diagnostic.message))}\n"


def _data(text: str) -> str:
    """Text behind a command, as the agent unescapes it (microsoft/azure-pipelines-agent, Command)."""
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    printable = "".join(char if char in "\r\n" else visible(char) for char in text)
    return _data(printable).replace(";", "%3B").replace("]", "%5D")
