"""What a change of manifests does to the plan: each line that differs, and nothing that stays."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.model.acknowledgements import GuardName
from reconciler.model.commits import CommitId
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.plan import GuardResult, JobVerdict, Plan, Verdict
from reconciler.model.priority import Priority
from reconciler.model.review import ActionKind, Base, Change, PairLine, Review, Taken, Unlined
from reconciler.model.sites import Weekday, Window
from reconciler.planning.review import review

from ..properties import tried
from .builders import WantedJob, World, package, site, staged
from .worlds import worlds

few = settings(tried(15), suppress_health_check=[HealthCheck.too_slow])
NIGHT = Window(name="night", days=frozenset(Weekday), starts=60, ends=120)
BASE = Base(revision="main", commit=CommitId("3" * 40), taken=Taken.ITSELF)


def shops() -> World:
    """P at A and B; A holds it, B does not."""
    world = World().add(site("HQ1"), site("A", "HQ1", rate=8_000_000), site("B", "HQ1", rate=8_000_000))
    world.add(package("P", "D1 S1", version="1"), WantedJob("run-p", "P", ("A", "B"), site="HQ1"))
    return world.hold("P@A", staged("D1 S1", version="1"))


def changed(before: World, after: World) -> Review:
    """Of other manifests and the same state."""
    after.rows, after.holds = before.rows, before.holds
    return review(BASE, before=before.plan(), after=after.plan())


def told(review: Review) -> list[tuple[str, str, str]]:
    return [(f"{each.package}@{each.site}", _of(each.before), _of(each.after)) for each in review.pairs]


def _of(line: PairLine | Unlined) -> str:
    return line.value if isinstance(line, Unlined) else line.pair.verdict.value


def test_the_same_manifests_change_nothing() -> None:
    same = changed(shops(), shops())
    assert not same.has_changes
    assert (same.sites, same.packages, same.added.bytes, same.removed.bytes) == ((), (), 0, 0)


def test_a_new_revision_is_sent_to_those_that_were_ready_and_those_that_were_not() -> None:
    after = shops().add(package("P", "D2 S1", version="2", size=150_000_000))
    made = changed(shops(), after)
    assert told(made) == [("P@A", "ready", "missing"), ("P@B", "missing", "missing")]
    assert [each.change for each in made.pairs] == [Change.ADDED, Change.CHANGED]
    assert made.added.bytes == 150_001_000 + 30_000_000
    assert made.removed.bytes == 0
    assert made.added.seconds == 151 + 30


def test_a_site_more_and_a_site_less() -> None:
    after = shops().add(site("C", "HQ1"), WantedJob("run-p", "P", ("A", "C"), site="HQ1"))
    made = changed(shops(), after)
    assert told(made) == [("P@B", "missing", "not-required"), ("P@C", "not-required", "missing")]
    assert [each.change for each in made.pairs] == [Change.REMOVED, Change.ADDED]
    assert (made.sites, made.packages) == (("B", "C"), ("P",))
    assert (made.removed.seconds, made.added.unrated) == (121, 1)


def test_going_back_to_what_a_site_holds_removes_its_line() -> None:
    before = shops().add(package("P", "D2 S1", version="2"))
    made = changed(before, shops())
    assert told(made)[0] == ("P@A", "missing", "ready")
    assert made.pairs[0].change is Change.REMOVED


def test_another_site_in_the_same_send_changes_no_other_line() -> None:
    """The name of a planned send is made from all its sites."""
    after = shops().add(site("C", "HQ1"), WantedJob("run-p", "P", ("A", "B", "C"), site="HQ1"))
    made = changed(shops(), after)
    assert told(made) == [("P@C", "not-required", "missing")]


def test_another_job_for_the_same_pair_changes_no_line() -> None:
    made = changed(shops(), shops().add(WantedJob("again", "P", ("B",), site="HQ1")))
    assert made.pairs == ()
    assert [(job.name, job.change) for job in made.jobs] == [("again", Change.ADDED)]


def test_another_priority_window_or_rate_changes_a_line() -> None:
    urgent = shops().add(WantedJob("run-p", "P", ("A", "B"), site="HQ1", priority=Priority.HIGH))
    made = changed(shops(), urgent)
    assert [(each.before.priority, each.after.priority) for each in made.pairs] == [(Priority.MEDIUM, Priority.HIGH)]
    night = shops().add(site("B", "HQ1", rate=8_000_000, windows=[NIGHT]))
    assert told(changed(shops(), night)) == [("P@B", "missing", "missing")]
    assert changed(shops(), night).added.bytes == 0
    slower = changed(shops(), shops().add(site("B", "HQ1", rate=4_000_000)))
    assert told(slower) == [("P@B", "missing", "missing")]
    assert (slower.added.seconds, slower.removed.seconds) == (120, 0)


def test_other_content_of_the_same_size_changes_a_line() -> None:
    before = shops().add(package("P", "D2 S1", version="2"))
    made = changed(before, shops().add(package("P", "D3 S1", version="2")))
    assert told(made) == [("P@A", "missing", "missing"), ("P@B", "missing", "missing")]
    assert (made.added.bytes, made.removed.bytes) == (0, 0)


def test_a_job_that_goes_cancels_its_open_send() -> None:
    before, after = shops().open("P@B", "D1 S1"), shops()
    after.jobs = {}
    made = changed(before, after)
    assert told(made) == [("P@B", "in-flight", "not-required")]
    assert [(each.change, each.after.kind, each.after.becomes) for each in made.actions] == [
        (Change.ADDED, ActionKind.CANCEL, "obsolete")
    ]
    back = changed(after, before)
    assert [(each.change, each.before.becomes) for each in back.actions] == [(Change.REMOVED, "obsolete")]


def test_what_both_plans_cancel_or_raise_is_no_change() -> None:
    before = shops().open("P@B", "D1 S1", priority=Priority.LOW)
    assert changed(before, shops().add(site("C", "HQ1"))).actions == ()
    urgent = changed(before, shops().add(WantedJob("run-p", "P", ("A", "B"), site="HQ1", priority=Priority.HIGH)))
    assert [(each.change, each.before.becomes, each.after.becomes) for each in urgent.actions] == [
        (Change.CHANGED, "medium", "high")
    ]
    before.jobs = {}
    after = shops().add(site("C", "HQ1"))
    after.jobs = {}
    assert before.plan().cancellations
    assert changed(before, after).actions == ()


def test_a_site_that_leaves_is_forgotten_and_trips_the_guard() -> None:
    after = shops().add(WantedJob("run-p", "P", ("B",), site="HQ1"))
    del after.sites["A"]
    made = changed(shops(), after)
    removal = made.actions[0].after
    assert (removal.kind, removal.site, removal.packages) == (ActionKind.REMOVE, "A", ("P",))
    assert [(guard.name, guard.newly_tripped) for guard in made.guards] == [(GuardName.SITE_REMOVALS, True)]


def test_verdicts_of_jobs_and_when_all_is_there() -> None:
    held = shops().hold("P@B", staged("D1 S1", version="1"))
    after = shops().add(package("P", "D2 S1", version="2"))
    after.rows = held.rows
    made = review(BASE, before=held.plan(), after=after.plan())
    change = made.jobs[0]
    assert (change.before.verdict, change.after.verdict) == (JobVerdict.READY, JobVerdict.WAITING)
    assert change.verdict_changes
    assert made.done_before is None
    assert made.done_after == after.plan().jobs[0].ready_at is not None


def plan_with(*diagnostics: Diagnostic) -> Plan:
    return replace(shops().plan(), diagnostics=diagnostics)


def wrong(file: str, line: int, message: str = "package cad is not declared") -> Diagnostic:
    return Diagnostic(code="unknown-package", message=message, where=Where(file, line, 3), path="spec.package")


@pytest.mark.parametrize(
    "moved", [wrong("jobs/a.yaml", 90), wrong("teams/a.yaml", 4), wrong("jobs/a.yaml", 4)], ids=["line", "file", "same"]
)
def test_what_only_moved_is_neither_introduced_nor_mended(moved: Diagnostic) -> None:
    made = review(BASE, before=plan_with(wrong("jobs/a.yaml", 4)), after=plan_with(moved))
    assert (made.introduced, made.mended) == ((), ())


def test_a_place_named_in_a_message_may_move_too() -> None:
    before = plan_with(wrong("b.yaml", 4, "site A stands in a.yaml:3:1 already"))
    after = plan_with(wrong("b.yaml", 5, "site A stands in a.yaml:4:1 already"))
    assert not review(BASE, before=before, after=after).has_changes


def test_of_two_alike_one_is_introduced_in_the_file_that_had_none() -> None:
    made = review(BASE, before=plan_with(wrong("b.yaml", 4)), after=plan_with(wrong("a.yaml", 4), wrong("b.yaml", 8)))
    assert [each.where.file for each in made.introduced] == ["a.yaml"]
    assert made.mended == ()
    back = review(BASE, before=made.after, after=made.before)
    assert [each.where.file for each in back.mended] == ["a.yaml"]


def guarded(tripped: bool, value: str = "40%", acknowledged: bool = False) -> Plan:
    guard = GuardResult(
        name=GuardName.HEALS, limit="30%", value=value, tripped=tripped, acknowledged=acknowledged, actions=("heal",)
    )
    return replace(shops().plan(), guards=(guard,))


def test_a_guard_is_told_when_it_trips_or_its_value_moves_while_it_is_tripped() -> None:
    told = {
        (before.guards[0].value, after.guards[0].value): [
            (each.before is not None, each.after is not None, each.newly_tripped)
            for each in review(BASE, before=before, after=after).guards
        ]
        for before, after in [
            (guarded(False, "10%"), guarded(True, "40%")),
            (guarded(True, "40%"), guarded(False, "11%")),
            (guarded(True, "40%"), guarded(True, "50%")),
            (guarded(False, "10%"), guarded(False, "20%")),
            (guarded(True, "40%"), guarded(True, "40%")),
            (guarded(False, "10%"), guarded(True, "60%", acknowledged=True)),
        ]
    }
    assert told == {
        ("10%", "40%"): [(False, True, True)],
        ("40%", "11%"): [(True, False, False)],
        ("40%", "50%"): [(True, True, False)],
        ("10%", "20%"): [],
        ("40%", "40%"): [],
        ("10%", "60%"): [(False, True, False)],
    }


@few
@given(worlds(), worlds())
def test_a_review_tells_each_line_that_differs_and_no_other(before: World, after: World) -> None:
    """Against plans that list the ready pairs too, which those of a review need not."""
    made = changed(before, after)
    was, becomes = (_standings(world) for world in (before, after))
    told = {(each.package, each.site): (_of(each.before), _of(each.after)) for each in made.pairs}
    for key in was.keys() | becomes.keys():
        verdicts = was.get(key, "not-required"), becomes.get(key, "not-required")
        if key in told:
            assert told[key] == verdicts
        else:
            assert verdicts[0] == verdicts[1] or set(verdicts) <= {"ready", "not-required"}


@few
@given(worlds(), worlds())
def test_ready_pairs_that_a_plan_lists_are_no_lines(before: World, after: World) -> None:
    made = changed(before, after)
    listed = review(BASE, before=before.plan(include_ready=True), after=after.plan(include_ready=True))
    assert listed.pairs == made.pairs


def _standings(world: World) -> dict[tuple[str, str], str]:
    return {(pair.package, pair.site): pair.verdict.value for pair in world.plan(include_ready=True).pairs}


@few
@given(worlds(), worlds())
def test_bytes_and_lines_add_up(before: World, after: World) -> None:
    made = changed(before, after)
    assert made.added.bytes - made.removed.bytes == made.after.summary.bytes - made.before.summary.bytes
    unready = [sum(pair.verdict is not Verdict.READY for pair in plan.pairs) for plan in (made.before, made.after)]
    added, removed = (sum(each.change is change for each in made.pairs) for change in (Change.ADDED, Change.REMOVED))
    assert added - removed == unready[1] - unready[0]


@few
@given(worlds(), worlds())
def test_the_way_back_is_the_way_turned_round(before: World, after: World) -> None:
    there = changed(before, after)
    back = review(BASE, before=there.after, after=there.before)
    assert [(each.after, each.before) for each in back.pairs] == [(each.before, each.after) for each in there.pairs]
    assert (back.added, back.removed) == (there.removed, there.added)
    assert (back.sites, back.packages, back.has_changes) == (there.sites, there.packages, there.has_changes)
    turned = {Change.ADDED: Change.REMOVED, Change.REMOVED: Change.ADDED, Change.CHANGED: Change.CHANGED}
    assert all(back.lines(turned[change]) == there.lines(change) for change in Change)
