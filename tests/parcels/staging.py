"""A revision laid out as a store holds it, by a packer of a dozen lines that writes whatever it is told to."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.instants import Instant
from reconciler.model.keys import canonical
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Revision
from reconciler.model.snapshot import Mode
from reconciler.model.stores import StateId, StoreId, StoreIdentity
from reconciler.parcels.identity import identity_bytes
from reconciler.parcels.index import Index, PackUse, Run, index_bytes
from reconciler.parcels.packs import Chunk, laid_out, seal_block
from reconciler.parcels.records import IndexFile, Record, record_bytes
from reconciler.parcels.store_names import IDENTITY, index_name, pack_name, record_name
from reconciler.parcels.unreadable import Unreadable

PACK = "0" * 31 + "1"

Files = Mapping[str, tuple[str, bytes]]
"""Path → type in the listing, and bytes."""

TILL: Files = {
    "bin/setup.exe": ("x", b"MZ" * 500),
    "docs/empty": ("d", b""),
    "docs/lies mich.txt": ("f", b"hello\n"),
    "docs/\u00fcber.txt": ("f", b""),
    "readme": ("f", bytes(range(256)) * 3000),
}


def listing_of(files: Files) -> bytes:
    """Listing version 1, in the order given."""
    return b"".join(map(entry, files, *zip(*files.values(), strict=True)))


def entry(path: str, kind: str, data: bytes, *, size: int | None = None) -> bytes:
    """One entry of a listing."""
    digest = "-" if kind == "d" else hashlib.sha256(data).hexdigest()
    return f"{kind} {len(data) if size is None else size} {digest} {path}".encode() + b"\0"


def member(path: str, kind: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """One member of an archive, as packing writes it."""
    info = tarfile.TarInfo(path)
    info.size = len(data)
    info.mode = 0o644 if kind == "f" else 0o755
    info.type = tarfile.DIRTYPE if kind == "d" else tarfile.REGTYPE
    return info, data


def members_of(files: Files) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [member(path, kind, data) for path, (kind, data) in files.items()]


def tar_of(members: Iterable[tuple[tarfile.TarInfo, bytes]], *, pax: bool = True) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@dataclass(frozen=True)
class Staged:
    """An index, and the packs it names."""

    index: Index
    packs: Mapping[str, bytes]

    def read(self, name: str, offset: int, length: int) -> bytes:
        if name not in self.packs:
            raise Unreadable("it is not there")
        return self.packs[name][offset : offset + length]

    def altered(self, change: Callable[[bytearray], None]) -> "Staged":
        """The same with the pack's bytes changed."""
        data = bytearray(self.packs[pack_name(PACK)])
        change(data)
        return Staged(self.index, {pack_name(PACK): bytes(data)})


def stage(
    tar: bytes, listing: bytes, *, chunk: int = 50_000, together: int = 3, content: str | None = None, pack: str = PACK
) -> Staged:
    """One pack, cut into chunks of one size, `together` of them a block; two runs that meet in the middle of one."""
    plain = tar + listing
    pieces = [plain[at : at + chunk] for at in range(0, len(plain), chunk)]
    chunks = [Chunk(hashlib.sha256(piece).digest(), len(piece)) for piece in pieces]
    cuts = range(0, len(pieces), together)
    laid, table = laid_out([(chunks[at : at + together], seal_block(pieces[at : at + together])) for at in cuts])
    data = b"".join(laid)
    middle = table.blocks[len(table.blocks) // 2]
    before = sum(block.plain for block in table.blocks if block.at < middle.at)
    first, start = middle.chunks[0].size, table.blocks[0].at
    runs = [
        Run(pack, start, middle.end - start, 0, before + first),
        Run(pack, middle.at, table.end - middle.at, first, len(plain) - before - first),
    ]
    index = Index(
        content=Digest(content or f"sha256:{hashlib.sha256(listing).hexdigest()}"),
        tar=len(tar),
        listing=len(listing),
        packs=(PackUse(pack, len(data), hashlib.sha256(data).digest()),),
        runs=tuple(run for run in runs if run.length),
    )
    return Staged(index, {pack_name(pack): data})


def staged_files(files: Files, *, chunk: int = 50_000, together: int = 3, pack: str = PACK) -> Staged:
    """What packing these files makes."""
    return stage(tar_of(members_of(files)), listing_of(files), chunk=chunk, together=together, pack=pack)


def record_of(index: bytes, *, number: int, content: str, package: str = "till-4", site: str = "DE1") -> Record:
    """What a worker writes once everything is there; `index` is the file that it names."""
    setups: dict[str, object] = {}
    return Record(
        package=PackageName(package),
        site=SiteName(site),
        store=StoreId("5" * 32),
        number=number,
        mode=Mode.CONTENT,
        revision=Revision(Digest(content), Digest(f"sha256:{hashlib.sha256(canonical(setups)).hexdigest()}")),
        version="4.20",
        setups=setups,
        index=IndexFile(
            file=index_name(f"{number:032x}"),
            bytes=len(index),
            digest=Digest(f"sha256:{hashlib.sha256(index).hexdigest()}"),
        ),
        verified_at=Instant(1_795_000_000),
        verifier="worker",
        proof="read-back",
    )


def put_in_store(store: Path, staged: Staged, *, number: int, package: str = "till-4") -> Record:
    """Lay it out as send `number` leaves it; the store of DE1 is made if need be."""
    identity = StoreIdentity(site=SiteName("DE1"), store=StoreId("5" * 32), state=StateId("6" * 32))
    index = index_bytes(staged.index)
    record = record_of(index, number=number, content=staged.index.content, package=package)
    files = {
        IDENTITY: identity_bytes(identity),
        record.index.file: index,
        record_name(record.package, number): record_bytes(record),
        **staged.packs,
    }
    for name, data in files.items():
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(data)
    return record
