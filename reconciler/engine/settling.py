"""When what was looked at has come to rest (L39, reliability.md 2).

A half-saved manifest is usually valid, so a look is acted on only if another one, `settle` before, saw the same.
Time is an argument throughout.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reconciler.model.looks import Look

PATIENCE = 60.0
"""Seconds a pass waits for a source to come to rest; then it does without, until the source rested as long."""


@dataclass(slots=True, kw_only=True)
class Settling:
    """Since when the manifests, and each source, have been seen as they are now.

    `waiting_since` is when something not yet acted on was first seen, `moving` what moved last. Manifests that are
    `whole` change in one step, as those of commits do: they need not come to rest.
    """

    settle: float
    whole: bool = False
    latest: Look | None = None
    manifests_since: float = 0.0
    sources_since: dict[str, float] = field(default_factory=dict)
    waiting_since: float | None = None
    moving: tuple[str, ...] = ()
    restless: set[str] = field(default_factory=set)

    def saw(self, look: Look, *, began: float, ended: float) -> None:
        """Take in a look that was taken between these two times."""
        known, self.latest = self.latest, look
        if known is not None and known == look:
            return
        if self.waiting_since is None:
            self.waiting_since = began
        if known is None or known.manifests != look.manifests:
            self.manifests_since = ended
        marks = {} if known is None else known.sources
        self.sources_since = {
            path: self.sources_since[path] if path in self.sources_since and marks.get(path) == mark else ended
            for path, mark in look.sources.items()
        }
        if known is not None:
            self.moving = look.moved(known)

    def moved(self, paths: Iterable[str], *, at: float) -> None:
        """A pass, or a look, found that these do not stand still."""
        self.moving = tuple(paths)
        if self.waiting_since is None:
            self.waiting_since = at
        sources = self.sources_since.keys() & set(self.moving)
        for path in sources:
            self.sources_since[path] = at
        if self._waited(at):
            self.restless |= sources
        if len(sources) < len(self.moving) or not self.moving:
            self.manifests_since = at

    def settled(self, began: float) -> Look | None:
        """The latest look, which began at this time, if it may be acted on; sources that never rest are left out."""
        if self.latest is None or began < self._manifests_due():
            return None
        busy = {path for path, since in self.sources_since.items() if began < since + self.settle}
        if self._waited(began):
            self.restless |= busy
        self.restless = {path for path in self.restless if began < self.sources_since.get(path, began) + PATIENCE}
        if busy - self.restless:
            return None
        if not self.restless:
            return self.latest
        return replace(
            self.latest,
            sources={path: mark for path, mark in self.latest.sources.items() if path not in self.restless},
            unsettled=frozenset(self.restless),
        )

    def due(self) -> float:
        """When the next look can find everything settled."""
        since = (since for path, since in self.sources_since.items() if path not in self.restless)
        return max(self._manifests_due(), *(rested + self.settle for rested in since), self.settle)

    def at_rest(self) -> None:
        """What was seen last has been acted on, or need not be."""
        self.waiting_since = None

    def _manifests_due(self) -> float:
        return -math.inf if self.whole else self.manifests_since + self.settle

    def _waited(self, at: float) -> bool:
        return self.waiting_since is not None and at - self.waiting_since >= PATIENCE
