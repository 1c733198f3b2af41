"""Instants as whole seconds since 1970 in UTC, and RFC 3339 text at the edges."""

from datetime import UTC, datetime
from typing import NewType
from zoneinfo import ZoneInfo

Instant = NewType("Instant", int)
"""Seconds since 1970-01-01T00:00:00Z."""

Seconds = NewType("Seconds", int)
"""A length of time."""


def parse_instant(text: str) -> Instant:
    """The instant of an RFC 3339 date-time; raises ValueError when it has no offset or is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return Instant(int(moment.timestamp()))


def format_instant(instant: Instant, zone: str = "UTC") -> str:
    """RFC 3339, with the offset in force in `zone` at that instant; `Z` for UTC."""
    if zone == "UTC":
        return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return datetime.fromtimestamp(instant, ZoneInfo(zone)).isoformat()
