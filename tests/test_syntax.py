"""Syntax newer than the interpreter is read all the same, every row where it was."""

from __future__ import annotations

import ast
import textwrap

import pytest

from api_lint.syntax import older
from project import api, revealed

NEWER = {
    "generic function": "def first[T](items: list[T]) -> T:\n    return items[0]\n",
    "generic coroutine": "async def first[T: (int, str) = int](items: list[T]) -> T: ...\n",
    "generic over rows": "def first[\n    T: int,\n    *Ts,\n](x: T) -> T:\n    return x\n",
    "generic class": "class Page[T, **P](Base): ...\n\nclass Bare[T]:\n    x: T\n",
    "alias": "type Row = dict[str, int]\n",
    "generic alias": "if x:\n    type Pair[T] = tuple[T, T]\n",
    "same quotes": """x = f"{row["key"]} and {row['other']}"\n""",
    "same quotes, nested": """x = f"a {f"b {row["key"]}"} c"\n""",
    "backslash": """x = f"{'\\n'.join(rows)}"\n""",
    "field on rows": """x = f"{\n    row["key"]\n} {row['a']}"\n""",
    "format": """x = f"{row["n"]:>{row["width"]}} {row["a"]!r:^10}"\n""",
    "triple": '''x = f"""{row["a"]} {"""b"""}"""\n''',
    "prefixes": """x = rf"\\d{row["key"]}" + f'{a["b"]}'\n""",
    "types without brackets": "try:\n    pass\nexcept KeyError, a.ValueError:\n    pass\n",
    "template string": """x = t"{name}"\n""",
}
OLD = {
    "names": "type = 1\ntype[0] = 2\ntypes = type(x)\ntype == 1\n",
    "doubled braces": """x = f"{{'a'}} {a!r} {b:{c}} {d != e} {f(lambda: 1)}" # it's\n""",
    "strings": "x = 'f\"{' + \"it's\" + r\"\\\\\" + f\"{x['a']}\" + 'a\\'b'\n",
}


@pytest.mark.parametrize("source", [pytest.param(v, id=k) for k, v in {**NEWER, **OLD}.items()])
def test_an_older_parser_reads_it(source: str) -> None:
    rewritten = older(source).text
    tree = ast.parse(rewritten)
    assert rewritten.count("\n") == source.count("\n")
    assert tree.body


@pytest.mark.parametrize("source", [pytest.param(v, id=k) for k, v in OLD.items()])
def test_what_is_not_new_keeps_its_meaning(source: str) -> None:
    assert ast.dump(ast.parse(older(source).text)) == ast.dump(ast.parse(source))


def test_strings_keep_their_text_where_other_quotes_do() -> None:
    assert (
        older("""x = f"{os.getenv("KEY", "value")}"\n""").text
        == """x = f"{os.getenv('KEY', 'value')}"\n"""
    )


def test_type_parameters_of_classes_are_kept() -> None:
    assert older("x = 1\n\n@d\nclass Page[T: int, *Ts](Base): ...\n").type_params == {4: ("T", "Ts")}


def test_a_generic_repository_tells_what_it_returns() -> None:
    source = {
        "app/models.py": """
            from sqlalchemy.orm import DeclarativeBase
            class Base(DeclarativeBase): ...
            class User(Base): ...
            """,
        "app/repository.py": """
            from app.models import User
            type Key = int | str
            class Repository[T]:
                def get(self, key: Key) -> T: ...
            class Users(Repository[User]):
                label = f"{__name__["x"]}"
            """,
        "app/main.py": """
            from app.repository import Users
            reveal(Users().get(1))
            """,
    }
    assert revealed(source) == ["app/models.py::User"]


def test_routes_in_a_file_of_newer_syntax() -> None:
    source = """
        from fastapi import FastAPI
        app = FastAPI()
        type Rows = list[dict[str, int]]
        def only[T](rows: list[T]) -> T:
            return rows[0]
        @app.get("/rows")
        async def rows() -> Rows: ...
        """
    assert [r.path for r in api({"main.py": textwrap.dedent(source)}).routes()] == ["/rows"]
