"""What all reports share. Each format is a module of its own here, imported only when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, cast

from api_lint.text import visible

if TYPE_CHECKING:
    from api_lint.facts import Span
    from api_lint.rule import Diagnostic

FORMATS = ("full", "concise", "json")

# The path under which a source read from standard input goes where no file name is given for it.
STDIN = "-"


@dataclass(frozen=True, slots=True)
class View:
    """How findings are to be shown.

    `root` and `folder` are absolute: the project's root, and where the user stands. `sources` holds the files whose
    content is not the one on disk. `secrets` are, by path, the spans of literals that no frame may show.
    """

    root: str
    folder: str
    color: bool = False
    sources: Mapping[str, bytes] = field(default_factory=dict)
    secrets: Mapping[str, Sequence[Span]] = field(default_factory=dict)

    def full_path(self, path: str) -> str:
        """The absolute form of a path that is relative to the root; that of standard input stays."""
        return path if path == STDIN else os.path.join(self.root, *path.split("/"))

    def path(self, path: str) -> str:
        """How a path is written for people: relative to where they stand if it lies below, made visible."""
        full = self.full_path(path)
        inside = full.startswith(os.path.join(self.folder, ""))
        return visible(os.path.relpath(full, self.folder) if inside else full)

    def paint(self, style: str, text: str) -> str:
        """The text in a colour, where colours are wanted. `style` is the number of an ANSI sequence, `1;31`."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.color else text


Report = Callable[[Sequence["Diagnostic"], View], Iterator[str]]


def report(name: str) -> Report:
    """The function that writes findings in a format.

    Parameters: `name`, one of FORMATS or `statistics`.
    Returns: a function of the diagnostics and the view that gives the report's text piece by piece.
    """
    return cast("Report", import_module(f"{__name__}.{name}").render)


def closing(diagnostics: Sequence[Diagnostic], view: View) -> str:
    """The last line for people."""
    if not diagnostics:
        return view.paint("1;32", "All checks passed!") + "\n"
    return f"Found {len(diagnostics)} finding{'s' if len(diagnostics) > 1 else ''}.\n"
