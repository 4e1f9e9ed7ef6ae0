"""A whole run: what cannot be read or goes wrong costs only itself, and however the work is shared the result is one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import libcst as cst
import pytest

from api_lint import AddCode, Diagnostic, Finding, Fix, Place, Replace, Rule
from api_lint import engine as engine_module
from api_lint.config import Settings
from api_lint.discover import find, find_stdin
from api_lint.engine import Result, fix, routes, run

SLEEP = "import time\nasync def f():\n    time.sleep(1)\n"


class Sleeps(Rule):
    """Finds `time.sleep` in coroutines."""

    code, message, words, quiet_in = "API981", "sleeps in {name}", ("sleep",), frozenset({"tests"})

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        if at.is_async and at.resolve(call.func) == "time.sleep" and at.function is not None:
            yield self.found(call, name=at.function.name)


class Raises(Rule):
    """Fails on files that hold the word."""

    code, message, words = "API982", "raised", ("sleep",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        yield self.found(call)
        if "broken" in at.path:
            raise ValueError("no")


class Suspects(Rule):
    """Fails while it is asked for suspects."""

    code, message, words = "API983", "never", ("sleep",)

    def suspects(self, module: object, api: object) -> list[int]:
        raise KeyError("suspects")

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        yield self.found(call)


class Routes(Rule):
    """Fails on routes."""

    code, message = "API984", "never"

    def visit_route(self, route: object, at: Place) -> Iterator[Finding]:
        raise TypeError("route")


class Models(Rule):
    """Tells what a handler's file knows from others."""

    code, message = "API986", "{path} returns {model}"

    def visit_route(self, route: object, at: Place) -> Iterator[Finding]:
        function = at.function
        assert function is not None
        for returned in function.returned:
            value = at.api.value(returned.value, at.api.scope(at.path, function, returned.span.line))
            if at.api.model_in(value):
                yield self.found(returned.span, path=at.path, model=value.label)


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for path, source in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source if isinstance(source, bytes) else source.encode())
    (root / "pyproject.toml").touch()


def lint(
    root: Path, *rules: Rule, paths: tuple[str, ...] = ("",), jobs: int = 1, **options: object
) -> Result:
    settings = Settings(**options)  # type: ignore[arg-type]
    return run(
        find([str(root / path) for path in paths], settings), rules or (Sleeps(),), settings, jobs=jobs
    )


def told(result: Result) -> list[str]:
    return [f"{d.path}:{d.span.line} {d.code}" for d in result.diagnostics]


def reasons(result: Result) -> dict[str, str]:
    return {d.path: d.message for d in result.diagnostics if d.code == "API000"}


# ------------------------------------------------------------------------------------------- files of every sort


def test_files_that_cannot_be_handled_do_not_stop_the_run(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a_syntax.py": "import time\ndef (:\n",
            "b_bytes.py": SLEEP.encode() + b"x = '\xff'\n",
            "c_cookie.py": b"# coding: nowhere\n" + SLEEP.encode(),
            "d_deep.py": SLEEP + "x = " + "(" * 1500 + ")" * 1500,
            "e_null.py": SLEEP.encode() + b"\0",
            "z_good.py": SLEEP,
        },
    )
    result = lint(tmp_path)
    assert told(result) == [
        "a_syntax.py:2 API000", "b_bytes.py:4 API000", "c_cookie.py:1 API000", "d_deep.py:4 API000",
        told(result)[4], "z_good.py:3 API981",
    ]  # fmt: skip
    assert set(reasons(result)) == {"a_syntax.py", "b_bytes.py", "c_cookie.py", "d_deep.py", "e_null.py"}
    assert result.errors == ()


def test_files_with_no_word_of_ours_are_read_too(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "def (:\n", "b.py": "x = 1\n"})
    assert told(lint(tmp_path)) == ["a.py:1 API000"]


@pytest.mark.parametrize(
    "source",
    [
        SLEEP.encode(),
        b"\xef\xbb\xbf" + SLEEP.encode(),
        SLEEP.replace("\n", "\r\n").encode(),
        SLEEP.replace("\n", "\r").encode(),
        SLEEP.rstrip("\n").encode(),
        b"import time\nasync def f():\n\ttime.sleep(1)\n",
        "import time  # é\nasync def f():\n    time.sleep(1)\n".encode(),
    ],
    ids=["plain", "bom", "crlf", "cr", "no last line end", "tab", "utf-8"],
)
def test_encodings_and_line_ends(tmp_path: Path, source: bytes) -> None:
    write(tmp_path, {"a.py": source})
    result = lint(tmp_path)
    assert told(result) == ["a.py:3 API981"]
    assert result.diagnostics[0].span.col == (1 if b"\t" in source else 4)


