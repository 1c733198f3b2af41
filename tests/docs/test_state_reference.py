"""docs/reference/state.md names what the SQLite state holds, and the file systems and limits that the code knows."""

import ast
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.model.plan import CancellationReason
from reconciler.model.snapshot import SendState
from reconciler.state import faults, migrating, mounts
from reconciler.state.journal import PASSES_KEPT
from reconciler.state.rows import Kind
from reconciler.state.sqlite import open_sqlite

from .pages import ROOT, page, quoted, rows, sections

PAGE = page("state.md")
PARTS = sections(PAGE, 2)


@pytest.fixture
def path(tmp_path: Path) -> str:
    found = tmp_path / "state.db"
    open_sqlite(str(found), write=True).close()
    return str(found)


def things(path: str, kind: str) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        known = database.execute("SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", (kind,))
        return {name for (name,) in known}


def test_every_table_and_view_is_told(path: str) -> None:
    told = [quoted(row[0])[0] for row in rows(PARTS["What it holds"]) if quoted(row[0])]
    assert sorted(told) == sorted(things(path, "table"))
    assert things(path, "view") <= set(quoted(PARTS["What it holds"]))


def test_every_kind_of_a_pair_is_told() -> None:
    told = [(int(row[0]), row[1]) for row in rows(PARTS["What it holds"]) if row[0].isdigit()]
    assert told == [(kind.value, kind.name.lower().replace("_", "-")) for kind in Kind]


def actions_of_the_journal() -> Iterator[str]:
    """The words that the journal writes as an event's action."""
    tree = ast.parse((ROOT / "reconciler/state/journal.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "action":
            yield from (str(each.value) for each in ast.walk(node.value) if isinstance(each, ast.Constant))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_planned":
            yield from (str(each.value) for each in node.args[1:2] if isinstance(each, ast.Constant))


def test_every_action_of_the_history_is_told() -> None:
    told = [action for row in rows(PARTS["The history"]) for action in quoted(row[0])]
    ended = {state.value for state in (SendState.BACKING_OFF, SendState.FAILED, SendState.SUPERSEDED)}
    assert len(told) == len(set(told))
    assert set(told) == {*actions_of_the_journal(), *(reason.value for reason in CancellationReason), *ended}


def test_the_network_file_systems_are_named() -> None:
    sentence = PARTS["Where it may lie"]
    plain, by_fuse = re.findall(r"(?:refused on|, and on) ([a-z0-9, ]+? and [a-z0-9]+)(?=,| by)", sentence)
    assert set(re.split(r", | and ", plain)) == mounts.NETWORK
    assert set(re.split(r", | and ", by_fuse)) == mounts.NETWORK_FUSE


def busy_seconds() -> str:
    """How long a writer waits for the others."""
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "reconciler/state").glob("*.py"))
    (found,) = re.findall(r"^BUSY_SECONDS = ([0-9]+)\.0$", sources, re.MULTILINE)
    return str(found)


def test_numbers_are_those_of_the_code(path: str) -> None:
    assert f"this version knows schema {migrating.newest()}." in PAGE
    assert f"at most {busy_seconds()} seconds" in PAGE
    assert f"The last {PASSES_KEPT:,}." in PAGE
    assert f"{faults.APPLICATION_ID:#x}" in PAGE
    assert "(0600)" in PAGE
    assert oct(Path(path).stat().st_mode & 0o777) == "0o600"


def test_the_names_of_the_files_are_those_of_sqlite(path: str) -> None:
    with closing(open_sqlite(path, write=True)) as state:
        state.passes()
        beside = {found.name for found in Path(path).parent.iterdir()}
    assert beside <= {quoted(row[0])[0] for row in rows(PARTS["Files"])}
