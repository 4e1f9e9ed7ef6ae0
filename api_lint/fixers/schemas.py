"""What a handler answers with, as a type to declare, and the schema of the project that shows an ORM model.

Everything here would rather say why not: `Unclear` is raised wherever a type or a schema could only be guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from api_lint.api import Api
from api_lint.facts import (
    UNKNOWN,
    Attr,
    Await,
    Call,
    Choice,
    ClassRef,
    Comp,
    Const,
    Expr,
    Field,
    Format,
    Function,
    FunctionRef,
    Item,
    Map,
    Of,
    Param,
    Seq,
    Star,
    Text,
    Value,
)
from api_lint.fixers.flow import Flow, Given

__all__ = ["Answer", "Shape", "Unclear", "may_be_none", "schema_of"]

_SECRET = re.compile(r"passw|pwd|secret|hash|salt|token|api_?key|private_?key", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# What schemas for answers are called, and words in a name that say nothing. Any other word sets one apart.
_FOR_ANSWERS = frozenset("read out output response resp public view show return returned result".split())
_NEUTRAL = frozenset("schema serializer model dto orm db table entity pydantic data".split())
_BUILTINS = ("str", "int", "float", "bool")
_PLAIN = frozenset(f"builtins.{name}" for name in _BUILTINS)
_MAKES = {"str": "str", "len": "int", "int": "int", "float": "float", "bool": "bool"}
# Their models have a key that no class declares.
_IMPLICIT_KEY = ("tortoise", "django", "beanie", "peewee", "odmantic", "mongoengine")
# Queries that give nothing where there is no such row.
_MAYBE = frozenset("first one_or_none scalar scalar_one_or_none get find_one get_or_none".split())
_TOO_DEEP = 3
# What an assignment gives is told by its own expression, unless later statements can change what is in it.
_FRESH = (Const, Of, Format, Text, Call, Await, Choice, str)


class Unclear(Exception):
    """A type or a schema that could only be guessed; its text says why, as the reason of a refused fix."""


class Shape(NamedTuple):
    """A type of answer. `kind`: `builtin` or `schema` of that `name`, `list` or `dict` of `items`, `none`, `union`.

    `orm` tells whether an ORM object is read to make it.
    """

    kind: str
    name: str = ""
    items: tuple[Shape, ...] = ()
    orm: bool = False

    @property
    def schemas(self) -> tuple[str, ...]:
        """The names of the schemas in it."""
        own = (self.name,) if self.kind == "schema" else ()
        return (*own, *(name for item in self.items for name in item.schemas))

    @property
    def reads_orm(self) -> bool:
        return self.orm or any(item.reads_orm for item in self.items)


_NONE = Shape("none")


# --------------------------------------------------------------------------------------------------------- schemas


def schema_of(api: Api, model: Value, *families: str) -> ClassRef:
    """The one schema of the project that shows an ORM model to clients.

    Parameters: `model`, an instance; `families`, the kinds of schema that can serve: `pydantic`, `marshmallow`, `drf`.
    Raises: Unclear where none or several fit.
    """
    fitting: dict[ClassRef, int] = {}
    reasons: list[str] = []
    for ref in api.classes("schema", "serializer"):
        if family(api, ref) not in families or not _is_about(api, ref, model):
            continue
        reason = _misfit(api, ref, model)
        if reason:
            reasons.append(f"{ref.cls.name} {reason}")
        else:
            fitting[ref] = _rank(ref, model)
    if not fitting:
        raise Unclear("; ".join([f"no schema of the project shows {model.label}", *reasons[:3]]))
    best = [ref for ref, rank in fitting.items() if rank == min(fitting.values())]
    if len(best) > 1:
        best = [ref for ref in best if all(_derives(api, other, ref) for other in best)] or best
    if len(best) > 1:
        names = ", ".join(sorted(f"{ref.cls.name} ({ref.path})" for ref in best))
        raise Unclear(f"several schemas show {model.label}: {names}")
    return best[0]


def family(api: Api, ref: ClassRef) -> str:
    """The library of a schema: `pydantic`, `marshmallow`, `drf`, or ""."""
    names = api.bases(ref.path, ref.cls.qualname)
    if "rest_framework.serializers.ModelSerializer" in names:
        return "drf"
    if "marshmallow.Schema" in names or any(n.startswith("flask_marshmallow.") for n in names):
        return "marshmallow"
    is_model = names & {"pydantic.BaseModel", "sqlmodel.SQLModel", "pydantic.main.BaseModel"}
    return "pydantic" if is_model else ""


def is_pydantic_1(api: Api) -> bool:
    """Whether the project is written for pydantic 1, where a union takes the first type that can be converted to."""
    return any(reads_attributes(api, ref) == "orm_mode" for ref in api.classes("schema"))


def reads_attributes(api: Api, ref: ClassRef) -> str:
    """What lets a pydantic schema read objects: `from_attributes`, `orm_mode` (pydantic 1), or "" if nothing does."""
    for ancestor in _lineage(api, ref):
        module = api.module(ancestor.path)
        config = module.classes.get(f"{ancestor.cls.qualname}.Config") if module is not None else None
        said = list(ancestor.cls.keywords)
        for field in ancestor.cls.fields:
            if field.name == "model_config" and isinstance(field.value, Call):
                said += field.value.keywords
            elif field.name == "model_config" and isinstance(field.value, Map):
                said += [(k.value, v) for k, v in field.value.items if isinstance(k, Text)]
        said += [(field.name, field.value) for field in config.fields] if config is not None else []
        for name in ("from_attributes", "orm_mode"):
            if (name, Const(True)) in said:
                return name
    return "from_attributes" if "sqlmodel.SQLModel" in api.bases(ref.path, ref.cls.qualname) else ""


def _lineage(api: Api, ref: ClassRef) -> tuple[ClassRef, ...]:
    """A class and its project bases, nearest first."""
    return tuple(a.ref for a in api.types.mro(Value("instance", ref.key)) if a.ref is not None)


def _derives(api: Api, ref: ClassRef, base: ClassRef) -> bool:
    return base in _lineage(api, ref)


def _is_about(api: Api, ref: ClassRef, model: Value) -> bool:
    """Whether a schema is meant for a model: its `Meta.model` says so, or else its name."""
    meta = _meta(api, ref)
    if "model" in meta:
        module = api.module(ref.path)
        assert module is not None
        return api.value(meta["model"], api.types.class_scope(ref.cls, module)).name == model.name
    return _spare_words(ref, model) is not None


def _spare_words(ref: ClassRef, model: Value) -> frozenset[str] | None:
    """The words of a schema's name besides the model's; `None` where it does not hold the model's."""
    own = [w.lower() for w in _WORDS.findall(ref.cls.name)]
    wanted = [w for w in (w.lower() for w in _WORDS.findall(model.label)) if w not in _NEUTRAL]
    for name in (wanted, [*wanted[:-1], wanted[-1].removesuffix("s")]) if wanted else ():
        for start in range(len(own) - len(name) + 1):
            if own[start : start + len(name)] == name:
                return frozenset(own[:start] + own[start + len(name) :])
    return None