def test_encoding_cookies(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.py": "# -*- coding: latin-1 -*-\nimport time\nasync def f(): x = 'é'; time.sleep(1)\n".encode(
                "latin-1"
            )
        },
    )
    (found,) = lint(tmp_path).diagnostics
    assert (found.code, found.span.line, found.span.col) == ("API981", 3, 24)


def test_empty_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.py": b"", "b.py": b"\n\n", "c.py": b"\xef\xbb\xbf", "d.py": b"# sleep", "e.py": b"\x0c"},
    )
    assert told(lint(tmp_path)) == []


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    write(tmp_path, {"good.py": SLEEP})
    os.mkfifo(tmp_path / "pipe.py")
    started = time.monotonic()
    result = lint(tmp_path, paths=("good.py", "pipe.py"))
    assert time.monotonic() - started < 20
    assert told(result) == ["good.py:3 API981", "pipe.py:1 API000"]


def test_a_file_that_vanished(tmp_path: Path) -> None:
    write(tmp_path, {"gone.py": SLEEP, "good.py": SLEEP})
    settings = Settings()
    project = find([str(tmp_path)], settings)
    (tmp_path / "gone.py").unlink()
    result = run(project, (Sleeps(),), settings)
    assert told(result) == ["gone.py:1 API000", "good.py:3 API981"]


def test_a_file_that_became_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"gone.py": SLEEP, "good.py": SLEEP})
    settings = Settings()
    project = find([str(tmp_path)], settings)
    (tmp_path / "gone.py").unlink()
    (tmp_path / "gone.py").mkdir()
    assert told(run(project, (Sleeps(),), settings)) == ["gone.py:1 API000", "good.py:3 API981"]


def test_a_file_that_vanishes_between_index_and_visit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"gone.py": SLEEP, "good.py": SLEEP})
    visit = engine_module._Session.visit

    def late(self: engine_module._Session, *arguments: object) -> Result:
        (tmp_path / "gone.py").unlink()
        return visit(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine_module._Session, "visit", late)
    assert told(lint(tmp_path)) == ["gone.py:1 API000", "good.py:3 API981"]


def test_too_large_files(tmp_path: Path) -> None:
    write(tmp_path, {"big.py": SLEEP + "# x\n" * 100, "good.py": SLEEP})
    result = lint(tmp_path, max_file_size=100)
    assert told(result) == ["big.py:1 API000", "good.py:3 API981"]
    assert "max-file-size" in result.diagnostics[0].message


DEEP = {
    "brackets": "x = " + "(" * 1500 + ")" * 1500,
    "brackets within the limit": "x = " + "f(" * 190 + "time.sleep(1)" + ")" * 190,
    "terms": "x = " + " + ".join(["time.sleep(1)"] * 20_000),
    "elifs": "if a: time.sleep(1)\n    " + "\n    ".join("elif b: time.sleep(1)" for _ in range(500)),
    "few elifs": "if a: time.sleep(1)\n    "
    + "\n    ".join("elif b: time.sleep(1)" for _ in range(150)),
    "call chain": "x = time.sleep(1)" + ".b()" * 3_000,
    **{
        f"chain of {n}": "x = time.sleep(1)" + ".b()" * n
        for n in (60, 100, 140, 180, 220, 260, 300, 400, 500)
    },
    **{
        f"sum of {n}": "x = " + " + ".join(["time.sleep(1)"] * n)
        for n in (100, 200, 300, 400, 480, 600, 900)
    },
    "minus": "x = " + "-" * 900 + "time.sleep(1)",
    "lambdas": "x = " + "lambda: " * 500 + "time.sleep(1)",
    "conditions": "x = " + "a if b else " * 400 + "time.sleep(1)",
}


@pytest.mark.parametrize("line", DEEP.values(), ids=DEEP)
def test_deep_files_end(tmp_path: Path, line: str) -> None:
    """They give an API000 or findings, in time, and cost no other file its own."""
    write(
        tmp_path,
        {"deep.py": f"import time\nasync def f():\n    {line}\n    time.sleep(1)\n", "good.py": SLEEP},
    )
    started = time.monotonic()
    result = lint(tmp_path, jobs=2)
    assert time.monotonic() - started < 60
    found = told(result)
    assert found[-1] == "good.py:3 API981"
    assert any(d.path == "deep.py" for d in result.diagnostics)
    assert result.errors == ()


