"""What can be known of an API code base: plain frozen data, no behaviour beyond small look-ups.

`index` makes these from one file's source, `link` and `types` connect them, and rules read them. Three layers:

* expressions (`Expr`): the part of a Python expression that decides what it refers to, what it is and what it does;
* facts of one file: `ModuleFacts` with its functions, classes, imports, calls, handlers and literals;
* what only several files together tell: `Value`, `Effect`, `Step`, `Route`, `Dependency`.

`UNKNOWN` is both an expression and a value: what cannot be resolved is unknown, and nothing is said about it.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from api_lint.parcels import InParcel

# --------------------------------------------------------------------------------------------- expressions


class Unknown(NamedTuple):
    """What cannot be resolved. Use the one instance, `UNKNOWN`."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __reduce__(self) -> str:
        return "UNKNOWN"  # there is one: code asks `is UNKNOWN`, also of facts that a worker has sent


class Text(NamedTuple):
    """A string literal whose value matters to a framework: a route's path, a prefix, a method name."""

    value: str


class Const(NamedTuple):
    """`None`, a boolean or a number (status codes)."""

    value: bool | int | float | None


class Of(NamedTuple):
    """A value of which only the built-in type is of interest: `Of("str")` for an f-string or a secret-bearing literal."""

    type: str


class Attr(NamedTuple):
    """An attribute of something that is not itself a dotted name: `f().name`."""

    base: Expr
    name: str


class Call(NamedTuple):
    """A call. `keywords` are `(name, value)`; the name is `""` for `**mapping`. Starred arguments are `Star`."""

    func: Expr
    args: tuple[Expr, ...] = ()
    keywords: tuple[tuple[str, Expr], ...] = ()

    @property
    def given(self) -> tuple[Expr, ...]:
        """All that is passed, by position and by name."""
        return (*self.args, *(value for _, value in self.keywords))

    def keyword(self, name: str) -> Expr | None:
        """The value passed as `name=`, or `None` where the call does not pass it."""
        for key, value in self.keywords:
            if key == name:
                return value
        return None

    def argument(self, position: int, name: str) -> Expr | None:
        """The value passed at `position` (from 0) or as `name=`, or `None`."""
        if position < len(self.args) and not any(isinstance(a, Star) for a in self.args[: position + 1]):
            return self.args[position]
        return self.keyword(name)


class Format(NamedTuple):
    """An f-string, with the expressions in it."""

    parts: tuple[Expr, ...]


class Star(NamedTuple):
    """`*value` in a call or a display."""

    value: Expr


class Await(NamedTuple):
    """`await value`."""

    value: Expr


class Item(NamedTuple):
    """`base[key]`."""

    base: Expr
    key: Expr


class Seq(NamedTuple):
    """A list, tuple or set display; `kind` is `"list"`, `"tuple"` or `"set"`."""

    kind: str
    items: tuple[Expr, ...]


class Map(NamedTuple):
    """A dict display; the key of `**other` is `Star(other)` with an UNKNOWN value."""

    items: tuple[tuple[Expr, Expr], ...]


class Choice(NamedTuple):
    """One of several: `a if c else b`, `a or b`, and in annotations `A | B`."""

    options: tuple[Expr, ...]


class Comp(NamedTuple):
    """A comprehension: `kind` is `"list"`, `"set"`, `"generator"` or `"dict"` (then the element is the value).

    `loops` are `(target, iterable, is_async)`, the target a plain name or `""`.
    """

    kind: str
    element: Expr
    loops: tuple[tuple[str, Expr, bool], ...]


class Lambda(NamedTuple):
    """`lambda params: body`."""

    params: tuple[str, ...]
    body: Expr


class Unpack(NamedTuple):
    """The element at `position` (from 0) of an unpacked value: `a, b = value`."""

    value: Expr
    position: int


# A dotted name (`a.b.c`) is a plain string: it is by far the commonest expression.
Expr = (
    str | Unknown | Text | Const | Of | Attr | Call | Format | Star | Await | Item | Seq | Map | Choice | Comp | Lambda | Unpack
)  # fmt: skip

UNKNOWN = Unknown()


def root_of(expr: Expr) -> str:
    """The dotted name that a chain of calls, attributes and items starts from, "" where it starts from none."""
    while not isinstance(expr, str):
        match expr:
            case Call(func):
                expr = func
            case Attr(base, _) | Item(base, _):
                expr = base
            case _:
                return ""
    return expr


# ------------------------------------------------------------------------------------------- facts of a file


class Span(NamedTuple):
    """A place in a file: rows from 1, columns in characters from 0, the end exclusive."""

    line: int
    col: int
    end_line: int
    end_col: int

    def encloses(self, other: Span) -> bool:
        """Whether another place lies within this one, or is the same."""
        return self[:2] <= other[:2] and other[2:] <= self[2:]


