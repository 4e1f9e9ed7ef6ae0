"""Apply fixes to a file's text, and write files so that nothing is lost.

A fix is a set of text edits made from edits on LibCST trees. What no edit touches is not even looked at, so it stays as
it is to the byte. Imports are put where the file has its own, and an import that a fix made superfluous goes with it.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import itertools
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from api_lint import atomic, names, syntax
from api_lint.facts import ModuleFacts, Span
from api_lint.rule import AddCode, AddField, AddLine, TextEdit, TextFix

_ROW = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_END = re.compile(r"\r\n|\r|\n")

# Comments about the row that they stand in, of no use without it.
_PRAGMA = re.compile(
    r"#\s*(?:noqa|type:|isort:|pylint:|pyright:|mypy:|ruff:|flake8[:=]|nosec|pragma:|api-lint:)",
    re.IGNORECASE,
)
# What formatters make rows of by default.
_IMPORT_WIDTH = 88
_BEGINS = re.compile(r"(?:async )?def |class |@")
_CODING = re.compile(r"#.*?coding[:=]")
# Where a second comment begins behind another one; `#12` begins none.
_SECOND = re.compile(r"[ \t]+(?=#(?:[ \t]|[a-z-]+[:=]|noqa))", re.IGNORECASE)


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


def apply(
    source: Source, facts: ModuleFacts, fixes: Sequence[TextFix], wanted: Container[str] = frozenset()
) -> Applied:
    """Apply every fix whose edits do not meet those of one before it; the others wait for the next round.

    Parameters: `source`, the file; `facts`, of that text; `fixes`, in the order of the file; `wanted`, the names that
    other files import from this one, so that they stay even if nothing here reads them any more.
    Returns: the new text with the fixes that are in it; the old one with none where nothing could be applied. A fix
    that would do harm does not keep the others back.
    Raises: Refused where every fix would do harm: a result that is no Python, or a comment lost.
    """
    if not fixes:
        return Applied(source.text, ())
    try:
        return _applied(source, facts, fixes, wanted)
    except Refused as error:
        reason = error
    harmless = []
    for fix in fixes if len(fixes) > 1 else ():
        with contextlib.suppress(Refused):
            _applied(source, facts, [fix], wanted)
            harmless.append(fix)
    if not harmless:
        raise reason
    return _applied(source, facts, harmless, wanted)


def _applied(
    source: Source, facts: ModuleFacts, fixes: Sequence[TextFix], wanted: Container[str]
) -> Applied:
    chosen, edits = _compatible(fixes)
    newline = source.newline
    imports = dict.fromkeys(need for fix in chosen for need in fix.imports)
    text = _edited(source.text, [_with_ends(edit, newline) for edit in edits])
    _check(text)
    text = _with_imports(text, facts, imports, newline)
    _check(text)
    text = _without_unused(source.text, text, wanted)
    moved = [edit.code for fix in chosen for edit in fix.others if isinstance(edit, AddCode)]
    _no_comment_lost(source.text, "\n".join([text, *moved]))
    _check(text)
    return Applied(text, tuple(chosen))


def _with_ends(edit: TextEdit, newline: str) -> TextEdit:
    """The edit with the line ends of its file."""
    return TextEdit(edit.span, _END.sub(newline, edit.content))


def _check(text: str) -> None:
    """Parse, and look where every `await` stands: one outside a coroutine is no fault of the grammar."""
    try:
        tree = syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"the result would be no Python: {error}") from None
    if _awaits_outside(tree, False):
        raise Refused("the result would be no Python: an await outside a coroutine")


def _awaits_outside(node: ast.AST, in_coroutine: bool) -> bool:
    if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) and not in_coroutine:
        return True
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        outside = [*node.decorator_list, node.args]
        if any(_awaits_outside(each, in_coroutine) for each in outside):
            return True
        is_coroutine = isinstance(node, ast.AsyncFunctionDef)
        return any(_awaits_outside(each, is_coroutine) for each in node.body)
    inner = in_coroutine and not isinstance(node, (ast.ClassDef, ast.Lambda))
    return any(_awaits_outside(each, inner) for each in ast.iter_child_nodes(node))


def _no_comment_lost(before: str, after: str) -> None:
    lost = Counter(_comments(before)) - Counter(_comments(after))
    for comment in lost:
        if not _PRAGMA.match(comment):
            raise Refused(f"a comment would be lost: {comment}")


def _comments(text: str) -> Iterator[str]:
    import io
    import tokenize

    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield from _SECOND.split(token.string.strip())


def extend(source: Source, facts: ModuleFacts | None, edit: AddLine | AddCode | AddField) -> str:
    """The text of another file with a fix's addition, which is not made twice.

    Parameters: `source`, the file (empty if it is to be made); `facts` of it, `None` for one that is no Python.
    Raises: Refused where the result would be no Python.
    """
    text, newline = source.text, source.newline
    gap = "" if not text or text.endswith(("\n", "\r")) else newline
    if isinstance(edit, AddLine):
        return text if _has_line(text, edit.line) else f"{text}{gap}{edit.line}{newline}"
    if isinstance(edit, AddField):
        return _with_field(text, newline, edit)
    if edit.code.strip() in text:
        return text
    if facts is not None and not facts.body.imports and edit.imports and _BEGINS.match(text):
        # Made by a fix before this one, which had nothing to import.
        text = _END.sub(newline, f"{_import_block(edit)}\n\n") + text
    elif facts is not None:
        for need in sorted(need for need in edit.imports if not _has_import(facts, *need)):
            text = _with_imports(text, facts, [need], newline)
    else:
        text = _import_block(edit)
    rows = re.sub(r"\r\n|\r|\n", newline, edit.code.strip("\n"))
    blank = newline * 2 if text.strip() else ""
    text = f"{text}{gap}{blank}{rows}{newline}"
    _check(text)
    return text


def _import_block(edit: AddCode) -> str:
    """The imports of a new file: the standard library, then the others, the project's own, and the relative ones."""
    groups: dict[int, list[str]] = {}
    by_module: dict[str, list[str]] = {}
    for module, name in edit.imports:
        by_module.setdefault(module, []).append(name)
    for module, bound in sorted(by_module.items(), key=lambda i: (any(i[1]), i[0])):
        is_own = _top(module) in edit.path.split("/")[:-1]
        group = 3 if module.startswith(".") else 0 if _is_stdlib(module) else 1 + is_own
        rows = groups.setdefault(group, [])
        if "" in bound:
            rows.append(f"import {module}\n")
        if any(bound):
            rows.append(f"from {module} import {', '.join(sorted(filter(None, bound)))}\n")
    return "\n".join("".join(rows) for _, rows in sorted(groups.items()))


