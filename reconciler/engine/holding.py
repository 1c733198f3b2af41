"""Suspending by hand a site, a package or one pair, and what that stops (sending.md 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.engine.known_names import KnownNames
from reconciler.engine.subjects import NoSuchSubject
from reconciler.model.instants import Instant, parse_instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.quantities import DURATION, parse_duration
from reconciler.model.snapshot import Hold, Send, Wanted
from reconciler.planning.holds import Holds
from reconciler.state.protocol import State

FORMS = "site/NAME, package/NAME or PACKAGE@SITE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a hold lies on: one of the two, or both for a pair."""

    site: SiteName | None = None
    package: PackageName | None = None

    def __str__(self) -> str:
        if self.site is None:
            return f"package/{self.package}"
        return f"site/{self.site}" if self.package is None else f"{self.package}@{self.site}"

    def is_of(self, hold: Hold) -> bool:
        """Whether the hold lies on exactly this."""
        return (hold.site, hold.package) == (self.site, self.package)

    def covers(self, send: Send) -> bool:
        """Whether a hold on this stops the send."""
        return self.site in (None, send.site) and self.package in (None, send.package)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a hold means now: the open sends it stops, those that nothing else stops, and which holds there are.

    `present` is the hold on exactly this, `others` are wider ones in force.
    """

    stopped: tuple[Send, ...]
    freed: tuple[Send, ...]
    present: Hold | None
    others: tuple[Hold, ...]

    @property
    def running(self) -> int:
        return sum(send.state.is_claimed for send in self.stopped)


def subject_of(text: str, known: KnownNames) -> Subject:
    """`site/NAME`, `package/NAME` or `PACKAGE@SITE`; raises NoSuchSubject."""
    kind, slash, name = text.partition("/")
    package, at, site = text.partition("@")
    if slash and kind == "job":
        hint = f"set spec.suspend: true in the manifest of {name}; git has the reason then"
        raise NoSuchSubject("a job is suspended in its manifest", hint=hint)
    if slash and kind == "site":
        return Subject(site=known.site(name))
    if slash and kind == "package":
        return Subject(package=known.package(name))
    if slash or not at:
        raise NoSuchSubject(f"{text} cannot be suspended", hint=f"name {FORMS}")
    return Subject(package=known.package(package), site=known.site(site))


def reach_of(subject: Subject, state: State, *, at: Instant) -> Reach:
    """What a hold on the subject stops, and which holds there are."""
    holds = state.snapshot(Wanted(sites=(), packages=())).holds
    stopped = tuple(send for send in state.sends() if subject.covers(send))
    besides = Holds((hold for hold in holds if not subject.is_of(hold)), at=at)
    return Reach(
        stopped=stopped,
        freed=tuple(send for send in stopped if not besides.on(send.package, send.site)),
        present=next((hold for hold in holds if subject.is_of(hold)), None),
        others=tuple(_wider(subject, holds, at=at)),
    )


def _wider(subject: Subject, holds: Sequence[Hold], *, at: Instant) -> Iterable[Hold]:
    """Holds in force on the site or the package of a pair."""
    for hold in holds:
        around = hold.site in (None, subject.site) and hold.package in (None, subject.package)
        if around and not subject.is_of(hold) and (hold.until is None or hold.until > at):
            yield hold


def until_of(text: str, *, at: Instant) -> Instant:
    """The instant of an RFC 3339 date-time, or so long after `at`; raises ValueError, also if it is not to come."""
    if DURATION.fullmatch(text):
        until = Instant(at + parse_duration(text))
    else:
        try:
            until = parse_instant(text)
        except (ValueError, OverflowError):
            wanted = "a duration such as 2h or 3d, nor an instant such as 2026-12-02T05:00:00+01:00"
            raise ValueError(f"{text!r} is neither {wanted}") from None
    if until <= at:
        raise ValueError(f"{text} has passed already")
    return until
