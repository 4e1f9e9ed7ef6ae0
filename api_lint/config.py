"""Settings: from `api-lint.toml`, from `[tool.api-lint]` of `pyproject.toml`, and from the command line.

Configuration is data. Nothing in it can name code: no plugin paths, no commands, no expressions.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from api_lint import __version__, shapes, toml
from api_lint.formats import FORMATS
from api_lint.ignores import rebased
from api_lint.shapes import MisfitError, Named, OneOf, Range
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
# What of that is also a good name for a package; see `discover`.
OUTPUT = ("build", "dist")
DEFAULT_MAX_FILE_SIZE = 4_000_000
DEFAULT_TIMEOUT = 30

# What a folder may hold, the first that is there being the one that counts.
OWN_FILES = (".api-lint.toml", "api-lint.toml")
SHARED_FILE = "pyproject.toml"
FILES = frozenset({*OWN_FILES, SHARED_FILE})
_TABLE = ("tool", "api-lint")

_LARGEST = 4_000_000
_LINE = "--config"


class ProblemError(Exception):
    """What stops a run and is for the user to put right; its text says what."""


class ConfigError(ProblemError):
    """A configuration that cannot be used; its text names the file, the row and the key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is told to do.

    `source` is the file the settings come from, and its folder is the project's root; `None` where there is no such
    file or where it was named by `--config`. `select` is `None` for the rules that are on by default. `exclude` and
    `extend_exclude` are patterns as in `.gitignore`, relative to the root; `per_file_ignores` and
    `extend_per_file_ignores` are pairs of such a pattern and the selectors silent there. `src` are folders that imports
    start from, besides those that are found. `output_format` is the one of reports that are asked for without one.
    `baseline` is a file relative to the root, "" for none. `rules` holds, by rule name, the options as they were written.
    `ignore_noqa` is for one run only, so no key of a file is named so: `# noqa` then silences nothing.

    `origins` tells where a setting comes from, by its dotted key: a file, or an option of the command line. `nested`
    gives the settings of a folder with a configuration of its own, `None` where no such folder counts. `files` are those
    that the settings were read from, also where nothing in them is set.
    """

    source: Path | None = None
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    extend_per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    src: tuple[str, ...] = ()
    include_tests: bool = False
    force_exclude: bool = False
    strict: bool = False
    max_file_size: int = DEFAULT_MAX_FILE_SIZE
    timeout: int = DEFAULT_TIMEOUT
    output_format: str = "full"
    baseline: str = ""
    rules: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    ignore_noqa: bool = False
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    nested: Callable[[Path], Settings | None] | None = field(default=None, compare=False, repr=False)
    files: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_strict(self) -> bool:
        """Whether rules that are a matter of taste are on, and the others at their strictest."""
        return self.strict or "strict" in (*(self.select or ()), *self.extend_select)

    @property
    def silences(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """All pairs of a pattern and the selectors silent there."""
        return self.per_file_ignores + self.extend_per_file_ignores

    def chosen(
        self, select: tuple[str, ...] | None, ignore: tuple[str, ...], extend_select: tuple[str, ...]
    ) -> Settings:
        """These settings with the command line's selection laid over them, as ruff does it.

        Parameters: `select`, `None` where not given; `ignore`; `extend_select`.
        Returns: settings in which a given `select` replaces the configured selection, and a given `ignore` adds to the
        configured one unless both are given.
        """
        given = {"select": select, "ignore": ignore or None, "extend-select": extend_select or None}
        table = {key: value for key, value in given.items() if value is not None}

        def select_in(settings: Settings) -> Settings:
            return _laid_over(settings, table, {key: f"--{key}" for key in table})

        return _everywhere(self, select_in)

    def wrong(self, path: Sequence[str], reason: str, value: str = "") -> ConfigError:
        """An error about a setting, with the place where it was made.

        Parameters: `path`, its key, or keys from table to table; `reason`, which begins with a verb or `unknown`; `value`,
        the item that is wrong, where several places may have added some.
        """
        keys = (_dotted(path[:end]) for end in range(len(path), 0, -1))
        places = next((self.origins[key] for key in keys if key in self.origins), ())
        said = [place for place in places if _says(place, path, value)]
        return _error((*said, *reversed(places), "")[0], path, reason)


def load(start: Path, *, isolated: bool = False, overrides: Iterable[str] = ()) -> Settings:
    """The settings for a run.

    Parameters: `start`, the folder from which the nearest configuration is looked for, upwards; `isolated`, take none
    of the files into account; `overrides`, each the path of a TOML file, which is then used instead of the nearest one,
    or a line of TOML such as `max-file-size = 100`.
    Returns: the settings.
    Raises: ConfigError for a file that cannot be read or is no TOML, an unknown key, a value of the wrong type, or another
    version being asked for.
    """
    files = [text for text in overrides if _is_file_name(text)]
    lines = [_line(text) for text in overrides if not _is_file_name(text)]
    if len(files) > 1:
        raise ConfigError("--config names more than one file")
    if files and isolated:
        raise ConfigError("--config cannot name a file together with --isolated")

    def with_lines(settings: Settings) -> Settings:
        for table in lines:
            settings = _laid_over(settings, table, dict.fromkeys(table, _LINE))
        return settings

    if files:
        return with_lines(_named(Path(os.path.expanduser(files[0]))))
    if isolated:
        return with_lines(Settings())
    return _everywhere(replace(_nearest(start), nested=_own), with_lines)


def options(rule: type[Rule], settings: Settings) -> Any:
    """The options of a rule as the settings have them.

    Parameters: `rule`, the class; `settings`.
    Returns: an instance of `rule.Options`. An option called `strict` follows the setting of that name unless it is set.
    Raises: ConfigError for an option that the rule has not, or a value of the wrong type.
    """
    table = settings.rules.get(rule.name(), {})
    defaults = {"strict": True} if settings.is_strict and "strict" in rule.option_fields() else {}
    if not table:
        return rule.Options(**defaults)
    try:
        return shapes.made(rule.Options, dict(table), ("rules", rule.name()), defaults)
    except MisfitError as error:
        raise settings.wrong(error.path, error.reason) from error


def check_rules(names: Iterable[str], settings: Settings) -> None:
    """See that every table of rule options is one of a rule that exists.

    Parameters: `names` of all loaded rules; `settings`.
    Raises: ConfigError for an unknown rule, with the name that comes nearest.
    """
    known = set(names)
    for name in settings.rules:
        if name not in known:
            raise settings.wrong(("rules", name), f"unknown rule{shapes.nearest(name, known)}")


# ------------------------------------------------------------------------------------------------------------- keys


class Key(NamedTuple):
    """A key of the configuration: the `kind` of its value, what it is for, and how a value becomes a setting."""

    kind: Any
    doc: str
    finish: Callable[[Any, shapes.Path], object] | None = None


def _selectors(value: Iterable[str], _: shapes.Path = ()) -> tuple[str, ...]:
    return tuple(item.strip() for item in value if item.strip())


def _inner_file(value: str, path: shapes.Path) -> str:
    found = _inside(value, path, "a file") if value else ""
    if found == ".":
        raise MisfitError(path, f"must name a file, not `{_short(value)}`")
    return found


def _folders(value: Iterable[str], path: shapes.Path) -> tuple[str, ...]:
    return tuple(_inside(folder, path, "folders") for folder in value)


def _inside(name: str, path: shapes.Path, what: str) -> str:
    """A path inside the project, with forward slashes."""
    found = os.path.normpath(name or ".").replace(os.sep, "/")
    if "\0" in found or os.path.isabs(found) or found.split("/")[0] == "..":
        raise MisfitError(path, f"must name {what} inside the project, not `{_short(name)}`")
    return found


def _pairs(value: Mapping[str, Iterable[str]], _: shapes.Path) -> tuple[tuple[str, Any], ...]:
    return tuple((pattern, _selectors(selectors)) for pattern, selectors in value.items())


def _versions(value: str, path: shapes.Path) -> str:
    from api_lint import versions

    try:
        is_allowed = versions.allows(value, __version__)
    except ValueError as error:
        raise MisfitError(path, f"must be a version such as `>=0.4,<1`: {_short(str(error))}") from error
    if not is_allowed:
        raise MisfitError(path, f"asks for api-lint {_short(value)}, and this is {__version__}")
    return value


_Selectors = tuple[Annotated[str, Named("selector")], ...]
_Patterns = tuple[str, ...]
_Silences = Mapping[str, _Selectors]

# Said of a file, not of a run: no setting comes of them.
OF_FILES = {
    "extend": Key(str, "Another file whose settings these are laid over. Relative to this file; `~` is your home."),
    "required-version": Key(
        str, "The versions of api-lint that may be used, such as `>=0.4,<1`; a version alone means exactly that one.", _versions
    ),
}  # fmt: skip
KEYS = {
    "select": Key(
        _Selectors, "The rules to run: codes, beginnings of codes, names, `ALL` or `strict`.", _selectors
    ),
    "extend-select": Key(_Selectors, "Rules to run besides the selected ones.", _selectors),
    "ignore": Key(_Selectors, "Rules not to run.", _selectors),
    "exclude": Key(
        _Patterns,
        "Files and folders to leave out, patterns as in `.gitignore`; replaces the default ones.",
    ),
    "extend-exclude": Key(_Patterns, "Files and folders to leave out besides the excluded ones."),
    "per-file-ignores": Key(_Silences, "Rules that are silent in some files, by pattern.", _pairs),
    "extend-per-file-ignores": Key(
        _Silences, "Rules that are silent in some files besides `per-file-ignores`, by pattern.", _pairs
    ),
    "src": Key(
        tuple[str, ...], "Folders that imports start from, besides those that are found.", _folders
    ),
    "include-tests": Key(
        bool, "Let all rules speak in tests, migrations, examples and generated files, too."
    ),
    "force-exclude": Key(bool, "Exclude even files that are named on the command line."),
    "strict": Key(bool, "All rules, each at its strictest."),
    "max-file-size": Key(
        Annotated[int, Range(minimum=1)], "Bytes; a larger file is not read, but reported as API000."
    ),
    "timeout": Key(
        Annotated[int, Range(minimum=0)],
        "Seconds of processor time for each rule in a file; a rule that takes longer loses its result there. 0: no limit.",
    ),
    # A file for it is for the command line to name: a repository must not say what is written.
    "output-format": Key(
        Annotated[str, OneOf(FORMATS)], "How to report where the command line does not say."
    ),
    "baseline": Key(
        str, "A file of known findings: only what is not in it is reported; empty for none.", _inner_file
    ),
    "rules": Key(Mapping[str, Mapping[str, Any]], "The options of single rules, by the rule's name."),
}


def setting(settings: Settings, key: str) -> object:
    """The value of a key as a configuration would have it; `None` for a selection that is not made."""
    value = getattr(settings, key.replace("-", "_"))
    return dict(value) if key.endswith("per-file-ignores") else value


# ------------------------------------------------------------------------------------------------------------ files


class _Layer(NamedTuple):
    """What one file says; `folder` is where it stands, from which its patterns count."""

    path: Path
    table: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        return Path(os.path.abspath(self.path)).parent


def _own(folder: Path) -> Settings | None:
    """The settings of a folder's own file, or `None` if it has none."""
    layer = _layer_in(folder)
    return _of_layers(layer, replace(Settings(), source=layer.path)) if layer else None


