"""Edits that put a schema between a handler and its client: declared at the route, or applied where it answers."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from api_lint.api import Api, Module
from api_lint.facts import UNKNOWN, Call, ClassRef, Decorator, Expr, Function, Import, Route, Value
from api_lint.fixers.schemas import (
    Answer,
    Shape,
    Unclear,
    family,
    may_be_none,
    reads_attributes,
    schema_of,
)
from api_lint.link import Symbol
from api_lint.names import dotted as dotted_name
from api_lint.rule import UNSAFE, Edit, Finding, NeedImport, Replace

if TYPE_CHECKING:
    from api_lint.visit import Place

__all__ = ["declare_response", "dump_with_schema", "handler_at"]

# Decorators below the route's that give on what the handler answers.
_TRANSPARENT = frozenset(
    "limit shared_limit exempt cache cached inject wraps version deprecated".split()
)
# The same of those whose bare name could be anything's. https://www.starlette.io/authentication/#permissions
_TRANSPARENT_PATHS = frozenset({"starlette.authentication.requires"})


def handler_at(node: cst.FunctionDef, at: Place) -> Route | None:
    """The route that a definition, of which a hook was called, handles."""
    for route in at.api.handled_in(at.path):
        function = route.handler.function
        if function.start == at.line and function.name == node.name.value:
            return route
    return None


# -------------------------------------------------------------------------------------------------------- declared


def declare_response(finding: Finding, node: cst.FunctionDef, route: Route, at: Place) -> Finding:
    """The finding with the fix that declares what a FastAPI handler answers.

    Parameters: `node`, the handler's definition; `route`, what it handles; `at`, where the hook was called.
    Returns: the finding; with the reason instead where the answer is not known for sure.
    """
    if not at.wants_fixes:
        return finding
    try:
        shape, beside = _answer(node, route, at)
        names, needs = _written(dict.fromkeys(shape.schemas), at, route.handler.function)
        text = shown(shape, names)
        _check_builtins(text, at.module, route.handler.function)
        edits = _declarations(text, node, route, at, shape, beside)
    except Unclear as reason:
        return finding.unfixable(str(reason))
    return finding.fixed_by(f"Declare the response {text}", *edits, *needs, safety=UNSAFE)


def _answer(node: cst.FunctionDef, route: Route, at: Place) -> tuple[Shape, bool]:
    """The type of a handler's answers, and whether it returns ready responses beside."""
    function = route.handler.function
    if function.is_generator:
        raise Unclear("the handler yields")
    answers = Answer(at.api, at.path, function)
    shapes: list[Shape] = []
    beside = False
    for returned in function.returned:
        scope = at.api.scope(at.path, function, returned.span.line)
        if at.api.role(at.api.value(returned.value, scope)) == "response":
            beside = True
        else:
            shapes.append(answers.of(returned.value, returned.span.line))
    if not _ends(node.body):
        shapes.append(Shape("none"))
    found = answers.union(shapes, "the handler")
    if sum(shape.kind != "none" for shape in dict.fromkeys(shapes)) > 1:
        raise Unclear("the returns of the handler are of different types")
    return found, beside


def _ends(node: cst.BaseSuite | cst.BaseStatement) -> bool:
    """Whether a block ends in `return` or `raise` on every path."""
    match node:
        case cst.IndentedBlock(body) | cst.SimpleStatementLine(body) | cst.SimpleStatementSuite(body):
            last = body[-1] if body else None
            if isinstance(last, (cst.Return, cst.Raise)):
                return True
            return isinstance(last, cst.BaseStatement) and _ends(last)
        case cst.If(_, body, orelse):
            other = orelse.body if isinstance(orelse, cst.Else) else orelse
            return other is not None and _ends(body) and _ends(other)
        case cst.With():
            return _ends(node.body)
        case cst.Try():
            if node.finalbody is not None and _ends(node.finalbody.body):
                return True
            tried = _ends(node.orelse.body) if node.orelse is not None else _ends(node.body)
            return tried and all(_ends(handler.body) for handler in node.handlers)
        case cst.While(cst.Name("True"), body):
            return not any(isinstance(each, cst.Break) for each in _inside(body))
        case cst.Match():
            has_rest = (
                isinstance(node.cases[-1].pattern, cst.MatchAs) and not node.cases[-1].pattern.pattern
            )
            return has_rest and all(_ends(case.body) for case in node.cases)
    return False


