"""Whose turn it is: cases in YAML, and what holds of every schedule."""

import time
from collections import Counter
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.claims import Claim
from reconciler.model.instants import Instant
from reconciler.model.packages import Revision
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.schedule import Schedule, Turn, WaitReason
from reconciler.model.sites import Weekday, Window
from reconciler.model.snapshot import Cause, Mode, Send, SendState
from reconciler.planning.conditions import Conditions
from reconciler.planning.preemption import to_preempt
from reconciler.planning.scheduling import make_schedule
from reconciler.planning.standing import failing_sites, standing_of
from reconciler.planning.windows import window_at
from tests.builders import hold
from tests.properties import tried

from .builders import NOW, World, digest, package, site
from .scheduling_cases import ME, Case, Given, cases, given_of, next_change, told

CASES = tuple(cases())
EVERY_DAY = frozenset(Weekday)
NIGHT = Window(name="night", days=EVERY_DAY, starts=22 * 60, ends=5 * 60)
DAY = Window(name="day", days=EVERY_DAY, starts=8 * 60, ends=18 * 60, allow=Priority.HIGH)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file.removesuffix('.yaml')}: {case.name}")
def test_case(case: Case) -> None:
    given = given_of(case.given)
    assert told(given, given.schedule(), case.expect) == case.expect, case.because


def test_every_case_says_why_and_has_a_name_of_its_own() -> None:
    assert all(len(case.because) > 20 for case in CASES)
    assert len({case.name for case in CASES}) == len(CASES)


# Laws by name


def one_send(given_words: dict) -> Given:
    return given_of({"open": {"A@S1": {}}, "sites": {"S1": {}}} | given_words)


def test_L21_a_dead_site_costs_healthy_ones_a_single_try() -> None:
    """A hundred sends to S0, dead, and one each to nine others, recorded together; one slot, a try takes 30 seconds."""
    world = World().add(*(site(f"S{n}") for n in range(10)), *(package(f"P{n:03}") for n in range(100)))
    for n in range(100):
        world.open(f"P{n:03}@S0", "D1 S1")
    for n in range(1, 10):
        world.open(f"P000@S{n}", "D1 S1")
    sends = {(send.package, send.site): send for send in world.snapshot().open_sends}
    at, tried = NOW, []
    while any(site != "S0" for _, site in sends):
        schedule = make_schedule(world.fleet(), tuple(sends.values()), holds=(), claims=(), packed=(), at=at)
        send = schedule.ready[0].send
        tried.append(send.site)
        at = Instant(at + 30)
        if send.site == "S0":
            sends[send.package, send.site] = replace(
                send,
                state=SendState.BACKING_OFF,
                cause=Cause.NETWORK,
                attempts=send.attempts + 1,
                next_attempt=Instant(at + 30),
            )
        else:
            del sends[send.package, send.site]
    assert Counter(tried)["S0"] == 1
    assert len(tried) == 10


def test_L21_whatever_waits_for_a_time_says_which() -> None:
    given = one_send({"open": {"A@S1": {"state": "backing-off", "cause": "network", "next": "2026-11-24T15:03:00Z"}}})
    (wait,) = given.schedule().waiting
    assert (wait.reason, wait.until) == (WaitReason.BACK_OFF, NOW + 60)


def test_L22_a_change_of_windows_and_rates_counts_at_the_next_look() -> None:
    """The same row, the same instant; only the manifests changed."""
    given = one_send({"sites": {"S1": {"rate": "8Mbit/s", "windows": [{"from": "22:00", "to": "05:00"}]}}})
    assert [wait.reason for wait in given.schedule().waiting] == [WaitReason.WINDOW]
    wider = one_send(
        {"sites": {"S1": {"rate": "8Mbit/s", "windows": [{"from": "15:00", "to": "16:00", "rate": "1Mbit/s"}]}}}
    )
    (turn,) = wider.schedule().ready
    assert (turn.rate, turn.closes_at) == (BitsPerSecond(10**6), NOW - 120 + 3600)


def test_L22_a_running_send_learns_that_its_window_was_taken_away() -> None:
    """Claimed or not, the conditions of a send are looked at in the same way."""
    given = one_send({"sites": {"S1": {"windows": [{"from": "22:00", "to": "05:00"}]}}})
    send = replace(given.sends[0], state=SendState.SENDING)
    now = Conditions(given.fleet, holds=(), packed=(), at=given.at).of(send)
    assert now.reason is WaitReason.WINDOW
    tonight = Conditions(given.fleet, holds=(), packed=(), at=Instant(now.until)).of(send)
    assert tonight == Turn(send=send, closes_at=Instant(now.until + 7 * 3600))


