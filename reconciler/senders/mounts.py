"""Which mount an open file or folder was reached through, as Linux tells it.

Tells bind mounts of one file system apart, which `st_dev` cannot, and takes no subvolume for a mount.
"""

import os


def mount_of(descriptor: int) -> int:
    """The mount's number."""
    info = os.open(f"/proc/self/fdinfo/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _, _, rest = os.read(info, 4096).partition(b"\nmnt_id:")
        return int(rest.split(b"\n", 1)[0])
    finally:
        os.close(info)


def is_mount_point(folder: int) -> bool:
    """Whether an open folder is where a file system is mounted: what lies above it then belongs to another mount."""
    above = os.open("..", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return mount_of(above) != mount_of(folder)
    finally:
        os.close(above)
