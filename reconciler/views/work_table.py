"""The sends of a worker while they run: a table that is drawn again and again on a terminal, a line a minute elsewhere.

Every total is the sum of the rows, those that are folded included.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.model.instants import Instant, format_instant
from reconciler.model.quantities import format_duration, format_rate, format_size
from reconciler.model.schedule import Schedule, Wait, WaitReason
from reconciler.model.snapshot import Send
from reconciler.model.working import PackingProgress, SendProgress
from reconciler.views.cells import cells, clip, left, right
from reconciler.views.untrusted import render_untrusted
from reconciler.views.waits import WAITS, until_text

_HEADS = ("site", "package", "state", "done", "rate", "")
_RIGHT = frozenset((3, 4))
_WIDEST_NAME = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One send. `progress` is set for what runs here, `wait` for what waits."""

    send: Send
    state: str
    done: int
    bytes: int
    rate: int | None = None
    progress: SendProgress | None = None
    wait: Wait | None = None


def work_table(
    running: Sequence[SendProgress],
    schedule: Schedule,
    packing: Sequence[PackingProgress] = (),
    *,
    at: Instant,
    width: int,
    height: int,
) -> list[str]:
    """At most `height` lines (three at least) of at most `width` cells: heads, rows, the fold, the totals.

    `running` has the latest of each send that runs here. These come first, by site, then package; then those whose turn
    it is, in order; then those that wait, by until when. What is being packed stands above them.
    """
    above = [clip(_packing(one), width) for one in packing[: max(height - 3, 0)]]
    rows = _rows(running, schedule)
    if not rows:
        return [*above, clip(_totals(rows), width)]
    room = max(height - len(above) - 2, 1)
    shown = rows if len(rows) <= room else rows[: room - 1]
    table = [_HEADS, *(_cells(row, at) for row in shown)]
    widths = [max(cells(line[column]) for line in table) for column in range(len(_HEADS))]
    lines = ["  ".join(_padded(line, widths)) for line in table]
    if len(shown) < len(rows):
        folded = rows[len(shown) :]
        lines.append(f"+ {len(folded):,} more  {_sums(folded)}")
    lines.append(_totals(rows))
    return above + [clip(line.rstrip(), width) for line in lines]


def heartbeat_text(
    running: Sequence[SendProgress],
    schedule: Schedule,
    packing: Sequence[PackingProgress] = (),
    *,
    at: Instant,
    zone: str = "UTC",
) -> str:
    """The totals as a line, for where nobody watches."""
    told = [_totals(_rows(running, schedule)), *map(_packing, packing)]
    return f"{format_instant(at, zone)}  {'working':<9}  {'; '.join(told)}\n"


def _packing(packing: PackingProgress) -> str:
    """`packing till-4: 38.4 MiB so far, of 1.2 GiB of content`."""
    done, size = format_size(packing.packed), format_size(packing.bytes)
    return f"packing {render_untrusted(packing.package)}: {done} so far, of {size} of content"


def _totals(rows: Sequence[_Row]) -> str:
    """`2 sending, 1 verifying, 5 queued, 1,839 waiting  4.1 GiB of 9.0 GiB  20 Mbit/s`."""
    if not rows:
        return "no open send"
    states = Counter(map(_state, rows))
    told = ", ".join(f"{number:,} {state}" for state, number in states.items())
    return f"{told}  {_sums(rows)}"


def _state(row: _Row) -> str:
    """Whatever it waits for, it waits; what another worker carries out does not."""
    return row.state if row.wait is None or row.wait.reason is WaitReason.CLAIMED else "waiting"


def _sums(rows: Iterable[_Row]) -> str:
    done = size = rate = 0
    for row in rows:
        done, size, rate = done + row.done, size + row.bytes, rate + (row.rate or 0)
    return f"{format_size(done)} of {format_size(size)}" + (f"  {format_rate(rate)}" if rate else "")


def _rows(running: Sequence[SendProgress], schedule: Schedule) -> list[_Row]:
    """Each open send once: what runs here is not told again as claimed, or as ready while that look is older."""
    here = {(each.send.package, each.send.site) for each in running}
    rows = [
        _Row(
            send=each.send,
            state=each.state.value,
            done=each.bytes_done,
            bytes=each.bytes,
            rate=each.rate,
            progress=each,
        )
        for each in sorted(running, key=lambda each: (each.send.site, each.send.package))
    ]
    others = [turn.send for turn in schedule.ready if (turn.send.package, turn.send.site) not in here]
    rows += [_Row(send=send, state="queued", done=send.bytes_done, bytes=send.bytes) for send in others]
    waiting = [wait for wait in schedule.waiting if (wait.send.package, wait.send.site) not in here]
    for wait in sorted(waiting, key=_when):
        send = wait.send
        rows.append(_Row(send=send, state=wait.reason.value, done=send.bytes_done, bytes=send.bytes, wait=wait))
    return rows


def _when(wait: Wait) -> tuple[bool, bool, int, str, str]:
    """What another worker carries out first, then by time; what no clock ends last."""
    claimed = wait.reason is WaitReason.CLAIMED
    return not claimed, wait.until is None, wait.until or 0, wait.send.site, wait.send.package


def _cells(row: _Row, at: Instant) -> Sequence[str]:
    return (
        clip(render_untrusted(row.send.site), _WIDEST_NAME),
        clip(render_untrusted(row.send.package), _WIDEST_NAME),
        row.state,
        f"{format_size(row.done)} of {format_size(row.bytes)}",
        "" if row.rate is None else format_rate(row.rate),
        _rest(row, at),
    )


def _rest(row: _Row, at: Instant) -> str:
    """How long it takes, or what it waits for until when."""
    if row.progress is not None:
        seconds = row.progress.seconds_left
        return "" if seconds is None else f"{format_duration(seconds)} left"
    if row.wait is None:
        return "waits for a slot"
    told = (until_text(row.wait, now=at), render_untrusted(row.wait.detail) or WAITS[row.wait.reason])
    return ", ".join(part for part in told if part)


def _padded(line: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for column, (text, width) in enumerate(zip(line, widths, strict=True)):
        yield right(text, width) if column in _RIGHT else left(text, width)
