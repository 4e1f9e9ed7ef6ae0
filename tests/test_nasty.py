"""The nasty corpus of `scripts/nasty.py`, linted and fixed as one project: every file is looked at or told of, none is lost."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

import nasty

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="most of it cannot be made there")

# The things whose file is told of as API000, and a part of the reason; "" where it depends on Python's version.
TOLD = {
    "a null byte": "null byte",
    "null bytes only": "null byte",
    "latin-1 without a cookie": "not utf-8",
    "an unknown cookie": "unknown encoding",
    "a cookie that lies": "not ascii",
    "a cookie for a codec of bytes": "unknown encoding",
    "UTF-16": "not utf-8",
    "UTF-32": "not utf-8",
    "a file cut within a character": "not utf-8",
    "lone surrogates": "not utf-8",
    "a backslash at the end": "syntax error",
    "an open string": "syntax error",
    "an open bracket": "syntax error",
    "tabs and blanks": "syntax error",
    "1,500 brackets": "nested deeper than",
    "1,500 open brackets": "nested deeper than",
    "a 5 MB literal": "larger than 4000000 bytes",
    "open generics": "nested deeper than",
    "open f-strings": "nested deeper than",
    "Python 2": "syntax error",
    "a program of bytes": "not utf-8",
    "an archive": "not utf-8",
    "a file without permission": "Permission denied",
    "a folder without permission": "permission denied",
    "a FIFO": "a FIFO, not a file",
    "a socket": "a socket, not a file",
    "600 folders in each other": "file name too long",
}
# How deep Python's and LibCST's parsers get, and what they are up to, depends on their versions.
FOUND_OR_TOLD = {
    "a sum of 20,000",
    "a sum of 800",
    "500 elifs",
    "3,000 calls in a chain",
    "400 calls in a chain",
    "2,000 minus signs",
    "2,000 nots",
    "500 lambdas",
    "400 conditions",
    "100 f-strings in each other",
    "an integer of 100,000 digits",
    "a byte order mark and another cookie",
}
# Where there is nothing to lint. A link that leads nowhere or out of the project is none of our files.
SILENT = {
    "an empty file",
    "blank rows only",
    "a dangling link",
    "a link to itself",
    "a loop of folders",
    "a link out of the root",
    "a link to a device",
    "a folder called like a file",
}
THINGS = [] if sys.platform == "win32" else [thing.name for thing in nasty.things()]


def command() -> list[str]:
    """The linter, without the superuser's right to read everything."""
    linter = [sys.executable, "-m", "api_lint"]
    if os.getuid() != 0:
        return linter
    if shutil.which("setpriv") is None:
        pytest.skip("the superuser may read anything, and there is no setpriv to become less")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *linter]


def lint(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command(), "check", *arguments],
        cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True, encoding="utf-8",
        timeout=300, check=False,
    )  # fmt: skip


class Run(NamedTuple):
    """A run over the corpus: the folder of each thing, and what is found there, as (file, code, message)."""

    folders: Mapping[str, Path]
    found: Mapping[str, list[tuple[str, str, str]]]
    code: int
    err: str


together = pytest.mark.xdist_group("nasty corpus")  # so that one process makes it, once


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("nasty") / "corpus"
    nasty.make(root)
    (root / "pyproject.toml").touch()
    yield root
    nasty.remove(root)


def ran(root: Path) -> Run:
    done = lint(root, "--output-format", "json", "--jobs", "2")
    folders = {name: root / f"n{number:03}" for number, name in enumerate(THINGS)}
    found: dict[str, list[tuple[str, str, str]]] = {name: [] for name in THINGS}
    for row in json.loads(done.stdout):
        folder, _, file = os.path.relpath(row["filename"], root).partition("/")
        found[THINGS[int(folder[1:])]].append((file, row["code"], row["message"]))
    return Run(folders, found, done.returncode, done.stderr)


@pytest.fixture(scope="module")
def run(corpus: Path) -> Run:
    return ran(corpus)


@together
def test_the_run_ends_well(run: Run) -> None:
    assert (run.code, run.err) == (1, "")


@together
@pytest.mark.parametrize("name", THINGS)
def test_every_nasty_thing_is_looked_at_or_told_of(run: Run, name: str) -> None:
    found = run.found[name]
    assert [code for file, code, _ in found if file == "beside.py"] == ["API601"]
    codes = {code for file, code, _ in found if file != "beside.py"} - {"API001"}
    reasons = [message for file, code, message in found if code == "API000"]
    if name in SILENT:
        assert codes == set()
    elif name in FOUND_OR_TOLD:
        assert codes in ({"API000"}, {"API601"}, {"API000", "API601"})
    elif name in TOLD:
        assert codes == {"API000"}
        assert any(TOLD[name] in reason for reason in reasons)
    else:
        assert "API601" in codes
        assert reasons == []


def test_the_corpus_is_all_that_the_tests_know() -> None:
    assert {*TOLD, *FOUND_OR_TOLD, *SILENT} <= set(THINGS)


def content(root: Path) -> dict[str, bytes]:
    """All regular files that can be read, links and whatever else by what they are."""
    found: dict[str, bytes] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            try:
                is_file = os.path.isfile(path) and not os.path.islink(path)
                found[os.path.relpath(path, root)] = Path(path).read_bytes() if is_file else b""
            except OSError:
                found[os.path.relpath(path, root)] = b"unreadable"
    return found


