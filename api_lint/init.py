"""A way in: the configuration, the pre-commit entry and the workflow that a code base begins with.

What is there is never changed. Each file is either written, or what it would hold is shown.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from api_lint import __version__, shapes
from api_lint.config import OWN_FILES, ProblemError
from api_lint.discover import Project
from api_lint.facts import Route
from api_lint.link import kind
from api_lint.rule import Rule
from api_lint.shapes import toml, toml_key
from api_lint.text import visible

_NAMES = {
    "fastapi": "FastAPI",
    "starlette": "Starlette",
    "flask": "Flask",
    "quart": "Quart",
    "drf": "Django REST framework",
    "django": "Django",
}
_PRE_COMMIT = ".pre-commit-config.yaml"
_WORKFLOW = ".github/workflows/api-lint.yml"
_WIDTH = 100
_LARGEST = 1_000_000


class InitError(ProblemError):
    """A folder that cannot be written to."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a code base is made of: routes and files with routes by framework, and its folders of some kinds."""

    routes: Mapping[str, int]
    files: Mapping[str, int]
    folders: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class File:
    """A file of the way in. `path` is absolute; `reason` says why it is not to be written, "" if it is.

    `snippet` is what to add by hand to the file that is there, "" for nothing.
    """

    path: str
    content: str
    reason: str = ""
    snippet: str = ""


def look(project: Project, routes: Sequence[Route]) -> Seen:
    """What there is to see in a project.

    Parameters: `project`; its `routes`.
    """
    found: dict[str, set[str]] = {}
    for path in project.targets:
        folder, is_other = _outermost(path)
        if is_other:
            found.setdefault(kind(path), set()).add(folder)
    paths = {(route.framework, route.handler.path) for route in routes}
    return Seen(
        dict(Counter(route.framework for route in routes).most_common()),
        Counter(framework for framework, _ in paths),
        {name: tuple(sorted(folders)) for name, folders in sorted(found.items())},
    )


def _outermost(path: str) -> tuple[str, bool]:
    """The outermost folder of a path whose files are tests, migrations or examples, and whether there is one."""
    wanted = kind(path)
    parts = path.split("/")[:-1]
    for end in range(1, len(parts) + 1):
        folder = "/".join(parts[:end])
        if wanted in ("tests", "migrations", "examples") and kind(f"{folder}/x.py") == wanted:
            return folder, True
    return "", False


def plan(
    folder: str,
    seen: Seen,
    rules: Sequence[type[Rule]],
    *,
    configured: str | None = None,
    pre_commit: bool | None = None,
    ci: bool | None = None,
) -> list[File]:
    """The files of the way in.

    Parameters: `folder`, absolute; what was `seen` in it; `rules` that are installed; `configured`, the file whose
    settings count there until now, `None` for none; `pre_commit` and `ci`, whether to write these files, `None` for: in a git
    repository, and where there is a folder `.github`.
    Returns: the files, with reasons for those that are not to be written.
    """
    top = _repository(folder)
    files = [_config(folder, seen, rules, configured)]
    if pre_commit or (pre_commit is None and top is not None):
        files.append(_pre_commit(top or folder))
    if ci or (ci is None and top is not None and os.path.isdir(os.path.join(top, ".github"))):
        files.append(_workflow(top or folder, folder))
    return files


def write(files: Iterable[File], root: str) -> None:
    """Write the files that are to be written. One that has come up meanwhile is not touched.

    Parameters: `files`; `root`, the folder that nothing is written out of, through whatever link.
    Raises: InitError for the first that cannot be written.
    """
    for file in (file for file in files if not file.reason):
        parent = os.path.dirname(file.path)
        try:
            real = os.path.realpath(parent)
            if os.path.commonpath([real, os.path.realpath(root)]) != os.path.realpath(root):
                raise InitError(
                    f"{visible(file.path)} is not written: a link leads out of {visible(root)}"
                )
            os.makedirs(parent, exist_ok=True)
            with open(file.path, "x", encoding="utf-8", newline="\n") as handle:
                handle.write(file.content)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InitError(f"cannot write {visible(file.path)}: {reason}") from error


def top_of(folder: str) -> str:
    """The repository around a folder, or the folder itself if there is none."""
    return _repository(folder) or folder


def _repository(folder: str) -> str | None:
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def _new(path: str, content: str, snippet: str = "") -> File:
    is_there = os.path.lexists(path)
    return File(path, content, "it is there already" if is_there else "", snippet if is_there else "")


# ------------------------------------------------------------------------------------------------------------ content


def _config(folder: str, seen: Seen, rules: Sequence[type[Rule]], configured: str | None) -> File:
    path = os.path.join(folder, OWN_FILES[-1])
    if configured is not None and os.path.dirname(configured) == folder:
        return File(configured, "", "it configures api-lint already")
    lines = _config_lines(seen, rules, os.path.relpath(configured, folder) if configured else None)
    return _new(path, "".join(f"{line}\n" for line in lines))


