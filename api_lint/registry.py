"""The door by which rules come in: the entry-point group `api_lint.rules`, for ours as for everybody's.

An entry point names a module or a package. Each module holds one subclass of `Rule`; of a package, all its modules are
looked at. Which rules run is told by selectors: codes, beginnings of codes, names, `ALL` and `strict`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from api_lint import shapes
from api_lint.config import Settings, check_rules, options
from api_lint.ignores import Patterns
from api_lint.rule import API_HOOKS, UNUSED, Rule, RuleError
from api_lint.text import visible

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "api_lint.rules"

# What flake8 takes for a code, so that every rule can be run by it.
_CODE = re.compile(r"[A-Z]{1,3}[0-9]{3}\Z")
_CODE_START = re.compile(r"[A-Z]{1,3}[0-9]{0,3}\Z")
OWN_CODES = {
    "API000": "unreadable-file: a file that cannot be read, decoded or parsed, with the reason; always on",
    "API001": "unused-suppression: a suppression of ours that silences nothing, with a safe fix that takes it out",
}
_SEVERITIES = ("error", "warning")


@dataclass(frozen=True, slots=True)
class Registry:
    """All rules that could be loaded, by code, and one line for each plugin or rule that could not."""

    rules: tuple[type[Rule], ...]
    errors: tuple[str, ...] = ()

    def find(self, text: str) -> type[Rule] | None:
        """The rule of a code or a name, in any case; `None` where there is none."""
        wanted = text.casefold().replace("_", "-")
        return next((r for r in self.rules if wanted in (r.code.casefold(), r.name())), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules of a run, made with their options, warnings about selectors that select nothing, and whether suppressions
    that silence nothing are reported."""

    rules: tuple[Rule, ...]
    warnings: tuple[str, ...] = ()
    reports_unused: bool = True


def load(entry_points: Iterable[EntryPoint] | None = None) -> Registry:
    """Load all rules.

    Parameters: `entry_points`, those of the group by default.
    Returns: the rules in the order of their codes. A plugin that cannot be imported, or a rule that is not well made,
    is an error of its own; the others are loaded all the same.
    """
    rules: dict[str, type[Rule]] = {}
    errors: list[str] = []
    for point in _entry_points() if entry_points is None else entry_points:
        try:
            target = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin is foreign code
            errors.append(f"rules of `{visible(point.name)}` cannot be loaded: {_told(error)}")
            continue
        for module in _modules(target, errors):
            _collect(module, rules, errors)
    return Registry(tuple(rules[code] for code in sorted(rules)), tuple(errors))


def check(rule: type[Rule]) -> None:
    """See that a rule is well made.

    Parameters: `rule`, the class.
    Raises: RuleError for a code of the wrong form, a missing message, word or part of the documentation, a hook that
    nobody calls, or options that are no frozen dataclass with defaults.
    """
    if not _CODE.match(rule.code):
        raise RuleError(f"the code {rule.code!r} is not of the form API123")
    if rule.code in OWN_CODES:
        raise RuleError(f"the code {rule.code} is the tool's own")
    if not rule.message:
        raise RuleError("it has no message")
    if rule.severity not in _SEVERITIES:
        raise RuleError(f"its severity {rule.severity!r} is none of {', '.join(_SEVERITIES)}")
    _check_hooks(rule)
    _check_options(rule)
    if sys.flags.optimize < 2:  # `python -OO` drops docstrings
        _check_doc(rule)


def choose(
    registry: Registry, settings: Settings, nested: Mapping[str, Settings] | None = None
) -> Choice:
    """Pick the rules of a run.

    Parameters: `registry`; `settings` with the selection and the options; `nested`, those of folders that have their own.
    Returns: the rules, a rule with other options in some folder once for each. Of two selectors that disagree about a
    rule the more specific one wins, and of two as specific the one that ignores it.
    Raises: ConfigError for a name that no rule has, or for options that do not fit.
    """
    warnings: list[str] = []
    chosen: dict[tuple[type[Rule], str], tuple[Rule, set[str]]] = {}
    for folder, own in {"": settings, **(nested or {})}.items():
        warnings += _checked(registry, own)
        for rule in (rule for rule in registry.rules if _is_on(rule, own)):
            made = options(rule, own)
            chosen.setdefault((rule, repr(made)), (rule(made), set()))[1].add(folder)
    made_rules = sorted(chosen.values(), key=lambda pair: pair[0].code)
    for instance, folders in made_rules:
        instance.folders = frozenset(folders) if nested else None
    return Choice(
        tuple(instance for instance, _ in made_rules),
        tuple(dict.fromkeys(warnings)),
        _reports_unused(settings),
    )


