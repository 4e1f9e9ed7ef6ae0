"""One file's facts: what is recorded of it, where it stands, and which files have none."""

from __future__ import annotations

import pickle
import textwrap

import pytest

from api_lint import UNKNOWN, Function, ModuleFacts
from api_lint.index import MAX_NESTING, Unreadable, index


def facts(source: str) -> ModuleFacts:
    return index(textwrap.dedent(source).encode(), "a.py")


def function(source: str) -> Function:
    return facts(source).functions[0]


def reason(source: bytes) -> tuple[str, int]:
    with pytest.raises(Unreadable) as caught:
        index(source, "a.py")
    return caught.value.failure.reason, caught.value.failure.line


@pytest.mark.parametrize(
    "source",
    [
        b"", b"\n", b"# only a comment", b"\xef\xbb\xbfx = 1\n", b"x = 1\r\ny = 2\r\n", b"x = 1\ry = 2\r", b"x = 1\x0c\ny = 2\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", b"#!/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n",
        "x = 'é'\n".encode(), b"\xef\xbb\xbf# coding: utf-8\nx = 1\n", b"if 1:\n\tx = 1\n", b"x = 1; y = 2",
        b"try:\n    pass\nexcept A, B:\n    pass\n",
    ],
)  # fmt: skip
def test_what_can_be_read(source: bytes) -> None:
    assert index(source, "a.py").path == "a.py"


@pytest.mark.parametrize(
    ("source", "told", "line"),
    [
        (b"x = 1\ndef (:\n", "syntax error", 2),
        (b"x = '\xff'\n", "not utf-8", 1),
        (b"a\nb\nx = '\xe9'\n", "not utf-8", 3),
        (b"# coding: no-such-thing\n", "unknown encoding", 1),
        (b"x = 1\x00\n", "syntax error", 1),
        (b"if 1:\n  x = 1\n    y = 2\n", "syntax error", 3),
        (b"print 'python 2'\n", "syntax error", 1),
        (b"# coding: utf-8\nx = '\xff'\n", "not utf-8", 2),
        (b"x = " + b"(" * 1500 + b")" * 1500, "nested", 1),
        (b"x = '''\n", "syntax error", 1),
        (b"# coding: utf-16\nx = 1\n", "unknown encoding", 1),
        (b"# coding: rot13\nx = 1\n", "unknown encoding", 1),
    ],
)
def test_what_cannot_be_read(source: bytes, told: str, line: int) -> None:
    found, row = reason(source)
    assert told in found
    assert row == line


@pytest.mark.parametrize(
    "source",
    [
        "x = " + " + ".join(["1"] * 20_000),
        "x = " + "a" + ".b()" * 3_000,
        "x = " + "-" * 5_000 + "1",
        "x = " + "not " * 5_000 + "1",
        "if a: pass\n" + "elif b: pass\n" * 3_000,
        "x = " + "lambda: " * 2_000 + "1",
        "x = " + "a if b else " * 3_000 + "c",
        "x = " + "f(" * 190 + ")" * 190,
        "".join(f"{' ' * i}if x:\n" for i in range(95)) + " " * 95 + "pass\n",
        "x: " + "'" + "list[" * 150 + "int" + "]" * 150 + "'",
        "x = " + "await_(" * 90 + "y" + ")" * 90,
    ],
    ids=range(11),
)
def test_deep_and_long_files_end_with_facts_or_a_reason(source: str) -> None:
    try:
        index(source.encode(), "a.py")
    except Unreadable as error:
        assert error.failure.reason


def test_brackets_in_strings_and_comments_are_no_nesting() -> None:
    many = "(" * (MAX_NESTING + 50)
    assert facts(f"x = '{many}'\n# {many}\ny = '''\n{many}\n'''\n").path == "a.py"
    told, line = reason(f"x = 1\ny = {'[' * (MAX_NESTING + 1)}{']' * (MAX_NESTING + 1)}\n".encode())
    assert "nested" in told and line == 2


