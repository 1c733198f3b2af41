import pytest

from reconciler.state.memory import MemoryState
from reconciler.state.protocol import State
from tests.conformance.state import StateConformance


class TestMemory(StateConformance):
    @pytest.fixture
    def state(self) -> State:
        return MemoryState()

    def reopen(self, state: State) -> State:
        return state
