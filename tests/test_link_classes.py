"""What classes are: models and schemas of every library, through bases in other files."""

from __future__ import annotations

import pytest

from api_lint import Value
from project import api, revealed


def roles(files: dict[str, str]) -> dict[str, str]:
    """The role of every class of a project, by name; classes without one are left out."""
    linked = api(files)
    found = {}
    for path in files:
        module = linked.module(path)
        assert module is not None
        for cls in module.facts.classes:
            role = linked.role(Value("instance", f"{path}::{cls.qualname}"))
            if role:
                found[cls.qualname] = role
    return found


MODELS = {
    "sqlalchemy classic": (
        "from sqlalchemy.ext.declarative import declarative_base\nBase = declarative_base()",
        "Base",
    ),
    "sqlalchemy 1.4": ("from sqlalchemy.orm import declarative_base\nBase = declarative_base()", "Base"),
    "sqlalchemy by module": ("import sqlalchemy.orm as orm\nBase = orm.declarative_base()", "Base"),
    "registry": (
        "from sqlalchemy.orm import registry\nreg = registry()\nBase = reg.generate_base()",
        "Base",
    ),
    "automap": ("from sqlalchemy.ext.automap import automap_base\nBase = automap_base()", "Base"),
    "declarative class": (
        "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...",
        "Base",
    ),
    "dataclass mapping": (
        "from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass\nclass Base(MappedAsDataclass, DeclarativeBase): ...",
        "Base",
    ),
    "async attributes": (
        "from sqlalchemy.ext.asyncio import AsyncAttrs\nfrom sqlalchemy.orm import DeclarativeBase\n"
        "class Base(AsyncAttrs, DeclarativeBase): ...",
        "Base",
    ),
    "annotated with its metaclass": (
        "from sqlalchemy.ext.declarative import DeclarativeMeta, declarative_base\nBase: DeclarativeMeta = declarative_base()",
        "Base",
    ),
    "annotated with flask's metaclass": (
        "from flask_sqlalchemy import SQLAlchemy\nfrom flask_sqlalchemy.model import DefaultMeta\ndb = SQLAlchemy()\n"
        "Base: DefaultMeta = db.Model",
        "Base",
    ),
    "annotated with an own metaclass": (
        "from sqlalchemy.orm import DeclarativeMeta, declarative_base\nclass Meta(DeclarativeMeta): ...\n"
        "Base: Meta = declarative_base(metaclass=Meta)",
        "Base",
    ),
    "annotated as a class": (
        "from sqlalchemy.orm import declarative_base\nBase: type = declarative_base()",
        "Base",
    ),
    "annotated as any class": (
        "from typing import Any\nfrom sqlalchemy.orm import declarative_base\nBase: type[Any] = declarative_base()",
        "Base",
    ),
    "as_declarative": (
        "from sqlalchemy.ext.declarative import as_declarative\n@as_declarative()\nclass Base: ...",
        "Base",
    ),
    "as_declarative of orm": (
        "from sqlalchemy.orm import as_declarative\n@as_declarative()\nclass Base: ...",
        "Base",
    ),
    "declarative with cls": (
        "from sqlalchemy.orm import declarative_base\nclass Custom: ...\nBase = declarative_base(cls=Custom)",
        "Base",
    ),
    "flask": ("from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()", "db.Model"),
    "flask aliased": (
        "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nModel = db.Model",
        "Model",
    ),
    "django": ("from django.db import models", "models.Model"),
    "django direct": ("from django.db.models import Model", "Model"),
    "django user": ("from django.contrib.auth.models import AbstractUser", "AbstractUser"),
    "tortoise": ("from tortoise.models import Model", "Model"),
    "tortoise package": ("from tortoise import models", "models.Model"),
    "peewee": ("import peewee\nclass Base(peewee.Model): ...", "Base"),
    "peewee star": ("from peewee import *\nclass Base(Model): ...", "Base"),
}
DOCUMENTS = {
    "beanie": ("from beanie import Document", "Document"),
    "odmantic": ("from odmantic import Model", "Model"),
}


@pytest.mark.parametrize(("setup", "base"), MODELS.values(), ids=MODELS)
def test_models_over_three_files(setup: str, base: str) -> None:
    first = base.partition(".")[0]
    files = {
        "app/__init__.py": "",
        "app/db/__init__.py": f"from .base import {first}\n",
        "app/db/base.py": f"{setup}\n",
        "app/mixins.py": f"from app.db import {first}\nclass Common({base}):\n    __abstract__ = True\nclass Stamp: ...\n",
        "app/models.py": f"from app.db import {first}\nfrom app import mixins\n"
        f"class User({base}): ...\nclass Item(mixins.Stamp, mixins.Common): ...\nclass Plain(mixins.Stamp): ...\n",
    }
    found = roles(files)
    assert (found.get("User"), found.get("Item"), found.get("Plain")) == ("model", "model", None)