def test_positions_count_characters() -> None:
    found = facts(
        """
        é = "ü"; call("é", other(1))
        class Größe:
            async def naïve(self): return f("日本", g())
        """
    )
    assert [(s.call.func, s.span) for s in found.body.calls] == [
        ("other", (2, 19, 2, 27)),
        ("call", (2, 9, 2, 28)),
    ]
    assert found.classes[0].span == (3, 6, 3, 11)
    method = found.functions[0]
    assert method.span == (4, 14, 4, 19)
    assert [(s.call.func, s.span) for s in method.calls] == [
        ("g", (4, 42, 4, 45)),
        ("f", (4, 34, 4, 46)),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_positions_with_every_line_end(newline: str) -> None:
    source = newline.join(["x = 1", "def f():", "    '''a", "    b'''", "    return g()", ""])
    found = index(source.encode(), "a.py").functions[0]
    assert (found.start, found.end, found.span, found.calls[0].span) == (
        2,
        5,
        (2, 4, 2, 5),
        (5, 11, 5, 14),
    )


def test_functions() -> None:
    found = facts(
        """
        @one
        @two(1)
        def a(p, /, q: int = 1, *r, s, **t) -> str:
            "doc"
            def inner():
                async def deeper(): yield 1
            class Local:
                def method(self): ...
        class C:
            class D:
                async def m(self): ...
        """
    )
    told = {f.qualname: (f.owner, f.parent, f.is_async, f.is_generator) for f in found.functions}
    assert told == {
        "a": ("", "", False, False),
        "a.inner": ("", "a", False, False),
        "a.inner.deeper": ("", "a.inner", True, True),
        "a.Local.method": ("a.Local", "a", False, False),
        "C.D.m": ("C.D", "", True, False),
    }
    a = found.functions[0]
    assert [(p.name, p.kind, p.has_default) for p in a.params] == [
        ("p", "positional", False), ("q", "positional", True), ("r", "vararg", False), ("s", "keyword", False),
        ("t", "kwarg", False),
    ]  # fmt: skip
    assert (a.start, a.span.line, a.has_docstring, a.body_start, len(a.decorators)) == (2, 4, True, 6, 2)


def test_calls_know_whether_they_are_awaited_or_deferred() -> None:
    found = function(
        "async def f():\n    await a()\n    b()\n    lambda: c()\n    await d(e())\n    return [g() for x in h()]\n"
    )
    assert {s.call.func: (s.awaited, s.deferred) for s in found.calls} == {
        "a": (True, False), "b": (False, False), "c": (False, True), "d": (True, False), "e": (False, False),
        "g": (False, False), "h": (False, False),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "reraises"),
    [
        ("raise", True),
        ("log()\n    raise", True),
        ("if x:\n        raise\n    else:\n        raise", True),
        ("if x:\n        return\n    raise", False),
        ("if isinstance(e, A):\n        return\n    raise", True),
        ("raise e", True),
        ("raise Other from e", False),
        ("pass", False),
        ("if x:\n        raise", False),
        ("try:\n        clean()\n    finally:\n        raise", True),
        ("with x:\n        raise", True),
        ("for x in y:\n        break\n    raise", True),
        ("for x in y:\n        continue\n    raise", True),
        ("def g():\n        return 1\n    raise", True),
        ("while x:\n        return\n    raise", False),
    ],
)
def test_handlers(body: str, reraises: bool) -> None:
    found = facts(f"try:\n    x()\nexcept Exception as e:\n    {body}\n").body.handlers
    assert [(h.types, h.name, h.span.line, h.try_line) for h in found] == [(("Exception",), "e", 3, 1)]
    assert found[0].reraises is reraises


