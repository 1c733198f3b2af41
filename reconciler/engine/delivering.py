"""One notifier's deliveries, in a thread of their own: one that does not answer holds up nobody else (L21)."""

import random
import threading
from collections.abc import Callable
from contextlib import closing

from reconciler.model.faults import StateError
from reconciler.model.instants import Instant, Seconds
from reconciler.model.notifications import Delivery, DeliveryState
from reconciler.model.quantities import format_duration
from reconciler.model.settings import Notifier
from reconciler.state.protocol import State
from reconciler.tellers.protocol import NotTold, Teller
from reconciler.views.notification import letter_of, title

LEASE = Seconds(120)
"""How long nobody else tries a delivery that is being tried: longer than any way of telling waits."""

LOOKED_EVERY = 5.0
"""Seconds between two looks whether something is due."""

FIRST, FACTOR, LONGEST = 10, 2, 3600
"""Seconds of the first pause, what each is longer by, and the longest."""

GIVEN_UP_AFTER = 86_400
"""Seconds after which nobody wants to know any more."""


class Delivering:
    """Delivers what waits for one notifier until it is stopped."""

    def __init__(
        self,
        notifier: Notifier,
        *,
        open_state: Callable[[], State],
        open_teller: Callable[[Notifier], Teller],
        say: Callable[[str], None],
        wall: Callable[[], float],
    ) -> None:
        self.notifier = notifier
        self._open_state = open_state
        self._open_teller = open_teller
        self._say = say
        self._wall = wall
        self._failing = False
        self._wake = threading.Event()
        self._stopped = False
        self.thread = threading.Thread(target=self._run, name=f"notify {notifier.name}", daemon=True)
        self.thread.start()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def stop(self) -> None:
        """Begin no other delivery."""
        self._stopped = True
        self._wake.set()

    def close(self, patience: float) -> None:
        """The same, and wait for the one that is under way."""
        self.stop()
        self.thread.join(patience)

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            try:
                with closing(self._open_state()) as state:
                    while not self._stopped and self._deliver(state):
                        pass
            except StateError:
                pass  # whoever records says so; what was delivered and could not be marked is delivered again
            except Exception as fault:  # noqa: BLE001 - the next delivery may be well
                self._say(f"a fault of reconcile in notifier {self.notifier.name}: {type(fault).__name__}")
            self._wake.wait(LOOKED_EVERY)

    def _deliver(self, state: State) -> bool:
        """One attempt; False if nothing is due."""
        delivery = state.take_delivery(self.notifier.name, self._now(), lease=LEASE)
        if delivery is None:
            return False
        try:
            self._open_teller(self.notifier).tell(letter_of(delivery.notification))
        except NotTold as fault:
            self._put_off(state, delivery, str(fault))
            return True
        state.end_delivery(delivery, DeliveryState.DELIVERED, self._now())
        if self._failing:
            self._say(f"notifier {self.notifier.name} takes notifications again")
        self._failing = False
        return True

    def _put_off(self, state: State, delivery: Delivery, why: str) -> None:
        """Tried again later and later, told once; given up after a day."""
        now, name = self._now(), self.notifier.name
        if now - delivery.notification.at >= GIVEN_UP_AFTER:
            state.end_delivery(delivery, DeliveryState.GIVEN_UP, now)
            tries = f"after {delivery.tries:,} tries in {format_duration(Seconds(GIVEN_UP_AFTER))}"
            self._say(f'notifier {name}: given up {tries}: "{title(delivery.notification)}": {why}')
            return
        pause = pause_after(delivery.tries)
        state.end_delivery(delivery, DeliveryState.WAITING, Instant(now + pause))
        if not self._failing:
            again = format_duration(Seconds(pause))
            self._say(f'notifier {name} did not take "{title(delivery.notification)}", next attempt in {again}: {why}')
        self._failing = True

    def _now(self) -> Instant:
        return Instant(int(self._wall()))


def pause_after(tries: int) -> int:
    """Seconds, with jitter."""
    longest = min(FIRST * FACTOR ** min(tries - 1, 20), LONGEST)
    return max(int(longest * (0.75 + random.random() / 4)), 1)  # noqa: S311 - not a secret
