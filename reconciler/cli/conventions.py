"""Names and places that hold where nobody says otherwise (cli.md)."""

import os

SETTINGS_FILE = "reconciler.yaml"

STDIN = frozenset(("-", "/dev/stdin"))
"""Paths that stand for standard input."""


def cache_directory() -> str:
    """Caches are no state and never lie beside it."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "reconciler")
