"""How rules come in, which of them are turned away, and how they are chosen."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from api_lint import registry
from api_lint.config import ConfigError, Settings
from api_lint.registry import GROUP, Registry
from api_lint.rule import Rule

RULE = '''
from dataclasses import dataclass
from api_lint.rule import Rule, NoOptions

@dataclass(frozen=True)
class Knobs:
    strict: bool = False

@dataclass
class Thawed:
    strict: bool = False

@dataclass(frozen=True)
class Needy:
    strict: bool

class {title}(Rule):
    """What is wrong.

    Bad::

        a()

    Good::

        b()
    """
    code = "{code}"
    message = "it is wrong"
    words = ("a",)
    {extra}

    def {hook}(self, node, at):
        return ()
'''

Write = Callable[..., EntryPoint]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes modules into an importable folder and gives the entry point that names one of them."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(target: str, **sources: str) -> EntryPoint:
        for name, source in sources.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(source)
        return EntryPoint(target, target, GROUP)

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def rule(code: str = "XYZ101", title: str = "Wrong", hook: str = "visit_Call", extra: str = "") -> str:
    return RULE.format(code=code, title=title, hook=hook, extra=textwrap.dedent(extra))


def test_a_module(plugin: Write) -> None:
    loaded = registry.load([plugin("one_wrong_thing", one_wrong_thing=rule())])
    assert [(r.code, r.name()) for r in loaded.rules] == [("XYZ101", "one-wrong-thing")]
    assert loaded.errors == ()


def test_a_package(plugin: Write) -> None:
    point = plugin(
        "pack_rules",
        **{
            "pack_rules/__init__": "",
            "pack_rules/second": rule("XYZ102"),
            "pack_rules/first": rule("XYZ101"),
            "pack_rules/_helper": "raise RuntimeError",
        },
    )
    loaded = registry.load([point])
    assert [(r.code, r.name()) for r in loaded.rules] == [("XYZ101", "first"), ("XYZ102", "second")]
    assert loaded.errors == ()


def test_a_broken_plugin_takes_nobody_with_it(plugin: Write) -> None:
    loaded = registry.load(
        [
            plugin("broken_import", broken_import="import no_such_module_anywhere"),
            plugin("broken_syntax", broken_syntax="def"),
            plugin("broken_exit", broken_exit="raise SystemExit(3)"),
            plugin("broken_text", broken_text="raise ValueError('one\\n\\x1b[31mtwo')"),
            plugin("missing_module"),
            EntryPoint("broken_attr", "sys:path", GROUP),
            plugin("fine_rule", fine_rule=rule()),
        ]
    )
    assert [r.code for r in loaded.rules] == ["XYZ101"]
    assert len(loaded.errors) == 6
    assert "`broken_import` cannot be loaded: ModuleNotFoundError: No module named" in loaded.errors[0]
    assert all("\n" not in error and "\x1b" not in error for error in loaded.errors)


WRONG = [
    (rule(code="X1"), "the code 'X1' is not of the form API123"),
    (rule(code="api101"), "is not of the form"),
    (rule(code="API000"), "is the tool's own"),
    (rule(hook="visit_Cal"), "nobody calls its hook `visit_Cal` (did you mean `visit_Call`?)"),
    (rule(hook="visit_routes"), "nobody calls its hook `visit_routes` (did you mean `visit_route`?)"),
    (rule(hook="visit_Call_func"), "nobody calls its hook `visit_Call_func`"),
    (rule(hook="helper"), "it has no hook"),
    (rule(extra="message = ''"), "it has no message"),
    (rule(extra="severity = 'fatal'"), "its severity 'fatal' is none of"),
    (rule(extra="Options = Thawed"), "its Options are no frozen dataclass"),
    (rule(extra="Options = int"), "its Options are no frozen dataclass"),
    (rule(extra="Options = Needy"), "every option needs a default (strict)"),
    (rule(extra="__doc__ = ''"), "its docstring has no first sentence"),
    (rule(extra="__doc__ = 'What is wrong.'"), "its docstring has no Bad::"),
    (rule(extra="__doc__ = 'What is wrong.\\n\\nBad::\\n\\n    a()\\n'"), "its docstring has no Good::"),
    ("x = 1", "holds one subclass of Rule, this one 0"),
    (
        rule() + rule(title="Another").replace("from", "\nfrom", 1),
        "holds one subclass of Rule, this one 2",
    ),
]


@pytest.mark.parametrize(("source", "told"), WRONG, ids=[told[:40] for _, told in WRONG])
def test_rules_that_are_not_well_made(plugin: Write, source: str, told: str) -> None:
    loaded = registry.load(
        [plugin("badly_made", badly_made=source), plugin("well_made", well_made=rule("XYZ200"))]
    )
    assert [r.code for r in loaded.rules] == ["XYZ200"]
    assert len(loaded.errors) == 1
    assert "`badly_made` cannot be used: " in loaded.errors[0]
    assert told in loaded.errors[0]


def test_a_code_is_taken_once(plugin: Write) -> None:
    loaded = registry.load(
        [plugin("first_one", first_one=rule()), plugin("second_one", second_one=rule())]
    )
    assert [r.name() for r in loaded.rules] == ["first-one"]
    assert "the code XYZ101 is taken by first_one" in loaded.errors[0]


def test_every_node_of_libcst_can_be_hooked() -> None:
    import libcst

    nodes = [
        name
        for name, value in vars(libcst).items()
        if isinstance(value, type)
        and issubclass(value, libcst.CSTNode)
        and hasattr(libcst.CSTVisitor, f"visit_{name}")
    ]
    assert len(nodes) > 150
    assert all(registry._is_node_hook(f"visit_{name}") for name in nodes)


def made(code: str, name: str, default: bool = True) -> type[Rule]:
    return type(
        "Made", (Rule,), {"code": code, "default": default, "__module__": f"x.{name.replace('-', '_')}"}
    )


RULES = Registry(
    (
        made("API101", "logic-in-route"),
        made("API102", "service-built-in-route", default=False),
        made("API301", "generic-except"),
        made("API601", "blocking-sleep-in-async"),
        made("API606", "blocking-call-through-helper"),
    )
)


def chosen(**settings: object) -> list[str]:
    return [r.code[3:] for r in registry.choose(RULES, Settings(**settings)).rules]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({}, "101 301 601 606"),
        ({"select": ("ALL",)}, "101 102 301 601 606"),
        ({"select": ("strict",)}, "101 102 301 601 606"),
        ({"strict": True}, "101 102 301 601 606"),
        ({"extend_select": ("strict",)}, "101 102 301 601 606"),
        ({"select": ("API6",)}, "601 606"),
        ({"select": ("API60",)}, "601 606"),
        ({"select": ("API",)}, "101 102 301 601 606"),
        ({"select": ("generic-except", "API101")}, "101 301"),
        ({"select": ()}, ""),
        ({"select": ("API1",)}, "101 102"),
        ({"extend_select": ("API102",)}, "101 102 301 601 606"),
        ({"ignore": ("API6",)}, "101 301"),
        ({"ignore": ("ALL",)}, ""),
        ({"select": ("ALL",), "ignore": ("ALL",)}, ""),
        ({"select": ("API601",), "ignore": ("API6",)}, "601"),
        ({"select": ("API6",), "ignore": ("blocking-sleep-in-async",)}, "606"),
        ({"select": ("API601",), "ignore": ("API601",)}, ""),
        ({"select": ("API6",), "extend_select": ("API1",), "ignore": ("API10",)}, "601 606"),
    ],
)
def test_selection(settings: dict[str, object], codes: str) -> None:
    assert chosen(**settings) == codes.split()


def test_codes_that_no_rule_has_yet_are_only_warned_about() -> None:
    choice = registry.choose(
        RULES, Settings(select=("API601", "API108", "API9", "API108"), ignore=("API000",))
    )
    assert [r.code for r in choice.rules] == ["API601"]
    assert choice.warnings == (
        "no rule has a code that begins with API108",
        "no rule has a code that begins with API9",
    )


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ("generic-exept", "unknown rule `generic-exept` (did you mean `generic-except`?)"),
        ("api601", "unknown rule `api601` (did you mean `API601`?)"),
        ("blocking_sleep_in_async", "(did you mean `API601`?)"),
        ("all", "(did you mean `ALL`?)"),
        ("API6011", "unknown rule `API6011`"),
        ("x\x1b[31m", "unknown rule `x\\x1b[31m`"),
        ("", "unknown rule ``"),
    ],
)
@pytest.mark.parametrize("key", ["select", "ignore", "extend_select"])
def test_unknown_names_are_errors(key: str, selector: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        chosen(**{key: (selector,)})
    assert told in str(caught.value)


def test_unknown_names_for_some_files_are_errors_too() -> None:
    with pytest.raises(ConfigError, match="generic-exept"):
        chosen(per_file_ignores=(("tests/*", ("generic-exept",)),))


def test_silent_in_some_files() -> None:
    ignores = (("tests/*", ("API6", "generic-except")), ("*_gen.py", ("ALL",)), ("!app/**", ("API101",)))
    silent = registry.silent_in(RULES, Settings(per_file_ignores=ignores))
    assert silent("app/a.py") == frozenset()
    assert silent("tests/deep/a.py") == {"API601", "API606", "API301", "API101"}
    assert silent("app/x_gen.py") == {"API001", *(r.code for r in RULES.rules)}


def test_finding_a_rule() -> None:
    for text in ("API601", "api601", "blocking-sleep-in-async", "Blocking_Sleep_in_async"):
        found = RULES.find(text)
        assert found is not None
        assert found.code == "API601"
    assert RULES.find("API6") is None


def test_our_own_rules_come_in_by_the_same_door() -> None:
    loaded = registry.load()
    assert loaded.errors == ()
    here = Path(__file__).parent.parent / "rules"
    assert {r.name().replace("-", "_") for r in loaded.rules} >= {p.stem for p in here.glob("[a-z]*.py")}