def _inside(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for child in node.children:
        yield child
        yield from _inside(child)


def _declarations(
    text: str, node: cst.FunctionDef, route: Route, at: Place, shape: Shape, beside: bool
) -> Iterator[Edit] | list[Edit]:
    function = route.handler.function
    decorators = _route_decorators(node, function, at)
    if not decorators:
        raise Unclear("the route is registered elsewhere")
    if node.returns is None and shape.kind == "none" and not beside:
        return [_annotated(node, text)]
    is_plain = len(decorators) == len(node.decorators) and not beside and not shape.reads_orm
    if node.returns is None and is_plain and _annotates(at.api):
        return [_annotated(node, text)]
    return [_with_argument(call, text) for call in decorators]


def _route_decorators(node: cst.FunctionDef, function: Function, at: Place) -> list[cst.Call]:
    """The decorators that make routes of a handler.

    Raises: Unclear where one between may change what the handler answers.
    """
    spans = {r.span for r in at.api.routes(at.path) if r.handler.function is function}
    found: list[cst.Call] = []
    for decorator, fact in zip(node.decorators, function.decorators):
        if fact.span in spans and isinstance(decorator.decorator, cst.Call):
            found.append(decorator.decorator)
        elif found and not _is_transparent(fact, at):
            raise Unclear(f"the decorator {_last_name(fact.value)} may change what is returned")
    return found


def _is_transparent(decorator: Decorator, at: Place) -> bool:
    """Whether what a decorator makes of a handler answers what the handler does."""
    if _last_name(decorator.value) in _TRANSPARENT:
        return True
    value = decorator.value.func if isinstance(decorator.value, Call) else decorator.value
    found = at.api.value(value, at.api.scope(at.path, None, decorator.span.line))
    return found.name in _TRANSPARENT_PATHS


def _last_name(expr: Expr) -> str:
    func = expr.func if isinstance(expr, Call) else expr
    return func.rpartition(".")[2] if isinstance(func, str) else "below the route"


def _annotates(api: Api) -> bool:
    """Whether most routes of the project declare their answer by the return annotation."""
    declared = [r for r in api.routes() if r.framework == "fastapi" and r.response_model is not UNKNOWN]
    return sum(map(_is_annotated, declared)) * 2 >= len(declared)


def _is_annotated(route: Route) -> bool:
    function = route.handler.function
    decorators = (d.value for d in function.decorators if isinstance(d.value, Call))
    is_named = any(call.keyword("response_model") is not None for call in decorators)
    return not is_named and route.response_model == function.returns


def _annotated(node: cst.FunctionDef, text: str) -> Edit:
    """`-> text`, written where nothing stands before the colon: replacing more would meet other edits."""
    return Replace(node.whitespace_before_colon, cst.FormattedStringText(f" -> {text}"))


def _with_argument(call: cst.Call, text: str) -> Edit:
    """`response_model=text` behind the path, or as the last argument of a call in several rows."""
    if any(arg.keyword is not None and arg.keyword.value == "response_model" for arg in call.args):
        raise Unclear("the route has a response_model already")
    if any(arg.star == "**" for arg in call.args):
        raise Unclear("the decorator's arguments are not all known")
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    new = cst.Arg(cst.parse_expression(text), cst.Name("response_model"), equal)
    positional = [arg for arg in call.args if arg.keyword is None]
    if not positional or any(arg.star for arg in positional):
        raise Unclear("the decorator's arguments are not all known")
    position = len(positional)
    before = call.args[position - 1]
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if position < len(call.args):
        new = new.with_changes(comma=before.comma if _is_bare(before.comma) else comma)
        args = (*call.args[:position], new, *call.args[position:])
    elif isinstance(before.comma, cst.Comma):
        # The comma of the last argument holds what stands before the bracket.
        between = call.whitespace_before_args
        args = (*call.args[:-1], before.with_changes(comma=cst.Comma(whitespace_after=between)))
        args = (*args, new.with_changes(comma=before.comma))
        if not _is_bare(before.comma):
            raise Unclear("a comment stands where the argument belongs")
    else:
        is_split = isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace)
        if is_split and not _is_bare_space(before.whitespace_after_arg):
            raise Unclear("a comment stands where the argument belongs")
        after = call.whitespace_before_args if is_split else cst.SimpleWhitespace(" ")
        if not _is_bare_space(after):
            raise Unclear("a comment stands where the argument belongs")
        end = before.whitespace_after_arg
        bare = before.with_changes(
            comma=cst.Comma(whitespace_after=after), whitespace_after_arg=cst.SimpleWhitespace("")
        )
        args = (*call.args[:-1], bare, new.with_changes(whitespace_after_arg=end))
    return Replace(call, call.with_changes(args=args))


