"""The folder that is filled: the old tree or the new one at every instant, and never what unpack did not make."""

import errno
import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.instants import Instant
from reconciler.model.names import Digest, PackageName
from reconciler.parcels import kernel
from reconciler.parcels.destination import Busy, Destination, Refused
from reconciler.parcels.tree_mark import Identity, Unpacked, mark_bytes
from reconciler.parcels.tree_writer import TreeWriter
from reconciler.parcels.unpacking import unpack
from tests.parcels.staging import Files, staged_files
from tests.parcels.test_unpacking import contents
from tests.senders.mounted import needs_mounts, tmpfs

OLD: Files = {"a": ("f", b"old"), "gone/b": ("x", b"old"), "same": ("f", b"same")}
NEW: Files = {"a": ("f", b"new"), "c": ("d", b""), "new/deep/d": ("f", b"new"), "same": ("f", b"same")}


def unpack_to(path: Path, files: Files) -> Unpacked:
    staged = staged_files(files)
    with Destination.at(str(path)) as destination, destination.private() as private:
        tree = TreeWriter(private.tree)
        try:
            unpack(staged.index, staged.read, tree, lambda _done, _path: None)
        finally:
            tree.close()
        made = Unpacked(
            package=PackageName("till-4"),
            number=1,
            content=Digest(staged.index.content),
            at=Instant(1_795_000_000),
            identity=Identity.of(private.tree),
        )
        destination.switch(private, made)
    return made


@pytest.fixture
def in_memory(quick_folder: str) -> Path:
    """A folder where flushing costs nothing: what is killed here is the process, not the power."""
    return Path(quick_folder)


def held(path: Path) -> Unpacked | None:
    with Destination.at(str(path)) as destination:
        return destination.held()


def nothing(_folder: Path) -> None:
    """DIR is not there."""


def empty(folder: Path) -> None:
    (folder / "till").mkdir()


def tree(folder: Path) -> None:
    unpack_to(folder / "till", OLD)


def dangling_link(folder: Path) -> None:
    (folder / "till").symlink_to("nowhere")


def link_to_an_empty_folder(folder: Path) -> None:
    (folder / "there").mkdir()
    (folder / "till").symlink_to(folder / "there")


def link_to_a_tree(folder: Path) -> None:
    unpack_to(folder / "there", OLD)
    (folder / "till").symlink_to("there")


def link_of_our_own(folder: Path) -> None:
    dangling_link(folder)
    unpack_to(folder / "till", OLD)


BEFORE = [nothing, empty, tree, dangling_link, link_to_an_empty_folder, link_to_a_tree, link_of_our_own]


def beside(folder: Path) -> list[str]:
    """Everything there is beside DIR, what a link leads to and what a test put there excepted."""
    target = os.readlink(folder / "till").partition("/")[0] if (folder / "till").is_symlink() else ""
    return sorted({*os.listdir(folder)} - {"till", target, "there", ".there.reconciler.json", "elsewhere"})


@pytest.mark.parametrize("before", BEFORE)
def test_L18_the_folder_holds_exactly_the_tree_afterwards(tmp_path: Path, before: Callable[[Path], None]) -> None:
    before(tmp_path)
    was_link = (tmp_path / "till").is_symlink()
    for files in (NEW, OLD, NEW):
        made = unpack_to(tmp_path / "till", files)
        assert contents(tmp_path / "till") == files
        assert held(tmp_path / "till") == made
        assert (tmp_path / "till").is_symlink() == was_link
        assert beside(tmp_path) == [".till.reconciler.json"]


def test_what_a_link_led_to_before_stays_if_it_has_a_name_of_its_own(tmp_path: Path) -> None:
    link_to_a_tree(tmp_path)
    unpack_to(tmp_path / "till", NEW)
    assert contents(tmp_path / "there") == OLD


def test_the_tree_behind_a_link_can_be_entered_by_others(tmp_path: Path) -> None:
    link_of_our_own(tmp_path)
    container = tmp_path / os.readlink(tmp_path / "till").partition("/")[0]
    assert container.stat().st_mode & 0o777 == 0o755


def test_what_others_added_to_a_tree_is_gone_afterwards(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "till" / "log").write_bytes(b"made by the till")
    unpack_to(tmp_path / "till", NEW)
    assert contents(tmp_path / "till") == NEW


def full(folder: Path) -> None:
    folder.mkdir()
    (folder / "file").write_bytes(b"mine")


def link_to_a_full_folder(folder: Path) -> None:
    full(folder / "elsewhere")
    (folder / "till").symlink_to("elsewhere")


