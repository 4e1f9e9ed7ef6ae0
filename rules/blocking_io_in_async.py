from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import (
    UNSAFE,
    Api,
    Finding,
    Module,
    NeedImport,
    Place,
    Replace,
    Rule,
    answered_by_def,
    no_await,
    run_in_thread,
    without_async,
)

_CATEGORIES = ("file", "io")

# What is done with an open file, by its mode → the method of a path that does it all at once.
_AT_ONCE = {
    ("read", "r"): "read_text",
    ("read", "rb"): "read_bytes",
    ("write", "w"): "write_text",
    ("write", "wb"): "write_bytes",
}


class BlockingIoInAsync(Rule):
    """A coroutine reads or writes files, or waits for another program, synchronously.

    Disks and programs take their time, and the event loop waits with them. Run such work in a thread, or as an
    asynchronous subprocess. What is done with a file after its `open` was reported is not reported again.

    Evidence: `open`, `os`, `shutil` and `subprocess` are resolved by import, paths by constructor or annotation.
    Questions to the file system and small changes of it (`exists`, `stat`, `mkdir`, `unlink`) are quick and not
    reported, nor is a file object of unknown origin.

    Bad::

        async def store(path: str, data: bytes) -> None:
            with open(path, "wb") as file:
                file.write(data)

    Good::

        import asyncio
        from pathlib import Path

        async def store(path: str, data: bytes) -> None:
            await asyncio.to_thread(Path(path).write_bytes, data)
    """

    code = "API603"
    message = "{call} blocks the event loop in async def {function}"
    words = ("async def",)
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations", "generated"})
    twins = frozenset({"ASYNC220", "ASYNC221", "ASYNC222", "ASYNC230", "ASYNC240", "ASYNC101"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return api.blocking_rows(module.path, *_CATEGORIES)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        effect = at.effect(call)
        if (
            at.is_async
            and not at.is_awaited
            and effect.blocks in _CATEGORIES
            and at.function is not None
        ):
            found = self.found(call, call=effect.label, function=at.function.name)
            yield without_async(found, at) if answered_by_def(at) else _fixed(found, call, at)


def _fixed(finding: Finding, call: cst.Call, at: Place) -> Finding:
    if at.resolve(call.func) not in ("builtins.open", "io.open"):
        return run_in_thread(finding, call, at)
    return _opened_once(finding, call, at) or run_in_thread(finding, call, at)


def _opened_once(finding: Finding, call: cst.Call, at: Place) -> Finding | None:
    """The finding with the fix of a file that is opened only to be read or written at once; `None` for any other."""
    above = at.parents[::-1]
    if len(above) > 1 and isinstance(above[0], cst.Attribute) and isinstance(above[1], cst.Call):
        return _with_path(finding, call, above[1], None, at)
    if len(above) < 2 or not isinstance(above[0], cst.WithItem) or not isinstance(above[1], cst.With):
        return None
    block, name = above[1], above[0].asname
    if len(block.items) != 1 or name is None or not isinstance(name.name, cst.Name):
        return None
    line = _only_line(block)
    uses = list(_uses(line, name.name.value)) if line is not None else []
    return _with_path(finding, call, uses[0], block, at) if len(uses) == 1 else None


def _only_line(block: cst.With) -> cst.SimpleStatementLine | None:
    """The one row that a `with` block consists of, if no comment would be lost with the rest."""
    body = block.body
    if not isinstance(body, cst.IndentedBlock) or len(body.body) != 1:
        return None
    line = body.body[0]
    has_comment = body.header.comment is not None or any(each.comment for each in body.footer)
    if has_comment or not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    return line


def _uses(node: cst.CSTNode, name: str) -> Iterator[cst.Call]:
    """The calls `name.method(…)` in a statement; one that is nothing at all for every other use of the name."""
    for child in node.children:
        if isinstance(child, cst.Call) and isinstance(child.func, cst.Attribute):
            owner = child.func.value
            if isinstance(owner, cst.Name) and owner.value == name:
                yield child
                for arg in child.args:
                    yield from _uses(arg, name)
                continue
        if isinstance(child, (cst.Lambda, cst.GeneratorExp)) or (
            isinstance(child, cst.Name) and child.value == name
        ):
            yield cst.Call(cst.Name(name))
            yield cst.Call(cst.Name(name))
        yield from _uses(child, name)


def _with_path(
    finding: Finding, opened: cst.Call, use: cst.Call, block: cst.With | None, at: Place
) -> Finding | None:
    """The finding with the fix: `use`, what is done with the file, becomes a method of its path, run in a thread."""
    if not isinstance(use.func, cst.Attribute) or isinstance(
        use.whitespace_before_args, cst.ParenthesizedWhitespace
    ):
        return None
    arguments = _arguments(opened)
    if arguments is None:
        return None
    path, mode, extra = arguments
    method = _AT_ONCE.get((use.func.attr.value, mode))
    if (
        method is None
        or len(use.args) != (method[0] == "w")
        or any(a.star or a.keyword for a in use.args)
    ):
        return None
    owner = _path(path, at)
    thread = at.reference("asyncio", "to_thread")
    if owner is None or thread is None or no_await(at):
        return None
    value = [arg.with_changes(comma=cst.MaybeSentinel.DEFAULT) for arg in use.args]
    new = cst.Await(
        cst.Call(thread[0], [cst.Arg(cst.Attribute(owner[0], cst.Name(method))), *value, *extra]),
        lpar=use.lpar,
        rpar=use.rpar,
    )
    replaced = _replaced(use, new, block, at)
    if replaced is None:
        return None
    title = f"Run Path.{method} in a thread"
    return finding.fixed_by(title, replaced, *owner[1], *thread[1])


def _replaced(use: cst.Call, new: cst.Await, block: cst.With | None, at: Place) -> Replace | None:
    if block is None:
        above = at.parents[-3] if len(at.parents) > 2 else None
        if not use.lpar and isinstance(above, (cst.Attribute, cst.Call, cst.Subscript)):
            new = new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return Replace(use, new)
    line = _only_line(block)
    if line is None:
        return None
    if not use.lpar and any(_is_tighter(node, use) for node in _nodes(line)):
        new = new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    changed = line.deep_replace(use, new)
    if not isinstance(changed, cst.SimpleStatementLine):
        return None
    rows = (*block.leading_lines, *line.leading_lines)
    return Replace(block, changed.with_changes(leading_lines=rows))


def _is_tighter(node: cst.CSTNode, use: cst.Call) -> bool:
    return (isinstance(node, (cst.Attribute, cst.Subscript)) and node.value is use) or (
        isinstance(node, cst.Call) and node.func is use
    )


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _arguments(opened: cst.Call) -> tuple[cst.BaseExpression, str, list[cst.Arg]] | None:
    """What is opened, how, and the encoding; `None` where more is asked of it."""
    path: cst.BaseExpression | None = None
    mode, extra = "r", []
    for position, arg in enumerate(opened.args):
        name = (
            arg.keyword.value if arg.keyword is not None else ("file", "mode")[position : position + 1]
        )
        name = name if isinstance(name, str) else "".join(name)
        if arg.star or name not in ("file", "mode", "encoding", "errors"):
            return None
        if name == "file":
            path = arg.value
        elif name == "mode":
            text = arg.value.evaluated_value if isinstance(arg.value, cst.SimpleString) else None
            mode = {"rt": "r", "wt": "w"}.get(str(text), str(text))
        else:
            extra.append(arg.with_changes(comma=cst.MaybeSentinel.DEFAULT))
    return (path, mode, extra) if path is not None else None


def _path(
    node: cst.BaseExpression, at: Place
) -> tuple[cst.BaseExpression, tuple[NeedImport, ...]] | None:
    """An expression as a `Path`, and the import it needs."""
    if at.value(node).name == "pathlib.Path" and isinstance(node, (cst.Name, cst.Attribute, cst.Call)):
        return node, ()
    reference = at.reference("pathlib", "Path")
    if reference is None or reference[1]:
        if not at.is_free("Path"):
            return None
        reference = cst.Name("Path"), (NeedImport("pathlib", "Path"),)
    return cst.Call(reference[0], [cst.Arg(node)]), reference[1]