def _rank(ref: ClassRef, model: Value) -> int:
    """How well a fitting schema serves as an answer: the less the better."""
    spare = (_spare_words(ref, model) or frozenset()) - _NEUTRAL
    if spare and spare <= _FOR_ANSWERS:
        return 0
    return 1 if not spare else 2


def _misfit(api: Api, ref: ClassRef, model: Value) -> str:
    """Why a schema cannot show a model, "" if it can."""
    spare = (_spare_words(ref, model) or frozenset()) - _NEUTRAL - _FOR_ANSWERS
    if spare and "model" not in _meta(api, ref):
        return "is for something else by its name"
    kind = family(api, ref)
    if ref.cls.scope or "." in ref.cls.qualname:
        return "cannot be imported"
    return _misfit_pydantic(api, ref, model) if kind == "pydantic" else _misfit_meta(api, ref, model)


def _misfit_pydantic(api: Api, ref: ClassRef, model: Value) -> str:
    if ref.cls.type_params or "typing.Generic" in api.bases(ref.path, ref.cls.qualname):
        return "is generic"
    if not reads_attributes(api, ref):
        return "does not read attributes (from_attributes)"
    fields = schema_fields(api, ref)
    secret = secret_field(api, ref)
    if secret:
        return f"has the field {secret}"
    missing = sorted(set(fields) - _model_names(api, model))
    if not fields or missing:
        return f"has {missing[0]}, which {model.label} has not" if missing else "has no fields"
    for field in fields.values():
        if isinstance(field.value, Call) and any("alias" in key for key, _ in field.value.keywords):
            return f"reads {field.name} by an alias"
        if _is_nullable(api, model, field.name) and not _allows_none(field.annotation):
            return f"does not allow for {field.name} being null"
    return ""


