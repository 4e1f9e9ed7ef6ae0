#!/usr/bin/env python3
"""A corpus of files that break linters: make it, or see what linters make of it.

    scripts/nasty.py make FOLDER            write the corpus
    scripts/nasty.py compare [TOOL ...]     run linters over it, one nasty thing at a time, and print a table

A tool is `NAME` (one of those known here, found on the PATH) or `NAME=COMMAND`, a command that takes a folder at its end.
Each nasty thing stands in a folder of its own beside a file `beside.py`, and in nearly all files there are rows that every
one of the known linters objects to. So the table tells whether the nasty file was looked at, and whether the one beside
it was. Nothing is kept of what the linters print.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# Two rows that linters object to: a coroutine that sleeps (API601, ASYNC251), a comparison with None (E711, Fixit's
# CompareSingletonPrimitivesByIs).
PROBE = "import time\nasync def f(x):\n    time.sleep(1)\n    return x == None\n"
_CODES = ("API601", "ASYNC251", "E711", "none-comparison", "CompareSingletonPrimitivesByIs")

ESCAPES = "\x1b]0;owned\x07\x1b[2J"
NAMES = {
    "newline": "line\nfeed\r.py",
    "escape codes": f"esc{ESCAPES}.py",
    "bidi controls": "abc\u202eyp.exe\u2066.py",
    "zero width": "a\u200bb\ufeff.py",
    "quotes": "q\"u'o`t$e(;) &|.py",
    "a GitHub command": "::error::x.py",
    "an Azure command": "##vso[task.complete]x.py",
    "percent and backslash": "%0A%1b\\n.py",
    "an option": "-rf.py",
    "a surrogate": os.fsdecode(b"\xff\xed\xa0\x80.py"),
    "markup": "<script>alert(1)<!--]]>.py",
    "a long name": "n" * 240 + ".py",
}


def _below(text: str) -> bytes:
    """The probe below something."""
    return (text + "\n" + PROBE).encode()


def _inside(line: str) -> bytes:
    """The probe around something, in the function that it finds fault with."""
    return (
        f"import time\nasync def f(x):\n    {line}\n    time.sleep(1)\n    return x == None\n".encode()
    )


# What stands in one file. Where `None` is promised, a linter may well refuse the file, as long as it says so.
SOURCES: Mapping[str, bytes] = {
    "byte order mark": b"\xef\xbb\xbf" + PROBE.encode(),
    "CRLF": PROBE.replace("\n", "\r\n").encode(),
    "lone CR": PROBE.replace("\n", "\r").encode(),
    "mixed newlines": b"import time\r\nasync def f(x):\r    time.sleep(1)\n    return x == None\r\n",
    "form feeds": b"\x0cimport time\n\x0c\nasync def f(x):\n    \x0c    time.sleep(1)\n    return x == None\n\x0c",
    "form feed before an indented row": b"import time\nasync def f(x):\n\x0c    time.sleep(1)\n    return x == None\n",
    "a null byte": PROBE.encode() + b"x = '\0'\n",
    "null bytes only": b"\0" * 100_000,
    "latin-1 with a cookie": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n" + PROBE.encode(),
    "latin-1 without a cookie": b"x = '\xe9'\n" + PROBE.encode(),
    "an unknown cookie": b"# coding: klingon\n" + PROBE.encode(),
    "a cookie that lies": b"# coding: ascii\nx = '\xe9'\n" + PROBE.encode(),
    "a cookie for a codec of bytes": b"# coding: zlib\n" + PROBE.encode(),
    "a cookie for a codec that runs on": b"# coding: unicode_escape\nx = '\\x41'\n" + PROBE.encode(),
    "UTF-7": b"# coding: utf-7\n" + PROBE.encode("utf-7"),
    "UTF-16": PROBE.encode("utf-16"),
    "UTF-32": PROBE.encode("utf-32"),
    "a byte order mark and another cookie": b"\xef\xbb\xbf# coding: latin-1\n" + PROBE.encode(),
    "a file cut within a character": PROBE.encode() + "# é".encode()[:-1],
    "lone surrogates": PROBE.encode() + b"x = '\xed\xa0\x80'\n",
    "no final newline": PROBE.rstrip("\n").encode(),
    "a backslash at the end": PROBE.encode() + b"x = 1 + \\",
    "an open string": PROBE.encode() + b'x = """never closed\n' * 2,
    "an open bracket": PROBE.encode() + b"x = (1,\n",
    "an empty file": b"",
    "blank rows only": b"\n" * 100_000,
    "tabs and blanks": b"import time\nasync def f(x):\n\ttime.sleep(1)\n        return x == None\n",
    "1,500 brackets": _below("x = " + "(" * 1500 + ")" * 1500),
    "150 brackets": _inside("y = " + "(" * 150 + ")" * 150),
    "1,500 open brackets": _below("x = " + "[" * 1500),
    "brackets in strings": _below("x = '" + "(" * 5000 + "'"),
    "100 blocks in each other": _below("".join(" " * i + "if x:\n" for i in range(99)) + " " * 99 + "x"),
    "a sum of 20,000": _inside("y = " + " + ".join(["1"] * 20_000)),
    "a sum of 800": _inside("y = " + " + ".join(["x"] * 800)),
    "500 elifs": _inside("if x: pass\n    " + "\n    ".join("elif x: pass" for _ in range(500))),
    "3,000 calls in a chain": _inside("y = x" + ".b()" * 3000),
    "400 calls in a chain": _inside("y = time.sleep(1)" + ".b()" * 400),
    "2,000 minus signs": _inside("y = " + "-" * 2000 + "x"),
    "2,000 nots": _inside("y = " + "not " * 2000 + "x"),
    "500 lambdas": _inside("y = " + "lambda: " * 500 + "x"),
    "400 conditions": _inside("y = " + "x if x else " * 400 + "x"),
    "100 f-strings in each other": _below("x = " + 'f"{' * 100 + "1" + '}"' * 100),
    "99 functions in each other": _below(
        "".join("\t" * i + f"def g{i}():\n" for i in range(99)) + "\t" * 99 + "pass"
    ),
    "a 5 MB literal": _below("x = '" + "a" * 5_000_000 + "'"),
    "a literal just small enough": _below("x = '" + "a" * 3_900_000 + "'"),
    "50,000 rows": (PROBE + "\ndef g(x):\n    y = [x, {'a': (x, 1)}]\n    return y\n" * 12_500).encode(),
    "20,000 decorators": _below("@x\n" * 20_000 + "def g(): pass"),
    "5,000 classes of each other": _below(
        "class C0: pass\n" + "\n".join(f"class C{i}(C{i - 1}): pass" for i in range(1, 5000))
    ),
    "names that go in a circle": _below("a = b\nb = c\nc = a\nclass A(B): pass\nclass B(A): pass\n@A\ndef a(): return a"),
    "imports of itself": _below("from nasty import *\nfrom nasty import f as f\nimport nasty as time2"),
    "20,000 comments that silence": _below("# noqa: API601,E711,ASYNC251\n" * 20_000),
    "a comment of 1 MB that silences": _below("# noqa: " + "A1," * 350_000),
    "open generics": b"import time\n" + b"def f[\n" * 20_000,
    "open f-strings": b"import time\n" + b'f"{\n' * 20_000,
    "a row of 1 MB": _below("x = [" + "1, " * 350_000 + "]"),
    "an integer of 100,000 digits": _below("x = " + "9" * 100_000),
    "invisible names": _below("\u2135 = 1\n\uff58 = 2\n\u00b5 = 3"),
    "bidi controls in a row": _below("x = 'a\u202e' # \u2066 if admin \u2069"),
    "commands in a row": _below(f"x = '''\n::error::x\n##vso[task.complete]\n{ESCAPES}'''"),
    "a path of escape codes": (
        "from fastapi import FastAPI\napp = FastAPI()\n"
        f"@app.get('/::error::\\x1b[2J\\u202e%0A</script>')\ndef read(): return 1\n{PROBE}"
    ).encode(),
    "Python 2": b"print 'x'\nexec 'y'\n" + PROBE.encode(),
    "Python 3.12": _below("type A[T] = list[T]\ndef g[T](x: T) -> T: return x\nclass B[T]: ..."),
    "f-strings of Python 3.12": _below("x = f'{\"a\" + f'{1:{2}}'}'"),
    "Python 3.14": _below("x = t'{time}'\ntry: pass\nexcept ValueError, KeyError: pass"),
    "match": _below("match f:\n    case {'a': [1, *_], **rest} | f(a=1): pass"),
    "except with blanks": b"import time\nasync def f(x):\n    try: time.sleep(1)\n    except  ( ValueError ) : pass\n    return x == None\n",
    "statements in one row": b"import time\nasync def f(x): a = 1; time.sleep(1); return x == None;\n",
    "a program of bytes": bytes(range(256)) * 400,
    "an archive": b"PK\x03\x04" + bytes(range(256)) * 400,
}  # fmt: skip


