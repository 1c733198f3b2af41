"""People are told of each event once, whoever dies meanwhile, and however long a receiver is away."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.engine import delivering
from reconciler.engine import notifying as notifying_
from reconciler.engine.delivering import LEASE, pause_after
from reconciler.engine.news import Passed
from reconciler.engine.notifying import Notifying
from reconciler.engine.passes import Outcome, PassReport
from reconciler.model.faults import StateError
from reconciler.model.instants import Instant
from reconciler.model.notifications import Letter, Notification, Sighting
from reconciler.model.settings import EventKind, Notifier
from reconciler.model.verification import Answer, SiteLook
from reconciler.state.opening import connect
from reconciler.state.protocol import State
from reconciler.state.sqlite import SqliteState, open_sqlite
from reconciler.tellers.protocol import NotTold, Teller
from tests.builders import NOW
from tests.engine.notifier_process import failure, notifying
from tests.planning.builders import WantedJob, World, package, site, staged
from tests.tellers.receiving import Receiver, receiving

ROOT = Path(__file__).parents[2]
OPS = Notifier(name="ops", events=frozenset(EventKind), command=("unused",))
CHAT = Notifier(name="chat", events=frozenset({EventKind.MENDED}), command=("unused",))


class Mailbox:
    """A teller of the test's own: keeps letters, refuses while it is `away`."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Letter]] = []
        self.tries = 0
        self.away = ""
        self.arrived = threading.Semaphore(0)
        self.tried = threading.Semaphore(0)

    def open(self, notifier: Notifier) -> Teller:
        return _Slot(self, notifier.name)

    def wait(self, number: int = 1) -> list[tuple[str, str]]:
        """Until so many more arrived; all so far, as notifier and title."""
        for _ in range(number):
            assert self.arrived.acquire(timeout=20), f"only {self.letters}"
        return [(name, letter.title.removeprefix("reconciler: ")) for name, letter in self.letters]


class _Slot:
    def __init__(self, box: Mailbox, name: str) -> None:
        self.box, self.name = box, name

    def tell(self, letter: Letter) -> None:
        self.box.tries += 1
        self.box.tried.release()
        if self.box.away:
            raise NotTold(self.box.away)
        self.box.letters.append((self.name, letter))
        self.box.arrived.release()


class Day:
    """The time of day, as the test moves it."""

    def __init__(self) -> None:
        self.now: float = NOW

    def wall(self) -> float:
        return self.now


@pytest.fixture
def path(quick_folder: str) -> str:
    return f"{quick_folder}/state.db"


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "LOOKED_EVERY", 0.02)
    monkeypatch.setattr(notifying_, "AGAIN", 0.02)


Start = Callable[..., Notifying]


@pytest.fixture
def start(path: str, box: Mailbox, day: Day, said: list[str]) -> Iterator[Start]:
    started: list[Notifying] = []

    def begin(*notifiers: Notifier, open_state: Callable[[], State] | None = None) -> Notifying:
        found = Notifying(
            open_state=open_state or (lambda: open_sqlite(path, write=True)),
            open_teller=box.open,
            notifiers=notifiers or (OPS,),
            fleet=lambda: None,
            say=said.append,
            wall=day.wall,
        )
        started.append(found)
        return found

    yield begin
    for each in started:
        each.close(10)


def shops(*ready: str) -> World:
    made = World().add(site("HQ1"), site("EU1", "HQ1"), site("DE1", "EU1"), package("P"), WantedJob("p", "P", ("all",)))
    for pair in ready:
        made.hold(pair, staged("D1 S1"))
    return made


def passed(world: World, at: float) -> Passed:
    return Passed(report=PassReport(outcome=Outcome.DONE, plan=world.plan(at=Instant(int(at)))))


def noted(path: str, kind: EventKind, *subjects: str) -> None:
    """Wait until the state knows that this stands."""
    until = threading.Event()
    for _ in range(1000):
        with closing(open_sqlite(path, write=True)) as state:
            if set(state.standing().get(kind, {})) == set(subjects):
                return
        until.wait(0.01)
    raise AssertionError(f"{kind} never stood like that")


def test_an_event_is_told_once_however_often_it_is_seen(start: Start, box: Mailbox, day: Day, path: str) -> None:
    running = start()
    for _ in range(3):
        running.worked(failure())
    assert box.wait() == [("ops", "1 send failed")]
    running.worked(failure("till@EU1"))
    assert box.wait() == [("ops", "1 send failed")] * 2
    running.close(10)
    assert len(box.letters) == 2
    body = json.loads(box.letters[0][1].body)
    assert (body["event"], body["subjects"], body["id"]) == (
        "send-failed",
        [{"subject": "till@DE1", "detail": "permission: read only"}],
        box.letters[0][1].id,
    )


