from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from api_lint import (
    UNSAFE,
    Attr,
    Call,
    CallSite,
    Effect,
    Expr,
    Finding,
    Function,
    Place,
    Range,
    Related,
    Route,
    Rule,
    Scope,
    Span,
    move_data_access,
    root_of,
)

# What a view inherits to fetch its own rows; the query behind it belongs to the framework.
_OWN_QUERYSET = (
    "self.get_queryset",
    "self.filter_queryset",
    "self.queryset",
    "self.paginate_queryset",
)
# A row that saves or deletes itself hides its query behind the model.
_INSTANCE_METHODS = frozenset(
    {"save", "delete", "asave", "adelete", "refresh_from_db", "arefresh_from_db"}
)


@dataclass(frozen=True)
class Options:
    """`max_lines` and `max_branches`: a handler without data access is reported from so many lines and so many branches
    and loops on; lines are those behind its docstring, comments among them; a branch that does no more than raise is
    not counted."""

    max_lines: Annotated[int, Range(minimum=1)] = 50
    max_branches: Annotated[int, Range(minimum=0)] = 4


class LogicInRoute(Rule):
    """A route handler queries the database or carries the business logic itself.

    Logic in a handler cannot be used or tested without HTTP. A handler should validate, call a service, and turn the
    answer into a response. Calls into services, dependencies, `get_queryset`, serializers and permission classes are
    not reported, nor is a `select` or a `session.query(…)` that is built for a service to execute, nor what a view
    asks of its own queryset (`self.get_queryset().filter(…)`); what it writes through that is.

    Evidence: A route is one only if its decorator or registration resolves to an app, router, blueprint or view.
    Data access is a call on what is known to be a session, manager, collection or client. Where nothing else tells
    what `db` is, what the function does with it does: it queries a class, executes a statement, or, if it is called
    as sessions and connections are, executes or commits. Length is a matter of degree: `max-lines` and `max-branches`
    say where it begins. What saves or deletes an instance that was handed in counts only beside other access.

    Bad::

        from fastapi import Depends, FastAPI
        from sqlalchemy.orm import Session
        from app.db import get_db
        from app.models import User

        app = FastAPI()

        @app.get("/users/{user_id}")
        def read_user(user_id: int, db: Session = Depends(get_db)):
            return db.query(User).filter(User.id == user_id).first()

    Good::

        import app_service
        from fastapi import Depends, FastAPI
        from sqlalchemy.orm import Session
        from app.db import get_db

        app = FastAPI()

        @app.get("/users/{user_id}")
        def read_user(user_id: int, db: Session = Depends(get_db)):
            return app_service.get_user(db, user_id)
    """

    code = "API101"
    message = "{route} {does}"
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations"})
    Options = Options

    def visit_route(self, route: Route, at: Place) -> Iterator[Finding]:
        def counts(site: CallSite, effect: Effect, body: Function) -> bool | None:
            return _counts(site, effect, at, body)

        for finding in self._found(route, at):
            yield move_data_access(finding, route, at, counts) if at.wants_fixes else finding

    def _found(self, route: Route, at: Place) -> Iterator[Finding]:
        handler = route.handler.function
        bodies = [handler, *(f for f in at.module.facts.functions if _is_inside(f, handler))]
        data = [found for body in bodies for found in _data_access(body, at)]
        if any(counts for _, _, counts in data):
            calls = _outermost({(span, label) for span, label, _ in data})
            yield self.found(
                handler.span,
                related=[Related(at.path, span, f"{label} here") for span, label in calls],
                route=_named(route),
                does=_told(calls),
            )
            return
        lines = handler.end - handler.body_start + 1
        branches = sum(body.branches - body.guards + body.loops for body in bodies)
        if lines >= self.options.max_lines and branches >= self.options.max_branches:
            does = f"holds {lines} lines of logic with {branches} branches and loops"
            yield self.found(handler.span, route=_named(route), does=does)


