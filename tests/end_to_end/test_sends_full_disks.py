"""Stores on file systems that are too small for what is sent: all or nothing, told by need and have, no dead end."""

import subprocess

import pytest

from tests.end_to_end.told import MOUNTS_OF_ITS_OWN, told


def _may_mount() -> bool:
    return subprocess.run([*MOUNTS_OF_ITS_OWN, "true"], check=False, capture_output=True, timeout=20).returncode == 0


needs_mounts = pytest.mark.skipif(not _may_mount(), reason="only root mounts, or who has a user name space of his own")

FULL = {"size": 1, "nr_inodes": 1, "ro": 0, "torn": 1}


@needs_mounts
@pytest.mark.parametrize(
    ("option", "sizes"),
    [("size", ("4k", "200k", "400k")), ("nr_inodes", ("3", "14", "30")), ("ro", ("0",)), ("torn", ("340k",))],
)
def test_L20_a_full_disk_gets_all_or_nothing_and_goes_on(
    quick_folder: str, option: str, sizes: tuple[str, ...]
) -> None:
    result = told("full_disks", quick_folder, option, *sizes, within=MOUNTS_OF_ITS_OWN)
    assert result["wrong"] == {}
    assert (result["full"], result["waited"]) == (FULL[option], len(sizes) - FULL[option])


@needs_mounts
def test_L20_two_sends_to_a_site_with_room_for_one(quick_folder: str) -> None:
    assert told("full_disks", quick_folder, "together", "1700k", within=MOUNTS_OF_ITS_OWN)["wrong"] == {}


@needs_mounts
@pytest.mark.long
@pytest.mark.parametrize(
    ("option", "sizes"),
    [
        ("size", [f"{size}k" for size in range(4, 420, 4)]),
        ("nr_inodes", [str(files) for files in range(2, 40)]),
        ("together", [f"{size}k" for size in range(1200, 2000, 100)]),
    ],
)
def test_L20_sizes_swept(quick_folder: str, option: str, sizes: list[str]) -> None:
    result = told("full_disks", quick_folder, option, *sizes, within=MOUNTS_OF_ITS_OWN)
    print(f"{option}: {result['full']} of {len(sizes)} sizes sufficed")
    assert result["wrong"] == {}
