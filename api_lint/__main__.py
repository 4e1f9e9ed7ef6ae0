"""`python -m api_lint`, and the start of the `api-lint` command."""

import os
import sys


def _leave_the_working_folder() -> None:
    """Take the working folder off the import path, where `python -m` puts it first.

    The folder is likely the code under the lens, and a `libcst.py` in it would be run instead of the real one. It stays
    if api-lint itself lives there.
    """
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    folder = os.path.realpath(os.getcwd())
    if folder != home and sys.path and os.path.realpath(sys.path[0]) == folder:
        del sys.path[0]


def main() -> None:
    """Run the command with the arguments of the process and leave with its exit code."""
    try:
        from api_lint import replay

        code = replay.again(sys.argv[1:])
        if code is None:
            from api_lint.cli import run

            code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    _leave(code)


def _leave(code: int) -> None:
    """End the process at once: taking apart the facts of a large project one by one would take seconds."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # whoever read the output is gone
        pass
    os._exit(code)


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        _leave_the_working_folder()
    main()
