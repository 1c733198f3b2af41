"""What one pass leaves for the next, so that a watcher works out again only what changed."""

from dataclasses import dataclass

from reconciler.manifests.declaring.declare import FilesRead
from reconciler.manifests.resolving.objects import NO_OBJECTS, Objects


@dataclass(slots=True, kw_only=True)
class LastPass:
    """Held by who makes one pass after the other, filled by `Manifests`; a single pass has none, and pays nothing (P5).

    It decides about nothing: a pass that finds it full says exactly what one that finds it empty says. What is gone
    from the manifests is gone from here after the next pass. It belongs to one thread.
    """

    files: FilesRead | None = None
    objects: Objects = NO_OBJECTS
