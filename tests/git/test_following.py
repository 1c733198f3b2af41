"""Following a branch: in place, and in a clone of our own."""

import os
import time
from pathlib import Path

import pytest

from reconciler.git.following import BranchMissing, Clone, LocalBranch, clone
from reconciler.git.repository import open_repository
from reconciler.model.faults import GitFault

from .repositories import Repo


@pytest.fixture
def origin(tmp_path: Path) -> Repo:
    repo = Repo.new(tmp_path / "origin")
    repo.put("a.yaml", "one\n")
    repo.commit()
    return repo


def cloned(origin: Repo, branch: str | None = None) -> Clone:
    found = clone(str(origin.path), branch, folder=str(origin.path.parent / "state" / "clone"))
    found.fetch()
    return found


def test_a_local_branch_is_followed_whatever_is_checked_out(origin: Repo) -> None:
    followed = LocalBranch(repository=open_repository(str(origin.path)), branch="main")
    first = followed.tip()
    origin.git("checkout", "--quiet", "-b", "side")
    origin.commit()
    assert followed.tip() == first == origin.git("rev-parse", "main")
    origin.git("branch", "--quiet", "-D", "main")
    with pytest.raises(BranchMissing, match="has no branch main"):
        followed.tip()


def test_a_clone_follows_the_default_branch_and_its_fast_forwards(origin: Repo) -> None:
    origin.git("branch", "--quiet", "-m", "trunk")
    followed = cloned(origin)
    assert (followed.branch, followed.tip()) == ("trunk", origin.git("rev-parse", "HEAD"))
    second = origin.commit()
    followed.fetch()
    assert followed.tip() == second
    assert cloned(origin).tip() == second


def test_what_was_acted_on_outlives_a_rewritten_branch(origin: Repo) -> None:
    followed = cloned(origin)
    first = followed.tip()
    followed.keep(first)
    origin.git("commit", "--quiet", "--amend", "--message=Another")
    origin.git("reflog", "expire", "--expire=now", "--all")
    followed.fetch()
    assert followed.tip() != first
    assert not followed.repository.is_ancestor(first, followed.tip())
    Repo(Path(followed.repository.git_dir)).git("gc", "--quiet", "--prune=now")
    assert followed.repository.commit(first) == first


def test_a_branch_that_is_gone_is_named(origin: Repo) -> None:
    followed = cloned(origin, "main")
    origin.git("branch", "--quiet", "-m", "elsewhere")
    with pytest.raises(BranchMissing, match=f"{origin.path} has no branch main"):
        followed.fetch()
    with pytest.raises(BranchMissing):
        followed.tip()


def test_a_remote_that_cannot_be_reached_says_so_and_asks_nobody(tmp_path: Path) -> None:
    with pytest.raises(GitFault, match=r"does not exist|not appear to be a git repository"):
        clone(f"file://{tmp_path}/nowhere", "main", folder=str(tmp_path / "clone")).fetch()


@pytest.mark.parametrize("name", ["--upload-pack=touch canary", "-x"])
def test_R11_a_url_or_a_branch_is_never_an_option(origin: Repo, tmp_path: Path, name: str) -> None:
    for url, branch in ((name, "main"), (str(origin.path), name)):
        with pytest.raises(GitFault):
            clone(url, branch, folder=str(tmp_path / "clone")).fetch()
    assert not list(tmp_path.rglob("canary"))


def test_R11_hooks_of_the_users_template_stay_out_of_the_clone(
    origin: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    canary = tmp_path / "canary"
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {canary}\n")
    os.chmod(hooks / "reference-transaction", 0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "template"))
    cloned(origin)
    assert not canary.exists()


@pytest.mark.parametrize("lock", ["refs/heads/main.lock", "HEAD.lock", "config.lock", "packed-refs.lock"])
def test_locks_that_a_killed_git_left_hold_up_nothing(origin: Repo, lock: str) -> None:
    followed = cloned(origin)
    left = Path(followed.repository.git_dir) / lock
    left.touch()
    os.utime(left, (0, 0))
    second = origin.commit()
    assert cloned(origin).tip() == second
    assert not left.exists()


def test_a_clone_that_was_cut_off_when_it_was_made_is_made_anew(origin: Repo) -> None:
    folder = Path(cloned(origin).repository.git_dir)
    (folder / "HEAD").unlink()
    assert cloned(origin, "main").tip() == origin.git("rev-parse", "HEAD")


def test_a_branch_takes_the_place_of_one_that_it_begins_with(origin: Repo) -> None:
    followed = cloned(origin)
    followed.keep(followed.tip())
    origin.git("branch", "--quiet", "-m", "aside")
    origin.git("branch", "--quiet", "main/next")
    followed = cloned(origin, "main/next")
    assert followed.tip() == origin.git("rev-parse", "HEAD")
    followed.keep(followed.tip())


def test_of_another_repository_nothing_is_known_before_it_was_fetched(origin: Repo, tmp_path: Path) -> None:
    folder = cloned(origin).repository.git_dir
    with pytest.raises(BranchMissing):
        clone(f"file://{tmp_path}/nowhere", "main", folder=folder).tip()


def test_no_tag_is_taken_for_a_branch(origin: Repo) -> None:
    followed = LocalBranch(repository=open_repository(str(origin.path)), branch="main")
    origin.git("checkout", "--quiet", "--detach")
    origin.git("branch", "--quiet", "-D", "main")
    origin.git("update-ref", "refs/tags/refs/heads/main", "HEAD")
    with pytest.raises(BranchMissing):
        followed.tip()


def test_a_fetch_without_an_answer_leaves_no_program(
    origin: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remote side never says a word; whoever talks to it is ended with git."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 1000\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setattr("reconciler.git.talking.LIMIT", 1.0)
    with pytest.raises(GitFault, match="no answer within 1 s"):
        clone("ssh://git@git.example.org/fleet.git", "main", folder=str(tmp_path / "clone")).fetch()
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}") or "zombie" in Path(f"/proc/{pid}/status").read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"{pid} still runs")


def test_R11_hooks_that_the_users_settings_name_are_not_run_for_the_clone(
    origin: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks, canary = tmp_path / "hooks", tmp_path / "canary"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {canary}\n")
    (hooks / "reference-transaction").chmod(0o755)
    (tmp_path / "config").write_text(f"[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    followed = cloned(origin)
    followed.keep(followed.tip())
    assert not canary.exists()


@pytest.mark.parametrize("shape", ["loose", "packed", "a-link"])
def test_the_tip_is_found_however_git_keeps_it(tmp_path: Path, shape: str) -> None:
    repo = Repo.new(tmp_path / "fleet")
    repo.put("a.yaml", "one\n")
    commit = repo.commit()
    if shape == "packed":
        repo.git("pack-refs", "--all")
    elif shape == "a-link":
        repo.git("branch", "trunk")
        repo.git("symbolic-ref", "refs/heads/main", "refs/heads/trunk")
    assert LocalBranch(repository=open_repository(str(repo.path)), branch="main").tip() == commit


def test_no_file_of_the_repository_but_its_branches_is_taken_for_one(origin: Repo) -> None:
    (origin.path / ".git/ORIG_HEAD").write_text(origin.git("rev-parse", "HEAD") + "\n")
    (origin.path / ".git/refs/heads/torn").write_text(origin.git("rev-parse", "HEAD")[:39])
    for branch in ("../../ORIG_HEAD", "torn", "/main", ""):
        with pytest.raises(GitFault):
            LocalBranch(repository=open_repository(str(origin.path)), branch=branch).tip()
