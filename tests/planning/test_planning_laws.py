"""The laws of domain.md 4 that a plan must keep, one by one."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Holding, Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import BlockReason, CancellationReason, GapReason, JobVerdict, Plan, Verdict
from reconciler.model.priority import Priority
from reconciler.model.settings import Guards
from reconciler.model.snapshot import Cause, Hold, Mode, SendState
from reconciler.planning.audit import audit
from reconciler.planning.rules import BLOCKS, GAPS
from reconciler.planning.wanted import wanted_pairs

from .builders import NOW, WantedJob, World, damaged, lost, package, record_only, revision, site, staged


def world(*targets: str) -> World:
    """HQ1 over EU1 over DE1 and FR1; package P of HQ1; job p created at HQ1."""
    made = World().add(site("HQ1"), site("EU1", "HQ1"), site("DE1", "EU1"), site("FR1", "EU1"), package("P"))
    return made.add(WantedJob("p", "P", targets or ("DE1",)))


def sent(plan: Plan) -> dict[str, Mode]:
    return {f"{send.package}@{row.site}": send.mode for send in plan.send_only_jobs for row in send.sites}


def verdicts(plan: Plan) -> dict[str, Verdict]:
    return {f"{pair.package}@{pair.site}": pair.verdict for pair in plan.pairs}


def cancelled(plan: Plan, reason: CancellationReason) -> list[str]:
    return [row.site for change in plan.cancellations if change.reason is reason for row in change.sites]


@pytest.mark.parametrize(
    "holding",
    [lost("D1 S1"), record_only("D1 S1"), damaged("D1 S1"), staged("D1 S2"), staged("D2 S1"), Unknown(reason="why")],
)
def test_L1_only_a_receipt_of_exactly_this_revision_makes_a_pair_ready(holding: Holding) -> None:
    made = world().hold("P@DE1", holding)
    assert made.plan().summary.ready == 0
    assert made.plan().jobs[0].verdict is not JobVerdict.READY
    made.hold("P@DE1", staged("D1 S1"))
    assert made.plan().summary.ready == 1
    assert made.plan().jobs[0].verdict is JobVerdict.READY


def test_L2_titles_versions_labels_and_places_send_nothing() -> None:
    made = world().hold("P@DE1", staged("D1 S1"))
    made.packages["P"] = replace(made.packages["P"], title="new", version="9.9", labels={"team": "new"}, keep=9)
    made.sites["DE1"] = replace(made.sites["DE1"], title="new", labels={"region": "new"})
    assert not made.plan().has_changes


def test_L3_a_change_of_setup_sends_no_byte_of_content() -> None:
    made = world().hold("P@DE1", staged("D1 S9"))
    plan = made.plan()
    assert sent(plan) == {"P@DE1": Mode.SETUP_ONLY}
    assert plan.summary.bytes == made.packages["P"].setup_size


def test_L3_a_change_of_content_sends_content_by_itself() -> None:
    assert sent(world().hold("P@DE1", staged("D9 S1")).plan()) == {"P@DE1": Mode.CONTENT}


def test_L4_setup_and_content_that_change_together_travel_together() -> None:
    plan = world().hold("P@DE1", staged("D9 S9")).plan()
    assert [(send.mode, send.revision) for send in plan.send_only_jobs] == [(Mode.CONTENT, revision("D1 S1"))]


def test_L5_targets_and_the_site_of_the_job_are_required_and_the_origin_is_not() -> None:
    made = world()
    made.jobs["p"].site = "EU1"
    made.jobs["p"].targets = ("DE1", "HQ1")
    wanted = wanted_pairs(made.fleet())
    assert [(one.package, made.fleet().names(one.sites)) for one in wanted.packages] == [("P", ("DE1", "EU1"))]


def test_L5_a_package_that_no_job_needs_is_not_wanted() -> None:
    made = world("HQ1").add(package("Q"))
    assert wanted_pairs(made.fleet()).packages == ()
    assert wanted_pairs(made.fleet()).sites == ("DE1", "EU1", "FR1", "HQ1")


def test_L6_one_send_only_job_for_each_revision_mode_and_priority() -> None:
    made = world("all").add(site("NY1", "HQ1"), site("US1", "HQ1"), package("Q"))
    made.add(WantedJob("q", "Q", ("DE1",)), WantedJob("urgent", "P", ("US1",), priority=Priority.HIGH))
    made.hold("P@DE1", staged("D1 S9")).hold("P@FR1", staged("D9 S9"))
    groups = [
        (send.package, send.mode.value, send.priority.word, [row.site for row in send.sites])
        for send in made.plan().send_only_jobs
    ]
    assert groups == [
        ("P", "content", "high", ["US1"]),
        ("P", "content", "medium", ["EU1", "FR1", "NY1"]),
        ("P", "setup-only", "medium", ["DE1"]),
        ("Q", "content", "medium", ["DE1"]),
    ]


def test_L6_no_send_to_a_pair_that_is_ready_or_in_flight() -> None:
    made = world("DE1", "FR1").hold("P@DE1", staged("D1 S1")).open("P@FR1", "D1 S1")
    assert sent(made.plan()) == {}


def test_L7_made_at_another_instant_the_id_is_the_same() -> None:
    made = world()
    plan, later = made.plan(), made.plan(at=Instant(NOW + 10**6))
    assert plan.id == later.id
    assert replace(later, created_at=plan.created_at) == plan


def test_L7_the_id_is_that_of_the_actions_alone() -> None:
    made = world()
    plan = made.plan()
    made.sites["DE1"] = replace(made.sites["DE1"], timezone="Asia/Tokyo")
    made.row("P@DE1").version = 7
    assert made.plan().id == plan.id
    made.hold("P@DE1", staged("D1 S9"))
    assert made.plan().id != plan.id


def test_L8_once_recorded_or_arrived_nothing_is_planned() -> None:
    made = world("all")
    made.submit(made.plan())
    assert not made.plan().has_changes
    assert set(verdicts(made.plan()).values()) == {Verdict.IN_FLIGHT}
    made.carry_out()
    assert not made.plan().has_changes
    assert made.plan().summary.ready == 3


def test_L8_submitting_the_same_plan_twice_has_one_key() -> None:
    made = world("all")
    assert [send.key for send in made.plan().send_only_jobs] == [send.key for send in made.plan().send_only_jobs]


def test_a_site_that_lost_its_copy_gets_a_send_of_another_key() -> None:
    """Decision 0005: the number is part of the key, or the site could never be sent to again."""
    made = world()
    first = made.plan().send_only_jobs[0]
    made.submit(made.plan())
    made.carry_out()
    made.hold("P@DE1", lost("D1 S1"))
    second = made.plan().send_only_jobs[0]
    assert (first.sites[0].number, second.sites[0].number) == (1, 2)
    assert first.key != second.key


def test_L9_under_is_the_site_and_its_subtree_and_a_name_the_site_alone() -> None:
    assert sorted(sent(world("under EU1").plan())) == ["P@DE1", "P@EU1", "P@FR1"]
    assert sorted(sent(world("EU1").plan())) == ["P@EU1"]


def test_L11_a_route_leads_from_the_origin_down_to_the_site() -> None:
    made = world()
    assert [pair.route for pair in made.plan().pairs] == [("HQ1", "DE1")]
    fleet, snapshot, plan = made.fleet(), made.snapshot(), made.plan()
    uprooted = tuple(replace(one, parent=None) if one.name == "EU1" else one for one in fleet.sites)
    sentences = audit(plan, _with_sites(fleet, uprooted), snapshot)
    assert sentences == ("L11: P@DE1 cannot be reached from HQ1 by HQ1 to DE1",)


def _with_sites(fleet: Fleet, sites: Iterable[object]) -> Fleet:
    return Fleet(sites=tuple(sites), packages=fleet.packages, jobs=fleet.jobs, digest=fleet.digest)


def test_L12_a_site_without_an_address_is_named_and_the_others_go_on() -> None:
    made = world("DE1", "FR1").add(site("DE1", "EU1", address=False))
    plan = made.plan()
    assert verdicts(plan) == {"P@DE1": Verdict.BLOCKED, "P@FR1": Verdict.MISSING}
    assert sent(plan) == {"P@FR1": Mode.CONTENT}
    assert plan.jobs[0].blockers == ("P@DE1: no-address",)


def test_L13_a_site_added_to_a_job_is_the_only_one_sent_to() -> None:
    made = world("DE1")
    made.submit(made.plan())
    made.carry_out()
    made.jobs["p"].targets = ("DE1", "FR1")
    assert sent(made.plan()) == {"P@FR1": Mode.CONTENT}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (SendState.QUEUED, ["DE1"]),
        (SendState.BACKING_OFF, ["DE1"]),
        (SendState.SENDING, []),
        (SendState.VERIFYING, []),
    ],
)
def test_L14_a_removed_job_cancels_what_no_worker_has(state: SendState, expected: list[str]) -> None:
    made = world().open("P@DE1", "D1 S1", state=state)
    del made.jobs["p"]
    assert cancelled(made.plan(), CancellationReason.OBSOLETE) == expected


@pytest.mark.parametrize("cause", [Cause.NETWORK, Cause.SPACE, Cause.STORE_MISMATCH])
def test_L14_what_backs_off_for_any_cause_is_cancelled(cause: Cause) -> None:
    made = world().open("P@DE1", "D1 S1", state=SendState.BACKING_OFF, cause=cause)
    del made.jobs["p"]
    assert cancelled(made.plan(), CancellationReason.OBSOLETE) == ["DE1"]


def test_L14_a_suspended_job_makes_nothing_obsolete() -> None:
    made = world().open("P@DE1", "D1 S1")
    made.jobs["p"].suspended = True
    assert not made.plan().has_changes


@pytest.mark.parametrize("state", [SendState.QUEUED, SendState.SENDING, SendState.VERIFYING])
def test_L15_a_new_revision_supersedes_started_or_not(state: SendState) -> None:
    made = world().open("P@DE1", "D9 S9", state=state)
    plan = made.plan()
    assert cancelled(plan, CancellationReason.SUPERSEDED) == ["DE1"]
    assert sent(plan) == {"P@DE1": Mode.CONTENT}
    assert [row.number for row in plan.send_only_jobs[0].sites] == [2]


def test_L15_two_open_sends_for_one_pair_never_exist() -> None:
    made = world().open("P@DE1", "D9 S9")
    for words in ("D1 S1", "D2 S1", "D2 S2", "D1 S1"):
        made.packages["P"] = package("P", words)
        made.submit(made.plan())
        assert made.row("P@DE1").open.revision == revision(words)
        assert not made.plan().has_changes


@pytest.mark.parametrize(
    "block", ["suspended", "unknown", "store-mismatch", "not-packed", "path-not-representable", "no-address"]
)
def test_L15_an_old_send_of_a_blocked_pair_is_replaced_once_the_block_is_gone(block: str) -> None:
    """Whatever became of it meanwhile: never two open, and the new revision arrives in the end."""
    made = world().open("P@DE1", "D9 S9")
    match block:
        case "suspended":
            made.holds = [Hold(site=SiteName("DE1"), package=None, actor="anna", reason="why", since=NOW)]
        case "unknown":
            made.row("P@DE1").holding = Unknown(reason="why")
        case "store-mismatch":
            row = made.row("P@DE1")
            row.open = replace(row.open, state=SendState.BACKING_OFF, cause=Cause.STORE_MISMATCH)
        case "not-packed":
            made.add(package("P", readable=False))
        case "path-not-representable":
            made.add(package("P", unportable=("a:b",)), site("DE1", "EU1", case_sensitive=False))
        case "no-address":
            made.add(site("DE1", "EU1", address=False))
    blocked = made.plan()
    assert verdicts(blocked) == {"P@DE1": Verdict.BLOCKED}
    made.submit(blocked)
    assert not made.plan().has_changes
    made.holds, row = [], made.row("P@DE1")
    row.holding = staged("D9 S9")
    if row.open is not None:
        row.open = replace(row.open, state=SendState.QUEUED, cause=None)
    made.add(package("P"), site("DE1", "EU1"))
    made.submit(made.plan())
    assert made.row("P@DE1").open.revision == revision("D1 S1")
    made.carry_out()
    assert made.plan().summary.ready == 1


def test_L16_a_refused_plan_says_so_and_spends_nothing() -> None:
    made = world()
    made.guards = Guards(bytes=1)
    plan = made.plan()
    assert plan.refused
    assert plan.spent == ()
    assert plan.has_changes


def test_L31_the_number_of_a_removed_site_goes_on_when_it_comes_back() -> None:
    made = world().hold("P@DE1", staged("D1 S1"), mark=4)
    gone = made.sites.pop("DE1")
    made.jobs["p"].targets = ("FR1",)
    made.submit(made.plan())
    made.sites["DE1"], made.jobs["p"].targets = gone, ("DE1",)
    assert [row.number for row in made.plan().send_only_jobs[0].sites] == [5]


def test_P5_ready_pairs_create_no_objects() -> None:
    made = world("all")
    for name in ("DE1", "FR1"):
        made.hold(f"P@{name}", staged("D1 S1"))
    plan = made.plan()
    assert [pair.site for pair in plan.pairs] == ["EU1"]
    assert (plan.summary.required, plan.summary.ready) == (3, 2)
    assert [pair.site for pair in made.plan(include_ready=True).pairs] == ["DE1", "EU1", "FR1"]


def test_the_rules_stand_in_the_order_in_which_reasons_count() -> None:
    assert [reason for reason, _ in GAPS] == list(GapReason)
    assert [reason for reason, _ in BLOCKS] == [reason for reason in BlockReason if reason is not BlockReason.NO_ROUTE]


def test_a_pair_says_where_it_is_asked_for() -> None:
    made = world("DE1", "under EU1")
    made.jobs["p"].site = "EU1"
    assert [(pair.site, pair.where.line) for pair in made.plan().pairs] == [("DE1", 10), ("EU1", 11), ("FR1", 11)]
    made.jobs["p"].targets = ("DE1",)
    assert [(pair.site, pair.where.line) for pair in made.plan().pairs] == [("DE1", 10), ("EU1", 3)]


def test_a_blocked_pair_names_what_would_mend_it() -> None:
    made = world("DE1", "EU1", "FR1")
    made.holds = [Hold(site=SiteName("DE1"), package=None, actor="anna", reason="why", since=NOW)]
    made.close("P@EU1", "D1 S1", state=SendState.CANCELLED, job="send-P-old")
    made.jobs["p"].suspended = True
    pairs = {pair.site: pair for pair in made.plan().pairs}
    assert pairs["DE1"].held == "site/DE1"
    assert pairs["EU1"].held == "job/p"
    assert pairs["EU1"].send_only_job == "send-P-old"
    made.holds = [Hold(site=None, package=PackageName("P"), actor="anna", reason="why", since=NOW)]
    assert {pair.held for pair in made.plan().pairs} == {"package/P"}


def test_an_open_send_tells_how_far_it_is() -> None:
    made = world("DE1", "FR1").open("P@DE1", "D1 S1", state=SendState.SENDING, bytes_done=7)
    made.open("P@FR1", "D1 S1", state=SendState.BACKING_OFF, cause=Cause.NETWORK, next_attempt=Instant(NOW + 5))
    sending, waiting = (pair.underway for pair in made.plan().pairs)
    assert (sending.state, sending.since, sending.bytes_done) == (SendState.SENDING, NOW - 300, 7)
    assert (waiting.cause, waiting.next_attempt) == (Cause.NETWORK, NOW + 5)
