"""A source becomes packs and an index: what is packed is what was hashed, or nothing (L17, L39, sending.md 2)."""

import hashlib
import io
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from reconciler.model.names import Digest
from reconciler.parcels.cutting import ALONE, MOST, Cutter
from reconciler.parcels.index import Index, PackUse, index_bytes, parse_index
from reconciler.parcels.packing import SourceChanged, SourceGone, pack_source
from reconciler.parcels.packs import LARGEST_PACK
from reconciler.parcels.places import Places
from reconciler.parcels.store_names import new_id
from tests.parcels.depots import Depot, digest_of, grow, noise, packed, plant, request, trees
from tests.properties import tried
from tests.users import nobody

LARGE = 56 * 2**20
"""Bytes of a file of which the first pack is complete long before the last byte is read."""


def members(stream: bytes) -> dict[str, tuple[int, bytes]]:
    """Mode and bytes of what an archive holds, read by the standard library."""
    with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
        found = {}
        for member in archive:
            assert (member.uid, member.gid, member.mtime, member.uname, member.gname) == (0, 0, 0, "", "")
            taken = archive.extractfile(member)
            found[member.name] = (member.mode, b"" if taken is None else taken.read())
    return found


def on_disk(root: Path) -> dict[str, tuple[int, bytes]]:
    """The same of a source: files, and folders that are empty."""
    found = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_file():
            found[name] = (0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644, path.read_bytes())
        elif not any(path.iterdir()):
            found[name] = (0o755, b"")
    return found


@tried(15)
@given(trees)
def test_the_stream_of_an_index_is_the_archive_and_the_listing(tree: dict[tuple[str, ...], bytes]) -> None:
    with TemporaryDirectory() as folder:
        source, depot = grow(Path(folder), tree), Depot()
        index = packed(source, depot)
        stream = depot.stream(index)
        assert len(stream) == index.length
        assert f"sha256:{hashlib.sha256(stream[index.tar :]).hexdigest()}" == index.content == digest_of(source)
        assert members(stream[: index.tar]) == on_disk(source)
        assert parse_index(index_bytes(index)) == index
        for use in index.packs:
            assert use == PackUse(use.pack, len(depot.packs[use.pack]), hashlib.sha256(depot.packs[use.pack]).digest())


def test_the_same_source_gives_the_same_packs(tmp_path: Path) -> None:
    files = {f"part-{n}": noise(n, 200_000) + b"a line of text\n" * 40_000 for n in range(20)}
    one, other = Depot(), Depot()
    packed(plant(tmp_path / "one", files), one)
    packed(plant(tmp_path / "other", dict(reversed(files.items()))), other)
    assert list(one.packs.values()) == list(other.packs.values())


def test_pieces_of_any_size_are_cut_alike() -> None:
    plain = noise(1, 1_500_000) + b"the same line again and again\n" * 40_000 + noise(2, 700_000)

    def cut(step: int) -> list[bytes]:
        cutter = Cutter()
        found = [chunk for at in range(0, len(plain), step) for chunk in cutter.add(plain[at : at + step])]
        return found + cutter.cut()

    assert cut(2**24) == cut(2**20) == cut(70_001) == cut(999)
    assert b"".join(cut(2**20)) == plain
    assert max(map(len, cut(2**20))) <= MOST


def test_a_second_version_adds_only_what_changed(tmp_path: Path) -> None:
    files = {"big": noise(1, 2_000_000), "small": b"small", "other": noise(2, 500_000)}
    depot, held = Depot(), Places()
    packed(plant(tmp_path / "1", files), depot, held)
    before = sum(chunk.size for chunk in depot.chunks_held)
    big = b"inserted" * 400 + files["big"][:1_000_000] + b"changed" + files["big"][1_000_007:]
    index = packed(plant(tmp_path / "2", {**files, "big": big}), depot, held)
    assert sum(chunk.size for chunk in depot.chunks_held) - before < 6 * MOST
    assert big in depot.stream(index)
    assert len({chunk.id for chunk in depot.chunks_held}) == len(depot.chunks_held)


