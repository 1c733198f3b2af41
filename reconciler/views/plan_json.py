"""A plan as JSON (cli.md, schemas/plan.v1.schema.json), and back: what is written is read as the same plan.

Actions name, beside their sites and in their order, the numbers and the versions of the pairs: `apply PLAN.json`
records exactly these or nothing.
"""

from collections.abc import Iterable

from reconciler.model.acknowledgements import GuardName
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.instants import Instant, format_instant
from reconciler.model.plan import (
    FORMAT_VERSION,
    Cancellation,
    GuardResult,
    Plan,
    PlannedJob,
    PlannedPair,
    PlannedSite,
    PlanSource,
    Removal,
    SendOnlyJob,
    Summary,
    Underway,
    Update,
    Verdict,
)
from reconciler.views.manifests import manifest_of
from reconciler.views.saved_plan import check_saved, plan_from_json

__all__ = [
    "check_saved",
    "diagnostic_json",
    "guard_json",
    "instant_json",
    "job_json",
    "pair_json",
    "plan_from_json",
    "plan_json",
    "summary_json",
]

Json = dict[str, object]


def plan_json(plan: Plan, *, show_all: bool = False) -> Json:
    """The plan as plain values; ready pairs are in it only with `show_all`."""
    pairs = (pair for pair in plan.pairs if show_all or pair.verdict is not Verdict.READY)
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Plan",
        "id": plan.id,
        "toolVersion": plan.tool_version,
        "createdAt": format_instant(plan.created_at),
        "source": {
            "commit": plan.source.commit,
            "branch": plan.source.branch,
            "dirty": plan.source.dirty,
            "fleetDigest": plan.source.fleet_digest,
        },
        "state": {
            "kind": plan.state.kind,
            "version": plan.state.version,
            "oldestVerification": instant_json(plan.state.oldest_verification),
        },
        "scope": {"partial": plan.is_partial, "filters": sorted(plan.filters)},
        "hasChanges": plan.has_changes,
        "refused": plan.refused,
        "summary": summary_json(plan.summary),
        "sendOnlyJobs": [_send_only_job(job, plan.source) for job in sorted(plan.send_only_jobs, key=_send_order)],
        "pairs": [pair_json(pair) for pair in sorted(pairs, key=lambda pair: (pair.package, pair.site))],
        "jobs": [job_json(job) for job in sorted(plan.jobs, key=lambda job: job.name)],
        "cancellations": [_cancellation(change) for change in sorted(plan.cancellations, key=_cancellation_order)],
        "updates": [_update(change) for change in sorted(plan.updates, key=_update_order)],
        "removals": [_removal(removal) for removal in sorted(plan.removals, key=lambda removal: removal.site)],
        "guards": [guard_json(guard) for guard in sorted(plan.guards, key=_guard_order)],
        "diagnostics": [diagnostic_json(each) for each in sorted(plan.diagnostics, key=lambda each: each.order)],
        "spent": [{"plan": name, "guard": guard.value} for name, guard in sorted(plan.spent, key=_spent_order)],
    }


def diagnostic_json(diagnostic: Diagnostic) -> Json:
    """One diagnostic; its place lies flat in it, as in the text."""
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        **_where(diagnostic.where),
        "path": diagnostic.path,
        "hint": diagnostic.hint,
    }


def summary_json(summary: Summary) -> Json:
    """The numbers of a plan."""
    return {
        "sites": summary.sites,
        "packages": summary.packages,
        "jobs": summary.jobs,
        "required": summary.required,
        "ready": summary.ready,
        "inFlight": summary.in_flight,
        "missing": summary.missing,
        "blocked": summary.blocked,
        "sendOnlyJobs": summary.send_only_jobs,
        "cancellations": summary.cancellations,
        "bytes": summary.bytes,
    }


def _send_only_job(job: SendOnlyJob, source: PlanSource) -> Json:
    return {
        "name": job.name,
        "key": job.key,
        "package": job.package,
        "packageVersion": job.package_version,
        "origin": job.origin,
        "mode": job.mode.value,
        "priority": job.priority.word,
        "revision": {"content": job.revision.content, "setup": job.revision.setup},
        "parts": list(job.parts),
        **_sites(job.sites),
        "endpoints": list(job.endpoints),
        "bytes": job.bytes,
        "forJobs": list(job.for_jobs),
        "reasons": [reason.value for reason in job.reasons],
        "manifest": manifest_of(job, source),
    }


