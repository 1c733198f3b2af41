"""File systems of a test's own: small ones, read-only ones, bind mounts."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _may_mount() -> bool:
    return os.geteuid() == 0 and shutil.which("mount") is not None and os.access("/proc/self/ns/mnt", os.R_OK)


needs_mounts = pytest.mark.skipif(not _may_mount(), reason="only root mounts, or who has a user name space of his own")


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """A mount at a folder: `mount OPTIONS place`."""
    done = subprocess.run(["mount", *options, str(place)], check=False, capture_output=True, text=True, timeout=20)
    if done.returncode != 0:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True, timeout=20)


def tmpfs(place: Path, options: str) -> "contextmanager[Path]":  # type: ignore[valid-type]
    """A small file system in memory: `size=256k`, `nr_inodes=8`."""
    return mounted(place, "-t", "tmpfs", "-o", options, "tmpfs")
