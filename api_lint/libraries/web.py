"""What web frameworks hand to and take from handlers: applications, requests, responses, exceptions.

https://fastapi.tiangolo.com/reference/; https://www.starlette.io/; https://flask.palletsprojects.com/en/stable/api/;
https://quart.palletsprojects.com/en/latest/reference/api/; https://flask-restful.readthedocs.io/en/latest/api.html;
https://flask-restx.readthedocs.io/en/latest/api.html; https://flask-smorest.readthedocs.io/en/latest/api_reference.html;
https://apiflask.com/api/app/; https://docs.djangoproject.com/en/5.2/ref/request-response/;
https://www.django-rest-framework.org/api-guide/; https://github.com/sysid/sse-starlette

How routes are declared is known in `frameworks`; here are only types.
"""

from __future__ import annotations

from api_lint.libraries import Known, KnownClass, Library


def _each(names: str, known: Known) -> dict[str, Known]:
    return dict.fromkeys(names.split(), known)


def _all(package: str, names: str, known: KnownClass) -> dict[str, KnownClass]:
    return dict.fromkeys((f"{package}.{name}" for name in names.split()), known)


_NOTHING = Known()
_PLAIN = KnownClass()
_RESPONSE = KnownClass(role="response")
_EXCEPTION = KnownClass(role="exception")

_STARLETTE_RESPONSE = "fastapi.Response"
_FLASK_RESPONSE = "flask.Response"
_DJANGO_RESPONSE = "django.http.HttpResponse"

_TEMPLATE = Known("starlette.templating._TemplateResponse")

_FLASK_REQUEST_METHODS = {
    "get_json": _NOTHING,
    "get_data": Known("bytes"),
}
_FLASK_REQUEST = {
    **dict.fromkeys(
        ("method", "path", "url", "base_url", "remote_addr", "content_type", "mimetype"), "str"
    ),
    "data": "bytes",
    "is_json": "bool",
    "view_args": "dict",
}

