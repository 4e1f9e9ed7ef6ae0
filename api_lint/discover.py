"""Which files belong to the project, and which of them are to be reported on.

A project is more than the paths a user names: whether a handler leaks a model is told by files beside it. So the walk
takes in everything from the project's root, and `targets` are the files that were asked for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from api_lint import atomic
from api_lint.config import DEFAULT_EXCLUDE, FILES, OUTPUT, OWN_FILES, ProblemError, Settings
from api_lint.facts import Failure
from api_lint.ignores import Patterns
from api_lint.replay import listing

# Any of these makes a folder the root of a project, the nearest one above what was named.
MARKERS = ("pyproject.toml", *OWN_FILES, "setup.py", "setup.cfg", ".git")
# These do only where no marker is found further up: a Django project within its repository.
WEAK_MARKERS = ("manage.py",)

IGNORES = ".gitignore"
_SAYING = FILES | {IGNORES}

STDIN = "-"
_MAX_IGNORE_FILE = 1_000_000


class PathsError(ProblemError):
    """Paths that have no folder in common."""


@dataclass(frozen=True, slots=True)
class Project:
    """The files of a run.

    `root` is absolute. `files` are all Python files of the project and `targets` those to report on, both sorted and
    relative to the root with forward slashes. `failures` are what was asked for and cannot be had. `nested` holds the
    settings of folders below the root that have a configuration of their own, by the folder. `listed` are the folders that
    were looked into, absolute, with the digest of what was in them (`replay.listing`), and `said` the files in them that
    say what belongs to the project: ignore files and configurations. `leftovers` are the paths of temporary files that look
    as if an earlier run had left them.
    """

    root: Path
    files: tuple[str, ...]
    targets: tuple[str, ...]
    failures: tuple[Failure, ...] = ()
    nested: Mapping[str, Settings] = field(default_factory=dict)
    listed: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    said: tuple[str, ...] = field(default=(), compare=False)
    leftovers: tuple[str, ...] = ()

    def configured(self, path: str) -> str:
        """The folder whose configuration counts for a file: the nearest one of `nested`, "" for the project's own."""
        if not self.nested:
            return ""
        folder = path.rpartition("/")[0]
        while folder and folder not in self.nested:
            folder = folder.rpartition("/")[0]
        return folder

    def sources(self, settings: Settings) -> tuple[str, ...]:
        """The folders that imports start from, those that nested configurations name among them, relative to the root."""
        inner = (f"{f}/{src}" if src != "." else f for f, s in self.nested.items() for src in s.src)
        return (*settings.src, *inner)


def start_of(paths: Sequence[str]) -> Path:
    """The folder that everything hangs from: where the search for configuration and for the root begins.

    Parameters: `paths` as the user gave them.
    Returns: the deepest folder that holds all of them, absolute.
    Raises: PathsError where there is none (two drives).
    """
    full = [os.path.abspath(path) for path in paths] or [os.getcwd()]
    try:
        return Path(
            os.path.commonpath([path if os.path.isdir(path) else os.path.dirname(path) for path in full])
        )
    except ValueError as error:
        raise PathsError("the paths lie on different drives; lint them one by one") from error


def find(paths: Sequence[str], settings: Settings) -> Project:
    """The project around the given paths.

    Parameters: `paths`, files and folders; files are taken whatever their name and whatever ignores them, unless
    `settings.force_exclude`. `settings` for the excludes, and for the root if they come from a file.
    Returns: the project. What cannot be read is among its failures.
    Raises: PathsError where the paths lie on different drives.
    """
    start = start_of(paths)
    marked = _marked_root(start, settings)
    finder = _Finder(str(marked or start), settings)
    if marked is not None:
        finder.take_project()
    for path in paths:
        finder.take(os.path.abspath(path), alone=marked is None)
    return finder.project()


def find_stdin(name: str | None, settings: Settings) -> Project:
    """The project around a source that comes from standard input.

    Parameters: `name`, the path it stands for, which need not exist; `settings`.
    Returns: the project, with that one file as its only target: `-` in a project of its own where it has no name.
    """
    if name is None:
        return Project(Path.cwd(), (STDIN,), (STDIN,))
    full = os.path.abspath(name)
    start = Path(os.path.dirname(full))
    marked = _marked_root(start, settings)
    finder = _Finder(str(marked or start), settings)
    if marked is not None:
        finder.take_project()
    finder.take_named(full)
    return finder.project()


def _marked_root(start: Path, settings: Settings) -> Path | None:
    """The folder that the configuration stands in, else the nearest one with a marker."""
    folders = list(_candidates(start))
    if settings.source is not None and settings.source.parent in folders:
        return settings.source.parent
    for names in (MARKERS, WEAK_MARKERS):
        for folder in folders:
            if any(_marks(folder, name) for name in names):
                return folder
    return None


def _candidates(start: Path) -> Iterator[Path]:
    """The folders that may be a root: never the file system's, never one that holds the user's home."""
    home = Path(os.path.expanduser("~"))
    for folder in (start, *start.parents):
        if folder == start or not (folder.parent == folder or folder in home.parents):
            yield folder


