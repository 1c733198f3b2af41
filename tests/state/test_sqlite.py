from collections.abc import Iterator

import pytest

from reconciler.state.protocol import State
from reconciler.state.sqlite import open_sqlite
from tests.conformance.state import StateConformance
from tests.conformance.steps import Machine


class TestSqlite(StateConformance):
    @pytest.fixture
    def state(self, quick_folder: str, machine: Machine) -> Iterator[State]:
        self.path = f"{quick_folder}/state.db"
        self.liveness = machine.liveness
        self.opened = [open_sqlite(self.path, write=True, liveness=self.liveness)]
        yield self.opened[0]
        for state in self.opened:
            state.close()

    def reopen(self, state: State) -> State:
        self.opened.append(open_sqlite(self.path, write=True, liveness=self.liveness))
        return self.opened[-1]
