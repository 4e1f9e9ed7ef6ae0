"""All rules against all that holds for a rule: documentation, messages, fixtures."""

import re
import sys
from pathlib import Path

import pytest

from api_lint import Rule, registry, testing

FIXTURES = Path(__file__).parent.parent / "fixtures"
LOADED = registry.load()
RULES = LOADED.rules

# What these say depends on other files, so at least one case of theirs has some.
ACROSS_FILES = {"API101", "API201", "API202", "API501", "API602", "API604", "API605", "API606"}

# `GET /users/{key}` is filled.
ROUTE_PATH = re.compile(r"/\S*")

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name())


def folder_of(rule: type[Rule]) -> Path:
    return FIXTURES / rule.name()


def all_cases() -> list[object]:
    return [
        pytest.param(rule, case, id=f"{rule.name()}/{case.name}")
        for rule in RULES
        if folder_of(rule).is_dir()
        for case in testing.cases(folder_of(rule))
    ]


def told(differences: tuple[testing.Difference, ...]) -> str:
    return "\n".join(map(str, differences))


def test_every_rule_loads() -> None:
    assert LOADED.errors == ()
    assert RULES


@every_rule
def test_documentation_is_complete(rule: type[Rule]) -> None:
    doc = rule.doc()
    assert doc.summary.endswith(".")
    assert doc.why
    assert doc.bad
    assert doc.good
    assert "Evidence" not in doc.why
    assert len(doc.evidence.split()) > 10, (
        "it does not say what its findings rest on, and where it is silent"
    )


@every_rule
def test_bad_example_is_found_by_this_rule_alone(rule: type[Rule], tmp_path: Path) -> None:
    example = tmp_path / "app.py"
    example.write_text(rule.doc().bad, encoding="utf-8")
    alone = testing.lint(example, rule)
    assert alone.errors == ()
    assert {d.code for d in alone.diagnostics} == {rule.code}
    if testing.expected(example):
        assert not testing.check(example, rule)


@every_rule
def test_good_example_is_clean(rule: type[Rule]) -> None:
    assert not testing.check_source(rule.doc().good, rule), "the good example is found"


@every_rule
def test_rule_has_fixtures(rule: type[Rule]) -> None:
    names = [case.name for case in testing.cases(folder_of(rule))]
    assert "bad.py" in names
    assert "good.py" in names
    if rule.code in ACROSS_FILES:
        assert any(case.is_dir() for case in testing.cases(folder_of(rule)))


@every_rule
def test_fixtures_are_marked_with_the_own_code_only(rule: type[Rule]) -> None:
    marked = testing.expected(folder_of(rule))
    codes = {code for rows in marked.values() for found in rows.values() for code in found}
    assert codes == {rule.code}
    assert not [name for name in marked if Path(name).name.startswith("good")]


@pytest.mark.parametrize(("rule", "case"), all_cases())
def test_case_is_found_where_it_is_marked(rule: type[Rule], case: Path) -> None:
    differences = testing.check(case, rule)
    assert not differences, told(differences)


@every_rule
def test_messages_are_filled_and_have_no_full_stop(rule: type[Rule]) -> None:
    for case in testing.cases(folder_of(rule)):
        for diagnostic in testing.lint(case, rule).diagnostics:
            for message in (diagnostic.message, *(related.message for related in diagnostic.related)):
                assert message == message.strip() != ""
                assert not message.endswith(".")
                assert not re.search(r"[{}]", ROUTE_PATH.sub("", message))
            assert diagnostic.name == rule.name()
            assert diagnostic.severity == rule.severity


def test_every_folder_of_fixtures_is_a_rule_or_a_shop() -> None:
    names = {path.name for path in FIXTURES.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {name for name in names if not name.startswith("shop")} == {rule.name() for rule in RULES}


EXCEPT_STAR = """
def swallows():
    try:
        load()
    except* Exception:  # API301
        pass

def narrow():
    try:
        load()
    except* ValueError:
        pass

def again():
    try:
        load()
    except* BaseException:
        clean()
        raise
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no such syntax")
def test_exception_groups_are_judged_like_exceptions() -> None:
    (rule,) = (rule for rule in RULES if rule.code == "API301")
    assert not testing.check_source(EXCEPT_STAR, rule)
