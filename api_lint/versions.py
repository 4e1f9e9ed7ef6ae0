"""Which versions a specifier such as `>=0.4,<1` allows.

Versions, their order and the operators are those of
https://packaging.python.org/en/latest/specifications/version-specifiers/.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_VERSION = re.compile(
    r"""v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>a|alpha|b|beta|c|rc|pre|preview)[-_.]?(?P<pre_number>[0-9]*))?
    (?:-(?P<bare_post>[0-9]+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>[0-9]*))?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>[0-9]*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\Z""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_CLAUSE = re.compile(r"\s*(~=|===?|!=|<=|>=|<|>)?\s*([^\s,]+)\s*\Z")
_PRE = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_LONGEST = 200


class _Version(NamedTuple):
    """A version in the order of versions. `pre` is (-1,) before and (3,) after all pre-releases; `dev` likewise."""

    epoch: int
    release: tuple[int, ...]
    pre: tuple[int, ...]
    post: int
    dev: tuple[int, ...]
    local: tuple[tuple[int, int | str], ...] = ()

    @property
    def public(self) -> _Version:
        return self._replace(local=())

    @property
    def base(self) -> tuple[int, tuple[int, ...]]:
        return self.epoch, self.release

    @property
    def is_before(self) -> bool:
        """Whether it is a pre-release or a development release."""
        return self.dev != (1,) or self.pre not in ((-1,), (3,))


def allows(specifiers: str, version: str) -> bool:
    """Whether a version is one of those that are asked for.

    Parameters: `specifiers`, comma-separated, each an operator and a version; a version alone means `==`. `version`, pre-releases
    like any other.
    Returns: whether all specifiers allow it.
    Raises: ValueError for what is no specifier.
    """
    if len(specifiers) > _LONGEST:
        raise ValueError("too long")
    found = _parse(version)
    answers = [_allows(clause, found, version) for clause in specifiers.split(",")]
    return all(answers)  # once each of them is known to be a specifier


def _allows(clause: str, version: _Version, text: str) -> bool:
    match = _CLAUSE.match(clause)
    if match is None:
        raise ValueError(f"`{clause.strip()}` is no version")
    operator, asked = match[1] or "==", match[2]
    if operator == "===":
        return asked.lower() == text.lower()
    if asked.endswith(".*"):
        if operator not in ("==", "!="):
            raise ValueError(f"`{clause.strip()}`: only == and != go with .*")
        return _begins(version, asked[:-2]) == (operator == "==")
    return _compare(operator, version, _parse(asked), clause.strip())


def _compare(operator: str, version: _Version, asked: _Version, clause: str) -> bool:
    if asked.local and operator not in ("==", "!="):
        raise ValueError(f"`{clause}`: only == and != go with a local version")
    if operator in ("==", "!="):
        same = (version if asked.local else version.public) == asked
        return same == (operator == "==")
    public = version.public
    if operator == ">=":
        return public >= asked
    if operator == "<=":
        return public <= asked
    if operator == "<":
        is_its_own = (*public.base, public.post) == (*asked.base, asked.post)
        return public < asked and not (is_its_own and public.is_before and not asked.is_before)
    if operator == ">":
        # A post-release of a version does not count as later than that version.
        return public > asked and public._replace(post=-1, dev=(1,)) != asked
    count = _count(clause.removeprefix("~=").strip())
    if count < 2:
        raise ValueError(f"`{clause}`: ~= needs a version of at least two numbers")
    return public >= asked and _padded(version, count - 1) == _padded(asked, count - 1)


def _begins(version: _Version, text: str) -> bool:
    asked = _parse(text)
    if asked != _Version(*asked.base, (3,), -1, (1,)):
        raise ValueError(f"`{text}.*`: only a release goes with .*")
    count = _count(text)
    return _padded(version, count) == _padded(asked, count)


def _count(text: str) -> int:
    """How many numbers a release is written with."""
    match = _VERSION.match(text)
    return match["release"].count(".") + 1 if match else 0


def _padded(version: _Version, count: int) -> tuple[int, tuple[int, ...]]:
    return version.epoch, (*version.release, *[0] * count)[:count]


def _parse(text: str) -> _Version:
    match = _VERSION.match(text)
    if match is None:
        raise ValueError(f"`{text}` is no version")
    release = [int(part) for part in match["release"].split(".")]
    while len(release) > 1 and not release[-1]:
        release.pop()
    has_post = match["post"] or match["bare_post"]
    post = int(match["bare_post"] or match["post_number"] or 0) if has_post else -1
    dev = (0, int(match["dev_number"] or 0)) if match["dev"] else (1,)
    if match["pre"]:
        pre: tuple[int, ...] = (_PRE[match["pre"].lower()], int(match["pre_number"] or 0))
    else:
        pre = (-1,) if match["dev"] and not has_post else (3,)
    parts = re.split(r"[-_.]", match["local"].lower()) if match["local"] else []
    local = tuple((1, int(part)) if part.isdigit() else (0, part) for part in parts)
    return _Version(int(match["epoch"] or 0), tuple(release), pre, post, dev, local)
