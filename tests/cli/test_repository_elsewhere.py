"""A place with nothing but settings, whose manifests are the commits of a repository elsewhere (`git.repo`)."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Reconcile
from tests.end_to_end.workshop import workshop
from tests.git.repositories import Repo


@pytest.fixture
def origin(tmp_path: Path) -> Repo:
    repo = Repo.new(workshop(tmp_path).here)
    repo.commit("Begin")
    return repo


@pytest.fixture
def place(origin: Repo, tmp_path: Path, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "place"
    for site in ("EU1", "DE1"):
        (tmp_path / "stores" / site).mkdir(parents=True)
    (place / "manifests").mkdir(parents=True)
    (tmp_path / "place" / "stores").symlink_to(tmp_path / "stores")
    (place / "reconciler.yaml").write_text(
        f"apiVersion: reconciler/v1\nkind: Config\nspec: {{git: {{repo: {origin.path}}}}}\n"
    )
    monkeypatch.chdir(place)
    return place


def test_every_command_reads_the_commit_that_was_fetched_last(place: Path, origin: Repo, reconcile: Reconcile) -> None:
    first = origin.git("rev-parse", "HEAD")
    made = reconcile("-o", "json")
    assert made.code == 0, made.err
    assert json.loads(made.out)["source"] | {"fleetDigest": ""} == {
        "commit": first,
        "branch": "main",
        "dirty": False,
        "fleetDigest": "",
    }
    origin.put("payload/till/setup.exe", "another revision")
    second = origin.commit("Another revision")
    assert reconcile("explain", "till-4@EU1").code == 0
    assert json.loads(reconcile("status", "-o", "json").out)["lastPass"]["commit"] == first
    made = reconcile("-o", "json")
    assert json.loads(made.out)["source"]["commit"] == second
    worked = reconcile("work", "--until-idle")
    assert worked.code == 0, worked.err
    ready = reconcile("ready", "till-emea")
    assert ready.code == 0, ready.out


@pytest.mark.parametrize("command", ["--dry-run", "plan"])
def test_a_dry_run_leaves_nothing_beside_the_state(place: Path, reconcile: Reconcile, command: str) -> None:
    before = sorted(path for path in place.rglob("*"))
    made = reconcile(command, "-o", "json")
    assert made.code == 0, made.err
    assert json.loads(made.out)["summary"]["missing"] == 2
    assert sorted(path for path in place.rglob("*")) == before


def test_what_was_fetched_before_holds_while_the_repository_is_away(
    place: Path, origin: Repo, reconcile: Reconcile
) -> None:
    assert reconcile().code == 0
    origin.path.rename(origin.path.with_name("away"))
    made = reconcile()
    assert made.code == 0, made.err
    assert "cannot fetch" in made.err


def test_a_repository_that_was_never_reached_is_one_clear_line(place: Path, origin: Repo, reconcile: Reconcile) -> None:
    origin.path.rename(origin.path.with_name("away"))
    made = reconcile()
    assert made.code == 1
    assert made.err.startswith("reconcile: error: git.repo: ")
    assert "Traceback" not in made.err


def test_files_that_are_named_are_read_instead(place: Path, reconcile: Reconcile) -> None:
    made = reconcile("validate", "manifests")
    assert made.code == 3
    assert "There are no manifests" in made.err
