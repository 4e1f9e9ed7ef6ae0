"""A run with nothing changed prints what the one before printed, and a run with anything changed what a fresh one prints."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from test_cli import APP, POSIX, write

Outcome = tuple[int, str, str]

# Longer than the tick of any clock that stamps files, so that what was written before is old.
PAUSE = 0.05


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one finding, in which the test stands, and a cache folder of its own."""
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("API_LINT_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "outer" / "project"
    write(folder, "pyproject.toml", "[tool.api-lint]\nselect = ['API601']\n")
    write(folder, "app/main.py", APP)
    write(folder, "app/helper.py", "import time\n")
    monkeypatch.chdir(folder)
    time.sleep(PAUSE)
    return folder


def lint(*arguments: str) -> tuple[Outcome, set[str]]:
    """Exit code, standard output and standard error, and the modules that were imported for it."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "api_lint", *arguments],
        capture_output=True, check=False, timeout=120, encoding="utf-8", errors="surrogateescape",
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    timed = re.compile(r"^import time: .*\| +([\w. ]+)\n", re.MULTILINE)
    return (done.returncode, done.stdout, timed.sub("", done.stderr)), set(timed.findall(done.stderr))


def is_replayed(*arguments: str) -> bool:
    return "api_lint.cli" not in lint(*arguments)[1]


def stored(folder: Path) -> list[Path]:
    return sorted((folder.parent.parent / "cache" / "runs").glob("*"))


@pytest.mark.parametrize("arguments", [(), ("app/main.py",), ("--output-format", "json"), ("--exit-zero", "app"), ("nowhere.py",)])  # fmt: skip
def test_a_run_is_replayed(project: Path, arguments: tuple[str, ...]) -> None:
    fresh, _ = lint("--no-cache", *arguments)
    first, _ = lint(*arguments)
    again, modules = lint(*arguments)
    assert first == again == fresh
    assert "api_lint.replay" in modules
    slow = (
        "libcst",
        "click",
        "rich",
        "importlib.metadata",
        "typing",
        "dataclasses",
        "json",
        "hashlib",
        "inspect",
    )
    assert not modules & {*slow, "api_lint.cli", "api_lint.engine", "api_lint.config"}


def test_what_is_said_on_standard_error_is_said_again(project: Path) -> None:
    first, _ = lint("--extend-select", "API9")
    assert "warning" in first[2]
    assert lint("--extend-select", "API9")[0] == first
    assert is_replayed("--extend-select", "API9")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-cache",), ("--output-file", "report.txt"), ("--output-format", "json=report.json"), ("--fix",), ("--diff",),
        ("--show-files",), ("-",),
    ],
)  # fmt: skip
def test_what_does_more_than_print_is_done(project: Path, arguments: tuple[str, ...]) -> None:
    lint(*arguments)
    time.sleep(PAUSE)
    lint(*arguments)
    assert not is_replayed(*arguments)


def test_the_summary_of_a_job_is_written_each_time(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    for count in (1, 2, 3):
        lint("--output-format", "github")
        assert (project / "summary.md").read_text().count("1 warning") == count


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": lambda p: write(p, "app/main.py", APP.replace("sleep(1)", "sleep(22)")),
    "a file, at the same length": lambda p: write(p, "app/main.py", APP.replace("sleep(1)", "sleep(2)")),
    "a file that says nothing so far": lambda p: write(p, "app/helper.py", APP),
    "a file more": lambda p: write(p, "app/more.py", APP),
    "a folder more": lambda p: write(p, "other/more.py", APP),
    "a file less": lambda p: (p / "app/main.py").unlink(),
    "a name": lambda p: (p / "app/main.py").rename(p / "app/renamed.py"),
    "the configuration": lambda p: write(p, "pyproject.toml", "[tool.api-lint]\nselect = ['API000']\n"),
    "a configuration that counts more": lambda p: write(p, "api-lint.toml", "select = ['API000']\n"),
    "a configuration below": lambda p: write(p, "app/api-lint.toml", "select = ['API000']\n"),
    "what is ignored": lambda p: write(p, ".gitignore", "main.py\n"),
    "what is ignored below": lambda p: write(p, "app/.gitignore", "main.py\n"),
    "a checkout, and what it ignores": lambda p: write(p, ".git/info/exclude", "main.py\n"),
    "a file that cannot be parsed": lambda p: write(p, "app/helper.py", "def f(:\n"),
    "a suppression": lambda p: write(p, "app/main.py", APP.replace("sleep(1)", "sleep(1)  # noqa: API601")),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_has_changed_is_seen(project: Path, change: Callable[[Path], object]) -> None:
    before, _ = lint()
    assert is_replayed()
    change(project)
    fresh, _ = lint("--no-cache")
    assert fresh != before
    assert lint()[0] == fresh


def test_a_configuration_that_another_extends(project: Path) -> None:
    base = write(project.parent, "base.toml", "select = ['API601']\n")
    write(project, "api-lint.toml", "extend = '../base.toml'\n")
    time.sleep(PAUSE)
    lint()
    assert is_replayed()
    base.write_text("select = ['API000']\n")
    assert lint()[0] == (0, "All checks passed!\n", "")


def test_a_configuration_above_a_project_without_any(project: Path) -> None:
    (project / "pyproject.toml").unlink()
    time.sleep(PAUSE)
    lint("--select", "API601")
    assert is_replayed("--select", "API601")
    write(project.parent, "api-lint.toml", "ignore = ['API601']\nexclude = ['main.py']\n")
    assert lint("--select", "API601")[0] == lint("--no-cache", "--select", "API601")[0]


def test_a_baseline(project: Path) -> None:
    lint("baseline")
    time.sleep(PAUSE)
    assert lint("--baseline")[0][0] == 0
    assert is_replayed("--baseline")
    ledger = project / ".api-lint-baseline.json"
    ledger.write_text(ledger.read_text().replace("API601", "API602"))
    assert lint("--baseline")[0] == lint("--no-cache", "--baseline")[0]


@pytest.mark.parametrize("name", ["FORCE_COLOR", "HOME", "GITHUB_WORKSPACE"])
def test_the_environment_is_another_command(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    lint()
    monkeypatch.setenv(name, "/another")
    assert not is_replayed()
    assert lint()[0] == lint("--no-cache")[0]


def test_a_touched_file_is_the_same(project: Path) -> None:
    lint()
    for path in project.rglob("*"):
        os.utime(path)
    time.sleep(PAUSE)
    assert is_replayed()
    before = stored(project)[0].read_bytes()
    assert is_replayed()
    assert stored(project)[0].read_bytes() == before, "its new state is known by now"


def test_another_checkout_of_the_same_is_the_same(project: Path) -> None:
    lint()
    shutil.copytree(project, project.parent / "copy")
    shutil.rmtree(project)
    (project.parent / "copy").rename(project)
    os.chdir(project)
    assert is_replayed()


def test_what_changes_while_it_is_looked_at_is_not_kept(project: Path) -> None:
    """A file that is written in the tick of the clock in which it is read looks as if it had not been written."""
    later = time.time_ns() + 3_000_000_000
    os.utime(project / "app" / "main.py", ns=(later, later))
    lint()
    assert stored(project) == []


@POSIX
def test_a_link_that_leads_elsewhere(project: Path) -> None:
    write(project.parent, "outside.py", APP)
    write(project, "inside.txt", APP)
    (project / "app" / "link.py").symlink_to(project / "inside.txt")
    time.sleep(PAUSE)
    before, _ = lint()
    assert is_replayed()
    (project / "app" / "link.py").unlink()
    (project / "app" / "link.py").symlink_to(project.parent / "outside.py")
    fresh, _ = lint("--no-cache")
    assert before[1].count("API601") == 2
    assert fresh[1].count("API601") == 1
    assert lint()[0] == fresh


@POSIX
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_any_more(project: Path) -> None:
    lint()
    (project / "app" / "main.py").chmod(0)
    assert lint()[0] == lint("--no-cache")[0]


def test_random_edits(project: Path) -> None:
    """Whatever is done between two runs, a run prints what a fresh one would."""
    chance = random.Random(7)
    names = [
        "app/main.py",
        "app/helper.py",
        "app/deep/one.py",
        "app/deep/two.py",
        "tests/test_x.py",
        "top.py",
    ]
    texts = [
        APP,
        APP + "\n",
        APP.replace("1", "3"),
        "import time\n",
        "def f(:\n",
        "",
        APP.replace("async ", ""),
    ]
    extras = {
        ".gitignore": ["deep\n", "*.py\n", ""],
        "app/api-lint.toml": ["ignore = ['API601']\n", "", "nonsense = 1\n"],
    }
    replayed = 0
    for _ in range(14):
        for _ in range(chance.randrange(3)):
            path = project / chance.choice(names)
            if path.exists() and chance.random() < 0.3:
                path.unlink()
            else:
                write(project, path.relative_to(project).as_posix(), chance.choice(texts))
        if chance.random() < 0.3:
            name = chance.choice(list(extras))
            write(project, name, chance.choice(extras[name]))
        found, modules = lint()
        replayed += "api_lint.cli" not in modules
        assert found == lint("--no-cache")[0]
    assert replayed


# ------------------------------------------------------------------------------------------- when the cache is no good


def test_what_is_not_whole_is_as_if_it_were_not_there(project: Path) -> None:
    fresh, _ = lint()
    (path,) = stored(project)
    whole = path.read_bytes()
    for end in (0, 1, 20, 31, 40, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert lint()[0] == fresh
        assert path.read_bytes() == whole


def test_what_was_tampered_with_is_as_if_it_were_not_there(project: Path) -> None:
    fresh, _ = lint()
    (path,) = stored(project)
    whole = path.read_bytes()
    for position in (3, 20, 33, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert lint()[0] == fresh
        assert path.read_bytes() == whole


def test_a_repository_cannot_bring_an_answer_along(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one is kept lies outside of what is checked: a cache in the checkout is nobody's."""
    monkeypatch.delenv("API_LINT_CACHE_DIR")
    fresh, _ = lint()
    monkeypatch.setenv("HOME", str(project))
    lint()
    shutil.copytree(project / ".cache" / "api-lint", project / ".api_lint_cache")
    shutil.rmtree(project / ".cache")
    monkeypatch.setenv("HOME", str(project.parent / "home"))
    write(project, "app/main.py", APP.replace("1", "5"))
    assert lint()[0] == lint("--no-cache")[0] != fresh


@pytest.mark.parametrize("place", ["file", "file/below", "\0", "/proc/nowhere"])
def test_no_place_to_keep_anything(project: Path, place: str) -> None:
    if "\0" in place:
        pytest.skip("no argument holds a NUL") if sys.platform != "win32" else None
    write(project.parent, "file", "")
    folder = place if place.startswith("/") else str(project.parent / place)
    fresh, _ = lint("--no-cache")
    assert lint("--cache-dir", folder)[0] == fresh
    assert lint("--cache-dir", folder)[0] == fresh


@POSIX
def test_a_full_disk(project: Path) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    fresh, _ = lint("--no-cache")
    done = subprocess.run(
        [sys.executable, "-m", "api_lint"], capture_output=True, text=True, check=False, preexec_fn=limit
    )
    assert (done.returncode, done.stdout, done.stderr) == fresh
    assert stored(project) == []


def test_runs_at_once(project: Path) -> None:
    fresh, _ = lint("--no-cache")
    command = [sys.executable, "-m", "api_lint"]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        for _ in range(6)
    ]
    found = [(*run.communicate(timeout=120), run.returncode) for run in runs]
    assert {(code, out, err) for out, err, code in found} == {fresh}
    assert is_replayed()
    assert len(stored(project)) == 1


