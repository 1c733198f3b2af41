"""What every state must do, sentence by sentence of `reconciler.state.protocol`.

An implementation passes with a class of a dozen lines:

    class TestMine(StateConformance):
        @pytest.fixture
        def state(self, tmp_path, machine):
            ...

        def reopen(self, state):
            ...
"""

from dataclasses import replace
from itertools import permutations

import pytest

from reconciler.model.acknowledgements import GuardName
from reconciler.model.claims import GaveWay, Outcome
from reconciler.model.commits import CommitId
from reconciler.model.holdings import Absent, Damaged, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import CancellationReason
from reconciler.model.priority import Priority
from reconciler.model.snapshot import Cause, DepartedSite, Difference, Mode, Send, SendState, Snapshot, Wanted
from reconciler.state.protocol import Author, HeldPair, Pass, State
from tests.builders import (
    MIB,
    NOW,
    acknowledgement,
    cancellation,
    held,
    hold,
    plan,
    planned,
    receipt,
    removal,
    revision,
    send_only_job,
    update,
    wanted,
)
from tests.conformance.carrying_out import CarryingOut
from tests.conformance.notifying import Notifying
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
    claim,
    differing,
    end,
    found,
    held_pair,
    look,
    no_nulls,
    observe,
    open_send,
    version,
)

TILL = wanted({"till": ("D1 S1", SITES)}, sites=SITES)


