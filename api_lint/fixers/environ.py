"""Where a literal goes that belongs to the configuration: a field of the project's settings, or the environment.

Both come with a name that nothing else in the project has; its row goes to `.env.example`, without a value.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import libcst as cst

from api_lint.facts import (
    Assign,
    Call,
    Choice,
    Class,
    ClassRef,
    Expr,
    Format,
    Import,
    Item,
    Literal,
    Map,
    ModuleFacts,
    Text,
    Value,
)
from api_lint.link import WHOLE
from api_lint.rule import AddField, AddLine, Edit, NeedImport

if TYPE_CHECKING:
    from api_lint.api import Api
    from api_lint.visit import Place

__all__ = [
    "Setting",
    "env_names",
    "env_prefix",
    "env_row",
    "free_name",
    "has_comment",
    "setting",
    "settings_class",
    "text_at",
    "upper_snake",
]

_EXAMPLE = ".env.example"
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
# What every shell or container sets, or what the interpreter obeys.
_TAKEN = frozenset(
    "PATH HOME USER USERNAME LOGNAME PWD OLDPWD SHELL LANG TERM TMPDIR TEMP TMP HOSTNAME HOST PORT EDITOR PAGER MAIL "
    "DISPLAY PYTHONPATH PYTHONHOME IFS PS1 UID SSH_AUTH_SOCK HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY".split()
)
_ASKING = ("getenv", "environ.get")
_BOUND = frozenset({"assign", "annotated", "default", "item", "keyword"})
_CACHES = ("cache", "lru_cache")
_DEPTH = 4


def upper_snake(name: str) -> str:
    """A name as that of a variable of the environment: `apiKey`, `x-api-key` → `API_KEY`, `X_API_KEY`."""
    return "_".join(word.upper() for word in _WORD.findall(name.rpartition(".")[2]))


def env_row(name: str, default: str = "") -> AddLine:
    """The edit by which `.env.example` tells of a variable; of one with a default as a comment, since a copy of the
    row would set it to nothing."""
    return AddLine(_EXAMPLE, f"# {name}=" if default else f"{name}=")


def has_comment(node: cst.CSTNode) -> bool:
    """Whether a comment stands in a node, which it would lose if it were replaced."""
    return isinstance(node, cst.Comment) or any(has_comment(child) for child in node.children)


# ------------------------------------------------------------------------------------------------------- names


class _Names(NamedTuple):
    """Variables that the project asks the environment for, and by name the files with a literal so called."""

    asked: frozenset[str]
    bound: Mapping[str, frozenset[str]]


_names: WeakKeyDictionary[Api, _Names] = WeakKeyDictionary()


def env_names(api: Api) -> _Names:
    """The names that a new variable must not have."""
    found = _names.get(api)
    if found is None:
        asked: set[str] = set()
        bound: dict[str, set[str]] = defaultdict(set)
        for facts in _product(api):
            asked.update(_asked(facts))
            for each in facts.literals:
                for name in _may_be_called(each, facts.path):
                    bound[name].add(facts.path)
        for ref in _settings_classes(api):
            asked.update(upper_snake(f.name) for f in ref.cls.fields)
        found = _names[api] = _Names(
            frozenset(asked), {name: frozenset(paths) for name, paths in bound.items()}
        )
    return found


def free_name(base: str, text: str, binding: tuple[str, str], at: Place) -> str:
    """A name for a literal that nothing else has.

    Parameters: `base`, the one it would best have; `text`, the literal's source; `binding`, its name and role.
    Returns: that name; with the file's or its folders' names before it where other files use it, with a number behind
    it where another literal of this file does; "" if there is none.
    """
    names = env_names(at.api)
    number = _number(base, text, binding, at)
    for prefix in ("", *_prefixes(at.path)):
        name = f"{prefix}_{base}" if prefix else base
        name = name if number < 2 else f"{name}_{number}"
        others = names.bound.get(name, frozenset())
        if not prefix:
            others |= names.bound.get(base, frozenset()) | names.bound.get(
                _callee(*binding), frozenset()
            )
        if name.isidentifier() and name not in _TAKEN | names.asked and not others - {at.path}:
            return name
    return ""


def _number(base: str, text: str, binding: tuple[str, str], at: Place) -> int:
    """Which of the different literals of a file that would have the same name one is, from 1."""
    stub = upper_snake(binding[0])
    texts = [
        text_at(each, at.rows)
        for each in at.module.facts.literals
        if each[:2] == binding
        or (each.role in _BOUND and upper_snake(each.name) in (base, stub))
        or (each.role == "argument" and binding[1] == "argument")
        or ("dsn-password" in each.traits and base.endswith("_URL"))
    ]
    return list(dict.fromkeys([*texts, text])).index(text) + 1


def text_at(literal: Literal, rows: Iterable[str]) -> str:
    """A literal's source."""
    line, col, end_line, end_col = literal.span
    piece = list(rows)[line - 1 : end_line]
    if not piece:
        return ""
    piece[-1] = piece[-1][:end_col]
    piece[0] = piece[0][col:]
    return "".join(piece)


