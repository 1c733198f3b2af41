"""The setup in canonical form, and its digest: one half of what a revision is (sending.md 1)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.keys import canonical
from reconciler.model.names import Digest
from reconciler.model.quantities import Bytes

DEFAULTS: Mapping[tuple[str, ...], Mapping[str, object]] = {
    ("workstation", "commands"): {"unattended": False},
    ("sharing",): {"access": {}},
    ("sharing", "access"): {"users": "read", "guests": "none"},
}
"""What an omitted field of `spec.setups` means; a test holds this to the schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalSetup:
    """`setups` in plain values, ready for JSON; `size` is what it weighs on its way to a site."""

    setups: Mapping[str, object]
    digest: Digest
    size: Bytes


def canonical_setup(setups: Mapping[str, object]) -> CanonicalSetup:
    """One text for one meaning (L2): defaults filled in, and the order of no list in a setup means anything."""
    form = {part: _canonical(value, (part,)) for part, value in sorted(setups.items())}
    text = canonical(form)
    digest = Digest(f"sha256:{hashlib.sha256(text).hexdigest()}")
    return CanonicalSetup(setups=form, digest=digest, size=Bytes(len(text)))


def _canonical(value: object, path: tuple[str, ...]) -> object:
    if isinstance(value, Mapping):
        filled = {**DEFAULTS.get(path, {}), **value}
        return {key: _canonical(below, (*path, key)) for key, below in sorted(filled.items())}
    if isinstance(value, list | tuple):
        return sorted((_canonical(item, path) for item in value), key=canonical)
    return value
