"""The commands. Whatever a command needs is imported when it runs, so that `--help` costs nothing but click."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from api_lint import __version__
from api_lint.formats import FORMATS, LOGS, WITH_FIXES

if TYPE_CHECKING:
    from collections import Counter

    from api_lint.baseline import Baseline, Entry
    from api_lint.cache import Memory
    from api_lint.config import Settings
    from api_lint.discover import Project
    from api_lint.engine import Fixed, Result
    from api_lint.facts import Span
    from api_lint.init import File
    from api_lint.registry import Choice, Registry
    from api_lint.reported import Reported
    from api_lint.reports import View
    from api_lint.rule import Diagnostic, Rule, TextFix
    from api_lint.shelf import Shelf

_OK, _FOUND, _FAILED, _INTERRUPTED = 0, 1, 2, 130
_STDIN = "-"

# Under which name a command's context has what was said on standard error.
_SAID = "api_lint.said"

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Problem(click.ClickException):
    """Something that stops a run."""

    exit_code = _FAILED


class _Output(NamedTuple):
    """A report that is asked for; `file` is `None` for standard output. `counts` asks for counts of each rule instead."""

    format: str
    file: str | None = None
    counts: bool = False


def _parse_outputs(
    ctx: click.Context, param: click.Parameter, values: Iterable[str]
) -> tuple[_Output, ...]:
    """`FORMAT` or `FORMAT=FILE`, each."""
    outputs: list[_Output] = []
    for value in values:
        name, equals, file = value.partition("=")
        if name not in FORMATS:
            raise click.BadParameter(f"{name!r} is none of {', '.join(FORMATS)}", ctx, param)
        if equals and not file:
            raise click.BadParameter(f"{value!r} names no file", ctx, param)
        outputs.append(_Output(name, file if file != _STDIN and file else None))
    return tuple(outputs)


class _Group(click.Group):
    """A group in which `check` may be left out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = (*self.commands, "-h", "--help", "-V", "--version")
        return super().parse_args(ctx, args if args and args[0] in own else ["check", *args])


def run(arguments: Sequence[str]) -> int:
    """Run a command.

    Parameters: `arguments` of the command line, without the program's name.
    Returns: the exit code: 0 nothing found, 1 findings, 2 something went wrong, 130 interrupted.
    """
    try:
        _see_where_it_stands()
        code = main.main([*arguments], prog_name="api-lint", standalone_mode=False, obj=tuple(arguments))
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return _FAILED
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        _close_quietly()
        return _OK
    except Exception:  # noqa: BLE001 - Python's own exit code for a crash is 1, which means findings here
        import traceback

        traceback.print_exc()
        return _FAILED
    return code if isinstance(code, int) else _OK


def _see_where_it_stands() -> None:
    try:
        os.getcwd()
    except OSError as error:
        raise _Problem(f"the working folder is gone: {error.strerror or error}") from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def main() -> None:
    """Find what is wrong in FastAPI, Flask and Django REST framework code bases, across files.

    `api-lint [PATHS]` is short for `api-lint check [PATHS]`.
    """


# Read off the arguments by `replay`, which runs before there is a parser.
_CACHING = (
    click.option("--no-cache", is_flag=True, expose_value=False, help="Neither use nor keep what earlier runs found."),
    click.option(
        "--cache-dir", metavar="FOLDER", expose_value=False, help="Where to keep what runs have found; by default the user's cache folder."
    ),
)  # fmt: skip


def _common(command: _Command) -> _Command:
    """The options of every command that reads a code base."""
    for option in (
        click.option(
            "-j",
            "--jobs",
            type=click.IntRange(min=0),
            default=0,
            help="Processes; 0: as many as there are cores.",
        ),
        click.option(
            "--config",
            multiple=True,
            metavar="FILE|TOML",
            help="A configuration file, or `key = value`.",
        ),
        click.option("--isolated", is_flag=True, help="Ignore all configuration files."),
        *_CACHING,
        click.argument("paths", nargs=-1, type=click.Path()),
    ):
        command = option(command)
    return command


def _selecting(command: _Command) -> _Command:
    """The options that select rules."""
    for option in (
        click.option(
            "--extend-select", multiple=True, metavar="RULES", help="Rules to add to the selected ones."
        ),
        click.option("--ignore", multiple=True, metavar="RULES", help="Rules to leave out."),
        click.option(
            "--select", multiple=True, metavar="RULES", help="Codes, beginnings of codes, names, or ALL."
        ),
    ):
        command = option(command)
    return command


