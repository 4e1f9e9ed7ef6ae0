"""What is built, and that it can be installed in all four ways: wheel, sdist, editable, from a clone.

These tests talk to the package index that pip is configured for.
"""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
APP = "import time\nfrom fastapi import FastAPI\nasync def poll():\n    time.sleep(1)\n"

pytestmark = pytest.mark.xdist_group("packaging")


def run(*command: str | Path, cwd: Path | None = None) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=clean,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone of the checkout holds, without what tools have left in it."""
    target = tmp_path_factory.mktemp("clone") / "api-lint"
    left = shutil.ignore_patterns(
        ".git", ".venv", "venv", "*.egg-info", "build", "dist", "__pycache__", ".*_cache"
    )
    shutil.copytree(CHECKOUT, target, ignore=left, symlinks=True)
    return target


@pytest.fixture(scope="session")
def built(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is made from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, clone)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


def sources() -> set[str]:
    """The names that the package's files have when they are installed."""
    own = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "api_lint").rglob("*.py")}
    rules = {f"api_lint/rules/{path.name}" for path in (CHECKOUT / "rules").rglob("*.py")}
    return own | rules | {"api_lint/py.typed"}


def test_the_wheel_holds_the_tree(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == sources()


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (points,) = (
            archive.read(n).decode() for n in archive.namelist() if n.endswith("entry_points.txt")
        )
        (text,) = (
            archive.read(n).decode() for n in archive.namelist() if n.endswith(".dist-info/METADATA")
        )
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert "[api_lint.rules]\nbuiltin = api_lint.rules\n" in points
    assert "[console_scripts]\napi-lint = api_lint.__main__:main\n" in points
    metadata = email.message_from_string(text)
    assert metadata["Name"] == "api-lint"
    assert metadata["Requires-Python"] == ">=3.10"
    needed = [value for value in metadata.get_all("Requires-Dist", []) if "extra ==" not in value]
    assert [value.split(">")[0] for value in needed] == ["click", "libcst", "rich", "tomli"]


def test_the_sdist_is_enough_to_build_from(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    ours = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "api_lint").rglob("*.py")}
    rules = {f"rules/{path.name}" for path in (CHECKOUT / "rules").glob("*.py")}
    assert names >= ours | rules | {"pyproject.toml", "README.md", "LICENSE"}


class Environment:
    """A virtual environment of its own."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True)
        self.bin = folder / ("Scripts" if sys.platform == "win32" else "bin")
        self.folder = folder

    def pip(self, *arguments: str | Path) -> None:
        run(
            self.bin / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *arguments,
        )

    def check(self) -> None:
        """See that the command works, finds our rules and no stranger's, from a folder that has nothing to do with us."""
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        (elsewhere / "app.py").write_text(APP, encoding="utf-8")
        listed = run(self.bin / "api-lint", "rules", cwd=elsewhere)
        expected = {path.stem.replace("_", "-") for path in (CHECKOUT / "rules").glob("[a-z]*.py")}
        assert {line.split()[1] for line in listed.splitlines()[1:]} == expected
        for command in ([self.bin / "api-lint"], [self.bin / "python", "-m", "api_lint"]):
            found = run(*command, "--output-format", "concise", "--exit-zero", "app.py", cwd=elsewhere)
            assert found.startswith("app.py:4:5: API601 ")


def test_a_wheel_beside_the_package_called_rules(wheel: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    environment.pip("rules", wheel)
    environment.check()
    script = "import rules; print(rules.__file__, rules.add_rule.__name__)"
    where = run(environment.bin / "python", "-c", script, cwd=tmp_path)
    assert "site-packages" in where
    assert "add_rule" in where


def test_an_editable_install(clone: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    environment.pip("rules", "--editable", clone)
    environment.check()


def test_an_install_from_a_clone(clone: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    environment.pip(clone)
    environment.check()
