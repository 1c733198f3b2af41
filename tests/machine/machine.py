"""Everything that may happen to a fleet, in any order; what must hold after each step, and at the end (reliability.md).

The planner, the state, the stores and the procedure of a send are the real ones; only the clock, the workers' steps and
what befalls the sites are the machine's.
"""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from reconciler.engine.verifying import recording
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.priority import Priority
from reconciler.model.snapshot import Hold

from .healing import Healing
from .lockstep import Trip
from .manifests import CONTENTS, HQ, PACKAGES, SETUPS, SITES, fleet, site_at
from .sites import Place, damage, others

LEAVING = ("B", "C")
WAITS = (1, 4, 11, 21, 60, 900, 90_000, 8 * 86_400)
"""Seconds: within half a lease, beyond it, beyond all of it, beyond the longest back-off, beyond `verify.every`."""

sites, packages = st.sampled_from(SITES), st.sampled_from(PACKAGES)
contents, setups = st.integers(0, CONTENTS - 1), st.integers(0, SETUPS - 1)
which = st.integers(0, 7)
milestones = st.sampled_from(
    ("begin", "flush", "publish", "create indexes", "create records", "read records", "", "", "")
)
"""What an attempt is frozen before; nothing for its end."""


class Machine(Healing):
    """The steps; see tests/machine/conftest.py for the states it runs over."""

    # The manifests are edited

    @rule(name=packages, content=contents, setup=setups)
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

    @initialize(carried_out=st.booleans())
    def a_first_pass(self, carried_out: bool) -> None:
        self.reconcile(acknowledged=True)
        if carried_out:
            self.carry_out()

    @rule(acknowledged=st.booleans())
    def a_pass(self, acknowledged: bool) -> None:
        self.reconcile(acknowledged=acknowledged)

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

    @rule(crewman=st.integers(0, 1), name=packages, content=contents, setup=setups)
    def a_change_is_rolled_out(self, crewman: int, name: str, content: int, setup: int) -> None:
        """All at once: what takes other rules many steps."""
        self.a_package_is_changed(name, content, setup)
        self.reconcile(acknowledged=True)
        self.sends_are_claimed_and_go_on(crewman, 6, "", told=True)

    @rule(crewman=st.integers(0, 1), name=packages, content=contents, until=milestones, seconds=st.sampled_from(WAITS))
    def a_change_is_begun_and_time_passes(
        self, crewman: int, name: str, content: int, until: str, seconds: int
    ) -> None:
        """Until it is frozen, for long enough or not."""
        self.a_package_is_changed(name, content, 0)
        self.reconcile(acknowledged=True)
        self.sends_are_claimed_and_go_on(crewman, 6, until, told=False)
        self.clock.seconds += seconds

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
        self.kill(crewman)

    @precondition(lambda self: any(crewman.mail for crewman in self.crew))
    @rule(number=which)
    def an_ending_is_told(self, number: int) -> None:
        """In whatever order, however late."""
        waiting = [(crewman, ended) for crewman in self.crew for ended in crewman.mail]
        crewman, ended = waiting[number % len(waiting)]
        crewman.mail.remove(ended)
        self.tell(crewman, ended)

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

    @rule(name=sites)
    def a_site_is_looked_at(self, name: str) -> None:
        look = self.look(name)
        if look is not None:
            self.looks.append(look)

    @precondition(lambda self: self.looks)
    @rule(number=which)
    def a_look_is_recorded_late(self, number: int) -> None:
        recording.record(self.looks.pop(number % len(self.looks)), self.state, self.clock.author())

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