class Import(NamedTuple):
    """One bound name of an import statement.

    `import a.b` binds `a` to module `a`; `import a.b as c` binds `c` to `a.b`; `from .m import x as y` binds `y` to
    `x` of `.m`. For `from m import *` the local name is `*`.
    """

    local: str
    module: str
    name: str
    level: int
    line: int
    type_checking: bool = False


class Assign(NamedTuple):
    """A name (or a dotted one such as `self.db`) takes a value. `how` tells by what statement.

    `=` plain, annotated or walrus; `for`, `async for`: an element of the value; `with`, `async with`: what the value's
    context manager gives; `except`: an instance of the value; `comp`: an element, inside a comprehension; `del`: the
    name is gone; `item`: what the name holds does so at a key, the target is `name[]`, the value key and value. `line` is the statement's last row (its header's for compound ones): the name has the value below it.
    That of a comprehension has it from `line`, the first row of the statement around, to `end`, and nowhere else.
    `fork` is the last row of the outermost `if` or `match` around: below it the value is one of several; 0 outside one.
    """

    target: str
    value: Expr
    annotation: Expr
    how: str
    line: int
    end: int = 0
    fork: int = 0


class Narrowing(NamedTuple):
    """What a condition tells of a name (or a dotted one) in the rows from `line` to `end`, until it takes another value.

    `how`: it `is` an instance of one of the `classes`, is `not` one of any of them, or is `empty`: `None`, or nothing in it.
    The last is kept for a branch that names it in a `return`: nobody else asks what cannot be there.
    """

    name: str
    how: str
    classes: tuple[str, ...]
    line: int
    end: int


class CallSite(NamedTuple):
    """A call in a function's body. `deferred`: inside a lambda, so run by somebody else, later or never.
    `conditions`: how many `if`, `except` and `case` it stands below, each of which may keep it from being run; one that
    picks a kind by its name (`if backend == "s3"`) counts for several. `needs`: what must hold of the function's
    parameters for it to be run, apart by spaces: `flag` that it is true, `!flag` that it is not, `key?` that it is
    something, `!key?` that it is `None`."""

    call: Call
    span: Span
    awaited: bool
    deferred: bool
    conditions: int = 0
    needs: str = ""


class Return(NamedTuple):
    """A `return value` (or the value of a `yield`; that of a `yield from` is a `Star`)."""

    value: Expr
    span: Span


class Raise(NamedTuple):
    """A `raise value from cause`; a bare `raise` has the value UNKNOWN and `bare`."""

    value: Expr
    bare: bool
    has_cause: bool
    line: int


class Handler(NamedTuple):
    """An `except` clause and all that decides whether it is too broad.

    `types` is empty for a bare `except:`. `reraises`: every path through the body ends in a bare `raise` (or
    `raise <the caught name>`), at the latest when a loop around has tried often enough. `always_raises`: every path ends in some `raise`. `raises`: what the body raises. `calls`: the calls of the body. `guards_import`:
    the `try` body only imports (an optional dependency), and perhaps looks up a package's version by it. `earlier`: the types of the clauses before it. `kept_as`: the names that the caught exception is bound to
    for later, `""` where it is handed on at once: returned, given to a future, a queue, a list or a callback. `handed`: which
    of `calls` are handed the caught exception, under its name, on every path that is not about a narrower type.
    """

    types: tuple[Expr, ...]
    name: str
    span: Span
    reraises: bool
    always_raises: bool
    raises: tuple[Raise, ...]
    calls: tuple[Call, ...]
    guards_import: bool
    earlier: tuple[Expr, ...]
    try_line: int
    end_line: int
    kept_as: tuple[str, ...] = ()
    handed: tuple[int, ...] = ()


class Literal(NamedTuple):
    """A string literal that may be a secret or an address: where it stands and what it is called, never its value.

    `role` is how it is bound: `assign`, `annotated`, `default`, `keyword`, `item` (dict value or subscript
    assignment), `getenv` (default of an environment look-up), `argument` (positional), `other`. `name` is what it is
    bound to, `""` where nothing names it. `traits` are the ones `literals.traits` found, and `llm` for the address of a model provider's API.
    """

    name: str
    role: str
    span: Span
    traits: frozenset[str]


class Param(NamedTuple):
    """A parameter. `kind` is `positional`, `keyword`, `vararg` or `kwarg`; `default` counts only if `has_default`."""

    name: str
    annotation: Expr
    default: Expr
    has_default: bool
    kind: str
    line: int


class Decorator(NamedTuple):
    """What stands behind an `@`."""

    value: Expr
    span: Span