def test_whoever_takes_over_tells_nothing_again(start: Start, box: Mailbox, day: Day) -> None:
    first = start()
    first.worked(failure())
    box.wait()
    first.close(10)
    second = start()
    second.worked(failure())
    second.worked(failure("till@EU1"))
    assert box.wait() == [("ops", "1 send failed")] * 2
    assert json.loads(box.letters[1][1].body)["subjects"][0]["subject"] == "till@EU1"


def test_what_is_mended_is_told_and_can_be_told_again(start: Start, box: Mailbox, day: Day) -> None:
    running = start(OPS, CHAT)
    running.worked(failure("P@DE1"))
    box.wait()
    day.now += 120
    running.told(passed(shops(), NOW + 60))
    assert sorted(box.wait(2)[1:]) == [("chat", "mended: 1 send failed"), ("ops", "mended: 1 send failed")]
    again = failure("P@DE1")
    running.worked(replace(again, at=Instant(NOW + 120)))
    assert box.wait()[3:] == [("ops", "1 send failed")]
    assert len({letter.id for _, letter in box.letters}) == 3


def test_a_job_is_told_when_it_becomes_ready_not_when_it_is_found_so(
    start: Start, box: Mailbox, path: str, day: Day
) -> None:
    running = start()
    day.now += 120
    running.told(passed(shops("P@DE1", "P@EU1"), NOW))
    noted(path, EventKind.JOB_READY, "p")
    running.told(passed(shops(), NOW + 60))
    noted(path, EventKind.JOB_READY)
    running.told(passed(shops("P@DE1", "P@EU1"), NOW + 120))
    assert box.wait() == [("ops", "1 job ready")]


def test_a_look_that_finds_another_store_is_told(start: Start, box: Mailbox, day: Day) -> None:
    running = start()
    running.looked(SiteLook(site=site("DE1").name, answer=Answer.OTHER, detail="of EU1"))
    assert box.wait() == [("ops", "1 site without its own store at its address")]
    day.now += 60
    running.looked(SiteLook(site=site("DE1").name, answer=Answer.EMPTY))
    assert box.wait()[1:] == [("ops", "mended: 1 site without its own store at its address")]


def test_a_pass_that_changes_nothing_writes_nothing(start: Start, path: str) -> None:
    noted_: list[EventKind] = []

    class Counting(SqliteState):
        def note(self, sighting: Sighting, notifiers: Mapping[str, frozenset[EventKind]]) -> Sequence[Notification]:
            noted_.append(sighting.kind)
            return super().note(sighting, notifiers)

    running = start(open_state=lambda: Counting(connect(path, write=True)))
    running.told(passed(shops("P@DE1", "P@EU1"), NOW))
    noted(path, EventKind.JOB_READY, "p")
    for after in range(1, 4):
        running.told(passed(shops("P@DE1", "P@EU1"), NOW + after))
    running.close(10)
    assert noted_ == [EventKind.JOB_READY]


def test_without_a_notifier_nothing_is_written(path: str, box: Mailbox, said: list[str]) -> None:
    opened: list[str] = []

    def open_state() -> State:
        opened.append("opened")
        return open_sqlite(path, write=True)

    running = Notifying(open_state=open_state, open_teller=box.open, notifiers=(), fleet=lambda: None, say=said.append)
    running.worked(failure())
    running.told(passed(shops(), NOW))
    running.close(10)
    assert opened == []


def test_a_receiver_that_is_away_is_tried_again_later_and_told_of_once(
    start: Start, box: Mailbox, day: Day, said: list[str]
) -> None:
    box.away = "the answer was HTTP 503"
    running = start()
    running.worked(failure())
    for _ in range(5):
        assert box.tried.acquire(timeout=20)
        day.now += 3600
    assert [text for text in said if "did not take" in text] == said
    assert len(said) == 1
    assert said[0].startswith('notifier ops did not take "1 send failed", next attempt in ')
    assert said[0].endswith(": the answer was HTTP 503")
    box.away = ""
    day.now += 3600
    box.wait()
    running.close(10)
    assert said[1:] == ["notifier ops takes notifications again"]


def test_after_a_day_it_is_given_up_with_a_word(
    start: Start, box: Mailbox, day: Day, said: list[str], path: str
) -> None:
    box.away = "no word in time"
    running = start()
    running.worked(failure())
    assert box.tried.acquire(timeout=20)
    day.now += 86_400
    for _ in range(1000):
        if len(said) == 2:
            break
        threading.Event().wait(0.01)
    assert said[1] == 'notifier ops: given up after 2 tries in 24 h: "1 send failed": no word in time'
    running.close(10)
    with closing(open_sqlite(path, write=True)) as state:
        assert state.census().notifications == {}


def test_pauses_grow_up_to_an_hour() -> None:
    pauses = [pause_after(tries) for tries in range(1, 30)]
    assert 7 <= pauses[0] <= 10
    assert all(2700 <= pause <= 3600 for pause in pauses[12:])
    assert len({pause_after(20) for _ in range(50)}) > 1


