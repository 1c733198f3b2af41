"""Every fact about one package at one site: what is wanted, held, proved, under way, in the way, and happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.engine.readiness import holding_words
from reconciler.engine.reconcile import Planned
from reconciler.model.explanation import Fact, Section
from reconciler.model.holdings import Absent, Damaged, Held, Holding, Receipt, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant, format_instant
from reconciler.model.packages import Package
from reconciler.model.plan import PlannedPair
from reconciler.model.quantities import format_size
from reconciler.model.sites import Site
from reconciler.model.snapshot import Cause, Send
from reconciler.model.status import RowStatus
from reconciler.planning.holds import Holds
from reconciler.planning.rules.suspended import held_words, subject
from reconciler.state.protocol import HeldPair, State
from reconciler.views.reasons import CAUSES

EVENTS_SHOWN = 5
RECEIPTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFacts:
    """`pair` is the plan's view, None where no job needs the package there; `row` the open send, if there is one."""

    planned: Planned
    state: State
    at: Instant
    package: Package
    site: Site
    pair: PlannedPair | None
    row: RowStatus | None

    def sections(self) -> tuple[Section, ...]:
        """All of them, also those without any facts."""
        return (
            Section(title="Wanted", facts=tuple(self._wanted())),
            Section(title="Needed by", facts=tuple(self._needed_by())),
            Section(title="At the site", facts=tuple(self._held())),
            Section(title="On the way", facts=tuple(self._sends())),
            Section(title="Held back by", facts=tuple(self._holds())),
            Section(title="Store", facts=tuple(store_facts(self.site, self.state))),
            Section(title="Path", facts=tuple(path_facts(self.site))),
            Section(title="Events", facts=tuple(events(self.state, f"pair/{self.package.name}@{self.site.name}"))),
        )

    def receipts(self) -> Sequence[Receipt]:
        """The latest proofs, the highest number first."""
        return self.state.receipts(self.package.name, self.site.name)[:RECEIPTS_SHOWN]

    def _wanted(self) -> Iterator[Fact]:
        package, content = self.package, self.package.content
        yield Fact(name="package", value=f"{package.name} {package.version}".rstrip(), where=package.where)
        yield Fact(name="content", value=f"{content.digest} ({_content_words(package)})", where=package.source.where)
        parts = ", ".join(sorted(part.value for part in package.parts))
        yield Fact(name="setup", value=f"{package.setup} ({parts})", where=package.where)

    def _needed_by(self) -> Iterator[Fact]:
        """Each job with the line of the target that selects the site."""
        fleet = self.planned.read.fleet
        for name in () if self.pair is None else self.pair.for_jobs:
            job = fleet.jobs_by_name[name]
            target = job.target_of(fleet.index[self.site.name])
            value = job.purpose if target is not None else f"{job.purpose}; the job is created there (L5)"
            yield Fact(name=name, value=value, where=job.where if target is None else target.where)

    def _held(self) -> Iterator[Fact]:
        row: HeldPair | None = next(iter(self.state.pairs(package=self.package.name, site=self.site.name)), None)
        if row is None:
            yield Fact(name="holding", value="nothing is known to be there", origin="no row in the state")
            return
        yield Fact(name="holding", value=holding_words(row.holding), origin=f"number {row.number}, mark {row.mark}")
        held = _held_in(row.holding)
        if held is not None:
            yield Fact(name="content", value=_compared(held.content, self.package.content.digest))
            yield Fact(name="setup", value=_compared(held.setup or "none", self.package.setup))
        if isinstance(row.holding, Staged):
            due = Instant(row.holding.verified_at + self.site.verification.every)
            origin = f"next within verify.every, until {format_instant(due)}"
            late = "" if due >= self.at else ", not verified in time"
            yield Fact(name="verified", value=f"{format_instant(row.holding.verified_at)}{late}", origin=origin)

    def _sends(self) -> Iterator[Fact]:
        """The open send, or else the closed one that blocks the revision."""
        if self.row is not None:
            yield from self._send(self.row.send)
            yield from self._claim(self.row)
            yield from events(self.state, f"send/{self.row.send.job}")
        elif self.pair is not None and self.pair.send_only_job is not None:
            for send in self.state.sends(open_only=False, job=self.pair.send_only_job):
                if (send.package, send.site) == (self.package.name, self.site.name):
                    yield from self._send(send)

    def _send(self, send: Send) -> Iterator[Fact]:
        yield Fact(name=send.job, value=f"{send.state.value}, {send.attempts} attempts, number {send.number}")
        yield Fact(name="carries", value=f"{send.mode.value}, {send.priority.word} priority")
        yield Fact(name="bytes", value=f"{format_size(send.bytes_done)} of {format_size(send.bytes)}")
        yield Fact(name="recorded", value=format_instant(send.recorded_at))
        if send.cause is not None or send.detail:
            cause = "" if send.cause is None else f"{send.cause.value}: {CAUSES[send.cause]}"
            yield Fact(name="cause", value="; ".join(part for part in (cause, send.detail) if part))
        if send.next_attempt is not None:
            yield Fact(name="next attempt", value=format_instant(send.next_attempt))

    def _claim(self, row: RowStatus) -> Iterator[Fact]:
        """Who has it; otherwise what it waits for, and until when."""
        if row.worker is not None:
            found = next((one for one in self.state.workers() if one.worker.id == row.worker), None)
            place = "" if found is None else f" at {found.worker.host}, pid {found.worker.pid}"
            yield Fact(name="claimed by", value=f"worker {row.worker}{place}", origin="alive")
        elif row.wait is not None:
            until = "" if row.wait.until is None else f", until {format_instant(row.wait.until)}"
            yield Fact(name="waits for", value=f"{row.wait.reason.value}: {row.wait.detail}{until}")
        else:
            yield Fact(name="waits for", value="a worker: it is its turn")

    def _holds(self) -> Iterator[Fact]:
        for hold in Holds(self.planned.snapshot.holds, at=self.at).on(self.package.name, self.site.name):
            yield Fact(name=subject(hold), value=held_words((hold,), zone=self.site.timezone), origin="a local hold")
        for name in () if self.pair is None else self.pair.for_jobs:
            job = self.planned.read.fleet.jobs_by_name[name]
            if job.suspended:
                yield Fact(name=f"job/{name}", value="spec.suspend is true", where=job.where)


