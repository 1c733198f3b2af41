"""From a store's bytes to a tree: what is right comes out whole, what is wrong writes nothing outside and says so."""

import multiprocessing
import os
import stat
import struct
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.parcels.packs import LARGEST_CHUNK
from reconciler.parcels.source_folder import FOLDER
from reconciler.parcels.store_names import pack_name
from reconciler.parcels.tree_writer import TreeWriter
from reconciler.parcels.unpacking import Extent, extent, unpack
from reconciler.parcels.unreadable import Unreadable
from tests.parcels.staging import (
    PACK,
    TILL,
    Files,
    Staged,
    entry,
    listing_of,
    member,
    members_of,
    stage,
    staged_files,
    tar_of,
)
from tests.properties import tried

CANARY = b"nobody unpacks over this"


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A folder that must be as it was, whatever is unpacked beside it."""
    outside = tmp_path / "outside"
    (outside / "below").mkdir(parents=True)
    (outside / "file").write_bytes(CANARY)
    before = contents(outside)
    yield outside
    assert contents(outside) == before
    assert sorted(os.listdir(tmp_path)) == ["outside", "tree"]


def contents(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Path → type as in a listing, and bytes; folders that are not empty are told by what is in them."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = ("link", b"")
        elif path.is_dir():
            if not any(path.iterdir()):
                found[name] = ("d", b"")
        else:
            found[name] = ("x" if path.stat().st_mode & stat.S_IXUSR else "f", path.read_bytes())
    return found


def unpack_in(folder: Path, staged: Staged) -> dict[str, tuple[str, bytes]]:
    folder.mkdir()
    root = os.open(folder, FOLDER)
    tree = TreeWriter(root)
    try:
        extent(staged.index, staged.read)
        unpack(staged.index, staged.read, tree, lambda _done, _path: None)
    finally:
        tree.close()
        os.close(root)
    return contents(folder)


@pytest.mark.parametrize("chunk", [1000, 50_000, LARGEST_CHUNK])
@pytest.mark.parametrize("together", [1, 3])
def test_a_tree_comes_out_as_it_went_in(tmp_path: Path, chunk: int, together: int) -> None:
    staged = staged_files(TILL, chunk=chunk, together=together if chunk < LARGEST_CHUNK else 1)
    assert unpack_in(tmp_path / "tree", staged) == dict(TILL)
    assert extent(staged.index, staged.read) == Extent(files=4, folders=1, bytes=769_006)


def test_modes_are_those_of_the_listing(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        unpack_in(tmp_path / "tree", staged_files(TILL))
    finally:
        os.umask(mask)
    modes = {name: oct((tmp_path / "tree" / name).stat().st_mode & 0o7777) for name in ("bin", *TILL)}
    executable = {"bin", "bin/setup.exe", "docs/empty"}
    assert modes == {name: "0o755" if name in executable else "0o644" for name in modes}


def test_a_path_longer_than_the_system_opens_at_once(tmp_path: Path) -> None:
    deep = "/".join(["x" * 250] * 40) + "/file"
    folder = tmp_path / "tree"
    folder.mkdir()
    root = os.open(folder, FOLDER)
    staged = staged_files({deep: ("f", b"deep")})
    unpack(staged.index, staged.read, TreeWriter(root), lambda _done, _path: None)
    for part in deep.split("/")[:-1]:
        below = os.open(part, FOLDER, dir_fd=root)
        os.close(root)
        root = below
    descriptor = os.open("file", os.O_RDONLY, dir_fd=root)
    assert os.read(descriptor, 10) == b"deep"
    os.close(descriptor)
    os.close(root)


NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1, max_size=60).filter(
    lambda name: name not in (".", "..") and len(name.encode()) <= 255
)


@st.composite
def trees(draw: st.DrawFn) -> Files:
    """Any tree that a listing can have; names are told apart by a number, so that none collide."""
    folders = [""]
    files: dict[str, tuple[str, bytes]] = {}
    for number in range(draw(st.integers(1, 8))):
        name = f"{draw(st.sampled_from(folders))}{number}{draw(NAMES)}"[:250]
        kind = draw(st.sampled_from("fxd")) if number else "f"
        if kind == "d" and draw(st.booleans()):
            folders.append(f"{name}/")
            files[f"{name}/{number}"] = ("f", draw(st.binary(max_size=2000)))
        else:
            files[name] = (kind, b"" if kind == "d" else draw(st.binary(max_size=2000)))
    return dict(sorted(files.items(), key=lambda item: item[0].encode()))


@tried(10)
@given(trees(), st.integers(1, 3000))
def test_any_tree_comes_out_as_it_went_in(tmp_path_factory: pytest.TempPathFactory, files: Files, chunk: int) -> None:
    assert unpack_in(tmp_path_factory.mktemp("any") / "tree", staged_files(files, chunk=chunk)) == files


def hostile_member(path: str, **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    info, data = member(path, "f", b"" if "type" in changes else b"evil")
    for name, value in changes.items():
        setattr(info, name, value)
    return info, data


A, B = member("a", "f", b"1"), member("b", "f", b"2")
LISTED = entry("a", "f", b"1") + entry("b", "f", b"2")

ARCHIVES: dict[str, tuple[list[tuple[tarfile.TarInfo, bytes]], bytes, str]] = {
    "a member that is not listed": ([A, B, hostile_member("c")], LISTED, "more than the listing"),
    "a member between two": ([A, hostile_member("aa"), B], LISTED, "where the listing has 'b'"),
    "a member that leads up": ([A, hostile_member("../outside/file"), B], LISTED, "where the listing has 'b'"),
    "an absolute member": ([A, hostile_member("/etc/x")], LISTED, "where the listing has 'b'"),
    "a member that is missing": ([A], LISTED, "ends before the listing does"),
    "members in another order": ([B, A], LISTED, "where the listing has 'a'"),
    "a member twice": ([A, A, B], LISTED, "where the listing has 'b'"),
    "a symbolic link": ([A, hostile_member("b", type=tarfile.SYMTYPE, linkname="../outside")], LISTED, "a link"),
    "a hard link": ([A, hostile_member("b", type=tarfile.LNKTYPE, linkname="a")], LISTED, "a link"),
    "a link without a target": ([A, hostile_member("b", type=tarfile.SYMTYPE)], LISTED, "no regular file"),
    "a device": ([A, hostile_member("b", type=tarfile.CHRTYPE)], LISTED, "no regular file"),
    "a fifo": ([A, hostile_member("b", type=tarfile.FIFOTYPE)], LISTED, "no regular file"),
    "a folder for a file": ([A, member("b", "d", b"")], LISTED, "no regular file"),
    "a file for a folder": ([A, member("b", "f", b"")], entry("a", "f", b"1") + entry("b", "d", b""), "no folder"),
    "a member larger than stated": ([A, member("b", "f", b"22")], LISTED, "has 2 bytes in the archive, 1 in"),
    "a member smaller than stated": ([A, member("b", "f", b"")], LISTED, "has 0 bytes in the archive, 1 in"),
    "other bytes": ([A, member("b", "f", b"3")], LISTED, "not the digest"),
    "an executable that is none": ([A, member("b", "x", b"2")], LISTED, "another mode"),
    "set-user-id": ([A, hostile_member("b", mode=0o4644, size=1)], LISTED, "another mode"),
    "a pax header for times": ([A, hostile_member("b", pax_headers={"mtime": "1.5"})], LISTED, "says b'mtime'"),
    "a pax header for a link": ([A, hostile_member("b", pax_headers={"linkpath": "x"})], LISTED, "says b'linkpath'"),
    "a sparse file": ([A, hostile_member("b", pax_headers={"GNU.sparse.size": "9"})], LISTED, "says b'GNU.sparse"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_not_its_listing_is_refused(canary: Path, tmp_path: Path, name: str) -> None:
    members, listing, message = ARCHIVES[name]
    with pytest.raises(Unreadable, match=message):
        unpack_in(tmp_path / "tree", stage(tar_of(members), listing))


def test_a_link_of_gnu_is_refused(canary: Path, tmp_path: Path) -> None:
    long = [member("x" * 200, "f", b"1")]
    listing = entry("x" * 200, "f", b"1")
    with pytest.raises(Unreadable, match="no ustar archive"):
        unpack_in(tmp_path / "tree", stage(tar_of(long, pax=False), listing))


def test_CVE_2025_4517_finds_no_links_to_climb(canary: Path, tmp_path: Path) -> None:
    """Links through folders whose joined names pass the longest path that `realpath` resolves."""
    steps, members, path = "abcdefghijklmnop", [], ""
    for step in steps:
        members.append(member(f"{path}{'d' * 247}", "d", b""))
        members.append(hostile_member(f"{path}{step}", type=tarfile.SYMTYPE, linkname="d" * 247))
        path += f"{'d' * 247}/"
    link = "/".join(steps) + "/" + "l" * 254
    members.append(hostile_member(link, type=tarfile.SYMTYPE, linkname="../" * len(steps)))
    members.append(hostile_member("escape", type=tarfile.SYMTYPE, linkname=f"{link}/../../outside"))
    members.append(member("escape/file", "f", b"owned"))
    as_listed = {info.name: ("d" if info.isdir() else "f", data) for info, data in members}
    with pytest.raises(Unreadable):
        unpack_in(tmp_path / "tree", stage(tar_of(members), listing_of(dict(sorted(as_listed.items())))))


LISTINGS = {
    "../outside/file": "leads elsewhere",
    "a/../../outside/file": "leads elsewhere",
    "/etc/passwd": "leads elsewhere",
    "./a": "leads elsewhere",
    "a//b": "leads elsewhere",
    "a/": "leads elsewhere",
    "a/./b": "leads elsewhere",
    "..": "leads elsewhere",
    "a/" + "x" * 256: "too long",
    "x/" * 250 + "x": "too deep",
}


@pytest.mark.parametrize("path", LISTINGS)
def test_a_listing_that_leads_elsewhere_is_refused_before_a_byte_is_written(
    canary: Path, tmp_path: Path, path: str
) -> None:
    files = {path: ("f", b"evil")}
    with pytest.raises(Unreadable, match=LISTINGS[path]):
        unpack_in(tmp_path / "tree", staged_files(files))
    assert contents(tmp_path / "tree") == {}


COLLIDING = {
    "the same path twice": (["a", "a"], "twice"),
    "out of order": (["b", "a"], "not sorted"),
    "names that differ in case": (["A", "a"], "where case does not count"),
    "folders that differ in case": (["A/x", "a/y"], "where case does not count"),
    "names that differ in normal form": (["u\u0308", "\u00fc"], "where case does not count"),
    "a sharp s": (["STRASSE", "stra\u00dfe"], "where case does not count"),
    "a file that is also a folder": (["a", "a/b"], "where case does not count"),
    "a file and a folder that differ in case": (["A", "a/b"], "where case does not count"),
    "a folder again after others": (["a/x", "a0", "a/y"], "not sorted"),
}


@pytest.mark.parametrize("name", COLLIDING)
def test_a_listing_with_colliding_names_is_refused_before_a_byte_is_written(
    canary: Path, tmp_path: Path, name: str
) -> None:
    paths, message = COLLIDING[name]
    listing = b"".join(entry(path, "f", b"1") for path in paths)
    tar = tar_of([member(path, "f", b"1") for path in paths])
    with pytest.raises(Unreadable, match=message):
        unpack_in(tmp_path / "tree", stage(tar, listing))
    assert contents(tmp_path / "tree") == {}


def test_names_of_one_kind_in_different_folders_do_not_collide(tmp_path: Path) -> None:
    files: Files = dict.fromkeys(("a-b", "a.b", "a/A", "a/b", "b/a", "b/b/a"), ("f", b"1"))
    assert unpack_in(tmp_path / "tree", staged_files(files)) == files


MALFORMED = {
    "no entry": b"f 1 - a\0",
    "a type that is not known": entry("a", "l", b"1"),
    "a size with a sign": entry("a", "f", b"1").replace(b" 1 ", b" +1 "),
    "a size with zeros": entry("a", "f", b"1").replace(b" 1 ", b" 01 "),
    "a folder with a size": entry("a", "d", b"", size=4),
    "no path": entry("", "f", b"1"),
    "no UTF-8": entry("a", "f", b"1").replace(b" a\0", b" \xff\0"),
    "no end": entry("a", "f", b"1")[:-1],
    "an entry without an end": b"f" * 200_000,
    "only folders": entry("a", "d", b""),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_listing_is_refused(canary: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(Unreadable, match="the listing"):
        unpack_in(tmp_path / "tree", stage(tar_of([A]), MALFORMED[name]))
    assert contents(tmp_path / "tree") == {}


def test_a_listing_of_another_content_is_refused_before_a_byte_is_written(canary: Path, tmp_path: Path) -> None:
    staged = stage(tar_of(members_of(TILL)), listing_of(TILL), content=f"sha256:{'0' * 64}")
    with pytest.raises(Unreadable, match="has the digest"):
        unpack_in(tmp_path / "tree", staged)
    assert contents(tmp_path / "tree") == {}


def test_sizes_that_the_archive_cannot_hold_are_refused_before_a_byte_is_written(canary: Path, tmp_path: Path) -> None:
    listing = entry("a", "f", b"1", size=10**18)
    with pytest.raises(Unreadable, match=f"states {10**18} bytes"):
        unpack_in(tmp_path / "tree", stage(tar_of([A]), listing))
    assert contents(tmp_path / "tree") == {}


def test_a_bomb_after_the_last_member_is_not_unpacked(canary: Path, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="more than the listing"):
        unpack_in(tmp_path / "tree", stage(tar_of([A]) + bytes(512 * 10_000), entry("a", "f", b"1")))


@pytest.mark.parametrize("end", [0, 512])
def test_an_archive_without_its_end_is_refused(canary: Path, tmp_path: Path, end: int) -> None:
    tar = tar_of([A, B])[: 4 * 512 + end]
    with pytest.raises(Unreadable, match="no end"):
        unpack_in(tmp_path / "tree", stage(tar, LISTED))


@pytest.mark.parametrize(
    "header", [b"5 path=x\n", b"99 path=x\n", b"path=x\n", b"0 a=b\n", b"9 path=x\n" * 2, b"-9 path"]
)
def test_a_malformed_pax_header_is_refused(canary: Path, tmp_path: Path, header: bytes) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(header)
    with pytest.raises(Unreadable, match="the archive"):
        unpack_in(tmp_path / "tree", stage(tar_of([(info, header), A]), entry("a", "f", b"1")))


BYTES = {
    600: "between two members",
    126: "wrong checksum",
    265: "wrong checksum",
    258: "no ustar",
    150: "no known form",
}


@pytest.mark.parametrize("place", BYTES)
def test_bytes_that_packing_never_writes_are_refused(canary: Path, tmp_path: Path, place: int) -> None:
    tar = bytearray(tar_of([A, B]))
    tar[place] ^= 0x0F
    with pytest.raises(Unreadable, match=BYTES[place]):
        unpack_in(tmp_path / "tree", stage(bytes(tar), LISTED))


@tried(50)
@given(st.integers(0, 4 * 512 - 1), st.integers(1, 255))
def test_no_changed_header_writes_anything_else(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: int
) -> None:
    tar = bytearray(tar_of([A, B]))
    tar[place] ^= change
    folder = tmp_path_factory.mktemp("flip")
    with suppress(Unreadable):
        assert unpack_in(folder / "tree", stage(bytes(tar), LISTED)) == {"a": ("f", b"1"), "b": ("f", b"2")}
    assert set(contents(folder)) <= {"tree", "tree/a", "tree/b"}


def flip(place: int) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        data[place] ^= 1

    return change


@pytest.mark.parametrize("place", [0, 8, 40, -1, -2000])
def test_a_damaged_pack_is_named(canary: Path, tmp_path: Path, place: int) -> None:
    with pytest.raises(Unreadable, match=pack_name(PACK)):
        unpack_in(tmp_path / "tree", staged_files(TILL).altered(flip(place)))


def test_the_file_that_needs_a_damaged_chunk_is_named(canary: Path, tmp_path: Path) -> None:
    damaged = staged_files({"a": ("f", os.urandom(200_000)), "b": ("f", b"")}, chunk=50_000, together=1)
    with pytest.raises(Unreadable, match="'a' needs it"):
        unpack_in(tmp_path / "tree", damaged.altered(lambda data: flip(len(data) // 2)(data)))


def test_a_pack_that_is_gone_or_cut_off_is_named(canary: Path, tmp_path: Path) -> None:
    staged = staged_files(TILL)
    with pytest.raises(Unreadable, match=f"{pack_name(PACK)}: it is not there"):
        extent(staged.index, Staged(staged.index, {}).read)
    with pytest.raises(Unreadable, match=f"{pack_name(PACK)}: .* has only"):
        unpack_in(tmp_path / "tree", staged.altered(lambda data: data.__delitem__(slice(-5, None))))


def test_a_run_that_states_more_than_its_blocks_hold_is_refused(tmp_path: Path) -> None:
    staged = staged_files(TILL)
    first, last = staged.index.runs
    moved = last.length - 1
    longer = (first._replace(length=first.length + moved), last._replace(length=last.length - moved))
    with pytest.raises(Unreadable, match="bytes less than a run states"):
        unpack_in(tmp_path / "tree", Staged(replace(staged.index, runs=longer), staged.packs))


def test_a_folder_swapped_for_a_link_meanwhile_is_not_followed(canary: Path, tmp_path: Path) -> None:
    """A thread replaces every folder it sees by a link to the canary, while files are written into them."""
    tree, stop = tmp_path / "tree", threading.Event()

    def swap() -> None:
        while not stop.is_set():
            with suppress(OSError):
                for name in os.listdir(tree):
                    if (tree / name).is_symlink():
                        continue
                    (tree / name).rename(tree / f"moved-{name}")
                    (tree / name).symlink_to(canary)

    files: Files = {f"{number:03}/{name}": ("f", b"evil") for number in range(200) for name in ("file", "new")}
    racing = threading.Thread(target=swap)
    racing.start()
    try:
        with suppress(OSError):
            unpack_in(tree, staged_files(files))
    finally:
        stop.set()
        racing.join()


def test_a_folder_swapped_for_a_link_at_the_worst_instant_is_not_entered(canary: Path, tmp_path: Path) -> None:
    """Between its making and its opening, which an audit hook of a process of its own hears of."""
    process = multiprocessing.get_context("fork").Process(target=_swapping, args=(tmp_path / "tree", canary))
    process.start()
    process.join()
    assert process.exitcode == 0


def _swapping(tree: Path, canary: Path) -> None:
    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and arguments[0] == "bin" and not (tree / "bin").is_symlink():
            (tree / "bin").rename(tree / "moved")
            (tree / "bin").symlink_to(canary)

    sys.addaudithook(audit)
    with pytest.raises(NotADirectoryError) as raised:
        unpack_in(tree, staged_files(TILL))
    assert raised.value.filename == "bin"


@pytest.mark.parametrize("planted", ["file", "link"])
def test_nothing_that_stands_there_is_written_over(canary: Path, tmp_path: Path, planted: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    if planted == "link":
        (tree / "a").symlink_to(canary / "file")
    else:
        (tree / "a").write_bytes(b"mine")
    root = os.open(tree, FOLDER)
    try:
        with pytest.raises(FileExistsError) as raised:
            TreeWriter(root).file(("a",), iter([memoryview(b"evil")]), executable=False)
    finally:
        os.close(root)
    assert raised.value.filename == "a"


@pytest.mark.parametrize("path", ["..", "a/../b", "/etc", "", "a//b", "a/."])
def test_the_writer_itself_takes_no_path_that_leads_elsewhere(canary: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "tree").mkdir()
    root = os.open(tmp_path / "tree", FOLDER)
    try:
        with pytest.raises(ValueError, match="no path within a tree"):
            TreeWriter(root).file(path.split("/"), iter(()), executable=False)
    finally:
        os.close(root)


def test_a_table_that_states_other_chunks_is_no_way_round(canary: Path, tmp_path: Path) -> None:
    """Whoever can alter a pack can alter its table too; the digests of the listing still hold."""
    changed = dict(TILL) | {"readme": ("f", bytes(768_000))}
    staged = stage(tar_of(members_of(changed)), listing_of(TILL))
    with pytest.raises(Unreadable, match="'readme' has not the digest"):
        unpack_in(tmp_path / "tree", staged)


def test_the_number_of_blocks_in_a_table_is_not_believed(tmp_path: Path) -> None:
    staged = staged_files(TILL)
    with pytest.raises(Unreadable, match=pack_name(PACK)):
        extent(staged.index, staged.altered(lambda data: struct.pack_into("<I", data, 16, 2**32 - 1)).read)
