"""The generated fleets are what the figures say they are, seen through the installed command."""

import pytest

from benchmarks.commands import environment, planned
from benchmarks.fleet import main
from benchmarks.planning import check_plan
from benchmarks.sizes import SIZES


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("fleet"))
    main(["--pairs", "1000", folder])
    return folder


def test_exactly_one_pair_in_a_hundred_is_missing(fleet, tmp_path):
    check_plan(fleet, SIZES[1000], environment(str(tmp_path)))


def test_a_plan_with_other_numbers_is_not_measured(fleet, tmp_path):
    with pytest.raises(RuntimeError, match="expected"):
        check_plan(fleet, SIZES[10_000], environment(str(tmp_path)))


def test_the_missing_pairs_have_every_reason_that_a_plan_sends_for_without_a_look(fleet, tmp_path):
    pairs = planned(fleet, environment(str(tmp_path)))["pairs"]

    assert {pair["reason"] for pair in pairs} == {"content-missing", "content-stale", "setup-stale"}
    assert len(pairs) == 10
