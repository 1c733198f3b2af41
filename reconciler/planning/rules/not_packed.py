"""The source is elsewhere and no depot holds the parcel."""

from reconciler.model.snapshot import Mode
from reconciler.planning.pair import Pair


def not_packed(pair: Pair) -> str | None:
    """A setup travels without any parcel (L3), so only content waits for one. No depot exists yet."""
    package = pair.requirement.package
    if package.content.readable or pair.mode is Mode.SETUP_ONLY:
        return None
    return f"the source {package.source.path} cannot be read here and no depot holds {package.content.digest}"
