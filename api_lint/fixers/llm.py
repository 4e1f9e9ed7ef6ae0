"""The edits that put litellm in the place of a provider's SDK: at the client, at its calls, and where answers are read.

A client is followed by name through its file. Where anything of it is not known to mean the same in litellm (an
argument, a method, a use of the answer, another file), there are no edits but a reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from api_lint.facts import Span
from api_lint.libraries.litellm import EXCEPTIONS, SDKS, Request, Sdk
from api_lint.fixers.tree import Syntax
from api_lint.rule import Edit, NeedImport, Rewrite

if TYPE_CHECKING:
    from api_lint.visit import Place

__all__ = ["SdkUse", "to_litellm"]

# What the answers of the SDKs have and those of litellm do not.
_SDK_ONLY = frozenset(
    "to_dict to_json x_groq _request_id close aclose response parsed until_done".split()
)
_TOKENS = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
# Blocks of a message that Anthropic writes otherwise than OpenAI.
_BLOCKS = frozenset("image document tool_use tool_result thinking base64 cache_control".split())
# Calls that give the same again and cost nothing.
_PLAIN_CALLS = re.compile(
    r"(os\.)?getenv|(os\.)?environ\.get|str|int|float|(httpx\.)?Timeout|[\w.]+\.get_secret_value"
)
_ANEW = (ast.Lambda, ast.NamedExpr, ast.Await, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# What needs no parentheses behind an operator.
_PRIMARY = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Tuple, ast.Constant)
_OPENING = re.compile("[a-zA-Z]*(\"\"\"|'''|\"|')")


class SdkUse(NamedTuple):
    """A construction or a call of an SDK: where it stands, how messages name it, the SDK's distribution, whether it makes
    a client, and the full name of what is called."""

    span: Span
    label: str
    sdk: str
    makes_client: bool
    callee: str


class _Unmapped(Exception):
    """Why a client's calls cannot be made litellm's."""


def to_litellm(uses: Sequence[SdkUse], at: Place) -> list[tuple[Edit, ...] | str]:
    """How the clients of a file are replaced by litellm.

    Parameters: `uses`, the constructions of clients, or the first call of a module that is a client; `at`, the place of
    `visit_module`.
    Returns: for each of them the edits, or the reason why there are none.
    """
    file: _File | None = None
    found: list[_Client | str] = []
    for use in uses:
        try:
            sdk = _sdk(use)
            file = file or _File(at)
            found.append(_Client(file, use, sdk))
        except _Unmapped as reason:
            found.append(str(reason))
    kept = {use.sdk for use, client in zip(uses, found) if isinstance(client, str)}
    return [client if isinstance(client, str) else _whole(client, kept) for client in found]


def _whole(client: _Client, kept: set[str]) -> tuple[Edit, ...] | str:
    """A client's edits with those of the exceptions; `kept` are the SDKs of which other clients stay."""
    try:
        edits = (*client.edits, *client.exceptions(client.use.sdk in kept))
    except _Unmapped as reason:
        return str(reason)
    spans = sorted(edit.span for edit in edits if isinstance(edit, Rewrite))
    if any(one[2:] > two[:2] or one == two for one, two in pairwise(spans)):
        return "its calls stand within each other"
    return edits


def _sdk(use: SdkUse) -> Sdk:
    sdk = SDKS.get(use.sdk)
    if sdk is None or (use.makes_client and use.callee not in sdk.clients):
        raise _Unmapped(f"how litellm does what {use.label} does is not known")
    return sdk


