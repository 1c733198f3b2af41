"""What the history tells, in words: one entry for each action, the same for every state.

Rows of one pair stand under `pair/PACKAGE@SITE`, what concerns a whole send-only job under `send/NAME`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.acknowledgements import Acknowledgement, GuardName
from reconciler.model.claims import PutBack, Worker
from reconciler.model.commits import CommitId
from reconciler.model.history import Event
from reconciler.model.holdings import Absent, Damaged, Receipt, RecordOnly, Staged, Unknown
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import Plan
from reconciler.model.snapshot import Hold, Send
from reconciler.model.stores import StoreId
from reconciler.state.progress import Stopped
from reconciler.state.protocol import Author, Observation, Pass
from reconciler.state.standing import Standing

PASSES_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event before it has its number, time and author."""

    action: str
    subject: str
    detail: str = ""
    plan: str | None = None


def of_submission(plan: Plan, standing: Standing, spent: Iterable[tuple[str, GuardName]]) -> Iterator[Entry]:
    """One entry for each action that was recorded; `spent` are the acknowledgements it closed."""
    for job in standing.sends:
        detail = f"{job.package} {job.package_version}".rstrip()
        yield _planned(plan, "recorded", f"send/{job.name}", f"{detail} to {_count(job.sites)}")
    for change in standing.cancellations:
        yield _planned(plan, change.reason.value, f"send/{change.send_only_job}", _count(change.sites))
    for rise in standing.updates:
        detail = f"priority {rise.priority.word}: {_count(rise.sites)}"
        yield _planned(plan, "raised", f"send/{rise.send_only_job}", detail)
    for removal in standing.removals:
        yield _planned(plan, "removed", f"site/{removal.site}", ", ".join(removal.packages))
    for acknowledged, guard in spent:
        yield _planned(plan, "spent", f"plan/{acknowledged}", guard.value)


def of_receipt(receipt: Receipt, *, late: bool) -> Entry:
    """An arrival; a late one is kept and moves nothing (L26)."""
    detail = f"number {receipt.number}, {receipt.proof} by {receipt.verifier}"
    return Entry(action="late" if late else "received", subject=_pair(receipt.package, receipt.site), detail=detail)


def of_observation(observation: Observation) -> Entry:
    """What a look changed."""
    found = observation.holding
    match found:
        case Absent():
            detail = "absent"
        case RecordOnly():
            detail = f"record-only, number {observation.number}"
        case Damaged():
            detail = f"damaged, number {observation.number}"
        case Staged():
            detail = f"staged, number {observation.number}"
        case Unknown():
            detail = f"unknown: {found.reason}"
    return Entry(action="observed", subject=_pair(observation.package, observation.site), detail=detail)


def of_pruning(package: PackageName, site: SiteName, number: int) -> Entry:
    """Somebody had the package removed from the site (L41)."""
    return Entry(action="pruned", subject=_pair(package, site), detail=f"number {number}")


def of_claim(send: Send, worker: Worker, before: Worker | None) -> Entry:
    """An attempt begins; `before` had the send, and died or was not heard of for a lease."""
    detail = f"{_attempt(send)}, {_process(worker)}" + ("" if before is None else f", from {_process(before)}")
    return Entry(action="taken-over" if before else "claimed", subject=_pair(send.package, send.site), detail=detail)


def of_ending(send: Send, outcome: Stopped) -> Entry:
    """An attempt that did not arrive, and why."""
    detail = ", ".join((_attempt(send), *(() if send.cause is None else (send.cause.value,))))
    return Entry(
        action="put-back" if isinstance(outcome, PutBack) else send.state.value,
        subject=_pair(send.package, send.site),
        detail=detail + (f": {send.detail}" if send.detail else ""),
    )


def of_retry(send: Send) -> Entry:
    """Somebody wants it tried again."""
    return Entry(action="retried", subject=_pair(send.package, send.site), detail=f"send {send.job}")


def of_cancel(send: Send, reason: str) -> Entry:
    """Somebody gave it up."""
    return Entry(action="cancelled", subject=_pair(send.package, send.site), detail=f"send {send.job}: {reason}")


def of_pin(site: SiteName, store: StoreId) -> Entry:
    """The store that is a site's from now on (L37)."""
    return Entry(action="pinned", subject=f"site/{site}", detail=f"store {store}")


def of_hold(hold: Hold) -> Entry:
    """A suspension, with its reason."""
    return Entry(action="held", subject=_held(hold.site, hold.package), detail=hold.reason)


def of_release(site: SiteName | None, package: PackageName | None) -> Entry:
    """The end of a suspension."""
    return Entry(action="released", subject=_held(site, package))


def of_acknowledgement(acknowledgement: Acknowledgement) -> Entry:
    """What may pass a guard, and why (L16)."""
    detail = f"{acknowledgement.guard.value}: {acknowledgement.reason}"
    return Entry(action="acknowledged", subject=f"plan/{acknowledgement.plan}", detail=detail)


def of_following(branch: str, commit: CommitId, latest: Sequence[Event], *, accepted: bool) -> Entry | None:
    """Where a branch goes on from; None if its `latest` event says so already."""
    if latest and latest[0].detail == commit:
        return None
    return Entry(action="accepted" if accepted else "followed", subject=of_branch(branch), detail=commit)


def of_branch(branch: str) -> str:
    """The subject of a branch's events."""
    return f"branch/{branch}"


def pass_of(plan: Plan, author: Author) -> Pass:
    """The pass that made this plan: refused, recorded for the valid manifests alone, or done."""
    invalid = any(diagnostic.is_error for diagnostic in plan.diagnostics)
    return Pass(
        at=author.at,
        actor=author.actor,
        plan=plan.id,
        fleet_digest=plan.source.fleet_digest,
        commit=author.commit,
        outcome="refused" if plan.refused else "invalid" if invalid else "done",
        required=plan.summary.required,
        ready=plan.summary.ready,
        blocked=plan.summary.blocked,
    )


def _held(site: SiteName | None, package: PackageName | None) -> str:
    """The subject of a hold."""
    if site is None:
        return f"package/{package}"
    return f"site/{site}" if package is None else _pair(package, site)


def _pair(package: PackageName, site: SiteName) -> str:
    return f"pair/{package}@{site}"


def _attempt(send: Send) -> str:
    return f"send {send.job}, attempt {send.attempts}"


def _process(worker: Worker) -> str:
    return f"worker {worker.id[:8]} (process {worker.pid} on {worker.host})"


def _planned(plan: Plan, action: str, subject: str, detail: str) -> Entry:
    return Entry(action=action, subject=subject, detail=detail, plan=plan.id)


def _count(sites: tuple[object, ...]) -> str:
    return f"{len(sites)} site" + ("" if len(sites) == 1 else "s")
