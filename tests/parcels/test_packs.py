"""Packs: what is written can be read, and what is not ours is refused before it costs anything (sending.md 3)."""

import hashlib
import struct
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.parcels import frames
from reconciler.parcels.packs import (
    LARGEST_CHUNK,
    LARGEST_PACK,
    TABLE_HEAD,
    Block,
    Chunk,
    Table,
    laid_out,
    open_block,
    parse_table,
    seal_block,
    table_length,
)
from reconciler.parcels.unreadable import Unreadable
from tests.parcels.depots import noise

blocks = st.lists(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=4), min_size=1, max_size=4)


def chunk(plain: bytes) -> Chunk:
    return Chunk(hashlib.sha256(plain).digest(), len(plain))


def pack(*plains: list[bytes]) -> tuple[bytes, Table]:
    pieces, table = laid_out([([chunk(piece) for piece in plain], seal_block(plain)) for plain in plains])
    return b"".join(pieces), table


def contents(data: bytes, table: Table) -> list[list[bytes]]:
    return [list(open_block(block, data[block.at : block.end])) for block in table.blocks]


def table_of(*entries: bytes, count: int | None = None, mark: bytes = b"RCNPACK1") -> bytes:
    """A table with a right digest, whatever stands in it."""
    body = mark + struct.pack("<I", len(entries) if count is None else count) + b"".join(entries)
    head = struct.pack("<II", 0x184D2A50, len(body) + 32) + body
    return head + hashlib.sha256(head).digest()


def entry(stored: int, *sizes: int, chunks: int | None = None) -> bytes:
    count = len(sizes) if chunks is None else chunks
    return struct.pack("<II", stored, count) + b"".join(struct.pack("<I32s", size, bytes(32)) for size in sizes)


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Nothing in the test takes more than 16 MiB."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 2**20


@given(blocks)
def test_a_pack_gives_back_its_chunks(plains: list[list[bytes]]) -> None:
    data, table = pack(*plains)
    assert parse_table(data) == table
    assert table_length(data[:8]) == table.length
    assert table.end == len(data)
    assert contents(data, table) == plains


def test_the_table_is_written_as_the_reference_says() -> None:
    data, _ = pack([b"one", b"three"])
    frame = seal_block([b"one", b"three"])
    table = (
        struct.pack("<II", 0x184D2A50, 8 + 4 + 8 + 2 * 36 + 32) + b"RCNPACK1" + struct.pack("<III", 1, len(frame), 2)
    )
    table += struct.pack("<I", 3) + hashlib.sha256(b"one").digest()
    table += struct.pack("<I", 5) + hashlib.sha256(b"three").digest()
    assert data == table + hashlib.sha256(table).digest() + frame


def test_the_same_chunks_give_the_same_bytes() -> None:
    plain = [noise(1, 9000), b"text " * 5000]
    assert pack(plain) == pack(plain)


def test_one_read_of_the_head_has_the_table_of_a_pack_that_does_not_compress() -> None:
    sizes = LARGEST_PACK // 2**14
    (table, *_), _ = laid_out([([Chunk(bytes(32), 2**14)] * sizes, b"frame")])
    assert table_length(table) <= TABLE_HEAD


