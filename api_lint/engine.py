"""A whole run: read → gate → index → link → visit → suppress, over processes.

Indexing is done by workers that send their facts back, packed; then the routes are put together once, in this process, and
workers forked from it visit the files and unpack the facts they need. A file that its worker does not survive is looked at
again without the rule whose turn it was. Where a process cannot be forked, all happens in this one.
"""

from __future__ import annotations

import gc
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, NamedTuple, TypeVar

from api_lint import fixes, noqa, packed, record, replay, workers
from api_lint.api import Api, Module
from api_lint.cache import Found, Memory
from api_lint.census import Census, take
from api_lint.config import Settings
from api_lint.discover import Project
from api_lint.facts import Failure, ModuleFacts, Route, Span
from api_lint.gate import Gate, rows_with
from api_lint.index import Unreadable, decode, index, parse
from api_lint.names import from_imports
from api_lint.parcels import Room
from api_lint.replay import digest
from api_lint.rule import (
    SAFE,
    UNREADABLE,
    UNSAFE,
    UNUSED,
    AddCode,
    AddField,
    AddLine,
    Diagnostic,
    Rule,
    TextFix,
)
from api_lint.shelf import Kept, Shelf, pack, unpack

# A fix that has not settled by then undoes itself.
_ROUNDS = 10

# Below this many bytes of gated source a second process costs more than it saves.
_POOL_PAYS_AT = 1_500_000
# How many parts the files are visited in that keep their answers to themselves, so that it is known what these hang on.
_PARTS = 32
# So few files that their sizes need no look.
_FEW = 20
# How many files a worker visits at most: with each it knows more of the project.
_VISITS = 600
# How many bytes of what is in functions a process unpacks before it lets go of it: they become about six times as much.
_OPEN_AT_ONCE = 1_500_000

_ROW_END = re.compile(r"\r\n|\r|\n")

