"""Django REST framework's, Django's and django-ninja's routes, over projects of several files."""

from __future__ import annotations

import pytest

from api_lint.facts import Route
from api_lint.frameworks.drf import DrfAdapter
from project import routes_of, shown_routes


def routes(files: dict[str, str]) -> list[Route]:
    return routes_of(DrfAdapter, files)


def table(files: dict[str, str]) -> list[str]:
    return shown_routes(routes(files))


API_VIEWS = (
    "from rest_framework.views import APIView\nfrom rest_framework.response import Response\n"
    "class Users(APIView):\n    def get(self, request): ...\n    def post(self, request): ...\n"
    "    def helper(self): ...\n"
    "class Loose(APIView):\n    def get(self, request): ...\n"
)


def test_api_views_through_includes_across_files() -> None:
    files = {
        "config/urls.py": (
            "from django.contrib import admin\nfrom django.urls import include, path\n"
            "urlpatterns = [path('admin/', admin.site.urls), path('api/', include('users.urls'))]\n"
        ),
        "users/urls.py": (
            "from django.urls import include, path\nfrom . import views\n"
            "urlpatterns = [path('users/', views.Users.as_view(), name='users')]\n"
        ),
        "users/views.py": API_VIEWS,
    }
    found = routes(files)
    assert [(r.framework, r.methods, r.path, r.paths, r.source, r.span.line) for r in found] == [
        ("drf", ("GET",), "users/", ("/api/users/",), "users/views.py", 3),
        ("drf", ("POST",), "users/", ("/api/users/",), "users/views.py", 3),
        ("drf", ("GET",), "", ("",), "users/views.py", 7),
    ]
    assert found[0].cls is not None
    assert found[0].cls.key == "users/views.py::Users"
    assert not found[0].declares_response


def test_inline_includes_variables_and_stars() -> None:
    files = {
        "a/more.py": "from django.urls import path\nfrom views import V\nurlpatterns = [path('more/', V.as_view())]\n",
        "a/plain.py": "from django.urls import path\nfrom views import W\npatterns = [path('w/', W.as_view())]\n",
        "urls.py": (
            "from django.urls import include, path, re_path\nfrom django.conf.urls import url\n"
            "from a.more import urlpatterns as more\nfrom a import plain\nfrom views import V, W, X\nimport a.more\n"
            "extra = [path('x/', X.as_view())]\n"
            "urlpatterns = [\n"
            "    path('v1/', include([path('v/<int:pk>/', V.as_view()), "
            "path('deep/', include([path('w/', W.as_view())]))])),\n"
            "    path('e/', include(extra)),\n"
            "    path('t/', include((extra, 'app'), namespace='t')),\n"
            "    path('p/', include(plain.patterns)),\n"
            "    path('m/', include(a.more)),\n"
            "    re_path(r'^re/(?P<slug>[-\\w]+(?:x|y)?)/$', X.as_view()),\n"
            "    url(r'^old/(?P<pk>\\d+)/', X.as_view()),\n"
            "    *more,\n"
            "]\n"
            "urlpatterns += [path('late/', X.as_view())]\n"
        ),
        "views.py": "from rest_framework.views import APIView\n"
        + "".join(f"class {c}(APIView):\n    def get(self, request): ...\n" for c in "VWX"),
    }
    assert table(files) == [
        "GET /m/more/ /more/ V.get",
        "GET /v1/v/<int:pk>/ V.get",
        "GET /p/w/ W.get",
        "GET /v1/deep/w/ W.get",
        "GET /e/x/ /t/x/ X.get",
        "GET /re/<slug>/ X.get",
        "GET /old/<pk>/ X.get",
        "GET /late/ X.get",
    ]


