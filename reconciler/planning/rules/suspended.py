"""The site, the package or the pair is held, or every job that needs the pair is suspended."""

from reconciler.model.instants import Instant, format_instant
from reconciler.model.snapshot import Hold
from reconciler.planning.pair import Pair


def suspended(pair: Pair) -> str | None:
    """Since when, by whom, why and until when."""
    if pair.holds:
        return "; ".join(_words(hold, pair.site.timezone) for hold in pair.holds)
    if pair.need.suspended:
        return f"suspended by spec.suspend of {', '.join(f'job/{name}' for name in pair.need.names)}"
    return None


def suspension(pair: Pair) -> str:
    """What the suspension lies on: `site/NAME`, `package/NAME`, `PACKAGE@SITE` or `job/NAME`; "" without one."""
    if pair.holds:
        return subject(pair.holds[0])
    return f"job/{pair.need.names[0]}" if pair.need.suspended else ""


def subject(hold: Hold) -> str:
    """What a hold lies on, as `reconcile resume` takes it."""
    if hold.package is None:
        return f"site/{hold.site}"
    return f"package/{hold.package}" if hold.site is None else f"{hold.package}@{hold.site}"


def _words(hold: Hold, zone: str) -> str:
    until = "" if hold.until is None else f" until {_day(hold.until, zone)} {format_instant(hold.until, zone)[11:16]}"
    return f"suspended since {_day(hold.since, zone)}{until} by {hold.actor}: {hold.reason}"


def _day(instant: Instant, zone: str) -> str:
    return format_instant(instant, zone)[:10]
