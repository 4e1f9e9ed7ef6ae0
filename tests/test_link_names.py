"""What a name means across files: imports of every form, re-exports, roots, shadowing."""

from __future__ import annotations

import pytest

from project import api, revealed

SERVICE = "class Service: ...\ndef make(): ...\n"
USER = "type[app/models/user.py::User]"


@pytest.mark.parametrize(
    ("line", "used"),
    [
        ("import app.services", "app.services.Service"),
        ("import app.services as s", "s.Service"),
        ("from app import services", "services.Service"),
        ("from app import services as s", "s.Service"),
        ("from app.services import Service", "Service"),
        ("from app.services import Service as S", "S"),
        ("from .services import Service", "Service"),
        ("from . import services", "services.Service"),
        ("from . import services as s", "s.Service"),
        ("from .services import *", "Service"),
        ("from app.services import *", "Service"),
        ("import app.other, app.services", "app.services.Service"),
        ("import app", "app.services.Service"),
    ],
)
def test_every_form_of_import(line: str, used: str) -> None:
    files = {
        "app/__init__.py": "",
        "app/services.py": SERVICE,
        "app/other.py": "",
        "app/main.py": f"{line}\nreveal({used})\n",
    }
    assert revealed(files) == ["type[app/services.py::Service]"]


@pytest.mark.parametrize(
    ("line", "used"),
    [
        ("from ...models.user import User", "User"),
        ("from ...models import user", "user.User"),
        ("from ... import models", "models.user.User"),
        ("from ...models import user as u", "u.User"),
        ("from ..deps import User", "User"),
        ("from .. import deps", "deps.User"),
        ("from .near import User", "User"),
        ("from . import near as n", "n.User"),
    ],
)
def test_relative_imports_of_every_level(line: str, used: str) -> None:
    files = {
        "app/__init__.py": "",
        "app/models/__init__.py": "",
        "app/models/user.py": "class User: ...\n",
        "app/api/__init__.py": "",
        "app/api/deps.py": "from ..models.user import User\n",
        "app/api/v1/__init__.py": "",
        "app/api/v1/near.py": "from ...models.user import User\n",
        "app/api/v1/users.py": f"{line}\nreveal({used})\n",
    }
    assert revealed(files) == [USER]


def test_a_relative_import_beyond_the_root_is_out_of_sight() -> None:
    assert revealed(
        {"app/a.py": "from ....x import User\nreveal(User)\n", "x.py": "class User: ...\n"}
    ) == ["external ....x.User"]


@pytest.mark.parametrize(
    ("package", "models", "used"),
    [
        ("from .models import User", "from .user import User", "User"),
        ("from .models import User as Account", "from .user import User", "Account"),
        ("from .models import *", "from .user import User", "User"),
        ("from .models import *", "from .user import *", "User"),
        ("from .models import *", "from .user import *\n__all__ = ['User']", "User"),
        ("from .models import *", "from .user import User as Account\n__all__ = ['Account']", "Account"),
        ("from app.models import User", "from app.models.user import User", "User"),
        ("from . import models\nUser = models.User", "from .user import User", "User"),
    ],
)
def test_re_exports_through_packages(package: str, models: str, used: str) -> None:
    files = {
        "app/__init__.py": package + "\n",
        "app/models/__init__.py": models + "\n",
        "app/models/user.py": "class User: ...\n",
        "main.py": f"from app import {used}\nreveal({used})\n",
    }
    assert revealed(files) == [USER]


def test_a_star_import_brings_what_all_lists_and_no_more() -> None:
    files = {
        "a.py": "__all__ = ['One']\nclass One: ...\nclass Two: ...\n",
        "b.py": "class Three: ...\nclass _Four: ...\n",
        "main.py": "from a import *\nfrom b import *\n"
        "reveal(One)\nreveal(Two)\nreveal(Three)\nreveal(_Four)\nreveal(Five)\n",
    }
    assert revealed(files) == ["type[a.py::One]", "?", "type[b.py::Three]", "?", "?"]


