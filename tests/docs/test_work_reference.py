"""docs/reference/cli.md says all that a worker tells, and nothing else."""

from reconciler.model.schedule import WaitReason
from reconciler.model.working import StopReason
from reconciler.views.work_json import work_json
from tests.views.working import EVENTS

from .pages import page, quoted, rows, sections

PART = sections(page("cli.md"), 2)["What a worker tells"]
TABLE = {quoted(row[0])[0]: row for row in rows(PART)}
OF_A_SEND = {"sendOnlyJob", "package", "site", "number", "mode", "priority", "attempt"}
OF_ALL = {"formatVersion", "kind", "at", "event"}


def test_every_event_has_a_row_with_the_keys_of_its_own() -> None:
    told = {}
    for event in EVENTS:
        packed = work_json(event)
        assert OF_ALL | (set() if packed["event"].startswith("worker-") else OF_A_SEND) <= packed.keys()
        told[packed["event"]] = packed.keys() - OF_ALL - OF_A_SEND
    values = {"sending", "verifying", *(reason.value for reason in StopReason)}
    assert {name: set(quoted(row[1])) - values for name, row in TABLE.items()} == told


def test_every_reason_to_stop_is_told() -> None:
    assert {reason.value for reason in StopReason} <= set(quoted(TABLE["worker-stopped"][1]))


def test_the_reasons_to_wait_are_told_in_the_order_in_which_the_first_counts() -> None:
    sentence = next(text for text in PART.split("\n\n") if text.startswith("The `reason`"))
    words = [word for word in quoted(sentence) if word in {reason.value for reason in WaitReason}]
    assert words == [reason.value for reason in WaitReason]
