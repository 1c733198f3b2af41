"""`python -m benchmarks plan`: one command for every figure; exit code 1 if a promise is not kept."""

import argparse
import sys

from benchmarks.planning import measure
from benchmarks.report import as_json, as_markdown, as_text, with_figures
from benchmarks.scale import LONG, SMOKE, USUAL
from benchmarks.targets import targets


def main() -> int:
    """Measure, print, compare with the promises."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    plan = commands.add_parser("plan", help="what a plan costs, beside floors and peers")
    scale = plan.add_mutually_exclusive_group()
    smoke_help = "small fleets, once, in seconds; checks that all of it works, compares nothing"
    scale.add_argument("--smoke", dest="scale", action="store_const", const=SMOKE, help=smoke_help)
    scale.add_argument("--long", dest="scale", action="store_const", const=LONG, help="with 1,000,000 pairs")
    plan.add_argument("--json", metavar="FILE", help="write every run to FILE")
    plan.add_argument(
        "--page", metavar="FILE", help="replace the figures in docs/explanation/performance.md or the like"
    )
    plan.set_defaults(scale=USUAL)
    given = parser.parse_args()
    if given.page and given.scale is SMOKE:
        parser.error("--smoke compares nothing: its figures are not for a page")
    figures = measure(given.scale)
    compared = [] if given.scale is SMOKE else targets(figures, given.scale)
    sys.stdout.write(as_text(figures))
    sys.stdout.writelines(f"{target}\n" for target in compared)
    if given.json:
        with open(given.json, "w", encoding="utf-8") as stream:
            stream.write(as_json(figures, compared))
    if given.page:
        with open(given.page, "r+", encoding="utf-8") as stream:
            page = with_figures(stream.read(), as_markdown(figures, compared))
            stream.seek(0)
            stream.write(page)
            stream.truncate()
    return 0 if all(target.met for target in compared) else 1


if __name__ == "__main__":
    sys.exit(main())
