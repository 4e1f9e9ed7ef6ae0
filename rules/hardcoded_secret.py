from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import Api, Finding, Literal, Module, Place, Rule, text_of, traits

# No name of a secret, no address and no provider's key is without one of these.
_WORDS = tuple(
    "pass Pass PASS pwd Pwd PWD psw Psw PSW secret Secret SECRET token Token TOKEN key Key KEY salt "
    "SALT Salt cred Cred CRED bearer Bearer BEARER jwt JWT Jwt auth= :// BasicAuth DigestAuth "
    "ProxyAuth Fernet Serializer Signer hmac -----BEGIN AKIA ASIA AGPA AIDA AROA AIPA ANPA ANVA sk- "
    "sk_ rk_ whsec_ gsk_ hf_ ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xox xapp- AIza ya29. "
    "GOCSPX SG. SK0 SK1 SK2 SK3 SK4 SK5 SK6 SK7 SK8 SK9 SKa SKb SKc SKd SKe SKf -us npm_ pypi- dapi "
    "dop_ doo_ dor_ :AA sq0 shpat shpca shppa shpss lin_api ntn_ r8_ pplx- xai- tvly- fc- lsv2_ "
    "glc_ glsa_ sbp_ PMAK nvapi eyJ pat".split()
)
_SURE = frozenset({"secret", "dsn-password"})
# Imports of a module that signs; in such a one `key="…"` is a key and `SECRET = "SECRET"` a secret.
_SIGNERS = (
    "jwt",
    "jose",
    "authlib",
    "itsdangerous",
    "cryptography",
    "fastapi_users",
    "flask_jwt_extended",
)
_SIGNING_NAMES = frozenset({"SECRET", "SECRET_KEY", "JWT_SECRET", "JWT_SECRET_KEY"})
# Where a callee takes a secret among its positional arguments.
_POSITIONS = {
    "encode": 1,
    "decode": 1,
    "Fernet": 0,
    "URLSafeTimedSerializer": 0,
    "URLSafeSerializer": 0,
    "TimestampSigner": 0,
    "new": 0,
    "HTTPBasicAuth": 1,
    "HTTPDigestAuth": 1,
    "HTTPProxyAuth": 1,
    "BasicAuth": 1,
    "DigestAuth": 1,
    "set_password": 0,
    "make_password": 0,
    "generate_password_hash": 0,
    "hash_password": 0,
    "get_password_hash": 0,
}
# What stands below these keys, keywords and names is shown to people and runs nowhere.
_SHOWN = frozenset(
    "example examples openapi_examples json_schema_extra schema_extra description help placeholder "
    "responses".split()
)
_HOLDS = {
    "getenv": "falls back to a literal",
    "default": "defaults to a literal",
    "compare": "is compared with a literal",
    "argument": "is called with a literal secret",
}


