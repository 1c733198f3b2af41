"""`reconcile gc`: what nothing refers to at the stores and in the depots (sending.md 7)."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile
from tests.cli.shops import Shops, shops


@pytest.fixture
def place(fleet: Path, reconcile: Reconcile) -> Shops:
    return shops(fleet, reconcile)


def test_a_fleet_in_order_has_nothing_to_collect(place: Shops) -> None:
    ended = place.reconcile("gc", "--yes")
    assert ended.code == 0
    assert [line.split("  ")[-1] for line in ended.out.splitlines()[:3]] == [
        "nothing that is not needed",
        "nothing that is not needed",
        "depot beside the state: nothing that is not needed",
    ]


def test_L38_going_back_after_gc_moves_no_content(place: Shops) -> None:
    before = (place.here / "payload" / "till" / "setup.exe").read_bytes()
    place.release("second")
    assert place.reconcile("gc", "--yes").code == 0
    packs = place.packs("DE1")
    (place.here / "payload" / "till" / "setup.exe").write_bytes(before)
    place.send()
    assert (place.records("DE1"), place.packs("DE1")) == ([1, 2, 3], packs)


def test_what_is_beyond_keep_is_listed_and_removed_only_with_yes(place: Shops) -> None:
    place.release("second")
    place.release("third")
    listed = place.reconcile("gc", "DE1")
    assert "  records/till-4/000000000001.json\n" in listed.out
    assert "1 record or parcel to remove, 2 files (" in listed.out
    assert listed.out.endswith("Nothing was removed.   Remove: reconcile gc --yes\n")
    assert place.records("DE1") == [1, 2, 3]
    removed = place.reconcile("gc", "DE1", "--yes")
    assert "1 record or parcel removed, 2 files (" in removed.out
    assert (place.records("DE1"), place.records("EU1")) == ([2, 3], [1, 2, 3])
    assert place.reconcile("verify", "--deep").code == 0


def test_what_lies_condemned_tells_when_it_goes(place: Shops) -> None:
    place.release("second")
    place.release("third")
    place.reconcile("gc", "--yes")
    stores = {store["site"]: store for store in place.json("gc", "--yes")["stores"]}
    assert stores["DE1"]["steps"] == []
    assert stores["DE1"]["waiting"] == 2
    assert stores["DE1"]["due"].endswith("Z")
    assert place.packs("DE1") == 4


def test_L38_what_the_manifests_went_back_to_is_kept_before_it_is_sent(place: Shops) -> None:
    first = (place.here / "payload" / "till" / "setup.exe").read_bytes()
    for text in ("second", "third"):
        place.release(text)
    (place.here / "payload" / "till" / "setup.exe").write_bytes(first)
    place.reconcile("gc", "DE1", "--yes")
    assert place.records("DE1") == [1, 2, 3]


def test_L38_what_an_open_send_goes_back_to_is_kept(place: Shops) -> None:
    file = place.here / "payload" / "till" / "setup.exe"
    first = file.read_bytes()
    for text in ("second", "third"):
        place.release(text)
    file.write_bytes(first)
    assert place.reconcile().code == 0
    file.write_bytes(b"what nobody reconciled yet")
    place.reconcile("gc", "DE1", "--yes")
    assert place.records("DE1") == [1, 2, 3]


def test_L38_a_depot_keeps_the_newest_three(place: Shops) -> None:
    for text in ("second", "third", "fourth", "fifth"):
        place.release(text)
    place.reconcile("gc", "--yes")
    assert sorted(int(file.stem) for file in (place.depot / "parcels" / "till-4").glob("*")) == [3, 4, 5]
    assert (place.depot / "parcels" / "cad").exists()


def test_L37_nothing_is_removed_of_a_store_that_is_not_the_one_enrolled(place: Shops) -> None:
    for text in ("second", "third"):
        place.release(text)
    identity = place.store("DE1") / "reconciler-store.json"
    shutil.copy(place.store("EU1") / "reconciler-store.json", identity)
    ended = place.reconcile("gc", "--yes")
    assert ended.code == 1
    assert "left alone    store-mismatch: the store belongs to site EU1, not to DE1" in ended.out
    assert (place.records("DE1"), place.records("EU1")) == ([1, 2, 3], [2, 3])


def test_L37_a_share_that_is_not_mounted_is_no_empty_store(place: Shops) -> None:
    shutil.rmtree(place.store("DE1"))
    place.store("DE1").mkdir()
    ended = place.reconcile("gc", "DE1", "--yes")
    assert (ended.code, "is its file system mounted?" in ended.out) == (1, True)
    assert list(place.store("DE1").iterdir()) == []


def test_L35_with_errors_in_the_manifests_nothing_is_removed(place: Shops) -> None:
    for text in ("second", "third"):
        place.release(text)
    (place.here / "manifests" / "broken.yaml").write_text("kind: [")
    ended = place.reconcile("gc", "--yes")
    assert ended.code == 4
    assert place.records("DE1") == [1, 2, 3]


def test_without_manifests_nothing_is_removed(place: Shops) -> None:
    for text in ("second", "third"):
        place.release(text)
    ended = place.reconcile("gc", "--yes", "-m", "nowhere")
    assert ended.code == 3
    assert place.records("DE1") == [1, 2, 3]


def test_an_unknown_site_is_a_slip(place: Shops) -> None:
    ended = place.reconcile("gc", "DE2")
    assert (ended.code, ended.err.endswith("hint: did you mean DE1?\n")) == (64, True)


def test_a_site_that_was_never_sent_to_has_nothing(place: Shops) -> None:
    shutil.rmtree(place.here / ".reconciler")
    shutil.rmtree(place.store("DE1"))
    place.store("DE1").mkdir()
    ended = place.reconcile("gc", "DE1", "--yes")
    assert ended.code == 0
    assert "DE1  no store yet\n" in ended.out
