"""What a pair's row becomes when a receipt arrives, a look finds something, or its site is removed.

Pure rules, the same for every state (L26, L31, L34).
"""

from dataclasses import dataclass, replace

from reconciler.model.holdings import Absent, Held, Holding, Receipt, Staged, Unknown
from reconciler.model.names import PackageName, SiteName
from reconciler.state.protocol import Observation

Pair = tuple[PackageName, SiteName]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """What is kept of one pair; as it stands here for a pair without a row.

    `number` is that of what is held, or was last; `mark` the highest ever seen. `version` is raised with every change
    that the planner reads. `forgotten` is the mark the pair had when its site was last removed: what was sent until
    then says nothing of the site that bears the name now (L31).
    """

    holding: Holding = Absent()
    number: int = 0
    mark: int = 0
    version: int = 0
    forgotten: int = 0


def received(row: PairRow, receipt: Receipt) -> PairRow:
    """The row after a receipt that was not seen before; the same one if the receipt comes late (L26)."""
    if receipt.number < row.number or receipt.number <= row.forgotten:
        return row
    return replace(
        row,
        holding=Staged(held=receipt.held, verified_at=receipt.verified_at),
        number=receipt.number,
        mark=max(row.mark, receipt.number),
        version=row.version + 1,
    )


def observed(row: PairRow, observation: Observation, proved: Held | None) -> PairRow | None:
    """The row after a look; the same one if it says nothing new, None if a newer number is held.

    `proved` is what the pair's newest receipt proved, None without one since the site was last removed.
    """
    found = observation.holding
    nothing_there = observation.number == 0 and isinstance(found, Absent | Unknown)
    if observation.number < row.number and not nothing_there:
        return None
    after = replace(
        row,
        holding=Absent(lost=proved) if isinstance(found, Absent) else found,
        number=max(row.number, observation.number),
        mark=max(row.mark, observation.number),
    )
    return row if after == row else replace(after, version=row.version + 1)


def forgotten(row: PairRow) -> PairRow:
    """The row once its site has left the manifests: the mark stays, or a number would be used twice (L31)."""
    return PairRow(mark=row.mark, version=row.version + 1, forgotten=row.mark)
