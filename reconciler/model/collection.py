"""What a store holds that nothing refers to, and what becomes of it (sending.md 7)."""

from dataclasses import dataclass
from enum import Enum

from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.verification import Stranger


class Action(Enum):
    """What `gc` does with one file, in the order in which it does it."""

    REMOVE = "remove"
    """A record or a parcel that is not kept."""
    LIFT = "lift"
    """The mark of something that is referred to after all, or that is gone."""
    CONDEMN = "condemn"
    """Nothing refers to it: marked, and from then on absent for every send."""
    DELETE = "delete"
    """It lay condemned for the grace, and still nothing refers to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One file, or the folder of a dead attempt, by its name in the store."""

    action: Action
    name: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What could not be done, or was not there afterwards as it should be: still counted among what is held (FM79)."""

    name: str
    detail: str


class Outcome(Enum):
    """What came of one store."""

    READ = "read"
    EMPTY = "no-store"
    """Nothing was ever sent or packed there."""
    BUSY = "busy"
    """A send is on its way there, or somebody else has the site for himself."""
    FAILED = "failed"
    """It could not be read, or is not the one enrolled (L37)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One store: the site's, or the depot beside the state (`beside`).

    `steps` were done, or would be. `waiting` files of `waiting_bytes` lie condemned; the first of them may go at `due`.
    `unsure` says why nothing was condemned or deleted there, `strangers` are none of ours and stay.
    """

    site: SiteName
    beside: bool
    outcome: Outcome
    detail: str = ""
    steps: tuple[Step, ...] = ()
    failures: tuple[Failure, ...] = ()
    waiting: int = 0
    waiting_bytes: int = 0
    due: Instant | None = None
    unsure: tuple[str, ...] = ()
    strangers: tuple[Stranger, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.failures and not self.unsure and self.outcome in (Outcome.READ, Outcome.EMPTY)

    def of(self, action: Action) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action is action)
