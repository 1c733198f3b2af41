"""`reconcile show`: a saved plan in any format."""

from typing import Annotated

import typer

from reconciler.cli.options import Options


def show(
    options: Options,
    saved: Annotated[str, typer.Argument(metavar="PLAN.json", help="A plan saved with `plan --out`.")],
) -> int:
    """Print a saved plan in any format.

    Examples: reconcile show plan.json; reconcile show plan.json -o markdown
    """
    from reconciler.cli.saved_plan import show_saved

    return show_saved(options, saved)
