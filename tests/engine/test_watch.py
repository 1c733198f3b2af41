"""The loop of `reconcile watch` with time as an argument: when it looks, when it acts, what it survives."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from reconciler.engine.news import Notice, Passed, StillChanging, Told
from reconciler.engine.passes import Outcome, PassReport
from reconciler.engine.settling import Settling
from reconciler.engine.watch import RESCAN, RETRY, watch
from reconciler.model.diagnostics import Diagnostic, Where
from reconciler.model.faults import StateError
from reconciler.model.looks import Look, Moved
from reconciler.sources.changes import Cause, Change, Watched

FLEET = "/fleet"
TILL = "/payload/till"
SETTLE = 2.0


@dataclass
class World:
    """Files, a clock, a watcher and a reconciler in one: things happen when their time has come."""

    manifests: str = "old"
    till: str | None = None
    now: float = 1000.0
    looking_takes: float = 0.0
    ends: float = 60.0
    happenings: list[tuple[float, Callable[["World"], object], bool]] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    whole_looks: list[float] = field(default_factory=list)
    acted: list[tuple[float, str]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    answers: list[PassReport | Exception] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    overflow: bool = False
    watched_paths: list[Watched] = field(default_factory=list)

    def after(self, seconds: float, does: Callable[["World"], object], *, told: bool = True) -> None:
        self.happenings.append((1000.0 + seconds, does, told))
        self.happenings.sort(key=lambda happening: happening[0])

    def clock(self) -> float:
        return self.now

    def advance(self, until: float) -> bool:
        """Let things happen; whether a watcher would have told of one of them."""
        while self.happenings and self.happenings[0][0] <= until:
            self.now, does, told = self.happenings.pop(0)
            does(self)
            if told:
                self.touched.add(FLEET)
                return True
        self.now = max(self.now, until)
        return False

    def wait(self, timeout: float) -> Change:
        assert timeout > 0
        if not self.touched:
            self.advance(self.now + timeout)
        if not self.touched and not self.overflow:
            return Change(cause=Cause.TIMEOUT)
        touched, self.touched = frozenset(self.touched), set()
        cause, self.overflow = (Cause.OVERFLOW if self.overflow else Cause.CHANGED), False
        return Change(cause=cause, touched=touched)

    def replace(self, watched: Watched) -> None:
        self.watched_paths.append(watched)

    def notices(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """Nothing to free."""

    def watched(self) -> Watched:
        return Watched(manifests=(FLEET,))

    def look(self, known: Look | None, touched: frozenset[str]) -> Look:
        self.looks.append(self.now - 1000.0)
        if known is None:
            self.whole_looks.append(self.now - 1000.0)
        seen = Look(
            manifests={FLEET: (self.manifests,)} if known is None or touched else known.manifests,
            sources={} if self.till is None else {TILL: (self.till,)},
        )
        until = self.now + self.looking_takes
        while self.advance(until):
            pass
        return seen

    def run_pass(self) -> PassReport:
        answer = self.answers.pop(0) if self.answers else PassReport(outcome=Outcome.DONE)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def passes(self) -> list[PassReport]:
        return [told.report for told in self.told if isinstance(told, Passed)]


def start(world: World, seconds: float = 60.0) -> World:
    """Run the loop on this world for a while."""
    world.ends = 1000.0 + seconds
    watch(
        Passing(world),
        world,
        settling=Settling(settle=SETTLE),
        clock=world.clock,
        stop=lambda: world.now >= world.ends,
        tell=world.told.append,
    )
    return world


@dataclass
class Passing:
    """The world's `Reconciling`."""

    world: World

    def look(self, known: Look | None, touched: frozenset[str]) -> Look:
        return self.world.look(known, touched)

    def watched(self) -> Watched:
        return self.world.watched()

    def run(self, look: Look) -> PassReport:
        report = self.world.run_pass()
        if report.outcome not in (Outcome.MOVED, Outcome.FAILED):
            self.world.acted.append((self.world.now - 1000.0, str(look.manifests[FLEET][0])))
        return report


def edit(text: str) -> Callable[[World], object]:
    return lambda world: setattr(world, "manifests", text)


def replace_source(mark: str) -> Callable[[World], object]:
    return lambda world: setattr(world, "till", mark)


def times(world: World) -> list[float]:
    return [when for when, _ in world.acted]


