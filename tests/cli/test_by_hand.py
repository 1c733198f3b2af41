"""Commands by hand: pin, suspend, resume, retry, cancel, history, doctor, state."""

import json
import os
from pathlib import Path

import pytest

from reconciler.sources import rewriting
from tests.cli.conftest import PACKAGE, Reconcile


def content_of(reconcile: Reconcile) -> str:
    plan = json.loads(reconcile("plan", "-o", "json").out)
    content: str = plan["sendOnlyJobs"][0]["revision"]["content"]
    return content


# pin


def test_a_pin_is_what_the_plan_sends_and_nothing_else_changes(reconcile: Reconcile, fleet: Path) -> None:
    manifest = fleet / "manifests" / "till.yaml"
    manifest.chmod(0o640)
    digest = content_of(reconcile)
    ended = reconcile("pin")
    assert ended.code == 0
    assert ended.out == (f"manifests/till.yaml:7: till-4 pinned to {digest}\nPinned 1 of 1 package.\n")
    assert manifest.read_text() == PACKAGE.replace("path: ../payload/till", f"path: ../payload/till, digest: {digest}")
    assert manifest.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(fleet / "manifests")) == ["job.yaml", "sites.yaml", "till.yaml"]
    assert content_of(reconcile) == digest


def test_a_pin_that_content_has_left_behind_is_written_anew(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("pin", "till-4")
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"another revision")
    assert reconcile("validate").code == 4
    ended = reconcile("pin", "till-4")
    assert "till-4 pinned anew to sha256:" in ended.out
    assert reconcile("validate").code == 0
    assert reconcile("pin").out == "No changes: 1 of 1 package pinned already.\n"


def test_a_dry_run_shows_a_diff_that_patch_takes(reconcile: Reconcile, fleet: Path) -> None:
    manifest = fleet / "manifests" / "till.yaml"
    manifest.write_bytes(PACKAGE.replace("\n", "\r\n").encode())
    before = manifest.read_bytes()
    ended = reconcile("--dry-run", "pin")
    assert (ended.code, manifest.read_bytes()) == (0, before)
    removed = [line for line in ended.out.split("\n") if line.startswith("-") and not line.startswith("---")]
    assert removed == ["-  source: {type: directory, path: ../payload/till}\r"]
    assert "till-4 would be pinned to sha256:" in ended.err
    (fleet / "pin.patch").write_text(ended.out, newline="")
    assert os.system("patch --binary -s -p0 < pin.patch") == 0
    assert reconcile("pin").out == "No changes: 1 of 1 package pinned already.\n"


def test_a_package_whose_source_is_elsewhere_keeps_its_pin(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("pin")
    (fleet / "payload" / "till").rename(fleet / "elsewhere")
    ended = reconcile("pin")
    assert (ended.code, "left as it is, pinned to sha256:" in ended.out) == (0, True)


def test_a_source_that_cannot_be_read_is_told_as_validate_tells_it(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "payload" / "till").rename(fleet / "elsewhere")
    ended = reconcile("pin")
    assert (ended.code, "manifests/till.yaml:7:35: error[source-missing]" in ended.err) == (4, True)


def test_a_pin_that_cannot_be_written_is_named_and_the_others_are_written(reconcile: Reconcile, fleet: Path) -> None:
    other = PACKAGE.replace("till-4", "till-5").replace("source: {", "source: &s {")
    (fleet / "manifests" / "other.yaml").write_text(other)
    ended = reconcile("pin")
    assert ended.code == 1
    assert "manifests/other.yaml:7: till-5 not pinned: its source has an anchor" in ended.out
    assert "Pinned 1 of 2 packages" in ended.out
    assert (fleet / "manifests" / "other.yaml").read_text() == other


def test_L39_a_file_that_changed_since_it_was_read_is_not_written(
    reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = fleet / "manifests" / "till.yaml"
    flushed = os.fsync

    def somebody_saves(descriptor: int) -> None:
        flushed(descriptor)
        manifest.write_text(PACKAGE + "# saved meanwhile\n")

    monkeypatch.setattr(rewriting.os, "fsync", somebody_saves)
    ended = reconcile("pin")
    assert (ended.code, "changed while being read" in ended.err) == (5, True)
    assert manifest.read_text() == PACKAGE + "# saved meanwhile\n"
    assert sorted(os.listdir(fleet / "manifests")) == ["job.yaml", "sites.yaml", "till.yaml"]


def test_a_package_that_is_not_there_is_guessed(reconcile: Reconcile, fleet: Path) -> None:
    ended = reconcile("pin", "till_4")
    assert (ended.code, ended.err) == (
        64,
        "reconcile: error: there is no package till_4\nhint: did you mean till-4?\n",
    )
