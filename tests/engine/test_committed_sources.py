"""A package whose source only a commit has, on its way through a worker."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reconciler.engine.packing import source_of
from reconciler.engine.working.loop import work
from reconciler.model.commits import CommittedTree, ObjectId
from reconciler.model.fleet import Fleet
from reconciler.model.packages import Content, Package
from reconciler.model.snapshot import Cause, SendState
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import forget_source, read_content
from tests.engine.workroom import Workroom
from tests.git.repositories import Repo


@dataclass
class Committed(Workroom):
    """The sources are committed to a bare repository, and their folders are gone, when the worker begins."""

    def commit(self) -> Fleet:
        """The fleet as its commit has it."""
        repo = Repo.new(self.folder / "work")
        shutil.copytree(self.folder / "payload", repo.path, dirs_exist_ok=True)
        repo.commit()
        repo.git("clone", "--quiet", "--bare", ".", str(self.folder / "bare.git"))
        fleet = self.fleet()
        shutil.rmtree(self.folder / "payload")
        shutil.rmtree(repo.path)
        return replace(fleet, packages=tuple(map(self._committed, fleet.packages)))

    @property
    def bare(self) -> Repo:
        return Repo(self.folder / "bare.git")

    def _committed(self, package: Package) -> Package:
        tree = CommittedTree(
            git_dir=str(self.bare.path), tree=ObjectId(self.bare.git("rev-parse", f"HEAD:{package.name}"))
        )
        content = read_content(replace(source_of(package), tree=tree), self.place().cache)
        assert isinstance(content, Content)
        return replace(package, content=content)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Committed:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Committed(tmp_path)


def test_L17_a_source_that_only_a_commit_has_is_packed_from_it_and_sent(room: Committed) -> None:
    room.plan()
    fleet = room.commit()
    work(replace(room.means(), fleet=lambda *, behind=False: fleet), until_idle=True, stop=lambda: False)
    assert room.sends()["till", "DE1"].state is SendState.COMPLETE
    assert room.records() == [1]


def test_objects_that_went_missing_hold_up_the_send_and_are_named(room: Committed) -> None:
    room.plan()
    fleet = room.commit()
    blob = room.bare.git("rev-parse", "HEAD:till/file")
    (room.bare.path / "objects" / blob[:2] / blob[2:]).unlink()
    work(replace(room.means(), fleet=lambda *, behind=False: fleet), until_idle=True, stop=lambda: False)
    send = room.sends()["till", "DE1"]
    assert (send.state, send.cause) == (SendState.BACKING_OFF, Cause.SOURCE_MISSING)
    assert send.detail.endswith(f"cannot be had from the repository: file (the repository lacks object {blob})")
    assert room.records() == []


def test_what_is_remembered_of_a_tree_is_forgotten_with_it(room: Committed) -> None:
    room.plan()
    [package] = room.commit().packages
    cache = DigestCache(str(room.folder / "cache" / "reconciler"))
    shutil.rmtree(room.bare.path)
    assert read_content(source_of(package), cache) == package.content
    forget_source(source_of(package), cache)
    assert not isinstance(read_content(source_of(package), cache), Content)
