"""Small programs that mean very much: each name of a chain names the one before it twice. Neither time nor memory doubles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs limits for processes")

HEAD = """\
import time
import requests
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()

async def sleeps():
    time.sleep(1)

"""
FLASK = "from flask import Blueprint, Flask\napp = Flask(__name__)\n"
VIEW = "from rest_framework.views import APIView\nclass View(APIView):\n    def get(self, request): return 1\n"


def chain(row: str, length: int = 40, start: int = 0) -> str:
    """A row for each number, in which `{a}` is the number and `{b}` the next one."""
    return "".join(row.format(a=n, b=n + 1) + "\n" for n in range(start, start + length))


def route(body: str, parameters: str = "", head: str = "@app.get('/x')\n", returns: str = "") -> str:
    return f"{head}def x({parameters}){returns}:\n    {body}\n"


BOMBS: dict[str, dict[str, str]] = {
    "routers": {
        "a.py": HEAD + chain("r{a} = APIRouter()", 41)
        + chain("r{a}.include_router(r{b}, prefix='/a')\nr{a}.include_router(r{b}, prefix='/b')")
        + route("return 1", head="@r40.get('/x')\n") + "app.include_router(r0)\n"
    },
    "routers in a circle": {
        "a.py": HEAD + chain("r{a} = APIRouter()", 12)
        + "".join(f"r{a}.include_router(r{b}, prefix='/{b}')\n" for a in range(12) for b in range(12))
        + route("return 1", head="@r7.get('/x')\n") + "app.include_router(r0)\n"
    },
    "blueprints": {
        "a.py": FLASK + chain("b{a} = Blueprint('b{a}', __name__)", 41)
        + chain("b{a}.register_blueprint(b{b}, url_prefix='/a')\nb{a}.register_blueprint(b{b}, url_prefix='/b', name='n{a}')")
        + route("return 1", head="@b40.route('/x')\n") + "app.register_blueprint(b0)\n"
    },
    "URL files": {
        **{
            f"u{n}.py": f"from django.urls import include, path\nurlpatterns = [path('a/', include('u{n + 1}')), path('b/', include('u{n + 1}'))]\n"
            for n in range(40)
        },
        "u40.py": "from django.urls import path\nfrom v import View\nurlpatterns = [path('x', View.as_view())]\n",
        "v.py": VIEW, "s/settings.py": "ROOT_URLCONF = 'u0'\n",
    },
    "texts": {"a.py": HEAD + "s0 = 'http://example.com'\n" + chain("s{b} = s{a} + s{a}") + route("return requests.get(s40)", head="@app.get(s40)\n")},
    "f-strings": {"a.py": HEAD + "s0 = 'http://example.com'\n" + chain("s{b} = f'{{s{a}}}{{s{a}}}'") + route("return requests.get(s40)", head="@app.get(s40)\n")},
    "what Python would fold": {
        "a.py": HEAD + "s = 'x' * 10**10\nt = '%1000000000d' % 1\nu = 1 << 10**10\nv = 9**9**9\nw = '{:999999999}'.format(1)\n"
        + route("return w", head="@app.get(s + t)\n")
    },
    "aliases": {"a.py": HEAD + "T0 = int\n" + chain("T{b} = tuple[T{a}, T{a}]", 60) + route("return made()") + "def made() -> T60: ...\n"},
    "aliases in a circle": {
        "a.py": HEAD + "".join(f"T{a} = tuple[{', '.join(f'T{b}' for b in range(12))}]\n" for a in range(12)) + route("return made()", returns=" -> T3")
        + "def made() -> T7: ...\n"
    },
    "displays": {"a.py": HEAD + route("v0 = {'k': 1}\n" + chain("    v{b} = {{'l': v{a}, 'r': v{a}}}") + "    return v40")},
    "names of a module": {"a.py": HEAD + "v0 = {'k': 1}\n" + chain("v{b} = [v{a}, v{a}], v{a}", 60) + route("return v60")},
    "choices": {"a.py": HEAD + route("v0 = 1\n" + chain("    v{b} = v{a} if c else [v{a}]", 60) + "    return v60", "c")},
    "schemas": {"a.py": HEAD + "class S0(BaseModel):\n    x: int\n" + chain("class S{b}(BaseModel):\n    l: S{a}\n    r: S{a}", 60) + route("return S60()")},
    "dependencies": {"a.py": HEAD + "def d0(): return 1\n" + chain("def d{b}(l=Depends(d{a}), r=Depends(d{a})): return l", 60) + route("return d", "d=Depends(d60)")},
    "bases": {
        "a.py": HEAD + "class A0: pass\nclass B0: pass\n" + chain("class A{b}(A{a}, B{a}): pass\nclass B{b}(A{a}, B{a}): pass", 60)
        + "class M(A60, B60): pass\n" + route("return M()")
    },
    "calls": {"a.py": HEAD + "def g0(): time.sleep(1)\n" + chain("def g{b}():\n    g{a}()\n    g{a}()", 800) + route("g800()")},
    "returns": {"a.py": HEAD + "def g0(p): return {'a': 1}\n" + chain("def g{b}(p):\n    if p: return g{a}(p)\n    return [g{a}(p), g{a}(p)]") + route("return g40(1)")},
    "functions that call each other": {
        "a.py": HEAD + "".join(f"def g{a}(p):\n    return [{', '.join(f'g{b}(p)' for b in range(14))}]\n" for a in range(14)) + route("return g0(1)")
    },
    "stars": {
        **{
            f"m{a}.py": "".join(f"from m{b} import *\n" for b in range(40) if a != b) + f"def f{a}(): f{(a + 1) % 40}()\n"
            for a in range(40)
        },
        "a.py": HEAD + "from m0 import *\n" + route("f7(); nope()"),
    },
}  # fmt: skip


@pytest.mark.parametrize("arguments", [["check", "--select", "ALL", "--output-format", "concise"], ["routes"]], ids=lambda a: a[0])  # fmt: skip
@pytest.mark.parametrize("files", BOMBS.values(), ids=BOMBS)
def test_it_is_looked_at_in_no_time(tmp_path: Path, files: dict[str, str], arguments: list[str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").touch()
    done = subprocess.run(
        [sys.executable, "-m", "api_lint", *arguments, "--no-cache"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False, preexec_fn=_limited,
    )  # fmt: skip
    assert (done.returncode, done.stderr) in ((0, ""), (1, ""))
    if arguments == ["routes"]:
        assert "/x" in done.stdout or "{…}" in done.stdout or "{s40}" in done.stdout
    elif "v.py" not in files and "b0" not in files["a.py"]:
        assert "API601" in done.stdout


def _limited() -> None:
    import resource

    # What the deadlines of workers would hide is told of on standard error.
    resource.setrlimit(resource.RLIMIT_CPU, (25, 30))
    resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
