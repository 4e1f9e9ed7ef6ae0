"""Where a project keeps its services, and how one file imports another."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from api_lint.facts import Import
from api_lint.names import dotted as dotted_name

if TYPE_CHECKING:
    from api_lint.api import Api, Module

__all__ = ["Service", "import_for", "module_name", "service_for"]

_FOLDERS = ("services", "service", "crud", "repositories")
_FILES = ("services.py", "service.py", "crud.py")
_GENERIC = frozenset(
    "views view routes route routers router resources resource endpoints endpoint controllers controller api apis "
    "handlers main app server __init__".split()
)
_ROUTE_FOLDERS = frozenset(
    "routes routers endpoints api views controllers handlers v1 v2 v3 web resources".split()
)
_SUFFIXES = (
    "_router",
    "_routes",
    "_route",
    "_views",
    "_view",
    "_endpoints",
    "_endpoint",
    "_controller",
    "_api",
    "_resource",
)


class Service(NamedTuple):
    """A service module: its path, the name it is imported under, the import as (module, name), and the empty files
    that make a package of its folder."""

    path: str
    local: str
    imported: tuple[str, str]
    packages: tuple[str, ...]


def service_for(api: Api, module: Module) -> Service | str:
    """The service module for the routes in a file, or why none can be told."""
    path = _place(api, module.path)
    stem = posixpath.basename(path).removesuffix(".py")
    known = any(stem.endswith(e) for e in ("_service", "_services", "_crud", "_repository"))
    local = stem if known or stem in ("services", "service") else f"{stem}_service"
    dotted = _dotted(api, module, path)
    if dotted is None:
        return "how this file would import a service module cannot be told"
    package, _, name = dotted.rpartition(".")
    if package.strip(".") == "" and dotted.startswith("."):
        package = "." * (len(dotted) - len(dotted.lstrip(".")))
    alias = name if name == local else f"{name} as {local}"
    imported = (package, alias) if package else (alias, "")
    taken = local in module.facts.body.bound and not any(
        i.local == local and api.project.import_target(i, module.path).path == path
        for i in module.facts.body.imports
    )
    if taken or any(local in f.bound for f in module.facts.functions):
        return f"the name {local} means something else here"
    if _reaches(api, path, module.path):
        return f"{path} imports this file"
    return Service(path, local, imported, tuple(_packages(api, path)))


def _place(api: Api, path: str) -> str:
    folder, stem = posixpath.dirname(path), posixpath.basename(path).removesuffix(".py")
    for suffix in _SUFFIXES:
        stem = stem.removesuffix(suffix) or stem
    paths = api.project.paths
    if stem in _GENERIC:
        for name in _FILES:
            if posixpath.join(folder, name) in paths:
                return posixpath.join(folder, name)
        if (
            stem not in ("main", "app", "server")
            and posixpath.join(folder, "__init__.py") in paths
            and posixpath.basename(folder) not in _ROUTE_FOLDERS
        ):
            return posixpath.join(folder, "services.py")
        stem = {"__init__": posixpath.basename(folder) or "app"}.get(stem, stem)
    package, stem = _above_routes(folder, stem)
    home = _home(api, folder)
    if home is None:
        if package == folder:
            return posixpath.join(folder, f"{stem}_service.py")
        home = posixpath.join(package, "services")
    inside = [posixpath.basename(p) for p in paths if posixpath.dirname(p) == home]
    for one in dict.fromkeys((stem, stem.removesuffix("s"), f"{stem}s")):
        for suffix in ("", "_service", "_services", "_crud", "_repository"):
            if f"{one}{suffix}.py" in inside:
                return posixpath.join(home, f"{one}{suffix}.py")
    styled = sum(name.endswith("_service.py") for name in inside)
    plain = sum(not name.startswith("__") for name in inside)
    return posixpath.join(home, f"{stem}_service.py" if styled * 2 > plain else f"{stem}.py")


def _above_routes(folder: str, stem: str) -> tuple[str, str]:
    """The folder around those of the routes (the same where they have none), and the file's name with what lies between:
    `app` and `projects_members` for `app/views/projects/members.py`."""
    package, below = folder, stem
    for above in (folder, posixpath.dirname(folder)):
        if posixpath.basename(above) in _ROUTE_FOLDERS:
            package = above
            break
        below = f"{posixpath.basename(above)}_{below}"
    else:
        return folder, stem
    while posixpath.basename(package) in _ROUTE_FOLDERS:
        package = posixpath.dirname(package)
    return package, below


def _home(api: Api, folder: str) -> str | None:
    """The nearest folder of services in the same package."""
    while folder:
        for name in _FOLDERS:
            if posixpath.join(folder, name) in api.project.folders:
                return posixpath.join(folder, name)
        above = posixpath.dirname(folder)
        in_package = posixpath.join(folder, "__init__.py") in api.project.paths
        if not in_package and posixpath.basename(folder) not in _ROUTE_FOLDERS:
            return None
        folder = above
    return next((name for name in _FOLDERS if name in api.project.folders), None)


def _packages(api: Api, path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    init = posixpath.join(folder, "__init__.py")
    beside = posixpath.join(posixpath.dirname(folder), "__init__.py")
    if folder and folder not in api.project.folders and (beside in api.project.paths):
        yield init


def _dotted(api: Api, module: Module, path: str) -> str | None:
    """A file's module name as another file would import it."""
    for entry in module.facts.body.imports:
        if entry.level or entry.type_checking or not entry.module:
            continue
        found = api.project.find(entry.module, module.path)
        tail = entry.module.replace(".", "/")
        if found.sort in ("module", "package") and found.name.endswith(tail):
            root = found.name[: -len(tail)]
            if path.startswith(root):
                return dotted_name(path[len(root) :].removesuffix(".py"))
    folder = posixpath.dirname(module.path)
    if posixpath.join(folder, "__init__.py") in api.project.paths:
        return _relative(folder, path.removesuffix(".py"), api)
    if posixpath.dirname(path) == folder:
        return dotted_name(posixpath.basename(path).removesuffix(".py"))
    return None


