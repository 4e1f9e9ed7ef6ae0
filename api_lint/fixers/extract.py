"""Data access that leaves a function: which of its statements and expressions go together, and what they need.

Pure: it works on a syntax tree in the file's coordinates, is told which calls have to go and what may become of names, and
gives back pieces. Who moves them decides what they are called and where they go.
"""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

__all__ = ["GOES", "HANDED", "PARTS", "STAYS", "Fate", "NotExtracted", "Piece", "pieces"]

# What may become of a name that a piece reads: it goes along; its value is handed over; only what it holds is handed
# over (`request.user`); or the piece has to stay.
GOES, HANDED, PARTS, STAYS = "goes", "handed", "parts", "stays"

_BLOCKS = ("body", "orelse", "finalbody")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCOPES = (*_DEFINITIONS, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_UNSURE = (*_LOOPS, ast.If, ast.Try, ast.IfExp, ast.BoolOp, ast.Lambda, *_COMPREHENSIONS)
_LEAVES = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal, ast.Delete)
_FRAME = frozenset({"super", "locals", "vars", "globals", "eval", "exec", "__class__"})
_SAYS_NOTHING = frozenset({"data", "value", "json", "form", "args", "values"})
_NEEDS_OWNER = frozenset({"id", "pk", "name", "type", "uuid"})

Position = tuple[int, int, int, int]


class Fate(NamedTuple):
    """What becomes of a name; `why` it stays."""

    kind: str
    why: str = ""


class NotExtracted(Exception):
    """Why data access cannot leave; its text says what and where."""


class Given(NamedTuple):
    """A parameter of a piece, and what the caller hands over for it."""

    name: str
    argument: str
    node: ast.expr | None = None


@dataclass(frozen=True)
class Piece:
    """What becomes a function.

    `nodes` are the statements (or the one expression), `start` and `end` the place in the file that the call takes, with
    `lead` before it; `given` its parameters; `body` its rows, indented by four; `outputs` the names it gives back, or
    `value` the expression it returns; `globals` the module-level names it reads. `is_inner`: it stands where no `await` can
    be added. `is_tight`: what stands behind it binds tighter than `await`.
    """

    nodes: tuple[ast.AST, ...]
    start: tuple[int, int]
    end: tuple[int, int]
    lead: str
    given: tuple[Given, ...]
    body: str
    outputs: tuple[str, ...]
    value: ast.expr | None
    is_async: bool
    globals: frozenset[str]
    is_inner: bool = False
    is_tight: bool = False


def pieces(
    tree: ast.FunctionDef | ast.AsyncFunctionDef,
    rows: Sequence[str],
    must: Iterable[Position],
    may: Iterable[Position],
    never: Iterable[Position],
    blocking: Iterable[Position],
    fate: Callable[[str], Fate],
) -> list[Piece]:
    """The pieces of a function that hold the calls.

    Parameters: `tree`, with rows as in the file; `rows` of the file without line ends; `must`, where the calls stand that
    have to go (columns in characters), `may`, those that only go along, `never`, those that stay, and
    `blocking`, those of a coroutine that have to go to a thread, so that nothing beside them may await; `fate` of a name.
    Raises: NotExtracted where one of those that have to go cannot.
    """
    job = _Job(rows, frozenset(must), frozenset(may), frozenset(never), frozenset(blocking), fate)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            raise NotExtracted(f"names of another scope are bound (line {node.lineno})")
    args = tree.args
    job.params = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    job.params += [a.arg for a in (args.vararg, args.kwarg) if a is not None]
    job.locals = frozenset(job.params) | frozenset(_stores(tree.body))
    inner = [n for s in tree.body for n in ast.walk(s) if isinstance(n, _SCOPES)]
    _suite(job, tree.body, set(job.params), _loads(inner), frozenset())
    for place in sorted(job.must):
        if not any(p.start <= place[:2] and place[2:] <= p.end for p in job.pieces):
            raise NotExtracted(f"data access that nothing leads to (line {place[0]})")
    return sorted(job.pieces, key=lambda piece: piece.start)


