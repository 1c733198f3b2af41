"""What one row says, column by column. Everything from data is harmless from here on."""

from dataclasses import dataclass

from reconciler.model.instants import Instant
from reconciler.model.plan import BlockReason, PlannedPair, Underway, Verdict
from reconciler.model.quantities import format_duration
from reconciler.model.snapshot import Cause, SendState
from reconciler.views.amounts import amount
from reconciler.views.moments import moment, since
from reconciler.views.paint import Ink
from reconciler.views.reasons import BLOCKS, CAUSES, cure, gap_words
from reconciler.views.rows import Row, Symbol
from reconciler.views.untrusted import render_untrusted

INKS = {
    Symbol.BLOCKED: Ink.RED,
    Symbol.CANCEL: Ink.YELLOW,
    Symbol.NEWER: Ink.CYAN,
    Symbol.SEND: Ink.GREEN,
    Symbol.SETUP: Ink.CYAN,
    Symbol.UNDERWAY: Ink.BLUE,
    Symbol.READY: Ink.DIM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A row's columns after the symbol; `cure` follows the words without alignment."""

    site: str
    action: str
    size: str = ""
    words: str = ""
    when: str = ""
    cure: str = ""


def columns_of(row: Row, now: Instant) -> Columns:
    """The columns of a row, seen at `now`."""
    pair = row.pair
    site = render_untrusted(row.site)
    if pair is None or not row.counted or row.symbol is Symbol.CANCEL:
        return Columns(site=site, action=row.action, words=row.note)
    travels = pair.verdict in (Verdict.MISSING, Verdict.IN_FLIGHT)
    words = (words_of(row, now), row.note)
    return Columns(
        site=site,
        action=row.action,
        size=amount((pair,)) if travels else "",
        words=", ".join(part for part in words if part),
        when=_when(pair, row.symbol, now),
        cure=render_untrusted(cure(pair)),
    )


def words_of(row: Row, now: Instant) -> str:
    """The explanation of the row's pair."""
    pair = row.pair
    if pair is None:
        return row.note
    match pair.verdict:
        case Verdict.READY:
            words = f"holds {pair.wants}" if pair.wants else ""
        case Verdict.IN_FLIGHT:
            words = _underway(pair, now)
        case Verdict.BLOCKED:
            words = _blocked(pair, now)
        case Verdict.MISSING:
            words = ", ".join(part for part in (gap_words(pair), pair.detail) if part)
    return render_untrusted(words)


def _blocked(pair: PlannedPair, now: Instant) -> str:
    words = pair.detail or (BLOCKS[pair.reason][1] if isinstance(pair.reason, BlockReason) else "")
    if pair.underway is not None and pair.underway.next_attempt is not None:
        words += f", looks again {moment(pair.underway.next_attempt, now=now, zone=pair.timezone)}"
    return words


def _underway(pair: PlannedPair, now: Instant) -> str:
    going = pair.underway
    told = _progress(pair, going, now) if going is not None else ""
    return ", ".join(part for part in (told, pair.detail, pair.send_only_job or "") if part)


def _progress(pair: PlannedPair, going: Underway, now: Instant) -> str:
    started = since(going.since, now=now, zone=pair.timezone)
    match going.state:
        case SendState.BACKING_OFF:
            cause = CAUSES[going.cause] if going.cause is not None else "failed"
            if going.next_attempt is None:
                return cause
            return f"{cause}, next attempt {moment(going.next_attempt, now=now, zone=pair.timezone)}"
        case SendState.SENDING | SendState.VERIFYING:
            done = f"{min(100, going.bytes_done * 100 // pair.bytes)} % " if pair.bytes else ""
            return f"{done}{started}"
        case _:
            return f"{started}, {_waits_for(pair, going, now)}"


def _waits_for(pair: PlannedPair, going: Underway, now: Instant) -> str:
    """What a queued send waits for: never left open (L27)."""
    if going.cause is not None:
        return CAUSES[going.cause]
    closed = pair.earliest is not None and pair.earliest > now
    return CAUSES[Cause.WINDOW] if closed else "waits for a worker"


def _when(pair: PlannedPair, symbol: Symbol, now: Instant) -> str:
    """`now, under 1 min`, `19:00 CET, about 1 h 26 min`; of an open send only when its window opens."""
    later = pair.earliest is not None and pair.earliest > now
    if pair.verdict is Verdict.IN_FLIGHT:
        return moment(pair.earliest, now=now, zone=pair.timezone) if pair.earliest is not None and later else ""
    if pair.verdict is not Verdict.MISSING:
        return ""
    begins = moment(pair.earliest, now=now, zone=pair.timezone) if pair.earliest is not None and later else "now"
    if pair.estimated_seconds is None or symbol is Symbol.SETUP:
        return begins
    takes = format_duration(pair.estimated_seconds)
    return f"{begins}, {takes if takes.startswith('under') else f'about {takes}'}"
