"""`reconcile adopt`: what lies at a site already is not sent there (L36)."""

import json
import os
import random
from pathlib import Path

import pytest

from tests.cli.conftest import Ended, Reconcile

LARGE = 300_000
"""Bytes of each file: far more than an index and a record."""


def noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(LARGE)


@pytest.fixture
def site(fleet: Path, reconcile: Reconcile) -> Path:
    """The fleet with files that do not compress, its stores enrolled and empty; an old share with the same files."""
    for folder in ("stores/EU1", "stores/DE1"):
        (fleet / folder).mkdir(parents=True)
    assert reconcile("enroll", "EU1", "DE1").code == 0
    for number in range(3):
        for place in ("payload/till", "share"):
            (fleet / place).mkdir(parents=True, exist_ok=True)
            (fleet / place / f"{number}.bin").write_bytes(noise(number))
    (fleet / "share" / "setup.exe").write_bytes((fleet / "payload" / "till" / "setup.exe").read_bytes())
    return fleet


def sent(reconcile: Reconcile) -> dict[str, int]:
    """Site → bytes that travelled there, once everything is carried out."""
    assert reconcile().code == 0
    worked = reconcile("work", "--until-idle", "-o", "ndjson")
    assert worked.code == 0
    events = [json.loads(line) for line in worked.out.splitlines()]
    return {event["site"]: event["bytes"] for event in events if event["event"] == "arrived"}


def packs(store: Path) -> set[str]:
    return {pack.name for pack in (store / "packs").glob("*")}


def adopt(reconcile: Reconcile, *arguments: str) -> Ended:
    return reconcile("adopt", "till-4", "--from", "share", *arguments)


def test_L36_adopted_content_is_not_sent(site: Path, reconcile: Reconcile) -> None:
    adopted = adopt(reconcile, "--store", "stores/DE1")
    assert adopted.code == 0
    assert "the next send moves no content" in adopted.out
    before = packs(site / "stores" / "DE1")
    travelled = sent(reconcile)
    assert packs(site / "stores" / "DE1") == before
    assert travelled["EU1"] > 3 * LARGE
    index, record = (
        sum(file.stat().st_size for file in (site / "stores" / "DE1").rglob(kind)) for kind in ("*.index", "0*.json")
    )
    assert travelled["DE1"] <= index + record
    assert reconcile("ready", "--package", "till-4", "--site", "DE1").code == 0


def test_L36_what_differs_from_adopted_content_is_sent_alone(site: Path, reconcile: Reconcile) -> None:
    (site / "share" / "1.bin").write_bytes(noise(99))
    adopted = adopt(reconcile, "--store", "DE1")
    assert "the next send moves what differs" in adopted.out
    assert LARGE < sent(reconcile)["DE1"] < LARGE + 20_000


def test_what_the_store_holds_already_is_not_packed_again(site: Path, reconcile: Reconcile) -> None:
    adopt(reconcile, "--store", "DE1")
    before = packs(site / "stores" / "DE1")
    again = adopt(reconcile, "--store", "DE1", "-o", "json")
    assert json.loads(again.out)["outcome"] == "already"
    sent(reconcile)
    assert json.loads(adopt(reconcile, "--store", "EU1", "-o", "json").out)["outcome"] == "already"
    assert packs(site / "stores" / "DE1") == before


def test_it_says_what_it_wrote_and_what_is_wanted(site: Path, reconcile: Reconcile) -> None:
    told = json.loads(adopt(reconcile, "--store", "DE1", "-o", "json").out)
    assert told["content"] == told["wanted"]
    assert (told["kind"], told["outcome"], told["site"], told["files"]) == ("Adoption", "adopted", "DE1", 4)
    assert told["size"] == 3 * LARGE + 1000
    assert 3 * LARGE < told["bytesWritten"] < 4 * LARGE


def test_a_dry_run_writes_nothing(site: Path, reconcile: Reconcile) -> None:
    before = sorted((site / "stores" / "DE1").rglob("*"))
    told = adopt(reconcile, "--store", "DE1", "--dry-run")
    assert told.out.startswith("Would adopt till-4 (sha256:")
    assert sorted((site / "stores" / "DE1").rglob("*")) == before


def test_it_needs_neither_manifests_nor_state(site: Path, reconcile: Reconcile, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.chdir(elsewhere)
    store = str(site / "stores" / "DE1")
    adopted = reconcile("adopt", "till-4", "--from", str(site / "share"), "--store", store)
    assert adopted.code == 0
    assert adopted.out.endswith("The next send moves what differs from it, or nothing.\n")
    assert list(elsewhere.iterdir()) == []


def test_the_patterns_of_the_manifests_leave_out_the_same(site: Path, reconcile: Reconcile) -> None:
    (site / "share" / "Thumbs.db").write_bytes(b"x")
    manifest = site / "manifests" / "till.yaml"
    manifest.write_text(manifest.read_text().replace("../payload/till}", '../payload/till, exclude: ["Thumbs.db"]}'))
    told = json.loads(adopt(reconcile, "--store", "DE1", "-o", "json").out)
    assert told["content"] == told["wanted"]


def test_no_store_is_made(site: Path, reconcile: Reconcile) -> None:
    (site / "empty").mkdir()
    refused = adopt(reconcile, "--store", "empty")
    assert refused.code == 1
    assert refused.err.startswith("reconcile: error: empty: there is no store: ")
    assert list((site / "empty").iterdir()) == []


def test_a_store_of_another_site_is_refused(site: Path, reconcile: Reconcile) -> None:
    other = (site / "stores" / "EU1" / "reconciler-store.json").read_bytes()
    (site / "stores" / "DE1" / "reconciler-store.json").write_bytes(other)
    assert "the store belongs to site EU1, not to DE1" in adopt(reconcile, "--store", "DE1").err


def test_a_folder_in_the_store_or_around_it_is_refused(site: Path, reconcile: Reconcile) -> None:
    for source in ("stores/DE1/records", "stores", "."):
        refused = reconcile("adopt", "till-4", "--from", source, "--store", "stores/DE1")
        assert refused.code == 1
        assert "keep them apart" in refused.err


def test_a_folder_with_links_is_no_content(site: Path, reconcile: Reconcile) -> None:
    os.symlink("/etc/passwd", site / "share" / "passwd")
    refused = adopt(reconcile, "--store", "DE1")
    assert refused.code == 1
    assert "the source holds links, which do not travel: passwd" in refused.err
    assert packs(site / "stores" / "DE1") == set()


def test_a_package_that_the_manifests_do_not_declare_is_a_slip(site: Path, reconcile: Reconcile) -> None:
    refused = reconcile("adopt", "till-5", "--from", "share", "--store", "DE1")
    assert refused.code == 64
    assert refused.err.endswith("hint: did you mean till-4?\n")


def test_L36_gc_leaves_adopted_content_until_it_was_sent(site: Path, reconcile: Reconcile) -> None:
    adopt(reconcile, "--store", "DE1")
    swept = reconcile("gc", "DE1", "--yes", "-o", "json")
    assert json.loads(swept.out)["stores"][0]["steps"] == []
    sent(reconcile)
    (store,) = json.loads(reconcile("gc", "DE1", "--yes", "-o", "json").out)["stores"]
    assert [step["name"] for step in store["steps"] if step["action"] == "remove"] == [
        "parcels/till-4/000000000001.json"
    ]
    assert reconcile("verify", "DE1", "--deep").code == 0
