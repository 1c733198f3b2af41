"""A stream cut into chunks by its content, so that what did not change is known again (decision 0017)."""

from dataclasses import dataclass, field
from typing import Final

from pyfastcdc import FastCDC

AVERAGE: Final = 3 * 2**12
LEAST: Final = AVERAGE // 16
MOST: Final = AVERAGE * 4
"""Bytes of a chunk. Another choice changes what is known again, never what is right."""

ALONE: Final = 2**14
"""A file of at least so many bytes begins a chunk and ends one: a change in it leaves its neighbours' chunks alone."""

_AT_ONCE = 2**20


@dataclass(slots=True)
class Cutter:
    """Takes a stream in pieces of any size and gives the same chunks for the same bytes and cuts."""

    chunker: FastCDC = field(default_factory=lambda: FastCDC(AVERAGE, min_size=LEAST, max_size=MOST, seed=0))
    pieces: list[bytes] = field(default_factory=list)
    waiting: int = 0

    def add(self, piece: bytes) -> list[bytes]:
        """The chunks that are complete with it."""
        self.pieces.append(piece)
        self.waiting += len(piece)
        return self._cut(self.waiting - MOST) if self.waiting >= _AT_ONCE else []

    def cut(self) -> list[bytes]:
        """The chunks of what was added and not yet given: a chunk ends here."""
        return self._cut(self.waiting)

    def _cut(self, until: int) -> list[bytes]:
        """Those that begin before `until`: nothing after them can change where they end."""
        data = b"".join(self.pieces)
        chunks = []
        start = 0
        for found in self.chunker.cut_buf(data):
            if start >= until:
                break
            chunks.append(data[start : start + found.length])
            start += found.length
        self.pieces = [data[start:]] if start < len(data) else []
        self.waiting = len(data) - start
        return chunks
