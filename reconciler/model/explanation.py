"""Every fact behind a verdict, with the place each comes from."""

from dataclasses import dataclass

from reconciler.model.diagnostics import Where
from reconciler.model.holdings import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`origin` says where the value comes from when that is no line of a file: a default, the state, an event."""

    name: str
    value: str
    where: Where | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`verdict` in one sentence; `remedies` are what would change it, each one action.

    `receipts` are the latest proofs of a pair, the highest number first.
    """

    subject: str
    verdict: str
    sections: tuple[Section, ...]
    receipts: tuple[Receipt, ...] = ()
    remedies: tuple[str, ...] = ()