class Body(NamedTuple):
    """What a function's body holds. `bound` are all names that it binds itself: they shadow those of the module.
    `raises_again` are the parameters that every path through it raises, those aside that are about a narrower type of them."""

    imports: tuple[Import, ...]
    assigns: tuple[Assign, ...]
    calls: tuple[CallSite, ...]
    returned: tuple[Return, ...]
    yielded: tuple[Return, ...]
    raises: tuple[Raise, ...]
    handlers: tuple[Handler, ...]
    narrowings: tuple[Narrowing, ...]
    bound: frozenset[str]
    raises_again: tuple[str, ...] = ()


class Layout(NamedTuple):
    """Where a file's strings and statements stand.

    `lines` and `ends` hold, for every statement in the order of the source, its first row and its last; a negative first
    row marks one that cannot stand alone (behind a `;`, on its parent's line, an `elif`).
    """

    literals: tuple[Literal, ...]
    lines: array[int]
    ends: array[int]


class Function(NamedTuple):
    """A function, a method, or (named `<module>`) a module's own top-level code.

    `qualname` joins enclosing classes and functions with dots. `owner` is the qualname of the class whose method it is,
    `parent` that of the enclosing function, each `""` where there is none. `span` is that of the name behind `def`;
    `start` and `end` are the first (decorators included) and last line, `body_start` that of the first statement behind
    the docstring. `branches` and `loops` count statements of the body, nested functions excluded;
    `awaits` tells whether anything in it can be suspended (`await`, `async for`, `async with`). `guards` are the branches
    that do no more than raise: `if not found: raise …`, an `except` that translates.
    """

    name: str
    qualname: str
    span: Span
    start: int
    end: int
    body_start: int
    owner: str
    parent: str
    is_async: bool
    is_generator: bool
    has_docstring: bool
    decorators: tuple[Decorator, ...]
    params: tuple[Param, ...]
    returns: Expr
    branches: int
    loops: int
    awaits: bool
    guards: int
    inner: Body | InParcel

    @property
    def body(self) -> Body:
        """What its body holds."""
        inner = self.inner
        if isinstance(inner, Body):
            return inner
        body: Body = inner.parcel[inner.position]
        return body

    def may_hold(self, *names: str) -> bool:
        """Whether any of the names may occur in its body: told without unpacking it."""
        return isinstance(self.inner, Body) or self.inner.parcel.may_hold(names)

    @property
    def imports(self) -> tuple[Import, ...]:
        """The names that its body imports."""
        return self.body.imports

    @property
    def assigns(self) -> tuple[Assign, ...]:
        """The values that names take in its body, in source order."""
        return self.body.assigns

    @property
    def calls(self) -> tuple[CallSite, ...]:
        """The calls in its body, in source order."""
        return self.body.calls

    @property
    def returned(self) -> tuple[Return, ...]:
        """What it returns."""
        return self.body.returned

    @property
    def yielded(self) -> tuple[Return, ...]:
        """What it yields."""
        return self.body.yielded

    @property
    def raises(self) -> tuple[Raise, ...]:
        """What it raises."""
        return self.body.raises

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """The `except` clauses in its body."""
        return self.body.handlers

    @property
    def narrowings(self) -> tuple[Narrowing, ...]:
        """What its conditions tell of names, in source order."""
        return self.body.narrowings

    @property
    def bound(self) -> frozenset[str]:
        """All names that its body binds itself."""
        return self.body.bound

    @property
    def raises_again(self) -> tuple[str, ...]:
        """The parameters that it raises in the end."""
        return self.body.raises_again


class Field(NamedTuple):
    """A name bound in a class body."""

    name: str
    annotation: Expr
    value: Expr
    line: int


class Class(NamedTuple):
    """A class. `keywords` are those of the class statement (`table=True`); `scope` is the enclosing function, or "";
    `type_params` are the names in `class Page[T]`."""

    name: str
    qualname: str
    span: Span
    start: int
    end: int
    scope: str
    bases: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    decorators: tuple[Decorator, ...]
    fields: tuple[Field, ...]
    methods: tuple[str, ...]
    type_params: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """All that one file's source tells.

    `path` is relative to the run's root, with forward slashes. `body` is the module's own code as a function.
    `functions` are in source order; where a qualname is defined twice both are listed and the last one is what the name
    means. `is_generated` tells whether the file itself says that a program wrote it.
    """

    path: str
    is_package: bool
    body: Function
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    all_names: tuple[str, ...] | None
    is_generated: bool
    rows: Layout | InParcel = field(repr=False)

    @property
    def layout(self) -> Layout:
        """Where its strings and statements stand."""
        rows = self.rows
        if isinstance(rows, Layout):
            return rows
        layout: Layout = rows.parcel[rows.position]
        return layout

    @property
    def literals(self) -> tuple[Literal, ...]:
        """Its strings that may be secrets or addresses, in source order."""
        return self.layout.literals

    @property
    def lines(self) -> array[int]:
        """The first row of every statement."""
        return self.layout.lines

    @property
    def ends(self) -> array[int]:
        """The last row of every statement."""
        return self.layout.ends


