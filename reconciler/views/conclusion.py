"""The end of a plan's text: its sums, what becomes of the jobs, and what to do next."""

import re
from collections.abc import Sequence

from reconciler.model.plan import JobVerdict, Plan, PlannedJob, PlannedPair, Verdict
from reconciler.model.quantities import format_duration
from reconciler.model.snapshot import SendState
from reconciler.views.amounts import amount
from reconciler.views.blocks import Block, not_ready_outside
from reconciler.views.counts import count
from reconciler.views.moments import about
from reconciler.views.rows import Row, Symbol
from reconciler.views.untrusted import render_untrusted

READY_MEANS = "A ready job is one whose run could start: we stage and prove, the sites' own tools distribute and run."

_PLAIN = re.compile(r"[A-Za-z0-9._/@-]+")
_OPTIONS = {"site": "--site", "package": "--package", "job": "--job", "selector": "-l"}


def all_ready(plan: Plan) -> str:
    """`No changes. All 3 jobs are ready (22 of 22 pairs, oldest verification 5 days).`"""
    if not plan.jobs:
        return f"No changes. {_no_job(plan)}"
    jobs = "The one job is" if len(plan.jobs) == 1 else f"All {len(plan.jobs):,} jobs are"
    oldest = plan.state.oldest_verification
    age = f", oldest verification {format_duration(plan.created_at - oldest)}" if oldest is not None else ""
    return f"No changes. {jobs} ready ({plan.summary.ready:,} of {count(plan.summary.required, 'pair')}{age})."


def _no_job(plan: Plan) -> str:
    """A job that errors left out is not one that nobody wrote (L35)."""
    errors = sum(diagnostic.is_error for diagnostic in plan.diagnostics)
    if not errors:
        return "There is no job."
    verb, whom = ("is", "it") if errors == 1 else ("are", "them")
    return f"No job is valid: there {verb} {count(errors, 'error')}, and what depends on {whom} is left out."


def is_all_ready(plan: Plan) -> bool:
    """Whether one line says it all."""
    nothing_open = plan.summary.ready == plan.summary.required
    jobs_ready = all(job.verdict is JobVerdict.READY for job in plan.jobs)
    return nothing_open and jobs_ready and not plan.has_changes and not any(guard.tripped for guard in plan.guards)


def sums(plan: Plan) -> str:
    """`Plan p-7c1e40b2: 2 send-only jobs to 3 sites (≤ 1.2 GiB), 1 already running; 1 pair blocked.`"""
    parts = [part for part in (_sends(plan), *_other_changes(plan)) if part]
    title = f"Plan {render_untrusted(plan.id)}{' (refused)' if plan.refused else ''}"
    if not plan.has_changes:
        title = "No changes"
    parts += _under_way([pair for pair in plan.pairs if pair.verdict is Verdict.IN_FLIGHT])
    blocked = sum(pair.verdict is Verdict.BLOCKED for pair in plan.pairs)
    tail = f"{count(blocked, 'pair')} blocked" if blocked else ""
    told = "; ".join(part for part in (", ".join(parts), tail) if part)
    return f"{title}: {told}." if told else f"{title}."


def _sends(plan: Plan) -> str:
    if not plan.send_only_jobs:
        return ""
    missing = [pair for pair in plan.pairs if pair.verdict is Verdict.MISSING]
    sites = len({pair.site for pair in missing})
    pairs = f"{count(len(missing), 'pair')}, " if len(missing) != sites else ""
    return f"{count(len(plan.send_only_jobs), 'send-only job')} to {count(sites, 'site')} ({pairs}{amount(missing)})"


def _other_changes(plan: Plan) -> list[str]:
    cancelled = sum(len(change.sites) for change in plan.cancellations)
    updated = sum(len(change.sites) for change in plan.updates)
    return [
        f"{count(cancelled, 'open send')} cancelled" if cancelled else "",
        f"priority of {count(updated, 'open send')} raised" if updated else "",
        f"{count(len(plan.removals), 'site')} forgotten" if plan.removals else "",
    ]


