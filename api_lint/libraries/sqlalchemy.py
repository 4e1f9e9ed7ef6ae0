"""SQLAlchemy (1.4 and 2), Flask-SQLAlchemy (and Lite), Alchemical, SQLModel and encode/databases.

https://docs.sqlalchemy.org/en/20/orm/session_api.html, …/orm/queryguide/query.html, …/core/connections.html,
…/orm/extensions/asyncio.html; https://flask-sqlalchemy.readthedocs.io/en/stable/api/; https://sqlmodel.tiangolo.com/;
https://alchemical.readthedocs.io/en/latest/api.html;
https://www.encode.io/databases/

What only marks objects (`add`, `delete`, `expunge`) and what only builds a statement does no I/O: nothing blocks there.
`close` and `Engine.connect` are left without effect: they mostly return or take a pooled connection.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_NOTHING = Known()
_MARK = Known("none", data="write")
_SELF = Known("$self")
_ITEM = Known("$item")
_LIST = Known("list[$item]")
_ROW = Known("sqlalchemy.Row[$item]")
_ROWS = Known("list[sqlalchemy.Row[$item]]")
_COUNT = Known("int")
_STRING = Known("str")

# ------------------------------------------------------------------------------------------------- sessions

_LOCAL = {
    **_each("add add_all delete expunge expunge_all expire expire_all", _MARK),
    **_each("close reset invalidate remove get_bind object_session", _NOTHING),
    "in_transaction": Known("bool"),
    "is_modified": Known("bool"),
}

_SESSION = {
    **_LOCAL,
    "query": Known("sqlalchemy.orm.Query[$entity]", data="build"),
    "execute": Known("sqlalchemy.Result[$0]", blocks="db", data="query"),
    "scalars": Known("sqlalchemy.ScalarResult[$0]", blocks="db", data="query"),
    "scalar": Known("$0", blocks="db", data="query"),
    # SQLModel's; here, because a sessionmaker's sessions are taken for SQLAlchemy's
    "exec": Known("sqlalchemy.ScalarResult[$0]", blocks="db", data="query"),
    "get": Known("$entity", blocks="db", data="query"),
    "get_one": Known("$entity", blocks="db", data="query"),
    "refresh": Known("none", blocks="db", data="query"),
    "merge": Known("$0", blocks="db", data="write"),
    "rollback": Known("none", blocks="db"),
    "connection": Known("sqlalchemy.Connection"),
    "begin": Known("sqlalchemy.orm.SessionTransaction", data="write"),
    "begin_nested": Known("sqlalchemy.orm.SessionTransaction", data="write"),
    **dict.fromkeys(
        (
            "commit",
            "flush",
            "bulk_save_objects",
            "bulk_insert_mappings",
            "bulk_update_mappings",
        ),
        Known("none", blocks="db", data="write"),
    ),
}

_ASYNC_SESSION = {
    **_LOCAL,
    "execute": Known("await sqlalchemy.Result[$0]", data="query"),
    "scalars": Known("await sqlalchemy.ScalarResult[$0]", data="query"),
    "scalar": Known("await $0", data="query"),
    "exec": Known("await sqlalchemy.ScalarResult[$0]", data="query"),
    "get": Known("await $entity", data="query"),
    "get_one": Known("await $entity", data="query"),
    "stream": Known("await sqlalchemy.ext.asyncio.AsyncResult[$0]", data="query"),
    "stream_scalars": Known("await sqlalchemy.ext.asyncio.AsyncScalarResult[$0]", data="query"),
    "refresh": Known("await none", data="query"),
    "merge": Known("await $0", data="write"),
    "run_sync": Known(runs=("0",)),
    "begin": Known("sqlalchemy.ext.asyncio.AsyncSessionTransaction", data="write"),
    "begin_nested": Known("sqlalchemy.ext.asyncio.AsyncSessionTransaction", data="write"),
    "connection": Known("await sqlalchemy.ext.asyncio.AsyncConnection"),
    **dict.fromkeys(("commit", "flush", "delete"), Known("await none", data="write")),
    **dict.fromkeys(("rollback", "close", "reset", "invalidate", "remove"), Known("await none")),
}

# -------------------------------------------------------------------------------------------------- queries

_BUILD = Known("$self", data="build")
_OTHER_ROWS = Known("sqlalchemy.orm.Query", data="build")
_ONE = Known("$item", blocks="db", data="query")
_VALUE = Known("", blocks="db", data="query")

_QUERY = {
    **_each(
        "autoflush correlate distinct enable_assertions enable_eagerloads except_ "
        "except_all execution_options filter filter_by from_self from_statement group_by "
        "having intersect intersect_all join limit offset options order_by outerjoin params "
        "populate_existing prefix_with reset_joinpoint select_from slice suffix_with union "
        "union_all where with_for_update with_hint with_labels with_parent with_session "
        "with_statement_hint yield_per",
        _BUILD,
    ),
    **dict.fromkeys(
        ("add_column", "add_columns", "add_entity", "tuples", "with_entities"),
        _OTHER_ROWS,
    ),
    **_each(
        "as_scalar cte exists label scalar_subquery subquery",
        Known("", data="query"),
    ),
    **dict.fromkeys(("first", "one", "one_or_none", "get"), _ONE),
    "all": Known("list[$item]", blocks="db", data="query"),
    "scalar": _VALUE,
    "values": _VALUE,
    "value": _VALUE,
    "count": Known("int", blocks="db", data="query"),
    "delete": Known("int", blocks="db", data="write"),
    "update": Known("int", blocks="db", data="write"),
}

_OR_404 = {
    **dict.fromkeys(("get_or_404", "first_or_404", "one_or_404"), _ONE),
    "paginate": Known("flask_sqlalchemy.pagination.Pagination[$item]", blocks="db", data="query"),
}

# What a statement is built with; nothing runs until a session or a connection executes it.
_STATEMENT = {
    **_each(
        "add_cte correlate correlate_except distinct except_ except_all "
        "execution_options fetch filter filter_by from_select group_by having inline "
        "intersect intersect_all join join_from limit offset on_conflict_do_nothing "
        "on_conflict_do_update on_duplicate_key_update options order_by outerjoin "
        "outerjoin_from params prefix_with select_from set_label_style slice suffix_with "
        "union union_all values where with_dialect_options with_for_update with_hint "
        "with_statement_hint",
        _SELF,
    ),
    **dict.fromkeys(
        ("add_columns", "column", "with_only_columns", "returning"),
        Known("sqlalchemy.Select"),
    ),
    **_each(
        "alias as_scalar bindparams columns compile cte exists label lateral scalar_subquery subquery",
        _NOTHING,
    ),
}
_RETURNING = {**_STATEMENT, "returning": Known("sqlalchemy.Select[$0]")}

_SELECT_0 = Known("sqlalchemy.Select[$entity]")
_INSERT_0 = Known("sqlalchemy.Insert[$0]")
_UPDATE_0 = Known("sqlalchemy.Update[$0]")
_DELETE_0 = Known("sqlalchemy.Delete[$0]")
_TEXT = Known("sqlalchemy.TextClause")
_CONSTRUCTS = {
    "select": _SELECT_0,
    "insert": _INSERT_0,
    "update": _UPDATE_0,
    "delete": _DELETE_0,
    "text": _TEXT,
}

# -------------------------------------------------------------------------------------------------- results

# A result already ran: reading it is no I/O worth the name.
_RESULT = {
    **dict.fromkeys(("unique", "yield_per", "execution_options", "freeze"), _SELF),
    "scalars": Known("sqlalchemy.ScalarResult[$item]"),
    **dict.fromkeys(("scalar", "scalar_one", "scalar_one_or_none"), _ITEM),
    **dict.fromkeys(("first", "one", "one_or_none", "fetchone"), _ROW),
    **dict.fromkeys(("all", "fetchall", "fetchmany"), _ROWS),
    **_each("close columns keys merge partitions tuples", _NOTHING),
    "mappings": Known("sqlalchemy.MappingResult"),
}

_SCALAR_RESULT = {
    **dict.fromkeys(("unique", "yield_per"), _SELF),
    **dict.fromkeys(("first", "one", "one_or_none"), _ITEM),
    **dict.fromkeys(("all", "fetchall", "fetchmany"), _LIST),
    **dict.fromkeys(("close", "partitions"), _NOTHING),
}

_ASYNC_RESULT = {
    **dict.fromkeys(("unique", "yield_per"), _SELF),
    "scalars": Known("sqlalchemy.ext.asyncio.AsyncScalarResult[$item]"),
    "mappings": Known("sqlalchemy.ext.asyncio.AsyncMappingResult"),
    **dict.fromkeys(("scalar", "scalar_one", "scalar_one_or_none"), Known("await $item")),
    **dict.fromkeys(("first", "one", "one_or_none", "fetchone"), Known("await sqlalchemy.Row[$item]")),
    **dict.fromkeys(("all", "fetchmany"), Known("await list[sqlalchemy.Row[$item]]")),
    "close": Known("await none"),
}

_ASYNC_SCALAR_RESULT = {
    "unique": _SELF,
    **dict.fromkeys(("first", "one", "one_or_none"), Known("await $item")),
    **dict.fromkeys(("all", "fetchmany"), Known("await list[$item]")),
    "close": Known("await none"),
}

# ---------------------------------------------------------------------------------------------- connections

_CONNECTION = {
    "execute": Known("sqlalchemy.Result", blocks="db", data="query"),
    "exec_driver_sql": Known("sqlalchemy.Result", blocks="db", data="query"),
    "scalars": Known("sqlalchemy.ScalarResult", blocks="db", data="query"),
    "scalar": _VALUE,
    "commit": Known("none", blocks="db", data="write"),
    "rollback": Known("none", blocks="db"),
    "execution_options": _SELF,
    "begin": Known("sqlalchemy.Transaction"),
    "begin_nested": Known("sqlalchemy.Transaction"),
    "close": _NOTHING,
}

_ASYNC_CONNECTION = {
    "execute": Known("await sqlalchemy.Result", data="query"),
    "exec_driver_sql": Known("await sqlalchemy.Result", data="query"),
    "scalars": Known("await sqlalchemy.ScalarResult", data="query"),
    "scalar": Known("", data="query"),
    "stream": Known("await sqlalchemy.ext.asyncio.AsyncResult", data="query"),
    "commit": Known("await none", data="write"),
    "rollback": Known("await none"),
    "close": Known("await none"),
    "run_sync": Known(runs=("0",)),
    "begin": Known("sqlalchemy.ext.asyncio.AsyncTransaction"),
    "begin_nested": Known("sqlalchemy.ext.asyncio.AsyncTransaction"),
}

# --------------------------------------------------------------------------------------------------- models

_MODEL_CLASS = {
    "metadata": "sqlalchemy.MetaData",
    "registry": "sqlalchemy.orm.registry",
    "__table__": "sqlalchemy.Table",
}
_FLASK_MODEL_CLASS = {**_MODEL_CLASS, "query": "flask_sqlalchemy.query.Query[$class]"}

_DECLARATIVE = Known("type[sqlalchemy.orm.DeclarativeBase]")

_FETCH = dict.fromkeys(("execute", "execute_many"), Known("", data="query"))

_CLASSES = {
    # sessions
    "sqlalchemy.orm.Session": KnownClass(role="session", methods=_SESSION),
    "sqlalchemy.orm.SessionTransaction": KnownClass(
        methods={
            "commit": Known("none", blocks="db", data="write"),
            "rollback": Known("none", blocks="db"),
            "close": _NOTHING,
        },
    ),
    "sqlalchemy.orm.sessionmaker": KnownClass(
        methods={
            **dict.fromkeys(("__call__", "begin"), Known("sqlalchemy.orm.Session")),
            "configure": _NOTHING,
        },
    ),
    "sqlalchemy.orm.scoped_session": KnownClass(
        bases=("sqlalchemy.orm.Session",),
        role="session",
        methods={
            "__call__": Known("sqlalchemy.orm.Session"),
            "query_property": Known("sqlalchemy.orm.Query"),
        },
        attributes={
            "registry": "",
            "session_factory": "sqlalchemy.orm.sessionmaker[sqlalchemy.orm.Session]",
        },
    ),
    "sqlalchemy.ext.asyncio.AsyncSession": KnownClass(
        role="async-session",
        methods=_ASYNC_SESSION,
        attributes={"sync_session": "sqlalchemy.orm.Session"},
    ),
    "sqlalchemy.ext.asyncio.AsyncSessionTransaction": KnownClass(
        methods={"commit": Known("await none", data="write"), "rollback": Known("await none")},
    ),
    "sqlalchemy.ext.asyncio.async_sessionmaker": KnownClass(
        methods=dict.fromkeys(("__call__", "begin"), Known("sqlalchemy.ext.asyncio.AsyncSession")),
    ),
    "sqlalchemy.ext.asyncio.async_scoped_session": KnownClass(
        bases=("sqlalchemy.ext.asyncio.AsyncSession",),
        role="async-session",
        methods={"__call__": Known("sqlalchemy.ext.asyncio.AsyncSession")},
    ),
    # queries, statements
    "sqlalchemy.orm.Query": KnownClass(
        role="query",
        methods=_QUERY,
        iterates="$item",
        iterating=Known(blocks="db", data="query"),
    ),
    "sqlalchemy.Select": KnownClass(role="query", methods=_STATEMENT),
    "sqlalchemy.CompoundSelect": KnownClass(bases=("sqlalchemy.Select",), role="query"),
    "sqlalchemy.Insert": KnownClass(role="query", methods=_RETURNING),
    "sqlalchemy.Update": KnownClass(role="query", methods=_RETURNING),
    "sqlalchemy.Delete": KnownClass(role="query", methods=_RETURNING),
    "sqlalchemy.TextClause": KnownClass(
        methods={"bindparams": _SELF, "columns": _NOTHING},
    ),
    "sqlalchemy.Table": KnownClass(
        methods={
            "select": Known("sqlalchemy.Select"),
            "insert": Known("sqlalchemy.Insert"),
            "update": Known("sqlalchemy.Update"),
            "delete": Known("sqlalchemy.Delete"),
        },
    ),
    # results
    "sqlalchemy.Result": KnownClass(
        methods=_RESULT,
        attributes={"rowcount": "int", "lastrowid": "int", "inserted_primary_key": "tuple"},
        iterates="sqlalchemy.Row[$item]",
    ),
    "sqlalchemy.CursorResult": KnownClass(bases=("sqlalchemy.Result",)),
    "sqlalchemy.ScalarResult": KnownClass(methods=_SCALAR_RESULT, iterates="$item"),
    "sqlalchemy.MappingResult": KnownClass(
        methods={
            "unique": _SELF,
            **dict.fromkeys(("first", "one", "one_or_none", "fetchone"), Known("sqlalchemy.RowMapping")),
            **dict.fromkeys(("all", "fetchall", "fetchmany"), Known("list[sqlalchemy.RowMapping]")),
        },
        iterates="sqlalchemy.RowMapping",
    ),
    "sqlalchemy.Row": KnownClass(
        methods={"tuple": _NOTHING, "_asdict": Known("dict"), "count": _COUNT, "index": _COUNT},
        attributes={"_mapping": "sqlalchemy.RowMapping"},
    ),
    "sqlalchemy.RowMapping": KnownClass(),
    "sqlalchemy.ext.asyncio.AsyncResult": KnownClass(
        methods=_ASYNC_RESULT, iterates="sqlalchemy.Row[$item]"
    ),
    "sqlalchemy.ext.asyncio.AsyncScalarResult": KnownClass(
        methods=_ASYNC_SCALAR_RESULT, iterates="$item"
    ),
    "sqlalchemy.ext.asyncio.AsyncMappingResult": KnownClass(),
    # connections
    "sqlalchemy.Engine": KnownClass(
        role="client",
        methods={
            "connect": Known("sqlalchemy.Connection"),
            "begin": Known("sqlalchemy.Connection"),
            "execute": Known("sqlalchemy.Result", blocks="db", data="query"),
            "raw_connection": _NOTHING,
            "dispose": _NOTHING,
            "execution_options": _SELF,
        },
    ),
    "sqlalchemy.Connection": KnownClass(role="client", methods=_CONNECTION),
    "sqlalchemy.Transaction": KnownClass(
        methods={
            "commit": Known("none", blocks="db", data="write"),
            "rollback": Known("none", blocks="db"),
            "close": _NOTHING,
        },
    ),
    "sqlalchemy.ext.asyncio.AsyncEngine": KnownClass(
        role="client",
        methods={
            "connect": Known("sqlalchemy.ext.asyncio.AsyncConnection"),
            "begin": Known("sqlalchemy.ext.asyncio.AsyncConnection"),
            "dispose": Known("await none"),
            "execution_options": _SELF,
        },
        attributes={"sync_engine": "sqlalchemy.Engine"},
    ),
    "sqlalchemy.ext.asyncio.AsyncConnection": KnownClass(role="client", methods=_ASYNC_CONNECTION),
    "sqlalchemy.ext.asyncio.AsyncTransaction": KnownClass(
        methods={"commit": Known("await none", data="write"), "rollback": Known("await none")},
    ),
    # models
    "sqlalchemy.MetaData": KnownClass(
        methods=dict.fromkeys(("create_all", "drop_all", "reflect", "clear"), Known("none")),
        attributes={"sorted_tables": "list[sqlalchemy.Table]", "tables": "dict[sqlalchemy.Table]"},
    ),
    "sqlalchemy.orm.registry": KnownClass(
        methods={
            "generate_base": _DECLARATIVE,
            **dict.fromkeys(("configure", "dispose"), Known("none")),
            **dict.fromkeys(("mapped", "mapped_as_dataclass", "as_declarative_base"), _NOTHING),
        },
        attributes={"metadata": "sqlalchemy.MetaData"},
    ),
    "sqlalchemy.orm.Mapped": KnownClass(),
    "sqlalchemy.orm.DeclarativeBase": KnownClass(role="model", class_attributes=_MODEL_CLASS),
    "sqlalchemy.orm.DeclarativeBaseNoMeta": KnownClass(role="model", class_attributes=_MODEL_CLASS),
    "sqlalchemy.orm.MappedAsDataclass": KnownClass(role="model"),
    "sqlalchemy.orm.DeclarativeMeta": KnownClass(bases=("builtins.type",)),
    # Flask-SQLAlchemy
    "flask_sqlalchemy.SQLAlchemy": KnownClass(
        methods={
            **_CONSTRUCTS,
            **dict.fromkeys(("get_or_404", "one_or_404"), Known("$0", blocks="db", data="query")),
            "first_or_404": Known("$0", blocks="db", data="query"),
            "paginate": Known("flask_sqlalchemy.pagination.Pagination[$0]", blocks="db", data="query"),
            **dict.fromkeys(("create_all", "drop_all", "reflect", "init_app"), Known("none")),
        },
        attributes={
            "session": "sqlalchemy.orm.scoped_session[sqlalchemy.orm.Session]",
            "Model": "type[flask_sqlalchemy.model.Model]",
            "Table": "type[sqlalchemy.Table]",
            "Query": "type[flask_sqlalchemy.query.Query]",
            "engine": "sqlalchemy.Engine",
            "engines": "dict[sqlalchemy.Engine]",
            "metadata": "sqlalchemy.MetaData",
        },
    ),
    "flask_sqlalchemy.model.DefaultMeta": KnownClass(bases=("sqlalchemy.orm.DeclarativeMeta",)),
    "flask_sqlalchemy.model.Model": KnownClass(
        bases=("sqlalchemy.orm.DeclarativeBase",),
        role="model",
        class_attributes=_FLASK_MODEL_CLASS,
    ),
    "flask_sqlalchemy.query.Query": KnownClass(
        bases=("sqlalchemy.orm.Query",), role="query", methods=_OR_404
    ),
    "flask_sqlalchemy.pagination.Pagination": KnownClass(
        methods={
            **dict.fromkeys(("next", "prev"), Known("$self", blocks="db", data="query")),
            "iter_pages": _NOTHING,
        },
        attributes={
            "items": "list[$item]",
            **dict.fromkeys(("page", "pages", "per_page", "total", "first", "last"), "int"),
            **dict.fromkeys(("prev_num", "next_num"), "int"),
            **dict.fromkeys(("has_next", "has_prev"), "bool"),
        },
        iterates="$item",
    ),
    "flask_sqlalchemy_lite.SQLAlchemy": KnownClass(
        methods={
            "get_session": Known("sqlalchemy.orm.Session"),
            "get_async_session": Known("sqlalchemy.ext.asyncio.AsyncSession"),
            "get_engine": Known("sqlalchemy.Engine"),
        },
        attributes={
            "session": "sqlalchemy.orm.Session",
            "async_session": "sqlalchemy.ext.asyncio.AsyncSession",
            "engine": "sqlalchemy.Engine",
            "async_engine": "sqlalchemy.ext.asyncio.AsyncEngine",
        },
    ),
    # Alchemical
    "alchemical.Alchemical": KnownClass(
        methods={
            **dict.fromkeys(("Session", "begin"), Known("sqlalchemy.orm.Session")),
            "get_engine": Known("sqlalchemy.Engine"),
            **dict.fromkeys(("create_all", "drop_all", "init_app", "initialize"), Known("none")),
        },
        attributes={
            "session": "sqlalchemy.orm.scoped_session[sqlalchemy.orm.Session]",
            "Model": "type[alchemical.Model]",
            "metadata": "sqlalchemy.MetaData",
        },
    ),
    "alchemical.aio.Alchemical": KnownClass(
        methods={
            **dict.fromkeys(("Session", "begin"), Known("sqlalchemy.ext.asyncio.AsyncSession")),
            "get_engine": Known("sqlalchemy.ext.asyncio.AsyncEngine"),
            **dict.fromkeys(("create_all", "drop_all"), Known("await none")),
            "initialize": Known("none"),
        },
        attributes={"Model": "type[alchemical.Model]", "metadata": "sqlalchemy.MetaData"},
    ),
    "alchemical.Model": KnownClass(
        bases=("sqlalchemy.orm.DeclarativeBase",),
        role="model",
        statics={
            "select": Known("sqlalchemy.Select[$class]"),
            "insert": Known("sqlalchemy.Insert[$class]"),
            "update": Known("sqlalchemy.Update[$class]"),
            "delete": Known("sqlalchemy.Delete[$class]"),
        },
    ),
    # SQLModel (a class with `table=True` is a model)
    "sqlmodel.SQLModel": KnownClass(
        bases=("pydantic.BaseModel",),
        role="schema",
        methods={"sqlmodel_update": _SELF},
        class_attributes=_MODEL_CLASS,
    ),
    "sqlmodel.Session": KnownClass(
        bases=("sqlalchemy.orm.Session",),
        role="session",
    ),
    "sqlmodel.ext.asyncio.session.AsyncSession": KnownClass(
        bases=("sqlalchemy.ext.asyncio.AsyncSession",),
        role="async-session",
    ),
    # encode/databases
    "databases.Database": KnownClass(
        role="client",
        methods={
            **dict.fromkeys(("connect", "disconnect"), Known("await none")),
            **_FETCH,
            "fetch_all": Known("await list[databases.interfaces.Record]", data="query"),
            "fetch_one": Known("await databases.interfaces.Record", data="query"),
            "fetch_val": Known("", data="query"),
            "iterate": Known("", data="query"),
            "connection": Known("databases.core.Connection"),
            "transaction": _NOTHING,
        },
    ),
    "databases.core.Connection": KnownClass(
        role="client",
        methods={
            **_FETCH,
            "fetch_all": Known("await list[databases.interfaces.Record]", data="query"),
            "fetch_one": Known("await databases.interfaces.Record", data="query"),
            "fetch_val": Known("", data="query"),
            "iterate": Known("", data="query"),
            "transaction": _NOTHING,
        },
    ),
    "databases.interfaces.Record": KnownClass(),
}

_ENGINE = Known("sqlalchemy.Engine")
_ASYNC_ENGINE = Known("sqlalchemy.ext.asyncio.AsyncEngine")

_FUNCTIONS = {
    **{f"sqlalchemy.{name}": known for name, known in _CONSTRUCTS.items()},
    **{f"sqlmodel.{name}": known for name, known in _CONSTRUCTS.items()},
    **{f"sqlalchemy.dialects.{name}.insert": _INSERT_0 for name in ("postgresql", "mysql", "sqlite")},
    **_each(
        "sqlalchemy.union sqlalchemy.union_all sqlalchemy.intersect "
        "sqlalchemy.intersect_all sqlalchemy.except_ sqlalchemy.except_all",
        Known("sqlalchemy.CompoundSelect[$0]"),
    ),
    "sqlalchemy.create_engine": _ENGINE,
    "sqlalchemy.engine_from_config": _ENGINE,
    "sqlmodel.create_engine": _ENGINE,
    "sqlalchemy.ext.asyncio.create_async_engine": _ASYNC_ENGINE,
    "sqlalchemy.ext.asyncio.async_engine_from_config": _ASYNC_ENGINE,
    "sqlalchemy.orm.declarative_base": _DECLARATIVE,
    "sqlalchemy.ext.automap.automap_base": _DECLARATIVE,
    "sqlalchemy.orm.aliased": _NOTHING,
    "sqlalchemy.orm.with_parent": _NOTHING,
    "sqlalchemy.orm.relationship": _NOTHING,
    "sqlalchemy.orm.object_session": Known("sqlalchemy.orm.Session"),
    "sqlalchemy.orm.close_all_sessions": _NOTHING,
}

_ALIASES = {
    # deep paths
    "sqlalchemy.orm.session.*": "sqlalchemy.orm",
    "sqlalchemy.orm.query.*": "sqlalchemy.orm",
    "sqlalchemy.orm.scoping.*": "sqlalchemy.orm",
    "sqlalchemy.orm.decl_api.*": "sqlalchemy.orm",
    "sqlalchemy.ext.declarative.*": "sqlalchemy.orm",
    "sqlalchemy.ext.declarative.api.*": "sqlalchemy.orm",
    "sqlalchemy.ext.asyncio.session.*": "sqlalchemy.ext.asyncio",
    "sqlalchemy.ext.asyncio.engine.*": "sqlalchemy.ext.asyncio",
    "sqlalchemy.ext.asyncio.result.*": "sqlalchemy.ext.asyncio",
    "sqlalchemy.ext.asyncio.scoping.*": "sqlalchemy.ext.asyncio",
    "sqlalchemy.engine.*": "sqlalchemy",
    "sqlalchemy.engine.base.*": "sqlalchemy",
    "sqlalchemy.engine.cursor.*": "sqlalchemy",
    "sqlalchemy.engine.result.*": "sqlalchemy",
    "sqlalchemy.engine.row.*": "sqlalchemy",
    "sqlalchemy.engine.create.*": "sqlalchemy",
    "sqlalchemy.future.*": "sqlalchemy",
    "sqlalchemy.future.engine.*": "sqlalchemy",
    "sqlalchemy.schema.*": "sqlalchemy",
    "sqlalchemy.sql.*": "sqlalchemy",
    "sqlalchemy.sql.expression.*": "sqlalchemy",
    "sqlalchemy.sql.schema.*": "sqlalchemy",
    "sqlalchemy.sql.selectable.*": "sqlalchemy",
    "sqlalchemy.sql.dml.*": "sqlalchemy",
    "sqlalchemy.sql.elements.*": "sqlalchemy",
    **{
        f"sqlalchemy.dialects.{name}.Insert": "sqlalchemy.Insert"
        for name in ("postgresql", "mysql", "sqlite")
    },
    # Flask-SQLAlchemy
    "flask_sqlalchemy.BaseQuery": "flask_sqlalchemy.query.Query",
    "flask_sqlalchemy.DefaultMeta": "flask_sqlalchemy.model.DefaultMeta",
    "flask_sqlalchemy.Model": "flask_sqlalchemy.model.Model",
    "flask_sqlalchemy.Pagination": "flask_sqlalchemy.pagination.Pagination",
    "flask_sqlalchemy.extension.SQLAlchemy": "flask_sqlalchemy.SQLAlchemy",
    "flask_sqlalchemy.session.Session": "sqlalchemy.orm.Session",
    # Alchemical
    **dict.fromkeys(
        ("alchemical.flask.Alchemical", "alchemical.core.Alchemical"), "alchemical.Alchemical"
    ),
    **dict.fromkeys(("alchemical.core.Model", "alchemical.aio.Model"), "alchemical.Model"),
    # SQLModel
    "sqlmodel.main.SQLModel": "sqlmodel.SQLModel",
    "sqlmodel.orm.session.Session": "sqlmodel.Session",
    "sqlmodel.ext.asyncio.AsyncSession": "sqlmodel.ext.asyncio.session.AsyncSession",
    "sqlmodel.Table": "sqlalchemy.Table",
    "sqlmodel.MetaData": "sqlalchemy.MetaData",
    "sqlmodel.sql.expression.Select": "sqlalchemy.Select",
    "sqlmodel.sql.expression.SelectOfScalar": "sqlalchemy.Select",
    "sqlmodel.sql.expression.select": "sqlmodel.select",
    "sqlmodel.engine.result.Result": "sqlalchemy.Result",
    "sqlmodel.engine.result.ScalarResult": "sqlalchemy.ScalarResult",
    # encode/databases
    "databases.core.Database": "databases.Database",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
