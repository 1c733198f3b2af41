"""What the records at the site mean for a send's number: a worker never raises it (sending.md 4)."""

from reconciler.engine.stores.store import Recorded
from reconciler.model.claims import GaveWay
from reconciler.model.holdings import Absent, RecordOnly
from reconciler.model.snapshot import Send
from reconciler.parcels.records import Record


def earlier_attempt(recorded: Recorded, send: Send) -> Record | None:
    """The record of this very send, if an attempt before this one got that far."""
    record = recorded.newest
    if record is None or recorded.highest != send.number or record.number != send.number:
        return None
    return record if record.revision == send.revision else None


def overtaken(recorded: Recorded, send: Send) -> GaveWay | None:
    """The end of a send whose number the site has seen with something else in it, or a higher one (R5).

    Nothing is published then: what is there is taken as an observation, and the next pass plans again. So a state that
    was restored from an older copy heals itself, pair by pair.
    """
    if recorded.highest < send.number:
        return None
    return GaveWay(
        cause=None,
        detail=f"the store has number {recorded.highest} already, this send is {send.number}",
        number=recorded.highest,
        found=found_by(recorded),
    )


def found_by(recorded: Recorded) -> RecordOnly | Absent:
    """What records alone say, before any content was looked at; one that cannot be understood says nothing."""
    return Absent() if recorded.newest is None else RecordOnly(held=recorded.newest.held)
