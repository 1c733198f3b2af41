"""`reconcile retry`: let sends that failed, were cancelled or back off go again."""

from typing import Annotated

import typer

from reconciler.cli.by_hand import complete_send
from reconciler.cli.options import Options, Output


def retry(
    options: Options,
    sends: Annotated[
        list[str],
        typer.Argument(metavar="SEND...", help="Send-only jobs, or PACKAGE@SITE.", autocompletion=complete_send),
    ],
) -> int:
    """Open sends again that failed or were cancelled, and let those that back off go at once.

    SEND is the name of a send-only job, which stands for all its sites, or PACKAGE@SITE.

    Examples: reconcile retry send-till-4-3fa9c1d2; reconcile retry till-4@DE1
    """
    from reconciler.cli.by_hand import handle
    from reconciler.engine.chosen_sends import retry as retried

    options.only(Output.TEXT, reports=False)
    return handle(options, sends, retried, verb="would be retried" if options.dry_run else "retried")