def _may_be_called(literal: Literal, path: str) -> Iterator[str]:
    """The names that a literal of a file may get, as far as facts tell them."""
    if literal.role in _BOUND:
        name = upper_snake(literal.name)
        yield name
        yield f"{next(_prefixes(path), 'APP')}_{name}"
    if "dsn-password" in literal.traits:
        yield "DATABASE_URL"
    if literal.role in ("argument", "keyword") and not literal.name.isupper():
        yield _callee(literal.name, literal.role)


def _callee(name: str, role: str) -> str:
    """What stands for the variables that are named after a call: no variable's name is like it."""
    return f"({name.rpartition('.')[2]})" if role in ("argument", "keyword") else "()"


def _prefixes(path: str) -> Iterator[str]:
    for part in reversed(path.removesuffix(".py").split("/")):
        word = upper_snake(part)
        if word and word not in ("INIT", "MAIN", "SRC"):
            yield word


def _product(api: Api) -> Iterator[ModuleFacts]:
    for path in api.project.scanned:
        module = api.module(path)
        if module is not None and not module.kind:
            api.project.looked.note(path, WHOLE)  # its own too: the answer serves other files
            yield module.facts


def _asked(facts: ModuleFacts) -> Iterator[str]:
    for function in (facts.body, *facts.functions):
        for site in function.calls:
            yield from _asked_in(site.call, _DEPTH)
        for value in (*(a.value for a in function.assigns), *(p.default for p in function.params)):
            yield from _asked_in(value, _DEPTH)
        for each in function.returned:
            yield from _asked_in(each.value, _DEPTH)
    for cls in facts.classes:
        for field in cls.fields:
            yield from _asked_in(field.value, _DEPTH)


def _asked_in(expr: Expr, depth: int) -> Iterator[str]:
    if depth == 0 or isinstance(expr, str):
        return
    match expr:
        case Call(str() as func, (Text(name), *_)) if func.endswith(_ASKING):
            yield name
        case Item(str() as base, Text(name)) if base.endswith("environ"):
            yield name
        case Call(func, args, keywords):
            for each in (func, *args, *(value for _, value in keywords)):
                yield from _asked_in(each, depth - 1)
        case Map(items):
            for _, value in items:
                yield from _asked_in(value, depth - 1)
        case Choice(parts) | Format(parts):
            for each in parts:
                yield from _asked_in(each, depth - 1)
        case tuple():
            for part in expr:
                if isinstance(part, tuple):
                    inner: Any = part
                    yield from _asked_in(inner, depth - 1)


# ---------------------------------------------------------------------------------------------------- settings


class Setting(NamedTuple):
    """How a configured value is written at a place: `code`, with the edits that it needs."""

    code: str
    edits: tuple[Edit, ...]


class _Reach(NamedTuple):
    """The project's settings as a file sees them: `code` (`settings`, `get_settings()`), their class, an import."""

    code: str
    ref: ClassRef
    imports: tuple[NeedImport, ...]


