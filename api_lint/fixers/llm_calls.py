"""A request of a provider's SDK rewritten as litellm's: its function, its arguments, and those that its client was made with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from api_lint.facts import Span
from api_lint.fixers.llm_file import Job, Unmapped, targets
from api_lint.fixers.llm_handed import Carried
from api_lint.libraries.litellm import Request
from api_lint.rule import Rewrite

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


class Requests:
    """Rewrites the requests of a job's client."""

    def __init__(self, job: Job) -> None:
        self.job, self.file, self.syntax = job, job.file, job.file.syntax
        self._names: dict[str, str] = {}

    def rewrite(self, call: ast.Call, request: Request, is_async: bool) -> None:
        """Rewrite one request."""
        name = f"a{request.function}" if is_async else request.function
        function, imports = self.file.reference("litellm", name, call)
        self.job.edits += [self.file.rewrite(call.func, function), *imports]
        given = self._given(call, request)
        self._model(given["model"].value)
        if "system" in given:
            self._system(call, given)
        if request.function == "embedding" and "dimensions" in given:
            self._dimensions(given["model"].value)
        if request.shape in ("message", "texts") and any(map(self._is_block, self.syntax.nodes)):
            raise Unmapped("content blocks other than text are written otherwise for litellm")
        more = [f"{key}={text}" for key, text in self._moved(call, given, request)]
        self._add(call, [*more, "stream=True"] if request.shape == "texts" else more)
        self.job.answers.append((call, request))

    def _is_block(self, node: ast.AST) -> bool:
        above = self.syntax.parents[node]
        is_asked = isinstance(above, ast.Compare) and ast.unparse(above.left).endswith(".stop_reason")
        return isinstance(node, ast.Constant) and node.value in _BLOCKS and not is_asked

    def _given(self, call: ast.Call, request: Request) -> dict[str, ast.keyword]:
        """A request's arguments, which are renamed."""
        given: dict[str, ast.keyword] = {}
        function = ast.unparse(call.func)
        for keyword in call.keywords:
            if keyword.arg is None and request.is_open:
                self._unpacked(keyword)
                continue
            if keyword.arg is None or keyword.arg not in request.parameters:
                what = f"{keyword.arg}=" if keyword.arg else "what is passed with **"
                raise Unmapped(f"{what} of {function} has no counterpart in litellm")
            given[keyword.arg] = keyword
            self._keyword(keyword, request.parameters[keyword.arg])
        if call.args or "model" not in given:
            raise Unmapped(f"{function} is called without model=")
        return given

    def _unpacked(self, keyword: ast.keyword) -> None:
        twice = {"timeout", "organization"} & {key for key, _ in self.job.options}
        if twice:
            raise Unmapped(f"what is passed with ** may hold {min(twice)}= as well")
        self._only_own(keyword, "**")

    def _only_own(self, keyword: ast.keyword, what: str) -> None:
        for node in ast.walk(keyword.value):
            is_name = isinstance(node, ast.Name)
            if is_name and self.file.dotted(node).partition(".")[0] == self.job.use.sdk:
                raise Unmapped(f"{what} is given something of {self.job.use.sdk}")

    def _keyword(self, keyword: ast.keyword, name: str) -> None:
        self._only_own(keyword, f"{keyword.arg}=")
        if name != keyword.arg:
            line, col = self.syntax.span(keyword)[:2]
            self.job.edits.append(Rewrite(Span(line, col, line, col + len(keyword.arg or "")), name))

    def _dimensions(self, model: ast.expr) -> None:
        text = self._constant(ast.unparse(model)) if isinstance(model, ast.Name) else ast.unparse(model)
        if "text-embedding-3" not in text:
            raise Unmapped("litellm takes dimensions= for text-embedding-3 models only")

    def _model(self, model: ast.expr) -> None:
        """Put the provider before a model's name."""
        is_own_address = all(key != "base_url" for key, _ in self.job.options)
        known = self.job.sdk.models if is_own_address else frozenset[str]()
        self.file.placed(model)
        if isinstance(model, ast.JoinedStr):
            self._prefix(model)
        elif isinstance(model, ast.Constant):
            if not isinstance(model.value, str):
                raise Unmapped("model= is no text")
            if model.value not in known:
                self._prefix(model)
        elif isinstance(model, ast.Name | ast.Attribute):
            self._named_model(model, known)
        else:
            opening, closing = ("", "") if isinstance(model, _PRIMARY) else ("(", ")")
            self.job.insert(self.syntax.span(model)[:2], f'"{self.job.sdk.prefix}" + {opening}')
            self.job.insert(self.syntax.span(model)[2:], closing)

    def _named_model(self, model: ast.Name | ast.Attribute, known: frozenset[str]) -> None:
        text = ast.unparse(model)
        binder = self.syntax.binder(model.id, model) if isinstance(model, ast.Name) else None
        if binder is self.syntax.tree and self._constant(text) in known:
            return
        # An enumeration's member would be formatted as its name.
        is_own = not re.fullmatch(r"[\w.]+", text) or "::" in self.file.value(text, model.lineno).name
        new = f'"{self.job.sdk.prefix}" + {text}' if is_own else f'f"{self.job.sdk.prefix}{{{text}}}"'
        self.job.edits.append(self.file.rewrite(model, new))

    def _constant(self, name: str) -> str:
        """The text that a name of the module is bound to once and for all, or ""."""
        if self.syntax.bindings(name, self.syntax.tree) == 1:
            for statement in self.syntax.tree.body:
                if name in targets(statement) and isinstance(
                    getattr(statement, "value", None), ast.Constant
                ):
                    return str(statement.value.value)  # type: ignore[attr-defined]
        return ""

    def _prefix(self, model: ast.expr) -> None:
        opening = _OPENING.match(self.syntax.code(model))
        if opening is None:
            raise Unmapped("how model= is written is not known")
        line, col = self.syntax.span(model)[:2]
        self.job.insert((line, col + opening.end()), self.job.sdk.prefix)

    def _system(self, call: ast.Call, given: dict[str, ast.keyword]) -> None:
        """`system=` becomes the first message."""
        system, messages = given["system"], given.get("messages")
        if messages is None:
            raise Unmapped(f"{ast.unparse(call.func)} is called without messages=")
        if not self._is_text(system.value):
            raise Unmapped("system= is not always a text")
        span = self.syntax.span(system)
        position = call.keywords.index(system)
        if position + 1 < len(call.keywords):
            gone = Span(*span[:2], *self.syntax.span(call.keywords[position + 1])[:2])
        else:
            gone = Span(*self.syntax.span(call.keywords[position - 1])[2:], *self._closing(system.value))
        if self.syntax.comments_in(gone):
            raise Unmapped("a comment stands beside system=")
        self.job.edits.append(Rewrite(gone, ""))
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
            self.job.insert((line, col), f"[{message}, *{opening}")
            self.job.insert(self.syntax.span(messages)[2:], closing)
        elif not messages.elts:
            self.job.insert((line, col + 1), message)
        elif messages.elts[0].lineno > line:
            self.job.insert(
                (line, col + 1), f"\n{self.syntax.indent(messages.elts[0].lineno)}{message},"
            )
        else:
            self.job.insert((line, col + 1), f"{message}, ")

    def _add(self, call: ast.Call, arguments: list[str]) -> None:
        """Further arguments of a call: behind the last, or before it where a comment follows it."""
        if not arguments:
            return
        rows = [self.syntax.span(k).line for k in call.keywords]
        unpacked = [k for k in call.keywords if k.arg is None]
        is_edited = any(k.arg == "system" for k in call.keywords)
        last = next(
            k for k in reversed(call.keywords) if not is_edited or k.arg not in ("system", "messages")
        )
        last = unpacked[0] if unpacked else last
        span = self.syntax.span(last)
        is_tall = len(rows) == len(set(rows)) and rows[0] > call.lineno
        gap = "\n" + self.syntax.indent(span.line) if is_tall else " "
        closing = self._closing(last.value)
        if unpacked or self.syntax.comments_in(Span(*closing, closing[0] + 1, 0)):
            self.job.insert(span[:2], "".join(f"{a},{gap}" for a in arguments))
        else:
            self.job.insert(closing, "".join(f",{gap}{a}" for a in arguments))

    def _closing(self, value: ast.expr) -> tuple[int, int]:
        """Where an argument ends.

        Raises: Unmapped where parentheses stand around it: where they end, its node does not say.
        """
        start, end = self.syntax.span(value)[:2], self.syntax.span(value)[2:]
        before = self.syntax.source(Span(start[0], 0, *start))
        if re.search(r"=\s*\(\s*\Z|^\s*\Z", before):
            raise Unmapped(f"parentheses stand around the argument in row {start[0]}")
        return end[0], end[1]

    # ------------------------------------------------------------------------------- options of the client

    def _moved(
        self, call: ast.Call, given: dict[str, ast.keyword], request: Request
    ) -> Iterator[tuple[str, str]]:
        """The client's options as arguments of a call."""
        for key, value in self.job.options:
            if key in request.lacks:
                raise Unmapped(f"{key}= of the client is lost in litellm.{request.function}")
            if key not in given and not self.is_default(key, value):
                yield self.job.sdk.options[key], self._text(key, value, call)

    def is_default(self, key: str, value: ast.expr) -> bool:
        """Whether litellm looks up the same environment variable by itself."""
        if not self.job.sdk.key:
            return False
        variable = re.escape(repr(self.job.sdk.key))
        looked_up = rf"(os\.)?(getenv\({variable}\)|environ(\.get\({variable}\)|\[{variable}\]))"
        return key == "api_key" and re.fullmatch(looked_up, ast.unparse(value)) is not None

    def _text(self, key: str, value: ast.expr, call: ast.Call) -> str:
        """An option's value as it is written at a call: as it was, if it means the same there and costs nothing, or a name
        that takes it where the client was made."""
        if self.job.source is not None:
            return Carried(self.job).text(key, value, call)
        if self.syntax.comments_in(self.syntax.span(value)):
            raise Unmapped(f"a comment stands within {key}=")
        is_repeated = isinstance(value, ast.Constant | ast.JoinedStr) and len(self.job.holders) > 1
        is_shared = is_repeated and isinstance(getattr(value, "value", ""), str)
        is_in_place = isinstance(self.syntax.parents[self.job.made], ast.Attribute)
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
        if key in self._names:
            return self._names[key]
        function = self.syntax.function(self.job.made)
        target = targets(self.syntax.statement(self.job.made))[0]
        option = self.job.sdk.options[key]
        if target.startswith("self.") and function not in self.job.gone:
            known = self._attribute_of(value) if isinstance(value, ast.Name) else ""
            if known:
                return f"self.{known}"
            names = [f"self._{option}", f"self._{target[5:].strip('_')}_{option}"]
        elif function is None:
            names = [option.upper(), f"{target.strip('_')}_{option}".upper()]
        elif function not in self.job.gone and target:
            names = [option, f"{target}_{option}"]
        elif isinstance(value, ast.Constant) and self.syntax.parents[function] is self.syntax.tree:
            names = [option.upper()]
        else:
            names = []
        taken = self._words() | self.file.stored
        free = [name for name in names if name.rpartition(".")[2] not in taken]
        if not free:
            raise Unmapped(f"{key}= is out of reach where the client is used")
        self.file.stored.add(free[0].rpartition(".")[2])
        self.job.stores[free[0]] = self._written(value)
        self._names[key] = free[0]
        return free[0]

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
        function = self.syntax.function(self.job.made)
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
