"""What a look at the sites' stores found, and how it differs from what the state knew."""

from dataclasses import dataclass, replace
from enum import Enum

from reconciler.model.holdings import Absent, Damaged, Holding, RecordOnly, Staged, Unknown
from reconciler.model.names import PackageName, SiteName
from reconciler.model.stores import StoreId

Found = Absent | RecordOnly | Staged | Damaged | Unknown


class Answer(Enum):
    """What came of asking one site."""

    READ = "read"
    """Its own store was there."""
    EMPTY = "no-store"
    """An empty place: the first send makes it the site's store."""
    OTHER = "other-store"
    """Not the store that is enrolled, or none: all that is known of the site is unknown now (L37)."""
    SILENT = "not-asked"
    """It could not be asked: what its receipts say stays, with its age."""


class Effect(Enum):
    """What the state made of the look at one pair."""

    AGREES = "agrees"
    DRIFT = "drift"
    """The state knew something else; it knows better now, or would but for `--dry-run`."""
    MOVED = "moved"
    """The pair went on since the look began: the look does not count (sending.md 6)."""
    IN_FLIGHT = "in-flight"
    """A send is open: it looks for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLook:
    """One pair: what the state knew, with the `mark` of then, and what is there.

    `number` is the highest valid record's, 0 for none, `highest` that of any name; `why` says what is wrong, "" if
    nothing is. `read`: its bytes were read, not only names and sizes. `held`: it healed too often and is suspended now.
    """

    package: PackageName
    site: SiteName
    before: Holding
    known_number: int
    mark: int
    found: Found
    number: int
    highest: int = 0
    why: str = ""
    read: bool = False
    effect: Effect = Effect.AGREES
    held: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether what was proved or recorded there is not, or cannot be told; news or not."""
        if isinstance(self.found, Absent):
            return self.before != Absent()
        return not isinstance(self.found, Staged)

    @property
    def is_drift(self) -> bool:
        return self.effect is Effect.DRIFT or (self.effect is Effect.AGREES and self.is_lost)

    @property
    def differs(self) -> bool:
        """Whether the store is not as the state thinks; a verification that was renewed is no difference."""
        if type(self.before) is not type(self.found):
            return True
        match self.found:
            case Staged(held=held) | RecordOnly(held=held) | Damaged(held=held):
                before = self.before
                assert isinstance(before, Staged | RecordOnly | Damaged)  # noqa: S101 - of one type with `found`
                same = (before.held.content, before.held.setup) == (held.content, held.setup)
                return not same or self.known_number != self.number
            case Unknown():
                return self.before != self.found
            case Absent():
                return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Something in a store that is none of ours: it is never followed, and never removed. `kind` is for people."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLook:
    """One site. `store` is the store that was read; `bytes` came back from it; `strangers` are the first of so many."""

    site: SiteName
    answer: Answer
    detail: str = ""
    store: StoreId | None = None
    pairs: tuple[PairLook, ...] = ()
    strangers: tuple[Stranger, ...] = ()
    stranger_count: int = 0
    bytes: int = 0

    @property
    def drifted(self) -> tuple[PairLook, ...]:
        """Pairs that are not as they should be: what is lost stays drift until it is healed."""
        return tuple(pair for pair in self.pairs if pair.is_drift)

    def without_effect(self) -> "SiteLook":
        """As it would count if it were recorded."""
        return replace(self, pairs=tuple(map(_forecast, self.pairs)))


def _forecast(pair: PairLook) -> PairLook:
    if pair.effect is Effect.IN_FLIGHT:
        return pair
    return replace(pair, effect=Effect.DRIFT if pair.differs else Effect.AGREES)
