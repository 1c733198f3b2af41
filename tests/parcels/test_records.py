"""Records, parcels and identities: one text for one value, and nothing torn or hostile is taken for one (L18, R10)."""

import hashlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.holdings import Held
from reconciler.model.instants import Instant
from reconciler.model.keys import canonical
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Revision, SetupPart
from reconciler.model.snapshot import Mode
from reconciler.model.stores import StateId, StoreId, StoreIdentity
from reconciler.parcels.identity import identity_bytes, parse_identity
from reconciler.parcels.records import (
    IndexFile,
    Parcel,
    Record,
    parcel_bytes,
    parse_parcel,
    parse_record,
    record_bytes,
)
from reconciler.parcels.unreadable import Unreadable

CONTENT = Digest("sha256:" + "1" * 64)
SETUPS = {"inventory": {"files": [{"name": "kasse-ü.exe"}]}, "sharing": {"share": "TILL"}}
SETUP = Digest(f"sha256:{hashlib.sha256(canonical(SETUPS)).hexdigest()}")
INDEX = IndexFile(file=f"indexes/{'a' * 32}.index", bytes=1234, digest=Digest("sha256:" + "2" * 64))
RECORD = Record(
    package=PackageName("Till-4"),
    site=SiteName("DE1"),
    store=StoreId("b" * 32),
    number=42,
    mode=Mode.SETUP_ONLY,
    revision=Revision(CONTENT, SETUP),
    version="4.20",
    setups=SETUPS,
    index=INDEX,
    verified_at=Instant(1795435200),
    verifier="hq",
    proof="read-back",
)
PARCEL = Parcel(
    package=PackageName("Till-4"),
    number=3,
    content=CONTENT,
    bytes=0,
    index=INDEX,
    packed_at=Instant(1795435200),
)
IDENTITY = StoreIdentity(site=SiteName("DE1"), store=StoreId("b" * 32), state=StateId("c" * 32))

READ: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "Record": (record_bytes(RECORD), parse_record),
    "Parcel": (parcel_bytes(PARCEL), parse_parcel),
    "Store": (identity_bytes(IDENTITY), parse_identity),
}


