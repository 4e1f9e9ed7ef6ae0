"""Three small applications, one a framework, in which every gotcha stands where people put it."""

from pathlib import Path

import pytest

from api_lint import registry, testing

FIXTURES = Path(__file__).parent.parent / "fixtures"
RULES = registry.load().rules
SHOPS = ["shop", "shop_flask", "shop_drf"]
GOTCHAS = {"API101", "API202", "API301", "API401", "API402", "API501"}


@pytest.mark.parametrize("name", SHOPS)
def test_shop_is_found_where_it_is_marked(name: str) -> None:
    differences = testing.check(FIXTURES / name, *RULES)
    assert not differences, "\n".join(map(str, differences))


@pytest.mark.parametrize("name", SHOPS)
def test_shop_has_every_gotcha(name: str) -> None:
    marked = testing.expected(FIXTURES / name)
    codes = {code for rows in marked.values() for found in rows.values() for code in found}
    assert codes >= GOTCHAS
    assert any(code.startswith("API6") for code in codes)


def test_fastapi_shop_has_every_rule_of_the_seven() -> None:
    marked = testing.expected(FIXTURES / "shop")
    codes = {code for rows in marked.values() for found in rows.values() for code in found}
    assert codes >= {*GOTCHAS, "API201", "API601", "API602", "API603", "API604", "API605", "API606"}
