"""`python -m api_lint`, and the start of the `api-lint` command."""

import gc
import os
import sys


def _leave_the_working_folder() -> None:
    """Take the working folder off the import path, where `python -m` puts it first.

    The folder is likely the code under the lens, and a `libcst.py` in it would be run instead of the real one. It stays
    if api-lint itself lives there.
    """
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    try:
        folder = os.path.realpath(os.getcwd())
    except OSError:  # it is gone, which is told of later
        return
    if folder != home and sys.path and os.path.realpath(sys.path[0]) == folder:
        del sys.path[0]


def main() -> None:
    """Run the command with the arguments of the process and leave with its exit code: 128 and the signal's number where
    it was told to end."""
    ended_by: list[int] = []
    try:
        from api_lint import replay

        code = replay.again(sys.argv[1:])
        if code is None:
            # The process ends before a collection of its many facts, which hold no cycles, could pay.
            gc.disable()
            from api_lint.cli import run

            _end_in_order(ended_by)
            code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    _leave(128 + ended_by[0] if ended_by else code)


def _end_in_order(ended_by: list[int]) -> None:
    """Take a signal to end as an interruption, which ends the workers and takes temporary files away.

    Parameters: `ended_by`, to which the signal's number is added.
    """
    import signal

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        ended_by.append(number)
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # `nohup` has its reasons.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


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
