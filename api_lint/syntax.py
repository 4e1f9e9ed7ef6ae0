"""Newer syntax, written so that an older interpreter's parser reads it.

What api-lint runs under need not be as new as what it reads. Each rewriting keeps the row of everything, and the column
of nearly everything:

* `def f[T](…)`, `class Page[T]:`, `type Row = …` (PEP 695, Python 3.12): the brackets become blanks, `type` goes;
* `f"{row["key"]}"` (PEP 701, Python 3.12): the inner string takes the other quotes, or gives way to a number; an f-string
  with a field on several rows gets three quotes;
* `t"…"` (PEP 750, Python 3.14) becomes an f-string;
* `except A, B:` (PEP 758, Python 3.14): the types go into brackets; `except*` (PEP 654, Python 3.11) loses its star.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple

_EXCEPT_LIST = re.compile(
    r"^([ \t]*except\*?[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)(?=[ \t]*:)", re.MULTILINE
)
_EXCEPT_STAR = re.compile(r"^([ \t]*except)\*", re.MULTILINE)
_GENERIC = re.compile(r"^[ \t]*(?:(?:async[ \t]+)?def|(class))[ \t]+\w+[ \t]*(?=\[)", re.MULTILINE)
_ALIAS = re.compile(r"^([ \t]*)(type[ \t]+)(\w+)[ \t]*(?=\[|=(?!=))", re.MULTILINE)
_PARAMETER = re.compile(r"\s*\**\s*(\w+)")
_QUOTE = re.compile(r"'''|\"\"\"|'|\"")
_PREFIX = re.compile(r"(?<![\w])[rbuftRBUFT]{1,2}$")


def parse(text: str) -> ast.Module:
    """The syntax tree of a text, be its syntax newer than the interpreter.

    Raises: SyntaxError, and what else `ast.parse` raises.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except SyntaxError:
            rewritten = older(text).text
            if rewritten == text:
                raise
            return ast.parse(rewritten)


class Older(NamedTuple):
    """A rewritten text, and the type parameters of its classes by the row of the `class` statement."""

    text: str
    type_params: dict[int, tuple[str, ...]]


def older(text: str) -> Older:
    """The text as an older parser reads it, as far as that can be done; the same text if nothing needs it."""
    text = _EXCEPT_LIST.sub(r"\1(\2)", text)
    text = _EXCEPT_STAR.sub(r"\1 ", text)
    text = _ALIAS.sub(lambda m: f"{m[1]}{m[3]}{' ' * (len(m[0]) - len(m[1]) - len(m[3]))}", text)
    text = _without_alias_parameters(text)
    found: dict[int, tuple[str, ...]] = {}
    parts, done = [], 0
    for match in _GENERIC.finditer(text):
        end = _closing(text, match.end())
        if end and match.end() >= done:
            inner = text[match.end() + 1 : end - 1]
            if match[1]:
                found[text.count("\n", 0, match.end()) + 1] = _parameters(inner)
            parts += [text[done : match.end()], _blanks(text[match.end() : end])]
            done = end
    text = "".join([*parts, text[done:]])
    return Older(_FStrings(text).rewritten(), found)


_ALIAS_PARAMETERS = re.compile(r"^[ \t]*\w+ {5,}(?=\[)", re.MULTILINE)


def _without_alias_parameters(text: str) -> str:
    """`Pair     [T] = …`, which is left of `type Pair[T] = …`, without its brackets."""
    for match in reversed(list(_ALIAS_PARAMETERS.finditer(text))):
        end = _closing(text, match.end())
        if end and text[end:].lstrip(" \t").startswith("="):
            text = text[: match.end()] + _blanks(text[match.end() : end]) + text[end:]
    return text


def _closing(text: str, start: int) -> int:
    """The offset behind the bracket that closes the one at `start`, 0 if none does."""
    depth = 0
    for match in re.finditer(r"[\[\](){}]", text[start:]):
        depth += 1 if match[0] in "[({" else -1
        if depth == 0:
            return start + match.end()
    return 0


def _blanks(text: str) -> str:
    """As many blanks on as many rows; rows are joined by backslashes."""
    return re.sub(r" (\r?\n)", r"\\\1", re.sub(r"[^\r\n]", " ", text))


def _parameters(inner: str) -> tuple[str, ...]:
    names, depth, start = [], 0, 0
    for position, character in enumerate(inner + ","):
        if character in "[({":
            depth += 1
        elif character in "])}":
            depth -= 1
        elif character == "," and depth == 0:
            match = _PARAMETER.match(inner[start:position])
            names += [match[1]] if match else []
            start = position + 1
    return tuple(names)


