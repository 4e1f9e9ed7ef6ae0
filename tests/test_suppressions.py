"""Suppressions that silence nothing, and suppressions written by the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Lint, write

HEAD = "import time\n\n\nasync def f(x: int = 0) -> None:\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "project"
    write(folder, "pyproject.toml", "")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Lint:
    return Lint(capsys)


# What stands in row 5, and what is left of it; `None` where all of the row goes.
UNUSED = [
    ("x = 1  # noqa: API601", "x = 1"),
    ("x = 1  #noqa:API601", "x = 1"),
    ("x = 1  # NOQA: api601", "x = 1"),
    ("x = 1  # noqa: API6", "x = 1"),
    ("x = 1  # noqa: API601, API602", "x = 1"),
    ("x = 1  # noqa: E501, API601", "x = 1  # noqa: E501"),
    ("x = 1  # noqa: API601, E501 too long", "x = 1  # noqa: E501 too long"),
    ("x = 1  # noqa: API601 it was slow", "x = 1  # it was slow"),
    ("x = 1  # noqa: API601  # type: ignore", "x = 1  # type: ignore"),
    ("x = 1  # type: ignore  # noqa: API601", "x = 1  # type: ignore"),
    ("x = 1  # some text  # noqa: API601", "x = 1  # some text"),
    ("x = 1  # api-lint: ignore[API601]", "x = 1"),
    ("x = 1  # api-lint: ignore[API601] see #12", "x = 1"),
    ("x = 1  # api-lint: ignore[API601] see #12  # noqa: E501", "x = 1  # noqa: E501"),
    ("x = 1  # api-lint: ignore[blocking-sleep-in-async] slow", "x = 1"),
    ("x = 1  # api-lint: ignore", "x = 1"),
    ("x = 1  # api-lint: ignore[ASYNC251]", "x = 1"),
    ("# api-lint: ignore[API601]", None),
    ("# api-lint: ignore-file[API601] generated", None),
    ("x = 1  # api-lint: ignore-file[API601]", "x = 1"),
    ("# ruff: noqa: API601", None),
    ("# flake8: noqa: API601, E501", "# flake8: noqa: E501"),
    ("time.sleep(1)  # noqa: API601, API602", "time.sleep(1)  # noqa: API601"),
    (
        "time.sleep(1)  # api-lint: ignore[API602, API601] slow",
        "time.sleep(1)  # api-lint: ignore[API601] slow",
    ),
]


@pytest.mark.parametrize(("row", "left"), UNUSED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_silences_nothing_is_told_and_taken_out(
    project: Path, lint: Lint, row: str, left: str | None, end: str
) -> None:
    def source(row: str | None) -> bytes:
        rows = [*HEAD.splitlines(), *([] if row is None else [f"    {row}"]), "    return None", ""]
        return end.join(rows).encode()

    path = project / "a.py"
    path.write_bytes(source(row))
    assert lint.rows() == ["a.py:5 API001"]
    assert lint("--fix")[:2] == (0, "All checks passed!\n")
    assert path.read_bytes() == source(left)


@pytest.mark.parametrize(
    "row",
    [
        "time.sleep(1)  # noqa: API601",
        "time.sleep(1)  # noqa",
        "time.sleep(1)  # noqa: API6, E501",
        "time.sleep(1)  # noqa: ASYNC251",
        "time.sleep(1)  # api-lint: ignore",
        "time.sleep(1)  # api-lint: ignore[API601]  # noqa: API601",
        "time.sleep(  # noqa: API601\n        1\n    )",
        "time.sleep(\n        1\n    )  # noqa: API601",
        "time.sleep(1) ; x = \\\n        1  # noqa: API601",
        "x = 1  # noqa",
        "x = 1  # noqa: E501",
        "x = 1  # noqa: ASYNC251",
        "x = 1  # noqa: ACME001",
        "x = 1  # pylint: disable=blocking-sleep",
        "x = 1  # api-lint: ignore[API601, API001]",
        "x = 1  # noqa: API601, API001",
        "x = '# noqa: API601'",
        "x = 1  # see api-lint: ignore",
        "x = 1\n# ruff: noqa",
    ],
)
def test_what_is_used_or_not_ours(project: Path, lint: Lint, row: str) -> None:
    write(project, "a.py", f"{HEAD}    {row}\n")
    assert lint() == (0, "All checks passed!\n", "")


def test_where_nothing_else_is_found(project: Path, lint: Lint) -> None:
    write(project, "plain.py", "x = 1  # noqa: API601\n")
    assert lint.rows() == ["plain.py:1 API001"]
    assert lint.rows("plain.py") == ["plain.py:1 API001"]


def test_rules_that_did_not_run_are_not_judged(project: Path, lint: Lint) -> None:
    write(project, "a.py", "x = 1  # noqa: API601\ny = 1  # api-lint: ignore\nz = 1  # noqa: API301\n")
    assert lint.rows() == ["a.py:1 API001", "a.py:2 API001", "a.py:3 API001"]
    assert lint.rows("--select", "API301,API001") == ["a.py:3 API001"]
    assert lint.rows("--ignore", "API6") == ["a.py:3 API001"]
    assert lint.rows("--select", "API301") == []
    assert lint.rows("--ignore", "API001") == []
    assert lint.rows("--ignore", "unused-suppression") == []
    assert lint.rows("--select", "ALL") == ["a.py:1 API001", "a.py:2 API001", "a.py:3 API001"]
    assert lint.rows("--config", 'per-file-ignores = {"a.py" = ["API001"]}') == []
    assert lint.rows("--config", 'per-file-ignores = {"a.py" = ["API601"]}') == ["a.py:3 API001"]


def test_a_rule_that_is_silent_in_tests_is_not_judged_there(project: Path, lint: Lint) -> None:
    write(
        project,
        "tests/test_a.py",
        f"{HEAD}    time.sleep(1)  # noqa: API601\n    x = 1  # noqa: API601\n",
    )
    write(project, "a.py", f"{HEAD}    x = 1  # noqa: API601\n")
    assert "a.py:5 API001" in lint.rows()
    quiet = lint.rows("tests")
    loud = lint.rows("tests", "--config", "include-tests = true")
    assert "tests/test_a.py:5 API001" not in [*quiet, *loud]


def test_a_name_that_no_rule_has_stays_for_its_plugin(project: Path, lint: Lint) -> None:
    path = write(project, "a.py", "x = 1  # api-lint: ignore[ACME001] why\n")
    code, out, _ = lint("--fix")
    assert code == 1
    assert "no rule has the code or name ACME001" in out
    assert "a plugin that is not installed here" in out
    assert path.read_text() == "x = 1  # api-lint: ignore[ACME001] why\n"


def test_a_suppression_that_a_fix_makes_idle_goes_with_it(project: Path, lint: Lint) -> None:
    path = write(project, "a.py", f"{HEAD}    time.sleep(1)  # noqa: API602\n")
    assert lint("--fix")[0] == 0
    assert (
        path.read_text()
        == "import asyncio\n\n\nasync def f(x: int = 0) -> None:\n    await asyncio.sleep(1)\n"
    )


def test_a_slip_silences_nothing(project: Path, lint: Lint) -> None:
    write(project, "a.py", f"{HEAD}    time.sleep(1)  # api-lint: ignore[API601\n")
    assert lint.rows() == ["a.py:5 API601"]
    write(project, "a.py", f"{HEAD}    time.sleep(1)  # api-lint: ignore [API602]\n")
    assert lint.rows() == ["a.py:5 API601", "a.py:5 API001"]


HANDLERS = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def read(
    a: int,
    b: int = 2,
):
    return (a, b)


try:
    read(1)
except (
    Exception
):
    pass
"""