class Failure(NamedTuple):
    """Why a file could not be handled, and where in it if that is known (row 1 otherwise).

    `is_passing`: the same file may do better next time, since nothing in it is to blame.
    """

    path: str
    reason: str
    line: int = 1
    col: int = 0
    is_passing: bool = False


# ------------------------------------------------------------------------------------ what several files tell


class Value(NamedTuple):
    """What an expression is.

    `kind`:
      `instance`   of the class `name`; `items` are its type arguments (`Query[User]`: the row type)
      `class`      the class `name` itself        `module`  the module `name`
      `function`   the function `name`; `items` are `given`: what it sees of the call of a function around it
      `given`      the name `name` that stands for `items[0]`
      `method`     the method `name` of the receiver `items[0]`
      `external`   something of that dotted name outside the project, of which no more is known
      `typevar`    a type variable, until its class's type argument is put in
      `list`       of `items[0]` (any iterable of many, lists and sets alike)          `tuple`   of `items`
      `dict`       with values `items`            `coroutine` that gives `items[0]` when awaited
      `none`       `None`                          `unknown`

    A name that holds `::` is the project's own (`app/models.py::User`); any other is an external dotted name
    (`sqlalchemy.orm.Session`).
    """

    kind: str
    name: str = ""
    items: tuple[Value, ...] = ()

    def __bool__(self) -> bool:
        return self.kind != "unknown"

    @property
    def item(self) -> Value:
        """The first of `items`, or the unknown value."""
        return self.items[0] if self.items else NO_VALUE

    @property
    def label(self) -> str:
        """How a message names it: `User`, `list[User]`, `Session`."""
        short = self.name.rpartition("::")[2].rpartition(".")[2]
        if self.kind == "list":
            return f"list[{self.item.label}]" if self.item else "list"
        if self.kind in ("dict", "tuple"):
            return self.kind
        if self.kind == "coroutine":
            return self.item.label
        return short or self.kind


NO_VALUE = Value("unknown")


class Effect(NamedTuple):
    """What a call does to the outside.

    `blocks` is the category that stops an event loop: `sleep`, `http`, `file` (opening one, reading or writing it
    whole), `io` (programs, directory trees, name look-ups), `db`, `client`, or "".
    `data` is what it does with stored data: `query` (reads, or builds a query on a model), `build` (only builds a
    session's query, which runs where it is read), `write` (mutates a session, a row or a table), or "". `llm` names the provider's SDK. `label` is how a message names the call: `time.sleep`,
    `Session.commit`.
    """

    label: str = ""
    blocks: str = ""
    data: str = ""
    llm: str = ""

    def __bool__(self) -> bool:
        return bool(self.blocks or self.data or self.llm)


NO_EFFECT = Effect()


class Step(NamedTuple):
    """One step of a chain that explains a finding: in `function`, at `path` and `span`, `label` is called."""

    path: str
    span: Span
    function: str
    label: str


class FunctionRef(NamedTuple):
    """A function of the project: the file it is in and its facts."""

    path: str
    function: Function

    @property
    def key(self) -> str:
        return f"{self.path}::{self.function.qualname}"


class ClassRef(NamedTuple):
    """A class of the project: the file it is in and its facts."""

    path: str
    cls: Class

    @property
    def key(self) -> str:
        return f"{self.path}::{self.cls.qualname}"


class Dependency(NamedTuple):
    """Something a framework calls before the handler: its provider (`Depends(get_db)`) and what it provides.

    `scope` is `parameter`, `route`, `router` or `app`; `name` the parameter, or "".
    """

    name: str
    provider: Value
    gives: Value
    scope: str


@dataclass(frozen=True, slots=True)
class Route:
    """An address that the API answers, and the function that answers it.

    `framework` is `fastapi`, `starlette`, `flask`, `quart`, `flask-restful`, `flask-restx`, `flask-smorest`, `apiflask`,
    `drf` or `django`. `methods` are upper case and sorted (`WEBSOCKET` for one). `path` is as written at the route;
    `paths` are the full ones after every prefix, one for each place the router is mounted (the own path where none is
    known). `span` is where the route is declared: its decorator, or the registering call. `handler` is the function that
    answers; `cls` the view class it is a method of. `response` is the declared response schema, `declares_response`
    whether anything declares one at all (a model, an annotation, a serializer, a response class, a status without
    body). `response_model` is the expression itself; `status` the success status, 0 where none is given.
    """

    framework: str
    methods: tuple[str, ...]
    path: str
    paths: tuple[str, ...]
    span: Span
    source: str
    handler: FunctionRef
    cls: ClassRef | None
    is_async: bool
    response: Value
    response_model: Expr
    declares_response: bool
    status: int
    dependencies: tuple[Dependency, ...]
    tags: tuple[str, ...]
