"""Whom an address reaches: the clients that call it, directly or through a function of the project that hands it on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from api_lint.effects import Effects
from api_lint.facts import Await, Call, Expr, Format, Function, FunctionRef
from api_lint.infer import Scope, handed_over
from api_lint.link import BODY, Module

__all__ = ["called_addresses", "calls_address", "calls_returned", "holds_name"]

# Where calls of these libraries take the address, by the function's or method's name.
_LIBRARIES = frozenset({"requests", "httpx", "httpx2", "aiohttp", "urllib", "urllib3", "niquests"})
_POSITIONS = {
    **dict.fromkeys("get post put patch delete head options".split(), 0),
    **dict.fromkeys("urlopen urlretrieve ws_connect".split(), 0),
    "request": 1,
    "stream": 1,
}
# What clients are called where nothing else is known of them.
_CLIENT = re.compile(r"(?:^|_)(?:client|session|http|requests|httpx)$", re.IGNORECASE)

Wanted = Callable[[Expr], bool]


def holds_name(expr: Expr, names: frozenset[str]) -> bool:
    """Whether an expression is a name, or a text that begins with what it holds: `f"{URL}/x"`, `URL.format(id=1)`."""
    match expr:
        case str():
            return expr in names or expr.removesuffix(".format") in names
        case Call(func, args):
            is_text = func == "str" and len(args) == 1 and holds_name(args[0], names)
            return is_text or (
                isinstance(func, str) and func.removesuffix(".format") in names and func not in names
            )
        case Format(parts):
            return bool(parts) and holds_name(parts[0], names)
        case Await(value):
            return holds_name(value, names)
    return False


def called_addresses(call: Call, scope: Scope, effects: Effects) -> Iterator[Expr]:
    """What a call gives to a client as the address: one of its own, or one that the called function hands on."""
    own = _own_address(call, scope, effects)
    if own is not None:
        yield own
        return
    ref = effects.target(call, scope)
    if ref is None:
        return
    handed_on = _handed_on(ref, effects)
    for param, given in handed_over(ref.function, call) if handed_on else ():
        if given is not None and param.name in handed_on:
            yield given


def _own_address(call: Call, scope: Scope, effects: Effects) -> Expr | None:
    if not isinstance(call.func, str):
        return None
    receiver, _, name = call.func.rpartition(".")
    position = _POSITIONS.get(name)
    if position is None:
        return None
    value = effects.types.of(call.func, scope)
    if value.name:
        is_client = value.name.partition(".")[0] in _LIBRARIES
    else:
        is_client = _CLIENT.search(receiver.rpartition(".")[2]) is not None
    return call.argument(position, "url") if is_client else None


def _handed_on(ref: FunctionRef, effects: Effects) -> frozenset[str]:
    """The names that a function gives to a client as the address."""
    module = effects.types.project.module(ref.path)
    if module is None or not ref.function.may_hold(*_POSITIONS):
        return frozenset()
    return frozenset(
        expr
        for site in ref.function.calls
        if isinstance(
            expr := _own_address(site.call, Scope(module, ref.function, site.span.line), effects), str
        )
    )


def calls_address(body: Function, module: Module, wanted: Wanted, effects: Effects) -> bool:
    """Whether a function (or a module's top level) gives a client the wanted expression as the address."""
    function = None if body.name == "<module>" else body
    for site in body.calls:
        if any(map(wanted, site.call.given)):
            scope = Scope(module, function, site.span.line)
            if any(map(wanted, called_addresses(site.call, scope, effects))):
                return True
    return False


def calls_returned(ref: FunctionRef, effects: Effects) -> bool:
    """Whether a client is given, anywhere but in tests, what a function of the project returns."""
    project = effects.types.project
    for module in project.modules_with("calls", ref.function.name):
        for function, site in module.calls_of(ref.function.name) if module.kind != "tests" else ():
            project.looked.note(module.path, BODY if function is None else function.qualname)
            body = module.body if function is None else function
            if effects.target(
                site.call, Scope(module, function, site.span.line)
            ) == ref and calls_address(body, module, _result_of(site.call, body), effects):
                return True
    return False


def _result_of(call: Call, body: Function) -> Wanted:
    """Whether an expression is what a call gives, or a name for it."""
    results = (call, Await(call))
    names = frozenset(a.target for a in body.assigns if a.value in results)
    return lambda expr: expr in results or holds_name(expr, names)
