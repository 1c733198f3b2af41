"""Every total is the sum of its rows, every list sorted, and the id that of the actions (L7; cli.md)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from reconciler.model.keys import plan_id
from reconciler.model.plan import Verdict
from reconciler.planning.audit.evidence import Evidence


def totals_hold(evidence: Evidence) -> Iterator[str]:
    """The summary counts what the plan lists."""
    plan, fleet, told = evidence.plan, evidence.fleet, evidence.plan.summary
    verdicts = Counter(pair.verdict for pair in plan.pairs)
    sums = {
        "sites": (told.sites, len(fleet.sites)),
        "packages": (told.packages, len(fleet.packages)),
        "jobs": (told.jobs, len(fleet.jobs)),
        "inFlight": (told.in_flight, verdicts[Verdict.IN_FLIGHT]),
        "missing": (told.missing, verdicts[Verdict.MISSING]),
        "blocked": (told.blocked, verdicts[Verdict.BLOCKED]),
        "required": (told.required, told.ready + told.in_flight + told.missing + told.blocked),
        "sendOnlyJobs": (told.send_only_jobs, len(plan.send_only_jobs)),
        "cancellations": (told.cancellations, sum(len(change.sites) for change in plan.cancellations)),
        "bytes": (told.bytes, sum(send.bytes for send in plan.send_only_jobs)),
    }
    required = sum(len(sites) for sites in evidence.required.values())
    if not plan.is_partial:
        sums["required pairs"] = (told.required, required)
    if verdicts[Verdict.READY]:
        sums["ready"] = (told.ready, verdicts[Verdict.READY])
    for name, (value, counted) in sums.items():
        if value != counted:
            yield f"cli.md: {name} is told as {value} and counts {counted}"
    if not 0 <= told.ready <= told.required <= required:
        yield f"cli.md: {told.ready} of {told.required} pairs are told as ready"


def order_holds(evidence: Evidence) -> Iterator[str]:
    """Lists are sorted and the id is the digest of the actions: one plan, one text."""
    plan = evidence.plan
    lists: dict[str, list[tuple[Any, ...]]] = {
        "sendOnlyJobs": [(send.package, send.mode.value, -send.priority) for send in plan.send_only_jobs],
        "pairs": [(pair.package, pair.site) for pair in plan.pairs],
        "jobs": [(job.name,) for job in plan.jobs],
        "cancellations": [(one.send_only_job, one.package, one.reason.value) for one in plan.cancellations],
        "updates": [(one.send_only_job, one.package, one.priority) for one in plan.updates],
        "removals": [(removal.site,) for removal in plan.removals],
        "diagnostics": [diagnostic.order for diagnostic in plan.diagnostics],
    }
    for send in plan.send_only_jobs:
        lists[f"sites of {send.name}"] = [(planned.site,) for planned in send.sites]
    for cancelled in plan.cancellations:
        lists[f"cancelled sites of {cancelled.send_only_job}"] = [(row.site,) for row in cancelled.sites]
    for updated in plan.updates:
        lists[f"updated sites of {updated.send_only_job}"] = [(row.site,) for row in updated.sites]
    for name, rows in lists.items():
        if rows != sorted(rows):
            yield f"L7: {name} are not sorted"
    made = plan_id(
        sends=plan.send_only_jobs, cancellations=plan.cancellations, updates=plan.updates, removals=plan.removals
    )
    if plan.id != made:
        yield f"sending.md 4: the plan is called {plan.id}, its actions make it {made}"
