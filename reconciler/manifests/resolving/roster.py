"""Who is declared under which name: kinds apart, names unique without regard to case (L30)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from reconciler.manifests.documents import Declared
from reconciler.manifests.resolving.candidates import Candidate, Findings
from reconciler.manifests.spelling import Spelling
from reconciler.model.names import fold


@dataclass(frozen=True, kw_only=True)
class Roster:
    """The candidates of one kind, sorted by name."""

    kind: str
    candidates: tuple[Candidate, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Candidate]:
        """The first, by place, of each name; where a name is declared twice, all of them are faulty."""
        names: dict[str, Candidate] = {}
        for candidate in self.candidates:
            known = names.setdefault(candidate.name, candidate)
            if known is not candidate and candidate.place < known.place:
                names[candidate.name] = candidate
        return names

    @cached_property
    def spelling(self) -> Spelling:
        return Spelling(self.by_name)


def rosters_of(declared: Declared) -> tuple[Roster, Roster, Roster]:
    """Sites, packages and jobs."""
    return roster_of(declared, "Site"), roster_of(declared, "Package"), roster_of(declared, "Job")


def roster_of(declared: Declared, kind: str) -> Roster:
    """The candidates of this kind, made anew: a fault is theirs alone."""
    owners = declared.owners
    group = [
        Candidate(declaration=declaration, owner=None if owners is None else owners.of(declaration.path))
        for declaration in declared.declarations
        if declaration.document.kind == kind
    ]
    return Roster(kind=kind, candidates=tuple(sorted(group, key=attrgetter("name"))))


def check_names(roster: Roster, findings: Findings) -> None:
    """Which of two equal names is meant cannot be known: both are left out (L30, Q229857)."""
    groups: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in roster.candidates:
        groups[fold(candidate.name)].append(candidate)
    for group in groups.values():
        if len(group) == 1:
            continue
        first, *others = sorted(group, key=attrgetter("place"))
        for other in others:
            known = "" if other.name == first.name else f' as "{first.name}"; names are compared without regard to case'
            findings.error_of_name(
                other,
                code="duplicate-name",
                message=f'{roster.kind.lower()} "{other.name}" is declared already, at {first.line}{known}',
                hint="rename one of them, or remove it",
                also=(first,),
            )
