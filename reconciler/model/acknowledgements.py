"""Guards by name, and what an operator lets pass (L16)."""

from dataclasses import dataclass
from enum import Enum

from reconciler.model.instants import Instant


class GuardName(Enum):
    CHANGED_PACKAGES = "changedPackages"
    CANCELLATIONS = "cancellations"
    HEALS = "heals"
    BYTES = "bytes"
    SITE_REMOVALS = "siteRemovals"
    EMPTY_MANIFESTS = "emptyManifests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Exactly these actions may pass this guard. `actions` are the guarded actions of the plan, sorted, as text.

    Void from `expires` on; spent when all of them are recorded or no longer needed.
    """

    plan: str
    guard: GuardName
    actions: tuple[str, ...]
    actor: str
    reason: str
    at: Instant
    expires: Instant
