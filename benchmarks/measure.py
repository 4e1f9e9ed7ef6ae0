"""Time and memory of commands, each as a whole with all its processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from peers import Command

_EVERY = 0.02


def seconds(command: Command) -> float:
    """How long a command takes, its output thrown away.

    Raises: RuntimeError where it fails.
    """
    before = time.perf_counter()
    done = subprocess.run(
        command.arguments,
        cwd=command.folder,
        env=command.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    took = time.perf_counter() - before
    if done.returncode not in command.codes:
        raise RuntimeError(f"{command.arguments[0]}: exit {done.returncode}: {done.stderr[-500:]!r}")
    return took


def in_turn(
    commands: Mapping[str, Command], rounds: int, before: Callable[[str], None] = lambda _: None
) -> dict[str, list[float]]:
    """Measure commands A B A B …, so that what else the machine does meets all of them.

    Parameters: `commands` by name; `rounds`; `before`, called with a command's name ahead of each of its runs.
    Returns: by name, the seconds of each run.
    """
    took: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, command in commands.items():
            before(name)
            print(f"  {name}, round {number + 1} of {rounds}", end="\r", file=sys.stderr, flush=True)
            took[name].append(seconds(command))
    print(" " * 60, end="\r", file=sys.stderr)
    return took


def ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios of runs that were next to each other."""
    return statistics.median(a / b for a, b in zip(one, other))


def peak_memory(command: Command) -> float:
    """The most memory that a command and its children hold at one time, in MB.

    A page that several processes share counts once: what is summed up is the proportional set size (Linux,
    `/proc/PID/smaps_rollup`).
    """
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=command.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_proportional_kb(pid) for pid in _family(process.pid)))
        time.sleep(_EVERY)
    return peak / 1024


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:
            continue
        for child in found:
            yield from _family(int(child))


def _proportional_kb(pid: int) -> int:
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
