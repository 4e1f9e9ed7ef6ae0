"""The JSON schema of the configuration says what the program says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from api_lint import config, registry
from api_lint.config import KEYS, OF_FILES, ConfigError
from api_lint.reports.schema import schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CHECKOUT = Path(__file__).parent.parent
COMMITTED = CHECKOUT / "docs" / "api-lint.schema.json"
RULES = registry.load().rules
SCHEMA: dict[str, Any] = schema(RULES)

RIGHT = [
    "",
    "select = ['ALL']\nignore = ['API1', 'generic-except', 'a-rule-of-another-package']",
    "extend-select = ['strict']\nstrict = true\ninclude-tests = true\nforce-exclude = false",
    "exclude = ['x']\nextend-exclude = ['/y/']\nsrc = ['backend/src']\nmax-file-size = 1",
    "required-version = '>=0.0.1'\noutput-format = 'sarif'",
    "[per-file-ignores]\n'tests/*' = ['API4']\n[extend-per-file-ignores]\n'x' = []",
    "[rules.logic-in-route]\nmax-lines = 7\nmax-branches = 0\n[rules.generic-except]\nstrict = true",
]
WRONG = [
    "selct = []",
    "select = 'ALL'",
    "select = [1]",
    "strict = 1",
    "max-file-size = 0",
    "max-file-size = true",
    "max-file-size = 1.5",
    "required-version = 1",
    "extend = ['x']",
    "src = 'x'",
    "output-format = 'xml'",
    "output-format = 'json=out.json'",
    "exclude = {}",
    "per-file-ignores = []",
    "per-file-ignores = {x = 'API4'}",
    "rules = []",
    "[rules]\nx = 1",
    "[rules.logic-in-route]\nmax-lines = 0",
    "[rules.logic-in-route]\nmax-lines = '7'",
    "[rules.logic-in-route]\nmax_lines = 7",
    "[rules.generic-except]\nstrict = 'yes'",
    "[rules.missing-response-model]\nx = 1",
]


def is_loaded(folder: Path, text: str) -> bool:
    (folder / "api-lint.toml").write_text(text, encoding="utf-8")
    try:
        settings = config.load(folder)
        for rule in RULES:
            config.options(rule, settings)
    except ConfigError:
        return False
    return True


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_committed_one_is_what_the_command_prints() -> None:
    """If not: `api-lint config-schema > docs/api-lint.schema.json`."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == SCHEMA


def test_it_knows_the_keys_and_rules() -> None:
    assert set(SCHEMA["properties"]) == {*KEYS, *OF_FILES}
    assert set(SCHEMA["properties"]["rules"]["properties"]) == {rule.name() for rule in RULES}
    assert all(SCHEMA["properties"][key]["description"] for key in KEYS)
    assert {"API101", "API1", "generic-except", "ALL"} <= set(
        SCHEMA["definitions"]["selector"]["anyOf"][0]["enum"]
    )


@pytest.mark.parametrize(
    ("text", "expected"), [*((t, True) for t in RIGHT), *((t, False) for t in WRONG)]
)
def test_it_takes_what_the_program_takes(tmp_path: Path, text: str, expected: bool) -> None:
    assert jsonschema.Draft7Validator(SCHEMA).is_valid(tomllib.loads(text)) == expected
    assert is_loaded(tmp_path, text) == expected


def test_its_defaults_are_those_of_the_program(tmp_path: Path) -> None:
    told = {key: value["default"] for key, value in SCHEMA["properties"].items() if "default" in value}
    from api_lint.shapes import toml

    text = "".join(f"{key} = {toml(value)}\n" for key, value in told.items())
    assert is_loaded(tmp_path, text)
    assert config.load(tmp_path) == config.Settings(source=tmp_path / "api-lint.toml")
