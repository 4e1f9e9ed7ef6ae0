"""Broad `except` clauses put right: what the new ones catch, what is refused, and that the code does the same."""

from __future__ import annotations

import ast
import contextlib
import textwrap
from pathlib import Path

import pytest

from api_lint import config, discover, engine, registry

RULE = next(rule for rule in registry.load().rules if rule.name() == "generic-except")


def fixed(root: Path, files: dict[str, str]) -> engine.Fixed:
    (root / "api-lint.toml").touch()
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(textwrap.dedent(source).encode())
    settings = config.load(root)
    return engine.fix(discover.find([str(root)], settings), (RULE(),), settings, unsafe=True, jobs=1)


def text(root: Path, files: dict[str, str], path: str = "app.py") -> str:
    """A file of the project once it is fixed; a second run changes nothing."""
    done = fixed(root, files)
    assert not done.refused
    after = {name: content[1].decode() for name, content in done.changes.items()}
    if after:
        assert not fixed(root, after).changes
    return after.get(path, textwrap.dedent(files[path]))


def clause(root: Path, head: str, body: str, **more: str) -> str:
    """The `except` row that a function's broad one becomes."""
    source = f"{head}\n\ndef run(x: str, unknown, data: dict, rows: list):\n    try:\n"
    source += textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    source += "\n    except Exception as e:\n        return str(e)\n"
    after = text(root, {"app.py": source, **{k.replace("__", "/") + ".py": v for k, v in more.items()}})
    return next(row.strip() for row in after.splitlines() if row.endswith(" as e:"))


def reason(root: Path, body: str, head: str = "") -> str:
    source = f"{head}\n\ndef run(x: str, unknown):\n    try:\n"
    source += textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    source += "\n    except Exception:\n        return None\n"
    done = fixed(root, {"app.py": source})
    assert not done.changes
    return done.result.diagnostics[0].refused


CAUGHT = [
    ("import json", "return json.loads(x)", "json.JSONDecodeError"),
    ("import json", "return json.loads(unknown)", "(json.JSONDecodeError, TypeError)"),
    ("from json import loads", "return loads(x)", "JSONDecodeError"),
    ("from json import JSONDecodeError as Bad, loads", "return loads(x)", "Bad"),
    ("", "return int(x)", "ValueError"),
    ("", "return int(unknown)", "(TypeError, ValueError)"),
    ("from decimal import Decimal", "return Decimal(x)", "(InvalidOperation, TypeError)"),
    ("", "return open(x)", "OSError"),
    ("", "with open(x) as f:\n    return f.read()", "(OSError, UnicodeDecodeError)"),
    ("", "return data['a']", "KeyError"),
    ("", "return rows[0]", "IndexError"),
    ("", "a, b = x.split()", "ValueError"),
    ("", "for row in rows:\n    print(row)\n    int(row)", "(TypeError, ValueError)"),
    ("", "if not x:\n    raise ValueError('empty')", "ValueError"),
    ("", "assert x", "AssertionError"),
    ("import uuid", "return uuid.UUID(x)", "ValueError"),
    ("import subprocess", "subprocess.run(['ls'])", "(OSError, subprocess.SubprocessError, ValueError)"),
    ("import requests", "return requests.get(x).json()", "requests.RequestException"),
    ("import requests", "r = requests.get(x)\nr.raise_for_status()\nopen(x)", "OSError"),
    ("import httpx", "return httpx.get(x)", "httpx.HTTPError"),
    ("from jose import jwt", "return jwt.decode(x)", "JWTError"),
    ("import jwt", "return jwt.decode(x, 'k')", "jwt.PyJWTError"),
    ("import redis\nr = redis.Redis()", "return r.get(x)", "redis.RedisError"),
    ("from openai import OpenAI\nc = OpenAI()", "c.chat.completions.create()", "OpenAIError"),
    ("import boto3\ns3 = boto3.client('s3')", "s3.put_object()", "(BotoCoreError, ClientError)"),
    ("from sqlalchemy.orm import Session\ns = Session()", "s.commit()", "SQLAlchemyError"),
    ("from sqlalchemy import exc\nfrom sqlalchemy.orm import Session\ns = Session()", "s.commit()", "exc.SQLAlchemyError"),
    ("from sqlalchemy.ext.asyncio import create_async_engine\ndb = create_async_engine('x')", "db.connect()", "(OSError, SQLAlchemyError)"),
    ("from pydantic import BaseModel\nclass S(BaseModel):\n    a: int", "return S(a=x)", "ValidationError"),
    ("from fastapi import HTTPException", "if not x:\n    raise HTTPException(404)\nint(x)", "ValueError"),
    ("", "try:\n    int(x)\nexcept ValueError:\n    open(x)", "OSError"),
    ("", "try:\n    int(x)\nexcept ValueError:\n    raise\nopen(x)", "(OSError, ValueError)"),
    ("def helper(x: str):\n    return int(x)", "return helper(x)", "ValueError"),
    ("def helper(x: str):\n    try:\n        return int(x)\n    except ValueError:\n        return open(x)", "helper(x)", "OSError"),
    ("class Bad(Exception):\n    pass\ndef helper():\n    raise Bad", "helper()", "Bad"),
    ("class Bad(ValueError):\n    pass\ndef helper():\n    raise Bad", "helper()\nint(x)", "ValueError"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "body", "expected"), CAUGHT, ids=[f"{c[0][:20]} {c[1][:30]}" for c in CAUGHT]
)
def test_what_is_caught(tmp_path: Path, head: str, body: str, expected: str) -> None:
    assert clause(tmp_path, head, body) == f"except {expected} as e:"


