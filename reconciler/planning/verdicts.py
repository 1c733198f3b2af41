"""Exactly one verdict for every required pair (domain.md 3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.plan import BlockReason, GapReason, Verdict
from reconciler.planning.pair import Pair
from reconciler.planning.rules import BLOCKS, GAPS, OPEN_BLOCKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A pair and its verdict. `reasons` are in order, blocks before gaps; `detail` is that of the first.

    `gap` is the first gap, also behind a block; None while nothing of it is known.
    """

    pair: Pair
    verdict: Verdict
    reasons: tuple[GapReason | BlockReason, ...] = ()
    gap: GapReason | None = None
    detail: str = ""

    @property
    def reason(self) -> GapReason | BlockReason | None:
        return self.reasons[0] if self.reasons else None


def judge(pairs: Iterable[Pair]) -> tuple[Judged, ...]:
    """The verdicts of these pairs, in their order."""
    return tuple(map(_judge, pairs))


def _judge(pair: Pair) -> Judged:
    """Blocked if anything forbids a send, else in flight if one is open, else missing.

    An open send stays open while its pair is blocked; its gap is told beside the block as for any other pair.
    """
    covering = pair.covering
    blocks = [
        (reason, detail)
        for reason, rule in (BLOCKS if covering is None else OPEN_BLOCKS)
        if (detail := rule(pair)) is not None
    ]
    if covering is not None and not blocks:
        return Judged(pair=pair, verdict=Verdict.IN_FLIGHT, detail=covering.detail)
    gaps = [(reason, detail) for reason, rule in GAPS if (detail := rule(pair)) is not None]
    told: list[tuple[GapReason | BlockReason, str]] = [*blocks, *gaps]
    if not told:
        return Judged(pair=pair, verdict=Verdict.READY)
    return Judged(
        pair=pair,
        verdict=Verdict.BLOCKED if blocks else Verdict.MISSING,
        reasons=tuple([reason for reason, _ in told]),
        gap=gaps[0][0] if gaps else None,
        detail=told[0][1],
    )
