"""`reconcile schema`: the JSON Schemas, for editors and other tools."""

from typing import Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output


def schema(
    options: Options,
    kind: Annotated[
        str, typer.Argument(metavar="[KIND]", help="site, package, job, config, manifest (all kinds), plan or receipt.")
    ] = "manifest",
) -> int:
    """Print the JSON Schema of a kind.

    Examples: reconcile schema site; reconcile schema plan > plan.schema.json
    """
    from reconciler.cli.report import deliver
    from reconciler.manifests.schemas import KINDS, schema_text

    options.only(Output.TEXT, Output.JSON)
    if kind.lower() not in KINDS:
        raise CommandError(f"there is no schema for {kind}", code=Exit.USAGE, hint=f"one of {', '.join(KINDS)}")
    deliver(options, lambda _output, _color: schema_text(kind.lower()))
    return Exit.DONE
