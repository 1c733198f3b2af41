"""What came of enrolling the store of one site."""

from dataclasses import dataclass
from enum import Enum

from reconciler.model.names import SiteName
from reconciler.model.verification import SiteLook


class Enrolled(Enum):
    """How it ended. The first four are good ends."""

    ALREADY = "already"
    """It is the store that was enrolled before."""
    ACCEPTED = "accepted"
    """Another store of this state, or one that this state did not know yet."""
    MADE = "made"
    """There was no identity; one was written."""
    TAKEN_OVER = "taken-over"
    """It belonged to another state."""
    REFUSED = "refused"
    """Another site's, or more has to be said first."""
    BUSY = "busy"
    """A send is running there, or somebody else has the site."""
    SILENT = "not-asked"
    """It could not be asked, or not to the end."""

    @property
    def is_enrolled(self) -> bool:
        return self in (Enrolled.ALREADY, Enrolled.ACCEPTED, Enrolled.MADE, Enrolled.TAKEN_OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One site's. `look` is what the store then was found to hold; None for a depot beside the state, or if refused.

    `superseded` are sends that were open for what the store holds already, or holds a higher number of; `released`
    those that waited for this store and may go on.
    """

    site: SiteName
    enrolled: Enrolled
    detail: str = ""
    look: SiteLook | None = None
    superseded: int = 0
    released: int = 0
