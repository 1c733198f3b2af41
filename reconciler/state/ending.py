"""How attempts end in the SQLite state, and what people do to a send: tried again, given up."""

import sqlite3

from reconciler.model.claims import Arrived, Claim, Ending, GaveWay
from reconciler.state import arrivals, journal, records
from reconciler.state.claiming import fence
from reconciler.state.moving import move, write
from reconciler.state.pairs import Pair, found_instead, gave_way
from reconciler.state.progress import Stopped, cancelled, retried, stopped
from reconciler.state.protocol import Author
from reconciler.state.rows import Turns, keep_pair, pair_row, send_of
from reconciler.state.statements import statements

_SQL = statements("claims")
_SENDS = statements("sends")


def end(sqlite: sqlite3.Connection, ending: Ending, author: Author, *, turns: Turns) -> bool:
    """Record it, and free its claim; False if it did not count."""
    if isinstance(ending.outcome, Arrived):
        counted = arrivals.receive(sqlite, ending.outcome.receipt, author, turns=turns)
    else:
        counted = _stop(sqlite, ending.claim, ending.outcome, author, turns=turns)
    sqlite.execute(_SQL["free"], fence(ending.claim))
    return counted


def retry(sqlite: sqlite3.Connection, pair: Pair, author: Author) -> bool:
    """Open the latest row again, or let it go at once."""
    row = sqlite.execute(_SQL["latest"], pair).fetchone()
    if row is None:
        return False
    before = send_of(row, Turns(sqlite))
    after = retried(before, pair_row(sqlite, pair), author.at)
    if after is None:
        return False
    records.tell(sqlite, journal.of_retry(after), author)
    move(sqlite, row[0], before, after)
    return True


def cancel(sqlite: sqlite3.Connection, pair: Pair, reason: str, author: Author) -> bool:
    """Close the open row by hand."""
    row = sqlite.execute(_SENDS["open_of_pair"], pair).fetchone()
    if row is None:
        return False
    before = send_of(row, Turns(sqlite))
    records.tell(sqlite, journal.of_cancel(before, reason), author)
    move(sqlite, row[0], before, cancelled(before, actor=author.actor, reason=reason, at=author.at))
    return True


def _stop(sqlite: sqlite3.Connection, claim: Claim, outcome: Stopped, author: Author, *, turns: Turns) -> bool:
    """Only the attempt that the row knows may say what becomes of it."""
    row = sqlite.execute(_SQL["fenced"], fence(claim)).fetchone()
    if row is None:
        return False
    before = send_of(row, turns)
    after = stopped(before, outcome, author.at)
    records.tell(sqlite, journal.of_ending(after, outcome), author)
    if isinstance(outcome, GaveWay):
        write(sqlite, row[0], after)
        _give_way(sqlite, claim.pair, outcome, author)
    else:
        move(sqlite, row[0], before, after)
    return True


def _give_way(sqlite: sqlite3.Connection, pair: Pair, outcome: GaveWay, author: Author) -> None:
    """What was found instead becomes the holding in the same transaction: sending.md 4."""
    before = pair_row(sqlite, pair)
    found = found_instead(pair, before, outcome)
    after = gave_way(before, found, number=outcome.number, proved=arrivals.proved(sqlite, pair, before))
    keep_pair(sqlite, pair, after)
    records.changed(sqlite)
    if found is not None and after.holding != before.holding:
        records.tell(sqlite, journal.of_observation(found), author)
