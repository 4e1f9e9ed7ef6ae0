"""Comments that silence findings: `# noqa`, `# api-lint: ignore`, and their forms for a whole file.

A comment that silences the same statement in another linter (`# noqa: BLE001`, `# pylint: disable=broad-except`) says
that somebody weighed it and decided, so it silences the rule that says the same (`Rule.twins`).

A comment is what the tokeniser says is one, so the same words within a string mean nothing. Tokenising is slow: it is
done only for files that hold the words on the rows of a finding.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from api_lint.rule import Diagnostic

_WORDS = (b"noqa", b"api-lint:", b"pylint:")
_FOR_FILE = re.compile(rb"ignore-file|(?:ruff|flake8)[:=][ \t]*noqa")
# What carries a row on to a later one: a string of several rows, a backslash.
_CARRIES = re.compile(rb"\"\"\"|'''|\\\Z")

_CODES = r"[A-Z]+[0-9]+(?:[ \t,]+[A-Z]+[0-9]+)*"
_NOQA = re.compile(
    rf"#[ \t]*noqa(?![\w-])(?:[ \t]*(?P<colon>:)[ \t]*(?P<codes>{_CODES})?)?", re.IGNORECASE
)
_OTHERS = re.compile(
    rf"#[ \t]*(?:ruff|flake8)[:=][ \t]*noqa(?![\w-])(?P<colon>:)?[ \t]*(?P<codes>{_CODES})?", re.I
)
_OURS = re.compile(r"#[ \t]*api-lint:[ \t]*ignore(?P<file>-file)?(?![\w-])(?:\[(?P<names>[^\]]*)\])?")
_PYLINT = re.compile(r"#[ \t]*pylint:[ \t]*disable=(?P<names>[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)")
_SEPARATORS = re.compile(r"[ \t,]+")

# A selector that silences every rule.
_EVERYTHING = ""

_NO_TWINS: Mapping[str, Iterable[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What a file's comments silence: selectors for the whole file, and by row; `""` is the selector of all rules.

    `last_rows` tells, for a row within a string or a continued line, the row that its end stands on.
    """

    everywhere: frozenset[str] = frozenset()
    rows: Mapping[int, frozenset[str]] = field(default_factory=dict)
    last_rows: Mapping[int, int] = field(default_factory=dict)

    def cover(self, diagnostic: Diagnostic, twins: Iterable[str] = ()) -> bool:
        """Whether a comment silences a finding: one for the file, on its first row, or at its statement's end."""
        if _names(self.everywhere, diagnostic, twins):
            return True
        starts = {diagnostic.span.line, diagnostic.noqa_line}
        rows = starts | {self.last_rows.get(row, row) for row in starts}
        return any(_names(self.rows.get(row, frozenset()), diagnostic, twins) for row in rows)


NOTHING = Suppressions()


def suppressed(
    source: bytes,
    diagnostics: Sequence[Diagnostic],
    twins: Mapping[str, Iterable[str]] = _NO_TWINS,
    *,
    ignore_noqa: bool = False,
) -> list[bool]:
    """Tell which findings of a file its own comments silence.

    Parameters: `source`, the file as it was read; `diagnostics`, all of that file; `twins`, by a rule's code what other
    linters call the same; `ignore_noqa`, whether `# noqa` in all its forms counts for nothing.
    Returns: for each diagnostic, whether it is silenced. What makes a file unreadable is never silenced from within.
    """
    if not diagnostics or not _may_silence(source, diagnostics):
        return [False] * len(diagnostics)
    comments = read(source, ignore_noqa=ignore_noqa)
    return [comments.cover(diagnostic, twins.get(diagnostic.code, ())) for diagnostic in diagnostics]


def _may_silence(source: bytes, diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether the words stand where they could matter: anywhere for those about a file, else on a finding's rows."""
    text = source.lower()
    if not any(word in text for word in _WORDS):
        return False
    if _FOR_FILE.search(text):
        return True
    rows = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for diagnostic in diagnostics:
        wanted = rows[diagnostic.span.line - 1 : max(diagnostic.noqa_line, diagnostic.span.end_line)]
        if any(_CARRIES.search(row) or any(word in row for word in _WORDS) for row in wanted):
            return True
    return False


def read(source: bytes, *, ignore_noqa: bool = False) -> Suppressions:
    """Gather the suppression comments of a file.

    Parameters: `source`, the file as it was read; `ignore_noqa`, leave out `# noqa` in all its forms.
    Returns: what they silence; of a file that the tokeniser gives up on, what stands before that place.
    """
    everywhere: set[str] = set()
    rows: dict[int, set[str]] = {}
    comments, joined = _scan(source)
    for comment in comments:
        alone = not comment.line[: comment.start[1]].strip()
        for selectors, for_file in _selectors(comment.string, ignore_noqa):
            if not for_file:
                rows.setdefault(comment.start[0], set()).update(selectors)
            elif alone:
                everywhere.update(selectors)
    return Suppressions(
        frozenset(everywhere),
        {row: frozenset(found) for row, found in rows.items()},
        _last_rows(joined),
    )


def _names(selectors: frozenset[str], diagnostic: Diagnostic, twins: Iterable[str]) -> bool:
    return any(
        diagnostic.code.startswith(found) or diagnostic.name == found or found in twins
        for found in selectors
    )


def _selectors(comment: str, ignore_noqa: bool) -> Iterator[tuple[set[str], bool]]:
    """The selectors of each suppression within one comment, and whether it is for the whole file."""
    for match in _OURS.finditer(comment):
        names = match["names"]
        yield ({_EVERYTHING} if names is None else _split(names)), match["file"] is not None
    for match in _PYLINT.finditer(comment):
        yield _split(match["names"]), False
    for pattern, for_file in () if ignore_noqa else ((_NOQA, False), (_OTHERS, True)):
        for match in pattern.finditer(comment):
            # `noqa: <no codes>` is a slip of the pen, and a slip silences nothing.
            yield ({_EVERYTHING} if match["colon"] is None else _split(match["codes"] or "")), for_file


def _split(text: str) -> set[str]:
    found = {part for part in _SEPARATORS.split(text.strip()) if part}
    return {part.upper() if part[-1].isdigit() and "-" not in part else part for part in found}


# Tokens after which a new row is no continuation.
_BREAKS = (tokenize.ENCODING, tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT)


def _scan(source: bytes) -> tuple[list[tokenize.TokenInfo], list[tuple[int, int]]]:
    """The comments, and the first and last row of every string or backslash that runs over several."""
    comments: list[tokenize.TokenInfo] = []
    joined: list[tuple[int, int]] = []
    before: tokenize.TokenInfo | None = None
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type == tokenize.COMMENT:
                comments.append(token)
            elif token.start[0] < token.end[0] and token.type not in _BREAKS:
                joined.append((token.start[0], token.end[0]))
            if before is not None and before.type not in _BREAKS and before.end[0] < token.start[0]:
                joined.append((before.end[0], token.start[0]))
            before = token
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, RecursionError):
        pass
    return comments, sorted(joined)


def _last_rows(joined: list[tuple[int, int]]) -> dict[int, int]:
    """For every row that runs on, the row where it ends."""
    last: dict[int, int] = {}
    for start, end in reversed(joined):
        final = last.get(end, end)
        last.update(dict.fromkeys(range(start, end), final))
    return last
