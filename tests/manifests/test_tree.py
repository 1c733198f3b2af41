"""The tree of sites: one top, no cycles, in linear time (L29)."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.documents import Declared
from reconciler.manifests.resolving.shape import shape_of
from reconciler.manifests.resolving.subtrees import Subtrees
from tests.manifests.fleets import codes, declaration, obj, resolved


def sites(parents: Sequence[int | None]) -> Declared:
    """Sites named by their number, each with the parent of that number."""
    return Declared(
        declarations=tuple(
            declaration(obj("Site", f"S{index:05}", **({} if parent is None else {"parent": f"S{parent:05}"})))
            for index, parent in enumerate(parents)
        ),
        diagnostics=(),
    )


@st.composite
def trees(draw: st.DrawFn) -> list[int | None]:
    """Parents of one tree; node 0 is the top."""
    size = draw(st.integers(1, 30))
    return [None, *(draw(st.integers(0, node - 1)) for node in range(1, size))]


@given(trees())
def test_every_tree_is_accepted_whole(parents: list[int | None]) -> None:
    result = resolved(sites(parents))
    assert result.diagnostics == ()
    assert len(result.fleet.sites) == len(parents)
    assert result.fleet.whole


@given(trees(), st.data())
def test_L29_a_planted_cycle_is_reported_once_as_its_chain(parents: list[int | None], data: st.DataObject) -> None:
    bottom = data.draw(st.integers(0, len(parents) - 1))
    chain = [bottom]
    while (parent := parents[chain[-1]]) is not None:
        chain.append(parent)
    planted = chain[data.draw(st.integers(0, len(chain) - 1))]
    ring = chain[: chain.index(planted) + 1]
    parents[planted] = bottom

    result = resolved(sites(parents))

    lowest = ring.index(min(ring))
    names = [f"S{node:05}" for node in (*ring[lowest:], *ring[:lowest])]
    assert [one.code for one in result.diagnostics] == ["cycle"]
    if len(names) <= 12:
        assert result.diagnostics[0].message == f"cycle: {' -> '.join([*names, names[0]])}"
    beneath = {node for node in range(len(parents)) if reaches(node, set(ring), parents)}
    assert {str(site.name) for site in result.fleet.sites} == {
        f"S{node:05}" for node in range(len(parents)) if node not in beneath
    }


def reaches(node: int, ring: set[int], parents: Sequence[int | None]) -> bool:
    seen: set[int] = set()
    here: int | None = node
    while here is not None and here not in seen:
        if here in ring:
            return True
        seen.add(here)
        here = parents[here]
    return False


@given(trees())
def test_at_or_beneath_is_what_walking_up_the_parents_says(parents: list[int | None]) -> None:
    subtrees = Subtrees(parents)
    for top in range(len(parents)):
        below = [node for node in range(len(parents)) if reaches(node, {top}, parents)]
        assert list(subtrees.within(top)) == below
        assert [node for node in range(len(parents)) if subtrees.is_within(node, top)] == below


@given(st.lists(st.none() | st.integers(0, 19), min_size=20, max_size=20))
def test_a_shape_puts_every_node_on_a_cycle_or_in_the_order_before_its_parent(parents: list[int | None]) -> None:
    shape = shape_of(parents)
    on_cycles = [node for cycle in shape.cycles for node in cycle]
    assert sorted((*shape.upwards, *on_cycles)) == list(range(20))
    order = {node: place for place, node in enumerate(shape.upwards)}
    for node, place in order.items():
        parent = parents[node]
        assert parent is None or parent in on_cycles or order[parent] > place
    for cycle in shape.cycles:
        assert cycle[0] == min(cycle)
        assert [parents[node] for node in cycle] == [*cycle[1:], cycle[0]]


CHAIN = [None, *range(9_999)]
STAR = [None, *[0] * 9_999]
RING = [9_999, *range(9_999)]


@pytest.mark.parametrize(
    ("parents", "expected"), [(CHAIN, []), (STAR, []), (RING, ["cycle"])], ids=["chain", "star", "ring"]
)
def test_L29_ten_thousand_sites_take_less_than_a_second(parents: Sequence[int | None], expected: list[str]) -> None:
    declared = sites(parents)
    begin = time.process_time()
    result = resolved(declared)
    assert time.process_time() - begin < 1
    assert codes(result) == expected
    assert len(result.fleet.sites) == (0 if expected else 10_000)
