"""The audit finds nothing in a sound plan, and something in every plan that was tampered with."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.model.acknowledgements import GuardName
from reconciler.model.holdings import Unknown
from reconciler.model.instants import Instant
from reconciler.model.keys import plan_id, send_key, send_name
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Revision
from reconciler.model.plan import (
    Cancellation,
    CancellationReason,
    GapReason,
    JobVerdict,
    Plan,
    PlannedPair,
    PlannedSite,
    Removal,
    SendOnlyJob,
    Verdict,
)
from reconciler.model.priority import Priority
from reconciler.model.settings import Guards, ShareGuard
from reconciler.model.snapshot import Hold, Mode, SendState
from reconciler.planning.audit import audit

from .builders import NOW, WantedJob, World, acknowledge_all, package, site, staged

P, Q = PackageName("P"), PackageName("Q")


def world() -> World:
    """A plan of everything: content and setup sends, superseding, obsolete, updated, unknown, ready, removed."""
    made = World(guards=Guards(allow_site_removals=True))
    made.add(site("HQ1"), site("EU1", "HQ1"), site("DE1", "EU1"), site("FR1", "EU1"), site("NY1", "HQ1"))
    made.add(site("US1", "HQ1"), package("P", "D2 S2"), package("Q"))
    made.add(WantedJob("p", "P", ("DE1", "EU1", "FR1", "NY1", "US1"), priority=Priority.HIGH))
    made.add(WantedJob("q", "Q", ("EU1",)))
    made.hold("P@EU1", staged("D2 S1")).hold("P@DE1", staged("D1 S1")).hold("P@NY1", staged("D2 S2"))
    made.hold("P@OLD", staged("D1 S1")).open("P@DE1", "D1 S1", state=SendState.SENDING)
    made.open("P@FR1", "D2 S2").open("Q@DE1", "D1 S1").open("Q@FR1", "D1 S1", state=SendState.SENDING)
    return made.hold("P@US1", Unknown(reason="cannot be read"))


def found(plan: Plan, made: World, **snapshot: object) -> tuple[str, ...]:
    return audit(plan, made.fleet(), replace(made.snapshot(), **snapshot), guards=made.guards)


def test_a_sound_plan_breaks_no_law() -> None:
    made = world()
    plan = made.plan()
    assert found(plan, made) == ()
    assert [len(part) for part in (plan.send_only_jobs, plan.cancellations, plan.updates, plan.removals)] == [
        3,
        2,
        1,
        1,
    ]


# Tampering: small changes, put together into a plan whose names and id are right again


CONTENT, SETUP = 0, 1
"""The first sends of the plan: P to DE1, P's setup to EU1; then Q to EU1."""


def pair_with(plan: Plan, name: str, **fields: object) -> Plan:
    return replace(plan, pairs=tuple(replace(pair, **fields) if named(pair) == name else pair for pair in plan.pairs))


def named(pair: PlannedPair) -> str:
    return f"{pair.package}@{pair.site}"


def send_with(plan: Plan, position: int, *, keyed: bool = True, **fields: object) -> Plan:
    sends = list(plan.send_only_jobs)
    sends[position] = replace(sends[position], **fields)
    if keyed:
        sends[position] = rekeyed(sends[position])
    return identified(replace(plan, send_only_jobs=tuple(sends)))


def rekeyed(send: SendOnlyJob) -> SendOnlyJob:
    numbers = [(planned.site, planned.number) for planned in send.sites]
    key = send_key(send.package, revision=send.revision, mode=send.mode, priority=send.priority, numbers=numbers)
    return replace(send, key=key, name=send_name(send.package, key))


def identified(plan: Plan) -> Plan:
    made = plan_id(
        sends=plan.send_only_jobs, cancellations=plan.cancellations, updates=plan.updates, removals=plan.removals
    )
    return replace(plan, id=made)


def with_site(plan: Plan, position: int, name: str) -> Plan:
    """One more site in a send."""
    sites = (*plan.send_only_jobs[position].sites, PlannedSite(site=SiteName(name), number=1, version=0))
    return send_with(plan, position, sites=sites)


def without_site(plan: Plan, position: int) -> Plan:
    return send_with(plan, position, sites=())


def job_with(plan: Plan, name: str, **fields: object) -> Plan:
    return replace(plan, jobs=tuple(replace(job, **fields) if job.name == name else job for job in plan.jobs))


def guard_with(plan: Plan, name: GuardName, **fields: object) -> Plan:
    guards = (replace(result, **fields) if result.name is name else result for result in plan.guards)
    return replace(plan, guards=tuple(guards))


