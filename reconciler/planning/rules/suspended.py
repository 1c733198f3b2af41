"""The site, the package or the pair is held, or every job that needs the pair is suspended."""

from collections.abc import Iterable

from reconciler.model.instants import Instant, format_instant
from reconciler.model.names import JobName
from reconciler.model.snapshot import Hold
from reconciler.planning.pair import Pair


def suspended(pair: Pair) -> str | None:
    """Since when, by whom, why and until when."""
    if pair.holds:
        return held_words(pair.holds, zone=pair.site.timezone)
    return suspended_jobs_words(pair.need.names) if pair.need.suspended else None


def held_words(holds: Iterable[Hold], *, zone: str) -> str:
    """What holds a pair, by whom it was held and why; instants in the site's zone."""
    return "; ".join(_words(hold, zone) for hold in holds)


def suspended_jobs_words(jobs: Iterable[JobName]) -> str:
    """What suspends a pair that only suspended jobs need."""
    return f"suspended by spec.suspend of {', '.join(f'job/{name}' for name in jobs)}"


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
