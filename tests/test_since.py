"""Findings on changed rows, and repositories that would like to run something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from command import Lint, write

APP = """\
import time

from fastapi import FastAPI

app = FastAPI()
PAYMENTS_PASSWORD = "Tr0ub4dor&3-horse"


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> dict[str, int]:
    time.sleep(1)
    return {"id": item_id}


@app.get("/orders")
async def read_orders() -> dict[str, str]:
    time.sleep(2)
    return {}
"""

NEW = """

@app.get("/new")
async def read_new() -> dict[str, str]:
    time.sleep(3)
    return {}
"""

HANDLER = """

@app.get("/more")
async def read_more() -> dict[str, str]:
    time.sleep(
        4,
    )
    return {}
"""


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=me", "-c", "user.email=me@localhost", "-c", "commit.gpgsign=false")
    command = ["git", *names, "-c", "init.defaultBranch=main", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository on a branch that left `main` with the three findings of APP and has no changes yet."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "project"
    write(folder, "pyproject.toml", "")
    write(folder, "app/main.py", APP)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    git(folder, "checkout", "-qb", "work")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Lint:
    return Lint(capsys)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "more")


@pytest.mark.parametrize("state", ["committed", "staged", "unstaged"])
def test_only_changed_rows(project: Path, lint: Lint, state: str) -> None:
    assert lint("--since", "main") == (0, "All checks passed!\n", "")
    write(project, "app/main.py", APP + NEW)
    if state != "unstaged":
        git(project, "add", "-A")
    if state == "committed":
        commit(project)
    assert lint.rows("--since", "main") == ["app/main.py:23 API601"]
    assert lint("--since", "main")[0] == 1


def test_what_main_did_meanwhile_does_not_count(project: Path, lint: Lint) -> None:
    write(project, "app/main.py", APP + NEW)
    commit(project)
    git(project, "checkout", "-q", "main")
    write(project, "app/main.py", "# main\n" + APP.replace("sleep(1)", "sleep(10)"))
    commit(project)
    git(project, "checkout", "-q", "work")
    assert lint.rows("--since", "main") == ["app/main.py:23 API601"]


def test_files_that_git_does_not_know(project: Path, lint: Lint) -> None:
    write(project, "app/new.py", APP)
    assert lint.rows("--since", "HEAD") == [
        "app/new.py:6 API401",
        "app/new.py:11 API601",
        "app/new.py:17 API601",
    ]


def test_a_moved_file_counts_where_it_changed(project: Path, lint: Lint) -> None:
    git(project, "mv", "app/main.py", "app/server.py")
    assert lint.rows("--since", "main") == []
    write(project, "app/server.py", APP + NEW)
    assert lint.rows("--since", "main") == ["app/server.py:23 API601"]


def test_line_ends_are_no_change(project: Path, lint: Lint) -> None:
    (project / "app/main.py").write_bytes(APP.replace("\n", "\r\n").encode())
    assert lint.rows("--since", "main") == []


def test_any_row_of_a_finding(project: Path, lint: Lint) -> None:
    write(project, "app/main.py", APP + HANDLER)
    commit(project)
    assert lint.rows("--since", "HEAD") == []
    write(project, "app/main.py", APP + HANDLER.replace("4,", "5,"))
    assert lint.rows("--since", "HEAD") == ["app/main.py:23 API601"]
    write(project, "app/main.py", APP + HANDLER.replace("        4,\n", ""))
    assert lint.rows("--since", "HEAD") == ["app/main.py:23 API601"]


def test_the_header_of_the_definition_and_the_places_referred_to(project: Path, lint: Lint) -> None:
    source = (
        "from fastapi import FastAPI\nfrom sqlalchemy import select\nfrom app.db import session\n\napp = FastAPI()\n\n\n"
        '@app.get("/users")\n'
        "def read_users() -> list[int]:\n    x = 1\n    return [x]\n"
    )
    write(project, "app/db.py", "from sqlalchemy.orm import Session\n\nsession = Session()\n")
    write(project, "app/users.py", source)
    commit(project)
    write(project, "app/users.py", source.replace(" -> list[int]", ""))
    assert lint.rows("--since", "HEAD") == ["app/users.py:8 API201"]
    write(
        project,
        "app/users.py",
        source.replace("x = 1", "x = session.execute(select(1)).scalars().all()"),
    )
    assert "app/users.py:9 API101" in lint.rows("--since", "HEAD")


def test_a_file_that_became_unreadable(project: Path, lint: Lint) -> None:
    write(project, "app/main.py", APP + "app = (\n")
    assert [row.split()[1] for row in lint.rows("--since", "main")] == ["API000"]


def test_with_a_baseline(project: Path, lint: Lint) -> None:
    write(project, "app/main.py", APP + NEW)
    lint("baseline")
    write(
        project,
        "app/main.py",
        APP.replace("time.sleep(1)\n", "time.sleep(1)\n    time.sleep(1)\n") + NEW,
    )
    assert lint.rows("--since", "main", "--baseline") == ["app/main.py:12 API601"]


def test_fixes_touch_only_what_is_reported(project: Path, lint: Lint) -> None:
    path = write(project, "app/main.py", APP + NEW)
    assert lint("--fix", "--since", "main")[2] == "fixed: 1 finding in 1 file\n"
    after = path.read_text()
    assert "asyncio.sleep(3)" in after
    assert after.count("time.sleep(") == 2
    lint("--fix", "--since", "main")
    assert path.read_text() == after


def test_ignores_go_only_to_what_is_reported(project: Path, lint: Lint) -> None:
    path = write(project, "app/main.py", APP + NEW)
    assert lint("--add-ignores", "it is old", "--since", "main")[0] == 0
    assert path.read_text().count("it is old") == 1
    assert lint.rows("--since", "main") == []


def test_a_project_within_a_repository(
    project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "backend/pyproject.toml", "")
    write(project, "backend/app/main.py", APP)
    commit(project)
    monkeypatch.chdir(project / "backend")
    assert lint.rows("--since", "HEAD") == []
    write(project, "backend/app/main.py", APP + NEW)
    assert lint.rows("--since", "HEAD") == ["app/main.py:23 API601"]


@pytest.mark.parametrize(
    "revision",
    [
        "no-such",
        "",
        "-h",
        "--help",
        "--output=x",
        "-",
        "main..work",
        "main...work",
        "main:app",
        "a\nb",
        "HEAD~9",
        "^main",
    ],
)
def test_no_revision(project: Path, lint: Lint, revision: str) -> None:
    code, out, err = lint(f"--since={revision}")
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert not (project / "x").exists()


def test_no_repository(tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "plain/pyproject.toml", "")
    write(tmp_path, "plain/a.py", APP)
    monkeypatch.chdir(tmp_path / "plain")
    code, _, err = lint("--since", "HEAD")
    assert code == 2
    assert "is in no git repository" in err


def test_a_shallow_clone_is_told(
    project: Path, tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "b.txt", "b")
    commit(project)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    code, _, err = lint("--since", "HEAD~1")
    assert code == 2
    assert "this clone is shallow: fetch more of its history" in err


def test_git_is_not_installed(project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", ".")
    write(project, "git", "#!/bin/sh\ntouch marker\n").chmod(0o755)
    assert lint("--since", "main") == (2, "", "Error: git is not installed\n")
    assert not (project / "marker").exists()


HOSTILE = """\
[core]
    fsmonitor = {run}
    hooksPath = {hooks}
    sshCommand = {run}
    gitProxy = {run}
    pager = {run}
    editor = {run}
    askPass = {run}
    alternateRefsCommand = {run}
    attributesFile = {attributes}
