"""The machine over both states: a few runs that are always the same, and many that are not (`pytest -m long`)."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from .conftest import over_memory, over_sqlite
from .manifests import Sources

FEW = settings(
    max_examples=20, stateful_step_count=30, derandomize=True, database=None, deadline=None, print_blob=False,
    suppress_health_check=list(HealthCheck), phases=(Phase.generate,),
)  # fmt: skip
MANY = settings(FEW, max_examples=1500, stateful_step_count=60, derandomize=False, phases=tuple(Phase))


def test_whatever_happens_the_laws_hold_over_memory(sources: Sources) -> None:
    run_state_machine_as_test(over_memory(sources), settings=FEW)


def test_whatever_happens_the_laws_hold_over_sqlite(sources: Sources) -> None:
    run_state_machine_as_test(over_sqlite(sources), settings=settings(FEW, max_examples=4))


@pytest.mark.long
def test_whatever_happens_the_laws_hold_over_memory_for_long(sources: Sources) -> None:
    run_state_machine_as_test(over_memory(sources), settings=MANY)


@pytest.mark.long
def test_whatever_happens_the_laws_hold_over_sqlite_for_long(sources: Sources) -> None:
    run_state_machine_as_test(over_sqlite(sources), settings=settings(MANY, max_examples=500))
