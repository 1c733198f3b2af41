"""What the objects of a fleet were made from, gathered while it is made, for the next one (`objects`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.manifests.documents import Declaration
from reconciler.manifests.resolving.candidates import Candidate, Findings
from reconciler.manifests.resolving.identity import line_of
from reconciler.manifests.resolving.objects import Made, Objects, Outline, Value, known
from reconciler.model.jobs import Job
from reconciler.model.names import PackageName
from reconciler.model.packages import Content, Package, SourceProblem
from reconciler.model.sites import Site

Contents = Mapping[PackageName, Content | SourceProblem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Candidates and what they became. `declarations` are those of the packages, by name, which jobs refer to.

    `outlines` are those of the sites that jobs were resolved against; empty if one was left out.
    """

    sites: Sequence[tuple[Candidate, Site]]
    packages: Sequence[tuple[Candidate, Package]]
    jobs: Sequence[tuple[Candidate, Job]]
    declarations: Mapping[str, Declaration]
    outlines: tuple[Outline, ...]

    def lines(self, kept: Iterable[Candidate], contents: Contents, last: Objects) -> Mapping[Candidate, bytes]:
        """The line of each candidate in the digest of the fleet, in their order."""
        again: dict[Candidate, bytes] = {}
        for candidate, _ in self.sites:
            _keep(again, candidate, known(last.sites, candidate))
        for candidate, package in self.packages:
            _keep(again, candidate, known(last.packages, candidate, contents[package.name]))
        for candidate, job in self.jobs:
            _keep(again, candidate, known(last.jobs, candidate, self.declarations[job.package]))
        return {candidate: again.get(candidate) or line_of(candidate, contents) for candidate in kept}

    def objects(self, lines: Mapping[Candidate, bytes], contents: Contents, findings: Findings) -> Objects:
        """All that nothing was said about; of a site that is left out nothing can be known."""
        sites = ((candidate, None, site) for candidate, site in self.sites)
        packages = ((candidate, contents[package.name], package) for candidate, package in self.packages)
        jobs = ((candidate, self.declarations[job.package], job) for candidate, job in self.jobs if self.outlines)
        return Objects(
            sites=_silent(sites, lines, findings),
            packages=_silent(packages, lines, findings),
            jobs=_silent(jobs, lines, findings),
            outlines=self.outlines,
        )


def outlines(sites: Iterable[Site]) -> tuple[Outline, ...]:
    """Of sites that are in the fleet, in its order."""
    return tuple((site.name, site.type, site.parent, site.labels, site.domains) for site in sites)


def _keep(lines: dict[Candidate, bytes], candidate: Candidate, made: Made[Value] | None) -> None:
    if made is not None:
        lines[candidate] = made.line


def _silent(
    objects: Iterable[tuple[Candidate, object, Value]], lines: Mapping[Candidate, bytes], findings: Findings
) -> Mapping[str, Made[Value]]:
    return {
        candidate.name: Made(candidate.declaration, beside, value, lines[candidate])
        for candidate, beside, value in objects
        if findings.is_silent_about(candidate)
    }
