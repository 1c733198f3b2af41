"""The live table of `reconcile work`: it fits, it is harmless, and its totals are the sums of its rows."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.names import PackageName, SiteName
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.schedule import Schedule, Turn, WaitReason
from reconciler.model.snapshot import SendState
from reconciler.views.cells import cells
from reconciler.views.work_table import heartbeat_text, work_table
from tests.builders import NOW
from tests.conftest import Golden
from tests.properties import tried
from tests.views.hostile import HOSTILE

from .working import RUNNING, SCHEDULE, WAITS, progress, send, wait

NOTHING = Schedule(ready=(), waiting=())


def test_the_tables_are_as_they_were_looked_at(golden: Golden) -> None:
    tables = [
        work_table(RUNNING, SCHEDULE, at=NOW, width=160, height=40),
        work_table(RUNNING, SCHEDULE, at=NOW, width=80, height=10),
        work_table((), NOTHING, at=NOW, width=80, height=10),
        [heartbeat_text(RUNNING, SCHEDULE, at=NOW).rstrip("\n")],
    ]
    golden("work/tables.txt", "\n\n".join("\n".join(table) for table in tables) + "\n")


def test_what_runs_comes_first_then_whose_turn_it_is_then_what_waits_by_until_when() -> None:
    waiting = (
        wait("P@S4", WaitReason.SUSPENDED),
        wait("P@S5", WaitReason.WINDOW, minutes=9),
        wait("P@S6", WaitReason.BACK_OFF, minutes=3),
        wait("P@S7", WaitReason.CLAIMED),
    )
    schedule = Schedule(ready=(Turn(send=send("P@S3")), Turn(send=send("P@S2"))), waiting=waiting)
    lines = work_table([progress("P@S1", 0, 1), progress("P@S0", 0, 1)], schedule, at=NOW, width=99, height=99)
    assert [line.split()[0] for line in lines[1:-1]] == ["S0", "S1", "S3", "S2", "S7", "S6", "S5", "S4"]


def test_what_runs_here_is_not_told_again_as_claimed_or_ready() -> None:
    schedule = Schedule(ready=(Turn(send=send("P@S1")),), waiting=(wait("Q@S1", WaitReason.CLAIMED),))
    lines = work_table([progress("P@S1", 0, 1), progress("Q@S1", 0, 1)], schedule, at=NOW, width=99, height=99)
    assert len(lines) == 4
    assert lines[-1].startswith("2 sending ")


SIZES = st.integers(0, 15)
"""So small that sums are printed to the byte."""


@st.composite
def tables(draw: st.DrawFn) -> tuple[list, Schedule]:
    pairs = draw(st.lists(st.tuples(st.sampled_from("PQRST"), st.integers(0, 9)), unique=True, max_size=30))
    running, ready, waiting = [], [], []
    for name, number in pairs:
        pair, done, size = f"{name}@S{number}", draw(SIZES), draw(SIZES)
        match draw(st.sampled_from("rqw")):
            case "r":
                rate = draw(st.none() | st.integers(1, 9).map(BitsPerSecond))
                state = draw(st.sampled_from([SendState.SENDING, SendState.VERIFYING]))
                running.append(progress(pair, done, size, rate=rate, state=state))
            case "q":
                ready.append(Turn(send=send(pair, bytes_done=done, bytes=size)))
            case _:
                reason, minutes = draw(st.sampled_from(WaitReason)), draw(st.none() | st.integers(1, 99))
                waiting.append(wait(pair, reason, minutes=minutes, bytes_done=done, bytes=size))
    return running, Schedule(ready=tuple(ready), waiting=tuple(waiting))


@tried(50)
@given(tables(), st.integers(3, 40))
def test_totals_are_the_sums_of_the_rows_and_of_what_is_folded(table: tuple[list, Schedule], height: int) -> None:
    running, schedule = table
    number = len(running) + len(schedule.ready) + len(schedule.waiting)
    lines = work_table(running, schedule, at=NOW, width=500, height=height)
    assert len(lines) <= height
    if not number:
        assert lines[-1] == "no open send"
        return
    *rows, total = lines[1:]
    folded = [line for line in rows if line.startswith("+ ")]
    assert len(rows) - len(folded) + sum(int(line.split()[1]) for line in folded) == number
    assert [sum(column) for column in zip(*map(_numbers, rows), strict=True)] == list(_numbers(total))
    assert sum(map(int, re.findall(r"(\d+) [a-z]", total.split("  ")[0]))) == number


def _numbers(line: str) -> tuple[int, int, int]:
    """Bytes done, bytes, bits a second."""
    done, size = re.search(r"(\d+) B of (\d+) B", line).groups()
    rate = re.search(r"(\d+) bit/s", line)
    return int(done), int(size), int(rate[1]) if rate else 0


@given(st.integers(1, 200), st.integers(1, 40))
def test_no_line_is_wider_than_the_terminal(width: int, height: int) -> None:
    for line in work_table(RUNNING, SCHEDULE, at=NOW, width=width, height=height):
        assert cells(line) <= width


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_the_data_says_a_row_is_one_harmless_line(text: str) -> None:
    evil = replace(send("P@S"), package=PackageName(text), site=SiteName(text), detail=text)
    schedule = Schedule(ready=(Turn(send=evil),), waiting=(replace(WAITS[0], send=evil, detail=text),))
    lines = work_table([replace(RUNNING[0], send=send("P@S"))], schedule, at=NOW, width=200, height=9)
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)


def test_ten_thousand_waiting_sends_are_drawn_on_one_screen() -> None:
    waiting = tuple(wait(f"P@S{n:05}", WaitReason.WINDOW, minutes=60) for n in range(10_000))
    lines = work_table(RUNNING, Schedule(ready=(), waiting=waiting), at=NOW, width=120, height=24)
    assert len(lines) == 24
    assert lines[-2].startswith("+ 9,982 more  ")
