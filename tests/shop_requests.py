"""Play a list of requests against one of the three shops, and write down what it answers.

Run as a script with the shop's name and its folder: it writes `{"answers": [[status, body], …], "sent": […]}`, where `sent` is
what the shop asked of other services. Those (a parcel service, a payment provider, a warehouse, a mail server, language
models) are played here as well, so that nothing leaves the process.
"""

from __future__ import annotations

import asyncio
import functools
import io
import json
import os
import re
import sqlite3
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from fastapi_apps import names_of_the_environment


class Ask(NamedTuple):
    """A request and the status it is answered with. `narrows`: a fix declares what the answer holds."""

    status: int
    method: str
    path: str
    body: Any = None
    who: str = ""
    narrows: bool = False


class Sql(NamedTuple):
    """A change of the database between requests."""

    statement: str


ANN = {"email": "ann@example.com", "full_name": "Ann", "password": "correct horse"}
BOB = {"email": "bob@example.com", "full_name": "Bob", "password": "battery staple"}
COFFEE = {"sku": "eth-1", "name": "Yirgacheffe", "description": "floral", "price": "12.50", "stock": 9}
ODD = {"sku": "odd-1", "name": "Unspeakable", "price": "1.00", "stock": 100}
TEA = {"sku": "tea-1", "name": "Sencha", "price": "7.00", "stock": 1}
V1 = "/api/v1"

FASTAPI: list[Ask | Sql] = [
    Ask(200, "GET", "/health"),
    Ask(200, "GET", "/version"),
    Ask(201, "POST", f"{V1}/customers", ANN),
    Ask(409, "POST", f"{V1}/customers", ANN),
    Ask(422, "POST", f"{V1}/customers", {"email": "x"}),
    Ask(201, "POST", f"{V1}/customers", BOB),
    Sql("update customers set is_staff = 1 where email = 'bob@example.com'"),
    Ask(401, "POST", f"{V1}/customers/token", {**ANN, "password": "wrong password"}),
    Ask(200, "POST", f"{V1}/customers/token", ANN, "login"),
    Ask(200, "POST", f"{V1}/customers/token", BOB, "login"),
    Ask(401, "GET", f"{V1}/customers/me"),
    Ask(401, "GET", f"{V1}/customers/me", None, "nobody"),
    Ask(200, "GET", f"{V1}/customers/me", None, "ann", narrows=True),
    Ask(200, "GET", f"{V1}/customers/me/summary", None, "ann", narrows=True),
    Ask(403, "POST", f"{V1}/products", COFFEE, "ann"),
    Ask(201, "POST", f"{V1}/products", COFFEE, "bob"),
    Ask(201, "POST", f"{V1}/products", TEA, "bob"),
    Ask(422, "POST", f"{V1}/products", {**TEA, "price": -1}, "bob"),
    Sql("insert into categories (id, name) values (1, 'filter')"),
    Sql("update products set category_id = 1 where id = 1"),
    Ask(200, "GET", f"{V1}/products"),
    Ask(200, "GET", f"{V1}/products/search?q=yirga"),
    Ask(200, "GET", f"{V1}/products/by-category/filter", narrows=True),
    Ask(404, "GET", f"{V1}/products/by-category/none"),
    Ask(403, "GET", f"{V1}/products/low-stock", None, "ann"),
    Ask(200, "GET", f"{V1}/products/low-stock", None, "bob", narrows=True),
    Ask(200, "GET", f"{V1}/products/low-stock?threshold=0", None, "bob"),
    Ask(200, "GET", f"{V1}/products/1"),
    Ask(404, "GET", f"{V1}/products/77"),
    Ask(200, "PATCH", f"{V1}/products/1", {"stock": 10}, "bob"),
    Ask(200, "POST", f"{V1}/products/1/description", None, "bob"),
    Ask(404, "POST", f"{V1}/products/77/description", None, "bob"),
    Ask(201, "POST", f"{V1}/products", ODD, "bob"),
    Ask(502, "POST", f"{V1}/products/3/description", None, "bob"),
    Ask(201, "POST", f"{V1}/products/1/reviews", {"stars": 5, "text": "good"}, "ann"),
    Ask(200, "GET", f"{V1}/products/1/reviews"),
    Ask(201, "POST", f"{V1}/orders", {"lines": [{"product_id": 1, "quantity": 2}]}, "ann"),
    Ask(409, "POST", f"{V1}/orders", {"lines": [{"product_id": 2, "quantity": 5}]}, "ann"),
    Ask(404, "POST", f"{V1}/orders", {"lines": [{"product_id": 77, "quantity": 5}]}, "ann"),
    Ask(201, "POST", f"{V1}/orders", {"lines": [{"product_id": 1, "quantity": 1}]}, "ann"),
    Ask(201, "POST", f"{V1}/orders", {"lines": [{"product_id": 1, "quantity": 1}]}, "ann"),
    Ask(200, "GET", f"{V1}/orders/1", None, "ann", narrows=True),
    Ask(404, "GET", f"{V1}/orders/1", None, "bob"),
    Ask(404, "GET", f"{V1}/orders/1/events", None, "ann"),
    Ask(200, "POST", f"{V1}/orders/1/payment", None, "ann"),
    Ask(409, "POST", f"{V1}/orders/1/payment", None, "ann"),
    Ask(402, "POST", f"{V1}/orders/2/payment", None, "ann"),
    Ask(502, "POST", f"{V1}/orders/3/payment", None, "ann"),
    Ask(200, "POST", f"{V1}/orders/1/shipment", None, "ann"),
    Ask(200, "GET", f"{V1}/orders/1/events", None, "ann"),
    Ask(200, "GET", f"{V1}/reports/best-customers", None, "bob"),
    Ask(403, "GET", f"{V1}/reports/best-customers", None, "ann"),
    Ask(200, "GET", f"{V1}/reports/revenue.csv?month=2020-01-01", None, "bob"),
    Ask(200, "GET", f"{V1}/reports/archive/revenue-2020-01.csv", None, "bob"),
    Ask(404, "GET", f"{V1}/reports/archive/none.csv", None, "bob"),
    Ask(204, "POST", f"{V1}/reports/archive", None, "bob"),
]

