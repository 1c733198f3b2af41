"""The facts an audit looks things up in, worked out from fleet and snapshot without the planner's help."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.fleet import Fleet
from reconciler.model.jobs import Job
from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Revision
from reconciler.model.plan import BlockReason, Plan, PlannedPair, PlannedSite, SendOnlyJob
from reconciler.model.settings import Guards
from reconciler.model.site_sets import SiteSet
from reconciler.model.snapshot import Difference, Hold, Send, Snapshot

Key = tuple[PackageName, SiteName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`required` are all required pairs as sets; `jobs` the jobs of each pair that differs; `sent` what is planned.

    `open` are all open sends, `covered` those of exactly the desired revision.
    """

    plan: Plan
    fleet: Fleet
    snapshot: Snapshot
    guards: Guards | None
    required: Mapping[PackageName, SiteSet]
    desired: Mapping[PackageName, Revision]
    differing: Mapping[Key, Difference]
    open: Mapping[Key, Send]
    covered: Mapping[Key, Send]
    jobs: Mapping[Key, Sequence[Job]]
    holds: Mapping[tuple[PackageName | None, SiteName | None], Hold]
    shown: Mapping[Key, PlannedPair]
    sent: Mapping[Key, Sequence[tuple[SendOnlyJob, PlannedSite]]]
    blocks: dict[Key, tuple[BlockReason, ...]]
    """What forbids a send, remembered once it is worked out."""

    def requires(self, key: Key) -> bool:
        """Whether some job needs this package at this site."""
        package, site = key
        index = self.fleet.index.get(site)
        return index is not None and package in self.required and index in self.required[package]

    def covering(self, key: Key) -> Send | None:
        """The open send of exactly the desired revision."""
        return self.covered.get(key)


def gather(plan: Plan, fleet: Fleet, snapshot: Snapshot, guards: Guards | None) -> Evidence:
    """Everything once, in linear time."""
    required: dict[PackageName, SiteSet] = {}
    for job in fleet.jobs:
        required[job.package] = required.get(job.package, SiteSet()) | job.required
    sent: dict[Key, list[tuple[SendOnlyJob, PlannedSite]]] = {}
    for send in plan.send_only_jobs:
        for planned in send.sites:
            sent.setdefault((send.package, planned.site), []).append((send, planned))
    desired = {package.name: package.revision for package in fleet.packages}
    opened = {(send.package, send.site): send for send in snapshot.open_sends}
    return Evidence(
        plan=plan,
        fleet=fleet,
        snapshot=snapshot,
        guards=guards,
        required=required,
        desired=desired,
        differing={
            (difference.package, fleet.sites[difference.site].name): difference for difference in snapshot.differences
        },
        open=opened,
        covered={key: send for key, send in opened.items() if send.revision == desired.get(send.package)},
        jobs=_jobs(fleet, snapshot.differences),
        holds={
            (hold.package, hold.site): hold
            for hold in snapshot.holds
            if hold.until is None or plan.created_at < hold.until
        },
        shown={(pair.package, pair.site): pair for pair in plan.pairs},
        sent=sent,
        blocks={},
    )


def _jobs(fleet: Fleet, differences: Iterable[Difference]) -> Mapping[Key, Sequence[Job]]:
    bits: dict[PackageName, int] = {}
    for difference in differences:
        bits[difference.package] = bits.get(difference.package, 0) | 1 << difference.site
    jobs: dict[Key, list[Job]] = {}
    for job in fleet.jobs:
        for site in job.required & SiteSet(bits.get(job.package, 0)):
            jobs.setdefault((job.package, fleet.sites[site].name), []).append(job)
    return jobs


def pair_name(key: Key) -> str:
    """`PACKAGE@SITE`."""
    return f"{key[0]}@{key[1]}"
