"""The LibCST engine: only the statements that can hold a finding are parsed, each once, and walked once.

A file is cut into slices: the smallest statements around the suspected rows, and the text between them. A slice that
stands indented is parsed below `if 1:`; what surrounds it (function, class, names) comes from the facts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property, lru_cache
from os.path import commonpath
from typing import Any, NamedTuple

import libcst as cst

from api_lint import workers
from api_lint.api import Api, Module
from api_lint.facts import (
    UNKNOWN,
    Attr,
    Await,
    Call,
    Choice,
    Comp,
    Const,
    Effect,
    Expr,
    Format,
    Function,
    Handler,
    Item,
    Lambda,
    Map,
    ModuleFacts,
    Of,
    Seq,
    Span,
    Star,
    Step,
    Text,
    Value,
)
from api_lint.infer import Scope
from api_lint.literals import telling
from api_lint.rule import (
    AddCode,
    AddField,
    AddLine,
    Finding,
    NeedImport,
    Replace,
    Rewrite,
    Rule,
    TextEdit,
    TextFix,
)
from api_lint.written import Written, rows_of

# A form feed sets the indentation back to nothing.
_INDENT = re.compile(r"(?:[ \t]*\f)*[ \t]+")

# Children that hold no code: punctuation, blank space and comments.
_NO_CODE = frozenset(
    "lpar rpar lbracket rbracket lbrace rbrace comma semicolon colon equal dot header footer leading_lines "
    "lines_after_decorators trailing_whitespace newline indent operators asname first_line empty_lines "
    "star arrow".split()
)
_STATEMENTS = (
    cst.FunctionDef,
    cst.ClassDef,
    cst.If,
    cst.For,
    cst.While,
    cst.With,
    cst.Try,
    cst.TryStar,
    cst.Match,
    cst.BaseSmallStatement,
)


# ---------------------------------------------------------------------------------------------------------- slices


class Slice(NamedTuple):
    """Rows `start` to `end` (from 1, inclusive) of a file. `statement` is the index in `ModuleFacts.lines` of the
    statement it is, -1 for text that is not looked at."""

    start: int
    end: int
    statement: int


@lru_cache(maxsize=2)
def _rows_of_file(text: str) -> tuple[str, ...]:
    """The same for the file that is being visited, for which every rule asks."""
    return tuple(rows_of(text))


def cut(facts: ModuleFacts, row_count: int, suspects: Iterable[int]) -> list[Slice]:
    """Cut a file into slices around the suspected rows; together they are all of its rows, in order."""
    starts = [abs(line) for line in facts.lines]
    chosen = sorted({i for i in (smallest(facts, starts, row) for row in suspects) if i >= 0})
    slices: list[Slice] = []
    done = 0
    for statement in chosen:
        start, end = facts.lines[statement], min(facts.ends[statement], row_count)
        if end <= done:
            continue
        if start > done + 1:
            slices.append(Slice(done + 1, start - 1, -1))
        slices.append(Slice(start, end, statement))
        done = end
    if done < row_count:
        slices.append(Slice(done + 1, row_count, -1))
    return slices


def smallest(facts: ModuleFacts, starts: Sequence[int], row: int) -> int:
    """The index of the smallest statement around a row that can be parsed alone, -1 if the row is in none.

    `starts` are the first rows of all statements, never descending.
    """
    position = bisect_right(starts, row) - 1
    while position >= 0:
        if facts.lines[position] > 0 and facts.lines[position] <= row <= facts.ends[position]:
            return position
        position -= 1
    return -1


# ----------------------------------------------------------------------------------------------------- expressions


def expression(node: cst.CSTNode | None, hidden: frozenset[str] = frozenset()) -> Expr:
    """A LibCST expression as `facts.Expr`, as the index would have made it. `hidden` are parameters of lambdas around."""
    match node:
        case cst.Name(value):
            return UNKNOWN if value in hidden else _name(value)
        case cst.Attribute(base, cst.Name(name)):
            return _attribute(expression(base, hidden), name)
        case cst.Call():
            return call_of(node, hidden)
        case cst.Await(inner):
            return Await(expression(inner, hidden))
        case cst.Subscript(base, elements):
            items = tuple(_index(e, hidden) for e in elements)
            index = items[0] if len(items) == 1 else Seq("tuple", items)
            return Item(expression(base, hidden), index)
        case cst.List(elements) | cst.Tuple(elements) | cst.Set(elements):
            kind = type(node).__name__.lower()
            return Seq(kind, tuple(_element(e, hidden) for e in elements))
        case cst.Dict(elements):
            return Map(tuple(_pair(e, hidden) for e in elements))
        case cst.IfExp(_, body, orelse):
            return Choice((expression(body, hidden), expression(orelse, hidden)))
        case cst.BooleanOperation(left, operator, right):
            last = expression(right, hidden)
            return (
                Choice((expression(left, hidden), last))
                if isinstance(operator, cst.Or)
                else Choice((last,))
            )
        case cst.FormattedString(parts):
            inserted = (p.expression for p in parts if isinstance(p, cst.FormattedStringExpression))
            return Format(tuple(expression(each, hidden) for each in inserted))
        case cst.SimpleString() | cst.ConcatenatedString():
            return Of("str")
        case cst.Integer(value):
            return Const(int(value.replace("_", ""), 0)) if len(value) < 20 else Of("int")
        case cst.Float():
            return Of("float")
        case cst.Comparison():
            return Of("bool")
        case cst.NamedExpr(_, inner):
            return expression(inner, hidden)
        case cst.Lambda(params, body):
            return UNKNOWN if params.children else Lambda((), expression(body, hidden))
        case cst.BinaryOperation(left, cst.BitOr(), right):
            return Choice((expression(left, hidden), expression(right, hidden)))
        case cst.BinaryOperation(left, cst.Divide(), _):
            return expression(left, hidden)
        case cst.ListComp() | cst.SetComp() | cst.GeneratorExp():
            return _comprehension(node, hidden)
    return UNKNOWN


def _name(value: str) -> Expr:
    constants: dict[str, bool | None] = {"None": None, "True": True, "False": False}
    return Const(constants[value]) if value in constants else value


def _attribute(base: Expr, name: str) -> Expr:
    if isinstance(base, str):
        return f"{base}.{name}"
    return UNKNOWN if base is UNKNOWN else Attr(base, name)


def call_of(node: cst.Call, hidden: frozenset[str] = frozenset()) -> Call:
    """A LibCST call as `facts.Call`."""
    args: list[Expr] = []
    keywords: list[tuple[str, Expr]] = []
    for arg in node.args:
        value = expression(arg.value, hidden)
        if arg.keyword is not None:
            keywords.append((arg.keyword.value, value))
        elif arg.star == "**":
            keywords.append(("", value))
        else:
            args.append(Star(value) if arg.star else value)
    return Call(expression(node.func, hidden), tuple(args), tuple(keywords))


def _index(element: cst.SubscriptElement, hidden: frozenset[str]) -> Expr:
    return expression(element.slice.value, hidden) if isinstance(element.slice, cst.Index) else UNKNOWN


def _element(element: cst.BaseElement, hidden: frozenset[str]) -> Expr:
    value = expression(element.value, hidden)
    return Star(value) if isinstance(element, cst.StarredElement) else value


def _pair(element: cst.BaseDictElement, hidden: frozenset[str]) -> tuple[Expr, Expr]:
    if isinstance(element, cst.DictElement):
        key: Expr = expression(element.key, hidden)
        if isinstance(element.key, cst.SimpleString):
            text = element.key.evaluated_value
            key = Text(text) if isinstance(text, str) else UNKNOWN
        return key, expression(element.value, hidden)
    return Star(expression(element.value, hidden)), UNKNOWN


def _comprehension(node: cst.BaseSimpleComp, hidden: frozenset[str]) -> Expr:
    loops: list[tuple[str, Expr, bool]] = []
    loop: cst.CompFor | None = node.for_in
    while loop is not None:
        target = loop.target.value if isinstance(loop.target, cst.Name) else ""
        loops.append((target, expression(loop.iter, hidden), loop.asynchronous is not None))
        loop = loop.inner_for_in
    kind = {cst.ListComp: "list", cst.SetComp: "set"}.get(type(node), "generator")
    return Comp(kind, expression(node.elt, hidden), tuple(loops))


# ----------------------------------------------------------------------------------------------------------- place


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hook is called: the file, the function and class around, and what is known from here.

    `function` is the innermost function (`None` at module level), `cls` the qualname of the innermost class or "",
    `line` the row of the statement, `parents` the LibCST nodes around within the slice, outermost first, and `route`
    the route that is being visited in `visit_route`. `rows` are the file's, with their line ends (in hooks for nodes,
    in `visit_route` and in `visit_module`: a fix all over a file makes a `Syntax` of them).
    """

    api: Api
    module: Module
    function: Function | None
    cls: str
    line: int
    parents: tuple[cst.CSTNode, ...] = ()
    rows: Sequence[str] = ()

    @property
    def path(self) -> str:
        """The file, relative to the run's root."""
        return self.module.path

    @property
    def kind(self) -> str:
        """What sort of file it is: `tests`, `migrations`, `examples`, or "" for the product's own code."""
        return self.module.kind

    @property
    def wants_fixes(self) -> bool:
        """Whether anybody will look at fixes; where not, a rule need not work them out."""
        return self.api.wants_fixes

    @property
    def is_deferred(self) -> bool:
        """Whether the node stands in a lambda: somebody else runs it, later or never."""
        return any(isinstance(p, cst.Lambda) for p in self.parents)

    @property
    def is_async(self) -> bool:
        """Whether the node runs on the event loop: in an `async def`, and not inside a lambda."""
        return self.function is not None and self.function.is_async and not self.is_deferred

    @property
    def is_awaited(self) -> bool:
        """Whether the node is what an `await` awaits."""
        return bool(self.parents) and isinstance(self.parents[-1], cst.Await)

    @property
    def scope(self) -> Scope:
        """Where names are looked up from here."""
        return Scope(self.module, self.function, self.line)

    def expression(self, node: cst.CSTNode) -> Expr:
        """A LibCST expression as `facts.Expr`."""
        return expression(node, self._hidden())

    def _hidden(self) -> frozenset[str]:
        names: set[str] = set()
        for parent in self.parents:
            if isinstance(parent, cst.Lambda):
                params = parent.params
                names.update(
                    p.name.value for p in (*params.posonly_params, *params.params, *params.kwonly_params)
                )
        return frozenset(names)

    def resolve(self, node: cst.CSTNode) -> str:
        """The full dotted name of what an expression refers to (`time.sleep`; `app/models.py::User` for the project's
        own), "" where that is unknown."""
        value = self.value(node)
        return value.name if value.kind in ("class", "function", "method", "external", "module") else ""

    def value(self, node: cst.CSTNode) -> Value:
        """What an expression is."""
        return self.api.value(self.expression(node), self.scope)

    def effect(self, call: cst.Call) -> Effect:
        """What a call does by itself."""
        return self.api.effects.of(call_of(call, self._hidden()), self.scope)

    def chain(self, call: cst.Call) -> tuple[Step, ...]:
        """How a call of a synchronous project function comes to block, step by step; empty if it does not."""
        return self.api.effects.chain(call_of(call, self._hidden()), self.scope)

    def handler(self, node: cst.ExceptHandler | cst.ExceptStarHandler) -> Handler | None:
        """The facts of an `except` clause, `None` for one that is not directly below its `try`."""
        above = self.parents[-1] if self.parents else None
        if not isinstance(above, (cst.Try, cst.TryStar)):
            return None
        position = next((i for i, each in enumerate(above.handlers) if each is node), -1)
        body = self.function or self.module.facts.body
        clauses = [h for h in body.handlers if h.try_line == self.line]
        return clauses[position] if 0 <= position < len(clauses) else None

    def bases(self, qualname: str) -> frozenset[str]:
        """The dotted names of all classes that a class of this file derives from."""
        return self.api.bases(self.path, qualname) if qualname else frozenset()

    def reference(
        self, module: str, name: str
    ) -> tuple[cst.BaseExpression, tuple[NeedImport, ...]] | None:
        """How to write `module.name` here.

        Returns: the expression, by the file's own imports where it has one, and the import it needs besides; `None`
        where the module's name means something else here.
        """
        for imports in (*(f.imports for f in self._functions()), self.module.facts.body.imports):
            for entry in imports:
                if entry.level or entry.module != module or entry.type_checking or not entry.local:
                    continue
                if not entry.name and not self._is_shadowed(entry.local):
                    return cst.parse_expression(f"{entry.local}.{name}"), ()
                if entry.name == name and not self._is_shadowed(entry.local):
                    return cst.Name(entry.local), ()
        root = module.partition(".")[0]
        if root in self.module.facts.body.bound or self._is_shadowed(root):
            return None
        return cst.parse_expression(f"{module}.{name}"), (NeedImport(module),)

    def elsewhere(self, path: str) -> Place | None:
        """The top of another module of the project, with its rows; `None` where it cannot be read."""
        module, text = self.api.module(path), self.api.source(path)
        if module is None or text is None:
            return None
        return Place(self.api, module, None, "", 1, (), rows_of(text))

    def is_free(self, name: str) -> bool:
        """Whether neither the file nor a function around binds the name."""
        return name not in self.module.facts.body.bound and all(
            name not in function.bound for function in self._functions()
        )

    def _functions(self) -> Iterator[Function]:
        function = self.function
        while function is not None:
            yield function
            function = self.module.enclosing(function)

    def _is_shadowed(self, name: str) -> bool:
        """Whether a function around binds the name to something that it does not import."""
        return any(
            name in f.bound and all(entry.local != name for entry in f.imports)
            for f in self._functions()
        )

    def binding(self, node: cst.CSTNode) -> tuple[str, str]:
        """What a literal is called and how it is bound: `(name, role)` as in `facts.Literal`."""
        return _binding(node, self.parents)


