"""The same bytes brought to the same sites by rsync: the bar of every figure about sending."""

import os
import re
import shutil
from collections.abc import Iterable

from benchmarks.commands import PYTHON

RSYNC = "rsync"
REMOTE_CPU = "remote.cpu"

_AT_ONCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "at_once.py")
_REMOTE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "remote.py")
_SENT = re.compile(rb"^Total bytes sent: ([0-9,]+)$", re.MULTILINE)


def is_here() -> bool:
    return shutil.which(RSYNC) is not None


def in_parallel(source: str, targets: Iterable[str], *options: str) -> tuple[str, ...]:
    """One rsync for each target, all at once."""
    return (PYTHON, "-I", "-S", _AT_ONCE, *targets, "--", RSYNC, *options, f"{source}/")


def over_a_pipe(source: str, target: str) -> tuple[str, ...]:
    """As over a network, changes alone and compressed; the far side's CPU is written to `remote.cpu` beside."""
    rsh = f"{PYTHON} -I -S {_REMOTE} {os.path.dirname(target)}/{REMOTE_CPU}"
    options = ("-az", "--no-whole-file", "--stats", f"--rsh={rsh}")
    return (RSYNC, *options, f"{source}/", f"far:{target}/")


def remote_cpu(target: str) -> float:
    """CPU seconds of the far side of the last run."""
    with open(os.path.join(os.path.dirname(target), REMOTE_CPU), encoding="ascii") as stream:
        return float(stream.read())


def sent(told: bytes) -> int:
    """Bytes sent, from what `--stats` told; raises ValueError."""
    found = _SENT.search(told)
    if found is None:
        raise ValueError(f"no rsync --stats: {told!r}")
    return int(found[1].replace(b",", b""))
