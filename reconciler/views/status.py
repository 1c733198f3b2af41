"""Status as text and as JSON. A queued send says how long it has waited and for what (L27)."""

from collections.abc import Iterable, Sequence

from reconciler.model.instants import Instant, format_instant
from reconciler.model.plan import FORMAT_VERSION, JobVerdict, PlannedJob
from reconciler.model.quantities import format_duration, format_size
from reconciler.model.snapshot import Send, SendState
from reconciler.model.status import PackageStatus, SendStatus, SiteStatus, Status
from reconciler.views.counts import count
from reconciler.views.untrusted import render_untrusted

ENDED_SHOWN = 10
"""Ended send-only jobs on the list of sends; all of them are in the JSON and in the history."""


def status_text(status: Status, *, part: str | None, named: bool) -> str:
    """One screen without `part`, else one list; `named` shows every row of the one entry that was asked for."""
    match part:
        case None:
            lines = _screen(status)
        case "sites":
            lines = _table(("site", "required", "ready", "in flight", "blocked", "held", ""), map(_site, status.sites))
        case "packages":
            heads = ("package", "version", "required", "ready", "in flight", "blocked", "held by")
            lines = _table(heads, map(_package, status.packages))
        case "jobs":
            lines = _table(("job", "verdict", "ready", "for", ""), map(_job, status.jobs))
        case _:
            lines = _sends(status, all_ended=named)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _screen(status: Status) -> list[str]:
    lines = [
        f"Last pass   {_last_pass(status)}",
        f"State       {status.state}",
        "Workers     none has been seen; start one: reconcile work",
        f"Sends       {_counts(status.sends)}",
    ]
    if status.oldest_waiting is not None:
        package, site, since = status.oldest_waiting
        pair = render_untrusted(f"{package}@{site}")
        lines.append(f"Oldest      {pair} has waited {format_duration(status.at - since)}")
    ready = sum(job.verdict is JobVerdict.READY for job in status.jobs)
    lines.append(f"Jobs        {ready} of {len(status.jobs)} ready")
    lines += [
        f"  {job.name}: {job.verdict.value}, {job.ready} of {len(job.required_sites)} sites" for job in _open(status)
    ]
    if status.overdue:
        shown = ", ".join(map(render_untrusted, status.overdue[:5]))
        more = f" and {len(status.overdue) - 5} more" if len(status.overdue) > 5 else ""
        lines.append(f"Unverified  {count(len(status.overdue), 'site')} not verified in time: {shown}{more}")
    return lines


def _last_pass(status: Status) -> str:
    last = status.last_pass
    if last is None:
        return "none yet"
    ago = format_duration(status.at - last.at)
    return f"{ago} ago, {last.outcome}, plan {last.plan}, by {render_untrusted(last.actor)}"


def _open(status: Status) -> list[PlannedJob]:
    """The first ten jobs that are not ready."""
    return [job for job in status.jobs if job.verdict is not JobVerdict.READY][:10]


def _counts(sends: Iterable[SendStatus]) -> str:
    counts: dict[str, int] = {}
    for send in sends:
        for row in send.rows:
            counts[row.state.value] = counts.get(row.state.value, 0) + 1
    return ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "none"


def _site(site: SiteStatus) -> Sequence[str]:
    note = f"suspended {render_untrusted(site.suspended)}" if site.suspended else ""
    numbers = (site.required, site.ready, site.in_flight, site.blocked, site.held)
    return (render_untrusted(site.site), *map(str, numbers), note)


def _package(package: PackageStatus) -> Sequence[str]:
    numbers = (package.required, package.ready, package.in_flight, package.blocked, package.held)
    return (render_untrusted(package.package), render_untrusted(package.version) or "-", *map(str, numbers))


def _job(job: PlannedJob) -> Sequence[str]:
    purpose = f"{render_untrusted(job.purpose)} of {render_untrusted(job.package)}"
    waits = ", ".join(map(render_untrusted, (job.waits_for or job.blockers)[:2]))
    return (render_untrusted(job.name), job.verdict.value, f"{job.ready} of {len(job.required_sites)}", purpose, waits)