def test_all_that_grows_still_exports() -> None:
    files = {
        "p/__init__.py": "from .a import *\n",
        "p/a.py": "__all__ = ['One']\n__all__ += ['Two']\nclass One: ...\nclass Two: ...\n",
        "main.py": "from p import One, Two\nreveal(One)\nreveal(Two)\n",
    }
    assert revealed(files) == ["type[p/a.py::One]", "type[p/a.py::Two]"]


def test_all_that_is_computed_hides_nothing() -> None:
    files = {
        "p/__init__.py": "from .a import *\n__all__ = a.__all__\n",
        "p/a.py": "__all__ = ['One']\nclass One: ...\n",
        "main.py": "from p import *\nreveal(One)\n",
    }
    assert revealed(files) == ["type[p/a.py::One]"]


def test_the_later_star_import_wins() -> None:
    files = {
        "a.py": "class X: ...\n",
        "b.py": "class X: ...\n",
        "main.py": "from a import *\nfrom b import *\nreveal(X)\n",
    }
    assert revealed(files) == ["type[b.py::X]"]


@pytest.mark.parametrize("importer", ["src/shop/main.py", "tests_of/test_x.py", "scripts/run.py"])
def test_src_layout(importer: str) -> None:
    files = {
        importer: "from shop.models import User\nreveal(User)\n",
        "src/shop/__init__.py": "",
        "src/shop/models.py": "class User: ...\n",
    }
    assert revealed(files) == ["type[src/shop/models.py::User]"]


def test_several_roots_in_one_repository() -> None:
    """Two services with a package of the same name: each sees its own."""
    shared = {
        "services/orders/app/__init__.py": "",
        "services/orders/app/models.py": "class Order: ...\n",
        "services/users/app/__init__.py": "",
        "services/users/app/models.py": "class User: ...\n",
    }
    main = "from app import models\nfrom app.models import Order as O, User as U\nreveal(O)\nreveal(U)\n"
    orders = {"services/orders/main.py": main, **shared}
    users = {"services/users/main.py": main, **shared}
    assert revealed(orders) == ["type[services/orders/app/models.py::Order]", "?"]
    assert revealed(users) == ["?", "type[services/users/app/models.py::User]"]


def test_a_package_in_another_root_if_there_is_just_one() -> None:
    library = {"libs/core/core/__init__.py": "", "libs/core/core/db.py": "class Db: ...\n"}
    main = {"services/api/main.py": "from core.db import Db\nreveal(Db)\n"}
    assert revealed({**main, **library}) == ["type[libs/core/core/db.py::Db]"]
    twin = {"libs/old/core/__init__.py": "", "libs/old/core/db.py": "class Db: ...\n"}
    assert revealed({**main, **library, **twin}) == ["external core.db.Db"]


def test_a_name_without_a_dot_in_another_root_is_a_package_of_which_there_is_just_one() -> None:
    main = {"examples/main.py": "from shelf import Db\nreveal(Db)\n"}
    library = {"core/shelf/__init__.py": "from .db import Db\n", "core/shelf/db.py": "class Db: ...\n"}
    assert revealed({**main, **library}) == ["type[core/shelf/db.py::Db]"]
    for twin in ("old/shelf/__init__.py", "old/shelf.py", "core/shelf/inner/shelf.py"):
        assert revealed({**main, **library, twin: ""}) == ["external shelf.Db"]
    assert revealed({**main, **library, "core/__init__.py": ""}) == ["external shelf.Db"]
    assert revealed({**main, "core/shelf.py": "class Db: ...\n"}) == ["external shelf.Db"]


def test_a_package_in_another_root_does_not_stand_in_for_a_library() -> None:
    files = {
        "examples/main.py": "from redis import Redis\nreveal(Redis)\n",
        "core/redis/__init__.py": "class Redis: ...\n",
    }
    assert revealed(files) == ["type[redis.Redis]"]


def test_configured_source_roots() -> None:
    files = {"x/main.py": "from core import Db\nreveal(Db)\n", "python/lib/core.py": "class Db: ...\n"}
    assert revealed(files) == ["external core.Db"]
    assert revealed(files, ["python/lib"]) == ["type[python/lib/core.py::Db]"]


def test_namespace_packages() -> None:
    files = {
        "main.py": "from app.db.models import User\nimport app.db.models as m\nreveal(User)\nreveal(m.User)\n",
        "app/db/models.py": "class User: ...\n",
    }
    assert revealed(files) == ["type[app/db/models.py::User]"] * 2


