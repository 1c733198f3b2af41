"""What `watch` repeats at this place: passes on files, or on the commits of a branch."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import wiring
from reconciler.cli.conventions import SETTINGS_FILE
from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.narrowing import narrowing
from reconciler.cli.options import Options
from reconciler.cli.trust import check_files, unsigned_files
from reconciler.cli.workplace import Workplace, work_in
from reconciler.engine.on_files import OnFiles, Place
from reconciler.engine.remembered import Remembered
from reconciler.manifests.declaring.settings import SettingsRead
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.settings import Settings
from reconciler.state.protocol import State

if TYPE_CHECKING:
    from reconciler.engine.committed import Commits
    from reconciler.engine.on_commits import OnCommits
    from reconciler.git.following import Followed


def on_files(
    options: Options,
    place: Workplace,
    *,
    confirm: Callable[[State], None],
    configure: Callable[[Settings], None],
) -> OnFiles:
    """The files of this place, its settings read again whenever they change."""
    write = not options.dry_run
    check_files(place, write=write)
    remembered = Remembered()

    def refresh() -> Place:
        now = work_in(options)
        read = settings_again(now, place)
        if read.settings is None:
            return Place(settings=None, manifests=None, diagnostics=read.diagnostics)
        if write and now.settings.git.require_signed:
            return Place(settings=None, manifests=None, diagnostics=(unsigned_files(now),))
        return Place(settings=now.settings, manifests=replace(now.manifests, remembered=remembered))

    return OnFiles(
        settings_file=_settings_file(place),
        refresh=refresh,
        open_state=_open_state(options),
        author=place.author,
        narrowing=narrowing(options),
        write=write,
        confirm=confirm,
        configure=configure,
    )


def on_commits(
    options: Options,
    place: Workplace,
    followed: "Followed",
    *,
    confirm: Callable[[State], None],
    configure: Callable[[Settings], None],
    touched: Callable[[frozenset[str]], None],
    nearby: tuple[str, ...],
) -> "OnCommits":
    """The commits of a branch; a clone's tree stands for the folder of the settings."""
    from reconciler.cli.revisions import commits_of
    from reconciler.engine.on_commits import CommitPlace, OnCommits
    from reconciler.engine.trust import Trust
    from reconciler.git.following import Clone

    remembered = Remembered()
    top = place.settings_directory if isinstance(followed, Clone) else None

    _check_roots(commits_of(place, followed.repository, top=top))

    def refresh() -> CommitPlace:
        now = work_in(options)
        read = settings_again(now, place)
        if read.settings is None:
            return CommitPlace(settings=None, commits=None, diagnostics=read.diagnostics)
        commits = commits_of(now, followed.repository, top=top, remembered=remembered)
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
        configure=configure,
    )


def _check_roots(commits: "Commits") -> None:
    """Raise CommandError if the manifests can never be found in a commit; those that a commit names, it has."""
    roots = commits.named or (commits.own.manifest_paths if commits.settings_files is None else ())
    for root in roots:
        if not commits.reader.holds(root):
            raise CommandError(
                f"the manifests {root} are not in the repository {commits.reader.repository.top}",
                code=Exit.USAGE,
                hint="act on files: --files",
            )


def settings_again(now: Workplace, before: Workplace) -> SettingsRead:
    """The settings of a watch as they are now; broken if their file cannot be read.

    Broken too if it is gone: without it everybody would be trusted, and nothing guarded as it says; and if they name
    another state, whose turn may be another's.
    """
    file = before.settings_file
    if file is not None and (now.settings_file is None or _settings_file(now) != _settings_file(before)):
        return _unreadable(file, f"the settings {file} are gone")
    try:
        read = now.settings_read
    except CommandError as fault:
        return _unreadable(file or SETTINGS_FILE, str(fault))
    if read.settings is not None and now.settings.state_url != before.settings.state_url:
        why = "the settings name another state; sends and turns are those of the first one"
        return _broken(now.settings_file or SETTINGS_FILE, why, code="another-state", hint="start the watch anew")
    if read.settings is not None and _followed(now) != _followed(before):
        why = "the settings name another repository or branch than the one that is followed"
        return _broken(now.settings_file or SETTINGS_FILE, why, code="another-branch", hint="start the watch anew")
    return read


def _followed(place: Workplace) -> tuple[str | None, str | None]:
    return place.settings.git.repo, place.settings.git.branch


def _unreadable(file: str, why: str) -> SettingsRead:
    hint = "put them back; meanwhile what was recorded stays, and nothing new is"
    return _broken(file, why, code="unreadable", hint=hint)


def _broken(file: str, why: str, *, code: str, hint: str) -> SettingsRead:
    return SettingsRead(settings=None, diagnostics=(Diagnostic(code=code, message=why, where=Where(file), hint=hint),))


def _settings_file(place: Workplace) -> str:
    """Looked at whether or not it is there."""
    return os.path.abspath(place.settings_file or SETTINGS_FILE)


def _open_state(options: Options) -> Callable[[Settings], State]:
    return lambda settings: wiring.open_state(settings.state_url, write=not options.dry_run)
