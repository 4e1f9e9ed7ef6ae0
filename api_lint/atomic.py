"""Files that are replaced as a whole: whoever reads one finds the old content or the new one, whatever ends the process.

New content goes into a temporary file beside the old one, which is renamed over it. While its writer lives, the temporary
file is locked; one that is not was left by a run that was killed, and the next run takes it away.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator

try:
    import fcntl
except ImportError:  # on Windows, where an open file cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"\.api-lint-[0-9a-f]{16}\.tmp")
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Staged:
    """New content that waits beside the file that it is for.

    Parameters: `target`, the file's path, which is no link; `content` in pieces; `mode`, the permissions it is to have;
    `is_durable`, whether it has to outlive a loss of power.
    Raises: OSError as the system says; there is no temporary file then.
    """

    def __init__(
        self, target: str, content: Iterable[bytes], mode: int, *, is_durable: bool = True
    ) -> None:
        self.target = target
        self._is_waiting = True
        self.path, self._handle = _made(os.path.dirname(target))
        try:
            for piece in content:
                _write(self._handle, piece)
            if is_durable:
                os.fsync(self._handle)
            _give_to_owner_of(target, self.path)
            os.chmod(self.path, mode)
            if fcntl is None:  # nor can it be renamed there
                self._close()
        except BaseException:
            self.discard()
            raise

    def replace(self) -> None:
        """Put the new content in the place of the old; where that cannot be done, there is no temporary file any more."""
        try:
            os.replace(self.path, self.target)
            self._is_waiting = False
        finally:
            self.discard()

    def discard(self) -> None:
        """Take the new content away, if it has not found its place."""
        if self._is_waiting:
            with contextlib.suppress(OSError):
                os.unlink(self.path)
        self._is_waiting = False
        self._close()

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


def _made(folder: str) -> tuple[str, int]:
    """A new temporary file, open and locked."""
    while True:
        path = os.path.join(folder, f".api-lint-{os.urandom(8).hex()}.tmp")
        try:
            handle = os.open(path, _FLAGS, 0o600)
            _lock(handle)
            if fcntl is None or os.fstat(handle).st_nlink:
                return path, handle
            os.close(handle)  # another run took it for one that was left, before it was locked
        except KeyboardInterrupt:
            with contextlib.suppress(OSError):
                os.unlink(path)
            raise


def _give_to_owner_of(target: str, path: str) -> None:
    """Root that fixes somebody's file leaves it theirs."""
    with contextlib.suppress(OSError):
        before, now = os.stat(target), os.stat(path)
        if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid) and hasattr(os, "chown"):
            os.chown(path, before.st_uid, before.st_gid)


def _lock(handle: int) -> bool:
    """Lock a file; whether that could be done."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _write(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def is_temporary(name: str) -> bool:
    """Whether a file is called like one of ours."""
    return name.startswith(".api-lint-") and _NAME.fullmatch(name) is not None


def leftovers(folder: str) -> Iterator[str]:
    """The files of a folder that are called like ours."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from [entry.path for entry in entries if is_temporary(entry.name)]


def sweep(paths: Iterable[str]) -> None:
    """Remove temporary files that nobody is writing to.

    Parameters: `paths`, of files that are called like ours.
    """
    for path in paths:
        with contextlib.suppress(OSError):
            if _is_left(path):
                os.unlink(path)


def _is_left(path: str) -> bool:
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return False
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        return _lock(handle)
    finally:
        os.close(handle)
