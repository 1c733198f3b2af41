"""What travels to a site: each chunk it lacks, once, whatever is there already (L19, L36)."""

import hashlib
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.parcels.filling import NewPack
from reconciler.parcels.index import Index, PackUse, Run, index_bytes, parse_index
from reconciler.parcels.packs import Chunk, laid_out, open_block, parse_table, seal_block
from reconciler.parcels.places import Places
from reconciler.parcels.travelling import Checked, Travel, portions, whole_pack
from reconciler.parcels.unreadable import Unreadable
from tests.parcels.depots import Depot, grow, noise, packed, plant, trees
from tests.properties import tried


@dataclass
class Site(Depot):
    """A store at a site; `ends` tells where a pack's writer died."""

    ends: dict[str, int] = field(default_factory=dict)

    def places(self) -> Places:
        """What is there, found as an attempt does that knows of no other."""
        found = Places()
        for pack, data in self.packs.items():
            there = data[: self.ends.get(pack, len(data))]
            found.add(PackUse(pack, len(there), hashlib.sha256(there).digest()), self.table(pack))
        return found

    def receive(self, index: Index, depot: Depot, *, largest: int = 2**24) -> tuple[Index, list[NewPack]]:
        travel = Travel(index=index, table_of=depot.table, read=depot.read, site=self.places(), largest=largest)
        sent = []
        for pack in travel.packs():
            data = b"".join(pack.pieces)
            assert parse_table(data) == pack.table
            assert pack.use == PackUse(pack.use.pack, len(data), hashlib.sha256(data).digest())
            self.packs[pack.use.pack] = data
            sent.append(pack)
        return travel.site_index(), sent

    def with_some_of(self, depot: Depot, chosen: Container[int], *, in_block: int = 3) -> "Site":
        """Some of the depot's chunks are here, in packs and blocks of their own."""
        found = []
        for pack in depot.packs:
            for block in depot.table(pack).blocks:
                plain = open_block(block, depot.read(pack, block.at, block.stored))
                found += zip(block.chunks, plain, strict=True)
        part = [pair for number, pair in enumerate(found) if number in chosen]
        for start in range(0, len(part), in_block):
            chunks, plains = zip(*part[start : start + in_block], strict=True)
            self.put(laid_out([(chunks, seal_block(plains))])[0])
        return self


def chunks_of(packs: list[NewPack]) -> list[Chunk]:
    return [chunk for pack in packs for block in pack.table.blocks for chunk in block.chunks]


def two_versions(folder: Path, depot: Depot) -> tuple[Index, Index]:
    """Some 3 MB, and the same with changes here and there."""
    files = {"big": noise(1, 2_000_000), "text": b"a line of text\n" * 20_000, "other": noise(2, 900_000)}
    held = Places()
    first = packed(plant(folder / "1", files), depot, held)
    big = bytearray(files["big"])
    for number, at in enumerate(range(100_000, 1_900_000, 300_000)):
        big[at : at + 5000] = noise(number, 5000)
    return first, packed(plant(folder / "2", {**files, "big": bytes(big)}), depot, held)


@tried(15)
@given(trees, st.sets(st.integers(0, 60)), st.sampled_from([2**24, 200_000, 30_000]))
def test_L36_each_chunk_that_a_site_lacks_is_sent_once(
    tree: dict[tuple[str, ...], bytes], there: set[int], largest: int
) -> None:
    with TemporaryDirectory() as folder:
        depot = Depot()
        index = packed(grow(Path(folder), tree), depot)
    site = Site().with_some_of(depot, there)
    before = {chunk.id for chunk in site.chunks_held}
    at_site, sent = site.receive(index, depot, largest=largest)
    ids = [chunk.id for chunk in chunks_of(sent)]
    assert len(ids) == len(set(ids))
    assert set(ids) == {chunk.id for chunk, _ in depot.chunks(index)} - before
    assert site.stream(at_site) == depot.stream(index)
    assert parse_index(index_bytes(at_site)) == at_site
    assert site.receive(index, depot)[1] == []


