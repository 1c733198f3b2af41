"""The planning targets that can be measured today: memory (P5), growth (P6) and start (P8), beside floors and peers."""

import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import floors
from benchmarks.commands import PYTHON, RECONCILE, environment, planned
from benchmarks.fleet import write_fleet
from benchmarks.holdings import fill_state
from benchmarks.measure import Command, Measured, in_turns
from benchmarks.peers import peers
from benchmarks.scale import LARGE, Scale
from benchmarks.sizes import SIZES, Layout, Size, not_ready

SETTLED = 2.1
"""Seconds until a file that was just written may be remembered by its digest."""

BARE = "bare Python"
START = (
    Command(name=BARE, arguments=(PYTHON, "-c", "pass")),
    Command(name="import typer", arguments=(PYTHON, "-c", "import typer")),
    Command(name="import jsonschema", arguments=(PYTHON, "-c", "import jsonschema")),
    Command(name="reconcile --version", arguments=(RECONCILE, "--version")),
    Command(name="reconcile --help", arguments=(RECONCILE, "--help")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`sections`: title → names of commands in the order in which they are shown."""

    sections: Mapping[str, Sequence[str]]
    measured: Mapping[str, Measured]
    absent: Sequence[str]


@dataclass(frozen=True, slots=True)
class Fleets:
    """Generated fleets beneath one folder, each written once."""

    root: str

    def folder(self, layout: Layout, pairs: int) -> str:
        return os.path.join(self.root, f"{layout.value}-{pairs}")

    def write(self, layout: Layout, pairs: int) -> None:
        """What the packages are does not depend on the layout, so a flat fleet takes the compact one's state."""
        size, folder = SIZES[pairs], self.folder(layout, pairs)
        write_fleet(folder, size, layout=layout)
        beside = self.folder(Layout.COMPACT, pairs)
        if layout is Layout.COMPACT:
            fill_state(folder, size)
        else:
            shutil.copytree(os.path.join(beside, ".reconciler"), os.path.join(folder, ".reconciler"))


def plan_name(layout: Layout, pairs: int) -> str:
    return f"plan, {layout.value}, {pairs:,}"


def measure(scale: Scale) -> Figures:
    """Generate the fleets, check that their plans are right, measure everything in turns."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as root:
        fleets = Fleets(root)
        plans = [
            *((Layout.COMPACT, pairs) for pairs in scale.compact),
            *((Layout.FLAT, pairs) for pairs in scale.flat),
        ]
        for layout, pairs in plans:
            fleets.write(layout, pairs)
        time.sleep(SETTLED)
        variables = environment(os.path.join(root, "cache"))
        for layout, pairs in plans:
            check_plan(fleets.folder(layout, pairs), SIZES[pairs], variables)
        others, absent = peers(os.path.join(root, "peers"), SIZES[scale.floors_at]) if scale.with_peers else ([], [])
        sections = {
            "start": START,
            f"floors at {scale.floors_at:,} pairs": _floors(fleets, scale),
            "reconcile --dry-run": [_plan(fleets, layout, pairs) for layout, pairs in plans],
            f"peers at {scale.floors_at:,} pairs": others,
        }
        commands = [command for section in sections.values() for command in section]
        return Figures(
            sections={title: [command.name for command in section] for title, section in sections.items()},
            measured=in_turns(commands, rounds=scale.rounds, environment=variables),
            absent=absent,
        )


def check_plan(folder: str, size: Size, variables: Mapping[str, str]) -> None:
    """Raise RuntimeError unless exactly 1 % of the pairs is missing; the digests are remembered afterwards."""
    summary = planned(folder, variables)["summary"]
    found = {key: summary[key] for key in ("required", "ready", "missing", "blocked")}
    expected = {
        "required": size.pairs,
        "ready": size.pairs - size.missing,
        "missing": size.missing,
        "blocked": 0,
    }
    if found != expected:
        raise RuntimeError(f"{folder}: the plan has {found}, expected {expected}")


def _plan(fleets: Fleets, layout: Layout, pairs: int) -> Command:
    return Command(
        name=plan_name(layout, pairs),
        arguments=(RECONCILE, "--dry-run"),
        folder=fleets.folder(layout, pairs),
        rounds=1 if pairs == LARGE else None,
    )


def _floors(fleets: Fleets, scale: Scale) -> list[Command]:
    size = SIZES[scale.floors_at]
    compact, flat = (fleets.folder(layout, scale.floors_at) for layout in Layout)
    floors.prepare_difference(compact, packages=size.packages, sites=size.sites, missing=set(not_ready(size)))
    program = os.path.abspath(floors.__file__)
    return [
        *(_floor(f"{name}, compact", program, name, compact) for name in floors.FLOORS),
        *(_floor(f"{name}, flat", program, name, flat) for name in floors.FLOORS if name.startswith("yaml")),
    ]


def _floor(title: str, program: str, name: str, folder: str) -> Command:
    return Command(name=title, arguments=(PYTHON, program, name, folder), reports_itself=True)
