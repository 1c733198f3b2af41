"""Enrolling: what lies at a site's address becomes its store, and the state learns what it holds (L33, L37)."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from reconciler.engine.depots import depot_beside
from reconciler.engine.stores.accepting import accept, is_untouched, needed, require_acceptable
from reconciler.engine.stores.opening import identity_at
from reconciler.engine.stores.store import Store
from reconciler.engine.superseding import release, supersede
from reconciler.engine.verifying.look import Known, look_in, not_read
from reconciler.engine.verifying.patrol import Pulse, Question, Shown, patrol
from reconciler.engine.verifying.recording import observe
from reconciler.engine.verifying.verify import Means, asked, known_of
from reconciler.model.claims import Worker
from reconciler.model.enrolment import Enrolled, Enrolment
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Seconds
from reconciler.model.names import SiteName
from reconciler.model.sites import Site
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault, StoreIdentity
from reconciler.model.verification import Answer, PairLook, SiteLook
from reconciler.senders.protocol import Sender
from reconciler.state.protocol import Author, State

RENEWED_EVERY = 5
"""Seconds, with the default lease; a quarter of a shorter one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asked for. `named`: the sites were named, so that a place without a store may become one."""

    named: bool
    take_over: bool
    write: bool


@dataclass(slots=True)
class _Turn:
    """One site's: how far it got. Its thread writes here, and nobody reads it before the thread has answered."""

    site: Site
    known: Known
    enrolled: Enrolled | None = None
    identity: StoreIdentity | None = None
    refusal: str = ""