_CLASSES = {
    # FastAPI and Starlette
    "fastapi.FastAPI": KnownClass(
        role="holder",
        attributes={"router": "fastapi.APIRouter", "state": "starlette.datastructures.State"},
    ),
    "fastapi.APIRouter": _PLAIN,
    "starlette.applications.Starlette": KnownClass(
        role="holder", attributes={"state": "starlette.datastructures.State"}
    ),
    # An application's state and that of a request are one class, and hold different things.
    **dict.fromkeys(
        ("starlette.datastructures.State", "fastapi.Request.State"), KnownClass(role="holder")
    ),
    **_all("starlette.routing", "Host Mount Route Router WebSocketRoute", _PLAIN),
    "fastapi.Request": KnownClass(
        methods={
            "body": Known("await bytes"),
            "json": _NOTHING,
            "form": Known("await starlette.datastructures.FormData"),
            "stream": Known("list[bytes]"),
            "is_disconnected": Known("await bool"),
            "url_for": _NOTHING,
        },
        attributes={
            "app": "fastapi.FastAPI",
            "state": "fastapi.Request.State",
            "method": "str",
            "path_params": "dict",
            "cookies": "dict[str]",
        },
    ),
    "starlette.datastructures.FormData": _PLAIN,
    "fastapi.WebSocket": KnownClass(
        methods={
            "receive_text": Known("await str"),
            "receive_bytes": Known("await bytes"),
            "receive_json": _NOTHING,
            **_each("accept close send_bytes send_json send_text", Known("await none")),
        },
        attributes={"app": "fastapi.FastAPI", "state": "fastapi.Request.State"},
    ),
    "fastapi.WebSocketDisconnect": _EXCEPTION,
    "fastapi.BackgroundTasks": KnownClass(methods={"add_task": Known("none", runs=("0", "func"))}),
    "fastapi.UploadFile": KnownClass(
        methods={
            "read": Known("await bytes"),
            **_each("close seek write", Known("await none")),
        },
        attributes={"filename": "str", "content_type": "str", "size": "int", "file": "io.BytesIO"},
    ),
    "starlette.exceptions.HTTPException": _EXCEPTION,
    "fastapi.HTTPException": KnownClass(
        bases=("starlette.exceptions.HTTPException",),
        role="exception",
        attributes={"status_code": "int", "detail": "str"},
    ),
    "fastapi.exceptions.RequestValidationError": _EXCEPTION,
    "fastapi.exceptions.ResponseValidationError": _EXCEPTION,
    _STARLETTE_RESPONSE: KnownClass(
        role="response",
        methods=_each("delete_cookie set_cookie", Known("none")),
        attributes={"status_code": "int", "body": "bytes"},
    ),
    **_all(
        "fastapi.responses",
        "FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse RedirectResponse StreamingResponse "
        "UJSONResponse",
        KnownClass(bases=(_STARLETTE_RESPONSE,), role="response"),
    ),
    "starlette.templating._TemplateResponse": KnownClass(
        bases=("fastapi.responses.HTMLResponse",), role="response"
    ),
    "fastapi.templating.Jinja2Templates": KnownClass(methods={"TemplateResponse": _TEMPLATE}),
    "sse_starlette.EventSourceResponse": KnownClass(bases=(_STARLETTE_RESPONSE,), role="response"),
    "fastapi.security.OAuth2PasswordRequestForm": KnownClass(
        attributes={"username": "str", "password": "str", "scopes": "list[str]"}
    ),
    "fastapi.security.HTTPAuthorizationCredentials": KnownClass(
        attributes={"scheme": "str", "credentials": "str"}
    ),
    "fastapi.security.HTTPBasicCredentials": KnownClass(
        attributes={"username": "str", "password": "str"}
    ),
    "fastapi.testclient.TestClient": _PLAIN,
    **_all(
        "fastapi_utils.inferring_router", "InferringRouter", KnownClass(bases=("fastapi.APIRouter",))
    ),
    # Flask and Quart
    "flask.ctx._AppCtxGlobals": KnownClass(role="holder"),
    "flask.Flask": KnownClass(
        role="holder",
        methods={
            "make_response": Known(_FLASK_RESPONSE),
            "response_class": Known(_FLASK_RESPONSE),
        },
    ),
    "flask.Blueprint": _PLAIN,
    "flask.Request": KnownClass(methods=_FLASK_REQUEST_METHODS, attributes=_FLASK_REQUEST),
    "flask.views.View": _PLAIN,
    "flask.views.MethodView": KnownClass(bases=("flask.views.View",)),
    "werkzeug.wrappers.Response": KnownClass(
        role="response",
        methods={
            **_each("delete_cookie set_cookie", Known("none")),
            "get_json": _NOTHING,
            "get_data": Known("bytes"),
        },
        attributes={"status_code": "int", "data": "bytes"},
    ),
    _FLASK_RESPONSE: KnownClass(bases=("werkzeug.wrappers.Response",), role="response"),
    **_all(
        "werkzeug.exceptions",
        "HTTPException BadRequest Conflict Forbidden Gone InternalServerError MethodNotAllowed NotAcceptable NotFound "
        "RequestEntityTooLarge ServiceUnavailable TooManyRequests Unauthorized UnprocessableEntity "
        "UnsupportedMediaType",
        _EXCEPTION,
    ),
    "quart.Quart": KnownClass(role="holder"),
    "quart.Blueprint": _PLAIN,
    "quart.Response": _RESPONSE,
    "quart.Request": KnownClass(
        methods={"get_json": _NOTHING, "get_data": Known("await bytes")},
        attributes={
            "method": "str",
            "path": "str",
            "url": "str",
            "is_json": "bool",
            "view_args": "dict",
        },
    ),
    # Flask extensions
    "flask_restful.Api": _PLAIN,
    "flask_restful.Resource": KnownClass(bases=("flask.views.MethodView",)),
    "flask_restful.reqparse.RequestParser": KnownClass(methods={"parse_args": Known("dict")}),
    "flask_restx.Api": _PLAIN,
    "flask_restx.Namespace": _PLAIN,
    "flask_restx.Resource": KnownClass(bases=("flask.views.MethodView",)),
    "flask_restx.reqparse.RequestParser": KnownClass(methods={"parse_args": Known("dict")}),
    "flask_smorest.Api": _PLAIN,
    "flask_smorest.Blueprint": KnownClass(bases=("flask.Blueprint",)),
    "apiflask.APIFlask": KnownClass(bases=("flask.Flask",)),
    "apiflask.APIBlueprint": KnownClass(bases=("flask.Blueprint",)),
    "apiflask.views.MethodView": KnownClass(bases=("flask.views.MethodView",)),
    "apiflask.HTTPError": _EXCEPTION,
    # Django
    "django.http.HttpRequest": KnownClass(
        role="holder",
        attributes={
            "method": "str",
            "path": "str",
            "body": "bytes",
            "content_type": "str",
            "user": "django.contrib.auth.models.User",
        },
    ),
    _DJANGO_RESPONSE: KnownClass(
        role="response",
        methods=_each("delete_cookie set_cookie", Known("none")),
        attributes={"status_code": "int", "content": "bytes"},
    ),
    **_all(
        "django.http",
        "FileResponse HttpResponseBadRequest HttpResponseForbidden HttpResponseGone HttpResponseNotAllowed "
        "HttpResponseNotFound HttpResponseNotModified HttpResponsePermanentRedirect HttpResponseRedirect "
        "HttpResponseServerError JsonResponse StreamingHttpResponse",
        KnownClass(bases=(_DJANGO_RESPONSE,), role="response"),
    ),
    "django.http.Http404": _EXCEPTION,
    "django.template.response.TemplateResponse": KnownClass(bases=(_DJANGO_RESPONSE,), role="response"),
    "django.views.View": KnownClass(attributes={"request": "django.http.HttpRequest"}),
    # Django REST framework
    "rest_framework.request.Request": KnownClass(
        role="holder",
        attributes={"method": "str", "data": "dict", "user": "django.contrib.auth.models.User"},
    ),
    "rest_framework.response.Response": KnownClass(
        bases=(_DJANGO_RESPONSE,), role="response", attributes={"data": "dict"}
    ),
    "rest_framework.views.APIView": KnownClass(
        bases=("django.views.View",), attributes={"request": "rest_framework.request.Request"}
    ),
    "rest_framework.generics.GenericAPIView": KnownClass(
        bases=("rest_framework.views.APIView",),
        methods={
            # which class they give, only the project's view knows
            **_each("filter_queryset get_queryset get_serializer paginate_queryset", _NOTHING),
            "get_object": Known("$row"),
            "get_paginated_response": Known("rest_framework.response.Response"),
        },
    ),
    **_all(
        "rest_framework.generics",
        "CreateAPIView DestroyAPIView ListAPIView ListCreateAPIView RetrieveAPIView RetrieveDestroyAPIView "
        "RetrieveUpdateAPIView RetrieveUpdateDestroyAPIView UpdateAPIView",
        KnownClass(bases=("rest_framework.generics.GenericAPIView",)),
    ),
    "rest_framework.viewsets.ViewSet": KnownClass(bases=("rest_framework.views.APIView",)),
    "rest_framework.viewsets.GenericViewSet": KnownClass(
        bases=("rest_framework.generics.GenericAPIView",)
    ),
    "rest_framework.viewsets.ModelViewSet": KnownClass(
        bases=(
            "rest_framework.mixins.CreateModelMixin",
            "rest_framework.mixins.RetrieveModelMixin",
            "rest_framework.mixins.UpdateModelMixin",
            "rest_framework.mixins.DestroyModelMixin",
            "rest_framework.mixins.ListModelMixin",
            "rest_framework.viewsets.GenericViewSet",
        )
    ),
    "rest_framework.viewsets.ReadOnlyModelViewSet": KnownClass(
        bases=(
            "rest_framework.mixins.RetrieveModelMixin",
            "rest_framework.mixins.ListModelMixin",
            "rest_framework.viewsets.GenericViewSet",
        )
    ),
    **{
        f"rest_framework.mixins.{name}ModelMixin": KnownClass(methods=_each(actions, _NOTHING))
        for name, actions in (
            ("Create", "create"),
            ("Retrieve", "retrieve"),
            ("Update", "update partial_update"),
            ("Destroy", "destroy"),
            ("List", "list"),
        )
    },
    **_all("rest_framework.routers", "DefaultRouter SimpleRouter", _PLAIN),
    **_all(
        "rest_framework.exceptions",
        "APIException AuthenticationFailed MethodNotAllowed NotAcceptable NotAuthenticated NotFound ParseError "
        "PermissionDenied Throttled UnsupportedMediaType ValidationError",
        _EXCEPTION,
    ),
}

