"""`python -m reconciler` and the command `reconcile`."""

import sys

from reconciler import __version__


def main() -> None:
    """Run the command line and end with its exit code; `--version` alone imports nothing (performance.md P8)."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"reconcile {__version__}\n")
        return
    from reconciler.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
