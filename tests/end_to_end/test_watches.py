"""Several `reconcile watch` of one state, and what systemd hears of one."""

import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.workshop import LONG_ENOUGH, Watch, Workshop, workshop


@pytest.fixture
def place(tmp_path: Path) -> Workshop:
    return workshop(tmp_path, settle="0s")


def told(watch: Watch, word: str) -> None:
    """Wait until it said so on standard error."""
    until(lambda: word in watch.errors.read_text(), watch)


def until(seen: Callable[[], bool], watch: Watch) -> None:
    give_up = time.monotonic() + LONG_ENOUGH
    while not seen():
        assert watch.process.poll() is None, watch.errors.read_text()
        assert time.monotonic() < give_up, watch.errors.read_text()
        time.sleep(0.02)


def change(place: Workshop, text: str) -> None:
    place.swap("payload/till/setup.exe", text)


def recorded(number: int) -> Callable[[list[dict[str, object]]], bool]:
    return lambda passes: sum(len(entry["recorded"]) for entry in passes) == number  # type: ignore[arg-type]


def test_R1_a_second_watch_stands_by_and_goes_on_when_the_first_was_killed(place: Workshop) -> None:
    with place.watching() as first:
        first.until(recorded(1))
        with place.watching() as second:
            told(second, f"standing by: process {first.process.pid} on ")
            change(place, "another revision")
            first.until(recorded(2))
            assert second.passes() == []
            first.process.kill()
            first.process.wait()
            change(place, "a third revision")
            second.until(recorded(1))
            told(second, f"watching now, in place of process {first.process.pid} on ")
            assert second.end(signal.SIGTERM) == 143
    assert sorted(place.sends().values()) == ["queued"] * 2 + ["superseded"] * 4


@pytest.mark.long
def test_a_dry_run_stands_by_for_nobody_and_nobody_for_it(place: Workshop) -> None:
    with place.watching("--dry-run") as dry:
        dry.until(lambda passes: len(passes) == 1)
        with place.watching() as watch:
            watch.until(recorded(1))
            with place.watching("--dry-run") as other:
                other.until(lambda passes: len(passes) == 1)


@dataclass(frozen=True)
class Notified(Workshop):
    @property
    def socket(self) -> str:
        return str(self.folder / "notify")

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"NOTIFY_SOCKET": self.socket, "WATCHDOG_USEC": "1000000"}


def heard(channel: socket.socket, word: str) -> str:
    """The next word that is no food for the watchdog and no status."""
    while (said := channel.recv(4096).decode()).startswith(("WATCHDOG=1", "STATUS=")) and not said.startswith(word):
        pass
    assert said.startswith(word)
    return said


def test_systemd_hears_when_a_watch_is_ready_reloads_and_stops(place: Workshop) -> None:
    notified = Notified(place.folder)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(notified.socket)
        channel.settimeout(LONG_ENOUGH)
        with notified.watching() as watch:
            heard(channel, "READY=1")
            heard(channel, "WATCHDOG=1")
            watch.until(recorded(1))
            watch.process.send_signal(signal.SIGHUP)
            heard(channel, "RELOADING=1")
            heard(channel, "READY=1")
            watch.process.send_signal(signal.SIGTERM)
            heard(channel, "STOPPING=1")
            assert watch.process.wait(timeout=10) == 143


def states(place: Workshop) -> list[str]:
    return sorted(place.sends().values())


def long_ago(place: Workshop) -> None:
    """What the state knows was verified ten days earlier than it was."""
    with closing(sqlite3.connect(place.here / ".reconciler" / "state.db")) as state:
        state.execute("UPDATE pairs SET as_of = as_of - 10 * 86400")
        state.commit()


def test_L34_a_watch_verifies_what_is_due_and_heals_the_drift_it_finds(place: Workshop) -> None:
    stores = place.here / "stores"
    for name in ("EU1", "DE1"):
        (stores / name).mkdir(parents=True)
    assert place.reconcile("-q").returncode == 0
    assert place.reconcile("work", "--until-idle").returncode == 0
    (pack,) = (stores / "DE1" / "packs").iterdir()
    whole = pack.read_bytes()
    pack.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
    long_ago(place)
    with place.running("watch") as watch:
        told(watch, "verified DE1 drift")
        until(lambda: states(place) == ["complete"] * 3, watch)
        assert watch.end(signal.SIGTERM) == 143
    assert "verified EU1" not in watch.errors.read_text()
    assert place.reconcile("verify", "--deep").returncode == 0


@pytest.mark.long
def test_R5_a_watch_that_slept_stands_by_and_records_nothing_once_another_took_over(place: Workshop) -> None:
    with place.watching() as first:
        first.until(recorded(1))
        with place.watching() as second:
            told(second, f"standing by: process {first.process.pid} on ")
            first.process.send_signal(signal.SIGSTOP)
            change(place, "another revision")
            second.until(recorded(1))
            change(place, "a third revision")
            second.until(recorded(2))
            first.process.send_signal(signal.SIGCONT)
            told(first, f"standing by: process {second.process.pid} on ")
            assert recorded(1)(first.passes())
            assert first.end(signal.SIGTERM) == 143
            assert second.end(signal.SIGTERM) == 143
