"""What was found in a file stays found while the file, and what was looked at for it in others, is what it was.

While a file is visited it is noted what is looked at besides it (`link.Looked`): names that other files define or lack,
and questions that only all files together answer. Of these the answers' digests are kept, and of each file its content's.
The next run visits a file again only if one of these has changed: in a file of another content it compares the facts
from before with those of now. A function that moves is the same function: rows count from where
it begins, and findings that name a place in a file which has changed in any way are looked for again.

What is kept is JSON with a checksum, in the user's own cache folder. It holds no source but what a fix would write, and
nothing at all of a file in which a secret was found.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from api_lint import __version__, link, replay
from api_lint.api import Api, Module
from api_lint.facts import Body, Function, ModuleFacts, Route, Span
from api_lint.link import LISTED, PRESENCE, SOURCE, STARS, WHOLE
from api_lint.rule import (
    AddCode,
    AddField,
    AddLine,
    Diagnostic,
    Related,
    TextEdit,
    TextFix,
)

_MAGIC = b"api-lint found 2\n"
_HEAD = len(_MAGIC) + 16
# What is larger than this was not made here.
_LARGEST = 256_000_000

Item = tuple[str, str]

_NO_BODY = Body((), (), (), (), (), (), (), frozenset())


class Found(NamedTuple):
    """What was found in a file of this content: the findings, how many others were silenced, and what was looked at."""

    content: str
    diagnostics: tuple[Diagnostic, ...]
    suppressed: int
    looked: frozenset[Item]


class Known(NamedTuple):
    """The same as it is kept: `looked` is the number of what was looked at, which files share."""

    content: str
    diagnostics: tuple[Diagnostic, ...]
    suppressed: int
    looked: int


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
        self._true: dict[str, Known] = {}
        # The answers of this run, digested: what is asked before the files are visited is kept after it.
        self._answers: dict[str, str] = {}

    def forget(self) -> None:
        """Forget what earlier runs have found."""
        self._before = _NOTHING
        self._true = {}
        self._answers = {}

    def still_true(
        self,
        api: Api,
        contents: Mapping[str, str],
        facts_of: Callable[[str, str], ModuleFacts | None],
    ) -> Mapping[str, Known]:
        """What is still true of what was found.

        Parameters: `api`, the linked project; `contents`, the digest of each file's content by its path; `facts_of`, what
        gives the facts that a file had when its content was another, by its path and the digest of that, if they are known.
        Returns: by path, what was found in the files that need not be visited.
        """
        before = self._before
        changed = {
            path: content
            for path, content in before.contents.items()
            if contents.get(path, "") != content
        }
        compared = {
            path: _Change(api.module(path), bool(content), facts_of(path, content))
            for path, content in changed.items()
        }
        news = {
            number
            for number, (path, name) in enumerate(before.items)
            if (path in changed and compared[path].is_news(name))
            or (not path and self._answer(api, name) != before.answers.get(name))
        }
        untouched = {number for number, items in enumerate(before.shared) if news.isdisjoint(items)}
        self._true = {
            path: each
            for path, each in before.found.items()
            if contents.get(path) == each.content
            and each.looked in untouched
            and changed.keys().isdisjoint(related.path for related in _related(each))
        }
        return self._true

    def keep(self, api: Api, contents: Mapping[str, str], found: Mapping[str, Found]) -> None:
        """Keep what was found for the next run, besides what is still true. Where that cannot be done, nothing happens.

        Parameters: `api` and `contents` as of `still_true`; `found` in the files that were visited.
        """
        fit = {path: each for path, each in found.items() if self._is_fit(each.diagnostics)}
        if not fit:
            return
        known, items, shared = self._with(fit)
        paths = {path for path, _ in items if path}
        paths |= {related.path for each in known.values() for related in _related(each)}
        answers = {question: self._answer(api, question) for path, question in items if not path}
        then = {path: contents.get(path, "") for path in sorted(paths)}
        data = _encoded(_Kept(known, items, shared, answers, then))
        if replay.put(self._folder, self._name, _MAGIC + replay.digest(data) + data):
            replay.forget_old(self._folder)

    def _with(self, found: Mapping[str, Found]) -> tuple[dict[str, Known], list[Item], list[list[int]]]:
        """What is still true and what was found now: by path, and the items that were looked at, once and by their numbers."""
        number_of = {item: number for number, item in enumerate(self._before.items)}
        shared = [*self._before.shared]
        place_of: dict[frozenset[Item], int] = {}
        known = dict(self._true)
        for path, each in found.items():
            if each.looked not in place_of:
                place_of[each.looked] = len(shared)
                shared.append([number_of.setdefault(item, len(number_of)) for item in each.looked])
            known[path] = Known(each.content, each.diagnostics, each.suppressed, place_of[each.looked])
        return _without_unused(known, [*number_of], shared)

    def _answer(self, api: Api, question: str) -> str:
        """The digest of the answer to a question about all files."""
        if question not in self._answers:
            sort, *about = question.split(" ")
            self._answers[question] = _digest(_answered(api, sort, about))
        return self._answers[question]


class _Kept(NamedTuple):
    """What is in the file: by path what was found in it, all items, those that some files looked at by their numbers, the
    digest of the answer to each question about all files, and those of the contents of the files that were looked at."""

    found: dict[str, Known]
    items: list[Item]
    shared: list[list[int]]
    answers: dict[str, str]
    contents: dict[str, str]


_NOTHING = _Kept({}, [], [], {}, {})


def _without_unused(
    known: dict[str, Known], items: list[Item], shared: list[list[int]]
) -> tuple[dict[str, Known], list[Item], list[list[int]]]:
    """The same without what no file has looked at, numbered anew."""
    places = {place: new for new, place in enumerate(sorted({each.looked for each in known.values()}))}
    shared = [shared[place] for place in places]
    used = sorted(set().union(*shared))
    number_of = dict(zip(used, range(len(used))))
    return (
        {path: each._replace(looked=places[each.looked]) for path, each in known.items()},
        [items[number] for number in used],
        [[number_of[number] for number in numbers] for numbers in shared],
    )


def _related(found: Known) -> Iterator[Related]:
    return (related for diagnostic in found.diagnostics for related in diagnostic.related)


# ------------------------------------------------------------------------------------------------------ how it is now


def _answered(api: Api, sort: str, about: Sequence[str]) -> object:
    match sort:
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
            # How a file's own functions are is known of the file.
            return tuple(map(_without_body, api.handled_in(" ".join(about))))
        case "classes":
            return api.classes(*about)
        case "relations":
            related = sorted(api.types.reverse_relations().items())
            return tuple((name, tuple((r.owner.key, *r[1:]) for r in each)) for name, each in related)
        case "user":
            return api.types.own_user()
    raise ValueError(sort)


def _without_body(route: Route) -> Route:
    handler = route.handler
    return replace(route, handler=handler._replace(function=handler.function._replace(inner=_NO_BODY)))


class _Change:
    """A file that has changed.

    Parameters: `module` as it is now, `None` where there is none; `was`, whether there was one; `facts` that it had then,
    `None` where they are not known.
    """

    def __init__(self, module: Module | None, was: bool, facts: ModuleFacts | None) -> None:
        self.is_known = not was or facts is not None
        self.facts = facts
        self.module = module
        self.before = _Defined(Module(facts)) if facts is not None else None
        self.now = _Defined(module) if module is not None else None

    def is_news(self, name: str) -> bool:
        """Whether what can be looked at under a name is not what it was."""
        if not self.is_known or name == SOURCE:
            return True
        if name == WHOLE:
            return self.module is None or _whole(self.module.facts) != _whole(self.facts)
        before = self.before.digest(name) if self.before is not None else ""
        return before != (self.now.digest(name) if self.now is not None else "")


def _whole(facts: ModuleFacts | None) -> object:
    """All facts but how many rows there are: what stands below the last statement is a comment."""
    return None if facts is None else _shape(replace(facts, body=facts.body._replace(end=0)), 0)


class _Defined:
    """What one module defines, by name."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._functions: dict[str, list[Function]] = {}
        for function in module.facts.functions:
            self._functions.setdefault(function.qualname, []).append(function)
        # Where a name is bound anew, which rows stand above which decides what it means.
        self._is_ordered = _binds_anew(module.facts)

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
            case link.CLASSES:
                return tuple(cls.qualname for cls in self.module.classes_named(name))
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


