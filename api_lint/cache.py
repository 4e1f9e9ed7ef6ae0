"""What was found in a file stays found while the file, and what was looked at for it in others, is what it was.

While a file is visited it is noted what is looked at besides it (`link.Looked`): names that other files define or lack,
and questions that only all files together answer. Of these the answers' digests are kept, and of each file its content's.
The next run visits a file again only if one of these has changed: in a file of another content it compares the facts
from before with those of now. A function that moves is the same function: rows count from where it begins; findings that
name a place in a function or a class that has moved or changed are looked for again. The routes of the project are put
together again only where something has changed that was looked at for that.

What is kept (`record`) has a checksum and lies in the user's own cache folder. It holds no source but what a fix would
write, and nothing at all of a file in which a secret was found.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from api_lint import __version__, link, record, replay
from api_lint.api import Api, Module
from api_lint.census import Census
from api_lint.facts import Body, Function, ModuleFacts, Route, Span
from api_lint.link import DECLARES, SOURCE, Item
from api_lint.record import Known, Record
from api_lint.rule import Diagnostic, Related

# What stands for a row of a file.
Place = Callable[[int], int]

_NO_BODY = Body((), (), (), (), (), (), (), (), frozenset())

# What questions about all files hang on, by their first word: on which files there are, and on which of these passed the
# gate and what names they hold. Those about routes hang on what was looked at to put these together.
_OF_LAYOUT = frozenset({"find", "at", "folder", "paths"})
_OF_NAMES = frozenset({"with", "uses", "scanned"})
_OF_ROUTES = frozenset({"routes", "handled"})
_LAYOUT, _SCANNED = "paths", "scanned"


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
        self._before = record.read(os.path.join(self._folder, self._name))
        self._true: dict[str, Known] = {}
        self._has_changed = False
        # Answers, digested: of this run, and those of earlier ones that still hold.
        self._answers: dict[str, str] = {}

    def forget(self) -> None:
        """Forget what earlier runs have found."""
        self._before = record.NOTHING
        self._true = {}
        self._answers = {}

    def still_true(
        self,
        api: Api,
        contents: Mapping[str, str],
        facts_of: Callable[[str, str], tuple[ModuleFacts, Census] | None],
    ) -> Mapping[str, Known]:
        """What is still true of what was found.

        Parameters: `api`, the linked project, whose routes are put together for it if something that they hang on has
        changed; `contents`, the digest of each file's content by its path; `facts_of`, what gives the facts that a file had
        when its content was another and the names in them, by its path and the digest of that, if they are known.
        Returns: by path, what was found in the files that need not be visited.
        """
        before = self._before
        changes = {
            path: _Change(api, path, bool(content), facts_of(path, content))
            for path, content in before.contents.items()
            if contents.get(path, "") != content
        }
        self._has_changed = bool(changes)
        news = {
            record.number(path, name)
            for path, change in changes.items()
            for name in before.names_of(path)
            if change.is_news(name)
        }
        news |= self._other_answers(api, [*changes.values()])
        news |= self._other_routes(api, news)
        untouched = [news.isdisjoint(numbers) for numbers in before.shared]
        self._true = {
            path: each
            for path, each in before.found.items()
            if contents.get(path) == each.content
            and untouched[each.looked]
            and not any(
                related.path in changes and changes[related.path].has_moved(related.span)
                for related in _related(each.diagnostics)
            )
        }
        return self._true

    def _other_answers(self, api: Api, changes: Sequence[_Change]) -> set[int]:
        """The questions about all files, but those about routes, whose answers are not what they were."""
        before = self._before.answers
        has_layout = self._answer(api, _LAYOUT) == before.get(_LAYOUT)
        has_names = has_layout and self._answer(api, _SCANNED) == before.get(_SCANNED)
        has_names = has_names and all(change.is_known for change in changes)
        other_names = _OtherNames(changes)
        news = set()
        for question in self._before.names_of(""):
            sort, *about = question.split(" ")
            if sort in _OF_ROUTES:
                continue
            if (sort in _OF_LAYOUT and has_layout) or (
                sort in _OF_NAMES and has_names and not other_names.concern(sort, about)
            ):
                self._answers.setdefault(question, before.get(question, ""))
            elif self._answer(api, question) != before.get(question):
                news.add(record.number("", question))
        return news

    def _other_routes(self, api: Api, news: set[int]) -> set[int]:
        """The questions about routes whose answers are not what they were; where there can be none, no routes are put
        together."""
        before = self._before
        asked = [q for q in before.names_of("") if q.partition(" ")[0] in _OF_ROUTES]
        files = {*api.project.scanned}
        is_fit = all(files.issuperset(paths) for paths in before.declaring.values())
        if before.routing and news.isdisjoint(before.routing) and is_fit:
            api.declaring = before.declaring
            self._answers.update((question, before.answers.get(question, "")) for question in asked)
            return set()
        api.handled_in("")
        other = (q for q in asked if self._answer(api, q) != before.answers.get(q))
        return {record.number("", question) for question in other}

    def keep(self, api: Api, contents: Mapping[str, str], found: Mapping[str, Found]) -> None:
        """Keep what was found for the next run, besides what is still true. Where that cannot be done, nothing happens.

        Parameters: `api` and `contents` as of `still_true`; `found` in the files that were visited.
        """
        fit = {path: each for path, each in found.items() if self._is_fit(each.diagnostics)}
        if not fit and not self._has_changed:
            return
        known, shared = self._known(fit)
        routing = api.project.looked.routing or set()
        items = {("", _LAYOUT), ("", _SCANNED)}.union(routing, *{each.looked for each in fit.values()})
        of_routes = record.numbers(routing)
        if api.declaring is not None:
            of_routes = array(of_routes.typecode, sorted({*of_routes, *self._before.routing}))
        names = self._names(items, {*of_routes}.union(*shared))
        answers = {q: self._answer(api, q) for q in record.unpacked(names[""])}
        paths = {*filter(None, names)}
        paths |= {r.path for each in known.values() for r in _related(each.diagnostics)}
        then = {path: contents.get(path, "") for path in sorted(paths)}
        data = record.write(
            Record(known, names, shared, of_routes, api.declaring_files(), answers, then)
        )
        if replay.put(self._folder, self._name, data):
            replay.forget_old(self._folder)

    def _known(self, found: Mapping[str, Found]) -> tuple[dict[str, Known], list[array[int]]]:
        """What is still true and what was found now, and the numbers of what was looked at for it."""
        used = sorted({each.looked for each in self._true.values()})
        shared = [self._before.shared[place] for place in used]
        place_of: dict[int | frozenset[Item], int] = {place: new for new, place in enumerate(used)}
        known = {path: each._replace(looked=place_of[each.looked]) for path, each in self._true.items()}
        for path, new in found.items():
            if new.looked not in place_of:
                place_of[new.looked] = len(shared)
                shared.append(record.numbers(new.looked))
            plain = [*map(record.plain, new.diagnostics)]
            known[path] = Known(
                new.content, new.diagnostics, plain, new.suppressed, place_of[new.looked]
            )
        return known, shared

    def _names(self, items: Iterable[Item], used: set[int]) -> dict[str, bytes]:
        """The names that were looked at, by file; where there are new ones, without those that nobody has looked at."""
        added: dict[str, set[str]] = {}
        for path, name in items:
            added.setdefault(path, set()).add(name)
        names = dict(self._before.names)
        for path, new in added.items():
            old = self._before.names_of(path)
            if not new.issubset(old):
                kept = {name for name in old if record.number(path, name) in used}
                names[path] = record.packed(new | kept)
        return names

    def _answer(self, api: Api, question: str) -> str:
        """The digest of the answer to a question about all files."""
        if question not in self._answers:
            sort, *about = question.split(" ")
            self._answers[question] = _digest(_answered(api, sort, about))
        return self._answers[question]


class _OtherNames:
    """The names that some changed files hold now and did not before, or the other way round."""

    def __init__(self, changes: Sequence[_Change]) -> None:
        self._changes = changes
        self._of_sort: dict[str, set[str]] = {}

    def concern(self, sort: str, about: Sequence[str]) -> bool:
        """Whether the answer to a question about names may be another."""
        if sort == "uses":
            return any(name.startswith(tuple(about)) for name in self._of("imports"))
        return sort == "with" and not self._of(about[0]).isdisjoint(about[1:])

    def _of(self, sort: str) -> set[str]:
        if sort not in self._of_sort:
            names = (change.names(sort) for change in self._changes)
            self._of_sort[sort] = set().union(*(was ^ now for was, now in names))
        return self._of_sort[sort]


def _related(diagnostics: Iterable[Diagnostic]) -> Iterator[Related]:
    return (related for diagnostic in diagnostics for related in diagnostic.related)


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
            return api.project.layout
        case "scanned":
            return api.project.scanned
        case "with":
            return tuple(api.project.paths_with(*about))
        case "uses":
            return api.project.uses(*about)
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

    Parameters: `api`, the linked project; `path`; `was`, whether it was there before; `facts` that it had then and the names in
    them, `None` where they are not known.
    """

    def __init__(self, api: Api, path: str, was: bool, facts: tuple[ModuleFacts, Census] | None) -> None:
        self.is_known = not was or facts is not None
        self._before = _Defined(Module(facts[0]), facts[1]) if facts is not None else None
        module = api.module(path)
        census = api.project.census(path) if module is not None else None
        self._now = _Defined(module, census) if module is not None and census is not None else None
        self._may_declare = api.may_declare

    def names(self, sort: str) -> tuple[set[str], set[str]]:
        """The names of a sort (a field of `Census`) that the file held, and those that it holds."""
        was, now = (set(d.census.names(sort)) if d else set() for d in (self._before, self._now))
        return was, now

    def is_news(self, name: str) -> bool:
        """Whether what can be looked at under a name is not what it was."""
        if not self.is_known or name == SOURCE:
            return True
        was, now = (self._under(name, d) if d else _NOTHING for d in (self._before, self._now))
        return was != now

    def has_moved(self, place: Span) -> bool:
        """Whether what stood in a place may stand elsewhere. It does not where the function or class around is the same in
        the same rows."""
        if self._before is None or self._now is None:
            return True
        around = self._before.around(place.line)
        return around is None or around != self._now.around(place.line)

    def _under(self, name: str, defined: _Defined) -> object:
        return self._may_declare(defined.census) if name == DECLARES else defined.under(name)


