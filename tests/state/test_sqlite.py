from collections.abc import Iterator

import pytest

from reconciler.state.protocol import State
from reconciler.state.sqlite import open_sqlite
from tests.conformance.state import StateConformance


class TestSqlite(StateConformance):
    @pytest.fixture
    def state(self, quick_folder: str) -> Iterator[State]:
        self.path = f"{quick_folder}/state.db"
        self.opened = [open_sqlite(self.path, write=True)]
        yield self.opened[0]
        for state in self.opened:
            state.close()

    def reopen(self, state: State) -> State:
        self.opened.append(open_sqlite(self.path, write=True))
        return self.opened[-1]
