"""Instants as a person at the site says them: `19:00 CET`, `tonight 22:00 CET`, `Wed 04:10 CET`.

Not strftime's names: those follow the locale of the process, and the same plan must give the same text.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from reconciler.model.instants import Instant

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TONIGHT = 21
"""The hour from which today is tonight."""


def moment(instant: Instant, *, now: Instant, zone: str) -> str:
    """`19:00 CET` today, `tonight 22:00 CET`, `tomorrow 04:10 CET`, `Wed 04:10 CET`, `2026-12-24 04:10 CET`."""
    local = _local(instant, zone)
    return _join(_day(local, _local(now, zone)), f"{local:%H:%M}", _zone(local))


def bare_moment(instant: Instant, *, now: Instant, zone: str) -> str:
    """As `moment`, without the zone: for the first of two instants, where the second names it."""
    local = _local(instant, zone)
    return _join(_day(local, _local(now, zone)), f"{local:%H:%M}")


def about(instant: Instant, *, now: Instant, zone: str) -> str:
    """`today about 20:26 CET`: an estimate."""
    local = _local(instant, zone)
    return _join(_day(local, _local(now, zone)) or "today", "about", f"{local:%H:%M}", _zone(local))


def since(instant: Instant, *, now: Instant, zone: str) -> str:
    """`since 15:40 CET`, `since yesterday 15:40 CET`, `since Mon 15:40 CET`."""
    local = _local(instant, zone)
    day = _day(local, _local(now, zone))
    return _join("since", "" if day == "tonight" else day, f"{local:%H:%M}", _zone(local))


def _local(instant: Instant, zone: str) -> datetime:
    return datetime.fromtimestamp(instant, ZoneInfo(zone))


def _day(local: datetime, now: datetime) -> str:
    days = (local.date() - now.date()).days
    match days:
        case 0:
            return "tonight" if local.hour >= _TONIGHT else ""
        case 1:
            return "tomorrow"
        case -1:
            return "yesterday"
        case _ if abs(days) < 7:
            return _WEEKDAYS[local.weekday()]
        case _:
            return f"{local:%Y-%m-%d}"


def _zone(local: datetime) -> str:
    """The zone's abbreviation; `UTC-03` where it has none but its offset."""
    name = local.tzname() or "UTC"
    return name if name[0].isalpha() else f"UTC{name}"


def _join(*words: str) -> str:
    return " ".join(word for word in words if word)
