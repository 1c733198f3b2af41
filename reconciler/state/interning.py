"""Texts that come back in many rows are kept once; rows hold their numbers. A million held pairs take 30 MB so."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping

from reconciler.state.statements import statements

_NAMES = statements("names")


def ids(sqlite: sqlite3.Connection, table: str, texts: Collection[str]) -> Mapping[str, int]:
    """Text → its number in `packages`, `sites` or `endpoints`; every text gets one."""
    sqlite.executemany(_NAMES[f"{table}_add"], ((text,) for text in sorted(texts)))
    return dict(sqlite.execute(_NAMES[table], (json.dumps(sorted(texts)),)))


def revision_id(sqlite: sqlite3.Connection, content: str, setup: str | None) -> int:
    """The number of a revision; without a setup it is written ''."""
    return _single(sqlite, "revision", (content, setup or ""))


def label_id(sqlite: sqlite3.Connection, parts: Iterable[str], version: str) -> int:
    """The number of what is said of a revision: the parts of its setup, its version for people."""
    return _single(sqlite, "label", (",".join(sorted(parts)), version))


def proof_id(sqlite: sqlite3.Connection, proof: str, verifier: str) -> int:
    """The number of how, and by whom, bytes were checked."""
    return _single(sqlite, "proof", (proof, verifier))


def _single(sqlite: sqlite3.Connection, table: str, texts: tuple[str, str]) -> int:
    sqlite.execute(_NAMES[f"{table}_add"], texts)
    return int(sqlite.execute(_NAMES[table], texts).fetchone()[0])