Progress = Callable[[str, int, int], None]
Silent = Callable[[str], frozenset[str]]
Known = Sequence[type[Rule]]
# Tells of findings, given what reads a file by its path, which of them are meant.
Only = Callable[[Sequence[Diagnostic], Callable[[str], bytes]], Sequence[bool]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found.

    `diagnostics` are sorted and unsuppressed; files that could not be handled are among them (`API000`). `errors` tell,
    a line each, of rules that raised: the run is not complete then. `suppressed` counts silenced findings, `files` the
    files that were to be reported on. `is_passing`: another run may find something else though nothing has changed, since
    a file took too long, ended its worker or was denied by the system. `contents` are the digests of the files' contents
    by path, as far as they were made.
    """

    diagnostics: tuple[Diagnostic, ...]
    errors: tuple[str, ...]
    suppressed: int
    files: int
    is_passing: bool = False
    contents: Mapping[str, str] = field(default_factory=dict, repr=False)


# What a module's code defines at its top level.
_DEFINED = re.compile(r"^(?:async def|def|class) (\w+)", re.MULTILINE)


class _Visited(NamedTuple):
    """What was found in a file; `path` and `content` (its digest) are given if that is worth remembering. `part` are the
    files that share what was looked at for them, `looked` what this one adds to that."""

    diagnostics: list[Diagnostic]
    errors: list[str]
    suppressed: int
    is_passing: bool = False
    path: str = ""
    content: str = ""
    part: str = ""
    looked: frozenset[tuple[str, str]] = frozenset()


class _Indexed(NamedTuple):
    """A file's facts, or why it has none; the digest of its content; the names in the facts; and what of it is kept, if
    anything is. Where a worker has sent it the facts are packed."""

    facts: ModuleFacts | packed.Packed | None
    failure: Failure | None
    content: str
    census: Census | None = None
    kept: Kept | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        facts = self.facts
        return _Indexed, (packed.pack(facts) if isinstance(facts, ModuleFacts) else facts, *self[1:])


class _Look(NamedTuple):
    """A look at a file: `without` the rules of these codes, and only with hooks for nodes if it `parses`; `part` is the
    number of those that it shares answers with."""

    path: str
    without: frozenset[str] = frozenset()
    parses: bool = True
    part: int = 0


def run(
    project: Project,
    rules: Sequence[Rule],
    settings: Settings,
    *,
    jobs: int = 0,
    progress: Progress | None = None,
    sources: Mapping[str, bytes] | None = None,
    silent: Silent | None = None,
    known: Known = (),
    wants_fixes: bool = True,
    memory: Memory | None = None,
    shelf: Shelf | None = None,
) -> Result:
    """Lint a project's target files.

    Parameters: `project`, its files; `rules`, the ones to run; `settings`; `jobs`, how many processes (0: one for each
    processor); `progress`, told of (phase, done, all); `sources`, contents that stand for files' own (standard input);
    `silent`, the codes that the configuration silences in a file; `known`, all installed rules, for suppressions that
    silence nothing to be reported (`API001`), none for them not to be; `wants_fixes`, whether findings are to carry their
    fixes, which takes about as long as finding them; `memory`, of what earlier runs have found; `shelf`, of the
    facts that they have made.
    Returns: the findings. Raises nothing for what is in the files.
    """

    def once() -> Result:
        session = _Session(project, rules, settings, sources, silent, known)
        session.memory, session.shelf = memory, shelf
        _last_session[:] = [session]
        return session.run(wants_fixes, jobs, progress)

    with _without_garbage_collection():
        try:
            return once()
        except Exception:
            if memory is None or shelf is None:
                raise
            # What is kept may be wrong in ways that no checksum tells: all over again, without it.
            memory.forget()
            shelf.forget()
            return once()


def routes(
    project: Project, settings: Settings, *, jobs: int = 0, progress: Progress | None = None
) -> tuple[tuple[Route, ...], tuple[Diagnostic, ...]]:
    """Every route declared in a project's target files.

    Returns: the routes in the order of files and rows, and an `API000` for each file that could not be read.
    """
    with _without_garbage_collection():
        session = _Session(project, (), settings)
        session.index(jobs, progress)
        targets = frozenset(project.targets)
        found = [r for path in session.scanned if path in targets for r in session.api.routes(path)]
        failures = sorted(
            (_unreadable(f) for f in session.failures.values() if f.path in targets), key=_order
        )
    return tuple(found), tuple(failures)


def reader(
    project: Project, settings: Settings, sources: Mapping[str, bytes] | None = None
) -> Callable[[str], bytes]:
    """What gives a file's bytes by its path relative to the root, none for one that cannot be read.

    Parameters: as of `run`.
    """
    return _Session(project, (), settings, sources).bytes_of


# Holds the latest run's facts, so that a command need not wait for them to be taken apart before it ends.
_last_session: list[_Session] = []


@dataclass(frozen=True, slots=True)
class Fixed:
    """What fixing a project came to.

    `changes` hold, by path, a file's bytes before (`None` for a new one) and after; `applied` are the findings whose fixes are in them;
    `refused` tells, by path, why a file was left alone; `result` is what is found in the changed project, `before` what was
    in the old one. `groups` are the changed paths, together those that one fix changed: they are written together or not
    at all.
    """

    changes: Mapping[str, tuple[bytes | None, bytes]]
    applied: tuple[Diagnostic, ...]
    refused: Mapping[str, str]
    result: Result
    before: Result
    groups: tuple[tuple[str, ...], ...] = ()


def fix(
    project: Project,
    rules: Sequence[Rule],
    settings: Settings,
    *,
    unsafe: bool,
    jobs: int = 0,
    progress: Progress | None = None,
    sources: Mapping[str, bytes] | None = None,
    silent: Silent | None = None,
    known: Known = (),
    only: Only | None = None,
) -> Fixed:
    """Fix what can be fixed in a project's target files, in memory, round by round until nothing changes.

    Parameters: as of `run`, and `unsafe`, whether to apply fixes that may change behaviour; `only` tells of findings,
    given what reads the files, which of them are to be fixed (all by default).
    Returns: the changes, for the caller to write or to show, and what is left. A file in which a fix would bring up a
    finding that was not there before is left alone.
    """
    with _without_garbage_collection():
        session = _Session(project, rules, settings, sources, silent, known)
        _last_session[:] = [session]
        session.fixes = True
        session.index(jobs, progress)
        before = session.visit(jobs, progress)
        fixer = _Fixer(session, before, unsafe, only)
        fixer.settle(jobs, progress)
        return fixer.fixed(jobs, progress)


def silence(
    project: Project,
    rules: Sequence[Rule],
    settings: Settings,
    reason: str,
    *,
    jobs: int = 0,
    progress: Progress | None = None,
    silent: Silent | None = None,
    known: Known = (),
    only: Only | None = None,
) -> Fixed:
    """Write a suppression at each finding in a project's target files, in memory; one that silences nothing goes.

    Parameters: as of `fix`; `reason`, which every suppression gets.
    Returns: the changes, for the caller to write or to show, and what is left. `applied` are the findings that are silent
    now; `refused` tells why one cannot be, by path or by path and row.
    """
    with _without_garbage_collection():
        session = _Session(project, rules, settings, {}, silent, known)
        _last_session[:] = [session]
        session.index(jobs, progress)
        session.api.wants_fixes = False
        before = session.visit(jobs, progress)
        fixer = _Fixer(session, before, False, _both(only, _is_unused))
        fixer.settle(jobs, progress)
        cleaned = fixer.fixed(jobs, progress)
        session = session.with_sources({path: after for path, (_, after) in cleaned.changes.items()})
        changed, applied, refused = _silenced(session, cleaned.result, reason, only)
        result = session.with_sources(changed).visit(jobs, progress) if changed else cleaned.result
    contents = {path: after for path, (_, after) in cleaned.changes.items()} | changed
    changes = {path: (fixer.first.old(path), after) for path, after in sorted(contents.items())}
    groups = tuple((path,) for path in changes)
    return Fixed(changes, tuple(applied), {**cleaned.refused, **refused}, result, before, groups)


def _both(one: Only | None, other: Only) -> Only:
    def only(found: Sequence[Diagnostic], read: Callable[[str], bytes]) -> list[bool]:
        first = one(found, read) if one is not None else [True] * len(found)
        return [a and b for a, b in zip(first, other(found, read))]

    return only


def _is_unused(found: Sequence[Diagnostic], _: Callable[[str], bytes]) -> list[bool]:
    return [diagnostic.code == UNUSED[0] for diagnostic in found]


def _silenced(
    session: _Session, found: Result, reason: str, only: Only | None
) -> tuple[dict[str, bytes], list[Diagnostic], dict[str, str]]:
    """The files with a suppression at each finding, the findings, and why some have none."""
    from api_lint import silencing

    flags = only(found.diagnostics, session.bytes_of) if only is not None else repeat(True)
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in (d for d, flag in zip(found.diagnostics, flags) if flag):
        if diagnostic.code not in (UNREADABLE[0], UNUSED[0]):
            by_path.setdefault(diagnostic.path, []).append(diagnostic)
    changed: dict[str, bytes] = {}
    applied: list[Diagnostic] = []
    refused: dict[str, str] = {}
    for path, diagnostics in by_path.items():
        try:
            content = session.read(path)
            done = silencing.add(content, path, diagnostics, reason)
        except (fixes.Refused, Unreadable) as error:
            refused[path] = error.failure.reason if isinstance(error, Unreadable) else str(error)
            continue
        changed[path] = done.content
        applied += done.silenced
        for diagnostic in done.refused:
            refused[f"{path}:{diagnostic.span.line}"] = (
                f"no comment can stand there for {diagnostic.code}"
            )
    return changed, applied, refused


class _Texts(NamedTuple):
    """Changed files by path, and the fixes that are in them."""

    changed: dict[str, bytes]
    fixes: tuple[TextFix, ...]


class _Fixer:
    """Rounds of fixing: the project as it would be after each, and what was done."""

    def __init__(
        self, session: _Session, before: Result, unsafe: bool, only: Only | None = None
    ) -> None:
        self.first = session
        self.only = only
        self.session = session
        self.before = before
        self.wanted = (SAFE, UNSAFE) if unsafe else (SAFE,)
        self.applied: dict[str, list[Diagnostic]] = {}
        self.refused: dict[str, str] = {}
        self.linked: list[frozenset[str]] = []
        self.result = before
        self.claimed: dict[tuple[str, str], str] = {}
        self._imported: dict[tuple[str, ...], dict[tuple[str, ...], set[str]]] | None = None

    def settle(self, jobs: int, progress: Progress | None) -> None:
        """Apply fixes until a round changes nothing; what does not settle is put back.

        A round looks at the changed files only. Once nothing is left there, the whole project is looked at: what was
        changed in one file may let another be fixed.
        """
        found: Iterable[Diagnostic] = self.before.diagnostics
        is_whole = True
        for _ in range(_ROUNDS):
            changed = self._round(found)
            if not changed and is_whole:
                return
            if not changed:
                found, is_whole = self._look(jobs, progress), True
                changed = self._round(found)
            if not changed:
                return
            self.session = self.session.with_sources(changed)
            paths = sorted(path for path in changed if path.endswith(".py"))
            found = [d for each in self.session.visit_all(paths, jobs) for d in each.diagnostics]
            is_whole = False
        self._look(jobs, progress)
        if self._wanted(found):
            self._put_back({d.path for d in self._wanted(found)}, "its fixes do not settle")
            self._look(jobs, progress)

    def _look(self, jobs: int, progress: Progress | None) -> Sequence[Diagnostic]:
        self.result = self.session.visit(jobs, progress)
        return self.result.diagnostics

    def _wanted(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        found = list(found)
        flags = self.only(found, self.session.bytes_of) if self.only is not None else repeat(True)
        return [
            d
            for d, is_asked in zip(found, flags)
            if is_asked and d.fix is not None and d.fix.safety in self.wanted
        ]

    def _round(self, found: Iterable[Diagnostic]) -> dict[str, bytes]:
        by_path: dict[str, list[Diagnostic]] = {}
        for diagnostic in self._wanted(found):
            by_path.setdefault(diagnostic.path, []).append(diagnostic)
        changed: dict[str, bytes] = {}
        self.claimed = {}
        for path, diagnostics in by_path.items():
            if path not in self.refused:
                self._fix_file(path, diagnostics, changed)
        return changed

    def _fix_file(self, path: str, diagnostics: list[Diagnostic], changed: dict[str, bytes]) -> None:
        """Apply what fits of a file's fixes; those that add code to other files go after the others, and two that would
        define the same name there one after another."""
        plain = [d for d in diagnostics if d.fix is not None and not _adds_code(d.fix)]
        wanted = plain or self._unclaimed(diagnostics)
        try:
            text = self._apply(path, [d.fix for d in wanted if d.fix is not None], changed)
        except (fixes.Refused, Unreadable) as error:
            self.refused[path] = error.failure.reason if isinstance(error, Unreadable) else str(error)
            return
        changed.update(text.changed)
        if text.changed:
            self.linked.append(frozenset(text.changed))
            self.applied.setdefault(path, []).extend(d for d in wanted if d.fix in text.fixes)
            for other in text.changed:
                self.applied.setdefault(other, [])

    def _unclaimed(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The findings whose fixes define no name that another fix of this round defines differently."""
        free: list[Diagnostic] = []
        for diagnostic in diagnostics:
            assert diagnostic.fix is not None
            defined = {
                (edit.path, name): edit.code
                for edit in diagnostic.fix.others
                if isinstance(edit, AddCode)
                for name in _DEFINED.findall(edit.code)
            }
            if all(self.claimed.get(key, code) == code for key, code in defined.items()):
                self.claimed.update(defined)
                free.append(diagnostic)
        return free

    def _apply(self, path: str, wanted: Sequence[TextFix], changed: Mapping[str, bytes]) -> _Texts:
        source = fixes.read(self.session.read(path))
        facts = self.session.load(path)
        assert facts is not None
        if path in changed:  # another file's fix has added to it in this round
            return _Texts({}, ())
        done = fixes.apply(source, facts, wanted, self._imported_from(path))
        texts = {path: source.encode(done.text)} if done.text != source.text else {}
        for edit in (edit for fix in done.fixes for edit in fix.others):
            texts[edit.path] = self._extended(edit, {**changed, **texts})
        return _Texts(texts, done.fixes)

    def _extended(self, edit: AddLine | AddCode | AddField, changed: Mapping[str, bytes]) -> bytes:
        """Another file with what a fix adds to it."""
        if edit.path in self.refused:
            raise fixes.Refused(f"{edit.path} is left as it is")
        is_new = edit.path not in changed and not self.session.exists(edit.path)
        content = (
            changed.get(edit.path, b"")
            if is_new or edit.path in changed
            else self.session.read(edit.path)
        )
        source = fixes.read(content)
        facts = index(content, edit.path) if edit.path.endswith(".py") and content.strip() else None
        return source.encode(fixes.extend(source, facts, edit))

    def _imported_from(self, path: str) -> frozenset[str]:
        """The names that files import from what may be this module, `*` among them."""
        if self._imported is None:
            self._imported = {}
            for module, name in self.first.imported():
                self._imported.setdefault(module[-1:], {}).setdefault(module, set()).add(name)
        own = ("/", *path.removesuffix(".py").removesuffix("/__init__").split("/"))
        # Where absolute imports start from is not known here: below the root, or above it.
        found = self._imported.get(own[-1:], {}).items()
        return frozenset(
            name
            for module, imported in found
            if module == own[-len(module) :] or own[1:] == module[1 - len(own) :]
            for name in imported
        )

    def fixed(self, jobs: int, progress: Progress | None) -> Fixed:
        """What it came to, without the files in which a fix brought up something new."""
        if self.applied:
            self._look(jobs, progress)
        worse = self._worse()
        if worse:
            # What such a file's fixes added to other files must go as well: all over again, without them.
            again = _Fixer(self.first, self.before, self.wanted == (SAFE, UNSAFE), self.only)
            again.refused = {**self.refused, **worse}
            again.settle(jobs, progress)
            return again.fixed(jobs, progress)
        changes = {
            path: (self.first.old(path), self.session.read(path)) for path in sorted(self.applied)
        }
        changes = {path: (old, new) for path, (old, new) in changes.items() if old != new}
        applied = tuple(d for path in changes for d in self.applied[path])
        return Fixed(changes, applied, self.refused, self.result, self.before, self._groups(changes))

    def _worse(self) -> dict[str, str]:
        """The changed files to which new findings go back, and why they are put back."""
        before = Counter((d.path, d.code) for d in self.before.diagnostics)
        after = Counter((d.path, d.code) for d in self.result.diagnostics)
        group_of = {path: group for group in self._groups(self.applied) for path in group}
        worse: dict[str, str] = {}
        for path, code in sorted(after - before):
            group = group_of.get(path, (path,))
            if sum(after[p, code] for p in group) <= sum(before[p, code] for p in group):
                continue  # it moved with its code
            reason = f"its fixes would bring up a new finding ({code})"
            if path in self.applied:
                worse.setdefault(path, reason)
                continue
            if self.first.has_changed(path):
                continue  # somebody else is at work in it
            found = [d for d in self.result.diagnostics if (d.path, d.code) == (path, code)]
            causes = {r.path for d in found for r in d.related} & self.applied.keys()
            for cause in causes or self.applied.keys():
                worse.setdefault(cause, f"its fixes would bring up a new finding ({code}) in {path}")
        for path in [path for path in worse if not self.applied[path]]:
            # It only received code: what goes is the fixes that put it there.
            for source in (
                s for link in self.linked if path in link for s in link if self.applied.get(s)
            ):
                worse.setdefault(source, worse[path])
        return worse

    def _put_back(self, paths: Iterable[str], reason: str) -> None:
        """Undo the fixes of files, with those of all files that share a fix with them."""
        paths = set(paths)
        groups = [g for g in self._groups(self.applied) if paths & set(g)]
        undone = sorted({path for group in groups for path in group})
        for path in undone:
            del self.applied[path]
            self.refused[path] = reason if path in paths else "a fix that needs it was not made"
        self.session = self.session.with_sources({path: self.first.old(path) or b"" for path in undone})

    def _groups(self, paths: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """The paths, those together that fixes link."""
        groups = [{path} for path in sorted(paths)]
        for link in self.linked:
            joined = [group for group in groups if group & link]
            if len(joined) > 1:
                groups = [g for g in groups if not g & link] + [set().union(*joined)]
        return tuple(sorted(tuple(sorted(group)) for group in groups))


def _imported_module(module: str, level: int, path: str) -> tuple[str, ...]:
    """The parts of the dotted name of the module that `from x import y` in a file imports from, those of a relative
    import from the root (`/`) on."""
    named = tuple(filter(None, module.split(".")))
    if not level:
        return named
    folders = path.split("/")[:-1]
    return ("/", *folders[: max(0, len(folders) - level + 1)], *named)


def _adds_code(fix: TextFix) -> bool:
    return any(isinstance(edit, AddCode) for edit in fix.others)


def _nothing_silent(_: str) -> frozenset[str]:
    return frozenset()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Facts hold no reference cycles worth collecting, and scanning millions of them is a quarter of a run's time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Session:
    """One run's state: facts by path, the linked API, and what went wrong."""

    def __init__(
        self,
        project: Project,
        rules: Sequence[Rule],
        settings: Settings,
        sources: Mapping[str, bytes] | None = None,
        silent: Silent | None = None,
        known: Known = (),
    ) -> None:
        self.project = project
        self.rules = tuple(rules)
        self.settings = settings
        self.sources = sources or {}
        self.silent = silent or _nothing_silent
        self.known = known
        self.targets = frozenset(project.targets)
        self.gate = Gate(w for rule in rules for w in rule.words)
        self.facts: dict[str, ModuleFacts] = {}
        self.packed: dict[str, packed.Packed] = {}
        self.censuses: dict[str, Census] = {}
        self.room = Room(_OPEN_AT_ONCE)
        self.failures: dict[str, Failure] = {f.path: f for f in project.failures}
        self.scanned: list[str] = []
        self.memory: Memory | None = None
        self.shelf: Shelf | None = None
        self.kept: dict[str, Kept] = {}
        self.contents: dict[str, str] = {}
        self.fixes = False
        self._part = ""
        self._looked: set[tuple[str, str]] = set()
        self.is_passing = False
        self.api: Api

    def run(self, wants_fixes: bool, jobs: int, progress: Progress | None) -> Result:
        """Index, link, visit, and keep what is worth keeping."""
        self.index(jobs, progress)
        self.api.wants_fixes = wants_fixes
        found = self.visit(jobs, progress)
        if self.shelf is not None:
            self.shelf.keep(str(self.project.root), self.kept)
        return found

    # --------------------------------------------------------------------------------------------------- index

    def index(self, jobs: int, progress: Progress | None) -> None:
        """Read all files, index those that pass the gate, link them."""
        files = self.project.files
        new = [path for path in files if not self._is_known(path)]
        indexed = workers.spread(self.index_one, new, self._workers(jobs, new), self.settings.timeout)
        for path, outcome in _counted(zip(new, indexed), "indexing", len(new), progress):
            if isinstance(outcome, workers.Ended):
                self.failures[path] = _ended(path, outcome)
                self.is_passing = True
            else:
                self._take(path, outcome)
        self.scanned.sort()
        roots = self.project.sources(self.settings)
        self.api = Api(files, self.load, roots, self.scanned, self.text, self.censuses.get, self.room)

    def _take(self, path: str, indexed: _Indexed) -> None:
        self.contents[path] = indexed.content
        if isinstance(indexed.facts, tuple):
            self.packed[path] = indexed.facts
        elif indexed.facts is not None:
            self.facts[path] = indexed.facts
        if indexed.facts is not None:
            self.scanned.append(path)
        if indexed.census is not None:
            self.censuses[path] = indexed.census
        if indexed.failure is not None:
            self.failures[path] = indexed.failure
            self.is_passing |= indexed.failure.is_passing
        if indexed.kept is not None:
            self.kept[path] = indexed.kept

    def _is_known(self, path: str) -> bool:
        """Whether an earlier run has made a file's facts. They are unpacked when somebody asks for them."""
        kept = self._on_shelf(path)
        if kept is None:
            return False
        self.contents[path] = kept.content
        self.kept[path] = kept
        if kept.outer:
            self.scanned.append(path)
        if kept.census is not None:
            self.censuses[path] = kept.census
        return True

    def _on_shelf(self, path: str) -> Kept | None:
        """What an earlier run has kept of a file as it is. One that is in the state of then is not read."""
        if not self.shelf:
            return None
        state = replay.state(os.path.join(self.project.root, path))
        kept = self.shelf.unread(path, state) if path not in self.sources else None
        if kept is not None and state[2] <= self.settings.max_file_size:
            return kept
        try:
            kept = self.shelf.of(path, self._content(self.read(path)))
        except Unreadable:
            return None  # which is told of where it is indexed
        return kept._replace(state=None) if kept is not None else None

    def _facts_before(self, path: str, content: str) -> tuple[ModuleFacts, Census] | None:
        """The facts that a file had when its content had this digest, and the names in them, if an earlier run has kept
        them."""
        kept = self.shelf.of(path, content) if self.shelf is not None else None
        if kept is None or not kept.outer or kept.census is None:
            return None
        facts = unpack(kept, self.room, lambda: None)
        return (facts, kept.census) if facts is not None else None

    def _workers(self, jobs: int, paths: Sequence[str]) -> int:
        """How many processes to use for some files."""
        size = sum(self._size(path) for path in paths) if len(paths) > _FEW else 0
        return _workers(jobs, size)

    def imported(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """All that any file imports from a module, `*` among it: the module's dotted name in parts, and the name.

        Files that did not pass the gate are searched, not parsed: what their strings hold is taken for imports too.
        """
        scanned = frozenset(self.scanned)
        for path in self.project.files:
            facts = self.load(path) if path in scanned else None
            if facts is not None:
                for entry in (i for f in (facts.body, *facts.functions) for i in f.imports if i.name):
                    yield _imported_module(entry.module, entry.level, path), entry.name
                self.api.leave(path)
                continue
            for module, name in from_imports(self.text(path) or ""):
                dotted = module.lstrip(".")
                yield _imported_module(dotted, len(module) - len(dotted), path), name

    def _size(self, path: str) -> int:
        try:
            return os.stat(self.project.root / path).st_size
        except OSError:
            return 0

    def load(self, path: str) -> ModuleFacts | None:
        """A file's facts, unpacked or, if the gate had kept it out, indexed now."""
        facts = self.facts.get(path) or self._unpack(path)
        if facts is None and path not in self.failures:
            try:
                facts = self.facts[path] = index(self.read(path), path)
            except Unreadable as error:
                # A file nobody asked about may be broken; what it would have told is unknown.
                self.failures[path] = error.failure
        return facts

    def _unpack(self, path: str) -> ModuleFacts | None:
        """The facts that a worker or an earlier run has made, `None` where neither has."""
        data, kept = self.packed.get(path), self.kept.get(path)
        facts = None
        if data is not None:
            facts = packed.unpack(data, self.room)
        elif kept is not None and kept.outer:
            facts = unpack(kept, self.room, lambda: index(self.read(path), path))
        if facts is not None:
            self.facts[path] = facts
        return facts

    def read(self, path: str) -> bytes:
        """A file's bytes.

        Raises `Unreadable` for one that vanished, may not be read, is no regular file or is too large.
        """
        if path in self.sources:
            return self.sources[path]
        full = os.path.join(self.project.root, path)
        try:
            # Opening a FIFO for reading would wait for a writer that never comes.
            handle = os.open(
                full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            )
        except OSError as error:
            raise self._denied(path, error) from None
        # Closed by hand where it is no file: `open` refuses a folder's handle.
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            os.close(handle)
            raise Unreadable(Failure(path, "not a regular file"))
        with open(handle, "rb") as file:
            try:
                if state.st_size > self.settings.max_file_size:
                    limit = self.settings.max_file_size
                    raise Unreadable(Failure(path, f"larger than {limit} bytes (max-file-size)"))
                return file.read()
            except OSError as error:
                raise self._denied(path, error) from None

    def _denied(self, path: str, error: OSError) -> Unreadable:
        # That a file is not there is seen by the next run as well.
        is_passing = not isinstance(error, (FileNotFoundError, NotADirectoryError))
        self.is_passing |= is_passing
        return Unreadable(Failure(path, error.strerror or str(error), is_passing=is_passing))

    def text(self, path: str) -> str | None:
        """A file's text, `None` for one that cannot be read."""
        try:
            return decode(self.read(path), path)
        except Unreadable:
            return None

    def bytes_of(self, path: str) -> bytes:
        """A file's bytes, none for one that cannot be read."""
        try:
            return self.read(path)
        except Unreadable:
            return b""

    def has_changed(self, path: str) -> bool:
        """Whether a file's content is another than when it was indexed for being fixed."""
        return self._content(self.bytes_of(path)) != self.contents.get(path, "")

    def exists(self, path: str) -> bool:
        """Whether there is such a file in the project's folder, or a content that stands for it."""
        return path in self.sources or os.path.exists(os.path.join(self.project.root, path))

    def old(self, path: str) -> bytes | None:
        """A file's bytes, `None` if there is no such file."""
        return self.read(path) if self.exists(path) else None

    def index_one(self, path: str) -> _Indexed:
        """A file's facts, or why it has none; neither for a file that the gate keeps out."""
        content = ""
        try:
            source = self.read(path)
            content = self._content(source)
            if self.gate.passes(source) or self._may_be_unused(path, source):
                facts = index(source, path)
                census = take(facts)
                kept = pack(content, facts, census) if self.shelf is not None else None
                return _Indexed(facts, None, content, census, kept)
            if path not in self.targets:
                return _Indexed(None, None, content)
            parse(source, path)  # nothing to say about it but whether it can be read
            return _Indexed(None, None, content, kept=Kept(content))
        except Unreadable as error:
            return _Indexed(None, error.failure, content)

    def _content(self, source: bytes) -> str:
        """The digest of a file's content, where somebody will ask for it."""
        return digest(source).hex() if self.memory is not None or self.fixes else ""

    def _may_be_unused(self, path: str, source: bytes) -> bool:
        """Whether a file is to be looked at for the sake of its comments alone."""
        return bool(self.known) and path in self.targets and noqa.may_be_unused(source, self.known)

    def with_sources(self, sources: Mapping[str, bytes]) -> _Session:
        """The project with other contents of some files; the facts of all others are kept."""
        added = [path for path in sources if path.endswith(".py") and path not in self.project.files]
        project = replace(
            self.project,
            files=tuple(sorted({*self.project.files, *added})),
            targets=tuple(sorted({*self.project.targets, *added})),
        )
        contents = {**self.sources, **sources}
        after = _Session(project, self.rules, self.settings, contents, self.silent, self.known)
        after.facts = {path: facts for path, facts in self.facts.items() if path not in sources}
        after.packed = {path: data for path, data in self.packed.items() if path not in sources}
        after.room = self.room
        after.censuses = {path: names for path, names in self.censuses.items() if path not in sources}
        after.failures = {
            path: failure for path, failure in self.failures.items() if path not in sources
        }
        for path in (path for path in sources if path.endswith(".py")):
            after.load(path)
        after.scanned = sorted({*self.scanned, *(path for path in sources if path in after.facts)})
        after.api = Api(
            project.files,
            after.load,
            project.sources(self.settings),
            after.scanned,
            after.text,
            after.censuses.get,
            after.room,
        )
        return after

    # --------------------------------------------------------------------------------------------------- visit

    def visit(self, jobs: int, progress: Progress | None) -> Result:
        """Run the rules over the target files."""
        paths = [path for path in self.scanned if path in self.targets]
        known: Mapping[str, record.Known] = {}
        if self.memory is not None:
            self.api.project.looked.routing = set()
            known = self.memory.still_true(self.api, self.contents, self._facts_before)
        elif any(rule.api_hooks() for rule in self.rules):
            self.api.handled_in("")  # once, before the fork, so that every worker has all routes
        unknown = [path for path in paths if path not in known]
        results = self.visit_all(unknown, jobs, progress)
        results += [_Visited([*f.diagnostics], [], f.suppressed) for p in paths if (f := known.get(p))]
        diagnostics = [d for result in results for d in result.diagnostics]
        if self.memory is not None:
            self.memory.keep(self.api, self.contents, dict(self._memorable(results)))
        asked = self.targets | {f.path for f in self.project.failures}
        diagnostics += [_unreadable(f) for f in self.failures.values() if f.path in asked]
        return Result(
            tuple(sorted(diagnostics, key=_order)),
            tuple(dict.fromkeys(e for result in results for e in result.errors)),
            sum(result.suppressed for result in results),
            len(self.project.targets),
            self.is_passing or any(result.is_passing for result in results),
            self.contents,
        )

    def visit_all(
        self, paths: Sequence[str], jobs: int, progress: Progress | None = None
    ) -> list[_Visited]:
        """All rules' unsuppressed findings in some files, a result each; a second one for what ended its worker."""
        if paths and self.rules:
            import api_lint.visit  # noqa: F401 - here, so that workers need not
        results: list[_Visited] = []
        # An answer serves the files that follow as well, but whoever looks at it has looked at all that was looked at for it.
        # The more files there are, the more of them share their answers.
        step = len(paths) // _PARTS + 1
        looks = [_Look(path, part=number // step) for number, path in enumerate(paths)]
        while looks:
            found = self._spread(looks, jobs)
            again: list[_Look] = []
            for look, outcome in _counted(zip(looks, found), "linting", len(looks), progress):
                if isinstance(outcome, workers.Ended):
                    results.append(self._ended(look, outcome, again))
                else:
                    results.append(outcome)
            looks = again
        return results

    def _spread(self, looks: Sequence[_Look], jobs: int) -> Iterator[_Visited | workers.Ended]:
        """Visit files in workers; after so many there are new ones, which know nothing yet and so take little memory."""
        count = self._workers(jobs, [look.path for look in looks])
        rounds = -(-len(looks) // (_VISITS * count))
        step = -(-len(looks) // rounds)
        for start in range(0, len(looks), step):
            batch = looks[start : start + step]
            yield from workers.spread(self.visit_one, batch, count, self.settings.timeout)

    def _ended(self, look: _Look, ended: workers.Ended, again: list[_Look]) -> _Visited:
        """What is told of a worker that ended, and how to look at the file again: without the rule whose turn it was, or
        if it was none's, without LibCST."""
        if ended.turn:
            rule = self.rules[ended.turn - 1]
            again.append(look._replace(without=look.without | {rule.code}))
            return _Visited([], [_failure(look.path, rule, ended.reason)], 0)
        if look.parses:
            again.append(look._replace(parses=False))
        told = [_unreadable(_ended(look.path, ended))] if look.parses else []
        return _Visited(told, [], 0, is_passing=True)

    def _memorable(self, results: Sequence[_Visited]) -> Iterator[tuple[str, Found]]:
        """What is worth remembering: what all rules have found in the content that the facts are of."""
        looked: dict[str, set[tuple[str, str]]] = {}
        for each in results:
            looked.setdefault(each.part, set()).update(each.looked)
        of_part = {part: frozenset(items) for part, items in looked.items()}
        for each in results:
            if each.path and not each.errors and each.content == self.contents.get(each.path):
                found = tuple(each.diagnostics)
                yield each.path, Found(each.content, found, each.suppressed, of_part[each.part])

    def visit_one(self, look: _Look) -> _Visited:
        """All rules' unsuppressed findings in one file, and what was looked at for them if that is to be remembered."""
        self.api.make_room()
        try:
            return self._visited(look) if self.memory is None else self._noted(look)
        finally:
            self.api.leave(look.path)

    def _noted(self, look: _Look) -> _Visited:
        """The same with what was looked at."""
        part = f"{os.getpid()} {look.part}"
        if part != self._part:
            self.api.forget()
            self._part, self._looked = part, set()
        looked = self.api.project.looked
        before = frozenset(self._looked)
        looked.items, looked.own = self._looked, look.path
        try:
            visited = self._visited(look)
        finally:
            looked.items, looked.own = None, ""
        return visited._replace(part=part, looked=frozenset(self._looked - before))

    def _visited(self, look: _Look) -> _Visited:
        from api_lint import visit
        from api_lint.visit import SliceError, Visitor, visit_facts

        path = look.path
        module = self.api.module(path)
        if module is None:
            return _Visited([], [], 0)
        try:
            source = self.read(path)
            text = decode(source, path)
        except Unreadable as error:
            return _Visited([_unreadable(error.failure)], [], 0, self.is_passing)
        errors: list[str] = []
        failed = set(look.without)
        turns = {rule.code: number for number, rule in enumerate(self.rules, 1)}

        def fail(rule: Rule, error: BaseException) -> None:
            if rule.code not in failed:
                errors.append(_failure(path, rule, f"failed: {type(error).__name__}: {error}"))
            failed.add(rule.code)

        rules = [rule for rule in self.rules if self._speaks(rule, module) and rule.code not in failed]
        found: list[visit.Found] = []
        for rule in rules:
            workers.begin(turns[rule.code])
            found += visit_facts(self.api, module, text, [rule], fail)
        diagnostics: list[Diagnostic] = []
        suspects = self._suspects(rules, module, text, fail, turns) if look.parses else {}
        workers.begin()
        if suspects:
            try:
                found += Visitor(self.api, module, text, turns).visit(suspects, fail)
            except SliceError as error:
                diagnostics.append(_unreadable(Failure(path, f"LibCST cannot parse {error}")))
        rows = _ROW_END.split(text) if found else []
        quiet: list[Diagnostic] = []
        for each in (f for f in found if f.rule.code not in failed):
            is_quiet = self._is_quiet(each.rule, each.span, module)
            (quiet if is_quiet else diagnostics).append(_diagnostic(each, module, rows))
        diagnostics = list(dict.fromkeys(diagnostics))
        twins = {rule.code: rule.twins for rule in rules}
        starts = [row for row in module.facts.lines if row > 0] if diagnostics else []
        ignore_noqa = self.settings.ignore_noqa
        silenced = noqa.suppressed(source, diagnostics, twins, starts=starts, ignore_noqa=ignore_noqa)
        kept = [d for d, is_silenced in zip(diagnostics, silenced) if not is_silenced]
        if self.known and UNUSED[0] not in self.silent(path):
            ran = [rule for rule in rules if rule.code not in failed]
            kept += noqa.unused(source, path, [*diagnostics, *quiet], ran, self.known)
        is_whole = look.parses and not look.without and not self.is_passing
        whole = path if is_whole else ""
        return _Visited(kept, errors, sum(silenced), self.is_passing, whole, self._content(source))

    def _speaks(self, rule: Rule, module: Module) -> bool:
        folder = self.project.configured(module.path)
        if folder not in (rule.folders or (folder,)) or rule.code in self.silent(module.path):
            return False
        return self._includes_tests(module) or rule.quiet_in.isdisjoint(module.kinds)

    def _includes_tests(self, module: Module) -> bool:
        folder = self.project.configured(module.path)
        return self.project.nested.get(folder, self.settings).include_tests

    def _is_quiet(self, rule: Rule, span: Span, module: Module) -> bool:
        """Whether a finding stands in a test that stands in a file of another kind."""
        is_asked = "tests" in rule.quiet_in and not self._includes_tests(module)
        return is_asked and module.is_test(span.line)

    def _suspects(
        self,
        rules: Iterable[Rule],
        module: Module,
        text: str,
        fail: Callable[[Rule, BaseException], None],
        turns: Mapping[str, int],
    ) -> dict[int, list[Rule]]:
        suspects: dict[int, list[Rule]] = {}
        for rule in rules:
            if not rule.node_hooks():
                continue
            if rule.words and not any(word in text for word in rule.words):
                continue
            workers.begin(turns[rule.code])
            try:
                rows = rule.suspects(module, self.api)
                for row in rows_with(text, rule.words) if rows is None else rows:
                    suspects.setdefault(row, []).append(rule)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a rule is foreign code; it costs its own result only
                fail(rule, error)
        return suspects


def _failure(path: str, rule: Rule, reason: str) -> str:
    return f"{path}: rule {rule.code} ({rule.name()}) {reason}"


def _diagnostic(found: Any, module: Module, rows: Sequence[str]) -> Diagnostic:
    rule: Rule = found.rule
    span: Span = found.span
    return Diagnostic(
        rule.code, rule.name(), module.path, span, found.finding.message, rule.severity,
        _last_row(module.facts, span, rows), found.finding.related, found.fix, found.finding.refused,
    )  # fmt: skip


def _last_row(facts: ModuleFacts, span: Span, rows: Sequence[str]) -> int:
    """The last row of the simple statement around a finding, or of a compound one's header."""
    from bisect import bisect_right

    starts = [abs(line) for line in facts.lines]
    position = bisect_right(starts, span.line) - 1
    if position < 0 or facts.ends[position] < span.line:
        return noqa.logical_end(rows, span.line, span.line)
    if position + 1 >= len(starts) or starts[position + 1] > facts.ends[position]:
        return facts.ends[position]
    return noqa.logical_end(rows, starts[position], span.line)


def _ended(path: str, ended: workers.Ended) -> Failure:
    return Failure(path, f"the analysis {ended.reason}", is_passing=True)


def _unreadable(failure: Failure) -> Diagnostic:
    span = Span(failure.line, failure.col, failure.line, failure.col)
    return Diagnostic(*UNREADABLE, failure.path, span, failure.reason, "error", failure.line)


def _order(diagnostic: Diagnostic) -> tuple[object, ...]:
    return diagnostic.path, diagnostic.span, diagnostic.code, diagnostic.message


# ------------------------------------------------------------------------------------------------------- processes


def _workers(jobs: int, size: int) -> int:
    """How many processes to use for so many bytes of source."""
    if jobs == 1 or (not jobs and size < _POOL_PAYS_AT):
        return 1
    return jobs or _processors()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _counted(results: Iterable[T], phase: str, total: int, progress: Progress | None) -> Iterator[T]:
    """The results as they come, and the progress told of each."""
    for done, result in enumerate(results, 1):
        yield result
        if progress is not None:
            progress(phase, done, total)
