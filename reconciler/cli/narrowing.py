"""What `--site`, `--package`, `--job` and `-l` narrow a plan to."""

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options
from reconciler.engine.scope import Narrowing
from reconciler.manifests.selectors import parse_selector


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
