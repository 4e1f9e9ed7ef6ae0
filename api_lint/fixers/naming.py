"""What a function that queries or changes data is called: what it does, to what, and by what it finds it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence

from api_lint.facts import Function
from api_lint.fixers.extract import Piece

__all__ = ["piece_name"]

_DELETES = frozenset({"delete", "adelete", "remove", "delete_one", "delete_many", "delete_all"})
_CREATES = frozenset(
    "create acreate bulk_create abulk_create insert insert_one insert_many get_or_create aget_or_create".split()
)
_STORES = frozenset({"commit", "flush", "rollback"})
_ADDS = frozenset({"add", "add_all", "save", "asave"})
_CHANGES = frozenset(
    "commit update aupdate bulk_update update_one update_many flush merge upsert replace_one rollback refresh".split()
)
_MANY = frozenset(
    "all fetchall paginate to_list find aggregate values values_list aall limit order_by scalars".split()
)
_ONE = frozenset(
    "first one one_or_none get scalar scalar_one scalar_one_or_none afirst aget find_one get_or_none fetchone "
    "last alast".split()
)
_OR_404 = frozenset({"get_or_404", "first_or_404", "one_or_404"})
_SAYS_NOTHING = frozenset(
    "self request database mongo collection queryset qs query db session conn cursor result results obj data stmt statement supabase client".split()
)
_ALL = frozenset({"all", "fetchall", "to_list", "aall", "paginate", "values_list"})
_MAKERS = frozenset({"model_validate", "from_orm", "parse_obj", "model_construct"})
_OPERATOR = re.compile(r"__(?:gte?|lte?|in|isnull|i?contains|i?startswith|range|overlap|date)$")
# What handlers are called that do such a thing.
_SAME = {
    "delete": frozenset({"delete", "remove", "destroy", "clear"}),
    "create": frozenset(
        {"create", "add", "make", "register", "new", "post", "insert", "save", "upload"}
    ),
    "save": frozenset({"create", "add", "save", "update", "edit", "set", "change", "put", "patch"}),
    "update": frozenset({"update", "edit", "patch", "change", "set", "put", "save", "mark"}),
}
_HTTP_VERBS = {
    "get": "get", "post": "create", "put": "update", "patch": "update", "delete": "delete", "list": "list",
    "create": "create", "retrieve": "get", "update": "update", "partial_update": "update", "destroy": "delete",
}  # fmt: skip
_FILTERS = frozenset(
    "filter filter_by where get aget find_one find eq exclude get_or_none get_or_404".split()
)
# A name with two criteria may be as long as this.
_LONGEST = 40
_SUFFIX = re.compile(r"_(?:endpoint|route|view|handler|api|controller)$")


def piece_name(
    piece: Piece, handler: Function, about: Callable[[str], str], count: int
) -> Iterator[str]:
    """Names for a piece, the best one first, without end.

    Parameters: `handler` it is from; `about`, the model that a dotted name stands for, or ""; `count`, how many pieces the
    handler has.
    """
    called = set(_called(piece.nodes))
    own = "" if handler.owner else _SUFFIX.sub("", handler.name).strip("_")
    thing, made = _thing(piece, about)
    does = _doing(called, made)
    if does in ("get", "list", "count", "has"):
        yield from _reading(does, thing, piece, own, count)
    else:
        only_stores = not thing and len(piece.nodes) == 1 and called <= _STORES
        yield from _writing(does, thing, own, 0 if only_stores or not (thing or piece.given) else count)
    purpose = re.sub(r"^(?:get|read|list)_", "", own) or _HTTP_VERBS.get(handler.name, handler.name)
    base = f"{does}_{thing or 'row'}_for_{purpose}"
    yield base
    number = 2
    while True:
        yield f"{base}_{number}"
        number += 1


def _writing(does: str, thing: str, own: str, count: int) -> Iterator[str]:
    is_said = bool(thing) and thing in own and own.partition("_")[0] in _SAME[does]
    if own and (count == 1 or (count and is_said)):
        yield own
    if not thing:
        thing, does = ("changes", "save") if does in ("save", "update") else ("row", does)
    yield f"{does}_{thing}"
    if own and thing != "changes":
        yield own


def _doing(called: set[str], made: bool) -> str:
    if called & _DELETES:
        return "delete"
    if called & _CREATES or (made and called & (_ADDS | _CHANGES)):
        return "create"
    if called & _ADDS:
        return "save"
    if called & _CHANGES:
        return "update"
    if called & {"exists", "aexists"}:
        return "has"
    if called & _ALL:
        return "list"
    if called & {"count", "acount", "count_documents"}:
        return "count"
    if called & (_ONE | _OR_404):
        return "get"
    return "list" if called & (_MANY | _FILTERS) else "get"


def _reading(does: str, thing: str, piece: Piece, own: str, count: int) -> Iterator[str]:
    if own and count == 1 and (not thing or not _is_simple(piece)):
        yield own
    if len(piece.outputs) > 1:
        together = f"get_{'_and_'.join(piece.outputs)}"
        yield together if len(together) < _LONGEST else f"get_{thing or 'row'}_data"
        return
    many = _plural(thing or "row") if does in ("list", "count") else thing or "row"
    criteria = _criteria(piece.nodes) if _is_simple(piece) else []
    by = f"_by_{'_and_'.join(criteria)}" if 0 < len(criteria) < 3 and criteria != ["id"] else ""
    if len(criteria) > 2 and own and count == 1:
        yield own
    if _OR_404 & set(_called(piece.nodes)):
        by += "_or_404"
    base = f"{thing or 'row'}_exists" if does == "has" else f"{does}_{many}"
    if len(base + by) > _LONGEST and by.count("_and_"):
        yield base
    yield base + by


def _is_simple(piece: Piece) -> bool:
    """Whether it is one query, always the same."""
    choices = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.IfExp)
    return all(not isinstance(n, choices) for node in piece.nodes for n in ast.walk(node))


def _called(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        for each in ast.walk(node):
            if not isinstance(each, ast.Call) or not isinstance(each.func, ast.Attribute):
                continue
            if each.func.attr != "get" or _gets_row(each, each.func.value):
                yield each.func.attr


def _gets_row(call: ast.Call, receiver: ast.expr) -> bool:
    """Whether `get` looks up a row, and not a key of a dict."""
    arg = call.args[0] if call.args else None
    names_model = isinstance(arg, ast.Name) and arg.id[:1].isupper()
    is_model = _dotted(receiver).rpartition(".")[2][:1].isupper()
    return (
        names_model or is_model or bool(call.keywords) or isinstance(receiver, (ast.Attribute, ast.Call))
    )


def _thing(piece: Piece, about: Callable[[str], str]) -> tuple[str, bool]:
    """The model that a piece is about, and whether it makes a row of it."""
    made, row, guess, changed, deleted = "", "", "", "", ""
    classes: list[str] = []
    for node in piece.nodes:
        for each in sorted(_expressions(node), key=lambda n: (n.lineno, n.col_offset)):
            name = _dotted(each)
            model = about(name) if name else ""
            if model and name.rpartition(".")[2] == model:
                classes.append(model)
            row = row or model
            if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store):
                changed = changed or about(_dotted(each.value))
            if isinstance(each, ast.Call):
                guess = guess or _queried(each)
            func = _dotted(each.func) if isinstance(each, ast.Call) else ""
            if isinstance(each, ast.Call) and func.endswith(".delete") and each.args:
                deleted = about(_dotted(each.args[0])) or deleted
            owner, _, method = func.rpartition(".")
            maker = owner if method in _MAKERS else func
            if not made and maker and about(maker) == maker.rpartition(".")[2]:
                made = about(maker)
    # What is made is what it is about; else what is changed or deleted; else what is queried; else whose row it is.
    first = made or changed or deleted or next(iter(classes), row) or guess
    if not first:
        return _written(piece), False
    return _singular(_snake(first)), bool(made)


def _queried(call: ast.Call) -> str:
    """The class that a call names as what it queries, though nothing is known of it."""
    func, arg = call.func, call.args[0] if call.args else None
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if name in ("get", "query", "select") and isinstance(arg, ast.Name) and arg.id[:1].isupper():
        return arg.id
    owner = func.value if isinstance(func, ast.Attribute) else None
    if isinstance(owner, ast.Attribute) and owner.attr in ("query", "objects"):
        return _dotted(owner.value).rpartition(".")[2]
    return ""


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    return (n for n in ast.walk(node) if isinstance(n, ast.expr))


def _written(piece: Piece) -> str:
    """What is added, deleted or refreshed, by its variable."""
    for node in piece.nodes:
        for each in ast.walk(node):
            if not isinstance(each, ast.Call) or not isinstance(each.func, ast.Attribute):
                continue
            arg = each.args[0] if each.args else None
            if each.func.attr in ("add", "delete", "refresh") and isinstance(arg, ast.Name):
                return _singular(re.sub(r"^(?:new|db)_|_(?:model|obj|to_delete)$", "", arg.id))
            if each.func.attr in ("save", "delete", "asave", "adelete"):
                owner = each.func.value
                if isinstance(owner, ast.Name) and owner.id not in _SAYS_NOTHING:
                    return _singular(owner.id)
    return _receiver(piece.nodes[0])


def _receiver(node: ast.AST) -> str:
    """What a chain of calls works on: the collection of a database, or a variable."""
    attribute = ""
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript, ast.Await)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
            continue
        if isinstance(node, ast.Attribute):
            attribute = attribute or node.attr
        node = node.func if isinstance(node, ast.Call) else node.value
    known = isinstance(node, ast.Name) and node.id.islower() and node.id not in _SAYS_NOTHING
    name = node.id if known and isinstance(node, ast.Name) and not attribute else attribute
    return _singular(_snake(name)) if name not in _SAYS_NOTHING else ""


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _criteria(nodes: Sequence[ast.AST]) -> list[str]:
    """The columns by which rows are looked up; more than two where it is not simple."""
    found: list[list[str]] = []
    for node in nodes:
        for each in ast.walk(node):
            if not isinstance(each, ast.Call) or not isinstance(each.func, ast.Attribute):
                continue
            if each.func.attr in _FILTERS:
                found.append([c for arg in each.args for c in _compared(arg)])
                found[-1] += [_column(k.arg or "?") for k in each.keywords]
    names = list(dict.fromkeys(name for call in reversed(found) for name in call))
    return names if all(name.isidentifier() for name in names) else ["?", "?", "?"]


def _column(keyword: str) -> str:
    """The column that a keyword of a filter compares for equality."""
    if _OPERATOR.search(keyword):
        return "?"
    name = re.sub(r"__(?:exact|iexact)$", "", keyword).replace("__", "_")
    return "id" if name == "pk" else name


def _compared(arg: ast.expr) -> list[str]:
    if isinstance(arg, ast.Compare):
        is_equal = len(arg.ops) == 1 and isinstance(arg.ops[0], ast.Eq)
        return [arg.left.attr if is_equal and isinstance(arg.left, ast.Attribute) else "?"]
    if isinstance(arg, ast.Dict):
        keys = [k.value if isinstance(k, ast.Constant) else "?" for k in arg.keys]
        return [str(key).lstrip("_") for key in keys]
    if isinstance(arg, ast.Constant) and isinstance(arg.value, str):
        return [arg.value]
    return [] if isinstance(arg, (ast.Name, ast.Attribute, ast.Call)) else ["?"]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "news")):
        return word[:-1]
    return word


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word}s"