def setting(name: str, default: str, at: Place, quote: str = '"') -> Setting | None:
    """How to write the configured value `name` at a place.

    Parameters: `default`, the source of its default, "" for none; `quote`, the mark to write strings with.
    Returns: the expression with its edits; `None` where the settings have such a field
    already, or the name `os` means something else here.
    """
    reach = _reach(at)
    if reach is not None:
        field = name if _is_upper(reach.ref.cls) else name.lower()
        if field in {each.name for each in reach.ref.cls.fields}:
            return None
        code = f"{field}: str = {default}" if default else f"{field}: str"
        return Setting(
            f"{reach.code}.{field}",
            (
                *reach.imports,
                AddField(reach.ref.path, reach.ref.cls.qualname, code),
                env_row(name, default),
            ),
        )
    reference = at.reference("os", "getenv" if default else "environ")
    if reference is None:
        return None
    written = cst.Module([]).code_for_node(reference[0])
    key = f"{quote}{name}{quote}"
    code = f"{written}({key}, {default})" if default else f"{written}[{key}]"
    return Setting(code, (*reference[1], env_row(name, default)))


def settings_class(at: Place) -> Class | None:
    """The class of settings in whose body a place is, or `None`."""
    if at.function is not None or not at.cls:
        return None
    role = at.api.role(Value("class", f"{at.path}::{at.cls}"))
    return at.module.classes.get(at.cls) if role == "settings" else None


def _is_upper(cls: Class) -> bool:
    names = [f.name for f in cls.fields if f.name != "model_config"]
    return sum(name.isupper() for name in names) * 2 > len(names)


def env_prefix(ref: ClassRef, api: Api) -> str | None:
    """What stands before the names of a settings class's variables; `None` if it cannot be told."""
    prefix = ""
    for ancestor in api.types.mro(Value("instance", ref.key)):
        if ancestor.ref is None:
            continue
        module = api.module(ancestor.ref.path)
        inner = module.classes.get(f"{ancestor.ref.cls.qualname}.Config") if module is not None else None
        given: list[tuple[str, Expr]] = [(f.name, f.value) for f in inner.fields] if inner else []
        for field in ancestor.ref.cls.fields:
            if field.name == "model_config":
                if not isinstance(field.value, (Call, Map)):
                    return None
                given += _pairs(field.value)
        for key, value in given:
            if key in ("", "alias_generator", "fields"):
                return None
            if key == "case_sensitive" and not _is_upper(ref.cls):
                return None
            if key == "env_prefix":
                if not isinstance(value, Text):
                    return None
                prefix = prefix or value.value
    return prefix


def _pairs(expr: Call | Map) -> list[tuple[str, Expr]]:
    if isinstance(expr, Call):
        return list(expr.keywords)
    return [(key.value if isinstance(key, Text) else "", value) for key, value in expr.items]


_classes: WeakKeyDictionary[Api, tuple[ClassRef, ...]] = WeakKeyDictionary()


def _settings_classes(api: Api) -> tuple[ClassRef, ...]:
    found = _classes.get(api)
    if found is None:
        found = _classes[api] = tuple(
            ClassRef(facts.path, cls)
            for facts in _product(api)
            for cls in facts.classes
            if cls.bases and api.role(Value("class", f"{facts.path}::{cls.qualname}")) == "settings"
        )
    return found


def _reach(at: Place) -> _Reach | None:
    """The settings that a file has, or that it can import as others of the project do."""
    if at.kind:
        return None
    for entry in at.module.facts.body.imports:
        if (
            not entry.type_checking
            and entry.local
            and entry.line < at.line
            and not _is_rebound(entry, at)
        ):
            found = _of_import(entry, at.path, at.api)
            if found is not None and found.ref.path != at.path:
                return found._replace(code=found.code.replace(entry.name, entry.local, 1))
    return next(
        (
            found._replace(imports=(NeedImport(entry.module, entry.name),))
            for entry, found in _importable(at.api)
            if _can_import(entry, found, at)
        ),
        None,
    )