_FLASK = Known(_FLASK_RESPONSE)
_QUART = Known("quart.Response")
_AWAIT_QUART = Known("await quart.Response")

_FUNCTIONS = {
    "fastapi.encoders.jsonable_encoder": _NOTHING,
    **_each(
        "flask.jsonify flask.make_response flask.redirect flask.send_file flask.send_from_directory",
        _FLASK,
    ),
    **_each("flask.render_template flask.render_template_string flask.url_for", Known("str")),
    "flask.abort": _NOTHING,
    "quart.jsonify": _QUART,
    "quart.redirect": _QUART,
    **_each("quart.make_response quart.send_file quart.send_from_directory", _AWAIT_QUART),
    **_each("quart.render_template quart.render_template_string", Known("await str")),
    "flask_restful.marshal": Known("dict"),
    "flask_restx.marshal": Known("dict"),
    "django.shortcuts.render": Known(_DJANGO_RESPONSE),
    "django.shortcuts.redirect": Known("django.http.HttpResponseRedirect"),
}

_OBJECTS = {
    "flask.request": "flask.Request",
    "flask.current_app": "flask.Flask",
    "flask.g": "flask.ctx._AppCtxGlobals",
    "quart.request": "quart.Request",
    "quart.current_app": "quart.Quart",
    "quart.g": "flask.ctx._AppCtxGlobals",
}

