#!/usr/bin/env python3
"""Lint and fix programs that nobody wrote: any input in, no exception out, no hang; what is fixed parses, settles and is kept.

    scripts/fuzz.py [--programs 5000] [--seed N] [FOLDER ...]

Programs are made of real files (the fixtures, and those of the given folders: unpacked wheels, say) by deleting,
duplicating, swapping and moving rows, statements and tokens, and of Python's grammar (hypothesmith), as they are and as the
body of a handler. A failure is minimised and printed with the program that shows it.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tempfile
import textwrap
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import hypothesmith
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from api_lint import config, discover, engine, registry, testing

CHECKOUT = Path(__file__).resolve().parent.parent
_AT_ONCE = 25
_LARGEST = 12_000

Programs = Mapping[str, bytes]


# ----------------------------------------------------------------------------------------------------------- checks


@cache
def _rules() -> tuple[Any, ...]:
    chosen = config.load(Path("/"), isolated=True).chosen(("ALL",), (), ())
    return tuple(registry.choose(registry.load(), chosen).rules)


def _fixed(root: Path, programs: Programs) -> engine.Fixed:
    found = config.Settings(timeout=20)
    paths = tuple(sorted(programs))
    project = discover.Project(root, paths, paths)
    return engine.fix(project, _rules(), found, unsafe=True, jobs=1, sources=programs)


def faults(programs: Programs) -> list[str]:
    """What goes wrong where programs are linted and fixed.

    Parameters: `programs`, files of one project by path.
    Returns: a line for each exception, hang, dead worker, file that does not parse any more, comment or row that is
    lost, and fix that does not settle.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = Path(place)
        done = _fixed(root, programs)
        told = [*done.before.errors, *done.result.errors, *_deaths(done)]
        changes = {p: after for p, (before, after) in done.changes.items() if before is not None}
        if not done.changes:
            return told
        fixed = {**programs, **{path: after for path, (_, after) in done.changes.items()}}
        again = _fixed(root, fixed)
        told += [f"{path}: does not settle" for path in again.changes if path not in done.refused]
        told += [*again.result.errors, *_deaths(again)]
        before = {path: programs[path] for path in changes if path in programs}
        after = {path: new for path, (_, new) in done.changes.items()}
        told += testing.harm(testing.Fixing(before, after, done, again))
        told += [
            f"{path}: does not compile any more" for path in before if _breaks(before[path], after[path])
        ]
        return told


def _deaths(done: engine.Fixed) -> Iterator[str]:
    for diagnostic in (*done.before.diagnostics, *done.result.diagnostics):
        if diagnostic.code == "API000" and diagnostic.message.startswith("the analysis"):
            yield f"{diagnostic.path}: {diagnostic.message}"


def _breaks(before: bytes, after: bytes) -> bool:
    return _compiles(before) and not _compiles(after)


