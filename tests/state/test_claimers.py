"""Real processes that claim sends of one SQLite state."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.model.instants import Seconds
from reconciler.state.liveness import this_process
from reconciler.state.protocol import Author
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW, plan, planned, send_only_job
from tests.conformance.steps import candidate
from tests.state import claimers

ROOT = Path(__file__).parents[2]
ANNA = Author(actor="anna", at=NOW)
Start = Callable[[int], subprocess.Popen[str]]


@pytest.fixture
def path(quick_folder: str) -> str:
    path = f"{quick_folder}/state.db"
    sites = [planned(f"S{number:03}") for number in range(claimers.SENDS // 2)]
    with closing(open_sqlite(path, write=True)) as state:
        state.submit(plan(*(send_only_job(package, "D1 S1", sites) for package in ("cad", "till"))), ANNA)
    return path


@pytest.fixture
def start(path: str) -> Iterator[Start]:
    """A process that is ready to claim so many at a time."""
    processes = []

    def start(batch: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.state.claimers", path, str(batch)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert heard(process) == "ready"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "it ended before it was done"
    return line.strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def claimed(process: subprocess.Popen[str]) -> list[str]:
    """All it claimed."""
    return list(iter(lambda: heard(process), "done"))


def test_R1_four_processes_claim_each_of_200_sends_once(path: str, start: Start) -> None:
    processes = [start(batch) for batch in (1, 3, 3, 7)]
    for process in processes:
        go_on(process)
    pairs = [pair for process in processes for pair in claimed(process)]
    assert Counter(pairs).most_common(1)[0][1] == 1
    assert len(pairs) == claimers.SENDS
    with closing(open_sqlite(path, write=False)) as state:
        assert len(state.claims()) == claimers.SENDS
        assert {send.attempts for send in state.sends()} == {1}
        assert sum(seen.claims for seen in state.workers()) == claimers.SENDS
        assert [seen.alive for seen in state.workers()] == [True] * claimers.PROCESSES


def test_R6_the_claims_of_a_killed_process_are_free_at_once(path: str, start: Start) -> None:
    process = start(50)
    go_on(process)
    assert len(claimed(process)) == claimers.SENDS
    with closing(open_sqlite(path, write=True)) as state:
        candidates = [candidate(send) for send in state.sends()]
        me = this_process()
        assert state.claim(me, candidates, ANNA, lease=Seconds(20)) == []
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, though its parent has not waited for it yet
        taken = state.claim(me, candidates, ANNA, lease=Seconds(20))
        assert len(taken) == claimers.SENDS
        assert {claim.send.attempts for claim in taken} == {2}
        assert state.history(limit=1)[0].action == "taken-over"
        assert [(seen.worker.pid, seen.alive) for seen in state.workers()] == [(me.pid, True), (process.pid, False)]
