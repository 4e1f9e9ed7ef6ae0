"""The fixture harness: code with markers on the lines that a rule must find, and nothing else found.

A case is a Python file, or a folder that is linted as a project of its own. A marker is a comment at the end of a line
that holds codes and nothing else::

    time.sleep(1)  # API601
    return rows  # API202 API604

Every marked line must be found, and no line that is not. A test of a rule is then one line:
`assert not check("fixtures/blocking-sleep-in-async/bad.py", BlockingSleepInAsync)`.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from api_lint import config, discover, engine
from api_lint.rule import Rule

__all__ = ["Difference", "cases", "check", "check_source", "expected", "lint"]

_MARKER = re.compile(r"#\s*([A-Z]+\d+(?:\s+[A-Z]+\d+)*)\s*\Z")
_FIXED = ".fixed.py"

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


def _run(root: Path, rules: tuple[Rule | type[Rule], ...]) -> engine.Result:
    settings = config.load(root)
    project = discover.find([str(root)], settings)
    made = tuple(r(config.options(r, settings)) if isinstance(r, type) else r for r in rules)
    return engine.run(project, made, settings, jobs=1)


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
    for path in files:
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