def link_to_a_file(folder: Path) -> None:
    full(folder / "elsewhere")
    (folder / "till").symlink_to("elsewhere/file")


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a folder": lambda here: full(here / "till"),
    "a file": lambda here: (here / "till").write_bytes(b"mine"),
    "a link to a folder": link_to_a_full_folder,
    "a link to a file": link_to_a_file,
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_folder_that_unpack_did_not_make_is_refused(tmp_path: Path, name: str) -> None:
    FOREIGN[name](tmp_path)
    before = contents(tmp_path)
    with pytest.raises(Refused, match="till"):
        unpack_to(tmp_path / "till", NEW)
    assert contents(tmp_path) == before


def test_another_folder_under_the_name_of_a_tree_is_refused(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "till").rename(tmp_path / "elsewhere")
    full(tmp_path / "till")
    with pytest.raises(Refused, match="did not make"):
        unpack_to(tmp_path / "till", NEW)


def test_a_folder_that_was_given_the_inode_of_a_removed_tree_is_refused(tmp_path: Path) -> None:
    """The inode alone would not do: ext4 gives it to the next folder that is made."""
    made = unpack_to(tmp_path / "till", OLD)
    born_earlier = replace(made.identity, birth=(made.identity.birth or 0) - 1)
    (tmp_path / ".till.reconciler.json").write_bytes(mark_bytes([replace(made, identity=born_earlier)]))
    with pytest.raises(Refused, match="did not make"):
        held(tmp_path / "till")


@pytest.mark.parametrize("mark", [b"", b"{", b"[]", b"{}", b'{"trees": 1}', b"\xff", b"[" * 100_000])
def test_a_mark_that_cannot_be_understood_makes_a_tree_a_foreign_one(tmp_path: Path, mark: bytes) -> None:
    tree(tmp_path)
    (tmp_path / ".till.reconciler.json").write_bytes(mark)
    with pytest.raises(Refused, match="did not make"):
        held(tmp_path / "till")


def test_a_mount_point_is_refused() -> None:
    with pytest.raises(Refused, match="mounted"):
        held(Path("/proc"))


@pytest.mark.parametrize("path", ["/", ".", "..", "till/..", "till/.", ""])
def test_a_folder_without_a_name_of_its_own_is_no_destination(path: str) -> None:
    with pytest.raises(ValueError, match="no name of its own"), Destination.at(path):
        pass


@pytest.mark.parametrize("before", [nothing, tree, link_of_our_own])
def test_a_fault_while_writing_leaves_everything_as_it_was(tmp_path: Path, before: Callable[[Path], None]) -> None:
    before(tmp_path)
    was = contents(tmp_path)
    damaged = staged_files(NEW).altered(lambda data: data.__setitem__(-300, data[-300] ^ 1))
    with (
        pytest.raises(Exception, match="pack"),
        Destination.at(str(tmp_path / "till")) as destination,
        destination.private() as private,
    ):
        unpack(damaged.index, damaged.read, TreeWriter(private.tree), lambda _done, _path: None)
    assert contents(tmp_path) == was


def test_only_one_works_on_a_folder_at_a_time(tmp_path: Path) -> None:
    with (
        Destination.at(str(tmp_path / "till")) as one,
        Destination.at(str(tmp_path / "till")) as other,
        Destination.at(str(tmp_path / "till-2")) as neighbour,
    ):
        with one.private() as working:
            with pytest.raises(Busy), other.private():
                pass
            with neighbour.private():
                pass
            assert one.left() == (working.name,)
        with other.private():
            pass
    assert os.listdir(tmp_path) == []


def test_what_a_killed_one_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".till.reconciler-0123456789abcdef"
    full(left)
    full(tmp_path / ".till.reconciler-mine")
    unpack_to(tmp_path / "till", NEW)
    assert beside(tmp_path) == [".till.reconciler-mine", ".till.reconciler.json"]


def test_what_is_still_locked_is_not_removed(tmp_path: Path) -> None:
    left = tmp_path / ".till.reconciler-0123456789abcdef"
    full(left)
    held_open = os.open(left, os.O_RDONLY)
    fcntl.flock(held_open, fcntl.LOCK_EX)
    try:
        with pytest.raises(Busy):
            unpack_to(tmp_path / "till", NEW)
    finally:
        os.close(held_open)
    assert beside(tmp_path) == [left.name]


@needs_mounts
@pytest.mark.parametrize("options", [*(f"size={pages * 4}k" for pages in (6, 8, 10)), "nr_inodes=16", "nr_inodes=20"])
def test_a_full_file_system_leaves_the_old_tree(tmp_path: Path, options: str) -> None:
    with tmpfs(tmp_path, options):
        unpack_to(tmp_path / "till", OLD)
        was = contents(tmp_path)
        larger: Files = {f"{number:02}/file": ("f", bytes(3000)) for number in range(12)}
        with pytest.raises(OSError, match="No space left") as raised:
            unpack_to(tmp_path / "till", larger)
        assert raised.value.errno == errno.ENOSPC
        assert contents(tmp_path) == was
        unpack_to(tmp_path / "till", {"a": ("f", b"small")})
        assert beside(tmp_path) == [".till.reconciler.json"]


