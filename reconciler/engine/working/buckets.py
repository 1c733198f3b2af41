"""The rates of the sites as they are now, shared by all sends to a site (L22)."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.model.names import SiteName
from reconciler.model.quantities import BitsPerSecond
from reconciler.senders.bucket import Bucket


@dataclass(slots=True)
class Buckets:
    """Two for each site, one a direction; `set_rate` holds from the next slice on."""

    clock: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    _rates: dict[SiteName, BitsPerSecond | None] = field(default_factory=dict)
    _buckets: dict[SiteName, tuple[Bucket, Bucket]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set_rate(self, site: SiteName, rate: BitsPerSecond | None) -> None:
        """At most so fast from now on; None for no limit."""
        self._rates[site] = rate

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
