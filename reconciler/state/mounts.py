"""On which file system a path lies: a state on a network file system is refused, as SQLite's locks fail there."""

import os
import re
from dataclasses import dataclass

MOUNTS = "/proc/self/mountinfo"
"""Linux alone has it; elsewhere nothing is known and nothing refused."""

NETWORK = frozenset(
    ("9p", "afs", "beegfs", "ceph", "cifs", "coda", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs")
)
NETWORK_FUSE = frozenset(("davfs2", "gcsfuse", "glusterfs", "juicefs", "rclone", "s3fs", "smbnetfs", "sshfs"))

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A mounted file system: where, of which type (`ext4`, `nfs4`, `fuse.sshfs`), and from what."""

    mount_point: str
    type: str
    source: str

    @property
    def is_network(self) -> bool:
        return self.type in NETWORK or self.type.removeprefix("fuse.") in NETWORK_FUSE

    def __str__(self) -> str:
        return f"{self.mount_point} ({self.type} on {self.source})"


def file_system_of(path: str) -> FileSystem | None:
    """The file system `path`, or its nearest parent that exists, lies on; None where that cannot be told."""
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            return find_mount(os.path.realpath(path), file.read())
    except OSError:
        return None


def find_mount(path: str, mountinfo: str) -> FileSystem | None:
    """The mount with the longest mount point at or above the real path; of two at one point, the later one."""
    best = None
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        mount_point = _unescaped(left.split()[4])
        covers = path == mount_point or path.startswith(mount_point.rstrip("/") + "/")
        if covers and (best is None or len(mount_point) >= len(best.mount_point)):
            type_, source, *_ = right.split(" ")
            best = FileSystem(mount_point=mount_point, type=type_, source=_unescaped(source))
    return best


def _unescaped(text: str) -> str:
    """The kernel writes white space and backslashes as octal numbers."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
