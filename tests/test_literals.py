"""What literals look like: secrets and addresses beside everything that only resembles them."""

from __future__ import annotations

import base64
import time

import pytest

from api_lint.literals import candidate, mask_address, names_service, text_of, traits

SECRET = frozenset({"secret", "dsn-password", "credential-argument"})
# Put together here, so that no scanner takes this file for a leak.
STRIPE = "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc"
JWT = ".".join(
    ("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P")
)


def looks(name: str, value: str, role: str) -> frozenset[str]:
    """The traits of a literal, as the indexer asks for them."""
    return traits(name, value, role) if candidate(name, value) else frozenset()


LONG = "".join(chr(33 + (i * i * 7919 + i) % 94) for i in range(1500))
LONG_BASE64 = base64.b64encode(LONG.encode()).decode()

SECRETS = [
    # passwords that people make up
    ("password", "blerg", "assign"),
    ("password", "class_password", "assign"),
    ("password", "Admin", "default"),
    ("password", "root", "compare"),
    ("password", "this cool password", "compare"),
    ("password", "ajklawejrkl42348swfgkg", "compare"),
    ("password", "blerg", "keyword"),
    ("password", "blerg", "item"),
    ("password", "password", "keyword"),
    ("password", "12345678", "item"),
    ("PassWord", "s3cr3t", "assign"),
    ("_pass", "s3cr3t", "assign"),
    ("passwd", "s3cr3t", "annotated"),
    ("pwd", "s3cr3t", "item"),
    ("EMAIL_PASSWORD", "secret", "assign"),
    ("password", "default", "default"),
    ("passphrase", "correct horse battery staple", "assign"),
    ("email_password", "d6s$f9g!j8mg7hw?n&2", "assign"),
    ("my_secret_password_for_email", "d6s$f9g!j8mg7hw?n&2", "assign"),
    ("admin_password", "admin", "assign"),
    ("DB_PASSWORD", "postgres", "assign"),
    ("FIRST_ADMIN_PASSWORD", "string7B", "annotated"),
    ("ENCRYPTION_LOCAL_KEY", "super secret encryption key", "annotated"),
    ("POSTGRES_PASSWORD", "password", "getenv"),
    ("PASSWORD", "postgres", "item"),
    ("SMTP_PASSWORD", "abcd efgh ijkl mnop", "assign"),
    ("MAIL_PASSWORD", "qkzv tpxw mdrb hjfe", "item"),
    ("FERNET_KEY", "q7JmT2vX9pLr4sZw8Kd0Yb3Nc6Hf1Gt5Ua_Ei-OoRyM=", "assign"),
    ("dsn", "host=db dbname=shop user=shop password=Wq7zR2mX9k!", "assign"),
    ("psycopg2.connect", "dbname=shop password='Wq7z R2m' user=shop", "argument"),
    # what an application signs with
    ("SECRET_KEY", "dev", "keyword"),
    ("SECRET_KEY", "secret", "assign"),
    ("SECRET_KEY", "changeme", "assign"),
    ("SECRET_KEY", "your-secret-key", "annotated"),
    ("SECRET_KEY", "hard to guess string", "assign"),
    ("SECRET_KEY", "django-insecure-@k3#x!abc", "assign"),
    ("SECRET_KEY", "THIS_SECRET_KEY_G0U8I0F4E5R0E0R9P12", "assign"),
    ("SECRET_KEY", '_5#y2L"F4Q8z\n\xec]/', "item"),
    ("SECRET_KEY", "aaaa", "keyword"),
    ("SECRET_KEY", "eyJhbGciOiJIUzI1NiJ9.eyJSb2xlIjoiQWRtaW4iLCJJ", "assign"),
    ("app.secret_key", "dev-secret", "assign"),
    ("JWT_SECRET", "secret", "getenv"),
    ("JWT_PRIVATE_KEY", LONG_BASE64, "assign"),
    ("private_key", LONG_BASE64.rstrip("="), "keyword"),
    ("JWT_REFRESH_SECRET", "refresh_secret", "getenv"),
    ("JWT_SECRET", "jwt_secret", "getenv"),
    ("default_key", "VerysecretKey", "assign"),
    ("JWT_SECRET_KEY", "super-clave-muy-segura-que-debes-cambiar", "assign"),
    ("jwtSecret", "kD8#mQ2!vX7pL0zR4tYw", "item"),
    ("secrete", "blerg", "keyword"),
    ("SECURITY_PASSWORD_SALT", "146585145368132386173505678016728509634", "assign"),
    # keys and tokens
    ("token", "s3cr3t", "compare"),
    ("auth_token", "12345678abcdef", "assign"),
    ("API_KEY", "abc123", "assign"),
    ("apiKey", "b7Qp2Xv9Lm4Tz8Rw3Ns6Yc1Kd5Hg0Jf", "item"),
    ("X-Api-Key", "b7Qp2Xv9Lm4Tz8Rw3Ns6Yc1Kd5Hg0Jf", "item"),
    ("apikey", "m{{h}o)p${e]nob(ody[finds>-_$#thisone}}", "assign"),
    ("API_KEY", "my-secret-api-key", "assign"),
    ("TOKEN", "hardcoded-token-value", "assign"),
    ("aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "keyword"),
    ("STRIPE_KEY", "9f2b6c1e8d7a4053b1c29e6f7d8a0b3c", "assign"),
    # providers' formats, whatever they are bound to
    ("anything", "AKIA" + "IOSFODNN7EXAMPLE", "assign"),
    ("", "ghp_" + "x8Qm2Lv7Rt9Wp3Ns6Yc1Kd5Hg0Jf4ZbTaEuC", "other"),
    ("headers.set", "Bearer " + "sk-proj-" + "abcdefghij1234567890ABCDEFGH", "argument"),
    ("claude", "sk-ant-" + "api03-x8Qm2Lv7Rt9Wp3Ns6Yc1Kd5Hg0Jf4Z", "assign"),
    ("groq", "gsk_" + "x8Qm2Lv7Rt9Wp3Ns6Yc1Kd5Hg0Jf", "assign"),
    ("maps", "AIza" + "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "assign"),
    ("bot", "xox" + "b-123456789012-abcdefABCDEF", "assign"),
    ("mail", "SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc", "assign"),
    ("pay", STRIPE, "assign"),
    ("anon", JWT, "assign"),
    ("pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx8Qm\n-----END", "assign"),
    (
        "storage",
        "DefaultEndpointsProtocol=https;AccountKey=" + "b7Qp2Xv9Lm4Tz8Rw3Ns6Yc1Kd5Hg==;",
        "assign",
    ),
    # addresses with a password
    ("DATABASE_URL", "postgresql://user:password@localhost/db", "assign"),
    ("DATABASE_URL", "postgresql://admin:s3cr3t@db:5432/app", "getenv"),
    ("create_engine", "mysql+pymysql://root:root@{}/db", "argument"),
    ("REDIS_URL", "redis://:hunter2@redis:6379/0", "annotated"),
    ("MONGO", "mongodb+srv://root:Zx8L@m2Q@cluster.example.net/app", "assign"),
    # positional arguments
    ("jwt.encode", "secret", "argument"),
    ("SecretStr", "hunter2", "argument"),
    ("user.set_password", "hunter2", "argument"),
    ("key", "secret", "keyword"),
]

DECOYS = [
    # what became of passwords, and texts that speak of them
    ("hashed_password", "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW", "item"),
    ("password", "pbkdf2:sha256:600000$Jx2mQ8vL$9f86d081884c7d659a2feaa0c55ad015", "item"),
    ("password", "pbkdf2_sha256$600000$Jx2mQ8vL$i0123456789abcdefghij+/=", "assign"),
    ("password", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlA", "item"),
    ("dsn", "host=db dbname=shop user=shop password=$PASSWORD", "assign"),
    ("dsn", "host=db dbname=shop user=shop password={}", "assign"),
    ("text", "start with host=db user=shop password=Wq7zR2mX9k!", "assign"),
    ("SECRET_PREFIX", "secret=", "assign"),
    ("password", "password", "assign"),
    ("GRANT_PASSWORD", "password", "assign"),
    # no value, or a sentence
    ("password", "", "assign"),
    ("password", " ", "assign"),
    ("passed_msg", "You have passed!", "assign"),
    ("compassion", "Please don't match!", "assign"),
    ("impassable", "You shall not pass!", "assign"),
    ("password", "Password must be at least 8 characters", "item"),
    ("INVALID_TOKEN", "Your session has expired or the token is invalid.", "assign"),
    ("SECRET_KEY", "Application secret key", "item"),
    ("JWT_SECRET_KEY", "JWT signing key", "item"),
    # the name's own words, names of fields, headers and variables
    ("PASSWORD", "PASSWORD", "assign"),
    ("CLIENT_SECRET", "client_secret", "assign"),
    ("REFRESH_TOKEN", "refresh_token", "assign"),
    ("FORGOT_PASSWORD", "forgot_password", "assign"),
    ("AUDIT_ACTOR_API_KEY", "api_key", "assign"),
    ("bearer_token", "bearer_token", "assign"),
    ("TOKEN", "access_token", "assign"),
    ("password", "Password", "item"),
    ("password", "string", "item"),
    ("api_key", "X-API-Key", "assign"),
    ("bearer", "Authorization", "annotated"),
    ("OPENAI_API_KEY", "OPENAI_API_KEY", "assign"),
    ("cyberark_api_key", "CYBERARK_API_KEY", "item"),
    ("subscription_key", "BING_SEARCH_V7_SUBSCRIPTION_KEY", "item"),
    ("WEBHOOK_SECRET", "STRIPE_WEBHOOK_SECRET", "getenv"),
    ("OPENAI_API_KEY", "audio.tts.api_key", "item"),
    ("SecretStr", ".types", "item"),
    # names that are about something else
    ("token_type", "bearer", "keyword"),
    ("tokenUrl", "token", "keyword"),
    ("tokenUrl", "/api/v1/login/access-token", "keyword"),
    ("API_KEY_HEADER", "X-API-Key", "assign"),
    ("password_field", "password1", "assign"),
    ("secret_name", "prod/db/password1", "assign"),
    ("api_key_env", "OPENAI_API_KEY", "assign"),
    ("max_tokens", "2048", "getenv"),
    ("next_token", "page2_token", "assign"),
    # texts of which no secret is that long
    ("image_token", LONG_BASE64, "assign"),
    ("public_key", LONG_BASE64, "assign"),
    ("JWT_SECRET_KEY", "A" * 1000, "assign"),
    ("JWT_SECRET", "how to make one: " * 60, "assign"),
    ("default_key", "secret_key", "assign"),
    ("field_key", "top_secret", "assign"),
    ("JWT_REFRESH_SECRET", "refresh_secret", "assign"),
    ("FIRST_LOGIN_PASSWORD", "change_password", "assign"),
    ("primary_key", "id", "assign"),
    ("sort_key", "created_at", "assign"),
    ("cache_key", "user:1234abcd", "assign"),
    ("SESSION_KEY", "user_session", "assign"),
    ("STATE_SESSION_KEY", "_oauth_state", "assign"),
    ("SESSION_KEY", "__cart__", "assign"),
    ("public_key", "ssh-rsa AAAAB3NzaC1yc2E", "assign"),
    ("token_prefix", "tok_1234567890abcdef", "assign"),
    ("access_token_id", "abc123def456abc123def456", "assign"),
    ("grant_type", "password", "keyword"),
    ("type", "password", "keyword"),
    ("key", "name", "item"),
    # hashes of public things
    ("checksum", "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7", "assign"),
    ("password_hash", "5f4dcc3b5aa765d61d8327deb882cf99", "assign"),
    ("KNOWN_JWT_KEY_HASHES", "5f4dcc3b5aa765d61d8327deb882cf99", "assign"),
    ("api_key_fingerprints", "5f4dcc3b5aa765d61d8327deb882cf99", "assign"),
    ("COMMIT", "9f2b6c1e8d7a4053b1c29e6f7d8a0b3c4e5f6a7b", "assign"),
    ("PROBE_KEY", "da93c2bd-c857-4b10-8c8c-60988103320f", "assign"),
    # algorithms, paths, references, patterns, templates
    ("JWT_KEY", "HS256", "assign"),
    ("private_key", "keys/private.pem", "assign"),
    ("SSL_PRIVATE_KEY", "/etc/ssl/private.key", "assign"),
    ("api_key", "vault:secret/data/x#key", "assign"),
    ("token", r"[-!#$%&'*+.^_`|~0-9a-zA-Z]+", "assign"),
    ("password", "{password}", "assign"),
    ("password", "${DB_PASSWORD}", "assign"),
    ("password", "%(password)s", "assign"),
    ("password", "<password>", "assign"),
    ("password", ":****", "assign"),
    ("token", "Bearer {}", "assign"),
    ("token", "sk-", "assign"),
    ("eos_token", "</s>", "item"),
    ("REALTIME_TOKEN", "realtime_v1", "assign"),
    ("access_token", "eyJhbGciOiJIUzI1NiIs...", "item"),
    # what stands in for a key
    ("OPENAI_API_KEY", "your-api-key-here", "assign"),
    ("api_key", "<your-api-key>", "assign"),
    ("api_key", "sk-...", "keyword"),
    ("api_key", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx", "keyword"),
    ("api_key", "not-needed", "keyword"),
    ("api_key", "EMPTY", "keyword"),
    ("api_key", "ollama", "keyword"),
    ("api_key", "s", "keyword"),
    ("SECRET_KEY", "x", "item"),
    # checks
    ("api_key", "undefined", "compare"),
    ("token", "expires_in", "compare"),
    ("SECRET_KEY", "change-me-in-production", "compare"),
    # addresses without a literal password
    ("DATABASE_URL", "postgresql://localhost/db", "assign"),
    ("DATABASE_URL", "postgresql://{}:{}@{}/db", "assign"),
    ("DATABASE_URL", "postgresql://user:{password}@host/db", "assign"),
    ("DATABASE_URL", "postgresql://user:<password>@host/db", "assign"),
    ("DATABASE_URL", "postgresql://user:${PW}@host/db", "assign"),
    ("DATABASE_URL", "postgresql://user:%s@host/db", "assign"),
    ("description", "postgresql://user:pass@host/db", "keyword"),
    ("description", "use postgresql://user:pass@host/db", "keyword"),
    ("pem_start", "-----BEGIN RSA PRIVATE KEY-----", "assign"),
    ("claims.encode", "utf-8", "argument"),
    ("sorted", "secret123", "argument"),
]


@pytest.mark.parametrize(("name", "value", "role"), SECRETS)
def test_secrets(name: str, value: str, role: str) -> None:
    assert looks(name, value, role) & SECRET


@pytest.mark.parametrize(("name", "value", "role"), DECOYS)
def test_what_only_resembles_a_secret(name: str, value: str, role: str) -> None:
    assert not looks(name, value, role) & SECRET


def test_a_constant_with_its_own_name_may_be_either() -> None:
    assert looks("SECRET", "SECRET", "assign") == {"same-as-name"}


SERVICES = [
    ("BASE_URL", "https://api.anthropic.com", "assign"),
    ("requests.get", "https://api.notion.com/v1/pages/{}", "argument"),
    ("httpx.AsyncClient.get", "https://docs.acme.io/index.json", "argument"),
    ("base_url", "https://crm.acme.io", "keyword"),
    ("url", "https://{}.s3.eu-west-1.amazonaws.com/{}", "assign"),
    ("TOKEN_ENDPOINT_TEMPLATE", "https://login.microsoftonline.com/{tenant}/api/token", "assign"),
    ("VIDEO_API_BASE", "https://dashscope.aliyuncs.com", "annotated"),
    ("federal", "https://api.permits.gov/v1", "item"),
    ("broker", "amqp://rabbit.acme.io:5672//", "keyword"),
    ("DATABASE_URL", "postgresql://db.acme.io/shop", "assign"),
    ("redis.from_url", "redis://cache.acme.io:6379/0", "argument"),
    ("reset_link", "https://shop.acme.io/reset?token={}", "assign"),
    ("api_url", "https://10.2.3.4/v1", "assign"),
    ("emails_url", "https://api.github.com/user/emails", "assign"),
    # an API decides before its host's first label, the folders below it and a name's topic
    ("_DOCS_BASE", "https://docs.googleapis.com/v1/", "assign"),
    ("DOCS_API_DOCUMENT_URL", "https://docs.googleapis.com/v1/documents/{doc_id}", "assign"),
    ("STATUS_URL", "https://status.acme.io/api/v2/summary.json", "assign"),
    ("USER_URL", "https://api.acme.io/v1.0/contact/users/me", "assign"),
    ("TERMS_API", "https://acme.io/api/v1/terms/search", "assign"),
    # files of a repository
    ("RAW_BASE_URL", "https://raw.githubusercontent.com/acme/documentation/main", "assign"),
    ("FIXTURE_URL", "https://github.com/acme/data/raw/master/fixtures/", "assign"),
    ("TOOL_URL", "https://github.com/acme/tool/releases/download/v1.2/tool.zip", "assign"),
    # a word in a name's middle is what the service is about
    ("SHOP_ERROR_REDIRECT_URL", "https://acme.io/oauth/error", "assign"),
    ("SEND_MESSAGE_URL", "https://acme.io/send", "assign"),
    ("USER_INFO_URL", "https://login.acme.io/me", "assign"),
    ("_ARCHIVE_URL_TEMPLATE", "https://codeload.github.com/{owner}/{repo}/tar.gz/{revision}", "assign"),
    ("endpoint_url", "https://{}.{}r2.acme.io", "assign"),
    ("API_URL", "https://api.example.com", "assign"),
]

NO_SERVICES = [
    ("base_url", "http://test", "keyword"),
    ("base_url", "http://testserver/api", "keyword"),
    ("docs_url", "https://acme.io/start", "assign"),
    ("repo_url", "https://github.com/acme/shop", "assign"),
    ("help_link", "https://support.acme.io", "assign"),
    ("url", "https://docs.acme.io/guide", "item"),
    ("url", "https://shop.acme.io/items", "item"),
    ("allow_origins", "https://shop.acme.io", "keyword"),
    ("CORS_ALLOWED_ORIGINS", "https://shop.acme.io", "assign"),
    ("CSRF_TRUSTED_ORIGINS", "https://shop.acme.io", "assign"),
    ("scope", "https://graph.microsoft.com/.default", "keyword"),
    ("XLINK_NS", "http://www.w3.org/1999/xlink", "assign"),
    ("schema_url", "https://json-schema.org/draft-07/schema", "assign"),
    ("logo_url", "https://acme.io/logo.png", "assign"),
    ("Referer", "https://www.acme.io/", "item"),
    ("url.startswith", "https://api.acme.io", "argument"),
    ("api_base", "https://api.acme.io", "compare"),
    ("logger.info", "https://api.acme.io", "argument"),
    ("BASE_URL", "https://", "assign"),
    ("BASE_URL", "https://{}", "assign"),
    ("BASE_URL", "https://api.{}", "assign"),
    ("message", "see https://api.acme.io", "assign"),
    ("url_pattern", r"https?://[\w.]+", "assign"),
    ("DATABASE_URL", "sqlite:///./app.db", "assign"),
    ("API_URL", "https://api.acme.io", "getenv"),
    ("description", "https://api.acme.io/v1", "keyword"),
    ("API_DOCS_URL", "https://acme.io/api/v1/docs", "assign"),
    ("url", "https://api.acme.io/docs/start", "assign"),
    ("url", "https://acme.io/docs/api/v1/users", "assign"),
    ("FONT_URL", "https://fonts.googleapis.com/css2", "assign"),
    ("docs_url", "https://api.acme.io/methods", "assign"),
    ("DOCS_SERVER_URL", "https://cloud.acme.io/api", "assign"),
    ("error_url", "https://acme.io/errors/42", "assign"),
    ("more_info_url", "https://acme.io/why", "assign"),
    ("release_url", "https://github.com/acme/tool/releases/tag/v1.2", "assign"),
    ("author_url", "https://api.acme.io/ada", "assign"),
    ("github_url", "https://github.com/{}", "assign"),
    ("BASE_URL", "https://YOUR_DEPLOYMENT_URL_HERE.cognitiveservices.azure.com", "assign"),
    ("API_URL", "https://your-company.acme.io/api", "assign"),
    ("SUPABASE_URL", "https://xxxxxxxx.supabase.co", "assign"),
]


@pytest.mark.parametrize(("name", "value", "role"), SERVICES)
def test_addresses_of_services(name: str, value: str, role: str) -> None:
    assert "service-url" in looks(name, value, role)


@pytest.mark.parametrize(("name", "value", "role"), NO_SERVICES)
def test_addresses_that_nobody_calls(name: str, value: str, role: str) -> None:
    assert "service-url" not in looks(name, value, role)


@pytest.mark.parametrize("host", ["example.com", "api.example.org", "shop.example"])
def test_addresses_of_nobody(host: str) -> None:
    assert "sample-url" in looks("link", f"https://{host}/login", "item")


@pytest.mark.parametrize("host", ["api.acme.io", "example.io", "myexample.com"])
def test_addresses_of_somebody(host: str) -> None:
    assert "sample-url" not in looks("link", f"https://{host}/login", "item")


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8000",
        "127.0.0.1",
        "0.0.0.0:80",
        "[::1]:80",
        "host.docker.internal:11434",
        "redis_cache:6379",
    ],
)
def test_addresses_of_this_machine(host: str) -> None:
    assert "localhost" in looks("BASE_URL", f"http://{host}/x", "assign")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ('"a" "b"', "ab"),
        ('"a"\n    f"{x}/{y!r:>3}"', "a{}/{}"),
        (r'r"\d"', r"\d"),
        (r'"\d"', r"\d"),
        ('b"\\xec"', "\xec"),
        ('f"{{}}{a}"', "{}{}"),
        ("name", ""),
        ('"', ""),
    ],
)
def test_text_of(code: str, text: str) -> None:
    assert text_of(code) == text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://api.acme.io/v1/items?key=abc", "https://api.acme.io"),
        ("postgresql://shop:hunter2@db:5432/shop", "postgresql://***@db:5432"),
        ("https://{}.acme.io", "https://{}.acme.io"),
        ("custom://x", "custom://…"),
    ],
)
def test_a_message_shows_no_more_than_the_host(address: str, shown: str) -> None:
    assert mask_address(address) == shown


