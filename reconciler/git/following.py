"""Where the commits of a branch come from: the repository itself, or a clone of our own of one that is elsewhere."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from reconciler.git.command import run
from reconciler.git.repository import NotARepository, Repository, UnknownRevision, is_bare, open_repository
from reconciler.git.talking import LIMIT, talk
from reconciler.model.commits import CommitId
from reconciler.model.faults import GitFault


class BranchMissing(GitFault):
    """There is no such branch."""


class Followed(Protocol):
    """A branch that moves."""

    @property
    def repository(self) -> Repository:
        """Where its commits can be read."""
        ...

    @property
    def branch(self) -> str: ...

    def tip(self) -> CommitId:
        """The commit it is at, as far as is known here; raises BranchMissing."""
        ...

    def watched(self) -> tuple[str, ...]:
        """Files that change when the tip moves."""
        ...

    def keep(self, commit: CommitId) -> None:
        """See to it that this commit stays readable, whatever becomes of the branch; raises GitFault."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalBranch:
    """A branch of a repository on this machine that belongs to others: only read."""

    repository: Repository
    branch: str

    def tip(self) -> CommitId:
        """See `Followed`."""
        try:
            return self.repository.tip(self.branch)
        except UnknownRevision as fault:
            raise BranchMissing(f"{self.repository.top} has no branch {self.branch}") from fault

    def watched(self) -> tuple[str, ...]:
        """See `Followed`."""
        return self.repository.ref_files(self.branch)

    def keep(self, commit: CommitId) -> None:
        """Nothing is written to a repository of others: its reflog keeps what was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A bare repository of our own that holds one branch of another, which is at `url`."""

    repository: Repository
    url: str
    branch: str

    def tip(self) -> CommitId:
        """See `Followed`."""
        try:
            return self.repository.tip(self.branch)
        except UnknownRevision as fault:
            raise self._missing() from fault

    def watched(self) -> tuple[str, ...]:
        """See `Followed`."""
        return self.repository.ref_files(self.branch)

    def origin_files(self) -> tuple[str, ...]:
        """The files that change when the branch moves in a repository on this machine; none of one elsewhere."""
        if not os.path.isdir(self.url):
            return ()
        try:
            return open_repository(self.url).ref_files(self.branch)
        except NotARepository:
            return ()

    def keep(self, commit: CommitId) -> None:
        """See `Followed`."""
        run(self.repository.git_dir, "update-ref", f"refs/reconciler/acted/{self.branch}", commit)

    def fetch(self) -> None:
        """Ask the remote repository for the branch; raises BranchMissing, and GitFault for whatever else is wrong.

        With the user's own configuration and credentials; nothing ever asks a person.
        """
        ref = f"refs/heads/{self.branch}"
        _take_old_locks_away(self.repository.git_dir)
        self._make_way()
        try:
            talk(
                self.repository.git_dir,
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
                "--end-of-options",
                self.url,
                f"+{ref}:{ref}",
            )
        except GitFault as fault:
            if "couldn't find remote ref" in str(fault):
                run(self.repository.git_dir, "update-ref", "-d", ref)
                raise self._missing() from fault
            raise

    def _make_way(self) -> None:
        """Of branches `a` and `a/b` one can be kept at a time: what became of the other is over."""
        for kept in ("refs/heads/", "refs/reconciler/acted/"):
            for name in _refs(self.repository.git_dir, kept):
                other = name.removeprefix(kept)
                if other.startswith(f"{self.branch}/") or self.branch.startswith(f"{other}/"):
                    run(self.repository.git_dir, "update-ref", "-d", name)

    def _missing(self) -> BranchMissing:
        return BranchMissing(f"{self.url} has no branch {self.branch}, or was never reached")


def clone(url: str, branch: str | None, *, folder: str) -> Clone:
    """Our own clone in `folder`, made if it is not there; of the branch its HEAD names, if none is given.

    Raises BranchMissing or GitFault. Nothing of it is fetched yet but that name.
    """
    if os.path.isdir(url):
        url = os.path.abspath(url)
    _take_old_locks_away(folder)
    if not is_bare(folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        run(folder, "init", "--quiet", "--bare", "--template=")
    repository = open_repository(folder)
    known = run(folder, "config", "--local", "--get", _URL, also=(1,))
    if known != url:
        if known:
            _forget_branches(folder)
        head = branch or _default_branch(repository, url)
        run(folder, "symbolic-ref", "HEAD", f"refs/heads/{head}")
        run(folder, "config", "--local", _URL, url)
    return Clone(repository=repository, url=url, branch=branch or repository.branch() or "HEAD")


_URL = "remote.origin.url"
"""Remembers whose clone it is, and so whose branch HEAD names."""


def _forget_branches(folder: str) -> None:
    """They are those of another repository."""
    for name in _refs(folder, "refs/heads/"):
        run(folder, "update-ref", "--no-deref", "-d", name)


def _refs(git_dir: str, beneath: str) -> list[str]:
    """Full names."""
    return run(git_dir, "for-each-ref", "--format=%(refname)", beneath).split()


def _take_old_locks_away(folder: str) -> None:
    """No conversation could begin while they are there."""
    for lock in old_locks(folder):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(lock)


def old_locks(folder: str) -> Iterator[str]:
    """Files left in a clone of ours by a git that was killed: no conversation takes that long."""
    before = time.time() - LIMIT
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name == "info" or not place.endswith("/objects")]
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                if name.endswith(".lock") and os.lstat(f"{place}/{name}").st_mtime < before:
                    yield f"{place}/{name}"


def _default_branch(repository: Repository, url: str) -> str:
    listed = talk(repository.git_dir, "ls-remote", "--symref", "--end-of-options", url, "HEAD")
    for line in listed.splitlines():
        target, _, name = line.partition("\t")
        if name == "HEAD" and target.startswith("ref: refs/heads/"):
            return target.removeprefix("ref: refs/heads/")
    raise BranchMissing(f"{url} names no default branch")
