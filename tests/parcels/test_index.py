"""Indexes: one text for one value, and nothing that contradicts itself is read (docs/reference/store-format.md)."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.names import Digest
from reconciler.parcels.index import LARGEST_INDEX, Index, PackUse, Run, index_bytes, parse_index
from reconciler.parcels.unreadable import Unreadable

A, B = "a" * 32, "b" * 32
DIGEST = Digest("sha256:" + "c" * 64)

INDEX = Index(
    content=DIGEST,
    tar=2048,
    listing=90,
    packs=(PackUse(B, 5000, b"\1" * 32), PackUse(A, 900, b"\2" * 32)),
    runs=(Run(B, 100, 4900, 0, 2000), Run(A, 500, 400, 7, 100), Run(B, 100, 300, 3, 38)),
)
TEXT = f"""\
reconciler index 1
content {DIGEST}
tar 2048
listing 90
pack {B} 5000 {"01" * 32}
pack {A} 900 {"02" * 32}
run {B} 100 4900 0 2000
run {A} 500 400 7 100
run {B} 100 300 3 38
"""


def ended(text: str) -> bytes:
    """With the right digest, whatever stands in it."""
    data = text.encode()
    return data + f"end {hashlib.sha256(data).hexdigest()}\n".encode()


def test_an_index_is_written_as_the_reference_says() -> None:
    assert index_bytes(INDEX) == ended(TEXT)
    assert parse_index(ended(TEXT)) == INDEX


@given(st.data())
def test_any_index_can_be_read_again(drawn: st.DataObject) -> None:
    ids = drawn.draw(st.lists(st.uuids().map(lambda uuid: uuid.hex), min_size=1, max_size=3, unique=True))
    run = st.builds(
        Run, st.sampled_from(ids), st.integers(100, 500), st.integers(1, 500), st.integers(0, 9), st.integers(1, 10**12)
    )
    runs = drawn.draw(st.lists(run, min_size=1, max_size=8))
    total = sum(run.length for run in runs)
    tar = max(total - 1, 0) // 512 * 512
    if tar < 1024:
        return
    packs = tuple(
        PackUse(pack, 1000, hashlib.sha256(pack.encode()).digest()) for pack in dict.fromkeys(r[0] for r in runs)
    )
    index = Index(content=DIGEST, tar=tar, listing=total - tar, packs=packs, runs=tuple(runs))
    assert parse_index(index_bytes(index)) == index


@given(st.integers(0, len(TEXT) + 68), st.integers(0, 7))
def test_an_index_that_was_altered_or_torn_is_unreadable(place: int, bit: int) -> None:
    data = ended(TEXT)
    with pytest.raises(Unreadable):
        parse_index(data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :])
    with pytest.raises(Unreadable):
        parse_index(data[:place])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("index 1", "index 2"), id="another format"),
        pytest.param(("tar 2048\nlisting 90", "tar 2049\nlisting 89"), id="an archive that is not of whole blocks"),
        pytest.param(("tar 2048", "tar 2560"), id="runs that make up less than the stream"),
        pytest.param(("listing 90", "listing 89"), id="runs that make up more than the stream"),
        pytest.param(("tar 2048\nlisting 90", "tar 2138\nlisting 0"), id="no listing"),
        pytest.param(("tar 2048", "tar 02048"), id="a number with a zero before it"),
        pytest.param(("tar 2048", "tar -2048"), id="a negative number"),
        pytest.param(("tar 2048", "tar 2048 "), id="a blank at the end"),
        pytest.param(("tar 2048", "tar\t2048"), id="another white space"),
        pytest.param(("tar 2048\n", "tar 2048\r\n"), id="another end of line"),
        pytest.param(("tar 2048", "tar ٢٠٤٨"), id="other digits"),
        pytest.param(("tar 2048", "tar " + "9" * 5000), id="a number without end"),
        pytest.param((f"run {A}", f"run {'d' * 32}"), id="a run of a pack that is not named"),
        pytest.param((f"run {A} 500 400 7 100", f"run {B} 100 400 7 100"), id="a pack that no run uses"),
        pytest.param((f"pack {A} 900", f"pack {B} 900"), id="a pack that is named twice"),
        pytest.param((f"pack {B} 5000", f"pack {B} 4999"), id="a run beyond its pack"),
        pytest.param((f"pack {B} 5000", f"pack {B} {2**24 + 1}"), id="a pack that is too large"),
        pytest.param((f"pack {B} 5000", f"pack {B} 0"), id="a pack without bytes"),
        pytest.param(("500 400 7 100", "5 400 7 100"), id="a run within the table"),
        pytest.param(("500 400 7 100", "500 0 7 100"), id="a run without bytes"),
        pytest.param(("500 400 7 100", f"500 400 {2**22} 100"), id="a run that skips a block"),
        pytest.param(
            (f"500 400 7 100\nrun {B} 100 300 3 38", f"500 400 7 138\nrun {B} 100 300 3 0"), id="an empty run"
        ),
        pytest.param((f"run {B} 100 4900", f"\nrun {B} 100 4900"), id="an empty line"),
        pytest.param(("3 38\n", "3 38\nrun\n"), id="a line of another kind at the end"),
        pytest.param((f"run {B} 100 4900", f"run {B}\0100 4900"), id="a NUL"),
        pytest.param((f"run {B} 100 4900", f"run {B.upper()} 100 4900"), id="an id in upper case"),
        pytest.param((f"run {B} 100 4900", f"run ../../{B} 100 4900"), id="an id that is a path"),
        pytest.param((TEXT, ""), id="nothing"),
        pytest.param((TEXT, TEXT.replace("run", "walk")), id="no run"),
    ],
)
def test_an_index_that_contradicts_itself_is_unreadable(change: tuple[str, str]) -> None:
    assert change[0] in TEXT
    with pytest.raises(Unreadable):
        parse_index(ended(TEXT.replace(*change)))


def test_packs_stand_in_the_order_of_their_first_use() -> None:
    with pytest.raises(ValueError, match="order"):
        replace(INDEX, packs=INDEX.packs[::-1])


def test_an_index_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(Unreadable, match="larger"):
        parse_index(bytes(LARGEST_INDEX + 1))


def test_reading_an_index_is_linear_in_its_length() -> None:
    def seconds(count: int) -> float:
        runs = f"run {A} 500 400 7 1\n" * count
        stream = count // 512 * 512 - 512
        head = f"reconciler index 1\ncontent {DIGEST}\ntar {stream}\nlisting {count - stream}\n"
        data = ended(f"{head}pack {A} 900 {'02' * 32}\n{runs}")
        times: Sequence[float] = []
        for _ in range(3):
            begun = time.process_time()
            assert len(parse_index(data).runs) == count
            times = [*times, time.process_time() - begun]
        return min(times)

    assert seconds(40_000) < 40 * seconds(4_000)
