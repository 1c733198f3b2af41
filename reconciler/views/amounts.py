"""Bytes that will travel: exact for a setup, an upper bound for content until its parcel is packed (cli.md)."""

from collections.abc import Iterable

from reconciler.model.plan import PlannedPair
from reconciler.model.quantities import format_size
from reconciler.model.snapshot import Mode


def amount(pairs: Iterable[PlannedPair]) -> str:
    """`≤ 2.1 TiB`: what travels for these pairs together."""
    total, exact = 0, True
    for pair in pairs:
        total += pair.bytes
        exact = exact and pair.mode is Mode.SETUP_ONLY
    return format_size(total) if exact or not total else f"≤ {format_size(total)}"
