"""Apply fixes to a file's text, and write files so that nothing is lost.

A fix is a set of text edits made from edits on LibCST trees. What no edit touches is not even looked at, so it stays as
it is to the byte. Imports are put where the file has its own, and an import that a fix made superfluous goes with it.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import os
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from api_lint.facts import ModuleFacts, Span
from api_lint.rule import AddCode, AddLine, TextEdit, TextFix

_ROW = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Refused(Exception):
    """A change that would do harm; its text says what."""


# ---------------------------------------------------------------------------------------------------------- text


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text with all that is needed to give back its bytes: encoding, byte order mark, line ends."""

    text: str
    encoding: str
    bom: bytes

    @property
    def newline(self) -> str:
        """The line end that most rows have."""
        ends = Counter(re.findall(r"\r\n|\r|\n", self.text))
        return ends.most_common(1)[0][0] if ends else "\n"

    def encode(self, text: str) -> bytes:
        """The bytes of a text in this file's encoding.

        Raises: Refused for characters that the encoding does not have.
        """
        try:
            return self.bom + text.encode(self.encoding)
        except UnicodeEncodeError:
            raise Refused(f"the fix needs characters that {self.encoding} does not have") from None


def read(source: bytes) -> Source:
    """A file's text, ready to be edited.

    Raises: Refused where the bytes could not be given back as they are.
    """
    import io
    import tokenize

    bom = codecs.BOM_UTF8 if source.startswith(codecs.BOM_UTF8) else b""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        encoding = "utf-8" if bom else encoding
        found = Source(source[len(bom) :].decode(encoding), encoding, bom)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise Refused(f"cannot be decoded: {error}") from None
    if found.encode(found.text) != source:
        raise Refused("its encoding does not give back the same bytes")
    return found


class Applied(NamedTuple):
    """A file's new text, and which of the fixes are in it."""

    text: str
    fixes: tuple[TextFix, ...]


def apply(source: Source, facts: ModuleFacts, fixes: Sequence[TextFix]) -> Applied:
    """Apply every fix whose edits do not meet those of one before it; the others wait for the next round.

    Parameters: `source`, the file; `facts`, of that text; `fixes`, in the order of the file.
    Returns: the new text with the fixes that are in it; the old one with none where nothing could be applied.
    Raises: Refused where the result would be no Python.
    """
    chosen, edits = _compatible(fixes)
    if not chosen:
        return Applied(source.text, ())
    newline = source.newline
    imports = dict.fromkeys(need for fix in chosen for need in fix.imports)
    edits += _import_edits(source.text, facts, imports)
    text = _edited(
        source.text, [TextEdit(e.span, re.sub(r"\r\n|\r|\n", newline, e.content)) for e in edits]
    )
    text = _without_unused(source.text, text)
    _check(text)
    return Applied(text, tuple(chosen))


def _check(text: str) -> None:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"the result would be no Python: {error}") from None


def extend(source: Source, facts: ModuleFacts | None, edit: AddLine | AddCode) -> str:
    """The text of another file with a fix's addition, which is not made twice.

    Parameters: `source`, the file (empty if it is to be made); `facts` of it, `None` for one that is no Python.
    Raises: Refused where the result would be no Python.
    """
    text, newline = source.text, source.newline
    gap = "" if not text or text.endswith(("\n", "\r")) else newline
    if isinstance(edit, AddLine):
        return text if edit.line in text.splitlines() else f"{text}{gap}{edit.line}{newline}"
    if edit.code.strip() in text:
        return text
    if facts is not None:
        text = _edited(text, _import_edits(text, facts, edit.imports))
    else:
        text = "".join(
            f"from {m} import {n}\n" if n else f"import {m}\n" for m, n in sorted(edit.imports)
        )
    rows = re.sub(r"\r\n|\r|\n", newline, edit.code.strip("\n"))
    blank = newline * 2 if text.strip() else ""
    text = f"{text}{gap}{blank}{rows}{newline}"
    _check(text)
    return text


def preview(rows: Sequence[str], fix: TextFix) -> tuple[list[str], list[str]]:
    """What a fix does to the rows it touches.

    Parameters: `rows` of the file without their line ends; `fix`.
    Returns: those rows as they are, and as they would be.
    """
    first = min(edit.span.line for edit in fix.edits)
    last = max(edit.span.end_line for edit in fix.edits)
    before = list(rows[first - 1 : last])
    moved = [
        TextEdit(Span(s.line - first + 1, s.col, s.end_line - first + 1, s.end_col), content)
        for s, content in fix.edits
    ]
    return before, _edited("\n".join(before), moved).split("\n")


def _compatible(fixes: Sequence[TextFix]) -> tuple[list[TextFix], list[TextEdit]]:
    chosen: list[TextFix] = []
    edits: list[TextEdit] = []
    for fix in fixes:
        new = [edit for edit in fix.edits if edit not in edits]
        if all(not _meet(edit.span, other.span) for edit in new for other in edits):
            chosen.append(fix)
            edits += new
    return chosen, edits


def _meet(one: Span, other: Span) -> bool:
    return (one[:2] < other[2:] and other[:2] < one[2:]) or one == other


def _edited(text: str, edits: Iterable[TextEdit]) -> str:
    """The text with all edits made; they do not overlap."""
    starts = [0]
    for row in _ROW.findall(text):
        starts.append(starts[-1] + len(row))
    for (line, col, end_line, end_col), content in sorted(edits, reverse=True):
        start = starts[min(line - 1, len(starts) - 1)] + col
        end = starts[min(end_line - 1, len(starts) - 1)] + end_col
        text = text[:start] + content + text[end:]
    return text


