"""Guards by the numbers, and what becomes of acknowledgements (L16; decision 0012)."""

from dataclasses import replace

import pytest

from reconciler.model.acknowledgements import Acknowledgement, GuardName
from reconciler.model.holdings import Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.plan import GuardResult, Plan
from reconciler.model.settings import Guards, ShareGuard
from reconciler.model.snapshot import Hold, SendState
from reconciler.planning.guards import acknowledge

from .builders import NOW, WantedJob, World, acknowledge_all, damaged, digest, lost, package, record_only, site, staged

DIGESTS = f"{digest('D1')}+{digest('S1')}"
ANY = ShareGuard(share=1.0, start=1)


def shops(count: int, **holdings: object) -> World:
    """HQ1 and so many shops, one package that all of them need."""
    made = World().add(site("HQ1"), package("P", size=999, setup_size=1), WantedJob("p", "P", ("all",)))
    made.add(*(site(f"S{number:03}", "HQ1") for number in range(count)))
    for name, holding in holdings.items():
        made.hold(f"P@{name}", holding)
    return made


def result(plan: Plan, name: GuardName) -> GuardResult:
    return next(one for one in plan.guards if one.name is name)


def test_L16_all_six_guards_are_told_in_order() -> None:
    plan = shops(1).plan()
    assert [one.name for one in plan.guards] == list(GuardName)
    assert [(one.limit, one.value, one.tripped) for one in plan.guards] == [
        ("30%", "0%", False),
        ("30%", "0%", False),
        ("30%", "0%", False),
        ("500.0 GiB", "1000 B", False),
        ("refuse", "0", False),
        ("refuse", "not empty", False),
    ]


@pytest.mark.parametrize(("affected", "tripped"), [(9, False), (10, False), (30, False), (31, True), (32, True)])
def test_L16_a_share_is_exceeded_not_reached(affected: int, tripped: bool) -> None:
    made = shops(100)
    for number in range(100):
        made.hold(f"P@S{number:03}", damaged("D1 S1") if number < affected else staged("D1 S1"))
    found = result(made.plan(), GuardName.HEALS)
    assert (found.value, found.tripped) == (f"{affected}%", tripped)


@pytest.mark.parametrize(("start", "tripped"), [(2, True), (3, False)])
def test_L16_from_is_the_first_number_that_is_looked_at(start: int, tripped: bool) -> None:
    made = shops(2, S000=damaged("D1 S1"), S001=damaged("D1 S1"))
    made.guards = Guards(heals=ShareGuard(share=30.0, start=start))
    assert result(made.plan(), GuardName.HEALS).tripped is tripped


def test_L16_heals_repair_what_was_lost_damaged_or_only_recorded() -> None:
    made = shops(6, S000=lost("D9 S1"), S001=damaged("D1 S9"), S002=record_only("D1 S1"), S003=staged("D9 S1"))
    made.hold("P@S004", damaged("D9 S1"))
    made.guards = Guards(heals=ANY)
    expected = ("heal P S000", "heal P S001", "heal P S002")
    assert result(made.plan(), GuardName.HEALS).actions == expected


def test_L16_a_blocked_pair_is_no_heal() -> None:
    made = shops(1, S000=damaged("D1 S1"))
    made.guards = Guards(heals=ANY)
    made.holds = [Hold(site=SiteName("S000"), package=None, actor="anna", reason="why", since=NOW)]
    assert not result(made.plan(), GuardName.HEALS).tripped


def test_L16_healing_where_nothing_is_known_to_be_held_is_all_of_it() -> None:
    """A lost database counts no pair that was held: that must not switch the guard off."""
    made = shops(10, **{f"S{number:03}": record_only("D1 S1") for number in range(10)})
    found = result(made.plan(), GuardName.HEALS)
    assert (found.value, found.tripped) == ("100%", True)


def test_L16_bytes_are_those_of_the_sends() -> None:
    made = shops(3)
    made.guards = Guards(bytes=2999)
    found = result(made.plan(), GuardName.BYTES)
    assert found.tripped
    assert found.actions == tuple(f"send P S00{number} {DIGESTS} content" for number in range(3))
    made.guards = Guards(bytes=3000)
    assert not result(made.plan(), GuardName.BYTES).tripped


def test_L16_the_actions_of_each_guard() -> None:
    made = shops(2, S000=staged("D9 S1")).hold("P@OLD", staged("D1 S9")).open("Q@S001", "D1 S1", job="send-q")
    made.guards = Guards(changed_packages=ANY, cancellations=ANY, bytes=1)
    plan = made.plan()
    assert [one.actions for one in plan.guards] == [
        (f"package P@{DIGESTS}",),
        ("cancel send-q S001",),
        (),
        (f"send P S000 {DIGESTS} content", f"send P S001 {DIGESTS} content"),
        ("remove OLD P",),
        (),
    ]


