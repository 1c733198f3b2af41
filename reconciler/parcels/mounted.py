"""Where file systems are mounted: what lies on one is neither moved nor removed with the folder around it."""

import re

_MOUNTS = "/proc/self/mountinfo"
_OCTAL = re.compile(r"\\([0-7]{3})")


def mounted_within(path: str) -> bool:
    """Whether a file system is mounted at a real path or beneath it; False where that cannot be told."""
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            points = [_OCTAL.sub(lambda found: chr(int(found[1], 8)), line.split()[4]) for line in file]
    except OSError:
        return False
    return any(point == path or point.startswith(f"{path}/") for point in points)
