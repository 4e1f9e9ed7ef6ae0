"""The flake8 plugin: what `api-lint check` finds, among the results of flake8.

The command itself does the work, once, before flake8 spreads the files over its processes: so the findings are those of
the command, whatever its configuration says. Where a process can be forked it runs in one of its own, and whatever
becomes of it, flake8 and its other plugins go on. flake8 imports this module at every start, so it costs next to nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from api_lint import __version__

if TYPE_CHECKING:
    import ast
    from argparse import Namespace
    from multiprocessing.connection import Connection

_PREFIX = "API"
_STDIN = "-"
_STDIN_NAME = "stdin"

# Where the findings lie for workers that are not forked: the process id of the flake8 that wrote them, `:`, the file.
_SHARED = "API_LINT_FLAKE8_FINDINGS"

_T = TypeVar("_T")
_Row = tuple[int, int, str]
_Found = Mapping[str, Sequence[_Row]]


class _Answer(NamedTuple):
    """What the command said: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


class Plugin:
    """The plugin, as flake8 makes it for each file.

    Parameters: `tree`, whose only use is that flake8 has found the file to be Python; `filename` as flake8 shows it;
    `lines` of the file.
    """

    name: ClassVar[str] = "api-lint"
    version: ClassVar[str] = __version__
    _options: ClassVar[Namespace | None] = None
    _known: ClassVar[dict[tuple[str, ...], _Found]] = {}

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        self.filename = filename
        self.lines = lines

    @classmethod
    def parse_options(cls, _manager: object, options: Namespace, _filenames: object) -> None:
        """Lint, before flake8 spreads the files over processes.

        Parameters: `options` of flake8, with the files and folders that it is to check.
        """
        cls._options, cls._known = options, {}
        try:
            if _is_wanted(options):
                found = _found(cls, options)
                if options.jobs.n_jobs not in (0, 1) and not _reaches_workers():
                    _share(found)
        except Exception as error:  # noqa: BLE001 - flake8 and its other plugins must go on
            _tell(f"error: {_brief(error)}")
            cls._options = None

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The file's findings.

        Returns: for each its row (from 1), its column (from 0), its code and message, and this class.
        """
        try:
            rows = self._rows()
        except Exception as error:  # noqa: BLE001 - flake8 and its other plugins must go on
            rows = [_failure(_brief(error))]
        for row, col, text in rows:
            yield row, col, text, type(self)

    def _rows(self) -> Sequence[_Row]:
        options = self._options
        if options is None or not _is_wanted(options):
            return ()
        if _STDIN in options.filenames and self.filename == (options.stdin_display_name or _STDIN_NAME):
            return _of_stdin(options, "".join(self.lines))
        return _found(type(self), options).get(os.path.abspath(self.filename), ())


def _is_wanted(options: Namespace) -> bool:
    """Whether flake8 would show any of our findings: if not, the project need not be read."""
    if getattr(options, "bug_report", False):
        return False
    others = tuple(code for code in options.extended_default_select if code != _PREFIX)
    chosen = (*(options.select or ()), *(options.extend_select or ()))
    if any(_PREFIX.startswith(code[:3]) or not code.startswith(others) for code in chosen):
        return True
    if options.select is not None:
        return False
    ignored = (*(options.ignore or ()), *(options.extend_ignore or ()))
    return not any(_PREFIX.startswith(code) for code in ignored)


def _found(plugin: type[Plugin], options: Namespace) -> _Found:
    """By absolute path, what is found in the files that flake8 was given: who uses it as a library gives others later."""
    paths = tuple(path for path in options.filenames or (os.curdir,) if path != _STDIN)
    if paths not in plugin._known:
        shared = _shared()
        plugin._known[paths] = _of_paths(options, paths) if shared is None else shared
    return plugin._known[paths]


def _of_paths(options: Namespace, paths: Sequence[str]) -> _Found:
    if not paths:
        return {}
    answer = _ask(options, "--", *paths)
    found: dict[str, list[_Row]] = {}
    for finding in _findings(answer):
        found.setdefault(finding["filename"], []).append(_row(finding))
    reason = _problem(answer)
    if reason:
        first = _first_file(options)
        if first is not None:
            found.setdefault(os.path.abspath(first), []).append(_failure(reason))
    return found


def _of_stdin(options: Namespace, text: str) -> list[_Row]:
    name = options.stdin_display_name
    named = () if name in (None, _STDIN_NAME) else ("--stdin-filename", name)
    answer = _ask(options, *named, _STDIN, source=_encoded(text))
    rows = [_row(finding) for finding in _findings(answer)]
    reason = _problem(answer)
    return [*rows, _failure(reason)] if reason else rows


def _ask(options: Namespace, *arguments: str, source: bytes = b"") -> _Answer:
    """What the command says of some files, its warnings and errors told."""
    jobs = 0 if options.jobs.is_auto else max(1, options.jobs.n_jobs)
    flags = ["--ignore-noqa"] if options.disable_noqa else []
    command = ["check", "--output-format", "json", "--no-fixes", "--jobs", str(jobs), *flags, *arguments]
    try:
        answer = _apart(_command, command, source)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever ended it
        answer = _Answer(2, "", f"error: {_brief(error)}\n")
    for line in answer.err.splitlines():
        _tell(line)
    return answer


def _command(arguments: Sequence[str], source: bytes) -> _Answer:
    """Run the command in this process."""
    import io
    from contextlib import redirect_stderr, redirect_stdout

    from api_lint import cli

    out, err = io.StringIO(), io.StringIO()
    given, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(source))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = cli.run(arguments)
    finally:
        sys.stdin = given
    return _Answer(code, out.getvalue(), err.getvalue())


def _apart(task: Callable[..., _T], *arguments: object) -> _T:
    """Run a task in a process of its own, where one can be forked: LibCST has died of sources, and the memory goes with
    the process."""
    # flake8's own workers, who may start none, get here if flake8 is used as a library.
    if sys.platform != "linux" or multiprocessing.current_process().daemon:
        return task(*arguments)
    context = multiprocessing.get_context("fork")
    try:
        # No pool: that needs semaphores, which some containers do not have.
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=_give, args=(here, there, task, arguments))
        process.start()
    except OSError:
        return task(*arguments)
    there.close()
    try:
        result: _T = here.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"its process died (exit code {process.exitcode})") from None
    except BaseException:
        # Nobody wants what is still being worked on, and whoever interrupted is waiting.
        process.terminate()
        raise
    finally:
        process.join()
        here.close()
    return result


def _give(
    here: Connection, there: Connection, task: Callable[..., _T], arguments: Sequence[Any]
) -> None:
    """Run a task and send its result, unless nobody is there any more to receive it."""
    import signal
    from contextlib import suppress

    # It ends as if interrupted, and so ends its own workers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    here.close()
    with suppress(BrokenPipeError, KeyboardInterrupt):
        there.send(task(*arguments))


def _findings(answer: _Answer) -> Iterable[Mapping[str, Any]]:
    import json

    return json.loads(answer.out) if answer.out else ()


def _row(finding: Mapping[str, Any]) -> _Row:
    from api_lint.text import visible

    place = finding["location"]
    return place["row"], place["column"] - 1, f"{finding['code']} {visible(finding['message'])}"


def _failure(reason: str) -> _Row:
    return 1, 0, f"{_PREFIX}000 api-lint could not do all of its work: {reason}"


def _problem(answer: _Answer) -> str:
    """Why a run is not whole, in one line; "" if it is."""
    if answer.code in (0, 1):
        return ""
    lines = [line for line in answer.err.splitlines() if line.strip()]
    errors = [line.partition(" ")[2] for line in lines if line.lower().startswith("error: ")]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{errors[0]}{more}" if errors else (lines or [f"exit code {answer.code}"])[-1]


def _first_file(options: Namespace) -> str | None:
    """The first file that flake8 will check: what concerns all of them is told there, once."""
    from importlib import import_module

    files = import_module("flake8.discover_files").expand_paths(
        paths=options.filenames,
        stdin_display_name=options.stdin_display_name,
        filename_patterns=options.filename,
        exclude=(*options.exclude, *options.extend_exclude),
    )
    return min((file for file in files if file != _STDIN), default=None)


def _encoded(text: str) -> bytes:
    """Source as it was before flake8 decoded it."""
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(text.encode(errors="replace")).readline)
    return text.encode(encoding, errors="replace")


def _brief(error: BaseException) -> str:
    from api_lint.text import visible

    return visible(" ".join(f"{type(error).__name__}: {error}".split()))


def _tell(line: str) -> None:
    print(f"{Plugin.name}: {line}", file=sys.stderr)


# ---------------------------------------------------------------------------------------------------------- sharing


def _reaches_workers() -> bool:
    """Whether flake8's workers have what this process knows: they are forked, or this is one of them."""
    method = (
        multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]
    )
    return method == "fork" or multiprocessing.parent_process() is not None


def _share(found: _Found) -> None:
    """Leave the findings where workers that start afresh look for them."""
    import atexit
    import json
    import tempfile
    from contextlib import suppress

    handle, path = tempfile.mkstemp(prefix="api-lint-", suffix=".json")
    with open(handle, "w", encoding="utf-8") as file:
        json.dump(found, file)
    os.environ[_SHARED] = f"{os.getpid()}:{path}"

    def remove() -> None:
        with suppress(OSError):
            os.remove(path)

    atexit.register(remove)


def _shared() -> _Found | None:
    """What the flake8 that started this worker has found; `None` if this is no such worker."""
    parent = multiprocessing.parent_process()
    pid, _, path = os.environ.get(_SHARED, "").partition(":")
    if parent is None or pid != str(parent.pid):
        return None
    import json

    with open(path, encoding="utf-8") as file:
        found: _Found = json.load(file)
    return found