def cancelling(plan: Plan, name: str, reason: CancellationReason, made: World) -> Plan:
    """One more cancellation, of the open row of this pair."""
    row = made.row(name).open
    more = Cancellation(
        send_only_job=row.job,
        package=row.package,
        sites=(PlannedSite(site=row.site, number=row.number, version=row.version),),
        reason=reason,
    )
    return identified(replace(plan, cancellations=(*plan.cancellations, more)))


def summed(plan: Plan, **more: int) -> Plan:
    fields = {name: getattr(plan.summary, name) + value for name, value in more.items()}
    return replace(plan, summary=replace(plan.summary, **fields))


def renumbered(plan: Plan, **fields: int) -> Plan:
    sites = tuple(replace(planned, **fields) for planned in plan.send_only_jobs[CONTENT].sites)
    return send_with(plan, CONTENT, sites=sites)


def misnamed_cancellation(plan: Plan) -> Plan:
    changed = replace(plan.cancellations[1], send_only_job="other")
    return identified(replace(plan, cancellations=(plan.cancellations[0], changed)))


def updated(plan: Plan, **fields: object) -> Plan:
    return identified(replace(plan, updates=(replace(plan.updates[0], **fields),)))


def removals(name: str) -> tuple[Removal, ...]:
    return (Removal(site=SiteName(name), packages=(Q,), versions=(3,)),)


MISSING = {"verdict": Verdict.MISSING, "reason": GapReason.CONTENT_MISSING}
ELSEWHERE = Revision(Digest("sha256:" + "0" * 64), Digest("sha256:" + "1" * 64))
OBSOLETE, SUPERSEDED = CancellationReason.OBSOLETE, CancellationReason.SUPERSEDED

