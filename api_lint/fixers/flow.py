"""Which statements may have given a local name its value where a function stands, along every way that leads there.

What the index says of a name is what it was given last above a row: right for telling what code does, too little to
promise it. `Flow` walks a function's statements once and keeps, before each of them, all that may have given each name
its value, and whether a test on the way says that it is something.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from api_lint.facts import Function

__all__ = ["Flow", "Given"]


class Given(NamedTuple):
    """A statement that gives a name its value. `line` is that of the `facts.Assign` (0: a parameter, or nothing yet);
    `is_something` tells that a test on the way has ruled out `None`."""

    line: int
    is_something: bool = False


State = dict[str, frozenset[Given]]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NOT_YET = frozenset({Given(0)})
# `except*` is newer than the oldest interpreter.
_TRIES: tuple[type[ast.Try], ...] = (ast.Try, getattr(ast, "TryStar", ast.Try))
_COMPOUND = (
    *_FUNCTIONS, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, *_TRIES, ast.Match,
)  # fmt: skip
# A loop's body is walked till nothing is added; each round can only add.
_ROUNDS = 10


class Flow:
    """The ways through one function.

    Parameters: `text`, the source of its file; `function`, its facts.
    Raises: LookupError where the function does not stand there.
    """

    def __init__(self, text: str, function: Function) -> None:
        self._before: dict[int, State] = {}
        self._caught: list[State] = []
        self._left: list[State | None] = []
        node = _definition(text, function)
        self._outer = _nonlocal(node)
        state = self._block(node.body, {})
        self.falls_through = state is not None

    def given(self, name: str, line: int) -> frozenset[Given] | None:
        """What may have given a name its value at the statement that begins or ends at a row; `None` if none there is
        known."""
        state = self._before.get(line)
        return state.get(name, _NOT_YET) if state is not None else None

    # ------------------------------------------------------------------------------------------------- statements

    def _block(self, body: Sequence[ast.stmt], state: State | None) -> State | None:
        for statement in body:
            if state is None:
                return None
            state = self._statement(statement, state)
        return state

    def _statement(self, node: ast.stmt, state: State) -> State | None:
        state = self._bound(state, _walrus(node), node.lineno - 1)
        ends = () if isinstance(node, _COMPOUND) else (node.end_lineno or node.lineno,)
        for line in {node.lineno, *ends}:
            self._before[line] = _joined(self._before.get(line), state) or {}
        after = self._passed(node, state)
        if after is not None:
            self._note(self._caught, after)
        return after

    def _passed(self, node: ast.stmt, state: State) -> State | None:
        if isinstance(node, _TRIES):
            return self._try(node, state)
        match node:
            case ast.Return() | ast.Raise():
                return None
            case ast.Break() | ast.Continue():
                if self._left:
                    self._left[-1] = _joined(self._left[-1], state)
                return None
            case ast.If():
                yes = self._block(node.body, _narrowed(state, node.test, True))
                return _joined(yes, self._block(node.orelse, _narrowed(state, node.test, False)))
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(node, state)
            case ast.With() | ast.AsyncWith():
                names = [n for i in node.items if i.optional_vars for n in _stored(i.optional_vars)]
                after = self._block(node.body, self._bound(state, names, node.lineno))
                return _joined(after, state) if any(map(_swallows, node.items)) else after
            case ast.Match():
                return self._match(node, state)
            case ast.Assert():
                return _narrowed(state, node.test, True)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return self._bound(state, [node.name], node.lineno)
            case ast.Import() | ast.ImportFrom():
                names = [a.asname or a.name.partition(".")[0] for a in node.names]
                return self._bound(state, names, node.lineno)
            case ast.AnnAssign(value=None):
                return state
        return self._bound(state, _stored(node), node.end_lineno or node.lineno)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, state: State) -> State | None:
        """A body that may run any number of times, and be left anywhere."""
        start = state
        self._left.append(None)
        for _ in range(_ROUNDS):
            self._left[-1] = None
            if isinstance(node, ast.While):
                inner = _narrowed(start, node.test, True)
            else:
                inner = self._bound(start, _stored(node.target), node.lineno)
            after = _joined(self._block(node.body, inner), self._left[-1])
            again = _joined(start, after) or start
            if again == start:
                break
            start = again
        left = self._left.pop()
        if isinstance(node, ast.While):
            forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
            ended = None if forever else _narrowed(start, node.test, False)
        else:
            ended = start
        return _joined(self._block(node.orelse, ended), left)

    def _try(self, node: ast.Try, state: State) -> State | None:
        self._caught.append(state)
        after = self._block(node.body, state)
        caught = self._caught.pop()
        after = self._block(node.orelse, after) if node.orelse else after
        for handler in node.handlers:
            names = [handler.name] if handler.name else []
            after = _joined(after, self._block(handler.body, self._bound(caught, names, handler.lineno)))
        if not node.finalbody:
            return after
        ended = self._block(node.finalbody, _joined(after, caught))
        if after is None or ended is None:
            return None
        return self._block(node.finalbody, after)

    def _match(self, node: ast.Match, state: State) -> State | None:
        after: State | None = None
        rest: State | None = state
        for case in node.cases:
            names = [
                n.name for n in ast.walk(case.pattern) if isinstance(n, ast.MatchAs | ast.MatchStar)
            ]
            names += [n.rest for n in ast.walk(case.pattern) if isinstance(n, ast.MatchMapping)]
            inner = self._bound(state, [name for name in names if name], case.pattern.lineno)
            after = _joined(after, self._block(case.body, inner))
            if isinstance(case.pattern, ast.MatchAs) and not case.pattern.pattern and not case.guard:
                rest = None
        return _joined(after, rest)

    def _bound(self, state: State, names: Iterable[str], line: int) -> State:
        new = {
            n: frozenset({Given(line), Given(-1)} if n in self._outer else {Given(line)}) for n in names
        }
        return {**state, **new} if new else state

    def _note(self, states: list[State], state: State) -> None:
        """Wherever a statement in a `try` raises, its clauses go on from there."""
        for position, other in enumerate(states):
            states[position] = _joined(other, state) or {}


def _definition(text: str, function: Function) -> ast.FunctionDef | ast.AsyncFunctionDef:
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[function.start - 1 : function.end]
    is_inner = bool(rows) and rows[0][:1].isspace()
    try:
        tree = ast.parse("\n".join(["if 1:", *rows] if is_inner else rows))
    except (SyntaxError, ValueError) as error:
        raise LookupError(function.name) from error
    ast.increment_lineno(tree, function.start - 1 - is_inner)
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS) and node.name == function.name:
            return node
    raise LookupError(function.name)


def _nonlocal(node: ast.AST) -> frozenset[str]:
    """The names that an inner function gives values of its own."""
    return frozenset(
        name for each in ast.walk(node) if isinstance(each, ast.Nonlocal) for name in each.names
    )


def _joined(one: State | None, other: State | None) -> State | None:
    """What holds where two ways meet; `None` is a way that nothing takes."""
    if one is None or other is None:
        return other if one is None else one
    if one is other:
        return one
    return {n: one.get(n, _NOT_YET) | other.get(n, _NOT_YET) for n in {**one, **other}}


def _stored(node: ast.AST) -> Iterator[str]:
    """The names that a statement or a target binds, comprehensions' own left out."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            yield each.id
        if not isinstance(each, (ast.Lambda, ast.comprehension, ast.NamedExpr)):
            waiting += ast.iter_child_nodes(each)


