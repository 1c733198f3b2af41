"""A required pair that is not ready, with everything that is known of it: what the rules look at."""

from dataclasses import dataclass

from reconciler.model.diagnostics import Where
from reconciler.model.holdings import Absent, Damaged, Held, RecordOnly, Staged, Unknown
from reconciler.model.packages import SetupPart
from reconciler.model.plan import PlannedSite
from reconciler.model.quantities import Bytes
from reconciler.model.sites import Site
from reconciler.model.snapshot import Cause, Difference, Hold, Mode, Send, SendState
from reconciler.planning.needs import Need
from reconciler.planning.requirements import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One package at one site. `open_send` is the pair's open row whatever its revision, `holds` those in force."""

    requirement: Requirement
    site: Site
    need: Need
    where: Where
    difference: Difference
    open_send: Send | None = None
    holds: tuple[Hold, ...] = ()

    @property
    def covering(self) -> Send | None:
        """The open send of exactly the desired revision, if there is one."""
        send = self.open_send
        return send if send is not None and send.revision == self.requirement.revision else None

    @property
    def held(self) -> Held | None:
        """What the site is known to have, of whatever quality; None where nothing is known to be there."""
        match self.difference.holding:
            case RecordOnly(held=held) | Staged(held=held) | Damaged(held=held):
                return held
            case Absent() | Unknown():
                return None

    @property
    def mode(self) -> Mode:
        """Setup alone exactly if verified content of the desired digest is there (L3)."""
        holding = self.difference.holding
        if isinstance(holding, Staged) and holding.held.content == self.requirement.revision.content:
            return Mode.SETUP_ONLY
        return Mode.CONTENT

    @property
    def lacks(self) -> tuple[SetupPart, ...]:
        """The parts of the setup that the jobs need and the site is not known to have (Q134718)."""
        held = self.held
        missing = self.need.parts if held is None or held.setup is None else self.need.parts - held.parts
        return tuple(sorted(missing, key=lambda part: part.value))

    @property
    def bytes(self) -> Bytes:
        """What will travel, as far as is known: an upper bound, as parcels are compressed and chunks shared."""
        send = self.covering
        if send is not None and send.bytes:
            return Bytes(send.bytes)
        package = self.requirement.package
        mode = self.mode if send is None else send.mode
        return package.setup_size if mode is Mode.SETUP_ONLY else Bytes(package.content.size + package.setup_size)

    @property
    def planned_site(self) -> PlannedSite:
        """The site as a new send has it: its number is the mark + 1 (sending.md 4)."""
        return PlannedSite(site=self.site.name, number=self.difference.mark + 1, version=self.difference.version)

    def backs_off(self, cause: Cause) -> bool:
        """Whether the pair's open send waits because of this cause."""
        send = self.open_send
        return send is not None and send.state is SendState.BACKING_OFF and send.cause is cause