def test_a_changed_file_leaves_its_neighbours_chunks_alone(tmp_path: Path) -> None:
    files = {"a": noise(1, 3 * ALONE), "b": noise(2, 3 * ALONE), "c": b"small"}
    depot, held = Depot(), Places()
    packed(plant(tmp_path / "1", files), depot, held)
    before = len(depot.chunks_held)
    packed(plant(tmp_path / "2", {**files, "b": noise(9, 3 * ALONE)}), depot, held)
    added = depot.chunks_held[before:]
    listing = 1
    assert sum(chunk.size for chunk in added[:-listing]) == 512 + 3 * ALONE


def test_the_same_again_packs_nothing(tmp_path: Path) -> None:
    depot, held = Depot(), Places()
    source = plant(tmp_path, {"a": noise(1, 100_000), "b": b"text"})
    first = packed(source, depot, held)
    assert packed(source, depot, held) == first
    assert len(depot.packs) == 1


def test_a_source_of_many_packs_has_one_run_for_each(tmp_path: Path) -> None:
    depot = Depot()
    index = packed(plant(tmp_path, {"large": noise(1, 2 * LARGEST_PACK)}), depot)
    assert [len(data) <= LARGEST_PACK for data in depot.packs.values()] == [True] * 3
    assert [(run.pack, run.skip) for run in index.runs] == [(pack, 0) for pack in depot.packs]
    assert noise(1, 2 * LARGEST_PACK) in depot.stream(index)


_meddling: dict[str, Callable[[], object]] = {}


