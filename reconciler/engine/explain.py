"""Every fact behind a verdict, back to the line of YAML and the event, and what would change it."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.engine.effective import effective_fields
from reconciler.engine.readiness import holding_words
from reconciler.engine.reconcile import Planned
from reconciler.engine.subjects import known_job, known_package, known_site
from reconciler.model.explanation import Explanation, Fact, Section
from reconciler.model.holdings import Damaged, RecordOnly, Staged
from reconciler.model.instants import Instant, format_instant
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.packages import Package
from reconciler.model.plan import PlannedJob, PlannedPair, Verdict
from reconciler.model.quantities import format_size
from reconciler.model.settings import Settings
from reconciler.model.sites import Site
from reconciler.state.protocol import HeldPair, State
from reconciler.views.reasons import cure, gap_words

EVENTS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """What explanations are made of: a plan with its ready pairs, the state and the settings."""

    planned: Planned
    state: State
    settings: Settings
    at: Instant

    def explain(self, subject: str) -> Explanation:
        """`JOB`, `JOB/SITE`, `PACKAGE@SITE` or `site/NAME`; raises NoSuchSubject and LeftOut."""
        if subject.startswith("site/"):
            return self._site(SiteName(subject.removeprefix("site/")))
        if "@" in subject:
            package, _, site = subject.partition("@")
            return self._pair(subject, PackageName(package), SiteName(site))
        name, _, at_site = subject.partition("/")
        job = self._job(JobName(name))
        if at_site:
            return self._pair(subject, job.package, SiteName(at_site), job=job)
        return self._job_explained(job)

    def _job(self, name: JobName) -> PlannedJob:
        known_job(self.planned.read, name)
        return next(job for job in self.planned.plan.jobs if job.name == name)

    def _job_explained(self, job: PlannedJob) -> Explanation:
        pairs = [pair for pair in self.planned.plan.pairs if job.name in pair.for_jobs]
        sites = tuple(
            Fact(name=pair.site, value=_verdict_words(pair), where=pair.where)
            for pair in pairs
            if pair.verdict is not Verdict.READY
        )
        ready = Fact(name="ready", value=f"{job.ready} of {len(job.required_sites)} sites")
        return Explanation(
            subject=job.name,
            verdict=f"{job.verdict.value} for {job.purpose} of {job.package} {job.package_version}".rstrip(),
            sections=(
                Section(title="Sites", facts=(ready, *sites)),
                Section(title="Fields", facts=tuple(self._fields("Job", job.name))),
            ),
            remedies=tuple(sorted({remedy for pair in pairs for remedy in _remedies(pair)})),
        )

    def _site(self, name: SiteName) -> Explanation:
        known_site(self.planned.read, name)
        pairs = [pair for pair in self.planned.plan.pairs if pair.site == name]
        ready = sum(pair.verdict is Verdict.READY for pair in pairs)
        held = tuple(
            Fact(name=pair.package, value=holding_words(pair.holding), origin=f"number {pair.number}")
            for pair in self.state.pairs(site=name)
        )
        return Explanation(
            subject=f"site/{name}",
            verdict=f"{ready} of {len(pairs)} required packages are ready",
            sections=(
                Section(title="Required", facts=tuple(Fact(name=p.package, value=_verdict_words(p)) for p in pairs)),
                Section(title="Held", facts=held),
                Section(title="Fields", facts=tuple(self._fields("Site", name))),
                Section(title="Events", facts=tuple(self._events(f"site/{name}"))),
            ),
            remedies=tuple(sorted({remedy for pair in pairs for remedy in _remedies(pair)})),
        )

    def _pair(
        self, subject: str, package_name: PackageName, site_name: SiteName, *, job: PlannedJob | None = None
    ) -> Explanation:
        fleet = self.planned.read.fleet
        package = fleet.packages_by_name[known_package(self.planned.read, package_name)]
        site = fleet.site(known_site(self.planned.read, site_name))
        pair = next(
            (pair for pair in self.planned.plan.pairs if (pair.package, pair.site) == (package_name, site_name)), None
        )
        if job is not None and site_name not in job.required_sites:
            verdict = f"job {job.name} does not need {package_name} at {site_name}"
        elif pair is None:
            verdict = "no job needs it there"
        else:
            verdict = _verdict_words(pair)
        return Explanation(
            subject=subject,
            verdict=verdict,
            sections=(
                Section(title="Wanted", facts=tuple(_wanted(package))),
                Section(title="Needed by", facts=tuple(self._needed_by(pair))),
                Section(title="At the site", facts=tuple(self._held(package_name, site_name))),
                Section(title="On the way", facts=tuple(self._sends(package_name, site_name))),
                Section(title="Path", facts=tuple(_path(site))),
                Section(title="Events", facts=tuple(self._events(f"pair/{package_name}@{site_name}"))),
            ),
            remedies=() if pair is None else tuple(_remedies(pair)),
        )

    def _needed_by(self, pair: PlannedPair | None) -> Iterator[Fact]:
        """Each job with the line of the target that selects the site."""
        fleet = self.planned.read.fleet
        for name in () if pair is None else pair.for_jobs:
            job = fleet.jobs_by_name[name]
            target = job.target_of(fleet.index[pair.site]) if pair is not None else None
            value = job.purpose if target is not None else f"{job.purpose}; the job is created there (L5)"
            yield Fact(name=name, value=value, where=job.where if target is None else target.where)

    def _held(self, package: PackageName, site: SiteName) -> Iterator[Fact]:
        row: HeldPair | None = next(iter(self.state.pairs(package=package, site=site)), None)
        if row is None:
            yield Fact(name="holding", value="nothing is known to be there", origin="no row in the state")
            return
        yield Fact(name="holding", value=holding_words(row.holding), origin=f"number {row.number}, mark {row.mark}")
        if isinstance(row.holding, Staged | Damaged | RecordOnly):
            yield Fact(name="content", value=row.holding.held.content)
            yield Fact(name="setup", value=row.holding.held.setup or "none")
        if isinstance(row.holding, Staged):
            yield Fact(name="verified", value=format_instant(row.holding.verified_at), origin="receipt")

    def _sends(self, package: PackageName, site: SiteName) -> Iterator[Fact]:
        for send in self.planned.snapshot.open_sends:
            if (send.package, send.site) == (package, site):
                yield Fact(name=send.job, value=f"{send.state.value}, {send.attempts} attempts, number {send.number}")
                yield from self._events(f"send/{send.job}")

    def _events(self, subject: str) -> Iterator[Fact]:
        for event in self.state.history(subject=subject, limit=EVENTS_SHOWN):
            value = f"{event.action} by {event.actor}{f': {event.detail}' if event.detail else ''}"
            yield Fact(name=format_instant(event.at), value=value, origin=f"event {event.number}")

    def _fields(self, kind: str, name: str) -> Iterator[Fact]:
        """The effective fields of an object, each with the line, or the default, it comes from."""
        for declaration in self.planned.read.declared.declarations:
            if declaration.document.kind == kind and declaration.name == name:
                yield from effective_fields(declaration, self.settings)


def _wanted(package: Package) -> Iterator[Fact]:
    yield Fact(name="package", value=f"{package.name} {package.version}".rstrip(), where=package.where)
    content = package.content
    size = f"{content.files} files, {format_size(content.size)}" if content.readable else "pinned; not readable here"
    yield Fact(name="content", value=f"{content.digest} ({size})", where=package.source.where)
    parts = ", ".join(sorted(part.value for part in package.parts))
    yield Fact(name="setup", value=f"{package.setup} ({parts})", where=package.where)


def _path(site: Site) -> Iterator[Fact]:
    address = "none" if site.address is None else f"{site.address.type} {site.address.path}"
    yield Fact(name="address", value=address, where=site.where)
    yield Fact(name="time zone", value=site.timezone, where=site.where)
    for window in site.windows:
        days = ", ".join(day.name.lower() for day in sorted(window.days))
        hours = "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (window.starts, window.ends))
        yield Fact(name=f"window {window.name}", value=f"{days} {hours}, {window.allow.word} or more", where=site.where)


def _verdict_words(pair: PlannedPair) -> str:
    """The verdict, its reasons as they are called, and in words which facet is missing (FM01 of Q134718)."""
    reasons = "" if pair.reason is None else ": " + ", ".join(reason.value for reason in (pair.reason, *pair.also))
    words = pair.detail or gap_words(pair)
    return f"{pair.verdict.value}{reasons}{f' ({words})' if words else ''}"


def _remedies(pair: PlannedPair) -> Iterator[str]:
    """What would change the verdict of a pair, one action a line."""
    match pair.verdict:
        case Verdict.MISSING:
            yield f"record {pair.send_only_job}: reconcile"
        case Verdict.IN_FLIGHT:
            yield f"carry out {pair.send_only_job}: reconcile work"
        case Verdict.BLOCKED:
            yield cure(pair)
        case Verdict.READY:
            return