def _nearest(start: Path) -> Settings:
    return next((s for folder in (start, *start.parents) if (s := _own(folder))), Settings())


def _named(path: Path) -> Settings:
    """The settings of a file that the user named. The project's root is then found without it."""
    return _of_layers(_Layer(path, _table(path, _read(path), True)), Settings())


def _layer_in(folder: Path) -> _Layer | None:
    for name in OWN_FILES:
        path = folder / name
        if os.path.lexists(path):
            return _Layer(path, _table(path, _read(path), True))
    path = folder / SHARED_FILE
    if not os.path.isfile(path):
        return None
    source = _read(path)
    is_ours = b"api-lint" in source and _has_table(_parsed(path, source))
    return _Layer(path, _table(path, source, True)) if is_ours else None


def _has_table(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("tool"), dict) and "api-lint" in data["tool"]


def _of_layers(nearest: _Layer, settings: Settings) -> Settings:
    """The settings of a file over those of the files that it extends, the furthest first."""
    for layer in reversed([*_layers(nearest)]):
        table = dict(layer.table)
        if layer is not nearest and settings.source is not None:
            table = _moved(layer, nearest.folder)
        origins = dict.fromkeys(table, str(layer.path))
        settings = _laid_over(settings, table, origins)
        settings = replace(settings, files=(*settings.files, os.path.abspath(layer.path)))
    return settings


