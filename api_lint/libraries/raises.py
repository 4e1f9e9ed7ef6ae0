"""What calls raise: the standard library, pydantic, databases, HTTP clients, tokens, model providers, frameworks.

https://docs.python.org/3/library/ (exceptions, functions, json, os, subprocess, uuid, base64, smtplib, zoneinfo …);
https://docs.pydantic.dev/latest/errors/errors/; https://docs.sqlalchemy.org/en/20/core/exceptions.html;
https://www.python-httpx.org/exceptions/; https://requests.readthedocs.io/en/latest/api/#exceptions;
https://docs.aiohttp.org/en/stable/client_reference.html#client-exceptions;
https://pyjwt.readthedocs.io/en/stable/api.html#exceptions; https://python-jose.readthedocs.io/en/latest/jwt/api.html;
https://redis.readthedocs.io/en/stable/exceptions.html; https://docs.litellm.ai/docs/exception_mapping (they derive from
openai's); https://docs.djangoproject.com/en/stable/ref/exceptions/;
https://magicstack.github.io/asyncpg/current/api/index.html#connection (a server that is down is an OSError, which
SQLAlchemy lets through);
https://www.django-rest-framework.org/api-guide/exceptions/;
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/error-handling.html;
https://pymongo.readthedocs.io/en/stable/api/pymongo/errors.html; https://www.psycopg.org/docs/module.html#exceptions

The tables are text that is read when the first fix asks for it, so they cost a run nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from api_lint.libraries import Library

LIBRARY = Library()

# Stands for what a web framework turns into an answer by itself (`HTTPException`, `abort`): nothing to be caught.
HTTP = "http"
# Stands for `TypeError` where nothing is known of the first argument, which may then be `None`.
UNLESS_TEXT = "none"
# Says that a first argument which is a literal raises nothing.
UNLESS_LITERAL = "literal"
# Stands for the model's own `DoesNotExist`, and `MultipleObjectsReturned`.
MISSING, SEVERAL = "missing", "several"

# A row: the exceptions, a colon, the calls. `x.*` is everything in `x` that has no row of its own; no exceptions, no
# harm. Names without a dot are built in.
_CALLS = """
: abs all any ascii bool bytearray bytes bytes.* callable dict dict.* enumerate filter format frozenset frozenset.*
: globals hasattr hash hex id isinstance issubclass iter len list list.* locals map oct pow print
: property range repr reversed round set set.* slice sorted str str.* sum super tuple tuple.* type vars zip bool.* int.* float.*
: object object.* divmod max min classmethod staticmethod
AttributeError: getattr setattr delattr
ValueError: list.remove list.index str.index tuple.index bytes.fromhex chr
IndexError: list.pop
KeyError: dict.pop dict.popitem set.remove
StopIteration: next
UnicodeEncodeError: str.encode
UnicodeDecodeError: bytes.decode
ValueError none: int float complex
TypeError: ord
OSError: open
EOFError: input
OSError: io.IOBase.* io.TextIOWrapper.* io.BufferedReader.* io.FileIO.* aiofiles.*
OSError UnicodeDecodeError: io.IOBase.read io.IOBase.readline io.IOBase.readlines
OSError UnicodeDecodeError: io.TextIOWrapper.read io.TextIOWrapper.readline io.TextIOWrapper.readlines
: io.StringIO.* io.BytesIO.* io.StringIO io.BytesIO