def _is_bare(comma: cst.Comma | cst.MaybeSentinel) -> bool:
    return isinstance(comma, cst.Comma) and _is_bare_space(comma.whitespace_after)


def _is_bare_space(space: cst.BaseParenthesizableWhitespace) -> bool:
    """Whether no comment is in it."""
    return not any(isinstance(each, cst.Comment) for each in _inside(space))


def shown(shape: Shape, names: dict[str, str]) -> str:
    """A type as it is written; `names` are the schemas' own."""
    inner = [shown(item, names) for item in shape.items]
    match shape.kind:
        case "none":
            return "None"
        case "schema":
            return names[shape.name]
        case "list":
            return f"list[{inner[0]}]"
        case "dict":
            return f"dict[str, {inner[0]}]"
        case "union":
            return " | ".join(inner)
    return shape.name


# --------------------------------------------------------------------------------------------------------- applied


def dump_with_schema(
    finding: Finding, value: cst.BaseExpression, route: Route, at: Place, line: int
) -> Finding:
    """The finding with the fix that turns every ORM object in an answer into plain data by its schema.

    Parameters: `value`, what is returned; `line`, its row.
    Returns: the finding; with the reason instead where no schema fits.
    """
    if not at.wants_fixes:
        return finding
    dumper = _Dumper(route, at, line)
    try:
        edits = list(dumper.edits(value, route.framework not in ("flask", "quart", "drf", "django")))
    except Unclear as reason:
        return finding.unfixable(str(reason))
    if not edits:
        return finding.unfixable("where the object is serialised is not known")
    needs = dict.fromkeys(edit for edit in dumper.needs)
    return finding.fixed_by(
        f"Answer with {' and '.join(dict.fromkeys(dumper.used))}", *edits, *needs, safety=UNSAFE
    )


