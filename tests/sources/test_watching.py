"""Watching real folders: what wakes, what does not, what is survived."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.sources import watching
from reconciler.sources.changes import Cause, Change, Watched
from reconciler.sources.directory import read_manifests
from reconciler.sources.watching import FileWatching

SOON = 5.0
"""Seconds within which a change is told; it takes milliseconds on a quiet machine."""

QUIET = 0.1


@contextmanager
def watch(watched: Watched) -> Iterator[FileWatching]:
    watcher = FileWatching(watched)
    try:
        settle(watcher)
        yield watcher
    finally:
        watcher.close()


def settle(watcher: FileWatching) -> None:
    """Take what was told until nothing is told any more."""
    while watcher.wait(QUIET).cause is not Cause.TIMEOUT:
        pass


def told(watcher: FileWatching, path: Path) -> bool:
    ends = time.monotonic() + SOON
    while time.monotonic() < ends:
        if str(path) in watcher.wait(ends - time.monotonic()).touched:
            return True
    return False


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    folder = tmp_path / "fleet"
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "de.yaml").write_text("kind: Site\n")
    return folder


def test_what_is_newly_watched_counts_as_touched(fleet: Path) -> None:
    watcher = FileWatching(Watched(manifests=(str(fleet),)))
    assert watcher.wait(SOON) == Change(cause=Cause.CHANGED, touched=frozenset((str(fleet),)))
    watcher.close()


SAVES: dict[str, Callable[[Path], object]] = {
    "written": lambda root: (root / "sites" / "de.yaml").write_text("kind: Site # 2\n"),
    "added": lambda root: (root / "sites" / "fr.yaml").write_text("kind: Site\n"),
    "in-a-new-folder": lambda root: ((root / "a" / "b").mkdir(parents=True), (root / "a" / "b" / "x.yaml").touch()),
    "removed": lambda root: (root / "sites" / "de.yaml").unlink(),
    "renamed": lambda root: (root / "sites" / "de.yaml").rename(root / "sites" / "at.yaml"),
    "moved-in": lambda root: ((root.parent / "x").write_text(""), (root.parent / "x").rename(root / "x.yaml")),
    "moved-out": lambda root: (root / "sites").rename(root.parent / "elsewhere"),
    "touched": lambda root: (root / "sites" / "de.yaml").touch(),
    "chmod": lambda root: (root / "sites" / "de.yaml").chmod(0o755),
    "rules": lambda root: (root / "sites" / ".reconcileignore").write_text("fr.yaml"),
}


@pytest.mark.parametrize("save", SAVES)
def test_a_change_beneath_a_root_is_told(fleet: Path, save: str) -> None:
    with watch(Watched(manifests=(str(fleet),))) as watcher:
        SAVES[save](fleet)
        assert told(watcher, fleet)


def test_reading_wakes_nobody(fleet: Path) -> None:
    with watch(Watched(manifests=(str(fleet),), sources=(str(fleet / "sites"),))) as watcher:
        read_manifests([str(fleet)], ignore=(), skip_files=(), relative_to="/")
        assert watcher.wait(QUIET) == Change(cause=Cause.TIMEOUT)


def test_hidden_names_beneath_manifests_and_neighbours_wake_nobody(fleet: Path, tmp_path: Path) -> None:
    (fleet / ".reconciler").mkdir()
    with watch(Watched(manifests=(str(fleet),), files=(str(tmp_path / "reconciler.yaml"),))) as watcher:
        (fleet / ".reconciler" / "state.db").write_text("state")
        (fleet / "sites" / ".de.yaml.swp").write_text("swap")
        (tmp_path / "neighbour").write_text("else")
        assert watcher.wait(QUIET) == Change(cause=Cause.TIMEOUT)


def test_hidden_names_beneath_a_source_are_told(tmp_path: Path) -> None:
    (tmp_path / "till").mkdir()
    with watch(Watched(manifests=(), sources=(str(tmp_path / "till"),))) as watcher:
        (tmp_path / "till" / ".config").write_text("x")
        assert told(watcher, tmp_path / "till")


def test_each_source_is_told_apart(tmp_path: Path) -> None:
    sources = [tmp_path / f"source-{number:02}" for number in range(20)]
    for source in sources:
        source.mkdir()
    with watch(Watched(manifests=(), sources=tuple(map(str, sources)))) as watcher:
        (sources[7] / "setup.exe").write_text("x")
        assert watcher.wait(SOON).touched == frozenset((str(sources[7]),))


def test_the_settings_are_told_however_an_editor_saves_them(tmp_path: Path) -> None:
    settings = tmp_path / "reconciler.yaml"
    with watch(Watched(manifests=(), files=(str(settings),))) as watcher:
        for step in (
            lambda: settings.write_text("1"),
            lambda: settings.write_text("2"),
            lambda: ((tmp_path / "new").write_text("3"), (tmp_path / "new").rename(settings)),
            settings.unlink,
        ):
            step()
            assert told(watcher, settings)
            settle(watcher)


def test_a_root_that_vanishes_and_comes_back_is_watched_again(fleet: Path) -> None:
    watched = Watched(manifests=(str(fleet),))
    with watch(watched) as watcher:
        for _ in range(2):
            shutil.rmtree(fleet)
            assert told(watcher, fleet)
            watcher.replace(watched)
            settle(watcher)
            fleet.mkdir()
            assert told(watcher, fleet)
            watcher.replace(watched)
            settle(watcher)
            (fleet / "a.yaml").write_text("x")
            assert told(watcher, fleet)
            settle(watcher)


def test_a_root_whose_parents_vanish_too_is_found_again(tmp_path: Path) -> None:
    root = tmp_path / "a" / "b" / "fleet"
    root.mkdir(parents=True)
    watched = Watched(manifests=(str(root),))
    with watch(watched) as watcher:
        shutil.rmtree(tmp_path / "a")
        assert told(watcher, root)
        watcher.replace(watched)
        settle(watcher)
        root.mkdir(parents=True)
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline and watcher.wait(QUIET).cause is not Cause.TIMEOUT:
            watcher.replace(watched)
        (root / "a.yaml").write_text("x")
        assert told(watcher, root)


def test_a_root_that_is_replaced_by_another_folder_is_watched(fleet: Path, tmp_path: Path) -> None:
    watched = Watched(manifests=(str(fleet),))
    with watch(watched) as watcher:
        (tmp_path / "next").mkdir()
        fleet.rename(tmp_path / "old")
        (tmp_path / "next").rename(fleet)
        assert told(watcher, fleet)
        watcher.replace(watched)
        settle(watcher)
        (tmp_path / "old" / "x.yaml").write_text("x")
        assert watcher.wait(QUIET).cause is Cause.TIMEOUT
        (fleet / "x.yaml").write_text("x")
        assert told(watcher, fleet)


def test_a_root_that_is_a_link_is_watched_where_it_leads_and_when_it_is_turned(tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
    root = tmp_path / "current"
    root.symlink_to("v1")
    watched = Watched(manifests=(str(root),))
    with watch(watched) as watcher:
        (tmp_path / "v1" / "a.yaml").write_text("x")
        assert told(watcher, root)
        settle(watcher)
        (tmp_path / "new").symlink_to("v2")
        (tmp_path / "new").rename(root)
        assert told(watcher, root)
        watcher.replace(watched)
        settle(watcher)
        (tmp_path / "v2" / "a.yaml").write_text("x")
        assert told(watcher, root)


def test_the_watched_paths_can_be_replaced(fleet: Path, tmp_path: Path) -> None:
    (tmp_path / "till").mkdir()
    with watch(Watched(manifests=(str(fleet),))) as watcher:
        watcher.replace(Watched(manifests=(str(fleet),), sources=(str(tmp_path / "till"),)))
        settle(watcher)
        (tmp_path / "till" / "setup.exe").write_text("x")
        assert told(watcher, tmp_path / "till")
        watcher.replace(Watched(manifests=(str(fleet),)))
        settle(watcher)
        (tmp_path / "till" / "setup.exe").write_text("y")
        assert watcher.wait(QUIET).cause is Cause.TIMEOUT


def test_closing_ends_a_wait(fleet: Path) -> None:
    with watch(Watched(manifests=(str(fleet),))) as watcher:
        closer = threading.Timer(0.05, watcher.close)
        closer.start()
        assert watcher.wait(60).cause is Cause.STOPPED
        closer.join()


def test_what_watchdog_says_of_an_overflow_is_told_at_once(fleet: Path) -> None:
    with watch(Watched(manifests=(str(fleet),))) as watcher:
        logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed; events were lost")
        assert watcher.wait(SOON) == Change(cause=Cause.OVERFLOW, touched=frozenset((str(fleet),)))


def test_without_inotify_everything_is_looked_at_again_and_again(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left() -> None:
        raise OSError(24, "inotify instance limit reached")

    monkeypatch.setattr(watching, "Observer", none_left)
    monkeypatch.setattr(watching, "POLLED_EVERY", 0.05)
    watcher = FileWatching(Watched(manifests=(str(fleet),)))
    (notice,) = watcher.notices()
    assert "inotify instance limit reached" in notice
    assert watcher.notices() == ()
    for _ in range(3):
        assert watcher.wait(SOON) == Change(cause=Cause.CHANGED, touched=frozenset((str(fleet),)))
    watcher.close()


SCRIPT = """
import sys
from reconciler.sources.changes import Cause, Watched
from reconciler.sources.watching import FileWatching
watcher = FileWatching(Watched(manifests=(sys.argv[1],)))
while watcher.wait(0.2).cause is not Cause.TIMEOUT:
    pass
