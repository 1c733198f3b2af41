"""The shape of a forest given as parents: sizes, cycles, and an order from the leaves up.

One pass, no recursion: a chain of 10,000 sites is legal and must not meet the interpreter's limit (FM21, L29).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """`upwards` holds every node that is on no cycle, each before its parent; `sizes` counts a node and all beneath it.

    `cycles` are the nodes of each cycle, each followed by its parent, beginning with the lowest.
    """

    upwards: tuple[int, ...]
    sizes: tuple[int, ...]
    cycles: tuple[tuple[int, ...], ...]


def shape_of(parents: Sequence[int | None]) -> Shape:
    """The shape of the graph in which each node has one parent or none."""
    waiting = [0] * len(parents)
    for parent in parents:
        if parent is not None:
            waiting[parent] += 1
    sizes = [1] * len(parents)
    upwards = [node for node, children in enumerate(waiting) if children == 0]
    for node in upwards:
        parent = parents[node]
        if parent is not None:
            sizes[parent] += sizes[node]
            waiting[parent] -= 1
            if waiting[parent] == 0:
                upwards.append(parent)
    cycles = _cycles(parents, [node for node, children in enumerate(waiting) if children])
    return Shape(upwards=tuple(upwards), sizes=tuple(sizes), cycles=cycles)


def _cycles(parents: Sequence[int | None], nodes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """`nodes` are on cycles, all of them: with one parent each, they fall into rings."""
    seen: set[int] = set()
    cycles: list[tuple[int, ...]] = []
    for start in nodes:
        ring: list[int] = []
        node: int | None = start
        while node is not None and node not in seen:
            seen.add(node)
            ring.append(node)
            node = parents[node]
        if ring:
            cycles.append(tuple(ring))
    return tuple(cycles)