def _sites(sites: Iterable[PlannedSite]) -> Json:
    """Names, numbers and versions in one order."""
    sites = tuple(sites)
    return {
        "sites": [planned.site for planned in sites],
        "numbers": [planned.number for planned in sites],
        "versions": [planned.version for planned in sites],
    }


def pair_json(pair: PlannedPair) -> Json:
    """One verdict."""
    return {
        "package": pair.package,
        "site": pair.site,
        "verdict": pair.verdict.value,
        "reason": pair.reason.value if pair.reason is not None else None,
        "also": [reason.value for reason in pair.also],
        "detail": pair.detail,
        "has": pair.has,
        "wants": pair.wants,
        "lacks": [part.value for part in pair.lacks],
        "held": pair.held,
        "sendOnlyJob": pair.send_only_job,
        "underway": _underway(pair.underway) if pair.underway is not None else None,
        "forJobs": list(pair.for_jobs),
        "parent": pair.parent,
        "route": list(pair.route),
        "mode": pair.mode.value if pair.mode is not None else None,
        "bytes": pair.bytes,
        "earliest": instant_json(pair.earliest),
        "estimatedSeconds": pair.estimated_seconds,
        "timezone": pair.timezone,
        "sourceRef": _where(pair.where),
    }


def _underway(underway: Underway) -> Json:
    return {
        "state": underway.state.value,
        "since": format_instant(underway.since),
        "bytesDone": underway.bytes_done,
        "cause": underway.cause.value if underway.cause is not None else None,
        "nextAttempt": instant_json(underway.next_attempt),
    }


def job_json(job: PlannedJob) -> Json:
    """One desired job."""
    return {
        "name": job.name,
        "verdict": job.verdict.value,
        "package": job.package,
        "packageVersion": job.package_version,
        "purpose": job.purpose,
        "site": job.site,
        "requiredSites": list(job.required_sites),
        "ready": job.ready,
        "blockers": list(job.blockers),
        "waitsFor": list(job.waits_for),
        "readyAt": instant_json(job.ready_at),
        "timezone": job.timezone,
        "sourceRef": _where(job.where),
    }


def _cancellation(change: Cancellation) -> Json:
    return {
        "sendOnlyJob": change.send_only_job,
        "package": change.package,
        **_sites(change.sites),
        "reason": change.reason.value,
    }


def _update(change: Update) -> Json:
    return {
        "sendOnlyJob": change.send_only_job,
        "package": change.package,
        **_sites(change.sites),
        "priority": change.priority.word,
    }


def _removal(removal: Removal) -> Json:
    return {"site": removal.site, "packages": list(removal.packages), "versions": list(removal.versions)}


def guard_json(guard: GuardResult) -> Json:
    """One guard's look."""
    return {
        "name": guard.name.value,
        "limit": guard.limit,
        "value": guard.value,
        "tripped": guard.tripped,
        "acknowledged": guard.acknowledged,
        "actions": list(guard.actions),
    }


def instant_json(instant: Instant | None) -> str | None:
    """RFC 3339, or null."""
    return format_instant(instant) if instant is not None else None


def _where(where: Where) -> Json:
    return {"file": where.file, "line": where.line, "column": where.column}


def _send_order(job: SendOnlyJob) -> tuple[str, str, int, str]:
    """By package, then mode, then falling priority: as the planner makes them."""
    return job.package, job.mode.value, -job.priority, job.name


def _cancellation_order(change: Cancellation) -> tuple[str, str, str]:
    return change.send_only_job, change.package, change.reason.value


def _update_order(change: Update) -> tuple[str, str, int]:
    return change.send_only_job, change.package, change.priority


def _guard_order(guard: GuardResult) -> int:
    """In the order in which the reference lists them."""
    return list(GuardName).index(guard.name)


def _spent_order(spent: tuple[str, GuardName]) -> tuple[str, str]:
    return spent[0], spent[1].value
