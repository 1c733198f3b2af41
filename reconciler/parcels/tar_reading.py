"""A tar archive read as a stream, member by member, each exactly what the listing says comes next.

`tarfile` is not asked: extracting with it can be led outside (CVE-2025-4517; reliability.md, fact 7). What is
understood here is what packing writes, ustar with pax paths and sizes (docs/reference/store-format.md), and no more:
no links, no devices, no sparse files, no GNU extensions.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from reconciler.parcels.listing_reading import Listed
from reconciler.parcels.source_tree import Kind
from reconciler.parcels.unreadable import Unreadable

_BLOCK = 512
_FILE, _FOLDER, _PAX = b"0", b"5", b"x"
_LARGEST_PAX = 2**17
"""Bytes: the longest path that a listing can have, and some more."""
_LARGEST_END = 2**15
"""Bytes of zeros after the last member: two blocks, then filled up to a record."""


def members(pieces: Iterable[bytes], listing: Iterable[Listed]) -> Iterator[tuple[Listed, Iterator[memoryview]]]:
    """Each entry of the listing with its bytes, which are to be taken before the next one.

    Raises Unreadable for anything but the members of the listing in its order, each with the size and the digest it
    states; the bytes of one raise it at their end at the latest, and are never more than the listing states.
    """
    stream = _Stream(iter(pieces))
    for entry in listing:
        _expect(entry, _header(stream))
        content = _content(stream, entry)
        yield entry, content
        for _ in content:
            pass
    stream.end()


@dataclass(slots=True)
class _Stream:
    """Bytes in pieces of any size, taken in portions of a stated one."""

    pieces: Iterator[bytes]
    held: memoryview = memoryview(b"")

    def portions(self, length: int) -> Iterator[memoryview]:
        """The next `length` bytes; raises Unreadable if there are fewer."""
        while length:
            if not self.held:
                piece = next(self.pieces, None)
                if piece is None:
                    raise Unreadable("the archive ends too early")
                self.held = memoryview(piece)
                continue
            portion = self.held[:length]
            self.held = self.held[length:]
            length -= len(portion)
            yield portion

    def take(self, length: int) -> bytes:
        return b"".join(self.portions(length))

    def padding(self, length: int) -> None:
        """Skip what fills up the last block of `length` bytes."""
        if any(self.take(-length % _BLOCK)):
            raise Unreadable("the archive holds bytes between two members")

    def end(self) -> None:
        """Nothing but the end-of-archive mark is left."""
        length = 0
        for piece in chain((self.held,), self.pieces):
            length += len(piece)
            if length > _LARGEST_END or any(piece):
                raise Unreadable("the archive holds more than the listing")
        if length < 2 * _BLOCK or length % _BLOCK:
            raise Unreadable("the archive has no end")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    type: bytes
    path: bytes
    size: int
    mode: int


def _expect(entry: Listed, found: _Header) -> None:
    folder = entry.kind is Kind.FOLDER
    path = entry.path.encode()
    if found.type != (_FOLDER if folder else _FILE):
        raise Unreadable(f"{entry.path!r} is no {'folder' if folder else 'regular file'} in the archive")
    if found.path not in ((path, path + b"/") if folder else (path,)):
        raise Unreadable(f"the archive holds {found.path[:80]!r} where the listing has {entry.path!r}")
    if found.size != entry.size:
        raise Unreadable(f"{entry.path!r} has {found.size} bytes in the archive, {entry.size} in the listing")
    if bool(found.mode & 0o100) != (entry.kind is not Kind.FILE) or found.mode & ~0o777:
        raise Unreadable(f"{entry.path!r} has another mode in the archive than in the listing")


def _content(stream: _Stream, entry: Listed) -> Iterator[memoryview]:
    if entry.kind is Kind.FOLDER:
        return
    hashed = hashlib.sha256()
    for portion in stream.portions(entry.size):
        hashed.update(portion)
        yield portion
    stream.padding(entry.size)
    if hashed.digest() != entry.digest:
        raise Unreadable(f"{entry.path!r} has not the digest that the listing states")


def _header(stream: _Stream) -> _Header:
    """The next member's header, a pax header before it taken in."""
    header = _ustar(stream.take(_BLOCK))
    if header.type != _PAX:
        return header
    if header.size > _LARGEST_PAX:
        raise Unreadable("the archive has a pax header that is too large")
    told = _pax(stream.take(header.size))
    stream.padding(header.size)
    header = _ustar(stream.take(_BLOCK))
    size = told.get(b"size")
    return _Header(
        type=header.type,
        path=told.get(b"path", header.path),
        size=header.size if size is None else _number(size, base=10),
        mode=header.mode,
    )


def _ustar(block: bytes) -> _Header:
    if block[257:265] != b"ustar\x0000":
        raise Unreadable("the archive is no ustar archive, or ends before the listing does")
    if sum(block[:148]) + 8 * 32 + sum(block[156:]) != _field(block, 148, 8):
        raise Unreadable("the archive has a header with a wrong checksum")
    if any(block[157:257]):
        raise Unreadable("the archive holds a link")
    name, prefix = _text(block, 0, 100), _text(block, 345, 155)
    return _Header(
        type=block[156:157],
        path=prefix + b"/" + name if prefix else name,
        size=_field(block, 124, 12),
        mode=_field(block, 100, 8),
    )


def _text(block: bytes, at: int, length: int) -> bytes:
    return block[at : at + length].partition(b"\0")[0]


def _field(block: bytes, at: int, length: int) -> int:
    return _number(block[at : at + length].rstrip(b" \0"), base=8)


def _number(digits: bytes, *, base: int) -> int:
    """Digits alone: `int` would take signs, underscores and white space too."""
    if not digits.isdigit() or len(digits) > 20:
        raise Unreadable("the archive has a header with a number of no known form")
    try:
        return int(digits, base)
    except ValueError:
        raise Unreadable("the archive has a header with a number of no known form") from None


def _pax(data: bytes) -> dict[bytes, bytes]:
    """Records of `LENGTH KEY=VALUE\\n`; only paths and sizes are known, each once."""
    told: dict[bytes, bytes] = {}
    while data:
        digits, space, _ = data[:24].partition(b" ")
        length = _number(digits, base=10)
        key, equals, value = data[len(digits) + 1 : length].partition(b"=")
        if not space or not equals or length > len(data) or not value.endswith(b"\n"):
            raise Unreadable("the archive has a pax header of no known form")
        if key not in (b"path", b"size") or key in told:
            raise Unreadable(f"the archive has a pax header that says {key[:40]!r}")
        told[key] = value[:-1]
        data = data[length:]
    return told
