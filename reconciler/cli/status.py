"""`reconcile status`: who holds what, what runs, what waits for what."""

import contextlib
import sys
import time
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.workplace import Workplace
    from reconciler.engine.manifests import FleetRead
    from reconciler.model.status import Status

EVERY = 2.0
"""Seconds between two looks of `--watch`, at the least."""

SHARE = 4
"""Looking takes at most so small a part of the time."""


class Part(Enum):
    SITES = "sites"
    PACKAGES = "packages"
    JOBS = "jobs"
    SENDS = "sends"


def status(
    options: Options,
    part: Annotated[Part | None, typer.Argument(help="One list; without it, one screen.")] = None,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One of the list.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again every two seconds until interrupted.")] = False,
) -> int:
    """Show who holds what, what runs, what waits for what and until when.

    Examples: reconcile status; reconcile status sends; reconcile status sites riga-03 -o json
    """
    options.only(Output.TEXT, Output.JSON)
    from reconciler.cli.report import deliver, report_all
    from reconciler.cli.workplace import work_in
    from reconciler.model.looks import Moved

    place = work_in(options)
    shown = _status(place, part, name, report=report_all)
    pause = EVERY
    while True:
        if watch and sys.stdout.isatty():
            sys.stdout.write("\033[H\033[2J")
        deliver(options, lambda output, _color: _render(shown, output, part, name))  # noqa: B023 - called at once
        if not watch:
            return Exit.DONE
        sys.stdout.flush()
        time.sleep(pause)
        began = time.monotonic()
        with contextlib.suppress(Moved):
            shown = _status(place, part, name, report=_nothing)
        pause = max(EVERY, SHARE * (time.monotonic() - began))


def _status(
    place: "Workplace", part: Part | None, name: str | None, *, report: "Callable[[FleetRead, Options], None]"
) -> "Status":
    """What is so now; what is wrong in the manifests is told with the first look alone."""
    from reconciler.cli.one_pass import plan_now
    from reconciler.engine.scope import Narrowing
    from reconciler.engine.status import status_of
    from reconciler.manifests.spelling import Spelling

    state = place.open_state(write=False)
    try:
        now = status_of(plan_now(place, state, Narrowing(), report=report), state, at=place.now())
    finally:
        state.close()
    try:
        return now.only(None if part is None else part.value, name)
    except KeyError:
        near = Spelling(now.names(part.value if part else "")).nearest(name or "")
        hint = f"did you mean {near}?" if near else ""
        raise CommandError(f"there is no {name} among the {part.value if part else ''}", hint=hint) from None


def _nothing(_read: "FleetRead", _options: Options) -> None:
    """Says nothing."""


def _render(shown: "Status", output: Output, part: Part | None, name: str | None) -> str:
    from reconciler.cli.report import as_json
    from reconciler.views.status import status_text
    from reconciler.views.status_json import status_json

    if output is Output.JSON:
        return as_json(status_json(shown))
    return status_text(shown, part=None if part is None else part.value, named=name is not None)
