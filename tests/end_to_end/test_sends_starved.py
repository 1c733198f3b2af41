"""Dead sites hold up nobody (L21), and a worker can be told to stop whatever hangs."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.engine.working import loop
from reconciler.model.instants import Seconds
from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.model.working import SendArrived
from reconciler.senders.protocol import Sender
from reconciler.wiring import open_sender
from tests.end_to_end.crew import noise
from tests.end_to_end.inside import Inside, inside
from tests.senders.faulty import Faulty, Trip

FAST = 10.0
"""So many times as fast as ours is the clock of these workers."""

HALF_A_SEND = 1.5
"""Seconds that a healthy site takes to write a pack, and again to publish it, by the workers' clock."""

DEAD = [f"S{number:02}" for number in range(5)]
HEALTHY = [f"S{number:02}" for number in range(5, 20)]


class Hanging:
    """The way to dead sites: whoever takes it hangs until the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def open(self, address: Address) -> Sender:
        site = Path(address.path).name
        if site in DEAD:
            self.over.wait(60)
            raise StoreFault(Cause.NETWORK, "the site is dead")
        late = Trip(fault=None, delay=HALF_A_SEND / FAST)
        return Faulty(open_sender(address), {("append", 1): late, ("publish", 1): late}, sleep=time.sleep)


@pytest.fixture
def fleet_of(quick_folder: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[str]], Inside]:
    """A fleet of these sites, with a send recorded for each."""
    monkeypatch.setenv("XDG_CACHE_HOME", f"{quick_folder}/cache")
    monkeypatch.setattr(loop, "TICK", 0.02)
    monkeypatch.setattr(loop, "PATIENCE", 0.1)

    def made(sites: Sequence[str]) -> Inside:
        place = inside(f"{quick_folder}/{len(sites)}", clock=lambda: time.monotonic() * FAST)
        place.crew.settle(sites=sites, packages=["till"])
        place.crew.fill("till", {"setup.exe": noise(5, 10_000)})
        place.reconcile("apply")
        return place

    return made


def healthy_take(place: Inside) -> float:
    """Seconds by the workers' clock until all healthy sites have what they need."""
    way = Hanging()
    means = place.means(open_sender=way.open)
    means = replace(means, settings=replace(means.settings, count=3, lease=Seconds(3600)))

    def arrived() -> list[float]:
        events = zip(place.shown.told, place.shown.at, strict=True)
        return [at for event, at in events if isinstance(event, SendArrived)]

    began = means.clock()
    try:
        place.work(means, stop=lambda: len(arrived()) == len(HEALTHY))
    finally:
        way.over.set()
    assert len(arrived()) == len(HEALTHY)
    return max(arrived()) - began


def test_L21_five_dead_sites_of_twenty_do_not_hold_up_the_others(fleet_of: Callable[[Sequence[str]], Inside]) -> None:
    alone = healthy_take(fleet_of(HEALTHY))
    beside = healthy_take(fleet_of(DEAD + HEALTHY))
    print(f"L21: {alone:.1f} s without dead sites, {beside:.1f} s with five of twenty")
    assert beside < 1.5 * alone
