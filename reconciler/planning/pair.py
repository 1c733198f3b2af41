"""A required pair that is not ready, with everything that is known of it: what the rules look at."""

from dataclasses import dataclass

from reconciler.model.diagnostics import Where
from reconciler.model.holdings import Absent, Damaged, Held, Holding, RecordOnly, Staged, Unknown
from reconciler.model.packages import SetupPart
from reconciler.model.plan import PlannedSite
from reconciler.model.quantities import Bytes
from reconciler.model.sites import Site
from reconciler.model.snapshot import Cause, Difference, Hold, Mode, Send, SendState
from reconciler.planning.needs import Need
from reconciler.planning.requirements import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One package at one site.

    `held` is what the site is known to have, of whatever quality; None where nothing is known to be there. `open_send`
    is the pair's open row whatever its revision, `covering` the same if its revision is the desired one. `mode` is what
    a new send would be; `bytes` what travels, an upper bound, as parcels are compressed and chunks shared. `holds`
    are those in force.
    """

    requirement: Requirement
    site: Site
    need: Need
    where: Where
    difference: Difference
    held: Held | None
    mode: Mode
    bytes: Bytes
    open_send: Send | None = None
    covering: Send | None = None
    holds: tuple[Hold, ...] = ()

    @property
    def lacks(self) -> tuple[SetupPart, ...]:
        """The parts of the setup that the jobs need and the site is not known to have (Q134718)."""
        held = self.held
        if held is None or held.setup is None:
            return self.need.parts_in_order
        if self.need.parts <= held.parts:
            return ()
        return tuple(part for part in self.need.parts_in_order if part not in held.parts)

    @property
    def planned_site(self) -> PlannedSite:
        """The site as a new send has it: its number is the mark + 1 (sending.md 4)."""
        return PlannedSite(site=self.site.name, number=self.difference.mark + 1, version=self.difference.version)

    def backs_off(self, cause: Cause) -> bool:
        """Whether the pair's open send waits because of this cause."""
        send = self.open_send
        return send is not None and send.state is SendState.BACKING_OFF and send.cause is cause


def held_in(holding: Holding) -> Held | None:
    """What a site with this holding is known to have."""
    match holding:
        case RecordOnly(held=held) | Staged(held=held) | Damaged(held=held):
            return held
        case Absent() | Unknown():
            return None


def mode_for(holding: Holding, requirement: Requirement) -> Mode:
    """Setup alone exactly if verified content of the desired digest is there (L3)."""
    same = isinstance(holding, Staged) and holding.held.content == requirement.revision.content
    return Mode.SETUP_ONLY if same else Mode.CONTENT


def bytes_of(mode: Mode, requirement: Requirement) -> Bytes:
    """What a send of this mode moves at most."""
    return requirement.setup_bytes if mode is Mode.SETUP_ONLY else requirement.all_bytes