def _is_inside(function: Function, handler: Function) -> bool:
    return handler.start < function.start and function.end <= handler.end


def _data_access(body: Function, at: Place) -> Iterator[tuple[Span, str, bool]]:
    """Each data access of a body: its place, its name, and whether it counts by itself."""
    for site, _, effect in at.api.sites(at.path, body):
        counts = _counts(site, effect, at, body)
        if counts is not None:
            yield site.span, effect.label, counts


def _counts(site: CallSite, effect: Effect, at: Place, body: Function) -> bool | None:
    """Whether a call is data access that counts by itself; `None` if it is none."""
    scope = at.api.scope(at.path, body, site.span.line)
    call = at.api.effects.handed(site.call, scope) or site.call
    if not effect.data or (effect.data != "write" and _is_own_query(call, scope, at, body)):
        return None
    if effect.data == "build" and _is_handed_on(site, at, body):
        return None
    return not _is_own_row(call, effect.label.rpartition(".")[2], at, body)


def _is_own_query(call: Call, scope: Scope, at: Place, body: Function) -> bool:
    """Whether a call builds on what a view inherits to fetch its rows, maybe kept in a variable before."""
    if root_of(call).startswith(_OWN_QUERYSET):
        return True
    name = _variable(call)
    given = [a for a in body.assigns if a.target == name and _variable(a.value) != name]
    return (
        bool(given)
        and all(a.how == "=" and root_of(a.value).startswith(_OWN_QUERYSET) for a in given)
        and at.api.role(at.api.value(name, scope)) == "query"
    )


def _is_handed_on(query: CallSite, at: Place, body: Function) -> bool:
    """Whether a query is only built here, for a function or a class of the project that comes to run it."""
    for site in body.calls:
        if site.span.encloses(query.span) and any(
            _builds_on(each, query.call) for each in site.call.given
        ):
            func = at.api.value(site.call.func, at.api.scope(at.path, body, site.span.line))
            ref = at.api.function_ref(func)
            if ref is not None:
                return not ref.function.parent
            return at.api.class_ref(func) is not None and not at.api.role(func)
    return False


def _builds_on(expr: Expr, first: Call) -> bool:
    while expr != first and isinstance(expr, (Call, Attr)):
        expr = expr.func if isinstance(expr, Call) else expr.base
    return expr == first


def _variable(expr: Expr) -> str:
    return root_of(expr).partition(".")[0]


def _is_own_row(call: Call, method: str, at: Place, body: Function) -> bool:
    if method not in _INSTANCE_METHODS or call.args:
        return False
    func = call.func
    owner = func.base if isinstance(func, Attr) else str(func).rpartition(".")[0]
    receiver = at.api.value(owner, at.api.scope(at.path, body, body.end + 1)) if owner else None
    return receiver is None or at.api.role(receiver) == "model" or not receiver


def _named(route: Route) -> str:
    path = route.paths[0] if route.paths else route.path
    where = " ".join(filter(None, ["/".join(route.methods), path]))
    return f"{where or 'route'} ({route.handler.function.name})"


def _outermost(calls: Iterable[tuple[Span, str]]) -> list[tuple[Span, str]]:
    """Of the calls that build on one another (`db.query(User).filter(…).first()`) the last one, in source order."""
    longest: dict[tuple[int, int], tuple[Span, str]] = {}
    for span, label in sorted(calls):
        longest[span[:2]] = span, label
    return list(longest.values())


def _told(calls: list[tuple[Span, str]]) -> str:
    by_label: dict[str, list[str]] = {}
    for span, label in calls:
        rows = by_label.setdefault(label, [])
        if str(span.line) not in rows:
            rows.append(str(span.line))
    shown = [
        f"{label} (line{'s' * (len(rows) > 1)} {', '.join(rows)})"
        for label, rows in list(by_label.items())[:4]
    ]
    more = len(by_label) - len(shown)
    return "accesses data itself: " + ", ".join(shown) + (f" and {more} more" if more else "")
