"""Many rows as one line per symbol and reason, so that a plan for 2,000 sites stays readable (cli.md)."""

from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.plan import BlockReason, GapReason, PlannedPair, Verdict
from reconciler.model.quantities import format_size
from reconciler.views.amounts import amount
from reconciler.views.counts import count
from reconciler.views.moments import bare_moment, moment
from reconciler.views.reasons import BLOCKS, COMMON_CURES, GAPS
from reconciler.views.row_text import words_of
from reconciler.views.rows import Row, Symbol
from reconciler.views.untrusted import render_untrusted

MOST_ROWS = 20
"""A job with more rows is folded."""

_MOST_PARENTS = 6
_FOLD_LAST = frozenset((Symbol.BLOCKED, Symbol.CANCEL))

Fold = tuple[Row, ...]
"""Rows of one symbol, action and reason; a single row stands for itself."""


def fold(rows: Sequence[Row], *, always: bool = False) -> list[Fold]:
    """The rows as they are up to 20 of them; then folded, blocked and cancelled ones only if that is not enough."""
    if len(rows) <= MOST_ROWS and not always:
        return [(row,) for row in rows]
    gentle: dict[tuple[object, ...], list[Row]] = {}
    hard: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = row.symbol, row.action, row.kind, "" if row.counted else row.note
        hard.setdefault(key, []).append(row)
        kept = (row.site, row.note) if row.symbol in _FOLD_LAST else ()
        gentle.setdefault((*key, kept), []).append(row)
    chosen = hard if always or len(gentle) > MOST_ROWS else gentle
    return [tuple(folded) for folded in chosen.values()]


def fold_text(rows: Fold, now: Instant) -> str:
    """`1,842 sites  send ≤ 1.2 GiB each (≤ 2.1 TiB)  EU1 612, US1 1,230  tonight 22:00 to Wed 04:10, slowest riga-03`.

    Rows of several packages may name a site more than once; they are pairs then.
    """
    first = rows[0]
    noun = "site" if len({row.site for row in rows}) == len(rows) else "pair"
    parts = [count(len(rows), noun), _action(rows), _words(rows, now), _parents(rows)]
    if first.pair is not None and first.pair.verdict is Verdict.MISSING and first.counted:
        parts.append(_span([row.pair for row in rows if row.pair is not None], now))
    if first.symbol is Symbol.BLOCKED and first.pair is not None and isinstance(first.pair.reason, BlockReason):
        parts.append(COMMON_CURES[first.pair.reason])
    return "  ".join(part for part in parts if part)


def _action(rows: Fold) -> str:
    first = rows[0]
    pairs = [row.pair for row in rows if row.pair is not None]
    travels = first.counted and first.symbol not in (Symbol.BLOCKED, Symbol.CANCEL, Symbol.READY)
    if not pairs or not travels:
        return first.action
    if len({pair.bytes for pair in pairs}) == 1:
        return f"{first.action} {amount(pairs[:1])} each ({amount(pairs)})"
    return f"{first.action} {amount(pairs)}"


def _words(rows: Fold, now: Instant) -> str:
    """What all of them say if they say the same, otherwise what is true of all."""
    first = rows[0]
    if not first.counted:
        return first.note
    if first.symbol is Symbol.CANCEL or first.pair is None:
        return first.kind
    if first.symbol is Symbol.UNDERWAY:
        return _done(rows)
    said = {words_of(row, now) for row in rows}
    return said.pop() if len(said) == 1 and not _goes_without_saying(first) else _true_of_all(rows)


def _goes_without_saying(row: Row) -> bool:
    """A first send, of which cli.md says no more than that it is one."""
    return row.symbol is Symbol.SEND and row.kind == GapReason.CONTENT_MISSING.value


def _true_of_all(rows: Fold) -> str:
    wanted = {row.pair.wants for row in rows if row.pair is not None}
    match rows[0].pair.reason if rows[0].pair is not None else None:
        case BlockReason() as block:
            return BLOCKS[block][1]
        case GapReason.CONTENT_STALE if len(wanted) == 1 and "" not in wanted:
            return f"wants {render_untrusted(wanted.pop())}"
        case GapReason() as gap if not _goes_without_saying(rows[0]):
            return GAPS[gap]
        case _:
            return ""


def _done(rows: Fold) -> str:
    going = [row.pair.underway for row in rows if row.pair is not None and row.pair.underway is not None]
    done = sum(underway.bytes_done for underway in going)
    told = [f"{format_size(done)} done"] if done else []
    return ", ".join(told + sorted({row.note for row in rows if row.note}))


def _parents(rows: Fold) -> str:
    """How many of the sites lie under which parent; the smaller groups together if there are many."""
    sizes = Counter(_parent(row) for row in rows)
    if set(sizes) == {None}:
        return ""
    named = {str(parent): size for parent, size in sizes.items() if parent is not None}
    shown = dict(sorted(named.items(), key=lambda item: (-item[1], item[0]))[:_MOST_PARENTS])
    told = [f"{render_untrusted(parent)} {shown[parent]:,}" for parent in sorted(shown)]
    if len(named) > len(shown):
        told.append(f"{len(named) - len(shown):,} others {sum(named.values()) - sum(shown.values()):,}")
    if None in sizes:
        told.append(f"no parent {sizes[None]:,}")
    return ", ".join(told)


def _parent(row: Row) -> SiteName | None:
    return row.pair.parent if row.pair is not None else None


def _span(pairs: Sequence[PlannedPair], now: Instant) -> str:
    """From when the first begins until when the slowest has arrived.

    At the first site's time, its zone named once.
    """
    first = min(pairs, key=lambda pair: (_begin(pair, now), pair.site))
    start = _begin(first, now)
    ends = list(_ends(pairs, now))
    if not ends:
        return "now" if start <= now else moment(start, now=now, zone=first.timezone)
    begins = "now" if start <= now else bare_moment(start, now=now, zone=first.timezone)
    end, slowest = max(ends, key=lambda item: (item[0], item[1].site))
    until = moment(Instant(end), now=now, zone=first.timezone)
    return f"{begins} to {until}, slowest {render_untrusted(slowest.site)}"


def _begin(pair: PlannedPair, now: Instant) -> Instant:
    return now if pair.earliest is None else max(now, pair.earliest)


def _ends(pairs: Iterable[PlannedPair], now: Instant) -> Iterable[tuple[int, PlannedPair]]:
    for pair in pairs:
        if pair.estimated_seconds is not None:
            yield _begin(pair, now) + pair.estimated_seconds, pair
