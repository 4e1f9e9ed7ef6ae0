"""Every fix of every fixture and of every rule's documentation: by the laws, and as it is written down beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from api_lint import Rule, registry, testing

CHECKOUT = Path(__file__).parent.parent
FIXTURES = CHECKOUT / "fixtures"
RULES = [rule for rule in registry.load().rules if rule.fix]
SHOPS = sorted(FIXTURES.glob("shop*"))

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name())


def every_case() -> list[object]:
    return [
        pytest.param(rule, case, id=f"{rule.name()}/{case.name}")
        for rule in RULES
        for case in testing.cases(FIXTURES / rule.name())
    ]


@cache
def fixing(rule: type[Rule], case: Path) -> testing.Fixing:
    return testing.fix(case, rule)


@pytest.mark.parametrize(("rule", "case"), every_case())
def test_fixes_break_no_law_and_are_as_they_are_written_down(rule: type[Rule], case: Path) -> None:
    done = fixing(rule, case)
    assert not testing.faults(case, rule, fixing=done)
    for path in (path for path in done.done.changes if path.endswith(".py")):
        compile(done.after[path], path, "exec", dont_inherit=True)
    wanted = testing.fixed_files(case, rule, fixing=done)
    beside = case.rglob("*.fixed.py") if case.is_dir() else case.parent.glob(f"{case.stem}.*fixed.py")
    assert {path: path.read_text() for path in beside} == {
        path: content.decode() for path, content in wanted.items()
    }, "run scripts/fixed.py --write and read what it changes"


@every_rule
def test_what_is_not_fixed_says_why(rule: type[Rule]) -> None:
    for case in testing.cases(FIXTURES / rule.name()):
        for diagnostic in fixing(rule, case).again.before.diagnostics:
            assert diagnostic.refused, f"{case.name}: {diagnostic.path}:{diagnostic.span.line}"


@pytest.mark.parametrize("shop", SHOPS, ids=lambda path: path.name)
def test_all_fixes_of_a_shop_together_break_no_law(shop: Path) -> None:
    rules = registry.load().rules
    done = testing.fix(shop, *rules)
    assert not testing.faults(shop, *rules, fixing=done)
    assert len({d.code for d in done.done.applied}) > 3
    fixing_rules = {rule.code for rule in RULES}
    unexplained = [d for d in done.again.before.diagnostics if d.code in fixing_rules and not d.refused]
    assert not unexplained


def test_the_fixed_files_have_no_missing_and_no_superfluous_name() -> None:
    """By another linter's judgement, as far as the file was not so before."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format", "json-lines",
         "--exit-zero", "--select", "F401,F811,F821,F841", "."],
        cwd=FIXTURES, capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = Counter(judgement(line) for line in done.stdout.splitlines())
    fixed = sorted(FIXTURES.rglob("*.fixed.py"))
    assert fixed
    for path in fixed:
        after = Counter({text: n for (name, text), n in said.items() if name == str(path)})
        source = path.with_name(path.name.removesuffix(".fixed.py") + ".py")
        before = Counter({text: n for (name, text), n in said.items() if name == str(source)})
        assert not after - before, path


def judgement(line: str) -> tuple[str, str]:
    found = json.loads(line)
    return found["filename"], f"{found['code']} {found['message']}"


@every_rule
def test_fixing_the_bad_example_gives_the_good_one(rule: type[Rule], tmp_path: Path) -> None:
    doc = rule.doc()
    (tmp_path / "app.py").write_text(doc.bad, encoding="utf-8")
    done = testing.fix(tmp_path / "app.py", rule)
    assert not testing.faults(tmp_path / "app.py", rule, fixing=done)
    fixed = done.after["app.py"].decode()
    assert fixed == doc.good


# ------------------------------------------------------------------------------------------------- the harness itself


def test_the_harness_sees_what_is_wrong(tmp_path: Path) -> None:
    before = {"a.py": b"import os  # why\nX = 1\n\n\ndef f():\n    return os\n"}
    done = testing.fix(_case(tmp_path, "X = 1\n"), *RULES[:1])
    shown = {
        "comment": b"import os\nX = 1\n\n\ndef f():\n    return os\n",
        "foreign": b"import os  # why\nX = 2\n\n\ndef f():\n    return os\n",
        "syntax": b"import os  # why\nX = 1\n\n\ndef f()\n    return os\n",
        "finding": before["a.py"] + b"\n\nasync def g():\n    import time\n\n    time.sleep(1)\n",
    }
    said = {
        name: testing.faults("", fixing=done._replace(before=before, after={"a.py": after}))
        for name, after in shown.items()
        if name != "syntax"
    }
    assert said["comment"] == ("lost: # why",)
    assert said["foreign"] == ("a.py:2: changed, and no fix is there: b'X = 1\\n'",)
    assert said["finding"] == ("a.py: 1 times API601 more than before",)
    assert next(iter(testing._unparsed({"a.py": shown["syntax"]}))).startswith("a.py: does not parse")


def _case(folder: Path, source: str) -> Path:
    (folder / "a.py").write_text(source, encoding="utf-8")
    return folder / "a.py"