def test_imports_inside_functions() -> None:
    files = {
        "main.py": """
            def one():
                from app.services import Service
                reveal(Service)
                def inner():
                    reveal(Service)
            def two():
                import app.services as s
                reveal(s.Service)
            def three():
                import app.services
                reveal(app.services.Service)
            def four():
                reveal(Service)
            """,
        "app/__init__.py": "",
        "app/services.py": SERVICE,
    }
    service = "type[app/services.py::Service]"
    assert revealed(files) == [service, service, service, service, "?"]


def test_imports_for_type_checking() -> None:
    files = {
        "main.py": """
            from __future__ import annotations
            import typing
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from app.services import Service
            if typing.TYPE_CHECKING:
                from app.services import Service as Other
            def run(service: Service, other: "Other"):
                reveal(service)
                reveal(other)
            """,
        "app/services.py": SERVICE,
    }
    assert revealed(files) == ["app/services.py::Service"] * 2


def test_optional_imports() -> None:
    files = {
        "main.py": """
            try:
                import requests
            except ImportError:
                requests = None
            reveal(requests.get)
            """
    }
    assert revealed(files) == ["def requests.get"]


def test_a_fallback_import_of_the_project() -> None:
    files = {
        "app/main.py": """
            try:
                from .services import Service
            except ImportError:
                from services import Service
            reveal(Service)
            """,
        "app/services.py": SERVICE,
    }
    assert revealed(files) == ["type[app/services.py::Service]"]


SHADOWED = """
    import time
    from app.services import Service

    def parameter(Service, time):
        reveal(Service)
        reveal(time.sleep)

    def local():
        Service = load()
        reveal(Service)

    def loop():
        for Service in load():
            reveal(Service)

    def context():
        with load() as time:
            reveal(time.sleep)

    def caught():
        try:
            ...
        except ValueError as time:
            reveal(time.sleep)

    def later():
        reveal(time.sleep)
        time = load()

    def comprehension():
        return [reveal(Service) for Service in load()]

    def generator():
        return any(reveal(time.sleep) for time in load())

    def anonymous():
        return lambda time: reveal(time.sleep)

    def star(*time, **Service):
        reveal(time.sleep)
        reveal(Service)

    def matched(x):
        match x:
            case {"a": time}:
                reveal(time.sleep)
            case [*Service]:
                reveal(Service)

    def nested():
        def time(): ...
        reveal(time.sleep)

    def deleted():
        del Service
        reveal(Service)

    def walrus():
        if (Service := load()):
            reveal(Service)
    """


def test_shadowed_names_are_not_the_module_s() -> None:
    found = revealed({"main.py": SHADOWED, "app/services.py": SERVICE})
    assert not [text for text in found if "services" in text or "time" in text], found
    assert len(found) == 17


def test_what_shadows_elsewhere_does_not_shadow_here() -> None:
    files = {
        "main.py": """
            import time
            def other(time): ...
            class Holder:
                time = None
                def method(self):
                    reveal(time.sleep)
            def here():
                [time for time in ()]
                reveal(time.sleep)
            def lambdas():
                f = lambda time: time
                reveal(time.sleep)
            """
    }
    assert revealed(files) == ["def time.sleep"] * 3


def test_a_comprehension_s_variable_does_not_leak() -> None:
    files = {
        "main.py": """
            from app import Service
            def names(x: Service):
                out = [x for x in ()]
                reveal(x)
            """,
        "app.py": SERVICE,
    }
    assert revealed(files) == ["app.py::Service"]


def test_global_names() -> None:
    files = {
        "main.py": """
            from app import Service
            service = None
            def start():
                global service
                service = Service()
            def use():
                reveal(service)
            """,
        "app.py": SERVICE,
    }
    assert revealed(files) == ["app.py::Service"]


def test_a_local_module_named_like_a_library() -> None:
    files = {
        "app/__init__.py": "",
        "app/openai.py": "class OpenAI: ...\n",
        "app/main.py": """
            from .openai import OpenAI as Near
            from app import openai
            import openai as far
            from openai import OpenAI as Far
            reveal(Near)
            reveal(openai.OpenAI)
            reveal(far.OpenAI)
            reveal(Far)
            """,
    }
    assert revealed(files) == ["type[app/openai.py::OpenAI]"] * 2 + ["type[openai.OpenAI]"] * 2


