"""What packing made of a source, unpacking makes into the same tree again."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.names import Digest, PackageName
from reconciler.model.packages import Content, SourceRequest
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import read_content
from reconciler.parcels.packing import pack_source
from reconciler.parcels.places import Places
from reconciler.parcels.store_names import new_id, pack_name
from tests.parcels.staging import TILL, Files, Staged
from tests.parcels.test_unpacking import NAMES, contents, trees, unpack_in
from tests.properties import tried


def write(folder: Path, files: Files) -> None:
    for name, (kind, data) in files.items():
        path = folder / name
        if kind == "d":
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o755 if kind == "x" else 0o644)


def digest_of(folder: Path) -> Digest:
    content = read_content(SourceRequest(package=PackageName("till-4"), path=str(folder)), DigestCache(None))
    assert isinstance(content, Content), content
    return content.digest


def pack(folder: Path, depot: dict[str, bytes], held: Places) -> Staged:
    """The folder's content, its new packs added to the depot."""

    def put(pieces: Sequence[bytes]) -> str:
        name = new_id()
        depot[pack_name(name)] = b"".join(pieces)
        return name

    request = SourceRequest(package=PackageName("till-4"), path=str(folder))
    return Staged(pack_source(request, digest_of(folder), held=held, put=put), depot)


def test_a_packed_source_comes_out_again(tmp_path: Path) -> None:
    long = {"/".join(["l" * 90] * 5): ("f", b"long"), "n" * 255: ("x", b"longest"), "\u00e9" * 60: ("f", b"accents")}
    files: Files = TILL | long | {"large": ("f", os.urandom(3_000_000))}
    write(tmp_path / "source", files)
    assert unpack_in(tmp_path / "tree", pack(tmp_path / "source", {}, Places())) == files


def test_a_later_revision_comes_out_of_old_and_new_packs(tmp_path: Path) -> None:
    depot: dict[str, bytes] = {}
    held = Places()
    large = os.urandom(2_000_000)
    write(tmp_path / "first", {"large": ("f", large)})
    pack(tmp_path / "first", depot, held)
    write(tmp_path / "second", {"large": ("f", b"put before" + large[:900_000] + b"put between" + large[900_000:])})
    second = pack(tmp_path / "second", depot, held)
    assert len(second.index.packs) == 2
    assert len(second.index.runs) > 3
    assert unpack_in(tmp_path / "tree", second) == contents(tmp_path / "second")


@tried(10)
@given(files=trees(), name=NAMES, size=st.integers(0, 300_000))
def test_any_packed_source_comes_out_again(
    tmp_path_factory: pytest.TempPathFactory, files: Files, name: str, size: int
) -> None:
    here = tmp_path_factory.mktemp("any")
    files = {**files, f"larger-{name}"[:80]: ("f", os.urandom(size))}
    write(here / "source", files)
    unpacked = unpack_in(here / "tree", pack(here / "source", {}, Places()))
    assert unpacked == files
    assert digest_of(here / "tree") == digest_of(here / "source")
