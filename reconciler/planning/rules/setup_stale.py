"""The site is set up as the jobs need it, but with an older setup (Q160567)."""

from reconciler.planning.pair import Pair


def setup_stale(pair: Pair) -> str | None:
    """By digest; a setup that lacks a needed part is missing, not stale."""
    held = pair.held
    if held is None or held.setup is None or held.setup == pair.requirement.revision.setup:
        return None
    return None if pair.need.parts - held.parts else ""
