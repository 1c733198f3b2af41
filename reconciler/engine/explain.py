"""Every fact behind a verdict, back to the line of YAML and the event, and what would change it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.engine.effective import effective_fields
from reconciler.engine.pair_facts import PairFacts, events, store_facts
from reconciler.engine.readiness import holding_words
from reconciler.engine.reconcile import Planned
from reconciler.engine.status import rows_of
from reconciler.engine.subjects import known_job, known_package, known_site
from reconciler.model.explanation import Explanation, Fact, Section
from reconciler.model.holdings import Holding, Staged
from reconciler.model.instants import Instant, format_instant
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.plan import PlannedJob, PlannedPair, Verdict
from reconciler.model.schedule import WaitReason
from reconciler.model.settings import Settings
from reconciler.model.status import RowStatus
from reconciler.planning.rules.suspended import held_words
from reconciler.state.protocol import State
from reconciler.views.reasons import cure, gap_words


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
            remedies=self._all_remedies(pairs),
        )

    def _site(self, name: SiteName) -> Explanation:
        site = self.planned.read.fleet.site(known_site(self.planned.read, name))
        pairs = [pair for pair in self.planned.plan.pairs if pair.site == name]
        ready = sum(pair.verdict is Verdict.READY for pair in pairs)
        held = tuple(
            Fact(name=pair.package, value=_holding_words(pair.holding), origin=f"number {pair.number}")
            for pair in self.state.pairs(site=name)
        )
        return Explanation(
            subject=f"site/{name}",
            verdict=f"{ready} of {len(pairs)} required packages are ready",
            sections=(
                Section(title="Required", facts=tuple(Fact(name=p.package, value=_verdict_words(p)) for p in pairs)),
                Section(title="Held", facts=held),
                Section(title="Held back by", facts=tuple(self._holds(name))),
                Section(title="Store", facts=tuple(store_facts(site, self.state))),
                Section(title="Fields", facts=tuple(self._fields("Site", name))),
                Section(title="Events", facts=tuple(events(self.state, f"site/{name}"))),
            ),
            remedies=self._all_remedies(pairs),
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
        row = self._rows().get((package_name, site_name))
        facts = PairFacts(
            planned=self.planned, state=self.state, at=self.at, package=package, site=site, pair=pair, row=row
        )
        return Explanation(
            subject=subject,
            verdict=verdict,
            sections=facts.sections(),
            receipts=tuple(facts.receipts()),
            remedies=() if pair is None else tuple(_remedies(pair, row)),
        )

    def _rows(self) -> Mapping[tuple[PackageName, SiteName], RowStatus]:
        """The open sends, each with what it waits for."""
        rows = rows_of(self.planned, self.planned.snapshot.open_sends, self.state.claims(), at=self.at)
        return {(row.send.package, row.send.site): row for row in rows}

    def _all_remedies(self, pairs: Iterable[PlannedPair]) -> tuple[str, ...]:
        """Each once, sorted."""
        rows = self._rows()
        return tuple(sorted({one for pair in pairs for one in _remedies(pair, rows.get((pair.package, pair.site)))}))

    def _holds(self, site: SiteName) -> Iterator[Fact]:
        """Those on the site as a whole."""
        zone = self.planned.read.fleet.site(site).timezone
        for hold in self.planned.snapshot.holds:
            if (hold.site, hold.package) == (site, None) and (hold.until is None or hold.until > self.at):
                yield Fact(name=f"site/{site}", value=held_words((hold,), zone=zone), origin="a local hold")

    def _fields(self, kind: str, name: str) -> Iterator[Fact]:
        """The effective fields of an object, each with the line, or the default, it comes from."""
        for declaration in self.planned.read.declared.declarations:
            if declaration.document.kind == kind and declaration.name == name:
                yield from effective_fields(declaration, self.settings)


def _holding_words(holding: Holding) -> str:
    verified = f", verified {format_instant(holding.verified_at)}" if isinstance(holding, Staged) else ""
    return holding_words(holding) + verified


def _verdict_words(pair: PlannedPair) -> str:
    """The verdict, its reasons as they are called, and in words which facet is missing (FM01 of Q134718)."""
    reasons = "" if pair.reason is None else ": " + ", ".join(reason.value for reason in (pair.reason, *pair.also))
    words = pair.detail or gap_words(pair)
    return f"{pair.verdict.value}{reasons}{f' ({words})' if words else ''}"


def _remedies(pair: PlannedPair, row: RowStatus | None) -> Iterator[str]:
    """What would change the verdict."""
    match pair.verdict:
        case Verdict.MISSING:
            yield f"record {pair.send_only_job}: reconcile"
        case Verdict.IN_FLIGHT:
            yield _goes_on(pair, row)
        case Verdict.BLOCKED:
            yield cure(pair)
        case Verdict.READY:
            return


def _goes_on(pair: PlannedPair, row: RowStatus | None) -> str:
    """What an open send waits for."""
    if row is not None and row.worker is not None:
        return f"wait until {pair.send_only_job} has arrived"
    match None if row is None or row.wait is None else row.wait.reason:
        case WaitReason.WINDOW:
            return f"wait for the window, or widen spec.windows of site/{pair.site}"
        case WaitReason.BACK_OFF:
            return f"wait for the next attempt, or try at once: reconcile retry {pair.package}@{pair.site}"
        case WaitReason.SITE_BUSY:
            return f"wait for the other sends to {pair.site}, or raise limits.maxConcurrent of site/{pair.site}"
        case _:
            return f"carry out {pair.send_only_job}: reconcile work"
