"""Literals that move to the configuration: where one can, what it is called there, and what stays in the code."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import libcst as cst

from api_lint.fixers.environ import Setting, has_comment, setting, text_at, upper_snake
from api_lint.literals import text_of
from api_lint.rule import AddField, Edit, Finding, Replace

if TYPE_CHECKING:
    from api_lint.visit import Place

__all__ = [
    "callee_words",
    "has_holes",
    "host_name",
    "is_generic",
    "is_storable",
    "moved",
    "no_move",
    "put",
    "quote_of",
    "source_of",
    "split_address",
    "title_of",
]

_GENERIC = frozenset(
    "URL URI API BASE ENDPOINT HOST SERVER SERVICE ADDRESS DEFAULT ROOT LINK TARGET PREFIX DOMAIN SITE LOCATION HREF KEY "
    "TOKEN SECRET PASSWORD PASSWD PASS PWD AUTH ACCESS ENV VALUE CONFIG STRING NAME DATA HEADERS PATH V1 V2 ".split()
)
_HEAD = re.compile(
    r"(?P<scheme>[A-Za-z][\w+.-]*)://(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(?P<port>\d+))?(?=[/?#]|$)"
)
_QUOTE = re.compile(r"[\"']")
_LITERAL = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>\"\"\"|'''|\"|')")


def source_of(node: cst.BaseExpression) -> str:
    """A literal's source, without parentheses around it."""
    return cst.Module([]).code_for_node(node.with_changes(lpar=[], rpar=[]))


def quote_of(node: cst.BaseExpression) -> str:
    """The mark in which a literal's text, or the first one of an expression, stands."""
    found = _QUOTE.search(source_of(node))
    return found[0] if found is not None else '"'


def no_move(node: cst.BaseExpression, at: Place) -> str:
    """Why nothing but a literal can stand at a place, "" where something can."""
    if has_comment(node.with_changes(lpar=[], rpar=[])):
        return "a comment stands between its parts"
    parent = at.parents[-1] if at.parents else None
    if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Modulo):
        return "it is a template that % fills in"
    if isinstance(parent, cst.Attribute) and parent.attr.value not in ("encode", "strip"):
        return f"it is a template, or the text that .{parent.attr.value} works on"
    for each in at.parents:
        if isinstance(each, cst.MatchPattern):
            return "a pattern takes literals only"
        if isinstance(each, cst.Annotation):
            return "an annotation takes literals only"
        if isinstance(each, (cst.FormattedStringExpression, cst.FormattedString)):
            return "it stands inside an f-string"
        if isinstance(each, cst.Index):
            return "it is a key"
        if isinstance(each, cst.Lambda) and _is_default(each, at):
            return "it is a default of a lambda"
    return ""


def _is_default(function: cst.Lambda, at: Place) -> bool:
    position = next(i for i, each in enumerate(at.parents) if each is function)
    return any(isinstance(each, cst.Param) for each in at.parents[position:])


def is_generic(name: str) -> bool:
    """Whether a variable's name says nothing of whose it is: `API_KEY`, `BASE_URL`."""
    return all(word in _GENERIC for word in name.split("_"))


def callee_words(at: Place) -> str:
    """What the call around a literal calls, as the first part of a variable's name; "" if it says nothing."""
    call = next((p for p in reversed(at.parents) if isinstance(p, cst.Call)), None)
    if call is None:
        return ""
    root = at.resolve(call.func).partition(".")[0]
    if (
        root
        and "::" not in root
        and "/" not in root
        and root not in sys.stdlib_module_names | {"builtins"}
    ):
        return upper_snake(root)
    func = call.func
    last = (
        func.attr.value
        if isinstance(func, cst.Attribute)
        else func.value
        if isinstance(func, cst.Name)
        else ""
    )
    return upper_snake(last) if last[:1].isupper() else ""


def put(
    finding: Finding, title: str, old: cst.BaseExpression, code: str, at: Place, edits: tuple[Edit, ...]
) -> Finding:
    """The finding with the (unsafe) fix that writes `code` in place of `old`."""
    new = cst.parse_expression(code)
    if _is_tight(old, at) and not old.lpar:
        new = new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    else:
        new = new.with_changes(lpar=old.lpar, rpar=old.rpar)
    return finding.fixed_by(title, Replace(old, new), *edits)


