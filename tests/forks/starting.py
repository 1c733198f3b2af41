"""The process that forks the commands, started when the first is asked for."""

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.forks.asking import ask

ROOT = Path(__file__).parents[2]


@cache
def socket_of(clock: int | None = None) -> str:
    """Where commands are asked for; it ends with this process. `clock`: their time of day, in seconds."""
    folder = tempfile.TemporaryDirectory(prefix="forks")
    place = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forks.serving", place, *([] if clock is None else [str(clock)])],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(folder.cleanup)
    atexit.register(process.communicate)
    assert process.stdout is not None
    assert process.stdout.readline() == b"\n"
    return place


def reconcile(
    arguments: Sequence[str], *, folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `reconcile ARGUMENTS...` to its end."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, open(os.devnull) as empty:
        code = ask(
            socket_of(),
            list(arguments),
            folder=str(folder),
            variables=dict(variables),
            streams=[empty.fileno(), out.fileno(), err.fileno()],
        )
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(["reconcile", *arguments], code, out.read(), err.read())
