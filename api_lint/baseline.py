"""Findings that a code base is allowed to have, because it had them when somebody wrote its baseline.

A baseline is a file of plain data. It knows a finding by what no reformatting and no moving of code changes (see
`fingerprint`), and counts those that are alike. It is a ratchet: findings leave it when they are fixed, and only an
explicit wish brings new ones in.
"""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from api_lint.config import ProblemError
from api_lint.facts import Span
from api_lint.fingerprint import fingerprints
from api_lint.rule import UNREADABLE, Diagnostic
from api_lint.text import visible

DEFAULT_FILE = ".api-lint-baseline.json"

_VERSION = 1
_LARGEST = 100_000_000
_FIELDS = {"rule": str, "in": str, "text": str, "count": int}

Read = Callable[[str], bytes]


class BaselineError(ProblemError):
    """A baseline that cannot be used; its text names the file."""


class Entry(NamedTuple):
    """What a baseline knows a finding by.

    `path` is relative to the baseline's folder, with forward slashes; `definition` the qualified name of the function or
    class around it, "" at module level; `text` a digest of the normalised text.
    """

    path: str
    rule: str
    definition: str
    text: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run could have found.

    `codes` of the rules that ran; `paths` of the files it reported on, `folders` that it was asked about ("" for
    everything), `broken` files that could not be handled; all relative to the baseline's folder.
    """

    codes: frozenset[str]
    paths: frozenset[str]
    folders: tuple[str, ...] = ()
    broken: frozenset[str] = frozenset()

    def has(self, entry: Entry) -> bool:
        """Whether the run would have found what the entry stands for, were it still there."""
        if entry.rule not in self.codes or entry.path in self.broken:
            return False
        return entry.path in self.paths or any(_is_below(entry.path, f) for f in self.folders)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def load(path: str, shown: str) -> Counter[Entry]:
    """Read a baseline.

    Parameters: `path` of the file; `shown`, how it is named to the user.
    Returns: how many findings it holds of each kind.
    Raises: BaselineError for a file that is not there, cannot be read, or is no baseline.
    """
    try:
        data = json.loads(_content(path))
    except FileNotFoundError:
        raise BaselineError(f"there is no baseline {shown}; `api-lint baseline` writes one") from None
    except OSError as error:
        raise BaselineError(f"{shown}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        reason = visible(str(error)) or "nested too deeply"
        raise BaselineError(f"{shown} is no baseline: {reason}") from None
    try:
        return Counter(dict(_entries(data)))
    except _ShapeError as error:
        raise BaselineError(f"{shown} is no baseline: {error}") from None


def written(entries: Mapping[Entry, int]) -> str:
    """A baseline's text: a row for each kind of finding, sorted, so that a change of one is a change of one row."""
    by_path: dict[str, list[str]] = {}
    for entry in sorted(entry for entry, count in entries.items() if count > 0):
        row = {"rule": entry.rule, "in": entry.definition, "text": entry.text, "count": entries[entry]}
        by_path.setdefault(entry.path, []).append(f"      {json.dumps(row)}")
    files = ",\n".join(
        f"    {json.dumps(path)}: [\n" + ",\n".join(rows) + "\n    ]" for path, rows in by_path.items()
    )
    findings = "{\n" + files + "\n  }" if files else "{}"
    return f'{{\n  "version": {_VERSION},\n  "findings": {findings}\n}}\n'


class _ShapeError(Exception):
    """Data that is not of a baseline's form."""


