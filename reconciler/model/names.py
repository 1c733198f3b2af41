"""Names and digests, each a type of its own so that a site can never be passed for a package."""

import re
from typing import NewType

SiteName = NewType("SiteName", str)
PackageName = NewType("PackageName", str)
JobName = NewType("JobName", str)

Digest = NewType("Digest", str)
"""`sha256:` and 64 lower-case hexadecimal digits."""

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
"""The pattern of `metadata.name`; always used with `fullmatch`, as `$` lets a final newline through."""

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

RESERVED = frozenset(("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))))
"""Device names that cannot be a directory on every file system (L30, Q182420)."""


def is_reserved(name: str) -> bool:
    """Whether `name` is a device name, alone or before an extension (`NUL`, `con.old`), in any case (L30)."""
    return name.split(".", 1)[0].upper() in RESERVED


def fold(name: str) -> str:
    """The form in which two names are compared: they are unique without regard to case (L30)."""
    return name.casefold()
