"""Which files are content of a package, not manifests: those beneath its source, except the file that declares it.

What content says of sources does not count, or a vendor's archive could take the manifests out of the fleet.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from reconciler.manifests.owners import Owners
from reconciler.manifests.paths import parents
from reconciler.model.diagnostics import Diagnostic, Severity, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceClaim:
    """A package says that `folder` is its source, in the file at `path`; `where` is the place in it."""

    package: str
    folder: str
    path: str
    where: Where


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The sources that count, by folder. `knots` are packages whose manifests lie in each other's sources."""

    claims: Mapping[str, SourceClaim]
    knots: tuple[SourceClaim, ...]
    _declaring: Mapping[str, frozenset[str]]
    _above: "_Above"

    def holder(self, path: str) -> SourceClaim | None:
        """The source that the file at `path` is content of."""
        folder = _folder_of(path, self._above, self._declaring)
        return None if folder is None else self.claims[folder]


def contents_of(claims: Iterable[SourceClaim]) -> Contents:
    """The sources that count: a claim that stands in content of another does not."""
    waiting = sorted(claims, key=lambda claim: claim.where)
    declaring: dict[str, set[str]] = {}
    for claim in waiting:
        declaring.setdefault(claim.folder, set()).add(claim.path)
    known = {folder: frozenset(paths) for folder, paths in declaring.items()}
    counting: dict[str, SourceClaim] = {}
    while True:
        possible = counting | {claim.folder: claim for claim in waiting}
        above = _Above(possible)
        free = [claim for claim in waiting if _folder_of(claim.path, above, known) is None]
        for claim in free:
            counting.setdefault(claim.folder, claim)
        decided = set(free)
        above = _Above(counting)
        left = [one for one in waiting if one not in decided and _folder_of(one.path, above, known) is None]
        if len(left) == len(waiting):
            return Contents(claims=counting, knots=tuple(left), _declaring=known, _above=above)
        waiting = left


def taking_of_others(
    claims: Iterable[SourceClaim], files: Mapping[str, str], owners: Owners
) -> Mapping[SourceClaim, str]:
    """The claims of owned files to folders that hold manifests of other owners, each with the first of these.

    `files` names each path as people see it.
    """
    owned: dict[str, list[SourceClaim]] = {}
    for claim in claims:
        if owners.of(claim.path) is not None:
            owned.setdefault(claim.folder, []).append(claim)
    taking: dict[SourceClaim, str] = {}
    for path in sorted(files) if owned else ():
        owner = owners.of(path)
        for folder in parents(path):
            for claim in owned.get(folder, ()):
                if owners.of(claim.path) is not owner:
                    taking.setdefault(claim, files[path])
    return taking


class _Above:
    """Which of some folders lie above a path, nearest first; worked out once for the files of one folder."""

    def __init__(self, folders: Collection[str]) -> None:
        self._folders = folders
        self._found: dict[str, tuple[str, ...]] = {}

    def of(self, path: str) -> tuple[str, ...]:
        holder = path[: path.rfind("/") + 1]
        if holder not in self._found:
            self._found[holder] = tuple(folder for folder in parents(path) if folder in self._folders)
        return self._found[holder]


def _folder_of(path: str, above: _Above, declaring: Mapping[str, frozenset[str]]) -> str | None:
    return next((folder for folder in above.of(path) if path not in declaring[folder]), None)


def swallowed(claim: SourceClaim, files: Iterable[str]) -> Diagnostic:
    """Objects are left out as content, which may not be what was meant."""
    first, *others = sorted(files)
    which = f"{first} and {len(others)} more" if others else first
    return Diagnostic(
        code="manifests-in-source",
        severity=Severity.WARNING,
        message=f'objects in {which} are not read: the files are content of package "{claim.package}"',
        where=claim.where,
        path="spec.source.path",
        hint="if they are meant, move them or the source elsewhere",
    )


def knotted(claim: SourceClaim) -> Diagnostic:
    """Which of the packages is content of the other cannot be known."""
    return Diagnostic(
        code="source-knot",
        message=f'the source of package "{claim.package}" holds the manifest of a package whose source holds this one',
        where=claim.where,
        path="spec.source.path",
        hint="move one of the sources elsewhere",
    )


def taken(claim: SourceClaim, file: str) -> Diagnostic:
    """By its source alone a package would take the manifests of others out of the fleet."""
    return Diagnostic(
        code="owner-source",
        message=f'the source of package "{claim.package}" holds {file}, which the settings give to other owners',
        where=claim.where,
        path="spec.source.path",
        hint="choose a folder that holds no manifests of others",
    )
