"""Comments that silence findings, and text that only looks like them."""

from __future__ import annotations

import textwrap

import pytest

from api_lint import noqa
from api_lint.facts import Span
from api_lint.rule import Diagnostic


def at(
    row: int, code: str = "API601", name: str = "blocking-sleep-in-async", last: int | None = None
) -> Diagnostic:
    return Diagnostic(code, name, "a.py", Span(row, 0, row, 5), "message", "warning", last or row)


def silent(source: str | bytes, row: int = 1, last: int | None = None) -> bool:
    source = source if isinstance(source, bytes) else source.encode()
    return noqa.suppressed(source, [at(row, last=last)]) == [True]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "#noqa",
        "# NoQA",
        "# noqa: API601",
        "# noqa:API601",
        "# noqa : API601",
        "# noqa: E501, API601",
        "# noqa: E501 API601",
        "# noqa: E501,API601 since it is quick",
        "# noqa: api601",
        "# noqa: API6",
        "# noqa - it is quick",
        "# type: ignore # noqa: API601",
        "# api-lint: ignore",
        "# api-lint: ignore it is quick",
        "# api-lint:ignore[API601]",
        "# api-lint: ignore[API301, API601] it is quick",
        "# api-lint: ignore[API6]",
        "# api-lint: ignore[blocking-sleep-in-async] it is quick",
        "# noqa: E501  # api-lint: ignore[API601]",
    ],
)
def test_silences(comment: str) -> None:
    assert silent(f"time.sleep(1)  {comment}\n")


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: ASYNC251",
        "# noqa: E501, ASYNC251 - it is quick",
        "# pylint: disable=blocking-sleep",
        "# pylint: disable=line-too-long, blocking-sleep",
    ],
)
def test_silenced_for_another_linter_that_says_the_same(comment: str) -> None:
    source = f"time.sleep(1)  {comment}\n".encode()
    assert noqa.suppressed(source, [at(1)]) == [False]
    assert noqa.suppressed(source, [at(1)], {"API301": {"ASYNC251", "blocking-sleep"}}) == [False]
    assert noqa.suppressed(source, [at(1)], {"API601": {"ASYNC251", "blocking-sleep"}}) == [True]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: E501",
        "# noqa:",
        "# noqa: since it is quick",
        "# noqa: API602",
        "# noqa: API6011",
        "# noqas",
        "# noqa-file",
        "# no qa",
        "# see noqa",
        "# api-lint: ignore[API602]",
        "# api-lint: ignore[]",
        "# api-lint: ignore[blocking-sleep]",
        "# api-lint: ignored",
        "# api-lint: ignore-files",
        "# ruff: noqa: API601",
        "# api-lint: ignore-file",
    ],
)
def test_does_not_silence(comment: str) -> None:
    assert not silent(f"time.sleep(1)  {comment}\n")


@pytest.mark.parametrize(
    "comment",
    [
        "# api-lint: ignore-file",
        "# api-lint: ignore-file[API601] generated",
        "# api-lint: ignore-file[API301, blocking-sleep-in-async]",
        "# ruff: noqa",
        "# ruff: noqa: API601",
        "# flake8: noqa",
        "# flake8: noqa: API601",
        "    # flake8: noqa",
    ],
)
def test_silences_the_file(comment: str) -> None:
    assert silent(f"import time\ntime.sleep(1)\nif 1:\n    pass\n{comment}\n", row=2)


@pytest.mark.parametrize(
    "comment",
    ["# ruff: noqa: E501", "# api-lint: ignore-file[API301]", "# noqa", "# flake8: noqa: E501"],
)
def test_does_not_silence_the_file(comment: str) -> None:
    assert not silent(f"{comment}\ntime.sleep(1)\n", row=2)


def test_only_its_own_row() -> None:
    source = b"a()  # noqa\nb()\nc()  # noqa: API601\n"
    assert noqa.suppressed(source, [at(1), at(2), at(3), at(3, "API301", "generic-except")]) == [
        True,
        False,
        True,
        False,
    ]


def test_words_within_a_string_are_no_comment() -> None:
    assert not silent('a("# noqa")\n')
    assert not silent('"""\n# noqa\n# ruff: noqa\n# api-lint: ignore-file\n"""\na()\n', row=6)
    assert not silent('a(f"{b} # noqa")\n')


def test_the_end_of_a_string_of_several_rows() -> None:
    source = 'SQL = """\nselect\n"""  # noqa\nb()\n'
    assert [silent(source, row, max(row, 3)) for row in (1, 2, 3, 4)] == [True, True, True, False]
    assert silent(source)
    assert silent('a = f"""\n{b}\nc"""  # noqa\n')
    assert silent('a = """\nb""" + """c\nd"""  # noqa\n')


def test_the_end_of_a_continued_row() -> None:
    assert silent("a = 1 + \\\n    2 + \\\n    3  # noqa\n")
    assert not silent("a = (1 +\n    2)  # noqa\n")


def test_the_row_that_the_finding_names() -> None:
    source = "a(\n    1,\n)  # noqa\n"
    assert silent(source, row=1, last=3)
    assert not silent(source, row=1)
    assert silent("a(  # noqa\n    1,\n)\n", row=1, last=3)


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfa()  # noqa\r\n",
        "# -*- coding: latin-1 -*-\na('\xe9')  # noqa\n".encode("latin-1"),
        b"a()  # noqa\n\x0c\nb()\n",
        b"a()  # noqa",
        b"a()  # noqa\n'''never closed\n",
        b"a()  # noqa\n  b()\n c()\n",
    ],
)
def test_files_of_all_kinds(source: bytes) -> None:
    row = 2 if source.startswith(b"# -*-") else 1
    assert silent(source, row)


def test_what_cannot_be_tokenised_silences_nothing() -> None:
    assert not silent(b"# coding: no-such-codec\na()  # noqa\n", 2)
    assert not silent(b"a('\xff')  # noqa\n")


def test_no_findings_no_work() -> None:
    assert noqa.suppressed(b"# noqa", []) == []


def test_what_a_file_silences() -> None:
    source = textwrap.dedent("""
        # api-lint: ignore-file[API301]
        a()  # api-lint: ignore[API601] because
        b()  # noqa
    """).encode()
    found = noqa.read(source).parts
    assert [(p.kind, p.span.line, p.selectors, p.for_file, p.reason) for p in found] == [
        ("ignore", 2, ("API301",), True, ""),
        ("ignore", 3, ("API601",), False, "because"),
        ("noqa", 4, ("",), False, ""),
    ]