def _checked(registry: Registry, settings: Settings) -> list[str]:
    """Warnings about selectors that select nothing.

    Raises: ConfigError for those that cannot.
    """
    check_rules((rule.name() for rule in registry.rules), settings)
    warnings: list[str] = []
    for key in ("select", "extend-select", "ignore"):
        selectors: tuple[str, ...] = getattr(settings, key.replace("-", "_")) or ()
        warnings += _unknown(selectors, registry, settings, (key,))
    for key in ("per-file-ignores", "extend-per-file-ignores"):
        for pattern, selectors in getattr(settings, key.replace("-", "_")):
            warnings += _unknown(selectors, registry, settings, (key, pattern))
    return warnings


def _reports_unused(settings: Settings) -> bool:
    by_default = 0 if settings.select is None else -1
    on = max(by_default, _heaviest((*(settings.select or ()), *settings.extend_select)))
    return on > _heaviest(settings.ignore)


def _heaviest(selectors: Iterable[str]) -> int:
    return max((_weight(s) for s in selectors if _selects_unused(s)), default=-1)


def _selects_unused(selector: str) -> bool:
    code, name = UNUSED
    if selector in ("ALL", name):
        return True
    return bool(_CODE_START.match(selector)) and code.startswith(selector)


def silent_in(
    registry: Registry, settings: Settings, nested: Mapping[str, Settings] | None = None
) -> Callable[[str], frozenset[str]]:
    """What `per-file-ignores` silences.

    Parameters: `registry`; `settings`; `nested`, those of folders that have their own.
    Returns: a function from a path, relative to the root, to the codes of the rules that are silent in that file.
    """
    tables = {
        folder: [
            (Patterns([p.removeprefix("!")]), p.startswith("!"), _codes(selectors, registry))
            for p, selectors in own.silences
        ]
        for folder, own in {"": settings, **(nested or {})}.items()
    }

    def silent(path: str) -> frozenset[str]:
        folder = path.rpartition("/")[0]
        while folder not in tables:
            folder = folder.rpartition("/")[0]
        inner = path[len(folder) + 1 :] if folder else path
        found = (
            codes for patterns, negated, codes in tables[folder] if patterns.covers(inner) != negated
        )
        return frozenset().union(*found)

    return cache(silent)


def _entry_points() -> list[EntryPoint]:
    """The group's entry points, ours first, each once though two installations may name it."""
    from importlib.metadata import entry_points

    found = {(point.name, point.value): point for point in entry_points(group=GROUP)}
    return sorted(found.values(), key=lambda point: (point.value != GROUP, point.name, point.value))


def _modules(target: object, errors: list[str]) -> Iterator[ModuleType]:
    """The module itself, or every module of the package whose name does not begin with an underscore."""
    if not isinstance(target, ModuleType):
        errors.append(
            f"rules of `{visible(repr(target))}` cannot be loaded: an entry point names a module or a package"
        )
        return
    if not hasattr(target, "__path__"):
        yield target
        return
    from pkgutil import iter_modules

    for name in sorted(info.name for info in iter_modules(target.__path__)):
        if name.startswith("_"):
            continue
        try:
            yield import_module(f"{target.__name__}.{name}")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin is foreign code
            errors.append(f"rule `{visible(name)}` cannot be loaded: {_told(error)}")


def _collect(module: ModuleType, rules: dict[str, type[Rule]], errors: list[str]) -> None:
    """Add the rule of one module."""
    try:
        rule = _rule_of(module)
        check(rule)
        taken = rules.get(rule.code)
        if taken is not None and taken is not rule:
            raise RuleError(f"the code {rule.code} is taken by {taken.__module__}")
        if any(other.name() == rule.name() for other in rules.values() if other is not rule):
            raise RuleError(f"the name {rule.name()} is taken")
    except Exception as error:  # noqa: BLE001 - so is its class, even when it is only looked at
        errors.append(f"rule `{visible(module.__name__)}` cannot be used: {_told(error)}")
    else:
        rules[rule.code] = rule


def _rule_of(module: ModuleType) -> type[Rule]:
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise RuleError(f"a module of rules holds one subclass of Rule, this one {len(found)}")
    return found[0]


def _check_hooks(rule: type[Rule]) -> None:
    hooks = [*rule.node_hooks().values(), *rule.api_hooks()]
    if not hooks:
        raise RuleError("it has no hook, so it can find nothing")
    for hook in rule.node_hooks().values():
        if not _is_node_hook(hook):
            raise RuleError(f"nobody calls its hook `{hook}`{_near(hook)}")


def _is_node_hook(hook: str) -> bool:
    """Whether LibCST has a node of that name."""
    if "_" in hook.removeprefix("visit_"):  # `visit_Call_func` is LibCST's hook for an attribute
        return False
    declared = _declared_hooks()
    if declared:
        return f"def {hook}(" in declared
    import libcst

    return hasattr(libcst.CSTVisitor, hook)