def test_the_first_send_takes_the_packs_as_they_lie_in_the_depot(tmp_path: Path) -> None:
    depot, site = Depot(), Site()
    index = packed(plant(tmp_path, {"a": noise(1, 20_000_000), "b": b"text"}), depot)
    at_site, sent = site.receive(index, depot)
    assert [site.packs[pack.use.pack] for pack in sent] == list(depot.packs.values())
    assert not set(site.packs) & set(depot.packs)
    assert [run[1:] for run in at_site.runs] == [run[1:] for run in index.runs]


def test_L36_what_is_there_is_not_sent_again(tmp_path: Path) -> None:
    depot, site = Depot(), Site()
    index = packed(plant(tmp_path, {"a": noise(1, 500_000)}), depot)
    first, _ = site.receive(index, depot)
    assert site.receive(index, depot) == (first, [])


def test_a_second_version_sends_the_pack_of_what_changed(tmp_path: Path) -> None:
    depot, site = Depot(), Site()
    first, second = two_versions(tmp_path, depot)
    site.receive(first, depot)
    at_site, sent = site.receive(second, depot)
    assert [site.packs[pack.use.pack] for pack in sent] == list(depot.packs.values())[1:]
    assert site.stream(at_site) == depot.stream(second)


def test_going_back_sends_nothing(tmp_path: Path) -> None:
    """L38."""
    depot, site = Depot(), Site()
    first, second = two_versions(tmp_path, depot)
    before, _ = site.receive(first, depot)
    site.receive(second, depot)
    assert site.receive(first, depot) == (before, [])


def test_a_site_that_begins_with_the_second_version_gets_nothing_of_the_first_alone(tmp_path: Path) -> None:
    depot, site = Depot(), Site()
    _, second = two_versions(tmp_path, depot)
    at_site, sent = site.receive(second, depot)
    assert {chunk.id for chunk in chunks_of(sent)} == {chunk.id for chunk, _ in depot.chunks(second)}
    assert site.stream(at_site) == depot.stream(second)


@pytest.mark.parametrize("died_at", [0.0, 0.6, 0.999])
def test_L19_what_a_dead_attempt_left_is_not_sent_again(tmp_path: Path, died_at: float) -> None:
    depot, site = Depot(), Site()
    index = packed(plant(tmp_path, {"a": noise(1, 9_000_000)}), depot)
    (pack,) = depot.packs.values()
    table = parse_table(pack)
    arrived = table.length + int((len(pack) - table.length) * died_at)
    whole = [block for block in table.blocks if block.end <= arrived]
    left = site.put([pack])
    site.ends[left] = max((block.end for block in whole), default=table.length)
    at_site, sent = site.receive(index, depot)
    assert chunks_of(sent) == [chunk for block in table.blocks if block not in whole for chunk in block.chunks]
    uses = {use.pack: use for use in at_site.packs}
    assert (left in uses) == bool(whole)
    if whole:
        assert uses[left].bytes == whole[-1].end
    site.packs[left] = pack[: site.ends[left]]
    assert site.stream(at_site) == depot.stream(index)


@pytest.mark.parametrize("largest", [1_000_000, 200_000])
def test_a_slow_link_gets_packs_that_are_soon_over(tmp_path: Path, largest: int) -> None:
    depot, site = Depot(), Site()
    index = packed(plant(tmp_path, {"a": noise(1, 3_000_000), "b": b"text\n" * 300_000}), depot)
    at_site, sent = site.receive(index, depot, largest=largest)
    assert len(sent) >= 3_000_000 // largest
    assert max(pack.use.bytes for pack in sent) <= largest
    assert site.stream(at_site) == depot.stream(index)


def test_a_chunk_that_lies_twice_in_the_depot_is_sent_once(tmp_path: Path) -> None:
    """Two that pack at a time do not know of one another."""
    depot, site = Depot(), Site()
    one = packed(plant(tmp_path / "1", {"a": noise(1, 300_000), "b": noise(2, 50_000)}), depot)
    other = packed(plant(tmp_path / "2", {"a": noise(1, 300_000), "b": noise(3, 50_000)}), depot)
    site.receive(one, depot)
    at_site, _ = site.receive(other, depot)
    assert len({chunk.id for chunk in site.chunks_held}) == len(site.chunks_held)
    assert site.stream(at_site) == depot.stream(other)