def _compiles(source: bytes) -> bool:
    try:
        compile(source, "program", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


# --------------------------------------------------------------------------------------------------------- programs

_TOKEN = re.compile(r"\w+|\s+|\"{3}|'{3}|[^\w\s]")
_ODD = (
    "\x0c", "\0", "\r", "\r\n", "\\\n", "#", "'", '"""', "(", ")", "[", "}", ":", ";", "\t", " ", "\ufeff", "é", "\u202e", "日",
    "async ", "await ", "lambda: ", "*", "**", ":=", "...", "# noqa", "# type: ignore", "f'{x!r:>{w}}'", "if x:\n", "else:\n", "return\n",
    "global x\n", "nonlocal x\n", "del time\n", "import time\n", "from x import *\n", "@x\n", "time.sleep(1)\n", "pass\n", "match x:\n",
    "time = 1\n", "asyncio = 1\n", "type X = int\n", "try:\n", "except* E:\n", "yield\n", "class A: x = 1\n",
)  # fmt: skip


class Step(NamedTuple):
    """One mutation: its kind, and two numbers that say where."""

    kind: str
    first: int
    second: int


def _mutated(text: str, other: str, steps: Iterable[Step]) -> str:
    for kind, first, second in steps:
        text = _KINDS[kind](text, other, first, second)[:_LARGEST]
    return text


def _rows(text: str) -> list[str]:
    return text.splitlines(keepends=True) or [""]


def _delete_row(text: str, _: str, first: int, second: int) -> str:
    rows = _rows(text)
    start = first % len(rows)
    del rows[start : start + 1 + second % 3]
    return "".join(rows)


def _copy_row(text: str, _: str, first: int, second: int) -> str:
    rows = _rows(text)
    rows.insert(second % len(rows), rows[first % len(rows)])
    return "".join(rows)


def _swap_rows(text: str, _: str, first: int, second: int) -> str:
    rows = _rows(text)
    first, second = first % len(rows), second % len(rows)
    rows[first], rows[second] = rows[second], rows[first]
    return "".join(rows)


def _splice(text: str, other: str, first: int, second: int) -> str:
    rows, others = _rows(text), _rows(other)
    start = second % len(others)
    position = first % len(rows)
    rows[position:position] = others[start : start + 12]
    return "".join(rows)


def _indent(text: str, _: str, first: int, second: int) -> str:
    rows = _rows(text)
    start = first % len(rows)
    for position in range(start, min(start + 1 + second % 5, len(rows))):
        rows[position] = rows[position].removeprefix("    ") if second % 2 else f"    {rows[position]}"
    return "".join(rows)


def _join_rows(text: str, _: str, first: int, __: int) -> str:
    rows = _rows(text)
    start = first % len(rows)
    if start + 1 < len(rows):
        rows[start : start + 2] = [rows[start].rstrip() + "; " + rows[start + 1].lstrip()]
    return "".join(rows)


def _change_token(text: str, _: str, first: int, second: int) -> str:
    tokens = _TOKEN.findall(text) or [""]
    first, second, how = first % len(tokens), second % len(tokens), (first + second) % 4
    if how == 0:
        del tokens[first]
    elif how == 1:
        tokens.insert(first, tokens[second])
    elif how == 2:
        tokens[first], tokens[second] = tokens[second], tokens[first]
    else:
        tokens[first] = tokens[second]
    return "".join(tokens)


def _rename(text: str, _: str, first: int, second: int) -> str:
    """One name in all places becomes another, so that names mean something else."""
    names = sorted(set(re.findall(r"[A-Za-z_]\w*", text))) or ["x"]
    old, new = names[first % len(names)], names[second % len(names)]
    return re.sub(rf"\b{old}\b", new, text)


def _insert(text: str, _: str, first: int, second: int) -> str:
    position = first % (len(text) + 1)
    return text[:position] + _ODD[second % len(_ODD)] + text[position:]


def _insert_row(text: str, _: str, first: int, second: int) -> str:
    rows = _rows(text)
    position = first % len(rows)
    indent = rows[position][: len(rows[position]) - len(rows[position].lstrip())]
    rows.insert(position, f"{indent}{_ODD[second % len(_ODD)].rstrip()}\n")
    return "".join(rows)


def _lines(text: str) -> list[str]:
    """The rows as Python counts them."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def _statements(text: str) -> list[tuple[int, int]]:
    """The first and last rows (from 0, the last exclusive) of statements that stand on rows of their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []
    return [
        (
            min([node, *getattr(node, "decorator_list", [])], key=lambda n: n.lineno).lineno - 1,
            node.end_lineno or 1,
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt)
    ]


def _delete_statement(text: str, _: str, first: int, second: int) -> str:
    spans = _statements(text)
    if not spans:
        return text
    start, end = spans[first % len(spans)]
    rows = _lines(text)
    indent = rows[start][: len(rows[start]) - len(rows[start].lstrip())]
    rows[start:end] = [f"{indent}pass\n"] if second % 2 else []
    return "".join(rows)


def _move_statement(text: str, other: str, first: int, second: int) -> str:
    """A statement, of this file or the other, to before another one, indented as that is."""
    spans, source = _statements(text), other if second % 3 == 0 else text
    moved = _statements(source)
    if not spans or not moved:
        return text
    start, end = moved[second % len(moved)]
    block = textwrap.dedent("".join(_lines(source)[start:end]))
    rows = _lines(text)
    at = spans[first % len(spans)][0]
    indent = rows[at][: len(rows[at]) - len(rows[at].lstrip())]
    rows.insert(at, textwrap.indent(block if block.endswith("\n") else block + "\n", indent))
    return "".join(rows)


def _newlines(text: str, _: str, first: int, second: int) -> str:
    end = ("\r\n", "\r", "\n")[first % 3]
    if second % 2:
        return text.replace("\n", end)
    rows = _rows(text)
    position = second % len(rows)
    rows[position] = rows[position].rstrip("\r\n") + end
    return "".join(rows)


def _cut(text: str, _: str, first: int, second: int) -> str:
    return text[: first % (len(text) + 1)] if second % 2 else text.rstrip("\r\n")


def _tabs(text: str, _: str, first: int, second: int) -> str:
    return text.replace("    ", "\t") if second % 2 else text.replace("    ", " " * (1 + first % 3))


_KINDS = {
    "delete a row": _delete_row, "copy a row": _copy_row, "swap rows": _swap_rows, "splice": _splice, "indent": _indent,
    "join rows": _join_rows, "change a token": _change_token, "rename": _rename, "insert": _insert, "insert a row": _insert_row,
    "delete a statement": _delete_statement, "move a statement": _move_statement, "newlines": _newlines, "cut": _cut, "tabs": _tabs,
}  # fmt: skip
# A program that still is one finds more than one that is refused at once.
_OFTEN = (
    "move a statement",
    "delete a statement",
    "rename",
    "insert a row",
    "copy a row",
    "move a statement",
)

# The fixtures' own comments about what is to be found, which no fixture is fixed with.
_MARKER = re.compile(r"[ \t]*# API\d{3}(?: API\d{3})*$", re.MULTILINE)

_AROUND = """\
import time
import requests
from fastapi import FastAPI, HTTPException
from sqlalchemy.orm import Session

app = FastAPI()
URL = "https://api.example.com/v1"


@app.post("/things/{{id}}")
async def handler(id: int, db: Session):
    try:
        time.sleep(1)
        data = requests.get(URL).json()
{body}
        db.commit()
    except Exception as e:
        return {{"error": str(e)}}
    return data
"""


@cache
def corpus(folders: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The texts that programs are made of: the fixtures', and those of folders."""
    found: list[str] = []
    for folder in (CHECKOUT / "fixtures", *map(Path, folders)):
        for path in sorted(folder.rglob("*.py")):
            if path.is_file() and 0 < path.stat().st_size <= _LARGEST:
                found += [_MARKER.sub("", path.read_bytes().decode("utf-8", "replace"))]
    return tuple(found)


def programs(folders: tuple[str, ...] = ()) -> st.SearchStrategy[bytes]:
    """A strategy for programs as bytes."""
    number = st.integers(0, 2000)
    kind = st.sampled_from([*_KINDS, *_OFTEN])
    steps = st.lists(st.builds(Step, kind, number, number), min_size=0, max_size=6)
    texts = corpus(folders)
    text = st.integers(0, len(texts) - 1).map(texts.__getitem__)
    return st.builds(_mutated, text, text, steps).map(lambda t: t.encode("utf-8", "surrogatepass"))


def grown() -> st.SearchStrategy[bytes]:
    """A strategy for programs of Python's grammar, as they are and as the body of a handler."""
    grammar = hypothesmith.from_grammar()
    inner = grammar.map(lambda text: _AROUND.format(body=textwrap.indent(text, " " * 8)))
    return st.one_of(grammar, inner, inner).map(lambda text: text.encode("utf-8", "surrogatepass"))


def projects(one: st.SearchStrategy[bytes]) -> st.SearchStrategy[dict[str, bytes]]:
    """A strategy for projects of some programs."""
    return st.lists(one, min_size=_AT_ONCE, max_size=_AT_ONCE).map(
        lambda sources: {f"m{number}.py": source for number, source in enumerate(sources)}
    )


QUIET = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink], print_blob=False
)  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- command