class _File:
    """A file that calls SDKs: its syntax, and what its names mean of them."""

    def __init__(self, at: Place) -> None:
        self.at = at
        self.syntax = Syntax("".join(at.rows))
        self.names: dict[str, str] = {}
        for node in self.syntax.nodes:
            if isinstance(node, ast.ImportFrom) and not node.level:
                self._name({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
            elif isinstance(node, ast.Import):
                self._name({a.asname or a.name.partition(".")[0]: a.name for a in node.names})

    def _name(self, imported: dict[str, str]) -> None:
        for local, dotted in imported.items():
            root = dotted.partition(".")[0]
            if root in SDKS:
                self.names[local] = root if local == root else dotted

    def dotted(self, node: ast.AST) -> str:
        """The full name of what an expression takes from an SDK, "" for any other."""
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        if not isinstance(node, ast.Name) or node.id not in self.names:
            return ""
        scope = self.syntax.binder(node.id, node)
        if scope is None or self.syntax.bindings(node.id, scope) != 1:
            raise _Unmapped(f"{node.id} may be something else than the import")
        is_import = any(
            isinstance(n, ast.alias)
            and (n.asname or n.name.partition(".")[0]) == node.id
            and self.syntax.binder(node.id, n) is scope
            for n in self.syntax.nodes
        )
        return self.names[node.id] if is_import else ""

    def reference(self, module: str, name: str, node: ast.expr) -> tuple[str, tuple[NeedImport, ...]]:
        """How `module.name` is written where a node stands, and the import that takes."""
        import libcst as cst

        function = self.at.module.function_at(node.lineno)
        found = replace(self.at, function=function).reference(module, name)
        if found is None:
            raise _Unmapped(f"the name {module} means something else here")
        return cst.Module([]).code_for_node(found[0]), found[1]

    def rewrite(self, node: ast.expr, content: str) -> Rewrite:
        """The edit of a node."""
        return self._rewrite(self.syntax.span(node), node, content)

    def rewrite_tail(self, base: ast.expr, node: ast.expr, content: str) -> Rewrite:
        """The edit of what is read of `base`, up to the end of `node`."""
        return self._rewrite(
            Span(*self.syntax.span(base)[2:], *self.syntax.span(node)[2:]), node, content
        )

    def _rewrite(self, span: Span, node: ast.expr, content: str) -> Rewrite:
        self.placed(node)
        is_quoted = any(isinstance(n, ast.JoinedStr) for n in self.syntax.above(node))
        if is_quoted and ('"' in content or "'" in content):
            raise _Unmapped(f"what is to change stands in an f-string (row {node.lineno})")
        if self.syntax.comments_in(span):
            raise _Unmapped(f"a comment stands within the expression in row {span.line}")
        if ")" in self.syntax.source(span) and content.startswith((".", "[")):
            raise _Unmapped(f"parentheses stand within the expression in row {span.line}")
        return Rewrite(span, content)

    def placed(self, node: ast.expr) -> None:
        """Make sure that a node's place is known: up to Python 3.11 those within an f-string may be wrong."""
        if any(isinstance(n, ast.JoinedStr) for n in self.syntax.above(node)):
            span = self.syntax.span(node)
            if span.line != span.end_line or self.syntax.source(span) != ast.unparse(node):
                raise _Unmapped(f"what is to change stands in an f-string (row {node.lineno})")

    def importers(self) -> Iterator[tuple[str, str]]:
        """The facts of each other module as text, with each name by which it imports from this one, or this one itself."""
        project = self.at.api.project
        for path in sorted(
            project.paths
        ):  # those that the gate kept out as well: they may do no more than import
            module = self.at.api.module(path)
            if module is None or path == self.at.path:
                continue
            for entry in (e for f in (module.facts.body, *module.facts.functions) for e in f.imports):
                whole = project.import_target(entry, path)
                if whole.sort == "module" and whole.path == self.at.path:
                    yield repr(module.facts), entry.local or entry.module
                elif entry.name:
                    symbol = project.import_target(entry._replace(name="", local=""), path)
                    if symbol.sort == "module" and symbol.path == self.at.path:
                        yield repr(module.facts), entry.name


class _Client:
    """One client, or a module that is one, and the edits that put litellm in its place."""

    def __init__(self, file: _File, use: SdkUse, sdk: Sdk) -> None:
        self.file, self.use, self.sdk = file, use, sdk
        self.syntax = file.syntax
        self.edits: list[Edit] = []
        self.options: list[tuple[str, ast.expr]] = []
        self.stores: dict[str, str] = {}
        self.holders: list[ast.expr] = []
        self.last_checks: list[Callable[[], None]] = []
        self.answers: list[tuple[ast.Call, Request]] = []
        self.made = self.syntax.call_at(use.span)
        if use.makes_client:
            self._client()
        else:
            self._module()
        for call, request in self.answers:
            self._answer(call, request)
        for check in self.last_checks:  # these look into every file
            check()

    # ------------------------------------------------------------------------------------------------ clients

    def _client(self) -> None:
        made = self.made
        if made is None or self.file.dotted(made.func).partition(".")[0] != self.use.sdk:
            raise _Unmapped(f"{self.use.label} is not imported from {self.use.sdk} in this file")
        for keyword in made.keywords:
            if keyword.arg is None or keyword.arg not in self.sdk.options:
                raise _Unmapped(
                    f"{keyword.arg or '**'}= of {self.use.label} has no counterpart in litellm"
                )
            self.options.append((keyword.arg, keyword.value))
        if made.args:
            raise _Unmapped(f"a positional argument of {self.use.label} has no counterpart in litellm")
        self.holders = self._holders(made)
        for holder in self.holders:
            self._request(*self._called(holder), self.sdk.clients[self.use.callee])
        if not self.answers:
            raise _Unmapped("nothing in this file calls the client")
        if not isinstance(self.syntax.parents[made], ast.Attribute):
            stores = [f"{name} = {value}" for name, value in self.stores.items()]
            self._remove(made, stores, "the client is made")

    def _remove(self, node: ast.AST, instead: Sequence[str], what: str) -> None:
        removal = self.syntax.removal(self.syntax.statement(node), instead)
        if removal is None:
            raise _Unmapped(f"{what} on a row with something else, or with a comment for a tool")
        self.edits.append(removal)

    def _holders(self, made: ast.Call) -> list[ast.expr]:
        """The expressions that are the client, after it was made."""
        match self.syntax.parents[made]:
            case ast.Attribute():
                return [made]
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                pass
            case ast.Return():
                raise _Unmapped("the client is returned to callers")
            case ast.withitem():
                raise _Unmapped("the client is entered as a context manager")
            case _:
                raise _Unmapped("the client is passed on, or not always made")
        if isinstance(target, ast.Name):
            return self._named(target)
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            return self._attribute(target, target.value.id)
        raise _Unmapped("the client is kept in a container")

    def _named(self, target: ast.Name) -> list[ast.expr]:
        scope = self.syntax.binder(target.id, target)
        if scope is None or isinstance(scope, ast.ClassDef):
            raise _Unmapped("the client is an attribute of a class")
        if self.syntax.bindings(target.id, scope) != 1:
            raise _Unmapped(f"{target.id} is bound more than once")
        if scope is self.syntax.tree:
            self.last_checks.append(partial(self._only_here, target.id))
        return list(self.syntax.reads(target.id, scope))

    def _only_here(self, name: str) -> None:
        """Make sure that no other file uses this file's `name`."""
        if name in (self.file.at.module.facts.all_names or ()):
            raise _Unmapped(f"{name} is exported by __all__")
        for other, entry in self.file.importers():
            if entry in (name, "*") or re.search(rf"\b{re.escape(entry)}\.{name}\b", other):
                raise _Unmapped(f"{name} is used by other files")

    def _attribute(self, target: ast.Attribute, owner: str) -> list[ast.expr]:
        cls, name = self.syntax.owner(target), target.attr
        if cls is None or owner != "self":
            raise _Unmapped(f"{owner}.{name} may be used elsewhere")
        if any(isinstance(n, ast.AnnAssign | ast.Assign) and name in _targets(n) for n in cls.body):
            raise _Unmapped(f"{name} is declared by the class")
        holders: list[ast.expr] = []
        for node in self.syntax.nodes:
            if not isinstance(node, ast.Attribute) or node.attr != name or node is target:
                continue
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                if self.syntax.owner(node) is not cls:
                    continue
                if not isinstance(node.ctx, ast.Load):
                    raise _Unmapped(f"self.{name} is bound more than once")
                holders.append(node)
            elif not self._is_other(node):
                raise _Unmapped(f"{ast.unparse(node)} may be the client")
        self.last_checks.append(partial(self._only_inside, cls, name))
        return holders

    def _is_other(self, node: ast.Attribute) -> bool:
        """Whether what an attribute is read of is known, and none of the project's own objects."""
        text = ast.unparse(node.value)
        if not re.fullmatch(r"[\w.]+", text):
            return False
        at = self.file.at
        scope = at.api.scope(at.path, at.module.function_at(node.lineno), node.lineno)
        value = at.api.value(text, scope)
        return bool(value) and "::" not in value.name

    def _only_inside(self, cls: ast.ClassDef, name: str) -> None:
        """Make sure that neither a class above or below nor a file that imports this one uses `self.name`."""
        at = self.file.at
        own = [c for c in at.module.facts.classes if (c.name, c.end) == (cls.name, cls.end_lineno)]
        for base in at.bases(own[0].qualname) if own else ():
            path = base.partition("::")[0] if "::" in base else ""
            module = at.api.module(path) if path and path != at.path else None
            if path == at.path or (module and re.search(rf"self\.{name}\b", repr(module.facts))):
                raise _Unmapped(f"a base class may use self.{name}")
        for node in self.syntax.nodes:
            if isinstance(node, ast.ClassDef) and cls.name in [ast.unparse(b) for b in node.bases]:
                raise _Unmapped(f"a derived class may use self.{name}")
        for other, _ in self.file.importers():
            if re.search(rf"\.{name}\b|name='{name}'", other):
                raise _Unmapped(f"a file that imports this one reads .{name}")

    def _module(self) -> None:
        """The module itself as a client: `openai.chat.completions.create`."""
        if self.made is None or not self.file.dotted(self.made.func):
            raise _Unmapped("the client is made elsewhere or handed in")
        for node in self.syntax.nodes:
            dotted = self.file.dotted(node.func) if isinstance(node, ast.Call) else ""
            if not dotted or not isinstance(node, ast.Call):
                continue
            if dotted in self.sdk.functions:
                self._request(node, *self.sdk.functions[dotted])
            elif node is self.made:
                raise _Unmapped(f"how litellm does what {dotted} does is not known")
        self._settings()

    def _settings(self) -> None:
        """`openai.api_key = …`, here and in other files."""
        for path in self.file.at.api.project.scanned:
            module = self.file.at.api.module(path) if path != self.file.at.path else None
            functions = (module.facts.body, *module.facts.functions) if module is not None else ()
            for assign in (a for function in functions for a in function.assigns):
                if assign.target.startswith(f"{self.use.sdk}."):
                    raise _Unmapped(f"{assign.target} is set in {path}")
        for node in self.syntax.nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                dotted = self.file.dotted(node)
                if dotted.partition(".")[0] != self.use.sdk:
                    continue
                above = self.syntax.parents[node]
                value = above.value if isinstance(above, ast.Assign) else node
                is_default = self._is_default("api_key", value) or ast.unparse(value) == "None"
                if dotted != f"{self.use.sdk}.api_key" or not is_default:
                    raise _Unmapped(f"{dotted} is set for all calls")
                self._remove(node, (), f"{dotted} is set")

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
        if names and spelled not in self.sdk.requests:
            raise _Unmapped(f"how litellm does what {self.use.label}.{spelled} does is not known")
        if not isinstance(above, ast.Call) or above.func is not node or not names:
            raise _Unmapped(f"the client is used otherwise than by calls (row {holder.lineno})")
        return above, self.sdk.requests[spelled]

    def _request(self, call: ast.Call, request: Request, is_async: bool) -> None:
        name = f"a{request.function}" if is_async else request.function
        function, imports = self.file.reference("litellm", name, call)
        self.edits += [self.file.rewrite(call.func, function), *imports]
        given: dict[str, ast.keyword] = {}
        for keyword in call.keywords:
            if keyword.arg is None or keyword.arg not in request.parameters:
                what = f"{keyword.arg}=" if keyword.arg else "what is passed with **"
                raise _Unmapped(f"{what} of {ast.unparse(call.func)} has no counterpart in litellm")
            given[keyword.arg] = keyword
            self._keyword(keyword, request.parameters[keyword.arg])
        if call.args or "model" not in given:
            raise _Unmapped(f"{ast.unparse(call.func)} is called without model=")
        self._model(given["model"].value)
        if "system" in given:
            self._system(call, given)
        if request.shape == "message" and any(
            isinstance(n, ast.Constant) and n.value in _BLOCKS for n in self.syntax.nodes
        ):
            raise _Unmapped("content blocks other than text are written otherwise for litellm")
        self._add(call, [f"{key}={text}" for key, text in self._moved(call, given)])
        self.answers.append((call, request))

    def _keyword(self, keyword: ast.keyword, name: str) -> None:
        for node in ast.walk(keyword.value):
            if isinstance(node, ast.Name) and self.file.dotted(node).partition(".")[0] == self.use.sdk:
                raise _Unmapped(f"{keyword.arg}= is given something of {self.use.sdk}")
        if name != keyword.arg:
            line, col = self.syntax.span(keyword)[:2]
            self.edits.append(Rewrite(Span(line, col, line, col + len(keyword.arg or "")), name))

    def _model(self, model: ast.expr) -> None:
        """Put the provider before a model's name."""
        is_own_address = all(key != "base_url" for key, _ in self.options)
        known = self.sdk.models if is_own_address else frozenset[str]()
        self.file.placed(model)
        if isinstance(model, ast.JoinedStr):
            self._prefix(model)
        elif isinstance(model, ast.Constant):
            if not isinstance(model.value, str):
                raise _Unmapped("model= is no text")
            if model.value not in known:
                self._prefix(model)
        elif isinstance(model, ast.Name | ast.Attribute):
            self._named_model(model, known)
        else:
            opening, closing = ("", "") if isinstance(model, _PRIMARY) else ("(", ")")
            self._insert(self.syntax.span(model)[:2], f'"{self.sdk.prefix}" + {opening}')
            self._insert(self.syntax.span(model)[2:], closing)

    def _named_model(self, model: ast.Name | ast.Attribute, known: frozenset[str]) -> None:
        at, text = self.file.at, ast.unparse(model)
        scope = at.api.scope(at.path, at.module.function_at(model.lineno), model.lineno)
        binder = self.syntax.binder(model.id, model) if isinstance(model, ast.Name) else None
        if binder is self.syntax.tree and self._constant(text) in known:
            return
        # An enumeration's member would be formatted as its name.
        is_own = "::" in at.api.value(text, scope).name or not re.fullmatch(r"[\w.]+", text)
        new = f'"{self.sdk.prefix}" + {text}' if is_own else f'f"{self.sdk.prefix}{{{text}}}"'
        self.edits.append(self.file.rewrite(model, new))

    def _constant(self, name: str) -> str:
        """The text that a name of the module is bound to once and for all, or ""."""
        if self.syntax.bindings(name, self.syntax.tree) == 1:
            for statement in self.syntax.tree.body:
                if name in _targets(statement) and isinstance(
                    getattr(statement, "value", None), ast.Constant
                ):
                    return str(statement.value.value)  # type: ignore[attr-defined]
        return ""

    def _prefix(self, model: ast.expr) -> None:
        opening = _OPENING.match(self.syntax.code(model))
        if opening is None:
            raise _Unmapped("how model= is written is not known")
        line, col = self.syntax.span(model)[:2]
        self._insert((line, col + opening.end()), self.sdk.prefix)

    def _insert(self, where: tuple[int, ...], content: str) -> None:
        if content:
            self.edits.append(Rewrite(Span(*where, *where), content))

    def _system(self, call: ast.Call, given: dict[str, ast.keyword]) -> None:
        """`system=` becomes the first message."""
        system, messages = given["system"], given.get("messages")
        if messages is None:
            raise _Unmapped(f"{ast.unparse(call.func)} is called without messages=")
        if not self._is_text(system.value):
            raise _Unmapped("system= is not always a text")
        span = self.syntax.span(system)
        position = call.keywords.index(system)
        if position + 1 < len(call.keywords):
            gone = Span(*span[:2], *self.syntax.span(call.keywords[position + 1])[:2])
        else:
            gone = Span(*self.syntax.span(call.keywords[position - 1])[2:], *self._closing(system.value))
        if self.syntax.comments_in(gone):
            raise _Unmapped("a comment stands beside system=")
        self.edits.append(Rewrite(gone, ""))
        self._first_message(
            messages.value, f'{{"role": "system", "content": {self.syntax.code(system.value)}}}'
        )

    def _is_text(self, value: ast.expr) -> bool:
        """Whether a value is surely no list of blocks and not missing, as far as one can see."""
        if isinstance(value, ast.Constant):
            return isinstance(value.value, str)
        if isinstance(value, ast.List | ast.IfExp | ast.BoolOp):
            return False
        scope = self.syntax.binder(value.id, value) if isinstance(value, ast.Name) else None
        arguments = getattr(scope, "args", None)
        if not isinstance(arguments, ast.arguments):
            return True
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        own = [a for a in every if isinstance(value, ast.Name) and a.arg == value.id]
        is_optional = any(
            isinstance(d, ast.Constant) and d.value is None
            for d in (*arguments.defaults, *arguments.kw_defaults)
        )
        return all(a.annotation is not None and ast.unparse(a.annotation) == "str" for a in own) or (
            not is_optional and all(a.annotation is None for a in own)
        )

    def _first_message(self, messages: ast.expr, message: str) -> None:
        line, col = self.syntax.span(messages)[:2]
        if not isinstance(messages, ast.List):
            opening, closing = ("", "]") if isinstance(messages, _PRIMARY) else ("(", ")]")
            self._insert((line, col), f"[{message}, *{opening}")
            self._insert(self.syntax.span(messages)[2:], closing)
        elif not messages.elts:
            self._insert((line, col + 1), message)
        elif messages.elts[0].lineno > line:
            self._insert((line, col + 1), f"\n{self.syntax.indent(messages.elts[0].lineno)}{message},")
        else:
            self._insert((line, col + 1), f"{message}, ")

    def _add(self, call: ast.Call, arguments: list[str]) -> None:
        """Further arguments of a call: behind the last, or before it where a comment follows it."""
        if not arguments:
            return
        rows = [self.syntax.span(k).line for k in call.keywords]
        is_edited = any(k.arg == "system" for k in call.keywords)
        last = next(
            k for k in reversed(call.keywords) if not is_edited or k.arg not in ("system", "messages")
        )
        span = self.syntax.span(last)
        is_tall = len(rows) == len(set(rows)) and rows[0] > call.lineno
        gap = "\n" + self.syntax.indent(span.line) if is_tall else " "
        closing = self._closing(last.value)
        if self.syntax.comments_in(Span(*closing, closing[0] + 1, 0)):
            self._insert(span[:2], "".join(f"{a},{gap}" for a in arguments))
        else:
            self._insert(closing, "".join(f",{gap}{a}" for a in arguments))

    def _closing(self, value: ast.expr) -> tuple[int, int]:
        """Where an argument ends.

        Raises: _Unmapped where parentheses stand around it: where they end, its node does not say.
        """
        start, end = self.syntax.span(value)[:2], self.syntax.span(value)[2:]
        before = self.syntax.source(Span(start[0], 0, *start))
        if re.search(r"=\s*\(\s*\Z|^\s*\Z", before):
            raise _Unmapped(f"parentheses stand around the argument in row {start[0]}")
        return end[0], end[1]

    # ------------------------------------------------------------------------------- options of the client

    def _moved(self, call: ast.Call, given: dict[str, ast.keyword]) -> Iterator[tuple[str, str]]:
        """The client's options as arguments of a call."""
        for key, value in self.options:
            if key not in given and not self._is_default(key, value):
                yield self.sdk.options[key], self._text(key, value, call)

    def _is_default(self, key: str, value: ast.expr) -> bool:
        """Whether litellm looks up the same environment variable by itself."""
        variable = re.escape(repr(self.sdk.key))
        looked_up = rf"(os\.)?(getenv\({variable}\)|environ(\.get\({variable}\)|\[{variable}\]))"
        return key == "api_key" and re.fullmatch(looked_up, ast.unparse(value)) is not None

    def _text(self, key: str, value: ast.expr, call: ast.Call) -> str:
        """An option's value as it is written at a call: as it was, if it means the same there and costs nothing, or a name
        that takes it where the client was made."""
        if self.syntax.comments_in(self.syntax.span(value)):
            raise _Unmapped(f"a comment stands within {key}=")
        is_repeated = isinstance(value, ast.Constant | ast.JoinedStr) and len(self.holders) > 1
        is_shared = is_repeated and isinstance(getattr(value, "value", ""), str)
        is_in_place = self.made is not None and isinstance(self.syntax.parents[self.made], ast.Attribute)
        if is_in_place or (not is_shared and self._is_portable(value, call)):
            return self._written(value)
        return self._kept(key, value)

    def _written(self, value: ast.expr) -> str:
        span = self.syntax.span(value)
        return self.syntax.source(span) if span.line == span.end_line else ast.unparse(value)

    def _is_portable(self, value: ast.expr, call: ast.Call) -> bool:
        for node in ast.walk(value):
            is_call = isinstance(node, ast.Call) and not _PLAIN_CALLS.fullmatch(ast.unparse(node.func))
            if is_call or isinstance(node, _ANEW):
                return False
            if isinstance(node, ast.Name) and not self._is_same(node, call):
                return False
            is_own = isinstance(node, ast.Attribute) and ast.unparse(node).startswith("self.")
            if isinstance(node, ast.Attribute) and is_own and len(self._sets(node.attr)) > 1:
                return False
        return True

    def _is_same(self, name: ast.Name, call: ast.Call) -> bool:
        """Whether a name means at a call what it meant where the client was made."""
        if name.id == "self":
            return self.syntax.owner(name) is self.syntax.owner(call)
        here, there = self.syntax.binder(name.id, name), self.syntax.binder(name.id, call)
        return here is there and (here is None or self.syntax.bindings(name.id, here) == 1)

    def _sets(self, attribute: str) -> list[ast.Attribute]:
        return [
            n
            for n in self.syntax.nodes
            if isinstance(n, ast.Attribute) and n.attr == attribute and isinstance(n.ctx, ast.Store)
        ]

    def _kept(self, key: str, value: ast.expr) -> str:
        """The name, or attribute of `self`, that holds an option: one that does so already, or a new one."""
        assert self.made is not None
        target = _targets(self.syntax.statement(self.made))[0]
        if target.startswith("self."):
            known = self._attribute_of(value) if isinstance(value, ast.Name) else ""
            name = f"self.{known}" if known else f"self._{self.sdk.options[key]}"
        else:
            known = ""
            name = self.sdk.options[key]
            name = name.upper() if self.syntax.function(self.made) is None else name
        if not known and name not in self.stores:
            if name.rpartition(".")[2] in self._words():
                raise _Unmapped(f"{key}= is out of reach where the client is used")
            self.stores[name] = self._written(value)
        return name

    def _words(self) -> set[str]:
        """Every name and attribute in the file."""
        words: set[str] = set()
        for node in self.syntax.nodes:
            match node:
                case ast.Name(id=word) | ast.arg(arg=word) | ast.Attribute(attr=word):
                    words.add(word)
                case ast.alias(name=word, asname=local):
                    words.add(local or word)
                case (
                    ast.FunctionDef(name=word)
                    | ast.AsyncFunctionDef(name=word)
                    | ast.ClassDef(name=word)
                ):
                    words.add(word)
        return words

    def _attribute_of(self, value: ast.Name) -> str:
        """The attribute in which a method keeps its parameter anyway."""
        assert self.made is not None
        function = self.syntax.function(self.made)
        if function is None or self.syntax.bindings(value.id, function) != 1:
            return ""
        for node in getattr(function, "body", ()):
            match node:
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
                    value=ast.Name(id=name),
                ) if name == value.id and len(self._sets(attribute)) == 1:
                    return str(attribute)
        return ""

    # ------------------------------------------------------------------------------------------------ answers

    def _answer(self, call: ast.Call, request: Request) -> None:
        """Rewrite how an answer is read where litellm's has another shape."""
        node: ast.expr = call
        above = self.syntax.parents[node]
        if isinstance(above, ast.Await):
            node, above = above, self.syntax.parents[above]
        if isinstance(above, ast.withitem):
            raise _Unmapped("the answer is entered as a context manager")
        name = _targets(above)[0] if isinstance(above, ast.Assign) and len(above.targets) == 1 else ""
        if not name.isidentifier():
            self._read(node, request.shape)
            return
        scope = self.syntax.binder(name, above)
        assert scope is not None
        own = [c for c, r in self.answers if r is request and self._takes(c) == (name, scope)]
        if request.shape in ("message", "embeddings"):
            if self.syntax.bindings(name, scope) != len(own):
                raise _Unmapped(f"{name} may be something else than the answer")
            if own[0] is not call:
                return  # its reads were those of the first one
        for read in self.syntax.reads(name, scope):
            self._read(read, request.shape)

    def _takes(self, call: ast.Call) -> tuple[str, ast.AST | None]:
        """The name that an answer is bound to, and whose name it is."""
        above = self.syntax.parents[call]
        above = self.syntax.parents[above] if isinstance(above, ast.Await) else above
        if isinstance(above, ast.Assign) and len(above.targets) == 1:
            name = _targets(above)[0]
            return name, self.syntax.binder(name, above)
        return "", None

    def _read(self, node: ast.expr, shape: str) -> None:
        chain: list[ast.expr] = []
        above = self.syntax.parents[node]
        while isinstance(above, ast.Attribute | ast.Subscript) and above.value in (node, *chain[-1:]):
            chain.append(above)
            above = self.syntax.parents[above]
        words = [n.attr if isinstance(n, ast.Attribute) else "[]" for n in chain]
        lost = _SDK_ONLY & set(words)
        if lost:
            raise _Unmapped(f"an answer of litellm has no {min(lost)} (row {node.lineno})")
        if shape == "chat" or isinstance(above, ast.Expr) or words[:1] == ["model"]:
            return
        if words[:1] == ["usage"] and len(words) > 1:
            self._usage(chain, shape)
        elif shape == "message":
            self._content(node, chain, words)
        else:
            self._data(node, chain, words)

    def _usage(self, chain: list[ast.expr], shape: str) -> None:
        if shape != "message":
            return
        name = chain[1].attr if isinstance(chain[1], ast.Attribute) else "[]"
        if name not in _TOKENS:
            raise _Unmapped(f"an answer of litellm has no usage.{name}")
        self.edits.append(self.file.rewrite_tail(chain[0], chain[1], f".{_TOKENS[name]}"))

    def _content(self, node: ast.expr, chain: list[ast.expr], words: list[str]) -> None:
        first = chain[1] if len(chain) > 1 else None
        is_first = isinstance(first, ast.Subscript) and ast.unparse(first.slice) == "0"
        if words[:3] != ["content", "[]", "text"] or not is_first:
            what = (
                f"{'.'.join(words).replace('.[]', '[]')} of it is read" if words else "it is passed on"
            )
            raise _Unmapped(f"the answer has another shape in litellm, and {what} (row {node.lineno})")
        self.edits.append(self.file.rewrite_tail(node, chain[2], ".choices[0].message.content"))

    def _data(self, node: ast.expr, chain: list[ast.expr], words: list[str]) -> None:
        """Embeddings are mappings in litellm: `.data[0].embedding` is `.data[0]["embedding"]`."""
        if words[:2] == ["data", "[]"] and len(words) > 2:
            self._item(chain[2])
            return
        match self.syntax.parents[chain[0]] if words == ["data"] else None:
            case (
                ast.comprehension(target=ast.Name(id=name) as target)
                | ast.For(target=ast.Name(id=name) as target)
            ):
                scope = self.syntax.binder(name, target)
                if scope is not None and self.syntax.bindings(name, scope) == 1:
                    for read in self.syntax.reads(name, scope):
                        self._item(self.syntax.parents[read])
                    return
            case ast.Call(func=ast.Name(id="len")):
                return
        raise _Unmapped(
            f"embeddings are mappings in litellm, and these are passed on (row {node.lineno})"
        )

    def _item(self, read: ast.AST) -> None:
        if not isinstance(read, ast.Attribute) or read.attr not in ("embedding", "index"):
            raise _Unmapped("embeddings are mappings in litellm, and one is passed on")
        self.edits.append(self.file.rewrite_tail(read.value, read, f'["{read.attr}"]'))

    # --------------------------------------------------------------------------------------------- exceptions

    def exceptions(self, others_stay: bool) -> Iterator[Edit]:
        """The edits of where the SDK's exceptions are caught. Those of openai that litellm's derive from stay, as do all of
        them if other clients go on raising them."""
        for node in self.syntax.nodes:
            if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
                continue
            dotted = self.file.dotted(node)
            if dotted.partition(".")[0] != self.use.sdk or not self._is_caught(node):
                continue
            name = dotted.rpartition(".")[2]
            if dotted in self.sdk.bases or (others_stay and self.sdk.bases and name in EXCEPTIONS):
                continue
            if others_stay or name not in EXCEPTIONS:
                raise _Unmapped(f"litellm has nothing that stands for {dotted}, which is caught here")
            text, imports = self.file.reference("litellm", EXCEPTIONS[name], node)
            yield self.file.rewrite(node, text)
            yield from imports

    def _is_caught(self, node: ast.expr) -> bool:
        above = self.syntax.parents[node]
        if isinstance(above, ast.Tuple):
            node, above = above, self.syntax.parents[above]
        if isinstance(above, ast.Call) and ast.unparse(above.func) == "isinstance":
            raise _Unmapped(f"isinstance asks for {ast.unparse(node)}")
        return isinstance(above, ast.ExceptHandler) and above.type is node


def _targets(statement: ast.AST) -> list[str]:
    """What a statement assigns to."""
    if isinstance(statement, ast.Assign):
        return [ast.unparse(target) for target in statement.targets]
    return [ast.unparse(statement.target)] if isinstance(statement, ast.AnnAssign) else [""]
