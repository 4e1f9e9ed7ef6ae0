"""Version specifiers, against the library that defines them in practice."""

from __future__ import annotations

import itertools

import pytest
from packaging.specifiers import SpecifierSet

from api_lint import versions

VERSIONS = [
    "0.1.0", "0.1", "0.1.dev3", "0.1a1", "0.1a1.dev2", "0.1b2", "0.1rc1", "0.1.post1", "0.1.post1.dev1",
    "0.1.1", "0.2", "0.10", "1", "1.0.0", "1.0+local.1", "1!0.1", "v1.2.3", "1.2.3-4",
]  # fmt: skip
OPERATORS = ["==", "!=", "<=", ">=", "<", ">", "~="]


@pytest.mark.parametrize("version", VERSIONS)
def test_agrees_with_packaging(version: str) -> None:
    asked = [a for a in VERSIONS if "+" not in a]
    pairs = [(f"{operator}{a}", a) for operator, a in itertools.product(OPERATORS, asked)]
    pairs += [
        (f"{operator}{a}.*", a) for operator in ("==", "!=") for a in ("0", "0.1", "0.1.0", "1", "1!0")
    ]
    for specifier, a in pairs:
        if (
            specifier.startswith("~=")
            and "." not in a.split("!")[-1].partition("a")[0].partition(".dev")[0]
        ):
            continue
        expected = SpecifierSet(specifier, prereleases=True).contains(version)
        assert versions.allows(specifier, version) == expected, (version, specifier)


def test_a_version_alone_and_several() -> None:
    assert versions.allows("0.1", "0.1.0")
    assert not versions.allows("0.1", "0.1.1")
    assert versions.allows(" >=0.1 , <1 ", "0.4.2")
    assert not versions.allows(">=0.1,<0.4,!=0.3", "0.4.2")
    assert versions.allows("===0.1.0", "0.1.0")


@pytest.mark.parametrize(
    "text", ["", "latest", ">=", "=>1", "1 2", "^1", ">=1.*", "~=1", "1,,2", ">=1,x", "==1.dev1.*", "1" * 300]
)  # fmt: skip
def test_what_is_no_specifier(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        versions.allows(text, "0.1.0")
