"""Nothing changed: what a run printed is printed again, before anything else of api-lint is even imported.

A run keeps what it printed, and of all that it looked at (files, folders, and what was not there) how it was. The next
run of the same command in the same place compares, and where all is as it was it has its answer. Times and sizes are
compared first; where they differ what is in a file or a folder decides, so a touched file or a fresh checkout costs a
look and no run.

What is kept lies in the user's own cache folder and never in the code under the lens: no repository can bring along an
answer of its own. It is text and numbers with a checksum; whatever cannot be read is as if it were not there.

This is all that a run without news imports, so it stands on `os` and `sys` alone.
"""

from __future__ import annotations

import os
import sys
import time
from array import array
from stat import S_IFMT, S_ISREG

from api_lint import __version__

try:  # `hashlib` loads OpenSSL as well, which takes longer than all the rest here
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What is known of a path: whether it is there and of what kind; how it was; how it was, and what is in it if that differs.
KIND, STATE, FILE, FOLDER = "k", "s", "f", "d"

_MAGIC = b"api-lint run 1\n"
_DIGEST = 16
_NO_DIGEST = bytes(_DIGEST)
State = tuple[int, int, int, int]
_ABSENT = (0, 0, 0, 0)
_STATE = 32  # bytes: four numbers

# What tells backups and git to leave a folder out.
_TAGS = {
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# Made by api-lint.\n",
    ".gitignore": "*\n",
}

# How many runs are kept, and of how many projects facts and findings; the oldest goes first.
_KEPT = 48
_KEPT_LARGE = 16
_LARGEST = 64_000_000
RUNS, FOUND, FACTS = "runs", "found", "facts"
_FOLDERS = (RUNS, FOUND, FACTS)

# With which exit codes a run may be kept.
_CODES = (0, 1)

# The clock that files are stamped by is read this seldom. One that knows whole seconds only may know every other one.
_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000
_SECOND = 1_000_000_000

# Names in a folder that matter to a run besides `*.py` and folders.
_NAMES = frozenset(
    ".git .gitignore .hg .api-lint.toml api-lint.toml pyproject.toml setup.cfg manage.py".split()
)
_LEFT_OUT = frozenset({"__pycache__", ".api_lint_cache"})

# What of the environment reaches a report, or decides what is read.
_VARIABLES = (
    "API_LINT_CACHE_DIR BUILD_SOURCESDIRECTORY CI_PROJECT_DIR COLUMNS FORCE_COLOR GITHUB_REPOSITORY GITHUB_SERVER_URL "
    "GITHUB_SHA GITHUB_STEP_SUMMARY GITHUB_WORKSPACE HOME NO_COLOR TERM USERPROFILE"
).split()


class Watched:
    """What a run looked at: paths, of each what is known, and the digest of what was in it ("" for none)."""

    __slots__ = ("digests", "kinds", "paths")

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.kinds: list[str] = []
        self.digests: list[bytes] = []

    def add(self, kind: str, path: str, digest: bytes = b"") -> None:
        """Watch a path.

        Parameters: `kind`, one of `KIND`, `STATE`, `FILE`, `FOLDER`; `path`, absolute; `digest` of what was in it, without
        which a file or folder whose state differs has changed.
        """
        self.paths.append(path)
        self.kinds.append(kind)
        self.digests.append(digest or _NO_DIGEST)


class Kept:
    """A run: what it watched and how that was, what it printed, and its exit code."""

    __slots__ = ("code", "err", "out", "states", "watched")

    def __init__(self, watched: Watched, states: bytes, out: str, err: str, code: int) -> None:
        self.watched = watched
        self.states = states
        self.out = out
        self.err = err
        self.code = code


def again(arguments: Sequence[str]) -> int | None:
    """Print what the last run of this command printed, if nothing that it looked at has changed.

    Parameters: `arguments` of the command line, without the program's name.
    Returns: the exit code; `None` where there was no such run, or something has changed.
    """
    begun = time.time_ns()
    path = _place(arguments)
    kept = _read(path) if path else None
    if kept is None:
        return None
    states = _states(kept.watched)
    if states != kept.states:
        if not _is_same(kept, states):
            return None
        kept.states = states
    else:
        path = ""
    if kept.err:
        sys.stderr.write(kept.err)
        sys.stderr.flush()
    _print(kept.out)
    if path and _are_old(states, begun):
        _write(path, kept)
    return kept.code


def keep(arguments: Sequence[str], watched: Watched, begun: int, out: str, err: str, code: int) -> None:
    """Keep a run for `again`. Where that cannot be done, nothing happens.

    Parameters: `arguments` as of `again`; `watched`, all that the run looked at; `begun`, when it began to look, by
    `time.time_ns`; `out` and `err`, what it printed; `code`, its exit code.
    """
    path = _place(arguments)
    states = _states(watched) if path else b""
    if path and _are_old(states, begun):
        _write(path, Kept(watched, states, out, err, code))


