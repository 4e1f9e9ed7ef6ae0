"""Relations between Django's models: which fields refer to another model, and what its rows call the other end.

https://docs.djangoproject.com/en/5.2/ref/models/fields/#module-django.db.models.fields.related
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from api_lint.facts import Call, Class, ClassRef, Expr, Text
from api_lint.link import Project

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


class Relations:
    """The models of a project by name, and their relations by what the other end is called."""

    def __init__(self, project: Project) -> None:
        self.models: dict[str, list[ClassRef]] = defaultdict(list)
        self.reverse: dict[str, list[Relation]] = defaultdict(list)
        censuses = ((path, project.census(path)) for path in project.scanned)
        paths = (path for path, each in censuses if each is not None and each.has("classes"))
        modules = filter(None, map(project.module, paths))
        for module in (m for m in modules if m.kind not in ("tests", "migrations")):
            for cls in (cls for cls in module.facts.classes if cls.bases):
                self._add(ClassRef(module.path, cls))

    def _add(self, owner: ClassRef) -> None:
        self.models[owner.cls.name].append(owner)
        for field in owner.cls.fields:
            found = relation(field.value, owner)
            if found is not None:
                assert isinstance(field.value, Call)
                self.reverse[_accessor(field.value, found)].append(found)

    def named(self, name: str, owner: ClassRef) -> list[ClassRef]:
        """The classes that a model's name may mean in another's field: `"self"`, `"Label"`, `"spaces.Label"`."""
        if name == "self":
            return [owner]
        app, _, last = name.rpartition(".")
        found = self.models.get(last, [])
        where = [ref for ref in found if f"/{app}/" in f"/{ref.path}"] if app else []
        beside = [ref for ref in found if ref.path == owner.path]
        return where or beside or found


def _accessor(call: Call, found: Relation) -> str:
    given = call.keyword("related_name")
    cls: Class = found.owner.cls
    if given is not None:
        return given.value.replace("%(class)s", cls.name.lower()) if isinstance(given, Text) else ""
    return f"{cls.name.lower()}_set" if found.from_many else cls.name.lower()
