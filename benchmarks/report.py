"""Figures as a table for people and as JSON for comparisons."""

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
    lines = [_machine(), _HEAD]
    for title, names in figures.sections.items():
        if names:
            lines += [title, *(_row(name, figures.measured[name], bare) for name in names)]
    lines += [f"not on this machine, left out: {name}" for name in figures.absent]
    return "\n".join(lines) + "\n"


def as_json(figures: Figures, targets: Sequence[Target]) -> str:
    """Every run, in seconds and KiB."""
    value = {
        "machine": _machine(),
        "runs": {name: [asdict(run) for run in measured.runs] for name, measured in figures.measured.items()},
        "targets": [asdict(target) | {"met": target.met} for target in targets],
        "absent": list(figures.absent),
    }
    return json.dumps(value, indent=1) + "\n"


def _row(name: str, measured: Measured, bare: Measured) -> str:
    return (
        f"  {name:<32}{measured.cpu:>9.3f}{measured.cpu / bare.cpu:>9.1f}{measured.wall:>9.3f}"
        f"{measured.peak_mib:>7.0f}{len(measured.runs):>6}"
    )


def _machine() -> str:
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    )
