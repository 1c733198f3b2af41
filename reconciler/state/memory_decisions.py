"""Holds and acknowledgements of the state that is kept in dictionaries."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from reconciler.model.acknowledgements import Acknowledgement, GuardName
from reconciler.model.names import PackageName, SiteName
from reconciler.model.snapshot import Hold
from reconciler.state.pairs import Pair

_Held = tuple[SiteName | None, PackageName | None]
_Key = tuple[str, GuardName]


class Decisions:
    """What people decided. `turns` counts how often holds were set or ended: part of the version of what they cover."""

    def __init__(self) -> None:
        self._holds: dict[_Held, Hold] = {}
        self._turns: dict[_Held, int] = defaultdict(int)
        self._acknowledgements: dict[_Key, Acknowledgement] = {}
        self._spent: set[_Key] = set()

    def hold(self, hold: Hold) -> bool:
        """False if it is so already."""
        held = hold.site, hold.package
        if self._holds.get(held) == hold:
            return False
        self._holds[held] = hold
        self._turns[held] += 1
        return True

    def release(self, site: SiteName | None, package: PackageName | None) -> bool:
        """False if there is none."""
        if self._holds.pop((site, package), None) is None:
            return False
        self._turns[site, package] += 1
        return True

    def turns(self, pair: Pair) -> int:
        """Of all holds that cover the pair."""
        package, site = pair
        covering: tuple[_Held, ...] = ((site, package), (site, None), (None, package))
        return sum(self._turns[held] for held in covering)

    def holds(self) -> tuple[Hold, ...]:
        """By package, then site."""
        return tuple(self._holds[held] for held in sorted(self._holds, key=_order))

    def acknowledge(self, acknowledgement: Acknowledgement) -> bool:
        """False if it is so already."""
        key = acknowledgement.plan, acknowledgement.guard
        if self._acknowledgements.get(key) == acknowledgement:
            return False
        self._acknowledgements[key] = acknowledgement
        self._spent.discard(key)
        return True

    def spend(self, keys: Iterable[_Key]) -> Collection[_Key]:
        """Close those of these that are open; which they were."""
        open_ones = self._acknowledgements.keys() - self._spent
        spent = [key for key in keys if key in open_ones]
        self._spent.update(spent)
        return spent

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """The open ones, by plan, then guard."""
        keys = sorted(self._acknowledgements, key=lambda key: (key[0], key[1].value))
        return tuple(self._acknowledgements[key] for key in keys if key not in self._spent)


def _order(held: _Held) -> tuple[str, str]:
    site, package = held
    return package or "", site or ""
