from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import libcst as cst

from api_lint import (
    UNSAFE,
    Api,
    Call,
    ClassRef,
    Finding,
    Item,
    Literal,
    Map,
    Module,
    Place,
    Replace,
    Rule,
    callee_words,
    env_prefix,
    env_row,
    free_name,
    has_comment,
    has_holes,
    is_generic,
    is_storable,
    moved,
    no_move,
    put,
    quote_of,
    settings_class,
    source_of,
    text_of,
    traits,
    upper_snake,
)

# No name of a secret, no address and no provider's key is without one of these.
_WORDS = tuple(
    "pass Pass PASS pwd Pwd PWD psw Psw PSW secret Secret SECRET token Token TOKEN key Key KEY salt "
    "SALT Salt cred Cred CRED bearer Bearer BEARER jwt JWT Jwt auth= :// BasicAuth DigestAuth "
    "ProxyAuth Client( ClientV2( .login( Fernet Serializer Signer hmac -----BEGIN AKIA ASIA AGPA AIDA AROA AIPA ANPA ANVA sk- "
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
    "login": 1,
}
_CLIENTS = ("Client", "ClientV2")
# Anybody may call a class `Serializer`; those of this library sign, with the key that they take first.
_ITSDANGEROUS = "itsdangerous."
_SIGN = ("Serializer", "Signer")
# Anybody may call a method `login`; those of these take a user and a password.
_MAILBOXES = ("smtplib.", "imaplib.", "ftplib.", "aiosmtplib.")
# What stands below these keys, keywords and names is shown to people and runs nowhere.
_SHOWN = frozenset(
    "example examples openapi_examples json_schema_extra schema_extra description help placeholder "
    "responses".split()
)
# Libraries that make people up, and addresses at which nobody reads: the domains that RFC 2606 keeps free, test users.
_MAKE_UP = ("faker.", "mimesis.")
_OF_NOBODY = re.compile(
    r"(?:test(?:[-_+.\d{][^@\s]*|user)?@[^@\s]+|[^@\s]+@(?:[\w-]+\.)*(?:example(?:\.(?:com|net|org))?|test|invalid))$",
    re.IGNORECASE,
)
_COLLECTIONS = ("list", "tuple", "dict")
_WORD = re.compile(r"[A-Za-z]+(?:[._-][A-Za-z]+)*")
# Kubernetes: they take the name under which a secret holds a value.
_SELECTORS = ("V1SecretKeySelector", "V1ConfigMapKeySelector", "V1KeyToPath")
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
    what it is and a value that looks like it. The value itself is never shown. The
    fix reads a variable that has to be there, or a new required field of the project's `BaseSettings`; a parameter's
    default has none, as it would be read on import.

    Evidence: A provider's key format speaks for itself. All else rests on a name and on a value that is neither a
    placeholder, a path, a header, an enum's value nor prose, by its length, its kinds of characters and its
    entropy: weaker evidence, so tests and migrations are passed over (generated files are not: what is in them is shipped all the same), and a value that says itself that it is none
    (`changeme`, `<token>`) is not reported.

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
    fix = UNSAFE

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
        finding = self.found(node, name=name or "An expression", holds=holds, place=_place(at))
        yield _fixed(finding, node, found, at)


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
    if "provider-key" not in found and (at.module.kind == "examples" or _is_of_nobody(at)):
        return False
    if "provider-key" not in found and (_is_looked_for(node, at) or _is_key_name(node, name, at)):
        return False
    if found & _SURE:
        is_member = any(base.endswith(("Enum", "Choices", "Flag")) for base in at.bases(at.cls))
        return "provider-key" in found or not is_member
    if "same-as-name" in found:
        return name in _SIGNING_NAMES and at.function is None and not at.cls
    return "credential-argument" in found and _is_credential(node, at)


def _is_looked_for(node: cst.BaseExpression, at: Place) -> bool:
    """Whether a literal is looked for with `in` where no collection is known to be: a part of a text is no secret."""
    inner: cst.CSTNode = node
    for parent in reversed(at.parents):
        match parent:
            case cst.Comparison(left, [cst.ComparisonTarget(cst.In() | cst.NotIn(), where), *_]) if (
                left is inner
            ):
                return at.value(where).kind not in _COLLECTIONS
            case cst.BaseStatement():
                return False
        inner = parent
    return False


