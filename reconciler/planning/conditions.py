"""Whether one send may travel at an instant, as the manifests, the holds and the depot are then (sending.md 4, 8).

Asked of every open send for the schedule, and of a running one as often as somebody likes: a change of windows, rates,
holds or manifests counts from the next look on (L22).
"""

from collections.abc import Container, Iterable, Mapping, Sequence

from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.jobs import Job
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Package
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.schedule import Turn, Wait, WaitReason
from reconciler.model.sites import Site
from reconciler.model.snapshot import Cause, Hold, Mode, Send, SendState
from reconciler.planning.holds import Holds
from reconciler.planning.openings import Openings
from reconciler.planning.rules.not_packed import lacking_parcel
from reconciler.planning.rules.suspended import held_words, suspended_jobs_words

Packed = Container[tuple[PackageName, Digest]]
"""The contents that a depot holds packed."""


class Conditions:
    """What holds for sends at one instant; equal questions are answered once."""

    __slots__ = ("_at", "_fleet", "_holds", "_jobs", "_openings", "_openings_by_site", "_packed")

    def __init__(self, fleet: Fleet, *, holds: Iterable[Hold], packed: Packed, at: Instant) -> None:
        self._fleet = fleet
        self._holds = Holds(holds, at=at)
        self._packed = packed
        self._at = at
        self._jobs = _jobs_of_packages_with_suspended_ones(fleet)
        self._openings: dict[object, Openings] = {}
        self._openings_by_site: dict[SiteName, Openings] = {}

    def of(self, send: Send) -> Turn | Wait:
        """The send's turn if it may travel now, else the first reason why it may not.

        Who has claimed what, and how much runs at the site, is not looked at. A turn of another revision than the
        manifests' is one for a look at the store alone (L37).
        """
        index = self._fleet.index.get(send.site)
        if index is None:
            return self._gone(send, WaitReason.SITE_REMOVED, f"site {send.site}")
        package = self._fleet.packages_by_name.get(send.package)
        if package is None:
            return self._gone(send, WaitReason.PACKAGE_REMOVED, f"package {send.package}")
        site = self._fleet.sites[index]
        wait = self._suspended(send, site, index) or self._blocked(send, package, site)
        return wait if wait is not None else self._in_time(send, site)

    def _gone(self, send: Send, reason: WaitReason, name: str) -> Wait:
        perhaps = "" if self._fleet.whole else ", or errors left it out"
        return Wait(send=send, reason=reason, detail=f"{name} is not in the manifests{perhaps}")

    def _suspended(self, send: Send, site: Site, index: int) -> Wait | None:
        """Held, or needed by suspended jobs alone (domain.md 3)."""
        holds = self._holds.on(send.package, send.site) if self._holds else ()
        if holds:
            ends = [hold.until for hold in holds if hold.until is not None]
            until = max(ends) if len(ends) == len(holds) else None
            detail = held_words(holds, zone=site.timezone)
            return Wait(send=send, reason=WaitReason.SUSPENDED, until=until, detail=detail, timezone=site.timezone)
        if send.package not in self._jobs:
            return None
        jobs = [job for job in self._jobs[send.package] if index in job.required]
        if not jobs or not all(job.suspended for job in jobs):
            return None
        detail = suspended_jobs_words(job.name for job in jobs)
        return Wait(send=send, reason=WaitReason.SUSPENDED, detail=detail)

    def _blocked(self, send: Send, package: Package, site: Site) -> Wait | None:
        """What the next pass, another manifest or a depot ends."""
        content, revision = package.content, send.revision
        wanted = revision.content == content.digest and revision.setup == package.setup
        if not wanted and not _looks_for_its_store(send):
            detail = "the manifests describe another revision; the next pass supersedes this send"
            return Wait(send=send, reason=WaitReason.OTHER_REVISION, detail=detail)
        if site.address is None:
            return Wait(send=send, reason=WaitReason.NO_ADDRESS, detail=f"site {site.name} has no spec.address")
        lacking = None if send.mode is Mode.SETUP_ONLY else lacking_parcel(package)
        if lacking is not None and (package.name, content.digest) not in self._packed:
            return Wait(send=send, reason=WaitReason.NOT_PACKED, detail=lacking)
        return None

    def _in_time(self, send: Send, site: Site) -> Turn | Wait:
        """The later of back-off and window is told: before it nothing happens."""
        openings = self._openings_of(site)
        due = due_at(send, self._at)
        opening = openings.opening(send.priority, due)
        if opening is None or opening > due:
            which = "no window ever admits" if opening is None else "outside the windows that admit"
            detail = f"{which} priority {send.priority.word}"
            return Wait(send=send, reason=WaitReason.WINDOW, until=opening, detail=detail, timezone=site.timezone)
        if due > self._at:
            detail = cause_words(send)
            return Wait(send=send, reason=WaitReason.BACK_OFF, until=due, detail=detail, timezone=site.timezone)
        return Turn(
            send=send,
            closes_at=openings.closing(send.priority),
            rate=_smaller(site.limits.rate, openings.rate),
            at_once=site.limits.max_concurrent,
        )

    def _openings_of(self, site: Site) -> Openings:
        found = self._openings_by_site.get(site.name)
        if found is None:
            key = (site.windows, site.timezone) if site.windows else ()
            found = self._openings.get(key)
            if found is None:
                found = self._openings[key] = Openings(site.windows, zone=site.timezone, at=self._at)
            self._openings_by_site[site.name] = found
        return found


def due_at(send: Send, at: Instant) -> Instant:
    """When a send may be tried: at the time its back-off states, as the state keeps it, else now.

    What a closing window puts back is queued without a time: when it opens, the manifests say, and they may change
    meanwhile (L22).
    """
    if send.state is SendState.BACKING_OFF and send.next_attempt is not None:
        return max(send.next_attempt, at)
    return at


def cause_words(send: Send) -> str:
    """`network: no route to host`."""
    return ": ".join(part for part in (send.cause.value if send.cause is not None else "", send.detail) if part)


def _looks_for_its_store(send: Send) -> bool:
    """Its pair is `unknown`, so no pass supersedes it: it is the row that finds the enrolled store again (L37)."""
    return send.state is SendState.BACKING_OFF and send.cause is Cause.STORE_MISMATCH


def _jobs_of_packages_with_suspended_ones(fleet: Fleet) -> Mapping[PackageName, Sequence[Job]]:
    found: dict[PackageName, list[Job]] = {job.package: [] for job in fleet.jobs if job.suspended}
    for job in fleet.jobs if found else ():
        if job.package in found:
            found[job.package].append(job)
    return found


def _smaller(one: BitsPerSecond | None, other: BitsPerSecond | None) -> BitsPerSecond | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)
