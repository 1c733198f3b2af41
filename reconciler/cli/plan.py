"""`reconcile plan`: what a pass would record."""

from dataclasses import replace
from typing import Annotated

import typer

from reconciler.cli.options import Options


def plan(
    options: Options,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Manifests; they replace -m and are the whole fleet."),
    ] = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="Save the plan for `apply`.")] = None,
) -> int:
    """Show what a pass would record, and write nothing (the same as reconcile --dry-run).

    Examples: reconcile plan; reconcile plan -o json; reconcile plan --site 'riga-*' --out plan.json
    """
    from reconciler.cli.one_pass import one_pass

    return one_pass(replace(options, dry_run=True), paths or (), write=False, out=out)