class StateConformance(CarryingOut, Notifying):
    """The suite. `state` is empty at the beginning of each test, and asks `machine` who lives and what the time is."""

    @pytest.fixture
    def state(self, machine: Machine) -> State:
        raise NotImplementedError

    def reopen(self, state: State) -> State:
        """The state as another process, or the next, would find it."""
        raise NotImplementedError

    # An empty state

    def test_nothing_is_known_at_first(self, state: State) -> None:
        snapshot = state.snapshot(TILL)
        assert snapshot == Snapshot(
            kind=state.kind,
            version=0,
            differences=tuple(
                Difference(package=PackageName("till"), site=index, holding=Absent()) for index in range(4)
            ),
        )
        assert list(state.pairs()) == list(state.sends()) == list(state.history()) == list(state.passes()) == []

    def test_an_empty_demand_has_no_differences(self, state: State) -> None:
        assert state.snapshot(Wanted(sites=(), packages=())).differences == ()

    # Submitting

    def test_a_plan_is_recorded_whole(self, state: State) -> None:
        job = send_only_job("till", "D1 S1", [planned("DE1"), planned("FR1")], priority=Priority.HIGH, size=7)
        submission = state.submit(plan(job), ANNA)
        assert (submission.recorded, submission.already, submission.moved) == ((job.name,), (), ())
        rows = state.sends()
        assert rows[0] == Send(
            job=job.name,
            package=PackageName("till"),
            site=SiteName("DE1"),
            number=1,
            revision=revision("D1 S1"),
            mode=Mode.CONTENT,
            priority=Priority.HIGH,
            state=SendState.QUEUED,
            version=1,
            for_jobs=("rollout",),
            endpoint="directory:/srv/DE1",
            recorded_at=NOW,
            changed_at=NOW,
            bytes=7,
        )
        assert [(row.site, row.endpoint) for row in rows] == [
            ("DE1", "directory:/srv/DE1"),
            ("FR1", "directory:/srv/FR1"),
        ]
        assert look(state).open_sends == tuple(rows)

    def test_what_is_recorded_is_there_for_the_next_process(self, state: State) -> None:
        open_send(state, "DE1")
        before = look(state)
        assert look(self.reopen(state)) == before

    def test_L8_the_same_plan_twice_is_one_job(self, state: State) -> None:
        job = send_only_job("till", "D1 S1", [planned("DE1"), planned("FR1")])
        state.submit(plan(job), ANNA)
        before = look(state)
        for strict in (False, True):
            again = state.submit(plan(job), LATER, strict=strict)
            assert (again.recorded, again.already, again.moved) == ((), (job.name,), ())
        assert look(state) == before
        assert len(state.history()) == 1

    def test_the_number_of_a_send_is_the_next_mark_of_its_pair(self, state: State) -> None:
        assert open_send(state, "DE1").number == 1
        assert differing(look(state), "DE1").mark == 1
        state.receive(receipt("till@DE1", "D1 S1", 7), ANNA)
        assert differing(look(state, "D2 S1"), "DE1").mark == 7

    def test_a_pair_that_moved_is_left_out_and_named(self, state: State) -> None:
        open_send(state, "EU1")
        job = send_only_job("till", "D1 S1", [planned("DE1"), planned("EU1"), planned("FR1")])
        submission = state.submit(plan(job), ANNA)
        rest = send_only_job("till", "D1 S1", [planned("DE1"), planned("FR1")])
        assert submission.recorded == (rest.name,)
        assert submission.moved == (("till", "EU1"),)
        assert [(row.site, row.endpoint) for row in state.sends(job=rest.name)] == [
            ("DE1", "directory:/srv/DE1"),
            ("FR1", "directory:/srv/FR1"),
        ]
        assert state.submit(plan(rest), LATER).already == (rest.name,)

    def test_a_job_of_which_every_pair_moved_is_not_recorded(self, state: State) -> None:
        open_send(state, "DE1")
        before = look(state)
        submission = state.submit(plan(send_only_job("till", "D2 S1", [planned("DE1")])), ANNA)
        assert (submission.recorded, submission.moved) == ((), (("till", "DE1"),))
        assert look(state) == before

    def test_a_strict_plan_is_recorded_whole_or_not_at_all(self, state: State) -> None:
        open_send(state, "EU1")
        before, passes = look(state), state.passes(9)
        job = send_only_job("till", "D1 S1", [planned("DE1"), planned("EU1")])
        submission = state.submit(plan(job), LATER, strict=True)
        assert (submission.recorded, submission.moved) == ((), (("till", "EU1"),))
        assert (look(state), state.passes(9)) == (before, passes)

    def test_a_number_that_is_not_the_next_has_moved(self, state: State) -> None:
        submission = state.submit(plan(send_only_job("till", "D1 S1", [planned("DE1", 4)])), ANNA)
        assert (submission.recorded, submission.moved) == ((), (("till", "DE1"),))

    def test_R1_a_second_open_send_is_not_recorded_for_a_pair(self, state: State) -> None:
        send = open_send(state, "DE1")
        job = send_only_job("till", "D2 S1", [planned("DE1", 2, send.version)])
        assert state.submit(plan(job), ANNA).moved == (("till", "DE1"),)
        assert [row.job for row in state.sends()] == [send.job]

    def test_recent_sends_are_those_of_jobs_with_an_open_row_and_of_the_jobs_recorded_last(self, state: State) -> None:
        jobs = [send_only_job(name, "D1 S1", [planned("DE1"), planned("FR1")]) for name in ("till", "office", "cad")]
        for later, job in enumerate(jobs):
            state.submit(plan(job), Author(actor="anna", at=Instant(NOW + later)))
        for package, site in (("till", "DE1"), ("office", "DE1"), ("office", "FR1"), ("cad", "DE1"), ("cad", "FR1")):
            state.receive(receipt(f"{package}@{site}", "D1 S1"), LATER)
        till, office, cad = jobs
        assert [row.job for row in state.recent_sends(0)] == [till.name] * 2
        assert [row.job for row in state.recent_sends(1)] == sorted([till.name] * 2 + [cad.name] * 2)
        assert state.recent_sends(3) == state.sends(open_only=False)
        assert office.name in {row.job for row in state.recent_sends(2)}

    def test_L15_a_new_revision_supersedes_the_open_send_in_one_step(self, state: State) -> None:
        send = open_send(state, "DE1")
        job = send_only_job("till", "D2 S1", [planned("DE1", 2, send.version)])
        replaced = cancellation(send.job, "till", [planned("DE1", 1, send.version)], CancellationReason.SUPERSEDED)
        submission = state.submit(plan(job, cancellations=[replaced]), LATER)
        assert (submission.recorded, submission.cancelled) == ((job.name,), 1)
        assert [(row.job, row.number, row.state) for row in state.sends(open_only=False)] == sorted(
            [(send.job, 1, SendState.SUPERSEDED), (job.name, 2, SendState.QUEUED)]
        )
        assert look(state).open_sends == tuple(state.sends(job=job.name))
        again = state.submit(plan(job, cancellations=[replaced]), LATER, strict=True)
        assert (again.already, again.moved, again.cancelled) == ((job.name,), (), 0)

    def test_a_superseding_send_and_its_cancellation_move_together(self, state: State) -> None:
        send = open_send(state, "DE1")
        claim(state, send)
        job = send_only_job("till", "D2 S1", [planned("DE1", 2, send.version)])
        replaced = cancellation(send.job, "till", [planned("DE1", 1, send.version)], CancellationReason.SUPERSEDED)
        assert state.submit(plan(job, cancellations=[replaced]), LATER).moved == (("till", "DE1"),)
        assert [(row.job, row.state) for row in state.sends(open_only=False)] == [(send.job, SendState.SENDING)]

    def test_an_open_send_is_not_closed_if_its_successor_is_left_out(self, state: State) -> None:
        send = open_send(state, "DE1")
        job = send_only_job("till", "D2 S1", [planned("DE1", 9, send.version)])
        replaced = cancellation(send.job, "till", [planned("DE1", 1, send.version)], CancellationReason.SUPERSEDED)
        submission = state.submit(plan(job, cancellations=[replaced]), LATER)
        assert (submission.cancelled, submission.moved) == (0, (("till", "DE1"),))
        assert [(row.job, row.state) for row in state.sends()] == [(send.job, SendState.QUEUED)]

    def test_L14_obsolete_sends_are_closed(self, state: State) -> None:
        send = open_send(state, "DE1")
        obsolete = cancellation(send.job, "till", [planned("DE1", 1, send.version)])
        assert state.submit(plan(cancellations=[obsolete]), LATER).cancelled == 1
        closed = state.sends(open_only=False)[0]
        assert (closed.state, closed.cause, closed.changed_at) == (SendState.OBSOLETE, None, LATER.at)
        again = state.submit(plan(cancellations=[obsolete]), LATER, strict=True)
        assert (again.cancelled, again.moved) == (0, ())

    def test_a_send_that_ended_otherwise_meanwhile_has_moved(self, state: State) -> None:
        send = open_send(state, "DE1")
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        obsolete = cancellation(send.job, "till", [planned("DE1", 1, send.version)])
        submission = state.submit(plan(cancellations=[obsolete]), LATER)
        assert (submission.cancelled, submission.moved) == (0, (("till", "DE1"),))
        assert state.sends(open_only=False)[0].state is SendState.COMPLETE

    def test_a_send_nobody_recorded_cannot_be_cancelled_or_raised(self, state: State) -> None:
        unknown = [planned("DE1")]
        submission = state.submit(
            plan(cancellations=[cancellation("send-x", "till", unknown)], updates=[update("send-x", "till", unknown)]),
            ANNA,
        )
        assert (submission.cancelled, submission.updated, submission.moved) == (0, 0, (("till", "DE1"),))

    def test_L6_a_rise_of_the_priority_updates_the_row_and_sends_nothing(self, state: State) -> None:
        send = open_send(state, "DE1")
        rise = update(send.job, "till", [planned("DE1", 1, send.version)], Priority.HIGH)
        assert state.submit(plan(updates=[rise]), LATER).updated == 1
        risen = state.sends()
        assert [(row.job, row.number, row.priority) for row in risen] == [(send.job, 1, Priority.HIGH)]
        assert risen[0].version > send.version
        again = state.submit(plan(updates=[rise]), LATER, strict=True)
        assert (again.updated, again.moved) == (0, ())

    def test_other_pairs_may_move_while_a_plan_waits(self, state: State) -> None:
        job = send_only_job("till", "D1 S1", [planned("DE1")])
        open_send(state, "EU1")
        state.hold(hold("site/EU1"), ANNA)
        assert state.submit(plan(job), ANNA, strict=True).recorded == (job.name,)

    def test_several_jobs_are_recorded_in_the_order_of_the_plan(self, state: State) -> None:
        jobs = [send_only_job(package, "D1 S1", [planned("DE1")]) for package in ("cad", "office", "till")]
        assert state.submit(plan(*jobs), ANNA).recorded == tuple(job.name for job in jobs)
        assert [send.package for send in look(state).open_sends] == ["cad", "office", "till"]

    # Removals

    def test_L31_a_removed_site_is_forgotten_but_its_numbers_are_kept(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 5), ANNA)
        forget = removal("DE1", {"till": version(state)})
        assert state.submit(plan(removals=[forget]), LATER).removed == 1
        assert held_pair(state, "till@DE1") == HeldPair(
            package=PackageName("till"), site=SiteName("DE1"), number=0, mark=5, holding=Absent()
        )
        assert (differing(look(state), "DE1").holding, differing(look(state), "DE1").mark) == (Absent(), 5)
        assert state.snapshot(wanted({}, sites=["EU1"])).departed == ()
        again = state.submit(plan(removals=[forget]), LATER, strict=True)
        assert (again.removed, again.moved) == (0, ())

    def test_L31_a_receipt_from_before_the_removal_is_kept_and_says_nothing_of_the_new_site(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 5), ANNA)
        send = open_send(state, "DE1")
        state.submit(plan(removals=[removal("DE1", {"till": version(state)})]), LATER)
        assert state.receive(receipt("till@DE1", "D1 S1", send.number), LATER) is False
        assert held_pair(state, "till@DE1").holding == Absent()
        assert state.receive(receipt("till@DE1", "D1 S1", send.number + 1), LATER) is True

    def test_L31_what_was_on_its_way_to_a_removed_site_says_nothing_of_the_new_one(self, state: State) -> None:
        state.receive(receipt("cad@DE1", "D1 S1"), ANNA)
        send = open_send(state, "DE1")
        gone = state.snapshot(wanted({}, sites=["EU1"])).departed
        state.submit(plan(removals=[removal("DE1", dict(gone[0].packages))]), LATER)
        assert state.receive(receipt("till@DE1", "D1 S1", send.number), LATER) is False
        assert (held_pair(state, "till@DE1").holding, held_pair(state, "till@DE1").mark) == (Absent(), send.number)
        assert state.receive(receipt("till@DE1", "D1 S1", send.number + 1), LATER) is True

    def test_L32_open_sends_to_a_removed_site_end_obsolete(self, state: State) -> None:
        state.receive(receipt("cad@DE1", "D1 S1"), ANNA)
        claimed = claim(state, open_send(state, "DE1"))
        gone = state.snapshot(wanted({}, sites=["EU1", "FR1", "US1"])).departed
        assert [(site.site, [name for name, _ in site.packages]) for site in gone] == [("DE1", ["cad"])]
        submission = state.submit(plan(removals=[removal("DE1", dict(gone[0].packages))]), LATER)
        assert (submission.removed, submission.cancelled) == (1, 1)
        ended = state.sends(open_only=False)[0]
        assert (ended.state, ended.cause, ended.next_attempt) == (SendState.OBSOLETE, Cause.SITE_REMOVED, None)
        assert state.renew(ONE, [beat(claimed)], LATER, lease=LEASE) == [claimed]
        assert end(state, claimed, back_off(), LATER) is False
        assert state.sends(open_only=False)[0] == ended

    def test_L32_a_cancellation_at_a_removed_site_says_so(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        send = open_send(state, "DE1", words="D2 S1")
        submission = state.submit(
            plan(
                cancellations=[cancellation(send.job, "till", [planned("DE1", 2, send.version)])],
                removals=[removal("DE1", {"till": send.version})],
            ),
            LATER,
        )
        assert (submission.cancelled, submission.removed, submission.moved) == (1, 1, ())
        assert state.sends(open_only=False)[0].cause is Cause.SITE_REMOVED

    def test_a_site_that_changed_meanwhile_is_not_forgotten(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 5), ANNA)
        forget = removal("DE1", {"till": version(state)})
        state.receive(receipt("till@DE1", "D2 S1", 6), ANNA)
        submission = state.submit(plan(removals=[forget]), LATER)
        assert (submission.removed, submission.moved) == (0, (("till", "DE1"),))
        assert held_pair(state, "till@DE1").number == 6

    def test_what_failed_before_a_removal_does_not_block_the_site_that_comes_back(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        send = open_send(state, "DE1", words="D2 S1")
        attempt(state, send, FAILED)
        assert differing(look(state, "D2 S1"), "DE1").closed is not None
        state.submit(plan(removals=[removal("DE1", {"till": version(state)})]), LATER)
        assert differing(look(state, "D2 S1"), "DE1").closed is None

    # Receipts

    def test_a_receipt_makes_the_pair_ready_and_completes_its_send(self, state: State) -> None:
        claim(state, open_send(state, "DE1"))
        assert state.receive(receipt("till@DE1", "D1 S1", version="4.20"), LATER) is True
        assert held_pair(state, "till@DE1") == HeldPair(
            package=PackageName("till"),
            site=SiteName("DE1"),
            number=1,
            mark=1,
            holding=Staged(held=held("D1 S1", version="4.20"), verified_at=NOW),
        )
        assert [difference.site for difference in look(state).differences] == [1, 2, 3]
        assert look(state).open_sends == ()
        done = state.sends(open_only=False)[0]
        assert (done.state, done.changed_at, done.attempts) == (SendState.COMPLETE, LATER.at, 1)

    def test_a_receipt_raises_mark_and_version(self, state: State) -> None:
        open_send(state, "DE1")
        before = version(state)
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        assert version(state) > before

    def test_L26_a_receipt_seen_before_changes_nothing(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 3), ANNA)
        before, events = look(state), state.history()
        assert state.receive(receipt("till@DE1", "D1 S1", 3, at=NOW + 60), LATER) is False
        assert (look(state), state.history()) == (before, events)

    def test_L26_a_late_receipt_never_moves_a_site_backwards(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D2 S1", 5), ANNA)
        before = look(state)
        assert state.receive(receipt("till@DE1", "D1 S1", 4), LATER) is False
        assert look(state) == before
        assert held_pair(state, "till@DE1").holding == Staged(held=held("D2 S1"), verified_at=NOW)

    def test_L26_every_order_of_receipts_ends_the_same(self, state: State) -> None:
        arrivals = [(1, "D1 S1"), (2, "D2 S1"), (2, "D2 S1"), (3, "D1 S2"), (1, "D1 S1")]
        for site, order in enumerate(sorted(set(permutations(arrivals)))):
            for number, words in order:
                state.receive(receipt(f"till@S{site}", words, number), ANNA)
        ends = {(pair.number, pair.mark, pair.holding) for pair in state.pairs()}
        assert ends == {(3, 3, Staged(held=held("D1 S2"), verified_at=NOW))}

    def test_L26_an_arrival_counts_although_its_send_was_closed(self, state: State) -> None:
        send = open_send(state, "DE1")
        state.submit(plan(cancellations=[cancellation(send.job, "till", [planned("DE1", 1, send.version)])]), ANNA)
        assert state.receive(receipt("till@DE1", "D1 S1"), LATER) is True
        assert [difference.site for difference in look(state).differences] == [1, 2, 3]
        assert state.sends(open_only=False)[0].state is SendState.OBSOLETE

    def test_L26_an_arrival_completes_a_send_that_was_given_up(self, state: State) -> None:
        attempt(state, open_send(state, "DE1"), FAILED)
        assert state.receive(receipt("till@DE1", "D1 S1"), LATER) is True
        assert state.sends(open_only=False)[0].state is SendState.COMPLETE

    def test_L25_a_receipt_of_another_revision_completes_no_send(self, state: State) -> None:
        open_send(state, "DE1")
        assert state.receive(receipt("till@DE1", "D9 S1"), LATER) is True
        assert state.sends()[0].state is SendState.QUEUED

    def test_a_receipt_of_an_earlier_send_keeps_the_mark(self, state: State) -> None:
        give_up(state, open_send(state, "DE1"))
        open_send(state, "DE1")
        assert state.receive(receipt("till@DE1", "D1 S1", 1), ANNA) is True
        assert differing(look(state, "D2 S1"), "DE1").mark == 2

    def test_a_receipt_from_an_unknown_pair_is_taken_in(self, state: State) -> None:
        assert state.receive(receipt("cad@NY1", "D1 -", 12), ANNA) is True
        pair = held_pair(state, "cad@NY1")
        assert (pair.number, pair.mark, pair.holding) == (12, 12, Staged(held=held("D1 -"), verified_at=NOW))

    # Looks at stores

    def test_a_look_changes_the_holding(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        for holding in (
            Damaged(held=held("D1 S1"), found_at=Instant(NOW + 5)),
            RecordOnly(held=held("D1 S1")),
            Unknown(reason="the store is another site's"),
        ):
            assert observe(state, found(state, "till@DE1", 1, holding), LATER) is True
            assert differing(look(state), "DE1").holding == holding

    def test_L34_what_was_proved_and_is_gone_is_lost(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 3, version="4.20"), ANNA)
        before = version(state)
        assert observe(state, found(state, "till@DE1", 0, Absent()), LATER) is True
        difference = differing(look(state), "DE1")
        assert difference.holding == Absent(lost=held("D1 S1", version="4.20"))
        assert (difference.mark, difference.version) == (3, before + 1)
        assert held_pair(state, "till@DE1").number == 3

    def test_what_was_never_proved_cannot_be_lost(self, state: State) -> None:
        observe(state, found(state, "till@DE1", 2, RecordOnly(held=held("D1 S1"))), ANNA)
        assert observe(state, found(state, "till@DE1", 0, Absent()), LATER) is True
        assert differing(look(state), "DE1").holding == Absent()

    def test_what_was_damaged_before_it_was_gone_is_lost_too(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 3), ANNA)
        observe(state, found(state, "till@DE1", 3, Damaged(held=held("D1 S1"), found_at=NOW)), ANNA)
        observe(state, found(state, "till@DE1", 0, Absent()), LATER)
        assert differing(look(state), "DE1").holding == Absent(lost=held("D1 S1"))

    def test_a_look_while_a_send_is_open_does_not_count(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        open_send(state, "DE1", words="D2 S1")
        before = look(state)
        assert observe(state, found(state, "till@DE1", 0, Absent()), LATER) is False
        assert look(state) == before

    def test_a_look_at_an_older_number_does_not_count(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D2 S1", 5), ANNA)
        before = look(state)
        assert observe(state, found(state, "till@DE1", 4, Damaged(held=held("D1 S1"), found_at=NOW)), LATER) is False
        assert observe(state, found(state, "till@DE1", 4, Absent()), LATER) is False
        assert look(state) == before

    def test_what_was_proved_last_is_what_is_lost(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 1), ANNA)
        state.receive(receipt("till@DE1", "D2 S1", 2), ANNA)
        observe(state, found(state, "till@DE1", 0, Absent()), LATER)
        assert differing(look(state), "DE1").holding == Absent(lost=held("D2 S1"))

    def test_a_look_at_a_newer_number_raises_the_mark(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 5), ANNA)
        assert observe(state, found(state, "till@DE1", 9, RecordOnly(held=held("D2 S1"))), LATER) is True
        assert differing(look(state), "DE1").mark == 9
        assert state.receive(receipt("till@DE1", "D1 S1", 8), LATER) is False

    def test_a_look_raises_the_mark_to_the_number_that_a_torn_record_used_up(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", 1), ANNA)
        whole = Staged(held=held("D1 S1"), verified_at=NOW)
        look = replace(found(state, "till@DE1", 1, whole), used=3)
        assert observe(state, look, LATER) is True
        (pair,) = state.pairs()
        assert (pair.number, pair.mark, pair.holding) == (1, 3, whole)
        assert observe(state, look, LATER) is False, "the pair has moved on since"

    def test_the_same_look_twice_changes_nothing(self, state: State) -> None:
        observation = found(state, "till@DE1", 2, RecordOnly(held=held("D1 S1")))
        observe(state, observation, ANNA)
        before, events = look(state), state.history()
        assert observe(state, replace(observation, mark=2), LATER) is True
        assert observe(state, observation, LATER) is False
        assert (look(state), state.history()) == (before, events)

    def test_a_look_at_nothing_where_nothing_was_leaves_no_row(self, state: State) -> None:
        assert observe(state, found(state, "till@DE1", 0, Absent()), ANNA) is True
        assert (list(state.pairs()), look(state).version) == ([], 0)

    # Sends that ended

    def test_L27_no_state_of_a_send_is_ever_null(self, state: State) -> None:
        outcomes = (FAILED, GaveWay(cause=None, detail=""), PUT_BACK, back_off())
        for site, outcome in zip(SITES, outcomes, strict=True):
            send = open_send(state, site)
            no_nulls(state.sends(open_only=False))
            claimed = claim(state, send)
            no_nulls(state.sends(open_only=False))
            state.renew(ONE, [beat(claimed, SendState.VERIFYING)], ANNA, lease=LEASE)
            no_nulls(state.sends(open_only=False))
            end(state, claimed, outcome)
        no_nulls(state.sends(open_only=False))
        give_up(state, state.sends()[0])
        no_nulls(state.sends(open_only=False))

    @pytest.mark.parametrize("ended", [SendState.FAILED, SendState.CANCELLED])
    def test_a_send_that_failed_or_was_cancelled_is_shown_as_closed(self, state: State, ended: SendState) -> None:
        send = open_send(state, "DE1")
        if ended is SendState.FAILED:
            attempt(state, send, FAILED, LATER)
        else:
            state.cancel(send.package, send.site, "read-only", LATER)
        closed = differing(look(state), "DE1").closed
        assert closed == state.sends(open_only=False)[0]
        assert closed is not None
        assert (closed.state, closed.endpoint) == (ended, "directory:/srv/DE1")
        assert closed.detail == ("read-only" if ended is SendState.FAILED else "by ben: read-only")
        assert closed.version == differing(look(state), "DE1").version

    def test_a_send_that_was_not_wanted_any_more_blocks_nothing(self, state: State) -> None:
        send = open_send(state, "DE1")
        obsolete = cancellation(send.job, "till", [planned("DE1", 1, send.version)])
        state.submit(plan(cancellations=[obsolete]), LATER)
        assert differing(look(state), "DE1").closed is None

    def test_a_send_that_gave_way_blocks_nothing(self, state: State) -> None:
        attempt(state, open_send(state, "DE1"), GaveWay(cause=Cause.SOURCE_CHANGED, detail=""))
        assert differing(look(state), "DE1").closed is None

    def test_a_failure_blocks_its_own_revision_only(self, state: State) -> None:
        attempt(state, open_send(state, "DE1"), FAILED)
        assert differing(look(state, "D2 S1"), "DE1").closed is None

    def test_only_the_latest_send_of_a_pair_can_block_it(self, state: State) -> None:
        attempt(state, open_send(state, "DE1"), FAILED)
        second = open_send(state, "DE1")
        assert differing(look(state), "DE1").closed is None
        attempt(state, second, GaveWay(cause=None, detail=""))
        assert differing(look(state), "DE1").closed is None

    # Versions

    def test_a_version_changes_when_the_planner_reads_something_new(self, state: State) -> None:
        def now() -> Send:
            return state.sends()[0]

        def end_it(outcome: Outcome) -> None:
            assert end(state, state.claims()[0], outcome)

        late = Author(actor="ben", at=Instant(NOW + 9000))
        steps = [
            lambda: open_send(state, "DE1"),
            lambda: claim(state, now()),
            lambda: end_it(back_off()),
            lambda: claim(state, now(), late),
            lambda: end_it(back_off(Cause.SPACE)),
            lambda: state.retry(now().package, now().site, ANNA),
            lambda: claim(state, now(), late),
            lambda: end_it(back_off(Cause.STORE_MISMATCH)),
            lambda: claim(state, now(), late),
            lambda: end_it(PUT_BACK),
            lambda: claim(state, now(), late),
            lambda: end_it(FAILED),
            lambda: state.retry(PackageName("till"), SiteName("DE1"), ANNA),
            lambda: claim(state, now(), late),
            lambda: end_it(GaveWay(cause=None, detail="", number=1, found=Unknown(reason="torn"))),
            lambda: open_send(state, "DE1"),
            lambda: state.cancel(PackageName("till"), SiteName("DE1"), "moved", ANNA),
            lambda: state.receive(receipt("till@DE1", "D1 S1", 2), ANNA),
            lambda: observe(state, found(state, "till@DE1", 2, RecordOnly(held=held("D1 S1"))), ANNA),
            lambda: observe(state, found(state, "till@DE1", 2, Staged(held=held("D1 S1"), verified_at=NOW)), ANNA),
            lambda: state.hold(hold("till@DE1"), ANNA),
            lambda: state.hold(hold("site/DE1"), ANNA),
            lambda: state.hold(hold("package/till"), ANNA),
            lambda: state.release(SiteName("DE1"), None, ANNA),
        ]
        for step in steps:
            before, whole = version(state), look(state).version
            step()
            assert version(state) == before + 1
            assert look(state).version == whole + 1

    def test_a_version_does_not_change_by_progress_alone(self, state: State, machine: Machine) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        before, whole = version(state), look(state).version
        state.renew(ONE, [beat(claimed, done=9)], ANNA, lease=LEASE)
        state.renew(ONE, [beat(claimed, SendState.VERIFYING)], ANNA, lease=LEASE)
        machine.wait(21)
        claimed = claim(state, state.sends()[0], by=TWO)
        assert (version(state), look(state).version) == (before, whole)
        end(state, claimed, back_off())
        before, whole = version(state), look(state).version
        state.retry(claimed.send.package, claimed.send.site, ANNA)
        assert (version(state), look(state).version) == (before, whole)

    def test_a_version_does_not_change_by_what_happens_elsewhere(self, state: State) -> None:
        open_send(state, "DE1")
        before = version(state)
        open_send(state, "EU1")
        state.hold(hold("site/EU1"), ANNA)
        state.hold(hold("package/cad"), ANNA)
        state.record_pass(a_pass(1))
        assert version(state) == before

    def test_all_that_is_seen_of_a_pair_has_one_version(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        state.hold(hold("site/DE1"), ANNA)
        state.hold(hold("till@DE1"), ANNA)
        open_send(state, "DE1", words="D2 S1")
        snapshot = state.snapshot(wanted({"till": ("D2 S1", ["EU1"])}, sites=["EU1"]))
        assert (
            version(state)
            == look(state).open_sends[0].version
            == state.sends()[0].version
            == dict(snapshot.departed[0].packages)[PackageName("till")]
        )

    def test_a_hold_between_planning_and_submitting_moves_the_pair(self, state: State) -> None:
        job = send_only_job("till", "D1 S1", [planned("DE1")])
        state.hold(hold("site/DE1"), ANNA)
        assert state.submit(plan(job), ANNA).moved == (("till", "DE1"),)

    # The set difference

    def test_ready_pairs_are_no_difference(self, state: State) -> None:
        for site in ("DE1", "FR1"):
            state.receive(receipt(f"till@{site}", "D1 S1"), ANNA)
        assert [difference.site for difference in look(state).differences] == [1, 3]

    @pytest.mark.parametrize("words", ["D2 S1", "D1 S2", "D1 -"])
    def test_a_pair_is_ready_at_exactly_the_wanted_revision(self, state: State, words: str) -> None:
        state.receive(receipt("till@DE1", words), ANNA)
        assert differing(look(state), "DE1").holding == Staged(held=held(words), verified_at=NOW)

    def test_differences_are_sorted_by_package_then_site(self, state: State) -> None:
        demand = wanted(
            {"till": ("D1 S1", ["US1", "DE1"]), "cad": ("D2 S1", ["FR1", "DE1"]), "office": ("D3 S1", ["US1", "DE1"])},
            sites=SITES,
        )
        state.receive(receipt("till@DE1", "D2 S1"), ANNA)
        assert [(one.package, one.site) for one in state.snapshot(demand).differences] == [
            ("cad", 0),
            ("cad", 2),
            ("office", 0),
            ("office", 3),
            ("till", 0),
            ("till", 3),
        ]

    def test_a_revision_is_compared_with_that_of_its_own_package(self, state: State) -> None:
        state.receive(receipt("cad@DE1", "D1 S1"), ANNA)
        assert [difference.site for difference in look(state).differences] == [0, 1, 2, 3]

    def test_a_package_without_sites_has_no_differences(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        assert state.snapshot(wanted({"till": ("D2 S1", [])}, sites=SITES)).differences == ()

    def test_the_oldest_verification_is_that_of_wanted_ready_pairs(self, state: State) -> None:
        state.receive(receipt("till@DE1", "D1 S1", at=NOW - 50), ANNA)
        state.receive(receipt("till@EU1", "D1 S1", at=NOW - 70), ANNA)
        state.receive(receipt("till@FR1", "D2 S1", at=NOW - 90), ANNA)
        state.receive(receipt("cad@FR1", "D1 S1", at=NOW - 99), ANNA)
        assert look(state).oldest_verification == NOW - 70

    def test_held_packages_and_wanted_held_look_at_all_sites(self, state: State) -> None:
        state.receive(receipt("cad@NY1", "D1 S1"), ANNA)
        state.receive(receipt("till@NY1", "D2 S1"), ANNA)
        state.receive(receipt("office@NY1", "D3 S1"), ANNA)
        observe(state, found(state, "office@NY1", 0, Absent()), ANNA)
        demand = wanted({"cad": ("D1 S1", ["DE1"]), "till": ("D1 S1", ["DE1"]), "office": ("D3 S1", [])}, sites=SITES)
        snapshot = state.snapshot(demand)
        assert snapshot.held_packages == {"cad", "till"}
        assert snapshot.wanted_held == {"cad"}

    def test_held_pairs_count_what_was_proved_or_recorded_and_not_forgotten(self, state: State) -> None:
        for site in SITES:
            state.receive(receipt(f"till@{site}", "D1 S1"), ANNA)
        assert look(state).held_pairs == 0  # nothing drifted, nobody asks
        observe(state, found(state, "till@DE1", 0, Absent()), ANNA)
        observe(state, found(state, "till@EU1", 1, RecordOnly(held=held("D1 S1"))), ANNA)
        observe(state, found(state, "till@FR1", 1, Damaged(held=held("D1 S1"), found_at=NOW)), ANNA)
        observe(state, found(state, "cad@DE1", 1, RecordOnly(held=held("D1 S1"))), ANNA)
        observe(state, found(state, "cad@EU1", 0, Unknown(reason="torn")), ANNA)
        assert look(state).held_pairs == 5
        state.submit(plan(removals=[removal("US1", {"till": version(state, "US1")})]), LATER)
        assert look(state).held_pairs == 4

    def test_sites_the_fleet_does_not_know_are_told(self, state: State) -> None:
        for pair in ("till@DE1", "cad@DE1", "till@EU1"):
            state.receive(receipt(pair, "D1 S1"), ANNA)
        state.receive(receipt("office@DE1", "D1 S1", 2), ANNA)
        open_send(state, "FR1")
        snapshot = state.snapshot(wanted({"till": ("D1 S1", ["EU1"])}, sites=["EU1"]))
        assert snapshot.departed == (
            DepartedSite(
                site=SiteName("DE1"),
                packages=((PackageName("cad"), 1), (PackageName("office"), 1), (PackageName("till"), 1)),
            ),
        )

    # Holds and acknowledgements

    def test_a_branch_goes_on_from_the_commit_that_was_followed_or_accepted_last(self, state: State) -> None:
        first, second = CommitId("1" * 40), CommitId("2" * 40)
        state.follow("main", first, ANNA)
        state.follow("main", first, ANNA)
        state.follow("next", second, ANNA)
        state.follow("main", second, replace(ANNA, commit=second), accepted=True)
        state.follow("main", second, ANNA)
        assert [
            (event.action, event.detail, event.commit) for event in self.reopen(state).history(subject="branch/main")
        ] == [("accepted", second, second), ("followed", first, ANNA.commit)]

    def test_holds_are_kept_until_they_are_released(self, state: State) -> None:
        on_site, on_package, on_pair = hold("site/DE1"), hold("package/till", until=NOW - 1), hold("till@DE1")
        for held_now in (on_site, on_package, on_pair):
            state.hold(held_now, ANNA)
        assert set(look(self.reopen(state)).holds) == {on_site, on_package, on_pair}
        assert state.release(SiteName("DE1"), None, LATER) is True
        assert state.release(SiteName("DE1"), None, LATER) is False
        assert set(look(state).holds) == {on_package, on_pair}

    def test_a_second_hold_replaces_the_first(self, state: State) -> None:
        state.hold(hold("site/DE1"), ANNA)
        state.hold(hold("site/DE1", "moving house", until=NOW + 9), LATER)
        assert look(state).holds == (hold("site/DE1", "moving house", until=NOW + 9),)

    def test_the_same_hold_twice_changes_nothing(self, state: State) -> None:
        state.hold(hold("site/DE1"), ANNA)
        before, events = look(state), state.history()
        state.hold(hold("site/DE1"), LATER)
        assert (look(state), state.history()) == (before, events)

    def test_a_hold_can_be_set_again_after_its_release(self, state: State) -> None:
        state.hold(hold("site/DE1"), ANNA)
        state.release(SiteName("DE1"), None, ANNA)
        state.hold(hold("site/DE1"), ANNA)
        assert look(state).holds == (hold("site/DE1"),)

    def test_L16_acknowledgements_are_kept_until_a_plan_spends_them(self, state: State) -> None:
        first, second = acknowledgement("p-1"), acknowledgement("p-2", expires=Instant(NOW - 1))
        for one in (first, second):
            state.acknowledge(one, ANNA)
        assert look(self.reopen(state)).acknowledgements == (first, second)
        spending = plan(send_only_job("till", "D1 S1", [planned("DE1")]), spent=[("p-1", GuardName.HEALS)])
        state.submit(spending, LATER)
        assert look(state).acknowledgements == (second,)

    def test_L16_an_acknowledgement_stays_if_a_pair_moved(self, state: State) -> None:
        state.acknowledge(acknowledgement("p-1"), ANNA)
        open_send(state, "DE1")
        jobs = send_only_job("till", "D2 S1", [planned("DE1"), planned("EU1")])
        assert state.submit(plan(jobs, spent=[("p-1", GuardName.HEALS)]), LATER).moved == (("till", "DE1"),)
        assert look(state).acknowledgements == (acknowledgement("p-1"),)

    def test_an_acknowledgement_of_the_same_plan_and_guard_replaces_the_first(self, state: State) -> None:
        state.acknowledge(acknowledgement("p-1"), ANNA)
        state.acknowledge(acknowledgement("p-1", reason="agreed with DE1"), LATER)
        assert look(state).acknowledgements == (acknowledgement("p-1", reason="agreed with DE1"),)

    def test_a_spent_acknowledgement_can_be_given_anew_but_not_repeated(self, state: State) -> None:
        state.acknowledge(acknowledgement("p-1"), ANNA)
        state.submit(plan(spent=[("p-1", GuardName.HEALS)]), LATER)
        state.acknowledge(acknowledgement("p-1"), ANNA)
        assert look(state).acknowledgements == ()
        state.acknowledge(acknowledgement("p-1", at=LATER.at), LATER)
        assert look(state).acknowledgements == (acknowledgement("p-1", at=LATER.at),)

    # History and passes

    def test_every_action_of_a_plan_is_one_event(self, state: State) -> None:
        first = open_send(state, "DE1")
        second = open_send(state, "EU1")
        state.receive(receipt("till@US1", "D1 S1"), ANNA)
        state.acknowledge(acknowledgement("p-1"), ANNA)
        job = send_only_job("till", "D2 S1", [planned("DE1", 2, 1), planned("FR1")])
        made = plan(
            job,
            cancellations=[cancellation(first.job, "till", [planned("DE1", 1, 1)], CancellationReason.SUPERSEDED)],
            updates=[update(second.job, "till", [planned("EU1", 1, 1)])],
            removals=[removal("US1", {"till": version(state, "US1")})],
            spent=[("p-1", GuardName.HEALS)],
        )
        state.submit(made, LATER)
        told = [(event.action, event.subject, event.detail) for event in state.history(limit=5)]
        assert told == [
            ("spent", "plan/p-1", "heals"),
            ("removed", "site/US1", "till"),
            ("raised", f"send/{second.job}", "priority high: 1 site"),
            ("superseded", f"send/{first.job}", "1 site"),
            ("recorded", f"send/{job.name}", "till 4.20 to 2 sites"),
        ]
        latest = state.history(limit=1)[0]
        assert (latest.at, latest.actor, latest.plan, latest.commit) == (LATER.at, "ben", made.id, None)

    def test_history_is_newest_first_and_by_subject(self, state: State) -> None:
        send = open_send(state, "DE1")
        attempt(state, send, back_off())
        state.receive(receipt("till@DE1", "D1 S1"), LATER)
        state.receive(receipt("till@DE1", "D9 S1", 0), LATER)
        assert [(event.action, event.detail) for event in state.history(subject="pair/till@DE1")] == [
            ("late", "number 0, read-back by worker-1@hq"),
            ("received", "number 1, read-back by worker-1@hq"),
            ("backing-off", f"send {send.job}, attempt 1, network: timed out"),
            ("claimed", f"send {send.job}, attempt 1, worker 11111111 (process 49 on hq)"),
        ]
        assert [event.action for event in state.history(limit=2)] == ["late", "received"]
        numbers = [event.number for event in state.history()]
        assert numbers == sorted(numbers, reverse=True)

    def test_what_people_decide_is_in_the_history(self, state: State) -> None:
        state.hold(hold("site/DE1"), ANNA)
        state.hold(hold("till@DE1", "flapping"), ANNA)
        state.release(SiteName("DE1"), None, LATER)
        state.acknowledge(acknowledgement("p-1"), ANNA)
        observe(state, found(state, "till@DE1", 0, Unknown(reason="no identity")), ANNA)
        assert [(event.action, event.subject, event.detail) for event in state.history()] == [
            ("observed", "pair/till@DE1", "unknown: no identity"),
            ("acknowledged", "plan/p-1", "heals: new disks"),
            ("released", "site/DE1", ""),
            ("held", "pair/till@DE1", "flapping"),
            ("held", "site/DE1", "disk replacement"),
        ]

    def test_heart_beats_are_no_events(self, state: State) -> None:
        claimed = claim(state, open_send(state, "DE1"))
        events = state.history()
        state.renew(ONE, [beat(claimed, SendState.VERIFYING, done=MIB)], LATER, lease=LEASE)
        assert state.history() == events

    def test_a_submitted_plan_leaves_a_pass(self, state: State) -> None:
        made = plan(send_only_job("till", "D1 S1", [planned("DE1")]), required=5, ready=3, blocked=1)
        state.submit(made, ANNA)
        assert state.passes() == [
            Pass(
                at=NOW,
                actor="anna",
                plan=made.id,
                fleet_digest="sha256:fleet",
                commit="3f9c2ab",
                outcome="done",
                required=5,
                ready=3,
                blocked=1,
            )
        ]

    def test_a_plan_that_changes_nothing_leaves_only_a_pass(self, state: State) -> None:
        state.submit(plan(), ANNA)
        assert (len(state.passes(9)), state.history(), look(state).version) == (1, [], 0)

    def test_the_same_pass_twice_is_one(self, state: State) -> None:
        state.record_pass(a_pass(1))
        state.record_pass(a_pass(1))
        assert state.passes(9) == [a_pass(1)]

    def test_passes_are_newest_first(self, state: State) -> None:
        for at in (1, 2, 3):
            state.record_pass(a_pass(at))
        assert state.passes(2) == [a_pass(3), a_pass(2)]

    def test_the_last_thousand_passes_are_kept(self, state: State) -> None:
        for at in range(1002):
            state.record_pass(a_pass(at))
        kept = [entry.at for entry in state.passes(2000)]
        assert (len(kept), kept[0], kept[-1]) == (1000, 1001, 2)

    # Reading

    def test_pairs_are_sorted_and_filtered(self, state: State) -> None:
        for pair in ("till@EU1", "cad@US1", "till@DE1", "cad@DE1"):
            state.receive(receipt(pair, "D1 S1"), ANNA)
        observe(state, found(state, "office@DE1", 0, Unknown(reason="not enrolled")), ANNA)

        def names(**which: str) -> list[str]:
            return [f"{pair.package}@{pair.site}" for pair in state.pairs(**which)]

        assert names() == ["cad@DE1", "cad@US1", "office@DE1", "till@DE1", "till@EU1"]
        assert names(site="DE1") == ["cad@DE1", "office@DE1", "till@DE1"]
        assert names(package="till") == ["till@DE1", "till@EU1"]
        assert names(package="till", site="DE1") == ["till@DE1"]
        assert names(package="till", site="US1") == names(package="nothing") == []

    def test_pairs_may_be_read_while_the_state_is_used(self, state: State) -> None:
        state.receive(receipt("cad@DE1", "D1 S1"), ANNA)
        state.receive(receipt("till@DE1", "D1 S1"), ANNA)
        for pair in state.pairs():
            assert state.history(subject=f"pair/{pair.package}@{pair.site}")

    def test_every_receipt_of_a_pair_is_kept_the_highest_number_first(self, state: State) -> None:
        kept = [receipt("till@DE1", "D1 S1", 1), receipt("till@DE1", "D2 -", 3), receipt("till@DE1", "D1 S2", 2)]
        for one in (*kept, receipt("till@EU1", "D1 S1"), receipt("cad@DE1", "D1 S1")):
            state.receive(one, ANNA)
        assert list(state.receipts(PackageName("till"), SiteName("DE1"))) == [kept[1], kept[2], kept[0]]
        assert list(state.receipts(PackageName("till"), SiteName("XX9"))) == []

    def test_sends_are_sorted_by_job_then_site(self, state: State) -> None:
        jobs = [send_only_job(name, "D1 S1", [planned("DE1"), planned("US1")]) for name in ("till", "cad")]
        state.submit(plan(*jobs), ANNA)
        rows = [(row.job, row.site) for row in state.sends()]
        assert rows == sorted(rows)
        assert [row.site for row in state.sends(job=jobs[0].name)] == ["DE1", "US1"]
        assert state.sends(job="send-nothing") == []

    def test_closed_sends_are_listed_only_if_asked(self, state: State) -> None:
        give_up(state, open_send(state, "DE1"))
        assert state.sends() == []
        assert [row.state for row in state.sends(open_only=False)] == [SendState.CANCELLED]

    def test_it_may_be_closed_twice(self, state: State) -> None:
        state.close()
        state.close()


def give_up(state: State, send: Send) -> None:
    assert state.cancel(send.package, send.site, "not today", ANNA)


def a_pass(at: int) -> Pass:
    return Pass(
        at=Instant(at),
        actor="anna",
        plan="p-1",
        fleet_digest="sha256:fleet",
        commit=None,
        outcome="refused",
        required=3,
        ready=2,
        blocked=1,
    )
