"""`reconcile prune`: what no job needs at the sites, and its removal."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit, strongest
from reconciler.cli.options import Options, Output, complete_package, complete_site
from reconciler.cli.removing import Yes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.cli.workplace import Workplace
    from reconciler.engine.collecting.places import Place
    from reconciler.model.fleet import Fleet
    from reconciler.model.names import PackageName
    from reconciler.model.pruning import Pruning, Unreached
    from reconciler.state.protocol import State


def prune(
    options: Options,
    package: Annotated[
        str | None,
        typer.Argument(metavar="[PACKAGE]", help="Only this package.", autocompletion=complete_package),
    ] = None,
    site: Annotated[
        str | None, typer.Option("--site", metavar="NAME", help="Only at this site.", autocompletion=complete_site)
    ] = None,
    yes: Yes = False,
) -> int:
    """List the packages that lie at sites where no job needs them any more; with --yes remove them.

    The record goes first, in one step; the content is condemned, and deleted by a gc a day later. What a job needs, or
    an open send brings, stays; named, it is refused. Numbers are kept, so that nothing is taken for lost.

    Examples: reconcile prune; reconcile prune till-3 --site DE1 --yes; reconcile prune -o json
    """
    from reconciler import wiring
    from reconciler.cli.at_sites import chosen_sites, read_sites
    from reconciler.cli.removing import require_whole
    from reconciler.cli.report import as_json, deliver
    from reconciler.cli.workplace import work_in
    from reconciler.engine.collecting.places import places
    from reconciler.model.pruning import Pruning, Unreached
    from reconciler.views.pruning import pruning_json, pruning_text

    options.only(Output.TEXT, Output.JSON)
    place = work_in(options)
    read = read_sites(place)
    require_whole(read, place)
    write = yes and not options.dry_run
    chosen = chosen_sites([] if site is None else [site], read.fleet)
    there = tuple(places(chosen, depot_folder=wiring.depot_folder(place.settings.state_url)))
    done = _pruned(place, read.fleet, there, package, write=write)
    unreached = [one for one in done if isinstance(one, Unreached)]
    found = [one for one in done if isinstance(one, Pruning)]
    told = [one for one in found if package or not one.stays]
    deliver(
        options,
        lambda output, color: (
            as_json(pruning_json(told, unreached, written=write))
            if output is Output.JSON
            else pruning_text(told, unreached, color=color, written=write)
        ),
    )
    return strongest(_exits(found, unreached, named=package is not None))


def _pruned(
    place: "Workplace", fleet: "Fleet", there: "Sequence[Place]", package: str | None, *, write: bool
) -> "list[Pruning | Unreached]":
    from reconciler import wiring
    from reconciler.cli.progress import Progress
    from reconciler.cli.removing import taking_sites
    from reconciler.engine.manifests import nothing
    from reconciler.engine.pruning import prune
    from reconciler.engine.unneeded import Work

    with taking_sites(place, write=write) as (state, taking):
        work = Work(
            fleet=fleet,
            state=state,
            open_sender=wiring.open_sender,
            now=place.now,
            taking=taking,
            only=None if package is None else _named(package, place, state),
            tell=nothing if place.options.quiet else Progress(doing="looking at stores").step,
        )
        return list(prune(there, work))


def _named(package: str, place: "Workplace", state: "State") -> "PackageName":
    """A name that the manifests or the state know; raises CommandError."""
    from reconciler.cli.by_hand import known_names
    from reconciler.engine.subjects import NoSuchSubject

    try:
        return known_names(place, state).package(package)
    except NoSuchSubject as error:
        raise CommandError(str(error), code=Exit.USAGE, hint=error.hint) from None


def _exits(found: "Sequence[Pruning]", unreached: "Sequence[Unreached]", *, named: bool) -> "Iterator[Exit]":
    """A package that was named and stays everywhere is refused."""
    from reconciler.model.pruning import Fate

    for one in unreached:
        yield Exit.TRY_AGAIN if one.busy else Exit.FAILED
    if any(one.fate is Fate.FAILED for one in found):
        yield Exit.FAILED
    if named and found and all(one.stays for one in found):
        yield Exit.NO
