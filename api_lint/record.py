"""What runs have found, as a file: what is asked for in every run is unpacked, the rest stays as it is.

A head in JSON, with the findings, and behind it what was looked at for them: names by file, and for each group of files
that share what they looked at the numbers of it, four bytes each. Numbers are checksums, so they need no table; that two
things have the same one costs a look too many at worst. Whatever is not whole is as if it were not there.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple
from zlib import crc32

from api_lint import replay
from api_lint.facts import Span
from api_lint.link import Item
from api_lint.rule import (
    AddCode,
    AddField,
    AddLine,
    Diagnostic,
    Related,
    TextEdit,
    TextFix,
)

_MAGIC = b"api-lint found 3\n"
_HEAD = len(_MAGIC) + 16
# What is larger than this was not made here.
_LARGEST = 256_000_000
_NUMBERS = "I"
_SIZE = array(_NUMBERS).itemsize

Plain = list[Any]


class Known(NamedTuple):
    """What was found in a file of this content: the findings, as they are and as they are written, how many others were
    silenced, and the place of what was looked at in `Record.shared`."""

    content: str
    diagnostics: tuple[Diagnostic, ...]
    plain: Sequence[Plain]
    suppressed: int
    looked: int


class Record(NamedTuple):
    """What is in the file.

    By path what was `found` in it; `names` that were looked at in it, packed (questions about all files under ""); what
    some files have `shared`, by its numbers; those of what the `routing` hangs on, none where it is not known, and by
    file where the routes that it handles are declared; the digests of the `answers` to questions, and of the `contents` of
    the files that were looked at.
    """

    found: Mapping[str, Known]
    names: Mapping[str, bytes]
    shared: Sequence[array[int]]
    routing: array[int]
    declaring: Mapping[str, Sequence[str]]
    answers: Mapping[str, str]
    contents: Mapping[str, str]

    def names_of(self, path: str) -> list[str]:
        """The names that were looked at in a file."""
        return unpacked(self.names[path]) if path in self.names else []


NOTHING = Record({}, {}, (), array(_NUMBERS), {}, {}, {})


def number(path: str, name: str) -> int:
    """The number of what is looked at."""
    return crc32(_bytes(name), crc32(_bytes(path)))


def numbers(items: Iterable[Item]) -> array[int]:
    """The numbers of all that is looked at, sorted."""
    begun: dict[str, int] = {}
    found = []
    for path, name in items:
        if path not in begun:
            begun[path] = crc32(_bytes(path))
        found.append(crc32(_bytes(name), begun[path]))
    return array(_NUMBERS, sorted(set(found)))


def packed(names: Iterable[str]) -> bytes:
    """Names as they are kept."""
    return b"\0".join(sorted(map(_bytes, names)))


def unpacked(names: bytes) -> list[str]:
    """The same, back."""
    return names.decode("utf-8", "surrogatepass").split("\0")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def write(record: Record) -> bytes:
    """A record as it is kept."""
    found = {
        path: [each.content, each.suppressed, each.looked, each.plain]
        for path, each in record.found.items()
    }
    head = {
        "found": found,
        "names": {path: len(names) for path, names in record.names.items()},
        "shared": [len(each) for each in record.shared],
        "routing": len(record.routing),
        "declaring": record.declaring,
        "answers": record.answers,
        "contents": record.contents,
    }
    text = json.dumps(head, separators=(",", ":")).encode("ascii")
    arrays = (each.tobytes() for each in (*record.shared, record.routing))
    data = b"".join((text, b"\n", *record.names.values(), *arrays))
    return _MAGIC + replay.digest(data) + data


def read(path: str) -> Record:
    """A record that was kept, nothing where it is not whole."""
    source = replay.source_of(path, _LARGEST)
    if source is None:
        return NOTHING
    try:
        if not source.startswith(_MAGIC) or source[len(_MAGIC) : _HEAD] != replay.digest(source[_HEAD:]):
            return NOTHING
        end = source.index(b"\n", _HEAD)
        head = json.loads(source[_HEAD:end])
        return _record(head, source, end + 1)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return NOTHING


def _record(head: Any, source: bytes, start: int) -> Record:
    lengths = [*head["names"].values(), *(_SIZE * n for n in (*head["shared"], head["routing"]))]
    _check(int, *lengths)
    ends = [*accumulate(lengths, initial=start)]
    if ends[-1] != len(source):
        raise ValueError
    parts = [source[begin:end] for begin, end in pairwise(ends)]
    names = dict(zip(head["names"], parts))
    *shared, routing = (array(_NUMBERS, part) for part in parts[len(names) :])
    found = {
        path: Known(content, tuple(map(_diagnostic, plain)), plain, suppressed, place)
        for path, (content, suppressed, place, plain) in head["found"].items()
    }
    places = {each.looked for each in found.values()}
    if not places <= {*range(len(shared))}:
        raise ValueError
    declaring, answers, contents = (dict(head[name]) for name in ("declaring", "answers", "contents"))
    _check(str, *(path for paths in declaring.values() for path in paths), *answers.values(), *contents.values())  # fmt: skip
    return Record(found, names, shared, routing, declaring, answers, contents)


_EDITS: dict[str, Callable[..., AddLine | AddCode | AddField]] = {
    "line": AddLine, "code": lambda path, code, imports: AddCode(path, code, tuple(map(tuple, imports))), "field": AddField,
}  # fmt: skip


def plain(diagnostic: Diagnostic) -> Plain:
    """A finding as it is written."""
    fix = diagnostic.fix
    made = None
    if fix is not None:
        others: list[object] = []
        for edit in fix.others:
            if isinstance(edit, AddLine):
                others.append(["line", edit.path, edit.line])
            elif isinstance(edit, AddCode):
                others.append(["code", edit.path, edit.code, edit.imports])
            else:
                others.append(["field", edit.path, edit.cls, edit.code])
        made = [fix.title, fix.safety, fix.edits, fix.imports, others]
    d = diagnostic
    return [
        d.code,
        d.name,
        d.path,
        d.span,
        d.message,
        d.severity,
        d.noqa_line,
        d.related,
        made,
        d.refused,
    ]


def _diagnostic(plain: Any) -> Diagnostic:
    code, name, path, span, message, severity, noqa_line, related, fix, refused = plain
    _check(
        str,
        code,
        name,
        path,
        message,
        severity,
        refused,
        *(text for where, _, said in related for text in (where, said)),
    )
    _check(int, noqa_line, *span, *(number for _, at, _ in related for number in at))
    made = None
    if fix is not None:
        title, safety, edits, imports, others = fix
        _check(
            str,
            title,
            safety,
            *(content for _, content in edits),
            *(name for each in imports for name in each),
        )
        _check(str, *(text for each in others for text in (*each[:3], *each[3:] * (each[0] == "field"))))
        _check(int, *(number for where, _ in edits for number in where))
        made = TextFix(
            title, safety, tuple(TextEdit(Span(*where), content) for where, content in edits),
            tuple((module, name) for module, name in imports), tuple(_EDITS[kind](*rest) for kind, *rest in others),
        )  # fmt: skip
    places = tuple(Related(where, Span(*at), said) for where, at, said in related)
    return Diagnostic(code, name, path, Span(*span), message, severity, noqa_line, places, made, refused)


def _check(kind: type, *values: object) -> None:
    """Make sure that values are what they have to be.

    Raises: TypeError.
    """
    if not all(type(value) is kind for value in values):
        raise TypeError