class _Dumper:
    """Finds the ORM objects in an answer, and what to write instead of each."""

    def __init__(self, route: Route, at: Place, line: int) -> None:
        self.at = at
        self.function = route.handler.function
        self.line = line
        self.families = ("drf",) if route.framework in ("drf", "django") else ("pydantic", "marshmallow")
        self.needs: list[NeedImport] = []
        self.used: list[str] = []

    def edits(self, node: cst.BaseExpression, is_plain: bool = True) -> Iterator[Edit]:
        """The edits in an expression; in one that is serialised as it is where `is_plain`."""
        match node:
            case cst.Dict(elements):
                for element in elements:
                    yield from self.edits(element.value)
            case cst.Tuple(elements) if not is_plain:
                yield from self.edits(elements[0].value, is_plain)
            case cst.List(elements) | cst.Tuple(elements):
                for item in elements:
                    yield from self.edits(item.value)
            case cst.ListComp() | cst.GeneratorExp():
                yield from self.edits(node.elt)
            case cst.IfExp():
                yield from self.edits(node.body, is_plain)
                yield from self.edits(node.orelse, is_plain)
            case cst.Attribute(base, cst.Name("__dict__")):
                yield self._dumped(node, base)
            case cst.Call():
                yield from self._call(node, is_plain)
            case _ if is_plain and self._model(node) is not None:
                yield self._dumped(node, node)

    def _call(self, node: cst.Call, is_plain: bool) -> Iterator[Edit]:
        if is_plain and self._model(node) is not None:
            yield self._dumped(node, node)
            return
        name = self._value(node.func).name.rpartition(".")[2]
        if name in ("model_to_dict", "vars"):
            if len(node.args) != 1:
                raise Unclear(f"{name} chooses the fields here")
            yield self._dumped(node, node.args[0].value)
        elif name in (
            "jsonify",
            "make_response",
            "JsonResponse",
            "Response",
            "JSONResponse",
            "ORJSONResponse",
            "dumps",
        ):
            for position, arg in enumerate(node.args):
                keyword = arg.keyword.value if arg.keyword is not None else ""
                if name == "jsonify" or keyword in ("data", "content") or (not position and not keyword):
                    yield from self.edits(arg.value)

    def _value(self, node: cst.BaseExpression) -> Value:
        expr = self.at.expression(node)
        return self.at.api.value(expr, self.at.api.scope(self.at.path, self.function, self.line))

    def _model(self, node: cst.BaseExpression) -> Value | None:
        return self.at.api.model_in(self._value(node))

    def _dumped(self, old: cst.BaseExpression, node: cst.BaseExpression) -> Edit:
        api, value = self.at.api, self._value(node)
        model = api.model_in(value)
        many = value.kind == "list"
        if model is None or (value.item if many else value) != model:
            raise Unclear("the object stands inside another one")
        if not many and may_be_none(
            api, self.at.expression(node), self.at.path, self.function, self.line
        ):
            raise Unclear("the object may be None, which no schema takes")
        ref = schema_of(api, model, *self.families)
        names, needs = _written({ref.key: None}, self.at, self.function)
        self.needs += needs
        self.used.append(names[ref.key])
        return Replace(old, self._conversion(ref, names[ref.key], node, many))

    def _conversion(
        self, ref: ClassRef, name: str, node: cst.BaseExpression, many: bool
    ) -> cst.BaseExpression:
        kind = family(self.at.api, ref)
        if kind == "pydantic" and reads_attributes(self.at.api, ref) == "orm_mode":
            raise Unclear("pydantic 1 schemas give no data that is ready for JSON")
        if kind == "pydantic" and many and "each" in self.function.bound:
            raise Unclear("the name each is taken")
        code = {
            ("pydantic", False): "{n}.model_validate(_x_).model_dump(mode='json')",
            ("pydantic", True): "[{n}.model_validate(each).model_dump(mode='json') for each in _x_]",
            ("marshmallow", False): "{n}().dump(_x_)",
            ("marshmallow", True): "{n}(many=True).dump(_x_)",
            ("drf", False): "{n}(_x_).data",
            ("drf", True): "{n}(_x_, many=True).data",
        }[kind, many].format(n=name)
        made = cst.parse_expression(code.replace("'", '"'))
        hole = next(each for each in _inside(made) if isinstance(each, cst.Name) and each.value == "_x_")
        new = made.deep_replace(hole, node)
        assert isinstance(new, cst.BaseExpression)
        return new


# ----------------------------------------------------------------------------------------------------------- names


def _written(
    keys: dict[str, None], at: Place, function: Function
) -> tuple[dict[str, str], list[NeedImport]]:
    """How schemas are written in a file, and the imports this needs."""
    names: dict[str, str] = {}
    needs: list[NeedImport] = []
    for key in keys:
        path, _, name = key.partition("::")
        names[key], need = _reference(path, name, at, function)
        needs += need
    return names, needs


def _reference(path: str, name: str, at: Place, function: Function) -> tuple[str, list[NeedImport]]:
    """How a class of the project is written in a file.

    Raises: Unclear where it cannot be.
    """
    if "." in name:
        raise Unclear(f"{name} stands inside another definition")
    target = Symbol("class", name, path)
    local = _local_name(target, at)
    if local is None:
        if name in at.module.facts.body.bound or at.module.stars:
            raise Unclear(f"the name {name} may mean something else here")
        local, needs = name, [NeedImport(_module_name(target, at), name)]
    else:
        needs = []
    if _is_shadowed(local.partition(".")[0], at.module, function):
        raise Unclear(f"the name {local} means something else here")
    cls = at.module.classes.get(name)
    if path == at.path and cls is not None and cls.start > function.start:
        raise Unclear(f"{name} is declared below")
    return local, needs


def _local_name(target: Symbol, at: Place) -> str | None:
    """What a file calls a class already."""
    project = at.api.project
    if target.path == at.path:
        return target.name
    for local, entry in at.module.imports.items():
        if not entry.type_checking and project.symbol(at.path, local) == target:
            return local
    for local, entry in at.module.imports.items():
        found = project.import_target(entry, at.path) if not entry.type_checking else Symbol("unknown")
        if found.sort == "module" and project.member(found, target.name) == target:
            return f"{local}.{target.name}"
    return None


