"""An unmounted share never passes for an empty store (L37)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Sender
from reconciler.wiring import open_sender
from tests.conformance.sender import REPOSITORY, WRITING, files, read, written
from tests.senders.mounted import mounted, needs_mounts, tmpfs


def opened(root: Path, *, require_mount: bool = True) -> Sender:
    return open_sender(Address(type="directory", path=str(root), require_mount=require_mount))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "my share\n"
    root.mkdir()
    return root


def test_L37_a_folder_where_nothing_is_mounted_is_refused(root: Path) -> None:
    with pytest.raises(StoreFault) as told:
        opened(root)
    assert (told.value.cause, told.value.permanent) == (Cause.STORE_MISMATCH, False)
    assert told.value.detail.endswith("no file system is mounted there, though one must be")


@needs_mounts
def test_L37_a_mounted_file_system_is_accepted(root: Path) -> None:
    with tmpfs(root, "size=1m"):
        sender = opened(root)
        sender.create("a", b"1")
        sender.close()
        root.with_name("link").symlink_to(root)
        opened(root.with_name("link")).close()


@needs_mounts
def test_L37_a_bind_mount_of_the_same_file_system_is_accepted(root: Path) -> None:
    shared = root.with_name("shared")
    shared.mkdir()
    with mounted(root, "--bind", str(shared)):
        assert root.stat().st_dev == root.parent.stat().st_dev
        sender = opened(root)
        sender.create("a", b"1")
        sender.close()
    assert files(shared) == ["a"]
    with mounted(root, "--bind", str(root)):
        opened(root).close()


@needs_mounts
def test_L37_a_folder_within_a_mount_is_none(root: Path) -> None:
    with tmpfs(root, "size=1m"):
        (root / "store").mkdir()
        with pytest.raises(StoreFault):
            opened(root / "store")
        opened(root / "store", require_mount=False).close()


@needs_mounts
@pytest.mark.parametrize("operation", WRITING)
@pytest.mark.parametrize("require_mount", [True, False])
def test_L37_what_is_unmounted_meanwhile_is_not_written_to(root: Path, operation: str, require_mount: bool) -> None:
    with tmpfs(root, "size=1m"):
        sender = opened(root, require_mount=require_mount)
        written(sender, "parts/a/x", b"mine")
        subprocess.run(["umount", "-l", str(root)], check=True, timeout=20)
        with pytest.raises(StoreFault) as told:
            WRITING[operation](sender)
        assert told.value.cause is Cause.STORE_MISMATCH
        assert list(root.iterdir()) == []
        assert read(sender, "parts/a/x") == b"mine"
        assert sender.entries("packs") == ()
        sender.close()


@needs_mounts
@pytest.mark.parametrize("operation", WRITING)
def test_L37_what_is_mounted_over_meanwhile_is_not_written_to(root: Path, operation: str) -> None:
    sender = opened(root, require_mount=False)
    written(sender, "parts/a/x", b"mine")
    with tmpfs(root, "size=1m"):
        with pytest.raises(StoreFault) as told:
            WRITING[operation](sender)
        assert told.value.cause is Cause.STORE_MISMATCH
        assert list(root.iterdir()) == []
    assert files(root) == ["parts/a/x"]
    WRITING[operation](sender)
    sender.close()


@needs_mounts
def test_a_file_mounted_within_is_hostile_too(root: Path, tmp_path: Path) -> None:
    sender = opened(root, require_mount=False)
    sender.create("packs/a", b"mine")
    (tmp_path / "outside").write_bytes(b"theirs")
    with mounted(root / "packs" / "a", "--bind", str(tmp_path / "outside")):
        assert (root / "packs" / "a").read_bytes() == b"theirs"
        with pytest.raises(Exception, match="is no plain file of this store"):
            read(sender, "packs/a")
    assert read(sender, "packs/a") == b"mine"
    sender.close()


def _has_name_spaces() -> bool:
    if os.geteuid() == 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True, timeout=20).returncode == 0


@pytest.mark.skipif(not _has_name_spaces(), reason="root mounts without a name space, or there are none here")
def test_mounts_without_root(tmp_path: Path) -> None:
    """The tests of this folder that need mounts, in a user name space."""
    tests = [str(REPOSITORY / "tests" / "senders" / name) for name in ("test_mounts.py", "test_directory.py")]
    options = ["-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'inner'}", "-k", "mount or L20 or read_only"]
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-m", "pytest", *options, *tests],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
