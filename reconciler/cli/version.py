"""`reconcile version`: this version, and what it can read."""

import platform

from reconciler import __version__
from reconciler.cli.exits import Exit
from reconciler.cli.options import Options, Output


def version(options: Options) -> int:
    """Print the version, and those of the formats it reads and writes.

    Examples: reconcile version; reconcile version -o json
    """
    from reconciler.cli.report import as_json, deliver
    from reconciler.model.plan import FORMAT_VERSION

    options.only(Output.TEXT, Output.JSON)
    facts = {
        "reconcile": __version__,
        "manifests": "reconciler/v1",
        "plan": FORMAT_VERSION,
        "python": platform.python_version(),
    }
    text = "".join(f"{name:<10} {value}\n" for name, value in facts.items())
    deliver(options, lambda output, _color: as_json(facts) if output is Output.JSON else text)
    return Exit.DONE
