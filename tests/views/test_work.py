"""What `reconcile work` tells: a line and an object for each event, and the screen at its end."""

import json
from collections import Counter
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.names import PackageName, SiteName
from reconciler.model.quantities import Bytes
from reconciler.model.schedule import WaitReason
from reconciler.model.snapshot import Send, SendState
from reconciler.model.working import SendArrived, SendFailed, SendGaveWay, SendStarted, Sums, WorkerStopped, Working
from reconciler.views.passes import ndjson
from reconciler.views.work import work_text
from reconciler.views.work_json import work_json
from reconciler.views.work_summary import summary_text
from tests.conftest import Golden
from tests.views.hostile import HOSTILE

from .working import ARRIVED, BERLIN, EVENTS, FAILED, WAITS, send, wait

STOPPED = tuple(event for event in EVENTS if isinstance(event, WorkerStopped))


def test_the_lines_are_as_they_were_looked_at(golden: Golden) -> None:
    golden("work/lines.txt", "".join(work_text(event) for event in EVENTS))


def test_the_objects_are_as_they_were_looked_at(golden: Golden) -> None:
    golden("work/events.ndjson", "".join(ndjson(work_json(event)) for event in EVENTS))


def test_the_summaries_are_as_they_were_looked_at(golden: Golden) -> None:
    golden("work/summaries.txt", "\n".join(summary_text(event) for event in STOPPED))


def test_the_time_is_that_of_the_zone_asked_for_and_the_next_attempt_that_of_the_site() -> None:
    line = next(work_text(event, zone="Asia/Tokyo") for event in EVENTS if "no route" in work_text(event))
    assert line.startswith("2026-11-25T00:02:00+09:00  waits ")
    assert line.endswith("next attempt 16:20 CET\n")


def test_L21_whatever_backs_off_is_named_with_its_next_attempt_however_many_there_are() -> None:
    many = tuple(wait(f"till-4@S{n:03}", WaitReason.BACK_OFF, minutes=n + 1, detail="network") for n in range(100))
    lines = summary_text(replace(STOPPED[0], waiting=many)).splitlines()
    assert sum("till-4@S" in line and "next attempt" in line for line in lines) == 100


def test_what_waits_for_a_window_a_hold_or_another_worker_is_calm_and_the_rest_is_not() -> None:
    calm = {WaitReason.WINDOW, WaitReason.SUSPENDED, WaitReason.CLAIMED, WaitReason.SITE_BUSY}
    idle = replace(STOPPED[0], sums=Sums())
    for reason in WaitReason:
        assert replace(idle, waiting=(wait("P@S", reason),)).is_calm == (reason in calm)
    assert replace(idle, waiting=()).is_calm
    assert not replace(idle, waiting=(), sums=Sums(failed=(FAILED,))).is_calm


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_whatever_the_data_says_an_event_is_one_line(text: str, event: Working) -> None:
    hostile = _hostile(event, text)
    assert work_text(hostile).removesuffix("\n").isprintable()
    packed = ndjson(work_json(hostile))
    assert packed.removesuffix("\n").isprintable()
    assert json.loads(packed)["formatVersion"] == "1.0"
    if isinstance(hostile, WorkerStopped):
        assert all(line.isprintable() for line in summary_text(hostile).split("\n"))


def _hostile(event: Working, text: str) -> Working:
    names = {field.name for field in fields(event)}
    given: dict[str, object] = {name: text for name in ("detail", "proof", "worker", "text") if name in names}
    if "send" in names:
        given["send"] = _hostile_send(text)
    if isinstance(event, WorkerStopped):
        row = replace(WAITS[0], send=_hostile_send(text), detail=text)
        given["waiting"] = (row, replace(row, reason=WaitReason.WINDOW), replace(row, reason=WaitReason.WINDOW))
        given["sums"] = Sums(failed=(replace(FAILED, send=_hostile_send(text), detail=text),))
    return replace(event, **given)


def _hostile_send(text: str) -> Send:
    return replace(send("P@S"), package=PackageName(text), site=SiteName(text), job=text, detail=text)


def test_colour_marks_the_word_for_what_happened() -> None:
    assert "\x1b[31mfailed   \x1b[0m" in work_text(FAILED, color=True)
    assert "\x1b[32marrived  \x1b[0m" in work_text(ARRIVED, color=True)
    assert "\x1b[31m!\x1b[0m" in summary_text(STOPPED[0], color=True)


ENDS = st.sampled_from(["A@S", "B@S", "C@S"]).flatmap(
    lambda pair: st.sampled_from(
        [
            SendStarted(at=0, send=send(pair)),
            replace(ARRIVED, send=send(pair), bytes=Bytes(7)),
            replace(FAILED, send=send(pair)),
            SendGaveWay(at=0, send=send(pair), detail="why"),
        ]
    )
)


@given(st.lists(ENDS))
def test_the_tally_counts_every_end_and_a_send_that_is_begun_again_has_not_failed(events: list[Working]) -> None:
    sums = Sums()
    for event in events:
        sums = sums.after(event)
    of = Counter(map(type, events))
    assert (sums.arrived, sums.bytes, sums.gave_way) == (of[SendArrived], 7 * of[SendArrived], of[SendGaveWay])
    last = {event.send.package: event for event in events if isinstance(event, SendStarted | SendFailed)}
    assert {one.send.package for one in sums.failed} == {name for name, one in last.items() if one in sums.failed}
    assert all(
        (name in {one.send.package for one in sums.failed}) == isinstance(one, SendFailed) for name, one in last.items()
    )


@given(st.lists(st.sampled_from(WaitReason), max_size=12), st.integers(0, 3))
def test_the_numbers_before_the_rows_of_a_summary_are_their_sums(reasons: list[WaitReason], failed: int) -> None:
    waiting = tuple(wait(f"P{n:02}@S{n:02}", reason, minutes=n + 1) for n, reason in enumerate(reasons))
    sums = Sums(failed=tuple(replace(FAILED, send=send(f"F{n}@S")) for n in range(failed)))
    lines = summary_text(replace(STOPPED[0], sums=sums, waiting=waiting)).splitlines()
    rows = [line.split() for line in lines if line.startswith("  >")]
    assert sum(int(row[1]) if row[2].startswith("send") else 1 for row in rows) == len(waiting)
    assert sum(line.startswith("  !") for line in lines) == failed
    title = next((line for line in lines if line.endswith(("waits:", "wait:"))), "0")
    assert int(title.split()[0]) == len(waiting)


def test_states_of_progress_are_words_of_the_state() -> None:
    words = {work_text(event).split()[1] for event in EVENTS if hasattr(event, "state")}
    assert words == {SendState.SENDING.value, SendState.VERIFYING.value}


def test_instants_in_objects_are_utc_whatever_the_zone_of_the_site() -> None:
    told = [work_json(event) for event in EVENTS if getattr(event, "timezone", "") == BERLIN]
    assert [one["until"] for one in told if one.get("until")] == ["2026-11-24T15:20:00Z", "2026-11-24T21:02:00Z"]
