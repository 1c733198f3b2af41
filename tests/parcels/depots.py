"""A depot in memory for tests of what travels: packs by id, and streams put together from them."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from reconciler.model.names import Digest, PackageName
from reconciler.model.packages import Content, SourceRequest
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.index import Index
from reconciler.parcels.listing import read_content
from reconciler.parcels.packing import pack_source
from reconciler.parcels.packs import Chunk, Table, open_block, parse_table
from reconciler.parcels.places import Places
from reconciler.parcels.store_names import new_id
from reconciler.parcels.travelling import portions


@dataclass
class Depot:
    """The bytes of packs, and what their tables say."""

    packs: dict[str, bytes] = field(default_factory=dict)

    def put(self, pieces: Iterable[bytes]) -> str:
        pack = new_id()
        self.packs[pack] = b"".join(pieces)
        return pack

    def table(self, pack: str) -> Table:
        return parse_table(self.packs[pack])

    def read(self, pack: str, offset: int, length: int) -> bytes:
        return self.packs[pack][offset : offset + length]

    def chunks(self, index: Index) -> list[tuple[Chunk, bytes]]:
        """The stream of an index, chunk by chunk, each checked."""
        found = []
        for pack, block, part in portions(index, self.table):
            plain = list(open_block(block, self.read(pack, block.at, block.stored)))
            found += zip(block.chunks[part], plain[part], strict=True)
        return found

    def stream(self, index: Index) -> bytes:
        return b"".join(plain for _, plain in self.chunks(index))

    @property
    def chunks_held(self) -> list[Chunk]:
        return [chunk for pack in self.packs for block in self.table(pack).blocks for chunk in block.chunks]


def request(source: Path | str, *, exclude: tuple[str, ...] = ()) -> SourceRequest:
    return SourceRequest(package=PackageName("till-4"), path=str(source), exclude=exclude)


def digest_of(source: Path, *, exclude: tuple[str, ...] = ()) -> Digest:
    content = read_content(request(source, exclude=exclude), DigestCache(None))
    assert isinstance(content, Content), content
    return content.digest


def packed(source: Path, depot: Depot, held: Places | None = None) -> Index:
    """Pack a source as it is now."""
    return pack_source(request(source), digest_of(source), held=Places() if held is None else held, put=depot.put)


def noise(seed: int, size: int) -> bytes:
    """Bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def plant(root: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return root


_NAMES = st.one_of(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8),
    st.integers(min_value=100, max_value=200).map(lambda length: "n" * length),
)

data = st.one_of(
    st.binary(max_size=600),
    st.builds(noise, st.integers(0, 4), st.integers(0, 150_000)),
    st.builds(lambda size: b"the same line again and again\n" * (size // 30), st.integers(0, 300_000)),
)
trees = st.dictionaries(st.lists(_NAMES, min_size=1, max_size=3).map(tuple), data, min_size=1, max_size=6)


def grow(root: Path, tree: Mapping[tuple[str, ...], bytes]) -> Path:
    """Plant a tree of any names; numbers keep them apart where case does not count."""
    for number, (path, content) in enumerate(tree.items()):
        name = root.joinpath(*(f"{number}-{part}" for part in path))
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_bytes(content)
        name.chmod(0o755 if number % 2 else 0o644)
    (root / "empty" / "folder").mkdir(parents=True)
    return root
