"""`reconcile watch` on commits: a process beside a real repository, or with a clone of its own."""

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import JOB, PACKAGE
from tests.end_to_end.workshop import Watch, Workshop, workshop
from tests.git.repositories import Repo

ON_COMMITS = ("--no-work",)


@pytest.fixture
def place(tmp_path: Path) -> Workshop:
    """The small fleet, committed; nothing recorded yet."""
    place = workshop(tmp_path, settle="0s")
    repo = Repo.new(place.here)
    repo.put(".gitignore", ".reconciler/\n")
    repo.commit("Begin")
    return place


@pytest.fixture
def repo(place: Workshop) -> Repo:
    return Repo(place.here)


def recorded(passes: list[dict[str, Any]]) -> list[str]:
    return [name for entry in passes for name in entry["recorded"]]


def codes(entry: dict[str, Any]) -> set[str]:
    return {found["code"] for found in entry["diagnostics"]}


def ends(watch: Watch) -> None:
    assert watch.end(signal.SIGTERM) == 143


def test_a_commit_is_recorded_with_its_name_and_what_is_not_committed_is_ignored(place: Workshop, repo: Repo) -> None:
    first = repo.git("rev-parse", "HEAD")
    (place.here / "manifests" / "job.yaml").write_text("not: committed\n")
    with place.watching() as watch:
        passes = watch.until(lambda passes: len(recorded(passes)) == 1)
        assert [(entry["outcome"], entry["commit"]) for entry in passes] == [("done", first)]
        assert "uncommitted changes are not looked at" in watch.errors.read_text()
        (place.here / "manifests" / "job.yaml").write_text(JOB)
        repo.put("payload/till/setup.exe", b"another revision")
        second = repo.commit("Another revision")
        passes = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert passes[-1]["commit"] == second
        ends(watch)
    events = place.reconcile("history", "branch/main", "-o", "ndjson").stdout
    assert first in events
    assert second in events
    assert sorted(place.sends().values()) == ["queued", "queued", "superseded", "superseded"]


def test_L38_a_merge_is_one_step_and_its_revert_goes_back(place: Workshop, repo: Repo) -> None:
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        repo.git("checkout", "--quiet", "-b", "side")
        repo.put("payload/till/setup.exe", b"another revision")
        repo.commit("Another revision")
        repo.git("checkout", "--quiet", "main")
        repo.git("merge", "--quiet", "--no-ff", "--message=Merge", "side")
        merged = repo.git("rev-parse", "HEAD")
        passes = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert passes[-1]["commit"] == merged
        repo.git("revert", "--no-edit", "--mainline=1", "HEAD")
        passes = watch.until(lambda passes: len(recorded(passes)) == 3)
        assert len(set(recorded(passes))) == 3
        ends(watch)


def test_a_rewritten_history_is_held_until_it_is_accepted(place: Workshop, repo: Repo) -> None:
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        good = repo.git("rev-parse", "HEAD")
        repo.put("payload/till/setup.exe", b"a history of its own")
        repo.git("add", "--all")
        repo.git("commit", "--quiet", "--amend", "--message=Another beginning")
        rewritten = repo.git("rev-parse", "HEAD")
        held = watch.until(lambda passes: passes[-1]["outcome"] == "held")
        assert (codes(held[-1]), held[-1]["commit"], held[-1]["recorded"]) == ({"history-rewritten"}, good, [])
        ends(watch)
    with place.watching() as watch:
        held = watch.until(bool)
        assert held[-1]["outcome"] == "held"
        ends(watch)
    with place.watching("--no-work", "--accept-rewrite", rewritten[:12]) as watch:
        passes = watch.until(lambda passes: len(recorded(passes)) == 1)
        assert passes[-1]["commit"] == rewritten
        ends(watch)


def test_a_branch_that_is_gone_keeps_what_was_good_until_it_is_back(place: Workshop, repo: Repo) -> None:
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        good = repo.git("rev-parse", "HEAD")
        repo.git("checkout", "--quiet", "--detach")
        repo.git("branch", "--quiet", "-D", "main")
        held = watch.until(lambda passes: passes[-1]["outcome"] == "held")
        assert (codes(held[-1]), held[-1]["commit"]) == ({"branch-missing"}, good)
        repo.put("payload/till/setup.exe", b"another revision")
        repo.commit()
        repo.git("branch", "main")
        passes = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert passes[-1]["outcome"] == "done"
        ends(watch)
    assert sorted(place.sends().values()) == ["queued", "queued", "superseded", "superseded"]


def test_L35_what_a_broken_commit_spoils_stays_and_the_others_go_on(place: Workshop, repo: Repo) -> None:
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        repo.put("manifests/job.yaml", JOB.replace("targets", "tragets"))
        repo.put("manifests/posters.yaml", PACKAGE.replace("till-4", "posters"))
        repo.put("manifests/posters-job.yaml", JOB.replace("till-emea", "p").replace("till-4", "posters"))
        repo.commit("Break a job, add another")
        passes = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert passes[-1]["outcome"] == "invalid"
        ends(watch)
    assert set(place.sends().values()) == {"queued"}