def _is_key_name(node: cst.BaseExpression, name: str, at: Place) -> bool:
    """Whether a word is only what something else is kept under: `{PASSWORD_SECRET_KEY: password}`."""
    if not (name.lower().endswith("key") and _WORD.fullmatch(text_of(source_of(node)))):
        return False
    bodies = (at.module.facts.body, *at.module.facts.functions)
    parts = (each for body in bodies for each in _parts((body.calls, body.assigns, body.returned)))
    return any(_last_part(key) == name for each in parts for key in _keys(each))


def _parts(facts: object) -> Iterator[object]:
    yield facts
    if isinstance(facts, tuple):
        for each in facts:
            yield from _parts(each)


def _keys(part: object) -> Iterator[object]:
    """The keys that a part of an expression asks for or sets."""
    match part:
        case Map(items):
            yield from (key for key, _ in items)
        case Item(_, key):
            yield key
        case Call(str() as callee) if _last_part(callee) in _SELECTORS:
            yield part.keyword("key")


def _last_part(name: object) -> str:
    return name.rpartition(".")[2] if isinstance(name, str) else ""


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


def _is_of_nobody(at: Place) -> bool:
    """Whether a secret stands beside the address of somebody made up: by the domain, by name, or by a library."""
    for parent in reversed(at.parents):
        match parent:
            case cst.Call(args=[] | [_]):
                pass  # it takes the secret alone, and gives a hash of it to what stands around
            case cst.Call(args=args):
                return any(_is_made_up(arg.value, at) for arg in args if arg.keyword is not None)
            case cst.Dict(elements):
                return any(_is_made_up(each.value, at) for each in elements)
            case cst.BaseStatement():
                return False
    return False


def _is_made_up(value: cst.BaseExpression, at: Place) -> bool:
    if isinstance(value, cst.Call):
        maker = value.func.value if isinstance(value.func, cst.Attribute) else value.func
        return at.value(maker).name.startswith(_MAKE_UP)
    is_text = isinstance(value, (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString))
    return is_text and _OF_NOBODY.match(text_of(source_of(value))) is not None


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
    if last == "login" and not callee.startswith(_MAILBOXES):
        return False
    position = next(i for i, each in enumerate(call.args) if each is arg)
    if callee.startswith(_ITSDANGEROUS):
        return position == 0 and last.endswith(_SIGN)
    if last.endswith(_CLIENTS):
        return position < 2  # behind an account's name, a tenant or an address
    return _POSITIONS.get(last, -1) == position


def _last(func: cst.BaseExpression) -> str:
    if isinstance(func, cst.Attribute):
        return func.attr.value
    return func.value if isinstance(func, cst.Name) else ""


def _place(at: Place) -> str:
    if at.function is not None:
        return f"in {at.function.name}()"
    return f"in class {at.cls.rpartition('.')[2]}" if at.cls else "at module level"


# ----------------------------------------------------------------------------------------------------------- fix

# What a variable is called that holds the secret of such a callee, which has no name of its own.
_CALLED = {
    "encode": "JWT_SECRET",
    "decode": "JWT_SECRET",
    "Fernet": "FERNET_KEY",
    "URLSafeTimedSerializer": "SIGNING_KEY",
    "URLSafeSerializer": "SIGNING_KEY",
    "TimestampSigner": "SIGNING_KEY",
    "TimedJSONWebSignatureSerializer": "SIGNING_KEY",
    "JSONWebSignatureSerializer": "SIGNING_KEY",
    "TimedSerializer": "SIGNING_KEY",
    "Serializer": "SIGNING_KEY",
    "Signer": "SIGNING_KEY",
    "new": "HMAC_KEY",
    "HTTPBasicAuth": "BASIC_AUTH_PASSWORD",
    "BasicAuth": "BASIC_AUTH_PASSWORD",
    "HTTPDigestAuth": "DIGEST_AUTH_PASSWORD",
    "DigestAuth": "DIGEST_AUTH_PASSWORD",
    "HTTPProxyAuth": "PROXY_AUTH_PASSWORD",
    "login": "MAIL_PASSWORD",
}
_SCHEMES = {"redis": "REDIS_URL", "rediss": "REDIS_URL", "mongodb": "MONGODB_URL", "amqp": "BROKER_URL"}
_SQL = ("postgres", "mysql", "mariadb", "mssql", "oracle", "cockroachdb", "snowflake")
_KINDS = frozenset(
    "KEY TOKEN SECRET PASSWORD PASSWD PASS PWD CREDENTIALS SALT URL URI DSN ID AUTHORIZATION".split()
)
_ASKING = ("os.getenv", "os.environ.get")
# Look-ups that raise where neither the variable nor a default is there.
_STRICT = ("decouple.", "environs.", "environ.", "starlette.config.")
_EMPTY = frozenset({"default", "value", "data", "args", "s", "x"})