def module_name(api: Api, module: Module, path: str, importer: str) -> str | None:
    """How the file `importer`, which lies in the same project as `module`, names the module at `path`."""
    path = path.removesuffix("/__init__.py") + (".py" if path.endswith("/__init__.py") else "")
    dotted = _dotted(api, module, path)
    if dotted is None or not dotted.startswith("."):
        return dotted
    return _relative(posixpath.dirname(importer), path.removesuffix(".py"), api)


def _relative(folder: str, base: str, api: Api) -> str | None:
    level = 1
    while folder and not base.startswith(folder + "/"):
        folder = posixpath.dirname(folder)
        level += 1
        if posixpath.join(folder, "__init__.py") not in api.project.paths:
            return None
    if not folder:
        return None
    dotted = dotted_name(base[len(folder) + 1 :])
    return None if dotted is None else "." * level + dotted


def import_for(api: Api, entry: Import, importer: str, path: str) -> tuple[str, str] | None:
    """What a file at `path` writes to import what `importer` imports by `entry`; `None` where it cannot."""
    module = entry.module
    if entry.level:
        base = api.project.relative(entry, importer)
        if base is None:
            return None
        # The root is a folder as well, and has no name.
        steps = posixpath.relpath(base or ".", posixpath.dirname(path) or ".").split("/")
        module = "." * (steps.count("..") + 1) + ".".join(s for s in steps if s not in ("..", "."))
    if not entry.name:
        return (f"{module} as {entry.local}" if entry.local != module else module), ""
    return module, entry.name if entry.local == entry.name else f"{entry.name} as {entry.local}"


def _reaches(api: Api, start: str, goal: str) -> bool:
    """Whether importing one file imports another, packages' own files aside."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        module = api.module(path) if path not in seen else None
        seen.add(path)
        if module is None:
            continue
        for entry in module.facts.body.imports:
            target = api.project.import_target(entry, path)
            if target.path == goal:
                return True
            if target.path.endswith(".py") and not target.path.endswith("__init__.py"):
                waiting.append(target.path)
    return False
