"""What is at the site could not be read or understood, or another store is there (L37)."""

from reconciler.model.holdings import Unknown
from reconciler.model.snapshot import Cause
from reconciler.planning.pair import Pair

_OTHER_STORE = "the store at the address is not the one enrolled"


def unknown(pair: Pair) -> str | None:
    """Unknown is not absent (decision 0004): nothing is sent there, whatever revision a waiting send is of."""
    holding = pair.difference.holding
    if isinstance(holding, Unknown):
        return holding.reason
    if pair.open_send is not None and pair.backs_off(Cause.STORE_MISMATCH):
        return pair.open_send.detail or _OTHER_STORE
    return None