def _walrus(node: ast.stmt) -> Iterator[str]:
    """The names that a statement's own expressions bind on the way."""
    for field in ast.iter_child_nodes(node):
        if isinstance(field, (ast.expr, ast.withitem)):
            for each in ast.walk(field):
                if isinstance(each, ast.NamedExpr):
                    yield each.target.id


def _swallows(item: ast.withitem) -> bool:
    func = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name == "suppress"


def _narrowed(state: State, test: ast.expr, outcome: bool) -> State:
    """The state where a test came out true, or false."""
    names = {name: state.get(name, _NOT_YET) for name in _proved(test, outcome)}
    return {**state, **{n: frozenset(Given(g.line, True) for g in found) for n, found in names.items()}}


def _proved(test: ast.expr, outcome: bool) -> Iterator[str]:
    """The names that are something if a test comes out like this."""
    match test:
        case ast.Name(name) | ast.NamedExpr(target=ast.Name(name)) if outcome:
            yield name
        case ast.UnaryOp(ast.Not(), inner):
            yield from _proved(inner, not outcome)
        case ast.BoolOp(op, values) if isinstance(op, ast.And) is outcome:
            for value in values:
                yield from _proved(value, outcome)
        case ast.Compare(
            ast.Name(name) | ast.NamedExpr(target=ast.Name(name)), [op], [ast.Constant(None)]
        ) if isinstance(op, ast.IsNot | ast.NotEq if outcome else ast.Is | ast.Eq):
            yield name
        case ast.Call(ast.Name("isinstance"), [ast.Name(name), _]) if outcome:
            yield name
