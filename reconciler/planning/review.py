"""Two plans to a review: which of their lines differ. Pure; what the plans know is not computed anew."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import (
    Cancellation,
    GuardResult,
    JobVerdict,
    Plan,
    PlannedJob,
    PlannedPair,
    SendOnlyJob,
    Update,
    Verdict,
)
from reconciler.model.quantities import Bytes
from reconciler.model.review import (
    ActionChange,
    ActionKind,
    ActionLine,
    Base,
    GuardChange,
    JobChange,
    PairChange,
    PairLine,
    Review,
    Travel,
    Unlined,
)

PairKey = tuple[PackageName, SiteName]

_LINE = re.compile(r"(?<=\S):\d+(:\d+)?\b")
"""`:12` or `:12:5` after a file's name."""


def review(base: Base, *, before: Plan, after: Plan) -> Review:
    """What the change from one plan's manifests to the other's does.

    Both plans are of the same state, instant and filters.
    """
    pairs = _pairs(before, after)
    added = [(_sent(change.after), _sent(change.before)) for change in pairs]
    introduced, mended = _diagnostics(before.diagnostics, after.diagnostics)
    return Review(
        base=base,
        before=before,
        after=after,
        pairs=pairs,
        actions=_actions(before, after),
        jobs=_jobs(before, after),
        guards=_guards(before, after),
        introduced=introduced,
        mended=mended,
        added=_travel(added),
        removed=_travel([(was, becomes) for becomes, was in added]),
        done_before=_done(before),
        done_after=_done(after),
    )


def _pairs(before: Plan, after: Plan) -> tuple[PairChange, ...]:
    was, becomes = _lines(before), _lines(after)
    keys = [key for key in sorted(was.keys() | becomes.keys()) if _says(was.get(key)) != _says(becomes.get(key))]
    ready_before, ready_after = _ready(before, keys), _ready(after, keys)
    return tuple(
        PairChange(
            package=key[0],
            site=key[1],
            before=was.get(key) or (Unlined.READY if key in ready_before else Unlined.NOT_REQUIRED),
            after=becomes.get(key) or (Unlined.READY if key in ready_after else Unlined.NOT_REQUIRED),
        )
        for key in keys
    )


def _lines(plan: Plan) -> Mapping[PairKey, PairLine]:
    """The plan's lines about pairs; ready pairs, listed or not, have none."""
    sends = {send.name: send for send in plan.send_only_jobs}
    return {
        (pair.package, pair.site): _line(pair, sends.get(pair.send_only_job or ""))
        for pair in plan.pairs
        if pair.verdict is not Verdict.READY
    }


def _line(pair: PlannedPair, send: SendOnlyJob | None) -> PairLine:
    if send is None:
        return PairLine(pair=pair)
    return PairLine(pair=pair, priority=send.priority, revision=send.revision)


def _says(line: PairLine | None) -> Hashable:
    """What a line says: not the name of the planned send, which differs with its other sites, nor who else needs it."""
    if line is None:
        return None
    pair = line.pair
    of_pair = pair.verdict, pair.reason, pair.also, pair.mode, pair.bytes, pair.has, pair.wants, pair.detail, pair.lacks
    return *of_pair, pair.held, pair.earliest, pair.estimated_seconds, line.priority, line.revision


def _ready(plan: Plan, keys: Sequence[PairKey]) -> set[PairKey]:
    """The pairs that are ready where the plan has no line about them: required, and no line.

    Which sites a selector leaves out, only the plan knows: it has to list the ready ones (`_lists_ready`).
    """
    if _lists_ready(plan.filters):
        return {(pair.package, pair.site) for pair in plan.pairs if pair.verdict is Verdict.READY}
    packages = {package for package, _ in keys}
    return {(job.package, site) for job in plan.jobs if job.package in packages for site in job.required_sites}


def _lists_ready(filters: Iterable[str]) -> bool:
    """Whether a plan with these filters has to list its ready pairs to be reviewed."""
    return any(narrowed.startswith("selector=") for narrowed in filters)


def _actions(before: Plan, after: Plan) -> tuple[ActionChange, ...]:
    was, becomes = _action_lines(before), _action_lines(after)
    keys = sorted(was.keys() | becomes.keys())
    return tuple(
        ActionChange(before=was.get(key), after=becomes.get(key)) for key in keys if was.get(key) != becomes.get(key)
    )


