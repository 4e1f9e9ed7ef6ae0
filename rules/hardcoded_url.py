from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

import libcst as cst

from api_lint import (
    UNKNOWN,
    UNSAFE,
    Api,
    Attr,
    Call,
    Choice,
    Expr,
    Finding,
    Function,
    FunctionRef,
    Item,
    Literal,
    Module,
    Of,
    Place,
    Rule,
    Unpack,
    called_addresses,
    calls_address,
    calls_returned,
    free_name,
    has_holes,
    holds_name,
    host_name,
    is_generic,
    is_storable,
    mask_address,
    moved,
    name_in_class,
    names_service,
    no_move,
    put,
    root_of,
    setting,
    source_of,
    split_address,
    text_at,
    text_of,
    title_of,
    traits,
    upper_snake,
)

_NO_SERVICE = frozenset({"namespace-url", "dsn-password", "secret"})
# What stands below these keys and keywords describes the API to people, or decides who may call it.
_ABOUT = frozenset(
    "example examples openapi_examples json_schema_extra schema_extra description help placeholder responses contact "
    "license license_info terms_of_service servers external_docs openapi_tags headers allow_origins origins".split()
)
_LOCAL_FILES = frozenset({"local", "dev", "development", "develop", "debug"})
# Fields of these are filled from elsewhere; what stands in the class is their default.
_CONFIGURED = ("Settings", "pydantic.BaseModel", "pydantic.main.BaseModel")
_WORD = re.compile(r"[A-Za-z_]\w*")
# An address whose host is a number, or a name within a network.
_NAMELESS = re.compile(r"[a-z+]+://(?:\[|[\d.]+(?:[:/]|$)|[\w-]+(?:[:/]|$))")
_BOUND = ("assign", "annotated")
_HERE = Of("address")
# `if not url:`, `if url is None:`; and the name of a variable of the environment.
_GUARD = re.compile(r"(?:el)?if\s+(?:not\s+\w+|\w+\s+is\s+None|\w+\s*==\s*(?:\"\"|''))\s*:")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
# What clients call the address they are based on.
_BASE = re.compile(r"base|api|endpoint|server|host|broker|backend|dsn|database", re.IGNORECASE)
_ENVIRONMENT = ("getenv", "environ.get", "environ")


class HardcodedUrl(Rule):
    """The address of a service is written into the code that calls it.

    Another environment (a staging system, a proxy, a stand-in for tests) then needs another version of the code. Read
    the address from the settings and keep the literal there, as the default of a variable. The fix reads a variable of the
    environment, or adds a field to the project's `BaseSettings`; of an address without a name of its own only scheme and
    host move. Links for people, schema
    namespaces, allowed origins, sample values (`{"link": "https://example.com"}`), hosts to be filled in and defaults
    that the environment overrides are not reported; of the addresses in one list, the first is.

    Evidence: The address has to be what a client calls or is based on, be it by a name, a constant or a function of the
    project that hands it on, or be bound to a name that says it is a service's (`API_URL`, `WEBHOOK`), or look like
    an API's itself. The latter two are weaker evidence, so tests, examples and generated files are passed over; other
    literals with a scheme are not reported.

    Bad::

        import httpx

        async def rates():
            async with httpx.AsyncClient(base_url="https://api.rates.example.com") as client:
                return (await client.get("/latest")).json()

    Good::

        import os

        import httpx

        async def rates():
            async with httpx.AsyncClient(base_url=os.getenv("RATES_EXAMPLE_API_URL", "https://api.rates.example.com")) as client:
                return (await client.get("/latest")).json()
    """

    code = "API402"
    message = "{subject} the literal address {address}"
    words = ("://",)
    fix = UNSAFE
    quiet_in = frozenset({"tests", "migrations", "examples", "generated"})

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        return [each.span.line for each in module.facts.literals if _may_be_service(each)]

    def visit_SimpleString(self, node: cst.SimpleString, at: Place) -> Iterator[Finding]:
        return self._judge(node, at)

    def visit_FormattedString(self, node: cst.FormattedString, at: Place) -> Iterator[Finding]:
        return self._judge(node, at)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString, at: Place) -> Iterator[Finding]:
        return self._judge(node, at)

    def _judge(self, node: cst.BaseExpression, at: Place) -> Iterator[Finding]:
        if at.parents and isinstance(at.parents[-1], cst.ConcatenatedString):
            return
        text = text_of(cst.Module([]).code_for_node(node))
        if "://" not in text:
            return
        value, at = _formatted(node, at)
        name, role = at.binding(value)
        known = name_in_class(name, at.cls) if at.function is None and role in _BOUND else name
        found = traits(known, text, role)
        is_joined = "url" not in found
        if is_joined:
            found, text = _traits_of_joined(node, name, role, at), _joined(value, at)
        if "url" not in found or found & _NO_SERVICE or _is_about(at) or _is_one_of_many(value, at):
            return
        if "sample-url" in found and _is_sample(name, role, at):
            return
        if _is_overridable(value, name, role, at) or (
            "localhost" in found and _is_own("" if is_joined else text, name, role, at)
        ):
            return
        subject = "" if "documentation-url" in found else _subject(name, role, found, at)
        subject = subject or _subject_of_called(name, role, at)
        if subject:
            finding = self.found(node, subject=subject, address=mask_address(text))
            if is_joined:
                yield finding.unfixable("its host is put together from several texts")
                return
            yield _fixed(
                finding,
                node,
                name,
                role,
                at if value is node else replace(at, parents=(*at.parents, value)),
            )


