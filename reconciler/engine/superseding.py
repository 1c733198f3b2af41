"""Open sends to a site whose store was just enrolled: what they carry may be there already (sending.md 4, L37)."""

from reconciler.engine.depots import of_depot
from reconciler.model.claims import Candidate, Ending, GaveWay, Worker
from reconciler.model.instants import Seconds
from reconciler.model.names import SiteName
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, Send, SendState
from reconciler.model.verification import SiteLook
from reconciler.state.protocol import Author, State


def supersede(state: State, worker: Worker, look: SiteLook, author: Author, *, lease: Seconds) -> int:
    """Close those whose number the store has seen; how many. The worker has taken the site.

    A worker that carried them out would find the same, send by send, and could not say that the copy is whole.
    """
    highest = {pair.package: pair.highest for pair in look.pairs}
    late = [send for send in state.sends_to(look.site) if highest.get(send.package, 0) >= send.number]
    for send in late:
        if send.state is SendState.BACKING_OFF:
            state.retry(send.package, send.site, author)  # or it could not be claimed before its time
    claims = state.claim(worker, [_candidate(send) for send in late], author, lease=lease)
    endings = [Ending(claim=claim, outcome=_seen(highest[claim.send.package], claim.send)) for claim in claims]
    return sum(state.end(endings, author)) if endings else 0


def release(state: State, site: SiteName, author: Author) -> int:
    """Let those go at once that waited for this store: those to it, and those from a depot in it; how many."""
    waiting = [
        send
        for send in state.sends()
        if send.state is SendState.BACKING_OFF
        and (
            (send.site == site and send.cause is Cause.STORE_MISMATCH)
            or (send.cause is Cause.SOURCE_MISSING and send.detail.startswith(of_depot(site, "")))
        )
    ]
    return sum(state.retry(send.package, send.site, author) for send in waiting)


def _candidate(send: Send) -> Candidate:
    return Candidate(package=send.package, site=send.site, number=send.number, bytes_left=Bytes(0))


def _seen(highest: int, send: Send) -> GaveWay:
    detail = f"the store was enrolled and has number {highest} already, this send is {send.number}"
    return GaveWay(cause=None, detail=detail, number=highest)