def _action_lines(plan: Plan) -> Mapping[tuple[str, SiteName, str], ActionLine]:
    changes: tuple[tuple[Cancellation | Update, ActionKind, str], ...] = (
        *((change, ActionKind.CANCEL, change.reason.value) for change in plan.cancellations),
        *((change, ActionKind.UPDATE, change.priority.word) for change in plan.updates),
    )
    changed = (
        ActionLine(
            kind=kind,
            site=row.site,
            packages=(change.package,),
            send_only_job=change.send_only_job,
            becomes=becomes,
        )
        for change, kind, becomes in changes
        for row in change.sites
    )
    removed = (
        ActionLine(kind=ActionKind.REMOVE, site=removal.site, packages=removal.packages) for removal in plan.removals
    )
    return {(line.kind.value, line.site, line.send_only_job): line for line in (*changed, *removed)}


def _jobs(before: Plan, after: Plan) -> tuple[JobChange, ...]:
    was, becomes = ({job.name: job for job in plan.jobs} for plan in (before, after))
    return tuple(
        JobChange(name=name, before=was.get(name), after=becomes.get(name))
        for name in sorted(was.keys() | becomes.keys())
        if _asks(was.get(name)) != _asks(becomes.get(name))
    )


def _asks(job: PlannedJob | None) -> Hashable:
    """What a job wants where, and what has become of it."""
    if job is None:
        return None
    return job.verdict, job.package, job.package_version, job.purpose, job.site, job.required_sites, job.ready


def _guards(before: Plan, after: Plan) -> tuple[GuardChange, ...]:
    was, becomes = ({guard.name: guard for guard in plan.guards if guard.tripped} for plan in (before, after))
    return tuple(
        GuardChange(name=name, before=was.get(name), after=becomes.get(name))
        for name in sorted(was.keys() | becomes.keys(), key=lambda name: name.value)
        if _measures(was.get(name)) != _measures(becomes.get(name))
    )


def _measures(guard: GuardResult | None) -> Hashable:
    return None if guard is None else (guard.value, guard.limit, guard.acknowledged)


def _diagnostics(
    before: Sequence[Diagnostic], after: Sequence[Diagnostic]
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Those introduced and those mended. One that only moved, within its file or with it, is neither."""
    introduced, mended = _unmatched(before, after, file=True)
    introduced, mended = _unmatched(mended, introduced, file=False)
    return tuple(introduced), tuple(mended)


def _unmatched(
    before: Sequence[Diagnostic], after: Sequence[Diagnostic], *, file: bool
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    return _without(after, before, file=file), _without(before, after, file=file)


def _without(those: Sequence[Diagnostic], known: Iterable[Diagnostic], *, file: bool) -> list[Diagnostic]:
    left = Counter(_meaning(each, file=file) for each in known)
    remaining = []
    for each in sorted(those, key=lambda each: each.order):
        if left[_meaning(each, file=file)]:
            left[_meaning(each, file=file)] -= 1
        else:
            remaining.append(each)
    return remaining


def _meaning(diagnostic: Diagnostic, *, file: bool) -> Hashable:
    place = diagnostic.where.file if file else ""
    return diagnostic.code, diagnostic.severity.value, place, diagnostic.path, _LINE.sub("", diagnostic.message)


def _sent(line: PairLine | Unlined) -> PlannedPair | None:
    """The pair if the plan sends to it."""
    if isinstance(line, Unlined) or line.pair.verdict is not Verdict.MISSING:
        return None
    return line.pair


def _travel(sent: Iterable[tuple[PlannedPair | None, PlannedPair | None]]) -> Travel:
    """What the first of each two has beyond the second."""
    size, seconds, unrated = 0, 0, 0
    for more, less in sent:
        if more is None:
            continue
        size += max(0, more.bytes - (less.bytes if less is not None else 0))
        takes = less.estimated_seconds if less is not None else Seconds(0)
        if more.estimated_seconds is None:
            unrated += takes is not None
        else:
            seconds += max(0, more.estimated_seconds - (takes or 0))
    return Travel(bytes=Bytes(size), seconds=Seconds(seconds), unrated=unrated)


def _done(plan: Plan) -> Instant | None:
    waiting = [job.ready_at for job in plan.jobs if job.verdict is JobVerdict.WAITING]
    known = [ready_at for ready_at in waiting if ready_at is not None]
    return max(known) if known and len(known) == len(waiting) else None
