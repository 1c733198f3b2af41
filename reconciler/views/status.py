"""Status as text. A queued send says how long it has waited and for what (L27)."""

from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.plan import JobVerdict, PlannedJob
from reconciler.model.quantities import format_duration
from reconciler.model.snapshot import Cause
from reconciler.model.status import PackageStatus, SendStatus, SiteStatus, Status, StoreStanding
from reconciler.views.cells import cells, left
from reconciler.views.counts import count
from reconciler.views.reasons import CAUSES
from reconciler.views.standing import bytes_text, standing_text
from reconciler.views.untrusted import render_untrusted
from reconciler.views.workers import none_text, worker_rows

WORKERS_SHOWN = 5
SITES_SHOWN = 5
ENDED_SHOWN = 10
"""Ended send-only jobs on the list of sends; all of them are in the JSON and in the history."""


def status_text(status: Status, *, part: str | None, named: bool) -> str:
    """One screen without `part`, else one list; `named` shows every row of the one entry that was asked for."""
    match part:
        case None:
            lines = _screen(status)
        case "sites":
            heads = ("site", "required", "ready", "in flight", "blocked", "held", "store", "verified", "")
            lines = _table(heads, (_site(site, at=status.at) for site in status.sites))
        case "packages":
            columns = ("package", "version", "required", "ready", "in flight", "blocked", "held by")
            lines = _table(columns, map(_package, status.packages))
        case "jobs":
            lines = _table(("job", "verdict", "ready", "for", ""), map(_job, status.jobs))
        case _:
            lines = _sends(status, all_ended=named)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _screen(status: Status) -> list[str]:
    lines = [
        f"Last pass   {_last_pass(status)}",
        f"State       {status.state}",
        *_workers(status),
        f"Sends       {_counts(status.sends)}",
    ]
    if status.oldest_waiting is not None:
        send = status.oldest_waiting.send
        waits = f"{render_untrusted(f'{send.package}@{send.site}')}: {standing_text(status.oldest_waiting, status)}"
        lines.append(f"Oldest      {waits}")
    ready = sum(job.verdict is JobVerdict.READY for job in status.jobs)
    lines.append(f"Jobs        {ready} of {len(status.jobs)} ready")
    lines += [
        f"  {render_untrusted(job.name)}: {job.verdict.value}, {job.ready} of {len(job.required_sites)} sites"
        for job in _open(status)
    ]
    lines += _stores(status)
    if status.overdue:
        lines.append(f"Unverified  {count(len(status.overdue), 'site')} not verified in time: {_few(status.overdue)}")
    return lines


def _workers(status: Status) -> list[str]:
    """A line for each that lives; what the others were stands in the JSON."""
    living = status.living
    if not living:
        text = none_text(status.workers, at=status.at)
        return [f"Workers     {text[0].lower()}{text[1:]}"]
    lines = [f"Workers     {len(living)} alive"]
    lines += [f"  {line}" for line in _table((), worker_rows(living[:WORKERS_SHOWN], at=status.at))]
    if len(living) > WORKERS_SHOWN:
        lines.append(f"  and {len(living) - WORKERS_SHOWN} more")
    return lines


def _stores(status: Status) -> list[str]:
    standings = Counter(site.store for site in status.sites)
    lines = [f"Stores      {standings[StoreStanding.ENROLLED]} of {count(len(status.sites), 'site')} known"]
    wrong = [site for site in status.sites if site.store is StoreStanding.MISMATCH]
    lines += [f"  {render_untrusted(f'{site.site}: {_store(site)}')}" for site in wrong[:SITES_SHOWN]]
    if len(wrong) > SITES_SHOWN:
        lines.append(f"  and {len(wrong) - SITES_SHOWN} more: reconcile status sites")
    return lines


def _store(site: SiteStatus) -> str:
    return f"{CAUSES[Cause.STORE_MISMATCH]} ({site.store_detail})"


def _few(sites: Sequence[SiteName]) -> str:
    more = f" and {len(sites) - SITES_SHOWN} more" if len(sites) > SITES_SHOWN else ""
    return ", ".join(map(render_untrusted, sites[:SITES_SHOWN])) + more


def _last_pass(status: Status) -> str:
    last = status.last_pass
    if last is None:
        return "none yet"
    ago = format_duration(status.at - last.at)
    commit = f", commit {last.commit[:7]}" if last.commit else ""
    return f"{ago} ago, {last.outcome}, plan {last.plan}{commit}, by {render_untrusted(last.actor)}"


def _open(status: Status) -> list[PlannedJob]:
    """The first ten jobs that are not ready."""
    return [job for job in status.jobs if job.verdict is not JobVerdict.READY][:10]


def _counts(sends: Iterable[SendStatus]) -> str:
    counts: dict[str, int] = {}
    for send in sends:
        for row in send.rows:
            counts[row.send.state.value] = counts.get(row.send.state.value, 0) + 1
    return ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "none"


def _site(site: SiteStatus, *, at: Instant) -> Sequence[str]:
    oldest = site.oldest_verification
    verified = "-" if oldest is None else f"{format_duration(at - oldest)} ago"
    notes = (
        f"suspended {site.suspended}" if site.suspended else "",
        "not verified in time" if site.overdue else "",
        site.store_detail,
    )
    numbers = (site.required, site.ready, site.in_flight, site.blocked, site.held)
    note = render_untrusted("; ".join(part for part in notes if part))
    return (render_untrusted(site.site), *map(str, numbers), site.store.value, verified, note)


def _package(package: PackageStatus) -> Sequence[str]:
    numbers = (package.required, package.ready, package.in_flight, package.blocked, package.held)
    return (render_untrusted(package.package), render_untrusted(package.version) or "-", *map(str, numbers))


def _job(job: PlannedJob) -> Sequence[str]:
    purpose = f"{render_untrusted(job.purpose)} of {render_untrusted(job.package)}"
    waits = ", ".join(map(render_untrusted, (job.waits_for or job.blockers)[:2]))
    return (render_untrusted(job.name), job.verdict.value, f"{job.ready} of {len(job.required_sites)}", purpose, waits)


def _sends(status: Status, *, all_ended: bool) -> list[str]:
    """Every open row with what it waits for, then the latest ended jobs."""
    open_jobs = [job for job in status.sends if job.has_open]
    ended = sorted(
        (job for job in status.sends if not job.has_open),
        key=lambda job: (-max(row.send.changed_at for row in job.rows), job.name),
    )
    shown = ended if all_ended else ended[:ENDED_SHOWN]
    rows = [(job, row) for job in open_jobs for row in job.rows] + [(job, row) for job in shown for row in job.rows]
    lines = _table(
        ("send", "site", "state", "attempts", "bytes", ""),
        (
            (
                render_untrusted(job.name),
                render_untrusted(row.send.site),
                row.send.state.value,
                str(row.send.attempts),
                bytes_text(row.send),
                standing_text(row, status),
            )
            for job, row in rows
        ),
    )
    if len(shown) < len(ended):
        lines.append(f"{len(ended) - len(shown)} more have ended: -o json lists them")
    return lines if rows else ["No send-only job has been recorded."]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell."""
    lines = [line for line in (tuple(heads), *map(tuple, rows)) if line]
    widths = [max(map(cells, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(left(cell, width) for cell, width in zip(line, widths, strict=True)) for line in lines]
