"""Settings: where they come from, what they may say, and what is told when they are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest

from api_lint import config
from api_lint.config import ConfigError, Settings
from api_lint.rule import Rule
from api_lint.shapes import Range


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_configured(tmp_path: Path) -> None:
    assert config.load(tmp_path).select is None


def test_every_key(tmp_path: Path) -> None:
    source = write(
        tmp_path / "api-lint.toml",
        """
        select = ["API1", "generic-except"]
        extend-select = ["API601"]
        ignore = ["API102"]
        exclude = ["gen"]
        extend-exclude = ["legacy/"]
        src = ["backend/src"]
        include-tests = true
        force-exclude = true
        strict = true
        max-file-size = 1000
        [per-file-ignores]
        "tests/*" = ["API4"]
        [extend-per-file-ignores]
        "scripts/*" = ["API5"]
        [rules.logic-in-route]
        max-lines = 7
        """,
    )
    assert config.load(tmp_path) == Settings(
        source=source,
        select=("API1", "generic-except"),
        extend_select=("API601",),
        ignore=("API102",),
        exclude=("gen",),
        extend_exclude=("legacy/",),
        src=("backend/src",),
        include_tests=True,
        force_exclude=True,
        strict=True,
        max_file_size=1000,
        per_file_ignores=(("tests/*", ("API4",)),),
        extend_per_file_ignores=(("scripts/*", ("API5",)),),
        rules={"logic-in-route": {"max-lines": 7}},
    )


def test_nearest_file_wins(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.api-lint]\nselect = ['API1']\n")
    inner = tmp_path / "app" / "deep"
    inner.mkdir(parents=True)
    assert config.load(inner).select == ("API1",)
    write(tmp_path / "app" / "pyproject.toml", "[project]\nname = 'speaks of nothing'\n")
    assert config.load(inner).select == ("API1",)
    write(tmp_path / "app" / "pyproject.toml", "[tool.api-lint]\nselect = ['API2']\n")
    assert config.load(inner).select == ("API2",)
    write(tmp_path / "app" / "api-lint.toml", "select = ['API3']\n")
    assert config.load(inner).select == ("API3",)


def test_isolated_takes_no_file_into_account(tmp_path: Path) -> None:
    write(tmp_path / "api-lint.toml", "no toml at all")
    assert config.load(tmp_path, isolated=True) == Settings()
    assert config.load(tmp_path, isolated=True, overrides=["max-file-size = 5"]).max_file_size == 5


def test_another_tools_broken_file_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.black\n")
    assert config.load(tmp_path) == Settings()


def test_bom_and_empty_file(tmp_path: Path) -> None:
    (tmp_path / "api-lint.toml").write_bytes(b"\xef\xbb\xbfstrict = true\r\n")
    assert config.load(tmp_path).strict
    (tmp_path / "api-lint.toml").write_bytes(b"")
    assert config.load(tmp_path) == Settings(source=tmp_path / "api-lint.toml")


def test_overrides(tmp_path: Path) -> None:
    named = write(tmp_path / "other.toml", "ignore = ['API1']\n[rules.a]\nx = 1\n")
    write(tmp_path / "api-lint.toml", "ignore = ['API2']\n")
    settings = config.load(tmp_path, overrides=[str(named), "rules.a.y = 2", "strict = true"])
    assert settings.source is None
    assert settings.ignore == ("API1",)
    assert settings.strict
    assert settings.rules == {"a": {"x": 1, "y": 2}}


def test_a_named_pyproject(tmp_path: Path) -> None:
    named = write(tmp_path / "pyproject.toml", "[tool.api-lint]\nstrict = true\n")
    assert config.load(tmp_path, overrides=[str(named)]).strict


WRONG = [
    ("selct = []", "unknown key `selct` (did you mean `select`?)"),
    ("per_file_ignores = {}", "unknown key `per_file_ignores` (did you mean `per-file-ignores`?)"),
    ("plugins = ['x.py']", "unknown key `plugins`"),
    ("select = 'API1'", "`select` must be a list of strings, not a string"),
    ("select = [1]", "`select[0]` must be a string, not a number"),
    ("strict = 1", "`strict` must be true or false, not a number"),
    ("max-file-size = true", "`max-file-size` must be a whole number, not a boolean"),
    ("max-file-size = 0", "`max-file-size` must be at least 1"),
    ("src = ['../other']", "`src` must name folders inside the project, not `../other`"),
    ("src = ['/etc']", "`src` must name folders inside the project, not `/etc`"),
    ("baseline = '../x.json'", "`baseline` must name a file inside the project, not `../x.json`"),
    ("baseline = '/dev/zero'", "`baseline` must name a file inside the project, not `/dev/zero`"),
    ("output-format = 'json=../x'", "`output-format` must be one of full"),
    ("extend = '/dev/zero'", "not a regular file"),
    ("a." * 33 + "b = 1", "a key of more than 32 parts"),
    ("per-file-ignores = []", "`per-file-ignores` must be a table"),
    ("per-file-ignores = {'a*' = 'API1'}", "`per-file-ignores.\"a*\"` must be a list of strings, not a string"),
    ("rules = 1", "`rules` must be a table, not a number"),
    ("rules = {a = 1}", "`rules.a` must be a table, not a number"),
    ("select = 1979-05-27", "not a date or a time"),
    ("select = [", "not valid TOML"),
    ("\"\\u001b[31m\" = 1", "unknown key `\"\\u001b[31m\"`"),
    ("a = " + "[" * 5000, "not valid TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), WRONG, ids=[text[:30] for text, _ in WRONG])
def test_errors_name_the_file_and_the_key(tmp_path: Path, text: str, told: str) -> None:
    source = write(tmp_path / "api-lint.toml", text)
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path)
    assert str(caught.value).startswith((f"{source}: ", f"{source}:1: "))
    assert told in str(caught.value)


def test_errors_of_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--config: unknown key `selct` \(did you mean `select`\?\)"):
        config.load(tmp_path, overrides=["selct = []"])
    with pytest.raises(ConfigError, match="no such file"):
        config.load(tmp_path, overrides=[str(tmp_path / "missing.toml")])
    with pytest.raises(ConfigError, match="more than one file"):
        config.load(tmp_path, overrides=["a.toml", "b.toml"])
    with pytest.raises(ConfigError, match="--isolated"):
        config.load(tmp_path, isolated=True, overrides=["a.toml"])


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "api-lint.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        config.load(tmp_path)


@dataclass(frozen=True)
class Limit:
    name: str
    most: Annotated[int, Range(minimum=0, maximum=9)] = 3


@dataclass(frozen=True)
class Knobs:
    max_lines: int = 50
    level: Literal["low", "high"] = "low"
    share: Annotated[float, Range(maximum=1)] | None = None
    limits: tuple[Limit, ...] = ()
    pair: tuple[int, str] = (0, "")
    either: int | tuple[str, ...] = 0
    weights: Mapping[str, float] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.title == "taken":
            raise ValueError("the title is taken")

    ratio: float = 0.5
    names: tuple[str, ...] = ()
    title: str = ""
    strict: bool = False


class Knobbed(Rule):
    Options = Knobs


NAME = Knobbed.name()


def options(**table: object) -> Knobs:
    values = {key.replace("_", "-"): value for key, value in table.items()}
    found = config.options(Knobbed, Settings(rules={NAME: values}))
    assert isinstance(found, Knobs)
    return found


def test_options_of_a_rule() -> None:
    assert options() == Knobs()
    assert options(max_lines=7, ratio=1, names=["a"], title="t", strict=True) == Knobs(
        max_lines=7, ratio=1.0, names=("a",), title="t", strict=True
    )


def test_options_of_every_type() -> None:
    found = options(
        level="high", share=0.5, limits=[{"name": "a"}, {"name": "b", "most": 9}], pair=[1, "x"],
        either=["x"], weights={"a": 1}, kinds=["b", "a", "b"],
    )  # fmt: skip
    assert (found.level, found.share, found.pair, found.either) == ("high", 0.5, (1, "x"), ("x",))
    assert found.limits == (Limit("a", 3), Limit("b", 9))
    assert found.weights == {"a": 1.0}
    assert found.kinds == frozenset({"a", "b"})
    assert hash(found.limits) == hash((Limit("a", 3), Limit("b", 9)))


def test_strict_reaches_the_rules_that_know_it() -> None:
    assert config.options(Knobbed, Settings(strict=True)).strict
    assert config.options(Knobbed, Settings(select=("strict",))).strict
    assert not config.options(Knobbed, Settings(strict=True, rules={NAME: {"strict": False}})).strict


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"max_line": 1}, f"unknown key `rules.{NAME}.max-line` (did you mean `max-lines`?)"),
        ({"max_lines": "7"}, f"`rules.{NAME}.max-lines` must be a whole number, not a string"),
        ({"max_lines": True}, "must be a whole number, not a boolean"),
        ({"ratio": "x"}, "must be a number, not a string"),
        ({"names": "x"}, "must be a list of strings, not a string"),
        ({"title": 1}, "must be a string, not a number"),
        ({"strict": 1}, "must be true or false, not a number"),
        ({"level": "mid"}, f'`rules.{NAME}.level` must be one of `"low"`, `"high"`, not `"mid"`'),
        ({"share": "x"}, "`rules.test-config.share` must be a number, not a string"),
        ({"share": 1.5}, "`rules.test-config.share` must be at most 1, not 1.5"),
        ({"limits": {}}, "`rules.test-config.limits` must be a list, not a table"),
        ({"limits": [{}]}, "`rules.test-config.limits[0]` lacks the key `name`"),
        (
            {"limits": [{"nme": ""}]},
            "unknown key `rules.test-config.limits[0].nme` (did you mean `name`?)",
        ),
        (
            {"limits": [{"name": "a"}, {"name": "a", "most": 10}]},
            ".limits[1].most` must be between 0 and 9, not 10",
        ),
        ({"pair": [1]}, "`rules.test-config.pair` must be a list of 2, not of 1"),
        ({"pair": [1, 2]}, "`rules.test-config.pair[1]` must be a string, not a number"),
        ({"either": "x"}, "must be a whole number or a list of strings, not a string"),
        ({"either": [1]}, "`rules.test-config.either[0]` must be a string, not a number"),
        ({"weights": {"a": "x"}}, "`rules.test-config.weights.a` must be a number, not a string"),
        ({"title": "taken"}, f"`rules.{NAME}` cannot be used: the title is taken"),
    ],
)
def test_wrong_options(table: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options(**table)
    assert told in str(caught.value)


def test_a_table_for_a_rule_that_does_not_exist() -> None:
    settings = Settings(rules={"generic-exept": {}})
    with pytest.raises(
        ConfigError, match=r"^unknown rule `rules.generic-exept` \(did you mean `generic-except`\?\)"
    ):
        config.check_rules(["generic-except", "logic-in-route"], settings)


def test_the_command_line_over_the_file() -> None:
    settings = Settings(select=("API1",), ignore=("API2",), extend_select=("API3",))
    assert settings.chosen(None, ("API4",), ("API5",)) == Settings(
        select=("API1",), ignore=("API2", "API4"), extend_select=("API3", "API5")
    )
    chosen = settings.chosen(("API6",), (), ())
    assert (chosen.select, chosen.ignore, chosen.extend_select) == (("API6",), ("API2",), ())
    assert settings.chosen(("API6",), ("API7",), ()).ignore == ("API7",)
