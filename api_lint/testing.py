"""The fixture harness: code with markers on the lines that a rule must find, and nothing else found.

A case is a Python file, or a folder that is linted as a project of its own. A marker is a comment at the end of a line
that holds codes and nothing else::

    time.sleep(1)  # API601
    return rows  # API202 API604

Every marked line must be found, and no line that is not. A test of a rule is then one line:
`assert not check("fixtures/blocking-sleep-in-async/bad.py", BlockingSleepInAsync)`.

What a rule's fixes make of a case stands beside it: `bad.fixed.py` beside `bad.py`, and for a folder one such file beside
each changed one. `fixed_files` tells what they have to hold, `faults` which laws of fixing a case's fixes break.
"""

from __future__ import annotations

import ast
import difflib
import io
import os
import re
import shutil
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from api_lint import config, discover, engine, registry, syntax
from api_lint.rule import Diagnostic, Rule

__all__ = [
    "Difference",
    "Fixing",
    "cases",
    "check",
    "check_source",
    "expected",
    "faults",
    "fix",
    "fixed_files",
    "harm",
    "lint",
]

_MARKER = re.compile(r"#\s*([A-Z]+\d+(?:\s+[A-Z]+\d+)*)\s*\Z")
_FIXED = ".fixed.py"

# Comments about a row go with it, and so do those about an import that nothing needs any more.
_PRAGMA = re.compile(r"#\s*(?:noqa|type:|isort:|pylint:|pyright:|mypy:|ruff:|nosec|pragma:|api-lint:)")

Expected = dict[str, dict[int, set[str]]]


class Difference(NamedTuple):
    """Where the markers and the findings disagree.

    `kind` is `missed` (marked and not found), `unexpected` (found and not marked) or `error` (a rule raised). `path` is
    relative to the case's root; `text` is the finding's message or, for what was missed, the line as it stands there.
    """

    kind: str
    path: str
    line: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind} {self.code} {self.text}".rstrip()


class Fixing(NamedTuple):
    """What fixing a case comes to.

    `before` and `after` are all files of the case without their markers, by relative path; `done` is the run that fixed
    it, and `again` a second one over what the first had left.
    """

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    done: engine.Fixed
    again: engine.Fixed


def expected(path: str | os.PathLike[str]) -> Expected:
    """Read the markers of a case.

    Parameters: `path`, a file or a folder.
    Returns: relative path (of a file: its name) → row → codes. A file without markers is left out.
    """
    marked = {name: _markers(source) for name, source in _sources(Path(path))}
    return {name: rows for name, rows in marked.items() if rows}


def cases(folder: str | os.PathLike[str]) -> list[Path]:
    """The cases in a folder: its Python files and its sub-folders, sorted.

    Parameters: `folder`, a rule's folder of fixtures.
    Returns: their paths. Files that end in `.fixed.py` belong to the case beside them; hidden folders and caches are none.
    """
    return sorted(path for path in Path(folder).iterdir() if _is_case(path))


def lint(case: str | os.PathLike[str], *rules: Rule | type[Rule]) -> engine.Result:
    """Run rules over a copy of a case from which the markers are taken out, so that they influence nothing.

    Parameters: `case`, a file or a folder, linted as a project of its own, by the configuration in it if it holds one;
    `rules`, classes or instances.
    Returns: the run's result, paths relative to the case.
    """
    with tempfile.TemporaryDirectory(prefix="api-lint-") as place:
        root = Path(place).resolve() / "case"
        _copy(Path(case), root)
        return _run(root, rules)


def check(case: str | os.PathLike[str], *rules: Rule | type[Rule]) -> tuple[Difference, ...]:
    """Compare what rules find in a case with its markers.

    Parameters: `case`, a file or a folder; `rules`, classes or instances. Markers of other rules are not looked at.
    Returns: the differences, sorted; none if every marked line is found and no other.
    """
    return _compare(dict(_sources(Path(case))), lint(case, *rules), rules)


