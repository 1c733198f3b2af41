"""Under --dry-run nothing is written by any command, wherever the flag stands (cli.md)."""

from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every path beneath `folder`, with the bytes of files; SQLite's own -wal and -shm excepted."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if not path.name.endswith(("-wal", "-shm"))
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("--dry-run", "apply"),
        ("apply", "--dry-run"),
        ("--dry-run",),
        ("plan",),
        ("--dry-run", "acknowledge", "p-00000000", "bytes", "--reason", "x"),
        ("--dry-run", "init", "new"),
        ("validate",),
        ("status",),
        ("explain", "till-emea"),
        ("ready", "till-emea"),
        ("config",),
        ("--dry-run", "pin"),
        ("--dry-run", "suspend", "site/DE1", "--reason", "x"),
        ("resume", "till-4@DE1", "--dry-run"),
        ("history",),
        ("--dry-run", "doctor"),
        ("--dry-run", "verify"),
        ("enroll", "--dry-run", "--take-over"),
        ("--dry-run", "adopt", "till-4", "--from", "payload/till", "--store", "DE1"),
        ("--dry-run", "gc", "--yes"),
        ("prune", "--yes", "--dry-run"),
        ("--dry-run", "retry", "till-4@DE1"),
        ("cancel", "till-4@DE1", "--reason", "x", "--dry-run"),
    ],
)
def test_nothing_is_written(reconcile: Reconcile, fleet: Path, arguments: tuple[str, ...]) -> None:
    before = contents(fleet)
    reconcile(*arguments)
    assert contents(fleet) == before


def test_nothing_is_written_to_a_state_that_exists(reconcile: Reconcile, fleet: Path) -> None:
    assert reconcile().code == 0
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"another revision")
    before = contents(fleet)
    ended = reconcile("--dry-run", "apply")
    assert (ended.code, "Nothing was written." in ended.out) == (0, True)
    assert contents(fleet) == before


def test_a_saved_plan_is_not_recorded(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("plan", "--out", "plan.json")
    before = contents(fleet)
    assert reconcile("--dry-run", "apply", "plan.json").code == 0
    assert contents(fleet) == before


def test_a_hold_begins_and_ends_only_in_earnest(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("suspend", "site/DE1", "--reason", "disk")
    before = contents(fleet)
    assert "Would suspend site/EU1" in reconcile("--dry-run", "suspend", "site/EU1", "--reason", "x").err
    assert "Would resume site/DE1" in reconcile("--dry-run", "resume", "site/DE1").err
    assert contents(fleet) == before
