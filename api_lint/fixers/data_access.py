"""A handler's data access becomes functions of the project's service module, which the handler calls."""

from __future__ import annotations

import ast
import builtins
import posixpath
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from api_lint import syntax
from api_lint.facts import (
    Attr,
    Await,
    Call,
    CallSite,
    Effect,
    Expr,
    Function,
    Import,
    Route,
    Span,
    Value,
)
from api_lint.fixers.extract import (
    GOES,
    HANDED,
    PARTS,
    STAYS,
    Fate,
    Given,
    NotExtracted,
    Piece,
    pieces,
)
from api_lint.fixers.naming import piece_name
from api_lint.fixers.services import Service, import_for, module_name, service_for
from api_lint.rule import UNSAFE, AddCode, Finding, NeedImport, Rewrite

if TYPE_CHECKING:
    from api_lint.visit import Place

__all__ = ["move_data_access"]

# What stays with the handler.
_HTTP = tuple(
    f"{name}."
    for name in (
        "fastapi", "starlette", "flask", "werkzeug", "rest_framework", "django.http", "django.shortcuts", "quart",
        "apiflask", "flask_restful", "flask_restx", "flask_smorest", "flask_apispec", "flask_wtf", "wtforms",
        "drf_spectacular", "webargs", "marshmallow", "flask_marshmallow",
    )
)  # fmt: skip
# Globals that stand for something of the request: a value of theirs is handed over, or they are.
_REQUEST = frozenset({"flask.request", "flask.g", "flask.session", "flask.current_app", "quart.request"})
_PROXIES = frozenset({"flask_login", "flask_jwt_extended", "flask_security", "flask_jwt"})
_SESSIONS = frozenset(
    {"sqlalchemy.orm.Session", "sqlalchemy.ext.asyncio.AsyncSession", "sqlmodel.Session"}
)
_RESULTS = frozenset({"sqlalchemy.ScalarResult", "sqlalchemy.ext.asyncio.AsyncScalarResult"})
_THREADED = frozenset({"fastapi", "starlette"})
_OPTIONAL = frozenset(
    "first one_or_none get scalar_one_or_none scalar afirst find_one get_or_none fetchone find_one_or_none".split()
)
_TYPED = frozenset({"uuid", "datetime", "decimal", "typing", "pydantic", "pathlib", "enum"})
_GENERICS = frozenset(
    "Optional Union List Dict Set list dict set tuple Sequence Iterable Literal".split()
)
_WIDTH = 88


def move_data_access(
    finding: Finding,
    route: Route,
    at: Place,
    counts: Callable[[CallSite, Effect, Function], bool | None],
) -> Finding:
    """The finding with the fix that moves a handler's data access into the service module for its file.

    Parameters: `counts`, whether a call is data access that has to go (`None`: it is none, `False`: it may stay).
    Returns: the finding; with the reason instead where something of it cannot be moved.
    """
    service = service_for(at.api, at.module)
    if isinstance(service, str):
        return finding.unfixable(service)
    try:
        return _Move(route, at, service, counts).put_into(finding)
    except NotExtracted as reason:
        return finding.unfixable(str(reason))


class _Code(NamedTuple):
    """A function of the service module: its name, its source and what it imports."""

    name: str
    source: str
    imports: tuple[tuple[str, str], ...]


