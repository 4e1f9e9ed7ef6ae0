"""Which expressions a client is given as the address, directly and through functions of the project."""

from __future__ import annotations

import pytest

from api_lint import FunctionRef, called_addresses, calls_returned, holds_name
from api_lint.facts import Await, Call, Const, Expr, Format
from project import api, sites

WRAPPERS = """
    import requests
    def fetch(url, *, timeout=5):
        return requests.get(url, timeout=timeout)
    def send(text, url):
        requests.post(json=text, url=url)
    def note(url):
        return print(url)
    class Loader:
        def load(self, url):
            with requests.Session() as session:
                return session.request("GET", url)
    """


def addresses(source: str) -> list[Expr]:
    """What is called in `main.py`, in the order of its calls."""
    files = {"main.py": source, "wrappers.py": WRAPPERS}
    linked = api(files)
    return [
        found
        for site, scope, _ in sites(linked, "main.py")
        for found in called_addresses(site.call, scope, linked.effects)
    ]


@pytest.mark.parametrize(
    "source",
    [
        "import requests\nrequests.get(x)\n",
        "import requests\nrequests.request('GET', x)\n",
        "import requests\nrequests.get(url=x)\n",
        "from urllib.request import urlopen\nurlopen(x)\n",
        "import httpx\nasync def f():\n    async with httpx.AsyncClient() as c:\n        await c.post(x)\n",
        "import aiohttp\nasync def f():\n    async with aiohttp.ClientSession() as s:\n        await s.get(x)\n",
        "def f(self):\n    self._requests.post(x)\n",
        "def f(http_client):\n    http_client.get(x)\n",
        "from wrappers import fetch\nfetch(x)\n",
        "from wrappers import fetch\nfetch(url=x)\n",
        "from wrappers import send\nsend('hello', x)\n",
        "from wrappers import Loader\nLoader().load(x)\n",
    ],
)
def test_addresses_that_are_called(source: str) -> None:
    assert addresses(source) == ["x"]


@pytest.mark.parametrize(
    "source",
    [
        "import requests\nrequests.post('/a', x)\n",
        "import requests\nrequests.request(x)\n",
        "def f(cache):\n    cache.get(x)\n",
        "found = {}\nfound.get(x)\n",
        "from wrappers import send\nsend(x)\n",
        "from wrappers import note\nnote(x)\n",
        "print(x)\n",
    ],
)
def test_what_is_given_for_something_else(source: str) -> None:
    assert "x" not in addresses(source)


@pytest.mark.parametrize(
    "expr",
    [
        "X",
        Call("X.format", (), (("id", "n"),)),
        Call("str", ("X",)),
        Format(("X", "n")),
        Await("X"),
    ],
)
def test_texts_that_begin_with_what_a_name_holds(expr: Expr) -> None:
    assert holds_name(expr, frozenset({"X"}))


@pytest.mark.parametrize(
    "expr", ["Y", "X.y", Call("X"), Call("f", ("X",)), Format(("n", "X")), Const(1)]
)
def test_other_expressions(expr: Expr) -> None:
    assert not holds_name(expr, frozenset({"X"}))


@pytest.mark.parametrize(
    ("source", "is_called"),
    [
        ("import requests\nfrom urls import cat\nrequests.get(cat())\n", True),
        (
            "from urls import cat\nfrom wrappers import fetch\ndef f():\n    url = cat()\n    fetch(url)\n",
            True,
        ),
        ("from urls import cat\ndef f():\n    return {'link': cat()}\n", False),
        ("import requests\ndef cat(): ...\nrequests.get(cat())\n", False),
        ("from urls import cat\ndef f():\n    url = cat()\n    print(url)\n", False),
    ],
)
def test_results_that_are_called(source: str, is_called: bool) -> None:
    files = {"main.py": source, "urls.py": "def cat():\n    return 'a'\n", "wrappers.py": WRAPPERS}
    linked = api(files)
    module = linked.module("urls.py")
    assert module is not None
    assert calls_returned(FunctionRef("urls.py", module.functions["cat"]), linked.effects) == is_called
