"""One file's source → `ModuleFacts`: a pure function over the standard library's `ast`.

One walk gathers everything. Expressions become `facts.Expr`, and every call, string literal and binding met on the way
is recorded with the function that holds it.
"""

from __future__ import annotations

import ast
import contextlib
import re
import warnings
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from api_lint import excepts, literals
from api_lint.facts import (
    UNKNOWN,
    Assign,
    Attr,
    Await,
    Body,
    Call,
    CallSite,
    Choice,
    Class,
    Comp,
    Const,
    Decorator,
    Expr,
    Failure,
    Field,
    Format,
    Function,
    Handler,
    Import,
    Item,
    Lambda,
    Layout,
    Literal,
    Map,
    ModuleFacts,
    Narrowing,
    Of,
    Param,
    Raise,
    Return,
    Seq,
    Span,
    Star,
    Text,
    Unpack,
)
from api_lint.generated import is_generated
from api_lint.libraries.llm import is_llm_address
from api_lint.syntax import older

_SECRET_TRAITS = frozenset({"secret", "provider-key", "dsn-password"})
# Deeper nesting kills LibCST's parser (SIGSEGV near 1,500) and exhausts CPython's; code written by people stays below 50.
MAX_NESTING = 200

_BEGINS_DEFINITION = re.compile(r"(?:async[ \t\f]+)?(?:def|class)[ \t\f]+")

# Keyword arguments and class fields whose strings frameworks read; no other string's value is kept in the facts.
_TEXT_KEYWORDS = frozenset(
    "path prefix url_prefix methods rule tags url_path endpoint basename name detail route response_class status_code "
    "import_name url_name lookup_field related_name lazy".split()
)
_TEXT_FIELDS = frozenset(
    "methods http_method_names lookup_field lookup_url_kwarg __tablename__ url_prefix".split()
)
# Calls whose first argument (and any other that begins with "/") is a path or a list of methods.
_TEXT_CALLS = frozenset(
    "route get post put patch delete head options trace api_route websocket websocket_route add_api_route "
    "add_api_websocket_route add_route add_websocket_route include_router register_blueprint add_url_rule Blueprint APIRouter FastAPI Flask "
    "Quart Api Namespace path re_path url include register add_resource resource Route Mount WebSocketRoute action "
    "api_view add_namespace mount APIBlueprint APIFlask TypeVar namespace register_api methods getattr as_view expose "
    "require_http_methods add_router ForeignKey OneToOneField ManyToManyField TreeForeignKey ParentalKey "
    "relationship".split()
)
# What lies deeper in an expression is unknown: facts are pickled, and from about 250 on that exhausts the stack.
_MAX_DEPTH = 150
_HTTP_METHODS = frozenset("GET POST PUT PATCH DELETE HEAD OPTIONS TRACE".split())
_MAX_TEXT = 200
_MAX_KEY = 60
_VERSIONS = (
    "importlib.metadata.version",
    "importlib_metadata.version",
    "pkg_resources.get_distribution",
)
# A name, how it is narrowed, and by what classes.
_Told = tuple[str, str, tuple[str, ...]]
# The conditions that may tell of a name.
_TELLING = frozenset({ast.Name, ast.UnaryOp, ast.Compare, ast.BoolOp})
_IMPORTERS = ("importlib.import_module", "import_module", "__import__")
# What one kind of several does is done so seldom that it counts only where it stands in the called function itself.
_KIND_WEIGHT = 5
_ENVIRONMENT = ("getenv", "environ.get", "config", "env")


class Unreadable(Exception):
    """A file that cannot be indexed; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def decode(source: bytes, path: str) -> str:
    """The text of a source file, by its BOM or coding cookie (PEP 263), UTF-8 otherwise.

    Raises `Unreadable` where it cannot be decoded.
    """
    try:
        if not _has_cookie(source):
            return source.decode("utf-8-sig")
        import io
        import tokenize

        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        if encoding.startswith(("utf-16", "utf-32")):  # the cookie itself would not be readable
            raise LookupError(encoding)
        return source.decode(encoding)
    except (SyntaxError, LookupError) as error:
        raise Unreadable(Failure(path, f"unknown encoding: {error}")) from None
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise Unreadable(Failure(path, f"not {error.encoding}: {error.reason}", line)) from None


def _has_cookie(source: bytes) -> bool:
    first_two = b"\n".join(source.split(b"\n", 2)[:2])
    return re.search(rb"^[ \t\f]*#.*?coding[:=]", first_two, re.MULTILINE) is not None


def parse(source: bytes, path: str) -> ast.Module:
    """The syntax tree of a file.

    Raises `Unreadable` where the file is no Python, or is nested too deeply to be parsed safely.
    """
    text = decode(source, path)
    depth_line = _too_deep(text)
    if depth_line:
        raise Unreadable(Failure(path, f"nested deeper than {MAX_NESTING} brackets", depth_line))
    try:
        return _syntax_tree(text, path)
    except SyntaxError as error:
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return _newer_syntax_tree(text, path)
        place = error.lineno or 1, max((error.offset or 1) - 1, 0)
        raise Unreadable(Failure(path, f"syntax error: {error.msg}", *place)) from None
    except ValueError as error:
        raise Unreadable(Failure(path, f"syntax error: {error}")) from None
    except (RecursionError, MemoryError):
        raise Unreadable(Failure(path, "too deeply nested to parse")) from None


def _newer_syntax_tree(text: str, path: str) -> ast.Module:
    """The tree of a text in syntax newer than the interpreter."""
    rewritten = older(text)
    if rewritten.text == text:
        raise SyntaxError
    tree = _syntax_tree(rewritten.text, path)
    for node in ast.walk(tree) if rewritten.type_params else ():
        if isinstance(node, ast.ClassDef) and node.lineno in rewritten.type_params:
            names = rewritten.type_params[node.lineno]
            node.type_params = [SimpleNamespace(name=name) for name in names]  # type: ignore[attr-defined]
    return tree


def _syntax_tree(text: str, path: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, path)


def _too_deep(text: str) -> int:
    """The row at which brackets nest deeper than `MAX_NESTING`, 0 if they never do.

    Strings are not told apart, so it counts cautiously: brackets in a string close there as well in practice, and only
    a file that goes past the limit is looked at by the tokenizer.
    """
    if text.count("(") + text.count("[") + text.count("{") <= MAX_NESTING:
        return 0
    depth = 0
    for match in re.finditer(r"[()\[\]{}]", text):
        if match[0] in "([{":
            depth += 1
            if depth > MAX_NESTING:
                return _too_deep_by_tokens(text)
        elif depth:
            depth -= 1
    return 0


def _too_deep_by_tokens(text: str) -> int:
    import io
    import tokenize

    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.OP:
                if token.string in "([{":
                    depth += 1
                    if depth > MAX_NESTING:
                        return token.start[0]
                elif token.string in ")]}":
                    depth -= 1
    except (tokenize.TokenError, SyntaxError):
        return 0
    return 0


def index(source: bytes, path: str) -> ModuleFacts:
    """All that one file's source tells.

    Parameters: `source`, the file's bytes; `path`, relative to the run's root.
    Raises `Unreadable` for a file that is no Python.
    """
    tree = parse(source, path)
    text = decode(source, path)
    try:
        return _Indexer(text, path).module(tree)
    except RecursionError:
        raise Unreadable(Failure(path, "too deeply nested to analyse")) from None


class _Body:
    """What is gathered of one function's body while it is walked."""

    def __init__(self, qualname: str, owner: str, parent: str, self_name: str = "") -> None:
        self.qualname = qualname
        self.owner = owner
        self.parent = parent
        self.self_name = self_name
        self.imports: list[Import] = []
        self.assigns: list[Assign] = []
        self.calls: list[CallSite] = []
        self.returned: list[Return] = []
        self.yielded: list[Return] = []
        self.raises: list[Raise] = []
        self.handlers: list[Handler] = []
        self.narrowings: list[Narrowing] = []
        self.bound: set[str] = set()
        self.free: set[str] = set()
        self.branches = 0
        self.guards = 0
        self.loops = 0
        self.deferred = 0
        self.awaits = False
        self.conditions = 0
        self.params: frozenset[str] = frozenset()
        self.stepped: set[str] = set()
        self.needs: tuple[str, ...] = ()
        self.fork = 0
        self.counters: frozenset[str] = frozenset()
        self.hidden: list[frozenset[str]] = []
        self.raises_again: tuple[str, ...] = ()


