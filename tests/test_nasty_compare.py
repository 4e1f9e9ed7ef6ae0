"""The comparison of `scripts/nasty.py` comes to its end, whatever the linters that it runs do."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

import nasty

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs limits for processes")

BESIDE = "print('beside.py:4: E711')\n"
LIMITS = nasty.Limits(seconds=1, patience=120, memory=300_000_000, printed=1_000_000)


def tried(folder: Path, code: str) -> nasty.Outcome:
    return nasty.tried([sys.executable, "-u", "-c", code], folder, LIMITS)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (f"{BESIDE}print('nasty.py:4: E711')", "found"),
        (f"{BESIDE}print('nasty.py:1: syntax error')", "told"),
        (f"{BESIDE}print('nasty.py: broken')\n1 / 0", "told"),
        (BESIDE, "silent"),
        ("print('nasty.py:4: E711')", "beside lost"),
        (f"{BESIDE}while True: pass", "hangs"),
        (f"{BESIDE}x = ' ' * 400_000_000", "out of memory"),
        (f"{BESIDE}x = ' ' * 40_000_000; 1 / 0", "crash"),
        ("while True: print('x' * 99_999)", "hangs, beside lost"),
        ("import ctypes; ctypes.string_at(0)", "crash, beside lost"),
    ],
)
def test_what_a_linter_does_has_a_word(tmp_path: Path, code: str, word: str) -> None:
    assert tried(tmp_path, code).word == word


def test_one_that_waits_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(99)"]
    assert nasty.tried(command, tmp_path, LIMITS._replace(patience=1)).word == "hangs, beside lost"


def test_what_a_linter_started_ends_with_it(tmp_path: Path) -> None:
    import fcntl

    code = (
        "import fcntl, os, time\n"
        "lock = open('lock', 'w')\nfcntl.flock(lock, fcntl.LOCK_EX)\n"
        "os.fork() or time.sleep(99)\n"
        "raise SystemError\n"
    )
    assert tried(tmp_path, code).word == "crash, beside lost"
    until = time.monotonic() + 30
    with (tmp_path / "lock").open() as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                assert time.monotonic() < until, "the child still holds it"
                time.sleep(0.1)


def test_the_table(tmp_path: Path) -> None:
    rows = nasty.table(
        ["one", "two"],
        [
            ("a", {"one": nasty.Outcome("found", 7.2), "two": nasty.Outcome("crash, beside lost")}),
            ("b", {"one": nasty.Outcome("told"), "two": nasty.Outcome("beside lost")}),
        ],
    )
    assert "\n".join(rows) == (
        "| | one | two |\n|---|---|---|\n"
        "| a | found, 7 s | crash, beside lost |\n| b | told | beside lost |\n"
        "| **found** | 1 | 0 |\n| **told** | 1 | 0 |\n| **silent** | 0 | 0 |\n"
        "| **beside lost** | 0 | 2 |\n| **crash** | 0 | 1 |"
    )
