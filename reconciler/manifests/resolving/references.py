"""References by name, child to parent, package to origin, job to package and sites; and those that lead nowhere."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from reconciler.manifests.resolving.candidates import Candidate, Findings, Path, joined, listed
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """Ties each candidate to what it refers to, and keeps what could not be found, by name."""

    roster: Roster
    code: str
    unknown: dict[str, list[tuple[Candidate, Path]]] = field(default_factory=lambda: defaultdict(list))

    def tie(self, candidate: Candidate, path: Path, name: str) -> None:
        other = self.roster.by_name.get(name)
        if other is not None:
            candidate.refers.append(other)
        else:
            self.miss(candidate, path, name)

    def miss(self, candidate: Candidate, path: Path, name: str) -> None:
        self.unknown[name].append((candidate, path))


def connect(sites: Roster, packages: Roster, jobs: Roster, *, broken: Sequence[str], findings: Findings) -> None:
    """Fill `Candidate.refers`, and report every reference to what is not declared."""
    to_site = Connector(roster=sites, code="unknown-site")
    to_package = Connector(roster=packages, code="unknown-package")
    for site in sites.candidates:
        if "parent" in site.spec:
            to_site.tie(site, ("parent",), Fields(site.spec).text("parent"))
    for package in packages.candidates:
        to_site.tie(package, ("origin",), Fields(package.spec).text("origin"))
    for job in jobs.candidates:
        _connect_job(job, to_site, to_package)
    if sites.candidates or broken:
        _report(to_site, broken=broken, findings=findings)
    else:
        _report_no_sites([*packages.candidates, *jobs.candidates], findings)
    _report(to_package, broken=broken, findings=findings)


def sites_named(entry: Fields) -> Iterator[tuple[str, int, str]]:
    """The sites that an entry of `targets` or `except` names, each with its key and its place in the list there."""
    for key in ("names", "under"):
        for index, name in enumerate(entry.texts(key)):
            yield key, index, name


def _connect_job(job: Candidate, to_site: Connector, to_package: Connector) -> None:
    """A site that `except` names must exist, but need not be sound: what is left out is not sent to either way."""
    spec = Fields(job.spec)
    to_package.tie(job, ("package",), spec.text("package"))
    if "site" in spec:
        to_site.tie(job, ("site",), spec.text("site"))
    for entry in spec.each("targets"):
        for key, index, name in sites_named(entry):
            if (site := to_site.roster.by_name.get(name)) is not None:
                job.refers.append(site)
            else:
                to_site.miss(job, entry.at(key, index), name)
    for entry in spec.each("except"):
        for key, index, name in sites_named(entry):
            if name not in to_site.roster.by_name:
                to_site.miss(job, entry.at(key, index), name)


def _report(connector: Connector, *, broken: Sequence[str], findings: Findings) -> None:
    """Each reference that leads nowhere; but once for each name while a file that may declare it is broken."""
    kind = connector.roster.kind.lower()
    elsewhere = may_stand_in(broken)
    for name, references in connector.unknown.items():
        hint = joined(_meant(name, connector.roster), elsewhere) or f"declare it as a {kind}, or correct the name"
        if not broken:
            for candidate, path in references:
                findings.error(
                    candidate, path, code=connector.code, message=f'{kind} "{name}" is not declared', hint=hint
                )
            continue
        placed = sorted(((candidate.where(path), candidate, path) for candidate, path in references), key=itemgetter(0))
        (_, first, path), *others = placed
        more = f"; it is referred to {len(placed)} times" if others else ""
        findings.error(
            first,
            path,
            code=connector.code,
            message=f'{kind} "{name}" is not declared{more}',
            hint=hint,
            also=[candidate for _, candidate, _ in others],
        )


def _meant(name: str, roster: Roster) -> str:
    near = roster.spelling.nearest(name)
    return f'did you mean "{near}", declared at {roster.by_name[near].line}?' if near is not None else ""


def may_stand_in(broken: Sequence[str], what: str = "it") -> str:
    """The hint that what is not found may be declared where nobody could read it."""
    if not broken:
        return ""
    if len(broken) == 1:
        return f"{what} may be declared in {broken[0]}, which has errors"
    return f"{what} may be declared in one of the files with errors: {listed(broken)}"


def _report_no_sites(candidates: Iterable[Candidate], findings: Findings) -> None:
    placed = sorted(candidates, key=lambda candidate: candidate.place)
    if placed:
        first, *others = placed
        findings.error_of_name(
            first,
            code="no-central-site",
            message=f"{len(placed)} objects are declared, but no site",
            hint="declare the sites: one without spec.parent, the central site, and the others beneath it",
            also=others,
        )
