"""What a narrowed pass says: its rows are of its scope, its verdicts of jobs are of everything they require."""

import json
from pathlib import Path

from tests.cli.conftest import Reconcile


def test_L10_a_job_waits_for_its_sites_outside_the_filters_too(reconcile: Reconcile, fleet: Path) -> None:
    plan = json.loads(reconcile("plan", "--site", "DE1", "-o", "json").out)
    (job,) = plan["jobs"]
    assert (job["requiredSites"], job["ready"], job["verdict"], job["readyAt"]) == (["DE1", "EU1"], 0, "waiting", None)
    assert [pair["site"] for pair in plan["pairs"]] == ["DE1"]
    assert [send["sites"] for send in plan["sendOnlyJobs"]] == [["DE1"]]
    text = reconcile("plan", "--site", "DE1").out
    assert "2 of 2 sites not ready\n" in text
    assert "  1 site not ready outside the filters\n" in text
    assert "Jobs: 1 waiting for sites outside the filters too.\n" in text


def test_L10_a_job_is_not_ready_because_its_sites_in_the_scope_are(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "manifests" / "site.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Site\nmetadata: {name: FR1}\nspec: {parent: EU1}\n"
    )
    (job,) = json.loads(reconcile("plan", "--site", "DE1", "-o", "json").out)["jobs"]
    assert (job["requiredSites"], job["blockers"]) == (["DE1", "EU1", "FR1"], ["till-4@FR1: no-address"])
    assert "Jobs: 1 waiting for blocked sites too.\n" in reconcile("plan", "--site", "DE1").out


def test_a_narrowed_pass_records_its_scope_alone(reconcile: Reconcile, fleet: Path) -> None:
    assert reconcile("--site", "DE1").code == 0
    sends = json.loads(reconcile("status", "-o", "json").out)["sends"]
    assert [[row["site"] for row in send["sites"]] for send in sends] == [["DE1"]]
