"""Open sends that the plan closes: superseded by a newer one, or obsolete (L14, L15).

An open send is looked at in this order:

1. Its pair is required at exactly its revision: it stays.
2. Its pair is required at another revision:
   a send of that one is planned: superseded, started or not (L15);
   the pair is blocked as unknown or suspended: it stays, the one open row of the pair, until the block is gone and it
   is superseded. It is the row that looks for the enrolled store again (L37), and of what is suspended nothing is
   obsolete (domain.md 3);
   otherwise (the site is ready, or blocked for another reason): obsolete, started or not, as its arrival would be a
   revision that nobody wants any more. Nothing is lost: the mark stays, and so do the chunks at the site.
3. Its pair is not required: obsolete unless a worker has it; a claimed one finishes (L14).
4. Its site is gone: obsolete in any case (L32).

Nothing is obsolete while a manifest is broken (L35) or outside the scope of a partial plan.
"""

from collections.abc import Iterable, Mapping

from reconciler.model.fleet import Fleet
from reconciler.model.names import PackageName
from reconciler.model.plan import BlockReason, Cancellation, CancellationReason, Verdict
from reconciler.model.snapshot import Send
from reconciler.planning.requirements import Requirement
from reconciler.planning.rows import by_job
from reconciler.planning.scope import Scope
from reconciler.planning.verdicts import Judged


def cancellations(
    fleet: Fleet,
    open_sends: Iterable[Send],
    *,
    required: Mapping[PackageName, Requirement],
    judged: Iterable[Judged],
    scope: Scope,
) -> tuple[Cancellation, ...]:
    """By job, then package, then reason."""
    verdicts = {(one.pair.requirement.package.name, one.pair.site.name): one for one in judged if one.pair.open_send}
    closed = (
        (send, reason)
        for send in open_sends
        if _in_scope(send, fleet, required.get(send.package), scope)
        and (reason := _reason(send, fleet, required.get(send.package), verdicts.get((send.package, send.site))))
        and (fleet.whole or reason is CancellationReason.SUPERSEDED)
    )
    changes = (
        Cancellation(send_only_job=job, package=package, sites=sites, reason=reason)
        for job, package, reason, sites in by_job(closed)
    )
    return tuple(sorted(changes, key=lambda change: (change.send_only_job, change.package, change.reason.value)))


def _reason(
    send: Send, fleet: Fleet, requirement: Requirement | None, judged: Judged | None
) -> CancellationReason | None:
    """Why an open send in the scope is closed; `judged` is None where its pair is ready or not required."""
    site = fleet.index.get(send.site)
    if site is None:
        return CancellationReason.OBSOLETE
    if requirement is None or site not in requirement.sites:
        return None if send.state.is_claimed else CancellationReason.OBSOLETE
    if send.revision == requirement.revision:
        return None
    if judged is not None and judged.verdict is Verdict.MISSING:
        return CancellationReason.SUPERSEDED
    if judged is not None and judged.reason in (BlockReason.UNKNOWN, BlockReason.SUSPENDED):
        return None
    return CancellationReason.OBSOLETE


def _in_scope(send: Send, fleet: Fleet, requirement: Requirement | None, scope: Scope) -> bool:
    if not scope.is_partial:
        return True
    if scope.packages is not None and send.package not in scope.packages:
        return False
    site = fleet.index.get(send.site)
    if scope.sites is not None and (site is None or site not in scope.sites):
        return False
    return scope.jobs is None or (requirement is not None and site is not None and site in requirement.scope)
