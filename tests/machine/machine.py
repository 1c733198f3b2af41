"""Everything that may happen to a fleet, in any order; what must hold after each step, and at the end (reliability.md).

The planner, the state, the stores and the procedure of a send are the real ones; only the clock, the workers' steps and
what befalls the sites are the machine's.
"""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.engine.manifests import FleetRead
from reconciler.engine.reconcile import Planned, acknowledgement, plan_fleet, record
from reconciler.engine.verifying import recording
from reconciler.engine.verifying.look import look_at
from reconciler.engine.verifying.patrol import Pulse
from reconciler.engine.verifying.verify import Knowing, Means, asked
from reconciler.engine.working.running import Ended
from reconciler.manifests.documents import Declared
from reconciler.model.claims import Ending
from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Staged
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import Verdict
from reconciler.model.priority import Priority
from reconciler.model.snapshot import Hold, Send, SendState, Wanted
from reconciler.model.verification import Answer, Effect, SiteLook
from reconciler.state.protocol import State
from tests.end_to_end.onlooker import check
from tests.planning.builders import Key, Row, World
from tests.planning.oracle import ask, needs, told

from .lockstep import Trip
from .manifests import CONTENTS, HQ, PACKAGES, SETUPS, SITES, Sources, files, fleet, site_at
from .rows import require_successor
from .sites import Place, Places, damage, others
from .workers import Attempt, Clock, Crewman

START = 1_795_000_000
LEAVING = ("B", "C")
WAITS = (1, 4, 11, 21, 60, 900, 90_000, 8 * 86_400)
"""Seconds: within half a lease, beyond it, beyond all of it, beyond the longest back-off, beyond `verify.every`."""

sites, packages = st.sampled_from(SITES), st.sampled_from(PACKAGES)
which = st.integers(0, 7)
milestones = st.sampled_from(
    ("begin", "flush", "publish", "create indexes", "create records", "read records", "", "", "")
)
"""What an attempt is frozen before; nothing for its end."""


