from __future__ import annotations

from collections.abc import Iterator

from api_lint import Finding, Place, Route, Rule, Span

_FRAMEWORKS = ("fastapi", "apiflask", "flask-smorest")


class MissingResponseModel(Rule):
    """A route declares nothing about what it answers.

    Without a response model whatever the handler returns goes out unfiltered and undocumented, and nobody notices when
    it changes. Declared counts: `response_model`, a return annotation of any kind, `response_class`, a status without
    a body, or nothing but ready responses returned.

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
    quiet_in = frozenset({"tests", "migrations"})

    def visit_route(self, route: Route, at: Place) -> Iterator[Finding]:
        if route.framework not in _FRAMEWORKS or route.declares_response:
            return
        function = route.handler.function
        values = [
            at.api.value(r.value, at.api.scope(at.path, function, r.span.line))
            for r in function.returned
        ]
        if values and all(at.api.role(value) == "response" for value in values):
            return
        if not values and function.raises and not function.branches:
            return
        shown = next(
            (v.label for v in values if v and v.kind != "none" and at.api.role(v) != "response"), ""
        )
        yield self.found(
            _place(route, at),
            route=f"{'/'.join(route.methods)} {route.paths[0]}",
            returns=f" and returns {shown}" if shown else "",
        )


def _place(route: Route, at: Place) -> Span:
    function = route.handler.function
    if function.decorators:
        return function.decorators[0].span
    return route.span if route.source == at.path else function.span
