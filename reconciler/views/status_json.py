"""Status as JSON (cli.md). No value is null: what there is not is an empty text (L27)."""

from reconciler.model.claims import WorkerSeen
from reconciler.model.instants import Instant, format_instant
from reconciler.model.plan import FORMAT_VERSION, PlannedJob
from reconciler.model.status import LastPass, PackageStatus, RowStatus, SiteStatus, Status
from reconciler.views.standing import bytes_done, reason_of, standing_text
from reconciler.views.workers import short

Json = dict[str, object]


def status_json(status: Status) -> Json:
    """The lists of parts that were not asked for are empty."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Status",
        "at": format_instant(status.at),
        "state": status.state,
        "lastPass": _pass_json(status.last_pass),
        "workers": [_worker_json(worker) for worker in status.workers],
        "sites": [_site_json(site) for site in status.sites],
        "packages": [_package_json(package) for package in status.packages],
        "jobs": [_job_json(job) for job in status.jobs],
        "sends": [
            {
                "name": job.name,
                "package": job.package,
                "state": job.state.value,
                "sites": [_row_json(row, status) for row in job.rows],
            }
            for job in status.sends
        ],
        "overdueSites": list(status.overdue),
    }


def _pass_json(last: LastPass | None) -> Json:
    if last is None:
        return {"at": "", "actor": "", "plan": "", "commit": "", "outcome": "none"}
    return {
        "at": format_instant(last.at),
        "actor": last.actor,
        "plan": last.plan,
        "commit": last.commit,
        "outcome": last.outcome,
    }


def _worker_json(seen: WorkerSeen) -> Json:
    return {
        "id": short(seen.worker.id),
        "host": seen.worker.host,
        "pid": seen.worker.pid,
        "since": format_instant(seen.since),
        "seen": format_instant(seen.seen),
        "alive": seen.alive,
        "claims": seen.claims,
    }


def _site_json(site: SiteStatus) -> Json:
    return {
        "name": site.site,
        "required": site.required,
        "ready": site.ready,
        "inFlight": site.in_flight,
        "blocked": site.blocked,
        "held": site.held,
        "oldestVerification": _instant(site.oldest_verification),
        "overdue": site.overdue,
        "store": site.store.value,
        "storeDetail": site.store_detail,
        "suspended": site.suspended,
    }


def _package_json(package: PackageStatus) -> Json:
    return {
        "name": package.package,
        "version": package.version,
        "required": package.required,
        "ready": package.ready,
        "inFlight": package.in_flight,
        "blocked": package.blocked,
        "held": package.held,
    }


def _job_json(job: PlannedJob) -> Json:
    return {
        "name": job.name,
        "verdict": job.verdict.value,
        "package": job.package,
        "requiredSites": list(job.required_sites),
        "ready": job.ready,
        "blockers": list(job.blockers),
        "waitsFor": list(job.waits_for),
    }


def _row_json(row: RowStatus, status: Status) -> Json:
    send = row.send
    return {
        "site": send.site,
        "state": send.state.value,
        "number": send.number,
        "attempts": send.attempts,
        "cause": "" if send.cause is None else send.cause.value,
        "nextAttempt": _instant(send.next_attempt),
        "bytesDone": bytes_done(send),
        "bytes": send.bytes,
        "reason": reason_of(row),
        "until": _instant(None if row.wait is None else row.wait.until),
        "waitsFor": standing_text(row, status) if send.state.is_open else "",
        "worker": "" if row.worker is None else short(row.worker),
        "recordedAt": format_instant(send.recorded_at),
        "changedAt": format_instant(send.changed_at),
    }


def _instant(instant: Instant | None) -> str:
    return "" if instant is None else format_instant(instant)
