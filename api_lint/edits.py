"""Edits that several rules make: a call awaited, a call moved to a thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from api_lint.rule import Edit, Finding, Replace

if TYPE_CHECKING:
    from api_lint.visit import Place

__all__ = ["await_instead", "run_in_thread"]

# Where `await` binds less tightly than what stands around it.
_TIGHTER = (cst.Attribute, cst.Call, cst.Subscript, cst.Await)


def await_instead(
    finding: Finding,
    call: cst.Call,
    new: cst.Call,
    at: Place,
    title: str,
    edits: Sequence[Edit],
    safety: str,
) -> Finding:
    """The finding with the fix that awaits `new` where `call` stood.

    Parameters: `edits`, what is needed besides; `title` and `safety` of the fix.
    Returns: the finding; with the reason instead where `await` cannot stand there.
    """
    reason = _no_await(at)
    if reason:
        return finding.unfixable(reason)
    awaited = cst.Await(new)
    parent = at.parents[-1] if at.parents else None
    is_operand = isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Power)
    if is_operand or (isinstance(parent, _TIGHTER) and not isinstance(parent, cst.Arg)):
        awaited = awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return finding.fixed_by(title, Replace(call, awaited), *edits, safety=safety)


def run_in_thread(finding: Finding, call: cst.Call, at: Place, safety: str) -> Finding:
    """The finding with the fix that runs the call in a thread: `await asyncio.to_thread(function, …)`."""
    parent = at.parents[-1] if at.parents else None
    if isinstance(parent, cst.WithItem):
        return finding.unfixable("a context manager that is entered cannot be opened in a thread")
    if isinstance(parent, cst.Attribute):
        above = at.parents[-2] if len(at.parents) > 1 else None
        if isinstance(above, cst.WithItem):
            return finding.unfixable("a context manager that is entered cannot be opened in a thread")
    reference = at.reference("asyncio", "to_thread")
    if reference is None:
        return finding.unfixable("the name asyncio means something else here")
    function, edits = reference
    first = cst.Arg(call.func, comma=cst.Comma(cst.SimpleWhitespace(""), cst.SimpleWhitespace(" ")))
    args = (first, *call.args) if call.args else (first.with_changes(comma=cst.MaybeSentinel.DEFAULT),)
    new = cst.Call(function, args, whitespace_before_args=call.whitespace_before_args)
    if len(call.args) > 0 and isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace):
        # The first argument stood on a row of its own; the function takes the row, the argument the next one.
        first = first.with_changes(comma=cst.Comma(whitespace_after=call.whitespace_before_args))
        new = new.with_changes(args=(first, *call.args))
    name = cst.Module([]).code_for_node(call.func)
    return await_instead(finding, call, new, at, f"Run {name} in a thread", edits, safety)


def _no_await(at: Place) -> str:
    """Why `await` cannot stand at a place, "" where it can."""
    for position, parent in enumerate(at.parents):
        if isinstance(parent, cst.GeneratorExp):
            return "an await would make an asynchronous generator of the expression around"
        if isinstance(parent, cst.Decorator):
            return "a decorator is no place for await"
        if isinstance(parent, cst.Param) and position:
            return "a default is no place for await"
    return ""
