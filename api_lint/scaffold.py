"""The beginning of a new rule: a file that works, and cases that show it does."""

from __future__ import annotations

import os
import re
from collections.abc import Collection

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_CODE = re.compile(r"[A-Z]{1,3}[0-9]{3}\Z")
_ADVICE = ("use-", "avoid-", "check-", "no-")

_RULE = '''from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from api_lint import Finding, Place, Rule


class {title}(Rule):
    """One sentence that says what is wrong.

    What it leads to, and what to do instead.

    Evidence: what a finding rests on, how sure that is, and where the rule says nothing.

    Bad::

        import os

        os.abort()

    Good::

        import sys

        sys.exit(1)
    """

    code = "{code}"
    message = "{{call}} ends the process"
    words = ("abort",)

    def visit_Call(self, call: cst.Call, at: Place) -> Iterator[Finding]:
        if at.resolve(call.func) == "os.abort":
            yield self.found(call, call="os.abort()")
'''

_BAD = """import os


def give_up():
    os.abort()  # {code}
"""

_GOOD = """import sys


def give_up():
    sys.exit(1)
"""


class ScaffoldError(Exception):
    """A rule that cannot be begun: a bad name, a code that is taken, a file that is there already."""


def free_code(taken: Collection[str]) -> str:
    """The first code from API900 that no rule has.

    Parameters: `taken`, the codes of all rules.
    Returns: the code.
    Raises: ScaffoldError if all are taken.
    """
    for number in range(900, 1000):
        if f"API{number}" not in taken:
            return f"API{number}"
    raise ScaffoldError("all codes from API900 to API999 are taken; name one with --code")


def write(name: str, code: str, taken: Collection[str], folder: str) -> list[str]:
    """Write the files of a new rule. No file that exists is touched.

    Parameters: `name` of the rule, the problem in words joined by hyphens; `code`; `taken`, the codes of all rules;
    `folder`, in or below the checkout.
    Returns: the paths of the files, relative to the checkout.
    Raises: ScaffoldError where the name or the code cannot be used, a file is there, or there is no checkout.
    """
    name = name.replace("_", "-")
    _see(name, code, taken)
    top = _checkout(folder)
    files = {
        f"rules/{name.replace('-', '_')}.py": _RULE.format(title=_title(name), code=code),
        f"fixtures/{name}/bad.py": _BAD.format(code=code),
        f"fixtures/{name}/good.py": _GOOD,
    }
    for path in files:
        if os.path.lexists(os.path.join(top, path)):
            raise ScaffoldError(f"{path} is there already")
    for path, text in files.items():
        _create(os.path.join(top, path), text)
    return [*files]


def _see(name: str, code: str, taken: Collection[str]) -> None:
    if not _NAME.match(name):
        raise ScaffoldError(
            "a rule's name is words in lower case joined by hyphens, such as blocking-sleep-in-async"
        )
    if name.startswith(_ADVICE):
        raise ScaffoldError("a rule's name states the problem, not what to do about it")
    if not _CODE.match(code):
        raise ScaffoldError(f"the code {code!r} is not of the form API123")
    if code in taken:
        raise ScaffoldError(f"the code {code} is taken")


def _title(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))


def _checkout(folder: str) -> str:
    """The nearest folder upwards that rules are kept in."""
    while not (
        os.path.isdir(os.path.join(folder, "rules"))
        and os.path.isfile(os.path.join(folder, "pyproject.toml"))
    ):
        parent = os.path.dirname(folder)
        if parent == folder:
            raise ScaffoldError("this is no checkout with a pyproject.toml and a folder called rules")
        folder = parent
    return folder


def _create(path: str, text: str) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ScaffoldError(f"cannot write {path}: {error.strerror or error}") from error
