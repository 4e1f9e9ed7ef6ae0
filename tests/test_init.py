"""`api-lint init`: what it writes works, and what is there stays."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from test_cli import POSIX, lint, write

CHECKOUT = Path(__file__).parent.parent
SHOPS = {"shop": "FastAPI", "shop_flask": "Flask", "shop_drf": "Django REST framework"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to begin in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "fresh").mkdir()
    monkeypatch.chdir(tmp_path / "fresh")
    return tmp_path / "fresh"


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def findings() -> list[object]:
    code, out, err = lint("--output-format", "json")
    assert code in (0, 1), err
    found: list[object] = json.loads(out)
    return found


@pytest.mark.parametrize("shop", SHOPS)
def test_the_configuration_is_fit_and_changes_nothing(folder: Path, shop: str) -> None:
    shutil.copytree(CHECKOUT / "fixtures" / shop, folder, dirs_exist_ok=True)
    before = findings()
    code, out, err = lint("init")
    assert (code, err) == (0, "")
    assert out.startswith("wrote api-lint.toml\n\nNext: `api-lint check` ")
    assert before
    assert findings() == before
    text = (folder / "api-lint.toml").read_text(encoding="utf-8")
    assert re.search(rf"^# Seen: .*{SHOPS[shop]} \(\d+ routes in \d+ files?\)", text, re.M)


@pytest.mark.parametrize("shop", SHOPS)
def test_what_stands_in_comments_can_be_used(folder: Path, shop: str) -> None:
    shutil.copytree(CHECKOUT / "fixtures" / shop, folder, dirs_exist_ok=True)
    write(folder, "tests/test_a.py", "")
    write(folder, "examples/a b/demo.py", "")
    write(folder, "migrations/versions/a.py", "")
    lint("init")
    text = (folder / "api-lint.toml").read_text(encoding="utf-8")
    used = re.sub(r"^# (?=[\w\"'/*-]+ = )", "", text, flags=re.M)
    assert used.count("\n# ") < text.count("\n# ") - 5
    assert '"tests/**" = ' in used
    write(folder, "api-lint.toml", used)
    code, out, err = lint("--show-settings")
    assert (code, err) == (0, "")
    assert 'ignore = ["API101"]  # api-lint.toml' in out


def test_an_empty_folder(folder: Path) -> None:
    assert lint("init")[0] == 0
    assert set(files(folder)) == {"api-lint.toml"}
    assert "no routes of FastAPI" in (folder / "api-lint.toml").read_text(encoding="utf-8")
    assert lint()[:2] == (0, "All checks passed!\n")


def test_a_repository(folder: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    (folder / ".github").mkdir()
    code, out, _ = lint("init")
    assert code == 0
    assert (
        "wrote api-lint.toml\nwrote .pre-commit-config.yaml\nwrote .github/workflows/api-lint.yml\n"
        in out
    )
    assert "pre-commit install" in out
    hooks = yaml.safe_load((folder / ".pre-commit-config.yaml").read_bytes())["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["api-lint"]
    assert hooks[0]["entry"].split()[:2] == ["api-lint", "check"]
    workflow = yaml.safe_load((folder / ".github/workflows/api-lint.yml").read_bytes())
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["api-lint"]["steps"][-1]["run"].startswith("api-lint check ")


def test_what_is_asked_for(folder: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    assert lint("init", "--no-pre-commit", "--ci")[0] == 0
    assert [name for name in files(folder) if not name.startswith(".git/")] == [
        "api-lint.toml", ".github/workflows/api-lint.yml"
    ]  # fmt: skip


def test_nothing_that_is_there_is_changed(folder: Path) -> None:
    write(folder, "pyproject.toml", "[tool.api-lint]\nselect = []\n")
    write(folder, ".pre-commit-config.yaml", "repos: []\n")
    write(folder, ".github/workflows/api-lint.yml", "mine\n")
    before = files(folder)
    code, out, _ = lint("init", "--pre-commit", "--ci")
    assert code == 0
    assert files(folder) == before
    assert "left pyproject.toml as it is: it configures api-lint already\n" in out
    snippet = out.partition("add to its `repos`:\n\n")[2].partition("\n\n")[0]
    assert yaml.safe_load(f"repos:\n{snippet}")["repos"][0]["hooks"][0]["id"] == "api-lint"
    assert lint("init", "--pre-commit", "--ci", "--diff") == (0, "", "")


def test_a_second_time_nothing_is_to_be_added(folder: Path) -> None:
    lint("init", "--pre-commit")
    before = files(folder)
    code, out, _ = lint("init", "--pre-commit")
    assert code == 0
    assert files(folder) == before
    assert "repos" not in out


def test_a_diff_writes_nothing(folder: Path) -> None:
    code, out, _ = lint("init", "--ci", "--pre-commit", "--diff")
    assert code == 0
    assert files(folder) == {}
    assert [line for line in out.splitlines() if line.startswith("+++ ")] == [
        "+++ .github/workflows/api-lint.yml", "+++ .pre-commit-config.yaml", "+++ api-lint.toml"
    ]  # fmt: skip


def test_a_folder_of_a_repository_keeps_the_settings_it_had(folder: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    write(folder, "api-lint.toml", "ignore = ['API601']\n")
    source = (
        "import time\nimport requests\n\n\nasync def f():\n    time.sleep(1)\n    requests.get('/')\n"
    )
    write(folder, "back end/a.py", source)
    before = findings()
    code, out, err = lint("init", "back end", "--ci")
    assert code == 0
    assert (
        "wrote back end/api-lint.toml\nwrote .pre-commit-config.yaml\nwrote .github/workflows/api-lint.yml\n"
        in out
    )
    assert err.startswith("note: back end is a project of its own now")
    assert len(before) == 1
    assert findings() == before
    workflow = yaml.safe_load((folder / ".github/workflows/api-lint.yml").read_bytes())
    assert workflow["jobs"]["api-lint"]["defaults"] == {"run": {"working-directory": "back end"}}


@POSIX
def test_errors(folder: Path) -> None:
    assert lint("init", "missing")[::2] == (2, "Error: missing is no folder\n")
    write(folder, "api-lint.toml", "[")
    code, _, err = lint("init")
    assert code == 2
    assert err.startswith(f"Error: {folder}/api-lint.toml:1: not valid TOML")
    os.remove(folder / "api-lint.toml")
    (folder / ".github").symlink_to(folder.parent)
    code, _, err = lint("init", "--ci", "--no-pre-commit")
    assert code == 2
    assert "a link leads out" in err
    assert not (folder.parent / "workflows").exists()
    os.remove(folder / ".github")
    os.remove(folder / "api-lint.toml")
    (folder / "api-lint.toml").symlink_to(folder.parent / "elsewhere.toml")
    assert lint("init")[0] == 2
    assert not (folder.parent / "elsewhere.toml").exists()


@POSIX
def test_a_folder_that_cannot_be_written_to(folder: Path) -> None:
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        code, out, err = lint("init")
        assert (code, out) == (2, "")
        assert err.endswith("api-lint.toml: Permission denied\n")
    finally:
        folder.chmod(0o700)
