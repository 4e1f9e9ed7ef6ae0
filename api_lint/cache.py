"""What was found in a file stays found while the file, and what was looked at for it in others, is what it was.

While a file is visited it is noted what is looked at besides it (`link.Looked`): names that other files define or lack,
and questions that only all files together answer. Of each the digest is kept, and of each file its content's. The next run
visits a file again only if one of these has changed. A function that moves is the same function: rows count from where
it begins, and findings that name a place in a file which has changed in any way are looked for again.

What is kept is JSON with a checksum, in the user's own cache folder. It holds no source but what a fix would write, and
nothing at all of a file in which a secret was found.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple

from api_lint import __version__, link, replay
from api_lint.api import Api, Module
from api_lint.facts import Function, ModuleFacts, Span
from api_lint.link import LISTED, PRESENCE, STARS, WHOLE
from api_lint.rule import (
    AddCode,
    AddField,
    AddLine,
    Diagnostic,
    Related,
    TextEdit,
    TextFix,
)

_MAGIC = b"api-lint found 1\n"
_HEAD = len(_MAGIC) + 16

Item = tuple[str, str]


class Found(NamedTuple):
    """What was found in a file of this content: the findings, how many others were silenced, and what was looked at."""

    content: str
    diagnostics: tuple[Diagnostic, ...]
    suppressed: int
    looked: frozenset[Item]


class Memory:
    """What earlier runs with the same settings and rules have found.

    Parameters: `home`, the folder (`replay.folder`); `key`, all that findings hang on besides the files;
    `is_fit` tells of findings whether they may be kept.
    """

    def __init__(self, home: str, key: object, is_fit: Callable[[Sequence[Diagnostic]], bool]) -> None:
        self._folder = os.path.join(home, replay.FOUND)
        self._name = replay.digest(repr((__version__, key)).encode("utf-8", "surrogateescape")).hex()
        self._is_fit = is_fit
        self._before = _read(os.path.join(self._folder, self._name))
        self._now: dict[Item, str] = {}
        self._true: dict[str, Found] = {}

    def still_true(self, api: Api, contents: Mapping[str, str]) -> Mapping[str, Found]:
        """What is still true of what was found.

        Parameters: `api`, the linked project; `contents`, the digest of each file's content by its path.
        Returns: by path, what was found in the files that need not be visited.
        """
        before = self._before
        looked = frozenset().union(*(each.looked for each in before.found.values()))
        self._now = self._digests(looked, api, contents)
        news = {item for item in looked if self._now[item] != before.digests.get(item)}
        moved = {path for path, content in before.contents.items() if contents.get(path) != content}
        self._true = {
            path: each
            for path, each in before.found.items()
            if contents.get(path) == each.content
            and news.isdisjoint(each.looked)
            and moved.isdisjoint(related.path for related in _related(each))
        }
        return self._true

    def keep(self, api: Api, contents: Mapping[str, str], found: Mapping[str, Found]) -> None:
        """Keep what was found for the next run, besides what is still true. Where that cannot be done, nothing happens.

        Parameters: `api` and `contents` as of `still_true`; `found` in the files that were visited.
        """
        fit = {path: each for path, each in found.items() if self._is_fit(each.diagnostics)}
        if not fit:
            return
        kept = {**self._true, **fit}
        looked = frozenset().union(*(each.looked for each in kept.values()))
        paths = {path for path, _ in looked} | {r.path for each in kept.values() for r in _related(each)}
        digests = self._digests(looked, api, contents)
        data = _encoded(_Kept(kept, digests, {path: contents.get(path, "") for path in sorted(paths)}))
        if replay.put(self._folder, self._name, _MAGIC + replay.digest(data) + data):
            replay.forget_old(self._folder)

    def _digests(self, items: Iterable[Item], api: Api, contents: Mapping[str, str]) -> dict[Item, str]:
        """What can be looked at as it is now. In a file whose content is the same all is as it was."""
        now = _Now(api, contents)
        before = self._before
        digests: dict[Item, str] = {}
        for item in sorted(items):
            path = item[0]
            is_same = bool(path) and before.contents.get(path) == contents.get(path, "")
            known = before.digests.get(item) if is_same else self._now.get(item)
            digests[item] = now.digest(item) if known is None else known
        return digests


class _Kept(NamedTuple):
    """What is in the file: by path what was found in it, of all that was looked at the digest, and the contents of the files
    that it is in."""

    found: dict[str, Found]
    digests: dict[Item, str]
    contents: dict[str, str]


def _related(found: Found) -> Iterator[Related]:
    return (related for diagnostic in found.diagnostics for related in diagnostic.related)


# ------------------------------------------------------------------------------------------------------ how it is now


class _Now:
    """The digests of what can be looked at, as it is now."""

    def __init__(self, api: Api, contents: Mapping[str, str]) -> None:
        self.api = api
        self.contents = contents
        self._defined: dict[str, _Defined | None] = {}

    def digest(self, item: Item) -> str:
        """The digest of something that can be looked at."""
        path, name = item
        if name == WHOLE:
            return self.contents.get(path, "")
        if not path:
            return _digest(self._answer(*name.split(" ")))
        if path not in self._defined:
            module = self.api.module(path)
            self._defined[path] = _Defined(module) if module is not None else None
        defined = self._defined[path]
        return "" if defined is None else defined.digest(name)

    def _answer(self, question: str, *about: str) -> object:
        api = self.api
        match question:
            case "find":
                return api.project.find(about[0], " ".join(about[1:]))
            case "at":
                return api.project.at(" ".join(about))
            case "folder":
                return tuple(sorted(api.project.in_folder(" ".join(about))))
            case "paths":
                return tuple(sorted(api.project.paths))
            case "scanned":
                return api.project.scanned
            case "with":
                return tuple(api.project.paths_with(*about))
            case "routes":
                return api.routes(" ".join(about) or None)
            case "handled":
                return api.handled_in(" ".join(about))
            case "classes":
                return api.classes(*about)
            case "relations":
                relations = api.types.relations
                return tuple(sorted(relations.models.items())), tuple(sorted(relations.reverse.items()))
        raise ValueError(question)


class _Defined:
    """What one module defines, by name."""

    def __init__(self, module: Module) -> None:
        self.facts = module.facts
        self.module = module
        self._functions: dict[str, list[Function]] = {}
        for function in self.facts.functions:
            self._functions.setdefault(function.qualname, []).append(function)
        # Where a name is bound anew, which rows stand above which decides what it means.
        self._is_ordered = _binds_anew(self.facts)

    def digest(self, name: str) -> str:
        """The digest of everything that has a name, and of that nothing has it."""
        if name == PRESENCE:
            return "+"
        if name == STARS:
            return _digest(tuple(map(_own, self.module.stars)))
        if name == LISTED:
            return _digest(self.module.all_names)
        module = self.module
        if name.startswith("*"):
            return _digest(self._of_name(name))
        functions = self._functions.get(name, ())
        cls = module.classes.get(name)
        entry = module.imports.get(name)
        assigns = (*module.assigns.get(name, ()), *module.bound_inside(name))
        parts = (
            tuple(_shape(f, f.start) for f in functions),
            _shape(cls, cls.start) if cls is not None else None,
            _own(entry),
            tuple(map(_own, assigns)),
            module.submodules.get(name),
            module.binds(name),
        )
        rows = (*(f.start for f in functions), cls.start if cls else 0, entry.line if entry else 0, *(a.line for a in assigns))  # fmt: skip
        return _digest((parts, rows if self._is_ordered else ()))

    def _of_name(self, item: str) -> object:
        """What the module has of a name: its calls, assignments or methods."""
        sort, _, name = item.partition(" ")
        match f"{sort} ":
            case link.CALLS:
                calls = self.module.calls_of(name)
                return tuple((_name(f), _shape(s.call, 0), s.span.line - _row(f)) for f, s in calls)
            case link.ATTRIBUTE:
                return tuple((_name(f), _own(a)) for f, a in self.module.assigns_to(name))
            case link.METHOD:
                return tuple(cls.qualname for cls in self.module.classes_with(name))
        raise ValueError(item)


def _name(function: Function | None) -> str:
    return "" if function is None else function.qualname


def _row(function: Function | None) -> int:
    return 0 if function is None else function.start


def _binds_anew(module: ModuleFacts) -> bool:
    names = [f.qualname for f in module.functions if "." not in f.qualname]
    names += [c.qualname for c in module.classes if "." not in c.qualname]
    names += [entry.local for entry in module.body.imports if entry.local not in ("", "*")]
    names += [assign.target for assign in module.body.assigns]
    return len(set(names)) < len(names)


def _own(value: Any) -> object:
    """A fact with its rows counted from its own."""
    return None if value is None else _shape(value, value.line)


# The fields of facts that hold rows.
_ROWS = {
    "Import": {"line"},
    "Assign": {"line", "end", "fork"},
    "Raise": {"line"},
    "Handler": {"try_line", "end_line"},
    "Param": {"line"},
    "Field": {"line"},
    "Function": {"start", "end", "body_start"},
    "Class": {"start", "end"},
}


@cache
def _layout(kind: type) -> tuple[str, tuple[tuple[str, bool], ...]] | None:
    """A fact's name, and the names of its fields with whether each holds a row; `None` for what is no fact."""
    names: Iterable[str]
    if is_dataclass(kind):
        names = (field.name for field in fields(kind))
    elif hasattr(kind, "_fields"):
        names = kind._fields
    else:
        return None
    rows = _ROWS.get(kind.__name__, set())
    return kind.__name__, tuple((name, name in rows) for name in names)


