"""The digest cache: quick, private, and never wrong (sending.md 1)."""

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.names import PackageName
from reconciler.model.packages import Content, SourceRequest
from reconciler.parcels.digest_cache import KEPT, DigestCache
from reconciler.parcels.listing import read_content
from tests.properties import tried

SECOND = 10**9


def later(seconds: float = 10) -> Callable[[], int]:
    """The clock of someone who hashes `seconds` from now: the files have come to rest."""
    return lambda: time.time_ns() + int(seconds * SECOND)


def request(path: Path | str, *exclude: str) -> SourceRequest:
    return SourceRequest(package=PackageName("till-4"), path=str(path), exclude=exclude)


def read(path: Path | str, cache: DigestCache, *exclude: str) -> Content:
    content = read_content(request(path, *exclude), cache)
    assert isinstance(content, Content), content
    return content


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    for number in range(5):
        (folder / "sub" / f"{number}").write_bytes(b"%d" % number)
    (folder / "z").write_bytes(b"z")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> str:
    return str(tmp_path / "cache" / "reconciler")


OPENED: list[str] = []


def note(event: str, arguments: tuple[object, ...]) -> None:
    """Files of a source are opened by name, relative to their folder; nothing else here is."""
    if event == "open" and isinstance(arguments[0], str) and not arguments[0].startswith("/"):
        flags = arguments[2]
        if isinstance(flags, int) and not flags & os.O_DIRECTORY:
            OPENED.append(arguments[0])


sys.addaudithook(note)


@pytest.fixture
def hashed() -> list[str]:
    """The names of the files whose bytes were read."""
    OPENED.clear()
    return OPENED


def test_unchanged_files_are_not_hashed_again(source: Path, home: str, hashed: list[str]) -> None:
    first = read(source, DigestCache(home, clock=later()))
    assert len(hashed) == 6
    assert read(source, DigestCache(home)) == first
    assert len(hashed) == 6


def test_only_what_changed_is_hashed_again(source: Path, home: str, hashed: list[str]) -> None:
    read(source, DigestCache(home, clock=later()))
    (source / "sub" / "2").write_bytes(b"two")
    (source / "sub" / "3").unlink()
    (source / "a").write_bytes(b"new")
    hashed.clear()
    changed = read(source, DigestCache(home, clock=later()))
    assert hashed == ["a", "2"]
    assert changed == read(source, DigestCache(None))
    hashed.clear()
    read(source, DigestCache(home))
    assert hashed == []


def test_what_was_written_within_two_seconds_of_the_hashing_is_hashed_again(
    source: Path, home: str, hashed: list[str]
) -> None:
    read(source, DigestCache(home, clock=later(1.5)))
    read(source, DigestCache(home, clock=later(1.5)))
    assert len(hashed) == 12


@pytest.mark.parametrize("age", [-1.5, 0.0, 1.5])
def test_a_modification_time_near_the_hashing_counts_even_if_it_was_set(
    source: Path, home: str, hashed: list[str], age: float
) -> None:
    clock = later(100)
    os.utime(source / "z", ns=(0, clock() - int(age * SECOND)))
    read(source, DigestCache(home, clock=clock))
    hashed.clear()
    read(source, DigestCache(home, clock=clock))
    assert hashed == ["z"]


@pytest.mark.parametrize("what", ["content", "same-size", "replaced", "touched", "mode"])
def test_whatever_happens_to_a_file_it_is_hashed_again(source: Path, home: str, hashed: list[str], what: str) -> None:
    read(source, DigestCache(home, clock=later()))
    times = (source / "z").stat()
    match what:
        case "content":
            (source / "z").write_bytes(b"longer")
        case "same-size":
            (source / "z").write_bytes(b"y")
            os.utime(source / "z", ns=(times.st_atime_ns, times.st_mtime_ns))
        case "replaced":
            (source / "new").write_bytes(b"y")
            os.utime(source / "new", ns=(times.st_atime_ns, times.st_mtime_ns))
            (source / "new").rename(source / "z")
        case "touched":
            os.utime(source / "z", (1, 1))
        case _:
            (source / "z").chmod(0o755)
    hashed.clear()
    assert read(source, DigestCache(home)) == read(source, DigestCache(None))
    assert hashed[0] == "z"


def test_two_sources_and_two_ways_to_exclude_do_not_disturb_one_another(
    source: Path, home: str, hashed: list[str], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "z").write_bytes(b"other")
    for _ in range(2):
        hashed.clear()
        assert read(source, DigestCache(home, clock=later())).files == 6
        assert read(source, DigestCache(home, clock=later()), "z").files == 5
        assert read(tmp_path / "other", DigestCache(home, clock=later())).files == 1
    assert hashed == []


def test_a_link_to_the_source_shares_its_digests(source: Path, home: str, hashed: list[str], tmp_path: Path) -> None:
    read(source, DigestCache(home, clock=later()))
    (tmp_path / "current").symlink_to("source")
    hashed.clear()
    read(tmp_path / "current", DigestCache(home))
    assert hashed == []


def test_the_cache_is_private(source: Path, home: str) -> None:
    mask = os.umask(0)
    try:
        read(source, DigestCache(home, clock=later()))
    finally:
        os.umask(mask)
    assert os.stat(home).st_mode & 0o777 == 0o700
    assert [os.stat(entry.path).st_mode & 0o777 for entry in os.scandir(home)] == [0o600]