def folder(arguments: Sequence[str] = ()) -> str:
    """Where things are kept between runs.

    Parameters: `arguments` of the command line, of which `--cache-dir` counts before `API_LINT_CACHE_DIR` does.
    Returns: the folder, absolute, which need not exist; "" where there can be none, or none is wanted.
    """
    if "--no-cache" in arguments or os.environ.get("API_LINT_NO_CACHE"):
        return ""
    named = os.environ.get("API_LINT_CACHE_DIR", "")
    for position, argument in enumerate(arguments):
        if argument == "--cache-dir":
            named = "".join(arguments[position + 1 : position + 2])
        elif argument.startswith("--cache-dir="):
            named = argument[12:]
    if named:
        return os.path.abspath(named)
    home = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "api-lint") if os.path.isabs(home) else ""


# ------------------------------------------------------------------------------------------------------- how it is


def content(path: str) -> bytes:
    """The digest of what is in a file, `b""` where it cannot be read."""
    source = source_of(path)
    return b"" if source is None else digest(source)


def source_of(path: str, most: int = _LARGEST) -> bytes | None:
    """What is in a file; `None` for what is none (a pipe nobody writes to would be waited for), or is larger than `most`."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(handle)
        if not S_ISREG(status.st_mode) or status.st_size > most:
            return None
        with open(handle, "rb", closefd=False) as file:
            return file.read()
    except OSError:
        return None
    finally:
        os.close(handle)


def digest(source: bytes) -> bytes:
    """The digest of a file's content."""
    return blake2b(source, digest_size=_DIGEST).digest()


def listing(entries: Iterable[os.DirEntry[str]]) -> bytes:
    """The digest of what is in a folder, as far as it matters to a run.

    Raises: OSError where the system does not tell what an entry is.
    """
    names = [entry.name + _kind(entry) for entry in entries if _matters(entry)]
    return digest("\0".join(sorted(names)).encode("utf-8", "surrogateescape"))


