"""Database drivers: sqlite3, psycopg, PyMySQL and the like, their asynchronous counterparts, and Redis, Elasticsearch,
Neo4j, Cassandra, ClickHouse.

https://docs.python.org/3/library/sqlite3.html; https://www.psycopg.org/docs/, https://www.psycopg.org/psycopg3/docs/api/;
https://pymysql.readthedocs.io/; https://dev.mysql.com/doc/connector-python/en/; https://mysqlclient.readthedocs.io/;
https://magicstack.github.io/asyncpg/current/api/; https://aiosqlite.omnilib.dev/; https://aiomysql.readthedocs.io/;
https://redis.readthedocs.io/en/stable/; https://elasticsearch-py.readthedocs.io/; https://neo4j.com/docs/api/python-driver/;
https://docs.datastax.com/en/developer/python-driver/; https://clickhouse.com/docs/integrations/python

Executing blocks; the rows are fetched with it, so `fetch*` does not count again.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_NOTHING = Known()
_DB = Known(blocks="db")
_NOW = Known(blocks="db", data="query")
_LATER = Known(data="query")
_AWAIT_NONE = Known("await none")
_EXECUTES = "callproc copy_expert copy_from copy_to execute executemany executescript"


def _driver(connection: str, cursor: str) -> dict[str, KnownClass]:
    """The two classes of a synchronous driver (PEP 249)."""
    return {
        connection: KnownClass(
            role="client",
            methods={
                "cursor": Known(cursor),
                **_each("execute executemany executescript", Known(cursor, blocks="db", data="query")),
                "commit": Known("none", blocks="db", data="write"),
                "rollback": Known("none", blocks="db"),
                **_each("close create_function set_session transaction", _NOTHING),
            },
        ),
        cursor: KnownClass(
            role="client",
            methods={
                **_each(_EXECUTES, Known("$self", blocks="db", data="query")),
                **_each("close fetchall fetchmany fetchone mogrify", _NOTHING),
            },
            attributes={"rowcount": "int", "lastrowid": "int"},
        ),
    }


def _async_driver(connection: str, cursor: str, cursor_gives: str) -> dict[str, KnownClass]:
    """The same of an asynchronous one."""
    return {
        connection: KnownClass(
            role="client",
            methods={
                "cursor": Known(cursor_gives),
                **_each("execute executemany executescript", Known(f"await {cursor}", data="query")),
                **_each("execute_fetchall execute_insert", _LATER),
                "commit": Known("await none", data="write"),
                **_each("close rollback", _AWAIT_NONE),
            },
        ),
        cursor: KnownClass(
            role="client",
            methods={
                **_each(_EXECUTES, _LATER),
                **_each("close fetchall fetchmany fetchone", _NOTHING),
            },
        ),
    }


_DRIVERS = {
    "sqlite3.connect": ("sqlite3.Connection", "sqlite3.Cursor"),
    "psycopg2.connect": ("psycopg2.extensions.connection", "psycopg2.extensions.cursor"),
    "psycopg.connect": ("psycopg.Connection", "psycopg.Cursor"),
    "pymysql.connect": ("pymysql.connections.Connection", "pymysql.cursors.Cursor"),
    "mysql.connector.connect": (
        "mysql.connector.connection.MySQLConnection",
        "mysql.connector.cursor.MySQLCursor",
    ),
    "MySQLdb.connect": ("MySQLdb.connections.Connection", "MySQLdb.cursors.Cursor"),
    "pyodbc.connect": ("pyodbc.Connection", "pyodbc.Cursor"),
    "pymssql.connect": ("pymssql.Connection", "pymssql.Cursor"),
    "oracledb.connect": ("oracledb.Connection", "oracledb.Cursor"),
    "duckdb.connect": ("duckdb.DuckDBPyConnection", "duckdb.DuckDBPyRelation"),
    "snowflake.connector.connect": (
        "snowflake.connector.SnowflakeConnection",
        "snowflake.connector.cursor.SnowflakeCursor",
    ),
}

_ASYNCPG = {
    "fetch": Known("await list[asyncpg.Record]", data="query"),
    "fetchrow": Known("await asyncpg.Record", data="query"),
    "fetchval": _LATER,
    **_each("execute executemany", _LATER),
    **_each("copy_from_query copy_records_to_table copy_to_table", _LATER),
}

# Commands are sent at once, except in a pipeline.
_REDIS = KnownClass(
    role="client",
    methods={
        "pipeline": Known("redis.client.Pipeline"),
        "transaction": _DB,
        "pubsub": Known("redis.client.PubSub"),
        "lock": _NOTHING,
        **_each("close from_url get_encoder register_script set_response_callback", _NOTHING),
        **_each("bf cf cms ft graph json tdigest topk ts", _NOTHING),
        "*": _DB,
    },
    statics={"from_url": Known("$class"), "from_pool": Known("$class")},
    attributes={"connection_pool": ""},
)

_ELASTIC = (
    "bulk clear_scroll close_point_in_time count create delete delete_by_query exists explain get get_source index info "
    "mget msearch open_point_in_time ping reindex scroll search update update_by_query"
)
_ELASTIC_NAMESPACES = ("cat", "cluster", "indices", "ingest", "nodes", "tasks")

_CLASSES = {
    **{name: known for pair in _DRIVERS.values() for name, known in _driver(*pair).items()},
    "flask_mysqldb.MySQL": KnownClass(attributes={"connection": "MySQLdb.connections.Connection"}),
    "flaskext.mysql.MySQL": KnownClass(
        methods=dict.fromkeys(("connect", "get_db"), Known("pymysql.connections.Connection")),
    ),
    "psycopg_pool.ConnectionPool": KnownClass(
        role="client",
        methods={
            "connection": Known("psycopg.Connection"),
            "getconn": Known("psycopg.Connection", blocks="db"),
        },
    ),
    **dict.fromkeys(
        ("psycopg2.pool.SimpleConnectionPool", "psycopg2.pool.ThreadedConnectionPool"),
        KnownClass(
            role="client",
            methods={
                "getconn": Known("psycopg2.extensions.connection"),
                **_each("closeall putconn", _NOTHING),
            },
        ),
    ),
    # asynchronous drivers
    **_async_driver("psycopg.AsyncConnection", "psycopg.AsyncCursor", "psycopg.AsyncCursor"),
    "psycopg_pool.AsyncConnectionPool": KnownClass(
        role="client",
        methods={
            "connection": Known("psycopg.AsyncConnection"),
            "getconn": Known("await psycopg.AsyncConnection"),
        },
    ),
    **_async_driver("aiosqlite.Connection", "aiosqlite.Cursor", "await aiosqlite.Cursor"),
    **_async_driver("aiomysql.Connection", "aiomysql.Cursor", "await aiomysql.Cursor"),
    "aiomysql.Pool": KnownClass(role="client", methods={"acquire": Known("await aiomysql.Connection")}),
    "asyncpg.Record": KnownClass(),
    "asyncpg.Connection": KnownClass(
        role="client",
        methods={
            **_ASYNCPG,
            "transaction": _NOTHING,
            "prepare": _NOTHING,
            "cursor": _LATER,
            "close": _AWAIT_NONE,
        },
    ),
    "asyncpg.Pool": KnownClass(
        role="client",
        methods={
            **_ASYNCPG,
            "acquire": Known("await asyncpg.Connection"),
            **_each("close release", _AWAIT_NONE),
        },
    ),
    # Redis
    "redis.Redis": _REDIS,
    "redis.cluster.RedisCluster": _REDIS,
    "redis.client.Pipeline": KnownClass(
        role="client", methods={"execute": _DB, "reset": _NOTHING, "watch": _DB, "*": Known("$self")}
    ),
    "redis.client.PubSub": KnownClass(
        role="client", methods=_each("get_message psubscribe punsubscribe subscribe unsubscribe", _DB)
    ),
    "redis.asyncio.Redis": KnownClass(
        role="client",
        methods={"pipeline": Known("redis.asyncio.client.Pipeline")},
        statics={"from_url": Known("$class"), "from_pool": Known("$class")},
    ),
    "redis.asyncio.client.Pipeline": KnownClass(role="client"),
    # Elasticsearch
    "elasticsearch.Elasticsearch": KnownClass(
        role="client",
        methods={**_each(_ELASTIC, _DB), **_each("close options", Known("$self"))},
        attributes=dict.fromkeys(
            _ELASTIC_NAMESPACES, "elasticsearch._sync.client._base.NamespacedClient"
        ),
    ),
    "elasticsearch._sync.client._base.NamespacedClient": KnownClass(methods={"*": _DB}),
    "elasticsearch.AsyncElasticsearch": KnownClass(role="client"),
    # Neo4j
    "neo4j.Driver": KnownClass(
        role="client",
        methods={
            "session": Known("neo4j.Session"),
            "execute_query": _NOW,
            "verify_connectivity": _DB,
            "close": _NOTHING,
        },
    ),
    "neo4j.Session": KnownClass(
        role="client",
        methods={
            "run": _NOW,
            **_each("execute_read read_transaction", _NOW),
            **_each("execute_write write_transaction", Known(blocks="db", data="write")),
            "begin_transaction": Known("neo4j.Transaction"),
            "close": _NOTHING,
        },
    ),
    "neo4j.Transaction": KnownClass(
        role="client",
        methods={
            "run": _NOW,
            "commit": Known(blocks="db", data="write"),
            "rollback": _DB,
            "close": _NOTHING,
        },
    ),
    "neo4j.AsyncDriver": KnownClass(
        role="client",
        methods={"session": Known("neo4j.AsyncSession"), "execute_query": _LATER, "close": _AWAIT_NONE},
    ),
    "neo4j.AsyncSession": KnownClass(
        role="client",
        methods={
            **_each("execute_read run", _LATER),
            "execute_write": Known(data="write"),
            "close": _AWAIT_NONE,
        },
    ),
    # Cassandra, ClickHouse
    "cassandra.cluster.Cluster": KnownClass(
        role="client", methods={"connect": Known("cassandra.cluster.Session", blocks="db")}
    ),
    "cassandra.cluster.Session": KnownClass(
        role="client", methods={"execute": _NOW, "execute_async": _LATER, "prepare": _DB}
    ),
    "clickhouse_driver.Client": KnownClass(
        role="client",
        methods=_each(
            "execute execute_iter execute_with_progress insert_dataframe query_dataframe", _NOW
        ),
    ),
    "clickhouse_connect.driver.client.Client": KnownClass(
        role="client",
        methods={
            **_each("command query query_arrow query_df query_np raw_query", _NOW),
            **_each("insert insert_arrow insert_df raw_insert", Known(blocks="db", data="write")),
        },
    ),
}

_FUNCTIONS = {
    **{name: Known(pair[0], blocks="db") for name, pair in _DRIVERS.items()},
    "aiosqlite.connect": Known("await aiosqlite.Connection"),
    "aiomysql.connect": Known("await aiomysql.Connection"),
    "aiomysql.create_pool": Known("await aiomysql.Pool"),
    "asyncpg.connect": Known("await asyncpg.Connection"),
    "asyncpg.create_pool": Known("await asyncpg.Pool"),
    "psycopg.AsyncConnection.connect": Known("await psycopg.AsyncConnection"),
    "psycopg.Connection.connect": Known("psycopg.Connection", blocks="db"),
    "redis.from_url": Known("redis.Redis"),
    "redis.asyncio.from_url": Known("redis.asyncio.Redis"),
    "neo4j.GraphDatabase.driver": Known("neo4j.Driver"),
    "neo4j.AsyncGraphDatabase.driver": Known("neo4j.AsyncDriver"),
    "clickhouse_connect.get_client": Known("clickhouse_connect.driver.client.Client"),
}

_ALIASES = {
    "sqlite3.dbapi2.*": "sqlite3",
    "psycopg2.extras.RealDictCursor": "psycopg2.extensions.cursor",
    "psycopg2.extras.DictCursor": "psycopg2.extensions.cursor",
    "psycopg.connection.Connection": "psycopg.Connection",
    "psycopg.cursor.Cursor": "psycopg.Cursor",
    "psycopg.connection_async.AsyncConnection": "psycopg.AsyncConnection",
    "psycopg.cursor_async.AsyncCursor": "psycopg.AsyncCursor",
    "psycopg_pool.pool.ConnectionPool": "psycopg_pool.ConnectionPool",
    "psycopg_pool.pool_async.AsyncConnectionPool": "psycopg_pool.AsyncConnectionPool",
    "pymysql.Connect": "pymysql.connect",
    "pymysql.Connection": "pymysql.connections.Connection",
    "pymysql.cursors.DictCursor": "pymysql.cursors.Cursor",
    "mysql.connector.MySQLConnection": "mysql.connector.connection.MySQLConnection",
    "MySQLdb.Connection": "MySQLdb.connections.Connection",
    "asyncpg.connection.Connection": "asyncpg.Connection",
    "asyncpg.pool.Pool": "asyncpg.Pool",
    "asyncpg.pool.create_pool": "asyncpg.create_pool",
    "aiosqlite.core.Connection": "aiosqlite.Connection",
    "aiosqlite.cursor.Cursor": "aiosqlite.Cursor",
    "aiomysql.connection.Connection": "aiomysql.Connection",
    "aiomysql.pool.Pool": "aiomysql.Pool",
    "redis.StrictRedis": "redis.Redis",
    "redis.client.Redis": "redis.Redis",
    "redis.client.StrictRedis": "redis.Redis",
    "redis.RedisCluster": "redis.cluster.RedisCluster",
    "redis.asyncio.StrictRedis": "redis.asyncio.Redis",
    "redis.asyncio.client.Redis": "redis.asyncio.Redis",
    "aioredis.*": "redis.asyncio",
    "elasticsearch.client.Elasticsearch": "elasticsearch.Elasticsearch",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
