"""Package contents in two versions, half of their bytes compressible: the same for the same seed (decision 0017).

Version 2 has 2 % of the bytes written anew, in 100 places, and 3 KB more near the front. What did not change keeps its
time, so that rsync need not read it.
"""

import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.sizes import SEED

STRIPE = 2**21
INSERTED = 3000
REGIONS = 100
WRITTEN_AT = 1_790_000_000


@dataclass(slots=True)
class Bytes:
    """Noise, and lines of a log that zstd takes to some 6 %."""

    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    pool: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        chance = self.chance
        words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(300)]
        lines = [" ".join(chance.choices(words, k=chance.randint(8, 20))) for _ in range(600)]
        self.pool = [f"{line} till={till} ok\n".encode() for line in lines for till in range(100)]

    def noise(self, length: int) -> bytes:
        return self.chance.randbytes(length)

    def text(self, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            found += b"".join(self.chance.choices(self.pool, k=length // 64 + 1))
        return bytes(found[:length])

    def half(self, length: int) -> bytes:
        return self.noise(length // 2) + self.text(length - length // 2)

    def stripes(self, length: int) -> Iterator[bytes]:
        """Noise and lines in turn."""
        for number, start in enumerate(range(0, length, STRIPE)):
            yield (self.noise if number % 2 else self.text)(min(STRIPE, length - start))


def write_large(folder: str, length: int) -> None:
    """Versions `1` and `2` of one file of four fifths of the length, and ten more."""
    source = Bytes()
    one = bytearray().join(source.stripes(length * 4 // 5))
    _write(folder, "1/image.bin", one)
    for number in range(10):
        _write(folder, f"1/part{number:02}.bin", source.half(length // 50))
    _begin_second(folder)
    region = length // 50 // REGIONS
    for number in range(REGIONS):
        at = source.chance.randrange(len(one) - region)
        one[at : at + region] = (source.noise if number % 2 else source.text)(region)
    one[5000:5000] = source.noise(INSERTED)
    _write(folder, "2/image.bin", one, later=1)


def write_small(folder: str, files: int, length: int) -> None:
    """Versions `1` and `2` of many files; 2 % of them are others, and one of the others is longer at its front."""
    source = Bytes()
    names = [f"d{number // 100:04}/f{number:06}.dat" for number in range(files)]
    for name in names:
        _write(folder, f"1/{name}", source.half(length))
    _begin_second(folder)
    for name in source.chance.sample(names[1:], max(1, files // 50)):
        _write(folder, f"2/{name}", source.half(length), later=1)
    with open(os.path.join(folder, "1", names[0]), "rb") as stream:
        _write(folder, f"2/{names[0]}", source.noise(INSERTED) + stream.read(), later=1)


def write_file(folder: str, length: int) -> None:
    """Version `1` alone, of one file of any length."""
    os.makedirs(os.path.join(folder, "1"))
    with open(os.path.join(folder, "1", "image.bin"), "wb") as stream:
        stream.writelines(Bytes().stripes(length))


def write_many(folder: str, files: int) -> None:
    """Version `1` alone, of many files of some hundred bytes."""
    source = Bytes()
    for number in range(files):
        _write(folder, f"1/d{number // 1000:04}/f{number:06}.dat", source.half(500))


def _begin_second(folder: str) -> None:
    shutil.copytree(os.path.join(folder, "1"), os.path.join(folder, "2"))


def _write(folder: str, path: str, data: bytes | bytearray, *, later: int = 0) -> None:
    full = os.path.join(folder, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as stream:
        stream.write(data)
    os.utime(full, (WRITTEN_AT + later, WRITTEN_AT + later))
