"""What was published survives a power cut (R2, R4): an ext4 of our own, shut down without writing its journal."""

import fcntl
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.senders.protocol import Sender
from reconciler.wiring import open_sender
from tests.conformance.sender import files, read, written
from tests.senders.mounted import mounted, needs_mounts

SHUTDOWN = 0x8004587D
WITHOUT_JOURNAL = 2

DATA = os.urandom(200_000)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        file.truncate(8 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(disk)], check=True, timeout=20)
    return disk


@contextmanager
def plugged(disk: Path) -> Iterator[Path]:
    """The disk's file system, mounted."""
    place = disk.with_name("store")
    place.mkdir(exist_ok=True)
    with mounted(place, "-o", "loop", str(disk)):
        yield place


@contextmanager
def store(place: Path) -> Iterator[Sender]:
    sender = open_sender(Address(type="directory", path=str(place)))
    yield sender
    sender.close()


def cut(place: Path) -> None:
    folder = os.open(place, os.O_RDONLY)
    fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", WITHOUT_JOURNAL))
    os.close(folder)


def _adopted(sender: Sender, place: Path) -> None:
    """Another attempt wrote it, with folder and all, and died before it flushed anything."""
    (place / "packs").mkdir()
    (place / "packs" / "x").write_bytes(DATA)


STEPS: dict[str, tuple[Callable[[Sender, Path], object], str]] = {
    "flushed": (lambda sender, _: written(sender, "parts/a/x", DATA), "parts/a/x"),
    "created": (lambda sender, _: sender.create("records/till/x", DATA), "records/till/x"),
    "published": (lambda sender, _: sender.publish([(written(sender, "parts/a/x", DATA), "packs/x")]), "packs/x"),
    "verified": (
        lambda sender, place: (_adopted(sender, place), sender.digest("packs/x", length=len(DATA))),
        "packs/x",
    ),
}


@needs_mounts
@pytest.mark.parametrize("step", STEPS)
def test_R4_what_is_done_survives_a_power_cut(disk: Path, step: str) -> None:
    run, name = STEPS[step]
    with plugged(disk) as place:
        os.sync()
        with store(place) as sender:
            run(sender, place)
            cut(place)
    with plugged(disk) as place, store(place) as sender:
        assert sender.read(name, length=2**20) == DATA


@needs_mounts
def test_R4_a_part_of_a_dead_attempt_survives_once_it_is_published(disk: Path) -> None:
    with plugged(disk) as place:
        (place / "parts" / "dead").mkdir(parents=True)
        os.sync()
        (place / "parts" / "dead" / "x").write_bytes(DATA)
        with store(place) as sender:
            sender.publish([("parts/dead/x", "packs/x")])
            cut(place)
    with plugged(disk) as place, store(place) as sender:
        assert sender.read("packs/x", length=2**20) == DATA


@needs_mounts
def test_what_was_not_flushed_is_lost_here(disk: Path) -> None:
    """Else the tests above prove nothing."""
    with plugged(disk) as place:
        os.sync()
        (place / "packs").mkdir()
        (place / "packs" / "x").write_bytes(DATA)
        cut(place)
    with plugged(disk) as place:
        assert [name for name in files(place) if (place / name).stat().st_size] == []


@needs_mounts
def test_R3_what_a_power_cut_interrupts_is_whole_or_not_there(disk: Path) -> None:
    with plugged(disk) as place, store(place) as sender:
        sender.create("records/1", b"1")
        part = sender.begin("parts/a/x")
        part.append(DATA)
        cut(place)
        with pytest.raises(Exception, match="input/output error"):
            part.flush()
        with pytest.raises(Exception, match="input/output error"):
            sender.create("records/2", b"2")
        part.close()
    with plugged(disk) as place, store(place) as sender:
        assert [entry.name for entry in sender.entries("records")] == ["1"]
        assert read(sender, "records/1") == b"1"
        assert sender.entries("packs") == ()
