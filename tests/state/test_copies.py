"""Backups of a SQLite state, and a state restored from one."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from reconciler.model.faults import StateError, StateTooNew
from reconciler.state import mounts
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author
from reconciler.state.restoring import restore
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW, plan, planned, receipt, send_only_job
from tests.conformance.steps import LEASE, ONE, TWO, Machine, candidate
from tests.state import killed
from tests.state.schema_one import schema_one

ANNA = Author(actor="anna", at=NOW)


@pytest.fixture
def folder(quick_folder: str) -> str:
    """A state with a send that is claimed, and a copy of it from before something arrived at US1."""
    with closing(open_sqlite(f"{quick_folder}/state.db", write=True, liveness=Machine().liveness)) as state:
        state.submit(plan(send_only_job("till", "D1 S1", [planned("DE1")])), ANNA)
        state.claim(ONE, [candidate(state.sends()[0])], ANNA, lease=LEASE)
        state.backup(f"{quick_folder}/copy.db")
        state.receive(receipt("till@US1", "D1 S1"), ANNA)
        state.leave(ONE)
    return quick_folder


def pairs(path: str) -> list[str]:
    with closing(open_sqlite(path, write=False)) as state:
        return [f"{pair.package}@{pair.site}" for pair in state.pairs()]


def names(folder: str) -> list[str]:
    """What is there, but for what readers of the state left beside it."""
    return sorted(set(os.listdir(folder)) - {"state.db-wal", "state.db-shm"})


def damage(path: str) -> None:
    data = bytearray(Path(path).read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    Path(path).write_bytes(data)


def test_a_backup_is_the_state_in_one_private_file(folder: str) -> None:
    assert names(folder) == ["copy.db", "state.db"]
    assert stat.S_IMODE(os.stat(f"{folder}/copy.db").st_mode) == 0o600
    assert pairs(f"{folder}/copy.db") == ["till@DE1"]
    with (
        closing(open_sqlite(f"{folder}/copy.db", write=False)) as copy,
        closing(open_sqlite(f"{folder}/state.db", write=False)) as state,
    ):
        assert copy.identity == state.identity
        assert list(copy.history()) == list(state.history())[1:]
    assert names(folder) == ["copy.db", "state.db"]


def test_a_backup_holds_what_is_only_in_the_log_yet(quick_folder: str) -> None:
    with closing(open_sqlite(f"{quick_folder}/state.db", write=True)) as state:
        state.receive(receipt("till@US1", "D1 S1"), ANNA)
        state.backup(f"{quick_folder}/copy.db")
    assert pairs(f"{quick_folder}/copy.db") == ["till@US1"]


def test_a_backup_is_never_written_over_something(folder: str) -> None:
    before = Path(f"{folder}/copy.db").read_bytes()
    with closing(open_sqlite(f"{folder}/state.db", write=False)) as state:
        with pytest.raises(StateError, match=r"copy\.db cannot be written: there is something of that name"):
            state.backup(f"{folder}/copy.db")
        os.symlink("nowhere", f"{folder}/link")
        with pytest.raises(StateError, match="there is something of that name"):
            state.backup(f"{folder}/link")
    assert Path(f"{folder}/copy.db").read_bytes() == before


def test_a_damaged_state_is_not_backed_up(folder: str) -> None:
    with closing(sqlite3.connect(f"{folder}/state.db")) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'events_by_subject'")
        raw.commit()
    with (
        closing(open_sqlite(f"{folder}/state.db", write=False)) as state,
        pytest.raises(StateError, match=r"the copy .*second\.db is not whole"),
    ):
        state.backup(f"{folder}/second.db")
    assert names(folder) == ["copy.db", "state.db"]


def test_a_state_in_memory_has_no_backup(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="this state is in memory, and gone with its process"):
        MemoryState().backup(f"{tmp_path}/copy.db")


def test_a_restored_state_is_what_the_copy_was_and_the_present_one_is_kept(folder: str) -> None:
    kept = restore(f"{folder}/copy.db", f"{folder}/state.db")
    assert kept == f"{folder}/state.db.before-restore-1"
    assert pairs(f"{folder}/state.db") == ["till@DE1"]
    assert pairs(kept) == ["till@DE1", "till@US1"]
    assert restore(kept, f"{folder}/state.db") == f"{folder}/state.db.before-restore-2"
    assert pairs(f"{folder}/state.db") == ["till@DE1", "till@US1"]
    assert names(folder) == ["copy.db", "state.db", "state.db.before-restore-1", "state.db.before-restore-2"]
    assert {stat.S_IMODE(os.stat(f"{folder}/{name}").st_mode) for name in names(folder)} == {0o600}


def test_a_restored_state_has_no_workers_and_no_claims(folder: str) -> None:
    machine = Machine()
    restore(f"{folder}/copy.db", f"{folder}/state.db")
    with closing(open_sqlite(f"{folder}/state.db", write=True, liveness=machine.liveness)) as state:
        assert (list(state.workers()), list(state.claims())) == ([], [])
        (claim,) = state.claim(TWO, [candidate(state.sends()[0])], ANNA, lease=LEASE)
        assert claim.send.attempts == 2


def test_R2_a_restore_killed_at_any_statement_leaves_before_or_after(folder: str) -> None:
    state = f"{folder}/state.db"
    before = killed.dump(state)
    restore(f"{folder}/copy.db", f"{folder}/whole.db")
    after = killed.dump(f"{folder}/whole.db")
    ends = []
    shutil.copy(state, f"{folder}/base.db")
    for at in count(1):
        shutil.copy(f"{folder}/base.db", state)
        if not killed.die(at, partial(restore, f"{folder}/copy.db", state)):
            break
        ends.append(killed.dump(state))
        restore(f"{folder}/copy.db", state)
        assert killed.dump(state) == after
    assert len(ends) > 30
    assert set(ends) <= {before, after}


def test_who_has_the_state_open_sees_what_was_restored(folder: str) -> None:
    with closing(open_sqlite(f"{folder}/state.db", write=True)) as state:
        assert len(list(state.pairs())) == 2
        restore(f"{folder}/copy.db", f"{folder}/state.db")
        assert len(list(state.pairs())) == 1
        state.receive(receipt("cad@US1", "D1 S1"), ANNA)
    assert pairs(f"{folder}/state.db") == ["cad@US1", "till@DE1"]


def test_a_state_that_is_gone_is_restored(folder: str) -> None:
    os.unlink(f"{folder}/state.db")
    assert restore(f"{folder}/copy.db", f"{folder}/state.db") is None
    assert pairs(f"{folder}/state.db") == ["till@DE1"]
    assert restore(f"{folder}/copy.db", f"{folder}/new/state.db") is None
    assert pairs(f"{folder}/new/state.db") == ["till@DE1"]


@pytest.mark.parametrize("content", [None, b"kind: Site\n" * 100])
def test_a_damaged_state_is_moved_aside(folder: str, content: bytes | None) -> None:
    if content is None:
        damage(f"{folder}/state.db")
    else:
        Path(f"{folder}/state.db").write_bytes(content)
    Path(f"{folder}/state.db-wal").write_bytes(b"a log of something else")
    before = Path(f"{folder}/state.db").read_bytes()
    kept = restore(f"{folder}/copy.db", f"{folder}/state.db")
    assert kept is not None
    assert Path(kept).read_bytes() == before
    assert pairs(f"{folder}/state.db") == ["till@DE1"]
    assert not os.path.exists(f"{folder}/state.db.restoring")


def test_a_log_without_its_state_is_not_believed(folder: str) -> None:
    with closing(open_sqlite(f"{folder}/state.db", write=True)) as state:
        state.receive(receipt("cad@US1", "D1 S1"), ANNA)
        log = Path(f"{folder}/state.db-wal").read_bytes()
    os.unlink(f"{folder}/state.db")
    Path(f"{folder}/state.db-wal").write_bytes(log)
    restore(f"{folder}/copy.db", f"{folder}/state.db")
    assert pairs(f"{folder}/state.db") == ["till@DE1"]
    assert Path(f"{folder}/state.db.before-restore-1-wal").read_bytes() == log


def test_a_state_with_a_living_worker_is_not_replaced_unless_told(folder: str) -> None:
    machine = Machine()
    with closing(open_sqlite(f"{folder}/state.db", write=True, liveness=machine.liveness)) as state:
        state.claim(TWO, [candidate(state.sends()[0])], ANNA, lease=LEASE)
    with pytest.raises(StateError, match=r"process 50 on hq carries out sends of the state .*state\.db; stop it"):
        restore(f"{folder}/copy.db", f"{folder}/state.db", liveness=machine.liveness)
    assert pairs(f"{folder}/state.db") == ["till@DE1", "till@US1"]
    assert names(folder) == ["copy.db", "state.db"]
    restore(f"{folder}/copy.db", f"{folder}/state.db", liveness=machine.liveness, force=True)
    assert pairs(f"{folder}/state.db") == ["till@DE1"]
    machine.dead.add(TWO.id)
    assert restore(f"{folder}/copy.db", f"{folder}/state.db", liveness=machine.liveness) is not None


def test_a_copy_of_an_older_schema_is_migrated(folder: str) -> None:
    schema_one(f"{folder}/old.db")
    before = Path(f"{folder}/old.db").read_bytes()
    restore(f"{folder}/old.db", f"{folder}/state.db")
    assert pairs(f"{folder}/state.db") == ["till@DE1"]
    assert Path(f"{folder}/old.db").read_bytes() == before


class TestRefused:
    """Each names the file; the present state is untouched."""

    @pytest.fixture(autouse=True)
    def untouched(self, folder: str):
        before = Path(f"{folder}/state.db").read_bytes()
        yield
        assert Path(f"{folder}/state.db").read_bytes() == before
        assert not any("before-restore" in name or "restoring" in name for name in names(folder))

    def test_no_copy(self, folder: str) -> None:
        with pytest.raises(StateError, match=r"there is no copy .*none\.db"):
            restore(f"{folder}/none.db", f"{folder}/state.db")

    def test_the_state_itself(self, folder: str) -> None:
        with pytest.raises(StateError, match="is the state itself"):
            restore(f"{folder}/state.db", f"{folder}/state.db")

    def test_a_damaged_copy(self, folder: str) -> None:
        damage(f"{folder}/copy.db")
        with pytest.raises(StateError, match=r"copy\.db is (not whole|damaged)"):
            restore(f"{folder}/copy.db", f"{folder}/state.db")

    def test_another_programs_database(self, folder: str) -> None:
        with closing(sqlite3.connect(f"{folder}/other.db")) as other:
            other.execute("CREATE TABLE bookmarks (url TEXT)")
        with pytest.raises(StateError, match=r"other\.db is a database, but not a state of reconciler"):
            restore(f"{folder}/other.db", f"{folder}/state.db")

    def test_an_empty_copy(self, folder: str) -> None:
        Path(f"{folder}/empty.db").touch()
        with pytest.raises(StateError, match=r"the copy .*empty\.db is empty"):
            restore(f"{folder}/empty.db", f"{folder}/state.db")

    def test_R10_a_newer_schema(self, folder: str) -> None:
        with closing(sqlite3.connect(f"{folder}/copy.db")) as raw:
            raw.execute("PRAGMA user_version = 99")
        with pytest.raises(StateTooNew, match=r"copy\.db has schema 99"):
            restore(f"{folder}/copy.db", f"{folder}/state.db")

    def test_a_state_on_a_network_file_system(self, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
        mountinfo = Path(folder) / "mountinfo"
        mountinfo.write_text(f"36 35 0:31 / {folder} rw,relatime shared:1 - nfs4 files:/export rw,vers=4.2\n")
        monkeypatch.setattr(mounts, "MOUNTS", str(mountinfo))
        with pytest.raises(StateError, match="lies on the network file system"):
            restore(f"{folder}/copy.db", f"{folder}/state.db")


def test_another_programs_database_is_never_replaced(folder: str) -> None:
    with closing(sqlite3.connect(f"{folder}/other.db")) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    before = Path(f"{folder}/other.db").read_bytes()
    with pytest.raises(StateError, match=r"other\.db is a database, but not a state of reconciler"):
        restore(f"{folder}/copy.db", f"{folder}/other.db", force=True)
    assert Path(f"{folder}/other.db").read_bytes() == before