REFUSED = [
    ("unknown.fetch()", "", "unknown what unknown.fetch raises"),
    ("return unknown['a']", "", "unknown what unknown[…] raises"),
    ("return helper()", "def helper():\n    return nothing.known()", "unknown what nothing.known raises in helper"),
    ("return helper()", "from lib import odd\n@odd\ndef helper():\n    pass", "unknown what the decorator lib.odd of helper raises"),
    ("return x.strip()", "", "nothing is known that the body raises"),
    ("int(x), open(x), rows['a'], 1 / x, httpx.get(x), jwt.decode(x)", "rows = {}\nimport httpx, jwt", "the body can raise 6 kinds of exceptions"),
    ("raise Exception(x)", "", "Exception itself is raised"),
    ("return int(x)", "ValueError = 1", "the name ValueError means something else here"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "head", "expected"), REFUSED, ids=[c[2] for c in REFUSED])
def test_what_is_refused(tmp_path: Path, body: str, head: str, expected: str) -> None:
    assert reason(tmp_path, body, head) == expected


def test_an_outer_clause_is_not_left_for_a_division(tmp_path: Path) -> None:
    """What the inner clause answers, the outer one was there for: nobody means to catch the division alone."""
    inner = "try:\n    int(x)\nexcept ValueError:\n    pass\nreturn 1 / len(x)"
    assert reason(tmp_path, inner) == "all but a division by zero is answered within"
    assert clause(tmp_path, "", "return 1 / len(x)") == "except ZeroDivisionError as e:"


def test_clauses_above_bare_and_tuples(tmp_path: Path) -> None:
    source = """\
    def one(x: str):
        try:
            return int(x), open(x)
        except ValueError:
            return 1
        except:  # everything
            return 2

    def two(x: str):
        try:
            return int(x)
        except (KeyError, Exception):
            return 2
    """
    after = text(tmp_path, {"app.py": source})
    assert "    except OSError:  # everything\n" in after
    assert "    except (KeyError, ValueError):\n" in after


def test_exceptions_of_another_file_and_line_ends(tmp_path: Path) -> None:
    files = {
        "errors.py": "class Declined(Exception):\n    pass\n",
        "pay.py": "from errors import Declined\n\ndef charge(n: int):\n    if n > 3:\n        raise Declined(n)\n",
        "app.py": "import errors\nfrom pay import charge\n\ndef run():\n    try:\n        charge(4)\n    except Exception:\n        pass\n".replace("\n", "\r\n"),
    }  # fmt: skip
    assert "    except errors.Declined:\r\n" in text(tmp_path, files)
    files["app.py"] = files["app.py"].replace("import errors\r\n", "")
    other = tmp_path / "other"
    other.mkdir()
    done = fixed(other, files)
    assert (
        done.result.diagnostics[0].refused
        == "Declined is declared in errors.py, which is not imported here"
    )


ROUTE = """\
from fastapi import APIRouter, HTTPException

router = APIRouter()


@router.get("/x")
def handler(unknown) -> dict:
    # above
    try:
        # inside
        if not unknown:
            raise HTTPException(404)
        return unknown.go(  # called
            1,
        )
    except HTTPException:
        raise
    except Exception as e:
        print(f"failed: {e}")
        raise HTTPException(status_code=500, detail=str(e)) from e
"""


