"""Path patterns with the meaning that git gives them in `.gitignore`.

Matching takes time linear in the path for each pattern: a `*` goes back at most to the last one before it, and no
pattern becomes a regular expression. So no repository can make the walk hang by what it writes in its ignore files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

_POSIX: dict[str, Callable[[str], bool]] = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "blank": lambda c: c in " \t",
    "cntrl": lambda c: not c.isprintable() and c.isascii(),
    "digit": str.isdigit,
    "graph": lambda c: c.isprintable() and not c.isspace(),
    "lower": str.islower,
    "print": str.isprintable,
    "punct": lambda c: c.isascii() and c.isprintable() and not c.isalnum() and c != " ",
    "space": str.isspace,
    "upper": str.isupper,
    "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}


class _Star(NamedTuple):
    """Any run of characters within one path component."""


class _Any(NamedTuple):
    """Any one character."""


class _Set(NamedTuple):
    """One character of a bracket expression."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]

    def has(self, char: str) -> bool:
        inside = any(low <= char <= high for low, high in self.ranges)
        return (inside or any(_POSIX[name](char) for name in self.classes)) != self.negated


_Token: TypeAlias = "str | _Star | _Any | _Set"
_STAR = _Star()
_ANY = _Any()
_Glob = tuple[_Token, ...]

# A component that stands for any number of them: `**` between slashes.
_DEEP: _Glob = ()


class _InvalidError(Exception):
    """A pattern that git too lets match nothing: an open bracket, a lone backslash at the end."""


def _tokens(text: str) -> _Glob:
    out: list[_Token] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*":
            if not out or out[-1] is not _STAR:
                out.append(_STAR)
        elif char == "?":
            out.append(_ANY)
        elif char == "[":
            found, at = _bracket(text, at)
            out.append(found)
        elif char == "\\":
            if at == len(text):
                raise _InvalidError
            out.append(text[at])
            at += 1
        else:
            out.append(char)
    return tuple(out)


def _bracket(text: str, at: int) -> tuple[_Set, int]:
    """The bracket expression whose content begins at `at`, and where it ends."""
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    ranges: list[tuple[str, str]] = []
    classes: list[str] = []
    first = True
    while text[at : at + 1] != "]" or first:
        first = False
        if (
            text.startswith("[:", at)
            and (end := text.find(":]", at)) > 0
            and text[at + 2 : end] in _POSIX
        ):
            classes.append(text[at + 2 : end])
            at = end + 2
            continue
        low, at = _member(text, at)
        high = low
        if text[at : at + 1] == "-" and text[at + 1 : at + 2] not in ("]", ""):
            high, at = _member(text, at + 1)
        ranges.append((low, high))
    return _Set(negated, tuple(ranges), tuple(classes)), at + 1


def _member(text: str, at: int) -> tuple[str, int]:
    at += text[at : at + 1] == "\\"
    if at >= len(text):
        raise _InvalidError
    return text[at], at + 1


def _fits(token: _Token, char: str) -> bool:
    if isinstance(token, str):
        return token == char
    return token is _ANY or (isinstance(token, _Set) and token.has(char))


def _matches(glob: _Glob, name: str) -> bool:
    """Whether one path component matches. Only the last star needs a second try, so the work is bounded."""
    at = here = 0
    star, resume = -1, 0
    while here < len(name):
        if at < len(glob) and glob[at] is _STAR:
            star, resume = at, here
            at += 1
        elif at < len(glob) and _fits(glob[at], name[here]):
            at += 1
            here += 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return all(token is _STAR for token in glob[at:])


def _matches_path(globs: tuple[_Glob, ...], parts: list[str]) -> bool:
    """Whether a whole path matches, the same way one level up: `**` is to components what `*` is to characters."""
    at = here = 0
    deep, resume = -1, 0
    while here < len(parts):
        if at < len(globs) and globs[at] is _DEEP:
            deep, resume = at, here
            at += 1
        elif at < len(globs) and _matches(globs[at], parts[here]):
            at += 1
            here += 1
        elif deep >= 0:
            resume += 1
            at, here = deep + 1, resume
        else:
            return False
    return all(glob is _DEEP for glob in globs[at:])


