"""What a site holds of a package, as far as is known: a closed union.

`Unknown` is not `Absent` (decision 0004): what could not be read or understood never causes a send.
"""

from dataclasses import dataclass

from reconciler.model.instants import Instant
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Revision, SetupPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What was proved, recorded or found at the site. `setup` is None for content without any setup (adopted).

    `version` is the package's label for people at the time, "" where none is known.
    """

    content: Digest
    setup: Digest | None
    parts: frozenset[SetupPart]
    version: str = ""

    @property
    def revision(self) -> Revision | None:
        return None if self.setup is None else Revision(self.content, self.setup)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Neither record nor content is known. `lost` is what was once proved there and was found gone (L34)."""

    lost: Held | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOnly:
    """The record is there, verified content is not: the first symptom of Q134718."""

    held: Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Verified content and setup, proved by a receipt (L1)."""

    held: Held
    verified_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A verification found a file of the staged copy altered, truncated or gone."""

    held: Held
    found_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What is there could not be read or understood, or the store is not the one enrolled (L37)."""

    reason: str


Holding = Absent | RecordOnly | Staged | Damaged | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The proof that a revision arrived and was verified at a site (Q221945).

    `number` is the place of the send in the history of the pair, 1 for the first; `proof` names how the bytes were
    checked (sending.md 6), `verifier` who did it.
    """

    package: PackageName
    site: SiteName
    number: int
    held: Held
    verified_at: Instant
    verifier: str
    proof: str