VIEWSET = (
    "from rest_framework import viewsets, serializers\nfrom rest_framework.decorators import action\n"
    "class UserSerializer(serializers.Serializer): ...\nclass PinSerializer(serializers.Serializer): ...\n"
    "class UserViewSet(viewsets.ModelViewSet):\n"
    "    serializer_class = UserSerializer\n    lookup_field = 'uuid'\n"
    "    def list(self, request): ...\n"
    "    def destroy(self, request, uuid): ...\n"
    "    @action(detail=True, methods=['post', 'put'], url_path='set-pin', serializer_class=PinSerializer)\n"
    "    def set_pin(self, request, uuid): ...\n"
    "    @set_pin.mapping.delete\n    def remove_pin(self, request, uuid): ...\n"
    "    @action(detail=False)\n    def recent(self, request): ...\n"
    "    def get_queryset(self): ...\n"
    "    def perform_create(self, serializer): ...\n"
)


def test_viewsets_behind_routers() -> None:
    files = {
        "urls.py": (
            "from django.urls import include, path\n"
            "from rest_framework.routers import DefaultRouter\nfrom views import UserViewSet\n"
            "router = DefaultRouter()\nrouter.register(r'users', UserViewSet, basename='user')\n"
            "urlpatterns = [path('api/', include(router.urls))]\n"
        ),
        "views.py": VIEWSET,
    }
    found = routes(files)
    assert [
        (r.methods, r.paths[0], r.handler.function.name, r.response.label, r.span.line) for r in found
    ] == [
        (("GET",), "/api/users/", "list", "list[UserSerializer]", 5),
        (("DELETE",), "/api/users/<uuid>/", "destroy", "UserSerializer", 5),
        (("POST", "PUT"), "/api/users/<uuid>/set-pin/", "set_pin", "PinSerializer", 10),
        (("DELETE",), "/api/users/<uuid>/set-pin/", "remove_pin", "UserSerializer", 12),
        (("GET",), "/api/users/recent/", "recent", "UserSerializer", 14),
    ]
    assert all(r.declares_response and r.framework == "drf" for r in found)


def test_routers_without_an_include() -> None:
    view = "from rest_framework.viewsets import ViewSet\nclass V(ViewSet):\n    def list(self, request): ...\n"
    head = "from rest_framework import routers\nfrom views import V\n"
    register = "r = routers.SimpleRouter(trailing_slash=False)\nr.register('v', V)\n"
    for tail in (
        "urlpatterns = r.urls\n",
        "urlpatterns = []\nurlpatterns += r.urls\n",
        "from django.urls import path\nurlpatterns = [path('', V)] + r.urls\n",
        "urlpatterns = [*r.urls]\n",
    ):
        assert table({"urls.py": head + register + tail, "views.py": view}) == ["GET /v V.list"]
    inline = "from django.urls import path, include\nurlpatterns = [path('api/', include([*r.urls]))]\n"
    assert table({"urls.py": head + register + inline, "views.py": view}) == ["GET /api/v V.list"]


def test_routers_in_routers_across_files() -> None:
    files = {
        "app/routers.py": (
            "from rest_framework.routers import SimpleRouter\nfrom views import V\n"
            "router = SimpleRouter()\nrouter.register('v', V)\n"
        ),
        "urls.py": (
            "from django.urls import include, path\nfrom rest_framework.routers import DefaultRouter\n"
            "from app.routers import router as app_router\n"
            "root = DefaultRouter()\nroot.registry.extend(app_router.registry)\n"
            "urlpatterns = [path('api/', include((root.urls, 'api')))]\n"
        ),
        "views.py": "from rest_framework.viewsets import ViewSet\nclass V(ViewSet):\n"
        "    def create(self, request): ...\n",
    }
    assert table(files) == ["POST /api/v/ V.create"]


