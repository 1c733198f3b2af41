"""`--rev`: the commits of the repository that a command works in."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.cli.conventions import SETTINGS_FILE, STDIN, cache_directory
from reconciler.cli.exits import CommandError, Exit, InvalidSettings
from reconciler.engine.committed import BrokenSettings, Commits
from reconciler.engine.manifests import Manifests, nothing
from reconciler.git.promised import promised_of
from reconciler.git.repository import (
    NotARepository,
    Repository,
    UnknownRevision,
    find_repository,
    is_bare,
    open_repository,
)
from reconciler.sources.commit import CommitReader

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.engine.remembered import Remembered
    from reconciler.model.commits import CommitId


def manifests_at(place: "Workplace", revision: str) -> Manifests:
    """The manifests of a commit; raises InvalidSettings for those that it brings, and CommandError.

    The latter also for one that must be signed and is not: what is not only compared with comes this way.
    """
    from reconciler.cli.trust import check_commit

    commit, repository = commit_called(place, revision), place.commits.reader.repository
    check_commit(place, repository, commit)
    return manifests_of(place.commits, commit, repository, revision)


def commit_called(place: "Workplace", revision: str, *, option: str = "--rev") -> "CommitId":
    """The commit that a revision stands for now; raises CommandError, which names the option that said so."""
    try:
        return place.commits.reader.repository.commit(revision)
    except UnknownRevision as fault:
        hint = "git log shows the commits that there are; a shallow clone lacks the older ones"
        raise CommandError(f"{option}: {fault}", code=Exit.USAGE, hint=hint) from None


def manifests_of(commits: Commits, commit: "CommitId", repository: Repository, revision: str) -> Manifests:
    """The same of a commit that is known; `revision` is what it was called."""
    manifests = commits.manifests(commit, branch=repository.branch_called(revision))
    if isinstance(manifests, BrokenSettings):
        raise InvalidSettings(manifests.diagnostics, texts=(manifests.text,))
    for root in manifests.settings.manifest_paths:
        if not commits.reader.holds(root):
            raise CommandError(
                f"--rev: the manifests {root} are not in the repository {repository.top}",
                code=Exit.USAGE,
                hint="work in the repository that holds them (-C), or name others with -m",
            )
    return manifests


def commits_of(
    place: "Workplace", repository: Repository, *, top: str | None = None, remembered: "Remembered | None" = None
) -> Commits:
    """How this place understands the commits of a repository, whose tree stands for the folder `top`."""
    from reconciler.cli.progress import Progress

    if not STDIN.isdisjoint(place.paths or place.options.manifests):
        raise CommandError("standard input is in no commit", code=Exit.USAGE, hint="name folders or files of it")
    reader = CommitReader(
        repository,
        relative_to=os.getcwd(),
        top=top,
        promised=promised_of(repository, os.path.join(cache_directory(), "git")),
    )
    return Commits(
        reader=reader,
        own=place.settings,
        settings_files=_settings_files(place, reader),
        folder=place.settings_directory,
        named=tuple(map(os.path.abspath, place.paths or place.options.manifests)),
        cache=place.cache,
        packed=place.packed,
        progress=nothing if place.options.quiet else Progress().step,
        remembered=remembered,
    )


def repository_of(place: "Workplace", *, option: str = "--rev") -> Repository:
    """The one whose work tree this is; a bare one only if `-C` names it. Raises CommandError."""
    try:
        named = place.options.chdir is not None and is_bare(os.getcwd())
        found = open_repository(os.getcwd()) if named else find_repository(os.getcwd())
    except NotARepository as fault:
        raise CommandError(f"{option}: {fault}", code=Exit.USAGE) from None
    if found is None:
        hint = "work in one (-C); of a bare one only its own folder will do"
        raise CommandError(f"{option}: {os.getcwd()} is in no git repository", code=Exit.USAGE, hint=hint)
    return found


def _settings_files(place: "Workplace", reader: CommitReader) -> tuple[str, ...] | None:
    """Where a commit may have its settings, the nearest first; None if those of this place lie outside of it."""
    own = place.settings_file
    if own is not None:
        return (os.path.abspath(own),) if reader.holds(os.path.abspath(own)) else None
    return tuple(os.path.join(folder, SETTINGS_FILE) for folder in _upwards(os.getcwd(), reader))


def _upwards(folder: str, reader: CommitReader) -> Iterator[str]:
    while reader.holds(folder):
        yield folder
        if os.path.dirname(folder) == folder:
            return
        folder = os.path.dirname(folder)
