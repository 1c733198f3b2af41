"""Workers that are killed or frozen at any step: the next one finishes, and nobody at a site sees a half."""

import pytest

from tests.end_to_end.told import told

PACK = "/DE1/parts/[0-9a-f]*/[0-9a-f]*"
STEPS = {
    "content": (
        "1~write .*/depot/hq/parts/[0-9a-f]*",  # at the first contact with the depot
        "1~write .*/DE1/parts/[0-9a-f]*",  # and with the site
        f"4~write .*{PACK}",  # amid the second pack
        "1~fsync .*/DE1/packs",  # published, but for the flush
        "1~fsync .*/DE1/records/till",  # recorded, but for the flush
    ),
    "whole-packs": ("2~os.mkdir packs", "2~os.mkdir indexes"),
    "setup-only": ("1~fsync .*/DE1/records/till",),
    "update": (f"3~write .*{PACK}", "1~sql UPDATE sends SET state = 'complete'.*"),
}
"""A few of each."""


@pytest.mark.parametrize("story", STEPS)
def test_R3_R6_a_killed_send_is_finished_by_the_next_worker(quick_folder: str, story: str) -> None:
    result = told("killed_sends", quick_folder, story, *STEPS[story])
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


@pytest.mark.parametrize(
    ("until", "steps"),
    [
        # Before it publishes packs that are gone by then, before its record, before it reports.
        ("same", ("2~os.mkdir packs", "2~os.mkdir till", "1~sql BEGIN IMMEDIATE")),
        ("later", ("2~os.mkdir till",)),
    ],
)
def test_R5_a_worker_that_wakes_up_late_changes_nothing(quick_folder: str, until: str, steps: tuple[str, ...]) -> None:
    result = told("frozen_sends", quick_folder, until, *steps)
    assert result["wrong"] == {}
    assert result["freezes"] == len(steps)


@pytest.mark.long
@pytest.mark.parametrize("until", ["same", "later"])
def test_R5_frozen_at_every_step(quick_folder: str, until: str) -> None:
    result = told("frozen_sends", quick_folder, until)
    print(f"frozen at each of {result['freezes']} steps, then overtaken ({until})")
    assert result["wrong"] == {}
    assert result["freezes"] > 80
