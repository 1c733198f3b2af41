"""Whose commits are acted on at this place: those of the repository around it, or of one that it follows elsewhere."""

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import wiring
from reconciler.cli.conventions import cache_directory
from reconciler.cli.exits import CommandError, Exit
from reconciler.manifests.declaring.settings_faults import tells_secret
from reconciler.model.faults import GitFault

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.git.following import Clone, Followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which commits were asked for on the command line; the settings say the rest."""

    files: bool = False
    repo: str | None = None
    branch: str | None = None


def followed_at(place: "Workplace", asked: Asked) -> "Followed | None":
    """The branch whose commits are acted on, None for files; raises CommandError.

    Inside a repository its current branch, unless another or another repository is asked for.
    """
    from reconciler.git.following import LocalBranch
    from reconciler.git.repository import find_repository, is_bare

    if asked.files:
        if asked.repo or asked.branch:
            raise CommandError("--files acts on no commit", code=Exit.USAGE, hint="leave --repo and --branch out")
        return None
    settings = place.settings.git
    repo, branch = asked.repo or settings.repo, asked.branch or settings.branch
    if tells_secret(asked.repo or ""):
        hint = "leave it to git's own credentials (git help credentials)"
        raise CommandError("--repo: the url holds a password, or a token as its user", code=Exit.USAGE, hint=hint)
    try:
        if repo is not None:
            return _clone(place, repo if asked.repo else from_settings(place, repo), branch)
        repository = find_repository(os.getcwd())
        if repository is None:
            if is_bare(os.getcwd()):
                hint = f"follow it from the folder of the stores: reconcile watch --repo {os.getcwd()}"
                raise CommandError(f"{os.getcwd()} is a bare repository", code=Exit.USAGE, hint=hint)
            if branch is None:
                return None
            raise CommandError(
                f"{os.getcwd()} is in no git repository", code=Exit.USAGE, hint="work in one, or name one with --repo"
            )
        branch = branch or repository.branch()
        if branch is None:
            raise CommandError("no branch is checked out", code=Exit.USAGE, hint="name the branch to follow: --branch")
        return LocalBranch(repository=repository, branch=_named(branch))
    except GitFault as fault:
        raise CommandError(str(fault)) from None


def _named(branch: str) -> str:
    """The branch, if the state and the log can name it; git does not ask for UTF-8."""
    try:
        branch.encode()
    except UnicodeEncodeError:
        raise CommandError(f"the name of the branch {branch} is not UTF-8", code=Exit.USAGE) from None
    return branch


def _clone(place: "Workplace", repo: str, branch: str | None) -> "Clone":
    """A clone of our own beside the state; under `--dry-run`, which writes nothing there, among the caches."""
    from reconciler.git.following import clone

    repo = os.path.abspath(repo) if os.path.isdir(repo) else repo
    folder = wiring.clone_folder(place.settings.state_url, repo)
    if place.options.dry_run:
        name = hashlib.sha256(folder.encode(errors="surrogateescape")).hexdigest()[:16]
        folder = os.path.join(cache_directory(), "clones", name)
    found = clone(repo, None if branch is None else _named(branch), folder=folder)
    _named(found.branch)
    return found


def from_settings(place: "Workplace", repo: str) -> str:
    """The repository that the settings name, as git is told it: a relative path refers to their folder."""
    there = os.path.join(place.settings_directory, repo)
    return os.path.abspath(there) if os.path.isdir(there) else repo


def followed_elsewhere(place: "Workplace") -> "Clone":
    """The clone of the repository that the settings name, fetched if it never was; raises CommandError."""
    from reconciler.git.following import BranchMissing

    settings = place.settings.git
    try:
        found = _clone(place, from_settings(place, settings.repo or ""), settings.branch)
        try:
            found.tip()
        except BranchMissing:
            found.fetch()
    except GitFault as fault:
        raise CommandError(f"git.repo: {fault}") from None
    return found
