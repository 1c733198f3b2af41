"""`reconcile validate`: everything that is wrong in the manifests, in one run."""

from typing import Annotated

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.options import Options, Output


def validate(
    options: Options,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Manifests; they replace -m and are the whole fleet."),
    ] = None,
) -> int:
    """Check syntax, schema, references, names and pins of sources; no state, no store, no network.

    Examples: reconcile validate; reconcile validate manifests/ new-site.yaml -o json
    """
    from reconciler.cli.report import as_json, deliver, say, source_lines
    from reconciler.cli.trust import check_files
    from reconciler.cli.workplace import work_in
    from reconciler.planning.advice import advise
    from reconciler.views.diagnostics import diagnostics_text, validation_json

    options.only(Output.TEXT, Output.JSON)
    place = work_in(options, paths or ())
    check_files(place, write=False)
    read = place.read_fleet()
    diagnostics = tuple(sorted((*read.diagnostics, *advise(read.fleet)), key=lambda diagnostic: diagnostic.order))

    def render(output: Output, color: bool) -> str:
        if output is Output.JSON:
            return as_json(validation_json(diagnostics))
        lines = source_lines(diagnostics, read.texts)
        return diagnostics_text(diagnostics, lines=lines, color=color, files_read=read.files)

    deliver(options, render)
    if read.fleet.empty and not read.has_errors:
        why = "no file holds an object" if read.fleet.why_empty == "empty" else read.fleet.why_empty
        say(options, f"There are no manifests: {why}. Begin a fleet with: reconcile init DIR")
        return Exit.NO
    return Exit.INVALID if read.has_errors else Exit.DONE
