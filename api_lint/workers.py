"""Work on files in processes of their own: whatever happens to one of them costs that file and nothing else.

The kernel is the watchdog. A worker sets itself a timer before each file, and leaves what happens then to the system:
the process is ended, be it in a loop, asleep, or in a parser in C that gives way to nobody. Its parent sees that it is
gone, knows which file it had and whose turn it was, and forks another one for the rest. A process that has worked for
its time is told by the processor's clock, so that a busy machine takes nothing away; one that sleeps by the wall's.

Where a process cannot be forked, the work is done in this one, and there are no deadlines.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as _Pipe

CAN_FORK = sys.platform == "linux"

_PARTS_PER_WORKER = 8
# How much longer than its processor time a file may take by the clock on the wall.
_PATIENCE = 4
# How often to look for workers that ended without closing their end: a child of theirs may hold it.
_LOOK = 0.5

Item = TypeVar("Item")
Done = TypeVar("Done")


class Ended(NamedTuple):
    """What a worker that ended leaves behind instead of a result: whose turn it was, and how it ended.

    `turn` is what `turn` was told last, 0 for nobody's. `reason` begins with a verb.
    """

    turn: int
    reason: str


# Whose turn it is. In a worker it is memory shared with the parent, which reads it once the worker is gone.
_turn: Any = memoryview(bytearray(4)).cast("I")
_seconds = 0


def turn(number: int) -> None:
    """Tell whose turn it is, for the case that the process ends now.

    Parameters: `number` of whoever works from here on, 0 for nobody in particular.
    """
    _turn[0] = number


def begin(number: int = 0) -> None:
    """The same for work that has a deadline of its own, which begins now."""
    _turn[0] = number
    if _seconds:
        signal.setitimer(signal.ITIMER_PROF, _seconds)
        signal.setitimer(signal.ITIMER_REAL, _seconds * _PATIENCE)


def spread(
    task: Callable[[Item], Done], items: Sequence[Item], workers: int, seconds: int
) -> Iterator[Done | Ended]:
    """Do a task for each item, in forked workers.

    Parameters: `task`, whose result can be pickled; `items`; `workers`, how many at once; `seconds` of processor time that
    an item may take, 0 for no deadline: a single worker is this process then.
    Returns: the results in the order of the items, `Ended` where the worker ended, or where the task raised.
    """
    if CAN_FORK and items and (seconds or workers > 1):
        yield from _Crew(task, items, max(1, min(workers, len(items))), seconds).results()
        return
    for item in items:
        yield _done_here(task, item)


def _done_here(task: Callable[[Item], Done], item: Item) -> Done | Ended:
    begin()
    try:
        return task(item)
    except Exception as error:  # noqa: BLE001 - a fault of ours costs one file, and is told
        return _failed(error)


def _failed(error: BaseException) -> Ended:
    return Ended(_turn[0], f"failed: {type(error).__name__}: {error}")


class _Worker:
    """A forked process, the items it has been ordered to do and not sent back, and the two pipes to it."""

    def __init__(self, crew: _Crew) -> None:
        self.start = self.stop = 0
        self.shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("I")
        orders, self.orders = _pipe()
        self.results, results = _pipe()
        # What stands in them would be written twice.
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.orders.close()
                self.results.close()
                crew.work(orders, results, self.shared)
            finally:
                os._exit(0)
        orders.close()
        results.close()

    def order(self, part: tuple[int, int]) -> None:
        self.start, self.stop = part
        with contextlib.suppress(BrokenPipeError):  # it is gone, which is seen elsewhere
            self.orders.send(part)

    def end(self) -> int:
        """End it, if it has not ended; the status that it left with."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.buried(os.waitpid(self.pid, 0)[1])

    def buried(self, status: int) -> int:
        self.orders.close()
        self.results.close()
        return status


class _Crew:
    """The workers of one task."""

    def __init__(
        self, task: Callable[[Any], Any], items: Sequence[Any], workers: int, seconds: int
    ) -> None:
        self.task = task
        self.items = items
        self.size = workers
        self.seconds = seconds
        step = -(-len(items) // (workers * _PARTS_PER_WORKER)) if workers > 1 else len(items)
        self.waiting = deque((i, min(i + step, len(items))) for i in range(0, len(items), step))
        self.found: dict[int, Any] = {}
        self.workers: list[_Worker] = []

    # ------------------------------------------------------------------------------------------- in the worker

    def work(self, orders: _Pipe, results: _Pipe, shared: Any) -> None:
        """Obey orders until there are none."""
        global _turn, _seconds
        # Whoever presses Ctrl-C waits for no file to be finished.
        for number in (signal.SIGINT, signal.SIGPROF, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # whoever started us wants it so
                signal.signal(number, signal.SIG_DFL)
        _forbid_core_dumps()
        _turn, _seconds = shared, self.seconds
        with contextlib.suppress(EOFError):
            while True:
                for position in range(*orders.recv()):
                    begin()
                    try:
                        results.send(self.task(self.items[position]))
                    except BaseException as error:  # noqa: BLE001 - be it a fault of ours: it costs one file, and is told
                        results.send(_failed(error))

    # ------------------------------------------------------------------------------------------- in the parent

    def results(self) -> Iterator[Any]:
        """All results, in order."""
        next_up = 0
        try:
            while next_up < len(self.items):
                while next_up in self.found:
                    yield self.found.pop(next_up)
                    next_up += 1
                self._hand_out()
                if self.workers:
                    self._receive()
        finally:
            for worker in self.workers:
                worker.end()

    def _hand_out(self) -> None:
        for worker in (w for w in self.workers if w.start == w.stop and self.waiting):
            worker.order(self.waiting.popleft())
        while self.waiting and len(self.workers) < self.size:
            try:
                self.workers.append(_Worker(self))
            except OSError:  # no process is to be had
                if not self.workers:
                    for position in range(*self.waiting.popleft()):
                        self.found[position] = _done_here(self.task, self.items[position])
                return
            self.workers[-1].order(self.waiting.popleft())

    def _receive(self) -> None:
        pipes = [worker.results for worker in self.workers]
        ready, _, _ = select.select(pipes, [], [], _LOOK)
        for worker in [w for w in self.workers if w.results in ready]:
            try:
                self.found[worker.start] = worker.results.recv()
                worker.start += 1
            except (EOFError, OSError):
                self._bury(worker, os.waitpid(worker.pid, 0)[1])
        for worker in [] if ready else [*self.workers]:
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._bury(worker, status)

    def _bury(self, worker: _Worker, status: int) -> None:
        """Note what a worker died of, and give back what it had still to do."""
        self.workers.remove(worker)
        worker.buried(status)
        if worker.start < worker.stop:
            self.found[worker.start] = Ended(worker.shared[0], self._reason(status))
            if worker.start + 1 < worker.stop:
                self.waiting.appendleft((worker.start + 1, worker.stop))

    def _reason(self, status: int) -> str:
        if not os.WIFSIGNALED(status):
            return f"ended its process (exit code {os.WEXITSTATUS(status)})"
        number = os.WTERMSIG(status)
        if number in (signal.SIGPROF, signal.SIGALRM):
            return f"took longer than {self.seconds} s (timeout)"
        return f"killed its process ({signal.Signals(number).name})"


def _pipe() -> tuple[_Pipe, _Pipe]:
    """The reading and the writing end of a new pipe."""
    from multiprocessing.connection import Pipe

    return Pipe(duplex=False)


def _forbid_core_dumps() -> None:
    """A process that dies would else leave a file in the folder that it works in."""
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
