"""Where a client of a provider's SDK goes after it was made: to names, attributes, and through functions that return it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from api_lint.fixers.llm_file import Job, Unmapped, targets
from api_lint.fixers.llm_params import given_by
from api_lint.libraries.litellm import Request

_CACHES = frozenset("cache lru_cache functools.cache functools.lru_cache property cached_property".split()) | {
    "functools.cached_property"
}  # fmt: skip
# What may stand as it is behind `not`, and before `)`.
_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)


class Clients:
    """Follows a job's client, and finds all that is called of it."""

    def __init__(self, job: Job) -> None:
        self.job, self.file, self.syntax = job, job.file, job.file.syntax
        self.condition: ast.expr | None = None
        self._seen: set[ast.AST] = set()
        self._last_checks: list[Callable[[], None]] = []

    def calls(self, holders: Sequence[ast.expr] = ()) -> Iterator[tuple[ast.Call, Request]]:
        """The client's requests.

        Parameters: `holders`, the expressions that are the client, if another file makes it.
        """
        job = self.job
        for keyword in job.made.keywords:
            if keyword.arg is None or keyword.arg not in job.sdk.options:
                raise Unmapped(
                    f"{keyword.arg or '**'}= of {job.use.label} has no counterpart in litellm"
                )
            job.options.append((keyword.arg, keyword.value))
        missing = job.sdk.needs - {key for key, _ in job.options}
        if missing:
            raise Unmapped(f"{job.use.label} is made without {min(missing)}=")
        if job.made.args:
            raise Unmapped(f"a positional argument of {job.use.label} has no counterpart in litellm")
        for node in holders if job.source is not None else [job.made]:
            self._follow(node)
        for holder in job.holders:
            yield self._called(holder)
        if not job.holders and not self._is_left_over():
            raise Unmapped("nothing in this file calls the client")

    def _is_left_over(self) -> bool:
        """Whether the client's calls were in other files, and are litellm's now."""
        modules = map(self.file.at.api.module, self.file.at.api.project.scanned)
        imports = (entry for m in modules if m is not None for entry in m.facts.body.imports)
        return bool(self.job.gone) and any(e.module == "litellm" and not e.level for e in imports)

    def check(self) -> None:
        """Make sure that nothing else uses the client; looks into every file."""
        for check in self._last_checks:
            check()

    # -------------------------------------------------------------------------------------------------- flow

    def _follow(self, node: ast.expr) -> None:
        """Follow the client from an expression that is it."""
        above = self.syntax.parents[node]
        match above:
            case ast.Attribute():
                self.job.holders.append(node)
            case ast.Assign(targets=[target], value=value) if value is node:
                self._assigned(above, target)
            case ast.AnnAssign(target=target):
                self._assigned(above, target)
            case ast.IfExp(body=body, orelse=ast.Constant(value=None)) if body is node is self.job.made:
                self.condition = above.test
                self._follow(above)
            case ast.Return():
                self._returned(above)
            case ast.Compare() | ast.UnaryOp(op=ast.Not()) | ast.If() | ast.IfExp():
                self._guard(node, above)
            case ast.withitem():
                raise Unmapped("the client is entered as a context manager")
            case ast.Call() | ast.keyword():
                raise Unmapped(f"the client is passed on (row {node.lineno})")
            case ast.List() | ast.Dict() | ast.Tuple():
                raise Unmapped("the client is kept in a container")
            case _:
                raise Unmapped(f"the client is used otherwise than by calls (row {node.lineno})")

    def _assigned(self, statement: ast.stmt, target: ast.expr) -> None:
        self.job.gone[statement] = "the client is made"
        if isinstance(target, ast.Name):
            reads = self._named(target)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            reads = self._attribute(target, target.value.id)
        else:
            raise Unmapped("the client is kept in a container")
        for read in reads:
            if read not in self._seen:
                self._seen.add(read)
                self._follow(read)

    def _named(self, target: ast.Name) -> list[ast.expr]:
        scope = self.syntax.binder(target.id, target)
        if scope is None or isinstance(scope, ast.ClassDef):
            raise Unmapped("the client is an attribute of a class")
        empty = [
            n
            for n in self.syntax.nodes
            if isinstance(n, ast.Assign | ast.AnnAssign)
            and targets(n) == [target.id]
            and self.syntax.binder(target.id, n) is scope
            and (n.value is None or (isinstance(n.value, ast.Constant) and n.value.value is None))
        ]
        if self.syntax.bindings(target.id, scope) != 1 + len(empty):
            raise Unmapped(f"{target.id} is bound more than once")
        if empty and not self._is_lazy(target):
            raise Unmapped(f"{target.id} is not always the client")
        self.job.gone.update(dict.fromkeys(empty, f"{target.id} is bound"))
        if scope is self.syntax.tree:
            self._last_checks.append(partial(self.file.only_here, target.id))
        return list(self.syntax.reads(target.id, scope))

    def _is_lazy(self, target: ast.Name) -> bool:
        """Whether a name is bound to the client by the function that returns it, the first time it is called."""
        body: list[ast.stmt] = getattr(self.syntax.function(target), "body", [])
        match body[-1:]:
            case [ast.Return(value=ast.Name(id=name))]:
                return name == target.id
        return False

    def _attribute(self, target: ast.Attribute, owner: str) -> list[ast.expr]:
        cls, name = self.syntax.owner(target), target.attr
        if cls is None or owner != "self":
            raise Unmapped(f"{owner}.{name} may be used elsewhere")
        if any(isinstance(n, ast.AnnAssign | ast.Assign) and name in targets(n) for n in cls.body):
            raise Unmapped(f"{name} is declared by the class")
        self._last_checks.append(partial(self._only_inside, cls, name))
        return self._reads_of(cls, name, target)

    def _reads_of(
        self, cls: ast.ClassDef, name: str, target: ast.Attribute | None = None
    ) -> list[ast.expr]:
        """Where `self.name` is read in a class. Nothing else in the file may be it."""
        reads: list[ast.expr] = []
        for node in self.syntax.nodes:
            if not isinstance(node, ast.Attribute) or node.attr != name or node is target:
                continue
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                if self.syntax.owner(node) is not cls:
                    continue
                if not isinstance(node.ctx, ast.Load):
                    raise Unmapped(f"self.{name} is bound more than once")
                reads.append(node)
            elif not self._is_other(node):
                raise Unmapped(f"{ast.unparse(node)} may be the client")
        return reads

    def _is_other(self, node: ast.Attribute) -> bool:
        """Whether what an attribute is read of is known, and none of the project's own objects."""
        text = ast.unparse(node.value)
        value = self.file.value(text, node.lineno) if re.fullmatch(r"[\w.]+", text) else None
        return bool(value) and value is not None and "::" not in value.name

    def _only_inside(self, cls: ast.ClassDef, name: str) -> None:
        """Make sure that neither a class above or below nor a file that imports this one uses `self.name`."""
        at = self.file.at
        own = [c for c in at.module.facts.classes if (c.name, c.end) == (cls.name, cls.end_lineno)]
        for base in at.bases(own[0].qualname) if own else ():
            path = base.partition("::")[0] if "::" in base else ""
            module = at.api.module(path) if path and path != at.path else None
            if path == at.path or (module and re.search(rf"self\.{name}\b", repr(module.facts))):
                raise Unmapped(f"a base class may use self.{name}")
        for node in self.syntax.nodes:
            if isinstance(node, ast.ClassDef) and cls.name in [ast.unparse(b) for b in node.bases]:
                raise Unmapped(f"a derived class may use self.{name}")
        for other, _ in self.file.importers():
            if re.search(rf"\.{name}\b|name='{name}'", other):
                raise Unmapped(f"a file that imports this one reads .{name}")

    # ----------------------------------------------------------------------------------- functions and guards

    def _returned(self, returned: ast.Return) -> None:
        """The function that returns the client goes, and its calls are the client."""
        function = self.syntax.function(returned)
        if not isinstance(function, ast.FunctionDef):
            raise Unmapped("the client is returned to callers")
        names = [ast.unparse(d).removesuffix("()") for d in function.decorator_list]
        plain = [n for n in names if re.sub(r"\(maxsize=\w+\)", "", n) not in _CACHES]
        if plain or len(names) > 1:
            raise Unmapped(f"{function.name}, which returns the client, is decorated with @{names[0]}")
        cls = self.syntax.parents[function]
        is_method = isinstance(cls, ast.ClassDef)
        if [a.arg for a in function.args.args] != (["self"] if is_method else []) or _more(function):
            raise Unmapped(f"{function.name}, which returns the client, has parameters")
        for statement in function.body:
            if not self._is_of_client(statement, returned):
                raise Unmapped(
                    f"{function.name}, which returns the client, does more (row {statement.lineno})"
                )
        if self.syntax.comments_in(self.syntax.span(function)):
            raise Unmapped(f"a comment stands within {function.name}, which returns the client")
        self.job.gone[function] = f"{function.name} stands"
        is_property = any("property" in name for name in names)
        for read in self._uses(function, cls):
            for node in [read] if is_property else given_by(self.job, read, function.name):
                self._follow(node)

    def _is_of_client(self, statement: ast.stmt, returned: ast.Return) -> bool:
        """Whether a statement of the function that returns the client does nothing else."""
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Global():
                return True
            case ast.If(orelse=[]):
                return _is_emptiness(statement.test) and all(
                    self._is_of_client(each, returned) for each in statement.body
                )
            case ast.Assign() | ast.AnnAssign():
                return statement in self.job.gone or statement.value is self.job.made
        return statement is returned

    def _uses(self, function: ast.FunctionDef, cls: ast.AST) -> list[ast.expr]:
        if isinstance(cls, ast.ClassDef):
            self._last_checks.append(partial(self._only_inside, cls, function.name))
            return self._reads_of(cls, function.name)
        if cls is not self.syntax.tree or self.syntax.bindings(function.name, cls) != 1:
            raise Unmapped(f"{function.name}, which returns the client, is bound more than once")
        self._last_checks.append(partial(self.file.only_here, function.name))
        return list(self.syntax.reads(function.name, cls))

    def _guard(self, node: ast.expr, above: ast.AST) -> None:
        """A question whether there is a client at all."""
        if self.condition is None:
            question = self.syntax.parents[above]
            body: list[ast.AST] = getattr(self.syntax.function(node), "body", [])
            if question in body and self.job.made in ast.walk(question):
                return  # it goes with the function
            raise Unmapped(f"it is asked whether there is a client (row {node.lineno})")
        text = ast.unparse(self.condition)
        if not isinstance(self.condition, _ATOMS) or not self._is_known(self.condition, node):
            raise Unmapped("what decides whether there is a client is not known where it is used")
        match above:
            case ast.Compare(
                left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]
            ):
                if left is not node:
                    raise Unmapped(f"the client is compared (row {node.lineno})")
                self.job.edits.append(
                    self.file.rewrite(above, f"not {text}" if isinstance(op, ast.Is) else text)
                )
            case ast.UnaryOp() | ast.If() | ast.IfExp() if getattr(above, "test", node) is node:
                self.job.edits.append(self.file.rewrite(node, text))
            case _:
                raise Unmapped(f"the client is used otherwise than by calls (row {node.lineno})")

    def _is_known(self, value: ast.expr, node: ast.expr) -> bool:
        """Whether each name of an expression means the same at a node."""
        for name in (n for n in ast.walk(value) if isinstance(n, ast.Name)):
            if name.id == "self":
                if self.syntax.owner(name) is not self.syntax.owner(node):
                    return False
                continue
            here, there = self.syntax.binder(name.id, name), self.syntax.binder(name.id, node)
            if here is not there or (here is not None and self.syntax.bindings(name.id, here) != 1):
                return False
        attributes = {n.attr for n in ast.walk(value) if isinstance(n, ast.Attribute)}
        once = [
            n for n in self.syntax.nodes
            if isinstance(n, ast.Attribute) and n.attr in attributes and isinstance(n.ctx, ast.Store)
        ]  # fmt: skip
        return not isinstance(value, ast.Call) and len(once) <= 1

    # ----------------------------------------------------------------------------------------------- requests

    def _called(self, holder: ast.expr) -> tuple[ast.Call, Request]:
        """The request that an expression which is the client makes."""
        names: list[str] = []
        node: ast.AST = holder
        above = self.syntax.parents[node]
        while isinstance(above, ast.Attribute):
            names.append(above.attr)
            node, above = above, self.syntax.parents[above]
        spelled = ".".join(names)
        if names and spelled not in self.job.sdk.requests:
            raise Unmapped(f"how litellm does what {self.job.use.label}.{spelled} does is not known")
        if not isinstance(above, ast.Call) or above.func is not node:
            raise Unmapped(f"the client is used otherwise than by calls (row {holder.lineno})")
        return above, self.job.sdk.requests[spelled]