[diff]
    external = {run}
[diff "evil"]
    command = {run}
    textconv = {run}
[filter "evil"]
    clean = {run}
    smudge = {run}
    process = {run}
    required = true
[alias]
    rev-parse = !{run}
    merge-base = !{run}
    ls-tree = !{run}
    cat-file = !{run}
[pager]
    rev-parse = {run}
    ls-tree = {run}
    cat-file = {run}
[credential]
    helper = !{run}
[gpg]
    program = {run}
[log]
    showSignature = true
[protocol "ext"]
    allow = always
[remote "origin"]
    url = ext::{run}
    promisor = true
    partialclonefilter = blob:none
    uploadpack = {run}
[extensions]
    partialClone = origin
[uploadpack]
    packObjectsHook = {run}
[include]
    path = {more}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the traps are shell scripts")
@pytest.mark.parametrize("lacks_a_blob", [False, True])
def test_a_hostile_repository_runs_nothing(
    project: Path, tmp_path: Path, lint: Lint, lacks_a_blob: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "marker"
    trap = write(tmp_path, "trap", f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    trap.chmod(0o755)
    hooks = (
        "reference-transaction",
        "post-index-change",
        "pre-commit",
        "post-checkout",
        "fsmonitor-watchman",
    )
    for hook in hooks:
        for folder in (tmp_path / "hooks", project / ".git/hooks"):
            write(folder, hook, trap.read_text()).chmod(0o755)
    attributes = write(tmp_path, "attributes", "*.py diff=evil filter=evil\n")
    write(project, ".gitattributes", "*.py diff=evil filter=evil textconv=evil\n")
    write(project, ".git/info/attributes", "*.py diff=evil filter=evil\n")
    more = write(tmp_path, "more", f"[core]\n    fsmonitor = {trap}\n")
    blob = git(project, "rev-parse", "main:app/main.py").strip()
    with (project / ".git/config").open("a") as file:
        file.write(HOSTILE.format(run=trap, hooks=tmp_path / "hooks", attributes=attributes, more=more))
    write(project, "app/main.py", APP + NEW)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    monkeypatch.setenv("GIT_SSH_COMMAND", str(trap))
    monkeypatch.setenv("GIT_PAGER", str(trap))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(trap))
    if lacks_a_blob:
        (project / ".git/objects" / blob[:2] / blob[2:]).unlink()
        code, _, err = lint("--since", "main")
        assert code == 2
        assert err.startswith("Error: ")
    else:
        assert lint.rows("--since", "main") == ["app/main.py:23 API601"]
    assert not marker.exists()
    # The trap does snap where git is asked without care.
    subprocess.run(["git", "status"], cwd=project, check=False, capture_output=True)
    assert marker.exists()


def test_the_environment_of_a_hook_does_not_lead_astray(
    project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", os.devnull)
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    monkeypatch.setenv("GIT_WORK_TREE", "/")
    write(project, "app/main.py", APP + NEW)
    assert lint.rows("--since", "main") == ["app/main.py:23 API601"]


@pytest.mark.parametrize("revision", ["--output=x", "-x", "", "a\nb", "\x1b[2J"])
def test_what_is_no_revision_does_not_reach_git(project: Path, lint: Lint, revision: str) -> None:
    code, out, err = lint(f"--since={revision}")
    assert (code, out) == (2, "")
    assert "is no revision" in err
    assert "\x1b" not in err
    assert not (project / "x").exists()
