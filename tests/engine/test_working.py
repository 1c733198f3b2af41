"""The loop of a worker: whose turn it is, what stops a send on its way, and what is told."""

import random
import shutil
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from reconciler.engine.sending.course import Course
from reconciler.engine.working.buckets import Buckets, workers_at
from reconciler.engine.working.keeper import Keeper
from reconciler.model.claims import Candidate, Claim, WorkerId
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.snapshot import Cause, Hold, SendState
from reconciler.model.stores import StoreFault
from reconciler.model.working import (
    SendArrived,
    SendGaveWay,
    SendPutBack,
    SendStarted,
    SendWaits,
    StopReason,
    Working,
)
from reconciler.parcels.packs import LARGEST_BLOCK
from reconciler.parcels.store_names import PARTS
from reconciler.senders.protocol import Sender
from reconciler.state.liveness import this_process
from tests.engine.workroom import MONDAY, Workroom
from tests.senders.faulty import Faulty

DE1 = SiteName("DE1")
LARGE = random.Random(7).randbytes(5 * 2**20)
LARGER = random.Random(8).randbytes(12 * 2**20)
NIGHTS = 'windows: [{name: nights, days: [sun, mon, tue], from: "22:00", to: "05:00"}]'
SLOW = "limits: {rate: 24Mbit/s}"
"""Some two seconds for what is large: long enough for a look at the manifests and the state."""


@pytest.fixture
def room(tmp_path: Path) -> Workroom:
    return Workroom(tmp_path)


def arrived(room: Workroom) -> list[str]:
    return [f"{event.send.package}@{event.send.site}" for event in room.told if isinstance(event, SendArrived)]


class Hooked:
    """Lays a script around each sender: `hooks` are called after the n-th operation of a name, once."""

    def __init__(self, **hooks: "tuple[int, object]") -> None:
        self.hooks = dict(hooks)

    def __call__(self, sender: Sender) -> Sender:
        faulty: Faulty

        def after(operation: str) -> None:
            hook = self.hooks.get(operation)
            if hook is not None and faulty.calls[operation] == hook[0]:
                del self.hooks[operation]
                hook[1]()  # type: ignore[operator]

        faulty = Faulty(sender, {}, after=after)
        return faulty


def test_what_is_recorded_arrives_and_nothing_is_left(room: Workroom) -> None:
    room.plan()
    stopped = room.work()
    assert (arrived(room), stopped.reason, stopped.is_calm) == (["till@DE1"], StopReason.IDLE, True)
    assert room.sends()["till", "DE1"].state is SendState.COMPLETE
    assert room.plan().recorded == ()


def test_L22_outside_its_windows_nothing_is_claimed_and_the_end_is_calm(room: Workroom) -> None:
    room.sites["DE1"] = NIGHTS
    room.plan()
    stopped = room.work()
    assert (arrived(room), stopped.is_calm) == ([], True)
    (wait,) = stopped.waiting
    assert wait.until == Instant(MONDAY + 10 * 3600)


def test_L22_a_closing_window_stops_a_send_between_two_chunks_and_it_goes_on_the_next_night(room: Workroom) -> None:
    room.sites["DE1"] = NIGHTS
    room.packages["till"] = (LARGER, "medium")
    room.now = MONDAY + 17 * 3600 - 1
    room.plan()
    room.senders = Hooked(append=(9, lambda: setattr(room, "now", MONDAY + 17 * 3600)))
    room.work()
    (put_back,) = [event for event in room.told if isinstance(event, SendPutBack)]
    assert (put_back.cause, room.records()) == (Cause.WINDOW, [])
    left = sum(path.stat().st_size for path in (room.folder / "stores" / "DE1" / PARTS).rglob("*") if path.is_file())
    assert left > LARGEST_BLOCK
    room.now = MONDAY + 34 * 3600
    room.senders = lambda sender: sender
    room.work()
    (arrival,) = [event for event in room.told if isinstance(event, SendArrived)]
    assert arrival.bytes < len(LARGER) - left + LARGEST_BLOCK
    assert room.sends()["till", "DE1"].attempts == 2