TAMPERED: dict[str, tuple[str, Callable[[Plan], Plan]]] = {
    "two verdicts": ("domain.md 3: some pair", lambda plan: replace(plan, pairs=(plan.pairs[0], *plan.pairs))),
    "a verdict nobody asked for": ("domain.md 3: P@HQ1", lambda plan: pair_with(plan, "P@DE1", site=SiteName("HQ1"))),
    "a missing pair called ready": ("L1:", lambda plan: pair_with(plan, "P@DE1", verdict=Verdict.READY)),
    "a ready pair called missing": ("L6: P@NY1", lambda plan: pair_with(plan, "P@DE1", site=SiteName("NY1"))),
    "a pair left out": (
        "domain.md 3: P@US1 is required",
        lambda plan: replace(plan, pairs=plan.pairs[:3] + plan.pairs[4:]),
    ),
    "a wrong verdict": ("domain.md 3: P@US1 is called", lambda plan: pair_with(plan, "P@US1", **MISSING)),
    "a wrong reason": (
        "domain.md 3: P@DE1 is called",
        lambda plan: pair_with(plan, "P@DE1", reason=GapReason.RECORD_ONLY),
    ),
    "a reason left out": ("domain.md 3: P@DE1 is called", lambda plan: pair_with(plan, "P@DE1", also=())),
    "a job left out of a pair": ("L5: P@DE1", lambda plan: pair_with(plan, "P@DE1", for_jobs=())),
    "another route": ("L11: P@DE1", lambda plan: pair_with(plan, "P@DE1", route=("EU1", "DE1"))),
    "two sends to one pair": (
        "L6: P@DE1 is in two sends",
        lambda plan: replace(plan, send_only_jobs=(plan.send_only_jobs[0], *plan.send_only_jobs)),
    ),
    "two jobs of one name": (
        "sending.md 4: two send-only jobs",
        lambda plan: replace(plan, send_only_jobs=(plan.send_only_jobs[0], *plan.send_only_jobs)),
    ),
    "a send to a ready pair": ("L6: P@NY1 is sent to without a gap", lambda plan: with_site(plan, CONTENT, "NY1")),
    "a send to a site that is gone": ("L6: P@OLD is sent", lambda plan: with_site(plan, CONTENT, "OLD")),
    "a send to an unknown pair": ("L37: P@US1", lambda plan: with_site(plan, CONTENT, "US1")),
    "a send to a blocked pair": (
        "domain.md 3: P@US1 is sent to although",
        lambda plan: with_site(plan, CONTENT, "US1"),
    ),
    "a send to a pair in flight": ("L6: P@FR1 is in flight", lambda plan: with_site(plan, CONTENT, "FR1")),
    "a send its pair does not name": (
        "domain.md 3: P@DE1 is sent to and",
        lambda plan: pair_with(plan, "P@DE1", send_only_job="x"),
    ),
    "a missing pair nothing is sent to": ("domain.md 3: P@DE1 is missing", lambda plan: without_site(plan, CONTENT)),
    "a send without sites": ("L6: send-P-", lambda plan: without_site(plan, CONTENT)),
    "a group split": (
        "L6: two send-only jobs could be one",
        lambda plan: identified(
            replace(
                plan, send_only_jobs=(*plan.send_only_jobs, rekeyed(replace(plan.send_only_jobs[CONTENT], sites=())))
            )
        ),
    ),
    "a number used twice": ("sending.md 4: P@DE1 gets number 2", lambda plan: renumbered(plan, number=2)),
    "an old version": ("sending.md 4: P@DE1 gets", lambda plan: renumbered(plan, version=99)),
    "a wrong key": ("sending.md 4: key", lambda plan: send_with(plan, CONTENT, keyed=False, key="0" * 64)),
    "a wrong name": ("sending.md 4: key", lambda plan: send_with(plan, CONTENT, keyed=False, name="send-P-00000000")),
    "a low priority": ("L6: P@DE1 is sent with", lambda plan: send_with(plan, CONTENT, priority=Priority.LOW)),
    "content where the setup is enough": (
        "L3: P@EU1 is sent in mode",
        lambda plan: send_with(plan, SETUP, mode=Mode.CONTENT),
    ),
    "a setup where content is missing": (
        "L3: P@DE1 is sent in mode",
        lambda plan: send_with(plan, CONTENT, mode=Mode.SETUP_ONLY),
    ),
    "content bytes of a setup": ("L3: send-P-", lambda plan: pair_with(plan, "P@EU1", bytes=120_001_000)),
    "another revision": ("L15: P@DE1 is sent", lambda plan: send_with(plan, CONTENT, revision=ELSEWHERE)),
    "wrong bytes": ("cli.md: the bytes", lambda plan: send_with(plan, CONTENT, bytes=1)),
    "another address": ("L23:", lambda plan: send_with(plan, CONTENT, endpoints=("directory:/srv/EU1",))),
    "jobs of a send left out": ("L5: send-P-", lambda plan: send_with(plan, CONTENT, for_jobs=())),
    "reasons of a send left out": ("domain.md 3: send-P-", lambda plan: send_with(plan, CONTENT, reasons=())),
    "another origin": ("cli.md: send-P-", lambda plan: send_with(plan, CONTENT, origin=SiteName("EU1"))),
    "parts that are not there": ("cli.md: send-P-", lambda plan: send_with(plan, CONTENT, parts=("sharing",))),
    "superseded without replacement": ("L15: P@DE1 is superseded", lambda plan: without_site(plan, CONTENT)),
    "superseded by itself": ("L15: P@FR1 supersedes", lambda plan: cancelling(plan, "P@FR1", SUPERSEDED, world())),
    "a replacement beside the open send": (
        "L15: P@DE1 would have two",
        lambda plan: replace(plan, cancellations=plan.cancellations[1:]),
    ),
    "obsolete though a worker has it": (
        "L14: Q@FR1 becomes",
        lambda plan: cancelling(plan, "Q@FR1", OBSOLETE, world()),
    ),
    "obsolete though it is needed": ("L14: P@FR1 becomes", lambda plan: cancelling(plan, "P@FR1", OBSOLETE, world())),
    "obsolete though it is replaced": ("L14: P@DE1 becomes", lambda plan: cancelling(plan, "P@DE1", OBSOLETE, world())),
    "cancelled twice": ("L15: Q@DE1 is cancelled twice", lambda plan: cancelling(plan, "Q@DE1", OBSOLETE, world())),
    "an obsolete send kept": ("L14: Q@DE1 is needed", lambda plan: replace(plan, cancellations=plan.cancellations[:1])),
    "a row that is not there": ("L14: Q@DE1 is cancelled in other", misnamed_cancellation),
    "a rise left out": ("L6: P@FR1 keeps", lambda plan: replace(plan, updates=())),
    "a rise too small": ("L6: P@FR1 is updated to", lambda plan: updated(plan, priority=Priority.MEDIUM)),
    "a rise of nothing": ("L6: P@FR1 is updated in", lambda plan: updated(plan, send_only_job="other")),
    "a rise twice": ("L6: P@FR1 is updated twice", lambda plan: replace(plan, updates=plan.updates * 2)),
    "a site forgotten that is there": (
        "L31: site NY1",
        lambda plan: replace(plan, removals=(*removals("NY1"), *plan.removals)),
    ),
    "a site forgotten in part": ("L31: what is forgotten", lambda plan: replace(plan, removals=removals("OLD"))),
    "a site not forgotten": ("L31: the sites", lambda plan: replace(plan, removals=())),
    "a site forgotten by a partial plan": ("L35: site OLD", lambda plan: replace(plan, filters=("site=*",))),
    "a job left out": ("cli.md: the plan leaves out", lambda plan: replace(plan, jobs=plan.jobs[:1])),
    "a job twice": ("cli.md: the plan does not name", lambda plan: replace(plan, jobs=plan.jobs * 2)),
    "a job called ready": ("cli.md: job p is called", lambda plan: job_with(plan, "p", verdict=JobVerdict.READY)),
    "a site of a job left out": ("L5: job q", lambda plan: job_with(plan, "q", required_sites=())),
    "a site too many": ("L9: job q", lambda plan: job_with(plan, "q", required_sites=(SiteName("DE1"),))),
    "ready sites miscounted": ("cli.md: job p counts", lambda plan: job_with(plan, "p", ready=2)),
    "a blocker not named": ("cli.md: job p does not name", lambda plan: job_with(plan, "p", blockers=())),
    "pairs out of order": ("L7: pairs", lambda plan: replace(plan, pairs=plan.pairs[::-1])),
    "sends out of order": ("L7: sendOnlyJobs", lambda plan: replace(plan, send_only_jobs=plan.send_only_jobs[::-1])),
    "another id": ("sending.md 4: the plan", lambda plan: replace(plan, id="p-00000000")),
    "a guard left out": ("L16: the plan does not", lambda plan: replace(plan, guards=plan.guards[1:])),
    "a guard's value": ("L16: guard heals is told", lambda plan: guard_with(plan, GuardName.HEALS, value="12%")),
    "acknowledged for nothing": (
        "L16: guard bytes is acknowledged",
        lambda plan: guard_with(plan, GuardName.BYTES, acknowledged=True),
    ),
    "tripped over nothing": (
        "L16: guard bytes trips and",
        lambda plan: guard_with(plan, GuardName.BYTES, tripped=True),
    ),
    "tripped without cause": (
        "L16: guard bytes trips without",
        lambda plan: guard_with(plan, GuardName.BYTES, tripped=True, actions=("x",)),
    ),
    "passed without a word": (
        "L16: guard bytes is passed",
        lambda plan: guard_with(plan, GuardName.BYTES, tripped=True, acknowledged=True, actions=("x",)),
    ),
    "spent what nobody gave": (
        "L16: the plan spends",
        lambda plan: replace(plan, spent=(("p-00000001", GuardName.BYTES),)),
    ),
    "spent by a partial plan": (
        "L16: a plan that cannot",
        lambda plan: replace(plan, spent=(("p-00000001", GuardName.BYTES),), filters=("site=*",)),
    ),
}