class _FStrings:
    """Reads a text far enough to know the strings inside f-strings' braces, and mends those that older parsers reject."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out = list(text)
        self.around: list[str] = []  # the quotes of the f-strings around, outermost first

    def rewritten(self) -> str:
        if not re.search(r"(?i)\b(?:r?[ft]|[ft]r)['\"]", self.text):
            return self.text
        try:
            self._code(0)
        except IndexError:  # the text ended inside of something
            return self.text
        return "".join(self.out)

    def _code(self, at: int) -> int:
        """Read code from `at`; inside of braces, to where the field's expression ends."""
        depth = 0
        while at < len(self.text) or self.around:
            character = self.text[at]
            if character == "#":
                end = self.text.find("\n", at)
                at = len(self.text) if end < 0 else end
            elif character in "'\"":
                at = self._string(at)
            elif self.around and depth == 0 and self._ends_field(at):
                return at
            else:
                depth += (character in "([{") - (character in ")]}")
                at += 1
        return at

    def _ends_field(self, at: int) -> bool:
        character = self.text[at]
        return character in "}:" or (character == "!" and self.text[at + 1] != "=")

    def _string(self, at: int) -> int:
        """Read the string whose opening quote stands at `at`."""
        prefix = _PREFIX.search(self.text[max(0, at - 3) : at])
        start = at - len(prefix[0]) if prefix else at
        letters = self.text[start:at].lower()
        match = _QUOTE.match(self.text, at)
        assert match is not None
        quote = match[0]
        is_format = "f" in letters or "t" in letters
        for position in range(start, at):
            if self.out[position] in "tT":
                self.out[position] = "f"
        if not is_format:
            end = self._plain(at + len(quote), quote)
            if self.around:
                self._mend(start, at, end, quote)
            return end
        used = self._requoted(at, quote)
        end = self._format_string(at, quote, used, "r" in letters)
        if len(quote) == 1 and "\n" in self.text[at:end]:
            self.out[at:end] = self.text[at:end]
            used = 3 * used
            end = self._format_string(at, quote, used, "r" in letters)
        if used != quote:
            self.out[at : at + len(quote)] = self.out[end - len(quote) : end] = [
                *[""] * (len(quote) - 1),
                used,
            ]
        return end

    def _format_string(self, at: int, quote: str, used: str, raw: bool) -> int:
        """Read an f-string whose opening `quote` stands at `at`, and is to become `used`."""
        self.around.append(used)
        end = self._format(at + len(quote), quote, raw)
        self.around.pop()
        return end

    def _plain(self, at: int, quote: str) -> int:
        while not self.text.startswith(quote, at):
            at += 2 if self.text[at] == "\\" else 1
        return at + len(quote)

    def _format(self, at: int, quote: str, raw: bool) -> int:
        while not self.text.startswith(quote, at):
            if self.text.startswith(("{{", "}}"), at) or (self.text[at] == "\\" and not raw):
                at += 2
            elif self.text[at] == "{":
                at = self._field(at + 1)
            else:
                at += 1
        return at + len(quote)

    def _field(self, at: int) -> int:
        """Read a field from behind its `{` to behind its `}`."""
        at = self._code(at)
        while self.text[at] != "}":  # a conversion, a format with fields of its own
            at = self._field(at + 1) if self.text[at] == "{" else at + 1
        return at + 1

    def _requoted(self, at: int, quote: str) -> str:
        free = [q for q in (quote, "'" * len(quote), '"' * len(quote)) if self._may_stand(q)]
        return free[0] if free else quote

    def _may_stand(self, quote: str) -> bool:
        return not any(q[0] == quote[0] and len(q) <= len(quote) for q in self.around)

    def _mend(self, start: int, at: int, end: int, quote: str) -> None:
        """Give a string inside a field other quotes, or put a number in its place, if an older parser rejects it."""
        inner = self.text[at + len(quote) : end - len(quote)]
        barred = {q[0] for q in self.around if len(q) == 1}
        if not barred & set(inner) and "\\" not in inner:
            used = self._requoted(at, quote)
            if self._may_stand(used) and used[0] not in inner:
                self.out[at : at + len(quote)] = self.out[end - len(quote) : end] = list(used)
                return
        self.out[start] = "0"
        for position in range(start + 1, end):
            if self.out[position] not in "\r\n":
                self.out[position] = " "
