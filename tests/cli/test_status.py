"""Who works, what waits for what and until when, whose store is where: `status`, `explain`, and the end of a pass."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.claims import BackedOff, Candidate, Ending, Worker
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreId
from reconciler.state.liveness import this_process
from reconciler.state.protocol import Author, State
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW
from tests.cli.conftest import SITES, Reconcile
from tests.cli.test_questions import arrive, recorded

ANNA = Author(actor="anna", at=NOW)
LEASE = Seconds(60)
TILL, DE1 = PackageName("till-4"), SiteName("DE1")


@pytest.fixture
def state(fleet: Path, reconcile: Reconcile) -> Iterator[State]:
    """The state of the fleet, its plan recorded."""
    assert reconcile("-q").code == 0
    opened = open_sqlite(str(fleet / ".reconciler" / "state.db"), write=True)
    yield opened
    opened.close()


@pytest.fixture
def worker() -> Worker:
    """This process, which lives."""
    return this_process()


def claim(state: State, worker: Worker, site: str = "DE1") -> Any:
    candidate = Candidate(package=TILL, site=SiteName(site), number=1, bytes_left=Bytes(0))
    (claimed,) = state.claim(worker, [candidate], ANNA, lease=LEASE)
    return claimed


def status(reconcile: Reconcile) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(reconcile("status", "-o", "json").out)
    return document


def rows(reconcile: Reconcile) -> dict[str, dict[str, Any]]:
    return {row["site"]: row for job in status(reconcile)["sends"] for row in job["sites"]}


def nulls(value: object, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [found for key, below in value.items() for found in nulls(below, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for below in value for found in nulls(below, path)]
    return [path] if value is None else []


def test_a_living_worker_is_shown_with_what_it_has(reconcile: Reconcile, state: State, worker: Worker) -> None:
    claim(state, worker)
    (shown,) = status(reconcile)["workers"]
    assert (shown["id"], shown["pid"], shown["alive"], shown["claims"]) == (worker.id[:8], worker.pid, True, 1)
    assert (shown["since"], shown["seen"]) == ("2026-11-24T15:02:00Z", "2026-11-24T15:02:00Z")
    row = rows(reconcile)["DE1"]
    assert (row["state"], row["worker"], row["reason"]) == ("sending", worker.id[:8], "claimed")
    assert f"worker {worker.id[:8]} has it since" in reconcile("status", "sends").out
    text = reconcile("status").out
    assert "Workers     1 alive\n" in text
    assert f"pid {worker.pid}" in text


def test_a_dead_worker_is_told_as_gone(reconcile: Reconcile, state: State, worker: Worker) -> None:
    claim(state, replace(worker, started=worker.started - 1))
    assert [(shown["alive"], shown["claims"]) for shown in status(reconcile)["workers"]] == [(False, 0)]
    assert rows(reconcile)["DE1"]["waitsFor"] == "its worker is gone; start one: reconcile work"
    assert "no worker is alive, the last was" in reconcile("status").out
    told = reconcile().err
    assert told.startswith(f"No worker is alive, the last was {worker.id[:8]} at ")
    assert told.endswith("start one: reconcile work\n")


def test_the_end_of_a_pass_names_the_living_workers(
    reconcile: Reconcile, fleet: Path, state: State, worker: Worker
) -> None:
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"newer")
    assert reconcile().err.endswith("No worker is running; start one: reconcile work\n")
    state.renew(worker, (), ANNA, lease=LEASE)
    told = reconcile().err
    assert f"1 worker is alive: {worker.id[:8]} at " in told
    assert "start one" not in told


def test_a_pass_after_which_nothing_is_open_needs_no_worker(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "manifests" / "job.yaml").unlink()
    assert "worker" not in reconcile().err


def test_L27_a_queued_send_says_how_long_and_what_it_waits_for(
    reconcile: Reconcile, fleet: Path, state: State, worker: Worker
) -> None:
    closed = "windows: [{name: n, days: [mon], from: '03:00', to: '03:01', allow: high}]"
    sites = (fleet / "manifests" / "sites.yaml").read_text()
    (fleet / "manifests" / "sites.yaml").write_text(sites.replace("type: secondary,", f"type: secondary, {closed},"))
    found = rows(reconcile)
    assert (found["DE1"]["reason"], found["EU1"]["reason"]) == ("window", "not-claimed")
    assert (
        "outside the windows that admit priority" in found["DE1"]["waitsFor"]
        or "no window ever" in (found["DE1"]["waitsFor"])
    )
    assert "(recorded under 1 min ago)" in found["DE1"]["waitsFor"]
    assert found["EU1"]["waitsFor"] == "no worker has claimed it for under 1 min; start one: reconcile work"
    state.renew(worker, (), ANNA, lease=LEASE)
    assert rows(reconcile)["EU1"]["waitsFor"] == "no worker has claimed it for under 1 min; 1 worker alive with 0 sends"
    assert reconcile("suspend", "site/EU1", "--reason", "disk").code == 0
    assert "disk" in rows(reconcile)["EU1"]["waitsFor"]


def test_L27_no_value_of_status_is_null(reconcile: Reconcile, fleet: Path, state: State, worker: Worker) -> None:
    assert nulls(status(reconcile)) == []
    claimed = claim(state, worker)
    until = Instant(int(time.time()) + 3600)
    state.end([Ending(claim=claimed, outcome=BackedOff(cause=Cause.NETWORK, detail="no", until=until))], ANNA)
    assert nulls(status(reconcile)) == []
    (fleet / ".reconciler" / "state.db").rename(fleet / "elsewhere.db")
    assert status(reconcile)["lastPass"]["outcome"] == "none"
    assert nulls(status(reconcile)) == []


def test_L21_what_backs_off_tells_its_cause_and_its_next_attempt(
    reconcile: Reconcile, state: State, worker: Worker
) -> None:
    until = Instant(int(time.time()) + 3600)
    end = BackedOff(cause=Cause.STORE_MISMATCH, detail="no identity; is it mounted?", until=until)
    state.end([Ending(claim=claim(state, worker), outcome=end)], ANNA)
    row = rows(reconcile)["DE1"]
    assert (row["state"], row["cause"], row["nextAttempt"]) == ("backing-off", "store-mismatch", row["until"])
    assert (row["attempts"], row["reason"]) == (1, "back-off")
    sites = {site["name"]: (site["store"], site["storeDetail"]) for site in status(reconcile)["sites"]}
    assert sites == {
        "DE1": ("store-mismatch", "no identity; is it mounted?"),
        "EU1": ("none", ""),
        "HQ1": ("none", ""),
    }
    screen = reconcile("status").out
    assert "Stores      0 of 3 sites known" in screen
    assert "DE1: the site's store is not at the address (no identity; is it mounted?)" in screen


def test_sites_whose_store_is_known_are_enrolled(reconcile: Reconcile, state: State) -> None:
    state.pin_store(DE1, StoreId("ab" * 16), ANNA)
    assert [site["store"] for site in status(reconcile)["sites"]] == ["enrolled", "none", "none"]
    assert "Stores      1 of 3 sites known" in reconcile("status").out


def test_what_was_not_verified_in_time_is_overdue(reconcile: Reconcile, fleet: Path) -> None:
    plan = recorded(reconcile)
    arrive(fleet / ".reconciler" / "state.db", plan, "DE1")
    often = SITES.replace("type: secondary,", "type: secondary, verify: {every: 1h},")
    (fleet / "manifests" / "sites.yaml").write_text(often)
    late = status(reconcile)
    assert late["overdueSites"] == ["DE1"]
    assert [site["overdue"] for site in late["sites"]] == [True, False, False]
    assert "Unverified  1 site not verified in time: DE1" in reconcile("status").out
    often = SITES.replace("type: secondary,", "type: secondary, verify: {every: 36500d},")
    (fleet / "manifests" / "sites.yaml").write_text(often)
    assert status(reconcile)["overdueSites"] == []


def facts(reconcile: Reconcile, subject: str) -> dict[tuple[str, str], str]:
    document = json.loads(reconcile("explain", subject, "-o", "json").out)
    return {(part["title"], fact["name"]): fact["value"] for part in document["sections"] for fact in part["facts"]}


def test_explain_tells_the_claim_the_holds_and_the_store(reconcile: Reconcile, state: State, worker: Worker) -> None:
    claim(state, worker)
    state.pin_store(DE1, StoreId("ab" * 16), ANNA)
    assert reconcile("suspend", "till-4@DE1", "--reason", "disk replacement").code == 0
    told = facts(reconcile, "till-4@DE1")
    assert told["On the way", "claimed by"].startswith(f"worker {worker.id} at ")
    assert told["Store", "store"] == "ab" * 16
    assert "disk replacement" in told["Held back by", "till-4@DE1"]


def test_explain_says_what_an_open_send_waits_for_and_what_would_change_it(reconcile: Reconcile, state: State) -> None:
    assert facts(reconcile, "till-4@DE1")["On the way", "waits for"] == "a worker: it is its turn"
    assert ": reconcile work\n" in reconcile("explain", "till-4@DE1").out
    assert ": reconcile work\n" in reconcile("explain", "site/DE1").out


def test_explain_shows_the_receipts_of_a_pair(reconcile: Reconcile, fleet: Path) -> None:
    plan = recorded(reconcile)
    arrive(fleet / ".reconciler" / "state.db", plan, "DE1")
    document = json.loads(reconcile("explain", "till-4@DE1", "-o", "json").out)
    (receipt,) = document["receipts"]
    assert (receipt["kind"], receipt["number"], receipt["verifier"], receipt["proof"]) == (
        "Receipt",
        1,
        "worker",
        "read-back",
    )
    assert receipt["content"] == plan["sendOnlyJobs"][0]["revision"]["content"]  # type: ignore[index]
    assert "  1  content sha256:" in reconcile("explain", "till-4@DE1").out


def test_watch_shows_it_again_and_tells_what_is_wrong_once(fleet: Path, reconcile: Reconcile) -> None:
    assert reconcile("-q").code == 0
    (fleet / "manifests" / "broken.yaml").write_text("kind: [")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "reconciler", "status", "--watch"]
    with subprocess.Popen(
        command, cwd=fleet, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        seen = 0
        while seen < 2:
            seen += process.stdout.readline().startswith("Last pass ")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read().count("error[syntax]") == 1