# ------------------------------------------------------------------------------------------------ rules that fail


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_rule_that_raises_loses_its_result_for_one_file(tmp_path: Path, jobs: int) -> None:
    write(tmp_path, {"broken.py": SLEEP, "good.py": SLEEP})
    result = lint(tmp_path, Sleeps(), Raises(), jobs=jobs)
    assert told(result) == ["broken.py:3 API981", "good.py:3 API981", "good.py:3 API982"]
    (error,) = result.errors
    assert "broken.py" in error and "API982" in error and "ValueError: no" in error


def test_a_rule_is_told_of_once_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"broken.py": SLEEP + "    time.sleep(2)\nasync def g():\n    time.sleep(3)\n"})
    assert len(lint(tmp_path, Raises()).errors) == 1


def test_rules_that_raise_in_other_hooks(tmp_path: Path) -> None:
    route = "from fastapi import FastAPI\nimport time\napp = FastAPI()\n@app.get('/')\nasync def f():\n    time.sleep(1)\n"
    write(tmp_path, {"main.py": route})
    result = lint(tmp_path, Suspects(), Routes(), Sleeps())
    assert told(result) == ["main.py:6 API981"]
    assert [("API983" in e, "API984" in e) for e in sorted(result.errors)] in (
        [(True, False), (False, True)],
    )


# ----------------------------------------------------------------------------------------- one result, however made

PROJECT = {
    "app/__init__.py": "",
    "app/main.py": "from fastapi import FastAPI\nfrom app.services import users\napp = FastAPI()\n"
    "@app.get('/users')\nasync def read():\n    return users.load()\n",
    "app/services/__init__.py": "",
    "app/services/users.py": "from app.models import User\ndef load():\n    return [User()]\n",
    "app/models.py": "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...\nclass User(Base): ...\n",
    "app/noise.py": SLEEP,
    "tests/test_app.py": SLEEP,
}


def seen(result: Result) -> list[Diagnostic]:
    return list(result.diagnostics)


def test_one_process_and_two_give_the_same(tmp_path: Path) -> None:
    many = {f"p{i}/m{j}.py": SLEEP * (1 + j % 3) for i in range(4) for j in range(10)}
    write(tmp_path, {**PROJECT, **many, "bad.py": "def (:\n"})
    rules = (Sleeps(), Models())
    one, two, again = (lint(tmp_path, *rules, jobs=jobs) for jobs in (1, 2, 2))
    assert one == two == again
    assert len(one.diagnostics) > 50
    assert told(one) == sorted(
        told(one), key=lambda t: (t.partition(":")[0], int(t.partition(":")[2].split()[0]))
    )


@pytest.mark.parametrize("path", ["app/main.py", "app/noise.py", "app/services/users.py"])
def test_a_file_alone_and_with_its_project_gives_the_same(tmp_path: Path, path: str) -> None:
    write(tmp_path, PROJECT)
    whole = [d for d in lint(tmp_path, Sleeps(), Models()).diagnostics if d.path == path]
    assert seen(lint(tmp_path, Sleeps(), Models(), paths=(path,))) == whole
    assert path == "app/services/users.py" or len(whole) == 1


def test_what_other_files_tell(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    found = [d.message for d in lint(tmp_path, Models()).diagnostics]
    assert found == ["app/main.py returns list[User]"]


def test_a_broken_file_beside_is_unknown_and_not_told_of(tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, "app/models.py": "class (:\n"})
    assert told(lint(tmp_path, Models(), Sleeps(), paths=("app/main.py", "app/noise.py"))) == [
        "app/noise.py:3 API981"
    ]


# -------------------------------------------------------------------------------------------------------- silence


