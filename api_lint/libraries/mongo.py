"""Document stores and hosted databases: pymongo (both APIs) with GridFS, Flask-PyMongo, motor, supabase.

https://pymongo.readthedocs.io/en/stable/api/, …/api/gridfs/; https://motor.readthedocs.io/en/stable/api-asyncio/;
https://supabase.com/docs/reference/python/

An attribute or an item of a client is a database, one of a database a collection. `find` only makes a cursor; so does opening a file of GridFS for writing,
which sends nothing before there is something to write.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_NOTHING = Known()
_SELF = Known("$self")

_READS = "count_documents distinct estimated_document_count index_information options"
_WRITES = (
    "bulk_write create_index create_indexes delete_many delete_one drop drop_index drop_indexes find_one_and_delete "
    "find_one_and_replace find_one_and_update insert_many insert_one rename replace_one update_many update_one"
)
_CURSOR = (
    "allow_disk_use batch_size collation comment hint limit max max_time_ms min rewind skip sort where"
)
_ADMIN = "drop_database list_database_names list_databases server_info"


def _api(
    client: str, database: str, collection: str, cursor: str, *, aggregated: str, awaited: bool
) -> dict[str, KnownClass]:
    """The four classes of one driver; `awaited` where its calls are coroutines. `aggregate` gives `aggregated`."""
    blocks = "" if awaited else "db"
    read, write = Known(blocks=blocks, data="query"), Known(blocks=blocks, data="write")
    row = Known("await dict" if awaited else "dict", blocks, "query")
    rows = Known("await list[dict]" if awaited else "list[dict]", blocks, "query")
    call = Known(blocks=blocks)
    to_database, to_collection = Known(database), Known(collection)
    return {
        client: KnownClass(
            role="client",
            methods={
                **_each("__getitem__ get_database get_default_database", to_database),
                **_each(_ADMIN, call),
                **_each("aclose close start_session watch", _NOTHING),
            },
            attributes={"*": database},
        ),
        database: KnownClass(
            role="client",
            methods={
                **_each("__getitem__ get_collection", to_collection),
                **_each("command drop_collection list_collection_names list_collections", call),
                "create_collection": Known(f"await {collection}" if awaited else collection, blocks),
                **_each("aggregate watch with_options", _NOTHING),
            },
            attributes={"client": client, "name": "str", "*": collection},
        ),
        collection: KnownClass(
            role="client",
            methods={
                **_each("find find_raw_batches", Known(cursor, data="query")),
                "aggregate": Known(aggregated, blocks, "query"),
                "find_one": row,
                **_each(_READS, read),
                **_each(_WRITES, write),
                "with_options": _SELF,
                "__getitem__": to_collection,
            },
            attributes={"database": database, "name": "str", "full_name": "str"},
        ),
        cursor: KnownClass(
            role="query",
            methods={
                **_each(_CURSOR, Known("$self", data="query")),
                "to_list": rows,
                "next": row,
                **_each("distinct explain", read),
                "close": _NOTHING,
            },
            iterates="dict",
            iterating=_NOTHING if awaited else read,
        ),
    }


def _files(
    store: str | None, bucket: str, written: str, stored: str, cursor: str, *, awaited: bool
) -> dict[str, KnownClass]:
    """GridFS of one driver: its older class (`None` where there is none), its bucket, and what these open."""
    blocks = "" if awaited else "db"
    read, write = Known(blocks=blocks, data="query"), Known(blocks=blocks, data="write")
    opened = Known(f"await {stored}" if awaited else stored, blocks, "query")
    chunk = Known("await bytes" if awaited else "bytes", blocks)
    of_both = {"find": Known(cursor, data="query"), "delete": write}
    classes = {
        bucket: KnownClass(
            role="client",
            methods={
                **of_both,
                **_each("open_download_stream open_download_stream_by_name", opened),
                **_each("download_to_stream download_to_stream_by_name", read),
                **_each("open_upload_stream open_upload_stream_with_id", Known(written, data="write")),
                **_each(
                    "delete_by_name rename rename_by_name upload_from_stream upload_from_stream_with_id",
                    write,
                ),
            },
        ),
        written: KnownClass(methods=_each("abort close write writelines", Known(blocks=blocks))),
        stored: KnownClass(
            methods={**_each("read readchunk readline", chunk), **_each("close seek tell", _NOTHING)},
            iterates="bytes",
            iterating=_NOTHING if awaited else Known(blocks=blocks),
        ),
        cursor: KnownClass(
            role="query",
            methods={
                **_each(_CURSOR, Known("$self", data="query")),
                "to_list": Known(
                    f"await list[{stored}]" if awaited else f"list[{stored}]", blocks, "query"
                ),
                "next": opened,
                "close": _NOTHING,
            },
            iterates=stored,
            iterating=_NOTHING if awaited else read,
        ),
    }
    if store is not None:
        classes[store] = KnownClass(
            role="client",
            methods={
                **of_both,
                **_each("find_one get get_last_version get_version", opened),
                **_each("exists list", read),
                "put": write,
                "new_file": Known(written, data="write"),
            },
        )
    return classes


_MOTOR = "motor.motor_asyncio.AsyncIOMotor"
_AIO = "pymongo.asynchronous."


def _postgrest(prefix: str, awaited: bool) -> dict[str, KnownClass]:
    """supabase's client of one kind: nothing is sent before `execute`."""
    client = f"supabase.{prefix}Client"
    kind = prefix or "Sync"
    builder = f"postgrest.{kind}RequestBuilder"
    auth = f"supabase.{prefix[:1]}SupabaseAuthClient"
    storage = f"supabase.{prefix[:1]}SupabaseStorageClient"
    bucket = f"storage3._{kind.lower()}.file_api.{kind}BucketProxy"
    call = Known(blocks="" if awaited else "client")
    return {
        client: KnownClass(
            role="client",
            methods={
                **_each("from_ table", Known(builder)),
                "rpc": Known(builder, data="query"),
                "schema": _SELF,
            },
            attributes={"auth": auth, "storage": storage},
        ),
        builder: KnownClass(
            role="query",
            methods={
                "select": Known("$self", data="query"),
                **_each("delete insert update upsert", Known("$self", data="write")),
                "execute": Known(blocks="" if awaited else "db", data="query"),
                "*": _SELF,
            },
            attributes={"not_": builder},
        ),
        auth: KnownClass(
            methods=_each(
                "exchange_code_for_session get_session get_user refresh_session reset_password_for_email set_session "
                "sign_in_with_oauth sign_in_with_otp sign_in_with_password sign_out sign_up update_user verify_otp",
                call,
            ),
        ),
        storage: KnownClass(
            methods={
                "from_": Known(bucket),
                **_each("create_bucket delete_bucket empty_bucket get_bucket list_buckets", call),
            },
        ),
        bucket: KnownClass(
            methods={
                **_each(
                    "copy create_signed_upload_url create_signed_url create_signed_urls download info list move remove "
                    "update upload upload_to_signed_url",
                    call,
                ),
                "get_public_url": _NOTHING,
            },
        ),
    }


