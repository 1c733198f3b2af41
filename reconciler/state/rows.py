"""Between the values of the model and the columns of the SQLite state."""

import json
import sqlite3
from enum import IntEnum
from functools import lru_cache
from typing import Any, assert_never

from reconciler.model.holdings import Absent, Damaged, Held, Holding, RecordOnly, Staged, Unknown
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Revision, SetupPart
from reconciler.model.priority import Priority
from reconciler.model.snapshot import Cause, Mode, Send, SendState
from reconciler.state.interning import ids, label_id, revision_id
from reconciler.state.pairs import Pair, PairRow
from reconciler.state.protocol import HeldPair
from reconciler.state.statements import statements

Row = tuple[Any, ...]

_PAIRS = statements("pairs")


class Kind(IntEnum):
    """How a holding is written in `pairs.kind`."""

    ABSENT = 0
    LOST = 1
    RECORD_ONLY = 2
    STAGED = 3
    DAMAGED = 4
    UNKNOWN = 5


def held_of(content: Any, setup: Any, parts: str, version: str) -> Held:
    """The columns `content`, `setup`, `parts`, `version` as a value."""
    known = frozenset(SetupPart(part) for part in parts.split(",")) if parts else frozenset()
    return Held(content=content, setup=setup or None, parts=known, version=version)


def holding_of(kind: int, held: Held | None, as_of: Any, detail: str | None) -> Holding:
    """The columns of a pair as its holding; a kind without a meaning is unknown, never absent (decision 0004)."""
    holding: Holding
    match kind, held:
        case Kind.ABSENT, None:
            holding = ABSENT
        case Kind.LOST, Held():
            holding = Absent(lost=held)
        case Kind.RECORD_ONLY, Held():
            holding = RecordOnly(held=held)
        case Kind.STAGED, Held():
            holding = Staged(held=held, verified_at=as_of)
        case Kind.DAMAGED, Held():
            holding = Damaged(held=held, found_at=as_of)
        case Kind.UNKNOWN, None:
            holding = Unknown(reason=detail or "")
        case _:
            holding = Unknown(reason=f"a row of kind {kind} in the state")
    return holding


ABSENT = Absent()
"""The commonest holding, made once."""


def pair_row(sqlite: sqlite3.Connection, pair: Pair) -> PairRow:
    """What is kept of the pair; the row of a pair without one if there is none."""
    found = sqlite.execute(_PAIRS["one"], pair).fetchone()
    if found is None:
        return PairRow()
    kind, content, setup, parts, label, as_of, detail, number, mark, version, forgotten = found
    held = None if content is None else held_of(content, setup, parts, label)
    return PairRow(
        holding=holding_of(kind, held, as_of, detail), number=number, mark=mark, version=version, forgotten=forgotten
    )


def keep_pair(sqlite: sqlite3.Connection, pair: Pair, row: PairRow) -> None:
    """Write the row, new or changed."""
    package, site = pair
    where = ids(sqlite, "packages", {package})[package], ids(sqlite, "sites", {site})[site]
    columns = (*_columns(sqlite, row.holding), row.number, row.mark, row.version, row.forgotten)
    sqlite.execute(_PAIRS["keep"], (*where, *columns))


def _columns(sqlite: sqlite3.Connection, holding: Holding) -> Row:
    """kind, revision, label, as_of, detail."""
    match holding:
        case Absent(lost=lost):
            if lost is None:
                return Kind.ABSENT, None, None, None, None
            return Kind.LOST, *_held_ids(sqlite, lost), None, None
        case RecordOnly(held=held):
            return Kind.RECORD_ONLY, *_held_ids(sqlite, held), None, None
        case Staged(held=held, verified_at=at):
            return Kind.STAGED, *_held_ids(sqlite, held), at, None
        case Damaged(held=held, found_at=at):
            return Kind.DAMAGED, *_held_ids(sqlite, held), at, None
        case Unknown(reason=reason):
            return Kind.UNKNOWN, None, None, None, reason
    assert_never(holding)


def _held_ids(sqlite: sqlite3.Connection, held: Held) -> tuple[int, int]:
    parts = (part.value for part in held.parts)
    return revision_id(sqlite, held.content, held.setup), label_id(sqlite, parts, held.version)


def held_pair_of(row: Row) -> HeldPair:
    """A row of the listing of pairs."""
    package, site, number, mark, kind, content, setup, parts, label, as_of, detail = row
    held = None if content is None else held_of(content, setup, parts, label)
    holding = holding_of(kind, held, as_of, detail)
    return HeldPair(package=package, site=site, number=number, mark=mark, holding=holding)


class Turns:
    """How often holds were set or ended: part of the version of every pair they cover, with a row or without."""

    def __init__(self, sqlite: sqlite3.Connection) -> None:
        self.all = {(package, site): turns for package, site, turns in sqlite.execute(_PAIRS["turns"])}

    def of(self, package: PackageName, site: SiteName) -> int:
        if not self.all:
            return 0
        return sum(self.all.get(held, 0) for held in ((package, site), (package, None), (None, site)))


def send_of(row: Row, turns: Turns) -> Send:
    """A row of `readable_sends`."""
    _, job, package, site, number, content, setup, mode, priority, state, cause, detail, endpoint, for_jobs, *rest = row
    recorded_at, changed_at, attempts, next_attempt, size, done, version = rest
    return Send(
        job=job,
        package=package,
        site=site,
        number=number,
        revision=_revision(content, setup),
        mode=Mode(mode),
        priority=Priority(priority),
        state=SendState(state),
        version=version + turns.of(package, site),
        for_jobs=_names(for_jobs),
        endpoint=endpoint,
        recorded_at=recorded_at,
        changed_at=changed_at,
        attempts=attempts,
        next_attempt=next_attempt,
        cause=None if cause is None else Cause(cause),
        detail=detail,
        bytes=size,
        bytes_done=done,
    )


# Many rows of one send-only job share these.
@lru_cache(maxsize=1024)
def _revision(content: Digest, setup: Digest) -> Revision:
    return Revision(content, setup)


@lru_cache(maxsize=1024)
def _names(listed: str) -> tuple[str, ...]:
    return tuple(json.loads(listed))