for total in [
    "sites",
    "packages",
    "jobs",
    "required",
    "ready",
    "in_flight",
    "missing",
    "blocked",
    "send_only_jobs",
    "cancellations",
    "bytes",
]:
    TAMPERED[f"{total} miscounted"] = ("cli.md:", lambda plan, total=total: summed(plan, **{total: 1}))


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_plan_is_found_out(name: str) -> None:
    made = world()
    expected, tamper = TAMPERED[name]
    sentences = found(tamper(made.plan()), made)
    assert any(sentence.startswith(expected) for sentence in sentences), sentences


def test_a_plan_of_broken_manifests_that_cancels_or_forgets_is_found_out() -> None:
    made = world()
    plan = made.plan()
    made.whole = False
    sentences = found(plan, made)
    assert any(sentence.startswith("L35: Q@DE1 becomes obsolete") for sentence in sentences)
    assert any(sentence.startswith("L35: site OLD is forgotten") for sentence in sentences)


def test_a_send_to_a_pair_suspended_meanwhile_is_found_out() -> None:
    made = world()
    plan = made.plan()
    made.holds = [Hold(site=SiteName("DE1"), package=None, actor="anna", reason="why", since=NOW)]
    assert any("P@DE1 is sent to although it is blocked: suspended" in sentence for sentence in found(plan, made))


def test_a_guard_that_does_not_trip_is_found_out_where_the_limits_are_known() -> None:
    made = world()
    plan = made.plan()
    made.guards = Guards(allow_site_removals=True, changed_packages=ShareGuard(share=10.0, start=1), bytes=1)
    assert "L16: guard bytes does not trip" in found(plan, made)
    assert audit(plan, made.fleet(), made.snapshot()) == ()


def test_an_expired_acknowledgement_lets_nothing_pass() -> None:
    made = world()
    made.guards = Guards()
    plan = made.plan()
    assert plan.refused
    acknowledge_all(made, plan)
    passed = made.plan()
    assert found(passed, made) == ()
    void = replace(passed, created_at=Instant(NOW + 86400))
    assert any("siteRemovals is passed by actions nobody acknowledged" in one for one in found(void, made))
