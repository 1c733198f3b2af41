"""From what is declared and what the sources hold to the fleet, by the rules that span objects.

Everything wrong is found in one run. What is left out is a declaration with an error and whatever refers to it by name,
and nothing else (L35).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.manifests.documents import Declared
from reconciler.manifests.resolving.candidates import Candidate, Findings
from reconciler.manifests.resolving.endpoints import SourceFolder, check_endpoints, check_sources
from reconciler.manifests.resolving.hierarchy import check_hierarchy
from reconciler.manifests.resolving.identity import fleet_digest, line_of
from reconciler.manifests.resolving.jobs import JobReader
from reconciler.manifests.resolving.making import Making, outlines
from reconciler.manifests.resolving.objects import NO_OBJECTS, Objects, known
from reconciler.manifests.resolving.ownership import TargetGuard, check_declared, check_references
from reconciler.manifests.resolving.packages import Offer, check_origin, check_package, read_package, request_of
from reconciler.manifests.resolving.references import connect, may_stand_in
from reconciler.manifests.resolving.roster import Roster, check_names, roster_of, rosters_of
from reconciler.manifests.resolving.sites import read_site
from reconciler.manifests.resolving.territory import territory_of
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.fleet import Fleet
from reconciler.model.names import PackageName
from reconciler.model.packages import Content, Package, SourceProblem, SourceRequest
from reconciler.model.sites import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The fleet, and what is wrong beyond what `Declared` says already; sorted as reports are.

    `objects` are for the next `resolve`, None unless it was asked for them.
    """

    fleet: Fleet
    diagnostics: tuple[Diagnostic, ...]
    objects: Objects | None = None


def sources_of(declared: Declared) -> tuple[SourceRequest, ...]:
    """What has to be read before `resolve`, sorted by package.

    A package whose name is declared twice, or that must not be declared, is not read: it is left out anyway.
    """
    packages = roster_of(declared, "Package")
    findings = Findings()
    if declared.owners is not None:
        packages = check_declared(packages, findings)
    check_names(packages, findings)
    return tuple(request_of(package) for package in packages.candidates if package.fault is None)


def resolve(
    declared: Declared, contents: Mapping[PackageName, Content | SourceProblem], before: Objects | None = None
) -> Resolved:
    """The fleet. `contents` answers every request of `sources_of`.

    `before` are the objects of an earlier fleet, whichever, or `NO_OBJECTS`: what comes of it is the same, the sooner
    the more of them are as they were. Only who resolves again and again asks for objects, as they take room (P5).
    """
    last = before or NO_OBJECTS
    sites, packages, jobs = rosters_of(declared)
    findings = Findings()
    if declared.owners is not None:
        sites, packages, jobs = (check_declared(roster, findings) for roster in (sites, packages, jobs))
    for roster in (sites, packages, jobs):
        check_names(roster, findings)
    connect(sites, packages, jobs, broken=declared.broken, findings=findings)
    if declared.owners is not None:
        check_references(sites, packages, jobs, findings)

    read_sites = [(candidate, _site(candidate, findings, last)) for candidate in sites.candidates]
    stores = check_endpoints([one for one in read_sites if not one[0].barred], findings)
    check_hierarchy(sites, findings)
    territory = territory_of(read_sites, broken=may_stand_in(declared.broken, "more sites"))
    guard = TargetGuard(sites=[site for site in sites.candidates if site.fault is None], findings=findings)

    kept_packages = _read_packages(packages, contents, sites=sites, stores=stores, findings=findings, last=last)
    offers = {name: Offer(candidate=candidate) for name, candidate in packages.by_name.items()}
    told = () if before is None or territory.lost else outlines(territory.sites)
    made_jobs = last.jobs if told and told == last.outlines else {}
    reader = JobReader(offers=offers, territory=territory, findings=findings, made=made_jobs)
    read_jobs = [(candidate, reader.read(candidate)) for candidate in jobs.candidates]
    kept_jobs = tuple(job for candidate, job in read_jobs if job is not None and guard.allows(candidate, job))

    candidates = (*sites.candidates, *packages.candidates, *jobs.candidates)
    kept = [candidate for candidate in candidates if candidate.fault is None]
    objects = None
    if before is None:
        digest = fleet_digest(line_of(candidate, contents) for candidate in kept)
    else:
        made = Making(
            sites=read_sites,
            packages=[(packages.by_name[package.name], package) for package in kept_packages],
            jobs=[(jobs.by_name[job.name], job) for job in kept_jobs],
            declarations={name: offer.candidate.declaration for name, offer in offers.items()},
            outlines=told,
        )
        lines = made.lines(kept, contents, last)
        digest = fleet_digest(lines.values())
        objects = made.objects(lines, contents, findings)
    fleet = Fleet(
        sites=territory.sites,
        packages=kept_packages,
        jobs=kept_jobs,
        digest=digest,
        whole=len(kept) == len(declared.declarations) and not declared.broken,
        empty=declared.empty,
    )
    return Resolved(fleet=fleet, diagnostics=findings.diagnostics(), objects=objects)


def _site(candidate: Candidate, findings: Findings, last: Objects) -> Site:
    found = known(last.sites, candidate)
    return read_site(candidate, findings) if found is None else found.value


def _read_packages(
    packages: Roster,
    contents: Mapping[PackageName, Content | SourceProblem],
    *,
    sites: Roster,
    stores: Mapping[str, Candidate],
    findings: Findings,
    last: Objects,
) -> tuple[Package, ...]:
    """The packages that are sound and whose origin is."""
    folders = []
    found: dict[Candidate, Package] = {}
    for package in packages.candidates:
        content = contents.get(PackageName(package.name))
        as_before = known(last.packages, package, content)
        if as_before is None:
            check_package(package, content, findings=findings)
            path = request_of(package).path
        else:
            found[package] = as_before.value
            path = as_before.value.source.path
        check_origin(package, sites=sites, findings=findings)
        folders.append(SourceFolder(package, path, content.real_path if isinstance(content, Content) else ""))
    check_sources(folders, stores, findings)
    kept = []
    for package in packages.candidates:
        package.inherit()
        if package.fault is None:
            kept.append(found[package] if package in found else read_package(package, _content_of(package, contents)))
    return tuple(kept)


def _content_of(package: Candidate, contents: Mapping[PackageName, Content | SourceProblem]) -> Content:
    content = contents[PackageName(package.name)]
    if isinstance(content, SourceProblem):
        raise TypeError(f"{package.name} has no content, but no fault either")
    return content
