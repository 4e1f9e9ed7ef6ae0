#!/usr/bin/env python3
"""Compare what two versions of api-lint say about real code: a git revision, and the working tree.

    ecosystem.py [--base REVISION] [--select CODES] [--most N] FOLDER…
    ecosystem.py --get FOLDER

Every FOLDER is a repository, named OWNER__NAME; none of it is run or changed. Told is, rule by rule, which findings
appeared, which went and which say something else now, with the code around them. Exit 1 if the working tree does worse
than the revision: it crashes, exits with 2, takes too long, or cannot read a file (API000) that the revision could.
What differs in the findings is for a person to judge, and changes the exit code only under `--exit-one-on-change`.

`--get` clones what `ecosystem.tsv` lists, each at its commit. See docs/ecosystem.md.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from api_lint.registry import load

CHECKOUT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix(".tsv")
UNREADABLE = "API000"
HEADER = re.compile(r"^(\S+) .*\n   --> (.+):(\d+):(\d+)$", re.MULTILINE)

# Repository, code, file, row, column.
Place = tuple[str, str, str, int, int]


class Ran(NamedTuple):
    """One version over one repository: what it found, as it shows it to people, and how it failed, if it did."""

    found: Mapping[Place, str]
    failed: str


class Change(NamedTuple):
    """A finding that differs: `sign` is `+` for one that appeared, `-` for one that went, `~` for another text."""

    sign: str
    place: Place
    text: str


def pinned() -> dict[str, str]:
    """The repositories that are listed. Returns: OWNER/NAME → commit."""
    with TABLE.open(newline="", encoding="utf-8") as rows:
        return {row["repo"]: row["commit"] for row in csv.DictReader(rows, delimiter="\t")}


def git(*arguments: str, cwd: Path = CHECKOUT) -> bytes:
    """Run git. Returns: its output. Raises: `SystemExit` with git's words if it fails."""
    ran = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, check=False)
    if ran.returncode:
        sys.exit(f"git {' '.join(arguments)}: {ran.stderr.decode(errors='replace').strip()}")
    return ran.stdout


def get(folder: Path, host: str) -> None:
    """Clone every listed repository at its commit, without its history.

    Parameters: `folder` that they are put in, those that are there are left alone; `host`, the address before OWNER/NAME.
    """
    for repo, commit in pinned().items():
        target = folder / repo.replace("/", "__")
        if target.exists():
            continue
        target.mkdir(parents=True)
        print(f"{repo} {commit}", flush=True)
        git("init", "--quiet", cwd=target)
        git("fetch", "--quiet", "--depth", "1", f"{host}/{repo}", commit, cwd=target)
        git("checkout", "--quiet", "--detach", "FETCH_HEAD", cwd=target)


def astray(folders: Iterable[Path]) -> Iterator[str]:
    """Say of which folders the checkout is another than the listed one; one that is not a checkout cannot tell."""
    commits = pinned()
    for folder in folders:
        head, listed = folder / ".git" / "HEAD", commits.get(folder.name.replace("__", "/"))
        if listed and head.is_file() and (at := head.read_text(encoding="utf-8").strip()) != listed:
            yield f"{folder.name} is at {at}, listed is {listed}"


def install(revision: str, place: Path) -> Path:
    """Install a version beside the dependencies that this interpreter has.

    Parameters: `revision` of git, or "" for the working tree with what is not committed; `place`, an empty folder.
    Returns: the folder to import it from.
    """
    source, site = place / "source", place / "site"
    source.mkdir()
    if revision:
        with zipfile.ZipFile(io.BytesIO(git("archive", "--format", "zip", revision))) as archive:
            archive.extractall(source)
    else:
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").decode()
        for path in (CHECKOUT / name for name in listed.split("\0") if name):
            if path.is_file():
                copy = source / path.relative_to(CHECKOUT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(site))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True)
    return site