# ------------------------------------------------------------------------------------------------------- imports


class _Entry(NamedTuple):
    """An import statement of the first block: its rows, whether it is `from`, and what it sorts by."""

    line: int
    end: int
    is_from: bool
    module: str


def _import_edits(text: str, facts: ModuleFacts, needs: Iterable[tuple[str, str]]) -> Iterator[TextEdit]:
    """Insertions of the imports that a file lacks, each where the file would have put it."""
    tree = ast.parse(text)
    entries = list(_entries(tree))
    rows = text.splitlines() or [""]
    for module, name in sorted(needs):
        if _has_import(facts, module, name):
            continue
        statement = f"from {module} import {name}\n" if name else f"import {module}\n"
        line = _import_line(tree, entries, module, bool(name))
        lead = "\n" if line > len(rows) and not text.endswith(("\n", "\r")) else ""
        yield TextEdit(
            Span(line, 0, line, 0), lead + statement + ("" if entries or line > len(rows) else "\n")
        )


def _entries(tree: ast.Module) -> Iterator[_Entry]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield _Entry(node.lineno, node.end_lineno or node.lineno, False, node.names[0].name)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield _Entry(
                node.lineno, node.end_lineno or node.lineno, True, "." * node.level + (node.module or "")
            )


def _has_import(facts: ModuleFacts, module: str, name: str) -> bool:
    return any(
        (i.module, i.name, i.level) == (module, name, 0) and i.local == (name or module)
        for i in facts.body.imports
    )


def _import_line(tree: ast.Module, entries: Sequence[_Entry], module: str, is_from: bool) -> int:
    """The row before which an import belongs: in its own group by the alphabet, above all groups, or below the
    docstring and the `__future__` imports of a file without imports."""
    import sys

    group = [
        e
        for e in entries
        if (e.module.partition(".")[0] in sys.stdlib_module_names) == _is_stdlib(module)
    ]
    is_relative = module.startswith(".")
    group = [e for e in group if e.module.startswith(".") == is_relative]
    for entry in group:
        if (entry.is_from, entry.module) > (is_from, module):
            return entry.line
    if group:
        return group[-1].end + 1
    if entries:
        return entries[0].line if _is_stdlib(module) else entries[-1].end + 1
    head = [n for n in tree.body if _is_head(n)]
    return (head[-1].end_lineno or 0) + 1 if head else 1


def _is_stdlib(module: str) -> bool:
    import sys

    return module.partition(".")[0] in sys.stdlib_module_names


def _is_head(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _without_unused(before: str, after: str) -> str:
    """The text without the imports that were used before and are not any more."""
    used_before, used_after = _used(before), _used(after)
    gone = used_before - used_after
    if not gone:
        return after
    edits = []
    for node in ast.walk(ast.parse(after)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            kept = [a for a in node.names if (a.asname or a.name.partition(".")[0]) not in gone]
            if len(kept) < len(node.names):
                edits.append(_shortened(after, node, kept))
    return _edited(after, [e for e in edits if e is not None])


def _used(text: str) -> set[str]:
    """The names that a file reads, those in `__all__` among them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()
        ):
            names.add(node.value)
    return names


def _shortened(
    text: str, node: ast.Import | ast.ImportFrom, kept: Sequence[ast.alias]
) -> TextEdit | None:
    """An import statement without some of its names; without its row where none is left."""
    rows = _ROW.findall(text)
    first, last = rows[node.lineno - 1], rows[(node.end_lineno or node.lineno) - 1]
    alone = (
        not first[: node.col_offset].strip() and not last.encode()[node.end_col_offset or 0 :].strip()
    )
    if not kept:
        if not alone or _is_only_child(text, node):
            return None
        return TextEdit(Span(node.lineno, 0, (node.end_lineno or node.lineno) + 1, 0), "")
    body = ", ".join(a.name + (f" as {a.asname}" if a.asname else "") for a in kept)
    if isinstance(node, ast.ImportFrom):
        if node.lineno != node.end_lineno:
            return None
        body = f"from {'.' * node.level}{node.module or ''} import {body}"
    else:
        body = f"import {body}"
    start = len(first.encode()[: node.col_offset].decode())
    end = len(last.encode()[: node.end_col_offset].decode())
    return TextEdit(Span(node.lineno, start, node.end_lineno or node.lineno, end), body)


def _is_only_child(text: str, statement: ast.stmt) -> bool:
    """Whether removing a statement would leave a block empty."""
    for node in ast.walk(ast.parse(text)):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and len(block) == 1 and not isinstance(node, ast.Module):
                only = block[0]
                if isinstance(only, ast.stmt) and only.lineno == statement.lineno:
                    return True
    return False


# --------------------------------------------------------------------------------------------------------- files


def write(path: str, before: bytes | None, after: bytes, root: str) -> None:
    """Put new content into a file: into a temporary file beside it that is then renamed over it, with the same mode.

    Parameters: `path` and `root`, absolute; `before`, what was read (`None` for a new file), and `after`, what is
    to stand there.
    Raises: Refused for a link that leads out of the root and for a file that changed meanwhile, OSError as the system
    says.
    """
    target = os.path.realpath(path)
    if os.path.commonpath([target, os.path.realpath(root)]) != os.path.realpath(root):
        raise Refused("a link that leads out of the project")
    mode = _mode(target, before)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".api-lint-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(target: str, before: bytes | None) -> int:
    """The permissions a file is to have: its own, or the usual ones for a new file."""
    try:
        with open(target, "rb") as current:
            if current.read() != before:
                raise Refused("it was changed meanwhile")
        return stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        if before is not None:
            raise Refused("it vanished meanwhile") from None
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
