"""What all reports share. Each format is a module of its own here, imported only when it is asked for."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from api_lint.text import visible

if TYPE_CHECKING:
    from api_lint.facts import Span
    from api_lint.rule import Diagnostic, Rule

# The path under which a source read from standard input goes where no file name is given for it.
STDIN = "-"

_LARGEST_FILE = 16_000_000

# Where a CI service checks a repository out: GitHub, GitLab, Azure Pipelines.
_CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY")


@dataclass(frozen=True, slots=True)
class View:
    """How findings are to be shown.

    `root` and `folder` are absolute: the project's root, and where the user stands. `sources` holds the files whose
    content is not the one on disk. `secrets` are, by path, the spans of literals that no frame may show. `rules` are
    those of the run, and `errors` tell, a line each, why the run is not complete.
    """

    root: str
    folder: str
    color: bool = False
    sources: Mapping[str, bytes] = field(default_factory=dict)
    secrets: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    rules: Sequence[type[Rule]] = ()
    errors: Sequence[str] = ()

    def full_path(self, path: str) -> str:
        """The absolute form of a path that is relative to the root; that of standard input stays."""
        return path if path == STDIN else os.path.join(self.root, *path.split("/"))

    def path(self, path: str) -> str:
        """How a path is written for people: relative to where they stand if it lies below, made visible."""
        return visible(self.near_path(path))

    def near_path(self, path: str) -> str:
        """A path relative to where the user stands if it lies below, else the absolute one."""
        full = self.full_path(path)
        inside = full.startswith(os.path.join(self.folder, ""))
        return os.path.relpath(full, self.folder) if inside else full

    def repository_path(self, path: str) -> str:
        """A path relative to the root of the repository, with forward slashes, as services that show its files want it."""
        if path == STDIN:
            return path
        below = os.path.relpath(self.root, repository(self.root))
        return path if below == os.curdir else f"{below.replace(os.sep, '/')}/{path}"

    def read(self, path: str) -> bytes:
        """A file's content, empty where it is none, is too large to be shown, or cannot be read."""
        source = self.sources.get(path)
        return _regular_file(self.full_path(path)) if source is None else source

    def paint(self, style: str, text: str) -> str:
        """The text in a colour, where colours are wanted. `style` is the number of an ANSI sequence, `1;31`."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.color else text


@cache
def repository(root: str) -> str:
    """The root of the repository around a project.

    Parameters: `root` of the project, absolute.
    Returns: the nearest folder upwards that git or Mercurial keeps; else the folder that a CI service has checked out
    around it; else the project's root itself.
    """
    folder = root
    while True:
        if any(os.path.exists(os.path.join(folder, name)) for name in (".git", ".hg")):
            return folder
        if folder == os.path.dirname(folder):
            break
        folder = os.path.dirname(folder)
    checkouts = (os.path.abspath(c) for c in map(os.environ.get, _CHECKOUTS) if c)
    return next((c for c in checkouts if os.path.join(root, "").startswith(os.path.join(c, ""))), root)


def _regular_file(path: str) -> bytes:
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_FILE:
            return b""
        with open(path, "rb") as file:
            return file.read(_LARGEST_FILE)
    except (OSError, ValueError):
        return b""


Report = Callable[[Sequence["Diagnostic"], View], Iterator[str]]


def report(name: str) -> Report:
    """The function that writes findings in a format.

    Parameters: `name`, one of `formats.FORMATS`.
    Returns: a function of the diagnostics and the view that gives the report's text piece by piece.
    """
    return cast("Report", import_module(f"{__name__}.{name}").render)


def closing(diagnostics: Sequence[Diagnostic], view: View) -> str:
    """The last line for people."""
    if not diagnostics:
        return view.paint("1;32", "All checks passed!") + "\n"
    return f"Found {len(diagnostics)} finding{'s' if len(diagnostics) > 1 else ''}.\n"
