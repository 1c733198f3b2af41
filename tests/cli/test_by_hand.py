"""Commands by hand: pin, suspend, resume, retry, cancel, history, doctor, state."""

import json
import os
import shutil
from pathlib import Path

import pytest

from reconciler.cli.by_hand import complete_send, complete_subject
from reconciler.cli.options import Options
from reconciler.cli.workplace import work_in
from reconciler.engine.pinning import pins_of, write
from reconciler.model.instants import Seconds, parse_instant
from reconciler.model.looks import Moved
from reconciler.sources import rewriting
from reconciler.state.liveness import this_process
from reconciler.state.protocol import Author
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW
from tests.cli.conftest import PACKAGE, Ended, Reconcile
from tests.git.repositories import Repo


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


def test_L39_nothing_is_written_if_one_of_the_files_changed(reconcile: Reconcile, fleet: Path) -> None:
    for name in ("till-5", "till-6"):
        (fleet / "manifests" / f"{name}.yaml").write_text(PACKAGE.replace("till-4", name))
    pins = pins_of(work_in(Options()).manifests, ())
    (fleet / "manifests" / "till.yaml").write_text(PACKAGE + "# saved meanwhile\n")
    with pytest.raises(Moved):
        list(write(pins))
    assert (fleet / "manifests" / "till-5.yaml").read_text() == PACKAGE.replace("till-4", "till-5")


def test_a_package_that_is_not_there_is_guessed(reconcile: Reconcile, fleet: Path) -> None:
    ended = reconcile("pin", "till_4")
    assert (ended.code, ended.err) == (
        64,
        "reconcile: error: there is no package till_4\nhint: did you mean till-4?\n",
    )


# suspend and resume


