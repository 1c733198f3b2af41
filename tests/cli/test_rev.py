"""`--rev`: what a commit says is acted on, whatever the files say (L38, L40)."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import workshop
from reconciler.cli.options import Options
from reconciler.cli.workplace import work_in
from reconciler.model.fleet import Fleet
from tests.cli.conftest import JOB, PACKAGE, SITES, Reconcile
from tests.git.repositories import Repo

SETTINGS = "apiVersion: reconciler/v1\nkind: Config\nspec: {body}\n"


@pytest.fixture
def repo(fleet: Path) -> Repo:
    """The fleet, committed."""
    repo = Repo.new(fleet)
    repo.put(".gitignore", "/.reconciler/\n/stores/\n")
    repo.commit("First")
    return repo


def plan(reconcile: Reconcile, *arguments: str) -> Any:
    ended = reconcile("plan", "-o", "json", *arguments)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def settings(body: str) -> str:
    return SETTINGS.format(body=body)


def test_a_commit_and_its_checkout_give_one_plan(reconcile: Reconcile, repo: Repo) -> None:
    files, commit = plan(reconcile), plan(reconcile, "--rev", "main")
    for told in (files, commit):
        del told["createdAt"]
    assert files == commit
    source = {"commit": repo.git("rev-parse", "HEAD"), "branch": "main", "dirty": False}
    assert {name: commit["source"][name] for name in source} == source


def test_changes_that_are_not_committed_are_not_seen(reconcile: Reconcile, repo: Repo) -> None:
    before = plan(reconcile, "--rev", "HEAD")
    repo.put("manifests/job.yaml", JOB.replace("{under: EU1}", "{names: [DE1]}"))
    repo.put("manifests/more.yaml", "broken: [")
    repo.put("payload/till/setup.exe", "other")
    repo.put("payload/till/more", "more")
    repo.git("add", "payload/till/more")
    after = plan(reconcile, "--rev", "HEAD")
    assert (after["id"], after["source"], after["pairs"]) == (before["id"], before["source"], before["pairs"])


def test_an_earlier_commit_is_planned_by_any_name(
    reconcile: Reconcile, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repo.git("rev-parse", "HEAD")
    repo.git("tag", "v1")
    repo.put("manifests/job.yaml", JOB.replace("{under: EU1}", "{names: [DE1]}"))
    repo.commit("Fewer")
    for name in ("v1", "HEAD~1", first[:8], "main^"):
        told = plan(reconcile, "--rev", name)
        assert (told["source"]["commit"], told["source"]["branch"], len(told["pairs"])) == (first, None, 2)
    assert len(plan(reconcile)["pairs"]) == 1
    monkeypatch.setenv("RECONCILE_REV", "v1")
    assert plan(reconcile)["source"]["commit"] == first
    assert plan(reconcile, "--rev", "main")["source"]["commit"] != first


def test_the_work_tree_need_not_be_checked_out(reconcile: Reconcile, repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    state = f"sqlite:///{tmp_path}/state.db"
    before = sorted(path.name for path in (tmp_path / "bare.git").iterdir())
    told = plan(reconcile, "-C", str(tmp_path / "bare.git"), "--rev", "main", "--state", state)
    assert (told["summary"]["missing"], told["source"]["branch"]) == (2, "main")
    assert sorted(path.name for path in (tmp_path / "bare.git").iterdir()) == before


def test_a_bare_repository_is_not_taken_unless_it_is_named(
    reconcile: Reconcile, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "bare.git")
    ended = reconcile("plan", "--rev", "main")
    assert (ended.code, "is in no git repository" in ended.err) == (64, True)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("plan", "--rev", "nowhere"), "has no commit nowhere"),
        (("validate", "--rev", "--all"), "has no commit --all"),
        (("apply", "--rev", "HEAD:manifests"), "has no commit HEAD:manifests"),
        (("plan", "--rev", "main", "-m", "/elsewhere"), "the manifests /elsewhere are not in the repository"),
        (("plan", "--rev", "main", "-m", "-"), "standard input is in no commit"),
        (("pin", "--rev", "main"), "a commit cannot be written"),
        (("watch", "--rev", "main"), "a commit never changes"),
    ],
)
def test_a_commit_that_cannot_be_meant_is_a_wrong_command_line(
    reconcile: Reconcile, repo: Repo, arguments: tuple[str, ...], why: str
) -> None:
    ended = reconcile(*arguments)
    assert (ended.code, ended.out) == (64, "")
    assert why in ended.err
    assert len(ended.err.splitlines()) <= 2


def test_outside_of_a_repository_there_are_no_commits(reconcile: Reconcile, fleet: Path) -> None:
    ended = reconcile("plan", "--rev", "main")
    assert (ended.code, "is in no git repository" in ended.err) == (64, True)


def test_without_git_there_are_no_commits_but_files_are_read(
    reconcile: Reconcile, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ended = reconcile("plan", "--rev", "main")
    assert (ended.code, ended.err) == (1, "reconcile: error: git is not installed\n")
    assert plan(reconcile)["source"]["commit"] is None


def test_a_commit_brings_its_manifests_and_defaults(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("fleet/sites.yaml", SITES.replace("type: directory, path: ../stores/DE1", "type: directory"))
    repo.put("fleet/till.yaml", PACKAGE)
    repo.put("fleet/job.yaml", JOB)
    repo.put("fleet/job.draft.yaml", "broken: [")
    body = (
        "{manifests: {paths: [fleet], ignore: ['*.draft.yaml']},"
        " defaults: [{kind: Site, match: [{matchLabels: {country: de}}], spec: {address: {path: stores/DE1}}}]}"
    )
    repo.put("reconciler.yaml", settings(body))
    repo.git("rm", "-rq", "--cached", "manifests")
    repo.git("add", "fleet", "reconciler.yaml")
    repo.git("commit", "-qm", "Move")
    (repo.path / "reconciler.yaml").unlink()
    told = plan(reconcile, "--rev", "main")
    assert told["summary"]["missing"] == 2
    assert {pair["sourceRef"]["file"] for pair in told["pairs"]} == {"fleet/job.yaml"}


def test_what_decides_about_trust_is_never_taken_from_a_commit(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("reconciler.yaml", settings("{guards: {bytes: 100GiB}, state: {url: 'sqlite:///theirs.db'}}"))
    repo.commit("Loosen")
    repo.put("reconciler.yaml", settings("{guards: {bytes: 1B}, state: {url: 'sqlite:///own.db'}}"))
    ended = reconcile("apply", "--rev", "main")
    assert (ended.code, "bytes" in ended.out) == (3, True)
    assert [path.name for path in repo.path.glob("*.db")] == ["own.db"]


def test_without_settings_in_the_commit_the_defaults_hold(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("reconciler.yaml", settings("{manifests: {paths: [elsewhere]}}"))
    assert plan(reconcile, "--rev", "main")["summary"]["missing"] == 2
    assert reconcile("plan").code == 3


def test_settings_outside_of_the_repository_hold_for_all_its_commits(
    reconcile: Reconcile, repo: Repo, tmp_path: Path
) -> None:
    repo.put("reconciler.yaml", settings("{manifests: {paths: [nowhere]}}"))
    repo.commit("Settings that are not asked for")
    (tmp_path / "trusted.yaml").write_text(settings(f"{{manifests: {{paths: ['{repo.path}/manifests']}}}}"))
    assert plan(reconcile, "--rev", "main", "-c", str(tmp_path / "trusted.yaml"))["summary"]["missing"] == 2


def test_broken_settings_of_a_commit_are_shown_as_it_has_them(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("reconciler.yaml", settings("{settle: soon}"))
    repo.commit("Break")
    repo.put("reconciler.yaml", settings("{settle: 3s}"))
    ended = reconcile("plan", "--rev", "main")
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith("reconciler.yaml:3:16: error[invalid-format]")
    assert "3 | spec: {settle: soon}" in ended.err


def test_messages_show_the_lines_of_the_commit(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("manifests/job.yaml", JOB.replace("package: till-4", "package: till-5"))
    repo.commit("Break")
    repo.put("manifests/job.yaml", "# mended\n" * 20)
    for command in ("validate", "plan"):
        ended = reconcile(command, "--rev", "main")
        assert ended.code == 4
        assert "manifests/job.yaml:5:12: error[unknown-package]" in ended.out + ended.err
        assert "5 |   package: till-5" in ended.out + ended.err


def test_paths_that_only_the_commit_has_may_be_named(reconcile: Reconcile, repo: Repo) -> None:
    repo.git("mv", "manifests", "moved")
    repo.commit("Move")
    assert reconcile("validate", "--rev", "HEAD~1", "manifests").code == 0
    assert reconcile("validate", "--rev", "HEAD~1", "moved").code == 3


def test_every_event_names_the_commit(reconcile: Reconcile, repo: Repo) -> None:
    first = repo.git("rev-parse", "HEAD")
    assert reconcile("apply", "--rev", "main").code == 0
    events = json.loads(reconcile("history", "-o", "json").out)["events"]
    assert {event["commit"] for event in events} == {first}
    assert json.loads(reconcile("status", "-o", "json").out)["lastPass"]["commit"] == first
    assert reconcile("plan", "--out", "plan.json", "--rev", "main").code == 0


def test_a_saved_plan_is_applied_because_of_its_commit(reconcile: Reconcile, repo: Repo) -> None:
    first = repo.git("rev-parse", "HEAD")
    assert reconcile("plan", "--rev", "main", "--out", "plan.json").code == 0
    repo.commit("Another")
    assert reconcile("apply", "plan.json").code == 0
    events = json.loads(reconcile("history", "-o", "json").out)["events"]
    assert {event["commit"] for event in events} == {first}


# Files in a work tree


def test_files_that_are_as_head_has_them_are_of_that_commit(reconcile: Reconcile, repo: Repo) -> None:
    repo.put("readme", "not a manifest")
    assert plan(reconcile)["source"]["dirty"] is False
    assert reconcile("apply").code == 0
    [event] = json.loads(reconcile("history", "-o", "json").out)["events"]
    assert event["commit"] == repo.git("rev-parse", "HEAD")


@pytest.mark.parametrize("change", ["edit", "delete", "add", "settings", "staged"])
def test_files_that_differ_from_head_are_dirty_and_recorded_for_no_commit(
    reconcile: Reconcile, repo: Repo, change: str
) -> None:
    job = repo.path / "manifests" / "job.yaml"
    match change:
        case "edit":
            job.write_text(f"# changed\n{JOB}")
        case "delete":
            job.unlink()
        case "add":
            repo.put("manifests/more.yaml", JOB.replace("till-emea", "till-more"))
        case "settings":
            repo.put("reconciler.yaml", settings("{settle: 3s}"))
        case _:
            job.write_text(f"# changed\n{JOB}")
            repo.git("add", "--all")
    source = plan(reconcile)["source"]
    assert (source["commit"], source["branch"], source["dirty"]) == (repo.git("rev-parse", "HEAD"), "main", True)
    assert ", dirty): 3 sites" in reconcile("apply").out
    assert {event["commit"] for event in json.loads(reconcile("history", "-o", "json").out)["events"]} <= {None}


def test_what_lies_beneath_a_source_makes_no_manifests_dirty(reconcile: Reconcile, repo: Repo) -> None:
    source(repo, "payload/till")
    repo.put("manifests/payload/till/setup.exe", "MZ")
    repo.put("manifests/payload/till/tracked.yaml", "a: 1")
    repo.commit()
    repo.put("manifests/payload/till/tracked.yaml", "a: 2")
    repo.put("manifests/payload/till/new.yaml", "a: 3")
    assert plan(reconcile)["source"]["dirty"] is False
    repo.put("manifests/new.yaml", JOB.replace("till-emea", "till-more"))
    assert plan(reconcile)["source"]["dirty"] is True


def test_a_manifest_that_git_lfs_put_there_is_as_head_has_it(reconcile: Reconcile, repo: Repo) -> None:
    oid = hashlib.sha256(JOB.encode()).hexdigest()
    repo.put("manifests/job.yaml", f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(JOB)}\n")
    repo.commit("Keep it in LFS")
    repo.put("manifests/job.yaml", JOB)
    assert plan(reconcile)["source"]["dirty"] is False
    repo.put("manifests/job.yaml", f"{JOB}# changed\n")
    assert plan(reconcile)["source"]["dirty"] is True


def test_a_detached_head_is_of_no_branch_and_a_second_work_tree_of_its_own(
    reconcile: Reconcile, repo: Repo, tmp_path: Path
) -> None:
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    repo.git("checkout", "--quiet", "--detach")
    assert plan(reconcile)["source"]["branch"] is None
    assert plan(reconcile, "-C", str(tmp_path / "side"))["source"]["branch"] == "side"


def test_files_that_lie_in_a_work_tree_by_chance_are_of_no_commit(reconcile: Reconcile, fleet: Path) -> None:
    above = Repo.new(fleet.parent)
    above.put("dotfiles", "x")
    above.put(".gitignore", "/work/\n")
    above.commit()
    assert plan(reconcile)["source"]["commit"] is None


def test_before_the_first_commit_there_is_none(reconcile: Reconcile, fleet: Path) -> None:
    Repo.new(fleet)
    assert plan(reconcile)["source"]["commit"] is None


def test_a_broken_repository_fails_no_pass_on_files(reconcile: Reconcile, repo: Repo) -> None:
    (repo.path / ".git" / "HEAD").write_text("nonsense")
    assert plan(reconcile)["source"]["commit"] is None


# Sources


def problems(reconcile: Reconcile, *arguments: str) -> list[str]:
    ended = reconcile("validate", "-o", "json", "--rev", "main", *arguments)
    return [f"{found['code']}: {found['message']}" for found in json.loads(ended.out)["diagnostics"]]


def source(repo: Repo, path: str, digest: str = "") -> None:
    told = f"{path}, digest: '{digest}'" if digest else path
    repo.put("manifests/till.yaml", PACKAGE.replace("../payload/till", told))


def digest_of(reconcile: Reconcile) -> str:
    [job] = plan(reconcile)["sendOnlyJobs"]
    return str(job["revision"]["content"])


def test_L40_a_source_in_the_commit_is_read_there(reconcile: Reconcile, repo: Repo) -> None:
    told = digest_of(reconcile)
    repo.put("payload/till/setup.exe", "changed")
    [job] = plan(reconcile, "--rev", "main")["sendOnlyJobs"]
    assert job["revision"]["content"] == told


def test_L40_a_source_that_no_commit_has_must_be_pinned(reconcile: Reconcile, repo: Repo, tmp_path: Path) -> None:
    repo.put(".gitignore", "/.reconciler/\n/payload/\n")
    repo.git("rm", "-rq", "--cached", "payload")
    repo.commit("Leave the payload out")
    [problem] = problems(reconcile)
    assert problem.startswith(f"unpinned-source: {repo.path}/payload/till is not in commit ")
    ended = reconcile("plan", "--rev", "main")
    assert ended.code == 4
    assert "hint: commit the folder, or pin what it holds: reconcile pin till-4" in ended.err

    (tmp_path / "share" / "till").mkdir(parents=True)
    (tmp_path / "share" / "till" / "setup.exe").write_text("MZ")
    source(repo, str(tmp_path / "share" / "till"))
    repo.commit("Outside")
    [problem] = problems(reconcile)
    assert problem.startswith(f"unpinned-source: {tmp_path}/share/till lies outside the repository of commit ")


def test_L40_a_pin_in_the_commit_says_what_is_sent(reconcile: Reconcile, repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "share" / "till"
    outside.mkdir(parents=True)
    (outside / "setup.exe").write_text("MZ")
    source(repo, str(outside))
    assert reconcile("pin").code == 0
    repo.commit("Pin")
    assert problems(reconcile) == []
    (outside / "setup.exe").write_text("other")
    [problem] = problems(reconcile)
    assert problem.startswith("pin-mismatch")
    (outside / "setup.exe").unlink()
    outside.rmdir()
    assert problems(reconcile) == []
    told = plan(reconcile, "--rev", "main")
    assert {(pair["verdict"], pair["reason"]) for pair in told["pairs"]} == {("blocked", "not-packed")}


def test_L40_a_pin_holds_for_what_is_in_the_commit_too(reconcile: Reconcile, repo: Repo) -> None:
    digest = digest_of(reconcile)
    source(repo, "../payload/till", digest)
    repo.commit("Pin")
    assert problems(reconcile) == []
    repo.put("payload/till/setup.exe", "changed")
    assert problems(reconcile) == []
    repo.commit("Change")
    [problem] = problems(reconcile)
    assert problem.startswith("pin-mismatch")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("file", "payload/file is a file in commit"),
        ("link", "payload/link is a link in commit"),
        ("link/below", "payload/link/below lies beneath payload/link, which is a link in commit"),
        ("module", "payload/module is a submodule in commit"),
    ],
)
def test_L40_what_is_no_folder_in_the_commit_is_no_source(
    reconcile: Reconcile, repo: Repo, path: str, words: str
) -> None:
    repo.put("payload/file", "x")
    (repo.path / "payload" / "link").symlink_to("till")
    source(repo, f"../payload/{path}")
    repo.git("add", "--all")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},payload/module")
    repo.git("commit", "-qm", "No folder")
    [problem] = problems(reconcile)
    assert problem.startswith("source-not-a-directory: ")
    assert words in problem


def test_L38_going_back_by_a_revert_is_an_ordinary_send_of_no_content(reconcile: Reconcile, repo: Repo) -> None:
    for site in ("EU1", "DE1"):
        (repo.path / "stores" / site).mkdir(parents=True)

    def release() -> Any:
        told = plan(reconcile, "--rev", "main")
        assert reconcile("apply", "--rev", "main").code == 0
        worked = reconcile("work", "--until-idle", "--rev", "main")
        assert worked.code == 0, worked.out + worked.err
        return told

    def packs() -> set[str]:
        return {path.name for path in (repo.path / "stores" / "EU1" / "packs").iterdir()}

    noise = os.urandom(40_000)
    repo.put("payload/till/setup.exe", noise)
    repo.commit("Good")
    good = release()
    good_packs = packs()
    repo.put("payload/till/setup.exe", noise[::-1])
    repo.commit("Bad")
    release()
    both = packs()
    assert good_packs < both
    repo.git("revert", "--no-edit", "HEAD")
    back = release()
    assert back["sendOnlyJobs"][0]["revision"] == good["sendOnlyJobs"][0]["revision"]
    assert packs() <= both
    assert max(path.stem[-1] for path in (repo.path / "stores/EU1/records/till-4").iterdir()) == "3"
    assert reconcile("ready", "till-emea", "--rev", "main").code == 0


def test_a_worker_follows_a_branch(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "EVERY", 0.0)
    now = workshop.FleetNow(work_in(Options(rev="main", quiet=True)))

    def read() -> Fleet:
        now._refresh(behind=False)
        return now.read()

    first = now.author().commit
    assert len(read().jobs) == 1
    repo.put("manifests/more.yaml", JOB.replace("till-emea", "till-more"))
    assert len(read().jobs) == 1
    second = repo.commit("More")
    assert len(read().jobs) == 2
    assert (first, now.author().commit) == (repo.git("rev-parse", "HEAD~1"), second)
    repo.git("checkout", "--quiet", "--detach")
    repo.git("branch", "--quiet", "-D", "main")
    assert len(read().jobs) == 2


def untimed(told: Any) -> Any:
    """Without what follows the clock: when a plan was made, and its estimates (L7)."""
    if isinstance(told, dict):
        timed = ("createdAt", "earliest", "estimatedSeconds", "readyAt")
        return {key: untimed(value) for key, value in told.items() if key not in timed}
    return [untimed(value) for value in told] if isinstance(told, list) else told


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["01-two-sites", "02-a-job-refused", "04-retail-chain"])
def test_the_commit_of_an_example_gives_what_its_files_give(reconcile: Reconcile, tmp_path: Path, name: str) -> None:
    shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("stores", ".reconciler"))
    Repo.new(tmp_path / name).commit()

    def told(*arguments: str) -> Any:
        ended = reconcile("-C", str(tmp_path / name), *arguments, "-o", "json")
        return ended.code, untimed(json.loads(ended.out))

    for command in ("plan", "validate"):
        assert told(command) == told(command, "--rev", "HEAD")
