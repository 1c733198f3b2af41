"""Mistakes at the command line are named, each with what to do."""

import io
import json
import os
import sys
from pathlib import Path

import pytest

from reconciler.cli import app
from tests.cli.conftest import JOB, PACKAGE, SITES, Reconcile

BROKEN_JOB = JOB.replace("till-emea", "till-broken").replace("till-4", "till-9")


def settings(spec: str) -> str:
    return f"apiVersion: reconciler/v1\nkind: Config\nspec:\n  {spec}\n"


@pytest.mark.parametrize("command", ["plan", "validate"])
def test_a_path_that_is_not_there_is_a_wrong_command_line(reconcile: Reconcile, fleet: Path, command: str) -> None:
    ended = reconcile(command, "manifests", "nope.yaml")
    assert (ended.code, ended.out) == (64, "")
    assert ended.err == "reconcile: error: there is no file or folder nope.yaml\n"


def test_missing_manifests_of_an_option_or_the_settings_are_named(reconcile: Reconcile, fleet: Path) -> None:
    assert "there is no nope   limit refuse" in reconcile("-m", "nope", "plan").out
    ended = reconcile("-m", "nope", "validate")
    assert (ended.code, "There are no manifests: there is no nope." in ended.err) == (3, True)
    (fleet / "reconciler.yaml").write_text(settings("manifests: {paths: [gone]}"))
    assert "there is no gone   limit refuse" in reconcile("plan").out
    assert "there is no gone." in reconcile("validate").err


def test_an_empty_folder_says_so_and_how_to_begin(reconcile: Reconcile) -> None:
    ended = reconcile("validate")
    assert (ended.code, ended.err) == (
        3,
        "There are no manifests: no file holds an object. Begin a fleet with: reconcile init DIR\n",
    )
    text = reconcile().out
    assert "empty   limit refuse" in text
    assert "Or begin a fleet:  reconcile init DIR\n" in text


@pytest.mark.parametrize("path", ["-", "/dev/stdin"])
def test_a_stream_from_standard_input_is_validated_with_the_files(
    reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN_JOB.encode())))
    ended = reconcile("validate", "manifests", path)
    assert ended.code == 4
    assert "<stdin>:5:12: error[unknown-package]" in ended.out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n---\n".join((SITES, PACKAGE, JOB)).encode())))
    assert "1 file read" in reconcile("validate", path).out


def test_a_closed_standard_input_is_no_fault_of_ours(
    reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert reconcile("validate", "-").err == "reconcile: error: standard input is closed\n"


@pytest.mark.parametrize("path", ["fifo", "/dev/null"])
def test_a_path_that_is_no_regular_file_is_refused_by_name(reconcile: Reconcile, fleet: Path, path: str) -> None:
    os.mkfifo("fifo")
    ended = reconcile("validate", path)
    assert ended.code == 4
    assert ended.out.startswith(f"{path}:1:1: error[not-a-file]: a ")


def test_standard_input_cannot_be_watched(reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SITES.encode())))
    assert reconcile("-m", "-", "watch").code == 64


def test_R9_a_plan_applied_twice_says_so(reconcile: Reconcile, fleet: Path) -> None:
    reconcile("plan", "--out", "plan.json")
    assert "Recorded." in reconcile("apply", "plan.json").out
    again = reconcile("apply", "plan.json")
    assert again.code == 0
    assert "Nothing was written: all of it was recorded already." in again.out
    assert "recorded already: 1 send-only job (send-till-4-" in again.err


def test_the_header_says_what_it_counts(reconcile: Reconcile, fleet: Path) -> None:
    assert reconcile("plan").out.splitlines()[0].endswith("state: sqlite, no ready pair yet")


