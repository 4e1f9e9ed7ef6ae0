"""What is known of web frameworks: one adapter each, project facts → `Route`s.

Only here is known what a route decorator is. An adapter asks `Types` what the receiver of a decorator or of a
registering call is; a receiver that is no app, router, blueprint or API of its framework makes no route.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from api_lint.census import Census
from api_lint.facts import Route
from api_lint.frameworks.drf import DrfAdapter
from api_lint.frameworks.fastapi import FastApiAdapter
from api_lint.frameworks.flask import FlaskAdapter
from api_lint.infer import Types
from api_lint.link import Module


class Adapter(Protocol):
    """One framework's view of the project."""

    def may_declare(self, census: Census) -> bool:
        """Whether a file with these names can hold the handler or the registration of a route."""

    def routes(self, module: Module) -> Iterator[Route]:
        """The routes whose handler or registration stands in `module`."""


def adapters(types: Types) -> tuple[Adapter, ...]:
    """Every framework's adapter over one project."""
    return (FastApiAdapter(types), FlaskAdapter(types), DrfAdapter(types))
