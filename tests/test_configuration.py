"""The configuration as users meet it: files in folders, the command, and what it says when they are wrong."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from api_lint import __version__
from test_cli import POSIX, lint, write

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SLEEP = "import time\n\n\nasync def poll():\n    time.sleep(1)\n"
CALLS = "import requests\n\n\nasync def ask():\n    requests.get('/')\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with API601 in a.py and API602 in b.py of each of `.`, `one` and `one/two`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "project"
    for place in ("", "one/", "one/two/"):
        write(folder, f"{place}a.py", SLEEP)
        write(folder, f"{place}b.py", CALLS)
    write(folder, "pyproject.toml", "")
    monkeypatch.chdir(folder)
    return folder


def found(*arguments: str) -> list[str]:
    """Each finding as `path code`, paths relative to the working folder."""
    code, out, err = lint(*arguments, "--output-format", "json")
    assert code in (0, 1), err
    return sorted(f"{os.path.relpath(f['filename'])} {f['code']}" for f in json.loads(out))


ALL = [f"{place}{name}" for place in ("", "one/", "one/two/") for name in ("a.py API601", "b.py API602")]


def failed(*arguments: str) -> str:
    """What a command that cannot run says: one line, exit code 2."""
    code, out, err = lint(*arguments)
    assert (code, out) == (2, ""), (code, out, err)
    assert err.startswith("Error: ")
    assert err.count("\n") == 1, err
    return err.removeprefix("Error: ").rstrip("\n")


# ------------------------------------------------------------------------------------------------- folders with their own


def test_every_file_has_the_settings_of_the_nearest_configuration(root: Path) -> None:
    assert found() == sorted(ALL)
    write(root, "api-lint.toml", "ignore = ['API601']\n")
    write(root, "one/pyproject.toml", "[tool.api-lint]\nignore = ['API602']\n")
    write(root, "one/two/pyproject.toml", "[project]\nname = 'speaks of nothing'\n")
    expected = ["b.py API602", "one/a.py API601", "one/two/a.py API601"]
    assert found() == expected
    assert found("one/two", "b.py") == ["b.py API602", "one/two/a.py API601"]
    assert found("one/two") == ["one/two/a.py API601"]
    assert found("one/a.py", "a.py", "one/b.py") == ["one/a.py API601"]
    assert found("-j2") == expected


def test_the_first_of_a_folders_files_counts(root: Path) -> None:
    write(root, "pyproject.toml", "[tool.api-lint]\nselect = []\n")
    assert found() == []
    write(root, "api-lint.toml", "select = ['API601']\n")
    assert {line.split()[1] for line in found()} == {"API601"}
    write(root, ".api-lint.toml", "select = ['API602']\n")
    assert {line.split()[1] for line in found()} == {"API602"}


def test_patterns_count_from_the_folder_of_their_file(root: Path) -> None:
    write(root, "api-lint.toml", "exclude = ['/one/two/a.py', 'never']\n")
    assert found() == sorted(set(ALL) - {"one/two/a.py API601"})
    write(
        root,
        "one/api-lint.toml",
        "extend-exclude = ['/two/b.py']\nper-file-ignores = {'/a.py' = ['API6']}\n",
    )
    assert found() == sorted(set(ALL) - {"one/two/b.py API602", "one/a.py API601"})
    write(root, "one/api-lint.toml", "exclude = ['two']\n")
    write(root, "one/two/api-lint.toml", "no toml")
    assert found() == sorted(line for line in ALL if "two" not in line)


def test_options_and_strictness_are_those_of_the_folder(root: Path) -> None:
    source = "import logging\n\n\ndef f():\n    try:\n        g()\n    except Exception:\n        logging.exception('x')\n"
    for place in ("", "one/"):
        write(root, f"{place}c.py", source)
    write(root, "one/tests/test_c.py", source)
    assert found("--select", "API301") == []
    write(root, "one/api-lint.toml", "[rules.generic-except]\nstrict = true\n")
    assert found("--select", "API301") == ["one/c.py API301"]
    write(root, "one/api-lint.toml", "include-tests = true\n[rules.generic-except]\nstrict = true\n")
    assert found("--select", "API301") == ["one/c.py API301", "one/tests/test_c.py API301"]
    write(root, "one/tests/api-lint.toml", "")
    assert found("--select", "API301") == ["one/c.py API301"]


def test_facts_are_those_of_the_whole_project(root: Path) -> None:
    write(root, "one/helper.py", "import time\n\n\ndef nap():\n    time.sleep(1)\n")
    write(root, "c.py", "from one.helper import nap\n\n\nasync def f():\n    nap()\n")
    write(root, "one/__init__.py", "")
    write(root, "one/api-lint.toml", "select = []\n")
    assert [line for line in found() if "API606" in line] == ["c.py API606"]


def test_imports_start_in_folders_that_a_nested_configuration_names(root: Path) -> None:
    write(root, "one/code/deep/lib/helper.py", "import time\n\n\ndef nap():\n    time.sleep(1)\n")
    write(root, "one/other/lib/helper.py", "def nap():\n    pass\n")
    write(root, "one/c.py", "from lib.helper import nap\n\n\nasync def f():\n    nap()\n")
    assert [line for line in found() if "API606" in line] == []
    write(root, "one/api-lint.toml", "src = ['code/deep']\n")
    assert [line for line in found() if "API606" in line] == ["one/c.py API606"]


def test_the_command_line_lies_over_all_of_them(root: Path) -> None:
    write(root, "one/api-lint.toml", "ignore = ['API602']\nextend-select = ['API601']\n")
    assert found("--select", "API602", "--ignore", "API999") == [
        line for line in sorted(ALL) if "602" in line
    ]
    assert found("--config", "select = []") == []
    assert found("--config", "ignore = ['API601']") == ["b.py API602"]


def test_one_named_configuration_is_the_only_one(root: Path) -> None:
    write(root, "one/api-lint.toml", "select = []\n")
    named = write(root, "ci.toml", "ignore = ['API601']\n")
    assert found("--config", str(named)) == [line for line in sorted(ALL) if "602" in line]
    assert found("--isolated") == sorted(ALL)


def test_fixes_follow_the_configuration_of_the_folder(root: Path) -> None:
    write(root, "one/api-lint.toml", "ignore = ['API601']\n")
    lint("--fix")
    assert "asyncio" in (root / "a.py").read_text()
    assert "asyncio" not in (root / "one/a.py").read_text()


def test_standard_input_has_the_settings_of_the_folder_it_stands_in(root: Path) -> None:
    write(root, "one/api-lint.toml", "ignore = ['API601']\n")
    assert lint("--stdin-filename", "one/new.py", "-", stdin=SLEEP)[0] == 0
    assert lint("--stdin-filename", "new.py", "-", stdin=SLEEP)[0] == 1


def test_an_error_in_a_nested_file_names_it(root: Path) -> None:
    nested = write(root, "one/api-lint.toml", "\nselct = []\n")
    assert failed() == f"{nested}:2: unknown key `selct` (did you mean `select`?)"


# --------------------------------------------------------------------------------------------------------------- extend


def test_extend(root: Path) -> None:
    write(root, "base.toml", "ignore = ['API601']\nextend-exclude = ['/one/two/']\nmax-file-size = 7\n")
    write(root, "api-lint.toml", "extend = './base.toml'\nmax-file-size = 900\n")
    assert found() == ["b.py API602", "one/b.py API602"]
    write(
        root,
        "api-lint.toml",
        "extend = 'base.toml'\nmax-file-size = 900\nselect = ['API6']\nextend-exclude = ['b.py']\n",
    )
    assert found() == []
    write(
        root,
        "api-lint.toml",
        "extend = 'base.toml'\nmax-file-size = 900\nselect = ['API6']\nignore = ['API602']\n",
    )
    assert found() == ["a.py API601", "one/a.py API601"]


def test_patterns_of_a_base_count_from_the_folder_of_the_base(root: Path) -> None:
    write(
        root,
        "base.toml",
        "exclude = ['/one/two/a.py']\n[per-file-ignores]\n'one/*.py' = ['API602']\n'*/a.py' = ['API601']\n",
    )
    write(root, "one/api-lint.toml", "extend = '../base.toml'\n")
    assert found("one") == ["one/two/b.py API602"]
    assert found("one", "a.py") == ["a.py API601", "one/two/b.py API602"]


def test_extend_goes_on_and_reads_a_pyproject(root: Path) -> None:
    write(
        root,
        "pyproject.toml",
        "[tool.api-lint]\nextend = '~/home.toml'\n[tool.api-lint.rules.generic-except]\nstrict = false\n",
    )
    write(
        root.parent,
        "home.toml",
        "select = ['API601']\n[rules.logic-in-route]\nmax-lines = 7\n[rules.generic-except]\nstrict = true\n",
    )
    write(root, "one/api-lint.toml", "extend = '../pyproject.toml'\n")
    assert {line.split()[1] for line in found()} == {"API601"}
    shown = tomllib.loads(lint("--show-settings", "one")[1])
    assert shown["rules"]["logic-in-route"] == {"max-lines": 7, "max-branches": 4}
    assert shown["rules"]["generic-except"] == {"strict": False}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"api-lint.toml": "\nextend = 'api-lint.toml'"}, "api-lint.toml:2: `extend` goes in a circle, back to {}/api-lint.toml"),
        (
            {"api-lint.toml": "extend = 'x.toml'", "x.toml": "extend = 'one/../api-lint.toml'"},
            "x.toml:1: `extend` goes in a circle, back to {}/api-lint.toml",
        ),
        ({"api-lint.toml": "extend = 'x.toml'"}, "api-lint.toml:1: `extend` cannot be followed: {}/x.toml: no such file"),
        ({"api-lint.toml": "extend = 'one'"}, "api-lint.toml:1: `extend` cannot be followed: {}/one: a folder, not a file"),
        ({"api-lint.toml": "extend = ['x']"}, "api-lint.toml:1: `extend` must be a string, not a list"),
        ({"api-lint.toml": "extend = ''"}, "api-lint.toml:1: `extend` must name a file"),
        ({"api-lint.toml": "extend = '\\u0000'"}, "api-lint.toml:1: `extend` cannot"),
        ({"api-lint.toml": 'extend = "a\\u0000"'}, "api-lint.toml:1: `extend` must name a file"),
        (
            {"api-lint.toml": "extend = 'one/pyproject.toml'", "one/pyproject.toml": "[project]"},
            "api-lint.toml:1: `extend` cannot be followed: {}/one/pyproject.toml: there is no [tool.api-lint]",
        ),
        ({"api-lint.toml": "extend = 'x.toml'", "x.toml": "\n\nstrct = true"}, "x.toml:3: unknown key `strct` (did you mean `strict`?)"),
        ({"api-lint.toml": "extend = 'x.toml'", "x.toml": "["}, "x.toml:1: not valid TOML: "),
    ],
)  # fmt: skip
def test_wrong_extends(root: Path, files: dict[str, str], told: str) -> None:
    for name, text in files.items():
        write(root, name, text)
    assert failed().startswith(f"{root}/{told.format(root)}")


# ------------------------------------------------------------------------------------------------------ required-version


@pytest.mark.parametrize("asked", [">=0.0.1", f"=={__version__}", __version__, ">=0.0.1,<99", "!=0.0.1"])
def test_a_version_that_is_allowed(root: Path, asked: str) -> None:
    write(root, "api-lint.toml", f"required-version = '{asked}'\n")
    assert found() == sorted(ALL)


@pytest.mark.parametrize("asked", [">=99", "==0.0.1", "0.0.1", "~=0.0.1", ">0,<0.0.2"])
def test_a_version_that_is_not(root: Path, asked: str) -> None:
    """It is told before anything that only the other version would know."""
    source = write(root, "api-lint.toml", f"new-key = 1\nrequired-version = '{asked}'\n")
    told = f"`required-version` asks for api-lint {asked}, and this is {__version__}"
    assert failed() == f"{source}:2: {told}"
    assert failed("--isolated", "--config", f"required-version = '{asked}'") == f"--config: {told}"


def test_what_is_no_version(root: Path) -> None:
    source = write(root, "api-lint.toml", "required-version = 'latest'\n")
    assert failed().startswith(
        f"{source}:1: `required-version` must be a version such as `>=0.4,<1`: `latest`"
    )
    write(root, "api-lint.toml", "required-version = 1\n")
    assert failed() == f"{source}:1: `required-version` must be a string, not a number"


# ---------------------------------------------------------------------------------------------------- files that are wrong


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"\xff\xfes\x00", ":1: not valid TOML: not UTF-8"),
        (b"strict = true\n# \xe9\n", ":2: not valid TOML: not UTF-8"),
        (b"strict = true\n[", ":2: not valid TOML: "),
        (b"strict = true\r\nselect = [\r\n'a',\r\n1]\r\n", ":2: `select[1]` must be a string, not a number"),
        (b"\xef\xbb\xbf\nsrc = ['..']\n", ":2: `src` must name folders inside the project, not `..`"),
        (b"[rules]\n\n[rules.logic-in-rout]\n", ":3: unknown rule `rules.logic-in-rout` (did you mean `logic-in-route`?)"),
        (b"[rules.logic-in-route]\n# of lines\nmax-line = 7\n", ":3: unknown key `rules.logic-in-route.max-line` (did you mean `max-lines`?)"),
        (b"[rules.logic-in-route]\nmax-lines = 0\n", ":2: `rules.logic-in-route.max-lines` must be at least 1, not 0"),
        (b"\nselect = ['generic-exept']\n", ":2: `select` names an unknown rule `generic-exept` (did you mean `generic-except`?)"),
        (b"[per-file-ignores]\n'a.py' = []\n'b.py' = ['blok']\n", ":3: `per-file-ignores.\"b.py\"` names an unknown rule `blok`"),
        pytest.param(b"x = '" + b"y" * 4_000_001 + b"'", ": larger than 4000000 bytes", id="4 MB"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)  # fmt: skip
def test_the_file_and_the_row_are_told(root: Path, text: bytes, told: str) -> None:
    source = write(root, "api-lint.toml", text)
    assert failed().startswith(f"{source}{told}")
    if b"[" not in text[:2] and b"\xff" not in text and len(text) < 1000:
        os.remove(source)
        assert found("--isolated") == sorted(ALL)


def test_of_several_places_the_wrong_one_is_told(root: Path) -> None:
    base = write(root, "base.toml", "ignore = ['API4', 'blok']\n")
    source = write(root, "api-lint.toml", "extend = 'base.toml'\nignore = ['API5']\n")
    assert failed() == f"{base}:1: `ignore` names an unknown rule `blok`"
    write(root, "base.toml", "ignore = ['API4']\n")
    assert failed("--ignore", "blok") == "--ignore: `ignore` names an unknown rule `blok`"
    write(root, "api-lint.toml", "extend = 'base.toml'\nignore = ['blok']\n")
    assert failed("--ignore", "API5") == f"{source}:2: `ignore` names an unknown rule `blok`"


def test_the_row_in_a_pyproject(root: Path) -> None:
    text = "[tool.other]\nselct = 1\ntext = '''\nselct = 1\n'''\n[tool.api-lint]\nignore = [\n  'selct',\n]\nselct = 1\n"
    source = write(root, "pyproject.toml", text)
    assert failed() == f"{source}:10: unknown key `selct` (did you mean `select`?)"


def test_what_is_no_file(root: Path) -> None:
    (root / "api-lint.toml").mkdir()
    assert failed() == f"{root / 'api-lint.toml'}: a folder, not a file"


@POSIX
def test_files_that_cannot_be_read(root: Path) -> None:
    source = root / "one/api-lint.toml"
    os.mkfifo(source)
    assert failed() == f"{source}: not a regular file"
    os.remove(source)
    source.symlink_to("nowhere")
    assert failed() == f"{source}: no such file"
    os.remove(source)
    write(root, "one/api-lint.toml", "").chmod(0)
    if not os.access(source, os.R_OK):
        assert failed() == f"{source}: Permission denied"


def test_a_folder_called_pyproject_says_nothing(root: Path) -> None:
    (root / "one/pyproject.toml").mkdir()
    assert found() == sorted(ALL)


def test_hostile_keys_do_not_reach_the_terminal(root: Path) -> None:
    write(root, "api-lint.toml", '"\\u001b[31m\\u202e\\n::error::" = 1\n')
    told = failed()
    assert "\x1b" not in told
    assert "\u202e" not in told


# -------------------------------------------------------------------------------------------------------- show-settings


def test_settings_with_where_they_come_from(root: Path) -> None:
    write(
        root,
        "base.toml",
        "extend-exclude = ['a']\nignore = ['API5']\n[rules.logic-in-route]\nmax-lines = 7\n",
    )
    write(
        root,
        "api-lint.toml",
        "extend = 'base.toml'\nextend-exclude = ['b']\nstrict = true\n[per-file-ignores]\n'x*' = ['API4']\n",
    )
    code, out, _ = lint("--show-settings", "--ignore", "API402", "--config", "max-file-size = 9")
    assert code == 0
    assert 'ignore = ["API5", "API402"]  # base.toml, --ignore\n' in out
    assert 'extend-exclude = ["a", "b"]  # base.toml, api-lint.toml\n' in out
    assert "max-file-size = 9  # --config\n" in out
    assert "include-tests = false  # default\n" in out
    assert "max-lines = 7  # base.toml\n" in out
    assert "max-branches = 4  # default\n" in out
    assert "[rules.generic-except]\nstrict = true  # api-lint.toml\n" in out
    shown = tomllib.loads(out)
    write(root, "api-lint.toml", out)
    os.remove(root / "base.toml")
    again = tomllib.loads(lint("--show-settings")[1])
    assert again == shown


def test_settings_of_one_file_and_as_json(root: Path) -> None:
    write(root, "api-lint.toml", "ignore = ['API601']\n")
    nested = write(root, "one/api-lint.toml", "select = ['API602']\n")
    assert "# Files below one have their own: one/api-lint.toml\n" in lint("--show-settings")[1]
    code, out, _ = lint("--show-settings", "--output-format", "json", "one/a.py", "a.py")
    shown = json.loads(out)
    assert code == 0
    assert shown["settings"]["select"] == {"value": ["API602"], "origins": ["one/api-lint.toml"]}
    assert shown["source"] == str(nested)
    assert [name for name, rule in shown["rules"].items() if rule["runs"]] == ["blocking-http-in-async"]
    assert shown["rules"]["logic-in-route"]["options"]["max-lines"] == {
        "value": 50,
        "origins": ["default"],
    }


def test_a_baseline_is_said_from_the_file_that_names_it(root: Path) -> None:
    write(root, "shared/base.toml", "baseline = 'old.json'\n")
    write(root, "api-lint.toml", "extend = 'shared/base.toml'\n")
    assert 'baseline = "shared/old.json"  # shared/base.toml\n' in lint("--show-settings")[1]
    write(root, "api-lint.toml", "extend = 'shared/base.toml'\nbaseline = ''\n")
    assert 'baseline = ""  # api-lint.toml\n' in lint("--show-settings")[1]


def test_a_baseline_outside_is_another_projects(root: Path) -> None:
    write(root, "base.toml", "baseline = 'old.json'\n")
    write(root, "app/api-lint.toml", "extend = '../base.toml'\n")
    assert 'baseline = ""  # default\n' in lint("--show-settings", "app")[1]