class _Pattern(NamedTuple):
    """One line. `globs` has one element for a pattern that matches the last component at any depth."""

    rank: int
    negated: bool
    only_dirs: bool
    anchored: bool
    globs: tuple[_Glob, ...]


class _NameGlob(NamedTuple):
    """A glob on the last component, with what every match begins and ends with."""

    rank: int
    prefix: str
    suffix: str
    glob: _Glob


def _parse(index: int, line: str) -> _Pattern | None:
    """One line of an ignore file, or `None` for a blank, a comment, and what can match nothing."""
    line = _trimmed(line)
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    line = line[negated:]
    only_dirs = line.endswith("/")
    parts = line.rstrip("/").split("/")
    anchored = len(parts) > 1
    if parts[0] == "" and anchored:
        parts = parts[1:]
    if not any(parts):
        return None
    try:
        globs = [_DEEP if anchored and _is_deep(part) else _tokens(part) for part in parts if part]
    except _InvalidError:
        return None
    if anchored and globs[-1] is _DEEP:
        globs.insert(-1, (_STAR,))  # `a/**` is what lies in a, not a itself
    if len(globs) == 2 and globs[0] is _DEEP:
        globs, anchored = globs[1:], False
    return _Pattern(index, negated, only_dirs, anchored, tuple(globs))


def _is_deep(part: str) -> bool:
    return len(part) > 1 and not part.strip("*")


def _trimmed(line: str) -> str:
    line = line.removesuffix("\r")
    bare = line.rstrip(" ")
    escaped = (len(bare) - len(bare.rstrip("\\"))) % 2 == 1
    return bare + " " if escaped and bare != line else bare


def _literal(glob: _Glob) -> str | None:
    return "".join(glob) if all(isinstance(token, str) for token in glob) else None  # type: ignore[arg-type]


def _name_glob(index: int, glob: _Glob) -> _NameGlob:
    first = next(n for n, token in enumerate(glob) if not isinstance(token, str))
    last = next(n for n, token in enumerate(reversed(glob)) if not isinstance(token, str))
    prefix = "".join(str(token) for token in glob[:first])
    suffix = "".join(str(token) for token in glob[len(glob) - last :])
    return _NameGlob(index, prefix, suffix, glob)


class _Table:
    """The patterns that can match a file, or a directory, sorted by how they are looked up."""

    def __init__(self, patterns: Iterable[_Pattern]) -> None:
        self.names: dict[str, int] = {}
        self.paths: dict[str, int] = {}
        self.name_globs: list[_NameGlob] = []
        self.path_globs: list[tuple[int, tuple[_Glob, ...]]] = []
        for pattern in patterns:
            self._add(pattern)
        self.name_globs.reverse()
        self.path_globs.reverse()

    def _add(self, pattern: _Pattern) -> None:
        literals = [_literal(glob) or None for glob in pattern.globs]
        if None not in literals:
            table = self.paths if pattern.anchored else self.names
            table["/".join(str(text) for text in literals)] = pattern.rank
        elif pattern.anchored:
            self.path_globs.append((pattern.rank, pattern.globs))
        else:
            self.name_globs.append(_name_glob(pattern.rank, pattern.globs[0]))

    def last(self, path: str, name: str) -> int:
        """The index of the last pattern that matches, or -1."""
        best = max(self.names.get(name, -1), self.paths.get(path, -1))
        for index, prefix, suffix, glob in self.name_globs:
            if index < best:
                break
            if name.startswith(prefix) and name.endswith(suffix) and _matches(glob, name):
                best = index
                break
        for index, globs in self.path_globs:
            if index < best:
                break
            if _matches_path(globs, path.split("/")):
                return index
        return best


