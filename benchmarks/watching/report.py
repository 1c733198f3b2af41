"""Figures about watchers as text, as Markdown, and as JSON."""

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from benchmarks.report import machine, promises
from benchmarks.targets import Target
from benchmarks.watching.bare import FLOORS
from benchmarks.watching.changes import Watched
from benchmarks.watching.stages import STAGES
from benchmarks.watching.targets import median, slope_of, worst
from benchmarks.watching.watches import Figures

FIGURES = "figures of watching"
"""What the marks of a page are called."""


def as_text(figures: Figures) -> str:
    """Times in milliseconds."""
    lines = [machine(), f"{'a pass, CPU ms':<34}{'first':>9}{'after one change':>18}"]
    lines += [f"  {name:<32}{first:>9.1f}{after:>18.1f}" for name, first, after in _stages(figures)]
    lines.append(f"{'a change, ms':<34}{'median':>9}{'95 %':>9}{'CPU':>9}{'idle %':>9}{'MiB':>7}")
    for name, watched in _watched(figures):
        lines.append(
            f"  {name:<32}{1e3 * median(watched.reactions):>9.1f}{1e3 * worst(watched.reactions):>9.1f}"
            f"{1e3 * _cpu(watched):>9.1f}{100 * watched.idle:>9.2f}{watched.resident_kib / 1024:>7.0f}"
        )
    lines += [f"  {name:<42}{1e3 * took:>9.1f}" for name, took in _floors(figures)]
    return "\n".join((*lines, *_told(figures))) + "\n"


def as_markdown(figures: Figures, targets: Sequence[Target]) -> str:
    """CPU of a pass as a multiple of the first one; times beside the floors of the same run."""
    *_, (_, whole, _) = _stages(figures)
    lines = [machine() + ".", "", "| a pass, share of the first | first | after one change |", "|---|--:|--:|"]
    for name, first, after in _stages(figures):
        lines.append(f"| {name} | {first / whole:.3f} | {after / whole:.3f} |")
    lines += [
        "",
        "| a change | median ms | 95 of 100, ms | CPU ms | idle, of a core | MiB |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, watched in _watched(figures):
        lines.append(
            f"| {name} | {1e3 * median(watched.reactions):.0f} | {1e3 * worst(watched.reactions):.0f} |"
            f" {1e3 * _cpu(watched):.0f} | {100 * watched.idle:.2f} % | {watched.resident_kib / 1024:.0f} |"
        )
    lines += [f"| floor: {name} | {1e3 * took:.1f} | | | | |" for name, took in _floors(figures)]
    lines += ["", *(f"{line.capitalize()}." for line in _told(figures)), ""]
    return "\n".join((*lines, *promises(targets))) + "\n"


def as_json(figures: Figures, targets: Sequence[Target]) -> str:
    """Every run, in seconds and KiB."""
    value = {
        "machine": machine(),
        "figures": asdict(figures),
        "targets": [asdict(target) | {"met": target.met} for target in targets],
    }
    return json.dumps(value, indent=1) + "\n"


def _stages(figures: Figures) -> Iterator[tuple[str, float, float]]:
    """In milliseconds, the whole pass last."""
    found = [(name, 1e3 * figures.stages.first(name), 1e3 * figures.stages.after(name)) for name in STAGES]
    yield from found
    yield "all", sum(first for _, first, _ in found), sum(after for _, _, after in found)


def _watched(figures: Figures) -> Iterator[tuple[str, Watched]]:
    yield f"commit, {figures.pairs:,} pairs", figures.commits
    yield f"save, {figures.pairs:,} pairs", figures.files


def _cpu(watched: Watched) -> float:
    return statistics.median(one.cpu for one in watched.reactions)


def _floors(figures: Figures) -> Iterator[tuple[str, float]]:
    for name in FLOORS:
        yield name, statistics.median(figures.floors[name])


def _told(figures: Figures) -> Iterator[str]:
    storm, resident = figures.storm, figures.resident
    yield (
        f"a checkout of {storm.files:,} files: {storm.plans} plan, {storm.lost} pairs lost, "
        f"recorded {storm.seconds:.1f} s after it"
    )
    yield (
        f"memory over {len(resident):,} commits: {resident[0] / 1024:.1f} MiB, then {resident[-1] / 1024:.1f} MiB, "
        f"{slope_of(resident):+.0f} KiB a thousand commits in the second half"
    )
