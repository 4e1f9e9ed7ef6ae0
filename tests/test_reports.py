"""What users and programs get to read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from api_lint import reports
from api_lint.facts import Span
from api_lint.reports import View, statistics, table
from api_lint.rule import Diagnostic, Related
from api_lint.text import visible

SOURCE = """\
import time


async def poll():
    for _ in range(3):
        time.sleep(1)

    return None
"""


SLEEP = Span(6, 8, 6, 21)


def finding(span: Span = SLEEP, **changes: object) -> Diagnostic:
    made = Diagnostic(
        "API601",
        "blocking-sleep-in-async",
        "app/a.py",
        span,
        "time.sleep(1) blocks",
        "warning",
        span.line,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def shown(
    diagnostics: list[Diagnostic], source: str | bytes = SOURCE, form: str = "full", **changes: object
) -> str:
    content = source.encode() if isinstance(source, str) else source
    view = View("/project", "/project", sources={"app/a.py": content, "app/b.py": b"x = 1\n"})
    return "".join(reports.report(form)(diagnostics, replace(view, **changes)))  # type: ignore[arg-type]


def test_full() -> None:
    related = (Related("app/b.py", Span(1, 0, 1, 1), "x is declared here"),)
    assert (
        shown([finding(related=related)])
        == """\
API601 time.sleep(1) blocks
   --> app/a.py:6:9
    |
  4 | async def poll():
  5 |     for _ in range(3):
  6 |         time.sleep(1)
    |         ^^^^^^^^^^^^^
  7 |
  8 |     return None
    |
    = app/b.py:1:1: x is declared here