class Patterns:
    """The lines of one ignore file, or of one list in the configuration.

    Parameters: `lines`, in git's syntax; the last one that matches decides.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        numbered = (_parse(index, line) for index, line in enumerate(lines))
        patterns = [pattern for pattern in numbered if pattern is not None]
        self._negated = frozenset(p.rank for p in patterns if p.negated)
        self._dirs = _Table(patterns)
        self._files = _Table(p for p in patterns if not p.only_dirs)

    def decide(self, path: str, name: str, is_dir: bool) -> bool | None:
        """Whether the patterns themselves ignore a path, its parents left aside.

        Parameters: `path` relative to where the patterns stand, with forward slashes; `name`, its last component;
        `is_dir`.
        Returns: `True` for ignored, `False` for taken back by a `!`, `None` if no pattern matches.
        """
        index = (self._dirs if is_dir else self._files).last(path, name)
        return None if index < 0 else index not in self._negated

    def covers(self, path: str) -> bool:
        """Whether a file, or a folder it lies in, is ignored."""
        end = path.find("/")
        while end >= 0:
            folder = path[:end]
            if self.decide(folder, folder.rpartition("/")[2], True):
                return True
            end = path.find("/", end + 1)
        return bool(self.decide(path, path.rpartition("/")[2], False))


def rebased(line: str, start: Iterable[str], end: Iterable[str]) -> list[str]:
    """A pattern of one folder, said anew for another.

    Parameters: `line`; `start`, the components of the folder in which it is written; `end`, those of the folder for
    which it is to be said.
    Returns: lines that match below the other folder what the pattern matches there: none if it can match nothing,
    several where a `**` has several ways to go on. A pattern without a slash counts at any depth, so it stays as it is.
    """
    start, end = tuple(start), tuple(end)
    pattern = _parse(0, line)
    if pattern is None or start == end or (not pattern.anchored):
        return [line] if pattern is not None else []
    negation, text = ("!", line[1:]) if pattern.negated else ("", line)
    parts = [part for part in _trimmed(text).split("/") if part]
    tail = "/" if pattern.only_dirs else ""
    if start[: len(end)] == end:
        down = [_escaped(part) for part in start[len(end) :]]
        return [f"{negation}/{'/'.join([*down, *parts])}{tail}"]
    if end[: len(start)] != start:
        return []
    rests = _rests(parts, end[len(start) :])
    return [f"{negation}/{'/'.join(rest)}{tail}" if rest else f"{negation}/**" for rest in rests]


def _rests(parts: list[str], way: Iterable[str]) -> list[list[str]]:
    """What is left of a pattern's components after a way down; an empty rest if it ends on the way."""
    open_at = _through(parts, {0})
    for name in way:
        if len(parts) in open_at:
            break
        stay = {at for at in open_at if _is_deep(parts[at])}
        go_on = {
            at + 1 for at in open_at if not _is_deep(parts[at]) and _matches(_tokens(parts[at]), name)
        }
        open_at = _through(parts, stay | go_on)
    if len(parts) in open_at and not _is_deep(parts[-1]):
        return [[]]
    # A rest that begins with `**` covers those behind it.
    return [
        parts[at:] for at in sorted(open_at) if at < len(parts) and not _is_covered(parts, at, open_at)
    ]


def _through(parts: list[str], open_at: set[int]) -> set[int]:
    """The positions from which a match can go on; a `**` may stand for nothing."""
    found = set(open_at)
    for at in range(len(parts)):
        if at in found and _is_deep(parts[at]):
            found.add(at + 1)
    return found


def _is_covered(parts: list[str], at: int, open_at: set[int]) -> bool:
    return at > 0 and at - 1 in open_at and _is_deep(parts[at - 1])


def _escaped(name: str) -> str:
    return "".join(f"\\{char}" if char in "*?[\\" else char for char in name)
