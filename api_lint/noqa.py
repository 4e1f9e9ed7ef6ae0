"""Comments that silence findings: `# noqa`, `# api-lint: ignore`, and their forms for a whole file.

A comment that silences the same statement in another linter (`# noqa: BLE001`, `# pylint: disable=broad-except`) says
that somebody weighed it and decided, so it silences the rule that says the same (`Rule.twins`).

A comment is what the tokeniser says is one, so the same words within a string mean nothing. Tokenising is slow: it is
done only for files that hold the words on the rows of a finding.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType

from api_lint.facts import Span
from api_lint.index import decode
from api_lint.rule import SAFE, UNUSED, Diagnostic, Rule, TextEdit, TextFix

_WORDS = (b"noqa", b"api-lint:", b"pylint:")
_FOR_FILE = re.compile(rb"ignore-file|(?:ruff|flake8)[:=][ \t]*noqa")
_ROW_END = re.compile(r"\r\n|\r|\n")
_LONGEST_HEADER = 500
_WHOLE_FILE = 0
# What carries a row on to a later one: a string of several rows, a backslash.
_CARRIES = re.compile(rb"\"\"\"|'''|\\\Z")

_CODES = r"[A-Z]+[0-9]+(?:[ \t,]+[A-Z]+[0-9]+)*"
_NOQA = re.compile(
    rf"#[ \t]*noqa(?![\w-])(?:[ \t]*(?P<colon>:)[ \t]*(?P<codes>{_CODES})?)?", re.IGNORECASE
)
_OTHERS = re.compile(
    rf"#[ \t]*(?:ruff|flake8)[:=][ \t]*noqa(?![\w-])(?P<colon>:)?[ \t]*(?P<codes>{_CODES})?", re.I
)
_OURS = re.compile(
    r"#[ \t]*api-lint:[ \t]*ignore(?P<file>-file)?(?![\w-])(?:[ \t]*\[(?P<names>[^\]]*)\]|(?![ \t]*\[))"
)
_PYLINT = re.compile(r"#[ \t]*pylint:[ \t]*disable=(?P<names>[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)")
# What begins after the reason of one of ours: another comment in the same row.
_NEXT = re.compile(r"[ \t]#(?=[ \t]|[a-z-]+[:=]|noqa)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[ \t,]+")

_NO_TWINS: Mapping[str, Iterable[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Suppression:
    """One suppression within a comment.

    `kind` is `ignore` for our own form, `noqa`, or `pylint`. `span` reaches from its `#` to its end, the reason of our own
    form included. `selectors` are codes, beginnings of codes, names, or "" for all rules; `names` is where they are
    written, `None` where they are not. `holds` is false for one that is for the whole file and does not stand alone in
    its row, which makes it void.
    """

    kind: str
    span: Span
    selectors: tuple[str, ...]
    names: Span | None = None
    for_file: bool = False
    holds: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What a file's comments silence.

    `parts` are the suppressions in the order of the file. `last_rows` tells, for a row within a string or a continued
    line, the row that its end stands on. `open_rows` are those behind whose code a comment can stand, and `comments` tell
    where one does: its column, by its row.
    """

    parts: tuple[Suppression, ...] = ()
    last_rows: Mapping[int, int] = field(default_factory=dict)
    open_rows: frozenset[int] = frozenset()
    comments: Mapping[int, int] = field(default_factory=dict)
    # The parts that hold by their rows: there may be as many comments as findings, and both may be many.
    _holding: dict[int, list[Suppression]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for part in self.parts:
            if part.holds:
                row = _WHOLE_FILE if part.for_file else part.span.line
                self._holding.setdefault(row, []).append(part)

    def rows(self, diagnostic: Diagnostic) -> tuple[int, ...]:
        """The rows whose comments silence a finding, in the order in which one would look for them: its first row,
        its statement's end, and where these run on, the row where that ends."""
        starts = diagnostic.span.line, diagnostic.noqa_line
        return tuple(dict.fromkeys((*starts, *(self.last_rows.get(row, row) for row in starts))))

    def covering(
        self, diagnostic: Diagnostic, twins: Iterable[str] = ()
    ) -> Iterator[tuple[Suppression, str]]:
        """The suppressions that silence a finding, each with the selector that does it."""
        found = [
            part for row in (_WHOLE_FILE, *self.rows(diagnostic)) for part in self._holding.get(row, ())
        ]
        for part in sorted(found, key=lambda part: part.span):
            yield from ((part, s) for s in part.selectors if _is_named(s, diagnostic, twins))


def suppressed(
    source: bytes,
    diagnostics: Sequence[Diagnostic],
    twins: Mapping[str, Iterable[str]] = _NO_TWINS,
    *,
    starts: Sequence[int] = (),
    ignore_noqa: bool = False,
) -> list[bool]:
    """Tell which findings of a file its own comments silence.

    Parameters: `source`, the file as it was read; `diagnostics`, all of that file; `twins`, by a rule's code what other
    linters call the same; `starts`, rows on which statements begin, in ascending order, without which the whole file is
    tokenised; `ignore_noqa`, whether `# noqa` in all its forms counts for nothing.
    Returns: for each diagnostic, whether it is silenced. What makes a file unreadable is never silenced from within.
    """
    text = source.lower()
    if not diagnostics or not any(word in text for word in _WORDS):
        return [False] * len(diagnostics)
    if _FOR_FILE.search(text):
        comments = read(source, ignore_noqa=ignore_noqa)
    else:
        near = _near_words(text, diagnostics)
        regions = _regions(near, starts) if starts else None
        comments = read(source, regions=regions, ignore_noqa=ignore_noqa)
    return [any(comments.covering(d, twins.get(d.code, ()))) for d in diagnostics]


def unused(
    source: bytes,
    path: str,
    diagnostics: Sequence[Diagnostic],
    ran: Sequence[type[Rule] | Rule],
    known: Sequence[type[Rule] | Rule],
) -> list[Diagnostic]:
    """Report the suppressions of a file that silence nothing.

    What other tools may have a use for is not judged: a `# noqa` without codes, their codes, and what names a rule
    that did not run.

    Parameters: `source` of the file at `path`; `diagnostics`, all of it, the silenced ones too; `ran`, the rules that
    ran over it; `known`, all that are installed.
    Returns: a finding for each such comment, with the fix that takes it out; those that a comment of the row silences
    by their own code or name are left out.
    """
    if not may_be_unused(source, known):
        return []
    comments = read(source)
    judge = _Judge(ran, known)
    twins = {rule.code: rule.twins for rule in ran}
    used = {
        (part.span, selector)
        for diagnostic in diagnostics
        for part, selector in comments.covering(diagnostic, twins.get(diagnostic.code, ()))
    }
    rows = _ROW_END.split(decode(source, path)) if comments.parts else ()
    found: list[Diagnostic] = []
    for part in comments.parts:
        idle = [
            s for s in part.selectors if (part.span, s) not in used and judge.may_judge(part.kind, s)
        ]
        unknown = [s for s in idle if judge.is_unknown(s)]
        if idle:
            found.append(_unused(path, part, idle, unknown, rows[part.span.line - 1]))
    own = set(UNUSED)
    return [d for d in found if not any(s in own for _, s in comments.covering(d))]


def holds_comment(text: str) -> bool:
    """Whether a text, put into a comment, would be read as another comment in the same row."""
    return _NEXT.search(f" {text}") is not None or bool(_parts(text, 1, 0))


def may_be_unused(source: bytes, known: Sequence[type[Rule] | Rule]) -> bool:
    """Whether a file's bytes look as if they held a suppression that `unused` judges.

    Parameters: `source` of the file; `known`, all rules that are installed.
    """
    text = source.lower()
    if b"noqa" not in text and b"api-lint:" not in text:
        return False
    letters = {UNUSED[0], *(rule.code for rule in known)}
    return _ours(frozenset(code.rstrip("0123456789") for code in letters)).search(source) is not None


@cache
def _ours(letters: frozenset[str]) -> re.Pattern[bytes]:
    """What finds our own form, and a `noqa` of codes that begin with any of these letters."""
    begun = "|".join(sorted(map(re.escape, letters)))
    return re.compile(rf"api-lint:|noqa[^\r\n]*:[^\r\n]*(?:{begun})[0-9]".encode(), re.IGNORECASE)


class _Judge:
    """Whose a selector is, and whether this run can tell that it is idle."""

    def __init__(self, ran: Sequence[type[Rule] | Rule], known: Sequence[type[Rule] | Rule]) -> None:
        self._ran = frozenset(rule.code for rule in ran)
        self._known = known

    def _named(self, selector: str, with_twins: bool) -> frozenset[str]:
        """The codes of the installed rules that a selector names."""
        return frozenset(
            rule.code
            for rule in self._known
            if rule.code.startswith(selector)
            or rule.name() == selector
            or (with_twins and selector in rule.twins)
        )

    def may_judge(self, kind: str, selector: str) -> bool:
        if kind == "pylint" or selector in UNUSED or (kind == "noqa" and not selector):
            return False
        named = self._named(selector, kind == "ignore")
        return named <= self._ran and (bool(named) or kind == "ignore")

    def is_unknown(self, selector: str) -> bool:
        return not self._named(selector, True)


def _unused(
    path: str, part: Suppression, idle: Sequence[str], unknown: Sequence[str], row: str
) -> Diagnostic:
    what = ", ".join(idle) if idle != [""] else "every finding"
    where = "in this file" if part.for_file else "here"
    message = f"the suppression of {what} silences nothing {where}"
    fix, refused = None, ""
    if not part.holds:
        message = (
            f"the suppression of {what} silences nothing: for a whole file it stands in a row of its own"
        )
    if unknown:
        message = (
            f"no rule has the code or name {', '.join(unknown)}, so its suppression silences nothing"
        )
        refused = "the rule may be of a plugin that is not installed here"
    else:
        title = "Remove the comment" if len(idle) == len(part.selectors) else f"Remove {what}"
        fix = TextFix(title, SAFE, (_without(part, idle, row),))
    span = part.span
    return Diagnostic(*UNUSED, path, span, message, "warning", span.line, (), fix, refused)


def _without(part: Suppression, idle: Sequence[str], row: str) -> TextEdit:
    """The edit that takes selectors out of a suppression, and the suppression itself if none is left."""
    span = part.span
    if part.names is not None and len(idle) < len(part.selectors):
        written = [s for s in _SEPARATORS.split(row[part.names.col : part.names.end_col].strip()) if s]
        kept = [text for text, s in zip(written, part.selectors) if s not in idle]
        return TextEdit(part.names, ", ".join(kept))
    before, behind = row[: span.col], row[span.end_col :]
    if not before.strip() and not behind.strip():
        return TextEdit(Span(span.line, 0, span.line + 1, 0), "")
    if not behind.strip():
        return TextEdit(Span(span.line, len(before.rstrip()), span.line, len(row)), "")
    end = len(row) - len(behind.lstrip())
    # What stands behind a `noqa` is a comment of its own right.
    return TextEdit(Span(span.line, span.col, span.line, end), "" if row[end] == "#" else "# ")


def logical_end(rows: Sequence[str], first: int, line: int) -> int:
    """The row on which the logical line that holds a row ends.

    Parameters: `rows` of the file without their line ends; `first`, a row (from 1) that begins a logical line; `line`, at
    or below it, in it or in one that follows.
    Returns: the row's number, `line` where the rows cannot be told apart.
    """
    try:
        readline = iter([f"{row}\n" for row in rows[first - 1 : first + _LONGEST_HEADER]]).__next__
        for token in tokenize.generate_tokens(readline):
            if token.type == tokenize.NEWLINE and first + token.start[0] - 1 >= line:
                return first + token.start[0] - 1
    except (tokenize.TokenError, SyntaxError, RecursionError):
        pass
    return line


def _near_words(text: bytes, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings on whose rows the words stand, or something that carries these on to later ones."""
    rows = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    near: list[Diagnostic] = []
    for diagnostic in diagnostics:
        wanted = rows[diagnostic.span.line - 1 : max(diagnostic.noqa_line, diagnostic.span.end_line)]
        if any(_CARRIES.search(row) or any(word in row for word in _WORDS) for row in wanted):
            near.append(diagnostic)
    return near


def _regions(diagnostics: Iterable[Diagnostic], starts: Sequence[int]) -> list[tuple[int, int]]:
    """The first and last rows of the statements that findings stand in, in order; none of them overlap."""
    regions: list[tuple[int, int]] = []
    for diagnostic in sorted(diagnostics, key=lambda d: d.span):
        last = max(diagnostic.noqa_line, diagnostic.span.end_line)
        before = bisect_right(starts, diagnostic.span.line) - 1
        behind = bisect_right(starts, last)
        first = starts[before] if before >= 0 else 1
        end = starts[behind] - 1 if behind < len(starts) else sys.maxsize
        if regions and first <= regions[-1][1]:
            regions[-1] = regions[-1][0], max(end, regions[-1][1])
        else:
            regions.append((first, end))
    return regions


def read(
    source: bytes, *, regions: Sequence[tuple[int, int]] | None = None, ignore_noqa: bool = False
) -> Suppressions:
    """Gather the suppression comments of a file.

    Parameters: `source`, the file as it was read; `regions`, first and last rows of whole statements, outside of which
    nothing is to be looked at (`None` for all of it); `ignore_noqa`, leave out `# noqa` in all its forms.
    Returns: what they silence; of a file that the tokeniser gives up on, what stands before that place.
    """
    scan = _Scan()
    if regions is None:
        scan.tokens(_all_tokens(source), 0)
    elif regions:
        rows = _ROW_END.split(decode(source, ""))
        for first, last in regions:
            # Within brackets a tokeniser takes no offence at how far a row is indented.
            lines = iter(("(\n", *(f"{row}\n" for row in rows[first - 1 : last])))
            scan.tokens(tokenize.generate_tokens(lines.__next__), first - 2)
    parts: list[Suppression] = []
    for row, token in scan.comments:
        is_alone = not token.line[: token.start[1]].strip()
        found = _parts(token.string, row, token.start[1], ignore_noqa)
        parts += (replace(part, holds=is_alone or not part.for_file) for part in found)
    columns = {row: token.start[1] for row, token in scan.comments}
    return Suppressions(
        tuple(parts), _last_rows(sorted(scan.joined)), frozenset(scan.open_rows), columns
    )


def _is_named(selector: str, diagnostic: Diagnostic, twins: Iterable[str]) -> bool:
    code, name = diagnostic.code, diagnostic.name
    return code.startswith(selector) or name == selector or selector in twins


def _parts(comment: str, row: int, col: int, ignore_noqa: bool = False) -> list[Suppression]:
    """The suppressions within one comment that begins at `row` and `col`."""

    def span(start: int, end: int) -> Span:
        return Span(row, col + start, row, col + end)

    found: list[Suppression] = []
    for match in _OURS.finditer(comment):
        rest = _NEXT.search(comment, match.end())
        end = rest.start() if rest else len(comment)
        reason = comment[match.end() : end].strip()
        names = None if match["names"] is None else span(*match.span("names"))
        selectors = ("",) if match["names"] is None else _split(match["names"])
        whole = span(match.start(), match.end() + len(comment[match.end() : end].rstrip()))
        found.append(Suppression("ignore", whole, selectors, names, bool(match["file"]), True, reason))
    for match in _PYLINT.finditer(comment):
        names = span(*match.span("names"))
        found.append(Suppression("pylint", span(*match.span()), _split(match["names"]), names))
    for pattern, for_file in () if ignore_noqa else ((_NOQA, False), (_OTHERS, True)):
        for match in pattern.finditer(comment):
            # `noqa: <no codes>` is a slip of the pen, and a slip silences nothing.
            selectors = ("",) if match["colon"] is None else _split(match["codes"] or "")
            names = span(*match.span("codes")) if match["codes"] else None
            found.append(Suppression("noqa", span(*match.span()), selectors, names, for_file))
    return sorted(found, key=lambda part: part.span)


def _split(text: str) -> tuple[str, ...]:
    found = [part for part in _SEPARATORS.split(text.strip()) if part]
    return tuple(p.upper() if p[-1].isdigit() and "-" not in p else p for p in found)


# Tokens after which a new row is no continuation.
_BREAKS = (tokenize.ENCODING, tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT)


_F_STRING = tuple(
    getattr(tokenize, name, -1)
    for name in ("FSTRING_START", "TSTRING_START", "FSTRING_END", "TSTRING_END")
)


class _Scan:
    """What is gathered from tokens: the comments with their rows, the first and last row of every string or backslash that
    runs over several, and the rows that end outside of both."""

    def __init__(self) -> None:
        self.comments: list[tuple[int, tokenize.TokenInfo]] = []
        self.joined: list[tuple[int, int]] = []
        self.open_rows: set[int] = set()

    def tokens(self, tokens: Iterator[tokenize.TokenInfo], above: int) -> None:
        """Take tokens in, `above` how many rows of the file stand above the first one's."""
        strings: list[int] = []
        before: tokenize.TokenInfo | None = None
        try:
            for token in tokens:
                first, last = token.start[0] + above, token.end[0] + above
                if token.type in _F_STRING[:2]:
                    strings.append(first)
                elif token.type in _F_STRING[2:]:
                    start = strings.pop()
                    if start < last:
                        self.joined.append((start, last))
                elif token.type == tokenize.COMMENT:
                    self.comments.append((first, token))
                elif first < last and token.type not in _BREAKS:
                    self.joined.append((first, last))
                if token.type in (tokenize.NEWLINE, tokenize.NL) and not strings:
                    self.open_rows.add(first)
                if before is not None and before.type not in _BREAKS:
                    ended = before.end[0] + above
                    if ended < first:
                        self.joined.append((ended, first))
                before = token
        except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, RecursionError):
            pass


def _all_tokens(source: bytes) -> Iterator[tokenize.TokenInfo]:
    yield from tokenize.tokenize(io.BytesIO(source).readline)


def _last_rows(joined: list[tuple[int, int]]) -> dict[int, int]:
    """For every row that runs on, the row where it ends."""
    last: dict[int, int] = {}
    for start, end in reversed(joined):
        final = last.get(end, end)
        last.update(dict.fromkeys(range(start, end), final))
    return last
