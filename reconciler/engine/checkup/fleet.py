"""The manifests, in a line: `validate` tells what is wrong in them."""

from reconciler.engine.manifests import FleetRead
from reconciler.model.checkup import Check, ok, problem, warning
from reconciler.model.names import SiteName
from reconciler.planning.wanted import wanted_pairs
from reconciler.views.counts import count

_TOLD = "reconcile validate"


def manifests(read: FleetRead) -> Check:
    """Errors, warnings, or what there is."""
    fleet = read.fleet
    errors = sum(diagnostic.is_error for diagnostic in read.diagnostics)
    if errors:
        return problem("manifests", f"{count(errors, 'error')} in them", remedy=_TOLD)
    if fleet.empty:
        return problem(
            "manifests", f"there are none: {fleet.why_empty}", remedy="see -m; begin with: reconcile init DIR"
        )
    there = (count(len(fleet.sites), "site"), count(len(fleet.packages), "package"), count(len(fleet.jobs), "job"))
    detail = f"{', '.join(there)} in {count(read.files, 'file')}"
    if read.diagnostics:
        return warning("manifests", f"{detail}, {count(len(read.diagnostics), 'warning')}", remedy=_TOLD)
    return ok("manifests", detail)


def required_sites(read: FleetRead) -> frozenset[SiteName]:
    """Those that some job needs to hold something."""
    fleet = read.fleet
    return frozenset(name for wanted in wanted_pairs(fleet).packages for name in fleet.names(wanted.sites))
