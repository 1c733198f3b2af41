"""One pass of `reconcile`, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from reconciler.engine.manifests import FleetRead
from reconciler.engine.reconcile import because_of, plan_fleet, record
from reconciler.engine.scope import Narrowing, NothingMatches
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.fleet import Fleet
from reconciler.model.looks import Look
from reconciler.model.plan import Plan
from reconciler.model.settings import Settings
from reconciler.model.source_text import SourceText
from reconciler.sources.changes import Watched
from reconciler.state.protocol import Author, State, Submission


class Outcome(Enum):
    DONE = "done"
    """The plan was recorded, or there was nothing to record."""
    REFUSED = "refused"
    """A guard is tripped: nothing was recorded (L16)."""
    INVALID = "invalid"
    """Some manifests or the settings are broken; what the valid ones need was recorded (L35)."""
    HELD = "held"
    """The branch cannot be followed, as the diagnostics say: the pass was made on the last good commit, if on any."""
    MOVED = "moved"
    """What was read is not what was looked at: nothing was recorded (L39)."""
    FAILED = "failed"
    """A fault of the world, in `error`; nothing was recorded, as far as is known. Try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """`diagnostics` are all of the pass, sorted; `moved` the paths that moved; `commit` the one it was made on.

    `seconds` is how long it took, `texts` what messages about a commit are about, None where files are.
    """

    outcome: Outcome
    plan: Plan | None = None
    submission: Submission | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    moved: tuple[str, ...] = ()
    error: str = ""
    commit: str | None = None
    seconds: float = 0.0
    texts: tuple[SourceText, ...] | None = None


class Reconciling(Protocol):
    """What `watch` repeats. Faults of the world are told as `FAILED`; what is raised ends the loop."""

    def look(self, known: Look | None, touched: frozenset[str]) -> Look:
        """Look at the settings, the manifests and the package sources.

        With `known`, only what lies at or beneath `touched` needs to be looked at again, the rest may be taken from it.
        Without, everything is looked at. Raises `Moved` when something changes while it is looked at.
        """
        ...

    def watched(self) -> Watched:
        """The paths the last look or pass depended on."""
        ...

    def reload(self) -> None:
        """Read the settings again at the next look."""
        ...

    @property
    def fleet(self) -> Fleet | None:
        """That of the last pass, None before the first."""
        ...

    @property
    def commit(self) -> str | None:
        """The commit it is of; None for files that differ from one."""
        ...

    def run(self, look: Look) -> PassReport:
        """One pass on exactly what `look` saw; `MOVED` if something is not, or no longer, as it saw it.

        `MOVED` too if the pass needs a source the look did not see: the next look will. Sources in `look.unsettled` are
        not read: they are the problem `source-moving` of their packages.
        """
        ...


def anybody(_state: State) -> None:
    """Whoever makes a pass may record it."""


def nobody(_settings: Settings) -> None:
    """No one else goes by the settings."""


def make_pass(
    read: FleetRead,
    settings: Settings,
    *,
    open_state: Callable[[Settings], State],
    author: Author,
    narrowing: Narrowing,
    write: bool,
    confirm: Callable[[State], None],
) -> PassReport:
    """Plan what was read and, with `write`, record the plan; raises StateError, and what `confirm` raises before."""
    state = open_state(settings)
    try:
        planned = plan_fleet(read, state, guards=settings.guards, at=author.at, narrowing=narrowing)
        if write:
            confirm(state)
        submission = record(planned, state, author) if write else None
    except NothingMatches as fault:
        return PassReport(outcome=Outcome.FAILED, diagnostics=read.diagnostics, error=str(fault))
    finally:
        state.close()
    outcome = Outcome.INVALID if read.has_errors else Outcome.DONE
    return PassReport(
        outcome=Outcome.REFUSED if planned.plan.refused else outcome,
        plan=planned.plan,
        submission=submission,
        diagnostics=planned.plan.diagnostics,
        commit=because_of(planned.plan, author).commit,
    )
