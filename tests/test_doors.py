"""The same findings through all doors, on the shops: whole, file by file, in every report, from pre-commit and from flake8,
on standard input."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from api_lint.formats import FORMATS
from doors import Row, flake8, lint, rows, run
from test_precommit import commit, configure, pre_commit, verdicts

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


@pytest.mark.skipif(shutil.which("git") is None, reason="pre-commit needs git")
def test_pre_commit(shop: Path, expected: list[Row], tmp_path: Path) -> None:
    """pre-commit itself, with the hooks as the manifest has them."""
    folder = tmp_path / shop.name
    shutil.copytree(shop, folder)
    commit(folder)
    concise = {"args": ["--output-format", "concise"]}
    configure(folder, api_lint=concise, api_lint_project=concise)
    code, out = pre_commit("run", "--all-files", cwd=folder)
    assert (code, set(verdicts(out).values())) == (1, {"Failed"})
    given, whole = out.split("api-lint (whole project)")
    moved = [row._replace(path=str(folder / Path(row.path).relative_to(shop))) for row in expected]
    assert rows(given, folder) == rows(whole, folder) == moved


# ------------------------------------------------------------------------------------------------------------- reports


@pytest.fixture(scope="module")
def reported(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every report of a shop, made in one run."""
    folder = tmp_path_factory.mktemp("reports")
    asked = [f"--output-format={name}={folder / name}" for name in FORMATS]
    assert run([sys.executable, "-m", "api_lint", "check", *asked], shop) == (1, "", "")
    return folder


# A report read back: each finding's path, row, column (0 where the format has none), code and message.
Told = Iterator[tuple[str, int, int, str, str]]

ROW = re.compile(r"(.+?):(\d+):(\d+): (API\d+) (.*)")


def from_rows(text: str) -> Told:
    for match in map(ROW.fullmatch, text.splitlines()):
        if match:
            yield match[1], int(match[2]), int(match[3]), match[4], match[5]


def from_full(text: str) -> Told:
    for code, message, path, row, col in re.findall(
        r"^(API\d+) (.*)\n +--> (.+):(\d+):(\d+)$", text, re.M
    ):
        yield path, int(row), int(col), code, message


def from_json(text: str) -> Told:
    for f in json.loads(text):
        yield (
            f["filename"],
            f["location"]["row"],
            f["location"]["column"],
            f["code"],
            f["message"],
        )


def from_jsonl(text: str) -> Told:
    return from_json(f"[{','.join(text.splitlines())}]")


def from_sarif(text: str) -> Told:
    (ran,) = json.loads(text)["runs"]
    for result in ran["results"]:
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        message = re.sub(r"\\([\[\]\\])", r"\1", result["message"]["text"])
        path = place["artifactLocation"]["uri"]
        yield path, region["startLine"], region["startColumn"], result["ruleId"], message


def from_github(text: str) -> Told:
    """Annotations repeat what a plain row says: `::warning title=…,file=…::PATH:ROW:COLUMN: CODE MESSAGE`."""
    plain = re.sub(r"^::(?:error|warning) [^\n]*?::", "", text, flags=re.M)
    return from_rows(plain.replace("%25", "%"))


def from_gitlab(text: str) -> Told:
    for issue in json.loads(text):
        code, _, message = issue["description"].partition(": ")
        yield issue["location"]["path"], issue["location"]["lines"]["begin"], 0, code, message


def from_junit(text: str) -> Told:
    return from_rows("\n".join(failure.text or "" for failure in ET.fromstring(text).iter("failure")))


def from_rdjson(text: str) -> Told:
    for found in json.loads(text)["diagnostics"]:
        place, start = found["location"], found["location"]["range"]["start"]
        yield place["path"], start["line"], start["column"], found["code"]["value"], found["message"]


def from_azure(text: str) -> Told:
    for properties, message in re.findall(r"^##vso\[task\.logissue (.*?);\](.*)$", text, re.M):
        told = dict(pair.split("=", 1) for pair in properties.split(";"))
        row, col = int(told["linenumber"]), int(told["columnnumber"])
        yield told["sourcepath"], row, col, told["code"], message.replace("%AZP25", "%")


def from_markdown(text: str) -> Told:
    for rule, place, message in re.findall(r"^\| \S+ \| (.*?) \| (.*?) \| (.*) \|$", text, re.M):
        path, _, row = html.unescape(place).rpartition(":")
        yield path, int(row), 0, rule.split()[0], html.unescape(message)


READERS: dict[str, Callable[[str], Told]] = {
    "full": from_full,
    "concise": from_rows,
    "json": from_json,
    "jsonl": from_jsonl,
    "sarif": from_sarif,
    "github": from_github,
    "gitlab": from_gitlab,
    "junit": from_junit,
    "rdjson": from_rdjson,
    "azure": from_azure,
    "markdown": from_markdown,
}


@pytest.mark.parametrize("name", FORMATS)
def test_report(shop: Path, expected: list[Row], reported: Path, name: str) -> None:
    text = (reported / name).read_text(encoding="utf-8")
    if name == "statistics":
        counts = {code: int(n) for n, code in re.findall(r"^ *(\d+)  (API\d+) ", text, re.M)}
        assert counts == Counter(row.code for row in expected)
        return
    told = sorted(Row(str(shop / path), *rest) for path, *rest in READERS[name](text))
    has_columns = name not in ("gitlab", "markdown")
    assert told == sorted(row if has_columns else row._replace(col=0) for row in expected)


def test_the_reports_for_people_count(expected: list[Row], reported: Path) -> None:
    for name in ("full", "concise"):
        text = (reported / name).read_text(encoding="utf-8")
        assert text.endswith(f"Found {len(expected)} findings.\n")
