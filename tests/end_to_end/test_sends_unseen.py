"""A worker that cannot see the state does not take that for an idle one."""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.engine.working import loop
from reconciler.model.faults import StateError
from reconciler.model.working import SendArrived, StopReason, WorkerNotice
from reconciler.state.protocol import State
from tests.end_to_end.crew import noise
from tests.end_to_end.inside import Inside, inside


class Locked:
    """A state that is locked the first time that it is asked something."""

    def __init__(self, state: State, question: str, times: list[str]) -> None:
        self._state = state
        self._question = question
        self._times = times

    def __getattr__(self, name: str) -> Any:
        if name == self._question and not self._times:
            self._times.append(name)
            return self._refuse
        return getattr(self._state, name)

    def _refuse(self, *_: object, **__: object) -> None:
        raise StateError("the state is locked")


@pytest.fixture
def place(quick_folder: str, monkeypatch: pytest.MonkeyPatch) -> Inside:
    monkeypatch.setenv("XDG_CACHE_HOME", f"{quick_folder}/cache")
    monkeypatch.setattr(loop, "TICK", 0.02)
    place = inside(quick_folder)
    place.crew.settle(sites=["DE1"], packages=["till"])
    place.crew.fill("till", {"setup.exe": noise(1, 1000)})
    place.reconcile("apply")
    return place


@pytest.mark.parametrize("question", ["sends", "claim"])
def test_a_worker_that_could_not_ask_the_state_asks_again(place: Inside, question: str) -> None:
    means, times = place.means(), list[str]()
    opened: Callable[[], State] = means.open_state
    stopped = place.work(place.means(open_state=lambda: Locked(opened(), question, times)))
    assert times == [question]
    assert stopped.reason is StopReason.IDLE
    assert [type(event) for event in place.shown.told if isinstance(event, SendArrived | WorkerNotice)] == [
        WorkerNotice,
        SendArrived,
    ]