FLASK: list[Ask | Sql] = [
    Ask(201, "POST", f"{V1}/products/", COFFEE),
    Ask(201, "POST", f"{V1}/products/", TEA),
    Ask(422, "POST", f"{V1}/products/", {"sku": "x"}),
    Ask(200, "GET", f"{V1}/products/"),
    Ask(200, "GET", f"{V1}/products/?skip=1&limit=1"),
    Ask(200, "GET", f"{V1}/products/search?q=SEN"),
    Ask(200, "GET", f"{V1}/products/search?q=none"),
    Ask(200, "GET", f"{V1}/products/1"),
    Ask(404, "GET", f"{V1}/products/77"),
    Ask(200, "POST", f"{V1}/products/1/description"),
    Ask(404, "POST", f"{V1}/products/77/description"),
    Ask(201, "POST", f"{V1}/products/", ODD),
    Ask(502, "POST", f"{V1}/products/3/description"),
    Ask(201, "POST", f"{V1}/products/import", [{**TEA, "sku": "tea-2"}], "file"),
    Ask(400, "POST", f"{V1}/products/import"),
    Ask(200, "GET", f"{V1}/products/stock.json"),
    Ask(
        201,
        "POST",
        f"{V1}/orders/",
        {"email": "ann@example.com", "lines": [{"product_id": 1, "quantity": 2}]},
    ),
    Ask(
        409,
        "POST",
        f"{V1}/orders/",
        {"email": "ann@example.com", "lines": [{"product_id": 2, "quantity": 2}]},
    ),
    Ask(422, "POST", f"{V1}/orders/", {"email": "ann"}),
    Ask(200, "GET", f"{V1}/orders/?email=ann@example.com", narrows=True),
    Ask(400, "GET", f"{V1}/orders/"),
    Ask(200, "GET", f"{V1}/orders/1?email=ann@example.com"),
    Ask(404, "GET", f"{V1}/orders/1?email=bob@example.com"),
    Ask(202, "POST", f"{V1}/orders/1/shipment", narrows=True),
    Ask(404, "POST", f"{V1}/orders/77/shipment"),
    Ask(200, "GET", f"{V1}/admin/stock/1"),
    Ask(200, "PUT", f"{V1}/admin/stock/1", {"level": 4}),
    Ask(404, "PUT", f"{V1}/admin/stock/77", {"level": 4}),
    Ask(400, "PUT", f"{V1}/admin/stock/1", {"level": "x"}),
    Ask(200, "GET", f"{V1}/admin/warehouse"),
]

