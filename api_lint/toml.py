"""TOML read, with the rows of its keys, which the standard library's parser does not tell."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from api_lint.text import visible

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)\Z")
# A key of so many parts costs the parser memory by their square, gigabytes for 50,000 of them.
_MOST_PARTS = 32
_LONG_KEY = re.compile(rf"(?<![\w\"'.-])(?:[\w\"'-]+[ \t]*\.[ \t]*){{{_MOST_PARTS}}}")
# A key is looked for on so many rows only: the parser runs once or twice for each.
_MOST_ROWS = 50


class TomlError(Exception):
    """A text that is no TOML. `reason` says why, `row` where, 0 if that is not known."""

    def __init__(self, reason: str, row: int = 0) -> None:
        super().__init__(reason, row)
        self.reason = reason
        self.row = row


def parse(source: bytes) -> dict[str, Any]:
    """A TOML document.

    Parameters: `source`, UTF-8 with or without a byte order mark.
    Raises: TomlError for what is no TOML, not UTF-8, or nested too deeply.
    """
    try:
        text = source.decode("utf-8-sig")
        long_key = _LONG_KEY.search(text)
        if long_key is not None:
            begins = text.count("\n", 0, long_key.start()) + 1
            raise TomlError(f"a key of more than {_MOST_PARTS} parts", begins)
        return _loads(text)
    except UnicodeDecodeError as error:
        raise TomlError("not UTF-8", source[: error.start].count(b"\n") + 1) from error
    except RecursionError as error:
        raise TomlError("nested too deeply") from error
    except ValueError as error:
        place = _PLACE.search(str(error))
        reason = str(error)[: place.start()] if place else str(error)
        row = place[1] if place else None
        raise TomlError(visible(reason), int(row or source.rstrip().count(b"\n") + 1)) from error


def row_of(source: bytes, path: Sequence[str]) -> int:
    """The row on which the statement begins that gives a key its value.

    A prefix of whole rows that parses ends between two statements; so the key's statement is the one whose rows make the
    key appear.

    Parameters: `source`, a valid document; `path`, the keys from the top of the document to the one that is looked for.
    Returns: the row, from 1 on, or 0 where it cannot be told.
    """
    rows = source.decode("utf-8-sig").split("\n")
    places = [number for number, row in enumerate(rows) if path[-1] in row]
    for start in places[:_MOST_ROWS]:
        ends = range(start + 1, min(len(rows), start + _MOST_ROWS) + 1)
        before = _parsed(rows[:start])
        after = next((found for end in ends if (found := _parsed(rows[:end])) is not None), None)
        if before is not None and after is not None and _has(after, path) and not _has(before, path):
            return start + 1
    return 0


def _parsed(rows: Sequence[str]) -> dict[str, Any] | None:
    try:
        return _loads("\n".join(rows) + "\n")
    except (ValueError, RecursionError):
        return None


def _has(found: Any, path: Sequence[str]) -> bool:
    for key in path:
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return True


def _loads(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)
