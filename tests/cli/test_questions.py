"""Commands that answer questions: explain, status, ready, config, show, schema."""

import json
from pathlib import Path

from reconciler.model.holdings import Held, Receipt
from reconciler.model.instants import Instant
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import SetupPart
from reconciler.state.protocol import Author
from reconciler.state.sqlite import open_sqlite
from tests.cli.conftest import Reconcile


def arrive(state: Path, plan: dict[str, object], *sites: str) -> None:
    """Receipts of these sites for everything the plan sends, as a worker writes them after verifying."""
    opened = open_sqlite(str(state), write=True)
    for job in plan["sendOnlyJobs"]:  # type: ignore[attr-defined]  # the plan as JSON
        for site in sites:
            held = Held(
                content=Digest(job["revision"]["content"]),
                setup=Digest(job["revision"]["setup"]),
                parts=frozenset({SetupPart.WORKSTATION}),
                version="4.20",
            )
            receipt = Receipt(
                package=PackageName(job["package"]),
                site=SiteName(site),
                number=1,
                held=held,
                verified_at=Instant(1_795_000_000),
                verifier="worker",
                proof="read-back",
            )
            opened.receive(receipt, Author(actor="worker", at=Instant(1_795_000_000)))
    opened.close()


def recorded(reconcile: Reconcile) -> dict[str, object]:
    plan: dict[str, object] = json.loads(reconcile("plan", "-o", "json").out)
    assert reconcile("apply", "-q").code == 0
    return plan


def test_the_whole_way_from_missing_to_ready(reconcile: Reconcile, fleet: Path) -> None:
    plan = recorded(reconcile)
    assert reconcile("ready", "till-emea").code == 3
    arrive(fleet / ".reconciler" / "state.db", plan, "DE1")
    partial = json.loads(reconcile("status", "-o", "json").out)
    assert [(job["state"], [row["state"] for row in job["sites"]]) for job in partial["sends"]] == [
        ("partial", ["complete", "queued"])
    ]
    arrive(fleet / ".reconciler" / "state.db", plan, "EU1")
    assert reconcile("ready", "till-emea").out == "till-emea is ready (2 of 2)\n"
    assert "No changes. The one job is ready (2 of 2 pairs" in reconcile("--dry-run").out
    complete = json.loads(reconcile("status", "sends", "-o", "json").out)
    assert [job["state"] for job in complete["sends"]] == ["complete"]


def test_ready_asks_for_one_pair_whether_or_not_a_job_needs_it(reconcile: Reconcile, fleet: Path) -> None:
    plan = recorded(reconcile)
    arrive(fleet / ".reconciler" / "state.db", plan, "DE1")
    assert reconcile("ready", "--package", "till-4", "--site", "DE1").code == 0
    assert reconcile("ready", "--package", "till-4", "--site", "EU1").code == 3
    (fleet / "manifests" / "job.yaml").unlink()
    assert reconcile("ready", "--package", "till-4", "--site", "DE1").code == 0
    missing = reconcile("ready", "--package", "till-4", "--site", "EU1")
    assert (missing.code, "no job needs it there" in missing.out) == (3, True)


def test_ready_waits_no_longer_than_asked(reconcile: Reconcile, fleet: Path) -> None:
    assert reconcile("ready", "till-emea", "--wait", "1s").code == 3
    assert reconcile("ready", "till-emea", "--wait", "soon").code == 64


def test_explain_names_the_missing_facets_the_job_and_the_remedy(reconcile: Reconcile, fleet: Path) -> None:
    explanation = json.loads(reconcile("explain", "till-emea/DE1", "-o", "json").out)
    assert explanation["verdict"] == (
        "missing: content-missing, setup-missing (no content, not set up for Workstation)"
    )
    facts = {(section["title"], fact["name"]): fact for section in explanation["sections"] for fact in section["facts"]}
    assert facts["Needed by", "till-emea"]["sourceRef"] == {"file": "manifests/job.yaml", "line": 8, "column": 7}
    assert facts["At the site", "holding"]["origin"] == "no row in the state"
    assert [remedy.split(": ")[1] for remedy in explanation["remedies"]] == ["reconcile"]


def test_explain_tells_where_each_field_of_a_site_comes_from(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Config\nspec:\n  defaults:\n"
        "    - {kind: Site, spec: {limits: {rate: 2Mbit/s}}}\n"
    )
    text = reconcile("explain", "site/DE1").out.splitlines()
    assert "  limits.rate   2Mbit/s   (reconciler.yaml:5)" in text
    assert "  parent        EU1   (manifests/sites.yaml:14)" in text


def test_explain_names_no_default_that_is_for_other_sites(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Config\nspec:\n  defaults:\n"
        "    - {kind: Site, spec: {limits: {rate: 2Mbit/s}}}\n"
        "    - {kind: Site, match: [{matchLabels: {link: satellite}}], spec: {limits: {rate: 1Mbit/s}}}\n"
    )
    assert "  limits.rate   2Mbit/s   (reconciler.yaml:5)" in reconcile("explain", "site/DE1").out.splitlines()


def test_explain_shows_an_open_send_with_its_events(reconcile: Reconcile, fleet: Path) -> None:
    recorded(reconcile)
    text = reconcile("explain", "till-4@DE1").out
    assert "queued, 0 attempts, number 1" in text
    assert "till-4@DE1: in-flight" in text


