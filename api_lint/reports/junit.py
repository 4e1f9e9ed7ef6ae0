"""Findings as a JUnit report: each finding is a test that failed, a file that cannot be read or a rule that broke an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from api_lint.reports import View
from api_lint.rule import Diagnostic
from api_lint.text import visible

# What XML 1.0 has no way to write; `visible` leaves these two to pass as ordinary characters.
_NO_XML = re.compile("[\ufffe\uffff]")
_UNREADABLE = "API000"


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view`.
    Returns: an XML document with one suite; a suite without findings has one test, which passes.
    """
    errors = len(view.errors) + sum(d.code == _UNREADABLE for d in diagnostics)
    tests = len(diagnostics) + len(view.errors)
    counts = f'tests="{tests or 1}" failures="{tests - errors}" errors="{errors}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="api-lint" {counts} time="0">\n'
    yield f'  <testsuite name="api-lint" {counts} skipped="0" time="0">\n'
    for diagnostic in diagnostics:
        yield _case(diagnostic, view)
    for error in view.errors:
        yield _xml("api-lint", "run", "", "error", error, error)
    if not tests:
        yield '    <testcase classname="api-lint" name="all checks" time="0"/>\n'
    yield "  </testsuite>\n</testsuites>\n"


def _case(diagnostic: Diagnostic, view: View) -> str:
    span, path = diagnostic.span, view.repository_path(diagnostic.path)
    place = f"{path}:{span.line}:{span.col + 1}"
    kind = "error" if diagnostic.code == _UNREADABLE else "failure"
    name = f"{diagnostic.code} {diagnostic.name} {place}"
    where = f" file={_quoted(path)} line={_quoted(str(span.line))}"
    text = f"{place}: {diagnostic.code} {diagnostic.message}"
    return _xml(path, name, where, kind, diagnostic.message, text, diagnostic.severity)


def _xml(
    classname: str, name: str, where: str, kind: str, message: str, text: str, severity: str = "error"
) -> str:
    return (
        f'    <testcase classname={_quoted(classname)} name={_quoted(name)}{where} time="0">\n'
        f"      <{kind} message={_quoted(message)} type={_quoted(severity)}>{escape(_legal(text))}</{kind}>\n"
        "    </testcase>\n"
    )


def _quoted(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    return _NO_XML.sub(lambda match: f"\\u{ord(match[0]):x}", visible(text))