class Nasty(NamedTuple):
    """One nasty thing: its name, and what puts it into a folder. `is_file` tells whether there is source to lint."""

    name: str
    make: Callable[[Path], None]
    is_file: bool = True


def things() -> Iterator[Nasty]:
    """Every nasty thing that this system can make."""
    for name, source in SOURCES.items():
        yield Nasty(name, _file("nasty.py", source))
    if sys.platform == "win32":
        return
    for name, file in NAMES.items():
        yield Nasty(
            f"a name with {name}" if name != "a long name" else name, _file(file, PROBE.encode())
        )
    yield Nasty("a file without permission", _without_permission, False)
    yield Nasty("a folder without permission", _folder_without_permission, False)
    yield Nasty("a dangling link", _link("nowhere.py"), False)
    yield Nasty("a link to itself", _link("nasty.py"), False)
    yield Nasty("a loop of folders", _loop, False)
    yield Nasty("a link out of the root", _link_out, False)
    yield Nasty("a FIFO", lambda folder: os.mkfifo(folder / "nasty.py"), False)
    yield Nasty("a link to a device", _link("/dev/zero"), False)
    yield Nasty("a socket", _socket, False)
    yield Nasty("a folder called like a file", lambda folder: (folder / "nasty.py").mkdir(), False)
    yield Nasty("600 folders in each other", _deep_folders)
    yield Nasty("an ignore file that blows up", _ignores)
    yield Nasty("an ignore file of 5 MB", _many_ignores)
    yield Nasty("a FIFO as the ignore file", lambda folder: _with(folder, os.mkfifo, ".gitignore"))
    yield Nasty("a FIFO as the configuration", lambda folder: _with(folder, os.mkfifo, "setup.cfg"))


