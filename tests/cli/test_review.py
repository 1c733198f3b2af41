"""`--base`: what a change of manifests does, in real repositories; it records nothing."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import JOB, Ended, Reconcile
from tests.git.repositories import Repo

SITE = """\
apiVersion: reconciler/v1
kind: Site
metadata: {name: FR1}
spec: {parent: HQ1, address: {type: directory, path: ../stores/FR1}}
"""


@pytest.fixture
def repo(fleet: Path) -> Repo:
    """The fleet, committed on main."""
    repo = Repo.new(fleet)
    repo.put(".gitignore", ".reconciler/\nstores/\n")
    repo.commit("One")
    return repo


def told(ended: Ended) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ended.out)
    return document


def changes(ended: Ended) -> list[str]:
    return [f"{each['change']} {each['package']}@{each['site']}" for each in told(ended)["pairs"]]


def test_files_are_compared_with_a_commit(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("manifests/fr.yaml", SITE)
    repo.put("manifests/job.yaml", JOB.replace("{under: EU1}", "{names: [FR1, DE1]}"))
    ended = reconcile("plan", "--base", "HEAD", "-o", "json")
    assert (ended.code, ended.err) == (0, "")
    assert changes(ended) == ["removed till-4@EU1", "added till-4@FR1"]
    assert told(ended)["base"]["taken"] == "itself"
    assert told(ended)["head"]["dirty"] is True


def test_commits_are_compared_whatever_the_files_say(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("payload/till/setup.exe", "newer" * 300)
    repo.commit("Two")
    repo.put("manifests/job.yaml", "broken: [")
    ended = reconcile("--dry-run", "--base", "HEAD~1", "--rev", "HEAD", "-o", "json")
    assert changes(ended) == ["changed till-4@DE1", "changed till-4@EU1"]
    pair = told(ended)["pairs"][0]
    assert pair["before"]["revision"]["content"] != pair["after"]["revision"]["content"]
    assert pair["before"]["revision"]["setup"] == pair["after"]["revision"]["setup"]
    assert told(ended)["summary"]["more"]["bytes"] == 2 * 500


def test_what_others_merged_since_is_no_part_of_the_change(reconcile: Reconcile, repo: Repo) -> None:
    """As in a pull request: compared with where the histories part."""
    parted = repo.git("rev-parse", "HEAD")
    repo.git("switch", "--quiet", "--create", "change")
    repo.put("payload/till/setup.exe", "newer" * 300)
    repo.commit("Two")
    repo.git("switch", "--quiet", "main")
    repo.put("manifests/fr.yaml", SITE)
    repo.put("manifests/job.yaml", JOB.replace("{under: EU1}", "{names: [FR1, DE1]}"))
    repo.commit("Three")
    repo.git("switch", "--quiet", "change")
    ended = reconcile("plan", "--base", "main", "--rev", "change", "-o", "json")
    assert changes(ended) == ["changed till-4@DE1", "changed till-4@EU1"]
    assert told(ended)["base"]["commit"] == parted
    assert told(ended)["base"]["taken"] == "merge-base"
    text = reconcile("plan", "--base", "main", "--rev", "change").out
    assert text.startswith(f"base git {parted[:7]} (where main and the head part): 3 sites, 1 package, 1 job\n")


def test_a_head_that_the_base_has_already_changes_nothing_and_it_is_said(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("manifests/fr.yaml", SITE)
    repo.commit("Two")
    ended = reconcile("plan", "--base", "main", "--rev", "HEAD~1")
    assert "\nmain has the commit of the head already.\n" in ended.out
    assert "This change changes nothing: the manifests mean the same." in ended.out


def test_histories_that_have_nothing_in_common_are_compared_as_they_are_and_it_is_said(
    reconcile: Reconcile, repo: Repo
) -> None:
    repo.git("checkout", "--quiet", "--orphan", "other")
    repo.put("manifests/fr.yaml", SITE)
    repo.commit("Other")
    ended = reconcile("plan", "--base", "main", "--rev", "other", "-o", "json")
    assert told(ended)["base"]["taken"] == "unrelated"
    assert "Compared with main itself: its history and that of the head have no commit in common." in (
        reconcile("plan", "--base", "main").out
    )


def test_a_shallow_clone_says_that_it_cannot_tell_where_histories_part(
    reconcile: Reconcile, repo: Repo, tmp_path: Path
) -> None:
    repo.git("switch", "--quiet", "--create", "change")
    repo.commit("Two")
    repo.git("switch", "--quiet", "main")
    repo.commit("Three")
    clone = Repo(tmp_path / "clone")
    here = f"file://{repo.path}"
    Repo(tmp_path).git("clone", "--quiet", "--depth=1", "--no-single-branch", here, "clone")
    ended = reconcile("-C", str(clone.path), "plan", "--base", "origin/change", "--rev", "HEAD", "-o", "json")
    assert told(ended)["base"]["taken"] == "shallow"
    assert "the clone is too shallow" in reconcile("-C", str(clone.path), "plan", "--base", "origin/change").out


def test_nothing_is_recorded_and_nothing_written(reconcile: Reconcile, repo: Repo) -> None:
    reconcile("plan", "--base", "HEAD")
    assert not (repo.path / ".reconciler").exists()
    reconcile()
    before = sorted((path, path.stat().st_size) for path in (repo.path / ".reconciler").rglob("*.db"))
    reconcile("plan", "--base", "HEAD")
    assert sorted((path, path.stat().st_size) for path in (repo.path / ".reconciler").rglob("*.db")) == before
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--base", "HEAD"), "--base shows what a change does and records nothing"),
        (("apply", "--base", "HEAD"), "--base shows what a change does and records nothing"),
        (("apply", "plan.json", "--base", "HEAD"), "--base means nothing to a saved plan"),
        (("plan", "--base", "HEAD", "--out", "plan.json"), "--out saves a plan, and --base makes none"),
        (("watch", "--base", "HEAD"), "--base means nothing to watch"),
        (("show", "plan.json", "--base", "HEAD"), "--base means nothing to show"),
        (("--base", "HEAD", "watch"), "--base means nothing to watch"),
        (("--base", "HEAD", "validate"), "--base means nothing to validate"),
        (("plan", "--base", "HEAD", "-o", "yaml"), "-o yaml is not offered here"),
        (("plan", "--base", "nowhere"), "has no commit nowhere"),
        (("plan", "--base", "--exec=x"), "has no commit --exec=x"),
    ],
)
def test_a_review_that_cannot_be_is_a_wrong_command_line(
    reconcile: Reconcile, repo: Repo, arguments: tuple[str, ...], said: str
) -> None:
    ended = reconcile(*arguments)
    assert ended.code == 64
    assert said in ended.err
    assert ended.out == ""
    assert not (repo.path / ".reconciler").exists()


def test_the_variable_is_for_commands_that_review(
    reconcile: Reconcile, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILE_BASE", "HEAD")
    assert reconcile("validate").code == 0
    assert "is not a saved plan" in reconcile("show", "manifests/job.yaml").err
    assert reconcile("plan").out.startswith("base git ")
    ended = reconcile()
    assert (ended.code, "records nothing" in ended.err) == (64, True)


def test_outside_of_a_repository_there_is_no_base(reconcile: Reconcile, fleet: Path) -> None:
    ended = reconcile("plan", "--base", "HEAD")
    assert ended.code == 64
    assert "error: --base: " in ended.err
    assert "is in no git repository" in ended.err


def test_the_exit_code_is_that_of_the_head(reconcile: Reconcile, repo: Repo) -> None:
    same = ("plan", "--base", "HEAD", "--detailed-exitcode")
    assert reconcile(*same).code == 0
    assert "changes nothing: the manifests mean the same" in reconcile(*same).out
    repo.put("manifests/job.yaml", JOB + "# said again\n")
    assert reconcile(*same).code == 0
    repo.put("manifests/job.yaml", JOB.replace("{under: EU1}", "{names: [DE1]}"))
    assert reconcile(*same).code == 2
    assert reconcile("plan", "--base", "HEAD").code == 0
    repo.put("manifests/job.yaml", JOB.replace("till-4", "till-5"))
    ended = reconcile(*same, "-o", "json")
    assert ended.code == 4
    assert [each["code"] for each in told(ended)["introduced"]] == ["unknown-package"]
    repo.commit("Broken")
    repo.put("manifests/job.yaml", JOB)
    ended = reconcile(*same, "-o", "json")
    assert ended.code == 2
    assert [each["code"] for each in told(ended)["mended"]] == ["unknown-package"]
    assert told(ended)["introduced"] == []


def test_a_guard_that_the_change_trips_refuses(reconcile: Reconcile, repo: Repo) -> None:
    settings = "apiVersion: reconciler/v1\nkind: Config\nspec: {guards: {bytes: 1KiB}}\n"
    repo.put("reconciler.yaml", settings)
    repo.put("manifests/job.yaml", JOB.replace("{under: EU1}", "{names: [DE1]}"))
    repo.put("payload/till/setup.exe", "x")
    repo.commit("Small")
    repo.put("payload/till/setup.exe", "x" * 5000)
    ended = reconcile("plan", "--base", "HEAD", "-o", "json")
    assert ended.code == 3
    assert [(each["name"], each["newlyTripped"]) for each in told(ended)["guards"]] == [("bytes", True)]
    assert "Guards: bytes is tripped by this change." in reconcile("plan", "--base", "HEAD").out


def test_a_filter_may_name_what_only_one_side_has(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("manifests/fr.yaml", SITE)
    repo.put("manifests/job.yaml", JOB.replace("{under: EU1}", "{names: [FR1, DE1]}"))
    assert changes(reconcile("plan", "--base", "HEAD", "--site", "FR1", "-o", "json")) == ["added till-4@FR1"]
    assert changes(reconcile("plan", "--base", "HEAD", "--site", "EU?", "-o", "json")) == ["removed till-4@EU1"]
    nowhere = reconcile("plan", "--base", "HEAD", "--site", "IT1")
    assert (nowhere.code, "--site IT1 matches no site" in nowhere.err) == (64, True)


def test_a_site_that_leaves_the_selector_is_not_said_to_be_ready(reconcile: Reconcile, repo: Repo) -> None:
    sites = (repo.path / "manifests/sites.yaml").read_text()
    repo.put("manifests/sites.yaml", sites.replace("country: de", "country: at"))
    ended = reconcile("plan", "--base", "HEAD", "-l", "country in (de, fr)", "-o", "json")
    pair = told(ended)["pairs"][0]
    assert (pair["site"], pair["before"]["verdict"], pair["after"]["verdict"]) == ("DE1", "missing", "not-required")


def test_each_format_is_delivered_and_reported(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("manifests/job.yaml", JOB.replace("{under: EU1}", "{names: [DE1]}"))
    ended = reconcile(
        "plan", "--base", "HEAD", "-o", "markdown", "--report", "json=review.json", "--report", "text=r.txt"
    )
    assert ended.out.startswith(
        "<!-- reconcile:review -->\n### This change removes 1 line of the plan (1 site, 1 package).\n"
    )
    assert json.loads(Path("review.json").read_text())["kind"] == "Review"
    assert Path("r.txt").read_text() == reconcile("plan", "--base", "HEAD").out
    assert not os.path.exists(".reconciler")
