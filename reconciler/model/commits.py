"""Commits, and the trees in them that packages are read from."""

from dataclasses import dataclass
from typing import NewType

CommitId = NewType("CommitId", str)
"""The full name of a commit: 40 or 64 hexadecimal digits."""

ObjectId = NewType("ObjectId", str)
"""The full name of any object of git's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedTree:
    """A package's source as a commit has it: a tree that never changes. `git_dir` is an absolute path."""

    git_dir: str
    tree: ObjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What manifests were read from: a commit, or files in a work tree whose HEAD it is.

    `branch` is None for a commit by itself. `dirty`: files differ from the commit; never of a commit that was read.
    """

    commit: CommitId
    branch: str | None = None
    dirty: bool = False
