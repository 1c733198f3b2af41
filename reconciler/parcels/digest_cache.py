"""Digests of files that have not changed since they were hashed (sending.md 1)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DigestCache:
    """Lives in `directory`; None: nothing is remembered."""

    directory: str | None
