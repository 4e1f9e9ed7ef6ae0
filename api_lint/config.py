"""Settings: from `api-lint.toml`, from `[tool.api-lint]` of `pyproject.toml`, and from the command line.

Configuration is data. Nothing in it can name code: no plugin paths, no commands, no expressions.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api_lint.formats import FORMATS
from api_lint.text import visible

if TYPE_CHECKING:
    from api_lint.rule import Rule

DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pycache__",
    "__pypackages__",
    "_build",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
    "*.egg-info",
)
DEFAULT_MAX_FILE_SIZE = 4_000_000

OWN_FILE = "api-lint.toml"
SHARED_FILE = "pyproject.toml"


class ProblemError(Exception):
    """What stops a run and is for the user to put right; its text says what."""


class ConfigError(ProblemError):
    """A configuration that cannot be used; its text names the file and the key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is told to do.

    `source` is the file the settings come from, and its folder is the project's root; `None` where there is no such
    file or where it was named by `--config`. `select` is `None` for the rules that are on by default. `exclude` and
    `extend_exclude` are patterns as in `.gitignore`, relative to the root; `per_file_ignores` are pairs of such a
    pattern and the selectors silent there. `src` are folders that imports start from, besides those that are found.
    `output_format` is the one of reports that are asked for without one.
    `baseline` is a file relative to the root, "" for none. `rules` holds, by rule name, the options as they were written.
    `ignore_noqa` is for one run only, so no key of a file is named so: `# noqa` then silences nothing.
    """

    source: Path | None = None
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    src: tuple[str, ...] = ()
    include_tests: bool = False
    force_exclude: bool = False
    strict: bool = False
    max_file_size: int = DEFAULT_MAX_FILE_SIZE
    output_format: str = "full"
    baseline: str = ""
    rules: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    ignore_noqa: bool = False

    @property
    def is_strict(self) -> bool:
        """Whether rules that are a matter of taste are on, and the others at their strictest."""
        return self.strict or "strict" in (*(self.select or ()), *self.extend_select)

    def chosen(
        self, select: tuple[str, ...] | None, ignore: tuple[str, ...], extend_select: tuple[str, ...]
    ) -> Settings:
        """These settings with the command line's selection laid over them, as ruff does it.

        Parameters: `select`, `None` where not given; `ignore`; `extend_select`.
        Returns: settings in which a given `select` replaces the configured selection, and a given `ignore` adds to the
        configured one unless both are given.
        """
        if select is None:
            return replace(
                self,
                ignore=(*self.ignore, *ignore),
                extend_select=(*self.extend_select, *extend_select),
            )
        return replace(self, select=select, ignore=ignore or self.ignore, extend_select=extend_select)


def load(start: Path, *, isolated: bool = False, overrides: Iterable[str] = ()) -> Settings:
    """The settings for a run.

    Parameters: `start`, the folder from which the nearest configuration is looked for, upwards; `isolated`, take none
    of the files into account; `overrides`, each the path of a TOML file, which is then used instead of the nearest one,
    or a line of TOML such as `max-file-size = 100`.
    Returns: the settings.
    Raises: ConfigError for a file that cannot be read or is no TOML, an unknown key, or a value of the wrong type.
    """
    files = [text for text in overrides if _is_file_name(text)]
    lines = [text for text in overrides if not _is_file_name(text)]
    if len(files) > 1:
        raise ConfigError("--config names more than one file")
    if files and isolated:
        raise ConfigError("--config cannot name a file together with --isolated")
    if files:
        settings = _named(Path(files[0]))
    elif isolated:
        settings = Settings()
    else:
        settings = _nearest(start)
    for line in lines:
        settings = _apply(settings, _parse(line.encode(), "--config"), "--config")
    return settings


def options(rule: type[Rule], settings: Settings) -> Any:
    """The options of a rule as the settings have them.

    Parameters: `rule`, the class; `settings`.
    Returns: an instance of `rule.Options`. An option called `strict` follows the setting of that name unless it is set.
    Raises: ConfigError for an option that the rule has not, or a value of the wrong type.
    """
    known = rule.option_fields()
    values: dict[str, Any] = {}
    if settings.is_strict and "strict" in known:
        values["strict"] = True
    where = _place(settings.source)
    for key, value in settings.rules.get(rule.name(), {}).items():
        full = f"rules.{rule.name()}.{key}"
        if key not in known:
            raise ConfigError(f"{where}: unknown key `{full}`{_hint(key, known)}")
        values[known[key].name] = _fitting(
            value, getattr(rule.Options(), known[key].name), f"{where}: `{full}`"
        )
    return rule.Options(**values)


def check_rules(names: Iterable[str], settings: Settings) -> None:
    """See that every table of rule options is one of a rule that exists.

    Parameters: `names` of all loaded rules; `settings`.
    Raises: ConfigError for an unknown rule, with the name that comes nearest.
    """
    known = set(names)
    for name in settings.rules:
        if name not in known:
            raise ConfigError(
                f"{_place(settings.source)}: unknown rule `rules.{name}`{_hint(name, known)}"
            )


def _place(source: Path | None) -> str:
    return visible(str(source)) if source else "--config"


def _is_file_name(text: str) -> bool:
    return "=" not in text or (text.endswith(".toml") and os.path.isfile(text))


def _named(path: Path) -> Settings:
    """The settings of a file that the user named. The project's root is then found without it."""
    data = _parse(_read(path), _place(path))
    if path.name == SHARED_FILE:
        data = _own_table(data, path)
    return _apply(Settings(), data, _place(path))


