"""The commands that are measured, as their users run them, and the environment they run in."""

import os
import sys
from collections.abc import Mapping

PYTHON = sys.executable
RECONCILE = os.path.join(os.path.dirname(sys.executable), "reconcile")
"""The console script of the environment that runs the benchmarks."""

_LEFT_OUT = ("PYTHON", "RECONCILE_", "COVERAGE_")


def environment(cache: str) -> Mapping[str, str]:
    """That of the user, but for a cache of its own and without what changes how Python starts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return kept | {"XDG_CACHE_HOME": cache, "NO_COLOR": "1"}