def _is_tight(old: cst.BaseExpression, at: Place) -> bool:
    """Whether a word touches the literal: `return"…"`, `"…"if x else y`."""
    text = source_of(old)
    for each in at.module.facts.literals:
        if text_at(each, at.rows) == text:
            before = at.rows[each.span.line - 1][: each.span.col]
            after = at.rows[each.span.end_line - 1][each.span.end_col :]
            if before[-1:].isalnum() or after[:1].isalnum():
                return True
    return False


def moved(finding: Finding, node: cst.BaseExpression, name: str, default: str, at: Place) -> Finding:
    """The finding with the fix that reads the variable `name` in place of a literal; `default` as of `setting`."""
    written = setting(name, default, at, quote_of(node))
    if written is None:
        return finding.unfixable(
            "the name os means something else here, or the settings have such a field"
        )
    code = written.code
    if isinstance(node, cst.SimpleString) and "b" in node.prefix.lower():
        code += ".encode()"
    return put(finding, title_of(name, written), node, code, at, written.edits)


def title_of(name: str, written: Setting) -> str:
    """What a fix that reads a variable is called."""
    is_field = any(isinstance(edit, AddField) for edit in written.edits)
    return f"Read {name} from the {'settings' if is_field else 'environment'}"


# ---------------------------------------------------------------------------------------------------- addresses


def host_name(head: str) -> str:
    """The variable for a host: `https://api.notion.com` → `NOTION_API_URL`; different hosts have different names."""
    match = _HEAD.match(head)
    if match is None:
        return ""
    host, scheme, port = match["host"], match["scheme"].lower(), match["port"]
    labels = [re.sub(r"\W", "_", label).strip("_").upper() for label in host.strip("[]").split(".")]
    if all(label.isdigit() for label in labels):
        labels = ["HOST", *labels]
    is_local = len(labels) == 1
    if labels[-1] == "COM":
        labels.pop()
    if labels[0] in ("API", "WWW") and len(labels) > 1:
        labels = [*labels[1:], labels[0]]
    if port:
        labels.append(port)
    if scheme != "https" and not (scheme == "http" and (is_local or labels[0] == "HOST")):
        labels.append(re.sub(r"\W", "_", scheme).upper())
    name = "_".join([*labels, "URL"])
    return name if name.isidentifier() else f"HOST_{name}"


def split_address(node: cst.BaseExpression) -> tuple[str, str, str] | None:
    """A literal address as its scheme and host, the source of an f-string around what becomes of them, and a quote.

    Returns: the head, the f-string with `\\0` in the head's place ("" where nothing else is left) and the mark that a
    string within the f-string can have; `None` where it cannot be taken apart.
    """
    code = source_of(node)
    opening = _LITERAL.match(code)
    if opening is None or isinstance(node, cst.ConcatenatedString) or "b" in opening["prefix"].lower():
        return None
    prefix, quote = opening["prefix"].lower(), opening["quote"]
    body = code[opening.end() : -len(quote)]
    is_plain = "f" not in prefix
    head = _HEAD.match(body)
    if head is None or "\\N" in body or body[head.end() :].startswith(("\\",)):
        return None
    rest = body[head.end() :]
    if is_plain and not rest:
        return head[0], "", '"'
    if is_plain:
        rest = rest.replace("{", "{{").replace("}", "}}")
    marks = "rf" if "r" in prefix else "f"
    inner = "'" if '"' in quote else '"'
    return head[0], f"{marks}{quote}{{\0}}{rest}{quote}", inner


def has_holes(node: cst.CSTNode) -> bool:
    """Whether a literal is an f-string with something to fill in."""
    return isinstance(node, cst.FormattedStringExpression) or any(has_holes(c) for c in node.children)


def is_storable(node: cst.BaseExpression) -> bool:
    """Whether a variable of the environment can hold a literal's text."""
    code = source_of(node)
    is_bytes = isinstance(node, cst.SimpleString) and "b" in node.prefix.lower()
    text = text_of(code)
    return bool(text) and "\0" not in text and (not is_bytes or (text.isascii() and text.isprintable()))
