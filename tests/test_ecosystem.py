"""`scripts/ecosystem.py` through its command, on a repository of this project that a test may change.

These tests install two versions each, so they talk to the package index that pip is configured for.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
TABLE = CHECKOUT / "scripts" / "ecosystem.tsv"
KEY = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"

APP = f"""\
import os
import time

import requests
from fastapi import FastAPI

app = FastAPI()
API_KEY = "{KEY}"
requests.get("https://api.shop.io/v1/orders")


async def poll():
    time.sleep(1)
    os.abort()
"""

NEW_RULE = '''\
from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from api_lint import Finding, Place, Rule


class AbortedProcess(Rule):
    """A process ends without a word.

    It does.

    Bad::

        import os

        os.abort()

    Good::

        raise RuntimeError
    """

    code = "API990"
    message = "{call} ends the process"
    words = ("abort",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        if at.resolve(call.func) == "os.abort":
            yield self.found(call, call="os.abort()")
'''

pytestmark = [
    pytest.mark.xdist_group("packaging"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is needed"),
]


def git(*arguments: str | Path, cwd: Path) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "commit.gpgsign=false")
    command = ["git", *who, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path) -> str:
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "all of it", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def ecosystem(project: Path, *arguments: str | Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, str(project / "scripts" / "ecosystem.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    target = tmp_path / "project"
    for name in ("api_lint", "rules", "scripts"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / name, target / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(CHECKOUT / name, target / name)
    commit(target)
    return target


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "acme__shop"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    return folder


def test_what_appeared_went_and_says_something_else_is_told_rule_by_rule(
    project: Path, shop: Path
) -> None:
    (project / "rules" / "aborted_process.py").write_text(NEW_RULE)
    (project / "rules" / "hardcoded_url.py").unlink()
    edit(project / "rules" / "blocking_sleep_in_async.py", "blocks the event loop", "stops it")
    edit(project / "rules" / "hardcoded_secret.py", "{name} {holds} {place}", "{place}: {name} {holds}")

    code, out, err = ecosystem(project, shop)

    assert code == 0, err
    told = dict(re.findall(r"^(API\d+) \S*: (.*)$", out, re.MULTILINE))
    assert told == {
        "API401": "0 appeared, 0 went, 1 say something else",
        "API402": "0 appeared, 1 went, 0 say something else",
        "API601": "0 appeared, 0 went, 1 say something else",
        "API990": "1 appeared, 0 went, 0 say something else",
    }
    assert "+ acme__shop\nAPI990 os.abort() ends the process\n   --> app.py:14:5\n" in out
    assert "14 |     os.abort()" in out
    assert "- acme__shop\nAPI402 " in out
    assert re.search(r"^- API601 .*blocks the event loop", out, re.MULTILINE)
    assert re.search(r"^\+ API601 .*stops it", out, re.MULTILINE)
    assert "1 repositories: 3 findings at HEAD, 3 in the working tree, 4 differ" in out
    assert KEY not in out

    only, out, _ = ecosystem(project, "--select", "API99", "--exit-one-on-change", shop)
    assert only == 1
    assert re.findall(r"^API\d+(?= \S*:)", out, re.MULTILINE) == ["API990"]


def test_a_version_that_does_worse_fails_the_comparison(project: Path, shop: Path) -> None:
    quiet = shop.parent / "acme__quiet"
    quiet.mkdir()
    (quiet / "long.py").write_text("# nothing\n" * 500)
    edit(project / "api_lint" / "config.py", "4_000_000", "2_000")
    raising = NEW_RULE.replace('if at.resolve(call.func) == "os.abort":', "if True:")
    raising = raising.replace('yield self.found(call, call="os.abort()")', "raise ValueError(at)")
    (project / "rules" / "aborted_process.py").write_text(raising)

    code, out, _ = ecosystem(project, shop, quiet)

    assert code == 1
    failed = re.findall(r"^FAILED (.*)", out, re.MULTILINE)
    assert len(failed) == 2, out
    assert failed[0].startswith("acme__shop: the working tree: exit 2: ")
    assert failed[1] == "acme__quiet: the working tree cannot read long.py (row 1)"


def test_listed_repositories_are_cloned_at_their_commits(project: Path, tmp_path: Path) -> None:
    remote = tmp_path / "host" / "acme" / "shop"
    remote.mkdir(parents=True)
    (remote / "app.py").write_text(APP)
    listed = commit(remote)
    (project / "scripts" / "ecosystem.tsv").write_text(f"repo\tcommit\nacme/shop\t{listed}\n")

    code, out, err = ecosystem(
        project, "--get", tmp_path / "repos", "--host", (tmp_path / "host").as_uri()
    )

    assert (code, out) == (0, f"acme/shop {listed}\n"), err
    got = tmp_path / "repos" / "acme__shop"
    assert (got / "app.py").read_text() == APP
    assert git("rev-parse", "HEAD", cwd=got) == listed


@pytest.mark.parametrize("arguments", [(), ("no-such-folder",)])
def test_no_repository_is_an_error_of_usage(arguments: tuple[str, ...]) -> None:
    code, _, err = ecosystem(CHECKOUT, *arguments)
    assert code == 2
    assert "folder" in err


def test_the_list_names_enough_repositories_and_whole_commits() -> None:
    with TABLE.open(newline="") as rows:
        listed = {row["repo"]: row["commit"] for row in csv.DictReader(rows, delimiter="\t")}
    assert len(listed) >= 25
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", repo) for repo in listed)
    assert all(re.fullmatch(r"[0-9a-f]{40}", pin) for pin in listed.values())
