"""Small worlds of every shape, for properties."""

from hypothesis import strategies as st

from reconciler.model.holdings import Absent, Holding, Unknown
from reconciler.model.instants import Instant
from reconciler.model.priority import Priority
from reconciler.model.snapshot import Cause, Hold, Mode, SendState

from .builders import (
    NOW,
    WantedJob,
    World,
    damaged,
    lost,
    package,
    record_only,
    site,
    staged,
)

SITES = ("A", "B", "C", "D", "E")
PACKAGES = ("P", "Q", "R")
REVISIONS = ("D1 S1", "D1 S2", "D2 S1", "D2 S2")
PARTS = (("sharing", "workstation"), ("sharing",))

words = st.sampled_from(REVISIONS)
priorities = st.sampled_from(list(Priority))

HOLDINGS = (
    Absent(),
    Unknown(reason="cannot be read"),
    staged("D1 -"),
    *(lost(words) for words in REVISIONS[:2]),
    *(staged(words, parts=parts) for words in REVISIONS for parts in PARTS),
    *(record_only(words, parts=parts) for words in REVISIONS[:2] for parts in PARTS),
    *(damaged(words, parts=PARTS[0]) for words in REVISIONS),
)
STATES = (
    {"state": SendState.QUEUED},
    {"state": SendState.SENDING},
    {"state": SendState.VERIFYING},
    *(
        {"state": SendState.BACKING_OFF, "cause": cause, "next_attempt": Instant(NOW + 60)}
        for cause in (Cause.NETWORK, Cause.SPACE, Cause.STORE_MISMATCH)
    ),
)
OPEN = tuple(
    {"words": words, "mode": mode, "priority": priority, **state}
    for words in REVISIONS
    for state in STATES
    for mode, priority in ((Mode.CONTENT, Priority.LOW), (Mode.SETUP_ONLY, Priority.HIGH))
)
CLOSED = tuple(
    {"words": words, "state": state, "cause": Cause.PERMISSION, **endpoint}
    for words in REVISIONS
    for state in (SendState.FAILED, SendState.CANCELLED)
    for endpoint in ({}, {"endpoint": "directory:/mnt/other"})
)
rows = st.one_of(
    st.just((Absent(), {})),
    st.tuples(st.sampled_from(HOLDINGS), st.just({})),
    st.tuples(st.sampled_from(HOLDINGS), st.sampled_from(OPEN + CLOSED)),
)
"""What a pair has, and its open or ended send."""


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to five sites in a tree, three packages, four jobs, and a row of any kind for some pairs."""
    world = World(whole=draw(st.integers(0, 3)) > 0)
    count = draw(st.integers(2, len(SITES)))
    for position, name in enumerate(SITES[:count]):
        parent = None if position == 0 else SITES[draw(st.integers(0, position - 1))]
        world.add(
            site(
                name,
                parent,
                address=draw(st.integers(0, 7)) > 0,
                max_path=draw(st.sampled_from((None, None, 5))),
                case_sensitive=draw(st.integers(0, 3)) > 0,
                rate=draw(st.sampled_from((None, 8_000_000))),
            )
        )
    for name in PACKAGES[: draw(st.integers(1, len(PACKAGES)))]:
        world.add(
            package(
                name,
                draw(words),
                origin="A",
                parts=("inventory", "sharing", "workstation"),
                longest=draw(st.sampled_from(((), (), ("a/longer/path",)))),
                unportable=draw(st.sampled_from(((), (), ("a:b",)))),
                readable=draw(st.integers(0, 7)) > 0,
                packed=draw(st.booleans()),
                priority=draw(priorities),
            )
        )
    for name in ("j1", "j2", "j3", "j4")[: draw(st.integers(0, 4))]:
        world.add(draw(_jobs(world, name)))
    pairs = [f"{name}@{where}" for name in (*world.packages, "Z") for where in (*world.sites, "X")]
    for pair, (holding, send) in zip(
        pairs, draw(st.lists(rows, min_size=len(pairs), max_size=len(pairs))), strict=True
    ):
        _keep(world, pair, holding, send)
    world.holds = draw(_holds(world))
    return world


def _jobs(world: World, name: str) -> st.SearchStrategy[WantedJob]:
    sites = list(world.sites)
    return st.builds(
        WantedJob,
        name=st.just(name),
        package=st.sampled_from(list(world.packages)),
        targets=st.lists(
            st.sampled_from(["all", *sites, *(f"under {one}" for one in sites)]), min_size=1, max_size=3, unique=True
        ).map(tuple),
        site=st.sampled_from([None, *sites]),
        kind=st.sampled_from(("run", "share", "send")),
        except_=st.lists(st.sampled_from(sites), max_size=1).map(tuple),
        priority=st.one_of(st.none(), priorities),
        suspended=st.sampled_from((False, False, False, True)),
    )


def _keep(world: World, pair: str, holding: Holding, send: dict[str, object]) -> None:
    if holding != Absent():
        world.hold(pair, holding, mark=len(pair) % 3)
    if send:
        fields = dict(send)
        change = world.open if send["state"].is_open else world.close
        change(pair, fields.pop("words"), **fields)


@st.composite
def _holds(draw: st.DrawFn, world: World) -> list[Hold]:
    sites, packages = [None, *world.sites], [None, *world.packages]
    chosen = draw(
        st.lists(
            st.tuples(st.sampled_from(sites), st.sampled_from(packages)).filter(any),
            max_size=2,
            unique=True,
        )
    )
    until = st.sampled_from((None, Instant(NOW - 1), NOW, Instant(NOW + 1)))
    return [
        Hold(site=one, package=other, actor="anna", reason="why", since=Instant(NOW - 9), until=draw(until))
        for one, other in chosen
    ]
