"""What the machine stands on: a fleet, a state, workers and stores; passes, looks and endings told."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine

from reconciler.engine.manifests import FleetRead
from reconciler.engine.reconcile import Planned, acknowledgement, plan_fleet, record
from reconciler.engine.verifying import recording
from reconciler.engine.verifying.look import look_at
from reconciler.engine.verifying.patrol import Pulse
from reconciler.engine.verifying.verify import Means, asked, known_of
from reconciler.engine.working.running import Ended
from reconciler.manifests.documents import Declared
from reconciler.model.claims import Ending
from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Staged
from reconciler.model.names import SiteName
from reconciler.model.snapshot import Send, SendState, Wanted
from reconciler.model.verification import Answer, Effect, SiteLook
from reconciler.state.protocol import State
from tests.planning.builders import Key, Row, World
from tests.planning.oracle import ask, told

from .manifests import HQ, SITES, Sources, fleet
from .sites import Places
from .workers import Attempt, Clock, Crewman

START = 1_795_000_000


class Ground(RuleBasedStateMachine):
    """`open` opens the state, the first time it makes it; see tests/machine/conftest.py."""

    sources: Sources

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        stores = Path(self.folder, "stores")
        self.stores = stores
        self.clock = Clock(START)
        self.places = Places(stores, SITES)
        (stores / HQ).mkdir()
        self.world = fleet(self.sources, stores)
        self.state = self.open()
        self.crew = [self.hire(), self.hire()]
        self.looks: list[SiteLook] = []
        self.endings: list[Ending] = []
        """Told once, they may be told again."""
        self.rows: dict[tuple[Key, int], Send] = {}
        self.marks: dict[Key, int] = {}
        self.forgotten: dict[Key, int] = {}

    # The pieces

    def open(self) -> State:
        raise NotImplementedError

    def hire(self) -> Crewman:
        return Crewman(
            clock=self.clock,
            open_state=self.open,
            places=self.places,
            fleet=lambda: self.fleet,
            depots_folder=str(self.stores / "depots"),
        )

    @property
    def fleet(self) -> Fleet:
        return self.world.fleet()

    @property
    def attempts(self) -> list[tuple[Crewman, Attempt]]:
        return [(crewman, attempt) for crewman in self.crew for attempt in crewman.attempts]

    def kill(self, number: int) -> None:
        """A worker dies, and another one starts."""
        self.crew[number].kill()
        self.crew[number] = self.hire()

    # A pass

    def reconcile(self, *, acknowledged: bool) -> None:
        """A pass; what its guards refuse may be acknowledged and made again."""
        planned = self.plan()
        self.record(planned)
        if planned.plan.refused and acknowledged:
            for result in planned.plan.guards:
                if result.tripped and not result.acknowledged:
                    self.state.acknowledge(
                        acknowledgement(planned.plan, result.name, reason="looked at", author=self.clock.author()),
                        self.clock.author(),
                    )
            again = self.plan()
            assert not again.plan.refused
            self.record(again)

    def plan(self) -> Planned:
        """What the planner says is what the oracle says, who shares no code with it."""
        read = FleetRead(
            fleet=self.fleet,
            diagnostics=(),
            declared=Declared(declarations=(), diagnostics=()),
            files=0,
            packed=lambda read, _state: read,
            commit=lambda: None,
        )
        planned = plan_fleet(read, self.state, guards=self.world.guards, at=self.clock.now(), include_ready=True)
        assert told(planned.plan) == ask(self.known())
        return planned

    def record(self, planned: Planned) -> None:
        before = self.state.sends(open_only=False)
        submission = record(planned, self.state, self.clock.author())
        assert submission.moved == ()
        if planned.plan.refused:
            assert self.state.sends(open_only=False) == before
            return
        for removal in planned.plan.removals:
            for pair in self.state.pairs(site=removal.site):
                self.forgotten[pair.package, pair.site] = pair.mark
        assert not self.plan().plan.has_changes, "L8: submitted, and still to do"

    def known(self) -> World:
        """The manifests, and what the state says of each pair."""
        world = replace(self.world, rows={}, now=self.clock.now())
        world.holds = list(self.state.snapshot(Wanted(sites=(), packages=())).holds)
        for pair in self.state.pairs():
            world.rows[pair.package, pair.site] = Row(holding=pair.holding, mark=pair.mark)
        for send in sorted(self.state.sends(open_only=False), key=lambda send: send.number):
            pair = send.package, send.site
            row = world.rows[pair]
            row.closed = None
            if send.state.is_open:
                row.open = send
            elif send.state in (SendState.FAILED, SendState.CANCELLED):
                row.closed = send if send.number > self.forgotten.get(pair, 0) else None
        return world

    # What is told the state

    def tell(self, crewman: Crewman, ended: Ended) -> None:
        assert ended.fault is None, repr(ended.fault)
        if ended.outcome is not None:
            ending = Ending(claim=ended.running.claim, outcome=ended.outcome)
            crewman.state.end([ending], self.clock.author())
            self.endings.append(ending)

    def verify(self, name: str) -> SiteLook | None:
        look = self.look(name)
        if look is None:
            return None
        found = recording.record(look, self.state, self.clock.author())
        judged = all(pair.effect in (Effect.AGREES, Effect.DRIFT) for pair in found.pairs)
        busy = any(attempt.running.site.name == name for _, attempt in self.attempts)
        if found.answer is Answer.READ and judged and not busy and not self.looks:
            staged = [pair for pair in self.state.pairs(site=SiteName(name)) if isinstance(pair.holding, Staged)]
            self.places[name].looked_over({(pair.package, pair.number) for pair in staged})
        return found

    def look(self, name: str) -> SiteLook | None:
        site = self.world.sites.get(name)
        if site is None or site.address is None:
            return None
        known = known_of(site.name, self.fleet, self.state)
        at = self.clock.now()
        means = Means(
            open_sender=self.places.open, now=lambda: at, author=self.clock.author, shown=lambda _done, _read: None
        )
        return asked(site, known, means, Pulse(), lambda way: look_at(site, way, known, at=at, deep=True))

    def close(self) -> None:
        for crewman in self.crew:
            crewman.kill()
            crewman.state.close()
        self.state.close()
        shutil.rmtree(self.folder, ignore_errors=True)