def store_facts(site: Site, state: State) -> Iterator[Fact]:
    """Which store is the site's, as far as is known (L37)."""
    if site.address is None:
        return
    pinned = state.stores().get(site.name)
    if pinned is None:
        yield Fact(name="store", value="none is known yet: the first send makes an empty place the site's store")
    else:
        yield Fact(name="store", value=pinned, origin="pinned in the state")
    yield from _mismatch(state.sends_to(site.name))


def _mismatch(sends: Sequence[Send]) -> Iterator[Fact]:
    for send in sends:
        if send.cause is Cause.STORE_MISMATCH:
            yield Fact(name="found there", value=send.detail, origin=send.job)
            return


def path_facts(site: Site) -> Iterator[Fact]:
    """How the sending side reaches the site, and when."""
    address = "none" if site.address is None else f"{site.address.type} {site.address.path}"
    yield Fact(name="address", value=address, where=site.where)
    yield Fact(name="time zone", value=site.timezone, where=site.where)
    for window in site.windows:
        days = ", ".join(day.name.lower() for day in sorted(window.days))
        hours = "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (window.starts, window.ends))
        yield Fact(name=f"window {window.name}", value=f"{days} {hours}, {window.allow.word} or more", where=site.where)


def events(state: State, subject: str) -> Iterator[Fact]:
    """The latest of a subject, newest first."""
    for event in state.history(subject=subject, limit=EVENTS_SHOWN):
        value = f"{event.action} by {event.actor}{f': {event.detail}' if event.detail else ''}"
        yield Fact(name=format_instant(event.at), value=value, origin=f"event {event.number}")


def _content_words(package: Package) -> str:
    content = package.content
    if content.readable:
        return f"{content.files} files, {format_size(content.size)}"
    if content.packed:
        return f"pinned; packed in the depot of {package.origin}, {format_size(content.size)}"
    fault = f", its depot: {content.depot_fault}" if content.depot_fault else ", and no depot holds its parcel"
    return f"pinned; not readable here{fault}"


def _held_in(holding: Holding) -> Held | None:
    match holding:
        case Staged(held=held) | Damaged(held=held) | RecordOnly(held=held):
            return held
        case Absent(lost=lost):
            return lost
        case Unknown():
            return None


def _compared(held: str, wanted: str) -> str:
    return held if held == wanted else f"{held}, not the wanted one"