@main.command()
@_common
@_selecting
@click.option(
    "--output-format",
    "output_formats",
    callback=_parse_outputs,
    multiple=True,
    metavar="FORMAT[=FILE]",
    help=f"How to report, and into which file; several times for several reports: {', '.join(FORMATS)}.",
)
@click.option(
    "-o",
    "--output-file",
    metavar="FILE",
    help="Write the report to a file: the one whose format names none.",
)
@click.option("-e", "--exit-zero", is_flag=True, help="Exit with 0 though there are findings.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked.")
@click.option(
    "--show-settings", is_flag=True, help="Show the settings in force, and where they come from."
)
@click.option("--stdin-filename", metavar="FILE", help="The file that standard input (`-`) stands for.")
@click.option("--force-exclude", is_flag=True, help="Exclude even files that are named.")
@click.option("--ignore-noqa", is_flag=True, help="Report what a `# noqa` silences, too.")
@click.option(
    "--no-fixes", is_flag=True, hidden=True, help="Do not work out fixes, which saves half the time."
)
@click.option("--fix", "fix_mode", flag_value="fix", help="Apply the fixes that keep behaviour.")
@click.option(
    "--fix-only", "fix_mode", flag_value="fix-only", help="Apply fixes, report nothing that is left."
)
@click.option("--diff", "fix_mode", flag_value="diff", help="Show what would be fixed, write nothing.")
@click.option("--unsafe-fixes", is_flag=True, help="Fixes that may change behaviour, too.")
@click.option("--show-fixes", is_flag=True, help="List what was fixed.")
@click.option(
    "--baseline",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Report only what is not in the baseline.",
)
@click.option("--no-baseline", is_flag=True, help="Report what is in the configured baseline, too.")
@click.option("--since", metavar="REV", help="Report only what stands on rows changed since a revision.")
@click.option("--add-ignores", metavar="REASON", help="Write a suppression at each finding.")
@click.option(
    "--exit-non-zero-on-fix",
    is_flag=True,
    help="Exit with 1 if a file was fixed, though nothing is left.",
)
def check(
    paths: tuple[str, ...],
    isolated: bool,
    config: tuple[str, ...],
    jobs: int,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...],
    output_formats: tuple[_Output, ...],
    output_file: str | None,
    exit_zero: bool,
    statistics: bool,
    show_files: bool,
    show_settings: bool,
    stdin_filename: str | None,
    force_exclude: bool,
    ignore_noqa: bool,
    no_fixes: bool,
    fix_mode: str | None,
    unsafe_fixes: bool,
    show_fixes: bool,
    baseline: str | None,
    no_baseline: bool,
    since: str | None,
    add_ignores: str | None,
    exit_non_zero_on_fix: bool,
) -> int:
    """Check files and folders, and fix them.

    Without any, the working folder is checked; `-` is standard input.
    """
    from dataclasses import replace
    from time import time_ns

    begun = time_ns()
    with _told():
        settings = _settings(paths, isolated, config, stdin_filename)
        outputs = _outputs(output_formats, settings.output_format, output_file, statistics)
        chosen = settings.chosen(
            _split(select) if select else None, _split(ignore), _split(extend_select)
        )
        chosen = replace(chosen, ignore_noqa=ignore_noqa)
        project, sources = _project(paths, chosen, stdin_filename, force_exclude)
        if show_settings:
            is_json = any(output.format == "json" for output in output_formats)
            return _show_settings(project, chosen, paths, stdin_filename, is_json)
        if not project.targets and paths != (_STDIN,):
            _say("warning", "No Python files found under the given paths")
        only = _only(paths, project, chosen, sources, baseline, no_baseline, since)
        project = only.narrowed(project) if only is not None else project
        if show_files:
            return _show_files(project)
        has_changed = False
        if fix_mode is not None or add_ignores is not None:
            _refuse_reports(outputs, fix_mode or "fix", bool(sources))
            reason = None if add_ignores is None else _reason(add_ignores, fix_mode, sources)
            fixed, view, is_whole = _fix(project, chosen, jobs, sources, unsafe_fixes, only, reason)
            if fix_mode == "diff" or sources:
                removed = _secrets(fixed.before, _chosen_rules(chosen, project))
                return _show_changes(fixed, view, is_whole, fix_mode == "diff", exit_zero, removed)
            done = "fixed" if reason is None else "silenced"
            is_whole = _write(fixed, view, show_fixes, done) and is_whole
            result = fixed.result
            has_changed = exit_non_zero_on_fix and bool(fixed.changes)
            if fix_mode == "fix-only":
                return _code(is_whole, has_changed and not exit_zero)
        else:
            wants_fixes = not no_fixes and any(o.format in WITH_FIXES and not o.counts for o in outputs)
            result, view, is_whole = _lint(project, chosen, jobs, sources, wants_fixes, only)
    printed: list[str] = []
    is_whole = _publish(outputs, result.diagnostics, view, printed) and is_whole
    code = _code(is_whole, not exit_zero and (has_changed or bool(result.diagnostics)))
    is_plain = fix_mode is None and add_ignores is None and since is None and not sources
    can_be_kept = is_whole and not result.is_passing and all(project.listed.values())
    if is_plain and can_be_kept and not _leaves_files(outputs):
        has_baseline = not no_baseline and (baseline is not None or bool(settings.baseline))
        others = [_baseline_file(baseline, project, settings)] if has_baseline else []
        _keep(paths, project, settings, others, begun, "".join(printed), code, result.contents)
    return code


