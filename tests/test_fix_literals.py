"""Secrets and addresses that move to the environment or to the settings, executed and searched for what must not show."""

import contextlib
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from api_lint import AddField, config, discover, engine, fixes, registry
from api_lint.rule import AddLine

VALUE = "k8#mZq2!vT0pXw4s"
RULES = [r for r in registry.load().rules if r.code in ("API401", "API402")]


def fix(root: Path, files: dict[str, str]) -> tuple[engine.Fixed, dict[str, str]]:
    for path, source in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(source.encode())
    (root / "api-lint.toml").touch()
    settings = config.load(root)
    done = engine.fix(
        discover.find([str(root)], settings), [r() for r in RULES], settings, unsafe=True, jobs=1
    )
    assert not done.result.errors
    return done, {path: after.decode() for path, (_, after) in done.changes.items()}


MOVED = [
    (f'SECRET_KEY = "{VALUE}"\n', "SECRET_KEY", "SECRET_KEY"),
    (f'SECRET_KEY = b"{VALUE}".decode()  # kept\n', "SECRET_KEY", "SECRET_KEY"),
    (
        f'SECRET_KEY = (\n    # kept\n    "{VALUE[:8]}"\n    "{VALUE[8:]}"\n)\n',
        "SECRET_KEY",
        "SECRET_KEY",
    ),
    (f'import os\nSECRET_KEY = os.getenv("MY_SECRET_KEY", "{VALUE}")\n', "SECRET_KEY", "MY_SECRET_KEY"),
    (
        f'from os import getenv\nSECRET_KEY = getenv("MY_SECRET_KEY") or "{VALUE}"\n',
        "SECRET_KEY",
        "MY_SECRET_KEY",
    ),
    (f'CONF = {{"secret_key": "{VALUE}"}}\nx = CONF["secret_key"]\n', "x", "SECRET_KEY"),
    ('DATABASE_URL = "postgresql://shop:hunter2@db.internal/shop"\n', "DATABASE_URL", "DATABASE_URL"),
]