def test_L22_a_change_of_the_windows_stops_a_send_that_runs(room: Workroom) -> None:
    room.packages["till"] = (LARGE, "medium")
    room.sites["DE1"] = SLOW
    room.plan()

    def close() -> None:
        room.sites["DE1"] = f"{SLOW}, {NIGHTS}"
        room.write()

    room.senders = Hooked(append=(2, close))
    stopped = room.work()
    assert (arrived(room), room.records(), stopped.is_calm) == ([], [], True)


def test_a_site_that_is_suspended_meanwhile_gets_nothing_more(room: Workroom) -> None:
    room.packages["till"] = (LARGE, "medium")
    room.sites["DE1"] = SLOW
    room.plan()

    def suspend() -> None:
        state = room.state()
        state.hold(Hold(site=DE1, package=None, actor="you", reason="disk", since=MONDAY), room.author())
        state.close()

    room.senders = Hooked(append=(2, suspend))
    stopped = room.work()
    assert (arrived(room), room.records(), stopped.is_calm) == ([], [], True)
    assert room.sends()["till", "DE1"].state is SendState.QUEUED


def test_L21_what_is_more_urgent_takes_the_place_of_what_runs(room: Workroom) -> None:
    room.packages["till"] = (LARGE, "low")
    room.sites["DE1"] = SLOW
    room.plan()

    def urgent() -> None:
        room.packages["fix"] = (b"urgent" * 100, "high")
        room.plan()

    room.senders = Hooked(append=(2, urgent))
    room.work(count=1)
    assert arrived(room) == ["fix@DE1", "till@DE1"]


def test_no_more_sends_run_at_a_site_than_it_allows(room: Workroom) -> None:
    room.sites["DE1"] = "limits: {maxConcurrent: 1}"
    room.packages = {name: (name.encode() * 1000, "medium") for name in ("a", "b", "c")}
    room.plan()
    room.work(count=4)
    running, most = 0, 0
    for event in room.told:
        running += isinstance(event, SendStarted) - isinstance(event, SendArrived)
        most = max(most, running)
    assert (sorted(arrived(room)), most) == (["a@DE1", "b@DE1", "c@DE1"], 1)


def test_L15_what_supersedes_a_send_that_runs_begins_once_that_has_stopped(room: Workroom) -> None:
    """Else the end of the one would be taken for that of the other, whose lease nobody would keep from then on."""
    room.packages["till"] = (LARGE, "medium")
    room.sites["DE1"] = SLOW
    room.plan()

    def supersede() -> None:
        room.packages["till"] = (b"new" * 500, "medium")
        room.plan()

    room.senders = Hooked(append=(2, supersede))
    room.work(count=2)
    course = [type(event) for event in room.told if isinstance(event, SendStarted | SendGaveWay | SendArrived)]
    assert course == [SendStarted, SendGaveWay, SendStarted, SendArrived]
    assert (room.records(), room.sends()["till", "DE1"].attempts) == ([2], 1)


def test_R6_leases_are_kept_after_a_fault_of_whatever_kind(room: Workroom) -> None:
    asked, kept = 0, Event()

    def courses() -> list[Course]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise RuntimeError("dictionary changed size during iteration")
        kept.set()
        return []

    room.write()
    keeper = Keeper(room.means(lease=1), courses)
    keeper.start()
    assert kept.wait(10)
    keeper.close()


def test_a_stop_puts_back_what_runs(room: Workroom) -> None:
    room.packages["till"] = (LARGE, "medium")
    room.sites["DE1"] = SLOW
    room.plan()
    asked: list[bool] = []
    room.senders = Hooked(append=(2, lambda: asked.append(True)))
    stopped = room.work(until_idle=False, stop=lambda: bool(asked))
    assert (stopped.reason, arrived(room), room.records()) == (StopReason.SIGNAL, [], [])
    send = room.sends()["till", "DE1"]
    assert (send.state, send.attempts) == (SendState.QUEUED, 1)
    room.sites["DE1"] = ""
    room.write()
    room.work()
    assert arrived(room) == ["till@DE1"]


def test_L20_what_must_stay_free_is_not_filled(room: Workroom) -> None:
    room.sites["DE1"] = "limits: {reserveFree: 900TiB}"
    room.plan()
    stopped = room.work()
    send = room.sends()["till", "DE1"]
    assert (send.state, send.cause) == (SendState.BACKING_OFF, Cause.SPACE)
    assert send.detail.startswith("need ")
    assert (stopped.is_calm, room.records()) == (False, [])
    assert list((room.folder / "stores" / "DE1").glob("parts/*/*")) == []