def test_old_runs_go(project: Path) -> None:
    runs = project.parent.parent / "cache" / "runs"
    for number in range(60):
        write(runs, f"{number:032x}", "old")
        os.utime(runs / f"{number:032x}", (number, number))
    lint()
    assert len(stored(project)) == 48
    assert is_replayed()


# --------------------------------------------------------------------------------------------------------- options


def test_a_cache_folder_of_ones_own(project: Path) -> None:
    for arguments in (("--cache-dir", "kept"), ("--cache-dir=kept",)):
        lint(*arguments)
        time.sleep(PAUSE)
        lint(*arguments)
        assert is_replayed(*arguments)
    assert (project / "kept" / ".gitignore").read_text() == "*\n"
    assert (
        (project / "kept" / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f0688")
    )
    assert stored(project) == []


def test_a_folder_that_is_there_is_left_as_it_is(project: Path) -> None:
    """`--cache-dir .` must not have git ignore the whole project."""
    lint("--cache-dir", ".")
    assert not (project / ".gitignore").exists()


@POSIX
def test_nobody_else_may_look(project: Path) -> None:
    lint()
    cache = project.parent.parent / "cache"
    assert [path.stat().st_mode & 0o077 for path in (cache, cache / "runs", *stored(project))] == [
        0,
        0,
        0,
    ]


def test_clean(project: Path) -> None:
    cache = project.parent.parent / "cache"
    lint()
    write(cache, "mine.txt", "")
    assert lint("clean")[0] == (0, f"removed 3 files from {cache}\n", "")
    assert [path.name for path in cache.iterdir()] == ["mine.txt"]
    assert lint("clean")[0] == (0, f"removed 0 files from {cache}\n", "")
    assert not is_replayed()


# ------------------------------------------------------------------------------------------ when a run went wrong


# A rule's package that does harm while `MISDEED` says so, to files that speak of trouble.
PLUGIN = '''
import ast, errno, os, signal, time
from api_lint import Rule

DEED = os.environ.get("MISDEED", "")
parse, opened = ast.parse, os.open


def harmful_parse(text, *args, **options):
    if "trouble" in text and DEED == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    while "trouble" in text and DEED == "hangs":
        pass
    return parse(text, *args, **options)


def harmful_open(path, *args, **options):
    if DEED == "is denied" and str(path).endswith("helper.py"):
        raise OSError(errno.EMFILE, "Too many open files")
    return opened(path, *args, **options)


ast.parse, os.open = harmful_parse, harmful_open


class Harmful(Rule):
    """Does harm.

    Bad::

        a()

    Good::

        b()
    """

    code = "XYZ901"
    message = "never"
    words = ("sleep",)

    def visit_Call(self, call, at):
        if DEED == "raises":
            raise ValueError
        while DEED == "never ends":
            pass
        return ()
'''


@pytest.mark.skipif(sys.platform != "linux", reason="needs processes that can be forked")
@pytest.mark.parametrize("arguments", [(), ("app/main.py",)], ids=["all", "a file that needs another"])
@pytest.mark.parametrize("deed", ["dies", "hangs", "is denied", "raises", "never ends"])
def test_a_run_that_went_wrong_is_not_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch, deed: str, arguments: tuple[str, ...]
) -> None:
    """The next one may fare better, though nothing has changed."""
    plugin = project.parent.parent / "plugin"
    write(plugin, "harm-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: harm\nVersion: 1.0\n")
    write(plugin, "harm-1.0.dist-info/entry_points.txt", "[api_lint.rules]\nharm = harmful_rule\n")
    write(plugin, "harmful_rule.py", PLUGIN)
    write(project, "app/main.py", "from app.helper import trouble\n" + APP + "    trouble()\n")
    write(project, "app/helper.py", "import time\ndef trouble():\n    time.sleep(1)\n")
    write(project, "app/__init__.py", "")
    time.sleep(PAUSE)
    monkeypatch.setenv("PYTHONPATH", str(plugin))
    asked = ("--select", "API6,XYZ901", "--config", "timeout = 1", *arguments)
    fresh, _ = lint("--no-cache", *asked)
    assert fresh[1].count("API60") == 2
    monkeypatch.setenv("MISDEED", deed)
    wrong, _ = lint(*asked)
    assert wrong != fresh
    monkeypatch.delenv("MISDEED")
    assert stored(project) == []
    assert lint(*asked)[0] == fresh
    assert is_replayed(*asked)
