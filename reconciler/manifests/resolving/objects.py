"""The objects of a fleet with what each was made from, so that the next fleet makes only those again that changed.

An object is a pure function of its declaration and of what is named `beside` it here. Only one that nothing was said
about is kept: what is wrong is found, and told, each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from reconciler.manifests.documents import Declaration
from reconciler.manifests.resolving.candidates import Candidate
from reconciler.model.jobs import Job
from reconciler.model.packages import Package
from reconciler.model.sites import Site, SiteType

Value = TypeVar("Value", Site, Package, Job)

Outline = tuple[str, SiteType, str | None, Mapping[str, str], Mapping[str, Sequence[str]]]
"""What jobs ask of a site: its name, its place in the tree, its labels, domains and machines."""


@dataclass(frozen=True, slots=True)
class Made(Generic[Value]):
    """`beside` is the content of a package, and the declaration of the package of a job; `line` see `identity`."""

    declaration: Declaration
    beside: object
    value: Value
    line: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """By name. Jobs were resolved against sites of these outlines, none of them left out; else none is kept."""

    sites: Mapping[str, Made[Site]] = field(default_factory=dict)
    packages: Mapping[str, Made[Package]] = field(default_factory=dict)
    jobs: Mapping[str, Made[Job]] = field(default_factory=dict)
    outlines: tuple[Outline, ...] = ()


NO_OBJECTS = Objects()


def known(made: Mapping[str, Made[Value]], candidate: Candidate, beside: object = None) -> Made[Value] | None:
    """What the candidate became the last time, if it is as it was, and so is what lies beside it."""
    found = made.get(candidate.name)
    if found is None or found.declaration is not candidate.declaration:
        return None
    return found if found.beside is beside or found.beside == beside else None
