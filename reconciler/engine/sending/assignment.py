"""Everything an attempt needs to know before it asks the store anything."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reconciler.engine.depots import Packed
from reconciler.engine.sending.course import Course
from reconciler.engine.sending.knowledge import Knowledge
from reconciler.engine.stores.store import Store
from reconciler.model.claims import Claim
from reconciler.model.instants import Instant
from reconciler.model.packages import Package
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.sites import Site
from reconciler.model.snapshot import Send
from reconciler.parcels.packs import LARGEST_PACK
from reconciler.state.protocol import HeldPair

SECONDS_A_PACK = 10
"""What is lost when a send is interrupted takes no longer than this to send again (sending.md 8)."""

SMALLEST_PACK = 2**16


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One claimed send. `held` is what the state knows of the pair.

    Asked only where it matters: `at_site` are all pairs of the site, `living` the attempts that may be writing there
    now, `reserved` what they still have to write (L20), `packed` the parcel in the depot.
    """

    course: Course
    package: Package
    site: Site
    store: Store
    held: HeldPair | None
    at_site: Callable[[], Iterable[HeldPair]]
    living: Callable[[], frozenset[str]]
    reserved: Callable[[], Bytes]
    packed: Callable[[], Packed]
    knowledge: Knowledge
    rate: BitsPerSecond | None
    verifier: str
    now: Callable[[], Instant]

    @property
    def claim(self) -> Claim:
        return self.course.claim

    @property
    def send(self) -> Send:
        return self.course.claim.send

    @property
    def fresh_since(self) -> Instant:
        """What was verified before this is read back again (sending.md 6)."""
        return Instant(self.now() - self.site.verification.every)

    @property
    def largest(self) -> int:
        """Bytes of a pack, so that one is soon over this link."""
        if self.rate is None:
            return LARGEST_PACK
        return max(SMALLEST_PACK, min(LARGEST_PACK, self.rate // 8 * SECONDS_A_PACK))