# The fields that may be packed, and what unpacks them.
_PACKED = {"inner": "body", "rows": "layout"}


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
    return kind.__name__, tuple((_PACKED.get(name, name), name in rows) for name in names)


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
    """What is kept as JSON."""
    table = {
        "contents": kept.contents,
        "answers": kept.answers,
        "items": kept.items,
        "shared": kept.shared,
        "found": {
            path: [each.content, each.suppressed, each.looked, [*map(_plain, each.diagnostics)]]
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


def _read(path: str) -> _Kept:
    """What was kept, nothing where it is not whole."""
    source = replay.source_of(path, _LARGEST)
    if source is None:
        return _NOTHING
    try:
        data = source[_HEAD:]
        if not source.startswith(_MAGIC) or source[len(_MAGIC) : _HEAD] != replay.digest(data):
            return _NOTHING
        table = json.loads(data)
        items = [(where, name) for where, name in table["items"]]
        shared = [[*numbers] for numbers in table["shared"]]
        found = {
            path: Known(content, tuple(map(_diagnostic, plain)), suppressed, place)
            for path, (content, suppressed, place, plain) in table["found"].items()
        }
        _check(int, *(each.looked for each in found.values()), *map(max, filter(None, shared)))
        return _Kept(found, items, shared, dict(table["answers"]), dict(table["contents"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return _NOTHING
