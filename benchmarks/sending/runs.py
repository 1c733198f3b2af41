"""What was run, and what each run took and moved."""

import os
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.measure import Command, Measured, Usage, run


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of run: medians of what it took, and for each site how many bytes went there (None if not counted)."""

    measured: Measured
    moved: float | None = None


@dataclass(slots=True, kw_only=True)
class Runs:
    """Runs by section and name, in the order in which they first ran."""

    variables: Mapping[str, str]
    found: dict[str, dict[str, list[Usage]]] = field(default_factory=dict)
    counts: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def timed(self, section: str, name: str, arguments: tuple[str, ...], folder: str) -> bytes:
        """Run a command when nothing that was written before still has to reach the disk; its standard output."""
        os.sync()
        usage, told = run(Command(name=name, arguments=arguments, folder=folder), self.variables)
        self.add(section, name, usage)
        return told

    def add(self, section: str, name: str, usage: Usage) -> None:
        self.found.setdefault(section, {}).setdefault(name, []).append(usage)

    def moved(self, section: str, name: str, count: float) -> None:
        """So many bytes went to each site."""
        self.counts.setdefault((section, name), []).append(count)

    def row(self, section: str, name: str) -> Row:
        counts = self.counts.get((section, name))
        usages = tuple(self.found.get(section, {}).get(name, ()))
        return Row(measured=Measured(usages), moved=None if counts is None else statistics.median(counts))
