"""The shops answer their requests as before, once all fixes are applied, but for what a fix promises."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from api_lint import registry, testing
from shop_requests import LISTS, Ask

FIXTURES = Path(__file__).parent.parent / "fixtures"
RULES = [rule for rule in registry.load().rules if rule.fix]
KINDS = ("safe", "unsafe")


@cache
def fixing(shop: str, kind: str) -> testing.Fixing:
    return testing.fix(FIXTURES / shop, *RULES, unsafe=kind == "unsafe")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """(shop, `before`, `safe` or `unsafe`) → what it answers and what it sends; all of them at a time."""
    running = {}
    for shop in LISTS:
        for kind in ("before", *KINDS):
            folder = tmp_path_factory.mktemp(f"{shop}-{kind}")
            done = fixing(shop, "safe" if kind == "before" else kind)
            for path, content in (done.before if kind == "before" else done.after).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            running[shop, kind] = subprocess.Popen(
                [sys.executable, str(Path(__file__).parent / "shop_requests.py"), shop, str(folder)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
    found = {}
    for key, process in running.items():
        out, err = process.communicate(timeout=120)
        assert not process.returncode, f"{key}: {err}"
        found[key] = json.loads(out)
    return found


def asked(shop: str) -> list[Ask]:
    return [step for step in LISTS[shop] if isinstance(step, Ask)]


@pytest.mark.xdist_group("shops")
@pytest.mark.parametrize("shop", LISTS)
def test_shop_runs(shop: str, answers: dict[tuple[str, str], dict[str, Any]]) -> None:
    got = [status for status, _ in answers[shop, "before"]["answers"]]
    assert dict(enumerate(got)) == {n: ask.status for n, ask in enumerate(asked(shop))}


@pytest.mark.xdist_group("shops")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shop", LISTS)
def test_fixed_shop_answers_the_same(
    shop: str, kind: str, answers: dict[tuple[str, str], dict[str, Any]]
) -> None:
    before, after = answers[shop, "before"], answers[shop, kind]
    for ask, old, new in zip(asked(shop), before["answers"], after["answers"]):
        assert new[0] == old[0], f"{ask.method} {ask.path}"
        if kind == "unsafe" and ask.narrows:
            assert is_narrowed(old[1], new[1]), f"{ask.method} {ask.path}: {old[1]} and then {new[1]}"
        elif ask.narrows and "password" in json.dumps(old[1]):
            assert without_salt(new[1]) == without_salt(old[1])
        else:
            assert new[1] == old[1], f"{ask.method} {ask.path}"
    assert after["sent"] == before["sent"]


def is_narrowed(old: Any, new: Any) -> bool:
    """Whether an answer holds what the old one held and no more, in the words of a schema: it may leave keys out,
    load related rows, and write decimals as text.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key not in old or is_narrowed(old[key], value) for key, value in new.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_narrowed, old, new))
    if isinstance(old, float) and isinstance(new, str):
        return old == float(new)
    return bool(old == new)


def without_salt(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {key: without_salt(value) for key, value in answer.items() if key != "hashed_password"}
    return answer
