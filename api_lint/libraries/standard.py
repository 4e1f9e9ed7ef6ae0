"""The standard library's plain values: dates, identifiers, texts and numbers that calls give.

https://docs.python.org/3/library/datetime.html, …/uuid.html, …/time.html, …/json.html, …/secrets.html, …/base64.html
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library

_TEXT = Known("str")
_NUMBER = Known("float")
_COUNT = Known("int")
_YES = Known("bool")
_BYTES = Known("bytes")
_SELF = Known("$self")
_CLASS = Known("$class")
_SPAN = Known("datetime.timedelta")


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


_DATE = KnownClass(
    methods={
        **_each("isoformat strftime ctime __str__", _TEXT),
        **_each("toordinal weekday isoweekday", _COUNT),
        "replace": _SELF,
    },
    statics=_each("today fromtimestamp fromordinal fromisoformat fromisocalendar", _CLASS),
    attributes=dict.fromkeys(("year", "month", "day"), "int"),
)
_DATETIME = KnownClass(
    bases=("datetime.date",),
    methods={
        "timestamp": _NUMBER,
        "astimezone": _SELF,
        "date": Known("datetime.date"),
        **_each("time timetz", Known("datetime.time")),
        "utcoffset": _SPAN,
        "tzname": _TEXT,
    },
    statics=_each("now utcnow utcfromtimestamp combine strptime", _CLASS),
    attributes=dict.fromkeys(("hour", "minute", "second", "microsecond"), "int"),
)

LIBRARY = Library(
    functions={
        **_each("uuid.uuid1 uuid.uuid3 uuid.uuid4 uuid.uuid5", Known("uuid.UUID")),
        **_each("time.time time.monotonic time.perf_counter", _NUMBER),
        **_each(
            "time.strftime time.ctime json.dumps platform.node platform.platform socket.gethostname",
            _TEXT,
        ),
        **_each("time.time_ns os.getpid", _COUNT),
        **_each("secrets.token_hex secrets.token_urlsafe", _TEXT),
        **_each(
            "secrets.token_bytes base64.b64encode base64.b64decode base64.urlsafe_b64encode", _BYTES
        ),
        **_each("hmac.compare_digest secrets.compare_digest", _YES),
    },
    classes={
        "datetime.date": _DATE,
        "datetime.datetime": _DATETIME,
        "datetime.time": KnownClass(methods=_each("isoformat strftime", _TEXT)),
        "datetime.timedelta": KnownClass(
            methods={"total_seconds": _NUMBER}, attributes=dict.fromkeys(("days", "seconds"), "int")
        ),
        "collections.abc.Callable": KnownClass(methods={"__call__": Known("$item")}),
        **dict.fromkeys(
            ("contextlib.AbstractContextManager", "contextlib.AbstractAsyncContextManager"),
            KnownClass(enters="$item"),
        ),
        "uuid.UUID": KnownClass(attributes={"hex": "str", "int": "int", "bytes": "bytes"}),
        "builtins.str": KnownClass(
            methods={
                **_each(
                    "capitalize casefold format join ljust lower lstrip removeprefix removesuffix replace rjust rstrip "
                    "strip title upper zfill",
                    _TEXT,
                ),
                **_each("endswith startswith isdigit isalpha isalnum", _YES),
                **_each("count find index", _COUNT),
                "encode": _BYTES,
            }
        ),
        "builtins.bytes": KnownClass(methods=_each("decode hex", _TEXT)),
    },
    aliases={
        "typing.Callable": "collections.abc.Callable",
        "typing.ContextManager": "contextlib.AbstractContextManager",
        "typing.AsyncContextManager": "contextlib.AbstractAsyncContextManager",
    },
)
