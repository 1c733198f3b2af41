"""What an open send waits for, in words."""

from reconciler.model.instants import Instant
from reconciler.model.schedule import Wait, WaitReason
from reconciler.model.snapshot import Cause
from reconciler.views.moments import moment
from reconciler.views.reasons import CAUSES

WAITS = {
    WaitReason.CLAIMED: "another worker has it",
    WaitReason.SITE_REMOVED: "the site is not in the manifests",
    WaitReason.PACKAGE_REMOVED: "the package is not in the manifests",
    WaitReason.SUSPENDED: "suspended",
    WaitReason.OTHER_REVISION: "the manifests describe another revision; run reconcile",
    WaitReason.NO_ADDRESS: "spec.address is not set",
    WaitReason.NOT_PACKED: "the source is elsewhere and no depot holds the parcel",
    WaitReason.BACK_OFF: "tried again later",
    WaitReason.WINDOW: "waits for a window",
    WaitReason.SITE_BUSY: "as many run at the site as may",
}
"""What is true of all that wait for one reason."""


def cause_text(cause: Cause, detail: str) -> str:
    """`the site does not answer: no route to host`."""
    return f"{CAUSES[cause]}: {detail}" if detail else CAUSES[cause]


def until_text(wait: Wait, *, now: Instant) -> str:
    """`next attempt 15:20 CET`, `until tonight 22:00 CET`; "" where no clock ends the wait."""
    if wait.until is None:
        return ""
    word = "next attempt" if wait.reason is WaitReason.BACK_OFF else "until"
    return f"{word} {moment(wait.until, now=now, zone=wait.timezone)}"
