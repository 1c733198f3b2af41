import os
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.senders.bucket import Bucket
from reconciler.senders.throttled import Throttled
from reconciler.wiring import open_sender
from tests.conformance.sender import written

MB = 1_000_000


class Clock:
    """Goes on by sleeping only."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bucket(clock: Clock, rate: Callable[[], float | None]) -> Bucket:
    return Bucket(rate, clock=clock, sleep=clock.sleep)


def throttled(root: Path, clock: Clock, *, up: float | None = None, down: float | None = None) -> Throttled:
    inner = open_sender(Address(type="directory", path=str(root)))
    return Throttled(inner, up=bucket(clock, lambda: up), down=bucket(clock, lambda: down))


def test_L22_ten_seconds_of_bytes_last_ten_seconds(tmp_path: Path, clock: Clock) -> None:
    sender = throttled(tmp_path, clock, up=MB)
    for _ in range(2):
        began = clock.now
        for number in range(10):
            written(sender, f"parts/{began}/{number}", bytes(MB))
        assert clock.now - began == pytest.approx(10, rel=0.02)


def test_L22_each_direction_has_its_own_rate(tmp_path: Path, clock: Clock) -> None:
    sender = throttled(tmp_path, clock, up=MB, down=2 * MB)
    written(sender, "parts/a/x", bytes(2 * MB))
    began = clock.now
    sender.read("parts/a/x", length=2 * MB)
    assert clock.now - began == pytest.approx(0.5, abs=0.11)  # half a second of credit
    began = clock.now
    sender.digest("parts/a/x", length=2 * MB)
    assert clock.now - began == pytest.approx(1, abs=0.11)


def test_L22_what_is_created_counts(tmp_path: Path, clock: Clock) -> None:
    sender = throttled(tmp_path, clock, up=MB)
    began = clock.now
    sender.create("a", bytes(3 * MB))
    assert clock.now - began == pytest.approx(3, abs=0.11)


def test_L22_never_more_than_a_tenth_too_much_in_any_ten_seconds(clock: Clock) -> None:
    shared = bucket(clock, lambda: 1000.0)
    log: deque[tuple[float, int]] = deque()
    for pause in (0, 0.3, 7, 0, 0.05, 60):
        for _ in range(200):
            count = shared.take(90)
            log.append((clock.now, count))
            clock.sleep(pause / 100)
    for start, _ in log:
        assert sum(count for at, count in log if start <= at < start + 10) <= 11_000


def test_a_pause_is_made_up_for(clock: Clock) -> None:
    shared = bucket(clock, lambda: 1000.0)
    began = clock.now
    done = 0
    while done < 10_000:
        done += shared.take(1000)
        if done % 1000 == 0:
            clock.sleep(0.4)  # a flush
    assert clock.now - began == pytest.approx(10, rel=0.05)


def test_no_rate_is_no_wait(tmp_path: Path, clock: Clock) -> None:
    sender = throttled(tmp_path, clock)
    written(sender, "parts/a/x", bytes(MB))
    assert sender.read("parts/a/x", length=MB) == bytes(MB)
    assert clock.now == 1000


@pytest.mark.parametrize(("before", "after"), [(100.0, 10 * MB), (10.0 * MB, 100), (None, 100), (100.0, None)])
def test_L22_a_change_holds_after_a_tenth_of_a_second(clock: Clock, before: float | None, after: float | None) -> None:
    rates: list[float | None] = [before]
    shared = bucket(clock, lambda: rates[0])
    shared.take(10**9)
    shared.take(10)
    began = clock.now
    rates[0] = after
    took = [shared.take(10**9) for _ in range(20)]
    if after is None:
        assert took[0] == 10**9
        assert clock.now == began
    else:
        assert set(took) == {int(after * 0.1)}
        assert clock.now - began <= 2.0 + 0.1


@pytest.mark.parametrize("rate", [0.125, 1.0, 9.9, 1e15])
def test_at_any_rate_it_goes_on(clock: Clock, rate: float) -> None:
    shared = bucket(clock, lambda: rate)
    taken = [shared.take(4) for _ in range(3)]
    assert all(0 < count <= 4 for count in taken)
    assert clock.now - 1000 == pytest.approx(list(accumulate(taken))[1] / rate)


def race(root: Path, *, threads: int, each: int, rate: float) -> float:
    """Seconds that so many senders of one site need for so many bytes each."""
    shared = Bucket(lambda: rate, clock=time.monotonic, sleep=time.sleep)

    def run(number: int) -> None:
        inner = open_sender(Address(type="directory", path=str(root)))
        sender = Throttled(inner, up=shared, down=shared)
        part = sender.begin(f"parts/{number}/x")
        part.append(os.urandom(each))
        part.close()
        sender.close()

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    began = time.monotonic()
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return time.monotonic() - began


def test_L22_sends_to_one_site_share_its_rate(quick_folder: str) -> None:
    assert 0.85 < race(Path(quick_folder), threads=4, each=MB // 2, rate=2 * MB) < 3  # a busy machine is late


@pytest.mark.long
def test_L22_ten_real_seconds(quick_folder: str) -> None:
    assert race(Path(quick_folder), threads=3, each=10 * MB, rate=3 * MB) == pytest.approx(10, rel=0.1)
