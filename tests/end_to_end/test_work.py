"""`reconcile work` as an operator runs it: from a recorded job to a receipt, and what the next plan says."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PACKAGE
from tests.end_to_end.workshop import Workshop, workshop

SMALL = 4096
"""Bytes of identity, index and record: what a send without content may write."""


@pytest.fixture
def place(tmp_path: Path) -> Workshop:
    made = workshop(tmp_path, settle="0s")
    for site in ("EU1", "DE1"):
        (made.here / "stores" / site).mkdir(parents=True)
    return made


def worked(place: Workshop, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """What `reconcile work --until-idle` tells."""
    ended = place.reconcile("work", "--until-idle", "-o", "ndjson", *arguments)
    assert ended.returncode == code, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def arrived(events: list[dict[str, Any]]) -> dict[str, int]:
    """Site → bytes that travelled."""
    return {event["site"]: event["bytes"] for event in events if event["event"] == "arrived"}


def packs(place: Workshop, site: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (place.here / "stores" / site / "packs").iterdir()}


def test_L8_after_the_sends_are_carried_out_the_next_plan_is_empty(place: Workshop) -> None:
    assert place.reconcile().returncode == 0
    assert sorted(arrived(worked(place))) == ["DE1", "EU1"]
    assert place.reconcile("--dry-run", "--detailed-exitcode").returncode == 0
    assert place.reconcile("ready", "till-emea").returncode == 0
    assert worked(place)[-1]["reason"] == "idle"


def test_L3_another_setup_moves_no_content(place: Workshop) -> None:
    place.reconcile()
    worked(place)
    before = packs(place, "DE1")
    (place.here / "manifests" / "till.yaml").write_text(PACKAGE.replace("run: setup.exe", "run: setup.exe /quiet"))
    place.reconcile()
    assert max(arrived(worked(place)).values()) < SMALL
    assert packs(place, "DE1") == before
    records = place.here / "stores" / "DE1" / "records" / "till-4"
    newest = json.loads((records / "000000000002.json").read_text())
    assert newest["mode"] == "setup-only"
    assert newest["setups"]["workstation"]["commands"][0]["run"] == "setup.exe /quiet"


def test_L4_content_and_setup_that_change_together_become_usable_with_one_record(place: Workshop) -> None:
    place.reconcile()
    worked(place)
    (place.here / "payload" / "till" / "setup.exe").write_bytes(b"another" * 500)
    (place.here / "manifests" / "till.yaml").write_text(PACKAGE.replace("run: setup.exe", "run: setup.exe /quiet"))
    place.reconcile()
    assert sorted(arrived(worked(place))) == ["DE1", "EU1"]
    records = place.here / "stores" / "DE1" / "records" / "till-4"
    first, second = (json.loads(path.read_text()) for path in sorted(records.iterdir()))
    assert first["content"] != second["content"]
    assert [record["setups"]["workstation"]["commands"][0]["run"] for record in (first, second)] == [
        "setup.exe",
        "setup.exe /quiet",
    ]


def test_L38_going_back_moves_no_content_while_the_site_keeps_it(place: Workshop) -> None:
    payload = place.here / "payload" / "till" / "setup.exe"
    first = payload.read_bytes()
    for content in (first, b"another" * 1000, first):
        payload.write_bytes(content)
        place.reconcile()
        sent = arrived(worked(place))
    assert sorted(sent) == ["DE1", "EU1"]
    assert max(sent.values()) < SMALL
    records = sorted(path.name for path in (place.here / "stores" / "EU1" / "records" / "till-4").iterdir())
    assert records == ["000000000001.json", "000000000002.json", "000000000003.json"]
    assert place.reconcile("--dry-run", "--detailed-exitcode").returncode == 0


def test_L37_a_place_that_is_no_store_is_never_written_to(place: Workshop) -> None:
    (place.here / "stores" / "DE1" / "letters.txt").write_text("not ours")
    place.reconcile()
    events = worked(place, code=1)
    assert sorted(arrived(events)) == ["EU1"]
    assert [event["cause"] for event in events if event["event"] == "waits"] == ["store-mismatch"]
    assert [path.name for path in (place.here / "stores" / "DE1").iterdir()] == ["letters.txt"]
    assert "blocked" in place.reconcile("--dry-run").stdout


def test_L23_a_store_that_names_another_site_is_never_written_to(place: Workshop) -> None:
    place.reconcile()
    worked(place)
    stores = place.here / "stores"
    (stores / "EU1").rename(stores / "away")
    (stores / "DE1").rename(stores / "EU1")
    (stores / "away").rename(stores / "DE1")
    (place.here / "payload" / "till" / "setup.exe").write_bytes(b"two")
    place.reconcile()
    assert arrived(worked(place, code=1)) == {}
    assert not any((stores / site / "records" / "till-4" / "000000000002.json").exists() for site in ("EU1", "DE1"))


def test_L17_a_source_that_changed_since_the_plan_ends_its_sends_and_sends_nothing(place: Workshop) -> None:
    source = place.here / "payload" / "till" / "setup.exe"
    place.reconcile()
    before = source.stat()
    source.write_bytes(b"XY" * 500)
    # As the digest cache sees it, nothing changed: only packing reads the bytes.
    worked_once = place.reconcile("work", "--until-idle", "-o", "ndjson")
    events = [json.loads(line) for line in worked_once.stdout.splitlines()]
    assert arrived(events) == {}
    assert before.st_size == source.stat().st_size
    assert not (place.here / "stores" / "DE1" / "packs").exists()
    place.reconcile()
    assert sorted(arrived(worked(place))) == ["DE1", "EU1"]


def test_a_send_whose_depot_is_not_there_waits_and_is_told_at_the_end(place: Workshop) -> None:
    sites = place.here / "manifests" / "sites.yaml"
    sites.write_text(sites.read_text().replace("{}", "{address: {type: directory, path: ../none}}", 1))
    place.reconcile()
    stopped = worked(place, code=1)[-1]
    assert [(left["site"], left["cause"]) for left in stopped["waiting"]] == [
        ("DE1", "source-missing"),
        ("EU1", "source-missing"),
    ]
    assert "no such folder" in stopped["waiting"][0]["detail"]


def test_a_dry_run_says_what_would_be_claimed_and_writes_nothing(place: Workshop) -> None:
    place.reconcile()
    said = place.reconcile("--dry-run", "work")
    assert said.returncode == 0
    assert "Nothing was written." in said.stdout
    assert list((place.here / "stores" / "DE1").iterdir()) == []


def test_watch_carries_out_what_its_passes_record(place: Workshop) -> None:
    with place.watching("-q") as watch:
        watch.until(lambda told: sum(entry.get("event") == "arrived" for entry in told) == 2)
        assert watch.end(signal.SIGTERM) == 143
    assert set(place.sends().values()) == {"complete"}


def test_a_worker_that_runs_takes_up_a_source_that_changed_while_the_manifests_did_not(place: Workshop) -> None:
    with place.running("work", "-o", "ndjson") as work:
        for content in (b"one" * 500, b"two" * 500):
            (place.here / "payload" / "till" / "setup.exe").write_bytes(content)
            place.reconcile()
            before = len(work.passes())
            work.until(lambda told: sum(entry.get("event") == "arrived" for entry in told[before:]) == 2)  # noqa: B023
        assert work.end(signal.SIGTERM) == 143
    assert set(place.sends().values()) == {"complete"}
