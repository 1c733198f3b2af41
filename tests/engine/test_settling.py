"""Two looks `settle` apart must agree (L39), and one busy source holds up nobody for ever (R9)."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.settling import PATIENCE, Settling
from reconciler.model.looks import Look

SETTLE = 2.0


def look(manifests: str, **sources: str) -> Look:
    return Look(manifests={"/fleet": (manifests,)}, sources={f"/{name}": (mark,) for name, mark in sources.items()})


def at(settling: Settling, when: float, seen: Look) -> Look | None:
    settling.saw(seen, began=when, ended=when)
    return settling.settled(when)


def test_L39_one_look_is_not_acted_on() -> None:
    settling = Settling(settle=SETTLE)
    assert at(settling, 10.0, look("a")) is None
    assert settling.due() == 12.0


def test_L39_two_looks_that_agree_too_early_are_not_acted_on() -> None:
    settling = Settling(settle=SETTLE)
    at(settling, 10.0, look("a"))
    assert at(settling, 11.9, look("a")) is None


def test_L39_two_looks_that_agree_are_acted_on() -> None:
    settling = Settling(settle=SETTLE)
    at(settling, 10.0, look("a", till="x"))
    assert at(settling, 12.0, look("a", till="x")) == look("a", till="x")


def test_L39_a_change_begins_the_wait_anew() -> None:
    settling = Settling(settle=SETTLE)
    at(settling, 10.0, look("a"))
    assert at(settling, 12.0, look("b")) is None
    assert at(settling, 13.9, look("b")) is None
    assert at(settling, 14.0, look("b")) == look("b")


def test_L39_the_time_counts_from_the_end_of_one_look_to_the_beginning_of_the_next() -> None:
    settling = Settling(settle=SETTLE)
    settling.saw(look("a"), began=10.0, ended=15.0)
    settling.saw(look("a"), began=16.9, ended=20.0)
    assert settling.settled(16.9) is None
    assert settling.due() == 17.0


def test_L39_a_source_that_changes_is_waited_for() -> None:
    settling = Settling(settle=SETTLE)
    at(settling, 10.0, look("a", till="x"))
    assert at(settling, 12.0, look("a", till="y")) is None
    assert at(settling, 14.0, look("a", till="y")) == look("a", till="y")


def test_L39_a_source_that_is_new_is_waited_for() -> None:
    settling = Settling(settle=SETTLE)
    at(settling, 10.0, look("a"))
    assert at(settling, 12.0, look("a", till="x")) is None
    assert at(settling, 14.0, look("a", till="x")) == look("a", till="x")


def test_R9_a_source_that_never_rests_is_left_out_after_a_minute_and_the_rest_is_acted_on() -> None:
    settling = Settling(settle=SETTLE)
    ready = [at(settling, float(when), look("a", till=str(when), office="x")) for when in range(61)]
    assert ready[:60] == [None] * 60
    assert ready[60] == Look(manifests={"/fleet": ("a",)}, sources={"/office": ("x",)}, unsettled=frozenset(("/till",)))


def test_R9_a_source_that_was_left_out_comes_back_after_a_minute_at_rest() -> None:
    settling = Settling(settle=SETTLE)
    for when in range(61):
        at(settling, float(when), look("a", till=str(when)))
    settling.at_rest()
    assert at(settling, 90.0, look("a", till="60")) == Look(
        manifests={"/fleet": ("a",)}, unsettled=frozenset(("/till",))
    )
    assert at(settling, 60.0 + PATIENCE, look("a", till="60")) == look("a", till="60")


def test_manifests_that_never_rest_are_never_acted_on() -> None:
    settling = Settling(settle=SETTLE)
    assert {at(settling, float(when), look(str(when))) for when in range(300)} == {None}


def test_a_source_that_moves_under_each_pass_is_left_out_after_a_minute() -> None:
    settling = Settling(settle=SETTLE)
    now = 0.0
    at(settling, now, look("a", till="x"))
    while (ready := at(settling, now, look("a", till="x"))) is None or not ready.unsettled:
        if ready is not None:
            settling.moved(["/till"], at=now)
        now += 1.0
    assert now <= PATIENCE + 2 * SETTLE


def test_what_moved_under_a_pass_is_waited_for_even_if_no_look_knew_it() -> None:
    settling = Settling(settle=SETTLE)
    at(settling, 0.0, look("a"))
    assert at(settling, 2.0, look("a")) is not None
    settling.moved(["/new-source"], at=3.0)
    assert settling.settled(4.0) is None
    assert settling.due() == 5.0


steps = st.lists(st.tuples(st.floats(0.01, 5.0), st.sampled_from("ab"), st.sampled_from("xy")), max_size=40)


@given(steps)
def test_L39_nothing_is_acted_on_that_was_not_seen_alike_for_the_whole_time(
    steps: Sequence[tuple[float, str, str]],
) -> None:
    settling = Settling(settle=SETTLE)
    now = 0.0
    seen: list[tuple[float, Look]] = []
    for wait, manifests, till in steps:
        now += wait
        seen.append((now, look(manifests, till=till)))
        ready = at(settling, *seen[-1])
        if ready is not None and not ready.unsettled:
            alike = [when for when, other in seen if when > max([0.0, *(t for t, o in seen if o != ready)])]
            assert ready == seen[-1][1]
            assert now - alike[0] >= SETTLE - 1e-9
