"""One tree of sites: one top, no cycle, no child of a secondary site (L29)."""

from collections.abc import Sequence

from reconciler.manifests.resolving.candidates import Candidate, Findings
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.roster import Roster
from reconciler.manifests.resolving.shape import shape_of
from reconciler.model.names import fold
from reconciler.model.sites import SiteType

_SHOWN = 12


def is_primary(candidate: Candidate) -> bool:
    """Whether packages and jobs can be created at the site, and other sites hang beneath it."""
    return Fields(candidate.spec).text("type", SiteType.PRIMARY.value) == SiteType.PRIMARY.value


def check_hierarchy(sites: Roster, findings: Findings) -> None:
    """Report what is wrong in the tree, and leave out what hangs beneath a site that is left out."""
    candidates = sites.candidates
    places = {candidate: index for index, candidate in enumerate(candidates)}
    parents = [_parent(candidate, sites, places) for candidate in candidates]
    shape = shape_of(parents)
    for cycle in shape.cycles:
        _report_cycle([candidates[index] for index in cycle], candidates, findings)
    on_cycle = {index for cycle in shape.cycles for index in cycle}
    for index, parent in enumerate(parents):
        if parent is not None and index not in on_cycle and not is_primary(candidates[parent]):
            _report_child_of_secondary(candidates[index], candidates[parent], findings)
    _check_top(candidates, shape.sizes, findings)
    for index in reversed(shape.upwards):
        candidates[index].inherit()


def _parent(candidate: Candidate, sites: Roster, places: dict[Candidate, int]) -> int | None:
    parent = Fields(candidate.spec).optional_text("parent")
    known = None if parent is None else sites.by_name.get(parent)
    return None if known is None else places[known]


def _report_cycle(ring: Sequence[Candidate], candidates: Sequence[Candidate], findings: Findings) -> None:
    """`cycle: A -> B -> A`, each followed by its parent (Q126283, event 377)."""
    names = [candidate.name for candidate in ring]
    shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 1], f"... {len(names) - _SHOWN} more ...", names[-1]]
    hint = "give one of them another parent"
    if all("parent" in candidate.spec for candidate in candidates):
        hint = "the fleet has no central site: remove spec.parent of the one that is at the top"
    findings.error(
        ring[0],
        ("parent",),
        code="cycle",
        message=f"cycle: {' -> '.join([*shown, names[0]])}",
        hint=hint,
        also=ring[1:],
    )


def _report_child_of_secondary(child: Candidate, parent: Candidate, findings: Findings) -> None:
    findings.error(
        child,
        ("parent",),
        code="child-of-secondary",
        message=f'site "{child.name}" has the parent "{parent.name}", which is secondary: it can have no child sites',
        hint=f'make "{parent.name}" primary ({parent.line}), or choose a primary site as parent',
    )


def _check_top(candidates: Sequence[Candidate], sizes: Sequence[int], findings: Findings) -> None:
    """The central site is the primary site without a parent that has most sites beneath it, by name where even.

    A site whose parent was forgotten must not stop the fleet above it, nor take its place with the sites of one owner.
    """
    tops = [index for index, site in enumerate(candidates) if "parent" not in site.spec and not site.barred]
    primaries = [index for index in tops if is_primary(candidates[index])]
    central = min(
        primaries, key=lambda index: (candidates[index].owner is not None, -sizes[index], index), default=None
    )
    for index in tops:
        site = candidates[index]
        if index == central:
            continue
        if not is_primary(site):
            findings.error_of_name(
                site,
                code="secondary-without-parent",
                message=f'site "{site.name}" is secondary and has no parent: it is administered from nowhere',
                hint="add spec.parent",
            )
        elif central is not None and fold(site.name) != fold((top := candidates[central]).name):
            findings.error_of_name(
                site,
                code="second-central-site",
                message=f'site "{site.name}" has no parent, but "{top.name}" is the central site ({top.line})',
                hint="add spec.parent: a fleet has exactly one site without a parent",
            )
