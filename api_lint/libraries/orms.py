"""Other object mappers: peewee, Tortoise, Beanie, ODMantic, MongoEngine, ormar, Piccolo, Prisma, Pony.

https://docs.peewee-orm.com/en/latest/peewee/api.html; https://tortoise.github.io/models.html, …/query.html;
https://beanie-odm.dev/api-documentation/document/; https://art049.github.io/odmantic/engine/;
https://docs.mongoengine.org/apireference.html; https://collerek.github.io/ormar/latest/queries/;
https://piccolo-orm.readthedocs.io/en/latest/piccolo/query_types/; https://docs.ponyorm.org/api_reference.html; https://prisma-client-py.readthedocs.io/

A query that is awaited itself says with `__await__` what it gives.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_NOTHING = Known()
_BUILD = Known("$self", data="query")
_NOW = Known(blocks="db", data="query")
_ITEM = Known("$item", blocks="db", data="query")
_FOUND = Known("$class", blocks="db", data="query")
_MADE = Known("$class", blocks="db", data="write")
_COUNT = Known("int", blocks="db", data="query")
_BOOL = Known("bool", blocks="db", data="query")
_WRITE = Known("int", blocks="db", data="write")
_LATER = Known(data="query")
_AWAIT_ITEM = Known("await $item", data="query")
_AWAIT_LIST = Known("await list[$item]", data="query")
_AWAIT_COUNT = Known("await int", data="query")
_AWAIT_BOOL = Known("await bool", data="query")
_AWAIT_FOUND = Known("await $class", data="query")
_AWAIT_MADE = Known("await $class", data="write")
_AWAIT_SELF = Known("await $self", data="write")
_AWAIT_WRITE = Known("await int", data="write")
_WRITE_QUERY = Known(data="write")

_PEEWEE_SELECT = Known("peewee.ModelSelect[$class]", data="query")
_PEEWEE_DATABASE = KnownClass(bases=("peewee.Database",), role="client")

_TORTOISE = Known("tortoise.queryset.QuerySet[$class]", data="query")
_TORTOISE_ONE = Known("tortoise.queryset.QuerySetSingle[$class]", data="query")
_TORTOISE_ITEM = Known("tortoise.queryset.QuerySetSingle[$item]", data="query")

_BEANIE = Known("beanie.odm.queries.find.FindMany[$class]", data="query")
_BEANIE_ONE = Known("beanie.odm.queries.find.FindOne[$class]", data="query")

_MONGO_QUERYSET = "mongoengine.queryset.QuerySet[$class]"
_MONGO_DOCUMENT = KnownClass(
    role="document",
    methods={
        **_each("cascade_save delete modify save update", Known("$self", blocks="db", data="write")),
        "reload": Known("$self", blocks="db", data="query"),
        "to_mongo": Known("dict"),
        "to_json": Known("str"),
        "validate": _NOTHING,
    },
    class_attributes={
        "objects": _MONGO_QUERYSET,
        "DoesNotExist": "type[mongoengine.errors.DoesNotExist]",
    },
)

_ORMAR = {
    **_each(
        "exclude exclude_fields fields filter limit offset order_by paginate prefetch_related select_all "
        "select_related",
        _BUILD,
    ),
    **_each("first first_or_none get get_or_none last last_or_none", _AWAIT_ITEM),
    **_each("all values values_list", _AWAIT_LIST),
    "count": _AWAIT_COUNT,
    "exists": _AWAIT_BOOL,
    **_each("avg max min sum", _LATER),
    "create": Known("await $item", data="write"),
    "get_or_create": Known("await tuple[$item, bool]", data="write"),
    "update_or_create": Known("await $item", data="write"),
    **_each("bulk_create bulk_update delete update", _AWAIT_WRITE),
}

_CLASSES = {
    # peewee
    "peewee.Model": KnownClass(
        role="model",
        methods={
            "save": _WRITE,
            "delete_instance": _WRITE,
        },
        statics={
            "select": _PEEWEE_SELECT,
            "filter": _PEEWEE_SELECT,
            **_each("get get_by_id get_or_none", _FOUND),
            "create": _MADE,
            "get_or_create": Known("tuple[$class, bool]", blocks="db", data="write"),
            **_each("bulk_create bulk_update delete_by_id set_by_id", _WRITE),
            **_each(
                "delete insert insert_from insert_many replace replace_many update",
                Known("peewee._ModelWriteQueryHelper", data="write"),
            ),
            "raw": _LATER,
            "alias": _NOTHING,
        },
    ),
    "peewee.ModelSelect": KnownClass(
        role="query",
        methods={
            **_each(
                "distinct except_ filter for_update from_ group_by group_by_extend having intersect join join_from "
                "left_outer_join limit namedtuples objects offset order_by order_by_extend orwhere paginate select "
                "select_extend select_from switch union union_all where with_cte",
                _BUILD,
            ),
            **_each("dicts tuples", Known("peewee.ModelSelect", data="query")),
            **_each("first get get_or_none", _ITEM),
            "count": _COUNT,
            "exists": _BOOL,
            **_each("execute iterator prefetch", Known("list[$item]", blocks="db", data="query")),
            **_each("scalar scalars", _NOW),
            **_each("alias cte sql", _NOTHING),
        },
        iterates="$item",
        iterating=_NOW,
    ),
    "peewee._ModelWriteQueryHelper": KnownClass(
        role="query",
        methods={
            **_each(
                "from_ on_conflict on_conflict_ignore on_conflict_replace returning where",
                Known("$self"),
            ),
            "execute": _WRITE,
            "sql": _NOTHING,
        },
    ),
    "peewee.Database": KnownClass(
        role="client",
        methods={
            **_each("connect execute execute_sql", _NOW),
            **_each("commit rollback", Known("none", blocks="db")),
            **_each("atomic close transaction", _NOTHING),
        },
    ),
    **dict.fromkeys(
        ("peewee.SqliteDatabase", "peewee.PostgresqlDatabase", "peewee.MySQLDatabase"), _PEEWEE_DATABASE
    ),
    # Tortoise
    "tortoise.models.Model": KnownClass(
        role="model",
        methods={
            **_each("delete save", Known("await none", data="write")),
            **_each("fetch_related refresh_from_db", Known("await none", data="query")),
            "update_from_dict": Known("$self"),
        },
        statics={
            **_each("all annotate exclude filter", _TORTOISE),
            **_each("earliest first get get_or_none last latest", _TORTOISE_ONE),
            "create": _AWAIT_MADE,
            **_each("get_or_create update_or_create", Known("await tuple[$class, bool]", data="write")),
            **_each("bulk_create bulk_update", _AWAIT_WRITE),
            "exists": _AWAIT_BOOL,
            "in_bulk": Known("await dict[$class]", data="query"),
            "raw": _LATER,
        },
    ),
    "tortoise.queryset.QuerySet": KnownClass(
        role="query",
        methods={
            **_each(
                "all annotate distinct exclude filter force_index group_by limit offset only order_by prefetch_related "
                "select_for_update select_related use_index using_db",
                _BUILD,
            ),
            **_each("earliest first get get_or_none last latest", _TORTOISE_ITEM),
            **_each("values values_list", Known("await list[dict]", data="query")),
            "count": _AWAIT_COUNT,
            "exists": _AWAIT_BOOL,
            **_each("delete update", _AWAIT_WRITE),
            "__await__": Known("list[$item]"),
        },
        iterates="$item",
    ),
    "tortoise.queryset.QuerySetSingle": KnownClass(
        role="query",
        methods={
            **_each("annotate only prefetch_related select_related", _BUILD),
            "values": Known("await dict", data="query"),
            "__await__": Known("$item"),
        },
    ),
    "tortoise.contrib.pydantic.PydanticModel": KnownClass(
        bases=("pydantic.BaseModel",),
        role="schema",
        statics={
            "from_tortoise_orm": Known("await $class"),
            "from_queryset_single": Known("await $class"),
            "from_queryset": Known("await list[$class]"),
        },
    ),
    # Beanie
    "beanie.Document": KnownClass(
        bases=("pydantic.BaseModel",),
        role="document",
        methods={
            **_each("create inc insert replace save save_changes set update", _AWAIT_SELF),
            "delete": Known("await none", data="write"),
            **_each("fetch_all_links fetch_link sync", Known("await none", data="query")),
        },
        statics={
            **_each("find find_all find_many", _BEANIE),
            "find_one": _BEANIE_ONE,
            "get": _AWAIT_FOUND,
            "insert_one": _AWAIT_MADE,
            **_each("delete_all insert_many replace_many update_all", Known(data="write")),
            "count": _AWAIT_COUNT,
            **_each("aggregate avg distinct max min sum", _LATER),
        },
    ),
    # uMongo, over pymongo or motor: which, only the instance knows that registers the class
    "umongo.Document": KnownClass(
        role="document",
        methods={"dump": Known("dict"), **_each("commit delete reload remove", Known())},
        statics={
            "find": Known("umongo.Cursor[$class]", data="query"),
            **_each("aggregate count_documents find_one", Known(data="query")),
            **_each("delete_many insert_many update_many", Known(data="write")),
        },
    ),
    "umongo.Cursor": KnownClass(
        role="query",
        methods={
            **_each("limit skip sort", _BUILD),
            **_each("count distinct to_list", Known(data="query")),
        },
        iterates="$item",
    ),
    "beanie.odm.queries.find.FindMany": KnownClass(
        role="query",
        methods={
            **_each("find find_many limit project set_session skip sort", _BUILD),
            "to_list": _AWAIT_LIST,
            "first_or_none": _AWAIT_ITEM,
            "count": _AWAIT_COUNT,
            "exists": _AWAIT_BOOL,
            **_each("aggregate avg distinct max min sum", _LATER),
            **_each("delete delete_many inc set update update_many upsert", _WRITE_QUERY),
        },
        iterates="$item",
    ),
    "beanie.odm.queries.find.FindOne": KnownClass(
        role="query",
        methods={
            **_each("find_one project set_session", _BUILD),
            **_each("delete delete_one inc replace_one set update update_one upsert", _WRITE_QUERY),
            "count": _AWAIT_COUNT,
            "exists": _AWAIT_BOOL,
            "__await__": Known("$item"),
        },
    ),
    # ODMantic
    "odmantic.Model": KnownClass(
        role="document",
        methods={
            **_each("dict doc model_dump model_dump_doc", Known("dict")),
            **_each("json model_dump_json", Known("str")),
            **_each("model_update update", Known("none")),
        },
    ),
    "odmantic.EmbeddedModel": KnownClass(role="schema"),
    "odmantic.AIOEngine": KnownClass(
        role="client",
        methods={
            "find": Known("await list[$0]", data="query"),
            "find_one": Known("await $0", data="query"),
            "count": _AWAIT_COUNT,
            "save": Known("await $0", data="write"),
            "save_all": Known("await list[$0]", data="write"),
            **_each("delete remove", Known("await none", data="write")),
        },
    ),
    "odmantic.SyncEngine": KnownClass(
        role="client",
        methods={
            "find": Known("list[$0]", blocks="db", data="query"),
            "find_one": Known("$0", blocks="db", data="query"),
            "count": _COUNT,
            "save": Known("$0", blocks="db", data="write"),
            "save_all": Known("list[$0]", blocks="db", data="write"),
            **_each("delete remove", _WRITE),
        },
    ),
    # MongoEngine
    "mongoengine.Document": _MONGO_DOCUMENT,
    "mongoengine.DynamicDocument": _MONGO_DOCUMENT,
    "mongoengine.EmbeddedDocument": KnownClass(),
    "mongoengine.errors.DoesNotExist": KnownClass(role="exception"),
    "mongoengine.queryset.QuerySet": KnownClass(
        role="query",
        methods={
            **_each(
                "__call__ all all_fields batch_size exclude fields filter hint limit no_cache no_dereference none only "
                "order_by search_text select_related skip where",
                _BUILD,
            ),
            **_each("first get with_id", _ITEM),
            "count": _COUNT,
            **_each("average distinct in_bulk item_frequencies scalar sum values_list", _LATER),
            **_each("aggregate explain to_json", _NOW),
            "create": Known("$item", blocks="db", data="write"),
            **_each("delete insert modify update update_one upsert_one", _WRITE),
        },
        iterates="$item",
        iterating=_NOW,
    ),
    # ormar
    "ormar.Model": KnownClass(
        bases=("pydantic.BaseModel",),
        role="model",
        methods={
            **_each("save update upsert", _AWAIT_SELF),
            "delete": _AWAIT_WRITE,
            "load": Known("await $self", data="query"),
        },
        class_attributes={"objects": "ormar.queryset.queryset.QuerySet[$class]"},
    ),
    "ormar.queryset.queryset.QuerySet": KnownClass(role="query", methods=_ORMAR),
    # Piccolo
    "piccolo.table.Table": KnownClass(
        role="model",
        methods={
            **_each("refresh save remove", Known("piccolo.query.base.Query", data="write")),
            "to_dict": Known("dict"),
        },
        statics={
            **_each("count exists objects raw select", Known("piccolo.query.base.Query", data="query")),
            **_each("alter delete insert update", Known("piccolo.query.base.Query", data="write")),
        },
    ),
    "piccolo.query.base.Query": KnownClass(
        role="query",
        methods={
            **_each(
                "add columns distinct first get get_or_create group_by limit offset on_conflict order_by output prefetch "
                "returning values where",
                Known("$self"),
            ),
            "run": _LATER,
            "run_sync": _NOW,
        },
    ),
    # Prisma (an attribute of a client is a table)
    "prisma.Prisma": KnownClass(
        role="client",
        methods={
            **_each("connect disconnect", Known("await none")),
            **_each("execute_raw", _AWAIT_WRITE),
            **_each("query_raw query_first", _LATER),
            **_each("batch_ tx", _NOTHING),
        },
        attributes={"*": "prisma.actions.Actions"},
    ),
    "prisma.actions.Actions": KnownClass(
        role="query",
        methods={
            **_each("create delete update upsert", _WRITE_QUERY),
            **_each("create_many delete_many update_many", _AWAIT_WRITE),
            **_each(
                "find_first find_first_or_raise find_many find_unique find_unique_or_raise group_by query_raw",
                _LATER,
            ),
            "count": _AWAIT_COUNT,
        },
    ),
    # Pony
    "pony.orm.Database": KnownClass(
        role="client",
        methods=_each("execute get insert select", _NOW),
        attributes={"Entity": "type[pony.orm.core.Entity]"},
    ),
    "pony.orm.core.Entity": KnownClass(
        role="model",
        methods={
            "delete": Known("none", data="write"),
            "set": Known("none", data="write"),
            "to_dict": Known("dict"),
        },
        statics={
            "get": _FOUND,
            "get_for_update": _FOUND,
            "select": Known("pony.orm.core.Query[$class]", data="query"),
            "exists": _BOOL,
        },
    ),
    "pony.orm.core.Query": KnownClass(
        role="query",
        methods={
            **_each(
                "distinct filter for_update order_by prefetch sort_by where without_distinct", _BUILD
            ),
            **_each("first get", _ITEM),
            **_each("fetch limit page random", Known("list[$item]", blocks="db", data="query")),
            "count": _COUNT,
            "exists": _BOOL,
            **_each("avg max min sum", _NOW),
            "delete": _WRITE,
        },
        iterates="$item",
        iterating=_NOW,
    ),
}

_FUNCTIONS = {
    "tortoise.contrib.pydantic.pydantic_model_creator": Known(
        "type[tortoise.contrib.pydantic.PydanticModel]"
    ),
    "tortoise.contrib.pydantic.pydantic_queryset_creator": Known(
        "type[tortoise.contrib.pydantic.PydanticModel]"
    ),
    "beanie.init_beanie": Known("await none"),
    "pony.orm.select": Known("pony.orm.core.Query", data="query"),
    "pony.orm.commit": Known("none", blocks="db", data="write"),
    "pony.orm.flush": Known("none", blocks="db", data="write"),
}

_ALIASES = {
    "playhouse.pool.PooledPostgresqlDatabase": "peewee.PostgresqlDatabase",
    "playhouse.pool.PooledMySQLDatabase": "peewee.MySQLDatabase",
    "playhouse.pool.PooledSqliteDatabase": "peewee.SqliteDatabase",
    "tortoise.Model": "tortoise.models.Model",
    "tortoise.contrib.pydantic.base.PydanticModel": "tortoise.contrib.pydantic.PydanticModel",
    "beanie.odm.documents.Document": "beanie.Document",
    "umongo.document.DocumentImplementation": "umongo.Document",
    "odmantic.model.Model": "odmantic.Model",
    "odmantic.engine.AIOEngine": "odmantic.AIOEngine",
    "odmantic.engine.SyncEngine": "odmantic.SyncEngine",
    "mongoengine.document.*": "mongoengine",
    "flask_mongoengine.Document": "mongoengine.Document",
    "mongoengine.DoesNotExist": "mongoengine.errors.DoesNotExist",
    "ormar.QuerySet": "ormar.queryset.queryset.QuerySet",
    "pony.orm.core.Database": "pony.orm.Database",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
