"""What of the events of `model.settings.EventKind` can be seen in a pass, in what a worker tells, in a look at a store.

Pure: the state says what of it is news (`State.note`). Everything stands under a subject of its own: a file, a guard, a
job, `PACKAGE@SITE`, a site, or what is wrong with the branch.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from reconciler.engine.news import Passed
from reconciler.engine.passes import Outcome, PassReport
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.instants import Instant, format_instant
from reconciler.model.names import SiteName
from reconciler.model.notifications import Sighting
from reconciler.model.plan import BlockReason, GapReason, JobVerdict, Plan, PlannedPair
from reconciler.model.settings import EventKind
from reconciler.model.snapshot import Cause
from reconciler.model.verification import Answer, Effect, SiteLook
from reconciler.model.working import SendArrived, SendFailed, SendWaits, Working

Standing = Mapping[EventKind, Mapping[str, Instant]]
"""What stands: kind → subject → since when."""

BRANCH_KINDS = (EventKind.BRANCH_MISSING, EventKind.HISTORY_REWRITTEN, EventKind.COMMIT_REFUSED)
"""Their diagnostics have their names as codes."""

_BRANCH_CODES = frozenset(kind.value for kind in BRANCH_KINDS)


def of_pass(passed: Passed, standing: Standing, *, at: Instant) -> Iterator[Sighting]:
    """Everything a pass says; one that read nothing through (`MOVED`, `FAILED`) says nothing.

    What a pass of the valid manifests alone, or of a part of the fleet, does not speak of is not over; nor what a
    refused one leaves out: perhaps the folder of the manifests is not mounted.
    """
    report = passed.report
    if report.outcome in (Outcome.MOVED, Outcome.FAILED):
        return
    plan = report.plan
    at = at if plan is None else plan.created_at
    commit = report.commit or (None if plan is None else plan.source.commit)
    yield from _of_branch(report.diagnostics, at=at, commit=commit)
    yield _of_manifests(report, at=at, commit=commit)
    if plan is None:
        return
    whole = not (plan.is_partial or plan.refused) and not any(found.is_error for found in _of_files(report.diagnostics))
    yield Sighting(
        kind=EventKind.GUARD_REFUSED,
        at=at,
        standing={
            guard.name.value: f"{guard.value}, the limit is {guard.limit}: reconcile acknowledge {plan.id} "
            f"{guard.name.value} --reason TEXT"
            for guard in plan.guards
            if guard.tripped and not guard.acknowledged
        },
        over=None,
        plan=plan.id,
        commit=commit,
    )
    yield Sighting(
        kind=EventKind.JOB_READY,
        at=at,
        standing={
            job.name: _job_words(job.package, job.package_version, job.ready)
            for job in plan.jobs
            if job.verdict is JobVerdict.READY
        },
        over=None if whole else frozenset(job.name for job in plan.jobs if job.verdict is not JobVerdict.READY),
        baseline=True,
        plan=plan.id,
        commit=commit,
    )
    yield from _of_pairs(plan, standing, whole=whole, at=at, commit=commit)


def of_work(event: Working) -> Iterator[Sighting]:
    """What becomes of a send, as soon as the worker beside the passes knows."""
    match event:
        case SendFailed(send=send):
            detail = _cause_words(event.cause, event.detail)
            yield Sighting(kind=EventKind.SEND_FAILED, at=event.at, standing={f"{send.package}@{send.site}": detail})
        case SendArrived(send=send):
            yield Sighting(kind=EventKind.STORE_MISMATCH, at=event.at, over=frozenset({send.site}))
        case _:
            pass
    if isinstance(event, SendFailed | SendWaits) and event.cause is Cause.STORE_MISMATCH:
        yield Sighting(kind=EventKind.STORE_MISMATCH, at=event.at, standing={event.send.site: event.detail})


def of_look(look: SiteLook, *, at: Instant) -> Iterator[Sighting]:
    """What a verification found; a site that did not answer says nothing."""
    if look.answer is Answer.SILENT:
        return
    other: dict[str, str] = {look.site: look.detail} if look.answer is Answer.OTHER else {}
    yield Sighting(kind=EventKind.STORE_MISMATCH, at=at, standing=other, over=frozenset({look.site}))
    if look.answer is Answer.OTHER:
        return
    pairs = {f"{pair.package}@{pair.site}": pair for pair in look.pairs}
    yield Sighting(
        kind=EventKind.DRIFT_FOUND,
        at=at,
        standing={
            subject: pair.why or "gone"
            for subject, pair in pairs.items()
            if pair.effect is Effect.DRIFT and pair.is_lost
        },
        over=frozenset(subject for subject, pair in pairs.items() if not pair.is_drift and _was_looked_at(pair.effect)),
    )


def of_verifications(overdue: Mapping[SiteName, Instant], *, at: Instant) -> Sighting:
    """Sites that hold something not verified in time, and since when it is not."""
    return Sighting(
        kind=EventKind.SITE_OVERDUE,
        at=at,
        standing={site: f"was to be verified by {format_instant(since)}" for site, since in overdue.items()},
        over=None,
    )


def _was_looked_at(effect: Effect) -> bool:
    return effect in (Effect.AGREES, Effect.DRIFT)


def _of_branch(diagnostics: Collection[Diagnostic], *, at: Instant, commit: str | None) -> Iterator[Sighting]:
    """Another commit that is refused is news; none of them is mended before the branch is well."""
    for kind in BRANCH_KINDS:
        found = {one.message: one.hint for one in diagnostics if one.code == kind.value}
        yield Sighting(kind=kind, at=at, standing=found, over=frozenset() if found else None, commit=commit)


def _of_manifests(report: PassReport, *, at: Instant, commit: str | None) -> Sighting:
    """By file. Without a plan the settings are broken, or there is no commit: nobody looked at the others."""
    files: dict[str, list[Diagnostic]] = {}
    for found in _of_files(report.diagnostics):
        if found.is_error:
            files.setdefault(found.where.file, []).append(found)
    return Sighting(
        kind=EventKind.MANIFESTS_INVALID,
        at=at,
        standing={file: _file_words(errors) for file, errors in files.items()},
        over=frozenset() if report.plan is None else None,
        plan=None if report.plan is None else report.plan.id,
        commit=commit,
    )


def _of_files(diagnostics: Collection[Diagnostic]) -> Iterator[Diagnostic]:
    return (found for found in diagnostics if found.code not in _BRANCH_CODES)


def _of_pairs(plan: Plan, standing: Standing, *, whole: bool, at: Instant, commit: str | None) -> Iterator[Sighting]:
    """Failed sends, stores that are not the site's, drift: what other processes found is in the plan, too."""
    pairs = {f"{pair.package}@{pair.site}": pair for pair in plan.pairs}
    failed = {subject: pair.detail for subject, pair in pairs.items() if pair.reason is BlockReason.FAILED}
    damaged = {
        subject: pair.detail or "damaged"
        for subject, pair in pairs.items()
        if GapReason.CONTENT_DAMAGED in (pair.reason, *pair.also)
    }
    strange: dict[str, str] = {pair.site: pair.detail for pair in plan.pairs if _has_other_store(pair)}
    unknown = {pair.site for pair in plan.pairs if BlockReason.UNKNOWN in (pair.reason, *pair.also)}
    needed = frozenset(site for job in plan.jobs for site in job.required_sites) if _any(standing) and whole else ()
    mismatched, drifted = (standing.get(kind, {}) for kind in (EventKind.STORE_MISMATCH, EventKind.DRIFT_FOUND))
    seen = partial(Sighting, at=at, plan=plan.id, commit=commit)
    yield seen(kind=EventKind.SEND_FAILED, standing=failed, over=None if whole else frozenset())
    yield seen(
        kind=EventKind.STORE_MISMATCH,
        standing=strange,
        over=frozenset(site for site in mismatched if site in needed and site not in unknown),
    )
    yield seen(
        kind=EventKind.DRIFT_FOUND,
        standing=damaged,
        over=frozenset(subject for subject in drifted if subject.rpartition("@")[2] in needed and subject not in pairs),
    )


def _any(standing: Standing) -> bool:
    """Whether it matters which sites are needed: they are many."""
    return bool(standing.get(EventKind.STORE_MISMATCH) or standing.get(EventKind.DRIFT_FOUND))


def _has_other_store(pair: PlannedPair) -> bool:
    return pair.underway is not None and pair.underway.cause is Cause.STORE_MISMATCH


def _job_words(package: str, version: str, ready: int) -> str:
    return f"{package} {version}".rstrip() + f", {ready:,} {'site' if ready == 1 else 'sites'}"


def _file_words(errors: list[Diagnostic]) -> str:
    first = min(errors, key=lambda error: error.order)
    more = f", and {len(errors) - 1:,} more" if len(errors) > 1 else ""
    return f"line {first.where.line}: {first.code}: {first.message}{more}"


def _cause_words(cause: Cause, detail: str) -> str:
    return f"{cause.value}: {detail}" if detail else cause.value