def test_the_end_of_a_header(project: Path, lint: Lint) -> None:
    write(project, "a.py", HANDLERS)
    assert lint.rows() == ["a.py:6 API201", "a.py:16 API301"]
    ends = HANDLERS.replace("    Exception\n):", "    Exception\n):  # noqa: API301")
    ends = ends.replace('@app.get("/")', '@app.get(\n    "/"\n)  # noqa: API201')
    write(project, "a.py", ends)
    assert lint.rows() == []


# ------------------------------------------------------------------------------------------------ written ones


def test_add_ignores(project: Path, lint: Lint) -> None:
    path = write(project, "a.py", f"{HEAD}    time.sleep(1)\n    time.sleep(2)  # slow\n")
    code, out, err = lint("--add-ignores", "old code, see #12")
    assert (code, out, err) == (0, "All checks passed!\n", "silenced: 2 findings in 1 file\n")
    after = (
        f"{HEAD}    time.sleep(1)  # api-lint: ignore[API601] old code, see #12\n"
        "    time.sleep(2)  # slow  # api-lint: ignore[API601] old code, see #12\n"
    )
    assert path.read_text() == after
    assert lint("--add-ignores", "another") == (0, "All checks passed!\n", "")
    assert path.read_text() == after
    assert lint() == (0, "All checks passed!\n", "")


TWO = 'import requests\n\n\nasync def f() -> None:\n    requests.post("https://pay.internal-acme.com/v1/charge"){}\n'


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("", "  # api-lint: ignore[API402, API602] why"),
        ("  # type: ignore", "  # type: ignore  # api-lint: ignore[API402, API602] why"),
        ("  # noqa: E501", "  # noqa: E501  # api-lint: ignore[API402, API602] why"),
        ("  # noqa: API402", "  # noqa: API402  # api-lint: ignore[API602] why"),
        ("  # api-lint: ignore[API402] why", "  # api-lint: ignore[API402, API602] why"),
        (
            "  # api-lint: ignore[API602] other  # type: ignore",
            "  # api-lint: ignore[API602] other  # type: ignore  # api-lint: ignore[API402] why",
        ),
        ("  # api-lint: ignore[API601] why", "  # api-lint: ignore[API402, API602] why"),
        ("  \t ", "  # api-lint: ignore[API402, API602] why"),
    ],
)
def test_comments_of_the_row_stay(project: Path, lint: Lint, comment: str, left: str) -> None:
    path = write(project, "a.py", TWO.format(comment))
    assert lint("--add-ignores", "why")[0] == 0
    assert path.read_text() == TWO.format(left)
    assert lint() == (0, "All checks passed!\n", "")


