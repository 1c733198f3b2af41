"""Which workers there are, since when, and what to do if none is."""

from collections.abc import Iterable, Sequence

from reconciler.model.claims import Worker, WorkerId, WorkerSeen
from reconciler.model.instants import Instant
from reconciler.model.quantities import format_duration
from reconciler.views.counts import count
from reconciler.views.moments import since
from reconciler.views.untrusted import render_untrusted

START = "start one: reconcile work"

SHOWN = 3


def short(worker: WorkerId) -> str:
    """The first digits tell workers apart well enough for people."""
    return worker[:8]


def workers_text(workers: Sequence[WorkerSeen], *, at: Instant) -> str:
    """`1 worker is alive: 6ce10a8c at hq since 15:40 UTC`; or which was the last, and how to start one."""
    living = [worker for worker in workers if worker.alive]
    if not living:
        return none_text(workers, at=at)
    told = ", ".join(f"{_named(worker)} {since(worker.since, now=at, zone='UTC')}" for worker in living[:SHOWN])
    more = f" and {len(living) - SHOWN} more" if len(living) > SHOWN else ""
    return f"{count(len(living), 'worker')} {'is' if len(living) == 1 else 'are'} alive: {told}{more}"


def none_text(workers: Iterable[WorkerSeen], *, at: Instant) -> str:
    """What is said where no worker lives."""
    latest = max(workers, key=lambda worker: worker.seen, default=None)
    if latest is None:
        return f"No worker is running; {START}"
    ago = format_duration(at - latest.seen)
    return f"No worker is alive, the last was {_named(latest)}, heard of {ago} ago; {START}"


def process_text(worker: Worker) -> str:
    """`process 4711 on hq`."""
    return f"process {worker.pid} on {render_untrusted(_host(worker))}"


def watched_text(watcher: WorkerSeen, *, at: Instant) -> str:
    """What a `watch` says that stands by."""
    began = since(watcher.since, now=at, zone="UTC")
    return f"standing by: {process_text(watcher.worker)} watches {began}; this one takes over when it is gone"


def worker_rows(workers: Iterable[WorkerSeen], *, at: Instant) -> list[Sequence[str]]:
    """A row for each: its id, where it runs, whether it lives and since when, and what it has."""
    return [
        (
            short(worker.worker.id),
            render_untrusted(f"{_machine(worker)}, pid {worker.worker.pid}"),
            _life(worker, at=at),
            count(worker.claims, "send") if worker.alive else "",
        )
        for worker in workers
    ]


def _life(worker: WorkerSeen, *, at: Instant) -> str:
    if worker.alive:
        return f"alive {since(worker.since, now=at, zone='UTC')}"
    return f"gone, heard of {format_duration(at - worker.seen)} ago"


def _named(worker: WorkerSeen) -> str:
    return f"{short(worker.worker.id)} at {render_untrusted(_machine(worker))}"


def _machine(worker: WorkerSeen) -> str:
    return _host(worker.worker)


def _host(worker: Worker) -> str:
    """Its name alone: what tells containers on it apart tells people nothing."""
    return worker.host.partition("/")[0]
