"""Fixes and files: what stays as it is to the byte, where imports go, and that files are written together or not at all."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from api_lint import AddLine, TextEdit, TextFix, config, discover, engine, fixes, registry
from api_lint.engine import Fixed
from api_lint.facts import Span
from api_lint.index import index

SLEEP = "async def poll():\n    time.sleep(1)\n"


def fix(root: Path, *codes: str, unsafe: bool = True) -> Fixed:
    settings = config.load(root).chosen(codes or ("API60",), (), ())
    rules = registry.choose(registry.load(), settings).rules
    return engine.fix(discover.find([str(root)], settings), rules, settings, unsafe=unsafe, jobs=1)


def fixed(root: Path, source: bytes | str, name: str = "app.py") -> bytes:
    """The source with its fixes, which a second run leaves alone."""
    (root / "api-lint.toml").touch()
    content = source if isinstance(source, bytes) else source.encode()
    (root / name).write_bytes(content)
    after = fix(root).changes.get(name, (None, content))[1]
    (root / name).write_bytes(after)
    assert not fix(root).changes
    return after


def run(*arguments: str, folder: Path, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "api_lint", "check", "--select", "API601", *arguments],
        cwd=folder, input=stdin, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


# ---------------------------------------------------------------------------------------------------------- bytes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"import time\r\n\r\nasync def f():\r\n    time.sleep(1)\r\n", b"import asyncio\r\n\r\nasync def f():\r\n    await asyncio.sleep(1)\r\n"),
        (b"import time\nX = 1\r\nasync def f():\n    time.sleep(1)\n", b"import asyncio\nX = 1\r\nasync def f():\n    await asyncio.sleep(1)\n"),
        (b"\xef\xbb\xbfimport time\nasync def f():\n    time.sleep(1)", b"\xef\xbb\xbfimport asyncio\nasync def f():\n    await asyncio.sleep(1)"),
        (b"# coding: latin-1\nimport time\nasync def f():\n    time.sleep(1)  # caf\xe9\n", b"# coding: latin-1\nimport asyncio\nasync def f():\n    await asyncio.sleep(1)  # caf\xe9\n"),
        ("import time\nasync def f():\n    'é'; time.sleep(1); x = 'ü'\n".encode(), "import asyncio\nasync def f():\n    'é'; await asyncio.sleep(1); x = 'ü'\n".encode()),
        (b"import time\nasync def f():\n\ttime.sleep(1)\n\f\nX = 1 \n", b"import asyncio\nasync def f():\n\tawait asyncio.sleep(1)\n\f\nX = 1 \n"),
    ],
    ids=["crlf", "mixed", "bom", "latin-1", "columns", "tabs and form feed"],
)  # fmt: skip
def test_bytes_outside_the_edits_stay(tmp_path: Path, before: bytes, after: bytes) -> None:
    assert fixed(tmp_path, before) == after


def test_a_file_of_lone_carriage_returns_stays_or_parses(tmp_path: Path) -> None:
    after = fixed(tmp_path, b"import time\rasync def f():\r    time.sleep(1)\r")
    compile(after, "app.py", "exec")
    assert b"\n" not in after


# -------------------------------------------------------------------------------------------------------- imports


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("import time\n", "import asyncio\n"),
        ("import time\nimport zlib\n\nprint(zlib, time.time())\n", "import asyncio\nimport time\nimport zlib\n\nprint(zlib, time.time())\n"),
        ("import ast, time\nprint(ast)\n", "import ast\nimport asyncio\nprint(ast)\n"),
        ('"""Doc."""\n\nfrom __future__ import annotations\n\nimport time\n', '"""Doc."""\n\nfrom __future__ import annotations\n\nimport asyncio\n'),
        ("import asyncio as aio\nimport time\n", "import asyncio as aio\n"),
        ("from asyncio import sleep\nimport time\n", "from asyncio import sleep\n"),
        ("import time  # the clock\n", "import asyncio\n# the clock\n"),
        ("import time  # noqa: F401\n", "import asyncio\n"),
        ("import anyio\nimport time\nanyio\n", "import anyio\nanyio\n"),
        ("import time\nimport fastapi\nfastapi\n", "import asyncio\nimport fastapi\nfastapi\n"),
        ("try:\n    import time\nexcept ImportError:\n    raise\n", "import asyncio\n\ntry:\n    pass\nexcept ImportError:\n    raise\n"),
        ("from typing import TYPE_CHECKING\nimport time\nif TYPE_CHECKING:\n    import asyncio\n", None),
        ("import time\n__all__ = ['time']\n", "import asyncio\nimport time\n__all__ = ['time']\n"),
        ("import time\nx: 'time.struct_time'\n", "import asyncio\nimport time\nx: 'time.struct_time'\n"),
    ],
)  # fmt: skip
def test_imports_come_and_go_in_the_files_own_style(
    tmp_path: Path, head: str, expected: str | None
) -> None:
    after = fixed(tmp_path, head + SLEEP).decode()
    compile(after, "app.py", "exec")
    if expected is None:
        assert after == head + SLEEP
        return
    begin = after[: after.index("async def")]
    assert begin == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("X = 1\n", "import asyncio\n\nX = 1\n"),
        ("", "import asyncio\n\n"),
        ('"""Doc."""\nX = 1\n', '"""Doc."""\n\nimport asyncio\n\nX = 1\n'),
        ('"""Doc."""\n\nX = 1\n', '"""Doc."""\n\nimport asyncio\n\nX = 1\n'),
        ("#!/usr/bin/python\n# coding: utf-8\nX = 1\n", "#!/usr/bin/python\n# coding: utf-8\nimport asyncio\n\nX = 1\n"),
        ("# Licence.\n\nX = 1\n", "# Licence.\n\nimport asyncio\n\nX = 1\n"),
        ("import os; TEXT = '''\n'''\n", "import asyncio\nimport os; TEXT = '''\n'''\n"),
        ("import abc; TEXT = '''\n'''\n", "import abc; TEXT = '''\n'''\nimport asyncio\n"),
        ("import fastapi\n", "import asyncio\n\nimport fastapi\n"),
        ("from . import x\n", "import asyncio\n\nfrom . import x\n"),
        ("import abc\nfrom ast import parse\nimport os\n", "import abc\nfrom ast import parse\nimport asyncio\nimport os\n"),
        ("import os\nfrom ast import parse\n", "import asyncio\nimport os\nfrom ast import parse\n"),
        ("import os", "import asyncio\nimport os"),
        ("import abc", "import abc\nimport asyncio\n"),
        ("def f(): pass\nimport os\n", "import asyncio\n\ndef f(): pass\nimport os\n"),
    ],
)  # fmt: skip
def test_an_import_is_put_where_the_file_would_have_it(before: str, after: str) -> None:
    facts = index(before.encode(), "a.py")
    assert fixes._edited(before, fixes._import_edits(before, facts, [("asyncio", "")])) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\n\nimport fastapi\nX = 1\n", "import os\n\nimport fastapi\n\nfrom app.services import users\nX = 1\n"),
        ("import fastapi\n\nfrom . import db\n", "import fastapi\n\nfrom app.services import users\n\nfrom . import db\n"),
        ("from . import db\n", "from app.services import users\n\nfrom . import db\n"),
        ("import fastapi\n\nfrom app import db\n", "import fastapi\n\nfrom app import db\nfrom app.services import users\n"),
        ("from __future__ import annotations\n\nimport os\n", "from __future__ import annotations\n\nimport os\n\nfrom app.services import users\n"),
    ],
)  # fmt: skip
def test_what_is_the_projects_own_stands_below_the_rest(before: str, after: str) -> None:
    facts = index(before.encode(), "backend/app/routes/users.py")
    edits = fixes._import_edits(before, facts, [("app.services", "users")])
    assert fixes._edited(before, edits) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from a import b, d\n", "from a import b, c, d\n"),
        ("from a import d\n", "from a import c, d\n"),
        ("from a import b  # noqa: F401\n", "from a import b, c  # noqa: F401\n"),
        ("from a import (b, d)\n", "from a import (b, c, d)\n"),
        # In the file's own order, or behind those that have none.
        ("from a import B, D, x\n", "from a import B, D, c, x\n"),
        ("from a import B, d\n", "from a import B, c, d\n"),
        ("from a import d, b\n", "from a import d, b, c\n"),
        ("from a import b as x, d as y\n", "from a import b as x, c, d as y\n"),
        ("from a import (\n    b,  # kept\n    d,\n)\n", "from a import (\n    b,  # kept\n    c,\n    d,\n)\n"),
        ("from a import (\n    d,\n)\n", "from a import (\n    c,\n    d,\n)\n"),
        ("from a import (\n    b,\n)\n", "from a import (\n    b,\n    c,\n)\n"),
        ("from .a import b\nfrom a import d\n", "from .a import b\nfrom a import c, d\n"),
        ("from a import b\nfrom a import d\n", "from a import b, c\nfrom a import d\n"),
        # On a row of its own where the other is full, or written in another way.
        (f"from a import b{'b' * 84}\n", f"from a import b{'b' * 84}\nfrom a import c\n"),
        ("from a import (\n    b\n)\n", "from a import (\n    b\n)\nfrom a import c\n"),
        ("from a import (b,\n    d)\n", "from a import (b,\n    d)\nfrom a import c\n"),
        ("from a import b, \\\n    d\n", "from a import b, \\\n    d\nfrom a import c\n"),
        ("from a import *\n", "from a import *\nfrom a import c\n"),
        ("import a\n", "import a\nfrom a import c\n"),
        ("if X:\n    from a import b\n", "from a import c\n\nif X:\n    from a import b\n"),
    ],
)  # fmt: skip
def test_a_name_joins_those_of_its_module(before: str, after: str) -> None:
    facts = index(before.encode(), "a.py")
    assert fixes._edited(before, fixes._import_edits(before, facts, [("a", "c")])) == after


def test_names_join_in_any_number() -> None:
    before = "from a import B, y\n"
    needs = [("a", "x"), ("a", "A"), ("a", "z")]
    facts = index(before.encode(), "a.py")
    wanted = "from a import A, B, x, y, z\n"
    assert fixes._edited(before, fixes._import_edits(before, facts, needs)) == wanted
    assert fixes._with_imports(before, facts, needs, "\n") == wanted


def test_a_name_that_another_file_imports_from_here_stays(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("from app import time\n\nasync def f():\n    return time\n")
    assert b"import time" in fixed(tmp_path, "import time\n" + SLEEP)


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        ("from app.tools.clock import sleep\n", True),
        ("from tools.clock import sleep\n", True),
        ("from src.app.tools.clock import sleep\n", True),
        ("from .tools.clock import sleep\n", True),
        ("from .tools.clock import *\n", True),
        ("def f():\n    from .tools.clock import sleep\n", True),
        (
            "from app.tools.clock import (  # all\n    poll,\n    # for others\n    sleep as nap,\n)\n",
            True,
        ),
        ("from app.tools.clock import poll, \\\n    sleep\n", True),
        ("from app.tools.clock import poll, time as sleep\n", False),
        # Other modules of that name.
        ("from app.models.clock import sleep\n", False),
        ("from models.clock import sleep\n", False),
        ("from .clock import sleep\n", False),
        ("from .models.clock import sleep\n", False),
        ("from ..tools.clock import sleep\n", False),
    ],
)
def test_only_a_name_imported_from_this_very_module_stays(
    tmp_path: Path, other: str, stays: bool
) -> None:
    (tmp_path / "app/tools").mkdir(parents=True)
    (tmp_path / "app/other.py").write_text(other)
    code = "from time import sleep\n\n\nasync def poll():\n    sleep(1)\n"
    assert (b"from time import sleep" in fixed(tmp_path, code, "app/tools/clock.py")) is stays


def test_names_over_several_rows_are_taken_out_one_by_one(tmp_path: Path) -> None:
    before = "from time import (\n    monotonic,  # a\n    sleep,\n)\n\nasync def f():\n    sleep(monotonic())\n"
    assert fixed(tmp_path, before).decode() == (
        "import asyncio\nfrom time import (\n    monotonic,  # a\n)\n\n"
        "async def f():\n    await asyncio.sleep(monotonic())\n"
    )


@pytest.mark.parametrize(
    ("head", "after"),
    [
        ("import time\n\n\ndef f(): time\n", "def f(): x\n"),
        ("import time\n\nfrom app import y\ny, time\n", "from app import y\ny, x\n"),
        ("import os\n\nimport time\n\n\nos, time\n", "import os\n\n\nos, x\n"),
        ("import os\n\nimport time\n\nfrom app import y\nos, y, time\n", "import os\n\nfrom app import y\nos, y, x\n"),
        ("import os\nimport time\n\nfrom app import y\nos, y, time\n", "import os\n\nfrom app import y\nos, y, x\n"),
        ('"""Doc."""\n\nimport time\n\n\ntime\n', '"""Doc."""\n\n\nx\n'),
    ],
)  # fmt: skip
def test_a_group_of_imports_goes_with_its_blank_row(head: str, after: str) -> None:
    row = head.count("\n")
    start = head.rindex("time") - head.rindex("\n", 0, -1) - 1
    assert applied(head, edit(row, start, start + 4, "x")) == after


def test_an_import_within_a_function_goes_with_its_last_use_there(tmp_path: Path) -> None:
    before = "async def f():\n    import time\n    time.sleep(1)\n\ndef g():\n    import time\n    time.sleep(1)\n"
    assert fixed(tmp_path, before).decode() == (
        "import asyncio\n\nasync def f():\n    await asyncio.sleep(1)\n\ndef g():\n    import time\n    time.sleep(1)\n"
    )


# ----------------------------------------------------------------------------------------------------- one by one


def edit(line: int, col: int, end: int, content: str) -> TextFix:
    return TextFix("", "safe", (TextEdit(Span(line, col, line, end), content),))


def applied(text: str, *wanted: TextFix) -> str:
    return fixes.apply(fixes.read(text.encode()), index(text.encode(), "a.py"), wanted).text


def test_edits_that_meet_wait_and_equal_ones_are_made_once() -> None:
    assert applied("abc = 1\n", edit(1, 0, 3, "x"), edit(1, 1, 2, "y")) == "x = 1\n"
    assert applied("abc = 1\n", edit(1, 0, 3, "x"), edit(1, 0, 3, "x")) == "x = 1\n"


def test_a_fix_that_does_harm_does_not_keep_the_others_back() -> None:
    text = "a = 1\nb = 2  # why\n"
    assert applied(text, edit(1, 0, 1, "x"), edit(2, 0, 12, "b = 3")) == "x = 1\nb = 2  # why\n"
    with pytest.raises(fixes.Refused, match="a comment would be lost"):
        applied(text, edit(2, 0, 12, "b = 3"))
    with pytest.raises(fixes.Refused, match="no Python"):
        applied(text, edit(1, 0, 1, "1"))
    with pytest.raises(fixes.Refused, match="await outside a coroutine"):
        applied("def f(): x()\n", edit(1, 9, 12, "await x()"))
    with pytest.raises(fixes.Refused, match="no Python"):
        applied("a = 1\n", replace(edit(1, 0, 1, "x"), imports=(("my-app", "x"),)))


def test_characters_that_the_encoding_lacks_refuse_the_fix() -> None:
    source = fixes.read(b"# coding: latin-1\na = 1\n")
    with pytest.raises(fixes.Refused, match="does not have"):
        source.encode("a = '\u20ac'\n")


# ---------------------------------------------------------------------------------------------------------- files


def test_mode_is_kept_and_links_within_the_root_are_followed(tmp_path: Path) -> None:
    file, link = tmp_path / "a.py", tmp_path / "b.py"
    file.write_bytes(b"1")
    file.chmod(0o750)
    link.symlink_to(file)
    change = fixes.Change(str(link), b"1", b"2")
    fixes.write([change, change], str(tmp_path))
    assert (file.read_bytes(), link.is_symlink()) == (b"2", True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away"
)
def test_a_file_of_somebody_else_stays_theirs(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"1")
    os.chown(file, 1234, 4321)
    file.chmod(0o640)
    fixes.write([fixes.Change(str(file), b"1", b"2")], str(tmp_path))
    state = file.stat()
    assert (file.read_bytes(), state.st_uid, state.st_gid) == (b"2", 1234, 4321)
    assert stat.S_IMODE(state.st_mode) == 0o640


def test_all_files_or_none(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    outside, first, second = tmp_path / "o.py", root / "a.py", root / "b.py"
    outside.write_bytes(b"1")
    first.write_bytes(b"1")
    second.symlink_to(outside)
    changes = [fixes.Change(str(p), b"1", b"2") for p in (first, second)]
    with pytest.raises(fixes.Refused, match="out of the project"):
        fixes.write(changes, str(root))
    assert (first.read_bytes(), outside.read_bytes()) == (b"1", b"1")
    assert sorted(os.listdir(root)) == ["a.py", "b.py"]


@pytest.mark.parametrize("content", [b"other", None])
def test_a_file_that_changed_meanwhile_is_left_and_so_are_its_friends(
    tmp_path: Path, content: bytes | None
) -> None:
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    first.write_bytes(b"1")
    if content is not None:
        second.write_bytes(content)
    with pytest.raises(fixes.Refused, match="meanwhile"):
        fixes.write([fixes.Change(str(p), b"1", b"2") for p in (first, second)], str(tmp_path))
    assert first.read_bytes() == b"1"
    assert not list(tmp_path.glob(".api-lint-*"))


def test_a_rename_that_fails_puts_the_others_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, new = tmp_path / "a.py", tmp_path / "new.py"
    first.write_bytes(b"1")
    rename = os.replace

    def failing(source: str, target: str) -> None:
        if target.endswith("new.py"):
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(PermissionError):
        fixes.write(
            [fixes.Change(str(first), b"1", b"2"), fixes.Change(str(new), None, b"2")], str(tmp_path)
        )
    assert first.read_bytes() == b"1"
    assert os.listdir(tmp_path) == ["a.py"]


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() == 0, reason="the superuser writes anywhere"
)
def test_a_read_only_file_is_left(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"1")
    file.chmod(0o444)
    with pytest.raises(fixes.Refused, match="read-only"):
        fixes.write([fixes.Change(str(file), b"1", b"2")], str(tmp_path))


def test_files_that_a_fix_links_are_one_group(tmp_path: Path) -> None:
    fixer = engine._Fixer.__new__(engine._Fixer)
    fixer.linked = [frozenset({"a", "env"}), frozenset({"b", "env"}), frozenset({"c"})]
    assert fixer._groups(["a", "b", "c", "env"]) == (("a", "b", "env"), ("c",))


def test_a_line_is_added_once() -> None:
    line = AddLine(".env.example", "KEY=")
    assert fixes.extend(fixes.read(b"A=1"), None, line) == "A=1\nKEY=\n"
    assert fixes.extend(fixes.read(b"KEY=\r\n"), None, line) == "KEY=\r\n"


# -------------------------------------------------------------------------------------------------------- command


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "api-lint.toml").touch()
    (tmp_path / "app.py").write_text("import time\n\n\n" + SLEEP)
    return tmp_path


def test_a_diff_writes_nothing_and_exits_with_1_if_something_would_change(project: Path) -> None:
    before = (project / "app.py").read_bytes()
    code, out, _ = run("--diff", folder=project)
    assert code == 1
    assert "--- app.py\n+++ app.py\n" in out
    assert "-    time.sleep(1)\n+    await asyncio.sleep(1)\n" in out
    assert (project / "app.py").read_bytes() == before
    assert run("--diff", "--exit-zero", folder=project)[0] == 0
    assert run("--fix", folder=project)[0] == 0
    assert run("--diff", folder=project)[:2] == (0, "")


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies it")
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_diff_can_be_applied(project: Path, end: str) -> None:
    """To a row at the end of its file, with and without an end; and where a fix makes a file."""
    url = 'import requests\n\nr = requests.get("https://pay.internal-acme.com/v1/charge")'
    (project / "app.py").write_text(f"import time\n\n\n{SLEEP}".rstrip("\n") + end)
    (project / "charge.py").write_text(url + end)
    fixed = shutil.copytree(project, project.parent / f"{project.name}-fixed")
    assert run("--extend-select", "API402", "--fix-only", "--unsafe-fixes", folder=fixed)[0] == 0
    code, out, _ = run("--extend-select", "API402", "--diff", "--unsafe-fixes", folder=project)
    assert code == 1
    patch = project.parent / "fix.diff"
    patch.write_text(out)
    subprocess.run(["git", "apply", "-p0", str(patch)], cwd=project, check=True)
    for name in ("app.py", "charge.py", ".env.example"):
        assert (project / name).read_bytes() == (fixed / name).read_bytes()


def test_fixes_are_listed_and_what_is_left_is_not_reported(project: Path) -> None:
    (project / "left.py").write_text("import time\nasync def f(asyncio):\n    time.sleep(1)\n")
    code, out, err = run("--fix-only", "--show-fixes", folder=project)
    assert (code, out) == (0, "")
    assert "app.py:5: API601 Await asyncio.sleep" in err
    assert "fixed: 1 finding in 1 file" in err
    code, out, _ = run("--fix", folder=project)
    assert code == 1
    assert "no fix here: the name asyncio means something else here" in out


def test_standard_input_comes_out_fixed(project: Path) -> None:
    source = b"import time\r\nasync def f():\r\n    time.sleep(1)\r\n"
    code, out, _ = run("--fix", "--stdin-filename", "app.py", "-", folder=project, stdin=source)
    assert (code, out) == (0, "import asyncio\r\nasync def f():\r\n    await asyncio.sleep(1)\r\n")
    assert b"time.sleep" in (project / "app.py").read_bytes()


def test_reports_show_the_fix(project: Path) -> None:
    _, out, _ = run("--output-format", "json", folder=project)
    found = json.loads(out)[0]["fix"]
    assert found["applicability"] == "safe"
    assert found["edits"][0]["content"] == "await asyncio.sleep(1)"
    assert found["edits"][0]["location"] == {"row": 5, "column": 5}
    assert found["imports"] == ["import asyncio"]
    _, out, _ = run(folder=project)
    assert "fix (--fix): Await asyncio.sleep" in out
    assert "+     await asyncio.sleep(1)" in out