def test_one_pass_is_made_at_the_start_once_the_files_have_come_to_rest() -> None:
    world = start(World(), 30)
    assert world.acted == [(2.0, "old")]
    assert world.looks == [0.0, 2.0]


def test_L39_a_change_makes_one_pass_when_two_looks_agree() -> None:
    world = World()
    world.after(10, edit("new"))
    start(world, 30)
    assert world.acted == [(2.0, "old"), (pytest.approx(12.02), "new")]


def test_L39_a_half_saved_file_causes_no_pass() -> None:
    world = World()
    for second, text in ((10.0, ""), (10.5, "kind: S"), (12.0, "kind: Site")):
        world.after(second, edit(text))
    start(world, 30)
    assert world.acted == [(2.0, "old"), (pytest.approx(14.02), "kind: Site")]


def test_L39_a_half_saved_file_causes_no_pass_even_if_no_event_tells_of_the_rest() -> None:
    world = World()
    world.after(10.0, edit("kind: S"))
    world.after(11.0, edit("kind: Site"), told=False)
    start(world, 30)
    assert [text for _, text in world.acted] == ["old", "kind: Site"]


def test_a_change_that_is_taken_back_causes_no_pass() -> None:
    world = World()
    world.after(10.0, edit("new"))
    world.after(11.0, edit("old"))
    assert start(world, 30).acted == [(2.0, "old")]


def test_events_that_change_nothing_cause_no_pass() -> None:
    world = World()
    for second in range(10, 20):
        world.after(float(second), lambda world: None)
    assert start(world, 30).acted == [(2.0, "old")]


def test_a_change_that_no_event_told_is_found_within_a_minute() -> None:
    world = World()
    world.after(10.0, edit("new"), told=False)
    start(world, 80)
    assert world.acted == [(2.0, "old"), (pytest.approx(2 + RESCAN + 2), "new")]


def test_a_pass_is_made_every_minute_as_the_state_moves_too() -> None:
    assert times(start(World(), 190)) == [2.0, 62.0, 122.0, 182.0]


def test_after_an_overflow_everything_is_looked_at_at_once() -> None:
    world = World()

    def lose(world: World) -> None:
        world.manifests, world.overflow = "new", True

    world.after(10.0, lose, told=False)
    start(world, 30)
    assert [text for _, text in world.acted] == ["old", "new"]
    assert world.acted[1][0] < 14
    assert world.whole_looks[2:] == pytest.approx(world.looks[2:])
    assert Notice(text="file events were lost; looking at everything again") in world.told


def test_between_rescans_only_what_was_touched_is_looked_at() -> None:
    world = World()
    world.after(10.0, edit("new"))
    start(world, 30)
    assert world.whole_looks == [0.0, 2.0]
    assert len(world.looks) == 4


def test_a_storm_of_events_is_looked_at_for_a_tenth_of_the_time_at_most() -> None:
    world = World(looking_takes=0.05)
    for number in range(1000):
        world.after(10.0 + number / 100, edit(str(number)))
    start(world, 30)
    during = [when for when in world.looks if 10 <= when < 20]
    assert len(during) <= 21
    assert [text for _, text in world.acted] == ["old", "999"]


def test_a_pass_that_finds_files_moved_is_made_again_after_they_rested() -> None:
    world = World(answers=[PassReport(outcome=Outcome.MOVED, moved=(FLEET,))])
    start(world, 30)
    assert times(world) == [4.0]


def test_a_look_at_files_that_move_is_taken_again() -> None:
    @dataclass
    class Moving(World):
        def look(self, known: Look | None, touched: frozenset[str]) -> Look:
            seen = super().look(known, touched)
            if self.now < 1005:
                raise Moved((FLEET,))
            return seen

    world = Moving(looking_takes=0.01)
    assert times(start(world, 30)) == [pytest.approx(7.1, abs=0.2)]
    assert len([when for when in world.looks if when < 5]) <= 60


@pytest.mark.parametrize(
    "fault",
    [StateError("database is locked"), OSError(28, "No space left on device"), PassReport(outcome=Outcome.FAILED)],
)
def test_a_fault_of_the_world_is_told_and_tried_again(fault: Exception | PassReport) -> None:
    world = start(World(answers=[fault, fault]), 40)
    assert [report.outcome for report in world.passes] == [Outcome.FAILED, Outcome.FAILED, Outcome.DONE]
    assert times(world) == [2 + RETRY + 2 * RETRY]