json.JSONDecodeError none: json.loads
json.JSONDecodeError: json.load
TypeError ValueError: json.dumps json.dump
: json.JSONEncoder json.JSONDecoder
ValueError: datetime.datetime datetime.date datetime.time datetime.datetime.strptime datetime.datetime.fromisoformat
ValueError: datetime.date.fromisoformat datetime.time.fromisoformat datetime.datetime.combine datetime.date.strptime
ValueError OverflowError OSError: datetime.datetime.fromtimestamp datetime.datetime.utcfromtimestamp datetime.date.fromtimestamp
OverflowError: datetime.timedelta
: datetime.*
zoneinfo.ZoneInfoNotFoundError ValueError: zoneinfo.ZoneInfo
: zoneinfo.available_timezones
ValueError: time.strptime
OverflowError ValueError: time.localtime time.gmtime time.strftime time.mktime
: time.*
ValueError none: uuid.UUID
: uuid.*
ValueError TypeError: base64.b64decode base64.urlsafe_b64decode base64.standard_b64decode base64.decodebytes
ValueError TypeError: base64.b32decode base64.b16decode base64.b85decode base64.a85decode
: base64.*
ValueError: binascii.unhexlify binascii.a2b_base64 binascii.a2b_hex
decimal.InvalidOperation TypeError: decimal.Decimal
decimal.InvalidOperation: decimal.Decimal.quantize
: decimal.Decimal.*
ValueError ZeroDivisionError: fractions.Fraction
ValueError: ipaddress.ip_address ipaddress.ip_network ipaddress.ip_interface ipaddress.IPv4Address ipaddress.IPv6Address
ValueError: ipaddress.IPv4Network ipaddress.IPv6Network
ValueError SyntaxError TypeError MemoryError RecursionError: ast.literal_eval
ValueError: urllib.parse.urlparse urllib.parse.urlsplit urllib.parse.parse_qs urllib.parse.parse_qsl
: urllib.parse.*
OSError ValueError: urllib.request.*
ImportError: importlib.import_module __import__
importlib.metadata.PackageNotFoundError: importlib.metadata.version importlib.metadata.distribution importlib.metadata.metadata
OSError ValueError subprocess.SubprocessError: subprocess.run subprocess.call subprocess.check_call subprocess.check_output
OSError ValueError: subprocess.Popen
OSError ValueError subprocess.SubprocessError: subprocess.Popen.*
OSError: asyncio.create_subprocess_exec asyncio.create_subprocess_shell
: os.path.* os.environ.get os.environ.copy os.environ.setdefault os.getenv os.cpu_count os.getpid os.getppid os.urandom os.fspath
KeyError: os.environ.pop
OSError: os.* os.path.getsize os.path.getmtime os.path.getctime os.path.getatime os.path.samefile
OSError: shutil.*
: shutil.which
OSError: pathlib.Path.* tempfile.*
OSError UnicodeDecodeError: pathlib.Path.read_text
: pathlib.Path pathlib.PurePath pathlib.PurePath.* pathlib.PurePosixPath pathlib.Path.cwd pathlib.Path.home
: pathlib.Path.joinpath pathlib.Path.as_posix pathlib.Path.with_name pathlib.Path.with_suffix pathlib.Path.exists
: pathlib.Path.is_file pathlib.Path.is_dir pathlib.Path.is_absolute pathlib.Path.match pathlib.Path.absolute pathlib.Path.with_stem
ValueError: pathlib.Path.relative_to pathlib.PurePath.relative_to
OSError: glob.glob glob.iglob
OSError: socket.*
smtplib.SMTPException OSError: smtplib.*
csv.Error: csv.*
configparser.Error: configparser.*
OSError zipfile.BadZipFile: zipfile.*
OSError tarfile.TarError: tarfile.*
OSError: gzip.open
sqlite3.Error: sqlite3.*
struct.error: struct.*
statistics.StatisticsError: statistics.*
re.error literal: re.compile re.match re.search re.sub re.findall re.fullmatch re.split re.finditer
: re.* string.* textwrap.* html.* itertools.* functools.* operator.* collections.* typing.* typing_extensions.*
: dataclasses.* enum.* copy.copy copy.deepcopy random.* secrets.* hmac.* hashlib.* warnings.warn traceback.* sys.getsizeof
: sys.exc_info sys.exit abc.* contextlib.suppress contextlib.nullcontext threading.Lock threading.RLock inspect.isawaitable
: inspect.iscoroutinefunction inspect.isclass inspect.isfunction inspect.iscoroutine mimetypes.* platform.* gc.* contextvars.*
ValueError OverflowError: math.*
: math.ceil math.floor math.isnan math.isinf math.isclose math.pi
ValueError: enum.Enum enum.IntEnum enum.StrEnum enum.Flag enum.IntFlag
ValueError: email.utils.parsedate_to_datetime
: asyncio.sleep asyncio.Lock asyncio.Semaphore asyncio.Event asyncio.create_task asyncio.ensure_future asyncio.get_event_loop
: asyncio.get_running_loop asyncio.iscoroutinefunction asyncio.gather asyncio.to_thread asyncio.Queue asyncio.Lock.*
asyncio.TimeoutError: asyncio.wait_for asyncio.timeout
: starlette.concurrency.run_in_threadpool fastapi.concurrency.run_in_threadpool anyio.to_thread.run_sync asyncio.shield

