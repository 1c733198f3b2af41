"""`reconcile watch` as an operator runs it: a process, saves, faults, signals."""

import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import JOB, PACKAGE, SITES
from tests.end_to_end.workshop import Workshop, workshop


@pytest.fixture
def place(tmp_path: Path) -> Workshop:
    return workshop(tmp_path)


@pytest.fixture
def hasty(tmp_path: Path) -> Workshop:
    """Where nothing has to come to rest: only what changes in one step may change there."""
    return workshop(tmp_path, settle="0s")


def recorded(passes: list[dict[str, Any]]) -> list[str]:
    return [name for entry in passes for name in entry["recorded"]]


def test_a_save_is_recorded_and_sigterm_ends_it_with_143(place: Workshop) -> None:
    with replace(place, starts=True).watching() as watch:
        first = watch.until(lambda passes: len(recorded(passes)) == 1)
        assert [(entry["outcome"], entry["kind"]) for entry in first] == [("done", "Pass")]
        (place.here / "payload" / "till" / "setup.exe").write_bytes(b"another revision")
        second = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert len(set(recorded(second))) == 2
        assert watch.end(signal.SIGTERM) == 143
    assert sorted(place.sends().values()) == ["queued", "queued", "superseded", "superseded"]


def test_sigint_ends_it_with_130(hasty: Workshop) -> None:
    with replace(hasty, starts=True).watching() as watch:
        watch.until(lambda passes: len(passes) == 1)
        assert watch.end(signal.SIGINT) == 130


def test_L35_a_broken_file_is_told_once_and_nothing_of_it_is_cancelled(place: Workshop) -> None:
    manifests = place.here / "manifests"
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        (manifests / "job.yaml").write_text(JOB.replace("targets", "tragets"))
        broken = watch.until(lambda passes: passes[-1]["outcome"] == "invalid")
        assert {found["file"] for found in broken[-1]["diagnostics"]} == {"manifests/job.yaml"}
        told = len(broken[-1]["diagnostics"])
        # The others go on: a second package, needed by a job of its own.
        (manifests / "posters.yaml").write_text(PACKAGE.replace("till-4", "posters"))
        (manifests / "posters-job.yaml").write_text(JOB.replace("till-emea", "p").replace("till-4", "posters"))
        others = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert sum(len(entry["diagnostics"]) for entry in others) == told
        (manifests / "job.yaml").write_text(JOB)
        watch.until(lambda passes: passes[-1]["outcome"] == "done")
        assert watch.end(signal.SIGTERM) == 143
    assert set(place.sends().values()) == {"queued"}


@pytest.mark.parametrize("how", ["emptied", "gone"])
def test_R8_vanished_manifests_are_refused_and_the_sends_stay(place: Workshop, how: str) -> None:
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        shutil.rmtree(place.here / "manifests")
        if how == "emptied":
            (place.here / "manifests").mkdir()
        refused = watch.until(lambda passes: passes[-1]["outcome"] == "refused")
        assert refused[-1]["recorded"] == []
        assert set(place.sends().values()) == {"queued"}
        (place.here / "manifests").mkdir(exist_ok=True)
        for name, text in (("sites", SITES), ("till", PACKAGE), ("job", JOB)):
            (place.here / "manifests" / f"{name}.yaml").write_text(text)
        watch.until(lambda passes: passes[-1]["outcome"] == "done")
        assert watch.end(signal.SIGTERM) == 143
    assert set(place.sends().values()) == {"queued"}


def test_changed_settings_are_taken_up_and_broken_ones_told(place: Workshop) -> None:
    settings = place.here / "reconciler.yaml"
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        settings.write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {guard: {}}\n")
        broken = watch.until(lambda passes: passes[-1]["outcome"] == "invalid")
        assert [found["file"] for found in broken[-1]["diagnostics"]] == ["reconciler.yaml"]
        settings.write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {settle: 1s, guards: {bytes: 1B}}\n")
        (place.here / "payload" / "till" / "setup.exe").write_bytes(b"too much for the guard")
        watch.until(lambda passes: passes[-1]["outcome"] == "refused")
        assert watch.end(signal.SIGTERM) == 143


def test_what_changed_while_it_was_stopped_is_recorded_at_the_start(hasty: Workshop) -> None:
    hasty.reconcile("apply")
    (hasty.here / "payload" / "till" / "setup.exe").write_bytes(b"changed meanwhile")
    with hasty.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        assert watch.end(signal.SIGTERM) == 143


def test_a_dry_run_records_nothing(hasty: Workshop) -> None:
    with hasty.watching("--dry-run") as watch:
        passes = watch.until(lambda passes: len(passes) == 1)
        assert (passes[0]["hasChanges"], passes[0]["recorded"]) == (True, [])
        assert watch.end(signal.SIGTERM) == 143
    assert not (hasty.here / ".reconciler").exists()


def test_changed_defaults_hold_for_manifests_that_did_not_change(place: Workshop) -> None:
    spec = "{settle: 1s, defaults: [{kind: Site, spec: {timezone: Nowhere/Land}}]}"
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        (place.here / "reconciler.yaml").write_text(f"apiVersion: reconciler/v1\nkind: Config\nspec: {spec}\n")
        broken = watch.until(lambda passes: passes[-1]["outcome"] == "invalid")
        assert {found["code"] for found in broken[-1]["diagnostics"]} == {"unknown-timezone"}
        assert watch.end(signal.SIGTERM) == 143


@pytest.mark.parametrize("arguments", [("-c", "../settings.yaml"), ()])
def test_R10_settings_that_are_gone_hold_a_watch_of_files_until_they_are_back(
    hasty: Workshop, arguments: tuple[str, ...]
) -> None:
    settings = hasty.here / "reconciler.yaml"
    if arguments:
        settings = settings.rename(hasty.folder / "settings.yaml")
    with hasty.watching("--no-work", "-m", "manifests", *arguments) as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        away = settings.rename(hasty.folder / "away.yaml")
        watch.process.send_signal(signal.SIGHUP)
        held = watch.until(lambda passes: passes[-1]["outcome"] == "invalid")
        assert [found["code"] for found in held[-1]["diagnostics"]] == ["unreadable"]
        (hasty.here / "payload" / "till" / "setup.exe").write_bytes(b"another revision")
        away.rename(settings)
        watch.until(lambda passes: len(recorded(passes)) == 2)
        assert watch.end(signal.SIGTERM) == 143


@pytest.mark.parametrize(
    ("named", "code"),
    [("state: {url: 'sqlite:///another.db'}", "another-state"), ("git: {branch: another}", "another-branch")],
)
def test_R10_settings_that_name_another_state_or_branch_hold_a_watch(place: Workshop, named: str, code: str) -> None:
    settings = place.here / "reconciler.yaml"
    before = settings.read_text()
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        settings.write_text(before.replace("{", "{" + named + ", "))
        held = watch.until(lambda passes: passes[-1]["outcome"] == "invalid")
        assert [found["code"] for found in held[-1]["diagnostics"]] == [code]
        assert not (place.here / "another.db").exists()
        settings.write_text(before)
        watch.until(lambda passes: passes[-1]["outcome"] == "done")
        assert watch.end(signal.SIGTERM) == 143
