"""Open sends whose priority rises: an update, no second send (L6). A priority never sinks."""

from collections.abc import Iterable

from reconciler.model.plan import Update
from reconciler.planning.rows import by_job
from reconciler.planning.verdicts import Judged


def updates(judged: Iterable[Judged]) -> tuple[Update, ...]:
    """By job, then package, then priority; blocked pairs too, whose open sends go on some day."""
    risen = (
        (send, one.pair.need.priority)
        for one in judged
        if (send := one.pair.covering) is not None and one.pair.need.priority > send.priority
    )
    changes = (
        Update(send_only_job=job, package=package, sites=sites, priority=priority)
        for job, package, priority, sites in by_job(risen)
    )
    return tuple(sorted(changes, key=lambda change: (change.send_only_job, change.package, change.priority)))
