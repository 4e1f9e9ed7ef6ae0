"""What an object is by what a function does with it: who asks `db` for `db.query(User)` was handed a session.

It counts only where nothing else tells what the object is. Two things tell by themselves: a model that is queried, and a
statement of SQLAlchemy that is executed. The rest takes a name that people give sessions and connections as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from api_lint.facts import Attr, Call, Expr, Function, Item, root_of

# What objects that are told by use are asked for.
ASKED_FOR = frozenset(
    "add commit delete exec execute executemany fetch fetch_all fetch_one fetchrow fetchval flush get merge query refresh "
    "rollback scalar scalars".split()
)

# What nothing but MongoDB's collections and their models is asked for.
_OF_COLLECTIONS = frozenset(
    "count_documents delete_many find_one_and_delete find_one_and_replace find_one_and_update insert_many "
    "insert_one replace_one update_many".split()
)
_FINDS = frozenset({"aggregate", "find", "find_all", "find_many", "limit", "skip", "sort"})
_OF_SUPABASE = frozenset({"from_", "rpc", "table"})

_SYNC = "sqlalchemy.orm.Session"
_ASYNC = "sqlalchemy.ext.asyncio.AsyncSession"
_AWAITED = {
    **dict.fromkeys(("fetch", "fetchrow", "fetchval"), "asyncpg.Connection"),
    **dict.fromkeys(("fetch_all", "fetch_one"), "databases.Database"),
}
_STATEMENTS = frozenset({"exec", "execute", "scalar", "scalars"})
_SESSION_NAME = re.compile(
    r"(?:^|_)(?:db|sess|session|database)$|^(?:db|DB|Db)_?|[sS]ession(?:[lL]ocal|Dep)?$"
)
_CONNECTION = re.compile(r"(?:^|_)(?:conn|connection|cur|cursor|pool)$")


def names_session(name: str) -> bool:
    """Whether people call a session or its class so: `db`, `self.session`, `SessionDep`."""
    return _SESSION_NAME.search(name.rpartition(".")[2]) is not None


def names_class(expr: Expr) -> bool:
    """Whether an expression is written as classes are: `User`, `models.User`."""
    last = expr.rpartition(".")[2] if isinstance(expr, str) else ""
    return last[:1].isupper() and not last.isupper()


def is_collection(method: str, owner: Expr) -> bool:
    """Whether `owner` is a MongoDB collection, or what one has found, for being asked for `method`."""
    if method == "to_list":
        found = owner.func if isinstance(owner, Call) else ""
        return (found.name if isinstance(found, Attr) else str(found).rpartition(".")[2]) in _FINDS
    if method == "find_one":  # repositories have one of that name too
        holder = owner.base if isinstance(owner, Item) else owner
        before, _, last = holder.rpartition(".") if isinstance(holder, str) else ("", "", "")
        in_database = names_session(before) or (holder is not owner and names_session(last))
        return in_database or names_class(owner) or last.endswith("collection")
    return method in _OF_COLLECTIONS


def supabase_by_use(owner: str, method: str, function: Function) -> str:
    """The class of a client that is called so and asked for a table; "" for anything else."""
    if method not in _OF_SUPABASE or "supabase" not in owner.rpartition(".")[2]:
        return ""
    is_async = any(
        site.awaited and root_of(site.call).startswith(f"{owner}.") for site in function.calls
    )
    return "supabase.AsyncClient" if is_async else "supabase.Client"


def class_by_use(owner: str, function: Function, is_statement: Callable[[Expr], bool]) -> str:
    """The class of session or connection that `owner`, a dotted name, is for what `function` does with it; "" if nothing tells.

    `is_statement` tells whether an expression is a statement of SQLAlchemy.
    """
    sites = [site for site in function.calls if _method(site.call, owner) in ASKED_FOR]
    if not sites:
        return ""
    waited = list(_waited_for(function))
    is_async = any(site.awaited or site.call in waited for site in sites)
    asked = {_method(site.call, owner): site.call for site in sites}
    is_named = names_session(owner)
    for method, first in ((_method(s.call, owner), s.call.args[0]) for s in sites if s.call.args):
        is_model = method == "query" and not is_async and _names_model(first)
        if is_model or (method in _STATEMENTS and is_statement(first)):
            return _ASYNC if is_async else _SYNC
    if is_named and {"add", "commit"} <= asked.keys():
        return _ASYNC if is_async else _SYNC
    return _by_name(asked, is_async, is_named) if is_named or _CONNECTION.search(owner) else ""


def _method(call: Call, owner: str) -> str:
    before, _, name = call.func.rpartition(".") if isinstance(call.func, str) else ("", "", "")
    return name if before == owner else ""


def _waited_for(function: Function) -> Iterator[Expr]:
    """What is awaited with others (`gather(db.execute(x), …)`), entered or iterated over asynchronously."""
    for site in function.calls:
        if site.awaited:
            yield from site.call.args
    for assign in function.assigns:
        if assign.how.startswith("async"):
            yield assign.value


def _names_model(expr: Expr) -> bool:
    """`User`, or `User.id`."""
    return names_class(expr) or (isinstance(expr, str) and names_class(expr.rpartition(".")[0]))


def _by_name(asked: dict[str, Call], is_async: bool, is_session: bool) -> str:
    if is_async and not asked.keys().isdisjoint(_AWAITED):
        return next(name for method, name in _AWAITED.items() if method in asked)
    got = asked.get("get")
    is_got = got is not None and len(got.args) == 2 and names_class(got.args[0])
    if not is_got and asked.keys().isdisjoint({"commit", "execute", "executemany"}):
        return ""
    return "unseen.Session" if is_session else "unseen.Connection"
