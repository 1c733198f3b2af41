"""The JSON files of a store: one object with a kind and a format version, its fields read one by one (R10)."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from reconciler.model.keys import canonical
from reconciler.model.names import DIGEST, NAME, Digest
from reconciler.parcels.unreadable import Unreadable

FORMAT: Final = "1.0"
LARGEST: Final = 2**22
"""Bytes; a setup travels in its record, and a manifest has at most 1 MiB."""

_VERSION = re.compile(r"1\.[0-9]{1,4}")


def written(kind: str, fields: Mapping[str, object]) -> bytes:
    """The file of a value of this kind."""
    return canonical({"formatVersion": FORMAT, "kind": kind, **fields})


def sealed(kind: str, fields: Mapping[str, object]) -> bytes:
    """The same with the digest of itself, so that a torn or altered one is known."""
    value = {"formatVersion": FORMAT, "kind": kind, **fields}
    return canonical({**value, "digest": _digest(value)})


@dataclass(frozen=True, slots=True)
class Fields:
    """A file's fields by name; those of a later minor version are left alone. All raise Unreadable."""

    values: Mapping[str, object]

    def text(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        """A string, matched in full."""
        value = self.values.get(name)
        if not isinstance(value, str) or not (pattern is None or pattern.fullmatch(value)):
            self._refuse(name)
        return value

    def name(self, name: str) -> str:
        """The name of an object, as manifests have them."""
        return self.text(name, NAME)

    def digest(self, name: str) -> Digest:
        """`sha256:` and 64 digits."""
        return Digest(self.text(name, DIGEST))

    def count(self, name: str, *, least: int = 0) -> int:
        """A whole number with at most 18 digits."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 10**18:
            self._refuse(name)
        return value

    def mapping(self, name: str) -> "Fields":
        """An object within the object."""
        value = self.values.get(name)
        if not isinstance(value, dict):
            self._refuse(name)
        return Fields(value)

    def _refuse(self, name: str) -> NoReturn:
        if name not in self.values:
            raise Unreadable(f"it has no field {name}")
        raise Unreadable(f"its field {name} is {str(self.values[name])[:80]!r}")


def read(data: bytes, kind: str) -> Fields:
    """The fields of a file of this kind; raises Unreadable."""
    if len(data) > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST} bytes")
    try:
        value = json.loads(data.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        raise Unreadable("it is no JSON") from fault
    if not isinstance(value, dict):
        raise Unreadable("it is no JSON object")
    fields = Fields(value)
    fields.text("kind", re.compile(kind))
    fields.text("formatVersion", _VERSION)
    return fields


def read_sealed(data: bytes, kind: str) -> Fields:
    """The same for a file that ends with its own digest and is written in the one way there is."""
    fields = read(data, kind)
    stated = fields.digest("digest")
    if stated != _digest({name: value for name, value in fields.values.items() if name != "digest"}):
        raise Unreadable("it does not have the digest that it states")
    if canonical(fields.values) != data:
        raise Unreadable("it is not written with sorted keys and without white space")
    return fields


def _digest(value: Mapping[str, object]) -> Digest:
    try:
        return Digest(f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}")
    except UnicodeEncodeError as fault:
        raise Unreadable("it holds what is no text") from fault


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
