"""`reconcile watch`: a pass for each change of the manifests, the sources or the settings."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import Options, Output

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.git.following import Followed
    from reconciler.model.settings import Settings

MOST_OFTEN = 1.0
"""Seconds between two fetches, at the least."""


def watch(
    options: Options,
    *,
    files: Annotated[bool, typer.Option("--files", help="Act on files, not on commits.")] = False,
    no_work: Annotated[bool, typer.Option("--no-work", help="Leave the sends to `reconcile work`.")] = False,
    repo: Annotated[
        str | None, typer.Option("--repo", metavar="URL|PATH", help="Follow this repository, in a clone of its own.")
    ] = None,
    branch: Annotated[
        str | None, typer.Option("--branch", metavar="NAME", help="Follow this branch. Default: the current one.")
    ] = None,
    poll: Annotated[
        str | None, typer.Option("--poll", metavar="TIME", help="How often --repo is fetched. Default: 30s.")
    ] = None,
    accept_rewrite: Annotated[
        str | None,
        typer.Option("--accept-rewrite", metavar="COMMIT", help="Go on from this commit of a rewritten history."),
    ] = None,
) -> int:
    """Stay, make a pass for each change, and one a minute; carry out the sends meanwhile.

    Inside a git repository it acts on the commits of the current branch, else, or with --files, on files once they
    have come to rest. A broken file is reported once, the others go on. One watch at a time acts on a state, others
    stand by. SIGHUP has it read its settings again; SIGTERM ends it within 10 seconds.

    Examples: reconcile watch; reconcile watch --repo ssh://git@git.example.org/fleet.git --branch main;
    reconcile watch --files -o ndjson
    """
    from reconciler.cli.following import Asked, followed_at
    from reconciler.cli.logs import staying
    from reconciler.cli.stopping import leave
    from reconciler.cli.watching import Watch
    from reconciler.cli.workplace import work_in

    options.only(Output.TEXT, Output.NDJSON, reports=False)
    options = staying(options)
    place = work_in(options)
    place.check_watchable()
    followed = followed_at(place, Asked(files=files, repo=repo, branch=branch))
    every = _poll(poll)
    if accept_rewrite is not None:
        _accept(place, followed, accept_rewrite)
    return leave(Watch(replace(options, chdir=None), place, followed, poll=every, works=not no_work).run())


def _poll(said: str | None) -> "Callable[[Settings], float]":
    """Seconds between two fetches, by the settings of then."""
    from reconciler.cli.exits import CommandError, Exit
    from reconciler.model.quantities import parse_duration

    try:
        seconds = None if said is None else float(parse_duration(said))
    except ValueError as error:
        raise CommandError(f"--poll {said}: {error}", code=Exit.USAGE) from None
    return lambda settings: max(MOST_OFTEN, float(settings.git.poll) if seconds is None else seconds)


def _accept(place: "Workplace", followed: "Followed | None", commit: str) -> None:
    """Remember that the branch may go on from this commit; a watch that is running learns of it within a minute."""
    from reconciler.cli.exits import CommandError, Exit
    from reconciler.engine.fetching import fetch
    from reconciler.git.following import Clone
    from reconciler.git.repository import UnknownRevision

    if followed is None:
        raise CommandError("--accept-rewrite is about commits", code=Exit.USAGE, hint="work in a git repository")
    if place.options.dry_run:
        raise CommandError("--accept-rewrite writes; --dry-run does not", code=Exit.USAGE)
    if isinstance(followed, Clone):
        fetch(followed)
    try:
        found = followed.repository.commit(commit)
    except UnknownRevision as fault:
        raise CommandError(f"--accept-rewrite: {fault}", code=Exit.USAGE) from None
    state = place.open_state(write=True)
    try:
        state.follow(followed.branch, found, replace(place.author(), commit=found), accepted=True)
    finally:
        state.close()