def _file(name: str, content: bytes) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return make


def _with(folder: Path, special: Callable[[Path], None], name: str) -> None:
    special(folder / name)
    (folder / "nasty.py").write_text(PROBE)


def _link(target: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "nasty.py").symlink_to(target)


def _without_permission(folder: Path) -> None:
    (folder / "nasty.py").write_text(PROBE)
    (folder / "nasty.py").chmod(0)


def _folder_without_permission(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "nasty.py").write_text(PROBE)
    (folder / "inner").chmod(0)


def _loop(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "again").symlink_to("..")
    (folder / "inner" / "and_again").symlink_to(".")


def _outside(root: Path) -> Path:
    return root.parent / f"{root.name} outside"


def _link_out(folder: Path) -> None:
    outside = _outside(folder.parent)
    outside.mkdir()
    (outside / "secret.py").write_text(PROBE)
    (folder / "nasty.py").symlink_to(outside / "secret.py")
    (folder / "all").symlink_to(outside)


def _socket(folder: Path) -> None:
    here = os.getcwd()
    os.chdir(folder)  # the path of a socket may not be longer than about 100 bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("nasty.py")
    finally:
        os.chdir(here)


def _deep_folders(folder: Path) -> None:
    here = os.getcwd()
    os.chdir(folder)  # a whole path would soon be longer than the system allows
    try:
        for _ in range(600):
            os.mkdir("deeper")
            os.chdir("deeper")
        Path("nasty.py").write_text(PROBE)
    finally:
        os.chdir(here)


def _ignores(folder: Path) -> None:
    bombs = [
        "*a" * 40 + "b",
        "**/" * 60 + "x",
        "[" * 500,
        "{a,b}" * 200,
        "a**" * 60 + "/**/b",
        "\\",
        "!" * 9,
        "[!]-a]",
    ]
    (folder / ".gitignore").write_text("\n".join(bombs) + "\n")
    (folder / ("a" * 200 + ".py")).write_text(PROBE)


def _many_ignores(folder: Path) -> None:
    (folder / ".gitignore").write_text("".join(f"*{i}*x*\n" for i in range(500_000)))
    (folder / "nasty.py").write_text(PROBE)


# ---------------------------------------------------------------------------------------------------------- corpus


def make(root: Path) -> dict[str, Path]:
    """Write the corpus.

    Parameters: `root`, a folder that is empty or to be made. Beside it comes one that a link leads out to.
    Returns: the folder of each nasty thing by its name; in each there is a `beside.py` too.
    """
    folders: dict[str, Path] = {}
    for number, thing in enumerate(things()):
        folder = folders[thing.name] = root / f"n{number:03}"
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").touch()
        (folder / "beside.py").write_text(PROBE)
        thing.make(folder)
    return folders


def remove(root: Path) -> None:
    """Take the corpus away, whatever permissions and depths there are in it."""
    with contextlib.suppress(OSError):
        for folder in root.glob("n*/inner"):
            folder.chmod(0o700)
    subprocess.run(["rm", "-rf", "--", str(root), str(_outside(root))], check=False)


# ------------------------------------------------------------------------------------------------------- comparison

_COMMANDS = {
    "api-lint": "api-lint --isolated --no-cache --output-format concise",
    "ruff": "ruff check --isolated --no-cache --output-format concise --select E711,ASYNC251",
    "flake8": "flake8 --isolated --select E711,E9,ASYNC251",
    "fixit": "fixit lint",
}