class _Indexer:
    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.is_ascii = text.isascii()
        # `str.splitlines` breaks at form feeds and other controls, where Python's grammar does not.
        self.rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        self.literals: list[Literal] = []
        self.lines = array("i")
        self.ends = array("i")
        self.all_names: tuple[str, ...] | None = None
        self.module_body = self.body = _Body("", "", "")
        self.type_checking = False
        self.row = 1  # of the statement that is walked
        self.block_end = 0  # the last row that is run only after the statement that is walked
        self.depth = 0  # of the expression that is walked
        self.statements: list[ast.stmt] = []
        # By the literal that they begin with, the texts of sums.
        self.joined: dict[int, str] = {}

    def module(self, tree: ast.Module) -> ModuleFacts:
        self.statements = tree.body
        self._block(tree.body)
        last = len(self.rows)
        body = self._close(
            self.body,
            "<module>",
            Span(1, 0, 1, 0),
            1,
            last,
            1,
            False,
            _has_docstring(tree.body),
            (),
            (),
            UNKNOWN,
        )
        return ModuleFacts(
            self.path,
            self.path.endswith("__init__.py"),
            body,
            tuple(sorted(self.functions, key=lambda f: f.start)),
            tuple(sorted(self.classes, key=lambda c: c.start)),
            self.all_names,
            is_generated(tree, self.rows),
            Layout(tuple(self.literals), self.lines, self.ends),
        )

    # ------------------------------------------------------------------------------------------- positions

    def _col(self, line: int, offset: int) -> int:
        if self.is_ascii:
            return offset
        row = self.rows[line - 1]
        return offset if row.isascii() else len(row.encode()[:offset].decode(errors="ignore"))

    def _span(self, node: Any) -> Span:
        return Span(
            node.lineno,
            self._col(node.lineno, node.col_offset),
            node.end_lineno,
            self._col(node.end_lineno, node.end_col_offset),
        )

    def _name_span(self, node: Any) -> Span:
        """The place of the name behind `def` or `class`."""
        row, col = self.rows[node.lineno - 1], self._col(node.lineno, node.col_offset)
        begun = _BEGINS_DEFINITION.match(row, col)
        if begun is not None and row.startswith(node.name, begun.end()):
            start = begun.end()
        else:
            start = max(col, row.find(node.name, col))
        return Span(node.lineno, start, node.lineno, start + len(node.name))

    # ------------------------------------------------------------------------------------------ statements

    def _block(self, statements: list[ast.stmt], end_of_block: int = 0) -> None:
        outer_end = self.block_end
        if statements:
            self.block_end = end_of_block or statements[-1].end_lineno or 0
        previous = -1
        lines, ends, rows = self.lines, self.ends, self.rows
        body, needs = self.body, self.body.needs
        for statement in statements:
            line, col = statement.lineno, statement.col_offset
            decorators = getattr(statement, "decorator_list", None)
            if decorators:
                line = decorators[0].lineno
                col = statement.col_offset
            end: int = statement.end_lineno  # type: ignore[assignment]
            row = rows[line - 1]
            stands_alone = not row[:col].strip(" \t\f\ufeff") and not row.startswith("elif", col)
            if not stands_alone and previous >= 0:
                ends[previous] = max(ends[previous], end)
            lines.append(line if stands_alone else -line)
            ends.append(end)
            if stands_alone:
                previous = len(ends) - 1
            handle = _STATEMENTS.get(type(statement))
            if handle is not None:
                self.row = line
                handle(self, statement)
        body.needs = needs
        self.block_end = outer_end

    def _expr_statement(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self._expr(node.value)

    def _assign(self, node: ast.Assign) -> None:
        names = [_target_name(target) for target in node.targets]
        name, role = names[literals.telling([each for each, _ in names]) if len(names) > 1 else 0]
        value = self._expr(node.value, name, role)
        for target in node.targets:
            self._bind(target, value, "=", node.end_lineno or node.lineno)
        if name == "__all__" and not self.body.qualname:
            self.all_names = _listed_names(node.value)

    def _ann_assign(self, node: ast.AnnAssign) -> None:
        name, _ = _target_name(node.target)
        annotation = self._annotation(node.annotation)
        value = self._expr(node.value, name, "annotated") if node.value is not None else UNKNOWN
        self._bind(node.target, value, "=", node.end_lineno or node.lineno, annotation)

    def _type_alias(self, node: Any) -> None:
        self._bind(node.name, self._annotation(node.value), "=", node.lineno)

    def _aug_assign(self, node: ast.AugAssign) -> None:
        name, role = _target_name(node.target)
        self._expr(node.value, name, role)
        if isinstance(node.target, ast.Name):
            self.body.bound.add(node.target.id)
            self.body.stepped.add(node.target.id)
            if name == "__all__" and not self.body.qualname and self.all_names is not None:
                more = _listed_names(node.value)
                self.all_names = (*self.all_names, *more) if more is not None else None
        else:
            self._expr(node.target)

    def _return(self, node: ast.Return) -> None:
        value = self._expr(node.value) if node.value is not None else Const(None)
        self.body.returned.append(Return(value, self._span(node)))

    def _if(self, node: ast.If) -> None:
        body = self.body
        body.branches += 1
        body.guards += len(node.body) <= 2 and isinstance(node.body[-1], ast.Raise)
        asks_class = self._test(node.test)
        checking, self.type_checking = (
            self.type_checking,
            self.type_checking or _is_type_checking(node.test),
        )
        weight = _KIND_WEIGHT if _asks_kind(node.test) else 1
        fork, body.fork = body.fork, body.fork or node.end_lineno or 0
        needs, first_return = body.needs, len(body.returned)
        body.conditions += weight
        body.needs += _needs(node.test, body.params)
        self._block(node.body)
        body.conditions -= weight
        body.needs = needs + _needs(node.test, body.params, False)
        self.type_checking = checking
        if node.orelse:
            # An `elif` is one more of the same alternatives, not one below another.
            is_elif = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
            body.conditions += not is_elif
            self._block(node.orelse, self.block_end if _leaves(node.body) else 0)
            body.conditions -= not is_elif
        if not _leaves(node.body):
            body.needs = needs
        body.fork = fork
        if asks_class or len(body.returned) > first_return:
            self._narrow(node, body.returned[first_return:])

    def _test(self, node: ast.expr) -> bool:
        """Walk a condition. Returns: whether it asks what class something is of."""
        calls = self.body.calls
        first = len(calls)
        self._expr(node)
        return len(calls) > first and any(site.call.func == "isinstance" for site in calls[first:])

    def _narrow(self, node: ast.If, returned: list[Return]) -> None:
        """Note what a condition tells of names in its branches, which return this; and below them, if one leaves."""
        holds, fails = _told(node.test)
        last, end = node.body[-1].end_lineno or 0, node.end_lineno or 0
        for each in holds:
            self._add_narrowing(each, node.body[0].lineno, last, returned)
            if node.orelse and _leaves(node.orelse):
                self._add_narrowing(each, end + 1, self.block_end)
        for each in fails:
            rest = self.block_end if _leaves(node.body) else end
            self._add_narrowing(each, last + 1, rest, returned)

    def _add_narrowing(self, told: _Told, line: int, end: int, returned: Iterable[Return] = ()) -> None:
        found = Narrowing(*told, line, end)
        is_asked_for = found.how != "empty" or any(
            _names(r.value, found.name) for r in returned if line <= r.span.line <= end
        )
        if line <= end and is_asked_for:
            self.body.narrowings.append(found)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.body.loops += 1
        self.body.awaits |= isinstance(node, ast.AsyncFor)
        value = self._expr(node.iter)
        self._bind(
            node.target, value, "async for" if isinstance(node, ast.AsyncFor) else "for", node.lineno
        )
        counters = self.body.counters
        self.body.counters |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        self._block(node.body)
        self.body.counters = counters
        self._block(node.orelse)

    def _while(self, node: ast.While) -> None:
        self.body.loops += 1
        self._expr(node.test)
        counters = self.body.counters
        self.body.counters |= excepts.counted(node)
        self._block(node.body)
        self.body.counters = counters
        self._block(node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        how = "async with" if isinstance(node, ast.AsyncWith) else "with"
        self.body.awaits |= isinstance(node, ast.AsyncWith)
        for item in node.items:
            value = self._expr(item.context_expr)
            if item.optional_vars is not None:
                self._bind(item.optional_vars, value, how, node.lineno)
        self._block(node.body)

    def _try(self, node: ast.Try) -> None:
        self.body.branches += len(node.handlers)
        self.body.guards += sum(isinstance(h.body[-1], ast.Raise) for h in node.handlers)
        guards_import = _only_imports(node.body)
        self._block(node.body)
        earlier: list[Expr] = []
        for handler in node.handlers:
            earlier += self._handler(handler, guards_import, tuple(earlier), node.lineno)
        self._block(node.orelse)
        self._block(node.finalbody)

    def _handler(
        self, node: ast.ExceptHandler, guards_import: bool, earlier: tuple[Expr, ...], try_line: int
    ) -> tuple[Expr, ...]:
        body = self.body
        types = self._exception_types(node.type)
        if node.name:
            body.bound.add(node.name)
            value = types[0] if len(types) == 1 else UNKNOWN
            body.assigns.append(Assign(node.name, value, UNKNOWN, "except", node.lineno))
        first_call, first_raise = len(body.calls), len(body.raises)
        body.conditions += 1
        self._block(node.body)
        body.conditions -= 1
        span = Span(node.lineno, self._col(node.lineno, node.col_offset), *self._header_end(node))
        sites = body.calls[first_call:]
        handed = {self._span(call) for call in excepts.handed(node.body, node.name or "")}
        body.handlers.append(
            Handler(
                types,
                node.name or "",
                span,
                excepts.always_raises(node.body, node.name or "")
                or excepts.retries(node.body, body.counters),
                excepts.always_raises(node.body, None),
                tuple(body.raises[first_raise:]),
                tuple(site.call for site in sites),
                guards_import,
                earlier,
                try_line,
                node.end_lineno or node.lineno,
                tuple(excepts.kept_as(node)) if node.name else (),
                tuple(position for position, site in enumerate(sites) if site.span in handed),
            )
        )
        return types

    def _header_end(self, node: ast.ExceptHandler) -> tuple[int, int]:
        if node.type is None:
            return node.lineno, self._col(node.lineno, node.col_offset) + len("except")
        return node.type.end_lineno or node.lineno, self._col(
            node.type.end_lineno or node.lineno, node.type.end_col_offset or 0
        )

    def _exception_types(self, node: ast.expr | None) -> tuple[Expr, ...]:
        if node is None:
            return ()
        value = self._expr(node)
        return value.items if isinstance(value, Seq) and value.items else (value,)

    def _raise(self, node: ast.Raise) -> None:
        value = self._expr(node.exc) if node.exc is not None else UNKNOWN
        if node.cause is not None:
            self._expr(node.cause)
        self.body.raises.append(Raise(value, node.exc is None, node.cause is not None, node.lineno))

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            local = alias.asname or alias.name.partition(".")[0]
            module = alias.name if alias.asname else local
            self._add_import(Import(local, module, "", 0, node.lineno, self.type_checking))
            if not alias.asname and "." in alias.name:
                self.body.imports.append(Import("", alias.name, "", 0, node.lineno, self.type_checking))

    def _import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._add_import(
                Import(
                    alias.asname or alias.name,
                    node.module or "",
                    alias.name,
                    node.level,
                    node.lineno,
                    self.type_checking,
                )
            )

    def _add_import(self, entry: Import) -> None:
        self.body.imports.append(entry)
        self.body.bound.add(entry.local)

    def _global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.body.free.update(node.names)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.body.assigns.append(Assign(target.id, UNKNOWN, UNKNOWN, "del", node.lineno))
            else:
                self._expr(target)

    def _assert(self, node: ast.Assert) -> None:
        for each in _told(node.test)[0] if self._test(node.test) else ():
            self._add_narrowing(each, (node.end_lineno or 0) + 1, self.block_end)

    def _match(self, node: ast.Match) -> None:
        self.body.branches += len(node.cases)
        self._expr(node.subject)
        fork, self.body.fork = self.body.fork, self.body.fork or node.end_lineno or 0
        for case in node.cases:
            self.body.bound.update(_captures(case.pattern))
            if case.guard is not None:
                self._expr(case.guard)
            weight = _KIND_WEIGHT if _names_kind(case.pattern) else 1
            self.body.conditions += weight
            self._block(case.body)
            self.body.conditions -= weight
        self.body.fork = fork

    def _bind(
        self,
        target: ast.expr,
        value: Expr,
        how: str,
        line: int,
        annotation: Expr = UNKNOWN,
        end: int = 0,
    ) -> None:
        body = self.body
        if isinstance(target, ast.Name):
            assign = Assign(target.id, value, annotation, how, line, end, body.fork)
            if how == "comp":
                pass  # seen by the comprehension alone
            elif target.id in body.free and body.qualname:
                self.module_body.assigns.append(assign)
            else:
                body.bound.add(target.id)
            body.assigns.append(assign)
        elif isinstance(target, ast.Attribute):
            name = self._expr(target)
            if isinstance(name, str):
                root, _, rest = name.partition(".")
                if root == body.self_name:
                    name = f"self.{rest}"
                body.assigns.append(Assign(name, value, annotation, how, line, 0, body.fork))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for position, element in enumerate(target.elts):
                if isinstance(element, ast.Starred):
                    self._bind(element.value, UNKNOWN, how, line, UNKNOWN, end)
                else:
                    self._bind(element, Unpack(value, position), how, line, UNKNOWN, end)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, UNKNOWN, how, line)
        else:
            self._expr(target)
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and how == "=":
                key = target.slice.value if isinstance(target.slice, ast.Constant) else None
                name = Text(key) if isinstance(key, str) and len(key) <= _MAX_KEY else UNKNOWN
                held = Seq("tuple", (name, value))
                body.assigns.append(Assign(f"{target.value.id}[]", held, UNKNOWN, "item", line))

    # ---------------------------------------------------------------------------------- functions, classes

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer = self.body
        decorators = tuple(Decorator(self._expr(d), self._span(d)) for d in node.decorator_list)
        params = self._params(node.args)
        returns = self._annotation(node.returns) if node.returns is not None else UNKNOWN
        outer.bound.add(node.name)
        in_class = isinstance(outer, _ClassBody)
        qualname = f"{outer.qualname}.{node.name}" if outer.qualname else node.name
        is_static = any(d.value == "staticmethod" for d in decorators)
        self_name = params[0].name if in_class and params and not is_static else ""
        self.body = _Body(
            qualname,
            outer.qualname if in_class else "",
            outer.parent if in_class else outer.qualname,
            self_name,
        )
        self.body.hidden = outer.hidden
        self.body.params = frozenset(p.name for p in params)
        self.body.bound |= self.body.params
        self._block(node.body)
        self.body.raises_again = self._raised_again(node.body, params)
        start = node.decorator_list[0].lineno if node.decorator_list else node.lineno
        self.functions.append(
            self._close(
                self.body,
                node.name,
                self._name_span(node),
                start,
                node.end_lineno or node.lineno,
                _body_start(node.body),
                isinstance(node, ast.AsyncFunctionDef),
                _has_docstring(node.body),
                decorators,
                params,
                returns,
            )
        )
        self.body = outer

    def _raised_again(self, body: list[ast.stmt], params: tuple[Param, ...]) -> tuple[str, ...]:
        raises = self.body.raises
        is_bare = any(each.bare for each in raises)
        raised = {each.value for each in raises}
        names = (param.name for param in params if is_bare or param.name in raised)
        return tuple(name for name in names if excepts.always_raises(body, name))

    def _close(
        self,
        body: _Body,
        name: str,
        span: Span,
        start: int,
        end: int,
        body_start: int,
        is_async: bool,
        has_docstring: bool,
        decorators: tuple[Decorator, ...],
        params: tuple[Param, ...],
        returns: Expr,
    ) -> Function:
        return Function(
            name,
            body.qualname or name,
            span,
            start,
            end,
            body_start,
            body.owner,
            body.parent,
            is_async,
            bool(body.yielded),
            has_docstring,
            decorators,
            params,
            returns,
            body.branches,
            body.loops,
            body.awaits,
            body.guards,
            Body(
                tuple(body.imports),
                tuple(body.assigns),
                tuple(_as_handed_over(body)),
                tuple(body.returned),
                tuple(body.yielded),
                tuple(body.raises),
                tuple(body.handlers),
                tuple(sorted(body.narrowings, key=attrgetter("line"))),
                frozenset(body.bound - body.free),
                body.raises_again,
            ),
        )

    def _params(self, args: ast.arguments) -> tuple[Param, ...]:
        positional = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
        defaults += args.defaults
        params = [self._param(a, d, "positional") for a, d in zip(positional, defaults)]
        if args.vararg:
            params.append(self._param(args.vararg, None, "vararg"))
        params += [self._param(a, d, "keyword") for a, d in zip(args.kwonlyargs, args.kw_defaults)]
        if args.kwarg:
            params.append(self._param(args.kwarg, None, "kwarg"))
        return tuple(params)

    def _param(self, arg: ast.arg, default: ast.expr | None, kind: str) -> Param:
        annotation = self._annotation(arg.annotation) if arg.annotation is not None else UNKNOWN
        value = self._expr(default, arg.arg, "default") if default is not None else UNKNOWN
        return Param(arg.arg, annotation, value, default is not None, kind, arg.lineno)

    def _class(self, node: ast.ClassDef) -> None:
        outer = self.body
        decorators = tuple(Decorator(self._expr(d), self._span(d)) for d in node.decorator_list)
        bases = tuple(self._annotation(b) for b in node.bases)
        keywords = tuple((k.arg or "", self._expr(k.value)) for k in node.keywords)
        outer.bound.add(node.name)
        qualname = f"{outer.qualname}.{node.name}" if outer.qualname else node.name
        scope = outer.parent if isinstance(outer, _ClassBody) else outer.qualname
        body = _ClassBody(qualname, outer.owner, scope)
        body.hidden = outer.hidden
        self.body = body
        self._block(node.body)
        self.body = outer
        outer.calls += body.calls
        outer.imports += [i for i in body.imports if i.local]
        start = node.decorator_list[0].lineno if node.decorator_list else node.lineno
        end = node.end_lineno or node.lineno
        methods = tuple(
            f.name for f in self.functions if f.owner == qualname and start <= f.start <= end
        )
        fields = tuple(
            Field(a.target, a.annotation, a.value, a.line) for a in body.assigns if "." not in a.target
        )
        self.classes.append(
            Class(
                node.name,
                qualname,
                self._name_span(node),
                start,
                end,
                scope,
                bases,
                keywords,
                decorators,
                fields,
                methods,
                tuple(p.name for p in getattr(node, "type_params", ())),
            )
        )

    # ----------------------------------------------------------------------------------------- expressions

    def _expr(self, node: ast.expr, name: str = "", role: str = "other") -> Expr:
        handle = _EXPRESSIONS.get(type(node))
        if handle is not None:
            self.depth += 1
            value = handle(self, node, name, role)
            self.depth -= 1
            return value if self.depth < _MAX_DEPTH else UNKNOWN
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expr(child)
        return UNKNOWN

    def _name(self, node: ast.Name, name: str, role: str) -> Expr:
        for hidden in self.body.hidden:
            if node.id in hidden:
                return UNKNOWN
        return node.id

    def _attribute(self, node: ast.Attribute, name: str, role: str) -> Expr:
        base = self._expr(node.value)
        if isinstance(base, str):
            return f"{base}.{node.attr}"
        return Attr(base, node.attr) if base is not UNKNOWN else UNKNOWN

    def _call(self, node: ast.Call, name: str, role: str, awaited: bool = False) -> Expr:
        func = self._expr(node.func)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant):
            self._expr(
                node.func.value, name, role
            )  # `"…".encode()` is bound to what the call is bound to
        callee = _callee(func)
        args = tuple(
            self._argument(arg, position, callee, self._bound(node, callee, position, "", name, role))
            for position, arg in enumerate(node.args)
        )
        keywords = tuple(
            (
                key,
                self._keyword(
                    keyword.value, key, callee, self._bound(node, callee, -1, key, name, role)
                ),
            )
            for keyword in node.keywords
            for key in [keyword.arg or ""]
        )
        call = Call(func, args, keywords)
        body = self.body
        body.calls.append(
            CallSite(
                call, self._span(node), awaited, body.deferred > 0, body.conditions, " ".join(body.needs)
            )
        )
        return call

    def _argument(self, node: ast.expr, position: int, callee: str, bound: tuple[str, str]) -> Expr:
        if callee.rpartition(".")[2] in _TEXT_CALLS and (position == 0 or _is_path(node)):
            return self._text(node, *bound)
        return self._expr(node, *bound)

    def _keyword(self, node: ast.expr, key: str, callee: str, bound: tuple[str, str]) -> Expr:
        is_model = key == "to" and callee.endswith(("Field", "Key"))
        return (
            self._text(node, *bound) if is_model or key in _TEXT_KEYWORDS else self._expr(node, *bound)
        )

    def _bound(
        self, node: ast.Call, callee: str, position: int, key: str, name: str, role: str
    ) -> tuple[str, str]:
        """What an argument is called: the variable that an environment look-up falls back for, the field that
        `Field(…)` is the default of, else the keyword or the callee."""
        is_default = position == 1 or key == "default"
        if is_default and node.args and callee.endswith(_ENVIRONMENT):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                return first.value, "getenv"
        if (position == 0 or key == "default") and callee.rpartition(".")[2] == "Field" and name:
            return name, role
        return (key, "keyword") if key else (callee, "argument")

    def _text(self, node: ast.expr, name: str = "", role: str = "other") -> Expr:
        """Like `_expr`, keeping the values of short strings."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._literal(node, node.value, name, role)
            return Text(node.value) if len(node.value) <= _MAX_TEXT else Of("str")
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            kind = type(node).__name__.lower()
            return Seq(kind, tuple(self._text(e, name, role) for e in node.elts))
        if isinstance(node, ast.Dict) and name.endswith(".as_view"):  # a DRF ViewSet's {"get": "list"}
            return Map(
                tuple(
                    (self._text(k), self._text(v))
                    for k, v in zip(node.keys, node.values)
                    if k is not None
                )
            )
        return self._expr(node, name, role)

    def _constant(self, node: ast.Constant, name: str, role: str) -> Expr:
        value = node.value
        if isinstance(value, str):
            self._literal(node, value, name, role, self.joined.pop(id(node), ""))
            if role in ("assign", "annotated") and _is_kept(
                name, value, isinstance(self.body, _ClassBody)
            ):
                return Text(value)
            return Of("str")
        if value is None or isinstance(value, (bool, int, float)):
            return Const(value)
        if isinstance(value, bytes):
            self._literal(node, value.decode("latin-1"), name, role)
        return Of(type(value).__name__)

    def _literal(self, node: ast.expr, value: str, name: str, role: str, filled: str = "") -> None:
        if value and literals.candidate(name, value):
            known = name
            if isinstance(self.body, _ClassBody) and "://" in value and role in ("assign", "annotated"):
                known = literals.name_in_class(name, self.body.qualname)
            found = literals.traits(known, value, role)
            if filled and not found:
                found = literals.traits(known, filled, role)
                found = found if "url" in found and not found & _SECRET_TRAITS else frozenset()
            if is_llm_address(value):
                found |= {"llm"}
            if found:
                self.literals.append(Literal(name, role, self._span(node), found))

    def _await(self, node: ast.Await, name: str, role: str) -> Expr:
        self.body.awaits = True
        if isinstance(node.value, ast.Call):
            return Await(self._call(node.value, name, role, awaited=True))
        return Await(self._expr(node.value, name, role))

    def _subscript(self, node: ast.Subscript, name: str, role: str) -> Expr:
        base = self._expr(node.value)
        index = self._expr(node.slice)
        return Item(base, index) if base is not UNKNOWN else UNKNOWN

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set, kind: str, name: str, role: str) -> Expr:
        if isinstance(self.body, _ClassBody) and name in _TEXT_FIELDS:
            return self._text(node, name, role)
        return Seq(kind, tuple(self._expr(e, name, role) for e in node.elts))

    def _list(self, node: ast.List, name: str, role: str) -> Expr:
        return self._sequence(node, "list", name, role)

    def _tuple(self, node: ast.Tuple, name: str, role: str) -> Expr:
        return self._sequence(node, "tuple", name, role)

    def _set(self, node: ast.Set, name: str, role: str) -> Expr:
        return self._sequence(node, "set", name, role)

    def _dict(self, node: ast.Dict, name: str, role: str) -> Expr:
        items: list[tuple[Expr, Expr]] = []
        for key, value in zip(node.keys, node.values):
            if key is None:
                items.append((Star(self._expr(value)), UNKNOWN))
                continue
            text = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
            shown: Expr = Text(text) if text and len(text) <= _MAX_KEY else self._expr(key)
            items.append((shown, self._expr(value, text or _dotted(key), "item")))
        return Map(tuple(items))

    def _ifexp(self, node: ast.IfExp, name: str, role: str) -> Expr:
        self._expr(node.test)
        body, needs = self.body, self.body.needs
        body.conditions += 1
        body.needs += _needs(node.test, body.params)
        chosen = self._expr(node.body, name, role)
        body.needs = needs + _needs(node.test, body.params, False)
        options = chosen, self._expr(node.orelse, name, role)
        body.conditions -= 1
        body.needs = needs
        return Choice(options)

    def _boolop(self, node: ast.BoolOp, name: str, role: str) -> Expr:
        body, needs = self.body, self.body.needs
        options: tuple[Expr, ...] = ()
        for value in node.values:
            options += (self._expr(value, name, role),)
            body.needs += _needs(value, body.params, isinstance(node.op, ast.And))
        body.needs = needs
        return Choice(options) if isinstance(node.op, ast.Or) else Choice(options[-1:])

    def _binop(self, node: ast.BinOp, name: str, role: str) -> Expr:
        if isinstance(node.op, ast.Add):
            self._join(node)
        left = self._expr(node.left, name, role)
        right = self._expr(node.right, name if isinstance(node.op, ast.Add) else "", role)
        if isinstance(node.op, ast.BitOr):
            return Choice((left, right))
        if isinstance(node.op, ast.Div):
            return left  # `folder / name` is a path like `folder`
        if Of("str") in (left, right) or isinstance(left, (Text, Format)):
            return Of("str")
        return UNKNOWN

    def _join(self, node: ast.BinOp) -> None:
        """Keep the text that a sum makes, for the literal in which it begins if that is an address without its host."""
        parts: list[ast.expr] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and isinstance(first.op, ast.Add):
            parts.append(first.right)
            first = first.left
        if (
            isinstance(first, ast.Constant)
            and isinstance(first.value, str)
            and id(first) not in self.joined
        ):
            _, sign, host = first.value.partition("://")
            if sign and "/" not in host:
                self.joined[id(first)] = self._filled([first, *reversed(parts)])

    def _unary(self, node: ast.UnaryOp, name: str, role: str) -> Expr:
        operand = self._expr(node.operand)
        if isinstance(node.op, ast.Not):
            return Of("bool")
        return operand

    def _compare(self, node: ast.Compare, name: str, role: str) -> Expr:
        sides = [node.left, *node.comparators]
        for side in sides:
            names = [_dotted(other).rpartition(".")[2] for other in sides if other is not side]
            self._expr(side, names[literals.telling(names)], "compare")
        return Of("bool")

    def _joined(self, node: ast.JoinedStr, name: str, role: str) -> Expr:
        text = []
        parts = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                text.append(str(part.value))
            elif isinstance(part, ast.FormattedValue):
                text.append("{}")
                parts.append(self._expr(part.value))
        self._literal(node, "".join(text), name, role, self._filled(node.values))
        return Format(tuple(parts))

    def _filled(self, parts: Iterable[ast.expr]) -> str:
        """The text that parts make together, the file's constants put in and `{}` for anything else; "" if it is no
        address."""
        text = ""
        for part in parts:
            if (
                isinstance(part, ast.FormattedValue)
                and part.conversion == -1
                and part.format_spec is None
            ):
                part = part.value
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                text += part.value
            elif "://" not in text:
                return ""
            else:
                text += self._constant_named(part.id) if isinstance(part, ast.Name) else "{}"
        return text

    def _constant_named(self, name: str) -> str:
        """The text or number that the file gives a name at its top level, and nothing else ever; `{}` where it does not."""
        return (
            self._constants[name] if name in self._constants and self._bound_names[name] == 1 else "{}"
        )

    @cached_property
    def _constants(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for statement in self.statements:
            match statement:
                case ast.Assign([ast.Name(name)], ast.Constant(str() | int() as value)) | ast.AnnAssign(
                    ast.Name(name), _, ast.Constant(str() | int() as value)
                ):
                    found[name] = str(value)
        return found

    @cached_property
    def _bound_names(self) -> Counter[str]:
        return Counter(
            node.id if isinstance(node, ast.Name) else node.arg
            for node in ast.walk(ast.Module(self.statements, []))
            if isinstance(node, ast.arg)
            or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        )

    def _comprehension(
        self, node: Any, kind: str, element: ast.expr, key: ast.expr | None = None
    ) -> Expr:
        loops = []
        for generator in node.generators:
            iterable = self._expr(generator.iter)
            self._bind(generator.target, iterable, "comp", self.row, UNKNOWN, node.end_lineno)
            target = generator.target.id if isinstance(generator.target, ast.Name) else ""
            self.body.awaits |= bool(generator.is_async)
            loops.append((target, iterable, bool(generator.is_async)))
            for test in generator.ifs:
                self._expr(test)
        if key is not None:
            self._expr(key)
        return Comp(kind, self._expr(element), tuple(loops))

    def _listcomp(self, node: ast.ListComp, name: str, role: str) -> Expr:
        return self._comprehension(node, "list", node.elt)

    def _setcomp(self, node: ast.SetComp, name: str, role: str) -> Expr:
        return self._comprehension(node, "set", node.elt)

    def _generator(self, node: ast.GeneratorExp, name: str, role: str) -> Expr:
        return self._comprehension(node, "generator", node.elt)

    def _dictcomp(self, node: ast.DictComp, name: str, role: str) -> Expr:
        return self._comprehension(node, "dict", node.value, node.key)

    def _lambda(self, node: ast.Lambda, name: str, role: str) -> Expr:
        args = node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        names += [a.arg for a in (args.vararg, args.kwarg) if a is not None]
        for default in (*args.defaults, *args.kw_defaults):
            if default is not None:
                self._expr(default)
        body = self.body
        outer_hidden, body.hidden = body.hidden, [*body.hidden, frozenset(names)]
        body.deferred += 1
        value = self._expr(node.body, name, role)
        body.deferred -= 1
        body.hidden = outer_hidden
        return Lambda(tuple(names), value)

    def _named(self, node: ast.NamedExpr, name: str, role: str) -> Expr:
        value = self._expr(node.value, node.target.id, "assign")
        self._bind(node.target, value, "=", self.row - 1)
        return value

    def _starred(self, node: ast.Starred, name: str, role: str) -> Expr:
        return Star(self._expr(node.value))

    def _yield(self, node: ast.Yield, name: str, role: str) -> Expr:
        value = self._expr(node.value) if node.value is not None else Const(None)
        self.body.yielded.append(Return(value, self._span(node)))
        return UNKNOWN

    def _yield_from(self, node: ast.YieldFrom, name: str, role: str) -> Expr:
        self.body.yielded.append(Return(Star(self._expr(node.value)), self._span(node)))
        return UNKNOWN

    def _annotation(self, node: ast.expr) -> Expr:
        """Like `_expr`, with strings read as forward references (PEP 484)."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return _forward_reference(node.value)
        if isinstance(node, ast.Subscript):
            base = self._annotation(node.value)
            inner = node.slice
            if isinstance(inner, ast.Tuple):
                return Item(base, Seq("tuple", tuple(self._annotation(e) for e in inner.elts)))
            return Item(base, self._annotation(inner))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return Choice((self._annotation(node.left), self._annotation(node.right)))
        return self._expr(node)


