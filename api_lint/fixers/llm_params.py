"""Clients that FastAPI's `Depends` injects: the parameters that are them, and how those are taken out."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from api_lint.facts import Span
from api_lint.fixers.llm_file import File, Job, Unmapped, targets
from api_lint.rule import Rewrite


def provider(file: File, param: ast.arg) -> ast.expr:
    """The function that FastAPI calls for a parameter's value."""
    places = [_default(file, param), param.annotation]
    if isinstance(param.annotation, ast.Name):  # an alias of `Annotated[…]`
        alias = param.annotation.id
        body = file.syntax.tree.body
        places += [n.value for n in body if isinstance(n, ast.Assign) and targets(n) == [alias]]
    for node in (n for place in places if place is not None for n in ast.walk(place)):
        if isinstance(node, ast.Call) and len(node.args) == 1 and _is_depends(file, node):
            return node.args[0]
    raise Unmapped("the client is made elsewhere or handed in")


def given_by(job: Job, read: ast.expr, name: str) -> list[ast.expr]:
    """The expressions that are the client where the function that returns it is read: its call, or the reads of
    parameters into which it is injected, which are taken out."""
    above = job.syntax.parents[read]
    if isinstance(above, ast.Call):
        if above.func is read and not above.args and not above.keywords:
            return [above]
        if above.args == [read] and _is_depends(job.file, above):
            return _without(job, _injected(job, above))
    raise Unmapped(
        f"{name}, which returns the client, is used otherwise than by calls (row {read.lineno})"
    )


def _is_depends(file: File, call: ast.Call) -> bool:
    return file.value(ast.unparse(call.func), call.lineno).name == "fastapi.Depends"


def _default(file: File, param: ast.arg) -> ast.expr | None:
    arguments = file.syntax.parents[param]
    assert isinstance(arguments, ast.arguments)
    plain = [*arguments.posonlyargs, *arguments.args]
    if param in plain:
        position = plain.index(param) - len(plain) + len(arguments.defaults)
        return arguments.defaults[position] if position >= 0 else None
    if param in arguments.kwonlyargs:
        return arguments.kw_defaults[arguments.kwonlyargs.index(param)]
    return None


def _injected(job: Job, depends: ast.Call) -> list[ast.arg]:
    """The parameters that a `Depends(…)` gives their values; an alias for them goes with them."""
    file, syntax = job.file, job.syntax
    for above in syntax.above(depends):
        if isinstance(above, ast.arg):
            return [above]
        if isinstance(above, ast.arguments):
            return [arg for arg in _every(above) if _default(file, arg) is depends]
        if isinstance(above, ast.Assign) and syntax.parents[above] is syntax.tree:
            alias = targets(above)[0]
            if not alias.isidentifier() or syntax.bindings(alias, syntax.tree) != 1:
                break
            found = [syntax.parents[read] for read in syntax.reads(alias, syntax.tree)]
            params = [each for each in found if isinstance(each, ast.arg)]
            if len(params) < len(found):
                break
            file.only_here(alias)
            job.gone[above] = f"{alias} is made"
            return params
    raise Unmapped("the client is injected in a way that is not known")


def _every(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _without(job: Job, params: Sequence[ast.arg]) -> list[ast.expr]:
    """Take parameters out of their functions.

    Returns: where they are read.
    """
    reads: list[ast.expr] = []
    for param in params:
        scope = job.syntax.parents[job.syntax.parents[param]]
        if job.syntax.bindings(param.arg, scope) != 1:
            raise Unmapped(f"{param.arg} is bound more than once")
        reads += job.syntax.reads(param.arg, scope)
        job.params.append(param)
    return reads


def shortened(job: Job) -> None:
    """Take the parameters of a job out of their functions, once all are known."""
    functions: dict[ast.AST, list[ast.arg]] = {}
    for param in job.params:
        functions.setdefault(job.syntax.parents[job.syntax.parents[param]], []).append(param)
    for function, params in functions.items():
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            raise Unmapped("the client is handed in")
        _shorten(job, function, params)


def _shorten(job: Job, function: ast.FunctionDef | ast.AsyncFunctionDef, params: list[ast.arg]) -> None:
    syntax, name, arguments = job.syntax, function.name, function.args
    if syntax.parents[function] is not syntax.tree:
        raise Unmapped(f"{name}, which is handed the client, is no function of the module")
    for read in syntax.reads(name, syntax.tree):
        above = syntax.parents[read]
        if not isinstance(above, ast.Call) or not _is_depends(job.file, above):
            raise Unmapped(f"{name}, which is handed the client, may be called by others")
    job.file.only_here(name)
    if (
        arguments.posonlyargs
        or arguments.vararg
        or (arguments.kwonlyargs and set(params) >= set(arguments.kwonlyargs))
    ):
        raise Unmapped(f"the parameters of {name} are not all alike")
    every = _every(arguments)
    ends = [syntax.span(_default(job.file, each) or each)[2:] for each in every]
    for position in reversed(range(len(every))):
        if every[position] not in params or (position and every[position - 1] in params):
            continue
        after = position
        while after < len(every) and every[after] in params:
            after += 1
        start = syntax.span(every[position])[:2]
        if after < len(every):
            if every[after] in arguments.kwonlyargs and every[position] not in arguments.kwonlyargs:
                raise Unmapped(f"the parameters of {name} are not all alike")
            span = Span(*start, *syntax.span(every[after])[:2])
        else:
            span = Span(*(ends[position - 1] if position else start), *ends[after - 1])
        if syntax.comments_in(span):
            raise Unmapped(f"a comment stands beside the client in the parameters of {name}")
        job.edits.append(Rewrite(span, ""))