@needs_mounts
def test_a_read_only_file_system_leaves_the_old_tree(tmp_path: Path) -> None:
    with tmpfs(tmp_path, "size=1m"):
        tree(tmp_path)
        was = contents(tmp_path)
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(OSError, match="Read-only") as raised:
            unpack_to(tmp_path / "till", NEW)
        assert raised.value.errno == errno.EROFS
        assert contents(tmp_path) == was


@needs_mounts
def test_a_file_system_mounted_within_a_tree_is_never_removed_with_it(tmp_path: Path) -> None:
    tree(tmp_path)
    with tmpfs(tmp_path / "till" / "gone", "size=64k"):
        (tmp_path / "till" / "gone" / "file").write_bytes(b"mine")
        with pytest.raises(Refused, match="mounted"):
            unpack_to(tmp_path / "till", NEW)
        assert (tmp_path / "till" / "gone" / "file").read_bytes() == b"mine"


@pytest.mark.parametrize("before", [nothing, tree, link_of_our_own])
def test_everything_is_flushed_before_the_switch_and_the_switch_itself_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Callable[[Path], None]
) -> None:
    """Without it a power cut leaves files of no bytes in a tree that counts (reliability.md, fact 5)."""
    before(tmp_path)
    was = (tmp_path / "till").stat().st_ino if before is not nothing else None
    flushed: dict[int, bool] = {}
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        fsync(descriptor)
        now = (tmp_path / "till").exists() and (tmp_path / "till").stat().st_ino
        flushed[os.fstat(descriptor).st_ino] = bool(now) and now != was

    monkeypatch.setattr(os, "fsync", noting)
    unpack_to(tmp_path / "till", NEW)
    within = [path.stat().st_ino for path in ((tmp_path / "till"), *(tmp_path / "till").rglob("*"))]
    assert {inode: flushed.get(inode) for inode in within} == dict.fromkeys(within, False)
    assert flushed[(tmp_path / ".till.reconciler.json").stat().st_ino] is False
    assert flushed[tmp_path.stat().st_ino] is True


# Killed at every durable step.

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
STEPS = frozenset(("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.chmod"))


def killed(path: Path, step: int, *, swaps: bool) -> bool:
    """Unpack NEW in a process that is killed before the step with this number; False if there are not so many."""
    process = multiprocessing.get_context("fork").Process(target=_unpack_until, args=(path, step, swaps))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _unpack_until(path: Path, last: int, swaps: bool) -> None:
    """A step creates, writes, flushes, renames or removes something."""
    steps = count(1)

    def step() -> None:
        if next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in STEPS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING):
            step()

    def stepping(call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any) -> Any:
            step()
            return call(*arguments)

        return stepped

    class Library:
        statx = kernel._LIBRARY.statx

    if swaps:
        Library.renameat2 = staticmethod(stepping(kernel._LIBRARY.renameat2))  # type: ignore[attr-defined]
    kernel._LIBRARY = Library()  # type: ignore[assignment]
    os.fsync, os.write = stepping(os.fsync), stepping(os.write)
    sys.addaudithook(audit)
    unpack_to(path, NEW)


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "before",
    [tree, link_of_our_own, *(pytest.param(more, marks=pytest.mark.long) for more in (nothing, empty, link_to_a_tree))],
)
def test_L18_killed_at_every_step_it_holds_the_old_tree_or_the_new_one(
    in_memory: Path, before: Callable[[Path], None], every: int
) -> None:
    step, alive = 1 - every, False
    while not alive:
        step += every
        here = in_memory / str(step)
        here.mkdir()
        before(here)
        was = contents(here / "till")
        alive = not killed(here / "till", step, swaps=True)
        assert contents(here / "till") in ((NEW,) if alive else (was, NEW))
        assert (here / "till").exists() or before is nothing
        assert sum(name.startswith(".till.reconciler-") for name in os.listdir(here)) <= 2
        held(here / "till")
        unpack_to(here / "till", NEW)
        assert contents(here / "till") == NEW
        assert beside(here) == [".till.reconciler.json"]
    assert step > 25


def test_where_names_cannot_be_swapped_the_old_tree_is_never_lost(in_memory: Path) -> None:
    """Between two renames the folder is not there; the next one puts the old tree back before it begins."""
    step, alive, gaps = 0, False, 0
    while not alive:
        step += 1
        here = in_memory / str(step)
        here.mkdir()
        tree(here)
        alive = not killed(here / "till", step, swaps=False)
        gaps += not (here / "till").exists()
        with Destination.at(str(here / "till")) as destination, destination.private():
            pass
        assert contents(here / "till") in ((NEW,) if alive else (OLD, NEW))
        unpack_to(here / "till", NEW)
        assert contents(here / "till") == NEW
        assert beside(here) == [".till.reconciler.json"]
    assert gaps == 1
