"""Which names a file's facts hold: enough to pass by the files that cannot matter to a question about all of them.

A file whose facts are kept from an earlier run need not be unpacked as long as nobody asks about a name that it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from api_lint.facts import Assign, Attr, Call, Class, Expr, Function, ModuleFacts


class Census(NamedTuple):
    """The names in a file's facts, those of each sort as one text, with a space before and behind each.

    `calls` are the last parts of what is called, `decorators` those of calls that decorate or are called again, `imports`
    the absolute modules that are imported, `attributes` the last parts of what is assigned to other than of `self`,
    `methods` the methods, `classes` the classes with bases, `heads` the first parts of bases and decorators, and `keywords` the names of the arguments of calls whose result
    is kept under a name.
    """

    calls: str
    decorators: str
    imports: str
    attributes: str
    methods: str
    classes: str
    heads: str
    keywords: str

    def holds(self, sort: str, names: Iterable[str]) -> bool:
        """Whether any of the names is among those of a sort (a field's name)."""
        text: str = getattr(self, sort)
        return any(f" {name} " in text for name in names)

    def names(self, sort: str) -> list[str]:
        """All names of a sort."""
        text: str = getattr(self, sort)
        return text.split()

    def has(self, sort: str) -> bool:
        """Whether there is any name of a sort."""
        text: str = getattr(self, sort)
        return bool(text.strip())

    def imports_from(self, packages: Iterable[str]) -> bool:
        """Whether a module is imported whose name begins so."""
        return any(f" {package}" in self.imports for package in packages)


def take(facts: ModuleFacts) -> Census:
    """Take the census of a file's facts."""
    bodies = (facts.body, *facts.functions)
    assigns = [assign for body in bodies for assign in body.assigns]
    decorators = [decorator for decorator in _decorators(facts) if isinstance(decorator, Call)]
    kept = [*(a.value for a in assigns), *(f.value for cls in facts.classes for f in cls.fields)]
    made = [value for value in kept if isinstance(value, Call)]
    calls = [site.call for body in bodies for site in body.calls]
    again = [call.func for call in calls if isinstance(call.func, Call)]
    return Census(
        _text(last(call.func) for call in (*calls, *decorators, *made, *again)),
        _text(last(call.func) for call in (*decorators, *again)),
        _text(i.module for body in bodies for i in body.imports if not i.level),
        _text(_attributes(assigns)),
        _text(name for cls in facts.classes for name in cls.methods),
        _text(cls.name for cls in facts.classes if cls.bases),
        _text(heads(facts)),
        _text(name for call in made for name, _ in call.keywords),
    )


def _attributes(assigns: Iterable[Assign]) -> Iterator[str]:
    for assign in assigns:
        owner, _, name = assign.target.rpartition(".")
        if owner and owner not in ("self", "cls"):
            yield name


def heads(facts: ModuleFacts) -> Iterator[str]:
    """The first parts of the names of all bases and decorators."""
    bases = (base for cls in facts.classes for base in cls.bases)
    for expr in (*bases, *(d.func if isinstance(d, Call) else d for d in _decorators(facts))):
        if isinstance(expr, str):
            yield expr.partition(".")[0]


def _decorators(facts: ModuleFacts) -> Iterator[Expr]:
    owners: tuple[Function | Class, ...] = (*facts.functions, *facts.classes)
    return (decorator.value for owner in owners for decorator in owner.decorators)


def last(callee: Expr) -> str:
    """The last part of the name of what is called, "" where it has none."""
    if isinstance(callee, str):
        return callee.rpartition(".")[2]
    return callee.name if isinstance(callee, Attr) else ""


def _text(names: Iterable[str]) -> str:
    return " ".join(("", *sorted({name for name in names if name}), ""))
