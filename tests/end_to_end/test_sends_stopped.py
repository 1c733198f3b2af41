"""Workers that are asked to stop, and workers that take over: processes, signals, and what the state says then."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from tests.end_to_end.crew import Crew, noise
from tests.end_to_end.inside import inside
from tests.end_to_end.told import told

LONG_ENOUGH = 30.0
"""Seconds to wait for what has to come; far more than it takes."""

CONTENT = 300_000
RATE = "1600kbit/s"

SMALL_PACKS = """\
from reconciler.engine.sending import assignment
assignment.LARGEST_PACK = 2**16
from reconciler.__main__ import main
main()
"""
"""At that rate one of them takes two thirds of a second, up and back."""

HANG = """\
import os, re, threading
fsync = os.fsync
def hang(descriptor):
    if re.search("/stores/DE1/parts/.*/", os.readlink(f"/proc/self/fd/{descriptor}")):
        print("it hangs", flush=True)
        threading.Event().wait()
    fsync(descriptor)
os.fsync = hang
from reconciler.__main__ import main
main()
"""
"""The site's store takes a pack and never says that it is flushed."""


@pytest.fixture
def crew(quick_folder: str, monkeypatch: pytest.MonkeyPatch) -> Crew:
    """A send that takes long is recorded."""
    monkeypatch.setenv("XDG_CACHE_HOME", f"{quick_folder}/cache")
    place = inside(quick_folder)
    place.crew.settle(sites=["DE1"], packages=["till"])
    place.crew.fill("till", {"setup.exe": noise(1, CONTENT)})
    sites = place.crew.fleet / "manifests" / "fleet.yaml"
    sites.write_text(sites.read_text().replace("address:", f"limits: {{rate: {RATE}}}, address:"))
    place.reconcile("apply")
    return place.crew


@contextmanager
def at_work(crew: Crew, program: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`reconcile work` as a process of its own, killed at the end if it still lives."""
    with (crew.folder / "out").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", program, "work"],
            cwd=crew.fleet,
            env=os.environ | {"PYTHONPATH": os.getcwd()},
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(seen: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + LONG_ENOUGH
    while not seen():
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.02)


def parts(crew: Crew) -> int:
    return len(list(crew.store("DE1").glob("parts/*/*")))


def row(crew: Crew) -> tuple[str, int, int]:
    """State, bytes done, attempts."""
    with closing(sqlite3.connect(crew.fleet / ".reconciler" / "state.db")) as state:
        found: tuple[str, int, int] = state.execute("SELECT state, bytes_done, attempts FROM readable_sends").fetchone()
        return found


def test_a_worker_that_is_asked_to_stop_puts_back_what_it_was_doing(crew: Crew) -> None:
    with at_work(crew, SMALL_PACKS) as process:
        until(lambda: parts(crew) > 1, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 143
    state, done, attempts = row(crew)
    assert (state, attempts) == ("queued", 1)
    assert 0 < done < CONTENT


def test_a_second_signal_ends_a_worker_at_once(crew: Crew) -> None:
    with at_work(crew, HANG) as process:
        until(lambda: "it hangs" in (crew.folder / "out").read_text(), process)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 143


@pytest.mark.long
def test_a_worker_stops_though_a_store_hangs(crew: Crew) -> None:
    with at_work(crew, HANG) as process:
        until(lambda: "it hangs" in (crew.folder / "out").read_text(), process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 143


def test_R6_another_worker_takes_over_what_a_killed_one_had(quick_folder: str) -> None:
    result = told("taken_over", quick_folder)
    print(f"R6: taken over {result['seconds']:.2f} s after the kill")
    assert result["before"] == ["sending", 1]
    assert result["after"] == ["complete", 2]
    assert result["waits"] == 0
    assert result["seconds"] < 10