def _under_way(pairs: Sequence[PlannedPair]) -> list[str]:
    if not pairs:
        return []
    states = {pair.underway.state for pair in pairs if pair.underway is not None}
    if states <= {SendState.SENDING, SendState.VERIFYING} and states:
        return [f"{len(pairs):,} already running"]
    return [f"{len(pairs):,} already {'queued' if states == {SendState.QUEUED} else 'queued or running'}"]


def jobs_line(plan: Plan) -> str:
    """`Jobs: 1 ready, 1 ready after this plan (today about 20:26 CET), 1 blocked.`"""
    if not plan.jobs:
        return f"Jobs: none. {_no_job(plan)}"
    stuck = {name for pair in plan.pairs if pair.verdict is Verdict.BLOCKED for name in pair.for_jobs}
    beyond = not_ready_outside(plan)
    of = {verdict: [job for job in plan.jobs if job.verdict is verdict] for verdict in JobVerdict}
    free = [job for job in of[JobVerdict.WAITING] if job.name not in stuck and not job.blockers]
    after = [job for job in free if job.name not in beyond]
    held_up = len(of[JobVerdict.WAITING]) - len(free)
    told = [
        f"{len(of[JobVerdict.READY]):,} ready" if of[JobVerdict.READY] else "",
        f"{len(after):,} ready after this plan{_when(plan, after)}" if after else "",
        f"{len(free) - len(after):,} waiting for sites outside the filters too" if len(free) > len(after) else "",
        f"{held_up:,} waiting for blocked sites too" if held_up else "",
        f"{len(of[JobVerdict.BLOCKED]):,} blocked" if of[JobVerdict.BLOCKED] else "",
        f"{len(of[JobVerdict.SUSPENDED]):,} suspended" if of[JobVerdict.SUSPENDED] else "",
    ]
    return f"Jobs: {', '.join(part for part in told if part)}."


def _when(plan: Plan, jobs: Sequence[PlannedJob]) -> str:
    """When the last of them is ready; nothing if that cannot be said of each."""
    known = [(job.ready_at, job) for job in jobs if job.ready_at is not None]
    if len(known) != len(jobs):
        return ""
    last, job = max(known, key=lambda item: (item[0], item[1].name))
    return f" ({about(last, now=plan.created_at, zone=job.timezone)})"


def next_line(
    plan: Plan, blocks: Sequence[Block], *, written: bool, already: bool = False, revision: str | None = None
) -> str:
    """`Nothing was written.   Submit: reconcile   Details: reconcile explain office-emea/lyon-01`."""
    parts = ["Recorded." if written and plan.has_changes and not plan.refused else "Nothing was written."]
    if already:
        parts = ["Nothing was written: all of it was recorded already."]
    if not written and plan.has_changes and not plan.refused:
        parts.append(f"Submit: {_submit(plan, revision)}")
    telling = _most_telling(plan, blocks)
    if telling is not None:
        parts.append(f"Details: reconcile explain {_shell(telling)}")
    return "   ".join(parts)


def _submit(plan: Plan, revision: str | None) -> str:
    words = ["reconcile"] if revision is None else ["reconcile", "--rev", _shell(revision)]
    for narrowed in plan.filters:
        name, _, value = narrowed.partition("=")
        if name not in _OPTIONS:
            return "reconcile, with the same options"
        words += [_OPTIONS[name], _shell(value)]
    return " ".join(words)


def _shell(word: str) -> str:
    """`word` as one word of a shell."""
    word = render_untrusted(word)
    return word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"


def _most_telling(plan: Plan, blocks: Sequence[Block]) -> str | None:
    """JOB/SITE of the send that arrives last, or of the first pair that is not ready."""
    named = [(block, row) for block in blocks if block.verdict is not None for row in block.rows if row.counted]
    sends = [(block, row) for block, row in named if row.pair is not None and row.pair.verdict is Verdict.MISSING]
    if sends:
        block, row = max(sends, key=lambda item: _arrival(plan, item[1]))
        return f"{block.name}/{row.site}"
    return next((f"{block.name}/{row.site}" for block, row in named if row.symbol is not Symbol.CANCEL), None)


def _arrival(plan: Plan, row: Row) -> int:
    if row.pair is None:
        return plan.created_at
    return max(plan.created_at, row.pair.earliest or 0) + (row.pair.estimated_seconds or 0)
