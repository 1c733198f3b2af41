"""When each site's store is read again, so that `verify.every` holds and not all are read at once.

Each site has its own place in the round, by its name: its *slots* lie nine tenths of `every` apart. What was verified
is verified again in the last slot before nineteen twentieths of `every` are over. So whatever happened to all sites at
one time, a first send or a verification by hand, is spread the next time; there is always a slot in between; and a
twentieth at least is left for those that must wait their turn or answer at the second try.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.model.census import Verified
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import SiteName
from reconciler.model.sites import Site
from reconciler.model.snapshot import Hold

APART = 0.9
"""From one slot to the next, as a part of `every`."""

LATEST = 0.95
"""The last slot lies before this part of `every` is over."""

FRESH = 0.05
"""What is younger than this part of `every` in a slot can wait for the next one."""

FIRST = 60
"""Seconds before a site is tried again that did not answer, doubled each time."""

LONGEST = 3600
"""Seconds between two tries at most, and not more than a tenth of `every` unless that is less than FIRST."""

SPREAD = 0.25
"""By so much a try comes sooner or later: sites that went away together do not come back together (L21)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The last look at a site: when it began and ended, and how many in a row did not bring its time forward."""

    times: int
    began: Instant
    ended: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A site, from when its store is to be read, and when it is overdue; `tried` so many times in vain."""

    site: Site
    at: Instant
    until: Instant
    tried: int = 0

    @property
    def rank(self) -> tuple[bool, Instant, SiteName]:
        """Those that answer go first, and of them the one that is overdue first (L21)."""
        return self.tried > 0, self.until, self.site.name


def due(
    sites: Iterable[Site],
    verified: Iterable[Verified],
    *,
    tried: Mapping[SiteName, Tried],
    holds: Iterable[Hold],
    at: Instant,
) -> list[Due]:
    """Each site that has an address and something to verify and is not suspended, by its rank.

    A site where something is unknown is due at once. A look that did not bring the site's time forward counts as a try
    in vain, whatever came of it: no answer, another store, a send that is open there.
    """
    suspended = {hold.site for hold in holds if hold.package is None and (hold.until is None or hold.until > at)}
    asked = (site for site in sites if site.address is not None and site.name not in suspended)
    oldest = {one.site: None if one.unknown else one.oldest for one in verified}
    found = (_due(site, oldest[site.name], tried.get(site.name)) for site in asked if site.name in oldest)
    return sorted(found, key=lambda one: one.rank)


def as_read(site: Site) -> Site:
    """The site as a round reads it: bytes of all that cannot wait for the next slot, told in whole seconds."""
    every = Seconds(max(0, int(site.verification.every * FRESH) - 2))
    return replace(site, verification=replace(site.verification, every=every))


def _due(site: Site, verified: Instant | None, tried: Tried | None) -> Due:
    every = site.verification.every
    slot = Instant(0) if verified is None else _last_slot(site.name, every, before=verified + LATEST * every)
    until = Instant(0) if verified is None else Instant(verified + every)
    if tried is None or slot > tried.began:
        return Due(site=site, at=slot, until=until)
    return Due(site=site, at=max(slot, _again(site, tried)), until=until, tried=tried.times)


def _last_slot(name: SiteName, every: Seconds, *, before: float) -> Instant:
    apart = every * APART
    first = _share(name) * apart
    return Instant(math.floor(first + math.floor((before - first) / apart) * apart))


def _again(site: Site, tried: Tried) -> Instant:
    longest = min(LONGEST, max(FIRST, site.verification.every / 10))
    wait = min(longest, FIRST * 2.0 ** min(tried.times - 1, 16))
    return Instant(tried.ended + math.ceil(wait * (1 + SPREAD * (2 * _share(f"{site.name} {tried.times}") - 1))))


def _share(text: str) -> float:
    """A number from 0 to 1 that is always the same for a text, and spread evenly over many."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
