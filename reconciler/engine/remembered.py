"""What one pass leaves for the next, so that a watcher works out again only what changed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.manifests.declaring.declare import FilesRead
from reconciler.manifests.resolving.objects import NO_OBJECTS, Objects
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.planning.known_plan import KnownPlan
from reconciler.state.known_pairs import KnownPairs


@dataclass(slots=True)
class KnownContents:
    """What sources hold that lie in a commit, and so can never change: those of this pass and of the one before."""

    now: dict[SourceRequest, Content] = field(default_factory=dict)
    before: dict[SourceRequest, Content] = field(default_factory=dict)

    def of(
        self, request: SourceRequest, read: Callable[[SourceRequest], Content | SourceProblem]
    ) -> Content | SourceProblem:
        """What is known, else what `read` tells; what could not be read is asked for again."""
        found = self.now.get(request) or self.before.get(request) or read(request)
        if request.tree is not None and isinstance(found, Content):
            self.now[request] = found
        return found

    def turn(self) -> None:
        """A pass is over: what it did not ask for is forgotten after the next."""
        self.before, self.now = self.now, {}


@dataclass(slots=True, kw_only=True)
class Remembered:
    """Held by who makes one pass after the other, filled by `Manifests` and `plan_fleet`; a single pass has none (P5).

    It decides about nothing: a pass that finds it full says exactly what one that finds it empty says. What is gone
    from the manifests is soon gone from here. It belongs to one thread.
    """

    files: FilesRead | None = None
    objects: Objects = NO_OBJECTS
    contents: KnownContents = field(default_factory=KnownContents)
    pairs: KnownPairs = field(default_factory=KnownPairs)
    plan: KnownPlan = field(default_factory=KnownPlan)
