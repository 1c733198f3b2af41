"""The site's file system cannot represent some paths of the content (Q182419, 2.0:Q215117)."""

from reconciler.planning.pair import Pair
from reconciler.planning.paths import bad_paths


def path_not_representable(pair: Pair) -> str | None:
    """The first three such paths, by name."""
    return bad_paths(pair.requirement.package.content, pair.site.filesystem)
