"""The README says what is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from api_lint import config, registry

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
