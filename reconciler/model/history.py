"""What happened, as the state remembers it."""

from dataclasses import dataclass

from reconciler.model.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the append-only history (docs/reference/state.md names the actions).

    `subject` is `send/NAME`, `pair/PACKAGE@SITE`, `site/NAME`, `package/NAME`, `plan/ID` or `branch/NAME`.
    """

    number: int
    at: Instant
    actor: str
    action: str
    subject: str
    plan: str | None
    commit: str | None
    detail: str
