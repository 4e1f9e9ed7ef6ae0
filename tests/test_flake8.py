"""The flake8 plugin, in the flake8 that its users run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from doors import Done, Row, environment, flake8, lint, run

LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="the command runs in a forked process on Linux"
)

# An unused import (F401, flake8's own) in row 1, and what is found only with the facts of `helpers.py` in row 10.
MAIN = """\
import os

from fastapi import FastAPI

from app.helpers import wait

app = FastAPI()

async def poll() -> None:
    wait()
"""
HELPERS = """\
import time


def wait() -> None:
    time.sleep(1)


async def poll() -> None:
    time.sleep(2)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files: API606 at app/main.py:10:5, which needs both, and API601 at app/helpers.py:9:5."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "project"
    write(folder, "pyproject.toml", "[tool.api-lint]\n")
    write(folder, "app/__init__.py", "")
    write(folder, "app/main.py", MAIN)
    write(folder, "app/helpers.py", HELPERS)
    return folder


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def codes(done: Done, folder: Path) -> list[str]:
    """Each finding as `path:row code`."""
    return [f"{Path(row.path).relative_to(folder).as_posix()}:{row.row} {row.code}" for row in done.rows]


BOTH = ["app/helpers.py:9 API601", "app/main.py:1 F401", "app/main.py:10 API606"]
SELECT = ("--select", "API,F")


@pytest.mark.parametrize(
    ("jobs", "paths"),
    [("0", ()), ("1", (".",)), ("2", ("app",)), ("auto", ("app/main.py", "./app/helpers.py"))],
)
def test_it_finds_what_the_command_finds(project: Path, jobs: str, paths: tuple[str, ...]) -> None:
    done = flake8("--jobs", jobs, *SELECT, *paths, cwd=project)
    assert (done.code, done.err) == (1, "")
    assert codes(done, project) == BOTH
    assert done.ours() == lint(*paths, cwd=project).rows


def test_a_file_is_reported_with_the_facts_of_the_others(project: Path) -> None:
    done = flake8("--select", "API", "app/main.py", cwd=project)
    assert codes(done, project) == ["app/main.py:10 API606"]
    assert done.rows == lint("app/main.py", cwd=project).rows


def test_it_runs_without_being_selected(project: Path) -> None:
    assert flake8(cwd=project).ours() == lint(cwd=project).rows


def test_from_another_folder(project: Path) -> None:
    done = flake8(*SELECT, "../app/main.py", str(project / "app" / "helpers.py"), cwd=project / "app")
    assert codes(done, project) == BOTH


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (("--select", "API606"), BOTH[2:]),
        (("--select", "API6"), [BOTH[0], BOTH[2]]),
        (("--select", "A"), [BOTH[0], BOTH[2]]),
        (("--select", "F"), BOTH[1:2]),
        (("--select", "F", "--extend-select", "API601"), BOTH[:2]),
        (("--ignore", "API601"), BOTH[1:]),
        (("--extend-ignore", "API"), BOTH[1:2]),
        (("--extend-ignore", "API", "--extend-select", "API606"), BOTH[1:]),
        (("--per-file-ignores", "app/main.py:API606,F401"), BOTH[:1]),
        (("--exclude", "app/helpers.py"), BOTH[1:]),
    ],
)
def test_flake8_selects(project: Path, arguments: tuple[str, ...], left: list[str]) -> None:
    done = flake8(*arguments, "app", cwd=project)
    assert [found for found in codes(done, project) if " E" not in found] == left


def test_the_configuration_counts(project: Path) -> None:
    write(project, "pyproject.toml", "[tool.api-lint]\nignore = ['API601']\n")
    assert codes(flake8(*SELECT, cwd=project), project) == BOTH[1:]
    write(project, "pyproject.toml", "[tool.api-lint]\nextend-exclude = ['/app/main.py']\n")
    assert codes(flake8(*SELECT, cwd=project), project) == BOTH[:2]
    # As the command does it: a file that is named is checked, unless `force-exclude` is set.
    assert codes(flake8(*SELECT, "app/main.py", cwd=project), project) == BOTH[1:]


def test_a_rule_that_is_off_by_default(project: Path) -> None:
    off = write(project, "pyproject.toml", "[tool.api-lint]\nselect = ['API606']\n")
    assert codes(flake8(*SELECT, cwd=project), project) == BOTH[1:]
    off.write_text("[tool.api-lint]\nselect = ['API606']\nextend-select = ['API601']\n")
    assert codes(flake8(*SELECT, cwd=project), project) == BOTH


