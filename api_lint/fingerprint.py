"""What a finding is known by while the code around it moves: baselines and code scanning services compare these.

A fingerprint takes no row and no column. It is made of the rule, the file, the enclosing definition, the text that the
finding stands at, and a number where all of these are the same. Of the text only that counts which no formatter
changes: no white space, no quotes, no brackets, no commas, no comments. The same code gives the same fingerprint
under every version of Python, so nothing here depends on how a version prints or splits code. Secrets do not enter:
a digest of a short password tells the password to whoever tries a dictionary.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from api_lint import literals
from api_lint.facts import Span
from api_lint.index import Unreadable, decode, parse
from api_lint.rule import Diagnostic

_Source = Callable[[str], bytes]

_ROW_END = re.compile(r"\r\n|\r|\n")
_NOISE = re.compile(r"[\s\"'`\\(),;{}]+")
_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\r\n]*)
    | (?:\b[A-Za-z]{1,2})?(?P<string>
        \"{3}(?:\\.|[^\\])*?(?:\"{3}|\Z) | '{3}(?:\\.|[^\\])*?(?:'{3}|\Z)
      | "(?:\\.|[^"\\\r\n])*"? | '(?:\\.|[^'\\\r\n])*'? )
    | (?P<name>[^\W\d][\w.]*)
    | (?P<other>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_DIGITS = re.compile(r"\d+")

# How far before a finding the names may stand that a literal is bound to, and how many of them matter.
_BEFORE = 200
_NAMES = 3


class Fingerprint(NamedTuple):
    """What a finding is known by.

    `code` of the rule; `path` relative to the run's root; `definition`, the qualified name of the innermost function or
    class around the finding, "" at module level; `text`, 16 hexadecimal digits that stand for the normalised text;
    `occurrence`, from 0, counts findings that are alike in all of these, in the order of their places.
    """

    code: str
    path: str
    definition: str
    text: str
    occurrence: int

    @property
    def digest(self) -> str:
        """All of it in 32 hexadecimal digits."""
        return _digest("\0".join(map(str, self)), 32)


def fingerprints(
    diagnostics: Sequence[Diagnostic],
    source: _Source,
    secrets: Mapping[str, Iterable[Span]] | None = None,
) -> list[Fingerprint]:
    """The fingerprints of a run's findings.

    Parameters: `diagnostics`, all findings of the files in question, in any order; `source` gives a file's bytes by its
    path relative to the root, none for a file that cannot be read; `secrets`, by path the spans of literals that are
    known to be secret.
    Returns: one for each diagnostic, in their order; no two are equal.
    """
    known = {path: frozenset(spans) for path, spans in (secrets or {}).items()}
    files: dict[str, _File] = {}
    partial: list[Fingerprint] = []
    for diagnostic in diagnostics:
        path = diagnostic.path
        if path not in files:
            files[path] = _File(source(path), path, known.get(path, frozenset()))
        partial.append(files[path].fingerprint(diagnostic))
    seen: Counter[Fingerprint] = Counter()
    done: dict[int, Fingerprint] = {}
    for position in sorted(range(len(diagnostics)), key=lambda i: _order(diagnostics[i])):
        found = partial[position]
        done[position] = found._replace(occurrence=seen[found])
        seen[found] += 1
    return [done[position] for position in range(len(diagnostics))]


def _order(diagnostic: Diagnostic) -> tuple[str, Span, str, str]:
    return diagnostic.path, diagnostic.span, diagnostic.code, diagnostic.message


class _File:
    """A file's rows and definitions."""

    def __init__(self, content: bytes, path: str, secrets: frozenset[Span]) -> None:
        self._secrets = secrets
        try:
            self._rows: Sequence[str] = _ROW_END.split(decode(content, path))
            self._definitions = list(_definitions(parse(content, path)))
        except Unreadable:
            self._rows, self._definitions = (), []

    def fingerprint(self, diagnostic: Diagnostic) -> Fingerprint:
        span = diagnostic.span
        text = "" if span in self._secrets else self._text(span)
        # Nothing is left of a literal that is secret, and a file that cannot be parsed has no text to begin with.
        text = text or _DIGITS.sub("", diagnostic.message)
        return Fingerprint(
            diagnostic.code, diagnostic.path, self._definition(span.line), _digest(text, 16), 0
        )

    def _definition(self, line: int) -> str:
        # Outer definitions come before the inner ones.
        around = (name for first, last, name in self._definitions if first <= line <= last)
        return max(around, key=lambda name: name.count("."), default="")

    def _text(self, span: Span) -> str:
        rows = list(self._rows[span.line - 1 : span.end_line])
        if not rows:
            return ""
        before = "\n".join([*self._rows[max(0, span.line - 3) : span.line - 1], rows[0][: span.col]])
        if len(rows) == span.end_line - span.line + 1:
            rows[-1] = rows[-1][: span.end_col]
        rows[0] = rows[0][span.col :]
        return normalised("\n".join(rows), before)


def normalised(text: str, before: str = "") -> str:
    """The part of a piece of Python that no formatter changes, without what may be secret in it.

    Parameters: `text`, source code, possibly not whole statements; `before`, what stands before it.
    Returns: a text to be compared, not read.
    """
    names = [m["name"] for m in _TOKEN.finditer(before[-_BEFORE:]) if m["name"]][-_NAMES:]
    parts: list[str] = []
    value: str | None = None
    for token in _TOKEN.finditer(text):
        if token["string"]:  # strings in a row are one, and some formatters write them so
            value = (value or "") + token["string"].strip("\"'")
        elif not token["comment"]:
            parts += [] if value is None else [_shown(value, names)]
            value = None
            names = [*names, token["name"]][-_NAMES:] if token["name"] else names
            parts.append(token[0])
    parts += [] if value is None else [_shown(value, names)]
    return _NOISE.sub("", "".join(parts)).casefold()


def _shown(value: str, names: Sequence[str]) -> str:
    """What of a string literal enters a fingerprint: nothing where it may be secret, the host where it is an address."""
    if not any(literals.candidate(name, value) for name in ("", *names)):
        return value
    return literals.mask_address(value) if "://" in value else ""


def _definitions(tree: ast.Module) -> Iterator[tuple[int, int, str]]:
    """First row (of the decorators), last row and qualified name of every function and class."""
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, outer = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            outer = f"{outer}.{node.name}" if outer else node.name
            yield first, node.end_lineno or node.lineno, outer
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, part, None)
            if isinstance(inner, list):
                waiting.extend((child, outer) for child in inner)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