def _leaves_files(outputs: Iterable[_Output]) -> bool:
    """Whether a report is more than what is printed."""
    has_summary = bool(os.environ.get("GITHUB_STEP_SUMMARY"))
    return any(o.file is not None or (o.format == "github" and has_summary) for o in outputs)


def _keep(
    paths: tuple[str, ...],
    project: Project,
    settings: Settings,
    others: Iterable[str],
    begun: int,
    printed: str,
    code: int,
    contents: Mapping[str, str],
) -> None:
    """Keep what a run printed for the next one."""
    from api_lint import inputs, replay

    context = click.get_current_context()
    if replay.folder(context.obj):
        watched = inputs.of(paths, project, settings, others, contents)
        said = "".join(context.meta.get(_SAID, ()))
        replay.keep(context.obj, watched, begun, printed, said, code)


def _code(is_whole: bool, found: bool) -> int:
    """The exit code: that something went wrong outweighs what was found."""
    if not is_whole:
        return _FAILED
    return _FOUND if found else _OK


@main.command()
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def rules(output_format: str) -> int:
    """List all rules."""
    from api_lint.reports import rules as report

    registry = _registry()
    if output_format == "json":
        _emit(report.render_json(registry.rules))
    else:
        _emit(report.render(registry.rules, _width(), _has_color(sys.stdout)))
    return _FAILED if registry.errors else _OK


@main.command()
@click.argument("rule")
def explain(rule: str) -> int:
    """Explain a rule, by code or name."""
    from api_lint import registry as loader
    from api_lint.reports import rules as report

    registry = _registry()
    found = registry.find(rule)
    if found is None and rule.upper() in loader.OWN_CODES:
        _emit([f"{rule.upper()} {loader.OWN_CODES[rule.upper()]}\n"])
        return _OK
    if found is None:
        raise _Problem(f"there is no rule `{rule}`{loader.nearest(rule, registry)}")
    _emit(report.explain(found, _width(), _has_color(sys.stdout)))
    return _OK


@main.command()
@_common
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def routes(
    paths: tuple[str, ...], isolated: bool, config: tuple[str, ...], jobs: int, output_format: str
) -> int:
    """List all routes of an API.

    For each: methods, full path, handler, framework, dependencies and response model.
    """
    from api_lint import engine
    from api_lint.reports import View
    from api_lint.reports import routes as report

    with _told():
        settings = _settings(paths, isolated, config, None)
        project, _ = _project(paths, settings, None, False)
    with _progress(sys.stderr) as progress:
        found, failures = engine.routes(project, settings, jobs=jobs, progress=progress)
    view = View(str(project.root), os.getcwd(), _has_color(sys.stdout))
    for failure in failures:
        _say("warning", f"{view.path(failure.path)}: {failure.message}")
    _emit(
        report.render_json(found, view)
        if output_format == "json"
        else report.render(found, view, _width())
    )
    return _OK


@main.command("config-schema")
def config_schema() -> int:
    """Print the JSON schema of the configuration, for editors."""
    from api_lint.reports import schema

    registry = _registry()
    _emit(schema.render(registry.rules))
    return _FAILED if registry.errors else _OK


@main.command()
@click.argument("folder", type=click.Path(), default=".")
@click.option("--pre-commit/--no-pre-commit", default=None, help="Whether to write the pre-commit entry; by default in a git repository.")  # fmt: skip
@click.option("--ci/--no-ci", default=None, help="Whether to write a workflow for GitHub; by default where there is a .github.")  # fmt: skip
@click.option("--diff", "as_diff", is_flag=True, help="Show what would be written, write nothing.")
def init(folder: str, pre_commit: bool | None, ci: bool | None, as_diff: bool) -> int:
    """Begin with api-lint in a folder.

    Writes a commented api-lint.toml fit for the frameworks that are used, an entry for pre-commit and a workflow for
    GitHub. What is there already is left as it is.
    """
    from api_lint import config, discover, engine
    from api_lint import init as beginning

    full = os.path.abspath(folder)
    if not os.path.isdir(full):
        raise _Problem(f"{_near(full)} is no folder")
    rules = _registry().rules
    with _told():
        settings = config.load(discover.start_of([full]))
        project = discover.find([full], settings)
        with _progress(sys.stderr) as progress:
            routes, failures = engine.routes(project, settings, progress=progress)
        seen = beginning.look(project, routes)
        source = str(settings.source) if settings.source else None
        files = beginning.plan(full, seen, rules, configured=source, pre_commit=pre_commit, ci=ci)
        if not as_diff:
            beginning.write(files, beginning.top_of(full))
    for failure in failures:
        _say("warning", f"{_near(str(project.root / failure.path))}: {failure.message}")
    if as_diff:
        return _show_new_files(files)
    if project.root != type(project.root)(full) and files[0].content:
        _say("note", f"{_near(full)} is a project of its own now; so far it was part of {project.root}")
    _emit(_told_of_files(files, full))
    return _OK


