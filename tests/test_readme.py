"""The README says what is so."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from api_lint import config, registry
from command import Lint, write
from doors import environment

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def commands() -> dict[str, str]:
    return dict(re.findall(r"^<!-- command: (\w+) -->\n```sh\n(.*)\n```$", README, re.M))


def test_the_rule_table_is_that_of_the_rules() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/readme.py", "--check"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_each_command_is_one_line_that_needs_only_python() -> None:
    assert set(commands()) == {"try", "test"}
    for command in commands().values():
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")


def test_continuous_integration_runs_the_same_command() -> None:
    script = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"sed -n (\".*\") README.md \| sed '1,2d;\$d'", script)
    assert pattern is not None
    done = subprocess.run(
        ["bash", "-c", f"set -- test; sed -n {pattern[1]} README.md | sed '1,2d;$d'"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == commands()["test"] + "\n"


def test_the_configuration_it_shows_is_one(tmp_path: Path) -> None:
    shown = next(
        block for block in re.findall(r"```toml\n(.*?)```", README, re.S) if "[tool.api-lint]" in block
    )
    (tmp_path / "pyproject.toml").write_text(shown, encoding="utf-8")
    settings = config.load(tmp_path)
    loaded = registry.load()
    assert registry.choose(loaded, settings).rules
    configured = {
        line.split("=")[0].strip() for line in shown.splitlines() if re.match(r"[a-z-]+ = ", line)
    }
    assert configured - {"max-lines"} >= {
        "select",
        "ignore",
        "src",
        "include-tests",
        "strict",
        "max-file-size",
    }


@pytest.mark.parametrize(
    "path", sorted((CHECKOUT / "fixtures").glob("shop*")), ids=lambda path: path.name
)
def test_every_sample_is_named(path: Path) -> None:
    assert f"fixtures/{path.name}" in README


def shown() -> list[str]:
    """The commands that the README shows, in its order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if shlex.split(line, comments=True)[:1] == ["api-lint"]]


APP = "import time\n\n\nasync def f() -> None:\n    time.sleep(1)\n"


@pytest.mark.skipif(shutil.which("git") is None, reason="one of them is about git")
def test_the_commands_it_shows_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after another, in a repository whose code they fix, and that has an `origin/main`."""
    for name in ("app/main.py", "app/routers/users.py"):
        write(tmp_path, name, APP)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["commit", "-qm", "x"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):
        subprocess.run(["git", *identity, *arguments], check=True, env=environment())
    lint = Lint(capsys)
    failed: dict[str, str] = {}
    for line in shown():
        words, _, file = " ".join(shlex.quote(w) for w in shlex.split(line, comments=True)).partition(
            " '<' "
        )
        source = io.BytesIO((tmp_path / file).read_bytes() if file else b"")
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(source))
        code, _, err = lint(*shlex.split(words)[1:])
        if code not in (0, 1):
            failed[line] = err
    assert failed == {}
    assert len(shown()) > 15


def test_the_hooks_it_names_are_those_there_are() -> None:
    manifest = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    ids = [hook["id"] for hook in manifest]
    assert re.findall(r"^\| `(api-lint[a-z-]*)` \|", README, re.M) == ids
    shown = next(block for block in re.findall(r"<<'END'\n(.*?)^END$", README, re.S | re.M))
    (repository,) = yaml.safe_load(shown)["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == ids[:1]