@dataclass
class _Move:
    route: Route
    at: Place
    service: Service
    counts: Callable[[CallSite, Effect, Function], bool | None]
    threaded: bool = False
    tree: ast.FunctionDef | ast.AsyncFunctionDef | None = None

    @property
    def handler(self) -> Function:
        return self.route.handler.function

    def put_into(self, finding: Finding) -> Finding:
        """The finding with the fix."""
        rows = [row.rstrip("\r\n") for row in self.at.rows]
        must, may, never, blocking = self._data()
        if "WEBSOCKET" in self.route.methods:
            raise NotExtracted(
                "what a WebSocket says between its queries is to be divided from them by hand"
            )
        if not must:
            raise NotExtracted("no data access that could move: the logic is to be divided by hand")
        self.tree = self._parsed(rows)
        found = [
            replace(piece, given=tuple(sorted(piece.given, key=self._order)))
            for piece in pieces(self.tree, rows, must, may, never, blocking, self._fate)
        ]
        codes = [self._code(piece, found) for piece in found]
        edits = [
            Rewrite(Span(*piece.start, *piece.end), self._call(piece, code))
            for piece, code in zip(found, codes)
        ]
        taken = self._taken()
        adds = [
            AddCode(self.service.path, code.source, code.imports)
            for code in dict.fromkeys(codes)
            if code.name not in taken  # one that is there already does the same
        ]
        names = ", ".join(dict.fromkeys(code.name for code in codes))
        return finding.fixed_by(
            f"Move the data access into {self.service.path} ({names})",
            *edits,
            *([NeedImport("fastapi.concurrency", "run_in_threadpool")] if self.threaded else []),
            NeedImport(*self.service.imported),
            *(AddCode(package, "") for package in self.service.packages),
            *adds,
            safety=UNSAFE,
        )

    def _parsed(self, rows: Sequence[str]) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """The handler's syntax tree, with rows as in the file."""
        handler = self.handler
        text = "\n".join(rows[handler.start - 1 : handler.end])
        lead = handler.start - 1
        if text[:1] in (" ", "\t"):
            text, lead = "if 1:\n" + text, lead - 1
        try:
            tree = syntax.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            raise NotExtracted("the handler cannot be parsed alone") from None
        ast.increment_lineno(tree, lead)
        body = tree.body[0].body if isinstance(tree.body[0], ast.If) else tree.body
        node = body[0]
        assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        return node

    # ------------------------------------------------------------------------------------------------------ data

    def _data(self) -> tuple[list[Span], list[Span], list[Span], list[Span]]:
        """Where the calls stand that have to go, those that may, those that stay, and those that block the event loop."""
        must, may, never, blocking = [], [], [], []
        for site, effect, body in self._sites():
            counts = self.counts(site, effect, body)
            if counts:
                must.append(site.span)
                if self.handler.is_async and effect.blocks == "db" and not site.awaited:
                    self._use_threads(site)
                    blocking.append(site.span)
            elif counts is False or self._is_row_method(site):
                may.append(site.span)
            elif (effect.blocks or effect.llm) and effect.blocks != "db":
                never.append(site.span)
        return must, may, never, blocking

    def _sites(self) -> Iterator[tuple[CallSite, Effect, Function]]:
        handler, at = self.handler, self.at
        functions = at.module.facts.functions
        inside = (f for f in functions if handler.start < f.start and f.end <= handler.end)
        for body in (handler, *inside):
            for site, _, effect in at.api.sites(at.path, body):
                yield site, effect, body

    def _is_row_method(self, site: CallSite) -> bool:
        """Whether a row of a model saves or deletes itself."""
        func = site.call.func
        owner, _, method = func.rpartition(".") if isinstance(func, str) else ("", "", "")
        if method not in ("save", "delete", "asave", "adelete") or not owner:
            return False
        return self.at.api.role(self._value(owner, site.span.line)) in ("model", "document")

    def _use_threads(self, site: CallSite) -> None:
        """A session that blocks the event loop is used in a thread, where FastAPI itself made it for the handler."""
        given = {d.name for d in self.route.dependencies if d.scope == "parameter"}
        is_given = any(self._is_session(name) for name in given)
        if self.route.framework not in _THREADED or not is_given:
            raise NotExtracted(
                f"an async handler with a synchronous session (line {site.span.line}): API604 comes first"
            )
        self.threaded = True

    def _order(self, given: Given) -> int:
        """Sessions before what stands for the database otherwise, and that before the rest."""
        if given.node is None and self._is_session(given.argument):
            return 0
        is_global = given.node is None and given.argument not in self._locals()
        return 1 if is_global and self.at.module.imports.get(given.argument) is None else 2

    def _is_session(self, name: str) -> bool:
        return self.at.api.role(self._value(name)) in ("session", "async-session")

    # ----------------------------------------------------------------------------------------------------- names

    def _value(self, expr: Expr, line: int = 0) -> Value:
        scope = self.at.api.scope(self.at.path, self.handler, line or self.handler.end + 1)
        return self.at.api.value(expr, scope)

    def _fate(self, name: str) -> Fate:
        """What becomes of a name in code that moves."""
        handler, module = self.handler, self.at.module
        if name in handler.bound or any(p.name == name for p in handler.params):
            return self._local_fate(name)
        entry = module.imports.get(name)
        if entry is not None:
            return self._imported_fate(name, entry)
        if name in module.functions:
            return Fate(PARTS, f"{name} is defined in the routes' own file")
        if name in module.assigns:
            if self._is_http(self._value(name)):
                return Fate(STAYS, f"{name} is HTTP")
            return Fate(HANDED)
        if name in module.facts.body.bound:
            return Fate(STAYS, f"{name} is defined in the routes' own file")
        if hasattr(builtins, name):
            return Fate(GOES)
        if self._starred(name) is not None:
            return Fate(STAYS if self._is_http(self._value(name)) else GOES, f"{name} is HTTP")
        return Fate(STAYS, f"where {name} comes from is not known")

    def _local_fate(self, name: str) -> Fate:
        if any(i.local == name for i in self.handler.imports):
            return Fate(STAYS, f"{name} is imported in the handler")
        first = self.handler.params[0].name if self.handler.owner and self.handler.params else ""
        if name in ("self", "cls") or name == first:
            return Fate(PARTS, f"it uses {name}")
        if name in ("request", "websocket") or self._is_http(self._value(name)):
            return Fate(PARTS, f"it uses {name}, which is HTTP")
        return Fate(HANDED)

    def _imported_fate(self, name: str, entry: Import) -> Fate:
        api, path = self.at.api, self.at.path
        full = f"{entry.module}.{entry.name}"
        if not entry.level and full in _REQUEST:
            return Fate(PARTS, f"it uses {name}, which is HTTP")
        value = self._value(name)
        if not entry.level and entry.module in _PROXIES:
            is_proxy = name.startswith("current")
            return Fate(HANDED) if is_proxy else Fate(STAYS, f"{name} is HTTP")
        is_http = not entry.level and f"{full}.".startswith(_HTTP)
        if is_http or self._is_http(value) or self._is_http_class(value):
            return Fate(STAYS, f"it uses {name}, which is HTTP")
        if entry.type_checking or import_for(api, entry, path, self.service.path) is None:
            return Fate(STAYS, f"{name} cannot be imported elsewhere")
        return Fate(GOES)

    def _is_http(self, value: Value) -> bool:
        if f"{value.name}.".startswith(_HTTP):
            return True
        return value.kind == "instance" and self._is_http_class(value._replace(kind="class"))

    def _is_http_class(self, value: Value) -> bool:
        if value.kind != "class":
            return False
        instance = value._replace(kind="instance")
        if self.at.api.role(instance) in ("model", "document", "schema"):
            return False
        return any(f"{a.name}.".startswith(_HTTP) for a in self.at.api.types.mro(instance))

    def _starred(self, name: str) -> tuple[str, str] | None:
        """The import of a name that comes by `from … import *`."""
        symbol = self.at.api.project.symbol(self.at.path, name)
        if symbol.sort not in ("function", "class", "assign") or not symbol.path:
            return None
        dotted = module_name(self.at.api, self.at.module, symbol.path, self.service.path)
        return (dotted, symbol.name) if dotted else None

    # ------------------------------------------------------------------------------------------------------ code

    def _code(self, piece: Piece, found: Sequence[Piece]) -> _Code:
        imports: set[tuple[str, str]] = set()
        params = [self._param(given, imports) for given in piece.given]
        returns = self._returns(piece, imports)
        for name in sorted(piece.globals):
            imports.update(self._imports(name))
        self._check(imports)
        rest = _signature(params, returns)
        lead = "async def " if piece.is_async else "def "
        names = self._names()
        key = _shape(f"{lead}f{rest}\n{piece.body}")
        if "#" in piece.body:  # one without its comments would lose them
            key += piece.body
        if key not in names:
            taken = {
                *names.values(),
                *(_local(i) for i in imports),
                *self._taken(),
                *self.at.module.imports,
            }
            wanted = piece_name(piece, self.handler, self._about, len(found))
            names[key] = next(n for n in wanted if n not in taken)
        source = f"{_folded(lead + names[key], params, returns)}\n{piece.body}"
        return _Code(names[key], source, tuple(sorted(imports)))

    def _taken(self) -> frozenset[str]:
        module = self.at.api.module(self.service.path)
        return module.facts.body.bound if module is not None else frozenset()

    def _names(self) -> dict[str, str]:
        """The functions of the service module by what they do, those that are to be made for this file included."""
        path = self.service.path
        return self.at.api.once(
            ("functions", path, self.at.path), lambda: _functions(self.at.api.source(path) or "")
        )

    def _about(self, dotted: str) -> str:
        """The model that a dotted name stands for, or is a row of; "" if for none."""
        value = self._value(dotted)
        if value.kind in ("list", "tuple"):
            value = value.item
        if value.kind not in ("class", "instance"):
            return ""
        role = self.at.api.role(value._replace(kind="instance"))
        return value.label if role in ("model", "document") else ""

    def _imports(self, name: str) -> Iterator[tuple[str, str]]:
        entry = self.at.module.imports.get(name)
        if entry is None:
            starred = self._starred(name)
            if starred is not None and not hasattr(builtins, name):
                yield starred
            return
        wanted = import_for(self.at.api, entry, self.at.path, self.service.path)
        assert wanted is not None
        yield wanted
        if not entry.name and not entry.level:
            for submodule in self.at.module.submodules.get(entry.module, ()):
                yield submodule, ""

    def _check(self, imports: Iterable[tuple[str, str]]) -> None:
        """Raises: NotExtracted where a name that is needed means something else in the service module."""
        module = self.at.api.module(self.service.path)
        if module is None:
            return
        for wanted in imports:
            local = _local(wanted)
            entry = module.imports.get(local)
            if local not in module.facts.body.bound:
                continue
            target = self.at.api.project.import_target
            mine = self.at.module.imports.get(local)
            is_same = entry is not None and (
                (entry.module, entry.name) == wanted
                or (mine is not None and target(entry, self.service.path) == target(mine, self.at.path))
            )
            if not is_same:
                raise NotExtracted(f"the name {local} means something else in {self.service.path}")

    # ----------------------------------------------------------------------------------------------------- types

    def _param(self, given: Given, imports: set[tuple[str, str]]) -> str:
        """A parameter with its type, where that can be told and written."""
        if given.node is not None or given.argument not in self._locals():
            return given.name
        declared = self._declared(given.name, imports)
        if declared is None:
            value = self._value(given.name)
            is_sure = value.kind != "none" and (value.kind != "list" or self._is_list(given.name))
            declared = self._written(value, imports) if is_sure else None
        return f"{given.name}: {declared}" if declared else given.name

    def _locals(self) -> set[str]:
        return {p.name for p in self.handler.params} | set(self.handler.bound)

    def _is_list(self, name: str) -> bool:
        """Whether a variable of the handler holds a list itself, and not something else that holds many."""
        assert self.tree is not None
        made = [
            node.value for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
        ]  # fmt: skip
        return bool(made) and all(map(_makes_list, made))

    def _declared(self, name: str, imports: set[tuple[str, str]]) -> str | None:
        """The annotation of the handler's own parameter, where it says no more than the type."""
        assert self.tree is not None
        args = self.tree.args
        arg = next((a for a in (*args.posonlyargs, *args.args, *args.kwonlyargs) if a.arg == name), None)
        if arg is None or arg.annotation is None or any(a.target == name for a in self.handler.assigns):
            return None
        if not self._is_type(arg.annotation):
            return None
        names = {n.id for n in ast.walk(arg.annotation) if isinstance(n, ast.Name)}
        needed = {wanted for each in names for wanted in self._imports(each)}
        if not all(self._is_free(wanted) for wanted in needed):
            return None
        imports.update(needed)
        return ast.unparse(arg.annotation)

    def _is_type(self, node: ast.expr) -> bool:
        """Whether an annotation is a type and nothing of the framework's."""
        match node:
            case ast.Constant(value=None):
                return True
            case ast.Name() | ast.Attribute():
                root = node
                while isinstance(root, ast.Attribute):
                    root = root.value  # type: ignore[assignment]
                if not isinstance(root, ast.Name) or self._fate(root.id).kind != GOES:
                    return False
                value = self._value(ast.unparse(node))
                is_known = value.kind == "class" and self.at.api.role(value) not in (
                    "session",
                    "async-session",
                )
                return is_known or (value.kind == "external" and value.name.partition(".")[0] in _TYPED)
            case ast.Subscript():
                is_union = isinstance(node.value, ast.Name) and node.value.id in _GENERICS
                items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                return is_union and all(self._is_type(each) for each in items)
            case ast.BinOp(op=ast.BitOr()):
                return self._is_type(node.left) and self._is_type(node.right)
        return False

    def _written(self, value: Value, imports: set[tuple[str, str]]) -> str | None:
        """A type as it is written in the service module, with its import."""
        if value.kind == "none":
            return "None"
        if value.kind == "list":
            inner = self._written(value.item, imports)
            return f"list[{inner}]" if inner else None
        if value.kind != "instance" or value.items:
            return None
        module, _, cls = value.name.rpartition(".")
        if module == "builtins":
            return cls if hasattr(builtins, cls) else None
        for local, entry in self.at.module.imports.items():
            if entry.type_checking or not entry.name:
                continue
            if self._value(local) == value._replace(kind="class"):
                wanted = import_for(self.at.api, entry, self.at.path, self.service.path)
                if wanted is not None and self._is_free(wanted):
                    imports.add(wanted)
                    return local
        return self._imported_type(value, imports)

    def _imported_type(self, value: Value, imports: set[tuple[str, str]]) -> str | None:
        path, sep, cls = value.name.partition("::")
        if sep:
            dotted = module_name(self.at.api, self.at.module, path, self.service.path)
            if not dotted or "." in cls or posixpath.basename(path) == "__init__.py":
                return None
            if path in (self.at.path, self.service.path):
                return cls if path == self.service.path else None
            wanted = (dotted, cls)
        elif value.name in _SESSIONS:
            module, _, cls = value.name.rpartition(".")
            wanted = (module, cls)
        else:
            return None
        for local, entry in self.at.module.imports.items():
            if not entry.name and self._value(f"{local}.{cls}") == value._replace(kind="class"):
                again = import_for(self.at.api, entry, self.at.path, self.service.path)
                if again is not None:
                    imports.add(again)
                    return f"{local}.{cls}"
        if not self._is_free(wanted):
            return None
        imports.add(wanted)
        return cls

    def _is_free(self, wanted: tuple[str, str]) -> bool:
        """Whether an import clashes with nothing in the service module."""
        try:
            self._check([wanted])
        except NotExtracted:
            return False
        return True

    def _returns(self, piece: Piece, imports: set[tuple[str, str]]) -> str | None:
        """The return annotation, where it is known."""
        found: set[tuple[str, str]] = set()
        if piece.value is not None:
            written = self._value_type(piece.value, found)
        elif piece.outputs:
            each = [self._output_type(piece, name, found) for name in piece.outputs]
            if not all(each):
                return None
            written = each[0] if len(each) == 1 else f"tuple[{', '.join(map(str, each))}]"
        else:
            written = "None"
        if written is not None:
            imports.update(found)
        return written

    def _output_type(self, piece: Piece, name: str, imports: set[tuple[str, str]]) -> str | None:
        stores = [
            n for s in piece.nodes for n in ast.walk(s)
            if isinstance(n, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor, ast.With))
            and any(isinstance(t, ast.Name) and t.id == name and isinstance(t.ctx, ast.Store) for t in ast.walk(n))
        ]  # fmt: skip
        if len(stores) != 1 or not isinstance(stores[0], ast.Assign) or stores[0] not in piece.nodes:
            return None
        target = stores[0].targets
        if len(target) != 1 or not isinstance(target[0], ast.Name):
            return None
        return self._value_type(stores[0].value, imports)

    def _value_type(self, node: ast.expr, imports: set[tuple[str, str]]) -> str | None:
        if isinstance(node, ast.Compare) and all(not isinstance(n, ast.Call) for n in ast.walk(node)):
            return "bool"
        expr, line = self._expr(node)
        if expr is None:
            return None
        value = self._value(expr, line)
        if value.kind == "list" and not _makes_list(node):
            return self._rows_type(value, expr, line, imports)
        written = self._written(value, imports)
        inner = node.value if isinstance(node, ast.Await) else node
        method = (
            inner.func.attr
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)
            else ""
        )
        if written and method in _OPTIONAL and written != "None":
            is_row = self.at.api.role(value) in ("model", "document")
            if method == "get" and not is_row:
                return None
            is_django = ".objects." in ast.unparse(inner)
            return written if method == "get" and is_django else f"{written} | None"
        return written

    def _rows_type(
        self, rows: Value, expr: Expr, line: int, imports: set[tuple[str, str]]
    ) -> str | None:
        """The type of all rows of a query: a list from a `Query`, a sequence from a result; what others give is not
        told.

        https://docs.sqlalchemy.org/en/20/core/connections.html#sqlalchemy.engine.ScalarResult.all
        """
        call = expr.value if isinstance(expr, Await) else expr
        func = call.func if isinstance(call, Call) else ""
        owner, method = (
            (func.base, func.name) if isinstance(func, Attr) else str(func).rpartition(".")[::2]
        )
        receiver = self._value(owner, line)
        written = self._written(rows, imports) if method == "all" else None
        bases = {a.name for a in self.at.api.types.mro(receiver._replace(items=()))}
        if "sqlalchemy.orm.Query" in bases:
            return written
        wanted = ("collections.abc", "Sequence")
        if written is None or not bases & _RESULTS or not self._is_free(wanted):
            return None
        imports.add(wanted)
        return f"Sequence{written.removeprefix('list')}"

    def _expr(self, node: ast.expr) -> tuple[Expr | None, int]:
        """An expression as facts: a name, or a call that the facts list."""
        inner = node.value if isinstance(node, ast.Await) else node
        if isinstance(inner, ast.Call):
            column = inner.col_offset
            for site in self.handler.calls:
                place = (inner.lineno, column, inner.end_lineno, inner.end_col_offset)
                if tuple(site.span) == place:
                    call: Expr = site.call
                    return (Await(call) if isinstance(node, ast.Await) else call), inner.lineno
        return None, 0

    # ------------------------------------------------------------------------------------------------------ calls

    def _call(self, piece: Piece, code: _Code) -> str:
        """What stands in the place of a piece."""
        arguments = [given.argument for given in piece.given]
        function = f"{self.service.local}.{code.name}"
        is_threaded = self.threaded and not piece.is_async
        if is_threaded and piece.is_inner:
            raise NotExtracted(f"no place for an await (line {piece.start[0]})")
        awaits = "await " if is_threaded or piece.is_async else ""
        if is_threaded:
            function, arguments = "run_in_threadpool", [function, *arguments]
        close = ")"
        lead = piece.lead + awaits
        if is_threaded and piece.is_tight:
            lead, close = f"({lead}", "))"
        is_row = not isinstance(piece.nodes[0], ast.expr)
        indent = " " * piece.start[1] if is_row else ""
        whole = f"{lead}{function}({', '.join(arguments)}{close}"
        if not is_row or len(indent) + len(whole) <= _WIDTH:
            return whole
        inner = ", ".join(arguments)
        if len(indent) + 4 + len(inner) > _WIDTH:
            inner = f",\n{indent}    ".join(arguments) + ","
        return f"{lead}{function}(\n{indent}    {inner}\n{indent}{close}"


