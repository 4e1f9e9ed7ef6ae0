"""Fixes for programs that make them themselves: whole, with the imports they need, and without secrets."""

from __future__ import annotations

from collections.abc import Sequence

from api_lint import fixes
from api_lint.facts import ModuleFacts
from api_lint.index import Unreadable, index
from api_lint.reports import View
from api_lint.reports.frame import masked
from api_lint.rule import Diagnostic, TextEdit


def shows_secret(diagnostic: Diagnostic, view: View) -> bool:
    """Whether the new text of a fix holds a secret, as where a call moves that a password is passed to."""
    if diagnostic.fix is None:
        return False
    secrets = view.secrets.get(diagnostic.path, ())
    for span, content in diagnostic.fix.edits:
        inside = (s for s in secrets if span[:2] <= s[:2] and s[2:] <= span[2:])
        if any(s != diagnostic.span for s in inside):
            return True
        if any(masked(row, 0, ()) != row for row in content.splitlines()):
            return True
    added = [row for other in diagnostic.fix.others for row in other.added.splitlines()]
    return any(masked(row, 0, ()) != row for row in added)


class Edits:
    """The edits of one report's fixes; each file is read once, and each import placed once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._files: dict[str, tuple[fixes.Source, ModuleFacts]] = {}
        self._placed: dict[tuple[str, tuple[str, str]], Sequence[TextEdit]] = {}

    def of(self, diagnostic: Diagnostic) -> list[TextEdit]:
        """All edits that a finding's fix makes to its file, in their order.

        Parameters: `diagnostic`. Returns: none where there is no fix, where it shows a secret, where it changes other
        files too, or where its imports cannot be placed: the edits of a part of a fix are not given.
        """
        fix = diagnostic.fix
        if fix is None or fix.others or shows_secret(diagnostic, self._view):
            return []
        edits = list(fix.edits)
        try:
            for need in fix.imports:
                edits += self._import(diagnostic.path, need)
        except (fixes.Refused, Unreadable, SyntaxError):
            return []
        return sorted(edits)

    def _import(self, path: str, need: tuple[str, str]) -> Sequence[TextEdit]:
        if (path, need) not in self._placed:
            source, facts = self._file(path)
            self._placed[path, need] = fixes.import_edits(source, facts, [need])
        return self._placed[path, need]

    def _file(self, path: str) -> tuple[fixes.Source, ModuleFacts]:
        if path not in self._files:
            content = self._view.read(path)
            self._files[path] = fixes.read(content), index(content, path)
        return self._files[path]