def test_L35_a_source_that_cannot_be_packed_stops_its_own_package_alone(room: Workroom) -> None:
    room.packages["other"] = (b"other" * 100, "medium")
    room.plan()
    fleet = room.fleet()
    (room.folder / "payload" / "till").rename(room.folder / "payload" / "moved")
    room.fleet = lambda *, behind=False: fleet  # type: ignore[method-assign]  # read before the source went
    stopped = room.work()
    assert arrived(room) == ["other@DE1"]
    send = room.sends()["till", "DE1"]
    assert (send.state, send.cause, stopped.is_calm) == (SendState.BACKING_OFF, Cause.SOURCE_MISSING, False)


def test_L35_a_depot_that_is_no_folder_stops_its_own_packages_alone(room: Workroom) -> None:
    room.plan()
    (room.folder / "depot").write_text("in the way")
    stopped = room.work()
    send = room.sends()["till", "DE1"]
    assert (send.state, send.cause, stopped.is_calm) == (SendState.BACKING_OFF, Cause.SOURCE_MISSING, False)
    assert send.detail == f"depot of HQ: {room.folder}/depot/hq: Not a directory"


def test_L35_a_link_in_a_depot_stops_its_own_packages_alone(room: Workroom) -> None:
    room.plan()
    room.work()
    shutil.rmtree(room.folder / "depot" / "hq" / "packs")
    (room.folder / "depot" / "hq" / "packs").symlink_to("/nowhere")
    room.sites["DE2"] = ""
    room.plan()
    room.work()
    send = room.sends()["till", "DE2"]
    assert (send.state, send.cause) == (SendState.BACKING_OFF, Cause.SOURCE_MISSING)
    assert send.detail.startswith("depot of HQ: packs")


def test_L26_a_window_that_closes_once_the_record_is_there_closes_too_late(room: Workroom) -> None:
    room.sites["DE1"] = NIGHTS
    room.now = MONDAY + 17 * 3600 - 1
    room.plan()
    room.senders = Hooked(remove=(1, lambda: setattr(room, "now", MONDAY + 17 * 3600)))
    room.work()
    assert (arrived(room), room.records()) == (["till@DE1"], [1])


def test_L14_what_a_dead_worker_left_of_a_package_that_is_gone_is_no_longer_claimed_and_ends(room: Workroom) -> None:
    room.packages["other"] = (b"other", "medium")
    room.plan()
    state = room.state()
    dead = replace(this_process(), started=1)
    candidate = Candidate(package=PackageName("till"), site=DE1, number=1, bytes_left=Bytes(9))
    assert len(state.claim(dead, [candidate], room.author(), lease=Seconds(20))) == 1
    state.close()
    del room.packages["till"]
    room.plan()
    assert room.sends()["till", "DE1"].state is SendState.SENDING
    room.work()
    room.plan()
    assert room.sends()["till", "DE1"].state is SendState.OBSOLETE


def test_a_link_in_a_store_is_a_fault_of_the_store(room: Workroom) -> None:
    room.plan()
    room.work()
    shutil.rmtree(room.folder / "stores" / "DE1" / "packs")
    (room.folder / "stores" / "DE1" / "packs").symlink_to("/nowhere")
    room.packages["till"] = (b"new" * 500, "medium")
    room.plan()
    room.work()
    send = room.sends()["till", "DE1"]
    assert (send.state, send.cause) == (SendState.BACKING_OFF, Cause.CORRUPT)
    assert send.detail.startswith("not as a store should be: packs")


