"""The files of a SQLite state: who may read them, when they are made, and what is said when they cannot be used."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.model.faults import StateError
from reconciler.state import mounts, opening
from reconciler.state.protocol import Author
from reconciler.state.sqlite import SqliteState, open_sqlite
from tests.builders import NOW, hold, plan, planned, receipt, send_only_job, wanted

ANNA = Author(actor="anna", at=NOW)
DEMAND = wanted({"till": ("D1 S1", ["DE1"])}, sites=["DE1"])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything beneath: mode, time of change, bytes. SQLite's own -wal and -shm are left out."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.stat().st_mtime_ns, _content(path))
        for path in sorted(folder.rglob("*"))
        if not path.name.endswith(("-wal", "-shm"))
    }


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def filled(path: Path) -> SqliteState:
    state = open_sqlite(str(path), write=True)
    state.submit(plan(send_only_job("till", "D1 S1", [planned("DE1")])), ANNA)
    return state


def test_files_are_0600_in_folders_0700(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "state.db"
    before = os.umask(0)
    try:
        with closing(filled(path)):
            files = sorted(path.parent.iterdir())
            assert [file.name for file in files] == ["state.db", "state.db-shm", "state.db-wal"]
            assert [mode(file) for file in files] == [0o600] * 3
    finally:
        os.umask(before)
    assert (mode(path.parent), mode(path.parent.parent)) == (0o700, 0o700)


def test_a_state_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    filled(path).close()
    path.chmod(0o644)
    open_sqlite(str(path), write=True).close()
    assert mode(path) == 0o600


def test_a_state_that_does_not_exist_is_read_as_empty_and_not_created(tmp_path: Path) -> None:
    with closing(open_sqlite(str(tmp_path / "none" / "state.db"), write=False)) as state:
        snapshot = state.snapshot(DEMAND)
        assert (snapshot.kind, snapshot.version, len(snapshot.differences)) == ("sqlite", 0, 1)
        assert list(state.pairs()) == list(state.sends()) == list(state.history()) == list(state.passes()) == []
    assert list(tmp_path.iterdir()) == []


def test_reading_changes_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    filled(path).close()
    before = tree(tmp_path)
    with closing(open_sqlite(str(path), write=False)) as state:
        assert len(state.snapshot(DEMAND).open_sends) == 1
        assert (len(list(state.pairs())), len(state.sends()), len(state.history()), len(state.passes())) == (1, 1, 1, 1)
    assert tree(tmp_path) == before


def test_what_a_killed_writer_left_in_the_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    script = (
        "import os, sys; from pathlib import Path; from tests.state.test_files import filled;"
        "filled(Path(sys.argv[1])); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, path], cwd=Path(__file__).parents[2], check=True)
    assert (tmp_path / "state.db-wal").stat().st_size > 0
    with closing(open_sqlite(str(path), write=False)) as state:
        assert len(state.sends()) == 1


def test_a_reader_sees_what_was_committed_and_does_not_hold_up_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(filled(path)) as writer, closing(open_sqlite(str(path), write=False)) as reader:
        assert len(reader.snapshot(DEMAND).open_sends) == 1
        writer.receive(receipt("till@DE1", "D1 S1"), ANNA)
        assert reader.snapshot(DEMAND).differences == ()


def test_a_state_opened_for_reading_refuses_to_write(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    filled(path).close()
    with closing(open_sqlite(str(path), write=False)) as state, pytest.raises(StateError, match="cannot be"):
        state.hold(hold("site/DE1"), ANNA)


def test_an_empty_file_is_an_empty_state(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch()
    with closing(open_sqlite(str(path), write=False)) as state:
        assert state.snapshot(DEMAND).version == 0
    assert path.read_bytes() == b""
    filled(path).close()
    assert path.stat().st_size > 0


def test_names_with_signs_of_a_uri_are_plain_names(tmp_path: Path) -> None:
    path = tmp_path / "100% ready? #1.db"
    filled(path).close()
    with closing(open_sqlite(str(path), write=False)) as state:
        assert len(state.sends()) == 1
    assert min(file.name for file in tmp_path.iterdir()) == "100% ready? #1.db"


@pytest.mark.parametrize("write", [False, True])
class TestUnusable:
    """Each names the file and says what to do; none is SQLite's own exception."""

    def test_a_directory_in_the_way(self, tmp_path: Path, write: bool) -> None:
        with pytest.raises(StateError, match="a directory is in the way; name a file with --state"):
            open_sqlite(str(tmp_path), write=write)

    def test_a_file_where_a_folder_should_be(self, tmp_path: Path, write: bool) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StateError, match=r"state\.db cannot be looked at: Not a directory"):
            open_sqlite(str(tmp_path / "file" / "state.db"), write=write)

    def test_no_database_at_all(self, tmp_path: Path, write: bool) -> None:
        path = tmp_path / "state.db"
        path.write_text("kind: Site\n" * 100)
        before = tree(tmp_path)
        with pytest.raises(StateError, match=r"state\.db is damaged or no database .* restore a copy or start anew"):
            open_sqlite(str(path), write=write)
        assert tree(tmp_path) == before

    def test_another_programs_database(self, tmp_path: Path, write: bool) -> None:
        path = tmp_path / "state.db"
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE bookmarks (url TEXT)")
        before = tree(tmp_path)
        with pytest.raises(StateError, match=r"state\.db is a database, but not a state of reconciler"):
            open_sqlite(str(path), write=write)
        assert tree(tmp_path) == before

    def test_a_damaged_state(self, tmp_path: Path, write: bool) -> None:
        path = tmp_path / "state.db"
        filled(path).close()
        data = bytearray(path.read_bytes())
        data[4096:] = b"\xff" * (len(data) - 4096)
        path.write_bytes(data)
        with pytest.raises(StateError, match=r"state\.db is damaged or no database"):
            open_sqlite(str(path), write=write).snapshot(DEMAND)


