"""What workers and looks tell the SQLite state: receipts, observations, progress."""

import sqlite3
from dataclasses import replace

from reconciler.model.holdings import Held, Receipt
from reconciler.model.snapshot import Send, SendState
from reconciler.state import journal, records
from reconciler.state.interning import ids, label_id, proof_id, revision_id
from reconciler.state.pairs import Pair, PairRow, observed, received
from reconciler.state.progress import is_turn, read_by_planner, reported
from reconciler.state.protocol import Author, Observation, Progress
from reconciler.state.rows import Row, Turns, held_of, keep_pair, pair_row, send_of
from reconciler.state.statements import statements

_SQL = statements("arrivals")
_SENDS = statements("sends")


def receive(sqlite: sqlite3.Connection, receipt: Receipt, author: Author) -> bool:
    """Keep the receipt; True if it became the pair's holding."""
    pair = receipt.package, receipt.site
    if not _keep_receipt(sqlite, receipt):
        return False
    before = pair_row(sqlite, pair)
    after = received(before, receipt)
    if _complete(sqlite, receipt, author):
        after = replace(after, version=before.version + 1)
    _put(sqlite, pair, before, after)
    late = after.holding is before.holding
    records.tell(sqlite, journal.of_receipt(receipt, late=late), author)
    return not late


def observe(sqlite: sqlite3.Connection, observation: Observation, author: Author) -> bool:
    """Take the look into the holding; False if it does not count."""
    pair = observation.package, observation.site
    before = pair_row(sqlite, pair)
    after = observed(before, observation, _proved(sqlite, pair, before))
    if after is None or _open_row(sqlite, pair) is not None:
        return False
    if after is not before:
        _put(sqlite, pair, before, after)
        records.tell(sqlite, journal.of_observation(observation), author)
    return True


def report(sqlite: sqlite3.Connection, progress: Progress, author: Author) -> bool:
    """Move the open row on; False if it is another."""
    pair = progress.package, progress.site
    row = _open_row(sqlite, pair)
    if row is None:
        return False
    before = send_of(row, Turns(sqlite))
    if before.number != progress.number:
        return False
    after = reported(before, progress, author.at)
    _move(sqlite, row, after)
    if read_by_planner(after) != read_by_planner(before):
        kept = pair_row(sqlite, pair)
        _put(sqlite, pair, kept, replace(kept, version=kept.version + 1))
    if is_turn(before, after):
        records.tell(sqlite, journal.of_progress(after), author)
    return True


def _keep_receipt(sqlite: sqlite3.Connection, receipt: Receipt) -> bool:
    """False if it was seen before."""
    columns = (
        ids(sqlite, "packages", {receipt.package})[receipt.package],
        ids(sqlite, "sites", {receipt.site})[receipt.site],
        receipt.number,
        revision_id(sqlite, receipt.held.content, receipt.held.setup),
        label_id(sqlite, (part.value for part in receipt.held.parts), receipt.held.version),
        receipt.verified_at,
        proof_id(sqlite, receipt.proof, receipt.verifier),
    )
    return sqlite.execute(_SQL["receipt"], columns).rowcount > 0


def _complete(sqlite: sqlite3.Connection, receipt: Receipt, author: Author) -> bool:
    """Complete the row that the receipt answers, open or failed (L25)."""
    row = sqlite.execute(_SENDS["by_number"], (receipt.package, receipt.site, receipt.number)).fetchone()
    if row is None:
        return False
    send = send_of(row, Turns(sqlite))
    waited = send.state.is_open or send.state is SendState.FAILED
    if not waited or send.revision != receipt.held.revision:
        return False
    sqlite.execute(_SENDS["complete"], {"id": row[0], "at": author.at})
    return True


def _open_row(sqlite: sqlite3.Connection, pair: Pair) -> Row | None:
    row: Row | None = sqlite.execute(_SENDS["open_of_pair"], pair).fetchone()
    return row


def _move(sqlite: sqlite3.Connection, row: Row, send: Send) -> None:
    columns = {
        "id": row[0],
        "state": send.state.value,
        "cause": None if send.cause is None else send.cause.value,
        "detail": send.detail,
        "next_attempt": send.next_attempt,
        "attempts": send.attempts,
        "bytes_done": send.bytes_done,
        "changed_at": send.changed_at,
    }
    sqlite.execute(_SENDS["move"], columns)


def _proved(sqlite: sqlite3.Connection, pair: Pair, row: PairRow) -> Held | None:
    """What the newest receipt since the site was last removed proved."""
    package, site = pair
    columns = {"package": package, "site": site, "forgotten": row.forgotten}
    found = sqlite.execute(_SQL["proved"], columns).fetchone()
    return None if found is None else held_of(*found)


def _put(sqlite: sqlite3.Connection, pair: Pair, before: PairRow, after: PairRow) -> None:
    """Keep the row; a new version of it is a new version of the state."""
    if after.version != before.version:
        keep_pair(sqlite, pair, after)
        records.changed(sqlite)
