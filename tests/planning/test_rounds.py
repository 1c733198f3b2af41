"""When stores are verified again: as `verify.every` says, spread over time, and whatever becomes of a site."""

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from string import ascii_uppercase, digits

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.census import Verified
from reconciler.model.diagnostics import Where
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.sites import Address, Site, SiteType, Verification
from reconciler.model.snapshot import Hold
from reconciler.planning.rounds import FIRST, FRESH, LONGEST, Due, Tried, as_read, due
from tests.builders import NOW

HOUR, DAY = 3600, 86400
WEEK = Seconds(7 * DAY)


def site(name: str, every: int = WEEK, *, address: bool = True) -> Site:
    return Site(
        name=SiteName(name),
        type=SiteType.SECONDARY,
        parent=SiteName("HQ"),
        where=Where("sites.yaml"),
        labels={},
        domains={},
        address=Address(type="directory", path=f"/srv/{name}") if address else None,
        verification=Verification(every=Seconds(every)),
    )


def told(verified: Mapping[SiteName, Instant | None]) -> list[Verified]:
    """By site; None where something is unknown."""
    return [Verified(site=name, oldest=at, latest=at, unknown=at is None) for name, at in verified.items()]


def one(found: Site, verified: int | None, tried: Tried | None = None) -> Due:
    """When this site's turn is, that was verified then."""
    known = {found.name: None if verified is None else Instant(verified)}
    (answer,) = due([found], told(known), tried={found.name: tried} if tried else {}, holds=(), at=NOW)
    return answer


def in_vain(times: int, *, began: int = NOW, lasted: int = 10) -> Tried:
    return Tried(times=times, began=Instant(began), ended=Instant(began + lasted))


# One site

names = st.text(ascii_uppercase + digits, min_size=1, max_size=8)


@given(
    name=names,
    every=st.integers(60, 400 * DAY),
    verified=st.integers(NOW - 400 * DAY, NOW + 400 * DAY),
)
def test_the_next_look_is_in_time_and_not_right_after_the_last(name: str, every: int, verified: int) -> None:
    found = one(site(name, every), verified)
    assert found.until == verified + every
    assert verified + 0.04 * every - 1 < found.at <= verified + 0.95 * every


@given(name=names, every=st.integers(HOUR, 400 * DAY))
def test_a_site_keeps_its_place_from_round_to_round(name: str, every: int) -> None:
    slots = [one(site(name, every), NOW).at]
    for _ in range(5):
        slots.append(one(site(name, every), slots[-1]).at)
    assert all(abs(later - slot - 0.9 * every) <= 2 for slot, later in pairwise(slots))


@given(
    name=names,
    every=st.integers(60, 400 * DAY),
    younger=st.integers(0, 10),
    late=st.integers(0, 100),
)
@example(name="DE1", every=WEEK, younger=0, late=0)
def test_what_a_round_leaves_unread_can_wait_for_the_next_one(name: str, every: int, younger: int, late: int) -> None:
    here = site(name, every)
    began = one(here, NOW).at + late
    unread = began - max(0, as_read(here).verification.every - younger)
    assert one(here, unread).at > began - late


def test_bytes_are_read_of_all_that_is_not_fresh() -> None:
    deep = replace(site("DE1"), verification=Verification(every=WEEK, deep=True))
    assert as_read(deep).verification == Verification(every=Seconds(int(WEEK * FRESH) - 2), deep=True)


def test_what_is_unknown_is_looked_at_now() -> None:
    assert (one(site("DE1"), None).at, one(site("DE1"), None).until) == (0, 0)


def test_a_site_that_was_verified_by_whomever_waits_for_its_slot() -> None:
    here = site("DE1")
    overdue = one(here, NOW - 8 * DAY)
    assert overdue.at < NOW - DAY
    assert one(here, NOW).at > NOW


def test_sites_without_address_or_anything_to_verify_or_on_hold_are_left_alone() -> None:
    sites = [site(name, address=name != "AT1") for name in ("AT1", "CH1", "DE1", "EU1", "FR1", "GB1")]
    verified = {each.name: Instant(NOW) for each in sites if each.name != "CH1"}
    holds = [
        Hold(site=SiteName("DE1"), package=None, actor="anna", reason="works", since=NOW),
        Hold(site=SiteName("EU1"), package=None, actor="anna", reason="works", since=NOW, until=NOW),
        Hold(site=SiteName("FR1"), package=PackageName("till"), actor="anna", reason="works", since=NOW),
    ]
    found = due(sites, told(verified), tried={}, holds=holds, at=NOW)
    assert {each.site.name for each in found} == {"EU1", "FR1", "GB1"}


# Tries in vain


@pytest.mark.parametrize(("times", "wait"), [(1, FIRST), (2, 2 * FIRST), (4, 8 * FIRST), (9, LONGEST), (999, LONGEST)])
def test_L21_a_site_that_does_not_answer_is_tried_again_later_and_later(times: int, wait: int) -> None:
    found = one(site("DE1"), NOW - 8 * DAY, in_vain(times))
    assert 0.75 * wait <= found.at - (NOW + 10) <= 1.25 * wait + 1
    assert found.tried == times