def sealed(value: dict[str, object]) -> bytes:
    """With the right digest, whatever stands in it."""
    value = {name: field for name, field in value.items() if name != "digest"}
    return canonical({**value, "digest": f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"})


def test_what_is_written_can_be_read() -> None:
    assert parse_record(record_bytes(RECORD)) == RECORD
    assert parse_parcel(parcel_bytes(PARCEL)) == PARCEL
    assert parse_identity(identity_bytes(IDENTITY)) == IDENTITY


def test_a_record_is_written_as_the_reference_says() -> None:
    value = json.loads(record_bytes(RECORD))
    assert sealed(value) == record_bytes(RECORD)
    assert value == {
        "formatVersion": "1.0",
        "kind": "Record",
        "package": "Till-4",
        "site": "DE1",
        "store": "b" * 32,
        "number": 42,
        "mode": "setup-only",
        "content": CONTENT,
        "setup": SETUP,
        "version": "4.20",
        "setups": SETUPS,
        "index": {"file": f"indexes/{'a' * 32}.index", "bytes": 1234, "digest": "sha256:" + "2" * 64},
        "verifiedAt": "2026-11-23T12:00:00Z",
        "verifier": "hq",
        "proof": "read-back",
        "digest": value["digest"],
    }


def test_a_parcel_is_written_as_the_reference_says() -> None:
    value = json.loads(parcel_bytes(PARCEL))
    assert sealed(value) == parcel_bytes(PARCEL)
    names = {"formatVersion", "kind", "package", "number", "content", "bytes", "index", "packedAt", "digest"}
    assert value.keys() == names


def test_a_record_says_what_the_site_holds() -> None:
    parts = frozenset((SetupPart.INVENTORY, SetupPart.SHARING))
    assert RECORD.held == Held(content=CONTENT, setup=SETUP, parts=parts, version="4.20")


@given(st.sampled_from(["Record", "Parcel"]), st.data())
def test_what_was_torn_or_altered_is_unreadable(kind: str, drawn: st.DataObject) -> None:
    data, parse = READ[kind]
    place = drawn.draw(st.integers(0, len(data) - 1))
    bit = drawn.draw(st.integers(0, 7))
    for altered in (data[:place], data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]):
        with pytest.raises(Unreadable):
            parse(altered)


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0" * 100, id="zeros"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b"[" * 100_000, id="deep lists"),
        pytest.param(b'{"a":' * 100_000, id="deep objects"),
        pytest.param(b'{"kind": NaN}', id="no number"),
        pytest.param(b'{"number": ' + b"9" * 10_000 + b"}", id="a number without end"),
        pytest.param(b'{"kind": "\xff"}', id="no UTF-8"),
        pytest.param(b" " * (2**22 + 1), id="too much of it"),
        pytest.param(b'{"kind":"Record","kind":"Record"}', id="a field that comes twice"),
    ],
)
def test_what_is_no_file_of_ours_is_unreadable(kind: str, data: bytes) -> None:
    with pytest.raises(Unreadable):
        READ[kind][1](data)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("Record", "kind", "Parcel"),
        ("Record", "formatVersion", "2.0"),
        ("Record", "formatVersion", "1.0\n"),
        ("Record", "package", "../../etc"),
        ("Record", "package", "till\n"),
        ("Record", "package", ""),
        ("Record", "package", None),
        ("Record", "site", "A" * 64),
        ("Record", "store", "B" * 32),
        ("Record", "number", 0),
        ("Record", "number", -1),
        ("Record", "number", True),
        ("Record", "number", 1.5),
        ("Record", "number", "1"),
        ("Record", "number", 10**18),
        ("Record", "mode", "all"),
        ("Record", "content", "sha256:" + "1" * 63),
        ("Record", "content", "md5:" + "1" * 32),
        ("Record", "setup", "sha256:" + "1" * 64),
        ("Record", "setups", {}),
        ("Record", "setups", {"server": {}}),
        ("Record", "setups", []),
        ("Record", "version", 4.2),
        ("Record", "index", f"indexes/{'a' * 32}.index"),
        ("Record", "index", {"file": "/etc/passwd", "bytes": 1, "digest": CONTENT}),
        ("Record", "index", {"file": f"indexes/{'a' * 32}.index\n", "bytes": 1, "digest": CONTENT}),
        ("Record", "index", {"file": INDEX.file, "bytes": 2**26 + 1, "digest": CONTENT}),
        ("Record", "verifiedAt", "2026-02-30T12:00:00Z"),
        ("Record", "verifiedAt", "yesterday"),
        ("Record", "verifier", "\ud800"),
        ("Parcel", "kind", "Record"),
        ("Parcel", "bytes", -1),
        ("Parcel", "packedAt", 1795435200),
        ("Store", "kind", "Stores"),
        ("Store", "formatVersion", "10.0"),
        ("Store", "site", "DE1/.."),
        ("Store", "state", "c" * 31),
        ("Store", "store", ["b" * 32]),
    ],
)
def test_a_field_that_is_not_of_the_format_is_unreadable(kind: str, field: str, value: object) -> None:
    data, parse = READ[kind]
    changed = {**json.loads(data), field: value}
    if value == "\ud800":
        altered = json.dumps(changed, sort_keys=True, separators=(",", ":")).encode()
    else:
        altered = canonical(changed) if kind == "Store" else sealed(changed)
    with pytest.raises(Unreadable):
        parse(altered)


def test_a_record_that_is_written_another_way_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="white space"):
        parse_record(json.dumps(json.loads(record_bytes(RECORD)), ensure_ascii=False, sort_keys=True).encode())


def test_an_identity_may_be_laid_out_for_people() -> None:
    assert parse_identity(json.dumps(json.loads(identity_bytes(IDENTITY)), indent=2).encode()) == IDENTITY


@pytest.mark.parametrize("kind", READ)
def test_a_later_minor_version_can_be_read(kind: str) -> None:
    data, parse = READ[kind]
    later = {**json.loads(data), "formatVersion": "1.1", "news": {"of": "later"}}
    assert parse(canonical(later) if kind == "Store" else sealed(later)) == parse(data)


def test_a_message_does_not_repeat_a_long_field() -> None:
    with pytest.raises(Unreadable) as raised:
        parse_identity(canonical({**json.loads(identity_bytes(IDENTITY)), "site": "\x1b" * 100_000}))
    assert len(str(raised.value)) < 500
    assert "\x1b" not in str(raised.value)
