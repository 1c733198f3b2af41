"""What `gc` and `prune` share: that they believe only whole manifests, and how they take a site."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.engine.collecting.tenure import Taking
    from reconciler.engine.manifests import FleetRead
    from reconciler.state.protocol import State

Yes = Annotated[bool, typer.Option("--yes", help="Remove it; without, it is only listed.")]


def require_whole(read: "FleetRead", place: "Workplace") -> None:
    """Raise CommandError unless the manifests say all there is to say: what errors leave out may be needed (L35)."""
    from reconciler.cli.report import report_diagnostics

    report_diagnostics(read.diagnostics, place.options, files=read.files, texts=read.texts)
    if read.has_errors or not read.fleet.whole:
        raise CommandError(
            "the manifests have errors: what they leave out may be needed",
            code=Exit.INVALID,
            hint="nothing was removed; mend them first",
        )
    if read.fleet.why_empty:
        raise CommandError(
            f"the manifests are empty ({read.fleet.why_empty}): nothing would be needed",
            code=Exit.NO,
            hint="nothing was removed; see -m",
        )


@contextmanager
def taking_sites(place: "Workplace", *, write: bool) -> "Iterator[tuple[State, Taking | None]]":
    """The state, and with `write` this process as one that has sites for itself, until it is done."""
    from reconciler.cli.trust import check_files

    if write:
        check_files(place, write=True)
    state = place.open_state(write=write)
    try:
        taking = taking_of(place) if write else None
        yield state, taking
        if taking is not None:
            state.leave(taking.worker)
    finally:
        state.close()


def taking_of(place: "Workplace") -> "Taking":
    """This process, as one that has sites for itself."""
    from reconciler.engine.collecting.tenure import Taking
    from reconciler.state.liveness import boot_seconds, this_process

    return Taking(
        worker=this_process(),
        open_state=lambda: place.open_state(write=True),
        author=place.author,
        lease=place.settings.workers.lease,
        clock=boot_seconds,
    )
