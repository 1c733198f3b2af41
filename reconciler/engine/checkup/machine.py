"""This machine: its clock, what is installed, and how much the system lets `watch` watch."""

import os
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version

from reconciler.model.checkup import Check, ok, problem, warning
from reconciler.model.instants import Instant, Seconds, format_instant, parse_instant
from reconciler.model.quantities import format_duration
from reconciler.sources.changes import Watched
from reconciler.sources.targets import targets_of

EARLIEST = parse_instant("2026-01-01T00:00:00Z")
"""No version of this program is older."""

SLACK = Seconds(60)

INOTIFY = "/proc/sys/fs/inotify"

OPTIONAL = {"jsonschema-rs": ("fast", "reads large fleets faster")}
"""Distribution → the extra that brings it, and what it is good for."""


def clock(*, now: Instant, latest: Instant | None) -> Check:
    """`latest` is the time of the last event in the state: a clock that was set back disorders what follows."""
    shown = format_instant(now)
    if now < EARLIEST:
        return problem("clock", f"it says {shown}", remedy="set it, and keep it by NTP")
    if latest is not None and latest > now + SLACK:
        detail = f"it says {shown}, {format_duration(latest - now)} before the last event in the state"
        return warning("clock", detail, remedy="set it, and keep it by NTP; windows and back-off follow it")
    return ok("clock", shown)


def libraries() -> Iterator[Check]:
    """What is optional; what is not would have been missed before."""
    for name, (extra, good_for) in OPTIONAL.items():
        try:
            yield ok(f"library/{name}", version(name))
        except PackageNotFoundError:
            yield ok(f"library/{name}", f"not installed; it {good_for}", remedy=f"pip install 'reconciler[{extra}]'")


def watching(manifests: Iterable[str], sources: Iterable[str], *, limits: str = INOTIFY) -> Iterator[Check]:
    """Whether `watch` can be told of every change; where it cannot, it looks by itself every few seconds."""
    allowed = {name: _number(f"{limits}/max_user_{name}") for name in ("watches", "instances")}
    if None in allowed.values():
        return
    targets = targets_of(Watched(manifests=tuple(manifests), sources=tuple(sources)))
    needed = {
        "instances": len(targets),
        "watches": sum(_folders(target.path) if target.recursive else 1 for target in targets),
    }
    for name, need in needed.items():
        have = allowed[name] or 0
        if need > have:
            detail = f"{need:,} inotify {name} needed, {have:,} allowed to a user: changes are noticed late"
            yield warning("watch", detail, remedy=f"sysctl fs.inotify.max_user_{name}={need * 2}")
            return
    yield ok("watch", f"{needed['watches']:,} of {allowed['watches']:,} inotify watches needed")


def _number(file: str) -> int | None:
    try:
        with open(file, encoding="ascii") as stream:
            return int(stream.read())
    except (OSError, ValueError):
        return None


def _folders(path: str) -> int:
    return sum(1 for _ in os.walk(path))
