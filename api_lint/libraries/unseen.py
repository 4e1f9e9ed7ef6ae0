"""Sessions, connections and collections that are told by their names and use alone (see `usage`): whoever commits what is
called `db` accesses data. Whether that blocks is not known."""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library

_METHODS = {
    **dict.fromkeys(("execute", "executemany", "exec", "get", "scalar", "scalars"), Known(data="query")),
    **dict.fromkeys(("add", "commit", "delete", "flush", "merge"), Known(data="write")),
}

_COLLECTION = {
    **dict.fromkeys(("count_documents", "find_one", "to_list"), Known(data="query")),
    **dict.fromkeys(
        (
            *("delete_many", "find_one_and_delete", "find_one_and_replace", "find_one_and_update"),
            *("insert_many", "insert_one", "replace_one", "update_many"),
        ),
        Known(data="write"),
    ),
}

LIBRARY = Library(
    classes={
        **{f"unseen.{name}": KnownClass(methods=_METHODS) for name in ("Connection", "Session")},
        "unseen.Collection": KnownClass(methods=_COLLECTION),
    },
)