@cache
def _declared_hooks() -> str:
    """The source in which LibCST declares a hook for each node: reading it is 100 times cheaper than importing it."""
    from importlib.util import find_spec

    spec = find_spec("libcst")
    folder = (spec.submodule_search_locations or [""])[0] if spec else ""
    try:
        with open(f"{folder}/_typed_visitor.py", encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _near(hook: str) -> str:
    from difflib import get_close_matches

    known = [*API_HOOKS, *re.findall(r"def (visit_[A-Za-z]+)\(", _declared_hooks())]
    near = get_close_matches(hook, known, n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


def _check_options(rule: type[Rule]) -> None:
    if not is_dataclass(rule.Options) or not _is_frozen(rule.Options):
        raise RuleError("its Options are no frozen dataclass")
    try:
        rule.Options()
    except TypeError as error:
        missing = ", ".join(f.name for f in fields(rule.Options))
        raise RuleError(f"every option needs a default ({missing})") from error
    try:
        kind = shapes.unknown_kind(rule.Options)
    except (NameError, TypeError, SyntaxError) as error:
        raise RuleError(f"the types of its Options are not known: {error}") from error
    if kind is not None:
        raise RuleError(f"no configuration can hold an option of type {kind}")


def _is_frozen(options: type[Any]) -> bool:
    return bool(options.__dataclass_params__.frozen)


def _check_doc(rule: type[Rule]) -> None:
    doc = rule.doc()
    for part in ("summary", "bad", "good"):
        if not getattr(doc, part).strip():
            raise RuleError(
                f"its docstring has no {'first sentence' if part == 'summary' else part.title() + '::'}"
            )


def _told(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return visible(
        text if isinstance(error, RuleError) and text else f"{type(error).__name__}: {text}".rstrip(": ")
    )


def _matches(selector: str, rule: type[Rule]) -> bool:
    if selector in ("ALL", "strict") or selector == rule.name():
        return True
    return bool(_CODE_START.match(selector)) and rule.code.startswith(selector)


def _weight(selector: str) -> int:
    """How specific a selector is: `ALL`, then beginnings of codes by length, then whole codes and names."""
    if selector in ("ALL", "strict"):
        return 0
    return len(selector) if _CODE_START.match(selector) and not _CODE.match(selector) else 99


def _is_on(rule: type[Rule], settings: Settings) -> bool:
    # Being on by default is the weakest of all reasons: any selector that ignores a rule beats it.
    by_default = 0 if settings.select is None and (rule.default or settings.is_strict) else -1
    on = max(by_default, _strongest((*(settings.select or ()), *settings.extend_select), rule))
    return on > _strongest(settings.ignore, rule)


def _strongest(selectors: Iterable[str], rule: type[Rule]) -> int:
    return max((_weight(selector) for selector in selectors if _matches(selector, rule)), default=-1)


def _codes(selectors: Iterable[str], registry: Registry) -> frozenset[str]:
    selectors = tuple(selectors)
    found = {rule.code for rule in registry.rules for text in selectors if _matches(text, rule)}
    return frozenset(found | ({UNUSED[0]} if any(map(_selects_unused, selectors)) else set()))


def _unknown(
    selectors: Iterable[str], registry: Registry, settings: Settings, key: tuple[str, ...]
) -> list[str]:
    """A warning for every code that no rule has yet; an error for what can be no code."""
    warnings = []
    for selector in selectors:
        if selector in OWN_CODES or _selects_unused(selector):
            continue
        if any(_matches(selector, rule) for rule in registry.rules) or selector in ("ALL", "strict"):
            continue
        if not _CODE_START.match(selector):
            hint = nearest(selector, registry)
            reason = f"names an unknown rule `{visible(selector[:60])}`{hint}"
            raise settings.wrong(key, reason, selector)
        warnings.append(f"no rule has a code that begins with {selector}")
    return warnings


def nearest(selector: str, registry: Registry) -> str:
    """A hint at the rule that comes nearest to an unknown name.

    Parameters: `selector`, which no rule answers to; `registry`.
    Returns: ` (did you mean …?)`, or "" where nothing comes near.
    """
    from difflib import get_close_matches

    rule = registry.find(selector)
    if rule is not None:
        return f" (did you mean `{rule.code}`?)"
    names = [rule.name() for rule in registry.rules]
    known = {name.lower(): name for name in (*names, "ALL", "strict")}
    near = get_close_matches(selector[:60].lower().replace("_", "-"), known, n=1)
    return f" (did you mean `{known[near[0]]}`?)" if near else ""