Found 1 finding.
"""
    )


def test_nothing_found() -> None:
    for form in ("full", "concise", "statistics"):
        assert shown([], form=form) == "All checks passed!\n"
    assert shown([], form="json") == "[]\n"


def test_concise() -> None:
    assert shown([finding(), finding(Span(1, 0, 1, 4))], form="concise") == (
        "app/a.py:6:9: API601 time.sleep(1) blocks\napp/a.py:1:1: API601 time.sleep(1) blocks\nFound 2 findings.\n"
    )


def test_paths_are_relative_to_where_the_user_stands() -> None:
    assert shown([finding()], form="concise", folder="/project/app").startswith("a.py:6:9:")
    assert shown([finding()], form="concise", folder="/other").startswith("/project/app/a.py:6:9:")
    assert shown([finding()], form="concise", folder="/proj").startswith("/project/app/a.py:6:9:")
    assert shown([finding()], form="concise", folder="/").startswith("project/app/a.py:6:9:")
    assert shown([finding(path="-")], form="concise").startswith("-:6:9:")


def test_json_has_ruffs_fields() -> None:
    related = (Related("app/b.py", Span(1, 0, 1, 1), "x is declared here"),)
    assert json.loads(shown([finding(related=related, noqa_line=7)], form="json")) == [
        {
            "cell": None,
            "code": "API601",
            "name": "blocking-sleep-in-async",
            "severity": "warning",
            "filename": "/project/app/a.py",
            "location": {"row": 6, "column": 9},
            "end_location": {"row": 6, "column": 22},
            "message": "time.sleep(1) blocks",
            "fix": None,
            "noqa_row": 7,
            "url": None,
            "related": [
                {
                    "filename": "/project/app/b.py",
                    "location": {"row": 1, "column": 1},
                    "end_location": {"row": 1, "column": 2},
                    "message": "x is declared here",
                }
            ],
            "refused": None,
        }
    ]


def test_statistics() -> None:
    other = finding(code="API301", name="generic-except")
    assert shown([finding()] * 12 + [other], form="statistics") == (
        "12  API601  blocking-sleep-in-async\n 1  API301  generic-except\nFound 13 findings.\n"
    )
    assert json.loads("".join(statistics.render_json([finding(), other]))) == [
        {"code": "API301", "name": "generic-except", "count": 1, "fixable": False},
        {"code": "API601", "name": "blocking-sleep-in-async", "count": 1, "fixable": False},
    ]


def test_colour_only_where_it_is_wanted() -> None:
    for form in ("full", "concise", "statistics"):
        assert "\x1b[" not in shown([finding()], form=form)
        assert "\x1b[" in shown([finding()], form=form, color=True)
    assert "\x1b[" not in shown([finding()], form="json", color=True)


HOSTILE = "a\x1b[2J\x07b\u202ec\x9bd\u200be\r\nf\udcffg"


@pytest.mark.parametrize("form", ["full", "concise", "json", "statistics"])
def test_nothing_of_strangers_reaches_the_terminal_raw(form: str) -> None:
    related = (Related(HOSTILE, Span(1, 0, 1, 1), HOSTILE),)
    hostile = finding(Span(1, 0, 1, 3), message=HOSTILE, related=related, path=HOSTILE, name=HOSTILE)
    text = shown([hostile], form=form, sources={HOSTILE: b"x = '\x1b[2J\x07' # \xe2\x80\xae\xc2\x9b\n"})
    assert not set(text) & set("\x1b\x07\u202e\x9b\u200b\r\udcff")
    text.encode()


def test_visible() -> None:
    assert visible("plain äöü 日本 🎉") == "plain äöü 日本 🎉"
    assert visible("\x1b\u202e\udcff\n\t\U000e0041") == r"\x1b\u202e\udcff\n\t\U000e0041"


def test_the_caret_stands_below_what_it_means() -> None:
    def underlined(row: str, start: int, end: int) -> str:
        lines = shown([finding(Span(1, start, 1, end))], row).splitlines()
        code, carets = lines[3], lines[4]
        return code[carets.index("^") : carets.rindex("^") + 1]

    assert underlined("a = bcd(e)", 4, 10) == "bcd(e)"
    assert underlined("\ta = bcd", 5, 8) == "bcd"
    assert underlined("\x1b\x1b = bcd", 5, 8) == "bcd"
    wide = shown([finding(Span(1, 5, 1, 8))], "日本 = bcd").splitlines()
    assert wide[4] == "    | " + " " * 7 + "^^^"


def test_spans_at_the_edges() -> None:
    assert "^" in shown([finding(Span(1, 0, 1, 0))], "x")
    assert "^" in shown([finding(Span(1, 99, 1, 120))], "x")
    assert "|" not in shown([finding(Span(99, 0, 99, 1))])
    assert "|" not in shown([finding(Span(1, 0, 1, 1), path="app/missing.py")])


def test_rows_are_pythons_rows() -> None:
    text = shown([finding(Span(3, 0, 3, 1))], b"a = '\x0c \xe2\x80\xa8'\r\nb\rc\n")
    assert "  3 | c" in text


def test_long_rows_and_long_spans_are_cut() -> None:
    text = shown([finding(Span(1, 5001, 1, 5004))], "x, " * 1667 + "abc" + ", y" * 5000)
    assert max(map(len, text.splitlines())) < 200
    assert "abc" in text
    assert len(shown([finding(Span(2, 0, 90, 1))], "row\n" * 100).splitlines()) < 20


def test_encodings() -> None:
    assert "é = 1" in shown([finding(Span(2, 0, 2, 1))], "# coding: latin-1\né = 1\n".encode("latin-1"))
    assert "  1 | x = 1" in shown([finding(Span(1, 0, 1, 1))], b"\xef\xbb\xbfx = 1\n")
    assert "x = 1" in shown([finding(Span(2, 0, 2, 1))], b"# coding: nonsense\nx = 1 # \xff\n")


def test_what_is_no_file_has_no_frame(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a.py").mkdir()
    text = shown(
        [finding(code="API000", message="is a folder")],
        root=str(tmp_path),
        folder=str(tmp_path),
        sources={},
    )
    assert text == "API000 is a folder\n   --> app/a.py:6:9\n\nFound 1 finding.\n"


KEY = "sk-proj-a8F3kq0Zx7Lm2Vb9Rt4Yw6Np1Cd5Ge"


@pytest.mark.parametrize(
    "row",
    [
        f'OPENAI_API_KEY = "{KEY}"',
        f"client = OpenAI(api_key='{KEY}')",
        f'settings = {{"api_key": "{KEY}"}}',
        f'key = os.getenv("OPENAI_API_KEY", "{KEY}")',
        f'headers["Authorization"] = "Bearer {KEY}"',
        f'app.config["SECRET_KEY"] = "{KEY}"',
        f'print("{KEY}")',
        f'url = "postgresql://app:{KEY}@db.internal:5432/app"',
        f'KEY = """{KEY}"""',
        f"KEY = '''{KEY}",
    ],
)
def test_no_frame_shows_what_looks_like_a_secret(row: str) -> None:
    """Whichever rule reported it, and whether or not the rule about secrets runs."""
    text = shown([finding(Span(2, 0, 2, 1))], f"a = 1\n{row}\nb = 2\n")
    assert KEY not in text
    assert "•••" in text


def test_no_frame_shows_what_a_rule_knows_to_be_a_secret() -> None:
    source = 'a = f("plain words", 1)\nKEY = """-----BEGIN\nabcdef\n  ghijkl"""\nz = "fine"\n'
    text = shown(
        [finding(Span(1, 0, 1, 1)), finding(Span(4, 0, 4, 1))],
        source,
        secrets={"app/a.py": [Span(1, 6, 1, 19), Span(2, 6, 4, 11)]},
    )
    for secret in ("plain words", "BEGIN", "abcdef", "ghijkl"):
        assert secret not in text
    assert 'a = f("•••", 1)' in text
    assert 'KEY = """•••' in text
    assert '  •••"""' in text
    assert 'z = "fine"' in text


def test_other_literals_are_not_masked() -> None:
    rows = 'token_type = "bearer"\nraise HTTPException(401, detail="Invalid password or token")\nurl = "https://api.example.com/v1/items"\n'
    assert "•••" not in shown([finding(Span(2, 0, 2, 1))], rows)


def test_tables() -> None:
    rows = [("a", "long cell\x1b"), ("bbb", "")]
    assert "".join(table.render(("x", "y"), rows, None, False)) == "x    y\na    long cell\\x1b\nbbb\n"
    wrapped = "".join(table.render(("x", "y"), [("a", "word " * 40)], 40, False))
    assert max(map(len, wrapped.splitlines())) <= 40
    assert "\x1b" not in wrapped
    assert "\x1b[1m" in "".join(table.render(("x", "y"), rows, None, True))