def _at_opening(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _meddling and isinstance(arguments[0], str):
        _meddling.pop(arguments[0], lambda: None)()


sys.addaudithook(_at_opening)


def rewrite(path: Path) -> None:
    """Other bytes, the times as they were."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"OTHER")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def exchange(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.rename(path)


def lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


MOVES: dict[str, Callable[[Path], object]] = {
    "a file that was read is written": lambda root: rewrite(root / "a"),
    "the file is written": lambda root: rewrite(root / "m"),
    "a file that was not read is written": lambda root: rewrite(root / "z"),
    "the file is replaced by its like": lambda root: exchange(root / "m"),
    "the file is removed": lambda root: (root / "m").unlink(),
    "a file that was read is removed": lambda root: (root / "a").unlink(),
    "a file that was not read is removed": lambda root: (root / "z").unlink(),
    "a file becomes executable": lambda root: (root / "a").chmod(0o755),
    "a file is added": lambda root: (root / "b").write_bytes(b""),
    "a folder is added": lambda root: (root / "folder").mkdir(),
    "a link is added": lambda root: (root / "b").symlink_to("m"),
    "the source is moved away": lambda root: root.rename(root.with_name("elsewhere")),
}


def pack_moving(source: Path, move: Callable[[Path], object]) -> Index:
    """It moves when the second of its three files is opened."""
    plant(source, {"a": b"small", "m": noise(1, 5000), "z": b"small"})
    expected = digest_of(source)
    _meddling["m"] = lambda: move(source)
    return pack_source(request(source), expected, held=Places(), put=Depot().put)


@pytest.mark.parametrize("what", MOVES)
def test_L17_a_source_that_moves_while_it_is_packed_gives_no_parcel(tmp_path: Path, what: str) -> None:
    found_in = "/m" if what.startswith("the file") else ""
    with pytest.raises(SourceChanged, match=f"{found_in} (changed|holds)|links"):
        pack_moving(tmp_path / "source", MOVES[what])


def test_a_source_that_rests_while_it_is_packed_gives_one(tmp_path: Path) -> None:
    index = pack_moving(tmp_path / "source", lambda root: (root / "m").read_bytes())
    assert index.content == digest_of(tmp_path / "source")


@pytest.mark.parametrize(
    "move",
    [
        pytest.param(lengthen, id="it grows", marks=pytest.mark.long),
        pytest.param(lambda file: os.truncate(file, 2**20), id="it shrinks", marks=pytest.mark.long),
        pytest.param(rewrite, id="it is written where it was read"),
        pytest.param(exchange, id="it is replaced by its like", marks=pytest.mark.long),
    ],
)
def test_L17_a_file_that_moves_while_it_is_read_gives_no_parcel(tmp_path: Path, move: Callable[[Path], object]) -> None:
    """It moves when the first pack is written: the file is half read then."""
    source = plant(tmp_path, {"large": noise(1, LARGE)})
    done = []

    def put(_: Sequence[bytes]) -> str:
        if not done:
            done.append(move(source / "large"))
        return new_id()

    with pytest.raises(SourceChanged, match="/large changed while it was packed"):
        pack_source(request(source), digest_of(source), held=Places(), put=put)


def test_L17_another_digest_than_the_one_expected_gives_no_parcel(tmp_path: Path) -> None:
    plant(tmp_path, {"a": b"one"})
    expected = digest_of(tmp_path)
    plant(tmp_path, {"a": b"two"})
    with pytest.raises(SourceChanged, match=f"holds {digest_of(tmp_path)}, not {expected}"):
        pack_source(request(tmp_path), expected, held=Places(), put=Depot().put)


def test_a_link_in_the_source_is_not_followed(tmp_path: Path) -> None:
    plant(tmp_path / "source", {"a": b"one"})
    plant(tmp_path / "elsewhere", {"secret": b"secret"})
    expected = digest_of(tmp_path / "source")
    (tmp_path / "source" / "b").symlink_to(tmp_path / "elsewhere")
    depot = Depot()
    with pytest.raises(SourceChanged, match="links, which do not travel: b"):
        pack_source(request(tmp_path / "source"), expected, held=Places(), put=depot.put)
    assert depot.packs == {}


def test_a_source_that_is_not_there_is_gone(tmp_path: Path) -> None:
    with pytest.raises(SourceGone, match="there is no directory"):
        pack_source(request(tmp_path / "none"), Digest("sha256:" + "0" * 64), held=Places(), put=Depot().put)


def test_a_source_that_cannot_be_read_is_gone() -> None:
    with TemporaryDirectory() as folder:
        source = plant(Path(folder), {"a": b"one", "b": b"two"})
        expected = digest_of(source)
        source.chmod(0o755)
        (source / "b").chmod(0)
        with nobody(), pytest.raises(SourceGone, match="/b cannot be read: Permission denied"):
            pack_source(request(source), expected, held=Places(), put=Depot().put)


def test_what_is_excluded_is_not_packed(tmp_path: Path) -> None:
    plant(tmp_path, {"a": b"one", "notes.bak": b"secret"})
    depot = Depot()
    expected = digest_of(tmp_path, exclude=("*.bak",))
    index = pack_source(request(tmp_path, exclude=("*.bak",)), expected, held=Places(), put=depot.put)
    assert members(depot.stream(index)).keys() == {"a"}


@pytest.mark.long
def test_S5_memory_does_not_follow_the_size(tmp_path: Path) -> None:
    """Of 1 GiB that does not compress, and one that does. VmHWM: the usual figure counts the parent too."""
    program = """if True:
        import sys
        from pathlib import Path
        from reconciler.parcels.places import Places
        from tests.parcels.depots import digest_of, request
        from reconciler.parcels.packing import pack_source
        from reconciler.parcels.store_names import new_id
        source = Path(sys.argv[1])
        pack_source(request(source), digest_of(source), held=Places(), put=lambda data: new_id())
        (peak,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
        print(int(peak.split()[1]) // 1024)
    """
    for seed, name in enumerate(("noise", "text")):
        with (tmp_path / name).open("wb") as file:
            for part in range(64):
                line = noise(64 * seed + part, 2**15).hex().encode()
                file.write(noise(part, 2**24) if seed == 0 else line * (2**24 // len(line)))
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=300
    )
    assert int(ended.stdout) < 200


def test_a_depot_that_is_full_ends_the_packing_with_its_own_fault(tmp_path: Path) -> None:
    def full(_: Sequence[bytes]) -> str:
        raise OSError(28, "No space left on device")

    plant(tmp_path, {"a": b"one"})
    with pytest.raises(OSError, match="No space left"):
        pack_source(request(tmp_path), digest_of(tmp_path), held=Places(), put=full)