def _binding(node: cst.CSTNode, parents: Sequence[cst.CSTNode]) -> tuple[str, str]:
    inner: cst.CSTNode = node
    for position in range(len(parents) - 1, -1, -1):
        parent = parents[position]
        found = _bound_by(parent, inner, parents[:position])
        if found is not None:
            return found
        if isinstance(parent, (cst.BaseStatement, cst.BaseSmallStatement)):
            break
        inner = parent
    return "", "other"


def _bound_by(
    parent: cst.CSTNode, inner: cst.CSTNode, above: Sequence[cst.CSTNode]
) -> tuple[str, str] | None:
    match parent:
        case cst.Assign():
            names = [_target(each.target) for each in parent.targets]
            return names[telling([name for name, _ in names]) if len(names) > 1 else 0]
        case cst.AnnAssign():
            return _target(parent.target)[0], "annotated"
        case cst.NamedExpr():
            return _target(parent.target)
        case cst.AugAssign():
            return _target(parent.target)
        case cst.Param():
            return parent.name.value, "default"
        case cst.DictElement() if inner is parent.value:
            return _key(parent.key), "item"
        case cst.Comparison():
            sides = [parent.left, *(c.comparator for c in parent.comparisons)]
            others = [s for s in sides if s is not inner]
            return _key(others[0]).rpartition(".")[2] if others else "", "compare"
        case cst.Arg():
            return _argument(parent, above)
    return None