_ALIASES = {
    # FastAPI and Starlette
    "fastapi.applications.FastAPI": "fastapi.FastAPI",
    "fastapi.routing.APIRouter": "fastapi.APIRouter",
    "fastapi.param_functions.*": "fastapi",
    "fastapi.requests.*": "fastapi",
    "starlette.requests.*": "fastapi",
    "fastapi.websockets.*": "fastapi",
    "starlette.websockets.*": "fastapi",
    "fastapi.background.BackgroundTasks": "fastapi.BackgroundTasks",
    "starlette.background.BackgroundTasks": "fastapi.BackgroundTasks",
    "fastapi.datastructures.UploadFile": "fastapi.UploadFile",
    "starlette.datastructures.UploadFile": "fastapi.UploadFile",
    "fastapi.exceptions.HTTPException": "fastapi.HTTPException",
    "fastapi.responses.Response": "fastapi.Response",
    "starlette.responses.*": "fastapi.responses",
    "starlette.templating.Jinja2Templates": "fastapi.templating.Jinja2Templates",
    "starlette.testclient.TestClient": "fastapi.testclient.TestClient",
    "fastapi.security.oauth2.*": "fastapi.security",
    "fastapi.security.http.*": "fastapi.security",
    "sse_starlette.sse.EventSourceResponse": "sse_starlette.EventSourceResponse",
    "fastapi_restful.inferring_router.InferringRouter": "fastapi_utils.inferring_router.InferringRouter",
    # Flask and Quart
    "flask.app.Flask": "flask.Flask",
    "flask.blueprints.Blueprint": "flask.Blueprint",
    "flask.wrappers.*": "flask",
    "flask.globals.*": "flask",
    "flask.templating.*": "flask",
    "flask.json.jsonify": "flask.jsonify",
    "flask.helpers.*": "flask",
    "werkzeug.Response": "werkzeug.wrappers.Response",
    "werkzeug.wrappers.response.Response": "werkzeug.wrappers.Response",
    "werkzeug.wrappers.BaseResponse": "werkzeug.wrappers.Response",
    "werkzeug.utils.redirect": "flask.redirect",
    "quart.app.Quart": "quart.Quart",
    "quart.wrappers.*": "quart",
    "quart.globals.*": "quart",
    "flask_restx.namespace.Namespace": "flask_restx.Namespace",
    "flask_restx.resource.Resource": "flask_restx.Resource",
    "flask_restx.marshalling.marshal": "flask_restx.marshal",
    "flask_restplus.*": "flask_restx",
    "flask_smorest.blueprint.Blueprint": "flask_smorest.Blueprint",
    "apiflask.app.APIFlask": "apiflask.APIFlask",
    "apiflask.blueprint.APIBlueprint": "apiflask.APIBlueprint",
    "apiflask.exceptions.HTTPError": "apiflask.HTTPError",
    # Django
    "django.http.response.*": "django.http",
    "django.http.request.HttpRequest": "django.http.HttpRequest",
    "django.core.handlers.asgi.ASGIRequest": "django.http.HttpRequest",
    "django.core.handlers.wsgi.WSGIRequest": "django.http.HttpRequest",
    "django.views.generic.View": "django.views.View",
    "django.views.generic.base.View": "django.views.View",
    "django.shortcuts.HttpResponse": "django.http.HttpResponse",
    "rest_framework.serializers.ValidationError": "rest_framework.exceptions.ValidationError",
    "rest_framework.views.Response": "rest_framework.response.Response",
}

LIBRARY = Library(functions=_FUNCTIONS, classes=_CLASSES, objects=_OBJECTS, aliases=_ALIASES)
