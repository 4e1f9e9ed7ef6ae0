"""Fingerprints: what stays the same while code moves, and what does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from api_lint.facts import Span
from api_lint.fingerprint import Fingerprint, fingerprints
from api_lint.rule import Diagnostic

SOURCE = """\
import time


class Clock:
    @property
    async def now(self):
        time.sleep( 1,   )  # why not
        return requests.get('https://a.example/x', timeout = 0XF, headers={"a" : 'b "c"'})

    def later(self):
        def tick():
            time.sleep(1)
        if True:
            time.sleep(1)
        return f"{self.now[\'a\']}" 'and' "more"
"""


def find(text: str, *marks: str, code: str = "API601", path: str = "a.py") -> list[Fingerprint]:
    """The fingerprints of findings at every place of these texts, in the order of the places."""
    places = sorted(
        start for mark in marks for start in range(len(text)) if text.startswith(mark, start)
    )
    made = [
        _diagnostic(text, start, next(m for m in marks if text.startswith(m, start)), code, path)
        for start in places
    ]
    return fingerprints(made, lambda _: text.encode())


def _diagnostic(text: str, start: int, mark: str, code: str, path: str) -> Diagnostic:
    def place(offset: int) -> tuple[int, int]:
        row = text.count("\n", 0, offset)
        return row + 1, offset - (text.rfind("\n", 0, offset) + 1)

    span = Span(*place(start), *place(start + len(mark)))
    return Diagnostic(code, "a-rule", path, span, f"message of row {span.line}", "warning", span.line)


SLEEPS = ("time.sleep( 1,   )", "time.sleep(1)")


def test_definitions_and_occurrences() -> None:
    found = find(SOURCE, *SLEEPS)
    assert [f.definition for f in found] == ["Clock.now", "Clock.later.tick", "Clock.later"]
    assert len({f.text for f in found}) == 1
    assert [f.occurrence for f in found] == [0, 0, 0]
    twice = find("x()\nx()\nx()\n", "x()")
    assert [(f.definition, f.occurrence) for f in twice] == [("", 0), ("", 1), ("", 2)]
    assert len({f.digest for f in twice}) == 3


def test_the_order_of_the_findings_does_not_matter() -> None:
    text = "x()\nx()\n"
    made = [_diagnostic(text, start, "x()", "API601", "a.py") for start in (4, 0)]
    assert [f.occurrence for f in fingerprints(made, lambda _: text.encode())] == [1, 0]


def test_moving_code_changes_nothing() -> None:
    moved = "# a\n# b\n\n" + SOURCE.replace("class Clock", "def before():\n    pass\n\n\nclass Clock")
    assert find(moved, *SLEEPS) == find(SOURCE, *SLEEPS)
    assert find(SOURCE.replace("\n", "\r\n"), *SLEEPS) == find(SOURCE, *SLEEPS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f( 1,  b )", "f(1, b)"),
        ("f('a')", 'f("a")'),
        ("f('it\\'s')", 'f("it\'s")'),
        ("f(u'a', F'b', 0XAB)", 'f("a", f"b", 0xab)'),
        ("f(a, b,)", "f(\n    a,  # one\n    b,\n)"),
        ("f('a' 'b')", 'f("ab")'),
        ("f((yield))", "f( ( yield ) )"),
        ("except (ValueError)", "except ValueError"),
        ("f(a)[0] \\\n  .b", "f(a)[0].b"),
        ("f('''a\nb''')", 'f("""a\nb""")'),
        ("f('# no comment')", 'f("# no comment")'),
    ],
)
def test_a_formatter_changes_nothing(before: str, after: str) -> None:
    assert find(before, before) == find(after, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [("f(1)", "f(2)"), ("f('a')", "f('b')"), ("a + b", "a - b"), ("f('# a')", "f('# b')")],
)
def test_other_code_is_other_code(before: str, after: str) -> None:
    assert find(before, before) != find(after, after)
    assert find(before, before) != find(before, before, code="API602")
    assert find(before, before) != find(before, before, path="b.py")


def test_ruffs_formatter_changes_nothing(tmp_path: Path) -> None:
    marks = (*SLEEPS, SOURCE[SOURCE.index("requests.get") : SOURCE.index("\n\n    def later")])
    formatted = subprocess.run(
        [Path(sys.executable).with_name("ruff"), "format", "--isolated", "--line-length", "40", "-"],
        input=SOURCE, capture_output=True, text=True, check=True, cwd=tmp_path,
    ).stdout  # fmt: skip
    assert formatted != SOURCE
    after = formatted[formatted.index("requests.get") : formatted.index("\n\n    def later")]
    assert find(formatted, "time.sleep(\n            1,\n        )", SLEEPS[1], after) == find(
        SOURCE, *marks
    )


def test_secrets_do_not_enter() -> None:
    def of(row: str, mark: str) -> Fingerprint:
        return find(row, mark)[0]

    for one, other in (("hunter2", "correct-horse"), ("a8F3kq0Zx7Lm2Vb9", "x")):
        assert of(f'PASSWORD = "{one}"', f'"{one}"') == of(f'PASSWORD = "{other}"', f'"{other}"')
        call = 'connect(host="h", password="{}")'
        assert of(call.format(one), call.format(one)) == of(call.format(other), call.format(other))
        dsn = 'f("postgresql://me:{}@db.internal/app")'
        assert of(dsn.format(one), dsn.format(one)) == of(dsn.format(other), dsn.format(other))
    text = 'x = "plain"\ny = "other"\n'
    made = [
        _diagnostic(text, text.index(mark), mark, "API401", "a.py") for mark in ('"plain"', '"other"')
    ]
    known = {"a.py": [made[0].span, made[1].span]}
    hidden = fingerprints(made, lambda _: text.encode(), known)
    assert [f.occurrence for f in hidden] == [0, 1]
    assert hidden[0].text == hidden[1].text
    assert fingerprints(made, lambda _: text.encode())[0].text != hidden[0].text


@pytest.mark.parametrize("source", [b"", b"def f(:\n", b"\xff\xfe\x00", b"x = 1\n" + b"(" * 2000])
def test_files_that_cannot_be_read(source: bytes) -> None:
    (found,) = fingerprints(
        [Diagnostic("API000", "unreadable-file", "a.py", Span(9, 9, 9, 9), "syntax error", "error", 9)],
        lambda _: source,
    )
    assert (found.code, found.definition, found.occurrence) == ("API000", "", 0)


def test_the_digest_is_the_same_for_good() -> None:
    """Baselines and code scanning services keep it: a change of this number loses all of them."""
    (found,) = find("x()", "x()")
    assert found.digest == "737022851a86d6d1922d882b2e65ba31"