def test_viewsets_with_a_map_of_actions() -> None:
    files = {
        "urls.py": (
            "from django.urls import path\nfrom views import UserViewSet\n"
            "archive = UserViewSet.as_view({'post': 'archive'})\n"
            "urlpatterns = [\n"
            "    path('users/', UserViewSet.as_view({'get': 'list', 'post': 'create'})),\n"
            "    path('users/<pk>/archive/', archive),\n"
            "]\n"
        ),
        "views.py": (
            "from base import BaseViewSet\n"
            "class UserViewSet(BaseViewSet):\n"
            "    def list(self, request): ...\n    def archive(self, request, pk): ...\n    def helper(self): ...\n"
            "    def destroy(self, request): ...\n"
        ),
        "base.py": "from rest_framework.viewsets import ModelViewSet\nclass BaseViewSet(ModelViewSet):\n"
        "    def create(self, request): ...\n    def update(self, request): ...\n",
    }
    found = routes(files)
    assert [(r.methods, r.paths, r.handler.function.qualname, r.source) for r in found] == [
        (("PUT",), ("",), "BaseViewSet.update", "base.py"),
        (("GET",), ("/users/",), "UserViewSet.list", "views.py"),
        (("POST",), ("/users/",), "BaseViewSet.create", "views.py"),
        (("POST",), ("/users/<pk>/archive/",), "UserViewSet.archive", "views.py"),
        (("DELETE",), ("",), "UserViewSet.destroy", "views.py"),
    ]


VERBS = (
    "from rest_framework import mixins, viewsets\nfrom rest_framework.decorators import action\n"
    "class Whole(viewsets.ModelViewSet):\n"
    "    def get(self, request, *args, **kwargs): ...\n"
    "    def post(self, request, *args, **kwargs): ...\n"
    "    def put(self, request, *args, **kwargs): ...\n"
    "class Listing(mixins.ListModelMixin, viewsets.GenericViewSet):\n"
    "    def get(self, request): ...\n    def post(self, request): ...\n"
    "class Own(viewsets.ViewSet):\n"
    "    def retrieve(self, request, pk): ...\n    def get(self, request): ...\n"
    "    def delete(self, request, pk): ...\n"
    "class Extra(viewsets.ViewSet):\n"
    "    def post(self, request): ...\n"
    "    @action(detail=False)\n    def recent(self, request): ...\n"
    "class Alone(viewsets.ModelViewSet):\n    def put(self, request): ...\n"
)


def test_verb_methods_of_viewsets_that_no_action_takes_over() -> None:
    urls = (
        "from rest_framework.routers import DefaultRouter\nimport views\nr = DefaultRouter()\n"
        "r.register('whole', views.Whole)\nr.register('listing', views.Listing)\n"
        "r.register('own', views.Own)\nr.register('extra', views.Extra)\nurlpatterns = r.urls\n"
    )
    assert table({"urls.py": urls, "views.py": VERBS}) == [
        "POST /whole/<pk>/ Whole.post",
        "PUT /whole/ Whole.put",
        "POST /listing/ Listing.post",
        "DELETE /own/<pk>/ Own.delete",
        "GET /own/<pk>/ Own.retrieve",
        "GET /extra/recent/ Extra.recent",
    ]


def test_verb_methods_beside_a_map_of_actions() -> None:
    urls = (
        "from django.urls import path\nimport views\n"
        "urlpatterns = [path('x/', views.Whole.as_view({'get': 'list', 'post': 'post'}))]\n"
    )
    assert table({"urls.py": urls, "views.py": VERBS})[:2] == [
        "POST /x/ Whole.post",
        "PUT /x/ Whole.put",
    ]


def test_methods_of_actions_by_position_and_by_constants() -> None:
    files = {
        "const.py": "PUT = 'PUT'\nBOTH = [PUT, 'PATCH']\n",
        "urls.py": (
            "from rest_framework.routers import DefaultRouter\nfrom views import V\n"
            "r = DefaultRouter()\nr.register('v', V)\nurlpatterns = r.urls\n"
        ),
        "views.py": (
            "import elsewhere\nfrom rest_framework.decorators import action, api_view\n"
            "from rest_framework.viewsets import ViewSet\nfrom const import BOTH, PUT\n"
            "class V(ViewSet):\n"
            "    @action(['POST'], detail=False)\n    def a(self, request): ...\n"
            "    @action(methods=[PUT, 'DELETE'], detail=False)\n    def b(self, request): ...\n"
            "    @action(methods=BOTH, detail=False)\n    def c(self, request): ...\n"
            "    @action(methods=elsewhere.SOME, detail=False)\n    def d(self, request): ...\n"
            "    @action(detail=False)\n    def e(self, request): ...\n"
            "@api_view(elsewhere.SOME)\ndef f(request): ...\n"
            "@api_view(BOTH)\ndef g(request): ...\n"
        ),
    }
    assert table(files) == [
        "POST /v/a/ V.a",
        "DELETE,PUT /v/b/ V.b",
        "PATCH,PUT /v/c/ V.c",
        "ANY /v/d/ V.d",
        "GET /v/e/ V.e",
        "ANY  f",
        "PATCH,PUT  g",
    ]