def _matters(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if name.endswith(".py") or name in _NAMES:
        return True
    return name not in _LEFT_OUT and entry.is_dir(follow_symlinks=False)


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_file(follow_symlinks=False):
        return ""
    if entry.is_symlink():
        try:
            return "@" + os.readlink(entry.path)
        except OSError:
            return "@"
    return "/" if entry.is_dir(follow_symlinks=False) else "?"


def listed(path: str) -> bytes:
    """The digest of what is in a folder, as `listing` has it; `b""` where it cannot be read."""
    try:
        with os.scandir(path) as entries:
            return listing(entries)
    except OSError:
        return b""


def state(path: str) -> State:
    """How a path is now: when it was changed, it and what is known of it, its size, and its number; all 0 for none."""
    try:
        found = os.stat(path)
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino & sys.maxsize
    except (OSError, ValueError):
        return _ABSENT


def _states(watched: Watched) -> bytes:
    """How all that is watched is now: four numbers each."""
    states = array("q")
    for path, kind in zip(watched.paths, watched.kinds):
        try:
            states.extend(_sort(path) if kind == KIND else state(path))
        except OverflowError:
            states.extend(_ABSENT)
    return states.tobytes()


def _sort(path: str) -> State:
    try:
        return S_IFMT(os.lstat(path).st_mode), 0, 0, 0
    except (OSError, ValueError):
        return _ABSENT


def _is_same(kept: Kept, states: bytes) -> bool:
    """Whether all that is in another state than it was holds the same as before."""
    watched = kept.watched
    for number, path in enumerate(watched.paths):
        part = slice(number * _STATE, (number + 1) * _STATE)
        if kept.states[part] == states[part]:
            continue
        before, kind = watched.digests[number], watched.kinds[number]
        if before == _NO_DIGEST or before != (content(path) if kind == FILE else listed(path)):
            return False
    return True


def is_old(state: State, begun: int) -> bool:
    """Whether nothing has changed about a path since a moment (`time.time_ns`). What changes in the tick of a clock in
    which it was looked at looks as if it had not."""
    latest = max(state[:2])
    return latest + (_TICK if latest % _SECOND else _COARSE_TICK) <= begun


def _are_old(states: bytes, begun: int) -> bool:
    numbers = array("q", states)
    return all(is_old((m, c, 0, 0), begun) for m, c in zip(numbers[0::4], numbers[1::4]))


# ------------------------------------------------------------------------------------------------------ what is kept


def _place(arguments: Sequence[str]) -> str:
    """The file for a command, "" where there is no place for it. Whatever could make it print something else but what it
    looks at is in the name."""
    home = folder(arguments)
    if not home:
        return ""
    try:
        command = (
            __version__, sys.version, tuple(sys.flags), sys.path, os.getcwd(), list(arguments),
            [os.environ.get(name) for name in _VARIABLES],
            [(stream.isatty(), stream.encoding) for stream in (sys.stdout, sys.stderr)],
        )  # fmt: skip
    except (OSError, AttributeError, ValueError):  # no folder to stand in, a stream that is closed
        return ""
    name = blake2b(repr(command).encode("utf-8", "surrogateescape"), digest_size=_DIGEST).hexdigest()
    return os.path.join(home, RUNS, name)


def _read(path: str) -> Kept | None:
    """A run that was kept; `None` where there is none, or none that is whole."""
    source = source_of(path)
    if source is None:
        return None
    try:
        start = len(_MAGIC) + _DIGEST
        body = source[start:]
        if not source.startswith(_MAGIC) or source[len(_MAGIC) : start] != digest(body):
            return None
        head, _, rest = body.partition(b"\n")
        code, *lengths = map(int, head.split())
        parts = []
        for length in lengths:
            parts.append(rest[:length])
            rest = rest[length:]
        names, kinds, states, digests, out, err = parts
        if code not in _CODES:
            return None
        watched = Watched()
        watched.paths = names.decode("utf-8", "surrogateescape").split("\0")
        watched.kinds = list(kinds.decode("ascii"))
        watched.digests = [digests[i : i + _DIGEST] for i in range(0, len(digests), _DIGEST)]
        if not len(watched.paths) == len(watched.kinds) == len(watched.digests):
            return None
        return Kept(
            watched,
            states,
            out.decode("utf-8", "surrogatepass"),
            err.decode("utf-8", "surrogatepass"),
            code,
        )
    except ValueError:
        return None


def _write(path: str, kept: Kept) -> None:
    watched = kept.watched
    parts = (
        "\0".join(watched.paths).encode("utf-8", "surrogateescape"),
        "".join(watched.kinds).encode("ascii"),
        kept.states,
        b"".join(watched.digests),
        kept.out.encode("utf-8", "surrogatepass"),
        kept.err.encode("utf-8", "surrogatepass"),
    )
    head = " ".join(map(str, (kept.code, *map(len, parts))))
    body = b"".join((head.encode("ascii"), b"\n", *parts))
    runs, name = os.path.split(path)
    if len(body) < _LARGEST and put(runs, name, _MAGIC + digest(body) + body):
        forget_old(runs)


def put(where: str, name: str, data: bytes) -> bool:
    """Write a file into a folder that is made if need be: whole or not at all.

    Parameters: `where`, one folder below `folder()`; `name`; `data`.
    Returns: whether it was written. A full disk or a folder that may not be written to is no error.
    """
    temporary = os.path.join(where, f".{name}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        if not os.path.isdir(where):
            _make(where)
        # What is old in it is removed: it has to be ours, and no way into somebody's documents.
        if os.path.islink(where):
            return False
        handle = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
        )
        try:
            with open(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, os.path.join(where, name))
        except BaseException:
            os.unlink(temporary)
            raise
    except (OSError, ValueError):
        return False
    return True


def _make(where: str) -> None:
    """Make the folder, private to the user: reports show source. Neither backups nor git take it in."""
    home = os.path.dirname(where)
    is_new = not os.path.isdir(home)
    # All at once: where it lies in the project, a folder that came later would be news.
    for made in (home, *(os.path.join(home, name) for name in _FOLDERS)):
        os.makedirs(made, 0o700, exist_ok=True)
    for name, text in _TAGS.items() if is_new else ():
        with open(os.path.join(home, name), "w", encoding="ascii") as file:
            file.write(text)


def forget_old(folder: str) -> None:
    """Take the oldest files of a folder away, so that no more than some are left."""
    try:
        with os.scandir(folder) as entries:
            ours = [entry for entry in entries if _is_ours(entry.name)]
        kept = sorted(((entry.stat().st_mtime_ns, entry.path) for entry in ours), reverse=True)
        most = _KEPT if os.path.basename(folder) == RUNS else _KEPT_LARGE
        for _, path in kept[most:]:
            os.unlink(path)
    except OSError:
        pass


def _is_ours(name: str) -> bool:
    """Whether a file is called like a run, or like what was to become one."""
    name = name.split(".")[1] if name.startswith(".") else name
    return len(name) == 2 * _DIGEST and not name.strip("0123456789abcdef")


def _print(text: str) -> None:
    """Write to standard output. That whoever reads has gone away is no error."""
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def clean(home: str) -> int:
    """Take away all that is kept.

    Parameters: `home`, as of `folder`; what api-lint has not put there stays.
    Returns: how many files are gone. Raises: OSError where one cannot be removed.
    """
    count = 0
    for name in _FOLDERS:
        inner = os.path.join(home, name)
        if os.path.isdir(inner) and not os.path.islink(inner):
            for file in filter(_is_ours, os.listdir(inner)):
                os.unlink(os.path.join(inner, file))
                count += 1
            if not os.listdir(inner):
                os.rmdir(inner)
    for name in _TAGS if count else ():
        tag = os.path.join(home, name)
        if os.path.isfile(tag):
            os.unlink(tag)
    return count
