"""Which files make a project, and which of them are reported on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from api_lint import discover
from api_lint.config import Settings
from api_lint.discover import Project

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs links, FIFOs and modes")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder for the user, so that nothing above the test's files can be taken for a project."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.fixture
def root(home: Path) -> Path:
    folder = home / "project"
    touch(folder, "pyproject.toml")
    return folder


def touch(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


def find(*paths: Path, **settings: object) -> Project:
    return discover.find([str(path) for path in paths], Settings(**settings))  # type: ignore[arg-type]


def test_a_folder(root: Path) -> None:
    touch(
        root, "app/b.py", "app/a.py", "a.py", "readme.txt", "app/c.pyi", "app/d.py.bak", ".hidden/e.py"
    )
    project = find(root)
    assert project.root == root
    assert project.files == (".hidden/e.py", "a.py", "app/a.py", "app/b.py")
    assert project.targets == project.files
    assert project.failures == ()


def test_the_project_is_more_than_what_is_named(root: Path) -> None:
    touch(root, "app/a.py", "app/b.py", "lib/c.py")
    assert find(root / "app").targets == ("app/a.py", "app/b.py")
    assert find(root / "app" / "a.py").targets == ("app/a.py",)
    assert find(root / "app" / "a.py", root / "lib").targets == ("app/a.py", "lib/c.py")
    assert find(root / "app" / "a.py").files == ("app/a.py", "app/b.py", "lib/c.py")
    assert find(root / "app" / "a.py").root == root


@pytest.mark.parametrize(
    "marker", ["pyproject.toml", "setup.py", "setup.cfg", "api-lint.toml", ".git/HEAD", ".git"]
)
def test_markers(home: Path, marker: str) -> None:
    touch(home, f"x/{marker}", "x/app/a.py", "x/b.py", "y.py")
    assert find(home / "x" / "app").root == home / "x"
    assert {"app/a.py", "b.py"} <= set(find(home / "x" / "app").files)


def test_the_nearest_marker_wins(root: Path) -> None:
    touch(root, "backend/setup.py", "backend/app/a.py", "b.py")
    assert find(root / "backend" / "app").root == root / "backend"
    assert find(root / "backend", root / "b.py").root == root


def test_manage_py_marks_only_where_nothing_else_does(home: Path, root: Path) -> None:
    touch(home, "django/manage.py", "django/shop/a.py")
    assert find(home / "django" / "shop").root == home / "django"
    touch(root, "site/manage.py", "site/shop/a.py")
    assert find(root / "site" / "shop").root == root


def test_the_configuration_file_says_where_the_root_is(root: Path) -> None:
    touch(root, "backend/setup.py", "backend/a.py", "b.py")
    project = find(root / "backend", source=root / "pyproject.toml")
    assert project.root == root
    assert project.targets == ("backend/a.py", "backend/setup.py")


def test_without_a_marker_nothing_else_is_taken_in(home: Path) -> None:
    touch(home, "x/app/a.py", "x/app/b.py", "x/c.py")
    assert find(home / "x" / "app").root == home / "x" / "app"
    assert find(home / "x" / "app").files == ("a.py", "b.py")
    assert find(home / "x" / "app" / "a.py").files == ("a.py",)


def test_without_a_marker_a_package_stays_whole(home: Path) -> None:
    touch(home, "x/app/__init__.py", "x/app/core/__init__.py", "x/app/core/a.py", "x/app/b.py", "x/c.py")
    project = find(home / "x" / "app" / "core" / "a.py", home / "x" / "c.py")
    assert project.root == home / "x"
    assert project.targets == ("app/core/a.py", "c.py")
    assert project.files == (
        "app/__init__.py",
        "app/b.py",
        "app/core/__init__.py",
        "app/core/a.py",
        "c.py",
    )


def test_a_repository_of_dotfiles_is_no_project(home: Path) -> None:
    touch(home, ".git/HEAD", "x/a.py", "y/b.py")
    assert find(home / "x").files == ("a.py",)


def test_nothing_above_home_is_a_root(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(home, "pyproject.toml", "users/me/x/a.py")
    monkeypatch.setenv("HOME", str(home / "users" / "me"))
    monkeypatch.setenv("USERPROFILE", str(home / "users" / "me"))
    assert find(home / "users" / "me" / "x").root == home / "users" / "me" / "x"


def test_default_excludes(root: Path) -> None:
    touch(
        root,
        "a.py",
        "venv/b.py",
        ".venv/b.py",
        "node_modules/b.py",
        "build/b.py",
        "x.egg-info/b.py",
        "__pycache__/b.py",
    )
    assert find(root).files == ("a.py",)


def test_source_in_a_folder_called_as_output_is(root: Path) -> None:
    touch(
        root,
        "app/features/build/api.py",
        "app/features/build/inner/more.py",
        "app/web/build/lib/copied.py",
        "libs/one/pyproject.toml",
        "libs/one/dist/copied.py",
        "dist/copied.py",
    )
    found = ("app/features/build/api.py", "app/features/build/inner/more.py")
    assert find(root).files == found
    assert find(root, extend_exclude=("build",)).files == ()
    assert find(root, force_exclude=True).files == found


def test_configured_excludes(root: Path) -> None:
    touch(root, "a.py", "gen/b.py", "x/gen/c.py", "y/c.py", "build/d.py")
    assert find(root, extend_exclude=("/gen", "y/*.py")).files == ("a.py", "x/gen/c.py")
    assert find(root, exclude=("gen",)).files == ("a.py", "build/d.py", "y/c.py")


def test_ignore_files_at_every_level(root: Path) -> None:
    touch(
        root,
        "a.py",
        "skip.py",
        "x/skip.py",
        "x/y/skip.py",
        "x/y/local.py",
        "local.py",
        "x/y/z/deep.py",
        "z/deep.py",
    )
    (root / ".gitignore").write_text("skip.py\n")
    (root / "x" / "y" / ".gitignore").write_text("!skip.py\n/local.py\nz/\n")
    assert find(root).files == ("a.py", "local.py", "x/y/skip.py", "z/deep.py")


def test_ignore_files_of_the_repository_above_the_root(home: Path) -> None:
    touch(
        home,
        "repo/.git/info/exclude",
        "repo/backend/pyproject.toml",
        "repo/backend/a.py",
        "repo/backend/b.py",
        "repo/backend/c.py",
    )
    (home / "repo" / ".gitignore").write_text("backend/b.py\n")
    (home / "repo" / ".git" / "info" / "exclude").write_text("c.py\n")
    project = find(home / "repo" / "backend")
    assert project.root == home / "repo" / "backend"
    assert project.files == ("a.py",)


def test_what_is_named_is_taken_though_ignored(root: Path) -> None:
    touch(root, "a.py", "gen/b.py", "gen/sub/c.py", "script")
    (root / ".gitignore").write_text("gen/\n")
    assert find(root / "gen" / "b.py").targets == ("gen/b.py",)
    assert find(root / "gen").targets == ("gen/b.py", "gen/sub/c.py")
    assert find(root / "gen").files == ("a.py", "gen/b.py", "gen/sub/c.py")
    assert find(root / "script").targets == ("script",)
    assert find(root).files == ("a.py",)


def test_force_exclude(root: Path) -> None:
    touch(root, "a.py", "gen/b.py", "build/c.py")
    (root / ".gitignore").write_text("gen/\n")
    project = find(
        root / "gen" / "b.py", root / "gen", root / "build" / "c.py", root / "a.py", force_exclude=True
    )
    assert project.targets == ("a.py",)


def test_what_does_not_exist(root: Path) -> None:
    project = find(root / "nope.py", root / "a\0b.py")
    assert [(failure.path, failure.reason) for failure in project.failures] == [
        ("a\0b.py", "not a path"),
        ("nope.py", "no such file"),
    ]


@POSIX
def test_links(home: Path, root: Path) -> None:
    touch(home, "outside/secret.py", "outside/plain.py")
    touch(root, "a.py", "x/b.py")
    (root / "loop").symlink_to(root)
    (root / "x" / "up").symlink_to("..")
    (root / "out").symlink_to(home / "outside")
    (root / "out.py").symlink_to(home / "outside" / "plain.py")
    (root / "in.py").symlink_to(root / "a.py")
    (root / "dangling.py").symlink_to(root / "nothing.py")
    (root / "self.py").symlink_to(root / "self.py")
    project = find(root)
    assert project.files == ("a.py", "in.py", "x/b.py")
    assert project.failures == ()


@POSIX
def test_named_links_do_not_lead_out_either(home: Path, root: Path) -> None:
    touch(home, "outside/plain.py")
    touch(root, "a.py")
    (root / "out").symlink_to(home / "outside")
    (root / "out.py").symlink_to(home / "outside" / "plain.py")
    project = find(root / "out", root / "out.py", root / "out" / "plain.py", root / "a.py")
    assert project.targets == ("a.py",)
    assert {failure.path for failure in project.failures} == {"out", "out.py", "out/plain.py"}
    assert all("leads out" in failure.reason for failure in project.failures)


@POSIX
def test_a_link_to_a_project_is_that_project(home: Path, root: Path) -> None:
    touch(root, "a.py", "x/b.py")
    (home / "link").symlink_to(root)
    assert find(home / "link").targets == ("a.py", "x/b.py")
    assert find(home / "link" / "x" / "b.py").targets == ("x/b.py",)


@POSIX
def test_what_is_no_file(root: Path) -> None:
    touch(root, "a.py", "sub/b.py")
    os.mkfifo(root / "sub" / "pipe.py")
    os.mkfifo(root / ".gitignore")
    assert [(f.path, f.reason) for f in find(root).failures] == [("sub/pipe.py", "a FIFO, not a file")]
    assert [(f.path, f.reason) for f in find(root / "sub" / "pipe.py").failures] == [
        ("sub/pipe.py", "a FIFO, not a file")
    ]
    assert find(root / "a.py").failures == ()
    assert [f.reason for f in find(Path("/dev/null")).failures] == ["a device, not a file"]


@POSIX
def test_an_unreadable_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(root, "a.py", "locked/b.py", "open/c.py")
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    project = find(root)
    assert project.files == ("a.py", "open/c.py")
    assert [tuple(failure)[:2] for failure in project.failures] == [
        ("locked", "the folder cannot be read: permission denied")
    ]
    assert find(root / "open").failures == ()


@POSIX
def test_names_that_are_not_utf8(root: Path) -> None:
    with open(os.fsencode(root) + b"/\xff.py", "w"):
        pass
    assert find(root).files == ("\udcff.py",)


def test_a_folder_that_is_called_like_a_file(root: Path) -> None:
    touch(root, "x.py/a.py")
    assert find(root).files == ("x.py/a.py",)


def test_relative_paths(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(root, "app/a.py", "lib/b.py")
    monkeypatch.chdir(root / "app")
    assert discover.find(["."], Settings()).targets == ("app/a.py",)
    assert discover.find(["../lib"], Settings()).targets == ("lib/b.py",)
    assert discover.find([], Settings()).targets == ()


def test_standard_input(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(root, "app/a.py")
    monkeypatch.chdir(root)
    assert discover.find_stdin(None, Settings()) == Project(root, ("-",), ("-",))
    named = discover.find_stdin("app/new.py", Settings())
    assert named == Project(root, ("app/a.py", "app/new.py"), ("app/new.py",))
    assert discover.find_stdin("build/new.py", Settings(force_exclude=True)).targets == ()


def test_the_walk_is_fast(root: Path) -> None:
    for folder in range(100):
        touch(root, *(f"p{folder % 10}/q{folder}/m{file}.py" for file in range(20)))
    (root / ".gitignore").write_text("*.py[cod]\n*$py.class\nbuild/\n.env\n*.log\ndocs/_build/\n" * 10)
    start = time.perf_counter()
    assert len(find(root).files) == 2000
    # About 20 ms on a quiet machine; the bound only tells a walk that has become quadratic.
    assert time.perf_counter() - start < 2
