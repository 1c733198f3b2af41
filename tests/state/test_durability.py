"""Real processes on one SQLite state: several at once, and killed ones."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.state.sqlite import open_sqlite
from tests.state import contenders

ROOT = Path(__file__).parents[2]


def test_R1_eight_processes_record_each_send_once(quick_folder: str) -> None:
    path = f"{quick_folder}/state/state.db"
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.state.contenders", path, str(number)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(contenders.PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    recorded = [name for process in processes for name in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in processes] == [0] * contenders.PROCESSES
    with closing(open_sqlite(path, write=False)) as state:
        rows = state.sends(open_only=False)
        assert len(recorded) == len(set(recorded))
        assert set(recorded) == {row.job for row in rows}
        assert [row.site for row in rows if row.package == "till"] == list(contenders.SITES)
        assert sorted(row.site for row in rows if row.package == "cad") == list(contenders.SITES)
        assert {row.number for row in rows} == {1}
        assert len(state.passes(99)) == 2 * contenders.PROCESSES


STORIES = {"first": 3, "second": 2, "work": 4, "claim": 2, "renew": 2, "end": 2}
"""Story → how many states of it others can see, the one before included."""


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.long)])
def test_R2_a_process_killed_at_any_statement_leaves_before_or_after(quick_folder: str, every: int) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.state.killed", quick_folder, str(every), *STORIES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    results = [json.loads(line) for line in told.stdout.splitlines()]
    for (story, steps), result in zip(STORIES.items(), results, strict=True):
        assert result["statements"] > 25, story
        assert (result["steps"], result["torn"], result["other ends"]) == (steps, [], []), story
