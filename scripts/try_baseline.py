#!/usr/bin/env python3
"""Put copies of repositories under a baseline, change them, and tell what the baseline makes of it.

    try_baseline.py [--api-lint CMD] [--ruff CMD] FOLDER…

Every FOLDER is copied and never changed itself. Its copy gets a baseline and is then changed, one change upon the other:

1. nothing: nothing is new;
2. `ruff format` with its default settings: nothing is new, and nothing is told as fixed;
3. a whole route goes, the one with the most findings: these are told as fixed, and `baseline --update` takes out just these;
4. a coroutine that sleeps comes in, in front of everything that the file defines: that one finding is new.

Told is, for each repository, what came of it; `-` where nothing can be tried. Files that cannot be read are never in a
baseline and are left out of account. Exit 1 if anything came out otherwise.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

NEW = "async def sleeps_though_it_should_not():\n    import time\n\n    time.sleep(1)\n\n\n"

UNREADABLE = "API000"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Found = Counter[tuple[str, str]]


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


class Route(NamedTuple):
    """A handler: its file, its rows with those of its decorators, and the findings in them by (file, code)."""

    path: Path
    name: str
    first: int
    last: int
    found: Found


class Surprise(Exception):
    """Something that a baseline must not do."""


class Trial:
    """One copy, under a baseline."""

    def __init__(self, folder: Path, api_lint: list[str], ruff: list[str]) -> None:
        self.folder = folder
        self.api_lint = api_lint
        self.ruff = ruff

    def run(self, *arguments: str) -> Ran:
        """Run api-lint in the folder."""
        done = subprocess.run(
            [*self.api_lint, *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise Surprise(f"{shlex.join(arguments)}: exit {done.returncode}: {done.stderr[-500:]}")
        return Ran(done.returncode, done.stdout, done.stderr)

    def check(self, *arguments: str) -> tuple[list[dict[str, object]], int]:
        """The findings that a check reports, and how many it says are fixed."""
        ran = self.run("check", "--output-format", "json", *arguments)
        note = re.search(r"^note: (\d+) findings? of the baseline (?:is|are) fixed", ran.err, re.M)
        found = [f for f in json.loads(ran.out) if f["code"] != UNREADABLE]
        return found, int(note[1]) if note else 0

    def expect(self, after: str, new: list[str], fixed: int) -> None:
        """What `--baseline` says: these places are new, as `path:row CODE`, and so many findings are fixed."""
        reported, told = self.check("--baseline")
        found = [f"{self.file(f)}:{row(f)} {f['code']}" for f in reported]
        if found != new:
            raise Surprise(f"{after}: new is {found[:5]}, not {new}")
        if told != fixed:
            raise Surprise(f"{after}: {told} told as fixed, not {fixed}")

    def file(self, finding: dict[str, object]) -> str:
        return Path(str(finding["filename"])).relative_to(self.folder).as_posix()

    def count(self) -> Found:
        """All findings, by (file, code)."""
        return Counter((self.file(f), str(f["code"])) for f in self.check()[0])

    # ------------------------------------------------------------------------------------------------- the changes

    def begin(self) -> str:
        """The baseline is written."""
        told = self.run("baseline").out.splitlines()[-1]
        self.expect("baseline", [], 0)
        return re.sub(r"\D+", "", told.rpartition(" holds ")[2])

    def reformat(self) -> str:
        """Every file is formatted anew."""
        before = {path: path.read_bytes() for path in self.folder.rglob("*.py") if path.is_file()}
        # Files that ruff cannot parse stay as they are, and make it exit with 2.
        subprocess.run(
            [*self.ruff, "format", "--isolated", "--no-cache", "--quiet", "."],
            cwd=self.folder, capture_output=True, check=False,
        )  # fmt: skip
        changed = sum(path.read_bytes() != content for path, content in before.items())
        self.expect("ruff format", [], 0)
        return f"{changed} of {len(before)} files"

    def delete_route(self) -> tuple[str, Path | None]:
        """The route with the most findings goes, if there is one; its file."""
        route = max(self.routes(), key=lambda route: route.found.total(), default=None)
        if route is None:
            return "-", None
        if not route.found:
            return "-", route.path
        expected = self.count() - route.found
        rows = route.path.read_text(encoding="utf-8").splitlines(keepends=True)
        del rows[route.first - 1 : route.last]
        route.path.write_text("".join(rows), encoding="utf-8")
        if self.count() != expected:
            raise Surprise(f"without {route.name}, other findings come or go")
        self.expect(f"without {route.name}", [], route.found.total())
        self.ratchet(route)
        return f"{route.name} ({route.found.total()})", route.path

    def ratchet(self, route: Route) -> None:
        """The baseline loses what went with a route, and nothing else."""
        *fixed, total = self.run("baseline", "--update").out.splitlines()
        told: Found = Counter()
        for line in fixed:
            # `fixed: PATH: CODE in DEFINITION (2 times)`, the last two parts only where there is something to say.
            match = re.fullmatch(r"fixed: (.+?): (API\d+)(?: in \S+)?(?: \((\d+) times\))?", line)
            if match is None:
                raise Surprise(f"`baseline --update` says {line!r}")
            told[match[1], match[2]] += int(match[3] or 1)
        if told != route.found:
            raise Surprise(f"--update took {dict(told)} out, not {dict(route.found)}")
        if f" {self.count().total()} finding" not in total:
            raise Surprise(f"`baseline --update` says {total!r}, and there are {self.count().total()}")
        self.expect("--update", [], 0)

    def add_one(self, path: Path | None) -> str:
        """A coroutine that sleeps comes into a file, and all that follows is further down."""
        if path is None:
            return "-"
        source = path.read_text(encoding="utf-8")
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        starts = [first(node) for node in ast.parse(source).body if isinstance(node, definitions)]
        rows = source.splitlines(keepends=True)
        at = min(starts, default=len(rows) + 1) - 1
        path.write_text("".join((*rows[:at], "\n\n", NEW, *rows[at:])), encoding="utf-8")
        place = f"{path.relative_to(self.folder).as_posix()}:{at + 6} API601"
        self.expect("with one more", [place], 0)
        return place

    def routes(self) -> Iterator[Route]:
        """The handlers that can be cut out: a file without them is still Python."""
        found = self.check()[0]
        listed = json.loads(self.run("routes", "--output-format", "json").out)
        places = {(r["handler"]["filename"], r["handler"]["name"]) for r in listed if r["handler"]}
        for file, name in sorted(places):
            path = Path(file)
            handlers = [node for node in removable(path) if node.name == name.rpartition(".")[2]]
            if len(handlers) != 1:
                continue
            start, end = first(handlers[0]), handlers[0].end_lineno or handlers[0].lineno
            within = (f for f in found if f["filename"] == file and start <= row(f) <= end)
            yield Route(path, name, start, end, Counter((self.file(f), str(f["code"])) for f in within))


def row(finding: dict[str, object]) -> int:
    """The row of a finding, as JSON has it."""
    location = finding["location"]
    assert isinstance(location, dict)
    return int(location["row"])


def first(node: Function | ast.ClassDef) -> int:
    """The row that a definition begins at, with its decorators."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def removable(path: Path) -> Iterator[Function]:
    """The functions of a file that are not alone in the block that they stand in; none if this Python cannot parse it."""
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:
        return
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1:
            yield from (one for one in body if isinstance(one, Function))


