"""Keys are hashes of intent, so that submitting twice is one job (decision 0005, sending.md 4)."""

import hashlib
import json
from collections.abc import Iterable

from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Revision
from reconciler.model.plan import Cancellation, Removal, SendOnlyJob, Update
from reconciler.model.priority import Priority
from reconciler.model.snapshot import Mode


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no white space, UTF-8: one value, one text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def send_key(
    package: PackageName,
    *,
    revision: Revision,
    mode: Mode,
    priority: Priority,
    numbers: Iterable[tuple[SiteName, int]],
) -> str:
    """The key of a send-only job: 64 hexadecimal digits.

    The numbers are part of it, or a site that lost its copy, or went back, could never be sent to again.
    """
    intent = [package, revision.content, revision.setup, mode.value, priority.word, sorted(numbers)]
    return hashlib.sha256(canonical(intent)).hexdigest()


def send_name(package: PackageName, key: str) -> str:
    """`send-`, the package cut to 49 characters, `-`, the first 8 digits of the key: at most 63 characters."""
    return f"send-{package[:49]}-{key[:8]}"


def plan_id(
    *,
    sends: Iterable[SendOnlyJob],
    cancellations: Iterable[Cancellation],
    updates: Iterable[Update],
    removals: Iterable[Removal],
) -> str:
    """`p-` and 8 hexadecimal digits of what the plan does: no clock, no state version, no estimate (sending.md 4)."""
    actions = (
        sorted(
            [send.package, send.revision.content, send.revision.setup, send.mode.value, planned.site]
            for send in sends
            for planned in send.sites
        ),
        sorted(
            [change.send_only_job, row.site, change.reason.value] for change in cancellations for row in change.sites
        ),
        sorted([change.send_only_job, row.site, change.priority.word] for change in updates for row in change.sites),
        sorted([removal.site, package] for removal in removals for package in removal.packages),
    )
    return f"p-{hashlib.sha256(canonical(actions)).hexdigest()[:8]}"
