"""The hooks, in the pre-commit that their users run.

One test has pre-commit make an environment for them with pip, as it does for users; the others spare the time and run
them in the environment of the tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from doors import rows, run

CHECKOUT = Path(__file__).parent.parent

HELPERS = "import time\n\n\ndef wait() -> None:\n    time.sleep(1)\n"
# A safe fix puts this right,
MAIN = "import time\n\n\nasync def poll() -> None:\n    time.sleep(1)\n"
# and this has nothing wrong in it but for what stands in the first.
ROUTES = "from app.helpers import wait\n\n\nasync def serve() -> None:\n    wait()\n"

_IS_OFFLINE = re.compile("NewConnectionError|NameResolutionError|ConnectTimeoutError|ProxyError")

pytestmark = [
    pytest.mark.xdist_group("precommit"),
    pytest.mark.skipif(shutil.which("git") is None, reason="pre-commit needs git"),
]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    code, out, err = run(["git", *identity, *arguments], folder, env=bare(folder))
    assert code == 0, err
    return out.strip()


def bare(folder: Path) -> dict[str, str]:
    """Variables under which neither git nor pre-commit sees anything of the machine's user."""
    return {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "PRE_COMMIT_HOME": str(folder.parent / "home"),
        "PRE_COMMIT_COLOR": "never",
    }


def commit(folder: Path) -> None:
    """Make a repository of a folder and all that is in it."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x", "--no-verify")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A repository with what the checkout holds now."""
    left = (
        ".git",
        ".venv",
        "venv",
        "*.egg-info",
        "build",
        "dist",
        "__pycache__",
        ".*_cache",
        "fixtures",
        "tests",
    )
    shutil.copytree(CHECKOUT, tmp_path / "api-lint", ignore=shutil.ignore_patterns(*left), symlinks=True)
    commit(tmp_path / "api-lint")
    return tmp_path / "api-lint"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with an API601 in each of three files, one of them excluded, one generated."""
    folder = tmp_path / "project"
    contents = {
        "app/helpers.py": HELPERS,
        "app/main.py": MAIN,
        "legacy/old.py": MAIN,
        "made/new.py": MAIN,
    }
    contents["api-lint.toml"] = "extend-exclude = ['/legacy']\n"
    for name, text in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    commit(folder)
    return folder


def pre_commit(*arguments: str, cwd: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "pre_commit", *arguments]
    code, out, err = run(command, cwd, env=bare(cwd), timeout=600)
    if code == 3 and _IS_OFFLINE.search(out + err):
        pytest.skip("pip reaches no package index, so pre-commit cannot make an environment")
    return code, out + err


def verdicts(out: str) -> dict[str, str]:
    """What pre-commit says of each hook."""
    return dict(re.findall(r"^(api-lint[^.]*?)\.+(?:\(.*\))?(Passed|Failed|Skipped)$", out, re.M))


def configure(folder: Path, **keys: dict[str, Any]) -> None:
    """Write a configuration with hooks as the manifest has them, in the order given and each with further keys, that run
    in the environment of the tests."""
    manifest = {
        hook["id"]: hook for hook in yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())
    }
    hooks = [
        {**manifest[name.replace("_", "-")], "language": "system", **more} for name, more in keys.items()
    ]
    # JSON is YAML.
    (folder / ".pre-commit-config.yaml").write_text(
        json.dumps({"repos": [{"repo": "local", "hooks": hooks}]})
    )
    git(folder, "add", "--all")


def test_try_repo(source: Path, project: Path) -> None:
    code, out = pre_commit("try-repo", str(source), "--all-files", cwd=project)
    assert code == 1, out
    # The hooks run one behind the other: the first finds, the second fixes, and then the project is clean.
    assert verdicts(out) == {
        "api-lint": "Failed",
        "api-lint (fix)": "Failed",
        "api-lint (whole project)": "Passed",
    }, out
    assert "- files were modified by this hook" in out
    assert git(project, "diff", "--name-only").split() == ["app/main.py", "made/new.py"]
    assert "await asyncio.sleep(1)" in (project / "app/main.py").read_text()


CONCISE = {"args": ["--output-format", "concise"]}


def test_files_and_the_whole_project(project: Path) -> None:
    (project / "app/routes.py").write_text(ROUTES)
    configure(project, api_lint=CONCISE, api_lint_project=CONCISE)
    code, out = pre_commit("run", cwd=project)
    assert code == 1, out
    assert verdicts(out) == {"api-lint": "Failed", "api-lint (whole project)": "Failed"}
    # What is staged, with the facts of what is not; and all of the project.
    staged, whole = (rows(part, project) for part in out.split("api-lint (whole project)"))
    assert [(os.path.basename(row.path), row.code) for row in staged] == [("routes.py", "API606")]
    assert [(os.path.basename(row.path), row.code) for row in whole] == [
        ("main.py", "API601"),
        ("routes.py", "API606"),
        ("new.py", "API601"),
    ]


def test_a_commit_without_python_files_has_the_project_checked(project: Path) -> None:
    git(project, "rm", "--quiet", "app/helpers.py")
    configure(project, api_lint={}, api_lint_project={})
    code, out = pre_commit("run", cwd=project)
    assert (code, verdicts(out)) == (1, {"api-lint": "Skipped", "api-lint (whole project)": "Failed"})


def test_excludes(project: Path) -> None:
    configure(project, api_lint={"exclude": "^made/"})
    code, out = pre_commit("run", "--files", "made/new.py", cwd=project)
    assert (code, verdicts(out)) == (0, {"api-lint": "Skipped"})
    code, out = pre_commit("run", "--files", "legacy/old.py", cwd=project)
    assert (code, verdicts(out)) == (0, {"api-lint": "Passed"})


def test_fixing(project: Path) -> None:
    configure(project, api_lint_fix={})
    code, out = pre_commit("run", "--files", "app/main.py", cwd=project)
    assert (code, verdicts(out)) == (1, {"api-lint (fix)": "Failed"})
    assert "exit code: 1" in out
    assert "files were modified by this hook" in out
    assert git(project, "diff", "--name-only") == "app/main.py"
    code, out = pre_commit("run", "--files", "app/main.py", cwd=project)
    assert (code, verdicts(out)) == (0, {"api-lint (fix)": "Passed"})
