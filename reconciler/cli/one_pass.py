"""One pass, as `reconcile`, `apply` and `plan` make it: read, plan, record unless it is a dry run, print."""

import gc
from collections.abc import Callable, Sequence

from reconciler.cli.exits import CommandError, Exit, strongest
from reconciler.cli.options import FailOn, Options, Output, Show
from reconciler.cli.report import as_json, deliver, detail, masked, plan_renderer, report_diagnostics, say, write_file
from reconciler.cli.trust import check_files
from reconciler.cli.workplace import Workplace, work_in
from reconciler.engine.manifests import FleetRead
from reconciler.engine.reconcile import Planned, plan_fleet, record
from reconciler.engine.scope import Narrowing, NothingMatches
from reconciler.manifests.selectors import parse_selector
from reconciler.model.plan import Plan
from reconciler.state.protocol import State, Submission
from reconciler.views.counts import count
from reconciler.views.plan_json import plan_json
from reconciler.views.workers import workers_text

PLAN_OUTPUTS = (Output.TEXT, Output.JSON, Output.YAML, Output.MARKDOWN)


def report_all(read: FleetRead, options: Options) -> None:
    """Everything that is wrong in the manifests."""
    report_diagnostics(read.diagnostics, options, files=read.files, texts=read.texts)


def narrowing(options: Options) -> Narrowing:
    """What the filters of the command line mean; raises CommandError for a selector that cannot be read."""
    try:
        selector = None if options.selector is None else parse_selector(options.selector)
    except ValueError as error:
        raise CommandError(f"-l {options.selector}: {error}", code=Exit.USAGE) from None
    return Narrowing(
        sites=options.site,
        packages=options.package,
        jobs=options.job,
        selector=selector,
        selector_text=options.selector or "",
    )


def plan_now(
    place: Workplace,
    state: State,
    narrow: Narrowing,
    *,
    report: Callable[[FleetRead, Options], None] = report_all,
) -> Planned:
    """The plan of this moment; what is wrong in the manifests is reported as soon as they are read."""
    _fetch(place)
    detail(place.options, f"settings {place.settings_file or 'none'}, state {masked(place.settings.state_url)}")
    read = place.read_fleet()
    detail(place.options, f"read {read.files} files beneath {', '.join(place.manifests.settings.manifest_paths)}")
    report(read, place.options)
    try:
        return plan_fleet(
            read,
            state,
            guards=place.settings.guards,
            at=place.now(),
            narrowing=narrow,
            include_ready=place.options.show is Show.ALL,
        )
    except NothingMatches as error:
        raise CommandError(str(error), code=Exit.USAGE) from None


def _fetch(place: Workplace) -> None:
    """What is planned of a repository elsewhere is the newest, if it can be reached."""
    if place.options.rev is not None or place.revision is None or place.elsewhere is None:
        return
    from reconciler.engine.fetching import fetch

    fetched = fetch(place.elsewhere)
    if fetched.error:
        say(place.options, f"cannot fetch: {fetched.error}; going on with what was fetched before", level="warning")


def one_pass(options: Options, paths: Sequence[str] = (), *, write: bool, out: str | None = None) -> int:
    """Plan, and with `write` record the plan; `out` saves it for `apply`. Returns the exit code.

    The collector rests meanwhile: a pass leaves no cycles to speak of, and to look for them in a large fleet would be a
    fifth of the work.
    """
    gc.disable()
    try:
        return _one_pass(options, paths, write=write, out=out)
    finally:
        gc.enable()


def _one_pass(options: Options, paths: Sequence[str], *, write: bool, out: str | None) -> int:
    if options.base is not None:
        from reconciler.cli.review import check_reviewing, review_change

        check_reviewing(options, write=write, out=out)
        return review_change(options, paths, options.base)
    options.only(*PLAN_OUTPUTS)
    narrow = narrowing(options)
    place = work_in(options, paths)
    write = write and not options.dry_run
    check_files(place, write=write)
    state = place.open_state(write=write)
    try:
        planned = plan_now(place, state, narrow)
        plan = planned.plan
        submission = record(planned, state, place.author()) if write else None
        if out is not None:
            planned.audit()
            write_file(out, as_json(plan_json(plan)))
        recorded = submission is not None and not plan.refused
        already = submission is not None and known_before(submission)
        deliver(options, plan_renderer(plan, options, written=recorded, already=already, limits=place.limits))
        if submission is not None and recorded:
            tell_outcome(options, submission)
            tell_workers(place, state, plan)
    finally:
        state.close()
    return exit_code(plan, options, pending=not recorded, invalid=planned.read.has_errors)


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