# What holds of every schedule

SITES = ("S0", "S1", "S2", "S3")
PACKAGES = ("P0", "P1", "P2", "P3", "P4")
AROUND = st.integers(-7200, 7200).map(lambda seconds: Instant(NOW + seconds))


@st.composite
def givens(draw: st.DrawFn) -> Given:
    """Up to twenty open sends to four sites, some held, some closed, some full, some running."""
    world = World()
    for name in SITES:
        made = site(
            name,
            address=draw(st.integers(0, 9)) > 0,
            windows=draw(st.sampled_from([(), (), (NIGHT,), (DAY,), (NIGHT, DAY)])),
            timezone=draw(st.sampled_from(["UTC", "Asia/Kathmandu"])),
        )
        most = draw(st.sampled_from([None, None, 1, 2]))
        world.add(replace(made, limits=replace(made.limits, max_concurrent=most)))
    world.add(*(package(name, readable=draw(st.integers(0, 5)) > 0) for name in PACKAGES))
    for name, where in draw(st.sets(st.tuples(st.sampled_from(PACKAGES), st.sampled_from(SITES)))):
        backs_off = draw(st.booleans())
        world.open(
            f"{name}@{where}",
            "D1 S1" if draw(st.integers(0, 9)) else "D2 S1",
            priority=draw(st.sampled_from(Priority)),
            mode=draw(st.sampled_from(Mode)),
            state=SendState.BACKING_OFF if backs_off else draw(st.sampled_from([SendState.QUEUED, SendState.SENDING])),
            cause=draw(st.sampled_from(Cause)) if backs_off else None,
            next_attempt=draw(AROUND) if backs_off else None,
            attempts=draw(st.integers(0, 4)),
            recorded_at=draw(AROUND),
        )
    sends = world.snapshot().open_sends
    running = draw(st.sets(st.sampled_from(sends), max_size=4)) if sends else set()
    at = draw(st.integers(0, 86400).map(lambda seconds: Instant(NOW + seconds)))
    return Given(
        fleet=world.fleet(),
        sends=sends,
        holds=draw(st.sampled_from([(), (hold("site/S0"),), (hold("P1@S1", until=NOW + 3600),)])),
        claims=tuple(
            Claim(send=replace(send, state=SendState.SENDING, changed_at=draw(AROUND)), worker=ME)
            for send in sorted(running, key=lambda send: (send.package, send.site))
        ),
        packed=frozenset((name, digest("D1")) for name in draw(st.sets(st.sampled_from(PACKAGES)))),
        at=at,
        slots=draw(st.integers(0, 3)),
    )


@tried(25)
@given(givens())
def test_every_open_send_has_its_turn_or_waits_for_one_stated_reason(given: Given) -> None:
    schedule = given.schedule()
    pairs = [(each.send.package, each.send.site) for each in (*schedule.ready, *schedule.waiting)]
    assert sorted(pairs) == sorted((send.package, send.site) for send in given.sends)
    for wait in schedule.waiting:
        assert wait.detail
        assert wait.until is None or wait.until > given.at
        assert wait.until is not None or wait.reason is not WaitReason.BACK_OFF


@tried(25)
@given(givens(), st.randoms(use_true_random=False))
def test_a_schedule_does_not_depend_on_the_order_of_what_it_is_made_of(given: Given, random: object) -> None:
    mixed = replace(given, sends=_mixed(given.sends, random), claims=_mixed(given.claims, random))
    assert mixed.schedule() == given.schedule()


def _mixed(things: tuple, random: object) -> tuple:
    return tuple(random.sample(things, len(things)))


@tried(25)
@given(givens())
def test_L21_priority_then_standing_then_sites_in_turn(given: Given) -> None:
    """Among equals no site is ahead of another by two turns while that other still has one to come."""
    schedule = given.schedule()
    groups = [_group(turn, given) for turn in schedule.ready]
    assert groups == sorted(groups)
    for _, equals in groupby(zip(groups, schedule.ready, strict=True), key=lambda item: item[0]):
        turns = [turn.send.site for _, turn in equals]
        total, so_far = Counter(turns), Counter[str]()
        for where in turns:
            so_far[where] += 1
            assert all(so_far[where] - so_far[other] <= 1 for other in total if so_far[other] < total[other])


def _group(turn: Turn, given: Given) -> tuple[int, int]:
    claimed = {claim.pair for claim in given.claims}
    failing = failing_sites(send for send in given.sends if (send.package, send.site) not in claimed)
    return -turn.send.priority, standing_of(turn.send, failing=turn.send.site in failing, at=given.at)