def test_a_local_module_beside_a_script_hides_the_library() -> None:
    files = {
        "openai.py": "class OpenAI: ...\n",
        "main.py": "from openai import OpenAI\nreveal(OpenAI)\n",
    }
    assert revealed(files) == ["type[openai.py::OpenAI]"]


def test_a_module_does_not_import_itself() -> None:
    """A script called `openai.py` that imports openai means the library."""
    assert revealed({"openai.py": "from openai import OpenAI\nreveal(OpenAI)\n"}) == [
        "type[openai.OpenAI]"
    ]


def test_a_class_that_calls_itself_like_a_library_s() -> None:
    files = {
        "main.py": "from clients import OpenAI\nreveal(OpenAI)\nreveal(OpenAI())\n",
        "clients.py": "class OpenAI: ...\n",
    }
    assert revealed(files) == ["type[clients.py::OpenAI]", "clients.py::OpenAI"]


def test_a_re_export_that_is_no_client() -> None:
    files = {
        "main.py": "from anthropic import BaseModel\nreveal(BaseModel)\nreveal(BaseModel().messages.create())\n"
    }
    found = revealed(files)
    assert "anthropic.Anthropic" not in found[0] and found[1] == "?"


@pytest.mark.parametrize("name", ["logging", "json", "types", "email"])
def test_standard_library_names(name: str) -> None:
    """An absolute import of a standard name from inside a package is the standard library's."""
    files = {
        "app/__init__.py": "",
        f"app/{name}.py": "class Thing: ...\n",
        "app/main.py": f"import {name}\nfrom . import {name} as own\nreveal({name}.Thing)\nreveal(own.Thing)\n",
    }
    assert revealed(files) == [f"external {name}.Thing", f"type[app/{name}.py::Thing]"]


def test_a_top_level_module_may_hide_a_standard_one() -> None:
    """`secrets.py` beside the script is found before the standard library's, but it can break so much that nobody means it:
    what it is stays with the standard library, whose names are then not the project's."""
    found = revealed(
        {"secrets.py": "class Thing: ...\n", "main.py": "import secrets\nreveal(secrets.Thing)\n"}
    )
    assert found == ["external secrets.Thing"]


def test_a_package_with_a_name_of_the_standard_library() -> None:
    """`calendar` is a module there, so nothing below it can be meant; `email` is a package."""
    files = {
        "main.py": (
            "from calendar.models import Day\nfrom email.models import Mail\nreveal(Day)\nreveal(Mail)\n"
        ),
        "calendar/__init__.py": "",
        "calendar/models.py": "class Day: ...\n",
        "email/__init__.py": "",
        "email/models.py": "class Mail: ...\n",
    }
    assert revealed(files) == ["type[calendar/models.py::Day]", "external email.models.Mail"]


def test_circular_imports_end() -> None:
    files = {
        "main.py": "from a import X, Y, Z\nreveal(X)\nreveal(Y)\nreveal(Z)\n",
        "a.py": "from b import X, Y\nfrom b import Z\n",
        "b.py": "from a import *\nfrom a import Y\nclass X: ...\nfrom c import Z\n",
        "c.py": "from a import Z\n",
    }
    assert revealed(files) == ["type[b.py::X]", "?", "?"]


def test_circular_star_imports_end() -> None:
    files = {
        "main.py": "from a import *\nreveal(X)\nreveal(Y)\n",
        "a.py": "from b import *\nclass X: ...\n",
        "b.py": "from a import *\nclass Y: ...\n",
    }
    assert revealed(files) == ["type[a.py::X]", "type[b.py::Y]"]


def test_circular_assignments_end() -> None:
    files = {"main.py": "from b import x\ny = x\nreveal(y)\n", "b.py": "from main import y\nx = y\n"}
    assert revealed(files) == ["?"]


