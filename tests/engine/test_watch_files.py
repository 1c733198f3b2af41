"""`watch` on real files: writers, editors, folders that vanish. Nothing half-written is ever acted on (L39)."""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.engine.news import Told
from reconciler.engine.passes import Outcome, PassReport
from reconciler.engine.settling import Settling
from reconciler.engine.watch import watch
from reconciler.model.looks import Look
from reconciler.model.names import PackageName
from reconciler.model.packages import Content, SourceRequest
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import look_at_source, read_content
from reconciler.sources.changes import Watched
from reconciler.sources.directory import read_manifests
from reconciler.sources.manifest_read import ManifestRead
from reconciler.sources.watching import FileWatching

SOON = 10.0


@dataclass
class Reading:
    """Reads manifests and one source; what it would plan from is kept in `acted`."""

    root: Path
    source: Path | None = None
    acted: list[Mapping[str, str]] = field(default_factory=list)

    def _read(self) -> ManifestRead:
        return read_manifests([str(self.root)], ignore=(), skip_files=(), relative_to=str(self.root))

    def _request(self) -> SourceRequest:
        return SourceRequest(package=PackageName("till-4"), path=str(self.source))

    def look(self, known: Look | None, touched: frozenset[str]) -> Look:
        manifests = self._read().look.manifests
        return Look(
            manifests=manifests,
            sources={} if self.source is None else {str(self.source): look_at_source(self._request())},
        )

    def watched(self) -> Watched:
        return Watched(manifests=(str(self.root),), sources=() if self.source is None else (str(self.source),))

    def run(self, look: Look) -> PassReport:
        read = self._read()
        moved = read.look.moved(Look(manifests=look.manifests))
        if moved:
            return PassReport(outcome=Outcome.MOVED, moved=moved)
        seen = {text.file: text.data.decode() for text in read.texts}
        if self.source is not None:
            content = read_content(self._request(), DigestCache(None), seen=look.sources[str(self.source)])
            seen["source"] = content.digest if isinstance(content, Content) else content.code
        self.acted.append(seen)
        return PassReport(outcome=Outcome.REFUSED if read.missing or not read.texts else Outcome.DONE)


@contextmanager
def watching(reading: Reading, *, settle: float = 0.1) -> Iterator[list[Told]]:
    """The loop in a thread, its first pass made."""
    told: list[Told] = []
    stop = threading.Event()
    watcher = FileWatching(reading.watched())
    faults: list[BaseException] = []

    def run() -> None:
        try:
            settling = Settling(settle=settle)
            watch(reading, watcher, settling=settling, clock=time.monotonic, stop=stop.is_set, tell=told.append)
        except BaseException as fault:  # noqa: BLE001 (told by the test's own thread)
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until(lambda: reading.acted or faults)
        yield told
    finally:
        stop.set()
        watcher.close()
        thread.join(timeout=SOON)
    assert not faults
    assert not thread.is_alive()


def until(true: Callable[[], object]) -> None:
    ends = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < ends, "nothing happened"
        time.sleep(0.005)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    folder = tmp_path / "fleet"
    folder.mkdir()
    return folder


@dataclass
class Writer:
    """Rewrites a manifest in small pieces; `slowest` is the longest time it stood still in the middle of one."""

    path: Path
    slowest: float = 0.0
    last: float = 0.0

    def rewrite(self, number: int) -> None:
        lines = [f"begin: {number}\n", *(f"item-{line}: {number}\n" for line in range(number % 7)), f"end: {number}\n"]
        self.last = time.monotonic()
        with open(self.path, "wb", buffering=0) as manifest:
            for piece in re.findall(r"(?s).{1,9}", "".join(lines)):
                self._note()
                manifest.write(piece.encode())
        self._note()

    def _note(self) -> None:
        now = time.monotonic()
        self.slowest, self.last = max(self.slowest, now - self.last), now


