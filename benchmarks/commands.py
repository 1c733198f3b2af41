"""The commands that are measured, as their users run them, and the environment they run in."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

PYTHON = sys.executable
RECONCILE = os.path.join(os.path.dirname(sys.executable), "reconcile")
"""The console script of the environment that runs the benchmarks."""

_LEFT_OUT = ("PYTHON", "RECONCILE_", "COVERAGE_")


def environment(cache: str) -> Mapping[str, str]:
    """That of the user, but for a cache of its own and without what changes how Python starts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return kept | {"XDG_CACHE_HOME": cache, "NO_COLOR": "1"}


def planned(folder: str, variables: Mapping[str, str], *options: str) -> dict[str, Any]:
    """The plan of the fleet in `folder` as JSON; raises CommandFailed."""
    command = [RECONCILE, "--dry-run", "--output", "json", *options]
    told = subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=False)
    if told.returncode:
        raise CommandFailed(command, told.returncode, told.stderr.decode(errors="replace"))
    plan: dict[str, Any] = json.loads(told.stdout)
    return plan


class CommandFailed(Exception):
    """A command that is measured must succeed; says what it wrote to standard error."""

    def __init__(self, command: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"{' '.join(command)} ended with {code}\n{stderr}")
