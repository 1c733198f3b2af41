"""A notification in words and as JSON: what happened, to what, and nothing that acts."""

import json
from dataclasses import replace

import pytest

from reconciler.model.notifications import Notification
from reconciler.model.settings import EventKind
from reconciler.views.notification import letter_of, text, title
from tests.builders import NOW

FAILED = Notification(
    id="7c" * 16,
    event=EventKind.SEND_FAILED,
    at=NOW,
    subjects=(("till@DE1", "permission: read only"), ("till@EU1", "")),
    count=1842,
    plan="p-1",
    commit="3f9c2ab",
)


def test_the_title_counts_and_the_text_names() -> None:
    assert title(FAILED) == "1,842 sends failed"
    assert text(FAILED).splitlines() == [
        "till@DE1: permission: read only",
        "till@EU1",
        "and 1,840 more",
        "plan p-1, commit 3f9c2ab, 2026-11-24T15:02:00Z",
    ]
    assert title(replace(FAILED, count=1)) == "1 send failed"
    assert title(replace(FAILED, event=EventKind.MENDED, mended=EventKind.SEND_FAILED)) == "mended: 1,842 sends failed"


@pytest.mark.parametrize("kind", EventKind)
def test_each_kind_has_a_title_for_one_and_for_many(kind: EventKind) -> None:
    one, many = (title(replace(FAILED, event=kind, count=count)) for count in (1, 2))
    assert "{" not in one + many
    assert "  " not in one + many
    assert not one.startswith(" ")


def test_the_json_says_all_of_it() -> None:
    letter = letter_of(FAILED)
    body = json.loads(letter.body)
    assert body == {
        "formatVersion": "1.0",
        "kind": "Notification",
        "id": FAILED.id,
        "event": "send-failed",
        "at": "2026-11-24T15:02:00Z",
        "title": "1,842 sends failed",
        "count": 1842,
        "subjects": [
            {"subject": "till@DE1", "detail": "permission: read only"},
            {"subject": "till@EU1", "detail": ""},
        ],
        "mended": None,
        "plan": "p-1",
        "commit": "3f9c2ab",
    }
    assert (letter.id, letter.event, letter.title) == (
        FAILED.id,
        EventKind.SEND_FAILED,
        "reconciler: 1,842 sends failed",
    )


def test_nothing_from_data_acts_on_whoever_reads_it() -> None:
    hostile = letter_of(replace(FAILED, subjects=(("a\x1b]0;x\x07", "b\n\u202ec"),), commit="d\r"))
    assert hostile.text.splitlines()[0] == "a\\x1b]0;x\\x07: b\\n\\u202ec"
    assert hostile.text.isprintable() or set(hostile.text) - {"\n"} == {c for c in hostile.text if c.isprintable()}
    assert json.loads(hostile.body)["subjects"] == [{"subject": "a\\x1b]0;x\\x07", "detail": "b\\n\\u202ec"}]
