"""Old findings are known and new ones told, whatever happens to the code around them."""

from __future__ import annotations

import hashlib
import json
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
    time.sleep(len('it "is"' 'slow'))
    return {}
"""

NEW = """

@app.get("/new")
async def read_new() -> dict[str, str]:
    time.sleep(3)
    return {}
"""

FILE = ".api-lint-baseline.json"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three findings: API401 at row 6, API601 at rows 11 and 17."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "project"
    write(folder, "pyproject.toml", "")
    write(folder, "app/main.py", APP)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Lint:
    return Lint(capsys)


ALL = ["app/main.py:6 API401", "app/main.py:11 API601", "app/main.py:17 API601"]


def test_only_what_is_new(project: Path, lint: Lint) -> None:
    assert lint.rows() == ALL
    assert lint("baseline") == (0, f"{FILE} holds 3 findings.\n", "")
    assert lint("--baseline") == (0, "All checks passed!\n", "")
    assert lint.rows() == ALL
    write(project, "app/main.py", APP + NEW)
    assert lint.rows("--baseline") == ["app/main.py:23 API601"]
    assert lint("--baseline")[0] == 1


def test_the_file_can_be_read_and_merged(project: Path, lint: Lint) -> None:
    lint("baseline")
    rows = (project / FILE).read_text().splitlines()
    entries = [json.loads(row.rstrip(",")) for row in rows if row.startswith("      {")]
    assert [(e["rule"], e["in"], e["count"]) for e in entries] == [
        ("API401", "", 1),
        ("API601", "read_item", 1),
        ("API601", "read_orders", 1),
    ]
    before = (project / FILE).read_bytes()
    assert lint("baseline", "--accept-new")[0] == 0
    assert (project / FILE).read_bytes() == before


def test_no_secret_and_no_digest_of_one(project: Path, lint: Lint) -> None:
    lint("baseline")
    text = (project / FILE).read_text()
    for secret in ("Tr0ub4dor&3-horse", '"Tr0ub4dor&3-horse"', "tr0ub4dor&3-horse"):
        for digest in ("md5", "sha1", "sha256", "sha512"):
            assert hashlib.new(digest, secret.encode()).hexdigest()[:16] not in text
        assert secret not in text
    write(project, "app/main.py", APP.replace("Tr0ub4dor&3-horse", "c0rrect-b4ttery-staple"))
    assert lint.rows("--baseline") == []


@pytest.mark.parametrize("style", [("40", "double"), ("140", "single")])
def test_reformatting_changes_nothing(project: Path, lint: Lint, style: tuple[str, str]) -> None:
    lint("baseline")
    length, quotes = style
    command = [
        sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", length,
        "--config", f'format.quote-style="{quotes}"', "app",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    assert (project / "app/main.py").read_text() != APP
    assert lint.rows("--baseline") == []


def test_moving_code_within_its_file_changes_nothing(project: Path, lint: Lint) -> None:
    lint("baseline")
    head, item, orders = APP.split("\n\n\n")
    write(project, "app/main.py", "\n\n\n".join(["# moved\n\n" + head, orders.rstrip(), item]) + "\n")
    assert lint.rows("--baseline") == []
    assert lint("--baseline")[2] == ""


def test_of_equal_findings_one_more_is_new(project: Path, lint: Lint) -> None:
    lint("baseline")
    write(project, "app/main.py", APP.replace("    time.sleep(1)\n", "    time.sleep(1)\n" * 3))
    assert len(lint.rows("--baseline")) == 2


def test_what_is_fixed_is_told_and_taken_out(project: Path, lint: Lint) -> None:
    lint("baseline")
    write(project, "app/main.py", APP.split('\n\n\n@app.get("/orders")')[0] + "\n")
    code, out, err = lint("--baseline")
    assert (code, out) == (0, "All checks passed!\n")
    assert err == "note: 1 finding of the baseline is fixed: run `api-lint baseline --update`\n"
    assert lint("baseline", "--update") == (
        0,
        f"fixed: app/main.py: API601 in read_orders\n{FILE} holds 2 findings.\n",
        "",
    )
    assert lint("--baseline") == (0, "All checks passed!\n", "")
    write(project, "app/main.py", APP)
    assert lint.rows("--baseline") == ALL[2:]


def test_a_baseline_never_grows_by_itself(project: Path, lint: Lint) -> None:
    lint("baseline")
    before = (project / FILE).read_bytes()
    write(project, "app/main.py", APP + NEW)
    code, _, err = lint("baseline")
    assert code == 2
    assert "`--accept-new` adds what is new" in err
    assert lint("baseline", "--update")[0] == 0
    assert (project / FILE).read_bytes() == before
    assert lint("baseline", "--accept-new")[1] == (
        f"new: app/main.py: API601 in read_new\n{FILE} holds 4 findings.\n"
    )
    assert lint.rows("--baseline") == []


def test_what_a_run_did_not_look_at_is_not_fixed(project: Path, lint: Lint) -> None:
    write(project, "app/other.py", APP)
    lint("baseline")
    before = (project / FILE).read_bytes()
    write(project, "app/other.py", "app = (")
    for arguments in (
        ["app/main.py"],
        ["--select", "API401", "app/main.py"],
        ["--select", "API301"],
    ):
        assert lint(*arguments, "--baseline")[2] == ""
    assert lint("baseline", "--update", "app/main.py", "--select", "API301")[0] == 0
    _, _, err = lint("baseline", "--update")
    assert "app/other.py is not in the baseline" in err
    assert (project / FILE).read_bytes() == before
    (project / "app/other.py").unlink()
    assert "3 findings of the baseline are fixed" in lint("--baseline")[2]
    assert lint("app/main.py", "--baseline")[2] == ""


def test_what_hides_behind_a_broken_file_is_never_old(project: Path, lint: Lint) -> None:
    write(project, "app/broken.py", "app = (\n")
    assert lint("baseline")[0] == 0
    assert lint.rows("--baseline") == ["app/broken.py:1 API000"]


def test_a_renamed_file_is_followed(project: Path, lint: Lint) -> None:
    lint("baseline")
    (project / "app/main.py").rename(project / "app/server.py")
    assert lint("--baseline") == (0, "All checks passed!\n", "")
    assert lint("baseline", "--update")[1] == f"{FILE} holds 3 findings.\n"
    assert set(json.loads((project / FILE).read_text())["findings"]) == {"app/server.py"}


def test_a_copy_is_not_taken_for_a_renamed_file(project: Path, lint: Lint) -> None:
    lint("baseline")
    write(project, "app/copy.py", APP)
    assert len(lint.rows("--baseline")) == 3
    (project / "app/main.py").rename(project / "app/server.py")
    assert len(lint.rows("--baseline")) == 6


def test_the_configuration_names_the_baseline(project: Path, lint: Lint) -> None:
    write(project, "pyproject.toml", '[tool.api-lint]\nbaseline = "lint/old.json"\n')
    assert lint() == (
        2,
        "",
        "Error: there is no baseline lint/old.json; `api-lint baseline` writes one\n",
    )
    assert lint("baseline") == (0, "lint/old.json holds 3 findings.\n", "")
    assert '"../app/main.py"' in (project / "lint/old.json").read_text()
    assert lint.rows() == []
    assert lint.rows("--no-baseline") == ALL
    assert lint.rows("--isolated") == ALL


def test_a_baseline_that_the_command_line_names(project: Path, lint: Lint, tmp_path: Path) -> None:
    path = str(tmp_path / "known.json")
    assert lint("baseline", "--baseline", path)[0] == 0
    assert lint.rows("--baseline", path) == []
    assert lint.rows(f"--baseline={path}", "app") == []
    code, _, err = lint("--baseline", "app")
    assert code == 2
    assert "write `--baseline=FILE`" in err
    assert lint("--baseline", "--no-baseline")[0] == 2


@pytest.mark.parametrize("value", ['"../old.json"', '"/etc/old.json"', '"."', "3"])
def test_a_configured_baseline_lies_inside(project: Path, lint: Lint, value: str) -> None:
    write(project, "pyproject.toml", f"[tool.api-lint]\nbaseline = {value}\n")
    code, _, err = lint()
    assert code == 2
    assert "`baseline` must" in err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        pytest.param("[" * 100_000, id="brackets"),
        '{"version": 1}',
        '{"version": 2, "findings": {}}',
        '{"version": 1, "findings": []}',
        '{"version": 1, "findings": {"a.py": {}}}',
        '{"version": 1, "findings": {"a.py": [3]}}',
        '{"version": 1, "findings": {"a.py": [{"rule": "API601"}]}}',
        '{"version": 1, "findings": {"a.py": [{"rule": "API601", "in": "", "text": "", "count": 0}]}}',
        '{"version": 1, "findings": {"a.py": [{"rule": "API601", "in": "", "text": "", "count": true}]}}',
        '{"version": 1, "findings": {"a.py": [{"rule": "API601", "in": "", "text": "", "count": "1"}]}}',
        "<<<<<<< HEAD\n{}\n",
        "\udcff",
    ],
)
@pytest.mark.parametrize("arguments", [["--baseline"], ["baseline", "--update"]])
def test_a_broken_baseline(project: Path, lint: Lint, text: str, arguments: list[str]) -> None:
    (project / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    code, out, err = lint(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: {FILE} is no baseline: ")
    assert err.count("\n") == 1


def test_no_baseline_yet(project: Path, lint: Lint) -> None:
    told = (2, "", f"Error: there is no baseline {FILE}; `api-lint baseline` writes one\n")
    assert lint("--baseline") == told
    assert lint("baseline", "--update") == told
    (project / FILE).mkdir()
    assert lint("--baseline")[0] == 2


def test_fixes_touch_only_what_is_reported(project: Path, lint: Lint) -> None:
    lint("baseline")
    path = write(project, "app/main.py", APP + NEW)
    code, _, err = lint("--fix", "--baseline")
    assert (code, err) == (0, "fixed: 1 finding in 1 file\n")
    after = path.read_text()
    assert "await asyncio.sleep(3)" in after
    assert after.count("time.sleep(") == 2
    assert lint("--fix", "--baseline")[0] == 0
    assert path.read_text() == after


def test_from_a_folder_below(project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    lint("baseline")
    monkeypatch.chdir(project / "app")
    assert lint.rows("--baseline") == []
    assert lint("baseline", "--update")[0] == 0
    assert "holds 3 findings" in lint("baseline", "--accept-new", "..")[1]