def _has_line(text: str, line: str) -> bool:
    """Whether a text has a row; `NAME=` is there with any value, and as `export NAME=`; `# NAME=` without the `#` too."""
    rows = (row.strip() for row in text.splitlines())
    if line.startswith("# "):
        line, rows = line[2:], (row.lstrip("# ") for row in rows)
    told = (row.removeprefix("export ") for row in rows)
    return any(row == line or (line.endswith("=") and row.startswith(line)) for row in told)


def _with_field(text: str, newline: str, edit: AddField) -> str:
    """The text with a field in one of its classes, which is not added twice."""
    try:
        node = _class_node(syntax.parse(text), edit.cls)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        node = None
    if node is None:
        raise Refused(f"{edit.path} has no class {edit.cls}")
    name = edit.code.partition(":")[0].strip()
    for statement in node.body:
        if name in _bound_in(statement):
            if ast.dump(statement) == ast.dump(syntax.parse(edit.code).body[0]):
                return text
            raise Refused(f"{edit.cls} has another {name}")
    fields = [i for i, each in enumerate(node.body) if isinstance(each, ast.AnnAssign)]
    position = fields[-1] if fields else len(node.body) - 1
    rows, anchor = _ROW.findall(text), node.body[position]
    end = anchor.end_lineno or anchor.lineno
    indent = rows[anchor.lineno - 1].encode()[: anchor.col_offset].decode()
    follows = rows[end - 1].encode()[anchor.end_col_offset or 0 :].decode().strip()
    if indent.strip() or (follows and not follows.startswith("#")):
        raise Refused(f"the fields of {edit.cls} do not stand on rows of their own")
    lead = "" if rows[end - 1].endswith(("\n", "\r")) else newline
    rows.insert(end, f"{lead}{indent}{edit.code}{newline}")
    after = "".join(rows)
    _check(after)
    return after


