"""`reconcile doctor`: look at everything that has to work, and say what to do where it does not."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.cli.exits import CommandError, Exit, InvalidSettings
from reconciler.cli.options import Options, Output

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.engine.manifests import FleetRead
    from reconciler.model.checkup import Check


def doctor(options: Options) -> int:
    """Check settings, manifests, state, clock, libraries, and the store at each site's address.

    Writes nothing but a probe file in each store, which it removes; with --dry-run not even that.

    Examples: reconcile doctor; reconcile doctor -o json; reconcile --dry-run doctor
    """
    from reconciler.cli.report import as_json, deliver
    from reconciler.cli.workplace import work_in
    from reconciler.model.checkup import Condition
    from reconciler.views.checkup import checkup_json, checkup_text

    options.only(Output.TEXT, Output.JSON)
    checks = tuple(_checks(work_in(options)))
    deliver(
        options,
        lambda output, color: (
            as_json(checkup_json(checks)) if output is Output.JSON else checkup_text(checks, color=color)
        ),
    )
    return Exit.FAILED if any(check.condition is Condition.PROBLEM for check in checks) else Exit.DONE


def _checks(place: "Workplace") -> "Iterator[Check]":
    """Settings first: without them there is nothing else to look at."""
    from reconciler.engine.checkup.fleet import manifests
    from reconciler.engine.checkup.machine import libraries, watching
    from reconciler.model.checkup import ok, problem
    from reconciler.model.looks import Moved

    try:
        yield ok("settings", f"{place.settings.file or place.settings_file or 'no reconciler.yaml: the defaults'}")
    except InvalidSettings as error:
        for found in error.diagnostics:
            where = f"{found.where.file}:{found.where.line}"
            yield problem("settings", f"{where}: {found.message}", remedy=found.hint)
        return
    yield from libraries()
    yield from _commits(place)
    yield from _telling(place)
    try:
        read = place.read_fleet()
    except Moved as moved:
        yield problem("manifests", str(moved), remedy="run it again once the files are at rest")
        return
    except CommandError as error:
        yield problem("manifests", str(error), remedy=error.hint)
        return
    yield manifests(read)
    sources = {package.source.path for package in read.fleet.packages}
    yield from watching(place.settings.manifest_paths, sources)
    yield from _state_and_sites(place, read)


def _commits(place: "Workplace") -> "Iterator[Check]":
    """Before anything is read: a repository that cannot be reached must not end the checkup."""
    from reconciler import wiring

    git = place.settings.git
    if git.repo is None and not git.require_signed:
        return
    from reconciler.cli.following import from_settings
    from reconciler.engine.checkup.commits import commits

    repo = None if git.repo is None else from_settings(place, git.repo)
    clone = wiring.clone_folder(place.settings.state_url, repo or "")
    yield from commits(git, repo=repo, clone=clone)


def _telling(place: "Workplace") -> "Iterator[Check]":
    settings = place.settings
    if settings.listen is None and not settings.notify:
        return
    from reconciler import wiring
    from reconciler.engine.checkup.telling import telling

    private = wiring.private_variables(settings)
    yield from telling(settings, lambda notifier: wiring.open_teller(notifier, variables=os.environ, private=private))


def _state_and_sites(place: "Workplace", read: "FleetRead") -> "Iterator[Check]":
    from reconciler import wiring
    from reconciler.engine.checkup.depot import depot
    from reconciler.engine.checkup.fleet import required_sites
    from reconciler.engine.checkup.machine import clock
    from reconciler.engine.checkup.sites import Stores
    from reconciler.engine.checkup.state import check_state
    from reconciler.model.checkup import problem, warning
    from reconciler.model.faults import StateError

    try:
        yield check_state(wiring.examine_state(place.settings.state_url))
        state = place.open_state(write=False)
    except StateError as error:
        yield problem("state", str(error))
        yield clock(now=place.now(), latest=None)
        yield warning("sites", "not looked at: whose the stores are stands in the state")
        return
    try:
        events = state.history(limit=1)
        stores = Stores(
            open_sender=wiring.open_sender,
            state=state.identity,
            pinned=state.stores(),
            required=required_sites(read),
            write=not place.options.dry_run,
        )
    finally:
        state.close()
    yield clock(now=place.now(), latest=events[0].at if events else None)
    yield from depot(wiring.depot_folder(place.settings.state_url), read.fleet)
    yield from stores.checks(read.fleet.sites)
