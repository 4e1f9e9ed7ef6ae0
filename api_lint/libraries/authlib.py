"""Authlib's OAuth clients for Starlette, Flask and Django.

https://docs.authlib.org/en/latest/client/frameworks.html
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library

_VERBS = ("delete", "get", "patch", "post", "put", "request")


def _app(redirect: Known, answer: Known, token: Known) -> KnownClass:
    """A client registered at a provider: it sends the browser there and calls the provider's API."""
    return KnownClass(
        role="client",
        methods={
            "authorize_redirect": redirect,
            **dict.fromkeys(_VERBS, answer),
            **dict.fromkeys(("authorize_access_token", "fetch_access_token"), token),
        },
    )


def _registry(app: str) -> KnownClass:
    """`OAuth`: each registered client is an attribute of it by its name."""
    return KnownClass(
        methods={
            **dict.fromkeys(("create_client", "register"), Known(app)),
            "init_app": Known(),
        },
        attributes={"*": app},
    )


_STARLETTE = "authlib.integrations.starlette_client"
_FLASK = "authlib.integrations.flask_client"
_DJANGO = "authlib.integrations.django_client"
_REQUESTS = Known("requests.Response", blocks="http")
_TOKEN = Known("dict", blocks="http")

LIBRARY = Library(
    classes={
        f"{_STARLETTE}.StarletteOAuth2App": _app(
            Known("await fastapi.responses.RedirectResponse"),
            Known("await httpx.Response"),
            Known("await dict"),
        ),
        f"{_STARLETTE}.OAuth": _registry(f"{_STARLETTE}.StarletteOAuth2App"),
        f"{_FLASK}.FlaskOAuth2App": _app(Known("flask.Response"), _REQUESTS, _TOKEN),
        f"{_FLASK}.OAuth": _registry(f"{_FLASK}.FlaskOAuth2App"),
        f"{_DJANGO}.DjangoOAuth2App": _app(Known("django.http.HttpResponseRedirect"), _REQUESTS, _TOKEN),
        f"{_DJANGO}.OAuth": _registry(f"{_DJANGO}.DjangoOAuth2App"),
    }
)
