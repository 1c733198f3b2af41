"""What the text and the Markdown of a review say in one line each."""

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.plan import Plan
from reconciler.model.quantities import format_duration, format_size
from reconciler.model.review import Change, Review, Taken, Travel, tripped
from reconciler.views.counts import count
from reconciler.views.moments import about
from reconciler.views.untrusted import render_untrusted

_FALLEN_BACK = {
    Taken.UNRELATED: "its history and that of the head have no commit in common",
    Taken.SHALLOW: "the clone is too shallow to tell where the histories part; fetch more of them, best all",
}


def base_line(review: Review) -> str:
    """`base git 3f9c2ab (where origin/main and the head part): 14 sites, 3 packages, 3 jobs`."""
    base, summary = review.base, review.before.summary
    revision = render_untrusted(base.revision)
    how = f"where {revision} and the head part" if base.taken is Taken.MERGE_BASE else revision
    size = f"{count(summary.sites, 'site')}, {count(summary.packages, 'package')}, {count(summary.jobs, 'job')}"
    return f"base git {render_untrusted(base.commit[:7])} ({how}): {size}"


def base_notes(review: Review) -> list[str]:
    """What the reader has to know of the base: taken for want of a better one, or with errors itself."""
    notes = []
    why = _FALLEN_BACK.get(review.base.taken)
    if why is not None:
        revision = render_untrusted(review.base.revision)
        notes.append(f"Compared with {revision} itself: {why}. What only {revision} has looks as if it were removed.")
    if review.base.taken is Taken.MERGE_BASE and review.base.commit == review.after.source.commit:
        notes.append(f"{render_untrusted(review.base.revision)} has the commit of the head already.")
    errors = sum(diagnostic.is_error for diagnostic in review.before.diagnostics)
    if errors:
        notes.append(f"{count(errors, 'error')} in the manifests of the base: its plan is that of the valid objects.")
    return notes


_VERBS = (
    (Change.ADDED, "adds", "to the plan"),
    (Change.CHANGED, "changes", "of the plan"),
    (Change.REMOVED, "removes", "of the plan"),
)


def conclusion(review: Review) -> str:
    """`This change adds 12 lines to the plan, changes 1, removes 2 (8 sites, 2 packages), trips 1 guard.`"""
    if not review.has_changes:
        return _nothing(review)
    told: list[str] = []
    for change, verb, where in _VERBS:
        number = review.lines(change)
        if number:
            told.append(f"{verb} {number:,}" if told else f"{verb} {count(number, 'line')} {where}")
    if told:
        told[-1] += f" ({count(len(review.sites), 'site')}, {count(len(review.packages), 'package')})"
    else:
        told.append("leaves every line of the plan as it is")
    return f"This change {', '.join((*told, *_mistakes(review)))}."


def _mistakes(review: Review) -> list[str]:
    errors = sum(diagnostic.is_error for diagnostic in review.introduced)
    guards = sum(change.newly_tripped for change in review.guards)
    return [
        *([f"introduces {count(errors, 'error')}"] if errors else []),
        *([f"trips {count(guards, 'guard')}"] if guards else []),
    ]


def _nothing(review: Review) -> str:
    if review.before.source.fleet_digest == review.after.source.fleet_digest:
        return "This change changes nothing: the manifests mean the same."
    return "This change changes nothing in the plan, though the manifests do not mean the same."


def travel_line(review: Review) -> str:
    """`To travel: ≤ 4.1 GiB more (about 2 h); with the change ≤ 5.3 GiB in all, there tonight about 22:10 CET.`"""
    parts = [part for part in (_travel(review.added, "more"), _travel(review.removed, "less")) if part]
    total = review.after.summary.bytes
    in_all = f"{_size(total)} in all" if total else "nothing travels"
    return f"To travel: {', '.join(parts) or 'as much as before'}; with the change {in_all}{_until(review)}."


def _travel(travel: Travel, word: str) -> str:
    size = [_size(travel.bytes)] if travel.bytes else []
    time = [f"about {format_duration(travel.seconds)}".replace("about under", "under")] if travel.seconds else []
    unknown = [f"{count(travel.unrated, 'send')} without a known rate"] if travel.unrated else []
    told = [*size, *time, *unknown]
    rest = f" ({', '.join(told[1:])})" if told[1:] else ""
    return f"{told[0]} {word}{rest}" if told else ""


def _size(size: int) -> str:
    return f"≤ {format_size(size)}" if size else format_size(size)


def _until(review: Review) -> str:
    """When the last job that waits is ready, at its zone; and before the change, if that was known and is another."""
    after = _done(review.after, review)
    if review.done_after is None or not after:
        return ""
    if review.done_before in (None, review.done_after):
        return f", there {after}"
    return f", there {after} instead of {_done(review.before, review)}"


def _done(plan: Plan, review: Review) -> str:
    now = review.after.created_at
    last = max(((job.ready_at, job.timezone) for job in plan.jobs if job.ready_at is not None), default=None)
    return about(last[0], now=now, zone=last[1]) if last is not None else ""


def jobs_changed(review: Review) -> str:
    """`Jobs: 1 new, 2 with another verdict, 1 with other sites or another package.`"""
    new = sum(change.before is None for change in review.jobs)
    gone = sum(change.after is None for change in review.jobs)
    verdicts = sum(change.verdict_changes for change in review.jobs) - new - gone
    other = len(review.jobs) - new - gone - verdicts
    told = [
        f"{new:,} new" if new else "",
        f"{gone:,} removed" if gone else "",
        f"{verdicts:,} with another verdict" if verdicts else "",
        f"{other:,} with the same verdict, otherwise changed" if other else "",
    ]
    return f"Jobs: {', '.join(part for part in told if part)}." if review.jobs else ""


def guards_line(review: Review) -> str:
    """`Guards: bytes and heals are tripped by this change; cancellations no longer.` Values stand in the refusal."""
    new = [change.name.value for change in review.guards if change.newly_tripped]
    healed = [change.name.value for change in review.guards if tripped(change.before) and not tripped(change.after)]
    verb = "is" if len(new) == 1 else "are"
    told = [f"{' and '.join(new)} {verb} tripped by this change"] if new else []
    told += [f"{' and '.join(healed)} no longer {'refuses' if len(healed) == 1 else 'refuse'}"] if healed else []
    return f"Guards: {'; '.join(told)}." if told else ""


def diagnostic_line(diagnostic: Diagnostic, mark: str) -> str:
    """`+ jobs/till.yaml:6:12: error[unknown-package]: package "till-5" is not declared`."""
    where = diagnostic.where
    told = f"{mark} {where.file}:{where.line}:{where.column}: {diagnostic.severity.value}[{diagnostic.code}]"
    return render_untrusted(f"{told}: {diagnostic.message}")


def diagnostics_title(review: Review) -> str:
    """`Diagnostics: 1 introduced, 2 mended.`"""
    told = [
        f"{len(those):,} {word}"
        for those, word in ((review.introduced, "introduced"), (review.mended, "mended"))
        if those
    ]
    return f"Diagnostics: {', '.join(told)}." if told else ""