def check_source(source: str, *rules: Rule | type[Rule]) -> tuple[Difference, ...]:
    """The same for source that stands in no file, such as a rule's documentation.

    Parameters: `source`, with or without markers; `rules`, classes or instances.
    Returns: the differences; the file is called `app.py` in them.
    """
    with tempfile.TemporaryDirectory(prefix="api-lint-") as place:
        path = Path(place) / "app.py"
        path.write_text(source, encoding="utf-8")
        return check(path, *rules)


def fix(case: str | os.PathLike[str], *rules: Rule | type[Rule], unsafe: bool = True) -> Fixing:
    """Fix a copy of a case without its markers, and then fix the result.

    Parameters: `case`, a file or a folder; `rules`, classes or instances; `unsafe`, whether with the fixes that may
    change behaviour.
    Returns: the files before and after, and both runs.
    """
    with tempfile.TemporaryDirectory(prefix="api-lint-") as place:
        root = Path(place).resolve() / "case"
        _copy(Path(case), root)
        before = _files(root)
        done = _fixed(root, rules, unsafe)
        for path, (_, content) in done.changes.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        return Fixing(before, _files(root), done, _fixed(root, rules, unsafe))


def fixed_files(
    case: str | os.PathLike[str], *rules: Rule | type[Rule], fixing: Fixing | None = None
) -> dict[Path, bytes]:
    """The `.fixed.py` files that a case has to have: a changed file's name with `.fixed` before its suffix.

    Parameters: `case`, a file or a folder; `rules`, classes or instances; `fixing` of that case, if it is at hand.
    Returns: path → content. What the fixes of a single file add to other files is called after all of them:
    `bad.services.users.fixed.py`.
    """
    case = Path(case)
    done = (fixing or fix(case, *rules)).done
    return {
        _fixed_path(case, path): new for path, (_, new) in done.changes.items() if path.endswith(".py")
    }


def faults(
    case: str | os.PathLike[str], *rules: Rule | type[Rule], fixing: Fixing | None = None
) -> tuple[str, ...]:
    """The laws of fixing that the unsafe fixes of a case break.

    They are: every file parses, a second run changes nothing and finds nothing more to fix, no rule that is installed
    finds more than before, no comment is lost, and no row changes outside of the statements that the fixes touch.

    Parameters: `case`, a file or a folder; `rules`, classes or instances; `fixing` of that case, if it is at hand.
    Returns: a line for each breach.
    """
    fixing = fixing or fix(case, *rules)
    return (
        *(f"{path}: {reason}" for path, reason in fixing.done.refused.items()),
        *(f"{path}: does not settle" for path in fixing.again.changes),
        *(
            f"{d.path}:{d.span.line}: {d.code} is left"
            for d in _fixable(fixing.again.before.diagnostics)
        ),
        *harm(fixing),
        *_new_findings(fixing),
    )


def harm(fixing: Fixing) -> tuple[str, ...]:
    """What fixes have destroyed.

    Parameters: `fixing`, files before and after. Returns: a line for each file that does not parse, each comment that is
    lost, and each row that has changed outside of the statements that the fixes touch.
    """
    return (*_unparsed(fixing.after), *_lost_comments(fixing), *_foreign_rows(fixing))


