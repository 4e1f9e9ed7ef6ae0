"""The tables of libraries: well formed, consistent, and true to the libraries that are installed."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Iterator
from typing import Any

import pytest

from api_lint import libraries
from api_lint.libraries import Known, KnownClass, Library, llm, logs

TABLES: Library = libraries.load()

ROLES = {
    "", "async-session", "client", "document", "exception", "holder", "model", "query", "response", "schema", "serializer",
    "session", "settings",
}  # fmt: skip
BLOCKS = {"", "client", "db", "file", "http", "io", "sleep"}
DATA = {"", "build", "query", "write"}
PLAIN = {"bool", "bytes", "dict", "float", "int", "list", "none", "str", "tuple"}

TOKEN = re.compile(r"\s*(\$\w+|[A-Za-z_][\w.]*|[\[\],])")


def names_in(text: str) -> list[str]:
    """The names that a type expression refers to; raises `ValueError` where it is malformed."""
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(text)
        tokens.append(match.group(1))
        position = match.end()
    found: list[str] = []
    rest = _type(tokens, found) if tokens else []
    if rest:
        raise ValueError(text)
    return found


def _type(tokens: list[str], found: list[str]) -> list[str]:
    if not tokens or tokens[0] in "[],":
        raise ValueError(tokens)
    name, *tokens = tokens
    if name == "await":
        return _type(tokens, found)
    if name != "type":
        found.append(name)
    elif tokens[:1] != ["["]:
        raise ValueError("type without argument")
    if tokens[:1] == ["["]:
        tokens = _type(tokens[1:], found)
        while tokens[:1] == [","]:
            tokens = _type(tokens[1:], found)
        if tokens[:1] != ["]"]:
            raise ValueError(tokens)
        tokens = tokens[1:]
    return tokens


def knowns() -> Iterator[tuple[str, Known]]:
    for name, known in TABLES.functions.items():
        yield name, known
    for name, cls in TABLES.classes.items():
        for kind in (cls.methods, cls.statics):
            for method, known in kind.items():
                yield f"{name}.{method}", known
        yield f"{name}()", cls.makes
        yield f"iter({name})", cls.iterating


def types() -> Iterator[tuple[str, str]]:
    """Every type expression of the tables, with the place it stands at."""
    for name, known in knowns():
        yield name, known.gives
    for name, cls in TABLES.classes.items():
        for kind in (cls.attributes, cls.class_attributes):
            for attribute, text in kind.items():
                yield f"{name}.{attribute}", text
        yield f"with {name}", cls.enters
        yield f"for x in {name}", cls.iterates
    yield from TABLES.objects.items()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("$self", ["$self"]),
        ("await list[a.B[$item]]", ["list", "a.B", "$item"]),
        ("type[a.B]", ["a.B"]),
        ("tuple[$item, bool]", ["tuple", "$item", "bool"]),
    ],
)
def test_types_are_read(text: str, names: list[str]) -> None:
    assert names_in(text) == names


@pytest.mark.parametrize("text", ["a[", "a]", "a b", "a[b c]", "[a]", "await ", "type", "a[]", "a, b"])
def test_malformed_types_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        names_in(text)


def test_types_are_well_formed_and_known() -> None:
    wrong = []
    for place, text in types():
        try:
            names = names_in(text)
        except ValueError:
            wrong.append(f"{place}: {text!r}")
            continue
        for name in names:
            if name.startswith("$"):
                if not re.fullmatch(r"\$(\d+|self|item|class|model|entity|call|row)", name):
                    wrong.append(f"{place}: {name}")
            elif name not in PLAIN and name not in TABLES.classes:
                wrong.append(f"{place}: {name} is no class of the tables")
    assert not wrong


def test_vocabulary() -> None:
    wrong = [
        f"{place}: {known}"
        for place, known in knowns()
        if known.blocks not in BLOCKS
        or known.data not in DATA
        or (known.blocks and known.gives.startswith("await "))
    ]
    wrong += [f"{name}: {cls.role}" for name, cls in TABLES.classes.items() if cls.role not in ROLES]
    assert not wrong


def test_bases_are_in_the_tables() -> None:
    missing = [
        f"{name}({base})"
        for name, cls in TABLES.classes.items()
        for base in cls.bases
        if base not in TABLES.classes and base != "builtins.type"
    ]
    assert not missing


def test_a_name_is_one_thing() -> None:
    kinds = (TABLES.functions, TABLES.classes, TABLES.objects)
    assert not [
        name
        for i, kind in enumerate(kinds)
        for name in kind
        if any(name in other for other in kinds[i + 1 :])
    ]


def _families() -> Iterator[tuple[str, Library]]:
    for path in sorted(libraries.__path__):
        for module in importlib.import_module("pkgutil").iter_modules([path]):
            yield module.name, importlib.import_module(f"api_lint.libraries.{module.name}").LIBRARY


def test_no_family_overwrites_another() -> None:
    owners: dict[str, str] = {}
    twice = []
    for family, library in _families():
        for name in (*library.functions, *library.classes, *library.objects, *library.aliases):
            if name in owners:
                twice.append(f"{name}: {owners[name]}, {family}")
            owners[name] = family
    assert not twice


def test_aliases_lead_to_entries() -> None:
    entries = {*TABLES.functions, *TABLES.classes, *TABLES.objects}
    wrong = []
    for alias, target in TABLES.aliases.items():
        if alias.endswith(".*"):
            found = any(entry.startswith(f"{target}.") for entry in entries)
        else:
            found = target in entries
        if not found or alias in entries:
            wrong.append(f"{alias} -> {target}")
    assert not wrong


def test_traceback_loggers_and_hosts() -> None:
    assert "logging.Logger.exception" in logs.LOGS_TRACEBACK
    assert llm.LLM_HOSTS["api.openai.com"] == "openai"
    assert all(re.fullmatch(r"[a-z0-9.-]+", host) for host in llm.LLM_HOSTS)


# ------------------------------------------------------------------------------------- against the libraries

# Not to be found by introspection: made at run time, named by us, gone or not yet there in some releases.
DYNAMIC = (
    "fastapi.Request.State",  # ours: what an application keeps on its requests, apart from what it keeps itself
    "ai21.", "boto3.resources.", "botocore.client.", "celery.Celery", "cohere.", "django.", "google.", "hvac.api.",
    "kubernetes.", "loguru.Logger", "mistralai.", "pydantic.", "rest_framework.", "stripe.", "twilio.", "xai_sdk.",
    "anthropic.", "azure.", "docker.models.", "elasticsearch._sync.", "openai.", "groq.", "together.", "litellm.", "fastapi_pagination.", "qdrant_client.",
)  # fmt: skip
MODERN = {
    "sqlalchemy": {"from_self", "exec", "execute", "remove", "on_duplicate_key_update", "with_dialect_options",
                   "on_conflict_do_nothing", "on_conflict_do_update"},
    "flask_sqlalchemy": {"select", "insert", "update", "delete", "text"},
    "redis": {"graph", "from_pool"},
    "neo4j": {"read_transaction", "write_transaction"},
    "ldap3": {"extend"},
    "httpx": {"iter_content"},
    "postgrest": {"execute"},
    "peewee": {"on_conflict", "on_conflict_ignore", "on_conflict_replace"},
    "gridfs": {"delete_by_name", "rename_by_name"},
    "motor": {"aclose", "delete_by_name", "rename_by_name"},
    "piccolo": {
        "add", "columns", "distinct", "first", "get", "get_or_create", "group_by", "limit", "offset", "on_conflict",
        "order_by", "output", "prefetch", "returning", "values", "where",
    },
}  # fmt: skip


# What `dbapi` gives every driver, though each has only some of it.
DRIVERS = {
    "callproc", "copy_expert", "copy_from", "copy_to", "create_function", "execute", "execute_fetchall",
    "execute_insert", "executemany", "executescript", "mogrify", "set_session", "transaction",
}  # fmt: skip


# A name of a module that is there and wants a package that is not: Jinja for templates, httpx for test clients.
UNAVAILABLE = object()


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, RuntimeError):
        return False


def _resolve(dotted: str) -> Any:
    """What a dotted name is, `None` where there is no such thing."""
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        module = ".".join(parts[:split])
        try:
            value: Any = importlib.import_module(module)
        except (ImportError, RuntimeError):
            if split < len(parts) and _exists(module):
                return UNAVAILABLE
            continue
        for part in parts[split:]:
            value = getattr(value, part, None)
        return value
    return None


def _by_package() -> dict[str, dict[str, KnownClass]]:
    packages: dict[str, dict[str, KnownClass]] = {}
    for name, cls in TABLES.classes.items():
        if not name.startswith(DYNAMIC):
            packages.setdefault(name.partition(".")[0], {})[name] = cls
    return packages


@pytest.mark.parametrize("package", sorted(_by_package()))
@pytest.mark.filterwarnings("ignore")
def test_names_exist(package: str) -> None:
    """Every class is there, and every method on it or (where several share a table) on another class of the package."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    found = {name: real for name in _by_package()[package] if (real := _resolve(name)) is not None}
    missing = [name for name in _by_package()[package] if name not in found]
    found = {name: real for name, real in found.items() if real is not UNAVAILABLE}
    for name, cls in _by_package()[package].items():
        for method in (*cls.methods, *cls.statics):
            if (
                method in ("*", "__await__")
                or method in MODERN.get(package, DRIVERS)
                or name not in found
            ):
                continue
            if not any(hasattr(real, method) for real in found.values()):
                missing.append(f"{name}.{method}")
    assert not missing


@pytest.mark.filterwarnings("ignore")
def test_standard_library_functions_exist() -> None:
    modules = ("asyncio.", "builtins.", "codecs.", "gzip.", "io.", "os.", "shutil.", "socket.", "sqlite3.",
               "subprocess.", "time.", "traceback.", "urllib.", "logging.")  # fmt: skip
    for name in TABLES.functions:
        if name.startswith(modules):
            assert _resolve(name) is not None, name