def _marks(folder: Path, name: str) -> bool:
    # Dotfiles kept under version control do not make a project of everything below the home folder.
    if name == ".git" and str(folder) == os.path.expanduser("~"):
        return False
    return os.path.lexists(folder / name)


class _Excludes(NamedTuple):
    """What a configuration excludes: patterns, how long what stands before the paths is that they speak of, and whether
    the output of builds is left out."""

    patterns: Patterns
    start: int
    with_output: bool

    @classmethod
    def of(cls, settings: Settings, start: int) -> _Excludes:
        by_default = settings.exclude == DEFAULT_EXCLUDE
        exclude = [p for p in settings.exclude if p not in OUTPUT] if by_default else settings.exclude
        return cls(Patterns((*exclude, *settings.extend_exclude)), start, by_default)


class _Finder:
    """One search. Inside it, paths are relative to `top`: the repository's folder, whose ignore files count too."""

    def __init__(self, root: str, settings: Settings) -> None:
        self.root = root
        self.real_root = os.path.realpath(root)
        self.settings = settings
        self.force_exclude = settings.force_exclude
        self.nested: dict[str, Settings] = {}
        self._excludes = {"": _Excludes.of(settings, 0)}
        self.top = _repository(root) or root
        inner = os.path.relpath(root, self.top).replace(os.sep, "/")
        self.prefix = "" if inner == "." else inner + "/"
        self.files: set[str] = set()
        self.targets: set[str] = set()
        self.entered: set[str] = set()
        self.looked_at: set[str] = set()
        self.leftovers: set[str] = set()
        self.failures: dict[str, Failure] = {}
        self.broken: dict[str, Failure] = {}
        self.listed: dict[str, bytes] = {}
        self.said: list[str] = []
        self._ignores: dict[str, Patterns | None] = {}

    def project(self) -> Project:
        return Project(
            Path(self.root),
            tuple(sorted(self.files | self.targets)),
            tuple(sorted(self.targets)),
            tuple(self.failures[path] for path in sorted(self.failures)),
            self.nested,
            self.listed,
            tuple(self.said),
            tuple(sorted(self.leftovers)),
        )

    def take_project(self) -> None:
        self.files.update(self._walk(""))

    def take(self, full: str, alone: bool) -> None:
        """Add a path that was named. `alone`: there is no project around it, so its package is taken in for it."""
        path = self._relative(full)
        try:
            mode = os.stat(full).st_mode
        except (OSError, ValueError) as error:
            self._fail(path, _reason(error))
            return
        if self._leads_out(full):
            self._fail(path, "a link that leads out of the project")
        elif stat.S_ISDIR(mode):
            self._take_folder(path)
        elif not stat.S_ISREG(mode):
            self._fail(path, f"{_type(mode)}, not a file")
        elif not (self.force_exclude and self._is_ignored(path, False)):
            self.targets.add(path)
            self._excludes_in(path.rpartition("/")[0])
            self._look_beside(path)
            if alone:
                self.files.update(self._package_of(full))

    def take_named(self, full: str) -> None:
        """Add a file by its name only."""
        path = self._relative(full)
        if not (self.force_exclude and self._is_ignored(path, False)):
            self.targets.add(path)
            self._excludes_in(path.rpartition("/")[0])

    def _look_beside(self, path: str) -> None:
        """See what earlier runs have left beside a file whose folder is not walked."""
        folder = path.rpartition("/")[0]
        if folder not in self.entered and folder not in self.looked_at:
            self.looked_at.add(folder)
            self.leftovers.update(atomic.leftovers(os.path.join(self.root, *folder.split("/"))))

    def _take_folder(self, path: str) -> None:
        if self.force_exclude and path and self._is_ignored(path, True):
            return
        inside = path + "/" if path else ""
        if path in self.entered:
            self.targets.update(file for file in self.files if file.startswith(inside))
        else:
            found = set(self._walk(path))
            self.files |= found
            self.targets |= found
        for place, failure in self.broken.items():
            if place == path or place.startswith(inside):
                self.failures[place] = failure

    def _package_of(self, full: str) -> Iterator[str]:
        folder = os.path.dirname(full)
        top = None
        while os.path.isfile(os.path.join(folder, "__init__.py")) and folder != os.path.dirname(folder):
            top, folder = folder, os.path.dirname(folder)
        if top is not None and (top == self.root or top.startswith(os.path.join(self.root, ""))):
            yield from self._walk(self._relative(top))

    def _relative(self, full: str) -> str:
        path = os.path.relpath(full, self.root)
        return "" if path == "." else path.replace(os.sep, "/")

    def _leads_out(self, full: str) -> bool:
        return not _is_below(os.path.realpath(full), self.real_root)

    def _fail(self, path: str, reason: str) -> None:
        self.failures[path] = Failure(path or ".", reason)

    def _walk(self, start: str) -> Iterator[str]:
        """The Python files below a folder of the project, nothing followed that is a link to a folder."""
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            self.entered.add(folder)
            full = os.path.join(self.root, *folder.split("/"))
            self.listed[full] = b""
            try:
                with os.scandir(full) as found:
                    entries = list(found)
                self.listed[full] = listing(entries)
            except OSError as error:
                self.broken[folder] = Failure(
                    folder or ".", f"the folder cannot be read: {_reason(error)}"
                )
                continue
            inside = folder + "/" if folder else ""
            ignores = self._stack(folder)
            if folder and not any(entry.name in FILES for entry in entries):
                self._excludes.setdefault(folder, self._excludes_in(folder.rpartition("/")[0]))
            for entry in entries:
                path = inside + entry.name
                if entry.name in _SAYING:
                    self.said.append(entry.path)
                if entry.name.endswith(".py") and self._is_file(entry, path):
                    if not self._matched(path, entry.name, False, ignores):
                        yield path
                elif atomic.is_temporary(entry.name):
                    self.leftovers.add(entry.path)
                elif _is_folder(entry) and not self._matched(path, entry.name, True, ignores):
                    waiting.append(path)

    def _is_file(self, entry: os.DirEntry[str], path: str) -> bool:
        """Whether the entry is a source to read. A link counts if it stays inside and leads to a file."""
        try:
            if entry.is_file(follow_symlinks=False):
                return True
            if entry.is_symlink():
                return entry.is_file() and not self._leads_out(entry.path)
            if not entry.is_dir(follow_symlinks=False):
                mode = entry.stat(follow_symlinks=False).st_mode
                self.broken[path] = Failure(path, f"{_type(mode)}, not a file")
        except OSError:
            return False
        return False

    def _matched(
        self, path: str, name: str, is_dir: bool, ignores: Sequence[tuple[int, Patterns]]
    ) -> bool:
        folder = path[: -len(name) - 1]
        excludes = self._excludes_in(folder)
        if excludes.patterns.decide(path[excludes.start :], name, is_dir):
            return True
        if is_dir and excludes.with_output and name in OUTPUT and self._is_output(folder, path):
            return True
        full = self.prefix + path
        for length, patterns in ignores:
            decision = patterns.decide(full[length:], name, is_dir)
            if decision is not None:
                return decision
        return False

    def _is_output(self, folder: str, path: str) -> bool:
        """Whether what is called as builds call their output is one: it stands beside a project's own files, or holds no
        Python files itself."""
        full = os.path.join(self.root, *path.split("/"))
        beside = os.path.join(self.root, *folder.split("/"))
        if not folder or any(os.path.lexists(os.path.join(beside, name)) for name in MARKERS):
            return True
        try:
            with os.scandir(full) as found:
                entries = list(found)
        except OSError:
            return True
        self.listed[full] = listing(entries)
        return not any(entry.name.endswith(".py") for entry in entries)

    def _excludes_in(self, folder: str) -> _Excludes:
        """What is excluded among a folder's entries.

        The nearest configuration counts alone: those further up say nothing about the folder.
        """
        found = self._excludes.get(folder)
        if found is None:
            own = self._settings_of(folder)
            if own is None:
                found = self._excludes_in(folder.rpartition("/")[0])
            else:
                self.nested[folder] = own
                found = _Excludes.of(own, len(folder) + 1)
            self._excludes[folder] = found
        return found

    def _settings_of(self, folder: str) -> Settings | None:
        # A path that was named may lie outside the project.
        if self.settings.nested is None or folder.split("/")[0] == "..":
            return None
        return self.settings.nested(Path(self.root, *folder.split("/")))

    def _is_ignored(self, path: str, is_dir: bool) -> bool:
        """Whether a path, or a folder on the way to it, is excluded or ignored."""
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            folder = "/".join(parts[: count - 1])
            part = "/".join(parts[:count])
            if self._matched(part, parts[count - 1], is_dir or count < len(parts), self._stack(folder)):
                return True
        return False

    def _stack(self, folder: str) -> list[tuple[int, Patterns]]:
        """The ignore files that speak about the entries of a folder, the nearest first, with where they stand."""
        place = (self.prefix + folder).rstrip("/")
        stack: list[tuple[int, Patterns]] = []
        while True:
            patterns = self._ignore_file(place)
            if patterns is not None:
                stack.append((len(place) + 1 if place else 0, patterns))
            if not place:
                return stack
            place = place.rpartition("/")[0]

    def _ignore_file(self, place: str) -> Patterns | None:
        if place not in self._ignores:
            folder = os.path.join(self.top, *place.split("/"))
            names = [os.path.join(folder, IGNORES)]
            if not place:
                names.insert(0, os.path.join(folder, ".git", "info", "exclude"))
            lines = [line for name in names for line in _lines(name)]
            self._ignores[place] = Patterns(lines) if lines else None
        return self._ignores[place]


def _repository(root: str) -> str | None:
    """The nearest folder, the root or above, that is a git checkout."""
    folder = root
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _lines(path: str) -> Iterable[str]:
    """The lines of an ignore file; none where there is no such regular file."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ()
        with open(path, "rb") as file:
            source = file.read(_MAX_IGNORE_FILE)
    except OSError:
        return ()
    return source.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(os.path.join(root, ""))


def _type(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return "not a path"
