"""The rates of the sites as they are now, shared by all sends to a site (L22)."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.model.claims import Claim, WorkerId
from reconciler.model.names import SiteName
from reconciler.model.quantities import BitsPerSecond
from reconciler.senders.bucket import Bucket


@dataclass(slots=True)
class Buckets:
    """Two for each site, one a direction; `set_rate` holds from the next slice on.

    A rate is the site's, not a worker's: workers that send there at a time share it evenly.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    _rates: dict[SiteName, BitsPerSecond | None] = field(default_factory=dict)
    _buckets: dict[SiteName, tuple[Bucket, Bucket]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set_rate(self, site: SiteName, rate: BitsPerSecond | None, *, shared_by: int = 1) -> None:
        """At most so fast from now on, divided among so many workers; None for no limit."""
        self._rates[site] = None if rate is None else BitsPerSecond(max(rate // shared_by, 8))

    def of(self, site: SiteName) -> tuple[Bucket, Bucket]:
        """Up and down."""
        with self._lock:
            if site not in self._buckets:
                self._buckets[site] = (self._bucket(site), self._bucket(site))
            return self._buckets[site]

    def _bucket(self, site: SiteName) -> Bucket:
        return Bucket(lambda: self._bytes_per_second(site), clock=self.clock, sleep=self.sleep)

    def _bytes_per_second(self, site: SiteName) -> float | None:
        rate = self._rates.get(site)
        return None if rate is None else rate / 8


def workers_at(claims: Iterable[Claim], me: WorkerId) -> Mapping[SiteName, int]:
    """How many workers, this one included, send to each site at which somebody does."""
    found: dict[SiteName, set[WorkerId]] = {}
    for claim in claims:
        found.setdefault(claim.send.site, {me}).add(claim.worker)
    return {site: len(workers) for site, workers in found.items()}