def test_a_view_that_is_constructed_first() -> None:
    source = (
        "from django.urls import path\nfrom rest_framework.views import APIView\n"
        "class V(APIView):\n    def get(self, request): ...\n"
        "urlpatterns = [path('v/', V().as_view())]\n"
    )
    assert table({"urls.py": source}) == ["GET /v/ V.get"]


def test_generics() -> None:
    source = (
        "from rest_framework import generics, mixins\nfrom django.urls import path\n"
        "from drf_spectacular.utils import extend_schema\nfrom ser import ItemSerializer\n"
        "class Items(generics.ListCreateAPIView):\n"
        "    def create(self, request): ...\n    def perform_create(self, serializer): ...\n"
        "    def get_queryset(self): ...\n    def get_serializer_class(self):\n        return ItemSerializer\n"
        "class Item(mixins.RetrieveModelMixin, generics.GenericAPIView):\n"
        "    @extend_schema(responses={200: ItemSerializer(many=True)})\n"
        "    def get(self, request, pk):\n        return self.retrieve(request, pk)\n"
        "    def retrieve(self, request, pk): ...\n"
        "urlpatterns = [path('items/', Items.as_view()), path('items/<pk>/', Item.as_view())]\n"
    )
    serializers = (
        "from rest_framework import serializers\nclass ItemSerializer(serializers.Serializer): ...\n"
    )
    found = routes({"views.py": source, "ser.py": serializers})
    assert [
        (r.methods, r.paths[0], r.handler.function.name, r.response.label, r.declares_response)
        for r in found
    ] == [
        (("POST",), "/items/", "create", "ItemSerializer", True),
        (("GET",), "/items/<pk>/", "get", "list[ItemSerializer]", True),
    ]


def test_api_view_functions() -> None:
    files = {
        "urls.py": (
            "from django.urls import path\nimport views\n"
            "urlpatterns = [path('a/', views.both), path('b/<int:pk>', views.both)]\n"
        ),
        "views.py": (
            "from rest_framework.decorators import api_view, permission_classes\n"
            "from rest_framework import decorators\n"
            "@api_view(['POST', 'GET'])\n@permission_classes([])\ndef both(request, pk=None): ...\n"
            "@decorators.api_view()\ndef bare(request): ...\n"
        ),
    }
    found = routes(files)
    assert [
        (r.framework, r.methods, r.paths, r.handler.function.name, r.source, r.span.line) for r in found
    ] == [
        ("drf", ("GET", "POST"), ("/a/",), "both", "views.py", 3),
        ("drf", ("GET", "POST"), ("/b/<int:pk>",), "both", "views.py", 3),
        ("drf", ("GET",), ("",), "bare", "views.py", 6),
    ]


def test_django_views() -> None:
    files = {
        "urls.py": (
            "from django.urls import path\nfrom django.views.decorators.csrf import csrf_exempt\n"
            "from django.views.decorators.cache import cache_page\nimport views\n"
            "urlpatterns = [\n    path('', views.index),\n    path('post/', csrf_exempt(views.post_only)),\n"
            "    path('page/', cache_page(60)(views.Page.as_view())),\n    path('ext/', views.External.as_view()),\n]\n"
        ),
        "views.py": (
            "from django.views import View\nfrom django.views.generic import TemplateView\n"
            "from django.views.decorators.http import require_http_methods\nfrom elsewhere import External\n"
            "def index(request): ...\n"
            "@require_http_methods(['POST'])\nasync def post_only(request): ...\n"
            "class Page(TemplateView):\n    def get(self, request): ...\n"
            "class Other(View):\n    async def post(self, request): ...\n"
        ),
    }
    found = routes(files)
    assert [
        (r.framework, r.methods, r.paths, r.handler.function.name, r.source, r.span.line, r.is_async)
        for r in found
    ] == [
        ("django", ("ANY",), ("/",), "index", "urls.py", 6, False),
        ("django", ("POST",), ("/post/",), "post_only", "urls.py", 7, True),
        ("django", ("GET",), ("/page/",), "get", "views.py", 8, False),
        ("django", ("POST",), ("",), "post", "views.py", 10, True),
    ]


