"""Plain values of a JSON document, read with the path to each, so that a wrong one says where it stands."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar
from zoneinfo import ZoneInfo

from reconciler.model.instants import Instant, parse_instant

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_HUGE = 2**63


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a document and its path, as in `sendOnlyJobs[0].sites`. Every method raises ValueError."""

    value: object
    path: str = ""

    def fail(self, message: str) -> ValueError:
        return ValueError(f"{self.path}: {message}" if self.path else message)

    def __getitem__(self, key: str) -> "Reading":
        """The value of a key; keys nobody asks for are ignored."""
        if not isinstance(self.value, Mapping):
            raise self.fail("is not an object")
        path = f"{self.path}.{key}" if self.path else key
        if key not in self.value:
            raise ValueError(f"{path}: is missing")
        return Reading(self.value[key], path)

    def items(self, read: "Callable[[Reading], T]") -> tuple[T, ...]:
        """Each item of a list, read by `read`."""
        if not isinstance(self.value, list):
            raise self.fail("is not a list")
        return tuple(read(Reading(value, f"{self.path}[{index}]")) for index, value in enumerate(self.value))

    def optional(self, read: "Callable[[Reading], T]") -> T | None:
        """None for null, else what `read` makes of it."""
        return None if self.value is None else read(self)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.fail("is not a string")
        return self.value

    def number(self) -> int:
        """A whole number, not negative, that a database can hold."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 0 <= self.value < _HUGE:
            raise self.fail("is not a whole number from 0 on")
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fail("is not true or false")
        return self.value

    def choice(self, kind: type[E]) -> E:
        """The member of `kind` with this value."""
        try:
            return kind(self.value)
        except ValueError:
            known = ", ".join(str(member.value) for member in kind)
            raise self.fail(f"is none of {known}") from None

    def instant(self) -> Instant:
        """RFC 3339 with an offset."""
        try:
            return parse_instant(self.text())
        except (ValueError, OverflowError):
            raise self.fail("is not a time such as 2026-12-02T05:00:00Z") from None

    def zone(self) -> str:
        """The name of a time zone this computer knows."""
        name = self.text()
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise self.fail("is no time zone known here") from None
        return name

    def matching(self, pattern: re.Pattern[str], *, wanted: str) -> str:
        """Text that is `pattern` from its first character to its last."""
        text = self.text()
        if pattern.fullmatch(text) is None:
            raise self.fail(f"is not {wanted}")
        return text