_CLASSES = {
    **_api(
        "pymongo.MongoClient",
        "pymongo.database.Database",
        "pymongo.collection.Collection",
        "pymongo.cursor.Cursor",
        aggregated="pymongo.cursor.Cursor",
        awaited=False,
    ),
    **_api(
        "pymongo.AsyncMongoClient",
        f"{_AIO}database.AsyncDatabase",
        f"{_AIO}collection.AsyncCollection",
        f"{_AIO}cursor.AsyncCursor",
        aggregated=f"await {_AIO}cursor.AsyncCursor",
        awaited=True,
    ),
    **_api(
        f"{_MOTOR}Client",
        f"{_MOTOR}Database",
        f"{_MOTOR}Collection",
        f"{_MOTOR}Cursor",
        aggregated=f"{_MOTOR}Cursor",
        awaited=True,
    ),
    **_files(
        "gridfs.GridFS",
        "gridfs.GridFSBucket",
        "gridfs.GridIn",
        "gridfs.GridOut",
        "gridfs.GridOutCursor",
        awaited=False,
    ),
    **_files(
        "gridfs.AsyncGridFS",
        "gridfs.AsyncGridFSBucket",
        "gridfs.AsyncGridIn",
        "gridfs.AsyncGridOut",
        "gridfs.AsyncGridOutCursor",
        awaited=True,
    ),
    **_files(
        None,
        f"{_MOTOR}GridFSBucket",
        f"{_MOTOR}GridIn",
        f"{_MOTOR}GridOut",
        f"{_MOTOR}GridOutCursor",
        awaited=True,
    ),
    **_postgrest("", awaited=False),
    **_postgrest("Async", awaited=True),
    # Flask-PyMongo
    "flask_pymongo.PyMongo": KnownClass(
        attributes={"cx": "pymongo.MongoClient", "db": "pymongo.database.Database"},
        methods=_each("init_app save_file send_file", _NOTHING),
    ),
}

_FUNCTIONS = {
    "supabase.create_client": Known("supabase.Client"),
    "supabase.create_async_client": Known("await supabase.AsyncClient"),
}

_ALIASES = {
    "pymongo.mongo_client.MongoClient": "pymongo.MongoClient",
    "pymongo.synchronous.mongo_client.MongoClient": "pymongo.MongoClient",
    "pymongo.synchronous.database.Database": "pymongo.database.Database",
    "pymongo.synchronous.collection.Collection": "pymongo.collection.Collection",
    "pymongo.synchronous.cursor.Cursor": "pymongo.cursor.Cursor",
    "pymongo.asynchronous.mongo_client.AsyncMongoClient": "pymongo.AsyncMongoClient",
    "gridfs.synchronous.grid_file.GridFS": "gridfs.GridFS",
    "gridfs.synchronous.grid_file.GridFSBucket": "gridfs.GridFSBucket",
    "gridfs.asynchronous.AsyncGridFS": "gridfs.AsyncGridFS",
    "gridfs.asynchronous.AsyncGridFSBucket": "gridfs.AsyncGridFSBucket",
    "gridfs.asynchronous.grid_file.AsyncGridFS": "gridfs.AsyncGridFS",
    "gridfs.asynchronous.grid_file.AsyncGridFSBucket": "gridfs.AsyncGridFSBucket",
    "motor.core.AgnosticClient": "motor.motor_asyncio.AsyncIOMotorClient",
    "motor.core.AgnosticDatabase": "motor.motor_asyncio.AsyncIOMotorDatabase",
    "motor.core.AgnosticCollection": "motor.motor_asyncio.AsyncIOMotorCollection",
    "supabase.acreate_client": "supabase.create_async_client",
    "supabase.AClient": "supabase.AsyncClient",
    "supabase.client.*": "supabase",
    "supabase._sync.client.*": "supabase",
    "supabase._async.client.*": "supabase",
    "supabase.lib.client.Client": "supabase.Client",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