def _may_be_service(literal: Literal) -> bool:
    found = literal.traits
    if "url" not in found or found & _NO_SERVICE or literal.role in ("getenv", "compare"):
        return False
    return "service-url" in found or literal.role != "default"


def _traits_of_joined(node: cst.BaseExpression, name: str, role: str, at: Place) -> frozenset[str]:
    """What the index says of a literal in which other texts of the file are put, or that begins a sum of them."""
    code = source_of(node)
    named = (each for each in at.module.facts.literals if (each.name, each.role) == (name, role))
    return next((each.traits for each in named if text_at(each, at.rows) == code), frozenset())


def _joined(value: cst.BaseExpression, at: Place) -> str:
    """The text that an f-string or a sum makes, with the names that stand in it."""
    whole = value
    for parent in reversed(at.parents):
        if not isinstance(parent, cst.BinaryOperation) or not isinstance(parent.operator, cst.Add):
            break
        whole = parent
    return "".join(_pieces(whole))


def _pieces(node: cst.BaseExpression) -> Iterator[str]:
    match node:
        case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
            yield from _pieces(left)
            yield from _pieces(right)
        case cst.FormattedString(parts):
            for part in parts:
                match part:
                    case cst.FormattedStringText(value):
                        yield value
                    case cst.FormattedStringExpression(expression):
                        yield from _pieces(expression)
        case cst.SimpleString():
            yield text_of(source_of(node))
        case cst.Name(value):
            yield f"{{{value}}}"
        case _:
            yield "{}"


def _formatted(node: cst.BaseExpression, at: Place) -> tuple[cst.BaseExpression, Place]:
    """The expression that a literal becomes, and its place: the call for `"…".format(x)`, else the literal."""
    match at.parents[-2:]:
        case (cst.Call() as call, cst.Attribute(attr=cst.Name("format"))):
            return call, replace(at, parents=at.parents[:-2])
    return node, at


def _subject(name: str, role: str, found: frozenset[str], at: Place) -> str:
    """The message's subject and verb, "" where no service is meant."""
    call = _call(at)
    if role in ("argument", "keyword") and call is not None and at.resolve(call.func) == "httpx.Request":
        return ""  # not sent: what an error is about
    if call is not None and any(
        a.keyword is not None and a.keyword.value == "transport" for a in call.args
    ):
        return ""  # an application in the same process: the address goes nowhere
    if "service-url" in found:
        if role != "argument":
            return f"{name} is"
        is_default = name.endswith(".get") and call is not None and call.args[0] not in at.parents
        return "" if is_default else f"{name} is called with"
    if role == "item":
        outer = _name_of_dict(at)
        return f"{name} in {outer} is" if names_service(outer) else ""
    if role == "other" and at.function is not None and _is_returned(at):
        is_told = names_service(at.function.name) or "localhost" in found
        return f"{at.function.name} returns" if is_told and not _returns_given(at) else ""
    return ""