def is_whole(text: str) -> bool:
    found = re.fullmatch(r"begin: (\d+)\n((?:item-\d+: \d+\n)*)end: (\d+)\n", text)
    return found is not None and found[1] == found[3] and found[2].count("\n") == int(found[1]) % 7


def write_under_watch(fleet: Path, *, times: int, rest_every: int, settle: float) -> list[str]:
    """What was acted on while a manifest was rewritten again and again; resting lets a pass through.

    On a busy machine the writer may stand still for longer than `settle` in the middle of a file, which no reader can
    tell from its end; then all of it is done again.
    """
    for _ in range(5):
        writer, acted = rewrite_under_watch(fleet, times=times, rest_every=rest_every, settle=settle)
        if writer.slowest <= settle / 2:
            return acted
    raise AssertionError(f"the writer stood still for {writer.slowest:.2f} s in the middle of a file, each time")


def rewrite_under_watch(fleet: Path, *, times: int, rest_every: int, settle: float) -> tuple[Writer, list[str]]:
    """The writer, and what was acted on meanwhile."""
    writer = Writer(fleet / "site.yaml")
    writer.rewrite(0)
    reading = Reading(fleet)
    with watching(reading, settle=settle):
        for number in range(1, times + 1):
            writer.rewrite(number)
            if number % rest_every == 0:
                until(lambda end=f"end: {number}\n": reading.acted[-1]["site.yaml"].endswith(end))
    return writer, [seen["site.yaml"] for seen in reading.acted]


def test_L39_nothing_half_written_is_acted_on_while_manifests_are_rewritten_in_pieces(fleet: Path) -> None:
    acted = write_under_watch(fleet, times=200, rest_every=50, settle=0.3)
    assert all(map(is_whole, acted)), acted
    assert 5 <= len(acted) <= 205


@pytest.mark.long
def test_L39_nothing_half_written_is_acted_on_in_a_thousand_rewrites(fleet: Path) -> None:
    acted = write_under_watch(fleet, times=1000, rest_every=10, settle=0.6)
    assert all(map(is_whole, acted)), acted
    assert len(acted) >= 101


OLD = "name: DE1\nsize: 1\n"
NEW = "name: DE1\nsize: 2\nmore: yes\n"


def save_like_vim(path: Path) -> None:
    """Probe the folder, keep a backup, write a new file in its place, remove the backup."""
    swap = path.with_name(f".{path.name}.swp")
    swap.write_bytes(b"b0VIM")
    probe = path.with_name("4913")
    probe.touch()
    probe.unlink()
    backup = path.with_name(f"{path.name}~")
    path.rename(backup)
    path.write_text(NEW)
    backup.unlink()
    swap.unlink()


def save_like_nano(path: Path) -> None:
    """Truncate and write, in two pieces."""
    with open(path, "w", buffering=1, encoding="utf-8") as file:
        file.write(NEW[:10])
        file.flush()
        time.sleep(0.02)
        file.write(NEW[10:])


def save_like_rsync(path: Path) -> None:
    """A hidden temporary file in the same folder, given the old times, renamed over."""
    temporary = path.with_name(f".{path.name}.a1B2c3")
    temporary.write_text(NEW)
    found = path.stat()
    os.utime(temporary, ns=(found.st_atime_ns, found.st_mtime_ns))
    temporary.rename(path)


def save_with_sed(path: Path) -> None:
    subprocess.run(["sed", "-i", "-e", "s/size: 1/size: 2/", "-e", "$ a more: yes", path], check=True, timeout=20)


def save_with_vim(path: Path) -> None:
    script = ["%s/size: 1/size: 2/", "$put ='more: yes'", "wq"]
    commands = [part for line in script for part in ("-c", line)]
    subprocess.run(["vim", "-u", "NONE", "-es", *commands, path], check=True, timeout=20, stdin=subprocess.DEVNULL)


SAVES = [save_like_vim, save_like_nano, save_like_rsync, save_with_sed]
if shutil.which("vim") is not None:
    SAVES.append(save_with_vim)