def _argument(arg: cst.Arg, above: Sequence[cst.CSTNode]) -> tuple[str, str]:
    call = above[-1] if above else None
    if not isinstance(call, cst.Call):
        return "", "other"
    callee = _key(call.func)
    position = next((i for i, a in enumerate(call.args) if a is arg), 0)
    is_default = _keyword(arg) == "default"
    if (position == 1 or is_default) and callee.endswith(("getenv", "environ.get", "config", "env")):
        first = call.args[0].value
        if isinstance(first, cst.SimpleString):
            return str(first.evaluated_value), "getenv"
    if (is_default or (position == 0 and arg.keyword is None)) and callee.rpartition(".")[2] == "Field":
        outer, role = _binding(call, above[:-1])
        if outer and role != "argument":
            return outer, role
    if arg.keyword is not None:
        return arg.keyword.value, "keyword"
    return callee, "argument"


def _keyword(arg: cst.Arg) -> str:
    return arg.keyword.value if arg.keyword is not None else ""


def _target(node: cst.BaseExpression) -> tuple[str, str]:
    match node:
        case cst.Name(value):
            return value, "assign"
        case cst.Attribute(_, cst.Name(name)):
            return name, "assign"
        case cst.Subscript():
            return _key(node), "item"
    return "", "assign"


