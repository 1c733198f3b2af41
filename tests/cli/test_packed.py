"""A pinned source that is elsewhere: sent from the depot that holds its parcel, and a plan only looks at the depot."""

import json
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.engine.packed import with_packed
from reconciler.model.names import PackageName
from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from reconciler.state.memory import MemoryState
from tests.cli.conftest import SITES, Reconcile
from tests.planning.builders import World, package, site


def tree(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Every path with its size and the time of its last change; not what SQLite keeps beside the state."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if not path.name.startswith("state.db-") and path.name != ".reconciler"
    }


def pairs(reconcile: Reconcile, *options: str) -> dict[str, tuple[str, str, str, int]]:
    plan = json.loads(reconcile("plan", "-o", "json", *options).out)
    return {pair["site"]: (pair["verdict"], pair["reason"], pair["detail"], pair["bytes"]) for pair in plan["pairs"]}


def move_away(fleet: Path, reconcile: Reconcile) -> None:
    """Pin the package, then take its source to where nobody here can read it."""
    assert reconcile("pin", "-q").code == 0
    shutil.rmtree(fleet / "payload")


def add_site(fleet: Path) -> None:
    """One more site that needs the package."""
    more = SITES.split("---\n")[2].replace("DE1", "FR1")
    (fleet / "manifests" / "more.yaml").write_text(more)
    (fleet / "stores" / "FR1").mkdir(parents=True)


@pytest.fixture
def sent(fleet: Path, reconcile: Reconcile) -> Path:
    """The package has been packed and sent to both sites; then its source went elsewhere, and a third site came."""
    for name in ("EU1", "DE1"):
        (fleet / "stores" / name).mkdir(parents=True)
    assert reconcile("-q").code == 0
    assert reconcile("work", "--until-idle", "-q").code == 0
    move_away(fleet, reconcile)
    add_site(fleet)
    return fleet


def test_L38_what_a_depot_holds_is_sent_without_its_source(sent: Path, reconcile: Reconcile) -> None:
    before = tree(sent)
    verdict, reason, detail, size = pairs(reconcile, "--dry-run")["FR1"]
    assert (verdict, reason, detail) == ("missing", "content-missing", "")
    assert size > 1000  # the parcel says how much it is
    assert tree(sent) == before
    assert reconcile("-q").code == 0
    assert reconcile("work", "--until-idle", "-q").code == 0
    assert reconcile("ready", "till-emea").code == 0


def test_what_no_depot_holds_is_not_packed(sent: Path, reconcile: Reconcile) -> None:
    shutil.rmtree(sent / ".reconciler" / "depot" / "hq1" / "parcels")
    verdict, reason, detail, _ = pairs(reconcile)["FR1"]
    assert (verdict, reason) == ("blocked", "not-packed")
    assert "no depot holds sha256:" in detail


def test_a_depot_that_is_not_there_is_not_made(fleet: Path, reconcile: Reconcile) -> None:
    move_away(fleet, reconcile)
    assert reconcile("-q").code == 0
    assert pairs(reconcile)["DE1"][:2] == ("blocked", "not-packed")
    assert not (fleet / ".reconciler" / "depot").exists()


def test_L37_an_empty_place_is_not_made_a_store_by_looking(fleet: Path, reconcile: Reconcile) -> None:
    sites = fleet / "manifests" / "sites.yaml"
    sites.write_text(SITES.replace("spec: {}", "spec: {address: {type: directory, path: ../stores/HQ1}}"))
    (fleet / "stores" / "HQ1").mkdir(parents=True)
    move_away(fleet, reconcile)
    assert reconcile("-q").code == 0
    assert pairs(reconcile)["DE1"][:2] == ("blocked", "not-packed")
    assert list((fleet / "stores" / "HQ1").iterdir()) == []


def test_a_depot_that_is_no_longer_there_says_so(fleet: Path, reconcile: Reconcile) -> None:
    sites = fleet / "manifests" / "sites.yaml"
    sites.write_text(SITES.replace("spec: {}", "spec: {address: {type: directory, path: ../stores/HQ1}}"))
    move_away(fleet, reconcile)
    verdict, reason, detail, _ = pairs(reconcile)["DE1"]
    assert (verdict, reason) == ("blocked", "not-packed")
    assert "depot of HQ1: " in detail
    assert "stores/HQ1" in detail


def test_another_states_depot_is_no_depot_of_ours(sent: Path, reconcile: Reconcile) -> None:
    (sent / ".reconciler" / "state.db").unlink()
    for left in (sent / ".reconciler").glob("state.db-*"):
        left.unlink()
    assert "depot of HQ1: the store of site HQ1 belongs to another state" in pairs(reconcile)["FR1"][2]


def test_a_depot_that_never_answers_holds_no_plan_up() -> None:
    made = World().add(site("HQ1"), site("SE1"), package("P", readable=False), package("Q", readable=False))
    made.add(package("R", origin="SE1", readable=False))
    for_ever = threading.Event()

    def opened(address: Address) -> Sender:
        if address.path == "/srv/HQ1":
            for_ever.wait()
        raise StoreFault(Cause.PERMISSION, "no")

    fleet = with_packed(made.fleet(), MemoryState(), folder="/nowhere", open_sender=opened, limit=0.1)
    faults = {found.name: found.content.depot_fault for found in fleet.packages}
    assert faults == {"P": "no answer within 0.1 s", "Q": "no answer within 0.1 s", "R": "no"}
    for_ever.set()


def test_an_earlier_look_at_a_depot_counts_no_more() -> None:
    made = World().add(site("HQ1", address=False), package("P", readable=False, packed=True, depot_fault="once"))
    fleet = with_packed(made.fleet(), MemoryState(), folder="/nowhere", open_sender=open_directory)
    content = fleet.packages_by_name[PackageName("P")].content
    assert (content.packed, content.size, content.depot_fault) == (False, 0, "")


def test_explain_says_where_the_content_is(sent: Path, reconcile: Reconcile) -> None:
    facts = json.loads(reconcile("explain", "till-4@FR1", "-o", "json").out)["sections"]
    (content,) = [fact for section in facts for fact in section["facts"] if fact["name"] == "content"][:1]
    assert "packed in the depot of HQ1" in content["value"]
