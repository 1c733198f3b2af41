"""What the jobs of a partial plan require outside of its scope: looked at for their verdicts, never acted on."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model.fleet import Fleet
from reconciler.model.names import PackageName
from reconciler.model.site_sets import SiteSet
from reconciler.planning.planned_jobs import is_touched
from reconciler.planning.requirements import Requirement
from reconciler.planning.scope import Scope


def outside(
    fleet: Fleet, required: Mapping[PackageName, Requirement], scope: Scope
) -> Mapping[PackageName, Requirement]:
    """The same requirements, their scope turned into the rest of what the plan's jobs need; empty for a whole plan."""
    if not scope.is_partial:
        return {}
    bits: dict[PackageName, int] = {}
    for job in fleet.jobs:
        if (scope.jobs is None or job.name in scope.jobs) and is_touched(job, required):
            bits[job.package] = bits.get(job.package, 0) | job.required.bits
    rest = {package: SiteSet(needed) - required[package].scope for package, needed in bits.items()}
    return {package: replace(required[package], scope=sites) for package, sites in rest.items() if sites}
