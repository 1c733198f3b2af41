"""The laws over worlds of every shape; the oracle shares no code with the planner."""

import json
from dataclasses import asdict, replace
from enum import Enum
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Unknown
from reconciler.model.instants import Instant
from reconciler.model.plan import Plan, Verdict
from reconciler.model.settings import Guards, ShareGuard
from reconciler.model.site_sets import SiteSet
from reconciler.model.snapshot import Cause, Snapshot
from reconciler.planning.audit import audit
from reconciler.planning.planner import make_plan
from reconciler.planning.scope import Scope

from ..properties import tried
from .builders import World, acknowledge_all
from .oracle import ask, told
from .worlds import worlds

few = settings(tried(25), suppress_health_check=[HealthCheck.too_slow])


def canonical(plan: Plan) -> str:
    """One text for one plan; two plans are the same if and only if their texts are."""
    return json.dumps(asdict(plan), sort_keys=True, default=_plain)


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else sorted(value) if isinstance(value, frozenset) else str(value)


@few
@given(worlds())
def test_the_plan_says_what_the_oracle_says(world: World) -> None:
    assert told(world.plan(include_ready=True)) == ask(world)


@few
@given(worlds())
def test_every_required_pair_has_one_verdict(world: World) -> None:
    plan = world.plan(include_ready=True)
    pairs = [(pair.package, pair.site) for pair in plan.pairs]
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) == set(ask(world).verdicts)
    assert plan.summary.required == len(pairs)


@few
@given(worlds())
def test_L6_the_plan_is_minimal(world: World) -> None:
    plan = world.plan()
    groups = [(send.package, send.revision, send.mode, send.priority) for send in plan.send_only_jobs]
    assert len(set(groups)) == len(groups)
    sent = [(send.package, planned.site) for send in plan.send_only_jobs for planned in send.sites]
    assert len(set(sent)) == len(sent)
    assert set(sent) == {(pair.package, pair.site) for pair in plan.pairs if pair.verdict is Verdict.MISSING}


@few
@given(worlds(), st.integers(0, 2**32))
def test_L7_R7_shuffling_changes_no_byte(world: World, seed: int) -> None:
    plan = world.plan(include_ready=True)
    fleet, snapshot = world.fleet(), world.snapshot()
    shuffled = replace(
        snapshot,
        differences=_shuffled(snapshot.differences, seed),
        open_sends=_shuffled(snapshot.open_sends, seed),
        holds=_shuffled(snapshot.holds, seed),
        departed=_shuffled(snapshot.departed, seed),
    )
    world.sites = dict(_shuffled(tuple(world.sites.items()), seed))
    world.packages = dict(_shuffled(tuple(world.packages.items()), seed))
    world.jobs = dict(_shuffled(tuple(world.jobs.items()), seed))
    world.rows = dict(_shuffled(tuple(world.rows.items()), seed))
    assert canonical(world.plan(include_ready=True)) == canonical(plan)
    again = _make(fleet, shuffled, world)
    assert canonical(again) == canonical(plan)


def _shuffled(things: tuple, seed: int) -> tuple:
    found = list(things)
    Random(seed).shuffle(found)
    return tuple(found)


def _make(fleet: Fleet, snapshot: Snapshot, world: World) -> Plan:
    return make_plan(fleet, snapshot, at=world.now, guards=world.guards, tool_version="0.0.0", include_ready=True)


@few
@given(worlds(), st.integers(1, 10**7))
def test_L7_another_instant_changes_time_alone(world: World, later: int) -> None:
    world.holds = []
    plan, other = world.plan(), world.plan(at=Instant(world.now + later))
    assert other.id == plan.id
    assert canonical(_timeless(other)) == canonical(_timeless(plan))


def _timeless(plan: Plan) -> Plan:
    pairs = tuple(replace(pair, earliest=None, estimated_seconds=None) for pair in plan.pairs)
    jobs = tuple(replace(job, ready_at=None) for job in plan.jobs)
    return replace(plan, created_at=Instant(0), pairs=pairs, jobs=jobs)


@few
@given(worlds())
def test_L8_a_submitted_plan_leaves_nothing_to_submit(world: World) -> None:
    plan = world.plan()
    world.submit(plan)
    again = world.plan()
    assert not again.has_changes
    assert again.summary.in_flight == plan.summary.in_flight + plan.summary.missing
    world.submit(again)
    assert not world.plan().has_changes


@few
@given(worlds())
def test_L8_once_carried_out_nothing_is_missing(world: World) -> None:
    """What is left is blocked, waits for a claimed send of an unwanted revision, or is ready."""
    world.submit(world.plan())
    world.carry_out()
    world.submit(world.plan())
    world.carry_out()
    plan = world.plan()
    assert {pair.verdict for pair in plan.pairs} <= {Verdict.BLOCKED}
    assert not plan.has_changes


@few
@given(worlds())
def test_unknown_never_sends(world: World) -> None:
    plan = world.plan()
    sent = {(send.package, planned.site) for send in plan.send_only_jobs for planned in send.sites}
    assert not sent & {pair for pair, row in world.rows.items() if isinstance(row.holding, Unknown)}
    assert not sent & {
        pair for pair, row in world.rows.items() if row.open is not None and row.open.cause is Cause.STORE_MISMATCH
    }


@few
@given(worlds())
def test_two_looks_make_one_plan_and_the_audit_finds_nothing(world: World) -> None:
    plan = world.plan()
    assert world.plan() == plan
    assert audit(plan, world.fleet(), world.snapshot(), guards=world.guards) == ()


@few
@given(worlds(), st.data())
def test_a_filtered_plan_is_the_whole_one_within_its_scope(world: World, data: st.DataObject) -> None:
    fleet = world.fleet()
    chosen = data.draw(st.sets(st.sampled_from(sorted(world.sites)), min_size=1))
    scope = Scope(sites=SiteSet.of(fleet.index[name] for name in chosen), filters=("site=some",))
    whole, partial = world.plan(), world.plan(scope=scope)
    assert audit(partial, fleet, world.snapshot(), guards=world.guards) == ()
    names = {name for pair in whole.pairs if (name := pair.site) in chosen}
    assert {pair.site for pair in partial.pairs} == names
    verdicts = {(pair.package, pair.site): (pair.verdict, pair.reason, pair.also) for pair in whole.pairs}
    assert all(verdicts[pair.package, pair.site] == (pair.verdict, pair.reason, pair.also) for pair in partial.pairs)
    sent = {
        (send.package, row.site, row.number, send.mode, send.priority)
        for send in whole.send_only_jobs
        for row in send.sites
    }
    assert {
        (send.package, row.site, row.number, send.mode, send.priority)
        for send in partial.send_only_jobs
        for row in send.sites
    } == {one for one in sent if one[1] in chosen}
    closed = {(change.reason, row.site, row.number) for change in whole.cancellations for row in change.sites}
    assert {(change.reason, row.site, row.number) for change in partial.cancellations for row in change.sites} == {
        one for one in closed if one[1] in chosen
    }
    assert partial.removals == ()


@few
@given(worlds())
def test_L16_whatever_was_acknowledged_passes_and_is_spent(world: World) -> None:
    strict = ShareGuard(share=1.0, start=1)
    world.guards = Guards(changed_packages=strict, cancellations=strict, heals=strict, bytes=1)
    world.whole = True
    plan = world.plan()
    acknowledge_all(world, plan)
    passed = world.plan()
    assert passed.id == plan.id
    assert not passed.refused
    assert audit(passed, world.fleet(), world.snapshot(), guards=world.guards) == ()
    world.submit(passed)
    assert world.acknowledgements == []
