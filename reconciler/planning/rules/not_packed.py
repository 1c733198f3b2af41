"""The source is elsewhere and no depot holds the parcel."""

from reconciler.model.packages import Package
from reconciler.model.snapshot import Mode
from reconciler.planning.pair import Pair


def not_packed(pair: Pair) -> str | None:
    """A setup travels without any parcel (L3), so only content waits for one."""
    return None if pair.mode is Mode.SETUP_ONLY else lacking_parcel(pair.requirement.package)


def lacking_parcel(package: Package) -> str | None:
    """Why there is nothing to send the content from; None where the source is here, or packed already."""
    content = package.content
    if content.readable or content.packed:
        return None
    if content.depot_fault:
        return f"the source {package.source.path} cannot be read here; depot of {package.origin}: {content.depot_fault}"
    return f"the source {package.source.path} cannot be read here and no depot holds {content.digest}"