# What stands under a name where there is no file.
_NOTHING = object()


class _Defined:
    """What one module defines, by name; `census`, the names in it."""

    def __init__(self, module: Module, census: Census) -> None:
        self.module = module
        self.census = census
        self._functions: dict[str, list[Function]] = {}
        for function in module.facts.functions:
            self._functions.setdefault(function.qualname, []).append(function)
        self._shapes: dict[int, object] = {}
        self._bound_anew = _bound_anew(module.facts)

    def under(self, name: str) -> object:
        """Everything that has a name, and that nothing has it."""
        match name:
            case link.PRESENCE:
                return ()
            case link.WHOLE:
                return self._whole()
            case link.BODY:
                body = self.module.body  # which names it binds is asked by name
                return _shape(
                    body._replace(end=0, inner=body.body._replace(bound=frozenset())), self._place
                )
            case link.STARS:
                return tuple(map(_own, self.module.stars))
            case link.LISTED:
                return self.module.all_names
        return self._of_name(name) if name.startswith("*") else self._named(name)

    def around(self, row: int) -> object | None:
        """The innermost function around a row, or else the innermost class, and where it begins; `None` at the top level."""
        facts = self.module.facts
        functions = [f for f in facts.functions if f.start <= row <= f.end]
        if functions:
            innermost = max(functions, key=lambda f: f.start)
            return innermost.start, self._function(innermost)
        classes = [c for c in facts.classes if c.start <= row <= c.end]
        return _shape(max(classes, key=lambda c: c.start)) if classes else None

    def _whole(self) -> object:
        """All facts but how many rows there are: what stands below the last statement is a comment."""
        facts = self.module.facts
        others = replace(facts, body=facts.body._replace(end=0), functions=())
        return _shape(others), *((f.start, self._function(f)) for f in facts.functions)

    def _named(self, name: str) -> object:
        module = self.module
        functions = self._functions.get(name, ())
        cls = module.classes.get(name)
        entry = module.imports.get(name)
        assigns = (*module.assigns.get(name, ()), *module.bound_inside(name))
        rows = (*(f.start for f in functions), cls.start if cls else 0, entry.line if entry else 0, *(a.line for a in assigns))  # fmt: skip
        return (
            tuple(map(self._function, functions)),
            _shape(cls, _from(cls.start)) if cls is not None else None,
            _own(entry),
            tuple(map(_own, assigns)),
            module.submodules.get(name),
            module.binds(name),
            tuple(map(self._place, rows)),
        )

    def _place(self, row: int) -> int:
        """Where a row of the top level stands among those that bind names anew: they decide what a name means there."""
        return bisect_right(self._bound_anew, row)

    def _function(self, function: Function) -> object:
        """A function with its rows counted from its own."""
        if id(function) not in self._shapes:
            self._shapes[id(function)] = _shape(function, _from(function.start))
        return self._shapes[id(function)]

    def _of_name(self, item: str) -> object:
        """What the module has of a name: its calls, assignments or methods."""
        sort, _, name = item.partition(" ")
        match f"{sort} ":
            case link.CALLS:
                calls = self.module.calls_of(name)
                return tuple((_name(f), _shape(s.call), self._row(f, s.span.line)) for f, s in calls)
            case link.ATTRIBUTE:
                return tuple((_name(f), _own(a)) for f, a in self.module.assigns_to(name))
            case link.INSIDE:
                return tuple(f.qualname for f in self.module.coroutines_in(name))
            case link.CLASSES:
                return tuple(cls.qualname for cls in self.module.classes_named(name))
            case link.METHOD:
                return tuple(cls.qualname for cls in self.module.classes_with(name))
        raise ValueError(item)

    def _row(self, function: Function | None, row: int) -> int:
        return self._place(row) if function is None else row - function.start