def _shape(value: Any, base: int) -> object:
    """A fact as plain tuples, its rows counted from `base`."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is tuple or kind is list:
        return tuple([_shape(each, base) for each in value])
    if kind is Span:
        return value.line - base, value.col, value.end_line - base, value.end_col
    if kind is frozenset:
        return tuple(sorted(value))
    layout = _layout(kind)  # type: ignore[arg-type]
    if layout is None:
        return repr(value)
    name, names = layout
    return (
        name,
        *(
            (getattr(value, field) - base if getattr(value, field) else 0)
            if is_row
            else _shape(getattr(value, field), base)
            for field, is_row in names
        ),
    )


def _digest(value: object) -> str:
    return replay.digest(repr(_shape(value, 0)).encode("utf-8", "surrogatepass")).hex()


# -------------------------------------------------------------------------------------------------------------- JSON

_EDITS: dict[str, Callable[..., AddLine | AddCode | AddField]] = {
    "line": AddLine, "code": lambda path, code, imports: AddCode(path, code, tuple(map(tuple, imports))), "field": AddField,
}  # fmt: skip


def _encoded(kept: _Kept) -> bytes:
    """Digests by item, then by file what was found in it, the items as their numbers."""
    numbers = {item: number for number, item in enumerate(kept.digests)}
    table = {
        "contents": kept.contents,
        "items": [[path, name, digest] for (path, name), digest in kept.digests.items()],
        "found": {
            path: [each.content, each.suppressed, sorted(numbers[i] for i in each.looked), [*map(_plain, each.diagnostics)]]
            for path, each in kept.found.items()
        },
    }  # fmt: skip
    return json.dumps(table, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _plain(diagnostic: Diagnostic) -> list[object]:
    fix = diagnostic.fix
    plain = None
    if fix is not None:
        others: list[object] = []
        for edit in fix.others:
            if isinstance(edit, AddLine):
                others.append(["line", edit.path, edit.line])
            elif isinstance(edit, AddCode):
                others.append(["code", edit.path, edit.code, edit.imports])
            else:
                others.append(["field", edit.path, edit.cls, edit.code])
        plain = [fix.title, fix.safety, fix.edits, fix.imports, others]
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
        plain,
        d.refused,
    ]


def _diagnostic(plain: Any) -> Diagnostic:
    code, name, path, span, message, severity, noqa_line, related, fix, refused = plain
    made = None
    if fix is not None:
        title, safety, edits, imports, others = fix
        made = TextFix(
            title, safety, tuple(TextEdit(Span(*where), content) for where, content in edits),
            tuple((module, name) for module, name in imports), tuple(_EDITS[kind](*rest) for kind, *rest in others),
        )  # fmt: skip
    places = tuple(Related(where, Span(*at), said) for where, at, said in related)
    return Diagnostic(code, name, path, Span(*span), message, severity, noqa_line, places, made, refused)


def _read(path: str) -> _Kept:
    """What was kept, nothing where it is not whole."""
    try:
        with open(path, "rb") as file:
            source = file.read()
        data = source[_HEAD:]
        if not source.startswith(_MAGIC) or source[len(_MAGIC) : _HEAD] != replay.digest(data):
            return _Kept({}, {}, {})
        table = json.loads(data)
        items = [(where, name) for where, name, _ in table["items"]]
        digests = {(where, name): digest for where, name, digest in table["items"]}
        found = {
            path: Found(content, tuple(map(_diagnostic, plain)), suppressed, frozenset(items[n] for n in looked))
            for path, (content, suppressed, looked, plain) in table["found"].items()
        }  # fmt: skip
        return _Kept(found, digests, dict(table["contents"]))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return _Kept({}, {}, {})
