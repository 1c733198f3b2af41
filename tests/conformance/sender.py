"""What every sender must do, sentence by sentence of `reconciler.senders.protocol`.

An implementation passes with a class of a dozen lines; `root` is where its store lies on this machine:

    class TestMine(SenderConformance):
        def address(self, root):
            return Address(type="mine", path=str(root))

A wrapper overrides `open` as well.
"""

import hashlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Entry, Hostile, Missing, Proof, Sender, Taken
from reconciler.wiring import open_sender
from tests.senders.contender import contend
from tests.senders.mounted import needs_mounts, tmpfs
from tests.users import nobody

REPOSITORY = Path(__file__).parents[2]
CANARY = b"outside"

ODD = (
    "con", "aux.txt", "a b", "-rf", "*", "?", "a:b", "a\\b", "'", '"', "$(id)", "~", "#", "%41", "é", "e\u0301",
    "名前", "\N{WINKING FACE}", "a\nb", "a\tb", "\x1b[31m", "...", ".hidden", "x" * 255,
)  # fmt: skip

ESCAPES = ("../outside", "packs/../../outside", "/etc/hostname", "packs//a", "packs/./a", "", ".", "..", "a/", "a\0b")

OPERATIONS: dict[str, Callable[[Sender, str], object]] = {
    "read": lambda sender, name: sender.read(name, length=10),
    "digest": lambda sender, name: sender.digest(name, length=1),
    "begin": lambda sender, name: sender.begin(name),
    "create": lambda sender, name: sender.create(name, b"mine"),
    "publish-to": lambda sender, name: sender.publish([(written(sender, "parts/a/x", b"mine"), name)]),
    "publish-from": lambda sender, name: sender.publish([(name, "packs/new")]),
    "remove": lambda sender, name: sender.remove(name),
}

ESCAPING = OPERATIONS | {"publish-to": lambda sender, name: sender.publish([("parts/a/x", name)])}
"""Where the part is there already."""

FOLDER_OPERATIONS: dict[str, Callable[[Sender, str], object]] = {
    "entries": lambda sender, folder: sender.entries(folder),
    "remove-folder": lambda sender, folder: sender.remove_folder(folder),
}

REFUSED = (("begin", "a"), ("create", "records/2"), ("remove", "records/1"), ("read", "records/1"))

WRITING: dict[str, Callable[[Sender], object]] = {
    "begin": lambda sender: sender.begin("packs/x"),
    "create": lambda sender: sender.create("packs/x", b"mine"),
    "publish": lambda sender: sender.publish([("parts/a/x", "packs/x")]),
}

HOSTILE: dict[str, Callable[[Path, Path], object]] = {
    "link": lambda place, outside: place.symlink_to(outside / "canary"),
    "dangling-link": lambda place, outside: place.symlink_to(outside / "new"),
    "link-within": lambda place, outside: (place.with_name("z").write_bytes(b"z"), place.symlink_to("z")),
    "link-to-folder": lambda place, outside: place.symlink_to(outside),
    "fifo": lambda place, outside: os.mkfifo(place),
    "socket": lambda place, outside: _bound(place),
    "folder": lambda place, outside: place.mkdir(),
    "device": lambda place, outside: _device(place),
}


def _bound(place: Path) -> None:
    here = os.open(place.parent, os.O_RDONLY)  # paths of sockets are short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"/proc/self/fd/{here}/{place.name}")
    os.close(here)


def _device(place: Path) -> None:
    try:
        os.mknod(place, 0o666 | stat.S_IFCHR, os.makedev(1, 5))  # zeroes without end
    except PermissionError:
        pytest.skip("only root makes devices")


def written(sender: Sender, name: str, data: bytes) -> str:
    part = sender.begin(name)
    part.append(data)
    part.flush()
    part.close()
    return name


def read(sender: Sender, name: str) -> bytes:
    return sender.read(name, length=2**20)


def names(sender: Sender, folder: str) -> list[str]:
    return [entry.name for entry in sender.entries(folder)]


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def until_it_fails(step: Callable[[int], object]) -> tuple[int, Cause]:
    """How many steps went well, and why the next one did not."""
    for number in range(1000):
        try:
            step(number)
        except StoreFault as fault:
            return number, fault.cause
    raise AssertionError("it never failed")