def test_a_name_defined_twice_is_the_last_one() -> None:
    files = {
        "main.py": "from a import X\nreveal(X)\nreveal(X())\n",
        "a.py": "class X:\n    a = 1\nclass X:\n    b = 2\n",
    }
    linked = api(files)
    assert revealed(files) == ["type[a.py::X]", "a.py::X"]
    module = linked.module("a.py")
    assert module is not None and module.classes["X"].fields[0].name == "b"


def test_what_is_not_there_is_unknown() -> None:
    files = {
        "main.py": """
            from app.services import Missing
            from app.nowhere import Thing
            from .gone import Other
            reveal(Missing)
            reveal(Thing())
            reveal(Other)
            reveal(never_bound)
            reveal(Missing.attribute.deep())
            """,
        "app/__init__.py": "",
        "app/services.py": SERVICE,
    }
    found = revealed(files)
    assert [text for text in found if "::" in text] == []
    assert (found[0], found[2], found[3], found[4]) == ("?", "external .gone.Other", "?", "?")


def test_a_file_that_cannot_be_read_is_unknown() -> None:
    linked_files = {"main.py": "from broken import X\nreveal(X)\n"}
    from api_lint import Api
    from api_lint.index import index

    facts = {"main.py": index(linked_files["main.py"].encode(), "main.py")}
    linked = Api(["main.py", "broken.py"], facts.get, scanned=["main.py"])
    module = linked.module("main.py")
    assert module is not None
    site = module.facts.body.calls[0]
    assert not linked.value(site.call.args[0], linked.scope("main.py", None, site.span.line))


def test_attributes_of_packages_that_are_submodules() -> None:
    files = {
        "main.py": "import app.api.users\nimport app.db as db\nreveal(app.api.users.User)\nreveal(db.session.Db)\n",
        "app/__init__.py": "",
        "app/api/__init__.py": "",
        "app/api/users.py": "class User: ...\n",
        "app/db/__init__.py": "",
        "app/db/session.py": "class Db: ...\n",
    }
    assert revealed(files) == ["type[app/api/users.py::User]", "type[app/db/session.py::Db]"]


def test_stub_beside_module_names() -> None:
    """`from app import users` is the name in `__init__` where it has one, else the submodule."""
    files = {
        "main.py": "from app import users, items\nreveal(users)\nreveal(items.Item)\n",
        "app/__init__.py": "class users: ...\n",
        "app/users.py": "class User: ...\n",
        "app/items.py": "class Item: ...\n",
    }
    assert revealed(files) == ["type[app/__init__.py::users]", "type[app/items.py::Item]"]


@pytest.mark.parametrize("package", ["", "app/"], ids=["repository", "folder"])
def test_an_application_started_inside_of_a_package(package: str) -> None:
    files = {
        f"{package}__init__.py": "",
        f"{package}database.py": "class Base: ...\n",
        f"{package}server/__init__.py": "",
        f"{package}server/models/__init__.py": "",
        f"{package}server/models/user.py": "from database import Base\nclass User(Base): ...\n",
        f"{package}server/routes/__init__.py": "",
        f"{package}server/routes/user.py": """
            from server.models.user import User
            from database import Base
            reveal(User)
            reveal(Base)
            """,
    }
    assert revealed(files) == [
        f"type[{package}server/models/user.py::User]",
        f"type[{package}database.py::Base]",
    ]


def test_a_file_of_a_package_does_not_stand_in_for_a_library() -> None:
    files = {
        "app/__init__.py": "",
        "app/redis.py": "class Redis: ...\n",
        "app/cache.py": "from redis import Redis\nreveal(Redis)\n",
    }
    assert revealed(files) == ["type[redis.Redis]"]


def test_a_package_that_binds_its_modules_classes_at_run_time() -> None:
    files = {
        "models/__init__.py": """
            import importlib, inspect, pkgutil
            for info in pkgutil.iter_modules(__path__):
                for name, found in inspect.getmembers(importlib.import_module(f"{__name__}.{info.name}")):
                    globals()[name] = found
            """,
        "models/user.py": "class User: ...\nclass Meta: ...\n",
        "models/item.py": "class Item: ...\nclass Meta: ...\n",
        "main.py": "from models import Item, Meta, Nothing\nreveal(Item)\nreveal(Meta)\nreveal(Nothing)\n",
    }
    assert revealed(files) == ["type[models/item.py::Item]", "?", "?"]
