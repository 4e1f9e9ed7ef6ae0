"""Facts of files that have not changed are not made again: they are kept with the digest of the content they are of.

One file for a project: a table of contents, and behind it each file's facts, compressed, which are unpacked when somebody
asks for them. Whatever is not whole is as if it were not there.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from api_lint import __version__, encoded, replay
from api_lint.census import Census, take
from api_lint.facts import ModuleFacts

_MAGIC = b"api-lint facts 1\n"
_HEAD = len(_MAGIC) + 16
# What unpacks to more than this was not made here.
_LARGEST = 256_000_000


class Kept(NamedTuple):
    """What is kept of a file: the digest of its `content`, its facts, packed, and the names in them; no facts and no names
    for one that the gate keeps out."""

    content: str
    packed: bytes = b""
    census: Census | None = None


class Shelf:
    """The facts that earlier runs have made.

    Parameters: `home`, the folder (`replay.folder`); `key`, all that facts hang on besides the files.
    """

    def __init__(self, home: str, key: object) -> None:
        self._folder = os.path.join(home, replay.FACTS)
        name = repr((__version__, key)).encode("utf-8", "surrogateescape")
        self._name = replay.digest(name).hex()
        self._before = _read(os.path.join(self._folder, self._name))

    def __bool__(self) -> bool:
        return bool(self._before)

    def of(self, path: str, content: str) -> Kept | None:
        """What is kept of a file, `None` if that is of another content than the one of this digest."""
        kept = self._before.get(path)
        return kept if kept is not None and kept.content == content else None

    def forget(self) -> None:
        """Forget what earlier runs have made."""
        self._before = {}

    def keep(self, now: Mapping[str, Kept]) -> None:
        """Keep what is known of all files now. Where that cannot be done, nothing happens."""
        if now == self._before:
            return
        at = 0
        table: dict[str, tuple[object, ...]] = {}
        for path, kept in now.items():
            table[path] = kept.content, at, at + len(kept.packed), *(kept.census or ())
            at += len(kept.packed)
        head = json.dumps(table, separators=(",", ":")).encode("ascii")
        parts = (_MAGIC, replay.digest(head), head, b"\n", *(kept.packed for kept in now.values()))
        if replay.put(self._folder, self._name, b"".join(parts)):
            replay.forget_old(self._folder)


def pack(content: str, facts: ModuleFacts) -> Kept | None:
    """A file's facts as they are kept, with the digest of its `content`; `None` for what cannot be."""
    try:
        return Kept(content, zlib.compress(encoded.write(facts), 1), take(facts))
    except (ValueError, RecursionError):
        return None


def unpack(packed: bytes) -> ModuleFacts | None:
    """Facts that were packed, `None` where the bytes are no such."""
    try:
        return encoded.read(zlib.decompressobj().decompress(packed, _LARGEST))
    except (ValueError, LookupError, TypeError, RecursionError, OverflowError, zlib.error):
        return None


def _read(path: str) -> dict[str, Kept]:
    source = replay.source_of(path, _LARGEST)
    if source is None:
        return {}
    try:
        head = source[_HEAD : source.index(b"\n", _HEAD)]
        if not source.startswith(_MAGIC) or source[len(_MAGIC) : _HEAD] != replay.digest(head):
            return {}
        body = memoryview(source)[_HEAD + len(head) + 1 :]
        return {
            path: Kept(content, bytes(body[start:end]), Census(*names) if names else None)
            for path, (content, start, end, *names) in json.loads(head).items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
