"""Facts of files that have not changed are not made again: they are kept with the digest of the content they are of.

One file for a project: a table of contents, and behind it each file's facts, compressed, which are unpacked when somebody
asks for them: what the file defines, and apart from it what is in its functions. Whatever is not whole is as if it were not
there.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from api_lint import __version__, encoded, replay
from api_lint.census import Census
from api_lint.facts import Body, Layout, ModuleFacts
from api_lint.parcels import Room, Store, parcelled
from api_lint.replay import State

_MAGIC = b"api-lint facts 4\n"
_HEAD = len(_MAGIC) + 16
# What unpacks to more than this was not made here.
_LARGEST = 256_000_000
# How much smaller it would be compressed.
_COMPRESSED = 4
# What reading something else than facts may end in.
_BROKEN = (ValueError, LookupError, TypeError, RecursionError, OverflowError, zlib.error)


class Kept(NamedTuple):
    """What is kept of a file: the digest of its `content`, its facts in two parts, packed, and the names in them; no facts
    and no names for one that the gate keeps out. `state`, how the file was when it had that content (`replay.state`)."""

    content: str
    outer: bytes = b""
    inner: bytes = b""
    census: Census | None = None
    state: State | None = None


class Shelf:
    """The facts that earlier runs have made.

    Parameters: `home`, the folder (`replay.folder`); `key`, all that facts hang on besides the files.
    """

    def __init__(self, home: str, key: object) -> None:
        self._folder = os.path.join(home, replay.FACTS)
        name = repr((__version__, key)).encode("utf-8", "surrogateescape")
        self._name = replay.digest(name).hex()
        self._begun = time.time_ns()
        self._before = _read(os.path.join(self._folder, self._name))

    def __bool__(self) -> bool:
        return bool(self._before)

    def of(self, path: str, content: str) -> Kept | None:
        """What is kept of a file, `None` if that is of another content than the one of this digest."""
        kept = self._before.get(path)
        return kept if kept is not None and kept.content == content else None

    def unread(self, path: str, state: State) -> Kept | None:
        """What is kept of a file that need not be read: its state is the one that it had then."""
        kept = self._before.get(path)
        return kept if kept is not None and kept.state == state and any(state) else None

    def forget(self) -> None:
        """Forget what earlier runs have made."""
        self._before = {}

    def keep(self, root: str, found: Mapping[str, Kept]) -> None:
        """Keep what is known of all files now. Where that cannot be done, nothing happens.

        Parameters: `root`, the project's folder; `found`, by the files' paths relative to it.
        """
        now = {path: self._with_state(os.path.join(root, path), kept) for path, kept in found.items()}
        if now == self._before:
            return
        at = 0
        table: dict[str, tuple[object, ...]] = {}
        for path, kept in now.items():
            middle, end = at + len(kept.outer), at + len(kept.outer) + len(kept.inner)
            table[path] = kept.content, kept.state, at, middle, end, *(kept.census or ())
            at = end
        head = json.dumps(table, separators=(",", ":")).encode("ascii")
        facts = (part for kept in now.values() for part in (kept.outer, kept.inner))
        parts = (_MAGIC, replay.digest(head), head, b"\n", *facts)
        if replay.put(self._folder, self._name, b"".join(parts)):
            replay.forget_old(self._folder)

    def _with_state(self, path: str, kept: Kept) -> Kept:
        """The same with the file's state, if it has been in that since before the file was read."""
        if kept.state is not None:
            return kept
        state = replay.state(path)
        return kept._replace(state=state) if any(state) and replay.is_old(state, self._begun) else kept


def pack(content: str, facts: ModuleFacts, census: Census) -> Kept | None:
    """A file's facts as they are kept, with the digest of its `content` and the names in them; `None` for what cannot be."""
    try:
        outer, inner = encoded.write(facts)
        return Kept(content, zlib.compress(outer, 1), zlib.compress(inner, 1), census)
    except (ValueError, RecursionError):
        return None


def unpack(
    kept: Kept,
    room: Room,
    again: Callable[[], ModuleFacts | None],
) -> ModuleFacts | None:
    """Facts that were packed, `None` where the bytes are no such.

    Parameters: `room`, for what is in its functions once somebody looks into them; `again`, what makes the facts anew, for
    the case that only then it is seen that the bytes are no such thing.
    """
    store = Store()
    try:
        facts = encoded.read(_decompressed(kept.outer), store)
    except _BROKEN:
        return None
    unpacked: list[bytes] = []

    def lines() -> list[bytes]:
        if not unpacked:
            unpacked.extend(_decompressed(kept.inner).split(b"\n"))
        return unpacked

    def holds(number: int, names: Sequence[str]) -> bool:
        try:
            return any(not name.isascii() or name.encode() in lines()[number] for name in names)
        except _BROKEN:
            return True

    def load(number: int) -> tuple[Sequence[Body | Layout], int]:
        try:
            line = lines()[number]
            return encoded.parcel(line, number), len(line) // _COMPRESSED
        except _BROKEN:
            made = again()
            if made is None:
                raise
            return (parcelled(made.functions)[number - 1] if number else [made.layout]), 0

    store.load, store.holds, store.room = load, holds, room
    return facts


def _decompressed(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, _LARGEST)


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
            path: Kept(
                content,
                bytes(body[start:middle]),
                bytes(body[middle:end]),
                Census(*names) if names else None,
                tuple(state) if state is not None else None,
            )
            for path, (content, state, start, middle, end, *names) in json.loads(head).items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
