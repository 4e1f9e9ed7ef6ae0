"""Text of strangers, made fit for a terminal: names, paths and source lines of the code under the lens."""

from __future__ import annotations

import re

# What a CI service takes for a command of its own in a log: GitHub `::name::` at the start of a row and `##[name]`
# anywhere, Azure Pipelines `##vso[…]` anywhere.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#(?:vso)?\[)", re.IGNORECASE)


def _is_unsafe(code: int) -> bool:
    return (
        code < 0x20
        or 0x7F <= code < 0xA0
        or code in (0xAD, 0x61C, 0x180E, 0xFEFF)
        or 0x200B <= code <= 0x200F
        or 0x2028 <= code <= 0x202E
        or 0x2060 <= code <= 0x206F
        or 0xD800 <= code <= 0xDFFF
        or 0xFFF9 <= code <= 0xFFFB
        or 0xE0000 <= code <= 0xE0FFF
    )


def visible(text: str) -> str:
    """The text with everything that a terminal would obey, or that hides, written as an escape sequence.

    Parameters: `text`, a name, a path or a line of somebody's source.
    Returns: the same for plain text; `\\x1b`, `\\u202e` and their like for control, bidirectional and invisible
    characters and for bytes that were not UTF-8, and nothing that a CI service takes for a command.
    """
    if not text.isascii() or not text.isprintable():
        text = "".join(_escaped(char) if _is_unsafe(ord(char)) else char for char in text)
    return inert(text)


def inert(text: str) -> str:
    """The text without what a CI service would take for a command when it stands in a log.

    Parameters: `text`, one row or a part of it. Returns: the same with the first sign of each command escaped.
    """
    if "##" not in text and "::" not in text:
        return text
    return _COMMAND.sub(lambda m: f"{m[1]}\\x3a" if m[1] is not None else "\\x23", text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
