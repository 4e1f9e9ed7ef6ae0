"""What the real FastAPI documents of applications: each is imported in a process of its own.

Run as a script: it reads a JSON list of folders and writes a list of `{"errors": …, "apps": …}`, one for each.
The framework, Pydantic and the databases' libraries are the real ones; every other package that a case names, be it
installed or not, is made of stand-ins that take everything and do nothing.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import inspect
import json
import os
import re
import sys
import traceback
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

REAL = {
    "fastapi", "starlette", "pydantic", "pydantic_core", "sqlalchemy", "sqlmodel", "typing_extensions", "anyio", "idna",
    "annotated_types", "annotated_doc", "typing_inspection", "greenlet", "email_validator", "sniffio", "exceptiongroup",
    "opentelemetry", "yaml", "httpx", "httpcore", "h11", "certifi", "python_multipart", "multipart", "dns", "markupsafe",
    "jinja2", "ujson", "orjson", "aiosqlite", "pydantic_settings", "dotenv",
}  # fmt: skip


class StandInType(type):
    """Classes every attribute of which is a class of the same kind."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return stand_in(name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        # A decorator without arguments gives back what it decorates.
        if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType):
            return args[0]
        return super().__call__(*args, **kwargs)

    def __getitem__(cls, key: Any) -> Any:
        return cls

    def __setitem__(cls, key: Any, value: Any) -> None:
        pass

    def __iter__(cls) -> Iterator[Any]:
        return iter(())


class StandIn(metaclass=StandInType):
    """What a name of a package stands for that is not there: class, function, decorator and object in one."""

    __signature__ = inspect.Signature()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.any_schema()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return stand_in(name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args[0] if len(args) == 1 and callable(args[0]) else self

    def __getitem__(self, key: Any) -> Any:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def stand_in(name: str) -> Any:
    """A class of that name."""
    return StandInType(name, (StandIn,), {"__signature__": inspect.Signature()})


class StandInModule(types.ModuleType):
    """A module that has every name."""

    __path__: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, stand_in(name))
        return self.__dict__[name]


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds every module that is neither real nor in one of the folders."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = roots

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        top, *rest = fullname.split(".")
        if top in sys.stdlib_module_names or top in REAL:
            return None
        for root in self.roots:
            place = root.joinpath(top, *rest)
            if place.is_dir() or place.with_suffix(".py").is_file():
                return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return StandInModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def documented(folder: Path) -> dict[str, Any]:
    """What a folder's FastAPI modules document, once they are imported."""
    os.chdir(folder)
    with_handlers(folder)
    for name in names_of_the_environment(folder):
        os.environ.setdefault(name, value_for(name))
    files = [p for p in sorted(folder.rglob("*.py")) if b"fastapi" in p.read_bytes()]
    roots = sorted({root_of(path) for path in folder.rglob("*.py")} | {folder})
    sys.path[:0] = map(str, roots)
    sys.meta_path.insert(0, StandIns(roots))
    found: dict[str, Any] = {"errors": {}, "apps": {}}
    for path in files:
        name = ".".join(path.relative_to(root_of(path)).with_suffix("").parts).removesuffix(".__init__")
        try:
            module = importlib.import_module(name)
        except Exception:  # noqa: BLE001  whatever a case raises is the answer
            found["errors"][path.relative_to(folder).as_posix()] = traceback.format_exc()[-2000:]
            continue
        for label, app in applications(module):
            found["apps"][f"{name}:{label}"] = app.openapi()
    return found


def names_of_the_environment(folder: Path) -> set[str]:
    """The variables that a folder's files need."""
    files = [*folder.rglob("*.py"), *folder.glob(".env.example")]
    text = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    needed = {
        one or other for one, other in re.findall(r"""environ\[["'](\w+)["']\]|^(\w+)=$""", text, re.M)
    }
    return needed - set(re.findall(r"""(?:getenv|environ\.get)\(["'](\w+)["'],""", text))


def value_for(name: str) -> str:
    """What a variable of that name can be set to."""
    if "DATABASE" in name:
        return "sqlite+aiosqlite://" if "ASYNC" in name else "sqlite://"
    return "https://service.example" if name.endswith("URL") else "1"


def root_of(path: Path) -> Path:
    """The folder that has to be on the path for a file to be imported by its full name."""
    folder = path.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def applications(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """The applications of a module, its routers in one each."""
    from fastapi import APIRouter, FastAPI

    for name, value in list(vars(module).items()):
        if isinstance(value, FastAPI):
            yield name, value
        inner = vars(value).get("router") if isinstance(value, type) else value
        if isinstance(inner, APIRouter):
            app = FastAPI()
            app.include_router(inner, prefix="/routed")
            yield name, app


def with_handlers(folder: Path) -> None:
    """Have every documented operation tell where its handler stands, as `x-handler`."""
    from fastapi.openapi import utils

    plain = utils.get_openapi_operation_metadata

    def with_handler(*, route: Any, **others: Any) -> dict[str, Any]:
        code = inspect.unwrap(route.endpoint).__code__
        place = Path(code.co_filename).resolve()
        file = place.relative_to(folder).as_posix() if place.is_relative_to(folder) else ""
        return {**plain(route=route, **others), "x-handler": f"{file}::{code.co_name}"}

    utils.get_openapi_operation_metadata = with_handler


def main() -> None:
    """Ask each folder in a process of its own."""
    import fastapi
    import sqlalchemy.orm  # noqa: F401
    import sqlmodel  # noqa: F401

    assert fastapi
    found = []
    for folder in json.load(sys.stdin):
        read, write = os.pipe()
        if not os.fork():
            os.close(read)
            with os.fdopen(write, "w") as pipe:
                devnull = os.open(os.devnull, os.O_WRONLY)
                os.dup2(devnull, 1)
                try:
                    answer = documented(Path(folder).resolve())
                except BaseException:  # noqa: BLE001
                    answer = {"errors": {"": traceback.format_exc()}, "apps": {}}
                json.dump(answer, pipe)
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            found.append(json.load(pipe))
        os.wait()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
