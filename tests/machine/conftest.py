"""The machine over each state, and one to tell stories with."""

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.stateful import precondition, rule

from reconciler.state.memory import MemoryState
from reconciler.state.protocol import State
from reconciler.state.sqlite import open_sqlite

from .machine import Machine
from .manifests import Sources


@pytest.fixture(scope="module")
def sources() -> Iterator[Sources]:
    with tempfile.TemporaryDirectory() as path:
        yield Sources(Path(path))


def over_memory(sources: Sources) -> type[Machine]:
    class OverMemory(Machine):
        def open(self) -> State:
            """One for all that open it."""
            if not hasattr(self, "memory"):
                self.memory = MemoryState(self.clock.liveness)
            return self.memory

        @rule()
        def a_copy_of_the_state_is_kept(self) -> None:
            self.kept = copy.deepcopy((vars(self.memory), self.forgotten))

        @precondition(lambda self: hasattr(self, "kept"))
        @rule()
        def the_state_is_replaced_by_the_copy(self) -> None:
            """And the workers with it (R5): the stores know more than the state from now on."""
            for number, _ in enumerate(self.crew):
                self.kill(number)
            for place in self.places:
                place.restore()
                if place.harmed:  # the copy may be of before
                    place.touch()
            state, self.forgotten = copy.deepcopy(self.kept)
            vars(self.memory).update(state)
            self.rows, self.marks, self.endings, self.looks = {}, {}, [], []

    OverMemory.sources = sources
    return OverMemory


def over_sqlite(sources: Sources) -> type[Machine]:
    class OverSqlite(Machine):
        def open(self) -> State:
            return open_sqlite(f"{self.folder}/state.db", write=True, liveness=self.clock.liveness)

    OverSqlite.sources = sources
    return OverSqlite


@pytest.fixture
def machine(sources: Sources) -> Iterator[Machine]:
    """After its first pass; at the end all of it must heal (L8)."""
    machine = over_memory(sources)()
    try:
        machine.reconcile(acknowledged=True)
        yield machine
        machine.laws()
    except BaseException:
        machine.close()
        raise
    machine.teardown()
