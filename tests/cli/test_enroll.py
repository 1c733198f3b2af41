"""`reconcile enroll`: a lost state is rebuilt from the stores, and nothing that is not ours is taken unasked (L33)."""

import json
import shutil
from pathlib import Path

import pytest

from reconciler import wiring
from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Sender
from tests.cli.conftest import Reconcile
from tests.cli.test_dry_run import contents
from tests.cli.test_verify import only, staged, template

__all__ = ["staged", "template"]


def lose_state(fleet: Path) -> None:
    """The database alone: the depot beside it stays."""
    for file in (fleet / ".reconciler").glob("state.db*"):
        file.unlink()


def packs(stores: Path) -> set[str]:
    return {str(path) for path in stores.rglob("*.pack")}


def test_L33_R12_a_lost_state_is_rebuilt_from_the_stores_and_the_next_plan_is_empty(
    reconcile: Reconcile, fleet: Path, staged: Path
) -> None:
    lose_state(fleet)
    before = packs(fleet)
    assert reconcile("-q").code == 0
    refused = reconcile("work", "--until-idle")
    assert (refused.code, "belongs to another state" in refused.out) == (1, True)
    assert reconcile("verify").code == 1
    assert reconcile("enroll").code == 3
    enrolled = reconcile("enroll", "--take-over")
    assert enrolled.code == 0
    told = [line[:25].rstrip(", ") for line in enrolled.out.splitlines()]
    assert told[:2] == ["DE1  taken over: 1 staged", "EU1  taken over: 1 staged"]
    assert told[2].startswith("HQ1  taken over")
    planned = json.loads(reconcile("--dry-run", "-o", "json").out)
    assert (planned["hasChanges"], planned["summary"]["ready"], planned["summary"]["inFlight"]) == (False, 2, 0)
    worked = reconcile("work", "--until-idle")
    assert (worked.code, "0 sends arrived, 0 B" in worked.out) == (0, True)
    assert packs(fleet) == before
    assert reconcile("verify", "--deep").code == 0


def test_L33_nothing_travels_where_only_the_database_was_lost_before_anything_was_planned(
    reconcile: Reconcile, fleet: Path, staged: Path
) -> None:
    lose_state(fleet)
    assert reconcile("enroll", "--take-over").code == 0
    assert "No changes. The one job is ready" in reconcile("--dry-run").out


def test_the_depot_of_a_lost_state_serves_the_next_sends(reconcile: Reconcile, fleet: Path, staged: Path) -> None:
    lose_state(fleet)
    reconcile("enroll", "--take-over")
    shutil.rmtree(staged / "DE1" / "packs")
    shutil.rmtree(fleet / "payload")
    pinned = (
        "sha256:"
        + only(fleet / ".reconciler" / "depot" / "hq1" / "parcels").read_text().split('"content":"sha256:')[1][:64]
    )
    package = fleet / "manifests" / "till.yaml"
    package.write_text(package.read_text().replace("../payload/till}", f"../payload/till, digest: {pinned!r}}}"))
    assert reconcile("verify", "DE1").code == 3
    assert reconcile("-q").code == 0
    assert "1 send arrived" in reconcile("work", "--until-idle").out
    assert reconcile("verify").code == 0


def test_the_depot_in_an_origins_own_store_serves_the_next_sends_too(reconcile: Reconcile, fleet: Path) -> None:
    sites = fleet / "manifests" / "sites.yaml"
    own = "spec: {address: {type: directory, path: ../stores/HQ1}}"
    sites.write_text(sites.read_text().replace("spec: {}", own, 1))
    stores = fleet / "stores"
    for name in ("DE1", "EU1", "HQ1"):
        (stores / name).mkdir(parents=True)
    reconcile("-q")
    assert reconcile("work", "--until-idle").code == 0
    lose_state(fleet)
    assert reconcile("enroll", "--take-over").code == 0
    before = packs(stores / "HQ1")
    shutil.rmtree(stores / "DE1" / "packs")
    assert reconcile("verify", "DE1").code == 3
    reconcile("-q")
    assert "1 send arrived" in reconcile("work", "--until-idle").out
    assert (reconcile("verify", "--deep").code, packs(stores / "HQ1")) == (0, before)