@dataclass
class _Job:
    rows: Sequence[str]
    must: frozenset[Position]
    may: frozenset[Position]
    never: frozenset[Position]
    blocking: frozenset[Position]
    fate: Callable[[str], Fate]
    params: list[str] = field(default_factory=list)
    locals: frozenset[str] = frozenset()
    pieces: list[Piece] = field(default_factory=list)

    def position(self, node: ast.AST) -> Position:
        """Where a node stands, in characters."""
        first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        start, end = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
        return first, self._chars(first, start), last, self._chars(last, end)

    def _chars(self, row: int, column: int) -> int:
        text = self.rows[row - 1]
        return column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))

    def calls(self, node: ast.AST) -> Iterator[Position]:
        return (self.position(n) for n in ast.walk(node) if isinstance(n, ast.Call))

    def holds(self, node: ast.AST) -> bool:
        """Whether something in it has to go."""
        return any(place in self.must for place in self.calls(node))

    def touches(self, node: ast.AST) -> bool:
        """Whether something in it has to go, or may go along."""
        return any(place in self.must or place in self.may for place in self.calls(node))

    def is_mixed(self, nodes: Sequence[ast.AST]) -> bool:
        """Whether some of it has to go to a thread and some of it awaits."""
        return any(map(_awaits, nodes)) and any(c in self.blocking for n in nodes for c in self.calls(n))

    def source(self, node: ast.AST) -> str:
        """The text of a node as it stands in the file."""
        row, start, last, end = self.position(node)
        if row == last:
            return self.rows[row - 1][start:end]
        middle = self.rows[row : last - 1]
        return "\n".join([self.rows[row - 1][start:], *middle, self.rows[last - 1][:end]])


# --------------------------------------------------------------------------------------------------------- names