def test_a_try_that_only_answers_500_is_removed(tmp_path: Path) -> None:
    expected = ROUTE[: ROUTE.index("    # above")] + textwrap.indent(
        "# above\n# inside\nif not unknown:\n    raise HTTPException(404)\n"
        "return unknown.go(  # called\n    1,\n)\n",
        "    ",
    )
    assert text(tmp_path, {"app.py": ROUTE}) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("raise HTTPException(status_code=500", "# why\n        raise HTTPException(status_code=500", "a comment in the handler would be lost"),
        ("print(f\"failed: {e}\")", "unknown.rollback()", "unknown what unknown.go raises"),
        ("status_code=500", "status_code=400", "unknown what unknown.go raises"),
    ],
)  # fmt: skip
def test_a_try_that_stays(tmp_path: Path, old: str, new: str, expected: str) -> None:
    done = fixed(tmp_path, {"app.py": ROUTE.replace(old, new)})
    assert not done.changes
    assert done.result.diagnostics[0].refused == expected


def test_else_and_finally(tmp_path: Path) -> None:
    source = """\
    from flask import Flask, jsonify
    app = Flask(__name__)

    @app.get("/a")
    def a(unknown):
        try:
            x = unknown.go()
        except Exception as e:
            return jsonify(error=str(e)), 500
        else:
            return jsonify(x)

    @app.get("/b")
    def b(unknown):
        try:
            return jsonify(unknown.go())
        except Exception as e:
            return jsonify(error=str(e)), 500
        finally:
            unknown.close()
    """
    after = text(tmp_path, {"app.py": source})
    assert "    x = unknown.go()\n    return jsonify(x)\n" in after
    assert (
        "    try:\n        return jsonify(unknown.go())\n    finally:\n        unknown.close()\n"
        in after
    )
    assert "except" not in after


def test_the_good_example_is_what_the_fix_gives(tmp_path: Path) -> None:
    assert text(tmp_path, {"app.py": RULE.doc().bad}) == RULE.doc().good


# Code of ours that is run before and after, with what it is called with: what it gives must not change.
RUN = [
    ("import json", "json.loads(x)['a'][0]", ["{}", "{", "[]", "7", '{"a": []}', '{"a": [1]}', '{"a": 3}', None]),
    ("", "int(x)", ["1", "", None, [], 3.5]),
    ("import enum\n\nclass E(enum.Enum):\n    A = 1", "E(x)", [1, 2]),
    ("", "float(x)", ["1", "y", None]),
    ("from decimal import Decimal", "Decimal(x)", ["1", "y", None]),
    ("import uuid", "uuid.UUID(x)", ["y", "", "12345678" * 4]),
    ("import base64", "base64.b64decode(x)", ["y", "eA==", "é"]),
    ("from pathlib import Path", "Path(x).read_text()", ["/no/such/file", "/"]),
    ("", "open(x).read()", ["/no/such/file", "/"]),
    ("from datetime import datetime", "datetime.strptime(x, '%Y')", ["2020", "y"]),
    ("from datetime import date", "date.fromisoformat(x)", ["2020-01-01", "y"]),
    ("import subprocess", "subprocess.run([x], check=True)", ["/no/such/program", "false"]),
    ("import ipaddress", "ipaddress.ip_address(x)", ["1.2.3.4", "y"]),
    ("import importlib", "importlib.import_module(x)", ["no_such_module", "json"]),
    ("from zoneinfo import ZoneInfo", "ZoneInfo(x)", ["No/Such", "UTC"]),
    ("import ast", "ast.literal_eval(x)", ["1", "a b", "f()"]),
    ("import struct", "struct.unpack('i', x)", [b"1", b"1234"]),
    ("import re", "re.compile(x)", ["(", "a"]),
]  # fmt: skip


@pytest.mark.parametrize(("head", "body", "inputs"), RUN, ids=[r[1] for r in RUN])
def test_the_same_comes_out(tmp_path: Path, head: str, body: str, inputs: list[object]) -> None:
    before = f"{head}\n\ndef run(x):\n    try:\n        return 'fine', repr({body})\n    except Exception:\n        return 'failed'\n"
    after = text(tmp_path, {"app.py": before})
    assert "except Exception" not in after
    assert [outcome(after, each) for each in inputs] == [outcome(before, each) for each in inputs]


def outcome(source: str, argument: object) -> object:
    space: dict[str, object] = {}
    exec(compile(ast.parse(source), "app.py", "exec"), space)  # our own snippets
    with contextlib.suppress(Exception):
        return space["run"](argument)  # type: ignore[operator]
    return "raised"