def _subject_of_called(name: str, role: str, at: Place) -> str:
    """The same for an address that a client is given, "" where none is: whatever it is called, wherever it leads."""
    function, effects = at.function, at.api.effects
    if role in ("argument", "keyword"):
        call = _call(at)
        marked = _marked(call, at) if call is not None else Call(UNKNOWN)
        is_called = _HERE in called_addresses(marked, at.scope, effects)
        callee = marked.func if isinstance(marked.func, str) else name
        return f"{callee} is called with" if is_called else ""
    if role == "other" and function is not None and _is_returned(at):
        is_called = not _returns_given(at) and calls_returned(FunctionRef(at.path, function), effects)
        return f"{function.name} returns" if is_called else ""
    if role not in _BOUND or not name:
        return ""
    bodies: tuple[Function, ...]
    if function is not None:
        bodies, names = (function,), frozenset({name, f"self.{name}"})
    else:
        owner = at.cls.rpartition(".")[2]
        own = {f"{owner}.{name}", f"self.{name}", f"cls.{name}"} if owner else {name}
        bodies, names = (at.module.body, *at.module.facts.functions), frozenset(own)
    is_called = any(
        body.may_hold(name) and calls_address(body, at.module, partial(holds_name, names=names), effects)
        for body in bodies
    )
    return f"{name} is" if is_called else ""


def _is_returned(at: Place) -> bool:
    return any(isinstance(p, cst.Return) for p in at.parents)


def _returns_given(at: Place) -> bool:
    """Whether the address that a function returns is there for when it is given none, or made of one that it is given."""
    function = at.function
    if function is None:
        return False
    rows = {
        each.span.line: "".join(at.rows[each.span.line - 1 : each.span.end_line])
        for each in function.returned
    }
    own = max((line for line in rows if line <= at.line), default=0)
    others = {word for line, text in rows.items() if line != own for word in _WORD.findall(text)}
    shown = set(_WORD.findall(rows.get(own, "")))
    for param in (p.name for p in function.params if _names_address(p.name)):
        made = {a.target for a in function.assigns if _root(a.value) == param}
        is_other = not others.isdisjoint(_derived(param, function))
        if is_other or not shown.isdisjoint(made - {param}):
            return True
    return "default" in function.name


def _derived(param: str, function: Function) -> set[str]:
    """The names in a function that hold a parameter, or something that is made of it."""
    names = {param}
    for assign in function.assigns:
        value = assign.value
        parts = (value, *value.args) if isinstance(value, Call) else (value,)
        if any(_root(part) in names for part in parts):
            names.add(assign.target)
    return names


def _root(expr: Expr) -> str:
    return root_of(expr.value if isinstance(expr, Unpack) else expr).partition(".")[0]


def _is_sample(name: str, role: str, at: Place) -> bool:
    """Whether an address of nobody is a sample value: what is neither called nor configured."""
    if role == "item":
        in_dict = any(isinstance(p, cst.Dict) for p in at.parents)
        return in_dict and not (at.function is None and names_service(_name_of_dict(at)))
    call = _call(at) if role == "keyword" else None
    if call is None or _BASE.search(name):
        return False
    return "service-url" not in traits(_last_name(call.func), "https://a.example.com", "argument")


def _last_name(node: cst.BaseExpression) -> str:
    match node:
        case cst.Name(value) | cst.Attribute(_, cst.Name(value)):
            return value
    return ""


def _marked(call: cst.Call, at: Place) -> Call:
    """A call with a mark where the literal stands in it."""
    made = at.expression(call)
    if not isinstance(made, Call):
        return Call(UNKNOWN)
    by_name = [arg for arg in call.args if arg.keyword is not None or arg.star == "**"]
    by_position = [arg for arg in call.args if arg not in by_name]
    args = (_HERE if arg in at.parents else expr for arg, expr in zip(by_position, made.args))
    keywords = (
        (key, _HERE if arg in at.parents else expr) for arg, (key, expr) in zip(by_name, made.keywords)
    )
    return Call(made.func, tuple(args), tuple(keywords))


def _call(at: Place) -> cst.Call | None:
    return next((p for p in reversed(at.parents) if isinstance(p, cst.Call)), None)


def _name_of_dict(at: Place) -> str:
    """What the outermost dict around is bound to."""
    for position, parent in enumerate(at.parents):
        if isinstance(parent, cst.Dict):
            return replace(at, parents=at.parents[:position]).binding(parent)[0]
    return ""


def _is_one_of_many(value: cst.BaseExpression, at: Place) -> bool:
    """Whether a display holds an address before this one."""
    match at.parents[-2:]:
        case (cst.List(elements) | cst.Tuple(elements) | cst.Set(elements), cst.Element()):
            addresses = (e.value for e in elements if "://" in cst.Module([]).code_for_node(e.value))
            return next(addresses, value) is not value
    return False


