"""The LibCST engine: slices, one walk, and where hooks say they are."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from api_lint import Api, Finding, Module, Place, Rule
from api_lint import visit as engine
from api_lint.index import index
from api_lint.visit import Found, SliceError, Visitor, cut
from api_lint.written import Written, rows_of

RULES = Path(__file__).parent.parent / "rules"


def fail(rule: Rule, error: Exception) -> None:
    raise error


def linked(source: str) -> tuple[Api, Module]:
    facts = index(source.encode(), "a.py")
    api = Api(["a.py"], {"a.py": facts}.get, scanned=["a.py"])
    module = api.module("a.py")
    assert module is not None
    return api, module


def visited(rule: Rule, source: str, rows: Iterable[int] | None = None) -> list[Found]:
    """What a rule finds in a source; it suspects all rows, or the ones given."""
    api, module = linked(source)
    source = source.removeprefix("\ufeff")  # as decoding does
    suspects = {row: [rule] for row in (range(1, len(rows_of(source)) + 1) if rows is None else rows)}
    return list(Visitor(api, module, source).visit(suspects, fail))


class Calls(Rule):
    """Finds every call of `spot`, and notes where every hook is called."""

    code, message, words = "API991", "{name} at {line} in {function} of {cls}", ("spot",)

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[cst.CSTNode] = []

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        self.seen.append(call)
        if isinstance(call.func, cst.Name) and call.func.value.startswith("spot"):
            function = at.function.qualname if at.function is not None else "-"
            yield self.found(
                call, name=call.func.value, line=at.line, function=function, cls=at.cls or "-"
            )


def told(source: str, rows: Iterable[int] | None = None) -> list[str]:
    return [f.finding.message for f in visited(Calls(), textwrap.dedent(source), rows)]


SOURCES = {
    "plain": "import a\nx = 1\n\ndef f():\n    return g(\n        1,\n    )\n",
    "crlf": "x = 1\r\nif x:\r\n    y = f(\r\n        1)\r\nelse:\r\n    z = 2\r\n",
    "lone cr": "x = 1\rif x:\r    y = 2\rdef f():\r    return 3\r",
    "mixed line ends": "x = 1\r\ny = 2\nif x:\n    z = 3\r\n    w = 4\n",
    "form feeds": "x = 1\n\x0c\ndef f():\n    y = 2\n\x0c\n    z = 3\n\x0cclass C:\n    pass\n",
    "separators that are no line ends": "x = 'a\x1cb\x85c\u2028d'\ny = 2\n# \x0b\nz = 3\n",
    "tabs": "if x:\n\ty = 1\n\tif y:\n\t\tz = 2\n",
    "semicolons": "a = 1; b = 2; c = 3\nif a: b = 1; c = 2\ndef f(): x = 1; return x\n",
    "decorators": "@one\n@two(\n    1\n)\n\n# comment\n@three\nasync def f(): ...\n\nclass C:\n    @prop\n    def g(self):\n        return 1\n",
    "one line compounds": "if a: b()\nelif c: d()\nelse: e()\nfor x in y: z()\nwhile a: b()\nwith a: b()\ntry: a()\n"
    "except B: c()\nfinally: d()\nclass C: x = 1\ndef f(): pass\n",
    "elif chain": "if a:\n    x = 1\nelif b:\n    x = 2\nelif c:\n    x = 3\nelse:\n    x = 4\n",
    "strings": "x = '''\n  not code: f(\n'''\ndef f():\n    '''doc\n  less\n    '''\n    y = f'''\n{x}\n'''\n",
    "nested": "def a():\n    def b():\n        class C:\n            async def d(self):\n                return lambda: e()\n    return b\n",
    "match": "match x:\n    case 1 if f():\n        g()\n    case {'a': [*b]}:\n        h()\n    case _: pass\n",
    "try": "try:\n    a()\nexcept (A, B) as e:\n    b()\nexcept C:\n    raise\nelse:\n    c()\nfinally:\n    d()\n",
    "non-ascii": "é = 'ü'\ndef größe(ß):\n    x = '日本'; return f('é', ß)\n",
    "backslashes": "x = 1 + \\\n    2\nif a and \\\n   b:\n    c = \\\n        3\n",
    "comments": "# a\nx = 1  # b\n    # c\nif x:\n    # d\n    y = 2\n  # e\n    # f\n# g",
    "no last line end": "def f():\n    return 1",
    "empty": "",
    "blank": "\n\n   \n\t\n",
    "bom": "\ufeffx = 1\n",
}
if sys.version_info >= (3, 11):
    SOURCES["except star"] = "try:\n    a()\nexcept* A as e:\n    b()\n"


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_slices_joined_are_the_file(source: str) -> None:
    facts = index(source.encode(), "a.py")
    rows = rows_of(source)
    assert "".join(rows) == source
    every = range(1, len(rows) + 1)
    for suspects in (every, [], *([row] for row in every), *([a, b] for a in every for b in every)):
        slices = cut(facts, len(rows), suspects)
        assert "".join("".join(rows[s.start - 1 : s.end]) for s in slices) == source
        assert all(s.start <= s.end for s in slices)
        assert [s.start for s in slices] == sorted(s.start for s in slices)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_slice_is_parsed_and_printed_as_it_was(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "\r" in source and "\r\n" not in source:
        pytest.skip("LibCST loses lone carriage returns; nothing is written back from there")
    if "\x0cclass" in source:
        pytest.skip(
            "LibCST loses a form feed before the first statement; nothing is written back from there"
        )
    parsed: list[tuple[str, cst.Module]] = []
    parse = cst.parse_module

    def spy(text: str) -> cst.Module:
        tree = parse(text)
        parsed.append((text, tree))
        return tree

    monkeypatch.setattr(engine.cst, "parse_module", spy)
    for row in range(1, len(rows_of(source)) + 1):
        visited(Calls(), source, [row])
    assert all(tree.code == text for text, tree in parsed)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_statement_is_parsed_once(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    parse = cst.parse_module
    monkeypatch.setattr(engine.cst, "parse_module", lambda text: texts.append(text) or parse(text))
    visited(Calls(), source)
    rows = sum(len(rows_of(text.removeprefix("if 1:\n"))) for text in texts)
    assert rows <= len(rows_of(source))


@pytest.mark.parametrize("name", SOURCES)
def test_every_call_is_visited_once(name: str) -> None:
    source = SOURCES[name]
    rule = Calls()
    visited(rule, source)
    whole = cst.parse_module(source)
    calls: list[cst.Call] = []

    class Counter(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            calls.append(node)

    whole.visit(Counter())
    assert len(rule.seen) == len(calls)
    assert len({id(node) for node in rule.seen}) == len(calls)


def test_statements_without_a_suspect_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    parse = cst.parse_module
    monkeypatch.setattr(engine.cst, "parse_module", lambda text: texts.append(text) or parse(text))
    source = "a = 1\ndef f():\n    b = 2\n    c = spot()\n    d = 3\ne = 4\n"
    assert len(visited(Calls(), source, [4])) == 1
    assert texts == ["if 1:\n    c = spot()\n"]


POSITIONS = """
    é = "ü"; spot("é", 1); x = spot(2)
    def f():
        if 1:
            return [
                "日本", spot(
                    3
                ),
            ]
    class C:
        @deco(spot())
        @other
        async def m(self, x=spot()):
            s = '''
    text
    '''; y = spot()
            for é in "ßß", spot(): pass
            return f"{spot()}"
    @deco
    def g(): return spot()
    if x: spot()
    elif spot(): spot()
    else: spot()
    match x:
        case 1 if spot():
            spot()
    with spot() as a, spot(
    ) as b:
        spot(lambda: spot())
    try: spot()
    except spot(): spot()
    finally: spot()
    while spot(): spot()
    del x[spot()]
    assert spot(), spot()
    a = spot(
    ) if b else [spot() for _ in spot()]
    """


def test_positions() -> None:
    source = textwrap.dedent(POSITIONS)
    rows = source.split("\n")
    found = visited(Calls(), source)
    assert len(found) == source.count("spot(")
    for each in found:
        line, col, end_line, end_col = each.span
        assert rows[line - 1][col:].startswith("spot("), each
        assert rows[end_line - 1][end_col - 1] == ")", each


def test_positions_are_the_same_from_any_slice() -> None:
    source = textwrap.dedent(POSITIONS)
    whole = {f.span for f in visited(Calls(), source)}
    alone = {f.span for row in range(1, source.count("\n") + 1) for f in visited(Calls(), source, [row])}
    assert whole == alone


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_positions_with_other_line_ends(newline: str) -> None:
    source = textwrap.dedent(POSITIONS)
    spans = [f.span for f in visited(Calls(), source)]
    if newline == "\r":
        # LibCST miscounts rows behind a lone CR at times; what it finds it finds in the file.
        assert len(visited(Calls(), source.replace("\n", newline))) == len(spans)
        return
    assert [f.span for f in visited(Calls(), source.replace("\n", newline))] == spans


WHERE = """
    spot1()
    def f(x=spot2()):
        spot3()
        def inner():
            spot4()
        class Local:
            spot5()
            def m(self): spot6()
        return spot7()
    class C(spot8()):
        x = spot9()
        @spot10()
        async def g(self, y=spot11()):
            return spot12()
        class D:
            def h(self):
                spot13()
    if 1:
        def f():
            spot14(
                spot15(),
            )
    a = 1; spot16()
    x = lambda: spot17()
    """
PLACES = [
    "spot1 at 2 in - of -", "spot2 at 3 in - of -", "spot3 at 4 in f of -", "spot4 at 6 in f.inner of -",
    "spot5 at 8 in f of f.Local", "spot6 at 9 in f.Local.m of f.Local", "spot7 at 10 in f of -", "spot8 at 11 in - of -",
    "spot9 at 12 in - of C", "spot10 at 13 in - of C", "spot11 at 13 in - of C", "spot12 at 15 in C.g of C",
    "spot13 at 18 in C.D.h of C.D", "spot14 at 21 in f of -", "spot15 at 21 in f of -", "spot16 at 24 in - of -",
    "spot17 at 25 in - of -",
]  # fmt: skip


def test_functions_classes_and_rows() -> None:
    assert told(WHERE) == PLACES


@pytest.mark.parametrize("place", PLACES)
def test_functions_classes_and_rows_from_the_smallest_slice(place: str) -> None:
    source = textwrap.dedent(WHERE)
    name = place.partition(" ")[0]
    row = next(i for i, text in enumerate(source.split("\n"), 1) if f"{name}(" in text)
    assert place in told(WHERE, [row])


class Parents(Rule):
    """Tells what is around every call of `spot`."""

    code, message, words = "API992", "{what}", ("spot",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        names = [type(p).__name__ for p in at.parents]
        flags = f"{at.is_async} {at.is_awaited} {at.is_deferred}"
        yield self.found(call, what=f"{flags} {' '.join(names)}")


def test_parents_and_flags() -> None:
    source = "async def f():\n    await spot()\n    x = [lambda y: spot()]\n    def g(): spot()\n"
    found = [f.finding.message for f in visited(Parents(), source, [2, 3, 4])]
    assert found == [
        "True True False SimpleStatementLine Expr Await",
        "False False True SimpleStatementLine Assign List Element Lambda",
        "False False False FunctionDef SimpleStatementSuite Expr",
    ]


class Everything(Rule):
    """Has hooks of several kinds."""

    code, message, words = "API993", "{kind} {line}", ("",)

    def _tell(self, node: cst.CSTNode, at: Place) -> Iterator[Finding]:
        yield self.found(node, kind=type(node).__name__, line=at.line)

    visit_FunctionDef = visit_ClassDef = visit_ExceptHandler = visit_Await = visit_Return = visit_If = (
        _tell
    )


def test_hooks_of_every_kind() -> None:
    source = """
        class C:
            @a
            async def f(self):
                if x:
                    return await y
                elif z:
                    return
        try: pass
        except A:
            def g(): return 1
        """
    found = [f.finding.message for f in visited(Everything(), textwrap.dedent(source))]
    assert found == [
        "ClassDef 2", "FunctionDef 3", "If 5", "Return 6", "Await 6", "If 7", "Return 8", "ExceptHandler 9",
        "FunctionDef 11", "Return 11",
    ]  # fmt: skip


class Handlers(Rule):
    """Tells the facts of every handler."""

    code, message, words = "API994", "{types} {line}", ("except",)

    def visit_ExceptHandler(self, node: cst.ExceptHandler, at: Place) -> Iterator[Finding]:
        handler = at.handler(node)
        assert handler is not None
        yield self.found(handler.span, types=handler.types, line=handler.span.line)


@pytest.mark.parametrize("rows", [None, [2], [7], [9], [12], [13]])
def test_handlers_are_the_right_ones(rows: list[int] | None) -> None:
    source = textwrap.dedent(
        """
        try: a()
        except A: pass
        except (B, C):
            try:
                b()
            except D: pass
            try: c()
            except E: pass
        except: pass
        def f():
            try: d()
            except F: pass
        """
    )
    expected = {
        "('A',) 3", "('B', 'C') 4", "('D',) 7", "('E',) 9", "() 10", "('F',) 13",
    }  # fmt: skip
    found = [f.finding.message for f in visited(Handlers(), source, rows)]
    assert set(found) <= expected and len(found) == len(set(found)) > 0
    assert rows is not None or set(found) == expected


def test_positions_are_not_asked_for_where_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("positions are computed only for what is reported")

    monkeypatch.setattr(engine, "Written", refuse)
    rule = Calls()
    assert visited(rule, "def f():\n    other()\n") == []
    assert len(rule.seen) == 1
    assert visited(Handlers(), "try: a()\nexcept A: pass\n") != []  # a span of its own needs none
    with pytest.raises(AssertionError):
        visited(Calls(), "spot()\n")


@pytest.mark.parametrize("path", sorted(RULES.glob("*.py")), ids=lambda path: path.stem)
def test_places_are_those_of_libcst(path: Path) -> None:
    text = path.read_text()
    tree = cst.parse_module(text)
    positions = MetadataWrapper(tree, unsafe_skip_copy=True).resolve(PositionProvider)
    written = Written(tree)
    assert written.code == text
    for node, expected in positions.items():
        for offset, at in zip(written.place(node), (expected.start, expected.end)):
            row = bisect_right(written.starts, offset)
            is_end = offset == len(text)  # which may count as a row of its own
            assert is_end or (row, offset - written.starts[row - 1]) == (at.line, at.column)


def test_a_node_of_another_tree_has_no_place() -> None:
    with pytest.raises(KeyError):
        Written(cst.parse_module("spot()\n")).place(cst.Name("spot"))


def test_a_slice_that_libcst_cannot_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> None:
        raise RecursionError

    monkeypatch.setattr(engine.cst, "parse_module", refuse)
    with pytest.raises(SliceError, match="row 2"):
        visited(Calls(), "x = 1\nspot()\n", [2])


def test_a_hook_that_raises_is_told() -> None:
    class Broken(Calls):
        def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
            raise ValueError("broken")

    errors: list[tuple[Rule, Exception]] = []
    api, module = linked("spot()\n")
    rule, healthy = Broken(), Calls()
    found = list(
        Visitor(api, module, "spot()\n").visit({1: [rule, healthy]}, lambda r, e: errors.append((r, e)))
    )
    assert [f.rule for f in found] == [healthy]
    assert [(r, str(e)) for r, e in errors] == [(rule, "broken")]


def test_what_is_imported() -> None:
    """`libcst.matchers` and `libcst.codemod` cost as much again as LibCST itself."""
    code = textwrap.dedent(
        """
        import sys, tempfile, pathlib
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "a.py").write_text("import time\\nasync def f():\\n    time.sleep(1)\\n")
        from api_lint import config, discover, engine, registry
        settings = config.Settings()
        choice = registry.choose(registry.load(), settings)
        result = engine.run(discover.find([str(folder)], settings), choice.rules, settings)
        assert [d.code for d in result.diagnostics] == ["API601"], result
        print([name for name in sys.modules if name.startswith(("libcst.matchers", "libcst.codemod"))])
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