class Machine(RuleBasedStateMachine):
    """`open` opens the state, the first time it makes it; see the subclasses in test_machine.py."""

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

    # The manifests are edited

    @rule(name=packages, content=st.integers(0, CONTENTS - 1), setup=st.integers(0, SETUPS - 1))
    def a_package_is_changed(self, name: str, content: int, setup: int) -> None:
        self.world.add(self.sources.package(name, content=content, setup=setup))

    @rule(what=st.sampled_from(("suspend", "remove", *Priority)))
    def a_job_is_changed(self, what: str | Priority) -> None:
        """Or as it was before."""
        job = self.world.jobs["all-p"]
        if isinstance(what, Priority):
            job.priority = what
        elif what == "suspend":
            job.suspended = not job.suspended
        elif self.world.jobs.pop("some-q", None) is None:
            self.world.add(fleet(self.sources, self.stores).jobs["some-q"])

    @rule(name=sites, what=st.sampled_from(("leave", "lose its address")))
    def a_site_is_changed(self, name: str, what: str) -> None:
        """Or as it was before."""
        site = site_at(self.stores, name, "A" if name == "C" else HQ)
        here = self.world.sites.get(name)
        if here is None or here.address is None:
            self.world.add(site)
        elif what == "lose its address":
            self.world.add(replace(site, address=None))
        elif name in LEAVING:
            self.places[name].restore()
            del self.world.sites[name]

    # A pass

    @initialize(acknowledged=st.booleans())
    def a_first_pass(self, acknowledged: bool) -> None:
        self.a_pass(acknowledged)

    @rule(acknowledged=st.booleans())
    def a_pass(self, acknowledged: bool) -> None:
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

    # Workers

    @rule(crewman=st.integers(0, 1), count=st.integers(1, 6), until=milestones, told=st.booleans())
    def sends_are_claimed_and_go_on(self, crewman: int, count: int, until: str, told: bool) -> None:
        """As far as somebody freezes them, or to the end."""
        mine = self.crew[crewman]
        mine.claim(count)
        for attempt in list(mine.attempts):
            mine.step(attempt, until=until)
        while told and mine.mail:
            self.tell(mine, mine.mail.pop(0))

    @precondition(lambda self: self.attempts)
    @rule(number=which, operations=st.integers(1, 40), cut=st.sampled_from((None, None, "before", "after")))
    def an_attempt_goes_on(self, number: int, operations: int, cut: str | None) -> None:
        """A few operations; then its line may be cut, before the next one is done or after."""
        crewman, attempt = self.attempts[number % len(self.attempts)]
        crewman.step(attempt, operations)
        if cut is not None and not attempt.actor.ended:
            attempt.actor.trip = Trip(done=cut == "after")
            crewman.step(attempt, 1)

    @precondition(lambda self: self.attempts)
    @rule(number=which, until=milestones)
    def an_attempt_goes_far(self, number: int, until: str) -> None:
        crewman, attempt = self.attempts[number % len(self.attempts)]
        crewman.step(attempt, until=until)

    @precondition(lambda self: self.attempts)
    @rule(crewman=st.integers(0, 1))
    def leases_are_renewed(self, crewman: int) -> None:
        self.crew[crewman].beat()

    @precondition(lambda self: self.attempts)
    @rule(crewman=st.integers(0, 1))
    def a_worker_is_killed(self, crewman: int) -> None:
        self.crew[crewman].kill()
        self.crew[crewman] = self.hire()

    @precondition(lambda self: any(crewman.mail for crewman in self.crew))
    @rule(number=which)
    def an_ending_is_told(self, number: int) -> None:
        """In whatever order, however late."""
        waiting = [(crewman, ended) for crewman in self.crew for ended in crewman.mail]
        crewman, ended = waiting[number % len(waiting)]
        crewman.mail.remove(ended)
        self.tell(crewman, ended)

    def tell(self, crewman: Crewman, ended: Ended) -> None:
        assert ended.fault is None, repr(ended.fault)
        if ended.outcome is not None:
            ending = Ending(claim=ended.running.claim, outcome=ended.outcome)
            crewman.state.end([ending], self.clock.author())
            self.endings.append(ending)

    @precondition(lambda self: self.endings)
    @rule(number=which)
    def an_ending_is_told_again(self, number: int) -> None:
        """It does not count twice."""
        ending = self.endings[number % len(self.endings)]
        before = self.state.sends(open_only=False), tuple(self.state.pairs())
        self.state.end([ending], self.clock.author())
        assert (self.state.sends(open_only=False), tuple(self.state.pairs())) == before

    # Verifying

    @rule(name=sites)
    def a_site_is_verified(self, name: str) -> None:
        self.verify(name)

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

    @rule(name=sites)
    def a_site_is_looked_at(self, name: str) -> None:
        look = self.look(name)
        if look is not None:
            self.looks.append(look)

    @precondition(lambda self: self.looks)
    @rule(number=which)
    def a_look_is_recorded_late(self, number: int) -> None:
        recording.record(self.looks.pop(number % len(self.looks)), self.state, self.clock.author())

    def look(self, name: str) -> SiteLook | None:
        site = self.world.sites.get(name)
        if site is None or site.address is None:
            return None
        known = Knowing(self.fleet, self.state).of(site.name)
        at = self.clock.now()
        means = Means(
            open_sender=self.places.open, now=lambda: at, author=self.clock.author, shown=lambda _done, _read: None
        )
        return asked(site, known, means, Pulse(), lambda way: look_at(site, way, known, at=at, deep=True))

    # By hand

    @rule(name=packages, site=sites, what=st.sampled_from(("cancel", "retry", "retry", "hold", "hold for a while")))
    def somebody_steps_in(self, name: PackageName, site: SiteName, what: str) -> None:
        author = self.clock.author()
        if what == "cancel":
            self.state.cancel(name, site, "not now", author)
        elif what == "retry":
            self.state.retry(name, site, author)
        elif not self.state.release(site, name, author):
            ends = None if what == "hold" else Instant(author.at + 500)
            self.state.hold(
                Hold(site=site, package=name, actor="machine", reason="wait", since=author.at, until=ends), author
            )

    # What befalls

    @rule(seconds=st.sampled_from(WAITS))
    def time_passes(self, seconds: int) -> None:
        self.clock.seconds += seconds

    @rule(name=sites, what=st.sampled_from(("down", "full", "away", "flip", "truncate", "remove")), number=which)
    def a_site_is_befallen(self, name: str, what: str, number: int) -> None:
        """Or what had befallen it is over."""
        place = self.places[name]
        if what == "down":
            place.down = not place.down
        elif what == "full":
            place.full = not place.full
        elif what != "away":
            self.damage(place, number, what)
        elif place.foreign is not None:
            place.restore()
        elif name in self.world.sites and name in self.state.stores():
            place.displace(others(name, self.state.identity)[number % 4])

    def damage(self, place: Place, number: int, how: str) -> None:
        """A pack or a record."""
        found = place.packs() + place.record_files()
        if found:
            place.touch()
            damage(found[number % len(found)], how)

    # What must hold

    def laws(self) -> None:
        """All of them, for a story that is told without Hypothesis."""
        for law in self.invariants:
            law.function(self)

    @invariant()
    def R1_L15_a_pair_has_one_open_send(self) -> None:
        pairs = [(send.package, send.site) for send in self.state.sends()]
        assert len(pairs) == len(set(pairs))

    @invariant()
    def L28_rows_stay_and_attempts_rise(self) -> None:
        now = {((send.package, send.site), send.number): send for send in self.state.sends(open_only=False)}
        for key, before in self.rows.items():
            require_successor(before, now[key])
        self.rows = now
        for pair in self.state.pairs():
            assert pair.mark >= self.marks.get((pair.package, pair.site), 0)
            assert pair.mark >= pair.number
            self.marks[pair.package, pair.site] = pair.mark

    @invariant()
    def L21_L27_what_waits_says_why(self) -> None:
        schedule = self.crew[0].schedule()
        waiting = {(wait.send.package, wait.send.site): wait for wait in schedule.waiting}
        ready = {(turn.send.package, turn.send.site) for turn in schedule.ready}
        for send in self.state.sends():
            wait = waiting.get((send.package, send.site))
            assert (wait is None) == ((send.package, send.site) in ready)
            assert wait is None or wait.detail
            if send.state is SendState.BACKING_OFF:
                assert send.next_attempt is not None
                assert send.cause is not None
                assert send.detail

    @invariant()
    def R3_R5_L18_a_reader_sees_whole_records_that_rise(self) -> None:
        for place in self.places:
            if not place.touched:
                place.require_whole()

    @invariant()
    def L37_nothing_is_written_where_another_store_is(self) -> None:
        for place in self.places:
            place.require_foreign_untouched()

    @invariant()
    def R4_L1_what_is_ready_is_there(self) -> None:
        for pair in self.state.pairs():
            place = self.places[pair.site]
            if isinstance(pair.holding, Staged) and not place.touched:
                usable = place.records().get(pair.package)
                assert usable is not None, f"{pair} is ready and nothing is there"
                assert usable.number >= pair.number
                if usable.number == pair.number:
                    held = usable.record["content"], usable.record["setup"]
                    assert held == (pair.holding.held.content, pair.holding.held.setup)

    # The end

    def teardown(self) -> None:
        try:
            self.L8_healed_everything_is_ready_or_held_with_a_reason()
        finally:
            self.close()

    def close(self) -> None:
        for crewman in self.crew:
            crewman.kill()
            crewman.state.close()
        self.state.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def L8_healed_everything_is_ready_or_held_with_a_reason(self) -> None:
        self.heal()
        for _ in range(8):
            self.clock.seconds += 7200
            for name in SITES:
                self.verify(name)
            self.step_in_everywhere()
            self.a_pass(acknowledged=True)
            if not self.travelling():
                break
            self.carry_out()
        else:
            raise AssertionError(f"still to do: {self.travelling()}")
        for pair in self.plan().plan.pairs:
            if pair.verdict is Verdict.READY and not self.is_held(pair.package, pair.site):
                self.require_there(pair.package, pair.site)
            elif pair.verdict is not Verdict.READY:
                assert pair.verdict is Verdict.BLOCKED, pair
                assert self.is_held(pair.package, pair.site), pair

    def travelling(self) -> list[Send]:
        """Open sends that nobody holds."""
        return [send for send in self.state.sends() if not self.is_held(send.package, send.site)]

    def is_held(self, name: str, site: str) -> bool:
        return (name == "p" and self.world.jobs["all-p"].suspended) or self.world.sites[site].address is None

    def heal(self) -> None:
        for place in self.places:
            place.restore()
            place.down = place.full = False
        for index, _ in enumerate(self.crew):
            self.a_worker_is_killed(index)
        self.looks.clear()

    def step_in_everywhere(self) -> None:
        """Resume and retry. What a dead worker began and no job needs any more stays claimed until somebody ends it."""
        needed = needs(self.world)
        for send in self.state.sends():
            if send.state.is_claimed and (send.package, send.site) not in needed:
                self.state.cancel(send.package, send.site, "nobody needs it", self.clock.author())
        for hold in self.state.snapshot(Wanted(sites=(), packages=())).holds:
            self.state.release(hold.site, hold.package, self.clock.author())
        for name in PACKAGES:
            for site in SITES:
                self.state.retry(PackageName(name), SiteName(site), self.clock.author())

    def carry_out(self) -> None:
        crewman = self.crew[0]
        crewman.claim(100)
        for attempt in list(crewman.attempts):
            crewman.step(attempt)
        while crewman.mail:
            self.tell(crewman, crewman.mail.pop(0))

    def require_there(self, name: str, site: str) -> None:
        place, package = self.places[site], self.world.packages[name]
        usable = place.records()[name]
        content = next(
            number for number in range(CONTENTS) if self.sources.of(name, number)[1].digest == usable.content
        )
        assert usable.content == package.content.digest
        assert usable.record["setups"] == package.setups
        assert check(place.store, usable) == dict(files(name, content))