class Limits(NamedTuple):
    """What a linter may use: seconds of processor time, seconds by the clock (one that waits is no better than one that
    loops), bytes of memory for each of its processes, bytes that it may print."""

    seconds: int = 60
    patience: int = 300
    memory: int = 2_000_000_000
    printed: int = 50_000_000


_LIMITS = Limits()


class Outcome(NamedTuple):
    """What a linter made of a nasty thing: a word, and the seconds of processor time it took."""

    word: str
    seconds: float = 0.0


_GOOD = ("found", "told", "silent")

# Runs a command within limits, which its children inherit.
_LIMITED = """
import os, resource, sys
seconds, memory, printed = map(int, sys.argv[1:4])
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_FSIZE, (printed, printed))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.execvp(sys.argv[4], sys.argv[4:])
"""


def _processor_time() -> float:
    """Seconds that processes which have ended have used."""
    used = os.times()
    return used.children_user + used.children_system


def tried(command: Sequence[str], folder: Path, limits: Limits = _LIMITS) -> Outcome:
    """Run a linter over a folder. Whatever it does, it ends, and so do all processes that it has started.

    Returns: `found` what is in the nasty file, `told` of a file that it cannot handle, `silent` about it; `hangs`, `out of
    memory`, `crash` (a traceback, a signal), and `beside lost` where it says nothing of the file beside.
    """
    before = _processor_time()
    numbers = map(str, (limits.seconds, limits.memory, limits.printed))
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _LIMITED, *numbers, *command, "."], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = process.wait(limits.patience)
        except subprocess.TimeoutExpired:
            code = None
        # Workers outlive a command that has crashed.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        is_endless = output.seek(0, os.SEEK_END) >= limits.printed
        output.seek(0)
        printed = output.read().decode(errors="replace")
    return Outcome(_word(None if is_endless else code, printed), _processor_time() - before)


def _word(code: int | None, printed: str) -> str:
    """What a linter made of it, by its exit code (`None`: it would not have ended) and what it printed."""
    rows = printed.splitlines()
    sees_beside = any("beside" in row and any(c in row for c in _CODES) for row in rows)
    # What is indented belongs to a traceback.
    others = [row for row in rows if "beside" not in row and not row.startswith((" ", "\t"))]
    is_told = any(".py" in row or "inner" in row for row in others)
    lost = "" if sees_beside else ", beside lost"
    if code in (None, -signal.SIGXCPU, -signal.SIGKILL):
        return f"hangs{lost}"
    if "MemoryError" in printed or "memory allocation of" in printed:
        return f"out of memory{lost}"
    # Fixit tells of files that it cannot read with a traceback below.
    if code < 0 or "panicked" in printed or ("Traceback (" in printed and not is_told):
        return f"crash{lost}"
    if not sees_beside:
        return "beside lost"
    if any(c in row for row in others for c in _CODES):
        return "found"
    return "told" if is_told else "silent"


def compare(tools: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, dict[str, Outcome]]]:
    """What each linter makes of each nasty thing.

    Parameters: `tools`, commands by name. Returns: each nasty thing as it is done, and tool → outcome.
    """
    with tempfile.TemporaryDirectory(prefix="nasty-") as place:
        root = Path(place) / "corpus"
        try:
            for name, folder in make(root).items():
                yield name, {tool: tried(command, folder) for tool, command in tools.items()}
        finally:
            remove(root)


def table(tools: Sequence[str], outcomes: Iterable[tuple[str, Mapping[str, Outcome]]]) -> Iterator[str]:
    """The rows of a Markdown table, and below them how often each tool did what."""
    yield f"| | {' | '.join(tools)} |"
    yield "|---" * (len(tools) + 1) + "|"
    counts = {tool: Counter[str]() for tool in tools}
    for name, row in outcomes:
        cells = []
        for tool in tools:
            word, seconds = row[tool]
            counts[tool].update(word.split(", "))
            cells.append(f"{word}, {seconds:.0f} s" if seconds >= 5 else word)
        yield f"| {name} | {' | '.join(cells)} |"
    bad = sorted({word for count in counts.values() for word in count} - {*_GOOD})
    for word in (*_GOOD, *bad):
        yield f"| **{word}** | {' | '.join(str(counts[tool][word]) for tool in tools)} |"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("make").add_argument("folder", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("tools", nargs="*", metavar="TOOL")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the corpus goes even so
    if options.command == "make":
        for name, folder in make(options.folder).items():
            print(f"{folder}\t{name}")
        return
    given = [tool.partition("=") for tool in options.tools or [t for t in _COMMANDS if shutil.which(t)]]
    tools = {name: shlex.split(command or _COMMANDS[name]) for name, _, command in given}
    for row in table(list(tools), compare(tools)):
        print(row, flush=True)


if __name__ == "__main__":
    main()
