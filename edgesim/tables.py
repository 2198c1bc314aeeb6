"""Tables at a terminal: one style, and whole at 80 columns."""

import sys
from collections.abc import Collection, Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table

__all__ = ["console", "show_table"]

_WIDTH = 110  # where the output is no terminal: a file, a pipe
_LONGEST_WORD = 28  # columns of a name that is not broken: as long as the longest policy's
_GAP = 2


def console() -> Console:
    """Standard output, as wide as the terminal, without colours that were not asked for."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)


def show_table(
    to: Console,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    words: Collection[str] = (),
    spare: Sequence[str] = (),
    bold: Collection[int] = (),
    sections: Collection[int] = (),
) -> None:
    """Print a table. Headings break at their spaces, words where they must, figures never.

    Args:
        to: where to.
        headings: one a column.
        rows: a text for each column.
        words: headings of columns that hold words; they are set to the left and may break.
        spare: headings of columns that can be spared, the first first, where the terminal is too
            narrow for all; a line below then names them.
        bold: numbers of the rows that are set in bold.
        sections: numbers of the rows after which a line is left.
    """
    cells = [list(row) for row in rows]
    columns = [[heading, *(row[k] for row in cells)] for k, heading in enumerate(headings)]
    natural = [max(map(len, column)) for column in columns]
    least = [_least(column, column[0] in words) for column in columns]
    kept = list(range(len(headings)))
    room = to.width - 1
    spared: list[str] = []
    for heading in spare:
        if sum(least[k] + _GAP for k in kept) <= room:
            break
        kept.remove(headings.index(heading))
        spared.append(heading)
    widths = _fitted([natural[k] for k in kept], [least[k] for k in kept], room)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for k, width in zip(kept, widths, strict=True):
        justify: JustifyMethod = "left" if headings[k] in words else "right"
        table.add_column(headings[k], justify=justify, overflow="fold", width=width)
    for number, row in enumerate(cells):
        style = "bold" if number in bold else None
        table.add_row(*(row[k] for k in kept), style=style, end_section=number in sections)
    to.print(table)
    if spared:
        to.print(f"left out, since the terminal is narrow: {', '.join(spared)}", soft_wrap=True)


def _fitted(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths of columns: what they would take, those that can give most giving what is too much."""
    widths = list(natural)
    over = sum(widths) + _GAP * len(widths) - room
    for k in sorted(range(len(widths)), key=lambda k: least[k] - natural[k]):
        given = max(min(over, widths[k] - least[k]), 0)
        widths[k] -= given
        over -= given
    return widths


def _least(column: Sequence[str], text: bool) -> int:
    """The fewest characters that a column takes: headings break at spaces, and so does text."""
    words = [word for cell in (column if text else column[:1]) for word in cell.split()]
    longest = max(map(len, words), default=0)
    return min(longest, _LONGEST_WORD) if text else max(longest, *map(len, column[1:]), 0)