DRF: list[Ask | Sql] = [
    Ask(403, "POST", f"{V1}/products/", COFFEE),
    Ask(201, "POST", f"{V1}/products/", COFFEE, "staff"),
    Ask(201, "POST", f"{V1}/products/", TEA, "staff"),
    Ask(400, "POST", f"{V1}/products/", TEA, "staff"),
    Ask(200, "GET", f"{V1}/products/"),
    Ask(200, "GET", f"{V1}/products/?q=sen"),
    Ask(200, "GET", f"{V1}/products/1/"),
    Ask(200, "GET", f"{V1}/products/available/"),
    Ask(200, "POST", f"{V1}/products/1/describe/", None, "staff"),
    Ask(404, "POST", f"{V1}/products/77/describe/", None, "staff"),
    Ask(201, "POST", f"{V1}/products/", ODD, "staff"),
    Ask(502, "POST", f"{V1}/products/3/describe/", None, "staff"),
    Ask(200, "GET", f"{V1}/products/by-sku/eth-1/", narrows=True),
    Ask(404, "GET", f"{V1}/products/by-sku/none/"),
    Ask(200, "GET", f"{V1}/stock.json"),
    Ask(
        201,
        "POST",
        f"{V1}/orders/",
        {"email": "ann@example.com", "lines": [{"product": "eth-1", "quantity": 2}]},
    ),
    Ask(
        400,
        "POST",
        f"{V1}/orders/",
        {"email": "ann@example.com", "lines": [{"product": "none", "quantity": 2}]},
    ),
    Ask(200, "GET", f"{V1}/orders/1/"),
    Ask(404, "GET", f"{V1}/orders/77/"),
    Ask(200, "GET", f"{V1}/orders/of/ANN@example.com/"),
    Ask(200, "GET", f"{V1}/orders/of/bob@example.com/"),
    Ask(200, "POST", f"{V1}/orders/1/shipment/"),
    Ask(404, "POST", f"{V1}/orders/77/shipment/"),
    Ask(200, "GET", f"{V1}/orders/parcels/T-order-1/events/"),
    Ask(200, "GET", f"{V1}/orders/parcels/T-order-1/label/"),
    Ask(200, "GET", f"{V1}/orders/parcels/T-order-1/reprint/"),
]

LISTS = {"shop": FASTAPI, "shop_flask": FLASK, "shop_drf": DRF}

# ---------------------------------------------------------------------------------------------------- other services

SENT: list[str] = []


def answer(method: str, url: str, body: bytes) -> tuple[int, Any]:
    """What another service answers."""
    SENT.append(f"{method} {url} {body.decode()}")
    path = "/" + url.split("://", 1)[-1].partition("/")[2]
    data = json.loads(body) if body else {}
    if path.endswith("/pickups"):
        return 200, {"tracking_code": f"T-order-{data['reference']}"}
    if path.endswith("/events"):
        return 200, {"events": [{"at": "depot"}, {"at": "door"}]}
    if path.endswith("/charges"):
        return {"order-1": 200, "order-2": 402}.get(data["reference"], 500), {"id": "charge"}
    if "/labels/" in path:
        return 200, {"href": "https://labels.example/1"}
    if path.endswith("/levels"):
        return 200, {"eth-1": 3, "tea-1": 9}
    return 200, {}