def _name(function: Function | None) -> str:
    return "" if function is None else function.qualname


def _bound_anew(module: ModuleFacts) -> list[int]:
    """The rows, sorted, of names that the top level binds more than once."""
    bound = [(f.qualname, f.start) for f in module.functions if "." not in f.qualname]
    bound += [(c.qualname, c.start) for c in module.classes if "." not in c.qualname]
    bound += [(i.local, i.line) for i in module.body.imports if i.local not in ("", "*")]
    bound += [(assign.target, assign.line) for assign in module.body.assigns]
    times = Counter(name for name, _ in bound)
    return sorted(row for name, row in bound if times[name] > 1)


def _own(value: Any) -> object:
    """A fact with its rows counted from its own."""
    return None if value is None else _shape(value, _from(value.line))


def _from(start: int) -> Place:
    """What counts rows from one."""
    return (-start).__add__


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


def _shape(value: Any, place: Place = int) -> object:
    """A fact as plain tuples.

    Parameters: `place`, what to put for a row.
    """
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is bool:
        return "bool", value  # which is no 1
    if kind is tuple or kind is list:
        return tuple([_shape(each, place) for each in value])
    if kind is Span:
        return place(value.line), value.col, place(value.end_line), value.end_col
    if kind is frozenset:
        return tuple(sorted(value))
    layout = _layout(kind)  # type: ignore[arg-type]
    if layout is None:
        return repr(value)
    name, names = layout
    return (
        name,
        *(
            (place(getattr(value, field)) if getattr(value, field) else 0)
            if is_row
            else _shape(getattr(value, field), place)
            for field, is_row in names
        ),
    )


def _digest(value: object) -> str:
    return replay.digest(repr(_shape(value)).encode("utf-8", "surrogatepass")).hex()