def _layers(layer: _Layer | None) -> Iterator[_Layer]:
    """A file, the one it extends, and so on. Each is asked first which version of the tool it is for."""
    seen: dict[str, Path] = {}
    while layer is not None:
        seen[os.path.realpath(layer.path)] = layer.path
        for key in sorted(OF_FILES.keys() & layer.table.keys(), reverse=True):
            _read_key(OF_FILES[key], layer.table[key], key, str(layer.path))
        yield layer
        if "extend" not in layer.table:
            return
        path = _extended(layer)
        if os.path.realpath(path) in seen:
            raise _error(str(layer.path), ["extend"], f"goes in a circle, back to {_place(str(path))}")
        try:
            layer = _Layer(path, _table(path, _read(path), False))
        except _UnreadableError as error:
            raise _error(str(layer.path), ["extend"], f"cannot be followed: {error}") from error


def _extended(layer: _Layer) -> Path:
    name = layer.table["extend"]
    if not name or "\0" in name:
        raise _error(str(layer.path), ["extend"], "must name a file")
    return Path(os.path.normpath(layer.path.parent / os.path.expanduser(name)))


def _moved(layer: _Layer, root: Path) -> dict[str, Any]:
    """What a file says, its patterns and folders said anew for the project's root."""
    start, end = layer.folder.parts, root.parts
    table = dict(layer.table)
    for key, lists in (("exclude", True), ("extend-exclude", True), ("per-file-ignores", False), ("extend-per-file-ignores", False)):  # fmt: skip
        value = _read_key(KEYS[key], table[key], key, str(layer.path)) if key in table else ()
        if value and lists:
            table[key] = [said for line in value for said in rebased(line, start, end)]
        elif value:
            table[key] = {said: [*codes] for line, codes in value for said in rebased(line, start, end)}
    folders = _read_key(KEYS["src"], table["src"], "src", str(layer.path)) if "src" in table else ()
    if folders:
        paths = [Path(os.path.normpath(layer.folder / folder)) for folder in folders]
        table["src"] = [path.relative_to(root).as_posix() for path in paths if path.is_relative_to(root)]
    if "baseline" in table:
        named = _read_key(KEYS["baseline"], table["baseline"], "baseline", str(layer.path))
        file = Path(os.path.normpath(layer.folder / named))
        if file.is_relative_to(root):
            table["baseline"] = file.relative_to(root).as_posix()
        else:
            del table["baseline"]  # another project's
    return table


