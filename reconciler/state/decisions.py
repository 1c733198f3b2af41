"""What people decide, in the SQLite state: holds and acknowledgements."""

import json
import sqlite3

from reconciler.model.acknowledgements import Acknowledgement, GuardName
from reconciler.model.names import PackageName, SiteName
from reconciler.model.snapshot import Hold
from reconciler.state.interning import ids
from reconciler.state.statements import statements

_SQL = statements("decisions")
_EVERY = 0
"""Stands for every package, or every site."""


def holds(sqlite: sqlite3.Connection) -> tuple[Hold, ...]:
    """Those in force, by package, then site; also those whose time has passed."""
    return tuple(
        Hold(site=site, package=package, actor=actor, reason=reason, since=since, until=until)
        for package, site, actor, reason, since, until in sqlite.execute(_SQL["holds"])
    )


def hold(sqlite: sqlite3.Connection, hold: Hold) -> bool:
    """Set or replace it; False if it is so already."""
    columns = {"actor": hold.actor, "reason": hold.reason, "since": hold.since, "until": hold.until}
    return _changes(sqlite, "hold", _subject(sqlite, hold.site, hold.package) | columns)


def release(sqlite: sqlite3.Connection, site: SiteName | None, package: PackageName | None) -> bool:
    """End it; False if there is none."""
    return _changes(sqlite, "release", _subject(sqlite, site, package))


def acknowledge(sqlite: sqlite3.Connection, acknowledgement: Acknowledgement) -> bool:
    """Set or replace it; False if it is so already."""
    columns: dict[str, object] = {
        "plan": acknowledgement.plan,
        "guard": acknowledgement.guard.value,
        "actions": json.dumps(acknowledgement.actions),
        "actor": acknowledgement.actor,
        "reason": acknowledgement.reason,
        "at": acknowledgement.at,
        "expires": acknowledgement.expires,
    }
    return _changes(sqlite, "acknowledge", columns)


def acknowledgements(sqlite: sqlite3.Connection) -> tuple[Acknowledgement, ...]:
    """Those that no plan closed, by plan, then guard; also those that are void by now."""
    return tuple(
        Acknowledgement(
            plan=plan,
            guard=GuardName(guard),
            actions=tuple(json.loads(actions)),
            actor=actor,
            reason=reason,
            at=at,
            expires=expires,
        )
        for plan, guard, actions, actor, reason, at, expires in sqlite.execute(_SQL["acknowledgements"])
    )


def _subject(sqlite: sqlite3.Connection, site: SiteName | None, package: PackageName | None) -> dict[str, object]:
    return {
        "package": _EVERY if package is None else ids(sqlite, "packages", {package})[package],
        "site": _EVERY if site is None else ids(sqlite, "sites", {site})[site],
    }


def _changes(sqlite: sqlite3.Connection, statement: str, columns: dict[str, object]) -> bool:
    return sqlite.execute(_SQL[statement], columns).rowcount > 0