@main.command()
@_common
@_selecting
@click.option("--baseline", "file", metavar="FILE", help="The baseline, if it is not the usual file.")
@click.option("--update", "mode", flag_value="update", help="Take out what is fixed, and add nothing.")
@click.option(
    "--accept-new", "mode", flag_value="accept", help="Take out what is fixed, add what is new."
)
def baseline(
    paths: tuple[str, ...],
    isolated: bool,
    config: tuple[str, ...],
    jobs: int,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...],
    file: str | None,
    mode: str | None,
) -> int:
    """Write down what is found now, so that from now on only what is new is reported.

    The file is `.api-lint-baseline.json` in the project's folder, or the one that the configuration names. A baseline that
    is there changes only with `--update` or `--accept-new`.
    """
    from api_lint import baseline as ledger

    with _told():
        settings = _settings(paths, isolated, config, None).chosen(
            _split(select) if select else None, _split(ignore), _split(extend_select)
        )
        project, _ = _project(paths, settings, None, False)
        path = _baseline_file(file, project, settings)
        if mode is None and os.path.lexists(path):
            raise _Problem(
                f"there is a baseline {_near(path)}; `--update` takes out what is fixed, `--accept-new` adds what is new"
            )
        entries = ledger.load(path, _near(path)) if mode == "update" or os.path.lexists(path) else {}
        old = ledger.Baseline(entries, os.path.dirname(path), str(project.root))
        before, after = _ledgers(paths, project, settings, jobs, old, mode != "update")
        _put(path, ledger.written(after))
    _emit(_told_of_baseline(_near(path), before, after))
    return _OK


def _ledgers(
    paths: tuple[str, ...],
    project: Project,
    settings: Settings,
    jobs: int,
    old: Baseline,
    accepts_new: bool,
) -> tuple[Counter[Entry], Counter[Entry]]:
    """What a baseline holds, with moved files under their new paths, and what it is to hold."""
    from api_lint import engine, registry
    from api_lint.reported import Reported
    from api_lint.rule import UNREADABLE

    result, view, is_whole = _lint(project, settings, jobs, {}, False, None)
    if not is_whole:
        raise _Problem("the run is not whole, and so no baseline is written")
    for diagnostic in (d for d in result.diagnostics if d.code == UNREADABLE[0]):
        _say("warning", f"{view.path(diagnostic.path)} is not in the baseline: {diagnostic.message}")
    choice = registry.choose(registry.load(), settings, project.nested)
    only = Reported(old, None, _folders(paths, project)).masking(choice.rules)
    return only.ledgers(
        project, _codes(choice), result.diagnostics, engine.reader(project, settings), accepts_new
    )


def _told_of_baseline(name: str, before: Counter[Entry], after: Counter[Entry]) -> Iterator[str]:
    """What became of a baseline, in lines."""
    from api_lint.text import visible

    for verb, changed in (("fixed", before - after), ("new", after - before if before else {})):
        for entry, count in sorted(changed.items()):
            where = f" in {visible(entry.definition)}" if entry.definition else ""
            times = f" ({count} times)" if count > 1 else ""
            yield f"{verb}: {visible(entry.path)}: {entry.rule}{where}{times}\n"
    total = after.total()
    yield f"{name} holds {total} finding{'' if total == 1 else 's'}.\n"


