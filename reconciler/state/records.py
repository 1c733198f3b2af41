"""The history and the passes in the SQLite state."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from reconciler.model.history import Event
from reconciler.state.journal import PASSES_KEPT, Entry
from reconciler.state.protocol import Author, Pass
from reconciler.state.statements import statements

_SQL = statements("journal")


def changed(sqlite: sqlite3.Connection) -> None:
    """Something a plan may depend on is not as it was."""
    sqlite.execute(_SQL["changed"])


def tell(sqlite: sqlite3.Connection, entry: Entry, author: Author) -> None:
    """Write an event."""
    columns = author.at, author.actor, entry.action, entry.subject, entry.plan, author.commit, entry.detail
    sqlite.execute(_SQL["tell"], columns)


def history(sqlite: sqlite3.Connection, subject: str | None, limit: int) -> Sequence[Event]:
    """The latest events, newest first."""
    if subject is None:
        rows = sqlite.execute(_SQL["history"], (limit,))
    else:
        rows = sqlite.execute(_SQL["history_of"], (subject, limit))
    return [
        Event(number=number, at=at, actor=actor, action=action, subject=of, plan=plan, commit=commit, detail=detail)
        for number, at, actor, action, of, plan, commit, detail in rows
    ]


def remember(sqlite: sqlite3.Connection, entry: Pass) -> None:
    """Write a pass, unless the very same is there already; the oldest go."""
    sqlite.execute(_SQL["remember"], asdict(entry))
    sqlite.execute(_SQL["trim"], (PASSES_KEPT,))


def passes(sqlite: sqlite3.Connection, limit: int) -> Sequence[Pass]:
    """The latest, newest first."""
    return [
        Pass(
            at=at,
            actor=actor,
            plan=plan,
            fleet_digest=fleet_digest,
            commit=commit,
            outcome=outcome,
            required=required,
            ready=ready,
            blocked=blocked,
        )
        for at, actor, plan, fleet_digest, commit, outcome, required, ready, blocked in sqlite.execute(
            _SQL["passes"], (limit,)
        )
    ]
