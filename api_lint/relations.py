"""Relations between models: which fields refer to another model, and what the rows of Django's call the other end.

https://docs.djangoproject.com/en/5.2/ref/models/fields/#module-django.db.models.fields.related
https://docs.sqlalchemy.org/en/20/orm/relationship_api.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from api_lint.facts import Call, Class, ClassRef, Const, Expr, Text
from api_lint.link import Module, Project

MODEL = "django.db.models.Model"
MANAGER = "django.db.models.RelatedManager"
# Fields that refer to one row or to many, by the last part of their names; those of mptt, modelcluster and annoying too.
_TO_ONE = frozenset(
    {"ForeignKey", "OneToOneField", "TreeForeignKey", "ParentalKey", "AutoOneToOneField"}
)
_TO_MANY = frozenset(
    {"ManyToManyField", "TreeManyToManyField", "ParentalManyToManyField", "SortedManyToManyField"}
)
_ALONE = frozenset({"OneToOneField", "AutoOneToOneField"})


class Relation(NamedTuple):
    """A model's field that refers to another model.

    `target` is what is written for that (a class, `Text` with its name); `to_many` tells whether a row refers to many,
    `from_many` whether many rows refer to one.
    """

    owner: ClassRef
    target: Expr
    to_many: bool
    from_many: bool


def relation(value: Expr, owner: ClassRef) -> Relation | None:
    """The relation that a field's value declares, or `None`."""
    if not isinstance(value, Call) or not isinstance(value.func, str):
        return None
    kind = value.func.rpartition(".")[2]
    target = value.argument(0, "to")
    if target is None or kind not in _TO_ONE | _TO_MANY:
        return None
    return Relation(owner, target, kind in _TO_MANY, kind not in _ALONE)


def mapping(value: Expr) -> Call | None:
    """The call of SQLAlchemy's `relationship()` that a field's value is, or `None`."""
    if not isinstance(value, Call) or not isinstance(value.func, str):
        return None
    return value if value.func.rpartition(".")[2] == "relationship" else None


def is_to_one(call: Call, owner: Class, other: Class) -> bool:
    """Whether a `relationship()` gives one row: it says so, or a column beside it holds the other's key."""
    uselist = call.keyword("uselist")
    if uselist is not None or call.keyword("secondary") is not None:
        return uselist == Const(False)
    if owner == other:
        return call.keyword("remote_side") is not None
    tables = {_table(key) for field in owner.fields for key in _keys(field.value)}
    return any(_is_table(table, other) for table in tables)


def _keys(value: Expr) -> Iterator[Expr]:
    """The columns that a column's value says it refers to."""
    if isinstance(value, Call) and isinstance(value.func, str):
        for argument in value.args:
            if not isinstance(argument, Call) or not isinstance(argument.func, str):
                continue
            if argument.func.rpartition(".")[2] == "ForeignKey" and argument.args:
                yield argument.args[0]


def _table(key: Expr) -> str:
    """The table (or class) of a column: `users` of `"public.users.id"`."""
    written = key.value if isinstance(key, Text) else key if isinstance(key, str) else ""
    return written.rpartition(".")[0].rpartition(".")[2]


def _is_table(table: str, cls: Class) -> bool:
    """Whether a foreign key's table is that of a class; where the class does not tell, its name decides."""
    told = [field.value for field in cls.fields if field.name == "__tablename__"]
    if told and isinstance(told[-1], Text):
        return table in (told[-1].value, cls.name)
    return table.replace("_", "").lower().removesuffix("s") == cls.name.lower().removesuffix("s")


def reverse(project: Project) -> dict[str, list[Relation]]:
    """All relations of a project's models, by what the other end is called."""
    found: dict[str, list[Relation]] = defaultdict(list)
    for module in _without_tests(project.modules_with("calls", *sorted(_TO_ONE | _TO_MANY))):
        for owner in (ClassRef(module.path, cls) for cls in module.facts.classes if cls.bases):
            for value in (field.value for field in owner.cls.fields):
                related = relation(value, owner)
                if related is not None and isinstance(value, Call):
                    found[_accessor(value, related)].append(related)
    return found


def models(project: Project) -> Iterator[ClassRef]:
    """All classes of a project that may be models."""
    for module in _without_tests(project.modules_having("classes")):
        yield from (ClassRef(module.path, cls) for cls in module.facts.classes if cls.bases)


def named(project: Project, name: str, owner: ClassRef) -> list[ClassRef]:
    """The classes that a model's name may mean in another's field: `"self"`, `"Label"`, `"spaces.Label"`."""
    if name == "self":
        return [owner]
    app, _, last = name.rpartition(".")
    modules = _without_tests(project.modules_with("classes", last))
    found = [ClassRef(module.path, cls) for module in modules for cls in module.classes_named(last)]
    where = [ref for ref in found if f"/{app}/" in f"/{ref.path}"] if app else []
    beside = [ref for ref in found if ref.path == owner.path]
    return where or beside or found


def _without_tests(modules: Iterable[Module]) -> Iterator[Module]:
    return (module for module in modules if module.kind not in ("tests", "migrations"))


def _accessor(call: Call, found: Relation) -> str:
    given = call.keyword("related_name")
    cls: Class = found.owner.cls
    if given is not None:
        return given.value.replace("%(class)s", cls.name.lower()) if isinstance(given, Text) else ""
    return f"{cls.name.lower()}_set" if found.from_many else cls.name.lower()