def test_views_with_project_bases_and_mixins() -> None:
    files = {
        "a_urls.py": (
            "from django.urls import path\nfrom views import One, Two\n"
            "urlpatterns = [path('one', One.as_view()), path('two', Two.as_view())]\n"
        ),
        "base.py": (
            "from rest_framework.views import APIView\n"
            "class ListMixin:\n    def get(self, request): ...\n"
            "class Base(APIView):\n    def post(self, request): ...\n    def put(self, request): ...\n"
        ),
        "views.py": "from base import Base, ListMixin\nclass One(ListMixin, Base): ...\n"
        "class Two(Base):\n    def put(self, request): ...\n",
    }
    assert table(files) == [
        "GET /one ListMixin.get",
        "POST /one Base.post",
        "PUT /one Base.put",
        "POST /two Base.post",
        "PUT /two Two.put",
    ]


def test_ninja() -> None:
    files = {
        "events/api.py": (
            "from ninja import Router, Schema\nrouter = Router()\nclass Event(Schema): ...\n"
            "@router.get('/', response=list[Event])\ndef events(request): ...\n"
        ),
        "urls.py": (
            "from django.urls import path\nfrom ninja import NinjaAPI\nfrom events.api import router\n"
            "api = NinjaAPI()\napi.add_router('/events/', router)\n"
            "@api.post('/add')\ndef add(request): ...\n"
            "urlpatterns = [path('api/', api.urls)]\n"
        ),
    }
    found = routes(files)
    assert [(r.methods, r.paths, r.response.label, r.declares_response) for r in found] == [
        (("GET",), ("/api/events/",), "list[Event]", True),
        (("POST",), ("/api/add",), "unknown", False),
    ]


def test_nothing_else_is_a_route() -> None:
    source = (
        "import django, requests\nfrom unittest import mock\nfrom pathlib import Path as path\n"
        "from flask_openapi3 import APIView\n"
        "from django.contrib import admin\nfrom discord.ui import View\n"
        "from rest_framework.serializers import Serializer\n"
        "@mock.patch('/x')\ndef a(): ...\n"
        "@requests.get('/x')\ndef b(): ...\n"
        "class Plain:\n    def get(self, request): ...\n"
        "class Store(dict):\n    def get(self, key): ...\n"
        "class Button(View):\n    def get(self): ...\n"
        "class Ser(Serializer):\n    def create(self, data): ...\n    def update(self, instance, data): ...\n"
        "class Admin(admin.ModelAdmin):\n    def get(self, request): ...\n"
        "admin.site.register('x', Admin)\n"
        "def api_view(methods): return lambda f: f\n@api_view(['GET'])\ndef c(request): ...\n"
        "def test_it(client):\n    client.get('/x')\n"
        "urlpatterns = [path('x', Plain)]\n"
    )
    assert table({"a.py": source}) == []


def test_a_project_without_django_has_none() -> None:
    view = "class A(APIView):\n    def get(self, request): ...\n"
    assert table({"a.py": f"from b import APIView\n{view}"}) == []
    assert table({"a.py": f"from b import *\n{view}"}) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A(APIView):\n    def get(self, request): ...\n", "GET  A.get"),
        ("class A(viewsets.ModelViewSet):\n    def list(self, request): ...\n", "GET  A.list"),
        ("@api_view(['POST'])\ndef a(request): ...\n", "POST  a"),
    ],
)
def test_snippets_that_import_nothing(source: str, expected: str) -> None:
    assert table({"a.py": source}) == [expected]