def test_a_locked_state_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    filled(path).close()
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(open_sqlite(str(path), write=True)) as state,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match=r"state\.db is locked: another process has been writing to it"):
            state.hold(hold("site/DE1"), ANNA)
        other.execute("ROLLBACK")
        state.hold(hold("site/DE1"), ANNA)


def test_a_state_on_a_network_file_system_is_refused_for_writing_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    filled(path).close()
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(f"36 35 0:31 / {tmp_path} rw,relatime shared:1 - nfs4 files:/export rw,vers=4.2\n")
    monkeypatch.setattr(mounts, "MOUNTS", str(mountinfo))
    with pytest.raises(StateError, match=r"lies on the network file system .* \(nfs4 on files:/export\), where"):
        open_sqlite(str(path), write=True)
    with closing(open_sqlite(str(path), write=False)) as state:
        assert len(state.sends()) == 1


FULL = """
import os, sys
from pathlib import Path
from reconciler.model.faults import StateError
from tests.builders import hold
from tests.state.test_files import ANNA, filled

folder = Path(sys.argv[1])
state = filled(folder / "state.db")
space = os.statvfs(folder)
(folder / "ballast").write_bytes(bytes(space.f_bavail * space.f_frsize))
try:
    for number in range(100):
        state.hold(hold(f"site/S{number}", "x" * 9000), ANNA)
    sys.exit("the disk was never full")
except StateError as error:
    print(error)
(folder / "ballast").unlink()
before = len(state.history(limit=999))
state.hold(hold("site/AFTER"), ANNA)
print(len(state.history(limit=999)) - before)
"""


def test_a_full_disk_is_named_and_nothing_is_half_recorded(tmp_path: Path) -> None:
    told = subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
            'mount -t tmpfs -o size=1m none "$0" && exec "$@"',
            *(tmp_path, sys.executable, "-c", FULL, tmp_path),
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in told.stderr or "mount:" in told.stderr:
        pytest.skip("needs a mount of its own")
    text, more = told.stdout.splitlines()
    assert text == (
        f"state-store-full: no space for the state {tmp_path}/state.db on the file system {tmp_path} (tmpfs on none); "
        "nothing was recorded, make room there and run again"
    )
    assert (more, told.returncode, told.stderr) == ("1", 0, "")
