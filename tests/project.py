"""A project in memory, linked, and short ways to ask what rules would be told about it.

`reveal(x)` in a source marks an expression: `revealed` tells, in the order of the source, what each of them is.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence

from api_lint import Api, CallSite, Function, ModuleFacts, Route, Value
from api_lint.frameworks import Adapter
from api_lint.index import index
from api_lint.infer import Scope, Types
from api_lint.link import Project


def api(files: Mapping[str, str], src: Sequence[str] = ()) -> Api:
    """The linked project of these sources, each path relative to its root; `src` are configured source roots."""
    facts: dict[str, ModuleFacts] = {
        path: index(textwrap.dedent(source).encode(), path) for path, source in files.items()
    }
    return Api(sorted(files), facts.get, src, sorted(files))


def routes_of(adapter: Callable[[Types], Adapter], files: Mapping[str, str]) -> list[Route]:
    """What one framework's adapter finds in these sources, file by file, each in the order of its rows."""
    paths = sorted(files)
    facts = {path: index(files[path].encode(), path) for path in paths}
    types = Types(Project(paths, facts.get, scanned=paths))
    routes = adapter(types).routes
    found: list[Route] = []
    for path in paths:
        module = types.project.module(path)
        assert module is not None
        found += sorted(routes(module), key=lambda route: route.span)
    return found


def shown_routes(routes: Sequence[Route]) -> list[str]:
    """Each route as `METHODS /full/path handler`."""
    return [
        f"{','.join(route.methods)} {' '.join(route.paths)} {route.handler.function.qualname}"
        for route in routes
    ]


def sites(linked: Api, path: str) -> Iterator[tuple[CallSite, Scope, Function | None]]:
    """Every call of a file, with the scope and the function (`None` at the top level) it stands in."""
    module = linked.module(path)
    assert module is not None
    for function in (None, *module.facts.functions):
        for site in (function or module.facts.body).calls:
            yield site, linked.scope(path, function, site.span.line), function


def revealed(files: Mapping[str, str], src: Sequence[str] = ()) -> list[str]:
    """What every `reveal(x)` of the project's first file that has one is, in the order of its rows."""
    path = next(path for path, source in files.items() if "reveal(" in source)
    linked = api(files, src)
    found = [
        (site.span, shown(linked.value(site.call.args[0], scope)))
        for site, scope, _ in sites(linked, path)
        if site.call.func == "reveal"
    ]
    return [text for _, text in sorted(found)]


def shown(value: Value) -> str:
    """A value in one line: `app/models.py::User`, `list[…]`, `type[…]`, `await …`, `def …`, `?` for the unknown."""
    inner = ", ".join(map(shown, value.items))
    match value.kind:
        case "unknown":
            return "?"
        case "none":
            return "None"
        case "coroutine":
            return f"await {inner}"
        case "list" | "tuple" | "dict":
            return f"{value.kind}[{inner}]"
        case "class":
            return f"type[{value.name}[{inner}]]" if inner else f"type[{value.name}]"
        case "instance":
            return f"{value.name}[{inner}]" if inner else value.name
        case "function" | "method":
            return f"def {value.name}"
    return f"{value.kind} {value.name}"


def chains(files: Mapping[str, str], path: str) -> dict[str, list[str]]:
    """How the calls of a file's coroutines come to block: the call's name → `path:function calls label`, step by step."""
    linked = api(files)
    found: dict[str, list[str]] = {}
    for site, effect in linked.on_loop(path):
        scope = linked.scope(path, linked.function_at(path, site.span.line), site.span.line)
        steps = () if effect else linked.chain(site, scope)
        if steps:
            found[str(site.call.func)] = [f"{s.path}:{s.function} calls {s.label}" for s in steps]
    return found


def blocking(files: Mapping[str, str], path: str) -> list[str]:
    """What the coroutines of a file do themselves that blocks, in the order of the rows: `db Session.commit`."""
    return [f"{e.blocks} {e.label}" for _, e in api(files).on_loop(path) if e.blocks]


def routes(files: Mapping[str, str], src: Sequence[str] = ()) -> list[Route]:
    """All routes of a project, in the order of files and rows."""
    return list(api(files, src).routes())


def table(files: Mapping[str, str], src: Sequence[str] = ()) -> list[str]:
    """Each route as `METHODS /full/path handler`."""
    return [
        f"{','.join(r.methods)} {' '.join(r.paths)} {r.handler.function.qualname}"
        for r in routes(files, src)
    ]
