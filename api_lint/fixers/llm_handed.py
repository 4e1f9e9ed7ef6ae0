"""A client that another file makes: imported from it, returned by its function, or injected by FastAPI's `Depends`.

The file that uses the client is fixed for itself: its calls get what the client is made with in the other file. Once
no file is left that uses it, the other one is fixed, too.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from api_lint.facts import Import
from api_lint.fixers.llm_file import File, Job, SdkUse, Unmapped, targets
from api_lint.fixers.llm_params import given_by, provider
from api_lint.libraries.litellm import sdk_of
from api_lint.rule import NeedImport

_ELSEWHERE = "the client is made elsewhere or handed in"


class Source(NamedTuple):
    """Where a client comes from: the import that brings it or the function that returns it, and the other file."""

    entry: Import
    name: str
    file: File


def handed(file: File, use: SdkUse, call: ast.Call) -> tuple[Job, list[ast.expr]]:
    """The job of a client that another file makes, of which `call` is the first one, and the expressions that are it."""
    root = _root(file, call)
    source = _source(file, root)
    made, is_function = _made(source)
    callee = source.file.dotted(made.func)
    sdk = sdk_of(callee.partition(".")[0], callee, True)
    if sdk is None:
        raise Unmapped(f"how litellm does what {callee or source.name} does is not known")
    used = use._replace(callee=callee, makes_client=True)
    job = Job(file, used, sdk, made, source=source)
    assert isinstance(root, ast.Name)
    reads: list[ast.expr] = list(file.syntax.reads(root.id, file.syntax.tree))
    if not is_function:
        return job, reads
    return job, [each for read in reads for each in given_by(job, read, source.name)]


def _root(file: File, call: ast.Call) -> ast.expr:
    """The name (or attribute of a module) that a call's client comes from."""
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        node = node.value
    if isinstance(node, ast.Call):
        return node.func
    if not isinstance(node, ast.Name):
        raise Unmapped(_ELSEWHERE)
    scope = file.syntax.binder(node.id, node)
    if scope is None or file.syntax.bindings(node.id, scope) != 1:
        raise Unmapped(_ELSEWHERE)
    for each in file.syntax.nodes:
        if file.syntax.binder(node.id, each) is not scope:
            continue
        match each:
            case ast.Assign(value=ast.Call(func=function)) if targets(each) == [node.id]:
                return function
            case ast.arg(arg=name) if name == node.id and file.syntax.parents[each] is scope.args:  # type: ignore[attr-defined]
                return provider(file, each)
    return node


def _source(file: File, root: ast.expr) -> Source:
    """Where the root of a client is imported from."""
    name = root.id if isinstance(root, ast.Name) else ""
    for entry in file.at.module.facts.body.imports:
        if (
            not name
            or entry.local != name
            or not entry.name
            or file.syntax.bindings(name, file.syntax.tree) != 1
        ):
            continue
        symbol = file.at.api.project.import_target(entry, file.at.path)
        place = file.at.elsewhere(symbol.path) if symbol.path else None
        if symbol.sort in ("assign", "function") and place is not None and symbol.path != file.at.path:
            return Source(entry, symbol.name, File(place))
    raise Unmapped(_ELSEWHERE)


def _made(source: Source) -> tuple[ast.Call, bool]:
    """The call that makes the client in the other file, and whether a function returns it."""
    syntax, name = source.file.syntax, source.name
    for node in syntax.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _of_function(source, node), True
        is_once = targets(node) == [name] and syntax.bindings(name, syntax.tree) == 1
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if is_once and isinstance(value, ast.Call):
            return value, False
    raise Unmapped(f"{name} is not always the client")


def _of_function(source: Source, function: ast.FunctionDef) -> ast.Call:
    arguments = function.args
    if (
        ast.unparse(arguments)
        or source.file.syntax.bindings(function.name, source.file.syntax.tree) != 1
    ):
        raise Unmapped(f"{function.name}, which returns the client, has parameters")
    calls = [n for each in function.body for n in ast.walk(each) if isinstance(n, ast.Call)]
    made = [n for n in calls if source.file.dotted(n.func)]
    inner = {n for call in made for n in ast.walk(call)}
    others = [n for n in calls if n not in inner]
    if len(made) != 1 or others or not isinstance(function.body[-1], ast.Return):
        raise Unmapped(f"{function.name}, which returns the client, does more")
    return made[0]


class Carried:
    """Writes what a client is made with in another file as it is written in this one."""

    def __init__(self, job: Job) -> None:
        assert job.source is not None
        self.job, self.source = job, job.source

    def text(self, key: str, value: ast.expr, call: ast.Call) -> str:
        """An option's text at a call; its imports join the job's edits."""
        home = self.source.file.syntax
        span = home.span(value)
        if isinstance(value, ast.Constant | ast.JoinedStr) and not isinstance(
            getattr(value, "value", 0), int | float
        ):
            raise Unmapped(
                f"{key}= is written out where the client is made, in {self.source.file.at.path}"
            )
        if span.line != span.end_line:
            raise Unmapped(f"{key}= goes over several rows in {self.source.file.at.path}")
        text = home.source(span)
        names = sorted(
            (n for n in ast.walk(value) if isinstance(n, ast.Name)), key=home.span, reverse=True
        )
        for name in names:
            start, end = home.span(name)[1] - span.col, home.span(name)[3] - span.col
            text = text[:start] + self._name(key, name, call) + text[end:]
        return text

    def _name(self, key: str, name: ast.Name, call: ast.Call) -> str:
        home, here = self.source.file, self.job.file
        scope = home.syntax.binder(name.id, name)
        if scope is None:
            return name.id
        if scope is not home.syntax.tree or home.syntax.bindings(name.id, scope) != 1:
            raise Unmapped(f"{key}= is out of reach where the client is used")
        entries = [e for e in home.at.module.facts.body.imports if e.local == name.id]
        entry = entries[0] if entries else None
        symbol = home.at.api.project.import_target(entry, home.at.path) if entry is not None else None
        imports = here.at.module.facts.body.imports
        for known in imports:
            target = here.at.api.project.import_target(known, here.at.path)
            is_own = entry is None and target.path == home.at.path and target.name == name.id
            is_same = symbol is not None and target == symbol and (known.name or known.module == name.id)
            if known.local and (is_own or is_same):
                return self._seen(known.local, call)
        if entry is None:
            module, imported = "." * self.source.entry.level + self.source.entry.module, name.id
        elif entry.name:
            module, imported = self._module(entry), entry.name
        else:
            module, imported = entry.module, ""
        if name.id != (imported or module) or name.id in here.at.module.facts.body.bound:
            raise Unmapped(f"{key}= is out of reach where the client is used")
        self.job.edits.append(NeedImport(module, imported))
        return self._seen(name.id, call)

    def _seen(self, name: str, call: ast.Call) -> str:
        """A name of this file's, if nothing hides it at a call."""
        binder = self.job.syntax.binder(name, call)
        if binder not in (None, self.job.syntax.tree):
            raise Unmapped(f"{name} means something else where the client is used")
        return name

    def _module(self, entry: Import) -> str:
        """The other file's import as this one writes it: relative to the module from which it takes the client."""
        if not entry.level:
            return entry.module
        used, path = self.source.entry, self.source.file.at.path
        parts = used.module.split(".") if used.module else []
        above = entry.level - path.endswith("__init__.py")
        if above > len(parts):
            raise Unmapped(f"how {entry.module} is imported here is not known")
        kept = parts[: len(parts) - above]
        return "." * used.level + ".".join([*kept, entry.module] if entry.module else kept)