class HardcodedSecret(Rule):
    """A password, token or key is written into the source.

    Whoever can read the code, its history or a stack trace has it, it is the same in every environment, and changing it
    takes a release. The same goes for a fallback: a deployment that forgets the variable runs with a secret that
    everybody knows. Keys in the format of a known provider are always reported; anything else needs a name that says
    what it is and a value that looks like it. The value itself is never shown.

    Bad::

        SECRET_KEY = "k8#mZq2!vT0pXw4s"
        DATABASE_URL = "postgresql://shop:hunter2@db.internal/shop"

    Good::

        import os

        SECRET_KEY = os.environ["SECRET_KEY"]
        DATABASE_URL = os.environ["DATABASE_URL"]
    """

    code = "API401"
    message = "{name} {holds} {place}"
    severity = "error"
    words = _WORDS
    quiet_in = frozenset({"tests", "migrations"})
    twins = frozenset({"S105", "S106", "S107"})
    secret = True

    def suspects(self, module: Module, api: Api) -> Iterable[int]:
        signs = any(i.module.startswith(_SIGNERS) for i in module.imports.values())
        return [each.span.line for each in module.facts.literals if _may_be_secret(each, signs)]

    def visit_SimpleString(self, node: cst.SimpleString, at: Place) -> Iterator[Finding]:
        return self._judge(node, at)

    def visit_FormattedString(self, node: cst.FormattedString, at: Place) -> Iterator[Finding]:
        return self._judge(node, at)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString, at: Place) -> Iterator[Finding]:
        return self._judge(node, at)

    def _judge(self, node: cst.BaseExpression, at: Place) -> Iterator[Finding]:
        if at.parents and isinstance(at.parents[-1], cst.ConcatenatedString):
            return
        name, role = at.binding(node)
        if not any(each.name == name and each.role == role for each in at.module.facts.literals):
            return
        found = traits(name, text_of(cst.Module([]).code_for_node(node)), role)
        if not found or not _is_secret(node, name, found, at):
            return
        is_fallback = any(isinstance(p, cst.BooleanOperation) for p in at.parents)
        holds = _HOLDS.get("getenv" if is_fallback and role == "assign" else role, "is a literal")
        if "dsn-password" in found:
            holds = "holds a literal password"
        elif "provider-key" in found:
            holds = "holds a literal key"
        elif name == "auth":
            holds = "holds a literal password"
        yield self.found(node, name=name or "An expression", holds=holds, place=_place(at))


def _may_be_secret(literal: Literal, signs: bool) -> bool:
    found = literal.traits
    if found & _SURE:
        return True
    if "same-as-name" in found:
        return signs and literal.name in _SIGNING_NAMES
    return "credential-argument" in found and (
        literal.role != "keyword" or literal.name == "auth" or signs
    )


def _is_secret(node: cst.BaseExpression, name: str, found: frozenset[str], at: Place) -> bool:
    if _is_shown(at.parents):
        return False
    if found & _SURE:
        is_member = any(base.endswith(("Enum", "Choices", "Flag")) for base in at.bases(at.cls))
        return "provider-key" in found or not is_member
    if "same-as-name" in found:
        return name in _SIGNING_NAMES and at.function is None and not at.cls
    return "credential-argument" in found and _is_credential(node, at)


def _is_shown(parents: Iterable[cst.CSTNode]) -> bool:
    for parent in parents:
        match parent:
            case cst.DictElement(key=cst.SimpleString() as key):
                label = str(key.evaluated_value)
            case cst.Arg(keyword=cst.Name(value=label)):
                pass
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=label))]):
                pass
            case cst.Annotation():
                return True
            case _:
                continue
        if label.lower() in _SHOWN or "example" in label.lower():
            return True
    return False


def _is_credential(node: cst.BaseExpression, at: Place) -> bool:
    """Whether a literal stands where a call takes a secret: `jwt.encode(claims, "…")`, `auth=("me", "…")`."""
    parents = at.parents
    if len(parents) >= 2 and isinstance(parents[-2], cst.Tuple) and at.binding(node)[0] == "auth":
        elements = parents[-2].elements
        return len(elements) == 2 and elements[1].value is node
    if len(parents) < 2 or not isinstance(parents[-1], cst.Arg) or not isinstance(parents[-2], cst.Call):
        return False
    arg, call = parents[-1], parents[-2]
    callee = at.resolve(call.func)
    last = callee.rpartition(".")[2].rpartition("::")[2] or _last(call.func)
    if arg.keyword is not None:
        return arg.keyword.value == "key" and ".jwt." in f".{callee}" and last in ("encode", "decode")
    return _POSITIONS.get(last, -1) == next(i for i, each in enumerate(call.args) if each is arg)


def _last(func: cst.BaseExpression) -> str:
    if isinstance(func, cst.Attribute):
        return func.attr.value
    return func.value if isinstance(func, cst.Name) else ""


def _place(at: Place) -> str:
    if at.function is not None:
        return f"in {at.function.name}()"
    return f"in class {at.cls.rpartition('.')[2]}" if at.cls else "at module level"
