"""HTTP clients: requests, urllib, urllib3, http.client, httpx, aiohttp.

https://requests.readthedocs.io/en/latest/api/; https://docs.python.org/3/library/urllib.request.html,
…/http.client.html; https://urllib3.readthedocs.io/en/stable/reference/; https://www.python-httpx.org/api/;
https://docs.aiohttp.org/en/stable/client_reference.html
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library

_NOTHING = Known()
_HTTP = Known(blocks="http")
_JSON = Known()
_VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "request")

_REQUESTS = Known("requests.Response", blocks="http")
_HTTPX = Known("httpx.Response", blocks="http")
_HTTPX_STREAM = Known("httpx.Response", blocks="http")
_AWAIT_HTTPX = Known("await httpx.Response")
_URLLIB3 = Known("urllib3.BaseHTTPResponse", blocks="http")
_URLOPEN = Known("http.client.HTTPResponse", blocks="http")
# `await session.get()` and `async with session.get() as response` both give the response
_AIOHTTP = Known("await aiohttp.ClientResponse")

_RESPONSE = {"status_code": "int", "text": "str", "content": "bytes", "reason": "str", "ok": "bool"}
_RESPONSE_METHODS = {
    "json": _JSON,
    "raise_for_status": _NOTHING,
    **dict.fromkeys(("close", "iter_content", "iter_lines"), _NOTHING),
}

_CONNECTION = {
    "request": _HTTP,
    "getresponse": _URLOPEN,
    "connect": _HTTP,
    **dict.fromkeys(("close", "set_debuglevel", "putheader", "putrequest"), _NOTHING),
}

_POOL = {**dict.fromkeys(("request", "request_encode_body", "request_encode_url", "urlopen"), _URLLIB3)}

_CLASSES = {
    "requests.Session": KnownClass(
        role="client",
        methods={
            **dict.fromkeys((*_VERBS, "send"), _REQUESTS),
            "prepare_request": Known("requests.PreparedRequest"),
            **dict.fromkeys(("close", "mount"), _NOTHING),
        },
    ),
    "requests.Response": KnownClass(methods=_RESPONSE_METHODS, attributes=_RESPONSE),
    "requests.PreparedRequest": KnownClass(),
    "requests.Request": KnownClass(methods={"prepare": Known("requests.PreparedRequest")}),
    "http.client.HTTPConnection": KnownClass(role="client", methods=_CONNECTION),
    "http.client.HTTPSConnection": KnownClass(bases=("http.client.HTTPConnection",), role="client"),
    "http.client.HTTPResponse": KnownClass(
        methods={"read": Known("bytes"), "getheader": Known("str"), "close": _NOTHING},
        attributes={"status": "int", "reason": "str"},
    ),
    "urllib.request.Request": KnownClass(),
    "urllib.request.OpenerDirector": KnownClass(role="client", methods={"open": _URLOPEN}),
    "urllib3.PoolManager": KnownClass(role="client", methods=_POOL),
    "urllib3.ProxyManager": KnownClass(bases=("urllib3.PoolManager",), role="client"),
    "urllib3.HTTPConnectionPool": KnownClass(role="client", methods=_POOL),
    "urllib3.HTTPSConnectionPool": KnownClass(bases=("urllib3.HTTPConnectionPool",), role="client"),
    "urllib3.BaseHTTPResponse": KnownClass(
        methods={"json": _JSON, "read": Known("bytes"), "release_conn": _NOTHING},
        attributes={"status": "int", "data": "bytes"},
    ),
    "httpx.Client": KnownClass(
        role="client",
        methods={
            **dict.fromkeys((*_VERBS, "send"), _HTTPX),
            "stream": _HTTPX_STREAM,
            "build_request": Known("httpx.Request"),
            "close": _NOTHING,
        },
    ),
    "httpx.AsyncClient": KnownClass(
        role="client",
        methods={
            **dict.fromkeys((*_VERBS, "send"), _AWAIT_HTTPX),
            "stream": Known("httpx.Response"),
            "build_request": Known("httpx.Request"),
            "aclose": Known("await none"),
        },
    ),
    "httpx.Request": KnownClass(),
    "httpx.Response": KnownClass(
        methods={
            **_RESPONSE_METHODS,
            "raise_for_status": Known("$self"),
            "read": Known("bytes"),
            "aread": Known("await bytes"),
            "aclose": Known("await none"),
        },
        attributes={
            "status_code": "int",
            "text": "str",
            "content": "bytes",
            "is_success": "bool",
            "is_error": "bool",
            "request": "httpx.Request",
        },
    ),
    "aiohttp.ClientSession": KnownClass(
        role="client",
        methods={
            **dict.fromkeys(_VERBS, _AIOHTTP),
            "ws_connect": _NOTHING,
            "close": Known("await none"),
        },
    ),
    "aiohttp.ClientResponse": KnownClass(
        methods={
            "json": _NOTHING,
            "text": Known("await str"),
            "read": Known("await bytes"),
            **dict.fromkeys(("close", "raise_for_status", "release"), _NOTHING),
        },
        attributes={"status": "int", "reason": "str", "ok": "bool"},
    ),
}

_FUNCTIONS = {
    **{f"requests.{verb}": _REQUESTS for verb in _VERBS},
    "requests.session": Known("requests.Session"),
    **{f"httpx.{verb}": _HTTPX for verb in _VERBS},
    "httpx.stream": _HTTPX_STREAM,
    "urllib.request.urlopen": _URLOPEN,
    "urllib.request.urlretrieve": _HTTP,
    "urllib.request.build_opener": Known("urllib.request.OpenerDirector"),
    "urllib3.request": _URLLIB3,
    "urllib3.connection_from_url": Known("urllib3.HTTPConnectionPool"),
}

_ALIASES = {
    "requests.api.*": "requests",
    "requests.sessions.*": "requests",
    "requests.models.*": "requests",
    "httpx2.*": "httpx",
    "requests_html.HTMLSession": "requests.Session",
    "six.moves.urllib.request.urlopen": "urllib.request.urlopen",
    "urllib3.poolmanager.PoolManager": "urllib3.PoolManager",
    "urllib3.poolmanager.ProxyManager": "urllib3.ProxyManager",
    "urllib3.connectionpool.HTTPConnectionPool": "urllib3.HTTPConnectionPool",
    "urllib3.connectionpool.HTTPSConnectionPool": "urllib3.HTTPSConnectionPool",
    "urllib3.response.HTTPResponse": "urllib3.BaseHTTPResponse",
    "urllib3.response.BaseHTTPResponse": "urllib3.BaseHTTPResponse",
    "urllib3.HTTPResponse": "urllib3.BaseHTTPResponse",
    "aiohttp.client.ClientSession": "aiohttp.ClientSession",
    "aiohttp.client_reqrep.ClientResponse": "aiohttp.ClientResponse",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, aliases=_ALIASES)
