"""Exactly one verdict for every required pair (domain.md 3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.plan import BlockReason, GapReason, Verdict
from reconciler.planning.pair import Pair
from reconciler.planning.rules import BLOCKS, GAPS, OPEN_BLOCKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A pair and its verdict. `reasons` are in order, blocks before gaps; `detail` is that of the first."""

    pair: Pair
    verdict: Verdict
    reasons: tuple[GapReason | BlockReason, ...] = ()
    detail: str = ""

    @property
    def reason(self) -> GapReason | BlockReason | None:
        return self.reasons[0] if self.reasons else None

    @property
    def gap(self) -> GapReason | None:
        """The pair's first gap, also behind a block; None while nothing of it is known."""
        return next((reason for reason in self.reasons if isinstance(reason, GapReason)), None)


def judge(pairs: Iterable[Pair]) -> tuple[Judged, ...]:
    """The verdicts of these pairs, in their order."""
    return tuple(map(_judge, pairs))


def _judge(pair: Pair) -> Judged:
    """Blocked if anything forbids a send, else in flight if one is open, else missing.

    An open send stays open while its pair is blocked; its gap is told beside the block as for any other pair.
    """
    covering = pair.covering
    reasons: list[GapReason | BlockReason] = []
    details = []
    for block, rule in BLOCKS if covering is None else OPEN_BLOCKS:
        if (detail := rule(pair)) is not None:
            reasons.append(block)
            details.append(detail)
    if covering is not None and not reasons:
        return Judged(pair=pair, verdict=Verdict.IN_FLIGHT, detail=covering.detail)
    blocked = bool(reasons)
    for gap, rule in GAPS:
        if (detail := rule(pair)) is not None:
            reasons.append(gap)
            details.append(detail)
    if not reasons:
        return Judged(pair=pair, verdict=Verdict.READY)
    verdict = Verdict.BLOCKED if blocked else Verdict.MISSING
    return Judged(pair=pair, verdict=verdict, reasons=tuple(reasons), detail=details[0])
