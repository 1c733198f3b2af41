"""The lines of blocks, their columns aligned over the whole plan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.model.instants import Instant
from reconciler.model.plan import JobVerdict
from reconciler.views.blocks import Block
from reconciler.views.cells import cells, left, right
from reconciler.views.counts import count
from reconciler.views.folding import Fold, fold, fold_text
from reconciler.views.paint import Ink, paint
from reconciler.views.row_text import INKS, Columns, columns_of
from reconciler.views.rows import Symbol

STATUS_INKS = {
    JobVerdict.READY: Ink.GREEN,
    JobVerdict.WAITING: Ink.YELLOW,
    JobVerdict.BLOCKED: Ink.RED,
    JobVerdict.SUSPENDED: Ink.YELLOW,
}
_WIDEST_WORDS = 60
"""Longer explanations do not push the times of other rows away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfolded:
    """A block and how its rows are shown: one by one, or many as one."""

    block: Block
    folds: tuple[Fold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Widths:
    """Of the columns, in terminal cells, the space after them not included."""

    name: int = 0
    purpose: int = 0
    site: int = 0
    action: int = 0
    size: int = 0
    words: int = 0


def arrange(blocks: Iterable[Block], *, show_all: bool) -> list[Unfolded]:
    """Each block with its rows folded where they are too many."""
    return [Unfolded(block=block, folds=_folds(block, show_all=show_all)) for block in blocks]


def _folds(block: Block, *, show_all: bool) -> tuple[Fold, ...]:
    if show_all:
        return tuple((row,) for row in block.rows)
    return tuple(fold(block.rows, always=block.crowded))


def widths(arranged: Sequence[Unfolded], now: Instant) -> Widths:
    """Wide enough for every block and every row that is shown by itself."""
    columns = [columns_of(rows[0], now) for shown in arranged for rows in shown.folds if len(rows) == 1]
    return Widths(
        name=max((cells(shown.block.name) for shown in arranged), default=0),
        purpose=max((cells(shown.block.purpose) for shown in arranged), default=0),
        site=max((cells(column.site) for column in columns), default=0),
        action=max((cells(column.action) for column in columns), default=0),
        size=max((cells(column.size) for column in columns), default=0),
        words=max((min(cells(column.words), _WIDEST_WORDS) for column in columns if column.when), default=0),
    )


def block_lines(shown: Unfolded, *, wide: Widths, now: Instant, color: bool) -> list[str]:
    """The block's title, its rows, and how many sites are ready."""
    block = shown.block
    status = paint(block.status, STATUS_INKS[block.verdict], color=color) if block.verdict else block.status
    name = paint(block.name, Ink.BOLD, color=color) + " " * (wide.name - cells(block.name))
    lines = [f"{name}  {left(block.purpose, wide.purpose)}     {status}"]
    for rows in shown.folds:
        symbol = rows[0].symbol
        if len(rows) == 1:
            lines.append(_row_line(symbol, columns_of(rows[0], now), wide=wide, color=color))
        else:
            lines.append(f"  {paint(symbol.value, INKS[symbol], color=color)} {fold_text(rows, now)}")
    if block.outside:
        noun = "pair" if block.crowded else "site"
        lines.append(f"  {count(block.outside, noun)} not ready outside the filters")
    if block.ready and block.verdict is not JobVerdict.READY:
        noun = "pair" if block.crowded else "site"
        ready = f"{Symbol.READY.value} {count(block.ready, noun)} ready"
        lines.append(f"  {paint(ready, INKS[Symbol.READY], color=color)}")
    return lines


def _row_line(symbol: Symbol, columns: Columns, *, wide: Widths, color: bool) -> str:
    words = left(columns.words, wide.words) if columns.when else columns.words
    rest = [words, columns.when or columns.cure]
    after = "   ".join(part for part in rest if part)
    size = right(columns.size, wide.size) + "   " if wide.size else ""
    action = paint(columns.action, INKS[symbol], color=color) + " " * (wide.action - cells(columns.action))
    line = (
        f"  {paint(symbol.value, INKS[symbol], color=color)} {left(columns.site, wide.site)}    {action}  {size}{after}"
    )
    return line.rstrip()