print("ready", *watcher.notices(), flush=True)
while True:
    change = watcher.wait(20)
    print(change.cause.value, flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_a_real_overflow_is_told(fleet: Path) -> None:
    """The watcher stands still while more happens than the kernel keeps for it."""
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(fleet)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            os.kill(process.pid, signal.SIGSTOP)
            limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
            for _ in range(limit // 2 + 500):
                os.utime(fleet / "sites")
                os.utime(fleet / "sites" / "de.yaml")
            os.kill(process.pid, signal.SIGCONT)
            causes = [process.stdout.readline().strip()]
            while causes[-1] != "overflow":
                causes.append(process.stdout.readline().strip())
                assert len(causes) < 10_000, causes[-10:]
        finally:
            process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == ""


def has_own_limits() -> bool:
    """A user name space has its own limits of inotify, so that nobody else's are touched."""
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "-Ur", "sh", "-c", "echo 3 > /proc/sys/user/max_inotify_watches"]
    tried = subprocess.run(command, check=False, capture_output=True, timeout=20)
    return tried.returncode == 0


@pytest.mark.parametrize(("limit", "value"), [("max_inotify_watches", 3), ("max_inotify_instances", 0)])
@pytest.mark.skipif(not has_own_limits(), reason="no user name spaces here")
def test_at_the_limit_of_the_system_it_says_so_and_polls(fleet: Path, limit: str, value: int) -> None:
    for number in range(10):
        (fleet / str(number)).mkdir()
    run = f'echo {value} > /proc/sys/user/{limit} && exec "$@"'
    with subprocess.Popen(
        ["unshare", "-Ur", "sh", "-c", run, "sh", sys.executable, "-c", SCRIPT, str(fleet)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        process.kill()
    assert ready.startswith("ready cannot watch every folder (inotify ")
