"""The site has no address of its own: nothing can reach its store (L12; events 332, 347)."""

from reconciler.planning.pair import Pair


def no_address(pair: Pair) -> str | None:
    """Relays would be another way; there are none yet."""
    return None if pair.site.address is not None else f"site {pair.site.name} has no spec.address"