@pytest.mark.parametrize(("source", "name", "variable"), MOVED)
def test_a_secret_is_read_from_the_environment(
    source: str, name: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, after = fix(tmp_path, {"app.py": source})
    if not after:
        assert "decode" in source and done.result.diagnostics[0].refused
        return
    assert after[".env.example"] == f"{variable}=\n"
    before: dict[str, object] = {}
    exec(source, before)
    monkeypatch.setenv(variable, str(before[name]))
    space: dict[str, object] = {}
    exec(after["app.py"], space)
    assert space[name] == before[name]
    assert source.count("kept") == after["app.py"].count("kept")
    assert not done.result.diagnostics


REFUSED = [
    (f'def f(password="{VALUE}"):\n    return password\n', "evaluated on import"),
    (f'os = 1\nSECRET_KEY = "{VALUE}"\n', "os means something else"),
    (f'SECRET_KEY = (\n    "{VALUE[:8]}"  # a\n    "{VALUE[8:]}"\n)\n', "a comment"),
    ('import requests\nrequests.get("https://api.acme.io/v1/{}".format(1))\n', ".format"),
    ('import requests\nrequests.get(f"https://{1}.acme.io/v1")\n', "host"),
]


@pytest.mark.parametrize(("source", "reason"), REFUSED)
def test_refused(source: str, reason: str, tmp_path: Path) -> None:
    done, after = fix(tmp_path, {"app.py": source})
    assert not after
    assert all(reason in d.refused for d in done.result.diagnostics)


URLS = [
    'PAYMENTS_URL = "https://api.pay.io/v1"\nx = PAYMENTS_URL\n',
    'def get(url):\n    return url\nk = 7\nx = get(f"https://api.pay.io/v1/{k}")\n',
    "def get(url):\n    return url\nk = 7\nx = get(f'https://api.pay.io/v1/{k}')\n",
    'def get(url):\n    return url\nx = get("https://api.pay.io/v1?q={a}")\n',
    'def get(base_url="https://api.pay.io"):\n    return base_url\nx = get()\n',
]


@pytest.mark.parametrize("source", URLS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_address_keeps_its_value_as_a_default(source: str, newline: str, tmp_path: Path) -> None:
    source = source.replace("\n", newline)
    done, after = fix(tmp_path, {"app.py": source})
    before: dict[str, object] = {}
    space: dict[str, object] = {}
    exec(source, before)
    exec(after["app.py"], space)
    assert "getenv" in after["app.py"]
    assert space["x"] == before["x"]
    assert after["app.py"].count("\r\n") == (after["app.py"].count("\n") if newline == "\r\n" else 0)
    assert not done.result.diagnostics


SETTINGS = (
    "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n"
    '    name: str = "shop"  # kept\n\n    def f(self) -> str:\n        return self.name\n\n\nsettings = Settings()\n'
)


def test_settings_in_reach_get_a_field(tmp_path: Path) -> None:
    use = "from app.config import settings\n\nprint(settings.name)\n"
    files = {
        "app/__init__.py": "",
        "app/config.py": SETTINGS,
        "app/use.py": use + f'SECRET_KEY = "{VALUE}"\n',
        "app/other.py": f'from app import use\n\nJWT_SECRET = "{VALUE}"\n',
    }
    done, after = fix(tmp_path, files)
    assert "    secret_key: str\n" in after["app/config.py"]
    assert 'name: str = "shop"  # kept\n' in after["app/config.py"]
    assert "SECRET_KEY = settings.secret_key" in after["app/use.py"]
    assert "from app.config import settings" in after["app/other.py"]
    assert "JWT_SECRET = settings.jwt_secret" in after["app/other.py"]
    assert not done.result.diagnostics


def test_no_import_of_settings_that_would_be_a_cycle(tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/config.py": "from app import other\n" + SETTINGS,
        "app/use.py": "from app.config import settings\nprint(settings)\n",
        "app/other.py": f'from app import __init__\n\nJWT_SECRET = "{VALUE}"\n',
    }
    _, after = fix(tmp_path, files)
    assert 'os.environ["JWT_SECRET"]' in after["app/other.py"]


@pytest.mark.parametrize(
    ("source", "written"),
    [
        (f"SECRET_KEY = '{VALUE}'\n", "os.environ['SECRET_KEY']"),
        (f'SECRET_KEY = "{VALUE}"\n', 'os.environ["SECRET_KEY"]'),
        (f'SECRET_KEY = """{VALUE}"""\n', 'os.environ["SECRET_KEY"]'),
        (f"import os\nSECRET_KEY = os.getenv('A_KEY', '{VALUE}')\n", "os.environ['A_KEY']"),
        (f"import os\nSECRET_KEY = os.getenv('A_KEY') or '{VALUE}'\n", "os.environ['A_KEY']"),
        ("ORDERS_URL = 'https://orders.acme.io'\n", "os.getenv('ORDERS_URL', 'https://orders.acme.io')"),
    ],
)
def test_the_quotes_are_those_of_the_literal(tmp_path: Path, source: str, written: str) -> None:
    _, after = fix(tmp_path, {"app.py": source})
    assert f"= {written}\n" in after["app.py"]


@pytest.mark.parametrize(
    ("address", "variable"),
    [
        ("http://127.0.0.1:8000", "SITE_URL"),
        ("redis://cache:6379/0", "SITE_URL"),
        ("https://acme.io", "ACME_IO_URL"),
    ],
)
def test_a_host_that_says_nothing_names_no_variable(tmp_path: Path, address: str, variable: str) -> None:
    source = f'import requests\nSITE_URL = "{address}"\nrequests.get(SITE_URL)\n'
    _, after = fix(tmp_path, {"app.py": source})
    assert f'os.getenv("{variable}", "{address}")' in after["app.py"]


def test_addresses_that_would_share_a_name_are_named_after_their_hosts(tmp_path: Path) -> None:
    source = """
        from authlib.integrations.starlette_client import OAuth
        oauth = OAuth()
        oauth.register(name="google", authorize_url="https://accounts.google.com/o/oauth2/auth")
        oauth.register(name="github", authorize_url="https://github.com/login/oauth/authorize")
        LIVE_URL = "https://acme.io/live"
        """
    _, after = fix(tmp_path, {"app.py": textwrap.dedent(source)})
    names = re.findall(r"""getenv\(["'](\w+)""", after["app.py"])
    assert names == ["ACCOUNTS_GOOGLE_URL", "GITHUB_URL", "LIVE_URL"]


def test_a_settings_field_becomes_required(tmp_path: Path) -> None:
    source = SETTINGS.replace("    def f", f'    secret_key: str = "{VALUE}"\n\n    def f')
    _, after = fix(tmp_path, {"config.py": source})
    assert "    secret_key: str\n" in after["config.py"]
    assert after[".env.example"] == "SECRET_KEY=\n"


def test_different_secrets_have_different_names(tmp_path: Path) -> None:
    files = {
        "a.py": f'API_KEY = "{VALUE}"\nCONF = {{"api_key": "b7Qp2Xv9Lm4Tz8Rw3Ns6Yc1Kd5Hg0Jf"}}\n',
        "b.py": 'API_KEY = "c7Qp2Xv9Lm4Tz8Rw3Ns6Yc1Kd5Hg0Jf"\n',
    }
    _, after = fix(tmp_path, files)
    names = after[".env.example"].split()
    assert len(names) == len(set(names)) == 3


def test_a_name_is_in_the_example_once(tmp_path: Path) -> None:
    _, after = fix(
        tmp_path, {"app.py": f'SECRET_KEY = "{VALUE}"\n', ".env.example": "SECRET_KEY=change\n"}
    )
    assert ".env.example" not in after or after[".env.example"].count("SECRET_KEY") == 1


@pytest.mark.parametrize(
    "options",
    [["--diff", "--unsafe-fixes"], [], ["--output-format", "json"], ["--fix", "--unsafe-fixes"]],
)
def test_the_value_is_never_shown(options: list[str], tmp_path: Path) -> None:
    source = f'import requests\n# once {VALUE}\nSECRET_KEY = "{VALUE}"\n\n\nasync def f(password="{VALUE}"):\n'
    source += f'    return requests.get("https://api.pay.io", auth=("me", "{VALUE}"))\n'
    (tmp_path / "app.py").write_text(source)
    command = [sys.executable, "-m", "api_lint", "check", "--isolated", *options, "."]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "SECRET_KEY" in run.stdout + run.stderr or options[:1] == ["--fix"]
    assert VALUE not in run.stdout + run.stderr


FIELDS = [
    ("class A:\n    x: int\n", "class A:\n    x: int\n    y: str\n"),
    ("class A:\n    x: int  # c", "class A:\n    x: int  # c\n    y: str\n"),
    ('class A:\n    """D."""\n', 'class A:\n    """D."""\n    y: str\n'),
    ("class A:\n    y: str\n", "class A:\n    y: str\n"),
    ("class A: pass\n", None),
    ("class A:\n    y = 1\n", None),
    ("class B:\n    x: int\n", None),
    ("class A:\n    x: int; z: int\n    def f(self): ...\n", None),
]


@pytest.mark.parametrize(("source", "wanted"), FIELDS)
def test_add_field(source: str, wanted: str | None) -> None:
    expected = contextlib.nullcontext() if wanted is not None else pytest.raises(fixes.Refused)
    with expected:
        after = fixes.extend(fixes.read(source.encode()), None, AddField("a.py", "A", "y: str"))
        assert after == wanted


def test_add_line_knows_values() -> None:
    assert (
        fixes.extend(fixes.read(b"export A=1\n"), None, AddLine(".env.example", "A=")) == "export A=1\n"
    )


@pytest.mark.parametrize("settings", [{}, {"config.py": SETTINGS}])
def test_a_variable_with_a_default_is_a_comment_in_the_example(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """A copy of the file would set it to nothing otherwise, and nothing wins over the default."""
    head = "from config import settings\n" if settings else ""
    source = (
        f'{head}import requests\nORDERS_URL = "https://orders.acme.io/v1"\nrequests.get(ORDERS_URL)\n'
    )
    _, after = fix(tmp_path, {**settings, "app.py": source})
    assert after[".env.example"] == "# ORDERS_URL=\n"


@pytest.mark.parametrize(
    ("before", "line", "added"),
    [
        ("A=1\n", "# A=", False),
        ("#A=1\n", "# A=", False),
        ("# A=\n", "# A=", False),
        ("# export A=1\n", "# A=", False),
        ("# about A=\n", "# A=", True),
        ("# A=\n", "A=", True),
        ("BA=1\n", "# A=", True),
    ],
)
def test_a_comment_in_the_example_tells_of_what_need_not_be_set(
    before: str, line: str, added: bool
) -> None:
    after = fixes.extend(fixes.read(before.encode()), None, AddLine(".env.example", line))
    assert after == (f"{before}{line}\n" if added else before)
