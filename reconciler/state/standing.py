"""What of a plan still stands when it is submitted: pure, the same for every state.

A plan says which version each pair had when it was made. Inside the transaction that records it, those are compared
with the versions now, of exactly the pairs the plan acts on (sending.md 4): a busy fleet never starves its planner.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeVar

from reconciler.model.keys import send_key, send_name
from reconciler.model.plan import Cancellation, CancellationReason, Plan, Removal, SendOnlyJob, Update
from reconciler.model.priority import Priority
from reconciler.model.snapshot import SendState
from reconciler.state.pairs import Pair

CLOSED_AS: Mapping[CancellationReason, SendState] = {
    CancellationReason.OBSOLETE: SendState.OBSOLETE,
    CancellationReason.SUPERSEDED: SendState.SUPERSEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFacts:
    """A pair as it is now. `open_job` names the send-only job of its open row; `holds`: it is not plainly absent."""

    version: int = 0
    mark: int = 0
    open_job: str | None = None
    holds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """One row of a send-only job as it is now."""

    state: SendState
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the state knows of all that a plan acts on. `known` are keys of send-only jobs that are recorded."""

    known: Collection[str]
    pairs: Mapping[Pair, PairFacts]
    rows: Mapping[tuple[str, Pair], RowFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The plan's actions without the pairs that moved, and without what is done already."""

    sends: tuple[SendOnlyJob, ...]
    already: tuple[str, ...]
    cancellations: tuple[Cancellation, ...]
    updates: tuple[Update, ...]
    removals: tuple[Removal, ...]
    moved: tuple[Pair, ...]


class _Now(Enum):
    """How one pair of one action stands."""

    STANDS = auto()
    DONE = auto()
    MOVED = auto()


_Row = tuple[str, Pair]
_Any = SendOnlyJob | Cancellation | Update | Removal
_Action = TypeVar("_Action", SendOnlyJob, Cancellation, Update, Removal)
_Change = TypeVar("_Change", Cancellation, Update)
_Judged = tuple[_Action, Mapping[Pair, _Now]]


def acted_on(plan: Plan) -> Iterator[Pair]:
    """Every pair the plan does something to; some of them twice."""
    actions: tuple[_Any, ...] = (*plan.send_only_jobs, *plan.cancellations, *plan.updates, *plan.removals)
    for action in actions:
        yield from _pairs(action)


def rows_named(plan: Plan) -> Iterator[_Row]:
    """The rows the plan closes or raises, by the name of their send-only job."""
    changes: tuple[Cancellation | Update, ...] = (*plan.cancellations, *plan.updates)
    for change in changes:
        for pair in _pairs(change):
            yield change.send_only_job, pair


def still_standing(plan: Plan, facts: Facts) -> Standing:
    """The part of the plan that is to be recorded. A pair that moved in one action is left out of all."""
    closing = {(change.send_only_job, pair) for change in plan.cancellations for pair in _pairs(change)}
    sends = [(job, _send(job, facts, closing)) for job in plan.send_only_jobs if job.key not in facts.known]
    cancellations = [(change, _cancellation(change, facts)) for change in plan.cancellations]
    updates = [(change, _update(change, facts)) for change in plan.updates]
    removals = [(removal, _removal(removal, facts)) for removal in plan.removals]
    judged = (*sends, *cancellations, *updates, *removals)
    moved = {pair for _, nows in judged for pair, now in nows.items() if now is _Now.MOVED}
    return Standing(
        sends=tuple(_rest_of_send(job, left) for job, left in _left(sends, moved)),
        already=tuple(job.name for job in plan.send_only_jobs if job.key in facts.known),
        cancellations=tuple(_rest_of_change(change, left) for change, left in _left(cancellations, moved)),
        updates=tuple(_rest_of_change(change, left) for change, left in _left(updates, moved)),
        removals=tuple(_rest_of_removal(removal, left) for removal, left in _left(removals, moved)),
        moved=tuple(sorted(moved)),
    )


def _pairs(action: _Any) -> Iterator[Pair]:
    if isinstance(action, Removal):
        yield from ((package, action.site) for package in action.packages)
    else:
        yield from ((action.package, planned.site) for planned in action.sites)


def _send(job: SendOnlyJob, facts: Facts, closing: Collection[_Row]) -> Mapping[Pair, _Now]:
    """A pair has moved, too, if its next number is another, or if a row is open that the plan does not close."""
    nows = {}
    for planned in job.sites:
        pair = job.package, planned.site
        now = facts.pairs.get(pair, PairFacts())
        foreseen = now.open_job is None or (now.open_job, pair) in closing
        stands = foreseen and (planned.version, planned.number) == (now.version, now.mark + 1)
        nows[pair] = _Now.STANDS if stands else _Now.MOVED
    return nows


def _cancellation(change: Cancellation, facts: Facts) -> Mapping[Pair, _Now]:
    """Nothing is left to do where the row was closed for the same reason."""
    nows = {}
    for planned in change.sites:
        pair = change.package, planned.site
        row = facts.rows.get((change.send_only_job, pair))
        if row is not None and row.state is CLOSED_AS[change.reason]:
            nows[pair] = _Now.DONE
        elif row is None or not row.state.is_open:
            nows[pair] = _Now.MOVED
        else:
            nows[pair] = _compare(pair, planned.version, facts)
    return nows


def _update(change: Update, facts: Facts) -> Mapping[Pair, _Now]:
    nows = {}
    for planned in change.sites:
        pair = change.package, planned.site
        row = facts.rows.get((change.send_only_job, pair))
        if row is None or not row.state.is_open:
            nows[pair] = _Now.MOVED
        elif row.priority is change.priority:
            nows[pair] = _Now.DONE
        else:
            nows[pair] = _compare(pair, planned.version, facts)
    return nows


def _removal(removal: Removal, facts: Facts) -> Mapping[Pair, _Now]:
    nows = {}
    for pair, version in zip(_pairs(removal), removal.versions, strict=True):
        now = facts.pairs.get(pair, PairFacts())
        nothing_left = not now.holds and now.open_job is None
        nows[pair] = _Now.DONE if nothing_left else _compare(pair, version, facts)
    return nows


def _compare(pair: Pair, version: int, facts: Facts) -> _Now:
    return _Now.STANDS if facts.pairs.get(pair, PairFacts()).version == version else _Now.MOVED


def _left(judged: Iterable[_Judged[_Action]], moved: Collection[Pair]) -> Iterator[tuple[_Action, Collection[Pair]]]:
    """The actions of which something is left, and the pairs that are."""
    for action, nows in judged:
        left = {pair for pair, now in nows.items() if now is _Now.STANDS and pair not in moved}
        if left:
            yield action, left


def _rest_of_send(job: SendOnlyJob, left: Collection[Pair]) -> SendOnlyJob:
    """The job for the pairs that are left: it does less, so its key and name are others. (Its `bytes` are not used.)"""
    if len(left) == len(job.sites):
        return job
    kept = [index for index, planned in enumerate(job.sites) if (job.package, planned.site) in left]
    sites = tuple(job.sites[index] for index in kept)
    key = send_key(
        job.package,
        revision=job.revision,
        mode=job.mode,
        priority=job.priority,
        numbers=((planned.site, planned.number) for planned in sites),
    )
    return replace(
        job,
        key=key,
        name=send_name(job.package, key),
        sites=sites,
        endpoints=tuple(job.endpoints[index] for index in kept),
    )


def _rest_of_change(change: _Change, left: Collection[Pair]) -> _Change:
    return replace(change, sites=tuple(planned for planned in change.sites if (change.package, planned.site) in left))


def _rest_of_removal(removal: Removal, left: Collection[Pair]) -> Removal:
    kept = [index for index, pair in enumerate(_pairs(removal)) if pair in left]
    return replace(
        removal,
        packages=tuple(removal.packages[index] for index in kept),
        versions=tuple(removal.versions[index] for index in kept),
    )
