"""Whatever a rule does in a file, it costs its own result for that file: told once, and everything else is reported."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import libcst as cst
import pytest

from api_lint import Finding, Fix, Place, Replace, Rule, registry
from api_lint.config import Settings
from api_lint.discover import find
from api_lint.engine import Result, fix, run
from api_lint.facts import Span
from api_lint.index import MAX_NESTING

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs processes that can be forked")

APP = """\
import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def read():
    time.sleep(1)
"""


class Sleeps(Rule):
    """Behaves."""

    code, message, words = "API981", "sleeps", ("sleep",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        if at.resolve(call.func) == "time.sleep":
            yield self.found(call)


class Routes(Rule):
    """Behaves, and needs no LibCST."""

    code, message = "API980", "a route"

    def visit_route(self, route: object, at: Place) -> Iterator[Finding]:
        yield self.found(Span(at.line, 0, at.line, 1))


def recurse() -> None:
    recurse()


def spin() -> None:
    while True:
        pass


def spin_whatever_comes() -> None:
    while True:
        with contextlib.suppress(BaseException):
            spin()


def nap() -> None:
    while True:
        time.sleep(100)


def search() -> None:
    """In C, without end."""
    re.match(r"(a|aa)+$", "a" * 60 + "b")


def crash() -> None:
    ctypes.string_at(0)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave_a_child() -> None:
    """A child that keeps the pipes of its parent open."""
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)
    os._exit(3)


def leave() -> None:
    sys.exit(5)


def interrupt() -> None:
    raise KeyboardInterrupt


def exhaust() -> None:
    raise MemoryError


MISDEEDS: list[tuple[Callable[[], None], str]] = [
    (recurse, "failed: RecursionError"),
    (leave, "failed: SystemExit: 5"),
    (exhaust, "failed: MemoryError"),
    (interrupt, "failed: KeyboardInterrupt"),
    (lambda: os._exit(7), "ended its process (exit code 7)"),
    (kill, "killed its process (SIGKILL)"),
    (crash, "killed its process (SIGSEGV)"),
    (leave_a_child, "ended its process (exit code 3)"),
    (spin, "took longer than 1 s (timeout)"),
    (spin_whatever_comes, "took longer than 1 s (timeout)"),
    (search, "took longer than 1 s (timeout)"),
    (nap, "took longer than 1 s (timeout)"),
]


class Bad(Rule):
    """Does something bad in files that are called so, in one of its hooks."""

    code, message = "API982", "bad"

    def __init__(self, deed: Callable[[], None]) -> None:
        super().__init__()
        self.deed = deed

    def act(self, path: str) -> None:
        if path.startswith("bad"):
            self.deed()


class BadAtNodes(Bad):
    words = ("sleep",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        yield self.found(call)
        self.act(at.path)


class BadAtRoutes(Bad):
    def visit_route(self, route: object, at: Place) -> Iterator[Finding]:
        self.act(at.path)
        yield self.found(Span(at.line, 0, at.line, 1))


class BadAtSuspects(Bad):
    words = ("sleep",)

    def suspects(self, module: object, api: object) -> None:
        self.act(module.path)  # type: ignore[attr-defined]

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        yield self.found(call)


HOOKS = [BadAtNodes, BadAtRoutes, BadAtSuspects]


def project(root: Path, *names: str) -> Path:
    for name in (*names, "a_good.py", "z_good.py"):
        (root / name).write_text(APP)
    (root / "pyproject.toml").touch()
    return root


def lint(root: Path, *rules: Rule, jobs: int = 1) -> Result:
    settings = Settings(timeout=1)
    return run(find([str(root)], settings), rules, settings, jobs=jobs)


def told(result: Result) -> list[str]:
    return sorted(f"{d.path} {d.code}" for d in result.diagnostics)


def kept(name: str, *codes: str) -> list[str]:
    good = [f"{file} {code}" for file in ("a_good.py", "z_good.py") for code in (*codes, "API982")]
    return sorted([*good, *(f"{name} {code}" for code in codes)])


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(("deed", "reason"), MISDEEDS, ids=lambda v: getattr(v, "__name__", None))
def test_it_costs_its_own_result_for_that_file(
    tmp_path: Path, hook: type[Bad], deed: Callable[[], None], reason: str, jobs: int
) -> None:
    if jobs == 2 and hook is not BadAtNodes:
        pytest.skip("the number of processes changes nothing about who calls a hook")
    result = lint(project(tmp_path, "bad.py"), Sleeps(), Routes(), hook(deed), jobs=jobs)
    assert told(result) == kept("bad.py", "API980", "API981")
    (error,) = result.errors
    assert error.startswith("bad.py: rule API982 (test-isolation) ")
    assert reason in error


def test_several_that_misbehave_are_all_told_of(tmp_path: Path) -> None:
    class Worse(BadAtNodes):
        code = "API983"

    class Worst(BadAtRoutes):
        code = "API984"

    rules = [BadAtNodes(kill), Worse(spin), Worst(recurse), Sleeps()]
    result = lint(project(tmp_path, "bad1.py", "bad2.py"), *rules, jobs=2)
    assert {t for t in told(result) if t.startswith("bad")} == {"bad1.py API981", "bad2.py API981"}
    assert sorted(e.split(" (")[0] for e in result.errors) == [
        f"bad{n}.py: rule {code}" for n in (1, 2) for code in ("API982", "API983", "API984")
    ]


def test_many_files_that_end_their_worker(tmp_path: Path) -> None:
    names = [f"bad{n}.py" for n in range(30)]
    started = time.monotonic()
    result = lint(project(tmp_path, *names), Sleeps(), BadAtNodes(kill), jobs=2)
    assert time.monotonic() - started < 60
    assert told(result) == sorted(
        [
            *(f"{n} API981" for n in [*names, "a_good.py", "z_good.py"]),
            "a_good.py API982",
            "z_good.py API982",
        ]
    )
    assert len(result.errors) == len(names)


class Odd(BadAtNodes):
    """Hands in what is no finding, or one that nobody can use."""

    code = "API982"

    def __init__(self, handed: Callable[[Rule, cst.Call], object]) -> None:
        super().__init__(lambda: None)
        self.handed = handed

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        yield self.handed(self, call) if at.path == "bad.py" else self.found(call)  # type: ignore[misc]


@pytest.mark.parametrize(
    "handed",
    [
        lambda *_: "a finding",
        lambda *_: None,
        lambda rule, _: rule.found(cst.Name("elsewhere")),
        lambda rule, call: rule.found(call).fixed_by("x", Replace(cst.Name("elsewhere"), call)),
        lambda rule, call: rule.found(call).fixed_by("x", Replace(call, "text")),
        lambda rule, _: rule.found(None),
    ],
    ids=["text", "nothing", "a node of no tree", "an edit of no tree", "an edit with text", "nowhere"],
)
def test_findings_that_are_none(tmp_path: Path, handed: Callable[[Rule, cst.Call], object]) -> None:
    result = lint(project(tmp_path, "bad.py"), Sleeps(), Odd(handed))
    assert told(result) == kept("bad.py", "API981")
    assert [e.partition(" failed")[0] for e in result.errors] == ["bad.py: rule API982 (test-isolation)"]


def test_a_finding_that_cannot_be_sent_costs_its_file_and_no_other(tmp_path: Path) -> None:
    odd = Odd(lambda _, call: Finding(call, lambda: None))  # type: ignore[arg-type]
    result = lint(project(tmp_path, "bad.py"), Sleeps(), odd)
    assert [t for t in told(result) if "good" in t] == [t for t in kept("", "API981") if "good" in t]
    (failure,) = [d for d in result.diagnostics if d.path == "bad.py"]
    assert (failure.code, "failed: " in failure.message) == ("API000", True)


def test_the_code_may_be_too_deep_and_no_rule_is_to_blame(tmp_path: Path) -> None:
    root = project(tmp_path)
    deep = "f(" * (MAX_NESTING - 5) + "1" + ")" * (MAX_NESTING - 5)
    (root / "deep.py").write_text(f"import time\nx = [time.sleep(1), {deep}]\n")

    class Digs(Sleeps):
        def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
            def dig(node: cst.CSTNode) -> int:
                return 1 + max(
                    (max((dig(c) for c in b.children), default=0) for b in node.children), default=0
                )

            dig(call)
            yield from ()

    result = lint(root, Digs(), Routes())
    assert result.errors == ()
    assert "deep.py API000" in told(result)
    assert "a_good.py API980" in told(result)


@pytest.mark.parametrize("deed", [kill, spin], ids=lambda deed: deed.__name__)
def test_fixing_goes_on_without_it(tmp_path: Path, deed: Callable[[], None]) -> None:
    class Awaits(Sleeps):
        fix = Fix.SAFE if hasattr(Fix, "SAFE") else "safe"

        def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
            for finding in super().visit_Call(call, at):
                edit = Replace(call, cst.parse_expression("pause(1)"))
                yield finding.fixed_by("Pause", edit, safety="safe")

    settings = Settings(timeout=1)
    root = project(tmp_path, "bad.py")
    done = fix(find([str(root)], settings), [BadAtNodes(deed), Awaits()], settings, unsafe=False)
    assert sorted(done.changes) == ["a_good.py", "bad.py", "z_good.py"]
    assert all(b"pause(1)" in after for _, after in done.changes.values())
    assert done.before.errors


def test_a_file_that_its_own_analysis_does_not_survive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LibCST's parser has been seen to crash, and to take very long."""
    parse = cst.parse_module
    monkeypatch.setattr(cst, "parse_module", lambda text: kill() if "killer" in text else parse(text))
    root = project(tmp_path)
    (root / "bad.py").write_text(APP + '    time.sleep("killer")\n')
    result = lint(root, Sleeps(), Routes())
    assert [t for t in told(result) if t.startswith("bad")] == ["bad.py API000", "bad.py API980"]
    assert [t for t in told(result) if "API981" in t] == ["a_good.py API981", "z_good.py API981"]
    assert result.errors == ()
    (failure,) = [d for d in result.diagnostics if d.code == "API000"]
    assert failure.message == "the analysis killed its process (SIGKILL)"


