"""A process that notes that one send failed, and notifies until it is told to stop: `STATE URL WALL`.

It is killed by whoever is notified, between the delivery and the mark that it happened.
"""

import sys

from reconciler import wiring
from reconciler.engine.notifying import Notifying
from reconciler.model.instants import Instant
from reconciler.model.settings import EventKind, Notifier, Webhook
from reconciler.model.snapshot import Cause
from reconciler.model.working import SendFailed
from tests.builders import NOW
from tests.views.working import send


def notifying(state: str, url: str, wall: float, say: object = None) -> Notifying:
    """As `watch` has it, at this time of day."""
    ops = Notifier(name="ops", events=frozenset(EventKind), webhook=Webhook(url=url))
    return Notifying(
        open_state=lambda: wiring.open_state(f"sqlite:///{state}", write=True),
        open_teller=lambda notifier: wiring.open_teller(notifier, variables={}, private=()),
        notifiers=[ops],
        fleet=lambda: None,
        say=say or (lambda text: None),  # type: ignore[arg-type]
        wall=lambda: wall,
    )


def failure(pair: str = "till@DE1") -> SendFailed:
    return SendFailed(at=Instant(NOW), send=send(pair), cause=Cause.PERMISSION, detail="read only")


def main() -> None:
    state, url, wall = sys.argv[1:]
    running = notifying(state, url, float(wall))
    running.worked(failure())
    print("ready", flush=True)
    sys.stdin.read()
    running.close(5)


if __name__ == "__main__":
    main()
