"""Tables: aligned columns for a pipe, wrapped ones for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from api_lint.text import visible


def render(
    headers: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, color: bool
) -> Iterator[str]:
    """Write a table.

    Parameters: `headers`; `rows`, each with as many cells; `width` of the terminal, `None` to never wrap; `color`.
    Returns: the lines.
    """
    cells = [[visible(cell) for cell in row] for row in rows]
    if width is not None:
        yield _wrapped(headers, cells, width, color)
        return
    everything = [[*headers], *cells]
    widths = [max(len(row[column]) for row in everything) for column in range(len(headers))]
    for number, row in enumerate(everything):
        line = "  ".join(f"{cell:<{size}}" for cell, size in zip(row, widths, strict=True)).rstrip()
        yield f"\x1b[1m{line}\x1b[0m\n" if color and number == 0 else f"{line}\n"


def _wrapped(headers: Sequence[str], cells: Sequence[Sequence[str]], width: int, color: bool) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    console = Console(
        file=io.StringIO(), width=width, force_terminal=color, no_color=not color, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(table)
    return capture.get()
