"""The doors that api-lint is used through, and what each of them tells, in one form."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

_ROW = re.compile(r"(.+?):(\d+):(\d+): ([A-Z]+\d+) (.*)")


class Row(NamedTuple):
    """A finding; `path` is absolute, rows and columns are counted from 1."""

    path: str
    row: int
    col: int
    code: str
    message: str


class Done(NamedTuple):
    """What a program told: its exit code, the findings in its output, the whole of it, and its standard error."""

    code: int
    rows: list[Row]
    out: str
    err: str

    def codes(self) -> list[str]:
        return [row.code for row in self.rows]

    def ours(self) -> list[Row]:
        return [row for row in self.rows if row.code.startswith("API")]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of this process without those that change what is written."""
    removed = ("NO_COLOR", "FORCE_COLOR", "GITHUB_STEP_SUMMARY")
    # Git sets its own for what a hook of it starts, such as tests.
    kept = {k: v for k, v in os.environ.items() if k not in removed and not k.startswith("GIT_")}
    return {**kept, **(extra or {})}


def run(
    command: Iterable[str | Path],
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout: int = 120,
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a program."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, input=stdin, env=environment(env), capture_output=True, timeout=timeout, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def rows(text: str, cwd: Path, named: Mapping[str, str] | None = None) -> list[Row]:
    """The findings that stand in lines of `path:row:column: CODE message`, sorted; `named` are other names of paths."""
    found = [match.groups() for line in text.splitlines() if (match := _ROW.fullmatch(line))]
    return sorted(
        Row(os.path.abspath(cwd / (named or {}).get(path, path)), int(row), int(col), code, message)
        for path, row, col, code, message in found
    )


def lint(*arguments: str, cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Done:
    """The command, by its JSON."""
    command = [sys.executable, "-m", "api_lint", "check", "--output-format", "json", *arguments]
    code, out, err = run(command, cwd, stdin, env)
    found = [
        Row(f["filename"], f["location"]["row"], f["location"]["column"], f["code"], f["message"])
        for f in (json.loads(out) if out else ())
    ]
    return Done(code, sorted(found), out, err)


def flake8(
    *arguments: str,
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    named: Mapping[str, str] | None = None,
) -> Done:
    """flake8 with all its plugins."""
    code, out, err = run([sys.executable, "-m", "flake8", *arguments], cwd, stdin, env)
    return Done(code, rows(out, cwd, named), out, err)