def test_handlers_of_every_form() -> None:
    found = facts(
        """
        try:
            import x
        except (A, m.B):
            ...
        except:
            raise X from None
        try:
            y()
        except* C:
            ...
        """
        if hasattr(__import__("ast"), "TryStar")
        else "try:\n    import x\nexcept (A, m.B): ...\nexcept:\n    raise X from None\ntry: y()\nexcept C: ...\n"
    ).body.handlers
    assert [h.types for h in found] == [("A", "m.B"), (), ("C",)]
    assert [h.earlier for h in found] == [(), ("A", "m.B"), ()]
    assert [h.guards_import for h in found] == [True, True, False]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("if isinstance(x, A):\n  y()\ny()", ["x is A 3-3"]),
        ("if not isinstance(x, (A, m.B)):\n  y()\n  return\ny()", ["x not A|m.B 3-4", "x is A|m.B 5-5"]),
        ("if isinstance(x.y, A | B):\n  y()\nelse:\n  y()", ["x.y is A|B 3-3", "x.y not A|B 4-5"]),
        ("if isinstance(x, kinds()):\n  y()", []),
        ("if a and isinstance(x, A):\n  y()\nelse:\n  y()", ["x is A 3-3"]),
        ("if a or isinstance(x, A):\n  return\ny()", ["x not A 4-4"]),
        ("if isinstance(x, A):\n  raise\nelif isinstance(x, B):\n  return\ny()", ["x is A 3-3", "x not A 4-6", "x is B 5-5", "x not B 6-6"]),
        ("if isinstance(x, A):\n  y()\nelif isinstance(x, B):\n  return\ny()", ["x is A 3-3", "x not A 4-5", "x is B 5-5"]),
        ("if isinstance(x, A):\n  y()\nelse:\n  return\ny()", ["x is A 3-3", "x not A 4-5", "x is A 6-6"]),
        ("for x in y:\n  if isinstance(x, A):\n    continue\n  y()\ny()", ["x is A 4-4", "x not A 5-5"]),
        ("with x:\n  assert isinstance(x, A)\n  y()\ny()", ["x is A 4-4"]),
        ("if isinstance(x, A):\n  def g():\n    if isinstance(x, B):\n      y()\n  y()", ["x is A 3-6"]),
        ("if not x:\n  return x\nreturn x", ["x empty 3-3"]),
        ("if not x:\n  y(x)\nreturn x", []),
        ("if x:\n  return 1\nreturn {'x': x}", []),
        ("if (x := y()) is None:\n  return [x]", ["x empty 3-3"]),
        ("if x is not None and y:\n  return x\nreturn x", []),
        ("if len(x) == 0 or not y:\n  return x, y", []),
        ("if len(x) == 0 and not y:\n  return x, y", ["x empty 3-3", "y empty 3-3"]),
        ("if not len(x):\n  return x", ["x empty 3-3"]),
        ("if x.y > 0:\n  return 1\nelse:\n  return x.y.z", ["x.y empty 4-5"]),
    ],
)  # fmt: skip
def test_what_conditions_tell_of_names(body: str, told: list[str]) -> None:
    found = facts("def f():\n" + textwrap.indent(body, " "))
    outer = next(each for each in found.functions if each.name == "f")
    assert [
        f"{n.name} {n.how} {'|'.join(n.classes)} {n.line}-{n.end}".replace("  ", " ")
        for n in outer.narrowings
    ] == told


def test_no_secret_is_in_the_facts() -> None:
    """The value of a string is never kept, wherever it stands."""
    secret = "Xk9" + "f83hQ2pLmZ7Rt5"
    source = (
        f"SECRET_KEY = '{secret}'\npassword: str = '{secret}'\ndef f(token='{secret}', *, api_key=\"{secret}\"): ...\n"
        f"connect(password='{secret}')\nx = {{'password': '{secret}'}}\nos.getenv('A', '{secret}')\n"
        f"class C:\n    secret = '{secret}'\n    prefix = '{secret}'\napp.config['K'] = f'{secret}{{x}}'\n"
        f"y = ('{secret}', b'{secret}')\nz = '{secret[:5]}' '{secret[5:]}'\n"
    )
    found = index(source.encode(), "a.py")
    assert secret.encode() not in pickle.dumps(found)
    assert secret not in repr(found)


def traits_at(source: str) -> dict[int, frozenset[str]]:
    """By row, what the literals of a file look like."""
    facts = index(source.encode(), "app.py")
    assert isinstance(facts, ModuleFacts)
    return {each.span.line: each.traits for each in facts.literals}


@pytest.mark.parametrize(
    "address",
    [
        'f"redis://{HOST}:{PORT}"',
        'f"redis://{HOST}:{port}"',
        '"redis://" + HOST + ":6379"',
        '"http" "://" + HOST + ".acme.io/" + path',
        'f"https://{HOST}.{ZONE}"',
    ],
)
def test_a_files_constants_are_put_into_addresses(address: str) -> None:
    source = f"HOST = 'cache'\nPORT: int = 6379\nZONE = 'acme.io'\nBASE_URL = {address}\n"
    assert "service-url" in traits_at(source)[4]