: logging.* loguru.* structlog.* sentry_sdk.* rich.*
pydantic.ValidationError: pydantic.BaseModel pydantic.BaseModel.model_validate pydantic.BaseModel.model_validate_json
pydantic.ValidationError: pydantic.BaseModel.model_validate_strings pydantic.BaseModel.parse_obj pydantic.BaseModel.parse_raw
pydantic.ValidationError: pydantic.BaseModel.from_orm pydantic.BaseModel.validate pydantic.TypeAdapter.* pydantic.parse_obj_as
: pydantic.* pydantic.TypeAdapter pydantic.TypeAdapter.json_schema pydantic.TypeAdapter.dump_python pydantic.TypeAdapter.dump_json
pydantic.ValidationError: pydantic.BaseSettings pydantic_settings.*
marshmallow.ValidationError: marshmallow.Schema.load marshmallow.Schema.loads
: marshmallow.* flask_marshmallow.* marshmallow.Schema marshmallow.Schema.dump marshmallow.Schema.dumps marshmallow.Schema.validate

sqlalchemy.exc.SQLAlchemyError: sqlalchemy.* sqlmodel.* flask_sqlalchemy.*
OSError sqlalchemy.exc.SQLAlchemyError: sqlalchemy.ext.asyncio.AsyncEngine.connect sqlalchemy.ext.asyncio.AsyncEngine.begin
: sqlalchemy.select sqlalchemy.text sqlalchemy.func.* sqlalchemy.and_ sqlalchemy.or_ sqlalchemy.desc sqlalchemy.asc sqlalchemy.not_
: sqlalchemy.insert sqlalchemy.update sqlalchemy.delete sqlalchemy.case sqlalchemy.cast sqlalchemy.literal sqlalchemy.Select.*
: sqlalchemy.Insert.* sqlalchemy.Update.* sqlalchemy.Delete.* sqlmodel.select sqlmodel.func.* sqlalchemy.orm.selectinload
: sqlalchemy.orm.joinedload sqlalchemy.Column.* sqlalchemy.sql.* sqlalchemy.orm.Session.close
psycopg2.Error: psycopg2.*
psycopg.Error: psycopg.*
pymysql.MySQLError: pymysql.*
asyncpg.PostgresError asyncpg.InterfaceError OSError: asyncpg.*
pymongo.errors.PyMongoError: pymongo.* motor.*
redis.RedisError: redis.* aioredis.*
: redis.Redis redis.asyncio.Redis redis.StrictRedis redis.Redis.pipeline redis.asyncio.Redis.pipeline
ValueError: redis.Redis.from_url redis.asyncio.Redis.from_url redis.from_url redis.asyncio.from_url

httpx.HTTPError: httpx.*
: httpx.AsyncClient httpx.Client httpx.Timeout httpx.Limits httpx.BasicAuth httpx.AsyncClient.aclose httpx.Client.close
json.JSONDecodeError UnicodeDecodeError: httpx.Response.json
requests.RequestException: requests.*
: requests.Session requests.auth.*
aiohttp.ClientError asyncio.TimeoutError: aiohttp.*
aiohttp.ClientError asyncio.TimeoutError json.JSONDecodeError: aiohttp.ClientResponse.json
: aiohttp.ClientSession aiohttp.ClientTimeout aiohttp.TCPConnector aiohttp.BasicAuth aiohttp.FormData
jwt.PyJWTError: jwt.decode jwt.get_unverified_header jwt.PyJWKClient.* jwt.decode_complete
jwt.PyJWTError TypeError: jwt.encode
: jwt.PyJWKClient
jose.JWTError: jose.jwt.*
jose.exceptions.JOSEError: jose.*
: passlib.context.CryptContext passlib.context.CryptContext.hash werkzeug.security.* bcrypt.gensalt
ValueError TypeError: passlib.context.CryptContext.verify passlib.hash.* bcrypt.checkpw bcrypt.hashpw
cryptography.fernet.InvalidToken: cryptography.fernet.Fernet.decrypt
itsdangerous.BadData: itsdangerous.*
openai.OpenAIError: openai.* litellm.*
anthropic.AnthropicError: anthropic.*
groq.GroqError: groq.*
botocore.exceptions.BotoCoreError botocore.exceptions.ClientError: boto3.* botocore.* aioboto3.*
stripe.StripeError: stripe.*
yaml.YAMLError: yaml.*
ValueError: dateutil.parser.* dateutil.parser.parse
celery.exceptions.CeleryError kombu.exceptions.OperationalError: celery.Task.delay celery.Task.apply_async
multipart.exceptions.MultipartParseError: multipart.*

