"""What the commands by hand share: why somebody does it, and which site, package or pair is meant."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import complete_package, complete_site

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.engine.holding import Subject
    from reconciler.engine.known_names import KnownNames
    from reconciler.state.protocol import State

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


def complete_subject(incomplete: str) -> list[str]:
    """Names of sites and packages as a hold takes them."""
    sites = [f"site/{name}" for name in complete_site("")]
    packages = [f"package/{name}" for name in complete_package("")]
    if "@" in incomplete:
        package = incomplete.partition("@")[0]
        sites, packages = [f"{package}@{name}" for name in complete_site("")], []
    return [name for name in (*sites, *packages) if name.startswith(incomplete)]
