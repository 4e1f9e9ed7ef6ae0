"""Where api-lint's time goes, over one run in one process without a cache.

    phases.py FOLDER

Prints JSON: by phase, the seconds spent in it and in nothing below it; `other` is what is in none of them. With them
how many of the lines LibCST parsed. The timers cost time themselves, most of it in the phases that are called often.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any

from api_lint import cli, discover, engine, gate, visit

# What each phase runs, as the object that holds a function and the function's name there.
_PHASES: dict[str, list[tuple[Any, str]]] = {
    "discover": [(discover, "find")],
    "read": [(engine._Session, "read")],
    "gate": [(gate.Gate, "passes")],
    "index": [(engine, "index")],
    "link": [(engine._Session, "_suspects"), (visit, "visit_facts")],
    "parse": [(visit.Visitor, "_parse")],
    "walk": [(visit.Visitor, "_visit")],
    "report": [(cli, "_publish")],
}


class _Clock:
    """Tells each phase the time that none of the phases within it took."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._running: list[str] = ["other"]
        self._since = time.perf_counter()

    def _turn(self) -> None:
        now = time.perf_counter()
        self.spent[self._running[-1]] += now - self._since  # type: ignore[assignment]
        self._since = now

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            self._turn()
            self._running.append(phase)
            try:
                found = function(*arguments, **named)
                return list(found) if isinstance(found, Iterator) else found
            finally:
                self._turn()
                self._running.pop()

        return run


def main() -> None:
    """Measure, and print."""
    os.chdir(sys.argv[1])
    clock = _Clock()
    parsed: list[int] = []
    plain_parse = visit.Visitor._parse

    def counted(visitor: visit.Visitor, piece: visit.Slice) -> object:
        parsed.append(piece.end - piece.start + 1)
        return plain_parse(visitor, piece)

    visit.Visitor._parse = counted  # type: ignore[method-assign,assignment]
    for phase, functions in _PHASES.items():
        for holder, name in functions:
            setattr(holder, name, clock.timed(phase, getattr(holder, name)))
    # Without a deadline a single worker is this process.
    arguments = (
        "check --isolated --config timeout=0 --exit-zero --no-cache --jobs 1 --output-format concise"
    )
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        code = cli.run(arguments.split())
    clock._turn()
    print(json.dumps({"exit": code, "seconds": dict(clock.spent), "parsed_lines": sum(parsed)}))


main()
