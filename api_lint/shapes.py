"""What a configuration may hold, told by type annotations: values are checked against them, and a JSON schema is made of
them.

Known are `bool`, `int`, `float`, `str`, `Literal`, unions, `tuple`, `list`, `set`, `frozenset`, `Mapping` and `dict` with
string keys, and frozen dataclasses, in one another to any depth; `Annotated[int, Range(1)]` bounds a number, and a
dataclass that raises ValueError when it is made refuses values for reasons of its own.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from api_lint.text import visible

Path = tuple[str, ...]

_SCALARS: dict[Any, tuple[str, str]] = {
    bool: ("boolean", "true or false"),
    int: ("integer", "a whole number"),
    float: ("number", "a number"),
    str: ("string", "a string"),
}
_LISTS = (tuple, list, set, frozenset)
_TABLES = (dict, Mapping)
_PLURALS = {"a string": "strings", "a whole number": "whole numbers", "a number": "numbers"}


class MisfitError(Exception):
    """A value that cannot be used. `path` are the keys that lead to it, `reason` what is wrong."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest number that is allowed, `None` where there is no bound."""

    minimum: float | None = None
    maximum: float | None = None

    def told(self) -> str:
        """`at least 1`, `at most 10` or `between 1 and 10`."""
        if self.minimum is None:
            return f"at most {self.maximum}"
        if self.maximum is None:
            return f"at least {self.minimum}"
        return f"between {self.minimum} and {self.maximum}"

    def schema(self) -> dict[str, Any]:
        """What a JSON schema says of it."""
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {key: bound for key, bound in bounds.items() if bound is not None}

    def holds(self, value: float) -> bool:
        """Whether a number is inside."""
        above = self.minimum is None or value >= self.minimum
        return above and (self.maximum is None or value <= self.maximum)


@dataclass(frozen=True, slots=True)
class OneOf:
    """The strings that are allowed, where a `Literal` cannot name them."""

    values: tuple[str, ...]

    def schema(self) -> dict[str, Any]:
        """What a JSON schema says of it."""
        return {"enum": [*self.values]}


@dataclass(frozen=True, slots=True)
class Named:
    """A string of which the JSON schema has a definition of this name."""

    name: str

    def schema(self) -> dict[str, Any]:
        """What a JSON schema says of it."""
        return {"$ref": f"#/definitions/{self.name}"}