def _class_node(tree: ast.AST, qualname: str) -> ast.ClassDef | None:
    found = tree
    for name in qualname.split("."):
        body: list[ast.stmt] = getattr(found, "body", [])
        inner = [n for n in body if isinstance(n, ast.ClassDef) and n.name == name]
        if not inner:
            return None
        found = inner[-1]
    return found if isinstance(found, ast.ClassDef) else None


def _bound_in(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    return {
        n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


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


def _with_imports(text: str, facts: ModuleFacts, needs: Iterable[tuple[str, str]], newline: str) -> str:
    """The text with imports, each put in its place among those before it."""
    for need in sorted(needs, key=lambda need: (need[1] != "", need)):
        edits = [_with_ends(edit, newline) for edit in _import_edits(text, facts, [need])]
        text = _edited(text, edits)
    return text


def import_edits(source: Source, facts: ModuleFacts, needs: Iterable[tuple[str, str]]) -> list[TextEdit]:
    """The insertions that give a file its imports, for whoever edits it from outside.

    Parameters: `source`, the file; `facts`, of that text; `needs` as (module, name), the name "" for `import module`.
    Returns: an edit for each import that the file lacks.
    """
    return [_with_ends(edit, source.newline) for edit in _import_edits(source.text, facts, needs)]


def _import_edits(text: str, facts: ModuleFacts, needs: Iterable[tuple[str, str]]) -> Iterator[TextEdit]:
    """Insertions of the imports that a file lacks, each where the file would have put it."""
    tree = syntax.parse(text)
    entries = list(_entries(tree))
    rows = [row.rstrip("\r\n") for row in _ROW.findall(text)]
    for module, name in sorted(needs):
        if _has_import(facts, module, name):
            continue
        joined = _joined(tree, rows, module, name) if name else None
        if joined is not None:
            yield joined
            continue
        statement = f"from {module} import {name}\n" if name else f"import {module}\n"
        if entries:
            is_own = _top(module) in facts.path.split("/")[:-1]
            line, before, after = _beside(entries, module, bool(name), is_own)
        else:
            line, before, after = _at_head(tree, rows)
        if line > len(rows) and not text.endswith(("\n", "\r")) and text:
            before = f"\n{before}"
        yield TextEdit(Span(line, 0, line, 0), before + statement + after)


def _joined(tree: ast.Module, rows: Sequence[str], module: str, name: str) -> TextEdit | None:
    """The insertion of a name among those that a file imports from its module already, `None` where that has no place
    for it."""
    for node in _at_top(tree):
        if not isinstance(node, ast.ImportFrom) or "." * node.level + (node.module or "") != module:
            continue
        if node.names[0].name == "*":
            continue
        insertion = _in_row if node.lineno == node.end_lineno else _in_rows
        edit = insertion(rows, node, _successor(name, node.names), name)
        if edit is not None:
            return edit
    return None


def _successor(name: str, aliases: Sequence[ast.alias]) -> ast.alias | None:
    """The name before which another belongs, by the order that the file has them in; `None` for the end."""
    for order in _ORDERS:
        keys = [order(alias.name) for alias in aliases]
        if keys == sorted(keys):
            own = order(name.partition(" ")[0])
            return next((alias for alias, key in zip(aliases, keys) if key > own), None)
    return None


def _by_sort(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    return 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name


# https://docs.astral.sh/ruff/settings/#lint_isort_order-by-type
_ORDERS: tuple[Callable[[str], tuple[int, str]], ...] = (
    _by_sort,
    lambda name: (0, name),
    lambda name: (0, name.casefold()),
)


def _in_row(
    rows: Sequence[str], node: ast.ImportFrom, behind: ast.alias | None, name: str
) -> TextEdit | None:
    row = rows[node.lineno - 1]
    if len(row.partition("#")[0].rstrip()) + len(name) + 2 > _IMPORT_WIDTH:
        return None
    at = behind.col_offset if behind is not None else node.names[-1].end_col_offset or 0
    col = len(row.encode()[:at].decode())
    return TextEdit(
        Span(node.lineno, col, node.lineno, col), f"{name}, " if behind is not None else f", {name}"
    )


def _in_rows(
    rows: Sequence[str], node: ast.ImportFrom, behind: ast.alias | None, name: str
) -> TextEdit | None:
    """The same for an import over several rows, if each name has one, ended by a comma."""
    own = [rows[alias.lineno - 1].partition("#")[0].strip() for alias in node.names]
    if own != [f"{_written_alias(alias)}," for alias in node.names]:
        return None
    line = behind.lineno if behind is not None else node.names[-1].lineno + 1
    indent = rows[node.names[0].lineno - 1][: node.names[0].col_offset]
    return TextEdit(Span(line, 0, line, 0), f"{indent}{name},\n")


def _at_top(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements above the first definition; an import further down may stand there for a reason."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return itertools.takewhile(lambda node: not isinstance(node, definitions), tree.body)


def _entries(tree: ast.Module) -> Iterator[_Entry]:
    """The imports above the first definition."""
    for position, node in enumerate(_at_top(tree)):
        end = _end(tree, position)
        if isinstance(node, ast.Import):
            yield _Entry(node.lineno, end, False, node.names[0].name)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield _Entry(node.lineno, end, True, "." * node.level + (node.module or ""))


def _end(tree: ast.Module, position: int) -> int:
    """The row in which a statement ends, and all that stand behind it in the same row."""
    end = tree.body[position].end_lineno or 0
    for node in tree.body[position + 1 :]:
        if node.lineno > end:
            break
        end = max(end, node.end_lineno or 0)
    return end


def _has_import(facts: ModuleFacts, module: str, name: str) -> bool:
    module, _, module_alias = module.partition(" as ")
    name, _, alias = name.partition(" as ")
    local = alias or name or module_alias
    level = len(module) - len(module.lstrip("."))
    return any(
        (i.module, i.name, i.level) == (module[level:], name, level)
        and (i.local == local or (not local and i.local in (module, "")))
        for i in facts.body.imports
    )


def _beside(entries: Sequence[_Entry], module: str, is_from: bool, is_own: bool) -> tuple[int, str, str]:
    """The row before which an import belongs among others, and the blank rows before and behind it: in its own group
    by the alphabet; the standard library above all other groups, the others below it, and what is the project's own
    below those."""
    is_relative = module.startswith(".")
    group = [
        e
        for e in entries
        if _is_stdlib(e.module) == _is_stdlib(module) and e.module.startswith(".") == is_relative
    ]
    own = [e for e in group if not _is_stdlib(module) and _top(e.module) == _top(module)]
    if is_own and not own:
        above = [e for e in entries if not e.module.startswith(".")]
        return (above[-1].end + 1, "\n", "") if above else (entries[0].line, "", "\n")
    group = own or group
    is_mixed = [e.module for e in group] == sorted(e.module for e in group) and len(
        {e.is_from for e in group}
    ) > 1
    for entry in group:
        is_behind = (entry.is_from, entry.module) > (is_from, module)
        if (entry.module > module) if is_mixed and not _is_sectioned(group) else is_behind:
            return entry.line, "", ""
    if group:
        return group[-1].end + 1, "", ""
    if _is_stdlib(module):
        return entries[0].line, "", "\n"
    above = [e for e in entries if _is_stdlib(e.module)]
    return (above[-1].end + 1, "\n", "") if above else (entries[0].line, "", "\n")


def _top(module: str) -> str:
    return module.partition(".")[0].partition(" ")[0]


def _is_sectioned(group: Sequence[_Entry]) -> bool:
    """Whether `import x` stands above all `from x import y`."""
    return [e.is_from for e in group] == sorted(e.is_from for e in group)


def _at_head(tree: ast.Module, rows: Sequence[str]) -> tuple[int, str, str]:
    """The same in a file without imports: below the docstring and the `__future__` imports, else below the comments
    that begin the file."""
    heads = [position for position, node in enumerate(tree.body) if _is_head(node, position)]
    if heads:
        line = _end(tree, heads[-1]) + 1
        is_apart = line <= len(rows) and not rows[line - 1].strip()
        return (line + 1, "", "\n") if is_apart else (line, "\n", "\n")
    line = 1
    while line <= len(rows) and rows[line - 1].startswith("#"):
        line += 1
    if line <= len(rows) and not rows[line - 1].strip():
        return line + 1, "", "\n"
    fixed = [n for n, row in enumerate(rows[:2], 1) if row.startswith("#!") or _CODING.match(row)]
    return (fixed[-1] + 1 if fixed else 1), "", "\n"


def _is_stdlib(module: str) -> bool:
    import sys

    return module.partition(".")[0] in sys.stdlib_module_names


def _is_head(node: ast.stmt, position: int) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    if position or not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    return isinstance(node.value.value, str)


def _without_unused(before: str, after: str, wanted: Container[str]) -> str:
    """The text without the imports that were read before and are not any more."""
    if "*" in wanted:
        return after
    tree = syntax.parse(after)
    unused, scopes = names.unused(tree)
    gone = unused - names.unused(syntax.parse(before))[0]
    edits: list[TextEdit] = []
    for node in ast.walk(tree) if gone else ():
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            kept = [a for a in node.names if not _is_gone(a, scopes[node.lineno], gone, wanted)]
            if len(kept) < len(node.names):
                edits += _shortened(after, node, kept, tree)
    return _edited(after, [*edits, *_gaps(after, edits)])


def _gaps(text: str, edits: Iterable[TextEdit]) -> Iterator[TextEdit]:
    """The blank rows that would be too many once whole rows of imports are gone: those that then begin the file, and
    one below a group that had others around it.
    """
    rows = _ROW.findall(text)
    gone = {
        row for edit in edits if _is_of_rows(edit) for row in range(edit.span.line, edit.span.end_line)
    }
    for last in (row for row in gone if row + 1 not in gone):
        first = last
        while first - 1 in gone:
            first -= 1
        row = last + 1
        while row <= len(rows) and not rows[row - 1].strip() and (first == 1 or row == last + 1):
            if first == 1 or not rows[first - 2].strip():
                yield TextEdit(Span(row, 0, row + 1, 0), "")
            row += 1


def _is_of_rows(edit: TextEdit) -> bool:
    return (edit.span.col, edit.span.end_col, edit.content) == (0, 0, "")


def _is_gone(
    alias: ast.alias, scope: str, gone: Container[names.Imported], wanted: Container[str]
) -> bool:
    name = alias.asname or alias.name.partition(".")[0]
    return names.Imported(scope, name) in gone and (scope != "" or name not in wanted)


def _shortened(
    text: str, node: ast.Import | ast.ImportFrom, kept: Sequence[ast.alias], tree: ast.Module
) -> Iterator[TextEdit]:
    """An import statement without some of its names; without its row where none is left."""
    rows = _ROW.findall(text)
    end_line = node.end_lineno or node.lineno
    first, last = rows[node.lineno - 1], rows[end_line - 1]
    start = len(first.encode()[: node.col_offset].decode())
    end = len(last.encode()[: node.end_col_offset].decode())
    behind = last[end:].strip()
    if not kept:
        if first[:start].strip() or (behind and not behind.startswith("#")):
            return
        if _is_only_child(tree, node):
            yield TextEdit(Span(node.lineno, start, end_line, end), "pass")
        elif behind and not _PRAGMA.match(behind):
            yield TextEdit(Span(node.lineno, start, end_line, last.index(behind, end)), "")
        else:
            yield TextEdit(Span(node.lineno, 0, end_line + 1, 0), "")
    elif node.lineno == end_line:
        yield TextEdit(Span(node.lineno, start, end_line, end), _written(node, kept))
    else:
        for alias in node.names:
            if alias not in kept:
                yield _without_alias(rows, node, alias)


def _written(node: ast.Import | ast.ImportFrom, kept: Sequence[ast.alias]) -> str:
    body = ", ".join(a.name + (f" as {a.asname}" if a.asname else "") for a in kept)
    if isinstance(node, ast.ImportFrom):
        return f"from {'.' * node.level}{node.module or ''} import {body}"
    return f"import {body}"


def _without_alias(rows: Sequence[str], node: ast.Import | ast.ImportFrom, alias: ast.alias) -> TextEdit:
    """One name out of an import over several rows, with its row if it stands there alone."""
    row = rows[alias.lineno - 1]
    end_line = alias.end_lineno or alias.lineno
    is_alone = row.strip().rstrip(",").strip() == _written_alias(alias)
    if is_alone and node.lineno < alias.lineno < (node.end_lineno or 0):
        return TextEdit(Span(alias.lineno, 0, alias.lineno + 1, 0), "")
    start, end = (
        len(row.encode()[: col or 0].decode()) for col in (alias.col_offset, alias.end_col_offset)
    )
    comma = re.match(r"\s*,[ \t]*", row[end:]) if end_line == alias.lineno else None
    before = re.search(r",[ \t]*$", row[:start])
    if comma is None and before is not None and end_line == alias.lineno:
        return TextEdit(Span(alias.lineno, before.start(), end_line, end), "")
    if comma is None:
        raise Refused(f"the import of {alias.name}, which nothing reads then, cannot be taken out")
    return TextEdit(Span(alias.lineno, start, end_line, end + comma.end()), "")


def _written_alias(alias: ast.alias) -> str:
    return alias.name + (f" as {alias.asname}" if alias.asname else "")


def _is_only_child(tree: ast.Module, statement: ast.stmt) -> bool:
    """Whether removing a statement would leave a block empty."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block == [statement] and not isinstance(node, ast.Module):
                return True
    return False


# --------------------------------------------------------------------------------------------------------- files


class Change(NamedTuple):
    """A file's new content: `path`, absolute; `before`, what was read (`None` for a new file); `after`."""

    path: str
    before: bytes | None
    after: bytes


def write(changes: Sequence[Change], root: str) -> None:
    """Put new contents into files, into all of them or none: into temporary files beside them, with the same modes,
    that are renamed over them once all are there. Should the process be killed on the way, each is old or new, and no
    file that only gains something is behind one that may need it.

    Parameters: `changes`, what belongs together; `root`, absolute.
    Raises: Refused for a link that leads out of the root and for a file that changed meanwhile, OSError as the system
    says.
    """
    staged: list[tuple[atomic.Staged, Change]] = []
    try:
        for change in sorted(changes, key=_takes_away):
            target = _target(change.path, root)
            # The same file may come by two paths.
            if _has(target, change.after) or target in [each.target for each, _ in staged]:
                continue
            staged.append((_staged(target, change), change))
        _rename(staged, root)
    finally:
        for each, _ in staged:
            each.discard()


def _takes_away(change: Change) -> bool:
    """Whether a change does more than to add rows."""
    after = iter(change.after.splitlines())
    return not all(row in after for row in (change.before or b"").splitlines())


def _target(path: str, root: str) -> str:
    """The file that a path leads to."""
    target, top = os.path.realpath(path), os.path.realpath(root)
    if os.path.commonpath([target, top]) != top:
        raise Refused("a link that leads out of the project")
    return target


def _has(target: str, content: bytes) -> bool:
    try:
        with open(target, "rb") as file:
            return file.read() == content
    except OSError:
        return False


def _staged(target: str, change: Change) -> atomic.Staged:
    mode = _mode(target, change.before)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    return atomic.Staged(target, [change.after], mode)


def _rename(staged: Sequence[tuple[atomic.Staged, Change]], root: str) -> None:
    """Rename all, or put back what was renamed before one that could not be, or before the run was told to end."""
    done: list[Change] = []
    try:
        for each, change in staged:
            _mode(each.target, change.before)
            # Noted before it is done: what has not been renamed is not put back.
            done.append(change)
            each.replace()
    except (Refused, OSError, KeyboardInterrupt):
        for change in reversed(done):
            with contextlib.suppress(Refused, OSError):
                _put_back(change, root)
        raise


def _put_back(change: Change, root: str) -> None:
    target = _target(change.path, root)
    if change.before is None:
        if _has(target, change.after):
            os.unlink(target)
    else:
        _staged(target, Change(change.path, change.after, change.before)).replace()


def _mode(target: str, before: bytes | None) -> int:
    """The permissions a file is to have: its own, or the usual ones for a new file."""
    try:
        with open(target, "rb") as current:
            if current.read() != before:
                raise Refused("it was changed meanwhile")
        if not os.access(target, os.W_OK):
            raise Refused("it is read-only")
        return stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        if before is not None:
            raise Refused("it vanished meanwhile") from None
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