class Failure(NamedTuple):
    """A program, minimised, and what goes wrong with it."""

    told: list[str]
    source: Programs


def minimised(project: Programs, told: Sequence[str]) -> Failure:
    """The least of a project that still goes wrong: files first, then rows in ever smaller blocks."""
    kept = dict(project)
    for path in project:
        fewer = {p: s for p, s in kept.items() if p != path}
        if fewer and _goes_wrong(fewer):
            kept = fewer
    until = time.monotonic() + 240
    for path in kept:
        rows = kept[path].splitlines(keepends=True)
        size = max(len(rows) // 2, 1)
        while size and time.monotonic() < until:
            position = 0
            while position < len(rows) and time.monotonic() < until:
                fewer_rows = rows[:position] + rows[position + size :]
                if _goes_wrong({**kept, path: b"".join(fewer_rows)}):
                    rows = fewer_rows
                else:
                    position += size
            kept[path] = b"".join(rows)
            size //= 2
    return Failure(_told(kept) or list(told), kept)


def _told(project: Programs) -> list[str]:
    try:
        return faults(project)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return [f"{type(error).__name__}: {error}"]


def _goes_wrong(project: Programs) -> bool:
    return bool(_told(project))


def run(count: int, number: int, folders: tuple[str, ...]) -> tuple[int, list[Failure]]:
    """Look at so many programs.

    Parameters: `count`, of programs; `number`, the seed; `folders` of real files.
    Returns: how many there were, and the failures, minimised.
    """
    failures: list[Failure] = []
    seen = 0

    def look(project: dict[str, bytes]) -> None:
        nonlocal seen
        seen += len(project)
        told = _told(project)
        if told:
            failures.append(minimised(project, told))
            print(f"\n{failures[-1].told}\n{dict(failures[-1].source)}", flush=True)
        if seen % 250 < _AT_ONCE:
            print(f"{seen} programs, {len(failures)} failures", file=sys.stderr, flush=True)

    for strategy, share in ((programs(folders), 0.9), (grown(), 0.1)):
        examples = max(int(count * share) // _AT_ONCE, 1)
        # Failures are minimised here: one must not end the search for others.
        test = given(projects(strategy))(look)
        chosen = settings(QUIET, max_examples=examples, phases=[Phase.generate])
        seed(number)(chosen(test))()
    return seen, failures


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", nargs="*", help="real files to make programs of, besides the fixtures"
    )
    parser.add_argument("--programs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.monotonic()
    seen, failures = run(options.programs, options.seed, tuple(options.folders))
    print(f"{seen} programs in {time.monotonic() - started:.0f} s, {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