def test_status_of_a_queued_send_says_how_long_and_for_what(reconcile: Reconcile, fleet: Path) -> None:
    recorded(reconcile)
    text = reconcile("status", "sends").out
    assert text.count("no worker has claimed it for under 1 min") == 2
    entries = json.loads(reconcile("status", "-o", "json").out)["sends"]
    assert all(value is not None for job in entries for row in job["sites"] for value in row.values())


def test_status_narrows_to_one_entry_and_refuses_one_that_is_not_there(reconcile: Reconcile, fleet: Path) -> None:
    chosen = json.loads(reconcile("status", "sites", "DE1", "-o", "json").out)
    assert [(site["name"], site["required"], site["ready"]) for site in chosen["sites"]] == [("DE1", 1, 0)]
    assert reconcile("status", "sites", "XX9").code == 1


def test_config_shows_each_value_with_its_origin(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {settle: 5s}\n")
    settings = json.loads(reconcile("--state", "sqlite:///x.db", "config", "-o", "json").out)
    assert settings["settle"] == {"value": "5s", "origin": "reconciler.yaml:3"}
    assert settings["state.url"] == {"value": f"sqlite:///{fleet}/x.db", "origin": "--state"}
    assert settings["guards.bytes"] == {"value": "500GiB", "origin": "default"}


def test_config_never_shows_a_password(reconcile: Reconcile, fleet: Path) -> None:
    text = reconcile("--state", "postgresql://me:canary@db/x", "config").out
    assert "canary" not in text
    assert "postgresql://me:***@db/x" in text


def test_an_acknowledgement_lets_exactly_that_plan_pass_once(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {guards: {bytes: 1kB}}\n")
    refused = reconcile("-o", "json")
    plan = json.loads(refused.out)["id"]
    assert refused.code == 3
    assert reconcile("acknowledge", "p-00000000", "bytes", "--reason", "no").code == 5
    assert reconcile("acknowledge", plan, "bytes", "--reason", "agreed").code == 0
    assert reconcile().code == 0
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"x" * 5000)
    assert reconcile().code == 3


def test_show_prints_a_saved_plan_in_any_format(reconcile: Reconcile, fleet: Path) -> None:
    made = reconcile("plan", "--out", "plan.json")
    assert reconcile("show", "plan.json").out == made.out
    assert json.loads(reconcile("show", "plan.json", "-o", "json").out) == json.loads(Path("plan.json").read_text())
    assert "kind: Job" in reconcile("show", "plan.json", "-o", "yaml").out


def test_a_plan_changed_by_hand_is_refused(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("plan", "--out", "plan.json")
    text = Path("plan.json").read_text()
    Path("plan.json").write_text(text.replace('"DE1"', '"XX1"'))
    assert reconcile("apply", "plan.json").code == 4
    Path("plan.json").write_text(text[:-20])
    assert reconcile("apply", "plan.json").code == 4
    assert reconcile("apply", "nowhere.json").code == 1


def test_the_generated_jobs_are_manifests_that_validate(reconcile: Reconcile, fleet: Path) -> None:
    Path("stream.yaml").write_text(reconcile("plan", "-o", "yaml").out)
    ended = reconcile("validate", "manifests", "stream.yaml")
    assert (ended.code, "0 errors" in ended.out) == (0, True)


def test_every_schema_is_printed(reconcile: Reconcile) -> None:
    for kind in ("site", "package", "job", "config", "manifest", "plan"):
        assert json.loads(reconcile("schema", kind).out)["$schema"].endswith("2020-12/schema")


def test_names_are_completed_from_the_manifests(reconcile: Reconcile, fleet: Path) -> None:
    from reconciler.cli.options import complete_job, complete_site  # noqa: PLC0415

    assert (complete_job("till"), complete_site("D")) == (["till-emea"], ["DE1"])


def test_the_last_pass_says_how_it_ended(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply")
    assert json.loads(reconcile("status", "-o", "json").out)["lastPass"]["outcome"] == "done"
    (fleet / "manifests" / "broken.yaml").write_text("kind: [")
    reconcile("apply")
    assert json.loads(reconcile("status", "-o", "json").out)["lastPass"]["outcome"] == "invalid"
    (fleet / "manifests" / "broken.yaml").unlink()
    (fleet / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {guards: {bytes: 1B}}\n")
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"newer")
    reconcile("apply")
    assert json.loads(reconcile("status", "-o", "json").out)["lastPass"]["outcome"] == "refused"


def test_a_stream_without_jobs_is_accepted_too(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply")
    Path("stream.yaml").write_text(reconcile("plan", "-o", "yaml").out)
    ended = reconcile("validate", "manifests", "stream.yaml")
    assert (ended.code, "0 errors" in ended.out) == (0, True)


def test_a_secret_typed_into_the_settings_is_shown_nowhere(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Config\nspec:\n"
        "  credentials:\n    de1: {username: me, password: canary}\n"
        "  state: {url: 'postgresql://me:canary@db/x'}\n"
    )
    for command in ("plan", "validate", "config", "status", "watch"):
        ended = reconcile(command)
        assert (ended.code, "canary" in ended.out + ended.err) == (4, False)
        assert "error[secret-" in ended.out + ended.err
