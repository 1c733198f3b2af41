"""`reconcile verify`: read the stores, and find what is not as it was proved."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit, strongest
from reconciler.cli.options import Options, Output, complete_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.verification import SiteLook


def verify(
    options: Options,
    sites: Annotated[
        list[str] | None, typer.Argument(metavar="[SITE]...", help="Default: all.", autocompletion=complete_site)
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every byte, whenever it was last verified.")] = False,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="RATE", help="Read from each site at most so fast: 20Mbit/s.")
    ] = None,
) -> int:
    """Read the sites' stores and record what drifted: 0 all agree, 3 drift, 1 a store could not be asked.

    What is damaged or gone becomes a gap; the next pass sends it again. With --dry-run nothing is recorded.

    Examples: reconcile verify; reconcile verify DE1 FR1 --deep; reconcile verify --deep --rate 20Mbit/s
    """
    from reconciler.cli.at_sites import chosen_sites, means_of, rate_of, read_sites
    from reconciler.cli.report import as_json, deliver, report_diagnostics
    from reconciler.cli.workplace import work_in
    from reconciler.engine.verifying.verify import verify as looks_at
    from reconciler.views.verification import verification_json, verification_text

    options.only(Output.TEXT, Output.JSON)
    limit = rate_of(rate)
    place = work_in(options)
    read = read_sites(place)
    report_diagnostics(read.diagnostics, options, files=read.files, texts=read.texts)
    chosen = chosen_sites(sites or (), read.fleet)
    for site in chosen if sites else ():
        if site.address is None:
            raise CommandError(f"site {site.name} has no address", code=Exit.USAGE, hint="give it spec.address")
    asked = tuple(site for site in chosen if site.address is not None)
    state = place.open_state(write=True)
    try:
        means = means_of(place, len(asked), deep=deep, rate=limit)
        looks = tuple(looks_at(asked, read.fleet, state, means, write=not options.dry_run))
    finally:
        state.close()
    deliver(
        options,
        lambda output, color: (
            as_json(verification_json(looks, deep=deep))
            if output is Output.JSON
            else verification_text(looks, color=color, written=not options.dry_run)
        ),
    )
    return strongest((*_exits(looks), *((Exit.INVALID,) if read.has_errors else ())))


def _exits(looks: "Iterable[SiteLook]") -> "Iterator[Exit]":
    from reconciler.model.verification import Answer

    for look in looks:
        if look.answer in (Answer.OTHER, Answer.SILENT):
            yield Exit.FAILED
        if look.drifted:
            yield Exit.NO
