"""What a string literal looks like, told from its text and from what it is bound to: a secret, an address, neither.

Pure functions over three strings; the value is looked at and dropped. `candidate` is the cheap question asked of every
literal of a project, `traits` the thorough one asked of the few that pass.

Traits:
    `secret`              beyond reasonable doubt a password, token or key that somebody typed into the source
    `provider-key`        (with `secret`) in the format of a known provider, whatever it is bound to
    `dsn-password`        an address with a literal password in it
    `jwt-key`             may be a signing key, if what is called is a JWT library
    `same-as-name`        a secret's name bound to its own words (`SECRET = "SECRET"`): a key's name, or a lazy secret
    `placeholder`         stands where a secret will be: `<your-key>`, `changeme`, `xxx`
    `url`                 the address of a host (`http`, `ws`, `redis`, `amqp`, `postgresql` …)
    `service-url`         (with `url`) bound to a name, or passed to a call, that says a service is meant
    `localhost`           (with `url`) of this machine, or a container's name
    `documentation-url`   (with `url`) a page for people
    `namespace-url`       (with `url`) an identifier that nobody calls: a schema, a scope, an XML namespace
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from math import log2

__all__ = ["candidate", "mask_address", "traits"]

_LONGEST = 8192
_NOTHING: frozenset[str] = frozenset()

# ------------------------------------------------------------------------------------------------- provider keys

# Formats that no other text has. A format is matched at the start of the text, behind an optional `Bearer `.
_PROVIDER = re.compile(
    r"""(?:Bearer\ |Basic\ |[Tt]oken\ )?(?:
      (?:AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{16}(?![A-Za-z0-9])
    | (?:sk|rk)_(?:live|test)_[0-9a-zA-Z]{10,}
    | whsec_[0-9a-zA-Z+/=]{16,}
    | sk-(?:ant|proj|or|lf|svcacct|admin|None)-[\w-]{16,}
    | sk-[A-Za-z0-9]{20,}
    | gsk_[A-Za-z0-9]{20,}
    | hf_[A-Za-z0-9]{20,}
    | gh[pousr]_[A-Za-z0-9]{20,}
    | github_pat_\w{20,}
    | glpat-[\w-]{20,}
    | xox[abeoprs]-[0-9A-Za-z-]{10,}
    | xapp-\d-[\w-]{20,}
    | AIza[\w-]{30,}
    | ya29\.[\w-]{20,}
    | GOCSPX-[\w-]{20,}
    | SG\.[\w-]{16,}\.[\w-]{16,}
    | SK[0-9a-f]{32}(?![0-9a-zA-Z])
    | key-[0-9a-f]{32}(?![0-9a-zA-Z])
    | [0-9a-f]{32}-us\d{1,2}(?![0-9a-zA-Z])
    | npm_[A-Za-z0-9]{36}
    | pypi-AgEI[\w-]{20,}
    | dapi[0-9a-f]{32}
    | do[opr]_v1_[a-f0-9]{32,}
    | \d{8,10}:AA[\w-]{30,}
    | sq0(?:atp|csp)-[\w-]{20,}
    | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}
    | lin_api_[A-Za-z0-9]{32,}
    | (?:secret|ntn)_[A-Za-z0-9]{40,}
    | r8_[A-Za-z0-9]{30,}
    | pplx-[A-Za-z0-9]{32,}
    | xai-[A-Za-z0-9]{40,}
    | tvly-[\w-]{20,}
    | fc-[0-9a-f]{32}(?![0-9a-zA-Z])
    | lsv2_(?:pt|sk)_[a-f0-9_]{32,}
    | gl(?:c|sa)_[\w=]{32,}
    | sbp_[a-f0-9]{40}
    | PMAK-[a-f0-9]{24}-[a-f0-9]{34}
    | pat[A-Za-z0-9]{14}\.[a-f0-9]{64}
    | nvapi-[\w-]{40,}
    | eyJ[\w-]{8,}={0,2}\.eyJ[\w-]{8,}={0,2}\.[\w-]{16,}
    )""",
    re.VERBOSE,
)
_PROVIDER_START = re.compile(
    r"(?:Bearer |Basic |[Tt]oken )?(?:A[KS]IA|A[GIRN][DPOV]A|[sr]k[-_]|gsk_|hf_|gh[pousr]_|github_pat_|glpat-|xox|xapp-|AIza|ya29"
    r"|GOCSPX|SG\.|SK[0-9a-f]|key-|[0-9a-f]{32}-us|npm_|pypi-|dapi|do[opr]_v1|\d{8,10}:AA|sq0|shp|lin_api|secret_|ntn_|r8_|pplx-"
    r"|xai-|tvly-|fc-|lsv2|gl(?:c|sa)_|sbp_|PMAK|pat[A-Z0-9]|nvapi|eyJ|whsec_)"
)
_PEM = re.compile(r"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n)*(?:[A-Za-z-]+: [^\n]*\s+)*[A-Za-z0-9+/=]{10}")
_WEBHOOK = re.compile(
    r"https://(?:hooks\.slack\.com/(?:services|workflows)/T[\w]{6,}/[\w]{6,}/[\w]{16,}"
    r"|(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{40,}"
    r"|api\.telegram\.org/bot\d{8,10}:[\w-]{30,})"
)
_ACCOUNT_KEY = re.compile(r"(?:^|;)\s*(?:AccountKey|SharedAccessKey|Pwd|Password)\s*=\s*([^;{}<>$%*]{4,})(?:;|$)", re.IGNORECASE)

# --------------------------------------------------------------------------------------------------------- names

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_GLUED = {
    "apikey": ("api", "key"),
    "apitoken": ("api", "token"),
    "apisecret": ("api", "secret"),
    "authtoken": ("auth", "token"),
    "accesstoken": ("access", "token"),
    "accesskey": ("access", "key"),
    "secretkey": ("secret", "key"),
    "privatekey": ("private", "key"),
    "clientsecret": ("client", "secret"),
    "appsecret": ("app", "secret"),
    "jwtsecret": ("jwt", "secret"),
    "dbpassword": ("db", "password"),
    "dbpass": ("db", "pass"),
    "dbpasswd": ("db", "passwd"),
    "mypassword": ("my", "password"),
    "userpassword": ("user", "password"),
    "adminpassword": ("admin", "password"),
    "pass_word": ("password",),
}
_PASSWORDS = frozenset({"password", "passwd", "passwort", "pwd", "passphrase", "passcode", "pass", "passw", "pswd", "psw"})
_SECRETS = frozenset({"secret", "secrete"})
_TOKENS = frozenset({"token", "bearer", "jwt", "pat"})
_CREDENTIALS = frozenset({"credential", "credentials", "cred", "creds"})
# `… key` is a secret only behind one of these.
_KEY_KINDS = frozenset(
    "api secret private access signing sign encryption encrypt crypto auth jwt hmac master license licence fernet aes hash "
    "salt session app webhook service cipher symmetric shared account deploy ssh rsa storage subscription signature".split()
)
# Keys of these kinds say a secret even with a value that a person made up ("dev", "mysecret").
_SIGNING = frozenset({"secret", "signing", "jwt", "encryption", "hmac", "fernet", "session", "master", "private", "cipher"})
# Behind the secret's word these say which one, not something else about it.
_VARIANTS = frozenset(
    "default fallback fallbacks value val str string text plain plaintext raw dev development prod production staging stage local "
    "test old new current previous main primary secondary admin user root base here hardcoded literal const constant db".split()
)
# Before the secret's word: the name is about an act or a fault (`RESET_PASSWORD`, `INVALID_TOKEN`), a count, a kind.
_ACTS = frozenset(
    "reset resets change changed forgot forgotten recover invalid wrong incorrect bad missing no not without expired revoked "
    "reject rejected update updated verify check validate confirm show hide require requires required need needs send sent get "
    "fetch create created delete deleted remove removed revoke rotate refreshing weak compromised enable disable use uses allow "
    "allowed is has can same public cost per count max min num total input output prompt completion first next stop eos bos pad "
    "unk sep cls mask special csrf xsrf foreign sort cache primary partition group lookup with by via from method grant mode "
    "type kind scope for unauthorized unauthenticated unattributed sentinel placeholder fake dummy masked redacted hashed "
    "obfuscated continuation page cursor sync resume".split()
)
# At the end: the name tells where the secret is, what it is called or how it looks, not what it is.
_ABOUT = frozenset(
    "url uri endpoint path file filename dir directory name names field fields header headers param params parameter parameters "
    "env var variable variables prefix suffix type types kind id ids uuid arn alias regex pattern format label labels title help "
    "text hint description desc message msg error errors detail details exception warning status state scope scopes count counts "
    "limit limits length len size min max algorithm algorithms alg hash hasher digest checksum fingerprint hint expiry expires "
    "expiration expire ttl lifetime age seconds minutes hours days timeout date time at by in on version provider backend class "
    "module service source location manager store storage vault ref reference references placeholder example examples schema "
    "sql query column columns table attribute attr attrs input inputs widget form template templates validator validators policy "
    "policies strength rule rules check route routes view prompt question reset change cookie cookies usage cost price budget "
    "bucket mode method methods strategy style flow grant event action reason code encoding audience issuer subject claim claims "
    "mask sentinel marker delimiter separator start end index position types hashers keys".split()
)


@lru_cache(maxsize=16384)
def _words(name: str) -> tuple[str, ...]:
    found: list[str] = []
    for word in _WORD.findall(name[:120]):
        word = word.lower()
        found += _GLUED.get(word, (word,))
    return tuple(found)


@lru_cache(maxsize=16384)
def _family(name: str) -> str:
    """What a name says of its value.

    Returns: `password`, `signing` (a secret of the application's own), `token` (one given by somebody else), `salt`,
    `loose` (a secret's word stands somewhere in the name), `key` (the bare word), or "".
    """
    words = list(_words(name))
    if not words:
        return ""
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _VARIANTS or len(words[-1]) == 1):
        words.pop()
    last, before = words[-1], words[:-1]
    if last in _PASSWORDS:
        family = "password"
    elif last in _SECRETS:
        family = "signing"
    elif last in _TOKENS:
        family = "token"
    elif last in _CREDENTIALS:
        family = "loose"
    elif last == "salt":
        family = "salt"
    elif last == "key" and before and before[-1] in _KEY_KINDS:
        family = "signing" if before[-1] in _SIGNING or before[-2:] == ["app", "secret"] else "token"
        if "access" in before and "secret" in before:
            family = "token"
    elif last == "key":
        return "key" if not before else ""
    elif last in ("tokens", "secrets", "passwords") or words[-2:] == ["api", "keys"]:
        family = "loose"
    elif last not in _ABOUT and not _ABOUT.intersection(words[-2:]) and _holds_secret(words):
        family = "loose"
    else:
        return ""
    if _ACTS.intersection(before):
        return "" if family == "loose" else "loose"
    return family


def _holds_secret(words: list[str]) -> bool:
    named = _PASSWORDS | _SECRETS | _TOKENS
    if any(w in named for w in words):
        return True
    return any(b == "key" and a in _KEY_KINDS for a, b in zip(words, words[1:]))


# -------------------------------------------------------------------------------------------------------- values

_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}|(?<!\{)\{[\w.:!\[\] -]*\}(?!\})|\$\{[^}]*\}|\$\(|%\(\w+\)s|%[sdr](?![A-Za-z0-9])|^<[^<>]*>$|^\[[^\[\]]*\]$")
_DOTTED = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+(?::\w+)?$")
_PATH = re.compile(r"(?:~|\.{0,2})/[\w./{}$<>:*-]*$|[\w-]+/$|[A-Za-z]:\\|(?:[\w-]+/)+[\w-]+\.\w{1,5}$")
_FILE = re.compile(r"[\w./-]+\.(?:py|json|ya?ml|toml|ini|cfg|env|pem|key|crt|cer|p12|txt|html?|js|db|sqlite3?|log|csv|pub|jks)$")
_ENV_NAME = re.compile(r"_{0,2}[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_HEADER = re.compile(r"(?:[Xx]-)[A-Za-z]+(?:-[A-Za-z]+)*$|(?:[A-Z][a-z]+)(?:-[A-Z][A-Za-z]+)+$")
_ALGORITHM = re.compile(r"(?:[HREP]S(?:256|384|512)|EdDSA|A(?:128|192|256)(?:KW|GCM|CBC\S*)|aes-?(?:128|192|256)\S*|sha-?\d{1,3}|md5|s?bcrypt|argon2\w*|pbkdf2\S*|scrypt)$", re.I)
_MIME = re.compile(r"(?:application|text|image|audio|video|multipart|font)/[\w.+*-]+$")
_MASK = re.compile(r"[*•x.#_\-?0 ]+$", re.IGNORECASE)
_URN = re.compile(r"(?:urn|arn|did|spiffe|tag|projects|vault|secretref|op|env|os\.environ|file|data|ssm|gcp|aws):?[:/]", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z]*(?:[_.:/ -]+[A-Za-z]+)*[_.:/-]?$")
_REGEX = re.compile(r"\\[dwsbDWSB.(\[]|\(\?|\[\^|\[[a-zA-Z0]-[zZ9]|\.\*|\.\+|^\^|\)\$$")
_MARKUP = re.compile(r"<[/\w|][^<>]*>$|<\|")
_SENTENCE = re.compile(r"[.!?:,]\s|[.!?:]$|\b(?:is|are|was|must|should|your|the|has|not|and|or|to|of|for|in|please|enter|an|with)\b", re.I)
_GENERIC = frozenset(
    "string str text int integer number boolean bool true false none null nil undefined object array list dict any bytes "
    "required optional present absent missing set unset unknown empty blank enabled disabled yes no on off default auto "
    "hidden masked redacted value name username email key id type url uri path header query cookie body form json basic digest "
    "bearer oauth oauth2 jwt api_key apikey session anonymous static dynamic plain plaintext base64 hex raw ok error invalid "
    "expired valid passed failed filtered removed deleted asc desc start end stop begin eos bos pad unk pass fail "
    "max_length min_length access refresh id_token credentials client_credentials authorization_code implicit noop "
    "local ldap saml sso kerberos system env environment db database vault keyring file prompt stdin inherit prefer "
    "require allow deny disable strict lax secret_manager write_only writeonly readonly read_only input textfield charfield".split()
)
_PLACEHOLDER = re.compile(
    r"<.*>$|\[.*\]$|\{.*\}$|x{3,}$|\.{3}|…|todo$|tbd$|fixme$|n/?a$|none$|null$|empty$|dummy|fake|mock|stub|sample|example|placeholder"
    r"|redacted|changeme|change[-_ ]?me|change[-_ ]?this|replace[-_ ]?(?:me|this|with)|your[-_ ]|insert[-_ ]|put[-_ ]your|enter[-_ ]"
    r"|my[-_ ](?:api[-_ ]?)?(?:key|token)$|_here$|-here$| here$|not[-_ ]?(?:needed|required|used|set|provided|a[-_ ]real)|unused|no[-_ ]?(?:key|token|auth)"
    r"|(?:sk-)?x{4,}|(?:sk-)?\*{3,}|(?:sk|pk)[-_](?:\w+[-_])?$|abc(?:def)?$|foo$|bar$|foobar$|test$|testing$|lm-studio$|ollama$|ignored$",
    re.IGNORECASE,
)
# What people write when they make up a secret.
_MADE_UP = re.compile(
    r"(?:^|[^a-z])(?:my|your|super|change|insecure|unsafe|default|hard[-_ ]?coded|very|top|ultra|random|dev|development|local|test|temp"
    r"|production|prod|keep|do[-_ ]?not|guess|replace|some|this|admin|hunter|letmein|welcome|demo|please|unguessable|confidential"
    r"|mysecret|supersecret|topsecret|secretkey|jwtsecret|verysecret|secretpassword|notsecret|secreto|secreta|clave|segur[oa]"
    r"|cambiar|segredo|senha|chave|geheim|motdepasse|contrase)",
    re.IGNORECASE,
)
_SHARED_PASSWORDS = frozenset(
    "admin administrator root toor guest postgres postgresql mysql redis mongo rabbitmq minio minioadmin neo4j elastic changeme "
    "change_me secret letmein qwerty welcome password passw0rd pass master superuser sa oracle user test demo default".split()
)


def _entropy(value: str) -> float:
    """Bits a character."""
    size = len(value)
    return -sum(n / size * log2(n / size) for n in Counter(value).values())


def _is_random(value: str) -> bool:
    """Whether a machine made the value: long, of mixed classes, without words."""
    size = len(value)
    if size < 16 or " " in value or _UUID.match(value):
        return False
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isalpha() for c in value)
    if not digits or not letters:
        mixed = any(c.islower() for c in value) and any(c.isupper() for c in value)
        return not digits and mixed and size >= 24 and _entropy(value) >= 4.2 and not _IDENTIFIER.match(value)
    if all(c in "0123456789abcdefABCDEF" for c in value):
        return _entropy(value) >= 2.8
    if digits / size < 0.06 or max(map(len, re.findall(r"[a-z]+|[A-Z]+", value))) > 11:
        return False
    return _entropy(value) >= (3.0 if size < 24 else 3.4)


def _is_no_secret(value: str, name: str) -> bool:
    """Texts that are bound to secrets' names and are something else, whatever the name."""
    return bool(
        _TEMPLATE.search(value)
        or _ALGORITHM.match(value)
        or _MIME.match(value)
        or _URN.match(value)
        or _MARKUP.match(value)
        or _DOTTED.match(value)
        or _PATH.match(value)
        or _FILE.match(value)
        or "://" in value
        or value[-1] in " _-:=/|([{"  # a prefix
        or (len(value) > 8 and _REGEX.search(value) and not _is_random(value))
        or len(set(value)) == 1 and not value.isalnum()
    )


def _same_words(name: str, value: str) -> bool:
    """`PASSWORD = "password"`, `API_KEY_HEADER = "api-key"`: the value repeats words of the name, or the other way round."""
    named, said = _words(name), _words(value)
    return bool(said) and (set(said) <= set(named) or (len(said) > len(named) and said[-len(named) :] == named))


def _made_by_hand(value: str) -> bool:
    """Digits among letters, or punctuation: what password rules ask for (`s3cr3t`, `hunter2`, `Passw0rd!`)."""
    if any(c.isspace() for c in value):
        return False
    letters = any(c.isalpha() for c in value)
    digits = any(c.isdigit() for c in value)
    signs = any(not c.isalnum() and c not in "_-./: " for c in value)
    return len(value) >= 4 and letters + digits + signs >= 2


def _is_password(name: str, value: str, role: str) -> bool:
    lower = value.lower()
    if lower in _GENERIC and not (lower == "default" and role in ("keyword", "getenv")):
        return False
    if _ENV_NAME.match(value) and not any(c.isdigit() for c in value):
        return False
    if _same_words(name, value):
        # `connect(user="root", password="password")` and a fallback are values; elsewhere it is a field's name.
        return lower in ("password", "secret") and role in ("keyword", "getenv") and _words(name)[-1] == lower
    if " " in value.strip():
        return (
            role in ("assign", "annotated", "getenv", "default", "compare")
            and 8 <= len(value) <= 64
            and not _SENTENCE.search(value)
            and value.islower()
        )
    if _made_by_hand(value) or _is_random(value):
        return True
    if value.isdigit():
        return len(value) >= 4 or role == "compare"
    if not _IDENTIFIER.match(value):
        return len(value) >= 4
    if lower in _SHARED_PASSWORDS:
        return True
    said = _words(value)
    if _MADE_UP.search(value):
        return not (name.isupper() and said[-1] in _PASSWORDS and len(said) == 2 and "_" in value and role != "getenv")
    if role == "item":
        # Keys of a dict in small letters are as often labels of a form; a lone word is one.
        return (name.isupper() or "password" in lower) and len(said) == 1
    if role in ("keyword", "getenv", "default", "compare"):
        return len(said) == 1 or lower.endswith(("password", "pass", "secret"))
    if name.isupper() and any(w in _PASSWORDS or w in ("token", "key", "credentials") for w in said):
        return len(said) == 1 and role == "annotated"
    return len(said) == 1 or not name.isupper()


def _is_signing(name: str, value: str, role: str) -> bool:
    """A secret that the application made up for itself: nearly any text will do, and it runs with it."""
    lower = value.lower()
    if lower in _GENERIC and lower != "default":
        return False
    if _same_words(name, value) and not (role == "getenv" and len(_words(value)) <= len(_words(name))):
        return False
    if _HEADER.match(value):
        return False
    if _is_random(value) or _made_by_hand(value) and len(value) >= 6:
        return True
    if " " in value.strip():
        return (
            role in ("assign", "annotated", "getenv", "default", "item")
            and 8 <= len(value) <= 80
            and not _SENTENCE.search(value)
            and (value.islower() if role != "item" else False)
        ) or bool(role != "item" and len(value) <= 80 and re.match(r"(?i)(?:this|change|your|my|please|super|a|the) ", value) and re.search(r"(?i)secret|key|change", value))
    if _ENV_NAME.match(value) and not _MADE_UP.search(value):
        return False
    if not _IDENTIFIER.match(value):
        return len(value) >= 4
    if _MADE_UP.search(value) or lower in _SHARED_PASSWORDS:
        return role != "compare" or len(value) >= 8
    if role in ("compare", "item") and not name.isupper():
        return False
    # The rest are words: a constant's are a key's name as likely as a secret, an application setting's are a secret.
    words = _words(name)
    settings = words[-2:] in (("secret", "key"), ("jwt", "secret"), ("app", "secret"), ("session", "secret"), ("jwt", "key"))
    if settings or words == ("secret",) or role == "getenv":
        return not (name.isupper() and "_" in value and value.islower() and role == "assign" and not settings)
    return role in ("keyword", "default") and len(_words(value)) > 1 and "secret" in lower


def _is_token(name: str, value: str, role: str) -> bool:
    """A key or token that somebody else gave out: it has digits, or it says itself that it is one."""
    if _is_random(value):
        return True
    if any(c.isspace() for c in value) or _ENV_NAME.match(value) or _HEADER.match(value) or _same_words(name, value):
        return False
    if _PLACEHOLDER.search(value) and not re.search(r"(?i)secret", value):
        return False
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isalpha() for c in value)
    if digits and letters:
        if role == "item" and len(value) < 8:
            return False
        # `realtime_v1`, `gpt-4`, `oauth2`: a word with a number behind it.
        if re.match(r"[A-Za-z]+(?:[._ -][A-Za-z]+)*[._ -]?v?\d{1,2}$", value) and not re.search(r"(?i)secret|token|key|pass", value):
            return bool(re.match(r"(?i)[a-z]{3,}\d+$", value)) and len(value) >= 6 and role in ("assign", "annotated", "default", "getenv") and not name.isupper()
        return len(value) >= 6
    if digits:
        return digits >= 8 and role != "compare"
    if role in ("compare", "item") or not _IDENTIFIER.match(value):
        return len(value) >= 12 and not _IDENTIFIER.match(value) and _entropy(value) >= 3.2 and bool(letters)
    return bool(re.search(r"(?i)secret|hard[-_ ]?coded|private", value)) and len(value) >= 8 and not name.isupper() or bool(
        re.search(r"(?i)super[-_]?secret|my[-_]?secret|hard[-_ ]?coded|very[-_]?secret", value)
    )


def _is_secret(family: str, name: str, value: str, role: str) -> bool:
    if len(value) > 512 or _is_no_secret(value, name):
        return False
    if family == "password":
        return _is_password(name, value, role)
    if family == "signing":
        return _is_signing(name, value, role)
    if family == "token":
        return _is_token(name, value, role)
    if family in ("salt", "loose"):
        if family == "salt" and role in ("assign", "annotated", "getenv", "item") and name.isupper() and _made_by_hand(value):
            return len(value) >= 8
        return _is_random(value)
    return False


# ----------------------------------------------------------------------------------------------------- addresses

_ADDRESS = re.compile(
    r"(?P<scheme>https?|wss?|rediss?|rediss?\+\w+|valkeys?|amqps?|pyamqp|postgres(?:ql)?(?:\+\w+)?|db\+[\w+]+|mysql(?:\+\w+)?|mariadb(?:\+\w+)?"
    r"|mssql(?:\+\w+)?|oracle(?:\+\w+)?|mongodb(?:\+srv)?|cockroachdb(?:\+\w+)?|clickhouse(?:\+\w+)?|ldaps?|mqtts?|nats|kafka|grpcs?|smtps?"
    r"|sentinel|pulsar(?:\+ssl)?|neo4j(?:\+s)?|bolt(?:\+s)?|elasticsearch|memcached?|ftps?|sftp|tcp|udp|ssh|socks5h?|cassandra|sqlserver|snowflake|amqp\+\w+)"
    r"://(?:(?P<user>[^\s/?#@]*)@)?(?P<host>\[[0-9a-fA-F:]+\]|[^\s/?#:@]*)(?::(?P<port>[\w{}$]+))?(?P<rest>[/?#]\S*|$|(?=,))",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"[A-Za-z][\w+.-]*://(?P<user>[^\s/:@]*):(?P<password>[^\s]+?)@(?P<host>(?:[^\s@/]*|\[[0-9a-fA-F:]+\]\S*))(?:[/?#]\S*)?$")
_DSN_STAND_IN = re.compile(r"[<\[{$%*.]|(?:x+|\.+|-+|_+|redacted|masked|hidden|\{\}|:?password:?)$", re.IGNORECASE)
_LOOPBACK = re.compile(
    r"(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\]|::1|(?:host|gateway)\.docker\.internal|kubernetes\.docker\.internal"
    r"|testserver|test|.*\.test)$",
    re.IGNORECASE,
)
_HOST = re.compile(r"[\w{}.*-]+$|\[[0-9a-fA-F:]+\]$")
_DOMAIN = re.compile(r"(?:[\w-]*\{[\w.\[\]'\"()]*\}[\w-]*|[\w-]+)(?:\.(?:[\w-]+|\{[\w.]*\}))*\.[A-Za-z][\w-]+\.?$")
_DOCUMENTATION = re.compile(
    r"https?://(?:(?:www|en|de|\w{2})\.)?(?:docs?\.|help\.|support\.|learn\.|developers?\.(?!api)|dev\.to/|wiki\.|blog\.|status\.|community\.|forum\.|devcenter\."
    r"|[\w.-]*wikipedia\.org|[\w.-]*readthedocs\.(?:io|org)|[\w.-]*stackoverflow\.com|[\w.-]*\.github\.io|medium\.com|[\w.-]*\.gitbook\.io|github\.com/[\w.-]+/[\w.-]+(?:/?$|\.git$|/(?:blob|tree|issues|pull|wiki|releases|discussions|commit|raw)\b)"
    r"|raw\.githubusercontent\.com/[^\s]*\.(?:md|rst|png|svg)|pypi\.org/(?:project|help)|(?:www\.)?youtube\.com|(?:www\.)?youtu\.be|(?:www\.)?linkedin\.com|twitter\.com|(?:www\.)?x\.com|discord\.(?:gg|com/invite)|t\.me/"
    r"|fonts\.|cdn\.|cdnjs\.|unpkg\.com|[\w.-]*gravatar\.com|ui-avatars\.com|img\.shields\.io|opensource\.org|(?:www\.)?apache\.org/licenses|creativecommons\.org|(?:www\.)?gnu\.org|spdx\.org|choosealicense\.com)"
    r"|https?://[^/\s]+/(?:[\w/.-]*/)?(?:docs?|documentation|wiki|help|faq|blog|articles?|guides?|tutorials?|licen[sc]es?|privacy|terms|tos|legal|about|contact|pricing)(?:[/#?.]|$)"
    r"|https?://\S+\.(?:md|rst|html?|png|jpe?g|gif|svg|ico|webp|css|js|woff2?|ttf|pdf|mp[34])(?:[?#]|$)",
    re.IGNORECASE,
)
_NAMESPACE = re.compile(
    r"https?://(?:www\.w3\.org|[\w.-]*schemas?\.[\w.-]+|json-schema\.org|(?:www\.)?schema\.org|purl\.org|xmlns\.[\w.-]+|ns\.[\w.-]+|[\w.-]*opengis\.net|(?:www\.)?iana\.org|tools\.ietf\.org|datatracker\.ietf\.org|(?:www\.)?rfc-editor\.org|[\w.-]*\.oasis-open\.org"
    r"|www\.googleapis\.com/auth/|[\w.-]+/\.default$|spec\.openapis\.org|activitystrea\.ms|w3id\.org|[\w.-]*xmlsoap\.org|httpstatuses\.\w+|(?:www\.)?sitemaps\.org|jsonapi\.org|[\w.-]*\.invalid(?:[/:]|$))"
    r"|https?://\S+/\.default$",
    re.IGNORECASE,
)
_SERVICE_WORDS = frozenset(
    "url urls uri uris endpoint endpoints host hosts base api webhook webhooks server servers service services address addr dsn broker "
    "backend upstream gateway proxy proxies target destination remote hook callback link frontend site domain connection conn "
    "database db redis mongo mongodb rabbitmq amqp celery postgres postgresql mysql elasticsearch kafka nats minio s3 jwks authority node "
    "nodes cluster replica primary rpc graphql websocket ws prefix root location token authorize authorization userinfo discovery "
    "issuer baseurl apiurl serverurl hostname portal href redirect".split()
)
_NOT_SERVICE = frozenset(
    "doc docs documentation help hint description desc summary title message msg text detail details error errors exception warning "
    "license licence contact homepage home author repository repo readme source logo logos icon icons favicon image images img avatar "
    "photo picture thumbnail banner background video font css js static asset assets terms privacy policy tos about info xmlns xml "
    "namespace ns schema schemas scope scopes origin origins cors csrf trusted allowed allowlist whitelist blacklist blocked excluded "
    "referer referrer agent useragent audience aud iss claim claims example examples placeholder sample demo tooltip prompt display label "
    "pattern regex regexp re template html email body markdown content changelog issue issues pull release releases support faq "
    "guide tutorial learn blog signup pricing donate sponsor social twitter linkedin youtube github_url xpath suffix protocol scheme schemes "
    "id ids key type types context test tests fake mock dummy stub warn log note notes comment".split()
)
_NOT_SERVICE_TAILS = frozenset({"schemes", "prefixes", "hosts_allowed"})
# Callees (their last name) whose positional address is called.
_CALLERS = frozenset(
    "get post put patch delete head options request stream urlopen urlretrieve Request fetch fetch_json fetchrow get_json post_json "
    "download open_url create_engine create_async_engine create_pool from_url from_uri Redis StrictRedis AsyncClient Client "
    "ClientSession ws_connect websocket_connect create_connection MongoClient AsyncIOMotorClient AsyncMongoClient Elasticsearch "
    "AsyncElasticsearch GraphQLClient HTTPTransport AIOHTTPTransport RequestsHTTPTransport URLParameters connect connect_robust urljoin "
    "ServerProxy Database Celery websocket URL AnyHttpUrl HttpUrl PostgresDsn RedisDsn RedirectResponse redirect Consul Minio "
    "QdrantClient AsyncQdrantClient RemoteService insecure_channel secure_channel WebClient HTTPConnection Session OpenAI AsyncOpenAI "
    "send_request make_request api_request api_get api_post http_get http_post call_api post_request get_request".split()
)
_TEXT_CALLERS = frozenset({"get", "delete", "connect", "options", "head", "request", "put", "patch", "post"})


def _is_service(name: str, role: str) -> bool:
    """Whether the name (for an argument, the callee) says that the address is of something that is called."""
    if role == "argument":
        return _last(name) in _CALLERS or _last(name).lstrip("_") in _CALLERS
    if role in ("compare", "other", "getenv"):
        return False
    words = _words(name)
    if not words or _NOT_SERVICE.intersection(words) or words[-1] in _NOT_SERVICE_TAILS:
        return False
    if name.lower().endswith(("url", "uri", "baseurl")):
        return True
    if words[-1] in ("endpoints", "urls", "hosts", "uris") and role == "item":
        return True
    return bool(_SERVICE_WORDS.intersection(words))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _address(name: str, value: str, role: str) -> set[str]:
    match = _ADDRESS.match(value)
    if match is None or len(value) > 2048:
        return set()
    rest, host = match["rest"], match["host"]
    if any(c.isspace() for c in value) and not _clean_template(value):
        return set()
    if "\\" in value or "(?" in value or "[^" in value or not rest and match.end() < len(value) and value[match.end()] != ",":
        return set()
    found = set()
    if _LOOPBACK.match(host):
        found = {"url", "localhost"}
    elif not host or not _HOST.match(host):
        return set()
    elif "." in host:
        if not _DOMAIN.match(host) and not re.match(r"\d+(?:\.\d+){3}$", host):
            return set()
        found = {"url"}
    elif "{" in host or "*" in host:
        return set()
    else:  # a container's or a cluster's name
        found = {"url", "localhost"} if match["port"] or not match["scheme"].lower().startswith(("http", "ws")) or role == "argument" else set()
    if not found:
        return found
    if _NAMESPACE.match(value):
        found.add("namespace-url")
    elif _DOCUMENTATION.match(value) and not _is_call(name, role):
        found.add("documentation-url")
    elif _is_service(name, role):
        found.add("service-url")
    return found


def _is_call(name: str, role: str) -> bool:
    return role == "argument" and _last(name) in _CALLERS and _last(name) not in ("redirect", "RedirectResponse")


def _clean_template(value: str) -> bool:
    """An address whose only blanks are within `{ … }`."""
    return not any(c.isspace() for c in re.sub(r"\{[^{}]*\}", "", value))


def _has_dsn_password(value: str, name: str) -> bool:
    match = _USERINFO.match(value)
    if match is None or "\\" in value:
        return False
    password = match["password"]
    if "@" in password and "/" in password:
        return False
    if _DSN_STAND_IN.match(password) and not (password.lower() == "password" or _made_by_hand(password.lstrip("$%*.")) and "{" not in password and password[0] in "$%*."):
        return False
    if "{" in password or "%s" in password or "<" in password:
        return False
    return not _about_text(name)


@lru_cache(maxsize=4096)
def _about_text(name: str) -> bool:
    """Names of texts for people and of samples: what stands there runs nowhere."""
    return bool(
        {"description", "help", "example", "examples", "placeholder", "hint", "detail", "title", "message", "label", "regex", "pattern", "docs", "doc",
         "summary", "redacted", "masked", "tooltip", "usage"}.intersection(_words(name))
    )


# --------------------------------------------------------------------------------------------------- the questions


def candidate(name: str, value: str) -> bool:
    """Whether a literal is worth a look; cheap, and true for a few literals of a hundred.

    Parameters: `name`, what the literal is bound to, as written; `value`, its text, holes of an f-string as `{}`.
    """
    if len(value) > _LONGEST:
        return False
    if "://" in value or _family(_last(name)) or _PROVIDER_START.match(value):
        return True
    return value.startswith("-----BEGIN") or ("jwt" in name and name.endswith(("code", "jwt"))) or "AccountKey=" in value


def traits(name: str, value: str, role: str) -> frozenset[str]:
    """What a literal looks like.

    Parameters: `name` and `role`, as in `facts.Literal` (for the role `argument` the name is the callee's); `value`, its
    text, holes of an f-string as `{}`.
    Returns: the traits, as listed above; empty for text that is of no interest.
    """
    if not value or len(value) > _LONGEST:
        return _NOTHING
    stripped = value.strip()
    bound = "" if role == "argument" else _last(name)
    found: set[str] = set()
    if _is_provider_key(stripped) and not _about_text(bound):
        found |= {"secret", "provider-key"}
    if "://" in value:
        if not any(c.isspace() for c in stripped) and _has_dsn_password(stripped, bound):
            found.add("dsn-password")
        found |= _address(name if role == "argument" else bound, stripped, role)
        return frozenset(found)
    if role == "argument":
        if not found and _is_jwt_key(name, stripped):
            found.add("jwt-key")
        return frozenset(found)
    family = _family(bound)
    if family and not found and stripped:
        if family == "key":
            if role == "keyword" and "{" not in stripped and not any(c.isspace() for c in stripped):
                found.add("jwt-key")
        elif _is_secret(family, bound, value if value.strip() != value else stripped, role):
            found.add("secret")
            if _PLACEHOLDER.search(stripped):
                found.add("placeholder")
        elif family in ("signing", "password") and _words(stripped) and _same_words(bound, stripped) and role in ("assign", "annotated"):
            found.add("same-as-name")
        elif _PLACEHOLDER.search(stripped):
            found.add("placeholder")
    return frozenset(found) if found else _NOTHING


def _is_provider_key(value: str) -> bool:
    if value.startswith("-----BEGIN"):
        return _PEM.match(value) is not None
    if value.startswith("https://"):
        return _WEBHOOK.match(value) is not None
    match = _PROVIDER.match(value)
    if match is None:
        found = _ACCOUNT_KEY.search(value) if ";" in value else None
        return found is not None and "{" not in value
    text = match[0]
    if "..." in value or "{" in value or any(c.isspace() for c in value[len(text) :]):
        return False
    body = re.split(r"[-_.:]", text, maxsplit=1)[-1]
    if len(set(body.lower())) < 5 and not text.startswith("A"):
        return False
    if re.search(r"(?i)x{5,}|your|example(?!$)|placeholder|dummy|fake|replace|insert|redacted|here", text):
        return False
    return any(c.isdigit() for c in text) or bool(re.search(r"[A-Z].*[a-z]|[a-z].*[A-Z]", body))


def _is_jwt_key(callee: str, value: str) -> bool:
    if _last(callee) not in ("encode", "decode", "URLSafeTimedSerializer", "URLSafeSerializer", "Fernet", "TimedSerializer", "Signer", "TimestampSigner"):
        return False
    return not _ALGORITHM.match(value) and "{" not in value and value.lower().replace("-", "") not in ("utf8", "ascii", "latin1", "base64", "hex", "idna", "unicode_escape", "utf16", "cp1252", "gbk")


def mask_address(value: str) -> str:
    """An address as a message may show it: scheme and host, with `***` in place of a user and password.

    Parameters: `value`, the literal's text. Returns: `https://api.example.com`, or the scheme alone.
    """
    match = _ADDRESS.match(value.strip())
    if match is None:
        return value.partition("://")[0] + "://…"
    user = "***@" if match["user"] else ""
    port = f":{match['port']}" if match["port"] else ""
    return f"{match['scheme']}://{user}{match['host']}{port}"


def any_trait(found: Iterable[str], *wanted: str) -> bool:
    """Whether one of `wanted` is among the traits `found`."""
    return not set(found).isdisjoint(wanted)
