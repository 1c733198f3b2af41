"""The numbers of a plan: each is the sum of what it counts."""

from collections.abc import Mapping, Sequence

from reconciler.model.fleet import Fleet
from reconciler.model.names import PackageName
from reconciler.model.plan import Cancellation, PlannedPair, SendOnlyJob, Summary, Verdict
from reconciler.model.quantities import Bytes
from reconciler.planning.requirements import Requirement


def summarise(
    fleet: Fleet,
    required: Mapping[PackageName, Requirement],
    *,
    pairs: Sequence[PlannedPair],
    sends: Sequence[SendOnlyJob],
    cancellations: Sequence[Cancellation],
) -> Summary:
    """`sites`, `packages` and `jobs` count the fleet, all others the scope; `cancellations` counts sites.

    `pairs` are those that are not ready: the ready ones are only counted (P5).
    """
    total = sum(len(requirement.scope) for requirement in required.values())
    verdicts = [pair.verdict for pair in pairs]
    return Summary(
        sites=len(fleet.sites),
        packages=len(fleet.packages),
        jobs=len(fleet.jobs),
        required=total,
        ready=total - len(pairs),
        in_flight=verdicts.count(Verdict.IN_FLIGHT),
        missing=verdicts.count(Verdict.MISSING),
        blocked=verdicts.count(Verdict.BLOCKED),
        send_only_jobs=len(sends),
        cancellations=sum(len(change.sites) for change in cancellations),
        bytes=Bytes(sum(send.bytes for send in sends)),
    )