def test_a_fault_that_stays_is_tried_again_at_most_once_a_minute() -> None:
    world = start(World(answers=[StateError("database is locked")] * 100), 600)
    assert 10 <= len(world.passes) <= 14
    assert all(report.error == "database is locked" for report in world.passes)


def test_a_change_during_a_fault_is_acted_on_when_the_world_is_mended() -> None:
    world = World(answers=[StateError("database is locked")])
    world.after(3.0, edit("new"))
    start(world, 40)
    assert [text for _, text in world.acted] == ["new"]


def test_a_fault_while_looking_is_told_and_tried_again() -> None:
    @dataclass
    class Broken(World):
        def look(self, known: Look | None, touched: frozenset[str]) -> Look:
            if self.now < 1003:
                raise OSError(5, "Input/output error")
            return super().look(known, touched)

    world = start(Broken(), 30)
    assert [report.outcome for report in world.passes] == [Outcome.FAILED, Outcome.DONE]


def test_a_bug_ends_the_loop() -> None:
    with pytest.raises(ZeroDivisionError):
        start(World(answers=[ZeroDivisionError()]))


def test_R8_after_a_refused_pass_the_loop_goes_on() -> None:
    refused = PassReport(outcome=Outcome.REFUSED)
    world = World(answers=[PassReport(outcome=Outcome.DONE), refused, refused])
    world.after(10.0, edit("emptied"))
    world.after(80.0, edit("old again"))
    start(world, 100)
    assert [report.outcome for report in world.passes] == [
        Outcome.DONE,
        Outcome.REFUSED,
        Outcome.REFUSED,
        Outcome.DONE,
    ]
    assert [told.news for told in world.told if isinstance(told, Passed)] == [True, True, False, True]


def test_R9_a_broken_file_is_told_once_and_the_rest_goes_on() -> None:
    typo = Diagnostic(code="unknown-package", message='no package "til-4"', where=Where("till.yaml", 9, 5))
    broken = PassReport(outcome=Outcome.INVALID, diagnostics=(typo,))
    world = World(answers=[broken, broken, PassReport(outcome=Outcome.DONE)])
    world.after(10.0, edit("another file"))
    world.after(20.0, edit("mended"))
    told = [one for one in start(world, 40).told if isinstance(one, Passed)]
    assert [(one.fresh, one.mended) for one in told] == [((typo,), ()), ((), ()), ((), (typo,))]
    assert len(world.acted) == 3


def test_manifests_that_keep_changing_are_told_of_once_a_minute() -> None:
    world = World()
    for second in range(10, 200):
        world.after(float(second), edit(str(second)))
    start(world, 190)
    beats = [told for told in world.told if isinstance(told, StillChanging)]
    assert [beat.seconds for beat in beats] == [60, 120]
    assert all(beat.paths == (FLEET,) for beat in beats)
    assert world.acted == [(2.0, "old")]


def test_R9_a_source_that_never_rests_does_not_hold_up_the_manifests() -> None:
    world = World(till="0")
    for number in range(300):
        world.after(5.0 + number, replace_source(str(number)))
    world.after(150.0, edit("new"))
    start(world, 200)
    assert next(when for when, text in world.acted if text == "new") < 153


def test_a_source_that_changes_makes_a_pass() -> None:
    world = World(till="1")
    world.after(10.0, replace_source("2"))
    assert times(start(world, 30)) == [2.0, pytest.approx(12.02)]


def test_a_stop_is_noticed_within_a_second() -> None:
    world = World()
    start(world, 17.3)
    assert world.now <= 1000 + 18.3


def test_a_watcher_that_is_closed_ends_the_loop() -> None:
    @dataclass
    class Closed(World):
        def wait(self, timeout: float) -> Change:
            return Change(cause=Cause.STOPPED)

    world = Closed()
    start(world)
    assert world.now < 1060


def test_what_the_watcher_has_to_say_is_told() -> None:
    @dataclass
    class Polling(World):
        said: bool = False

        def notices(self) -> tuple[str, ...]:
            said, self.said = self.said, True
            return () if said else ("cannot watch every folder",)

    assert start(Polling(), 5).told[0] == Notice(text="cannot watch every folder")


def test_the_paths_of_each_look_and_pass_are_watched() -> None:
    assert set(start(World(), 5).watched_paths) == {Watched(manifests=(FLEET,))}