def test_a_suspended_site_is_blocked_until_it_is_resumed(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    ended = reconcile("suspend", "site/DE1", "--reason", "disk replacement")
    assert ended.code == 0
    assert ended.err == ("Suspended site/DE1: 1 open send waits.\nEnd it with: reconcile resume site/DE1\n")
    assert "disk replacement" in reconcile("--dry-run").out
    assert reconcile("--dry-run", "--fail-on", "blocked").code == 3
    ended = reconcile("resume", "site/DE1")
    assert (ended.code, ended.err.endswith(": disk replacement: 1 open send may go on.\n")) == (0, True)
    assert reconcile("--dry-run", "--fail-on", "blocked").code == 0


def test_resuming_what_is_not_suspended_is_no_failure(reconcile: Reconcile, fleet: Path) -> None:
    ended = reconcile("resume", "site/DE1")
    assert (ended.code, ended.err) == (0, "site/DE1 is not suspended: nothing to resume.\n")


def test_resuming_a_pair_tells_what_still_holds_it(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    reconcile("suspend", "site/DE1", "--reason", "disk")
    reconcile("suspend", "till-4@DE1", "--reason", "open late")
    reconcile("suspend", "package/till-4", "--reason", "recalled", "--until", "1h")
    told = reconcile("resume", "till-4@DE1").err
    assert ": open late: 0 open sends may go on." in told
    assert [line.split(",")[0] for line in told.splitlines()] == [
        "Resumed till-4@DE1",
        "Still in force: site/DE1",
        "Still in force: package/till-4",
    ]


def test_a_second_suspension_replaces_the_first_and_says_so(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("suspend", "package/till-4", "--reason", "first")
    told = reconcile("suspend", "package/till-4", "--reason", "second", "--until", "2040-01-01T00:00:00+01:00").err
    assert "Suspended package/till-4 until 2039-12-31T23:00:00Z: 0 open sends wait." in told
    assert ": first.\n" in told


def test_until_may_be_a_duration(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("suspend", "site/DE1", "--reason", "x", "--until", "3d")
    (event,) = json.loads(reconcile("history", "site/DE1", "-o", "json").out)["events"]
    until = reconcile("resume", "site/DE1").err.partition(" until ")[2].partition(" by ")[0]
    assert parse_instant(until) - parse_instant(event["at"]) == 3 * 86400


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("suspend", "site/DE1"), '--reason "why"'),
        (("suspend", "job/till-emea", "--reason", "x"), "set spec.suspend: true in the manifest of till-emea"),
        (("suspend", "site/D1E", "--reason", "x"), "did you mean DE1?"),
        (("suspend", "site/de1", "--reason", "x"), "did you mean DE1?"),
        (("suspend", "till_4@DE1", "--reason", "x"), "did you mean till-4?"),
        (("suspend", "DE1", "--reason", "x"), "name site/NAME, package/NAME or PACKAGE@SITE"),
        (("suspend", "site/DE1", "--reason", "x", "--until", "soon"), ""),
        (("suspend", "site/DE1", "--reason", "x", "--until", "0s"), ""),
        (("suspend", "site/DE1", "--reason", "x", "--until", "2020-01-01T00:00:00Z"), ""),
        (("resume", "site/XX9"), ""),
        (("history", "site/D1E"), "did you mean DE1?"),
        (("history", "till-4"), "name send/NAME, site/NAME"),
        (("history", "send/send-till"), ""),
        (("history", "--limit", "0"), ""),
    ],
)
def test_a_wrong_word_ends_with_64_and_a_hint(
    reconcile: Reconcile, fleet: Path, arguments: tuple[str, ...], hint: str
) -> None:
    ended = reconcile(*arguments)
    assert (ended.code, hint in ended.err, "Traceback" in ended.err) == (64, True, False)


def test_a_site_that_only_the_state_knows_can_be_suspended(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    (fleet / "manifests" / "job.yaml").unlink()
    (fleet / "manifests" / "sites.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Site\nmetadata: {name: HQ1}\nspec: {}\n"
    )
    assert reconcile("suspend", "till-4@DE1", "--reason", "x").code == 0
    assert reconcile("suspend", "site/DE2", "--reason", "x").code == 64


# history


def test_the_history_tells_who_did_what_and_why_newest_first(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    reconcile("suspend", "till-4@DE1", "--reason", "open \x1b[31mlate")
    text = reconcile("history").out.splitlines()
    assert [line.split()[1:3] for line in text] == [["held", "pair/till-4@DE1"], ["recorded", text[1].split()[2]]]
    assert text[0].endswith("open \\x1b[31mlate")
    told = json.loads(reconcile("history", "-o", "json", "--limit", "1").out)
    assert (told["kind"], [event["action"] for event in told["events"]]) == ("History", ["held"])
    lines = reconcile("history", "-o", "ndjson").out.splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["held", "recorded"]
    assert json.loads(lines[1])["plan"].startswith("p-")


def test_the_history_of_one_thing_has_its_events_alone(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    reconcile("suspend", "till-4@DE1", "--reason", "late")
    assert reconcile("history", "till-4@DE1").out == reconcile("history", "pair/till-4@DE1").out != ""
    ended = reconcile("history", "site/DE1")
    assert (ended.code, ended.out, ended.err) == (0, "", "Nothing has happened to site/DE1 yet.\n")
    assert reconcile("history", "--limit", "1").err == "The latest 1; more with --limit.\n"


# retry and cancel


def name_of_the_send(reconcile: Reconcile) -> str:
    name: str = json.loads(reconcile("status", "sends", "-o", "json").out)["sends"][0]["name"]
    return name


def test_a_cancelled_send_stays_closed_until_it_is_retried(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    send = name_of_the_send(reconcile)
    ended = reconcile("cancel", "till-4@DE1", "--reason", "wrong build")
    assert (ended.code, ended.out) == (0, f"{send}  till-4@DE1  cancelled (was queued)\n")
    plan = json.loads(reconcile("plan", "-o", "json").out)
    assert {pair["site"]: pair["reason"] for pair in plan["pairs"]} == {"DE1": "cancelled", "EU1": None}
    assert "wrong build" in reconcile("history", "till-4@DE1").out
    ended = reconcile("retry", send)
    assert ended.out == (
        f"{send}  till-4@DE1  retried (was cancelled)\n{send}  till-4@EU1  left alone: it is queued already\n"
    )
    assert reconcile("--dry-run", "--fail-on", "blocked").code == 0


def test_a_name_and_one_of_its_pairs_are_one_row(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    send = name_of_the_send(reconcile)
    ended = reconcile("cancel", send, "till-4@DE1", "--reason", "x")
    assert ended.out.count("cancelled (was queued)") == 2


def test_what_cannot_be_changed_is_named_with_the_reason_and_ends_with_1(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    reconcile("cancel", "till-4@DE1", "--reason", "x")
    again = reconcile("cancel", "till-4@DE1", "--reason", "x")
    assert (again.code, again.out.endswith("left alone: it is cancelled\n")) == (1, True)
    first = name_of_the_send(reconcile)
    (fleet / "payload" / "till" / "setup.exe").write_bytes(b"another revision")
    reconcile("apply", "-q")
    late = reconcile("retry", first)
    assert late.code == 1
    assert [line.partition("  left alone: ")[2] for line in late.out.splitlines()] == [
        "number 2 of the pair is newer",
        "it was superseded",
    ]
    latest = reconcile("cancel", "till-4@EU1", "--reason", "x").out
    assert (latest.split("  ")[0] != first, latest.endswith("cancelled (was queued)\n")) == (True, True)


def test_an_unknown_name_is_guessed_and_does_not_stop_the_others(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    send = name_of_the_send(reconcile)
    ended = reconcile("cancel", send[:-1], "till-4@EU1", "till-4@HQ1", "--reason", "x")
    assert (ended.code, ended.out) == (1, f"{send}  till-4@EU1  cancelled (was queued)\n")
    assert ended.err == (
        f"reconcile: error: there is no send-only job {send[:-1]}; no send of till-4@HQ1 has been recorded\n"
        f"hint: did you mean {send}?\n"
    )


def test_a_dry_run_of_retry_and_cancel_changes_nothing(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    ended = reconcile("--dry-run", "cancel", "till-4@DE1", "--reason", "x")
    assert (ended.code, "would be cancelled (was queued)" in ended.out) == (0, True)
    reconcile("cancel", "till-4@DE1", "--reason", "x")
    assert "would be retried (was cancelled)" in reconcile("retry", "till-4@DE1", "--dry-run").out
    assert reconcile("--dry-run", "--fail-on", "blocked").code == 3


# doctor


def subjects(ended: Ended) -> dict[str, str]:
    return {check["subject"]: check["condition"] for check in json.loads(ended.out)["checks"]}


def test_doctor_tells_of_each_thing_and_ends_with_1_if_one_is_a_problem(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    (fleet / "stores" / "EU1").mkdir(parents=True)
    ended = reconcile("doctor", "-o", "json")
    assert ended.code == 1
    assert subjects(ended) == {
        "settings": "ok",
        "library/jsonschema-rs": "ok",
        "manifests": "ok",
        "watch": "ok",
        "state": "ok",
        "clock": "ok",
        "depot": "ok",
        "site/DE1": "problem",
        "site/EU1": "ok",
        "site/HQ1": "ok",
    }
    (fleet / "stores" / "DE1").mkdir()
    healthy = reconcile("doctor")
    assert (healthy.code, healthy.out.splitlines()[-1]) == (0, "10 checks: 0 problems, 0 warnings.")
    assert os.listdir(fleet / "stores" / "DE1") == []


def test_a_warning_is_no_failure(reconcile: Reconcile, fleet: Path) -> None:
    sites = (fleet / "manifests" / "sites.yaml").read_text()
    (fleet / "manifests" / "sites.yaml").write_text(
        sites.replace(", address: {type: directory, path: ../stores/DE1}", "")
    )
    (fleet / "stores" / "EU1").mkdir(parents=True)
    ended = reconcile("doctor", "-o", "json")
    assert (ended.code, subjects(ended)["site/DE1"]) == (0, "warning")


def test_doctor_names_what_is_wrong_in_settings_manifests_and_state(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "manifests" / "broken.yaml").write_text("kind: [")
    (fleet / ".reconciler").mkdir()
    (fleet / ".reconciler" / "state.db").write_bytes(b"no database at all" * 100)
    ended = reconcile("doctor", "-o", "json")
    found = subjects(ended)
    assert (ended.code, found["manifests"], found["state"], found["sites"]) == (1, "problem", "problem", "warning")
    (fleet / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {guard: {}}\n")
    assert subjects(reconcile("doctor", "-o", "json")) == {"settings": "problem"}


def test_doctor_looks_at_commits_and_at_who_is_told(
    reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = Repo.new(fleet.parent / "origin")
    origin.put("manifests/hq.yaml", (fleet / "manifests" / "sites.yaml").read_text())
    origin.commit()
    (fleet / "signers").write_text("# nobody yet\n")
    (fleet / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Config\nspec:\n"
        f"  git: {{repo: {origin.path}, branch: main, requireSigned: true, allowedSigners: signers}}\n"
        '  metrics: {listen: "9464"}\n'
        "  notify:\n"
        '    - {name: ops, webhook: {url: "https://ops.example.org/", secret: "env:OPS_SECRET"}}\n'
        "    - {name: pager, command: [/nowhere/page]}\n"
    )
    ended = reconcile("doctor", "-o", "json")
    found = subjects(ended)
    wrong = ("git/signers", "notify/ops", "notify/pager", "manifests")
    assert (ended.code, [found[subject] for subject in wrong]) == (1, ["problem"] * 4)
    assert (found["git/repository"], found["metrics"]) == ("ok", "ok")
    (fleet / "signers").write_text("anna@example.org ssh-ed25519 AAAA\n")
    monkeypatch.setenv("OPS_SECRET", "correct-horse")
    shutil.rmtree(origin.path)
    mended = reconcile("doctor", "-o", "json")
    found = subjects(mended)
    assert (found["git/signers"], found["notify/ops"], found["git/repository"]) == ("ok", "ok", "problem")
    assert "correct-horse" not in mended.out


# state


def test_a_copy_that_is_put_back_is_the_state_of_then(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    assert reconcile("state", "backup", "monday.db").code == 0
    assert (fleet / "monday.db").stat().st_mode & 0o777 == 0o600
    reconcile("suspend", "site/DE1", "--reason", "on Tuesday")
    ended = reconcile("state", "restore", "monday.db")
    kept = fleet / ".reconciler" / "state.db.before-restore-1"
    assert (ended.code, f"What was there is kept as {kept}." in ended.out) == (0, True)
    assert reconcile("history", "site/DE1").out == ""
    assert "on Tuesday" in reconcile("--state", f"sqlite:///{kept}", "history", "site/DE1").out


def test_a_copy_never_takes_the_place_of_a_file_and_a_missing_state_is_not_copied(
    reconcile: Reconcile, fleet: Path
) -> None:
    missing = reconcile("state", "backup", "monday.db")
    assert (missing.code, (fleet / "monday.db").exists()) == (1, False)
    reconcile("apply", "-q")
    (fleet / "monday.db").write_text("precious")
    assert reconcile("state", "backup", "monday.db").code == 1
    assert (fleet / "monday.db").read_text() == "precious"


def test_nothing_is_restored_while_a_worker_lives(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    reconcile("state", "backup", "monday.db")
    reconcile("suspend", "site/DE1", "--reason", "on Tuesday")
    worker = this_process()
    opened = open_sqlite(str(fleet / ".reconciler" / "state.db"), write=True)
    opened.renew(worker, (), Author(actor="worker", at=NOW), lease=Seconds(20))
    refused = reconcile("state", "restore", "monday.db")
    assert (refused.code, f"process {os.getpid()} " in refused.err) == (1, True)
    assert "on Tuesday" in reconcile("history", "site/DE1").out
    opened.leave(worker)
    opened.close()
    assert reconcile("state", "restore", "monday.db").code == 0


def test_a_dry_run_of_backup_and_restore_writes_nothing(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    assert reconcile("--dry-run", "state", "backup", "monday.db").out.startswith("Would copy ")
    assert not (fleet / "monday.db").exists()
    reconcile("state", "backup", "monday.db")
    before = names(fleet)
    assert reconcile("state", "restore", "monday.db", "--dry-run").out.startswith("Would restore monday.db (schema ")
    assert reconcile("state", "restore", "sunday.db", "--dry-run").code == 1
    assert names(fleet) == before


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if not path.name.endswith(("-wal", "-shm")))


# completion


def test_names_are_completed_as_the_commands_take_them(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("apply", "-q")
    assert complete_subject("") == ["site/DE1", "site/EU1", "site/HQ1", "package/till-4"]
    assert complete_subject("site/D") == ["site/DE1"]
    assert complete_subject("till-4@E") == ["till-4@EU1"]
    assert complete_send("send-") == [name_of_the_send(reconcile)]
    (fleet / ".reconciler" / "state.db").write_bytes(b"no database")
    assert complete_send("send-") == []
