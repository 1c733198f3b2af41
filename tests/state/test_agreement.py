"""SQLite and memory answer alike, whatever is done to them in whatever order."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.acknowledgements import GuardName
from reconciler.model.claims import (
    Arrived,
    BackedOff,
    Beat,
    Candidate,
    Claim,
    Ending,
    Failed,
    GaveWay,
    Outcome,
    PutBack,
    WorkerId,
)
from reconciler.model.holdings import Absent, Damaged, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import CancellationReason, Plan
from reconciler.model.priority import Priority
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, SendState, Snapshot
from reconciler.model.stores import StoreId
from reconciler.state.liveness import BootTime, Liveness
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author, Observation, State
from reconciler.state.sqlite import open_sqlite
from tests.builders import (
    NOW,
    acknowledgement,
    cancellation,
    held,
    hold,
    pair_of,
    plan,
    planned,
    receipt,
    removal,
    send_only_job,
    update,
    wanted,
)
from tests.conformance.steps import LEASE, ONE, TWO, worker
from tests.properties import tried

PACKAGES = ("cad", "till")
SITES = ("DE1", "EU1", "FR1")
REVISIONS = ("D1 S1", "D1 S2", "D2 S1", "D1 -")
WORKERS = (ONE, TWO, worker("3"))


class World:
    """A state, the machine it runs on, and what was claimed of it so far."""

    def __init__(self, make: Callable[[Liveness], State]) -> None:
        self.now = BootTime(100_000)
        self.dead: set[WorkerId] = set()
        self.claims: list[Claim] = []
        self.state = make(Liveness(clock=lambda: self.now, is_alive=lambda worker: worker.id not in self.dead))

    def chosen(self, which: list[int]) -> list[Claim]:
        return [self.claims[index] for index in which if -index <= len(self.claims)]


Step = Callable[[World, Author], Any]

packages, sites, revisions = st.sampled_from(PACKAGES), st.sampled_from(SITES), st.sampled_from(REVISIONS)
pairs = st.builds("{}@{}".format, packages, sites)
sendable = st.sampled_from(REVISIONS[:3])
numbers = st.integers(0, 4)


def look(state: State, words: str = "D1 S1", known: tuple[str, ...] = SITES) -> Snapshot:
    return state.snapshot(wanted(dict.fromkeys(PACKAGES, (words, known)), sites=known))


def mark_of(state: State, pair: str) -> int:
    package, site = pair_of(pair)
    return max((known.mark for known in state.pairs(package=package, site=site)), default=0)


@st.composite
def plans(draw: st.DrawFn) -> Callable[[State], Plan]:
    """What a planner might have made of the state, now or a little earlier: `age` is taken from the versions."""
    package, words, age = draw(packages), draw(sendable), draw(st.integers(0, 1))
    chosen = draw(st.lists(sites, unique=True, min_size=1))
    kind = draw(st.sampled_from(("send", "supersede", "obsolete", "raise", "remove")))
    spent = draw(st.sampled_from([(), (("p-1", GuardName.HEALS),)]))

    def make(state: State) -> Plan:
        snapshot = look(state, "D0 S0")
        open_now = {send.site: send for send in snapshot.open_sends if send.package == package}
        rows = [
            planned(SITES[one.site], one.mark + 1, max(one.version - age, 0))
            for one in snapshot.differences
            if one.package == package and SITES[one.site] in chosen
        ]
        ends = CancellationReason.SUPERSEDED if kind == "supersede" else CancellationReason.OBSOLETE
        closed = [cancellation(open_now[row.site].job, package, [row], ends) for row in rows if row.site in open_now]
        match kind:
            case "send":
                return plan(send_only_job(package, words, rows), spent=spent)
            case "supersede":
                return plan(send_only_job(package, words, rows), cancellations=closed, spent=spent)
            case "obsolete":
                return plan(cancellations=closed, spent=spent)
            case "raise":
                rises = [update(change.send_only_job, package, change.sites, Priority.HIGH) for change in closed]
                return plan(updates=rises, spent=spent)
        gone = look(state, known=tuple(site for site in SITES if site not in chosen)).departed
        removals = [
            removal(site.site, {name: max(version - age, 0) for name, version in site.packages}) for site in gone
        ]
        return plan(removals=removals, cancellations=closed, spent=spent)

    return make


def submits(make: Callable[[State], Plan], *, strict: bool, times: int) -> Step:
    def step(world: World, author: Author) -> Any:
        made = make(world.state)
        return [world.state.submit(made, author, strict=strict) for _ in range(times)]

    return step


def receives(pair: str, words: str, number: int) -> Step:
    return lambda world, author: world.state.receive(receipt(pair, words, number, at=author.at), author)


def observes(pair: str, number: int, kind: str, words: str, *, moved: bool) -> Step:
    package, site = pair_of(pair)

    def step(world: World, author: Author) -> Any:
        holdings = {
            "absent": Absent(),
            "record": RecordOnly(held=held(words)),
            "staged": Staged(held=held(words), verified_at=author.at),
            "damaged": Damaged(held=held(words), found_at=author.at),
            "unknown": Unknown(reason="no identity"),
        }
        mark = mark_of(world.state, pair) + moved
        at = max(number, 1) if kind == "staged" else number
        look = Observation(package=package, site=site, mark=mark, number=at, holding=holdings[kind])
        return world.state.observe([look], author)

    return step


def forgets(pair: str, number: int) -> Step:
    package, site = pair_of(pair)
    return lambda world, author: world.state.forget(package, site, number, author)


def unless_dead(by: int, step: Step) -> Step:
    """The dead do nothing; that they may be heard late is for `ends`."""
    return lambda world, author: None if WORKERS[by].id in world.dead else step(world, author)


def claims(pairs: list[str], ahead: int, by: int, at_once: int | None) -> Step:
    def step(world: World, author: Author) -> Any:
        candidates = [
            Candidate(
                package=pair_of(pair)[0],
                site=pair_of(pair)[1],
                number=mark_of(world.state, pair) - ahead,
                bytes_left=Bytes(100 + by),
                at_once=at_once,
            )
            for pair in pairs
        ]
        claimed = world.state.claim(WORKERS[by], candidates, author, lease=LEASE)
        world.claims.extend(claimed)
        return claimed

    return unless_dead(by, step)


def renews(which: list[int], by: int, to: SendState) -> Step:
    def step(world: World, author: Author) -> Any:
        beats = [
            Beat(claim=claim, state=to, bytes_done=Bytes(7), bytes_left=Bytes(50)) for claim in world.chosen(which)
        ]
        return world.state.renew(WORKERS[by], beats, author, lease=LEASE)

    return unless_dead(by, step)


def ends(which: list[int], kind: str, words: str, cause: Cause, number: int, *, found: str) -> Step:
    def step(world: World, author: Author) -> Any:
        soon = Instant(author.at + 2)
        holdings = {"absent": Absent(), "record": RecordOnly(held=held(words)), "none": None}
        outcomes: dict[str, Outcome] = {
            "backed off": BackedOff(cause=cause, detail="timed out", until=soon),
            "put back": PutBack(bytes_done=Bytes(number)),
            "put back until": PutBack(bytes_done=Bytes(number), cause=cause, until=soon),
            "failed": Failed(cause=cause, detail="read-only"),
            "gave way": GaveWay(cause=cause, detail="", number=number, found=holdings[found]),
        }
        return world.state.end(
            [
                Ending(
                    claim=claim,
                    outcome=outcomes.get(kind)
                    or Arrived(
                        receipt=receipt("@".join(claim.pair), words, claim.send.number, at=author.at),
                    ),
                )
                for claim in world.chosen(which)
            ],
            author,
        )

    return step


def waits(seconds: int) -> Step:
    def step(world: World, author: Author) -> Any:
        world.now = BootTime(world.now + seconds * 1000)

    return step


def dies(who: int) -> Step:
    return lambda world, author: world.dead.add(WORKERS[who].id)


def takes(thing: str, by: int) -> Step:
    return unless_dead(by, lambda world, author: world.state.take(WORKERS[by], thing, author, lease=LEASE))


def gives_back(thing: str, by: int) -> Step:
    return lambda world, author: world.state.give_back(WORKERS[by], thing)


def leaves(who: int) -> Step:
    return lambda world, author: world.state.leave(WORKERS[who])


def pins(site: str, store: str) -> Step:
    return lambda world, author: world.state.pin_store(SiteName(site), StoreId(store * 32), author)


def retries(pair: str) -> Step:
    return lambda world, author: world.state.retry(*pair_of(pair), author)


def cancels(pair: str) -> Step:
    return lambda world, author: world.state.cancel(*pair_of(pair), "moved", author)


def holds(subject: str, reason: str) -> Step:
    return lambda world, author: world.state.hold(hold(subject, reason), author)


def releases(package: str | None, site: str | None) -> Step:
    return lambda world, author: world.state.release(
        None if site is None else SiteName(site), None if package is None else PackageName(package), author
    )


def acknowledges(name: str, reason: str) -> Step:
    return lambda world, author: world.state.acknowledge(acknowledgement(name, reason=reason), author)


who = st.integers(0, len(WORKERS) - 1)
which = st.lists(st.integers(-3, -1), min_size=1, max_size=3, unique=True)
things = st.sampled_from(("site/DE1", "site/EU1", "package/till/D1"))
kinds = ("arrived", "backed off", "put back", "put back until", "failed", "gave way")
holdings = ("absent", "record", "staged", "damaged", "unknown")
few_pairs = st.lists(pairs, min_size=1, max_size=4)
claiming = st.builds(claims, few_pairs, st.sampled_from((0, 0, 0, 1)), who, st.sampled_from((None, 1, 2)))
ending = st.builds(
    ends,
    which,
    st.sampled_from(kinds),
    sendable,
    st.sampled_from(Cause),
    numbers,
    found=st.sampled_from(("absent", "record", "none")),
)
subjects = st.one_of(pairs, packages.map("package/{}".format), sites.map("site/{}".format))
steps = st.one_of(
    st.builds(submits, plans(), strict=st.booleans(), times=st.integers(1, 2)),
    st.builds(submits, plans(), strict=st.just(False), times=st.just(1)),  # once more: plans matter most
    st.builds(receives, pairs, revisions, numbers),
    st.builds(observes, pairs, numbers, st.sampled_from(holdings), revisions, moved=st.sampled_from((0, 0, 1))),
    st.builds(forgets, pairs, numbers),
    claiming,
    claiming,
    ending,
    ending,
    st.builds(renews, which, who, st.sampled_from((SendState.SENDING, SendState.VERIFYING))),
    st.builds(waits, st.sampled_from((5, 25))),
    st.builds(dies, who),
    st.builds(takes, things, who),
    st.builds(gives_back, things, who),
    st.builds(leaves, who),
    st.builds(pins, sites, st.sampled_from("ab")),
    st.builds(retries, pairs),
    st.builds(cancels, pairs),
    st.builds(holds, subjects, st.sampled_from(("disk", "move"))),
    st.builds(releases, st.none() | packages, st.none() | sites),
    st.builds(acknowledges, st.sampled_from(("p-1", "p-2")), st.sampled_from(("disk", "move"))),
)


@contextmanager
def folder() -> Iterator[str]:
    made = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def everything(state: State) -> tuple[Any, ...]:
    """All that can be read, through demands that are met in part, not at all, and by a smaller fleet."""
    looks = [look(state, words) for words in (*REVISIONS[:3], "D0 S0")] + [look(state, known=SITES[:1])]
    return (
        [replace(snapshot, kind="") for snapshot in looks],
        list(state.pairs()),
        list(state.pairs(site=SiteName("EU1"))),
        list(state.sends(open_only=False)),
        list(state.history(limit=1000)),
        list(state.history(subject="pair/till@DE1")),
        list(state.passes(1000)),
        list(state.claims()),
        list(state.workers()),
        state.verifications(),
        [list(state.sends_to(SiteName(site))) for site in SITES],
        dict(state.stores()),
        [state.reserved(SiteName(site), besides=claim) for site in SITES for claim in state.claims()],
    )


@tried(40)
@given(st.lists(steps, max_size=20))
def test_sqlite_and_memory_agree_after_any_steps(steps: list[Step]) -> None:
    memory = World(MemoryState)
    with folder() as path:
        sqlite = World(lambda liveness: open_sqlite(f"{path}/state.db", write=True, liveness=liveness))
        with closing(sqlite.state):
            for at, step in enumerate(steps):
                author = Author(actor="anna", at=Instant(NOW + at))
                assert step(sqlite, author) == step(memory, author)
            assert everything(sqlite.state) == everything(memory.state)


@tried(30)
@given(st.lists(steps, max_size=20))
def test_R1_no_steps_ever_leave_two_open_sends_for_a_pair(steps: list[Step]) -> None:
    world = World(MemoryState)
    state = world.state
    for at, step in enumerate(steps):
        before = {(pair.package, pair.site): pair.mark for pair in state.pairs()}
        attempts = {(*claim.pair, claim.send.number): claim.send.attempts for claim in world.claims}
        claimed = len(world.claims)
        step(world, Author(actor="anna", at=Instant(NOW + at)))
        rows = [(send.package, send.site) for send in state.sends()]
        assert len(rows) == len(set(rows))
        assert all(pair.mark >= before.get((pair.package, pair.site), 0) for pair in state.pairs())
        for claim in world.claims[claimed:]:
            assert claim.send.attempts == attempts.get((*claim.pair, claim.send.number), 0) + 1