def _misfit_meta(api: Api, ref: ClassRef, model: Value) -> str:
    meta = _meta(api, ref)
    declared = [f for each in _lineage(api, ref) for f in each.cls.fields if isinstance(f.value, Call)]
    hidden = ("load_only", Const(True))
    names = {f.name for f in declared if isinstance(f.value, Call) and hidden not in f.value.keywords}
    if "rest_framework.serializers.HyperlinkedModelSerializer" in api.bases(ref.path, ref.cls.qualname):
        return "needs the request"
    if "model" not in meta and (not names or names - _model_names(api, model)):
        return f"has fields that {model.label} has not"
    if "model" in meta:  # which fields a Meta lists is not kept, so any of the model's may be shown
        names |= {f.name for a in api.types.mro(model) if a.ref for f in a.ref.cls.fields}
        names |= {"password" for a in api.types.mro(model) if a.name.startswith("django.contrib.auth")}
    secret = next((name for name in sorted(names) if _SECRET.search(name)), "")
    return f"may show {secret}" if secret else ""


def _meta(api: Api, ref: ClassRef) -> dict[str, Expr]:
    """The settings in a schema's `class Meta`, its own or the nearest base's."""
    for each in _lineage(api, ref):
        module = api.module(each.path)
        meta = module.classes.get(f"{each.cls.qualname}.Meta") if module is not None else None
        if meta is not None:
            return {field.name: field.value for field in meta.fields}
    return {}


def schema_fields(api: Api, ref: ClassRef) -> dict[str, Field]:
    """The fields of a pydantic schema, inherited ones among them."""
    fields: dict[str, Field] = {}
    for each in reversed(_lineage(api, ref)):
        for field in each.cls.fields:
            is_class_var = "ClassVar" in repr(field.annotation)
            if field.annotation is not UNKNOWN and field.name[0] != "_" and not is_class_var:
                fields[field.name] = field
    fields.pop("model_config", None)
    return fields


def secret_field(api: Api, ref: ClassRef, depth: int = 0) -> str:
    """A field of a schema, or of a schema in it, whose name is that of a secret; "" if there is none."""
    for field in schema_fields(api, ref).values():
        if _SECRET.search(field.name):
            return field.name
        for inner in _schemas_in(api, ref, field) if depth < _TOO_DEEP else ():
            found = secret_field(api, inner, depth + 1)
            if found:
                return f"{field.name}.{found}"
    return ""


def related_field(api: Api, ref: ClassRef) -> str:
    """A field of a schema that is another schema, so one that is read from a related object; "" if there is none."""
    return next((f.name for f in schema_fields(api, ref).values() if any(_schemas_in(api, ref, f))), "")


def _schemas_in(api: Api, ref: ClassRef, field: Field) -> Iterator[ClassRef]:
    owner = next((r for r in _lineage(api, ref) if field in r.cls.fields), ref)
    module = api.module(owner.path)
    assert module is not None
    waiting = [api.types.annotated(field.annotation, api.types.class_scope(owner.cls, module))]
    while waiting:
        value = waiting.pop()
        waiting += value.items
        found = api.class_ref(value) if value.kind == "instance" else None
        if found is not None and family(api, found) == "pydantic" and found != ref:
            yield found


def _model_names(api: Api, model: Value) -> frozenset[str]:
    names: set[str] = set()
    for ancestor in api.types.mro(model):
        if ancestor.ref is not None:
            names.update(field.name for field in ancestor.ref.cls.fields)
            names.update(ancestor.ref.cls.methods)
        elif ancestor.name.startswith(_IMPLICIT_KEY):
            names.update(("id", "pk"))
    return frozenset(names)


