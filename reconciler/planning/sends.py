"""The fewest send-only jobs that cover the missing pairs (L6)."""

from collections.abc import Iterable, Sequence

from reconciler.model.keys import send_key, send_name
from reconciler.model.names import JobName, PackageName
from reconciler.model.plan import GapReason, SendOnlyJob, Verdict
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Mode
from reconciler.planning.verdicts import Judged


def send_only_jobs(judged: Iterable[Judged]) -> tuple[SendOnlyJob, ...]:
    """One for each package revision, mode and priority, by package, then mode, then falling priority.

    The pairs come by package, then site, and so do the sites of each job.
    """
    groups: dict[tuple[PackageName, Mode, Priority], list[Judged]] = {}
    for one in judged:
        if one.verdict is Verdict.MISSING:
            pair = one.pair
            group = pair.requirement.package.name, pair.mode, pair.need.priority
            groups.setdefault(group, []).append(one)
    ordered = sorted(groups, key=lambda group: (group[0], group[1].value, -group[2]))
    return tuple(_job(groups[group], mode=group[1], priority=group[2]) for group in ordered)


def _job(group: Sequence[Judged], *, mode: Mode, priority: Priority) -> SendOnlyJob:
    pairs = [one.pair for one in group]
    requirement = pairs[0].requirement
    package = requirement.package
    sites = tuple(pair.planned_site for pair in pairs)
    key = send_key(
        package.name,
        revision=requirement.revision,
        mode=mode,
        priority=priority,
        numbers=[(planned.site, planned.number) for planned in sites],
    )
    return SendOnlyJob(
        name=send_name(package.name, key),
        key=key,
        package=package.name,
        package_version=package.version,
        origin=package.origin,
        mode=mode,
        priority=priority,
        revision=requirement.revision,
        parts=requirement.parts,
        sites=sites,
        endpoints=tuple("" if pair.site.address is None else pair.site.address.endpoint for pair in pairs),
        bytes=Bytes(sum(pair.bytes for pair in pairs)),
        for_jobs=_names(group),
        reasons=_reasons(group),
    )


def _names(group: Iterable[Judged]) -> tuple[JobName, ...]:
    different = {id(one.pair.need): one.pair.need for one in group}
    return tuple(sorted({name for need in different.values() for name in need.names}))


def _reasons(group: Iterable[Judged]) -> tuple[GapReason, ...]:
    """Each pair's first reason, in the order in which reasons count."""
    different = {one.gap for one in group}
    return tuple(reason for reason in GapReason if reason in different)
