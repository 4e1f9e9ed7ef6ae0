"""The action of this repository and what the README shows of continuous integration, run as far as a machine can."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parent.parent
SOURCE = (CHECKOUT / "action.yml").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load(SOURCE)
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.S)]
SLEEP = "import time\n\n\nasync def f():\n    time.sleep(1)\n"

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs bash and POSIX paths")


def step(name: str) -> dict[str, Any]:
    return next(dict(step) for step in ACTION["runs"]["steps"] if step["name"] == name)


def test_inputs_and_outputs_are_those_it_has() -> None:
    used = set(re.findall(r"\binputs\.([\w-]+)", SOURCE))
    assert used == set(ACTION["inputs"]) == {"paths", "args", "format", "version", "sarif-file"}
    assert all(
        entry["description"] for entry in (*ACTION["inputs"].values(), *ACTION["outputs"].values())
    )
    assert ACTION["runs"]["using"] == "composite"
    outputs = set(re.findall(r"steps\.lint\.outputs\.([\w-]+)", SOURCE))
    assert outputs == set(ACTION["outputs"])
    assert step("Run api-lint")["id"] == "lint"
    assert all(step["shell"] == "bash" for step in ACTION["runs"]["steps"])


def test_no_value_becomes_part_of_a_script() -> None:
    assert not [step["name"] for step in ACTION["runs"]["steps"] if "${{" in step["run"]]


def run(folder: Path, **inputs: str) -> tuple[int, dict[str, str], str]:
    """The step that lints, in a folder: its exit code, its outputs and its log."""
    bin_folder = folder.parent / "temp" / "api-lint" / "bin"
    bin_folder.mkdir(parents=True, exist_ok=True)
    for name in ("python", "api-lint"):
        if not (bin_folder / name).exists():
            command = shlex.join([sys.executable, *(["-m", "api_lint"] if name == "api-lint" else [])])
            (bin_folder / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
            (bin_folder / name).chmod(0o755)
    output = folder.parent / "output"
    output.write_text("", encoding="utf-8")
    made = step("Run api-lint")
    given = {**{name: entry["default"] for name, entry in ACTION["inputs"].items()}, **inputs}
    env = {name: given[re.findall(r"inputs\.([\w-]+)", value)[0]] for name, value in made["env"].items()}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", made["run"]],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, **env, "RUNNER_TEMP": str(folder.parent / "temp"), "GITHUB_OUTPUT": str(output),
             "GITHUB_STEP_SUMMARY": str(folder.parent / "summary")},
    )  # fmt: skip
    told = dict(row.split("=", 1) for row in output.read_text(encoding="utf-8").splitlines())
    return done.returncode, told, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "a b").mkdir(parents=True)
    (folder / "a b" / "main.py").write_text(SLEEP, encoding="utf-8")
    (folder / "clean.py").write_text("", encoding="utf-8")
    (folder / "pyproject.toml").write_text("", encoding="utf-8")
    return folder


@POSIX
def test_the_action_lints(project: Path) -> None:
    code, told, log = run(project)
    assert code == 1
    assert told == {"sarif": str(project / "api-lint.sarif"), "exit-code": "1"}
    assert "::warning title=api-lint API601" in log
    (result,) = json.loads((project / "api-lint.sarif").read_bytes())["runs"][0]["results"]
    assert result["ruleId"] == "API601"
    assert "API601" in (project.parent / "summary").read_text(encoding="utf-8")


@POSIX
def test_the_actions_inputs_arrive(project: Path) -> None:
    assert run(project, paths="clean.py")[:2] == (
        0,
        {"sarif": str(project / "api-lint.sarif"), "exit-code": "0"},
    )
    code, _, log = run(project, paths="'a b' clean.py", format="concise")
    assert (code, log.startswith("a b/main.py:5:5: API601")) == (1, True)
    assert run(project, args="--config 'ignore = [\"API601\"]'")[0] == 0
    elsewhere = project.parent / "elsewhere.sarif"
    assert run(project, **{"sarif-file": str(elsewhere)})[1]["sarif"] == str(elsewhere)
    assert elsewhere.exists()
    assert run(project, args="--no-such-option")[:2][0] == 2
    code, _, log = run(
        project, paths="$(touch hacked) `touch hacked` ; touch hacked", args='"$(touch hacked)"'
    )
    assert not (project / "hacked").exists()


def workflow(key: str) -> dict[str, Any]:
    return next(block for block in BLOCKS if isinstance(block, dict) and key in block)


def test_the_readmes_workflow_uses_what_the_action_has() -> None:
    steps = workflow("jobs")["jobs"]["api-lint"]["steps"]
    (ours,) = (s for s in steps if s.get("uses", "").startswith("OWNER/api-lint@"))
    assert set(ours.get("with", {})) <= set(ACTION["inputs"])
    (upload,) = (s for s in steps if "upload-sarif" in s.get("uses", ""))
    assert upload["with"]["sarif_file"] == ACTION["inputs"]["sarif-file"]["default"]
    assert workflow("jobs")["permissions"]["security-events"] == "write"


def shown_commands() -> list[str]:
    gitlab = workflow("api-lint")["api-lint"]["script"]
    azure = [s["script"] for s in workflow("pool")["steps"] if "script" in s]
    lines = [line for text in (*gitlab, *azure) for line in text.splitlines()]
    return [line for line in lines if line.startswith("api-lint")]


@pytest.mark.parametrize("command", shown_commands())
def test_the_readmes_commands_run(project: Path, command: str) -> None:
    arguments = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "api_lint", *arguments],
        cwd=project, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    assert "API601" in done.stdout


def test_gitlab_takes_the_file_that_is_written() -> None:
    job = workflow("api-lint")["api-lint"]
    report = job["artifacts"]["reports"]["codequality"]
    assert any(f"gitlab={report}" in line for line in job["script"])
    assert job["artifacts"]["when"] == "always"
    assert len(shown_commands()) == 2
