"""`reconcile config`: every setting, its value, and where it comes from."""

from reconciler.cli.options import Options


def config(options: Options) -> int:
    """Print the settings as they apply here, and where each comes from.

    Examples: reconcile config; reconcile -C shops config -o json
    """