def _fixed(finding: Finding, node: cst.BaseExpression, found: frozenset[str], at: Place) -> Finding:
    if not at.wants_fixes:
        return finding
    name, role = at.binding(node)
    reason = no_move(node, at)
    if not reason and has_holes(node):
        reason = "it is an f-string whose placeholders would be lost"
    elif not reason and not is_storable(node):
        reason = "a variable of the environment cannot hold it"
    elif not reason and role == "default":
        reason = "a default is evaluated on import, also where callers pass another; make the parameter required"
    if reason:
        return finding.unfixable(reason)
    if settings_class(at) is not None:
        return _required(finding, node, at)
    if role == "getenv":
        return _without_default(finding, node, name, at)
    if at.cls and at.function is None and _is_schema(at):
        return finding.unfixable(
            "the default of a schema's field is no setting; make the field required"
        )
    asked = _fallback(node, at)
    if asked is not None:
        return _asked(finding, asked[0], asked[1], at)
    base = _variable(node, name, role, found, at)
    variable = free_name(base, source_of(node), (name, role), at) if base else ""
    if not variable:
        return finding.unfixable("nothing names it, or every fitting name is taken")
    return moved(finding, node, variable, "", at)


def _is_schema(at: Place) -> bool:
    return any(
        base.endswith((".BaseModel", ".Schema", ".Model", ".Serializer")) for base in at.bases(at.cls)
    )


def _variable(node: cst.BaseExpression, name: str, role: str, found: frozenset[str], at: Place) -> str:
    """The variable that a secret would best be called, "" if nothing names it."""
    own = "" if role == "argument" or name in _EMPTY else upper_snake(name)
    if "dsn-password" in found and not (own.endswith(("URL", "URI", "DSN")) and not is_generic(own)):
        scheme = text_of(source_of(node)).partition("://")[0].partition("+")[0].lower()
        return _SCHEMES.get(
            scheme, "DATABASE_URL" if scheme.startswith(_SQL) else f"{upper_snake(scheme)}_SERVER_URL"
        )
    if role == "argument":
        last = name.rpartition(".")[2]
        own = _CALLED.get(last, "" if last.islower() else f"{upper_snake(last)}_KEY")
        if last in ("SecretStr", "SecretBytes", "Secret"):
            own = _outer(at)
    if not own and at.function is not None and role == "other":
        own = upper_snake(at.function.name)
    if own and "provider-key" in found and _KINDS.isdisjoint(own.split("_")):
        own = f"{own}_KEY"
    if (
        own
        and is_generic(own)
        and (own.count("_") == 0 or role == "keyword")
        and own not in ("SECRET_KEY",)
    ):
        return _specific(own, at)
    return own


def _outer(at: Place) -> str:
    """What the call around a literal is bound to."""
    for position in range(len(at.parents) - 1, -1, -1):
        if isinstance(at.parents[position], cst.Call):
            inner = at.parents[position]
            outer = Place(
                at.api, at.module, at.function, at.cls, at.line, at.parents[:position], at.rows
            )
            name, role = outer.binding(inner)
            return "" if role == "argument" else upper_snake(name)
    return ""


def _specific(name: str, at: Place) -> str:
    """A name with the words before it that tell whose it is: the callee's, or the file's."""
    stem = at.path.removesuffix(".py").rpartition("/")[2]
    words = callee_words(at) or upper_snake(stem)
    if words in ("MAIN", "INIT", ""):
        words = "APP"
    return name if name.startswith(words) else f"{words}_{name}"