def _everywhere(settings: Settings, change: Callable[[Settings], Settings]) -> Settings:
    """The settings changed, and with them those of folders that have their own."""
    inner = settings.nested
    if inner is None:
        return change(settings)

    def nested(folder: Path) -> Settings | None:
        found = inner(folder)
        return None if found is None else change(found)

    return replace(change(settings), nested=nested)


def _laid_over(settings: Settings, table: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    """Settings with the keys of a table laid over them.

    A selection replaces all that was selected, what is ignored adds up unless there is a new selection, and so do keys
    that begin with `extend` and the options of a rule; of all else the last word counts.
    """
    known = {**KEYS, **OF_FILES}
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise _error(origins[key], [key], f"unknown key{shapes.nearest(key, known)}")
        given[key] = _read_key(known[key], value, key, origins[key])
    added = {key for key in given if key.startswith("extend-") and "select" not in given}
    added |= {"extend-exclude", "extend-per-file-ignores"} & given.keys()
    if "ignore" in given and "select" not in given:
        added.add("ignore")
    changes: dict[str, Any] = {}
    places = dict(settings.origins)
    if "select" in given:
        changes["extend_select"] = ()
        places.pop("extend-select", None)
    for key, value in given.items():
        if key in OF_FILES:
            continue
        name = key.replace("-", "_")
        if key == "rules":
            changes[name] = _merged(settings.rules, value, places, origins[key])
            continue
        changes[name] = (*getattr(settings, name), *value) if key in added else value
        places[key] = (*(places.get(key, ()) if key in added else ()), origins[key])
    return replace(settings, **changes, origins=places)


def _merged(
    old: Mapping[str, Mapping[str, object]],
    new: Mapping[str, Mapping[str, object]],
    places: dict[str, tuple[str, ...]],
    origin: str,
) -> dict[str, Mapping[str, object]]:
    merged = dict(old)
    for rule, table in new.items():
        merged[rule] = {**merged.get(rule, {}), **table}
        places.update(dict.fromkeys([_dotted(("rules", rule, key)) for key in table], (origin,)))
        places.setdefault(_dotted(("rules", rule)), (origin,))
    return merged


def _read_key(key: Key, value: object, name: str, origin: str) -> Any:
    value = [*value] if isinstance(value, tuple) else value
    try:
        fitted = shapes.fitted(key.kind, value, (name,))
        return fitted if key.finish is None else key.finish(fitted, (name,))
    except MisfitError as error:
        raise _error(origin, error.path, error.reason) from error


# ---------------------------------------------------------------------------------------------------------- reading


class _UnreadableError(ConfigError):
    """A file that cannot be read, whatever it may say."""


def _is_file_name(text: str) -> bool:
    return "=" not in text or (text.endswith(".toml") and os.path.isfile(text))


def _line(text: str) -> dict[str, Any]:
    try:
        table = toml.parse(text.encode("utf-8", "surrogateescape"))
    except toml.TomlError as error:
        raise ConfigError(f"{_LINE}: not valid TOML: {error.reason}") from error
    for key in OF_FILES.keys() & table.keys():
        if key == "extend":
            raise ConfigError(f"{_LINE}: `extend` is for files; name a file with --config FILE")
    return table


def _read(path: Path) -> bytes:
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            what = "a folder, not a file" if stat.S_ISDIR(mode) else "not a regular file"
            raise _UnreadableError(f"{_place(str(path))}: {what}")
        with open(path, "rb") as file:
            source = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise _UnreadableError(f"{_place(str(path))}: no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _UnreadableError(f"{_place(str(path))}: {visible(reason)}") from error
    if len(source) > _LARGEST:
        raise _UnreadableError(f"{_place(str(path))}: larger than {_LARGEST} bytes")
    return source


def _parsed(path: Path, source: bytes) -> dict[str, Any]:
    try:
        return toml.parse(source)
    except toml.TomlError as error:
        raise ConfigError(f"{_place(str(path), error.row)}: not valid TOML: {error.reason}") from error


def _table(path: Path, source: bytes, is_lenient: bool) -> dict[str, Any]:
    """What a file configures. `is_lenient`: a `pyproject.toml` need not speak of it."""
    data = _parsed(path, source)
    if path.name != SHARED_FILE:
        return data
    if not _has_table(data):
        if is_lenient:
            return {}
        raise _UnreadableError(f"{_place(str(path))}: there is no [tool.api-lint]")
    table = data["tool"]["api-lint"]
    if not isinstance(table, dict):
        raise _error(str(path), (), "`tool.api-lint` must be a table")
    return table


# ------------------------------------------------------------------------------------------------------------- errors


def _error(origin: str, path: Sequence[str], reason: str) -> ConfigError:
    key = f"`{_short(_dotted(path))}`" if path else ""
    words = [reason] if not path else [key, reason]
    if path and reason.startswith("unknown"):
        what, hint = reason.partition(" (")[::2]
        words = [what, key, *([f"({hint}"] if hint else [])]
    place = _place(origin, _row(origin, path)) if origin else ""
    return ConfigError(f"{place}: {' '.join(words)}" if place else " ".join(words))


def _place(origin: str, row: int = 0) -> str:
    return f"{visible(origin)}:{row}" if row else visible(origin)


def _row(origin: str, path: Sequence[str]) -> int:
    """The row of a file on which a setting is made, 0 where there is none."""
    if origin.startswith("--") or not origin:
        return 0
    try:
        source = _read(Path(origin))
        top = _TABLE if Path(origin).name == SHARED_FILE else ()
        bare = [part.partition("[")[0] or part for part in path]
        return toml.row_of(source, [*top, *path]) or toml.row_of(source, [*top, *bare])
    except (ConfigError, ValueError, IndexError):
        return 0


def _says(origin: str, path: Sequence[str], value: str) -> bool:
    """Whether a file has the key, and the value somewhere."""
    return bool(_row(origin, path)) and value.encode("utf-8", "surrogateescape") in _read(Path(origin))


def _dotted(path: Sequence[str]) -> str:
    return ".".join(part if part.endswith("]") else shapes.toml_key(part) for part in path)


def _short(key: str) -> str:
    return visible(key if len(key) <= 60 else key[:60] + "…")
