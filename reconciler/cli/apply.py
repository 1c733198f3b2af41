"""`reconcile` and `reconcile apply`: record the missing send-only jobs."""

from typing import Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options


def apply(
    options: Options,
    saved: Annotated[
        str | None, typer.Argument(metavar="[PLAN.json]", help="A plan saved with `plan --out`: exactly that one.")
    ] = None,
) -> int:
    """Record the missing send-only jobs, or exactly those of a saved plan.

    A saved plan is refused (exit 5) if a pair it acts on has moved since.

    Examples: reconcile apply; reconcile plan --out plan.json && reconcile apply plan.json
    """
    from reconciler.cli.one_pass import one_pass
    from reconciler.cli.saved_plan import apply_saved

    if saved is not None and options.base is not None:
        raise CommandError("--base means nothing to a saved plan", code=Exit.USAGE)
    return one_pass(options, write=True) if saved is None else apply_saved(options, saved)