@tried(25)
@given(givens())
def test_L22_nothing_has_its_turn_outside_its_window_or_before_its_time(given: Given) -> None:
    for turn in given.schedule().ready:
        send, its_site = turn.send, given.fleet.site(turn.send.site)
        assert _open(its_site, send, given.at)
        assert send.state is not SendState.BACKING_OFF or send.next_attempt <= given.at
        if turn.closes_at is not None:
            assert _open(its_site, send, Instant(turn.closes_at - 1))
            assert not _open(its_site, send, turn.closes_at)


def _open(where: object, send: Send, at: Instant) -> bool:
    window = window_at(where.windows, zone=where.timezone, instant=at)
    return not where.windows or (window is not None and send.priority >= window.allow)


@tried(25)
@given(givens())
def test_no_site_has_more_turns_than_may_run_there(given: Given) -> None:
    schedule = given.schedule()
    running = Counter(claim.send.site for claim in given.claims)
    turns = Counter(turn.send.site for turn in schedule.ready)
    for name, most in ((each.name, each.limits.max_concurrent) for each in given.fleet.sites):
        assert most is None or turns[name] <= max(0, most - running[name])


@tried(25)
@given(givens(), st.floats(0, 1))
def test_nothing_changes_by_the_clock_alone_before_the_next_change(given: Given, share: float) -> None:
    schedule = given.schedule()
    change = next_change(schedule)
    later = Instant(given.at + 3 * 86400 if change is None else int(given.at + share * (change - 1 - given.at)))
    ready = {turn.send for turn in schedule.ready}
    assert {turn.send for turn in replace(given, at=later).schedule().ready} - ready <= _promoted(given, schedule)


def _promoted(given: Given, schedule: Schedule) -> set[Send]:
    """At a full site the turns may pass from one to another as patience ends: no more of them have one."""
    return {wait.send for wait in schedule.waiting if wait.reason is WaitReason.SITE_BUSY}


@tried(25)
@given(givens())
def test_what_gives_way_is_lower_than_something_that_lacks_its_slot_and_one_goes_for_one(given: Given) -> None:
    schedule = given.schedule()
    victims = to_preempt(schedule, given.claims, given.slots)
    lacking = [turn.send for turn in schedule.ready[given.slots :]]
    lacking += [wait.send for wait in schedule.waiting if wait.reason is WaitReason.SITE_BUSY]
    assert len(set(victims)) == len(victims) <= len(lacking)
    higher = sorted((send.priority for send in lacking), reverse=True)
    lower = sorted((claim.send.priority for claim in victims), reverse=True)
    assert all(one < other for one, other in zip(lower, higher, strict=False))


def test_ten_thousand_sends_to_two_thousand_sites_are_scheduled_in_under_100_ms() -> None:
    """Four zones and three sets of windows, each site with a rate of its own, a fifth of the rows backing off."""
    zones = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
    windows = ((), (NIGHT,), (NIGHT, DAY))
    fleet = World().add(*(package(f"P{n}") for n in range(5))).fleet()
    sites = tuple(
        site(f"S{n:04}", timezone=zones[n % 4], windows=windows[n % 3], rate=1000 * (n + 1)) for n in range(2000)
    )
    fleet = replace(fleet, sites=sites)
    sends = tuple(_row(f"P{n % 5}", f"S{n // 5:04}", n) for n in range(10_000))
    took = min(_seconds(fleet, sends) for _ in range(3))
    assert took < 0.1, f"{took:.3f} s"


def _seconds(fleet: object, sends: tuple[Send, ...]) -> float:
    start = time.process_time()
    schedule = make_schedule(fleet, sends, holds=(), claims=(), packed=(), at=NOW)
    assert len(schedule.ready) + len(schedule.waiting) == len(sends)
    return time.process_time() - start


def _row(name: str, where: str, n: int) -> Send:
    backs_off = n % 5 == 0
    return Send(
        job="send-P-1",
        package=name,
        site=where,
        number=1,
        revision=Revision(digest("D1"), digest("S1")),
        mode=Mode.CONTENT,
        priority=Priority(1 + n % 3),
        state=SendState.BACKING_OFF if backs_off else SendState.QUEUED,
        version=1,
        for_jobs=(),
        endpoint="",
        recorded_at=Instant(NOW - n),
        changed_at=NOW,
        cause=Cause.SPACE if backs_off else None,
        next_attempt=Instant(NOW + n - 5000) if backs_off else None,
    )