SILENCED = """\
import time


async def poll() -> None:
    time.sleep(1)  # noqa: API601
    time.sleep(2)  # noqa
    time.sleep(3)  # api-lint: ignore[API601] it has to
    time.sleep(4)  # noqa: F401
    time.sleep(
        5
    )  # noqa: API601
"""


def test_comments(project: Path) -> None:
    write(project, "app/helpers.py", SILENCED)
    done = flake8("--select", "API", "app/helpers.py", cwd=project)
    assert [row.row for row in done.rows] == [8]
    done = flake8("--select", "API", "--disable-noqa", "app/helpers.py", cwd=project)
    assert [row.row for row in done.rows] == [5, 6, 8, 9]
    assert done.rows == lint("--ignore-noqa", "app/helpers.py", cwd=project).rows


@pytest.mark.parametrize(
    "text", ["# flake8: noqa\n", "# flake8: noqa: API601\n", "# api-lint: ignore-file\n"]
)
def test_comments_for_a_file(project: Path, text: str) -> None:
    write(project, "app/helpers.py", text + HELPERS)
    assert codes(flake8(*SELECT, cwd=project), project) == BOTH[1:]


def test_standard_input(project: Path) -> None:
    changed = MAIN.replace("    wait()", "    x = 1\n    wait()").encode()
    done = flake8(
        "--select", "API", "--stdin-display-name", "app/main.py", "-", cwd=project, stdin=changed
    )  # fmt: skip
    assert codes(done, project) == ["app/main.py:11 API606"]
    assert done.rows == lint("--stdin-filename", "app/main.py", "-", cwd=project, stdin=changed).rows


def test_standard_input_without_a_name(project: Path) -> None:
    done = flake8("--select", "API", "-", cwd=project, stdin=HELPERS.encode())
    assert [row[1:4] for row in done.rows] == [(9, 5, "API601")]
    assert done.out.startswith("stdin:9:5: ")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig"])
def test_standard_input_in_another_encoding(project: Path, encoding: str) -> None:
    cookie = "# coding: latin-1\r\n" if encoding == "latin-1" else ""
    source = f"{cookie}import time\r\nasync def f():\r\n    x = 'é'; time.sleep(1)\r\n".encode(encoding)
    done = flake8("--select", "API", "-", cwd=project, stdin=source)
    found = lint("-", cwd=project, stdin=source).rows
    assert [row[1:] for row in done.rows] == [row[1:] for row in found]
    assert len(found) == 1


def test_a_file_that_is_no_python(project: Path) -> None:
    write(project, "app/broken.py", "def (:\n")
    done = flake8("--select", "API,F,E9", cwd=project)
    assert codes(done, project) == ["app/broken.py:1 E999", *BOTH]


def test_a_file_that_is_too_large(project: Path) -> None:
    write(project, "pyproject.toml", "[tool.api-lint]\nmax-file-size = 150\n")
    write(project, "app/helpers.py", HELPERS + "#" * 150 + "\n")
    done = flake8(*SELECT, "app/helpers.py", cwd=project)
    assert done.ours() == lint("app/helpers.py", cwd=project).rows
    assert done.codes() == ["API000"]


def test_what_a_terminal_would_obey_is_escaped(project: Path) -> None:
    write(
        project,
        "app/helpers.py",
        "import requests\nasync def f():\n    requests.get('http://a.b/\x1b[2J\u202e')\n",
    )
    done = flake8("--select", "API", "app/helpers.py", cwd=project)
    assert done.ours()
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


# ------------------------------------------------------------------------------------------- nothing brings flake8 down

RULE = '''
import os
import sys

from api_lint import Rule


class {title}(Rule):
    """What is wrong.

    Bad::

        a()

    Good::

        b()
    """

    code = "API999"
    message = "it is wrong"
    words = ("import",)

    def visit_module(self, module, at):
        {body}
'''