# No bound methods: a table of them would keep every file's tree and facts alive, with nobody to collect the cycle.
_EXPRESSIONS: dict[type, Callable[[_Indexer, Any, str, str], Expr]] = {
    ast.Name: _Indexer._name,
    ast.Attribute: _Indexer._attribute,
    ast.Call: _Indexer._call,
    ast.Constant: _Indexer._constant,
    ast.Await: _Indexer._await,
    ast.Subscript: _Indexer._subscript,
    ast.List: _Indexer._list,
    ast.Tuple: _Indexer._tuple,
    ast.Set: _Indexer._set,
    ast.Dict: _Indexer._dict,
    ast.IfExp: _Indexer._ifexp,
    ast.BoolOp: _Indexer._boolop,
    ast.BinOp: _Indexer._binop,
    ast.UnaryOp: _Indexer._unary,
    ast.Compare: _Indexer._compare,
    ast.JoinedStr: _Indexer._joined,
    ast.ListComp: _Indexer._listcomp,
    ast.SetComp: _Indexer._setcomp,
    ast.GeneratorExp: _Indexer._generator,
    ast.DictComp: _Indexer._dictcomp,
    ast.Lambda: _Indexer._lambda,
    ast.NamedExpr: _Indexer._named,
    ast.Starred: _Indexer._starred,
    ast.Yield: _Indexer._yield,
    ast.YieldFrom: _Indexer._yield_from,
}
_STATEMENTS: dict[type, Callable[[_Indexer, Any], None]] = {
    ast.Expr: _Indexer._expr_statement,
    ast.Assign: _Indexer._assign,
    ast.AnnAssign: _Indexer._ann_assign,
    ast.AugAssign: _Indexer._aug_assign,
    ast.Return: _Indexer._return,
    ast.If: _Indexer._if,
    ast.For: _Indexer._for,
    ast.AsyncFor: _Indexer._for,
    ast.While: _Indexer._while,
    ast.With: _Indexer._with,
    ast.AsyncWith: _Indexer._with,
    ast.Try: _Indexer._try,
    ast.Raise: _Indexer._raise,
    ast.FunctionDef: _Indexer._function,
    ast.AsyncFunctionDef: _Indexer._function,
    ast.ClassDef: _Indexer._class,
    ast.Import: _Indexer._import,
    ast.ImportFrom: _Indexer._import_from,
    ast.Global: _Indexer._global,
    ast.Nonlocal: _Indexer._global,
    ast.Delete: _Indexer._delete,
    ast.Assert: _Indexer._assert,
    ast.Match: _Indexer._match,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = _Indexer._try
if hasattr(ast, "TypeAlias"):
    _STATEMENTS[ast.TypeAlias] = _Indexer._type_alias


class _ClassBody(_Body):
    """A class body: its assignments are fields, and names bound in it are not seen by its methods."""


def _is_kept(name: str, value: str, in_class: bool) -> bool:
    """Whether an assigned string is kept: a route's prefix, or a class field that frameworks read."""
    if value in _HTTP_METHODS:
        return True
    return len(value) <= _MAX_TEXT and (
        (in_class and name in _TEXT_FIELDS) or (value[:1] == "/" and " " not in value)
    )


def _listed_names(node: ast.expr) -> tuple[str, ...] | None:
    """The names of an `__all__`, `None` where they are computed."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    names = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return tuple(names) if len(names) == len(node.elts) else None


def _forward_reference(text: str) -> Expr:
    if len(text) > _MAX_TEXT:
        return UNKNOWN
    if text.isidentifier():
        return text
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return UNKNOWN
    return _Indexer("", "")._annotation(tree.body)


def _target_name(target: ast.expr) -> tuple[str, str]:
    if isinstance(target, ast.Name):
        return target.id, "assign"
    if isinstance(target, ast.Attribute):
        return target.attr, "assign"
    if isinstance(target, ast.Subscript):
        key = target.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value, "item"
        return _dotted(key), "item"
    return "", "assign"


def _dotted(node: ast.expr | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    if isinstance(node, ast.Subscript):
        key = node.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
    return ""


def _callee(func: Expr) -> str:
    if isinstance(func, str):
        return func
    return func.name if isinstance(func, Attr) else ""


def _is_path(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/")


def _has_docstring(body: list[ast.stmt]) -> bool:
    return (
        bool(body)
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )


def _body_start(body: list[ast.stmt]) -> int:
    return body[1].lineno if _has_docstring(body) and len(body) > 1 else body[0].lineno


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _only_imports(body: list[ast.stmt]) -> bool:
    """Whether a `try` body is an optional import: imports, and perhaps flags that say it succeeded and what uses them."""
    has_import = any(_imports(s) for s in body)
    return has_import and all(
        _imports(s)
        or _looks_up_version(s, body)
        or isinstance(s, (ast.Pass, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        or (
            isinstance(s, (ast.Assign, ast.AnnAssign))
            and isinstance(s.value, (ast.Constant, ast.Name, ast.Attribute))
        )
        for s in body
    )


def _looks_up_version(statement: ast.stmt, body: list[ast.stmt]) -> bool:
    """Whether a statement asks for a package's version, by what the same body imports."""
    if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return)):
        return False
    value = statement.value
    call = value.value if isinstance(value, ast.Attribute) else value
    if not isinstance(call, ast.Call) or any(
        isinstance(n, ast.Call) for a in call.args for n in ast.walk(a)
    ):
        return False
    root, dot, rest = _dotted(call.func).partition(".")
    return any(
        f"{module}{dot}{rest}" in _VERSIONS
        for each in body
        for local, module in _imported(each)
        if local == root
    )