def _key(node: cst.BaseExpression) -> str:
    """The dotted name or the text by which something is looked up."""
    match node:
        case cst.Name(value):
            return value
        case cst.Attribute(base, cst.Name(name)):
            owner = _key(base)
            return f"{owner}.{name}" if owner else name
        case cst.SimpleString():
            text = node.evaluated_value
            return text if isinstance(text, str) else ""
        case cst.Subscript(_, [cst.SubscriptElement(cst.Index(index))]):
            return _key(index)
    return ""


# ------------------------------------------------------------------------------------------------------------ walk


Hook = Callable[[Any, Place], Iterable[Finding] | None]


class Found(NamedTuple):
    """A rule's finding with its place in the file."""

    rule: Rule
    finding: Finding
    span: Span
    fix: TextFix | None = None


class SliceError(Exception):
    """LibCST cannot parse a slice that Python can."""


@cache
def _is_statement(cls: type[cst.CSTNode]) -> bool:
    # LibCST's classes are abstract ones, which take their time to tell what is an instance of them.
    return issubclass(cls, _STATEMENTS)


@cache
def _is_node(cls: type[object]) -> bool:
    return issubclass(cls, cst.CSTNode)


@cache
def _children(cls: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node class that can hold code, in source order."""
    return tuple(
        f.name
        for f in fields(cls)
        if f.name not in _NO_CODE and not f.name.startswith(("whitespace", "_"))
    )


class Visitor:
    """Parses and walks slices of one file, and calls the rules' hooks.

    Parameters: `api`, the linked project; `module`, the file; `text`, its source; `turns`, by a rule's code the number that
    `workers.turn` is told before it is called.
    """

    def __init__(
        self, api: Api, module: Module, text: str, turns: Mapping[str, int] | None = None
    ) -> None:
        self.api = api
        self.module = module
        self.turns = turns or {}
        self.rows = _rows_of_file(text)

    def visit(
        self, suspects: Mapping[int, Sequence[Rule]], failed: Callable[[Rule, BaseException], None]
    ) -> Iterator[Found]:
        """Every finding of the node hooks.

        Parameters: `suspects`, for each suspected row the rules that suspect it; `failed` is told of a rule that raised.
        Raises `SliceError` at the end if there was a slice that LibCST cannot parse.
        """
        trouble: SliceError | None = None
        for piece in cut(self.module.facts, len(self.rows), suspects):
            if piece.statement < 0:
                continue
            rules = dict.fromkeys(
                r for row in suspects if piece.start <= row <= piece.end for r in suspects[row]
            )
            try:
                yield from self._visit(piece, list(rules), failed)
            except SliceError as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble

    def _visit(
        self, piece: Slice, rules: list[Rule], failed: Callable[[Rule, BaseException], None]
    ) -> list[Found]:
        try:
            return self._findings(piece, rules, failed)
        except RecursionError:
            raise SliceError(f"row {piece.start}: too deeply nested") from None

    def _findings(
        self, piece: Slice, rules: list[Rule], failed: Callable[[Rule, BaseException], None]
    ) -> list[Found]:
        workers.turn(0)
        tree, offset, text = self._parse(piece)
        walk = _Walk(self.api, self.module, piece, self._hooks(rules), failed, self.rows)
        walk.slice(_body(tree) if offset < piece.start - 1 else tree.body)
        workers.turn(0)
        parsed = _Parsed(tree, offset, text)
        found: list[Found] = []
        for rule, finding in walk.found:
            try:
                found.append(self._located(rule, finding, parsed))
            except RecursionError:
                raise
            except Exception as error:  # noqa: BLE001 - a rule may hand in nodes of no tree, and edits of any sort
                failed(rule, error)
        return found

    def _hooks(self, rules: Sequence[Rule]) -> dict[str, list[_Turn]]:
        hooks: dict[str, list[_Turn]] = {}
        for rule in rules:
            for node, name in rule.node_hooks().items():
                turn = _Turn(self.turns.get(rule.code, 0), rule, getattr(rule, name))
                hooks.setdefault(node, []).append(turn)
        return hooks

    def _located(self, rule: Rule, finding: Finding, parsed: _Parsed) -> Found:
        fix = finding.fix
        where = parsed.span(finding.where)
        if fix is None or not self.api.wants_fixes:
            return Found(rule, finding, where)
        if not parsed.is_exact:
            return Found(
                rule, finding.unfixable("LibCST does not give this statement back as it is"), where
            )
        edits: list[TextEdit] = []
        for edit in fix.edits:
            if isinstance(edit, Replace):
                edits.append(_rendered(edit, parsed))
            elif isinstance(edit, Rewrite):
                edits.append(TextEdit(edit.span, edit.content))
        imports = tuple((e.module, e.name) for e in fix.edits if isinstance(e, NeedImport))
        others = tuple(e for e in fix.edits if isinstance(e, (AddLine, AddCode, AddField)))
        return Found(rule, finding, where, TextFix(fix.title, fix.safety, tuple(edits), imports, others))

    def _parse(self, piece: Slice) -> tuple[cst.Module, int, str]:
        """A slice's tree, the rows above its first one, and the text that was parsed."""
        text = "".join(self.rows[piece.start - 1 : piece.end])
        offset = piece.start - 1
        if _INDENT.match(text):
            text = "if 1:\n" + text
            offset -= 1
        try:
            tree = cst.parse_module(text)
        except (cst.ParserSyntaxError, RecursionError) as error:
            raise SliceError(f"row {piece.start}: {type(error).__name__}") from None
        return tree, offset, text


class _Parsed:
    """A slice's tree, the rows of the file above its text, and that text."""

    def __init__(self, tree: cst.Module, offset: int, text: str) -> None:
        self.tree = tree
        self.offset = offset
        self.text = text

    @cached_property
    def written(self) -> Written:
        """The tree as text, which takes a third of the time of parsing it."""
        return Written(self.tree)

    @property
    def is_exact(self) -> bool:
        """Whether the tree gives its text back."""
        return self.written.code == self.text

    def span(self, where: cst.CSTNode | Span) -> Span:
        """Where a node stands in the file."""
        return where if isinstance(where, Span) else self.between(*self.written.place(where))

    def between(self, start: int, end: int) -> Span:
        """Two positions in the slice's text as a span of the file."""
        starts = self.written.starts
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, end) - 1
        return Span(
            first + 1 + self.offset, start - starts[first], last + 1 + self.offset, end - starts[last]
        )


