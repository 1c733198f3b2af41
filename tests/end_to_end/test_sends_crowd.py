"""Several workers, killed at random, under the eyes of somebody who reads the stores all along."""

import pytest

from tests.end_to_end.told import told


def test_R3_R4_R5_what_a_site_shows_is_whole_while_workers_are_killed(quick_folder: str) -> None:
    result = told("crowd", quick_folder, "6", "5", "3", "1", "0")
    assert result["wrong"] == []
    assert result["receipts"] == 30
    assert result["killed"] == 3


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_R3_R4_R5_two_hundred_sends_while_workers_are_killed(quick_folder: str, seed: int) -> None:
    result = told("crowd", quick_folder, "20", "10", "40", str(seed), "3")
    print(f"seed {seed}: {result}")
    assert result["wrong"] == []
    assert result["receipts"] >= 200
    assert result["attempts"] > result["receipts"]
