"""What a string literal looks like, told from its text and from what it is bound to: a secret, an address, neither.

Pure functions over three strings; the value is looked at and dropped. `candidate` is the cheap question asked of
every literal of a project, `traits` the thorough one asked of the few that pass.

Traits:
    `secret`              beyond reasonable doubt a password, token or key that somebody typed into the source
    `provider-key`        (with `secret`) in the format of a known provider, whatever it is bound to
    `dsn-password`        an address with a literal password in it
    `credential-argument` a secret if it stands where a call takes one (`jwt.encode(data, "…")`, `auth=("me", "…")`)
    `same-as-name`        a secret's name bound to its own words (`SECRET = "SECRET"`): a key's name, or a lazy secret
    `url`                 the address of a host (`http`, `ws`, `redis`, `amqp`, `postgresql` …)
    `service-url`         (with `url`) bound to a name, or passed to a call, that says a service is meant
    `localhost`           (with `url`) of this machine, or a container's name
    `documentation-url`   (with `url`) a page for people
    `namespace-url`       (with `url`) an identifier that nobody calls: a schema, a scope, an XML namespace; or a host to
                          be filled in
    `sample-url`          (with `url`) of a host that is kept for samples: `example.com`
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import log2

__all__ = ["candidate", "mask_address", "name_in_class", "names_service", "telling", "text_of", "traits"]

_LONGEST = 8192
_LONGEST_ADDRESS = 2048
# Secrets are shorter, all but keys in Base64 that an application signs with.
_LONGEST_SECRET = 512
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
    r"(?:Bearer |Basic |[Tt]oken )?"
    r"(?:A[KS]IA|A[GIRN][DPOV]A|[sr]k[-_]|gsk_|hf_|gh[pousr]_|github_pat_|glpat-|xox|xapp-|AIza|ya29"
    r"|GOCSPX|SG\.|SK[0-9a-f]|key-"
    r"|[0-9a-f]{32}-us|npm_|pypi-|dapi|do[opr]_v1|\d{8,10}:AA|sq0|shp|lin_api|secret_|ntn_|r8_|pplx-"
    r"|xai-|tvly-|fc-|lsv2|gl(?:c|sa)_|sbp_|PMAK|pat[A-Z0-9]|nvapi|eyJ|whsec_)"
)
_PEM = re.compile(
    r"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n)*(?:[A-Za-z-]+: [^\n]*\n\s*)*[A-Za-z0-9+/=]{10}"
)
_WEBHOOK = re.compile(
    r"https://(?:hooks\.slack\.com/(?:services|workflows)/T[\w]{6,}/[\w]{6,}/[\w]{16,}"
    r"|(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{40,}"
    r"|api\.telegram\.org/bot\d{8,10}:[\w-]{30,})"
)
_NO_KEY = re.compile(
    r"x{5,}|(?:^|[-_])(?:your|fake|dummy|example|placeholder|here|replace|insert|redacted)(?:$|[-_])",
    re.IGNORECASE,
)
# `host=db user=shop password=…`, as libpq reads it.
_KEYWORDS = re.compile(r"(?:\w+\s*=\s*(?:'[^']*'|[^\s'=]+)(?:\s+|$)){2,}$")
_KEYWORD_PASSWORD = re.compile(r"(?:^|\s)password\s*=\s*('[^'{}]{2,}'|[^\s'{}<>$%*]{2,})(?:\s|$)")
_ACCOUNT_KEY = re.compile(
    r"(?:^|;)\s*(?:AccountKey|SharedAccessKey|Pwd|Password)\s*=\s*([^;{}<>$%*]{4,})(?:;|$)",
    re.IGNORECASE,
)

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
}
_PASSWORDS = frozenset(
    {"password", "passwd", "passwort", "pwd", "passphrase", "passcode", "pass", "passw", "pswd", "psw"}
)
_SECRETS = frozenset({"secret", "secrete"})
_TOKENS = frozenset({"token", "bearer", "jwt"})
_CREDENTIALS = frozenset({"credential", "credentials", "cred", "creds"})
# `… key` is a secret only behind one of these.
_KEY_KINDS = frozenset(
    "api secret private access signing sign encryption encrypt crypto auth jwt hmac master license "
    "licence fernet aes hash salt session app webhook service cipher symmetric shared account "
    "deploy ssh rsa storage subscription signature".split()
)
# Keys of these kinds say a secret even with a value that a person made up ("dev", "mysecret").
_SIGNING = frozenset(
    {
        "secret",
        "signing",
        "jwt",
        "encryption",
        "hmac",
        "fernet",
        "session",
        "master",
        "private",
        "cipher",
    }
)
# Behind the secret's word these say which one, not something else about it.
_VARIANTS = frozenset(
    "default fallback fallbacks value val str string text plain plaintext raw dev development prod "
    "production staging stage local test old new current previous main primary secondary admin user "
    "root base here hardcoded literal const constant db".split()
)
# Before the secret's word: the name is about an act or a fault (`RESET_PASSWORD`, `INVALID_TOKEN`), a count, a kind.
_ACTS = frozenset(
    "reset resets change changed forgot forgotten recover invalid wrong incorrect bad missing no "
    "not without expired revoked reject rejected update updated verify check validate confirm show "
    "hide require requires required need needs send sent get fetch create created delete deleted "
    "remove removed revoke rotate refreshing weak compromised enable disable use uses allow allowed "
    "is has can same public cost per count max min num total input output prompt completion first "
    "next stop eos bos pad unk sep cls mask special csrf xsrf foreign sort cache primary partition "
    "group lookup with by via from method grant mode type kind scope for unauthorized "
    "unauthenticated unattributed sentinel placeholder fake dummy masked redacted hashed obfuscated "
    "continuation page cursor sync resume".split()
)
# … but for these, which tell only which one it is: the first administrator's password, the key behind a form's token.
_STILL = {"signing": frozenset({"csrf", "xsrf"}), "password": frozenset({"first", "next"})}
# At the end: the name tells where the secret is, what it is called or how it looks, not what it is.
_ABOUT = frozenset(
    "url uri endpoint path file filename dir directory name names field fields header headers param "
    "params parameter parameters env var variable variables prefix suffix type types kind id ids "
    "uuid arn alias regex pattern format label labels title help text hint description desc message "
    "msg error errors detail details exception warning status state scope scopes count counts limit "
    "limits length len size min max algorithm algorithms alg hash hashes hasher digest digests "
    "checksum checksums fingerprint fingerprints hint expiry expires expiration expire ttl lifetime age seconds minutes hours days "
    "timeout date time at by in on version provider backend class module service source location "
    "manager store storage vault ref reference references placeholder example examples schema sql "
    "query column columns table attribute attr attrs input inputs widget form template templates "
    "validator validators policy policies strength rule rules check route routes view prompt "
    "question reset change cookie cookies usage cost price budget bucket mode method methods "
    "strategy style flow grant event action reason code encoding audience issuer subject claim "
    "claims mask sentinel marker delimiter separator start end index position types hashers keys".split()
)


_MANY = _CREDENTIALS | {"passwords", "secrets", "tokens"}
_NAMED = _PASSWORDS | _SECRETS | _TOKENS


@lru_cache(maxsize=16384)
def _words(name: str) -> tuple[str, ...]:
    found: list[str] = []
    for word in _WORD.findall(name[:120]):
        word = word.lower()
        if word in ("word", "wd", "phrase") and found and found[-1] == "pass":
            found[-1] = "pass" + word
        else:
            found += _GLUED.get(word, (word,))
    return tuple(found)


@lru_cache(maxsize=16384)
def _family(name: str) -> str:
    """What a name says of its value.

    Returns: `password`, `signing` (a secret of the application's own), `token` (one given by somebody else), `salt`,
    `loose` (a secret's word stands somewhere in the name), `key` and `auth` (the bare words), or "".
    """
    words = list(_words(name))
    if not words:
        return ""
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _VARIANTS or len(words[-1]) == 1):
        words.pop()
    last, before = words[-1], words[:-1]
    if (
        last == "key"
        and before
        and before[-1] in _VARIANTS
        and before[-2:-1]
        and before[-2] in _KEY_KINDS
    ):
        before.pop()  # `ENCRYPTION_LOCAL_KEY`
    if words == ["auth"]:
        return "auth"
    if last in _PASSWORDS:
        family = "password"
    elif last in _SECRETS:
        family = "signing"
    elif last in _TOKENS:
        family = "token"
    elif last == "salt":
        family = "salt"
    elif last == "key" and before and before[-1] in _KEY_KINDS:
        family = "signing" if before[-1] in _SIGNING or before[-2:] == ["app", "secret"] else "token"
        if "access" in before and "secret" in before:
            family = "token"
    elif last == "key":
        if not before:
            return "key"
        return "" if not _ACTS.isdisjoint(before) else "loose"
    elif last in _MANY or (_holds_secret(words) and _ABOUT.isdisjoint(words[-2:])):
        family = "loose"
    else:
        return ""
    # `CSRF_TOKEN` is none, but `CSRF_SECRET_KEY` is.
    acts = _ACTS.intersection(before) - _STILL.get(family, frozenset())
    return "loose" if acts else family


def _holds_secret(words: list[str]) -> bool:
    if not _NAMED.isdisjoint(words):
        return True
    return any(word == "key" and words[i] in _KEY_KINDS for i, word in enumerate(words[1:]))


# -------------------------------------------------------------------------------------------------------- values

_TEMPLATE = re.compile(
    r"\{\{[^{}]*\}\}|(?<!\{)\{[\w.:!\[\] -]*\}(?!\})|\$\{[\w.:-]+\}|\$\(|^\$\w+$|%\(\w+\)s|%[sdr](?![A-Za-z0-9])"
    r"|^<[^<>]*>$|^\[[^\[\]]*\]$"
)
_DOTTED = re.compile(r"\.?[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+(?::\w+)?$|\.+\w+$")
_PATH = re.compile(
    r"(?:~|\.{0,2})/[\w./{}$<>:*-]*$|[A-Za-z]:\\|(?:[\w-]+/)+[\w-]+\.\w{1,5}$|[a-z]+(?:/[a-z_-]+)+(?:/v\d+)?$"
)
_FILE = re.compile(
    r"[\w./-]+\.(?:py|json|ya?ml|toml|ini|cfg|env|pem|key|crt|cer|p12|txt|html?|js|db|sqlite3?|log|csv|pub|jks)$"
)
_PREFIX = re.compile(r"[\w .-]*[ _:=/|(\[{-]$")
_ALGORITHM = re.compile(
    r"(?:[HREP]S(?:256|384|512)|EdDSA|A(?:128|192|256)(?:KW|GCM|CBC\S*)|aes-?(?:128|192|256)\S*|sha-?\d{1,3}|md5"
    r"|s?bcrypt|argon2\w*|pbkdf2\S*|scrypt)$",
    re.IGNORECASE,
)
_MIME = re.compile(r"(?:application|text|image|audio|video|multipart|font)/[\w.+*-]+$")
_REFERENCE = re.compile(
    r"(?:urn|arn|did|spiffe|tag|projects|vault|secretref|op|env|os\.environ|file|data|ssm|gcp|aws|keyring):?[:/]",
    re.IGNORECASE,
)
_REGEX = re.compile(r"\\[dwsbDWSB.(\[]|\(\?|\[\^|\[[a-zA-Z0]-[zZ9]|\.\*|\.\+|^\^|\)\$$|\][+*{]")
_CLASSES = re.compile(r"(?:a-z|A-Z|0-9)(?:a-z|A-Z|0-9)|\][+*]$")
_MARKUP = re.compile(r"<[/\w|][^<>]*>$|<\|")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
_ENV_NAME = re.compile(r"_{0,2}[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
_HEADER = re.compile(r"[Xx]-[A-Za-z]+(?:-[A-Za-z]+)*$|[A-Z][a-z]+(?:-[A-Z][A-Za-z]+)+$")
_IDENTIFIER = re.compile(r"_{0,2}[A-Za-z]+(?:[_.:/ -]+[A-Za-z]+)*(?:__|[_.:/-])?$")
_NUMBERED = re.compile(r"[A-Za-z]+(?:[._ -][A-Za-z]+)*[._ -]?v?\d{1,2}$")
_SENTENCE = re.compile(
    r"[.!?:,]\s|[.!?:]$|\b(?:is|are|was|must|should|your|the|has|not|and|or|of|for|in|please|enter|an|with)\b",
    re.IGNORECASE,
)
_GENERIC = frozenset(
    "string str text int integer number boolean bool true false none null nil undefined object "
    "array list dict any bytes required optional present absent missing set unset unknown empty "
    "blank enabled disabled yes no on off default auto hidden masked redacted value name username "
    "email key id type url uri path header query cookie body form json basic digest bearer oauth "
    "oauth2 jwt api_key apikey session anonymous static dynamic plain plaintext base64 hex raw ok "
    "error invalid expired valid passed failed filtered removed deleted asc desc start end stop "
    "begin eos bos pad unk pass fail max_length min_length access refresh id_token credentials "
    "client_credentials authorization_code implicit noop local ldap saml sso kerberos system env "
    "environment db database vault keyring file prompt stdin inherit prefer require allow deny "
    "disable strict lax secret_manager write_only writeonly readonly read_only input textfield "
    "charfield include omit same-origin".split()
)
# What a password was made into: nobody gets in with it.
_HASHED = re.compile(
    r"\$(?:2[abxy]?|5|6|y|argon2\w*|scrypt|pbkdf2[\w-]*)\$|(?:pbkdf2_\w+|argon2|bcrypt\w*)\$|(?:scrypt|pbkdf2):\w+:\d"
)
# Google's app passwords.
_FOUR_FOURS = re.compile(r"[a-z]{4}(?: [a-z]{4}){3}$")
# Stands in for a secret, and does not pretend to be one.
_STANDS_IN = re.compile(
    r"<.*>$|\[.*\]$|\{.*\}$|(?:sk[-_])?[xX*._:-]{3,}$|\.{3}|…"
    r"|(?:todo|tbd|fixme|n/?a|none|null|empty|unused|ignored|foo|bar|foobar|baz)$"
    r"|dummy|fake|mock|stub|sample|placeholder|redacted|x{5,}|\*{3,}"
    r"|not[-_ ]?(?:needed|required|used|set|provided|real)",
    re.IGNORECASE,
)
# Stands in for a key of somebody else's service: it does not work, so it gives nothing away.
_TO_BE_FILLED = re.compile(
    r"example|change[-_ ]?(?:me|this|it)|replace|your|insert|put[-_ ]|enter[-_ ]|[-_ ]here$"
    r"|^my[-_ ](?:(?:api|secret)[-_ ]?)?(?:key|token)$"
    r"|no[-_ ]?(?:key|token|auth)|(?:sk|pk)[-_](?:\w+[-_])?$|invalid|unavailable"
    r"|^(?:abc|abcdef|test|testing|lm-studio|ollama|lemonade)$",
    re.IGNORECASE,
)
# What people write when they make up a secret.
_MADE_UP = re.compile(
    r"(?:^|[^a-z])(?:my|your|super|change|insecure|unsafe|default|hard[-_ ]?coded|very|top|ultra|random|dev|development"
    r"|local|test|temp|production|prod|keep|guess|replace|some|this|admin|hunter|letmein|welcome|demo|unguessable|secretkey"
    r"|jwtsecret|secretpassword|secreto|secreta|clave|segur[oa]|cambiar|segredo|senha|chave|geheim|motdepasse|contrase)",
    re.IGNORECASE,
)
_SAYS_SECRET = re.compile(
    r"(?:change|replace) (?:me|this|it|in)|^(?:my|your|super|a|some|very) .*secret|secret key$",
    re.IGNORECASE,
)
_SAYS_TOKEN = re.compile(r"s[e3]cr[e3]t|token|key|pass|abc|test|my|hard[-_]?coded", re.IGNORECASE)
_SAYS_MADE_UP = re.compile(r"secret|hard[-_ ]?coded|private", re.IGNORECASE)
_SURELY_MADE_UP = re.compile(r"(?:super|my|very|top)[-_]?secret|hard[-_ ]?coded", re.IGNORECASE)
_IS_SECRET_KEY = re.compile(r"(?:super|very|top)[-_]?secret[-_]?(?:key|token)$", re.IGNORECASE)
_COMMON_PASSWORDS = frozenset(
    "admin administrator root toor guest postgres postgresql mysql redis mongo rabbitmq minio "
    "minioadmin neo4j elastic changeme change_me secret letmein qwerty welcome password passw0rd "
    "pass master superuser sa oracle user test demo default".split()
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}$")
_WRITTEN_DOWN = ("assign", "annotated", "getenv", "default")


def _entropy(value: str) -> float:
    """Bits a character."""
    size = len(value)
    return -sum(n / size * log2(n / size) for n in Counter(value).values())


def _is_random(value: str) -> bool:
    """Whether a machine made the value: long, of mixed classes, without words."""
    size = len(value)
    if size < 16 or any(c.isspace() for c in value) or _UUID.match(value) or _IDENTIFIER.match(value):
        return False
    digits = sum(c.isdigit() for c in value)
    if digits == size:
        return size >= 24
    if all(c in "0123456789abcdefABCDEF" for c in value):
        return _entropy(value) >= 2.8
    if digits / size < 0.06 or max(map(len, re.findall(r"[a-z]+|[A-Z]+", value))) > 11:
        is_mixed = any(c.islower() for c in value) and any(c.isupper() for c in value)
        return is_mixed and digits > 0 and size >= 24 and _entropy(value) >= 4.3
    return _entropy(value) >= (3.0 if size < 24 else 3.4)


def _is_by_hand(value: str) -> bool:
    """Digits among letters, or punctuation: what password rules ask for (`s3cr3t`, `hunter2`, `Passw0rd!`)."""
    if len(value) < 4 or " " in value:
        return False
    letters = any(c.isalpha() for c in value)
    digits = any(c.isdigit() for c in value)
    signs = any(not c.isalnum() and c not in "_-./:" for c in value)
    return letters + digits + signs >= 2


def _is_no_secret(value: str) -> bool:
    """Texts that are bound to secrets' names and are something else, whatever the name."""
    return bool(
        _TEMPLATE.search(value)
        or _ALGORITHM.match(value)
        or _MIME.match(value)
        or _REFERENCE.match(value)
        or _MARKUP.match(value)
        or _CLASSES.search(value)
        or (_DOTTED.match(value) and not _is_random(value))
        or _PATH.match(value)
        or _FILE.match(value)
        or "://" in value
        or _HASHED.match(value)
        or (_PREFIX.match(value) and not _is_random(value.rstrip("=")))
        or (_REGEX.search(value) and not _is_random(value))
        or _STANDS_IN.match(value)
        or value.endswith(("...", "…"))
        or (len(set(value)) == 1 and not value.isalnum())
    )


def _is_name(name: str, value: str) -> bool:
    """Whether the value is what the name says, in other letters: `API_KEY = "api-key"`, `KEY = "audio.api_key"`."""
    named, said = _words(name), _words(value)
    if not said or " " in value:
        return False
    if said == named or (len(said) > 1 and said == named[-len(said) :]):
        return True
    return len(said) > len(named) and said[-len(named) :] == named


def _is_env_name(value: str) -> bool:
    return _ENV_NAME.match(value) is not None and sum(c.isdigit() for c in value) < 3


def _is_word(value: str) -> bool:
    return len(_words(value)) == 1


def _is_password(name: str, value: str, role: str) -> bool:
    lower = value.lower()
    if any(c.isspace() for c in value):
        if _FOUR_FOURS.match(value):
            return True
        is_short = 8 <= len(value) <= 64 and not _SENTENCE.search(value) and value[0].islower()
        return is_short and (role in _WRITTEN_DOWN or role == "compare")
    if lower in _GENERIC:
        return lower == "default" and role in ("keyword", "getenv", "default")
    if _is_env_name(value):
        return False
    if _is_by_hand(value):
        return True
    if value.isdigit():
        return len(value) >= 4 or role == "compare"
    if not _IDENTIFIER.match(value):
        return len(value) >= 4
    if _is_name(name, value):
        # `connect(user="me", password="password")` and a fallback are values; elsewhere it is a field's name.
        is_value = role in ("keyword", "getenv") and lower in ("password", "secret")
        return is_value or (role == "assign" and name == "password" and value.count("_") == 1)
    if lower in _COMMON_PASSWORDS:
        if role == "assign" and lower not in _words(name) and (name.islower() or len(_words(name)) > 1):
            return True
        return not (
            lower in ("password", "secret", "pass")
            and role not in ("keyword", "getenv", "default", "annotated")
        )
    if _is_word(value):
        return role != "item" or value.islower() or name.isupper()
    if name.isupper() and "_" in value and role != "getenv":
        return False  # words with underscores, in a constant: a key's name
    return _MADE_UP.search(value) is not None or lower.endswith(("password", "pass", "secret"))


def _is_signing(name: str, value: str, role: str) -> bool:
    """A secret that the application made up for itself: nearly any text will do, and it runs with it."""
    lower = value.lower()
    if " " in value:
        # `SECRET_KEY = "hard to guess string"`: in small letters and short.
        if role not in _WRITTEN_DOWN or not 8 <= len(value) <= 80:
            return False
        is_phrase = value.islower() and value[-1].isalnum() and value.count(" ") <= 6
        return is_phrase or _SAYS_SECRET.search(value) is not None
    if lower in _GENERIC or _HEADER.match(value) or len(value) < 2:
        return False
    if _is_env_name(value) and not _MADE_UP.search(value):
        return False
    if _is_by_hand(value):
        return len(value) >= 6
    if not _IDENTIFIER.match(value):
        return len(value) >= 4
    words = _words(name)
    is_setting = words[-2:] in _SETTINGS or words == ("secret",) or words == ("secrete",)
    if (
        name.isupper()
        and "_" in value
        and not is_setting
        and role != "getenv"
        and not _SURELY_MADE_UP.search(value)
    ):
        return False
    if _MADE_UP.search(value):
        return True
    if _is_name(name, value):
        return role == "getenv"
    if role in ("compare", "item"):
        return is_setting and name.isupper() and role == "item"
    if lower in _COMMON_PASSWORDS or role == "getenv" or is_setting:
        return True
    return len(_words(value)) > 1 and "secret" in lower


# Names of settings that a framework signs with, whatever text they hold.
_SETTINGS = frozenset(
    {
        ("secret", "key"),
        ("jwt", "secret"),
        ("app", "secret"),
        ("session", "secret"),
        ("jwt", "key"),
        ("csrf", "secret"),
    }
)


def _is_token(name: str, value: str, role: str) -> bool:
    """A key or token that somebody else gave out: it has digits, or it says itself that it is one."""
    if any(c.isspace() for c in value) or _HEADER.match(value) or _TO_BE_FILLED.search(value):
        return False
    if _is_env_name(value):
        return False
    digits = sum(c.isdigit() for c in value)
    if digits and any(c.isalpha() for c in value):
        # `realtime_v1`, `gpt-4`, `oauth2`: a word with a number behind it, unless it says what it is (`token123`).
        return len(value) >= 6 and (not _NUMBERED.match(value) or _SAYS_TOKEN.search(value) is not None)
    if digits:
        return digits >= 8 and role != "compare"
    if not _IDENTIFIER.match(value):
        return len(value) >= 12 and _entropy(value) >= 3.2 and any(c.isalpha() for c in value)
    if role in ("compare", "item") or len(value) < 8:
        return False
    if _SURELY_MADE_UP.search(value):
        return True
    if _is_name(name, value) or (name.isupper() and "_" in value and role != "getenv"):
        return False
    return _SAYS_MADE_UP.search(value) is not None


def _is_secret(family: str, name: str, value: str, role: str) -> bool:
    if len(value) > _LONGEST_SECRET:
        return family == "signing" and _BASE64.match(value) is not None and _is_random(value)
    if _is_no_secret(value):
        return False
    if role == "compare" and _TO_BE_FILLED.search(value):
        return False  # a check that nobody kept the default
    if _is_random(value):
        return True
    if family == "password":
        return _is_password(name, value, role)
    if family == "signing":
        return _is_signing(name, value, role)
    if family == "token":
        return _is_token(name, value, role)
    if family == "loose":
        return role in _WRITTEN_DOWN and _IS_SECRET_KEY.match(value) is not None
    return family == "salt" and name.isupper() and len(value) >= 8 and _is_by_hand(value)


# ----------------------------------------------------------------------------------------------------- arguments

# Callees with a password, and such with a key, among their positional arguments.
_TAKE_PASSWORD = frozenset(
    "HTTPBasicAuth HTTPDigestAuth HTTPProxyAuth BasicAuth DigestAuth set_password make_password "
    "generate_password_hash hash_password get_password_hash login".split()
)
_TAKE_KEY = (
    "jwt.encode",
    "jwt.decode",
    "Fernet",
    "Serializer",
    "Signer",
    "hmac.new",
)
# Classes that are made with an account's key, which is random.
_CLIENTS = ("Client", "ClientV2")
_TAKE = (*_TAKE_PASSWORD, *_TAKE_KEY, *_CLIENTS)

# ----------------------------------------------------------------------------------------------------- addresses

_SCHEMES = (
    "https? wss? rediss?(?:\\+\\w+)? valkeys? amqps?(?:\\+\\w+)? pyamqp postgres(?:ql)?(?:\\+\\w+)? "
    "db\\+[\\w+]+ mysql(?:\\+\\w+)? mariadb(?:\\+\\w+)? mssql(?:\\+\\w+)? oracle(?:\\+\\w+)? "
    "mongodb(?:\\+srv)? cockroachdb(?:\\+\\w+)? clickhouse(?:\\+\\w+)? ldaps? mqtts? nats kafka "
    "grpcs? smtps? sentinel pulsar(?:\\+ssl)? neo4j(?:\\+s)? bolt(?:\\+s)? elasticsearch memcached? "
    "ftps? sftp tcp udp ssh socks5h? cassandra sqlserver snowflake".split()
)
_ADDRESS = re.compile(
    rf"(?P<scheme>{'|'.join(_SCHEMES)})://(?:(?P<user>[^\s/?#@]*)@)?"
    r"(?P<host>\[[0-9a-fA-F:]+\]|[^\s/?#:@]*)(?::(?P<port>[\w{}$]+))?(?P<rest>[/?#]\S*|$|(?=,))",
    re.IGNORECASE,
)
_USERINFO = re.compile(
    r"[A-Za-z][\w+.-]*://[^\s/:@]*:(?P<password>[^\s]+)@(?:[^\s@/]*|\[[0-9a-fA-F:]+\]\S*)(?:[/?#][^\s@]*)?$"
)
_NO_PASSWORD = re.compile(r"[<\[{$*]|%[s(]|\.{2,}|(?:x+|[-_.]+|redacted|masked|hidden)$", re.IGNORECASE)
_LOOPBACK = re.compile(
    r"(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\]|\w+\.docker\.internal"
    r"|testserver|test|.*\.test)$",
    re.IGNORECASE,
)
_HOST = re.compile(r"[\w{}.*-]+$|\[[0-9a-fA-F:]+\]$")
_HOLE = re.compile(r"\{[^{}]*\}")
_DOMAIN = re.compile(
    r"(?:[\w-]*\{[\w.\[\]'\"()]*\}[\w-]*|[\w-]+)(?:\.(?:[\w-]*\{[\w.]*\}[\w-]*|[\w-]+))*\.[A-Za-z][\w-]+\.?$"
    r"|\d+(?:\.\d+){3}$"
)
# Hosts whose pages are for people: by their first name, and by their last ones.
_PAGES = frozenset(
    "doc docs help learn developer developers wiki blog devcenter fonts cdn cdnjs".split()
)
# … and such that have pages and an API.
_DESKS = frozenset("support status community forum".split())
_SITES = (
    "wikipedia.org readthedocs.io readthedocs.org stackoverflow.com github.io gitbook.io dev.to "
    "medium.com youtube.com youtu.be linkedin.com twitter.com x.com discord.gg t.me unpkg.com "
    "gravatar.com ui-avatars.com img.shields.io opensource.org creativecommons.org gnu.org spdx.org "
    "choosealicense.com cloud.google.com".split()
)
_PAGE_STEP = re.compile(
    r"(?P<before>/(?:[\w/.-]*/)?)(?P<word>docs?|documentation|wiki|help|faq|blog|articles?|guides?|tutorials?|licen[sc]es?"
    r"|privacy|terms|tos|legal|about|contact|pricing)(?P<after>[/#?.]|$)",
    re.IGNORECASE,
)
_PAGE_FILE = re.compile(
    r"[^?#]*\.(?:md|rst|html?|png|jpe?g|gif|svg|ico|webp|css|js|woff2?|ttf|pdf|mp[34])(?:[?#]|$)",
    re.IGNORECASE,
)
_REPOSITORIES = frozenset({"github.com", "www.github.com", "gitlab.com", "bitbucket.org", "pypi.org"})
_REPOSITORY = re.compile(
    r"/(?!api/)[\w.{}-]+/[\w.{}-]+(?:/?$|\.git$|/(?:blob|tree|issues|pull|wiki|releases(?!/(?:latest/)?download/)|discussions|commit)\b)"
    r"|/(?:project|help)/|/(?!(?:api|graphql)\b)[\w.{}-]+/?$"
)
# What lies below these is a repository's files, in whatever folders.
_RAW_FILES = frozenset({"raw.githubusercontent.com", "codeload.github.com"})
_NAMESPACES = (
    "w3.org json-schema.org schema.org purl.org opengis.net iana.org ietf.org rfc-editor.org oasis- "
    "open.org openapis.org activitystrea.ms w3id.org xmlsoap.org httpstatuses.com sitemaps.org "
    "jsonapi.org".split()
)
_GOOGLE_API = r"(?!fonts\.|ajax\.|www\.|(?:commondata)?storage\.)[\w.{}-]+\.googleapis\.com"
_API_HOST = re.compile(rf"(?:[\w-]*-)?api[.-](?!docs?\b)|{_GOOGLE_API}$", re.IGNORECASE)
_API_STEP = re.compile(r"/(?:[\w/.{}-]+/)?(?:api|v\d[\d.]*|graphql|rpc)(?:/|$)", re.IGNORECASE)
_API_ADDRESS = re.compile(
    rf"(?!https?:|wss?:)|https?://(?:(?:[\w-]*-)?api[.-]|{_GOOGLE_API}(?:[/:]|$))"
    r"|(?:https?|wss?)://[^/]+/(?:[\w/{}-]+/)?(?:api|v\d[\d.]*|graphql|rpc)(?:/|$)",
    re.IGNORECASE,
)
# Pages about an API: before its path (`/docs/api/…`), or at its end.
_API_REFERENCE = re.compile(
    r"/(?:[\w.-]+/)*?(?:docs?|documentation)(?:/?(?:#.*)?$|/(?:[\w.-]+/)*?(?:api|v\d[\d.]*|graphql|rpc)/)",
    re.IGNORECASE,
)
# Kept for samples (RFC 2606): nobody has them.
_SAMPLES = ("example.com", "example.net", "example.org", "example")
# A host's label that somebody is to fill in.
_TO_BE_NAMED = re.compile(
    r"(?:^|[-_])(?:your|placeholder|replace|insert|redacted)(?:[-_]|$)|[-_]here$|^your(?:[-_]?own)?"
    r"(?:domain|company|app|site|website|server|host|name|resource|project|org|organi[sz]ation|tenant|instance|api)$|^x{4,}$",
    re.IGNORECASE,
)
_SERVICE_WORDS = frozenset(
    "url urls uri uris endpoint endpoints host hosts base api webhook webhooks server servers "
    "service services address addr dsn broker backend upstream gateway proxy proxies target "
    "destination remote hook callback link frontend site domain connection conn database db redis "
    "mongo mongodb rabbitmq amqp celery postgres postgresql mysql elasticsearch kafka nats minio s3 "
    "jwks authority node nodes cluster replica primary rpc graphql websocket ws prefix root "
    "location token authorize authorization userinfo discovery baseurl apiurl serverurl hostname "
    "portal href redirect".split()
)
# Words that make anything but a service of a name, and such that do unless it ends like `api_base`.
_SURELY_NOT_SERVICE = frozenset(
    "doc docs documentation help hint description desc summary message msg detail details error "
    "errors exception warning license licence contact author xmlns xml namespace ns schema schemas "
    "scope scopes origin origins cors csrf trusted allowed allowlist whitelist blacklist blocked "
    "excluded referer referrer agent audience aud iss claim claims example examples placeholder "
    "sample tooltip label pattern regex regexp logo logos icon favicon avatar protocol scheme "
    "schemes prefixes weblink readme changelog pr issue issuer context options choices option "
    "choice".split()
)
_NOT_SERVICE = _SURELY_NOT_SERVICE | frozenset(
    "title text homepage home repository repo source icons image images img photo picture thumbnail "
    "banner background video font css js static asset assets terms privacy policy tos about info "
    "useragent demo prompt display re template html email body markdown content issues pull release "
    "releases support faq guide tutorial learn blog signup pricing donate sponsor social twitter "
    "linkedin youtube xpath suffix id ids key type types test tests fake mock dummy stub warn log "
    "note notes comment uploader maintainer photographer".split()
)
# By word, how many words may stand behind it where it still says what the value is: a page about an error, or of one.
_SAID_OF = {
    **dict.fromkeys("error errors exception warning info".split(), 1),
    **dict.fromkeys("message messages msg detail details".split(), 0),
}
_ENDINGS = frozenset("url urls uri uris endpoint endpoints base api".split())
# What an API may be about, if its address is surely one and says so too.
_TOPICS = frozenset("doc docs documentation contact author issue options choice".split())
_SERVICE_KINDS = frozenset("base api server service token auth webhook endpoint".split())
# Keys of a dict that as often hold a link for people.
_COMMON_KEYS = frozenset("url uri link href website site location target source_url html_url".split())
# Callees (their last name) whose positional address is called.
_CALLERS = frozenset(
    "get post put patch delete head options request stream urlopen urlretrieve Request fetch "
    "fetch_json fetchrow get_json post_json download open_url create_engine create_async_engine "
    "create_pool from_url from_uri Redis StrictRedis AsyncClient Client ClientSession ws_connect "
    "websocket_connect create_connection MongoClient AsyncIOMotorClient AsyncMongoClient "
    "Elasticsearch AsyncElasticsearch GraphQLClient HTTPTransport AIOHTTPTransport "
    "RequestsHTTPTransport URLParameters connect connect_robust urljoin ServerProxy Database Celery "
    "websocket URL AnyHttpUrl HttpUrl PostgresDsn RedisDsn RedirectResponse redirect Consul Minio "
    "QdrantClient AsyncQdrantClient RemoteService insecure_channel secure_channel WebClient "
    "HTTPConnection Session OpenAI AsyncOpenAI send_request make_request api_request api_get "
    "api_post http_get http_post call_api post_request get_request".split()
)


def names_service(name: str) -> bool:
    """Whether a name says that it holds the address of something that is called (`api_base`, `WEBHOOK_URL`)."""
    words = _telling_words(name)
    if not words or not _SURELY_NOT_SERVICE.isdisjoint(words):
        return False
    if words[-1] in ("endpoint", "base", "api"):
        return True
    if words[-1] in ("url", "uri") and len(words) > 1 and words[-2] in _SERVICE_KINDS:
        return True
    if not _NOT_SERVICE.isdisjoint(words):
        return False
    return words[-1].endswith(("url", "uri")) or not _SERVICE_WORDS.isdisjoint(words)


@lru_cache(maxsize=4096)
def _telling_words(name: str) -> tuple[str, ...]:
    """The words of a name that say what its value is: `error` does so in `error_url`, not in `error_redirect_url`."""
    words = _words(name)
    if len(words) > 1 and words[-1] == "template" and words[-2] in _ENDINGS:
        words = words[:-1]
    if not words or words[-1] not in _ENDINGS:
        return words
    count = len(words)
    kept = [w for i, w in enumerate(words, 1) if i >= count - _SAID_OF.get(w, count)]
    return tuple(kept[:-2] + kept[-1:] if words[-3:-1] == ("user", "info") else kept)


def name_in_class(name: str, cls: str) -> str:
    """What a class's field is called by those who use it, if that says more: `SEND_URL` for `SEND` of `class URL`.

    Parameters: `name`, the field's; `cls`, the class's, "" for none.
    """
    words = _words(cls.rpartition(".")[2])
    return f"{name}_{'_'.join(words)}" if words and words[-1] in _ENDINGS - {"base", "api"} else name


def _is_service(name: str, value: str, role: str) -> bool:
    """Whether the name (for an argument, the callee) says that the address is of something that is called."""
    if role == "argument":
        return _last(name).lstrip("_") in _CALLERS
    if role in ("compare", "other", "getenv"):
        return False
    is_api = _API_ADDRESS.match(value) is not None
    if names_service(name):
        return is_api or role != "item" or name.lower() not in _COMMON_KEYS
    words = _telling_words(name)
    if is_api and words and words[-1] in _ENDINGS and _API_STEP.match(_path_of(value)):
        words = tuple(word for word in words if word not in _TOPICS or word not in value.lower())
    return (
        is_api
        and bool(words)
        and words[-1] not in ("default", "value")
        and _SURELY_NOT_SERVICE.isdisjoint(words)
    )


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _ends_in(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def _address(name: str, value: str, role: str) -> set[str]:
    """The traits of an address, empty for any other text."""
    match = _ADDRESS.match(value) if len(value) <= _LONGEST_ADDRESS else None
    if match is None or any(c.isspace() for c in _HOLE.sub("", value)):
        return set()
    if any(sign in value for sign in ("\\", "(?", "[^")):
        return set()  # a regular expression
    if not match["rest"] and match.end() < len(value) and value[match.end()] != ",":
        return set()
    host = match["host"].lower()
    found = {"url"}
    if _LOOPBACK.match(host):
        found.add("localhost")
    elif not _HOST.match(host):
        return set()
    elif "." in host:
        if not _DOMAIN.match(host):
            return set()
    else:  # a container's or a cluster's name
        is_web = match["scheme"].lower().startswith(("http", "ws"))
        if "{" in host or "*" in host or (is_web and not match["port"] and role != "argument"):
            return set()
        found.add("localhost")
    # `http://localhost` without a port is the base of an application in the same process more often than a service
    is_in_process = host == "localhost" and not match["port"] and match["rest"] in ("", "/")
    is_called = role == "argument" and _is_called(name)
    if _ends_in(host, _SAMPLES):
        found.add("sample-url")
    is_nobody = not is_called and any(map(_TO_BE_NAMED.search, host.split(".")))
    is_own = host in ("test", "testserver") or is_in_process
    if _is_namespace(host, match["rest"]) or is_own or is_nobody:
        found.add("namespace-url")
    elif not is_called and _is_documentation(host, match["rest"]):
        found.add("documentation-url")
    elif _is_service(name, value, role):
        found.add("service-url")
    return found


def _path_of(value: str) -> str:
    match = _ADDRESS.match(value)
    return match["rest"] if match is not None else ""


def _is_namespace(host: str, path: str) -> bool:
    first = host.partition(".")[0]
    return (
        first in ("schema", "schemas", "xmlns", "ns")
        or ".schemas." in host
        or _ends_in(host, _NAMESPACES)
        or host.endswith(".invalid")
        or path.endswith("/.default")
        or (host == "www.googleapis.com" and path.startswith("/auth/"))
    )


def _is_documentation(host: str, path: str) -> bool:
    first = host.removeprefix("www.").partition(".")[0]
    if _ends_in(host, _SITES) or _PAGE_FILE.match(path):
        return True
    if first in _PAGES and not _API_HOST.match(host):
        return True
    if first in _DESKS and not _API_STEP.match(path):
        return True
    if host in _REPOSITORIES and _REPOSITORY.match(path):
        return True
    return _is_page(host, path)


def _is_page(host: str, path: str) -> bool:
    """Whether a folder on the way says that people read what is there; what it says below an API is what that is about."""
    found = _PAGE_STEP.match(path)
    if found is None or host in _RAW_FILES:
        return False
    is_reference = found["word"].lower() in ("doc", "docs", "documentation")
    if _API_STEP.match(found["before"]):
        return _API_REFERENCE.match(path) is not None
    return is_reference or not _API_HOST.match(host)


def _is_called(callee: str) -> bool:
    return _last(callee) in _CALLERS and _last(callee) not in ("redirect", "RedirectResponse")


def _has_dsn_password(value: str, name: str) -> bool:
    match = _USERINFO.match(value) if len(value) <= _LONGEST_ADDRESS else None
    if match is None or "\\" in value or _is_for_people(name):
        return False
    password = match["password"]
    return not (_NO_PASSWORD.match(password) or any(sign in password for sign in ("{", "<", "%s", "/")))


_FOR_PEOPLE = frozenset(
    "description help example examples placeholder hint detail title message label regex pattern "
    "docs doc summary redacted masked tooltip usage".split()
)


@lru_cache(maxsize=4096)
def _is_for_people(name: str) -> bool:
    """Names of texts for people and of samples: what stands there runs nowhere."""
    return not _FOR_PEOPLE.isdisjoint(_words(name))


# --------------------------------------------------------------------------------------------------- the questions


def telling(names: Sequence[str]) -> int:
    """Which of the targets of `a = b = "…"` says most about the value: the first that names a secret or a service."""
    return next((i for i, name in enumerate(names) if _family(_last(name)) or names_service(name)), 0)


def candidate(name: str, value: str) -> bool:
    """Whether a literal is worth a look; cheap, and true for a few literals of a hundred.

    Parameters: `name`, what the literal is bound to, as written; `value`, its text, holes of an f-string as `{}`.
    """
    if len(value) > _LONGEST:
        return False
    if "://" in value or _family(_last(name)) or _PROVIDER_START.match(value):
        return True
    return (
        value.startswith("-----BEGIN")
        or name.endswith(_TAKE)
        or "AccountKey=" in value
        or "password=" in value
    )


def traits(name: str, value: str, role: str) -> frozenset[str]:
    """What a literal looks like.

    Parameters: `name` and `role`, as in `facts.Literal` (for the role `argument` the name is the callee's); `value`,
    its text, holes of an f-string as `{}`.
    Returns: the traits, as listed above; empty for text that is of no interest.
    """
    if not value or len(value) > _LONGEST:
        return _NOTHING
    stripped = value.strip()
    bound = "" if role == "argument" else _last(name)
    found: set[str] = set()
    if _is_provider_key(stripped) and not _is_for_people(bound):
        found |= {"secret", "provider-key"}
    if "://" in value:
        if not any(c.isspace() for c in stripped) and _has_dsn_password(stripped, bound):
            found.add("dsn-password")
        found |= _address(name if role == "argument" else bound, stripped, role)
        return frozenset(found)
    if role == "argument":
        trait = "" if found else _of_argument(name, stripped)
        return frozenset({trait}) if trait else frozenset(found)
    if not found and stripped:
        trait = _of_bound(bound, value, role)
        return frozenset({trait}) if trait else _NOTHING
    return frozenset(found)


def _of_bound(name: str, value: str, role: str) -> str:
    """The trait of a literal that has a name, or ""."""
    family = _family(name)
    if not family:
        return ""
    if family == "key":
        is_key = role == "keyword" and len(value) <= _LONGEST_SECRET and not _is_no_secret(value)
        return "credential-argument" if is_key else ""
    if family == "auth":
        is_auth = role in ("keyword", "assign") and (
            _is_by_hand(value) or value.lower() in _COMMON_PASSWORDS
        )
        return "credential-argument" if is_auth else ""
    if _is_secret(family, name, value, role):
        return "secret"
    is_echo = (
        family in ("signing", "password") and role in ("assign", "annotated") and _is_name(name, value)
    )
    return "same-as-name" if is_echo else ""


def _is_provider_key(value: str) -> bool:
    if value.startswith("-----BEGIN"):
        return _PEM.match(value) is not None
    if value.startswith("https://"):
        return _WEBHOOK.match(value) is not None
    match = _PROVIDER.match(value)
    if match is None:
        found = _ACCOUNT_KEY.search(value) if ";" in value else None
        if found is None and len(value) <= 256 and _KEYWORDS.match(value):
            found = _KEYWORD_PASSWORD.search(value)
        return found is not None and "{" not in value
    text = match[0]
    if "..." in value or "{" in value or any(c.isspace() for c in value[len(text) :]):
        return False
    body = re.split(r"[-_.:]", text, maxsplit=1)[-1]
    if len(set(body.lower())) < 5 and not text.startswith("A"):
        return False
    if _NO_KEY.search(text):
        return False
    return (
        any(c.isdigit() for c in body)
        or not text.startswith(("sk-", "secret_", "key-"))
        or body != body.lower()
    )


def _of_argument(callee: str, value: str) -> str:
    """The trait of a positional argument, or ""."""
    last = _last(callee)
    if not value or len(value) > _LONGEST_SECRET or "{" in value or _is_no_secret(value):
        return ""
    if last in ("SecretStr", "SecretBytes", "Secret"):
        return "secret" if _is_password("secret", value, "argument") else ""
    if last in _TAKE_PASSWORD:
        is_made_up = _is_by_hand(value) or value.lower() in _COMMON_PASSWORDS
        return "credential-argument" if is_made_up or _FOUR_FOURS.match(value) else ""
    if last.endswith(_CLIENTS):
        return "credential-argument" if _is_random(value) else ""
    if callee.endswith(_TAKE_KEY) and value.lower() not in ("utf-8", "utf8", "ascii", "latin-1"):
        return "credential-argument"
    return ""


def text_of(code: str) -> str:
    """The text of a string literal, as `candidate` and `traits` want it.

    Parameters: `code`, the literal's source (adjacent literals and f-strings included).
    Returns: its text with `{}` for the holes of an f-string; bytes are read as Latin-1; "" for anything else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes
            node = ast.parse(f"({code})", mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        return node.value.decode("latin-1")
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


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
