"""Path patterns mean what they mean to git."""

from __future__ import annotations

import time

import pytest

from api_lint.ignores import Patterns, rebased

CASES = [
    # patterns, ignored, not ignored
    (["a.py"], ["a.py", "x/a.py"], ["b.py", "a.py2"]),
    (["/a.py"], ["a.py"], ["x/a.py"]),
    (["x/a.py"], ["x/a.py"], ["y/x/a.py", "a.py"]),
    (["build/"], ["build/a.py", "x/build/a.py"], ["build.py", "x/build"]),
    (["*.py"], ["a.py", "x/y.py"], ["a.txt"]),
    (["*.py", "!keep.py"], ["a.py"], ["keep.py", "x/keep.py"]),
    (["gen/", "!gen/keep.py"], ["gen/keep.py", "gen/a.py"], ["a.py"]),
    (["gen/*", "!gen/keep.py"], ["gen/a.py", "gen/x/keep.py"], ["gen/keep.py"]),
    (["**/gen"], ["gen/a.py", "x/y/gen/a.py"], ["gens/a.py"]),
    (["gen/**"], ["gen/a.py", "gen/x/a.py"], ["gen", "x/gen/a.py"]),
    (["a/**/z.py"], ["a/z.py", "a/b/z.py", "a/b/c/z.py"], ["z.py", "a/z.pyc"]),
    (["a?.py"], ["ab.py"], ["a.py", "abc.py", "a/.py"]),
    (["[ab].py"], ["a.py", "b.py"], ["c.py"]),
    (["[!ab].py"], ["c.py"], ["a.py"]),
    (["[^a-c].py"], ["d.py"], ["b.py"]),
    (["[]a].py"], ["].py", "a.py"], ["b.py"]),
    (["[[:digit:]_].py"], ["7.py", "_.py"], ["a.py"]),
    (["# comment", "", "\\#a.py"], ["#a.py"], ["# comment", "a.py"]),
    (["\\!a.py"], ["!a.py"], ["a.py"]),
    (["a.py   "], ["a.py"], []),
    (["a\\ "], ["a "], ["a"]),
    (["a.py\r"], ["a.py"], []),
    (["[a", "b\\"], [], ["[a", "a", "b"]),
    (["\\*.py"], ["*.py"], ["a.py"]),
    (["x/*/z"], ["x/y/z/a.py"], ["x/z/a.py", "x/y/y/z/a.py"]),
    (["/"], [], ["a", "a/b"]),
    (["*"], ["a", "a/b"], []),
    (["*", "!*/", "!*.py"], ["a.txt"], ["a.py", "x/a.py"]),
]


@pytest.mark.parametrize(("lines", "ignored", "kept"), CASES, ids=[repr(case[0]) for case in CASES])
def test_patterns(lines: list[str], ignored: list[str], kept: list[str]) -> None:
    patterns = Patterns(lines)
    assert [path for path in ignored if not patterns.covers(path)] == []
    assert [path for path in kept if patterns.covers(path)] == []


def test_undecided_differs_from_taken_back() -> None:
    patterns = Patterns(["!keep.py"])
    assert patterns.decide("keep.py", "keep.py", False) is False
    assert patterns.decide("other.py", "other.py", False) is None


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 300 + "b", "a" * 3000),
        ("**/a/" * 100 + "b", "a/" * 1500 + "c"),
        ("[a-z]*" * 200 + "0", "a" * 3000),
        ("?" * 5000, "a" * 4000),
    ],
)
def test_no_pattern_blows_up(pattern: str, path: str) -> None:
    start = time.perf_counter()
    assert Patterns([pattern]).decide(path, path.rpartition("/")[2], False) is None
    assert time.perf_counter() - start < 5


REBASED = [
    "a.py", "/a.py", "/svc/a/x.py", "svc/a/", "svc/*/gen", "svc/**", "svc/**/gen", "**/gen/x.py", "*/a/gen", "svc/a",
    "/svc", "other/x.py", "gen/", "svc/**/a/**/x.py", "/*/*/x.py", "**/a/gen", "**/svc/**/x.py", "sv[c]/?/x.py",
]  # fmt: skip
BELOW = ["x.py", "a.py", "gen/x.py", "b/gen/x.py", "a/x.py", "a/gen/x.py", "svc/a/x.py", "svc/x.py"]


@pytest.mark.parametrize("line", REBASED)
@pytest.mark.parametrize("folder", [("svc", "a"), ("svc",), ("other",)])
def test_a_pattern_said_for_a_folder_below(line: str, folder: tuple[str, ...]) -> None:
    """What matched there still does; a pattern without a slash that matches the way itself does not count."""
    said = rebased(line, (), folder)
    whole = Patterns([line])
    for path in BELOW:
        assert Patterns(said).covers(path) == whole.covers("/".join([*folder, path])), (said, path)


@pytest.mark.parametrize("line", [line for line in REBASED if "/" in line.rstrip("/")])
def test_a_pattern_said_for_a_folder_above(line: str) -> None:
    said = rebased(line, ("q[1]", "svc"), ("q[1]",))
    if line.startswith("**/") and line.count("/") == 1:
        return
    for path in BELOW:
        assert Patterns(said).covers(f"svc/{path}") == Patterns([line]).covers(path), (said, path)
        assert not Patterns(said).covers(f"beside/{path}"), (said, path)


def test_patterns_said_for_a_folder_beside() -> None:
    assert rebased("/x/a.py", ("config",), ("app",)) == []
    assert rebased("gen", ("config",), ("app",)) == ["gen"]
    assert rebased("!svc/gen/", (), ("svc",)) == ["!/gen/"]
    assert rebased("x/y", (), ("a*",)) == []
    assert rebased("x/y", ("a*",), ()) == ["/a\\*/x/y"]
    assert rebased("# told", (), ("a",)) == []