def test_a_commit_that_cannot_be_read_keeps_what_was_good_until_one_can(place: Workshop, repo: Repo) -> None:
    """Its settings name manifests that no commit of the repository can hold."""
    settings = (place.here / "reconciler.yaml").read_text()
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        good = repo.git("rev-parse", "HEAD")
        leading_out = settings.replace("{", "{manifests: {paths: [../elsewhere]}, ").encode()
        blob = repo.git("hash-object", "-w", "--stdin", given=leading_out)
        repo.git("update-index", "--cacheinfo", f"100644,{blob},reconciler.yaml")
        repo.git("commit", "--quiet", "--message=Lead out")
        held = watch.until(lambda passes: passes[-1]["outcome"] == "held")
        assert (codes(held[-1]), held[-1]["commit"]) == ({"unreadable"}, good)
        repo.put("payload/till/setup.exe", b"another revision")
        last = repo.commit("Mend")
        passes = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert (passes[-1]["outcome"], passes[-1]["commit"]) == ("done", last)
        ends(watch)


def test_R8_a_commit_that_removes_the_manifests_is_refused_and_the_sends_stay(place: Workshop, repo: Repo) -> None:
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        shutil.rmtree(place.here / "manifests")
        repo.commit("Remove everything")
        refused = watch.until(lambda passes: passes[-1]["outcome"] == "refused")
        assert refused[-1]["recorded"] == []
        ends(watch)
    assert set(place.sends().values()) == {"queued"}


def test_a_repository_elsewhere_is_followed_in_a_clone(place: Workshop, repo: Repo, tmp_path: Path) -> None:
    bare = tmp_path / "origin.git"
    repo.git("clone", "--quiet", "--bare", ".", str(bare))
    elsewhere = place.folder / "elsewhere"
    elsewhere.mkdir()
    away = Workshop(place.folder, at="elsewhere")
    with away.watching("--no-work", "--repo", f"file://{bare}", "--poll", "1s") as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        repo.put("payload/till/setup.exe", b"another revision")
        second = repo.commit()
        repo.git("push", "--quiet", str(bare), "main")
        passes = watch.until(lambda passes: len(recorded(passes)) == 2)
        assert passes[-1]["commit"] == second
        repo.git("commit", "--quiet", "--amend", "--message=Forced")
        repo.git("push", "--quiet", "--force", str(bare), "main")
        held = watch.until(lambda passes: passes[-1]["outcome"] == "held")
        assert (codes(held[-1]), held[-1]["commit"]) == ({"history-rewritten"}, second)
        ends(watch)


def test_a_reload_changes_how_often_it_is_fetched(place: Workshop, repo: Repo, tmp_path: Path) -> None:
    bare = tmp_path / "origin.git"
    repo.git("clone", "--quiet", "--bare", ".", str(bare))
    settings = tmp_path / "elsewhere" / "reconciler.yaml"
    settings.parent.mkdir()
    following = f"{{repo: 'file://{bare}', branch: main, poll: 1h}}"
    settings.write_text(f"apiVersion: reconciler/v1\nkind: Config\nspec: {{settle: 1s, git: {following}}}\n")
    with Workshop(tmp_path, at="elsewhere").watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        repo.put("payload/till/setup.exe", b"another revision")
        repo.commit()
        repo.git("push", "--quiet", str(bare), "main")
        settings.write_text(settings.read_text().replace("poll: 1h", "poll: 1s"))
        watch.process.send_signal(signal.SIGHUP)
        watch.until(lambda passes: len(recorded(passes)) == 2)
        ends(watch)


def test_a_remote_that_went_away_is_told_and_the_last_good_commit_stays(
    place: Workshop, repo: Repo, tmp_path: Path
) -> None:
    bare = tmp_path / "origin.git"
    repo.git("clone", "--quiet", "--bare", ".", str(bare))
    with place.watching("--no-work", "--repo", str(bare), "--branch", "main", "--poll", "1s") as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        bare.rename(tmp_path / "away.git")
        watch.tells("cannot fetch")
        (tmp_path / "away.git").rename(bare)
        watch.tells("fetching works again")
        ends(watch)
    assert set(place.sends().values()) == {"queued"}


def test_commits_that_follow_one_another_quickly_are_each_reconciled_or_superseded(place: Workshop, repo: Repo) -> None:
    many = 40
    with place.watching() as watch:
        watch.until(lambda passes: len(recorded(passes)) == 1)
        for number in range(many):
            repo.put("payload/till/setup.exe", f"revision {number}")
            last = repo.commit(f"Revision {number}")
        watch.until(lambda passes: passes[-1]["commit"] == last)
        ends(watch)
    latest = [state for (_, _, _), state in place.sends().items() if state == "queued"]
    assert len(latest) == 2
    assert last in place.reconcile("history", "branch/main", "-o", "ndjson").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--repo", "file:///nowhere/at/all.git"), "nowhere"),
        (("--files", "--branch", "main"), "--files acts on no commit"),
        (("-m", "/usr"), "the manifests /usr are not in the repository"),
        (("--poll", "soon"), "--poll soon"),
        (("--rev", "HEAD"), "a commit never changes"),
        (("--accept-rewrite", "0123abcd"), "has no commit 0123abcd"),
        (("--repo", "https://anna:canary@git.example.org/fleet.git"), "--repo: the url holds a password"),
        (("--branch", "caf\udce9"), "is not UTF-8"),
    ],
)
def test_what_cannot_be_followed_is_one_clear_line(place: Workshop, arguments: tuple[str, ...], words: str) -> None:
    ended = place.reconcile("watch", *arguments)
    assert ended.returncode in (1, 64)
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "canary" not in ended.stdout + ended.stderr


def test_a_bare_repository_is_no_folder_of_files_to_watch(place: Workshop) -> None:
    bare = Repo.new(place.here.parent / "fleet.git", bare=True)
    ended = place.reconcile("-C", str(bare.path), "watch")
    assert (ended.returncode, f"reconcile watch --repo {bare.path}" in ended.stderr) == (64, True)