def test_L16_an_emptied_tree_lists_all_it_would_do() -> None:
    made = World().hold("P@OLD", staged("D1 S1")).open("Q@OLD", "D1 S1", job="send-q", state=SendState.SENDING)
    found = result(made.plan(), GuardName.EMPTY_MANIFESTS)
    assert (found.value, found.tripped) == ("empty", True)
    assert found.actions == ("cancel send-q OLD", "plan from empty manifests", "remove OLD P")
    made.guards = Guards(allow_empty_manifests=True, allow_site_removals=True)
    assert not made.plan().refused


def acknowledgement(*actions: str, guard: GuardName = GuardName.BYTES, plan: str = "p-00000001") -> Acknowledgement:
    return Acknowledgement(
        plan=plan, guard=guard, actions=actions, actor="anna", reason="agreed", at=NOW, expires=Instant(NOW + 10)
    )


TRIPPED = GuardResult(name=GuardName.BYTES, limit="1 B", value="2 B", tripped=True, actions=("a", "b"))


@pytest.mark.parametrize(
    ("held", "at", "passes"),
    [
        ([acknowledgement("a", "b")], NOW, True),
        ([acknowledgement("a", "b", "c")], NOW + 9, True),
        ([acknowledgement("a"), acknowledgement("b", plan="p-00000002")], NOW, True),
        ([acknowledgement("a")], NOW, False),
        ([acknowledgement("a", "b")], NOW + 10, False),
        ([acknowledgement("a", "b", guard=GuardName.HEALS)], NOW, False),
        ([], NOW, False),
    ],
)
def test_L16_what_was_let_pass_passes_and_no_more(held: list[Acknowledgement], at: int, passes: bool) -> None:
    assert acknowledge(TRIPPED, held, at=Instant(at)).acknowledged is passes


def test_L16_a_guard_that_does_not_trip_is_not_acknowledged() -> None:
    quiet = replace(TRIPPED, tripped=False)
    assert acknowledge(quiet, [acknowledgement("a", "b")], at=NOW) == quiet
    without_actions = replace(TRIPPED, actions=())
    assert not acknowledge(without_actions, [acknowledgement()], at=NOW).acknowledged


def test_L16_an_acknowledgement_lasts_until_the_last_of_its_pairs_is_recorded() -> None:
    made = shops(3)
    made.guards = Guards(bytes=1)
    acknowledge_all(made, made.plan())
    made.holds = [Hold(site=SiteName("S002"), package=None, actor="anna", reason="why", since=NOW)]
    first = made.plan()
    assert not first.refused
    assert first.spent == ()
    made.submit(first)
    made.holds = []
    second = made.plan()
    assert not second.refused
    assert [guard for _, guard in second.spent] == [GuardName.BYTES]


def test_L16_an_unknown_pair_keeps_a_heal_unspent() -> None:
    made = shops(1, S000=Unknown(reason="why"))
    made.acknowledgements = [acknowledgement("heal P S000", guard=GuardName.HEALS)]
    assert made.plan().spent == ()
    made.hold("P@S000", staged("D1 S1"))
    assert made.plan().spent == (("p-00000001", GuardName.HEALS),)


def test_L16_a_claimed_send_keeps_its_cancellation_unspent() -> None:
    made = shops(1).open("Q@S000", "D1 S1", job="send-q", state=SendState.SENDING)
    made.acknowledgements = [acknowledgement("cancel send-q S000", guard=GuardName.CANCELLATIONS)]
    assert made.plan().spent == ()
    made.row("Q@S000").open = replace(made.row("Q@S000").open, state=SendState.BACKING_OFF)
    assert made.plan().spent == (("p-00000001", GuardName.CANCELLATIONS),)


def test_L16_a_changed_package_that_is_blocked_everywhere_stays_acknowledged() -> None:
    made = shops(2, S000=staged("D9 S1"), S001=staged("D9 S1"))
    made.acknowledgements = [acknowledgement(f"package P@{DIGESTS}", guard=GuardName.CHANGED_PACKAGES)]
    made.add(package("P", readable=False))
    assert made.plan().spent == ()
    made.add(package("P"))
    assert made.plan().spent == (("p-00000001", GuardName.CHANGED_PACKAGES),)


def test_L16_broken_manifests_spend_nothing() -> None:
    made = shops(1, S000=staged("D1 S1"))
    made.acknowledgements = [acknowledgement("heal P S000", guard=GuardName.HEALS)]
    made.whole = False
    assert made.plan().spent == ()


def test_L16_an_expired_acknowledgement_is_void_and_not_spent() -> None:
    made = shops(1, S000=staged("D1 S1"))
    made.acknowledgements = [acknowledgement("heal P S000", guard=GuardName.HEALS)]
    assert made.plan(at=Instant(NOW + 10)).spent == ()
