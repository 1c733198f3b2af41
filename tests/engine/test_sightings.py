"""What of a pass, of a worker's events and of a look somebody may want to be told of."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from reconciler.engine.news import Passed
from reconciler.engine.passes import Outcome, PassReport
from reconciler.engine.sampling import overdue
from reconciler.engine.sightings import of_look, of_pass, of_verifications, of_work
from reconciler.model.census import Verified
from reconciler.model.diagnostics import Diagnostic, Severity, Where
from reconciler.model.holdings import Absent, Holding
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.notifications import Sighting
from reconciler.model.plan import Plan
from reconciler.model.quantities import Bytes
from reconciler.model.settings import EventKind, Guards, ShareGuard
from reconciler.model.snapshot import Cause, SendState
from reconciler.model.verification import Answer, Effect, PairLook, SiteLook
from reconciler.model.working import SendArrived, SendFailed, SendStarted, SendWaits
from tests.planning.builders import NOW, WantedJob, World, damaged, package, site, staged
from tests.views.working import send

Seen = dict[EventKind, Sighting]
LATER = Instant(NOW + 5)


def a_world() -> World:
    return World().add(site("HQ1"), site("EU1", "HQ1"), site("DE1", "EU1"), package("P"), WantedJob("p", "P", ("all",)))


def wrong(code: str = "x", file: str = "a.yaml", *, line: int = 1, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(code=code, message=f"{code} is wrong", where=Where(file, line), severity=severity)


def seen(
    plan: Plan | None,
    diagnostics: Iterable[Diagnostic] = (),
    *,
    outcome: Outcome = Outcome.DONE,
    standing: Iterable[tuple[EventKind, str]] = (),
) -> Seen:
    report = PassReport(outcome=outcome, plan=plan, diagnostics=tuple(diagnostics), commit=None)
    known: dict[EventKind, dict[str, Instant]] = {}
    for kind, subject in standing:
        known.setdefault(kind, {})[subject] = NOW
    found = list(of_pass(Passed(report=report), known, at=LATER))
    assert len({one.kind for one in found}) == len(found)
    return {one.kind: one for one in found}


@pytest.mark.parametrize("outcome", [Outcome.MOVED, Outcome.FAILED])
def test_a_pass_that_read_nothing_through_says_nothing(outcome: Outcome) -> None:
    assert seen(a_world().plan(), [wrong()], outcome=outcome) == {}


def test_broken_manifests_are_told_by_file_in_a_few_words() -> None:
    found = seen(
        a_world().plan(),
        [wrong("y", line=9), wrong("x", line=3), wrong("z", "b.yaml"), wrong("w", "c.yaml", severity=Severity.WARNING)],
        outcome=Outcome.INVALID,
    )[EventKind.MANIFESTS_INVALID]
    assert found.standing == {"a.yaml": "line 3: x: x is wrong, and 1 more", "b.yaml": "line 1: z: z is wrong"}
    assert found.over is None


def test_broken_settings_say_nothing_of_the_manifests() -> None:
    found = seen(None, [wrong(file="reconciler.yaml")], outcome=Outcome.INVALID)
    assert found[EventKind.MANIFESTS_INVALID].over == frozenset()
    assert found[EventKind.MANIFESTS_INVALID].at == LATER
    assert EventKind.JOB_READY not in found


@pytest.mark.parametrize("kind", [EventKind.BRANCH_MISSING, EventKind.HISTORY_REWRITTEN, EventKind.COMMIT_REFUSED])
def test_what_is_wrong_with_the_branch_is_a_kind_of_its_own(kind: EventKind) -> None:
    found = seen(a_world().plan(), [wrong(kind.value, "branch main")], outcome=Outcome.HELD)
    assert list(found[kind].standing) == [f"{kind.value} is wrong"]
    assert found[kind].over == frozenset()
    assert found[EventKind.MANIFESTS_INVALID].standing == {}
    well = seen(a_world().plan())[kind]
    assert (well.standing, well.over) == ({}, None)


def test_a_guard_that_refuses_says_how_to_go_on() -> None:
    made = a_world()
    made.guards = Guards(bytes=Bytes(1))
    plan = made.plan()
    found = seen(plan, outcome=Outcome.REFUSED)[EventKind.GUARD_REFUSED]
    assert list(found.standing) == ["bytes"]
    assert f"reconcile acknowledge {plan.id} bytes --reason TEXT" in found.standing["bytes"]
    assert (found.plan, found.at) == (plan.id, plan.created_at)


def ready_world() -> World:
    return a_world().hold("P@EU1", staged("D1 S1")).hold("P@DE1", staged("D1 S1"))


def test_a_ready_job_is_named_and_no_other() -> None:
    found = seen(ready_world().plan())[EventKind.JOB_READY]
    assert found.standing == {"p": "P, 2 sites"}
    assert (found.over, found.baseline) == (None, True)
    assert seen(a_world().plan())[EventKind.JOB_READY].standing == {}


def test_what_errors_left_out_is_not_over() -> None:
    left = seen(ready_world().add(WantedJob("q", "P", ("EU1",))).plan(), [wrong()], outcome=Outcome.INVALID)
    assert left[EventKind.JOB_READY].over == frozenset()
    assert left[EventKind.SEND_FAILED].over == frozenset()
    waiting = seen(a_world().plan(), [wrong()], outcome=Outcome.INVALID)
    assert waiting[EventKind.JOB_READY].over == frozenset({"p"})


def test_what_a_refused_plan_leaves_out_is_not_over() -> None:
    made = ready_world()
    made.guards = replace(made.guards, changed_packages=ShareGuard(share=made.guards.heals.share, start=0))
    made.jobs.clear()
    made.packages.clear()
    made.sites.clear()
    plan = made.plan()
    assert plan.refused
    assert seen(plan, outcome=Outcome.REFUSED)[EventKind.JOB_READY].over == frozenset()


def test_a_failed_send_is_told_from_the_plan_too() -> None:
    made = a_world().close("P@DE1", "D1 S1", state=SendState.FAILED, cause=Cause.PERMISSION, detail="no")
    found = seen(made.plan())[EventKind.SEND_FAILED]
    assert list(found.standing) == ["P@DE1"]
    assert found.over is None


def test_a_worker_tells_of_its_failures_at_once() -> None:
    (failed,) = of_work(SendFailed(at=NOW, send=send("P@DE1"), cause=Cause.PERMISSION, detail="read only"))
    assert (failed.kind, failed.standing, failed.over) == (
        EventKind.SEND_FAILED,
        {"P@DE1": "permission: read only"},
        frozenset(),
    )
    assert list(of_work(SendStarted(at=NOW, send=send("P@DE1")))) == []
    network = SendWaits(at=NOW, send=send("P@DE1"), cause=Cause.NETWORK, detail="x", until=NOW)
    assert list(of_work(network)) == []


def test_another_store_is_told_by_site_until_something_arrives() -> None:
    waits = SendWaits(at=NOW, send=send("P@DE1"), cause=Cause.STORE_MISMATCH, detail="of EU1", until=NOW)
    (told,) = of_work(waits)
    assert (told.kind, told.standing) == (EventKind.STORE_MISMATCH, {"DE1": "of EU1"})
    (over,) = of_work(SendArrived(at=NOW, send=send("P@DE1"), bytes=Bytes(1), seconds=1, proof="p"))
    assert (over.kind, over.over) == (EventKind.STORE_MISMATCH, frozenset({"DE1"}))


def test_a_plan_ends_another_store_only_where_it_knows_better() -> None:
    standing = [(EventKind.STORE_MISMATCH, name) for name in ("DE1", "EU1", "ZZ9")]
    made = ready_world().open("P@EU1", "D1 S1", state=SendState.BACKING_OFF, cause=Cause.STORE_MISMATCH)
    made.rows["P", "EU1"].holding = Absent()  # type: ignore[index]
    found = seen(made.plan(), standing=standing)[EventKind.STORE_MISMATCH]
    assert list(found.standing) == ["EU1"]
    assert found.over == {"DE1"}


def pair_look(name: str, effect: Effect, found: Holding, *, why: str = "") -> PairLook:
    return PairLook(
        package=PackageName(name),
        site=SiteName("DE1"),
        before=staged("D1 S1"),
        known_number=1,
        mark=1,
        found=found,  # type: ignore[arg-type]
        number=1,
        effect=effect,
        why=why,
    )


def test_drift_is_told_when_a_look_finds_it_and_is_over_when_one_finds_it_healed() -> None:
    look = SiteLook(
        site=SiteName("DE1"),
        answer=Answer.READ,
        pairs=(
            pair_look("gone", Effect.DRIFT, Absent()),
            pair_look("bad", Effect.DRIFT, damaged("D1 S1"), why="a.bin is altered"),
            pair_look("known", Effect.AGREES, damaged("D1 S1")),
            pair_look("well", Effect.AGREES, staged("D1 S1")),
            pair_look("found", Effect.DRIFT, staged("D1 S1")),
            pair_look("moved", Effect.MOVED, Absent()),
            pair_look("sent", Effect.IN_FLIGHT, staged("D1 S1")),
        ),
    )
    store, drift = of_look(look, at=NOW)
    assert drift.standing == {"gone@DE1": "gone", "bad@DE1": "a.bin is altered"}
    assert drift.over == {"well@DE1"}
    assert (store.standing, store.over) == ({}, {"DE1"})


def test_a_store_that_is_not_the_sites_is_told_and_one_that_is_silent_is_not() -> None:
    other = SiteLook(site=SiteName("DE1"), answer=Answer.OTHER, detail="of EU1")
    (found,) = of_look(other, at=NOW)
    assert (found.kind, found.standing) == (EventKind.STORE_MISMATCH, {"DE1": "of EU1"})
    assert list(of_look(SiteLook(site=SiteName("DE1"), answer=Answer.SILENT), at=NOW)) == []


def test_a_plan_ends_drift_only_where_a_needed_pair_is_ready() -> None:
    standing = [(EventKind.DRIFT_FOUND, name) for name in ("P@DE1", "P@EU1", "P@ZZ9")]
    made = ready_world().hold("P@EU1", damaged("D1 S1"))
    found = seen(made.plan(), standing=standing)[EventKind.DRIFT_FOUND]
    assert list(found.standing) == ["P@EU1"]
    assert found.over == {"P@DE1"}


def test_a_site_is_overdue_when_its_oldest_verification_is() -> None:
    fleet = a_world().fleet()
    every = fleet.sites[0].verification.every
    late, timely = Instant(NOW - every - 1), Instant(NOW - every)
    verified = [
        Verified(site=SiteName("DE1"), oldest=late, latest=NOW),
        Verified(site=SiteName("EU1"), oldest=timely, latest=NOW),
        Verified(site=SiteName("GONE"), oldest=late, latest=late),
    ]
    found = overdue(fleet, verified, at=NOW)
    assert found == {"DE1": NOW - 1}
    told = of_verifications(found, at=NOW)
    assert told.standing == {"DE1": "was to be verified by 2026-11-24T15:01:59Z"}
    assert told.over is None