def _imported(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The names that an import binds, and what each stands for."""
    for alias in statement.names if isinstance(statement, (ast.Import, ast.ImportFrom)) else ():
        if isinstance(statement, ast.ImportFrom):
            yield alias.asname or alias.name, f"{statement.module}.{alias.name}"
        elif alias.asname:
            yield alias.asname, alias.name
        else:
            yield (alias.name.partition(".")[0],) * 2


def _imports(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Expr, ast.Assign)):
        value = statement.value
        return isinstance(value, ast.Call) and _dotted(value.func) in _IMPORTERS
    return isinstance(statement, (ast.Import, ast.ImportFrom))


def _needs(test: ast.expr, params: frozenset[str], holds: bool = True) -> tuple[str, ...]:
    """What a condition tells of parameters where it holds, or where it does not; see `CallSite.needs`."""
    if not params or type(test) not in _TELLING:
        return ()
    match test:
        case ast.Name(name) if name in params:
            return (name if holds else f"!{name}",)
        case ast.UnaryOp(ast.Not(), operand):
            return _needs(operand, params, not holds)
        case ast.Compare(ast.Name(name), [ast.Is() | ast.IsNot() as op], [ast.Constant(None)]):
            is_something = holds == isinstance(op, ast.IsNot)
            return (f"{name}?" if is_something else f"!{name}?",) if name in params else ()
        case ast.BoolOp(op, values) if holds == isinstance(op, ast.And):
            return tuple(need for value in values for need in _needs(value, params, holds))
    return ()


def _as_handed_over(body: _Body) -> Iterable[CallSite]:
    """A body's calls; of those parameters that it binds anew nobody knows what must hold of them."""
    changed = body.params & {*body.stepped, *(assign.target for assign in body.assigns)}
    if not changed:
        return body.calls
    return [
        site._replace(needs=" ".join(n for n in site.needs.split() if n.strip("!?") not in changed))
        if site.needs
        else site
        for site in body.calls
    ]


def _told(test: ast.expr) -> tuple[tuple[_Told, ...], tuple[_Told, ...]]:
    """What a condition tells of names where it holds, and where it does not."""
    match test:
        case ast.Name() | ast.Attribute() | ast.NamedExpr() | ast.Call(ast.Name("len"), [_]):
            return (), _told_empty(test)
        case ast.UnaryOp(ast.Not(), operand):
            holds, fails = _told(operand)
            return fails, holds
        case ast.BoolOp(ast.And(), values):
            return tuple(each for value in values for each in _told(value)[0]), ()
        case ast.BoolOp(ast.Or(), values):
            return (), tuple(each for value in values for each in _told(value)[1])
        case ast.Call(ast.Name("isinstance"), [subject, kinds], []):
            name, classes = _plain_name(subject), _class_names(kinds)
            if name and "" not in classes:
                return ((name, "is", classes),), ((name, "not", classes),)
        case ast.Compare(left, [ast.Is() | ast.Eq()], [ast.Constant(None | 0)]):
            return _told_empty(left), ()
        case ast.Compare(left, [ast.IsNot() | ast.NotEq() | ast.Gt()], [ast.Constant(None | 0)]):
            return (), _told_empty(left)
    return (), ()


def _told_empty(subject: ast.expr) -> tuple[_Told, ...]:
    if isinstance(subject, ast.Call):  # its length
        subject = subject.args[0] if _dotted(subject.func) == "len" and subject.args else subject
    name = _plain_name(subject)
    return ((name, "empty", ()),) if name else ()


def _plain_name(node: ast.expr) -> str:
    """A name as it is written (`user`, `self.db`, that of `user := find()`), "" for anything else."""
    if isinstance(node, ast.NamedExpr):
        return node.target.id
    if isinstance(node, ast.Attribute):
        base = _plain_name(node.value)
        return f"{base}.{node.attr}" if base else ""
    return node.id if isinstance(node, ast.Name) else ""


def _class_names(kinds: ast.expr) -> tuple[str, ...]:
    """The classes that `isinstance` is asked about, "" for one that is no name."""
    if isinstance(kinds, ast.Tuple):
        return tuple(name for each in kinds.elts for name in _class_names(each))
    if isinstance(kinds, ast.BinOp):
        return (*_class_names(kinds.left), *_class_names(kinds.right))
    return (_plain_name(kinds),)


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether what stands below a block is never run after it."""
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _leaves(last.body) and _leaves(last.orelse)
    return isinstance(last, (ast.Return, ast.Raise, ast.Continue, ast.Break))


def _names(expr: Any, name: str) -> bool:
    """Whether an expression may hold a name."""
    if isinstance(expr, str):
        return expr == name or expr.startswith(f"{name}.")
    return isinstance(expr, tuple) and any(_names(part, name) for part in expr)


def _asks_kind(test: ast.expr) -> bool:
    """Whether a condition picks one of several kinds by name: `backend == "s3"`, `url.startswith("s3://")`."""
    match test:
        case ast.BoolOp(ast.And(), values):
            return any(map(_asks_kind, values))
        case ast.Compare(_, [ast.Eq()], [ast.Constant(str() as text)]):
            return bool(text)
        case ast.Call(ast.Attribute(_, "startswith"), [ast.Constant(str())]):
            return True
    return False


def _names_kind(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchValue) and isinstance(pattern.value, ast.Constant)


def _captures(pattern: ast.pattern) -> Iterable[str]:
    for node in ast.walk(pattern):
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if isinstance(name, str):
            yield name
