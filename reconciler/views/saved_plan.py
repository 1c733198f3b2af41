"""A saved plan read back: every value by its type, then whether it still is what was planned.

What `apply` records must be what somebody looked at. A key that is not the hash of its action, an id that is not the
digest of the actions, or a sum that is not that of its parts says that the file was changed by hand (R10).
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.model.acknowledgements import GuardName
from reconciler.model.keys import plan_id, send_key, send_name
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import FORMAT_VERSION, Plan, PlanSource, SendOnlyJob
from reconciler.views.manifests import manifest_of
from reconciler.views.reading import Reading
from reconciler.views.saved_actions import read_cancellation, read_removal, read_send_only_job, read_update
from reconciler.views.saved_verdicts import (
    read_diagnostic,
    read_guard,
    read_job,
    read_pair,
    read_source,
    read_state,
    read_summary,
)

_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")
_ID = re.compile(r"p-[0-9a-f]{8}")


def plan_from_json(document: object) -> Plan:
    """The plan of a document that `plan_json` made; raises ValueError that says what is wrong and where.

    Unknown keys are ignored, another major version is refused.
    """
    plan = _read(document)
    broken = tuple(_broken(plan, Reading(document)))
    if broken:
        raise ValueError("; ".join(broken))
    return plan


def check_saved(document: object) -> tuple[str, ...]:
    """What keeps a saved plan from being used; nothing if it is whole and was not changed."""
    try:
        return tuple(_broken(_read(document), Reading(document)))
    except ValueError as error:
        return (str(error),)


def _read(document: object) -> Plan:
    _check_format(Reading(document))
    read = Reading(document)
    return Plan(
        id=read["id"].matching(_ID, wanted="the id of a plan"),
        tool_version=read["toolVersion"].text(),
        created_at=read["createdAt"].instant(),
        source=read_source(read["source"]),
        state=read_state(read["state"]),
        filters=read["scope"]["filters"].items(Reading.text),
        summary=read_summary(read["summary"]),
        send_only_jobs=read["sendOnlyJobs"].items(read_send_only_job),
        pairs=read["pairs"].items(read_pair),
        jobs=read["jobs"].items(read_job),
        cancellations=read["cancellations"].items(read_cancellation),
        updates=read["updates"].items(read_update),
        removals=read["removals"].items(read_removal),
        guards=read["guards"].items(read_guard),
        diagnostics=read["diagnostics"].items(read_diagnostic),
        spent=read["spent"].items(lambda spent: (spent["plan"].text(), spent["guard"].choice(GuardName))),
    )


def _check_format(read: Reading) -> None:
    kind = read["kind"].text()
    if kind != "Plan":
        raise read["kind"].fail('is not "Plan"')
    version = read["formatVersion"].matching(_VERSION, wanted=f"a version such as {FORMAT_VERSION}")
    major, ours = version.split(".")[0], FORMAT_VERSION.split(".")[0]
    if int(major) != int(ours):
        raise read["formatVersion"].fail(f"is {version}, but only versions {ours}.x can be read")


def _broken(plan: Plan, read: Reading) -> Iterator[str]:
    """Where the plan contradicts itself, as `path: what`."""
    yield from _broken_jobs(plan.send_only_jobs, plan.source, read["sendOnlyJobs"])
    yield from _broken_sums(plan)
    told = (
        ("hasChanges", read["hasChanges"].flag(), plan.has_changes),
        ("refused", read["refused"].flag(), plan.refused),
        ("scope.partial", read["scope"]["partial"].flag(), plan.is_partial),
    )
    for path, said, found in told:
        if said != found:
            yield f"{path}: does not follow from the rest of the plan"
    expected = plan_id(
        sends=plan.send_only_jobs, cancellations=plan.cancellations, updates=plan.updates, removals=plan.removals
    )
    if plan.id != expected:
        yield f"id: is {plan.id}, but the actions are those of {expected}"


def _broken_jobs(jobs: Iterable[SendOnlyJob], source: PlanSource, read: Reading) -> Iterator[str]:
    seen: set[tuple[PackageName, SiteName]] = set()
    for index, (job, told) in enumerate(zip(jobs, read.items(lambda item: item), strict=True)):
        path = f"sendOnlyJobs[{index}]"
        numbers = [(planned.site, planned.number) for planned in job.sites]
        key = send_key(job.package, revision=job.revision, mode=job.mode, priority=job.priority, numbers=numbers)
        if job.key != key:
            yield f"{path}.key: is not the key of this action"
        if job.name != send_name(job.package, job.key):
            yield f"{path}.name: is not the name of this action"
        if not _holds(told["manifest"].value, manifest_of(job, source)):
            yield f"{path}.manifest: is not the manifest of this action"
        pairs = {(job.package, planned.site) for planned in job.sites}
        if seen & pairs:
            yield f"{path}.sites: has a site that another send-only job of {job.package} has too"
        seen |= pairs


def _broken_sums(plan: Plan) -> Iterator[str]:
    summary = plan.summary
    sums = (
        ("sendOnlyJobs", summary.send_only_jobs, len(plan.send_only_jobs)),
        ("cancellations", summary.cancellations, sum(len(change.sites) for change in plan.cancellations)),
        ("bytes", summary.bytes, sum(job.bytes for job in plan.send_only_jobs)),
        ("required", summary.required, summary.ready + summary.in_flight + summary.missing + summary.blocked),
    )
    for name, said, found in sums:
        if said != found:
            yield f"summary.{name}: is {said}, but the plan has {found}"


def _holds(whole: object, part: object) -> bool:
    """Whether `whole` says all that `part` says; a later minor version may say more."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(key in whole and _holds(whole[key], part[key]) for key in part)
    return whole == part