@pytest.mark.parametrize(
    ("rows", "silenced"),
    [
        ('time.sleep(len("""\na\n"""))', 'time.sleep(len("""\na\n"""))  #'),
        ('x = f"""\n{x}\n""" ; time.sleep(1)', 'x = f"""\n{x}\n""" ; time.sleep(1)  #'),
        ("time.sleep(1) ; x = 1 + \\\n        2 + \\\n        3", "time.sleep(1) ; x = 1 + \\\n        2 + \\\n        3  #"),
        ("time.sleep(\n        1,\n    )", "time.sleep(  #\n        1,\n    )"),
        ("if x: time.sleep(1)", "if x: time.sleep(1)  #"),
        ('time.sleep(len(f"{x}" f"""\n{x + \n1}\n"""))', 'time.sleep(len(f"{x}" f"""\n{x + \n1}\n"""))  #'),
    ],
)  # fmt: skip
def test_rows_that_run_on(project: Path, lint: Lint, rows: str, silenced: str) -> None:
    path = write(project, "a.py", f"{HEAD}    {rows}\n")
    assert lint.rows() != []
    assert lint("--add-ignores", "why")[0] == 0
    assert path.read_text() == f"{HEAD}    {silenced}\n".replace(
        "  #", "  # api-lint: ignore[API601] why"
    )
    assert lint() == (0, "All checks passed!\n", "")


@pytest.mark.parametrize(
    "source",
    [
        f"{HEAD}    time.sleep(1)".encode(),
        f"{HEAD}    time.sleep(1)\n".replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + f"{HEAD}    time.sleep(1)\n".encode(),
        f"# -*- coding: latin-1 -*-\nx = 'é'\n{HEAD}    time.sleep(1)\n\x0c\ny = 1\n".encode("latin-1"),
        f"{HEAD}    x = 'a\u2028b'\n    time.sleep(1)\n".encode(),
    ],
)  # fmt: skip
def test_every_other_byte_stays(project: Path, lint: Lint, source: bytes) -> None:
    path = project / "a.py"
    path.write_bytes(source)
    path.chmod(0o640)
    assert lint("--add-ignores", "why")[0] == 0
    assert path.read_bytes() == source.replace(b"sleep(1)", b"sleep(1)  # api-lint: ignore[API601] why")
    assert path.stat().st_mode & 0o777 == 0o640
    assert lint()[0] == 0


def test_a_reason_that_the_encoding_lacks(project: Path, lint: Lint) -> None:
    source = f"# -*- coding: latin-1 -*-\n{HEAD}    time.sleep(1)\n".encode("latin-1")
    (project / "a.py").write_bytes(source)
    write(project, "b.py", f"{HEAD}    time.sleep(1)\n")
    code, _, err = lint("--add-ignores", "zu spät → später")
    assert code == 1
    assert (
        "warning: a.py is left as it is: the fix needs characters that iso-8859-1 does not have\n" in err
    )
    assert (project / "a.py").read_bytes() == source
    assert lint.rows() == ["a.py:6 API601"]


@pytest.mark.parametrize(
    "reason", ["", "  ", "a\nb", "a\x1bb", "a \u202e b", "x # noqa", "x  # type: ignore", "# noqa: E501"]
)
def test_reasons_that_are_none(project: Path, lint: Lint, reason: str) -> None:
    path = write(project, "a.py", f"{HEAD}    time.sleep(1)\n")
    code, out, err = lint("--add-ignores", reason)
    assert (code, out) == (2, "")
    assert "reason" in err
    assert path.read_text() == f"{HEAD}    time.sleep(1)\n"


def test_ignores_as_a_diff(project: Path, lint: Lint) -> None:
    path = write(project, "a.py", f"{HEAD}    time.sleep(1)\n")
    code, out, _ = lint("--diff", "--add-ignores", "why")
    assert code == 1
    assert "+    time.sleep(1)  # api-lint: ignore[API601] why\n" in out
    assert path.read_text() == f"{HEAD}    time.sleep(1)\n"
    assert lint("--fix", "--add-ignores", "why")[0] == 2


def test_what_makes_a_file_unreadable_cannot_be_silenced(project: Path, lint: Lint) -> None:
    path = write(project, "a.py", "x = (\n")
    assert lint("--add-ignores", "why")[0] == 1
    assert path.read_text() == "x = (\n"


def test_the_shops(project: Path, lint: Lint) -> None:
    import shutil

    fixtures = Path(__file__).parent.parent / "fixtures"
    for name in ("shop", "shop_flask", "shop_drf"):
        shutil.copytree(fixtures / name, project / name)
    assert len(lint.rows()) > 50
    assert lint("--add-ignores", "known")[:2] == (0, "All checks passed!\n")
    assert lint() == (0, "All checks passed!\n", "")
