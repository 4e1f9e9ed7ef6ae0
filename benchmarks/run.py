#!/usr/bin/env python3
"""Measure api-lint against ruff, Fixit, pylint and flake8 + flake8-async, on wheels from PyPI.

    benchmarks/run.py [--home FOLDER] [--rounds N] [--only RUN …] [--json FILE]

Run it with the Python in whose venv api-lint is installed, on Linux. Fetches the wheels and installs the peers into the
home folder once, then runs all in turn and prints a table of medians and of ratios, which are what counts: an absolute
figure means nothing on a machine that others use. Nothing here fails for being slow.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import corpora
import measure
import peers

_CACHE_HOME = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
_CHANGED = Path("litellm/utils.py")
_ONE_FILE = "open_webui/routers/auths.py"


class Row(NamedTuple):
    """A line of the table: what was run, its median, what it is held against, and what is aimed at."""

    run: str
    figure: str
    against: str
    goal: str


class Bench:
    """The corpora, the peers and the rounds of one benchmark."""

    def __init__(self, home: Path, rounds: int) -> None:
        self.home = home
        self.rounds = rounds
        self.tools = peers.install(home)
        self.folders = corpora.fetch(home)
        self.both = self._together()

    def _together(self) -> Path:
        """open-webui and langflow-base side by side, the files of each their own project."""
        folder = self.home / "corpora" / "both"
        if not folder.exists():
            part = folder.with_name("both.part")
            shutil.rmtree(part, ignore_errors=True)
            for name in ("open-webui", "langflow-base"):
                shutil.copytree(self.folders[name], part / name)
            part.rename(folder)
        return folder

    def _fresh_cache(self, name: str) -> Path:
        cache = self.home / "caches" / name
        shutil.rmtree(cache, ignore_errors=True)
        return cache

    # ------------------------------------------------------------------------------------------------------- runs

    def warm(self) -> list[Row]:
        """Nothing changed since the run before."""
        commands = {
            "api-lint": peers.api_lint(self.both, self._fresh_cache("api-lint")),
            "ruff": peers.ruff(self.tools, self.both, self._fresh_cache("ruff")),
        }
        for command in commands.values():
            measure.seconds(command)
        took = measure.in_turn(commands, self.rounds * 4)
        return [_versus("nothing changed", took, "ruff", "≤ 1.0 x")]

    def cold(self) -> list[Row]:
        """No cache."""
        commands = {
            "api-lint": peers.api_lint(self.both, None),
            "ruff": peers.ruff(self.tools, self.both, None),
        }
        took = measure.in_turn(commands, self.rounds)
        return [_versus("cold", took, "ruff", "≤ 10 x")]

    def slow(self) -> list[Row]:
        """The peers that take minutes, one after another and each between two runs of api-lint."""
        rows = []
        own = peers.api_lint(self.both, None)
        for name, command_of in peers.SLOW.items():
            goal = "≥ 30 x faster" if name == "pylint" else "≥ 50 x faster"
            took = {"api-lint": [measure.seconds(own)], name: [measure.seconds(command_of(self.tools, self.both, "."))]}  # fmt: skip
            took["api-lint"] = [statistics.mean((*took["api-lint"], measure.seconds(own)))]
            rows.append(_versus("cold", took, name, goal, inverted=True))
        return rows

    def changed(self) -> list[Row]:
        """One function's body changed in a million lines."""
        folder = self.home / "corpora" / "litellm-changed"
        if not folder.exists():
            shutil.copytree(self.folders["litellm"], folder)
        path = folder / _CHANGED
        text = (self.folders["litellm"] / _CHANGED).read_text()
        command = peers.api_lint(folder, self._fresh_cache("changed"))
        measure.seconds(command)
        versions = iter(range(10**6))

        def change(name: str) -> None:
            if name == "api-lint":
                path.write_text(f"{text}\n\ndef added() -> int:\n    return {next(versions)}\n")

        change("api-lint")
        measure.seconds(command)
        took = measure.in_turn(
            {"api-lint": command, "nothing changed": command}, self.rounds * 2, change
        )
        return [_versus("one file changed, litellm", took, "nothing changed", "≤ 3 x")]

    def memory(self) -> list[Row]:
        """The peak over all processes."""
        peak = measure.peak_memory(peers.api_lint(self.folders["litellm"], None))
        return [Row("peak memory, litellm cold", f"{peak:.0f} MB", "", "≤ 500 MB")]

    def scaling(self) -> list[Row]:
        """Time per line, one corpus against another that is several times its size."""
        names = ("litellm", "open-webui")
        commands = {name: peers.api_lint(self.folders[name], None) for name in names}
        took = measure.in_turn(commands, self.rounds)
        per_line = {name: [t / corpora.lines(self.folders[name]) for t in took[name]] for name in names}
        figure = " / ".join(f"{statistics.median(per_line[name]) * 1e6:.1f} µs" for name in names)
        ratio = measure.ratio(per_line["litellm"], per_line["open-webui"])
        return [Row("time per line, litellm / open-webui", figure, f"{ratio:.2f} x", "≤ 1.1 x")]

    def hook(self) -> list[Row]:
        """One file given, as pre-commit would, with nothing cached."""
        command = peers.api_lint(self.folders["open-webui"], None, _ONE_FILE)
        took = measure.in_turn({"api-lint": command}, self.rounds)["api-lint"]
        return [Row("one file of open-webui given, cold", _time(took), "", "≤ 1 s")]

    def phases(self) -> list[Row]:
        """Where the time goes."""
        rows = []
        for name in ("open-webui", "litellm"):
            script = Path(__file__).with_name("phases.py")
            ran = subprocess.run(
                [sys.executable, str(script), str(self.folders[name])], capture_output=True, text=True, check=True
            )  # fmt: skip
            found = json.loads(ran.stdout)
            total = sum(found["seconds"].values())
            shares = sorted(found["seconds"].items(), key=lambda item: -item[1])
            told = ", ".join(f"{phase} {share / total:.0%}" for phase, share in shares)
            parsed = found["parsed_lines"] / corpora.lines(self.folders[name])
            rows.append(Row(f"phases, {name}, one process", told, f"{parsed:.0%} of lines parsed by LibCST", ""))  # fmt: skip
        return rows


