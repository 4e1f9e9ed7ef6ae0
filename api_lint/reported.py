"""Which of the findings are reported: those that are new, by a baseline, by what changed since a revision, or by both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from api_lint.baseline import Baseline, Entry, Scope
from api_lint.discover import Project
from api_lint.rule import UNREADABLE, Diagnostic, Rule
from api_lint.since import Since


@dataclass(frozen=True, slots=True)
class Reported:
    """A choice of findings. Without a baseline and without a revision all are reported.

    `folders` are those that the run was asked about, relative to its root, "" for the root itself.
    """

    baseline: Baseline | None = None
    since: Since | None = None
    folders: tuple[str, ...] = ()

    def narrowed(self, project: Project) -> Project:
        """The project with those files to report on that have changed since the revision."""
        if self.since is None:
            return project
        return replace(project, targets=self.since.changed(project.targets))

    def __call__(self, diagnostics: Sequence[Diagnostic], read: Callable[[str], bytes]) -> list[bool]:
        """Tell which findings are reported.

        Parameters: `diagnostics` in the order of their places; `read` gives a file's bytes by its path.
        Returns: a flag for each. Of findings that are alike, of which a baseline holds some, those on changed rows are the
        new ones.
        """
        flags = [True] * len(diagnostics)
        if self.since is not None:
            flags = self.since.concerned(diagnostics, read)
        if self.baseline is not None:
            new = self.baseline.is_new(diagnostics, read, flags if self.since else None)
            flags = [a and b for a, b in zip(flags, new)]
        return flags

    def _scope(self, project: Project, codes: Iterable[str], diagnostics: Sequence[Diagnostic]) -> Scope:
        assert self.baseline is not None
        path = self.baseline.path
        return Scope(
            frozenset(codes),
            frozenset(map(path, project.targets)),
            tuple(path(folder) for folder in self.folders) if self.since is None else (),
            frozenset(path(d.path) for d in diagnostics if d.code == UNREADABLE[0]),
        )

    def masking(self, rules: Iterable[Rule]) -> Reported:
        """The choice, knowing which of the rules that run find what no digest may hold."""
        if self.baseline is None:
            return self
        secret = frozenset(rule.code for rule in rules if rule.secret)
        return replace(self, baseline=replace(self.baseline, secret=secret))

    def ledgers(
        self,
        project: Project,
        codes: Iterable[str],
        diagnostics: Sequence[Diagnostic],
        read: Callable[[str], bytes],
        accepts_new: bool,
    ) -> tuple[Counter[Entry], Counter[Entry]]:
        """What the baseline holds and what it is to hold after a run; what the run could not have found stays.

        Parameters: `project`; `codes` of the rules that ran; `diagnostics`, all that were found; `read` gives a file's bytes
        by its path; `accepts_new`, whether the baseline takes in what it does not hold.
        """
        assert self.baseline is not None
        found = self.baseline.count(diagnostics, read)
        followed = self.baseline.follow(found)
        before = Counter(followed.entries)
        kept = before - followed.fixed(found, self._scope(project, codes, diagnostics))
        return before, kept | found if accepts_new else kept

    def fixed(
        self,
        project: Project,
        codes: Iterable[str],
        diagnostics: Sequence[Diagnostic],
        read: Callable[[str], bytes],
    ) -> int:
        """How many findings of the baseline are not there any more, as far as the run can tell. Parameters: as of
        `ledgers`."""
        if self.baseline is None:
            return 0
        before, after = self.ledgers(project, codes, diagnostics, read, False)
        return (before - after).total()
