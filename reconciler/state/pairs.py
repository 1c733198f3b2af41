"""What a pair's row becomes when a receipt arrives, a look finds something, or its site is removed.

Pure rules, the same for every state (L26, L31, L34).
"""

from dataclasses import dataclass, replace

from reconciler.model.claims import GaveWay
from reconciler.model.holdings import Absent, Damaged, Held, Holding, Receipt, Staged, Unknown
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
    """The row after a look; the same one if it says nothing new, None if the pair has moved on since the look began.

    `proved` is what the pair's newest receipt proved, None without one since the site was last removed.
    """
    found = observation.holding
    nothing_there = observation.number == 0 and isinstance(found, Absent | Unknown)
    if observation.mark != row.mark or (observation.number < row.number and not nothing_there):
        return None
    if observation.used > row.mark:
        row = replace(row, mark=observation.used, version=row.version + 1)
    if isinstance(found, Staged):
        return _verified(row, found, observation.number)
    after = replace(
        row,
        holding=Absent(lost=proved) if isinstance(found, Absent) else found,
        number=max(row.number, observation.number),
        mark=max(row.mark, observation.number),
    )
    return row if after == row else replace(after, version=row.version + 1)


def _verified(row: PairRow, found: Staged, number: int) -> PairRow | None:
    """What was held is held still, or is held after all; None for a look older than the damage that another found.

    A number from before the site was removed says that it is the same site: what was sent since counts again.
    """
    held = row.holding
    if isinstance(held, Damaged) and found.verified_at < held.found_at:
        return None
    if isinstance(held, Staged) and number == row.number and same_revision(held.held, found.held):
        latest = max(held.verified_at, found.verified_at)
        return row if latest == held.verified_at else replace(row, holding=replace(held, verified_at=latest))
    return replace(
        row,
        holding=found,
        number=number,
        mark=max(row.mark, number),
        version=row.version + 1,
        forgotten=min(row.forgotten, number - 1),
    )


def found_instead(pair: Pair, row: PairRow, outcome: GaveWay) -> Observation | None:
    """What a worker that gave way saw, as a look."""
    if outcome.found is None:
        return None
    package, site = pair
    return Observation(package=package, site=site, mark=row.mark, number=outcome.number, holding=outcome.found)


def gave_way(row: PairRow, observation: Observation | None, *, number: int, proved: Held | None) -> PairRow:
    """The row when a send ends superseded: what its worker found instead is known, and no number is used twice."""
    after = None if observation is None else observed(row, observation, proved)
    after = after or row
    return replace(after, mark=max(after.mark, number), version=row.version + 1)


def found_by_look(observation: Observation, verifier: str) -> Receipt | None:
    """What a look proves, as a receipt: a rebuilt state has no other (L33). None if it proves nothing."""
    if not isinstance(observation.holding, Staged):
        return None
    return Receipt(
        package=observation.package,
        site=observation.site,
        number=observation.number,
        held=observation.holding.held,
        verified_at=observation.holding.verified_at,
        verifier=verifier,
        proof="look",
    )


def same_revision(one: Held, other: Held) -> bool:
    """Labels are no part of what is held."""
    return (one.content, one.setup) == (other.content, other.setup)


def pruned(row: PairRow, number: int) -> PairRow:
    """The row once the package was removed from the site on purpose, as record `number` there says (L41).

    What was proved there before was not lost, so nothing is healed. The same row if that is known.
    """
    mark = max(row.mark, number)
    after = PairRow(mark=mark, version=row.version, forgotten=mark)
    return row if after == row else replace(after, version=row.version + 1)


def forgotten(row: PairRow) -> PairRow:
    """The row once its site has left the manifests: the mark stays, or a number would be used twice (L31)."""
    return PairRow(mark=row.mark, version=row.version + 1, forgotten=row.mark)
