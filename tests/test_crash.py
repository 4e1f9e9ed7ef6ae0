"""`--fix` killed at every system call that writes: each file is old or new, and the next run leaves nothing lying about."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api_lint import atomic

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs processes that can be forked")

# Runs `--fix` over copies of a project, each in a forked process that is killed at another system call; a write is made
# by half before. What writes and is not counted is told of by an audit hook: then this driver does not know it.
DRIVER = '''
import json, os, shutil, signal, sys

original, work, kind = sys.argv[1:4]
COMMAND = ["check", "--fix", "--unsafe-fixes", "--exit-zero", "--output-format", "json", "--output-file", "report.json"]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
count, limit, main, ours, unseen, is_after = 0, 0, 0, set(), [], False
inside = False


def counted(name, is_ours=lambda *a: True):
    real = getattr(os, name)

    def call(*args, **options):
        global count, inside
        if os.getpid() != main or not is_ours(*args):
            return real(*args, **options)
        count += 1
        is_last = count == limit
        if is_last and kind == "terminated" and not is_after:
            os.kill(main, signal.SIGTERM)
        if is_last and kind == "killed":
            if name == "write":
                real(args[0], args[1][: len(args[1]) // 2])
            os.kill(main, signal.SIGKILL)
        inside = True
        try:
            result = real(*args, **options)
        finally:
            inside = False
            if is_last and kind == "terminated":
                os.kill(main, signal.SIGTERM)
        if name == "open":
            ours.add(result)
        if name == "close":
            ours.discard(args[0])
        return result

    setattr(os, name, call)


def hear(event, args):
    if os.getpid() != main or inside:
        return
    is_write = event == "open" and isinstance(args[0], str) and args[2] & WRITES and args[0] != os.devnull
    if is_write or event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.link", "os.symlink"):
        unseen.append([event, str(args[0])])


counted("open", lambda path, flags, *a: flags & WRITES)
for name in ("write", "fsync", "close", "ftruncate", "fchmod"):
    counted(name, lambda handle, *a: handle in ours)
for name in ("replace", "rename", "unlink", "remove", "mkdir", "rmdir", "chmod", "link", "symlink", "truncate"):
    counted(name)

from api_lint.cli import run
import api_lint.__main__, api_lint.engine, api_lint.visit, api_lint.registry, api_lint.reports.json
api_lint.registry.load()
sys.addaudithook(hear)


def fixed(folder, at):
    """Fix a folder, killed at that call; how many calls there were if it was not, and what nobody counted."""
    global main, limit, count
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        main, limit, count = os.getpid(), at, 0
        if at and kind == "terminated":
            sys.argv[1:] = COMMAND
            api_lint.__main__.main()
        code = run(COMMAND)
        main = 0
        os.write(writing, json.dumps([code, count, unseen]).encode())
        os._exit(0)
    os.close(writing)
    told = b""
    while piece := os.read(reading, 65536):
        told += piece
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    return json.loads(told) if told else [os.waitstatus_to_exitcode(status), 0, []]


def content(folder):
    return {
        os.path.relpath(os.path.join(top, name), folder): open(os.path.join(top, name), "rb").read().decode("latin-1")
        for top, _, names in os.walk(folder) for name in names
    }


def tried(at, after=False):
    global is_after
    is_after = after
    folder = os.path.join(work, f"{at}{after}")
    shutil.copytree(original, folder)
    ended = fixed(folder, at)
    after = content(folder)
    return {"ended": ended, "after": after, "again": fixed(folder, 0), "at last": content(folder)}


whole = tried(0)
moments = (False, True) if kind == "terminated" else (False,)
ended = [tried(at, after) for at in range(1, whole["ended"][1] + 1) for after in moments]
print(json.dumps({"whole": whole, "killed": ended}))
'''

# What is in the route goes to another file, which is made.
VIEWS = """\
from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import User, get_db

router = APIRouter()


@router.get("/users", response_model=list[str])
def list_users(db: Session = Depends(get_db)) -> list[str]:
    return [user.name for user in db.execute(select(User).where(User.active)).scalars().all()]