def _nearest(start: Path) -> Settings:
    for folder in (start, *start.parents):
        for name in (OWN_FILE, SHARED_FILE):
            path = folder / name
            data = _table_of(path)
            if data is not None:
                return _apply(Settings(source=path), data, _place(path))
    return Settings()


def _table_of(path: Path) -> dict[str, Any] | None:
    """What the file configures, or `None` where there is no such file or it does not speak of api-lint."""
    if not path.is_file():
        return None
    source = _read(path)
    if path.name == OWN_FILE:
        return _parse(source, _place(path))
    if b"api-lint" not in source:
        return None
    data = _parse(source, _place(path))
    tool = data.get("tool")
    return _own_table(data, path) if isinstance(tool, dict) and "api-lint" in tool else None


def _own_table(data: dict[str, Any], path: Path) -> dict[str, Any]:
    table = data.get("tool", {}).get("api-lint", {})
    if not isinstance(table, dict):
        raise ConfigError(f"{_place(path)}: `tool.api-lint` must be a table, not {_kind(table)}")
    return table


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ConfigError(f"{_place(path)}: no such file")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{_place(path)}: {error.strerror or error}") from error


def _parse(source: bytes, where: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(source.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = visible(str(error)) or "nested too deeply"
        raise ConfigError(f"{where}: not valid TOML: {reason}") from error


def _apply(settings: Settings, data: Mapping[str, Any], where: str) -> Settings:
    """The settings with the keys of one table laid over them."""
    changes: dict[str, Any] = {}
    for key, value in data.items():
        reader = _KEYS.get(key)
        if reader is None:
            raise ConfigError(f"{where}: unknown key `{_short(key)}`{_hint(key, _KEYS)}")
        changes[key.replace("-", "_")] = reader(value, f"{where}: `{key}`")
    if "rules" in changes:
        merged = {**settings.rules}
        for name, table in changes["rules"].items():
            merged[name] = {**merged.get(name, {}), **table}
        changes["rules"] = merged
    return replace(settings, **changes)


def _strings(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{where} must be a list of strings, not {_kind(value)}")
    return tuple(value)


def _selectors(value: object, where: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in _strings(value, where) if item.strip())


def _boolean(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{where} must be true or false, not {_kind(value)}")
    return value


def _size(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{where} must be a whole number, not {_kind(value)}")
    if value < 1:
        raise ConfigError(f"{where} must be at least 1, not {value}")
    return value


def _format(value: object, where: str) -> str:
    """The name of a format. A file for it is for the command line to name: a repository must not say what is written."""
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be a string, not {_kind(value)}")
    if value not in FORMATS:
        raise ConfigError(f"{where} must be one of {', '.join(FORMATS)}, not `{_short(value)}`")
    return value


def _folders(value: object, where: str) -> tuple[str, ...]:
    folders = tuple(os.path.normpath(item).replace(os.sep, "/") for item in _strings(value, where))
    for folder in folders:
        if os.path.isabs(folder) or folder.split("/")[0] == "..":
            raise ConfigError(f"{where} must name folders inside the project, not `{_short(folder)}`")
    return folders


def _inner_file(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be a string, not {_kind(value)}")
    path = os.path.normpath(value).replace(os.sep, "/")
    if not value or path == "." or os.path.isabs(path) or path.split("/")[0] == "..":
        raise ConfigError(f"{where} must name a file inside the project, not `{_short(value)}`")
    return path


def _file_ignores(value: object, where: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of pattern = selectors, not {_kind(value)}")
    return tuple(
        (pattern, _selectors(item, f"{where}.`{_short(pattern)}`")) for pattern, item in value.items()
    )


def _rule_tables(value: object, where: str) -> dict[str, dict[str, object]]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of tables, not {_kind(value)}")
    for name, table in value.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{where}.`{_short(name)}` must be a table of options, not {_kind(table)}")
    return value


_KEYS: dict[str, Callable[[object, str], object]] = {
    "select": _selectors,
    "extend-select": _selectors,
    "ignore": _selectors,
    "exclude": _strings,
    "extend-exclude": _strings,
    "per-file-ignores": _file_ignores,
    "src": _folders,
    "include-tests": _boolean,
    "force-exclude": _boolean,
    "strict": _boolean,
    "max-file-size": _size,
    "output-format": _format,
    "baseline": _inner_file,
    "rules": _rule_tables,
}


def _fitting(value: object, default: object, where: str) -> object:
    """The value of a rule's option, of the type that the option's default has."""
    if isinstance(default, bool):
        return _boolean(value, where)
    if isinstance(default, int):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise ConfigError(f"{where} must be a whole number, not {_kind(value)}")
    if isinstance(default, float):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise ConfigError(f"{where} must be a number, not {_kind(value)}")
    if isinstance(default, (tuple, list, frozenset, set)):
        return type(default)(_strings(value, where))
    if isinstance(value, str):
        return value
    raise ConfigError(f"{where} must be a string, not {_kind(value)}")


def _kind(value: object) -> str:
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "a table",
    }
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        return "a list of other things"
    return names.get(type(value), "a date or a time")


def _short(key: str) -> str:
    return visible(key if len(key) <= 60 else key[:60] + "…")


def _hint(key: str, known: Iterable[str]) -> str:
    """` (did you mean …?)`, or nothing where no known key comes near."""
    from difflib import get_close_matches

    near = get_close_matches(key.replace("_", "-")[:60], list(known), n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""