def _is_about(at: Place) -> bool:
    for parent in at.parents:
        match parent:
            case cst.DictElement(key=cst.SimpleString() as key):
                label = str(key.evaluated_value)
            case cst.Arg(keyword=cst.Name(value=label)):
                pass
            case cst.Assign():
                label = _label(parent)
            case (
                cst.Annotation()
                | cst.Raise()
                | cst.Assert()
                | cst.Comparison()
                | cst.Index()
                | cst.FormattedStringExpression()
            ):
                return True
            case _:
                continue
        if label.lower() in _ABOUT or "example" in label.lower():
            return True
    return False


def _label(assign: cst.Assign) -> str:
    match assign.targets[0].target:
        case cst.Name(value):
            return value
        case cst.Subscript(_, [cst.SubscriptElement(cst.Index(cst.SimpleString() as key))]):
            return str(key.evaluated_value)
    return ""


def _is_overridable(value: cst.BaseExpression, name: str, role: str, at: Place) -> bool:
    """Whether the environment, or what was asked before, puts another address in its place."""
    if role == "getenv":
        return True
    if role == "item" and at.cls and at.function is None and _looks_up_environment(at):
        return True
    if at.function is None and any(base.endswith(_CONFIGURED) for base in at.bases(at.cls)):
        return True
    if role in ("assign", "annotated") and (_stands_in(name, at) or _is_fallback(name, at)):
        return True
    inner: cst.CSTNode = value
    for parent in reversed(at.parents):
        if isinstance(parent, cst.BooleanOperation) and parent.left is not inner:
            return isinstance(parent.operator, cst.Or)
        if isinstance(parent, cst.IfExp) and _asks_for_other(parent, inner):
            return True
        inner = parent
    bound = at.module.assigns.get(name, []) if role in ("assign", "annotated") else []
    own = at.function.assigns if at.function is not None else ()
    return any(_asks_environment(a.value) for a in (*bound, *(a for a in own if a.target == name)))


def _stands_in(name: str, at: Place) -> bool:
    """Whether an address is there for when nobody gives another: `DEFAULT_URL`, `if not url: url = …`."""
    params = at.function.params if at.function is not None else ()
    return "default" in name.lower() or any(param.name == name for param in params)


def _names_address(name: str) -> bool:
    return "url" in name.lower() or names_service(name)


def _is_fallback(name: str, at: Place) -> bool:
    """Whether an address is used for want of another: `given or self.BASE_URL`, `if given: url = given`."""
    if at.function is not None:
        given = any(a.target == name and a.line < at.line for a in at.function.assigns)
        header = _header(at) if given else ""
        if _GUARD.match(header) and name in _WORD.findall(header):
            return True
        others = [a for a in at.function.assigns if a.target == name and a.fork]
        return any(isinstance(a.value, str) for a in others)
    bodies = (at.module.facts.body, *at.module.facts.functions)
    return any(_falls_back(a.value, name) for body in bodies for a in body.assigns)


def _falls_back(value: Expr, name: str) -> bool:
    match value:
        case Choice(options):
            last = options[-1]
            return len(options) > 1 and isinstance(last, str) and last.rpartition(".")[2] == name
        case Call(func, args):
            inner = func.base if isinstance(func, Attr) else func
            return any(_falls_back(each, name) for each in (inner, *args))
    return False


def _header(at: Place) -> str:
    """The row that begins the block that the statement stands in."""
    depth = _depth(at.rows[at.line - 1])
    rows = (at.rows[line] for line in range(at.line - 2, -1, -1))
    return next((row.strip() for row in rows if row.strip() and _depth(row) < depth), "")


def _depth(row: str) -> int:
    return len(row) - len(row.lstrip())


def _is_default_of_variable(at: Place) -> bool:
    """Whether an address of this machine stands beside the name of a variable, in the row of a table of settings."""
    match at.parents[-2:]:
        case (cst.List(elements) | cst.Tuple(elements), cst.Element()):
            texts = (e.value.evaluated_value for e in elements if isinstance(e.value, cst.SimpleString))
            return any(isinstance(text, str) and _VARIABLE.match(text) for text in texts)
    return False


def _looks_up_environment(at: Place) -> bool:
    """Whether a class that keeps defaults has a method that asks the environment for a key it is handed."""
    methods = (f for f in at.module.facts.functions if f.owner == at.cls)
    return any(
        isinstance(site.call.func, str)
        and site.call.func.endswith(_ENVIRONMENT)
        and site.call.args[:1]
        and site.call.args[0] in {param.name for param in method.params}
        for method in methods
        for site in method.calls
    )


