"""From the declaration of a job to the job: its package, its targets as sets of sites, what it needs there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reconciler.manifests.resolving.candidates import Candidate, Findings, listed
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.objects import Made, known
from reconciler.manifests.resolving.packages import Offer
from reconciler.manifests.resolving.targets import TargetReader
from reconciler.manifests.resolving.territory import Territory
from reconciler.manifests.resolving.values import value_of
from reconciler.model.instants import Instant, parse_instant
from reconciler.model.jobs import Job, JobType, Phase, Target
from reconciler.model.names import JobName, PackageName
from reconciler.model.packages import SetupPart
from reconciler.model.priority import Priority
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import SiteType

_PHASES = {
    JobType.RUN: frozenset((Phase.SEND, Phase.DISTRIBUTE, Phase.RUN)),
    JobType.SHARE: frozenset((Phase.SEND, Phase.DISTRIBUTE)),
}
"""What a job does that names no phases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReader:
    """Reads jobs against what is declared; `offers` holds every package, left out or not, by name.

    `made` are jobs that were read before against the same sites, none of which was or is left out.
    """

    offers: Mapping[str, Offer]
    territory: Territory
    findings: Findings
    made: Mapping[str, Made[Job]]

    def read(self, job: Candidate) -> Job | None:
        """The job, or None if it has to be left out."""
        as_before = self._as_before(job)
        if as_before is not None:
            job.inherit()
            return as_before if job.fault is None else None
        return self._read(job)

    def _as_before(self, job: Candidate) -> Job | None:
        """The job that it was, if its package says what it said then; nothing was wrong with it."""
        offer = self.offers.get(Fields(job.spec).text("package")) if job.name in self.made else None
        found = None if offer is None else known(self.made, job, offer.candidate.declaration)
        return None if found is None else found.value

    def _read(self, job: Candidate) -> Job | None:
        spec = Fields(job.spec)
        type_ = JobType(spec.text("type", JobType.RUN.value))
        phases = _phases(spec.texts("phases")) or _PHASES[type_]
        needs = _needs(type_, phases, workstation_targets=_has_workstation_targets(spec))
        ready_by = value_of(job, spec, "readyBy", _instant, self.findings)
        offer = self.offers.get(spec.text("package"))
        if offer is not None:
            self._check_offer(job, spec, offer, needs)
        top = self._top(job, spec, offer)
        targets = () if top is None else self._targets(job, spec, top)
        job.inherit()
        if job.fault is not None or offer is None or top is None:
            return None
        return Job(
            name=JobName(job.name),
            type=type_,
            package=PackageName(offer.candidate.name),
            command=spec.optional_text("command"),
            site=self.territory.sites[top].name,
            targets=targets,
            required=self._required(offer, top, targets),
            needs=needs,
            phases=phases,
            priority=Priority.of(spec.text("priority")) if "priority" in spec else offer.priority,
            ready_by=ready_by,
            suspended=spec.flag("suspend", default=False),
            where=job.place,
            labels=job.labels,
        )

    def _top(self, job: Candidate, spec: Fields, offer: Offer | None) -> int | None:
        """The number of the site where the job is created: primary, at or beneath the package's origin (L11, SDK)."""
        name = spec.optional_text("site") or (offer.origin if offer is not None else "")
        top = self.territory.numbers.get(name)
        if top is None:
            return None
        site = self.territory.sites[top]
        if site.type is SiteType.SECONDARY and "site" in spec:
            self.findings.error(
                job,
                ("site",),
                code="not-primary",
                message=f'site "{name}" is secondary: no job can be created there',
                hint=f'create the job at its parent "{site.parent}", and let it target "{name}"',
            )
        origin = None if offer is None else self.territory.numbers.get(offer.origin)
        if offer is not None and origin is not None and not self._is_beneath(top, origin):
            self.findings.error(
                job,
                ("site",),
                code="outside-origin",
                message=f'site "{name}" is not at or beneath "{offer.origin}", the origin of package '
                f'"{offer.candidate.name}" ({offer.candidate.line}), and cannot receive it',
                hint=f'create the job at "{offer.origin}" or beneath it',
            )
        return top

    def _is_beneath(self, top: int, origin: int) -> bool:
        """An origin that can be none, being secondary, is the package's fault alone."""
        territory = self.territory
        return territory.sites[origin].type is SiteType.SECONDARY or territory.subtrees.is_within(top, origin)

    def _targets(self, job: Candidate, spec: Fields, top: int) -> tuple[Target, ...]:
        reader = TargetReader(job=job, top=top, territory=self.territory, findings=self.findings)
        targets = reader.read(spec)
        if not any(target.sites for target in targets):
            job.refers.extend(reader.missed)
        return targets

    def _required(self, offer: Offer, top: int, targets: tuple[Target, ...]) -> SiteSet:
        """Every target and the site where the job is created, except the origin (L5)."""
        required = SiteSet.of((top,))
        for target in targets:
            required |= target.sites
        return required - SiteSet.of((self.territory.numbers[offer.origin],))

    def _check_offer(self, job: Candidate, spec: Fields, offer: Offer, needs: frozenset[SetupPart]) -> None:
        """Whether the package is set up for the job, and has its command."""
        missing = needs - offer.parts
        if SetupPart.WORKSTATION in missing:
            self._report_no_workstation(job, spec, offer)
        if SetupPart.SHARING in missing:
            self._report_no_sharing(job, offer)
        command = spec.optional_text("command")
        if missing or command is None or command in offer.commands.names:
            return
        near = offer.commands.nearest(command)
        known = listed(offer.commands.names) if offer.commands.names else "none"
        self.findings.error(
            job,
            ("command",),
            code="unknown-command",
            message=f'package "{offer.candidate.name}" has no command "{command}"',
            hint=f'did you mean "{near}"?' if near is not None else f"its commands: {known} ({offer.candidate.line})",
        )

    def _report_no_workstation(self, job: Candidate, spec: Fields, offer: Offer) -> None:
        """In the words of Q134718, which people search for, and then what is missing."""
        by_targets = _has_workstation_targets(spec)
        self.findings.error(
            job,
            ("package",),
            code="package-type-incorrect",
            message="Package type is incorrect. To create a job with "
            f"{'a domain or machine target' if by_targets else 'the phase run'}, you must use a package that has been "
            f'setup for Workstation: "{offer.candidate.name}" has no workstation setup, only {offer.part_names}',
            hint=f"add spec.setups.workstation with a command to the package ({offer.candidate.line})"
            + ("" if by_targets else ", or leave out the phase run"),
        )

    def _report_no_sharing(self, job: Candidate, offer: Offer) -> None:
        self.findings.error(
            job,
            ("package",),
            code="not-set-up-for-sharing",
            message=f'package "{offer.candidate.name}" has no sharing setup, only {offer.part_names}: '
            "it cannot be shared on servers",
            hint=f"add spec.setups.sharing to the package ({offer.candidate.line}), or choose another type of job",
        )


def _instant(text: str) -> Instant:
    """Its form is right by the schema; 30 February is not a day all the same."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise ValueError(f'"{text}" is not a moment that exists') from error


@cache
def _phases(words: tuple[str, ...]) -> frozenset[Phase]:
    return frozenset(Phase(word) for word in words)


@cache
def _needs(type_: JobType, phases: frozenset[Phase], *, workstation_targets: bool) -> frozenset[SetupPart]:
    needs = {SetupPart.SHARING} if type_ is JobType.SHARE else set()
    if Phase.RUN in phases or workstation_targets:
        needs.add(SetupPart.WORKSTATION)
    return frozenset(needs)


def _has_workstation_targets(spec: Fields) -> bool:
    return any("domains" in entry.body or "machines" in entry.body for entry in spec.each("targets"))
