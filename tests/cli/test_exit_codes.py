"""Exit codes of cli.md."""

import json
from pathlib import Path

import pytest

from reconciler.cli.exits import Exit, strongest
from tests.cli.conftest import PACKAGE, Reconcile


def test_a_recorded_pass_ends_with_0_and_the_next_one_has_nothing_to_do(reconcile: Reconcile, fleet: Path) -> None:
    assert reconcile().code == 0
    again = reconcile("-o", "json")
    assert (again.code, json.loads(again.out)["hasChanges"]) == (0, False)


def test_pending_changes_end_with_2_only_if_asked(reconcile: Reconcile, fleet: Path) -> None:
    assert reconcile("--dry-run").code == 0
    assert reconcile("--dry-run", "--detailed-exitcode").code == 2
    assert reconcile("plan", "--detailed-exitcode").code == 2
    reconcile()
    assert reconcile("plan", "--detailed-exitcode").code == 0


def test_a_tripped_guard_ends_with_3_and_records_nothing(reconcile: Reconcile, fleet: Path) -> None:
    settings = "apiVersion: reconciler/v1\nkind: Config\nspec: {guards: {bytes: 1kB}}\n"
    (fleet / "reconciler.yaml").write_text(settings)
    dry = reconcile("--dry-run", "-o", "json")
    assert (dry.code, json.loads(dry.out)["refused"]) == (3, True)
    assert reconcile().code == 3
    assert json.loads(reconcile("status", "-o", "json").out)["sends"] == []


def test_an_empty_tree_trips_its_guard(reconcile: Reconcile, fleet: Path) -> None:
    for manifest in (fleet / "manifests").iterdir():
        manifest.unlink()
    ended = reconcile("--dry-run", "-o", "json")
    tripped = [guard["name"] for guard in json.loads(ended.out)["guards"] if guard["tripped"]]
    assert (ended.code, tripped) == (3, ["emptyManifests"])


def test_a_missing_tree_trips_the_same_guard(reconcile: Reconcile, fleet: Path) -> None:
    assert reconcile("-m", "nowhere", "--dry-run").code == 3


def test_blocked_pairs_are_no_failure_unless_asked_for(reconcile: Reconcile, fleet: Path) -> None:
    text = (fleet / "manifests" / "sites.yaml").read_text()
    (fleet / "manifests" / "sites.yaml").write_text(
        text.replace(", address: {type: directory, path: ../stores/DE1}", "")
    )
    assert reconcile("--dry-run").code == 0
    assert reconcile("--dry-run", "--fail-on", "blocked").code == 3


def test_invalid_manifests_end_with_4_and_the_valid_ones_are_planned(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "manifests" / "broken.yaml").write_text(PACKAGE.replace("till-4", "till-5").replace("origin", "orign"))
    ended = reconcile("-o", "json")
    plan = json.loads(ended.out)
    assert ended.code == 4
    assert [job["package"] for job in plan["sendOnlyJobs"]] == ["till-4"]
    assert {diagnostic["file"] for diagnostic in plan["diagnostics"]} == {"manifests/broken.yaml"}


def test_L35_a_file_that_cannot_be_read_makes_nothing_obsolete(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply")
    job = fleet / "manifests" / "job.yaml"
    job.rename(fleet / "job.yaml")
    job.symlink_to(fleet / "job.yaml")
    ended = reconcile("-o", "json")
    plan = json.loads(ended.out)
    assert (ended.code, plan["cancellations"]) == (4, [])
    assert [found["code"] for found in plan["diagnostics"]] == ["manifest-link"]


def test_invalid_settings_end_with_4_without_a_plan(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {guard: {}}\n")
    ended = reconcile("--dry-run")
    assert (ended.code, ended.out) == (4, "")
    assert "reconciler.yaml:3:" in ended.err
    assert "guards" in ended.err


def test_a_stale_saved_plan_ends_with_5_and_records_nothing(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("plan", "--out", "old.json")
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"newer")
    reconcile()
    before = json.loads(reconcile("status", "-o", "json").out)["sends"]
    ended = reconcile("apply", "old.json")
    assert ended.code == 5
    assert "stale" in ended.err
    assert json.loads(reconcile("status", "-o", "json").out)["sends"] == before


def test_a_saved_plan_is_recorded_once(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("plan", "--out", "plan.json")
    assert reconcile("apply", "plan.json").code == 0
    assert reconcile("apply", "plan.json").code == 0
    assert len(json.loads(reconcile("status", "-o", "json").out)["sends"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-such-option",),
        ("no-such-command",),
        ("plan", "--output", "xml"),
        ("status", "-o", "yaml"),
        ("apply", "one.json", "two.json"),
        ("--site", "DE1", "version"),
        ("plan", "--site", "nowhere-*"),
        ("plan", "-l", "region in"),
        ("acknowledge", "p-1", "noGuard", "--reason", "x"),
        ("acknowledge", "p-1", "bytes"),
        ("ready",),
        ("ready", "no-such-job"),
        ("schema", "planet"),
        ("explain", "till-4@nowhere"),
        ("-C", "nowhere", "plan"),
        ("plan", "--report", "json"),
    ],
)
def test_a_wrong_command_line_ends_with_64_and_one_line(
    reconcile: Reconcile, fleet: Path, arguments: tuple[str, ...]
) -> None:
    ended = reconcile(*arguments)
    assert ended.code == 64
    assert ended.err.startswith("reconcile: error: ")
    assert "Traceback" not in ended.err


def test_ready_answers_3_until_a_receipt_is_there(reconcile: Reconcile, fleet: Path) -> None:
    ended = reconcile("ready", "till-emea", "-o", "json")
    answer = json.loads(ended.out)
    assert (ended.code, answer["ready"]) == (3, False)
    assert [(row["site"], row["reasons"]) for row in answer["missing"]] == [
        ("DE1", ["content-missing", "setup-missing"]),
        ("EU1", ["content-missing", "setup-missing"]),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), Exit.DONE),
        ((Exit.CHANGES, Exit.NO), Exit.NO),
        ((Exit.NO, Exit.FAILED), Exit.FAILED),
        ((Exit.FAILED, Exit.TRY_AGAIN), Exit.TRY_AGAIN),
        ((Exit.TRY_AGAIN, Exit.INVALID), Exit.INVALID),
        ((Exit.INVALID, Exit.USAGE), Exit.USAGE),
    ],
)
def test_the_strongest_code_wins(given: tuple[Exit, ...], expected: Exit) -> None:
    assert strongest(given) is expected
