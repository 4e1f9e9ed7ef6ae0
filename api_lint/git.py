"""Old versions of files, asked of git so that nothing a repository says can run.

A repository's own configuration can name programs: monitors, hooks, filters, pagers, external diffs, transports. So git
is asked only for what needs none of them (which commit a name means, what is in a commit, the raw bytes of a blob), and
never to look at the working tree or the index, to fetch, or to show anything. What could still start a program is
switched off besides. This is the only module that starts one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from api_lint.config import ProblemError
from api_lint.text import visible

_TIMEOUT = 60.0

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # no transport has that name, and the repository cannot overrule it
    "GIT_ASKPASS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "",
    "GIT_SSH_COMMAND": "false",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "SSH_ASKPASS": "",
}
_OVERRIDES = (
    "core.alternateRefsCommand=",
    "core.askPass=",
    f"core.attributesFile={os.devnull}",
    "core.fsmonitor=false",
    "core.gitProxy=",
    f"core.hooksPath={os.devnull}",
    "core.sshCommand=false",
    "credential.helper=",
    "diff.external=",
    "protocol.allow=never",
)
_REGULAR = (b"100644", b"100755", b"100664")


class GitError(ProblemError):
    """What git cannot tell, in a sentence for the user."""


class Repository:
    """A git checkout.

    Parameters: `top`, the folder that holds its `.git`.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        self._program = _program()

    def base(self, revision: str) -> str:
        """The commit at which the checked-out branch left `revision`, as in `git diff revision...`.

        Parameters: `revision`, anything that names a commit.
        Returns: the commit's name in hexadecimal digits.
        Raises: GitError where there is no such commit, or none that both have in common.
        """
        if not revision or revision.startswith("-") or not revision.isprintable():
            raise GitError(f"`{visible(revision)}` is no revision")
        commits = []
        for name in (revision, "HEAD"):
            code, out, _ = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")  # fmt: skip
            if code:
                self._see_whether_git_works()
                raise GitError(f"git knows no commit `{visible(name)}`{self._shallow()}")
            commits.append(out.decode().strip())
        code, out, error = self._run("merge-base", *commits)
        if code > 1:
            raise GitError(_reason(error))
        if code:
            raise GitError(f"`{revision}` and HEAD have no commit in common{self._shallow()}")
        return out.decode().split()[0]

    def files(self, commit: str) -> dict[str, str]:
        """The regular files of a commit: path from the top, with forward slashes → name of the blob."""
        code, out, error = self._run("ls-tree", "-r", "-z", "--full-tree", commit)
        if code:
            raise GitError(_reason(error))
        found = {}
        for entry in out.split(b"\0"):
            about, _, path = entry.partition(b"\t")
            if about[:6] in _REGULAR:
                found[os.fsdecode(path)] = about.split()[2].decode()
        return found

    def blobs(self, names: Iterable[str]) -> dict[str, bytes]:
        """The contents of blobs by their names, to the byte as they are stored.

        Raises: GitError where one is not in this clone; it is not fetched.
        """
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        code, out, error = self._run("cat-file", "--batch", sent="\n".join(wanted).encode() + b"\n")
        found = dict(zip(wanted, _contents(out)))
        if len(found) < len(wanted):
            if code and not out:
                raise GitError(_reason(error))
            raise GitError("this clone does not hold the old version of every file; fetch it whole")
        return found

    def _see_whether_git_works(self) -> None:
        code, _, error = self._run("rev-parse", "--git-dir")
        if code:
            raise GitError(_reason(error))

    def _shallow(self) -> str:
        code, out, _ = self._run("rev-parse", "--is-shallow-repository")
        is_shallow = not code and out.strip() == b"true"
        return "; this clone is shallow: fetch more of its history" if is_shallow else ""

    def _run(self, *arguments: str, sent: bytes = b"") -> tuple[int, bytes, bytes]:
        overrides = [part for override in _OVERRIDES for part in ("-c", override)]
        command = [self._program, "--no-pager", "--literal-pathspecs", *overrides, *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=self.top,
                env={**_without_git(os.environ), "GIT_CEILING_DIRECTORIES": str(self.top.parent)},
                input=sent,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise GitError(f"git did not answer in {_TIMEOUT:.0f} seconds") from None
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror or error}") from None
        return done.returncode, done.stdout, done.stderr


def _without_git(environment: Iterable[str]) -> dict[str, str]:
    """The environment without what would point git elsewhere, as hooks set it."""
    kept = {name: os.environ[name] for name in environment if not name.upper().startswith("GIT_")}
    return {**kept, **_ENVIRONMENT}


def _program() -> str:
    """Where git is. A relative entry of PATH would make a file of the repository the program."""
    for folder in filter(os.path.isabs, os.environ.get("PATH", os.defpath).split(os.pathsep)):
        for name in ("git", "git.exe"):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    raise GitError("git is not installed")


def _contents(out: bytes) -> Iterator[bytes]:
    """The contents in the answer of `git cat-file --batch`, up to the first that is missing."""
    position = 0
    while position < len(out):
        end = out.index(b"\n", position)
        about: Sequence[bytes] = out[position:end].split()
        if len(about) != 3 or about[1] != b"blob":
            return
        size = int(about[2])
        yield out[end + 1 : end + 1 + size]
        position = end + size + 2


def _reason(error: bytes) -> str:
    lines = error.decode("utf-8", "replace").strip().splitlines() or ["git failed"]
    return f"git says: {visible(lines[0].removeprefix('fatal: '))}"
