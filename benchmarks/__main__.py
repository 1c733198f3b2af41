"""`python -m benchmarks plan|send|watch`: a command for every figure; exit code 1 if a promise is not kept."""

import argparse
import sys

from benchmarks import planning, report, scale, targets
from benchmarks.sending import report as sending_report
from benchmarks.sending import scale as sending_scale
from benchmarks.sending import sends
from benchmarks.sending import targets as sending_targets
from benchmarks.targets import Target
from benchmarks.watching import report as watching_report
from benchmarks.watching import scale as watching_scale
from benchmarks.watching import targets as watching_targets
from benchmarks.watching import watches


def main() -> int:
    """Measure, print, compare with the promises."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    plan = commands.add_parser("plan", help="what a plan costs, beside floors and peers")
    plan.set_defaults(measure=_plan)
    _add_options(plan, small="small fleets", long="with 1,000,000 pairs")
    send = commands.add_parser("send", help="what sends cost, beside rsync")
    send.add_argument("--folder", metavar="DIR", help="what is sent, and where to, lies beneath it: needs 40 GB free")
    send.set_defaults(measure=_send)
    _add_options(send, small="small contents", long="with a file of 8 GB and a package of 100,000 files")
    watch = commands.add_parser("watch", help="how soon a change is recorded, and what waiting costs")
    watch.set_defaults(measure=_watch)
    _add_options(watch, small="a small fleet and few commits", long="with 5,000 commits in a row")
    given = parser.parse_args()
    if given.page and given.scale == "smoke":
        parser.error("--smoke compares nothing: its figures are not for a page")
    compared: list[Target] = given.measure(given)
    return 0 if all(target.met for target in compared) else 1


def _add_options(command: argparse.ArgumentParser, *, small: str, long: str) -> None:
    chosen = command.add_mutually_exclusive_group()
    smoke = f"{small}, once, in seconds; checks that all of it works, compares nothing"
    chosen.add_argument("--smoke", dest="scale", action="store_const", const="smoke", default="usual", help=smoke)
    chosen.add_argument("--long", dest="scale", action="store_const", const="long", help=long)
    command.add_argument("--json", metavar="FILE", help="write every run to FILE")
    command.add_argument(
        "--page", metavar="FILE", help="replace the figures in docs/explanation/performance.md or the like"
    )


def _plan(given: argparse.Namespace) -> list[Target]:
    size = {"smoke": scale.SMOKE, "usual": scale.USUAL, "long": scale.LONG}[given.scale]
    figures = planning.measure(size)
    compared = [] if size is scale.SMOKE else targets.targets(figures, size)
    _tell(given, report.as_text(figures), compared, report.as_json(figures, compared))
    if given.page:
        _write_page(given.page, report.as_markdown(figures, compared), called="figures")
    return compared


def _send(given: argparse.Namespace) -> list[Target]:
    size = {"smoke": sending_scale.SMOKE, "usual": sending_scale.USUAL, "long": sending_scale.LONG}[given.scale]
    runs = sends.measure(size, folder=given.folder)
    compared = [] if size is sending_scale.SMOKE else sending_targets.targets(runs)
    _tell(given, sending_report.as_text(runs), compared, sending_report.as_json(runs, compared))
    if given.page:
        _write_page(given.page, sending_report.as_markdown(runs, compared), called=sending_report.FIGURES)
    return compared


def _watch(given: argparse.Namespace) -> list[Target]:
    sizes = {"smoke": watching_scale.SMOKE, "usual": watching_scale.USUAL, "long": watching_scale.LONG}
    size = sizes[given.scale]
    figures = watches.measure(size)
    compared = [] if size is watching_scale.SMOKE else watching_targets.targets(figures)
    _tell(given, watching_report.as_text(figures), compared, watching_report.as_json(figures, compared))
    if given.page:
        _write_page(given.page, watching_report.as_markdown(figures, compared), called=watching_report.FIGURES)
    return compared


def _tell(given: argparse.Namespace, text: str, compared: list[Target], json: str) -> None:
    sys.stdout.write(text)
    sys.stdout.writelines(f"{target}\n" for target in compared)
    if given.json:
        with open(given.json, "w", encoding="utf-8") as stream:
            stream.write(json)


def _write_page(file: str, figures: str, *, called: str) -> None:
    with open(file, "r+", encoding="utf-8") as stream:
        page = report.with_figures(stream.read(), figures, called=called)
        stream.seek(0)
        stream.write(page)
        stream.truncate()


if __name__ == "__main__":
    sys.exit(main())
