"""How urgent a job is; windows may admit only jobs of at least some priority."""

from enum import IntEnum


class Priority(IntEnum):
    """Ordered: `Priority.HIGH > Priority.MEDIUM`. In text always the lower-case word."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> "Priority":
        return cls[word.upper()]
