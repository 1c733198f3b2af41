import pytest

from reconciler.state.mounts import FileSystem, find_mount

MOUNTINFO = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:40 / /srv rw shared:7 master:1 - nfs4 files:/export/srv rw,vers=4.2
41 40 0:41 / /srv/local rw - xfs /dev/vdb rw
42 27 0:42 / /mnt/my\\040share rw - fuse.sshfs me@host:/data rw
43 27 0:43 / /mnt/twice rw - ext4 /dev/vdc rw
44 43 0:44 / /mnt/twice rw - cifs //server/share rw
"""


@pytest.mark.parametrize(
    ("path", "mount_point", "type_", "network"),
    [
        ("/var/lib/state.db", "/", "ext4", False),
        ("/srv", "/srv", "nfs4", True),
        ("/srv/a/state.db", "/srv", "nfs4", True),
        ("/srvx/state.db", "/", "ext4", False),
        ("/srv/local/state.db", "/srv/local", "xfs", False),
        ("/mnt/my share/state.db", "/mnt/my share", "fuse.sshfs", True),
        ("/mnt/twice/state.db", "/mnt/twice", "cifs", True),
    ],
)
def test_the_nearest_mount_above_counts(path: str, mount_point: str, type_: str, network: bool) -> None:
    found = find_mount(path, MOUNTINFO)
    assert found is not None
    assert (found.mount_point, found.type, found.is_network) == (mount_point, type_, network)


def test_nothing_mounted_is_nothing_known() -> None:
    assert find_mount("/srv", "") is None


@pytest.mark.parametrize("type_", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuse.ext4", "fuseblk"])
def test_local_file_systems_are_not_refused(type_: str) -> None:
    assert not FileSystem(mount_point="/", type=type_, source="x").is_network
