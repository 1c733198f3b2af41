"""Workers under strace: killed at each system call that writes, and with each write and flush at a store failing."""

import shutil

import pytest

from tests.end_to_end.told import told

KILLED_AT = {"write": 12, "pwrite64": 10, "fsync": 20, "fdatasync": 3, "linkat": 4, "unlinkat": 6, "mkdirat": 6}
"""System calls, and how many of each there are at least."""


def traced(folder: str, fault: str, *syscalls: str) -> dict[str, int]:
    """How many of each were hit; nothing must be wrong afterwards."""
    assert shutil.which("strace"), "this test needs strace: apt-get install strace"
    result = told("traced_sends", folder, fault, *syscalls)
    print(f"{fault}: {result['hits']}")
    assert result["wrong"] == {}
    hits: dict[str, int] = result["hits"]
    return hits


@pytest.mark.long
@pytest.mark.parametrize("syscall", KILLED_AT)
def test_R2_R3_killed_at_every_system_call(quick_folder: str, syscall: str) -> None:
    assert traced(quick_folder, "kill", syscall)[syscall] >= KILLED_AT[syscall]


@pytest.mark.long
@pytest.mark.parametrize("syscall", ["write", "fsync"])
def test_R4_what_could_not_be_written_or_flushed_is_never_believed(quick_folder: str, syscall: str) -> None:
    assert traced(quick_folder, "EIO", syscall)[syscall] > 10