def _rendered(edit: Replace, parsed: _Parsed) -> TextEdit:
    """An edit of a slice's tree as one of the file's text.

    The new node is rendered where it will stand: rendered alone, it would not know how far its rows are indented.
    """
    code = parsed.written.code
    start, end = parsed.written.place(edit.old)
    after = parsed.tree.deep_replace(edit.old, edit.new)  # type: ignore[type-var]
    assert isinstance(after, cst.Module)
    changed = after.code
    if changed.startswith(code[:start]) and changed.endswith(code[end:]):
        content = changed[start : len(changed) - (len(code) - end)]
        return TextEdit(parsed.between(start, end), content)
    # The nodes differ in what a node's position leaves out (parentheses, rows above): whatever text differs.
    start = len(commonpath((code, changed)))
    rest = min(len(code), len(changed)) - start
    kept = len(commonpath((code[::-1][:rest], changed[::-1][:rest])))
    return TextEdit(parsed.between(start, len(code) - kept), changed[start : len(changed) - kept])


def _body(tree: cst.Module) -> Sequence[cst.CSTNode]:
    """The statements below the `if 1:` that an indented slice was parsed under."""
    wrapper = tree.body[0]
    assert isinstance(wrapper, cst.If)
    return wrapper.body.body


class _Turn(NamedTuple):
    """A hook of a rule, and the number under which the watchdog knows the rule."""

    number: int
    rule: Rule
    hook: Hook


