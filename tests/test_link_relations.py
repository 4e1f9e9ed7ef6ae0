"""Relations between Django's models: what a field that refers to another model gives, at both of its ends."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from project import revealed


def seen(files: Mapping[str, str]) -> list[str]:
    """What the marked expressions are, by the last parts of the names."""
    return [re.sub(r"[\w./]+(?:::|\.)(?=\w)", "", text) for text in revealed(files)]


ACCOUNTS = """
    from django.contrib.auth.models import AbstractUser

    class Person(AbstractUser):
        pass
"""
SPACES = """
    from django.conf import settings
    from django.db import models

    class Base(models.Model):
        class Meta:
            abstract = True

    class Space(Base):
        owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="spaces")
        parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)
        labels = models.ManyToManyField("spaces.Label", related_name="labelled")

    class Label(Base):
        hidden = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="+")
        space = models.ForeignKey(to="Space", on_delete=models.CASCADE)
        made = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="%(class)s_made")

    class Plan(Base):
        space = models.OneToOneField(Space, on_delete=models.CASCADE)
        payer = models.OneToOneField("accounts.Person", on_delete=models.CASCADE, related_name="paid")
"""

SEEN = {
    "space.owner": "Person",
    "space.parent": "Space",
    "space.parent.owner": "Person",
    "space.labels": "RelatedManager[Label]",
    "space.labels.first()": "Label",
    "space.label_set": "RelatedManager[Label]",
    "space.label_set.get(name='a').space": "Space",
    "space.label_made.all()": "QuerySet[Label]",
    "space.space_set.create()": "Space",
    "space.plan": "Plan",
    "space.plan.payer": "Person",
    "label.labelled.count()": "int",
    "space.owner.spaces.first()": "Space",
    "space.owner.paid": "Plan",
    "request.user.spaces": "RelatedManager[Space]",
    "space.unknown_set": "?",
    "label.plan": "?",
}


@pytest.mark.parametrize("expression", SEEN)
def test_both_ends(expression: str) -> None:
    view = f"""
        from django.http import HttpRequest
        from spaces.models import Label, Space

        def view(request: HttpRequest, space: Space, label: Label):
            reveal({expression})
    """
    files = {
        "views.py": view,
        "spaces/__init__.py": "",
        "spaces/models.py": SPACES,
        "accounts/__init__.py": "",
        "accounts/models.py": ACCOUNTS,
    }
    assert seen(files) == [SEEN[expression]]


def test_what_is_kept_on_requests() -> None:
    files = {
        "views.py": """
            from rest_framework.request import Request
            from rest_framework.views import APIView

            class View(APIView):
                def get(self, request: Request):
                    reveal(request.space)
                    reveal(self.request.space.label_set)
        """,
        "middleware.py": """
            from spaces.models import Space

            class SpaceMiddleware:
                def __call__(self, request):
                    request.space = None
                    space = Space.objects.get(slug=request.path)
                    request.space = space
        """,
        "spaces/__init__.py": "",
        "spaces/models.py": SPACES,
    }
    assert seen(files) == ["Space", "RelatedManager[Label]"]


def test_the_foreign_key_of_another_library_is_none() -> None:
    files = {
        "models.py": """
            from sqlalchemy import Column, ForeignKey
            from sqlalchemy.orm import declarative_base

            Base = declarative_base()

            class User(Base):
                __tablename__ = "users"

            class Item(Base):
                __tablename__ = "items"
                user_id = Column(ForeignKey("users.id"))
                user = ForeignKey(User)

            def of(user: User, item: Item):
                reveal(user.item_set)
                reveal(item.user)
        """
    }
    assert seen(files) == ["?", "ForeignKey"]
