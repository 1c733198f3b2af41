"""What a store says is usable: records of sends, and parcels that no record names (L18)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.holdings import Held
from reconciler.model.instants import Instant, format_instant, parse_instant
from reconciler.model.keys import canonical
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Revision, SetupPart
from reconciler.model.snapshot import Mode
from reconciler.model.stores import StoreId
from reconciler.parcels import store_json
from reconciler.parcels.index import LARGEST_INDEX
from reconciler.parcels.store_json import Fields
from reconciler.parcels.unreadable import Unreadable

_ID = re.compile(r"[0-9a-f]{32}")
_INDEX = re.compile(r"indexes/[0-9a-f]{32}\.index")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """The index that a record or a parcel refers to: its name in the store, its bytes and their digest."""

    file: str
    bytes: int
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The commit marker of send `number`: this revision of the package is usable at the site.

    `setups` is the setup itself in canonical form; `verifier` and `proof` say who checked the bytes, and how.
    """

    package: PackageName
    site: SiteName
    store: StoreId
    number: int
    mode: Mode
    revision: Revision
    version: str
    setups: Mapping[str, object]
    index: IndexFile
    verified_at: Instant
    verifier: str
    proof: str

    @property
    def held(self) -> Held:
        """What the site holds if everything that the record names is there."""
        return Held(
            content=self.revision.content,
            setup=self.revision.setup,
            parts=frozenset(SetupPart(part) for part in self.setups),
            version=self.version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A packed revision: in a depot, or adopted. `bytes` is the sum of its files' bytes."""

    package: PackageName
    number: int
    content: Digest
    bytes: int
    index: IndexFile
    packed_at: Instant


def record_bytes(record: Record) -> bytes:
    """The file, with its own digest."""
    fields = {
        "package": record.package,
        "site": record.site,
        "store": record.store,
        "number": record.number,
        "mode": record.mode.value,
        "content": record.revision.content,
        "setup": record.revision.setup,
        "version": record.version,
        "setups": record.setups,
        "index": _index(record.index),
        "verifiedAt": format_instant(record.verified_at),
        "verifier": record.verifier,
        "proof": record.proof,
    }
    return store_json.sealed("Record", fields)


def parse_record(data: bytes) -> Record:
    """Raises Unreadable. Whether it is the record its name says, is for the reader to compare."""
    fields = store_json.read_sealed(data, "Record")
    return Record(
        package=PackageName(fields.name("package")),
        site=SiteName(fields.name("site")),
        store=StoreId(fields.text("store", _ID)),
        number=fields.count("number", least=1),
        mode=_mode(fields),
        revision=Revision(fields.digest("content"), fields.digest("setup")),
        version=fields.text("version"),
        setups=_setups(fields),
        index=_index_file(fields),
        verified_at=_instant(fields, "verifiedAt"),
        verifier=fields.text("verifier"),
        proof=fields.text("proof"),
    )


def parcel_bytes(parcel: Parcel) -> bytes:
    """The file, with its own digest."""
    fields = {
        "package": parcel.package,
        "number": parcel.number,
        "content": parcel.content,
        "bytes": parcel.bytes,
        "index": _index(parcel.index),
        "packedAt": format_instant(parcel.packed_at),
    }
    return store_json.sealed("Parcel", fields)


def parse_parcel(data: bytes) -> Parcel:
    """Raises Unreadable."""
    fields = store_json.read_sealed(data, "Parcel")
    return Parcel(
        package=PackageName(fields.name("package")),
        number=fields.count("number", least=1),
        content=fields.digest("content"),
        bytes=fields.count("bytes"),
        index=_index_file(fields),
        packed_at=_instant(fields, "packedAt"),
    )


def _index(index: IndexFile) -> Mapping[str, object]:
    return {"file": index.file, "bytes": index.bytes, "digest": index.digest}


def _index_file(fields: Fields) -> IndexFile:
    index = fields.mapping("index")
    size = index.count("bytes", least=1)
    if size > LARGEST_INDEX:
        raise Unreadable(f"it names an index of {size} bytes")
    return IndexFile(file=index.text("file", _INDEX), bytes=size, digest=index.digest("digest"))


def _mode(fields: Fields) -> Mode:
    try:
        return Mode(fields.text("mode"))
    except ValueError as fault:
        raise Unreadable(str(fault)) from fault


def _setups(fields: Fields) -> Mapping[str, object]:
    """Only parts that we know, and the setup whose digest the record states."""
    setups = fields.mapping("setups").values
    if not set(setups) <= {part.value for part in SetupPart}:
        raise Unreadable(f"it is set up for {', '.join(sorted(setups))[:80]!r}")
    if fields.digest("setup") != f"sha256:{hashlib.sha256(canonical(setups)).hexdigest()}":
        raise Unreadable("its setup does not have the digest that it states")
    return setups


def _instant(fields: Fields, name: str) -> Instant:
    try:
        return parse_instant(fields.text(name, _INSTANT))
    except ValueError as fault:
        raise Unreadable(str(fault)) from fault
