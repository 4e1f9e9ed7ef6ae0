"""Django REST framework and Django."""

from __future__ import annotations

from collections.abc import Iterator

from api_lint.facts import Route
from api_lint.infer import Types
from api_lint.link import Module


class DrfAdapter:
    """Django REST framework and Django routes."""

    def __init__(self, types: Types) -> None:
        self.types = types

    def routes(self, module: Module) -> Iterator[Route]:
        """The routes whose handler or registration stands in `module`."""
        yield from ()
