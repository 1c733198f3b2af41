"""What every state must do for those who carry out sends: part of `tests.conformance.state`."""

from dataclasses import replace

import pytest

from reconciler.model.census import Verified
from reconciler.model.claims import WATCH, Arrived, Beat, Ending, Failed, GaveWay, Outcome, PutBack
from reconciler.model.holdings import Absent, Damaged, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import CancellationReason
from reconciler.model.snapshot import Cause, Send, SendState
from reconciler.model.stores import StoreId
from reconciler.state.protocol import Author, HeldPair, State
from tests.builders import NOW, cancellation, held, plan, planned, receipt, removal, send_only_job
from tests.conformance.steps import (
    ANNA,
    FAILED,
    LATER,
    LEASE,
    ONE,
    PUT_BACK,
    SITES,
    TWO,
    Machine,
    attempt,
    back_off,
    beat,
    candidate,
    claim,
    differing,
    end,
    found,
    held_pair,
    look,
    may_claim,
    observe,
    open_send,
    version,
    worker,
)

TILL, DE1 = PackageName("till"), SiteName("DE1")
AT_DE1 = "site/DE1"
PARCEL = "package/till/D1"
A_STORE, OTHER_STORE = StoreId("a" * 32), StoreId("b" * 32)


def arrived(send: Send, words: str = "D1 S1") -> Arrived:
    return Arrived(receipt=receipt(f"{send.package}@{send.site}", words, send.number))


def supersede(state: State, send: Send) -> Send:
    """A newer revision takes the place of an open send."""
    now = differing(look(state, "D0 S0"), send.site).version
    job = send_only_job("till", "D2 S1", [planned(send.site, send.number + 1, now)])
    replaced = cancellation(send.job, "till", [planned(send.site, send.number, now)], CancellationReason.SUPERSEDED)
    assert state.submit(plan(job, cancellations=[replaced]), ANNA).cancelled == 1
    return state.sends(job=job.name)[0]


def actions(state: State, subject: str = "pair/till@DE1") -> list[str]:
    return [event.action for event in reversed(state.history(subject=subject))]


