"""`reconcile cancel`: close open sends for good, with a reason."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.by_hand import Reason, complete_send
from reconciler.cli.options import Options, Output

if TYPE_CHECKING:
    from reconciler.engine.chosen_sends import Handled
    from reconciler.model.snapshot import Send
    from reconciler.state.protocol import Author, State


def cancel(
    options: Options,
    sends: Annotated[
        list[str],
        typer.Argument(metavar="SEND...", help="Send-only jobs, or PACKAGE@SITE.", autocompletion=complete_send),
    ],
    reason: Reason = "",
) -> int:
    """Cancel open sends: this revision does not go there until `retry`, or until the package changes.

    SEND is the name of a send-only job, which stands for all its sites, or PACKAGE@SITE.

    Examples: reconcile cancel send-till-4-3fa9c1d2 --reason "wrong build"; reconcile cancel till-4@DE1 --reason "late"
    """
    from reconciler.cli.by_hand import given, handle
    from reconciler.engine.chosen_sends import cancel as closed

    options.only(Output.TEXT, reports=False)
    given(reason, to="cancel")

    def cancelled(rows: "Iterable[Send]", state: "State", author: "Author | None") -> "Iterator[Handled]":
        return closed(rows, state, reason, author)

    return handle(options, sends, cancelled, verb="would be cancelled" if options.dry_run else "cancelled")
