"""Reports in files: whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator

from api_lint import atomic


def write(path: str, pieces: Iterable[str]) -> None:
    """Put a report into a file, so that a reader finds the old content or the new one and never a part.

    Parameters: `path`, which may lead to a device or a pipe: that is written to as it is; `pieces` of the text.
    Raises: OSError as the system says; what stood in the file is still there then.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        mode = _usual_mode()
    else:
        if not stat.S_ISREG(status.st_mode):
            with open(path, "wb") as file:
                file.writelines(_encoded(pieces))
            return
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        mode = stat.S_IMODE(status.st_mode)
    target = os.path.realpath(path)
    atomic.sweep(atomic.leftovers(os.path.dirname(target)))
    atomic.Staged(target, _encoded(pieces), mode, is_durable=False).replace()


def _encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    return (piece.encode("utf-8", "backslashreplace") for piece in pieces)


def _usual_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
