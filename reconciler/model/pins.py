"""What became of pinning a package's source to what it holds now (L40)."""

from dataclasses import dataclass
from enum import Enum

from reconciler.model.diagnostics import Where
from reconciler.model.names import Digest, PackageName


class Pinning(Enum):
    NEW = "pinned"
    CHANGED = "pinned anew"
    SAME = "pinned already"
    ELSEWHERE = "left as it is"
    """Pinned, and its source cannot be read here."""
    REFUSED = "not pinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package: `where` its source or its pin stands; `why` tells more of one that was refused."""

    package: PackageName
    where: Where
    outcome: Pinning
    digest: Digest
    why: str = ""

    @property
    def changes(self) -> bool:
        return self.outcome in (Pinning.NEW, Pinning.CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """A file of the manifests as it was read and as it is to be; `path` is absolute, `file` what people see."""

    file: str
    path: str
    before: bytes
    after: bytes
    packages: tuple[PackageName, ...]
