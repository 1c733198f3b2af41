"""Generated send-only jobs as Job manifests (manifests.md, "Generated send-only jobs")."""

from reconciler.model.plan import PlanSource, SendOnlyJob


def manifest_of(job: SendOnlyJob, source: PlanSource) -> dict[str, object]:
    """The manifest of a send-only job; committed, it is an ordinary desired job whose annotations nobody reads.

    It names the commit that it is because of; files that differ from theirs are of none.
    """
    commit = {} if source.commit is None or source.dirty else {"reconciler/commit": source.commit}
    return {
        "apiVersion": "reconciler/v1",
        "kind": "Job",
        "metadata": {
            "name": job.name,
            "labels": {"reconciler/generated": "true"},
            "annotations": {
                "reconciler/content": job.revision.content,
                "reconciler/setup": job.revision.setup,
                "reconciler/mode": job.mode.value,
                "reconciler/reasons": ",".join(reason.value for reason in job.reasons),
                "reconciler/for-jobs": ",".join(job.for_jobs),
                **commit,
            },
        },
        "spec": {
            "package": job.package,
            "site": job.origin,
            "targets": [{"names": [planned.site for planned in job.sites]}],
            "phases": ["send"],
            "priority": job.priority.word,
        },
    }
