"""The directory sender: the suite, and what the system may do to a directory."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Hostile, Missing, Sender, Taken
from reconciler.wiring import open_sender
from tests.conformance.sender import SenderConformance, files, names, read, written
from tests.senders.mounted import needs_mounts, tmpfs

CALLS = ("fsync", "link", "mkdir", "open", "write", "unlink", "preadv", "stat", "fstat", "lstat", "scandir")

Breaking = Callable[..., list[str]]


class TestDirectory(SenderConformance):
    def address(self, root: Path) -> Address:
        return Address(type="directory", path=str(root))


class TestDirectoryWithoutLinks(SenderConformance):
    """As on vfat: what is published is copied, what is created is written in its place."""

    def address(self, root: Path) -> Address:
        return Address(type="directory", path=str(root))

    @pytest.fixture(autouse=True)
    def _no_links(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def link(*_: object, **__: object) -> None:
            raise PermissionError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", link)

    def test_R3_a_reader_sees_a_created_file_whole_or_not_at_all(self, sender: Sender, root: Path) -> None:
        """It may see a torn one, which fails its own digest. Creating says so afterwards."""
        assert sender.traits.links
        sender.create("a", b"1")
        assert not sender.traits.links
        assert sender.traits.creates_exclusively


@pytest.fixture
def root(quick_folder: str) -> Path:
    return Path(quick_folder)


@pytest.fixture
def sender(root: Path) -> Iterator[Sender]:
    sender = open_sender(Address(type="directory", path=str(root)))
    yield sender
    sender.close()


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Breaking:
    """The system's n-th call fails; what was called so far is listed."""

    def breaking(at: int, number: int = errno.EIO, calls: tuple[str, ...] = CALLS) -> list[str]:
        log: list[str] = []

        def broken(name: str, real: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object, **options: object) -> object:
                log.append(name)
                if len(log) == at:
                    raise OSError(number, os.strerror(number))
                return real(*args, **options)

            return call

        for name in calls:
            monkeypatch.setattr(os, name, broken(name, getattr(os, name)))
        return log

    return breaking


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def _written(sender: Sender, name: str, data: bytes) -> None:
    with closing(sender.begin(name)) as part:
        part.append(data)
        part.flush()


STEPS: dict[str, Callable[[Sender], object]] = {
    "create": lambda sender: sender.create("records/till/2", b"new"),
    "begin": lambda sender: _written(sender, "parts/b/x", b"new"),
    "publish": lambda sender: sender.publish([("parts/a/x", "packs/x"), ("parts/a/y", "indexes/y")]),
    "read": lambda sender: sender.read("records/till/1", length=10),
    "digest": lambda sender: sender.digest("records/till/1", length=3),
    "entries": lambda sender: sender.entries("records/till"),
    "remove": lambda sender: sender.remove("records/till/1"),
}


@pytest.mark.parametrize("step", STEPS)
def test_R3_whatever_call_of_the_system_fails_nothing_is_half_there(
    sender: Sender, root: Path, step: str, breaking: Breaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"parts/a/x": b"xxx", "parts/a/y": b"yyy", "records/till/1": b"old"}
    may_be = whole | {"records/till/2": b"new", "packs/x": b"xxx", "indexes/y": b"yyy"}
    for at in range(1, 200):
        for name, data in whole.items():
            sender.remove(name)
            sender.create(name, data)
        before = descriptors()
        log = breaking(at)
        try:
            STEPS[step](sender)
            told = None
        except StoreFault as fault:
            told = fault
        monkeypatch.undo()
        assert told is not None or len(log) < at, f"{log} failed at the {at}th call and nobody was told"
        if told is not None:
            assert told.cause is Cause.NETWORK
            assert not told.permanent
        assert descriptors() == before, log
        for name in files(root):
            published = not name.startswith("parts/") or name in whole
            assert not published or (root / name).read_bytes() == may_be[name], (log, name)
        if len(log) < at:
            return
        for name in set(files(root)) - whole.keys():
            (root / name).unlink()
    raise AssertionError("it never went through")


def test_a_flush_that_failed_is_never_believed(sender: Sender, breaking: Breaking) -> None:
    """The system tells of a lost write once; the second flush would go well."""
    part = sender.begin("parts/a/x")
    part.append(b"lost")
    breaking(1, calls=("fsync",))
    with pytest.raises(StoreFault) as first:
        part.flush()
    for again in (part.flush, lambda: part.append(b"more")):
        with pytest.raises(StoreFault) as told:
            again()
        assert told.value is first.value
    part.close()


def test_L18_bytes_are_flushed_before_a_name_and_the_name_after(sender: Sender, breaking: Breaking) -> None:
    sender.create("records/till/1", b"1")
    log = breaking(0, calls=("write", "fsync", "link"))
    sender.create("records/till/2", b"2")
    assert log == ["write", "fsync", "link", "fsync"]


