"""What a rule is: one class with a code, its documentation, and hooks that the engine calls.

A rule sees only what it is handed. Hooks named after LibCST nodes (`visit_Call`, `visit_ExceptHandler`) are called for
every such node of the slices the engine parses; those in lower case for what only the facts tell: `visit_route(route, at)`,
`visit_model(cls, at)`, `visit_schema(cls, at)`, and `visit_module(module, at)`, once a file.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from api_lint.facts import Span

if TYPE_CHECKING:
    import libcst as cst

    from api_lint.api import Api, Module

API_HOOKS = ("visit_module", "visit_route", "visit_model", "visit_schema")


# What is no rule's to find: a file that cannot be handled, a suppression that silences nothing. Code and name.
UNREADABLE = ("API000", "unreadable-file")
UNUSED = ("API001", "unused-suppression")


class Related(NamedTuple):
    """Another place that explains a finding. `path` is relative to the run's root."""

    path: str
    span: Span
    message: str


# How far a fix can be trusted: `safe` ones keep behaviour, `unsafe` ones may change it and need to be asked for.
SAFE, UNSAFE = "safe", "unsafe"


@dataclass(frozen=True, slots=True)
class Replace:
    """An edit: the node `old` of the file becomes `new`; a statement may become several."""

    old: cst.CSTNode
    new: cst.CSTNode | cst.FlattenSentinel[cst.CSTNode]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An edit: the text at `span` of the file becomes `content`. For what stands outside the statement at hand; in a hook
    that has no nodes (`visit_module`) the only one: `Syntax` of `at.rows` gives the spans."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class NeedImport:
    """An edit: the file imports `module`, or `name` from it, if it does not already."""

    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class AddLine:
    """An edit of another file: the text file at `path` (relative to the root) has the row `line`; made if absent."""

    path: str
    line: str

    @property
    def added(self) -> str:
        """The text that the file gains, rows that end in a newline."""
        return self.line + "\n"


