"""How large a fleet is, and which of its pairs are not ready: the same for the same seed, everywhere."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

SEED = 1998


class Layout(Enum):
    """How the jobs are written: one manifest a package with a selector, or one Job document for each pair."""

    COMPACT = "compact"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Size:
    """Every package is required at every site. The origin comes beside: it holds what it packs (L5)."""

    packages: int
    sites: int

    @property
    def pairs(self) -> int:
        return self.packages * self.sites

    @property
    def missing(self) -> int:
        """1 % of the pairs."""
        return self.pairs // 100

    @property
    def package_names(self) -> list[str]:
        return [f"P{number:05}" for number in range(1, self.packages + 1)]

    @property
    def site_names(self) -> list[str]:
        return [f"S{number:05}" for number in range(1, self.sites + 1)]


SIZES: Mapping[int, Size] = {
    size.pairs: size for size in (Size(20, 50), Size(100, 100), Size(500, 200), Size(1000, 1000))
}
"""Pairs → size."""


class Found(Enum):
    """What the state knows of a pair."""

    READY = 0
    NOTHING = 1
    OLDER_CONTENT = 2
    OLDER_SETUP = 3


_SHARES = (Found.NOTHING, 7), (Found.OLDER_CONTENT, 2), (Found.OLDER_SETUP, 1)


def not_ready(size: Size, seed: int = SEED) -> Mapping[tuple[int, int], Found]:
    """(index of package, index of site) → why it is not ready, for exactly `size.missing` pairs."""
    chance = random.Random(seed)
    chosen = sorted(chance.sample(range(size.pairs), size.missing))
    kinds = chance.choices([kind for kind, _ in _SHARES], [weight for _, weight in _SHARES], k=len(chosen))
    return {divmod(pair, size.sites): kind for pair, kind in zip(chosen, kinds, strict=True)}
