"""A verification found the staged copy of the desired content altered, truncated or gone (L34; events 15, 375)."""

from reconciler.model.holdings import Damaged
from reconciler.model.instants import format_instant
from reconciler.planning.pair import Pair


def content_damaged(pair: Pair) -> str | None:
    """Only of the desired content: damage to what will be replaced anyway is no gap of its own."""
    holding = pair.difference.holding
    if not isinstance(holding, Damaged) or holding.held.content != pair.requirement.revision.content:
        return None
    return f"found damaged on {format_instant(holding.found_at, pair.site.timezone)[:10]}"