@dataclass(frozen=True, slots=True)
class AddCode:
    """An edit of another file: `code`, whole statements, stands at the end of the module at `path` (relative to the
    root; made if absent), which has `imports` as (module, name), the name "" for `import module`."""

    path: str
    code: str
    imports: tuple[tuple[str, str], ...] = ()

    @property
    def added(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class AddField:
    """An edit of another file: the class `cls` (its qualname) of the module at `path` (relative to the root) has the
    field `code`, one row such as `debug: bool = False`, below its other fields."""

    path: str
    cls: str
    code: str

    @property
    def added(self) -> str:
        return self.code + "\n"


Edit = Replace | Rewrite | NeedImport | AddLine | AddCode | AddField


@dataclass(frozen=True, slots=True)
class Fix:
    """What puts a finding right: its title says what is done; all of its edits are made, or none."""

    title: str
    safety: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's finding at a node or a span of the file under the engine's eyes.

    `fix` puts it right; where there could be one and is not, `refused` says why.
    """

    where: cst.CSTNode | Span
    message: str
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    refused: str = ""

    def fixed_by(self, title: str, *edits: Edit, safety: str = UNSAFE) -> Finding:
        """The finding with a fix.

        Parameters: `title`, what the fix does, in the imperative; `edits`; `safety`, `SAFE` or `UNSAFE`.
        """
        return replace(self, fix=Fix(title, safety, edits))

    def unfixable(self, reason: str) -> Finding:
        """The finding with the reason why it has no fix here."""
        return replace(self, refused=reason)


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a rule that has none."""


@dataclass(frozen=True, slots=True)
class Doc:
    """A rule's documentation, taken from its docstring: `summary` one sentence, `why` prose, `bad` and `good` code,
    `evidence` prose that says what a finding rests on, how sure that is, and where the rule is silent."""

    summary: str
    why: str
    bad: str
    good: str
    evidence: str = ""


class Rule:
    """Base of all rules.

    Class attributes: `code` (`API` and three digits, never changed once released), `message` (a format string: subject
    first, concrete names, no full stop), `words` (the byte gate: a file without any of them is not looked at by this
    rule; a statement without any is not parsed for it, unless the rule says better in `suspects`), `default` (on
    without being selected), `severity` (`error`, `warning`), `frameworks` (which the rule is about; empty for any
    Python), `quiet_in` (kinds of files in which the rule is silent unless `include-tests` is set: `tests`,
    `migrations`, `examples`, `generated`), `twins` (what other linters call the same: a comment that silences
    one of them silences this rule too), `secret` (what it finds must never be shown), `fix` (how far its
    fixes can be trusted, `SAFE` or `UNSAFE`; empty if it has none), `Options` (a frozen dataclass).
    """

    code: ClassVar[str] = ""
    message: ClassVar[str] = ""
    words: ClassVar[tuple[str, ...]] = ()
    default: ClassVar[bool] = True
    severity: ClassVar[str] = "warning"
    frameworks: ClassVar[tuple[str, ...]] = ()
    quiet_in: ClassVar[frozenset[str]] = frozenset()
    twins: ClassVar[frozenset[str]] = frozenset()
    secret: ClassVar[bool] = False
    fix: ClassVar[str] = ""
    Options: ClassVar[type[Any]] = NoOptions

    # The folders whose configuration chose this instance, "" for the project's own; for all where there is one only.
    folders: frozenset[str] | None = None

    def __init__(self, options: Any = None) -> None:
        self.options = options if options is not None else self.Options()

    def suspects(self, module: Module, api: Api) -> Iterable[int] | None:
        """The rows of `module` that can hold a finding, told from the facts alone, or `None` to go by `words`.

        The engine parses only the smallest statements around these rows; a rule that can refute a suspect here saves
        the parse. Called only if the rule has a hook for a node.
        """
        return None

    def found(
        self, where: cst.CSTNode | Span, related: Iterable[Related] = (), **details: object
    ) -> Finding:
        """A finding at `where`, its message filled with `details`."""
        return Finding(where, self.message.format(**details), tuple(related))

    # The names below are derived; a rule does not set them.

    @classmethod
    def name(cls) -> str:
        """The rule's name, from its file: `blocking_sleep_in_async.py` gives `blocking-sleep-in-async`."""
        return cls.__module__.rpartition(".")[2].replace("_", "-")

    @classmethod
    def node_hooks(cls) -> dict[str, str]:
        """LibCST node class name → hook name."""
        return {h.removeprefix("visit_"): h for h in cls._hooks() if h not in API_HOOKS}

    @classmethod
    def api_hooks(cls) -> tuple[str, ...]:
        return tuple(h for h in cls._hooks() if h in API_HOOKS)

    @classmethod
    def _hooks(cls) -> tuple[str, ...]:
        return _names_of_hooks(cls)  # type: ignore[arg-type] # mypy takes an instance's hash for the class's

    @classmethod
    def doc(cls) -> Doc:
        """The documentation, from the docstring's first sentence, prose, a paragraph that begins with `Evidence:`, and
        the blocks `Bad::` and `Good::`."""
        return parse_doc(inspect.getdoc(cls) or "")

    @classmethod
    def option_fields(cls) -> dict[str, Any]:
        """Option name (kebab case) → dataclass field."""
        return {f.name.replace("_", "-"): f for f in fields(cls.Options)}


@cache
def _names_of_hooks(cls: type[object]) -> tuple[str, ...]:
    return tuple(name for name in dir(cls) if name.startswith("visit_"))


_BLOCK = re.compile(r"^(Bad|Good)::\n\n?((?:(?: {4}.*)?\n?)*)", re.MULTILINE)
_EVIDENCE = re.compile(r"^Evidence: ((?:.+\n?)+)", re.MULTILINE)


def parse_doc(text: str) -> Doc:
    """Split a rule's docstring.

    Parameters: `text`, the docstring with its common indentation removed.
    Returns: its parts; a missing one is `""`.
    """
    blocks = {m[1]: textwrap.dedent(m[2]).strip("\n") + "\n" for m in _BLOCK.finditer(text)}
    prose = _BLOCK.sub("", text)
    evidence = _EVIDENCE.search(prose)
    summary, _, why = _EVIDENCE.sub("", prose).strip().partition("\n\n")
    return Doc(
        " ".join(summary.split()),
        why.strip(),
        blocks.get("Bad", ""),
        blocks.get("Good", ""),
        evidence[1].strip() if evidence is not None else "",
    )


class RuleError(Exception):
    """A rule class that cannot be loaded: a hook nobody calls, a code that is taken, no documentation."""


class TextEdit(NamedTuple):
    """The text at `span` becomes `content`."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class TextFix:
    """A fix as changes of text: the file's edits, the imports it needs as (module, name), and edits of other files."""

    title: str
    safety: str
    edits: tuple[TextEdit, ...]
    imports: tuple[tuple[str, str], ...] = ()
    others: tuple[AddLine | AddCode | AddField, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding as users see it: with its rule, its file and its place.

    `path` is relative to the run's root with forward slashes; `related` places likewise. `noqa_line` is the row whose
    comment suppresses it: the last row of the statement's first logical line. `refused` says why there is no `fix`.
    """

    code: str
    name: str
    path: str
    span: Span
    message: str
    severity: str
    noqa_line: int
    related: tuple[Related, ...] = field(default=())
    fix: TextFix | None = None
    refused: str = ""