@pytest.mark.parametrize("name", ["api_base", "WEBHOOK_URL", "get_base_url", "SERVICES"])
def test_names_of_services(name: str) -> None:
    assert names_service(name)


@pytest.mark.parametrize("name", ["docs_url", "load", "allowed_hosts", ""])
def test_names_of_other_things(name: str) -> None:
    assert not names_service(name)


@pytest.mark.parametrize(
    "value",
    [
        "a" * 8192,
        "aA1-" * 2000,
        "aA1" * 2700 + "!",
        "a." * 4000,
        "a_" * 4000,
        "-----BEGIN PRIVATE KEY-----" + "A: " * 2500,
        "https://" + "a." * 4000,
        "https://" + "@" * 2000,
        "https://x/" + "a/" * 1000,
        "x://u:" + "@" * 2000,
        "{" * 500,
        "sk-" + "a" * 8000,
        ";Password=" * 800,
    ],
    ids=lambda value: value[:12],
)
def test_no_text_takes_long(value: str) -> None:
    start = time.perf_counter()
    for role in ("assign", "item", "argument", "keyword"):
        traits("password_url", value, role)
        traits("api_token", value, role)
        traits("signing_key", value, role)
    assert time.perf_counter() - start < 1


def test_the_cheap_question_lets_through_what_the_thorough_one_finds() -> None:
    for name, value, role in (*SECRETS, *SERVICES):
        assert candidate(name, value), (name, role)
