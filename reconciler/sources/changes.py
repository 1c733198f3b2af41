"""What is watched, and what a watcher tells: light enough to be imported without watchdog."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Cause(Enum):
    """Why waiting ended."""

    CHANGED = "changed"
    OVERFLOW = "overflow"
    """Events were lost: look at everything again."""
    TIMEOUT = "timeout"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`touched` are the watched paths at or beneath which something happened."""

    cause: Cause
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Absolute paths. Beneath `manifests` hidden names do not count (the state may lie there), beneath `sources` all.

    `files` are single files, as the settings.
    """

    manifests: tuple[str, ...]
    sources: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Watcher(Protocol):
    """Tells that something may have changed; never what. Missed events are possible, hence the rescan every minute."""

    def wait(self, timeout: float) -> Change:
        """Wait at most `timeout` seconds; what happened before the call and was not told yet counts."""
        ...

    def replace(self, watched: Watched) -> None:
        """Watch these paths from now on; what came or went since the last call is noticed. Cheap if nothing differs."""
        ...

    def notices(self) -> tuple[str, ...]:
        """What an operator should know (it fell back to polling), each told once."""
        ...

    def close(self) -> None:
        """Stop watching; a `wait` under way returns `STOPPED`."""
        ...
