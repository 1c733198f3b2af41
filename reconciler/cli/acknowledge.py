"""`reconcile acknowledge`: let exactly the guarded actions of one plan pass (L16)."""

from typing import Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output


def acknowledge(
    options: Options,
    plan: Annotated[str, typer.Argument(metavar="PLAN-ID", help="The id the refused plan was printed with.")],
    guard: Annotated[str, typer.Argument(metavar="GUARD", help="The guard that refused it, such as changedPackages.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; stands in the history.")] = "",
) -> int:
    """Let exactly the guarded actions of that plan pass, and no more; void after 24 hours.

    Plans anew and compares the id, so that nothing passes that nobody has seen.

    Example: reconcile acknowledge p-7c1e40b2 changedPackages --reason "CHG0042317, agreed with the regions"
    """
    from reconciler.cli.narrowing import narrowing
    from reconciler.cli.one_pass import plan_now
    from reconciler.cli.report import say
    from reconciler.cli.workplace import work_in
    from reconciler.engine.reconcile import acknowledgement
    from reconciler.model.acknowledgements import GuardName
    from reconciler.views.counts import count

    options.only(Output.TEXT, reports=False)
    if guard not in {name.value for name in GuardName}:
        offered = ", ".join(name.value for name in GuardName)
        raise CommandError(f"there is no guard {guard}", code=Exit.USAGE, hint=f"one of {offered}")
    if not reason.strip():
        raise CommandError("acknowledge needs a reason", code=Exit.USAGE, hint='--reason "why this may pass"')
    narrow = narrowing(options)
    place = work_in(options)
    state = place.open_state(write=True)
    try:
        made = plan_now(place, state, narrow).plan
        if made.id != plan:
            raise CommandError(
                f"the plan is now {made.id}, not {plan}: what it does has changed",
                code=Exit.TRY_AGAIN,
                hint="look at it again: reconcile --dry-run",
            )
        tripped = [result.name for result in made.guards if result.tripped]
        if GuardName(guard) not in tripped:
            named = ", ".join(tripped_guard.value for tripped_guard in tripped) or "none"
            raise CommandError(
                f"{plan} does not trip {guard}: there is nothing to let pass",
                code=Exit.USAGE,
                hint=f"guards that it trips: {named}",
            )
        author = place.author()
        entry = acknowledgement(made, GuardName(guard), reason=reason, author=author)
        if not options.dry_run:
            state.acknowledge(entry, author)
    finally:
        state.close()
    done = "Would let" if options.dry_run else "Let"
    say(options, f"{done} {count(len(entry.actions), 'action')} of {plan} pass {guard} for 24 hours. Next: reconcile")
    return Exit.DONE
