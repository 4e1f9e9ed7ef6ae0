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
from random import Random
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


class Told(NamedTuple):
    """What goes wrong, a line each, and how many files were fixed."""

    faults: list[str]
    fixed: int


def look(programs: Programs) -> Told:
    """Lint and fix programs.

    Parameters: `programs`, files of one project by path.
    Returns: a line for each hang, dead worker, file that does not parse any more, comment or row that is lost, and fix
    that does not settle.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = Path(place)
        done = _fixed(root, programs)
        told = [*done.before.errors, *done.result.errors, *_deaths(done)]
        changes = {p: after for p, (before, after) in done.changes.items() if before is not None}
        if not done.changes:
            return Told(told, 0)
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
        return Told(told, len(done.changes))


def faults(programs: Programs) -> list[str]:
    """What goes wrong where programs are linted and fixed: as of `look`, and a line for what raises."""
    return _told(programs).faults


def _told(programs: Programs) -> Told:
    try:
        return look(programs)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return Told([f"{type(error).__name__}: {error}"], 0)


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
    *_KINDS, "move a statement", "delete a statement", "rename", "insert a row", "copy a row", "move a statement",
)  # fmt: skip
_STEPS = (0, 1, 1, 1, 2, 2, 3, 5)

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
    return tuple(_text(path) for path in _files(folders))


@cache
def trees(folders: tuple[str, ...] = ()) -> tuple[dict[str, str], ...]:
    """Files that belong together: the texts, by path, of each folder that holds a few."""
    found: dict[Path, list[Path]] = {}
    for path in _files(folders):
        for folder in path.parents[: -len(CHECKOUT.parents)]:
            found.setdefault(folder, []).append(path)
    return tuple(
        {path.relative_to(folder).as_posix(): _text(path) for path in paths}
        for folder, paths in sorted(found.items())
        if 1 < len(paths) <= _AT_ONCE
    )


@cache
def _files(folders: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(
        path
        for folder in (CHECKOUT / "fixtures", *(Path(folder).resolve() for folder in folders))
        for path in sorted(folder.rglob("*.py"))
        if path.is_file() and 0 < path.stat().st_size <= _LARGEST
    )


def _text(path: Path) -> str:
    return _MARKER.sub("", path.read_bytes().decode("utf-8", "replace"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def mutants(number: int, folders: tuple[str, ...] = ()) -> Iterator[Programs]:
    """Projects of real files that were changed, without end: files of all places, and folders of files that belong
    together. Parameters: `number`, the seed; `folders` of files, besides the fixtures."""
    chance = Random(number)
    # Nothing is fixed in most files of the world: half of what is made is made of the fixtures.
    texts = [corpus(), corpus(folders)]
    places = [trees(), trees(folders)]

    def mutant(text: str) -> bytes:
        steps = [
            Step(chance.choice(_OFTEN), chance.randrange(1 << 20), chance.randrange(1 << 20))
            for _ in range(chance.choice(_STEPS))
        ]
        return _bytes(_mutated(text, chance.choice(chance.choice(texts)), steps))

    while True:
        yield {f"m{i}.py": mutant(chance.choice(chance.choice(texts))) for i in range(_AT_ONCE)}
        left = _AT_ONCE
        while left > 0:
            place = chance.choice(chance.choice(places))
            yield {path: mutant(text) for path, text in place.items()}
            left -= len(place)


def grown(number: int) -> Iterator[Programs]:
    """Projects of programs of Python's grammar, as they are and as the body of a handler, without end.

    Parameters: `number`, the seed.
    """
    grammar = hypothesmith.from_grammar()
    inner = grammar.map(lambda text: _AROUND.format(body=textwrap.indent(text, " " * 8)))
    strategy = st.one_of(grammar, inner, inner).map(_bytes)
    while True:
        distinct = list(dict.fromkeys(_examples(strategy, number)))
        for start in range(0, len(distinct), _AT_ONCE):
            yield {f"m{i}.py": each for i, each in enumerate(distinct[start : start + _AT_ONCE])}
        number += 1_000_003


def _examples(strategy: st.SearchStrategy[bytes], number: int) -> list[bytes]:
    """Some of what a strategy makes: one at a time, since in a list of them nearly all would be empty."""
    found: list[bytes] = []

    def look(each: bytes) -> None:
        found.append(each)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seed(number)(settings(QUIET, max_examples=_AT_ONCE * 4)(given(strategy)(look)))()
    return found


QUIET = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], print_blob=False
)  # fmt: skip


def projects(count: int, number: int, folders: tuple[str, ...] = ()) -> Iterator[Programs]:
    """Projects of so many programs in all, or a few more: nine in ten are mutants, one is grown.

    Parameters: `count`, of programs; `number`, the seed; `folders` of real files.
    """
    for source, share in ((mutants(number, folders), count - count // 10), (grown(number), count // 10)):
        while share > 0:
            project = next(source)
            yield project
            share -= len(project)


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
    return Failure(faults(kept) or list(told), kept)


def _goes_wrong(project: Programs) -> bool:
    return bool(faults(project))


class Seen(NamedTuple):
    """What was looked at: programs, how many of them compile, how many fixes have changed; and the failures."""

    programs: int
    compiling: int
    fixed: int
    failures: list[Failure]


def run(projects: Iterable[Programs]) -> Seen:
    """Look at projects, and tell of failures as they come."""
    seen = Seen(0, 0, 0, [])
    for project in projects:
        told = _told(project)
        if told.faults:
            seen.failures.append(minimised(project, told.faults))
            print(f"\n{seen.failures[-1].told}\n{dict(seen.failures[-1].source)}", flush=True)
        before = seen.programs // 250
        seen = Seen(
            seen.programs + len(project), seen.compiling + sum(map(_compiles, project.values())),
            seen.fixed + told.fixed, seen.failures,
        )  # fmt: skip
        if seen.programs // 250 > before:
            print(_summary(seen), file=sys.stderr, flush=True)
    return seen


def _summary(seen: Seen) -> str:
    return (
        f"{seen.programs} programs, {seen.compiling} of them compile, {seen.fixed} were fixed: "
        f"{len(seen.failures)} failures"
    )


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
    seen = run(projects(options.programs, options.seed, tuple(options.folders)))
    print(f"{_summary(seen)}, in {time.monotonic() - started:.0f} s")
    sys.exit(1 if seen.failures else 0)


if __name__ == "__main__":
    main()