def run(site: Path, folder: Path, timeout: float) -> Ran:
    """Run a version over a repository.

    Parameters: `site`, where the version is installed; `folder`; `timeout` in seconds.
    """
    # Not `python -m`: it would import from the repository's folder.
    command = [sys.executable, str(site / "bin" / "api-lint"), "check", "--isolated", "--jobs", "1"]
    try:
        ran = subprocess.run(
            [*command, "--select", "ALL", "--output-format", "full", "."],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1", "API_LINT_NO_CACHE": "1"},
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran({}, f"not done after {timeout:g} s")
    said = ran.stderr.decode(errors="replace").strip()[-2000:]
    failed = f"exit {ran.returncode}: {said}" if ran.returncode not in (0, 1) else ""
    return Ran(findings(folder.name, ran.stdout.decode(errors="replace")), failed)


def findings(repo: str, shown: str) -> dict[Place, str]:
    """Read the report that is for people: it masks what is secret, and any revision can write it.

    Parameters: `repo`, the repository's name; `shown`, the report.
    Returns: place → the finding as it is shown.
    """
    found: dict[Place, str] = {}
    starts = list(HEADER.finditer(shown))
    ends = [start.start() for start in starts[1:]] + [shown.rfind("\nFound ")]
    for start, end in zip(starts, ends):
        code, path, row, column = start.groups()
        place = (repo, code, path, int(row), int(column))
        text = shown[start.start() : end].rstrip()
        found[place] = f"{found[place]}\n{text}" if place in found else text
    return found


def compared(old: Mapping[Place, str], new: Mapping[Place, str]) -> Iterator[Change]:
    """What differs between two versions, in the order of repositories, codes, files and rows."""
    for place in sorted({*old, *new}):
        if place not in old:
            yield Change("+", place, new[place])
        elif place not in new:
            yield Change("-", place, old[place])
        elif old[place] != new[place]:
            rows = difflib.ndiff(old[place].splitlines(), new[place].splitlines())
            yield Change("~", place, "\n".join(row.rstrip() for row in rows if row[0] in "+- "))


def report(changes: Sequence[Change], most: int) -> Iterator[str]:
    """Tell what differs, rule by rule.

    Parameters: `changes`; `most` findings that are shown of each sign and rule.
    Returns: lines.
    """
    names = {rule.code: rule.name() for rule in load().rules}
    for code in sorted({change.place[1] for change in changes}):
        signs = {sign: [c for c in changes if c.sign == sign and c.place[1] == code] for sign in "+-~"}
        counts = [len(each) for each in signs.values()]
        yield f"{code} {names.get(code, '')}: {counts[0]} appeared, {counts[1]} went, {counts[2]} say something else"
        yield ""
        for sign, each in signs.items():
            for change in each[:most]:
                yield f"{sign} {change.place[0]}"
                yield change.text
                yield ""
            if len(each) > most:
                yield f"{sign} and {len(each) - most} more"
                yield ""


def worse(folders: Sequence[Path], old: Sequence[Ran], new: Sequence[Ran]) -> Iterator[str]:
    """What fails the comparison: a version that does not get through, a file that only the new one cannot read."""
    for folder, before, after in zip(folders, old, new):
        if after.failed:
            yield f"{folder.name}: the working tree: {after.failed}"
        if before.failed:
            yield f"{folder.name}: the revision: {before.failed}"
        else:
            for _, code, path, row, _ in after.found.keys() - before.found.keys():
                if code == UNREADABLE:
                    yield f"{folder.name}: the working tree cannot read {path} (row {row})"


def selected(found: Mapping[Place, str], codes: Sequence[str]) -> dict[Place, str]:
    """The findings whose code begins with one of the codes."""
    return {place: text for place, text in found.items() if place[1].startswith(tuple(codes) or "")}


def compare(folders: Sequence[Path], options: argparse.Namespace) -> int:
    """Compare, and print what differs. Returns: the exit code."""
    for row in astray(folders):
        print(f"warning: {row}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="api-lint-") as place:
        sites = []
        for number, revision in enumerate((options.base, "")):
            Path(place, str(number)).mkdir()
            sites.append(install(revision, Path(place, str(number))))
        with ThreadPoolExecutor(options.jobs) as pool:
            todo = [[pool.submit(run, site, f, options.timeout) for f in folders] for site in sites]
            old, new = ([each.result() for each in runs] for runs in todo)
    codes = [code for code in options.select.split(",") if code]
    # Where one failed, all that the other finds would seem to differ.
    whole = [pair for pair in zip(old, new) if not (pair[0].failed or pair[1].failed)]
    found = [
        selected({k: v for ran in runs for k, v in ran.found.items()}, codes)
        for runs in (zip(*whole) if whole else ((), ()))
    ]
    changes = list(compared(*found))
    for line in report(changes, options.most):
        print(line)
    print(
        f"{len(whole)} repositories: {len(found[0])} findings at {options.base}, "
        f"{len(found[1])} in the working tree, {len(changes)} differ"
    )
    failures = list(worse(folders, old, new))
    for line in failures:
        print(f"FAILED {line}")
    return 1 if failures or (changes and options.exit_one_on_change) else 0


def main() -> int:
    """The command. Returns: the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="repositories, named OWNER__NAME")
    parser.add_argument("--base", default="HEAD", help="the git revision to compare with (HEAD)")
    parser.add_argument("--select", default="", help="only these codes, or beginnings of codes")
    parser.add_argument("--most", type=int, default=20, help="how many to show of a rule (20)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time")
    parser.add_argument("--timeout", type=float, default=900, help="seconds that a run may take")
    parser.add_argument("--exit-one-on-change", action="store_true", help="for continuous integration")
    parser.add_argument("--get", type=Path, metavar="FOLDER", help="clone what is listed, and end")
    parser.add_argument("--host", default="https://github.com", help="where `--get` clones from")
    options = parser.parse_args()
    if options.get:
        get(options.get, options.host)
        return 0
    folders = [folder for folder in options.folders if folder.is_dir()]
    missing = [str(folder) for folder in options.folders if folder not in folders]
    if missing or not folders:
        parser.error(
            f"no such folder: {', '.join(missing)}" if missing else "name a repository's folder"
        )
    return compare(folders, options)


if __name__ == "__main__":
    sys.exit(main())