@given(st.data())
def test_a_table_that_was_altered_or_torn_is_unreadable(drawn: st.DataObject) -> None:
    data, table = pack([b"one", b"two"], [b"three"])
    place = drawn.draw(st.integers(0, table.length - 1))
    bit = drawn.draw(st.integers(0, 7))
    altered = data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]
    with pytest.raises(Unreadable):
        parse_table(altered)
    with pytest.raises(Unreadable):
        parse_table(data[:place])


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "table",
    [
        pytest.param(table_of(), id="no block"),
        pytest.param(table_of(entry(5, 1), mark=b"RCNPACK2"), id="another format"),
        pytest.param(table_of(entry(5, 1), count=2**32 - 1), id="more blocks than there are"),
        pytest.param(table_of(entry(5, 1), entry(5, 1), count=1), id="fewer blocks than there are"),
        pytest.param(table_of(entry(5, 1, chunks=2**32 - 1)), id="more chunks than there are"),
        pytest.param(table_of(entry(5)), id="a block without chunks"),
        pytest.param(table_of(entry(0, 1)), id="a block without bytes"),
        pytest.param(table_of(entry(5, 0)), id="a chunk without bytes"),
        pytest.param(table_of(entry(5, LARGEST_CHUNK + 1)), id="a chunk that is too large"),
        pytest.param(table_of(entry(5, *[LARGEST_CHUNK] * 5)), id="a block that is too large"),
        pytest.param(table_of(entry(LARGEST_PACK, 1)), id="a block beyond the largest pack"),
        pytest.param(table_of(entry(2**32 - 1, 1), entry(2**32 - 1, 1)), id="blocks that lie at no place"),
        pytest.param(table_of(entry(5, 1) * 2**15), id="a table that is too large"),
        pytest.param(struct.pack("<II", 0x184D2A50, 2**32 - 1) + bytes(100), id="a length that is not there"),
        pytest.param(struct.pack("<II", 0x184D2A50, 0) + bytes(100), id="no length"),
        pytest.param(struct.pack("<II", 0xFD2FB528, 100) + bytes(100), id="no table"),
        pytest.param(b"RCN", id="three bytes"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_hostile_table_is_unreadable(table: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_table(table)


def test_a_pack_whose_writer_died_gives_the_blocks_that_are_there() -> None:
    data, table = pack([noise(1, 3000)], [noise(2, 3000)])
    torn = data[: table.blocks[1].end - 1]
    assert parse_table(torn) == table
    assert list(open_block(table.blocks[0], torn[table.length : table.blocks[1].at])) == [noise(1, 3000)]
    with pytest.raises(Unreadable):
        list(open_block(table.blocks[1], torn[table.blocks[1].at :]))


def test_blocks_are_found_by_where_they_begin_and_end() -> None:
    _, table = pack([b"one"], [b"two"], [b"three"])
    one, two, three = table.blocks
    assert table.blocks_between(two.at, three.end) == (two, three)
    for at, end in ((two.at + 1, two.end), (two.at, two.end - 1), (two.end, two.at), (0, one.end), (three.end, 2**60)):
        with pytest.raises(Unreadable):
            table.blocks_between(at, end)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    ("frame", "size"),
    [
        pytest.param(frames.sealed(bytes(2**30 // 8)), 2**20, id="a frame that grows to 128 MiB"),
        pytest.param(frames.sealed(b"one"), 4, id="fewer bytes than stated"),
        pytest.param(frames.sealed(b"three"), 4, id="more bytes than stated"),
        pytest.param(frames.sealed(b"four")[:-1], 4, id="a torn frame"),
        pytest.param(frames.sealed(b"four") + b"x", 4, id="bytes after the frame"),
        pytest.param(frames.sealed(b"fo") + frames.sealed(b"ur"), 4, id="two frames"),
        pytest.param(struct.pack("<II4s", 0x184D2A50, 4, b"four"), 4, id="a skippable frame"),
        pytest.param(bytes.fromhex("28b52ffd 00 a8") + bytes(40), 4, id="a window of 2 GiB"),
        pytest.param(bytes.fromhex("28b52ffd 00 70 210000") + b"four", 4, id="a window of 16 MiB"),
        pytest.param(b"four", 4, id="no frame"),
        pytest.param(b"", 4, id="nothing"),
    ],
)
def test_a_hostile_frame_is_unreadable(frame: bytes, size: int) -> None:
    with pytest.raises(Unreadable):
        frames.opened(frame, size=size)


def test_a_window_of_8_mib_is_read() -> None:
    assert frames.opened(bytes.fromhex("28b52ffd 00 68 210000") + b"four", size=4) == b"four"


def test_a_chunk_that_is_not_what_its_table_says_is_unreadable() -> None:
    frame = seal_block([b"one", b"two"])
    block = Block(0, len(frame), (chunk(b"one"), chunk(b"TWO")))
    opened = open_block(block, frame)
    assert next(opened) == b"one"
    with pytest.raises(Unreadable, match="digest"):
        next(opened)
