"""Asking many sites, a few at a time, for as long as they make headway: one that hangs holds up no other (L21).

A thread that hangs in the system cannot be ended. It is left behind, and should it wake up it stops at its next step.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from reconciler.model.sites import Site
from reconciler.model.verification import Answer, SiteLook
from reconciler.senders.recorded import Traffic

PATIENCE = 60.0
"""Seconds without headway after which a site is given up."""

AT_ONCE = 8

TICK = 1.0
"""Seconds between two looks at how far everything is."""


class Abandoned(Exception):
    """The site was given up: what was found there since does not count."""


@dataclass(slots=True)
class Pulse:
    """One site's headway. Its thread beats at each step; whoever waits may give it up."""

    traffic: Traffic = field(default_factory=Traffic)
    beaten_at: float = field(default_factory=time.monotonic)
    _abandoned: threading.Event = field(default_factory=threading.Event)

    def beat(self) -> None:
        """Raise Abandoned if nobody waits any more."""
        if self._abandoned.is_set():
            raise Abandoned
        self.beaten_at = time.monotonic()

    def abandon(self) -> None:
        self._abandoned.set()


Question = Callable[[Pulse], SiteLook]
"""Asks one site, in a thread of its own; raises nothing but Abandoned."""

Shown = Callable[[int, int], None]
"""Sites that have answered, and bytes that came back so far; about once a second."""


def patrol(
    sites: Iterable[Site],
    question: Callable[[Site], Question | SiteLook],
    *,
    shown: Shown,
    patience: float = PATIENCE,
    at_once: int = AT_ONCE,
    tick: float = TICK,
) -> Iterator[SiteLook]:
    """The answers as they come. `question` is called here, when a site's turn comes; it may know the answer already."""
    waiting = list(sites)[::-1]
    answers: queue.SimpleQueue[tuple[Site, SiteLook]] = queue.SimpleQueue()
    asked: dict[str, tuple[Site, Pulse]] = {}
    done, read = 0, 0
    while waiting or asked:
        while waiting and len(asked) < at_once:
            site = waiting.pop()
            ask = question(site)
            if isinstance(ask, SiteLook):
                done += 1
                yield ask
                continue
            pulse = Pulse()
            asked[site.name] = site, pulse
            threading.Thread(target=_ask, args=(site, ask, pulse, answers), daemon=True).start()
        shown(done, read + sum(pulse.traffic.down for _, pulse in asked.values()))
        for look in _arrived(answers, asked, tick=min(tick, patience), patience=patience):
            done, read = done + 1, read + look.bytes
            yield look


def _arrived(
    answers: "queue.SimpleQueue[tuple[Site, SiteLook]]",
    asked: dict[str, tuple[Site, Pulse]],
    *,
    tick: float,
    patience: float,
) -> Iterator[SiteLook]:
    """An answer, or those who are given up, or nothing for now."""
    if not asked:
        return
    try:
        site, look = answers.get(timeout=tick)
    except queue.Empty:
        now = time.monotonic()
        for site, pulse in [one for one in asked.values() if now - one[1].beaten_at > patience]:
            pulse.abandon()
            del asked[site.name]
            yield SiteLook(
                site=site.name,
                answer=Answer.SILENT,
                detail=f"no answer for {patience:g} s",
                bytes=pulse.traffic.down,
            )
        return
    if asked.pop(site.name, None) is not None:
        yield look


def _ask(site: Site, ask: Question, pulse: Pulse, answers: "queue.SimpleQueue[tuple[Site, SiteLook]]") -> None:
    try:
        look = ask(pulse)
    except Abandoned:
        return
    except Exception as error:  # noqa: BLE001  # a thread's fault would otherwise be a site that never answers
        detail = f"a fault of reconcile: {type(error).__name__}: {error}"
        look = SiteLook(site=site.name, answer=Answer.SILENT, detail=detail)
    answers.put((site, look))
