"""The laws of the house, read off the source: who may import whom, and what a rule may touch."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import api_lint
from api_lint import registry

CHECKOUT = Path(__file__).parent.parent
ENGINE = sorted((CHECKOUT / "api_lint").rglob("*.py"))
RULES = sorted(path for path in (CHECKOUT / "rules").glob("*.py") if path.name != "__init__.py")
OURS = [*ENGINE, *RULES, *sorted((CHECKOUT / "scripts").glob("*.py"))]

# From the bottom to the top; a module imports from its own layer and those above it in this list. What a module
# imports only for the type checker, or where it is needed and not at its start, it imports all the same.
LAYERS = [
    {
        "text",
        "ignores",
        "syntax",
        "names",
        "formats",
        "workers",
        "atomic",
        "versions",
        "toml",
        "replay",
        "written",
        "generated",
    },
    {"facts", "shapes"},
    {"libraries", "literals", "gate", "census", "parcels", "excepts"},
    {"encoded", "packed"},
    {"index"},
    {"link"},
    {"relations", "usage"},
    {"infer"},
    {"effects"},
    {"addressed"},
    {"raising"},
    {"frameworks"},
    {"api"},
    {"rule", "config"},
    {"fixers", "fixes"},
    {"noqa", "fingerprint", "visit", "record", "cache", "shelf", "discover", "registry", "git"},
    {"silencing", "baseline", "since", "inputs"},
    {"reported"},
    {"engine"},
    {"reports", "scaffold", "init", "testing"},
    {"cli"},
    {"flake8"},
    {"__main__"},
]
# A rule's base class names what its hooks are handed, for the type checker; so does a function what its body is in.
TYPES_ONLY = {
    ("facts", "parcels"),
    ("rule", "api"),
    ("config", "rule"),
    ("fixers", "visit"),
}


def name(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The module and the name of each import; the name is "" for `import module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)


def layer(path: Path) -> str:
    return path.relative_to(CHECKOUT / "api_lint").parts[0].removesuffix(".py")


def layer_of(module: str, imported: str) -> str | None:
    """The layer that an import reaches into."""
    parts = module.split(".")
    if parts[0] != "api_lint":
        return None
    known = set().union(*LAYERS)
    if len(parts) > 1:
        return parts[1]
    return imported if imported in known else None


@pytest.mark.parametrize("path", ENGINE, ids=name)
def test_layers(path: Path) -> None:
    own = layer(path)
    if own == "__init__":
        return
    rank = {module: number for number, layers in enumerate(LAYERS) for module in layers}
    assert own in rank, f"{own} belongs to no layer"
    reached = {
        found for module, imported in imports(parsed(path)) if (found := layer_of(module, imported))
    }
    above = {other for other in reached if rank[other] > rank[own] and (own, other) not in TYPES_ONLY}
    assert above == set()


@pytest.mark.parametrize("path", OURS, ids=name)
def test_nobody_imports_the_rules_or_what_is_slow(path: Path) -> None:
    for module, imported in imports(parsed(path)):
        full = f"{module}.{imported}"
        assert module.split(".")[0] != "rules"
        assert not full.startswith("api_lint.rules")
        assert not full.startswith(("libcst.matchers", "libcst.codemod", "pathspec"))


@pytest.mark.parametrize("path", RULES, ids=name)
def test_a_rule_imports_only_what_it_may(path: Path) -> None:
    public = set(api_lint.__all__)
    for module, imported in imports(parsed(path)):
        if module == "api_lint":
            assert imported in public
        else:
            assert module.split(".")[0] in {"libcst", *sys.stdlib_module_names}, module


@pytest.mark.parametrize("path", RULES, ids=name)
def test_a_rule_touches_only_what_it_is_handed(path: Path) -> None:
    tree = parsed(path)
    modules = {module.split(".")[0] for module, _ in imports(tree)}
    assert not modules & {
        "pathlib",
        "os",
        "io",
        "subprocess",
        "socket",
        "sys",
        "importlib",
        "shutil",
        "tempfile",
    }
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"open", "print", "input", "exec", "eval", "__import__", "globals"}
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.Global, ast.Nonlocal))]


@pytest.mark.parametrize("path", RULES, ids=name)
def test_a_rule_keeps_nothing_between_files(path: Path) -> None:
    """Neither in itself nor in its module: no attribute of `self` is set, no module-level container can change."""
    tree = parsed(path)
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            is_own = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
            assert not (is_own and target.value.id in ("self", "cls"))  # type: ignore[union-attr]
    for node in tree.body:
        value = getattr(node, "value", None)
        assert not isinstance(value, (ast.List, ast.Set, ast.ListComp, ast.SetComp))


@pytest.mark.parametrize("path", RULES, ids=name)
def test_a_file_holds_one_rule_that_is_named_after_it(path: Path) -> None:
    classes = [node for node in parsed(path).body if isinstance(node, ast.ClassDef)]
    rules = [
        node for node in classes if any(isinstance(b, ast.Name) and b.id == "Rule" for b in node.bases)
    ]
    assert [rule.name.lower() for rule in rules] == [path.stem.replace("_", "")]
    assert not path.stem.startswith(("use_", "avoid_", "check_", "no_"))


def test_rules_are_flat() -> None:
    folders = [
        path for path in (CHECKOUT / "rules").iterdir() if path.is_dir() and path.name != "__pycache__"
    ]
    assert folders == []


def test_every_file_of_rules_is_loaded() -> None:
    loaded = {rule.__module__ for rule in registry.load().rules}
    assert loaded >= {f"api_lint.rules.{path.stem}" for path in RULES}


@pytest.mark.parametrize("path", ENGINE, ids=name)
def test_the_engine_names_no_rule(path: Path) -> None:
    known = {rule.code for rule in registry.load().rules} | {
        rule.name() for rule in registry.load().rules
    }
    texts = {
        node.value
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value
    }
    assert not texts & known


@pytest.mark.parametrize("path", OURS, ids=name)
def test_everything_public_is_documented(path: Path) -> None:
    tree = parsed(path)
    if path not in RULES:
        assert ast.get_docstring(tree), "a module says what it is for"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", ENGINE, ids=name)
def test_the_code_under_the_lens_is_data(path: Path) -> None:
    tree = parsed(path)
    modules = {module.split(".")[0] for module, _ in imports(tree)}
    runners = {"subprocess"} if layer(path) != "git" else set()
    # What a worker sends is pickled in any case, by the pipe. Nothing else is, and nothing that was is read from a file.
    pickles = {"pickle"} if layer(path) != "packed" else set()
    assert not modules & {"marshal", "shelve", "runpy", "code", "imp", *runners, *pickles}
    if layer(path) == "packed":
        assert not modules & {"os", "pathlib", "socket", "tempfile"}
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"exec", "eval", "compile", "__import__", *({"open"} if not pickles else ())}


def test_the_public_names_exist_and_cost_nothing_before() -> None:
    for public in api_lint.__all__:
        assert getattr(api_lint, public) is not None
    assert set(api_lint.__all__) <= set(dir(api_lint))
    with pytest.raises(AttributeError, match="no_such_name"):
        importlib.import_module("api_lint").no_such_name  # noqa: B018
    imported = {module for module, _ in imports(parsed(CHECKOUT / "api_lint" / "__init__.py"))}
    at_start = {
        node.module
        for node in parsed(CHECKOUT / "api_lint" / "__init__.py").body
        if isinstance(node, ast.ImportFrom)
    }
    assert at_start == set()
    assert imported - at_start == {"importlib", *(f"api_lint.{module}" for module in api_lint._PUBLIC)}
