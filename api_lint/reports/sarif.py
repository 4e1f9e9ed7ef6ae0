"""Findings for code scanning services: SARIF 2.1.0, the OASIS standard (docs.oasis-open.org/sarif/sarif/v2.1.0).

Addresses are relative to the repository's root (`SRCROOT`), and no path of the machine is told. GitHub computes a line
hash of its own where a report has none, and warns of every result that has another one: so ours goes by its own name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from api_lint import __version__
from api_lint.facts import Span
from api_lint.fingerprint import Fingerprint, fingerprints
from api_lint.registry import OWN_CODES
from api_lint.reports import View
from api_lint.reports.edits import Edits
from api_lint.reports.json import document
from api_lint.rule import Diagnostic, Rule
from api_lint.text import visible

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_LEVELS = {"error": "error", "warning": "warning"}


def render(diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Write the report.

    Parameters: `diagnostics` in the order to be shown; `view`, also for the rules and the errors of the run.
    Returns: one SARIF log with one run, in ASCII.
    """
    rules = _rules(diagnostics, view)
    positions = {rule["id"]: number for number, rule in enumerate(rules)}
    keys = fingerprints(diagnostics, view.read, view.secrets)
    edits = Edits(view)
    results = (
        _result(diagnostic, key, positions[diagnostic.code], edits, view)
        for diagnostic, key in zip(diagnostics, keys)
    )
    yield from document(_log(rules, view), "results", results)


def _log(rules: Sequence[dict[str, object]], view: View) -> dict[str, object]:
    driver = {"name": "api-lint", "version": __version__, "semanticVersion": __version__, "rules": rules}
    notifications = [{"level": "error", "message": _message(error)} for error in view.errors]
    invocation = {
        "executionSuccessful": not notifications,
        "toolExecutionNotifications": notifications,
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rules(diagnostics: Sequence[Diagnostic], view: View) -> list[dict[str, object]]:
    """The rules of the run, and the codes of findings that no rule has made."""
    described = {rule.code: _rule(rule) for rule in view.rules}
    for diagnostic in diagnostics:
        if diagnostic.code not in described:
            described[diagnostic.code] = _own(diagnostic)
    return [described[code] for code in sorted(described)]


def _rule(rule: type[Rule]) -> dict[str, object]:
    doc = rule.doc()
    return {
        "id": rule.code,
        "name": rule.name(),
        "shortDescription": {"text": doc.summary or rule.name()},
        "fullDescription": {"text": "\n\n".join(filter(None, (doc.summary, doc.why))) or rule.name()},
        "help": {"text": _help(rule, False), "markdown": _help(rule, True)},
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity, "note"), "enabled": rule.default},
        "properties": {
            "tags": [*(["security"] if rule.secret else []), *rule.frameworks],
            "problem.severity": rule.severity,
        },
    }


def _own(diagnostic: Diagnostic) -> dict[str, object]:
    text = OWN_CODES.get(diagnostic.code, diagnostic.name).partition(": ")[2] or diagnostic.name
    return {
        "id": diagnostic.code,
        "name": diagnostic.name,
        "shortDescription": {"text": visible(text)},
        "defaultConfiguration": {"level": _LEVELS.get(diagnostic.severity, "note")},
    }


def _help(rule: type[Rule], is_markdown: bool) -> str:
    """A rule's documentation. Its docstring's code spans have two backticks, which Markdown takes as well."""
    doc = rule.doc()
    parts = [doc.summary, doc.why]
    for heading, code in (("Bad", doc.bad), ("Good", doc.good)):
        if code and is_markdown:
            parts.append(f"**{heading}**\n\n```python\n{code.rstrip()}\n```")
        elif code:
            parts.append(f"{heading}:\n\n{code.rstrip()}")
    parts.append(f"Evidence: {doc.evidence}" if doc.evidence else "")
    if rule.fix:
        parts.append(f"Fix: {rule.fix}.")
    comment = f"# api-lint: ignore[{rule.code}]"
    parts.append(f"Silenced by `{comment}`." if is_markdown else f"Silenced by: {comment}")
    return "\n\n".join(filter(None, parts)) + "\n"


def _result(
    diagnostic: Diagnostic, key: Fingerprint, position: int, edits: Edits, view: View
) -> dict[str, object]:
    location = _location(diagnostic.path, diagnostic.span, view)
    if key.definition:
        location["logicalLocations"] = [{"fullyQualifiedName": visible(key.definition)}]
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": position,
        "level": _LEVELS.get(diagnostic.severity, "note"),
        "message": _message(diagnostic.message),
        "locations": [location],
        "partialFingerprints": {"apiLint/v1": key.digest},
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": number, **_location(path, span, view), "message": _message(message)}
            for number, (path, span, message) in enumerate(diagnostic.related, 1)
        ]
    replacements = [
        {"deletedRegion": _region(span), "insertedContent": {"text": content}}
        for span, content in edits.of(diagnostic)
    ]
    if diagnostic.fix is not None and replacements:
        change = {"artifactLocation": _artifact(diagnostic.path, view), "replacements": replacements}
        result["fixes"] = [{"description": _message(diagnostic.fix.title), "artifactChanges": [change]}]
        result["properties"] = {"fixApplicability": diagnostic.fix.safety}
    return result


def _location(path: str, span: Span, view: View) -> dict[str, object]:
    return {"physicalLocation": {"artifactLocation": _artifact(path, view), "region": _region(span)}}


def _artifact(path: str, view: View) -> dict[str, str]:
    # A name's bytes, UTF-8 or not; a first part with a colon would be taken for a scheme, and is quoted too.
    return {"uri": quote(os.fsencode(view.repository_path(path))), "uriBaseId": _ROOT}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.col + 1,
        "endLine": span.end_line,
        "endColumn": span.end_col + 1,
    }


def _message(text: str) -> dict[str, str]:
    """A message. Where brackets would make a link of somebody's text, they are escaped (SARIF 3.11.6)."""
    shown = visible(text)
    return {"text": shown.replace("[", "\\[").replace("]", "\\]") if "](" in shown else shown}