def _versus(
    run: str, took: Mapping[str, list[float]], other: str, goal: str, *, inverted: bool = False
) -> Row:
    own = next(name for name in took if name != other)
    times = f"{_time(took[own])} / {_time(took[other])}"
    pair = (took[other], took[own]) if inverted else (took[own], took[other])
    sign = " faster" if inverted else ""
    return Row(f"{run}, against {other}", times, f"{measure.ratio(*pair):.2f} x{sign}", goal)


def _time(seconds: list[float]) -> str:
    middle = statistics.median(seconds)
    return f"{middle * 1000:.0f} ms" if middle < 1 else f"{middle:.1f} s"


_RUNS: dict[str, Callable[[Bench], list[Row]]] = {
    "warm": Bench.warm,
    "cold": Bench.cold,
    "changed": Bench.changed,
    "hook": Bench.hook,
    "scaling": Bench.scaling,
    "memory": Bench.memory,
    "phases": Bench.phases,
    "slow": Bench.slow,
}


def main() -> None:
    """Run what is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--home", type=Path, default=_CACHE_HOME / "api-lint-benchmarks")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=_RUNS, default=[*_RUNS])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    bench = Bench(options.home.resolve(), options.rounds)
    rows = []
    print("| run | median | ratio | goal |\n|---|---|---|---|")
    for name in options.only:
        for row in _RUNS[name](bench):
            print("| " + " | ".join(row) + " |", flush=True)
            rows.append({"name": name, **row._asdict()})
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
