"""One pass, as `reconcile`, `apply` and `plan` make it: read, plan, record unless it is a dry run, print."""

import gc
from collections.abc import Callable, Sequence

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.narrowing import narrowing
from reconciler.cli.options import Options, Output, Show
from reconciler.cli.outcome import exit_code, known_before, tell_outcome, tell_workers
from reconciler.cli.report import as_json, deliver, detail, masked, plan_renderer, report_all, say, write_file
from reconciler.cli.trust import check_files
from reconciler.cli.workplace import Workplace, work_in
from reconciler.engine.manifests import FleetRead
from reconciler.engine.reconcile import Planned, plan_fleet, record
from reconciler.engine.scope import Narrowing, NothingMatches
from reconciler.state.protocol import State
from reconciler.views.plan_json import plan_json

PLAN_OUTPUTS = (Output.TEXT, Output.JSON, Output.YAML, Output.MARKDOWN)


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

    fault = fetch(place.elsewhere)
    if fault:
        say(place.options, f"cannot fetch: {fault}; going on with what was fetched before", level="warning")


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
