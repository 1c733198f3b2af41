"""Targets to sets of sites: inside one entry AND, across entries OR, `except` subtracted last (L9, L10, L11)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reconciler.manifests.resolving.candidates import Candidate, Findings, joined
from reconciler.manifests.resolving.emptiness import why_empty
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.references import sites_named
from reconciler.manifests.resolving.site_index import SiteIndex
from reconciler.manifests.resolving.territory import Territory
from reconciler.manifests.selectors import read_selector
from reconciler.model.diagnostics import Where
from reconciler.model.jobs import Target
from reconciler.model.selectors import Operator
from reconciler.model.site_sets import SiteSet

_CONDITIONS = frozenset(("matchLabels", "matchExpressions", "domains", "machines"))
"""What an entry asks of a site beyond its name and its place in the tree."""

_FEW = 8
"""So many entries or fewer: asking the document for each place is quicker than measuring it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReader:
    """Reads the targets of one job, which is created at the site with the number `top`."""

    job: Candidate
    top: int
    territory: Territory
    findings: Findings
    missed: list[Candidate] = field(default_factory=list)
    """Sites that are left out of the fleet and that an empty target may have meant."""

    def read(self, spec: Fields) -> tuple[Target, ...]:
        """The entries of `targets`, each with the sites that it selects and `except` spares.

        An entry is empty, without an error, if all it selects is left out of the fleet (L35).
        """
        exceptions = spec.each("except")
        excepted = SiteSet()
        for entry in exceptions:
            excepted |= self._excepted(entry)
        entries = spec.each("targets")
        return tuple(
            Target(sites=self._spared(entry, excepted, exceptions), where=self._place(entry, len(entries)))
            for entry in entries
        )

    def _spared(self, entry: Fields, excepted: SiteSet, exceptions: Iterable[Fields]) -> SiteSet:
        if not self._is_sound(entry) or not self._is_inside(entry):
            return SiteSet()
        selected = self._selected(entry)
        spared = selected - excepted
        if spared:
            return spared
        lost = self._lost(entry)
        for exception in exceptions:
            lost -= self._lost(exception)
        if lost:
            self.missed.extend(self.territory.lost[number] for number in lost)
        elif selected:
            self._report_excepted(entry, len(selected))
        else:
            self._report_empty(entry)
        return spared

    def _selected(self, entry: Fields) -> SiteSet:
        """What the entry selects at or beneath the site of the job."""
        numbers, subtrees = self.territory.numbers, self.territory.subtrees
        found = None
        if "names" in entry:
            found = SiteSet.of(numbers[name] for name in entry.texts("names") if name in numbers)
        if "under" in entry:
            beneath = _union(subtrees.within(numbers[name]) for name in entry.texts("under") if name in numbers)
            found = beneath if found is None else found & beneath
        if found is None:
            found = subtrees.within(self.top)
        return found if _CONDITIONS.isdisjoint(entry.body) else found & matching(entry, self.territory.index)

    def _lost(self, entry: Fields) -> SiteSet:
        """Which of the sites that were left out the entry may have meant."""
        territory = self.territory
        found = territory.lost_within(self.top) & matching(entry, territory.lost_index)
        if "names" in entry:
            numbers = territory.lost_numbers
            found &= SiteSet.of(numbers[name] for name in entry.texts("names") if name in numbers)
        if "under" in entry:
            numbers = territory.numbers
            found &= _union(territory.lost_within(numbers[name]) for name in entry.texts("under") if name in numbers)
        return found

    def _excepted(self, entry: Fields) -> SiteSet:
        """What an entry of `except` takes away. One that can never match is a slip that would send too much."""
        if not self._is_sound(entry):
            return SiteSet()
        if not matching(entry, self.territory.index) and not self._lost(entry):
            path, reason, hint = why_empty(entry, self.territory, None)
            self.findings.warning(
                self.job, path, code="unused-exception", message=f"the exception selects no site: {reason}", hint=hint
            )
        return self._selected(entry)

    def _is_inside(self, entry: Fields) -> bool:
        """Whether all sites it names are there, at or beneath the site where the job is created (L11, SDK).

        One that is not declared is reported already; with one that is left out, the job is left out too.
        """
        territory, inside = self.territory, True
        for key, index, name in sites_named(entry):
            number = territory.numbers.get(name)
            if number is not None and territory.subtrees.is_within(number, self.top):
                continue
            inside = False
            if number is None:
                continue
            top = territory.sites[self.top].name
            self.findings.error(
                self.job,
                entry.at(key, index),
                code="outside-site",
                message=f'site "{name}" is not at or beneath "{top}", where the job is created',
                hint=f'create the job at a site above "{name}" (spec.site), or take it out of the targets',
            )
        return inside

    def _is_sound(self, entry: Fields) -> bool:
        """Whether the domains and machines exist; labels that no site has are a warning where they match all."""
        if _CONDITIONS.isdisjoint(entry.body):
            return True
        self._warn_of_labels(entry)
        territory = self.territory
        domains = self._known(entry, "domains", territory.has_domain, code="unknown-domain")
        machines = self._known(entry, "machines", territory.has_machine, code="unknown-machine")
        return domains and machines

    def _known(self, entry: Fields, key: str, exists: Callable[[str], bool], *, code: str) -> bool:
        unknown = [(index, name) for index, name in enumerate(entry.texts(key)) if not exists(name)]
        for index, name in unknown:
            spelling = self.territory.domains if key == "domains" else self.territory.machines
            near = spelling.nearest(name)
            kind = key.removesuffix("s")
            self.findings.error(
                self.job,
                entry.at(key, index),
                code=code,
                message=f'no site has the {kind} "{name}"',
                hint=joined(f'did you mean "{near}"?' if near is not None else "", self.territory.broken),
            )
        return not unknown

    def _warn_of_labels(self, entry: Fields) -> None:
        """`{key: lnik, operator: NotIn, values: [satellite]}` matches every site (Q122180, FM13)."""
        for condition in entry.each("matchExpressions"):
            key = condition.text("key")
            negative = Operator(condition.text("operator")) in (Operator.NOT_IN, Operator.DOES_NOT_EXIST)
            if not negative or self.territory.has_label(key):
                continue
            near = self.territory.keys.nearest(key)
            self.findings.warning(
                self.job,
                condition.at("key"),
                code="unknown-label",
                message=f'no site has the label "{key}": the condition is met by every site',
                hint=joined(f'did you mean "{near}"?' if near is not None else "", self.territory.broken),
            )

    def _report_empty(self, entry: Fields) -> None:
        path, reason, hint = why_empty(entry, self.territory, self.top)
        self.findings.error(
            self.job, path, code="empty-target", message=f"the target selects no site: {reason}", hint=hint
        )

    def _report_excepted(self, entry: Fields, count: int) -> None:
        sites = "the one site" if count == 1 else f"all {count} sites"
        self.findings.error(
            self.job,
            entry.path,
            code="empty-target",
            message=f"`except` takes away {sites} that the target selects",
            hint="remove the target, or take away fewer sites",
        )

    def _place(self, entry: Fields, entries: int) -> Where:
        if entries <= _FEW:
            return self.job.declaration.document.where("spec", *entry.path)
        return self.job.where(entry.path)


def _union(sets: Iterable[SiteSet]) -> SiteSet:
    found = SiteSet()
    for sites in sets:
        found |= sites
    return found


def matching(entry: Fields, index: SiteIndex) -> SiteSet:
    """The sites with the labels, domains and machines that the entry asks for."""
    found = index.all
    if "matchLabels" in entry or "matchExpressions" in entry:
        found &= index.matching(read_selector(entry.body))
    if "domains" in entry:
        found &= index.with_domains(entry.texts("domains"))
    if "machines" in entry:
        found &= index.with_machines(entry.texts("machines"))
    return found
