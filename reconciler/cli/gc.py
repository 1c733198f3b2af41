"""`reconcile gc`: what nothing refers to in the stores, and its removal."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import Exit, strongest
from reconciler.cli.options import Options, Output, complete_site
from reconciler.cli.removing import Yes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.cli.workplace import Workplace
    from reconciler.engine.collecting.places import Place
    from reconciler.model.collection import Collected
    from reconciler.model.fleet import Fleet


def gc(
    options: Options,
    sites: Annotated[
        list[str] | None, typer.Argument(metavar="[SITE]...", help="Default: all.", autocompletion=complete_site)
    ] = None,
    yes: Yes = False,
) -> int:
    """List what nothing refers to in the stores and depots; with --yes remove it.

    Kept are what the sites hold now, their site.keep earlier contents, the parcels the depots keep, and what open sends
    need. What only others referred to is condemned first, and deleted by a gc a day later. No send starts meanwhile.

    Examples: reconcile gc; reconcile gc DE1 --yes; reconcile gc -o json
    """
    from reconciler import wiring
    from reconciler.cli.at_sites import chosen_sites
    from reconciler.cli.removing import require_whole
    from reconciler.cli.report import as_json, deliver
    from reconciler.cli.workplace import work_in
    from reconciler.engine.collecting.places import places
    from reconciler.views.collection import collection_json, collection_text

    options.only(Output.TEXT, Output.JSON)
    place = work_in(options)
    read = place.read_fleet()
    require_whole(read, place)
    write = yes and not options.dry_run
    chosen = chosen_sites(sites or (), read.fleet)
    there = tuple(places(chosen, depot_folder=wiring.depot_folder(place.settings.state_url)))
    found = _collected(place, read.fleet, there, write=write)
    deliver(
        options,
        lambda output, color: (
            as_json(collection_json(found, written=write))
            if output is Output.JSON
            else collection_text(found, color=color, written=write)
        ),
    )
    return strongest(_exits(found))


def _collected(place: "Workplace", fleet: "Fleet", there: "Sequence[Place]", *, write: bool) -> "tuple[Collected, ...]":
    from reconciler import wiring
    from reconciler.cli.progress import Progress
    from reconciler.cli.removing import taking_sites
    from reconciler.engine.collecting.collect import Collecting, collect
    from reconciler.engine.manifests import nothing

    with taking_sites(place, write=write) as (state, taking):
        collecting = Collecting(
            fleet=fleet,
            state=state,
            open_sender=wiring.open_sender,
            now=place.now,
            taking=taking,
            tell=nothing if place.options.quiet else Progress(doing="looking at stores").step,
        )
        return tuple(collect(there, collecting))


def _exits(found: "Iterable[Collected]") -> "Iterator[Exit]":
    from reconciler.model.collection import Outcome

    for one in found:
        if one.outcome is Outcome.BUSY:
            yield Exit.TRY_AGAIN
        elif not one.is_complete:
            yield Exit.FAILED