def _is_rebound(entry: Import, at: Place) -> bool:
    function = at.function
    while function is not None:
        if entry.local in function.bound:
            return True
        function = at.module.functions.get(function.parent) if function.parent else None
    own = at.module.assigns.get(entry.local)
    return bool(own) or at.module.imports.get(entry.local) != entry


def _of_import(entry: Import, path: str, api: Api) -> _Reach | None:
    """The settings that an import gives: an instance, or a cached function that makes one."""
    if not entry.name or entry.name == "*":
        return None
    symbol = api.project.import_target(entry, path)
    module = api.module(symbol.path) if symbol.path else None
    if module is None or symbol.sort not in ("assign", "function"):
        return None
    scope = api.scope(symbol.path, None, 1_000_000)
    code, expr = entry.name, symbol.name
    value = api.value(expr, scope)
    if symbol.sort == "function":
        decorators = [d.value for d in module.functions[symbol.name].decorators]
        called = [d.func if isinstance(d, Call) else d for d in decorators]
        if not any(isinstance(d, str) and d.rpartition(".")[2] in _CACHES for d in called):
            return None
        if module.functions[symbol.name].is_async or any(
            not p.has_default for p in module.functions[symbol.name].params
        ):
            return None
        code, value = f"{code}()", api.value(Call(expr), scope)
    elif not _is_made_once(module.assigns.get(symbol.name, [])):
        return None
    ref = api.class_ref(value) if value.kind == "instance" and api.role(value) == "settings" else None
    return _Reach(code, ref, ()) if ref is not None and env_prefix(ref, api) == "" else None


def _is_made_once(assigns: list[Assign]) -> bool:
    return len(assigns) == 1 and assigns[0].how == "="


_importables: WeakKeyDictionary[Api, tuple[tuple[Import, _Reach], ...]] = WeakKeyDictionary()


def _importable(api: Api) -> tuple[tuple[Import, _Reach], ...]:
    """The settings that some file imports by an absolute name: that name works when the project runs."""
    found = _importables.get(api)
    if found is None:
        entries: dict[tuple[str, str], tuple[Import, _Reach]] = {}
        for facts in _product(api):
            for entry in facts.body.imports:
                if entry.level or entry.type_checking or entry.local != entry.name:
                    continue
                reach = (
                    _of_import(entry, facts.path, api)
                    if "etting" in entry.name or "onf" in entry.name
                    else None
                )
                if reach is not None:
                    entries.setdefault((entry.module, entry.name), (entry, reach))
        found = _importables[api] = tuple(entries[key] for key in sorted(entries))
    return found


def _can_import(entry: Import, reach: _Reach, at: Place) -> bool:
    """Whether a file can import settings as others do: the name is free, it means the same file, no cycle comes of it."""
    project = at.api.project
    target = project.find(entry.module, at.path)
    top = entry.module.partition(".")[0]
    is_at_home = any(
        i.level == 0 and i.module.partition(".")[0] == top for i in at.module.facts.body.imports
    )
    names = at.module.facts.body.bound.union(*(f.bound for f in at.module.facts.functions))
    if target.sort != "module" or not is_at_home or entry.name in names:
        return False
    if reach.ref.path == at.path or project.member(target, entry.name).path not in project.paths:
        return False
    return at.path not in _imported_by(target.path, at.api)


def _imported_by(path: str, api: Api) -> set[str]:
    """The files that importing one imports, itself and the packages around it among them."""
    seen: set[str] = set()
    todo = [path]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        folder = current.rpartition("/")[0]
        while folder:
            if f"{folder}/__init__.py" in api.project.paths:
                todo.append(f"{folder}/__init__.py")
            folder = folder.rpartition("/")[0]
        module = api.module(current)
        for entry in module.facts.body.imports if module is not None else ():
            plain = entry._replace(name="")
            for each in (entry, plain):
                symbol = api.project.import_target(each, current)
                if symbol.path in api.project.paths:
                    todo.append(symbol.path)
    return seen
