"""What a `watch` shows of itself while it runs: the page with its metrics, and notifications.

Everything here runs beside the passes and the sends, and holds up neither.
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler import wiring
from reconciler.cli.exits import CommandError
from reconciler.cli.options import Options
from reconciler.cli.report import say
from reconciler.cli.workplace import Workplace
from reconciler.engine.metering import Metering
from reconciler.engine.news import Told
from reconciler.engine.notifying import Notifying
from reconciler.engine.sampling import Sampling
from reconciler.model.fleet import Fleet
from reconciler.model.settings import Listen, Notifier, Settings
from reconciler.model.verification import SiteLook
from reconciler.model.working import Working
from reconciler.tellers.protocol import Teller

if TYPE_CHECKING:
    from reconciler.tellers.page import Page


class Showing:
    """From its start to its end. The page answers a stand-by too; only who makes the passes tells anybody anything."""

    def __init__(self, options: Options, place: Workplace, *, beating: Callable[[], bool]) -> None:
        self._options = options
        self._place = place
        self._settings = place.settings
        self._fleet: Callable[[], Fleet | None] = lambda: None
        self._page: Page | None = None
        self._notifying: Notifying | None = None
        self.metering = Metering(clock=time.monotonic, wall=time.time, beating=beating)
        self._sampling = Sampling(
            open_state=lambda: place.open_state(write=False),
            fleet=self._fleet_now,
            clock=time.monotonic,
            wall=time.time,
        )
        self._begin()

    def takes_over(self, fleet: Callable[[], Fleet | None]) -> None:
        """This process makes the passes from now on; `fleet` is that of the last one."""
        self._fleet = fleet
        self.metering.takes_over()
        if self._page is None:
            self._begin()
        if not self._options.dry_run:
            self._notifying = Notifying(
                open_state=lambda: self._place.open_state(write=True),
                open_teller=self._open_teller,
                notifiers=self._settings.notify,
                fleet=fleet,
                say=lambda text: say(self._options, text, level="warning", event="notification"),
            )

    def _begin(self) -> None:
        """The page, where nobody else has its port: a stand-by does without until the other watch is gone."""
        listen = self._settings.listen
        if listen is None:
            self._listen(None)
            return
        from reconciler.tellers.page import PortTaken

        try:
            self._listen(listen)
        except PortTaken as taken:
            text = f"metrics.listen: {taken}; tried again when this watch makes the passes"
            say(self._options, text, level="warning", event="page")

    def stands_by(self, patience: float) -> None:
        """Another process makes the passes, or nobody."""
        self.metering.stands_by()
        if self._notifying is not None:
            self._notifying.close(patience)
            self._notifying = None

    def configure(self, settings: Settings) -> None:
        """The settings that the passes go by from now on."""
        before, self._settings = self._settings, settings
        if self._notifying is not None:
            self._notifying.configure(settings.notify)
        if settings.listen != before.listen:
            try:
                self._begin()
            except CommandError as fault:
                say(self._options, str(fault), level="error", event="page")

    def told(self, told: Told) -> None:
        """What the loop tells, each of it."""
        self.metering.told(told)
        if self._notifying is not None:
            self._notifying.told(told)

    def worked(self, event: Working) -> None:
        """What the worker beside the passes tells, each of it."""
        self.metering.worked(event)
        if self._notifying is not None:
            self._notifying.worked(event)

    def looked(self, look: SiteLook) -> None:
        """What a verification beside the passes found, as it was recorded."""
        if self._notifying is not None:
            self._notifying.looked(look)

    def fetched(self, error: str) -> None:
        """A fetch ended, with the error or ""."""
        self.metering.fetched(error)

    def close(self, patience: float) -> None:
        """Answer and tell nobody any more."""
        self.stands_by(patience)
        if self._page is not None:
            self._page.close()
            self._page = None

    def _listen(self, listen: Listen | None) -> None:
        """Raises PortTaken and CommandError. What serves pages takes room, and most watches serve none."""
        if self._page is not None:
            self._page.close()
            self._page = None
        if listen is None:
            return
        from reconciler.tellers.page import Page, PageFault, PortTaken, Served

        metering = self.metering
        served = Served(
            health=metering.health,
            readiness=metering.readiness,
            families=lambda: [*metering.families(), *self._sampling.families(metering.good_at)],
        )
        try:
            self._page = Page(listen, served)
        except PortTaken:
            raise
        except PageFault as fault:
            raise CommandError(f"metrics.listen: {fault}") from None
        address = self._page.address
        say(self._options, f"metrics are served on http://{address}/metrics", event="page", address=address)

    def _fleet_now(self) -> Fleet | None:
        return self._fleet()

    def _open_teller(self, notifier: Notifier) -> Teller:
        private = wiring.private_variables(self._settings)
        return wiring.open_teller(notifier, variables=os.environ, private=private)
