from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import (
    UNSAFE,
    Api,
    Call,
    Const,
    Expr,
    Finding,
    Function,
    Map,
    Module,
    Place,
    Route,
    Rule,
    Span,
    Text,
    declare_response,
    handler_at,
)

# Kinds of values that a message has no name for.
_UNTOLD = ("none", "unknown", "typevar")
_SUCCESS = (Const(200), Const(201), Text("200"), Text("201"))
_FRAMEWORKS = ("fastapi", "apiflask", "flask-smorest")


class MissingResponseModel(Rule):
    """A route declares nothing about what it answers.

    Without a response model whatever the handler returns goes out unfiltered and undocumented, and nobody notices when
    it changes. Declared counts: `response_model`, a return annotation of any kind, `response_class`, a model in
    `responses={200: …}`, a status without a body, or nothing but ready responses returned.

    Evidence: The router is resolved, and what each `return` gives as far as it is known: a helper of the project
    whose result is a ready response counts as one, a value of unknown type does not.

    Bad::

        from fastapi import FastAPI

        app = FastAPI()

        @app.get("/health")
        def health():
            return {"status": "ok"}

    Good::

        from fastapi import FastAPI

        app = FastAPI()

        @app.get("/health")
        def health() -> dict[str, str]:
            return {"status": "ok"}
    """

    code = "API201"
    message = "{route} declares no response model{returns}"
    frameworks = _FRAMEWORKS
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        # Only a fix needs the syntax tree.
        for route in api.handled_in(module.path) if api.wants_fixes else ():
            if _undeclared(route, api) is not None:
                yield route.handler.function.start

    def visit_route(self, route: Route, at: Place) -> Iterator[Finding]:
        shown = None if at.wants_fixes else _undeclared(route, at.api)
        if shown is not None:
            yield self._finding(route, shown, at)

    def visit_FunctionDef(self, node: cst.FunctionDef, at: Place) -> Iterator[Finding]:
        route = handler_at(node, at)
        shown = _undeclared(route, at.api) if route is not None else None
        if route is None or shown is None:
            return
        finding = self._finding(route, shown, at)
        if route.framework == "fastapi":
            yield declare_response(finding, node, route, at)
        else:
            yield finding.unfixable(f"{route.framework} needs a schema of its own for it")

    def _finding(self, route: Route, shown: str, at: Place) -> Finding:
        return self.found(
            _place(route, at),
            route=f"{'/'.join(route.methods)} {route.paths[0]}",
            returns=f" and returns {shown}" if shown else "",
        )


def _undeclared(route: Route, api: Api) -> str | None:
    """What a route returns without saying so ("" if that has no name), `None` for one that declares it."""
    if route.framework not in _FRAMEWORKS or route.declares_response:
        return None
    function = route.handler.function
    returned = [
        (r.value, api.scope(route.handler.path, function, r.span.line)) for r in function.returned
    ]
    values = [api.value(*each) for each in returned]
    if values and all(api.role(value) == "response" for value in values):
        return None
    if not values and ((function.raises and not function.branches) or _answers_itself(function)):
        return None
    if any(_documents_success(decorator.value) for decorator in function.decorators):
        return None
    told = (
        value.label
        for value, each in zip(values, returned)
        if value.kind not in _UNTOLD and api.role(value) != "response" and not api.is_any(*each)
    )
    return next(told, "")


def _answers_itself(function: Function) -> bool:
    """Whether the handler hands the connection itself to somebody: `await app(request.scope, receive, request._send)`."""
    return any(
        isinstance(arg, str) and arg.endswith("._send")
        for site in function.calls
        for arg in site.call.args
    )


def _documents_success(decorator: Expr) -> bool:
    """Whether a route names its model in `responses={200: {"model": …}}`."""
    responses = decorator.keyword("responses") if isinstance(decorator, Call) else None
    if not isinstance(responses, Map):
        return False
    return any(
        key in _SUCCESS and isinstance(about, Map) and any(k == Text("model") for k, _ in about.items)
        for key, about in responses.items
    )


def _place(route: Route, at: Place) -> Span:
    function = route.handler.function
    if function.decorators:
        return function.decorators[0].span
    return route.span if route.source == at.path else function.span
