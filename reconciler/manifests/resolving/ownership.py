"""What an owned file may declare and touch: kinds, names and labels, and which packages and sites of others.

Who may not declare an object spoils nobody else's by it: it takes no name, no endpoint and no place in the tree.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from reconciler.manifests.resolving.candidates import Candidate, Findings, Path, listed
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.references import sites_named
from reconciler.manifests.resolving.roster import Roster
from reconciler.model.jobs import Job
from reconciler.model.names import fold
from reconciler.model.settings import Owned
from reconciler.model.site_sets import SiteSet


def check_declared(roster: Roster, findings: Findings) -> Roster:
    """Report what its file may not declare; the candidates without those whose names are others'."""
    if all(candidate.owner is None for candidate in roster.candidates):
        return roster
    for candidate in roster.candidates:
        if candidate.owner is not None:
            _check_itself(candidate, candidate.owner, findings)
    if not _may_be_contested(roster.candidates):
        return roster
    names: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in roster.candidates:
        names[fold(candidate.name)].append(candidate)
    taken = {one for group in names.values() if len(group) > 1 for one in _takers(group, findings)}
    return replace(roster, candidates=tuple(one for one in roster.candidates if one not in taken)) if taken else roster


def check_references(sites: Roster, packages: Roster, jobs: Roster, findings: Findings) -> None:
    """Report parents, origins, packages and sites of jobs, named by those who may not use them."""
    for site in sites.candidates:
        _check_site(site, "parent", sites, findings, does="be declared beneath")
    for package in packages.candidates:
        _check_site(package, "origin", sites, findings, does="be created at")
    for job in jobs.candidates:
        if job.owner is not None:
            _check_job(job, job.owner, sites, packages, findings)


def _check_job(job: Candidate, owner: Owned, sites: Roster, packages: Roster, findings: Findings) -> None:
    """At the package's origin a job puts nothing, so it may be created there (L5)."""
    spec = Fields(job.spec)
    package = packages.by_name.get(spec.text("package"))
    if package is not None and not _may_use_package(owner, package):
        _report(job, ("package",), (package,), findings, code="owner-package", does="use")
    if package is None or spec.optional_text("site") != Fields(package.spec).text("origin"):
        _check_site(job, "site", sites, findings, does="be created at")


@dataclass(frozen=True, kw_only=True)
class TargetGuard:
    """Whether jobs target sites of others. `sites` are the candidates of the fleet's sites, in its order."""

    sites: Sequence[Candidate]
    findings: Findings
    _closed: dict[int, SiteSet] = field(default_factory=dict)

    def allows(self, candidate: Candidate, job: Job) -> bool:
        """Whether it may be, as it is; if not, that is reported.

        A selector that meets a site of others is an error: a job that silently does less is worse (L10).
        """
        if candidate.owner is None:
            return True
        closed = self._closed_to(candidate.owner)
        for target, entry in zip(job.targets, Fields(candidate.spec).each("targets"), strict=True):
            touched = target.sites & closed
            if touched:
                sites = [self.sites[number] for number in touched]
                path = _path_to(entry, {site.name for site in sites})
                _report(candidate, path, sites, self.findings, code="owner-site", does="target")
        return candidate.fault is None

    def _closed_to(self, owner: Owned) -> SiteSet:
        found = self._closed.get(id(owner))
        if found is None:
            others = (one for one in enumerate(self.sites) if one[1].owner is not None and one[1].owner is not owner)
            found = SiteSet.of(number for number, site in others if not (owner.uses_sites and _is_lent(site, owner)))
            self._closed[id(owner)] = found
        return found


def _check_itself(candidate: Candidate, owner: Owned, findings: Findings) -> None:
    """Kind, name and labels."""
    kind, name = candidate.kind, candidate.name
    if owner.kinds and kind not in owner.kinds:
        message = f'{kind.lower()} "{name}" is declared where only {_either(owner.kinds)} may be'
        _bar(candidate, findings, code="owner-kind", message=message)
    if owner.names and not _matches(name, owner.names):
        message = f'{kind.lower()} "{name}" is declared where names must match {listed(owner.names)}'
        _bar(candidate, findings, code="owner-name", message=message)
    for key, value in sorted(owner.labels.items()):
        has = candidate.labels.get(key)
        if has != value:
            what = f"has no label {key}" if has is None else f"has the label {key}={has}"
            message = f'{kind.lower()} "{name}" {what}; everything declared there must have {key}={value}'
            _bar(candidate, findings, code="owner-label", message=message)