def _names(node: ast.AST, hidden: frozenset[str] = frozenset()) -> Iterator[tuple[str, bool]]:
    """The names of the function around that code touches, and whether it binds them."""
    if isinstance(node, ast.Name):
        if node.id not in hidden:
            yield node.id, not isinstance(node.ctx, ast.Load)
        return
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, False
    if isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name, True
    if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name, True
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (((a.asname or a.name.partition(".")[0]), True) for a in node.names)
    if isinstance(node, _COMPREHENSIONS):
        hidden |= {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
    if isinstance(node, _SCOPES):
        yield from _scope_names(node, hidden)
        return
    for child in ast.iter_child_nodes(node):
        yield from _names(child, hidden)


def _scope_names(node: ast.AST, hidden: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """The same for a definition or a lambda: what it binds inside is its own."""
    if isinstance(node, _DEFINITIONS):
        yield node.name, True
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        hidden |= {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    body = getattr(node, "body", [])
    inner = body if isinstance(body, list) else [body]
    hidden |= {name for each in inner for name, binds in _names(each, hidden) if binds}
    yield from ((n, b) for c in ast.iter_child_nodes(node) for n, b in _names(c, hidden) if not b)


@lru_cache(maxsize=4096)
def _touched(node: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """The names that code reads, and those that it binds."""
    found = set(_names(node))
    return frozenset(n for n, binds in found if not binds), frozenset(n for n, binds in found if binds)


def _stores(nodes: Iterable[ast.AST]) -> set[str]:
    return {name for node in nodes for name in _touched(node)[1]}


def _loads(nodes: Iterable[ast.AST]) -> set[str]:
    return {name for node in nodes for name in _touched(node)[0]}


def _bound_anywhere(nodes: Iterable[ast.AST]) -> set[str]:
    """All names that code binds, those of comprehensions and lambdas too."""
    found: set[str] = set()
    for node in nodes:
        found |= _stores([node])
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                found.add(each.id)
            elif isinstance(each, ast.arg):
                found.add(each.arg)
    return found


def _flow(statements: Sequence[ast.stmt], defined: set[str] | None) -> tuple[set[str], set[str] | None]:
    """The names read before they are certainly bound, and those certainly bound behind (`None`: nothing gets there)."""
    exposed: set[str] = set()
    for statement in statements:
        if defined is None:
            break
        read, defined = _flow_one(statement, defined)
        exposed |= read
    return exposed, defined


def _flow_one(node: ast.stmt, defined: set[str]) -> tuple[set[str], set[str] | None]:
    if isinstance(node, (ast.Return, ast.Raise, ast.Break, ast.Continue)):
        return _loads([node]) - defined, None
    if not isinstance(node, _COMPOUND):
        return _loads([node]) - defined, defined | _stores([node])
    if isinstance(node, ast.Try):
        return _flow_try(node, defined)
    head = _head(node)
    exposed, start = _loads(head) - defined, defined | _stores(head)
    ends: list[set[str] | None] = []
    for block in _blocks(node):
        read, end = _flow(block, set(start))
        exposed |= read
        ends.append(end)
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return exposed, ends[0]
    if isinstance(node, ast.If):
        return exposed, _either([*ends, *([start] if not node.orelse else [])])
    if isinstance(node, ast.Match):
        return exposed, _either([*ends, start])
    return exposed, set(defined)


def _flow_try(node: ast.Try, defined: set[str]) -> tuple[set[str], set[str] | None]:
    exposed, tried = _flow([*node.body, *node.orelse], set(defined))
    ends = [tried]
    for handler in node.handlers:
        named = {handler.name} if handler.name else set()
        read, end = _flow(handler.body, defined | named)
        exposed |= read | (_loads([handler.type]) if handler.type else set()) - defined
        ends.append(end)
    after = _either(ends)
    read, last = _flow(node.finalbody, set(defined))
    if after is None or last is None:
        return exposed | read, None
    return exposed | read, after | last


def _either(ends: Sequence[set[str] | None]) -> set[str] | None:
    reached = [end for end in ends if end is not None]
    return set.intersection(*reached) if reached else None


def _blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks of a compound statement, clauses included."""
    found: list[list[ast.stmt]] = [b for name in _BLOCKS if (b := getattr(node, name, []))]
    clauses = [*getattr(node, "handlers", []), *getattr(node, "cases", [])]
    return [*found, *(clause.body for clause in clauses)]


def _head(node: ast.stmt) -> list[ast.AST]:
    """What of a compound statement stands in no block."""
    inner = {id(s) for block in _blocks(node) for s in block}
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.match_case):
            found += [child.pattern, *([child.guard] if child.guard else [])]
        elif id(child) not in inner and not isinstance(child, ast.ExceptHandler):
            found.append(child)
    return found


# ---------------------------------------------------------------------------------------------------- statements


def _suite(
    job: _Job,
    statements: list[ast.stmt],
    known: set[str] | None,
    after: set[str],
    caught: frozenset[str],
) -> None:
    """Move what has to go of one block. `known`: names bound before it; `after`: names read behind it; `caught`: those
    read where an exception leads to."""
    position = 0
    while position < len(statements) and known is not None:
        run = _run(job, statements, position, known, after, caught)
        behind = statements[position + max(len(run), 1) :]
        live = _flow(behind, set())[0] | after
        if run:
            _move_run(job, run, live)
        elif job.holds(statements[position]):
            _inside(job, statements[position], known, live, caught)
        passed = run or [statements[position]]
        known = _flow(passed, known)[1]
        position += len(passed)


def _run(
    job: _Job,
    statements: list[ast.stmt],
    start: int,
    known: set[str],
    after: set[str],
    caught: frozenset[str],
) -> list[ast.stmt]:
    """The statements from `start` on that move together; none if the first does not belong to what has to go."""
    run: list[ast.stmt] = []
    if not any(job.holds(node) for node in statements[start:]):
        return []
    for node in statements[start:]:
        if not _may_follow(job, run, node, known, caught):
            break
        run.append(node)
        if isinstance(node, ast.Return):
            break
    whole = list(run)
    while run and not job.touches(run[-1]):
        run.pop()
    while run and len(run) < len(whole) and _uses_up(whole[len(run)], run, statements[start:], after):
        run.append(whole[len(run)])
    if not any(job.holds(s) for s in run):
        return []
    first = next(i for i, s in enumerate(run) if job.touches(s))
    needed = _flow(run[first:], set())[0]
    for each in reversed(run[:first]):
        # What only looks something up in the request stays, and so does what has nothing to do with it: the run begins
        # further down.
        if not _feeds(each, needed) or _looks_up(job, each):
            return []
        needed |= _flow([each], set())[0]
    return run


def _uses_up(
    node: ast.stmt, run: Sequence[ast.stmt], statements: Sequence[ast.stmt], after: set[str]
) -> bool:
    """Whether a statement takes from what was queried all that is wanted of it: `rows = result.all()`."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    root = _root(node.value)
    behind = _flow(statements[len(run) + 1 :], set())[0] | after
    is_method = isinstance(node.value.func, ast.Attribute)
    return is_method and root in _stores(run) and root not in behind - _stores([node])


def _may_follow(
    job: _Job, run: list[ast.stmt], node: ast.stmt, known: set[str], caught: frozenset[str]
) -> bool:
    if isinstance(node, ast.Return):
        if node.value is None or not job.touches(node) or _builds_answer(node.value):
            return False
    elif _escapes(node):
        return False
    if any(isinstance(n, _DEFINITIONS) for n in ast.walk(node)) or not _stands_alone(job, node):
        return False
    if isinstance(node, (ast.Import, ast.ImportFrom)) or any(c in job.never for c in job.calls(node)):
        return False
    if job.touches(node) and _fills_in(node) - _stores(run):
        return False
    together = [*run, node]
    if _why_not(job, together) or (any(map(job.touches, run)) and _looks_up(job, node)):
        return False
    exposed, bound = _flow(together, set())
    if job.is_mixed(together):
        return False
    if _stores(together) & caught and len(together) > 1:
        return False
    is_bound = all(name in known for name in exposed & job.locals)
    return is_bound and (bound is not None or isinstance(node, ast.Return))


def _builds_answer(value: ast.expr) -> bool:
    """Whether a returned value is put together for the client, which is the handler's part."""
    return any(isinstance(n, (ast.Dict, ast.Lambda, ast.Tuple)) for n in ast.walk(value))


def _fills_in(node: ast.stmt) -> set[str]:
    """The variables into which a statement puts an entry, `answer["rows"] = …`: those of others are theirs to fill in."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    entries = (t.value for t in targets if isinstance(t, ast.Subscript))
    return {entry.id for entry in entries if isinstance(entry, ast.Name)}


def _escapes(node: ast.AST, in_loop: bool = False) -> bool:
    """Whether code leaves by another way than its end."""
    if isinstance(node, _LEAVES):
        return True
    if isinstance(node, (ast.Break, ast.Continue)):
        return not in_loop
    if isinstance(node, _SCOPES):
        return False
    in_loop = in_loop or isinstance(node, _LOOPS)
    return any(_escapes(child, in_loop) for child in ast.iter_child_nodes(node))


def _stands_alone(job: _Job, node: ast.stmt) -> bool:
    row, start, last, end = job.position(node)
    after = job.rows[last - 1][end:].strip()
    if job.rows[row - 1][:start].strip() or job.rows[row - 1].startswith("elif", start):
        return False
    return not after or after.startswith("#")


def _feeds(node: ast.stmt, needed: set[str]) -> bool:
    """Whether a statement makes something that is needed or changes it, or changes an object, which a commit writes."""
    if _stores([node]) & needed:
        return True
    changed = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store):
            return True
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "setattr":
            return True
        if isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store):
            changed.add(_root(each))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        changed.add(_root(node.value.func))
    return bool((changed - {""}) & needed)


def _looks_up(job: _Job, node: ast.stmt) -> bool:
    """Whether a statement does no more than take something from the request."""
    lifts = _lifts(job, [node])
    if not lifts or isinstance(node, (ast.Expr, ast.Return)) or job.touches(node):
        return False
    if any(isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) for n in ast.walk(node)):
        return False
    gone = {id(n) for lift in lifts for n in ast.walk(lift.node)}
    called = [n.func for n in ast.walk(node) if isinstance(n, ast.Call) and id(n) not in gone]
    return all(
        isinstance(f, ast.Attribute) or (isinstance(f, ast.Name) and hasattr(builtins, f.id))
        for f in called
    )


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript, ast.Await)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _move_run(job: _Job, run: list[ast.stmt], after: set[str]) -> None:
    exposed, bound = _flow(run, set())
    last = run[-1]
    outputs = [] if isinstance(last, ast.Return) else _ordered(run, _stores(run) & after)
    exposed |= {name for name in outputs if bound is not None and name not in bound}
    lifts = _lifts(job, run)
    start, indent, _, _ = job.position(run[0])
    end = job.position(last)[2]
    body = _dedented(job, run, start, end, indent, lifts)
    if outputs:
        body += f"\n    return {', '.join(outputs)}"
    value = last.value if isinstance(last, ast.Return) else None
    if not value and len(run) == 1 and isinstance(last, ast.Assign) and len(outputs) == 1:
        body = _returned_at_once(last, body, outputs[0]) or body
    lead = "return " if value else f"{', '.join(outputs)} = " if outputs else ""
    job.pieces.append(
        Piece(
            tuple(run),
            (start, indent),
            (end, len(job.rows[end - 1])),
            lead,
            _given(job, run, exposed, lifts),
            body,
            tuple(outputs),
            value,
            any(_awaits(node) for node in run),
            _globals(job, run),
        )
    )


def _returned_at_once(node: ast.Assign, body: str, name: str) -> str:
    """`return query()` for `rows = query()` and `return rows`; "" where more stands around it."""
    rows = body.split("\n")[:-1]
    lead = f"    {name} = "
    if len(node.targets) != 1 or not rows[0].startswith(lead):
        return ""
    rows[0] = f"    return {rows[0][len(lead) :]}"
    return "\n".join(rows)


def _ordered(nodes: Sequence[ast.AST], names: set[str]) -> list[str]:
    return list(dict.fromkeys(n for node in nodes for n, binds in _names(node) if binds and n in names))


def _dedented(
    job: _Job, run: Sequence[ast.AST], start: int, end: int, column: int, lifts: Sequence[_Lift]
) -> str:
    """The rows of a run, indented by four, with what is handed over in place of the lifted."""
    rows = {number: job.rows[number - 1] for number in range(start, end + 1)}
    for lift in sorted(lifts, key=lambda lift: job.position(lift.node), reverse=True):
        row, first, last, behind = job.position(lift.node)
        rows[row] = rows[row][:first] + lift.name + rows[last][behind:]
        for number in range(row + 1, last + 1):
            rows.pop(number)
    fixed = _text_rows(run)
    return "\n".join(
        row
        if number in fixed or row[:column].strip()
        else ("    " + row[column:] if row.strip() else "")
        for number, row in rows.items()
    )


def _text_rows(nodes: Iterable[ast.AST]) -> set[int]:
    """The rows that begin within a string."""
    return {
        row
        for node in nodes
        for n in ast.walk(node)
        if isinstance(n, ast.JoinedStr)
        or (isinstance(n, ast.Constant) and isinstance(n.value, (str, bytes)))
        for row in range(n.lineno + 1, (n.end_lineno or n.lineno) + 1)
    }


def _awaits(node: ast.AST) -> bool:
    if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
        return True
    if isinstance(node, ast.comprehension) and node.is_async:
        return True
    return not isinstance(node, _SCOPES) and any(_awaits(c) for c in ast.iter_child_nodes(node))


# ----------------------------------------------------------------------------------------------- what is handed over


class _Lift(NamedTuple):
    """An expression that stays with the caller, who hands over its value as `name`."""

    node: ast.expr
    name: str


def _why_not(job: _Job, nodes: Sequence[ast.AST]) -> str:
    """Why code cannot move, "" if it can."""
    try:
        _lifts(job, nodes)
    except NotExtracted as reason:
        return str(reason)
    return ""


def _lifts(job: _Job, nodes: Sequence[ast.AST]) -> list[_Lift]:
    """What stays with the caller of code that moves.

    Raises: NotExtracted where some of it could not be handed over.
    """
    bound = _bound_anywhere(nodes)
    found: list[tuple[ast.expr, str]] = []
    for position, node in enumerate(nodes):
        found += _found_lifts(job, node, bound, _Order(position == 0, True))
    gone = {id(n) for lifted, _ in found for n in ast.walk(lifted)}
    kept = (n for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in gone)
    taken = {n.id for n in kept} | bound
    names: dict[str, str] = {}
    for node, name in found:
        source = ast.unparse(node)
        if source not in names:
            name = name if name.isidentifier() and not keyword.iskeyword(name) else "value"
            while name in taken or name in names.values():
                name += "_"
            names[source] = name
    return [_Lift(node, names[ast.unparse(node)]) for node, _ in found]


class _Order(NamedTuple):
    """Whether an expression is evaluated before anything else is done, and whether it is at all."""

    is_first: bool
    is_sure: bool


_LATER = _Order(False, False)


def _found_lifts(
    job: _Job, node: ast.AST, bound: set[str], order: _Order
) -> Iterator[tuple[ast.expr, str]]:
    if isinstance(node, ast.JoinedStr):
        # Where the parts of an f-string stand is not known before Python 3.12.
        parts = (v for v in node.values if isinstance(v, ast.FormattedValue))
        if any(list(_found_lifts(job, each, bound, _LATER)) for each in parts):
            raise NotExtracted("a value from the request within an f-string")
        return
    if isinstance(node, ast.Name):
        fate = job.fate(node.id)
        if node.id in _FRAME or (node.id not in bound and fate.kind in (STAYS, PARTS)):
            raise NotExtracted(fate.why or f"{node.id} cannot be handed over")
        if not isinstance(node.ctx, ast.Load) and fate.kind == PARTS and node.id in bound:
            raise NotExtracted(fate.why)
        if fate.kind == HANDED and node.id.isupper() and node.id not in bound:
            yield node, node.id.lower()
        return
    root = _root(node) if isinstance(node, ast.expr) else ""
    if root and root not in bound and job.fate(root).kind == PARTS:
        lifted = _prefix(job, node, bound, order)
        if lifted is not None:
            yield lifted, _said(lifted)
            inside = {id(n) for n in ast.walk(lifted)}
            for each in _around(node, lifted):
                yield from (
                    pair for pair in _found_lifts(job, each, bound, _Order(False, order.is_sure))
                    if id(pair[0]) not in inside
                )  # fmt: skip
            return
    for position, child in enumerate(ast.iter_child_nodes(node)):
        below = order if not isinstance(node, _UNSURE) or position == 0 else _LATER
        yield from _found_lifts(job, child, bound, below)


def _prefix(job: _Job, node: ast.AST, bound: set[str], order: _Order) -> ast.expr | None:
    """The part of a chain whose value is handed over: as much as does nothing but look something up; else, where it is
    evaluated at once anyway, the first call."""
    chain: list[ast.expr] = []
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        chain.append(node)
        node = node.func if isinstance(node, ast.Call) else node.value
    best: ast.expr | None = None
    position = len(chain) - 1
    while position >= 0:
        link = chain[position]
        if _loads([link]) & bound or not isinstance(getattr(link, "ctx", ast.Load()), ast.Load):
            break
        above = chain[position - 1] if position else None
        if isinstance(link, ast.Attribute) and isinstance(above, ast.Call) and above.func is link:
            is_lookup = link.attr in ("get", "getlist") and all(
                isinstance(a, ast.Constant) for a in above.args
            )
            is_first = best is None or link.attr == "_get_current_object"
            if not is_lookup and not (is_first and order.is_first):
                break
            if _loads([above]) & bound or job.touches(above) or _awaits(above):
                break
            best, position = above, position - 2
            continue
        if isinstance(link, ast.Call):
            if not order.is_first or job.touches(link) or _awaits(link):
                break
            best, position = link, position - 1
            continue
        if isinstance(link, ast.Subscript) and not (
            order.is_sure and isinstance(link.slice, ast.Constant)
        ):
            break
        best, position = link, position - 1
    return best if best is None or not _has_comment(job, best) else None


def _has_comment(job: _Job, node: ast.expr) -> bool:
    row, _, last, _ = job.position(node)
    return row != last and any("#" in each for each in job.rows[row - 1 : last])


def _around(node: ast.AST, inner: ast.AST) -> Iterator[ast.AST]:
    """The children of a chain above one of its links."""
    while node is not inner:
        below = node.func if isinstance(node, ast.Call) else node.value  # type: ignore[attr-defined]
        yield from (c for c in ast.iter_child_nodes(node) if c is not below)
        node = below


def _said(node: ast.expr) -> str:
    """What a looked-up value is called."""
    words: list[str] = []
    each: ast.AST = node
    while isinstance(each, (ast.Attribute, ast.Call, ast.Subscript)):
        if isinstance(each, ast.Attribute):
            words.append(each.attr)
        keys = each.args[:1] if isinstance(each, ast.Call) else [getattr(each, "slice", None)]
        words += [str(k.value) for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
        each = each.func if isinstance(each, ast.Call) else each.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        arg = node.args[0] if len(node.args) == 1 else node.func
        return arg.id if isinstance(arg, ast.Name) else node.func.id
    words = [w.lower() for w in words if w not in ("get", "getlist", "_get_current_object", "kwargs")]
    told = [w for w in words if w not in _SAYS_NOTHING] or words or ["value"]
    name = told[0].removeprefix("get_").replace("-", "_") or "value"
    is_vague = name in _NEEDS_OWNER or hasattr(builtins, name)
    if is_vague and len(told) > 1:
        return f"{told[1]}_{name}"
    if name not in ("id", "pk") and not hasattr(builtins, name):
        return name
    owner = each.id if isinstance(each, ast.Name) and each.id not in ("self", "cls") else "own"
    return f"{owner}_{name}"


def _given(
    job: _Job, nodes: Sequence[ast.AST], exposed: set[str], lifts: Sequence[_Lift]
) -> tuple[Given, ...]:
    """The parameters: what the function itself was given, then the rest as it appears."""
    gone = {id(n) for lift in lifts for n in ast.walk(lift.node)}
    read = dict.fromkeys(
        n.id for node in nodes for n in ast.walk(node)
        if isinstance(n, ast.Name) and id(n) not in gone and (n.id in exposed or n.id not in job.locals)
    )  # fmt: skip
    bound = _bound_anywhere(nodes)
    handed = [
        n for n in read
        if (n in job.locals and n in exposed) or (n not in bound and job.fate(n).kind == HANDED)
    ]  # fmt: skip
    handed.sort(key=lambda n: job.params.index(n) if n in job.params else len(job.params))
    found = [Given(n, n) for n in handed]
    for lift in lifts:
        text = job.source(lift.node)
        text = ast.unparse(lift.node) if "\n" in text else text
        if all(each.name != lift.name for each in found):
            found.append(Given(lift.name, text, lift.node))
    return tuple(found)


def _globals(job: _Job, nodes: Sequence[ast.AST]) -> frozenset[str]:
    gone = {id(n) for lift in _lifts(job, nodes) for n in ast.walk(lift.node)}
    bound = _bound_anywhere(nodes)
    return frozenset(
        n.id for node in nodes for n in ast.walk(node)
        if isinstance(n, ast.Name) and id(n) not in gone and n.id not in bound and n.id not in job.locals
        and job.fate(n.id).kind == GOES
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------- expressions


def _inside(job: _Job, node: ast.stmt, known: set[str], after: set[str], caught: frozenset[str]) -> None:
    """Move what has to go of a statement that stays."""
    if isinstance(node, _DEFINITIONS):
        raise NotExtracted(f"data access in a nested function (line {node.lineno})")
    if not isinstance(node, _COMPOUND):
        _expressions(job, node, known)
        return
    head = _head(node)
    for each in head:
        if job.holds(each):
            if isinstance(each, ast.withitem) and job.position(each.context_expr) in job.must:
                raise NotExtracted(f"HTTP within the block of a transaction (line {node.lineno})")
            _expressions(job, each, known)
    again = _flow([node], set())[0] if isinstance(node, _LOOPS) else set()
    start = known | _stores(head)
    for block in _blocks(node):
        if any(job.holds(s) for s in block):
            others = [b for b in _blocks(node) if b is not block] if isinstance(node, ast.Try) else []
            reads = {n for b in others for n in _flow(b, set())[0]}
            is_tried = isinstance(node, ast.Try) and block is node.body
            handlers = {n for h in getattr(node, "handlers", []) for n in _flow(h.body, set())[0]}
            named = {h.name for h in getattr(node, "handlers", []) if h.body is block and h.name}
            begin = start | named
            if isinstance(node, ast.Try) and block is node.orelse:
                begin = _flow(node.body, start)[1] or start
            inner = caught | frozenset(handlers) if is_tried else caught
            _suite(job, block, begin, after | again | reads, inner)


def _expressions(job: _Job, top: ast.AST, known: set[str]) -> None:
    parents = {id(c): p for p in ast.walk(top) for c in ast.iter_child_nodes(p)}
    spots = [n for n in ast.walk(top) if isinstance(n, ast.Call) and job.position(n) in job.must]
    tops: dict[int, ast.expr] = {}
    for spot in spots:
        chain = _chain(job, spot, parents)
        tops.setdefault(id(chain), chain)
    for chain in tops.values():
        above: ast.AST | None = parents.get(id(chain))
        while above is not None and id(above) not in tops:
            above = parents.get(id(above))
        if above is None:
            _move_expression(job, chain, parents, known)


def _chain(job: _Job, node: ast.expr, parents: Mapping[int, ast.AST]) -> ast.expr:
    """The whole chain of calls around a call, and the comprehensions around it that can move as a whole."""
    best: ast.expr = node
    current: ast.AST = node
    while (up := parents.get(id(current))) is not None:
        is_link = isinstance(up, (ast.Attribute, ast.Await)) or (
            isinstance(up, ast.Call) and up.func is current
        )
        is_field = isinstance(up, ast.Attribute) and not isinstance(parents.get(id(up)), ast.Call)
        if (is_link and best is current and not is_field) or _takes_all(job, up, current, best):
            best = up  # type: ignore[assignment]
        current = up
    if isinstance(best, ast.Attribute):  # the receiver of a method that is called elsewhere
        best = best.value
    return best


def _takes_all(job: _Job, up: ast.AST, current: ast.AST, best: ast.AST) -> bool:
    """Whether what stands around moves with it: a comprehension over the rows, `list(rows)`."""
    if isinstance(up, (ast.ListComp, ast.SetComp, ast.DictComp)):
        return not _why_not(job, [up])
    is_builtin = isinstance(up, ast.Call) and isinstance(up.func, ast.Name)
    if not is_builtin or best is not current:
        return False
    assert isinstance(up, ast.Call) and isinstance(up.func, ast.Name)
    is_conversion = up.func.id in ("list", "set", "dict", "tuple")
    return is_conversion and up.args == [current] and not up.keywords


def _move_expression(
    job: _Job, chain: ast.expr, parents: Mapping[int, ast.AST], known: set[str]
) -> None:
    where = f"(line {chain.lineno})"
    if any(isinstance(n, (ast.NamedExpr, ast.Yield, ast.YieldFrom)) for n in ast.walk(chain)):
        raise NotExtracted(f"an expression that binds a name {where}")
    if job.is_mixed([chain]):
        raise NotExtracted(f"a query that blocks the event loop awaits something {where}")
    try:
        lifts = _lifts(job, [chain])
    except NotExtracted as reason:
        raise NotExtracted(f"{reason} {where}") from None
    gone = {id(n) for lift in lifts for n in ast.walk(lift.node)}
    exposed = {
        n.id for n in ast.walk(chain) if isinstance(n, ast.Name) and id(n) not in gone
    } - _bound_anywhere([chain])
    hidden = _bound_around(chain, parents)
    unsure = sorted((exposed & job.locals) - known - hidden)
    if unsure:
        raise NotExtracted(f"{unsure[0]} is not bound on every path {where}")
    row, start, last, end = job.position(chain)
    up = parents.get(id(chain))
    job.pieces.append(
        Piece(
            (chain,),
            (row, start),
            (last, end),
            "",
            _given(_with_locals(job, hidden), [chain], exposed, lifts),
            _returning(job, chain, lifts),
            (),
            chain,
            _awaits(chain),
            _globals(_with_locals(job, hidden), [chain]),
            _is_inner(chain, parents),
            isinstance(up, (ast.Attribute, ast.Subscript))
            or (isinstance(up, ast.Call) and up.func is chain),
        )
    )


def _with_locals(job: _Job, more: set[str]) -> _Job:
    """The job where comprehensions and lambdas around bind names too."""
    if not more:
        return job
    return _Job(
        job.rows,
        job.must,
        job.may,
        job.never,
        job.blocking,
        job.fate,
        job.params,
        job.locals | more,
        job.pieces,
    )


def _bound_around(node: ast.AST, parents: Mapping[int, ast.AST]) -> set[str]:
    found: set[str] = set()
    up = parents.get(id(node))
    while up is not None:
        if isinstance(up, _COMPREHENSIONS):
            found |= _bound_anywhere([g.target for g in up.generators])
        elif isinstance(up, ast.Lambda):
            found |= _bound_anywhere([up.args])
        up = parents.get(id(up))
    return found


def _is_inner(node: ast.AST, parents: Mapping[int, ast.AST]) -> bool:
    up = parents.get(id(node))
    while up is not None:
        if isinstance(up, (*_COMPREHENSIONS, ast.Lambda)):
            return True
        up = parents.get(id(up))
    return False


def _returning(job: _Job, chain: ast.expr, lifts: Sequence[_Lift]) -> str:
    """The body of a function that returns an expression."""
    row, start, last, end = job.position(chain)
    if row == last:
        text = job.rows[row - 1]
        for lift in sorted(lifts, key=lambda lift: job.position(lift.node), reverse=True):
            _, first, _, behind = job.position(lift.node)
            text, end = text[:first] + lift.name + text[behind:], end - (behind - first) + len(lift.name)
        return f"    return {text[start:end]}"
    if _text_rows([chain]):
        raise NotExtracted(f"a text of several rows (line {row})")
    rows = list(job.rows)
    rows[last - 1] = rows[last - 1][:end]
    rows[row - 1] = " " * start + rows[row - 1][start:]
    cut = _Job(rows, job.must, job.may, job.never, job.blocking, job.fate)
    text = _dedented(cut, [chain], row, last, 0, lifts)
    lines = [line[4:] for line in text.split("\n")]
    lines[0] = lines[0].lstrip()
    margin = min((len(r) - len(r.lstrip()) for r in lines[1:] if r.strip()), default=0)
    is_closed = (
        lines[-1].strip()[:1] in tuple(")]}") and len(lines[-1]) - len(lines[-1].lstrip()) == margin
    )
    shift = 4 if is_closed else 8
    rest = [" " * shift + r[margin:] if r.strip() else "" for r in lines[1:]]
    if is_closed and lines[0].rstrip().endswith(("(", "[", "{")):
        return "\n".join([f"    return {lines[0]}", *rest])
    rest = ["    " + r if is_closed and r else r for r in rest]
    return "\n".join(["    return (", f"        {lines[0]}", *rest, "    )"])
