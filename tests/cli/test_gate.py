"""`ready --wait`: told only what changed, ended by a receipt, by the time, or by a signal."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.cli.options import Options
from reconciler.cli.workplace import work_in
from reconciler.engine.gate import Gate
from reconciler.engine.manifests import FleetRead
from reconciler.model.readiness import NotReady, Readiness
from tests.cli.conftest import Reconcile
from tests.cli.test_questions import arrive, recorded

READY = Readiness(subject="j", required=1, missing=())


def no(detail: str) -> Readiness:
    missing = NotReady(package="P", site="S", verdict="in-flight", reasons=(), detail=detail)  # type: ignore[arg-type]
    return Readiness(subject="j", required=1, missing=(missing,))


@dataclass
class World:
    """A clock that only sleeping moves, a state whose version and answer change at stated times."""

    answers: dict[float, Readiness]
    now: float = 0.0
    reads: int = 0
    asked: list[float] = field(default_factory=list)
    told: list[Readiness] = field(default_factory=list)
    then: Callable[[float], None] = lambda _: None

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.then(self.now)

    def version(self) -> int:
        return sum(at <= self.now for at in self.answers)

    def read(self) -> FleetRead:
        self.reads += 1
        return self.gate.manifests.read()

    def ask(self, _: FleetRead) -> Readiness:
        self.asked.append(self.now)
        return [answer for at, answer in sorted(self.answers.items()) if at <= self.now][-1]

    def wait(self, limit: float) -> Readiness:
        manifests = work_in(Options()).manifests
        self.gate = Gate(manifests=manifests, read=self.read, version=self.version, ask=self.ask)
        return self.gate.wait(limit, clock=lambda: self.now, sleep=self.sleep, tell=self.told.append)


@pytest.mark.usefixtures("fleet")
def test_it_asks_again_only_when_the_state_changed_and_tells_only_what_is_new() -> None:
    world = World({0: no("queued"), 10: no("sending"), 20: no("sending"), 30: READY})
    assert world.wait(3600) == READY
    assert (world.now, world.told) == (30, [no("queued"), no("sending")])
    assert world.asked == [0, 10, 20, 30, 30]
    assert world.reads == 2  # at first, and once more before it is yes


@pytest.mark.usefixtures("fleet")
def test_it_waits_exactly_as_long_as_asked() -> None:
    world = World({0: no("queued"), 100: READY})
    assert world.wait(99.5) == no("queued")
    assert world.now == 99.5
    assert World({0: no("queued")}).wait(0) == no("queued")


def test_it_reads_manifests_and_sources_again_when_they_changed(fleet: Path) -> None:
    def change(now: float) -> None:
        if now == 5:
            (fleet / "manifests" / "job.yaml").write_text((fleet / "manifests" / "job.yaml").read_text() + "\n# x\n")
        if now == 7:
            (fleet / "payload" / "till" / "setup.exe").write_bytes(b"newer and longer")

    world = World({0: no("queued")}, then=change)
    world.wait(20)
    assert (world.asked, world.reads) == ([0, 5, 7], 3)


def test_a_yes_that_the_manifests_no_longer_mean_is_no(fleet: Path, reconcile: Reconcile) -> None:
    plan = recorded(reconcile)
    arrive(fleet / ".reconciler" / "state.db", plan, "DE1", "EU1")
    assert reconcile("ready", "till-emea", "--wait", "1m").code == 0
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"another revision")
    assert reconcile("ready", "till-emea").code == 3


def test_it_ends_with_130_when_interrupted_and_has_said_what_it_waits_for(fleet: Path, reconcile: Reconcile) -> None:
    assert reconcile("-q").code == 0
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "reconciler", "ready", "till-emea", "--wait", "1h"]
    with subprocess.Popen(command, cwd=fleet, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert line.startswith("waiting for 2 of 2: till-4@DE1  in-flight  queued  send-till-4-")
