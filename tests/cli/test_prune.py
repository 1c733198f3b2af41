"""`reconcile prune`: what no job needs at a site is removed there when somebody asks (L41)."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile
from tests.cli.shops import CAD, Shops, shops


@pytest.fixture
def place(fleet: Path, reconcile: Reconcile) -> Shops:
    return shops(fleet, reconcile)


def needed_again(place: Shops) -> None:
    (place.here / "manifests" / "cad.yaml").write_text(CAD)


def test_what_jobs_need_is_not_listed(place: Shops) -> None:
    ended = place.reconcile("prune", "--yes")
    assert (ended.code, ended.out) == (0, "Removed 0 packages from sites; 0 B condemned.\n")
    assert place.reconcile("prune").out == "Nothing lies at a site that no job needs there.\n"


def test_L41_what_no_job_needs_stays_unless_somebody_asks(place: Shops) -> None:
    place.unneeded()
    listed = place.reconcile("prune")
    assert listed.code == 0
    assert listed.out.startswith("cad@DE1  not needed   1 record, ")
    assert listed.out.endswith("Nothing was removed.   Remove: reconcile prune --yes\n")
    place.send()
    assert place.records("DE1", "cad") == [1]


def test_L41_prune_removes_the_record_first_the_content_later_and_proves_it(place: Shops) -> None:
    place.unneeded()
    pruned = place.reconcile("prune", "--yes")
    assert pruned.code == 0
    assert pruned.out.startswith("cad@DE1  removed      1 record, ")
    assert "The bytes go with `reconcile gc --yes`" in pruned.out
    removal = json.loads((place.store("DE1") / "records" / "cad" / "000000000002.json").read_bytes())
    assert (place.records("DE1", "cad"), removal["kind"]) == ([2], "Removal")
    assert len(list((place.store("DE1") / "condemned").iterdir())) == 2
    assert not place.is_ready("cad", "DE1")
    assert "DE1 holds no record of cad" in place.reconcile("unpack", "cad", "--store", "DE1", "--to", "out").err
    assert place.reconcile("prune").out == "Nothing lies at a site that no job needs there.\n"
    assert place.is_ready("till-4", "DE1")


def test_L41_what_was_pruned_is_not_lost_and_not_healed(place: Shops) -> None:
    place.unneeded()
    place.reconcile("prune", "--yes")
    assert place.reconcile("verify", "--deep").code == 0
    plan = place.json("plan")
    assert plan["sendOnlyJobs"] == []
    assert next(guard for guard in plan["guards"] if guard["name"] == "heals")["value"] == "0%"


def test_L41_a_package_that_is_needed_again_is_sent_with_the_next_number(place: Shops) -> None:
    place.unneeded()
    place.reconcile("prune", "--yes")
    needed_again(place)
    place.send()
    assert place.records("DE1", "cad") == [2, 3]
    assert place.is_ready("cad", "DE1")
    assert place.reconcile("gc", "--yes").code == 0
    assert place.records("DE1", "cad") == [3]


def test_R5_numbers_of_what_was_pruned_are_used_up_even_if_the_state_is_lost(place: Shops) -> None:
    place.unneeded()
    place.reconcile("prune", "--yes")
    shutil.rmtree(place.here / ".reconciler")
    needed_again(place)
    assert place.reconcile("enroll", "--take-over").code == 0
    place.reconcile()
    place.reconcile("work", "--until-idle")
    place.send()
    assert place.records("DE1", "cad") == [2, 3]
    assert place.is_ready("cad", "DE1")


def test_a_prune_that_was_killed_after_its_record_is_taken_up_again(place: Shops) -> None:
    place.unneeded()
    before = (place.store("DE1") / "records" / "cad" / "000000000001.json").read_bytes()
    saved = place.here / "saved"
    shutil.copytree(place.here / ".reconciler", saved)
    place.reconcile("prune", "--yes")
    (place.store("DE1") / "records" / "cad" / "000000000001.json").write_bytes(before)
    shutil.rmtree(place.here / ".reconciler")
    saved.rename(place.here / ".reconciler")
    assert not place.is_ready("cad", "EU1")
    pruned = place.reconcile("prune", "--yes")
    assert (pruned.code, "cad@DE1  removed" in pruned.out) == (0, True)
    assert place.records("DE1", "cad") == [2]
    assert place.reconcile("prune").out == "Nothing lies at a site that no job needs there.\n"


def test_what_a_job_needs_is_refused_by_name(place: Shops) -> None:
    refused = place.reconcile("prune", "till-4", "--site", "DE1", "--yes")
    assert refused.code == 3
    assert "till-4@DE1  stays        needed by till-emea\n" in refused.out
    assert place.records("DE1") == [1]


def test_what_an_open_send_brings_stays(place: Shops) -> None:
    (place.here / "payload" / "cad" / "setup.exe").write_bytes(b"another")
    assert place.reconcile().code == 0
    file = place.here / "manifests" / "cad.yaml"
    file.write_text(file.read_text().partition("---")[0])
    refused = place.reconcile("prune", "cad", "--yes")
    assert (refused.code, "is open" in refused.out) == (3, True)
    assert place.records("DE1", "cad") == [1]


def test_L41_content_that_another_package_shares_stays(place: Shops) -> None:
    shutil.copytree(place.here / "payload" / "cad", place.here / "payload" / "drawing")
    (place.here / "manifests" / "drawing.yaml").write_text(CAD.replace("cad", "drawing"))
    place.send()
    assert place.packs("DE1") == 2
    place.unneeded()
    place.reconcile("prune", "--yes")
    assert len(list((place.store("DE1") / "condemned").glob("*.pack"))) == 0
    assert place.reconcile("verify", "--deep").code == 0
    assert place.is_ready("drawing", "DE1")


def test_a_package_that_left_the_manifests_leaves_the_depot_too(place: Shops) -> None:
    (place.here / "manifests" / "cad.yaml").unlink()
    place.send()
    pairs = place.json("prune", "--yes")["pairs"]
    assert [(pair["package"], pair["site"], pair["besideState"], pair["fate"]) for pair in pairs] == [
        ("cad", "DE1", False, "pruned"),
        ("cad", "HQ1", True, "pruned"),
    ]
    assert not (place.depot / "parcels" / "cad").exists()
    assert (place.depot / "parcels" / "till-4").exists()


def test_only_the_site_that_is_named_is_pruned(place: Shops) -> None:
    (place.here / "manifests" / "job.yaml").unlink()
    place.reconcile()
    place.reconcile("prune", "till-4", "--site", "EU1", "--yes")
    assert (place.records("EU1"), place.records("DE1")) == ([2], [1])


def test_an_unknown_package_is_a_slip(place: Shops) -> None:
    ended = place.reconcile("prune", "till-5")
    assert (ended.code, ended.err.endswith("hint: did you mean till-4?\n")) == (64, True)


def test_L35_with_errors_in_the_manifests_nothing_is_unneeded(place: Shops) -> None:
    (place.here / "manifests" / "cad.yaml").write_text("kind: [")
    assert place.reconcile("prune", "--yes").code == 4
    assert place.records("DE1", "cad") == [1]


def test_without_manifests_nothing_is_unneeded(place: Shops) -> None:
    assert place.reconcile("prune", "--yes", "-m", "nowhere").code == 3
    assert place.records("DE1", "cad") == [1]
