"""The command in this process, and files for it to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from api_lint import cli


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


class Lint:
    """The command in this process: what it printed, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = self.capsys.readouterr()
        return code, out, err

    def rows(self, *arguments: str) -> list[str]:
        """The findings, as `path:row CODE`."""
        _, out, _ = self(*arguments, "--output-format", "concise")
        found = [line.split(":") for line in out.splitlines() if line.count(":") > 2]
        return [f"{path}:{row} {rest.split()[0]}" for path, row, _, rest, *_ in found]