def test_tests_are_quiet_unless_included(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    assert told(lint(tmp_path)) == ["app/noise.py:3 API981"]
    assert told(lint(tmp_path, include_tests=True)) == [
        "app/noise.py:3 API981",
        "tests/test_app.py:3 API981",
    ]


def test_generated_files_are_quiet_for_the_rules_that_say_so(tmp_path: Path) -> None:
    class Handwritten(Sleeps):
        code = "API983"
        quiet_in = frozenset({"generated"})

    write(tmp_path, {"a.py": f"# Code generated by gen. DO NOT EDIT.\n{SLEEP}", "b.py": SLEEP})
    rules = Sleeps(), Handwritten()
    assert told(lint(tmp_path, *rules)) == ["a.py:4 API981", "b.py:3 API981", "b.py:3 API983"]
    assert "a.py:4 API983" in told(lint(tmp_path, *rules, include_tests=True))


def test_rules_that_are_silent_in_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": SLEEP, "b.py": SLEEP})
    settings = Settings()
    result = run(
        find([str(tmp_path)], settings), (Sleeps(), Raises()), settings,
        silent=lambda path: frozenset({"API981"}) if path == "a.py" else frozenset(),
    )  # fmt: skip
    assert told(result) == ["a.py:3 API982", "b.py:3 API981", "b.py:3 API982"]


def test_suppressed_findings_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": SLEEP.rstrip() + "  # noqa: API981\n    time.sleep(2)\n"})
    result = lint(tmp_path)
    assert told(result) == ["a.py:4 API981"]
    assert (result.suppressed, result.files) == (1, 1)


def test_sources_from_standard_input(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    settings = Settings()
    project = find_stdin(str(tmp_path / "app/noise.py"), settings)
    source = b"\n" + SLEEP.encode()
    result = run(project, (Sleeps(), Models()), settings, sources={"app/noise.py": source})
    assert told(result) == ["app/noise.py:4 API981"]
    nameless = find_stdin(None, settings)
    assert told(run(nameless, (Sleeps(),), settings, sources={nameless.targets[0]: source})) == [
        "-:4 API981"
    ]


def test_standard_input_for_a_file_that_does_not_exist(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    settings = Settings()
    project = find_stdin(str(tmp_path / "app/new.py"), settings)
    source = PROJECT["app/main.py"].encode()
    result = run(project, (Models(),), settings, sources={"app/new.py": source})
    assert told(result) == ["app/new.py:6 API986"]


def test_routes_of_a_project(tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, "bad.py": "def (:\n"})
    settings = Settings()
    found, failures = routes(find([str(tmp_path)], settings), settings)
    assert [(r.source, r.paths) for r in found] == [("app/main.py", ("/users",))]
    assert [f.path for f in failures] == ["bad.py"]


def test_progress(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    settings = Settings()
    calls: list[tuple[str, int, int]] = []
    run(find([str(tmp_path)], settings), (Sleeps(),), settings, progress=lambda *a: calls.append(a))
    assert [phase for phase, done, whole in calls if done == whole] == ["indexing", "linting"]


class MovesAway(Rule):
    """Says `later(…)` from a new module, which has a finding of its own where the old one had none."""

    code, message, words = "API987", "not here", ("later",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        if isinstance(call.func, cst.Name) and call.func.value == "later":
            edits = (Replace(call, cst.Integer("0")), AddCode("made.py", SLEEP))
            yield replace(self.found(call), fix=Fix("move it away", "unsafe", edits))


def test_a_file_that_a_fix_would_make_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def later(): ...\nlater()\n")
    rules = (MovesAway(), Sleeps())
    done = fix(find([str(tmp_path)], Settings()), rules, Settings(), unsafe=True, jobs=1)
    assert not done.changes
    assert [d.code for d in done.result.diagnostics] == ["API987"]
    assert "API981" in done.refused["app.py"]


class Pid(Rule):
    """Tells in which process it runs."""

    code, message, words = "API988", "{pid}", ("sleep",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        yield self.found(call, pid=os.getpid())


@pytest.mark.skipif(sys.platform != "linux", reason="needs forks")
@pytest.mark.parametrize(("settings", "is_here"), [(Settings(), False), (Settings(timeout=0), True)])
def test_without_a_deadline_all_is_done_here(tmp_path: Path, settings: Settings, is_here: bool) -> None:
    (tmp_path / "app.py").write_text(SLEEP)
    result = run(find([str(tmp_path)], settings), (Pid(),), settings, jobs=1)
    assert ([d.message for d in result.diagnostics] == [str(os.getpid())]) is is_here


class Removes(Rule):
    """Takes `later()` away."""

    code, message, words = "API986", "not later", ("later",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        if isinstance(call.func, cst.Name) and call.func.value == "later":
            yield replace(
                self.found(call), fix=Fix("take it away", "unsafe", (Replace(call, cst.Integer("0")),))
            )


def test_a_file_in_which_somebody_else_is_at_work_stops_no_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("later()\n")
    (tmp_path / "b.py").write_text("import time\nasync def f():\n    time.wait(1)\n")
    visit = engine_module._Session.visit

    def at_work(session: engine_module._Session, *rest: object) -> Result:
        found = visit(session, *rest)  # type: ignore[arg-type]
        (tmp_path / "b.py").write_text(SLEEP)
        return found

    monkeypatch.setattr(engine_module._Session, "visit", at_work)
    settings = Settings(timeout=0)
    rules = (Removes(), Sleeps())
    done = fix(find([str(tmp_path)], settings), rules, settings, unsafe=True, jobs=1)
    assert list(done.changes) == ["a.py"]
    assert done.refused == {}
