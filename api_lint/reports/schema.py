"""The JSON schema of the configuration, for editors. All of it is taken from what reads the configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from api_lint import shapes
from api_lint.config import KEYS, OF_FILES, Settings, setting
from api_lint.rule import Rule


def render(rules: Sequence[type[Rule]]) -> Iterator[str]:
    """Write the schema, of draft 7, as editors and https://www.schemastore.org read it.

    Parameters: `rules`, all that are installed.
    Returns: one JSON object. Options of rules that are not among these are left unchecked.
    """
    yield json.dumps(schema(rules), indent=2, ensure_ascii=False) + "\n"


def schema(rules: Sequence[type[Rule]]) -> dict[str, Any]:
    """The schema as `render` writes it."""
    properties = {key: _key(key) for key in (*OF_FILES, *KEYS)}
    properties["rules"] |= {"properties": {rule.name(): _options(rule) for rule in rules}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://json.schemastore.org/api-lint.json",
        "title": "api-lint",
        "description": "The content of api-lint.toml, and of [tool.api-lint] in pyproject.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "definitions": {"selector": _selector(rules)},
    }


def _key(name: str) -> dict[str, Any]:
    key = KEYS.get(name) or OF_FILES[name]
    default = shapes.plain(setting(Settings(), name)) if name in KEYS else None
    told = {} if default is None else {"default": default}
    return {"description": key.doc, **shapes.schema(key.kind), **told}


def _options(rule: type[Rule]) -> dict[str, Any]:
    return {"description": f"{rule.code}: {rule.doc().summary}", **shapes.schema(rule.Options)}


def _selector(rules: Sequence[type[Rule]]) -> dict[str, Any]:
    """Any string, as rules may come from other packages; those that are known are for editors to offer."""
    starts = {rule.code[:end] for rule in rules for end in (3, 4, 6) if end <= len(rule.code)}
    names = [rule.name() for rule in rules]
    return {
        "description": "A code, the beginning of codes, a rule's name, ALL or strict.",
        "anyOf": [{"enum": ["ALL", "strict", *sorted(starts), *names]}, {"type": "string"}],
    }
