"""A review as JSON (schemas/review.v1.schema.json): for programs that judge a change of manifests."""

from reconciler.model.acknowledgements import GuardName
from reconciler.model.instants import format_instant
from reconciler.model.plan import Plan, PlannedJob
from reconciler.model.review import (
    ActionChange,
    ActionLine,
    Change,
    GuardChange,
    JobChange,
    PairChange,
    PairLine,
    Review,
    Travel,
    Unlined,
)
from reconciler.views.plan_json import diagnostic_json, guard_json, instant_json, job_json, pair_json, summary_json

FORMAT_VERSION = "1.0"

Json = dict[str, object]


def review_json(review: Review) -> Json:
    """The review as plain values; lists are sorted, each by the key that the reference names."""
    after = review.after
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Review",
        "toolVersion": after.tool_version,
        "createdAt": format_instant(after.created_at),
        "base": {
            "revision": review.base.revision,
            "taken": review.base.taken.value,
            **_side(review.before),
            "commit": review.base.commit,
        },
        "head": _side(after),
        "state": {"kind": after.state.kind, "version": after.state.version},
        "scope": {"partial": after.is_partial, "filters": sorted(after.filters)},
        "hasChanges": review.has_changes,
        "summary": _summary(review),
        "sites": list(review.sites),
        "packages": list(review.packages),
        "pairs": [_pair(change) for change in review.pairs],
        "actions": [_action(change) for change in review.actions],
        "jobs": [_job(change) for change in review.jobs],
        "guards": [_guard(change) for change in sorted(review.guards, key=_guard_order)],
        "introduced": [diagnostic_json(each) for each in review.introduced],
        "mended": [diagnostic_json(each) for each in review.mended],
    }


def _side(plan: Plan) -> Json:
    return {
        "commit": plan.source.commit,
        "branch": plan.source.branch,
        "dirty": plan.source.dirty,
        "fleetDigest": plan.source.fleet_digest,
        "plan": plan.id,
        "refused": plan.refused,
        "hasChanges": plan.has_changes,
        "errors": sum(diagnostic.is_error for diagnostic in plan.diagnostics),
        "summary": summary_json(plan.summary),
    }


def _summary(review: Review) -> Json:
    return {
        "added": review.lines(Change.ADDED),
        "changed": review.lines(Change.CHANGED),
        "removed": review.lines(Change.REMOVED),
        "sites": len(review.sites),
        "packages": len(review.packages),
        "jobs": len(review.jobs),
        "verdicts": sum(change.verdict_changes for change in review.jobs),
        "guardsTripped": sum(change.newly_tripped for change in review.guards),
        "introduced": len(review.introduced),
        "mended": len(review.mended),
        "more": _travel(review.added),
        "less": _travel(review.removed),
        "doneBefore": instant_json(review.done_before),
        "doneAfter": instant_json(review.done_after),
    }


def _travel(travel: Travel) -> Json:
    return {"bytes": travel.bytes, "seconds": travel.seconds, "unrated": travel.unrated}


def _pair(change: PairChange) -> Json:
    return {
        "change": change.change.value,
        "package": change.package,
        "site": change.site,
        "before": _line(change.before),
        "after": _line(change.after),
    }


def _line(line: PairLine | Unlined) -> Json:
    """The plan's own words, without the package and the site, which stand beside it."""
    if isinstance(line, Unlined):
        return {"verdict": line.value}
    told = {key: value for key, value in pair_json(line.pair).items() if key not in ("package", "site")}
    revision = line.revision
    return told | {
        "priority": line.priority.word if line.priority is not None else None,
        "revision": {"content": revision.content, "setup": revision.setup} if revision is not None else None,
    }


def _action(change: ActionChange) -> Json:
    line = change.after or change.before
    if line is None:
        raise ValueError("no plan has this action")
    return {
        "change": change.change.value,
        "action": line.kind.value,
        "site": line.site,
        "sendOnlyJob": line.send_only_job or None,
        "before": _done(change.before),
        "after": _done(change.after),
    }


def _done(line: ActionLine | None) -> Json | None:
    """`becomes` is null where nothing but the packages says what the action is."""
    return {"packages": list(line.packages), "becomes": line.becomes or None} if line is not None else None


def _job(change: JobChange) -> Json:
    return {
        "change": change.change.value,
        "name": change.name,
        "before": _desired(change.before),
        "after": _desired(change.after),
    }


def _desired(job: PlannedJob | None) -> Json | None:
    """As in a plan, without the name, which stands beside it."""
    return {key: value for key, value in job_json(job).items() if key != "name"} if job is not None else None


def _guard(change: GuardChange) -> Json:
    return {
        "name": change.name.value,
        "newlyTripped": change.newly_tripped,
        "before": guard_json(change.before) if change.before is not None else None,
        "after": guard_json(change.after) if change.after is not None else None,
    }


def _guard_order(change: GuardChange) -> int:
    return list(GuardName).index(change.name)
