"""What becomes of a caught exception, told from the statements of an `except` body.

Paths that are about a narrower type (`if isinstance(e, OSError)`, `if is_unique_violation(e)`) are left aside: they are what
a narrower clause would hold.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Calls by which a caught exception reaches somebody else: futures, queues, lists of errors, callbacks.
_HAND_ON = frozenset(
    {
        "set_exception",
        "throw",
        "put",
        "put_nowait",
        "append",
        "appendleft",
        "on_error",
        "on_exception",
        "errback",
    }
)
_LEAVING = (ast.Return, ast.Break, ast.Continue)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_EQUAL = (ast.Is, ast.Eq, ast.In)
_UNEQUAL = (ast.IsNot, ast.NotEq, ast.NotIn)
# How an attempt's number is compared: what holds for the last one, and what for those before it.
_REACHED = (ast.Eq, ast.Gt, ast.GtE)
_BELOW = (ast.Lt, ast.LtE)


def kept_as(handler: ast.ExceptHandler) -> Iterator[str]:
    """What becomes of the caught exception itself: see `Handler.kept_as`."""
    for node in (n for statement in handler.body for n in ast.walk(statement)):
        match node:
            case ast.Return(value) | ast.Yield(value) if value is not None:
                if _holds_name(value, handler.name):
                    yield ""
            case ast.Assign(targets, value) if _holds_name(value, handler.name):
                yield from (t.id for t in targets if isinstance(t, ast.Name))
            case ast.Call(ast.Attribute(_, name) | ast.Name(name), args) if name in _HAND_ON:
                if any(_holds_name(a, handler.name) for a in args):
                    yield ""


def always_raises(body: list[ast.stmt], name: str | None) -> bool:
    """Whether every path through an `except` body that is not about a narrower type ends in re-raising.

    `name` is the caught exception's, "" for none; with `None` raising anything counts.
    """
    body = _reached(body)
    for position, statement in enumerate(body):
        if _lets_past_only_some(statement, name):
            return not _leaves_quietly(body[:position], name or "")
    return bool(body) and _ends_in_raise(body[-1], name) and not _leaves_quietly(body, name or "")


def handed(body: list[ast.stmt], name: str) -> Iterator[ast.Call]:
    """The calls of an `except` body that are handed the caught exception of that name on every path but those that are
    about a narrower type."""
    for statement in _reached(body):
        match statement:
            case ast.Expr(value) | ast.Return(value) | ast.Assign(_, value):
                call = value.value if isinstance(value, ast.Await) else value
                if isinstance(call, ast.Call) and any(_holds_name(a, name) for a in _arguments(call)):
                    yield call
        if _leaves_quietly([statement], name):
            return


def retries(body: list[ast.stmt], counters: frozenset[str]) -> bool:
    """Whether an `except` body in a loop raises on the last attempt and goes round again before it.

    Parameters: `counters`, the names that number the attempts.
    """
    body = _reached(body)
    for position, statement in enumerate(body):
        if isinstance(statement, ast.If) and (op := _compares(statement.test, counters)):
            rest = [*statement.orelse, *body[position + 1 :]]
            is_below = isinstance(op, _BELOW)
            last, others = (rest, statement.body) if is_below else (statement.body, rest)
            if always_raises(last, None) and not _leaves_loop([*body[:position], *others]):
                return True
    return False


def counted(loop: ast.While) -> frozenset[str]:
    """The names that a loop's body increments."""
    found: set[str] = set()
    for node in (n for statement in loop.body for n in ast.walk(statement)):
        match node:
            case ast.AugAssign(ast.Name(name), ast.Add()):
                found.add(name)
            case ast.Assign([ast.Name(name)], ast.BinOp(ast.Name(before), ast.Add())) if name == before:
                found.add(name)
    return frozenset(found)


def _leaves_loop(body: list[ast.stmt]) -> bool:
    return _leaves_quietly([s for s in body if not isinstance(s, ast.Continue)])