def test_a_file_that_takes_too_long_to_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from api_lint import engine

    index = engine.index
    monkeypatch.setattr(
        engine, "index", lambda source, path: spin() if path == "bad.py" else index(source, path)
    )
    result = lint(project(tmp_path, "bad.py"), Sleeps())
    assert told(result) == ["a_good.py API981", "bad.py API000", "z_good.py API981"]
    assert [d.message for d in result.diagnostics if d.code == "API000"] == [
        "the analysis took longer than 1 s (timeout)"
    ]


PLUGIN = '''
import os
from api_lint import Rule


class EndlessRule(Rule):
    """It never ends.

    Bad::

        a()

    Good::

        b()
    """

    code = "XYZ901"
    message = "never"
    words = ("sleep",)

    def visit_Call(self, call, at):
        while "bad" in at.path:
            pass
        return ()
'''


def installed(place: Path, source: str) -> None:
    """Put a rule into a folder as if it were installed there."""
    info = place / "endless-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: endless\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[api_lint.rules]\nendless = endless_rule\n")
    (place / "endless_rule.py").write_text(source)


def test_the_command_reports_the_rest_and_exits_with_2(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    installed(plugin, PLUGIN)
    (tmp_path / "project").mkdir()
    root = project(tmp_path / "project", "bad.py")
    arguments = ["--output-format", "concise", "--select", "API601,XYZ901", "--config", "timeout = 1"]
    done = subprocess.run(
        [sys.executable, "-m", "api_lint", *arguments],
        cwd=root, env={**os.environ, "PYTHONPATH": str(plugin)}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert [row.split(":")[0] for row in done.stdout.splitlines() if "API601" in row] == [
        "a_good.py", "bad.py", "z_good.py",
    ]  # fmt: skip
    assert done.stderr == "error: bad.py: rule XYZ901 (endless-rule) took longer than 1 s (timeout)\n"


def test_no_worker_outlives_its_command(tmp_path: Path) -> None:
    """Not even where the command is killed while a worker is in an endless loop."""
    root = project(tmp_path, "bad.py")
    code = (
        "import sys, os; sys.path[:0] = sys.argv[1:2]\n"
        "from test_isolation import *\n"
        "settings = Settings(timeout=3)\n"
        "def deed():\n    print(os.getpid(), flush=True); spin()\n"
        "run(find([sys.argv[2]], settings), [BadAtNodes(deed)], settings)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(root)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
    until = time.monotonic() + 60
    while time.monotonic() < until and is_running(worker):
        time.sleep(0.2)
    assert not is_running(worker)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda n: n.name)
def test_told_to_end_it_ends_with_its_workers(tmp_path: Path, number: signal.Signals) -> None:
    """At once, though a worker is in an endless loop."""
    plugin = tmp_path / "plugin"
    installed(
        plugin, PLUGIN.replace("while", 'print(os.getpid(), file=open("worker", "w"))\n        while')
    )
    (tmp_path / "project").mkdir()
    root = project(tmp_path / "project", "bad.py")
    with subprocess.Popen(
        [sys.executable, "-m", "api_lint", "--select", "XYZ901", "--config", "timeout = 100"],
        cwd=root, env={**os.environ, "PYTHONPATH": str(plugin)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        until = time.monotonic() + 60
        while not (root / "worker").exists() or not (root / "worker").read_text():
            assert time.monotonic() < until
            time.sleep(0.05)
        worker = int((root / "worker").read_text())
        assert is_running(worker)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert not is_running(worker)
    assert (out, err.strip()) == (b"", b"")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_where_no_process_is_to_be_had_the_work_is_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    (tmp_path / "a.py").write_text("import time\nasync def f():\n    time.sleep(1)\n")
    (tmp_path / "b.py").write_text("def broken(:\n")
    monkeypatch.setattr(os, "fork", none_left)
    settings = Settings()
    rules = tuple(rule() for rule in registry.load().rules if rule.code == "API601")
    result = run(find([str(tmp_path)], settings), rules, settings, jobs=2)
    assert [d.code for d in result.diagnostics] == ["API601", "API000"]
    assert not result.errors
