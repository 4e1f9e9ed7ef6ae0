"""The same findings through all doors, on the shops: whole, file by file, as hook, from flake8, on standard input."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from doors import Row, flake8, lint, rows, run

CHECKOUT = Path(__file__).parent.parent
SHOPS = ["shop", "shop_flask", "shop_drf"]


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop as a project of its own."""
    folder = tmp_path_factory.mktemp("doors") / str(request.param)
    shutil.copytree(CHECKOUT / "fixtures" / str(request.param), folder)
    (folder / "api-lint.toml").touch()
    return folder


@pytest.fixture(scope="module")
def expected(shop: Path) -> list[Row]:
    """What the command finds in the folder."""
    done = lint(".", cwd=shop)
    assert (done.code, done.err) == (1, "")
    assert len(done.rows) >= 10
    assert {row.code[:4] for row in done.rows} >= {"API1", "API2", "API3", "API4", "API5", "API6"}
    return done.rows


def sources(shop: Path) -> list[str]:
    return sorted(path.relative_to(shop).as_posix() for path in shop.rglob("*.py"))


def hook(name: str) -> list[str]:
    manifest = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (entry,) = (hook["entry"] for hook in manifest if hook["id"] == name)
    program, *arguments = entry.split()
    assert program == "api-lint"
    return [sys.executable, "-m", "api_lint", *arguments]


def test_its_files_named(shop: Path, expected: list[Row]) -> None:
    assert lint(*sources(shop), cwd=shop).rows == expected


def test_each_file_alone(shop: Path, expected: list[Row]) -> None:
    """In two files of a shop: a process for every file takes long."""
    for path in sorted({row.path for row in expected})[::5][:2]:
        assert lint(path, cwd=shop).rows == [row for row in expected if row.path == path]


def test_in_two_processes(shop: Path, expected: list[Row]) -> None:
    assert lint("--jobs", "2", cwd=shop).rows == expected


def test_from_a_folder_within(shop: Path, expected: list[Row]) -> None:
    within = Path(expected[0].path).parent
    assert lint(str(shop), cwd=within).rows == expected


@pytest.mark.parametrize("name", ["api-lint", "api-lint-project"])
def test_hook(shop: Path, expected: list[Row], name: str) -> None:
    files = sources(shop) if name == "api-lint" else []
    code, out, err = run([*hook(name), "--output-format", "concise", *files], shop)
    assert (code, err) == (1, "")
    assert rows(out, shop) == expected


def test_flake8(shop: Path, expected: list[Row]) -> None:
    done = flake8("--select", "API", "--jobs", "2", cwd=shop)
    assert (done.code, done.err) == (1, "")
    assert done.rows == expected


def test_flake8_on_one_file(shop: Path, expected: list[Row]) -> None:
    path = next(row.path for row in expected if row.code == "API202")
    done = flake8("--select", "API", os.path.relpath(path, shop), cwd=shop)
    assert done.rows == [row for row in expected if row.path == path]


def test_standard_input(shop: Path, expected: list[Row]) -> None:
    """With the facts of the files beside it, for the command and for flake8."""
    path = next(row.path for row in expected if row.code == "API202")
    name, source = os.path.relpath(path, shop), Path(path).read_bytes()
    wanted = [row for row in expected if row.path == path]
    assert lint("--stdin-filename", name, "-", cwd=shop, stdin=source).rows == wanted
    given = flake8("--select", "API", "--stdin-display-name", name, "-", cwd=shop, stdin=source)
    assert given.rows == wanted


def test_the_report_for_people(shop: Path, expected: list[Row]) -> None:
    _, out, _ = run([sys.executable, "-m", "api_lint", "check", "--output-format", "full"], shop)
    for row in expected:
        assert (
            f"{row.code} {row.message}\n   --> {os.path.relpath(row.path, shop)}:{row.row}:{row.col}\n"
            in out
        )
    assert out.endswith(f"Found {len(expected)} findings.\n")