def fitted(kind: Any, value: object, path: Path) -> Any:
    """A value as a type wants it.

    Parameters: `kind`, a type annotation; `value` as TOML has it; `path`, the keys that lead to it.
    Returns: the value: a list as the collection that is asked for, a table as the dataclass.
    Raises: MisfitError for a value of another type, out of its range, or a key that a dataclass has not.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (Any, object):
        return value
    if origin is Annotated:
        return _bounded(fitted(arguments[0], value, path), arguments[1:], path)
    if origin in (Union, types.UnionType):
        return _one_of(kind, arguments, value, path)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool) != (value in (True, False)):
            raise MisfitError(path, f"must be {told(kind)}, not {_shown(value)}")
        return value
    if is_dataclass(kind):
        return made(kind, value, path)
    bare = origin or kind
    if bare in _LISTS:
        return _collection(kind, bare, arguments, value, path)
    if bare in _TABLES or (isinstance(bare, type) and issubclass(bare, Mapping)):
        if not isinstance(value, dict):
            raise MisfitError(path, f"must be {told(kind)}, not {_named(value)}")
        inner = arguments[1] if arguments else Any
        return {key: fitted(inner, item, (*path, key)) for key, item in value.items()}
    return _scalar(kind, value, path)


def made(kind: Any, value: object, path: Path, defaults: Mapping[str, object] | None = None) -> Any:
    """A dataclass made of a table, whose keys are the fields' names with hyphens.

    Parameters: `kind`, the dataclass; `value`; `path`; `defaults` by field, for fields that the table has not.
    Raises: MisfitError as `fitted`, and for whatever reason the dataclass itself has.
    """
    if not isinstance(value, dict):
        raise MisfitError(path, f"must be a table, not {_named(value)}")
    hints = hints_of(kind)
    known = {name.replace("_", "-"): name for name in hints}
    for key in value:
        if key not in known:
            raise MisfitError((*path, key), f"unknown key{nearest(key, known)}")
    given = {known[key]: fitted(hints[known[key]], item, (*path, key)) for key, item in value.items()}
    try:
        return kind(**{**(defaults or {}), **given})
    except TypeError as error:
        missing = [f for f in fields(kind) if f.name not in given and _has_no_default(f)]
        if not missing:
            raise MisfitError(path, f"cannot be used: {visible(str(error))}") from error
        raise MisfitError(path, f"lacks the key `{missing[0].name.replace('_', '-')}`") from error
    except ValueError as error:
        raise MisfitError(path, f"cannot be used: {visible(str(error))}") from error


def hints_of(kind: type[Any]) -> dict[str, Any]:
    """The fields of a dataclass that can be set, with their types.

    Raises: NameError, TypeError, SyntaxError for annotations that do not stand for anything when the program runs.
    """
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in fields(kind) if field.init}


def unknown_kind(kind: Any) -> Any:
    """The first part of an annotation that no TOML value fits, or `None` if there is none. `None` itself fits in unions."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (Any, object) or kind in _SCALARS or origin is Literal:
        return None
    if origin is Annotated:
        return unknown_kind(arguments[0])
    if is_dataclass(kind) and isinstance(kind, type):
        return _first(hints_of(kind).values())
    if origin in (Union, types.UnionType):
        return _first(a for a in arguments if a is not type(None))
    bare = origin or kind
    if bare in _LISTS:
        return _first(a for a in arguments if a is not ...)
    if bare in _TABLES or (isinstance(bare, type) and issubclass(bare, Mapping)):
        return _first(arguments) if arguments and arguments[0] is str else arguments[:1] or None
    return kind


def _first(kinds: Iterable[Any]) -> Any:
    return next((found for kind in kinds if (found := unknown_kind(kind)) is not None), None)


def schema(kind: Any) -> dict[str, Any]:
    """The JSON schema (draft 7) of what fits an annotation."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (Any, object):
        return {}
    if origin is Annotated:
        named = [mark.schema() for mark in arguments[1:] if isinstance(mark, Named)]
        bounds = [mark.schema() for mark in arguments[1:] if isinstance(mark, (Range, OneOf))]
        return (
            named[0]
            if named
            else {k: v for one in (schema(arguments[0]), *bounds) for k, v in one.items()}
        )
    if origin in (Union, types.UnionType):
        found = [schema(a) for a in arguments if a is not type(None)]
        return found[0] if len(found) == 1 else {"anyOf": found}
    if origin is Literal:
        return {"enum": [*arguments]}
    if is_dataclass(kind):
        return _table_schema(kind)
    bare = origin or kind
    if bare in _LISTS:
        return _list_schema(bare, arguments)
    if bare in _SCALARS:
        return {"type": _SCALARS[bare][0]}
    inner = schema(arguments[1]) if arguments else {}
    return {"type": "object", **({"additionalProperties": inner} if inner else {})}


def _table_schema(kind: Any) -> dict[str, Any]:
    properties = {}
    required = []
    for name, hint in hints_of(kind).items():
        field = next(f for f in fields(kind) if f.name == name)
        default = plain(field.default)
        is_told = field.default is not MISSING and default is not None
        properties[name.replace("_", "-")] = {
            **schema(hint),
            **({"default": default} if is_told else {}),
        }
        if _has_no_default(field):
            required.append(name.replace("_", "-"))
    found: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**found, "required": required} if required else found


def _list_schema(bare: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "array"}
    if bare is tuple and arguments and arguments[-1] is not ...:
        count = len(arguments)
        return {**found, "items": [*map(schema, arguments)], "minItems": count, "maxItems": count}
    items = schema(arguments[0]) if arguments else {}
    return {**found, "items": items} if items else found


def told(kind: Any) -> str:
    """What an annotation asks for, in words: `a list of strings`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return told(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(told(a) for a in arguments if a is not type(None)))
    if origin is Literal:
        return f"{'one of ' if len(arguments) > 1 else ''}{', '.join(_shown(a) for a in arguments)}"
    bare = origin or kind
    if bare in _LISTS:
        if bare is tuple and arguments and arguments[-1] is not ...:
            return f"a list of {len(arguments)}"
        plural = _PLURALS.get(told(arguments[0])) if arguments else None
        return f"a list of {plural}" if plural else "a list"
    return _SCALARS[bare][1] if bare in _SCALARS else "a table"


