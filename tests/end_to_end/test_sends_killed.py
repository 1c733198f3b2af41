"""Workers that are killed or frozen at any step: the next one finishes, and nobody at a site sees a half."""

import pytest

from tests.end_to_end.told import told

STEPS = {
    "content": (62, 165, 200, 233),
    "whole-packs": (206, 218),
    "setup-only": (130,),
    "update": (145, 190),
}
"""A few of each: at the first contacts of depot and site, amid a pack, before and after the record, at the receipt."""


@pytest.mark.parametrize("story", STEPS)
def test_R3_R6_a_killed_send_is_finished_by_the_next_worker(quick_folder: str, story: str) -> None:
    result = told("killed_sends", quick_folder, story, *map(str, STEPS[story]))
    assert result["wrong"] == {}
    assert result["kills"] == len(STEPS[story])


@pytest.mark.long
@pytest.mark.parametrize(
    ("story", "least"), [("content", 250), ("whole-packs", 200), ("setup-only", 100), ("update", 200)]
)
def test_R3_R6_killed_at_every_step(quick_folder: str, story: str, least: int) -> None:
    result = told("killed_sends", quick_folder, story)
    print(
        f"{story}: killed at each of {result['kills']} steps; {result['reused']} chunks were found and not sent again"
    )
    assert result["wrong"] == {}
    assert result["kills"] > least
    assert result["reused"] > 100


@pytest.mark.parametrize(("until", "steps"), [("same", (5, 84, 95)), ("later", (100,))])
def test_R5_a_worker_that_wakes_up_late_changes_nothing(quick_folder: str, until: str, steps: tuple[int, ...]) -> None:
    result = told("frozen_sends", quick_folder, until, *map(str, steps))
    assert result["wrong"] == {}
    assert result["freezes"] == len(steps)


@pytest.mark.long
@pytest.mark.parametrize("until", ["same", "later"])
def test_R5_frozen_at_every_step(quick_folder: str, until: str) -> None:
    result = told("frozen_sends", quick_folder, until)
    print(f"frozen at each of {result['freezes']} steps, then overtaken ({until})")
    assert result["wrong"] == {}
    assert result["freezes"] > 80
