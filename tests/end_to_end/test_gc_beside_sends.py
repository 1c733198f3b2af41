"""`gc` while sends go on: the newest at a site is whole at every moment, as a reader there sees it (R3, L18)."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import PACKAGE
from tests.end_to_end.onlooker import Broken, Usable, check, usable
from tests.end_to_end.workshop import LONG_ENOUGH, Workshop, workshop

SHARED = random.Random(1).randbytes(200_000)
"""Of every revision, so that packs of old ones are referred to by new ones."""


@contextmanager
def running(place: Workshop, *arguments: str) -> Iterator[Path]:
    """A process of the fleet while the block runs; where its output goes."""
    output = place.folder / f"{arguments[1]}.out"
    with output.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=place.here, env=place.environment, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            yield output
            assert process.poll() is None, output.read_text()
        finally:
            process.terminate()
            process.wait(timeout=15)


def fleet(folder: Path) -> Workshop:
    """Two sites that keep nothing but what they hold, so that everything else goes at once."""
    place = workshop(folder)
    sites = place.here / "manifests" / "sites.yaml"
    sites.write_text(sites.read_text().replace("address:", "keep: 0, address:"))
    for site in ("EU1", "DE1"):
        (place.here / "stores" / site).mkdir(parents=True)
    return place


def release(place: Workshop, letter: int) -> None:
    package = place.here / "manifests" / "till.yaml"
    package.write_text(PACKAGE.replace('"4.20"', f'"4.{letter}"'))
    payload = place.here / "payload" / "till"
    (payload / "shared.bin").write_bytes(SHARED)
    (payload / "setup.exe").write_bytes(random.Random(letter).randbytes(60_000))
    ended = place.reconcile()
    assert ended.returncode == 0, ended.stderr


def look(store: Path) -> Usable | None:
    """What is usable there, read in full. What was overtaken while it was read may be gone by then."""
    found = usable(store).get("till-4")
    try:
        if found is not None:
            check(store, found)
    except Broken:
        again = usable(store).get("till-4")
        if again is None or again.number == found.number:  # type: ignore[union-attr]  # only what was found is broken
            raise
    return found


def watched_until(stores: list[Path], number: int) -> int:
    """Look again and again until the record with this number is everywhere; how often it was looked."""
    looks, give_up = 0, time.monotonic() + 2 * LONG_ENOUGH
    arrived: set[Path] = set()
    while len(arrived) < len(stores):
        assert time.monotonic() < give_up, f"number {number} did not arrive"
        for store in stores:
            found = look(store)
            looks += 1
            if found is not None and found.number >= number:
                arrived.add(store)
    return looks


def go_on(folder: Path, contents: list[int], *, least: int) -> None:
    """Send these contents one after the other beside a `gc` without grace, which deletes at least so many files."""
    place = fleet(folder)
    stores = [place.here / "stores" / site for site in ("EU1", "DE1")]
    release(place, contents[0])
    with (
        running(place, "-m", "reconciler", "work"),
        running(place, "-m", "tests.end_to_end.collecting") as said,
    ):
        looks = watched_until(stores, 1)
        for number, letter in enumerate(contents[1:], start=2):
            release(place, letter)
            looks += watched_until(stores, number)
        give_up = time.monotonic() + LONG_ENOUGH
        while deleted(said) < least:
            assert time.monotonic() < give_up, "nothing is deleted"
            looks += watched_until(stores, len(contents))
    assert looks > 10 * len(contents)


def deleted(said: Path) -> int:
    """How many files `gc` deleted so far; fails if anything but that came of it."""
    lines = [line.split(" ", 2) for line in said.read_text().splitlines(keepends=True) if line.endswith("\n")]
    assert {outcome for outcome, *_ in lines} <= {"read", "busy", "no-store"}
    assert [faults for _, _, *faults in lines if faults] == []
    return sum(int(number) for _, number, *_ in lines)


def test_R3_a_site_is_whole_at_every_moment_though_gc_never_waits(tmp_path: Path) -> None:
    go_on(tmp_path, [1, 2], least=1)


@pytest.mark.long
def test_R3_going_to_and_fro_a_hundred_times_beside_gc(tmp_path: Path) -> None:
    contents = [random.Random(number).randrange(4) for number in range(100)]
    changing = [letter for letter, before in zip(contents, [None, *contents], strict=False) if letter != before]
    go_on(tmp_path, changing, least=50)