def _content(path: str) -> bytes:
    """The bytes of a regular file."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_size > _LARGEST:
            raise ValueError("not a regular file, or too large")
        return file.read()


def _entries(data: Any) -> Iterator[tuple[Entry, int]]:
    if not isinstance(data, dict) or not isinstance(data.get("findings"), dict):
        raise _ShapeError("it has no table of findings")
    if data.get("version") != _VERSION:
        raise _ShapeError(f"its version is not {_VERSION}; write it anew with this api-lint")
    for path, rows in data["findings"].items():
        if not isinstance(rows, list):
            raise _ShapeError(f"what it holds of {visible(path)} is no list")
        yield from (_entry(path, row) for row in rows)


def _entry(path: str, row: Any) -> tuple[Entry, int]:
    is_row = isinstance(row, dict) and row.keys() == _FIELDS.keys()
    if not is_row or any(type(row[name]) is not kind for name, kind in _FIELDS.items()):
        raise _ShapeError(f"an entry of {visible(path)} has not the fields {', '.join(_FIELDS)}")
    if row["count"] < 1:
        raise _ShapeError(f"an entry of {visible(path)} counts {row['count']}")
    return Entry(path, row["rule"], row["in"], row["text"]), row["count"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline in use.

    `entries` are its findings; `folder`, absolute, the one it stands in; `root`, absolute, the one that a run's paths are
    relative to; `secret` the codes of the rules whose findings are secrets.
    """

    entries: Mapping[Entry, int]
    folder: str
    root: str
    secret: frozenset[str] = frozenset()

    def path(self, path: str) -> str:
        """A path relative to the run's root, made relative to the baseline's folder."""
        relative = os.path.relpath(os.path.join(self.root, path), self.folder)
        return "" if relative == "." else relative.replace(os.sep, "/")

    def keys(self, diagnostics: Sequence[Diagnostic], read: Read) -> list[Entry | None]:
        """What a baseline knows each finding by; `None` for a file that cannot be handled: what it hides is unknown, so
        no baseline can hold it."""
        secrets: dict[str, list[Span]] = {}
        for diagnostic in diagnostics:
            if diagnostic.code in self.secret:
                secrets.setdefault(diagnostic.path, []).append(diagnostic.span)
        found = fingerprints(diagnostics, read, secrets)
        return [
            None
            if diagnostic.code == UNREADABLE[0]
            else Entry(self.path(f.path), f.code, f.definition, f.text)
            for diagnostic, f in zip(diagnostics, found)
        ]

    def count(self, diagnostics: Sequence[Diagnostic], read: Read) -> Counter[Entry]:
        """How many findings there are of each kind."""
        return Counter(key for key in self.keys(diagnostics, read) if key is not None)

    def follow(self, found: Mapping[Entry, int]) -> Baseline:
        """The baseline with the files that were moved or renamed under their new paths.

        A file that is gone stands where a file new to the baseline has findings that no other pair of such files has in
        common; where two files come into question, the one with more of them, and neither if they have as many.

        Parameters: `found`, all findings of a run.
        """
        gone = {p for p in {e.path for e in self.entries} if not os.path.lexists(self._full(p))}
        new = {entry.path for entry in found} - {entry.path for entry in self.entries}
        votes = _votes((e for e in self.entries if e.path in gone), (e for e in found if e.path in new))
        moved = {old: new for old, new in votes if _is_best(votes, old, new)}
        entries: Counter[Entry] = Counter()
        for entry, count in self.entries.items():
            entries[entry._replace(path=moved.get(entry.path, entry.path))] += count
        return replace(self, entries=entries)

    def _full(self, path: str) -> str:
        return os.path.join(self.folder, *path.split("/"))

    def is_new(
        self, diagnostics: Sequence[Diagnostic], read: Read, last: Sequence[bool] | None = None
    ) -> list[bool]:
        """Tell which findings the baseline does not hold.

        Parameters: `diagnostics` in the order of their places; `read` gives a file's bytes by its path relative to the root;
        `last`, for each whether it is to be new rather than others that are alike (by default the later ones are).
        Returns: a flag for each.
        """
        keys = self.keys(diagnostics, read)
        left = Counter(self.follow(Counter(key for key in keys if key is not None)).entries)
        new = [True] * len(keys)
        for position in sorted(range(len(keys)), key=lambda i: bool(last and last[i])):
            key = keys[position]
            if key is not None and left[key] > 0:
                left[key] -= 1
                new[position] = False
        return new

    def fixed(self, found: Mapping[Entry, int], scope: Scope) -> Counter[Entry]:
        """How many findings of each kind the baseline holds that are not there any more.

        Parameters: `found`, all findings of a run; `scope`, what it could have found.
        """
        return Counter(
            {
                entry: count - found.get(entry, 0)
                for entry, count in self.entries.items()
                if count > found.get(entry, 0) and scope.has(entry)
            }
        )


def _votes(old: Iterable[Entry], new: Iterable[Entry]) -> Counter[tuple[str, str]]:
    """How many kinds of findings two files have in common that no others of these have."""
    places: dict[tuple[str, str, str], tuple[set[str], set[str]]] = {}
    for side, entries in enumerate((old, new)):
        for entry in entries:
            places.setdefault(entry[1:], (set(), set()))[side].add(entry.path)
    return Counter((*olds, *news) for olds, news in places.values() if len(olds) == 1 and len(news) == 1)  # type: ignore[misc]


def _is_best(votes: Mapping[tuple[str, str], int], old: str, new: str) -> bool:
    mine = votes[old, new]
    return all(
        count < mine
        for pair, count in votes.items()
        if pair != (old, new) and (pair[0] == old or pair[1] == new)
    )
