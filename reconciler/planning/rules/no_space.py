"""The site has too little free space for what the open send must put there (L20; Q137610)."""

from reconciler.model.snapshot import Cause
from reconciler.planning.pair import Pair


def no_space(pair: Pair) -> str | None:
    """Need and have; a send of another revision has another need, so it says nothing about this one."""
    send = pair.covering
    return send.detail if send is not None and pair.backs_off(Cause.SPACE) else None