def _more(function: ast.FunctionDef) -> bool:
    arguments = function.args
    return bool(arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg)


def _is_emptiness(test: ast.expr) -> bool:
    match test:
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Compare(ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return True
    return False


def module_calls(job: Job) -> Iterator[tuple[ast.Call, Request, bool]]:
    """The requests of a module that is a client itself (`openai.chat.completions.create`), and whether they are
    asynchronous."""
    if not job.file.dotted(job.made.func):
        raise Unmapped("the client is made elsewhere or handed in")
    for node in job.syntax.nodes:
        dotted = job.file.dotted(node.func) if isinstance(node, ast.Call) else ""
        if not dotted or not isinstance(node, ast.Call):
            continue
        if dotted in job.sdk.functions:
            yield (node, *job.sdk.functions[dotted])
        elif node is job.made:
            raise Unmapped(f"how litellm does what {dotted} does is not known")


def module_settings(job: Job, is_default: Callable[[str, ast.expr], bool]) -> None:
    """`openai.api_key = …`, here and in other files."""
    sdk, at = job.use.sdk, job.file.at
    for path in at.api.project.scanned:
        module = at.api.module(path) if path != at.path else None
        functions = (module.facts.body, *module.facts.functions) if module is not None else ()
        for assign in (a for function in functions for a in function.assigns):
            if assign.target.startswith(f"{sdk}."):
                raise Unmapped(f"{assign.target} is set in {path}")
    for node in job.syntax.nodes:
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
            continue
        dotted = job.file.dotted(node)
        if dotted.partition(".")[0] != sdk:
            continue
        above = job.syntax.parents[node]
        value = above.value if isinstance(above, ast.Assign) else node
        is_same = is_default("api_key", value) or ast.unparse(value) == "None"
        if dotted != f"{sdk}.api_key" or not is_same:
            raise Unmapped(f"{dotted} is set for all calls")
        job.gone[job.syntax.statement(node)] = f"{dotted} is set"
