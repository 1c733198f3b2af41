"""Trees that share their subtrees: a few objects that stand for billions of paths are given up, and named."""

from pathlib import Path

import pytest

from reconciler.git.repository import open_repository
from reconciler.model.commits import CommitId, CommittedTree, ObjectId
from reconciler.model.names import PackageName
from reconciler.model.packages import SourceProblem, SourceRequest
from reconciler.parcels import source_commit
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import read_content
from reconciler.sources import commit_walk
from reconciler.sources.commit import CommitReader
from tests.git.repositories import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.new(tmp_path / "bomb")


def bomb(repo: Repo) -> ObjectId:
    """A tree of ten levels, each of which has the one beneath ten times."""
    blob = repo.git("hash-object", "-w", "--stdin", given=b"- not a manifest\n")
    tree = repo.git("mktree", given=f"100644 blob {blob}\ta.yaml\n".encode())
    for _ in range(10):
        tree = repo.git("mktree", given="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)).encode())
    return ObjectId(tree)


def test_R10_manifests_beneath_a_bomb_are_given_up_by_name(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_walk, "MOST", 500)
    commit = CommitId(repo.git("commit-tree", "-m", "Bomb", bomb(repo)))
    reader = CommitReader(open_repository(str(repo.path)), relative_to=str(repo.path))
    read = reader.read(commit, roots=(str(repo.path),), ignore=(), skip_files=(), branch=None)
    assert [found.code for found in read.diagnostics] == ["unreadable"]
    assert "more than 500 folders and manifests" in read.diagnostics[0].message
    assert len(read.texts) < 500
    assert len({id(text.data) for text in read.texts}) == 1, "one blob was kept many times"


def test_R10_a_source_that_is_a_bomb_is_given_up_by_name(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_commit, "MOST", 5_000)
    request = SourceRequest(
        package=PackageName("till"),
        path=str(repo.path / "payload"),
        tree=CommittedTree(git_dir=str(repo.path / ".git"), tree=bomb(repo)),
    )
    content = read_content(request, DigestCache(None))
    assert isinstance(content, SourceProblem)
    assert content.code == "source-unreadable"
    assert "more than 5,000 files" in content.message
