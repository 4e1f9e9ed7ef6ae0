"""The command, as its users run it: in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, links or terminals")
CHECKOUT = Path(__file__).parent.parent

APP = """\
import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> dict[str, int]:
    time.sleep(1)
    return {"id": item_id}
"""

CLEAN = "from fastapi import FastAPI\n\napp = FastAPI()\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one finding, API601 at app/main.py:10:5, and the working folder of the test."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "project"
    write(folder, "pyproject.toml", "")
    write(folder, "app/main.py", APP)
    write(folder, "app/clean.py", CLEAN)
    monkeypatch.chdir(folder)
    return folder


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def start(
    *arguments: str, env: Mapping[str, str] | None = None, **options: object
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "api_lint", *arguments]
    given: dict[str, object] = {
        "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE, "text": True,
        "encoding": "utf-8", "errors": "replace", **options,
    }  # fmt: skip
    return subprocess.Popen(command, env={**os.environ, **(env or {})}, **given)  # type: ignore[call-overload,no-any-return]


def lint(*arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    with start(*arguments, env=env) as process:
        out, err = process.communicate(stdin, timeout=60)
        return process.returncode, out, err


LINE = "app/main.py:10:5: API601 "


@pytest.mark.parametrize("arguments", [[], ["."], ["check"], ["check", "."], ["app/main.py"], ["app"]])
def test_check(project: Path, arguments: list[str]) -> None:
    code, out, err = lint(*arguments, "--output-format", "concise")
    assert (code, err) == (1, "")
    assert out.startswith(LINE)
    assert out.endswith("\nFound 1 finding.\n")


def test_nothing_found(project: Path) -> None:
    assert lint("app/clean.py") == (0, "All checks passed!\n", "")


def test_an_empty_folder(project: Path) -> None:
    (project / "empty").mkdir()
    none = "warning: No Python files found under the given paths\n"
    assert lint("empty") == (0, "All checks passed!\n", none)
    assert lint("empty") == (0, "All checks passed!\n", none)  # as kept
    assert lint("--force-exclude", "--config", "exclude = ['clean.py']", "app/clean.py")[2] == none


def test_full_is_the_default(project: Path) -> None:
    code, out, _ = lint()
    assert code == 1
    assert "   --> app/main.py:10:5\n" in out
    assert " 10 |     time.sleep(1)\n    |     ^^^^^^^^^^^^^\n" in out
    assert "\x1b" not in out


def test_json(project: Path) -> None:
    code, out, _ = lint("--output-format", "json")
    (found,) = json.loads(out)
    assert code == 1
    assert found["code"] == "API601"
    assert found["filename"] == str(project / "app" / "main.py")
    assert found["location"] == {"row": 10, "column": 5}


def test_exit_zero(project: Path) -> None:
    assert lint("--exit-zero")[0] == 0
    assert lint("--exit-zero", "--select", "no-such-rule")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--select", "API601"], 1),
        (["--select", "API301,API601"], 1),
        (["--select", "API301", "--select", "blocking-sleep-in-async"], 1),
        (["--select", "API6"], 1),
        (["--select", "ALL"], 1),
        (["--select", "API301"], 0),
        (["--ignore", "API601"], 0),
        (["--ignore", "API6"], 0),
        (["--select", "API301", "--extend-select", "API601"], 1),
        (["--select", "ALL", "--ignore", "blocking-sleep-in-async"], 0),
    ],
)
def test_selection(project: Path, arguments: list[str], code: int) -> None:
    assert lint(*arguments)[0] == code


def test_unknown_rules(project: Path) -> None:
    code, out, err = lint("--select", "blocking-sleep-in-asink")
    assert (code, out) == (2, "")
    assert "unknown rule `blocking-sleep-in-asink` (did you mean `blocking-sleep-in-async`?)" in err


def test_codes_to_come_are_no_errors(project: Path) -> None:
    code, out, err = lint("--select", "API601,API999", "--output-format", "concise")
    assert code == 1
    assert out.startswith(LINE)
    assert err.count("API999") == 1


def test_comments_and_configuration_silence(project: Path) -> None:
    write(project, "app/main.py", APP.replace("time.sleep(1)", "time.sleep(1)  # noqa: API601"))
    assert lint()[0] == 0
    write(
        project,
        "app/main.py",
        APP.replace("time.sleep(1)", "time.sleep(1)  # api-lint: ignore[API601] quick"),
    )
    assert lint()[0] == 0
    write(project, "app/main.py", APP)
    write(project, "pyproject.toml", "[tool.api-lint.per-file-ignores]\n'app/*' = ['API6']\n")
    assert lint()[0] == 0
    assert lint("--isolated")[0] == 1
    write(project, "pyproject.toml", "[tool.api-lint]\nignore = ['API601']\n")
    assert lint()[0] == 0
    write(project, "api-lint.toml", "exclude = ['app']\n")
    assert lint()[0] == 0
    assert lint("app")[0] == 1
    assert lint("app", "--force-exclude")[0] == 0


def test_configuration_of_the_command_line(project: Path) -> None:
    assert lint("--config", "ignore = ['API601']")[0] == 0
    other = write(project, "other.toml", "select = ['API301']\n")
    assert lint("--config", str(other))[0] == 0
    code, _, err = lint("--config", "ingore = []")
    assert code == 2
    assert "unknown key `ingore` (did you mean `ignore`?)" in err
    assert "Traceback" not in err


def test_wrong_configuration(project: Path) -> None:
    write(project, "pyproject.toml", "[tool.api-lint.rules.logic-in-rout]\nmax-lines = 5\n")
    code, out, err = lint()
    assert (code, out) == (2, "")
    assert "unknown rule `rules.logic-in-rout` (did you mean `logic-in-route`?)" in err


def test_show_files(project: Path) -> None:
    code, out, err = lint("--show-files", "app")
    assert (code, err) == (0, "")
    assert out.splitlines() == [str(project / "app" / "clean.py"), str(project / "app" / "main.py")]


def test_statistics(project: Path) -> None:
    code, out, _ = lint("--statistics")
    assert (code, out) == (1, "1  API601  blocking-sleep-in-async\nFound 1 finding.\n")
    assert json.loads(lint("--statistics", "--output-format", "json")[1])[0]["count"] == 1


def test_output_file(project: Path) -> None:
    code, out, _ = lint(
        "--output-format", "concise", "--output-file", "report.txt", env={"FORCE_COLOR": "1"}
    )
    assert (code, out) == (1, "")
    assert (project / "report.txt").read_text().startswith(LINE)
    code, _, err = lint("--output-file", "no/such/folder/report.txt")
    assert code == 2
    assert "cannot write to no/such/folder/report.txt" in err


def test_standard_input(project: Path) -> None:
    code, out, err = lint("-", "--output-format", "concise", stdin=APP)
    assert (code, err) == (1, "")
    assert out.startswith("-:10:5: API601 ")
    code, out, _ = lint(
        "-", "--stdin-filename", "app/main.py", "--output-format", "concise", stdin=CLEAN + APP
    )
    assert code == 1
    assert out.startswith("app/main.py:13:5: API601 ")
    code, out, _ = lint("-", "--stdin-filename", "app/new.py", stdin=APP)
    assert " 10 |     time.sleep(1)\n" in out
    assert lint("-", "--stdin-filename", "app/main.py", stdin=CLEAN)[0] == 0
    assert lint("-", "--stdin-filename", "build/main.py", "--force-exclude", stdin=APP)[0] == 0
    code, _, err = lint("-", "app", stdin=APP)
    assert code == 2
    assert "standard input" in err


def test_files_that_cannot_be_handled(project: Path) -> None:
    write(project, "app/broken.py", "import fastapi\ndef f(:\n")
    write(project, "app/bytes.py", b"x = '\xff'\nfastapi\n")
    code, out, err = lint("--output-format", "concise", "app", "missing.py")
    assert (code, err) == (1, "")
    found = re.findall(r"^(\S+?):\d+:\d+: (\w+)", out, re.M)
    assert found == [
        ("app/broken.py", "API000"), ("app/bytes.py", "API000"), ("app/main.py", "API601"), ("missing.py", "API000"),
    ]  # fmt: skip


def test_usage_errors(project: Path) -> None:
    code, out, err = lint("--no-such-option")
    assert (code, out) == (2, "")
    assert "--no-such-option" in err
    assert lint("explain")[0] == 2
    assert lint("--output-format", "xml")[0] == 2


def test_help_and_version(project: Path) -> None:
    code, out, _ = lint("--help")
    assert code == 0
    assert all(command in out for command in ("check", "rules", "explain", "routes", "new"))
    assert "--stdin-filename" in lint("check", "--help")[1]
    assert re.fullmatch(r"api-lint \d+\.\d+\.\d+\n", lint("--version")[1])


def test_help_imports_nothing_heavy(project: Path) -> None:
    _, _, err = run_python("-X", "importtime", "-m", "api_lint", "--help")
    imported = {line.rpartition("|")[2].strip() for line in err.splitlines()}
    assert "click" in imported
    assert not imported & {
        "libcst",
        "rich",
        "importlib.metadata",
        "api_lint.rule",
        "api_lint.config",
    }


def run_python(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "module", ["libcst", "click", "json", "tomllib", "rich", "ast", "tokenize", "multiprocessing"]
)
def test_the_code_under_the_lens_is_not_imported(project: Path, module: str) -> None:
    write(project, f"{module}.py", "raise SystemExit('HACKED')\n")
    write(project, "sitecustomize.py", "raise SystemExit('HACKED')\n")
    write(project, "pyproject.toml", "[tool.api-lint]\n")
    code, out, err = lint("--output-format", "concise")
    assert "HACKED" not in out + err
    assert code == 1
    assert LINE in out


def test_what_is_told_does_not_hang_on_the_order_of_sets(project: Path) -> None:
    token = "ghp_" + "x8Qm2Lv7Rt9Wp3Ns6Yc1Kd5Hg0Jf4ZbTaEuC"
    source = f"""
        import boto3

        GITHUB = "{token}"
        s3 = boto3.client("s3")

        def upload(data):
            try:
                s3.put_object(Bucket="shop", Key="a", Body=data)
            except Exception as e:
                return str(e)
    """
    write(project, "app/upload.py", textwrap.dedent(source))
    seen = {lint("--isolated", env={"PYTHONHASHSEED": str(seed)})[1] for seed in range(8)}
    assert len(seen) == 1
    (told,) = seen
    assert "import ClientError" in told
    assert 'GITHUB = "•••"' in told


def test_rules(project: Path) -> None:
    code, out, err = lint("rules")
    assert (code, err) == (0, "")
    assert re.search(r"^API601  blocking-sleep-in-async +on ", out, re.M)
    listed = json.loads(lint("rules", "--output-format", "json")[1])
    (rule,) = (rule for rule in listed if rule["code"] == "API601")
    assert rule["name"] == "blocking-sleep-in-async"
    assert rule["default"] is True
    assert "time.sleep" in rule["bad"]
    assert "time.sleep" in rule["evidence"]


def test_explain(project: Path) -> None:
    by_code = lint("explain", "API601")
    assert by_code == lint("explain", "blocking-sleep-in-async")
    assert by_code[0] == 0
    assert by_code[1].startswith("API601 blocking-sleep-in-async\n")
    assert "\nBad:\n\n    " in by_code[1]
    assert re.search(r"^Evidence: `time\.sleep` is resolved", by_code[1], re.M)
    assert lint("explain", "API000")[0] == 0
    code, _, err = lint("explain", "blocking-slep-in-async")
    assert code == 2
    assert "did you mean `blocking-sleep-in-async`?" in err


def test_routes(project: Path) -> None:
    code, out, err = lint("routes")
    assert (code, err) == (0, "")
    assert re.search(r"^GET +/items/\{item_id\} +read_item +app/main.py:9 +fastapi +async ", out, re.M)
    (route,) = json.loads(lint("routes", "app", "--output-format", "json")[1])
    assert route["methods"] == ["GET"]
    assert route["paths"] == ["/items/{item_id}"]
    assert route["handler"]["row"] == 9
    assert lint("routes", "app/clean.py")[1] == "0 routes\n"


def test_new(project: Path) -> None:
    (project / "rules").mkdir()
    code, out, err = lint("new", "aborted-process", "--code", "API999")
    assert (code, err) == (0, "")
    assert out.split() == [
        "rules/aborted_process.py", "fixtures/aborted-process/bad.py", "fixtures/aborted-process/good.py",
    ]  # fmt: skip
    before = (project / "rules" / "aborted_process.py").read_bytes()
    code, _, err = lint("new", "aborted-process", "--code", "API998")
    assert code == 2
    assert "rules/aborted_process.py is there already" in err
    assert (project / "rules" / "aborted_process.py").read_bytes() == before
    for arguments, told in (
        (["avoid-sleep"], "states the problem"),
        (["Bad Name"], "lower case"),
        (["../escape"], "lower case"),
        (["another-thing", "--code", "API601"], "is taken"),
        (["another-thing", "--code", "X"], "not of the form"),
    ):
        code, _, err = lint("new", *arguments)
        assert code == 2
        assert told in err


def test_a_new_rule_works_as_it_is(project: Path) -> None:
    (project / "rules").mkdir()
    lint("new", "aborted-process", "--code", "API999")
    installed = install(project.parent / "plugins", "own", "aborted_process")
    (project / "rules" / "aborted_process.py").rename(installed / "aborted_process.py")
    env = {"PYTHONPATH": str(installed)}
    code, out, err = lint("fixtures", "--select", "API999", "--output-format", "concise", env=env)
    assert (code, err) == (1, "")
    assert out.startswith(
        "fixtures/aborted-process/bad.py:5:5: API999 os.abort() ends the process\nFound 1 "
    )
    assert "aborted-process" in lint("rules", env=env)[1]


def install(folder: Path, name: str, module: str) -> Path:
    """A folder that, on the import path, counts as an installed package with an entry point of ours."""
    write(
        folder, f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    )
    write(folder, f"{name}-1.0.dist-info/entry_points.txt", f"[api_lint.rules]\n{name} = {module}\n")
    return folder


def test_a_broken_plugin(project: Path) -> None:
    installed = install(project.parent / "plugins", "broken", "no_such_module")
    code, out, err = lint("--output-format", "concise", env={"PYTHONPATH": str(installed)})
    assert code == 2
    assert out.startswith(LINE)
    assert err.count("no_such_module") == 1
    assert "Traceback" not in err


def test_a_rule_that_raises(project: Path) -> None:
    installed = install(project.parent / "plugins", "raising", "raising_rule")
    source = '''
from api_lint import Rule


class RaisingRule(Rule):
    """It raises.

    Bad::

        a()

    Good::

        b()
    """

    code = "XYZ901"
    message = "never"
    words = ("sleep",)

    def visit_Call(self, call, at):
        raise ValueError("too\\nbad\\x1b[31m")
'''
    write(installed, "raising_rule.py", source)
    code, out, err = lint("--output-format", "concise", env={"PYTHONPATH": str(installed)})
    assert code == 2
    assert out.startswith(LINE)
    assert "app/main.py: rule XYZ901 (raising-rule) failed: ValueError: too" in err
    assert "\x1b" not in err


@POSIX
def test_hostile_names(project: Path) -> None:
    write(project, "app/\x1b[31mred\n.py", APP)
    code, out, _ = lint("--output-format", "concise")
    assert code == 1
    assert "app/\\x1b[31mred\\n.py:10:5: API601" in out
    with open(b"app/\xff.py", "w") as file:
        file.write(APP)
    code, out, err = lint("--output-format", "concise")
    assert (code, err) == (1, "")
    assert "app/\\udcff.py:10:5: API601" in out
    assert len(json.loads(lint("--output-format", "json")[1])) == 3


def test_terminals_that_know_little(project: Path) -> None:
    write(project, "app/main.py", APP.replace('"/items', '"/ünï日本'))
    code, out, err = lint(env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"})
    assert (code, err) == (1, "")
    assert "API601" in out


def test_colour(project: Path) -> None:
    assert "\x1b[" in lint(env={"FORCE_COLOR": "1"})[1]
    assert "\x1b[" not in lint(env={"FORCE_COLOR": "1", "NO_COLOR": "1"})[1]
    assert "\x1b[" not in lint("--output-format", "json", env={"FORCE_COLOR": "1"})[1]


@POSIX
@pytest.mark.parametrize("arguments", [[], ["rules"], ["routes"], ["explain", "API601"]])
def test_colour_on_a_terminal(project: Path, arguments: list[str]) -> None:
    assert "\x1b[" in on_terminal(*arguments)
    assert "\x1b[" not in on_terminal(*arguments, env={"NO_COLOR": "1"})


def on_terminal(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    import pty

    leader, follower = pty.openpty()
    with start(
        *arguments, stdout=follower, stderr=subprocess.PIPE, env={"TERM": "xterm", **(env or {})}
    ) as process:
        os.close(follower)
        seen = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        process.communicate(timeout=60)
    os.close(leader)
    return seen.decode()


@POSIX
@pytest.mark.parametrize("arguments", [["--output-format", "json"], ["rules"], ["explain", "API601"]])
def test_a_reader_that_goes_away(project: Path, arguments: list[str]) -> None:
    with start(*arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        process.wait(60)
    assert err == ""
    assert process.returncode in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(project: Path) -> None:
    with open("/dev/full", "w") as full, start(stdout=full) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "cannot write to standard output" in err
    assert "Traceback" not in err


@POSIX
def test_interrupt(project: Path) -> None:
    with start("-") as process:
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_the_sample() -> None:
    code, out, err = lint(
        str(CHECKOUT / "fixtures" / "shop"), "--output-format", "concise", "--isolated"
    )
    assert (code, err) == (1, "")
    codes = set(re.findall(r": (API\d{3}) ", out))
    assert codes >= {"API201", "API202", "API301", "API606"}
    assert "API000" not in codes


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (["--fix"], (0, 0)),
        (["--fix", "--exit-non-zero-on-fix"], (1, 0)),
        (["--fix-only", "--exit-non-zero-on-fix"], (1, 0)),
        (["--fix", "--exit-non-zero-on-fix", "--exit-zero"], (0, 0)),
    ],
)
def test_the_exit_code_of_fixing(project: Path, arguments: list[str], codes: tuple[int, int]) -> None:
    assert (lint(*arguments)[0], lint(*arguments)[0]) == codes


def test_noqa_can_be_ignored(project: Path) -> None:
    write(project, "app/main.py", APP.replace("sleep(1)", "sleep(1)  # noqa"))
    assert lint()[0] == 0
    assert lint("--ignore-noqa")[0] == 1


@POSIX
def test_standard_input_that_is_closed(project: Path) -> None:
    command = f"exec '{sys.executable}' -m api_lint - <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: standard input (`-`) is closed\n"


@POSIX
def test_a_working_folder_that_is_gone(project: Path) -> None:
    command = f"rm -rf '{project}'; exec '{sys.executable}' -m api_lint"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: the working folder is gone: No such file or directory\n"


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "a/b", "evil.py", "-evil", "\x1b[2J"])
def test_a_new_rule_is_written_nowhere_else(project: Path, name: str) -> None:
    before = sorted(project.parent.rglob("*"))
    code, out, err = lint("new", "--", name)
    assert (code, out) == (2, "")
    assert "\x1b" not in err
    assert sorted(project.parent.rglob("*")) == before
