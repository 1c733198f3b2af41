"""`reconcile pin`: write into the manifests what the packages' sources hold now (L40)."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit, strongest
from reconciler.cli.options import Options, Output, complete_package

if TYPE_CHECKING:
    from reconciler.engine.pinning import Pins


def pin(
    options: Options,
    packages: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PACKAGE]...", help="Default: all.", autocompletion=complete_package),
    ] = None,
) -> int:
    """Compute the content digests of packages and write them into the manifests, as spec.source.digest.

    Nothing else in the files changes. With --dry-run it prints what would change, as a diff.

    Examples: reconcile pin; reconcile pin till-4; reconcile --dry-run pin
    """
    from reconciler.cli.report import report_diagnostics, say
    from reconciler.cli.workplace import work_in
    from reconciler.engine.pinning import pins_of
    from reconciler.engine.subjects import LeftOut, NoSuchSubject
    from reconciler.model.pins import Pinning
    from reconciler.views.pins import diff_text, pins_text

    options.only(Output.TEXT, reports=False)
    place = work_in(options)
    if options.rev is not None:
        raise CommandError("a commit cannot be written", code=Exit.USAGE, hint="leave --rev out, then commit the pins")
    if place.stream is not None:
        raise CommandError("standard input cannot be written", code=Exit.USAGE, hint="name a folder or a file with -m")
    try:
        pins = pins_of(place.manifests, packages or ())
    except NoSuchSubject as error:
        raise CommandError(str(error), code=Exit.USAGE, hint=error.hint) from None
    except LeftOut as error:
        raise CommandError(str(error), code=Exit.INVALID) from None
    report_diagnostics(pins.diagnostics, options)
    if options.dry_run:
        sys.stdout.write(diff_text(pins.rewritings))
        say(options, pins_text(pins.pins, written=False).removesuffix("\n"))
    else:
        _write(pins)
        sys.stdout.write(pins_text(pins.pins, written=True))
    refused = any(one.outcome is Pinning.REFUSED for one in pins.pins)
    invalid = any(diagnostic.is_error for diagnostic in pins.diagnostics)
    return strongest([*([Exit.FAILED] if refused else []), *([Exit.INVALID] if invalid else [])])


def _write(pins: "Pins") -> None:
    from reconciler.engine.pinning import write
    from reconciler.model.looks import Moved

    written: list[str] = []
    try:
        for rewriting in write(pins):
            written.append(rewriting.file)  # noqa: PERF401 - those before a fault count
    except (Moved, OSError) as error:
        if isinstance(error, OSError):
            failed = CommandError(f"cannot write {error.filename}: {error.strerror}")
        elif written:
            failed = CommandError(str(error), code=Exit.TRY_AGAIN)
        else:
            raise
        failed.hint = f"written so far: {', '.join(written)}" if written else "nothing was written"
        raise failed from None
