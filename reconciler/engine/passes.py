"""One pass of `reconcile`, and what came of it."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.looks import Look
from reconciler.model.plan import Plan
from reconciler.sources.changes import Watched
from reconciler.state.protocol import Submission


class Outcome(Enum):
    DONE = "done"
    """The plan was recorded, or there was nothing to record."""
    REFUSED = "refused"
    """A guard is tripped: nothing was recorded (L16)."""
    INVALID = "invalid"
    """Some manifests or the settings are broken; what the valid ones need was recorded (L35)."""
    MOVED = "moved"
    """What was read is not what was looked at: nothing was recorded (L39)."""
    FAILED = "failed"
    """A fault of the world, in `error`; nothing was recorded, as far as is known. Try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """`diagnostics` are all of the pass, sorted; `moved` the paths that moved."""

    outcome: Outcome
    plan: Plan | None = None
    submission: Submission | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    moved: tuple[str, ...] = ()
    error: str = ""


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

    def run(self, look: Look) -> PassReport:
        """One pass on exactly what `look` saw; `MOVED` if something is not, or no longer, as it saw it.

        `MOVED` too if the pass needs a source the look did not see: the next look will. Sources in `look.unsettled` are
        not read: they are the problem `source-moving` of their packages.
        """
        ...
