"""Saved plans: read, checked, shown, applied."""

import json

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.one_pass import PLAN_OUTPUTS
from reconciler.cli.options import Options
from reconciler.cli.outcome import exit_code, known_before, tell_outcome, tell_workers
from reconciler.cli.report import deliver, plan_renderer
from reconciler.cli.trust import trusted
from reconciler.cli.workplace import work_in
from reconciler.engine.reconcile import because_of, with_acknowledgements
from reconciler.model.plan import Plan
from reconciler.model.snapshot import Wanted
from reconciler.views.counts import count
from reconciler.views.plan_json import plan_from_json

SAVE = "save one with: reconcile plan --out FILE"


def read_plan(file: str) -> Plan:
    """The plan in a file; raises CommandError if it is none or was changed by hand."""
    try:
        with open(file, encoding="utf-8") as stream:
            document = json.load(stream)
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise CommandError(f"{file} is not a saved plan: it holds no JSON", code=Exit.INVALID, hint=SAVE) from None
    try:
        return plan_from_json(document)
    except (ValueError, RecursionError) as error:
        raise CommandError(
            f"{file} is not a plan that can be used: {error}",
            code=Exit.INVALID,
            hint=SAVE,
        ) from None


def show_saved(options: Options, file: str) -> int:
    """Print a saved plan in any format."""
    options.only(*PLAN_OUTPUTS)
    plan = read_plan(file)
    deliver(options, plan_renderer(plan, options, written=False))
    return exit_code(plan, options, pending=True, invalid=False)


def apply_saved(options: Options, file: str) -> int:
    """Record exactly what a saved plan says, or nothing (exit 5) if a pair it acts on has moved."""
    options.only(*PLAN_OUTPUTS)
    place = work_in(options)
    plan = read_plan(file)
    state = place.open_state(write=True)
    try:
        plan = trusted(place, plan, state)
        held = state.snapshot(Wanted(sites=(), packages=())).acknowledgements
        plan = with_acknowledgements(plan, held, at=place.now())
        recorded = not (plan.refused or options.dry_run)
        if recorded:
            submission = state.submit(plan, because_of(plan, place.author()), strict=True)
            if submission.moved:
                pairs = ", ".join(f"{package}@{site}" for package, site in submission.moved[:3])
                raise CommandError(
                    f"{file} is stale: {count(len(submission.moved), 'pair')} moved since it was made ({pairs})",
                    code=Exit.TRY_AGAIN,
                    hint=f"nothing was recorded; plan anew: reconcile plan --out {file}",
                )
        already = recorded and known_before(submission)
        deliver(options, plan_renderer(plan, options, written=recorded, already=already, limits=place.limits))
        if recorded:
            tell_outcome(options, submission)
            tell_workers(place, state, plan)
    finally:
        state.close()
    return exit_code(plan, options, pending=not recorded, invalid=False)
