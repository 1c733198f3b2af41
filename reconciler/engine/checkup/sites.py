"""The addresses of sites: whether a store answers there, is the right one, has room, and can be written (L23, L37)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.engine.checkup.in_time import in_time
from reconciler.engine.stores.opening import identity_at, is_empty, open_store
from reconciler.model.checkup import Check, ok, problem, warning
from reconciler.model.names import SiteName
from reconciler.model.quantities import format_size
from reconciler.model.sites import Address, Site
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StateId, StoreFault, StoreId
from reconciler.parcels.store_names import new_id, part_name
from reconciler.senders.protocol import Hostile, Missing, Sender, Taken

LIMIT = 15.0
"""Seconds after which a site that does not answer is given up."""

AT_ONCE = 16

_PROBE = b"reconcile doctor\n"

_REMEDIES = {
    Cause.NETWORK: "look whether the place is mounted and its server answers",
    Cause.AUTHENTICATION: "mend the credentials",
    Cause.SPACE: "make room at the site",
    Cause.PERMISSION: "let the user who runs the workers write there",
    Cause.STORE_MISMATCH: "mount or make what belongs there",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """How stores are looked at. `state` is the state they should belong to, `pinned` the store of each site it knows.

    `required` are the sites that some job needs; with `write` a probe file is written, read and removed.
    """

    open_sender: Callable[[Address], Sender]
    state: StateId
    pinned: Mapping[SiteName, StoreId]
    required: Collection[SiteName]
    write: bool

    def checks(self, sites: Iterable[Site], *, limit: float = LIMIT) -> Iterator[Check]:
        """One for each site, by name."""
        by_name = {site.name: site for site in sites}
        questions = {name: self._question(site) for name, site in by_name.items()}
        found = dict(in_time(questions, limit=limit, at_once=AT_ONCE))
        yield from (found[name] or _silent(name, limit) for name in sorted(by_name))

    def _question(self, site: Site) -> Callable[[], Check]:
        return lambda: self.check(site)

    def check(self, site: Site) -> Check:
        """Raises nothing: whatever is wrong there is the answer."""
        subject = f"site/{site.name}"
        if site.address is None:
            if site.name in self.required:
                return warning(subject, "no address, and jobs need it", remedy="give it spec.address")
            return ok(subject, "no address: it receives nothing")
        try:
            sender = self.open_sender(site.address)
            try:
                return self._look(subject, site, sender)
            finally:
                sender.close()
        except StoreFault as fault:
            remedy = "" if "reconcile enroll" in fault.detail else _REMEDIES.get(fault.cause, "")
            return problem(subject, f"{fault.cause.value}: {fault.detail}", remedy=remedy)
        except (Missing, Taken, Hostile) as found:
            return problem(subject, f"the probe file met something strange: {found}", remedy="run it again")
        except Exception as error:  # noqa: BLE001  # a thread's fault would otherwise be a site that never answers
            return problem(subject, f"{type(error).__name__}: {error}", remedy="please report this")

    def _look(self, subject: str, site: Site, sender: Sender) -> Check:
        pinned = self.pinned.get(site.name)
        if pinned is None and identity_at(sender) is None and is_empty(sender):
            return ok(subject, f"empty, {_room(sender)} free: the first send makes it the site's store")
        open_store(sender, site.name, state=self.state, pinned=pinned)
        if self.write:
            _probe(sender)
        space, reserve = sender.space(), site.limits.reserve_free
        if space.bytes <= reserve or space.files == 0:
            detail = "no more files can be made" if space.files == 0 else f"{format_size(space.bytes)} free"
            kept = f", limits.reserveFree keeps {format_size(reserve)}" if reserve else ""
            return problem(subject, detail + kept, remedy=_REMEDIES[Cause.SPACE])
        done = "read and written" if self.write else "read"
        return ok(subject, f"its store, {done}, {format_size(space.bytes)} free")


def _probe(sender: Sender) -> None:
    """Write a file as an attempt does, read it, remove it; raises StoreFault."""
    name = part_name(new_id(), new_id())
    try:
        part = sender.begin(name)
        try:
            part.append(_PROBE)
            part.flush()
        finally:
            part.close()
        if sender.read(name, length=len(_PROBE) + 1) != _PROBE:
            raise StoreFault(Cause.CORRUPT, "what was written is not what is read")
    finally:
        sender.remove(name)
        sender.remove_folder(name.rpartition("/")[0])


def _room(sender: Sender) -> str:
    return format_size(sender.space().bytes)


def _silent(site: SiteName, limit: float) -> Check:
    return problem(f"site/{site}", f"no answer within {limit:g} s", remedy=_REMEDIES[Cause.NETWORK])