def only(home: str) -> Path:
    (entry,) = os.scandir(home)
    return Path(entry.path)


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "garbage", "folder", "link", "database", "writable"])
def test_a_cache_that_cannot_be_trusted_is_not_used(source: Path, home: str, hashed: list[str], damage: str) -> None:
    whole = read(source, DigestCache(home, clock=later()))
    kept = only(home)
    data = kept.read_bytes()
    match damage:
        case "empty":
            kept.write_bytes(b"")
        case "cut":
            kept.write_bytes(data[: len(data) // 2])
        case "flipped":
            kept.write_bytes(bytes((*data[:50], data[50] ^ 1, *data[51:])))
        case "garbage":
            kept.write_bytes(os.urandom(len(data)))
        case "folder":
            kept.unlink()
            kept.mkdir()
        case "link":
            kept.rename(kept.parent.parent / "elsewhere")
            kept.symlink_to(kept.parent.parent / "elsewhere")
        case "database":
            kept.unlink()
            sqlite3.connect(kept).close()
        case _:
            kept.chmod(0o666)
    hashed.clear()
    assert read(source, DigestCache(home)) == whole
    assert len(hashed) == 6


def test_another_sources_file_says_nothing(source: Path, home: str, hashed: list[str], tmp_path: Path) -> None:
    read(source, DigestCache(home, clock=later()))
    mine = only(home)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "z").write_bytes(b"other")
    read(tmp_path / "other", DigestCache(home, clock=later()))
    (theirs,) = (Path(entry.path) for entry in os.scandir(home) if entry.path != str(mine))
    mine.write_bytes(theirs.read_bytes())
    hashed.clear()
    read(source, DigestCache(home))
    assert len(hashed) == 6


@pytest.mark.parametrize("obstacle", ["file", "no-parent", "none", "read-only"])
def test_a_cache_that_cannot_be_written_is_done_without(source: Path, tmp_path: Path, obstacle: str) -> None:
    match obstacle:
        case "file":
            (tmp_path / "cache").write_bytes(b"")
            directory: str | None = str(tmp_path / "cache")
        case "no-parent":
            directory = "/proc/none/reconciler"
        case "read-only":
            directory = "/proc/self/fd"
        case _:
            directory = None
    assert read(source, DigestCache(directory, clock=later())).files == 6


def test_what_no_source_used_for_long_is_dropped_and_nothing_else(source: Path, home: str, tmp_path: Path) -> None:
    read(source, DigestCache(home, clock=later()))
    old = only(home)
    (Path(home) / "manifests.cache").write_bytes(b"")
    for path in (old, Path(home) / "manifests.cache"):
        os.utime(path, (1, time.time() - KEPT - 60))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "z").write_bytes(b"other")
    read(tmp_path / "other", DigestCache(home, clock=later()))
    assert not old.exists()
    assert (Path(home) / "manifests.cache").exists()


def read_often(source: str, home: str, times: int) -> set[str]:
    return {read(source, DigestCache(home, clock=later())).digest for _ in range(times)}


def test_several_processes_share_a_cache(source: Path, home: str) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        told = [processes.submit(read_often, str(source), home, 20) for _ in range(3)]
        digests = set().union(*(one.result(timeout=60) for one in told))
    assert digests == {read(source, DigestCache(None)).digest}


files = st.sampled_from(["a", "b", "d/a", "d/b"])
bodies = st.sampled_from([b"", b"1", b"2", b"33", b"44"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), files, bodies),
        st.tuples(st.just("back-date"), files, bodies),
        st.tuples(st.just("swap"), files, files),
        st.tuples(st.just("replace"), files, bodies),
        st.tuples(st.just("remove"), files, st.none()),
        st.tuples(st.just("read"), st.none(), st.none()),
    ),
    min_size=1,
    max_size=12,
)


def act(root: Path, step: tuple[str, str, object]) -> None:
    what, name, body = step
    path = root / name
    times = path.stat() if path.exists() else None
    match what, body:
        case "write", bytes():
            path.write_bytes(body)
        case "back-date", bytes():
            path.write_bytes(body)
            if times is not None:
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        case "replace", bytes():
            (root / "new").write_bytes(body)
            (root / "new").rename(path)
        case "swap", str():
            if name != body and path.exists() and (root / body).exists():
                path.rename(root / "new")
                (root / body).rename(path)
                (root / "new").rename(root / body)
        case _:
            path.unlink(missing_ok=True)


@contextmanager
def planted() -> Iterator[tuple[Path, str]]:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "source"
        (root / "d").mkdir(parents=True)
        (root / "always").write_bytes(b"")
        yield root, f"{folder}/cache"


@given(steps)
@tried(25)
def test_the_cache_never_lies_however_fast_files_change(steps: list[tuple[str, str, object]]) -> None:
    with planted() as (root, home):
        for step in [*steps, ("read", "", None)]:
            if step[0] == "read":
                assert read(root, DigestCache(home)) == read(root, DigestCache(None))
            else:
                act(root, step)


@given(steps)
@tried(10)
def test_the_cache_never_lies_about_files_that_had_come_to_rest(steps: list[tuple[str, str, object]]) -> None:
    with planted() as (root, home):
        for step in [*steps, ("read", "", None)]:
            if step[0] == "read":
                assert read(root, DigestCache(home, clock=later())) == read(root, DigestCache(None))
                time.sleep(0.005)  # the file system's clock ticks: what is written next has other times
            else:
                act(root, step)
