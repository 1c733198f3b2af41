"""SQLite and memory answer alike, whatever is done to them in whatever order."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.acknowledgements import GuardName
from reconciler.model.holdings import Absent, Damaged, RecordOnly, Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import CancellationReason, Plan
from reconciler.model.priority import Priority
from reconciler.model.snapshot import Cause, SendState, Snapshot
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author, Observation, Progress, State
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

PACKAGES = ("cad", "till")
SITES = ("DE1", "EU1", "FR1")
REVISIONS = ("D1 S1", "D1 S2", "D2 S1", "D1 -")
Step = Callable[[State, Author], Any]

packages, sites, revisions = st.sampled_from(PACKAGES), st.sampled_from(SITES), st.sampled_from(REVISIONS)
pairs = st.builds("{}@{}".format, packages, sites)
sendable = st.sampled_from(REVISIONS[:3])
numbers = st.integers(0, 4)


def look(state: State, words: str = "D1 S1", known: tuple[str, ...] = SITES) -> Snapshot:
    return state.snapshot(wanted(dict.fromkeys(PACKAGES, (words, known)), sites=known))


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
    def step(state: State, author: Author) -> Any:
        made = make(state)
        return [state.submit(made, author, strict=strict) for _ in range(times)]

    return step


def receives(pair: str, words: str, number: int) -> Step:
    return lambda state, author: state.receive(receipt(pair, words, number, at=author.at), author)


def observes(pair: str, number: int, kind: str, words: str) -> Step:
    package, site = pair_of(pair)

    def step(state: State, author: Author) -> Any:
        holdings = {
            "absent": Absent(),
            "record": RecordOnly(held=held(words)),
            "damaged": Damaged(held=held(words), found_at=author.at),
            "unknown": Unknown(reason="no identity"),
        }
        return state.observe(Observation(package=package, site=site, number=number, holding=holdings[kind]), author)

    return step


def reports(pair: str, ahead: int, to: SendState, cause: Cause | None, attempts: int) -> Step:
    package, site = pair_of(pair)

    def step(state: State, author: Author) -> Any:
        mark = next(
            one.mark for one in look(state, "D0 S0").differences if (one.package, SITES[one.site]) == (package, site)
        )
        return state.report(
            Progress(
                package=package,
                site=site,
                number=mark - ahead,
                state=to,
                cause=cause,
                detail="timed out" if cause else "",
                next_attempt=Instant(author.at + 30) if to is SendState.BACKING_OFF else None,
                attempts=attempts,
                bytes_done=attempts * 100,
            ),
            author,
        )

    return step


def holds(subject: str, reason: str) -> Step:
    return lambda state, author: state.hold(hold(subject, reason), author)


def releases(package: str | None, site: str | None) -> Step:
    return lambda state, author: state.release(
        None if site is None else SiteName(site), None if package is None else PackageName(package), author
    )


def acknowledges(name: str, reason: str) -> Step:
    return lambda state, author: state.acknowledge(acknowledgement(name, reason=reason), author)


told = st.sampled_from([state for state in SendState if state not in (SendState.COMPLETE, SendState.PARTIAL)])
subjects = st.one_of(pairs, packages.map("package/{}".format), sites.map("site/{}".format))
steps = st.one_of(
    st.builds(submits, plans(), strict=st.booleans(), times=st.integers(1, 2)),
    st.builds(submits, plans(), strict=st.just(False), times=st.just(1)),  # once more: plans matter most
    st.builds(receives, pairs, revisions, numbers),
    st.builds(observes, pairs, numbers, st.sampled_from(("absent", "record", "damaged", "unknown")), revisions),
    st.builds(reports, pairs, st.integers(0, 1), told, st.none() | st.sampled_from(Cause), st.integers(0, 3)),
    st.builds(holds, subjects, st.sampled_from(("disk", "move"))),
    st.builds(releases, st.none() | packages, st.none() | sites),
    st.builds(acknowledges, st.sampled_from(("p-1", "p-2")), st.sampled_from(("disk", "move"))),
)


@contextmanager
def sqlite() -> Iterator[State]:
    folder = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    try:
        with closing(open_sqlite(f"{folder}/state.db", write=True)) as state:
            yield state
    finally:
        shutil.rmtree(folder)


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
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(steps, max_size=14))
def test_sqlite_and_memory_agree_after_any_steps(steps: list[Step]) -> None:
    memory = MemoryState()
    with sqlite() as state:
        for at, step in enumerate(steps):
            author = Author(actor="anna", at=Instant(NOW + at))
            assert step(state, author) == step(memory, author)
        assert everything(state) == everything(memory)


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=14))
def test_R1_no_steps_ever_leave_two_open_sends_for_a_pair(steps: list[Step]) -> None:
    memory = MemoryState()
    for at, step in enumerate(steps):
        before = {(pair.package, pair.site): pair.mark for pair in memory.pairs()}
        step(memory, Author(actor="anna", at=Instant(NOW + at)))
        rows = [(send.package, send.site) for send in memory.sends()]
        assert len(rows) == len(set(rows))
        assert all(pair.mark >= before.get((pair.package, pair.site), 0) for pair in memory.pairs())
