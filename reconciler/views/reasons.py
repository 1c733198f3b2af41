"""Reasons in words: what a row says of a pair, and what would clear a block (cli.md; FM01 of Q134718)."""

from reconciler.model.packages import SetupPart
from reconciler.model.plan import BlockReason, GapReason, PlannedPair
from reconciler.model.snapshot import Cause

PARTS = {
    SetupPart.WORKSTATION: "Workstation",
    SetupPart.SHARING: "Sharing",
    SetupPart.INVENTORY: "Inventory",
}

GAPS = {
    GapReason.CONTENT_DAMAGED: "content is damaged at the site",
    GapReason.RECORD_ONLY: "a record, but no verified content",
    GapReason.CONTENT_MISSING: "no content",
    GapReason.CONTENT_STALE: "content is older",
    GapReason.SETUP_MISSING: "content verified",
    GapReason.SETUP_STALE: "content verified, setup is older",
}

BLOCKS = {
    BlockReason.UNKNOWN: ("unknown", "what is there could not be read or understood"),
    BlockReason.SUSPENDED: ("held", "suspended"),
    BlockReason.CANCELLED: ("cancelled", "cancelled by hand for this revision"),
    BlockReason.FAILED: ("failed", "the send failed for good"),
    BlockReason.NO_ADDRESS: ("no address", "spec.address is not set"),
    BlockReason.NO_ROUTE: ("no route", "no way leads from the origin to the site"),
    BlockReason.PATH_NOT_REPRESENTABLE: ("bad paths", "the site's file system cannot represent some paths"),
    BlockReason.NOT_PACKED: ("not packed", "the source is elsewhere and no depot holds the parcel"),
    BlockReason.NO_SPACE: ("no space", "too little free space at the site"),
}
"""The word for the column of actions, and what is said where the plan has no details."""

CAUSES = {
    Cause.NETWORK: "the site does not answer",
    Cause.AUTHENTICATION: "the credentials are refused",
    Cause.SPACE: "too little space",
    Cause.PERMISSION: "permission is refused",
    Cause.CORRUPT: "what arrived does not verify",
    Cause.STORE_MISMATCH: "the site's store is not at the address",
    Cause.SOURCE_MISSING: "the source is missing",
    Cause.SOURCE_CHANGED: "the source changed",
    Cause.WINDOW: "waits for a window",
    Cause.RATE: "waits for the rate",
    Cause.SITE_REMOVED: "the site left the manifests",
}


def gap_words(pair: PlannedPair) -> str:
    """What of the wanted revision the site lacks, every missing facet named."""
    reason = pair.reason
    if not isinstance(reason, GapReason):
        return ""
    words = _stale(pair) if reason is GapReason.CONTENT_STALE else GAPS[reason]
    if pair.lacks or GapReason.SETUP_MISSING in (reason, *pair.also):
        words += f", {_not_set_up(pair.lacks)}"
    return words


def _stale(pair: PlannedPair) -> str:
    if not pair.has or not pair.wants:
        return GAPS[GapReason.CONTENT_STALE]
    return f"has {pair.has}, wants {pair.wants}"


def _not_set_up(lacks: tuple[SetupPart, ...]) -> str:
    if not lacks:
        return "not set up"
    return f"not set up for {' and '.join(PARTS[part] for part in lacks)}"


COMMON_CURES = {
    BlockReason.UNKNOWN: "look again: reconcile verify SITE, or accept a store: reconcile enroll SITE",
    BlockReason.SUSPENDED: "resume: reconcile resume KIND/NAME",
    BlockReason.CANCELLED: "again: reconcile retry SEND",
    BlockReason.FAILED: "again: reconcile retry SEND",
    BlockReason.NO_ADDRESS: "mend: add spec.address to the sites",
    BlockReason.NO_ROUTE: "mend: add spec.address to the sites",
    BlockReason.PATH_NOT_REPRESENTABLE: "mend: rename these paths, or leave them out with spec.source.exclude",
    BlockReason.NOT_PACKED: "mend: make the source readable here",
    BlockReason.NO_SPACE: "mend: free space there; the send then goes on by itself",
}
"""What would clear a block at several sites at once."""


def cure(pair: PlannedPair) -> str:
    """What would clear a blocked pair; empty for the others."""
    match pair.reason:
        case BlockReason.SUSPENDED if pair.held.startswith("job/"):
            return f"resume: set spec.suspend: false in {pair.held}"
        case BlockReason.SUSPENDED if pair.held:
            return f"resume: reconcile resume {pair.held}"
        case BlockReason.CANCELLED | BlockReason.FAILED if pair.send_only_job:
            return f"again: reconcile retry {pair.send_only_job}"
        case BlockReason.NO_ADDRESS | BlockReason.NO_ROUTE:
            return f"mend: add spec.address to site/{pair.site}"
        case BlockReason() as reason:
            return COMMON_CURES[reason].replace("SITE", pair.site)
        case _:
            return ""