def _fixable(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    return (d for d in found if d.fix is not None)


def _unparsed(files: Mapping[str, bytes]) -> Iterator[str]:
    for path, content in files.items():
        if path.endswith(".py"):
            try:
                syntax.parse(content.decode(_encoding(content)))
            except (SyntaxError, ValueError) as error:
                yield f"{path}: does not parse: {error}"


def _lost_comments(fixing: Fixing) -> Iterator[str]:
    counts = [
        Counter(c for path, data in files.items() if path.endswith(".py") for c in _all_comments(data))
        for files in (fixing.before, fixing.after)
    ]
    for comment in counts[0] - counts[1]:
        if not _PRAGMA.match(comment):
            yield f"lost: {comment}"


def _all_comments(data: bytes) -> Iterator[str]:
    with suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            if token.type == tokenize.COMMENT:
                yield token.string.strip()


def _foreign_rows(fixing: Fixing) -> Iterator[str]:
    """Rows that were changed or taken away, though no fix touched the statement they stand in and it is no import."""
    for path, old in fixing.before.items():
        new = fixing.after[path]
        if old != new and path.endswith(".py"):
            may_change = _touched_rows(path, old, fixing.done)
            rows = old.splitlines(keepends=True)
            matcher = difflib.SequenceMatcher(None, rows, new.splitlines(keepends=True), autojunk=False)
            for tag, start, end, _, _ in matcher.get_opcodes():
                gone = range(start + 1, end + 1) if tag in ("delete", "replace") else ()
                for row in (row for row in gone if row not in may_change and rows[row - 1].strip()):
                    yield f"{path}:{row}: changed, and no fix is there: {rows[row - 1]!r}"


def _touched_rows(path: str, old: bytes, done: engine.Fixed) -> set[int]:
    """The rows of the top-level statements (of a class: of its members) that hold an edit, and of all imports."""
    first = {d for d in _fixable(done.before.diagnostics) if d.path == path}
    later = {d for d in done.applied if d.path == path} - first
    # A later round's rows are counted in a file that the rounds before it have made longer or shorter.
    shift = 1 + abs(len(old.splitlines()) - len(done.changes[path][1].splitlines())) if later else 0
    edits = [
        (edit.span.line - slack, edit.span.end_line + slack)
        for found, slack in ((first, 0), (later, shift))
        for d in found
        if d.fix is not None
        for edit in d.fix.edits
    ]
    # Where a fix was refused, one that is made before it may have let it be made.
    made = {d.code for d in done.applied if d.path == path}
    edits += [
        (d.span.line, d.span.end_line)
        for d in done.before.diagnostics
        if d.path == path and d.fix is None and d.code in made
    ]
    rows: set[int] = set()
    for node in _units(syntax.parse(old.decode(_encoding(old)))):
        decorators = getattr(node, "decorator_list", [])
        first, last = min([node, *decorators], key=_line_of).lineno, node.end_lineno or node.lineno
        is_import = isinstance(node, (ast.Import, ast.ImportFrom, ast.Try, ast.If))
        if is_import or any(start <= last and end >= first for start, end in edits):
            rows.update(range(first, last + 1))
    return rows


def _units(tree: ast.AST) -> Iterator[ast.stmt]:
    for node in getattr(tree, "body", ()):
        if isinstance(node, ast.ClassDef):
            yield from _units(node)
        else:
            yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from (n for n in ast.walk(node) if isinstance(n, (ast.Import, ast.ImportFrom)))


def _line_of(node: ast.stmt | ast.expr) -> int:
    return node.lineno


def _new_findings(fixing: Fixing) -> Iterator[str]:
    rules = registry.load().rules
    counts = []
    for files in (fixing.before, fixing.after):
        with tempfile.TemporaryDirectory(prefix="api-lint-") as place:
            root = Path(place).resolve()
            for path, content in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
            counts.append(Counter((d.path, d.code) for d in _run(root, rules).diagnostics))
    for (path, code), number in (counts[1] - counts[0]).items():
        yield f"{path}: {number} times {code} more than before"


def _fixed_path(case: Path, changed: str) -> Path:
    if case.is_dir():
        return case / f"{changed.removesuffix('.py')}{_FIXED}"
    if changed == case.name:
        return case.with_suffix(_FIXED)
    return case.with_suffix(f".{changed.removesuffix('.py').replace('/', '.')}{_FIXED}")


def _files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _project(root: Path) -> tuple[discover.Project, config.Settings]:
    """A case's project, to be linted in this process: who tests a rule wants to debug it."""
    settings = replace(config.load(root), timeout=0)
    return discover.find([str(root)], settings), settings


def _fixed(root: Path, rules: tuple[Rule | type[Rule], ...], unsafe: bool) -> engine.Fixed:
    project, settings = _project(root)
    return engine.fix(project, _made(rules, settings), settings, unsafe=unsafe, jobs=1)


def _made(rules: tuple[Rule | type[Rule], ...], settings: config.Settings) -> tuple[Rule, ...]:
    return tuple(r(config.options(r, settings)) if isinstance(r, type) else r for r in rules)


def _run(root: Path, rules: tuple[Rule | type[Rule], ...]) -> engine.Result:
    project, settings = _project(root)
    return engine.run(project, _made(rules, settings), settings, jobs=1)


def _compare(
    sources: dict[str, str], result: engine.Result, rules: tuple[Rule | type[Rule], ...]
) -> tuple[Difference, ...]:
    codes = {rule.code for rule in rules}
    wanted = {
        (name, row, code)
        for name, source in sources.items()
        for row, found in _markers(source).items()
        for code in found & codes
    }
    found = {(d.path, d.span.line, d.code): d for d in result.diagnostics}
    differences = [
        Difference("missed", *key, _line(sources[key[0]], key[1])) for key in wanted - found.keys()
    ]
    differences += [Difference("unexpected", *key, found[key].message) for key in found.keys() - wanted]
    differences += [Difference("error", "", 0, "", error) for error in result.errors]
    return tuple(sorted(differences, key=lambda d: (d.path, d.line, d.code, d.kind)))


def _line(source: str, row: int) -> str:
    return source.split("\n")[row - 1].strip()


def _is_case(path: Path) -> bool:
    if path.name.startswith(".") or path.name == "__pycache__":
        return False
    return path.is_dir() or (path.suffix == ".py" and not path.name.endswith(_FIXED))


def _copy(case: Path, root: Path) -> None:
    if case.is_dir():
        shutil.copytree(case, root, ignore=shutil.ignore_patterns("__pycache__", f"*{_FIXED}"))
    else:
        root.mkdir()
        shutil.copy(case, root)
    if not any((root / name).exists() for name in discover.MARKERS):
        # Nothing above the copy, be it the folder of temporary files within a repository, has a say.
        (root / "api-lint.toml").touch()
    for name, source in _sources(root):
        bare = _without_markers(source)
        if bare != source:
            (root / name).write_bytes(bare.encode(_encoding((root / name).read_bytes())))


def _sources(case: Path) -> Iterator[tuple[str, str]]:
    """The Python files of a case, relative to it, with their text. What cannot be decoded can hold no marker."""
    files = sorted(case.rglob("*.py")) if case.is_dir() else [case]
    for path in (path for path in files if not path.name.endswith(_FIXED)):
        data = path.read_bytes()
        try:
            text = data.decode(_encoding(data))
        except (SyntaxError, UnicodeDecodeError):
            continue
        yield path.name if path == case else path.relative_to(case).as_posix(), text


def _encoding(data: bytes) -> str:
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def _markers(source: str) -> dict[int, set[str]]:
    return {row: set(match[1].split()) for row, _, match in _comments(source)}


def _without_markers(source: str) -> str:
    lines = source.split("\n")
    for row, column, _ in _comments(source):
        line = lines[row - 1]
        end = "\r" if line.endswith("\r") else ""
        lines[row - 1] = line[:column].rstrip() + end
    return "\n".join(lines)


def _comments(source: str) -> Iterator[tuple[int, int, re.Match[str]]]:
    """Row, column and match of every marker. A file that Python cannot read as tokens has those before the fault."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and (match := _MARKER.match(token.string)):
                yield token.start[0], token.start[1], match
    except (tokenize.TokenError, SyntaxError):
        return