def test_one_that_hangs_holds_up_no_other(start: Start, box: Mailbox, path: str, said: list[str], day: Day) -> None:
    go_on, inside = threading.Event(), threading.Event()

    class Hanging:
        def tell(self, letter: Letter) -> None:
            inside.set()
            assert go_on.wait(20)

    running = Notifying(
        open_state=lambda: open_sqlite(path, write=True),
        open_teller=lambda notifier: Hanging() if notifier.name == "ops" else box.open(notifier),
        notifiers=(OPS, replace(OPS, name="chat")),
        fleet=lambda: None,
        say=said.append,
        wall=day.wall,
    )
    running.worked(failure())
    assert inside.wait(20)
    assert box.wait() == [("chat", "1 send failed")]
    running.worked(failure("till@EU1"))
    assert box.wait() == [("chat", "1 send failed")] * 2
    go_on.set()
    running.close(10)


def test_settings_that_change_count_at_once(start: Start, box: Mailbox, day: Day, said: list[str]) -> None:
    box.away = "gone"
    running = start(replace(OPS, name="old"))
    running.worked(failure())
    assert box.tried.acquire(timeout=20)
    running.configure((replace(OPS, name="new"),))
    for _ in range(1000):
        if any("given up" in text for text in said):
            break
        threading.Event().wait(0.01)
    assert "given up: 1 notification; the notifiers are not in the settings any more" in said
    box.away = ""
    running.worked(failure("till@EU1"))
    assert box.wait() == [("new", "1 send failed")]


def test_what_waits_for_the_last_notifier_is_given_up_with_it(start: Start, box: Mailbox, path: str) -> None:
    box.away = "gone"
    running = start()
    running.worked(failure())
    assert box.tried.acquire(timeout=20)
    running.configure(())
    for _ in range(1000):
        with closing(open_sqlite(path, write=True)) as state:
            if not state.census().notifications:
                return
        threading.Event().wait(0.01)
    raise AssertionError("it waits for ever")


def test_what_the_state_does_not_take_is_kept(start: Start, box: Mailbox, path: str, said: list[str]) -> None:
    broken = threading.Event()
    broken.set()

    def open_state() -> State:
        if broken.is_set():
            raise StateError("the state is locked")
        return open_sqlite(path, write=True)

    running = start(open_state=open_state)
    running.worked(failure())
    for _ in range(1000):
        if said:
            break
        threading.Event().wait(0.01)
    broken.clear()
    assert box.wait() == [("ops", "1 send failed")]
    assert said == ["notifications wait for the state: the state is locked"]


def test_a_fault_of_our_own_ends_nothing(start: Start, box: Mailbox, path: str, said: list[str]) -> None:
    running = start()
    running.told(Passed(report=PassReport(outcome=Outcome.DONE, plan="no plan")))  # type: ignore[arg-type]
    for _ in range(1000):
        if said:
            break
        threading.Event().wait(0.01)
    assert said[0].startswith("a fault of reconcile in notifications: AttributeError")
    running.worked(failure())
    assert box.wait() == [("ops", "1 send failed")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def notifier_process(path: str, receiver: Receiver) -> subprocess.Popen[bytes]:
    """One that sees a failure and tells the receiver of it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engine.notifier_process", path, receiver.url, str(NOW)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_R2_killed_between_the_delivery_and_its_mark_it_is_told_once_more_with_the_same_id(
    path: str, receiver: Receiver, said: list[str]
) -> None:
    process = notifier_process(path, receiver)
    receiver.before_answer = lambda: os.kill(process.pid, signal.SIGKILL)
    receiver.wait()
    assert process.wait(20) == -signal.SIGKILL
    process.communicate()
    receiver.before_answer = lambda: None
    early = notifying(path, receiver.url, NOW + LEASE - 1)
    early.worked(failure())
    early.close(10)
    assert len(receiver.got) == 1
    later = notifying(path, receiver.url, NOW + LEASE)
    receiver.wait()
    later.worked(failure())
    later.close(10)
    assert len(receiver.got) == 2
    assert len(set(receiver.ids)) == 1
    last = notifying(path, receiver.url, NOW + 99_999)
    last.worked(failure())
    last.close(10)
    assert len(receiver.got) == 2


@pytest.mark.long
@pytest.mark.parametrize("turn", range(40))
def test_R2_killed_at_any_moment_nothing_is_lost_and_nothing_is_told_under_two_ids(
    path: str, receiver: Receiver, turn: int
) -> None:
    process = notifier_process(path, receiver)
    assert process.stdout is not None
    process.stdout.readline()
    threading.Event().wait(turn * 0.001)
    process.kill()
    process.communicate()
    before = len(receiver.got)
    later = notifying(path, receiver.url, NOW + LEASE)
    later.worked(failure())
    for _ in range(2000):
        with closing(open_sqlite(path, write=True)) as state:
            if state.standing() and not state.census().notifications:
                break
        threading.Event().wait(0.01)
    later.close(10)
    assert before <= 1
    assert 1 <= len(receiver.got) <= 2
    assert len(set(receiver.ids)) == 1