@pytest.mark.parametrize("save", SAVES, ids=lambda save: save.__name__)
def test_L39_a_save_makes_one_pass_on_the_whole_new_file(fleet: Path, save: Callable[[Path], None]) -> None:
    (fleet / "site.yaml").write_text(OLD)
    (fleet / "other.yaml").write_text("name: FR1\n")
    reading = Reading(fleet)
    with watching(reading, settle=0.25):
        save(fleet / "site.yaml")
        until(lambda: len(reading.acted) > 1)
        time.sleep(0.3)
    assert [seen["site.yaml"] for seen in reading.acted] == [OLD, NEW]
    assert {seen["other.yaml"] for seen in reading.acted} == {"name: FR1\n"}


def test_what_changed_while_it_was_stopped_is_acted_on_at_the_start(fleet: Path) -> None:
    (fleet / "site.yaml").write_text(OLD)
    reading = Reading(fleet)
    with watching(reading):
        pass
    (fleet / "site.yaml").write_text(NEW)
    (fleet / "new.yaml").write_text("name: FR1\n")
    with watching(reading):
        until(lambda: len(reading.acted) > 1)
    assert reading.acted[-1] == {"site.yaml": NEW, "new.yaml": "name: FR1\n"}


def test_L2_touching_files_leaves_what_is_acted_on_as_it_was(fleet: Path, tmp_path: Path) -> None:
    (fleet / "site.yaml").write_text(OLD)
    source = tmp_path / "till"
    source.mkdir()
    (source / "setup.exe").write_bytes(b"MZ")
    reading = Reading(fleet, source)
    with watching(reading):
        for path in (fleet / "site.yaml", source / "setup.exe"):
            passes = len(reading.acted)
            os.utime(path, (1, 1))
            until(lambda passes=passes: len(reading.acted) > passes)
    assert all(seen == reading.acted[0] for seen in reading.acted)


def test_a_source_that_changes_makes_a_pass_with_its_new_digest(fleet: Path, tmp_path: Path) -> None:
    (fleet / "site.yaml").write_text(OLD)
    source = tmp_path / "till"
    source.mkdir()
    (source / "setup.exe").write_bytes(b"MZ")
    reading = Reading(fleet, source)
    with watching(reading):
        (source / "new").mkdir()
        (source / "new" / "file").write_bytes(b"1")
        until(lambda: len(reading.acted) > 1)
    assert reading.acted[0]["source"] != reading.acted[1]["source"]


@pytest.mark.parametrize("how", ["emptied", "removed", "moved-away"])
def test_R8_manifests_that_vanish_are_refused_and_come_back(fleet: Path, tmp_path: Path, how: str) -> None:
    (fleet / "site.yaml").write_text(OLD)
    reading = Reading(fleet)
    with watching(reading):
        match how:
            case "emptied":
                (fleet / "site.yaml").unlink()
            case "removed":
                shutil.rmtree(fleet)
            case _:
                fleet.rename(tmp_path / "away")
        until(lambda: reading.acted[-1] == {})
        if how == "moved-away":
            (tmp_path / "away").rename(fleet)
        else:
            fleet.mkdir(exist_ok=True)
            (fleet / "site.yaml").write_text(NEW)
        until(lambda: reading.acted[-1] != {})
    assert reading.acted == [{"site.yaml": OLD}, {}, {"site.yaml": OLD if how == "moved-away" else NEW}]


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_many_files_written_at_once_make_one_pass_and_none_is_lost(fleet: Path, count: int) -> None:
    """As `git checkout` writes them."""
    (fleet / "site.yaml").write_text(OLD)
    reading = Reading(fleet)
    with watching(reading, settle=0.5):
        for number in range(count):
            folder = fleet / str(number // 50)
            folder.mkdir(exist_ok=True)
            (folder / f"{number}.yaml").write_text("name: x\n")
        until(lambda: len(reading.acted[-1]) == count + 1)
    assert [len(seen) for seen in reading.acted] == [1, count + 1]
