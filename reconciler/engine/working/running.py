"""What a worker process has in its hands: the attempts that run, and what came of those that ended."""

from dataclasses import dataclass, field

from reconciler.engine.sending.course import Course
from reconciler.model.claims import BackedOff, Claim, GaveWay, Outcome
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Package
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.sites import Site
from reconciler.senders.recorded import Traffic
from reconciler.state.protocol import HeldPair

STALLED = 2.0
"""Seconds without headway after which an attempt's place goes to another: a dead site holds up nobody (L21)."""

Pair = tuple[PackageName, SiteName]
Content = tuple[PackageName, Digest]


@dataclass(slots=True, kw_only=True)
class Running:
    """One attempt: what it sends where, and how far it is.

    `held` is what the state knew of the pair when it was claimed, `reserved` what other sends still have to write at
    the site, looked at again with every tick.
    """

    course: Course
    package: Package
    site: Site
    began: float
    rate: BitsPerSecond | None
    held: HeldPair | None
    reserved: Bytes
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def claim(self) -> Claim:
        return self.course.claim

    @property
    def is_wanted(self) -> bool:
        """False for a send of a revision that the manifests no longer describe: it only looks for its store (L37)."""
        return self.claim.send.revision == self.package.revision

    def is_stalled(self, now: float) -> bool:
        return now - self.course.moved_at > STALLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """`outcome` is None for an attempt whose claim was lost: there is nothing to say of it any more."""

    running: Running
    outcome: Outcome | None
    fault: Exception | None = None
    """A fault of the program itself, told beside the outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepotAnswered:
    """Which of the contents it was asked for the depot of an origin holds, and which not: neither if it failed."""

    origin: SiteName
    packed: frozenset[Content]
    absent: frozenset[Content]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingEnded:
    """A package was packed; or not: then the sends of it end as `verdict` says, or go on waiting without one."""

    package: Package
    packed: bool = False
    verdict: GaveWay | BackedOff | None = None

    @property
    def content(self) -> Content:
        return self.package.name, self.package.content.digest
