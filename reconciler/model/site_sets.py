"""Sets of sites as bits of one integer: 5,000 sites in 625 bytes, and union, intersection and size at machine speed.

Measured for 5,000 sites x 20,000 packages: sets of tuples cost 512 MB where bits cost 5 MB (docs/decisions/0010).
"""

from collections.abc import Iterable, Iterator


class SiteSet:
    """A set of site indices, immutable and hashable; index `i` is the i-th site of the fleet by name."""

    __slots__ = ("bits",)

    bits: int

    def __init__(self, bits: int = 0) -> None:
        object.__setattr__(self, "bits", bits)

    @classmethod
    def of(cls, indices: Iterable[int]) -> "SiteSet":
        bits = 0
        for index in indices:
            bits |= 1 << index
        return cls(bits)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a SiteSet does not change")

    def __or__(self, other: "SiteSet") -> "SiteSet":
        return SiteSet(self.bits | other.bits)

    def __and__(self, other: "SiteSet") -> "SiteSet":
        return SiteSet(self.bits & other.bits)

    def __sub__(self, other: "SiteSet") -> "SiteSet":
        return SiteSet(self.bits & ~other.bits)

    def __contains__(self, index: int) -> bool:
        return bool(self.bits >> index & 1)

    def __iter__(self) -> Iterator[int]:
        """The indices, rising. Byte by byte, as shifting a long integer once per site would be quadratic."""
        for offset, byte in enumerate(self.bits.to_bytes((self.bits.bit_length() + 7) // 8, "little")):
            while byte:
                lowest = byte & -byte
                yield offset * 8 + lowest.bit_length() - 1
                byte ^= lowest

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __bool__(self) -> bool:
        return self.bits != 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SiteSet) and self.bits == other.bits

    def __hash__(self) -> int:
        return hash(self.bits)

    def __repr__(self) -> str:
        return f"SiteSet.of({list(self)})"
