"""The record is there, verified content is not: the first symptom of Q134718."""

from reconciler.model.holdings import RecordOnly
from reconciler.planning.pair import Pair


def record_only(pair: Pair) -> str | None:
    """Whatever revision the record is of: a record is a claim, content is the proof (L1)."""
    return "" if isinstance(pair.difference.holding, RecordOnly) else None
