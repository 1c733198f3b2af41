"""What must hold after each step (reliability.md)."""

from hypothesis.stateful import invariant

from reconciler.model.holdings import Staged
from reconciler.model.snapshot import SendState

from .ground import Ground
from .rows import require_successor


class Lawful(Ground):
    """Each law is looked at after each step."""

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
