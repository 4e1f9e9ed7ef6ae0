"""Names and sources of the nasty corpus in all that is printed: nothing of it is obeyed, hidden or lost on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

import nasty
from api_lint.formats import FORMATS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs names that Windows refuses")
together = pytest.mark.xdist_group("escaping")

SOURCE = nasty.SOURCES["a path of escape codes"] + nasty.SOURCES["commands in a row"]
# What stands in a message: the path of a route, the names of an exception and of a class.
EVIL = "\\x1b]0;owned\\x07\\u202e::error::x##vso[task.complete]%0A</script><img src=x>]]>`|[x](http://x)"


def lint(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, **options: object
) -> tuple[int, bytes, bytes]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "CI_", "BUILD_"))}
    done = subprocess.run(
        [sys.executable, "-m", "api_lint", *arguments],
        cwd=folder, env={**clean, **(env or {})}, capture_output=True, timeout=300, check=False, **options,
    )  # type: ignore[call-overload] # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of each nasty name, with a source to match, and a broken one; every report in `out`."""
    root = tmp_path_factory.mktemp("escaping") / "project"
    root.mkdir()
    (root / "pyproject.toml").touch()
    for name in nasty.NAMES.values():
        (root / name).write_bytes(SOURCE)
    (root / "broken\x1b[2J.py").write_bytes(b"def \xe2\x80\xae(:\n")
    (root / "evil.py").write_text(
        "from fastapi import FastAPI\nfrom sqlalchemy.orm import DeclarativeBase\napp = FastAPI()\n"
        f"class \uff25vil(DeclarativeBase): ...\n@app.get('{EVIL}')\ndef read():\n    try:\n        return 1\n"
        "    except Exception:\n        return None\n"
    )
    out = root.parent / "out"
    out.mkdir()
    code, printed, err = lint(root, *(f"--output-format={name}={out / name}" for name in FORMATS))
    assert (code, printed, err) == (1, b"", b"")
    return root


def report(project: Path, name: str) -> bytes:
    return (project.parent / "out" / name).read_bytes()


def is_obeyed_or_hidden(char: str) -> bool:
    code = ord(char)
    return (code < 0x20 and char != "\n") or 0x7F <= code < 0xA0 or code in (
        0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029, 0xFEFF, 0xFFFD,
    )  # fmt: skip


def looks_harmless(output: bytes, what: str = "") -> str:
    text = output.decode("utf-8")  # strictly: lone surrogates are no UTF-8
    assert sorted({hex(ord(char)) for char in text if is_obeyed_or_hidden(char)}) == [], what
    return text


@together
@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_plain_text(project: Path, name: str) -> None:
    text = looks_harmless(report(project, name), name)
    if name not in ("github", "azure", "json", "jsonl", "sarif", "gitlab", "rdjson", "junit"):
        assert not any(row.lstrip().startswith(("::", "##[", "##vso[")) for row in text.splitlines())


# How each document tells the paths of its findings.
PATHS = {
    "json": lambda text: [os.path.relpath(row["filename"]) for row in json.loads(text)],
    "jsonl": lambda text: [os.path.relpath(json.loads(row)["filename"]) for row in text.splitlines()],
    "gitlab": lambda text: [row["location"]["path"] for row in json.loads(text)],
    "rdjson": lambda text: [row["location"]["path"] for row in json.loads(text)["diagnostics"]],
    "sarif": lambda text: [
        os.fsdecode(unquote_to_bytes(r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]))
        for r in json.loads(text)["runs"][0]["results"]
    ],
    "junit": lambda text: [case.get("name") for case in ET.fromstring(text).iter("testcase")],
}


@together
@pytest.mark.parametrize("name", PATHS)
def test_a_parser_reads_every_finding_of_every_file(project: Path, name: str) -> None:
    wanted = len(json.loads(report(project, "json")))
    paths = PATHS[name](report(project, name).decode())
    assert len(paths) >= wanted
    assert len(set(paths)) >= len(nasty.NAMES) + 2 or name == "junit"
    if name in ("json", "jsonl", "sarif"):
        # The path can be opened again, whatever bytes its name is made of.
        ends = {os.path.basename(path) for path in paths}
        assert ends == {*nasty.NAMES.values(), "broken\x1b[2J.py", "evil.py"}


@together
@pytest.mark.parametrize(
    "arguments",
    [
        [], ["--output-format", "concise"], ["--show-files"], ["--diff", "--unsafe-fixes"], ["--statistics"], ["routes"],
        ["routes", "--output-format", "json"], ["--select", EVIL.encode().decode("unicode_escape")], ["--since", "\x1b[2J"],
        ["--config", "x\x1b = 1"], ["--config", "select = ['\\u001b[2J']"], ["\x1b[2J\u202e.py"], ["explain", "\x1b[2J"],
        ["--output-format", "\x1b[2J"], ["--baseline", "\x1b[2J.json"], ["-o", "no\x1b[2J/where"],
        [os.fsdecode(b"\xff\xfe.py")], ["--select", os.fsdecode(b"\xff")], ["\x1b-command"], ["--\x1boption"],
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_what_is_printed_is_plain_text(project: Path, arguments: list[str], encoding: str) -> None:
    code, out, err = lint(project, *arguments, env={"PYTHONIOENCODING": encoding})
    assert code in (0, 1, 2)
    assert b"Traceback" not in err
    looks_harmless(out)
    looks_harmless(err)


def test_what_fixing_tells(tmp_path: Path) -> None:
    for name in nasty.NAMES.values():
        (tmp_path / name).write_text(nasty.PROBE)
    (tmp_path / "read\x1b[2Jonly.py").symlink_to("/dev/null")
    (tmp_path / "pyproject.toml").touch()
    _, out, err = lint(tmp_path, "--fix", "--unsafe-fixes", "--show-fixes")
    looks_harmless(out)
    assert looks_harmless(err).count("fixed: ") == len(nasty.NAMES) + 1
    for name in nasty.NAMES.values():
        assert "await asyncio.sleep(1)" in (tmp_path / name).read_text()


def _little_memory() -> None:
    import resource

    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))


@pytest.mark.parametrize("place", ["pyproject.toml", "api-lint.toml", ".api-lint-baseline.json"])
@pytest.mark.parametrize(
    "text",
    [
        b"[tool.api-lint]\n'\x1b[2J' = 1\n", b"'\\u001b\\u202e' = 1\n", b"select = ['\\u001b[2J']\n[tool.api-lint]\nselect = ['\\u001b[2J']\n",
        b"\xff\xfe", b"\x1b]0;x\x07", b'{"\\u001b": "\\ud800"}', b"[" * 100_000, b"a." * 50_000 + b"b = 1",
        b"[[" + b"'a' . " * 50_000 + b"b]]", b"x = " + b"{a=" * 50_000, b'{"a":' * 100_000, b"\n" * 3_000_000 + b"x",
        b"x = " + b"9" * 1_000_000, b'x = """' + b"a.b" * 1_000_000,
    ],
    ids=lambda text: repr(text[:40]),
)  # fmt: skip
def test_configuration_that_attacks(tmp_path: Path, place: str, text: bytes) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.api-lint]\nbaseline = '.api-lint-baseline.json'\n")
    (tmp_path / place).write_bytes(text)
    (tmp_path / "app.py").write_text(nasty.PROBE)
    code, out, err = lint(tmp_path, "--output-format", "concise", preexec_fn=_little_memory)
    assert code in (1, 2)
    assert b"Traceback" not in err
    looks_harmless(out)
    looks_harmless(err)
