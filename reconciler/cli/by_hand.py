"""What the commands by hand share: why somebody does it, and which site, package or pair is meant."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import complete_package, complete_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reconciler.cli.options import Options
    from reconciler.cli.workplace import Workplace
    from reconciler.engine.chosen_sends import Handled
    from reconciler.engine.holding import Subject
    from reconciler.engine.known_names import KnownNames
    from reconciler.model.snapshot import Send
    from reconciler.state.protocol import Author, State

    Act = Callable[[Iterable[Send], State, "Author | None"], Iterable[Handled]]
    """Rows, state, and who does it (nobody under `--dry-run`) → what became of each."""

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; required. It stands in the history.")]


def given(reason: str, *, to: str) -> str:
    """The reason; raises CommandError without one."""
    if not reason.strip():
        raise CommandError(f"{to} needs a reason", code=Exit.USAGE, hint='--reason "why"')
    return reason


def known_names(place: "Workplace", state: "State") -> "KnownNames":
    """Those of the manifests as they are now, and of the state."""
    from reconciler.engine.known_names import KnownNames

    return KnownNames(declared=place.manifests.declare(place.manifests.source()), state=state)


def subject_named(text: str, place: "Workplace", state: "State") -> "Subject":
    """What a hold lies on; raises CommandError."""
    from reconciler.engine.holding import subject_of
    from reconciler.engine.subjects import NoSuchSubject

    try:
        return subject_of(text, known_names(place, state))
    except NoSuchSubject as error:
        raise CommandError(str(error), code=Exit.USAGE, hint=error.hint) from None


def handle(options: "Options", names: "Sequence[str]", act: "Act", *, verb: str) -> int:
    """Retry or cancel the rows that the names stand for, telling of each; an unknown name does not stop the others."""
    from reconciler.cli.workplace import work_in
    from reconciler.engine.chosen_sends import chosen
    from reconciler.engine.subjects import NoSuchSubject
    from reconciler.views.handled import handled_text

    place = work_in(options)
    state = place.open_state(write=True)
    unknown: list[NoSuchSubject] = []
    changed = 0
    try:
        known = known_names(place, state)
        rows: dict[tuple[str, str, int], Send] = {}
        for name in names:
            try:
                rows |= {(row.package, row.site, row.number): row for row in chosen(name, state, known)}
            except NoSuchSubject as error:
                unknown.append(error)
        for handled in act(rows.values(), state, None if options.dry_run else place.author()):
            changed += not handled.why_not
            sys.stdout.write(f"{handled_text(handled.send, verb=verb, why_not=handled.why_not)}\n")
    finally:
        state.close()
    if unknown:
        hints = "; ".join(error.hint for error in unknown if error.hint)
        raise CommandError("; ".join(map(str, unknown)), hint=hints)
    return Exit.DONE if changed else Exit.FAILED


def complete_send(incomplete: str) -> list[str]:
    """Names of send-only jobs with an open row."""
    from reconciler.cli.completion import open_sends

    return [name for name in open_sends() if name.startswith(incomplete)]


def complete_subject(incomplete: str) -> list[str]:
    """Names of sites and packages as a hold takes them."""
    sites = [f"site/{name}" for name in complete_site("")]
    packages = [f"package/{name}" for name in complete_package("")]
    if "@" in incomplete:
        package = incomplete.partition("@")[0]
        sites, packages = [f"{package}@{name}" for name in complete_site("")], []
    return [name for name in (*sites, *packages) if name.startswith(incomplete)]