@pytest.mark.parametrize(
    "source",
    [
        "def f(HOST):\n    url = f'redis://{HOST}:1'\n",
        "HOST = 'a'\nHOST = 'b'\nBASE_URL = f'redis://{HOST}:1'\n",
        "HOST = 'a'\ndef f(HOST):\n    url = f'redis://{HOST}:1'\n",
        "HOST = host()\nBASE_URL = f'redis://{HOST}:1'\n",
        "HOST = 'cache'\nBASE_URL = f'redis://{HOST!r}:1'\n",
        "HOST = 'cache'\nBASE_URL = '://' + HOST\n",
        "PASSWORD = 'hunter2'\nHOST = 'a'\nBASE_URL = f'redis://:{PASSWORD}@{HOST}:1'\n",
        "BASE_URL = 'https://' + host\n",
    ],
)
def test_what_is_no_constant_is_not_put_into_addresses(source: str) -> None:
    assert not any("url" in found for found in traits_at(source).values())


def test_facts_are_plain_data() -> None:
    found = facts("import a\ndef f(x: a.B = None) -> 'C':\n    return [y for y in x if (z := y)]\n")
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert again.body.returns is UNKNOWN


def test_a_pure_function() -> None:
    source = b"import a\nclass C(a.B):\n    x: int = 1\n    def f(self): return self.x\n"
    assert index(source, "a.py") == index(source, "a.py")


def test_statements_that_cannot_stand_alone_are_marked() -> None:
    found = facts("a = 1; b = 2\nif a: c = 3\nelif b:\n    d = 4\nelse:\n    e = 5\n@x\ndef f(): pass\n")
    assert list(found.lines) == [1, -1, 2, -2, -3, 4, 6, 7, -8]
    assert all(abs(line) <= end for line, end in zip(found.lines, found.ends))


# ------------------------------------------------------------------------------------------------ generated files


@pytest.mark.parametrize(
    "head",
    [
        "# @generated",
        "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!",
        "# Code generated by sqlc. DO NOT EDIT.\n# versions:",
        "# generated by datamodel-codegen:\n#   filename:  api.yaml",
        "# coding: utf-8\n# file generated by setuptools_scm\n# don't change, don't track in version control",
        "# ---------\n# AUTOGENERATED FROM 'user.edgeql' WITH:",
        "# AUTO-GENERATED! Do not edit.",
        "# Licensed to Acme.\n\n# This file is auto-generated by exports.py",
        '"""This module was automatically generated from the schema."""',
        '"""\nAuto-generated provider data.\n\nDO NOT EDIT MANUALLY - This file is generated by:\n    tools/sync.py\n"""',
        '"""Types.\n\nThis generated client package is generated by openapi-gen. Please do not edit it."""',
    ],
)
def test_a_file_that_says_that_it_is_generated(head: str) -> None:
    assert index(f"{head}\nimport httpx\n".encode(), "a.py").is_generated
    assert index(f"\ufeff{head}".encode(), "a.py").is_generated


@pytest.mark.parametrize(
    "head",
    [
        "",
        "import os\n# @generated",
        "# Makes the files that say @generated.",
        '"""Django settings for shop.\n\nGenerated by \'django-admin startproject\' using Django 5.0.\n"""',
        '# -*- coding: utf-8 -*-\n"""Untitled0.ipynb\n\nAutomatically generated by Colab.\n"""',
        "# AUTOGENERATED! DO NOT EDIT! File to edit: ../nbs/00_core.ipynb.",
        "# Generated by ChatGPT",
        '"""Stores what is generated by the model.\n\nGenerated images are kept for a day."""',
        '"""Auto-generated file names for uploads."""',
        '"""Writes the client.\n\nDo not edit the generated files by hand."""',
        "# Note that not all possible values are present in this\n# autogenerated file.",
        "# Settings of the shop. DO NOT EDIT without asking ops.",
        'PROMPT = """This file is generated by nobody."""',
    ],
)
def test_a_file_that_somebody_wrote(head: str) -> None:
    assert not index(f"{head}\nimport httpx\n".encode(), "a.py").is_generated