def play_http() -> None:
    """Answer what is sent with requests and httpx."""
    import httpx
    import requests

    def send(self: Any, request: Any, **options: Any) -> Any:
        body = request.body or b""
        status, data = answer(
            request.method, request.url, body.encode() if isinstance(body, str) else body
        )
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url, request
        response.raw = io.BytesIO(json.dumps(data).encode())
        return response

    def handle(self: Any, request: Any) -> Any:
        status, data = answer(request.method, str(request.url), request.read())
        return httpx.Response(status, json=data, request=request)

    async def handle_async(self: Any, request: Any) -> Any:
        status, data = answer(request.method, str(request.url), await request.aread())
        return httpx.Response(status, json=data, request=request)

    requests.adapters.HTTPAdapter.send = send
    httpx.HTTPTransport.handle_request = handle
    httpx.AsyncHTTPTransport.handle_async_request = handle_async


def play_mail() -> None:
    """Take mails, after one that is refused, and let nobody wait."""
    import smtplib

    class Server:
        failures = 1

        def __init__(self, host: str, port: int, timeout: float = 0) -> None:
            pass

        def __enter__(self) -> Server:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def send_message(self, message: Any) -> None:
            SENT.append(f"mail {message['To']} {message['Subject']}")
            if Server.failures:
                Server.failures -= 1
                raise smtplib.SMTPServerDisconnected

    wait = asyncio.sleep
    smtplib.SMTP = Server  # type: ignore[assignment,misc]
    time.sleep = lambda _seconds: None
    asyncio.sleep = lambda _seconds, result=None: wait(0, result)  # type: ignore[assignment]


def play_models() -> None:
    """The SDKs of language models, as far as the shops use them or a fix lets them."""
    for name in ("openai", "anthropic", "litellm", "litellm.exceptions"):
        module = types.ModuleType(name)
        module.__dict__.update(__path__=[], __getattr__=functools.partial(error, name.partition(".")[0]))
        sys.modules[name] = module
    modules = sys.modules
    thing = types.SimpleNamespace
    for name, create in (("", plain), ("Async", awaited)):
        chat = thing(completions=thing(create=create(completion, "openai")))
        modules["openai"].__dict__[f"{name}OpenAI"] = lambda chat=chat, **_options: thing(chat=chat)
        messages = thing(create=create(message, "anthropic"))
        modules["anthropic"].__dict__[f"{name}Anthropic"] = lambda messages=messages, **_options: thing(
            messages=messages
        )
    modules["litellm"].__dict__["exceptions"] = modules["litellm.exceptions"]
    modules["litellm"].__dict__["completion"] = plain(completion, "litellm")
    modules["litellm"].__dict__["acompletion"] = awaited(completion, "litellm")