@pytest.mark.parametrize(("setup", "base"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents(setup: str, base: str) -> None:
    files = {"db.py": setup + "\n", "models.py": f"from db import {base}\nclass User({base}): ...\n"}
    assert roles(files) == {"User": "document"}


def test_classes_mapped_by_a_registry() -> None:
    files = {
        "db.py": "from sqlalchemy.orm import registry\nreg = registry()\n",
        "models.py": "from db import reg\n@reg.mapped\nclass User:\n    __tablename__ = 'users'\n"
        "@reg.mapped_as_dataclass\nclass Item:\n    __tablename__ = 'items'\n",
    }
    assert roles(files) == {"User": "model", "Item": "model"}


def test_sqlmodel_with_and_without_table() -> None:
    files = {
        "base.py": "from sqlmodel import SQLModel\nclass UserBase(SQLModel):\n    name: str\n",
        "models.py": "from base import UserBase\nimport sqlmodel\n"
        "class User(UserBase, table=True):\n    id: int\n"
        "class UserPublic(UserBase):\n    id: int\n"
        "class Plain(sqlmodel.SQLModel): ...\n"
        "class Off(sqlmodel.SQLModel, table=False): ...\n"
        "class Read(User): ...\n",
    }
    found = roles(files)
    assert {k: found[k] for k in ("UserBase", "User", "UserPublic", "Plain", "Off")} == {
        "UserBase": "schema", "User": "model", "UserPublic": "schema", "Plain": "schema", "Off": "schema",
    }  # fmt: skip


def test_mapped_columns_are_what_they_map() -> None:
    files = {
        "use.py": """
            from models import User
            def f(user: User):
                reveal(user.name)
                reveal(user.items)
                reveal(user.items[0])
                reveal(user.parent)
                for item in user.items:
                    reveal(item.owner)
            """,
        "models.py": """
            from __future__ import annotations
            from typing import List, Optional
            from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
            class Base(DeclarativeBase): ...
            class Item(Base):
                owner: Mapped["User"] = relationship()
            class User(Base):
                name: Mapped[str] = mapped_column()
                items: Mapped[List["Item"]] = relationship(back_populates="owner")
                parent: Mapped[Optional["User"]] = relationship()
            """,
    }
    item = "models.py::Item"
    assert revealed(files) == [
        "builtins.str",
        f"list[{item}]",
        item,
        "models.py::User",
        "models.py::User",
    ]


SCHEMAS = {
    "pydantic": "from pydantic import BaseModel\nclass Base(BaseModel): ...",
    "pydantic by module": "import pydantic\nclass Base(pydantic.BaseModel): ...",
    "pydantic v1 package": "from pydantic.v1 import BaseModel\nclass Base(BaseModel): ...",
    "pydantic main": "from pydantic.main import BaseModel\nclass Base(BaseModel): ...",
    "pydantic generic v1": "from pydantic.generics import GenericModel\nclass Base(GenericModel): ...",
    "pydantic root": "from pydantic import RootModel\nclass Base(RootModel[list[int]]): ...",
    "marshmallow": "from marshmallow import Schema\nclass Base(Schema): ...",
    "flask-marshmallow": "from flask_marshmallow import Marshmallow\nma = Marshmallow()\nclass Base(ma.Schema): ...",
    "marshmallow auto": "from marshmallow_sqlalchemy import SQLAlchemyAutoSchema\nclass Base(SQLAlchemyAutoSchema): ...",
    "msgspec": "import msgspec\nclass Base(msgspec.Struct): ...",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass Base: ...",
    "dataclass called": "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass Base: ...",
    "pydantic dataclass": "from pydantic.dataclasses import dataclass\n@dataclass\nclass Base: ...",
    "attrs": "import attrs\n@attrs.define\nclass Base: ...",
}


@pytest.mark.parametrize("source", SCHEMAS.values(), ids=SCHEMAS)
def test_schemas_over_three_files(source: str) -> None:
    files = {
        "app/base.py": source + "\n",
        "app/schemas/__init__.py": "from .user import *\n",
        "app/schemas/user.py": "from app.base import Base\nclass UserRead(Base): ...\n",
        "app/more.py": "from app import schemas\nclass Detail(schemas.UserRead): ...\n",
    }
    found = roles(files)
    assert (found.get("UserRead"), found.get("Detail")) == ("schema", "schema")


def test_serializers() -> None:
    files = {
        "base.py": "from rest_framework import serializers\nclass Base(serializers.ModelSerializer): ...\n",
        "more.py": "from base import Base\nclass User(Base):\n    class Meta:\n        fields = '__all__'\n",
    }
    assert roles(files) == {"Base": "serializer", "User": "serializer"}


def test_generic_schemas() -> None:
    files = {
        "use.py": """
            from schemas import Page, UserRead
            def f(page: Page[UserRead], pages: "list[Page[UserRead]]"):
                reveal(page)
                reveal(page.items)
                reveal(page.first)
                reveal(pages[0].items)
            """,
        "schemas.py": """
            from typing import Generic, List, Optional, TypeVar
            from pydantic import BaseModel
            T = TypeVar("T")
            class UserRead(BaseModel): ...
            class Page(BaseModel, Generic[T]):
                items: List[T]
                first: Optional[T] = None
            """,
    }
    read = "schemas.py::UserRead"
    assert revealed(files) == [f"schemas.py::Page[{read}]", f"list[{read}]", read, f"list[{read}]"]
    assert roles(files) == {"UserRead": "schema", "Page": "schema"}


def test_generic_schemas_in_the_new_syntax() -> None:
    files = {
        "use.py": "from schemas import Page, User\ndef f(page: Page[User]):\n    reveal(page.items)\n",
        "schemas.py": "from pydantic import BaseModel\nclass User(BaseModel): ...\n"
        "class Page[T](BaseModel):\n    items: list[T]\n",
    }
    assert revealed(files) == ["list[schemas.py::User]"]


def test_bases_are_named_through_files() -> None:
    linked = api(
        {
            "a.py": "from django.views import View\nclass Mixin: ...\nclass Base(Mixin, View): ...\n",
            "b.py": "import a\nclass C(a.Base): ...\n",
        }
    )
    assert linked.bases("b.py", "C") == {"a.py::Base", "a.py::Mixin", "django.views.View"}


def test_nested_and_local_classes() -> None:
    files = {
        "base.py": "from pydantic import BaseModel\n",
        "models.py": """
            from base import BaseModel
            class Outer(BaseModel):
                class Inner(BaseModel):
                    x: int
                inner: Inner
            def factory():
                class Local(BaseModel):
                    y: int
                return Local
            """,
    }
    assert roles(files) == {"Outer": "schema", "Outer.Inner": "schema", "factory.Local": "schema"}


def test_a_base_chosen_by_condition() -> None:
    files = {
        "base.py": "import os\nfrom sqlalchemy.orm import DeclarativeBase\n"
        "if os.name == 'nt':\n    class Base(DeclarativeBase): ...\nelse:\n    class Base(DeclarativeBase): ...\n",
        "models.py": "from base import Base\nclass User(Base): ...\n",
    }
    assert roles(files)["User"] == "model"


NOTHING = {
    "unknown base": "from somewhere import Model\nclass User(Model): ...",
    "unknown declarative": "def declarative_base(): ...\nBase = declarative_base()\nclass User(Base): ...",
    "own class named like a library's": "class BaseModel: ...\nclass User(BaseModel): ...",
    "local module named like a library": "from .pydantic import BaseModel\nclass User(BaseModel): ...",
    "own Model": "class Model: ...\nclass User(Model): ...",
    "table name alone": "class User:\n    __tablename__ = 'users'",
    "an attribute of something unknown": "db = load()\nclass User(db.Model): ...",
    "own dataclass": "def dataclass(cls): return cls\n@dataclass\nclass User: ...",
    "computed base": "class User(make_base()): ...",
    "an enum": "import enum\nclass User(enum.Enum): ...",
    "an exception": "class User(Exception): ...",
}


@pytest.mark.parametrize("source", NOTHING.values(), ids=NOTHING)
def test_classes_that_are_neither(source: str) -> None:
    files = {"app/main.py": source + "\n", "app/pydantic.py": "class BaseModel: ...\n"}
    assert roles(files).get("User") in (None, "exception")


def test_bases_in_a_circle_end() -> None:
    files = {
        "a.py": "from b import B\nclass A(B): ...\nclass Self(Self): ...\n",
        "b.py": "from a import A\nclass B(A): ...\n",
    }
    assert roles(files) == {}


def test_a_name_bound_to_its_own_base() -> None:
    """`class BaseModel(BaseModel)` is a common way to add settings to pydantic's."""
    files = {
        "base.py": "from pydantic import BaseModel\nclass BaseModel(BaseModel):\n    class Config:\n        orm_mode = True\n",
        "schemas.py": "from base import BaseModel\nclass User(BaseModel): ...\n",
    }
    assert roles(files) == {"BaseModel": "schema", "User": "schema"}
