"""`reconcile history`: what happened, who did it, and why."""

from typing import Annotated

import typer

from reconciler.cli.by_hand import complete_subject
from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output


def history(
    options: Options,
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND/NAME]",
            help="send/NAME, site/NAME, package/NAME, plan/ID, branch/NAME or PACKAGE@SITE. Default: everything.",
            autocompletion=complete_subject,
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many events.")] = 50,
) -> int:
    """Show the latest events, newest first, with who, which plan and which commit.

    Examples: reconcile history; reconcile history till-4@DE1; reconcile history site/DE1 -o ndjson --limit 1000
    """
    from reconciler.cli.by_hand import known_names
    from reconciler.cli.report import as_json, deliver, say
    from reconciler.cli.workplace import work_in
    from reconciler.engine.history import check_known, subject_of
    from reconciler.engine.subjects import NoSuchSubject
    from reconciler.views.history import history_json, history_ndjson, history_text

    options.only(Output.TEXT, Output.JSON, Output.NDJSON)
    place = work_in(options)
    state = place.open_state(write=False)
    try:
        of = None if subject is None else subject_of(subject)
        events = state.history(subject=of, limit=limit)
        if of is not None and not events:
            check_known(of, known_names(place, state))
    except NoSuchSubject as error:
        raise CommandError(str(error), code=Exit.USAGE, hint=error.hint) from None
    finally:
        state.close()

    def render(output: Output, _color: bool) -> str:
        match output:
            case Output.JSON:
                return as_json(history_json(events, subject=of))
            case Output.NDJSON:
                return history_ndjson(events)
            case _:
                return history_text(events)

    deliver(options, render)
    if not events:
        say(options, "Nothing has happened yet." if of is None else f"Nothing has happened to {of} yet.")
    elif len(events) == limit:
        say(options, f"The latest {limit}; more with --limit.")
    return Exit.DONE