def _sends(status: Status, *, all_ended: bool) -> list[str]:
    """Every open row with what it waits for, then the latest ended jobs."""
    open_jobs = [job for job in status.sends if any(row.state.is_open for row in job.rows)]
    ended = sorted(
        (job for job in status.sends if job not in open_jobs),
        key=lambda job: (-max(row.changed_at for row in job.rows), job.name),
    )
    shown = ended if all_ended else ended[:ENDED_SHOWN]
    rows = [(job, row) for job in open_jobs for row in job.rows] + [(job, row) for job in shown for row in job.rows]
    lines = _table(
        ("send", "site", "state", "attempts", "bytes", ""),
        (
            (
                render_untrusted(job.name),
                render_untrusted(row.site),
                row.state.value,
                str(row.attempts),
                f"{format_size(row.bytes_done)} of {format_size(row.bytes)}",
                _waits_for(row, at=status.at),
            )
            for job, row in rows
        ),
    )
    if len(shown) < len(ended):
        lines.append(f"{len(ended) - len(shown)} more have ended: -o json lists them")
    return lines if rows else ["No send-only job has been recorded."]


def _waits_for(row: Send, *, at: Instant) -> str:
    """What an open row waits for and until when, how an ended one ended."""
    cause = "" if row.cause is None else f": {row.cause.value}"
    detail = f" ({render_untrusted(row.detail)})" if row.detail else ""
    if row.state is SendState.QUEUED:
        return f"no worker has claimed it for {format_duration(at - row.recorded_at)}"
    if row.state is SendState.BACKING_OFF:
        again = "now" if row.next_attempt is None else format_instant(row.next_attempt)
        return f"next attempt {again}{cause}{detail}"
    if row.state.is_open:
        return f"since {format_instant(row.changed_at)}"
    return f"{format_instant(row.changed_at)}{cause}{detail}"


def status_json(status: Status) -> dict[str, object]:
    """cli.md; the keys of parts that were not asked for hold empty lists."""
    last = status.last_pass
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Status",
        "at": format_instant(status.at),
        "state": status.state,
        "lastPass": None
        if last is None
        else {"at": format_instant(last.at), "actor": last.actor, "plan": last.plan, "outcome": last.outcome},
        "workers": [],
        "sites": [_site_json(site) for site in status.sites],
        "packages": [_package_json(package) for package in status.packages],
        "jobs": [_job_json(job) for job in status.jobs],
        "sends": [
            {
                "name": job.name,
                "package": job.package,
                "state": job.state.value,
                "sites": [_row_json(row, at=status.at) for row in job.rows],
            }
            for job in status.sends
        ],
        "overdueSites": list(status.overdue),
    }


def _site_json(site: SiteStatus) -> dict[str, object]:
    oldest = site.oldest_verification
    return {
        "name": site.site,
        "required": site.required,
        "ready": site.ready,
        "inFlight": site.in_flight,
        "blocked": site.blocked,
        "held": site.held,
        "oldestVerification": None if oldest is None else format_instant(oldest),
        "suspended": site.suspended,
    }


def _package_json(package: PackageStatus) -> dict[str, object]:
    return {
        "name": package.package,
        "version": package.version,
        "required": package.required,
        "ready": package.ready,
        "inFlight": package.in_flight,
        "blocked": package.blocked,
        "held": package.held,
    }


def _job_json(job: PlannedJob) -> dict[str, object]:
    return {
        "name": job.name,
        "verdict": job.verdict.value,
        "package": job.package,
        "requiredSites": list(job.required_sites),
        "ready": job.ready,
        "blockers": list(job.blockers),
        "waitsFor": list(job.waits_for),
    }


def _row_json(row: Send, *, at: Instant) -> dict[str, object]:
    return {
        "site": row.site,
        "state": row.state.value,
        "attempts": row.attempts,
        "cause": "" if row.cause is None else row.cause.value,
        "nextAttempt": "" if row.next_attempt is None else format_instant(row.next_attempt),
        "bytesDone": row.bytes_done,
        "bytes": row.bytes,
        "waitsFor": _waits_for(row, at=at) if row.state.is_open else "",
        "recordedAt": format_instant(row.recorded_at),
        "changedAt": format_instant(row.changed_at),
    }


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell."""
    cells = [tuple(heads), *map(tuple, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
