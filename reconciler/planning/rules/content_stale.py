"""Other content than the desired one is there, whole or damaged (Q160567)."""

from reconciler.model.holdings import Damaged, Staged
from reconciler.planning.pair import Pair


def content_stale(pair: Pair) -> str | None:
    """By digest, never by version or date (L2). A record alone proves no content, so it cannot be stale."""
    match pair.difference.holding:
        case Staged(held=held) | Damaged(held=held) if held.content != pair.requirement.revision.content:
            return ""
        case _:
            return None
