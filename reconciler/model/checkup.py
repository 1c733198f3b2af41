"""What `doctor` found: one line for each thing it looked at, and what to do about it."""

from dataclasses import dataclass
from enum import Enum


class Condition(Enum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`subject` is what was looked at (`settings`, `site/DE1`, ...); `remedy` is "" where nothing is to be done."""

    subject: str
    condition: Condition
    detail: str
    remedy: str = ""


def ok(subject: str, detail: str, *, remedy: str = "") -> Check:
    """All is well; a remedy only if it could be better still."""
    return Check(subject=subject, condition=Condition.OK, detail=detail, remedy=remedy)


def warning(subject: str, detail: str, *, remedy: str = "") -> Check:
    """Work goes on, not as it might."""
    return Check(subject=subject, condition=Condition.WARNING, detail=detail, remedy=remedy)


def problem(subject: str, detail: str, *, remedy: str = "") -> Check:
    """Something does not work until somebody acts."""
    return Check(subject=subject, condition=Condition.PROBLEM, detail=detail, remedy=remedy)
