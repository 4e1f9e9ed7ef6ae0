"""How the answers of providers' SDKs are read, where litellm's have another shape, and how its exceptions are caught."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from api_lint.facts import Span
from api_lint.fixers.llm_file import Job, Unmapped, targets
from api_lint.libraries.litellm import Request
from api_lint.rule import Edit, Rewrite

# What the answers of the SDKs have and those of litellm do not.
_SDK_ONLY = frozenset("to_dict to_json x_groq _request_id close aclose response until_done".split())
_TOKENS = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
# Why Anthropic's models stop, as OpenAI says it; `stop` may be one of two others.
_STOPS = {"max_tokens": "length", "tool_use": "tool_calls"}


class Answers:
    """Rewrites what is read of the answers of a job's requests."""

    def __init__(self, job: Job) -> None:
        self.job, self.file, self.syntax = job, job.file, job.file.syntax

    def rewrite(self, call: ast.Call, request: Request) -> None:
        """Rewrite how one answer is read."""
        node: ast.expr = call
        above = self.syntax.parents[node]
        if request.shape == "texts":
            self._stream(call, above)
            return
        if isinstance(above, ast.Await):
            node, above = above, self.syntax.parents[above]
        if isinstance(above, ast.withitem):
            raise Unmapped("the answer is entered as a context manager")
        name = targets(above)[0] if isinstance(above, ast.Assign) and len(above.targets) == 1 else ""
        if not name.isidentifier():
            self._read(node, request, call)
            return
        scope = self.syntax.binder(name, above)
        assert scope is not None
        own = [c for c, r in self.job.answers if r is request and self._takes(c) == (name, scope)]
        if request.shape not in ("chat", "same"):
            if self.syntax.bindings(name, scope) != len(own):
                raise Unmapped(f"{name} may be something else than the answer")
            if own[0] is not call:
                return  # its reads were those of the first one
            if len(own) > 1 and request.shape == "parsed":
                raise Unmapped(f"{name} is bound more than once")
        for read in self.syntax.reads(name, scope):
            self._read(read, request, call)

    def _takes(self, call: ast.Call) -> tuple[str, ast.AST | None]:
        """The name that an answer is bound to, and whose name it is."""
        above = self.syntax.parents[call]
        above = self.syntax.parents[above] if isinstance(above, ast.Await) else above
        if isinstance(above, ast.Assign) and len(above.targets) == 1:
            name = targets(above)[0]
            return name, self.syntax.binder(name, above)
        return "", None

    def _read(self, node: ast.expr, request: Request, call: ast.Call) -> None:
        shape = request.shape
        chain: list[ast.expr] = []
        above = self.syntax.parents[node]
        while isinstance(above, ast.Attribute | ast.Subscript) and above.value in (node, *chain[-1:]):
            chain.append(above)
            above = self.syntax.parents[above]
        words = [n.attr if isinstance(n, ast.Attribute) else "[]" for n in chain]
        lost = _SDK_ONLY & set(words)
        if lost:
            raise Unmapped(f"an answer of litellm has no {min(lost)} (row {node.lineno})")
        is_unread = isinstance(above, ast.Expr) and not chain
        if shape in ("chat", "same") or is_unread or words[:1] == ["model"]:
            return
        if words[:1] == ["usage"] and len(words) > 1:
            self._usage(chain, shape)
        elif shape == "parsed":
            self._parsed(node, chain, words, call)
        elif shape == "text" and words[:1] != ["text"]:
            raise Unmapped(f"the answer has another shape in litellm (row {node.lineno})")
        elif shape == "message":
            self._content(node, chain, words)
        elif shape != "text":
            self._data(node, chain, words)

    def _usage(self, chain: list[ast.expr], shape: str) -> None:
        if shape != "message":
            return
        name = chain[1].attr if isinstance(chain[1], ast.Attribute) else "[]"
        if name not in _TOKENS:
            raise Unmapped(f"an answer of litellm has no usage.{name}")
        self.job.edits.append(self.file.rewrite_tail(chain[0], chain[1], f".{_TOKENS[name]}"))

    def _parsed(self, node: ast.expr, chain: list[ast.expr], words: list[str], call: ast.Call) -> None:
        """`….message.parsed` is made of the message's content."""
        if words[:3] != ["choices", "[]", "message"] or len(words) < 4:
            raise Unmapped(f"the answer is parsed, and passed on (row {node.lineno})")
        if words[3] != "parsed":
            return
        schemas = [k.value for k in call.keywords if k.arg == "response_format"]
        schema = schemas[0] if schemas else None
        if not isinstance(schema, ast.Name):
            raise Unmapped("what the answer is parsed to is no name")
        scope = self.syntax.binder(schema.id, schema)
        is_same = scope is not None and scope is self.syntax.binder(schema.id, node)
        if not is_same or scope is None or self.syntax.bindings(schema.id, scope) != 1:
            raise Unmapped(f"{schema.id} may be something else where the answer is read")
        if any(
            isinstance(e, Rewrite) and e.content.startswith(f"{schema.id}.model_")
            for e in self.job.edits
        ):
            raise Unmapped("the parsed answer is read more than once")
        above = self.syntax.parents[chain[3]]
        if isinstance(above, ast.Compare | ast.If | ast.BoolOp | ast.UnaryOp | ast.IfExp):
            raise Unmapped(f"it is asked whether the answer is parsed (row {node.lineno})")
        self.job.edits.append(self.file.rewrite_tail(chain[2], chain[3], ".content)"))
        self.job.insert(self.syntax.span(chain[0])[:2], f"{schema.id}.model_validate_json(")

    def _content(self, node: ast.expr, chain: list[ast.expr], words: list[str]) -> None:
        if words == ["stop_reason"] and self._stop(chain[0]):
            return
        if words == ["content"] and self._joined(node, chain[0]):
            return
        first = chain[1] if len(chain) > 1 else None
        is_first = isinstance(first, ast.Subscript) and ast.unparse(first.slice) == "0"
        if words[:3] != ["content", "[]", "text"] or not is_first:
            what = (
                f"{'.'.join(words).replace('.[]', '[]')} of it is read" if words else "it is passed on"
            )
            raise Unmapped(f"the answer has another shape in litellm, and {what} (row {node.lineno})")
        self.job.edits.append(self.file.rewrite_tail(node, chain[2], ".choices[0].message.content"))

    def _stop(self, read: ast.expr) -> bool:
        """`stop_reason == "max_tokens"`."""
        match self.syntax.parents[read]:
            case ast.Compare(
                left=left,
                ops=[ast.Eq() | ast.NotEq()],
                comparators=[ast.Constant(value=str(why)) as word],
            ) if left is read and why in _STOPS:
                assert isinstance(read, ast.Attribute)
                self.job.edits.append(
                    self.file.rewrite_tail(read.value, read, ".choices[0].finish_reason")
                )
                self.job.edits.append(self.file.rewrite(word, f'"{_STOPS[why]}"'))
                return True
        return False

    def _joined(self, node: ast.expr, content: ast.expr) -> bool:
        """`"".join(block.text for block in message.content if block.type == "text")`."""
        loop = self.syntax.parents[content]
        each = self.syntax.parents.get(loop)
        join = self.syntax.parents.get(each) if each is not None else None
        match each, join:
            case (
                ast.GeneratorExp(
                    elt=elt, generators=[ast.comprehension(target=ast.Name(id=name), ifs=ifs)]
                )
                | ast.ListComp(
                    elt=elt, generators=[ast.comprehension(target=ast.Name(id=name), ifs=ifs)]
                ),
                ast.Call(func=ast.Attribute(value=ast.Constant(value=""), attr="join")),
            ):
                tests = {f"{name}.type == 'text'", f"hasattr({name}, 'text')"}
                if (
                    isinstance(node, ast.Name)
                    and ast.unparse(elt) == f"{name}.text"
                    and {ast.unparse(i) for i in ifs} <= tests
                ):
                    text = f'({self.syntax.code(node)}.choices[0].message.content or "")'
                    self.job.edits.append(self.file.rewrite(join, text))
                    return True
        return False

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
        raise Unmapped(
            f"embeddings are mappings in litellm, and these are passed on (row {node.lineno})"
        )

    def _item(self, read: ast.AST) -> None:
        if not isinstance(read, ast.Attribute) or read.attr not in ("embedding", "index"):
            raise Unmapped("embeddings are mappings in litellm, and one is passed on")
        self.job.edits.append(self.file.rewrite_tail(read.value, read, f'["{read.attr}"]'))

    # ------------------------------------------------------------------------------------------------ streams

    def _stream(self, call: ast.Call, item: ast.AST) -> None:
        """`with ….messages.stream(…) as stream:` becomes `stream = …`, its body moves out, and its texts are litellm's."""
        block = self.syntax.parents[item]
        if not isinstance(item, ast.withitem) or not isinstance(block, ast.With | ast.AsyncWith):
            raise Unmapped("the stream is not entered at once as a context manager")
        name = item.optional_vars
        if not isinstance(name, ast.Name) or len(block.items) > 1:
            raise Unmapped("the stream is entered together with something else")
        scope = self.syntax.binder(name.id, name)
        if scope is None or self.syntax.bindings(name.id, scope) != 1:
            raise Unmapped(f"{name.id} may be something else than the stream")
        for read in self.syntax.reads(name.id, scope):
            self._texts(read, isinstance(block, ast.AsyncWith))
        self._unindent(block, call, name.id)

    def _texts(self, read: ast.Name, is_async: bool) -> None:
        texts = self.syntax.parents[read]
        loop = self.syntax.parents.get(texts)
        if not isinstance(texts, ast.Attribute) or texts.attr != "text_stream":
            raise Unmapped(f"of the stream more is read than its texts (row {read.lineno})")
        if not isinstance(loop, ast.For | ast.AsyncFor | ast.comprehension) or loop.iter is not texts:
            raise Unmapped(f"the texts of the stream are passed on (row {read.lineno})")
        word = "async for" if is_async else "for"
        if read.id == "chunk":
            raise Unmapped("the stream is called as its parts would be")
        text = "chunk.choices[0].delta.content"
        self.job.edits.append(self.file.rewrite(texts, f"({text} {word} chunk in {read.id} if {text})"))

    def _unindent(self, block: ast.With | ast.AsyncWith, call: ast.Call, name: str) -> None:
        start, end = self.syntax.span(call)[:2], self.syntax.span(call)[2:]
        first, last = block.body[0], block.body[-1].end_lineno or 0
        header = self.syntax.rows[end[0] - 1][end[1] :]
        if first.lineno == end[0] or header.strip() != f"as {name}:":
            raise Unmapped("the stream is not entered on rows of its own")
        outer, inner = self.syntax.indent(block.lineno), self.syntax.indent(first.lineno)
        if not inner.startswith(outer) or self.syntax.is_text_on_rows(first.lineno, last):
            raise Unmapped("what is done with the stream cannot be moved out")
        word = "await " if isinstance(block, ast.AsyncWith) else ""
        self.job.edits.append(Rewrite(Span(block.lineno, len(outer), *start), f"{name} = {word}"))
        self.job.edits.append(Rewrite(Span(*end, end[0], end[1] + len(header)), ""))
        for line in range(end[0] + 1, last + 1):
            row = self.syntax.rows[line - 1]
            if row.startswith(inner):
                gap = len(inner) - len(outer)
                self.job.edits.append(Rewrite(Span(line, 0, line, gap), ""))

    # --------------------------------------------------------------------------------------------- exceptions

    def exceptions(self, others_stay: bool) -> Iterator[Edit]:
        """The edits of where the SDK's exceptions are named. Those of openai that litellm's derive from stay, as do all of
        them if other clients go on raising them."""
        for node in self.syntax.nodes:
            if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
                continue
            dotted = self.file.dotted(node)
            if dotted.partition(".")[0] != self.job.use.sdk or not dotted.endswith("Error"):
                continue
            instead = self.job.sdk.caught.get(dotted, "")
            if not instead or (others_stay and not dotted.startswith("openai.")):
                raise Unmapped(f"litellm has nothing that stands for {dotted}, which is caught here")
            if instead != dotted and not others_stay:
                module, _, name = instead.partition(".")
                text, imports = self.file.reference(module, name, node)
                yield self.file.rewrite(node, text)
                yield from imports
