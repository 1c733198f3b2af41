import pytest

from reconciler.state.memory import MemoryState
from reconciler.state.protocol import State
from tests.conformance.state import StateConformance
from tests.conformance.steps import Machine


class TestMemory(StateConformance):
    @pytest.fixture
    def state(self, machine: Machine) -> State:
        return MemoryState(machine.liveness)

    def reopen(self, state: State) -> State:
        return state