@together
def test_fixing_changes_what_is_found_and_not_a_byte_of_anything_else(corpus: Path, run: Run) -> None:
    before = content(corpus)
    done = lint(
        corpus, "--fix", "--unsafe-fixes", "--select", "API601", "--output-format", "json", "--jobs", "2"
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    after = content(corpus)
    assert after.keys() == before.keys()
    for number, name in enumerate(THINGS):
        folder = f"n{number:03}"
        assert b"await asyncio.sleep(1)" in after[f"{folder}/beside.py"], name
        told = {file for file, code, _ in run.found[name] if code == "API000"}
        for path in (p for p in after if p.startswith(f"{folder}/") and p != f"{folder}/beside.py"):
            if path.removeprefix(f"{folder}/") in told or not path.endswith(".py"):
                assert after[path] == before[path], name
            elif after[path] != before[path]:
                assert rest_of(after[path]) == rest_of(before[path]), name
                if not name.startswith(("Python 3", "f-strings")):  # newer than this interpreter, maybe
                    ast.parse(after[path])
    again = lint(
        corpus, "--fix", "--unsafe-fixes", "--select", "API601", "--output-format", "json", "--jobs", "2"
    )
    assert json.loads(again.stdout) == json.loads(done.stdout)
    assert content(corpus) == after


def rest_of(source: bytes) -> list[bytes]:
    """A file without what the fix of `time.sleep` may touch."""
    rows = source.replace(b"await asyncio.sleep", b"time.sleep").splitlines(keepends=True)
    return [
        row
        for row in rows
        if row.strip(b"\xef\xbb\xbf\x0c \r\n") not in (b"", b"import asyncio", b"import time")
    ]


# ------------------------------------------------------------------------------------------- files that do not stay


@pytest.mark.parametrize("arguments", [[], ["--fix"]], ids=["lint", "fix"])
def test_files_that_change_and_vanish_meanwhile(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "pyproject.toml").touch()
    for number in range(40):
        (tmp_path / f"calm{number:02}.py").write_text(nasty.PROBE)
    stop = threading.Event()
    contents = [
        nasty.PROBE.encode(),
        b"def (:\n",
        b"",
        nasty.PROBE.encode() + b"# more\n" * 9999,
        b"\xff",
    ]

    def churn() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            path, other = tmp_path / f"wild{number % 7}.py", tmp_path / "other"
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            match number % 5:
                case 0:
                    path.unlink(missing_ok=True)
                case 1:
                    path.unlink(missing_ok=True)
                    path.symlink_to("nowhere")
                case 2:
                    path.unlink(missing_ok=True)
                    path.mkdir()
                case _:
                    other.write_bytes(contents[number // 5 % len(contents)])
                    other.replace(path)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(3):
            done = lint(
                tmp_path, "--output-format", "json", "--jobs", "2", "--select", "API601", *arguments
            )
            assert "Traceback" not in done.stderr
            assert done.returncode in (0, 1, 2)
            found = {os.path.basename(row["filename"]) for row in json.loads(done.stdout)}
            calm = {f"calm{number:02}.py" for number in range(40)}
            assert (calm & found == set()) if arguments else (calm <= found)
    finally:
        stop.set()
        thread.join()
    fixed = nasty.PROBE.replace("time.sleep", "await asyncio.sleep").replace(
        "import time", "import asyncio"
    )
    may_be = {*contents, fixed.encode(), fixed.encode() + b"# more\n" * 9999}
    for path in tmp_path.glob("wild*.py"):
        if path.is_file():
            assert path.read_bytes() in may_be
    assert not list(tmp_path.glob(".api-lint-*"))


# --------------------------------------------------------------------------------------------------- full, read-only

NO_ROOM = (
    "import resource, runpy, sys\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    "sys.argv[0] = 'api-lint'\n"
    "runpy.run_module('api_lint', run_name='__main__')\n"
)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit to the size of files")
def test_a_disk_that_is_full(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "app.py").write_text(nasty.PROBE)
    (tmp_path / "report.txt").write_text("old")
    before = content(tmp_path)
    for arguments, place in ((["--fix"], "app.py"), (["-o", "report.txt"], "report.txt")):
        done = subprocess.run(
            [sys.executable, "-c", NO_ROOM, "check", *arguments],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert place in done.stderr
        assert "File too large" in done.stderr
        assert "Traceback" not in done.stderr
        assert content(tmp_path) == before


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    for path in (root / "app.py", root / "app" / "views.py"):
        path.write_text(nasty.PROBE)
        path.chmod(0o444)
    for folder in (root / "app", root):
        folder.chmod(0o555)
    yield root
    for folder in (root, root / "app"):
        folder.chmod(0o755)


def test_a_project_that_is_read_only(read_only: Path) -> None:
    before = content(read_only)
    done = lint(read_only, "--output-format", "concise")
    assert (done.returncode, done.stderr, done.stdout.count("API601")) == (1, "", 2)
    done = lint(read_only, "--fix")
    assert done.returncode == 2
    assert "app.py is left: it is read-only" in done.stderr
    assert "app/views.py is left: it is read-only" in done.stderr
    assert lint(read_only, "-o", "report.txt").returncode == 2
    assert content(read_only) == before