class SenderConformance:
    """See the module."""

    def address(self, root: Path) -> Address:
        raise NotImplementedError

    def open(self, root: Path) -> Sender:
        return open_sender(self.address(root))

    @pytest.fixture
    def root(self, quick_folder: str) -> Path:
        root = Path(quick_folder, "store")
        root.mkdir()
        return root

    @pytest.fixture
    def outside(self, quick_folder: str) -> Iterator[Path]:
        """A neighbour of the store that nobody may touch."""
        outside = Path(quick_folder, "outside")
        outside.mkdir()
        (outside / "canary").write_bytes(CANARY)
        yield outside
        assert files(outside) == ["canary"]
        assert (outside / "canary").read_bytes() == CANARY

    @pytest.fixture
    def sender(self, root: Path) -> Iterator[Sender]:
        sender = self.open(root)
        yield sender
        sender.close()

    # Files

    def test_opening_reading_and_traits_write_nothing(self, sender: Sender, root: Path) -> None:
        assert sender.traits.proof in Proof
        assert names(sender, "") == names(sender, "packs") == []
        assert sender.space().bytes > 0
        with pytest.raises(Missing):
            read(sender, "reconciler-store.json")
        assert list(root.iterdir()) == []

    def test_what_is_created_is_read(self, sender: Sender, root: Path) -> None:
        sender.create("records/till/1", b"first")
        assert read(sender, "records/till/1") == b"first"
        assert files(root) == ["records/till/1"]

    def test_an_empty_file_is_a_file(self, sender: Sender) -> None:
        sender.create("empty", b"")
        assert read(sender, "empty") == b""
        assert sender.digest("empty", length=0) == hashlib.sha256().digest()

    def test_creating_twice_is_taken_and_changes_nothing(self, sender: Sender, root: Path) -> None:
        sender.create("a", b"first")
        with pytest.raises(Taken):
            sender.create("a", b"second")
        assert read(sender, "a") == b"first"
        assert files(root) == ["a"]

    @pytest.mark.parametrize(
        ("offset", "length", "found"),
        [
            (0, 10, b"0123456789"),
            (0, 3, b"012"),
            (4, 3, b"456"),
            (8, 9, b"89"),
            (10, 5, b""),
            (99, 5, b""),
            (3, 0, b""),
        ],
    )
    def test_ranges(self, sender: Sender, offset: int, length: int, found: bytes) -> None:
        sender.create("a", b"0123456789")
        assert sender.read("a", offset=offset, length=length) == found

    def test_reading_asks_for_no_more_memory_than_there_are_bytes(self, sender: Sender) -> None:
        sender.create("a", b"0123456789")
        assert sender.read("a", length=2**50) == b"0123456789"

    def test_what_is_not_there_is_missing(self, sender: Sender) -> None:
        for name in ("a", "packs/a", "a/b/c"):
            with pytest.raises(Missing):
                read(sender, name)
            with pytest.raises(Missing):
                sender.digest(name, length=0)
            with pytest.raises(Missing):
                sender.publish([(name, "packs/new")])
            sender.remove(name)
            sender.remove_folder(name)

    def test_digests_are_of_what_lies_there(self, sender: Sender, root: Path) -> None:
        data = os.urandom(3 * 2**20 + 7)
        written(sender, "parts/a/x", data)
        for length in (0, 1, 2**20, len(data)):
            assert sender.digest("parts/a/x", length=length) == hashlib.sha256(data[:length]).digest()
        with pytest.raises(Missing):
            sender.digest("parts/a/x", length=len(data) + 1)
        with (root / "parts/a/x").open("r+b") as file:
            file.seek(2 * 2**20)
            file.write(bytes([data[2 * 2**20] ^ 1]))
        assert sender.digest("parts/a/x", length=len(data)) != hashlib.sha256(data).digest()

    def test_a_digest_is_read_back_at_the_given_pace(self, sender: Sender) -> None:
        data = os.urandom(100_000)
        written(sender, "parts/a/x", data)
        granted: list[int] = []

        def pace(wanted: int) -> int:
            granted.append(min(wanted, 30_000))
            return granted[-1]

        assert sender.digest("parts/a/x", length=len(data), pace=pace) == hashlib.sha256(data).digest()
        assert sum(granted) == (len(data) if sender.traits.proof is Proof.READ_BACK else 0)

    def test_many_appends_are_one_file(self, sender: Sender) -> None:
        part = sender.begin("parts/a/x")
        for number in range(300):
            part.append(b"%d\n" % number)
            if number % 100 == 0:
                part.flush()
        part.append(b"")
        part.flush()
        part.close()
        part.close()
        assert read(sender, "parts/a/x") == b"".join(b"%d\n" % number for number in range(300))

    @pytest.mark.parametrize("size", [1, 5, 1_000_000])
    def test_a_file_is_as_long_as_what_was_appended_whatever_was_expected(self, sender: Sender, size: int) -> None:
        part = sender.begin("parts/a/x", size=size)
        part.append(b"bytes")
        part.flush()
        part.close()
        assert [entry.size for entry in sender.entries("parts/a")] == [5]
        assert read(sender, "parts/a/x") == b"bytes"

    def test_beginning_twice_is_taken_and_changes_nothing(self, sender: Sender) -> None:
        written(sender, "parts/a/x", b"first")
        with pytest.raises(Taken):
            sender.begin("parts/a/x")
        assert read(sender, "parts/a/x") == b"first"

    def test_removing(self, sender: Sender, root: Path) -> None:
        sender.create("records/till/1", b"1")
        sender.remove_folder("records/till")
        assert read(sender, "records/till/1") == b"1"
        sender.remove("records/till/1")
        sender.remove("records/till/1")
        with pytest.raises(Missing):
            read(sender, "records/till/1")
        sender.remove_folder("records/till")
        sender.remove_folder("records/till")
        assert list((root / "records").iterdir()) == []

    def test_a_name_that_was_removed_may_be_made_again(self, sender: Sender) -> None:
        for data in (b"1", b"22"):
            sender.create("records/till/1", data)
            assert sender.digest("records/till/1", length=len(data)) == hashlib.sha256(data).digest()
            sender.remove("records/till/1")
            sender.remove_folder("records/till")

    def test_closing_twice(self, root: Path) -> None:
        sender = self.open(root)
        sender.close()
        sender.close()

    # Listing

    def test_entries_are_by_name_with_sizes(self, sender: Sender) -> None:
        for name, data in (("b", b"22"), ("a", b"1"), ("C", b"")):
            sender.create(f"packs/{name}", data)
        assert list(sender.entries("packs")) == [
            Entry(name="C", size=0, is_file=True, is_folder=False),
            Entry(name="a", size=1, is_file=True, is_folder=False),
            Entry(name="b", size=2, is_file=True, is_folder=False),
        ]
        assert Entry(name="packs", size=0, is_file=False, is_folder=True) in sender.entries("")

    def test_many_files(self, sender: Sender, root: Path) -> None:
        (root / "packs").mkdir()
        for number in range(3000):
            (root / "packs" / f"{number:05}").touch()
        assert names(sender, "packs") == [f"{number:05}" for number in range(3000)]

    @pytest.mark.parametrize("name", ODD)
    def test_odd_names_are_names(self, sender: Sender, name: str) -> None:
        sender.create(f"aside/{name}", b"odd")
        assert names(sender, "aside") == [name]
        assert read(sender, f"aside/{name}") == b"odd"
        sender.publish([(written(sender, f"parts/{name}/{name}", b"part"), f"aside/{name[:200]}2")])
        sender.remove(f"aside/{name}")
        assert names(sender, "aside") == [f"{name[:200]}2"]

    def test_a_name_that_is_not_utf8_is_listed_and_read(self, sender: Sender, root: Path) -> None:
        (root / "aside").mkdir()
        Path(os.fsdecode(os.fsencode(root / "aside") + b"/\xff")).write_bytes(b"x")
        (name,) = names(sender, "aside")
        assert read(sender, f"aside/{name}") == b"x"

    # Publishing

    def test_L18_nothing_is_visible_before_it_is_published(self, sender: Sender, root: Path) -> None:
        other = self.open(root)
        part = sender.begin("parts/a/x")
        part.append(b"half")
        part.flush()
        assert names(other, "packs") == []
        part.append(b" and half")
        part.flush()
        part.close()
        assert names(other, "packs") == []
        sender.publish([("parts/a/x", "packs/x")])
        assert read(other, "packs/x") == b"half and half"
        sender.remove("parts/a/x")
        assert read(other, "packs/x") == b"half and half"
        other.close()

    def test_R3_a_reader_sees_a_created_file_whole_or_not_at_all(self, sender: Sender, root: Path) -> None:
        data = os.urandom(2**18)
        other, seen, ended = self.open(root), set(), threading.Event()

        def look() -> None:
            while not ended.is_set():
                seen.update(entry.size for entry in other.entries("records"))

        reader = threading.Thread(target=look)
        reader.start()
        for number in range(20):
            sender.create(f"records/{number}", data)
        ended.set()
        reader.join()
        other.close()
        assert seen <= {len(data)}

    def test_publishing_several(self, sender: Sender) -> None:
        pairs = [(written(sender, f"parts/a/{n}", b"%d" % n), f"{('packs', 'indexes')[n % 2]}/{n}") for n in range(6)]
        sender.publish(pairs)
        sender.publish([])
        assert [read(sender, name) for _, name in pairs] == [b"%d" % number for number in range(6)]
        assert names(sender, "parts/a") == [f"{number}" for number in range(6)]

    def test_a_taken_name_keeps_what_was_published_before_it(self, sender: Sender) -> None:
        sender.create("packs/2", b"theirs")
        parts = [written(sender, f"parts/a/{number}", b"mine") for number in (1, 2, 3)]
        with pytest.raises(Taken):
            sender.publish([(part, f"packs/{part[-1]}") for part in parts])
        assert names(sender, "packs") == ["1", "2"]
        assert read(sender, "packs/2") == b"theirs"

    def test_a_part_of_another_attempt_may_be_published(self, sender: Sender, root: Path) -> None:
        other = self.open(root)
        part = other.begin("parts/dead/x")
        part.append(b"never flushed")
        sender.publish([("parts/dead/x", "packs/x")])
        part.close()
        other.close()
        assert read(sender, "packs/x") == b"never flushed"

    def test_R3_of_eight_threads_exactly_one_wins_each_name(self, root: Path) -> None:
        won: list[list[str]] = []
        gate = threading.Barrier(8)

        def run(number: int) -> None:
            sender = self.open(root)
            gate.wait()
            won.append(contend(sender, number, 30))
            sender.close()

        threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._agree(root, won, 30)

    def test_R3_of_four_processes_exactly_one_wins_each_name(self, root: Path) -> None:
        address = self.address(root)
        command = [sys.executable, "-m", "tests.senders.contender", address.type, address.path]
        started = [
            subprocess.Popen(
                [*command, str(number), "60"],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(4)
        ]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        self._agree(root, [process.communicate(timeout=60)[0].split() for process in started], 60)

    def _agree(self, root: Path, won: list[list[str]], count: int) -> None:
        sender = self.open(root)
        assert sorted(name for names in won for name in names) == sorted(f"records/till/{n}" for n in range(count))
        for name in names(sender, "records/till"):
            assert len(set(read(sender, f"records/till/{name}").split())) == 1
        sender.close()

    # Nothing beneath the root is followed

    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize("kind", HOSTILE)
    def test_what_is_no_file_is_hostile(
        self, sender: Sender, root: Path, outside: Path, kind: str, operation: str
    ) -> None:
        (root / "packs").mkdir()
        HOSTILE[kind](root / "packs" / "a", outside)
        with pytest.raises(Hostile):
            OPERATIONS[operation](sender, "packs/a")
        (listed,) = (entry for entry in sender.entries("packs") if entry.name == "a")
        assert not listed.is_file
        assert listed.is_folder == (kind == "folder")
        assert os.path.lexists(root / "packs" / "a")

    @pytest.mark.parametrize("operation", OPERATIONS | FOLDER_OPERATIONS)
    @pytest.mark.parametrize("kind", ["link-to-folder", "fifo", "link", "device"])
    def test_what_is_no_folder_is_hostile(
        self, sender: Sender, root: Path, outside: Path, kind: str, operation: str
    ) -> None:
        (root / "records").mkdir()
        HOSTILE[kind](root / "records" / "till", outside)
        name = "records/till/canary" if operation in OPERATIONS else "records/till"
        with pytest.raises(Hostile):
            (OPERATIONS | FOLDER_OPERATIONS)[operation](sender, name)
        assert os.path.lexists(root / "records" / "till")

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_the_folder_of_parts_is_not_followed_either(
        self, sender: Sender, root: Path, outside: Path, operation: str
    ) -> None:
        (root / "parts").symlink_to(outside)
        if operation in ("create", "publish-to"):
            with pytest.raises(Hostile):
                OPERATIONS[operation](sender, "records/1")
        else:
            with pytest.raises(Hostile):
                OPERATIONS[operation](sender, "parts/canary")
        assert names(sender, "records") == []

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_no_name_leads_out_of_the_store(self, sender: Sender, outside: Path, operation: str) -> None:
        written(sender, "parts/a/x", b"mine")
        for name in ESCAPES:
            with pytest.raises(Hostile):
                ESCAPING[operation](sender, name)

    @pytest.mark.parametrize("folder", ["..", "../outside", "packs/..", "/etc", "."])
    def test_no_folder_leads_out_of_the_store(self, sender: Sender, outside: Path, folder: str) -> None:
        for operation in FOLDER_OPERATIONS.values():
            with pytest.raises(Hostile):
                operation(sender, folder)

    @needs_mounts
    def test_what_is_mounted_within_is_hostile(self, sender: Sender, root: Path, outside: Path) -> None:
        (root / "packs").mkdir()
        with tmpfs(root / "packs", "size=64k"):
            (root / "packs" / "a").write_bytes(b"theirs")
            for run in OPERATIONS.values():
                with pytest.raises(Hostile):
                    run(sender, "packs/a")
            with pytest.raises(Hostile):
                sender.entries("packs")

    # The root

    def test_L37_a_root_that_is_not_there_is_never_made(self, root: Path) -> None:
        root.rmdir()
        with pytest.raises(StoreFault) as told:
            self.open(root)
        assert (told.value.cause, told.value.permanent) == (Cause.STORE_MISMATCH, False)
        assert not root.exists()

    def test_L37_a_root_that_is_a_file_is_refused(self, root: Path) -> None:
        root.rmdir()
        root.write_text("no store")
        with pytest.raises(StoreFault) as told:
            self.open(root)
        assert told.value.cause is Cause.STORE_MISMATCH

    def test_the_root_may_be_reached_through_links(self, root: Path) -> None:
        root.with_name("link").symlink_to("store")
        sender = self.open(root.with_name("link"))
        sender.create("a", b"1")
        sender.close()
        assert files(root) == ["a"]

    @pytest.mark.parametrize("emptied", [True, False])
    @pytest.mark.parametrize("operation", WRITING)
    def test_L37_a_root_that_was_replaced_is_not_written_to(self, root: Path, operation: str, emptied: bool) -> None:
        sender = self.open(root)
        written(sender, "parts/a/x", b"mine")
        root.rename(root.with_name("before"))
        if emptied:
            root.mkdir()
        with pytest.raises(StoreFault) as told:
            WRITING[operation](sender)
        sender.close()
        assert told.value.cause is Cause.STORE_MISMATCH
        assert not emptied or list(root.iterdir()) == []
        assert files(root.with_name("before")) == ["parts/a/x"]

    def test_L37_a_root_that_came_back_is_written_to(self, root: Path) -> None:
        sender = self.open(root)
        root.rename(root.with_name("before"))
        with pytest.raises(StoreFault):
            sender.create("a", b"1")
        root.with_name("before").rename(root)
        sender.create("a", b"1")
        sender.close()
        assert files(root) == ["a"]

    # Faults of the world

    @needs_mounts
    @pytest.mark.parametrize("size", [8, 16, 32, 64])
    def test_L20_without_space_nothing_is_half_published(self, root: Path, size: int) -> None:
        with tmpfs(root, f"size={size}k"):
            sender = self.open(root)
            assert 0 < sender.space().bytes <= size * 1024
            with pytest.raises(StoreFault) as told:
                sender.create("records/1", bytes(100_000))
            assert (told.value.cause, told.value.permanent) == (Cause.SPACE, False)
            part = sender.begin("parts/a/x")
            for _ in range(2):  # the second time as well
                with pytest.raises(StoreFault) as told:
                    part.append(bytes(100_000))
                assert told.value.cause is Cause.SPACE
                with pytest.raises(StoreFault):
                    part.flush()
            part.close()
            assert names(sender, "records") == []
            assert names(sender, "packs") == []
            sender.remove("parts/a/x")
            assert files(root) == []
            sender.create("records/1", b"space is back")
            sender.close()

    @needs_mounts
    @pytest.mark.parametrize("inodes", range(2, 7))
    def test_L20_without_inodes_nothing_is_half_published(self, root: Path, inodes: int) -> None:
        with tmpfs(root, f"size=1m,nr_inodes={inodes}"):
            sender = self.open(root)
            assert sender.space().files == inodes - 1
            done, cause = until_it_fails(lambda number: sender.create(f"records/{number}", b"whole"))
            assert cause is Cause.SPACE
            assert names(sender, "records") == [f"{number}" for number in range(done)]
            assert {read(sender, f"records/{name}") for name in names(sender, "records")} <= {b"whole"}
            assert names(sender, "parts") == []
            sender.close()

    @needs_mounts
    def test_L20_what_a_full_disk_cut_is_not_published(self, root: Path) -> None:
        with tmpfs(root, "size=64k"):
            sender = self.open(root)

            def send(number: int) -> None:
                sender.publish([(written(sender, f"parts/a/{number}", bytes(9_000)), f"packs/{number}")])

            done, cause = until_it_fails(send)
            assert cause is Cause.SPACE
            assert done == len(sender.entries("packs")) > 0
            assert {entry.size for entry in sender.entries("packs")} == {9_000}
            sender.close()

    @needs_mounts
    def test_a_read_only_store_is_read_and_says_that_it_cannot_be_written(self, root: Path) -> None:
        with tmpfs(root, "size=1m"):
            sender = self.open(root)
            sender.create("packs/a", b"there")
            sender.close()
            subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True, capture_output=True, timeout=20)
            sender = self.open(root)
            assert read(sender, "packs/a") == b"there"
            assert sender.digest("packs/a", length=5) == hashlib.sha256(b"there").digest()
            for operation in ("begin", "create", "remove"):
                with pytest.raises(StoreFault) as told:
                    OPERATIONS[operation](sender, "packs/a" if operation == "remove" else "packs/b")
                assert (told.value.cause, told.value.permanent) == (Cause.PERMISSION, False)
            sender.close()

    def test_what_may_not_be_done_says_so(self, root: Path, sender: Sender) -> None:
        sender.create("records/1", b"1")
        (root / "records" / "1").chmod(0)
        for folder in (root, root / "records", root / "parts"):
            folder.chmod(0o555)
        root.parent.chmod(0o755)
        try:
            with nobody():
                for operation, name in (
                    ("begin", "a"),
                    ("create", "records/2"),
                    ("remove", "records/1"),
                    ("read", "records/1"),
                ):
                    with pytest.raises(StoreFault) as told:
                        OPERATIONS[operation](sender, name)
                    assert (told.value.cause, told.value.permanent) == (Cause.PERMISSION, False)
                    assert name in told.value.detail
        finally:
            for folder in (root, root / "records", root / "parts"):
                folder.chmod(0o755)
        assert files(root) == ["records/1"]

    def test_a_root_that_may_not_be_entered_says_so(self, root: Path) -> None:
        root.parent.chmod(0o700)
        root.chmod(0)
        try:
            with nobody(), pytest.raises(StoreFault) as told:
                self.open(root)
        finally:
            root.chmod(0o700)
        assert told.value.cause is Cause.PERMISSION

    def test_a_name_too_long_is_a_permanent_fault(self, sender: Sender) -> None:
        with pytest.raises(StoreFault) as told:
            sender.create("x" * 300, b"1")
        assert told.value.permanent

    # After death

    def test_what_a_dead_attempt_left_is_no_hindrance(self, sender: Sender, root: Path) -> None:
        (root / "parts").mkdir()
        (root / "parts" / ("0" * 32)).write_bytes(b"half")
        shutil.copytree(root / "parts", root / "parts" / ("1" * 32))
        sender.create("records/1", b"1")
        assert names(sender, "records") == ["1"]