def _is_nullable(api: Api, model: Value, name: str) -> bool:
    for ancestor in api.types.mro(model):
        for field in ancestor.ref.cls.fields if ancestor.ref is not None else ():
            if field.name == name:
                return _allows_none(field.annotation)
    return False


def _allows_none(annotation: Expr) -> bool:
    match annotation:
        case Const(None):
            return True
        case Choice(options):
            return any(map(_allows_none, options))
        case Item(base, key):
            name = base.rpartition(".")[2] if isinstance(base, str) else ""
            if name in ("Mapped", "Annotated", "Union"):
                inner = key.items if isinstance(key, Seq) else (key,)
                return any(map(_allows_none, inner if name == "Union" else inner[:1]))
            return name == "Optional"
    return annotation in ("Any", "typing.Any")


# --------------------------------------------------------------------------------------------------------- answers


class Answer:
    """What the expressions of a handler are, as types that can be declared.

    Parameters: `api`; `path` and `function`, the handler; `asked`, the functions whose answers led here.
    """

    def __init__(
        self, api: Api, path: str, function: Function, asked: tuple[FunctionRef, ...] = ()
    ) -> None:
        self.api = api
        self.path = path
        self.function = function
        self.asked = (*asked, FunctionRef(path, function))
        self._asked: set[tuple[Expr, int]] = set()

    @cached_property
    def flow(self) -> Flow | None:
        """The ways through the function, `None` where its source cannot be read."""
        try:
            return Flow(self.api.source(self.path) or "", self.function)
        except LookupError:
            return None

    def whole(self) -> Shape:
        """What the function gives, whichever way is taken through it.

        Raises: Unclear where it is not known for sure.
        """
        if self.flow is None or self.function.is_generator:
            raise Unclear(f"the type of {self.function.name}(…) is not known")
        shapes = [self.of(returned.value, returned.span.line) for returned in self.function.returned]
        return self.union([*shapes, *([_NONE] if self.flow.falls_through else [])], self.function.name)

    def of(self, expr: Expr, line: int) -> Shape:
        """The type of an expression at a row.

        Raises: Unclear where it is not known for sure.
        """
        match expr:
            case Const(None):
                return _NONE
            case Const(value):
                return Shape("builtin", type(value).__name__)
            case Text() | Format():
                return Shape("builtin", "str")
            case Of(name) if name in _BUILTINS:
                return Shape("builtin", name)
            case Map(items):
                return self._dict(items, line)
            case Seq("list", items) if not any(isinstance(item, Star) for item in items):
                return Shape("list", items=(self.union((self.of(i, line) for i in items), "a list"),))
            case Comp("list", element, _):
                return Shape("list", items=(self.of(element, line),))
            case Choice(options) if len(options) > 1:
                return self.union((self.of(o, line) for o in options), "an alternative")
            case Call(str(name), _, _) if name in _MAKES and not self._is_bound(name):
                return Shape("builtin", _MAKES[name])
        return self._given(expr, line) or self._named(expr, line) or self._valued(expr, line)

    def union(self, shapes: Iterable[Shape], what: str) -> Shape:
        """One type for all of these.

        Raises: Unclear where it would say too little, or where it would convert what it should keep.
        """
        each = list(dict.fromkeys(i for s in shapes for i in (s.items if s.kind == "union" else (s,))))
        if not each:
            raise Unclear(f"{what} without an element tells no type")
        each = [s for s in each if s != _NONE] + [s for s in each if s == _NONE]
        flat = [s for s in each if s != _NONE]
        if len(each) == 1:
            return each[0]
        if len(flat) > 3 or sum(bool(s.schemas) for s in flat) > 1:
            raise Unclear(f"{what} holds values of too many types")
        if len(flat) > 1 and is_pydantic_1(self.api):
            raise Unclear("pydantic 1 would convert the values to the first of several types")
        return Shape("union", items=tuple(each))

    def _dict(self, items: tuple[tuple[Expr, Expr], ...], line: int) -> Shape:
        if any(not isinstance(key, (Text, Format)) and key != Of("str") for key, _ in items):
            raise Unclear("the keys of the dict that is returned are not all known")
        return Shape("dict", items=(self.union((self.of(v, line) for _, v in items), "a dict"),))

    def _is_bound(self, name: str) -> bool:
        module = self.api.module(self.path)
        assert module is not None
        return name in self.function.bound or name in module.facts.body.bound

    def _given(self, expr: Expr, line: int) -> Shape | None:
        """What all statements that may have given a local name its value have given it, `None` for anything else.

        Raises: Unclear where one of them is not known.
        """
        found = self.flow.given(expr, line) if self.flow is not None and isinstance(expr, str) else None
        if not found or all(given.line == 0 for given in found):
            return None
        if (expr, line) in self._asked:
            raise Unclear(f"the type of {expr} is not known")
        self._asked.add((expr, line))
        try:
            shapes = [self._gave(str(expr), given) for given in sorted(found)]
        finally:
            self._asked.discard((expr, line))
        return self.union((shape for shape in shapes if shape is not None), str(expr))

    def _gave(self, name: str, given: Given) -> Shape | None:
        """What one statement gave a name; `None` where it gave nothing that can be there still."""
        assigns = [a for a in self.function.assigns if a.target == name and a.line == given.line]
        if given.line == 0:
            param = next((p for p in self.function.params if p.name == name), None)
            if param is None:
                return None
            shape = self._taken(param)
        elif len(assigns) != 1 or assigns[0].how == "del":
            shape = None
        elif assigns[0].how == "=" and isinstance(assigns[0].value, _FRESH):
            shape = self.of(assigns[0].value, given.line)
        else:
            shape = self._valued(name, given.line + 1)
        if shape is None:
            raise Unclear(f"the type of {name} is not known")
        return _something(shape) if given.is_something else shape

    def _taken(self, param: Param) -> Shape | None:
        """What a parameter can be, by its annotation."""
        found = self._declared(param.annotation)
        is_none = param.has_default and param.default == Const(None)
        return self.union((found, _NONE), param.name) if found and is_none else found

    def _named(self, expr: Expr, line: int) -> Shape | None:
        """A parameter, a local name bound once, or a schema's field, of a built-in type."""
        if not isinstance(expr, str):
            return None
        if "." not in expr:
            assigns = [a for a in self.function.assigns if a.target == expr]
            param = next((p for p in self.function.params if p.name == expr), None)
            if param is not None and not assigns:
                return self._taken(param)
            simple = (Const, Of, Format, Text, Call)
            if len(assigns) == 1 and assigns[0].how == "=" and isinstance(assigns[0].value, simple):
                try:
                    found = self.of(assigns[0].value, assigns[0].line)
                except Unclear:
                    return None
                return found if found.kind == "builtin" else None
            return None
        base, _, name = expr.rpartition(".")
        value = self.api.value(base, self.api.scope(self.path, self.function, line))
        ref = self.api.class_ref(value) if value.kind == "instance" else None
        if ref is None or self.api.role(value) not in ("schema", "model"):
            return None
        fields = (f for r in _lineage(self.api, ref) for f in r.cls.fields if f.name == name)
        field = next(fields, None)
        annotation = field.annotation if field is not None else UNKNOWN
        if isinstance(annotation, Item) and str(annotation.base).endswith("Mapped"):
            annotation = annotation.key
        return self._declared(annotation)

    def _declared(self, annotation: Expr) -> Shape | None:
        """A type as an annotation names it, if it is made of built-in ones only."""
        match annotation:
            case str() if annotation in _BUILTINS:
                return Shape("builtin", annotation)
            case Const(None):
                return _NONE
            case Choice(options):
                found = [self._declared(option) for option in options]
                return self.union((f for f in found if f), "it") if all(found) else None
            case Item("Optional" | "typing.Optional", inner):
                one = self._declared(inner)
                return self.union((one, _NONE), "it") if one else None
            case Item("list" | "List", inner):
                one = self._declared(inner)
                return Shape("list", items=(one,)) if one else None
            case Item("dict" | "Dict", Seq(_, ("str", inner))):
                one = self._declared(inner)
                return Shape("dict", items=(one,)) if one else None
        return None

    def _valued(self, expr: Expr, line: int) -> Shape:
        scope = self.api.scope(self.path, self.function, line)
        value = self.api.value(expr, scope)
        if not self.api.model_in(value):
            if self.api.is_any(expr, scope):
                raise Unclear(f"the type of {_shown(expr)} is declared as Any")
            declared = self._called(expr, line)
            if declared is not None:
                return declared
        shape = self._shape(value)
        if shape is None:
            raise Unclear(f"the type of {_shown(expr)} is not known")
        if may_be_none(self.api, expr, self.path, self.function, line):
            return self.union((shape, _NONE), "it")
        return shape

    def _called(self, expr: Expr, line: int) -> Shape | None:
        """What a project function is annotated to return, if that is made of built-in types; one without annotation
        gives what every one of its returns does."""
        call = expr.value if isinstance(expr, Await) else expr
        if not isinstance(call, Call):
            return None
        func = self.api.value(call.func, self.api.scope(self.path, self.function, line))
        ref = self.api.function_ref(func) if func.kind in ("function", "method") else None
        if ref is None or ref.function.is_generator or ref.function.is_async != isinstance(expr, Await):
            return None
        if ref.function.returns is not UNKNOWN:
            return self._declared(ref.function.returns)
        if ref in self.asked or len(self.asked) > _TOO_DEEP:
            raise Unclear(f"the type of {_shown(expr)} is not known")
        return Answer(self.api, ref.path, ref.function, self.asked).whole()

    def _shape(self, value: Value) -> Shape | None:
        if value.kind == "list":
            item = self._shape(value.item)
            return Shape("list", items=(item,)) if item is not None else None
        if value.kind == "instance" and value.name in _PLAIN:
            return Shape("builtin", value.name.removeprefix("builtins."))
        ref = self.api.class_ref(value) if value.kind == "instance" else None
        if ref is None:
            return None
        if self.api.role(value) in ("model", "document"):
            schema = schema_of(self.api, value, "pydantic")
            related = related_field(self.api, schema)
            if related and any(ref.function.is_async for ref in self.asked):
                raise Unclear(
                    f"{schema.cls.name} reads {related}, which may not be loaded in a coroutine"
                )
            return Shape("schema", schema.key, orm=True)
        if family(self.api, ref) != "pydantic" or value.items or ref.cls.type_params:
            return None
        secret = secret_field(self.api, ref)
        if secret:
            raise Unclear(f"{ref.cls.name} has the field {secret}")
        return Shape("schema", ref.key)


