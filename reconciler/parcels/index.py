"""An index: how the bytes of a revision are put together from packs (docs/reference/store-format.md).

A text that `while read` understands, so that a shell can do what we do.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from reconciler.model.names import Digest
from reconciler.parcels.packs import LARGEST_BLOCK, LARGEST_PACK, table_size
from reconciler.parcels.unreadable import Unreadable

LARGEST_INDEX: Final = 2**26

Sha256 = bytes
"""32 bytes."""

_NUMBER = rb"(0|[1-9][0-9]{0,17})"
_HEAD = re.compile(rb"reconciler index 1\ncontent (sha256:[0-9a-f]{64})\ntar %b\nlisting %b\n" % (_NUMBER, _NUMBER))
_PACK = re.compile(rb"pack ([0-9a-f]{32}) %b ([0-9a-f]{64})\n" % _NUMBER)
_RUN = re.compile(rb"run ([0-9a-f]{32}) %b %b %b %b\n" % ((_NUMBER,) * 4))
_END = re.compile(rb"end ([0-9a-f]{64})\n")
_END_LENGTH = 69


class Run(NamedTuple):
    """Bytes of the stream that lie together: of `pack`, `stored` bytes from `at` on are whole blocks.

    Decompressed, without the first `skip` bytes, the next `length` are the run. It begins and ends at chunks.
    """

    pack: str
    at: int
    stored: int
    skip: int
    length: int

    @property
    def end(self) -> int:
        return self.at + self.stored


class PackUse(NamedTuple):
    """A pack as far as it counts: its first `bytes` bytes, whose SHA-256 is `digest`."""

    pack: str
    bytes: int
    digest: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The stream of a revision: `tar` bytes of archive, then `listing` bytes whose digest is `content`.

    `packs` are in the order of their first use in `runs`, `runs` in the order of the stream.
    """

    content: Digest
    tar: int
    listing: int
    packs: tuple[PackUse, ...]
    runs: tuple[Run, ...]

    def __post_init__(self) -> None:
        fault = _fault(self)
        if fault is not None:
            raise ValueError(fault)

    @property
    def length(self) -> int:
        """Bytes of the stream."""
        return self.tar + self.listing


def index_bytes(index: Index) -> bytes:
    """The file; the same bytes for the same index."""
    lines = ["reconciler index 1", f"content {index.content}", f"tar {index.tar}", f"listing {index.listing}"]
    lines += (f"pack {use.pack} {use.bytes} {use.digest.hex()}" for use in index.packs)
    lines += (f"run {run.pack} {run.at} {run.stored} {run.skip} {run.length}" for run in index.runs)
    text = "\n".join(lines).encode() + b"\n"
    return text + b"end %b\n" % hashlib.sha256(text).hexdigest().encode()


def parse_index(data: bytes) -> Index:
    """Read an index in time linear in its length; raises Unreadable."""
    if len(data) > LARGEST_INDEX:
        raise Unreadable(f"the index is larger than {LARGEST_INDEX} bytes")
    closing = max(len(data) - _END_LENGTH, 0)
    end = _END.fullmatch(data, closing)
    if end is None or hashlib.sha256(memoryview(data)[:closing]).hexdigest().encode() != end[1]:
        raise Unreadable("the index does not have the digest it ends with")
    head = _HEAD.match(data)
    if head is None:
        raise Unreadable("the index does not begin as one of format 1 does")
    packs, place = _packs(data, head.end())
    runs, place = _runs(data, place)
    if place != closing:
        line = data[place : place + 100].split(b"\n", 1)[0]
        raise Unreadable(f"the index holds a line that is none of the format: {line!r}")
    try:
        return Index(content=Digest(head[1].decode()), tar=int(head[2]), listing=int(head[3]), packs=packs, runs=runs)
    except ValueError as fault:
        raise Unreadable(str(fault)) from fault


def _packs(data: bytes, place: int) -> tuple[tuple[PackUse, ...], int]:
    packs = []
    while match := _PACK.match(data, place):
        packs.append(PackUse(match[1].decode(), int(match[2]), bytes.fromhex(match[3].decode())))
        place = match.end()
    return tuple(packs), place


def _runs(data: bytes, place: int) -> tuple[tuple[Run, ...], int]:
    """The id of a pack is one object for all its runs."""
    names: dict[bytes, str] = {}
    runs = []
    while match := _RUN.match(data, place):
        pack = names.setdefault(match[1], match[1].decode())
        runs.append(Run(pack, int(match[2]), int(match[3]), int(match[4]), int(match[5])))
        place = match.end()
    return tuple(runs), place


def _fault(index: Index) -> str | None:
    """What contradicts itself, or is beyond the format's limits."""
    if index.tar < 1024 or index.tar % 512 or index.listing < 1:
        return f"{index.tar} bytes of archive and {index.listing} of listing are no stream"
    uses = {use.pack: use for use in index.packs}
    first = tuple(dict.fromkeys(run.pack for run in index.runs))
    if first != tuple(use.pack for use in index.packs):
        return "the packs of the index are not those of its runs, in the order of their first use"
    return _fault_of_runs(index.runs, uses) or (
        None
        if sum(run.length for run in index.runs) == index.length
        else f"the runs of the index do not make up {index.length} bytes"
    )


def _fault_of_runs(runs: Sequence[Run], uses: dict[str, PackUse]) -> str | None:
    least = table_size(1, 1)
    for use in uses.values():
        if not least < use.bytes <= LARGEST_PACK:
            return f"pack {use.pack} cannot have {use.bytes} bytes"
    for run in runs:
        if run.at < least or not run.stored or run.end > uses[run.pack].bytes:
            return f"{run.stored} bytes from {run.at} on are not within pack {run.pack}"
        if run.skip >= LARGEST_BLOCK or not run.length:
            return f"a run of pack {run.pack} cannot skip {run.skip} bytes and take {run.length}"
    return None
