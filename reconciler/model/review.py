"""The review of a change of manifests: what of the plan it adds, removes and changes.

Two plans, made from the manifests before and after against the same state at the same instant, and what differs
between them. Nothing here is computed anew: every line is a line of one of the two plans.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from reconciler.model.acknowledgements import GuardName
from reconciler.model.commits import CommitId
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.packages import Revision
from reconciler.model.plan import GuardResult, Plan, PlannedJob, PlannedPair
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes


class Taken(Enum):
    """Which commit the manifests before were read from, and why that one."""

    ITSELF = "itself"
    """The revision that was asked for: the commit reviewed comes after it."""
    MERGE_BASE = "merge-base"
    """Where the histories of both part: what came to the other one since is no part of the change."""
    UNRELATED = "unrelated"
    """The revision itself, as the histories have no commit in common."""
    SHALLOW = "shallow"
    """The revision itself, as the clone does not reach back to a commit in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the change is compared with: `revision` as it was asked for, the commit taken for it."""

    revision: str
    commit: CommitId
    taken: Taken


class Change(Enum):
    """What a change of manifests does to one line of the plan."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Unlined(Enum):
    """Why a plan has no line about a pair."""

    NOT_REQUIRED = "not-required"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLine:
    """A plan's line about a pair that is not ready; `priority` and `revision` are of the send it plans, if it does."""

    pair: PlannedPair
    priority: Priority | None = None
    revision: Revision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairChange:
    """A pair whose line differs; at least one of both plans has a line about it."""

    package: PackageName
    site: SiteName
    before: PairLine | Unlined
    after: PairLine | Unlined

    @property
    def change(self) -> Change:
        if isinstance(self.before, Unlined):
            return Change.ADDED
        return Change.REMOVED if isinstance(self.after, Unlined) else Change.CHANGED

    @property
    def shown(self) -> PlannedPair:
        """The line to show: as it becomes, or as it was when nothing becomes of it."""
        line = self.after if isinstance(self.after, PairLine) else self.before
        if isinstance(line, Unlined):
            raise ValueError(f"no plan has a line about {self.package}@{self.site}")  # noqa: TRY004 - a wrong value
        return line.pair


class ActionKind(Enum):
    """What a plan does beside sending."""

    CANCEL = "cancel"
    UPDATE = "update"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionLine:
    """What a plan does to an open send at one site, or to a site that left the manifests.

    `becomes` is the reason of a cancellation, the priority of an update; a removal has neither, nor a send-only job.
    """

    kind: ActionKind
    site: SiteName
    packages: tuple[PackageName, ...]
    send_only_job: str = ""
    becomes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionChange:
    """An action of the same kind on the same site and send-only job that differs; not both are None."""

    before: ActionLine | None
    after: ActionLine | None

    @property
    def change(self) -> Change:
        return _change(self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChange:
    """A desired job that is new, gone, or needs or has become something else; not both are None."""

    name: JobName
    before: PlannedJob | None
    after: PlannedJob | None

    @property
    def change(self) -> Change:
        return _change(self.before, self.after)

    @property
    def verdict_changes(self) -> bool:
        return self.before is None or self.after is None or self.before.verdict is not self.after.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardChange:
    """A guard that one of the plans trips, and that the other does not trip, or with another value (L16)."""

    name: GuardName
    before: GuardResult | None
    after: GuardResult | None

    @property
    def newly_tripped(self) -> bool:
        return tripped(self.after) and not tripped(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """What travels for the sends of one plan, or for the difference of two.

    `seconds` is the time on the sites' links taken together, `unrated` how many sends it leaves out, as no rate says
    how long they take. `bytes` is an upper bound until parcels are packed.
    """

    bytes: Bytes
    seconds: Seconds
    unrated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a change of manifests does: the two plans, and every line in which they differ, sorted.

    `done_before` and `done_after`: when all that waits has arrived if the estimates hold; None if nothing waits or
    that cannot be said.
    """

    base: Base
    before: Plan
    after: Plan
    pairs: tuple[PairChange, ...] = ()
    actions: tuple[ActionChange, ...] = ()
    jobs: tuple[JobChange, ...] = ()
    guards: tuple[GuardChange, ...] = ()
    introduced: tuple[Diagnostic, ...] = ()
    mended: tuple[Diagnostic, ...] = ()
    added: Travel
    removed: Travel
    done_before: Instant | None = None
    done_after: Instant | None = None

    @property
    def has_changes(self) -> bool:
        """Whether the plan says anything else after the change."""
        return bool(self.pairs or self.actions or self.jobs or self.guards or self.introduced or self.mended)

    @property
    def sites(self) -> tuple[SiteName, ...]:
        """The sites that some line is about."""
        touched = {change.site for change in self.pairs}
        return tuple(sorted(touched.union(line.site for line in self._action_lines())))

    @property
    def packages(self) -> tuple[PackageName, ...]:
        """The packages that some line is about."""
        touched = {change.package for change in self.pairs}
        return tuple(sorted(touched.union(*(line.packages for line in self._action_lines()))))

    def lines(self, change: Change) -> int:
        """How many lines of the plan are added, changed or removed."""
        pairs = sum(each.change is change for each in self.pairs)
        return pairs + sum(each.change is change for each in self.actions)

    def _action_lines(self) -> Iterable[ActionLine]:
        return (line for each in self.actions for line in (each.before, each.after) if line is not None)


def tripped(guard: GuardResult | None) -> bool:
    """Whether a guard refuses its plan: tripped, and nobody let it pass."""
    return guard is not None and guard.tripped and not guard.acknowledged


def _change(before: object | None, after: object | None) -> Change:
    if before is None:
        return Change.ADDED
    return Change.REMOVED if after is None else Change.CHANGED
