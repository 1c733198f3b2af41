"""Events and passes of the state that is kept in dictionaries."""

from collections.abc import Sequence

from reconciler.model.history import Event
from reconciler.state.journal import PASSES_KEPT, Entry
from reconciler.state.protocol import Author, Pass


class Journal:
    """Both in the order in which they came."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._passes: list[Pass] = []

    def tell(self, entry: Entry, author: Author) -> None:
        """The next event."""
        self._events.append(
            Event(
                number=len(self._events) + 1,
                at=author.at,
                actor=author.actor,
                action=entry.action,
                subject=entry.subject,
                plan=entry.plan,
                commit=author.commit,
                detail=entry.detail,
            )
        )

    def remember(self, entry: Pass) -> None:
        """Once, however often; the oldest is forgotten in its place."""
        if entry not in self._passes:
            self._passes.append(entry)
            del self._passes[:-PASSES_KEPT]

    def history(self, subject: str | None, limit: int) -> Sequence[Event]:
        """See `State.history`."""
        return [event for event in reversed(self._events) if subject in (None, event.subject)][:limit]

    def passes(self, limit: int) -> Sequence[Pass]:
        """See `State.passes`."""
        return self._passes[: -limit - 1 : -1]
