"""What is wrong in a manifest or in the settings: values, collected and reported together, never raised."""

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file; line and column count from 1, column in characters."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One thing that is wrong: what, where, and what to do about it.

    `code` has a row in docs/reference/diagnostics.md; `path` is the field, dotted, as in `spec.targets[0].names`,
    empty where no field is concerned.
    """

    code: str
    message: str
    where: Where
    path: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def order(self) -> tuple[Where, str, str]:
        """The key by which reports are sorted: place, then code, then message."""
        return self.where, self.code, self.message
