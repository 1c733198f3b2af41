"""What a saved plan does: sends, cancellations, updates, removals."""

import re

from reconciler.model.packages import Revision, SetupPart
from reconciler.model.plan import Cancellation, CancellationReason, GapReason, PlannedSite, Removal, SendOnlyJob, Update
from reconciler.model.snapshot import Mode
from reconciler.views.reading import Reading
from reconciler.views.saved_names import read_digest, read_job_name, read_package, read_priority, read_site, read_size

_KEY = re.compile(r"[0-9a-f]{64}")


def read_send_only_job(read: Reading) -> SendOnlyJob:
    """One item of `sendOnlyJobs`; `endpoints` follow the order of the sites."""
    sites = _sites(read)
    endpoints = read["endpoints"].items(Reading.text)
    if len(endpoints) != len(sites):
        raise read["endpoints"].fail(f"has {len(endpoints)} items for {len(sites)} sites")
    return SendOnlyJob(
        name=read["name"].text(),
        key=read["key"].matching(_KEY, wanted="a key"),
        package=read_package(read["package"]),
        package_version=read["packageVersion"].text(),
        origin=read_site(read["origin"]),
        mode=read["mode"].choice(Mode),
        priority=read_priority(read["priority"]),
        revision=Revision(read_digest(read["revision"]["content"]), read_digest(read["revision"]["setup"])),
        parts=read["parts"].items(lambda part: part.choice(SetupPart).value),
        sites=sites,
        endpoints=endpoints,
        bytes=read_size(read["bytes"]),
        for_jobs=read["forJobs"].items(read_job_name),
        reasons=read["reasons"].items(lambda reason: reason.choice(GapReason)),
    )


def read_cancellation(read: Reading) -> Cancellation:
    """One item of `cancellations`."""
    return Cancellation(
        send_only_job=read["sendOnlyJob"].text(),
        package=read_package(read["package"]),
        sites=_sites(read),
        reason=read["reason"].choice(CancellationReason),
    )


def read_update(read: Reading) -> Update:
    """One item of `updates`."""
    return Update(
        send_only_job=read["sendOnlyJob"].text(),
        package=read_package(read["package"]),
        sites=_sites(read),
        priority=read_priority(read["priority"]),
    )


def read_removal(read: Reading) -> Removal:
    """One item of `removals`; `versions` follow the order of the packages."""
    packages = read["packages"].items(read_package)
    versions = read["versions"].items(Reading.number)
    if len(versions) != len(packages):
        raise read["versions"].fail(f"has {len(versions)} items for {len(packages)} packages")
    return Removal(site=read_site(read["site"]), packages=packages, versions=versions)


def _sites(read: Reading) -> tuple[PlannedSite, ...]:
    names = read["sites"].items(read_site)
    numbers = read["numbers"].items(Reading.number)
    versions = read["versions"].items(Reading.number)
    for key, values in (("numbers", numbers), ("versions", versions)):
        if len(values) != len(names):
            raise read[key].fail(f"has {len(values)} items for {len(names)} sites")
    if not names or list(names) != sorted(set(names)):
        raise read["sites"].fail("is empty, not sorted, or names a site twice")
    return tuple(
        PlannedSite(site=site, number=number, version=version)
        for site, number, version in zip(names, numbers, versions, strict=True)
    )
