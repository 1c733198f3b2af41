"""What `watch` repeats at this place: passes on files, or on the commits of a branch."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler import wiring
from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.one_pass import narrowing
from reconciler.cli.options import Options
from reconciler.cli.trust import check_files, unsigned_files
from reconciler.cli.workplace import SETTINGS_FILE, Workplace, cache_directory, work_in
from reconciler.engine.last_pass import LastPass
from reconciler.engine.on_files import OnFiles, Place
from reconciler.model.faults import GitFault
from reconciler.model.settings import Settings
from reconciler.state.protocol import State

if TYPE_CHECKING:
    from reconciler.engine.on_commits import OnCommits
    from reconciler.git.following import Followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which commits were asked for on the command line; the settings say the rest."""

    files: bool = False
    repo: str | None = None
    branch: str | None = None


def followed_at(place: Workplace, asked: Asked) -> "Followed | None":
    """The branch whose commits are acted on, None for files; raises CommandError.

    Inside a repository its current branch, unless another or another repository is asked for.
    """
    from reconciler.git.following import LocalBranch
    from reconciler.git.repository import find_repository

    if asked.files:
        if asked.repo or asked.branch:
            raise CommandError("--files acts on no commit", code=Exit.USAGE, hint="leave --repo and --branch out")
        return None
    settings = place.settings.git
    repo, branch = asked.repo or settings.repo, asked.branch or settings.branch
    try:
        if repo is not None:
            return _clone(place, repo if asked.repo else _from_settings(place, repo), branch)
        repository = find_repository(os.getcwd())
        if repository is None:
            if branch is None:
                return None
            raise CommandError(
                f"{os.getcwd()} is in no git repository", code=Exit.USAGE, hint="work in one, or name one with --repo"
            )
        branch = branch or repository.branch()
        if branch is None:
            raise CommandError("no branch is checked out", code=Exit.USAGE, hint="name the branch to follow: --branch")
        return LocalBranch(repository=repository, branch=branch)
    except GitFault as fault:
        raise CommandError(str(fault)) from None


def _clone(place: Workplace, repo: str, branch: str | None) -> "Followed":
    """A clone of our own beside the state; under `--dry-run`, which writes nothing there, among the caches."""
    from reconciler.git.following import clone

    folder = wiring.clone_folder(place.settings.state_url)
    if place.options.dry_run:
        name = hashlib.sha256(folder.encode(errors="surrogateescape")).hexdigest()[:16]
        folder = os.path.join(cache_directory(), "clones", name)
    return clone(repo, branch, folder=folder)


def _from_settings(place: Workplace, repo: str) -> str:
    """A relative path refers to the folder of the settings."""
    there = os.path.join(place.settings_directory, repo)
    return there if os.path.isdir(there) else repo


def on_files(options: Options, place: Workplace, *, confirm: Callable[[State], None]) -> OnFiles:
    """The files of this place, its settings read again whenever they change."""
    write = not options.dry_run
    check_files(place, write=write)
    last = LastPass()

    def refresh() -> Place:
        now = work_in(options)
        if now.settings_read.settings is None:
            return Place(settings=None, manifests=None, diagnostics=now.settings_read.diagnostics)
        if write and now.settings.git.require_signed:
            return Place(settings=None, manifests=None, diagnostics=(unsigned_files(now),))
        return Place(settings=now.settings, manifests=replace(now.manifests, last=last))

    return OnFiles(
        settings_file=_settings_file(place),
        refresh=refresh,
        open_state=_open_state(options),
        author=place.author,
        narrowing=narrowing(options),
        write=write,
        confirm=confirm,
    )


def on_commits(
    options: Options,
    place: Workplace,
    followed: "Followed",
    *,
    confirm: Callable[[State], None],
    touched: Callable[[frozenset[str]], None],
    nearby: tuple[str, ...],
) -> "OnCommits":
    """The commits of a branch; a clone's tree stands for the folder of the settings."""
    from reconciler.cli.revisions import commits_of
    from reconciler.engine.on_commits import CommitPlace, OnCommits
    from reconciler.engine.trust import Trust
    from reconciler.git.following import Clone

    last = LastPass()
    top = place.settings_directory if isinstance(followed, Clone) else None

    def refresh() -> CommitPlace:
        now = work_in(options)
        if now.settings_read.settings is None:
            return CommitPlace(settings=None, commits=None, diagnostics=now.settings_read.diagnostics)
        commits = commits_of(now, followed.repository, top=top, last=last)
        return CommitPlace(settings=now.settings, commits=commits)

    return OnCommits(
        settings_file=_settings_file(place),
        refresh=refresh,
        followed=followed,
        refusal=Trust(followed.repository).refusal,
        open_state=_open_state(options),
        author=place.author,
        touched=touched,
        also_watched=nearby,
        narrowing=narrowing(options),
        write=not options.dry_run,
        confirm=confirm,
    )


def _settings_file(place: Workplace) -> str:
    """Looked at whether or not it is there."""
    return os.path.abspath(place.settings_file or SETTINGS_FILE)


def _open_state(options: Options) -> Callable[[Settings], State]:
    return lambda settings: wiring.open_state(settings.state_url, write=not options.dry_run)
