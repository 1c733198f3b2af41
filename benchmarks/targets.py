"""The promises of docs/explanation/performance.md against what was measured."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.measure import Measured
from benchmarks.planning import BARE, Figures, plan_name
from benchmarks.scale import LARGE, Scale
from benchmarks.sizes import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`value` may be `limit` at most; both in `unit`, which is `x` for a ratio of medians."""

    name: str
    value: float
    limit: float
    unit: str

    @property
    def met(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        return f"{'met' if self.met else 'MISSED':<7}{self.name}: {self.value:.2f} {self.unit}, at most {self.limit:g}"


def targets(figures: Figures, scale: Scale) -> list[Target]:
    """What performance.md promises, as far as this scale can tell."""
    measured = figures.measured
    found = [
        Target(
            name=f"P5 peak memory of {plan_name(Layout.COMPACT, pairs)}",
            value=measured[plan_name(Layout.COMPACT, pairs)].peak_mib,
            limit=limit,
            unit="MiB",
        )
        for pairs, limit in ((100_000, 64.0), (LARGE, 160.0))
        if pairs in scale.compact
    ]
    for layout, sizes in ((Layout.COMPACT, scale.compact), (Layout.FLAT, scale.flat)):
        for fewer, more in itertools.pairwise(sizes):
            found.append(
                _ratio(measured, f"P6 growth, {layout.value}", plan_name(layout, more), plan_name(layout, fewer), 10.0)
            )
    found.append(_ratio(measured, "P8", "reconcile --version", BARE, 1.3))
    found.append(_ratio(measured, "P8", "reconcile --help", "import typer", 2.0))
    return found


def _ratio(measured: Mapping[str, Measured], promise: str, name: str, beside: str, limit: float) -> Target:
    return Target(
        name=f"{promise}: {name} against {beside}",
        value=measured[name].cpu / measured[beside].cpu,
        limit=limit,
        unit="x",
    )