"""

FILES = {
    "pyproject.toml": b"",
    "report.json": b"old report\n",
    "app/crlf.py": b"import time\r\n\r\n\r\nasync def f():\r\n    time.sleep(1)  # caf\xc3\xa9\r\n",
    "app/secret.py": b"import time\nAPI_KEY = 'sk-live-4f9a8b7c6d5e4f3a2b1c0d9e'\n\n\ndef read() -> str:\n    return API_KEY\n",
    "app/long.py": b"import time\n" + b"async def f():\n    time.sleep(1)\n" * 20,
    "app/calm.py": b"x = 1\n",
    "app/views.py": VIEWS.encode(),
}


def copied(root: Path) -> None:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text)


def driven(place: Path, kind: str) -> dict[str, object]:
    copied(place / "original")
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(place / "original"), str(place), kind],
        capture_output=True, text=True, timeout=550, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {"before": content(place / "original"), **json.loads(done.stdout)}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return driven(tmp_path_factory.mktemp("crash"), "killed")


def content(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes().decode("latin-1") for path in files}


together = pytest.mark.xdist_group("crash")


def is_temporary(path: str) -> bool:
    return atomic.is_temporary(os.path.basename(path))


@together
def test_the_driver_knows_every_call_that_writes(outcome: dict[str, dict[str, object]]) -> None:
    code, count, unseen = outcome["whole"]["ended"]  # type: ignore[misc]
    assert (code, unseen) == (0, [])
    before, after = outcome["before"], outcome["whole"]["after"]
    changed = {path for path in after if after[path] != before.get(path)}  # type: ignore[attr-defined,index]
    # A new file among them, and one of a group of two; each is opened, written, synced, given its mode, renamed, closed.
    assert {"app/crlf.py", "app/secret.py", "app/long.py", ".env.example", "report.json"} < changed
    assert len(changed) > 6
    assert count >= 5 * len(changed)


@together
def test_each_file_is_old_or_new(outcome: dict[str, dict[str, dict[str, str]]]) -> None:
    before, new = outcome["before"], outcome["whole"]["after"]
    for number, killed in enumerate(outcome["killed"], 1):
        assert killed["ended"][0] == -signal.SIGKILL  # type: ignore[index]
        after = {path: text for path, text in killed["after"].items() if not is_temporary(path)}  # type: ignore[index]
        assert before.keys() <= after.keys() <= new.keys()
        for path, text in after.items():
            assert text in (before.get(path), new[path]), f"{path} after call {number}"


@together
def test_the_next_run_brings_it_to_its_end_and_leaves_nothing(
    outcome: dict[str, dict[str, dict[str, str]]],
) -> None:
    new = dict(outcome["whole"]["after"])
    reports = {new.pop("report.json")}
    reports |= {outcome["whole"]["at last"]["report.json"]}
    for killed in outcome["killed"]:
        assert killed["again"][0] == 0  # type: ignore[index]
        assert killed["again"][2] == []  # type: ignore[index]
        last = dict(killed["at last"])  # type: ignore[index]
        last.pop("report.json")
        assert last == new
    assert any(is_temporary(path) for killed in outcome["killed"] for path in killed["after"])  # type: ignore[index]


@together
def test_what_is_used_is_there_before_it_is_used(outcome: dict[str, dict[str, dict[str, str]]]) -> None:
    """A group of files that one fix changes is not written at once, but in an order that holds at every moment."""
    before, new = outcome["before"], outcome["whole"]["after"]
    (service,) = (path for path in new if path not in before and path.endswith(".py"))
    name = service.rpartition("/")[2].removesuffix(".py")
    halves = 0
    for killed in outcome["killed"]:
        after = killed["after"]  # type: ignore[index]
        if name in after["app/views.py"]:
            assert service in after
        halves += service in after and name not in after["app/views.py"]
    assert halves


def test_told_to_end_at_any_call_it_leaves_nothing(tmp_path: Path) -> None:
    """SIGTERM before and after each call that writes: what one fix changes is all old or all new, and nothing lies
    about."""
    outcome = driven(tmp_path, "terminated")
    before, new = outcome["before"], outcome["whole"]["after"]  # type: ignore[index]
    linked = {path for path in new if path not in before and path.endswith(".py")} | {"app/views.py"}
    assert len(linked) == 2
    ended = outcome["killed"]
    assert len(ended) > 50  # type: ignore[arg-type]
    for number, one in enumerate(ended):  # type: ignore[arg-type,var-annotated]
        after = one["after"]
        assert one["ended"][0] == 128 + signal.SIGTERM, number
        assert [path for path in after if is_temporary(path)] == [], number
        assert all(text in (before.get(path), new[path]) for path, text in after.items()), number
        assert len({after.get(path) == new[path] for path in linked}) == 1, number


# ------------------------------------------------------------------------------------------------ what was left


def lint(root: Path, *arguments: str) -> int:
    command = [sys.executable, "-m", "api_lint", "check", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, timeout=120, check=False).returncode


LEFT = ".api-lint-0123456789abcdef.tmp"


@pytest.mark.parametrize("arguments", [[], ["app/calm.py"], ["--fix"]], ids=["folder", "file", "fix"])
def test_what_was_left_goes_and_nothing_else(tmp_path: Path, arguments: list[str]) -> None:
    copied(tmp_path)
    others = ["app/.api-lint-notes.tmp", "app/.api-lint-0123456789abcdef.tmp.bak", "app/keep.tmp"]
    for name in (f"app/{LEFT}", *others):
        (tmp_path / name).write_text("half")
    (tmp_path / "app" / LEFT.replace("0", "f")).symlink_to(tmp_path / "app" / "calm.py")
    assert lint(tmp_path, *arguments) in (0, 1)
    assert not (tmp_path / "app" / LEFT).exists()
    assert all((tmp_path / name).exists() for name in others)
    assert (tmp_path / "app" / LEFT.replace("0", "f")).is_symlink()


def test_what_another_run_is_writing_stays(tmp_path: Path) -> None:
    copied(tmp_path)
    target = str(tmp_path / "app" / "calm.py")
    staged = atomic.Staged(target, [b"x = 2\n"], 0o600)
    assert lint(tmp_path) == 1
    staged.replace()
    assert Path(target).read_bytes() == b"x = 2\n"
    other = atomic.Staged(target, [b"x = 3\n"], 0o600)
    other.discard()
    assert [path for path in content(tmp_path) if is_temporary(path)] == []


def test_interrupted_at_any_moment(tmp_path: Path) -> None:
    """Not only at calls of ours: by a signal, whenever."""
    copied(tmp_path / "whole")
    assert lint(tmp_path / "whole", "--fix", "--unsafe-fixes", "--exit-zero") == 0
    new = content(tmp_path / "whole")
    for number, delay in enumerate((0.3, 0.6, 0.9, 1.2, 1.6, 2.0)):
        root = tmp_path / str(number)
        copied(root)
        before = content(root)
        command = [sys.executable, "-m", "api_lint", "check", "--fix", "--unsafe-fixes", "--exit-zero"]
        with subprocess.Popen(
            command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGINT if number % 2 else signal.SIGKILL)
        after = {path: text for path, text in content(root).items() if not is_temporary(path)}
        assert all(text in (before.get(path), new[path]) for path, text in after.items())
        assert lint(root, "--fix", "--unsafe-fixes", "--exit-zero") == 0
        assert content(root) == new