def test_L17_a_damaged_depot_sends_nothing_of_the_damaged_pack(tmp_path: Path) -> None:
    depot, site = Depot(), Site()
    first, second = two_versions(tmp_path, depot)
    name, data = next(iter(depot.packs.items()))
    depot.packs[name] = data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:]
    for index in (first, second):
        with pytest.raises(Unreadable):
            site.receive(index, depot)
    assert site.chunks_held == []


def test_a_size_that_a_site_states_and_cannot_be_is_not_believed(tmp_path: Path) -> None:
    depot, site = Depot(), Site()
    index = packed(plant(tmp_path, {"a": noise(1, 50_000)}), depot)
    true = depot.chunks_held[0]
    site.put(laid_out([([true._replace(size=true.size + 1)], b"frame")])[0])
    at_site, sent = site.receive(index, depot)
    assert true in chunks_of(sent)
    assert site.stream(at_site) == depot.stream(index)


def test_a_run_that_does_not_end_at_chunks_is_unreadable(tmp_path: Path) -> None:
    depot = Depot()
    index = packed(plant(tmp_path, {"a": noise(1, 50_000)}), depot)
    (run,) = index.runs
    cut = (Run(run.pack, run.at, run.stored, 0, 1000), Run(run.pack, run.at, run.stored, 1000, run.length - 1000))
    beyond = (Run(run.pack, run.at, run.stored, 4000, run.length),)
    for runs in (cut, beyond):
        with pytest.raises(Unreadable):
            list(portions(replace(index, runs=runs), depot.table))


def test_a_run_ends_where_the_stream_leaves_a_block_before_its_end() -> None:
    places = Places()
    one, two, three = (Chunk(hashlib.sha256(plain).digest(), 5) for plain in (b"one", b"two", b"three"))
    _, table = laid_out([([one, two], b"frame"), ([three], b"frame")])
    places.add(PackUse("a" * 32, table.end, bytes(32)), table)
    at, end = table.length, table.end
    rows = {chunk: places.row(chunk) for chunk in (one, two, three)}

    def runs(*chunks: Chunk) -> list[Run]:
        return list(places.runs(rows[chunk] for chunk in chunks))

    assert runs(one, two, three) == [Run("a" * 32, at, end - at, 0, 15)]
    assert runs(two, three) == [Run("a" * 32, at, end - at, 5, 10)]
    assert runs(one, three) == [Run("a" * 32, at, 5, 0, 5), Run("a" * 32, at + 5, 5, 0, 5)]
    assert runs(three, one) == [Run("a" * 32, at + 5, 5, 0, 5), Run("a" * 32, at, 5, 0, 5)]
    assert runs(one, one) == [Run("a" * 32, at, 5, 0, 5)] * 2
    assert runs(two, two, three) == [Run("a" * 32, at, 5, 5, 5), Run("a" * 32, at, end - at, 5, 10)]


def test_many_chunks_are_found_again() -> None:
    places, other = Places(), Places()
    chunks = [Chunk(hashlib.sha256(bytes([n % 256, n // 256])).digest(), n + 1) for n in range(10_000)]
    block = places.new_block()
    for chunk in chunks:
        places.put(chunk, block=block)
    assert [places.find(chunk) for chunk in chunks] == list(range(10_000))
    assert not any(chunk in other for chunk in chunks)
    assert len(places) == 10_000


def test_a_pack_is_hashed_once_however_many_sites_it_goes_to() -> None:
    asked: list[int] = []
    data = noise(1, 3_000_000)
    use = PackUse("a" * 32, len(data), hashlib.sha256(data).digest())

    def read(_: str, offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    checked = Checked()
    for _ in range(3):
        assert b"".join(whole_pack(use, read, checked)) == data
    assert sum(asked) == (1 + 3) * len(data)
    assert max(asked) <= 2**20


@pytest.mark.parametrize("spoiled", [lambda data: data[:-1], lambda data: data[:-1] + b"x"])
def test_L17_not_a_byte_leaves_of_a_pack_that_is_not_what_its_index_states(spoiled: Callable[[bytes], bytes]) -> None:
    data = noise(1, 2_000_000)
    use = PackUse("a" * 32, len(data), hashlib.sha256(data).digest())
    there = spoiled(data)
    with pytest.raises(Unreadable, match="does not have the digest"):
        whole_pack(use, lambda _, offset, length: there[offset : offset + length], Checked())
