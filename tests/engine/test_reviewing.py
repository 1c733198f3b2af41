"""Both plans of a review are of one look at the state, whatever workers do meanwhile."""

from collections.abc import Iterator
from itertools import repeat

import pytest

from reconciler.engine.manifests import FleetRead
from reconciler.engine.reviewing import LOOKS, Unsteady, review_fleets
from reconciler.engine.scope import Narrowing, NothingMatches
from reconciler.manifests.documents import Declared
from reconciler.model.commits import CommitId
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.review import Base, Review, Taken
from reconciler.model.settings import Guards
from reconciler.model.snapshot import Hold, Snapshot, Wanted
from reconciler.state.known_pairs import KnownPairs
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author, State
from tests.planning.builders import NOW, WantedJob, World, package, site

ANNA = Author(actor="anna", at=NOW)


def fleet(*sites: str) -> Fleet:
    world = World().add(site("HQ1"), package("P"), *(site(name, "HQ1") for name in sites))
    return world.add(WantedJob("run-p", "P", sites, site="HQ1")).fleet()


class Busy(MemoryState):
    """A state that somebody else uses: between two looks a site is held, if the next move says so."""

    def __init__(self, moves: Iterator[bool]) -> None:
        super().__init__()
        self.looks = 0
        self._moves = moves

    def snapshot(self, wanted: Wanted, known: KnownPairs | None = None) -> Snapshot:
        self.looks += 1
        seen = super().snapshot(wanted, known)
        if next(self._moves):
            reason = f"look {self.looks}"
            self.hold(Hold(site=SiteName("A"), package=None, actor="anna", reason=reason, since=Instant(NOW)), ANNA)
        return seen


def read(fleet: Fleet) -> FleetRead:
    return FleetRead(
        fleet=fleet,
        diagnostics=(),
        declared=Declared(declarations=(), diagnostics=()),
        files=0,
        packed=lambda fleet, _state: fleet,
        commit=lambda: None,
    )


def review(before: FleetRead, after: FleetRead, state: State, narrowing: Narrowing | None = None) -> Review:
    base = Base(revision="main", commit=CommitId("3" * 40), taken=Taken.ITSELF)
    return review_fleets(before, after, state, base=base, guards=Guards(), at=NOW, narrowing=narrowing or Narrowing())


def test_a_state_that_moves_between_the_looks_is_looked_at_again() -> None:
    state = Busy(iter((True, False, False, False)))
    made = review(read(fleet("A")), read(fleet("A", "B")), state)
    assert state.looks == 4
    assert made.before.state.version == made.after.state.version
    assert [(each.package, each.site) for each in made.pairs] == [(PackageName("P"), SiteName("B"))]


def test_a_state_that_never_rests_is_given_up() -> None:
    state = Busy(repeat(True))
    with pytest.raises(Unsteady):
        review(read(fleet("A")), read(fleet("A")), state)
    assert state.looks == 2 * LOOKS


def test_a_filter_must_match_something_on_one_side() -> None:
    before, after = read(fleet("A")), read(fleet("A", "B"))
    for named in (Narrowing(sites=("B",)), Narrowing(packages=("P",), sites=("B", "A")), Narrowing(jobs=("run-*",))):
        assert [str(each.site) for each in review(before, after, MemoryState(), named).pairs] == ["B"]
    with pytest.raises(NothingMatches, match="--site C matches no site"):
        review(before, after, MemoryState(), Narrowing(sites=("B", "C")))
