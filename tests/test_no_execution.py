"""The linted code is data: an audit hook listens while a project that would like to be run is linted and fixed.

The hook is in the interpreter before anything of ours is, in every process that it forks, and hears what the interpreter
itself tells of: code that is compiled or executed, files that are opened or moved, sockets, processes. What imports,
compiles or runs a line of the project is told of, and what runs would leave a file behind besides.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

HOOK = """
import builtins, json, os, sys

_ROOT, _LOG = os.environ["AUDITED"], os.open(os.environ["AUDIT_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MOVES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate", "os.utime")
_RUNS = ("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.startfile", "ctypes.", "ftplib.",
         "http.", "urllib.", "smtplib.", "webbrowser.", "code.", "pty.")
_CANARY = "OWN" + "ED"


def _tell(*what):
    os.write(_LOG, (json.dumps([str(each) for each in what]) + "\\n").encode())


def _is_theirs(file):
    # What was made of text is called `<string>` or the like: that is no file of theirs.
    return isinstance(file, (str, bytes)) and os.path.exists(file) and os.path.realpath(os.fsdecode(file)).startswith(_ROOT + os.sep)


def _is_their_code(code):
    return _is_theirs(code.co_filename) or any(
        _CANARY in each if isinstance(each, (str, bytes)) and type(each) is str else hasattr(each, "co_consts") and _is_their_code(each)
        for each in code.co_consts
    )


def _hear(event, args):
    if event == "open":
        path, _, flags = args
        if isinstance(path, (str, bytes)) and flags & _WRITES:
            _tell("writes", os.path.abspath(os.fsdecode(path)))
    elif event in _MOVES:
        for path in args[:2]:
            if isinstance(path, (str, bytes)):
                _tell("writes", os.path.abspath(os.fsdecode(path)))
    elif event == "exec":
        if _is_their_code(args[0]):
            _tell("executes", args[0].co_filename)
    elif event == "import":
        if args[1] is not None and _is_theirs(args[1]):
            _tell("imports", args[1])
    elif event == "subprocess.Popen":
        _tell("starts", args[0])
    elif event.startswith(_RUNS):
        _tell("does", event, args)
    elif event == "pickle.find_class":
        if not args[0].startswith(("api_lint.", "array", "builtins", "collections", "pathlib")):
            _tell("unpickles", *args)


_compile = builtins.compile


def _listened(source, filename, mode, flags=0, *args, **options):
    if not flags & 0x400:  # PyCF_ONLY_AST: a tree is data
        text = source if isinstance(source, str) else source.decode("utf-8", "replace") if isinstance(source, bytes) else ""
        if _is_theirs(filename) or _CANARY in text:
            _tell("compiles", filename)
    return _compile(source, filename, mode, flags, *args, **options)


builtins.compile = _listened
sys.addaudithook(_hear)
_tell("hears", os.getpid())
"""

# What every file of the project would do if it ran.
TRAP = 'import os\nopen(os.environ["CANARY"] + "/OWNED-{name}", "w").close()\n'

APP = """\
import os
import time
import requests
from fastapi import FastAPI
import conftest, setup, manage, libcst, api_lint, rules, plugin
from rules import *

app = FastAPI()
API_KEY = "sk-live-4f9a8b7c6d5e4f3a2b1c0d9e"


@app.get("/items", response_model=__import__("plugin").Evil)
async def read(x: "__import__('os').system('touch $CANARY/OWNED-annotation')" = eval("1")):
    time.sleep(1)
    requests.get("http://127.0.0.1:9/")
    f"{__import__('os').system('touch $CANARY/OWNED-fstring')}"
    return [API_KEY]
"""

CONFIG = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "evil"
version = "1"

[project.entry-points."api_lint.rules"]
evil = "plugin"

[tool.api-lint]
select = ["ALL"]
"""

MODULES = (
    "conftest", "sitecustomize", "usercustomize", "setup", "manage", "backend", "plugin", "click", "json", "tomllib", "tomli",
    "rich/__init__", "libcst/__init__", "libcst/metadata", "rules/__init__", "rules/blocking_sleep_in_async", "encodings/__init__",
    "multiprocessing/__init__", "ast", "mmap", "resource", "_socket", "flake8_plugin", "noxfile", "tasks", "app/__init__",
)  # fmt: skip


class Place(NamedTuple):
    """A hostile project with what lies around it: a folder for what ran, a log of the hook."""

    root: Path
    canary: Path
    log: Path
    hook: Path
    outside: Path


def trap(name: str) -> str:
    return TRAP.format(name=name.replace("/", "-"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(*(tmp_path / name for name in ("project", "canary", "log", "hook", "outside")))
    for folder in (place.root, place.canary, place.hook, place.outside):
        folder.mkdir()
    (place.hook / "sitecustomize.py").write_text(HOOK)
    for name in MODULES:
        file = place.root / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(trap(name))
    (place.root / "app" / "main.py").write_text(APP)
    (place.root / "app" / "plain.py").write_text("import time\nasync def f():\n    time.sleep(1)\n")
    (place.root / "pyproject.toml").write_text(CONFIG)
    (place.root / "setup.cfg").write_text(
        "[flake8:local-plugins]\nextension =\n  EVL = plugin:Evil\npaths = .\n"
    )
    (place.root / "evil.pth").write_text(trap("pth").replace("\n", ";") + "\n")
    installed = place.root / "evil-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[api_lint.rules]\nevil = plugin\n")
    (place.outside / "victim.py").write_text(APP)
    (place.outside / "victim.env").write_text("A=1\n")
    (place.root / "app" / "link.py").symlink_to(place.outside / "victim.py")
    (place.root / ".env.example").symlink_to(place.outside / "victim.env")
    return place


def repository(root: Path) -> None:
    """Make a git repository whose configuration would run something at every occasion."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    base = ["git", "-c", "user.name=x", "-c", "user.email=x@y.z", "-C", str(root)]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*base, *arguments], check=True, capture_output=True)
    run = root.parent / "canary" / "OWNED-git"
    touch = f"touch {run}-"
    config = {
        "core.fsmonitor": touch + "fsmonitor", "core.hooksPath": str(root / "hooks"), "core.pager": touch + "pager",
        "core.sshCommand": touch + "ssh", "diff.external": touch + "diff", "diff.evil.textconv": touch + "textconv",
        "filter.evil.clean": touch + "clean", "filter.evil.smudge": touch + "smudge", "filter.evil.process": touch + "process",
        "alias.rev-parse": f"!{touch}alias", "core.editor": touch + "editor", "gpg.program": touch + "gpg",
        "core.alternateRefsCommand": touch + "refs", "credential.helper": f"!{touch}helper",
    }  # fmt: skip
    for key, value in config.items():
        subprocess.run([*base, "config", key, value], check=True)
    (root / ".gitattributes").write_text("* filter=evil diff=evil\n")
    for folder in (root / "hooks", root / ".git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in (
            "post-checkout",
            "pre-commit",
            "post-index-change",
            "fsmonitor-watchman",
            "reference-transaction",
        ):
            (folder / hook).write_text(f"#!/bin/sh\n{touch}{hook}\n")
            (folder / hook).chmod(0o755)
    (root / "git").write_text(f"#!/bin/sh\n{touch}path\n")
    (root / "git").chmod(0o755)


def run(place: Place, command: Sequence[str]) -> tuple[int, str, str, list[list[str]]]:
    """Exit code, standard output, standard error, and what the hook told of besides that it listens."""
    env = {
        **os.environ, "AUDITED": os.path.realpath(place.root), "AUDIT_LOG": str(place.log), "CANARY": str(place.canary),
        "PYTHONPATH": str(place.hook), "PYTHONDONTWRITEBYTECODE": "1", "PATH": f".{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    done = subprocess.run(
        command, cwd=place.root, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    told = [json.loads(row) for row in place.log.read_text().splitlines()]
    assert told[0][0] == "hears"
    return done.returncode, done.stdout, done.stderr, [row for row in told if row[0] != "hears"]


SCRIPT = [os.path.join(os.path.dirname(sys.executable), "api-lint")]
MODULE = [sys.executable, "-m", "api_lint"]
LINT = ["check", "--jobs", "2", "--output-format", "concise"]


@pytest.mark.parametrize("start", [SCRIPT, MODULE], ids=["script", "module"])
@pytest.mark.parametrize(
    "arguments",
    [
        LINT,
        [*LINT, "--since", "HEAD"],
        [*LINT, "--diff", "--unsafe-fixes"],
        [*LINT, "--fix", "--unsafe-fixes"],
        ["routes"],
        ["baseline"],
        ["rules"],
    ],
    ids=["lint", "since", "diff", "fix", "routes", "baseline", "rules"],
)
def test_nothing_of_the_project_runs(place: Place, start: list[str], arguments: list[str]) -> None:
    if start is SCRIPT:
        # `python -m api_lint` in a folder that holds another `api_lint` runs that one: it is what was asked for.
        (place.root / "api_lint").mkdir()
        (place.root / "api_lint" / "__init__.py").write_text(trap("api_lint"))
    repository(place.root)
    victims = {path: path.read_bytes() for path in place.outside.iterdir()}
    code, out, err, told = run(place, [*start, *arguments])
    is_refused = ".env.example, app/main.py are left: a link that leads out of the project" in err
    assert code == 2 if is_refused else code in (0, 1), err
    assert "Traceback" not in err
    if arguments == LINT:
        assert "app/main.py:14:5: API601" in out  # or else there was nothing to hear
    if "--fix" in arguments:
        assert is_refused
        assert "await asyncio.sleep(1)" in (place.root / "app" / "plain.py").read_text()
    assert os.listdir(place.canary) == []
    kinds = {row[0] for row in told}
    assert kinds <= {"writes", "starts"}, [row for row in told if row[0] not in ("writes", "starts")]
    starts = {row[1] for row in told if row[0] == "starts"}
    assert starts <= ({shutil.which("git")} if "--since" in arguments else set())
    written = {os.path.realpath(row[1]) for row in told if row[0] == "writes"} - {os.devnull}
    own = os.path.join(os.path.realpath(os.environ["API_LINT_CACHE_DIR"]), "")
    written = {path for path in written if not f"{path}{os.sep}".startswith(own)}
    root = os.path.realpath(place.root)
    assert [path for path in written if path != root and not path.startswith(root + os.sep)] == []
    assert bool(written) == ("--fix" in arguments or "baseline" in arguments)
    assert {path: path.read_bytes() for path in place.outside.iterdir()} == victims


def test_the_hook_hears_what_it_is_there_for(place: Place) -> None:
    """A hook that hears nothing proves nothing."""
    code = (
        "import sys; sys.path.remove('')\n"
        "import os, socket, subprocess; sys.path.insert(0, os.getcwd())\n"
        "import plugin\n"
        "compile(open('setup.py').read(), 'x', 'exec')\n"
        "socket.socket().close()\n"
        "subprocess.run(['true'])\n"
        "open('../outside/new', 'w').close()\n"
        "os.fork() or os._exit(os.remove('../outside/new') or 0)\n"
    )
    _, _, err, told = run(place, [sys.executable, "-c", code])
    assert err == ""
    assert {row[0] for row in told} >= {"executes", "compiles", "does", "starts", "writes"}
    assert os.listdir(place.canary) == ["OWNED-plugin"]


@pytest.mark.parametrize(
    "config",
    [
        'plugins = ["plugin"]',
        'rule-paths = ["rules"]',
        'load-plugins = ["plugin"]',
        'select = ["plugin:Evil"]',
        "rules = \"__import__('plugin')\"",
        'output-format = "plugin:Evil"',
    ],
)
def test_configuration_cannot_name_code(place: Place, config: str) -> None:
    (place.root / "pyproject.toml").write_text(f"[tool.api-lint]\n{config}\n")
    code, _, err, told = run(place, [*SCRIPT, *LINT])
    assert code == 2
    assert err.startswith("Error: ")
    assert told == []
    assert os.listdir(place.canary) == []


# --------------------------------------------------------------------------------------------------- a forged cache


class Evil:
    """What runs a command where it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ('touch "$CANARY/OWNED-pickle"',)


MAGIC = b"api-lint run 1\n"
PARTS = "paths kinds states digests out err".split()


def sealed(body: bytes) -> bytes:
    """A kept run whose checksum is right."""
    return MAGIC + hashlib.blake2b(body, digest_size=16).digest() + body


def with_head(whole: bytes, change: Callable[[list[int]], list[int]]) -> bytes:
    head, _, rest = whole[len(MAGIC) + 16 :].partition(b"\n")
    numbers = change([int(number) for number in head.split()])
    return sealed(" ".join(map(str, numbers)).encode() + b"\n" + rest)


def with_parts(whole: bytes, **changed: Callable[[bytes], bytes]) -> bytes:
    head, _, rest = whole[len(MAGIC) + 16 :].partition(b"\n")
    code, *lengths = (int(number) for number in head.split())
    parts = []
    for name, length in zip(PARTS, lengths, strict=True):
        parts.append(changed.get(name, bytes)(rest[:length]))
        rest = rest[length:]
    return sealed(" ".join(map(str, [code, *map(len, parts)])).encode() + b"\n" + b"".join(parts))


def elsewhere(whole: bytes, place: Place) -> bytes:
    """One that watches pipes, devices and files outside, all of them in another state than before."""
    os.mkfifo(place.outside / "pipe")
    named = [place.outside / "pipe", Path("/dev/zero"), place.outside / "victim.py", place.outside]
    return with_parts(
        whole, paths=lambda _: "\0".join(map(str, named)).encode(), kinds=lambda _: b"ffff",
        states=lambda _: bytes(32 * 4), digests=lambda _: b"x" * 16 * 4,
    )  # fmt: skip


FORGED: dict[str, Callable[[bytes, Place], bytes]] = {
    "a pickle": lambda *_: pickle.dumps(Evil()),
    "a pickle with the right beginning": lambda *_: sealed(pickle.dumps(Evil())),
    "source": lambda *_: trap("cache").encode(),
    "a huge exit code": lambda whole, _: with_head(whole, lambda n: [10**30, *n[1:]]),
    "a negative exit code": lambda whole, _: with_head(whole, lambda n: [-1, *n[1:]]),
    "one number too many": lambda whole, _: with_head(whole, lambda n: [0, *n]),
    "negative lengths": lambda whole, _: with_head(whole, lambda n: [n[0], *(-x for x in n[1:])]),
    "lengths beyond the end": lambda whole, _: with_head(whole, lambda n: [n[0], *(x + 10**15 for x in n[1:])]),
    "no lengths": lambda whole, _: with_head(whole, lambda n: n[:1]),
    "nothing watched": lambda whole, _: with_parts(whole, paths=lambda _: b"", kinds=lambda _: b"", digests=lambda _: b""),
    "states of odd length": lambda whole, _: with_parts(whole, states=lambda s: s[:-3]),
    "kinds that are none": lambda whole, _: with_parts(whole, states=lambda s: bytes(len(s)), kinds=lambda k: b"?" * len(k)),
    "paths elsewhere": elsewhere,
}  # fmt: skip


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_cache(
    place: Place, monkeypatch: pytest.MonkeyPatch, forge: Callable[[bytes, Place], bytes]
) -> None:
    """Even where a project brings along the folder that a user has named: nothing of it runs, and it is not believed."""
    fresh, runs = kept(place, monkeypatch)
    (file,) = runs.iterdir()
    file.write_bytes(forge(file.read_bytes(), place))
    assert again(place) == fresh


def sealed_table(magic: bytes, data: bytes, body: bytes = b"") -> bytes:
    """Facts or findings that are kept, with a checksum that is right."""
    return magic + hashlib.blake2b(data, digest_size=16).digest() + data + body


DEEP = b'{"found":' + b"[" * 200_000
FORGED_TABLES: dict[str, tuple[str, bytes]] = {
    "a pickle for facts": ("facts", pickle.dumps(Evil())),
    "a pickle for findings": ("found", pickle.dumps(Evil())),
    "a sealed pickle for findings": ("found", sealed_table(b"api-lint found 2\n", pickle.dumps(Evil()))),
    "brackets for facts": ("facts", sealed_table(b"api-lint facts 2\n", DEEP, b"\n")),
    "brackets for findings": ("found", sealed_table(b"api-lint found 2\n", DEEP)),
    "a list for facts": ("facts", sealed_table(b"api-lint facts 2\n", b"[1]", b"\n")),
    "a list for findings": ("found", sealed_table(b"api-lint found 2\n", b"[1]")),
    "facts that are a pickle": (
        "facts",
        sealed_table(
            b"api-lint facts 2\n", b'{"app/main.py":["",0,99,99]}', b"\n" + pickle.dumps(Evil())
        ),
    ),
}


@pytest.mark.parametrize(("where", "forged"), FORGED_TABLES.values(), ids=FORGED_TABLES)
def test_forged_facts_and_findings(
    place: Place, monkeypatch: pytest.MonkeyPatch, where: str, forged: bytes
) -> None:
    fresh, runs = kept(place, monkeypatch)
    shutil.rmtree(runs)
    (file,) = (runs.parent / where).iterdir()
    file.write_bytes(forged)
    assert again(place) == fresh


@pytest.mark.parametrize("where", ["runs", "facts", "found"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "device"])
def test_a_cache_of_what_is_no_file(
    place: Place, monkeypatch: pytest.MonkeyPatch, kind: str, where: str
) -> None:
    fresh, runs = kept(place, monkeypatch)
    (file,) = (runs.parent / where).iterdir()
    shutil.rmtree(runs)
    runs.mkdir()
    file.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to("/dev/zero" if kind == "device" else place.outside / "victim.py")
    assert again(place) == fresh


def test_a_cache_that_leads_elsewhere(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is old in a cache is removed: a link must not make it somebody's documents."""
    fresh, runs = kept(place, monkeypatch)
    shutil.rmtree(runs)
    for number in range(60):
        (place.outside / f"{number:032x}").write_text("dear diary")
    runs.symlink_to(place.outside)
    assert again(place) == fresh
    code, _, _, told = run(place, [*SCRIPT, "clean"])
    assert (code, [row for row in told if not is_within_cache(place, row)]) == (0, [])
    assert len(list(place.outside.iterdir())) == 62


def test_what_is_not_ours_stays_in_a_cache(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    _, runs = kept(place, monkeypatch)
    for number in range(60):
        (runs / f"diary-{number}.txt").write_text("dear diary")
    again(place)
    assert len([path for path in runs.iterdir() if path.suffix == ".txt"]) == 60


def kept(place: Place, monkeypatch: pytest.MonkeyPatch) -> tuple[tuple[int, str, str], Path]:
    """What a run told of that was kept in a folder of the project, and where."""
    home = place.root / ".api_lint_cache"
    home.mkdir()
    monkeypatch.setenv("API_LINT_CACHE_DIR", str(home))
    first = run(place, [*SCRIPT, *LINT])
    for _ in range(5):
        time.sleep(0.1)  # what has just been written is not sure to be seen to change
        assert run(place, [*SCRIPT, *LINT])[:3] == first[:3]
        if (home / "runs").exists():
            break
    assert "API601" in first[1]
    assert len(list((home / "runs").iterdir())) == 1
    place.log.write_text("")
    return first[:3], home / "runs"


def is_within_cache(place: Place, row: list[str]) -> bool:
    """Whether something that the hook has told of is a change in the cache."""
    home = os.path.realpath(place.root / ".api_lint_cache")
    return row[0] == "writes" and (
        os.path.realpath(row[1]) in (home, os.devnull) or row[1].startswith(home + os.sep)
    )


def again(place: Place) -> tuple[int, str, str]:
    """What a run tells of, once it is sure that nothing else was done."""
    outside = {path: path.stat() for path in place.outside.iterdir()}
    *outcome, told = run(place, [*SCRIPT, *LINT])
    assert os.listdir(place.canary) == []
    assert [row for row in told if not is_within_cache(place, row)] == []
    assert {path: path.stat() for path in place.outside.iterdir()}.keys() == outside.keys()
    return tuple(outcome)  # type: ignore[return-value]
