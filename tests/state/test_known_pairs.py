"""A snapshot for somebody who asks again says what one says for somebody who asks for the first time."""

from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.instants import Instant
from reconciler.model.names import PackageName
from reconciler.model.snapshot import SendState
from reconciler.state import known_pairs
from reconciler.state.known_pairs import KnownPairs
from reconciler.state.protocol import Author
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW, plan, planned, send_only_job, wanted
from tests.properties import tried
from tests.state.test_agreement import SITES, Step, World, claims, folder, receives, renews, steps, waits

Question = tuple[dict[str, tuple[str, tuple[str, ...]]], tuple[str, ...]]

QUESTIONS: list[Question] = [
    ({"cad": ("D1 S1", SITES), "till": ("D1 S1", SITES)}, SITES),
    ({"cad": ("D2 S1", SITES), "till": ("D2 S1", SITES)}, SITES),
    ({"cad": ("D1 S1", SITES[:2]), "till": ("D1 S2", SITES)}, SITES),
    ({"till": ("D1 S1", SITES[:1])}, SITES[:1]),
]


@tried(60)
@given(st.lists(st.tuples(steps, st.integers(0, len(QUESTIONS) - 1)), max_size=25))
@example([(receives("till@DE1", "D1 S1", 1), 0), (waits(5), 2), (waits(5), 0)])
def test_L7_what_is_known_already_changes_no_answer(given_steps: list[tuple[Step, int]]) -> None:
    shared, apart = KnownPairs(), [KnownPairs() for _ in QUESTIONS]
    with folder() as path:
        world = World(lambda liveness: open_sqlite(f"{path}/state.db", write=True, liveness=liveness))
        with closing(world.state):
            for at, (step, asked) in enumerate(given_steps):
                step(world, Author(actor="anna", at=Instant(NOW + at)))
                question, sites = QUESTIONS[asked]
                demand = wanted(question, sites=sites)
                plain = world.state.snapshot(demand)
                assert world.state.snapshot(demand, shared) == plain
                assert world.state.snapshot(demand, apart[asked]) == plain


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            [({"till": ("D1 S1", SITES[:2])}, SITES[:2]), ({"till": ("D1 S1", SITES[1:])}, SITES[1:])], id="sites"
        ),
        pytest.param([QUESTIONS[0], QUESTIONS[1], QUESTIONS[0]], id="revisions"),
    ],
)
def test_another_question_gets_another_answer(asked: list[Question]) -> None:
    known = KnownPairs()
    with folder() as path, closing(open_sqlite(f"{path}/state.db", write=True)) as state:
        receives("till@EU1", "D1 S1", 1)(World(lambda _: state), Author(actor="anna", at=Instant(NOW)))
        for question, sites in asked:
            demand = wanted(question, sites=sites)
            assert state.snapshot(demand, known) == state.snapshot(demand)


def test_how_far_a_send_is_is_told_each_time() -> None:
    known, demand = KnownPairs(), wanted(QUESTIONS[0][0], sites=SITES)
    job = send_only_job("till", "D1 S1", [planned("EU1", 1, 0)])
    with folder() as path:
        world = World(lambda liveness: open_sqlite(f"{path}/state.db", write=True, liveness=liveness))
        with closing(world.state) as state:
            author = Author(actor="anna", at=Instant(NOW))
            state.submit(plan(job), author)
            told = []
            for step in (claims(["till@EU1"], 0, 0, None), renews([-1], 0, SendState.VERIFYING)):
                step(world, author)
                assert state.snapshot(demand, known) == state.snapshot(demand)
                told.append(state.snapshot(demand, known).open_sends[0].state)
            assert told == [SendState.SENDING, SendState.VERIFYING]


def test_only_packages_of_which_something_changed_are_looked_at() -> None:
    known, demand = KnownPairs(), wanted(QUESTIONS[0][0], sites=SITES)
    with folder() as path, closing(open_sqlite(f"{path}/state.db", write=True)) as state:
        world = World(lambda _: state)
        receives("cad@DE1", "D1 S1", 1)(world, Author(actor="anna", at=Instant(NOW)))
        state.snapshot(demand, known)
        before = dict(known.packages)
        receives("till@DE1", "D1 S1", 1)(world, Author(actor="anna", at=Instant(NOW)))
        state.snapshot(demand, known)
        assert known.packages[PackageName("cad")] is before[PackageName("cad")]
        assert known.packages[PackageName("till")] is not before[PackageName("till")]


def test_P5_a_first_roll_out_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.state.differences.MOST", 5)
    known, demand = KnownPairs(), wanted(QUESTIONS[0][0], sites=SITES)
    with folder() as path, closing(open_sqlite(f"{path}/state.db", write=True)) as state:
        assert len(state.snapshot(demand, known).differences) == 6
        assert known.packages == {}
        assert known_pairs.MOST < 100_000
