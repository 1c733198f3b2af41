"""`reconcile explain`: every fact behind a verdict."""

from typing import Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output, complete_job


def explain(
    options: Options,
    subject: Annotated[
        str,
        typer.Argument(metavar="JOB[/SITE] | PACKAGE@SITE | site/NAME", autocompletion=complete_job),
    ],
) -> int:
    """Show every fact behind a verdict, back to the line of YAML and the event, and what would change it.

    Examples: reconcile explain till-rollout; reconcile explain till-rollout/DE1; reconcile explain till-4@DE1;
    reconcile explain site/DE1
    """
    from reconciler.cli.report import as_json, deliver, report_diagnostics
    from reconciler.cli.workplace import work_in
    from reconciler.engine.explain import Explaining
    from reconciler.engine.reconcile import plan_fleet
    from reconciler.engine.subjects import LeftOut, NoSuchSubject
    from reconciler.views.explanation import explanation_json, explanation_text

    options.only(Output.TEXT, Output.JSON)
    place = work_in(options)
    read = place.read_fleet()
    report_diagnostics(read.diagnostics, options, files=read.files, texts=read.texts)
    state = place.open_state(write=False)
    try:
        planned = plan_fleet(read, state, guards=place.settings.guards, at=place.now(), include_ready=True)
        explaining = Explaining(planned=planned, state=state, settings=place.settings, at=place.now())
        explanation = explaining.explain(subject)
    except NoSuchSubject as error:
        raise CommandError(str(error), code=Exit.USAGE, hint=error.hint) from None
    except LeftOut as error:
        raise CommandError(str(error), code=Exit.INVALID) from None
    finally:
        state.close()
    deliver(
        options,
        lambda output, _color: (
            as_json(explanation_json(explanation)) if output is Output.JSON else explanation_text(explanation)
        ),
    )
    return Exit.DONE
