"""What came of a pass: told beside the plan, and as an exit code (cli.md)."""

from reconciler.cli.exits import Exit, strongest
from reconciler.cli.options import FailOn, Options
from reconciler.cli.report import say
from reconciler.cli.workplace import Workplace
from reconciler.model.plan import Plan
from reconciler.state.protocol import State, Submission
from reconciler.views.counts import count
from reconciler.views.workers import workers_text


def tell_outcome(options: Options, submission: Submission) -> None:
    """What was left out because it had moved, and what was recorded before."""
    for package, site in submission.moved:
        say(options, f"left out: {package}@{site} changed while this plan was made; the next pass plans it again")
    if submission.already:
        names = ", ".join(submission.already[:3])
        say(options, f"recorded already: {count(len(submission.already), 'send-only job')} ({names})")


def tell_workers(place: Workplace, state: State, plan: Plan) -> None:
    """Who carries out what is open now, or that nobody does (cli.md)."""
    if plan.send_only_jobs or plan.summary.in_flight:
        workers = [worker for worker in state.workers() if not worker.watches]
        say(place.options, workers_text(workers, at=place.now()))


def known_before(submission: Submission) -> bool:
    """Whether the state knew all of a plan: somebody recorded it before (L8)."""
    changed = submission.recorded or submission.cancelled or submission.updated or submission.removed
    return bool(submission.already) and not changed


def exit_code(plan: Plan, options: Options, *, pending: bool, invalid: bool) -> Exit:
    """The code of a pass (cli.md): `pending` while nothing of the plan is recorded."""
    codes = []
    if invalid:
        codes.append(Exit.INVALID)
    if plan.refused or (options.fail_on is FailOn.BLOCKED and plan.summary.blocked):
        codes.append(Exit.NO)
    if options.detailed_exitcode and pending and plan.has_changes:
        codes.append(Exit.CHANGES)
    return strongest(codes)