@dataclass(slots=True, kw_only=True)
class Enrolling:
    """Enrolls sites, a few at a time. `worker` is who takes them meanwhile, so that no send runs there.

    `depot_folder` is where origins without an address keep their parcels: such a depot is a store too.
    """

    fleet: Fleet
    state: State
    means: Means
    worker: Worker
    lease: Seconds
    depot_folder: str
    wish: Wish
    _turns: dict[SiteName, _Turn] = field(default_factory=dict)
    _renewed_at: float = 0.0

    def of(self, sites: Sequence[Site]) -> Iterator[Enrolment]:
        """How it ended for each, as they come. Those without address and without a depot are left out."""
        placed = [site for site in map(self._placed, sites) if site is not None]
        for name in {site.name for site in sites if self.wish.named} - {site.name for site in placed}:
            yield Enrolment(site=name, enrolled=Enrolled.REFUSED, detail="it has no address, and no depot either")
        if not self.wish.named:
            needs = {look.site: look for look in self._patrol(placed, self._whether_needed)}
            silent = (look for look in needs.values() if look.answer is Answer.SILENT)
            yield from (Enrolment(site=look.site, enrolled=Enrolled.SILENT, detail=look.detail) for look in silent)
            placed = [site for site in placed if needs[site.name].answer is Answer.OTHER]
        for look in self._patrol(placed, self._question):
            yield self._ended(self._turns[look.site], look)
        if self.wish.write:
            self.state.leave(self.worker)

    def _placed(self, site: Site) -> Site | None:
        """The site at the address of its depot if it has no other."""
        if site.address is not None:
            return site
        beside = depot_beside(self.depot_folder, site.name)
        return replace(site, address=beside) if os.path.isdir(beside.path) else None

    def _patrol(self, sites: Sequence[Site], question: Callable[[Site], Question | SiteLook]) -> Iterator[SiteLook]:
        means = self.means
        return patrol(sites, question, shown=self._shown, patience=means.patience, at_once=means.at_once)

    def _shown(self, done: int, read: int) -> None:
        """Called about once a second by whoever waits: what was taken is kept."""
        shown: Shown = self.means.shown
        shown(done, read)
        self._keep()

    def _keep(self) -> None:
        """Renew what was taken, if it is time to."""
        now = time.monotonic()
        if self.wish.write and now - self._renewed_at >= min(RENEWED_EVERY, self.lease / 4):
            self.state.renew(self.worker, (), self.means.author(), lease=self.lease)
            self._renewed_at = now

    def _whether_needed(self, site: Site) -> Question:
        """Whether the store there is another than the one enrolled; nothing is taken for that, or written."""
        known = Known(state=self.state.identity, pinned=self.state.stores().get(site.name), pairs=())
        has_pin = self.fleet.site(site.name).address is not None
        return lambda pulse: asked(
            site, known, self.means, pulse, lambda way: _need(site.name, way, known, has_pin=has_pin)
        )

    # One site

    def _question(self, site: Site) -> Question | SiteLook:
        known = replace(known_of(site.name, self.fleet, self.state), in_flight=frozenset())
        turn = self._turns[site.name] = _Turn(site, known)
        if self.wish.write and not self.state.take(
            self.worker, f"site/{site.name}", self.means.author(), lease=self.lease
        ):
            turn.enrolled = Enrolled.BUSY
            return SiteLook(site=site.name, answer=Answer.SILENT)
        return lambda pulse: self._ask(turn, pulse)

    def _ask(self, turn: _Turn, pulse: Pulse) -> SiteLook:
        """In a thread: nothing here touches the state."""
        return asked(turn.site, turn.known, self.means, pulse, lambda way: self._look(turn, way))

    def _look(self, turn: _Turn, way: Sender) -> SiteLook:
        try:
            found = identity_at(way)
            how = needed(found, state=turn.known.state, pinned=turn.known.pinned)
            wish = self.wish
            require_acceptable(way, turn.site.name, how, found, named=wish.named, take_over=wish.take_over)
            if wish.write:
                found = accept(way, turn.site.name, how, found, state=turn.known.state)
        except StoreFault as fault:
            if fault.cause is not Cause.STORE_MISMATCH:
                return not_read(turn.site.name, fault, turn.known)
            turn.enrolled, turn.refusal = Enrolled.REFUSED, fault.detail
            return SiteLook(site=turn.site.name, answer=Answer.OTHER, detail=fault.detail)
        turn.enrolled, turn.identity = how, found
        if found is None:  # an empty place, under --dry-run: there is nothing to read
            return SiteLook(site=turn.site.name, answer=Answer.READ)
        store = Store(sender=way, identity=found)
        return look_in(turn.site, lambda: store, turn.known, at=self.means.now(), deep=True)

    # What the state learns

    def _ended(self, turn: _Turn, look: SiteLook) -> Enrolment:
        site, enrolled = turn.site.name, turn.enrolled
        if enrolled is None:
            how = Enrolled.REFUSED if look.answer is Answer.OTHER else Enrolled.SILENT
            return self._left(Enrolment(site=site, enrolled=how, detail=look.detail))
        if not enrolled.is_enrolled:
            detail = turn.refusal or "a send is running there, or somebody else has the site"
            return self._left(Enrolment(site=site, enrolled=enrolled, detail=detail))
        if not self.wish.write:
            return Enrolment(site=site, enrolled=enrolled, look=look.without_effect())
        if self.fleet.site(site).address is None:
            ended = Enrolment(site=site, enrolled=enrolled)
        else:
            ended = self._learned(turn, enrolled, look)
        return replace(self._left(ended), released=release(self.state, site, self.means.author()))

    def _left(self, enrolment: Enrolment) -> Enrolment:
        """Sends may go there again."""
        if self.wish.write and enrolment.enrolled is not Enrolled.BUSY:
            self.state.give_back(self.worker, f"site/{enrolment.site}")
        return enrolment

    def _learned(self, turn: _Turn, enrolled: Enrolled, look: SiteLook) -> Enrolment:
        """Pin first: should this end here, the store is the site's, and what it holds is found by `verify`."""
        author = self.means.author()
        if turn.identity is not None and turn.identity.store != turn.known.pinned:
            self.state.pin_store(look.site, turn.identity.store, author)
        superseded = supersede(self.state, self.worker, look, author, lease=self.lease)
        return Enrolment(
            site=look.site,
            enrolled=enrolled,
            detail=look.detail,
            look=replace(look, pairs=self._observed(look, author)),
            superseded=superseded,
        )

    def _observed(self, look: SiteLook, author: Author) -> tuple[PairLook, ...]:
        """By the marks of now: closing what was late raised some. The sites that are ours stay so meanwhile."""
        marks = {pair.package: pair.mark for pair in self.state.pairs(site=look.site)}
        self._keep()
        pairs = [replace(pair, mark=marks.get(pair.package, pair.mark)) for pair in look.pairs]
        return observe(pairs, self.state, author)


def _need(site: SiteName, way: Sender, known: Known, *, has_pin: bool) -> SiteLook:
    """`OTHER` if it is to be enrolled. A depot beside the state has no pin: it need only be this state's."""
    try:
        if is_untouched(way, pinned=known.pinned):
            return SiteLook(site=site, answer=Answer.EMPTY)
        how = needed(identity_at(way), state=known.state, pinned=known.pinned)
    except StoreFault as fault:
        return not_read(site, fault, known)
    fine = how is Enrolled.ALREADY or (how is Enrolled.ACCEPTED and not has_pin)
    return SiteLook(site=site, answer=Answer.READ if fine else Answer.OTHER)
