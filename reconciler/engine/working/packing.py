"""Packing beside the sends: a step of its own with a claim of its own, so that eight workers pack a revision once.

What is not packed yet is no turn; what cannot be packed ends the sends of it, with the cause (sending.md 2).
"""

import contextlib
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial

from reconciler.engine.depots import Depots, of_depot, packed_in
from reconciler.engine.packing import pack
from reconciler.engine.sending.course import Interrupted
from reconciler.engine.working.means import Means
from reconciler.engine.working.running import Content, DepotAnswered, PackingEnded
from reconciler.model.claims import BackedOff, GaveWay
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Package
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, Mode, Send
from reconciler.model.stores import StoreFault
from reconciler.model.working import PackingProgress
from reconciler.parcels.packing import SourceChanged, SourceGone
from reconciler.senders.protocol import Hostile, Missing
from reconciler.senders.retrying import backoff
from reconciler.state.protocol import State

LOOK_AGAIN = 2.0
"""Seconds after which a depot that lacked a parcel is asked again: another worker may be packing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """A source that changed while it was packed: what is recorded of its package after `since` waits (sending.md 2)."""

    since: Instant
    until: float
    verdict: BackedOff


@dataclass(slots=True, kw_only=True)
class Packing:
    """`packed` is what some depot was seen to hold, `verdicts` how the sends of a content end for now.

    `changing` are the packages whose sources did not stay as they were.

    `questions` are what is to be asked of the depots of these origins, `asked` those that have not answered yet, and
    `absent` is what one said a moment ago that it lacks.
    """

    means: Means
    depots: Depots
    pool: Executor
    ended: Callable[[PackingEnded | DepotAnswered], None]
    packed: set[Content] = field(default_factory=set)
    absent: set[Content] = field(default_factory=set)
    questions: dict[SiteName, set[Content]] = field(default_factory=dict)
    asked: set[SiteName] = field(default_factory=set)
    verdicts: dict[Content, GaveWay | BackedOff] = field(default_factory=dict)
    underway: dict[Content, PackingProgress] = field(default_factory=dict)
    changing: dict[PackageName, Changing] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    is_stopped: bool = False
    _not_before: dict[Content, float] = field(default_factory=dict)

    @property
    def running(self) -> int:
        return len(self.underway)

    def is_ready(self, fleet: Fleet, send: Send) -> bool:
        """Whether the send can begin, be it to end with the verdict on its package."""
        wanted = fleet.packages_by_name[send.package].content.digest == send.revision.content
        needs_parcel = wanted and send.mode is Mode.CONTENT
        return not needs_parcel or self.verdict(send) is not None or self.holds(fleet, send)

    def verdict(self, send: Send) -> GaveWay | BackedOff | None:
        """How a send of a content that could not be packed ends; None for any other."""
        if send.mode is Mode.SETUP_ONLY:
            return None
        content = send.package, send.revision.content
        found = self.verdicts.get(content)
        if found is not None and self.means.clock() >= self._not_before.get(content, 0.0):
            self.verdicts.pop(content, None)
            found = None
        waits = None if content in self.packed else self.changing.get(send.package)
        if waits is not None and send.recorded_at > waits.since:
            # Recorded since the source was seen to change: it waits until the source may have come to rest.
            return waits.verdict if self.means.clock() < waits.until else None
        return found

    def holds(self, fleet: Fleet, send: Send) -> bool:
        """Whether a depot is known to hold the parcel; if that is not known, it is asked by the next `ask`."""
        content = send.package, send.revision.content
        if content in self.packed:
            return True
        if content not in self.underway and self.means.clock() >= self._not_before.get(content, 0.0):
            self.absent.discard(content)
            self.questions.setdefault(fleet.packages_by_name[send.package].origin, set()).add(content)
        return False

    def ask(self, fleet: Fleet) -> None:
        """Ask the depots, each in a thread of its own: one that does not answer holds up its own packages (L21)."""
        for origin in self.questions.keys() - self.asked:
            self.asked.add(origin)
            self.pool.submit(self._ask, fleet, origin, frozenset(self.questions.pop(origin)))

    def answered(self, answer: DepotAnswered) -> None:
        """Take in what a depot holds; what it lacks is asked for again every few seconds while nobody packs it here."""
        self.asked.discard(answer.origin)
        self.packed |= answer.packed
        self.absent |= answer.absent
        for content in answer.absent:
            self._not_before[content] = self.means.clock() + LOOK_AGAIN

    def begin(self, fleet: Fleet, send: Send, state: State) -> bool:
        """Begin to pack what the send needs, if its source is here and nobody else does; True if it began."""
        package = fleet.packages_by_name[send.package]
        content = send.package, send.revision.content
        if content not in self.absent or not package.content.readable or package.content.digest != content[1]:
            return False
        if not state.take(self.means.worker, _thing(content), self.means.author(), lease=self.means.settings.lease):
            return False
        self.absent.discard(content)
        self.underway[content] = PackingProgress(package=package.name, bytes=package.content.size, packed=Bytes(0))
        self.pool.submit(self._pack, fleet, package)
        return True

    def end(self, ended: PackingEnded, state: State) -> None:
        """Take in what came of it; the package is left alone for a while if it failed."""
        content = ended.content
        self.underway.pop(content, None)
        if ended.packed:
            self.failures.pop(content[0], None)
            self.changing.pop(content[0], None)
            self.packed.add(content)
        elif ended.verdict is not None:
            self.verdicts[content] = ended.verdict
        with contextlib.suppress(StateError):  # What was taken is free again with the end of the lease.
            state.give_back(self.means.worker, _thing(content))

    def lost(self, content: Content) -> None:
        """The parcel is not, or not whole, where it was: it is looked for, and packed, again."""
        self.packed.discard(content)
        self.absent.discard(content)
        self.verdicts.pop(content, None)
        self._not_before.pop(content, None)

    def _ask(self, fleet: Fleet, origin: SiteName, contents: frozenset[Content]) -> None:
        packed: frozenset[Content] = frozenset()
        absent: frozenset[Content] = frozenset()
        try:
            depot = self.depots.open(fleet, origin)
            try:
                packed = frozenset(content for content in contents if packed_in(depot, *content) is not None)
                absent = contents - packed
            finally:
                depot.sender.close()
        except (StoreFault, Missing, Hostile, StateError) as fault:
            for content in contents:
                self._fail(content, Cause.SOURCE_MISSING, of_depot(origin, fault))
        except Exception as fault:  # noqa: BLE001 - a fault of ours stops these packages, not the worker (L35)
            for content in contents:
                self._fail(content, Cause.CORRUPT, f"a fault of reconcile: {fault!r}")
        self.ended(DepotAnswered(origin=origin, packed=packed, absent=absent))

    def _pack(self, fleet: Fleet, package: Package) -> None:
        content = package.name, package.content.digest
        verdict: GaveWay | BackedOff | None = None
        packed = False
        try:
            depot = self.depots.open(fleet, package.origin)
            try:
                pack(package, depot, at=Instant(int(self.means.wall())), wrote=partial(self._wrote, content))
                packed = True
            finally:
                depot.sender.close()
        except Interrupted:
            pass
        except SourceChanged as changed:
            self.means.forget_source(package)
            waits = self._fail(content, Cause.SOURCE_CHANGED, str(changed))
            since, until = Instant(int(self.means.wall())), self._not_before[content]
            self.changing[package.name] = Changing(since=since, until=until, verdict=waits)
            verdict = GaveWay(cause=Cause.SOURCE_CHANGED, detail=str(changed))
        except SourceGone as gone:
            verdict = self._fail(content, Cause.SOURCE_MISSING, str(gone))
        except (StoreFault, Missing, Hostile, StateError) as fault:
            verdict = self._fail(content, Cause.SOURCE_MISSING, of_depot(package.origin, fault))
        except Exception as fault:  # noqa: BLE001 - a fault of ours stops this package, not the worker (L35)
            verdict = self._fail(content, Cause.CORRUPT, f"a fault of reconcile: {fault!r}")
        self.ended(PackingEnded(package=package, packed=packed, verdict=verdict))

    def stop(self) -> None:
        """Whatever is being packed ends at its next pack: the next worker begins anew."""
        self.is_stopped = True

    def _wrote(self, content: Content, count: int) -> None:
        if self.is_stopped:
            raise Interrupted(None)
        before = self.underway[content]
        self.underway[content] = replace(before, packed=Bytes(before.packed + count))

    def _fail(self, content: Content, cause: Cause, detail: str) -> BackedOff:
        """The package waits by the schedule of retries, whatever its sends do."""
        self.failures[content[0]] = self.failures.get(content[0], 0) + 1
        retry, failures = self.means.settings.retry, self.failures[content[0]]
        seconds = backoff(cause, failures, retry, draw=self.means.draw()) or retry.max
        self._not_before[content] = self.means.clock() + seconds
        verdict = BackedOff(cause=cause, detail=detail, until=Instant(int(self.means.wall()) + seconds))
        self.verdicts[content] = verdict
        return verdict


def _thing(content: Content) -> str:
    return f"package/{content[0]}/{content[1]}"
