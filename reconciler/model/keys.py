"""Keys are hashes of intent, so that submitting twice is one job (decision 0005, sending.md 4)."""

import hashlib
import json
from collections.abc import Iterable

from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Revision
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