http json.JSONDecodeError: fastapi.Request.json starlette.requests.Request.json
http: fastapi.Request.form starlette.requests.Request.form
RuntimeError fastapi.WebSocketDisconnect: fastapi.WebSocket.* starlette.websockets.WebSocket.*
: fastapi.* starlette.*
OSError: fastapi.UploadFile.* starlette.datastructures.UploadFile.*
http: flask.abort flask.Request.get_json flask_restful.abort werkzeug.exceptions.abort quart.abort flask_restx.abort flask_smorest.abort
: flask.jsonify flask.redirect flask.flash flask.make_response flask.Response flask.Request.* flask.session.* flask.current_app.*
: flask.g.* flask.request.* flask.Flask.logger.* flask.has_request_context
http: flask_login.* flask_jwt_extended.*
: flask_login.login_user flask_login.logout_user flask_jwt_extended.create_access_token flask_jwt_extended.create_refresh_token

missing several django.db.DatabaseError: django.db.models.Manager.get django.db.models.QuerySet.get
missing django.db.DatabaseError: django.db.models.Manager.latest django.db.models.QuerySet.latest
missing django.db.DatabaseError: django.db.models.Manager.earliest django.db.models.QuerySet.earliest
django.db.DatabaseError: django.db.models.Manager.* django.db.models.QuerySet.* django.db.models.Model.*
django.core.exceptions.ValidationError: django.db.models.Model.full_clean django.db.models.Model.clean
django.core.exceptions.ValidationError: django.contrib.auth.password_validation.* django.core.validators.*
: django.db.models.Q django.db.models.F django.db.models.Count django.db.models.Sum django.db.models.Avg django.db.models.Max
: django.db.models.Min django.db.models.Model django.utils.timezone.* django.http.* django.shortcuts.redirect
django.db.DatabaseError: django.db.transaction.atomic django.contrib.auth.authenticate
http django.db.DatabaseError: django.shortcuts.get_object_or_404 rest_framework.generics.get_object_or_404
http django.db.DatabaseError: rest_framework.serializers.BaseSerializer.is_valid rest_framework.serializers.Serializer.is_valid
http django.db.DatabaseError: rest_framework.serializers.ModelSerializer.is_valid rest_framework.serializers.Serializer.save
http django.db.DatabaseError: rest_framework.serializers.ModelSerializer.save rest_framework.serializers.BaseSerializer.save
: rest_framework.response.Response rest_framework.Response rest_framework.serializers.ModelSerializer rest_framework.serializers.Serializer
"""

# Each exception with its bases, those built in apart: their own are known.
_BASES = """
json.JSONDecodeError: ValueError
zoneinfo.ZoneInfoNotFoundError: KeyError
binascii.Error: ValueError
decimal.InvalidOperation: ArithmeticError
subprocess.SubprocessError: Exception
subprocess.CalledProcessError: subprocess.SubprocessError
subprocess.TimeoutExpired: subprocess.SubprocessError
importlib.metadata.PackageNotFoundError: ModuleNotFoundError
smtplib.SMTPException: OSError
socket.gaierror: OSError
socket.error: OSError
urllib.error.URLError: OSError
urllib.error.HTTPError: urllib.error.URLError
statistics.StatisticsError: ValueError
asyncio.CancelledError: BaseException
pydantic.ValidationError: ValueError
marshmallow.ValidationError: ValueError
sqlalchemy.exc.DBAPIError: sqlalchemy.exc.SQLAlchemyError
sqlalchemy.exc.IntegrityError: sqlalchemy.exc.DBAPIError
sqlalchemy.exc.OperationalError: sqlalchemy.exc.DBAPIError
sqlalchemy.exc.NoResultFound: sqlalchemy.exc.SQLAlchemyError
sqlalchemy.exc.MultipleResultsFound: sqlalchemy.exc.SQLAlchemyError
httpx.RequestError: httpx.HTTPError
httpx.HTTPStatusError: httpx.HTTPError
httpx.TimeoutException: httpx.RequestError
httpx.ConnectError: httpx.RequestError
requests.RequestException: OSError
requests.HTTPError: requests.RequestException
requests.Timeout: requests.RequestException
requests.ConnectionError: requests.RequestException
asyncpg.InterfaceError: Exception
jwt.InvalidTokenError: jwt.PyJWTError
jwt.ExpiredSignatureError: jwt.InvalidTokenError
jose.JWTError: jose.exceptions.JOSEError
jose.ExpiredSignatureError: jose.JWTError
redis.ConnectionError: redis.RedisError
openai.APIError: openai.OpenAIError
openai.RateLimitError: openai.APIError
anthropic.APIError: anthropic.AnthropicError
groq.APIError: groq.GroqError
django.db.IntegrityError: django.db.DatabaseError
django.db.OperationalError: django.db.DatabaseError
kombu.exceptions.OperationalError: Exception
"""

_SAME = """
json.decoder.JSONDecodeError: json.JSONDecodeError
requests.exceptions.RequestException: requests.RequestException
requests.exceptions.HTTPError: requests.HTTPError
requests.exceptions.Timeout: requests.Timeout
requests.exceptions.ConnectionError: requests.ConnectionError
redis.exceptions.RedisError: redis.RedisError
redis.exceptions.ConnectionError: redis.ConnectionError
jose.exceptions.JWTError: jose.JWTError
jose.jwt.JWTError: jose.JWTError
jwt.exceptions.PyJWTError: jwt.PyJWTError
jwt.exceptions.InvalidTokenError: jwt.InvalidTokenError
sqlalchemy.orm.exc.NoResultFound: sqlalchemy.exc.NoResultFound
pydantic_core.ValidationError: pydantic.ValidationError
marshmallow.exceptions.ValidationError: marshmallow.ValidationError
starlette.websockets.WebSocketDisconnect: fastapi.WebSocketDisconnect
django.db.utils.DatabaseError: django.db.DatabaseError
django.db.utils.IntegrityError: django.db.IntegrityError
builtins.IOError: builtins.OSError
builtins.EnvironmentError: builtins.OSError
"""

# Exceptions that a web framework answers by itself.
_ANSWERED = (
    "fastapi.HTTPException", "starlette.exceptions.HTTPException", "fastapi.exceptions.HTTPException",
    "werkzeug.exceptions.", "rest_framework.exceptions.", "django.http.Http404", "django.core.exceptions.PermissionDenied",
    "fastapi.exceptions.RequestValidationError", "ninja.errors.HttpError", "flask_restful.abort",
)  # fmt: skip

# Methods whose names belong to strings, lists and dicts, so that they are harmless on what is not known, too.
BUILT_IN_METHODS = frozenset(
    (
        "strip lstrip rstrip lower upper title capitalize casefold split rsplit splitlines startswith endswith zfill "
        "isdigit isalpha isalnum isnumeric isidentifier isupper islower ljust rjust partition rpartition append extend "
        "setdefault isoformat timestamp total_seconds items swapcase removeprefix removesuffix strftime"
    ).split()
)

LOG_METHODS = frozenset("debug info warning warn error critical exception log".split())


@lru_cache(maxsize=1)
def calls() -> Mapping[str, tuple[str, ...]]:
    """What each listed call raises, by its dotted name (`x.*` for all of a package or a class)."""
    found: dict[str, tuple[str, ...]] = {}
    for row in filter(None, _CALLS.splitlines()):
        raised, _, names = row.partition(":")
        for name in names.split():
            found[_full(name)] = tuple(map(_full, raised.split()))
    return found


@lru_cache(maxsize=1)
def bases() -> Mapping[str, tuple[str, ...]]:
    """The direct bases of the exceptions of libraries."""
    rows = (row.partition(":") for row in filter(None, _BASES.splitlines()))
    return {name: tuple(map(_full, above.split())) for name, _, above in rows}


@lru_cache(maxsize=1)
def same() -> Mapping[str, str]:
    """Other names of exceptions → the one that these tables use."""
    rows = (row.partition(":") for row in filter(None, _SAME.splitlines()))
    return {name: known.strip() for name, _, known in rows}


def is_answered(name: str) -> bool:
    """Whether a web framework turns an exception into an answer by itself."""
    return any(name == each or (each.endswith(".") and name.startswith(each)) for each in _ANSWERED)


_MARKS = frozenset({HTTP, UNLESS_TEXT, UNLESS_LITERAL, MISSING, SEVERAL})
_PLAIN = frozenset("str bytes bytearray dict list tuple set frozenset int float bool object".split())


def _full(name: str) -> str:
    first = name.partition(".")[0]
    is_built_in = "." not in name or first in _PLAIN
    return name if name in _MARKS or not is_built_in else f"builtins.{name}"
