"""`reconcile unpack`: at a site, staged content to a directory."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output, complete_package, complete_site

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.engine.unpacking import Staged, Unpacking
    from reconciler.model.names import SiteName
    from reconciler.senders.protocol import Sender

UNCHANGED = "nothing was changed"


def unpack(
    options: Options,
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="What to unpack.", autocompletion=complete_package)],
    store: Annotated[
        str,
        typer.Option(
            "--store",
            metavar="ADDRESS",
            help="The store: a path or, with manifests, a site's name.",
            autocompletion=complete_site,
        ),
    ],
    to: Annotated[str, typer.Option("--to", metavar="DIR", help="The folder that is to hold the package's files.")],
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="DIGEST", help="The content digest that is trusted: sha256:... or nothing."),
    ] = None,
) -> int:
    """Unpack what is staged in a store to a directory, verified, switched in one step.

    Afterwards DIR, which may be a link, holds exactly the package's tree. A DIR that unpack did not make is refused.

    Examples: reconcile unpack till-4 --store /srv/sites/DE1 --to /opt/till; reconcile unpack till-4 --store DE1 --to
    /opt/till --expect sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    """
    from reconciler.cli.report import as_json, deliver, say
    from reconciler.cli.store_address import store_address
    from reconciler.cli.unpacked import unpacked_json, unpacked_text
    from reconciler.cli.workplace import work_in
    from reconciler.model.names import DIGEST, NAME
    from reconciler.model.stores import StoreFault
    from reconciler.parcels.unreadable import Unreadable
    from reconciler.views.untrusted import render_untrusted
    from reconciler.wiring import open_sender

    options.only(Output.TEXT, Output.JSON)
    if NAME.fullmatch(package) is None:
        raise CommandError(f"{package!r} cannot be the name of a package", code=Exit.USAGE)
    if expect is not None and DIGEST.fullmatch(expect) is None:
        raise CommandError(
            f"--expect {expect!r} is no digest", code=Exit.USAGE, hint="sha256: and 64 digits, as `reconcile pin` says"
        )
    place = work_in(options)
    address, site = store_address(place, store)
    try:
        sender = open_sender(address)
        try:
            found = _staged(sender, package, site, store)
            if expect not in (None, found.record.revision.content):
                raise CommandError(
                    f"{store} holds {package} number {found.record.number} with {found.record.revision.content}, "
                    f"not {expect}",
                    code=Exit.NO,
                    hint=UNCHANGED,
                )
            if found.unread:
                say(options, f"not valid, and passed over: {render_untrusted(found.unread)}", level="warning")
            done = _unpack(place, found, to)
        finally:
            sender.close()
    except StoreFault as fault:
        raise CommandError(f"{store}: {render_untrusted(fault.detail)}", hint=UNCHANGED) from None
    except Unreadable as fault:
        raise CommandError(
            f"{package} in {store} is damaged: {render_untrusted(str(fault))}",
            hint=f"{to} is as it was; where the sends are made, `reconcile verify` has it sent again",
        ) from None

    def render(output: Output, _color: bool) -> str:
        told = unpacked_json(options, found, done, to, expect)
        return as_json(told) if output is Output.JSON else unpacked_text(options, found, done, to, expect)

    deliver(options, render)
    for name in done.left:
        say(
            options, f"{name} is still beside {to}: it cannot be removed, or another unpack is at work", level="warning"
        )
    return Exit.DONE


def _staged(sender: "Sender", package: str, site: "SiteName | None", store: str) -> "Staged":
    from reconciler.engine.unpacking import staged
    from reconciler.model.names import PackageName

    found = staged(sender, PackageName(package), site=site)
    if found is None:
        raise CommandError(f"{store} holds no record of {package}", hint="status says what was sent there, and when")
    return found


def _unpack(place: "Workplace", found: "Staged", to: str) -> "Unpacking":
    """Raises CommandError, Unreadable and StoreFault, with DIR as it was."""
    from reconciler.cli.progress import Progress
    from reconciler.engine.manifests import nothing
    from reconciler.engine.unpacking import unpack_to
    from reconciler.parcels.destination import Busy, Destination, Refused
    from reconciler.views.untrusted import render_untrusted

    progress = Progress(doing="unpacking, MiB").step if not place.options.quiet else nothing

    def told(done: int, total: int, path: str) -> None:
        progress(done >> 20, total >> 20, render_untrusted(path))

    try:
        with Destination.at(to) as destination:
            return unpack_to(destination, found, at=place.now(), write=not place.options.dry_run, progress=told)
    except ValueError as error:
        raise CommandError(f"--to {error}", code=Exit.USAGE, hint="name the folder itself") from None
    except Refused as error:
        hint = f"{UNCHANGED}; name another folder, or move this one away"
        raise CommandError(str(error), code=Exit.NO, hint=hint) from None
    except Busy as error:
        raise CommandError(str(error), code=Exit.TRY_AGAIN, hint=UNCHANGED) from None
    except OSError as error:
        about = f"{render_untrusted(str(error.filename))}: " if error.filename not in (None, to) else ""
        hint = f"{to} is whole: what it held, or the new tree"
        raise CommandError(f"cannot unpack to {to}: {about}{error.strerror or error}", hint=hint) from None
