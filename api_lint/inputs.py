"""All that a run looked at: what has to be as it was for its report to be given again.

Besides the project's files and folders that is what was not there (a configuration further up, a marker of a root), and
what makes the rules: the program itself, plugins, and the folders that packages are found in.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from api_lint import replay
from api_lint.config import FILES, Settings
from api_lint.discover import IGNORES, MARKERS, WEAK_MARKERS, Project
from api_lint.replay import FILE, FOLDER, KIND, STATE, Watched
from api_lint.rule import Rule

# What may stand in a folder above, and makes it a root, a package or a checkout, or says something.
_TELLING = sorted({*FILES, *MARKERS, *WEAK_MARKERS, IGNORES, ".git", ".hg", "__init__.py"})
_READ = (*FILES, IGNORES)


def of(
    paths: Sequence[str],
    project: Project,
    settings: Settings,
    others: Iterable[str] = (),
    contents: Mapping[str, str] | None = None,
) -> Watched:
    """All that a run looked at.

    Parameters: `paths` as they were named; `project` and `settings` of the run; `others`, further
    files that it read, absolute; `contents`, the digests of what it read in the project's files, as far as they are known.
    """
    root = str(project.root)
    named = [os.path.abspath(path) for path in paths]
    watched = Watched()
    read = {*others, *project.said, *settings.files}
    read.update(file for own in project.nested.values() for file in own.files)
    above = _above([root, os.getcwd(), *(os.path.dirname(path) for path in named), *named])
    for folder in above:
        for name in _TELLING:
            watched.add(KIND, os.path.join(folder, name))
        read.update(filter(os.path.isfile, (os.path.join(folder, name) for name in _READ)))
        read.add(os.path.join(folder, ".git", "info", "exclude"))
    for path in named:
        watched.add(KIND, path)
    for path in sorted({*sys.path, *_modules()}):
        watched.add(STATE, os.path.abspath(path))
    for folder in sorted(_packages()):
        watched.add(FOLDER, folder, replay.listed(folder))
    for folder, digest in project.listed.items():
        watched.add(FOLDER, folder, digest)
    digests = {
        os.path.join(root, *path.split("/")): (contents or {}).get(path) for path in project.files
    }
    for path in sorted(read | digests.keys()):
        known = digests.get(path)
        watched.add(FILE, path, bytes.fromhex(known) if known else replay.content(path))
    return watched


def _above(paths: Iterable[str]) -> list[str]:
    """The paths and all folders above them."""
    found: set[str] = set()
    for path in paths:
        while path not in found:
            found.add(path)
            path = os.path.dirname(path)
    return sorted(found)


def _tops() -> frozenset[str]:
    """The packages that the program and the rules are in."""
    return frozenset(
        {"api_lint", *(rule.__module__.partition(".")[0] for rule in Rule.__subclasses__())}
    )


def _modules() -> Iterator[str]:
    """The files of the modules that are loaded from the program and from the rules' packages."""
    tops = _tops()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] in tops and file:
            yield file


def _packages() -> Iterator[str]:
    """Their folders: a file more is a rule more."""
    tops = _tops()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in tops:
            yield from (os.path.abspath(path) for path in getattr(module, "__path__", ()))


def program() -> tuple[tuple[str, int, int], ...]:
    """What the program and the rules are made of: each file with its time and its size."""
    files: set[str] = set()
    for top in _packages():
        for folder, _, names in os.walk(top):
            files.update(os.path.join(folder, name) for name in names if name.endswith(".py"))
    states = ((path, os.stat(path)) for path in sorted({*files, *_modules()}) if os.path.isfile(path))
    return tuple((path, state.st_mtime_ns, state.st_size) for path, state in states)
