"""Logging and error reporting.

https://docs.python.org/3/library/logging.html; https://loguru.readthedocs.io/en/stable/api/logger.html;
https://www.structlog.org/en/stable/api.html; https://docs.sentry.io/platforms/python/;
https://docs.newrelic.com/docs/apm/agents/python-agent/python-agent-api/noticeerror-python-agent-api/;
https://docs.rollbar.com/docs/python; https://docs.python.org/3/library/traceback.html
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library

# Calls that record the current exception with its traceback. (`exc_info=True` on any log call does so too, and so does
# loguru's `opt(exception=True)`.)
LOGS_TRACEBACK: frozenset[str] = frozenset(
    {
        "logging.exception",
        "logging.Logger.exception",
        "logging.LoggerAdapter.exception",
        "loguru.Logger.exception",
        "structlog.stdlib.BoundLogger.exception",
        "structlog.stdlib.BoundLogger.aexception",
        "flask.Flask.log_exception",
        "traceback.print_exc",
        "traceback.print_exception",
        "traceback.print_tb",
        "traceback.format_exc",
        "traceback.format_exception",
        "sentry_sdk.capture_exception",
        "sentry_sdk.Scope.capture_exception",
        "sentry_sdk.Hub.capture_exception",
        "newrelic.agent.notice_error",
        "newrelic.agent.record_exception",
        "rollbar.report_exc_info",
        "bugsnag.notify",
        "elasticapm.Client.capture_exception",
        "ddtrace.Span.set_traceback",
        "logfire.exception",
        "opentelemetry.trace.Span.record_exception",
        "rich.console.Console.print_exception",
    }
)

_NONE = Known("none")
_LOGGER = Known("logging.Logger")
_LOGURU = Known("loguru.Logger")
_STRUCTLOG = Known("structlog.stdlib.BoundLogger")
_CALLS = "debug info warning warn error critical exception log"

_LEVELS = dict.fromkeys(_CALLS.split(), _NONE)

_CLASSES = {
    "logging.Logger": KnownClass(
        methods={**_LEVELS, "getChild": _LOGGER, "setLevel": _NONE, "isEnabledFor": Known("bool")}
    ),
    "logging.LoggerAdapter": KnownClass(methods=_LEVELS, attributes={"logger": "logging.Logger"}),
    "loguru.Logger": KnownClass(
        methods={
            **_LEVELS,
            **dict.fromkeys(("success", "trace", "catch"), _NONE),
            **dict.fromkeys(("bind", "opt", "patch"), _LOGURU),
        },
    ),
    "structlog.stdlib.BoundLogger": KnownClass(
        methods={
            **_LEVELS,
            **dict.fromkeys(
                ("adebug", "ainfo", "awarning", "aerror", "acritical", "aexception"), Known("await none")
            ),
            **dict.fromkeys(("bind", "new", "unbind", "try_unbind"), _STRUCTLOG),
        },
    ),
    "sentry_sdk.Scope": KnownClass(
        methods=dict.fromkeys(("capture_exception", "capture_message", "set_tag", "set_extra"), _NONE)
    ),
}

_FUNCTIONS = {
    **{f"logging.{name}": _NONE for name in _LEVELS},
    "logging.getLogger": _LOGGER,
    "structlog.get_logger": _STRUCTLOG,
    "structlog.stdlib.get_logger": _STRUCTLOG,
    "celery.utils.log.get_task_logger": _LOGGER,
    "sentry_sdk.capture_exception": _NONE,
    "sentry_sdk.capture_message": _NONE,
    "sentry_sdk.push_scope": Known("sentry_sdk.Scope"),
    "sentry_sdk.new_scope": Known("sentry_sdk.Scope"),
    "traceback.print_exc": _NONE,
    "traceback.format_exc": Known("str"),
    "traceback.format_exception": Known("list[str]"),
}

_OBJECTS = {
    "loguru.logger": "loguru.Logger",
    "fastapi.logger.logger": "logging.Logger",
    "uvicorn.config.logger": "logging.Logger",
}

_ALIASES = {
    "loguru._logger.Logger": "loguru.Logger",
    "structlog.getLogger": "structlog.get_logger",
    "structlog.BoundLogger": "structlog.stdlib.BoundLogger",
    "structlog.typing.FilteringBoundLogger": "structlog.stdlib.BoundLogger",
    "sentry_sdk.api.*": "sentry_sdk",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, objects=_OBJECTS, aliases=_ALIASES)