def _asks_for_other(choice: cst.IfExp, literal: cst.CSTNode) -> bool:
    """Whether `a if a else literal` takes what is there, and the literal if nothing is."""
    if literal is choice.test:
        return False
    code = cst.Module([]).code_for_node
    other = choice.body if literal is choice.orelse else choice.orelse
    names = set(_WORD.findall(code(other)))
    return "://" not in code(other) and any(name in names for name in _WORD.findall(code(choice.test)))


def _asks_environment(expr: Expr) -> bool:
    match expr:
        case Call(func, args):
            is_asked = isinstance(func, str) and func.endswith(_ENVIRONMENT)
            return is_asked or _asks_environment(func) or any(_asks_environment(a) for a in args)
        case Choice(options):
            return any(_asks_environment(o) for o in options)
        case Item(base, _) | Attr(base, _):
            return base.endswith(_ENVIRONMENT) if isinstance(base, str) else _asks_environment(base)
    return False


def _is_own(text: str, name: str, role: str, at: Place) -> bool:
    """Whether an address of this machine is only what is there before anybody configures another one."""
    if role == "other" and _is_link(text, at):
        return False
    if role in ("default", "other") or ":{" in text or "default" in name.lower():
        return True
    if any(isinstance(p, cst.IfExp) for p in at.parents) or _is_default_of_variable(at):
        return True
    return at.path.rpartition("/")[2].removesuffix(".py") in _LOCAL_FILES


def _is_link(text: str, at: Place) -> bool:
    """Whether a link to something is made of an address of this machine, and returned."""
    has_path = bool(text.partition("://")[2].partition("/")[2])
    match at.parents[-2:]:
        case (cst.Return(), cst.BinaryOperation(operator=cst.Add())):
            return has_path
        case (_, cst.Return()):
            return has_path and "{}" in text and ":{" not in text
    return False


# ----------------------------------------------------------------------------------------------------------- fix


def _fixed(finding: Finding, node: cst.BaseExpression, name: str, role: str, at: Place) -> Finding:
    if not at.wants_fixes:
        return finding
    reason = _no_fix(node, at)
    if reason:
        return finding.unfixable(reason)
    own = upper_snake(name) if role in ("assign", "annotated", "default", "item", "keyword") else ""
    is_telling = not is_generic(own) or (name.isupper() and _NAMELESS.match(text_of(source_of(node))))
    if own and is_telling and not has_holes(node) and not _is_shared(name, node, at):
        own = own if names_service(own) or own.endswith(("URL", "URI")) else f"{own}_URL"
        variable = free_name(own, source_of(node), (name, role), at)
        if not variable:
            return finding.unfixable("every fitting name is taken")
        return moved(finding, node, variable, _one_row(node), at)
    return _host_moved(finding, node, at)


def _is_shared(name: str, node: cst.BaseExpression, at: Place) -> bool:
    """Whether another address of the file has the same name: a number behind it would tell nobody which is which."""
    named = (
        each for each in at.module.facts.literals
        if "url" in each.traits and upper_snake(each.name) == upper_snake(name)
    )  # fmt: skip
    return any(text_at(each, at.rows) != source_of(node) for each in named)


def _no_fix(node: cst.BaseExpression, at: Place) -> str:
    reason = no_move(node, at)
    if reason:
        return reason
    if isinstance(at.parents[-1], cst.Call):
        return "it is a template that .format fills in"
    if isinstance(node, cst.ConcatenatedString):
        return "it is put together from several literals"
    if not has_holes(node) and not is_storable(node):
        return "a variable of the environment cannot hold it"
    match at.parents[-2:]:
        case (cst.List(elements) | cst.Tuple(elements) | cst.Set(elements), cst.Element()) if (
            len(elements) > 1
        ):
            return "it is one of several in a list"
    return ""


def _one_row(node: cst.BaseExpression) -> str:
    """A literal's source as a default, without the mark of bytes."""
    code = source_of(node)
    return (
        code.lstrip("bB") if isinstance(node, cst.SimpleString) and "b" in node.prefix.lower() else code
    )


def _host_moved(finding: Finding, node: cst.BaseExpression, at: Place) -> Finding:
    """The finding with the fix that reads scheme and host from a variable named after the host; the rest stays."""
    parts = split_address(node)
    if parts is None:
        return finding.unfixable("its host cannot be told from the rest")
    head, template, quote = parts
    variable = free_name(host_name(head), head, ("", ""), at)
    written = setting(variable, f"{quote}{head}{quote}", at, quote) if variable else None
    if written is None:
        return finding.unfixable("the name os means something else here, or every fitting name is taken")
    code = template.replace("\0", written.code) if template else written.code
    return put(finding, title_of(variable, written), node, code, at, written.edits)