def test_a_site_that_cannot_be_asked_is_named_and_the_others_are_enrolled(
    reconcile: Reconcile, fleet: Path, staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_state(fleet)
    opened = wiring.SENDERS["directory"]

    def dead(address: Address) -> Sender:
        if address.path.endswith("DE1"):
            raise StoreFault(Cause.NETWORK, "no route to host")
        return opened(address)

    monkeypatch.setattr(wiring, "SENDERS", {"directory": dead})
    ended = reconcile("enroll", "--take-over")
    assert ended.code == 1
    assert ended.out.splitlines()[0] == "DE1  could not be asked: network: no route to host"
    assert ended.out.splitlines()[1].startswith("EU1  taken over: 1 staged")


def test_L23_a_store_that_names_another_site_is_never_taken(reconcile: Reconcile, fleet: Path, staged: Path) -> None:
    lose_state(fleet)
    shutil.rmtree(staged / "DE1")
    shutil.copytree(staged / "EU1", staged / "DE1")
    before = contents(staged)
    ended = reconcile("enroll", "DE1", "--take-over")
    assert (ended.code, ended.out) == (3, "DE1  refused: the store belongs to site EU1, not to DE1\n")
    assert contents(staged) == before


def test_L23_records_of_another_site_are_not_taken_without_their_identity_either(
    reconcile: Reconcile, fleet: Path, staged: Path
) -> None:
    shutil.rmtree(staged / "DE1")
    shutil.copytree(staged / "EU1", staged / "DE1")
    (staged / "DE1" / "reconciler-store.json").unlink()
    ended = reconcile("enroll", "DE1")
    assert (ended.code, ended.out) == (3, "DE1  refused: the records there were written for site EU1, not for DE1\n")


def test_a_store_of_another_state_is_taken_only_with_take_over(reconcile: Reconcile, fleet: Path, staged: Path) -> None:
    lose_state(fleet)
    before = contents(staged)
    ended = reconcile("enroll", "DE1")
    assert (ended.code, "if that one is lost: reconcile enroll DE1 --take-over" in ended.out) == (3, True)
    assert contents(staged) == before


def test_a_dry_run_tells_what_would_be_taken_and_writes_nothing(
    reconcile: Reconcile, fleet: Path, staged: Path
) -> None:
    lose_state(fleet)
    before = contents(fleet)
    ended = reconcile("--dry-run", "enroll", "--take-over")
    assert (ended.code, "DE1  taken over: 1 staged" in ended.out, "Nothing was written." in ended.out) == (
        0,
        True,
        True,
    )
    assert contents(fleet) == before


def test_what_is_enrolled_needs_nothing_and_a_named_site_is_read_again(reconcile: Reconcile, staged: Path) -> None:
    assert (
        reconcile("enroll").out == "Every store is the one enrolled, or waits for its first send: nothing to enroll.\n"
    )
    assert reconcile("enroll", "DE1").out.startswith("DE1  is enrolled already: 1 staged, ")


def test_an_empty_place_becomes_a_store_by_name_alone(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "stores" / "DE1").mkdir(parents=True)
    (fleet / "stores" / "EU1").mkdir()
    assert reconcile("enroll").code == 0
    assert list((fleet / "stores" / "DE1").iterdir()) == []
    assert reconcile("enroll", "DE1").out.startswith("DE1  made its store: nothing staged, ")
    assert (fleet / "stores" / "DE1" / "reconciler-store.json").exists()


def test_L34_what_an_enrolled_store_does_not_hold_any_more_is_lost_and_sent_again(
    reconcile: Reconcile, staged: Path
) -> None:
    shutil.rmtree(staged / "DE1")
    (staged / "DE1").mkdir()
    assert reconcile("enroll", "DE1").code == 3
    assert reconcile("-q").code == 0
    assert "1 send arrived" in reconcile("work", "--until-idle").out
    assert reconcile("verify", "--deep").code == 0


@pytest.mark.parametrize("kind", ["garbage", "newer format", "link"])
def test_R10_an_identity_that_cannot_be_understood_is_refused(reconcile: Reconcile, staged: Path, kind: str) -> None:
    identity = staged / "DE1" / "reconciler-store.json"
    match kind:
        case "garbage":
            identity.write_bytes(b"garbage")
        case "newer format":
            identity.write_text(identity.read_text().replace('"1.0"', '"2.0"'))
        case _:
            identity.rename(staged / "moved")
            identity.symlink_to(staged / "moved")
    before = contents(staged)
    ended = reconcile("enroll", "DE1", "--take-over")
    assert (ended.code, "reconciler-store.json cannot be understood" in ended.out) == (3, True)
    assert contents(staged) == before


def test_a_site_without_address_and_depot_cannot_be_enrolled(reconcile: Reconcile, fleet: Path) -> None:
    ended = reconcile("enroll", "HQ1")
    assert (ended.code, ended.out) == (3, "HQ1  refused: it has no address, and no depot either\n")


def test_the_words_of_the_json(reconcile: Reconcile, fleet: Path, staged: Path) -> None:
    lose_state(fleet)
    told = json.loads(reconcile("enroll", "DE1", "HQ1", "--take-over", "-o", "json").out)
    assert (told["kind"], told["formatVersion"]) == ("Enrolment", "1.0")
    de1, hq1 = told["sites"]
    assert {name: de1[name] for name in ("site", "outcome", "detail", "superseded", "released")} == {
        "site": "DE1",
        "outcome": "taken-over",
        "detail": "",
        "superseded": 0,
        "released": 0,
    }
    assert [(pair["was"], pair["found"], pair["bytesRead"]) for pair in de1["store"]["pairs"]] == [
        ("content-missing", "staged", True)
    ]
    assert (hq1["outcome"], "store" in hq1) == ("taken-over", False)
