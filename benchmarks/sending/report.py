"""Figures about sending as text, as Markdown without absolute times, and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.report import machine, promises
from benchmarks.sending import fan_out, rsync
from benchmarks.sending.runs import Row, Runs
from benchmarks.sending.sends import COMMITS, FLUSH, OVERHEAD, WORKERS
from benchmarks.targets import Target

FIGURES = "figures of sending"
"""What the marks of a page are called."""

_HEAD = f"{'':<34}{'wall s':>9}{'CPU s':>9}{'MiB':>7}{'MB/site':>10}{'runs':>6}"


def as_text(runs: Runs) -> str:
    """Medians."""
    lines = [f"{machine()}; {WORKERS} workers", _HEAD]
    for place, found in runs.found.items():
        lines += [place, *(_line(name, runs.row(place, name)) for name in found)]
    lines.append(
        f"a send into memory: {_moved(runs, COMMITS):.2f} durable commits; "
        f"a flush of this disk takes {_moved(runs, FLUSH) * 1000:.2f} ms"
    )
    if not rsync.is_here():
        lines.append("rsync is not on this machine: nothing is compared with it")
    return "\n".join(lines) + "\n"


def as_markdown(runs: Runs, targets: Sequence[Target]) -> str:
    """Times as multiples of those of `rsync -a` to the same sites, or of the first row."""
    lines = [f"{machine()}; {WORKERS} workers.", ""]
    for place, found in runs.found.items():
        unit = runs.row(place, fan_out.RSYNC if fan_out.RSYNC in found else next(iter(found))).measured
        lines += [f"| {place} | wall | CPU | MB a site | peak MiB | runs |", "|---|--:|--:|--:|--:|--:|"]
        for name in found:
            row = runs.row(place, name)
            each = row.measured
            moved = "" if row.moved is None else f"{row.moved / 1e6:.2f}"
            lines.append(
                f"| {name} | {each.wall / unit.wall:.2f} | {each.cpu / unit.cpu:.2f} | {moved} | {each.peak_mib:.0f} |"
                f" {len(each.runs)} |"
            )
        lines.append("")
    return "\n".join((*lines, *promises(targets))) + "\n"


def as_json(runs: Runs, targets: Sequence[Target]) -> str:
    """Every run, in seconds, KiB and bytes."""
    value = {
        "machine": machine(),
        "runs": {
            place: {name: [asdict(use) for use in usages] for name, usages in found.items()}
            for place, found in runs.found.items()
        },
        "moved": {f"{place}: {name}": counts for (place, name), counts in runs.counts.items()},
        "targets": [asdict(target) | {"met": target.met} for target in targets],
    }
    return json.dumps(value, indent=1) + "\n"


def _line(name: str, row: Row) -> str:
    measured = row.measured
    moved = "" if row.moved is None else f"{row.moved / 1e6:.3f}"
    return (
        f"  {name:<32}{measured.wall:>9.3f}{measured.cpu:>9.3f}{measured.peak_mib:>7.0f}{moved:>10}"
        f"{len(measured.runs):>6}"
    )


def _moved(runs: Runs, name: str) -> float:
    return runs.row(OVERHEAD, name).moved or 0.0
