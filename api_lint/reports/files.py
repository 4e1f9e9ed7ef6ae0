"""Reports in files: whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from typing import IO


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
            with _opened(path) as file:
                file.writelines(pieces)
            return
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        mode = stat.S_IMODE(status.st_mode)
    target = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".api-lint-", suffix=".tmp")
    try:
        with _opened(handle) as file:
            file.writelines(pieces)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _opened(file: str | int) -> IO[str]:
    return open(file, "w", encoding="utf-8", errors="backslashreplace", newline="\n")


def _usual_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
