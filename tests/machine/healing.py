"""The end of a run: everything is healed and carried out, and nothing may be left (L8)."""

from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import Verdict
from reconciler.model.snapshot import Send, Wanted
from tests.end_to_end.onlooker import check

from .laws import Lawful
from .manifests import CONTENTS, PACKAGES, SITES, files


class Healing(Lawful):
    """Ends well, or fails."""

    def teardown(self) -> None:
        try:
            self.L8_healed_everything_is_ready_or_held_with_a_reason()
        finally:
            self.close()

    def L8_healed_everything_is_ready_or_held_with_a_reason(self) -> None:
        self.heal()
        for _ in range(8):
            self.clock.seconds += 7200
            for name in SITES:
                self.verify(name)
            self.step_in_everywhere()
            self.reconcile(acknowledged=True)
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
            self.kill(index)
        self.looks.clear()

    def step_in_everywhere(self) -> None:
        """Resume and retry."""
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
