"""Garbage is looked for between passes."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from reconciler.engine.undisturbed import FOUND_EVERY, Undisturbed


class Knot:
    """Garbage as soon as nobody else holds it, which only the collector can tell."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_no_garbage_is_looked_for_while_a_pass_is_under_way() -> None:
    undisturbed = Undisturbed()
    for _ in range(2):
        with undisturbed:
            assert not gc.isenabled()
        assert gc.isenabled()


def test_a_pass_that_fails_leaves_the_collector_as_it_was() -> None:
    with pytest.raises(ValueError, match="a fault"), Undisturbed():
        raise ValueError("a fault")
    assert gc.isenabled()


def test_what_the_first_pass_leaves_is_no_more_walked_but_once_in_a_thousand_passes() -> None:
    undisturbed = Undisturbed()
    with undisturbed:
        knot: Knot | None = Knot()
    seen = weakref.ref(knot)
    knot = None
    gc.collect()
    assert seen() is not None
    for _ in range(FOUND_EVERY):
        with undisturbed:
            pass
    assert seen() is None
