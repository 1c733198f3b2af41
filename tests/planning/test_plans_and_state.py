"""Plans against the state that is the reference for all others: what is submitted is what the next plan sees."""

from reconciler.model.holdings import Held, Receipt
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import CancellationReason, Plan, Verdict
from reconciler.model.priority import Priority
from reconciler.model.settings import Guards
from reconciler.planning.audit import audit
from reconciler.planning.planner import make_plan
from reconciler.planning.wanted import wanted_pairs
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author

from .builders import NOW, WantedJob, World, package, site

AUTHOR = Author(actor="anna", at=NOW)
GUARDS = Guards(allow_site_removals=True)


def world() -> World:
    made = World().add(site("HQ1"), site("EU1", "HQ1"), site("DE1", "EU1"), package("P"))
    return made.add(WantedJob("p", "P", ("EU1", "DE1")))


def plan(made: World, state: MemoryState) -> Plan:
    fleet = made.fleet()
    snapshot = state.snapshot(wanted_pairs(fleet))
    planned = make_plan(fleet, snapshot, at=NOW, guards=GUARDS, tool_version="0.0.0")
    assert audit(planned, fleet, snapshot, guards=GUARDS) == ()
    return planned


def submit(made: World, state: MemoryState) -> Plan:
    """Submit, and see that nothing moved and nothing is left to submit."""
    planned = plan(made, state)
    assert state.submit(planned, AUTHOR, strict=True).moved == ()
    assert not plan(made, state).has_changes
    return planned


def arrive(made: World, state: MemoryState) -> None:
    for send in state.sends():
        parts = made.packages[send.package].parts
        held = Held(content=send.revision.content, setup=send.revision.setup, parts=parts)
        receipt = Receipt(
            package=send.package,
            site=send.site,
            number=send.number,
            held=held,
            verified_at=Instant(NOW + 1),
            verifier="worker",
            proof="read-back",
        )
        assert state.receive(receipt, AUTHOR)


def test_L8_what_is_submitted_and_arrives_leaves_nothing_to_plan() -> None:
    made, state = world(), MemoryState()
    assert submit(made, state).summary.missing == 2
    assert plan(made, state).summary.in_flight == 2
    arrive(made, state)
    assert plan(made, state).summary.ready == 2


def test_L15_to_and_fro_between_two_revisions_each_send_has_a_number_of_its_own() -> None:
    made, state = world(), MemoryState()
    for number, words in enumerate(("D1 S1", "D2 S1", "D1 S1"), start=1):
        made.add(package("P", words))
        planned = submit(made, state)
        assert {row.number for send in planned.send_only_jobs for row in send.sites} == {number}
        assert len(state.sends()) == 2
    reasons = {change.reason for change in planned.cancellations}
    assert reasons == {CancellationReason.SUPERSEDED}


def test_L6_a_rise_of_the_priority_is_recorded_once() -> None:
    made, state = world(), MemoryState()
    submit(made, state)
    made.jobs["p"].priority = Priority.HIGH
    assert [change.priority for change in submit(made, state).updates] == [Priority.HIGH]
    assert {send.priority for send in state.sends()} == {Priority.HIGH}


def test_L14_a_removed_job_leaves_no_open_send() -> None:
    made, state = world(), MemoryState()
    submit(made, state)
    del made.jobs["p"]
    assert submit(made, state).summary.cancellations == 2
    assert state.sends() == []


def test_L31_L32_a_site_that_left_is_forgotten_with_its_open_send() -> None:
    made, state = world().add(package("Q"), WantedJob("q", "Q", ("DE1",))), MemoryState()
    submit(made, state)
    arrive(made, state)
    made.add(package("Q", "D2 S1"))
    submit(made, state)
    del made.sites["DE1"], made.jobs["q"]
    made.jobs["p"].targets = ("EU1",)
    planned = submit(made, state)
    assert [(removal.site, removal.packages) for removal in planned.removals] == [("DE1", ("P", "Q"))]
    assert state.sends() == []
    made.add(site("DE1", "EU1"))
    made.jobs["p"].targets = ("EU1", "DE1")
    back = plan(made, state)
    assert [(pair.site, pair.verdict) for pair in back.pairs] == [(SiteName("DE1"), Verdict.MISSING)]
    assert [(send.package, row.number) for send in back.send_only_jobs for row in send.sites] == [(PackageName("P"), 2)]