def test_L21_sites_that_went_away_together_are_not_tried_together() -> None:
    tries = [one(site(f"S{number}"), NOW - 8 * DAY, in_vain(9)).at for number in range(100)]
    assert len(set(tries)) > 80
    assert max(tries) - min(tries) > 0.4 * LONGEST


def test_a_short_round_is_tried_again_soon() -> None:
    assert one(site("DE1", 6 * HOUR), NOW - DAY, in_vain(9)).at <= NOW + 10 + 1.25 * 0.1 * 6 * HOUR + 1


def test_a_look_that_brought_the_time_forward_is_forgotten_as_a_try() -> None:
    here = site("DE1")
    assert one(here, NOW, in_vain(3)) == one(here, NOW)


def test_L21_those_that_answer_go_first() -> None:
    sites = [site(name) for name in ("A", "B", "C")]
    verified = {SiteName("A"): Instant(NOW - 20 * DAY), SiteName("B"): NOW, SiteName("C"): Instant(NOW - DAY)}
    found = due(sites, told(verified), tried={SiteName("A"): in_vain(2)}, holds=(), at=NOW)
    assert [each.site.name for each in found] == ["C", "B", "A"]


# A fleet for a month


class Month:
    """Thirty days of 2,000 sites, `at_once` looks of 20 minutes at a time; the times are those of the looks."""

    def __init__(self, sites: list[Site], *, silent: frozenset[str] = frozenset(), at_once: int = 24) -> None:
        self.sites = {each.name: each for each in sites}
        self.silent = silent
        self.at_once = at_once
        self.verified: dict[SiteName, Instant | None] = dict.fromkeys(self.sites, NOW)
        self.tried: dict[SiteName, Tried] = {}
        self.began: list[tuple[int, SiteName]] = []
        self.overdue: set[SiteName] = set()

    def live(self, days: int = 30) -> None:
        running: list[tuple[int, int, SiteName]] = []
        ready: list[Due] = []
        waiting: list[tuple[int, SiteName, Due]] = []
        for each in due(self.sites.values(), told(self.verified), tried={}, holds=(), at=NOW):
            heapq.heappush(waiting, (each.at, each.site.name, each))
        for now in range(NOW, NOW + days * DAY, 300):
            while running and running[0][0] <= now:
                ended = self._end(*heapq.heappop(running))
                heapq.heappush(waiting, (ended.at, ended.site.name, ended))
            while waiting and waiting[0][0] <= now:
                ready.append(heapq.heappop(waiting)[2])
            ready.sort(key=lambda each: each.rank)
            free = self.at_once - len(running)
            for each in ready[:free]:
                self.began.append((now, each.site.name))
                heapq.heappush(running, (now + 1200, now, each.site.name))
            ready = ready[free:]
            self.overdue |= {each.site.name for each in ready if each.until < now} - self.silent

    def _end(self, ended: int, began: int, name: SiteName) -> Due:
        if name not in self.silent:
            self.verified[name] = Instant(began)
        before = self.tried.get(name)
        self.tried[name] = Tried(
            times=1 + (before.times if before and name in self.silent else 0),
            began=Instant(began),
            ended=Instant(ended),
        )
        known = told({name: self.verified[name]})
        (answer,) = due([self.sites[name]], known, tried=self.tried, holds=(), at=Instant(ended))
        return answer


def fleet() -> list[Site]:
    """1,000 with a week, 600 with three days, 400 with one: 715 looks a day if none were ever early."""
    times = [WEEK] * 1000 + [3 * DAY] * 600 + [DAY] * 400
    return [site(f"S{number:04}", every) for number, every in enumerate(times)]


def test_over_a_month_no_site_is_ever_overdue_and_the_looks_are_spread() -> None:
    month = Month(fleet())
    month.live()
    assert month.overdue == set()
    assert {name for _, name in month.began} == month.sites.keys()
    by_hour = Counter((at - NOW) // HOUR for at, _ in month.began)
    settled = [by_hour[hour] for hour in range(24 * 7, 24 * 30)]
    mean = sum(settled) / len(settled)
    assert (1000 / 7 + 600 / 3 + 400) / 24 <= mean <= 1.15 * (1000 / 7 + 600 / 3 + 400) / 24
    assert max(settled) < 2 * mean
    assert min(settled) > mean / 3
    first_day = [by_hour[hour] for hour in range(2, 24)]
    assert max(first_day) < 3 * mean


def test_L21_sites_that_never_answer_make_no_other_overdue() -> None:
    month = Month(fleet(), silent=frozenset(f"S{number:04}" for number in range(0, 2000, 20)), at_once=40)
    month.live(days=10)
    assert month.overdue == set()
    tries = Counter(name for _, name in month.began if name in month.silent)
    assert min(tries.values()) > 24
