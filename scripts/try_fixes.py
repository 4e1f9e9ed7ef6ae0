#!/usr/bin/env python3
"""Fix copies of repositories, and tell what became of them.

    try_fixes.py [--select CODES] [--files TABLE] [--reasons] [--api-lint CMD] FOLDER…

Every FOLDER is copied, linted, fixed with `--fix-only --unsafe-fixes` and linted again; it is never changed itself. Told
are the findings of each rule before and after, and what must not be: a file that does not compile any more, a second
run that would change something, a finding that was not there before. Exit 1 if there is any such thing.

`--files` names a table of tab-separated columns, `repo` (OWNER/NAME, for the folder OWNER__NAME) and `path` among
them: the findings in these files are counted apart. `--reasons` lists why fixes were refused, and how often.
"""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

# What a fix writes is compiled by the interpreter that runs this script, like the files as they were.
COMPILE = "import sys\nfor p in sys.stdin.read().split('\\0'):\n try: compile(open(p, 'rb').read(), p, 'exec', 0, True)\n except Exception: print(p)"


class Outcome(NamedTuple):
    """A repository before and after: findings by (file, code), and what must not be."""

    before: Counter[tuple[str, str]]
    after: Counter[tuple[str, str]]
    reasons: Counter[tuple[str, str]]
    wrong: tuple[str, ...]


def lint(command: list[str], folder: Path, *more: str) -> list[dict[str, object]]:
    """The findings in a folder, as JSON has them; `more` options."""
    ran = subprocess.run(
        [*command, "--output-format", "json", "--exit-zero", *more, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        sys.exit(f"{folder}: exit {ran.returncode}: {ran.stderr[-500:]}")
    found: list[dict[str, object]] = json.loads(ran.stdout)
    return found


def count(found: list[dict[str, object]], folder: Path) -> Counter[tuple[str, str]]:
    """How many findings there are by (file, code)."""
    return Counter(
        (Path(str(f["filename"])).relative_to(folder).as_posix(), str(f["code"])) for f in found
    )


def uncompilable(folder: Path) -> set[str]:
    """The files of a folder that Python does not compile."""
    paths = "\0".join(str(path) for path in sorted(folder.rglob("*.py")) if path.is_file())
    if not paths:
        return set()
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMPILE],
        input=paths,
        capture_output=True,
        text=True,
        check=True,
    )
    return {row[len(str(folder)) + 1 :] for row in ran.stdout.splitlines()}


def tried(command: list[str], source: Path, work: Path) -> Outcome:
    """Fix a copy of `source` in `work`."""
    folder = work.resolve() / source.name
    shutil.copytree(source, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    broken = uncompilable(folder)
    before = count(lint(command, folder), folder)
    fixing = subprocess.run(
        [*command, "--fix-only", "--unsafe-fixes", "--exit-zero", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    left = lint(command, folder)
    after = count(left, folder)
    again = subprocess.run(
        [*command, "--diff", "--unsafe-fixes", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    wrong = [f"exit {fixing.returncode}: {fixing.stderr[-500:]}"] if fixing.returncode else []
    wrong += [f"does not compile: {path}" for path in sorted(uncompilable(folder) - broken)]
    wrong += [
        f"new: {code} in {path}"
        for path, code in sorted(after)
        if after[path, code] > before[path, code]
    ]
    if again.stdout.strip() or again.returncode:
        wrong.append(f"a second run would change something:\n{again.stdout[:2000]}{again.stderr[:500]}")
    reasons = Counter(
        (
            str(f["code"]),
            str(f["refused"] or ("a fix that was not applied" if f["fix"] else "no reason given")),
        )
        for f in left
    )
    shutil.rmtree(folder)
    return Outcome(before, after, reasons, tuple(wrong))


def table(outcomes: dict[str, Outcome], only: set[tuple[str, str]] | None) -> None:
    """Findings before → after, a row a repository, a column a rule."""

    def total(findings: Counter[tuple[str, str]], name: str, code: str) -> int:
        return sum(
            n
            for (path, c), n in findings.items()
            if c == code and (only is None or (name, path) in only)
        )

    codes = sorted({code for o in outcomes.values() for _, code in (*o.before, *o.after)})
    rows = [["", *codes, "all"]]
    sums: Counter[tuple[str, str]] = Counter()
    for name, outcome in outcomes.items():
        pairs = [(total(outcome.before, name, c), total(outcome.after, name, c)) for c in codes]
        for code, (before, after) in zip(codes, pairs):
            sums[code, "before"] += before
            sums[code, "after"] += after
        pairs.append((sum(b for b, _ in pairs), sum(a for _, a in pairs)))
        rows.append([name, *(f"{b}→{a}" if b or a else "" for b, a in pairs)])
    pairs = [(sums[c, "before"], sums[c, "after"]) for c in codes]
    pairs.append((sum(b for b, _ in pairs), sum(a for _, a in pairs)))
    rows.append(["all", *(f"{b}→{a}" for b, a in pairs)])
    rows.append(["fixed", *(f"{(b - a) / b:.0%}" if b else "" for b, a in pairs)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--select", default="", help="only these rules")
    parser.add_argument("--files", type=Path, help="a table of files to count apart")
    parser.add_argument("--reasons", action="store_true", help="why fixes were refused")
    parser.add_argument("--api-lint", default="api-lint", help="the command")
    options = parser.parse_args()
    command = [*shlex.split(options.api_lint), "check", "--isolated"]
    command += ["--select", options.select] if options.select else []
    with tempfile.TemporaryDirectory() as work:
        outcomes = {
            source.name: tried(command, source, Path(work))
            for source in options.folders
            if source.is_dir()
        }
    table(outcomes, None)
    if options.files:
        with options.files.open(newline="") as rows:
            listed = csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
            only = {(row["repo"].replace("/", "__"), row["path"]) for row in listed}
        print(f"\nIn the files of {options.files.name}:")
        table(outcomes, only)
    if options.reasons:
        reasons = sum((o.reasons for o in outcomes.values()), Counter[tuple[str, str]]())
        print()
        for (code, reason), n in sorted(reasons.items(), key=lambda item: (item[0][0], -item[1])):
            print(f"{n:4}  {code}  {reason}")
    wrong = [(name, what) for name, outcome in outcomes.items() for what in outcome.wrong]
    for name, what in wrong:
        print(f"\n{name}: {what}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