def tried(source: Path, work: Path, api_lint: list[str], ruff: list[str]) -> tuple[list[str], str]:
    """What came of a copy of `source` in `work`, and the surprise that ended it, if one did."""
    folder = work.resolve() / source.name
    shutil.copytree(source, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    trial = Trial(folder, api_lint, ruff)
    came: list[str] = []
    try:
        came += [trial.begin(), trial.reformat()]
        deleted, path = trial.delete_route()
        came += [deleted, trial.add_one(path)]
    except Surprise as surprise:
        return came, str(surprise)
    finally:
        shutil.rmtree(folder)
    return came, ""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--api-lint", default="api-lint", help="the command")
    parser.add_argument("--ruff", default="ruff", help="the formatter")
    options = parser.parse_args()
    api_lint, ruff = shlex.split(options.api_lint), shlex.split(options.ruff)
    rows = [["", "in the baseline", "formatted, nothing new", "told as fixed (findings)", "new"]]
    surprises: list[str] = []
    with tempfile.TemporaryDirectory() as work:
        for source in (folder for folder in options.folders if folder.is_dir()):
            came, surprise = tried(source, Path(work), api_lint, ruff)
            rows.append([source.name, *came, *["-"] * (4 - len(came))])
            surprises += [f"{source.name}: {surprise}"] if surprise else []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip())
    for surprise in surprises:
        print(f"\n{surprise}")
    sys.exit(1 if surprises else 0)


if __name__ == "__main__":
    main()