def test_a_source_that_changed_while_it_was_packed_backs_its_package_off(room: Workroom) -> None:
    room.plan()
    fleets = [room.fleet()]
    room.packages["till"] = (b"another" * 300, "medium")
    room.write()
    # Read before the source changed, until a pass was made.
    room.fleet = lambda *, behind=False: fleets[-1]  # type: ignore[method-assign]

    class Told(list[Working]):
        def append(self, event: Working) -> None:
            super().append(event)
            if isinstance(event, SendGaveWay):
                room.now += 2
                room.plan()
                fleets.append(Workroom.fleet(room))

    room.told = Told()
    stopped = room.work()
    given, waits = ([event for event in room.told if isinstance(event, kind)] for kind in (SendGaveWay, SendWaits))
    assert [event.cause for event in (*given, *waits)] == [Cause.SOURCE_CHANGED] * 2
    assert (arrived(room), stopped.is_calm) == ([], False)
    send = room.sends()["till", "DE1"]
    assert send.next_attempt is not None
    assert send.next_attempt > room.now


def test_L17_a_parcel_that_was_damaged_in_the_depot_is_packed_anew(room: Workroom) -> None:
    room.plan()
    room.work()
    room.sites["DE2"] = ""
    room.plan()
    (pack,) = (room.folder / "depot" / "hq" / "packs").iterdir()
    data = bytearray(pack.read_bytes())
    data[-1] ^= 1
    pack.write_bytes(data)
    room.work()
    send = room.sends()["till", "DE2"]
    assert (send.state, send.cause, room.records("DE2")) == (SendState.BACKING_OFF, Cause.SOURCE_MISSING, [])
    room.now += 3600
    room.work()
    assert arrived(room) == ["till@DE1", "till@DE2"]


def test_L21_a_depot_that_does_not_answer_holds_up_no_more_than_its_own_packages(room: Workroom) -> None:
    room.plan()
    answer, looks = Event(), 0
    answered: list[bool] = []

    def hangs(sender: Sender) -> Sender:
        answered.append(answer.wait(20))
        sender.close()
        raise StoreFault(Cause.NETWORK, "it never came back")

    def stop() -> bool:
        nonlocal looks
        looks += 1
        return looks > 2

    room.depots = hangs
    stopped = room.work(until_idle=False, stop=stop)
    assert (stopped.reason, answered) == (StopReason.SIGNAL, [])
    answer.set()


def test_a_parcel_that_went_from_the_depot_is_packed_again_by_the_worker_that_knew_it(room: Workroom) -> None:
    """Whoever takes it away, `gc` or a person, tells no worker."""
    room.sites["DE2"] = ""
    room.plan()
    gone: list[bool] = []

    def empty(sender: Sender) -> Sender:
        """Once the first site has it, before the second looks."""
        if room.records() and not gone:
            shutil.rmtree(room.folder / "depot" / "hq" / "parcels")
            gone.append(True)
        return sender

    room.senders = empty
    room.work(stop=lambda: _is_late(room))
    assert arrived(room) == ["till@DE1", "till@DE2"]


def _is_late(room: Workroom) -> bool:
    """What backs off tries again at once."""
    room.now += 60
    return False


def test_R6_of_two_workers_each_send_is_carried_out_once_and_each_package_packed_once(room: Workroom) -> None:
    room.sites = {f"S{number}": "" for number in range(6)}
    room.packages = {name: (name.encode() * 1000, "medium") for name in ("a", "b")}
    room.plan()
    second = Thread(target=lambda: room.work(count=2))
    second.start()
    room.work(count=2)
    second.join()
    assert sorted(arrived(room)) == sorted(f"{name}@{site}" for name in ("a", "b") for site in room.sites)
    assert [path.name for path in (room.folder / "depot").rglob("parcels/*/*")] == ["000000000001.json"] * 2
    assert all(send.attempts == 1 for send in room.sends().values())


def test_L22_workers_that_send_to_one_site_share_its_rate(room: Workroom) -> None:
    room.sites = {"DE1": "", "FR1": ""}
    room.plan()
    rows = room.sends()
    claims = [
        Claim(send=rows["till", site], worker=WorkerId(worker))
        for site, worker in (("DE1", "a"), ("DE1", "b"), ("FR1", "a"))
    ]
    sharing = workers_at(claims, WorkerId("a"))
    assert sharing == {"DE1": 2, "FR1": 1}
    now = [0.0]
    buckets = Buckets(clock=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    up, _ = buckets.of(DE1)
    buckets.set_rate(DE1, BitsPerSecond(8_000_000), shared_by=sharing[DE1])
    up.take_all(5_000_000)
    assert now[0] == pytest.approx(10, rel=0.1)