def _is_shadowed(name: str, module: Module, function: Function) -> bool:
    inner: Function | None = function
    while inner is not None:
        if name in inner.bound or any(p.name == name for p in inner.params):
            return True
        inner = module.functions.get(inner.parent) if inner.parent else None
    return False


def _check_builtins(text: str, module: Module, function: Function) -> None:
    """Look whether `list`, `dict` and such still are what they were where a handler is declared.

    Raises: Unclear where one is not: in a class that has a method `list`, `list[int]` is no type.
    """
    owner = next((c for c in module.facts.classes if c.qualname == function.owner), None)
    own = {*owner.methods, *(field.name for field in owner.fields)} if owner is not None else set()
    outer = module.functions.get(function.parent) if function.parent else None
    for name in re.findall(r"(?<![.\w])[a-z]+(?![.\w])", text):
        is_bound = name in own or name in module.facts.body.bound
        if is_bound or (outer is not None and _is_shadowed(name, module, outer)):
            raise Unclear(f"the name {name} means something else here")


def _module_name(target: Symbol, at: Place) -> str:
    """The module from which a file can import a class, named as the project names it."""
    project = at.api.project
    own = [e for e in at.module.facts.body.imports if _is_own(e, at)]
    if own and all(entry.level for entry in own):
        return _checked(target.path, _relative(target.path, at.path), target, at)
    counted: Counter[tuple[bool, str]] = Counter()
    for path in project.scanned:
        module = at.api.module(path)
        for entry in module.facts.body.imports if module is not None else ():
            if entry.level or not entry.name or entry.type_checking:
                continue
            if entry.name == target.name and project.import_target(entry, path) == target:
                counted[True, entry.module] += 1
            elif project.find(entry.module, path).path == target.path:
                counted[False, entry.module] += 1
    ranked = sorted(counted, key=lambda k: (not k[0], -counted[k], k[1]))
    for _, dotted in ranked:
        found = project.find(dotted, at.path)
        if found.sort == "module" and project.member(found, target.name) == target:
            return _checked(found.path, dotted, target, at)
    for entry in own:
        dotted = _beside(entry, target, at)
        if dotted and project.find(dotted, at.path).path == target.path:
            return _checked(target.path, dotted, target, at)
    raise Unclear(f"how {target.name} ({target.path}) is imported here cannot be told")


def _beside(entry: Import, target: Symbol, at: Place) -> str:
    """The name of a class's module below the folder in which an absolute import found its own, "" if it is elsewhere."""
    found = at.api.project.find(entry.module, at.path)
    base = posixpath.splitext(found.path)[0].removesuffix("/__init__")
    root = base.removesuffix(entry.module.replace(".", "/"))
    if entry.level or found.sort != "module" or root == base or not target.path.startswith(root):
        return ""
    return dotted_name(target.path[len(root) :].removesuffix(".py").removesuffix("/__init__")) or ""


def _checked(path: str, dotted: str, target: Symbol, at: Place) -> str:
    """The module's name, if importing it does not lead back to the file.

    Raises: Unclear if it does.
    """
    waiting, seen = [path], {path}
    while waiting:
        current = waiting.pop()
        if current == at.path:
            raise Unclear(
                f"{target.name} ({target.path}) cannot be imported here: its module imports this one"
            )
        for found in _imported(current, at.api):
            if found not in seen:
                seen.add(found)
                waiting.append(found)
    return dotted


def _is_own(entry: Import, at: Place) -> bool:
    return bool(entry.level) or at.api.project.find(entry.module, at.path).sort == "module"


def _relative(path: str, importer: str) -> str:
    """A module's name as seen from a file that imports its own package by dots."""
    folder = posixpath.dirname(importer)
    base = path.removesuffix("/__init__.py").removesuffix(".py")
    way = posixpath.relpath(base, folder or ".").split("/")
    ups = way.count("..")
    dotted = dotted_name("/".join(way[ups:]))
    if dotted is None:
        raise Unclear("how the schema is imported here cannot be told")
    return "." * (ups + 1) + dotted


def _imported(path: str, api: Api) -> Iterator[str]:
    """The project's files that a file imports when it is imported itself."""
    module = api.module(path)
    for entry in module.facts.body.imports if module is not None else ():
        if entry.type_checking:
            continue
        whole = entry._replace(name="")
        for each in (whole, entry):
            found = api.project.import_target(each, path)
            if found.sort == "module":
                yield found.path
