"""Older and newer schemas, and what the database itself refuses."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.model.faults import StateError, StateTooNew
from reconciler.state import migrating
from reconciler.state.opening import connect
from reconciler.state.protocol import Author
from reconciler.state.sqlite import SqliteState, open_sqlite
from tests.builders import NOW, plan, planned, send_only_job, wanted
from tests.conformance.steps import LEASE, ONE, candidate
from tests.state.schema_one import schema_one

ANNA = Author(actor="anna", at=NOW)
DEMAND = wanted({"till": ("D1 S1", ["DE1"])}, sites=["DE1"])


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A state with one send, closed."""
    path = str(tmp_path / "state.db")
    with closing(open_sqlite(path, write=True)) as state:
        state.submit(plan(send_only_job("till", "D1 S1", [planned("DE1")])), ANNA)
    return path


@pytest.fixture
def raw(path: str) -> Iterator[sqlite3.Connection]:
    """The database without the program around it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def change(path: str, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def ahead(tmp_path: Path, *migrations: str) -> str:
    """A folder of migrations with some more than the program's own."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrating.FOLDER, folder)
    for number, text in enumerate(migrations, start=migrating.newest() + 1):
        (folder / f"{number:04}_more.sql").write_text(text)
    return str(folder)


def schema_of(path: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_R10_a_newer_schema_is_refused_for_writing_and_both_are_named(path: str) -> None:
    change(path, "PRAGMA user_version = 7")
    newest = migrating.newest()
    with pytest.raises(
        StateTooNew, match=rf"state\.db has schema 7, this version of reconciler knows {newest}: it may"
    ):
        open_sqlite(path, write=True)
    assert schema_of(path) == 7


def test_R10_a_newer_schema_is_read_if_what_we_know_is_still_there(path: str) -> None:
    change(path, "ALTER TABLE pairs ADD COLUMN shelf INTEGER", "CREATE TABLE shelves (id)", "PRAGMA user_version = 7")
    with closing(open_sqlite(path, write=False)) as state:
        assert len(state.snapshot(DEMAND).open_sends) == 1
        assert len(list(state.pairs())) == 1


def test_R10_a_newer_schema_that_cannot_be_read_says_so(path: str) -> None:
    change(path, "ALTER TABLE counter RENAME TO meter", "PRAGMA user_version = 7")
    with closing(open_sqlite(path, write=False)) as state, pytest.raises(StateTooNew, match="has schema 7"):
        state.snapshot(DEMAND)


def test_an_older_schema_is_migrated_for_writing_and_copied_before(path: str, tmp_path: Path) -> None:
    folder = ahead(tmp_path, "CREATE TABLE shelves (id INTEGER);\nINSERT INTO shelves VALUES (1);\n", "-- none\n;")
    with closing(SqliteState(connect(path, write=True, migrations=folder))) as state:
        assert len(state.sends()) == 1
    assert schema_of(path) == migrating.newest() + 2
    copy = Path(f"{path}.schema-{migrating.newest()}")
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(open_sqlite(str(copy), write=True)) as state:
        assert len(state.sends()) == 1


def test_an_older_schema_is_named_for_reading_and_left_alone(path: str, tmp_path: Path) -> None:
    folder, known = ahead(tmp_path, "CREATE TABLE shelves (id);"), migrating.newest()
    with pytest.raises(
        StateError, match=rf"has schema {known}, this version of reconciler needs {known + 1}; a command"
    ):
        connect(path, write=False, migrations=folder)
    assert schema_of(path) == known


def test_a_migration_that_fails_leaves_the_older_schema(path: str, tmp_path: Path) -> None:
    folder = ahead(tmp_path, "CREATE TABLE shelves (id);\nINSERT INTO missing VALUES (1);\n")
    with pytest.raises(StateError, match="no such table: missing"):
        connect(path, write=True, migrations=folder)
    assert schema_of(path) == migrating.newest()
    with closing(open_sqlite(path, write=True)) as state:
        assert len(state.sends()) == 1


def test_a_process_that_waited_for_a_migration_does_not_repeat_it(path: str, tmp_path: Path) -> None:
    folder = ahead(tmp_path, "CREATE TABLE shelves (id);")
    for _ in range(2):
        connect(path, write=True, migrations=folder).close()
    assert schema_of(path) == migrating.newest() + 1


def test_every_migration_is_numbered_without_a_gap() -> None:
    files = sorted(Path(migrating.FOLDER).iterdir())
    assert [int(file.name[:4]) for file in files] == list(range(1, migrating.newest() + 1))


def test_the_log_is_flushed_in_full(path: str) -> None:
    with connect(path, write=True).reading() as connection:
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "application_id")
        ]
    assert settings == ["wal", 2, 1, 0x52434E4C]


def test_R1_the_database_refuses_a_second_open_send_for_a_pair(raw: sqlite3.Connection) -> None:
    columns = "job, package, site, number, priority, endpoint, recorded_at, changed_at"
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: sends\.package, sends\.site"):
        raw.execute(f"INSERT INTO sends ({columns}) SELECT job, package, site, 2, priority, endpoint, 1, 1 FROM sends")
    raw.execute("UPDATE sends SET state = 'obsolete'")
    raw.execute(f"INSERT INTO sends ({columns}) SELECT job, package, site, 2, priority, endpoint, 1, 1 FROM sends")


def test_L27_the_database_refuses_a_send_without_a_state(raw: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=r"NOT NULL constraint failed: sends\.state"):
        raw.execute("UPDATE sends SET state = NULL")
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
        raw.execute("UPDATE sends SET state = 'active'")


def test_L21_the_database_refuses_to_back_off_without_a_time(raw: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
        raw.execute("UPDATE sends SET state = 'backing-off'")


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'nobody'", "DELETE FROM events"])
def test_events_are_append_only(raw: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="events are append-only"):
        raw.execute(statement)


def test_a_row_of_a_kind_nobody_knows_is_unknown_and_not_absent(path: str, raw: sqlite3.Connection) -> None:
    raw.execute("PRAGMA ignore_check_constraints = ON")
    raw.execute("UPDATE pairs SET kind = 9")
    with closing(open_sqlite(path, write=False)) as state:
        holding = state.snapshot(DEMAND).differences[0].holding
    assert str(holding) == "Unknown(reason='a row of kind 9 in the state')"


def test_a_state_of_schema_1_is_migrated_and_its_sends_can_be_claimed(tmp_path: Path) -> None:
    path = str(tmp_path / "state.db")
    schema_one(path)
    assert schema_of(path) == 1
    with closing(open_sqlite(path, write=True)) as state:
        assert len(state.identity) == 32
        (send,) = state.sends()
        (claim,) = state.claim(ONE, [candidate(send)], ANNA, lease=LEASE)
        assert claim.send.attempts == 4
    assert schema_of(path) == migrating.newest()
    assert schema_of(f"{path}.schema-1") == 1


def test_L37_two_states_have_two_identities(path: str, tmp_path: Path) -> None:
    with (
        closing(open_sqlite(path, write=False)) as one,
        closing(open_sqlite(str(tmp_path / "other.db"), write=True)) as other,
    ):
        assert one.identity != other.identity
