"""Transfers cut at any operation and after any byte: the next attempt goes on with what arrived (L19)."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from time import sleep

import pytest

from reconciler.engine.sending import assignment
from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.working import SendArrived, SendStarted, SendWaits
from reconciler.senders.protocol import Sender
from reconciler.wiring import open_sender
from tests.end_to_end.crew import noise
from tests.end_to_end.inside import Inside, inside
from tests.end_to_end.onlooker import check, chunks, files_of_blocks, strangers, usable
from tests.senders.faulty import Faulty, Trip

FILES = {"setup.exe": noise(7, 250_000), "read me.txt": b"text\n" * 500}
SMALL_PACKS = 2**17
BLOCK = 2**16
"""In packs so small a block has 32 KiB, or a single chunk."""

CONTENT = 252_000
"""What travels uncut, the tables of three packs included."""

TABLES = 4_000
"""What a cut may cost beside a block: the table of the torn pack, and one more pack."""

SLOW = {("begin", 2): Trip(fault=None, delay=1.5)}
"""The second pack takes its time, so that a stop comes before it."""

Script = Mapping[tuple[str, int], Trip]


@pytest.fixture
def place(quick_folder: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Inside]:
    """Fleets with a send recorded and its parcel packed, nothing sent yet: as many as are asked for."""
    monkeypatch.setattr(assignment, "LARGEST_PACK", SMALL_PACKS)
    monkeypatch.setenv("XDG_CACHE_HOME", f"{quick_folder}/cache")

    def made(number: int) -> Inside:
        place = inside(f"{quick_folder}/{number}")
        place.crew.settle(sites=["DE1"], packages=["till"])
        place.crew.fill("till", FILES)
        place.reconcile("apply")
        return place

    return made


def tripping(script: Script) -> tuple[Callable[[Address], Sender], list[Faulty]]:
    """A way to open senders of which the first to the site trips; those made for it."""
    made: list[Faulty] = []

    def opened(address: Address) -> Sender:
        sender = open_sender(address)
        if Path(address.path).name != "DE1":
            return sender
        made.append(Faulty(sender, {} if made else script))
        return made[-1]

    return opened, made


def cut(place: Inside, script: Script) -> Counter[str]:
    """Send, be cut, and send again; how often each operation of the first attempt was asked for."""
    store = place.crew.store("DE1")
    opened, made = tripping(script)
    place.work(place.means(open_sender=opened))
    kinds = Counter(type(event) for event in place.shown.told)
    there = files_of_blocks(store)
    arrived = set(chunks(list(there.values())))
    sent = sum(path.stat().st_size for path in there.values())
    assert not strangers(store)
    if kinds[SendWaits]:
        place.later += 60
        place.work(place.means(open_sender=opened))
        kinds = Counter(type(event) for event in place.shown.told)
        assert kinds[SendStarted] == 1, place.shown.told
        (started,) = (event for event in place.shown.told if isinstance(event, SendStarted))
        assert started.send.attempts == 2
    assert kinds[SendArrived] == 1, place.shown.told
    new = [path for inode, path in files_of_blocks(store).items() if inode not in there]
    assert not arrived.intersection(chunks(new)), "whole chunks were sent again"
    sent += sum(path.stat().st_size for path in new)
    allowed = CONTENT + (BLOCK + TABLES if kinds[SendStarted] and there else 0)
    assert sent <= allowed, "more than a block was sent again"
    assert check(store, usable(store)["till"]) == FILES
    return made[0].calls


def operations(place: Inside) -> Counter[str]:
    return cut(place, {})


def test_L19_a_send_cut_amid_a_pack_goes_on_at_the_block(place: Callable[[int], Inside]) -> None:
    for number, (piece, arrived) in enumerate([(1, 0), (2, 5_000), (5, 3_000), (7, 10), (9, 9_000)]):
        cut(place(number), {("append", piece): Trip(short=arrived)})


def test_L19_a_send_cut_at_any_kind_of_operation_goes_on(place: Callable[[int], Inside]) -> None:
    for number, operation in enumerate(("create", "begin", "flush", "publish", "digest", "entries", "remove")):
        cut(place(number), {(operation, 2): Trip(done=number % 2 == 1)})


@pytest.mark.long
def test_L19_cut_at_every_operation(place: Callable[[int], Inside]) -> None:
    count = operations(place(0))["*"]
    assert count > 30
    for number in range(1, count + 1):
        for done in (False, True):
            cut(place(2 * number + done), {("*", number): Trip(done=done)})
    print(f"cut before and after each of {count} operations")


@pytest.mark.long
def test_L19_cut_after_every_few_bytes(place: Callable[[int], Inside]) -> None:
    pieces = operations(place(0))["append"]
    assert pieces > 8
    lengths = range(0, 2**15, 2_999)
    for piece in range(1, pieces + 1):
        for number, arrived in enumerate(lengths):
            cut(place(1000 * piece + number), {("append", piece): Trip(short=arrived)})
    print(f"cut after each of {len(lengths)} lengths of {pieces} pieces")


def meddled(place: Inside, operation: str, names: str) -> SendWaits:
    """How a send waits when somebody removes files from the store after an operation; it goes on later."""
    store = place.crew.store("DE1")
    left = [operation]

    def meddle(done: str) -> None:
        found = list(store.glob(names))
        if done in left and found:
            left.clear()
            for path in found:
                path.unlink()

    place.work(place.means(open_sender=lambda address: Faulty(open_sender(address), {}, after=meddle)))
    assert not usable(store)
    (waits,) = (event for event in place.shown.told if isinstance(event, SendWaits))
    place.later += 60
    place.work(place.means())
    assert check(store, usable(store)["till"]) == FILES
    return waits


def test_R4_a_pack_that_vanishes_before_the_record_keeps_it_from_being_written(place: Callable[[int], Inside]) -> None:
    waits = meddled(place(0), "publish", "packs/*")
    assert (waits.cause, waits.detail.endswith("is no longer there")) == (Cause.CORRUPT, True)


def test_a_part_that_vanishes_is_told_as_what_is_wrong_with_the_site(place: Callable[[int], Inside]) -> None:
    waits = meddled(place(0), "flush", "parts/*/*")
    assert (waits.cause, waits.detail.startswith("parts/")) == (Cause.CORRUPT, True)


def test_L19_what_one_send_left_is_not_cleared_away_by_another(place: Callable[[int], Inside]) -> None:
    fleet = place(0)
    store = fleet.crew.store("DE1")
    asked: list[str] = []

    def after(operation: str) -> None:
        asked.append(operation)

    def stop() -> bool:
        return "digest" in asked  # a pack is there, none is published

    fleet.work(
        fleet.means(open_sender=lambda address: Faulty(open_sender(address), SLOW, sleep=sleep, after=after)), stop=stop
    )
    arrived = set(chunks(list(store.glob("parts/*/*"))))
    assert arrived
    fleet.crew.add("cad", {"cad.exe": noise(8, 90_000)})
    fleet.reconcile("apply")
    fleet.work(fleet.means(), stop=lambda: "cad" in usable(store))
    assert usable(store).keys() == {"cad"}
    there = files_of_blocks(store)
    fleet.work(fleet.means())
    new = [path for inode, path in files_of_blocks(store).items() if inode not in there]
    assert check(store, usable(store)["till"]) == FILES
    assert not arrived.intersection(chunks(new))