# A tree below this depth exhausts no stack, unless a rule goes round in circles; people write trees of 50 levels.
_DEEP = 120


def _is_deep(nodes: Iterable[cst.CSTNode]) -> bool:
    """Whether trees are so deep that walking them may exhaust the stack."""
    level = list(nodes)
    for _ in range(_DEEP):
        level = [child for node in level for child in node.children]
    return bool(level)


class _Walk:
    """One walk over one slice: which function, class and statement is around, and what the hooks found."""

    def __init__(
        self,
        api: Api,
        module: Module,
        piece: Slice,
        hooks: dict[str, list[_Turn]],
        failed: Callable[[Rule, BaseException], None],
        rows: Sequence[str],
    ) -> None:
        self.rows = rows
        self.api = api
        self.module = module
        self.hooks = hooks
        self.failed = failed
        self.found: list[tuple[Rule, Finding]] = []
        self.function = _around(module.facts.functions, piece.start)
        cls = _around(module.facts.classes, piece.start)
        self.cls = cls.qualname if cls is not None else ""
        self.seen = self.statement = piece.statement - 1
        self.functions = iter([f for f in module.facts.functions if piece.start <= f.start <= piece.end])
        self.classes = iter([c for c in module.facts.classes if piece.start <= c.start <= piece.end])
        self.parents: list[cst.CSTNode] = []
        self.statements: Sequence[cst.CSTNode] = ()

    def slice(self, statements: Sequence[cst.CSTNode]) -> None:
        """Walk the statements of a parsed slice."""
        self.statements = statements
        for statement in statements:
            self._walk(statement)

    def _walk(self, node: cst.CSTNode) -> None:
        cls = type(node)
        around = self.statement
        if _is_statement(cls):
            self.seen += 1
            self.statement = self.seen
        hooks = self.hooks.get(cls.__name__)
        if cls in (cst.FunctionDef, cst.ClassDef):
            assert isinstance(node, (cst.FunctionDef, cst.ClassDef))
            self._enter(node, hooks)
        else:
            if hooks:
                self._call(node, hooks)
            self._descend(node)
        self.statement = around

    def _descend(self, node: cst.CSTNode) -> None:
        self.parents.append(node)
        for name in _children(type(node)):
            child = getattr(node, name)
            if isinstance(child, (list, tuple)):
                for item in child:
                    if _is_node(item.__class__):
                        self._walk(item)
            elif _is_node(child.__class__):
                self._walk(child)
        self.parents.pop()

    def _enter(self, node: cst.FunctionDef | cst.ClassDef, hooks: list[_Turn] | None) -> None:
        """A definition: its hooks, decorators, parameters and bases belong outside, its body inside."""
        if hooks:
            self._call(node, hooks)
        function, cls = self.function, self.cls
        self.parents.append(node)
        for decorator in node.decorators:
            self._walk(decorator)
        if isinstance(node, cst.FunctionDef):
            inner = next(self.functions, None)
            self._walk(node.params)
            self.function = inner
        else:
            entered = next(self.classes, None)
            for arg in (*node.bases, *node.keywords):
                self._walk(arg)
            self.cls = entered.qualname if entered is not None else ""
        self._walk(node.body)
        self.parents.pop()
        self.function, self.cls = function, cls

    def _call(self, node: cst.CSTNode, hooks: list[_Turn]) -> None:
        lines = self.module.facts.lines
        line = abs(lines[self.statement]) if 0 <= self.statement < len(lines) else 1
        place = Place(
            self.api, self.module, self.function, self.cls, line, tuple(self.parents), self.rows
        )
        for number, rule, hook in hooks:
            workers.turn(number)
            try:
                self.found += [(rule, _checked(finding)) for finding in hook(node, place) or ()]
            except RecursionError as error:
                if _is_deep(self.statements):
                    raise
                self.failed(rule, error)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a rule is foreign code; it costs its own result only
                self.failed(rule, error)