def _reached(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a block down to the first one behind which nothing is run."""
    for position, statement in enumerate(body):
        if isinstance(statement, (ast.Raise, *_LEAVING)):
            return body[: position + 1]
    return body


def _lets_past_only_some(statement: ast.stmt, name: str | None) -> bool:
    """Whether a statement raises again all errors but those that its condition picks out."""
    if not isinstance(statement, ast.If):
        return False
    if _picks_out(statement.test, name or "", negated=True):
        return always_raises(statement.body, name)
    return _picks_out(statement.test, name or "") and always_raises(statement.orelse, name)


def _compares(test: ast.expr, counters: frozenset[str]) -> ast.cmpop | None:
    """How a condition compares an attempt's number, if it does: `attempt >= LIMIT`, `attempt == retries - 1`."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (*_REACHED, *_BELOW)):
        return None
    is_asked = any(isinstance(n, ast.Name) and n.id in counters for n in ast.walk(test.left))
    return test.ops[0] if is_asked else None


def _ends_in_raise(last: ast.stmt, name: str | None) -> bool:
    if isinstance(last, ast.Raise) and name is None:
        return True
    if isinstance(last, ast.Raise):
        return last.exc is None or (isinstance(last.exc, ast.Name) and last.exc.id == name)
    if isinstance(last, ast.If):
        return always_raises(last.body, name) and always_raises(last.orelse, name)
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return always_raises(last.body, name)
    if isinstance(last, ast.Try):
        if always_raises(last.finalbody, name):
            return True
        block = last.orelse or last.body
        return always_raises(block, name) and all(always_raises(h.body, name) for h in last.handlers)
    return False


def _leaves_quietly(body: list[ast.stmt], name: str = "") -> bool:
    """Whether a `return`, `break` or `continue` leaves the body other than for one narrower type of exception."""
    for statement in _reached(body):
        if isinstance(statement, _LEAVING):
            return True
        if isinstance(statement, ast.If):
            narrowed = _is_narrowed(statement.test, name)
            if (not narrowed and _leaves_quietly(statement.body, name)) or _leaves_quietly(
                statement.orelse, name
            ):
                return True
        elif isinstance(statement, (ast.With, ast.AsyncWith, *_LOOPS)):
            loops = isinstance(statement, _LOOPS)
            inner = [
                s for s in statement.body if not (loops and isinstance(s, (ast.Break, ast.Continue)))
            ]
            if _leaves_quietly(inner, name):
                return True
        elif isinstance(statement, ast.Try):
            parts = [
                statement.body,
                statement.orelse,
                statement.finalbody,
                *(h.body for h in statement.handlers),
            ]
            if any(_leaves_quietly(part, name) for part in parts):
                return True
    return False


def _is_narrowed(test: ast.expr, name: str) -> bool:
    """Whether a condition asks about the error at all: `isinstance(e, OSError)`, `is_unique_violation(e)`."""
    return any(_asks_about(node, name) for node in ast.walk(test))


def _picks_out(test: ast.expr, name: str, negated: bool = False) -> bool:
    """Whether a condition (`negated`: its contrary) holds for nothing but some errors."""
    match test:
        case ast.UnaryOp(ast.Not(), operand):
            return _picks_out(operand, name, not negated)
        case ast.BoolOp(op, values):
            # The contrary of `a or b` is that neither holds: one of them is enough to pick out.
            enough = any if isinstance(op, ast.Or) == negated else all
            return enough(_picks_out(value, name, negated) for value in values)
        case ast.Compare(_, [op], [right]):
            is_nothing = isinstance(right, ast.Constant) and right.value in (None, False)
            is_negated = isinstance(op, _UNEQUAL) != is_nothing
            is_told = isinstance(op, (*_EQUAL, *_UNEQUAL)) and is_negated == negated
            return is_told and _is_narrowed(test, name)
    return not negated and _is_narrowed(test, name)


def _asks_about(node: ast.AST, name: str) -> bool:
    """Whether an expression is a question about the error of that name."""
    if isinstance(node, ast.Name):
        return node.id == "isinstance"
    if not name or not isinstance(node, ast.Call):
        return False
    is_shown = isinstance(node.func, ast.Name) and node.func.id in ("str", "repr")
    return not is_shown and any(_holds_name(each, name) for each in _arguments(node))


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    yield from (keyword.value for keyword in call.keywords)


def _holds_name(value: ast.expr, name: str | None) -> bool:
    """Whether a value is what a name stands for, or a tuple that it is in."""
    if isinstance(value, ast.Tuple):
        return any(_holds_name(each, name) for each in value.elts)
    return isinstance(value, ast.Name) and value.id == name
