"""The routes of an API: each address, what answers it, and what is declared about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from api_lint.facts import Route, Value
from api_lint.reports import View, table

_HEADERS = ("methods", "path", "handler", "place", "framework", "async", "dependencies", "response")


def render(routes: Sequence[Route], view: View, width: int | None) -> Iterator[str]:
    """The table of routes, one line for each full path.

    Parameters: `routes`; `view`; `width` of the terminal or `None`.
    Returns: its lines, and how many routes there are.
    """
    rows = sorted(
        (row for route in routes for row in _rows(route, view)), key=lambda row: (row[1], row[0], row[3])
    )
    if rows:
        yield from table.render(_HEADERS, rows, width, view.color)
    yield f"{len(routes)} route{'' if len(routes) == 1 else 's'}\n"


def render_json(routes: Sequence[Route], view: View) -> Iterator[str]:
    """The routes for programs.

    Parameters: `routes`; `view` for the absolute paths.
    Returns: one JSON array.
    """
    yield json.dumps([_described(route, view) for route in routes], indent=2) + "\n"


def _rows(route: Route, view: View) -> Iterator[tuple[str, ...]]:
    function = route.handler.function
    for path in route.paths or (route.path,):
        yield (
            ",".join(route.methods),
            path or "/",
            function.qualname,
            f"{view.path(route.handler.path)}:{function.span.line}",
            route.framework,
            "async" if route.is_async else "sync",
            ", ".join(dict.fromkeys(_provider(d.provider) for d in route.dependencies)) or "-",
            _response(route),
        )


def _provider(value: Value) -> str:
    return value.label if value else "?"


def _response(route: Route) -> str:
    if route.response:
        return route.response.label
    return "declared" if route.declares_response else "-"


def _described(route: Route, view: View) -> dict[str, object]:
    function = route.handler.function
    return {
        "methods": [*route.methods],
        "path": route.path,
        "paths": [*(route.paths or (route.path,))],
        "framework": route.framework,
        "filename": view.full_path(route.source),
        "row": route.span.line,
        "handler": {
            "name": function.qualname,
            "filename": view.full_path(route.handler.path),
            "row": function.span.line,
        },
        "async": route.is_async,
        "dependencies": [
            {
                "name": d.name,
                "provider": d.provider.name or None,
                "gives": _label(d.gives),
                "scope": d.scope,
            }
            for d in route.dependencies
        ],
        "response_model": _label(route.response),
        "declares_response": route.declares_response,
        "status": route.status or None,
        "tags": [*route.tags],
    }


def _label(value: Value) -> str | None:
    return value.label if value else None