Plugin = Callable[[str], dict[str, str]]


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    """Makes a package of rules whose only rule runs these lines once a file; gives the variables that bring it in."""

    def make(body: str) -> dict[str, str]:
        folder = tmp_path / "plugin"
        write(folder, "odd_rule.py", RULE.format(title="OddRule", body=body))
        write(folder, "odd-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
        write(folder, "odd-1.0.dist-info/entry_points.txt", "[api_lint.rules]\nodd = odd_rule\n")
        return {"PYTHONPATH": str(folder)}

    return make


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_rule_that_raises(project: Path, plugin: Plugin, jobs: str) -> None:
    env = plugin("if 'main' in module.path: raise ValueError('oh no')\n        return ()")
    done = flake8("--jobs", jobs, *SELECT, cwd=project, env=env)
    assert done.code == 1
    assert [found for found in codes(done, project) if "API000" not in found] == BOTH
    (failure,) = [row for row in done.rows if row.code == "API000"]
    assert "app/main.py: rule API999 (odd-rule) failed: ValueError: oh no" in failure.message
    assert "api-lint: error: app/main.py: rule API999" in done.err


@pytest.mark.parametrize(
    "body", ["raise SystemExit(0)", "raise KeyboardInterrupt", "os._exit(0)", "os.abort()"]
)
@LINUX
def test_a_rule_that_ends_the_process(project: Path, plugin: Plugin, body: str) -> None:
    done = flake8(*SELECT, cwd=project, env=plugin(body))
    assert done.code == 1
    assert [
        found for found in codes(done, project) if "API601" not in found and "API606" not in found
    ] == [
        "app/__init__.py:1 API000",
        "app/main.py:1 F401",
    ]


def started(project: Path, plugin: Plugin, log: Path) -> subprocess.Popen[str]:
    """flake8 while a rule works that takes a minute, and writes the process it works in into a file."""
    body = f"import time; open({str(log)!r}, 'w').write(str(os.getpid())); time.sleep(60); return ()"
    command = [sys.executable, "-m", "flake8", *SELECT, "app"]
    process = subprocess.Popen(
        command, cwd=project, env=environment(plugin(body)), text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_until(lambda: bool(log.exists() and log.read_text()))
    return process


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Not so for one that ended and that nobody has asked about yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@LINUX
@pytest.mark.parametrize("is_for_all", [True, False], ids=["group", "flake8 alone"])
def test_an_interrupt_ends_everything_at_once(
    project: Path, plugin: Plugin, tmp_path: Path, is_for_all: bool
) -> None:
    with started(project, plugin, tmp_path / "pid") as process:
        (os.killpg if is_for_all else os.kill)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (1, "... stopped\n", "")
    wait_until(lambda: not is_running(int((tmp_path / "pid").read_text())))


NO_SEMAPHORES = """\
import multiprocessing.synchronize

class SemLock:
    def __init__(self, *arguments):
        raise OSError(28, "No space left on device")

multiprocessing.synchronize._multiprocessing = type("module", (), {"SemLock": SemLock})
"""


@LINUX
def test_a_container_without_semaphores(project: Path, tmp_path: Path) -> None:
    write(tmp_path, "site/sitecustomize.py", NO_SEMAPHORES)
    env = {"PYTHONPATH": str(tmp_path / "site")}
    done = flake8("--jobs", "1", *SELECT, cwd=project, env=env)
    assert (done.code, done.err) == (1, "")
    assert codes(done, project) == BOTH


def test_a_configuration_that_cannot_be_used(project: Path) -> None:
    write(project, "pyproject.toml", "[tool.api-lint]\nselct = ['API6']\n")
    done = flake8("--jobs", "2", *SELECT, cwd=project)
    assert done.code == 1
    assert codes(done, project) == ["app/__init__.py:1 API000", BOTH[1]]
    assert "unknown key `selct` (did you mean `select`?)" in done.rows[0].message
    assert "unknown key `selct`" in done.err


def test_a_warning_is_told_once(project: Path) -> None:
    write(project, "pyproject.toml", "[tool.api-lint]\nextend-select = ['API9']\n")
    done = flake8("--jobs", "2", *SELECT, cwd=project)
    assert codes(done, project) == BOTH
    assert done.err == "api-lint: warning: no rule has a code that begins with API9\n"


def test_standard_input_with_a_configuration_that_cannot_be_used(project: Path) -> None:
    write(project, "pyproject.toml", "[tool.api-lint]\nselct = ['API6']\n")
    done = flake8(*SELECT, "--stdin-display-name", "app/main.py", "-", cwd=project, stdin=MAIN.encode())
    assert codes(done, project) == ["app/main.py:1 API000", "app/main.py:1 F401"]


# --------------------------------------------------------------------------------------------- the project is read once

STARTED = """\
import multiprocessing, sys
from flake8.main.cli import main

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
"""


def visits(log: Path) -> list[str]:
    return sorted(log.read_text().split()) if log.exists() else []


def logged(plugin: Plugin, log: Path) -> Mapping[str, str]:
    """The variables that bring in a rule which writes down each file that it visits."""
    return plugin(f"print(module.path, file=open({str(log)!r}, 'a')); return ()")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_project_is_read_once(project: Path, plugin: Plugin, tmp_path: Path, method: str) -> None:
    if sys.platform == "win32" and method != "spawn":
        pytest.skip(f"no {method} on Windows")
    log, script = tmp_path / "log", write(tmp_path, "started.py", STARTED)
    command = [sys.executable, str(script), method, "--jobs", "2", *SELECT, "app"]
    env = {**logged(plugin, log), "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    code, out, err = run(command, project, env=env)
    assert (code, err) == (1, "")
    assert sorted(line.split()[1] for line in out.splitlines()) == ["API601", "API606", "F401"]
    assert visits(log) == ["app/helpers.py", "app/main.py"]
    assert list(tmp_path.glob("api-lint-*")) == []


@pytest.mark.parametrize(
    "arguments", [("--select", "E,F"), ("--extend-ignore", "API"), ("--bug-report",)]
)
def test_the_project_is_not_read_for_nothing(
    project: Path, plugin: Plugin, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    flake8(*arguments, cwd=project, env=logged(plugin, tmp_path / "log"))
    assert visits(tmp_path / "log") == []
    flake8("--select", "E,F,API6", cwd=project, env=logged(plugin, tmp_path / "log"))
    assert visits(tmp_path / "log")


OTHER_PLUGIN = """\
class Names:
    name, version = "other", "1.0"

    def __init__(self, tree, filename):
        self.tree = tree

    def run(self):
        for node in self.tree.body:
            yield node.lineno, 0, "OTH100 a statement", type(self)


def lengths(physical_line):
    if "sleep" in physical_line:
        return 0, "OTH200 a row"
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_beside_other_plugins(project: Path, tmp_path: Path, jobs: str) -> None:
    """One that looks at trees and one that looks at rows; neither loses anything by the other."""
    folder = tmp_path / "other"
    write(folder, "other.py", OTHER_PLUGIN)
    write(folder, "other-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    entries = "[flake8.extension]\nOTH1 = other:Names\nOTH2 = other:lengths\n"
    write(folder, "other-1.0.dist-info/entry_points.txt", entries)
    env = {"PYTHONPATH": str(folder)}
    done = flake8("--jobs", jobs, cwd=project, env=env)
    assert done.ours() == lint(cwd=project).rows
    alone = flake8("--jobs", jobs, "--extend-ignore", "API", cwd=project, env=env)
    assert {"OTH100", "OTH200", "F401", "E302"} <= set(alone.codes())
    assert sorted([*alone.rows, *done.ours()]) == done.rows


def test_rules_with_another_prefix_are_selected(project: Path, plugin: Plugin) -> None:
    env = plugin("from api_lint import Span; yield self.found(Span(1, 0, 1, 1))")
    source = Path(env["PYTHONPATH"], "odd_rule.py")
    source.write_text(source.read_text().replace("API999", "XYZ123"))
    done = flake8("--select", "F,XYZ", "app/main.py", cwd=project, env=env)
    assert done.codes() == ["F401", "XYZ123"]


def test_as_a_library(project: Path) -> None:
    """Who calls flake8 from Python names the files when the options are long parsed."""
    script = textwrap.dedent(
        """\
        from flake8.api import legacy
        guide = legacy.get_style_guide(select=["API"])
        guide.check_files(["app/main.py", "app/helpers.py"])
        """
    )
    _, out, err = run([sys.executable, "-c", script], project)
    assert (sorted(line.split()[1] for line in out.splitlines()), err) == (["API601", "API606"], "")


def test_it_costs_nothing_at_the_start() -> None:
    script = "import sys, api_lint.flake8; print(*sorted(m for m in sys.modules if m.startswith('api_lint')), 'libcst' in sys.modules)"
    assert run([sys.executable, "-c", script], Path.cwd())[1] == "api_lint api_lint.flake8 False\n"


def test_flake8_names_it(project: Path) -> None:
    assert " api-lint: " in flake8("--version", cwd=project).out.replace(",", "").replace("(", " ")


def test_rows() -> None:
    """The reader of rows that the tests above rely on."""
    from doors import rows

    folder = Path("/x")
    assert rows("a.py:1:2: API601 b: c\nnonsense\n", folder) == [Row("/x/a.py", 1, 2, "API601", "b: c")]
