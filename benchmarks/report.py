"""Figures as a table for people, as Markdown for the documentation, and as JSON for comparisons."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.measure import Measured
from benchmarks.planning import BARE, Figures
from benchmarks.targets import Target

_HEAD = f"{'':<34}{'CPU s':>9}{'x bare':>9}{'wall s':>9}{'MiB':>7}{'runs':>6}"


def as_text(figures: Figures) -> str:
    """Medians; `x bare` is CPU time against the start of Python."""
    bare = figures.measured[BARE]
    lines = [machine(), _HEAD]
    for title, names in figures.sections.items():
        if names:
            lines += [title, *(_row(name, figures.measured[name], bare) for name in names)]
    lines += [f"not on this machine, left out: {name}" for name in figures.absent]
    return "\n".join(lines) + "\n"


def as_json(figures: Figures, targets: Sequence[Target]) -> str:
    """Every run, in seconds and KiB."""
    value = {
        "machine": machine(),
        "runs": {name: [asdict(run) for run in measured.runs] for name, measured in figures.measured.items()},
        "targets": [asdict(target) | {"met": target.met} for target in targets],
        "absent": list(figures.absent),
    }
    return json.dumps(value, indent=1) + "\n"


def as_markdown(figures: Figures, targets: Sequence[Target]) -> str:
    """No absolute time: what holds on another machine too."""
    bare = figures.measured[BARE]
    lines = [machine() + ".", ""]
    for title, names in figures.sections.items():
        if names:
            lines += [f"| {title} | CPU, times bare Python | peak MiB |", "|---|--:|--:|"]
            for name in names:
                measured = figures.measured[name]
                lines.append(f"| {name} | {measured.cpu / bare.cpu:.1f} | {measured.peak_mib:.0f} |")
            lines.append("")
    return "\n".join((*lines, *promises(targets))) + "\n"


def promises(targets: Sequence[Target]) -> list[str]:
    """The promises as a table of Markdown."""
    lines = ["| promise | measured | at most | |", "|---|--:|--:|---|"]
    for target in targets:
        met = "met" if target.met else "**missed**"
        lines.append(f"| {target.name} | {target.value:.2f} {target.unit} | {target.limit:g} | {met} |")
    return lines


def with_figures(page: str, figures: str, *, called: str = "figures") -> str:
    """The page with what stands between its two marks replaced; raises ValueError for a page without them."""
    marks = f"<!-- {called} -->\n", f"<!-- end of {called} -->\n"
    before, begin, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not end:
        raise ValueError(f"the page needs the lines {marks[0].strip()} and {marks[1].strip()}")
    return f"{before}{begin}{figures}{end}{after}"


def _row(name: str, measured: Measured, bare: Measured) -> str:
    return (
        f"  {name:<32}{measured.cpu:>9.3f}{measured.cpu / bare.cpu:>9.1f}{measured.wall:>9.3f}"
        f"{measured.peak_mib:>7.0f}{len(measured.runs):>6}"
    )


def machine() -> str:
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    )