def _put(path: str, text: str) -> None:
    """Write a baseline, whole or not at all."""
    from api_lint import fixes

    try:
        before = None
        if os.path.lexists(path):
            with open(path, "rb") as file:
                before = file.read()
        fixes.write([fixes.Change(path, before, text.encode())], os.path.dirname(path))
    except (fixes.Refused, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _Problem(f"{_near(path)} cannot be written: {reason}") from error


def _near(path: str) -> str:
    """A path as it is shown: relative to where the user stands if it lies below."""
    from api_lint.text import visible

    inside = path.startswith(os.path.join(os.getcwd(), ""))
    return visible(os.path.relpath(path) if inside else path)


@main.command()
@click.option(
    "--cache-dir", metavar="FOLDER", expose_value=False, help="The folder, if it is not the usual one."
)
def clean() -> int:
    """Remove all that was kept between runs."""
    from api_lint import replay

    home = replay.folder(click.get_current_context().obj)
    try:
        count = replay.clean(home) if home else 0
    except OSError as error:
        raise _Problem(f"{_near(home)} cannot be cleaned: {error.strerror or error}") from error
    _emit([f"removed {count} file{'' if count == 1 else 's'} from {_near(home)}\n"])
    return _OK


@main.command()
@click.argument("name")
@click.option(
    "--code", metavar="CODE", help="The rule's code; the first free one from API900 by default."
)
def new(name: str, code: str | None) -> int:
    """Begin a new rule in a checkout.

    Writes its file in `rules` and its cases in `fixtures`, and changes nothing that is there.
    """
    from api_lint import registry, scaffold

    taken = {rule.code for rule in registry.load().rules}
    try:
        written = scaffold.write(name, code or scaffold.free_code(taken), taken, os.getcwd())
    except scaffold.ScaffoldError as error:
        raise _Problem(str(error)) from error
    _emit(f"{path}\n" for path in written)
    return _OK


@contextmanager
def _told() -> Iterator[None]:
    """Turn what users can put right into one line for them."""
    from api_lint.config import ProblemError

    try:
        yield
    except ProblemError as error:
        raise _Problem(str(error)) from error


def _registry() -> Registry:
    from api_lint import registry

    loaded = registry.load()
    for error in loaded.errors:
        _say("error", error)
    if not loaded.rules:
        raise _Problem("no rule is installed; install api-lint with pip, from PyPI or from its checkout")
    return loaded


def _settings(
    paths: tuple[str, ...], isolated: bool, config: tuple[str, ...], stdin_filename: str | None
) -> Settings:
    from api_lint import config as configuration
    from api_lint.discover import start_of

    if paths == (_STDIN,):
        paths = (os.path.dirname(os.path.abspath(stdin_filename or ".")),) if stdin_filename else ()
    return configuration.load(start_of(paths), isolated=isolated, overrides=config)


def _project(
    paths: tuple[str, ...], settings: Settings, stdin_filename: str | None, force_exclude: bool
) -> tuple[Project, dict[str, bytes]]:
    """The project, and the content of standard input if it is part of it."""
    from dataclasses import replace

    from api_lint import atomic, discover

    if force_exclude:
        settings = replace(settings, force_exclude=True)
    if paths != (_STDIN,):
        if _STDIN in paths:
            raise _Problem("standard input (`-`) cannot be checked together with files")
        project = discover.find(paths or (".",), settings)
        atomic.sweep(project.leftovers)
        return project, {}
    if sys.stdin is None:
        raise _Problem("standard input (`-`) is closed")
    project = discover.find_stdin(stdin_filename, settings)
    source = sys.stdin.buffer.read()
    return project, dict.fromkeys(project.targets, source)


def _rules(settings: Settings, project: Project) -> tuple[Registry, Choice]:
    """All rules and those of the run, with warnings told about selectors that select nothing."""
    from api_lint import registry

    loaded = _registry()
    choice = registry.choose(loaded, settings, project.nested)
    for warning in choice.warnings:
        _say("warning", warning)
    return loaded, choice


def _fix(
    project: Project,
    settings: Settings,
    jobs: int,
    sources: dict[str, bytes],
    unsafe: bool,
    only: Reported | None,
    reason: str | None,
) -> tuple[Fixed, View, bool]:
    """The fixed project in memory (silenced, if a reason is given), how to show what is left, and whether all went
    well."""
    from dataclasses import replace

    from api_lint import engine, registry

    loaded, choice = _rules(settings, project)
    silent = registry.silent_in(loaded, settings, project.nested)
    known = loaded.rules if choice.reports_unused else ()
    only = only.masking(choice.rules) if only is not None else None
    with _progress(sys.stderr) as progress:
        if reason is not None:
            fixed = engine.silence(
                project, choice.rules, settings, reason,
                jobs=jobs, progress=progress, silent=silent, known=known, only=only,
            )  # fmt: skip
        else:
            fixed = engine.fix(
                project, choice.rules, settings,
                unsafe=unsafe, jobs=jobs, progress=progress, sources=sources, silent=silent, known=known, only=only,
            )  # fmt: skip
    contents = {path: after for path, (_, after) in fixed.changes.items()}
    read = engine.reader(project, settings, {**sources, **contents})
    fixed = replace(fixed, result=_reported(fixed.result, only, project, choice, read))
    for error in fixed.result.errors:
        _say("error", error)
    for path, reason in fixed.refused.items():
        _say("warning", f"{path} is left as it is: {reason}")
    view = _view(project, fixed.result, loaded, choice, sources)
    return fixed, view, not view.errors


def _show_changes(
    fixed: Fixed,
    view: View,
    is_whole: bool,
    as_diff: bool,
    exit_zero: bool,
    removed: dict[str, list[Span]],
) -> int:
    """The changes as a diff, or (standard input) the changed source itself; nothing is written to files."""
    from api_lint.reports import diff

    if as_diff:
        _emit(diff.render(fixed.changes, view, removed))
        found = bool(fixed.changes)
    else:
        sources = {path: after for path, (_, after) in fixed.changes.items()}
        sys.stdout.buffer.writelines(sources.get(path, source) for path, source in view.sources.items())
        sys.stdout.buffer.flush()
        found = bool(fixed.result.diagnostics)
    if not is_whole:
        return _FAILED
    return _FOUND if found and not exit_zero else _OK


def _write(fixed: Fixed, view: View, show: bool, done: str) -> bool:
    """Write the changed files; whether all could be written. A file that changed meanwhile is left alone.

    Parameters: `show`, whether to list the findings; `done`, what was done to them, in a word.
    """
    from api_lint import fixes

    is_whole = True
    written: set[str] = set()
    for group in fixed.groups:
        changes = [fixes.Change(view.full_path(path), *fixed.changes[path]) for path in group]
        try:
            fixes.write(changes, view.root)
            written.update(group)
        except (fixes.Refused, OSError) as error:
            is_whole = False
            reason = getattr(error, "strerror", None) or error
            names = ", ".join(view.path(path) for path in group)
            _say("error", f"{names} {'is' if len(group) == 1 else 'are'} left: {reason}")
    applied = [d for d in fixed.applied if d.path in written]
    for diagnostic in applied if show else ():
        title = diagnostic.fix.title if diagnostic.fix is not None else ""
        _say(done, f"{view.path(diagnostic.path)}:{diagnostic.span.line}: {diagnostic.code} {title}")
    if applied:
        count = f"{len(applied)} finding{'s' if len(applied) > 1 else ''}"
        _say(done, f"{count} in {len(written)} file{'s' if len(written) > 1 else ''}")
    return is_whole


def _lint(
    project: Project,
    settings: Settings,
    jobs: int,
    sources: dict[str, bytes],
    wants_fixes: bool,
    only: Reported | None,
) -> tuple[Result, View, bool]:
    """The findings, how to show them, and whether all went well."""
    from api_lint import engine, registry

    loaded, choice = _rules(settings, project)
    memory, shelf = (
        _kept(project, settings, loaded, choice, wants_fixes) if not sources else (None, None)
    )
    with _progress(sys.stderr) as progress:
        result = engine.run(
            project,
            choice.rules,
            settings,
            jobs=jobs,
            progress=progress,
            sources=sources,
            silent=registry.silent_in(loaded, settings, project.nested),
            known=loaded.rules if choice.reports_unused else (),
            wants_fixes=wants_fixes,
            memory=memory,
            shelf=shelf,
        )
    for error in result.errors:
        _say("error", error)
    only = only.masking(choice.rules) if only is not None else None
    result = _reported(result, only, project, choice, engine.reader(project, settings, sources))
    view = _view(project, result, loaded, choice, sources)
    return result, view, not view.errors


def _kept(
    project: Project, settings: Settings, loaded: Registry, choice: Choice, wants_fixes: bool
) -> tuple[Memory | None, Shelf | None]:
    """What earlier runs with the same settings and rules have found, and the facts that they have made; `None` where
    nothing is kept."""
    from api_lint import inputs, replay
    from api_lint.cache import Memory
    from api_lint.reports.frame import masked
    from api_lint.shelf import Shelf

    home = replay.folder(click.get_current_context().obj)
    if not home:
        return None, None
    program = inputs.program()
    rules = [(type(r).__module__, r.code, r.options, sorted(r.folders or ())) for r in choice.rules]
    known = [rule.code for rule in loaded.rules if choice.reports_unused]
    key = (
        str(project.root), settings, sorted(project.nested.items()), wants_fixes, rules, known, sys.version,
        program,
    )  # fmt: skip
    secret = {rule.code for rule in loaded.rules if rule.secret}

    def is_fit(found: Sequence[Diagnostic]) -> bool:
        texts = (text for d in found if d.fix is not None for text in _texts(d.fix))
        return not any(d.code in secret for d in found) and all(
            masked(row, 0, ()) == row for text in texts for row in text.split("\n")
        )

    # What decides which files have facts at all: the rules' words, and the codes that comments may name.
    words = sorted({word for rule in choice.rules for word in rule.words})
    codes = sorted(rule.code for rule in loaded.rules) if choice.reports_unused else []
    shelf = Shelf(home, (str(project.root), words, codes, sys.version, program))
    return Memory(home, key, is_fit), shelf


def _texts(fix: TextFix) -> Iterator[str]:
    """All that a fix would write."""
    yield from (edit.content for edit in fix.edits)
    yield from (edit.added for edit in fix.others)


def _view(
    project: Project, result: Result, loaded: Registry, choice: Choice, sources: dict[str, bytes]
) -> View:
    from api_lint.reports import View

    return View(
        str(project.root),
        os.getcwd(),
        _has_color(sys.stdout),
        sources,
        _secrets(result, choice.rules),
        tuple(type(rule) for rule in choice.rules),
        (*loaded.errors, *result.errors),
    )


def _reason(text: str, fix_mode: str | None, sources: dict[str, bytes]) -> str:
    """The reason for suppressions that are to be written."""
    from api_lint import silencing

    if fix_mode not in (None, "diff") or sources:
        raise _Problem("--add-ignores goes with files and with --diff, not with --fix or standard input")
    return silencing.check(text)


def _only(
    paths: tuple[str, ...],
    project: Project,
    settings: Settings,
    sources: dict[str, bytes],
    baseline: str | None,
    no_baseline: bool,
    since: str | None,
) -> Reported | None:
    """Which findings are wanted; `None` for all."""
    has_baseline = baseline is not None or bool(settings.baseline)
    if no_baseline and baseline is not None:
        raise _Problem("--baseline and --no-baseline exclude each other")
    if since is None and (no_baseline or not has_baseline):
        return None
    from api_lint import engine
    from api_lint.reported import Reported
    from api_lint.since import Since

    read = engine.reader(project, settings, sources)
    return Reported(
        None if no_baseline or not has_baseline else _baseline(baseline, project, settings),
        None if since is None else Since(since, project.root, read),
        _folders(paths, project),
    )


def _baseline(given: str | None, project: Project, settings: Settings) -> Baseline:
    """The baseline of a run, read."""
    from api_lint import baseline

    path = _baseline_file(given, project, settings)
    entries = baseline.load(path, _near(path))
    return baseline.Baseline(entries, os.path.dirname(path), str(project.root))


def _baseline_file(given: str | None, project: Project, settings: Settings) -> str:
    """Where the baseline is, absolute."""
    from api_lint.baseline import DEFAULT_FILE

    if given and (os.path.isdir(given) or given.endswith(".py")):
        raise _Problem(
            f"`{given}` is no baseline; write `--baseline=FILE`, or `--baseline` behind all paths"
        )
    if given:
        return os.path.abspath(given)
    folder = settings.source.parent if settings.source is not None else project.root
    return os.path.join(folder, settings.baseline or DEFAULT_FILE)


def _folders(paths: tuple[str, ...], project: Project) -> tuple[str, ...]:
    """The folders among the paths, relative to the root."""
    found = [
        os.path.relpath(os.path.abspath(p), project.root) for p in paths or (".",) if os.path.isdir(p)
    ]
    return tuple("" if path == "." else path.replace(os.sep, "/") for path in found)


def _reported(
    result: Result,
    only: Reported | None,
    project: Project,
    choice: Choice,
    read: Callable[[str], bytes],
) -> Result:
    """The result with those findings that are wanted; what is fixed of a baseline is told."""
    from dataclasses import replace

    if only is None:
        return result
    flags = only(result.diagnostics, read)
    fixed = 0 if result.errors else only.fixed(project, _codes(choice), result.diagnostics, read)
    if fixed:
        are = "finding of the baseline is" if fixed == 1 else "findings of the baseline are"
        _say("note", f"{fixed} {are} fixed: run `api-lint baseline --update`")
    return replace(
        result, diagnostics=tuple(d for d, is_wanted in zip(result.diagnostics, flags) if is_wanted)
    )


def _codes(choice: Choice) -> Iterator[str]:
    from api_lint.rule import UNUSED

    yield from (rule.code for rule in choice.rules)
    if choice.reports_unused:
        yield UNUSED[0]


def _chosen_rules(settings: Settings, project: Project) -> Iterable[Rule]:
    from api_lint import registry

    return registry.choose(_registry(), settings, project.nested).rules


def _secrets(result: Result, rules: Iterable[Rule]) -> dict[str, list[Span]]:
    """Where the rules that look for secrets have found one."""
    codes = {rule.code for rule in rules if getattr(rule, "secret", False)}
    found: dict[str, list[Span]] = {}
    for diagnostic in result.diagnostics:
        if diagnostic.code in codes:
            found.setdefault(diagnostic.path, []).append(diagnostic.span)
    return found


def _say(kind: str, message: str) -> None:
    """A line on standard error."""
    from api_lint.text import visible

    line = f"{kind}: {visible(message)}\n"
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta.setdefault(_SAID, []).append(line)
    click.echo(line, err=True, nl=False)


def _outputs(
    given: Sequence[_Output], configured: str, file: str | None, statistics: bool
) -> list[_Output]:
    """The reports of a run. Several may share standard output if all of them are rows for a log."""
    outputs = list(given) or [_Output(configured)]
    shared = [output for output in outputs if output.file is None]
    if statistics:
        shared = [_Output(shared[0].format if shared else "statistics", counts=True)]
    elif file is None and len(shared) > 1 and not all(output.format in LOGS for output in shared):
        raise _Problem(
            "only one report can go to standard output; name a file for the others: "
            f"--output-format {shared[-1].format}=FILE"
        )
    if file is not None and len(shared) != 1:
        raise _Problem("--output-file needs exactly one --output-format that names no file itself")
    outputs = [output for output in outputs if output.file is not None]
    outputs += [output._replace(file=file) for output in shared]
    files = [os.path.abspath(output.file) for output in outputs if output.file is not None]
    if len(set(files)) < len(files):
        raise _Problem("two reports cannot go to the same file")
    return outputs


def _refuse_reports(outputs: Iterable[_Output], fix_mode: str, is_stdin: bool) -> None:
    """A pipeline that waits for a file must not wait in vain."""
    if (fix_mode != "fix" or is_stdin) and any(output.file for output in outputs):
        what = "--fix of standard input" if fix_mode == "fix" else f"--{fix_mode}"
        raise _Problem(f"{what} writes no report into a file")


def _publish(
    outputs: Iterable[_Output], diagnostics: Sequence[Diagnostic], view: View, printed: list[str]
) -> bool:
    """Write all reports, those into files first; whether all could be written. `printed` gets what is printed."""
    from dataclasses import replace

    is_whole = True
    for output in sorted(outputs, key=lambda output: output.file is None):
        shown = view if output.file is None else replace(view, color=False)
        try:
            pieces = list(_report(output, diagnostics, shown))
            printed += pieces if output.file is None else ()
            _emit(pieces, output.file)
        except _Problem as error:
            is_whole = False
            _say("error", error.message)
    if any(output.format == "github" for output in outputs):
        is_whole = _summarise(diagnostics, replace(view, color=False)) and is_whole
    return is_whole


def _report(output: _Output, diagnostics: Sequence[Diagnostic], view: View) -> Iterator[str]:
    from api_lint import reports
    from api_lint.reports import statistics

    if output.counts and output.format == "json":
        return statistics.render_json(diagnostics)
    return reports.report("statistics" if output.counts else output.format)(diagnostics, view)


def _summarise(diagnostics: Sequence[Diagnostic], view: View) -> bool:
    """Append to the summary of a GitHub job, where there is one; whether that went well."""
    from api_lint.reports import github

    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        return True
    try:
        with open(file, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as summary:
            written = os.fstat(summary.fileno()).st_size
            summary.writelines(github.summary(diagnostics, view, written, os.environ))
    except OSError as error:
        _say("error", f"cannot write to {file}: {error.strerror or error}")
        return False
    return True


def _show_settings(
    project: Project,
    settings: Settings,
    paths: tuple[str, ...],
    stdin_filename: str | None,
    is_json: bool,
) -> int:
    """The settings that count for the first path."""
    from api_lint import registry
    from api_lint.reports import settings as report

    first = stdin_filename or (paths[0] if paths and paths[0] != _STDIN else ".")
    full = os.path.abspath(first)
    path = os.path.relpath(full, project.root).replace(os.sep, "/")
    own = project.nested.get(project.configured(f"{path}/x" if os.path.isdir(full) else path), settings)
    loaded = _registry()
    running = frozenset(rule.name() for rule in registry.choose(loaded, own).rules)
    shown = report.Shown(
        full, str(project.root), own, loaded.rules, running, project.nested, os.getcwd()
    )
    _emit(report.render_json(shown) if is_json else report.render(shown))
    return _FAILED if loaded.errors else _OK


def _show_new_files(files: Iterable[File]) -> int:
    from api_lint.reports import View, diff

    new = {os.path.relpath(f.path): (None, f.content.encode()) for f in files if not f.reason}
    _emit(diff.render(new, View(os.getcwd(), os.getcwd(), _has_color(sys.stdout))))
    return _OK


def _told_of_files(files: Sequence[File], folder: str) -> Iterator[str]:
    """What became of the files of a beginning, and what to do next."""
    for file in files:
        if not file.reason:
            yield f"wrote {_near(file.path)}\n"
        elif file.snippet:
            yield f"left {_near(file.path)} as it is: {file.reason}; add to its `repos`:\n\n{file.snippet}\n"
        else:
            yield f"left {_near(file.path)} as it is: {file.reason}\n"
    where = "" if folder == os.getcwd() else f" {_near(folder)}"
    yield f"\nNext: `api-lint check{where}` shows what is found, `api-lint check --diff{where}` what can be fixed.\n"
    yield f"To be told only what is new from now on: `api-lint baseline{where}`.\n"
    if any(os.path.basename(file.path) == ".pre-commit-config.yaml" for file in files):
        yield "To have each commit checked: `pre-commit install`.\n"


def _show_files(project: Project) -> int:
    from api_lint.text import visible

    _emit(f"{visible(os.path.join(project.root, *path.split('/')))}\n" for path in project.targets)
    return _OK


def _split(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def _emit(pieces: Iterable[str], output_file: str | None = None) -> None:
    """Write a report. A reader that has gone away is no error: what was found stays found."""
    try:
        if output_file is not None:
            from api_lint.reports import files

            files.write(output_file, pieces)
            return
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        if output_file is None:
            _close_quietly()
    except OSError as error:
        if output_file is None:
            _close_quietly()
        place = output_file or "standard output"
        raise _Problem(f"cannot write to {place}: {error.strerror or error}") from error


def _close_quietly() -> None:
    """Give the interpreter somewhere to flush to when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _has_color(stream: IO[str]) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _width() -> int | None:
    """How wide a terminal is; `None` where nobody looks at one."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


@contextmanager
def _progress(stream: IO[str]) -> Iterator[Callable[[str, int, int], None] | None]:
    """A line on a terminal that tells how far a run has come, once it takes longer than a second."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from time import monotonic

    due = monotonic() + 1.0
    shown = False

    def tell(phase: str, done: int, total: int) -> None:
        nonlocal due, shown
        now = monotonic()
        if now >= due:
            due, shown = now + 0.1, True
            stream.write(f"\r\x1b[2K{phase} {done}/{total}")
            stream.flush()

    try:
        yield tell
    finally:
        if shown:
            stream.write("\r\x1b[2K")
            stream.flush()
