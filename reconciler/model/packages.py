"""Packages: content (a source directory) and setup, created at one site, the origin."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from reconciler.model.commits import CommittedTree
from reconciler.model.diagnostics import Where
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes


class SetupPart(Enum):
    """The parts a setup may have, in any combination (Q185342)."""

    WORKSTATION = "workstation"
    SHARING = "sharing"
    INVENTORY = "inventory"


@dataclass(frozen=True, slots=True)
class Revision:
    """What exactly is meant by "the package": content digest and setup digest (sending.md 1)."""

    content: Digest
    setup: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the content lies: an absolute directory, what of it is left out, and the pinned digest if there is one."""

    path: str
    exclude: tuple[str, ...] = ()
    pin: Digest | None = None
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What reading a package's source told: enough to plan with, whatever the number of files.

    `digest` is the SHA-256 of listing version 1 (sending.md 1); `size` the sum of the files' bytes. `longest` are the
    three longest paths, `unportable` the first three that Windows file systems cannot represent: both only name
    examples, the first decides. `real_path` is where the source lies once links are followed (L23). `readable` is
    False for a pinned source that is elsewhere: nothing but its digest is known then. It is `packed` if the depot of
    the origin holds its parcel, which tells the size; `depot_fault` says why the depot could not be asked. `tree` is
    where it was read from if a commit is reconciled and holds it; then it has no `real_path`.
    """

    digest: Digest
    size: Bytes
    files: int
    longest: tuple[str, ...] = ()
    unportable: tuple[str, ...] = ()
    real_path: str = ""
    readable: bool = True
    packed: bool = False
    depot_fault: str = ""
    tree: CommittedTree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package as its manifest and the defaults describe it.

    `setups` is `spec.setups` in canonical form, defaults filled in: plain values, ready for JSON; it travels to the
    site as part of the record. `setup` is its digest, `setup_size` its bytes.
    """

    name: PackageName
    origin: SiteName
    source: Source
    setups: Mapping[str, object]
    setup: Digest
    setup_size: Bytes
    where: Where
    labels: Mapping[str, str]
    title: str = ""
    version: str = ""
    keep: int = 3
    priority: Priority = Priority.MEDIUM
    content: Content

    @property
    def parts(self) -> frozenset[SetupPart]:
        return frozenset(SetupPart(part) for part in self.setups)

    @property
    def commands(self) -> tuple[str, ...]:
        """The names of the workstation commands, sorted."""
        workstation = self.setups.get("workstation")
        if not isinstance(workstation, Mapping):
            return ()
        return tuple(sorted(command["name"] for command in workstation["commands"]))

    @property
    def revision(self) -> Revision:
        return Revision(self.content.digest, self.setup)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRequest:
    """What has to be read to know a package's content: the folder at `path`, or where a commit is reconciled `tree`."""

    package: PackageName
    path: str
    exclude: tuple[str, ...] = ()
    pin: Digest | None = None
    tree: CommittedTree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProblem:
    """Why a package's source cannot be used: becomes a diagnostic at the package's `spec.source.path`."""

    code: str
    message: str
    hint: str = ""
