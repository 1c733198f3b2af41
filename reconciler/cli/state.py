"""`reconcile state`: copy the state while it is in use, and put a copy back."""

import os
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace


class Action(Enum):
    BACKUP = "backup"
    RESTORE = "restore"


def state(
    options: Options,
    action: Annotated[Action, typer.Argument(metavar="backup|restore", show_choices=False, help="What to do.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="The copy.")],
) -> int:
    """Copy the state to FILE, checked, also while workers use it; or put such a copy back.

    backup never writes over a file. restore keeps what was there beside it, and is refused while a worker lives.

    Examples: reconcile state backup monday.db; reconcile state restore monday.db
    """
    from reconciler.cli.workplace import work_in

    options.only(Output.TEXT, reports=False)
    place = work_in(options)
    place.check_state()
    if action is Action.BACKUP:
        _backup(place, file)
    else:
        _restore(place, file)
    return Exit.DONE


def _backup(place: "Workplace", file: str) -> None:
    from reconciler import wiring
    from reconciler.model.quantities import format_size

    found = wiring.examine_state(place.settings.state_url)
    if found.size is None:
        raise CommandError(f"there is no state {found.path} to copy", hint="the first pass makes it: reconcile")
    if place.options.dry_run:
        sys.stdout.write(f"Would copy {found.path} ({format_size(found.size)}) to {file}.\n")
        return
    opened = place.open_state(write=False)
    try:
        opened.backup(file)
    finally:
        opened.close()
    sys.stdout.write(f"Copied {found.path} to {file} ({format_size(os.stat(file).st_size)}), checked.\n")


def _restore(place: "Workplace", file: str) -> None:
    from reconciler import wiring

    url = place.settings.state_url
    if place.options.dry_run:
        found = wiring.examine_copy(url, file)
        if found.size is None or found.damage:
            raise CommandError(f"{file} is no whole copy: {found.damage or 'there is no such file'}")
        sys.stdout.write(f"Would restore {file} (schema {found.schema}, whole).\n")
        return
    kept = wiring.restore_state(url, file)
    beside = "" if kept is None else f" What was there is kept as {kept}."
    sys.stdout.write(f"Restored the state from {file}.{beside}\nNext: reconcile --dry-run\n")
