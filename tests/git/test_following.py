"""Following a branch: in place, and in a clone of our own."""

import os
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