def test_a_guard_that_does_not_trip_cannot_be_acknowledged(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text(settings("guards: {bytes: 1kB}"))
    plan = json.loads(reconcile("--dry-run", "-o", "json").out)["id"]
    ended = reconcile("acknowledge", plan, "heals", "--reason", "x")
    assert (ended.code, "hint: guards that it trips: bytes\n" in ended.err) == (64, True)
    assert reconcile("acknowledge", plan, "bytes", "--reason", "x").code == 0


def test_L35_ready_says_that_a_job_was_left_out(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "manifests" / "broken.yaml").write_text(BROKEN_JOB)
    ended = reconcile("ready", "till-broken")
    assert ended.code == 4
    assert "job till-broken (manifests/broken.yaml:1) is declared, but left out because of errors" in ended.err
    assert "error[unknown-package]" in ended.err
    assert reconcile("explain", "till-broken").code == 4


def test_ready_is_silent_of_what_does_not_concern_its_subject(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "manifests" / "broken.yaml").write_text(BROKEN_JOB)
    ended = reconcile("ready", "till-emea")
    assert (ended.code, ended.err) == (3, "1 error in the manifests, see: reconcile validate\n")


def test_L35_jobs_that_errors_left_out_are_not_called_none(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "manifests" / "sites.yaml").unlink()
    text = reconcile("plan").out
    assert "There is no job" not in text
    assert "No changes. No job is valid: there is 1 error, and what depends on it is left out.\n" in text


def test_guards_say_where_their_limit_is_set(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text(settings("guards:\n    bytes: 1kB"))
    assert "limit 1000 B   reconciler.yaml:5 spec.guards.bytes\n" in reconcile("plan").out
    assert "default; set it in reconciler.yaml spec.guards.emptyManifests\n" in reconcile("plan", "-m", "nope").out


@pytest.mark.parametrize(
    ("command", "format_"),
    [
        (("status",), "json"),
        (("status",), "text"),
        (("version",), "json"),
        (("config",), "json"),
        (("schema", "site"), "json"),
        (("validate",), "json"),
        (("explain", "till-emea"), "json"),
        (("ready", "till-emea"), "json"),
    ],
)
def test_each_result_is_reported(reconcile: Reconcile, fleet: Path, command: tuple[str, ...], format_: str) -> None:
    ended = reconcile(*command, "-o", format_, "--report", f"{format_}=report")
    assert (fleet / "report").read_text() == ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", "--report", "ndjson=x"),
        ("status", "--report", "markdown=x"),
        ("init", "new", "--report", "json=x"),
        ("init", "new", "-o", "json"),
        ("schema", "-o", "yaml"),
        ("watch", "--report", "json=x"),
    ],
)
def test_a_format_that_is_not_offered_is_refused_before_anything_is_done(
    reconcile: Reconcile, fleet: Path, arguments: tuple[str, ...]
) -> None:
    ended = reconcile(*arguments)
    assert (ended.code, ended.out) == (64, "")
    assert not any((fleet / name).exists() for name in (".reconciler", "new", "x"))


def test_the_variable_for_verbose_shows_the_traceback_too(
    reconcile: Reconcile, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app, "_command_line", broken)
    assert reconcile("plan").code == 1
    monkeypatch.setenv("RECONCILE_VERBOSE", "1")
    with pytest.raises(ZeroDivisionError):
        reconcile("plan")


def test_a_database_of_later_versions_is_refused_at_its_line(reconcile: Reconcile, fleet: Path) -> None:
    (fleet / "reconciler.yaml").write_text(settings('state: {url: "postgresql://db/x"}'))
    ended = reconcile("plan")
    assert (ended.code, ended.out) == (4, "")
    assert "reconciler.yaml:4:16: error[not-yet]: a state at postgresql:// comes in a later version" in ended.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("foo.db", "foo.db is no address of a state; use sqlite:///PATH, for example sqlite:///foo.db"),
        ("postgresql://db/x", "a state at postgresql: addresses comes in a later version"),
        ("mysql://db/x", "no state is kept at mysql: addresses"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "watch"])
def test_a_wrong_address_of_the_state_is_a_wrong_command_line(
    reconcile: Reconcile, fleet: Path, command: str, url: str, said: str
) -> None:
    ended = reconcile(command, "--state", url)
    assert (ended.code, said in ended.err) == (64, True)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("explain", "site/de1"), "DE1"),
        (("explain", "till-emae"), "till-emea"),
        (("explain", "til-4@DE1"), "till-4"),
        (("ready", "till_emea"), "till-emea"),
        (("status", "sites", "DE2"), "DE1"),
        (("status", "jobs", "till-eme"), "till-emea"),
    ],
)
def test_a_near_name_is_offered(reconcile: Reconcile, fleet: Path, arguments: tuple[str, ...], meant: str) -> None:
    assert f"hint: did you mean {meant}?\n" in reconcile(*arguments).err


def test_init_says_what_is_next(reconcile: Reconcile) -> None:
    assert reconcile("init").out.endswith("Next: reconcile --dry-run\n")
    Path("sites.csv").write_text("name\nHQ\n")
    out = reconcile("init", "fleet", "--sites", "sites.csv").out
    assert out.startswith("Wrote 1 file to fleet\nNext: say where the sites are (spec.address of each")
    assert out.endswith("then: reconcile -C fleet validate\n")


def test_show_says_in_one_sentence_that_a_file_is_no_plan(reconcile: Reconcile, fleet: Path) -> None:
    ended = reconcile("show", "manifests/job.yaml")
    assert ended.err == (
        "reconcile: error: manifests/job.yaml is not a saved plan: it holds no JSON\n"
        "hint: save one with: reconcile plan --out FILE\n"
    )


def test_a_worker_where_no_manifests_are_says_so(reconcile: Reconcile) -> None:
    ended = reconcile("work", "--until-idle")
    assert (ended.code, ended.err.splitlines()[0][:20]) == (0, "No site is declared:")
