"""One look at one site's store. It asks the state nothing and writes nothing: what it found is recorded afterwards."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from reconciler.engine.stores.opening import identity_at, mismatch, require_first_contact, require_own
from reconciler.engine.stores.store import Store
from reconciler.engine.verifying.judging import Judge
from reconciler.engine.verifying.strangers import strangers
from reconciler.model.holdings import Absent, Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.sites import Site
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StateId, StoreFault, StoreId
from reconciler.model.verification import Answer, Effect, PairLook, SiteLook, Stranger
from reconciler.parcels.store_names import package_folder
from reconciler.senders.protocol import Hostile, Sender
from reconciler.state.protocol import HeldPair

STRANGERS_NAMED = 100
"""Of one site, so that a store full of somebody else's files does not fill the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the state knows of a site when the look begins. `in_flight` are packages with an open send.

    `packages` are those that may lie there besides: a folder in a store does not tell how its name is written.
    """

    state: StateId
    pinned: StoreId | None
    pairs: tuple[HeldPair, ...]
    in_flight: frozenset[PackageName] = frozenset()
    packages: Collection[PackageName] = ()


def look_at(site: Site, sender: Sender, known: Known, *, at: Instant, deep: bool) -> SiteLook:
    """Read what is there, as far as it can be read."""

    def enter() -> Store | None:
        found = identity_at(sender)
        if found is None:
            require_first_contact(sender, site.name, pinned=known.pinned)
            return None
        require_own(found, site.name, state=known.state, pinned=known.pinned)
        return Store(sender=sender, identity=found)

    return look_in(site, enter, known, at=at, deep=deep)


def look_in(site: Site, enter: Callable[[], Store | None], known: Known, *, at: Instant, deep: bool) -> SiteLook:
    """The same by another way in: `enter` gives the store, None for an empty place, or raises StoreFault."""
    judged: list[PairLook] = []
    try:
        store = enter()
        if store is None:
            if any(pair.holding != Absent() for pair in known.pairs):
                raise mismatch(f"nothing is at the address of site {site.name}, not even a store")
            return SiteLook(site=site.name, answer=Answer.EMPTY)
        judge = Judge(store=store, at=at, every=site.verification.every, deep=deep or site.verification.deep)
        judged.extend(_pairs(site.name, judge, known))
        named, number = _strangers(store.sender)
        judge.require_identity()  # what was unmounted meanwhile cannot have been read (L37)
    except Hostile as found:
        return _other(site.name, f"not a store as it should be: {found}", known)
    except StoreFault as fault:
        return not_read(site.name, fault, known)
    return SiteLook(
        site=site.name,
        answer=Answer.READ,
        store=store.identity.store,
        pairs=tuple(judged),
        strangers=named,
        stranger_count=number,
    )


def not_read(site: SiteName, fault: StoreFault, known: Known) -> SiteLook:
    """A site whose store could not be read to the end: unknown if it is not its own, else as it was known."""
    if fault.cause is Cause.STORE_MISMATCH:
        return _other(site, fault.detail, known)
    return SiteLook(site=site, answer=Answer.SILENT, detail=f"{fault.cause.value}: {fault.detail}")


def _pairs(site: SiteName, judge: Judge, known: Known) -> Iterator[PairLook]:
    """Every pair that the state or the store knows, by package."""
    rows = {pair.package: pair for pair in known.pairs}
    for package in sorted(rows.keys() | _packages(judge.store, {*rows, *known.packages})):
        row = rows.get(package, HeldPair(package=package, site=site, number=0, mark=0))
        if package in known.in_flight:
            yield _nothing_seen(row)
            continue
        judged = judge.judge(package, row)
        yield replace(
            _nothing_seen(row),
            found=judged.found,
            number=judged.number,
            highest=judged.highest,
            why=judged.why,
            read=judged.read,
            effect=Effect.AGREES,
        )


def _packages(store: Store, names: Collection[PackageName]) -> Iterator[PackageName]:
    """Those with records, by the name that somebody knows, else by the one that their records bear."""
    by_folder: Mapping[str, PackageName] = {package_folder(name): name for name in names}
    for folder in store.recorded_folders():
        name = by_folder.get(folder)
        record = store.latest_in(folder) if name is None else None
        if name is not None or record is not None:
            yield name or record.package  # type: ignore[union-attr]  # one of the two is there


def _nothing_seen(row: HeldPair) -> PairLook:
    """Not looked at: a send is under way, and does so itself."""
    return PairLook(
        package=row.package,
        site=row.site,
        before=row.holding,
        known_number=row.number,
        mark=row.mark,
        found=row.holding,
        number=row.number,
        effect=Effect.IN_FLIGHT,
    )


def _strangers(sender: Sender) -> tuple[tuple[Stranger, ...], int]:
    found = strangers(sender)
    named = tuple(islice(found, STRANGERS_NAMED))
    return named, len(named) + sum(1 for _ in found)


def _other(site: SiteName, reason: str, known: Known) -> SiteLook:
    """Nothing is called absent there; all that was known is unknown until somebody acts, or the store is back (L37)."""
    return SiteLook(
        site=site,
        answer=Answer.OTHER,
        detail=reason,
        pairs=tuple(
            _nothing_seen(row)
            if row.package in known.in_flight
            else replace(_nothing_seen(row), found=Unknown(reason=reason), number=0, why=reason, effect=Effect.AGREES)
            for row in known.pairs
        ),
    )