def test_each_folder_is_flushed_once_for_all_names_published(sender: Sender, breaking: Breaking) -> None:
    sender.create("packs/first", b"")
    parts = [written(sender, f"parts/a/{number}", b"x") for number in range(5)]
    log = breaking(0, calls=("fsync", "link"))
    sender.publish([(part, f"packs/{part[-1]}") for part in parts])
    assert log == ["link"] * 5 + ["fsync"]


def test_where_folders_cannot_be_flushed_the_traits_say_so(sender: Sender, breaking: Breaking) -> None:
    assert sender.traits.flushes
    breaking(1, errno.EINVAL, calls=("fsync",))
    sender.create("a", b"1")
    assert not sender.traits.flushes


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV])
def test_what_cannot_be_linked_is_copied(sender: Sender, root: Path, breaking: Breaking, number: int) -> None:
    data = os.urandom(3 * 2**20 + 5)
    written(sender, "parts/a/x", data)
    breaking(1, number, calls=("link",))
    sender.publish([("parts/a/x", "packs/x")])
    assert (root / "packs/x").read_bytes() == data
    assert (root / "packs/x").stat().st_nlink == 1
    assert sender.traits.links == (number == errno.EMLINK)


def test_a_copy_that_fails_is_taken_back(sender: Sender, root: Path, breaking: Breaking) -> None:
    written(sender, "parts/a/x", bytes(3 * 2**20))
    breaking(1, errno.EPERM, calls=("link",))
    breaking(2, errno.ENOSPC, calls=("write",))
    with pytest.raises(StoreFault) as told:
        sender.publish([("parts/a/x", "packs/x")])
    assert told.value.cause is Cause.SPACE
    assert files(root) == ["parts/a/x"]


@needs_mounts
def test_L20_a_file_that_has_no_room_is_not_begun(root: Path) -> None:
    with tmpfs(root, "size=1m"), closing(open_sender(Address(type="directory", path=str(root)))) as sender:
        with pytest.raises(StoreFault) as told:
            sender.begin("parts/a/x", size=2**21)
        assert told.value.cause is Cause.SPACE
        assert files(root) == []


def test_nothing_stays_open(sender: Sender, root: Path) -> None:
    before = descriptors()
    for number in range(20):
        sender.publish([(written(sender, f"parts/a/{number}", b"x"), f"packs/{number}")])
        sender.create(f"records/till/{number}", b"x")
        read(sender, f"packs/{number}")
        sender.digest(f"packs/{number}", length=1)
        sender.remove(f"parts/a/{number}")
        sender.remove_folder("parts/a")
        for wrong in (lambda: read(sender, "a/b"), lambda: sender.begin("packs/0"), lambda: read(sender, "packs/0/1")):
            with pytest.raises((Missing, Taken, Hostile)):
                wrong()
        names(sender, "")
    sender.create("packs/new", b"x")
    assert descriptors() == before
    other = open_sender(Address(type="directory", path=str(root)))
    other.close()
    assert descriptors() == before


@pytest.fixture
def flushed(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is flushed from now on, relative to the store."""
    log: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        log.append(os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"), root))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return log


def test_R4_a_new_folder_is_flushed_into_the_one_above(sender: Sender, flushed: list[str]) -> None:
    """Some file systems flush a new file's name with it; not all do."""
    sender.create("records/till/1", b"1")
    assert flushed[:3] == [".", "records", "."]
    assert flushed[-1] == "records/till"


def test_R4_a_folder_that_another_made_is_flushed_too_once(sender: Sender, root: Path, flushed: list[str]) -> None:
    (root / "records" / "till").mkdir(parents=True)
    (root / "parts").mkdir()
    for number in range(3):
        sender.create(f"records/till/{number}", b"1")
    assert (flushed.count("."), flushed.count("records"), flushed.count("records/till")) == (2, 1, 3)


def test_R4_a_part_is_flushed_with_its_name(sender: Sender, flushed: list[str]) -> None:
    part = sender.begin("parts/a/x")
    del flushed[:]
    for _ in range(2):
        part.append(b"1")
        part.flush()
    part.close()
    assert flushed == ["parts/a/x", "parts/a", "parts/a/x"]


def test_R4_what_another_wrote_is_flushed_before_it_counts(sender: Sender, root: Path, flushed: list[str]) -> None:
    (root / "packs").mkdir()
    (root / "packs" / "x").write_bytes(b"1")
    sender.digest("packs/x", length=1)
    assert flushed == ["packs/x", "packs"]
    written(sender, "parts/a/y", b"1")
    sender.publish([("parts/a/y", "packs/y")])
    del flushed[:]
    sender.digest("packs/y", length=1)
    assert flushed == []