def plain(value: object) -> object:
    """A value of the settings as TOML and JSON can hold it; sets in order, `None` for what they cannot hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name.replace("_", "-"): plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str)) else None


def toml(value: object) -> str:
    """A value in one row of TOML, fit for a terminal. What is `None` in a table is left out."""
    value = plain(value)
    if isinstance(value, dict):
        items = [f"{toml_key(key)} = {toml(item)}" for key, item in value.items() if item is not None]
        return f"{{ {', '.join(items)} }}" if items else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(str(value), repr(value))
    return json.dumps(value)


def toml_key(key: str) -> str:
    """A key as TOML writes it, in quotes where it needs them."""
    is_bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare else _quoted(key)


def _quoted(text: str) -> str:
    return "".join(
        char if visible(char) == char else f"\\U{ord(char):08x}" for char in json.dumps(text, ensure_ascii=False)
    )  # fmt: skip


def nearest(key: str, known: Iterable[str]) -> str:
    """` (did you mean …?)`, or nothing where no known key comes near."""
    from difflib import get_close_matches

    near = get_close_matches(key.replace("_", "-").lower()[:60], list(known), n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def _has_no_default(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _bounded(value: Any, marks: Iterable[Any], path: Path) -> Any:
    for mark in marks:
        if isinstance(mark, Range) and isinstance(value, (int, float)) and not mark.holds(value):
            raise MisfitError(path, f"must be {mark.told()}, not {value}")
        if isinstance(mark, OneOf) and value not in mark.values:
            raise MisfitError(path, f"must be one of {', '.join(mark.values)}, not {_shown(value)}")
    return value


def _one_of(kind: Any, members: tuple[Any, ...], value: object, path: Path) -> Any:
    errors = []
    for member in (m for m in members if m is not type(None)):
        try:
            return fitted(member, value, path)
        except MisfitError as error:
            errors.append(error)
    # An error further in, or in what a number is and not in that it is one, comes from the member that was meant.
    meant = [e for e in errors if len(e.path) > len(path) or not e.reason.endswith(_named(value))]
    raise meant[0] if meant else MisfitError(path, f"must be {told(kind)}, not {_named(value)}")


def _collection(kind: Any, bare: Any, arguments: tuple[Any, ...], value: object, path: Path) -> Any:
    if not isinstance(value, list):
        raise MisfitError(path, f"must be {told(kind)}, not {_named(value)}")
    if bare is tuple and arguments and arguments[-1] is not ...:
        if len(value) != len(arguments):
            raise MisfitError(path, f"must be {told(kind)}, not of {len(value)}")
        return tuple(fitted(a, v, _at(path, n)) for n, (a, v) in enumerate(zip(arguments, value)))
    inner = arguments[0] if arguments else Any
    items = [fitted(inner, item, _at(path, number)) for number, item in enumerate(value)]
    try:
        return bare(items)
    except TypeError:
        raise MisfitError(path, "must be a list of plain values") from None


def _at(path: Path, number: int) -> Path:
    return (*path[:-1], f"{path[-1]}[{number}]") if path else (f"[{number}]",)


def _scalar(kind: Any, value: object, path: Path) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is kind:
        return value
    raise MisfitError(path, f"must be {told(kind)}, not {_named(value)}")


def _named(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a table"}  # fmt: skip
    return names.get(type(value), "a date or a time")


def _shown(value: object) -> str:
    if isinstance(value, (bool, int, float, str)):
        text = toml(value)
        return f"`{text if len(text) <= 60 else text[:60] + '…'}`"
    return _named(value)
