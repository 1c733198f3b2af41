"""A repository: where it lies, what its names stand for, how its commits follow one another."""

import os
import re
from dataclasses import dataclass

from reconciler.git.command import NoGit, run
from reconciler.model.commits import CommitId
from reconciler.model.faults import GitFault


class NotARepository(GitFault):
    """There is no repository at this path."""


class UnknownRevision(GitFault):
    """The repository has no commit of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """`git_dir` is that of the work tree, `common_dir` where objects and branches are; both absolute.

    `top` is the folder that paths in commits are relative to: of a bare repository, its own.
    """

    git_dir: str
    common_dir: str
    top: str
    bare: bool = False

    def commit(self, revision: str) -> CommitId:
        """The commit that a revision stands for; raises UnknownRevision."""
        line = revision.translate({0: " ", 10: " "})
        try:
            return CommitId(
                run(self.git_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{line}^{{commit}}")
            )
        except NoGit:
            raise
        except GitFault:
            raise UnknownRevision(f"{self.top} has no commit {revision}") from None

    def tip(self, branch: str) -> CommitId:
        """The commit that a branch is at; raises UnknownRevision. No tag is taken for it, whatever it is called.

        Read from the branch's file where there is one, as to ask git takes longer; that its commit is there is not
        looked at then.
        """
        ref = f"refs/heads/{branch}"
        found = _loose(self.common_dir, ref)
        if found is not None:
            return found
        listed = run(self.git_dir, "for-each-ref", "--format=%(objectname) %(refname)", "--end-of-options", ref)
        for line in listed.split("\n"):
            name, _, refname = line.partition(" ")
            if refname == ref:
                return self.commit(name)
        raise UnknownRevision(f"{self.top} has no branch {branch}")

    def branch(self) -> str | None:
        """The current branch; None while a commit is checked out by itself."""
        name = run(self.git_dir, "symbolic-ref", "--quiet", "HEAD", also=(1,))
        return name.removeprefix("refs/heads/") or None

    def branch_of_head(self) -> str | None:
        """As `branch`, without asking git; None too where only git knows; raises OSError."""
        with open(f"{self.git_dir}/HEAD", encoding="utf-8", errors="surrogateescape") as stream:
            ref = stream.readline().removesuffix("\n").removeprefix("ref: ")
        branch = ref.removeprefix("refs/heads/")
        return None if branch in (ref, ".invalid") else branch

    def branch_called(self, revision: str) -> str | None:
        """The branch that a revision names, `HEAD` too; None if it names a commit in another way."""
        line = revision.translate({0: " ", 10: " "})
        try:
            ref = run(self.git_dir, "rev-parse", "--symbolic-full-name", "--end-of-options", line)
        except GitFault:
            return None
        ref = ref.removeprefix("--end-of-options").strip()
        for prefix in ("refs/heads/", "refs/remotes/"):
            if ref.startswith(prefix):
                return ref.removeprefix(prefix)
        return None

    def is_ancestor(self, ancestor: CommitId, of: CommitId) -> bool:
        """Whether one commit leads to the other; False if one of them is not there."""
        try:
            bases = run(self.git_dir, "merge-base", "--end-of-options", ancestor, of, also=(1,))
        except GitFault:
            return False
        return ancestor in bases.split("\n")

    def merge_base(self, one: CommitId, other: CommitId) -> CommitId | None:
        """Where two histories part, the best commit in common; None if none is here."""
        bases = run(self.git_dir, "merge-base", "--end-of-options", one, other, also=(1,))
        return CommitId(bases.split("\n")[0]) if bases else None

    def is_shallow(self) -> bool:
        """Whether the older commits were left out when it was cloned."""
        return run(self.git_dir, "rev-parse", "--is-shallow-repository") == "true"

    def ref_files(self, branch: str | None) -> tuple[str, ...]:
        """The files that change when the branch moves, or HEAD."""
        ref = () if branch is None else (f"{self.common_dir}/refs/heads/{branch}",)
        common = (f"{self.common_dir}/{name}" for name in ("packed-refs", "reftable/tables.list"))
        return (f"{self.git_dir}/HEAD", *common, *ref)


_COMMIT = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\n")


def _loose(common_dir: str, ref: str) -> CommitId | None:
    """What a ref's own file says; None for one that is packed, or leads elsewhere: git knows."""
    if not {"", ".", ".."}.isdisjoint(ref.split("/")):
        return None
    try:
        file = os.open(f"{common_dir}/{ref}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(file, "rb") as stream:
        found = _COMMIT.fullmatch(stream.read(256))
    return None if found is None else CommitId(found[1].decode("ascii"))


def find_repository(folder: str) -> Repository | None:
    """The repository whose work tree this folder lies in; as with git, a bare one is only taken when it is named."""
    folder = os.path.abspath(folder)
    while not os.path.lexists(f"{folder}/.git"):
        if os.path.dirname(folder) == folder:
            return None
        folder = os.path.dirname(folder)
    return open_repository(folder)


def nearest_repository(path: str) -> Repository | None:
    """As `find_repository`, without asking git, so that it costs nothing: it may be broken. A file has one too."""
    folder = os.path.abspath(path)
    while not os.path.lexists(inside := f"{folder.rstrip('/')}/.git"):
        if os.path.dirname(folder) == folder:
            return None
        folder = os.path.dirname(folder)
    try:
        git_dir = _pointed_to(inside, "gitdir: ") if os.path.isfile(inside) else inside
        commons = f"{git_dir}/commondir"
        common = _pointed_to(commons, "") if os.path.isfile(commons) else git_dir
    except OSError:
        return None
    return Repository(git_dir=git_dir, common_dir=common, top=folder)


def _pointed_to(file: str, prefix: str) -> str:
    """The path that a file of git's holds, relative to its folder; raises OSError."""
    with open(file, encoding="utf-8", errors="surrogateescape") as stream:
        path = stream.read().removeprefix(prefix).strip()
    return os.path.normpath(os.path.join(os.path.dirname(file), path))


def is_bare(folder: str) -> bool:
    """Whether a folder looks like a repository without a work tree."""
    return os.path.isfile(f"{folder}/HEAD") and os.path.isdir(f"{folder}/objects") and os.path.isdir(f"{folder}/refs")


def open_repository(path: str) -> Repository:
    """The repository at this path, a work tree's top or a bare one; raises NotARepository."""
    path = os.path.abspath(path)
    inside = f"{path}/.git"
    try:
        git_dir = run(inside if os.path.lexists(inside) else path, "rev-parse", "--absolute-git-dir")
        common = run(git_dir, "rev-parse", "--path-format=absolute", "--git-common-dir")
    except NoGit:
        raise
    except GitFault as fault:
        raise NotARepository(f"there is no git repository at {path} ({fault})") from fault
    bare = not os.path.lexists(inside)
    return Repository(git_dir=git_dir, common_dir=common, top=git_dir if bare else path, bare=bare)
