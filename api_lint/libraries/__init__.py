"""What is known of libraries that are not part of the linted project, as data.

One module a family (`sqlalchemy.py`, `http.py`, …), each with a `LIBRARY`. The tables say what calls give and what they
do; `types` and `effects` apply them. A mistake about a library is mended here, never in a rule.

A *type* names what an expression is, in a small language:

    "sqlalchemy.orm.Session"          an instance of that class
    "sqlalchemy.orm.Query[$0]"        an instance with a type argument: the value of call argument 0
    "list[$item]"                     many of the receiver's type argument; also "dict[...]", "tuple[..., ...]"
    "$self"                           the receiver itself (query builders)
    "$item"                           the receiver's type argument
    "$0", "$model"                    argument 0 (a class gives its instance, a query its row); keyword `model=`
    "$entity"                         argument 0 where only a mapped class can stand: one out of sight counts as a model
    "$call"                           what argument 0, a function, gives when it is called with the others
    "$row"                            for views: a row of the view's own `queryset` or `get_queryset`
    "$class"                          for class attributes and methods: an instance of the class they are looked up on
    "type[X]"                         the class X itself
    "await X"                         a coroutine that gives X
    ""                                unknown
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Known:
    """What calling a function or a method gives (a type as above) and does (see `facts.Effect`).

    `runs` names the arguments that are functions which the call runs *somewhere else* (a thread, a process, a task
    queue): what they do does not block the caller. Positions as strings ("0"), keywords by name.
    """

    gives: str = ""
    blocks: str = ""
    data: str = ""
    llm: str = ""
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownClass:
    """What is known of a class.

    `role`: `model` (ORM model base), `document` (ODM base, a model too), `schema`, `session`, `async-session`, `client`,
    `query`, `response` (a ready HTTP response), `serializer`, `settings`, `exception`, `holder` (has whatever attributes
    the project gives it: `flask.g`, `app.state`), or "".
    `methods` are called on instances, `attributes` read on instances (types), `statics` are called on the class itself
    (classmethods) and `class_attributes` read on it. `enters` is what `with x as y` gives (default `$self`).
    `makes` is the effect of constructing one, `makes_with_arguments` of constructing one with any (a host to connect to).
    """

    bases: tuple[str, ...] = ()
    role: str = ""
    methods: Mapping[str, Known] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    statics: Mapping[str, Known] = field(default_factory=dict)
    class_attributes: Mapping[str, str] = field(default_factory=dict)
    enters: str = "$self"
    iterates: str = ""
    iterating: Known = Known()
    makes: Known = Known()
    makes_with_arguments: Known = Known()


@dataclass(frozen=True, slots=True)
class Library:
    """A family's tables. `aliases` map other import paths of a name to the one the tables use (a path that ends in `.*`
    maps a whole package)."""

    functions: Mapping[str, Known] = field(default_factory=dict)
    classes: Mapping[str, KnownClass] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def load() -> Library:
    """All families' tables as one."""
    functions: dict[str, Known] = {}
    classes: dict[str, KnownClass] = {}
    objects: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        family: Library = importlib.import_module(f"{__name__}.{module.name}").LIBRARY
        functions.update(family.functions)
        classes.update(family.classes)
        objects.update(family.objects)
        aliases.update(family.aliases)
    return Library(functions, classes, objects, aliases)
