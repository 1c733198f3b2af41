"""Waiting until something is ready: cheap looks at what an answer depends on, and a whole one before it is yes.

It has no clock and no terminal of its own. A busy state changes all the time, and a large fleet takes seconds to read:
so manifests and sources are read again only if they changed, and all of it takes a small part of the time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.engine.manifests import FleetRead, Manifests
from reconciler.manifests.resolving.fleet import sources_of
from reconciler.model.looks import Moved
from reconciler.model.packages import SourceRequest
from reconciler.model.readiness import Readiness
from reconciler.parcels.listing import look_at_source

EVERY = 1.0
"""Seconds between two looks, at the least."""

SHARE = 4
"""Looking and asking take at most so small a part of the time."""


@dataclass(slots=True, kw_only=True)
class Gate:
    """`read` reads the fleet whole and says what is wrong in it, `version` is the state's, `ask` makes a plan."""

    manifests: Manifests
    read: Callable[[], FleetRead]
    version: Callable[[], int]
    ask: Callable[[FleetRead], Readiness]
    _look: object = None
    _requests: tuple[SourceRequest, ...] = ()
    _manifests_look: object = field(default=None)

    def wait(
        self,
        limit: float,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        tell: Callable[[Readiness], None],
    ) -> Readiness:
        """The answer once it is yes, or when `limit` seconds have passed; `tell` is told of each that is another no.

        Raises Moved, NoSuchSubject and LeftOut; what moves while it waits is looked at again.
        """
        until = clock() + limit
        if limit > 0:
            self._has_changed()
        version, fleet = self.version(), self.read()
        answer = self.ask(fleet)
        told: Readiness | None = None
        pause = EVERY
        while not answer.is_ready and (left := until - clock()) > 0:
            if answer != told:
                tell(answer)
                told = answer
            sleep(min(pause, left))
            began = clock()
            try:
                now, read_again = self.version(), self._has_changed()
                if read_again or now != version:
                    fleet = self.read() if read_again else fleet
                    answer = self.ask(fleet)
                    if answer.is_ready and not read_again:
                        fleet = self.read()
                        answer = self.ask(fleet)
                    version = now
            except Moved:
                self._look = None
            pause = max(EVERY, SHARE * (clock() - began))
        return answer

    def _has_changed(self) -> bool:
        """Whether manifests or sources are not as they were at the last look; raises Moved."""
        read = self.manifests.source()
        if self._manifests_look is None or read.look != self._manifests_look:
            self._requests = sources_of(self.manifests.declare(read))
            self._manifests_look = read.look
        look = (read.look, {request: look_at_source(request) for request in self._requests})
        changed, self._look = look != self._look, look
        return changed