def _makes_list(node: ast.expr) -> bool:
    """Whether an expression gives a new list."""
    func = node.func if isinstance(node, ast.Call) else None
    is_made = isinstance(func, ast.Name) and func.id in ("list", "sorted")
    return is_made or isinstance(node, (ast.List, ast.ListComp))


def _local(wanted: tuple[str, str]) -> str:
    """The name that an import binds."""
    return (wanted[1] or wanted[0]).rpartition(" as ")[2].partition(".")[0]


def _shape(source: str) -> str:
    """What a function does, whatever it is called and however it is annotated."""
    node = syntax.parse(source).body[0]
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    node.name, node.returns, node.decorator_list = "", None, []
    for arg in ast.walk(node.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    return ast.dump(node)


def _functions(text: str) -> dict[str, str]:
    """The plain functions of a module by their shape."""
    try:
        tree = syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return {
        _shape(ast.unparse(node)): node.name
        for node in reversed(tree.body)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.decorator_list
    }


def _signature(params: Sequence[str], returns: str | None) -> str:
    return f"({', '.join(params)}){f' -> {returns}' if returns else ''}:"


def _folded(head: str, params: Sequence[str], returns: str | None) -> str:
    """A function's first row, or rows where one would be too long."""
    whole = head + _signature(params, returns)
    if len(whole) <= _WIDTH:
        return whole
    inner = textwrap.indent(",\n".join(params), "    ")
    return f"{head}(\n{inner},\n){f' -> {returns}' if returns else ''}:"