class CarryingOut:
    """Claims, endings, what is taken, stores, workers, and what people do to sends."""

    @pytest.fixture
    def machine(self) -> Machine:
        return Machine()

    def reopen(self, state: State) -> State:
        raise NotImplementedError

    # Claiming

    def test_a_claimed_send_is_sending_and_its_attempt_counts(self, state: State) -> None:
        send = open_send(state, "DE1")
        claimed = claim(state, send, LATER)
        assert claimed.worker == ONE.id
        assert claimed.send == replace(
            send, state=SendState.SENDING, attempts=1, changed_at=LATER.at, version=send.version + 1
        )
        assert state.sends() == [claimed.send]
        assert state.claims() == [claimed]

    def test_a_batch_is_claimed_in_the_order_of_the_candidates(self, state: State) -> None:
        sends = [open_send(state, site) for site in ("US1", "DE1", "FR1")]
        claims = state.claim(ONE, [candidate(send) for send in sends], ANNA, lease=LEASE)
        assert [claimed.send.site for claimed in claims] == ["US1", "DE1", "FR1"]
        assert [claimed.send.site for claimed in state.claims()] == ["DE1", "FR1", "US1"]

    def test_R1_no_send_is_claimed_twice(self, state: State) -> None:
        send = open_send(state, "DE1")
        twice = state.claim(ONE, [candidate(send), candidate(send)], ANNA, lease=LEASE)
        assert len(twice) == 1
        assert not may_claim(state, send, by=TWO)
        assert not may_claim(state, send, by=ONE)

    def test_another_number_or_a_closed_row_is_not_claimed(self, state: State) -> None:
        send = open_send(state, "DE1")
        assert not may_claim(state, replace(send, number=2))
        assert not may_claim(state, replace(send, site=SiteName("NY1")))
        state.cancel(TILL, DE1, "moved", ANNA)
        assert not may_claim(state, send)

    def test_L21_a_send_that_backs_off_is_claimed_when_its_time_has_come(self, state: State) -> None:
        send = open_send(state, "DE1")
        attempt(state, send, back_off(until=NOW + 60))
        assert not may_claim(state, send, Author(actor="anna", at=Instant(NOW + 59)))
        claimed = claim(state, send, Author(actor="anna", at=Instant(NOW + 60)))
        assert (claimed.send.attempts, claimed.send.cause, claimed.send.next_attempt) == (2, None, None)

    def test_L21_a_dead_site_never_starves_a_healthy_one(self, state: State) -> None:
        dead, healthy = open_send(state, "DE1"), open_send(state, "EU1")
        attempt(state, dead, back_off(until=NOW + 3600))
        claims = state.claim(ONE, [candidate(dead), candidate(healthy)], LATER, lease=LEASE)
        assert [claimed.send.site for claimed in claims] == ["EU1"]

    def test_a_site_takes_as_many_sends_as_it_is_allowed(self, state: State, machine: Machine) -> None:
        jobs = [send_only_job(name, "D1 S1", [planned("DE1"), planned("FR1")]) for name in ("cad", "office", "till")]
        state.submit(plan(*jobs), ANNA)
        rows = [candidate(send, at_once=2) for send in look(state).open_sends]
        claims = state.claim(ONE, rows, ANNA, lease=LEASE)
        assert [(each.send.package, each.send.site) for each in claims] == [
            ("cad", "DE1"),
            ("cad", "FR1"),
            ("office", "DE1"),
            ("office", "FR1"),
        ]
        assert state.claim(TWO, rows, ANNA, lease=LEASE) == []
        end(state, claims[0], FAILED)
        (third,) = state.claim(TWO, rows, ANNA, lease=LEASE)
        assert (third.send.package, third.send.site) == ("till", "DE1")
        machine.dead.add(ONE.id)
        assert len(state.claim(TWO, rows, ANNA, lease=LEASE)) == 3

    def test_L28_attempts_survive_a_restart_and_count_by_one(self, state: State, machine: Machine) -> None:
        send = open_send(state, "DE1")
        attempt(state, send, back_off())
        again = self.reopen(state)
        row = again.sends()[0]
        assert (row.attempts, row.next_attempt, row.cause) == (1, NOW + 30, Cause.NETWORK)
        claim(again, send, LATER)
        machine.wait(20)
        assert claim(again, send, LATER, by=TWO).send.attempts == 3
        assert self.reopen(again).sends()[0].attempts == 3

    # Leases

    def test_R6_the_claim_of_a_dead_worker_is_free_at_once(self, state: State, machine: Machine) -> None:
        send = open_send(state, "DE1")
        claim(state, send)
        machine.dead.add(ONE.id)
        assert state.claims() == []
        taken = claim(state, send, by=TWO)
        assert (taken.worker, taken.send.attempts, taken.send.next_attempt) == (TWO.id, 2, None)
        assert actions(state) == ["claimed", "taken-over"]
        assert state.history(limit=1)[0].detail == (
            f"send {send.job}, attempt 2, worker 22222222 (process 50 on hq), from worker 11111111 (process 49 on hq)"
        )

    def test_R6_a_claim_is_free_when_its_lease_is_over_and_not_before(self, state: State, machine: Machine) -> None:
        send = open_send(state, "DE1")
        claim(state, send)
        machine.wait(19.999)
        assert not may_claim(state, send, by=TWO)
        machine.wait(0.001)
        assert state.claims() == []
        assert may_claim(state, send, by=TWO)

    def test_L14_a_claim_that_lapsed_still_counts_as_claimed_until_somebody_has_the_send(
        self, state: State, machine: Machine
    ) -> None:
        claim(state, open_send(state, "DE1"))
        before = look(state)
        machine.wait(60)
        assert look(state) == before
        assert look(state).open_sends[0].state.is_claimed

    def test_renewing_keeps_a_claim(self, state: State, machine: Machine) -> None:
        send = open_send(state, "DE1")
        claimed = claim(state, send)
        for _ in range(4):
            machine.wait(15)
            assert state.renew(ONE, [beat(claimed)], ANNA, lease=LEASE) == []
        assert not may_claim(state, send, by=TWO)

    def test_a_beat_tells_how_far_a_send_is(self, state: State) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        state.renew(ONE, [beat(claimed, done=5)], LATER, lease=LEASE)
        row = state.sends()[0]
        assert (row.state, row.bytes_done, row.changed_at) == (SendState.SENDING, 5, NOW)
        state.renew(ONE, [beat(claimed, SendState.VERIFYING, done=9)], LATER, lease=LEASE)
        row = state.sends()[0]
        assert (row.state, row.bytes_done, row.changed_at) == (SendState.VERIFYING, 9, LATER.at)

    @pytest.mark.parametrize("told", [SendState.QUEUED, SendState.COMPLETE, SendState.BACKING_OFF])
    def test_L25_a_beat_cannot_end_a_send(self, state: State, told: SendState) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        with pytest.raises(ValueError, match=f"a send that is carried out is not {told.value}"):
            Beat(claim=claimed, state=told, bytes_done=claimed.send.bytes_done, bytes_left=claimed.send.bytes_done)

    def test_a_claim_that_somebody_else_has_is_lost(self, state: State, machine: Machine) -> None:
        send, other = open_send(state, "DE1"), claim(state, open_send(state, "EU1"))
        first = claim(state, send)
        machine.wait(10)
        state.renew(ONE, [beat(other)], ANNA, lease=LEASE)
        machine.wait(10)
        second = claim(state, send, by=TWO)
        assert state.renew(ONE, [beat(first), beat(other)], ANNA, lease=LEASE) == [first]
        assert state.renew(TWO, [beat(second)], ANNA, lease=LEASE) == []

    def test_a_lease_that_is_over_is_not_renewed_though_nobody_came(self, state: State, machine: Machine) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        machine.wait(20)
        assert state.renew(ONE, [beat(claimed, done=7)], ANNA, lease=LEASE) == [claimed]
        assert state.sends()[0].bytes_done == 0
        assert end(state, claimed, PUT_BACK) is True

    def test_a_claim_is_lost_when_its_row_was_closed(self, state: State) -> None:
        cancelled = claim(state, open_send(state, "DE1"))
        superseded = claim(state, open_send(state, "EU1"))
        state.cancel(TILL, DE1, "moved", ANNA)
        successor = supersede(state, state.sends()[0])
        assert state.claims() == []
        assert state.renew(ONE, [beat(cancelled), beat(superseded)], ANNA, lease=LEASE) == [cancelled, superseded]
        assert [send.state for send in state.sends()] == [SendState.QUEUED]
        assert may_claim(state, successor, by=TWO)

    # Endings

    def test_an_arrival_makes_the_pair_ready_and_ends_the_claim(self, state: State) -> None:
        send = open_send(state, "DE1")
        assert end(state, claim(state, send), arrived(send), LATER) is True
        assert held_pair(state, "till@DE1").holding == Staged(held=held("D1 S1"), verified_at=NOW)
        done = state.sends(open_only=False)[0]
        assert (done.state, done.attempts, done.changed_at) == (SendState.COMPLETE, 1, LATER.at)
        assert state.claims() == []
        assert actions(state) == ["claimed", "received"]

    def test_L26_an_arrival_counts_from_a_worker_that_lost_its_claim(self, state: State, machine: Machine) -> None:
        send = open_send(state, "DE1")
        first = claim(state, send)
        machine.wait(30)
        second = claim(state, send, by=TWO)
        assert end(state, first, arrived(send)) is True
        assert state.sends(open_only=False)[0].state is SendState.COMPLETE
        assert state.claims() == []
        assert state.renew(TWO, [beat(second)], ANNA, lease=LEASE) == [second]
        assert end(state, second, back_off()) is False
        assert state.sends(open_only=False)[0].state is SendState.COMPLETE

    def test_L26_an_arrival_after_the_row_was_superseded_is_taken_in(self, state: State) -> None:
        send = open_send(state, "DE1")
        claimed = claim(state, send)
        successor = supersede(state, send)
        assert end(state, claimed, arrived(send)) is True
        assert held_pair(state, "till@DE1") == HeldPair(
            package=TILL, site=DE1, number=1, mark=2, holding=Staged(held=held("D1 S1"), verified_at=NOW)
        )
        assert [row.number for row in state.sends()] == [successor.number]

    @pytest.mark.parametrize(
        ("outcome", "state_", "cause", "until"),
        [
            (back_off(), SendState.BACKING_OFF, Cause.NETWORK, NOW + 30),
            (PUT_BACK, SendState.QUEUED, None, None),
            (
                PutBack(bytes_done=PUT_BACK.bytes_done, cause=Cause.WINDOW, detail="shut", until=Instant(NOW + 90)),
                SendState.BACKING_OFF,
                Cause.WINDOW,
                NOW + 90,
            ),
            (FAILED, SendState.FAILED, Cause.PERMISSION, None),
            (GaveWay(cause=Cause.SOURCE_CHANGED, detail="moved"), SendState.SUPERSEDED, Cause.SOURCE_CHANGED, None),
        ],
        ids=["backed off", "put back", "put back until", "failed", "gave way"],
    )
    def test_an_attempt_ends_as_it_says(
        self, state: State, outcome: Outcome, state_: SendState, cause: Cause | None, until: int | None
    ) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        state.renew(ONE, [beat(claimed, done=4)], ANNA, lease=LEASE)
        assert end(state, claimed, outcome, LATER) is True
        row = state.sends(open_only=False)[0]
        assert (row.state, row.cause, row.next_attempt, row.changed_at) == (state_, cause, until, LATER.at)
        assert row.bytes_done == (9 if isinstance(outcome, PutBack) else 4)
        assert (row.detail, row.attempts, state.claims()) == (getattr(outcome, "detail"), 1, [])  # noqa: B009

    def test_an_ending_is_recorded_once(self, state: State) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        assert end(state, claimed, back_off()) is True
        before, events = look(state), state.history()
        assert end(state, claimed, back_off()) is False
        assert (look(state), state.history()) == (before, events)

    def test_R5_what_an_attempt_says_that_lost_its_claim_does_not_count(self, state: State, machine: Machine) -> None:
        send = open_send(state, "DE1")
        first = claim(state, send)
        machine.wait(30)
        second = claim(state, send, by=ONE)  # the same process, another attempt
        before = look(state)
        for outcome in (back_off(), PUT_BACK, FAILED, GaveWay(cause=None, detail="", number=9)):
            assert end(state, first, outcome) is False
        assert (look(state), state.claims()) == (before, [second])

    def test_another_workers_word_does_not_count(self, state: State) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        assert end(state, replace(claimed, worker=TWO.id), FAILED) is False
        assert end(state, replace(claimed, send=replace(claimed.send, number=2)), FAILED) is False
        assert state.renew(TWO, [beat(claimed)], ANNA, lease=LEASE) == [claimed]
        assert state.claims() == [claimed]

    def test_a_batch_of_endings_is_answered_one_by_one(self, state: State) -> None:
        first, second = claim(state, open_send(state, "DE1")), claim(state, open_send(state, "EU1"))
        state.cancel(TILL, DE1, "moved", ANNA)
        endings = [
            Ending(claim=first, outcome=FAILED),
            Ending(claim=second, outcome=arrived(second.send)),
        ]
        assert list(state.end(endings, ANNA)) == [False, True]

    @pytest.mark.parametrize(
        ("found_there", "holding"),
        [
            (None, Absent()),
            (Absent(), Absent()),
            (RecordOnly(held=held("D9 S1")), RecordOnly(held=held("D9 S1"))),
            (Unknown(reason="torn"), Unknown(reason="torn")),
            (Damaged(held=held("D9 S1"), found_at=NOW), Damaged(held=held("D9 S1"), found_at=NOW)),
        ],
        ids=lambda each: type(each).__name__,
    )
    def test_R5_a_state_that_is_older_than_a_store_heals_when_its_send_gives_way(
        self, state: State, found_there: Absent | RecordOnly | Damaged | Unknown | None, holding: object
    ) -> None:
        send = open_send(state, "DE1")
        before = version(state)
        given = GaveWay(cause=None, detail="number 7 is there", number=7, found=found_there)
        attempt(state, send, given)
        pair = held_pair(state, "till@DE1")
        assert (pair.mark, pair.holding) == (7, holding)
        assert state.sends(open_only=False)[0].state is SendState.SUPERSEDED
        assert version(state) == before + 2  # claimed, and given up
        assert open_send(state, "DE1").number == 8

    def test_L34_what_was_proved_and_a_send_found_gone_is_lost(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        send = open_send(state, "DE1", words="D1 S2")
        attempt(state, send, GaveWay(cause=Cause.CORRUPT, detail="no content", found=Absent()))
        pair = held_pair(state, "till@DE1")
        assert (pair.number, pair.mark, pair.holding) == (1, 2, Absent(lost=held("D1 S1")))
        assert actions(state)[-2:] == ["superseded", "observed"]

    def test_what_a_send_found_at_an_older_number_says_nothing_of_what_is_held(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 5), ANNA)
        send = open_send(state, "DE1", words="D2 S1")
        attempt(state, send, GaveWay(cause=None, detail="", number=4, found=RecordOnly(held=held("D9 S1"))))
        pair = held_pair(state, "till@DE1")
        assert (pair.number, pair.mark, pair.holding) == (5, 6, Staged(held=held("D1 S1"), verified_at=NOW))

    def test_every_turn_of_a_send_is_in_the_history(self, state: State) -> None:
        send = open_send(state, "DE1")
        later = [Author(actor="anna", at=Instant(NOW + minutes * 60)) for minutes in range(5)]
        attempt(state, send, back_off(), later[0])
        attempt(state, send, PutBack(bytes_done=PUT_BACK.bytes_done, cause=Cause.RATE, until=Instant(NOW)), later[1])
        attempt(state, send, FAILED, later[2])
        state.retry(TILL, DE1, later[3])
        attempt(state, send, GaveWay(cause=Cause.SOURCE_CHANGED, detail="D1 is D2 now"), later[4])
        told = [(event.action, event.detail) for event in reversed(state.history(subject="pair/till@DE1"))]
        by = "worker 11111111 (process 49 on hq)"
        assert told == [
            ("claimed", f"send {send.job}, attempt 1, {by}"),
            ("backing-off", f"send {send.job}, attempt 1, network: timed out"),
            ("claimed", f"send {send.job}, attempt 2, {by}"),
            ("put-back", f"send {send.job}, attempt 2, rate"),
            ("claimed", f"send {send.job}, attempt 3, {by}"),
            ("failed", f"send {send.job}, attempt 3, permission: read-only"),
            ("retried", f"send {send.job}"),
            ("claimed", f"send {send.job}, attempt 4, {by}"),
            ("superseded", f"send {send.job}, attempt 4, source-changed: D1 is D2 now"),
        ]

    # Reservations

    def test_L20_the_bytes_that_others_still_have_to_write_are_reserved(self, state: State, machine: Machine) -> None:
        jobs = [send_only_job(name, "D1 S1", [planned("DE1"), planned("FR1")]) for name in ("cad", "office", "till")]
        state.submit(plan(*jobs), ANNA)
        own, second, third = (send for send in look(state).open_sends if send.site == "DE1")
        elsewhere = next(send for send in look(state).open_sends if send.site == "FR1")
        mine = claim(state, own, bytes_left=1)
        theirs = claim(state, second, by=TWO, bytes_left=20)
        claim(state, elsewhere, bytes_left=4000)
        claim(state, third, bytes_left=300)
        assert state.reserved(DE1, besides=mine) == 320
        assert state.reserved(DE1, besides=theirs) == 301
        state.renew(TWO, [beat(theirs, left=5)], ANNA, lease=LEASE)
        assert state.reserved(DE1, besides=mine) == 305
        machine.dead.add(TWO.id)
        assert state.reserved(DE1, besides=mine) == 300

    def test_L20_what_a_superseded_send_still_writes_is_reserved_until_its_worker_stops(self, state: State) -> None:
        first = claim(state, open_send(state, "DE1"), bytes_left=70)
        successor = supersede(state, first.send)
        assert not may_claim(state, successor, at_once=1)
        second = claim(state, successor, by=TWO, bytes_left=5)
        assert state.reserved(DE1, besides=second) == 70
        assert state.take(worker("3"), AT_DE1, ANNA, lease=LEASE) is False
        assert end(state, first, PUT_BACK) is False
        assert state.reserved(DE1, besides=second) == 0

    # Taking

    def test_one_worker_has_a_thing_at_a_time(self, state: State, machine: Machine) -> None:
        assert state.take(ONE, PARCEL, ANNA, lease=LEASE) is True
        assert state.take(TWO, PARCEL, ANNA, lease=LEASE) is False
        assert state.take(TWO, "package/till/D2", ANNA, lease=LEASE) is True
        state.give_back(TWO, PARCEL)
        assert state.take(TWO, PARCEL, ANNA, lease=LEASE) is False
        state.give_back(ONE, PARCEL)
        assert state.take(TWO, PARCEL, ANNA, lease=LEASE) is True
        machine.dead.add(TWO.id)
        assert state.take(ONE, PARCEL, ANNA, lease=LEASE) is True

    def test_what_is_taken_is_kept_by_taking_it_again_and_by_renewing(self, state: State, machine: Machine) -> None:
        state.take(ONE, PARCEL, ANNA, lease=LEASE)
        machine.wait(15)
        assert state.take(ONE, PARCEL, ANNA, lease=LEASE) is True
        machine.wait(15)
        state.renew(ONE, [], ANNA, lease=LEASE)
        machine.wait(15)
        assert state.take(TWO, PARCEL, ANNA, lease=LEASE) is False
        machine.wait(5)
        state.renew(ONE, [], ANNA, lease=LEASE)
        assert state.take(TWO, PARCEL, ANNA, lease=LEASE) is True

    def test_no_send_starts_at_a_site_that_somebody_has_taken(self, state: State, machine: Machine) -> None:
        here, there = open_send(state, "DE1"), open_send(state, "EU1")
        assert state.take(ONE, AT_DE1, ANNA, lease=LEASE) is True
        claims = state.claim(TWO, [candidate(here), candidate(there)], ANNA, lease=LEASE)
        assert [claimed.send.site for claimed in claims] == ["EU1"]
        machine.wait(20)
        assert may_claim(state, here)

    def test_a_site_is_not_taken_while_a_send_is_on_its_way(self, state: State, machine: Machine) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        assert state.take(TWO, AT_DE1, ANNA, lease=LEASE) is False
        assert state.take(ONE, AT_DE1, ANNA, lease=LEASE) is False
        machine.wait(20)
        assert state.take(TWO, AT_DE1, ANNA, lease=LEASE) is True
        assert state.renew(ONE, [beat(claimed)], ANNA, lease=LEASE) == [claimed]

    def test_one_watch_has_its_turn_whoever_carries_out_sends(self, state: State, machine: Machine) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        assert state.take(TWO, WATCH, ANNA, lease=LEASE) is True
        assert state.take(ONE, WATCH, ANNA, lease=LEASE) is False
        assert [(seen.worker, seen.watches, seen.takes) for seen in state.workers()] == [
            (ONE, False, ()),
            (TWO, True, (WATCH,)),
        ]
        machine.wait(15)
        state.renew(ONE, [beat(claimed)], ANNA, lease=LEASE)
        machine.wait(5)
        assert [(seen.worker, seen.alive) for seen in state.workers() if seen.watches] == [(TWO, False)]
        assert state.take(ONE, WATCH, ANNA, lease=LEASE) is True
        assert state.take(TWO, WATCH, ANNA, lease=LEASE) is False
        state.give_back(TWO, WATCH)
        assert [seen.worker for seen in state.workers() if seen.watches] == [ONE]

    # Workers

    def test_workers_are_told_with_what_they_have(self, state: State, machine: Machine) -> None:
        claim(state, open_send(state, "DE1"))
        claim(state, open_send(state, "EU1"))
        three = worker("3")
        state.renew(three, [], LATER, lease=LEASE)
        state.take(TWO, PARCEL, LATER, lease=LEASE)
        state.renew(ONE, [], Author(actor="anna", at=Instant(NOW + 5)), lease=LEASE)
        machine.dead.add(three.id)
        told = [(seen.worker, seen.since, seen.seen, seen.claims, seen.alive) for seen in state.workers()]
        assert told == [
            (TWO, LATER.at, LATER.at, 0, True),
            (ONE, NOW, NOW + 5, 2, True),
            (three, LATER.at, LATER.at, 0, False),
        ]
        machine.wait(20)
        assert [(seen.claims, seen.alive) for seen in state.workers()] == [(0, False)] * 3

    def test_a_worker_that_leaves_has_nothing_any_more(self, state: State) -> None:
        send = open_send(state, "DE1")
        claimed = claim(state, send)
        state.take(ONE, PARCEL, ANNA, lease=LEASE)
        for _ in range(2):
            state.leave(ONE)
        assert (list(state.workers()), list(state.claims())) == ([], [])
        assert state.take(TWO, PARCEL, ANNA, lease=LEASE) is True
        assert claim(state, send, by=TWO).send.attempts == 2
        assert end(state, claimed, FAILED) is False

    def test_workers_nobody_heard_of_for_a_day_are_forgotten_unless_they_live(
        self, state: State, machine: Machine
    ) -> None:
        for name in "123":
            state.renew(worker(name), [], ANNA, lease=LEASE)
        machine.dead.add(TWO.id)
        tomorrow = Author(actor="anna", at=Instant(NOW + 86_401))
        state.renew(worker("3"), [], tomorrow, lease=LEASE)
        assert [seen.worker.id[0] for seen in state.workers()] == ["3", "1"]

    # Stores

    def test_the_identity_of_a_state_stays(self, state: State) -> None:
        identity = state.identity
        assert len(identity) == 32
        assert set(identity) <= set("0123456789abcdef")
        assert self.reopen(state).identity == identity

    def test_L37_a_store_is_pinned_until_another_is(self, state: State) -> None:
        assert state.stores() == {}
        for store in (A_STORE, A_STORE, OTHER_STORE):
            state.pin_store(DE1, store, ANNA)
        state.pin_store(SiteName("EU1"), A_STORE, ANNA)
        assert self.reopen(state).stores() == {"DE1": OTHER_STORE, "EU1": A_STORE}
        pinned = state.history(subject="site/DE1")
        assert [(event.action, event.detail) for event in pinned] == [
            ("pinned", f"store {OTHER_STORE}"),
            ("pinned", f"store {A_STORE}"),
        ]

    def test_L31_the_store_of_a_removed_site_is_forgotten(self, state: State) -> None:
        for site in ("DE1", "EU1"):
            state.pin_store(SiteName(site), A_STORE, ANNA)
            state.receive(receipt(f"till@{site}", "D1 S1"), ANNA)
        state.submit(plan(removals=[removal("DE1", {"till": version(state)})]), LATER)
        assert state.stores() == {"EU1": A_STORE}

    # By hand

    def test_a_send_that_failed_is_tried_again(self, state: State) -> None:
        send = open_send(state, "DE1")
        attempt(state, send, FAILED)
        assert state.retry(TILL, DE1, LATER) is True
        row = state.sends()[0]
        assert (row.state, row.cause, row.detail, row.attempts) == (SendState.QUEUED, None, "", 1)
        assert differing(look(state), "DE1").closed is None
        assert claim(state, send).send.attempts == 2

    def test_a_send_that_was_cancelled_is_tried_again(self, state: State) -> None:
        send = open_send(state, "DE1")
        assert state.cancel(TILL, DE1, "moved", ANNA) is True
        assert state.retry(TILL, DE1, ANNA) is True
        assert state.retry(TILL, DE1, ANNA) is False
        assert may_claim(state, send)

    def test_a_send_that_backs_off_goes_at_once(self, state: State) -> None:
        send = open_send(state, "DE1")
        attempt(state, send, back_off(Cause.SPACE, until=NOW + 9999))
        assert state.retry(TILL, DE1, ANNA) is True
        assert may_claim(state, send)

    def test_there_must_be_something_to_try_again(self, state: State) -> None:
        assert state.retry(TILL, DE1, ANNA) is False
        send = open_send(state, "DE1")
        assert state.retry(TILL, DE1, ANNA) is False
        claimed = claim(state, send)
        assert state.retry(TILL, DE1, ANNA) is False
        end(state, claimed, arrived(send))
        assert state.retry(TILL, DE1, ANNA) is False

    def test_an_older_send_is_not_tried_again(self, state: State) -> None:
        attempt(state, open_send(state, "DE1"), FAILED)
        attempt(state, open_send(state, "DE1"), GaveWay(cause=None, detail=""))
        assert state.retry(TILL, DE1, ANNA) is False
        open_send(state, "DE1")
        assert state.retry(TILL, DE1, ANNA) is False

    def test_a_send_that_was_held_since_is_not_tried_again(self, state: State) -> None:
        send = open_send(state, "DE1")
        state.cancel(TILL, DE1, "moved", ANNA)
        state.receive(receipt("till@DE1", "D1 S1", send.number), ANNA)
        assert state.retry(TILL, DE1, ANNA) is False

    def test_a_send_from_before_its_site_was_removed_is_not_tried_again(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        attempt(state, open_send(state, "DE1", words="D2 S1"), FAILED)
        state.submit(plan(removals=[removal("DE1", {"till": version(state)})]), LATER)
        assert state.retry(TILL, DE1, ANNA) is False

    def test_a_send_whose_number_is_gone_blocks_no_longer_when_tried_again(self, state: State) -> None:
        attempt(state, open_send(state, "DE1"), FAILED)
        observe(state, found(state, "till@DE1", 7, RecordOnly(held=held("D9 S1"))), ANNA)
        before = version(state)
        assert state.retry(TILL, DE1, ANNA) is True
        assert state.sends(open_only=False)[0].state is SendState.SUPERSEDED
        assert differing(look(state), "DE1").closed is None
        assert version(state) == before + 1
        assert open_send(state, "DE1").number == 8

    def test_a_cancelled_send_says_by_whom_and_why(self, state: State) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        assert state.cancel(TILL, DE1, "the shop closes", LATER) is True
        assert state.cancel(TILL, DE1, "the shop closes", LATER) is False
        row = state.sends(open_only=False)[0]
        assert (row.state, row.cause, row.detail) == (SendState.CANCELLED, None, "by ben: the shop closes")
        assert state.renew(ONE, [beat(claimed)], LATER, lease=LEASE) == [claimed]
        assert state.history(limit=1)[0].action == "cancelled"

    # What is removed on purpose

    def test_L41_what_was_removed_on_purpose_is_not_lost_and_its_numbers_are_used_up(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 3), ANNA)
        before = version(state)
        assert state.forget(TILL, DE1, 4, LATER) is True
        assert held_pair(state, "till@DE1") == HeldPair(package=TILL, site=DE1, number=0, mark=4, holding=Absent())
        assert version(state) == before + 1
        assert (state.history(limit=1)[0].action, state.history(limit=1)[0].detail) == ("pruned", "number 4")
        observe(state, found(state, "till@DE1", 0, Absent()), LATER)
        assert held_pair(state, "till@DE1").holding == Absent()
        assert open_send(state, "DE1").number == 5

    def test_what_is_known_to_be_removed_is_forgotten_once(self, state: State) -> None:
        state.forget(TILL, DE1, 4, ANNA)
        before = version(state), state.history()
        assert state.forget(TILL, DE1, 4, LATER) is True
        assert (version(state), state.history()) == before

    def test_nothing_is_forgotten_while_a_send_is_open(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        open_send(state, "DE1", words="D2 S1")
        before = held_pair(state, "till@DE1")
        assert state.forget(TILL, DE1, 9, LATER) is False
        assert held_pair(state, "till@DE1") == before

    def test_a_receipt_from_before_the_removal_moves_nothing(self, state: State) -> None:
        state.forget(TILL, DE1, 4, ANNA)
        assert state.receive(receipt("till@DE1", "D1 S1", 3), LATER) is False
        assert held_pair(state, "till@DE1").holding == Absent()

    # Looks that find what is wanted

    def test_a_verification_renews_its_time_without_a_new_version(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 3, version="4.20"), ANNA)
        before, whole, events = version(state), look(state).version, state.history()
        again = Staged(held=held("D1 S1"), verified_at=Instant(NOW + 60))
        assert observe(state, found(state, "till@DE1", 3, again), LATER) is True
        assert held_pair(state, "till@DE1").holding == Staged(
            held=held("D1 S1", version="4.20"), verified_at=Instant(NOW + 60)
        )
        assert look(state).oldest_verification == NOW + 60
        assert (version(state), look(state).version, state.history()) == (before, whole, events)
        observe(state, found(state, "till@DE1", 3, replace(again, verified_at=NOW)), LATER)
        assert look(state).oldest_verification == NOW + 60

    def test_each_site_tells_when_its_oldest_proof_was_verified(self, state: State) -> None:
        assert state.verifications() == []
        state.receive(receipt("till@DE1", "D1 S1", 1), ANNA)
        state.receive(receipt("cad@DE1", "D1 S1", 1), ANNA)
        state.receive(receipt("cad@EU1", "D1 S1", 1), ANNA)
        state.receive(receipt("cad@US1", "D1 S1", 1), ANNA)
        sixty, ninety = (Staged(held=held("D1 S1"), verified_at=Instant(NOW + after)) for after in (60, 90))
        observe(state, found(state, "till@DE1", 1, sixty), ANNA)
        observe(state, found(state, "cad@EU1", 1, Unknown(reason="mixed up")), ANNA)
        observe(state, found(state, "cad@US1", 0, Absent()), ANNA)
        assert state.verifications() == [
            Verified(site=DE1, oldest=NOW, latest=Instant(NOW + 60)),
            Verified(site=SiteName("EU1"), oldest=None, latest=None, unknown=True),
        ]
        observe(state, found(state, "cad@DE1", 1, ninety), ANNA)
        assert state.verifications()[0] == Verified(site=DE1, oldest=Instant(NOW + 60), latest=Instant(NOW + 90))

    def test_looks_are_taken_together_and_each_counts_by_itself(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 3), ANNA)
        there, gone = Staged(held=held("D1 S1"), verified_at=LATER.at), Absent()
        looks = [
            found(state, "till@DE1", 0, gone),
            found(state, "cad@DE1", 2, there),
            found(state, "pos@DE1", 1, there),
        ]
        open_send(state, "DE1", words="D2 S1")
        assert state.observe(looks, LATER) == [False, True, True]
        assert state.observe([], LATER) == []
        assert [event.subject for event in state.history(limit=2)] == ["pair/pos@DE1", "pair/cad@DE1"]
        assert [pair.package for pair in state.pairs(site=DE1) if isinstance(pair.holding, Staged)] == [
            "cad",
            "pos",
            "till",
        ]

    def test_the_open_sends_to_a_site_are_told_by_package(self, state: State) -> None:
        till = open_send(state, "DE1")
        open_send(state, "EU1")
        assert state.sends_to(DE1) == [till]
        end(state, claim(state, till), arrived(till))
        assert state.sends_to(DE1) == []
        assert state.sends_to(SiteName("ZZ9")) == []

    def test_a_look_counts_only_for_the_pair_it_began_with(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 3), ANNA)
        begun = found(state, "till@DE1", 3, Damaged(held=held("D1 S1"), found_at=NOW))
        state.receive(receipt("till@DE1", "D1 S1", 4), ANNA)
        before = look(state)
        assert observe(state, replace(begun, number=9), LATER) is False
        assert look(state) == before

    @pytest.mark.parametrize(
        "drift",
        [
            (0, Absent()),
            (0, Unknown(reason="not mounted")),
            (3, RecordOnly(held=held("D1 S1"))),
            (3, Damaged(held=held("D1 S1"), found_at=NOW)),
        ],
        ids=lambda drift: type(drift[1]).__name__,
    )
    def test_what_was_thought_gone_and_is_there_is_held_again(
        self, state: State, drift: tuple[int, Absent | RecordOnly | Damaged | Unknown]
    ) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 3), ANNA)
        observe(state, found(state, "till@DE1", *drift), ANNA)
        there = Staged(held=held("D1 S1"), verified_at=LATER.at)
        assert observe(state, found(state, "till@DE1", 3, there), LATER) is True
        assert held_pair(state, "till@DE1") == HeldPair(package=TILL, site=DE1, number=3, mark=3, holding=there)
        assert state.history(limit=1)[0].detail == "staged, number 3"

    def test_L33_a_lost_state_is_rebuilt_from_looks(self, state: State) -> None:
        there = Staged(held=held("D1 S1", version="4.20"), verified_at=NOW)
        for site in SITES:
            assert observe(state, found(state, f"till@{site}", 7, there), ANNA) is True
        assert held_pair(state, "till@DE1") == HeldPair(package=TILL, site=DE1, number=7, mark=7, holding=there)
        assert look(state).differences == ()
        assert open_send(state, "DE1", words="D2 S1").number == 8

    def test_L33_what_was_rebuilt_counts_as_proved(self, state: State) -> None:
        for site in SITES:
            observe(state, found(state, f"till@{site}", 7, Staged(held=held("D1 S1"), verified_at=NOW)), ANNA)
        observe(state, found(state, "till@DE1", 7, RecordOnly(held=held("D1 S1"))), ANNA)
        observe(state, found(state, "till@EU1", 0, Absent()), ANNA)
        assert look(state).held_pairs == 4
        assert differing(look(state), "EU1").holding == Absent(lost=held("D1 S1"))

    def test_L33_what_a_take_over_found_is_what_is_lost_later(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 7), ANNA)
        observe(state, found(state, "till@DE1", 7, Staged(held=held("D2 S1"), verified_at=NOW)), ANNA)
        observe(state, found(state, "till@DE1", 0, Absent()), ANNA)
        assert held_pair(state, "till@DE1").holding == Absent(lost=held("D2 S1"))

    def test_L33_a_site_that_comes_back_with_its_store_is_known_again(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 5), ANNA)
        state.submit(plan(removals=[removal("DE1", {"till": version(state)})]), LATER)
        there = Staged(held=held("D1 S1"), verified_at=LATER.at)
        assert observe(state, found(state, "till@DE1", 5, there), LATER) is True
        observe(state, found(state, "till@DE1", 0, Absent()), LATER)
        assert held_pair(state, "till@DE1").holding == Absent(lost=held("D1 S1"))
        assert look(state).held_pairs == 1

    def test_a_send_that_failed_and_is_there_after_all_is_complete(self, state: State) -> None:
        send = open_send(state, "DE1")
        attempt(state, send, Failed(cause=Cause.PERMISSION, detail="no answer"))
        there = Staged(held=held("D1 S1"), verified_at=LATER.at)
        assert observe(state, found(state, "till@DE1", send.number, there), LATER) is True
        assert state.sends(open_only=False)[0].state is SendState.COMPLETE

    def test_a_look_that_finds_what_is_wanted_does_not_count_while_a_send_is_open(self, state: State) -> None:
        open_send(state, "DE1")
        there = Staged(held=held("D1 S1"), verified_at=LATER.at)
        assert observe(state, found(state, "till@DE1", 1, there), LATER) is False
