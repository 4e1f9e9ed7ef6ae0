"""The settings that are in force, each with where it comes from: as a configuration that says the same, or for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api_lint import config, shapes
from api_lint.config import KEYS, Settings
from api_lint.rule import Rule
from api_lint.shapes import toml, toml_key
from api_lint.text import visible

_DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show.

    `path` is the file or folder that was asked about, `root` the project's folder, `settings` those that count there,
    `rules` all that are installed, `running` the names of those that are on, `nested` the folders below the root that
    have settings of their own, and `cwd` where the user stands.
    """

    path: str
    root: str
    settings: Settings
    rules: Sequence[type[Rule]]
    running: frozenset[str]
    nested: Mapping[str, Settings]
    cwd: str

    def near(self, path: str) -> str:
        """A path as it is shown: relative to where the user stands if it lies below."""
        inside = path == self.cwd or path.startswith(os.path.join(self.cwd, ""))
        return visible(os.path.relpath(path, self.cwd) if inside else path)

    def origins(self, *key: str) -> list[str]:
        """Where a setting comes from: files, options of the command line, or nothing but the default."""
        dotted = ".".join(toml_key(part) for part in key)
        found = self.settings.origins.get(dotted, ())
        return [place if place.startswith("--") else self.near(place) for place in found] or [_DEFAULT]


def render(shown: Shown) -> Iterator[str]:
    """Write the settings as TOML, a comment behind each telling where it comes from."""
    yield f"# What counts for {visible(shown.path)}\n# Project: {visible(shown.root)}\n"
    source = shown.settings.source
    yield f"# Configuration: {shown.near(str(source)) if source else 'none, or named by --config'}\n"
    for folder, own in sorted(shown.nested.items()):
        where = shown.near(os.path.join(shown.root, folder))
        yield f"# Files below {where} have their own: {shown.near(str(own.source))}\n"
    running = [f"{rule.code} {rule.name()}" for rule in shown.rules if rule.name() in shown.running]
    yield f"# Rules that run: {', '.join(running) or 'none'}\n\n"
    tables = []
    for key in KEYS:
        value = config.setting(shown.settings, key)
        if isinstance(value, Mapping):
            tables.append(key)
        elif value is None:
            yield f"# {key}: the rules that are on by default\n"
        else:
            yield f"{key} = {toml(value)}  {_comment(shown.origins(key))}\n"
    for key in tables:
        if key == "rules":
            yield from _rule_tables(shown)
        else:
            yield f"\n[{key}]  {_comment(shown.origins(key))}\n"
            for pattern, selectors in _mapping(config.setting(shown.settings, key)).items():
                yield f"{toml_key(pattern)} = {toml(selectors)}\n"


def _rule_tables(shown: Shown) -> Iterator[str]:
    for rule in shown.rules:
        values = _mapping(shapes.plain(config.options(rule, shown.settings)))
        if values:
            yield f"\n[rules.{rule.name()}]\n"
        for key, value in values.items():
            row = f"{toml_key(key)} = {toml(value)}" if value is not None else f"# {key}: not set"
            yield f"{row}  {_comment(_option_origins(shown, rule, key))}\n"


def _option_origins(shown: Shown, rule: type[Rule], key: str) -> list[str]:
    """An option that is not set itself may follow the setting `strict`."""
    found = shown.origins("rules", rule.name(), key)
    if found == [_DEFAULT] and key == "strict" and shown.settings.is_strict:
        return shown.origins("strict") if shown.settings.strict else shown.origins("select")
    return found


def _comment(origins: Sequence[str]) -> str:
    return f"# {', '.join(dict.fromkeys(origins))}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def render_json(shown: Shown) -> Iterator[str]:
    """Write the settings as one JSON object, each with its value and its origins."""
    settings = {
        key: {"value": shapes.plain(config.setting(shown.settings, key)), "origins": shown.origins(key)}
        for key in KEYS
        if key != "rules"
    }
    rules = {
        rule.name(): {
            "code": rule.code,
            "runs": rule.name() in shown.running,
            "options": {
                key: {"value": value, "origins": _option_origins(shown, rule, key)}
                for key, value in _mapping(shapes.plain(config.options(rule, shown.settings))).items()
            },
        }
        for rule in shown.rules
    }
    source = shown.settings.source
    found = {
        "path": shown.path,
        "root": shown.root,
        "source": str(source) if source else None,
        "nested": {folder: str(own.source) for folder, own in sorted(shown.nested.items())},
        "settings": settings,
        "rules": rules,
    }
    yield json.dumps(found, indent=2) + "\n"
