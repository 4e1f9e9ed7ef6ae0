"""The rules themselves: the table of all, and one explained. Everything is taken from the rules' classes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence

from api_lint import shapes
from api_lint.reports import table
from api_lint.rule import SAFE, UNSAFE, Rule
from api_lint.text import visible

# By which options a fix is made.
_ASKED = {SAFE: " (--fix)", UNSAFE: " (--fix --unsafe-fixes)"}


def render(rules: Sequence[type[Rule]], width: int | None, color: bool) -> Iterator[str]:
    """The table of rules.

    Parameters: `rules`; `width` of the terminal or `None`; `color`.
    Returns: its lines.
    """
    rows = [(r.code, r.name(), default(r), r.fix or "-", r.doc().summary) for r in rules]
    return table.render(("code", "name", "default", "fix", "summary"), rows, width, color)


def render_json(rules: Sequence[type[Rule]]) -> Iterator[str]:
    """All that is known of the rules, for programs.

    Parameters: `rules`.
    Returns: one JSON array.
    """
    yield json.dumps([_described(rule) for rule in rules], indent=2) + "\n"


def default(rule: type[Rule]) -> str:
    """`on` for a rule that runs without being selected, `opt` for one that does not."""
    return "on" if rule.default else "opt"


def explain(rule: type[Rule], width: int | None, color: bool) -> Iterator[str]:
    """A rule's documentation.

    Parameters: `rule`; `width` of the terminal or `None`; `color`.
    Returns: the text, piece by piece.
    """
    doc = rule.doc()
    title = f"{rule.code} {rule.name()}"
    yield f"\x1b[1m{title}\x1b[0m\n" if color else f"{title}\n"
    yield f"\n{visible_lines(doc.summary)}\n"
    if doc.why:
        yield f"\n{visible_lines(doc.why)}\n"
    for heading, code in (("Bad", doc.bad), ("Good", doc.good)):
        yield f"\n{heading}:\n\n"
        yield _highlighted(code) if color and width is not None else _indented(code)
    if doc.evidence:
        yield f"\nEvidence: {visible_lines(doc.evidence)}\n"
    yield f"\nDefault: {default(rule)}\n"
    if rule.fix:
        yield f"Fix: {rule.fix}{_ASKED[rule.fix]}\n"
    values = _options(rule)
    if values:
        yield f"\nOptions, in [tool.api-lint.rules.{rule.name()}]:\n\n"
        yield from (f"    {_set(name, value)}\n" for name, value in values.items())


def visible_lines(text: str) -> str:
    """Text of several lines, each of them made fit for a terminal."""
    return "\n".join(visible(line) for line in text.split("\n"))


def _described(rule: type[Rule]) -> dict[str, object]:
    doc = rule.doc()
    return {
        "code": rule.code,
        "name": rule.name(),
        "default": rule.default,
        "severity": rule.severity,
        "fix": rule.fix or None,
        "frameworks": [*rule.frameworks],
        "summary": doc.summary,
        "explanation": doc.why,
        "evidence": doc.evidence,
        "bad": doc.bad,
        "good": doc.good,
        "options": _options(rule),
    }


def _options(rule: type[Rule]) -> Mapping[str, object]:
    """Each option's default; `None` for one that is not set."""
    values = shapes.plain(rule.Options())
    return values if isinstance(values, Mapping) else {}


def _set(name: str, value: object) -> str:
    return f"# {name} is not set" if value is None else f"{name} = {shapes.toml(value)}"


def _indented(code: str) -> str:
    return "".join(
        f"    {line}".rstrip() + "\n" for line in visible_lines(code.rstrip("\n")).split("\n")
    )


def _highlighted(code: str) -> str:
    from rich.console import Console
    from rich.padding import Padding
    from rich.syntax import Syntax

    console = Console(file=io.StringIO(), width=120, force_terminal=True, legacy_windows=False)
    syntax = Syntax(
        visible_lines(code.rstrip("\n")), "python", theme="ansi_dark", background_color="default"
    )
    with console.capture() as capture:
        console.print(Padding(syntax, (0, 0, 0, 4)))
    return "".join(line.rstrip() + "\n" for line in capture.get().splitlines())
