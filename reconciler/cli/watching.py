"""One `watch` from its start to its end: it stands by, makes the passes while it has its turn, and stands by again."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from reconciler.cli.options import Options
from reconciler.cli.reconciling import on_commits, on_files
from reconciler.cli.report import say
from reconciler.cli.showing import Showing
from reconciler.cli.signals import Signals
from reconciler.cli.systemd import Supervisor
from reconciler.cli.told import tell
from reconciler.cli.workplace import Workplace
from reconciler.engine.heartbeat import Heartbeat
from reconciler.engine.news import Passed, Told
from reconciler.engine.passes import Reconciling
from reconciler.engine.settling import Settling
from reconciler.engine.standby import Turn, TurnLost, Watching, stand_by
from reconciler.engine.undisturbed import Undisturbed
from reconciler.engine.watch import watch as loop
from reconciler.model.instants import format_instant
from reconciler.model.settings import Settings
from reconciler.sources.watching import FileWatching
from reconciler.state.liveness import this_process
from reconciler.state.protocol import State

if TYPE_CHECKING:
    from reconciler.cli.fetch_beside import FetchBeside
    from reconciler.git.following import Followed


class Watch:
    """`followed` is the branch that is acted on, None for files; a remote one is fetched every `poll` seconds.

    With `works` the sends are carried out and the stores verified beside the passes; without, no store is touched.
    """

    def __init__(
        self,
        options: Options,
        place: Workplace,
        followed: "Followed | None",
        *,
        poll: Callable[[Settings], float],
        works: bool,
    ) -> None:
        self._options = options
        self._place = place
        self._followed = followed
        self._poll = poll
        self._settings = place.settings
        self._works = works and not options.dry_run
        self._heart = Heartbeat()
        self._showing = Showing(options, place, beating=self._heart.is_beating)
        self._turn: Turn | None = None

    def run(self) -> int:
        """The exit code, by the signal that ended it."""
        supervisor = Supervisor(os.environ)
        with Signals() as signals:
            supervisor.feed(self._heart.is_beating)
            supervisor.ready()
            try:
                while not signals.is_asked():
                    self._watch(signals, supervisor)
            finally:
                supervisor.stopping()
                self._showing.close(signals.left())
                supervisor.close()
        return signals.exit_code

    def _watch(self, signals: Signals, supervisor: Supervisor) -> None:
        """Once: until it is stopped or loses its turn."""
        if self._options.dry_run:
            self._passes(signals, supervisor)
            return
        turn = stand_by(self._standing_by(signals, supervisor), self._heart, stop=signals.is_asked)
        if turn is None:
            return
        with turn:
            self._turn = turn
            self._passes(signals, supervisor)

    def _passes(self, signals: Signals, supervisor: Supervisor) -> None:
        """Until it is over; what runs beside the passes ends with them, the last begun first."""
        try:
            with ExitStack() as ending:
                self._loop(signals, supervisor, ending)
        except TurnLost:
            say(self._options, "another watch has taken over; standing by")

    def _loop(self, signals: Signals, supervisor: Supervisor, ending: ExitStack) -> None:
        fetching = self._fetching(signals)
        if fetching is not None:
            ending.callback(fetching.close)
        reconciling = self._reconciling(fetching)
        watcher = FileWatching(reconciling.watched())
        ending.callback(watcher.close)

        def is_over() -> bool:
            return signals.is_asked() or (self._turn is not None and self._turn.is_lost())

        def tell_all(told: Told) -> None:
            self._showing.told(told)
            tell(self._options, told, self._place)
            if isinstance(told, Passed):
                supervisor.status(f"{told.report.outcome.value} at {format_instant(self._place.now())}")

        def is_asked_again() -> bool:
            if signals.reload_asked():
                supervisor.reloading()
                reconciling.reload()
                supervisor.ready()
                return True
            return drift_found()

        self._showing.takes_over(lambda: reconciling.fleet)
        ending.callback(lambda: self._showing.stands_by(signals.left()))
        supervisor.status("making passes")
        drift_found = self._beside(reconciling, signals, is_over, ending) if self._works else lambda: False
        loop(
            reconciling,
            watcher,
            settling=Settling(settle=float(self._place.settings.settle), whole=self._followed is not None),
            clock=time.monotonic,
            stop=is_over,
            tell=tell_all,
            again=is_asked_again,
            beat=self._beat,
            undisturbed=Undisturbed(),
        )

    def _beside(
        self, reconciling: Reconciling, signals: Signals, is_over: Callable[[], bool], ending: ExitStack
    ) -> Callable[[], bool]:
        """Send and verify; returns whether drift was found since it was asked last.

        Imported only here: who leaves the sends to others has no room for it.
        """
        from reconciler.cli.verify_beside import VerifyBeside
        from reconciler.cli.work_beside import WorkBeside

        working = WorkBeside(self._place, reconciling, stop=is_over, heard=self._showing.worked)
        ending.callback(lambda: working.close(signals.left()))
        verifying = VerifyBeside(self._place, reconciling, looked=self._showing.looked)
        ending.callback(lambda: verifying.close(signals.left()))
        return verifying.drift_found

    def _reconciling(self, fetching: "FetchBeside | None") -> Reconciling:
        if self._followed is None:
            return on_files(self._options, self._place, confirm=self._confirm, configure=self._configure)
        reconciling = on_commits(
            self._options,
            self._place,
            self._followed,
            confirm=self._confirm,
            configure=self._configure,
            touched=(lambda _paths: None) if fetching is None else fetching.touched,
            nearby=() if fetching is None else fetching.nearby,
        )
        where = self._followed.repository.top if fetching is None else fetching.url
        say(
            self._options,
            f"following branch {self._followed.branch} of {where}; uncommitted changes are not looked at",
        )
        return reconciling

    def _configure(self, settings: Settings) -> None:
        self._settings = settings
        self._showing.configure(settings)

    def _beat(self) -> None:
        self._heart.beat()
        self._showing.metering.beat()

    def _confirm(self, state: State) -> None:
        """Raises TurnLost if the passes are another's by now."""
        if self._turn is not None:
            self._turn.confirm(state)

    def _standing_by(self, signals: Signals, supervisor: Supervisor) -> Watching:
        def say_both(text: str) -> None:
            supervisor.status(text)
            say(self._options, text)

        return Watching(
            worker=this_process(),
            open_state=lambda: self._place.open_state(write=True),
            author=self._place.author,
            wait=signals.wait,
            tell=say_both,
        )

    def _fetching(self, signals: Signals) -> "FetchBeside | None":
        """Begun, and the first attempt waited for."""
        from reconciler.git.following import Clone

        if not isinstance(self._followed, Clone):
            return None
        from reconciler.cli.fetch_beside import FetchBeside

        def beat() -> None:
            self._heart.beat()
            signals.wait(0.05)

        fetching = FetchBeside(
            self._place, self._followed, poll=lambda: self._poll(self._settings), fetched=self._showing.fetched
        )
        fetching.wait_for_the_first(stop=signals.is_asked, beat=beat)
        return fetching