def _without_default(finding: Finding, node: cst.BaseExpression, name: str, at: Place) -> Finding:
    """The finding with the fix by which a look-up has no default any more, so that it fails without the variable."""
    match at.parents[-2:]:
        case (cst.Call() as call, cst.Arg() as arg) if arg.value is node:
            pass
        case _:
            return finding.unfixable("the default is more than a literal")
    if has_comment(call):
        return finding.unfixable("a comment stands in the call")
    callee = at.resolve(call.func)
    title = f"Require {name} of the environment"
    if callee in _ASKING:
        return _asked(finding, call, name, at)
    owner = (
        at.value(call.func.value).name
        if isinstance(call.func, cst.Attribute)
        else at.value(call.func).name
    )
    if not (callee.startswith(_STRICT) or owner.startswith(_STRICT)):
        return finding.unfixable("what the look-up does without a default is not known")
    kept = [each for each in call.args if each is not arg]
    kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    code = cst.Module([]).code_for_node(call.with_changes(args=kept, lpar=[], rpar=[]))
    above = Place(at.api, at.module, at.function, at.cls, at.line, at.parents[:-2], at.rows)
    return put(finding, title, call, code, above, (env_row(name),))


def _asked(finding: Finding, old: cst.BaseExpression, name: str, at: Place) -> Finding:
    """The finding with the fix that asks for a variable that has to be there."""
    if has_comment(old.with_changes(lpar=[], rpar=[])):
        return finding.unfixable("a comment stands in the expression")
    reference = at.reference("os", "environ")
    if reference is None:
        return finding.unfixable("the name os means something else here")
    quote = quote_of(old)
    code = f"{cst.Module([]).code_for_node(reference[0])}[{quote}{name}{quote}]"
    title = f"Require {name} of the environment"
    return put(finding, title, old, code, at, (*reference[1], env_row(name)))


def _fallback(node: cst.BaseExpression, at: Place) -> tuple[cst.BaseExpression, str] | None:
    """The `os.getenv("X") or "…"` around a literal, and the variable it asks for."""
    match at.parents[-1:]:
        case (
            cst.BooleanOperation(
                cst.Call(func, [cst.Arg(cst.SimpleString() as key)]), cst.Or()
            ) as choice,
        ):
            text = key.evaluated_value
            if choice.right is node and at.resolve(func) in _ASKING and isinstance(text, str):
                return choice, text
    return None


def _required(finding: Finding, node: cst.BaseExpression, at: Place) -> Finding:
    """The finding with the fix by which a field of the settings has no default any more."""
    cls = settings_class(at)
    assign = next((p for p in reversed(at.parents) if isinstance(p, cst.BaseSmallStatement)), None)
    if cls is None or not isinstance(assign, cst.AnnAssign) or not isinstance(assign.target, cst.Name):
        return finding.unfixable("the field has no annotation")
    name = assign.target.value
    reason = _not_required(assign, node, name, at)
    prefix = env_prefix(ClassRef(at.path, cls), at.api)
    if not reason and prefix is None:
        reason = "what the field's variable is called cannot be told"
    if reason:
        return finding.unfixable(reason)
    new: cst.CSTNode = assign.with_changes(value=None, equal=cst.MaybeSentinel.DEFAULT)
    row = env_row(f"{prefix}{name}".upper())
    return finding.fixed_by(f"Make {name} required", Replace(assign, new), row)


def _not_required(assign: cst.AnnAssign, node: cst.BaseExpression, name: str, at: Place) -> str:
    """Why a field cannot do without its default, "" if it can."""
    annotation = source_of(assign.annotation.annotation)
    if "Optional" in annotation or "None" in annotation:
        return "the field may be None, and would be without a default"
    if "ClassVar" in annotation:
        return "it is no field"
    value = assign.value
    is_wrapped = isinstance(value, cst.Call) and len(value.args) == 1 and value.args[0].value is node
    if value is not node and not (isinstance(value, cst.Call) and is_wrapped and _takes_secret(value)):
        return "the default is more than a literal"
    if has_comment(assign):
        return "a comment stands in the default"
    cls = settings_class(at)
    if cls is not None and any(name in repr(f.value) for f in cls.fields if f.name != name):
        return "another default of the class is made of it"
    return ""


def _takes_secret(call: cst.Call) -> bool:
    return _last(call.func).startswith("Secret")