def _may_be_contested(candidates: Sequence[Candidate]) -> bool:
    """Whether anybody could have to stand back for another."""
    named = {_has_names(candidate) for candidate in candidates}
    return len(named) > 1 or any(candidate.barred for candidate in candidates)


def _has_names(candidate: Candidate) -> bool:
    """Whether the settings give names to the owner of its file; if it is not barred, its own among them."""
    return candidate.owner is not None and bool(candidate.owner.names)


def _takers(group: Sequence[Candidate], findings: Findings) -> Iterable[Candidate]:
    """Those of one name that stand back for others, to whom it belongs; what is equally good is decided elsewhere."""
    rightful = [candidate for candidate in group if not candidate.barred]
    named = [candidate for candidate in rightful if _has_names(candidate)]
    for candidate in rightful:
        if named and not _has_names(candidate):
            message = f'{candidate.kind.lower()} "{candidate.name}" is declared at {named[0].line}, to whose owner'
            _bar(candidate, findings, code="owner-name", message=f"{message} the settings give the name")
    return [candidate for candidate in group if candidate.barred] if any(not one.barred for one in group) else ()


def _bar(candidate: Candidate, findings: Findings, *, code: str, message: str) -> None:
    candidate.barred = True
    findings.error_of_name(candidate, code=code, message=message, hint=_hint(candidate))


def _check_site(candidate: Candidate, key: str, sites: Roster, findings: Findings, *, does: str) -> None:
    """Whether the site at `key` may be used; who names another's takes no place beneath it."""
    if candidate.owner is None or key not in candidate.spec:
        return
    site = sites.by_name.get(Fields(candidate.spec).text(key))
    if site is not None and not _may_use_site(candidate.owner, site):
        candidate.barred = True
        _report(candidate, (key,), (site,), findings, code="owner-site", does=does)


def _report(
    candidate: Candidate, path: Path, others: Sequence[Candidate], findings: Findings, *, code: str, does: str
) -> None:
    kind = others[0].kind.lower() + ("s" if len(others) > 1 else "")
    whose = "which is not its owner's" if len(others) == 1 else "which are not its owner's"
    findings.error(
        candidate,
        path,
        code=code,
        message=f'{candidate.kind.lower()} "{candidate.name}" may not {does} {kind} '
        f"{listed(other.name for other in others)}, {whose}",
        hint=_hint(candidate),
    )


def _hint(candidate: Candidate) -> str:
    """Where the settings say so; of a file that nobody owns they say nothing."""
    if candidate.owner is None:
        return "rename it, or remove it"
    where = candidate.owner.where
    return f"{candidate.declaration.document.file} is owned as {where.file}:{where.line} says"


def _path_to(entry: Fields, names: set[str]) -> Path:
    """The first of the names, where the entry says one itself."""
    for key, index, name in sites_named(entry):
        if name in names:
            return entry.at(key, index)
    return entry.path


def _may_use_package(owner: Owned, package: Candidate) -> bool:
    return package.owner is None or package.owner is owner or _matches(package.name, owner.uses_packages)


def _may_use_site(owner: Owned, site: Candidate) -> bool:
    return site.owner is None or site.owner is owner or _is_lent(site, owner)


def _is_lent(site: Candidate, owner: Owned) -> bool:
    return any(
        (not usable.names or _matches(site.name, usable.names)) and usable.labels.matches(site.labels)
        for usable in owner.uses_sites
    )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    """As names are compared: without regard to case (L30)."""
    return any(fnmatchcase(fold(name), fold(pattern)) for pattern in patterns)


def _either(kinds: Sequence[str]) -> str:
    *first, last = (f"{kind}s" for kind in kinds)
    return f"{', '.join(first)} and {last}" if first else last
