"""Several processes at one state, and processes that are killed."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.workshop import Workshop, workshop


def open_rows(place: Workshop) -> list[tuple[str, str]]:
    """(package, site) of every open row."""
    status = json.loads(place.reconcile("status", "-o", "json").stdout)
    return sorted(
        (job["package"], row["site"]) for job in status["sends"] for row in job["sites"] if row["state"] == "queued"
    )


def test_R1_eight_processes_record_each_send_once(tmp_path: Path) -> None:
    place = workshop(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda _: place.reconcile("apply"), range(8)))
    assert [process.returncode for process in ended] == [0] * 8
    assert open_rows(place) == [("till-4", "DE1"), ("till-4", "EU1")]
    assert len(place.sends()) == 2


def killed_at(place: Workshop, step: int) -> bool:
    """Run `reconcile` until it kills itself before the step with this number; False if there are not so many."""
    launcher = [sys.executable, "-m", "tests.end_to_end.killed", str(step)]
    ended = subprocess.run(launcher, cwd=place.here, env=place.environment, timeout=120, check=False)
    assert ended.returncode in (0, -9)
    return ended.returncode == -9


def kill_and_repeat(folder: Path, step: int) -> tuple[bool, Workshop]:
    place = workshop(folder)
    killed = killed_at(place, step)
    assert place.reconcile("apply").returncode == 0
    return killed, place


@pytest.mark.parametrize("step", [5, 20, 45, 70, 85])
def test_R2_a_killed_pass_run_again_ends_as_an_unkilled_one(tmp_path: Path, step: int) -> None:
    _, place = kill_and_repeat(tmp_path, step)
    assert open_rows(place) == [("till-4", "DE1"), ("till-4", "EU1")]
    assert len(place.sends()) == 2


@pytest.mark.long
def test_R2_killed_at_every_step(tmp_path: Path) -> None:
    step, killed = 0, True
    while killed:
        step += 1
        killed, place = kill_and_repeat(tmp_path / str(step), step)
        assert open_rows(place) == [("till-4", "DE1"), ("till-4", "EU1")]
        assert len(place.sends()) == 2
    assert step > 30
