"""What every state must do with what somebody is to be told of, and with counts: a part of the suite in `state`."""

from dataclasses import replace

from reconciler.model.instants import Instant, Seconds
from reconciler.model.notifications import LONGEST, NAMED, Delivery, DeliveryState, Sighting
from reconciler.model.settings import EventKind
from reconciler.model.snapshot import SendState
from reconciler.state.protocol import State
from tests.builders import NOW
from tests.conformance.steps import claim, open_send

OPS = {"ops": frozenset(EventKind), "chat": frozenset({EventKind.MENDED})}
MINUTE = Seconds(60)


def sighting(*subjects: str, at: int = NOW, kind: EventKind = EventKind.SEND_FAILED, **more: object) -> Sighting:
    return replace(Sighting(kind=kind, at=Instant(at), standing=dict.fromkeys(subjects, "no route"), over=None), **more)


def take(state: State, notifier: str = "ops", at: int = NOW) -> Delivery | None:
    return state.take_delivery(notifier, Instant(at), lease=MINUTE)


def taken(state: State, notifier: str = "ops", at: int = NOW) -> Delivery:
    found = take(state, notifier, at)
    assert found is not None
    return found


class Notifying:
    """Inherited by the suite."""

    def test_what_stands_is_news_once(self, state: State) -> None:
        told = state.note(sighting("till@DE1", "till@EU1"), OPS)
        assert [(one.event, one.subjects, one.count) for one in told] == [
            (EventKind.SEND_FAILED, (("till@DE1", "no route"), ("till@EU1", "no route")), 2)
        ]
        assert state.note(sighting("till@DE1", "till@EU1", at=NOW + 60), OPS) == []
        (more,) = state.note(sighting("till@DE1", "till@EU1", "till@FR1", at=NOW + 60), OPS)
        assert more.subjects == (("till@FR1", "no route"),)

    def test_what_is_over_is_told_once_and_can_be_news_again(self, state: State) -> None:
        state.note(sighting("till@DE1", "till@EU1"), OPS)
        (mended,) = state.note(sighting("till@EU1", at=NOW + 60), OPS)
        assert (mended.event, mended.mended, mended.subjects) == (
            EventKind.MENDED,
            EventKind.SEND_FAILED,
            (("till@DE1", ""),),
        )
        assert state.note(sighting("till@EU1", at=NOW + 120), OPS) == []
        (again,) = state.note(sighting("till@DE1", "till@EU1", at=NOW + 180), OPS)
        assert (again.event, again.count) == (EventKind.SEND_FAILED, 1)

    def test_what_was_seen_before_it_began_ends_nothing(self, state: State) -> None:
        state.note(sighting("till@DE1", at=NOW), OPS)
        assert state.note(sighting(at=NOW), OPS) == []
        assert state.note(sighting(at=NOW - 60), OPS) == []
        assert len(state.note(sighting(at=NOW + 1), OPS)) == 1

    def test_only_what_is_said_to_be_over_is(self, state: State) -> None:
        state.note(sighting("a", "b"), OPS)
        assert state.note(sighting(at=NOW + 1, over=frozenset()), OPS) == []
        (told,) = state.note(sighting(at=NOW + 1, over=frozenset({"b", "c"})), OPS)
        assert told.subjects == (("b", ""),)
        assert state.standing() == {EventKind.SEND_FAILED: {"a": NOW}}

    def test_the_first_look_at_a_baseline_tells_nothing(self, state: State) -> None:
        ready = sighting("a", kind=EventKind.JOB_READY, baseline=True)
        assert state.note(ready, OPS) == []
        (told,) = state.note(replace(ready, standing={"a": "", "b": ""}, at=Instant(NOW + 1)), OPS)
        assert told.subjects == (("b", ""),)
        assert state.note(replace(ready, standing={"b": ""}, at=Instant(NOW + 2)), OPS) == []
        (again,) = state.note(replace(ready, standing={"a": "", "b": ""}, at=Instant(NOW + 3)), OPS)
        assert again.subjects == (("a", ""),)

    def test_an_empty_baseline_was_looked_at_too(self, state: State) -> None:
        assert state.note(sighting(kind=EventKind.JOB_READY, baseline=True), OPS) == []
        assert state.standing() == {}
        (told,) = state.note(sighting("a", at=NOW + 1, kind=EventKind.JOB_READY, baseline=True), OPS)
        assert told.count == 1

    def test_kinds_are_apart(self, state: State) -> None:
        state.note(sighting("a"), OPS)
        assert len(state.note(sighting("a", kind=EventKind.DRIFT_FOUND), OPS)) == 1
        assert set(state.standing()) == {EventKind.SEND_FAILED, EventKind.DRIFT_FOUND}

    def test_a_notification_names_some_and_counts_all(self, state: State) -> None:
        names = [f"s{number:03}" for number in range(NAMED + 5)]
        (told,) = state.note(sighting(*names, plan="p-1", commit="3f9c2ab"), OPS)
        assert [subject for subject, _ in told.subjects] == names[:NAMED]
        assert (told.count, told.plan, told.commit) == (NAMED + 5, "p-1", "3f9c2ab")
        long = state.note(sighting(standing={"z": "x" * 9999}), OPS)[0].subjects[0][1]
        assert len(long) == LONGEST

    def test_each_notifier_gets_what_it_asked_for(self, state: State) -> None:
        (told,) = state.note(sighting("a"), OPS)
        assert taken(state).notification == told
        assert take(state, "chat") is None
        assert state.census().notifications == {"ops": 1}
        state.note(sighting(at=NOW + 1), OPS)
        assert taken(state, "chat", NOW + 1).notification.event is EventKind.MENDED

    def test_what_nobody_asked_for_stands_all_the_same(self, state: State) -> None:
        assert len(state.note(sighting("a"), {})) == 1
        assert state.note(sighting("a", at=NOW + 1), OPS) == []
        assert take(state) is None

    def test_a_delivery_is_taken_by_one_until_its_lease_ends(self, state: State) -> None:
        state.note(sighting("a"), OPS)
        first = taken(state)
        assert take(state, at=NOW + 59) is None
        second = taken(self.reopen(state), at=NOW + 60)  # type: ignore[attr-defined]
        assert (first.tries, second.tries) == (1, 2)
        assert first.notification == second.notification

    def test_what_was_delivered_is_not_delivered_again(self, state: State) -> None:
        state.note(sighting("a"), OPS)
        state.end_delivery(taken(state), DeliveryState.DELIVERED, Instant(NOW))
        assert take(self.reopen(state), at=NOW + 9999) is None  # type: ignore[attr-defined]
        assert state.census().notifications == {}

    def test_what_is_put_off_waits_until_then_and_the_others_go_on(self, state: State) -> None:
        state.note(sighting("a"), OPS)
        state.note(sighting("b", kind=EventKind.DRIFT_FOUND), OPS)
        first = taken(state)
        state.end_delivery(first, DeliveryState.WAITING, Instant(NOW + 300))
        other = taken(state)
        assert other.notification.event is EventKind.DRIFT_FOUND
        state.end_delivery(other, DeliveryState.DELIVERED, Instant(NOW))
        assert take(state, at=NOW + 299) is None
        assert taken(state, at=NOW + 300).notification == first.notification

    def test_what_was_given_up_stays_so(self, state: State) -> None:
        state.note(sighting("a"), OPS)
        delivery = taken(state)
        state.end_delivery(delivery, DeliveryState.GIVEN_UP, Instant(NOW))
        state.end_delivery(delivery, DeliveryState.WAITING, Instant(NOW))
        assert take(state, at=NOW + 9999) is None

    def test_a_clock_that_is_set_back_delays_nothing_for_long(self, state: State) -> None:
        state.note(sighting("a", at=NOW + 365 * 86_400), OPS)
        assert take(state) is not None

    def test_what_waits_for_a_notifier_that_is_gone_is_given_up(self, state: State) -> None:
        state.note(sighting("a"), OPS)
        assert state.retain_notifiers(["chat"]) == 1
        assert state.retain_notifiers(["chat"]) == 0
        assert take(state, at=NOW + 9999) is None

    def test_the_census_counts_what_is_open(self, state: State) -> None:
        assert state.census().oldest_open is None
        send = open_send(state, "DE1")
        open_send(state, "EU1")
        claim(state, send)
        counts = state.census()
        assert counts.sends == {SendState.QUEUED: 1, SendState.SENDING: 1}
        assert sum(counts.jobs.values()) == len({one.job for one in state.sends()})
        assert counts.oldest_open == NOW
