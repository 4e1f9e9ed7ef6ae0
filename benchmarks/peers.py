"""The linters that api-lint is held against, in a venv of their own, and how each is called."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

PINS = ("ruff==0.17.6", "fixit==2.2.1", "pylint==4.1.4", "flake8==7.5.0", "flake8-async==26.8.1")


class Command(NamedTuple):
    """A process to be measured; `codes` are the exit codes of a run that went well."""

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = {}
    codes: tuple[int, ...] = (0,)

    @property
    def variables(self) -> dict[str, str]:
        """All environment variables that it runs with."""
        return {**os.environ, **self.environment}


def install(home: Path) -> Path:
    """Make the peers' venv if it is not there yet.

    Returns: the folder of its commands.
    Raises: CalledProcessError where they cannot be had.
    """
    folder = home / "peers"
    marker = folder / "installed.txt"
    if not marker.exists() or marker.read_text() != "\n".join(PINS):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", *PINS], check=True)
        marker.write_text("\n".join(PINS))
    return folder / "bin"


def api_lint(folder: Path, cache: Path | None, *paths: str) -> Command:
    """api-lint over paths in a folder, without a cache if none is given."""
    caching = ("--no-cache",) if cache is None else ("--cache-dir", str(cache))
    tool = os.path.join(os.path.dirname(sys.executable), "api-lint")
    return Command(
        (tool, "check", "--isolated", "--exit-zero", "--output-format", "concise", *caching, *paths),
        folder,
    )


def ruff(tools: Path, folder: Path, cache: Path | None, *paths: str) -> Command:
    """ruff with its default rules over paths in a folder."""
    caching = ("--no-cache",) if cache is None else ("--cache-dir", str(cache))
    return Command(
        (str(tools / "ruff"), "check", "--isolated", "--exit-zero", "--output-format", "concise", *caching, *paths), folder
    )  # fmt: skip


def _fixit(tools: Path, folder: Path, *paths: str) -> Command:
    # It has no --exit-zero.
    return Command((str(tools / "fixit"), "--quiet", "lint", *paths), folder, codes=(0, 1))


def _pylint(tools: Path, folder: Path, *paths: str) -> Command:
    return Command(
        (str(tools / "pylint"), "-j", "2", "--exit-zero", "--score", "n", "--recursive", "y", "--rcfile", os.devnull, *paths), folder,
        {"PYLINTHOME": str(tools.parent / "pylint")},
    )  # fmt: skip


def _flake8(tools: Path, folder: Path, *paths: str) -> Command:
    return Command(
        (str(tools / "flake8"), "--isolated", "--exit-zero", "-j", "2", "--select", "ASYNC", *paths),
        folder,
    )


SLOW: dict[str, Callable[..., Command]] = {
    "Fixit": _fixit,
    "pylint": _pylint,
    "flake8 + flake8-async": _flake8,
}