def _config_lines(seen: Seen, rules: Sequence[type[Rule]], base: str | None) -> list[str]:
    """The configuration: what is set are the defaults or those of the base, what else can be set stands in comments."""
    concerned = [r for r in rules if not r.frameworks or set(r.frameworks) & set(seen.routes)]
    starts = sorted({rule.code[:4] for rule in concerned if rule.default})
    sources = [toml(rule.code) for rule in concerned][:1]
    lines = [
        "# What api-lint checks here. `api-lint rules` lists the rules, `api-lint explain CODE` explains one, and",
        "# `api-lint check --show-settings` tells what is in force, and where it comes from.",
        "#",
        *_wrapped("# ", f"Seen: {_told(seen)}."),
        "",
        *([f"extend = {toml(base.replace(os.sep, '/'))}", ""] if base else []),
        "# Other versions may find other things.",
        f'# required-version = ">={__version__}"',
        "",
        "# The rules that run are those that are on by default. Codes, beginnings of codes, names, or ALL:",
        f"# select = {toml(starts)}",
        f"# ignore = [{', '.join(sources)}]",
        "",
        "# What git ignores, virtual environments and build folders are left out. Patterns as in .gitignore:",
        f"# extend-exclude = {toml([f'/{folder}/' for folder in seen.folders.get('migrations', ())] or ['/legacy/'])}",
        "",
    ]
    quiet = [
        folder for name in ("tests", "migrations", "examples") for folder in seen.folders.get(name, ())
    ]
    lines += ["# Whether rules that are silent in tests, migrations and examples speak there, too."]
    lines += _wrapped("# ", f"Seen: {', '.join(map(visible, quiet))}.") if quiet else []
    # What a base says must stay as it is.
    mark = "# " if base else ""
    lines += [f"{mark}include-tests = false", ""]
    lines += ["# Everything on, each rule at its strictest.", f"{mark}strict = false", ""]
    pattern = f"{seen.folders['tests'][0]}/**" if seen.folders.get("tests") else "scripts/*"
    lines += [
        "# Rules that are silent in some files.",
        "[extend-per-file-ignores]" if base else "[per-file-ignores]",
    ]
    lines += [f"# {toml_key(pattern)} = {toml(starts[-1:])}"]
    for rule in concerned:
        options = shapes.plain(rule.Options())
        if isinstance(options, dict) and options:
            lines += [
                "",
                *_wrapped("# ", f"{rule.code}: {rule.doc().summary}"),
                f"[rules.{rule.name()}]",
            ]
            lines += [f"# {key} = {toml(v)}" for key, v in options.items() if v is not None]
    return lines


def _told(seen: Seen) -> str:
    if not seen.routes:
        return "no routes of FastAPI, Flask or Django REST framework"
    return ", ".join(
        f"{_NAMES.get(framework, framework)} ({_count(routes, 'route')} in {_count(seen.files[framework], 'file')})"
        for framework, routes in seen.routes.items()
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _wrapped(start: str, text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, _WIDTH, initial_indent=start, subsequent_indent=start, break_on_hyphens=False)


_HOOK = """\
  # The api-lint of the environment that commits: pip install api-lint
  - repo: local
    hooks:
      - id: api-lint
        name: api-lint
        entry: api-lint check --force-exclude
        language: system
        types: [python]
        require_serial: true
"""


def _pre_commit(top: str) -> File:
    path = os.path.join(top, _PRE_COMMIT)
    return _new(path, f"repos:\n{_HOOK}", "" if _speaks_of_us(path) else _HOOK)


def _speaks_of_us(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return b"api-lint" in file.read(_LARGEST)
    except OSError:
        return False


def _workflow(top: str, folder: str) -> File:
    inner = os.path.relpath(folder, top).replace(os.sep, "/")
    lines = [
        "name: api-lint",
        "on: [push, pull_request]",
        "permissions:",
        "  contents: read",
        "jobs:",
        "  api-lint:",
        "    runs-on: ubuntu-latest",
        *(
            ["    defaults:", "      run:", f"        working-directory: {_yaml(inner)}"]
            if inner != "."
            else []
        ),
        "    steps:",
        "      - uses: actions/checkout@v4",
        "      - uses: actions/setup-python@v5",
        "        with:",
        '          python-version: "3.12"',
        f"      - run: python -m pip install api-lint=={__version__}",
        "      - run: api-lint check --output-format github",
    ]
    return _new(os.path.join(top, *_WORKFLOW.split("/")), "".join(f"{line}\n" for line in lines))


def _yaml(text: str) -> str:
    # A JSON string is one of YAML.
    import json

    return json.dumps(text)
