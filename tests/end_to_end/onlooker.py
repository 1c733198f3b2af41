"""A reader at a site, who knows docs/reference/store-format.md and none of our code: what is usable, and is it?"""

import hashlib
import io
import json
import re
import struct
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RECORD = re.compile(r"[0-9]{12}\.json")


class Broken(AssertionError):
    """A record is there, and what it names is not, or not so: what must never be seen."""


@dataclass(frozen=True)
class Usable:
    """The highest valid record of a package."""

    package: str
    number: int
    content: str
    record: dict[str, Any]


def usable(store: Path) -> dict[str, Usable]:
    """By folder of the package."""
    found = {}
    for folder in sorted((store / "records").glob("*")):
        for path in sorted(folder.iterdir(), reverse=True):
            record = _valid(path)
            if record is not None and RECORD.fullmatch(path.name):
                found[folder.name] = Usable(record["package"], record["number"], record["content"], record)
                break
    return found


def _valid(path: Path) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        digest = record.pop("digest")
    except (ValueError, KeyError):
        return None
    plain = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return record if digest == f"sha256:{hashlib.sha256(plain).hexdigest()}" else None


def check(store: Path, found: Usable) -> dict[str, bytes]:
    """Read everything that a record names; the files of the revision, by path. Raises Broken."""
    index = found.record["index"]
    try:
        data = (store / index["file"]).read_bytes()
    except OSError as fault:
        raise Broken(f"{found.package} {found.number}: {fault}") from None
    if len(data) != index["bytes"] or index["digest"] != f"sha256:{hashlib.sha256(data).hexdigest()}":
        raise Broken(f"{found.package} {found.number}: its index is another")
    lines = [line.split(" ") for line in data.decode().splitlines()]
    for kind, *fields in lines:
        if kind == "pack":
            pack = _read(store, fields[0], 0, int(fields[1]))
            if hashlib.sha256(pack).hexdigest() != fields[2]:
                raise Broken(f"{found.package} {found.number}: pack {fields[0]} is damaged")
    stream = b"".join(_run(store, fields[0], *map(int, fields[1:])) for kind, *fields in lines if kind == "run")
    (length,) = (int(fields[0]) for kind, *fields in lines if kind == "listing")
    if f"sha256:{hashlib.sha256(stream[-length:]).hexdigest()}" != found.content:
        raise Broken(f"{found.package} {found.number}: its bytes are not its content")
    return _files(stream[:-length])


def _files(tar: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]


def _read(store: Path, pack: str, at: int, length: int) -> bytes:
    try:
        with (store / "packs" / f"{pack}.pack").open("rb") as file:
            file.seek(at)
            data = file.read(length)
    except OSError as fault:
        raise Broken(str(fault)) from None
    if len(data) != length:
        raise Broken(f"pack {pack} is too short")
    return data


def _run(store: Path, pack: str, *numbers: int) -> bytes:
    at, length, skip, wanted = numbers
    data, plain = _read(store, pack, at, length), b""
    while data:
        decompressor = zstd.ZstdDecompressor()
        plain += decompressor.decompress(data)
        data = decompressor.unused_data
    return plain[skip:][:wanted]


def blocks(path: Path) -> list[tuple[int, list[str]]]:
    """The blocks of a file of blocks that are there in full: where each ends, and the ids of its chunks."""
    data = path.read_bytes()
    if len(data) < 20:
        return []
    length = struct.unpack_from("<I", data, 4)[0] + 8
    if len(data) < length:
        return []
    (count,) = struct.unpack_from("<I", data, 16)
    found, at, end = [], 20, length
    for _ in range(count):
        stored, chunks = struct.unpack_from("<II", data, at)
        ids = [data[at + 12 + 36 * each : at + 44 + 36 * each].hex() for each in range(chunks)]
        at, end = at + 8 + 36 * chunks, end + stored
        if end <= len(data):
            found.append((end, ids))
    return found


def files_of_blocks(store: Path) -> dict[int, Path]:
    """Packs and what attempts left, by inode: a part and the pack it became are one file."""
    return {path.stat().st_ino: path for path in (*store.glob("parts/*/*"), *store.glob("packs/*"))}


def chunks(paths: list[Path]) -> list[str]:
    """Of all whole blocks."""
    return [chunk for path in paths for _, ids in blocks(path) for chunk in ids]


def strangers(store: Path) -> list[str]:
    """What lies in a store and is nothing that the format knows."""
    known = re.compile(
        r"reconciler-store\.json|records/[a-z0-9._-]+/[0-9]{12}\.json|indexes/[0-9a-f]{32}\.index"
        r"|packs/[0-9a-f]{32}\.pack|parts/[0-9a-f]{32}(/[0-9a-f]{32})?"
    )
    names = (str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())
    return sorted(name for name in names if not known.fullmatch(name))