def _checked(finding: object) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"a hook gives findings, not {type(finding).__name__}")
    return finding


def _around(definitions: Sequence[Any], row: int) -> Any:
    """The innermost definition that begins above the row and holds it."""
    best = None
    for each in definitions:
        if each.start < row <= each.end and (best is None or each.start >= best.start):
            best = each
    return best


def visit_facts(
    api: Api,
    module: Module,
    text: str,
    rules: Sequence[Rule],
    failed: Callable[[Rule, BaseException], None],
) -> Iterator[Found]:
    """Every finding of the hooks for what only an API has: its routes, models and schemas."""
    for rule in rules:
        try:
            for finding in map(_checked, _api_findings(api, module, text, rule)):
                if isinstance(finding.where, Span):
                    yield Found(rule, finding, finding.where, _text_fix(finding))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a rule is foreign code; it costs its own result only
            failed(rule, error)


def _text_fix(finding: Finding) -> TextFix | None:
    """The fix of a finding that was made without nodes: what it replaces is text."""
    if finding.fix is None:
        return None
    edits = finding.fix.edits
    texts = tuple(TextEdit(e.span, e.content) for e in edits if isinstance(e, Rewrite))
    imports = tuple((e.module, e.name) for e in edits if isinstance(e, NeedImport))
    others = tuple(e for e in edits if isinstance(e, (AddLine, AddCode, AddField)))
    return TextFix(finding.fix.title, finding.fix.safety, texts, imports, others)


def _api_findings(api: Api, module: Module, text: str, rule: Rule) -> Iterator[Finding]:
    for hook in rule.api_hooks():
        call: Callable[[Any, Place], Iterable[Finding] | None] = getattr(rule, hook)
        for subject, place in _subjects(api, module, text, hook):
            yield from call(subject, place) or ()


def _subjects(api: Api, module: Module, text: str, hook: str) -> Iterator[tuple[Any, Place]]:
    """What a hook is called on in one file, each with its place."""
    rows = _rows_of_file(text) if hook in ("visit_module", "visit_route") else ()
    if hook == "visit_module":
        yield module, Place(api, module, None, "", 1, (), rows)
    elif hook == "visit_route":
        for route in api.handled_in(module.path):
            function = route.handler.function
            yield route, Place(api, module, function, function.owner, function.start, (), rows)
    else:
        wanted = hook.removeprefix("visit_")
        for cls in module.facts.classes:
            if api.role(Value("instance", f"{module.path}::{cls.qualname}")) == wanted:
                yield cls, Place(api, module, None, cls.qualname, cls.start)
