"""What arrived, and what looks at stores found, in the SQLite state."""

import sqlite3
from dataclasses import replace

from reconciler.model.holdings import Held, Receipt
from reconciler.model.snapshot import SendState
from reconciler.state import journal, records
from reconciler.state.interning import ids, label_id, proof_id, revision_id
from reconciler.state.pairs import Pair, PairRow, found_by_look, observed, pruned, received
from reconciler.state.protocol import Author, Observation
from reconciler.state.rows import Turns, held_of, keep_pair, pair_row, send_of
from reconciler.state.statements import statements

_SQL = statements("arrivals")
_SENDS = statements("sends")


def receive(sqlite: sqlite3.Connection, receipt: Receipt, author: Author, *, turns: Turns) -> bool:
    """Keep the receipt; True if it became the pair's holding."""
    pair = receipt.package, receipt.site
    if not _keep_receipt(sqlite, receipt):
        return False
    before = pair_row(sqlite, pair)
    after = received(before, receipt)
    if _complete(sqlite, receipt, author, turns=turns):
        after = replace(after, version=before.version + 1)
    _put(sqlite, pair, before, after)
    late = after.holding is before.holding
    records.tell(sqlite, journal.of_receipt(receipt, late=late), author)
    return not late


def observe(sqlite: sqlite3.Connection, observation: Observation, author: Author, *, turns: Turns) -> bool:
    """Take the look into the holding; False if it does not count."""
    pair = observation.package, observation.site
    before = pair_row(sqlite, pair)
    after = observed(before, observation, proved(sqlite, pair, before))
    if after is None or sqlite.execute(_SENDS["open_of_pair"], pair).fetchone() is not None:
        return False
    _put(sqlite, pair, before, after)
    if after.version != before.version:
        receipt = found_by_look(observation, author.actor)
        if receipt is not None:
            _keep_receipt(sqlite, receipt, instead=True)
            _complete(sqlite, receipt, author, turns=turns)
        records.tell(sqlite, journal.of_observation(observation), author)
    return True


def forget(sqlite: sqlite3.Connection, pair: Pair, number: int, author: Author) -> bool:
    """The package was removed on purpose; False while a send is open."""
    if sqlite.execute(_SENDS["open_of_pair"], pair).fetchone() is not None:
        return False
    before = pair_row(sqlite, pair)
    after = pruned(before, number)
    _put(sqlite, pair, before, after)
    if after is not before:
        records.tell(sqlite, journal.of_pruning(*pair, number), author)
    return True


def proved(sqlite: sqlite3.Connection, pair: Pair, row: PairRow) -> Held | None:
    """What the newest receipt since the site was last removed proved."""
    package, site = pair
    columns = {"package": package, "site": site, "forgotten": row.forgotten}
    found = sqlite.execute(_SQL["proved"], columns).fetchone()
    return None if found is None else held_of(*found)


def receipts(sqlite: sqlite3.Connection, pair: Pair) -> list[Receipt]:
    """Every proof kept of the pair, the highest number first."""
    package, site = pair
    return [
        Receipt(
            package=package,
            site=site,
            number=number,
            held=held_of(*held),
            verified_at=verified_at,
            verifier=verifier,
            proof=proof,
        )
        for number, verified_at, proof, verifier, *held in sqlite.execute(_SQL["receipts"], pair)
    ]


def _keep_receipt(sqlite: sqlite3.Connection, receipt: Receipt, *, instead: bool = False) -> bool:
    """False if it was seen before; `instead` of one with its number that proved something else."""
    columns = (
        ids(sqlite, "packages", {receipt.package})[receipt.package],
        ids(sqlite, "sites", {receipt.site})[receipt.site],
        receipt.number,
        revision_id(sqlite, receipt.held.content, receipt.held.setup),
        label_id(sqlite, (part.value for part in receipt.held.parts), receipt.held.version),
        receipt.verified_at,
        proof_id(sqlite, receipt.proof, receipt.verifier),
    )
    return sqlite.execute(_SQL["receipt_instead" if instead else "receipt"], columns).rowcount > 0


def _complete(sqlite: sqlite3.Connection, receipt: Receipt, author: Author, *, turns: Turns) -> bool:
    """Complete the row that the receipt answers, open or failed (L25)."""
    row = sqlite.execute(_SENDS["by_number"], (receipt.package, receipt.site, receipt.number)).fetchone()
    if row is None:
        return False
    send = send_of(row, turns)
    waited = send.state.is_open or send.state is SendState.FAILED
    if not waited or send.revision != receipt.held.revision:
        return False
    sqlite.execute(_SENDS["complete"], {"id": row[0], "at": author.at})
    return True


def _put(sqlite: sqlite3.Connection, pair: Pair, before: PairRow, after: PairRow) -> None:
    """Keep the row; a new version of it is a new version of the state."""
    if after is not before:
        keep_pair(sqlite, pair, after)
    if after.version != before.version:
        records.changed(sqlite)