def _something(shape: Shape) -> Shape | None:
    """What is left of a type where a test has ruled out `None`."""
    if shape.kind != "union":
        return None if shape == _NONE else shape
    items = tuple(item for item in shape.items if item != _NONE)
    return items[0] if len(items) == 1 else shape._replace(items=items)


def may_be_none(api: Api, expr: Expr, path: str, function: Function, line: int, depth: int = 0) -> bool:
    """Whether an expression may be `None`, as far as queries and annotations tell and nothing checks it before."""
    if isinstance(expr, str) and "." not in expr:
        assigns = [a for a in function.assigns if a.target == expr and a.line < line]
        if not assigns or function.raises or function.branches:
            return False
        return may_be_none(api, assigns[-1].value, path, function, line, depth)
    call = expr.value if isinstance(expr, Await) else expr
    if not isinstance(call, Call) or depth > _TOO_DEEP:
        return False
    func = api.value(call.func, api.scope(path, function, line))
    ref = api.function_ref(func) if func.kind in ("function", "method") else None
    if ref is None:
        func_name = call.func.name if isinstance(call.func, Attr) else str(call.func).rpartition(".")[2]
        return func_name in _MAYBE and not (isinstance(call.func, str) and "objects.get" in call.func)
    if ref.function.returns is not UNKNOWN:
        return _allows_none(ref.function.returns)
    return any(
        r.value == Const(None)
        or may_be_none(api, r.value, ref.path, ref.function, r.span.line, depth + 1)
        for r in ref.function.returned
    )


def _shown(expr: Expr) -> str:
    match expr:
        case str():
            return expr
        case Await(value):
            return _shown(value)
        case Call(func, _, _):
            return f"{_shown(func)}(…)"
        case Attr(base, name):
            return f"{_shown(base)}.{name}"
    return "what is returned"