@functools.cache
def error(module: str, name: str) -> Any:
    """An exception of an SDK; litellm's are openai's."""
    if not name.endswith("Error"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    bases = {"openai": "OpenAIError", "anthropic": "AnthropicError", "litellm": name}
    base = (
        Exception
        if name == bases[module] and module != "litellm"
        else error("openai" if module == "litellm" else module, bases[module])
    )
    return type(name, (base,), {})


def plain(create: Callable[..., Any], module: str) -> Callable[..., Any]:
    """A call of a model, by way of a module."""
    return lambda **request: create(module, **request)


def awaited(create: Callable[..., Any], module: str) -> Callable[..., Any]:
    """The same for a coroutine."""

    async def call(**request: Any) -> Any:
        return create(module, **request)

    return call


def completion(module: str, **request: Any) -> Any:
    """An answer as openai and litellm give it."""
    said = types.SimpleNamespace(content=text_for(module, request), role="assistant")
    return types.SimpleNamespace(choices=[types.SimpleNamespace(message=said, finish_reason="stop")])


def message(module: str, **request: Any) -> Any:
    """An answer as anthropic gives it."""
    return types.SimpleNamespace(
        content=[types.SimpleNamespace(type="text", text=text_for(module, request))]
    )


def text_for(module: str, request: dict[str, Any]) -> str:
    """What a model writes: all that it was told; nothing, if that cannot be spoken of."""
    messages = list(request["messages"])
    if request.get("system"):
        messages.insert(0, {"role": "system", "content": request["system"]})
    told = " ".join(f"{each['role']}: {each['content']}" for each in messages)
    model = request["model"].rpartition("/")[2]
    SENT.append(f"{model} {told}")
    if "Unspeakable" in told:
        raise error(module, "APIError")("nothing to say")
    return f"{model} was told {told}"


# ------------------------------------------------------------------------------------------------------------- shops


def play_fastapi(folder: Path) -> list[Any]:
    """The answers of the FastAPI shop."""
    database = folder / "shop.db"
    os.environ.update(
        SHOP_DATABASE_URL=f"sqlite:///{database}",
        SHOP_ASYNC_DATABASE_URL=f"sqlite+aiosqlite:///{database}",
        SHOP_EXPORT_DIR=str(folder / "exports"),
        SHOP_PAYMENTS_URL="https://payments.example",
    )
    from fastapi.testclient import TestClient
    from shop.main import app

    tokens = {"nobody": "no token"}

    def ask(ask: Ask, client: Any) -> Any:
        token = tokens.get(ask.who)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = client.request(ask.method, ask.path, json=ask.body, headers=headers)
        if ask.who == "login":
            tokens[ask.body["email"].partition("@")[0]] = response.json()["access_token"]
            return response.status_code, sorted(response.json())
        return response.status_code, response.text

    with TestClient(app, raise_server_exceptions=False) as client:
        return played(FASTAPI, lambda each: ask(each, client), database)


def play_flask(folder: Path) -> list[Any]:
    """The answers of the Flask shop."""
    database = folder / "shop.db"
    os.environ["DATABASE_URL"] = f"sqlite:///{database}"
    from shop import create_app

    client = create_app().test_client()

    def ask(ask: Ask) -> Any:
        if ask.who == "file":
            data = {"file": (io.BytesIO(json.dumps(ask.body).encode()), "rows.json")}
            response = client.open(ask.path, method=ask.method, data=data)
        else:
            response = client.open(ask.path, method=ask.method, json=ask.body)
        return response.status_code, response.get_data(as_text=True)

    return played(FLASK, ask, database)


def play_drf(folder: Path) -> list[Any]:
    """The answers of the Django shop."""
    database = folder / "db.sqlite3"
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        DJANGO_DB=str(database),
        DJANGO_ALLOWED_HOSTS="testserver",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.contrib.auth.models import User
    from rest_framework.test import APIClient

    staff = User.objects.create_user("staff", is_staff=True)

    def ask(ask: Ask) -> Any:
        client = APIClient(raise_request_exception=False)
        if ask.who == "staff":
            client.force_authenticate(staff)
        response = client.generic(
            ask.method,
            ask.path,
            json.dumps(ask.body) if ask.body else "",
            content_type="application/json",
        )
        return response.status_code, response.content.decode()

    return played(DRF, ask, database)


def played(steps: list[Ask | Sql], ask: Callable[[Ask], Any], database: Path) -> list[Any]:
    """The answers, in the order of the requests, without what is another at every run."""
    answers = []
    for step in steps:
        if isinstance(step, Sql):
            with sqlite3.connect(database) as connection:
                connection.execute(step.statement)
            connection.close()
            continue
        status, body = ask(step)
        answers.append([status, timeless(body) if isinstance(body, str) else body])
    return answers


def timeless(body: str) -> Any:
    """An answer's JSON (or text), without moments."""
    body = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "then", body)
    body = re.sub(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "then", body)
    body = re.sub(r"\d{4}-\d\d-\d\d(?=,)", "a day", body)
    try:
        return json.loads(body)
    except ValueError:
        return body


def main(name: str, folder: Path) -> None:
    """Play one shop."""
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    for variable in names_of_the_environment(folder):
        os.environ[variable] = f"the value of {variable}, which is long enough"
    play_http()
    play_mail()
    play_models()
    answers = {"shop": play_fastapi, "shop_flask": play_flask, "shop_drf": play_drf}[name](folder)
    json.dump({"answers": answers, "sent": SENT}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve())
